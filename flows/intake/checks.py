"""What a whole file must be: complete, summed as its note says, of its own table, sender and year."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import PurePosixPath

import numpy as np
import polars as pl

from flows.intake.cast import SHARE, number_text
from flows.intake.characters import broken_rule
from flows.intake.coded import Coded, DeliveredTable, combine, tidied
from flows.intake.faults import Refusal
from flows.intake.names import normal
from flows.intake.reading import Reading
from flows.intake.receipts import Receipt
from flows.intake.reshape import Rows

# A table of StatBank where a text names one: 'tabel FOLK1A', 'StatBank: STRAF11'.
NAMED_TABLE = re.compile(
    r"(?:statbank|statistikbank\w*|tabel|table)\W{1,3}([A-ZÆØÅ]{2,8}[0-9]{1,4}[A-Z0-9]{0,3})\b", re.IGNORECASE
)
A_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d)(?!\d)")


def note_figures(delivered: DeliveredTable, path: str, reading: Reading) -> tuple[Counter[str], Refusal | None]:
    """Hold the number of rows and the sums of columns against those of the note.

    Returns the exception that they need, if any, and what differs without one: it refuses the whole delivery, whose
    rows are judged all the same, so that the sender hears of everything at once.
    """
    try:
        if delivered.note.broken:
            raise Refusal("note_figure_broken", delivered.note.broken)
        accepted = row_count(delivered, path, reading)
        totals(delivered, reading)
    except Refusal as refusal:
        return Counter(), refusal
    return accepted, None


def row_count(delivered: DeliveredTable, path: str, reading: Reading) -> Counter[str]:
    """The exception that a wrong number of rows in the note needs, if any. Raises Refusal where there is none."""
    if delivered.note.rows in (None, delivered.rows):
        return Counter()
    if (excuse := reading.registry.excuse("row_count_differs", path)) is None:
        raise Refusal("row_count_differs", f"the note says {delivered.note.rows}, the file has {delivered.rows}")
    return Counter([excuse])


def totals(delivered: DeliveredTable, reading: Reading) -> None:
    """Hold the sums of columns against those of the delivery note. Raises Refusal naming the column that differs.

    A column of percentages may be summed as it is shown or, by a formula in its sheet, as it is stored.
    """
    for header, promised in delivered.note.totals.items():
        name = next((name for name in delivered.columns if name.casefold() == header.casefold()), None)
        if name is None:
            raise Refusal("control_total_differs", f"the note has a total of '{header}', the file has no such column")
        coded = tidied({name: delivered.columns[name]})[name]
        if broken := sorted({rule for rule in map(broken_rule, coded.spellings) if rule}):
            raise Refusal("control_total_differs", f"'{name}' has cells that are no number: {', '.join(broken)}")
        in_percent = coded.spellings.str.contains(SHARE)
        shown = _sum(coded, in_percent, reading.layout.numbers, Decimal(1))
        stored = _sum(coded, in_percent, reading.layout.numbers, Decimal("0.01")) if in_percent.any() else shown
        if promised not in (shown, stored):
            raise Refusal("control_total_differs", f"'{name}': the note says {promised}, the file gives {shown}")


def _sum(coded: Coded, in_percent: pl.Series, notation: str, hundredth: Decimal) -> Decimal:
    numbers = number_text(coded.spellings.str.replace(SHARE, ""), "decimal", notation)
    times = np.bincount(coded.codes, minlength=len(numbers)).tolist()
    return sum(
        (
            Decimal(number) * count * (hundredth if percent else 1)
            for number, count, percent in zip(numbers, times, in_percent, strict=True)
            if number and count
        ),
        Decimal(0),
    )


def is_summed_to_its_end(delivered: DeliveredTable) -> bool:
    """Whether the note has the number of rows and the sum of the last column, so that no cut of the last line passes.

    The number of rows alone says nothing about a cut within the last one.
    """
    summed = {header.casefold() for header in delivered.note.totals}
    return delivered.note.rows == delivered.rows and [*delivered.columns][-1].casefold() in summed


def is_complete(rows: Rows) -> tuple[bool, str]:
    """Whether a table has every place in every period for every figure, and how many rows that would be."""
    keys = [coded for column, coded in rows.columns.values() if column.to in ("geography_id", "period")]
    parts = list(rows.dimensions.values())
    sizes = [len(np.unique(key.codes)) for key in keys]
    sizes.append(len(combine(len(rows.lines), *parts)[1][0]) if parts else 1)
    expected = int(np.prod(sizes))
    different = len(combine(len(rows.lines), *keys, *parts)[1][0]) if keys else expected
    words = f"{len(rows.lines)} rows, {different} of them different, {expected} expected"
    return expected == different == len(rows.lines), words


def completeness(rows: Rows, delivered: DeliveredTable) -> None:
    """Hold a table that must have every place in every period against itself. Raises Refusal where rows lack or repeat.

    A sender who says that rows which are not there mean 0 sends no such table.
    """
    if not (complete := is_complete(rows))[0]:
        is_cut = any(fault.rule == "cut_line" for fault in delivered.broken)
        raise Refusal("incomplete_table", complete[1] + ("; the last line has no end" if is_cut else ""))


def municipalities(rows: Rows, reading: Reading) -> None:
    """Hold a complete table of municipalities against the list of them. Raises Refusal where a few are not there."""
    columns = [rows.typed.get(name) for name in ("geography", "geography_id")]
    is_named = not any(group.rule == "unknown_place" for group in rows.groups)
    if not is_named or any(column is None for column in columns):
        return
    (kinds, kind), (codes, identifier) = (column for column in columns if column)
    is_municipality = (kind == "municipality").fill_null(False).to_numpy()[kinds]
    there = identifier.gather(np.unique(codes[is_municipality])).drop_nulls().n_unique()
    known = len(set(reading.names.municipalities.values()))
    if known / 2 < there < known:
        raise Refusal("incomplete_table", f"{there} of {known} municipalities")


def table(says: str, titles: Sequence[str], reading: Reading) -> None:
    """Hold what a file and its note say of it against the table of StatBank that its folder is for.

    Raises Refusal where it is another one.
    """
    own, others = reading.source.statbank_table, {s.statbank_table for s in reading.registry.sources.values()} - {None}
    texts = [says, *titles]
    words = {word.upper() for text in texts for word in re.findall(r"\w+", text)}
    if own in words:
        return
    named = {match[1].upper() for text in texts for match in NAMED_TABLE.finditer(text)}
    named |= {name for name in others if name in words}
    named |= {name for name in _titled(titles, reading) if name != own}
    if named and own not in _titled(titles, reading):
        raise Refusal("other_table", f"the file says {' and '.join(sorted(named))}, the folder is for {own}")


def _titled(titles: Iterable[str], reading: Reading) -> set[str]:
    """The tables of StatBank whose published titles stand in a file."""
    shown = [normal(title) for title in titles]
    return {
        source.statbank_table
        for source in reading.registry.sources.values()
        for title in source.titles
        if source.statbank_table and any(text.startswith(normal(title)) for text in shown)
    }


def sender(rows: Rows, delivered: DeliveredTable, path: str, reading: Reading) -> None:
    """Hold the municipality that a file names against those of its rows. Raises Refusal where it is another's."""
    column = rows.typed.get("municipality_code")
    if column is None:
        return
    codes, values = column
    there = {values[int(code)] for code in np.unique(codes)} - {None, ""}
    note = delivered.note
    stem = normal(re.sub(r"[_\d]+", " ", PurePosixPath(path).stem))
    places = {
        "the name of the file": _municipalities_in(stem, reading, "{}"),
        "the sender": {reading.names.municipalities.get(normal(note.sender), "")} - {""}
        or _municipalities_in(normal(note.sender), reading, "{}s? kommune"),
        "the note": _municipalities_in(normal(note.says), reading, "{}s? kommune"),
    }
    for place, named in places.items():
        if there and len(named) == 1 and not named & there:
            rows_of = _names(there, reading)
            raise Refusal("other_municipality", f"{place} says {_names(named, reading)}, the rows are of {rows_of}")


def _municipalities_in(text: str, reading: Reading, written: str) -> set[str]:
    """Codes of the municipalities that a text names in a form of writing; the longest name counts where several fit."""
    names = reading.names.municipalities
    found = set()
    for name in sorted((name for name in names if name in text and not name.isdecimal()), key=len, reverse=True):
        text, times = re.subn(rf"(?<![^\W\d_]){written.format(re.escape(name))}(?![^\W\d_])", " ", text)
        found |= {names[name]} if times else set()
    return found


def _names(codes: set[str], reading: Reading) -> str:
    by_code: dict[str, str] = {}
    for name, code in reading.names.municipalities.items():
        by_code.setdefault(code, name.title())
    return ", ".join(sorted(by_code.get(code, code) for code in codes)[:3])


def year(rows: Rows, path: str) -> None:
    """Hold the one year of a file's name against the years of its rows. Raises Refusal where it is an older year's."""
    column = rows.typed.get("year")
    named = {int(found) for found in A_YEAR.findall(PurePosixPath(path).stem)}
    if column is None or len(named) != 1:
        return
    codes, values = column
    years = {values[int(code)] for code in np.unique(codes)} - {None}
    if years and not named & years:
        shown = ", ".join(map(str, sorted(years)[-3:]))
        raise Refusal("other_year", f"the name of the file says {named.pop()}, its rows {shown}")


def judged(receipt: Receipt, reading: Reading) -> Receipt:
    """The receipt, refused where too many of the rows asked for are bad and no exception accepts it."""
    asked_for = receipt.rows - receipt.out_of_scope
    if receipt.quarantined <= reading.source.max_bad_share * asked_for:
        return receipt
    if excuse := reading.registry.excuse("too_many_bad_rows", receipt.path):
        return replace(receipt, accepted=receipt.accepted | {excuse: 1})
    share = f"{receipt.quarantined} of {asked_for} rows, at most {reading.source.max_bad_share:.0%} allowed"
    rules = ", ".join(f"{rule} ({count})" for rule, count in receipt.rules.items())
    return replace(receipt, outcome="refused", rule="too_many_bad_rows", detail=f"{share}; {rules}")
