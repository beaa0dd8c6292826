"""One sheet of a workbook, read cell by cell: what stands in memory is what holds something, wherever it lies."""

import re
from array import array
from decimal import Decimal
from typing import Any, NamedTuple

from flows.intake.apart.answers import MOST_CELLS, Texts, Unreadable, in_few, packed, too_large
from flows.intake.apart.conditional_formats import FALSE, TRUE, ConditionalFormats
from flows.intake.apart.marks import NOT_CALCULATED, SHOWN_OTHERWISE, error_in_file
from flows.intake.apart.number_formats import NumberFormat, number_format
from flows.intake.apart.numbers import stored
from flows.intake.apart.references import LAST_COLUMN, LAST_ROW, Area, area, column_number
from flows.intake.apart.strings import TextOfRuns, unescaped
from flows.intake.cpr import BETWEEN, holds_cpr_number
from flows.intake.cpr_tables import rows_with_cpr_numbers

REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})", re.ASCII)
GENERAL = number_format("General")
PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,14})", re.ASCII)
# So few digits are the same in binary, and decimals that end in no zero and are not three need no care.
FEW_DECIMALS = re.compile(r"-?(?:0|[1-9][0-9]{0,8})\.(?:[0-9]?[1-9]|[0-9]{3}[1-9])", re.ASCII)
# As many digits as a CPR number, or one whose first was a zero; and such a number with a power of ten.
LIKE_CPR = re.compile(r"[0-9]{9,10}(?:\.0*)?", re.ASCII)
LIKE_CPR_BY_POWER = re.compile(r"[0-9]{1,10}(?:\.[0-9]{0,9})?E\+?[0-9]{1,2}", re.ASCII | re.IGNORECASE)
DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9:.]*)Z?)?|([0-9]{2}:[0-9]{2}:[0-9]{2})", re.ASCII)
MOST_RANGES = 100_000
LONGEST_YEAR = 4
# The width of a column and the height of a row that nobody sees, whether it is called hidden or not.
NO_SIZE = ("0", "0.0")
SPOKEN = {"prompt", "promptTitle", "error", "errorTitle", "tooltip", "display", "location", "name", "codeName", "text"}


class Shared(NamedTuple):
    """What all sheets of a workbook have in common; `used` marks the shared strings that cells have.

    `formats` are those of the cell styles, `differing` those of the styles that conditional formats give.
    """

    strings: list[str]
    formats: list[NumberFormat]
    differing: list[NumberFormat | None]
    texts: Texts
    is_1904: bool
    is_calculated: bool
    used: bytearray


class SheetCell:
    """The cell that is read: where it lies, its type and style, and its parts as far as they have come."""

    __slots__ = ("column", "formula", "has_formula", "has_value", "row", "style", "type", "value")

    def __init__(self, row: int, column: int, kind: str, style: int) -> None:
        self.row, self.column, self.type, self.style = row, column, kind, style
        self.value = self.formula = ""
        self.has_value = self.has_formula = False


class SheetReader:
    """The handlers of a sheet's part; `answer` gives the sheet once it has been read."""

    def __init__(self, number: int, shared: Shared, conditional: ConditionalFormats | None = None) -> None:
        """`conditional` are the formats that the sheet names after its cells, once they are known."""
        self.number = number
        self.conditional = conditional
        self.found = ConditionalFormats(shared.differing)
        self.shared = shared
        self.cell: SheetCell | None = None
        self.runs = TextOfRuns()
        self.rows, self.columns, self.codes = array("i"), array("i"), array("i")
        self.row = 0
        self.column = 0
        self.in_data = False
        self.inside = ""
        self.hides_zeros = False
        self.rows_hidden_by_default = False
        self.hidden_rows = array("i")
        self.hidden_columns: list[tuple[int, int]] = []
        self.merged: list[Area] = []
        self.arrays: list[Area] = []
        self.stored: dict[int, str] = {}
        self.rows_with_cpr_numbers: list[int] = []
        self.words: list[str] = []

    # Handlers of elements ---------------------------------------------------------------------------------------------

    def started(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if self.in_data:
            self._started_in_data(tag, attributes)
            return
        match tag:
            case "sheetData":
                self.in_data = True
            case "sheetView":
                self.hides_zeros = attributes.get("showZeros") in FALSE
            case "sheetFormatPr":
                self.rows_hidden_by_default = attributes.get("zeroHeight") in TRUE
            case "col" if attributes.get("hidden") in TRUE or attributes.get("width") in NO_SIZE:
                self.hidden_columns.append((_whole(attributes.get("min")), _whole(attributes.get("max"))))
            case "mergeCell":
                self.merged.append(area(attributes.get("ref", "")))
        self.found.started(tag, attributes)
        self.words += [text + BETWEEN for name, text in attributes.items() if name in SPOKEN]
        if len(self.merged) + len(self.hidden_columns) > MOST_RANGES:
            raise too_large(f"sheet {self.number} has over {MOST_RANGES} merged cells or hidden columns")

    def ended(self, tag: str) -> None:
        """An element ends."""
        if not self.in_data:
            self.found.ended(tag)
            self.words.append(BETWEEN)
            return
        if self.cell is not None:
            if tag == "c":
                self._finish(self.cell)
                self.cell = None
            elif self.inside == "is":
                self.runs.end(tag)
                self.inside = "is" if tag != "is" else ""
            else:
                self.inside = ""
        elif tag == "sheetData":
            self.in_data = False

    def text(self, text: str) -> None:
        """Characters."""
        if self.cell is None:
            if not self.in_data:
                self.found.text(text)
                self.words.append(text)
        elif self.inside == "v":
            self.cell.value += text
        elif self.inside == "f":
            self.cell.formula += text
        elif self.inside == "is":
            self.runs.add(text)

    def _started_in_data(self, tag: str, attributes: dict[str, str]) -> None:
        if self.cell is not None:
            if tag in ("v", "f"):
                self.inside = tag
                self.cell.has_value |= tag == "v"
                if tag == "f":
                    self._formula(self.cell, attributes)
            elif tag == "is":
                self.inside = tag
                self.cell.has_value = True
            else:
                self.runs.start(tag)
        elif tag == "c":
            self.cell = self._placed(attributes)
        elif tag == "row":
            self._begin_row(attributes)

    def _begin_row(self, attributes: dict[str, str]) -> None:
        number = _whole(attributes["r"]) if "r" in attributes else self.row + 1
        if number <= self.row or number > LAST_ROW:
            raise Unreadable("damaged_file", f"sheet {self.number}: rows that are not in their order")
        self.row, self.column = number, 0
        hidden = attributes.get("hidden")
        is_flat = attributes.get("ht") in NO_SIZE
        if hidden in TRUE or is_flat or (self.rows_hidden_by_default and hidden not in FALSE):
            self.hidden_rows.append(number)

    def _placed(self, attributes: dict[str, str]) -> SheetCell:
        """A cell at its place, which is right of the one before. Raises Unreadable where it is not."""
        row, column = self.row, self.column + 1
        if reference := attributes.get("r"):
            found = REFERENCE.fullmatch(reference)
            row, column = (int(found[2]), column_number(found[1])) if found else (0, 0)
        if row != self.row or column <= self.column or column > LAST_COLUMN:
            raise Unreadable("damaged_file", f"sheet {self.number}, row {self.row}: a cell lies where none can lie")
        self.column = column
        style = _whole(attributes["s"]) if "s" in attributes else 0
        if style >= max(len(self.shared.formats), 1):
            raise Unreadable("damaged_file", f"sheet {self.number}, row {row}: a cell has a style that is not there")
        return SheetCell(row, column, attributes.get("t", "n"), style)

    def _formula(self, cell: SheetCell, attributes: dict[str, str]) -> None:
        cell.has_formula = True
        if attributes.get("t") == "array" and not self.shared.is_calculated and ":" in attributes.get("ref", ""):
            self.arrays.append(area(attributes["ref"]))

    # Cells ------------------------------------------------------------------------------------------------------------

    def _finish(self, cell: SheetCell) -> None:
        raw = cell.value
        text = self._text(cell, raw)
        if cell.formula and holds_cpr_number(cell.formula):
            self.rows_with_cpr_numbers.append(cell.row)
        if not text:
            return
        if cell.type == "n" and raw != text and (held := self._personal(cell, raw.strip(), text)):
            self.stored[len(self.codes)] = held
        self.rows.append(cell.row)
        self.columns.append(cell.column)
        self.codes.append(self.shared.texts.code(text))
        if len(self.codes) > MOST_CELLS:
            raise too_large(f"sheet {self.number} has over {MOST_CELLS} cells")

    def _personal(self, cell: SheetCell, raw: str, text: str) -> str:
        """What a number stores that shows something else: as many digits as a CPR number has, or a date of birth."""
        if LIKE_CPR.fullmatch(raw):
            return raw.partition(".")[0]
        if LIKE_CPR_BY_POWER.fullmatch(raw):
            return f"{stored(raw):f}".partition(".")[0]
        if len(text) == LONGEST_YEAR and self.shared.formats and (number := stored(raw)):
            return self.shared.formats[cell.style].day_of_year(number, self.shared.is_1904)
        return ""

    def _text(self, cell: SheetCell, raw: str) -> str:  # noqa: PLR0911 - a return for each type of cell
        """What the cell shows."""
        if self._is_uncalculated(cell, raw):
            return NOT_CALCULATED
        if not raw and cell.type not in ("inlineStr", "e"):
            return ""
        match cell.type:
            case "inlineStr":
                return self._of_text(cell, self.runs.taken())
            case "n":
                return self._of_number(cell, raw.strip())
            case "s":
                return self._of_text(cell, self._shared_string(cell, raw.strip()))
            case "str":
                return self._of_text(cell, unescaped(raw))
            case "b" if raw.strip() in (*TRUE, *FALSE):
                return "ja" if raw.strip() in TRUE else "nej"
            case "e":
                return error_in_file(raw.strip())
            case "d" if found := DATE.fullmatch(raw.strip()):
                day, time, alone = found.groups()
                return alone or (f"{day}T{time}" if time and time.strip("0:.") else day)
        raise Unreadable("damaged_file", f"sheet {self.number}, row {cell.row}: a cell of no known type")

    def _is_uncalculated(self, cell: SheetCell, raw: str) -> bool:
        """Whether a formula's result is not there, or is what was written before anything was calculated."""
        if not self.shared.is_calculated:
            if cell.has_formula:
                return True
            return any(t <= cell.row <= b and left <= cell.column <= r for t, left, b, r in self.arrays)
        is_empty_text = cell.type == "str" and cell.has_value
        return cell.has_formula and not raw and not is_empty_text

    def _of_number(self, cell: SheetCell, raw: str) -> str:
        shows = self.shared.formats[cell.style] if self.shared.formats else None
        if self.hides_zeros and not raw.strip("-0."):
            return SHOWN_OTHERWISE
        if self.conditional is None and (shows is None or shows.is_general):
            if PLAIN.fullmatch(raw):
                return "0" if raw == "-0" else raw
            if FEW_DECIMALS.fullmatch(raw):
                return raw.replace(".", ",")
        number = stored(raw)
        if number is None:
            raise Unreadable("damaged_file", f"sheet {self.number}, row {cell.row}: a number that is none")
        text = (shows or GENERAL).shown(number, self.shared.is_1904)
        return self._by_condition(cell, number, text)

    def _by_condition(self, cell: SheetCell, number: Decimal | None, text: str) -> str:
        """What the cell shows once its conditional formats are heard."""
        if self.conditional is None:
            return text
        return self.conditional.shown(cell.row, cell.column, number, text, self.shared.is_1904)

    def _of_text(self, cell: SheetCell, text: str) -> str:
        shows = self.shared.formats[cell.style] if self.shared.formats else None
        if not text.strip():
            return text
        return self._by_condition(cell, None, text if shows is None or shows.shows_text() else SHOWN_OTHERWISE)

    def _shared_string(self, cell: SheetCell, raw: str) -> str:
        if not raw.isascii() or not raw.isdigit() or len(raw) > 9 or int(raw) >= len(self.shared.strings):
            raise Unreadable("damaged_file", f"sheet {self.number}, row {cell.row}: a text that is not there")
        self.shared.used[int(raw)] = 1
        return self.shared.strings[int(raw)]

    # Search, and answer -----------------------------------------------------------------------------------------------

    def answer(self) -> dict[str, Any]:
        """The sheet as plain values: its rows that hold something, and a column of codes for each that does.

        Raises Unreadable where it is too large, or holds a CPR number: shown, stored, in a formula or beside cells.
        """
        rows, columns = list(dict.fromkeys(self.rows)), sorted(set(self.columns))
        if len(rows) * len(columns) > MOST_CELLS:
            raise too_large(f"sheet {self.number} has {len(rows)} rows with cells in {len(columns)} columns")
        if holds_cpr_number("".join(self.words)):
            raise Unreadable("cpr_number", f"sheet {self.number}: its header, footer, links or checks of cells")
        grid = {column: array("i", bytes(4 * len(rows))) for column in columns}
        place, before = -1, 0
        for row, column, code in zip(self.rows, self.columns, self.codes, strict=True):
            if row != before:
                place, before = place + 1, row
            grid[column][place] = code
        self._search(rows, grid)
        return {
            "rows": packed(rows),
            "columns": columns,
            "codes": [packed(grid[column]) for column in columns],
            "hidden_rows": packed(self.hidden_rows),
            "hidden_columns": self.hidden_columns,
            "merged": self.merged,
        }

    def _search(self, rows: list[int], grid: "dict[int, array[int]]") -> None:
        """Search the table as it is shown and, where cells store what may be such a number, as it is stored."""
        held = set(self.rows_with_cpr_numbers)
        texts = list(self.shared.texts.codes)
        shown = {column: [texts[code] for code in codes] for column, codes in grid.items()}
        held |= {rows[number - 1] for number in rows_with_cpr_numbers(_side_by_side(shown))}
        if self.stored:
            at = {row: place for place, row in enumerate(rows)}
            for cell, raw in self.stored.items():
                shown[self.columns[cell]][at[self.rows[cell]]] = raw
            held |= {rows[number - 1] for number in rows_with_cpr_numbers(_side_by_side(shown))}
        if held:
            raise Unreadable("cpr_number", f"sheet {self.number}, row {in_few(sorted(held))}")


def _side_by_side(columns: dict[int, list[str]]) -> list[tuple[str, ...]]:
    """Rows of cells; where columns between two are empty, an empty one stands for them."""
    made: list[list[str]] = []
    before = 0
    for column, cells in columns.items():
        if made and column > before + 1:
            made.append([""] * len(cells))
        made.append(cells)
        before = column
    return list(zip(*made, strict=True))


def _whole(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Unreadable("damaged_file", "a number of a row, column or style that is none")
    return int(text)
