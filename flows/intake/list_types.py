"""Which of the ministry's lists a row is of: as it says, or the only one that there was that year; never a guess."""

from dataclasses import replace

import numpy as np
import polars as pl

from flows.intake.faults import FaultGroup
from flows.intake.reading import Reading
from flows.intake.reshape import Rows

MEMBERSHIP = "list_membership"
COLUMN = "list_type"


def with_list_types(rows: Rows, reading: Reading) -> Rows:
    """Rows of a list with the type of each.

    A row that says none is of the only list that there was in its year. Where there were several (`which_list`), or
    none of the type that it says (`no_such_list`), its membership is set aside and its figures are not.
    """
    if MEMBERSHIP not in reading.layout.tables or "year" not in rows.typed:
        return rows
    count, registry = len(rows.lines), reading.registry
    nobody_says = (np.zeros(count, dtype=np.int32), pl.Series(values=[None], dtype=pl.String()))
    pairs = [rows.typed["year"], rows.typed.get(COLUMN, nobody_says)]
    years, types = (values.gather(codes).to_list() for codes, values in pairs)
    possible = {year: registry.list_types_of(year) if year is not None else () for year in set(years)}
    found: list[str | None] = []
    broken: dict[str, list[int]] = {"which_list": [], "no_such_list": []}
    for row, (year, named) in enumerate(zip(years, types, strict=True)):
        only = possible[year][0] if len(possible[year]) == 1 else None
        found.append(named or only)
        if year is None:
            continue  # its row is set aside as a whole
        if found[-1] is None:
            broken["which_list"].append(row)
        elif found[-1] not in possible[year]:
            broken["no_such_list"].append(row)
    header = rows.headers.get(COLUMN, "Listetype")
    groups = tuple(FaultGroup(np.array(at, dtype=np.intp), header, rule) for rule, at in broken.items() if at)
    typed = {COLUMN: (np.arange(count, dtype=np.int32), pl.Series(values=found, dtype=pl.String()))}
    return replace(rows, typed={**rows.typed, **typed}, groups=(*rows.groups, *groups))
