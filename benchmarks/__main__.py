"""Run every benchmark: each pair of ways in turn, medians and their ratio.

`python -m benchmarks --page docs` writes docs/speed.md and its plot as well. It takes about twenty-five minutes of a
machine that does nothing else; `--help` tells how to make it smaller or larger.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from benchmarks import (
    before,
    dbt_models,
    design_cards,
    extracts,
    growth,
    judging,
    long_csv,
    measuring,
    nights,
    page,
    person_registers,
    release,
    small_deliveries,
)
from benchmarks import statistics as libraries
from benchmarks.growth import Grown
from benchmarks.measuring import Compared, Unmeasured
from flows.intake import deliveries, reconcile, versions
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.reconcile import Facts
from flows.intake.vintages import Vintage
from flows.marts import build, checks, codes, queries
from flows.marts.baseline.steps import STATISTICS
from flows.marts.checks import suites
from flows.marts.queries import Query
from flows.publish import gate
from flows.synthetic import country
from schemas.loading import load
from schemas.registry import Registry

AREAS, FIRST_YEAR, LAST_YEAR = 250, 2000, 2012
ROUNDS = 3
# The person register grows with the long CSV: 80,000 addresses, about 1.5 M person-years.
ADDRESSES_PER_AREA = 10
# Case areas whose extracts are written: each takes most of a second, whatever the nation.
CASES = 12
RAW = Path(__file__).parents[1] / "data" / "raw"


def main(
    rounds: int = ROUNDS,
    areas: int = AREAS,
    first_year: int = FIRST_YEAR,
    long_areas: int = long_csv.AREAS,
    cases: int | None = CASES,
    small: int = small_deliveries.DELIVERIES,
    factors: Sequence[int] = (1, 3, 10),
    released: release.Sizes = release.Sizes(),  # noqa: B008
) -> tuple[list[Compared | Unmeasured], list[Grown]]:
    """Make a nation once, then measure intake, build, baseline, gate, nights and extracts; the long CSV is its own.

    `factors` are the sizes at which growth is measured, in nations, `released` those of releases. Returns what was
    measured.
    """
    pairs: list[Compared | Unmeasured] = []

    def compare(*asked: Any) -> None:
        pairs.append(measuring.compare(rounds, *asked))

    with tempfile.TemporaryDirectory(prefix="boligprofil-bench-") as name:
        folder = Path(name)
        nation = country.write(folder, RAW, load(), seed=1, areas=areas, years=range(first_year, LAST_YEAR + 1))
        print(f"{sum(nation.rows.values()):,} delivered rows of {nation.areas:,} areas; medians of {rounds} rounds\n")
        print(f"{'processor seconds':<52}{'ours':>10}{'other':>11}{'ratio':>8}   the other way")
        small_deliveries.measure(compare, folder, nation.raw, load(nation.schemas), small)
        facts, files = _measure(compare, folder, nation.raw, load(nation.schemas))
        pairs += dbt_models.measure(rounds, folder, facts, nation.schemas)
        pairs.append(extracts.main(rounds, files, nation.schemas, cases))
        pairs += nights.measure(rounds, folder, nation.raw, nation.schemas, small)
        pairs += design_cards.measure(compare, folder / nights.HOUSE, nation.schemas)
        pairs += before.measure(rounds, folder, RAW)
    pairs.append(long_csv.main(rounds, long_areas))
    pairs.append(person_registers.main(rounds, ADDRESSES_PER_AREA * long_areas))
    return pairs, growth.measure(areas, first_year, LAST_YEAR, factors, released)


def _measure(
    compare: Callable[..., None], folder: Path, raw: Path, registry: Registry
) -> tuple[Facts, dict[str, Path]]:
    """Measure all up to the gate; returns the facts and the files of the marts."""
    delivered = deliveries.find(raw, registry)
    figures = (delivery for delivery in delivered if delivery.source == "area_statistics")
    big = max(figures, key=lambda delivery: delivery.file.stat().st_size)
    rounds = iter(range(100))
    kept = folder / "staging"
    vintage = Vintage(tuple(delivered), DeliveryLedger(kept), now())
    known = versions.known_names(vintage, kept, registry)

    def stage_anew() -> None:
        versions.stage(big, vintage, folder / f"staging-{next(rounds)}", registry, known)

    def stage_again() -> None:
        versions.stage(big, vintage, kept, registry, known)

    def only_read() -> None:
        frame = pl.read_csv(big.file, separator=";", skip_rows=5, infer_schema=False)
        frame.write_parquet(folder / "floor.parquet")

    compare("intake: read, cast, validate, write facts", stage_anew, only_read, "polars reads text and writes it")
    stage_again()
    compare("intake of an unchanged delivery", stage_again, only_read, "the same")

    receipts = versions.receipts_of(vintage, kept, registry, known)
    facts = reconcile.reconcile(receipts, kept, registry)
    with build.connect() as connection:
        build.run(connection, build.every_step(), facts, registry)
        statistics_made = {name: connection.table(name).to_arrow_table() for name in STATISTICS}
    compare(
        "build: marts and baseline",
        lambda: build.build(facts, folder / "marts", registry),
        lambda: _bare(facts, statistics_made, folder, registry, libraries.bare),
        "the same SQL by hand and COPY, numpy, scipy, statsmodels called bare",
    )
    compare(
        "the same",
        lambda: build.build(facts, folder / "marts", registry),
        lambda: _bare(facts, statistics_made, folder, registry),
        "the SQL alone, with nothing for the statistics",
    )
    files = build.build(facts, folder / "marts", registry)
    keys = {mart: table.key for mart, table in registry.marts.items()}
    compare(
        "gate: Great Expectations and its pages",
        lambda: gate.judge(files, keys, suites(registry), folder / "pages", "benchmark", []),
        lambda: checks.run(files, registry),
        "the SQL checks alone",
    )
    judging.measure(compare, folder, files, registry)
    return facts, files


def _bare(
    facts: Facts,
    kept: dict[str, pa.Table],
    folder: Path,
    registry: Registry,
    compute: Callable[[dict[str, pl.DataFrame], Registry], None] | None = None,
) -> None:
    """What the build cannot do without: load, run each query in its order, call the statistics, write each mart.

    `kept` is what the statistics gave an earlier build: the queries behind them have it to read.
    """
    steps = build.every_step()
    (folder / "bare").mkdir(exist_ok=True)
    with build.connect() as connection:
        for name, file in facts.tables.items():
            connection.read_parquet(str(file)).create(f"facts.{name}")
        connection.execute("create table facts.figures_before as select * from facts.figures limit 0")
        tables = codes.frames(registry)
        for name, frame in tables.items():
            connection.from_arrow(frame.to_arrow()).create(f"codes.{name}")
        connection.execute("create table codes.matched (id varchar, matched_rows bigint)")
        listed = ", ".join(f"'{name}'" for name, indicator in registry.indicators.items() if indicator.of_areas)
        connection.execute(f"create type indicator_id as enum ({listed})")
        connection.execute(queries.functions("code_functions"))
        for variable, value in codes.variables("synthetic", registry).items():
            connection.execute(f"set variable {variable} = ?", [value])
        loaded = [f"facts.{name}" for name in (*facts.tables, "figures_before")]
        for name in queries.order(steps, [*loaded, *(f"codes.{code}" for code in (*tables, "matched"))]):
            step = steps[name]
            if isinstance(step, Query):
                connection.execute(f"create table {name} as\n{step.sql}")
            else:
                connection.from_arrow(kept[name]).create(name)
        read = ("area_funding", "area_attributes", "area_exposure", "baseline_values", "baseline_figures")
        if compute:
            compute({name: connection.table(name).pl() for name in read}, registry)
        for name in queries.marts():
            connection.execute(f"copy {name} to '{folder}/bare/{name}.parquet' (compression zstd)")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description="Time two ways to do the same work.")
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--areas", type=int, default=AREAS, help="areas of the made-up nation")
    asked.add_argument("--first-year", type=int, default=FIRST_YEAR)
    asked.add_argument("--long-areas", type=int, default=long_csv.AREAS, help="areas of the long CSV, 800 rows each")
    asked.add_argument("--cases", type=int, default=CASES, help="so many case areas in the extracts")
    asked.add_argument("--small", type=int, default=small_deliveries.DELIVERIES, help="small deliveries")
    asked.add_argument("--factors", type=int, nargs="*", default=[1, 3, 10], help="growth: so many nations")
    sizes = release.Sizes()
    asked.add_argument("--released", type=int, nargs="*", default=sizes.areas, help="growth: areas of releases")
    asked.add_argument("--release-years", type=int, default=sizes.years, help="and their years")
    asked.add_argument("--page", type=Path, help="folder in which speed.md and speed.svg are written")
    given = vars(asked.parse_args())
    to = given.pop("page")
    given["released"] = release.Sizes(given["released"], given.pop("release_years"))
    try:
        measured = main(**given)
    except duckdb.Error as error:
        sys.exit(f"benchmark failed: {error}")
    if to:
        page.write(to, given["rounds"], given["areas"], *measured)
