"""Excel workbooks: one sheet of data with a header somewhere below its titles, and perhaps a sheet 'Følgeseddel'."""

import io
import re
import unicodedata
from collections.abc import Sequence

import python_calamine

from flows.intake import delivery_note as notes
from flows.intake.coded import Content, DeliveredTable
from flows.intake.delivery_note import Note
from flows.intake.faults import Refusal
from flows.intake.formats.cells import guard, refuse_repeated, written
from schemas.models import Layout, Source

GUIDES = (notes.SHEET, "vejledning", "koder")
MOST_CELLS = 50_000_000


def read(content: Content, layout: Layout, source: Source, note: Note | None) -> DeliveredTable:
    """Read the sheet of data. Raises Refusal where there is none, or more than one that could be it."""
    sheets = _sheets(bytes(content))
    for name, rows in sheets.items():
        guard([[name]], "the name of a sheet, number")
        guard(rows, f"sheet {list(sheets).index(name) + 1}, row")
    by_name = {_tidy(name).casefold(): rows for name, rows in sheets.items()}
    if note is None:
        rows_of_note = by_name.get(notes.SHEET, ())
        note = notes.parse((row[0].rstrip(":"), row[1]) for row in rows_of_note if len(row) > 1 and row[0].strip())
    data = [rows for name, rows in by_name.items() if name not in GUIDES and any(any(row) for row in rows)]
    if len(data) != 1:
        raise Refusal("which_sheet", f"{len(data)} sheets hold rows")
    header, first, rows = _table(data[0], layout, source)
    numbered = _without_footnotes([(n, row) for n, row in enumerate(rows, first + 1) if any(map(str.strip, row))])
    if not numbered:
        raise Refusal("header_only")
    raw = {line: ";".join(row) for line, row in numbered}
    return DeliveredTable.of_rows(note, header, numbered, lambda line: raw.get(line, ""), format="xlsx")


def _sheets(content: bytes) -> dict[str, list[list[str]]]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {}
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height * sheet.total_width > MOST_CELLS:
                raise Refusal("damaged_file", f"a sheet claims {sheet.total_height} rows")
            sheets[name] = [[written(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise Refusal("damaged_file", type(error).__name__) from None
    return sheets


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def _table(rows: Sequence[Sequence[str]], layout: Layout, source: Source) -> tuple[list[str], int, list[list[str]]]:
    """Header, its row number, and the rows below it, as wide as the header."""
    for number, row in enumerate(rows, 1):
        names = [_tidy(cell) for cell in row]
        if layout.across and source.stub:
            width = len(source.stub)
            if not any(names[:width]) and names[width : width + 1] and re.fullmatch(layout.across, names[width]):
                header = [*source.stub, *names[width:]]
                below = _filled_down([list(row) for row in rows[number:]], width - 1)
                return _trimmed(header, number, below)
        elif _is_header(names, layout):
            return _trimmed(names, number, [list(row) for row in rows[number:]])
    raise Refusal("missing_column", "no row has the declared column names")


def _is_header(names: Sequence[str], layout: Layout) -> bool:
    """A title line has one cell; a header has at least two names that the layout knows, or all that it needs."""
    known = {header.casefold() for column in layout.columns for header in column.headers}
    return sum(name.casefold() in known for name in names) >= min(2, len(known))


def _trimmed(header: list[str], number: int, rows: list[list[str]]) -> tuple[list[str], int, list[list[str]]]:
    while header and not header[-1] and not any(row[len(header) - 1 :] and row[len(header) - 1] for row in rows):
        header.pop()
    refuse_repeated(header)
    return header, number, [row[: len(header)] for row in rows]


def _filled_down(rows: list[list[str]], width: int) -> list[list[str]]:
    """Blank repeats in the first `width` columns, filled from above; the last column of a stub is never left blank."""
    before = [""] * width
    for row in rows:
        if not any(row[width:]):
            continue
        changed = next((place for place in range(width) if row[place]), width)
        before = [row[place] if place >= changed and row[place] else before[place] for place in range(width)]
        row[:width] = before
    return rows


def _without_footnotes(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Rows without the notes below them: lines of text in the first column alone."""
    while rows and len(rows[-1][1]) > 1 and not any(cell.strip() for cell in rows[-1][1][1:]):
        rows.pop()
    return rows
