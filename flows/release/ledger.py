"""The release ledger: every number that was ever handed out, and every mark; lines are added and never changed.

One JSON object a line, with the hash of the line before and its own: a change of any byte breaks the chain. The hash
of the last line speaks for all of them: whoever keeps it (`head`) also sees that releases were cut off at the end, or
that all was written anew. Each line says which of how many it is in its release. A release of which the last lines
are missing is what a killed run left: it was never handed out, since that happens only once its lines are synced; it
counts for nothing and is moved aside when the next one is added. Written under a lock of the kernel, as snapshots are.

The last line of a release is its seal (`HandOut`): hashes of the files that left, who cleared them, what the attack
reached. Releases that were handed out before there were seals have none, and are read as they are. The seal holds
random bytes, so that its hash, which goes out on a receipt, tells nobody a count: else whoever knows all but one could
try them.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, AwareDatetime, model_validator

from flows.core.access import keep_private
from flows.core.files import sync
from flows.core.locks import held
from flows.release.cells import Key, Part
from schemas.model import Model, Text

START = "0" * 64


# A moment as the ledger writes it, whatever zone it was given in.
Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]


class Tampered(RuntimeError):
    """The ledger is not as it was written: nothing may be released on its word."""


class LedgerBusy(RuntimeError):
    """Another run is writing to the ledger."""


class Entry(Model):
    """One cell of one release: the number that was handed out, or the mark in its place and why.

    `vintage` names the snapshot, `seal` is the digest of the release's record; `rounded_to`: the number is the multiple
    of this next to the true one.
    """

    release: Text
    released_at: Moment
    geography_set: Text
    category_set: Text
    geography: Text
    geography_id: Text
    year: int
    indicator: Text
    part: Part
    vintage: Text
    seal: Text
    value: int | float | None = None
    rounded_to: int | None = None
    mark: Text | None = None
    why: str | None = None
    to: tuple[Text, ...]

    @model_validator(mode="after")
    def _says_something(self) -> "Entry":
        if (self.value is None) == (self.mark in (None, "held_back")):
            raise ValueError("an entry has a value, or a mark in its place; a value may be held back")
        if self.mark is not None and not self.why:
            raise ValueError("a mark needs 'why'")
        return self

    @property
    def key(self) -> Key:
        """The cell that the entry is about."""
        return Key(self.geography, self.geography_id, self.year, self.indicator, self.part)


class Signature(Model):
    """One person's word, as the seal keeps it: name, the system's user that it was given as, when, of which bytes."""

    name: Text
    user: str
    at: Text
    content: Text


class Attacked(Model):
    """What the attack of a release reached: beside which releases (name to seal), by which version of the attack."""

    cells: int
    intervals: int
    leaks: int
    beside: dict[str, str]
    code: Text


class HandOut(Model):
    """What closes a release to one secretariat: what left the house, who cleared it, what the attack reached.

    `seal` is the digest of the release's record, `files` are SHA-256 by path of all that the secretariat got but the
    receipt. `blind` is random, see the module.
    """

    release: Text
    released_at: Moment
    seal: Text
    to: tuple[Text, ...]
    files: dict[str, str]
    approvals: tuple[Signature, ...]
    attack: Attacked
    blind: Text

    @property
    def of_release(self) -> str:
        """The release's name without the secretariat, such as 2012-1."""
        return self.release.split(" ")[0]


@dataclass(frozen=True)
class ReleaseLedger:
    """The ledger as it stood when it was opened. Made by `open_ledger`."""

    file: Path
    entries: tuple[Entry, ...]
    handouts: tuple[HandOut, ...]
    head: str
    ends: tuple[str, ...]  # hashes of the last line of each release
    sound: int  # bytes of the file up to the end of the last whole release
    size: int

    @property
    def torn(self) -> bool:
        """Whether a killed run left something behind the last whole release."""
        return self.sound < self.size

    @property
    def releases(self) -> tuple[str, ...]:
        """Names of the releases, the oldest first."""
        return tuple(dict.fromkeys(entry.release for entry in self.entries))

    def handout(self, release: str) -> HandOut | None:
        """The seal of a release; None where there is none, or it was handed out before there were seals."""
        return next((handout for handout in self.handouts if handout.release == release), None)

    def end_of(self, release: str) -> str:
        """The hash of the last line of a release: what stands on its receipt. Raises ValueError for an unknown one."""
        return self.ends[self.releases.index(release)]


def open_ledger(file: Path, head: str | None = None) -> ReleaseLedger:
    """Read and verify the ledger; an absent file is an empty one. `head` is the hash that its last line must have.

    What a killed run left of a release is not among the entries: it was never handed out.
    Raises Tampered naming the first line that is not what was written.
    """
    content = file.read_bytes() if file.is_file() else b""
    body, line_break, tail = content.rpartition(b"\n")
    lines: list[Entry | HandOut] = []
    ends: list[str] = []
    last, ahead, whole, sound_lines, sound = START, 0, START, 0, 0
    open_release: tuple[str, int, int] | None = None
    for number, line in enumerate(body.split(b"\n") if line_break else [], start=1):
        entry, place, count, last = _read(file, number, line, last)
        release, before, in_all = open_release or (entry.release, 0, count)
        if (entry.release, place, count) != (release, before + 1, in_all) or place > count:
            raise Tampered(f"{file}, line {number}: lines of its release are missing")
        lines.append(entry)
        ahead += len(line) + 1
        open_release = None if place == count else (entry.release, place, count)
        if open_release is None:
            whole, sound_lines, sound = last, len(lines), ahead
            ends.append(last)
    if tail:
        _check_unfinished(file, len(lines) + 1, tail, last)
    if head is not None and head != whole:
        raise Tampered(
            f"{file}: its last line is not the one that was kept ({head[:12]}): lines were cut off or changed"
        )
    known = lines[:sound_lines]
    return ReleaseLedger(
        file,
        tuple(line for line in known if isinstance(line, Entry)),
        tuple(line for line in known if isinstance(line, HandOut)),
        whole,
        tuple(ends),
        sound,
        len(content),
    )


def add(file: Path, entries: Iterable[Entry], seal: HandOut | None = None) -> ReleaseLedger:
    """Write entries and the release's seal, and sync them; only then may it be handed out. Returns the ledger after.

    Without a seal a release is as those were that were handed out before there were seals. The ledger is verified as
    by `open_ledger`. Raises LedgerBusy, and ValueError where a release is already in the ledger: a release is handed
    out once.
    """
    keep_private(file.parent)
    busy = LedgerBusy(f"another run is writing to {file}; wait for it to end")
    with held(file.with_name(f".{file.name}.lock"), busy):
        ledger, new = open_ledger(file), tuple(entries)
        if again := sorted({entry.release for entry in new} & set(ledger.releases)):
            raise ValueError(f"release {', '.join(again)} is in the ledger already; give a new one its own name")
        if not new:
            return ledger
        written: tuple[Entry | HandOut, ...] = (*new, *([seal] if seal else ()))
        if len({line.release for line in written}) > 1:
            raise ValueError("one release at a time")
        if ledger.torn:
            _set_aside(file, ledger.sound)
        lines, last = [], ledger.head
        for number, entry in enumerate(written, start=1):
            line, last = _write(entry, number, len(written), last)
            lines.append(line + b"\n")
        content = b"".join(lines)
        with file.open("ab") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        sync(file.parent)
        end = ledger.sound + len(content)
        seals = (*ledger.handouts, *([seal] if seal else []))
        return ReleaseLedger(file, (*ledger.entries, *new), seals, last, (*ledger.ends, last), end, end)


def _write(entry: Entry | HandOut, number: int, count: int, before: str) -> tuple[bytes, str]:
    """A line without its break, and its hash, with which it ends."""
    fields = {"before": before, **entry.model_dump(mode="json", exclude_none=True), "line": number, "of": count}
    digest = hashlib.sha256(_dump(fields)).hexdigest()
    return _dump({**fields, "hash": digest}), digest


def _dump(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _read(file: Path, number: int, line: bytes, before: str) -> tuple[Entry | HandOut, int, int, str]:
    """An entry or a seal, its number within its release, of how many, and the line's hash."""
    try:
        fields = json.loads(line)
        follows, place, count, _ = (fields.pop(name) for name in ("before", "line", "of", "hash"))
        entry = (HandOut if "blind" in fields else Entry).model_validate(fields)
        written, digest = _write(entry, place, count, follows)
    except (ValueError, KeyError, AttributeError, TypeError):
        raise Tampered(f"{file}, line {number} cannot be read: it was changed after it was written") from None
    if written != line:
        raise Tampered(f"{file}, line {number} is not as it was written: its hash is another one")
    if isinstance(entry, HandOut) and place != count:
        raise Tampered(f"{file}, line {number}: a seal is the last line of its release, and more lines follow this one")
    if follows != before:
        raise Tampered(f"{file}: line {number} does not follow line {number - 1}: lines were taken out or put in")
    return entry, place, count, digest


def _check_unfinished(file: Path, number: int, tail: bytes, last: str) -> None:
    """Raise Tampered unless bytes without a line break may be the beginning of the next line."""
    start = b'{"before":"' + last.encode() + b'"'
    begins = start.startswith(tail) or tail.startswith(start)
    try:
        _, end = json.JSONDecoder().raw_decode(tail.decode("utf-8", errors="replace"))
        is_more = end < len(tail.decode("utf-8", errors="replace"))
    except ValueError:
        is_more = False
    if not begins or is_more:
        raise Tampered(f"{file}, line {number} has no line break and is no unfinished line: it was changed")


def _set_aside(file: Path, sound: int) -> None:
    """Move what a killed run left behind the last whole release into a file beside, and cut it off."""
    rest = file.read_bytes()[sound:]
    aside = file.with_name(f"{file.name}.torn-{hashlib.sha256(rest).hexdigest()[:12]}")
    aside.write_bytes(rest)
    sync(aside)
    with file.open("r+b") as out:
        out.truncate(sound)
        out.flush()
        os.fsync(out.fileno())
