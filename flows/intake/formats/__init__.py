"""Bytes to text in columns, one module per format. Nothing is cast here, and nothing is guessed.

Delimited text is read here; the other formats by `flows.intake.apart`, in a process of its own with limits.
"""

import re

from flows.intake.coded import Content, DeliveredTable
from flows.intake.delivery_note import Note
from flows.intake.faults import Refusal
from flows.intake.formats import cubes, delimited, process, records, workbook
from flows.intake.formats.encoding import UTF_16, UTF_32
from schemas.sources import Layout, Source

# Zip (.xlsx, .ods, .docx), gzip, OLE (.xls and workbooks with a password), 7-Zip.
CONTAINERS = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf")
PX = re.compile(rb'[A-Z][A-Z0-9-]{3,30}(?:\[[a-z-]{1,8}\])?(?:\("[^"\r\n]{0,200}"\))?=(?:"|YES|NO|[0-9])')
# How a file begins that a program saved under the name of a table.
BEGINNINGS = {
    b"%pdf": "a PDF",
    b"{\\rtf": "a text document (RTF)",
    b"<!doctype html": "a web page (HTML)",
    b"<html": "a web page (HTML)",
    b"<head": "a web page (HTML)",
    b"<meta": "a web page (HTML)",
    b"<table": "a web page (HTML)",
    b"<?xml": "an XML file",
    b"<workbook": "an XML file",
    b"mime-version:": "a web archive (MHTML)",
    b"id;p": "a SYLK file",
    b"par1": "a Parquet file",
    b"sqlite format 3": "a database (SQLite)",
    b"\x89png": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"gif8": "a picture",
}
NAMES = {"csv": "CSV", "xlsx": "an .xlsx workbook", "px": "PX", "json-stat": "JSON-stat", "json": "JSON records"}


def read(
    content: Content, layout: Layout, source: Source, note: Note | None = None, vouched: bool = False
) -> DeliveredTable:
    """Read a delivery as text.

    `note` is the delivery note beside the file, if there is one; `vouched` says that the sender's own hash of the file
    agrees, so that nothing of it can be missing.

    Raises Refusal where the file as a whole cannot be used.
    """
    if not len(content) or (content[:4096].isspace() and bytes(content).isspace()):
        raise Refusal("empty_file")
    refuse_what_is_no_table(content[:1024])
    match _format(content, layout):
        case "csv":
            return delimited.read(content, layout, note, vouched)
        case "xlsx":
            return workbook.read(content, layout, source, note)
        case "px" | "json-stat" as kind:
            return cubes.read(kind, content, layout.reading, note)
        case _:
            return records.read(content, layout, note)


def refuse_what_is_no_table(content: bytes) -> None:
    """Raises Refusal with the true name of a web page, a PDF and the like; `content` is the beginning of the file."""
    if content.startswith(UTF_16) and not content.startswith(UTF_32):
        content = content.decode("utf-16", "ignore").encode()
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if name := next((name for beginning, name in BEGINNINGS.items() if start.startswith(beginning)), ""):
        raise Refusal("not_a_table", f"the file is {name}")


def _format(content: Content, layout: Layout) -> str:
    """The format by the file's first bytes, among those of the layout; its name may say anything."""
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if content[:8].startswith(CONTAINERS):
        if "xlsx" not in layout.formats:
            _refuse_container(content, layout)
        return "xlsx"
    if start.startswith((b"{", b"[")):
        found = "json-stat" if "json-stat" in layout.formats else "json"
    elif PX.match(start):
        found = "px"
    else:
        found = "csv"
    if found not in layout.formats:
        raise Refusal("wrong_format", f"the file seems to be {found}, expected {' or '.join(layout.formats)}")
    return found


def _refuse_container(content: Content, layout: Layout) -> None:
    """Raises Refusal with the true name of a file in a container, and the format that is meant."""
    expected = " or ".join(NAMES[name] for name in layout.formats)
    try:
        process.answer("archive", content, layout.reading)
    except Refusal as refusal:
        raise Refusal(refusal.rule, f"{refusal.detail}; this source takes {expected}") from None
