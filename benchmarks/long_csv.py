"""Reading millions of long rows of CSV, validated, to staging, against DuckDB that reads, casts and writes them.

Each way runs in a process of its own, in turn; a process prints its processor seconds of the work alone (no imports)
and its peak memory. `python -m benchmarks.long_csv [rounds] [areas]` prints medians and their ratio; an area has 800
rows.
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

import duckdb
import pandera.polars  # noqa: F401 - intake imports it when it first checks a file, and that is no part of the work
import pyarrow.parquet as pq

from benchmarks.measuring import Compared
from flows.intake import deliveries, versions
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.vintages import Vintage
from schemas.loading import load

AREAS, YEARS, INDICATORS = 8_000, range(1996, 2016), 40
RAW = Path(__file__).parents[1] / "data" / "raw"
BLOCK = """
[measure_{n}_pct]
label_da = "Andel {n}"
label_en = "Share {n}"
definition = "Made up for a benchmark."
definition_da = "Fundet på til en måling."
kind = "share"
unit = "percent"
numerator = "some"
denominator = "all"
count_basis = "persons"
counts = "moved_in"
among = "residents"
population = "all"
population_da = "alle"
indicator_group = "background"
drawn_from = "nowhere"
polarity = "neutral"
minimum = 0
maximum = 100
decimals = 1
disclosure_class = "ordinary"
"""
READ = """
select * from read_csv(
    ?, skip = 5, header = false, delim = ';', auto_detect = false, decimal_separator = ',', thousands = '.',
    columns = {
        'place_kind': 'varchar', 'place': 'varchar', 'municipality': 'varchar', 'year': 'integer',
        'indicator': 'varchar', 'numerator': 'bigint', 'denominator': 'bigint', 'value': 'double', 'status': 'varchar'
    }
)
"""
HEADER = ("Geografi", "Område", "Kommune", "År", "Indikator", "Tæller", "Nævner", "Værdi", "Status")


def registry_with(areas: int, folder: Path) -> Path:
    """A copy of the registry whose municipality 0101 has `areas` more areas."""
    made = folder / "schemas"
    installed = Path(str(resources.files("schemas")))
    shutil.copytree(installed, made, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with (made / "codes" / "areas.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"omraade-{number},Område {number},0101\n" for number in range(areas))
    return made


def prepare(folder: Path, areas: int) -> Path:
    """The registry and the delivery of the benchmark; the delivery's file."""
    schemas = registry_with(areas, folder)
    with (schemas / "indicators.toml").open("a", encoding="utf-8") as text:
        text.writelines(BLOCK.format(n=n) for n in range(INDICATORS))
    for source in ("municipalities", "municipality_mergers"):
        shutil.copytree(RAW / source, folder / "raw" / source)
    file = folder / "raw" / "municipal_figures" / "long.csv"
    file.parent.mkdir()
    chance = random.Random(1)
    with file.open("w", encoding="utf-8") as out:
        out.write("# kilde: made up\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2016-01-01\n")
        out.write(";".join(HEADER) + "\n")
        for area in range(areas):
            for year in YEARS:
                for n in range(INDICATORS):
                    people = chance.randint(500, 3000)
                    counts = f"{chance.randint(50, people):,};{people:,}".replace(",", ".")
                    out.write(f"boligområde;Område {area};København;{year};measure_{n}_pct;{counts};;endelig\n")
    return file


def ours(folder: Path) -> None:
    """Read, validate and write to staging; the file was fingerprinted when it was found."""
    registry = load(folder / "schemas")
    staging = folder / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    delivered = deliveries.find(folder / "raw", registry)
    vintage = Vintage(tuple(delivered), DeliveryLedger(staging), now())
    known = versions.known_names(vintage, staging, registry)
    (long,) = (delivery for delivery in delivered if delivery.source == "municipal_figures")
    # The archive keeps every delivery once, when it comes; a night that reads it anew finds it there.
    (staging / "deliveries").mkdir(parents=True, exist_ok=True)
    (staging / "deliveries" / long.fingerprint).symlink_to(long.file)
    started = time.process_time()
    receipt = versions.stage(long, vintage, staging, registry, known)
    seconds = time.process_time() - started
    assert receipt is not None
    _print(seconds, receipt.used)


def floor(folder: Path) -> None:
    """DuckDB reads the file with its types, and writes it as parquet: no check, no names, no keys."""
    file, to = folder / "raw" / "municipal_figures" / "long.csv", folder / "floor.parquet"
    started = time.process_time()
    with duckdb.connect() as connection:
        connection.sql(READ, params=[str(file)]).write_parquet(str(to), compression="zstd")
    _print(time.process_time() - started, pq.read_metadata(to).num_rows)


def _print(seconds: float, rows: int) -> None:
    print(seconds, peak_megabytes(), rows)


def peak_megabytes() -> float:
    """Peak memory of this process alone: getrusage would begin with the peak of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024 / 1e6


def main(rounds: int = 5, areas: int = AREAS) -> Compared:
    """Prepare once, run both ways in turn, print and return what they cost.

    Raises ValueError where a way does not read every row.
    """
    rows = areas * len(YEARS) * INDICATORS
    with tempfile.TemporaryDirectory(prefix="boligprofil-bench-") as name:
        folder = Path(name)
        size = prepare(folder, areas).stat().st_size / 1e6
        seconds: dict[str, list[float]] = {"ours": [], "floor": []}
        memory = 0.0
        for _ in range(rounds):
            for way, times in seconds.items():
                command = [sys.executable, "-m", "benchmarks.long_csv", way, str(folder)]
                output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
                took, megabytes, read = map(float, output.split())
                if read != rows:
                    raise ValueError(f"{way} read {read:,.0f} of {rows:,} rows")
                times.append(took)
                memory = max(memory, megabytes) if way == "ours" else memory
    what, against = f"intake: {rows:,} long rows, validated", "DuckDB reads, casts and writes them, no checks"
    made = Compared(what, tuple(seconds["ours"]), tuple(seconds["floor"]), against, memory, asked=1.7)
    print(made.line())
    rounds_told = ", ".join(f"{ratio:.2f}" for ratio in made.ratios)
    print(f"  {size:.0f} MB of CSV; ratio of each round {rounds_told}; peak {memory:.0f} MB")
    return made


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in ("ours", "floor"):
        {"ours": ours, "floor": floor}[sys.argv[1]](Path(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
