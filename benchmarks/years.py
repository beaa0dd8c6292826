"""Nights for years: one changed file each; does the last night cost what the tenth did, and what does the disk keep?

`python -m benchmarks.years --nights 400`. Each night is made a day older when it has ended, so that what is forgotten
after days is forgotten. Files are changed in turn, so that each of them has many versions in the end.

The house is copied as it is after its tenth night, and at the end nights of both houses are run in turn: what else the
machine does then falls on both. Nights in between do all but to build and judge, whose marts leave nothing behind but
the snapshot; `--whole` has them do that too, which takes hours.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from typing_extensions import override

from benchmarks import small_deliveries
from benchmarks.nights import moved
from flows import night
from flows.core.files import link
from flows.intake import content
from flows.marts.build import BuiltMarts
from flows.publish.gate import Judgement
from flows.settings import Settings
from flows.steps import FlowStep, Plain
from flows.synthetic import country
from schemas.loading import load

RAW = Path(__file__).parents[1] / "data" / "raw"
NIGHTS, AREAS, FIRST_YEAR, LAST_YEAR, FILES = 400, 50, 2008, 2012, 12
DAY = 24 * 3600
# The night that the last is held against: by then what is forgotten is forgotten. Nights of each house at the end, of
# which the first makes up for those that built nothing.
TENTH, PAIRS = 10, 6
KEPT = ("marts", "staging", "quarantine")


@dataclass(frozen=True)
class NightCost:
    """A night: processor seconds, deliveries that were read, and what lies on the disk after it, the archive apart."""

    seconds: float
    reads: int
    archive: int
    staged: int
    others: int


class StandingMarts(Plain):
    """Runs all steps but two: marts and verdicts of the snapshot in force are those of tonight."""

    @override
    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """What a step gives."""
        if step is night.BUILD_MARTS:
            work, earlier = given[1], given[4]
            files = {name: work / file.name for name, file in earlier.files.items()}
            for name, file in files.items():
                link(earlier.files[name], file)
            return BuiltMarts(files, dict(earlier.records), (), frozenset(files))
        if step is night.JUDGE_MARTS:
            pages, verdicts = given[3], given[6]
            docs = next(verdict.page.parents[1] for verdict in verdicts.values())
            shutil.copytree(docs, pages, copy_function=os.link)
            rests_on = {mart: verdict.rests_on for mart, verdict in verdicts.items()}
            return Judgement(0, len(verdicts), (), 0.0, pages / "index.html", rests_on, tuple(verdicts))
        return super().__call__(step, *given)


class AgingHouse:
    """A made-up nation and some small files, of which one is changed before each night."""

    def __init__(self, folder: Path, texts: Sequence[str], nights: int = 0) -> None:
        self.folder, self.texts, self.nights = folder, texts, nights

    @classmethod
    def new(cls, folder: Path, areas: int = AREAS, files: int = FILES) -> "AgingHouse":
        """Before its first night."""
        nation = country.write(folder, RAW, load(), seed=1, areas=areas, years=range(FIRST_YEAR, LAST_YEAR + 1))
        small_deliveries.write(nation.raw, load(nation.schemas), files)
        return cls(folder, [_small(folder, place).read_text(encoding="utf-8") for place in range(files)])

    def copied(self, folder: Path) -> "AgingHouse":
        """The house as it is, elsewhere."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return AgingHouse(folder, self.texts, self.nights)

    def night(self, runner: Plain | None = None) -> NightCost:
        """Change a file, run the night, and let all be a day older. Raises RuntimeError where it does not publish."""
        place = self.nights % len(self.texts)
        _small(self.folder, place).write_text(moved(self.texts[place], self.nights), encoding="utf-8")
        self.nights += 1
        chosen = Settings(raw=self.folder / "raw", marts=self.folder / "marts", schemas=self.folder / "schemas")
        reads, began = count(), time.process_time()
        with mock.patch.object(content, "read", _counted(reads)):
            report = night.run(chosen, False, None, None, runner or Plain(), clock_is_right=False)
        seconds = time.process_time() - began
        if report.outcome != "published":
            raise RuntimeError(f"night {self.nights} was {report.outcome}: {report.message}")
        cost = NightCost(seconds, next(reads), *_sizes(self.folder))
        _age(self.folder)
        return cost


def simulate(house: AgingHouse, young: Path, nights: int, whole: bool = False) -> Iterator[NightCost]:
    """Run nights up to those that are held against the tenth; what each cost. The house is copied at its tenth."""
    for number in range(1, nights - PAIRS + 1):
        yield house.night(None if whole or number <= TENTH else StandingMarts())
        if number == TENTH:
            house.copied(young)


def pairs(young: AgingHouse, old: AgingHouse) -> list[tuple[NightCost, NightCost]]:
    """Nights of both houses in turn, without the first ones."""
    return [(young.night(), old.night()) for _ in range(PAIRS)][1:]


def _counted(reads: "count[int]") -> object:
    read = content.read

    def counting(*given: object) -> object:
        next(reads)
        return read(*given)  # type: ignore[arg-type]

    return counting


def _small(folder: Path, place: int) -> Path:
    return folder / "raw" / "municipal_figures" / f"small_{place}.csv"


def _sizes(folder: Path) -> tuple[int, int, int]:
    """Bytes of the archive, of the other staged files, and of snapshots and all else; a file of many names once."""
    found = {"archive": dict[int, int](), "staged": dict[int, int](), "others": dict[int, int]()}
    for top in KEPT:
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


def summary(nights: Sequence[NightCost], compared: Sequence[tuple[NightCost, NightCost]]) -> str:
    """The last nights against those around the tenth, and what the nights between left on the disk."""
    ratios = [old.seconds / young.seconds for young, old in compared]
    reads = [statistics.median(cost.reads for cost in house) for house in zip(*compared, strict=True)]
    kept = nights[TENTH - 1], nights[-1]
    grown = {
        name: (getattr(kept[1], name) - getattr(kept[0], name)) / (len(nights) - TENTH) / 1000
        for name in ("archive", "staged", "others")
    }
    return (
        f"{len(nights) + PAIRS} nights: the last took {statistics.median(ratios):.2f} of the processor time of the "
        f"tenth ({min(ratios):.2f}-{max(ratios):.2f}, {len(ratios)} pairs) and read {reads[1]:.0f} deliveries "
        f"({reads[0]:.0f}); a night adds {grown['archive']:.1f} kB of archive, {grown['staged']:.1f} kB of staged "
        f"facts and {grown['others']:.1f} kB of all else"
    )


def main(nights: int, whole: bool) -> str:
    """Run the nights, print one in ten, and what they come to."""
    found: list[NightCost] = []
    with tempfile.TemporaryDirectory(prefix="boligprofil-years-") as name:
        house, young = AgingHouse.new(Path(name) / "old"), Path(name) / "young"
        for made in simulate(house, young, nights, whole):
            found.append(made)
            if len(found) % 10 == 0:
                mb = ", ".join(f"{size / 1e6:.2f}" for size in (made.archive, made.staged, made.others))
                print(
                    f"night {len(found)}: {made.seconds:.2f} s, {made.reads} read; archive, staged, else: {mb} MB",
                    flush=True,
                )
        return summary(found, pairs(AgingHouse(young, house.texts, TENTH), house))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=NIGHTS, help="at least 20")
    parser.add_argument("--whole", action="store_true", help="build and judge in every night")
    asked = parser.parse_args()
    print(main(asked.nights, asked.whole))
