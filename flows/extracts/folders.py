"""A secretariat's extract as a folder: written beside, synced, then put in its place whole.

data/extracts/<year>/<secretariat>/
    boligprofil-<secretariat>-<year>.xlsx .pdf .csv     workbook, report, and all figures as a list
    boligprofil-<secretariat>-<year>-moedeark.pdf       a sheet for the meeting on each plan that has set a goal
    sider/index.html, omraade-<area>.html, ...          the same as web pages, with what is new and what words mean
    definitioner.txt, aendringer.txt                    what the figures mean, and what has changed
    boligprofil-<secretariat>-<year>.zip                once it is cleared: all of this in one file to send
    boligprofil-<secretariat>-<year>-kvittering.txt     its receipt, to send with it
    INTERNT/kontrol.html, kontrol.json                  the checker's record: it stays in the house
data/extracts/<year>/.<secretariat>.cleared/            all of it but the receipt, until the ledger has it
Names of files are in the extract's language: pages/, definitions.txt in an English one.
data/extracts/<year>/omraader-<areas>/                  of any areas, by --areas: what was published, and no record
data/extracts/<year>/tidligere/<secretariat>-<release>/ what was handed out of an earlier release of the year
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.core.files import replaced, sync, sync_tree
from flows.core.files import write as write_file
from flows.core.memory import uncollected
from flows.extracts import audit, csv_list, figure_list, meeting, pages, receipts, report, texts, workbook
from flows.extracts.model import Extract
from flows.present import pdf
from flows.present.language import GRAMMARS, say, spoken, word
from flows.release.approvals import Approval
from flows.release.ledger import HandOut
from flows.release.store import Release
from schemas.registry import Registry

INTERNAL = "INTERNT"
EARLIER = "tidligere"
RECORD = "kontrol.json"
PAGE = "kontrol.html"


def write(
    extract: Extract,
    registry: Registry,
    release: Release,
    approvals: Sequence[Approval],
    made_with: str,
    folder: Path,
) -> Mapping[str, Any]:
    """Write an extract into `folder`, in place of what is there; returns the checker's record.

    `approvals` are those given so far, of which those of these bytes count; `made_with` is a digest of what the bytes
    depend on. On any error what was there stays.
    """
    keep_cleared(folder, release.name)
    with replaced(folder) as work:
        return _fill(extract, registry, release, approvals, made_with, work)


def stage(
    extract: Extract,
    registry: Registry,
    release: Release,
    approvals: Sequence[Approval],
    made_with: str,
    folder: Path,
) -> Path:
    """Write a cleared extract beside `folder`, all but its receipt, and sync it; as `write`. Returns where it lies.

    It stays there until it is put in its place, whatever happens in between: the ledger has its hashes by then.
    """
    staged = staged_beside(folder)
    shutil.rmtree(staged, ignore_errors=True)
    _fill(extract, registry, release, approvals, made_with, staged)
    sync_tree(staged)
    return staged


def staged_beside(folder: Path) -> Path:
    """Where a cleared extract lies until the ledger has it."""
    return folder.with_name(f".{folder.name}.cleared")


def settle(folder: Path, handout: HandOut, head: str, registry: Registry) -> Mapping[str, Any]:
    """Put what was staged beside `folder` in its place, with its receipt; returns the checker's record.

    `head` is the hash of the ledger's line that closes the hand-out. A killed run is finished by calling it again.
    """
    staged = staged_beside(folder)
    keep_cleared(folder, handout.of_release)
    with replaced(folder) as work:
        shutil.copytree(staged, work, dirs_exist_ok=True)
        record = dict(_record_in(work))
        with spoken(record.get("language", "da"), registry):
            write_file(work / receipts.name_of(record), receipts.text(record, handout, head))
        _note(work, {**record, "files": hashes(work)}, registry)
    shutil.rmtree(staged)
    return _record_in(folder)


def note_approvals(
    extract: Extract, registry: Registry, release: Release, approvals: Sequence[Approval], folder: Path
) -> None:
    """Write the checker's record of a draft anew, with these approvals; no other file is touched."""
    before = _record_in(folder)
    record = audit.of_extract(extract, registry, release, approvals, before["letters"])
    _note(folder, {**before, **record}, registry)


def _fill(
    extract: Extract,
    registry: Registry,
    release: Release,
    approvals: Sequence[Approval],
    made_with: str,
    work: Path,
) -> Mapping[str, Any]:
    letters = outputs(extract, registry, work)
    if extract.is_cleared:
        _pack(work, receipts.zip_of(extract.secretariat, extract.year))
    files = hashes(work)
    content = _digest(files)
    # Approvals speak of the draft's bytes: those of other bytes count for nothing.
    spoken_of = approvals[-1].content if extract.is_cleared and approvals else content
    counting = [approval for approval in approvals if approval.content == spoken_of]
    record = {
        **audit.of_extract(extract, registry, release, counting, audit.where(extract, letters)),
        "content_sha256": content,
        "language": extract.language,
        "made_with": made_with,
        "files": files,
    }
    _note(work, record, registry)
    return record


def _note(folder: Path, record: Mapping[str, Any], registry: Registry) -> None:
    content = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    # The record last: where it is not there, or of other approvals, the page is not believed either.
    write_file(folder / INTERNAL / PAGE, audit.page(record, registry).encode())
    write_file(folder / INTERNAL / RECORD, content.encode())


def _record_in(folder: Path) -> Mapping[str, Any]:
    record: Mapping[str, Any] = json.loads((folder / INTERNAL / RECORD).read_text(encoding="utf-8"))
    return record


def write_choice(extract: Extract, registry: Registry, folder: Path) -> Path:
    """Write an extract of published figures alone into `folder`, in place of what is there; on any error that stays.

    It has no record and no receipt: nobody clears it, and nothing in it enters the ledger.
    """
    with replaced(folder) as work:
        outputs(extract, registry, work)
    return folder


def language_of(files: Collection[str]) -> str:
    """The language of what was handed out, by the names of its files."""
    return next(code for code in GRAMMARS if f"{word(code, 'definitioner')}.txt" in files)


def keep_cleared(folder: Path, release: str) -> None:
    """Move what was handed out of another release out of the way, so that it is not lost."""
    record = recorded(folder)
    if record and record["is_cleared"] and record["release"] != release:
        kept = folder.parent / EARLIER / f"{folder.name}-{record['release']}"
        kept.parent.mkdir(exist_ok=True)
        os.replace(folder, kept)
        sync(kept.parent)


def outputs(extract: Extract, registry: Registry, folder: Path) -> frozenset[str]:
    """Write everything that the secretariat gets into a new folder; returns the letters that no font of the PDF has."""
    stem = f"boligprofil-{extract.secretariat}-{extract.year}"
    folder.mkdir(parents=True, exist_ok=True)
    with uncollected(), spoken(extract.language, registry):
        pages.write(extract, registry, folder / say("sider"))
        # What stands beside a figure is worked out once for both.
        lines = list(figure_list.lines(extract, registry))
        workbook.write(extract, registry, lines, folder / f"{stem}.xlsx")
        csv_list.write(extract, lines, folder / f"{stem}.csv")
        printed = report.typeset(extract, registry)
        sheets = meeting.typeset(extract, registry)
        texts_of = {
            say("definitioner"): texts.definitions(extract, registry),
            say("aendringer"): texts.change_log(extract, registry),
        }
        sheet = f"{stem}-{say('moedeark')}.pdf"
    (folder / f"{stem}.pdf").write_bytes(printed.pdf)
    if sheets:
        (folder / sheet).write_bytes(sheets.pdf)
    for name, text in texts_of.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
    pdf.forget()
    return printed.replaced | (sheets.replaced if sheets else frozenset())


def _pack(folder: Path, name: str) -> None:
    """Everything that the secretariat gets as one file to send: nothing internal is in it."""
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != name):
            inside = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            inside.external_attr = 0o644 << 16
            packed.writestr(inside, path.read_bytes(), zipfile.ZIP_DEFLATED)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file that the secretariat gets, by its path in the folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.relative_to(folder).parts[0] != INTERNAL
    }


def content_of(folder: Path) -> str:
    """One digest over all files that the secretariat gets: what an approval speaks of."""
    return _digest(hashes(folder))


def _digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def recorded(folder: Path) -> Mapping[str, Any] | None:
    """The checker's record of a folder; None where there is none that can be read."""
    try:
        record: Mapping[str, Any] = json.loads((folder / INTERNAL / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record
