"""Excel tables: columns that say what stands in them and how it is shown, rows as high as their text needs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from flows.present.quick_book import QuickSheet

FONT = {"font_size": 10, "valign": "top", "bottom": 1, "bottom_color": "#D9D9D9"}
# Points of a line of this font, and its letters that go into one unit of a column's width.
LINE, PER_UNIT = 13.5, 1.1
# Ways to show a cell that holds a number.
NUMBERS = ("value", "change", "count", "year")

# Colours of a number's shade; each has a sign beside it, so that grey paper loses nothing.
SHADES: dict[str, dict[str, Any]] = {
    "met": {"bg_color": "#D2D2D2"},
    "worst": {"bg_color": "#A9C3DE"},
    "poor": {"bg_color": "#DBE7F2"},
    "best": {"border": 2, "border_color": "#12395B"},
}


class SignedNumber(NamedTuple):
    """A number with a sign before it or after it and a shade: it stays a number to count with."""

    number: float
    before: str = ""
    after: str = ""
    shade: str = ""
    decimals: int | None = None


Cell = str | int | float | date | SignedNumber | None


@dataclass(frozen=True)
class ExcelColumn:
    """A column of a table: its head, its width, what stands in it, and how: text, value, change, count, year or date.

    'line' is text that is not wrapped, of the last column; 'beside' is text beside a number; 'answer' is a cell for the
    reader to fill in. Columns that are not `is_on_paper` stand to the right of those that are, and are not printed.
    """

    head: str
    width: float
    content: Callable[[Any], Cell] = lambda _: None
    shown: str = "text"
    is_on_paper: bool = True


@dataclass(frozen=True)
class ExcelTable:
    """A table: its name in the workbook, its columns, and the decimals of a row's numbers; `is_list`: rows of one line.

    `frozen` columns stay in sight; `is_filtered`: the head has buttons to sort and filter by; `nothing` stands in the
    first cell where there is no row.
    """

    name: str
    columns: Sequence[ExcelColumn]
    decimals: Callable[[Any], int] = lambda _: 0
    frozen: int = 0
    is_filtered: bool = True
    is_list: bool = False
    nothing: str | None = None


class Formats:
    """The formats of the workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[Any, ...], Any] = {}
        self._cells: dict[tuple[str, int, bool], Any] = {}
        self._signed: dict[tuple[str, int, str, str], Any] = {}

    def of(self, **properties: Any) -> Any:
        """A format."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    def cell(self, shown: str, decimals: int, is_mark: bool = False) -> Any:
        """How a cell of a table is shown; `is_mark` says that text stands where its column has numbers."""
        key = (shown, decimals, is_mark)
        if key not in self._cells:
            mark = self.of(**FONT, text_wrap=True, align="right")
            self._cells[key] = mark if is_mark else self._cell(shown, decimals)
        return self._cells[key]

    def _cell(self, shown: str, decimals: int) -> Any:
        """How a cell is shown; Excel writes the numbers as its own language does."""
        digits = _digits(decimals)
        properties: dict[str, dict[str, Any]] = {
            "text": {"text_wrap": True},
            # What runs on to the right of the last column, so that no row is higher than its numbers.
            "line": {},
            "value": {"num_format": digits},
            "change": {"num_format": f'"+"{digits};"−"{digits};{digits}'},
            "count": {"num_format": "#,##0", "align": "right"},
            "year": {"num_format": "0"},
            "date": {"num_format": "dd-mm-yyyy", "align": "left"},
            # Beside a number, which stands at its cell's right edge.
            "beside": {"text_wrap": True, "align": "left", "indent": 1},
            "answer": {"text_wrap": True, "bg_color": "#FFF8DC", "border": 1, "border_color": "#BFBFBF"},
        }
        font = {"font_size": 10, "valign": "top"} if shown == "answer" else FONT
        return self.of(**font, **properties[shown])

    def signed(self, cell: SignedNumber, decimals: int) -> Any:
        """How a number with signs is shown; without one after it there is room for a star, so all stand in line."""
        key = (cell.before, decimals if cell.decimals is None else cell.decimals, cell.after, cell.shade)
        if key not in self._signed:
            before, after = f'"{cell.before}  "' if cell.before else "", f'"{cell.after}"' if cell.after else "_*"
            shown = {**FONT, "num_format": f"{before}{_digits(key[1])}{after}"}
            # A border of its own must come after the font's.
            self._signed[key] = self.of(**{**shown, **SHADES.get(cell.shade, {})})
        return self._signed[key]


def _digits(decimals: int) -> str:
    return "#,##0" + (f".{'0' * decimals}" if decimals else "")


def add_table(sheet: QuickSheet, formats: Formats, table: ExcelTable, rows: Sequence[Any], top: int = 0) -> float:
    """Write rows as an Excel table whose head stands in row `top`, counted from 0. Returns its height in points.

    Where there is no row, an empty one stands in its place.
    """
    columns = table.columns
    head = formats.of(**FONT, bold=True, text_wrap=True, bg_color="#1F4E79", font_color="#FFFFFF")
    heads = [{"header": column.head, "header_format": head} for column in columns]
    options = {"name": table.name, "columns": heads, "style": "Table Style Light 1", "autofilter": table.is_filtered}
    sheet.add_table(top, 0, top + 1, len(columns) - 1, options)
    sheet.reach(top + max(len(rows), 1))
    sheet.freeze_panes(top + 1, table.frozen)
    height = LINE * max(lines_of(column.head, column.width - 1) for column in columns) + 4
    sheet.set_row(top, height)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
    if not rows and table.nothing:
        sheet.write_string(top + 1, 0, table.nothing, formats.cell("text", 0))
    least = 3 if any(column.shown == "answer" for column in columns) else 1
    for line, row in enumerate(rows, top + 1):
        cells, decimals = [column.content(row) for column in columns], table.decimals(row)
        if not table.is_list:
            wrapped = (pair for pair in zip(cells, columns, strict=True) if pair[1].shown != "line")
            high = max(least, *(lines_of(cell, column.width) for cell, column in wrapped))
            sheet.set_row(line, LINE * high + 3)
            height += LINE * high + 3
        for place, (cell, column) in enumerate(zip(cells, columns, strict=True)):
            if isinstance(cell, SignedNumber):
                sheet.put(line, place, cell.number, formats.signed(cell, decimals))
            else:
                is_mark = column.shown in NUMBERS and isinstance(cell, str)
                shown = "line" if table.is_list and column.shown == "text" else column.shown
                sheet.put(line, place, cell, formats.cell(shown, decimals, is_mark))
    return height


def add_list(
    sheet: QuickSheet,
    formats: Formats,
    table: ExcelTable,
    rows: Iterable[tuple[Sequence[str | float], int]],
    top: int = 0,
) -> None:
    """Write a long table as `add_table` does, whose columns ask no row: of each row its cells and its decimals."""
    add_table(sheet, formats, table, (), top)
    styles: dict[int, list[tuple[int, int]]] = {}

    def styled(cells: Sequence[str | float], decimals: int) -> list[int]:
        if decimals not in styles:
            styles[decimals] = [_styles(formats, column.shown, decimals) for column in table.columns]
        return [ways[isinstance(cell, str)] for cell, ways in zip(cells, styles[decimals], strict=True)]

    sheet.add_rows(((cells, styled(cells, decimals)) for cells, decimals in rows), top + 1)


def _styles(formats: Formats, shown: str, decimals: int) -> tuple[int, int]:
    """The styles of a list's column: of a number, and of text."""
    way = "line" if shown == "text" else shown
    return formats.cell(way, decimals)._get_xf_index(), formats.cell(way, decimals, way in NUMBERS)._get_xf_index()


def lines_of(cell: Cell, width: float) -> int:
    """Lines that wrapped text takes in a column of this width: words are not cut."""
    if not isinstance(cell, str):
        return 1
    room, lines, used = max(1, int(width * PER_UNIT)), 1, 0
    if len(cell) <= room:
        return 1
    for word in cell.split():
        if used and used + 1 + len(word) > room:
            lines, used = lines + 1, 0
        lines += (len(word) - 1) // room
        used += len(word) + (1 if used else 0)
    return lines
