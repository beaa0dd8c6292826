"""Workbooks of a few parts, written by hand where no program would write them."""

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELATION = "http://purl.oclc.org/ooxml/officeDocument/relationships"
NOTE = {"kilde": "en prøve", "udgivet": "2016-03-01", "oprindelse": "real"}
HEADER = ("Kommune", "Boligområde", "År", "Beboere", "Dømte (pct.)")


def text(reference: str, words: str) -> str:
    """A cell of text."""
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(words)}</t></is></c>'


def row(number: int, *cells: str, attributes: str = "") -> str:
    """A row of cells."""
    return f'<row r="{number}" {attributes}>{"".join(cells)}</row>'


def header(number: int = 1, first: str = "A") -> str:
    """The row of headers, beginning in a column."""
    start = ord(first)
    return row(number, *(text(f"{chr(start + at)}{number}", name) for at, name in enumerate(HEADER)))


def line(number: int, residents: str = "<v>9000</v>", share: str = "<v>3.5</v>", area: str = "Vollsmose") -> str:
    """A row of figures: what stands in the cells of residents and of the share, and perhaps their attributes before."""
    made = []
    for letter, cell in (("D", residents), ("E", share)):
        attributes, _, inner = cell.rpartition("|")
        made.append(f'<c r="{letter}{number}" {attributes}>{inner}</c>')
    return row(
        number, text(f"A{number}", "Odense"), text(f"B{number}", area), f'<c r="C{number}"><v>2016</v></c>', *made
    )


def sheet(data: str, before: str = "", after: str = "") -> str:
    """The part of a sheet."""
    return f'<?xml version="1.0"?><worksheet xmlns="{MAIN}">{before}<sheetData>{data}</sheetData>{after}</worksheet>'


def styles(*codes: str) -> str:
    """The part of styles: the general format, and one for each code."""
    formats = "".join(
        f'<numFmt numFmtId="{164 + at}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>'
        for at, code in enumerate(codes)
    )
    used = "".join(f'<xf numFmtId="{164 + at}"/>' for at in range(len(codes)))
    cells = f'<cellXfs><xf numFmtId="0"/>{used}</cellXfs>'
    return f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts>{cells}</styleSheet>'


def note_sheet(entries: Mapping[str, str]) -> str:
    """The part of the delivery note; an entry that begins with '<' is a cell's inside."""
    rows = []
    for at, (key, value) in enumerate(entries.items(), 1):
        cell = f'<c r="B{at}" {value}' if value.startswith(("t=", ">")) else text(f"B{at}", value)
        rows.append(row(at, text(f"A{at}", key), cell))
    return sheet("".join(rows))


def book(
    data: str,
    style: str = "",
    calc: str = "",
    states: Mapping[str, str] | None = None,
    sheets: Mapping[str, str] | None = None,
    extra: Mapping[str, str | bytes] | None = None,
    properties: str = "",
    compression: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A workbook: a sheet 'Tal' (the whole part, or its data alone), the note, and further sheets and parts."""
    parts = {
        "Tal": data if data.startswith("<?xml") else sheet(data),
        "Følgeseddel": note_sheet(NOTE),
        **(sheets or {}),
    }
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at}" r:id="r{at}" state="{(states or {}).get(name, "visible")}"/>'
        for at, name in enumerate(parts, 1)
    )
    relations = "".join(
        f'<Relationship Id="r{at}" Type="{RELATION}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(parts) + 1)
    )
    if style:
        relations += f'<Relationship Id="s" Type="{RELATION}/styles" Target="styles.xml"/>'
    if "xl/sharedStrings.xml" in (extra or {}):
        relations += f'<Relationship Id="t" Type="{RELATION}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}">{properties}<sheets>{listed}</sheets>{calc}</workbook>'
        ),
        "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
        **{f"xl/worksheets/sheet{at}.xml": part for at, part in enumerate(parts.values(), 1)},
        **({"xl/styles.xml": style} if style else {}),
        **(extra or {}),
    }
    return zipped(files, compression)


def zipped(files: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()
