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
class Column:
    """A column of a table: its head, its width, what stands in it, and how: text, value, change, count, year or date.

    'beside' is text beside a number; 'answer' is a cell for the reader to fill in.
    """

    head: str
    width: float
    of: Callable[[Any], Cell]
    shown: str = "text"


class Formats:
    """The formats of the workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[Any, ...], Any] = {}
        self._cells: dict[tuple[str, int, bool], Any] = {}

    def of(self, **words: Any) -> Any:
        """A format."""
        key = tuple(sorted(words.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(words)
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
        match shown:
            case "value":
                return self.of(**FONT, num_format=digits)
            case "change":
                return self.of(**FONT, num_format=f'"+"{digits};"−"{digits};{digits}')
            case "count":
                return self.of(**FONT, num_format="#,##0", align="right")
            case "year":
                return self.of(**FONT, num_format="0")
            case "date":
                return self.of(**FONT, num_format="dd-mm-yyyy", align="left")
            case "answer":
                box = {"bg_color": "#FFF8DC", "border": 1, "border_color": "#BFBFBF"}
                return self.of(font_size=10, valign="top", text_wrap=True, **box)
            case "beside":
                # Beside a number, which stands at its cell's right edge.
                return self.of(**FONT, text_wrap=True, align="left", indent=1)
            case _:
                return self.of(**FONT, text_wrap=True)


def table(
    sheet: Any,
    formats: Formats,
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Any],
    decimals: Callable[[Any], int] = lambda row: 0,
    frozen: int = 0,
    top: int = 0,
    is_filtered: bool = True,
    nothing: str | None = None,
) -> None:
    """Write rows as an Excel table whose head stands in row `top`, counted from 0; `frozen` columns stay in sight.

    Where there is no row, an empty one stands in its place, with `nothing` in its first cell. `is_filtered` says
    whether the head has buttons to sort and filter by.
    """
    head = formats.of(**FONT, bold=True, text_wrap=True, bg_color="#1F4E79", font_color="#FFFFFF")
    heads = [{"header": column.head, "header_format": head} for column in columns]
    said = {"name": name, "columns": heads, "style": "Table Style Light 1", "autofilter": is_filtered}
    sheet.add_table(top, 0, top + max(len(rows), 1), len(columns) - 1, said)
    sheet.freeze_panes(top + 1, frozen)
    sheet.repeat_rows(top)
    sheet.set_row(top, LINE * max(lines_of(column.head, column.width - 1) for column in columns) + 4)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
    if not rows and nothing:
        sheet.write_string(top + 1, 0, nothing, formats.cell("text", 0))
    for line, row in enumerate(rows, top + 1):
        cells = [column.of(row) for column in columns]
        least = 3 if any(column.shown == "answer" for column in columns) else 1
        high = max(least, *(lines_of(cell, column.width) for cell, column in zip(cells, columns, strict=True)))
        sheet.set_row(line, LINE * high + 3)
        for place, (cell, column) in enumerate(zip(cells, columns, strict=True)):
            is_mark = column.shown in NUMBERS and isinstance(cell, str)
            style = formats.cell(column.shown, decimals(row), is_mark)
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
