"""Run every benchmark: each pair of ways in turn, five rounds, medians and their ratio."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from benchmarks import extracts, long_csv
from benchmarks import statistics as libraries
from flows.intake import deliveries, reconcile, versions
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.reconcile import Facts
from flows.marts import build, checks, queries
from flows.marts.baseline.steps import STATISTICS
from flows.marts.queries import Query
from flows.nightly import suites
from flows.publish import gate
from flows.synthetic import country
from schemas.registry import Registry, load

AREAS, YEARS = 1000, range(2000, 2013)
ROUNDS = 3
RAW = Path(__file__).parents[1] / "data" / "raw"


def compare(name: str, ours: Callable[[], object], floor: Callable[[], object], of: str) -> None:
    """Time two ways in turn and print the medians and the ratio of each round's pair."""
    times: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        pair = []
        for way in (ours, floor):
            started = time.perf_counter()
            way()
            pair.append(time.perf_counter() - started)
        times.append((pair[0], pair[1]))
    ratio = statistics.median(a / b for a, b in times)
    first, second = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{name:<44}{first:8.3f} s{second:9.3f} s{ratio:8.1f}   {of}")


def main() -> None:
    """Make a nation once, then measure intake, build, baseline, gate and extracts on it."""
    with tempfile.TemporaryDirectory(prefix="boligprofil-bench-") as name:
        folder = Path(name)
        made = country.write(folder, RAW, load(), seed=1, areas=AREAS, years=YEARS)
        print(f"{sum(made.rows.values()):,} delivered rows of {made.areas:,} areas; medians of {ROUNDS} rounds\n")
        print(f"{'':<44}{'ours':>10}{'floor':>11}{'ratio':>8}   floor")
        extracts.main(ROUNDS, _measure(folder, made.raw, load(made.schemas)), made.schemas)
    long_csv.main(ROUNDS)


def _measure(folder: Path, raw: Path, registry: Registry) -> dict[str, Path]:
    """Measure all up to the gate; returns the files of the marts."""
    found = deliveries.find(raw, registry)
    big = max((one for one in found if one.source == "area_statistics"), key=lambda one: one.file.stat().st_size)
    rounds = iter(range(100))
    kept = folder / "staging"
    vintage = versions.Vintage(tuple(found), DeliveryLedger(kept), now())
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
        kept = {name: connection.sql(f"select * from {name}").to_arrow_table() for name in STATISTICS}
    compare(
        "build: marts and baseline",
        lambda: build.build(facts, folder / "marts", registry),
        lambda: _bare(facts, kept, folder, registry, libraries.bare),
        "the same SQL by hand and COPY, numpy, scipy, statsmodels called bare",
    )
    compare(
        "the same",
        lambda: build.build(facts, folder / "marts", registry),
        lambda: _bare(facts, kept, folder, registry),
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
    return files


def _bare(
    facts: Facts,
    kept: dict[str, pa.Table],
    folder: Path,
    registry: Registry,
    compute: Callable[[dict[str, pl.DataFrame], Registry], None] = lambda tables, registry: None,
) -> None:
    """What the build cannot do without: load, run each query in its order, call the statistics, write each mart.

    `kept` is what the statistics gave an earlier build: the queries behind them have it to read.
    """
    steps = build.every_step()
    (folder / "bare").mkdir(exist_ok=True)
    with build.connect() as connection:
        for name, file in facts.tables.items():
            connection.execute(f"create table facts.{name} as select * from read_parquet(?)", [str(file)])
        connection.execute("create table facts.figures_before as select * from facts.figures limit 0")
        codes = build.codes(registry)
        for name, frame in codes.items():
            connection.register("incoming", frame.to_arrow())
            connection.execute(f"create table codes.{name} as select * from incoming")
        connection.execute("create table codes.matched (id varchar, matched_rows bigint)")
        listed = ", ".join(f"'{name}'" for name, of in registry.indicators.items() if of.of_areas)
        connection.execute(f"create type indicator_id as enum ({listed})")
        connection.execute("set variable origin = 'synthetic'")
        connection.execute(f"set variable last_baseline_year = {registry.evaluation.baseline.last_year}")
        connection.execute(f"set variable open_through = {registry.evaluation.open_through}")
        loaded = [f"facts.{name}" for name in (*facts.tables, "figures_before")]
        for name in queries.order(steps, [*loaded, *(f"codes.{code}" for code in (*codes, "matched"))]):
            step = steps[name]
            if isinstance(step, Query):
                connection.execute(f"create table {name} as\n{step.sql}")
            else:
                connection.register("kept", kept[name])
                connection.execute(f"create table {name} as select * from kept")
        read = ("area_funding", "baseline_values", "baseline_figures")
        compute({name: connection.sql(f"select * from {name}").pl() for name in read}, registry)
        for name in queries.marts():
            connection.execute(f"copy {name} to '{folder}/bare/{name}.parquet' (compression zstd)")


if __name__ == "__main__":
    try:
        main()
    except duckdb.Error as error:
        sys.exit(f"benchmark failed: {error}")
