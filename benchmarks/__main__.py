"""Run every benchmark: each pair of ways in turn, medians and their ratio.

Usage: python -m benchmarks [rounds] [areas] [first year] [areas of the long CSV] [case areas] [small deliveries]. Full
size takes minutes.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from benchmarks import extracts, judging, long_csv, small_deliveries
from benchmarks import statistics as libraries
from flows.intake import deliveries, reconcile, versions
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.reconcile import Facts
from flows.intake.vintages import Vintage
from flows.marts import build, checks, codes, queries
from flows.marts.baseline.steps import STATISTICS
from flows.marts.queries import Query
from flows.night import suites
from flows.publish import gate
from flows.synthetic import country
from schemas.loading import load
from schemas.registry import Registry

AREAS, FIRST_YEAR, LAST_YEAR = 1000, 2000, 2012
ROUNDS = 3
RAW = Path(__file__).parents[1] / "data" / "raw"


def compare(rounds: int, name: str, ours: Callable[[], object], floor: Callable[[], object], against: str) -> None:
    """Time two ways in turn and print the medians and the ratio of each round's pair."""
    times: list[tuple[float, float]] = []
    for _ in range(rounds):
        pair = []
        for way in (ours, floor):
            started = time.perf_counter()
            way()
            pair.append(time.perf_counter() - started)
        times.append((pair[0], pair[1]))
    ratio = statistics.median(a / b for a, b in times)
    first, second = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{name:<44}{first:8.3f} s{second:9.3f} s{ratio:8.1f}   {against}")


def main(
    rounds: int = ROUNDS,
    areas: int = AREAS,
    first_year: int = FIRST_YEAR,
    long_areas: int = long_csv.AREAS,
    cases: int | None = None,
    small: int = small_deliveries.DELIVERIES,
) -> None:
    """Make a nation once, then measure intake, build, baseline, gate and extracts on it; the long CSV is its own."""
    with tempfile.TemporaryDirectory(prefix="boligprofil-bench-") as name:
        folder = Path(name)
        nation = country.write(folder, RAW, load(), seed=1, areas=areas, years=range(first_year, LAST_YEAR + 1))
        print(f"{sum(nation.rows.values()):,} delivered rows of {nation.areas:,} areas; medians of {rounds} rounds\n")
        print(f"{'':<44}{'ours':>10}{'floor':>11}{'ratio':>8}   floor")
        small_deliveries.measure(partial(compare, rounds), folder, nation.raw, load(nation.schemas), small)
        files = _measure(partial(compare, rounds), folder, nation.raw, load(nation.schemas))
        extracts.main(rounds, files, nation.schemas, cases)
    long_csv.main(rounds, long_areas)


def _measure(compare: Callable[..., None], folder: Path, raw: Path, registry: Registry) -> dict[str, Path]:
    """Measure all up to the gate; returns the files of the marts."""
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
    return files


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
        connection.execute("set variable origin = 'synthetic'")
        connection.execute(f"set variable last_baseline_year = {registry.evaluation.baseline.last_year}")
        connection.execute(f"set variable open_through = {registry.evaluation.open_through}")
        loaded = [f"facts.{name}" for name in (*facts.tables, "figures_before")]
        for name in queries.order(steps, [*loaded, *(f"codes.{code}" for code in (*tables, "matched"))]):
            step = steps[name]
            if isinstance(step, Query):
                connection.execute(f"create table {name} as\n{step.sql}")
            else:
                connection.from_arrow(kept[name]).create(name)
        read = ("area_funding", "baseline_values", "baseline_figures")
        if compute:
            compute({name: connection.table(name).pl() for name in read}, registry)
        for name in queries.marts():
            connection.execute(f"copy {name} to '{folder}/bare/{name}.parquet' (compression zstd)")


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except duckdb.Error as error:
        sys.exit(f"benchmark failed: {error}")
