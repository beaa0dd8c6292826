"""Delimited text: encoding, note, header, rows with their line numbers.

A file without quotation marks is read by Arrow as it lies. Whatever Arrow does not find whole (and every file with
quotation marks) is read line by line, which finds out what is wrong and where.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from flows.intake import delivery_note as notes
from flows.intake.coded import Coded, Content, DeliveredTable
from flows.intake.delivery_note import Note
from flows.intake.faults import Fault, Refusal
from flows.intake.formats.cells import refuse_personal, refuse_repeated
from flows.intake.privacy import cells_with_cpr_numbers, holds_cpr_number, lines_with_cpr_numbers
from schemas.models import Layout

ENCODINGS = {"utf-8": "utf-8-sig", "windows-1252": "cp1252"}
BLOCK = 32 << 20
BOM = b"\xef\xbb\xbf"
TWICE_ENCODED = ("Ã¦", "Ã¸", "Ã¥", "Ã†", "Ã˜", "Ã…")
# Danish letters of DOS and of old Macs, read as Windows-1252.
OTHER_ALPHABET = re.compile(r"[^\W\d_][›†¾¿Œ]|[›†¾¿Œ][^\W\d_]|[^\W\d_]‘[^\W\d_]")
# As a Rust and as a Python expression: control characters that no delivery has.
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"


def read(content: Content, layout: Layout, note: Note | None, vouched: bool) -> DeliveredTable:
    """Read delimited text; a last line without an end is taken for cut unless the sender's hash vouches for it.

    Raises Refusal where the file as a whole cannot be used.
    """
    return _whole(content, layout, note) or _line_by_line(content, layout, note, vouched)


def _whole(content: Content, layout: Layout, note: Note | None) -> DeliveredTable | None:
    """The sheet of a file in which nothing is odd; None where something is, for the slower reader to find."""
    if "utf-8" not in layout.encodings or content.find(b'"') >= 0 or content[-1:] != b"\n":
        return None
    try:
        top, first, start = _top(content)
        header = _names(top[-1].rstrip("\r\n").split(delimiter := _delimiter(top[-1], layout)))
        table = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(content).slice(start)),
            arrow_csv.ReadOptions(column_names=[str(place) for place in range(len(header))], block_size=BLOCK),
            arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            arrow_csv.ConvertOptions(
                column_types={str(place): pa.dictionary(pa.int32(), pa.string()) for place in range(len(header))},
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    if len(header) < 2 or not table.num_rows:
        return None
    columns = [Coded.from_arrow(cells.unify_dictionaries().combine_chunks()) for cells in table.columns]
    odd = any(column.spellings.str.contains(f"{CONTROL}|{'|'.join(TWICE_ENCODED)}").any() for column in columns)
    if odd or holds_cpr_number("".join(top)) or len(set(header)) != len(header):
        return None
    lines = np.arange(first + 1, first + 1 + table.num_rows)
    empty = np.ones(table.num_rows, dtype=bool)
    for column in columns:
        if not (empty := empty & column.where(column.spellings.str.strip_chars() == "")).any():
            break
    if empty.any():
        lines, columns = lines[~empty], [column.rows(~empty) for column in columns]
    personal = np.zeros(len(lines), dtype=bool)
    for column in columns:
        if (mask := cells_with_cpr_numbers(column.spellings)).any():
            personal |= column.where(mask)
    refuse_personal(lines[personal].tolist(), "line")
    note = note or notes.parse(notes.pairs(top[:-1]))

    def raw(wanted: Iterable[int]) -> Mapping[int, str]:
        ends = np.append(-1, np.flatnonzero(np.frombuffer(content, dtype=np.uint8) == ord("\n")))
        return {line: content[ends[line - 1] + 1 : ends[line]].decode().rstrip("\r") for line in wanted}

    return DeliveredTable(note, dict(zip(header, columns, strict=True)), lines, raw, encoding="utf-8")


def _top(content: Content) -> tuple[list[str], int, int]:
    """The lines of the note and the header, their number, and the byte at which the rows begin.

    Raises pa.ArrowInvalid where lines do not end as Arrow and editors agree that they end.
    """
    top, start = [], 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        line = content[start:end].removeprefix(BOM).decode()
        if "\r" in line.removesuffix("\r\n"):
            raise pa.ArrowInvalid("a lone carriage return ends a line")
        top.append(line)
        start = end
        if not line.startswith("#"):
            break
    if not top[-1].strip() or top[-1].startswith("#"):
        raise pa.ArrowInvalid("no header")
    return top, len(top), start


def _line_by_line(content: Content, layout: Layout, note: Note | None, vouched: bool) -> DeliveredTable:
    text, encoding = decode(bytes(content), layout.encodings)
    refuse_personal(lines_with_cpr_numbers(lines(text)), "line")
    entries, body, first = split_note(text)
    note = note or notes.parse(entries)
    header, rows, delimiter = _fields(body, layout, first)
    _check_header(header, delimiter)
    if not rows:
        raise Refusal("header_only")
    faults, whole = [], []
    for line, fields, _ in rows:
        if len(fields) == len(header):
            whole.append((line, fields))
        else:
            faults.append(Fault(line, "", "ragged_line", f"{len(fields)} fields, the header has {len(header)}"))
    # The promised number of rows says nothing about a cut within the last one.
    if not body.endswith(("\n", "\r")) and not vouched:
        last = rows[-1][0]
        whole = [row for row in whole if row[0] != last]
        faults = [fault for fault in faults if fault.line != last] + [Fault(last, "", "cut_line")]
    raw = {line: text for line, _, text in rows}
    return DeliveredTable.of_rows(note, header, whole, lambda line: raw.get(line, ""), faults, encoding=encoding)


def decode(content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    """Text of a delivery and the encoding that fits; raises Refusal for broken text."""
    for encoding in encodings:
        try:
            text = content.decode(ENCODINGS[encoding])
        except UnicodeDecodeError:
            continue
        if re.search(CONTROL, text):
            continue
        if any(pair in text for pair in TWICE_ENCODED):
            raise Refusal("double_encoded")
        if encoding == "windows-1252" and OTHER_ALPHABET.search(text):
            raise Refusal("undecodable", "the letters seem to be those of DOS or of an old Mac")
        return text, encoding
    raise Refusal("undecodable", f"tried {' and '.join(encodings)}")


def lines(text: str) -> list[str]:
    """Lines with their ends, divided where the csv module and editors divide them: not at other Unicode separators."""
    return list(io.StringIO(text, newline=""))


def split_note(text: str) -> tuple[list[tuple[str, str]], str, int]:
    """The pairs of the note at the top, the text below it, and the number of lines that the note takes."""
    all_lines = lines(text)
    count = next((number for number, line in enumerate(all_lines) if not line.startswith("#")), len(all_lines))
    return notes.pairs(all_lines[:count]), "".join(all_lines[count:]), count


def _fields(body: str, layout: Layout, skipped: int) -> tuple[list[str], list[tuple[int, list[str], str]], str]:
    """Header, rows (line number in the file, fields, the text of the line), and the delimiter."""
    source = lines(body)
    delimiter = _delimiter(next((line for line in source if line.strip()), ""), layout)
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
                header = _names(fields)
    except csv.Error as error:
        raise Refusal("broken_quotes", f"line {skipped + reader.line_num}: {error}") from None
    if not header:
        raise Refusal("empty_file")
    return header, rows, delimiter


def _delimiter(header: str, layout: Layout) -> str:
    """The layout's delimiter that the header has most of."""
    return max(layout.delimiters, key=header.count)


def _names(fields: Sequence[str]) -> list[str]:
    return [re.sub("[ \xa0]+", " ", unicodedata.normalize("NFC", field)).strip() for field in fields]


def _check_header(header: Sequence[str], delimiter: str) -> None:
    if len(header) == 1:
        others = [sign for sign in (";", ",", "\t", "|") if sign != delimiter and sign in header[0]]
        if others:
            shown = {"\t": "tab"}.get(others[0], others[0])
            raise Refusal("wrong_delimiter", f"the header seems to be separated by '{shown}', expected '{delimiter}'")
    refuse_repeated(header)
