"""`boligprofil demo` from end to end: the snapshot of a made-up nation against its truth and other libraries."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from command_line import invoke

from flows.intake import deliveries, reconcile, versions
from flows.intake.ledger import DeliveryLedger
from flows.intake.reconcile import MixedOrigin
from flows.intake.vintages import Vintage
from flows.marts.baseline import twins
from flows.publish import exports, snapshots
from flows.publish.snapshots import Snapshot
from schemas.evaluation import Locked
from schemas.loading import load
from schemas.registry import Registry
from simulations.evaluation import balance, wilson

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def nation(demo: Path) -> Path:
    return demo / "data" / "demo"


@pytest.fixture(scope="module")
def snapshot(nation: Path) -> Snapshot:
    return snapshots.current(nation / "marts")


@pytest.fixture(scope="module")
def known(nation: Path) -> Registry:
    return load(nation / "schemas")


def mart(snapshot: Snapshot, name: str) -> pl.DataFrame:
    return pl.read_parquet(snapshot.path(name), glob=False)


def test_everything_says_that_it_is_synthetic(nation: Path, snapshot: Snapshot) -> None:
    assert snapshot.manifest["origin"] == "synthetic"
    assert snapshot.manifest["warnings"] == []
    assert all(entry["quarantined"] + entry["set_aside"] == 0 for entry in snapshot.manifest["deliveries"])
    for name in snapshot.manifest["marts"]:
        assert set(mart(snapshot, name)["origin"].unique()) <= {"synthetic"}, name
    for page in (nation / "baseline").glob("*.html"):
        assert "SYNTHETIC" in page.read_text(encoding="utf-8"), page.name


def test_there_is_a_card_for_each_outcome(nation: Path, registry: Registry) -> None:
    outcomes = {each.id for each in registry.indicators.values() if each.indicator_group not in (None, "background")}
    made = {file.name for file in (nation / "baseline").iterdir()}
    assert made == {"index.html", "plots"} | {f"{name}.{form}" for name in outcomes for form in ("html", "pdf")}


def test_a_real_delivery_among_them_is_refused(nation: Path, known: Registry, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(nation / "raw", raw)
    shutil.copy(ROOT / "data" / "raw" / "population" / "folketal_2007_2015.csv", raw / "municipal_figures")
    moment = datetime(2026, 11, 25, tzinfo=UTC)
    vintage = Vintage(tuple(deliveries.find(raw, known)), DeliveryLedger(tmp_path), moment)
    names = versions.known_names(vintage, tmp_path / "staging", known)
    receipts = versions.receipts_of(vintage, tmp_path / "staging", known, names)
    with pytest.raises(MixedOrigin):
        reconcile.reconcile(receipts, tmp_path / "staging", known)


def test_the_shipped_sample_is_refused_as_a_baseline(published: Path) -> None:
    done = invoke(published, "baseline")
    assert done.exit_code == 1
    assert "published after the grants of 2006-2010, and the areas were chosen by the criteria" in done.stderr
    assert not (published / "data" / "baseline").exists()
    folder = snapshots.current(published / "data" / "marts").folder
    rows = pl.read_parquet(folder / "baseline_balance.parquet", glob=False).filter(pl.col("level") == "all")
    assert rows["mean_1"].null_count() == rows.height
    assert rows["why"].null_count() == 0


def test_intervals_cover_the_planted_shares(nation: Path, snapshot: Snapshot) -> None:
    _, held, cells = wilson(mart(snapshot, "area_profile"), pl.read_parquet(nation / "truth" / "expected.parquet"))
    assert cells > 20_000
    assert 0.94 <= held / cells <= 0.965


def test_differences_lie_around_the_planted_ones(nation: Path, snapshot: Snapshot) -> None:
    _, near, rows = balance(mart(snapshot, "baseline_balance"), pl.read_csv(nation / "truth" / "balance.csv"))
    assert rows > 30
    assert near / rows > 0.9


def panel(snapshot: Snapshot, indicator: str) -> pl.DataFrame:
    """Funded and never-funded areas that have the indicator in every year, from the analysis file."""
    rows = mart(snapshot, "baseline_panel").filter(
        pl.col("in_baseline"), pl.col("treatment") != "rent_support_only", pl.col(indicator).is_not_null()
    )
    return rows.filter(pl.len().over("area_id") == 6).sort("area_id", "year")


@pytest.mark.parametrize("indicator", ["gross_income_dkk", "outside_work_pct", "move_out_pct"])
def test_the_analysis_file_gives_statsmodels_the_same_test(snapshot: Snapshot, indicator: str) -> None:
    rows = panel(snapshot, indicator)
    areas, years = rows["area_id"].n_unique(), 6
    value = rows[indicator].to_numpy().reshape(areas, years)
    funded = (rows["treatment"] == "funded").to_numpy().reshape(areas, years)[:, :1]
    dummies = np.tile(np.eye(years)[:, :-1], (areas, 1))
    design = np.column_stack([dummies, dummies * np.repeat(funded, years, axis=0)])
    centred = design - design.reshape(areas, years, -1).mean(axis=1).repeat(years, axis=0)
    outcome = (value - value.mean(axis=1, keepdims=True)).ravel()
    groups = np.unique(rows["cluster_municipality"].to_numpy().astype(str), return_inverse=True)[1]
    fitted = sm.OLS(outcome, centred).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    test = fitted.f_test(np.eye(2 * (years - 1))[years - 1 :])
    (row,) = mart(snapshot, "baseline_trend").filter(contrast="funded", indicator=indicator).to_dicts()
    assert (row["areas_1"], row["areas_0"]) == (int(funded.sum()), areas - int(funded.sum()))
    assert row["joint_p_conventional"] == pytest.approx(float(test.pvalue), rel=0.01)
    changes = mart(snapshot, "baseline_years").filter(contrast="funded", indicator=indicator).sort("year")
    assert changes["difference_change"].to_list()[:-1] == pytest.approx(fitted.params[years - 1 :].tolist())


def test_twins_are_the_mean_of_their_figures(snapshot: Snapshot) -> None:
    profile, pool = mart(snapshot, "area_profile"), mart(snapshot, "comparison_pool")
    area = pool["area_id"][0]
    mine = pool.filter(area_id=area)["candidate_id"]
    figures = profile.filter(pl.col("area_id").is_in(mine.implode()), year=2003, indicator="gross_income_dkk")
    (row,) = profile.filter(area_id=area, year=2003, indicator="gross_income_dkk").to_dicts()
    assert row["twin_value"] == pytest.approx(sum(figures["value"]) / len(figures))
    assert row["twin_difference"] == pytest.approx(row["value"] - row["twin_value"])
    never = mart(snapshot, "comparison_support").filter(treatment="never_funded")["area_id"]
    assert set(pool["candidate_id"]) <= set(never)


def test_funded_areas_and_their_twins_are_alike_on_what_they_were_matched_on(
    snapshot: Snapshot, known: Registry
) -> None:
    """By the first rule declared that is within the limit, else by the one that leaves least, and that is told."""
    tried = mart(snapshot, "comparison_rules").sort("rule_no").filter(pl.col("largest_smd").is_not_null()).to_dicts()
    within = [rule for rule in tried if rule["largest_smd"] <= known.evaluation.limits.smd]
    (chosen,) = (rule for rule in tried if rule["is_chosen"])
    assert chosen == (within or sorted(tried, key=lambda rule: float(rule["largest_smd"])))[0]
    assert chosen["why"] == (None if within else "over_limit")
    # Of so few areas, too, a caliper on the propensity score leaves far less than Mahalanobis distances alone.
    (distances,) = (rule for rule in tried if rule["twin_method"] == "mahalanobis")
    assert "propensity" in chosen["twin_method"]
    assert chosen["largest_smd"] < 0.5 * distances["largest_smd"]
    rows = mart(snapshot, "baseline_balance").filter(
        pl.col("covariate").is_in(known.evaluation.twins.indicators),
        contrast="funded",
        baseline_window=known.evaluation.twins.window,
        weighting="twins",
    )
    assert rows.height == len(known.evaluation.twins.indicators)
    assert rows["smd"].abs().max() == pytest.approx(chosen["largest_smd"])


def test_what_was_planted_of_implementation_is_found_and_too_few_is_told(snapshot: Snapshot, known: Registry) -> None:
    """Earlier efforts go with size, staffing of the plan's secretariat with nothing; secretariats are too few."""
    balance = mart(snapshot, "baseline_balance").filter(covariate="dwellings", row_kind="pair")
    (earlier,) = balance.filter(contrast="earlier_effort").to_dicts()
    assert (earlier["arm_1"], earlier["smd"] > 0.3, earlier["smd_low"] > 0) == ("with", True, True)
    staffing = balance.filter(contrast="project_secretariat").drop_nulls("smd_low")
    # Of four groups one that is odd by luck stands in three of the six pairs.
    assert staffing.filter((pl.col("smd_low") > 0) | (pl.col("smd_high") < 0)).height <= 3
    few = balance.filter(
        pl.col("contrast").is_in([each.id for each in known.evaluation.contrast.values() if each.is_brief]),
        pl.min_horizontal("areas_1", "areas_0") < known.evaluation.limits.areas_per_arm,
        pl.min_horizontal("areas_1", "areas_0") > 1,
    )
    assert few.height > 5
    assert set(few["balance_verdict"]) == {"too_few"}
    rows = mart(snapshot, "implementation_overview")
    assert rows.filter(unit_kind="plan", attribute="earlier_effort")["entry"].count() > 40
    near = mart(snapshot, "group_exposure").filter(arm="never_funded", tie="school_district")
    assert 0 < near["exposed"].item() < near["areas"].item()


def test_the_pool_of_grants_adds_up(nation: Path, snapshot: Snapshot) -> None:
    covered = {
        row["measure"]: (row["total"], row["delivered_total"]) for row in mart(snapshot, "pool_coverage").to_dicts()
    }
    for measure in ("plans", "grants", "rent_support_estates", "pool_amount_dkk", "case_areas"):
        stated, delivered = covered[measure]
        assert stated == delivered, measure


def test_years_are_cut_and_locked_ones_refused(snapshot: Snapshot, known: Registry, tmp_path: Path) -> None:
    panel, table, moment = snapshot.path("baseline_panel"), known.marts["baseline_panel"], snapshot.published_at
    exports.export(panel, table, known, tmp_path, moment, ["csv"], through=2003)
    assert pl.read_csv(tmp_path / "baseline_panel.csv")["year"].unique().sort().to_list() == [2000, 2001, 2002, 2003]
    rows = pl.read_parquet(panel, glob=False)
    assert not rows.filter(pl.col("is_treated")).height
    assert rows.filter(pl.col("gname").is_null())["year"].max() == known.evaluation.lock.after
    assert rows.filter(treatment="never_funded")["year"].max() == rows["gname"].max() - 1  # type: ignore[operator]
    with pytest.raises(Locked, match=r"outcomes of 2006 are locked"):
        exports.export(panel, table, known, tmp_path, moment, ["csv"], through=2006)
    with pytest.raises(exports.ExportError, match="dim_areas has no years"):
        exports.export(
            snapshot.path("dim_areas"), known.marts["dim_areas"], known, tmp_path, moment, ["csv"], through=2003
        )


def test_another_pool_than_the_frozen_one_is_refused(snapshot: Snapshot, known: Registry) -> None:
    tables = {
        "area_funding": mart(snapshot, "comparison_support")
        .select("area_id", "treatment")
        .with_columns(region_code=pl.lit("084")),
        "baseline_values": pl.DataFrame(
            schema={"area_id": pl.String, "baseline_window": pl.String, "indicator": pl.String, "value": pl.Float64}
        ),
    }
    (chosen,) = twins.twins_table(tables, known).filter("is_chosen").to_dicts()
    found = chosen["pool_sha256"]
    assert len(chosen["areas"]) == tables["area_funding"].height
    for sha256, fits in ((found, True), ("0" * 64, False)):
        chosen = known.evaluation.twins.model_copy(update={"sha256": sha256})
        evaluation = known.evaluation.model_copy(update={"twins": chosen})
        frozen = known.model_copy(update={"evaluation": evaluation})
        if fits:
            assert twins.twins_table(tables, frozen).filter("is_chosen")["pool_sha256"].item() == found
        else:
            with pytest.raises(twins.OtherPool, match=rf"frozen as {sha256}, but these figures give {found}"):
                twins.twins_table(tables, frozen)
