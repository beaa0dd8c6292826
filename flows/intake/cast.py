"""Text to typed columns, by the layout's declaration. A cell that does not fit becomes a fault, never a guess.

Everything is worked out once per different spelling, and where a cell needs its neighbours once per combination.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.intake.characters import (
    ODD,
    PERHAPS_BROKEN,
    any_matches,
    broken_rule,
    unprintable,
    unprintable_in,
)
from flows.intake.coded import Coded, Codes, tidied, together
from flows.intake.dimensions import meant
from flows.intake.faults import FaultGroup
from flows.intake.names import Resolved, by_name, by_neighbours, normal
from flows.intake.reading import Reading
from flows.intake.reshape import Rows
from schemas.indicators import Indicator
from schemas.sources import LayoutColumn

YEAR = r"^[0-9]{4}$"
PERIOD = r"^([0-9]{4})(?:(?:K|Q)([1-4])|M(0[1-9]|1[0-2]))?$"
MUNICIPALITY_CODE = r"^[0-9]{3,4}$"
YES_NO = {"ja": True, "nej": False, "1": True, "0": False}
NUMBERS = ("integer", "decimal")
# A hyphen, and what Word and Excel make of it: nothing, a zero, or withheld.
DASHES = ("-", "–", "—", "−")
LOOKED_UP = ("code", "indicator", "municipality")
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
# What a spelling says in place of a value, and the reason that it gives.
Marks = tuple[tuple[str, str], ...]
# A first group that begins with 0 is an English decimal: 0.259 never means 259.
PATTERNS = {
    ("integer", "danish"): r"^-?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)$",
    ("decimal", "danish"): r"^-?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?$",
    ("integer", "plain"): r"^-?[0-9]+$",
    ("decimal", "plain"): r"^-?[0-9]+(?:[.,][0-9]+)?$",
}
# A sign and three digits: a decimal here, a thousand there. In Danish notation the point has one meaning.
IN_DOUBT = {"danish": r"^-?[1-9][0-9]{0,2},[0-9]{3}(?:\s?%)?$", "plain": r"^-?[1-9][0-9]{0,2}[.,][0-9]{3}(?:\s?%)?$"}
THOUSAND = 1000
SHARE = r"\s?%$"


@dataclass(frozen=True)
class _Cast:
    """A column's different spellings as values, null where one is empty or does not fit.

    `missing` is the reason of a spelling that means a missing figure; `unfit` marks those that do not fit; `in_doubt`
    and `in_percent` those that are a number only in some columns.
    """

    values: pl.Series
    missing: pl.Series
    unfit: pl.Series
    in_doubt: pl.Series | None = None
    in_percent: pl.Series | None = None


def cast(rows: Rows, reading: Reading, withheld_as: str = "") -> Rows:
    """Rows with typed columns, the faults of their cells, and which of them nobody asks for.

    The typed columns are one per declared column, for numbers also `<column>:missing` with the reason of an empty cell,
    and for a table with dimensions `indicator` and `breakdown`. Rows with faults are still among them.
    """
    count = len(rows.lines)
    tidy = tidied({header: coded for header, (_, coded) in rows.columns.items()})
    clean = {header: (column, tidy[header]) for header, (column, _) in rows.columns.items()}
    typed: dict[str, tuple[Codes, pl.Series]] = {
        name: (np.zeros(count, dtype=np.int32), pl.Series(values=[value]))
        for name, value in {**reading.layout.constants, **reading.source.constants}.items()
    }
    groups = [*_marked(tidy)]
    doubtful: list[tuple[str, LayoutColumn, Coded, _Cast]] = []
    for header, made in _values_of(clean, reading, withheld_as).items():
        column, coded = clean[header]
        typed[column.name] = (coded.codes, made.values)
        if column.type in NUMBERS:
            typed[column.name + MISSING] = (coded.codes, made.missing)
            doubtful.append((header, column, coded, made))
        groups += _column_faults(header, column, coded, made, reading)
    # Places are resolved last: they need the municipality or the kind of place in the same row.
    resolved: list[Resolved] = []
    for header, (column, coded) in clean.items():
        if column.type == "named_place":
            resolved.append(by_name(header, column, coded, reading.names))
        elif column.type in PLACES:
            resolved.append(by_neighbours(header, column, coded, typed, reading.names))
        else:
            continue
        typed |= resolved[-1].columns
    if reading.source.figures:
        resolved.append(meant(rows.dimensions, reading, count))
        typed |= resolved[-1].columns
    for header, column, coded, made in doubtful:
        groups += _doubts(header, column, coded, made, typed.get("indicator"), reading)
    outside = np.zeros(count, dtype=bool)
    for part in resolved:
        groups += part.groups
        outside |= part.outside
    if outside.any():
        # What is wrong with rows that nobody asks for is no fault.
        groups = [replace(group, rows=group.rows[~outside[group.rows]]) for group in groups]
    return replace(rows, typed=typed, outside=outside, groups=tuple(group for group in groups if len(group.rows)))


def _marked(columns: Mapping[str, Coded]) -> Iterator[FaultGroup]:
    """Cells that a reader or a spreadsheet marked as no value at all, in whatever column they stand."""
    together = pl.concat([coded.spellings for coded in columns.values()])
    is_marked, is_odd = any_matches(together, PERHAPS_BROKEN), any_matches(together, ODD)
    for header, coded in columns.items() if is_marked or is_odd else ():
        rules = pl.Series(values=list(map(broken_rule, coded.spellings)), dtype=pl.String())
        for rule in sorted({*filter(None, rules)}):
            at = np.flatnonzero(coded.where(rules == rule))
            shown = coded.spellings.gather(coded.codes[at]).to_list() if rule == "error_cell" else [""] * len(at)
            yield FaultGroup(at, header, rule, dict(zip(at.tolist(), shown, strict=True)))
        if (lost := unprintable(coded.spellings)).any():
            at = np.flatnonzero(coded.where(lost))
            letters = [", ".join(unprintable_in(text)) for text in coded.spellings.gather(coded.codes[at])]
            yield FaultGroup(at, header, "unprintable_letter", dict(zip(at.tolist(), letters, strict=True)))


def _values_of(
    columns: Mapping[str, tuple[LayoutColumn, Coded]], reading: Reading, withheld_as: str
) -> dict[str, _Cast]:
    """The spellings of each column as values, but for columns of places; those of one type are cast together."""
    made: dict[str, _Cast] = {}
    alike: dict[tuple[str, Marks], dict[str, Coded]] = {}
    for header, (column, coded) in columns.items():
        if column.type in PLACES:
            continue
        marks = {"": "not_delivered"} | (reading.layout.missing if column.type in NUMBERS else {})
        if withheld_as and column.name in ("value", "numerator"):
            marks[withheld_as] = "withheld_or_zero"
        if column.separator or column.type in LOOKED_UP:
            made[header] = _looked_up(coded.spellings.to_list(), column, reading, marks)
        else:
            alike.setdefault((column.type, tuple(marks.items())), {})[header] = coded
    for (kind, declared), group in alike.items():
        cells, places = together(group)
        answers = cells.to_frame("text")
        for questions in _questions(kind, reading.layout.numbers, declared):
            answers = answers.with_columns_seq(questions)
        asked = [name for name in answers.columns if name not in ("text", "given")]
        for header, place in places.items():
            made[header] = _Cast(**{name: answers[name].slice(*place) for name in asked})
    return {header: made[header] for header in columns if header in made}


def _looked_up(cells: Sequence[str], column: LayoutColumn, reading: Reading, marks: Mapping[str, str]) -> _Cast:
    """Names as the identifiers that they stand for, or as they are where the column is of text."""
    known, values, unfit = reading.identifiers.get(column.name), list[Any](), list[bool]()
    why = [marks.get(cell) for cell in cells]
    for cell, reason in zip(cells, why, strict=True):
        names = [name.strip() for name in cell.split(column.separator)] if column.separator else [cell]
        found = names if known is None else [known.get(normal(name)) for name in names]
        is_known = reason is None and None not in found
        values.append((found if column.separator else found[0]) if is_known else None)
        unfit.append(reason is None and not is_known)
    return _Cast(
        pl.Series(values=values, dtype=pl.List(pl.String()) if column.separator else pl.String()),
        pl.Series(values=why, dtype=pl.String()),
        pl.Series(values=unfit, dtype=pl.Boolean()),
    )


@cache
def _questions(kind: str, notation: str, marks: Marks) -> tuple[list[pl.Expr], ...]:
    """What is asked of the spellings of a typed column, step by step: an expression in two places is done twice."""
    text, given, values = pl.col("text"), pl.col("given"), pl.col("values")
    missing = pl.lit(None, dtype=pl.String())
    for mark, reason in marks:
        missing = pl.when(text == mark).then(pl.lit(reason)).otherwise(missing)
    is_given = ~text.is_in([mark for mark, _ in marks])
    fits = values.is_finite().fill_null(False) if kind == "decimal" else values.is_not_null()
    last = {"unfit": given.is_not_null() & ~fits}
    if kind == "decimal":
        last |= {"values": pl.when(fits).then(values), "in_percent": given.str.contains(SHARE).fill_null(False)}
    if kind in NUMBERS:
        last["in_doubt"] = given.str.contains(IN_DOUBT[notation]).fill_null(False)
    return (
        [missing.alias("missing"), pl.when(is_given).then(text).alias("given")],
        [_values(given, kind, notation).alias("values")],
        [question.alias(name) for name, question in last.items()],
    )


def _values(text: pl.Expr, kind: str, notation: str) -> pl.Expr:  # noqa: PLR0911
    """Typed values; null where the text does not fit, infinite where it is too long a number."""
    match kind:
        case "integer":
            return machine_notation(text, "integer", notation).cast(pl.Int64(), strict=False)
        case "decimal":
            bare = text.str.replace(SHARE, "")
            return machine_notation(bare, "decimal", notation).cast(pl.Float64(), strict=False)
        case "year":
            return pl.when(text.str.contains(YEAR)).then(text).cast(pl.Int32())
        case "period":
            year, quarter, month = (text.str.extract(PERIOD, group) for group in (1, 2, 3))
            return year + (pl.lit("Q") + quarter).fill_null(pl.lit("M") + month).fill_null("")
        case "date":
            days = (text.str.to_date(form, strict=False) for form in ("%Y-%m-%d", "%d-%m-%Y"))
            return pl.coalesce(days)
        case "boolean":
            return text.str.to_lowercase().replace_strict(YES_NO, default=None, return_dtype=pl.Boolean())
        case "municipality_code":
            return pl.when(text.str.contains(MUNICIPALITY_CODE)).then(text).str.zfill(4)
        case _:
            return text


def _column_faults(
    header: str, column: LayoutColumn, coded: Coded, made: _Cast, reading: Reading
) -> Iterator[FaultGroup]:
    rules: dict[str, pl.Series] = {}
    if made.unfit.any():
        names = [
            _unfit_rule(text, column, made, place) if unfit else ""
            for place, (text, unfit) in enumerate(zip(coded.spellings, made.unfit, strict=True))
        ]
        broken = pl.Series(values=names, dtype=pl.String())
        rules = {rule: broken == rule for rule in sorted(set(names)) if rule}
    is_required = not column.optional and column.indicator is None and column.to != "value"
    if is_required and made.missing.null_count() < len(made.missing):
        rules["required_empty"] = made.missing.is_not_null()
    if column.to in ("year", "period") and (years := reading.source.years):
        outside = [value is not None and int(str(value)[:4]) not in years for value in made.values]
        rules["year_out_of_range"] = pl.Series(values=outside, dtype=pl.Boolean())
    for rule, spellings in rules.items():
        if spellings.any():
            yield FaultGroup(np.flatnonzero(coded.where(spellings)), header, rule)


def _unfit_rule(text: str, column: LayoutColumn, made: _Cast, place: int) -> str:
    """The rule that a spelling without a value breaks; none where it is marked as no value at all."""
    if broken_rule(text):
        return ""
    if column.type in NUMBERS and text in DASHES:
        return "ambiguous_dash"
    if made.in_doubt is not None and made.in_doubt[place]:
        return "ambiguous_number"
    return RULES.get(column.type, "contract")


def _doubts(
    header: str,
    column: LayoutColumn,
    coded: Coded,
    made: _Cast,
    indicator: tuple[Codes, pl.Series] | None,
    reading: Reading,
) -> Iterator[FaultGroup]:
    """Numbers that their indicator does not settle: a thousand or a decimal, a hundredth or a percentage."""
    questions: dict[str, tuple[pl.Series | None, Callable[[Indicator | None], bool]]] = {
        "ambiguous_number": (made.in_doubt, may_be_a_thousand),
        "not_in_percent": (made.in_percent, lambda indicator: not is_in_percent(indicator)),
    }
    for rule, (spellings, is_open) in questions.items():
        if spellings is None or not spellings.any():
            continue
        doubtful = coded.where(spellings & made.values.is_not_null())
        rows = doubtful & _of_indicators(column, indicator, is_open, len(coded), reading)
        if rows.any():
            yield FaultGroup(np.flatnonzero(rows), header, rule)


def _of_indicators(
    column: LayoutColumn,
    indicator: tuple[Codes, pl.Series] | None,
    is_meant: Callable[[Indicator | None], bool],
    rows: int,
    reading: Reading,
) -> NDArray[np.bool_]:
    """A mask over the rows whose indicator is meant; a count has none that settles anything."""
    known = reading.registry.indicators
    if column.type == "integer" or column.part != "value":
        return np.full(rows, is_meant(None))
    if column.indicator is not None or indicator is None:
        return np.full(rows, is_meant(known.get(column.indicator or "")))
    codes, values = indicator
    return np.array([is_meant(known.get(identifier or "")) for identifier in values], dtype=bool)[codes]


def machine_notation(text: pl.Expr, kind: str, notation: str) -> pl.Expr:
    """Numbers as a machine writes them; null where the text is no number in the notation."""
    fits = pl.when(text.str.contains(PATTERNS[kind, notation])).then(text)
    made = fits.str.replace_all(".", "", literal=True) if notation == "danish" else fits
    return made.str.replace(",", ".", literal=True)


def number_text(text: pl.Series, kind: str, notation: str) -> pl.Series:
    """Numbers as a machine writes them; null where the text is no number in the notation."""
    return text.to_frame("text").select(machine_notation(pl.col("text"), kind, notation)).to_series()


def may_be_a_thousand(indicator: Indicator | None) -> bool:
    """Whether a figure of an indicator can be as large as a thousand; what is not known can."""
    return indicator is None or indicator.maximum >= THOUSAND


def is_in_percent(indicator: Indicator | None) -> bool:
    """Whether the figures of an indicator are hundredths, so that '54,4 %' is such a figure."""
    return indicator is not None and indicator.kind in ("share", "relative")
