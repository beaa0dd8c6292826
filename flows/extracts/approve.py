"""From a release to each secretariat's folder, and from two people's word to what may leave the house."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.core.provenance import code_sha256, digest, engine_versions
from flows.extracts import assemble, folders, receipts, seals
from flows.extracts.model import Extract
from flows.present.language import spoken
from flows.publish.snapshots import Snapshot
from flows.release import approvals, ledger_entries, make, store
from flows.release.approvals import Approval
from flows.release.ledger import ReleaseLedger
from flows.release.make import CannotRelease
from flows.release.store import Release, ReleaseDamaged
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
    release: Release,
    secretariat: str,
    snapshot: Snapshot,
    registry: Registry,
    ledger: ReleaseLedger,
    extracts: Path,
    language: str = "da",
) -> Written:
    """Write a secretariat's folder, unless it stands there as it would be written.

    One that was handed out, and is not there any more, is written as it left. Raises ReleaseDamaged where this
    version would write other bytes.
    """
    folder = extracts / str(release.year) / secretariat
    if there := _standing(release, secretariat, registry, ledger, folder, language):
        return there
    name = ledger_entries.name_of(release, secretariat)
    is_cleared, handout = name in ledger.releases, ledger.handout(name)
    # What left the house is written in the language in which it left.
    language = folders.language_of(handout.files) if handout else language
    extract = _composed(release, secretariat, snapshot, registry, ledger, is_cleared, language)
    given = [approval for approval in approvals.all_of(release) if approval.secretariat == secretariat]
    if handout is None:
        record = folders.write(extract, registry, release, given, made_with(registry), folder)
        return _written(record, folder, is_new=True)
    signed = [approval for approval in given if approval.signature in handout.approvals]
    staged = folders.stage(extract, registry, release, signed, made_with(registry), folder)
    if other := seals.differing(folders.hashes(staged), handout.files):
        shutil.rmtree(staged)
        packed = receipts.zip_of(secretariat, release.year)
        raise ReleaseDamaged(
            f"{folder} was handed out and is not there, and this version would write other files than left the house: "
            f"{', '.join(other)}. Bring the folder back from its backup; its {packed} has the SHA-256 "
            f"{handout.files[packed]}"
        )
    return _written(folders.settle(folder, handout, ledger.end_of(name), registry), folder, is_new=True)


def standing(
    year: int,
    names: Sequence[str],
    snapshot: Snapshot,
    registry: Registry,
    releases: Path,
    extracts: Path,
    language: str = "da",
) -> list[Written] | None:
    """The extracts as they stand, if making them anew would change nothing; else None. Writes nothing."""
    of_year = [release for release in store.kept(releases) if release.year == year]
    ledger = store.ledger_of(releases)
    if seals.is_unfinished(extracts):
        return None
    seals.require_whole(ledger, releases, extracts)
    if not of_year or not make.is_up_to_date(of_year[-1], snapshot, registry, releases, ledger):
        return None
    written = [_standing(of_year[-1], name, registry, ledger, extracts / str(year) / name, language) for name in names]
    return [extract for extract in written if extract] if all(written) else None


def waiting(release: Release, names: Sequence[str], releases: Path, extracts: Path) -> list[str]:
    """Of these secretariats those to which nothing of a release has been handed out.

    Raises CannotRelease, with what to do, where something was, and its folder is not there.
    """
    handed = store.ledger_of(releases).releases
    for name in names:
        folder = extracts / str(release.year) / name
        record = folders.recorded(folder)
        is_there = bool(record and record["is_cleared"] and record["release"] == release.name)
        if ledger_entries.name_of(release, name) in handed and not is_there:
            raise CannotRelease(
                f"{release.name} has been handed out to {name}, and {folder} is not what left the house; run "
                f"'boligprofil extract --year {release.year}', which writes it again, or says that it cannot"
            )
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
    each secretariat with the approvals that count. Call under `store.lock`. Raises ApprovalMissing, CannotRelease
    where a folder is not what would be made now, ReleaseDamaged where the release is not, Tampered, Refused.
    """
    ledger, _ = seals.opened(releases, extracts, registry)
    for name in names:
        if ledger_entries.name_of(release, name) in ledger.releases:
            folder = extracts / str(release.year) / name
            raise CannotRelease(f"{release.name} has been handed out to {name} already: {folder}")
    if not make.is_up_to_date(release, snapshot, registry, releases, ledger):
        raise CannotRelease(
            f"{release.name} was made of another snapshot, other rules or before another release was handed out; run "
            f"'boligprofil extract --year {release.year}' again and look at what it writes"
        )
    made = made_with(registry)
    for name in names:
        folder = extracts / str(release.year) / name
        record = folders.recorded(folder) or {}
        language = record.get("language", "da")
        draft = _composed(release, name, snapshot, registry, ledger, is_cleared=False, language=language)
        content = _looked_at(release, draft, registry, made, folder)
        given = approvals.add(release, name, content, by, made)
        if approvals.are_enough(given):
            ledger = _hand_out(release, draft, given, snapshot, registry, ledger, folder)
        else:
            folders.note_approvals(draft, registry, release, given, folder)
        yield name, given


def _looked_at(release: Release, draft: Extract, registry: Registry, made: str, folder: Path) -> str:
    """The digest of the files in a draft's folder. Raises CannotRelease where they are not what would be written.

    The first person's approval has found them to be that; if neither they nor what makes them have changed since,
    they are not made again for the second.
    """
    content = folders.content_of(folder) if folder.is_dir() else ""
    before = approvals.given(release, draft.secretariat, content)
    if any((approval.seal, approval.made_with) == (release.seal, made) for approval in before):
        return content
    record = folders.recorded(folder)
    if not content or record is None or _content(draft, registry) != content:
        raise CannotRelease(
            f"{folder} is not what would be handed out (it was changed, or never written); run "
            f"'boligprofil extract --year {release.year} --secretariat {draft.secretariat}' and look at it again"
        )
    return content


def _hand_out(
    release: Release,
    draft: Extract,
    given: Sequence[Approval],
    snapshot: Snapshot,
    registry: Registry,
    ledger: ReleaseLedger,
    folder: Path,
) -> ReleaseLedger:
    """Hand a cleared extract out: written beside, entered in the ledger with its seal, then put in its place."""
    name = draft.secretariat
    attack = make.attacked(release, snapshot, registry, ledger)
    at = datetime.now(UTC)
    figures = assemble.figures_of(release, name, snapshot, registry)
    entries = list(ledger_entries.entries(release, name, figures, registry, at))
    if not entries:
        raise CannotRelease(f"{folder} holds no figure at all, so there is nothing to hand out")
    extract = _composed(release, name, snapshot, registry, ledger, is_cleared=True, language=draft.language)
    staged = folders.stage(extract, registry, release, given, made_with(registry), folder)
    seal = ledger_entries.seal(release, name, folders.hashes(staged), given, attack, at)
    ledger = store.hand_out(release.folder.parent, entries, seal)
    folders.settle(folder, seal, ledger.end_of(seal.release), registry)
    return ledger


def _standing(
    release: Release, secretariat: str, registry: Registry, ledger: ReleaseLedger, folder: Path, language: str
) -> Written | None:
    """A folder as it stands, if its files are those that would be written now."""
    is_cleared = ledger_entries.name_of(release, secretariat) in ledger.releases
    record = folders.recorded(folder)
    expected = (release.name, release.record["inputs_sha256"], is_cleared)
    if record is None or (record["release"], record["inputs_sha256"], record["is_cleared"]) != expected:
        return None
    # What two people have cleared stays as they saw it, though it would be written otherwise today.
    if not is_cleared and (record["made_with"], record.get("language", "da")) != (made_with(registry), language):
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
    release: Release,
    secretariat: str,
    snapshot: Snapshot,
    registry: Registry,
    ledger: ReleaseLedger,
    is_cleared: bool,
    language: str,
) -> Extract:
    names = [name.split(" ")[0] for name in ledger.releases if name.split(" ")[1:] == [secretariat]]
    # Records are long: none is read where nothing was handed out before.
    there = {earlier.name: earlier for earlier in store.kept(release.folder.parent)} if names else {}
    before = [there[name] for name in names if there[name].record["number"] < release.record["number"]]
    with spoken(language, registry):
        return assemble.extract(release, secretariat, snapshot, registry, before[-1] if before else None, is_cleared)


def _content(extract: Extract, registry: Registry) -> str:
    with tempfile.TemporaryDirectory(prefix="boligprofil-", ignore_cleanup_errors=True) as folder:
        folders.outputs(extract, registry, Path(folder))
        return folders.content_of(Path(folder))
