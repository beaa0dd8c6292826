"""The yearly extracts: the case areas from clearing to folders against a floor, and the memory of writing all areas'.

`python -m benchmarks.extracts [rounds] [areas] [first year]` makes a nation of its own. Peak memory is that of a
process which only writes the extracts, one after the other.
"""

import csv
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import typst
import xlsxwriter  # type: ignore[import-untyped]

from benchmarks.long_csv import peak_megabytes
from benchmarks.measuring import Compared
from flows.extracts import approve, assemble
from flows.intake import deliveries, reconcile, versions
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.vintages import Vintage
from flows.marts import build
from flows.publish.snapshots import Snapshot
from flows.release import figures as release_figures
from flows.release import make, scope, store, sums
from flows.release.attack import Exhibit, attack
from flows.release.cells import Tables
from flows.release.suppression import Hiding, hide, marks, shown
from flows.synthetic import country
from schemas.loading import load
from schemas.registry import Registry
from simulations.naive import naive, primary

AREAS, FIRST_YEAR, YEAR = 1000, 2000, 2012
FEW = 0.13  # of the areas: what memory grows by is measured from there on
PROMISED = 60.0  # processor seconds in which the extracts of the case areas must be there
RAW = Path(__file__).parents[1] / "data" / "raw"


def main(rounds: int, files: Mapping[str, Path], schemas: Path, cases: int | None = None) -> Compared:
    """Measure on the marts of a nation, by mart, with the registry in `schemas`; print, and return it.

    `cases` are so many of the case areas, by default all.
    """
    with tempfile.TemporaryDirectory(prefix="boligprofil-bench-") as name:
        folder = Path(name)
        areas = pl.read_parquet(files["dim_areas"], glob=False)
        chosen = areas.filter(pl.col("is_case_area"))["area_id"].to_list()[:cases]
        made = _case_areas(rounds, folder, files, chosen, load(schemas))
        _memory(folder, files, areas, schemas, cases)
        return made


def built(folder: Path, areas: int = AREAS, first_year: int = FIRST_YEAR) -> tuple[Mapping[str, Path], Path]:
    """The marts of a nation made for the benchmark, and the folder of its registry."""
    nation = country.write(folder, RAW, load(), seed=1, areas=areas, years=range(first_year, YEAR + 1))
    registry = load(nation.schemas)
    staging = folder / "staging"
    vintage = Vintage(tuple(deliveries.find(nation.raw, registry)), DeliveryLedger(staging), now())
    known = versions.known_names(vintage, staging, registry)
    facts = reconcile.reconcile(versions.receipts_of(vintage, staging, registry, known), staging, registry)
    return build.build(facts, folder / "marts", registry), nation.schemas


def snapshot_of(areas: Sequence[str], files: Mapping[str, Path], folder: Path) -> Snapshot:
    """A snapshot of these marts in which just these areas have a secretariat: one in each of their municipalities."""
    folder.mkdir(parents=True)
    dim = pl.read_parquet(files["dim_areas"], glob=False)
    has_one = pl.col("area_id").is_in(list(areas))
    dim = dim.with_columns(
        secretariat_id=pl.when(has_one).then(pl.format("sekretariat-{}", "municipality_code")),
        supported_by_secretariat=has_one,
    )
    secretariats = (
        dim.filter(has_one)
        .group_by("secretariat_id", "municipality_code", "municipality_name")
        .agg(case_areas=pl.col("is_case_area").sum().cast(pl.Int64()), origin=pl.col("origin").first())
        .with_columns(secretariat_name=pl.format("Områdesekretariatet i {}", "municipality_name"))
        .sort("secretariat_id")
    )
    changed = {"dim_areas": dim, "dim_secretariats": secretariats}
    for mart, file in files.items():
        if mart in changed:
            changed[mart].write_parquet(folder / f"{mart}.parquet")
        else:
            (folder / f"{mart}.parquet").symlink_to(file.resolve())
    return _opened(folder)


def _opened(folder: Path) -> Snapshot:
    held = {file.stem: {"file": file.name} for file in sorted(folder.glob("*.parquet"))}
    return Snapshot(folder.name, folder, {"marts": held, "origin": "synthetic"})


def _timed(work: Callable[[], object]) -> float:
    """Processor seconds of a piece of work."""
    started = time.process_time()
    work()
    return time.process_time() - started


# The case areas against a floor ---------------------------------------------------------------------------------------


def _case_areas(
    rounds: int, folder: Path, files: Mapping[str, Path], chosen: Sequence[str], registry: Registry
) -> Compared:
    snapshot = snapshot_of(chosen, files, folder / "case-areas")
    of_years = list(_tables(snapshot, registry))
    names = assemble.secretariats(snapshot)
    release, _ = _run(snapshot, names, registry, folder / "first")
    rows = {name: assemble.figures_of(release, name, snapshot, registry) for name in names}
    took: list[tuple[float, float]] = []
    writing: list[float] = []
    for number in range(rounds):
        started = time.process_time()
        _, wrote = _run(snapshot, names, registry, folder / f"run-{number}")
        ours = time.process_time() - started
        took.append((ours, _timed(partial(_floor, of_years, rows, folder / f"floor-{number}"))))
        writing.append(wrote)
    against = "each table hidden alone, the same figures by bare XlsxWriter, csv and typst"
    first, second = zip(*took, strict=True)
    made = Compared(f"extracts: {len(chosen)} areas, {len(names)} secretariats", first, second, against)
    print(made.line(), flush=True)
    hidden = [hide(of_year) for of_year in of_years]
    took_hiding = _timed(lambda: [hide(of_year) for of_year in of_years])
    exhibits = [Exhibit(tables, shown(tables, hiding)) for tables, hiding in zip(of_years, hidden, strict=True)]
    attacking = _timed(lambda: [attack(exhibit) for exhibit in exhibits])
    is_within = statistics.median(made.ours) < PROMISED
    print(f"  {'under' if is_within else 'NOT under'} {PROMISED:.0f} s for {registry.extracts.years} years; ", end="")
    print(f"hiding {took_hiding:.1f} s, attack {attacking:.1f} s, writing {statistics.median(writing):.1f} s")
    return made


def _run(snapshot: Snapshot, names: Sequence[str], registry: Registry, to: Path) -> tuple[store.Release, float]:
    """All that a yearly run does but for Prefect: the release, and the seconds that writing the extracts took."""
    with store.lock(to / "releases"):
        ledger = store.ledger_of(to / "releases")
        release = make.release_of(snapshot, registry, YEAR, to / "releases", ledger)
        started = time.process_time()
        for name in names:
            approve.write_extract(release, name, snapshot, registry, ledger, to / "extracts")
    return release, time.process_time() - started


def _floor(of_years: Sequence[Tables], rows: Mapping[str, pl.DataFrame], to: Path) -> None:
    """What no run can do without: a choice of cells, and each figure in a workbook, in a list, the year's on a page."""
    for of_year in of_years:
        naive(of_year)
    to.mkdir()
    for name, frame in rows.items():
        lines = frame.rows()
        with xlsxwriter.Workbook(to / f"{name}.xlsx") as book:
            sheet = book.add_worksheet()
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, line)
        with (to / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, delimiter=";").writerows(lines)
        printed = frame.filter(pl.col("year") == YEAR).select("place_name", "indicator", "value", "mark")
        cells = json.dumps([str("" if value is None else value) for line in printed.rows() for value in line])
        files: Any = {"main": b'#table(columns: 4, ..json("cells.json"))', "cells.json": cells.encode()}
        (to / f"{name}.pdf").write_bytes(typst.compile(files, format="pdf", ignore_system_fonts=True))


def _tables(snapshot: Snapshot, registry: Registry) -> list[Tables]:
    """The tables of each year of an extract."""
    frames = {mart: pl.read_parquet(snapshot.path(mart), glob=False) for mart in make.MARTS}
    asked = scope.of_secretariats(frames, registry)
    years = range(YEAR - registry.extracts.years + 1, YEAR + 1)
    return [sums.build(frames, registry, [year], asked).tables for year in years]


# Memory ---------------------------------------------------------------------------------------------------------------


def _memory(
    folder: Path, files: Mapping[str, Path], areas: pl.DataFrame, schemas: Path, secretariats: int | None
) -> None:
    """Both nations have the municipality with the most areas, so that their largest extract is the same."""
    homes = areas.group_by("municipality_code").agg(pl.col("area_id").sort(), many=pl.len())
    homes = homes.sort("many", "municipality_code", descending=[True, False])
    largest, *others = homes["area_id"].to_list()
    few = list(largest)
    for inside in sorted(others):
        few += inside if len(few) < FEW * areas.height else []
    peaks = {}
    for chosen in (few, areas["area_id"].to_list()):
        to = folder / f"memory-{len(chosen)}"
        snapshot = snapshot_of(chosen, files, to / "snapshot")
        _keep_by_rule(snapshot, load(schemas), to / "releases")
        command = [sys.executable, "-m", "benchmarks.extracts", "write", str(to), str(schemas), str(secretariats or "")]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        seconds, megabytes = map(float, done.stdout.split())
        peaks[len(chosen)] = megabytes
        there = len(assemble.secretariats(snapshot))
        count = min(there, secretariats or there)
        title = f"extracts: writing those of {len(chosen):,} areas"
        print(f"{title:<44}{seconds:8.1f} s    {count} of {there} secretariats, the largest ", end="")
        print(f"of {len(largest)} areas; peak {megabytes:.0f} MB")
        shutil.rmtree(to)
    (least, low), (most, high) = peaks.items()
    print(
        f"  {(high - low) * 1000 / (most - least):.0f} kB more per area; figures hidden by rule alone and not attacked"
    )


def _keep_by_rule(snapshot: Snapshot, registry: Registry, releases: Path) -> None:
    """A release for writing alone: primary cells are hidden, no others, and nothing is attacked.

    Hiding and attacking 1,000 areas jointly takes minutes a year, and what is written is as large.
    """
    frames = {mart: pl.read_parquet(snapshot.path(mart), glob=False) for mart in make.MARTS}
    asked = scope.of_secretariats(frames, registry)
    years = range(YEAR - registry.extracts.years + 1, YEAR + 1)
    kept: dict[str, list[pl.DataFrame]] = {"cells": [], "sums": [], "counts": []}
    hidden: list[dict[str, Any]] = []
    for year in years:
        of_year = sums.build(frames, registry, [year], asked).tables
        by_rule = [key for key in primary(of_year) if of_year.cells[key].standing == "open"]
        hiding = Hiding(frozenset(by_rule), frozenset(), ())
        readers = shown(of_year, hiding)
        cells, relations = store.frames(Exhibit(of_year, readers))
        for name, frame in {
            "cells": cells,
            "sums": relations,
            "counts": release_figures.counts(readers, marks(of_year, hiding)),
        }.items():
            kept[name].append(frame)
        hidden += [
            {
                "cell": {
                    "geography": key.geography,
                    "geography_id": key.geography_id,
                    "year": year,
                    "indicator": key.indicator,
                    "part": key.part,
                },
                "rule": make.RULES["primary"],
                "k": of_year.cells[key].k,
                "reached": {"insider": [1, 4], "outsider": [0, None]},
            }
            for key in by_rule
        ]
    joined = {name: pl.concat(parts) for name, parts in kept.items()}
    files = {mart: snapshot.path(mart) for mart in make.MARTS}
    cleared = release_figures.figures(joined.pop("counts"), asked, (), files, list(years), registry, "synthetic")
    record = {
        "release": f"{YEAR}-1",
        "number": 1,
        "year": YEAR,
        "origin": "synthetic",
        "method": "hiding",
        "base": None,
        "registry_sha256": registry.fingerprint,
        "snapshot": snapshot.id,
        "inputs_sha256": "",
        "earlier": [],
        **{name: [] for name in make.LISTS},
        **dict.fromkeys(make.TOTALS, 0),
        **{name: joined[name].height for name in ("cells", "sums")},
        "hidden": hidden,
        "left_out": {},
        "attack": {"cells": 0, "intervals": 0, "leaks": 0},
    }
    tables = {**joined, "figures": cleared["cleared_figures"], "movements": cleared["cleared_movements"]}
    store.keep(releases, f"{YEAR}-1", tables, record, registry)


def _write(folder: Path, schemas: Path, most: int | None) -> None:
    """Write the extracts of the release in a folder, one after the other; print seconds and peak memory in MB.

    Those of the first `most` secretariats, by default of all.
    """
    registry, snapshot = load(schemas), _opened(folder / "snapshot")
    release, ledger = store.find(folder / "releases", str(YEAR)), store.ledger_of(folder / "releases")
    started = time.perf_counter()
    for name in assemble.secretariats(snapshot)[:most]:
        approve.write_extract(release, name, snapshot, registry, ledger, folder / "extracts")
    print(time.perf_counter() - started, peak_megabytes())


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        _write(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]) if sys.argv[4] else None)
    else:
        rounds, *size = map(int, sys.argv[1:] or ["3"])
        with tempfile.TemporaryDirectory(prefix="boligprofil-bench-") as name:
            main(rounds, *built(Path(name), *size))
