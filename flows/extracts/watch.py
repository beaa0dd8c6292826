"""Statutory watch: how far an area is from each criterion of a year's list, and whether one household could flip it."""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress, product
from typing import Any

from flows.extracts.model import ClearedFigure, Criterion, Place, Watch
from schemas.models import Indicator
from schemas.registry import Registry

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
LIST, SIZE = "udsat", "alle"


def watch(
    area: Place, year: int, rules: Sequence[Mapping[str, Any]], on_list: bool | None, registry: Registry
) -> Watch | None:
    """An area beside the rule of a year; `rules` are rows of dim_criteria. None where the year has no rule, or one of
    which the thresholds depend on the country's figure."""
    of_year = [r for r in rules if r["from_year"] <= year and (r["to_year"] is None or year <= r["to_year"])]
    own = [rule for rule in of_year if rule["list_type"] == LIST]
    if not own or any(rule["threshold"] is None or rule["criteria_required"] is None for rule in own):
        return None
    sizes = (rule for rule in of_year if rule["list_type"] == SIZE and rule["threshold"] is not None)
    size = next((_judge(rule, area, year, registry) for rule in sizes), None)
    criteria = tuple(_judge(rule, area, year, registry) for rule in own)
    needed = int(own[0]["criteria_required"])
    meets = _decided([size] if size else [], criteria, needed, {})
    could_flip = _could_flip(size, criteria, needed, meets)
    return Watch(year, size, criteria, needed, meets, on_list, could_flip, registry.extracts.household)


def _judge(rule: Mapping[str, Any], area: Place, year: int, registry: Registry) -> Criterion:
    indicator = registry.indicators[rule["indicator"]]
    figure = area.figure(indicator.id, year)
    sign, threshold = rule["operator"], float(rule["threshold"])
    if not figure.is_shown:
        return Criterion(indicator.id, sign, threshold, None, figure.mark, None, None, None)
    value = figure.number
    met = COMPARE[sign](value, threshold)
    beyond = value - threshold if sign in (">", ">=") else threshold - value
    near = _is_near(figure, indicator, area, sign, threshold, registry.extracts.household)
    distance = round(beyond, indicator.decimals + 6)
    return Criterion(indicator.id, sign, threshold, value, None, met, distance, near, figure.window_years)


def _is_near(
    figure: ClearedFigure, indicator: Indicator, area: Place, sign: str, threshold: float, household: int
) -> bool | None:
    """Whether `household` persons who move in or out could take the figure over the threshold; None if not known.

    All of them have what the share counts, or none. A published share is taken as all numbers that round to it.
    """
    value = figure.number
    if indicator.kind == "count":
        reached = {value, value + household, max(0, value - household)}
        return len({COMPARE[sign](v, threshold) for v in reached}) > 1
    base: float | None = figure.shown_denominator
    if base is None and indicator.denominator == "all residents":
        base = area.figure("residents", figure.year).value
    if indicator.kind != "share" or base is None:
        return None
    half = 0.5 * 10.0**-indicator.decimals
    ends: tuple[float, ...] = (base * (value - half) / 100, base * (value + half) / 100)
    if figure.shown_numerator is not None:
        ends = (figure.shown_numerator,)
    shares = set()
    for x, moved, has_it in product(ends, (0, household, -household), (False, True)):
        over, under = x + (moved if has_it else 0), base + moved
        if under > 0:
            shares.add(100 * min(max(over, 0), under) / under)
    return len({COMPARE[sign](share, threshold) for share in shares}) > 1


def _decided(
    sizes: Iterable[Criterion], criteria: Sequence[Criterion], needed: int, flipped: Mapping[str, bool]
) -> bool | None:
    """Whether the rule is met: unknown stays unknown, unless what is known decides alone."""
    met = [flipped.get(c.indicator, c.is_met) for c in criteria]
    enough = True if met.count(True) >= needed else False if met.count(True) + met.count(None) < needed else None
    large = [flipped.get(size.indicator, size.is_met) for size in sizes]
    if enough is False or False in large:
        return False
    return None if None in large else enough


def _could_flip(size: Criterion | None, criteria: Sequence[Criterion], needed: int, meets: bool | None) -> bool | None:
    if meets is None:
        return None
    sizes = [size] if size else []
    known = [c for c in (*sizes, *criteria) if c.is_met is not None]

    def reached(nearness: tuple[bool | None, ...]) -> set[bool | None]:
        """What the rule could say once some of the criteria that are so near have flipped."""
        moving = [c for c in known if c.is_near in nearness]
        return {
            _decided(sizes, criteria, needed, {c.indicator: not c.is_met for c in compress(moving, choice)})
            for choice in product((False, True), repeat=len(moving))
        }

    if (not meets) in reached((True,)):
        return True
    return False if reached((True, None)) == {meets} else None
