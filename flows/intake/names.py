"""Names to identifiers: municipalities, regions and areas, by declared names and aliases, never by guessing."""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from flows.provenance import digest
from schemas.registry import Registry

COUNTRY = {"hele landet": "000", "danmark": "000", "000": "000"}


def normal(name: str) -> str:
    """A name without differences of writing that mean nothing: Unicode form, case, spaces."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


@dataclass(frozen=True)
class Names:
    """Look-up tables from normalised names to identifiers."""

    municipalities: Mapping[str, str]
    regions: Mapping[str, str]
    areas: Mapping[tuple[str, str], str]

    @property
    def fingerprint(self) -> str:
        """Hash of every name, so that facts are read again when a name changes."""
        return digest(repr(sorted(table.items())) for table in (self.municipalities, self.regions, self.areas))

    def suggestion(self, municipality_code: str | None, name: str) -> str:
        """Words that point at the nearest known area of the municipality; a hint for people, never used."""
        known = [area for code, area in self.areas if code == municipality_code]
        close = difflib.get_close_matches(normal(name), known, n=1, cutoff=0.6)
        return f"nearest known name: {close[0]}" if close else ""


def names(registry: Registry, municipalities: pl.DataFrame) -> Names:
    """Look-up tables from the registry's areas and aliases and the staged municipalities."""
    by_code = {row["municipality_code"]: row for row in municipalities.iter_rows(named=True)}
    codes = {normal(row["municipality_name"]): code for code, row in by_code.items()}
    regions = {normal(row["region_name"]): row["region_code"] for row in by_code.values()}
    home = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    written = [
        *((row["area_id"], row["name"]) for row in registry.codes["areas"]),
        *((row["area_id"], row["alias"]) for row in registry.codes["area_aliases"]),
        *((area, area) for area in home),
    ]
    return Names(
        municipalities=codes | {code: code for code in by_code} | {code.lstrip("0"): code for code in by_code},
        regions=regions | {code: code for code in set(regions.values())},
        areas=_unambiguous(((home[area], normal(name)), area) for area, name in written),
    )


def _unambiguous(pairs: Iterable[tuple[tuple[str, str], str]]) -> dict[tuple[str, str], str]:
    """A name that two areas of a municipality share names neither."""
    found: dict[tuple[str, str], set[str]] = {}
    for key, area in pairs:
        found.setdefault(key, set()).add(area)
    return {key: next(iter(areas)) for key, areas in found.items() if len(areas) == 1}
