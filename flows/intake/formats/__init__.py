"""Bytes to text in columns, one module per format. Nothing is cast here, and nothing is guessed."""

from flows.intake.coded import Content, DeliveredTable
from flows.intake.delivery_note import Note
from flows.intake.faults import Refusal
from flows.intake.formats import delimited, jsonstat, px, records, workbook
from schemas.models import Layout, Source

ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf")


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
    match _format(content, layout):
        case "csv":
            return delimited.read(content, layout, note, vouched)
        case "xlsx":
            return workbook.read(content, layout, source, note)
        case "px":
            return px.read(content, note)
        case "json-stat":
            return jsonstat.read(content, note)
        case _:
            return records.read(content, layout, note)


def _format(content: Content, layout: Layout) -> str:
    """The format by the file's first bytes, among those of the layout; its name may say anything."""
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if content[:8].startswith(ARCHIVES):
        if "xlsx" not in layout.formats or content[:2] != b"PK":
            raise Refusal("is_archive")
        return "xlsx"
    if start.startswith((b"{", b"[")):
        found = "json-stat" if "json-stat" in layout.formats else "json"
    elif start.startswith((b"CHARSET=", b"AXIS-VERSION=", b"CODEPAGE=", b"LANGUAGE=")):
        found = "px"
    else:
        found = "csv"
    if found not in layout.formats:
        raise Refusal("wrong_format", f"the file seems to be {found}, expected {' or '.join(layout.formats)}")
    return found
