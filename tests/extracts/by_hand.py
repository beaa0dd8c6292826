"""Figures, places and areas of an extract, written by hand: a row of cleared_figures for what a test tells."""

from typing import Any

from statsmodels.stats.proportion import proportion_confint

from flows.extracts.model import Area, Place
from schemas.registry import Registry

YEAR, YEARS = 2012, tuple(range(2003, 2013))


def figure(registry: Registry, kind: str, place: str, year: int, indicator: str, **said: Any) -> dict[str, Any]:
    """A row of cleared_figures: `x` of `n` for a share, `value` for anything else, or a `mark`."""
    row: dict[str, Any] = {column.name: None for column in registry.tables["cleared_figures"].columns}
    row |= {"place_kind": kind, "place_id": place, "place_name": place.title(), "year": year, "indicator": indicator}
    row |= {"is_published": False, "origin": "synthetic", "status": "final", "window_years": 1}
    x, n = said.pop("x", None), said.pop("n", None)
    if x is not None:
        low, high = proportion_confint(x, n, method="wilson")
        row |= {"shown_numerator": x, "shown_denominator": n, "value": 100 * x / n, "source": "area_statistics"}
        row |= {"ci_low": 100 * low, "ci_high": 100 * high, "interval_basis": "wilson"}
    row |= said
    if row["value"] is None and row["mark"] is None:
        row["mark"] = "not_delivered"
    if row["mark"]:
        row |= {"change_year_missing_reason": "no_value", "change_first_missing_reason": "no_value"}
        row |= {"trend_missing_reason": "no_value"}
    return row


def place(registry: Registry, kind: Any, name: str, **told: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Keywords of a Place; `told` has by indicator and year what `figure` takes."""
    figures = {
        (i, year): figure(registry, kind, name, year, i, **told.get(i, {}).get(year, {}))
        for i, of in registry.indicators.items()
        if of.of_areas
        for year in YEARS
    }
    return {"kind": kind, "id": name, "name": name.title(), "figures": figures}


def area(registry: Registry, name: str, told: dict[str, dict[int, dict[str, Any]]] | None = None, **said: Any) -> Area:
    given = {
        "dwellings": 869,
        "size_band": "700-1500",
        "funding_band": "5_15m",
        "plans": (f"Helhedsplan {name.title()}",),
        "twins": Place(**place(registry, "twins", name)),
        "other_boundaries": (),
        "watch": None,
        "targets": (),
        **said,
    }
    return Area(**place(registry, "area", name, **(told or {})), **given)
