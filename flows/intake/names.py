"""Names of places to identifiers, by declared names and aliases, never by guessing.

A name is known by itself, or with the kind of place and the municipality that stand in the same row.
"""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.core.provenance import digest
from flows.intake.coded import Coded, Codes, combine
from flows.intake.faults import FaultGroup
from schemas.registry import Registry
from schemas.sources import LayoutColumn, Source

COUNTRY = {"hele landet": "000", "danmark": "000", "000": "000"}
OUTSIDE = "outside"
BEFORE_2007 = "municipality_before_2007"
BESIDE = ("geography", "municipality_code")


def normal(name: str) -> str:
    """A name without differences of writing that mean nothing: Unicode form, case, spaces."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def slug(name: str) -> str:
    """An identifier made of a name, as the macro of this name in sql/functions.sql makes it.

    A letter outside a-z, 0-9, æ, ø, å stays as its code point: names that differ in such a letter are two names.
    """
    # The lower letter of 'İ' is an 'i' and a dot; as in SQL, one letter stays one.
    lowered = "".join(letter.lower()[0] for letter in unicodedata.normalize("NFC", name))
    plain = lowered.replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    return "-".join("".join(map(_of_identifier, plain)).split())


def _of_identifier(letter: str) -> str:
    if letter.isascii():
        return letter if letter.isalnum() else " "
    return f"u{ord(letter):04x}" if unicodedata.category(letter)[0] in "LMN" else " "


@dataclass(frozen=True)
class PlaceNames:
    """Look-up tables from normalised names to identifiers.

    `places` gives the kind of place as well, for sources whose names say it; `places_before_2007` does so for
    the municipalities and counties before the reform, whose codes mean other places today.
    """

    municipalities: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[tuple[str, str], str] = field(default_factory=dict)
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    places_before_2007: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def of(self, source: Source) -> "PlaceNames":
        """The names as a source means them: its codes are of one geography only."""
        return self._before_2007 if source.geography == "before_2007" else self._from_2007

    @cached_property
    def _before_2007(self) -> "PlaceNames":
        return replace(self, places=self.places_before_2007, places_before_2007={})

    @cached_property
    def _from_2007(self) -> "PlaceNames":
        return replace(self, places_before_2007={})

    @cached_property
    def fingerprint(self) -> str:
        """Hash of every name, so that facts are read again when a name changes."""
        tables = (self.municipalities, self.regions, self.areas, self.places, self.places_before_2007)
        return digest(repr(sorted(table.items())) for table in tables)

    def suggestion(self, municipality_code: str | None, name: str) -> str:
        """Words that point at the nearest known area of the municipality; a hint for people, never used."""
        known = [area for code, area in self.areas if code == municipality_code]
        close = difflib.get_close_matches(normal(name), known, n=1, cutoff=0.6)
        return f"nearest known name: {close[0]}" if close else ""


def names(registry: Registry, municipalities: pl.DataFrame, mergers: pl.DataFrame) -> PlaceNames:
    """Look-up tables from the registry's areas, aliases and place names, the municipalities and the reform of 2007.

    Later rows win, so that a newer list renames a municipality.
    """
    by_code = {row["municipality_code"]: row for row in municipalities.iter_rows(named=True)}
    codes = {normal(row["municipality_name"]): code for code, row in by_code.items()}
    codes |= {written: code for code in by_code for written in _codes(code)}
    codes |= {
        normal(row["name"]): row["geography_id"]
        for row in registry.codes["place_names"]
        if row["geography"] == "municipality"
    }
    regions = {normal(row["region_name"]): row["region_code"] for row in by_code.values()}
    regions |= {code: code for code in set(regions.values())}
    home = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    written = [
        *((row["area_id"], row["name"]) for row in registry.codes["areas"]),
        *((row["area_id"], row["alias"]) for row in registry.codes["area_aliases"]),
        *((area, area) for area in home),
    ]
    return PlaceNames(
        municipalities=codes,
        regions=regions,
        areas=_unambiguous(((home[area], normal(name)), area) for area, name in written),
        places=_places(registry, "from_2007", codes, regions),
        places_before_2007=_places_before_2007(registry, mergers),
    )


def _codes(code: str) -> tuple[str, str]:
    """A municipality's code as the registry and as Statistics Denmark writes it."""
    return code, code.lstrip("0")


def _places(
    registry: Registry, geography: str, municipalities: Mapping[str, str], regions: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    made = {name: ("country", code) for name, code in COUNTRY.items()}
    made |= {name: ("region", code) for name, code in regions.items()}
    made |= {code.lstrip("0"): ("region", code) for code in set(regions.values())}
    made |= {name: ("municipality", code) for name, code in municipalities.items()}
    return made | {
        normal(row["name"]): (row["geography"], row["geography_id"])
        for row in registry.codes["place_names"]
        if row["used"] in ("always", geography)
    }


def _places_before_2007(registry: Registry, mergers: pl.DataFrame) -> dict[str, tuple[str, str]]:
    """Municipalities and counties before the reform; counties lie outside, under their own names and codes."""
    made: dict[str, tuple[str, str]] = {}
    for row in mergers.iter_rows(named=True):
        for written in (row["county_name"], *_codes(row["county_code"])):
            made[normal(written)] = (OUTSIDE, "")
    for row in mergers.iter_rows(named=True):
        code = row["old_municipality_code"]
        for written in (row["old_municipality_name"], *_codes(code)):
            made[normal(written)] = (BEFORE_2007, code)
    return _places(registry, "before_2007", {}, {}) | made


def _unambiguous(pairs: Iterable[tuple[tuple[str, str], str]]) -> dict[tuple[str, str], str]:
    """A name that two areas of a municipality share names neither."""
    found: dict[tuple[str, str], set[str]] = {}
    for key, area in pairs:
        found.setdefault(key, set()).add(area)
    return {key: next(iter(areas)) for key, areas in found.items() if len(areas) == 1}


# Names in the rows of a delivery --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Resolved:
    """Typed columns by name (codes, values), rows that lie outside what is asked for, and faults."""

    columns: Mapping[str, tuple[Codes, pl.Series]]
    outside: NDArray[np.bool_]
    groups: list[FaultGroup] = field(default_factory=list)


def by_name(header: str, column: LayoutColumn, coded: Coded, names: PlaceNames) -> Resolved:
    """Kind and identifier of places whose name or code says both.

    A number among names is no code of a place outside: a name that a workbook lost shows its place in a list instead,
    and rows that lie outside are passed over in silence.
    """
    found = [names.places.get(normal(name), (None, None)) for name in coded.spellings]
    is_code = coded.spellings.str.contains(r"^\d+$")
    if is_code.sum() < (~is_code & (coded.spellings != "")).sum():
        found = [
            (None, None) if is_number and f[0] == OUTSIDE else f for is_number, f in zip(is_code, found, strict=True)
        ]
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
    beside = {name: Coded(*typed[name]) for name in BESIDE if name in typed}
    codes, parts = combine(len(coded), coded, *beside.values())
    each = ([text or "" for text in column.spellings] for column in (coded, *beside.values()))
    written, *next_to = ([texts[at] for at in part.tolist()] for texts, part in zip(each, parts, strict=True))
    neighbours = dict(zip(beside, next_to, strict=True))
    areas = ["area"] * len(written)
    kinds = neighbours.get("geography", areas) if column.type == "place" else areas
    homes = neighbours.get("municipality_code", [""] * len(written))
    ids: list[Any] = []
    why: dict[int, tuple[str, str]] = {}
    for number, (name, kind, home) in enumerate(zip(written, kinds, homes, strict=True)):
        called = [part.strip() for part in name.split(column.separator)] if column.separator else [name]
        found = {part: _identifier(normal(part), kind, home, names) for part in called}
        lacking = next((part for part, identifier in found.items() if identifier is None), None)
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
