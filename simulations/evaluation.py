"""The baseline of the evaluation: every statistic of nations drawn by seed, held against what was planted."""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from flows.synthetic import country, parameters
from flows.synthetic.counted_lives import PLANTED
from flows.synthetic.country import Nation
from flows.synthetic.parameters import levels
from schemas.loading import load
from schemas.registry import Registry
from simulations.nations import REFERENCE, build

YEARS = range(2000, 2007)
OUTCOMES = 8
TOTALS = {"plans": 162, "grants": 216, "rent_support_estates": 114, "pool_amount_dkk": 2_200_000_000}
BOUNDS = {
    "joint test of parallel trends rejects (%)": (3.5, 6.5),
    "slope test rejects (%)": (3.5, 6.5),
    "slope test finds a planted drift (%)": (80.0, 100.0),
    "Wilson covers (%)": (94.0, 96.5),
    "planted twins found (%)": (80.0, 100.0),
    "SMD within 1.96 SE of the planted one (%)": (94.0, 100.0),
}


def main(nations: int, first_seed: int, areas: int, with_register: bool = False) -> int:
    """Print what was found over all nations, beside its bounds; returns how many of them were missed.

    `with_register`: the areas are counted from persons with lives; intervals are then held against what was planted.
    """
    registry = load()
    still = trendless(registry)
    chosen = sorted({*still, *registry.evaluation.twins.indicators, *registry.evaluation.balancing.indicators})
    divergent = [first_seed + nations + number for number in range(max(1, nations // 10))]
    hits: Counter[str] = Counter()
    tries: Counter[str] = Counter()
    started = time.perf_counter()
    for seed in [*range(first_seed, first_seed + nations), *divergent]:
        with tempfile.TemporaryDirectory(prefix="boligprofil-nation-") as name:
            folder = Path(name)
            is_parallel = seed not in divergent
            nation = country.write(
                folder,
                REFERENCE,
                registry,
                seed=seed,
                areas=areas,
                years=YEARS,
                indicators=chosen,
                parallel=is_parallel,
                with_register=with_register,
            )
            planted = tuple(PLANTED.values()) if with_register else None
            built = build(nation, folder)
            found = judge(built, nation, still, areas, planted) if is_parallel else [divergence(built, still)]
            for what, right, looked_at in found:
                hits[what] += right
                tries[what] += looked_at
    seconds = (time.perf_counter() - started) / (nations + len(divergent))
    print(
        f"{nations} nations of {areas:,} areas from seed {first_seed} on, then {len(divergent)} in which funded areas "
        f"drift from the others; {seconds:.1f} s each"
    )
    print(f"trends are judged on {', '.join(still)}")
    missed = 0
    for what, (low, high) in {**BOUNDS, "control totals exact (%)": (100.0, 100.0)}.items():
        if not tries[what]:
            print(f"{what:<44}     nothing to look at in nations of this size")
            continue
        share = 100 * hits[what] / tries[what]
        missed += not low <= share <= high
        print(f"{what:<44}{share:8.2f}   of {tries[what]:>9,}   bounds {low:g}-{high:g}")
    return missed


def trendless(registry: Registry) -> list[str]:
    """Outcomes without a planted trend, of their own or of what they are drawn beside.

    Where groups differ in level, equal growth on the logit or log scale is unequal growth in percentage points or
    kroner, and a test of parallel trends is right to find it.
    """
    still = parameters.trendless(levels(registry))
    outcomes = (i.id for i in registry.indicators.values() if i.indicator_group in ("attractiveness", "life_situation"))
    return [name for name in outcomes if name in still][:OUTCOMES]


def judge(
    built: dict[str, pl.DataFrame], nation: Nation, still: list[str], areas: int, planted: Sequence[str] | None
) -> list[tuple[str, int, int]]:
    """What was looked at, how often it was right, and out of how many; `planted`: the indicators that intervals are
    looked at of, None for all.
    """
    trends = built["baseline_trend"].filter(
        pl.col("indicator").is_in(still), pl.col("contrast").is_in(["funded", "bands"])
    )
    expected = pl.read_parquet(nation.truth / "expected.parquet")
    if planted is not None:
        expected = expected.filter(pl.col("indicator").is_in(planted))
    joint, slope = trends["joint_p"].drop_nulls(), trends["slope_p"].drop_nulls()
    found = [
        ("joint test of parallel trends rejects (%)", int((joint < 0.05).sum()), len(joint)),
        ("slope test rejects (%)", int((slope < 0.05).sum()), len(slope)),
        wilson(built["area_profile"], expected),
        twins(built["comparison_pool"], pl.read_csv(nation.truth / "areas.csv")),
        balance(built["baseline_balance"], pl.read_csv(nation.truth / "balance.csv")),
    ]
    covered = dict(built["pool_coverage"].select("measure", "delivered_total").iter_rows())
    if areas >= 500:
        exact = sum(covered[measure] == total for measure, total in TOTALS.items())
        found.append(("control totals exact (%)", exact, len(TOTALS)))
    return found


def divergence(built: dict[str, pl.DataFrame], still: list[str]) -> tuple[str, int, int]:
    """Whether the drift of funded areas that was planted is found; neutral indicators have none."""
    rows = built["baseline_trend"].filter(pl.col("indicator").is_in(still), contrast="funded")
    polar = built["dim_indicators"].filter(pl.col("polarity") != "neutral").select("indicator")
    p = rows.join(polar, on="indicator")["slope_p"].drop_nulls()
    return "slope test finds a planted drift (%)", int((p < 0.05).sum()), len(p)


def wilson(profile: pl.DataFrame, expected: pl.DataFrame) -> tuple[str, int, int]:
    """Whether the interval of a share holds the planted one, over cells with n p and n (1 - p) of at least 5."""
    cells = profile.filter(interval_basis="wilson").join(expected, on=["area_id", "year", "indicator"])
    n, p = pl.col("denominator"), pl.col("expected") / 100
    cells = cells.filter(n * p >= 5, n * (1 - p) >= 5)
    held = cells.filter(pl.col("expected").is_between(pl.col("ci_low"), pl.col("ci_high")))
    return "Wilson covers (%)", held.height, cells.height


def twins(pool: pl.DataFrame, areas: pl.DataFrame) -> tuple[str, int, int]:
    """How many of a planted group's areas come among the twins of its funded one."""
    planted = areas.filter(pl.col("is_twin_of").is_not_null()).select(
        pl.col("is_twin_of").alias("area_id"), pl.col("area_id").alias("candidate_id")
    )
    return "planted twins found (%)", planted.join(pool, on=["area_id", "candidate_id"]).height, planted.height


def balance(mart: pl.DataFrame, planted: pl.DataFrame) -> tuple[str, int, int]:
    """Whether the SMD of funded against never funded lies within its standard error of the planted one."""
    rows = mart.filter(contrast="funded", baseline_window="three_years", weighting="none", row_kind="pair").join(
        planted.select(pl.col("indicator").alias("covariate"), pl.col("smd").alias("truth")), on="covariate"
    )
    rows = rows.filter(pl.col("smd").is_not_null())
    near = rows.filter((pl.col("smd") - pl.col("truth")).abs() <= 1.96 * pl.col("smd_se"))
    return "SMD within 1.96 SE of the planted one (%)", near.height, rows.height
