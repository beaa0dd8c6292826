"""A made-up nation whose areas are counted from persons with lives, taken in by a night: figures, and who stayed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.synthetic.country import write
from schemas.loading import load
from schemas.registry import Registry

RAW = Path(__file__).parents[2] / "data" / "raw"
SHARES = ("basic_education_pct", "age_0_17_pct", "convicted_pct")


@pytest.mark.slow
def test_a_nation_counted_from_lives_passes_a_night_and_its_changes_are_parted(
    registry: Registry, tmp_path: Path, make_night: Callable[[Path], Any]
) -> None:
    nation = write(
        tmp_path,
        RAW,
        registry,
        seed=5,
        areas=60,
        years=(2004, 2005),
        indicators=["residents", *SHARES],
        with_register=True,
    )
    night = make_night(tmp_path)
    night.registry = load(nation.schemas)
    marts = night.marts()
    assert not list(night.quarantine.rglob("*.csv"))

    # Every figure with counts is the count of the persons that were drawn.
    truth = pl.read_parquet(tmp_path / "register" / "truth.parquet")
    counted = marts["area_profile"].filter(pl.col("numerator").is_not_null(), pl.col("indicator").is_in(SHARES))
    both = counted.join(truth, on=["area_id", "year", "indicator"])
    assert both.height == counted.height > 2 * len(SHARES) * nation.areas * 0.8
    assert both.filter((pl.col("numerator") != pl.col("over")) | (pl.col("denominator") != pl.col("under"))).is_empty()

    # And every change is parted, for the flows are of the persons of both figures.
    parted = marts["composition_change"]
    assert parted.height == nation.areas * len(SHARES)
    assert set(parted["composition_missing_reason"].drop_nulls()) <= {"fewer_than_10_in_a_flow"}
    whole = parted.filter(pl.col("composition_missing_reason").is_null())
    assert whole.height > 0.9 * parted.height
    parts = pl.sum_horizontal("part_of_stayers", "part_of_arrivals", "part_of_departures")
    assert whole.select((parts - pl.col("share_change")).abs().max()).item() < 3e-9
    for side, year in (("from", 2004), ("to", 2005)):
        ends = whole.join(counted.filter(year=year), on=["area_id", "indicator"])
        assert ends.height > 0.9 * whole.height
        assert ends.select((pl.col(f"share_{side}") - pl.col("value")).abs().max()).item() < 1e-6
