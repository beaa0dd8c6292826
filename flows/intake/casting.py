"""Text to typed columns, by the layout's declaration. A cell that does not fit becomes a fault, never a guess."""

from collections.abc import Mapping

import polars as pl

from flows.intake.faults import Fault
from flows.intake.names import COUNTRY, Names, normal
from flows.intake.reading import LINE, Sheet
from schemas.registry import Layout, LayoutColumn, Registry, Source

# A first group that begins with 0 is an English decimal: 0.259 never means 259.
WHOLE = r"^-?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)$"
DECIMAL = r"^-?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?$"
YEAR = r"^[0-9]{4}$"
YES_NO = {"ja": True, "nej": False}
NUMBERS = ("integer", "decimal")
RULES = {
    "integer": "not_a_whole_number",
    "decimal": "not_a_number",
    "boolean": "not_yes_or_no",
    "year": "not_a_year",
    "code": "unknown_value",
    "indicator": "unknown_indicator",
    "municipality": "unknown_municipality",
    "area": "unknown_area",
    "place": "unknown_place",
}
MISSING = ":missing"


def cast(
    sheet: Sheet, columns: Mapping[str, LayoutColumn], layout: Layout, source: Source, registry: Registry, names: Names
) -> tuple[pl.DataFrame, list[Fault]]:
    """Cast every declared column.

    Returns a frame of `line`, one typed column per declared column and, for numbers, `<column>:missing` with the
    reason of an empty cell; and the faults. Rows with faults are still in the frame.
    """
    clean = sheet.cells.with_columns(pl.col(pl.String).str.normalize("NFC").str.strip_chars())
    typed = {LINE: clean[LINE]}
    faults: list[Fault] = []
    # Places are resolved last: they need the municipality or the kind of place in the same row.
    for header, column in sorted(columns.items(), key=lambda item: item[1].type in ("area", "place")):
        text = clean[header]
        missing = _missing(text, column, layout)
        given = pl.Series(values=text).set(missing.is_not_null(), None)
        values = _values(given, column, registry, names, typed, registry.indicators_of(source.id))
        bad = given.is_not_null() & values.is_null()
        faults += _unfit(clean[LINE], header, column, given, bad, names, typed)
        if not column.optional and column.indicator is None:
            faults += [Fault(line, header, "required_empty") for line in clean[LINE].filter(missing.is_not_null())]
        if column.to == "year" and source.years:
            covered = [year for year in values.unique().drop_nulls() if year in source.years]
            outside = values.is_not_null() & ~values.is_in(covered)
            faults += [Fault(line, header, "year_out_of_range") for line in clean[LINE].filter(outside)]
        typed[column.name] = values.alias(column.name)
        if column.type in NUMBERS:
            typed[column.name + MISSING] = missing.alias(column.name + MISSING)
    return pl.DataFrame(list(typed.values())), faults


def _missing(text: pl.Series, column: LayoutColumn, layout: Layout) -> pl.Series:
    """Reason for every cell that is empty or holds a mark for a missing figure; else null."""
    marks = layout.missing if column.type in NUMBERS else {"": "not_delivered"}
    return text.replace_strict({"": "not_delivered"} | marks, default=None, return_dtype=pl.String())


def _values(
    text: pl.Series,
    column: LayoutColumn,
    registry: Registry,
    names: Names,
    typed: Mapping[str, pl.Series],
    indicators: tuple[str, ...],
) -> pl.Series:
    """Typed values; null where the text does not fit."""
    match column.type:
        case "text":
            return text
        case "integer":
            return _number(text, WHOLE).cast(pl.Int64(), strict=False)
        case "decimal":
            return _number(text, DECIMAL).cast(pl.Float64(), strict=False)
        case "year":
            return text.set(~text.str.contains(YEAR).fill_null(False), None).cast(pl.Int32())
        case "boolean":
            return text.str.to_lowercase().replace_strict(YES_NO, default=None, return_dtype=pl.Boolean())
        case "code":
            known = column.values or registry.vocabularies[column.vocabulary or ""]
            return _look_up(text, {normal(label): code for label, code in known.items()})
        case "indicator":
            return text.set(~text.is_in(indicators).fill_null(False), None)
        case "municipality":
            return _look_up(text, names.municipalities)
        case "area":
            return _areas(text, typed["municipality_code"], names)
        case "place":
            return _places(text, typed, names)


def _number(text: pl.Series, pattern: str) -> pl.Series:
    """Danish notation to machine notation; null where the text does not have the pattern."""
    fits = text.str.contains(pattern).fill_null(False)
    return text.set(~fits, None).str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)


def _look_up(text: pl.Series, known: Mapping[str, str]) -> pl.Series:
    """Identifiers of names; each different spelling is looked up once."""
    found = {name: code for name in text.unique().drop_nulls() if (code := known.get(normal(name)))}
    return text.replace_strict(found, default=None, return_dtype=pl.String())


def _areas(text: pl.Series, municipality: pl.Series, names: Names) -> pl.Series:
    pairs = pl.DataFrame({"municipality": municipality, "name": text})
    written = pairs.unique().drop_nulls()
    ids = [names.areas.get((code, normal(name))) for code, name in written.iter_rows()]
    known = written.with_columns(pl.Series("area_id", ids, dtype=pl.String()))
    return pairs.join(known, on=["municipality", "name"], how="left", maintain_order="left")["area_id"]


def _places(text: pl.Series, typed: Mapping[str, pl.Series], names: Names) -> pl.Series:
    nothing = pl.Series(values=[None] * len(text), dtype=pl.String())
    kind = pl.col("geography")
    tables = pl.DataFrame(
        {
            "geography": typed["geography"],
            "municipality": _look_up(text, names.municipalities),
            "region": _look_up(text, names.regions),
            "country": _look_up(text, COUNTRY),
            "area": _areas(text, typed.get("municipality_code", nothing), names),
        }
    )
    return tables.select(
        pl.coalesce(pl.when(kind == name).then(name) for name in tables.columns[1:]).alias("place")
    ).to_series()


def _unfit(
    lines: pl.Series,
    header: str,
    column: LayoutColumn,
    text: pl.Series,
    bad: pl.Series,
    names: Names,
    typed: Mapping[str, pl.Series],
) -> list[Fault]:
    faults = []
    municipality = typed.get("municipality_code")
    for row in bad.arg_true():
        written = text[row]
        if column.type == "area" and municipality is not None and municipality[row] is None:
            continue  # the municipality's own fault says it already
        rule, detail = RULES[column.type], ""
        if column.type in NUMBERS and written == "-":
            rule = "ambiguous_dash"
        elif column.type == "place" and typed["geography"][row] == "area":
            rule = "unknown_area"
        if rule == "unknown_area" and municipality is not None:
            detail = names.suggestion(municipality[row], written)
        faults.append(Fault(lines[row], header, rule, detail))
    return faults
