"""Delimited text: encoding, note, titles, header, rows with their line numbers.

A file without quotation marks is read by Arrow as it lies. Whatever Arrow does not find whole (and every file with
quotation marks) is read line by line, which finds out what is wrong and where. That way reads what Danish Excel saves:
note lines in quotation marks, empty fields behind the last column, a first line 'sep=;', UTF-16 with tabs.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from flows.intake import delivery_note as notes
from flows.intake.characters import any_matches, clean
from flows.intake.coded import Coded, Content, DeliveredTable, refuse_repeated
from flows.intake.cpr import holds_cpr_number
from flows.intake.cpr_tables import rows_with_cpr_numbers as rows_of_a_table
from flows.intake.delivery_note import Note
from flows.intake.faults import Fault, Refusal
from flows.intake.formats.encoding import TWICE_ENCODED, decode
from flows.intake.large_file import LargeFile
from flows.intake.privacy import lines_with_cpr_numbers, refuse_personal, rows_with_cpr_numbers
from schemas.sources import Layout

# More than a piece of a large file, which so is read with one dictionary per column.
BLOCK = 32 << 20
MANY = 1_000_000
BOM = b"\xef\xbb\xbf"
SEPARATOR = re.compile(r'\s*"?sep=(.)"?[;,\t ]*', re.IGNORECASE)
EMPTY = ' ;,\t"\r\n\xa0'
ODD = "\\x00|" + "|".join(TWICE_ENCODED)
# Lines among which a header is looked for.
MOST_TITLES = 30


def read(content: Content, layout: Layout, note: Note | None, vouched: bool) -> DeliveredTable:
    """Read delimited text; a last line without an end is `unended` unless the sender's hash vouches for it.

    Raises Refusal where the file as a whole cannot be used.
    """
    if (delivered := _whole(content, layout, note)) is not None:
        return delivered
    text, encoding = decode(bytes(content), layout.encodings)
    try:
        return _line_by_line(text, encoding, layout, note, vouched)
    except Refusal as refusal:
        if refusal.rule != "cpr_number":
            refuse_personal(lines_with_cpr_numbers(lines(text)), "line")
        raise


def _whole(content: Content, layout: Layout, note: Note | None) -> DeliveredTable | None:
    """The sheet of a file in which nothing is odd; None where something is, for the slower reader to find."""
    if "utf-8" not in layout.encodings or content[-1:] != b"\n":
        return None
    pieces = _pieces(content)
    try:
        piece = next(pieces)
        top, start = _top(piece)
        delimiter = max(layout.delimiters, key=top[-1].count)
        header = _names(top[-1].rstrip("\r\n").split(delimiter))
        parts = [_parted(piece, start, delimiter, len(header))]
        parts += [_parted(piece, 0, delimiter, len(header)) for piece in pieces]
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    rows = sum(part.num_rows for part in parts)
    if len(header) < 2 or not all(header) or not rows:
        return None
    columns = _coded(parts)
    odd = any(any_matches(column.spellings, ODD) for column in columns)
    if odd or any(map(holds_cpr_number, top)) or len(set(header)) != len(header) or not is_header(header, layout):
        return None
    lines = np.arange(len(top) + 1, len(top) + 1 + rows)
    if all(any_matches(column.spellings, r"^\s*$") for column in columns):
        filled = np.logical_or.reduce([column.where(column.spellings.str.strip_chars() != "") for column in columns])
        lines, columns = lines[filled], [column.rows(filled) for column in columns]
    refuse_personal(lines[rows_with_cpr_numbers(header, columns)].tolist(), "line")
    note = note or notes.parse(notes.pairs(top[:-1]))
    return DeliveredTable(
        note, dict(zip(header, columns, strict=True)), lines, lambda wanted: _text_of(content, wanted), encoding="utf-8"
    )


def _pieces(content: Content) -> Iterator[bytes]:
    return content.pieces() if isinstance(content, LargeFile) else iter((content,))


def _parted(piece: bytes, start: int, delimiter: str, width: int) -> pa.Table:
    """The fields of the lines of a piece, from byte `start` on, as codes.

    Raises pa.ArrowInvalid where quotation marks may part them otherwise, or a line has not so many.
    """
    if b'"' in piece:
        raise pa.ArrowInvalid("quotation marks")
    names = [str(place) for place in range(width)]
    return arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(piece).slice(start)),
        arrow_csv.ReadOptions(column_names=names, block_size=BLOCK),
        arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())), strings_can_be_null=False
        ),
    )


def _coded(parts: list[pa.Table]) -> list[Coded]:
    """The columns of tables that follow each other; each column of the tables is let go when it is coded."""
    columns = []
    while parts[0].num_columns:
        cells = pa.chunked_array([chunk for part in parts for chunk in part.column(0).chunks])
        parts[:] = [part.remove_column(0) for part in parts]
        columns.append(Coded.from_arrow(cells.unify_dictionaries().combine_chunks()))
    if len(columns[0]) > MANY:
        # Arrow keeps what it let go for its own use; what is made of the columns is made by others.
        pa.default_memory_pool().release_unused()
    return columns


def _text_of(content: Content, wanted: Iterable[int]) -> dict[int, str]:
    """The text of lines of a file, by their number."""
    left, before, found = set(wanted), 0, {}
    for piece in _pieces(content) if left else ():
        ends = np.append(-1, np.flatnonzero(np.frombuffer(piece, dtype=np.uint8) == ord("\n")))
        for line in [line for line in left if before < line < before + len(ends)]:
            here = line - before
            found[line] = piece[ends[here - 1] + 1 : ends[here]].decode().rstrip("\r")
            left.remove(line)
        before += len(ends) - 1
        if not left:
            break
    return found


def _top(content: bytes) -> tuple[list[str], int]:
    """The lines of the note and the header, and the byte at which the rows begin.

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
    if not top[-1].strip(EMPTY) or top[-1].startswith("#") or SEPARATOR.fullmatch(top[-1].strip()):
        raise pa.ArrowInvalid("no header")
    return top, start


@dataclass(frozen=True)
class _Lines:
    """Rows of fields: each with its line in the file, its fields and its text; and what parts the fields."""

    delimiter: str
    rows: list[tuple[int, list[str], str]] = field(default_factory=list)


def _line_by_line(text: str, encoding: str, layout: Layout, note: Note | None, vouched: bool) -> DeliveredTable:
    head, body, first, separator = split_note(text)
    if held := [number for number, line in enumerate(lines(text)[:first], 1) if holds_cpr_number(line)]:
        refuse_personal(held, "line")
    note = note or notes.parse(notes.pairs(head))
    source = _fields(body, first, _delimiters(layout, encoding, separator), layout)
    if not source.rows:
        raise Refusal("empty_file")
    place = _header_at(source, layout)
    header, kept = _header(source.rows[place][1], source.rows[place + 1 :])
    titles = tuple(title for _, fields, _ in source.rows[:place] if (title := " ".join(_names(fields)).strip()))
    rows = source.rows[place + 1 :]
    if not rows:
        raise Refusal("header_only")
    faults, whole = [], []
    for line, fields, _ in rows:
        if len(fields) <= kept[-1] or any(map(str.strip, fields[len(source.rows[place][1]) :])):
            faults.append(Fault(line, "", "ragged_line", f"{len(fields)} fields, the header has {len(header)}"))
        else:
            whole.append((line, [fields[column] for column in kept]))
    is_cut = not rows[-1][2].endswith(("\n", "\r")) and not vouched
    unended = is_cut and bool(whole) and whole[-1][0] == rows[-1][0]
    if is_cut and not unended:
        faults[-1] = Fault(rows[-1][0], "", "cut_line")
    raw = {line: text.rstrip("\r\n") for line, _, text in rows}
    delivered = DeliveredTable.of_rows(
        note,
        header,
        whole,
        lambda line: raw.get(line, ""),
        faults,
        encoding=encoding,
        titles=titles,
        unended=unended,
    )
    _refuse_personal(delivered, source.rows, place)
    return delivered


def _refuse_personal(delivered: DeliveredTable, rows: Sequence[tuple[int, list[str], str]], header: int) -> None:
    """Raises Refusal where titles, header or rows hold a CPR number; rows that are torn are looked at by themselves."""
    held = {line for line, _, text in rows[: header + 1] if holds_cpr_number(text)}
    torn = {fault.line for fault in delivered.broken}
    apart = [rows[header], *(row for row in rows if row[0] in torn)] if torn else []
    held |= {apart[row - 1][0] for row in rows_of_a_table([fields for _, fields, _ in apart])}
    columns = [*delivered.columns.values()]
    held |= set(delivered.lines[rows_with_cpr_numbers([*delivered.columns], columns)].tolist())
    refuse_personal(sorted(held), "line")


def lines(text: str) -> list[str]:
    """Lines with their ends, divided where the csv module and editors divide them: not at other Unicode separators."""
    return list(io.StringIO(text, newline=""))


def split_note(text: str) -> tuple[list[str], str, int, str]:
    """The lines of the note at the top, the text below it, the number of lines above that, and what 'sep=' names."""
    head: list[str] = []
    separator = ""
    all_lines = lines(text)
    for number, line in enumerate(all_lines):
        if not line.strip(EMPTY):
            continue
        if not head and not separator and (named := SEPARATOR.fullmatch(line.rstrip("\r\n"))):
            separator = named[1]
        elif line.startswith(("#", '"#')):
            head.append(_unquoted(line))
        else:
            return head, "".join(all_lines[number:]), number, separator
    return head, "", len(all_lines), separator


def _unquoted(line: str) -> str:
    """A line of the note as it was written, before a spreadsheet put it into quotation marks and fields behind it."""
    if '"' in line:
        line = ";".join(next(csv.reader([line], delimiter=";"), []))
    return line.rstrip(EMPTY.replace('"', ""))


def _delimiters(layout: Layout, encoding: str, separator: str) -> tuple[str, ...]:
    if separator:
        return (separator,)
    return ("\t", *layout.delimiters) if encoding == "utf-16" else layout.delimiters


def _fields(body: str, skipped: int, delimiters: Sequence[str], layout: Layout) -> _Lines:
    """The rows of fields below the note, parted by the delimiter with which a header is found, or the likeliest."""
    source = lines(body)
    likely = sorted(delimiters, key=lambda sign: -next((line for line in source if line.strip()), "").count(sign))
    for delimiter in likely if len(likely) > 1 else ():
        first = [_names(line.rstrip("\r\n").replace('"', "").split(delimiter)) for line in source[:MOST_TITLES]]
        if any(is_header(names, layout) for names in first):
            likely = [delimiter]
            break
    found = _Lines(likely[0])
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=found.delimiter, strict=True)
    before = 0
    try:
        for fields in reader:
            line, raw = skipped + before + 1, "".join(source[before : reader.line_num])
            before = reader.line_num
            if raw.strip(EMPTY + found.delimiter):
                found.rows.append((line, fields, raw))
    except csv.Error as error:
        raise Refusal("broken_quotes", f"line {skipped + reader.line_num}: {error}") from None
    return found


def is_header(names: Sequence[str], layout: Layout) -> bool:
    """Whether a row holds at least two names that the layout knows, or all that it has."""
    known = {header.casefold() for column in layout.columns for header in column.headers}
    found = sum(
        name.casefold() in known or bool(layout.across and re.fullmatch(layout.across, name)) for name in names if name
    )
    return found >= min(2, len(known))


def _header_at(source: _Lines, layout: Layout) -> int:
    """The place of the header among the rows. Raises Refusal where the first rows are titles and no header follows."""
    tops = [_names(fields) for _, fields, _ in source.rows[:MOST_TITLES]]
    for place, names in enumerate(tops):
        if is_header(names, layout):
            return place
    if len(tops[0]) == 1:
        _refuse_delimiter(source.rows[0][1][0], source.delimiter)
    above = next((place for place, names in enumerate(tops) if len(list(filter(None, names))) > 1), len(tops))
    if above or not all(_without_end(tops[0])):
        expected = ", ".join(f"'{column.headers[0]}'" for column in layout.columns if not column.optional)
        ends = source.rows[above][0] if above < len(source.rows) else source.rows[-1][0] + 1
        count = max(ends - source.rows[0][0], 1)
        raise Refusal(
            "no_header", f"{count} {'line' if count == 1 else 'lines'} of titles; expected a header: {expected}"
        )
    return 0


def _refuse_delimiter(header: str, delimiter: str) -> None:
    if others := [sign for sign in (";", ",", "\t", "|") if sign != delimiter and sign in header]:
        shown = {"\t": "tab"}
        raise Refusal(
            "wrong_delimiter",
            f"the header seems to be separated by '{shown.get(others[0], others[0])}', "
            f"expected '{shown.get(delimiter, delimiter)}'",
        )


def _header(fields: Sequence[str], rows: Sequence[tuple[int, list[str], str]]) -> tuple[list[str], list[int]]:
    """The names of the columns and their places. A column without a name and without a cell is none."""
    names = _names(fields)
    unnamed = [place for place, name in enumerate(names) if not name]
    for place in unnamed:
        if any(len(row) > place and row[place].strip() for _, row, _ in rows):
            raise Refusal("column_without_name", f"column {place + 1}")
    kept = [place for place, name in enumerate(names) if name]
    header = [names[place] for place in kept]
    refuse_repeated(header)
    return header, kept


def _without_end(names: Sequence[str]) -> list[str]:
    """Names without the empty ones behind the last."""
    return list(names[: max((place for place, name in enumerate(names, 1) if name), default=0)])


def _names(fields: Sequence[str]) -> list[str]:
    return [re.sub(r"\s+", " ", clean(field)) for field in fields]
