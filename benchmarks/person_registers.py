"""Counting a person register, checked, in pieces, against DuckDB that runs the same queries and checks nothing.

Each way is a process of its own, imports included. `python -m benchmarks.person_registers [rounds] [addresses] [years]
[buckets]` makes a register (about 1.9 persons to an address, a sixth of them in areas) and prints medians and their
ratio; with the word `workers` before the numbers, the same by two Dask workers of one thread against one, on the clock.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from distributed import LocalCluster

from benchmarks.measuring import Compared, cost
from flows.core.provenance import file_sha256
from flows.registers import contract, counting, references
from flows.registers.counting import Register
from flows.registers.workers import Each, each_by
from flows.synthetic import life_register
from flows.synthetic.life_records import SHARES, Planted
from flows.synthetic.life_register import Homes
from schemas.loading import load
from schemas.registry import Registry

ADDRESSES, YEARS, OF_AREA = 320_000, 10, 400
USUAL = dict(zip(SHARES, (0.6, 0.3, 0.25, 0.15, 0.08, 0.3, 0.35, 0.2, 0.03, 240_000), strict=True))
ROOT = Path(__file__).parents[1]


def main(rounds: int = 3, addresses: int = ADDRESSES, years: int = YEARS, buckets: int = 1) -> Compared:
    """Make a register and count it both ways, in turn. Raises ValueError where they do not count the same."""
    with tempfile.TemporaryDirectory(prefix="boligprofil-registers-") as name:
        folder = Path(name)
        rows = prepare(folder, addresses, years, buckets)
        return measured(rounds, folder, rows)


def measured(rounds: int, folder: Path, rows: int) -> Compared:
    """Count the register in a folder both ways, in turn."""
    costs = []
    for _ in range(rounds):
        pair = [cost([sys.executable, "-m", __spec__.name, way, str(folder)], ROOT) for way in ("ours", "bare")]
        if _residents(folder / "ours") != _residents(folder / "bare"):
            raise ValueError("the two ways do not count the same")
        costs.append(pair)
    ours, bare = zip(*costs, strict=True)
    made = Compared(
        f"registers: {rows:,} person-years checked and counted",
        tuple(each.seconds for each in ours),
        tuple(each.seconds for each in bare),
        "bare DuckDB, the same queries, no checks",
        max(each.megabytes for each in ours),
    )
    print(made.line(), f"peak {made.megabytes:.0f} MB, bare {max(each.megabytes for each in bare):.0f} MB", flush=True)
    return made


def by_workers(rounds: int = 3, addresses: int = ADDRESSES, years: int = YEARS, buckets: int = 1) -> Compared:
    """Make a register, check and count it by two Dask workers of one thread and by one, in turn: seconds of the clock
    from the first piece to the last. Raises ValueError where they do not give the same bytes.
    """
    with tempfile.TemporaryDirectory(prefix="boligprofil-registers-") as name:
        folder = Path(name)
        rows = prepare(folder, addresses, years, buckets)
        register, registry = _register(folder), load()
        seconds: dict[int, list[float]] = {2: [], 1: []}
        for number in (2, 1) * rounds:
            with LocalCluster(
                n_workers=number, threads_per_worker=1, protocol="tcp://", dashboard_address=None
            ) as cluster:
                cluster.wait_for_workers(number)
                started = time.perf_counter()
                with each_by(cluster.scheduler_address) as each:
                    _counted(register, registry, folder / str(number), each)
                seconds[number].append(time.perf_counter() - started)
        if _bytes(folder / "1") != _bytes(folder / "2"):
            raise ValueError("one worker and two do not give the same bytes")
        made = Compared(
            f"registers: {rows:,} person-years, two Dask workers", tuple(seconds[2]), tuple(seconds[1]), "one worker"
        )
        print(made.line(), flush=True)
        return made


def prepare(folder: Path, addresses: int, years: int, buckets: int = 1) -> int:
    """Write a register with its key and regions into a folder; its person-years."""
    areas = max(1, addresses // 6 // OF_AREA)
    inside = min(OF_AREA, addresses // 6)
    homes = Homes(
        [f"area{number}" for number in range(areas)],
        ["0461"] * areas,
        [inside] * areas,
        addresses - areas * inside,
        "0101",
    )
    shares = {name: np.full((areas + 1, years), value) for name, value in USUAL.items()}
    planted = Planted(tuple(range(2000, 2000 + years)), shares)
    life_register.write(folder / "register", homes, planted, [0.3] * (areas + 1), load(), 1, buckets)
    life_register.key(homes, buckets).write_parquet(folder / "key.parquet")
    regions = pl.DataFrame({"municipality_code": ["0101", "0461"], "region_code": ["084", "083"]})
    regions.write_parquet(folder / "municipalities.parquet")
    files = str(folder / "register" / "person_years" / "*" / "*.parquet")
    return int(pl.scan_parquet(files).select(pl.len()).collect().item())


def ours(folder: Path) -> None:
    """As `boligprofil register count` does it: check, then count, by threads."""
    with each_by("threads") as each:
        _counted(_register(folder), load(), folder / "ours", each)


def _counted(register: Register, registry: Registry, target: Path, each: Each) -> None:
    """Check a register and count it anew."""
    shutil.rmtree(target, ignore_errors=True)
    persons = register.partitions_of("person_years")
    others = [*register.partitions_of("households"), *register.partitions_of("moves")]
    contract.require(references.check(persons, others, registry, ["0101", "0461"], each), "the register")
    counting.counts(register, registry, target, each)


def bare(folder: Path) -> None:
    """The same queries over the same files, on as many threads, year by year in one connection."""
    registry, register = load(), _register(folder)
    target = folder / "bare"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    persons, homes = (_by_year(register, table) for table in ("person_years", "households"))
    with duckdb.connect() as connection:
        connection.read_parquet(str(register.addresses)).create_view("addresses")

        def read(view: str, files: list[str]) -> None:
            connection.read_parquet(files).create_view(view, replace=True)

        def run(name: str, year: int, sql: str) -> None:
            connection.execute("set variable year = ?", [year])
            connection.execute(f"copy ({sql}) to '{target}/{name}-{year}.parquet'")

        for year, files in persons.items():
            read("person_years", files)
            run("incomes", year, counting.query("incomes"))
        read("incomes", [str(target / "incomes-*.parquet")])
        connection.execute(f"create table low_income as {counting.query('low_income')}")
        for year, files in persons.items():
            read("person_years", files)
            earlier = [file for then in range(year - counting.REACH, year) for file in persons.get(then, [])]
            read("earlier", earlier or files)
            connection.execute("set variable reach = ?", [min(counting.REACH, year - min(persons))])
            for name, sql in counting.views(registry, year, "dated", "residents").items():
                connection.execute(f"create or replace view {name} as {sql}")
            run("counts", year, counting.counts_query(registry))
            run("stays", year, counting.query("stays"))
        for year, files in homes.items():
            read("households", files)
            run("household_counts", year, counting.households_query(registry))


def _by_year(register: Register, table: str) -> dict[int, list[str]]:
    """The files of a table by year."""
    found: dict[int, list[str]] = {}
    for partition in register.partitions_of(table):
        found.setdefault(partition.year, []).append(str(partition.file))
    return found


def _register(folder: Path) -> Register:
    return Register(folder / "register", folder / "key.parquet", folder / "municipalities.parquet")


def _bytes(counted: Path) -> list[str]:
    """What the files of a counting hold, whatever they are called."""
    return sorted(file_sha256(file) for file in counted.glob("*.parquet"))


def _residents(counted: Path) -> int:
    """All residents of all years, as the partial counts have them."""
    ((total,),) = duckdb.execute("select sum(residents) from read_parquet(?)", [str(counted / "counts-*")]).fetchall()
    return int(total)


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in ("ours", "bare"):
        {"ours": ours, "bare": bare}[sys.argv[1]](Path(sys.argv[2]))
    elif sys.argv[1:2] == ["workers"]:
        by_workers(*map(int, sys.argv[2:6]))
    else:
        main(*map(int, sys.argv[1:5]))
