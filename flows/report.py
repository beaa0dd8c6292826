"""What a run did, for the manifest, the terminal and the flow's result."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from flows.intake.staging import Receipt


@dataclass(frozen=True)
class Report:
    """Outcome of a run: `published` and `unchanged` are good nights, `refused` left the last snapshot in force.

    `rebuilt` is a vintage in `folder`; `differences` says how it differs from the snapshot of that time.
    """

    outcome: Literal["published", "unchanged", "refused", "rebuilt"]
    message: str
    snapshot: str = ""
    folder: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    deliveries: tuple[dict[str, Any], ...] = ()
    marts: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


def delivery_entries(
    receipts: Sequence[Receipt], set_aside: dict[str, int], quarantine: dict[str, Path]
) -> tuple[dict[str, Any], ...]:
    """What became of each delivery, as plain values."""
    entries = []
    for receipt in receipts:
        entry = {
            "path": receipt.path,
            "source": receipt.source,
            "outcome": receipt.outcome,
            "sha256": receipt.fingerprint,
            "facts_from": receipt.facts_from,
            "origin": receipt.origin,
            "says": receipt.says,
            "sender": receipt.sender,
            "published_at": receipt.published_at,
            "format": receipt.format,
            "encoding": receipt.encoding,
            "rows": receipt.rows,
            "used": receipt.used,
            "quarantined": receipt.quarantined,
            "out_of_scope": receipt.out_of_scope,
            "set_aside": set_aside.get(receipt.path, 0),
            "rules": receipt.rules,
            "corrected": receipt.corrected,
            "accepted": receipt.accepted,
            "rule": receipt.rule,
            "detail": receipt.detail,
            "quarantine": quarantine[receipt.path].as_posix() if receipt.path in quarantine else "",
        }
        entries.append({name: value for name, value in entry.items() if value not in ("", {}, None)})
    return tuple(entries)
