"""Who has looked at an extract before it leaves the house: two people, and both at the same bytes."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from flows.core.files import write
from flows.release.store import Release

NEEDED = 2
FILE = "approvals.jsonl"


class ApprovalMissing(RuntimeError):
    """An approval that would clear nothing: no name, or a name that has approved already."""


@dataclass(frozen=True)
class Approval:
    """One person's word that a secretariat's extract may leave the house; `content` is the digest of its files."""

    secretariat: str
    content: str
    name: str
    at: str


def given(release: Release, secretariat: str, content: str) -> list[Approval]:
    """The approvals of an extract as it is now, the oldest first: those of other bytes count for nothing."""
    return [
        approval for approval in all_of(release) if (approval.secretariat, approval.content) == (secretariat, content)
    ]


def all_of(release: Release) -> list[Approval]:
    """Every approval that was ever given to an extract of a release, the oldest first."""
    file = release.folder / FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [Approval(**json.loads(line)) for line in lines]


def add(release: Release, secretariat: str, content: str, name: str) -> list[Approval]:
    """Note an approval; returns all that count. Raises ApprovalMissing for no name, or the same one again.

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
    approval = Approval(secretariat, content, name, datetime.now(UTC).isoformat(timespec="seconds"))
    file = release.folder / FILE
    lines = file.read_bytes() if file.is_file() else b""
    write(file, lines + json.dumps(asdict(approval), ensure_ascii=False).encode() + b"\n")
    return [*before, approval]


def are_enough(approvals: Sequence[Approval]) -> bool:
    """Whether so many different people have approved."""
    return len({approval.name.casefold() for approval in approvals}) >= NEEDED
