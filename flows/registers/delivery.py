"""What a register counts as a delivery: figures in the long layout, under a head that says whose they are."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from flows.core.files import write
from flows.registers.partitions import RegisterNote, UnfitRegister
from schemas.registry import Registry

SOURCE, COMPOSITION = "register_counts", "composition"
HEADERS = ("Geografi", "Område", "Kommune", "År", "Indikator", "Tæller", "Nævner", "Værdi", "Status", "Antal år")
GEOGRAPHY = {"area": "boligområde", "municipality": "kommune", "region": "region", "country": "land"}
ORIGIN = {"real": "real", "synthetic": "syntetisk"}
# A figure without counts is told with so many more decimals than it is shown with.
MORE_DECIMALS = 2


def deliver(figures: pl.DataFrame, note: RegisterNote, registry: Registry, raw: Path, today: date) -> Path:
    """Write figures as `counting.figures` gives them below the folder of deliveries; the file.

    A later count of the same holder and day takes its place. Raises UnfitRegister where an area is not the registry's.
    """
    homes = _homes(figures.filter(geography="area")["geography_id"], registry)
    lines = [_line(row, homes, registry) for row in figures.rows(named=True)]
    return _written(raw / SOURCE, note, today, [";".join(HEADERS), *lines])


def deliver_flows(flows: pl.DataFrame, note: RegisterNote, registry: Registry, raw: Path, today: date) -> Path:
    """Write flows as `composition.flows` gives them likewise, as a delivery of composition; the file."""
    table = composition_lines(flows, registry, _homes(flows["area_id"], registry))
    lines = table.write_csv(separator=";", quote_style="never").splitlines()
    return _written(raw / COMPOSITION, note, today, lines)


def composition_lines(flows: pl.DataFrame, registry: Registry, homes: Mapping[str, str]) -> pl.DataFrame:
    """Flows as `composition.flows` gives them in the columns of the layout `composition`, as text.

    `homes`: the municipality of each area.
    """
    (names,) = (column.values for column in registry.layouts[COMPOSITION].columns if column.to == "flow")
    return flows.select(
        pl.col("area_id").alias("Boligområde"),
        pl.col("area_id").replace_strict(homes, return_dtype=pl.String()).alias("Kommune"),
        (pl.col("year") - 1).cast(pl.String).alias("Fra år"),
        pl.col("year").cast(pl.String).alias("Til år"),
        pl.col("indicator").alias("Indikator"),
        pl.col("flow").replace_strict({code: name for name, code in names.items()}).alias("Gruppe"),
        pl.col("denominator").cast(pl.String).alias("Personer"),
        pl.col("numerator_from").cast(pl.String).alias("Tæller i fra-året"),
        pl.col("numerator_to").cast(pl.String).alias("Tæller i til-året"),
    )


def _homes(area_ids: pl.Series, registry: Registry) -> dict[str, str]:
    """The registry's areas with their municipalities. Raises UnfitRegister where one of `area_ids` is none of them."""
    homes = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    if strangers := sorted(set(area_ids) - homes.keys()):
        raise UnfitRegister(
            f"the dated key names {len(strangers)} areas that codes/areas.csv does not have, among them {strangers[0]}"
        )
    return homes


def _written(folder: Path, note: RegisterNote, today: date, lines: Sequence[str]) -> Path:
    """A header and its lines as a delivery, under a head that says whose they are."""
    head = [
        f"# kilde: {note.holder}: optælling af personregistre",
        "# bemærkning: optalt af boligprofil register count; ingen linje handler om en person",
        f"# udgivet: {note.drawn_on}",
        f"# oprindelse: {ORIGIN[note.origin]}",
        f"# modtaget: {today}",
        f"# rækker: {len(lines) - 1}",
    ]
    file = folder / f"optaelling_{note.drawn_on}.csv"
    write(file, ("\n".join([*head, *lines]) + "\n").encode())
    return file


def _line(row: Mapping[str, Any], homes: Mapping[str, str], registry: Registry) -> str:
    is_counted = row["numerator"] is not None
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
