"""Writing files so that a reader never sees half of one: beside, synced, then renamed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write(file: Path, content: bytes) -> None:
    """Write bytes beside, sync, then rename into place."""
    with placed(file) as part:
        part.write_bytes(content)


def keep(file: Path, original: Path) -> None:
    """Copy a file beside, sync, then rename into place; nothing happens where it is kept already."""
    if not file.is_file():
        with placed(file) as part:
            shutil.copyfile(original, part)


def link(file: Path, to: Path) -> None:
    """Make `to` the same file, or a copy of it where the file system knows no links; what was there is gone.

    Neither is ever written to: what is published is only read, and taken away as a whole.
    """
    to.unlink(missing_ok=True)
    try:
        os.link(file, to)
    except OSError:
        shutil.copyfile(file, to)


@contextmanager
def placed(file: Path) -> Iterator[Path]:
    """A path beside `file` that takes its place, synced, once it has been written, and is gone if it was not."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield part
        sync(part)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def parts_below(*folders: Path) -> list[Path]:
    """What is being written by `placed` in and below folders, or was when a run was killed."""
    return [part for folder in folders for part in folder.rglob(".*.part")]


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which then takes the place of `folder` whole, synced; on any error what was there stays.

    Call under a lock: two processes would fill the same folder.
    """
    work, aside = _beside(folder)
    tidy(folder)
    work.mkdir(parents=True)
    try:
        yield work
        sync_tree(work)
        if folder.exists():
            os.replace(folder, aside)
        os.replace(work, folder)
        sync(folder.parent)
    finally:
        tidy(folder)


def tidy(folder: Path) -> None:
    """Take away what a killed run left beside `folder` when it should have taken the place of it, as by `replaced`."""
    work, aside = _beside(folder)
    # A process killed between the two renames left the old folder aside.
    if aside.exists() and not folder.exists():
        os.replace(aside, folder)
    for left in (work, aside):
        shutil.rmtree(left, ignore_errors=True)


def left_beside(parent: Path) -> list[Path]:
    """The folders in `parent` beside which a killed run left something."""
    left = [path for path in parent.glob(".*") if path.suffix in (".new", ".old")]
    return sorted({path.with_name(path.stem.removeprefix(".")) for path in left})


def tidy_parts(folder: Path) -> None:
    """Take away the files that killed runs were writing anywhere in a folder, as by `placed`; call under its lock."""
    for part in folder.rglob(".*.part"):
        part.unlink(missing_ok=True)


def _beside(folder: Path) -> tuple[Path, Path]:
    """Where the new folder is filled, and where the old one waits."""
    return folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")


def sync_tree(folder: Path) -> None:
    """Force a folder and everything in it onto the disk."""
    for path in sorted(folder.rglob("*"), reverse=True):
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Force a file or folder onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
