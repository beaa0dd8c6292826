"""Excel workbooks: one sheet of data with a header somewhere below its titles, and perhaps a sheet 'Følgeseddel'."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.intake import delivery_note as notes
from flows.intake.apart.marks import SHOWN_OTHERWISE
from flows.intake.characters import broken_rule
from flows.intake.coded import Codes, Content, DeliveredTable, refuse_repeated
from flows.intake.delivery_note import Note
from flows.intake.faults import Fault, Refusal
from flows.intake.formats import process
from schemas.sources import Layout, Source

GUIDES = (notes.SHEET, "vejledning", "koder")
ROWS_OF_NOTE, SENDER = "rækker", "afsender"
LONGEST_TITLE, MOST_TITLES = 500, 20

Area = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Sheet:
    """A sheet as it was read: `grid` holds a code for each of its `rows` (numbers) and `columns` (numbers, from 1)."""

    number: int
    name: str
    is_hidden: bool
    rows: NDArray[np.int64]
    columns: list[int]
    grid: Codes
    hidden_rows: set[int]
    hidden_columns: list[tuple[int, int]]
    merged: list[Area]


@dataclass(frozen=True)
class _Book:
    """The sheets of a workbook and the texts that their codes mean; `tidy` are these without line breaks in them."""

    texts: list[str]
    sheets: list[_Sheet]
    tidy: list[str] = field(default_factory=list)

    def named(self, name: str) -> _Sheet | None:
        """The sheet of a name, however it is written."""
        return next((sheet for sheet in self.sheets if _tidy(sheet.name).casefold() == name), None)


@dataclass(frozen=True)
class _Table:
    """The table of a sheet: headers, their columns' numbers, the header's row number, and the rows below it."""

    header: list[str]
    columns: list[int]
    top: int
    rows: NDArray[np.int64]
    grid: Codes
    titles: tuple[str, ...]


def read(content: Content, layout: Layout, source: Source, note: Note | None) -> DeliveredTable:
    """Read the sheet of data. Raises Refusal where there is none, or more than one that could be it."""
    book = _book(process.answer("xlsx", content, layout.reading))
    sheet, remarks = _data_sheet(book)
    try:
        table = _without_footnotes(_table(sheet, book, layout, source), book)
    except Refusal as refusal:
        refusal.titles = _titles(sheet, book, sheet.grid[:MOST_TITLES])
        named = {key.casefold(): value for key, value in _lines_of_note(book) if not broken_rule(value)}
        refusal.sender = note.sender if note else named.get(SENDER, "")
        raise
    if not len(table.rows):
        raise Refusal("header_only")
    table = _with_merged(table, sheet, book, len(source.stub) if layout.across else 0)
    if note is None:
        note, remarks_on_note = _note(book)
        remarks += remarks_on_note
    texts = [*book.texts, SHOWN_OTHERWISE]
    columns = {name: process.column(table.grid[:, place], texts) for place, name in enumerate(table.header)}
    places = {int(row): place for place, row in enumerate(table.rows)}

    def raw(wanted: Iterable[int]) -> dict[int, str]:
        return {line: ";".join(texts[code] for code in table.grid[places[line]]) for line in wanted if line in places}

    return DeliveredTable(
        note,
        columns,
        table.rows,
        raw,
        format="xlsx",
        titles=table.titles,
        remarks=(*remarks, *_hidden_parts(table, sheet)),
    )


def _book(answer: dict[str, Any]) -> _Book:
    texts = answer["texts"]
    sheets = []
    for found in answer["sheets"]:
        rows = process.codes(found["rows"]).astype(np.int64)
        codes = [process.codes(packed) for packed in found["codes"]]
        sheets.append(
            _Sheet(
                found["number"],
                found["name"],
                found["state"] != "visible",
                rows,
                found["columns"],
                np.stack(codes, axis=1) if codes else np.zeros((0, 0), dtype=np.int32),
                set(process.codes(found["hidden_rows"]).tolist()),
                [tuple(pair) for pair in found["hidden_columns"]],
                [tuple(area) for area in found["merged"]],
            )
        )
    return _Book(texts, sheets, [_tidy(text) for text in texts])


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def _filled(book: _Book) -> NDArray[np.bool_]:
    """Which texts are more than blanks; the word of covered cells, which comes last, is."""
    return np.array([*map(bool, book.tidy), True])


# The sheet of data ----------------------------------------------------------------------------------------------------


def _data_sheet(book: _Book) -> tuple[_Sheet, list[Fault]]:
    """The sheet of data, and remarks on hidden ones.

    What a sender sees is what a sender sends: a hidden sheet is one of data only where no visible one holds anything.
    """
    filled = _filled(book)
    holding = [
        sheet for sheet in book.sheets if _tidy(sheet.name).casefold() not in GUIDES and filled[sheet.grid].any()
    ]
    visible = [sheet for sheet in holding if not sheet.is_hidden]
    candidates = visible or holding
    if len(candidates) != 1:
        raise Refusal("which_sheet", f"{len(candidates)} sheets hold rows")
    remarks = [
        Fault(0, "", "hidden_sheet", f"sheet {sheet.number} {'was' if sheet is candidates[0] else 'was not'} read")
        for sheet in holding
        if sheet.is_hidden
    ]
    return candidates[0], remarks


def _table(sheet: _Sheet, book: _Book, layout: Layout, source: Source) -> _Table:
    """The table of a sheet, wherever it begins. Raises Refusal where no row is a header, or a column has no name."""
    place, header, columns = _header(sheet, book, layout, source)
    names = {column: name for column, name in zip(columns, header, strict=True) if name}
    filled = _filled(book)
    below = sheet.grid[place + 1 :]
    is_named = np.array([column in names for column in sheet.columns])
    in_table = filled[below[:, is_named]].any(axis=1)
    # What stands beside a table in a row of its own is a note; what stands beside its figures is a column without name.
    beside = filled[below[in_table][:, ~is_named]].any(axis=0)
    if beside.any():
        nameless = np.array(sheet.columns)[~is_named][beside]
        raise Refusal("column_without_name", f"column {', '.join(map(_letters, nameless[:5]))}")
    empty = [column for column in names if column not in sheet.columns]
    grid = below[in_table][:, is_named]
    if empty:
        # A name of the stub over a column without a single cell.
        order = sorted(names)
        wide = np.zeros((len(grid), len(order)), dtype=np.int32)
        wide[:, [at for at, column in enumerate(order) if column not in empty]] = grid
        grid = wide
    kept = sorted(names)
    refuse_repeated([names[column] for column in kept])
    if layout.across and source.stub:
        grid = _filled_down(grid, len(source.stub) - 1, filled)
    return _Table(
        [names[column] for column in kept],
        kept,
        int(sheet.rows[place]),
        sheet.rows[place + 1 :][in_table],
        grid,
        _titles(sheet, book, sheet.grid[:place]),
    )


def _titles(sheet: _Sheet, book: _Book, above: Codes) -> tuple[str, ...]:
    """The name of a sheet and the texts of rows above its table."""
    texts = [_tidy(sheet.name), *(book.tidy[code] for code in above.ravel() if book.tidy[code])]
    return tuple(dict.fromkeys(text for text in texts[:MOST_TITLES] if len(text) <= LONGEST_TITLE))


def _header(sheet: _Sheet, book: _Book, layout: Layout, source: Source) -> tuple[int, list[str], list[int]]:
    """The place of the header among the rows, its names, and the columns that they stand over."""
    if layout.across and source.stub:
        return _header_across(sheet, book, layout.across, source.stub)
    known = {header.casefold() for column in layout.columns for header in column.headers}
    # A title line has one cell; a header has at least two names that the layout knows, or all that it needs.
    is_name = np.array([name.casefold() in known for name in book.tidy])
    rows = np.flatnonzero(is_name[sheet.grid].sum(axis=1) >= min(2, len(known)))
    if not len(rows):
        raise Refusal("missing_column", "no row has the declared column names")
    return int(rows[0]), [book.tidy[code] for code in sheet.grid[rows[0]]], sheet.columns


def _header_across(sheet: _Sheet, book: _Book, across: str, stub: Sequence[str]) -> tuple[int, list[str], list[int]]:
    """The header of a matrix: periods, with nothing over the columns of the stub, which are those left of them."""
    pattern = re.compile(across)
    is_period = np.array([bool(pattern.fullmatch(name)) for name in book.tidy])
    filled = _filled(book)
    for place in np.flatnonzero(is_period[sheet.grid].any(axis=1)):
        row = sheet.grid[place]
        first = int(np.flatnonzero(filled[row])[0])
        start = sheet.columns[first] - len(stub)
        if is_period[row[first]] and start >= 1:
            names = {start + at: name for at, name in enumerate(stub)}
            names |= {sheet.columns[at]: book.tidy[row[at]] for at in range(first, len(row))}
            return int(place), list(names.values()), list(names)
    raise Refusal("missing_column", "no row has the declared column names")


def _filled_down(grid: Codes, width: int, filled: NDArray[np.bool_]) -> Codes:
    """Blank repeats in the first `width` columns, filled from above; the last column of a stub is never left blank."""
    made = grid.copy()
    before = [0] * width
    has_figures = filled[grid[:, width:]].any(axis=1)
    for place in np.flatnonzero(has_figures):
        row = [int(code) if filled[code] else 0 for code in grid[place, :width]]
        changed = next((at for at in range(width) if row[at]), width)
        before = [row[at] if at >= changed and row[at] else before[at] for at in range(width)]
        made[place, :width] = before
    return made


def _without_footnotes(table: _Table, book: _Book) -> _Table:
    """The table without the notes below it: lines of text in the first column alone."""
    if len(table.header) < 2:
        return table
    figures = np.flatnonzero(_filled(book)[table.grid[:, 1:]].any(axis=1))
    end = int(figures[-1]) + 1 if len(figures) else 0
    return replace(table, rows=table.rows[:end], grid=table.grid[:end])


def _with_merged(table: _Table, sheet: _Sheet, book: _Book, stub: int) -> _Table:
    """The table in which a cell that lies under another one, merged with it, shows the other's text and is no figure.

    The columns of a stub are filled from above anyway.
    """
    grid, filled = table.grid.copy(), _filled(book)
    columns = np.array(table.columns)
    for top, left, bottom, right in sheet.merged:
        rows = slice(*np.searchsorted(table.rows, [top, bottom + 1]))
        wide = np.flatnonzero((columns >= left) & (columns <= right) & (np.arange(len(columns)) >= stub))
        if rows.start == rows.stop or not len(wide) or table.rows[rows.start] != top or left not in table.columns:
            continue
        covered = grid[rows][:, wide]
        if filled[grid[rows.start, table.columns.index(left)]]:
            grid[rows, wide[0] : wide[-1] + 1] = np.where(filled[covered], covered, len(book.texts))
    return replace(table, grid=grid)


def _hidden_parts(table: _Table, sheet: _Sheet) -> list[Fault]:
    """Remarks on rows and columns of the table that nobody sees."""
    rows = [int(row) for row in table.rows if int(row) in sheet.hidden_rows]
    remarks = [Fault(rows[0], "", "hidden_row", f"{len(rows)} rows, from row {rows[0]}")] if rows else []
    return remarks + [
        Fault(table.top, name, "hidden_column", f"column {_letters(column)}")
        for name, column in zip(table.header, table.columns, strict=True)
        if any(first <= column <= last for first, last in sheet.hidden_columns)
    ]


def _letters(column: int) -> str:
    """The letters of a column's number."""
    letters = ""
    while column > 0:
        column, place = divmod(int(column) - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


# The delivery note ----------------------------------------------------------------------------------------------------


def _note(book: _Book) -> tuple[Note, list[Fault]]:
    """The note on its sheet, and a remark where its figures were never calculated and so promise nothing.

    What is wrong with a control figure (an error, a sentence on why it cannot be summed) is told by the note. Raises
    Refusal where another line is missing or broken.
    """
    pairs: list[tuple[str, str]] = []
    broken = ""
    uncalculated = 0
    for key, value in _lines_of_note(book):
        rule = broken_rule(value)
        if broken_rule(key) or (rule == "not_calculated" and key.casefold() == ROWS_OF_NOTE):
            uncalculated += 1
        elif fault := _fault_of_figure(key, value, rule):
            broken = broken or fault
        else:
            pairs.append((key, value))
    remarks = [Fault(0, "", "note_not_calculated", f"{uncalculated} lines")] if uncalculated else []
    return replace(notes.parse(pairs), broken=broken), remarks


def _lines_of_note(book: _Book) -> Iterator[tuple[str, str]]:
    """What stands in the first two columns of the sheet of the note, row by row."""
    sheet = book.named(notes.SHEET)
    for row in sheet.grid[:, :2] if sheet is not None and len(sheet.columns) > 1 else ():
        key, value = (book.texts[code].strip() for code in row)
        if key := _tidy(key.rstrip(":")):
            yield key, value


def _fault_of_figure(key: str, value: str, rule: str | None) -> str:
    """What is wrong with a control figure; empty where nothing is. Raises Refusal where another line is broken."""
    is_figure = key.casefold() == ROWS_OF_NOTE or key.casefold().startswith("kontrolsum ")
    if rule:
        words = (
            "was never calculated" if rule == "not_calculated" else "shows an error, or something else than it stores"
        )
        if not is_figure:
            raise Refusal("note_figure_broken", f"'{key}' {words}")
        return f"'{key}' {words}"
    if is_figure and "%" in value:
        return f"'{key}' is a percentage"
    if is_figure and any(letter.isalpha() for letter in value):
        return f"'{key}' is no number but a text"
    return ""
