"""Receipts: what became of each delivery, kept as JSON; one that is there means that the work is done."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from flows.core.files import write


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery.

    `rows` = `used` + `quarantined` + `out_of_scope`, or the delivery was refused as a whole (then `rule` says why).
    What is used stands in the facts, and in a mart unless a newer delivery has taken its place.
    Where figures stand in several columns of a line, each is a row; of the rows `implied` are not in the file and mean
    0, by the word of its note. `tables` names the staged file of each fact table;
    `faults` the file of broken rules (line, column, rule, detail, row), `set_aside` that of the keys of figures in the
    rows that broke them; `corrected` and `accepted` count the rows that
    a declared correction or exception matched; `remarks` are what a reader should know and what sets no row aside, as
    line, column, rule and detail. For a refused delivery `stands_in` is the fingerprint of the older one
    whose facts are used in its place. `history` are the staged files of the older versions that
    still count, by fact table, the oldest first. `came_at` is the moment at which the version that the facts come from
    came, `is_resent` that it took another one's place. `staged` is all in staging that was looked at to say so, also of
    older versions: what is still there is not read again. A refusal that `is_to_be_tried_again` is kept for no other
    night.
    """

    path: str
    fingerprint: str
    source: str | None
    outcome: Literal["accepted", "refused"]
    rule: str = ""
    detail: str = ""
    origin: str = ""
    says: str = ""
    sender: str = ""
    published_at: str = ""
    format: str = ""
    encoding: str = ""
    rows: int = 0
    used: int = 0
    quarantined: int = 0
    out_of_scope: int = 0
    implied: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    corrected: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    remarks: tuple[tuple[int, str, str, str], ...] = ()
    tables: dict[str, str] = field(default_factory=dict)
    faults: str = ""
    set_aside: str = ""
    archived: str = ""
    stands_in: str = ""
    history: dict[str, tuple[str, ...]] = field(default_factory=dict)
    came_at: str = ""
    is_resent: bool = False
    is_to_be_tried_again: bool = False
    staged: tuple[str, ...] = field(default=(), compare=False)

    @property
    def facts_from(self) -> str:
        """Fingerprint of the delivery that the facts come from: its own, an older one's that stands in, or none."""
        return self.fingerprint if self.outcome == "accepted" else self.stands_in

    @property
    def files(self) -> tuple[str, ...]:
        """Everything in staging that the receipt speaks of."""
        return tuple(file for file in (*self.tables.values(), self.faults, self.set_aside, self.archived) if file)

    def versions(self, table: str) -> list[str]:
        """The staged files of a fact table, of older versions first."""
        return [*self.history.get(table, ()), *(file for name, file in self.tables.items() if name == table)]

    def entry(self, set_aside: int, quarantine: Path | None) -> dict[str, Any]:
        """What became of the delivery as plain values, for the manifest; what is empty is left out.

        `set_aside` counts its rows that other deliveries contradict, `quarantine` is the file for people.
        """
        entry = {
            "path": self.path,
            "source": self.source,
            "outcome": self.outcome,
            "sha256": self.fingerprint,
            "facts_from": self.facts_from,
            "origin": self.origin,
            "says": self.says,
            "sender": self.sender,
            "published_at": self.published_at,
            "format": self.format,
            "encoding": self.encoding,
            "rows": self.rows,
            "used": self.used,
            "quarantined": self.quarantined,
            "out_of_scope": self.out_of_scope,
            "set_aside": set_aside,
            "rules": self.rules,
            "corrected": self.corrected,
            "accepted": self.accepted,
            "remarks": dict(Counter(rule for _, _, rule, _ in self.remarks)),
            "rule": self.rule,
            "detail": self.detail,
            "quarantine": quarantine.as_posix() if quarantine else "",
        }
        return {name: value for name, value in entry.items() if value not in ("", {}, None)}


def kept(file: Path) -> Receipt | None:
    """The receipt of a file, None where none was written."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Receipt(**entries | {"remarks": tuple(map(tuple, entries["remarks"]))})


def keep(file: Path, receipt: Receipt) -> None:
    """Write a receipt."""
    write(file, json.dumps(vars(receipt), ensure_ascii=False, sort_keys=True).encode())
