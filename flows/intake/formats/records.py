"""JSON records: a list of objects, or an object of such lists whose keys say what their records have in common."""

import json
import unicodedata
from typing import Any

from flows.intake.coded import Content, DeliveredTable
from flows.intake.delivery_note import Note, beside
from flows.intake.faults import Fault, Refusal
from flows.intake.formats.cells import guard, written
from schemas.models import Layout


def read(content: Content, layout: Layout, note: Note | None) -> DeliveredTable:
    """Read records; `lines` are their numbers. A record with a key that the layout does not have is broken."""
    records = [_record(record) for record in _records(_parsed(bytes(content)), layout)]
    guard([[*record.keys(), *record.values()] for record in records], "record")
    note = beside(note)
    if not records:
        raise Refusal("header_only")
    known = dict.fromkeys(header for column in layout.columns for header in column.headers)
    header = [key for key in known if any(key in record for record in records)]
    broken = [
        Fault(number, key, "unknown_key")
        for number, record in enumerate(records, 1)
        for key in record
        if key not in header
    ]
    bad = {fault.line for fault in broken}
    return DeliveredTable.of_rows(
        note,
        header,
        [
            (number, [record.get(key, "") for key in header])
            for number, record in enumerate(records, 1)
            if number not in bad
        ],
        lambda line: json.dumps(records[line - 1], ensure_ascii=False),
        broken,
        format="json",
        encoding="utf-8",
    )


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(bytes(content).decode("utf-8-sig"), object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Refusal("damaged_file", type(error).__name__) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different; the json module would silently keep the last of two."""
    record = dict(pairs)
    if len(record) != len(pairs):
        raise Refusal("duplicate_column", "a key stands twice in one record")
    return record


def _records(parsed: Any, layout: Layout) -> list[dict[str, Any]]:
    if layout.records_by and isinstance(parsed, dict):
        groups = [(key, group) for key, group in parsed.items() if isinstance(group, list)]
        records = [
            {layout.records_by: key, **record} for key, group in groups for record in group if isinstance(record, dict)
        ]
        expected = sum(len(group) for _, group in groups) if len(groups) == len(parsed) else -1
    else:
        records = [record for record in parsed if isinstance(record, dict)] if isinstance(parsed, list) else []
        expected = len(parsed) if isinstance(parsed, list) else -1
    if len(records) != expected:
        raise Refusal("damaged_file", "not a list of records")
    return records


def _record(record: dict[str, Any]) -> dict[str, str]:
    for value in record.values():
        if isinstance(value, dict | list):
            raise Refusal("damaged_file", "a record holds more than plain values")
    return {unicodedata.normalize("NFC", key): written(value) for key, value in record.items()}
