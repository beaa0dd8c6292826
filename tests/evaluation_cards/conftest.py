"""A baseline made up for the cards: marts that keep their contracts, and that a test may change before publishing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mart_rows import frame

from flows.core.parquet import write_parquet
from flows.evaluation_cards.figures import outcomes_of
from flows.publish.snapshots import Snapshot
from schemas.evaluation import Contrast
from schemas.registry import Registry

MARTS = (
    "baseline_balance",
    "baseline_trend",
    "baseline_years",
    "design_power",
    "baseline_panel",
    "comparison_support",
    "baseline_selection",
    "baseline_cohort_trends",
    "baseline_event",
    "composition_change",
    "baseline_cohorts",
    "group_change",
    "design_power_years",
    "group_exposure",
)
SIZES = {"funded": 240, "never_funded": 700, "over_15m": 60, "5_15m": 120, "under_5m": 60, "lokal-semiprofessionel": 14}


@dataclass
class Baseline:
    """Rows of the marts that a test may change before it publishes them."""

    registry: Registry
    origin: str = "synthetic"
    caveat: str = ""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {mart: [] for mart in MARTS})

    def change(self, mart: str, new: dict[str, Any], **where: Any) -> int:
        """Set values in every row of a mart that `where` describes; how many there were."""
        found = [row for row in self.rows[mart] if all(row.get(key) == value for key, value in where.items())]
        for row in found:
            row.update(new)
        assert found, f"{mart} has no row {where}"
        return len(found)

    def remove(self, mart: str, **where: Any) -> None:
        """Take rows out of a mart."""
        self.rows[mart] = [row for row in self.rows[mart] if any(row.get(k) != v for k, v in where.items())]

    def publish(self, folder: Path) -> Snapshot:
        """A snapshot of the rows, as the writer of snapshots leaves it."""
        folder.mkdir(parents=True, exist_ok=True)
        for mart, rows in self.rows.items():
            table = self.registry.marts[mart]
            stamped = [{**row, "origin": self.origin} for row in rows]
            write_parquet(folder / f"{mart}.parquet", frame(table, stamped, self.registry).to_arrow(), table)
        entries = {mart: {"file": f"{mart}.parquet"} for mart in MARTS}
        return Snapshot("5f0c9a1b2c3d4e5f", folder, {"origin": self.origin, "caveat": self.caveat, "marts": entries})


def size(arm: str) -> int:
    """Areas of an arm."""
    return SIZES.get(arm, 120)


def of_outcome(baseline: Baseline, outcome: str, seed: int) -> None:
    """Add an outcome's rows: groups that differ by some tenths of an SD, and move alike, but for chance."""
    registry, draws = baseline.registry, np.random.default_rng(seed)
    evaluation, indicator = registry.evaluation, registry.indicators[outcome]
    level = {"percent": 30.0}.get(indicator.unit, 0.0) or min(200_000.0, 10 * max(indicator.minimum, 4.0))
    sd = 0.18 * level
    last = evaluation.baseline.last_year
    for contrast in evaluation.full_contrasts:
        means = {arm: level + sd * shift for arm, shift in zip(contrast.arms, (0.3, -0.2, 0.05), strict=False)}
        missing = {arm: int(draws.integers(0, 6)) for arm in contrast.arms}
        for arm_1, arm_0 in contrast.pairs:
            pair = {"contrast": contrast.id, "arm_1": arm_1, "arm_0": arm_0}
            counts = {
                "areas_1": size(arm_1) - missing[arm_1],
                "areas_0": size(arm_0) - missing[arm_0],
                "missing_1": missing[arm_1],
                "missing_0": missing[arm_0],
            }
            gap = float((means[arm_1] - means[arm_0]) / sd)
            for window, weighting in product(evaluation.window, _weightings(contrast)):
                smd = round(0.02 if weighting in ("entropy", "twins") else gap + float(draws.normal(0, 0.05)), 4)
                is_few = min(counts["areas_1"], counts["areas_0"]) < evaluation.limits.areas_per_arm
                se = (1 / counts["areas_1"] + 1 / counts["areas_0"]) ** 0.5
                verdict = "too_few" if is_few else "unbalanced" if abs(smd) > 0.05 else "balanced"
                baseline.rows["baseline_balance"].append(
                    pair
                    | counts
                    | {
                        "row_kind": "pair",
                        "covariate": outcome,
                        "level": "all",
                        "baseline_window": window,
                        "window_from": evaluation.first_year(window),
                        "window_to": last,
                        "weighting": weighting,
                        "mean_1": level + sd * smd,
                        "mean_0": level,
                        "sd_1": sd,
                        "sd_0": sd * 0.93,
                        "mean_difference": sd * smd,
                        "smd": smd,
                        "smd_se": se,
                        "smd_df": 50.0,
                        "smd_low": smd - 1.96 * se,
                        "smd_high": smd + 1.96 * se,
                        "smd_denominator": "sd_of_arm_1" if contrast.estimand == "ATT" else "pooled_sd",
                        "variance_ratio": 1.1562,
                        "ks": 0.137,
                        "overlap": 0.8642,
                        "balance_limit": evaluation.limits.smd_outcome,
                        "balance_verdict": verdict,
                        "ess_1": float(counts["areas_1"]),
                        "ess_0": counts["areas_0"] * 0.61,
                        "smd_cobalt": smd,
                        "smd_matchit": smd * 0.97,
                        "smd_tableone": abs(smd),
                        "why": "too_few_areas" if is_few else None,
                    }
                )
            _course(baseline, outcome, pair, counts, level, sd, gap, draws)
        if not contrast.arms:
            _dose(baseline, contrast, outcome)
        if contrast.by == "funded":
            _event_time(baseline, contrast, outcome, sd)


def _weightings(contrast: Contrast) -> list[str]:
    return ["none", "residents", *([contrast.weighting, "twins"] if contrast.weighting else [])]


def _dose(baseline: Baseline, contrast: Contrast, outcome: str) -> None:
    evaluation = baseline.registry.evaluation
    for window in evaluation.window:
        baseline.rows["baseline_balance"].append(
            {
                "contrast": contrast.id,
                "row_kind": "dose",
                "arm_1": "dose",
                "arm_0": "dose",
                "covariate": outcome,
                "level": "all",
                "baseline_window": window,
                "weighting": "none",
                "areas_1": 231,
                "dose_correlation": 0.2871,
                "balance_limit": 0.1,
                "balance_verdict": "unbalanced",
                "smd_denominator": "sd_of_arm_1",
            }
        )


def _event_time(baseline: Baseline, contrast: Contrast, outcome: str, sd: float) -> None:
    head = {"contrast": contrast.id, "arm_1": contrast.arms[0], "arm_0": contrast.arms[1], "indicator": outcome}
    baseline.rows["baseline_selection"].append(
        head
        | {"years_apart": 3, "baseline_window": "three_years", "earlier_year": 2000, "reliability": 0.8}
        | {"rebound_ceiling": 0.1 * sd, "dip": 0.02 * sd, "dip_low": -0.1 * sd, "dip_high": 0.14 * sd}
    )
    for first, last in baseline.registry.evaluation.change.spans:
        found = {
            "change_difference": -0.05 * sd,
            "change_difference_low": -0.12 * sd,
            "change_difference_high": 0.02 * sd,
        }
        is_open = last <= baseline.registry.evaluation.lock.after
        baseline.rows["group_change"].append(
            head | {"change_from": first, "change_to": last} | (found if is_open else {"why": "locked"})
        )
    for years, mde in ((1, 0.2), (3, 0.15), (5, 0.13)):
        baseline.rows["design_power_years"].append(
            head | {"post_years": years, "estimator": "did", "rho": 0.6, "rho_is_assumed": False, "mde": mde * sd}
        )
    if not baseline.rows["group_exposure"]:
        for tie, exposed, unknown in (("municipality", 500, 0), ("organisation", 0, 700), ("school_district", 90, 20)):
            counts = {"areas": 700, "exposed": exposed, "exposure_not_known": unknown, "is_left_out": False}
            baseline.rows["group_exposure"].append(
                {"contrast": contrast.id, "arm": "never_funded", "tie": tie} | counts
            )
    for cohort in range(2006, 2011):
        verdict = "rejected" if cohort == 2009 else "not_rejected"
        baseline.rows["baseline_cohort_trends"].append(
            head | {"gname": cohort, "trend_years": 6, "slope_p_holm": 0.5, "cohort_verdict": verdict}
        )
    for time in range(-6, 0):
        at = 0.01 * time * sd
        ends = {"att_low": at - 0.1 * sd, "att_high": at + 0.1 * sd}
        bands = {"att_low_uniform": at - 0.15 * sd, "att_high_uniform": at + 0.15 * sd}
        baseline.rows["baseline_event"].append(
            head | {"event_time": time, "cohorts": 5, "areas_1": 240, "att": at, **ends, **bands}
        )
        for cohort in (2006, 2009):
            baseline.rows["baseline_cohorts"].append(
                head | {"gname": cohort, "year": cohort + time, "event_time": time, "areas_1": 48, "att": at, **ends}
            )


def _course(
    baseline: Baseline,
    outcome: str,
    pair: dict[str, str],
    counts: dict[str, int],
    level: float,
    sd: float,
    gap: float,
    draws: np.random.Generator,
) -> None:
    evaluation = baseline.registry.evaluation
    last = evaluation.baseline.last_year
    first = last - evaluation.baseline.trend_years + 1
    clusters = {"clusters": 96, "clusters_1": 61, "clusters_0": 72, "clustered_by": "municipality"}
    outcome_key = {**pair, "indicator": outcome, **counts}
    width = sd * 0.08
    baseline.rows["baseline_trend"].append(
        outcome_key
        | clusters
        | {
            "trend_from": first,
            "trend_to": last,
            "trend_years": 6,
            "slope_1": 0.021 * sd,
            "slope_0": 0.017 * sd,
            "slope_difference": 0.004 * sd,
            "slope_se": 0.012 * sd,
            "slope_df": 41.3,
            "slope_low": -0.02 * sd,
            "slope_high": 0.028 * sd,
            "slope_p": 0.74,
            "joint_f": 0.9,
            "joint_restrictions": 5,
            "joint_df": 37.3,
            "joint_p": 0.4826,
            "joint_p_conventional": 0.44,
            "trend_verdict": "not_rejected",
            "undetected_slope": 0.0341 * sd,
            "largest_violation": 0.11 * sd,
            "bias_bound": 0.1123 * sd,
        }
    )
    for year in range(first, last + 1):
        mean_0 = level + 0.02 * sd * (year - last)
        change = 0.0 if year == last else float(draws.normal(0, 0.04)) * sd
        mean_1 = mean_0 + gap * sd + change
        baseline.rows["baseline_years"].append(
            {**pair, "indicator": outcome, "year": year, "areas_1": counts["areas_1"], "areas_0": counts["areas_0"]}
            | {"mean_1": mean_1, "mean_1_low": mean_1 - width, "mean_1_high": mean_1 + width}
            | {"mean_0": mean_0, "mean_0_low": mean_0 - 0.6 * width, "mean_0_high": mean_0 + 0.6 * width}
            | {"difference_change": change}
            | ({} if year == last else {"difference_low": change - width, "difference_high": change + width})
        )
    baseline.rows["design_power"].append(
        outcome_key
        | clusters
        | {
            "areas_per_cluster": 2.4,
            "icc_one_way": 0.1831,
            "icc_mixed": 0.1774,
            "r2_between": 0.7712,
            "r2_within": 0.6423,
            "power_basis": "estimated",
            "power_df": 40.0,
            "outcome_sd": sd,
            "mde_sd": 0.2314,
            "mde": 0.2314 * sd,
            "mde_textbook_sd": 0.2207,
        }
    )


def panel(baseline: Baseline, outcomes: Iterable[str]) -> None:
    """Areas with their figures of the last baseline year."""
    registry, draws = baseline.registry, np.random.default_rng(5)
    chosen = list(outcomes)
    levels = {row["covariate"]: row["mean_0"] for row in baseline.rows["baseline_balance"] if row.get("mean_0")}
    organisations = registry.evaluation.contrast["organisation"].arms
    for place in range(400):
        is_funded = place % 4 == 0
        funded = {
            "treatment": "funded",
            "funding_band": registry.evaluation.contrast["bands"].arms[place // 4 % 3],
            "has_secretariat": place % 8 == 0,
            "project_organisation": organisations[2] if place < 30 else organisations[place // 4 % 2],
        }
        if is_funded:
            twins = {"twins": 0, "twins_missing_reason": "no_candidate_in_caliper"} if place < 12 else {"twins": 5}
            baseline.rows["comparison_support"].append(
                {"area_id": f"omraade-{place}", "treatment": "funded", "on_support": place >= 12, **twins}
            )
        baseline.rows["baseline_panel"].append(
            {"area_id": f"omraade-{place}", "area_name": f"Område {place}", "municipality_code": "0101"}
            | {"region_code": "084", "year": registry.evaluation.baseline.last_year, "in_baseline": True}
            | (funded if is_funded else {"treatment": "never_funded"})
            | {"cluster_plan": f"area omraade-{place}", "cluster_municipality": "0101"}
            | {name: levels.get(name, 0.0) * float(np.exp(draws.normal(0.1 * is_funded, 0.18))) for name in chosen}
        )


@pytest.fixture(scope="session")
def make_baseline(registry: Registry) -> Callable[..., Baseline]:
    """A baseline of the outcomes that are named, by default all."""

    def make(*outcomes: str) -> Baseline:
        baseline = Baseline(registry)
        chosen = outcomes or tuple(outcomes_of(registry))
        for seed, outcome in enumerate(chosen):
            of_outcome(baseline, outcome, seed)
        panel(baseline, chosen)
        return baseline

    return make
