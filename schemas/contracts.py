"""Contracts made from the registry: pandera schemas for facts, Arrow schemas for files, expectations for marts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from schemas.registry import Registry
from schemas.tables import Table, TableColumn

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
# One way to write a number, so that a revision meets its target: 1, 2, 2.1.
TARGET_NUMBER = r"^[1-9][0-9]*(\.[1-9][0-9]*)*$"
# A goal that begins with what the plan does. It is asked only of goals that no indicator measures.
ONLY_AN_ACTIVITY = (
    r"(?i)^\s*(?:at\s+|vi\s+(?:vil\s+)?|der\s+(?:skal\s+)?)?"
    r"(?:afholde|arrangere|etablere|gennemføre|igangsætte|oprette|opstarte|tilbyde|udbyde|ansætte)[rs]?\b"
)


@dataclass(frozen=True)
class RowRule:
    """What the rows of a fact table must fulfil, and the field that is at fault; null where nothing is to be judged."""

    field: str
    holds: pl.Expr


VALUE, NUMERATOR, DENOMINATOR, FACTOR = (pl.col(name) for name in ("value", "numerator", "denominator", "factor"))
ANSWER, ATTRIBUTE = pl.col("answer"), pl.col("attribute")
INDICATOR, WHY_NOT = pl.col("indicator"), pl.col("not_measurable_because")
START, TARGET = pl.col("start_value"), pl.col("target_value")
# A target that is given up needs no measure any more.
IS_MEASURED = INDICATOR.is_not_null() & ~pl.col("is_withdrawn").fill_null(False)


def _within(value: pl.Expr) -> pl.Expr:
    return value.is_between("minimum", "area_maximum")


# By fact table and rule of rules.toml.
ROW_RULES: dict[str, dict[str, RowRule]] = {
    "figures": {
        # A part of a place may be empty.
        "out_of_range": RowRule(
            "value",
            VALUE.is_between(
                pl.when(pl.col("breakdown") == "all").then("minimum").otherwise(pl.min_horizontal("minimum", 0)),
                pl.when(pl.col("geography") == "area").then("area_maximum").otherwise("maximum"),
            ),
        ),
        "not_a_whole_number": RowRule("value", ~pl.col("is_count") | (VALUE.floor() == VALUE)),
        "figure_marked_missing": RowRule("value", VALUE.is_null() | pl.col("missing_reason").is_null()),
        "no_figure": RowRule("value", VALUE.is_not_null() | pl.col("missing_reason").is_not_null()),
        "numerator_above_denominator": RowRule("numerator", ~pl.col("is_share") | (NUMERATOR <= DENOMINATOR)),
        "share_disagrees_with_counts": RowRule(
            "value",
            ~pl.col("has_counts")
            | (DENOMINATOR == 0)
            | ((VALUE - FACTOR * NUMERATOR / DENOMINATOR).abs() <= SHARE_TOLERANCE * FACTOR / 100),
        ),
    },
    "plan_targets": {
        "goal_without_measure": RowRule(
            "indicator", INDICATOR.is_not_null() | WHY_NOT.is_not_null() | pl.col("is_withdrawn").fill_null(False)
        ),
        "goal_measured_twice": RowRule("not_measurable_because", INDICATOR.is_null() | WHY_NOT.is_null()),
        "goal_is_activity": RowRule("goal", INDICATOR.is_not_null() | ~pl.col("goal").str.contains(ONLY_AN_ACTIVITY)),
        "set_after_delivery": RowRule("set_on", pl.col("set_on") <= pl.col("published_at")),
        "not_a_target_number": RowRule("target_no", pl.col("target_no").str.contains(TARGET_NUMBER)),
        "not_measured_by_area": RowRule("indicator", pl.col("of_areas")),
        "target_without_area": RowRule("area_id", ~IS_MEASURED | pl.col("area_id").is_not_null()),
        "target_without_year": RowRule("target_year", ~IS_MEASURED | pl.col("target_year").is_not_null()),
        "target_without_start": RowRule(
            "start_value", ~IS_MEASURED | (START.is_not_null() & pl.col("start_year").is_not_null())
        ),
        "target_without_value": RowRule(
            "target_value", ~IS_MEASURED | (TARGET.is_not_null() & pl.col("direction").is_not_null())
        ),
        "target_outside_range": RowRule("target_value", _within(START).fill_null(True) & _within(TARGET)),
        "target_year_before_start": RowRule("target_year", pl.col("target_year") > pl.col("start_year")),
        "target_reached_at_start": RowRule(
            "target_value", pl.when(pl.col("direction") == "up").then(TARGET > START).otherwise(TARGET < START)
        ),
    },
    "addresses": {"ends_before_it_begins": RowRule("valid_to", pl.col("valid_to") > pl.col("valid_from"))},
    "plan_activities": {"ends_before_it_begins": RowRule("ends", pl.col("ends") >= pl.col("begins"))},
    "implementation": {
        "ends_before_it_begins": RowRule("holds_until", pl.col("holds_until") >= pl.col("holds_from")),
        "attribute_of_another_unit": RowRule("attribute", pl.col("unit_kind") == pl.col("of_unit")),
        # What the source plan_organisation says is said there alone.
        "answer_does_not_fit": RowRule(
            "answer",
            (pl.col("holds") != "organisation")
            & (pl.sum_horizontal(pl.col("answer", "effort_area_id", "indicator").is_not_null()) == 1)
            & pl.when(ANSWER.is_null())
            .then(pl.col("holds") == "theme")
            .otherwise(ANSWER.str.starts_with(pl.concat_str(ATTRIBUTE, pl.lit(":")))),
        ),
    },
    "secretariat_indicators": {
        "ends_before_it_begins": RowRule("agreed_until", pl.col("agreed_until") >= pl.col("agreed_from")),
        "not_measured_by_area": RowRule("indicator", pl.col("of_areas")),
    },
    "activity_indicators": {"not_measured_by_area": RowRule("indicator", pl.col("of_areas"))},
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


class Contract:
    """The contract of a fact table as one query: `pandera_schema` would judge the same rules, row by row.

    Nearly all rows keep theirs, and pandera, which says which row breaks which rule, takes tens of milliseconds
    whatever it looks at.
    """

    def __init__(self, registry: Registry, table: Table) -> None:
        rules = [rule for column in table.columns for _, rule in _column_rules(registry, table, column)]
        rules += [rule.holds for rule in ROW_RULES.get(table.id, {}).values()]
        self._asked = [rule.fill_null(True).all().alias(str(place)) for place, rule in enumerate(rules)]
        self._filled = [column.name for column in table.columns if not column.nullable]
        self._schema = polars_schema(table)
        self._known = _known_names(registry)

    def is_kept(self, rows: pl.DataFrame) -> bool:
        """Whether all rows keep it: the columns, their types, every rule."""
        if dict(rows.schema) != self._schema or any(rows[name].null_count() for name in self._filled):
            return False
        return not self._asked or all(_beside(rows, self._known).select_seq(self._asked).row(0))


def pandera_schema(registry: Registry, table: Table) -> Any:
    """Pandera schema of a fact table; the name of each check is a rule of rules.toml.

    Validate collected frames only: a LazyFrame would pass bad values in silence.
    """
    pa_polars = _pandera()
    known = _known_names(registry)
    return pa_polars.DataFrameSchema(
        columns={
            column.name: pa_polars.Column(
                POLARS_TYPES[column.type],
                checks=[_of_column(name, rule) for name, rule in _column_rules(registry, table, column)],
                nullable=column.nullable,
                description=column.description,
                metadata={"unit": column.unit},
            )
            for column in table.columns
        },
        checks=[
            pa_polars.Check(_per_row(rule.holds, known), name=name)
            for name, rule in ROW_RULES.get(table.id, {}).items()
        ],
        strict=True,
        ordered=True,
        name=table.id,
    )


def _pandera() -> Any:
    import pandera.polars  # noqa: PLC0415 - it takes a second, and most readers of a contract validate nothing

    return pandera.polars


def _known_names(registry: Registry) -> dict[str, tuple[pl.Expr, list[pl.Expr]]]:
    """What the rules of rows need to know of each indicator and attribute: by the column that names it, its place
    among those known, and what is gathered from there. A join would hash every row and move all that it has."""
    attributes = [
        {"attribute": row["attribute"], "of_unit": row["unit_kind"], "holds": row["holds"]}
        for row in registry.codes["implementation_attributes"]
    ]
    columns = dict.fromkeys(("attribute", "of_unit", "holds"), pl.String())
    known = {"indicator": _limits(registry), "attribute": pl.DataFrame(attributes, schema=columns)}
    at = pl.col("at_entry")
    return {
        name: (
            pl.col(name).cast(pl.Enum(entries[name]), strict=False).to_physical().alias("at_entry"),
            [pl.lit(column).gather(at).alias(column.name) for column in entries.drop(name)],
        )
        for name, entries in known.items()
    }


def _limits(registry: Registry) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "indicator": i.id,
                "minimum": i.minimum,
                "maximum": i.maximum,
                "area_maximum": i.maximum if i.area_maximum is None else i.area_maximum,
                "factor": float(i.factor),
                "is_share": i.kind == "share",
                "is_count": i.kind == "count",
                "has_counts": i.kind in ("share", "rate"),
                "of_areas": i.of_areas,
            }
            for i in registry.indicators.values()
        ]
    )


def _beside(rows: pl.DataFrame, known: Mapping[str, tuple[pl.Expr, list[pl.Expr]]]) -> pl.DataFrame:
    """Rows beside what is known of the indicator and the attribute that they name, where they name one."""
    for name, (place, entries) in known.items():
        if name in rows.columns:
            rows = rows.with_columns_seq(place).with_columns_seq(entries)
    return rows


def _per_row(rule: pl.Expr, known: Mapping[str, tuple[pl.Expr, list[pl.Expr]]]) -> Any:
    def judged(data: Any) -> pl.LazyFrame:
        # Collected at once, because pandera runs a lazy result again for every question it has about it.
        return _beside(data.lazyframe.collect(), known).select(rule.fill_null(True)).lazy()

    return judged


def _of_column(name: str, rule: pl.Expr) -> Any:
    # An empty cell is judged too: a rule that has nothing to say of one is null, and null passes.
    judged = lambda data: data.lazyframe.select(rule.fill_null(True))  # noqa: E731
    return _pandera().Check(judged, name=name, error=name, ignore_na=False)


def _column_rules(registry: Registry, table: Table, column: TableColumn) -> list[tuple[str, pl.Expr]]:
    """What the cells of one column must fulfil; null where a rule has nothing to judge."""
    here = pl.col(column.name)
    rules = []
    if where := table.required_where.get(column.name):
        holds = pl.all_horizontal(pl.col(name) == value for name, value in where.items())
        rules.append(("required_empty", here.is_not_null() | ~holds))
    if allowed := registry.allowed(column):
        rules.append(("unknown_value", here.is_in(allowed)))
    if column.pattern:
        rules.append(("unknown_value", here.str.contains(f"^(?:{column.pattern})$")))
    if column.minimum is not None:
        rules.append(("out_of_range", here >= column.minimum))
    if column.maximum is not None:
        rules.append(("out_of_range", here <= column.maximum))
    return rules


def expectations(registry: Registry, table: Table) -> list[Expectation]:
    """The promises that a built mart must keep before it is published."""
    suite = [
        Expectation(
            "ExpectTableColumnsToMatchOrderedList",
            {"column_list": [column.name for column in table.columns]},
            "the columns are those of the registry, in its order",
        ),
        _unique(table),
    ]
    if not table.may_be_empty:
        suite.append(Expectation("ExpectTableRowCountToBeBetween", {"min_value": 1}, "the table holds rows"))
    filled = [column.name for column in table.columns if not column.nullable]
    # One promise for all of them: one line of the page, and one query.
    gaps = " or ".join(f'"{name}" is null' for name in filled)
    query = {"unexpected_rows_query": f"select * from {table.id} where {gaps}"}  # noqa: S608 - the registry's own names
    suite.append(Expectation("UnexpectedRowsExpectation", query, f"never empty: {', '.join(filled)}"))
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
    if allowed := registry.allowed(column):
        suite.append(
            Expectation(
                "ExpectColumnValuesToBeInSet",
                {"column": column.name, "value_set": list(allowed)},
                f"one of {', '.join(allowed)}",
            )
        )
    # A column per indicator repeats the values of area_profile, which are judged there.
    low, high = (None, None) if column.of_indicator else (column.minimum, column.maximum)
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
