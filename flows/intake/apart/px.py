"""PX files (PC-Axis) of any keywords. Source of the format: Statistics Sweden, "PX file format specification 2013"."""

import re
from collections.abc import Iterator
from typing import Any

from flows.intake.apart import cubes
from flows.intake.apart.answers import Unreadable, in_few
from flows.intake.apart.marks import SHOWN_OTHERWISE
from flows.intake.cpr_tables import rows_with_cpr_numbers

CODEPAGE = re.compile(rb'CODEPAGE="([\w-]+)"', re.IGNORECASE)
ENCODINGS = {
    "windows-1252": "cp1252", "ansi": "cp1252", "iso-8859-1": "cp1252", "iso-8859-15": "iso8859-15",
    "utf-8": "utf-8-sig", "windows-1250": "cp1250", "cp850": "cp850", "850": "cp850", "cp865": "cp865", "437": "cp437",
    "us-ascii": "ascii",
}  # fmt: skip
# KEYWORD[language]("sub key", ...)= and what follows up to the semicolon, which may stand in quotes.
ENTRY = re.compile(
    r"""\s*(?P<word>[A-Z][A-Z0-9-]*)(?:\[(?P<language>[^\]"=;]*)\])?(?:\((?P<keys>(?:"[^"]*"|[^")"])*)\))?\s*="""
    r"""(?P<value>(?:"[^"]*"|[^";])*);""",
    re.ASCII,
)
DATA = re.compile(r"\s*DATA\s*=", re.ASCII)
# A text may go on on the next line: "abc" and below it "def" are one.
TEXT = re.compile(r'"[^"]*"(?:\s*"[^"]*")*')
CELL = re.compile(r'"[^"]*"|[^\s",;]+')
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
DOTS = re.compile(r"\.{1,6}")
TITLES = ("MATRIX", "TABLEID", "TITLE", "CONTENTS", "DESCRIPTION")

Entries = dict[tuple[str, str], list[str]]


def read(content: bytes) -> dict[str, Any]:
    """The cube of a file, in its main language. Raises Unreadable where it is none, too large or holds a CPR number."""
    text = _decoded(content)
    if held := rows_with_cpr_numbers([[line] for line in text.splitlines()]):
        raise Unreadable("cpr_number", f"line {in_few(held)}")
    entries, data = _entries(text)
    if any(word == "KEYS" for word, _ in entries):
        raise Unreadable("wrong_format", "the file leaves cells out (KEYS); save it with all of them")
    names = [*entries.get(("STUB", ""), []), *entries.get(("HEADING", ""), [])]
    if len(set(names)) != len(names):
        raise Unreadable("duplicate_column", "a dimension stands twice")
    members = [entries.get(("VALUES", name), []) for name in names]
    if not names or not all(members):
        raise Unreadable("damaged_file", "a dimension without values")
    if any(len(set(labels)) != len(labels) for labels in members):
        raise Unreadable("damaged_file", "a dimension has a value twice")
    cubes.cells_of(list(map(len, members)))
    titles = (text for word in TITLES for (known, _), texts in entries.items() if known == word for text in texts)
    return cubes.answer(names, members, _cells(data, _symbols(entries)), titles)


def _decoded(content: bytes) -> str:
    found = CODEPAGE.search(content[:65_536])
    word = found[1].decode("ascii", "replace").lower() if found else ""
    encoding = ENCODINGS.get(word) if found else "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "cp1252"
    if encoding is None:
        raise Unreadable("undecodable", "the file names a code page that is not known")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("undecodable", f"the file says {word or 'nothing of its code page'}") from None


def _entries(text: str) -> tuple[Entries, str]:
    """The entries by keyword and first sub key, those of other languages left out, and the text of the data."""
    entries: Entries = {}
    place = 0
    while not (data := DATA.match(text, place)):
        found = ENTRY.match(text, place)
        if found is None:
            raise Unreadable("damaged_file", "a keyword without an end, or no data")
        place = found.end()
        if found["language"] is None:
            key = (found["word"], "".join(_texts(found["keys"] or "")[:1]))
            if key in entries and key[0] in ("STUB", "HEADING", "VALUES", "CODES", "DATA"):
                raise Unreadable("damaged_file", f"{key[0]} stands twice")
            entries[key] = _texts(found["value"]) or [found["value"].strip()]
    values, semicolon, rest = text[data.end() :].rpartition(";")
    if rest.strip("\x1a\x00 \r\n\t") or not semicolon:
        # A file that was cut has no semicolon behind its last figure.
        raise Unreadable("damaged_file", "the data has no end")
    return entries, values


def _texts(value: str) -> list[str]:
    return ["".join(re.findall(r'"([^"]*)"', found)) for found in TEXT.findall(value)]


def _symbols(entries: Entries) -> dict[str, str]:
    """What is shown in place of one to six dots, and of a dash, where the file says so."""
    shown = {"." * number: entries.get((f"DATASYMBOL{number}", "")) for number in range(1, 7)}
    shown |= {"-": entries.get(("DATASYMBOLNIL", ""))}
    return {mark: texts[0] for mark, texts in shown.items() if texts}


def _cells(data: str, symbols: dict[str, str]) -> Iterator[str]:
    for found in CELL.finditer(data):
        cell = found[0].strip('"').strip()
        if cell in symbols:
            # A symbol that could be read as a figure would be one.
            yield SHOWN_OTHERWISE if NUMBER.fullmatch(symbols[cell].replace(",", ".")) else symbols[cell]
        elif found[0].startswith('"') or NUMBER.fullmatch(cell) or DOTS.fullmatch(cell) or cell == "-":
            yield cell
        else:
            raise Unreadable("damaged_file", "the data holds what is no figure and no mark")
