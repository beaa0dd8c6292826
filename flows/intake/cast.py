"""Text to typed columns, by the layout's declaration. A cell that does not fit becomes a fault, never a guess.

Everything is worked out once per different spelling, and where a cell needs its neighbours once per combination.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from flows.intake.coded import Coded, Codes, DeliveredTable, combine
from flows.intake.dimensions import meant
from flows.intake.faults import FaultGroup, Refusal
from flows.intake.geocode import Resolved, by_name, by_neighbours
from flows.intake.names import PlaceNames, normal
from flows.intake.reshape import Tidy
from schemas.models import Layout, LayoutColumn, Source
from schemas.registry import Registry

# A first group that begins with 0 is an English decimal: 0.259 never means 259.
PATTERNS = {
    ("integer", "danish"): r"^-?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)$",
    ("decimal", "danish"): r"^-?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?$",
    ("integer", "plain"): r"^-?[0-9]+$",
    ("decimal", "plain"): r"^-?[0-9]+(?:[.,][0-9]+)?$",
}
YEAR = r"^[0-9]{4}$"
PERIOD = r"^([0-9]{4})(?:(?:K|Q)([1-4])|M(0[1-9]|1[0-2]))?$"
YES_NO = {"ja": True, "nej": False, "1": True, "0": False}
NUMBERS = ("integer", "decimal")
PLACES = ("area", "place", "named_place")
RULES = {
    "integer": "not_a_whole_number",
    "decimal": "not_a_number",
    "boolean": "not_yes_or_no",
    "year": "not_a_year",
    "period": "not_a_period",
    "date": "not_a_date",
    "code": "unknown_value",
    "indicator": "unknown_indicator",
    "municipality": "unknown_municipality",
    "municipality_code": "not_a_municipality_code",
}
MISSING = ":missing"


@dataclass(frozen=True)
class Typed:
    """Typed columns: `codes` per row into `values`, which has nulls where a cell is empty or does not fit.

    `outside` marks the rows that are in order and not asked for.
    """

    lines: NDArray[np.int64]
    columns: Mapping[str, tuple[Codes, pl.Series]]
    outside: NDArray[np.bool_]

    def block(self, rows: NDArray[np.intp]) -> pl.DataFrame:
        """The chosen rows as a frame, with `line` and `row`."""
        made = {"line": pl.Series(values=self.lines[rows]), "row": pl.Series(values=rows)}
        return pl.DataFrame(made | {name: values.gather(codes[rows]) for name, (codes, values) in self.columns.items()})

    def arrow(self, name: str, rows: NDArray[np.intp]) -> pa.Array | None:
        """A column of text for the chosen rows, as codes into its values; None where there is none of this name."""
        codes, values = self.columns.get(name, (None, None))
        if codes is None or values is None or values.dtype != pl.String or values.null_count():
            return None
        return pa.DictionaryArray.from_arrays(codes[rows], values.to_arrow().cast(pa.string()))


def cast(
    tidy: Tidy, layout: Layout, source: Source, registry: Registry, names: PlaceNames, withheld_as: str = ""
) -> tuple[Typed, list[FaultGroup]]:
    """Cast every declared column.

    The typed columns are one per declared column, for numbers also `<column>:missing` with the reason of an empty cell,
    and for a table with dimensions `indicator` and `breakdown`. Rows with faults are still among them.
    """
    rows = len(tidy.lines)
    clean = {header: (column, coded.tidied()) for header, (column, coded) in tidy.columns.items()}
    typed: dict[str, tuple[Codes, pl.Series]] = {
        name: (np.zeros(rows, dtype=np.int32), pl.Series(values=[value]))
        for name, value in {**layout.constants, **source.constants}.items()
    }
    groups: list[FaultGroup] = []
    outside = np.zeros(rows, dtype=bool)
    for header, (column, coded) in clean.items():
        if column.type in PLACES:
            continue
        values, missing = _column(coded.spellings, column, layout, source, registry, names, withheld_as)
        typed[column.name] = (coded.codes, values)
        if column.type in NUMBERS:
            typed[column.name + MISSING] = (coded.codes, missing)
        groups += _column_faults(header, column, coded, values, missing, source)
    # Places are resolved last: they need the municipality or the kind of place in the same row.
    resolved: list[Resolved] = []
    for header, (column, coded) in clean.items():
        if column.type == "named_place":
            resolved.append(by_name(header, column, coded, names))
        elif column.type in PLACES:
            resolved.append(by_neighbours(header, column, coded, typed, names))
        else:
            continue
        typed |= resolved[-1].columns
    if source.figures:
        resolved.append(meant(tidy.dimensions, layout, source, rows))
        typed |= resolved[-1].columns
    for part in resolved:
        groups += part.groups
        outside |= part.outside
    return Typed(tidy.lines, typed, outside), _of_rows_asked_for(groups, outside)


def number_text(text: pl.Series, kind: str, notation: str) -> pl.Series:
    """Numbers to machine notation; null where the text is no number in the notation."""
    fits = text.str.contains(PATTERNS[kind, notation]).fill_null(False)
    made = text.set(~fits, None)
    if notation == "danish":
        made = made.str.replace_all(".", "", literal=True)
    return made.str.replace(",", ".", literal=True)


def check_totals(delivered: DeliveredTable, layout: Layout) -> None:
    """Hold the sums of columns against those of the delivery note. Raises Refusal naming the column that differs."""
    for header, promised in delivered.note.totals.items():
        name = next((name for name in delivered.columns if name.casefold() == header.casefold()), None)
        if name is None:
            raise Refusal("control_total_differs", f"the note has a total of '{header}', the file has no such column")
        coded = delivered.columns[name]
        numbers = number_text(coded.spellings.str.strip_chars(), "decimal", layout.numbers)
        times = np.bincount(coded.codes, minlength=len(numbers)).tolist()
        total = sum(
            (Decimal(number) * count for number, count in zip(numbers, times, strict=True) if number and count),
            Decimal(0),
        )
        if total != promised:
            raise Refusal("control_total_differs", f"'{name}': the note says {promised}, the file gives {total}")


def check_complete(tidy: Tidy, layout: Layout) -> None:
    """Hold a table that must have every place in every period against itself. Raises Refusal where rows lack or repeat.

    A sender who says that rows which are not there mean 0 sends no such table.
    """
    keys = [coded for column, coded in tidy.columns.values() if column.to in ("geography_id", "period")]
    parts = list(tidy.dimensions.values())
    sizes = [len(np.unique(key.codes)) for key in keys]
    sizes.append(len(combine(len(tidy.lines), *parts)[1][0]) if parts else 1)
    expected = int(np.prod(sizes))
    different = len(combine(len(tidy.lines), *keys, *parts)[1][0]) if keys else expected
    if layout.complete and not expected == different == len(tidy.lines):
        raise Refusal("incomplete_table", f"{len(tidy.lines)} rows, {different} of them different, {expected} expected")


def check_municipalities(typed: Typed, layout: Layout, names: PlaceNames) -> None:
    """Hold a complete table of municipalities against the list of them. Raises Refusal where a few are not there."""
    columns = [typed.columns.get(name) for name in ("geography", "geography_id")]
    if not layout.complete or any(column is None for column in columns):
        return
    (kinds, kind), (codes, identifier) = (column for column in columns if column)
    is_municipality = (kind == "municipality").fill_null(False).to_numpy()[kinds]
    there = identifier.gather(np.unique(codes[is_municipality])).drop_nulls().n_unique()
    known = len(set(names.municipalities.values()))
    if known / 2 < there < known:
        raise Refusal("incomplete_table", f"{there} of {known} municipalities")


def _column(
    text: pl.Series,
    column: LayoutColumn,
    layout: Layout,
    source: Source,
    registry: Registry,
    names: PlaceNames,
    withheld_as: str,
) -> tuple[pl.Series, pl.Series]:
    """Typed values of spellings, and the reason of every spelling that means a missing figure."""
    marks = layout.missing if column.type in NUMBERS else {"": "not_delivered"}
    marks = {"": "not_delivered"} | marks
    if withheld_as and column.name in ("value", "numerator"):
        marks[withheld_as] = "withheld_or_zero"
    missing = text.replace_strict(marks, default=None, return_dtype=pl.String())
    given = text.set(missing.is_not_null(), None)
    known: Mapping[str, str] = {}
    match column.type:
        case "code":
            known = column.values or registry.vocabularies[column.vocabulary or ""]
        case "indicator":
            known = registry.indicator_names(source.id)
        case "municipality":
            known = names.municipalities
    known = {normal(name): identifier for name, identifier in known.items()}
    if column.separator is None:
        return _values(given, column.type, layout.numbers, known), missing

    def each(cell: str) -> list[Any] | None:
        parts = pl.Series(values=[part.strip() for part in cell.split(column.separator)], dtype=pl.String())
        values = _values(parts, column.type, layout.numbers, known)
        return None if values.null_count() else values.to_list()

    return pl.Series(
        values=[None if cell is None else each(cell) for cell in given], dtype=pl.List(pl.String())
    ), missing


def _values(text: pl.Series, kind: str, numbers: str, known: Mapping[str, str]) -> pl.Series:  # noqa: PLR0911
    """Typed values; null where the text does not fit. `known` are identifiers by normalised name."""
    match kind:
        case "integer":
            return number_text(text, "integer", numbers).cast(pl.Int64(), strict=False)
        case "decimal":
            decimal = number_text(text, "decimal", numbers).cast(pl.Float64(), strict=False)
            return decimal.set(decimal.is_infinite().fill_null(False), None)
        case "year":
            return text.set(~text.str.contains(YEAR).fill_null(False), None).cast(pl.Int32())
        case "period":
            parts = text.str.extract_groups(PERIOD)
            year, quarter, month = (parts.struct.field(name) for name in ("1", "2", "3"))
            quarters = "Q" + quarter
            return year + quarters.fill_null("M" + month).fill_null("")
        case "date":
            return text.str.to_date("%Y-%m-%d", strict=False).fill_null(text.str.to_date("%d-%m-%Y", strict=False))
        case "boolean":
            return text.str.to_lowercase().replace_strict(YES_NO, default=None, return_dtype=pl.Boolean())
        case "code" | "indicator" | "municipality":
            identifiers = [None if name is None else known.get(normal(name)) for name in text]
            return pl.Series(values=identifiers, dtype=pl.String())
        case "municipality_code":
            return text.set(~text.str.contains(r"^[0-9]{3,4}$").fill_null(False), None).str.zfill(4)
        case _:
            return text


def _column_faults(
    header: str,
    column: LayoutColumn,
    coded: Coded,
    values: pl.Series,
    missing: pl.Series,
    source: Source,
) -> Iterator[FaultGroup]:
    unfit = missing.is_null() & values.is_null()
    dash = unfit & (coded.spellings == "-") if column.type in NUMBERS else unfit & False
    rules = {RULES.get(column.type, "contract"): unfit & ~dash, "ambiguous_dash": dash}
    if not column.optional and column.indicator is None and column.to != "value":
        rules["required_empty"] = missing.is_not_null()
    if column.to in ("year", "period") and source.years:
        years = values.cast(pl.String()).str.slice(0, 4).cast(pl.Int32())
        rules["year_out_of_range"] = values.is_not_null() & ~years.is_in(
            [year for year in years.unique().drop_nulls() if year in source.years]
        )
    for rule, spellings in rules.items():
        if spellings.any():
            yield FaultGroup(np.flatnonzero(coded.where(spellings)), header, rule)


def _of_rows_asked_for(groups: list[FaultGroup], outside: NDArray[np.bool_]) -> list[FaultGroup]:
    """Faults of rows that nobody asks for are no faults, but for an unknown place or dimension."""
    if not outside.any():
        return groups
    asked_for = (replace(group, rows=group.rows[~outside[group.rows]]) for group in groups)
    return [group for group in asked_for if len(group.rows)]
