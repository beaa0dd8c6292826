"""Bytes to text to fields: encoding, head, header, rows with their line numbers. Nothing is cast here."""

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from flows.intake.faults import Fault, Refusal
from flows.intake.privacy import lines_with_cpr_numbers
from schemas.registry import Layout, LayoutColumn

ENCODINGS = {"utf-8": "utf-8-sig", "windows-1252": "cp1252"}
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf")
HEAD_LINES = ("kilde", "udgivet", "oprindelse", "modtaget")
ORIGINS = {"real": "real", "syntetisk": "synthetic", "synthetic": "synthetic"}
TWICE_ENCODED = ("Ã¦", "Ã¸", "Ã¥", "Ã†", "Ã˜", "Ã…")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
LINE = "line"


@dataclass(frozen=True)
class Head:
    """What a delivery says of itself: source in words, origin, day of publication and of receipt, number of rows."""

    says: str
    origin: str
    published_at: date
    received_at: date
    rows: int | None


@dataclass(frozen=True)
class Sheet:
    """A delivery as text: head, the raw header, and a frame of strings with one column per header and `line`."""

    head: Head
    header: tuple[str, ...]
    cells: pl.DataFrame
    lines: dict[int, str]
    faults: list[Fault]
    encoding: str

    @property
    def rows(self) -> int:
        """Rows of the delivery, those that could not be split into fields included."""
        return self.cells.height + len({fault.line for fault in self.faults})


def read(content: bytes, layout: Layout) -> Sheet:
    """Read a delivery as text. Raises Refusal where the file as a whole cannot be used."""
    text, encoding = decode(content, layout.encodings)
    if held := lines_with_cpr_numbers(lines(text)):
        raise Refusal("cpr_number", f"line {', '.join(map(str, held[:5]))}{' and others' if len(held) > 5 else ''}")
    head, body, first_line = split_head(text)
    header, rows = _fields(body, layout.delimiter, first_line)
    _check_header(header, layout.delimiter)
    if not rows:
        raise Refusal("header_only")
    faults, whole = [], []
    for line, fields, _ in rows:
        if len(fields) == len(header):
            whole.append((line, *fields))
        else:
            faults.append(Fault(line, "", "ragged_line", f"{len(fields)} fields, the header has {len(header)}"))
    if head.rows is not None and head.rows != len(rows):
        raise Refusal("row_count_differs", f"the head says {head.rows}, the file has {len(rows)}")
    # The promised number of rows says nothing about a cut within the last one.
    if not body.endswith(("\n", "\r")):
        last = rows[-1][0]
        whole = [row for row in whole if row[0] != last]
        faults = [fault for fault in faults if fault.line != last] + [Fault(last, "", "cut_line")]
    schema = {LINE: pl.Int64(), **dict.fromkeys(header, pl.String())}
    cells = pl.DataFrame(whole, schema=schema, orient="row")
    return Sheet(head, tuple(header), cells, {line: raw for line, _, raw in rows}, faults, encoding)


def decode(content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    """Text of a delivery and the encoding that fits; raises Refusal for archives, empty files and broken text."""
    if not content.strip():
        raise Refusal("empty_file")
    if content.startswith(ARCHIVES):
        raise Refusal("is_archive")
    for encoding in encodings:
        try:
            text = content.decode(ENCODINGS[encoding])
        except UnicodeDecodeError:
            continue
        if CONTROL.search(text):
            continue
        if any(pair in text for pair in TWICE_ENCODED):
            raise Refusal("double_encoded")
        return text, encoding
    raise Refusal("undecodable", f"tried {' and '.join(encodings)}")


def lines(text: str) -> list[str]:
    """Lines with their ends, divided where the csv module and editors divide them: not at other Unicode separators."""
    return list(io.StringIO(text, newline=""))


def split_head(text: str) -> tuple[Head, str, int]:
    """The head, the text below it, and the number of lines that the head takes."""
    all_lines = lines(text)
    count = next((number for number, line in enumerate(all_lines) if not line.startswith("#")), len(all_lines))
    said = {}
    for line in all_lines[:count]:
        key, _, value = line.lstrip("#").partition(":")
        said[unicodedata.normalize("NFC", key).strip().casefold()] = value.strip().rstrip(";").strip()
    missing = [key for key in HEAD_LINES if not said.get(key)]
    if missing:
        raise Refusal("head_missing", "missing: " + ", ".join(f"'# {key}:'" for key in missing))
    if said["oprindelse"].casefold() not in ORIGINS:
        raise Refusal("head_missing", "'# oprindelse:' must say real or syntetisk")
    head = Head(
        says=said["kilde"],
        origin=ORIGINS[said["oprindelse"].casefold()],
        published_at=_day("udgivet", said["udgivet"]),
        received_at=_day("modtaget", said["modtaget"]),
        rows=_rows(said.get("rækker")),
    )
    return head, "".join(all_lines[count:]), count


def _day(key: str, said: str) -> date:
    """A day, or the last day of a year: by then at the latest the source had published."""
    try:
        return date(int(said), 12, 31) if said.isdecimal() and len(said) == 4 else date.fromisoformat(said)
    except ValueError:
        raise Refusal("head_missing", f"'# {key}:' must be a day (2012-10-01) or a year (2012)") from None


def _rows(said: str | None) -> int | None:
    if said is None:
        return None
    if not said.isdecimal():
        raise Refusal("head_missing", "'# rækker:' must be a whole number")
    return int(said)


def _fields(body: str, delimiter: str, skipped: int) -> tuple[list[str], list[tuple[int, list[str], str]]]:
    """Header and rows: line number in the file, fields, the text of the line."""
    source = lines(body)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    rows = []
    before = 0
    blank = delimiter + '" \t\r\n'
    try:
        for fields in reader:
            line, raw = skipped + before + 1, "".join(source[before : reader.line_num])
            before = reader.line_num
            if not raw.strip(blank):
                continue
            if header:
                rows.append((line, fields, raw.rstrip("\r\n")))
            else:
                header = [re.sub("[ \xa0]+", " ", unicodedata.normalize("NFC", field)).strip() for field in fields]
    except csv.Error as error:
        raise Refusal("broken_quotes", f"line {skipped + reader.line_num}: {error}") from None
    if not header:
        raise Refusal("empty_file")
    return header, rows


def _check_header(header: Sequence[str], delimiter: str) -> None:
    if len(header) == 1:
        others = [sign for sign in (";", ",", "\t", "|") if sign != delimiter and sign in header[0]]
        if others:
            shown = {"\t": "tab"}.get(others[0], others[0])
            raise Refusal("wrong_delimiter", f"the header seems to be separated by '{shown}', expected '{delimiter}'")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise Refusal("duplicate_column", ", ".join(repr(name) for name in twice))


def match_header(sheet: Sheet, layout: Layout) -> dict[str, LayoutColumn]:
    """Header of the file to declared column; raises Refusal for missing, unknown and renamed columns."""
    by_header = {_key(header): column for column in layout.columns for header in column.headers}
    found = {header: by_header[_key(header)] for header in sheet.header if _key(header) in by_header}
    unknown = [header for header in sheet.header if header not in found]
    years = _years(sheet, found)
    present = {id(column) for column in found.values()}
    missing = [c for c in layout.columns if id(c) not in present and not c.optional and _expected(c, years)]
    if missing:
        raise Refusal("missing_column", "; ".join(_close_to(c.headers[0], unknown, "renamed to") for c in missing))
    if unknown:
        absent = [header for c in layout.columns if id(c) not in present for header in c.headers]
        raise Refusal("unknown_column", "; ".join(_close_to(header, absent, "renamed from") for header in unknown))
    too_early = [header for header, column in found.items() if column.years and years and not _expected(column, years)]
    if too_early:
        raise Refusal("unknown_column", f"{', '.join(map(repr, too_early))} did not exist in {min(years)}-{max(years)}")
    return found


def _key(header: str) -> str:
    return header.casefold()


def _years(sheet: Sheet, found: dict[str, LayoutColumn]) -> set[int]:
    header = next((header for header, column in found.items() if column.type == "year"), None)
    if header is None:
        return set()
    return {int(year) for year in sheet.cells[header].str.strip_chars().unique() if year and year.isdecimal()}


def _expected(column: LayoutColumn, years: set[int]) -> bool:
    return column.years is None or any(year in column.years for year in years)


def _close_to(header: str, others: Sequence[str], words: str) -> str:
    """A header in quotes, with the one of `others` that it was probably renamed from or to."""
    close = difflib.get_close_matches(header, others, n=1, cutoff=0.5)
    return f"'{header}'" + (f" ({words} '{close[0]}'?)" if close else "")
