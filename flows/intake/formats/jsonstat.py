"""JSON-stat, versions 1 and 2: a cube of values to rows of codes with the value last.

Source of the format: https://json-stat.org/full/.
"""

import json
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import polars as pl

from flows.intake.coded import Coded, Content, DeliveredTable
from flows.intake.delivery_note import Note, beside
from flows.intake.faults import Refusal
from flows.intake.formats.cells import guard, written

VALUE = "INDHOLD"
METRIC = "ContentsCode"
MISSING = ".."


def read(content: Content, note: Note | None) -> DeliveredTable:
    """Read a cube; `lines` are the numbers of its cells in the file's order. Headers are dimensions' identifiers."""
    note = beside(note)
    try:
        parsed = json.loads(bytes(content).decode("utf-8-sig"))
        cube = parsed.get("dataset", parsed)
        dimensions = cube["dimension"]
        names, sizes = cube.get("id") or dimensions["id"], cube.get("size") or dimensions["size"]
        members = [_members(dimensions[name]["category"], size) for name, size in zip(names, sizes, strict=True)]
        values = _values(cube["value"], prod(sizes))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, KeyError, TypeError, AttributeError, ValueError):
        raise Refusal("damaged_file", "not a JSON-stat cube") from None
    guard([[str(name) for name in names], *members, values], "part")
    if len(set(map(str, names))) != len(names):
        raise Refusal("duplicate_column", "a dimension stands twice")
    kept = _without_metric(names, members)
    return cube_table([str(name).upper() for name in names if name != METRIC], kept, values, note, "json-stat")


def cube_table(
    names: Sequence[str], members: Sequence[Sequence[str]], values: Sequence[str], note: Note, kind: str
) -> DeliveredTable:
    """Rows of a cube: every combination of members, the last dimension changing fastest, and the value."""
    sizes = list(map(len, members))
    if prod(sizes) != len(values):
        raise Refusal("damaged_file", f"{len(values)} values for {prod(sizes)} cells")
    if not values:
        raise Refusal("header_only")
    places = np.indices(sizes, dtype=np.int32).reshape(len(sizes), -1) if sizes else np.empty((0, len(values)))
    columns = {
        name: Coded(places[at], pl.Series(values=list(codes), dtype=pl.String()))
        for at, (name, codes) in enumerate(zip(names, members, strict=True))
    }
    columns[VALUE] = Coded.of(values)

    def raw(wanted: Any) -> dict[int, str]:
        return {
            line: ";".join(column.spellings[int(column.codes[line - 1])] for column in columns.values())
            for line in wanted
        }

    return DeliveredTable(note, columns, np.arange(1, len(values) + 1), raw, format=kind, encoding="utf-8")


def _members(category: Any, size: int) -> list[str]:
    """Codes of a dimension's members in their order."""
    index = category.get("index")
    if index is None:
        codes = list(category["label"])
    else:
        codes = sorted(index, key=index.__getitem__) if isinstance(index, dict) else list(index)
    if len(codes) != size or len(set(codes)) != size:
        raise ValueError
    return [str(code) for code in codes]


def _values(values: Any, cells: int) -> list[str]:
    """Values as text, missing ones as '..'; a sparse object leaves cells out."""
    if isinstance(values, dict):
        if any(not 0 <= int(place) < cells for place in values):
            raise ValueError
        values = [values.get(str(place)) for place in range(cells)]
    if any(isinstance(value, dict | list | bool) for value in values):
        raise ValueError
    return [MISSING if value is None else written(value) for value in values]


def _without_metric(names: Sequence[str], members: Sequence[list[str]]) -> list[list[str]]:
    """Members without the dimension that names the measure. Raises Refusal where there are several measures."""
    if any(name == METRIC and len(codes) != 1 for name, codes in zip(names, members, strict=True)):
        raise Refusal("unknown_column", f"several measures in '{METRIC}'")
    return [codes for name, codes in zip(names, members, strict=True) if name != METRIC]
