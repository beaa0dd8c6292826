"""Snapshots in a bucket, and the folder on this machine that mirrors them.

A bucket holds what the folder of snapshots holds, under the same names (CURRENT.txt, versions/<id>/...). Objects of a
snapshot come first, its manifest after them, and last the pointer, if nobody else has written it since it was read: of
two runs one publishes, and the other says so. A snapshot without a manifest is an upload that has not ended: no reader
sees it, and it is swept when it is old.

Readers are given files of this machine: a mart is opened more than once, by libraries that ask S3 each in their own way
or not at all, and what is brought is brought once, whole, and held against its manifest. What a snapshot shares with
another one is brought once for both.
"""

import json
import logging
import os
import re
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from flows.core.buckets import Address, Bucket, BucketError, Overtaken, Stored
from flows.core.files import link, sync, sync_tree, write
from flows.core.locks import held
from flows.core.provenance import file_sha256
from flows.publish import snapshots, storage
from flows.publish.snapshots import MANIFEST, POINTER, Busy

log = logging.getLogger("boligprofil")
BROUGHT = ".brought"
AT_ONCE = 8
NAME = re.compile(r"[\w.-]{1,64}")
NEW_SECONDS = 60
MEND = "'boligprofil run --again' puts it there anew"


class Mirror:
    """The folder `marts` as it mirrors the snapshots at an address. Methods raise BucketError."""

    def __init__(self, address: Address, marts: Path) -> None:
        self.marts, self.bucket = marts, Bucket(address)
        # What the pointer said when it was read last, and the tag by which nobody has written it since.
        self.named: str | None = None
        self._tag: str | None = None
        self._there: dict[str, dict[str, Stored]] = {}

    def bring(self) -> None:
        """Make the folder hold every snapshot that stands in the bucket, and point at the one in force there.

        Of the one in force all is brought, of the others the marts.
        """
        pointer = self.bucket.read(POINTER)
        content, self._tag = pointer if pointer else (b"", None)
        self.named = content.decode("utf-8", "replace").strip() if pointer else None
        self._there = self._versions()
        self.marts.mkdir(parents=True, exist_ok=True)
        whole = sorted(self._whole(), key=lambda name: name != self.named)
        for name in whole:
            self._bring(name)
        if self.named is None:
            (self.marts / POINTER).unlink(missing_ok=True)
        elif self.named != snapshots.named(self.marts):
            if NAME.fullmatch(self.named):
                snapshots.point_at(self.marts, self.named)
            else:  # what is cut there is cut here, and the night mends it
                write(self.marts / POINTER, content)

    def drop(self, resting: Collection[str]) -> None:
        """Take away the snapshots that the bucket has no more and on which no release rests; call under the lock."""
        if self.named not in self._whole():
            return  # the bucket has lost what is in force: what is here is what there is
        for folder in sorted((self.marts / "versions").glob("*/")):
            if folder.name not in self._whole() and folder.name not in resting:
                snapshots.take_away(folder, self.marts)

    @property
    def is_stale(self) -> bool:
        """Whether the folder holds a snapshot that the bucket has no more."""
        return any(folder.name not in self._whole() for folder in (self.marts / "versions").glob("*/"))

    @property
    def has_lost(self) -> str:
        """The snapshot in force in the folder, where the bucket does not name it or has it no more; else nothing."""
        found = snapshots.in_force(self.marts)
        is_lost = found is not None and (found.id != self.named or found.id not in self._whole())
        return found.id if found and is_lost else ""

    def publish(self, folder: Path, name: str) -> None:
        """Put a snapshot that is finished and verified into the bucket and into force there.

        Raises Overtaken where somebody else has published another one since `bring`.
        """
        files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
        with ThreadPoolExecutor(AT_ONCE) as workers:
            others = [(f"versions/{name}/{place}", file) for place, file in files.items() if place != MANIFEST]
            list(workers.map(lambda pair: self.bucket.write(*pair), sorted(others)))
        pointer = f"{name}\n".encode()
        there = self.bucket.read(POINTER)
        if there and there[1] != self._tag and there[0] != pointer:
            raise Overtaken(self._overtaken(there[0]))
        self.bucket.write(f"versions/{name}/{MANIFEST}", files[MANIFEST])
        try:
            self.bucket.write_unless_changed(POINTER, pointer, self._tag)
        except Overtaken:
            there = self.bucket.read(POINTER)
            raise Overtaken(self._overtaken(there[0] if there else b"")) from None

    def forget(self, names: Iterable[str], half_before: datetime) -> None:
        """Remove snapshots, manifest first, and uploads that had not ended at a moment and were left."""
        self._there = self._versions()
        removed = [name for name in names if name in self._there]
        self.bucket.delete([f"versions/{name}/{MANIFEST}" for name in removed])
        half = {name for name in self._there if name not in self._whole()}
        old = {n for n in half if max(stored.written_at for stored in self._there[n].values()) < half_before}
        gone = {*removed, *old} - {self.named}
        self.bucket.delete([f"versions/{name}/{place}" for name in sorted(gone) for place in self._there[name]])

    def _overtaken(self, pointer: bytes) -> str:
        name = pointer.decode("utf-8", "replace").strip()[:64]
        return (
            f"another run, of another machine or folder, published snapshot {name} to {self.bucket.address} while this "
            "one was at work: that one is in force, and nothing of this run is. Run again: it goes on from there"
        )

    def _versions(self) -> dict[str, dict[str, Stored]]:
        """The objects of each snapshot by their path in it, whether it is whole or not."""
        found: dict[str, dict[str, Stored]] = {}
        for stored in self.bucket.stored("versions/"):
            _, name, place = [*stored.key.split("/", 2), "", ""][:3]
            if stored.is_file and NAME.fullmatch(name) and place:
                found.setdefault(name, {})[place] = stored
        return found

    def _whole(self) -> list[str]:
        return [name for name, files in self._there.items() if MANIFEST in files]

    def _bring(self, name: str) -> None:
        """Bring what is lacking of a snapshot; when it was published is told by the bucket."""
        folder, files = self.marts / "versions" / name, self._there[name]
        wanted = {place for place in files if name == self.named and not place.endswith(".parquet")}
        if not (folder / MANIFEST).is_file():
            with self._beside() as work:
                self._fill(work, name)
                self._bring_all(name, wanted - {MANIFEST}, work)
                sync_tree(work)
                folder.parent.mkdir(parents=True, exist_ok=True)
                with suppress(OSError):  # another reader was first
                    work.rename(folder)
                    sync(folder.parent)
        self._bring_all(name, {place for place in wanted if not (folder / place).is_file()}, folder)
        moment = files[MANIFEST].written_at.timestamp()
        with suppress(OSError):
            os.utime(folder, (moment, moment))

    def _fill(self, work: Path, name: str) -> None:
        """Write the manifest and the marts of a snapshot; a mart that another snapshot here holds is linked."""
        files = self._there[name]
        self.bucket.bring(files[MANIFEST], work / MANIFEST)
        kept = [
            (each.folder, entry) for each in snapshots.kept(self.marts) for entry in each.manifest["marts"].values()
        ]
        known = {entry["sha256"]: folder / entry["file"] for folder, entry in kept}
        for entry in _marts(work / MANIFEST):
            place = entry["file"]
            if place not in files:
                raise BucketError(f"{self.bucket.address}: snapshot {name} lacks {place}; {MEND}")
            here = known.get(entry["sha256"])
            if here and here.is_file() and file_sha256(here) == entry["sha256"]:
                link(here, work / place)
        entries = _marts(work / MANIFEST)
        self._bring_all(name, {e["file"] for e in entries if not (work / e["file"]).exists()}, work)
        for entry in entries:
            if file_sha256(work / entry["file"]) != entry["sha256"]:
                raise BucketError(
                    f"{self.bucket.address}: {entry['file']} of snapshot {name} is not what its manifest says; {MEND}"
                )

    def _bring_all(self, name: str, places: Collection[str], folder: Path) -> None:
        files = self._there[name]
        with ThreadPoolExecutor(AT_ONCE) as workers:
            list(workers.map(lambda place: self.bucket.bring(files[place], folder / place), sorted(places)))

    @contextmanager
    def _beside(self) -> Iterator[Path]:
        """A folder to fill; those of processes that died are cleared."""
        above = self.marts / BROUGHT
        folder = above / f"{time.time_ns():x}-{os.getpid()}"
        folder.mkdir(parents=True)
        with held(folder, Busy("it is being filled")):
            for left in above.glob("*/"):
                is_new = left.stat().st_mtime > time.time() - NEW_SECONDS
                with suppress(Busy, OSError), held(left, Busy("it is being filled")):
                    if not is_new:
                        shutil.rmtree(left, ignore_errors=True)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def _marts(manifest: Path) -> list[Mapping[str, str]]:
    """What a manifest says of its marts; nothing of one that is cut, which readers say themselves."""
    try:
        entries = list(json.loads(manifest.read_bytes())["marts"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [entry for entry in entries if "/" not in entry["file"]]


def opened(address: Address | None, marts: Path, releases: Path) -> Mirror | None:
    """The mirror of the snapshots at an address, as they are now; None where they lie in a folder alone.

    Call under the lock. `releases` keep what they rest on. Raises BucketError.
    """
    if address is None:
        return None
    mirror = Mirror(address, marts)
    mirror.bring()
    with suppress(storage.UnknownRelease):
        mirror.drop({*storage.releases_made_of(releases).values()})
    return mirror


def refresh(address: Address | None, marts: Path, releases: Path) -> None:
    """Bring what stands in a bucket, for readers; what is not there any more goes unless a run is at work.

    Raises BucketError.
    """
    if address is None:
        return
    mirror = Mirror(address, marts)
    mirror.bring()
    if mirror.is_stale:
        with suppress(Busy), snapshots.lock(marts):
            opened(address, marts, releases)
