"""The figures and movements of some areas on some indicators, as read from a snapshot."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from flows.publish.snapshots import Snapshot

# What pages show of a figure; described in schemas/tables.toml.
SHOWN = (
    "area_id",
    "indicator",
    "year",
    "value",
    "ci_low",
    "ci_high",
    "missing_reason",
    "window_years",
    "change_year_missing_reason",
    "municipality_value",
)
# Why a line may not be drawn on from the year before.
BREAKS = (
    "repeated_figure",
    "overlapping_windows",
    "other_window",
    "other_owner",
    "boundary_break",
    "definition_break",
)


@dataclass(frozen=True)
class AreaSeries:
    """An area on an indicator: rows of area_profile by year, and its row of area_movements, None where it has none."""

    years: tuple[Mapping[str, Any], ...]
    movement: Mapping[str, Any] | None

    @property
    def newest(self) -> Mapping[str, Any] | None:
        """The newest year with a figure."""
        known = [row for row in self.years if row["value"] is not None]
        return known[-1] if known else None

    @property
    def stretches(self) -> list[list[Mapping[str, Any]]]:
        """Its figures in stretches that may be joined by a line: without a gap, and within one series."""
        found: list[list[Mapping[str, Any]]] = []
        for row in self.years:
            if row["value"] is None:
                continue
            follows = found and found[-1][-1]["year"] == row["year"] - 1
            if follows and row["change_year_missing_reason"] not in BREAKS:
                found[-1].append(row)
            else:
                found.append([row])
        return found


def series(
    snapshot: Snapshot, areas: Collection[str], indicators: Collection[str]
) -> dict[tuple[str, str], AreaSeries]:
    """The figures by area and indicator; no entry where an area has no row. Raises NoMart."""
    asked = pl.col("area_id").is_in(list(areas)) & pl.col("indicator").is_in(list(indicators))

    def rows(mart: str) -> pl.LazyFrame:
        return pl.scan_parquet(snapshot.path(mart), glob=False).filter(asked)

    by_key: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows("area_profile").select(SHOWN).sort("year").collect().iter_rows(named=True):
        by_key.setdefault((row["area_id"], row["indicator"]), []).append(row)
    moved = {(row["area_id"], row["indicator"]): row for row in rows("area_movements").collect().iter_rows(named=True)}
    return {key: AreaSeries(tuple(years), moved.get(key)) for key, years in by_key.items()}
