"""Workbooks (.xlsx, .xlsm) as people see them. Source of the format: ECMA-376 (Office Open XML), part 1, SpreadsheetML.

Read is what Excel, LibreOffice, Google Sheets, openpyxl and XlsxWriter write, in both families of namespaces.
"""

from typing import Any

from flows.intake.apart import part_texts
from flows.intake.apart.answers import Texts, Unreadable
from flows.intake.apart.cells_of_sheet import Shared, SheetReader
from flows.intake.apart.conditional_formats import FALSE, TRUE
from flows.intake.apart.package import Package, attribute, foreign
from flows.intake.apart.strings import shared_strings
from flows.intake.apart.styles import formats
from flows.intake.cpr import holds_cpr_number

MOST_SHEETS = 500


class _Contents:
    """What the list of sheets says: name, state and relationship of each, how the workbook counts and calculates."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, str]] = []
        self.is_1904 = False
        self.is_calculated = True

    def started(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "sheet":
                relation = attribute(attributes, "id")
                self.sheets.append((attributes.get("name", ""), attributes.get("state", "visible"), relation))
            case "workbookPr":
                self.is_1904 = attributes.get("date1904") in TRUE
            case "calcPr":
                # Programs that calculate nothing ask Excel to do it when it opens the file, and store 0 until then.
                on_load = attributes.get("fullCalcOnLoad") in TRUE
                self.is_calculated = not on_load and attributes.get("calcCompleted") not in FALSE


def read(content: bytes) -> dict[str, Any]:
    """The sheets of a workbook. Raises Unreadable where it is none, damaged, too large, or holds a CPR number."""
    if found := foreign(content):
        raise Unreadable("is_archive", f"the file is {found[0]}; {found[1]}")
    package = Package(content)
    workbook = package.workbook()
    contents = _Contents()
    package.parse(workbook, contents.started, lambda _: None, lambda _: None)
    _search_names([name for name, *_ in contents.sheets])
    relations = package.relationships(workbook)
    if not 0 < len(contents.sheets) <= MOST_SHEETS:
        raise Unreadable("damaged_file", f"a workbook of {len(contents.sheets)} sheets")
    by_kind = dict(relations.values())
    styles, strings = by_kind.get("styles"), by_kind.get("sharedStrings")
    texts, phonetic = shared_strings(package, _there(package, strings))
    shared = Shared(
        texts,
        *formats(package, _there(package, styles)),
        Texts(),
        contents.is_1904,
        contents.is_calculated,
        bytearray(len(texts)),
    )
    sheets: list[dict[str, Any]] = []
    belonging: dict[str, int] = {}
    passed: dict[str, int] = {}
    for number, (name, state, relation) in enumerate(contents.sheets, 1):
        kind, place = relations.get(relation, ("", ""))
        if kind in ("chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet"):
            continue
        if kind != "worksheet" or not package.has(place) or place.casefold() in passed:
            raise Unreadable("damaged_file", f"sheet {number} is not in the file")
        reader = _read_sheet(package, place, SheetReader(number, shared))
        if reader.found.change_numbers:
            # Conditional formats stand after the cells, which are read once more with them.
            reader = _read_sheet(package, place, SheetReader(number, shared, reader.found))
        sheets.append({"number": number, "name": name, "state": state, **reader.answer()})
        passed[place.casefold()] = number
        belonging |= {place.casefold(): number for _, place in package.relationships(place).values()}
    _search_rest(package, shared, phonetic, strings, passed, belonging)
    return {"texts": shared.texts.listed(), "sheets": sheets}


def _read_sheet(package: Package, place: str, reader: SheetReader) -> SheetReader:
    package.parse(place, reader.started, reader.ended, reader.text)
    return reader


def _there(package: Package, part: str | None) -> str | None:
    """A part that relationships name. Raises Unreadable where it is not in the file."""
    if part is not None and not package.has(part):
        raise Unreadable("damaged_file", "a part is not in the file")
    return part


def _search_names(names: list[str]) -> None:
    for number, name in enumerate(names, 1):
        if holds_cpr_number(name):
            raise Unreadable("cpr_number", f"the name of a sheet, number {number}")


def _search_rest(
    package: Package,
    shared: Shared,
    phonetic: str,
    strings: str | None,
    passed: dict[str, int],
    belonging: dict[str, int],
) -> None:
    """Search what no sheet shows: strings that no cell has any more, readings, and every other part."""
    unused = (text for text, is_used in zip(shared.strings, shared.used, strict=True) if not is_used)
    if holds_cpr_number(phonetic) or any(map(holds_cpr_number, unused)):
        raise Unreadable("cpr_number", "texts of cells that were deleted, or readings beside texts")
    searched = passed | ({strings.casefold(): 0} if strings else {})
    part_texts.search(package, searched, belonging)
