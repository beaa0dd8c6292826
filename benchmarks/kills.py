"""Nights that are killed: `kill -9` at a random point of the hops, then one more night. What is seen, what is lost?

`python -m benchmarks.kills --points 1000`, over a small delivery that changes before each night. The hops are those of
the night, without Prefect; its marts are the facts themselves, so that a night takes a fraction of a second. A point is
one of the moments at which Python opens, renames, removes or makes something there: the kernel kills the process. A
process of its own reads all the while. With `--marts s3://...` the snapshots stand in a bucket (the environment says
who asks), and a point is a moment, since what goes over the wire is no such event. What a disk does without power is
not tried: nothing is forced onto it here. `--whole 20` kills `boligprofil run` itself, over all that is shipped.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

from flows import night
from flows.core.provenance import code_sha256, engine_versions, file_sha256
from flows.marts.build import BuiltMarts
from flows.operation import processes
from flows.publish import mirror, snapshots
from flows.publish.gate import Judgement
from flows.settings import Settings
from flows.steps import FlowStep, Plain
from schemas.loading import load
from schemas.registry import Registry

MUNICIPALITIES = Path(__file__).parents[1] / "data" / "raw" / "municipalities"
PLACE = "municipal_figures/given.csv"
TEXT = """# kilde: en prøve
# udgivet: 2016
# oprindelse: real
# modtaget: 2026-01-01
Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status
boligområde;Vollsmose;0461;2012;residents;;;{number};endelig
"""
FIGURES = "population/folketal_2016_2017.csv"
MARK = "BOLIGPROFIL_TRIAL"
FIRST_GUESS = 15.0
POINTS = 1000
PAUSE = 0.3
# Between two nights, so that snapshots are forgotten while nights are killed, and readers still have the last few.
HOURS, UNTIL_STEADY = 4, 10
# What a process does that leaves something behind, or reads what another one left.
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.utime", "os.truncate"}
# The names of two marts, and the facts that stand for them.
MARTS = {"area_profile": "figures", "coverage": "first_figures"}


@dataclass(frozen=True)
class Killed:
    """What came of it: nights killed, how many of them had published; reads, how many were bad; what went wrong."""

    points: int
    killed: int
    had_published: int
    reads: int
    bad: int
    wrong: tuple[str, ...]

    def line(self) -> str:
        """In words."""
        return (
            f"{self.points} nights, {self.killed} of them killed ({self.had_published} after they had published); "
            f"{self.reads:,} reads beside them, {self.bad} of them bad; {len(self.wrong)} things wrong"
        )


class FactsAsMarts(Plain):
    """Runs the hops, but takes facts for marts and their promises for kept."""

    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """What a step gives."""
        if step is night.BUILD_MARTS:
            facts, work = given[:2]
            files = {name: work / f"{name}.parquet" for name in MARTS}
            for name, file in files.items():
                shutil.copyfile(facts.tables[MARTS[name]], file)
            return BuiltMarts(files, {}, tuple(MARTS), frozenset())
        if step is night.JUDGE_MARTS:
            page = given[3] / "index.html"
            page.parent.mkdir()
            page.write_text("")
            return Judgement(0, len(MARTS), (), 0.0, page)
        return super().__call__(step, *given)


def simulate(folder: Path, points: int, marts: str | None = None, seed: int = 1) -> Killed:
    """Kill nights at so many points, each at the event that chance says, and run the next one to its end.

    Nothing may have used Polars, DuckDB or a bucket in this process before: their threads do not survive a fork.
    """
    raw = folder / "raw"
    shutil.copytree(MUNICIPALITIES, raw / "municipalities")
    chosen = {"raw": raw, "marts": marts or folder / "marts", "mirrors": folder / "s3"}
    file, chance, wrong, killed, published = raw / PLACE, random.Random(seed), list[str](), 0, 0
    file.parent.mkdir()
    # What every night would find out or load anew: it is the same in all of them.
    import_module("pandas"), import_module("pyarrow.compute")
    _registry(), snapshots.code(), code_sha256("flows.intake", "schemas"), engine_versions()
    counted, seconds = _events(chosen)
    reads, stop = folder / "reads.json", folder / "stop"
    reader = _forked(lambda: _read_on(chosen, reads, stop), wait=False)
    for number in range(1001, 1001 + points):
        before, point = _published(chosen), chance.randint(1, counted)
        _deliver(file, number)
        after = seconds * point / counted if marts else 0.0
        status = _forked(lambda point=point, after=after: _night(chosen, 0 if after else point, after))
        killed += os.WIFSIGNALED(status)
        published += os.WIFSIGNALED(status) and _published(chosen) != before
        if _forked(lambda number=number: (_night(chosen), _holds(chosen, number), _age(folder))):
            wrong.append(f"after event {point} of night {number}")
    stop.touch()
    os.waitpid(reader, 0)
    found = json.loads(reads.read_text(encoding="utf-8")) if reads.is_file() else {"reads": 0, "bad": []}
    return Killed(points, killed, published, found["reads"], len(found["bad"]), (*wrong, *found["bad"]))


@cache
def _registry() -> Registry:
    """The installed registry, read once for all nights."""
    return load()


def _deliver(file: Path, number: int) -> None:
    """Whole, as a sender's program would."""
    part = file.with_name(f".{file.name}")
    part.write_text(TEXT.format(number=number), encoding="utf-8")
    part.replace(file)


def _forked(work: Callable[[], object], wait: bool = True) -> int:
    """Do something in a process of its own; its status, or its number where nobody waits. What it raises it prints."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] if wait else child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _night(chosen: dict[str, Any], kill_at: int = 0, kill_after: float = 0.0, count_in: Path | None = None) -> None:
    """A night; killed at an event of that number or after seconds, or with both of a whole one written down."""
    seen, began, ours = 0, time.perf_counter(), str(Path(chosen["raw"]).parent)
    if kill_after:
        threading.Timer(kill_after, os.kill, (os.getpid(), signal.SIGKILL)).start()

    def hook(event: str, about: tuple[object, ...]) -> None:
        nonlocal seen
        if event in EVENTS and any(str(part).startswith(ours) for part in about[:2]):
            seen += 1
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    settings = Settings(**chosen)
    sys.addaudithook(hook)
    with (
        mock.patch.object(os, "fsync", return_value=None),
        mock.patch.multiple(night.checks, run=lambda *_, **__: [], suites=lambda *_, **__: {}),
        mock.patch.multiple(
            night.manifest, reads=lambda files: {mart: [] for mart in files}, commit=lambda: "not looked at"
        ),
        mock.patch.object(night, "load", return_value=_registry()),
    ):
        report = night.run(settings, False, None, None, FactsAsMarts())
    if report.outcome not in ("published", "unchanged"):
        raise RuntimeError(f"the night was {report.outcome}: {report.message}")
    if count_in:
        count_in.write_text(json.dumps([seen, time.perf_counter() - began]), encoding="utf-8")


def _events(chosen: dict[str, Any]) -> tuple[int, float]:
    """Events and seconds of a night with one changed delivery, when what a night forgets is forgotten."""
    raw = Path(chosen["raw"])
    counts = raw.with_name("events")
    for number in range(1001 - UNTIL_STEADY, 1001):
        _deliver(raw / PLACE, number)
        if _forked(lambda: (_night(chosen, count_in=counts), _age(raw.parent))):
            raise RuntimeError("a night that nobody kills did not end well")
    counted, seconds = json.loads(counts.read_text(encoding="utf-8"))
    return counted, seconds


def _published(chosen: dict[str, Any]) -> str:
    """What is in force in the folder."""
    return snapshots.named(Settings(**chosen).marts) or ""


def _holds(chosen: dict[str, Any], number: int) -> None:
    """Whether the snapshot in force holds the figure, the archive the delivery, and the folders nothing half done."""
    import polars as pl  # noqa: PLC0415 - only in a process of its own

    settings = Settings(**chosen)
    mirror.refresh(settings.marts_address, settings.marts, settings.releases_folder)
    snapshot = snapshots.current(settings.marts)
    snapshots.verify(snapshot)
    values = pl.read_parquet(snapshot.path("area_profile"))["value"].to_list()
    if values != [float(number)]:
        raise RuntimeError(f"the snapshot holds {values}, delivered was {number}")
    if not (settings.staging_folder / "deliveries" / file_sha256(settings.raw / PLACE)).is_file():
        raise RuntimeError(f"delivery {number} is not in the archive")
    folders = (settings.marts, settings.staging_folder, settings.quarantine_folder)
    left = [*(settings.marts / ".work").glob("*"), *settings.marts.glob(".current.*")]
    left += [part for folder in folders for part in folder.rglob("*.part")]
    if left:
        raise RuntimeError(f"left behind: {left}")


def _age(folder: Path) -> None:
    """Let all that nights left be some hours older."""
    for top in ("marts", "staging"):
        for path in sorted((folder / top).rglob("*"), reverse=True):
            if not path.is_symlink():
                then = path.stat().st_mtime - HOURS * 3600
                os.utime(path, (then, then))


def _read_on(chosen: dict[str, Any], to: Path, stop: Path) -> None:
    """Read snapshots until told to stop; each must be whole and of one delivery."""
    import polars as pl  # noqa: PLC0415 - only in a process of its own

    settings, reads, bad = Settings(**chosen), 0, list[str]()
    if settings.marts_address:  # a machine of its own, with the address alone
        settings = Settings(**chosen | {"mirrors": to.with_name("reader")})
    while not stop.exists():
        try:
            mirror.refresh(settings.marts_address, settings.marts, settings.releases_folder)
            snapshot = snapshots.current(settings.marts)
            snapshots.verify(snapshot)
            first = pl.read_parquet(snapshot.path("area_profile"))["source_file"].to_list()
            second = pl.read_parquet(snapshot.path("coverage"))["source_file"].to_list()
            if first != second:
                bad.append(f"snapshot {snapshot.id} holds {first} and {second}")
        except Exception as error:
            bad.append(f"{type(error).__name__}: {error}")
        reads += 1
        time.sleep(PAUSE)
    to.write_text(json.dumps({"reads": reads, "bad": bad}), encoding="utf-8")


def whole(folder: Path, points: int, seed: int = 1) -> Killed:
    """Kill `boligprofil run` at moments of chance over `folder/raw`, published to `folder/data`; let the next one end.

    In between everything in force is read and held against its manifest.
    """
    chance, file, marts = random.Random(seed), folder / "raw" / FIGURES, folder / "data" / "marts"
    lines, seconds, killed, published, reads = file.read_bytes().rstrip().split(b"\n"), FIRST_GUESS, 0, 0, 0
    wrong, bad = list[str](), list[str]()
    for number in range(points):
        value = lines[-1].split(b";")
        value[-2] = str(number + 2).encode()
        file.write_bytes(b"\n".join([*lines[:-1], b";".join(value), b""]))
        before, began = snapshots.named(marts), time.monotonic()
        run = _program(folder)
        moment = began + seconds * chance.random()
        while run.poll() is None and time.monotonic() < moment:
            reads += 1
            bad += _unsound(marts)
            time.sleep(PAUSE)
        run.kill()
        killed += run.wait() == -signal.SIGKILL
        published += snapshots.named(marts) != before
        began = time.monotonic()
        status, seconds = _program(folder).wait(), max(time.monotonic() - began, 1.0)
        entries = {entry["path"]: entry for entry in snapshots.current(marts).manifest["deliveries"]}
        left = [process.command for process in processes.with_variable(MARK, str(folder))]
        if status or left or _unsound(marts) or entries[FIGURES]["sha256"] != file_sha256(file):
            wrong.append(f"after the kill of night {number}: status {status}, left {left}")
    return Killed(points, killed, published, reads, len(bad), (*wrong, *bad))


def _program(folder: Path) -> "subprocess.Popen[bytes]":
    program = Path(sys.executable).with_name("boligprofil")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("BOLIGPROFIL_", "PREFECT_"))}
    log = (folder / "run.log").open("ab")
    return subprocess.Popen(
        [program, "run", "--raw", "raw"], cwd=folder, env=env | {MARK: str(folder)}, stdout=log, stderr=log
    )


def _unsound(marts: Path) -> list[str]:
    """What is wrong with the snapshot in force."""
    try:
        snapshots.verify(snapshots.current(marts))
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return []


def _whole(folder: Path, points: int) -> Killed:
    shutil.copytree(MUNICIPALITIES.parent, folder / "raw")
    if _program(folder).wait():
        raise RuntimeError((folder / "run.log").read_text(encoding="utf-8"))
    return whole(folder, points)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--marts", help="s3://bucket/prefix; else a folder")
    parser.add_argument("--whole", type=int, default=0, help="kill the whole program so often, and nothing else")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="boligprofil-kills-") as name:
        place = Path(name)
        found = _whole(place, asked.whole) if asked.whole else simulate(place, asked.points, asked.marts, asked.seed)
    print(found.line())
    print("\n".join(found.wrong[:20]))
    sys.exit(1 if found.wrong else 0)
