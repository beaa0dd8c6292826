"""Nights for years: one changed file each; does the last night cost what the tenth did, and what does the disk keep?

`python -m benchmarks.years --nights 400` takes hours. Each night is made a day older when it has ended, so that what is
forgotten after days is forgotten. Files are changed in turn, so that each of them has many versions in the end.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from unittest import mock

from benchmarks import small_deliveries
from benchmarks.nights import moved
from flows import night
from flows.intake import content
from flows.settings import Settings
from flows.steps import Plain
from flows.synthetic import country
from schemas.loading import load

RAW = Path(__file__).parents[1] / "data" / "raw"
NIGHTS, AREAS, FIRST_YEAR, LAST_YEAR, FILES = 400, 50, 2008, 2012, 12
DAY = 24 * 3600
# The night that the last is held against: by then what is forgotten is forgotten. Medians of nights around both.
TENTH, AROUND = 10, 5


@dataclass(frozen=True)
class NightCost:
    """A night: processor seconds, deliveries that were read, and what lies on the disk after it, the archive apart."""

    seconds: float
    reads: int
    archive: int
    staged: int
    others: int


def simulate(folder: Path, nights: int, areas: int = AREAS, files: int = FILES) -> Iterator[NightCost]:
    """Run nights over a made-up nation and some small files, of which one is changed before each; what each cost.

    Raises RuntimeError where a night does not publish.
    """
    nation = country.write(folder, RAW, load(), seed=1, areas=areas, years=range(FIRST_YEAR, LAST_YEAR + 1))
    small_deliveries.write(nation.raw, load(nation.schemas), files)
    chosen = Settings(raw=nation.raw, marts=folder / "marts", schemas=nation.schemas)
    texts = [_small(nation.raw, place).read_text(encoding="utf-8") for place in range(files)]
    for number in range(nights):
        file = _small(nation.raw, number % files)
        file.write_text(moved(texts[number % files], number), encoding="utf-8")
        reads, began = count(), time.process_time()
        with mock.patch.object(content, "read", _counted(reads)):
            report = night.run(chosen, False, None, None, Plain(), clock_is_right=False)
        if report.outcome != "published":
            raise RuntimeError(f"night {number + 1} was {report.outcome}: {report.message}")
        seconds = time.process_time() - began
        yield NightCost(seconds, next(reads), *_sizes(folder))
        _age(folder)


def _counted(reads: "count[int]") -> object:
    read = content.read

    def counting(*given: object) -> object:
        next(reads)
        return read(*given)  # type: ignore[arg-type]

    return counting


def _small(raw: Path, place: int) -> Path:
    return raw / "municipal_figures" / f"small_{place}.csv"


def _sizes(folder: Path) -> tuple[int, int, int]:
    """Bytes of the archive, of the other staged files, and of snapshots and all else; a file of many names once."""
    found = {"archive": dict[int, int](), "staged": dict[int, int](), "others": dict[int, int]()}
    for top in ("marts", "staging", "quarantine"):
        for path in (folder / top).rglob("*"):
            if path.is_file() and not path.is_symlink():
                is_archive = (folder / "staging" / "deliveries") in path.parents
                kind = "archive" if is_archive else "staged" if top == "staging" else "others"
                found[kind][path.stat().st_ino] = path.stat().st_size
    archive, staged, others = (sum(files.values()) for files in found.values())
    return archive, staged, others


def _age(folder: Path) -> None:
    """Let all that lies there be a day older."""
    for top in ("marts", "staging"):
        for path in sorted((folder / top).rglob("*"), reverse=True):
            if not path.is_symlink():
                then = path.stat().st_mtime - DAY
                os.utime(path, (then, then))


def summary(nights: list[NightCost]) -> str:
    """The last nights against those around the tenth."""
    first, last = nights[TENTH - AROUND // 2 - 1 :][:AROUND], nights[-AROUND:]

    def ratio(name: str) -> float:
        before, after = (statistics.median(getattr(n, name) for n in some) for some in (first, last))
        return float(after / max(before, 1e-9))

    between = len(nights) - TENTH
    grown = {
        name: (getattr(nights[-1], name) - getattr(nights[TENTH - 1], name)) / max(between, 1) / 1000
        for name in ("archive", "staged", "others")
    }
    return (
        f"{len(nights)} nights: the last took {ratio('seconds'):.2f} of the processor time of the tenth and read "
        f"{last[-1].reads} deliveries ({first[-1].reads}); a night adds {grown['archive']:.1f} kB of archive, "
        f"{grown['staged']:.1f} kB of staged facts and {grown['others']:.1f} kB of all else"
    )


def main(nights: int) -> str:
    """Run the nights, print one in ten, and what they come to."""
    found: list[NightCost] = []
    with tempfile.TemporaryDirectory(prefix="boligprofil-years-") as name:
        for made in simulate(Path(name), nights):
            found.append(made)
            if len(found) % 10 == 0:
                mb = ", ".join(f"{size / 1e6:.2f}" for size in (made.archive, made.staged, made.others))
                print(
                    f"night {len(found)}: {made.seconds:.2f} s, {made.reads} read; archive, staged, else: {mb} MB",
                    flush=True,
                )
    return summary(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=NIGHTS, help="at least 15")
    print(main(parser.parse_args().nights))
