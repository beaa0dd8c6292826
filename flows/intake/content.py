"""The bytes of a delivery and of what came beside it: opened once, held against their hashes, archived by hash."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from flows.core.files import placed, write
from flows.intake import delivery_note as notes
from flows.intake import formats
from flows.intake.coded import Content, DeliveredTable
from flows.intake.cpr import holds_cpr_number
from flows.intake.deliveries import HASH_SUFFIX, NOTE_SUFFIX, Delivery
from flows.intake.delivery_note import Note
from flows.intake.faults import Refusal
from flows.intake.formats.encoding import decode
from flows.intake.large_file import LargeFile
from flows.intake.ledger import ARCHIVE
from flows.intake.privacy import lines_with_cpr_numbers
from flows.intake.reading import Reading
from flows.intake.receipts import Receipt
from schemas.registry import Registry

LARGE = 16 << 20


def read(delivery: Delivery, reading: Reading) -> tuple[DeliveredTable, dict[str, Content]]:
    """What a delivery says, and by hash the bytes that were delivered, for the archive.

    Raises Refusal where the file cannot be used at all, or is not the one that was fingerprinted.
    """
    contents = {delivery.fingerprint: _opened(delivery.file)}
    contents |= {
        delivery.hashes[suffix]: _checked(file, delivery.hashes[suffix]) for suffix, file in delivery.beside.items()
    }
    content = contents[delivery.fingerprint]
    note = _note_beside(delivery, contents) if NOTE_SUFFIX in delivery.beside else None
    if isinstance(content, bytes):
        _check(content, delivery.fingerprint)
    try:
        vouched = HASH_SUFFIX in delivery.beside and _vouched(delivery, contents)
        return formats.read(content, reading.layout, reading.source, note, vouched=vouched), contents
    finally:
        # A large file that changed meanwhile is refused for that, whatever else was found in it.
        if not isinstance(content, bytes):
            _check(content, delivery.fingerprint)


def archive(contents: dict[str, Content], staging: Path) -> None:
    """Keep what was delivered, by hash; nothing happens where it is kept already.

    Raises Refusal where a large file changed since it was read.
    """
    for sha256, content in contents.items():
        file = staging / ARCHIVE / sha256
        if file.is_file():
            continue
        if isinstance(content, bytes):
            write(file, content)
            continue
        with placed(file) as part, part.open("wb") as kept:
            kept.writelines(content.pieces())
            _check(content, sha256)


def archived_lines(receipt: Receipt, lines: Collection[int], staging: Path, registry: Registry) -> Mapping[int, str]:
    """The text of lines of an archived delivery, as it was received."""
    source = registry.sources[receipt.source or ""]
    unsaid = Note(says="", origin="", published_at=date.min)
    delivered = _opened(staging / ARCHIVE / receipt.facts_from)
    return formats.read(delivered, registry.layouts[source.layout], source, unsaid, vouched=True).raw(lines)


def _opened(file: Path) -> Content:
    """The bytes of a file; where they are many, they are read where they are asked for."""
    try:
        return LargeFile(file) if file.stat().st_size > LARGE else file.read_bytes()
    except OSError:
        raise _passing("not_readable") from None


def _passing(rule: str) -> Refusal:
    """A refusal for what may be over the next night, though the file is the same: nothing was learned of its bytes."""
    refusal = Refusal(rule)
    refusal.is_to_be_tried_again = True
    return refusal


def _check(content: Content, fingerprint: str) -> None:
    found = content.sha256 if isinstance(content, LargeFile) else hashlib.sha256(content).hexdigest()
    if found != fingerprint:
        raise _passing("changed_while_read")


def _checked(file: Path, fingerprint: str) -> Content:
    content = _opened(file)
    _check(content, fingerprint)
    return content


def _note_beside(delivery: Delivery, contents: dict[str, Content]) -> Note:
    try:
        text, _ = decode(bytes(contents[delivery.hashes[NOTE_SUFFIX]]), ("utf-8", "windows-1252"))
    except Refusal as refusal:
        raise Refusal("undecodable", f"the delivery note beside the file: {refusal.detail}") from None
    lines = text.splitlines()
    if held := lines_with_cpr_numbers(lines):
        raise Refusal("cpr_number", f"line {held[0]} of the delivery note")
    return notes.parse(notes.pairs(lines))


def _vouched(delivery: Delivery, contents: dict[str, Content]) -> bool:
    """Whether the sender's own hash of the file agrees with what was received. Raises Refusal where it differs."""
    words = bytes(contents[delivery.hashes[HASH_SUFFIX]]).split()
    if holds_cpr_number(b" ".join(words[1:]).decode("utf-8", "replace")):
        raise Refusal("cpr_number", "the file with the SHA-256")
    if not words or words[0].lower() != delivery.fingerprint.encode():
        raise Refusal("sha256_differs")
    return True
