"""XlsxWriter's book in memory, in the language that is spoken, with sheets whose long lists are rows of XML.

A cell that is kept, asked for its type and its attributes costs ten times what its text does: of a long list that is
most of what a whole extract takes.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import StringIO
from typing import Any

from typing_extensions import override
from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.packager import Packager  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell_fast  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from flows.present.language import grammar

# Parts of the file that name a language, and how they name it.
_LANGUAGE = re.compile(r'(<c:lang val|lang)="en-US"')

# A font as wide in LibreOffice as in Excel, wherever they run: columns that go on a page in one do in the other.
FONT = {"font_name": "Arial", "font_size": 10}


class QuickSheet(Worksheet):  # type: ignore[misc]
    """A sheet of XlsxWriter's, and rows below what it holds that are texts already."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[str] = []

    def put(self, row: int, column: int, cell: str | float | date | None, style: Any) -> None:
        """Write a cell as it is: text, a number, a day, or nothing."""
        match cell:
            case str():
                self._write_string(row, column, cell, style)
            case None:
                self._write_blank(row, column, None, style)
            case date():
                self._write_datetime(row, column, datetime.combine(cell, datetime.min.time()), style)
            case _:
                self._write_number(row, column, cell, style)

    def reach(self, row: int) -> None:
        """Let the sheet's last table end with this row, counted from 0; XlsxWriter marks each of its cells."""
        table = self.tables[-1]
        begins, _, ends = table["range"].partition(":")
        grown = f"{begins}:{ends.rstrip('0123456789')}{row + 1}"
        table |= dict.fromkeys([part for part in ("range", "a_range", "autofilter") if part in table], grown)

    def add_rows(self, rows: Iterable[tuple[Sequence[str | float], Sequence[int]]], top: int) -> None:
        """Write rows from `top` on, counted from 0: of each its cells and their styles. The last table ends with them.

        Text cells are counted as XlsxWriter counts them; numbers have Excel's sixteen digits.
        """
        letters: list[str] = []
        index = self.str_table._get_shared_string_index
        number = top
        for number, (cells, styles) in enumerate(rows, top + 1):
            letters = letters or [xl_col_to_name(place) for place in range(len(cells))]
            written = [
                f'<c r="{letter}{number}" s="{style}" t="s"><v>{index(cell)}</v></c>'
                if isinstance(cell, str)
                else f'<c r="{letter}{number}" s="{style}"><v>{cell:.16G}</v></c>'
                for letter, cell, style in zip(letters, cells, styles, strict=True)
            ]
            self._rows.append(f'<row r="{number}">{"".join(written)}</row>')
        if self._rows:
            self._check_dimensions(number - 1, len(letters) - 1)
            self.reach(number - 1)

    @override
    def _write_rows(self) -> None:
        super()._write_rows()
        self.fh.writelines(self._rows)

    @override
    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        kind, style = type(cell).__name__, cell.format
        if style and kind == "String":
            at = xl_rowcol_to_cell_fast(row, col)
            self.fh.write(f'<c r="{at}" s="{style._get_xf_index()}" t="s"><v>{cell.string}</v></c>')
        elif style and kind == "Number":
            at = xl_rowcol_to_cell_fast(row, col)
            self.fh.write(f'<c r="{at}" s="{style._get_xf_index()}"><v>{cell.number:.16G}</v></c>')
        else:
            super()._write_cell(row, col, cell)


class _SpokenParts(Packager):  # type: ignore[misc]
    """The parts of the file with their language named, which XlsxWriter has no way to say."""

    @override
    def _create_package(self) -> list[tuple[StringIO, str, bool]]:
        return [(_spoken(content, name), name, is_binary) for content, name, is_binary in super()._create_package()]


class QuickBook(Workbook):  # type: ignore[misc]
    """A book that is written in memory: the same content gives the same bytes."""

    worksheet_class = QuickSheet

    def __init__(self, content: Any) -> None:
        plain = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
        super().__init__(content, {**plain, "default_format_properties": dict(FONT)})

    @override
    def _get_packager(self) -> Packager:
        return _SpokenParts()


def _spoken(content: StringIO, name: str) -> StringIO:
    if name == "docProps/core.xml":
        end = "</cp:coreProperties>"
        return StringIO(content.getvalue().replace(end, f"<dc:language>{grammar().region}</dc:language>{end}"))
    if name.startswith(("xl/charts/", "xl/drawings/")):
        return StringIO(_LANGUAGE.sub(rf'\1="{grammar().region}"', content.getvalue()))
    return content
