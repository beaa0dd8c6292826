"""Small registers as tables that a reader can check: what a line leaves out is empty, or as in most registers."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from flows.registers.counting import Register
from schemas import contracts
from schemas.registry import Registry

NOTE = 'holder = "a test"\norigin = "synthetic"\ndrawn_on = 2013-01-31\n'
USUAL = {"municipality_code": "0461", "age": 40, "sex": "woman", "person_origin": "danish"}
REGIONS = {"0461": "083", "0751": "082", "0101": "084"}


def rows(table: str) -> list[dict[str, Any]]:
    """The rows of a table of text: '|' between columns, names in the first line, '-' for an empty cell."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines() if line.strip()]
    head = lines[0]
    return [dict(zip(head, map(_value, line), strict=True)) for line in lines[1:]]


def _value(cell: str) -> Any:
    if cell in ("-", ""):
        return None
    if cell in ("yes", "no"):
        return cell == "yes"
    if cell.isdigit():
        return cell if len(cell) == 4 and cell.startswith("0") else int(cell)
    for read in (float, date.fromisoformat):
        try:
            return read(cell)
        except ValueError:
            continue
    return cell


def write(folder: Path, registry: Registry, table: str, given: list[dict[str, Any]], buckets: int = 1) -> None:
    """Write rows as a table of a register, by year and bucket."""
    schema = contracts.polars_schema(registry.registers[table])
    usual = {name: value for name, value in USUAL.items() if name in schema}
    number = "household_id" if table == "households" else "person_id"
    (folder / "register.toml").parent.mkdir(parents=True, exist_ok=True)
    (folder / "register.toml").write_text(NOTE, encoding="utf-8")
    for year in {row["year"] for row in given}:
        for bucket in range(buckets):
            here = [usual | row for row in given if row["year"] == year and row[number] % buckets == bucket]
            name = "part.parquet" if buckets == 1 else f"bucket-{bucket}-of-{buckets}.parquet"
            file = folder / table / f"year={year}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in here], schema=schema)
            frame.write_parquet(file)


def register(
    folder: Path, registry: Registry, persons: str, key: str, households: str = "", buckets: int = 1
) -> Register:
    """A register of tables of text, beside the dated key and the municipalities' regions."""
    write(folder / "register", registry, "person_years", rows(persons), buckets)
    if households:
        write(folder / "register", registry, "households", rows(households), buckets)
    return placed(folder, key)


def placed(folder: Path, key: str) -> Register:
    """The register in a folder beside the dated key, a table of text, and the municipalities' regions."""
    dated = {"address_key": pl.String(), "area_id": pl.String(), "valid_from": pl.Date(), "valid_to": pl.Date()}
    pl.DataFrame([{n: r.get(n) for n in dated} for r in rows(key)], schema=dated).write_parquet(folder / "key.parquet")
    regions = pl.DataFrame({"municipality_code": list(REGIONS), "region_code": list(REGIONS.values())})
    regions.write_parquet(folder / "municipalities.parquet")
    return Register(folder / "register", folder / "key.parquet", folder / "municipalities.parquet")


def figure(
    figures: pl.DataFrame, place: str, year: int, indicator: str, window: int = 1
) -> tuple[Any, Any, Any] | None:
    """Numerator, denominator and value of a figure; None where there is none."""
    found = (
        figures.filter(geography_id=place, year=year, indicator=indicator, window_years=window)
        .select("numerator", "denominator", "value")
        .rows()
    )
    assert len(found) <= 1
    return found[0] if found else None
