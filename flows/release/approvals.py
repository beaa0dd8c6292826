"""Who has looked at an extract before it leaves the house: two people, and both at the same bytes.

Each line of a release's approvals ends with a hash over it and the line before, so that a changed one is named. Once
an extract is handed out its approvals stand in the ledger's seal as well, with the system's user beside the name.
"""

import hashlib
import json
import os
import pwd
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.core.files import write
from flows.release.ledger import START, Signature, Tampered
from flows.release.store import Release

NEEDED = 2
FILE = "approvals.jsonl"


class ApprovalMissing(RuntimeError):
    """An approval that would clear nothing: no name, or a name that has approved already."""


@dataclass(frozen=True)
class Approval:
    """One person's word that a secretariat's extract may leave the house; `content` is the digest of its files.

    `user` is the system's user that the word was given as; `seal` that of the release, and `made_with` a digest of
    the code, rules and engines by which the files were found to be what the release gives. All three are empty in
    approvals of earlier versions.
    """

    secretariat: str
    content: str
    name: str
    at: str
    user: str = ""
    seal: str = ""
    made_with: str = ""

    @property
    def signature(self) -> Signature:
        """The approval as the ledger's seal keeps it."""
        return Signature(name=self.name, user=self.user, at=self.at, content=self.content)


def given(release: Release, secretariat: str, content: str) -> list[Approval]:
    """The approvals of an extract as it is now, the oldest first: those of other bytes count for nothing."""
    return [
        approval for approval in all_of(release) if (approval.secretariat, approval.content) == (secretariat, content)
    ]


def all_of(release: Release) -> list[Approval]:
    """Every approval that was ever given to an extract of a release, the oldest first. Raises Tampered."""
    return _read(release.folder / FILE)[0]


def add(release: Release, secretariat: str, content: str, name: str, made_with: str = "") -> list[Approval]:
    """Note an approval; returns all that count. Raises ApprovalMissing for no name, or the same one again; Tampered.

    Where enough have approved already, and a killed run did not come to hand anything out, any of them may go on.
    """
    # One name can be typed as different characters that look alike: 'å' is one or two of them.
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    before = given(release, secretariat, content)
    if len(name) < 2 or not any(letter.isalpha() for letter in name):
        raise ApprovalMissing('an approval needs the name of the person who has looked: --by "First Last"')
    if name.casefold() in {approval.name.casefold() for approval in before}:
        if are_enough(before):
            return before
        raise ApprovalMissing(
            f"{name} has approved {release.name} for {secretariat} already; it takes {NEEDED} people, and another one "
            "must look at it and approve"
        )
    at = datetime.now(UTC).isoformat(timespec="seconds")
    approval = Approval(secretariat, content, name, at, _user(), release.seal, made_with)
    file = release.folder / FILE
    lines = file.read_bytes() if file.is_file() else b""
    write(file, lines + _line(approval, _read(file)[1]) + b"\n")
    return [*before, approval]


def are_enough(approvals: Sequence[Approval]) -> bool:
    """Whether so many different people have approved."""
    return len({approval.name.casefold() for approval in approvals}) >= NEEDED


def _user() -> str:
    """The system's user of this process, or its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _read(file: Path) -> tuple[list[Approval], str]:
    """The approvals of a file, and what the next line follows. Raises Tampered naming the line that was changed."""
    approvals, last = [], START
    for number, line in enumerate(file.read_bytes().splitlines() if file.is_file() else [], start=1):
        try:
            fields = json.loads(line)
            # Lines of earlier versions have no hash; none of them stands behind one that has.
            is_old = last == START and "hash" not in fields
            follows, digest = ("", "") if is_old else (fields.pop("before"), fields.pop("hash"))
            approval = Approval(**fields)
        except (ValueError, KeyError, AttributeError, TypeError):
            raise Tampered(f"{file}, line {number} cannot be read: {_CHANGED}") from None
        if not is_old and (follows != last or _line(approval, follows) != line):
            raise Tampered(f"{file}, line {number} (the approval of {approval.secretariat}): {_CHANGED}")
        approvals.append(approval)
        last = last if is_old else digest
    return approvals, last


_CHANGED = (
    "it was changed after it was written, or lines before it were. Bring the file back from its backup; if nothing of "
    "the release was handed out, remove the file, and two people approve anew"
)


def _line(approval: Approval, before: str) -> bytes:
    """A line without its break: what it follows, the approval, and a hash over both."""
    fields = {"before": before, **asdict(approval)}
    digest = hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()
    return json.dumps({**fields, "hash": digest}, ensure_ascii=False).encode()
