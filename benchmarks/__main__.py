"""Run every benchmark: each pair of ways in turn, five rounds, medians and their ratio."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from benchmarks import long_csv, nation
from flows.build import checks, marts, queries
from flows.intake import collect, deliveries, reconcile
from flows.intake.ledger import Ledger, now
from flows.intake.reconcile import Facts
from flows.nightly import suites
from flows.publish import gate
from schemas.registry import Registry, load

AREAS = 1000
ROUNDS = 5
REFERENCE = ("municipalities", "municipality_mergers", "case_areas", "grants", "pool_totals", "statutory_rules")
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
    """Build the made-up nation once, then measure intake, build and gate on it."""
    with tempfile.TemporaryDirectory(prefix="boligprofil-bench-") as name:
        folder = Path(name)
        registry = load(nation.registry_with(AREAS, folder))
        raw = folder / "raw"
        rows = nation.delivery(AREAS, raw / "municipal_figures" / "nation.csv")
        for source in (
            "municipalities",
            "municipality_mergers",
            "case_areas",
            "grants",
            "pool_totals",
            "statutory_rules",
        ):
            for file in (RAW / source).iterdir():
                (raw / source).mkdir(exist_ok=True)
                (raw / source / file.name).write_text(
                    file.read_text().replace("oprindelse: real", "oprindelse: syntetisk")
                )
        print(f"{rows:,} figures of {AREAS:,} areas; medians of {ROUNDS} rounds\n")
        print(f"{'':<44}{'ours':>10}{'floor':>11}{'ratio':>8}   floor")
        _measure(folder, raw, registry)
    long_csv.main(ROUNDS)


def _measure(folder: Path, raw: Path, registry: Registry) -> None:
    found = deliveries.find(raw, registry)
    big = next(delivery for delivery in found if delivery.source == "municipal_figures")
    rounds = iter(range(100))
    kept = folder / "staging"
    vintage = collect.Vintage(tuple(found), Ledger(kept), now())
    known = collect.known_names(vintage, kept, registry)

    def stage_anew() -> None:
        collect.stage(big, vintage, folder / f"staging-{next(rounds)}", registry, known)

    def stage_again() -> None:
        collect.stage(big, vintage, kept, registry, known)

    def only_read() -> None:
        frame = pl.read_csv(big.file, separator=";", skip_rows=4, infer_schema=False)
        frame.write_parquet(folder / "floor.parquet")

    compare("intake: read, cast, validate, write facts", stage_anew, only_read, "polars reads text and writes it")
    stage_again()
    compare("intake of an unchanged delivery", stage_again, only_read, "the same")

    receipts = collect.receipts_of(vintage, kept, registry, known)
    facts = reconcile.reconcile(receipts, kept, registry)
    compare(
        "build: order, run, check columns, write marts",
        lambda: marts.build(facts, folder / "marts", registry),
        lambda: _bare(facts, folder, registry),
        "the same SQL run by hand, COPY to parquet",
    )
    files = marts.build(facts, folder / "marts", registry)
    keys = {mart: table.key for mart, table in registry.marts.items()}
    compare(
        "gate: Great Expectations and its pages",
        lambda: gate.judge(files, keys, suites(registry), folder / "pages", "benchmark", []),
        lambda: checks.run(files, registry),
        "the SQL checks alone",
    )


def _bare(facts: Facts, folder: Path, registry: Registry) -> None:
    """What the build cannot do without: load, run each query in its order, write each mart."""
    both = {**queries.views(), **queries.marts()}
    (folder / "bare").mkdir(exist_ok=True)
    with marts.connect() as connection:
        for name, file in facts.tables.items():
            connection.execute(f"create table facts.{name} as select * from read_parquet(?)", [str(file)])
        for name, frame in marts.codes(registry).items():
            connection.register("incoming", frame.to_arrow())
            connection.execute(f"create table codes.{name} as select * from incoming")
        listed = ", ".join(f"'{name}'" for name, of in registry.indicators.items() if of.of_areas)
        connection.execute(f"create type indicator_id as enum ({listed})")
        connection.execute("set variable origin = 'synthetic'")
        inputs = [*(f"facts.{name}" for name in facts.tables), *(f"codes.{name}" for name in marts.codes(registry))]
        for name in queries.order(both, inputs):
            connection.execute(f"create table {name} as\n{both[name].sql}")
        for name in queries.marts():
            connection.execute(f"copy {name} to '{folder}/bare/{name}.parquet' (compression zstd)")


if __name__ == "__main__":
    try:
        main()
    except duckdb.Error as error:
        sys.exit(f"benchmark failed: {error}")
