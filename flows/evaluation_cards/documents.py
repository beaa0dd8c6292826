"""A table of text as other programs take it: Word, LaTeX and Markdown, each cell in each of them the same."""

import io
import zipfile
from datetime import datetime

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.table import CT_Row
from docx.shared import Cm, Pt
from docx.table import _Cell
from tabulate import tabulate

from flows.evaluation_cards.card import CardTable
from flows.evaluation_cards.english import MINUS, sentence
from flows.present.cells import TableCell

MARGIN = Cm(1.5)
HEADS = Cm(6)
LETTERS = Pt(8)
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell, so that the same table gives the same bytes


def markdown(table: CardTable) -> bytes:
    """A pipe table, its caption above and its notes below."""
    rows = [[_in_markdown(cell.text, cell.is_flagged) for cell in row] for row in table.rows]
    heads = [_in_markdown(head) for head in table.columns]
    notes = "\n\n".join(_in_markdown(sentence(note)) for note in table.notes)
    return f"**{_in_markdown(table.caption)}**\n\n{_set(rows, heads, 'pipe')}\n\n{notes}\n".encode()


def latex(table: CardTable) -> bytes:
    """A `longtable`, which goes on over pages, in small letters: \\input it where \\usepackage{longtable} is."""
    rows, heads = [[cell.text for cell in row] for row in table.rows], list(table.columns)
    begin, body = _set(rows, heads, "latex_longtable").split("\n", 1)
    caption, *notes = (_in_latex(text) for text in (table.caption, *map(sentence, table.notes)))
    below = "\n\n".join(notes)
    lines = (r"\begingroup\footnotesize", begin, rf"\caption{{{caption}}}\\", body, "", below, "", r"\endgroup")
    text = "\n".join(lines).replace(MINUS, r"\ensuremath{-}")
    return f"% needs \\usepackage{{longtable}}\n{text}\n".encode()


def word(table: CardTable) -> bytes:
    """A Word document, A4 across: the head of the table is repeated on each of its pages."""
    document = Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = MARGIN
    document.core_properties.title = table.caption
    document.core_properties.author = "Boligprofil"
    document.core_properties.comments = ""
    document.core_properties.created = document.core_properties.modified = datetime(2000, 1, 1)  # noqa: DTZ001
    document.styles["Normal"].font.size = LETTERS
    document.add_paragraph(table.caption).runs[0].bold = True
    grid = document.add_table(rows=1, cols=len(table.columns), style="Light Shading")
    grid.autofit = False
    width = (section.page_width - 2 * MARGIN - HEADS) // (len(table.columns) - 1)
    # LibreOffice goes by the columns, Word by the cells.
    for place, column in enumerate(grid.columns):
        column.width = width if place else HEADS
    heads = tuple(TableCell(head, is_flagged=True) for head in table.columns)
    for number, row in enumerate((heads, *table.rows)):
        line = grid.rows[0] if not number else grid.add_row()
        for place, (cell, shown) in enumerate(zip(line.cells, row, strict=True)):
            cell.width = width if place else HEADS
            _fill(cell, shown, is_number=place > 0)
    _repeat(grid.rows[0]._tr)
    for note in table.notes:
        document.add_paragraph(sentence(note))
    made = io.BytesIO()
    document.save(made)
    return _without_clock(made)


def _set(rows: list[list[str]], heads: list[str], form: str) -> str:
    sides = ("left", *["right"] * (len(heads) - 1))
    text: str = tabulate(rows, headers=heads, tablefmt=form, disable_numparse=True, colalign=sides)
    return text


def _in_markdown(text: str, is_flagged: bool = False) -> str:
    escaped = "".join(f"\\{letter}" if letter in "\\`*_|<>[]#~" else letter for letter in text)
    return f"**{escaped}**" if is_flagged and escaped else escaped


def _in_latex(text: str) -> str:
    """Text as a cell of a LaTeX table has it."""
    grid: str = tabulate([[text]], tablefmt="latex")
    (line,) = (line for line in grid.splitlines() if line.endswith(r"\\"))
    return line.removesuffix(r"\\").strip()


def _fill(cell: _Cell, shown: TableCell, is_number: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    if is_number:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(shown.text)
    run.bold = shown.is_flagged


def _repeat(row: CT_Row) -> None:
    """Set a row at the head of every page that the table goes on to."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row.get_or_add_trPr().append(mark)


def _without_clock(made: io.BytesIO) -> bytes:
    """The same document with every part dated alike, since the library writes the time of the clock."""
    plain = io.BytesIO()
    with zipfile.ZipFile(made) as given, zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in given.namelist():
            packed.writestr(zipfile.ZipInfo(name, FIRST_DAY), given.read(name), zipfile.ZIP_DEFLATED)
    return plain.getvalue()
