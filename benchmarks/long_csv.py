"""Reading 6.4 million long rows of CSV, validated, to staging, against DuckDB that reads, casts and writes them.

Each way runs in a process of its own, in turn; a process prints seconds of the work alone (no imports) and its peak
memory. `python -m benchmarks.long_csv [rounds]` prints medians and their ratio.
"""

import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

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
population = "all"
polarity = "neutral"
minimum = 0
maximum = 100
decimals = 1
disclosure_class = "ordinary"
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


def prepare(folder: Path) -> Path:
    """The registry and the delivery of the benchmark; the delivery's file."""
    schemas = registry_with(AREAS, folder)
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
        for area in range(AREAS):
            for year in YEARS:
                for n in range(INDICATORS):
                    of = chance.randint(500, 3000)
                    counts = f"{chance.randint(50, of):,};{of:,}".replace(",", ".")
                    out.write(f"boligområde;Område {area};København;{year};measure_{n}_pct;{counts};;endelig\n")
    return file


def ours(folder: Path) -> None:
    """Read, validate and write to staging; the file was fingerprinted when it was found."""
    import pandera.polars  # noqa: F401 - its import is no part of the work

    from flows.intake import deliveries, versions
    from flows.intake.ledger import DeliveryLedger, now
    from schemas.registry import load

    registry = load(folder / "schemas")
    staging = folder / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    found = deliveries.find(folder / "raw", registry)
    vintage = versions.Vintage(tuple(found), DeliveryLedger(staging), now())
    known = versions.known_names(vintage, staging, registry)
    (long,) = (delivery for delivery in found if delivery.source == "municipal_figures")
    # The archive keeps every delivery once, when it comes; a night that reads it anew finds it there.
    (staging / "deliveries").mkdir(parents=True, exist_ok=True)
    (staging / "deliveries" / long.fingerprint).symlink_to(long.file)
    started = time.perf_counter()
    receipt = versions.stage(long, vintage, staging, registry, known)
    seconds = time.perf_counter() - started
    assert receipt is not None
    assert receipt.used == AREAS * len(YEARS) * INDICATORS, receipt
    _tell(seconds)


def floor(folder: Path) -> None:
    """DuckDB reads the file with its types, and writes it as parquet: no check, no names, no keys."""
    import duckdb

    types = ("varchar", "varchar", "varchar", "integer", "varchar", "bigint", "bigint", "double", "varchar")
    columns = dict(zip((f"c{n}" for n in range(9)), types, strict=True))
    file, to = folder / "raw" / "municipal_figures" / "long.csv", folder / "floor.parquet"
    started = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * from read_csv('{file}', skip = 5, header = false, delim = ';', columns = {columns}, "
            f"decimal_separator = ',', thousands = '.', auto_detect = false)) to '{to}' (compression zstd)"
        )
    _tell(time.perf_counter() - started)


def _tell(seconds: float) -> None:
    print(seconds, peak_megabytes())


def peak_megabytes() -> float:
    """Peak memory of this process alone: getrusage would begin with the peak of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024 / 1e6


def main(rounds: int) -> None:
    """Prepare once, run both ways in turn, print."""
    with tempfile.TemporaryDirectory(prefix="boligprofil-bench-") as name:
        folder = Path(name)
        file = prepare(folder)
        told: dict[str, list[tuple[float, float]]] = {"ours": [], "floor": []}
        for _ in range(rounds):
            for way, results in told.items():
                command = [sys.executable, "-m", "benchmarks.long_csv", way, str(folder)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                seconds, megabytes = map(float, done.stdout.split())
                results.append((seconds, megabytes))
        ratios = [a[0] / b[0] for a, b in zip(told["ours"], told["floor"], strict=True)]
        first, second = (statistics.median(seconds for seconds, _ in results) for results in told.values())
        memory = max(megabytes for _, megabytes in told["ours"])
        size = file.stat().st_size / 1e6
        print(f"{'intake: 6.4 M long rows, validated, to staging':<47}{first:7.2f} s{second:9.2f} s", end="")
        print(f"{statistics.median(ratios):8.2f}   DuckDB reads, casts and writes them, no checks")
        print(
            f"  {size:.0f} MB of CSV; ratio of each round {', '.join(f'{r:.2f}' for r in ratios)}; peak {memory:.0f} MB"
        )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        {"ours": ours, "floor": floor}[sys.argv[1]](Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
