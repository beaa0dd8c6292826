"""Snapshots: written beside, verified, renamed into place, and only then pointed at. A reader sees one whole snapshot.

marts/CURRENT.txt            the snapshot in force: the truth
marts/current                a symlink to it, for people
marts/sites/<id>/            the catalogue of a snapshot, where one was written
marts/vintages/<id>/         a vintage that was rebuilt; it never comes into force
marts/versions/<id>/         one snapshot: a parquet file per mart, data_docs/, manifest.json
marts/.work/<run>/           a snapshot in the making
marts/.brought/<process>/    a snapshot on its way from a bucket, where the folder mirrors one
marts/.lock                  held while a run publishes
"""

import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flows.core.files import parts_below, sync, sync_tree, write
from flows.core.locks import held
from flows.core.provenance import code_sha256, digest, engine_versions, file_sha256

if TYPE_CHECKING:
    import polars as pl

    from flows.intake.deliveries import Delivery

POINTER = "CURRENT.txt"
MANIFEST = "manifest.json"
SITES = "sites"
WORK = ".work"
ID_LENGTH = 16
NEEDED = ("deliveries", "inputs_sha256", "marts")
# The layout of snapshots and their manifests. One without a number is of 1; what an older one lacks counts as unknown.
LAYOUT = 2


class Busy(RuntimeError):
    """Another run holds the lock."""


class NoSnapshot(LookupError):
    """Nothing has been published, or what the pointer names is not there."""


class NoMart(LookupError):
    """The snapshot has no such mart."""


class Damaged(RuntimeError):
    """A snapshot is not what its manifest says."""


class CutManifest(Damaged):
    """The manifest of a snapshot is cut, empty or no manifest: nothing is known of the snapshot with certainty."""


class NewerSnapshot(Damaged):
    """A snapshot that a newer version of the program wrote, in a layout that this one does not know."""


@dataclass(frozen=True)
class Snapshot:
    """One published snapshot: its identifier, its folder, its manifest."""

    id: str
    folder: Path
    manifest: Mapping[str, Any]

    def path(self, mart: str) -> Path:
        """Resolved file of a mart; raises NoMart naming the marts there are."""
        if mart not in self.manifest["marts"]:
            raise NoMart(f"no mart {mart!r}; there are {', '.join(sorted(self.manifest['marts']))}")
        return Path(self.folder, self.manifest["marts"][mart]["file"]).resolve()

    def read(self, mart: str) -> "pl.DataFrame":
        """The rows of a mart; raises NoMart."""
        import polars as pl

        return pl.read_parquet(self.path(mart), glob=False)

    def is_made_of(self, inputs: str) -> bool:
        """It was made of what this hash stands for, and every mart is there."""
        files = ((self.folder / entry["file"], entry["bytes"]) for entry in self.manifest["marts"].values())
        is_same = self.manifest["inputs_sha256"] == inputs
        return is_same and all(file.is_file() and file.stat().st_size == size for file, size in files)

    @property
    def published_at(self) -> datetime:
        """Moment at which the snapshot came into force last."""
        return datetime.fromtimestamp(self.folder.stat().st_mtime, UTC)

    @property
    def accepted(self) -> dict[str, str]:
        """Path of each delivery to the fingerprint whose facts the snapshot holds."""
        return {entry["path"]: entry["facts_from"] for entry in self.manifest["deliveries"] if entry.get("facts_from")}


class Elsewhere(Protocol):
    """Where snapshots stand that a folder mirrors."""

    def publish(self, folder: Path, name: str) -> None:
        """Bring a finished snapshot into force there, or raise and leave what is in force."""


def lock(marts: Path) -> AbstractContextManager[None]:
    """Hold the right to publish. Raises Busy."""
    marts.mkdir(parents=True, exist_ok=True)
    return held(marts / ".lock", Busy(f"another run is publishing to {marts}; wait for it to end"))


def current(marts: Path) -> Snapshot:
    """The snapshot in force. Raises NoSnapshot, and CutManifest where nothing can be read of it."""
    name = named(marts)
    if name is None:
        if any((marts / "versions").glob(f"*/{MANIFEST}")):
            raise NoSnapshot(f"{marts / POINTER} is gone, so that no snapshot is in force; {RECOVER}")
        raise NoSnapshot(f"nothing has been published to {marts} yet; run 'boligprofil run'")
    if not name:
        raise NoSnapshot(f"{marts / POINTER} is empty or cut, so that no snapshot is in force; {RECOVER}")
    folder = marts / "versions" / name
    missing = NoSnapshot(f"{marts / POINTER} names snapshot {name[:64]!r}, which is not there; {RECOVER}")
    if not _is_kept(marts, name):
        raise missing
    try:
        return _read(folder)
    except FileNotFoundError:
        raise missing from None


RECOVER = "run 'boligprofil run', which finds it again or builds it anew"


def named(marts: Path) -> str | None:
    """What the pointer says, None where there is no pointer; empty where it holds no words."""
    try:
        return (marts / POINTER).read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None


def _is_kept(marts: Path, name: str) -> bool:
    """Whether a name, whatever it holds, is that of a snapshot that is kept."""
    return bool(re.fullmatch(r"[\w.-]{1,64}", name)) and (marts / "versions" / name / MANIFEST).is_file()


def find_again(marts: Path, published: Sequence[str]) -> str:
    """Point at the snapshot in force again where the pointer is gone, empty or cut; a sentence that says so, or none.

    It is the one that the link names, else the last of those `published`, else the newest that is kept. A pointer that
    is whole and names a snapshot that is not there stays. Call under the lock.
    """
    name = named(marts)
    if name and (_is_kept(marts, name) or re.fullmatch(rf"[0-9a-f]{{{ID_LENGTH}}}", name)):
        return ""
    link = marts / "current"
    by_link = [link.readlink().name] if link.is_symlink() else []
    candidates = {
        "the link 'current' beside it": by_link,
        "the ledger of deliveries": list(reversed(published)),
        "the newest that is kept": [snapshot.id for snapshot in kept(marts)],
    }
    for by, names in candidates.items():
        if found := next((candidate for candidate in names if _is_kept(marts, candidate)), None):
            point_at(marts, found)
            return f"{marts / POINTER} was gone, empty or cut; it names snapshot {found} again, by {by}"
    return ""


def halves(marts: Path, *folders: Path) -> list[Path]:
    """What a killed run was writing: pointers, and files in and below other folders. Ask under the lock.

    Below the snapshots nothing is looked at: a reader of a bucket may be at work there.
    """
    return [*marts.glob(".*.part"), *marts.glob(".current.*"), *parts_below(*folders)]


def clear(marts: Path, *folders: Path) -> None:
    """Take away what a killed run was writing, and the folders that it was making or taking away; call under the lock.

    A night that finds nothing new does so too: the run may have died after it had published.
    """
    for half in halves(marts, *folders):
        half.unlink(missing_ok=True)
    shutil.rmtree(marts / WORK, ignore_errors=True)


def in_force(marts: Path) -> Snapshot | None:
    """The snapshot in force, None where there is none or nothing can be read of it."""
    try:
        return current(marts)
    except (NoSnapshot, CutManifest):
        return None


def kept(marts: Path, where: str = "versions") -> list[Snapshot]:
    """Every snapshot that is kept and can be read, the latest in force first; `where`: rebuilt "vintages" instead."""
    found = []
    for manifest in (marts / where).glob(f"*/{MANIFEST}"):
        with suppress(CutManifest):
            found.append(_read(manifest.parent))
    return sorted(found, key=lambda snapshot: snapshot.published_at, reverse=True)


def cut(marts: Path) -> list[str]:
    """A sentence for each snapshot that is kept and of which nothing can be read."""
    sentences = []
    for manifest in sorted((marts / "versions").glob(f"*/{MANIFEST}")):
        try:
            _read(manifest.parent)
        except CutManifest as error:
            sentences.append(str(error))
    return sentences


def unreadable(marts: Path) -> list[Path]:
    """The folders of snapshots of which nothing can be read."""
    readable = {snapshot.folder for snapshot in kept(marts)}
    return [folder for folder in sorted((marts / "versions").glob("*/")) if folder not in readable]


def _read(folder: Path) -> Snapshot:
    content = (folder / MANIFEST).read_bytes()
    try:
        manifest = json.loads(content)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or any(name not in manifest for name in NEEDED):
        raise CutManifest(
            f"{folder / MANIFEST} is cut or empty ({len(content):,} bytes), so that nothing is certain of snapshot "
            f"{folder.name}; its marts lie beside it untouched. Run 'boligprofil run': it writes the manifest anew, "
            "or builds the next snapshot"
        )
    if manifest.get("layout", 1) > LAYOUT:
        by = manifest.get("versions", {}).get("boligprofil", "a newer version")
        raise NewerSnapshot(
            f"snapshot {folder.name} was written by boligprofil {by} in layout {manifest['layout']}, and this version "
            f"knows layouts up to {LAYOUT}: install that version again, or move {folder} away and run 'boligprofil run'"
        )
    return Snapshot(folder.name, folder, manifest)


def work_folder(marts: Path) -> Path:
    """A new folder for a snapshot in the making; call under the lock."""
    folder = marts / WORK / f"{time.time_ns():x}-{os.getpid()}"
    folder.mkdir(parents=True)
    return folder


def describe_marts(files: Mapping[str, Path], reads: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
    """The manifest's entry of each mart: file, SHA-256, bytes, rows, columns, and the facts that it is made of."""
    import pyarrow.parquet as pq

    described = {}
    for name, file in sorted(files.items()):
        metadata = pq.read_metadata(file)
        described[name] = {
            "file": file.name,
            "sha256": file_sha256(file),
            "bytes": file.stat().st_size,
            "rows": metadata.num_rows,
            "columns": metadata.num_columns,
            "reads": reads[name],
        }
    return described


def inputs_sha256(deliveries: "Iterable[Delivery]", registry_sha256: str, published_by: date | None = None) -> str:
    """Hash of everything that decides the result: deliveries, registry, code and engines."""
    parts = [registry_sha256, code(), repr(sorted(engine_versions().items()))]
    parts += [f"{delivery.path}\t{delivery.identity}\t{delivery.received_on}" for delivery in deliveries]
    parts += [f"published by {published_by}"] if published_by else []
    return digest(parts)


def to_be_made_again(inputs: str) -> str:
    """In place of the hash of all inputs where not all could be read: the next night finds work to do."""
    return digest([inputs, "not all of it could be read"])


def code() -> str:
    """Hash of all the code that a snapshot is made by."""
    return code_sha256("flows", "schemas", "sql")


def snapshot_id(manifest: Mapping[str, Any]) -> str:
    """Identifier of a snapshot: a hash of its inputs and of every mart's bytes."""
    parts = [manifest["inputs_sha256"]]
    for name, entry in sorted(manifest["marts"].items()):
        parts += [name, entry["sha256"]]
    return digest(parts)[:ID_LENGTH]


def publish(
    work: Path, manifest: Mapping[str, Any], marts: Path, is_past: bool = False, elsewhere: Elsewhere | None = None
) -> Snapshot:
    """Turn a finished work folder into the snapshot in force, or into a vintage beside it; call under the lock.

    Where snapshots stand `elsewhere`, it comes into force there first, and here if it did.

    The order is: manifest written, everything verified against it and synced, folder renamed, pointer switched. A
    process killed anywhere leaves the old snapshot in force and a work folder that the next run clears.
    """
    name = snapshot_id(manifest)
    write(work / MANIFEST, _as_file(Snapshot(name, work, manifest)))
    verify(Snapshot(name, work, manifest))
    sync_tree(work)
    if elsewhere and not is_past:
        elsewhere.publish(work, name)
    folder = marts / ("vintages" if is_past else "versions") / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    if _stands(folder, Snapshot(name, folder, manifest)):
        shutil.rmtree(work)
    else:
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)
    os.utime(folder)
    sync(folder.parent)
    if not is_past:
        point_at(marts, name)
    return _read(folder)


def _stands(folder: Path, made: Snapshot) -> bool:
    """Whether the folder holds the snapshot that was `made` already; a manifest that was cut is written anew.

    Raises Damaged where its manifest is whole and its marts are not.
    """
    if not (folder / MANIFEST).is_file():
        return False
    try:
        verify(_read(folder))
    except CutManifest:
        try:
            verify(made)
        except Damaged:
            return False
        write(folder / MANIFEST, _as_file(made))
    return True


def _as_file(snapshot: Snapshot) -> bytes:
    return json.dumps({"snapshot": snapshot.id, **snapshot.manifest}, ensure_ascii=False, indent=1).encode()


def point_at(marts: Path, name: str) -> None:
    """Switch the pointer: the text file first, since it is the truth, then the symlink for people."""
    write(marts / POINTER, f"{name}\n".encode())
    link = marts / f".current.{os.getpid()}"
    with suppress(FileNotFoundError):
        link.unlink()
    link.symlink_to(Path("versions") / name, target_is_directory=True)
    os.replace(link, marts / "current")
    sync(marts)


def verify(snapshot: Snapshot) -> None:
    """Hash every mart again; raises Damaged naming the files that are not what the manifest says."""
    wrong = []
    for name, entry in snapshot.manifest["marts"].items():
        file = snapshot.folder / entry["file"]
        if not file.is_file():
            wrong.append(f"{name} is missing")
        elif file_sha256(file) != entry["sha256"]:
            wrong.append(f"{name} has other bytes")
    if wrong:
        raise Damaged(
            f"snapshot {snapshot.id} is not what its manifest says: {', '.join(wrong)}; "
            f"move {snapshot.folder} away and run 'boligprofil run --again'"
        )


def staying(marts: Path, keep: int, keep_for: timedelta, releases: Mapping[str, str]) -> dict[str, list[str]]:
    """Why each kept snapshot stays, by its identifier, the latest in force first; nothing keeps one without a reason.

    The newest `keep` stay, one that went out of force less than `keep_for` ago, the one in force, and one that a
    release was made of: `releases` are the snapshots of releases by the release's name. Raises as `current` does.
    """
    found, now = kept(marts), datetime.now(UTC)
    in_force = current(marts).id
    superseded_at = [now, *(snapshot.published_at for snapshot in found)]
    reasons: dict[str, list[str]] = {}
    for position, snapshot in enumerate(found):
        why = reasons.setdefault(snapshot.id, [])
        if snapshot.id == in_force:
            why.append("in force")
        elif position < keep:
            why.append(f"of the {keep} newest")
        elif superseded_at[position] >= now - keep_for:
            why.append(f"in force less than {keep_for.total_seconds() / 3600:,.0f} hours ago")
        if resting := [release for release, made_of in sorted(releases.items()) if made_of == snapshot.id]:
            why.append(f"releases rest on it: {', '.join(resting)}")
    return reasons


def forget(
    marts: Path, staging: Path, keep: int, keep_for: timedelta, releases: Mapping[str, str] | None = None
) -> list[str]:
    """Remove the snapshots that nothing keeps, see `staying`; call under the lock.

    Staged facts that no kept snapshot names go with them after the same time, and folders that are empty then;
    deliveries as received stay for ever. Returns the identifiers of the removed snapshots.
    """
    reasons = staying(marts, keep, keep_for, releases or {})
    removed = [name for name, why in reasons.items() if not why]
    for name in removed:
        take_away(marts / "versions" / name, marts)
    for site in orphans(marts):
        take_away(site, marts)
    for file in unnamed(marts, staging, datetime.now(UTC) - keep_for):
        file.unlink()
    for folder in sorted((path for path in _made(staging) if path.is_dir()), reverse=True):
        with suppress(OSError):
            folder.rmdir()
    return removed


def take_away(folder: Path, marts: Path) -> None:
    """Remove a folder beside snapshots, whole or not at all: what a killed run leaves of it the next one clears."""
    aside = marts / WORK / f"{folder.name}-{time.time_ns():x}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(aside)
    shutil.rmtree(aside)


def orphans(marts: Path) -> list[Path]:
    """The sites of snapshots that are not there any more."""
    return [site for site in sorted((marts / SITES).glob("*/")) if not (marts / "versions" / site.name).is_dir()]


def unnamed(marts: Path, staging: Path, before: datetime) -> list[Path]:
    """The staged files that no kept snapshot names and that were last written before this moment; no deliveries."""
    named = {name for snapshot in kept(marts) for name in snapshot.manifest["staged"]}
    found = []
    for file in _made(staging):
        is_unnamed = file.is_file() and file.relative_to(staging).as_posix() not in named
        if is_unnamed and file.stat().st_mtime < before.timestamp():
            found.append(file)
    return found


def _made(staging: Path) -> Iterator[Path]:
    """Files and folders of staging that can be made anew. The archive is not looked through: it only grows."""
    from flows.intake.ledger import ARCHIVE

    for top in staging.glob("*"):
        if top.name != ARCHIVE:
            yield top
            yield from top.rglob("*")
