"""Contracts made from the registry: pandera schemas for facts, Arrow schemas for files, expectations for marts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from schemas.registry import Registry, Table, TableColumn

POLARS_TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "year": pl.Int32(),
    "date": pl.Date(),
}
ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "year": pa.int32(),
    "date": pa.date32(),
}
# A published share is rounded, so the share that its counts give may differ by half a unit of the last digit.
SHARE_TOLERANCE = 0.1
# The field that is at fault where a figure breaks a rule over several fields.
FIELD_AT_FAULT = {
    "out_of_range": "value",
    "no_figure": "value",
    "not_a_whole_number": "value",
    "numerator_above_denominator": "numerator",
    "share_disagrees_with_counts": "value",
}


@dataclass(frozen=True)
class Expectation:
    """One promise about a mart, as plain data: the class in Great Expectations, its arguments, the rule in words."""

    type: str
    kwargs: Mapping[str, Any]
    rule: str
    check: str | None = field(default=None)


def polars_schema(table: Table) -> dict[str, pl.DataType]:
    """Column names and Polars types of a table, in order."""
    return {column.name: POLARS_TYPES[column.type] for column in table.columns}


def arrow_schema(table: Table, notes: Mapping[str, str] | None = None) -> pa.Schema:
    """Arrow schema of a table; description and unit stand in each field's metadata, `notes` in the file's.

    DuckDB shows the file's metadata only, so each column's words stand there once more as `column:<name>`.
    """
    source = (notes or {}).get("source", "the delivery that each row names in source_file")
    fields = [
        pa.field(
            column.name,
            ARROW_TYPES[column.type],
            nullable=column.nullable,
            metadata={"description": column.description, **_unit(column), "source": source},
        )
        for column in table.columns
    ]
    head = {"table": table.id, "description": table.description, "grain": table.grain, "key": ", ".join(table.key)}
    words = {
        f"column:{column.name}": column.description + (f" Unit: {column.unit}." if column.unit else "")
        for column in table.columns
    }
    return pa.schema(fields, metadata={**head, **(notes or {}), **words})


def _unit(column: TableColumn) -> dict[str, str]:
    return {"unit": column.unit} if column.unit else {}


def pandera_schema(registry: Registry, table: Table) -> Any:
    """Pandera schema of a fact table; the name of each check is a rule of rules.toml.

    Validate collected frames only: a LazyFrame would pass bad values in silence.
    """
    import pandera.polars as pa_polars

    return pa_polars.DataFrameSchema(
        columns={
            column.name: pa_polars.Column(
                POLARS_TYPES[column.type],
                checks=_column_checks(registry, column),
                nullable=column.nullable,
                description=column.description,
                metadata={"unit": column.unit},
            )
            for column in table.columns
        },
        checks=_figure_checks(registry) if table.id == "figures" else None,
        strict=True,
        ordered=True,
        name=table.id,
    )


def _column_checks(registry: Registry, column: TableColumn) -> list[Any]:
    import pandera.polars as pa_polars

    checks = []
    if allowed := registry.allowed(column):
        checks.append(pa_polars.Check.isin(allowed, name="unknown_value", error="unknown_value"))
    if column.pattern:
        checks.append(
            pa_polars.Check.str_matches(f"^(?:{column.pattern})$", name="unknown_value", error="unknown_value")
        )
    if column.minimum is not None:
        checks.append(pa_polars.Check.ge(column.minimum, name="out_of_range", error="out_of_range"))
    if column.maximum is not None:
        checks.append(pa_polars.Check.le(column.maximum, name="out_of_range", error="out_of_range"))
    return checks


def _figure_checks(registry: Registry) -> list[Any]:
    """What the figures of each indicator must fulfil; each check gives one boolean per row."""
    import pandera.polars as pa_polars

    def per_row(expression: pl.Expr) -> Any:
        return lambda data: data.lazyframe.select(expression.fill_null(True))

    value, numerator, denominator = pl.col("value"), pl.col("numerator"), pl.col("denominator")
    minimum = _by_indicator({i.id: i.minimum for i in registry.indicators.values()})
    maximum = _by_indicator({i.id: i.maximum for i in registry.indicators.values()})
    area_maximum = _by_indicator({i.id: i.area_maximum or i.maximum for i in registry.indicators.values()})
    factor = _by_indicator({i.id: float(i.factor) for i in registry.indicators.values()})
    is_share = pl.col("indicator").is_in([i.id for i in registry.indicators.values() if i.kind == "share"])
    is_count = pl.col("indicator").is_in([i.id for i in registry.indicators.values() if i.kind == "count"])
    has_counts = pl.col("indicator").is_in([i.id for i in registry.indicators.values() if i.kind in ("share", "rate")])
    derived = factor * numerator / denominator
    limit = pl.when(pl.col("geography") == "area").then(area_maximum).otherwise(maximum)
    rules = {
        "out_of_range": value.is_between(minimum, limit),
        "not_a_whole_number": ~is_count | (value == value.floor()),
        "figure_marked_missing": value.is_null() | pl.col("missing_reason").is_null(),
        "no_figure": value.is_not_null() | pl.col("missing_reason").is_not_null(),
        "numerator_above_denominator": ~is_share | (numerator <= denominator),
        "share_disagrees_with_counts": ~has_counts
        | (denominator == 0)
        | ((value - derived).abs() <= SHARE_TOLERANCE * factor / 100),
    }
    return [pa_polars.Check(per_row(expression), name=name) for name, expression in rules.items()]


def _by_indicator(values: Mapping[str, float]) -> pl.Expr:
    return pl.col("indicator").replace_strict(values, default=None, return_dtype=pl.Float64())


def expectations(registry: Registry, table: Table) -> list[Expectation]:
    """The promises that a built mart must keep before it is published."""
    suite = [
        Expectation(
            "ExpectTableColumnsToMatchOrderedList",
            {"column_list": [column.name for column in table.columns]},
            "the columns are those of the registry, in its order",
        ),
        Expectation("ExpectTableRowCountToBeBetween", {"min_value": 1}, "the table holds rows"),
        _unique(table),
    ]
    for column in table.columns:
        suite += _column_expectations(registry, column)
    return suite


def _unique(table: Table) -> Expectation:
    rule = f"one row per {', '.join(table.key)}"
    if len(table.key) == 1:
        return Expectation("ExpectColumnValuesToBeUnique", {"column": table.key[0]}, rule)
    return Expectation("ExpectCompoundColumnsToBeUnique", {"column_list": list(table.key)}, rule)


def _column_expectations(registry: Registry, column: TableColumn) -> list[Expectation]:
    suite = []
    if not column.nullable:
        suite.append(Expectation("ExpectColumnValuesToNotBeNull", {"column": column.name}, "never empty"))
    if allowed := registry.allowed(column):
        suite.append(
            Expectation(
                "ExpectColumnValuesToBeInSet",
                {"column": column.name, "value_set": list(allowed)},
                f"one of {', '.join(allowed)}",
            )
        )
    low, high = column.minimum, column.maximum
    if low is not None or high is not None:
        suite.append(
            Expectation(
                "ExpectColumnValuesToBeBetween",
                {"column": column.name, "min_value": low, "max_value": high},
                f"between {_shown(low)} and {_shown(high)}"
                if low is not None and high is not None
                else f"at least {_shown(low)}"
                if low is not None
                else f"at most {_shown(high)}",
            )
        )
    return suite


def _shown(limit: float | None) -> str:
    return "" if limit is None else f"{limit:g}" if abs(limit) < 1e6 else f"{limit:,.0f}"
