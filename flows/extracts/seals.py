"""What was handed out, held against its seal in the ledger: a changed file, approval or ledger is named.

And what a killed run left between the ledger and the files is put in its place: the ledger is written when the cleared
extract lies synced beside its place, so that whatever it says was handed out is there.
"""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flows.core.files import left_beside, tidy, tidy_parts
from flows.extracts import folders, receipts
from flows.release import approvals, make, store
from flows.release.ledger import HandOut, ReleaseLedger, Tampered
from flows.release.store import Release
from schemas.registry import Registry


def opened(releases: Path, extracts: Path, registry: Registry) -> tuple[ReleaseLedger, list[Path]]:
    """The ledger, with all that it says was handed out found as it left; and the folders that had to be finished.

    Call under `store.lock`. Raises Tampered, ReleaseDamaged.
    """
    for written in (releases, extracts):
        tidy_parts(written)
    ledger = store.ledger_of(releases)
    finished = list(_finish(ledger, extracts, registry))
    store.note_end(releases, ledger)
    require_whole(ledger, releases, extracts)
    return ledger, finished


def is_unfinished(extracts: Path) -> bool:
    """Whether a killed run left something beside the folders."""
    return any(_staged(extracts)) or any(left_beside(year) for year in extracts.glob("*"))


def _staged(extracts: Path) -> Iterator[Path]:
    """The folders beside which something is staged."""
    for staged in sorted(extracts.glob("*/.*.cleared")):
        folder = staged.with_name(staged.name.removeprefix(".").removesuffix(".cleared"))
        if folders.staged_beside(folder) == staged:
            yield folder


def _finish(ledger: ReleaseLedger, extracts: Path, registry: Registry) -> Iterator[Path]:
    """Put what the ledger has in its place, and take away what it has not: that was never handed out."""
    for year in sorted(extracts.glob("*")):
        for folder in left_beside(year):
            tidy(folder)
    for folder in list(_staged(extracts)):
        staged = folders.staged_beside(folder)
        record = folders.recorded(staged)
        handout = ledger.handout(_name(record)) if record else None
        if handout is None or folders.hashes(staged) != handout.files:
            shutil.rmtree(staged)
            continue
        there = folders.recorded(folder)
        if there and there["is_cleared"] and _name(there) == handout.release:
            shutil.rmtree(staged)
            continue
        folders.settle(folder, handout, ledger.end_of(handout.release), registry)
        yield folder


def require_whole(ledger: ReleaseLedger, releases: Path, extracts: Path) -> None:
    """Raise where something is not as it was handed out: Tampered of ledger, approvals, extracts, receipts;
    ReleaseDamaged of a release. Writes nothing."""
    known = {release.name: release for release in store.kept(releases)}
    for release in make.handed_out(list(known.values()), ledger):
        release.require_whole()
    for handout in ledger.handouts:
        _require_approvals(handout, known[handout.of_release])
    for file in sorted(extracts.rglob(f"{folders.INTERNAL}/{folders.RECORD}")):
        folder = file.parent.parent
        record = folders.recorded(folder)
        if record and record["is_cleared"] and folder.suffix != ".cleared":
            _require_handed_out(record, folder, ledger)
    for handout in ledger.handouts:
        folder = extracts / handout.of_release.split("-")[0] / handout.to[0]
        is_kept = (folder.parent / folders.EARLIER / f"{folder.name}-{handout.of_release}").is_dir()
        if folder.is_dir() and not is_kept and folders.recorded(folder) is None:
            raise Tampered(_changed(folder, [f"{folders.INTERNAL}/{folders.RECORD} (it is gone, or cannot be read)"]))


def _require_approvals(handout: HandOut, release: Release) -> None:
    """Raise Tampered unless the release's approvals are those by which it was handed out."""
    (secretariat,) = handout.to
    there = [approval.signature for approval in approvals.all_of(release) if approval.secretariat == secretariat]
    if lost := [signature for signature in handout.approvals if signature not in there]:
        names = " and ".join(signature.name for signature in lost)
        raise Tampered(
            f"{release.folder / approvals.FILE} does not have the approval of {secretariat} by {names} with which "
            f"{release.name} was handed out: it was changed or lost. Bring it back from its backup; nothing can be "
            "released until then"
        )


def _require_handed_out(record: Mapping[str, Any], folder: Path, ledger: ReleaseLedger) -> None:
    """Raise Tampered unless the ledger knows that this extract was handed out, and it is as it left."""
    name = _name(record)
    if name not in ledger.releases:
        raise Tampered(
            f"{folder / folders.INTERNAL / folders.RECORD} says that {record['release']} was handed out to "
            f"{record['secretariat']}, and the ledger {ledger.file} does not know of it: bring the ledger back from "
            "its backup, or keep these extracts beside the releases that they are of; nothing can be released until "
            "then"
        )
    handout = ledger.handout(name)
    if handout is None and receipts.name_of(record) not in record["files"]:
        # Handed out before there were seals.
        return
    if handout is None:
        raise Tampered(_other_chain(folder / receipts.name_of(record), ledger))
    _require_receipt(record, folder, handout, ledger)
    there = folders.hashes(folder)
    there.pop(receipts.name_of(record))
    if other := differing(there, handout.files):
        raise Tampered(_changed(folder, other))
    signed = [signature.model_dump() for signature in handout.approvals]
    if record["approvals"] != signed or record["files"] != folders.hashes(folder):
        raise Tampered(_changed(folder, [f"{folders.INTERNAL}/{folders.RECORD}"]))


def _require_receipt(record: Mapping[str, Any], folder: Path, handout: HandOut, ledger: ReleaseLedger) -> None:
    receipt = folder / receipts.name_of(record)
    if not receipt.is_file():
        raise Tampered(_changed(folder, [f"{receipt.name} (it is gone)"]))
    head = ledger.end_of(handout.release)
    if receipt.read_bytes() == receipts.text(record, handout, head):
        return
    try:
        is_other_chain = receipts.head_on(receipt) not in ledger.ends
    except receipts.NoReceipt:
        is_other_chain = False
    raise Tampered(_other_chain(receipt, ledger) if is_other_chain else _changed(folder, [receipt.name]))


def differing(there: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """Files by path that are not those that are expected, each with what is wrong with it."""
    return [
        f"{path} ({_fault(path, there, expected)})"
        for path in sorted({*there, *expected})
        if there.get(path) != expected.get(path)
    ]


def _fault(path: str, there: Mapping[str, str], expected: Mapping[str, str]) -> str:
    if path not in there:
        return "it is gone"
    return "it was changed" if path in expected else "it was added"


def _name(record: Mapping[str, Any]) -> str:
    """What the ledger calls the release of an extract."""
    return f"{record['release']} {record['secretariat']}"


def _changed(folder: Path, files: list[str]) -> str:
    return (
        f"{folder} is not as it was handed out: {', '.join(files)}. Bring the folder back from its backup, or move it "
        f"out of the folder of extracts and run 'boligprofil extract --year {_year(folder)}', which writes what left "
        "the house, or says that it cannot"
    )


def _year(folder: Path) -> str:
    return next((part for part in reversed(folder.parts) if part.isdigit()), "")


def _other_chain(receipt: Path, ledger: ReleaseLedger) -> str:
    return (
        f"{receipt} names a link that the ledger {ledger.file} does not have: the ledger was put back to an earlier "
        "day, or written anew, or the receipt was changed. Bring back the ledger, its end (ledger.head) and this "
        "folder from one backup; nothing can be released until then"
    )
