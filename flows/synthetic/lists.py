"""The ministry's lists of the made-up nation: the statutory rules applied to the areas' own figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt

import numpy as np
from numpy.typing import NDArray

from flows.synthetic.figures import Figure
from flows.synthetic.reference import ReferenceData
from schemas.models import Layout, LayoutColumn
from schemas.registry import Registry

OPERATORS = {">": gt, ">=": ge, "<": lt, "<=": le}


@dataclass(frozen=True)
class PublishedList:
    """One year's list: areas (indices), the printed value of each criterion, and who is on it and new on it."""

    year: int
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
    """Lists of the years whose rules the figures can answer; an area that has left a list stands on it with 'nej' once.

    A criterion over w years is the mean of the w years before the list's, as counted together.
    """
    layout = registry.layouts["ministry_list"]
    made: list[PublishedList] = []
    before = np.zeros(0, dtype=bool)
    for year in sorted(list_years):
        criteria = {c.indicator: c for c in columns_of(layout, year) if c.indicator is not None}
        spans = {name: _span(column.window(year), year) for name, column in criteria.items()}
        if not all(name in figures and set(span) <= set(years) for name, span in spans.items()):
            continue
        printed = {
            name: np.round(
                _mean(figures[name], [years.index(each) for each in span]), registry.indicators[name].decimals
            )
            for name, span in spans.items()
        }
        on_list = _meets(reference, year, printed)
        before = before if before.size else np.zeros(on_list.size, dtype=bool)
        shown = np.flatnonzero(on_list | before)
        made.append(
            PublishedList(
                year,
                tuple(shown.tolist()),
                {name: values[shown] for name, values in printed.items()},
                on_list[shown],
                (on_list & ~before)[shown],
            )
        )
        before = on_list
    return [each for each in made if each.areas]


def _span(window: int, year: int) -> range:
    return range(year, year + 1) if window == 1 else range(year - window, year)


def _mean(figure: Figure, columns: list[int]) -> NDArray[np.float64]:
    if figure.numerator is None or figure.denominator is None:
        return np.asarray(figure.value[:, columns].mean(axis=1))
    part, whole = (counts[:, columns].sum(axis=1) for counts in (figure.numerator, figure.denominator))
    return np.asarray(100 * part / whole)


def _meets(reference: ReferenceData, year: int, printed: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Who is on the list by the year's rule: enough criteria met, and everything that every list asks."""
    size = len(next(iter(printed.values())))
    met, needed, asked = np.zeros(size, dtype=int), 0, np.ones(size, dtype=bool)
    for rule in reference.rows["statutory_rules"]:
        if not int(rule["from_year"]) <= year <= int(rule["to_year"] or 9999) or not rule["threshold"]:
            continue
        threshold = float(rule["threshold"].replace(".", "").replace(",", "."))
        holds = OPERATORS[rule["operator"]](printed[rule["indicator"]], threshold)
        if rule["list_type"] == "udsat":
            met, needed = met + holds, int(rule["criteria_required"])
        elif rule["list_type"] == "alle":
            asked = asked & holds
    return np.asarray(asked & (met >= needed), dtype=bool)
