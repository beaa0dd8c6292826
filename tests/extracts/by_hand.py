"""Figures, places and areas of an extract, written by hand: a row of cleared_figures for what a test tells."""

from dataclasses import fields, replace
from typing import Any, TypeVar

from statsmodels.stats.proportion import proportion_confint

from flows.extracts.model import Area, ClearedFigure, Extract, Place
from schemas.registry import Registry

YEAR, YEARS = 2012, tuple(range(2003, 2013))
P = TypeVar("P", bound=Place)
# What figures of an indicator tell, by year: columns, and `x` of `n` for a share of units.
Years = dict[int, dict[str, Any]]
Figures = dict[str, Years]
# No figure may ever be this one: it is planted behind marks.
PLANTED = 987654.321
TRACE = rb"987[.,]?654"


def figure(kind: str, place: str, year: int, indicator: str, **columns: Any) -> ClearedFigure:
    """A row of cleared_figures: `x` of `n` for a share, `value` for anything else, or a `mark`."""
    row: dict[str, Any] = dict.fromkeys(column.name for column in fields(ClearedFigure))
    row |= {"place_kind": kind, "place_id": place, "place_name": place.title(), "year": year, "indicator": indicator}
    row |= {"is_published": False, "origin": "synthetic", "status": "final", "window_years": 1}
    x, n = columns.pop("x", None), columns.pop("n", None)
    if x is not None:
        low, high = proportion_confint(x, n, method="wilson")
        row |= {"shown_numerator": x, "shown_denominator": n, "value": 100 * x / n, "source": "area_statistics"}
        row |= {"ci_low": 100 * low, "ci_high": 100 * high, "interval_basis": "wilson"}
    row |= columns
    if row["value"] is None and row["mark"] is None:
        row["mark"] = "not_delivered"
    if row["mark"]:
        row |= {"change_year_missing_reason": "no_value", "change_first_missing_reason": "no_value"}
        row |= {"trend_missing_reason": "no_value"}
    return ClearedFigure(**row)


def place(registry: Registry, kind: Any, name: str, **given: Years) -> dict[str, Any]:
    """Keywords of a Place with these figures; what is not given is not delivered."""
    figures = {
        (indicator.id, year): figure(kind, name, year, indicator.id, **given.get(indicator.id, {}).get(year, {}))
        for indicator in registry.indicators.values()
        if indicator.of_areas
        for year in YEARS
    }
    return {"kind": kind, "id": name, "name": name.title(), "figures": figures}


def area(registry: Registry, name: str, given: Figures | None = None, **facts: Any) -> Area:
    """An area with these figures and facts."""
    others = {
        "dwellings": 869,
        "size_band": "700-1500",
        "funding_band": "5_15m",
        "plans": (f"Helhedsplan {name.title()}",),
        "twins": Place(**place(registry, "twins", name)),
        "other_boundaries": (),
        "watches": (),
        "targets": (),
    }
    return Area(**place(registry, "area", name, **(given or {})), **others | facts)


def with_figures(place: P, indicator: str, given: Years) -> P:
    """The place with these figures of the indicator, and no others of it."""
    figures = {
        key: figure(row.place_kind, row.place_id, row.year, indicator, **given.get(row.year, {}))
        if row.indicator == indicator
        else row
        for key, row in place.figures.items()
    }
    return replace(place, figures=figures)


def first_area_with(extract: Extract, indicator: str, given: Years) -> Extract:
    """The extract with its first area alone, and these figures in it."""
    return replace(extract, areas=(with_figures(extract.areas[0], indicator, given),))


def planted(place: P) -> P:
    """The place with numbers and verdicts left behind in every row that has a mark, where no reader may find them."""
    numbers = {c.name: PLANTED for c in fields(ClearedFigure) if c.type in (float | None, int | None)}
    verdicts = dict.fromkeys(("municipality_verdict", "country_verdict", "twin_verdict"), "worse")
    behind = {**numbers, **verdicts, "trend": "rising", "status": "provisional"}
    figures = {key: replace(row, **behind) if row.mark else row for key, row in place.figures.items()}
    if isinstance(place, Area):
        beside = tuple(planted(other) for other in place.other_boundaries)
        targets = tuple(
            replace(
                line,
                **{
                    end: replace(figure, **behind)
                    for end, figure in (("start", line.start), ("newest", line.newest))
                    if figure and figure.mark
                },
            )
            for line in place.targets
        )
        place = replace(place, twins=planted(place.twins), other_boundaries=beside, targets=targets)
    return replace(place, figures=figures)


def all_planted(extract: Extract) -> Extract:
    """The extract with numbers left behind every mark."""
    whole = {"municipality": planted(extract.municipality), "country": planted(extract.country)}
    return replace(extract, areas=tuple(planted(area) for area in extract.areas), **whole)
