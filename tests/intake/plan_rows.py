"""Rows of plans' deliveries that are in order, as cells of their workbooks."""

from datetime import date
from pathlib import Path

from workbooks import Typed, letters

from flows.intake.templates import plans, write
from schemas.registry import Registry

DAY_ZERO = date(1899, 12, 30)


def day(year: int, month: int = 1, day_of_month: int = 1) -> int:
    """A date as a cell holds it."""
    return (date(year, month, day_of_month) - DAY_ZERO).days


TARGET: dict[str, Typed] = {
    "Helhedsplan": "Helhedsplan Bispehaven",
    "Kommune": "0751",
    "Mål nr.": "1",
    "Sat den": day(2010, 5),
    "Sat af": "styregruppen",
    "Indsatsområde": "Børn og unge",
    "Mål med ord": "Flere unge er i gang",
    "Måles ved": "Andel unge uden job og uddannelse",
    "Boligområde": "Bispehaven",
    "Retning": "skal falde",
    "Startværdi": 22.5,
    "Startår": 2009,
    "Målværdi": 15.0,
    "Målår": 2013,
}
MEASURE = ("Måles ved", "Boligområde", "Retning", "Startværdi", "Startår", "Målværdi", "Målår")
UNMEASURED: dict[str, Typed] = {**dict.fromkeys(MEASURE, ""), "Kan ikke måles, fordi": "intet register måler det"}
ACTIVITY: dict[str, Typed] = {
    "Helhedsplan": "Helhedsplan Bispehaven",
    "Kommune": "0751",
    "Indsatsområde": "Børn og unge",
    "Aktivitet": "Lektiecafé",
    "Begynder": day(2009),
    "År": 2009,
    "Deltagere": 40,
    "Skal flytte": "Andel unge i uddannelse | Andel unge uden job og uddannelse",
    "Gennem skridtet": "Flere unge bliver i gang med en uddannelse",
}
SHARED: dict[str, Typed] = {
    "Indikator": "Andel unge uden job og uddannelse",
    "Aftalt af": "projektlederne",
    "Gælder fra": day(2010),
}


def written(folder: Path, registry: Registry, municipality: str | None) -> dict[str, bytes]:
    """The workbooks by source."""
    made = {}
    for source in plans.SOURCES:
        file = folder / f"{source}.xlsx"
        write(file, registry, source, municipality)
        made[source] = file.read_bytes()
    return made


def headers(registry: Registry, source: str) -> list[str]:
    """The columns of the rows."""
    return [column.headers[0] for column in registry.layout_of(source).columns]


def cells(registry: Registry, source: str, rows: list[dict[str, Typed]]) -> dict[str, Typed]:
    """Rows by header as cells of the sheet of rows."""
    known = headers(registry, source)
    return {
        f"{letters(known.index(header))}{line}": value
        for line, row in enumerate(rows, 2)
        for header, value in row.items()
        if value != ""
    }
