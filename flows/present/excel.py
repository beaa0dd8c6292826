"""Excel tables: columns that say what stands in them and how it is shown, rows as high as their text needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

FONT = {"font_size": 10, "valign": "top", "bottom": 1, "bottom_color": "#D9D9D9"}
# Points of a line of this font, and its letters that go into one unit of a column's width.
LINE, PER_UNIT = 13.5, 1.05
# Ways to show a cell that holds a number.
NUMBERS = ("value", "change", "count", "year")

Cell = str | int | float | date | None


@dataclass(frozen=True)
class ExcelColumn:
    """A column of a table: its head, its width, what stands in it, and how: text, value, change, count, year or date.

    'beside' is text beside a number; 'answer' is a cell for the reader to fill in.
    """

    head: str
    width: float
    content: Callable[[Any], Cell]
    shown: str = "text"


@dataclass(frozen=True)
class ExcelTable:
    """A table: its name in the workbook, its columns, and the decimals of a row's numbers.

    `frozen` columns stay in sight; `is_filtered`: the head has buttons to sort and filter by; `nothing` stands in the
    first cell where there is no row.
    """

    name: str
    columns: Sequence[ExcelColumn]
    decimals: Callable[[Any], int] = lambda _: 0
    frozen: int = 0
    is_filtered: bool = True
    nothing: str | None = None


class Formats:
    """The formats of the workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[Any, ...], Any] = {}
        self._cells: dict[tuple[str, int, bool], Any] = {}

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
        digits = "#,##0" + (f".{'0' * decimals}" if decimals else "")
        properties: dict[str, dict[str, Any]] = {
            "text": {"text_wrap": True},
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


def add_table(sheet: Any, formats: Formats, table: ExcelTable, rows: Sequence[Any], top: int = 0) -> None:
    """Write rows as an Excel table whose head stands in row `top`, counted from 0.

    Where there is no row, an empty one stands in its place.
    """
    columns = table.columns
    head = formats.of(**FONT, bold=True, text_wrap=True, bg_color="#1F4E79", font_color="#FFFFFF")
    heads = [{"header": column.head, "header_format": head} for column in columns]
    options = {"name": table.name, "columns": heads, "style": "Table Style Light 1", "autofilter": table.is_filtered}
    sheet.add_table(top, 0, top + max(len(rows), 1), len(columns) - 1, options)
    sheet.freeze_panes(top + 1, table.frozen)
    sheet.repeat_rows(top)
    sheet.set_row(top, LINE * max(lines_of(column.head, column.width - 1) for column in columns) + 4)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
    if not rows and table.nothing:
        sheet.write_string(top + 1, 0, table.nothing, formats.cell("text", 0))
    for line, row in enumerate(rows, top + 1):
        cells = [column.content(row) for column in columns]
        least = 3 if any(column.shown == "answer" for column in columns) else 1
        high = max(least, *(lines_of(cell, column.width) for cell, column in zip(cells, columns, strict=True)))
        sheet.set_row(line, LINE * high + 3)
        for place, (cell, column) in enumerate(zip(cells, columns, strict=True)):
            is_mark = column.shown in NUMBERS and isinstance(cell, str)
            style = formats.cell(column.shown, table.decimals(row), is_mark)
            _write_cell(sheet, line, place, cell, style)


def _write_cell(sheet: Any, row: int, place: int, cell: Cell, style: Any) -> None:
    match cell:
        case None:
            sheet.write_blank(row, place, None, style)
        case date():
            sheet.write_datetime(row, place, datetime.combine(cell, datetime.min.time()), style)
        case str():
            sheet.write_string(row, place, cell, style)
        case _:
            sheet.write_number(row, place, cell, style)


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
