"""How a workbook for readers is set: titles, what the file is, the way back, contents, and pages that print readable.

It follows the British Government Analysis Function's guidance on accessible spreadsheets: each sheet has its title in
A1, one named table with a head, no merged cells, no empty cells within a table, and marks in brackets that a sheet of
notes explains. What each sheet tells is said elsewhere.
"""

import io
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.core import files
from flows.present.excel import ExcelColumn, ExcelTable, Formats, add_list, add_table, lines_of
from flows.present.language import say
from flows.present.quick_book import QuickBook

# Points of a page of A4 across within its margins, and the least scale that a sheet is set for: letters of 10 points
# are printed at 7.5 or more.
PAGE_WIDTH, PAGE_HEIGHT, LEAST_SCALE = 775.0, 505.0, 0.75
# Points of a unit of a column's width, and what a column has besides: a little more than Excel takes.
UNIT, BESIDE = 5.5, 4.0
# Excel keeps 'History' for itself.
TAKEN = {"history"}
LONGEST_NAME = 31
INK, LOUD, LINK = "#12395B", "#8A3B12", "#0563C1"
# Letters of 9 points that go into a point.
_LETTERS = 0.235


@dataclass(frozen=True)
class BookFacts:
    """What a workbook is: its properties, what is printed above each page, and its marks with their meanings."""

    title: str
    subject: str
    status: str
    created: datetime
    header: str
    marks: Sequence[tuple[str, str]]

    @property
    def mark(self) -> str:
        """The marks without their meanings: 'UDKAST · SYNTETISK'."""
        return " · ".join(mark for mark, _ in self.marks)


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, its title, what it holds in a sentence, how it is written, and where its way back leads.

    `is_list`: nobody prints it; on paper it says so. `above` stands over the table in place of `says`.
    """

    name: str
    title: str
    says: str
    make: Callable[[Any, "Sheet"], None]
    back: str = ""
    above: str = ""
    is_list: bool = False


class Workbook:
    """A workbook as it is written: each sheet has its head once this is made, and its table is added by its maker."""

    def __init__(self, facts: BookFacts, sheets: Sequence[Sheet]) -> None:
        self._content = io.BytesIO()
        self.book = QuickBook(self._content)
        self.facts, self.sheets, self.formats = facts, sheets, Formats(self.book)
        properties = {"title": facts.title, "subject": facts.subject, "status": facts.status}
        self.book.set_properties({**properties, "author": "Boligprofil", "created": facts.created})
        for sheet in sheets:
            self._head(self.book.add_worksheet(sheet.name), sheet)
        self.book.get_worksheet_by_name(sheets[0].name).set_first_sheet()

    @property
    def top(self) -> int:
        """The row of each sheet's table head, counted from 0."""
        return len(self.facts.marks) + 3

    def save(self, file: Path) -> None:
        """Write every sheet, and the file; the same content gives the same bytes."""
        for sheet in self.sheets:
            sheet.make(self.book.get_worksheet_by_name(sheet.name), sheet)
        self.book.close()
        files.write(file, self._content.getvalue())

    def table(
        self,
        written: Any,
        sheet: Sheet,
        columns: Sequence[ExcelColumn],
        rows: Sequence[Any],
        decimals: Callable[[Any], int] = lambda _: 0,
        frozen: int = 0,
        **options: Any,
    ) -> int:
        """Write the sheet's table; its first `frozen` columns stay in sight. Returns the first row below it."""
        table = ExcelTable(_table_name(sheet), columns, decimals, frozen, is_list=sheet.is_list, **options)
        top = self.top
        height = add_table(written, self.formats, table, rows, top)
        below = top + max(len(rows), 1) + 1
        if sheet.is_list:
            self._first_line(written, columns)
            return below
        self.page(written, below - 1, columns)
        if height + HEAD_HEIGHT > PAGE_HEIGHT / scale(columns):
            written.repeat_rows(top)
        return below

    def long_list(
        self,
        written: Any,
        sheet: Sheet,
        columns: Sequence[ExcelColumn],
        rows: Iterable[tuple[Sequence[str | float], int]],
        frozen: int,
    ) -> None:
        """Write the sheet's table, a long list: of each row its cells and its decimals. On paper it is one line."""
        add_list(written, self.formats, ExcelTable(_table_name(sheet), columns, frozen=frozen), rows, self.top)
        self._first_line(written, columns)

    def _first_line(self, written: Any, columns: Sequence[ExcelColumn]) -> None:
        """Print of a list the lines above it alone, as wide as the columns that go on a page."""
        first = next(at for at in range(len(columns), 0, -1) if scale(columns[:at]) >= LEAST_SCALE)
        self.page(written, self.top - 1, columns[:first])

    def page(self, written: Any, last: int, columns: Sequence[ExcelColumn], breaks: Sequence[int] = ()) -> None:
        """Print the columns for paper down to this row, all on one page across; a new page begins at `breaks`."""
        written.print_area(0, 0, last, _papered(columns) - 1)
        if breaks:
            # Excel heeds no break of a page where it fits pages itself.
            written.set_print_scale(min(95, int(100 * scale(columns))))
            written.set_h_pagebreaks(list(breaks))
        else:
            written.fit_to_pages(1, 0)

    def notes(self, written: Any, row: int, notes: Iterable[str], columns: Sequence[ExcelColumn]) -> int:
        """Notes below a table, wrapped within what is printed, for no cell is merged. Returns the row below them."""
        small = self.formats.of(font_size=9)
        room = int(_LETTERS * width(columns))
        for note in notes:
            for line in textwrap.wrap(note, room, break_on_hyphens=False):
                written.write_string(row, 0, line, small)
                row += 1
        return row

    def contents(self, written: Any, sheet: Sheet) -> None:
        """All other sheets, each with a link and what it holds."""
        rows = [other for other in self.sheets if other is not sheet]
        columns = [
            ExcelColumn(say("Ark"), 34, lambda other: other.name),
            ExcelColumn(say("Hvad der står"), 104, lambda other: other.says),
        ]
        self.table(written, sheet, columns, rows)
        link = self.formats.of(font_size=10, valign="top", font_color=LINK, underline=1)
        for row, other in enumerate(rows, self.top + 1):
            target = other.name.replace("'", "''")
            written.write_url(
                row, 0, f"internal:'{target}'!A1", link, other.name, say("Gå til arket {name}", name=other.name)
            )

    def front(self, written: Any, lines: Iterable[tuple[str, str]]) -> None:
        """A sheet of text: topics and what is said of each, below what the file is."""
        bold = self.formats.of(bold=True, valign="top", font_size=11)
        text = self.formats.of(text_wrap=True, valign="top", align="left", font_size=11)
        written.set_column(0, 0, 26)
        written.set_column(1, 1, 84)
        row = self.top
        for topic, meaning in lines:
            written.write_string(row, 0, topic, bold)
            written.write_string(row, 1, meaning, text)
            written.set_row(row, 15.5 * lines_of(meaning, 79) + 5)
            row += 1
        written.set_portrait()
        written.print_area(0, 0, row - 1, 1)
        written.fit_to_pages(1, 0)
        written.hide_gridlines(2)

    def _head(self, written: Any, sheet: Sheet) -> None:
        """The title, below it what the file is, what the sheet holds, and the way back."""
        written.write_string(0, 0, sheet.title, self.formats.of(bold=True, font_size=14, font_color=INK))
        written.set_row(0, 21)
        loud, small = self.formats.of(bold=True, font_size=9, font_color=LOUD), self.formats.of(font_size=9)
        for row, (mark, meaning) in enumerate(self.facts.marks, 1):
            written.write_rich_string(row, 0, loud, f"{mark}: ", small, meaning)
            written.set_row(row, 12.5)
        row = len(self.facts.marks) + 1
        on_paper = f" {say(ON_SCREEN)}" if sheet.is_list else ""
        written.write_string(row, 0, (sheet.above or sheet.says) + on_paper, self.formats.of(font_size=10))
        if sheet.back:
            link = self.formats.of(font_size=10, font_color=LINK, underline=1)
            tip = say("Gå til arket {back}", back=sheet.back)
            written.write_url(
                row + 1, 0, f"internal:'{sheet.back}'!A1", link, say("Til arket {back}", back=sheet.back), tip
            )
            written.set_row(row + 1, 18)
        set_page(written, self.facts.header, self.facts.mark)


# What stands above a table, in points, at most.
HEAD_HEIGHT = 110
ON_SCREEN = "Listen er til skærmen: på papir står kun denne linje."


def set_page(written: Any, header: str, mark: str) -> None:
    """A page of A4 across, with what it is above it, and below it the sheet's name and its number."""
    written.set_landscape()
    written.set_paper(9)
    written.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    written.set_header(f"&L&8 {header.replace('&', '&&')}&R&8 {mark}")
    written.set_footer(f"&L&8 &A&R&8 {say('Side &P af &N')}")


def _table_name(sheet: Sheet) -> str:
    return "t_" + re.sub(r"\W", "_", sheet.name)


def sheet_names(places: Iterable[tuple[str, str]], fixed: Iterable[str]) -> dict[str, str]:
    """A sheet's name for each place, by its identifier: what Excel allows, and none twice, however it is written."""
    taken = {name.casefold() for name in fixed} | TAKEN
    names: dict[str, str] = {}
    for key, given in places:
        plain = " ".join(re.sub(r"[\[\]:*?/\\]", " ", given).split()).strip("'") or say("Område")
        name, number = plain[:LONGEST_NAME].rstrip(), 1
        while name.casefold() in taken:
            number += 1
            tail = f" {number}"
            name = f"{plain[: LONGEST_NAME - len(tail)].rstrip()}{tail}"
        taken.add(name.casefold())
        names[key] = name
    return names


def width(columns: Sequence[ExcelColumn]) -> float:
    """Points of the columns that are for paper, at full size."""
    return sum(column.width * UNIT + BESIDE for column in columns if column.is_on_paper)


def scale(columns: Sequence[ExcelColumn]) -> float:
    """The part of their full size, at most 1, at which the columns for paper go on one page."""
    return min(1.0, PAGE_WIDTH / width(columns))


def _papered(columns: Sequence[ExcelColumn]) -> int:
    """How many of the columns are for paper; the others stand to the right of them."""
    return sum(column.is_on_paper for column in columns)
