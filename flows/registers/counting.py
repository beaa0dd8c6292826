"""The counting of a register: its pieces, in the order in which one needs another, and what they add up to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb
import polars as pl

from flows.registers import members, partitions
from flows.registers.partitions import Partition, UnfitRegister
from flows.registers.pieces import Piece, count, piece
from flows.registers.workers import Each, in_turn
from schemas.registry import Registry

# What counts.sql tells of each person, and household_counts.sql of each household.
OF_PERSONS = ("age", "origin", "activity", "enrolled", "benefit", "highest_education", "income", "convicted")
OF_HOUSEHOLDS = ("household",)
VACANT = "vacant"
# How many earlier years stays.sql looks back.
REACH = 5
# Partitions of a year are counted together up to so many bytes (about two million person-years): each query reads the
# whole dated key, which many small partitions would pay for many times.
TOGETHER = 32_000_000
# Sums of counts.sql as numerators: of the population that they are told of, times a factor. The rest are populations.
SUMS = {
    "outside_work_pct": ("outside_hundredths", "residents_18_64", 100 / 1200),
    "gross_income_dkk": ("taxed_dkk", "taxpayers", 1.0),
}
# Sums that are the count of a population of events.
EVENTS = {"gp_contacts": "gp_contacts", "admissions": "admissions"}
# What the ministry tells as a mean over two years (sources.toml, layout.ministry_list).
IN_WINDOWS = ("outside_work_pct", "convicted_pct")


@dataclass(frozen=True)
class Register:
    """A register to be counted, with what places its persons: the dated key, and the municipalities' regions.

    `addresses` and `municipalities` are files with the columns of the marts dim_addresses and dim_municipalities.
    """

    folder: Path
    addresses: Path
    municipalities: Path

    def partitions_of(self, table: str) -> list[Partition]:
        """The partitions of a table. Raises UnfitRegister as `partitions.find` does."""
        return partitions.find(self.folder, table)


def counts(register: Register, registry: Registry, staging: Path, each: Each = in_turn) -> list[Path]:
    """Count a register: files with a row per municipality, area, year and population (or sum).

    `each` runs pieces, wherever it does; partial counts stay in `staging`. Raises UnfitRegister where the register
    has no person-years.
    """
    persons = register.partitions_of("person_years")
    if not persons:
        raise UnfitRegister(f"{register.folder} holds no person_years")
    low = low_income(persons, staging, each)
    asked = [
        *_counts(register, persons, low, registry, staging),
        *_stays(register, persons, registry, staging),
        *_households(register, registry, staging),
    ]
    files: list[str] = each(count, asked)
    by_kind = {
        kind: [Path(file) for given, file in zip(asked, files, strict=True) if given.kind == kind]
        for kind in dict.fromkeys(given.kind for given in asked)
    }
    return _merged(by_kind, staging)


def figures(counted: Sequence[Path], register: Register, registry: Registry) -> pl.DataFrame:
    """The figures that counts give: geography, geography_id, year, window_years, indicator, numerator, denominator,
    value. Where there is nobody whom a figure could be of, there is none.
    """
    with duckdb.connect() as connection:
        connection.read_parquet([str(file) for file in counted]).create_view("counts")
        connection.read_parquet(str(register.municipalities)).create_view("municipalities")
        there = [name for (name,) in connection.sql("select distinct population from counts").fetchall()]
        connection.from_arrow(measures(registry, there).to_arrow()).create("measures")
        found: pl.DataFrame = connection.sql(query("figures")).pl()
    return found.filter(pl.col("numerator").is_not_null() | pl.col("value").is_not_null())


def measures(registry: Registry, there: Collection[str]) -> pl.DataFrame:
    """What makes an indicator of the counts that are there: indicator, numerator, denominator, factor, is_count,
    in_windows; no denominator for a number on its own.
    """
    rows = []
    for name, indicator in registry.indicators.items():
        over, under, factor = SUMS.get(name, (indicator.counts, indicator.among, float(indicator.factor)))
        over = EVENTS.get(over or "", over)
        if over in there and (under in there or (under is None and indicator.kind == "count")):
            rows.append((name, over, under, factor, name not in SUMS, name in IN_WINDOWS))
    return pl.DataFrame(
        rows,
        schema={
            "indicator": pl.String(),
            "numerator": pl.String(),
            "denominator": pl.String(),
            "factor": pl.Float64(),
            "is_count": pl.Boolean(),
            "in_windows": pl.Boolean(),
        },
        orient="row",
    )


def outside_months(registry: Registry, year: int) -> str:
    """The months of a person-year that count as outside work in a year, by codes/attachments.csv, as SQL."""
    counting = [
        row["attachment"]
        for row in registry.codes["attachments"]
        if row["is_outside"] == "yes" and int(row["from_year"] or year) <= year <= int(row["to_year"] or year)
    ]
    return " + ".join(f"coalesce({name}_months, 0)" for name in counting) or "0"


def counts_query(registry: Registry) -> str:
    """counts.sql with the registry's populations."""
    return query("counts", populations=populations_as_sql(registry, "persons", OF_PERSONS))


def views(registry: Registry, year: int, *names: str) -> dict[str, str]:
    """Queries of sql/register that others read as views, by name: dated, and residents with the benefits of a year."""
    return {name: query(name, outside_months=outside_months(registry, year)) for name in names}


def households_query(registry: Registry) -> str:
    """household_counts.sql with the registry's populations."""
    return query("household_counts", populations=populations_as_sql(registry, "homes", OF_HOUSEHOLDS))


def query(name: str, **put: str) -> str:
    """A query of sql/register, with what stands in braces in it put in."""
    text = (resources.files("sql") / "register" / f"{name}.sql").read_text(encoding="utf-8")
    head, select = _parted(text)
    for marker, words in put.items():
        select = select.replace("{" + marker + "}", words)
    return head + select


def _parted(text: str) -> tuple[str, str]:
    """The comments at the head of a query, and the query."""
    lines = text.splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    return "".join(lines[:at]), "".join(lines[at:])


def populations_as_sql(registry: Registry, universe: str, attributes: Sequence[str]) -> str:
    """A count per population of a universe that asks for these attributes alone."""
    asked = members.conditions(registry.populations, universe, attributes)
    if universe == "homes":
        # A register of households knows no dwelling that nobody lives in.
        regions = registry.populations.regions
        asked = {name: c for name, c in asked.items() if VACANT not in regions[name].get("household", {VACANT})}
    return ",\n    ".join(f"count(*) filter (where {condition}) as {name}" for name, condition in asked.items())


def low_income(persons: Sequence[Partition], staging: Path, each: Each) -> Path:
    """The file that says, by year, which income is low: against the exact median over all partitions."""
    sql = query("incomes")
    partial = each(
        count, [piece("incomes", sql, {"person_years": [p.file]}, {"year": p.year}, staging) for p in persons]
    )
    return Path(
        count(piece("low_income", query("low_income"), {"incomes": [Path(file) for file in partial]}, {}, staging))
    )


def _counts(
    register: Register, persons: Sequence[Partition], low: Path, registry: Registry, staging: Path
) -> list[Piece]:
    sql = counts_query(registry)
    made = []
    for year, part in together(persons):
        files = [partition.file for partition in part]
        inputs = {"person_years": files, "addresses": [register.addresses], "low_income": [low]}
        seen = views(registry, year, "dated", "residents")
        made.append(piece("counts", sql, inputs, {"year": year}, staging, seen))
    return made


def _stays(register: Register, persons: Sequence[Partition], registry: Registry, staging: Path) -> list[Piece]:
    """Partitions of a year with those of the five years before; of other years' buckets all that there are."""
    made = []
    for year, part in together(persons):
        earlier = list(dict.fromkeys(other for partition in part for other in before(persons, partition)))
        # How many years in a row, backwards from the last, the register holds.
        years = {other.year for other in earlier}
        reach = next(n for n in range(REACH + 1) if n == REACH or year - n - 1 not in years)
        inputs = {
            "person_years": [partition.file for partition in part],
            "earlier": [other.file for other in earlier or part],
            "addresses": [register.addresses],
        }
        variables = {"year": year, "reach": reach}
        seen = views(registry, year, "dated")
        made.append(piece("stays", query("stays"), inputs, variables, staging, seen))
    return made


def together(partitions: Sequence[Partition]) -> list[tuple[int, list[Partition]]]:
    """The partitions of a table by year, in parts of TOGETHER bytes, or of one partition where it is larger."""
    made: list[tuple[int, list[Partition]]] = []
    held = 0
    for partition in partitions:
        size = partition.file.stat().st_size
        if not made or made[-1][0] != partition.year or held + size > TOGETHER:
            made.append((partition.year, []))
            held = 0
        made[-1][1].append(partition)
        held += size
    return made


def before(persons: Sequence[Partition], partition: Partition, years: int = REACH) -> list[Partition]:
    """The partitions of the years before that hold the same persons."""
    return [
        other
        for other in persons
        if partition.year - years <= other.year < partition.year
        and (other.buckets != partition.buckets or other.bucket == partition.bucket)
    ]


def _households(register: Register, registry: Registry, staging: Path) -> list[Piece]:
    sql = households_query(registry)
    return [
        piece(
            "household_counts",
            sql,
            {"households": [partition.file for partition in part], "addresses": [register.addresses]},
            {"year": year},
            staging,
            views(registry, year, "dated"),
        )
        for year, part in together(register.partitions_of("households"))
    ]


def _merged(by_kind: Mapping[str, list[Path]], staging: Path) -> list[Path]:
    sql = query("merged")
    return [
        Path(count(piece(f"merged_{kind}", sql, {"partials": files}, {}, staging))) for kind, files in by_kind.items()
    ]
