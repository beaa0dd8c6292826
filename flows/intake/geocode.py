"""Places by name: by the name alone, or with the kind of place and the municipality that stand in the same row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.intake.coded import Coded, Codes, combine
from flows.intake.faults import FaultGroup
from flows.intake.names import COUNTRY, OUTSIDE, PlaceNames, normal
from schemas.sources import LayoutColumn

BESIDE = ("geography", "municipality_code")


@dataclass(frozen=True)
class Resolved:
    """Typed columns by name (codes, values), rows that lie outside what is asked for, and faults."""

    columns: Mapping[str, tuple[Codes, pl.Series]]
    outside: NDArray[np.bool_]
    groups: list[FaultGroup] = field(default_factory=list)


def by_name(header: str, column: LayoutColumn, coded: Coded, names: PlaceNames) -> Resolved:
    """Kind and identifier of places whose name or code says both."""
    found = [names.places.get(normal(name), (None, None)) for name in coded.spellings]
    kind, identifier = (pl.Series(values=[f[at] for f in found], dtype=pl.String()) for at in (0, 1))
    unknown, empty = kind.is_null(), coded.spellings == ""
    rules = {"required_empty": unknown & empty, "unknown_place": unknown & ~empty}
    groups = [FaultGroup(np.flatnonzero(coded.where(mask)), header, rule) for rule, mask in rules.items() if mask.any()]
    columns = {"geography": (coded.codes, kind), column.name: (coded.codes, identifier)}
    return Resolved(columns, coded.where(kind == OUTSIDE), groups)


def by_neighbours(
    header: str, column: LayoutColumn, coded: Coded, typed: Mapping[str, tuple[Codes, pl.Series]], names: PlaceNames
) -> Resolved:
    """Identifier of places whose name needs the kind of place or the municipality that stands in the same row."""
    beside = {
        name: Coded(codes, values.fill_null("")) for name in BESIDE if name in typed for codes, values in [typed[name]]
    }
    codes, parts = combine(len(coded), coded, *beside.values())
    written = coded.spellings.gather(parts[0])
    neighbours = {
        name: cells.spellings.gather(part) for (name, cells), part in zip(beside.items(), parts[1:], strict=True)
    }
    areas = ["area"] * len(written)
    kinds = neighbours.get("geography", areas) if column.type == "place" else areas
    homes = neighbours.get("municipality_code", [""] * len(written))
    ids: list[Any] = []
    why: dict[int, tuple[str, str]] = {}
    for number, (name, kind, home) in enumerate(zip(written, kinds, homes, strict=True)):
        called = [part.strip() for part in name.split(column.separator)] if column.separator else [name]
        found = {each: _identifier(normal(each), kind, home, names) for each in called}
        lacking = next((each for each, identifier in found.items() if identifier is None), None)
        ids.append(None if lacking is not None else list(found.values()) if column.separator else found[name])
        if lacking is not None and (rule := _rule(lacking, kind, home, column)):
            why[number] = (rule, names.suggestion(home or None, lacking) if rule == "unknown_area" else "")
    groups = []
    for rule in sorted({rule for rule, _ in why.values()}):
        numbers = [number for number, (broken, _) in why.items() if broken == rule]
        rows = np.flatnonzero(np.isin(codes, np.array(numbers, dtype=np.int32)))
        groups.append(FaultGroup(rows, header, rule, {row: why[int(codes[row])][1] for row in rows.tolist()}))
    dtype = pl.List(pl.String()) if column.separator else pl.String()
    columns = {column.name: (codes, pl.Series(values=ids, dtype=dtype))}
    return Resolved(columns, np.zeros(len(coded), dtype=bool), groups)


def _identifier(name: str, kind: str, home: str, names: PlaceNames) -> str | None:
    if kind == "area":
        return names.areas.get((home, name))
    known = {"municipality": names.municipalities, "region": names.regions, "country": COUNTRY}
    return known.get(kind, {}).get(name)


def _rule(name: str, kind: str, home: str, column: LayoutColumn) -> str:
    """The rule that an unresolved place breaks; none where the fault of its neighbour says it already."""
    if not name:
        return "" if column.optional else "required_empty"
    if kind == "area":
        return "" if column.type == "area" and not home else "unknown_area"
    return "unknown_place"
