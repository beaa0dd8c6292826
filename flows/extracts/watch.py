"""Statutory watch: how far an area is from each criterion of a year's lists, and if one household could flip it."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, product
from typing import Any

from flows.extracts.model import ClearedFigure, Criterion, OtherList, Place, Watch
from flows.present.language import say
from schemas.indicators import Indicator
from schemas.registry import Registry

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
ALL, SIZE = "alle", "residents"


@dataclass(frozen=True)
class Lists:
    """What the marts say of the ministry's lists of a year: `rules` are rows of dim_criteria, `standing` those of
    statutory_criteria by area and list type."""

    year: int
    rules: Sequence[Mapping[str, Any]]
    standing: Mapping[tuple[str, str], Mapping[str, Any]]

    def types(self) -> list[str]:
        """The lists to look at: those delivered for the year; where none is, all that have a rule."""
        ruled = sorted({rule["list_type_or_all"] for rule in self.of_year() if rule["list_type_or_all"] != ALL})
        delivered = [name for name in ruled if self.is_delivered(name)]
        return delivered or ruled

    def of_year(self) -> list[Mapping[str, Any]]:
        """The rules of the year."""
        return [
            rule
            for rule in self.rules
            if rule["from_year"] <= self.year and (rule["to_year"] is None or self.year <= rule["to_year"])
        ]

    def is_delivered(self, list_type: str) -> bool:
        """Whether the list says anything of any area."""
        return any(row["on_list"] is not None for (_, named), row in self.standing.items() if named == list_type)

    def threshold(self, rule: Mapping[str, Any], list_type: str) -> float | None:
        """The threshold of a rule: its own number, or that of the mart where it is a multiple of the national mean."""
        if rule["threshold_times_national"] is None:
            return None if rule["threshold"] is None else float(rule["threshold"])
        column = f"{rule['indicator_or_none'].removesuffix('_pct')}_threshold"
        known = {row.get(column) for (_, named), row in self.standing.items() if named == list_type} - {None}
        return max((float(each) for each in known if each is not None), default=None)


def watches(area: Place, lists: Lists, registry: Registry) -> tuple[Watch, ...]:
    """An area beside the rule of each of the ministry's lists of a year; none where the year has no rule."""
    return tuple(_watch(area, list_type, lists, registry) for list_type in lists.types())


def _watch(area: Place, list_type: str, lists: Lists, registry: Registry) -> Watch:
    rules = [rule for rule in lists.of_year() if rule["list_type_or_all"] in (list_type, ALL)]
    own = [rule for rule in rules if rule["list_type_or_all"] == list_type]
    judged = [
        (rule, _judge(rule, lists.threshold(rule, list_type), area, lists.year, registry))
        for rule in rules
        if rule["indicator_or_none"] != "none"
    ]
    always = [criterion for rule, criterion in judged if rule["criterion_kind"] == "always"]
    size = next((criterion for criterion in always if criterion.indicator == SIZE), None)
    standing = lists.standing.get((area.id, list_type), {})
    rule = _Rule(
        tuple(always),
        tuple(criterion for rule, criterion in judged if rule["criterion_kind"] == "counted"),
        max((int(rule["criteria_required"]) for rule in own if rule["criteria_required"] is not None), default=0),
        _requirement(own, standing, lists.year, registry),
    )
    meets = rule.decided({})
    return Watch(
        lists.year,
        size,
        rule.counted,
        rule.needed,
        meets,
        standing.get("on_list"),
        rule.could_flip(meets),
        registry.extracts.household,
        say(registry.list_name(list_type, lists.year)),
        lists.is_delivered(list_type),
        tuple(criterion for criterion in always if criterion is not size),
        rule.requirement,
    )


def _requirement(
    own: Sequence[Mapping[str, Any]], standing: Mapping[str, Any], year: int, registry: Registry
) -> OtherList | None:
    """The other list that the rules of a list ask for."""
    for rule in own:
        if rule["requires_list"]:
            name = say(registry.list_name(rule["requires_list"], year))
            return OtherList(name, rule["years_in_a_row"] or 1, standing.get("requirement_met"))
    return None


@dataclass(frozen=True)
class _Rule:
    """A list's rule with its criteria judged."""

    always: tuple[Criterion, ...]
    counted: tuple[Criterion, ...]
    needed: int
    requirement: OtherList | None

    def decided(self, flipped: Mapping[str, bool]) -> bool | None:
        """Whether the rule is met: unknown stays unknown, unless what is known decides alone."""
        met = [flipped.get(c.indicator, c.is_met) for c in self.counted]
        least, most = met.count(True), met.count(True) + met.count(None)
        enough = True if least >= self.needed else False if most < self.needed else None
        parts = [enough, *(flipped.get(c.indicator, c.is_met) for c in self.always)]
        parts += [self.requirement.is_met] if self.requirement else []
        return False if False in parts else None if None in parts else True

    def could_flip(self, meets: bool | None) -> bool | None:
        """Whether one household could change what the rule says; None where that is not known."""
        if meets is None:
            return None
        known = [c for c in (*self.always, *self.counted) if c.is_met is not None]

        def reached(nearness: tuple[bool | None, ...]) -> set[bool | None]:
            """What the rule could say once some of the criteria that are so near have flipped."""
            moving = [c for c in known if c.is_near in nearness]
            return {
                self.decided({c.indicator: not c.is_met for c in compress(moving, choice)})
                for choice in product((False, True), repeat=len(moving))
            }

        if (not meets) in reached((True,)):
            return True
        return False if reached((True, None)) == {meets} else None


def _judge(rule: Mapping[str, Any], threshold: float | None, area: Place, year: int, registry: Registry) -> Criterion:
    indicator = registry.indicators[rule["indicator_or_none"]]
    figure = area.figure(indicator.id, year)
    sign, times = rule["operator"], rule["threshold_times_national"]
    if not figure.is_shown:
        return Criterion(indicator.id, sign, threshold, None, figure.mark, None, None, None, times_national=times)
    value, window = figure.number, figure.window_years
    if threshold is None:
        return Criterion(indicator.id, sign, None, value, None, None, None, None, window, times)
    met = COMPARE[sign](value, threshold)
    beyond = value - threshold if sign in (">", ">=") else threshold - value
    near = _is_near(figure, indicator, area, sign, threshold, registry.extracts.household)
    distance = round(beyond, indicator.decimals + 6)
    return Criterion(indicator.id, sign, threshold, value, None, met, distance, near, window, times)


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
