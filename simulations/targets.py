"""Targets of plans: their final verdicts, over nations drawn by seed, held against the truth planted behind each."""

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import polars as pl
from scipy import stats

from flows.synthetic import country
from flows.synthetic.parameters import truth
from flows.synthetic.targets import Ambition, candidates
from schemas.loading import load
from schemas.registry import Registry
from simulations.nations import REFERENCE, build

YEARS = range(2005, 2013)
# Every target that an area is large enough for, each alone on its indicator and area, so that no two share a draw.
EVERY = Ambition(plans=1, per_plan=(1_000, 1_000), small_steps=0, milestones=0, revised=0, withdrawn=0)
VERDICTS = ("reached", "on_the_way", "cannot_be_told", "off_the_way")
# What a verdict may say against the planted truth in at most so many cases.
WRONG = {"no_change": ("on_the_way", "reached"), "to_target": ("off_the_way",)}
AT_MOST, SURE = 0.05, 0.99
TARGET = ("plan_name", "municipality_code", "target_no")


def main(nations: int, first_seed: int, areas: int) -> int:
    """Print the verdicts by planted truth, and how many are wrong; returns how many bounds were missed."""
    registry = load()
    started = time.perf_counter()
    judged = pl.concat(verdicts(registry, range(first_seed, first_seed + nations), areas))
    seconds = (time.perf_counter() - started) / nations
    print(
        f"{judged.height:,} targets whose step exceeds the smallest visible change, in {nations} nations of {areas:,} "
        f"areas from seed {first_seed} on; {seconds:.1f} s each"
    )
    print(f"final verdicts, % {'':<24}" + "".join(f"{name:>16}" for name in (*VERDICTS, "none")) + f"{'targets':>10}")
    for planted in WRONG:
        rows = judged.filter(planted=planted)
        show(planted, rows)
        for name in sorted(rows["indicator"].unique()):
            show(f"  {name}", rows.filter(indicator=name))
    show("no_change, chance made the start look bad", unlucky(judged))
    missed = 0
    for planted, wrong in WRONG.items():
        found, targets = count(judged, planted)
        low, high = band(targets)
        missed += found > high
        print(
            f"{planted}: {' or '.join(wrong)} in {found} of {targets:,} ({100 * found / max(targets, 1):.2f} %); "
            f"at most {AT_MOST:.0%}, whose {SURE:.0%} band is {low}-{high}"
        )
    return missed


def verdicts(registry: Registry, seeds: Iterable[int], areas: int) -> Iterable[pl.DataFrame]:
    """The verdicts of the targets of a nation per seed; see `against_truth`."""
    names = candidates(registry, truth())
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="boligprofil-nation-") as name:
            folder = Path(name)
            nation = country.write(
                folder, REFERENCE, registry, ambition=EVERY, seed=seed, areas=areas, years=YEARS, indicators=names
            )
            made = build(nation, folder)
            yield against_truth(made["dim_targets"], made["target_progress"], nation.truth)


def against_truth(targets: pl.DataFrame, progress: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """The targets of the truth's `folder` whose step exceeds the smallest visible change, as first set, with verdicts.

    Columns: those of targets.csv, target_verdict (null where the first version got no final one), and unlucky: by how
    many SDs the drawn starting figure lies on the bad side of its expected value.
    """
    planted = pl.read_csv(
        folder / "targets.csv", schema_overrides=dict.fromkeys(TARGET, pl.String()), infer_schema_length=None
    ).with_columns(pl.col("start_year").cast(pl.Int32()))
    spread = pl.read_parquet(folder / "expected.parquet").select(
        "area_id", "indicator", "spread", start_year=pl.col("year").cast(pl.Int32())
    )
    first = targets.filter(target_version=1).select("plan_id", *TARGET, "start_figure", "direction")
    final = progress.filter(target_version=1, verdict_kind="final").select("plan_id", "target_no", "target_verdict")
    away = pl.when(direction="up").then(-1).otherwise(1) * (pl.col("start_figure") - pl.col("start_expected"))
    return (
        planted.filter(pl.col("step_over_visible_change") > 1)
        .join(first, on=TARGET, how="left", maintain_order="left")
        .join(final, on=["plan_id", "target_no"], how="left", maintain_order="left")
        .join(spread, on=["area_id", "indicator", "start_year"], how="left", maintain_order="left")
        .with_columns(unlucky=away / pl.col("spread"))
        .select(*planted.columns, "target_verdict", "unlucky")
    )


def count(judged: pl.DataFrame, planted: str) -> tuple[int, int]:
    """How many final verdicts on targets with this planted truth are wrong, and out of how many."""
    rows = judged.filter(pl.col("target_verdict").is_not_null(), planted=planted)
    return rows.filter(pl.col("target_verdict").is_in(WRONG[planted])).height, rows.height


def band(cases: int) -> tuple[int, int]:
    """Binomial band around AT_MOST: what chance makes of it in so many cases."""
    low, high = stats.binom.interval(SURE, cases, AT_MOST)
    return int(low), int(high)


def unlucky(judged: pl.DataFrame) -> pl.DataFrame:
    """Regression to the mean: the fifth of the unchanged areas whose starting figure chance made look worst.

    An area that gets a target because its figure looked bad seems to improve by itself. No verdict can know that.
    """
    rows = judged.filter(planted="no_change").sort("unlucky", descending=True, maintain_order=True)
    return rows.head(rows.height // 5)


def show(what: str, rows: pl.DataFrame) -> None:
    """A line with the share of each verdict in percent."""
    shares = [rows["target_verdict"].eq_missing(verdict).sum() for verdict in (*VERDICTS, None)]
    print(f"{what:<42}" + "".join(f"{100 * n / max(rows.height, 1):>16.2f}" for n in shares) + f"{rows.height:>10,}")
