"""JSON records: a list of objects, or an object of such lists whose keys say what their records have in common."""

import json
from collections.abc import Iterable

import numpy as np

from flows.intake.coded import Codes, Content, DeliveredTable
from flows.intake.delivery_note import Note, beside
from flows.intake.faults import Fault, Refusal
from flows.intake.formats import process
from schemas.sources import Layout


def read(content: Content, layout: Layout, note: Note | None) -> DeliveredTable:
    """Read records; `lines` are their numbers. A record with a key that the layout does not have is broken."""
    found = process.answer("json", content, layout.reading)
    if (layout.records_by is None) != (found["groups"] is None) and found["rows"]:
        raise Refusal("damaged_file", "not a list of records")
    note = beside(note)
    if not found["rows"]:
        raise Refusal("header_only")
    texts = found["texts"]
    # A record that has a key of its own with the name of the group's says it itself.
    by_key = {key: process.codes(packed) for key, packed in zip(found["keys"], found["codes"], strict=True)}
    if layout.records_by:
        own = by_key.get(layout.records_by, np.full(found["rows"], -1, dtype=np.int32))
        group = np.where(own < 0, process.codes(found["groups"]), own).astype(np.int32)
        by_key = {layout.records_by: group} | by_key | {layout.records_by: group}
    known = dict.fromkeys(header for column in layout.columns for header in column.headers)
    header = [key for key in known if key in by_key]
    broken = _unknown_keys(by_key, header)
    good = np.ones(found["rows"], dtype=bool)
    good[[fault.line - 1 for fault in broken]] = False
    columns = {key: process.column(np.maximum(by_key[key], 0)[good], texts) for key in header}

    def raw(wanted: Iterable[int]) -> dict[int, str]:
        return {
            line: json.dumps(
                {key: texts[int(codes[line - 1])] for key, codes in by_key.items() if codes[line - 1] >= 0},
                ensure_ascii=False,
            )
            for line in wanted
            if 0 < line <= found["rows"]
        }

    lines = np.flatnonzero(good) + 1
    return DeliveredTable(note, columns, lines, raw, broken, format="json", encoding="utf-8")


def _unknown_keys(by_key: dict[str, Codes], header: list[str]) -> list[Fault]:
    faults = [
        Fault(int(row) + 1, key, "unknown_key")
        for key, codes in by_key.items()
        if key not in header
        for row in np.flatnonzero(codes >= 0)
    ]
    return sorted(faults, key=lambda fault: fault.line)
