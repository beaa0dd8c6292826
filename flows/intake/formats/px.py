"""PX files (PC-Axis), read by pyaxis: a cube to rows of labels with the value last."""

import logging
import re
import warnings

from flows.intake.coded import Content, DeliveredTable
from flows.intake.delivery_note import Note, beside
from flows.intake.faults import Refusal
from flows.intake.formats.cells import guard
from flows.intake.formats.jsonstat import cube_table

CODEPAGE = re.compile(rb'CODEPAGE="([\w-]+)"', re.IGNORECASE)
ENCODINGS = {"windows-1252": "cp1252", "iso-8859-1": "cp1252", "iso-8859-15": "iso8859-15", "utf-8": "utf-8"}


def read(content: Content, note: Note | None) -> DeliveredTable:
    """Read a PX file; `lines` are the numbers of its values. Headers are dimensions' names in its main language."""
    note = beside(note)
    text = _text(bytes(content))
    guard([[line] for line in text.splitlines()], "line")
    from pyaxis import pyaxis  # noqa: PLC0415 - it imports pandas, which takes its time

    logging.getLogger("pyaxis").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            metadata, data = pyaxis.metadata_extract(text)
            known = pyaxis.metadata_split_to_dict(metadata)
            names, members = pyaxis.get_dimensions(known)
    except Exception as error:
        raise Refusal("damaged_file", type(error).__name__) from None
    values = re.findall(r'"[^"]*"|[^\s"]+', data.rstrip().removesuffix(";"))
    cells = [value.strip('"') for value in values]
    return cube_table(list(names), list(map(list, members)), cells, note, "px")


def _text(content: bytes) -> str:
    named = CODEPAGE.search(content[:4096])
    encoding = ENCODINGS.get(named[1].decode().lower() if named else "windows-1252")
    try:
        return content.decode(encoding or "cp1252")
    except UnicodeDecodeError:
        raise Refusal(
            "undecodable", f"the file says {named[1].decode() if named else 'nothing of its code page'}"
        ) from None
