"""The targets and activities of a made-up nation: their way through intake, the truth behind them, their verdicts."""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from flows.synthetic.country import Nation, write
from flows.synthetic.parameters import truth
from flows.synthetic.targets import Ambition, candidates, step_of, visible_change
from schemas.loading import load
from schemas.registry import Registry
from simulations import targets as simulation
from simulations.nations import build

RAW = Path(__file__).parents[2] / "data" / "raw"
YEARS = range(2005, 2013)
AIMED_AT = (
    "social_assistance_pct", "convicted_15_24_pct", "move_out_pct", "vacant_dwellings_pct", "burglary_rate",
    "eviction_rate",
)  # fmt: skip
OTHERS = ("low_income_pct", "outside_work_pct", "employed_18_64_pct", "convicted_pct")
# Of the other figures those that count some of the same persons or dwellings.
ALSO = {
    "social_assistance_pct": {"disability_pension_pct"},
    "convicted_15_24_pct": {"convicted_pct"},
    "vacant_dwellings_pct": {"one_person_household_pct", "single_parent_pct", "couple_with_children_pct"},
}
CODES = {"target_no": pl.String(), "municipality_code": pl.String()}


def made(folder: Path, registry: Registry, areas: int, ambition: Ambition | None = None, **options: Any) -> Nation:
    kwargs = {"years": YEARS, "indicators": (*AIMED_AT, *OTHERS), "seed": 12} | options
    return write(folder, RAW, registry, areas=areas, ambition=ambition, **kwargs)


def planted(nation: Nation) -> pl.DataFrame:
    return pl.read_csv(nation.truth / "targets.csv", schema_overrides=CODES, infer_schema_length=None)


def lines(nation: Nation, source: str) -> list[dict[str, str]]:
    """Rows of a source's deliveries, read by the csv module alone."""
    rows: list[dict[str, str]] = []
    for file in sorted((nation.raw / source).glob("*.csv")):
        text = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        rows += csv.DictReader(text, delimiter=";")
    return rows


def number(text: str) -> float:
    return float(text.replace(",", "."))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Nation:
    """A nation of full size, whose deliveries are not read."""
    return made(tmp_path_factory.mktemp("whole"), registry, 1000)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Nation:
    return made(tmp_path_factory.mktemp("small"), registry, 150)


@pytest.fixture(scope="module")
def night(small: Nation, make_night: Callable[[Path], Any]) -> Any:
    """What became of the small nation's deliveries."""
    night = make_night(small.raw.parent)
    night.registry = load(small.schemas)
    night.run()
    return night


@pytest.fixture(scope="module")
def marts(small: Nation) -> dict[str, pl.DataFrame]:
    return build(small, small.raw.parent / "built")


def test_the_smallest_visible_change_by_hand() -> None:
    """Shares of 20 and 12 % of 400: 2.80 sqrt(4 + 2.64); rates of 30 and 20 per 1,000 of 500: 2.80 sqrt(60 + 40)."""
    known = load().indicators
    assert visible_change(known["move_out_pct"], 20, 400, 12, 400) == pytest.approx(2.80 * 6.64**0.5)
    assert visible_change(known["burglary_rate"], 30, 500, 20, 500) == pytest.approx(28)


@pytest.mark.parametrize("name", ["move_out_pct", "burglary_rate", "stayed_5_years_pct"])
@pytest.mark.parametrize("times", [0.3, 1.05, 1.8])
def test_a_step_is_so_many_smallest_visible_changes(name: str, times: float, registry: Registry) -> None:
    """Its size depends on where it ends, and so does the smallest visible change."""
    indicator = registry.indicators[name]
    step = step_of(indicator, times, 25, 900, 950)
    assert (step > 0) == (indicator.polarity == "high_is_better")
    assert abs(step) == pytest.approx(times * visible_change(indicator, 25, 900, 25 + step, 950))


def test_targets_are_set_on_what_can_be_told_every_year(registry: Registry) -> None:
    assert set(candidates(registry, truth())) == set(AIMED_AT)


def test_every_delivery_of_the_plans_passes_intake(night: Any) -> None:
    assert {path: (r.rule, r.rules) for path, r in night.receipts.items() if r.outcome != "accepted" or r.rules} == {}
    assert night.facts.set_aside == {}
    for table, least in (
        ("plan_targets", 80), ("plan_activities", 400), ("activity_indicators", 200), ("secretariat_indicators", 12)
    ):  # fmt: skip
        assert night.table(table).height >= least, table


def test_plans_write_indicators_by_label_or_identifier(small: Nation, registry: Registry) -> None:
    written = {row["Måles ved"] for row in lines(small, "plan_targets") if row["Måles ved"]}
    labels = {registry.indicators[name].label_da for name in AIMED_AT}
    assert written <= labels | set(AIMED_AT)
    assert written & labels
    assert written & set(AIMED_AT)


def test_the_starting_value_is_the_delivered_figure(night: Any, registry: Registry) -> None:
    figures = night.table("figures").filter(geography="area").select(
        "indicator", "value", area_id="geography_id", start_year="year"
    )  # fmt: skip
    rows = night.table("plan_targets").filter(pl.col("indicator").is_not_null())
    rows = rows.join(figures, on=["area_id", "indicator", "start_year"], how="left")
    assert rows.height > 60
    for row in rows.to_dicts():
        assert row["start_value"] == pytest.approx(
            row["value"], abs=0.5 * 10 ** -registry.indicators[row["indicator"]].decimals + 1e-9
        )


def test_the_truth_is_what_was_planted(small: Nation, registry: Registry) -> None:
    """A straight line from what was expected at the start to the target, or nothing; then it stays."""
    expected = pl.read_parquet(small.truth / "expected.parquet").rows_by_key(
        ["area_id", "indicator", "year"], unique=True, named=True
    )
    rows = planted(small)
    kinds = Counter(rows["planted"])
    assert min(kinds["no_change"], kinds["to_target"]) > 15
    ends = {(row["area_id"], row["indicator"]): row for row in rows.to_dicts() if "." not in row["target_no"]}
    assert len(ends) == sum("." not in number_ for number_ in rows["target_no"])
    for row in rows.to_dicts():
        at = {year: expected[row["area_id"], row["indicator"], year]["expected"] for year in YEARS}
        assert at[row["start_year"]] == pytest.approx(row["start_expected"])
        end = ends[row["area_id"], row["indicator"]]
        reached = row["start_expected"] if row["planted"] == "no_change" else end["target_value"]
        years = [year for year in YEARS if year >= row["start_year"]]
        path = np.interp(years, [row["start_year"], end["target_year"]], [row["start_expected"], reached])
        assert [at[year] for year in years] == pytest.approx(path.tolist())
        if row["planted"] == "to_target":
            rounding = 0.5 * 10.0 ** -registry.indicators[row["indicator"]].decimals + 1e-9
            assert at[row["target_year"]] == pytest.approx(row["target_value"], abs=rounding)


def test_counts_lie_around_what_was_planted(whole: Nation) -> None:
    """z-scores of the redrawn figures have mean 0 and variance 1."""
    rows = planted(whole).filter(~pl.col("target_no").str.contains(".", literal=True))
    expected = pl.read_parquet(whole.truth / "expected.parquet").join(
        rows.select("area_id", "indicator", "start_year"), on=["area_id", "indicator"]
    )
    homes = {row["area_id"]: row["name"] for row in load(whole.schemas).codes["areas"]}
    home_of = {row["area_id"]: row["municipality_code"] for row in load(whole.schemas).codes["areas"]}
    names = {row["Kommune"]: row["Kommunekode"] for row in lines(whole, "municipalities")}
    delivered = {
        (row["Område"], names[row["Kommune"]], row["Indikator"], int(row["År"])): 100
        * int(row["Tæller"])
        / int(row["Nævner"])
        for row in lines(whole, "housing_statistics")
        if row["Indikator"] == "move_out_pct"
    }
    moves = expected.filter(pl.col("year") > pl.col("start_year"), indicator="move_out_pct")
    z = [
        (delivered[homes[row["area_id"]], home_of[row["area_id"]], row["indicator"], row["year"]] - row["expected"])
        / row["spread"]
        for row in moves.to_dicts()
    ]
    assert len(z) > 350
    assert abs(np.mean(z)) < 2.6 / len(z) ** 0.5
    assert np.std(z) == pytest.approx(1, abs=0.09)


def test_nothing_else_changes(whole: Nation, registry: Registry, tmp_path: Path) -> None:
    """Without targets all other figures are the same to the byte, but for those that count the same persons or
    dwellings, and those of the places that the area lies in; with one indicator alone its targets are the same."""
    without = made(tmp_path / "without", registry, 1000, Ambition(plans=0))
    assert planted(without).is_empty()
    names = {(row["area_id"]): row["name"] for row in load(whole.schemas).codes["areas"]}
    towns = {row["Kommunekode"]: row["Kommune"] for row in lines(whole, "municipalities")}
    regions = {row["Kommune"]: row["Region"] for row in lines(whole, "municipalities")}
    meant = set()
    for row in planted(whole).to_dicts():
        town = towns[row["municipality_code"]]
        for place in (names[row["area_id"]], town, regions[town], "Hele landet"):
            for indicator in {row["indicator"], *ALSO.get(row["indicator"], ())}:
                meant |= {(place, indicator, year) for year in YEARS if year > row["start_year"]}
    different = Counter[str]()
    for file in sorted(path for path in whole.raw.rglob("*") if path.is_file()):
        source = file.parent.name
        if source == "plan_targets":
            continue
        then, now = (path.read_text(encoding="utf-8").splitlines() for path in (without.raw / source / file.name, file))
        assert len(then) == len(now), file
        for line in (new for old, new in zip(then, now, strict=True) if old != new):
            _, place, _, year, indicator, *_ = line.split(";")
            assert (place, indicator, int(year)) in meant, file
            different[source] += 1
    assert min(different.values()) > 0
    assert set(different) == {"area_statistics", "housing_statistics", "municipal_figures"}

    alone = made(tmp_path / "alone", registry, 1000, indicators=["move_out_pct"])
    assert planted(alone).equals(planted(whole).filter(indicator="move_out_pct"))
    here = {row["Tæller"] for row in lines(alone, "housing_statistics") if row["Indikator"] == "move_out_pct"}
    assert here == {row["Tæller"] for row in lines(whole, "housing_statistics") if row["Indikator"] == "move_out_pct"}


def test_same_seed_same_bytes(tmp_path: Path, registry: Registry) -> None:
    def bytes_of(nation: Nation) -> dict[str, str]:
        files = sorted(path for path in nation.raw.parent.rglob("*") if path.is_file())
        return {str(file.relative_to(nation.raw.parent)): sha256(file.read_bytes()).hexdigest() for file in files}

    first, again = (bytes_of(made(tmp_path / name, registry, 80)) for name in ("a", "b"))
    assert first == again
    assert first["truth/targets.csv"] != bytes_of(made(tmp_path / "c", registry, 80, seed=13))["truth/targets.csv"]


def test_plans_set_targets_as_plans_do(whole: Nation) -> None:
    rows = planted(whole)
    goals = [row for row in lines(whole, "plan_targets") if row["Kan ikke måles, fordi"]]
    versions = Counter((row["Helhedsplan"], row["Kommune"], row["Mål nr."]) for row in lines(whole, "plan_targets"))
    plans = pl.read_csv(whole.truth / "plans.csv").height
    parents = rows.filter(~pl.col("target_no").str.contains(".", literal=True))
    per_plan = parents.group_by("plan_name", "municipality_code").len()["len"]
    assert per_plan.max() <= 4  # type: ignore[operator]
    assert 0.6 * plans < per_plan.len() < plans
    assert parents["planted"].value_counts()["count"].min() > 0.4 * parents.height  # type: ignore[operator]
    small = (parents["step_over_visible_change"] < 1).mean()
    assert 0.12 < small < 0.28  # type: ignore[operator]
    step = pl.col("step_over_visible_change")
    assert parents.filter(step.is_between(0.28, 0.95) | step.is_between(1, 1.95)).height == parents.height
    assert rows.height > parents.height
    assert (rows["target_year"] - rows["start_year"]).is_between(2, 5).all()
    assert rows["target_year"].max() == YEARS[-1]
    assert len(goals) > 100
    assert sum(many > 1 for many in versions.values()) > 30
    withdrawn = {row["Mål nr."] for row in lines(whole, "plan_targets") if row["Udgår"] == "ja"}
    assert withdrawn


def test_targets_are_set_before_their_figure_is_known(whole: Nation) -> None:
    """Landsbyggefonden's figures of a year come in May of the next, the municipalities' own from 20 April."""
    first: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in sorted(lines(whole, "plan_targets"), key=lambda row: row["Sat den"]):
        if row["Måles ved"]:
            first.setdefault((row["Helhedsplan"], row["Kommune"], row["Mål nr."]), row)
    for row in first.values():
        set_on, start, target = date.fromisoformat(row["Sat den"]), int(row["Startår"]), int(row["Målår"])
        assert date(start + 1, 12, 1) <= set_on < date(target + 1, 4, 20)
        assert (number(row["Målværdi"]) > number(row["Startværdi"])) == (row["Retning"] == "skal stige")


def test_activities_are_those_of_the_plans_grants(whole: Nation, registry: Registry) -> None:
    themes: dict[tuple[str, str], set[str]] = {}
    for row in lines(whole, "grant_list"):
        themes.setdefault((row["Helhedsplan"], row["Kommune"]), set()).update(row["Indsatsområder"].split("|"))
    rows = lines(whole, "plan_activities")
    assert all(row["Indsatsområde"] in themes[row["Helhedsplan"], row["Kommune"]] for row in rows)
    named = {(row["Helhedsplan"], row["Kommune"], row["Aktivitet"]): row for row in rows}
    per_plan = Counter((plan, town) for plan, town, _ in named)
    assert len(per_plan) == 162
    assert set(per_plan.values()) <= {1, 2, 3, 4, 5}
    aimed = [row for row in named.values() if row["Skal flytte"]]
    assert 0.4 * len(named) < len(aimed) < 0.9 * len(named)
    proposed = {step.label_da for step in registry.change_theory.step.values()}
    assert {row["Gennem skridtet"] in proposed for row in aimed} == {True, False}
    assert all(row["Gennem skridtet"] for row in aimed)
    assert {row["Deltagere"] == "" for row in rows} == {True, False}
    assert max(int(row["År"]) for row in rows) == YEARS[-1]


def test_few_years_give_few_targets(tmp_path: Path, registry: Registry) -> None:
    early = made(tmp_path / "early", registry, 50, years=range(2003, 2007))
    assert planted(early).is_empty()
    assert not [row for row in lines(early, "plan_targets") if row["Måles ved"]]
    assert {row["År"] for row in lines(early, "plan_activities")} == {"2006"}
    none = made(tmp_path / "none", registry, 50, years=[2005], indicators=[])
    assert planted(none).is_empty()
    assert not (none.raw / "plan_activities").exists()


def test_the_marts_agree_with_the_truth(marts: dict[str, pl.DataFrame], small: Nation) -> None:
    """Starting figure and step as planted; a step too small to be seen gets no verdict."""
    first = marts["dim_targets"].filter(pl.col("indicator").is_not_null(), target_version=1)
    assert set(first["start_check"]) == {"equal"}
    rows = planted(small).join(first, on=["plan_name", "municipality_code", "target_no"], how="left")
    assert rows["plan_id"].null_count() == 0
    final = marts["target_progress"].filter(target_version=1, verdict_kind="final")
    rows = rows.join(final, on=["plan_id", "target_no"], suffix="_of_year")
    assert rows.height > 30
    step = (rows["target_value"] - rows["start_figure_of_year"]).abs() / rows["visible_change_of_year"]
    assert step.to_list() == pytest.approx(rows["step_over_visible_change"].to_list(), rel=1e-6)
    small_steps = rows.filter(pl.col("step_over_visible_change") < 1)
    assert set(small_steps["target_verdict"]) == {"cannot_be_told"}


def test_final_verdicts_agree_with_what_was_planted(registry: Registry) -> None:
    """A smaller `make simulate`: at most 5 % of the verdicts say the opposite of the truth, as far as chance allows.

    A change of 1.05 to 1.8 times the smallest visible one must be found in at least four cases of five.
    """
    judged = pl.concat(simulation.verdicts(registry, [311], 1000))
    assert judged["target_verdict"].null_count() == 0
    for planted_, least in (("no_change", 150), ("to_target", 150)):
        wrong, judged_targets = simulation.count(judged, planted_)
        assert judged_targets > least
        assert wrong <= simulation.band(judged_targets)[1] == stats.binom.ppf(0.995, judged_targets, 0.05)
    moved = judged.filter(planted="to_target")
    assert moved["target_verdict"].is_in(["on_the_way", "reached"]).mean() > 0.8  # type: ignore[operator]
    assert simulation.unlucky(judged).height == judged.filter(planted="no_change").height // 5
    assert simulation.unlucky(judged)["unlucky"].min() > 0.3  # type: ignore[operator]
