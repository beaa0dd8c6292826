"""Readers of whole extracts: what do they get of hidden figures from what stands beside them, in one folder or in all?

Usage: python -m simulations.handed_out EXTRACTS MARTS [REGISTRY]. EXTRACTS has a folder for each secretariat, as
`boligprofil extract` writes them for a year; MARTS is the snapshot that they were made of, with which what readers get
is compared. Each way is one that somebody with the files, the published tables and some patience may try.
"""

import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from openpyxl import load_workbook
from scipy.optimize import linprog

from schemas.indicators import Indicator
from schemas.loading import load
from schemas.registry import Registry
from schemas.relations import Relations

KINDS = {"boligområde": "area", "kommune": "municipality", "hele landet": "country", "tvillinger": "twins"}
PROTECTING = ("skjult", "området er for lille", "områdets størrelse", "kan ikke kontrolleres")
NUMBERS = ("Tal", "Antal", "Usikkerhed fra", "Usikkerhed til", "Ændring på et år", "Ændring siden første år")
BESIDE = {"Kommunens tal": "municipality", "Landets tal": "country", "Tvillingernes tal": "twins"}
HEX = re.compile(r"\b[0-9a-f]{40,64}\b")

Place = tuple[str, str, int]


class Name(NamedTuple):
    """A figure of an extract."""

    kind: str
    place: str
    year: int
    indicator: str


@dataclass(frozen=True)
class HandedOut:
    """The rows of all extracts by figure, the true figures, and those that a mark protects although there is one."""

    folder: Path
    rows: Mapping[Name, Sequence[Mapping[str, str]]]
    truth: Mapping[Name, Mapping[str, Any]]
    hidden: frozenset[Name]
    homes: Mapping[str, str]
    twins: Mapping[str, frozenset[str]]
    elsewhere: pl.DataFrame
    registry: Registry

    def number(self, name: Name, column: str) -> float | None:
        """A number that some extract has of a figure."""
        found = (row[column] for row in self.rows.get(name, ()) if row[column])
        text = next(found, None)
        return None if text is None else float(text.replace(",", "."))


def read(folder: Path, marts: Path, registry: Registry) -> HandedOut:
    """The lists of all extracts in a folder, and what is true."""
    names = {indicator.label_da: indicator.id for indicator in registry.indicators.values()}
    rows: dict[Name, list[dict[str, str]]] = defaultdict(list)
    for file in sorted(folder.glob("*/*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines, delimiter=";"):
                kind, place = KINDS.get(row["Stedtype"], "other"), row["Stednøgle"].split(" ")[-1]
                rows[Name(kind, place, int(row["År"]), names[row["Indikator"]])].append(row)
    truth: dict[Name, Mapping[str, Any]] = {}
    for mart, geography, key in (
        ("area_profile", pl.lit("area"), pl.col("area_id")),
        ("place_figures", pl.col("geography"), pl.col("geography_id")),
    ):
        figures = pl.read_parquet(marts / f"{mart}.parquet").with_columns(kind=geography, place=key)
        for row in figures.filter(pl.col("value").is_not_null()).iter_rows(named=True):
            truth[Name(row["kind"], row["place"], row["year"], row["indicator"])] = row
    marks = {name: found[0]["Mærke i stedet for tal"] for name, found in rows.items()}
    areas = pl.read_parquet(marts / "dim_areas.parquet").select("area_id", "municipality_code")
    pool = pl.read_parquet(marts / "comparison_pool.parquet").group_by("area_id").agg("candidate_id")
    return HandedOut(
        folder,
        rows,
        truth,
        frozenset(name for name, mark in marks.items() if mark.startswith(PROTECTING) and name in truth),
        dict(areas.iter_rows()),
        {area: frozenset(candidates) for area, candidates in pool.iter_rows()},
        pl.read_parquet(marts / "other_figures.parquet"),
        registry,
    )


def same_row(extracts: HandedOut) -> Iterator[str]:
    """A number in the row of a mark, or in another secretariat's row of the same figure."""
    for name in extracts.hidden:
        yield from (f"{name}: {column}" for column in NUMBERS if extracts.number(name, column) is not None)


def a_year_before(extracts: HandedOut) -> Iterator[str]:
    """A change to a figure that is hidden, taken from the one that is shown; of one year, and since the first."""
    for name in extracts.rows:
        before = name._replace(year=name.year - 1)
        if before in extracts.hidden and extracts.number(name, "Ændring på et år") is not None:
            yield f"{before}: change to {name.year}"
        first = extracts.number(name, "Første år")
        if first is not None and extracts.number(name, "Ændring siden første år") is not None:
            since = name._replace(year=int(first))
            yield from [f"{since}: change since the first year"] if since in extracts.hidden else []


def beside_an_area(extracts: HandedOut) -> Iterator[str]:
    """The figure of a municipality, the country or the twins beside an area's, where their own row has a mark."""
    for name in extracts.rows:
        places = {"municipality": extracts.homes.get(name.place, ""), "country": "000", "twins": name.place}
        for column, kind in BESIDE.items():
            beside = name._replace(kind=kind, place=places[kind])
            if name.kind == "area" and beside in extracts.hidden and extracts.number(name, column) is not None:
                yield f"{beside}: beside {name.place}"


def trends(extracts: HandedOut) -> Iterator[str]:
    """A direction over five years of which one is hidden."""
    for name, rows in extracts.rows.items():
        years = [name._replace(year=year) in extracts.hidden for year in range(name.year - 4, name.year + 1)]
        if any(years) and any(row["Retning over fem år"].startswith(("stigende", "faldende")) for row in rows):
            yield f"{name}: a direction over hidden years"


def small_counts(extracts: HandedOut) -> Iterator[str]:
    """A count of 1 to 4, or a share with so few without, that was not published."""
    for name, rows in extracts.rows.items():
        indicator = extracts.registry.indicators[name.indicator]
        counted, base = extracts.number(name, "Antal"), extracts.number(name, "Ud af")
        if counted is None or rows[0]["Offentliggjort"] or indicator.counts in extracts.registry.populations.of_nobody:
            continue
        others = base - counted if base and indicator.kind == "share" else 5
        if 0 < counted < 5 or others < 5:
            yield f"{name}: {counted:.0f} of {base}"


def workbooks(extracts: HandedOut) -> Iterator[str]:
    """A hidden share in a workbook, with all its digits, or a sheet that is not to be seen."""
    shares = {round(extracts.truth[name]["value"], 9): name for name in extracts.hidden}
    shown = {
        round(extracts.truth[n]["value"], 9) for n in extracts.rows if n in extracts.truth and n not in extracts.hidden
    }
    telling = {value: name for value, name in shares.items() if round(value, 1) != value and value not in shown}
    for file in extracts.folder.glob("*/*.xlsx"):
        for sheet in load_workbook(file):
            yield from [f"{file.name}: sheet {sheet.title} is not seen"] if sheet.sheet_state != "visible" else []
            numbers = (cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, float))
            yield from (f"{telling[n]}: in {sheet.title}" for number in numbers if (n := round(number, 9)) in telling)


def pages(extracts: HandedOut) -> Iterator[str]:
    """A hidden share with its digits in a page or a list, or a hash, which could be of true counts."""
    shares = {repr(extracts.truth[name]["value"])[:8]: name for name in extracts.hidden}
    telling = {text: name for text, name in shares.items() if len(text) == 8}
    for file in extracts.folder.glob("*/**/*"):
        if "INTERNT" in file.parts or file.suffix not in (".html", ".csv", ".txt"):
            continue
        text = file.read_text(encoding="utf-8-sig")
        both = text + text.replace(",", ".")
        yield from (f"{name}: {digits} in {file.name}" for digits, name in telling.items() if digits in both)
        yield from (f"a hash in {file.name}" for _ in HEX.findall(text))


def pools(extracts: HandedOut) -> Iterator[str]:
    """What stands for twins, less those of them whose figures are at hand, where one is left that is hidden."""
    for name in extracts.rows:
        total = extracts.number(name, "Antal")
        if name.kind != "twins" or total is None:
            continue
        members = [name._replace(kind="area", place=twin) for twin in extracts.twins[name.place]]
        shown = {member: extracts.number(member, "Antal") for member in members}
        rest = total - sum(count for count in shown.values() if count is not None)
        unseen = [member for member, count in shown.items() if count is None]
        if (
            len(unseen) == 1
            and extracts.truth.get(unseen[0], {}).get("numerator") == rest
            and unseen[0] in extracts.hidden
        ):
            yield f"{unseen[0]}: {rest:.0f}, by the twins of {name.place}"


def lists(extracts: HandedOut) -> Iterator[str]:
    """A hidden count to the unit, from another one's published share and a base that is shown or published."""
    for row in extracts.elsewhere.iter_rows(named=True):
        name = Name(row["geography"], row["geography_id"], row["year"], row["indicator"])
        base = extracts.truth.get(name, {}).get("denominator")
        if name in extracts.hidden and base and (row["window_years"] or 1) == 1 and row["value"] is not None:
            half = 0.05 * base / 100
            near = base * row["value"] / 100
            if np.floor(near + half) - np.ceil(near - half) <= 0:
                yield f"{name}: {near:.0f}, by the published {row['value']} %"


def definitions(extracts: HandedOut) -> Iterator[str]:
    """What follows within a place from whom the figures count, with all published figures of the place beside.

    A base without a number is no mark: where it is large it is shown beside other shares.
    """
    published = {source.id for source in extracts.registry.sources.values() if source.already_published}
    known: dict[Place, dict[str, float]] = defaultdict(dict)
    asked: dict[Place, dict[str, float]] = defaultdict(dict)
    for name, true in extracts.truth.items():
        indicator = extracts.registry.indicators[name.indicator]
        if (true["window_years"] or 1) > 1 or not (name in extracts.rows or true["source"] in published):
            continue
        for population, column, value in _counts(indicator, true):
            shown = value if true["source"] in published else extracts.number(name, column)
            if shown is not None:
                known[name[:3]].setdefault(population, shown)
            elif column == "Antal":
                asked[name[:3]].setdefault(population, value)
    for place, counts in asked.items():
        unseen = {population: value for population, value in counts.items() if population not in known[place]}
        for relations in extracts.registry.populations.relations(sorted({*known[place], *unseen})):
            for population, low, high in _bounds(relations, known[place], unseen):
                value = unseen[population]
                if low == high or (1 <= value < 5 and (low > 1 or (high is not None and high < 5))):
                    yield f"{place}, {population}: {low} to {high}"


def _counts(indicator: Indicator, true: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """The populations that a figure counts, the column in which a list has each, and how many there are."""
    counted = true["value"] if indicator.kind == "count" else true["numerator"]
    if indicator.counts and counted is not None:
        yield indicator.counts, "Antal", counted
    if indicator.among and true["denominator"] is not None:
        yield indicator.among, "Ud af", true["denominator"]


def _bounds(
    relations: Relations, known: Mapping[str, float], unseen: Mapping[str, float]
) -> Iterator[tuple[str, int, int | None]]:
    """The least and the most that unseen populations can be; none where the figures do not fit each other."""
    names = sorted({name for row in relations.rows for name in (row.whole, *row.parts)})
    rows = np.zeros((len(relations.rows), len(names)))
    for number, relation in enumerate(relations.rows):
        rows[number, names.index(relation.whole)] = -1
        rows[number, [names.index(part) for part in relation.parts]] = 1
    bounds = [(known[name], known[name]) if name in known else (0, None) for name in names]
    for name in sorted(unseen.keys() & set(names)):
        goal = np.array([float(other == name) for other in names])
        ends = [
            linprog(sign * goal, A_eq=rows, b_eq=np.zeros(len(rows)), bounds=bounds, method="highs") for sign in (1, -1)
        ]
        if ends[0].status == 0:
            most = int(np.floor(-ends[1].fun + 1e-6)) if ends[1].status == 0 else None
            yield name, int(np.ceil(ends[0].fun - 1e-6)), most


WAYS = (
    same_row, a_year_before, beside_an_area, trends, small_counts, workbooks, pages, pools, lists, definitions
)  # fmt: skip


def main(folder: Path, marts: Path, schemas: Path | None = None) -> int:
    """Print what each way finds; returns how much that is."""
    extracts = read(folder, marts, load(schemas) if schemas else load())
    print(f"{len(extracts.rows):,} figures, of which {len(extracts.hidden):,} are hidden and known to us")
    found = Counter[str]()
    for way in WAYS:
        lines = list(way(extracts))
        found[way.__name__] = len(lines)
        print(f"{way.__name__}: {len(lines)}", *lines[:5], sep="\n  ", flush=True)
    return found.total()


if __name__ == "__main__":
    sys.exit(main(*(Path(argument) for argument in sys.argv[1:])) > 0)
