"""Typed rows to fact tables: long figures, and the other tables that a layout feeds; then validation by contract."""

from collections.abc import Mapping

import polars as pl

from flows.intake.casting import MISSING
from flows.intake.deliveries import Delivery
from flows.intake.faults import Fault
from flows.intake.reading import LINE, Head
from schemas import contracts
from schemas.registry import Layout, LayoutColumn, Registry, Source, Table


def tables(
    typed: pl.DataFrame,
    columns: Mapping[str, LayoutColumn],
    head: Head,
    delivery: Delivery,
    source: Source,
    layout: Layout,
    registry: Registry,
) -> dict[str, pl.DataFrame]:
    """The fact tables of a delivery, each with the columns and types of its contract."""
    stamp = {
        "published_at": head.published_at,
        "received_at": head.received_at,
        "source": source.id,
        "source_file": delivery.path,
        "origin": head.origin,
    }
    made = {}
    for name in layout.tables:
        rows = _figures(typed, columns, source, registry) if name == "figures" else typed
        rows = rows.with_columns(pl.lit(value).alias(key) for key, value in stamp.items())
        made[name] = _shaped(rows.rename({LINE: "source_line"}), registry.tables[name])
    return made


def _shaped(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The table's columns in its order and types; a column that the layout does not have is empty."""
    types = contracts.polars_schema(table)
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in types.items()
    )


def _figures(
    typed: pl.DataFrame, columns: Mapping[str, LayoutColumn], source: Source, registry: Registry
) -> pl.DataFrame:
    """One row per figure, from a layout with a column per indicator or with a row per figure."""
    wide = [column for column in columns.values() if column.indicator]
    long = pl.concat([_one_indicator(typed, column) for column in wide]) if wide else _long(typed, registry)
    return _with_reference(long, source)


def _one_indicator(typed: pl.DataFrame, column: LayoutColumn) -> pl.DataFrame:
    years = typed["year"].unique()
    windows = {year: column.window(year) for year in years if year is not None}
    # A column that the layout does not know in a year holds no figure of that year.
    known = [year for year in windows if column.years is None or year in column.years]
    return typed.filter(pl.col("year").is_in(known)).select(
        LINE,
        pl.lit("area").alias("geography"),
        pl.col("area_id").alias("geography_id"),
        "year",
        pl.lit(column.indicator).alias("indicator"),
        pl.lit(None, dtype=pl.Int64).alias("numerator"),
        pl.lit(None, dtype=pl.Int64).alias("denominator"),
        pl.col(column.name).cast(pl.Float64).alias("value"),
        pl.lit("final").alias("status"),
        pl.col(column.name + MISSING).alias("missing_reason"),
        pl.col("year").replace_strict(windows, default=1, return_dtype=pl.Int64).alias("window_years"),
    )


def _long(typed: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    factor = pl.col("indicator").replace_strict(
        {i.id: float(i.factor) for i in registry.indicators.values() if i.kind in ("share", "rate")},
        default=None,
        return_dtype=pl.Float64(),
    )
    counts = [
        name if name in typed.columns else pl.lit(None, dtype=pl.Int64).alias(name)
        for name in ("numerator", "denominator")
    ]
    from_counts = factor * pl.col("numerator") / pl.when(pl.col("denominator") > 0).then(pl.col("denominator"))
    value = pl.coalesce(pl.col("value"), from_counts)
    return typed.with_columns(counts).select(
        LINE,
        "geography",
        "geography_id",
        "year",
        "indicator",
        "numerator",
        "denominator",
        value.alias("value"),
        "status",
        pl.when(value.is_null()).then(pl.col("value" + MISSING).fill_null("not_delivered")).alias("missing_reason"),
        pl.lit(1).cast(pl.Int64).alias("window_years"),
    )


def _with_reference(figures: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The day of reference where the source has one, and the edition: the year that the figures are given for."""
    if source.reference_day is None:
        day = pl.lit(None, dtype=pl.Date)
    else:
        month, number = (int(part) for part in source.reference_day.split("-"))
        day = pl.date(pl.col("year"), month, number)
    return figures.with_columns(
        day.alias("reference_from"), day.alias("reference_to"), pl.col("year").alias("published_in")
    )


def validate(name: str, rows: pl.DataFrame, registry: Registry, columns: Mapping[str, LayoutColumn]) -> list[Fault]:
    """Faults of the rows of one fact table against its contract and its key, each with the header of its column."""
    from pandera.errors import SchemaErrors

    table = registry.tables[name]
    headers = {column.name: header for header, column in columns.items()}
    faults = _key_faults(rows, table, headers)
    try:
        contracts.pandera_schema(registry, table).validate(rows, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        if cases["index"].null_count():
            raise TypeError(f"facts of {name!r} do not have the shape of their contract:\n{cases}") from errors
        for case in cases.iter_rows(named=True):
            row = rows.row(case["index"], named=True)
            rule = _rule(case["check"], registry)
            column = case["column"] if case["column"] in rows.columns else contracts.FIELD_AT_FAULT.get(rule, "")
            header = headers.get(column) or headers.get(f"figure:{row.get('indicator')}", column)
            faults.append(Fault(row["source_line"], header, rule))
    return faults


def _rule(check: str, registry: Registry) -> str:
    if check == "not_nullable":
        return "required_empty"
    return check if check in registry.rules else "contract"


def _key_faults(rows: pl.DataFrame, table: Table, headers: Mapping[str, str]) -> list[Fault]:
    """Rows that share a key: where they agree the first one stays, where they disagree none does."""
    content = [name for name in rows.columns if name != "source_line"]
    keyed = rows.with_columns(
        pl.len().over(table.key).alias("same_key"),
        pl.len().over(content).alias("same_row"),
        pl.col("source_line").min().over(table.key).alias("first"),
    ).filter(pl.col("same_key") > 1)
    columns = ", ".join(headers[key] for key in table.key if key in headers)
    faults = []
    for row in keyed.iter_rows(named=True):
        agree = row["same_row"] == row["same_key"]
        if agree and row["source_line"] == row["first"]:
            continue
        rule = "repeated_line" if agree else "duplicate_key"
        faults.append(Fault(row["source_line"], columns, rule, f"first in line {row['first']}"))
    return faults
