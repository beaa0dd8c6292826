"""Extracts that say what a test tells them: figures of one indicator in the first area, or in another place."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from statsmodels.stats.proportion import proportion_confint

from flows.extracts.model import Extract, Place

P = TypeVar("P", bound=Place)
# What a figure may say; `x` of `n` for a share of units.
Told = dict[int, dict[str, Any]]
EMPTY = dict.fromkeys(("value", "mark", "ci_low", "ci_high", "shown_numerator", "shown_denominator", "repeats_year"))


def of_place(place: P, indicator: str, told: Told) -> P:
    """The place with these figures of the indicator; years that are not told are not delivered."""
    figures = dict(place.figures)
    for (named, year), row in place.figures.items():
        if named == indicator:
            figures[named, year] = _row(row, told.get(year, {}))
    return replace(place, figures=figures)


def of_area(extract: Extract, indicator: str, told: Told) -> Extract:
    """The extract with its first area alone, and these figures in it."""
    return replace(extract, areas=(of_place(extract.areas[0], indicator, told),))


def _row(row: Mapping[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    more = dict(said)
    if "x" in more:
        x, n = more.pop("x"), more.pop("n")
        low, high = proportion_confint(x, n, method="wilson")
        more |= {"shown_numerator": x, "shown_denominator": n, "value": 100 * x / n}
        more |= {"ci_low": 100 * low, "ci_high": 100 * high}
    made = {**row, **EMPTY, "window_years": 1, **more}
    return made if made["value"] is not None or made["mark"] else {**made, "mark": "not_delivered"}
