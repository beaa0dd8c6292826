"""`boligprofil doctor`: what a run that died, a full disk, a wrong clock or open folders left, and how it is mended."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import REFUSED, Marts, Schemas, bring, doubts, registry_of, settings_of, stopping
from flows.commands.terminal import out, words

if TYPE_CHECKING:
    from flows.operation.dead_runs import DeadRun
    from flows.settings import Settings
    from schemas.registry import Registry
    from schemas.rules import Correction, KnownException

SOON = timedelta(days=30)
# A process of ours that uses a temporary folder for longer than a day is none.
ABANDONED_SECONDS = 24 * 3600
# A night writes a snapshot beside the old one, its facts, and as much again while it builds.
NIGHTS_OF_SPACE = 3
OTHERS = 0o007


@dataclass(frozen=True)
class Ailment:
    """Something that is not as it must be, what to do, and how it is mended where that is safe."""

    words: str
    mend: Callable[[], object] | None = None


def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="Mend what is safe to mend.")] = False,
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """What is wrong with machine and folders, and what to do. Exit code 1 where something is left to a person."""
    from flows.intake.ledger import now
    from flows.publish.snapshots import Busy
    from flows.release.store import ReleaseBusy

    chosen = settings_of(marts=marts, schemas=schemas)
    registry = registry_of(chosen.schemas)
    found = [
        *abandoned(chosen),
        *left_over(chosen),
        *dead_runs(),
        *unreadable(chosen),
        *open_to_others(chosen),
        *closed_to_us(chosen),
        *space(chosen.marts),
        *clock(chosen, registry),
        *out_of_reach(chosen),
        *running_out(registry, now().date()),
        *requirements(),
    ]
    left = 0
    for ailment in found:
        if ailment.mend and mend:
            with stopping(REFUSED, Busy, ReleaseBusy):
                ailment.mend()
            out.print(words(("mended: ", "green"), ailment.words), soft_wrap=True)
            continue
        left += 1
        how = "; 'boligprofil doctor --mend' does it" if ailment.mend else ""
        out.print(words(("- ", "yellow"), ailment.words + how), soft_wrap=True)
    if not found:
        out.print("Nothing is wrong: files, folders, space, clock, exceptions and versions are as they must be.")
    if left:
        raise typer.Exit(REFUSED)


def abandoned(chosen: "Settings") -> Iterator[Ailment]:
    """What runs left that died: snapshots in the making, staged extracts, temporary folders.

    What a run that is at work may hold is looked at, and mended, under that run's lock.
    """
    from flows.core.files import left_beside
    from flows.publish import snapshots
    from flows.release import store

    work, others = chosen.marts / snapshots.WORK, (chosen.staging_folder, chosen.quarantine_folder)
    if snapshots.halves(chosen.marts, *others):
        with suppress(snapshots.Busy), snapshots.lock(chosen.marts):
            if halves := snapshots.halves(chosen.marts, *others):
                yield Ailment(
                    f"{halves[0]} was being written by a run that died, {len(halves):,} files in all: they can go",
                    partial(_clear, chosen.marts, *others),
                )
    if any(work.glob("*")):
        with suppress(snapshots.Busy), snapshots.lock(chosen.marts):
            yield Ailment(
                f"{work} holds {_size(work)} of a run that died: it can go", partial(_clear, chosen.marts, *others)
            )
    years = sorted(chosen.extracts_folder.glob("*/"))
    if any(left_beside(year) for year in years):
        with suppress(store.ReleaseBusy), store.lock(chosen.releases_folder):
            for folder in (folder for year in years for folder in left_beside(year)):
                yield Ailment(
                    f"beside {folder} lies what a run that died was writing: what was there before stays",
                    partial(_put_back, folder, chosen.releases_folder),
                )
    limit = time.time() - ABANDONED_SECONDS
    for folder in Path(tempfile.gettempdir()).glob("boligprofil-*"):
        found = folder.lstat()
        if found.st_uid == os.geteuid() and found.st_mtime < limit and folder.is_dir() and not folder.is_symlink():
            yield Ailment(
                f"{folder} is a temporary folder of a run that died: {_size(folder)} that can go",
                partial(shutil.rmtree, folder),
            )


def left_over(chosen: "Settings") -> Iterator[Ailment]:
    """Processes of a 'boligprofil serve' that is gone."""
    from flows.operation import processes, server

    for process in server.left_over(chosen.prefect_folder):
        yield Ailment(
            f"process {process.pid} is of a 'boligprofil serve' that is gone ({process.command[:80]}): it can be ended",
            partial(processes.end, [process], server.STOP_SECONDS),
        )


def dead_runs() -> Iterator[Ailment]:
    """Runs that the Prefect server that is named shows as under way, and whose process on this machine is dead."""
    from flows.settings import is_watched

    if not is_watched():
        return
    from prefect.client.orchestration import get_client

    from flows.operation import dead_runs as runs

    try:
        with get_client(sync_client=True) as client:
            found = list(runs.find(client))
    except Exception as error:
        yield Ailment(f"the Prefect server of PREFECT_API_URL gives no answer: {type(error).__name__}: {error}")
        return
    for dead in found:
        yield Ailment(f"{dead.words}: set it to Crashed", partial(_bury, dead))


def unreadable(chosen: "Settings") -> Iterator[Ailment]:
    """What a machine that died cut, or a newer version wrote: pointer and manifests of snapshots, lines of ledgers."""
    from flows.intake.ledger import FILE, DeliveryLedger
    from flows.publish.snapshots import NewerSnapshot
    from flows.release import store
    from flows.release.ledger import Tampered

    try:
        yield from _unreadable_snapshots(chosen.marts)
    except NewerSnapshot as newer:
        yield Ailment(str(newer))
    deliveries = DeliveryLedger.load(chosen.staging_folder)
    if deliveries.untold:
        numbers = ", ".join(map(str, deliveries.untold))
        yield Ailment(
            f"{deliveries.archive / FILE}, line {numbers}: cut or unfinished; 'boligprofil run' notes again what "
            "snapshots know, and the rest is in the backup of the file"
        )
    try:
        store.ledger_of(chosen.releases_folder)
    except Tampered as changed:
        yield Ailment(str(changed))


def _unreadable_snapshots(marts: Path) -> Iterator[Ailment]:
    """Raises NewerSnapshot."""
    from flows.publish import snapshots

    in_force = snapshots.named(marts)
    try:
        snapshots.current(marts)
    except snapshots.CutManifest as cut:
        yield Ailment(str(cut))
    except snapshots.NoSnapshot as none:
        if in_force is not None or snapshots.kept(marts):
            yield Ailment(str(none))
    for folder in snapshots.unreadable(marts):
        if folder.name != in_force:
            yield Ailment(
                f"{folder} is not in force and its manifest cannot be read: no night needs it; move it away, unless a "
                "release was made of it"
            )


def open_to_others(chosen: "Settings") -> Iterator[Ailment]:
    """Folders with counts of few people that any user of the machine may read."""
    from flows.core.access import keep_private

    for folder in (chosen.marts, chosen.staging_folder, chosen.quarantine_folder, chosen.extracts_folder):
        found = [path for path in _below(folder) if not path.is_symlink() and path.stat().st_mode & OTHERS]
        if found:
            yield Ailment(
                f"others may read {len(found):,} files or folders in {folder}, which holds counts of few people: "
                "close them (chmod o-rwx)",
                partial(_close, found),
            )
    releases = chosen.releases_folder
    if releases.is_dir() and releases.stat().st_mode & 0o077:
        yield Ailment(
            f"others than its owner may enter {releases}, which holds what is hidden: close it (chmod 700)",
            partial(keep_private, releases),
        )


def closed_to_us(chosen: "Settings") -> Iterator[Ailment]:
    """Folders that a night writes to and may not: of somebody else, or on a disk that is read-only."""
    for folder in (chosen.marts, chosen.staging_folder, chosen.quarantine_folder):
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            yield Ailment(
                f"{folder} cannot be written to by user {os.geteuid()}, or its disk is read-only: nights are refused "
                "until the user that runs them may write there"
            )


def space(marts: Path) -> Iterator[Ailment]:
    """Whether the next nights have room, by what the snapshot in force takes."""
    from flows.publish import snapshots

    try:
        snapshot = snapshots.in_force(marts)
    except snapshots.NewerSnapshot:
        return  # `unreadable` says so
    if snapshot is None:
        return
    needed = NIGHTS_OF_SPACE * sum(path.stat().st_size for path in snapshot.folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(marts).free
    if free < needed:
        yield Ailment(
            f"the disk of {marts} has {_bytes(free)} left, and a night may take {_bytes(needed)}: make room; snapshots "
            "that are not in force may be removed from versions/, deliveries and staging/deliveries never"
        )


def clock(chosen: "Settings", registry: "Registry") -> Iterator[Ailment]:
    """Whether the clock can be right, by what was dated before."""
    from flows.publish.snapshots import NewerSnapshot

    with suppress(NewerSnapshot):  # `unreadable` says so
        yield from map(Ailment, doubts(chosen, registry))


def running_out(registry: "Registry", today: date) -> Iterator[Ailment]:
    """Exceptions and corrections that stop the night, or will within a month."""
    dated: list[Correction | KnownException] = [*registry.corrections.values(), *registry.exceptions.values()]
    for entry in sorted(dated, key=lambda entry: entry.until):
        if entry.until < today + SOON:
            when = "has run out, so that nothing is published" if entry.until < today else f"runs out on {entry.until}"
            ask = f"ask {entry.owner} whether it still holds, then set a new day or remove it"
            yield Ailment(f"{entry.id} {when}: {ask}")


def out_of_reach(chosen: "Settings") -> Iterator[Ailment]:
    """A bucket, where snapshots or deliveries lie in one, that does not answer or says no."""
    from flows.core.buckets import BucketError

    try:
        bring(chosen, with_raw=True)
    except BucketError as error:
        yield Ailment(str(error))


def requirements() -> Iterator[Ailment]:
    """Libraries that are not of the versions that the program asks for."""
    from packaging.requirements import Requirement

    for line in metadata.requires("boligprofil") or ():
        asked = Requirement(line)
        if asked.marker and not asked.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(asked.name)
        except metadata.PackageNotFoundError:
            yield Ailment(f"{asked.name} is not installed: install boligprofil with its constraints.txt")
            continue
        if not asked.specifier.contains(found, prereleases=True):
            yield Ailment(
                f"{asked.name} {found} is installed, and {asked.specifier} is asked for: install boligprofil with its "
                "constraints.txt"
            )


def _clear(marts: Path, *others: Path) -> None:
    from flows.publish import snapshots

    with snapshots.lock(marts):
        snapshots.clear(marts, *others)


def _put_back(folder: Path, releases: Path) -> None:
    from flows.core.files import tidy
    from flows.release import store

    with store.lock(releases):
        tidy(folder)


def _bury(dead: "DeadRun") -> None:
    from prefect.client.orchestration import get_client

    from flows.operation import dead_runs as runs

    with get_client(sync_client=True) as client:
        runs.bury(client, dead)


def _close(paths: list[Path]) -> None:
    for path in paths:
        path.chmod(path.stat().st_mode & ~OTHERS)


def _below(folder: Path) -> Iterator[Path]:
    return iter(()) if not folder.is_dir() else iter((folder, *folder.rglob("*")))


def _size(folder: Path) -> str:
    return _bytes(sum(path.lstat().st_size for path in folder.rglob("*")))


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB"
