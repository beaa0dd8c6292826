"""From a figure of a mart back to the lines that it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.publish.snapshots import Snapshot
from schemas.indicators import Indicator
from schemas.registry import Registry

PLACES = ("area", "municipality", "region", "country")
INTERVALS = {
    "wilson": "Wilson score interval of numerator and denominator, z = 1.959964",
    "byar": "Byar's approximation for a Poisson count of 10 or more, over the denominator",
    "exact_poisson": "exact limits of a Poisson count below 10 (chi-square), over the denominator",
}


class NoFigure(LookupError):
    """The mart has no such figure; the message says what there is."""


@dataclass(frozen=True)
class DeliveredFigure:
    """One delivered figure behind a mart's figure: what it is there for, the fact, and the delivery it stands in."""

    role: str
    fact: Mapping[str, Any]
    fingerprint: str
    corrections: tuple[str, ...]


@dataclass(frozen=True)
class Trace:
    """A row of a mart, how its figures are worked out, and every delivered figure behind it."""

    mart: str
    row: Mapping[str, Any]
    formulas: tuple[tuple[str, str], ...]
    sources: tuple[DeliveredFigure, ...]


def trace(
    snapshot: Snapshot, staging: Path, registry: Registry, kind: str, place: str, year: int, indicator: str
) -> Trace:
    """Trace one figure. `kind` is one of PLACES; `place` an identifier. Raises NoFigure."""
    mart, key = ("area_profile", "area_id") if kind == "area" else ("place_figures", "geography_id")
    rows = snapshot.read(mart)
    if kind != "area":
        rows = rows.filter(geography=kind)
    of_place = rows.filter(pl.col(key) == place)
    found = of_place.filter(year=year, indicator=indicator).to_dicts()
    if not found:
        raise NoFigure(_instead(rows[key], of_place, kind, place, indicator))
    facts = pl.read_parquet(_figures(snapshot, staging), glob=False)
    described = registry.indicators[indicator]
    behind = [("the figure", kind, place, _series(found[0]))]
    behind += [
        (_beside(other), kind, place, _series(other)) for other in _others(snapshot, kind, place, year, indicator)
    ]
    if kind == "area":
        behind += _comparators(found[0], snapshot)
    sources = [
        DeliveredFigure(role, fact, *_delivery(snapshot, fact["source_file"]))
        for role, geography, identifier, series in behind
        for fact in _facts(facts.filter(year=year, indicator=indicator), geography, identifier, series, snapshot)
    ]
    return Trace(mart, found[0], tuple(_formulas(found[0], described, registry)), tuple(sources))


def _instead(known: pl.Series, of_place: pl.DataFrame, kind: str, place: str, indicator: str) -> str:
    if of_place.is_empty():
        examples = ", ".join(known.unique().sort().head(5))
        return f"no {kind} {place!r} in this snapshot; there are such as {examples}"
    years = of_place.filter(indicator=indicator)["year"].unique().sort().to_list()
    if not years:
        return f"{place} has no {indicator}; it has {', '.join(of_place['indicator'].unique().sort())}"
    return f"{place} has {indicator} of {', '.join(map(str, years))}"


def _figures(snapshot: Snapshot, staging: Path) -> Path:
    kept = (str(name) for name in snapshot.manifest["staged"] if name.startswith("current/"))
    file = staging / next(name for name in kept if name.endswith("/figures.parquet"))
    if not file.is_file():
        again = "rebuild it with 'boligprofil run --as-of'"
        raise NoFigure(f"the facts of snapshot {snapshot.id} are no longer kept; {again}")
    return file


def _series(row: Mapping[str, Any]) -> tuple[str, int]:
    """Whose a figure is, and over how many years."""
    return row["figure_owner"], row["window_years"]


def _others(snapshot: Snapshot, kind: str, place: str, year: int, indicator: str) -> list[dict[str, Any]]:
    """The figures that stand beside the one that the mart shows."""
    others = snapshot.read("other_figures").filter(geography=kind, geography_id=place, year=year, indicator=indicator)
    return others.to_dicts()


def _beside(other: Mapping[str, Any]) -> str:
    owner, window = _series(other)
    over = f" over {window} years" if window > 1 else ""
    if other["difference"] is None:
        return f"beside it, of {owner}{over}"
    return f"beside it, of {owner}{over} ({other['value']:g}, {other['difference']:+g} against the shown one)"


def _comparators(row: Mapping[str, Any], snapshot: Snapshot) -> list[tuple[str, str, str, tuple[str, int]]]:
    """The places that the row is held against, where it has their figure, and whose figure that is."""
    areas = snapshot.read("dim_areas").filter(area_id=row["area_id"]).to_dicts()[0]
    places = {"municipality": areas["municipality_code"], "region": areas["region_code"], "country": "000"}
    return [
        (f"{kind}_value", kind, place, (row[f"{kind}_owner"], row["window_years"]))
        for kind, place in places.items()
        if row[f"{kind}_owner"] is not None
    ]


def _facts(
    facts: pl.DataFrame, kind: str, place: str, series: tuple[str, int], snapshot: Snapshot
) -> list[dict[str, Any]]:
    """Delivered figures of a place: of the year, of its parts, or of the municipalities that it was made of.

    `facts` are those of one indicator and year.
    """
    owner, window = series
    whole_place = facts.filter(breakdown="all", figure_owner=owner, window_years=window)
    here = whole_place.filter(geography=kind, geography_id=place)
    if here.is_empty() and kind == "municipality":
        mergers = snapshot.read("dim_municipality_mergers")
        old = mergers.filter(municipality_code=place)["old_municipality_code"]
        here = whole_place.filter(pl.col("geography_id").is_in(old.implode()), geography="municipality_before_2007")
    whole_year = here.filter(pl.col("period") == pl.col("year").cast(pl.String))
    return (here if whole_year.is_empty() else whole_year).sort("period", "geography_id").to_dicts()


def _delivery(snapshot: Snapshot, path: str) -> tuple[str, tuple[str, ...]]:
    """Fingerprint of the delivery at a path, and the corrections that were made in it."""
    entry: Mapping[str, Any] = next((entry for entry in snapshot.manifest["deliveries"] if entry["path"] == path), {})
    return entry.get("facts_from", ""), tuple(entry.get("corrected", {}))


def _formulas(row: Mapping[str, Any], indicator: Indicator, registry: Registry) -> list[tuple[str, str]]:
    """How the row's figures are worked out, for those that it has."""
    if row["numerator"] is not None and row["denominator"]:
        value = f"{indicator.factor} x {row['numerator']:,} / {row['denominator']:,}"
    else:
        value = "as delivered; the counts are not known"
    formulas = [("value", value if row["value"] is not None else f"none: {row['missing_reason']}")]
    owner, window = _series(row)
    over = f", a mean over {window} years" if window > 1 else ""
    order = ", ".join(registry.precedence(indicator.id))
    formulas.append(("figure_owner", f"{owner}{over}; shown first is a figure with counts, then by owner: {order}"))
    if row.get("interval_basis"):
        formulas.append(("ci_low, ci_high", INTERVALS[row["interval_basis"]]))
    formulas += [
        (f"{kind}_difference", f"value - {kind}_value")
        for kind in ("municipality", "region", "country")
        if row.get(f"{kind}_difference") is not None
    ]
    if row.get("change_year") is not None:
        formulas.append(("change_year", "value - value of the year before"))
    if row.get("repeats_year") is not None:
        formulas.append(("repeats_year", f"the edition repeats the figures of {row['repeats_year']}"))
    if row.get("status") == "estimated":
        formulas.append(("status", "estimated: it rests on a municipality that was split in 2007"))
    return formulas
