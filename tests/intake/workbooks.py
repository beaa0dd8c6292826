"""Template workbooks in the hands of a sender: read, typed into, and calculated again."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import python_calamine
from office import in_libreoffice

NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
NOTE_PART, ROWS_PART = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"
Typed = str | int | float


def sheet(book: bytes, name: str) -> list[list[Any]]:
    """The rows of a sheet, from A1."""
    opened = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book))
    return opened.get_sheet_by_name(name).to_python(skip_empty_area=False)


def sheet_names(book: bytes) -> list[str]:
    """The sheets in their order; that of the rows is the second."""
    return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book)).sheet_names


def letters(place: int) -> str:
    """The letter of a column, counted from 0."""
    return chr(ord("A") + place)


def parts(book: bytes) -> dict[str, bytes]:
    """The files within a workbook."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    """A workbook of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def typed(book: bytes, cells: Mapping[str, Typed], calculated: bool = True) -> bytes:
    """The workbook after somebody typed into its rows and, as Excel does, its formulas were calculated again."""
    files = parts(book)
    # Excel calculates when it opens the file, and then no longer asks for it.
    files["xl/workbook.xml"] = files["xl/workbook.xml"].replace(b' fullCalcOnLoad="1"', b"")
    files[ROWS_PART] = _with_cells(files[ROWS_PART], cells)
    book = packed(files)
    if not calculated:
        return book
    rows = sheet(book, sheet_names(book)[1])
    formulas = ElementTree.fromstring(files[NOTE_PART]).iterfind(".//x:c", NS)
    results = {
        cell.attrib["r"]: _calculated(formula, rows)
        for cell in formulas
        if (formula := cell.findtext("x:f", None, NS)) and "TODAY" not in formula
    }
    files[NOTE_PART] = _with_cells(files[NOTE_PART], results)
    return packed(files)


def asked(book: bytes, formulas: Mapping[str, str]) -> bytes:
    """The workbook with formulas in cells beside its rows, not calculated yet."""
    files = parts(book)
    files[ROWS_PART] = _with_cells(files[ROWS_PART], {cell: f"={formula}" for cell, formula in formulas.items()})
    return packed(files)


def by_libreoffice(books: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """The workbooks as LibreOffice writes them after it has opened and calculated them."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.xlsx" for name in books}
    for name, file in files.items():
        file.write_bytes(packed({part: _uncalculated(content) for part, content in parts(books[name]).items()}))
    saved = in_libreoffice(folder, files.values())
    return {name: (saved / file.name).read_bytes() for name, file in files.items()}


def validations(book: bytes) -> dict[str, ElementTree.Element]:
    """The checks of the cells of the rows, by range."""
    root = ElementTree.fromstring(parts(book)[ROWS_PART])
    return {rule.attrib["sqref"]: rule for rule in root.iterfind(".//x:dataValidation", NS)}


def moved(formula: str, row: int, columns: int = 0) -> str:
    """A formula of row 2 as Excel moves it to another row, and its relative columns along."""

    def shifted(found: re.Match[str]) -> str:
        fixed, letter = found.groups()
        return f"${letter}{row}" if fixed else f"{letters(ord(letter) - ord('A') + columns)}{row}"

    return re.sub(r"(?<![A-Za-z$])(\$?)([A-Z])2(?!\d)", shifted, formula)


def _calculated(formula: str, rows: list[list[Any]]) -> Typed:
    """What Excel makes of one of the delivery note's formulas, from the ranges that stand in it."""
    held = re.search(r"'[^']+'!([A-Z]+)(\d+):([A-Z]+)(\d+)", formula)
    block = []
    if held:
        left, right = (ord(held[group]) - ord("A") for group in (1, 3))
        block = [row[left : right + 1] for row in rows[int(held[2]) - 1 : int(held[4])]]
    numbers = [cell for row in block for cell in row if isinstance(cell, float)]
    if "MMULT" in formula:
        return sum(any(str(cell).strip() for cell in row) for row in block)
    if "SUM(" in formula and "kontrolsum" not in formula:
        return round(sum(numbers), 6) if "ROUND" in formula else sum(numbers)
    header = re.search(r"\"kontrolsum \"&'[^']+'!([A-Z])1", formula)
    assert header, formula
    too_fine = "ROUND" in formula and any(round(number, 6) != number for number in numbers)
    return "" if too_fine else f"kontrolsum {rows[0][ord(header[1]) - ord('A')]}"


def _uncalculated(part: bytes) -> bytes:
    """A part without the results of its formulas, which LibreOffice would take as they stand."""
    if b"<f" not in part:
        return part
    root = ElementTree.fromstring(part)
    for cell in root.iterfind(".//x:c[x:f]", NS):
        for result in cell.findall("x:v", NS):
            cell.remove(result)
    return ElementTree.tostring(root)


def _with_cells(part: bytes, cells: Mapping[str, Typed]) -> bytes:
    """A sheet with values in cells, or formulas: text that begins with '='."""
    root = ElementTree.fromstring(part)
    data = root.find("x:sheetData", NS)
    assert data is not None
    rows = {row.attrib["r"]: row for row in data}
    space = "{" + NS["x"] + "}"
    styled = {
        letters(place - 1): column.attrib["style"]
        for column in root.iterfind("x:cols/x:col", NS)
        if "style" in column.attrib
        for place in range(int(column.attrib["min"]), int(column.attrib["max"]) + 1)
    }
    for reference, value in cells.items():
        column, number = re.fullmatch(r"([A-Z]+)(\d+)", reference).groups()  # type: ignore[union-attr]
        row = rows.setdefault(number, ElementTree.Element(f"{space}row", r=number))
        cell = next((cell for cell in row if cell.attrib["r"] == reference), None)
        if cell is None:
            cell = ElementTree.Element(
                f"{space}c", {"r": reference, **({"s": styled[column]} if column in styled else {})}
            )
            before = (re.sub(r"\d", "", other.attrib["r"]) for other in row)
            row.insert(sum((len(name), name) < (len(column), column) for name in before), cell)
        for old in cell.findall("x:v", NS):
            cell.remove(old)
        if isinstance(value, str) and value.startswith("="):
            ElementTree.SubElement(cell, f"{space}f").text = value[1:]
            continue
        cell.attrib["t"] = "str" if isinstance(value, str) else "n"
        ElementTree.SubElement(cell, f"{space}v").text = str(value)
    data[:] = sorted(rows.values(), key=lambda row: int(row.attrib["r"]))
    return ElementTree.tostring(root)
