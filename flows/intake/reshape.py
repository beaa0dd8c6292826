"""A delivery to rows as its layout means them: declared columns under their headers, one figure column."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from flows.intake.coded import Coded, Codes, DeliveredTable, combine
from flows.intake.faults import Fault, FaultGroup, Refusal
from schemas.sources import Carried, Layout, LayoutColumn, Source

ACROSS = "(kolonneoverskrift)"
FIGURE = "(tal)"


@dataclass(frozen=True)
class Rows:
    """Rows that the layout means, first as text and then typed.

    `columns` are those with a declaration, under the header that people see; `dimensions` those that decide what a row
    is a figure of; `lines` the line of each row. Where figures stand in several columns of one line, `figure_column` is
    the header over each. `headings` counts lines that were no rows. `typed` are the columns once they are cast: `codes`
    per row into values, with nulls where a cell is empty or does not fit; `outside` marks the rows that are in order
    and not asked for; `groups` are the faults.
    """

    columns: Mapping[str, tuple[LayoutColumn, Coded]]
    dimensions: Mapping[str, Coded]
    lines: NDArray[np.int64]
    figure_column: Coded | None
    headings: int
    typed: Mapping[str, tuple[Codes, pl.Series]] = field(default_factory=dict)
    outside: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    groups: tuple[FaultGroup, ...] = ()

    def block(self, chosen: NDArray[np.intp]) -> pl.DataFrame:
        """The typed columns of the chosen rows as a frame, with `source_line` and `row`."""
        columns = {"source_line": pl.Series(values=self.lines[chosen]), "row": pl.Series(values=chosen)}
        places: dict[int, Codes] = {}
        for name, (codes, values) in self.typed.items():
            # What a cell says and why it says nothing have the same codes.
            if id(codes) not in places:
                places[id(codes)] = codes[chosen]
            columns[name] = values[places[id(codes)]]
        return pl.DataFrame(columns)

    def arrow(self, name: str, chosen: NDArray[np.intp]) -> pa.Array | None:
        """A column of text for the chosen rows, as codes into its values; None where there is none of this name."""
        codes, values = self.typed.get(name, (None, None))
        if codes is None or values is None or values.dtype != pl.String or values.null_count():
            return None
        return pa.DictionaryArray.from_arrays(codes[chosen], values.to_arrow().cast(pa.string()))

    @property
    def headers(self) -> dict[str, str]:
        """The header of each typed column."""
        return {column.name: header for header, (column, _) in self.columns.items()}

    def shown(self, header: str, row: int) -> str:
        """The header to name for a fault in this row."""
        if header == FIGURE and self.figure_column is not None:
            return str(self.figure_column.spellings[int(self.figure_column.codes[row])])
        return header

    def faults(self, group: FaultGroup) -> Iterator[Fault]:
        """One fault for each row of a group."""
        for row in group.rows.tolist():
            shown = self.shown(group.column, row)
            yield Fault(int(self.lines[row]), shown, group.rule, group.detail.get(row, ""), row)


def reshape(delivered: DeliveredTable, layout: Layout, source: Source) -> Rows:
    """Rows as the layout means them. Raises Refusal for missing, unknown and renamed columns."""
    cells, lines, headings = dict(delivered.columns), delivered.lines, 0
    if layout.carried:
        cells, lines, headings = _carried_down(delivered, layout.carried)
    declared, dimensions, across = _match(cells, layout, source)
    columns = {header: (column, cells[header]) for header, column in declared.items() if not column.unused}
    over = None
    if across:
        each = np.repeat(np.arange(len(lines)), len(across))
        columns = {header: (column, coded.rows(each)) for header, (column, coded) in columns.items()}
        dimensions = {name: coded.rows(each) for name, coded in dimensions.items()}
        over = Coded(np.tile(np.arange(len(across), dtype=np.int32), len(lines)), pl.Series(values=across))
        columns[ACROSS] = (LayoutColumn(headers=(ACROSS,), to="period", type="period"), over)
        figure = LayoutColumn(headers=(FIGURE,), to="value", type="decimal")
        columns[FIGURE] = (figure, _interleaved([cells[header] for header in across]))
        lines = lines[each]
    if any(column.parts for column, _ in columns.values()):
        columns = _with_parts(columns)
    return Rows(columns, dimensions, lines, over, headings)


def with_zeros(rows: Rows) -> Rows:
    """Rows with a 0 for each combination that is not there, in line 0, as StatBank's streamed formats mean it.

    Combined are the places, periods and values of dimensions that the file has; what it never names stays unknown.
    """
    keys = {h: pair for h, pair in rows.columns.items() if pair[0].to in ("geography_id", "period")}
    apart = [coded for _, coded in keys.values()]
    dimensions = list(rows.dimensions.values())
    figure, parts = combine(len(rows.lines), *dimensions)
    sizes = [len(coded.spellings) for coded in apart] + [int(figure.max()) + 1]
    there = np.zeros(sizes, dtype=bool)
    there[(*(coded.codes for coded in apart), figure)] = True
    used = np.ix_(*(np.unique(coded.codes) for coded in apart), np.unique(figure))
    asked = np.zeros(sizes, dtype=bool)
    asked[used] = True
    absent = np.nonzero(asked & ~there)
    count = len(absent[0])
    columns = dict(rows.columns)
    for (header, (column, coded)), codes in zip(keys.items(), absent, strict=False):
        columns[header] = (column, Coded(np.concatenate([coded.codes, codes.astype(np.int32)]), coded.spellings))
    for header, (column, coded) in rows.columns.items():
        if header not in keys:
            columns[header] = (column, _followed_by(coded, "0" if column.to == "value" else "", count))
    named = {
        name: Coded(np.concatenate([coded.codes, part[absent[-1]]]), coded.spellings)
        for (name, coded), part in zip(rows.dimensions.items(), parts, strict=True)
    }
    lines = np.concatenate([rows.lines, np.zeros(count, dtype=np.int64)])
    return replace(rows, columns=columns, dimensions=named, lines=lines)


def _followed_by(column: Coded, text: str, times: int) -> Coded:
    added = np.full(times, len(column.spellings), dtype=np.int32)
    spellings = pl.concat([column.spellings, pl.Series(values=[text])])
    return Coded(np.concatenate([column.codes, added]), spellings)


def _carried_down(delivered: DeliveredTable, carried: Carried) -> tuple[dict[str, Coded], NDArray[np.int64], int]:
    """Columns without the lines that are headings, whose cells stand in columns of their own instead."""
    columns = dict(delivered.columns)
    if missing := [name for name in (carried.column, *carried.cells) if name not in columns]:
        raise Refusal("missing_column", "; ".join(map(repr, missing)))
    mark = columns[carried.column]
    heading = mark.where(mark.spellings.str.strip_chars() == carried.value)
    last = np.maximum.accumulate(np.where(heading, np.arange(len(heading)), -1))
    for name, to in carried.cells.items():
        texts = pl.Series(values=[*columns[name].spellings, ""])
        codes = np.where(last >= 0, columns[name].codes[last], len(texts) - 1).astype(np.int32)
        columns[to] = Coded(codes, texts)
    kept = {name: column.rows(~heading) for name, column in columns.items()}
    return kept, delivered.lines[~heading], int(heading.sum())


def _match(
    cells: Mapping[str, Coded], layout: Layout, source: Source
) -> tuple[dict[str, LayoutColumn], dict[str, Coded], list[str]]:
    """Declared columns and dimensions by what the file has, and the headers of columns that hold figures."""
    by_header = {header.casefold(): column for column in layout.columns for header in column.headers}
    found = {header: by_header[header.casefold()] for header in cells if header.casefold() in by_header}
    same = {name.casefold(): dimension for name, dimension in layout.same_dimension.items()}
    wanted = {name.casefold(): name for name in source.dimensions}
    dimensions = {}
    across = []
    unknown = []
    for header in cells:
        name = wanted.get(same.get(header.casefold(), header).casefold())
        if header in found:
            continue
        if name is not None and name not in dimensions:
            dimensions[name] = cells[header]
        elif layout.across and re.fullmatch(layout.across, header):
            across.append(header)
        else:
            unknown.append(header)
    _check_columns(cells, layout, source, found, unknown)
    if lacking := [name for name in source.needed_dimensions if name not in dimensions]:
        raise Refusal("missing_column", "; ".join(_close_to(name, unknown, "renamed to") for name in lacking))
    if layout.across and not across:
        raise Refusal("missing_column", f"no column with a header such as {layout.across}")
    return found, dimensions, across


def _check_columns(
    cells: Mapping[str, Coded],
    layout: Layout,
    source: Source,
    found: Mapping[str, LayoutColumn],
    unknown: Sequence[str],
) -> None:
    year = next((header for header, column in found.items() if column.type == "year"), None)
    written = cells[year].spellings.to_list() if year else ()
    years = {int(text) for text in map(str.strip, written) if re.fullmatch("[0-9]{1,9}", text)}
    present = {id(column) for column in found.values()}
    used = [id(column) for column in found.values() if not column.unused]
    twice = [header for header, column in found.items() if used.count(id(column)) > 1]
    if twice:
        raise Refusal("duplicate_column", f"{' and '.join(map(repr, twice))} mean the same")
    missing = [
        column
        for column in layout.columns
        if id(column) not in present
        and not column.optional
        and not column.unused
        and column.to not in source.constants
        and _expected(column, years)
    ]
    if missing:
        raise Refusal("missing_column", "; ".join(_close_to(c.headers[0], unknown, "renamed to") for c in missing))
    if unknown:
        absent = [header for c in layout.columns if id(c) not in present for header in c.headers]
        raise Refusal("unknown_column", "; ".join(_close_to(header, absent, "renamed from") for header in unknown))
    figures = [c for c in layout.columns if c.to in ("value", "numerator") or (c.indicator and c.part != "denominator")]
    if figures and not layout.across and not any(id(column) in present for column in figures):
        shown = " or ".join(f"'{column.headers[0]}'" for column in figures[:3])
        raise Refusal("missing_column", f"no column holds a figure, such as {shown}")
    if constant := [header for header, column in found.items() if column.to in source.constants]:
        raise Refusal("unknown_column", f"{', '.join(map(repr, constant))}: every row of this source has the same")
    too_early = [header for header, column in found.items() if column.years and years and not _expected(column, years)]
    if too_early:
        raise Refusal("unknown_column", f"{', '.join(map(repr, too_early))} did not exist in {min(years)}-{max(years)}")


def _expected(column: LayoutColumn, years: set[int]) -> bool:
    return column.years is None or any(year in column.years for year in years)


def _close_to(header: str, others: Sequence[str], words: str) -> str:
    """A header in quotes, with the one of `others` that it was probably renamed from or to."""
    close = difflib.get_close_matches(header, others, n=1, cutoff=0.5)
    return f"'{header}'" + (f" ({words} '{close[0]}'?)" if close else "")


def _interleaved(columns: Sequence[Coded]) -> Coded:
    """The cells of several columns, line by line, as one."""
    offsets = np.cumsum([0, *(len(column.spellings) for column in columns[:-1])])
    codes = np.stack([column.codes + offset for column, offset in zip(columns, offsets, strict=True)], axis=1)
    return Coded(codes.astype(np.int32).ravel(), pl.concat([column.spellings for column in columns]))


def _with_parts(columns: Mapping[str, tuple[LayoutColumn, Coded]]) -> dict[str, tuple[LayoutColumn, Coded]]:
    """Columns that hold several things in one text, split by their pattern; text that does not fit stays whole."""
    made: dict[str, tuple[LayoutColumn, Coded]] = {}
    for header, (column, coded) in columns.items():
        if not column.parts:
            made[header] = (column, coded)
            continue
        found = [re.fullmatch(column.pattern or "", text.strip()) for text in coded.spellings]
        for name, part in column.parts.items():
            texts = [(match[name] or "") if match else text for match, text in zip(found, coded.spellings, strict=True)]
            declared = LayoutColumn(
                headers=column.headers,
                to=name,
                type=part.type,
                values=part.values,
                vocabulary=part.vocabulary,
                optional=part.optional or column.optional,
            )
            made[f"{header} ({name})"] = (declared, Coded(coded.codes, pl.Series(values=texts, dtype=pl.String())))
    return made
