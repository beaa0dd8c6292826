"""A house whose run is killed: a process of its own gets SIGKILL before its n-th file operation, another one goes on.

`python tests/killed_house.py FOLDER STEP POINTS` does it for a step (release, extract, clear), before its first and
last operation and so many between them, evenly; 0 is before each. Prints how many operations the step has, and how
many of the runs that were killed had handed out by then. What is tested is what lies where: outputs are two small
files, and the attack is another test's.

A file operation is what Python asks the system for: opening a file to write, making, renaming and removing files and
folders, and syncing them.
"""

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from houses import House
from towns import town

from flows.extracts import approve, folders, seals
from flows.extracts.model import Extract
from flows.publish.snapshots import Snapshot
from flows.release import approvals, make, store
from flows.release.ledger import Attacked
from schemas.loading import load
from schemas.registry import Registry

PEOPLE = ("Anne Jensen", "Bo Holm")
EVENTS = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink")
WRITES = os.O_WRONLY | os.O_RDWR
FAILED = 1


class KilledHouse(House):
    """A house whose steps are run from where they were left."""

    def extract(self) -> None:
        """What `boligprofil extract` does with files."""
        self.release()
        self.finish()
        self.write()

    def clear(self) -> None:
        """What two people's `boligprofil clear` does, as far as it is not done."""
        self.finish()
        for by in PEOPLE:
            release = self.release()
            have = [approval.signature.name for approval in approvals.all_of(release)]
            if "2012-1 aarhus" in store.ledger_of(self.releases).releases or have == [by]:
                continue
            list(approve.approve(by, release, ["aarhus"], self.snapshot, self.registry, self.releases, self.extracts))

    def finish(self) -> None:
        """What every command does first."""
        with store.lock(self.releases):
            seals.opened(self.releases, self.extracts, self.registry)


def small(extract: Extract, _: Registry, folder: Path) -> frozenset[str]:
    """Two small files in place of all outputs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("boligprofil.csv", "definitioner.txt"):
        (folder / name).write_text(f"{extract.release} {'cleared' if extract.is_cleared else 'draft'}")
    return frozenset()


def in_a_process(run: Callable[[], object], at: int = 0) -> tuple[int, int]:
    """Run in a process of its own, killed before its `at`-th file operation; its exit code, and what `run` gave, or how
    many file operations it had where that is nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            counted = counting(at)
            given = run()
            os.write(writing, str(int(given) if isinstance(given, bool) else counted()).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(FAILED)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    words = os.read(reading, 20)
    os.close(reading)
    return os.waitstatus_to_exitcode(status), int(words or 0)


def counting(at: int) -> Callable[[], int]:
    """Count file operations from now on, and kill this process before the `at`-th."""
    number = 0
    fsync = os.fsync

    def count() -> None:
        nonlocal number
        number += 1
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(event: str, given: tuple[Any, ...]) -> None:
        if event in EVENTS or (event == "open" and (given[2] or 0) & WRITES):
            count()

    def synced(handle: int) -> None:
        count()
        fsync(handle)

    os.fsync = synced
    sys.addaudithook(heard)
    return lambda: number


def whole(house: KilledHouse) -> bool:
    """Go on after a kill, and hold what is there against what should be; whether it was handed out by the first run."""
    house.releases.mkdir(parents=True, exist_ok=True)
    house.finish()
    was_out = "2012-1 aarhus" in store.ledger_of(house.releases).releases
    house.extract()
    house.clear()
    there = house.folder()
    assert store.ledger_of(house.releases).releases == ("2012-1 aarhus",)
    assert (there / "boligprofil.csv").read_text() == "2012-1 cleared"
    assert {path.suffix for path in there.glob("boligprofil-aarhus-2012*")} == {".zip", ".txt"}
    beside = [path for top in (house.releases, house.extracts) for path in top.rglob(".*")]
    assert not [path for path in beside if not path.name.endswith(".lock")], beside
    store.kept(house.releases)[-1].require_whole()
    return was_out


def main(folder: Path, step: str, points: int) -> None:
    """Kill, go on, and look, at one point after the other."""
    registry = load()
    folders.outputs = small
    make.attacked = lambda *_: Attacked(cells=1, intervals=2, leaks=0, beside={}, code="c")

    def house(name: str) -> KilledHouse:
        files = {file.stem: {"file": file.name} for file in (folder / "s").glob("*.parquet")}
        snapshot = Snapshot("0123456789abcdef", folder / "s", {"marts": files, "origin": "synthetic"})
        return KilledHouse(folder / name, snapshot, registry)

    def begin() -> None:
        town(folder / "s", registry, years=(2012,))
        begun = house("begun")
        if step != "release":
            begun.release()
        if step == "clear":
            begun.extract()

    def run(name: str) -> Callable[[], object]:
        made: Callable[[], object] = getattr(house(name), step)
        return made

    def copied(name: str) -> None:
        (folder / "begun").mkdir(exist_ok=True)
        shutil.copytree(folder / "begun", folder / name)

    # Threads of polars do not outlive a fork, so that this process itself reads no table.
    assert in_a_process(begin)[0] == 0
    copied("all")
    code, operations = in_a_process(run("all"))
    assert (code, operations > 5) == (0, True), (code, operations)
    chosen = range(1, operations + 1)
    if points:
        chosen = sorted({1 + round(at * (operations - 1) / (points + 1)) for at in range(points + 2)})
    out = 0
    for at in chosen:
        copied(str(at))
        code, _ = in_a_process(run(str(at)), at)
        assert code == -signal.SIGKILL, f"{step} was not killed before operation {at} of {operations}: {code}"
        code, was_out = in_a_process(lambda name=str(at): whole(house(name)))
        assert code == 0, f"{step}, killed before operation {at} of {operations}: the next run did not heal it"
        out += was_out
        shutil.rmtree(folder / str(at))
    print(f"{step}: {operations} operations, {len(chosen)} kills, {out} handed out by then")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
