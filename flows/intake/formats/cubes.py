"""Cubes of JSON-stat and PX to rows: each combination of members and its value, the last dimension changing fastest."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from flows.intake.coded import Coded, Content, DeliveredTable
from flows.intake.delivery_note import Note, beside
from flows.intake.faults import Refusal
from flows.intake.formats import process
from schemas.sources import ReadingLimits

VALUE = "INDHOLD"


def read(kind: str, content: Content, limits: ReadingLimits, note: Note | None) -> DeliveredTable:
    """Read a cube; `lines` are the numbers of its cells in the file's order. Headers are the names of its dimensions.

    Raises Refusal where the file as a whole cannot be used.
    """
    note = beside(note)
    cube = process.answer(kind, content, limits)
    members, values = cube["members"], process.codes(cube["codes"])
    sizes = list(map(len, members))
    if not len(values):
        raise Refusal("header_only")
    places = np.indices(sizes, dtype=np.int32).reshape(len(sizes), -1) if sizes else np.empty((0, len(values)))
    columns = {
        name: Coded(places[at], pl.Series(values=codes, dtype=pl.String()))
        for at, (name, codes) in enumerate(zip(cube["names"], members, strict=True))
    }
    columns[VALUE] = process.column(values, cube["texts"])

    def raw(wanted: Iterable[int]) -> dict[int, str]:
        return {
            line: ";".join(column.spellings[int(column.codes[line - 1])] for column in columns.values())
            for line in wanted
            if 0 < line <= len(values)
        }

    lines = np.arange(1, len(values) + 1)
    return DeliveredTable(note, columns, lines, raw, format=kind, encoding="utf-8", titles=tuple(cube["titles"]))
