"""What lies on the disk, how large it is, and what keeps it: snapshots, vintages, facts, the archive, refused pages.

A mart that did not change is one file in many snapshots: what a snapshot holds is more than what its removal frees.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.intake.ledger import ARCHIVE, FILE, DeliveryLedger
from flows.publish import snapshots

RECORD = "record.json"


class UnknownRelease(RuntimeError):
    """The record of a release cannot be read, so that nobody knows which snapshot it rests on."""


@dataclass(frozen=True)
class Retention:
    """What stays by age and number: the newest snapshots, how long one stays after it was in force, and vintages."""

    snapshots: int
    after_force: timedelta
    vintages: timedelta


@dataclass(frozen=True)
class Holding:
    """Something that lies on the disk: what it is, its name, its files by device, inode and bytes, and what keeps it.

    Where nothing keeps it (`kept_by` is empty) it may go: `paths` are then removed.
    """

    kind: str
    name: str
    files: Mapping[tuple[int, int], int]
    kept_by: tuple[str, ...]
    paths: tuple[Path, ...] = ()

    @property
    def bytes(self) -> int:
        """What its files hold, whoever holds them as well."""
        return sum(self.files.values())


def releases_made_of(releases: Path) -> dict[str, str]:
    """The snapshot that each release was made of, by the release's name, drafts among them.

    Raises UnknownRelease where a record cannot be read.
    """
    found = {}
    for file in sorted(releases.glob(f"*/{RECORD}")):
        try:
            found[file.parent.name] = str(json.loads(file.read_bytes())["snapshot"])
        except (OSError, ValueError, KeyError, TypeError):
            raise UnknownRelease(
                f"{file} cannot be read, so that nobody knows which snapshot release {file.parent.name} rests on: "
                "nothing is removed. Bring it back from its backup, or move its folder away if it was never handed out"
            ) from None
    return found


def holdings(marts: Path, staging: Path, releases: Path, retention: Retention) -> list[Holding]:
    """All that lies in the folders of snapshots and of staging. Raises UnknownRelease, and as `snapshots.current`."""
    now = datetime.now(UTC)
    made_of = releases_made_of(releases)
    reasons = snapshots.staying(marts, retention.snapshots, retention.after_force, made_of)
    return [
        *(_folder("snapshot", marts / "versions" / name, why) for name, why in reasons.items()),
        *_cut(marts),
        *_vintages(marts, now - retention.vintages, retention.vintages.days, made_of),
        *_staged(marts, staging, now - retention.after_force),
        *_archive(staging, now),
        *_sites(marts),
        *_refused(marts),
    ]


def going(found: Iterable[Holding]) -> list[Holding]:
    """What nothing keeps."""
    return [holding for holding in found if not holding.kept_by]


def freed(found: Iterable[Holding]) -> int:
    """The bytes that nothing would hold any more if all went that nothing keeps."""
    known = list(found)
    there = {file for holding in known if holding.kept_by for file in holding.files}
    gone = {file: size for holding in going(known) for file, size in holding.files.items()}
    return sum(size for file, size in gone.items() if file not in there)


def remove(found: Iterable[Holding], marts: Path) -> None:
    """Remove what nothing keeps; call under the lock of the snapshots, under which it was found."""
    for holding in going(found):
        for path in holding.paths:
            if path.is_dir():
                snapshots.take_away(path, marts)
            else:
                path.unlink(missing_ok=True)


def _folder(kind: str, folder: Path, why: Iterable[str]) -> Holding:
    return Holding(kind, folder.name, _files(folder.rglob("*")), tuple(why), (folder,))


def _cut(marts: Path) -> Iterator[Holding]:
    """Snapshots of which nothing can be read: whether the next night needs them nobody knows."""
    for folder in snapshots.unreadable(marts):
        yield _folder("snapshot", folder, ["its manifest cannot be read: the next night mends it, or a person looks"])


def _vintages(marts: Path, before: datetime, days: int, made_of: Mapping[str, str]) -> Iterator[Holding]:
    for snapshot in snapshots.kept(marts, "vintages"):
        why = [f"releases rest on it: {name}" for name, snapshot_id in made_of.items() if snapshot_id == snapshot.id]
        why += [f"rebuilt less than {days} days ago"] if snapshot.published_at >= before else []
        yield _folder("vintage", snapshot.folder, why)


def _staged(marts: Path, staging: Path, before: datetime) -> Iterator[Holding]:
    old = snapshots.unnamed(marts, staging, before)
    others = [path for path in staging.rglob("*") if path.is_file() and staging / ARCHIVE not in path.parents]
    named = _files(path for path in others if path not in {*old})
    yield Holding("staged facts", f"{len(named):,} files", named, ("snapshots name them, or tonight's run may",))
    if old:
        yield Holding("staged facts", f"{len(old):,} files", _files(old), (), tuple(old))


def _archive(staging: Path, now: datetime) -> Iterator[Holding]:
    """The deliveries as received: nothing of them ever goes, for nobody else has what was replaced."""
    ledger = DeliveryLedger.load(staging)
    in_force = {version.file.name for versions in ledger.at(now) for version in versions[:1]}
    in_force |= {hash_ for versions in ledger.at(now) for version in versions[:1] for hash_ in version.hashes.values()}
    files = [path for path in (staging / ARCHIVE).glob("*") if path.is_file() and path.name != FILE]
    now_read = _files(path for path in files if path.name in in_force)
    older = _files(path for path in files if path.name not in in_force)
    yield Holding("archive", f"{len(now_read):,} files", now_read, ("deliveries that are there now, as received",))
    if older:
        yield Holding("archive", f"{len(older):,} files", older, ("the only memory of what was replaced or is gone",))


def _sites(marts: Path) -> Iterator[Holding]:
    orphans = snapshots.orphans(marts)
    for folder in sorted((marts / snapshots.SITES).glob("*/")):
        yield _folder("site", folder, [] if folder in orphans else ["its snapshot is kept"])


def _refused(marts: Path) -> Iterator[Holding]:
    folder = marts / "refused"
    if folder.is_dir():
        is_news = folder.stat().st_mtime > snapshots.current(marts).published_at.timestamp()
        yield _folder("refused pages", folder, ["nothing was published since"] if is_news else [])


def _files(paths: Iterable[Path]) -> dict[tuple[int, int], int]:
    found = {}
    for path in paths:
        with suppress(FileNotFoundError):
            known = path.lstat()
            if path.is_file() and not path.is_symlink():
                found[known.st_dev, known.st_ino] = known.st_size
    return found
