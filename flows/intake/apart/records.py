"""JSON records: a list of objects, or an object of such lists whose keys say what their records have in common."""

import unicodedata
from array import array
from typing import Any

from flows.intake.apart.answers import MOST_CELLS, Texts, Unreadable, in_few, packed, too_large
from flows.intake.apart.json_text import parsed, text_of
from flows.intake.cpr_tables import rows_with_cpr_numbers

MOST_KEYS = 1_000
ABSENT = -1


def read(content: bytes) -> dict[str, Any]:
    """The records of a file: a column of codes for each key, -1 where a record lacks it.

    `groups` has the code of the key under which each record stands, and is null where the file is one list. Raises
    Unreadable where the file is something else, is too large, or holds a CPR number.
    """
    document = parsed(content)
    grouped = isinstance(document, dict)
    lists = list(document.items()) if isinstance(document, dict) else [("", document)]
    if not all(isinstance(group, list) for _, group in lists):
        raise Unreadable("damaged_file", "not a list of records")
    texts = Texts()
    groups = array("i")
    columns: dict[str, array[int]] = {}
    for key, records in lists:
        for record in records:
            _add(record, len(groups), columns, texts)
            groups.append(texts.code(key))
    rows = len(groups)
    for codes in columns.values():
        codes.extend([ABSENT] * (rows - len(codes)))
    listed = texts.listed()
    _search(columns, groups if grouped else None, listed)
    return {
        "texts": listed,
        "keys": list(columns),
        "codes": [packed(codes) for codes in columns.values()],
        "groups": packed(groups) if grouped else None,
        "rows": rows,
    }


def _add(record: Any, row: int, columns: "dict[str, array[int]]", texts: Texts) -> None:
    if not isinstance(record, dict):
        raise Unreadable("damaged_file", "not a list of records")
    for name, value in record.items():
        if isinstance(value, dict | list):
            raise Unreadable("damaged_file", "a record holds more than plain values")
        key = unicodedata.normalize("NFC", name)
        codes = columns.setdefault(key, array("i"))
        if len(codes) > row:
            raise Unreadable("duplicate_column", "a key stands twice in one record")
        if len(columns) > MOST_KEYS or (row + 1) * len(columns) > MOST_CELLS:
            raise too_large(f"over {row} records with {len(columns)} keys")
        codes.extend([ABSENT] * (row - len(codes)))
        codes.append(texts.code(text_of(value)))


def _search(columns: "dict[str, array[int]]", groups: "array[int] | None", texts: list[str]) -> None:
    cells = [[texts[code] if code >= 0 else "" for code in codes] for codes in columns.values()]
    if groups is not None:
        cells.append([texts[code] for code in groups])
    if held := rows_with_cpr_numbers([list(columns), *map(list, zip(*cells, strict=True))]):
        raise Unreadable("cpr_number", f"record {in_few([number - 1 for number in held])}")
