"""Typed rows to fact tables: long figures, and the other tables that a layout feeds; then validation by contract."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from flows.intake.cast import MISSING
from flows.intake.faults import Fault
from flows.intake.reshape import Tidy
from schemas import contracts
from schemas.models import Layout, LayoutColumn, Source, Table
from schemas.registry import Registry

ROW = "row"
# What a row says of its delivery, not of the world.
STAMPED = ("received_at", "published_at", "source", "source_file", "source_line", "origin")
# A source that shows a figure and marks it missing in the same row says two things at once.
MARKED = ("withheld_by_source", "too_uncertain", "not_defined_that_year")


@dataclass(frozen=True)
class Stamp:
    """What every fact of a delivery says of where it comes from."""

    source: str
    source_file: str
    published_at: date
    received_at: date
    origin: str


def tables(
    typed: pl.DataFrame,
    columns: Collection[LayoutColumn],
    stamp: Stamp,
    source: Source,
    layout: Layout,
    registry: Registry,
) -> dict[str, pl.DataFrame]:
    """The fact tables of typed rows, each with the columns and types of its contract and `row`."""
    says = {name: pl.lit(value) for name, value in vars(stamp).items()}
    made = {}
    for name in layout.tables:
        rows = (
            _figures(typed, columns, source, registry) if name == "figures" else _one_each(typed, registry.tables[name])
        )
        made[name] = _shaped(rows.with_columns(**says).rename({"line": "source_line"}), registry.tables[name])
    return made


def _one_each(typed: pl.DataFrame, table: Table) -> pl.DataFrame:
    """A row for each value of a column that has several in one cell, for the tables that have such a column."""
    held = {column.name for column in table.columns}
    several = [name for name, dtype in typed.schema.items() if dtype == pl.List(pl.String()) and name in held]
    for name in several:
        typed = typed.explode(name, empty_as_null=False, keep_nulls=False)
    return typed


def _shaped(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The table's columns in its order and types; a column that the layout does not have is empty."""
    types = contracts.polars_schema(table)
    return rows.select(
        *(
            (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in types.items()
        ),
        ROW,
    )


def _figures(
    typed: pl.DataFrame, columns: Collection[LayoutColumn], source: Source, registry: Registry
) -> pl.DataFrame:
    """One row per figure, from a layout with columns per indicator or with a row per figure."""
    by_indicator: dict[str, dict[str, LayoutColumn]] = {}
    for column in columns:
        if column.indicator:
            by_indicator.setdefault(column.indicator, {})[column.part] = column
    if by_indicator:
        long = pl.concat([_one_indicator(typed, name, parts, registry) for name, parts in by_indicator.items()])
    else:
        long = _long(typed, registry)
    return _with_reference(long, source, registry)


def _one_indicator(
    typed: pl.DataFrame, indicator: str, parts: Mapping[str, LayoutColumn], registry: Registry
) -> pl.DataFrame:
    """The figures of one indicator that has columns of its own: a value, its counts, or all three."""
    first = next(iter(parts.values()))
    years = typed["year"].unique()
    windows = {year: first.window(year) for year in years if year is not None}
    # A column that the layout does not know in a year holds no figure of that year.
    known = [year for year in windows if first.years is None or year in first.years]
    rows = typed.filter(pl.col("year").is_in(known))
    renamed = {column.name: part for part, column in parts.items()}
    kept = [name for name in rows.columns if ":" not in name or name.removesuffix(MISSING) in renamed]
    names = {old + end: new + end for old, new in renamed.items() for end in ("", MISSING)}
    return _long(rows.select(kept).rename(names).with_columns(indicator=pl.lit(indicator)), registry, windows)


def _long(typed: pl.DataFrame, registry: Registry, windows: Mapping[int, int] | None = None) -> pl.DataFrame:
    """Figures with a value, counts, or both; where the value is not delivered, it follows from the counts."""
    factor = pl.col("indicator").replace_strict(
        {i.id: float(i.factor) for i in registry.indicators.values() if i.kind in ("share", "rate")},
        default=None,
        return_dtype=pl.Float64(),
    )
    otherwise = {
        "geography": pl.lit("area"),
        "geography_id": pl.col("area_id"),
        "year": pl.col("period").str.slice(0, 4).cast(pl.Int32),
        "period": pl.col("year").cast(pl.String),
        "breakdown": pl.lit("all"),
        "numerator": pl.lit(None, dtype=pl.Int64),
        "denominator": pl.lit(None, dtype=pl.Int64),
        "value": pl.lit(None, dtype=pl.Float64),
        "status": pl.lit("final"),
    }
    rows = typed.with_columns(**{name: cells for name, cells in otherwise.items() if name not in typed.columns})
    from_counts = factor * pl.col("numerator") / pl.when(pl.col("denominator") > 0).then(pl.col("denominator"))
    value = pl.coalesce(pl.col("value").cast(pl.Float64), from_counts)
    marks = [pl.col(name + MISSING) for name in ("value", "numerator", "denominator") if name + MISSING in rows.columns]
    marked = pl.coalesce([pl.when(mark.is_in(MARKED)).then(mark) for mark in marks])
    plain = pl.coalesce([*marks, pl.lit("not_delivered")])
    # 0 of 0 was delivered: there is nobody of whom to tell a share.
    of_nobody = factor.is_not_null() & (pl.col("numerator") == 0) & (pl.col("denominator") == 0)
    nobody = pl.when(of_nobody).then(pl.lit("nobody"))
    window = pl.col("year").replace_strict(windows, default=1, return_dtype=pl.Int64) if windows else pl.lit(1)
    rows = rows.with_columns(
        value=value,
        missing_reason=pl.when(value.is_null()).then(pl.coalesce(marked, nobody, plain)).otherwise(marked),
        window_years=window.cast(pl.Int64),
    )
    held = [column.name for column in registry.tables["figures"].columns if column.name in rows.columns]
    return rows.select("line", ROW, *held)


def _with_reference(figures: pl.DataFrame, source: Source, registry: Registry) -> pl.DataFrame:
    """The days that a figure speaks of, where they are known, and the edition: the year that it is given for.

    A source with a day of reference counts on that day. A quarter or month is its first day for a stock, all its days
    for what happens in the course of it.
    """
    first = last = pl.lit(None, dtype=pl.Date)
    if source.reference_day is not None:
        month, number = (int(part) for part in source.reference_day.split("-"))
        first = last = pl.date(pl.col("year"), month, number)
    if figures["period"].str.len_chars().max() not in (None, 4):
        part = pl.col("period").str.slice(5).cast(pl.Int32, strict=False)
        months = pl.when(pl.col("period").str.contains("Q")).then(3).otherwise(1)
        begins = pl.date(pl.col("year"), months * (part - 1) + 1, 1)
        ends = begins.dt.offset_by("1mo").dt.offset_by("-1d")
        ends = pl.when(months == 3).then(begins.dt.offset_by("3mo").dt.offset_by("-1d")).otherwise(ends)
        stocks = [i.id for i in registry.indicators.values() if i.of_year == "first"]
        is_part = pl.col("period").str.len_chars() > 4
        first, last = (
            pl.when(is_part).then(begins).otherwise(first),
            pl.when(~is_part).then(last).when(pl.col("indicator").is_in(stocks)).then(begins).otherwise(ends),
        )
    return figures.with_columns(reference_from=first, reference_to=last, published_in=pl.col("year"))


def validate(
    name: str, rows: pl.DataFrame, registry: Registry, headers: Mapping[str, str], tidy: Tidy
) -> tuple[list[Fault], Counter[str]]:
    """Faults of the rows of one fact table against its contract, and how many of them an exception accepts.

    `headers` gives the header of each typed column.
    """
    table, judged = registry.tables[name], rows.drop(ROW)
    cases = _broken_rules(judged, table, registry, apart=False)
    if cases is None or (cases := _broken_rules(judged, table, registry, apart=True)) is None:
        return [], Counter()
    if cases["index"].null_count():
        raise TypeError(f"facts of {name!r} do not have the shape of their contract:\n{cases}")
    faults, accepted = [], Counter[str]()
    for case in cases.to_dicts():
        row = rows.row(case["index"], named=True)
        fault = _fault(name, case, row, registry, headers, tidy)
        if excuse := registry.excuse(fault.rule, row["source_file"], row):
            accepted[excuse] += 1
        else:
            faults.append(fault)
    return faults, accepted


def _broken_rules(rows: pl.DataFrame, table: Table, registry: Registry, apart: bool) -> pl.DataFrame | None:
    """Every broken rule of every row, None where all is in order."""
    from pandera.errors import SchemaErrors  # noqa: PLC0415 - it takes seconds to import

    try:
        contracts.pandera_schema(registry, table, apart=apart).validate(rows, lazy=True)
    except SchemaErrors as errors:
        cases: pl.DataFrame = errors.failure_cases
        return cases
    return None


def _fault(
    table: str,
    case: Mapping[str, object],
    row: Mapping[str, object],
    registry: Registry,
    headers: Mapping[str, str],
    tidy: Tidy,
) -> Fault:
    check = "required_empty" if case["check"] == "not_nullable" else str(case["check"])
    rule = check if check in registry.rules else "contract"
    of_rows = contracts.ROW_RULES.get(table, {})
    column = str(case["column"]) if case["column"] in row else of_rows[rule].field if rule in of_rows else ""
    header = headers.get(column) or headers.get(f"{column}:{row.get('indicator')}", column)
    at = int(str(row[ROW]))
    return Fault(int(str(row["source_line"])), tidy.shown(header, at), rule, "", at)


def key_faults(rows: pl.DataFrame, table: Table, headers: Mapping[str, str]) -> list[Fault]:
    """Rows that share a key: where they agree the first one stays, where they disagree none does."""
    content = [name for name in rows.columns if name not in ("source_line", ROW)]
    keyed = rows.with_columns(
        pl.len().over(table.key).alias("same_key"),
        pl.len().over(content).alias("same_row"),
        pl.col(ROW).min().over(table.key).alias("first"),
        pl.col("source_line").min().over(table.key).alias("first_line"),
    ).filter(pl.col("same_key") > 1)
    columns = ", ".join(dict.fromkeys(headers[key] for key in table.key if key in headers))
    faults = []
    for row in keyed.iter_rows(named=True):
        agree = row["same_row"] == row["same_key"]
        if agree and row[ROW] == row["first"]:
            continue
        rule = "repeated_line" if agree else "duplicate_key"
        faults.append(Fault(row["source_line"], columns, rule, f"first in line {row['first_line']}", row[ROW]))
    return faults
