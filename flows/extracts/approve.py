"""From a release to each secretariat's folder, and from two people's word to what may leave the house."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.core.provenance import code_sha256, digest, engine_versions
from flows.extracts import assemble, folders
from flows.extracts.model import Extract
from flows.publish.snapshots import Snapshot
from flows.release import approvals, ledger_entries, make, store
from flows.release.approvals import Approval
from flows.release.ledger import ReleaseLedger, Tampered
from flows.release.make import CannotRelease
from flows.release.store import Release
from schemas.registry import Registry


@dataclass(frozen=True)
class Written:
    """What became of one secretariat's extract: written anew or unchanged, in which folder, and with what in it."""

    secretariat: str
    folder: Path
    is_new: bool
    is_cleared: bool
    areas: int
    shown: int
    hidden: int


def write_extract(
    release: Release, secretariat: str, snapshot: Snapshot, registry: Registry, ledger: ReleaseLedger, extracts: Path
) -> Written:
    """Write a secretariat's folder, unless it stands there as it would be written."""
    folder = extracts / str(release.year) / secretariat
    if there := _standing(release, secretariat, registry, ledger, folder):
        return there
    is_cleared = ledger_entries.name_of(release, secretariat) in ledger.releases
    extract = _composed(release, secretariat, snapshot, registry, ledger, is_cleared)
    record = folders.write(extract, registry, release, _given(release, secretariat), made_with(registry), folder)
    return _written(record, folder, is_new=True)


def standing(
    year: int, names: Sequence[str], snapshot: Snapshot, registry: Registry, releases: Path, extracts: Path
) -> list[Written] | None:
    """The extracts as they stand, if making them anew would change nothing; else None. Writes nothing."""
    of_year = [release for release in store.kept(releases) if release.year == year]
    ledger = store.ledger_of(releases)
    if not of_year or not make.is_up_to_date(of_year[-1], snapshot, registry, releases, ledger):
        return None
    written = [_standing(of_year[-1], name, registry, ledger, extracts / str(year) / name) for name in names]
    return [extract for extract in written if extract] if all(written) else None


def require_noted(ledger: ReleaseLedger, extracts: Path) -> None:
    """Raise Tampered where a folder says that it was handed out, and the ledger does not know of it."""
    for file in sorted(extracts.rglob(f"{folders.INTERNAL}/{folders.RECORD}")):
        record = folders.recorded(file.parent.parent)
        if record and record["is_cleared"] and f"{record['release']} {record['secretariat']}" not in ledger.releases:
            raise Tampered(
                f"{file} says that {record['release']} was handed out to {record['secretariat']}, and the ledger "
                f"{ledger.file} does not know of it: bring the ledger back from its backup, or keep these extracts "
                "beside the releases that they are of; nothing can be released until then"
            )


def waiting(release: Release, names: Sequence[str], releases: Path) -> list[str]:
    """Of these secretariats those to which nothing of a release has been handed out."""
    handed = store.ledger_of(releases).releases
    return [name for name in names if ledger_entries.name_of(release, name) not in handed]


def approve(
    by: str,
    release: Release,
    names: Sequence[str],
    snapshot: Snapshot,
    registry: Registry,
    releases: Path,
    extracts: Path,
) -> Iterator[tuple[str, list[Approval]]]:
    """Note that a person has looked at the extracts of these secretariats as they stand; the second one hands them out.

    Before anything is handed out the release is attacked once more; then its numbers are entered in the ledger. Gives
    each secretariat with the approvals that count. Raises ApprovalMissing, CannotRelease where a folder is not what
    would be made now, ReleaseDamaged where the release is not, Tampered, Refused.
    """
    ledger = store.ledger_of(releases)
    require_noted(ledger, extracts)
    is_safe = False
    for name in names:
        if ledger_entries.name_of(release, name) in ledger.releases:
            folder = extracts / str(release.year) / name
            raise CannotRelease(f"{release.name} has been handed out to {name} already: {folder}")
    if not make.is_up_to_date(release, snapshot, registry, releases, ledger):
        raise CannotRelease(
            f"{release.name} was made of another snapshot, other rules or before another release was handed out; run "
            f"'boligprofil extract --year {release.year}' again and look at what it writes"
        )
    for name in names:
        folder = extracts / str(release.year) / name
        extract = _composed(release, name, snapshot, registry, ledger, is_cleared=False)
        content = _content(extract, registry)
        if not folder.is_dir() or folders.content_of(folder) != content:
            raise CannotRelease(
                f"{folder} is not what would be handed out (it was changed, or never written); run "
                f"'boligprofil extract --year {release.year} --secretariat {name}' and look at it again"
            )
        given = approvals.add(release, name, content, by)
        if approvals.are_enough(given):
            if not is_safe:
                _require_safe(release, snapshot, registry, ledger)
                is_safe = True
            figures = assemble.figures_of(release, name, snapshot)
            entries = list(ledger_entries.entries(release, name, figures, registry, datetime.now(UTC)))
            if not entries:
                raise CannotRelease(f"{folder} holds no figure at all, so there is nothing to hand out")
            ledger = store.hand_out(releases, entries)
            extract = _composed(release, name, snapshot, registry, ledger, is_cleared=True)
        folders.write(extract, registry, release, given, made_with(registry), folder)
        yield name, given


def _require_safe(release: Release, snapshot: Snapshot, registry: Registry, ledger: ReleaseLedger) -> None:
    """Make a release again of which nothing was handed out yet, and attack it. Raises ReleaseDamaged, Refused."""
    handed = make.handed_out(store.kept(release.folder.parent), ledger)
    if release not in handed:
        make.require_as_made(release, snapshot, registry, handed)
    make.attack_again(release, make.earlier_than(release, handed)).require_safe()


def _standing(
    release: Release, secretariat: str, registry: Registry, ledger: ReleaseLedger, folder: Path
) -> Written | None:
    """A folder as it stands, if its files are those that would be written now."""
    is_cleared = ledger_entries.name_of(release, secretariat) in ledger.releases
    record = folders.recorded(folder)
    expected = (release.name, release.record["inputs_sha256"], is_cleared)
    if record is None or (record["release"], record["inputs_sha256"], record["is_cleared"]) != expected:
        return None
    # What two people have cleared stays as they saw it, though it would be written otherwise today.
    if not is_cleared and record["made_with"] != made_with(registry):
        return None
    return _written(record, folder, is_new=False) if record["files"] == folders.hashes(folder) else None


def _written(record: Mapping[str, Any], folder: Path, is_new: bool) -> Written:
    hidden = sum(record["marks"].get(mark, 0) for mark in ("hidden", "area_too_small"))
    return Written(
        record["secretariat"], folder, is_new, record["is_cleared"], record["areas"], record["shown"], hidden
    )


def made_with(registry: Registry) -> str:
    """A digest of what decides the bytes of an extract beside its figures: code, rules, engines."""
    return digest([code_sha256("flows", "schemas"), registry.fingerprint, repr(sorted(engine_versions().items()))])


def _composed(
    release: Release, secretariat: str, snapshot: Snapshot, registry: Registry, ledger: ReleaseLedger, is_cleared: bool
) -> Extract:
    names = [name.split(" ")[0] for name in ledger.releases if name.split(" ")[1:] == [secretariat]]
    # Records are long: none is read where nothing was handed out before.
    there = {earlier.name: earlier for earlier in store.kept(release.folder.parent)} if names else {}
    before = [there[name] for name in names if there[name].record["number"] < release.record["number"]]
    return assemble.extract(release, secretariat, snapshot, registry, before[-1] if before else None, is_cleared)


def _given(release: Release, secretariat: str) -> list[Approval]:
    return [approval for approval in approvals.all_of(release) if approval.secretariat == secretariat]


def _content(extract: Extract, registry: Registry) -> str:
    with tempfile.TemporaryDirectory(prefix="boligprofil-", ignore_cleanup_errors=True) as folder:
        folders.outputs(extract, registry, Path(folder))
        return folders.content_of(Path(folder))
