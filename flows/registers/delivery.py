"""What a register counts as a delivery: figures in the long layout, under a head that says whose they are."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from flows.core.files import write
from flows.registers.partitions import RegisterNote, UnfitRegister
from schemas.registry import Registry

SOURCE = "register_counts"
HEADERS = ("Geografi", "Område", "Kommune", "År", "Indikator", "Tæller", "Nævner", "Værdi", "Status", "Antal år")
GEOGRAPHY = {"area": "boligområde", "municipality": "kommune", "region": "region", "country": "land"}
ORIGIN = {"real": "real", "synthetic": "syntetisk"}
# A figure without counts is told with so many more decimals than it is shown with.
MORE_DECIMALS = 2


def deliver(figures: pl.DataFrame, note: RegisterNote, registry: Registry, raw: Path, today: date) -> Path:
    """Write figures as `counting.figures` gives them below the folder of deliveries; the file.

    A later count of the same holder and day takes its place. Raises UnfitRegister where an area is not the registry's.
    """
    homes = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    areas = set(figures.filter(geography="area")["geography_id"])
    if strangers := sorted(areas - homes.keys()):
        raise UnfitRegister(
            f"the dated key names {len(strangers)} areas that codes/areas.csv does not have, among them {strangers[0]}"
        )
    lines = [line for row in figures.rows(named=True) if (line := _line(row, homes, registry))]
    head = [
        f"# kilde: {note.holder}: optælling af personregistre",
        "# bemærkning: optalt af boligprofil register count; ingen linje handler om en person",
        f"# udgivet: {note.drawn_on}",
        f"# oprindelse: {ORIGIN[note.origin]}",
        f"# modtaget: {today}",
        f"# rækker: {len(lines)}",
        ";".join(HEADERS),
    ]
    file = raw / SOURCE / f"optaelling_{note.drawn_on}.csv"
    write(file, ("\n".join([*head, *lines]) + "\n").encode())
    return file


def _line(row: Mapping[str, Any], homes: Mapping[str, str], registry: Registry) -> str | None:
    """A figure as a line; None where there is nobody whom it could be of."""
    is_counted = row["numerator"] is not None
    if not is_counted and row["value"] is None:
        return None
    place = "Hele landet" if row["geography"] == "country" else row["geography_id"]
    decimals = registry.indicators[row["indicator"]].decimals
    digits = 0 if registry.indicators[row["indicator"]].kind == "count" else decimals + MORE_DECIMALS
    value = "" if is_counted else f"{row['value']:.{digits}f}".replace(".", ",")
    cells = (
        GEOGRAPHY[row["geography"]],
        place,
        homes[place] if row["geography"] == "area" else "",
        str(row["year"]),
        row["indicator"],
        str(row["numerator"]) if is_counted else "",
        str(row["denominator"]) if is_counted else "",
        value,
        "endelig",
        str(row["window_years"]),
    )
    return ";".join(cells)
