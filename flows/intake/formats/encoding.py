"""Bytes to text: the encodings in which Danish programs save, and what a file is that is no text at all."""

import re
from collections.abc import Sequence

from flows.intake.faults import Refusal

ENCODINGS = {"utf-8": "utf-8-sig", "windows-1252": "cp1252"}
# What Excel saves as "Unicode-tekst" begins with one of these.
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
TWICE_ENCODED = ("Ã¦", "Ã¸", "Ã¥", "Ã†", "Ã˜", "Ã…")
# Danish letters of DOS and of old Macs, read as Windows-1252.
OTHER_ALPHABET = re.compile(r"[^\W\d_][›†¾¿Œ]|[›†¾¿Œ][^\W\d_]|[^\W\d_]‘[^\W\d_]")
CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
MOST_CONTROLS = 0.01
AS_UTF_8 = "in Excel, save as 'CSV UTF-8 (semikolonsepareret)'"
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


def refuse_what_is_no_table(content: bytes) -> None:
    """Raises Refusal with the true name of a web page, a PDF and the like; `content` is the beginning of the file."""
    if content.startswith(UTF_16) and not content.startswith(UTF_32):
        content = content.decode("utf-16", "ignore").encode()
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if name := next((name for beginning, name in BEGINNINGS.items() if start.startswith(beginning)), ""):
        raise Refusal("not_a_table", f"the file is {name}")


def decode(content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    """Text of a delivery and the encoding that fits; raises Refusal for broken text."""
    if content.startswith(UTF_32):
        raise Refusal("undecodable", f"the text is UTF-32; {AS_UTF_8}")
    if content.startswith(UTF_16):
        try:
            return content.decode("utf-16").removesuffix("\x1a"), "utf-16"
        except UnicodeDecodeError:
            raise Refusal("undecodable", "the text begins as UTF-16 and is cut or damaged") from None
    if b"\0" in content:
        if max(content[:4096:2].count(0), content[1:4096:2].count(0)) > len(content[:4096]) / 4:
            raise Refusal("undecodable", f"the text seems to be UTF-16 without a byte order mark; {AS_UTF_8}")
        raise Refusal("undecodable", "the file holds zero bytes: it is no text")
    for encoding in encodings:
        try:
            text = content.decode(ENCODINGS[encoding])
        except UnicodeDecodeError:
            continue
        if len(CONTROL.findall(text)) > max(1, MOST_CONTROLS * len(text)):
            continue
        if any(pair in text for pair in TWICE_ENCODED):
            raise Refusal("double_encoded")
        if encoding == "windows-1252" and OTHER_ALPHABET.search(text):
            raise Refusal("undecodable", "the letters seem to be those of DOS or of an old Mac")
        return text.removesuffix("\x1a"), encoding
    raise Refusal("undecodable", f"tried {' and '.join(encodings)}")
