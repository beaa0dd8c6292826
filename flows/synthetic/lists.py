"""The ministry's lists of the made-up nation: the statutory rules applied to the areas' own figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt

import numpy as np
from numpy.typing import NDArray

from flows.synthetic.figures import Figure
from flows.synthetic.reference import ReferenceData
from schemas.registry import Registry
from schemas.sources import Layout, LayoutColumn

OPERATORS = {">": gt, ">=": ge, "<": lt, "<=": le}
ALL = "alle"
Rules = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class PublishedList:
    """One year's list of a type: areas (indices), the printed value of each criterion, who is on it and new on it."""

    year: int
    list_type: str
    areas: tuple[int, ...]
    printed: Mapping[str, NDArray[np.float64]]
    on_list: NDArray[np.bool_]
    new_on_list: NDArray[np.bool_]


def columns_of(layout: Layout, year: int) -> list[LayoutColumn]:
    """The columns that a list of this year has."""
    return [column for column in layout.columns if column.years is None or year in column.years]


def published(
    reference: ReferenceData,
    registry: Registry,
    figures: Mapping[str, Figure],
    years: Sequence[int],
    list_years: Sequence[int],
) -> list[PublishedList]:
    """Lists whose rules the areas' figures can answer; an area that has left a list stands on it with 'nej' once.

    A rule that asks for another list, or for a multiple of the national mean, they cannot answer. A criterion over w
    years is the mean of the w years before the list's, as counted together.
    """
    made: list[PublishedList] = []
    before: dict[str, NDArray[np.bool_]] = {}
    for year in sorted(list_years):
        printed = _printed(registry, figures, years, year)
        for list_type in registry.list_types_of(year) if printed else ():
            if (rules := _rules(reference, registry, list_type, year)) is None:
                continue
            on_list = _meets(rules, printed)
            earlier = before.get(list_type, np.zeros(on_list.size, dtype=bool))
            shown = np.flatnonzero(on_list | earlier)
            values = {name: each[shown] for name, each in printed.items()}
            is_new = (on_list & ~earlier)[shown]
            made.append(PublishedList(year, list_type, tuple(shown.tolist()), values, on_list[shown], is_new))
            before[list_type] = on_list
    return [each for each in made if each.areas]


def _printed(
    registry: Registry, figures: Mapping[str, Figure], years: Sequence[int], year: int
) -> dict[str, NDArray[np.float64]]:
    """What a list of the year prints, by indicator; empty where the nation has not all of it."""
    criteria = {c.indicator: c for c in columns_of(registry.layouts["ministry_list"], year) if c.indicator is not None}
    spans = {name: _span(column.window(year), year) for name, column in criteria.items()}
    if not all(name in figures and set(span) <= set(years) for name, span in spans.items()):
        return {}
    return {
        name: np.round(_mean(figures[name], [years.index(each) for each in span]), registry.indicators[name].decimals)
        for name, span in spans.items()
    }


def _span(window: int, year: int) -> range:
    return range(year, year + 1) if window == 1 else range(year - window, year)


def _mean(figure: Figure, columns: list[int]) -> NDArray[np.float64]:
    if figure.numerator is None or figure.denominator is None:
        return np.asarray(figure.value[:, columns].mean(axis=1))
    part, whole = (counts[:, columns].sum(axis=1) for counts in (figure.numerator, figure.denominator))
    return np.asarray(100 * part / whole)


def _rules(reference: ReferenceData, registry: Registry, list_type: str, year: int) -> Rules | None:
    """The rules of a list in a year with those that all lists share; None where figures of areas cannot answer them."""
    codes = {**registry.vocabularies["list_types"], ALL: ALL}
    rules = [
        rule
        for rule in reference.rows["statutory_rules"]
        if int(rule["from_year"] or 0) <= year <= int(rule["to_year"] or 9999)
        and codes[rule["list_type_or_all"]] in (list_type, ALL)
    ]
    own = [rule for rule in rules if codes[rule["list_type_or_all"]] == list_type]
    asks_for_more = any(rule.get("requires_list") or rule["threshold_times_national"] for rule in own)
    return rules if own and not asks_for_more else None


def _meets(rules: Rules, printed: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Who is on the list by its rules: enough criteria met, and everything that must always be met."""
    size = len(next(iter(printed.values())))
    met, needed, asked = np.zeros(size, dtype=int), 0, np.ones(size, dtype=bool)
    for rule in rules:
        threshold = float(rule["threshold"].replace(".", "").replace(",", "."))
        holds = OPERATORS[rule["operator"]](printed[rule["indicator"]], threshold)
        if rule["list_type_or_all"] == ALL or rule.get("criterion_kind") == "ja":
            asked = asked & holds
        else:
            met, needed = met + holds, int(rule["criteria_required"])
    return np.asarray(asked & (met >= needed), dtype=bool)
