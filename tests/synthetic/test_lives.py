"""A made-up register: its counts are what was planted, person by person, and every identity is true in it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from flows.registers import composition, counting, partitions, references
from flows.registers.counting import Register
from flows.synthetic import life_register
from flows.synthetic.life_records import SHARES, Planted
from flows.synthetic.life_register import Homes
from schemas.registry import Registry

AREAS, YEARS, BUCKETS, NEWCOMERS = 12, tuple(range(2008, 2014)), 2, 0.2
USUAL = dict(zip(SHARES, (0.6, 0.4, 0.25, 0.15, 0.08, 0.3, 0.35, 0.2, 0.03, 240_000), strict=True))
# From 2011 on more are employed in the first half of the areas.
EFFECT = 0.15


@pytest.fixture(scope="module")
def made(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> tuple[Register, pl.DataFrame]:
    """A register of a few thousand persons, and the truth of it."""
    folder = tmp_path_factory.mktemp("lives")
    names = [f"area{number}" for number in range(AREAS)]
    homes = Homes(names, ["0461"] * AREAS, [150] * AREAS, 600, "0101")
    shares = {name: np.full((AREAS + 1, len(YEARS)), value) for name, value in USUAL.items()}
    shares["employed"][: AREAS // 2, YEARS.index(2011) :] += EFFECT
    planted = Planted(YEARS, shares, newcomers=NEWCOMERS)
    truth = life_register.write(folder / "register", homes, planted, [0.3] * (AREAS + 1), registry, 7, BUCKETS)
    life_register.key(homes, BUCKETS).write_parquet(folder / "key.parquet")
    regions = pl.DataFrame({"municipality_code": ["0101", "0461"], "region_code": ["084", "083"]})
    regions.write_parquet(folder / "municipalities.parquet")
    register = Register(folder / "register", folder / "key.parquet", folder / "municipalities.parquet")
    return register, truth.with_columns(area_id=pl.Series(names).gather(truth["area"]))


@pytest.fixture(scope="module")
def figures(
    made: tuple[Register, pl.DataFrame], registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> pl.DataFrame:
    register, _ = made
    files = counting.counts(register, registry, tmp_path_factory.mktemp("staging"))
    return counting.figures(files, register, registry).filter(geography="area", window_years=1)


def persons(register: Register) -> pl.DataFrame:
    """All person-years, each with its area."""
    key = pl.read_parquet(register.addresses).select("address_key", "area_id")
    rows = pl.read_parquet([p.file for p in register.partitions_of("person_years")])
    return rows.join(key, on="address_key", how="left")


def test_the_register_fits_its_contract(made: tuple[Register, pl.DataFrame], registry: Registry) -> None:
    register, _ = made
    others = [*register.partitions_of("households"), *register.partitions_of("moves")]
    assert references.check(register.partitions_of("person_years"), others, registry, ["0101", "0461"]) == []
    assert partitions.note(register.folder).origin == "synthetic"


def test_counts_are_the_planted_truth_in_every_area_year_and_indicator(
    made: tuple[Register, pl.DataFrame], figures: pl.DataFrame
) -> None:
    _, truth = made
    both = truth.join(
        figures, left_on=["area_id", "year", "indicator"], right_on=["geography_id", "year", "indicator"], how="left"
    )
    assert both.height > 1_400
    assert both["value"].null_count() == 0
    counted = both.filter(pl.col("numerator").is_not_null())
    assert counted["indicator"].n_unique() == 19
    assert counted.filter(
        (pl.col("numerator") != pl.col("over")) | (pl.col("denominator") != pl.col("under"))
    ).is_empty()
    # Full-time persons, amounts and residents have no two counts: the value is what it is of the truth's two.
    value = {
        "residents": pl.col("over").cast(pl.Float64),
        "outside_work_pct": 100 * pl.col("over") / (12 * pl.col("under")),
        "gross_income_dkk": pl.col("over") / pl.col("under"),
    }
    for indicator, expected in value.items():
        rows = both.filter(indicator=indicator)
        assert rows.select((pl.col("value") - expected).abs().max()).item() < 1e-6, indicator


def test_residents_are_their_ages_and_their_origins(figures: pl.DataFrame) -> None:
    by_name = figures.pivot("indicator", index=["geography_id", "year"], values="numerator")
    everybody = figures.filter(indicator="age_0_17_pct").sort("geography_id", "year")["denominator"]
    by_name = by_name.sort("geography_id", "year")
    assert by_name.height == AREAS * len(YEARS)
    grown = figures.filter(indicator="convicted_pct").sort("geography_id", "year")["denominator"]
    of_working_age = figures.filter(indicator="outside_work_pct").height
    assert of_working_age == by_name.height
    assert (everybody - by_name["age_0_17_pct"] - grown == 0).all()


def test_stayers_and_in_movers_are_the_residents_and_changes_add_up(
    made: tuple[Register, pl.DataFrame], figures: pl.DataFrame
) -> None:
    """0 off in every area: who was here, less who left or died, and who came or was born, are who is here."""
    register, _ = made
    rows = persons(register)
    moves = pl.read_parquet([p.file for p in register.partitions_of("moves")])
    key = pl.read_parquet(register.addresses).select("address_key", "area_id")
    moves = moves.join(
        key.rename({"address_key": "from_address_key", "area_id": "left"}), on="from_address_key", how="left"
    )
    moves = moves.join(
        key.rename({"address_key": "to_address_key", "area_id": "came"}), on="to_address_key", how="left"
    )
    new = figures.filter(indicator="new_residents_pct")
    for year in YEARS[:-1]:
        now, then = (rows.filter(year=y).filter(pl.col("area_id").is_not_null()) for y in (year, year + 1))
        stayers = now.join(then, on=["person_id", "area_id"]).group_by("area_id").len("stayers")
        crossed = moves.filter(year=year).filter(pl.col("left").ne_missing(pl.col("came")))
        came = crossed.group_by(pl.col("came").alias("area_id")).len("came")
        left = crossed.group_by(pl.col("left").alias("area_id")).len("left")
        born = moves.filter(year=year, move_kind="born").group_by(pl.col("came").alias("area_id")).len("born")
        sizes = now.group_by("area_id").len("now").join(then.group_by("area_id").len("then"), on="area_id")
        for part in (stayers, came, left, born):
            sizes = sizes.join(part, on="area_id", how="left")
        sizes = sizes.with_columns(pl.exclude("area_id").fill_null(0))
        assert sizes.height == AREAS
        assert sizes.filter(pl.col("then") != pl.col("now") + pl.col("came") - pl.col("left")).is_empty()
        assert sizes.filter(pl.col("then") != pl.col("stayers") + pl.col("came")).is_empty()
        in_movers = new.filter(year=year + 1).select("geography_id", "numerator")
        both = sizes.join(in_movers, left_on="area_id", right_on="geography_id")
        assert both.filter(pl.col("numerator") != pl.col("came") - pl.col("born")).is_empty()


def test_flows_are_who_lives_there_in_every_area_and_what_they_change_adds_up(
    made: tuple[Register, pl.DataFrame], figures: pl.DataFrame, registry: Registry, tmp_path: Path
) -> None:
    """0 off: stayers and who left are the base of the year before, stayers and who came that of the year."""
    flows = composition.flows(made[0], registry, tmp_path)
    assert set(flows["flow"]) == {"stayed", "in", "in_by_age", "out", "out_by_age"}
    assert flows.select(pl.struct("area_id", "year", "indicator").n_unique()).item() == AREAS * (len(YEARS) - 1) * 17
    for side, year, gone in (("to", pl.col("year"), "out"), ("from", pl.col("year") - 1, "in")):
        ends = (
            flows.filter(~pl.col("flow").str.starts_with(gone))
            .group_by("area_id", then=year, indicator="indicator")
            .agg(pl.col("denominator").sum().alias("persons"), pl.col(f"numerator_{side}").sum().alias("counted"))
        )
        both = ends.join(
            figures, left_on=["area_id", "then", "indicator"], right_on=["geography_id", "year", "indicator"]
        )
        assert both.height == ends.height
        assert both.filter(pl.col("persons") != pl.col("denominator")).is_empty()
        assert both.filter(pl.col("counted") != pl.col("numerator")).is_empty()


def test_the_planted_effect_is_found(figures: pl.DataFrame) -> None:
    """The effect in the first half of the areas, within four standard errors."""
    rows = figures.filter(indicator="employed_18_64_pct").with_columns(
        is_treated=pl.col("geography_id").is_in([f"area{n}" for n in range(AREAS // 2)]),
        is_after=pl.col("year") >= 2011,
    )
    sums = rows.group_by("is_treated", "is_after").agg(pl.col("numerator").sum(), pl.col("denominator").sum())
    share = {(t, a): n / d for t, a, n, d in sums.rows()}
    effect = share[True, True] - share[True, False] - share[False, True] + share[False, False]
    error = 2 * np.sqrt(0.25 / sums["denominator"].min())
    assert abs(effect - EFFECT) < 4 * error
    assert error < EFFECT / 4


def test_the_planted_difference_of_newcomers_is_found(made: tuple[Register, pl.DataFrame]) -> None:
    """Who moved into an area is likelier to be employed in the first year there, and in that one alone."""
    rows = persons(made[0]).filter(pl.col("year") < 2011, pl.col("area_id").is_not_null())
    before = persons(made[0]).select("person_id", pl.col("year") + 1, pl.col("area_id").alias("area_before"))
    rows = rows.join(before, on=["person_id", "year"], how="left").filter(
        pl.col("age").is_between(18, 64), pl.col("year") > 2008
    )
    is_new = rows["area_before"].ne_missing(rows["area_id"])
    employed = rows["november_activity"] == "employed"
    new, others = employed.filter(is_new), employed.filter(~is_new)
    error = np.sqrt(0.25 / len(new) + 0.25 / len(others))
    assert abs(new.mean() - others.mean() - NEWCOMERS) < 4 * error
    assert error < NEWCOMERS / 4


def test_the_same_arguments_give_the_same_bytes(registry: Registry, tmp_path: Path) -> None:
    homes = Homes(["a"], ["0461"], [20], 20, "0101")
    planted = Planted((2010, 2011), {name: np.full((2, 2), value) for name, value in USUAL.items()})
    for name in ("first", "second"):
        life_register.write(tmp_path / name, homes, planted, [0.3, 0.1], registry, 3, 2)
    first = {
        f.relative_to(tmp_path / "first"): f.read_bytes() for f in (tmp_path / "first").rglob("*.*") if f.is_file()
    }
    second = {
        f.relative_to(tmp_path / "second"): f.read_bytes() for f in (tmp_path / "second").rglob("*.*") if f.is_file()
    }
    assert first == second
    assert len(first) == 1 + 2 * (2 + 2 + 1)
