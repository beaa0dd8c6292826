"""Workbooks and lists of an extract as a reader's programs open them."""

import functools
import io
import re
import zipfile
from typing import Any
from xml.etree import ElementTree

import openpyxl
import python_calamine

CHART = {"c": "http://schemas.openxmlformats.org/drawingml/2006/chart"}
# Danish CSV: ';', quotes, UTF-8, from the first line, Danish, numbers as Danes write them.
DANISH_CSV = "CSV:59,34,76,1,,1030,false,true"


@functools.cache
def opened(book: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(book))


@functools.cache
def sheets(book: bytes) -> dict[str, list[list[Any]]]:
    """The rows of every sheet from A1, read by calamine; numbers are floats."""
    found = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book))
    return {name: found.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in found.sheet_names}


def table(rows: list[list[Any]], first: str) -> list[dict[str, Any]]:
    """The rows of the table whose first column is headed so, by their heads."""
    top = next(at for at, row in enumerate(rows) if row and row[0] == first)
    heads = [head for head in rows[top] if head != ""]
    below: list[dict[str, Any]] = []
    for row in rows[top + 1 :]:
        if any(cell == "" for cell in row[: len(heads)]):
            break
        below.append(dict(zip(heads, row, strict=False)))
    return below


def parts(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def series(chart: bytes) -> list[dict[str, Any]]:
    """The series of a chart: name, the ranges of years and numbers, and the numbers kept within the chart."""
    return [
        {
            "name": line.findtext("./c:tx//c:v", None, CHART),
            "years": line.findtext("./c:xVal//c:f", None, CHART),
            "numbers": line.findtext("./c:yVal//c:f", None, CHART),
            "kept": [point.text for point in line.iterfind("./c:yVal//c:v", CHART)],
        }
        for line in ElementTree.fromstring(chart).iterfind(".//c:ser", CHART)
    ]


def in_legend(chart: bytes) -> list[str]:
    """The names of a chart's series that stand in its legend."""
    entries = ElementTree.fromstring(chart).iterfind(".//c:legendEntry/c:idx", CHART)
    left_out = {int(entry.attrib["val"]) for entry in entries}
    return [line["name"] for at, line in enumerate(series(chart)) if at not in left_out]


def cells(book: Any, reference: str) -> list[Any]:
    """The cells of a range that a chart names, in a workbook opened by openpyxl."""
    name, span = reference.rsplit("!", 1)
    found = book[name.strip("'").replace("''", "'")][span.replace("$", "")]
    rows = found if isinstance(found, tuple) else ((found,),)
    return [cell.value for row in rows for cell in row]


def lix(text: str) -> float:
    """Björnsson's readability of a text: words in a sentence and the share of words of more than six letters."""
    found = re.findall(r"[\w-]+", text)
    sentences = max(1, len(re.findall(r"[.:!?](?:\s|$)", text)))
    return len(found) / sentences + 100 * sum(len(word) > 6 for word in found) / len(found)
