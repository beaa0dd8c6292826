"""What the template workbooks have in common: their sheets and formats, the delivery note, the rows, checks of cells.

Sheets: 'Følgeseddel' (the delivery note, whose control figures are formulas), one sheet of rows, 'Vejledning', 'Koder'.
"""

import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from flows.core import files
from schemas.indicators import Indicator
from schemas.registry import Registry
from schemas.sources import Layout, LayoutColumn

NOTE, GUIDE, CODES = "Følgeseddel", "Vejledning", "Koder"
# Last row of the sheet of rows that the formulas count and the cells are checked in.
LAST = 5001
# Decimals to which Excel's binary sums are rounded; a figure with more of them has no exact control total.
EXACT = 6
# Rows in which the note looks for a percent sign: whoever types one, types it from the first row on.
LOOKED_AT = 12
ERROR_SENTENCE = "kolonnen har en celle med fejl"
TEXT_SENTENCE = "kolonnen har tekst, hvor der skal stå tal"
PERCENT_SENTENCE = "kolonnen er skrevet med procenttegn"
DAY_ZERO = date(1899, 12, 30)
PLACES = {
    "municipality": "Kommunens navn eller firecifrede kode, fx 0461.",
    "area": "Boligområdets aftalte navn, som det står på skabelonens ark 'Koder'.",
}
NO_PERSONS = "Skriv aldrig personnumre, navne eller andet om enkelte personer. En fil med et personnummer afvises helt."

Cell = str | int
Rule = dict[str, Any]

BOXED = {"border": 1, "border_color": "#BFBFBF", "valign": "top", "align": "left"}
ANSWER = {"bg_color": "#FFF8DC", **BOXED}
FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "heading": {"bold": True, "font_size": 12},
    "text": {"text_wrap": True, "valign": "top"},
    "cell": {"num_format": "@"},
    "whole": {"num_format": "#,##0", "valign": "top", "align": "left"},
    "decimal": {"num_format": "#,##0.0##", "valign": "top", "align": "left"},
    # Cells of rows with much text: what is typed stands beside the first line of it.
    "code": {"num_format": "@", "valign": "top"},
    "date": {"num_format": "dd-mm-yyyy", "align": "left", "valign": "top"},
    "value": {"num_format": "#,##0.0##", "valign": "top"},
    "count": {"num_format": "0", "valign": "top"},
    "key": {"bold": True, "valign": "top", "text_wrap": True},
    "answer": ANSWER,
    "day": {**ANSWER, "num_format": "yyyy-mm-dd"},
    "sum": BOXED,
    "help": {"italic": True, "font_color": "#595959", "text_wrap": True, "valign": "top"},
    "required": {
        "bold": True,
        "bg_color": "#1F4E79",
        "font_color": "#FFFFFF",
        "border": 1,
        "text_wrap": True,
        "valign": "top",
    },
    "optional": {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "top"},
    "missing": {"bg_color": "#FFE699"},
    "wrong": {"bg_color": "#F4B6B6", "font_color": "#7F0000"},
    "unused": {"bg_color": "#E7E6E6"},
}


@dataclass(frozen=True)
class Guidance:
    """What a sender must know of one column, in Danish; `out_of` is what a share is taken of, and empty for others."""

    header: str
    also_read: tuple[str, ...]
    required: str
    holds: str
    out_of: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Book:
    """A workbook in the making: its sheets by name, its formats, and the name of the sheet of rows."""

    book: Any
    rows: str
    sheets: Mapping[str, Any]
    formats: Mapping[str, Any]
    today: datetime

    def cells(self, column: str, to: str | None = None) -> str:
        """The cells below the header of a column, or of several, as a formula names them."""
        return f"'{self.rows}'!{column}2:{to or column}{LAST}"


@contextmanager
def opened(file: Path, title: str, rows: str) -> Iterator[Book]:
    """A workbook whose sheet of rows is called `rows`; written once it is whole, and not at all after an error."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    today = datetime.combine(datetime.now().astimezone().date(), time())
    book.set_properties({"title": title, "created": today})
    formats = {name: book.add_format(words) for name, words in FORMATS.items()}
    sheets = {name: book.add_worksheet(name) for name in (NOTE, rows, GUIDE, CODES)}
    yield Book(book, rows, sheets, formats, today)
    for sheet in sheets.values():
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
    book.close()
    files.write(file, content.getvalue())


def required(column: LayoutColumn, layout: Layout, registry: Registry) -> str:
    """Whether a cell must be filled in; a column may be optional and its facts not, unless a cell may hold none."""
    if not column.optional:
        return "ja"
    if column.separator:
        return "nej"
    stored = [held for name in layout.tables for held in registry.tables[name].columns if held.name == column.to]
    return "nej" if all(held.nullable for held in stored) else "ja, hvis kolonnen er med"


# Sheets ---------------------------------------------------------------------------------------------------------------


def write_note(
    book: Book,
    says: str,
    columns: Sequence[LayoutColumn],
    rows: int,
    words: Mapping[str, str],
    marks: Iterable[str] = (),
) -> None:
    """Write the delivery note: `words` explain its lines by key, `rows` are filled in already, `marks` are no figures.

    A column that is deleted or renamed takes its control total with it.
    """
    sheet, formats = book.sheets[NOTE], book.formats
    # The sum of starting or target values is no control figure of anything.
    summed = [(place, column) for place, column in enumerate(columns) if column.indicator or column.type == "integer"]
    for place, width in enumerate((54 if summed else 16, 42, 84)):
        sheet.set_column(place, place, width)
    entries = {"kilde": says, "udgivet": "", "oprindelse": "real", "afsender": ""}
    for row, (key, value) in enumerate(entries.items()):
        sheet.write_string(row, 0, key, formats["key"])
        sheet.write(row, 1, value, formats["answer"])
        sheet.write_string(row, 2, words[key], formats["help"])
        if key == "udgivet":
            sheet.write_formula(row, 1, "=TODAY()", formats["day"], (book.today.date() - DAY_ZERO).days)
    start = len(entries)
    sheet.write_string(start, 0, "rækker", formats["key"])
    sheet.write_array_formula(start, 1, start, 1, _rows_formula(book, len(columns)), formats["sum"], rows)
    sheet.write_string(start, 2, f"Regnes ud for jer: antallet af rækker på arket '{book.rows}'.", formats["help"])
    for row, (place, column) in enumerate(summed, start + 1):
        key, total, explained = _total_formulas(book, column, xl_col_to_name(place), marks)
        sheet.write_array_formula(row, 0, row, 0, key, formats["key"], f"kontrolsum {column.headers[0]}")
        sheet.write_formula(row, 1, total, formats["sum"], 0)
        sheet.write_string(row, 2, explained, formats["help"])
        sheet.set_row(row, height(explained, 84))


def _rows_formula(book: Book, columns: int) -> str:
    """Rows as the reader counts them: with something beside the first column, in which a remark may stand alone."""
    second, last = xl_col_to_name(1), xl_col_to_name(columns - 1)
    filled = f"--(LEN(TRIM({book.cells(second, last)}))>0)"
    ones = f"TRANSPOSE(COLUMN('{book.rows}'!{second}1:{last}1)^0)"
    return f'{{=IFERROR(SUM(--(MMULT({filled},{ones})>0)),"")}}'


def _total_formulas(book: Book, column: LayoutColumn, name: str, marks: Iterable[str]) -> tuple[str, str, str]:
    """Formulas of a control total's key and value, and words for the sender.

    Both are empty where the column was deleted. The key is empty, and so nothing is promised, where a figure has more
    decimals than a sum in binary is exact to. The value is a sentence where the column cannot be summed.
    """
    key, cells = f"\"kontrolsum \"&'{book.rows}'!{name}1", book.cells(name)
    words = f"Regnes ud for jer: summen af kolonnen på arket '{book.rows}'."
    if column.type == "integer":
        return f'{{=IFERROR({key},"")}}', f'=IFERROR({_summed(cells, f"SUM({cells})", marks)},"")', words
    finer = f"SUM(IF(ISNUMBER({cells}),ABS(ROUND({cells},{EXACT})-{cells}),0))>0"
    return (
        f'{{=IFERROR(IF({finer},"",{key}),"")}}',
        f'=IFERROR({_summed(cells, f"ROUND(SUM({cells}),{EXACT})", marks)},"")',
        f"{words} Navnet forsvinder, hvis et tal har over {EXACT} decimaler; det gør ikke noget.",
    )


def _summed(cells: str, total: str, marks: Iterable[str]) -> str:
    """A sum, or the sentence that says why there is none: an error, a text that is no mark, a percent sign."""
    counted = "".join(f'-COUNTIF({cells},"{mark}")' for mark in marks if mark)
    texts = f"SUMPRODUCT(ISTEXT({cells})*(LEN(TRIM({cells}))>0)){counted}"
    # A row may be deleted, so none is named by itself.
    looked_at = (f'LEFT(CELL("format",INDEX({cells},{row})),1)="P"' for row in range(1, LOOKED_AT + 1))
    return (
        f'IF(SUMPRODUCT(--ISERROR({cells}))>0,"{ERROR_SENTENCE}",IF({texts}>0,"{TEXT_SENTENCE}",'
        f'IF(OR({",".join(looked_at)}),"{PERCENT_SENTENCE}",{total})))'
    )


def write_rows(
    book: Book,
    columns: Sequence[LayoutColumn],
    rules: Mapping[str, Rule],
    rows: Sequence[Mapping[str, Cell]] = (),
    styles: Mapping[str, str] | None = None,
    widths: Mapping[str, float] | None = None,
    frozen: int = 0,
    head: float = 62,
) -> None:
    """Write the sheet of rows: headers, checks of cells, and rows to begin with.

    `rules`, `styles` (names of FORMATS) and `widths` are by header; `frozen` columns stay in sight; `head` is the
    header's height in points.
    """
    sheet = book.sheets[book.rows]
    sheet.freeze_panes(1, frozen)
    sheet.set_row(0, head)
    for place, column in enumerate(columns):
        header = column.headers[0]
        longest = max((len(str(row.get(header, ""))) for row in rows), default=0)
        word = max(map(len, header.split()))
        width = (widths or {}).get(header) or max(14, word + 3, min(30, longest + 2))
        style = (styles or {}).get(header)
        sheet.set_column(place, place, width, book.formats[style] if style else None)
        sheet.write_string(0, place, header, book.formats["optional" if column.optional else "required"])
        if header in rules:
            sheet.data_validation(1, place, LAST - 1, place, rules[header])
        for line, row in enumerate(rows, 1):
            match row.get(header):
                case str(text):
                    sheet.write_string(line, place, text, book.formats["cell"])
                case int(number):
                    sheet.write_number(line, place, number)


def write_table(
    book: Book,
    sheet: str,
    first: int,
    heads: Sequence[str],
    rows: Iterable[Sequence[str | float]],
    widths: Sequence[float],
) -> int:
    """Write a table of wrapped text from row `first`, its first column in bold; returns the row below it."""
    target, formats = book.sheets[sheet], book.formats
    for place, head in enumerate(heads):
        target.write_string(first, place, head, formats["required"])
    row = first + 1
    for row, cells in enumerate(rows, first + 1):
        target.set_row(row, max(height(str(cell), width) for cell, width in zip(cells, widths, strict=False)))
        for place, cell in enumerate(cells):
            if isinstance(cell, str):
                target.write_string(row, place, cell, formats["key" if place == 0 else "text"])
            else:
                target.write_number(row, place, cell, formats["whole" if float(cell).is_integer() else "decimal"])
    return row + 1


def write_guidance(
    book: Book, first: int, columns: Sequence[Guidance], heads: Mapping[str, str], widths: Sequence[float]
) -> None:
    """Write the table of the columns on 'Vejledning', from row `first`; `heads` are by field of Guidance."""
    rows = [
        ["; ".join(text) if isinstance(text := getattr(column, name), tuple) else text for name in heads]
        for column in columns
    ]
    write_table(book, GUIDE, first, list(heads.values()), rows, widths)


def height(text: str, width: float) -> float:
    """Points that wrapped text takes in a column of this width; not every program measures it by itself."""
    return 15 * max(1, math.ceil(1.15 * len(text) / width))


# Names of places, and checks of cells ---------------------------------------------------------------------------------


def areas_of(registry: Registry, municipality_code: str | None) -> list[dict[str, str]]:
    """The known areas of a municipality, or all; raises ValueError where there is none."""
    areas = [row for row in registry.codes["areas"] if municipality_code in (None, row["municipality_code"])]
    if not areas:
        raise ValueError(
            f"no area of municipality {municipality_code!r} is in codes/areas.csv; codes have four digits, such as 0461"
        )
    return areas


def spellings(registry: Registry) -> dict[str, str]:
    """Other spellings of the areas that are read too, by area."""
    found: dict[str, list[str]] = {}
    for alias in registry.codes["area_aliases"]:
        found.setdefault(alias["area_id"], []).append(alias["alias"])
    return {area: "; ".join(aliases) for area, aliases in found.items()}


def place_rule(source: str) -> Rule:
    """A list of places to choose from; a name that is not there is only warned about: others are read too."""
    return {
        "validate": "list",
        "source": source,
        "error_type": "warning",
        "error_title": "Ukendt navn eller kode",
        "error_message": f"Navnet står ikke på arket '{CODES}'. Er det rigtigt, så fortsæt; ellers ret det.",
    }


def year_rule(first: int, last: int) -> Rule:
    """A year of four digits."""
    return {
        "validate": "integer",
        "criteria": "between",
        "minimum": first,
        "maximum": last,
        "error_title": "Årstal",
        "error_message": f"Skriv årstallet med fire cifre, mellem {first} og {last}.",
    }


def number_rule(cell: str, is_whole: bool, low: float, high: float | None, layout: Layout) -> Rule:
    """A number from `low` to `high`, or a mark for a missing one."""
    # Who types 30% gets a cell of percentages that holds 0.3.
    tests = [f"{cell}>={low:.10g}", f'LEFT(CELL("format",{cell}),1)<>"P"']
    if high is not None:
        tests.append(f"{cell}<={high:.10g}")
    if is_whole:
        tests.append(f"{cell}=INT({cell})")
    marks = [mark for mark in layout.missing if mark]
    otherwise = "OR(" + ",".join(f'{cell}="{mark}"' for mark in marks) + ")" if marks else "FALSE"
    kind = "et helt tal" if is_whole else "et tal"
    span = f"fra {danish(low)} til {danish(high)}" if high is not None else f"på {danish(low)} eller derover"
    mark = f" Skriv {' eller '.join(marks)} for et ukendt eller hemmeligholdt tal." if marks else ""
    return {
        "validate": "custom",
        "value": f"=IF(ISNUMBER({cell}),AND({','.join(tests)}),{otherwise})",
        "error_title": "Tallet passer ikke",
        "error_message": f"Skriv {kind} {span}, uden %.{mark} Lad feltet stå tomt, hvis I ikke leverer tallet.",
    } | (
        {}
        if is_whole
        else {"input_title": "Uden procenttegn", "input_message": "Skriv 30,5 og ikke 30,5 % eller 0,305."}
    )


def warn_of_percentages(book: Book, place: int) -> None:
    """Paint the cells of a column of shares that hold a percentage, or what one would have left behind."""
    name = xl_col_to_name(place)
    painted = {
        "wrong": f'=AND(ISNUMBER({name}2),LEFT(CELL("format",{name}2),1)="P")',
        "missing": f"=AND(ISNUMBER({name}2),{name}2>0,{name}2<1)",
    }
    for style, criteria in painted.items():
        rule = {"type": "formula", "criteria": criteria, "format": book.formats[style], "stop_if_true": True}
        book.sheets[book.rows].conditional_format(1, place, LAST - 1, place, rule)


def range_of(indicator: Indicator) -> tuple[float, float]:
    """Lowest and highest figure that is possible for one area."""
    return indicator.minimum, indicator.maximum if indicator.area_maximum is None else indicator.area_maximum


def danish(number: float) -> str:
    """A number in Danish notation, with the decimals it has."""
    return f"{number:,.10g}".translate(str.maketrans(",.", ".,"))
