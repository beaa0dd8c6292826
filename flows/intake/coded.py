"""A delivery as text: every column as its different spellings and, for each row, which of them stands there.

A column of a statistical file says the same few things again and again. What is true of a spelling is worked out once,
however many rows have it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import accumulate
from typing import Any, Self

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from flows.intake.characters import cleaned
from flows.intake.delivery_note import Note
from flows.intake.faults import Fault, Refusal
from flows.intake.large_file import LargeFile

Content = bytes | LargeFile
Codes = NDArray[np.int32]
DENSE = 50_000_000


@dataclass(frozen=True)
class Coded:
    """A column: `codes` (one per row) into `spellings` (text, no nulls)."""

    codes: Codes
    spellings: pl.Series

    @classmethod
    def of(cls, cells: Sequence[str]) -> Self:
        """Code a column of text."""
        return cls.from_arrow(pa.array(cells, type=pa.string()).dictionary_encode())

    @classmethod
    def from_arrow(cls, cells: Any) -> Self:
        """From an Arrow dictionary array without nulls."""
        return cls(cells.indices.to_numpy(zero_copy_only=False), pl.Series(values=pl.from_arrow(cells.dictionary)))

    def __len__(self) -> int:
        return len(self.codes)

    def rows(self, chosen: Any) -> Self:
        """The column for chosen rows: indices or a mask."""
        return replace(self, codes=self.codes[chosen])

    def text(self) -> pl.Series:
        """The text of every row."""
        return self.spellings.gather(self.codes)

    def where(self, of_spelling: pl.Series) -> NDArray[np.bool_]:
        """A mask over the rows from one over the spellings."""
        known = of_spelling.fill_null(False) if of_spelling.null_count() else of_spelling
        mask: NDArray[np.bool_] = known.to_numpy()[self.codes]
        return mask


def together(columns: Mapping[str, Coded]) -> tuple[pl.Series, dict[str, tuple[int, int]]]:
    """All spellings, column by column, and where each column's lie among them: the first, and how many.

    A question costs as much for one column of a small delivery as for all.
    """
    counts = [len(column.spellings) for column in columns.values()]
    places = dict(zip(columns, zip(accumulate(counts, initial=0), counts, strict=False), strict=True))
    return pl.concat([column.spellings for column in columns.values()]) if columns else pl.Series(), places


def tidied(columns: Mapping[str, Coded]) -> dict[str, Coded]:
    """Columns with their spellings cleaned by rule."""
    spellings, places = together(columns)
    clean = cleaned(spellings)
    return {name: replace(column, spellings=clean.slice(*places[name])) for name, column in columns.items()}


def refuse_repeated(header: Sequence[str]) -> None:
    """Raises Refusal where a name of a column stands twice."""
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise Refusal("duplicate_column", ", ".join(map(repr, twice)))


def combine(rows: int, *columns: Coded) -> tuple[Codes, list[Codes]]:
    """Which different combinations of spellings the rows have.

    Returns a code per row, and for each column the spelling of each combination; without columns all rows are alike.
    """
    sizes = [max(len(column.spellings), 1) for column in columns]
    pairs = zip(columns, sizes, strict=True)
    key: Any = reduce(lambda key, pair: key * pair[1] + pair[0].codes, pairs, np.zeros(rows, dtype=np.int64))
    if np.prod(sizes, dtype=np.float64) <= DENSE:
        present = np.zeros(int(np.prod(sizes)), dtype=bool)
        present[key] = True
        distinct: Any = np.flatnonzero(present)
        place = np.empty(present.size, dtype=np.int32)
        place[distinct] = np.arange(distinct.size, dtype=np.int32)
        codes = place[key]
    else:
        distinct, codes = np.unique(key, return_inverse=True)
    parts: list[Codes] = []
    for size in reversed(sizes):
        distinct, part = np.divmod(distinct, size)
        parts.insert(0, part.astype(np.int32))
    return codes.astype(np.int32, copy=False), parts


@dataclass(frozen=True)
class DeliveredTable:
    """A delivery as text.

    `columns` has one column per header, `lines` the line (row of a sheet, number of a record) of each row. `broken`
    holds what is wrong with lines that could not be split into fields. `raw` gives the text of lines, for people.
    `titles` are the words in which the file says what it is: names of sheets, lines above the header, a cube's own
    name. `remarks` are what a reader should know and what sets nothing aside. `unended` says that the last row's line
    has no end: the row may be cut, unless the table is known to be complete.
    """

    note: Note
    columns: Mapping[str, Coded]
    lines: NDArray[np.int64]
    raw: Callable[[Iterable[int]], Mapping[int, str]]
    broken: list[Fault] = field(default_factory=list)
    format: str = "csv"
    encoding: str = ""
    titles: tuple[str, ...] = ()
    remarks: tuple[Fault, ...] = ()
    unended: bool = False

    @classmethod
    def of_rows(
        cls,
        note: Note,
        header: Sequence[str],
        rows: Sequence[tuple[int, Sequence[str]]],
        text: Callable[[int], str],
        broken: Sequence[Fault] = (),
        **described: Any,
    ) -> Self:
        """From rows of cells, each with its line; `text` gives the text of a line, `described` the other fields."""
        columns = {name: Coded.of([cells[place] for _, cells in rows]) for place, name in enumerate(header)}
        lines = np.array([line for line, _ in rows], dtype=np.int64)
        return cls(note, columns, lines, lambda wanted: {line: text(line) for line in wanted}, [*broken], **described)

    @property
    def rows(self) -> int:
        """Rows of the delivery, those that could not be split into fields included."""
        return len(self.lines) + len({fault.line for fault in self.broken})

    def frame(self) -> pl.DataFrame:
        """Every cell as text, with `line`."""
        return pl.DataFrame({"line": self.lines} | {name: column.text() for name, column in self.columns.items()})
