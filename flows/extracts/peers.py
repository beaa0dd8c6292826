"""The other areas of a year: how all figures lie that readers may have, and those that were published, by name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from flows.extracts.model import Headline, ListedPlace, Series
from flows.publish.snapshots import Snapshot
from flows.release.store import Release
from schemas.registry import Registry

SERIES = ("indicator", "window_years", "figure_owner")


IS_SHOWN = pl.col("value").is_not_null() & pl.col("mark").is_null()


def decided(release: Release) -> pl.DataFrame:
    """The figures of areas in a release's own year, shown or not: rows of cleared_figures."""
    return release.figures_where(pl.col("place_kind").eq("area") & pl.col("year").eq(release.year))


def published(snapshot: Snapshot, years: Sequence[int], registry: Registry) -> pl.DataFrame:
    """Figures of areas that their sources have published, whoever may read them: rows of area_profile with a value."""
    sources = [name for name, source in registry.sources.items() if source.already_published]
    return (
        pl.scan_parquet(snapshot.path("area_profile"), glob=False)
        .filter(pl.col("source").is_in(sources), pl.col("year").is_in(list(years)), pl.col("value").is_not_null())
        .select("area_id", "year", *SERIES, "value")
        .with_columns(pl.col("window_years").fill_null(1))
        .collect()
    )


def spreads(of_release: pl.DataFrame, open_to_all: pl.DataFrame, year: int) -> Mapping[Series, tuple[float, ...]]:
    """The figures of a year by series, in order: as a release shows them, of all other areas what was published.

    An area whose figures a release decides on is in the spread as the release shows it, or not at all.
    """
    columns = ["area_id", *SERIES, "value"]
    known = of_release.rename({"place_id": "area_id"}).with_columns(pl.col("window_years").fill_null(1))
    shown = known.filter(IS_SHOWN).select(columns)
    others = open_to_all.filter(pl.col("year") == year).join(known, on="area_id", how="anti").select(columns)
    every = pl.concat([shown, others.cast(pl.Schema(shown.schema))]).sort(*SERIES, "value", nulls_last=True)
    grouped = every.group_by(*SERIES, maintain_order=True).agg("value")
    return {Series(*row[:3]): tuple(row[3]) for row in grouped.iter_rows()}


def headlines(movements: pl.DataFrame) -> Mapping[tuple[str, str], Headline]:
    """The movements that may be told, by area and indicator; of rows of cleared_movements."""
    return {
        (row["area_id"], row["indicator"]): Headline(
            tuple(range(row["before_from"], row["before_to"] + 1)),
            tuple(range(row["after_from"], row["after_to"] + 1)),
            row["before_value"],
            row["after_value"],
            (row["movement_low"], row["movement_high"]),
            row["lasting_movement"],
            None
            if row["municipality_before"] is None or row["municipality_after"] is None
            else (row["municipality_before"], row["municipality_after"]),
        )
        for row in movements.filter(pl.col("is_headline")).iter_rows(named=True)
    }


def listed(
    areas: pl.DataFrame, open_to_all: pl.DataFrame, on_list: Mapping[str, bool | None], own: Iterable[str]
) -> tuple[ListedPlace, ...]:
    """The areas with published figures that are not the reader's own, by name; `areas` are rows of dim_areas."""
    figures: dict[str, dict[tuple[str, int], tuple[float, int]]] = {}
    columns = ("area_id", "indicator", "year", "value", "window_years")
    for area, indicator, year, value, window in open_to_all.select(columns).iter_rows():
        figures.setdefault(area, {})[indicator, year] = (value, window)
    left_out = set(own)
    rows: list[dict[str, Any]] = [
        row for row in areas.iter_rows(named=True) if row["area_id"] in figures and row["area_id"] not in left_out
    ]
    rows.sort(key=lambda row: (row["area_name"], row["area_id"]))
    return tuple(
        ListedPlace(
            row["area_id"],
            row["area_name"],
            row["municipality_name"],
            on_list.get(row["area_id"]),
            figures[row["area_id"]],
        )
        for row in rows
    )
