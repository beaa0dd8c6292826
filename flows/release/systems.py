"""Cells and the sums over them as a system of equations: what lies close to a cell, and what the sums alone tell."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from flows.release.cells import Integers

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
ROUNDS = 200  # of propagation; what is found by then holds


@dataclass(frozen=True)
class SumRows:
    """Some sums over some cells, laid out as scipy's csr arrays are, without what those check each time they are made.

    Thousands of small ones are asked for, and are each used once.
    """

    indptr: Integers
    indices: Integers
    data: Vector
    shape: tuple[int, int]

    def __matmul__(self, x: Vector | Integers) -> Vector:
        """The sums (rows,) over x (cells,); exact where x has whole numbers."""
        return np.bincount(self.row_of, self.data * x[self.indices], self.shape[0]).astype(np.float64, copy=False)

    @cached_property
    def row_of(self) -> Integers:
        """The row of each entry."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))


class System:
    """Sums over cells: `rows` is (sums, cells), `columns` the same by cell."""

    def __init__(self, rows: sparse.csr_array) -> None:
        self.rows, self.columns = rows, rows.tocsc()
        self.all_rows = SumRows(rows.indptr, rows.indices, rows.data, rows.shape)
        self._place: Integers = np.full(rows.shape[1], -1, dtype=rows.indices.dtype)

    def sums_of(self, cell: int) -> list[int]:
        """The sums in which a cell stands."""
        inside: list[int] = self.columns.indices[self.columns.indptr[cell] : self.columns.indptr[cell + 1]].tolist()
        return inside

    def rows_of(self, cells: Integers) -> Integers:
        """Sums in which any of the cells stand; sorted."""
        return _each_once(self.columns.indices[_entries(self.columns.indptr, cells)[0]]).astype(np.int64)

    def cells_of(self, rows: Integers) -> tuple[Integers, Integers]:
        """The cells of sums, one sum after the other, and how many each has."""
        entries, sizes = _entries(self.rows.indptr, rows)
        return self.rows.indices[entries], sizes

    def reached(self, rows: Integers) -> Integers:
        """The cells of sums, each once; sorted."""
        return _each_once(self.cells_of(rows)[0]).astype(np.int64)

    def part(self, rows: Integers, cells: Integers) -> SumRows:
        """What some sums say of some cells (sorted), numbered anew."""
        entries, sizes = _entries(self.rows.indptr, rows)
        self._place[cells] = np.arange(len(cells))
        places = self._place[self.rows.indices[entries]]
        self._place[cells] = -1
        is_inside = places >= 0
        before = np.concatenate([[0], np.cumsum(is_inside)])
        indptr = before[np.concatenate([[0], np.cumsum(sizes)])].astype(self.rows.indptr.dtype)
        return SumRows(indptr, places[is_inside], self.rows.data[entries[is_inside]], (len(rows), len(cells)))

    def near(
        self,
        start: int,
        size: int | None,
        movable: Flags | None = None,
        choose: Callable[[Integers, Integers], Integers] | None = None,
    ) -> Integers:
        """Cells by sums from one outwards, so many or somewhat more, all without a size; sorted.

        Of a sum's cells those that are `movable` follow; `choose` takes some of them, given all of several sums and
        how many each has.
        """
        seen, rows_seen = (np.zeros(count, dtype=bool) for count in self.rows.shape[::-1])
        seen[start] = True
        frontier: Integers = np.array([start], dtype=np.int64)
        count = 1
        while frontier.size and (size is None or count < size):
            rows = self.rows_of(frontier)
            rows = rows[~rows_seen[rows]]
            rows_seen[rows] = True
            inside, sizes = self.cells_of(rows)
            if movable is not None:
                moves = movable[inside]
                if choose is not None:
                    sizes = np.bincount(np.repeat(np.arange(len(rows)), sizes)[moves], minlength=len(rows))
                inside = inside[moves]
            if choose is not None:
                inside = choose(inside, sizes)
            frontier = _each_once(inside[~seen[inside]])
            seen[frontier] = True
            count += len(frontier)
        return np.flatnonzero(seen)


def _entries(indptr: Integers, rows: Integers) -> tuple[Integers, Integers]:
    """The places of the entries of some rows, one row after the other, and how many each has."""
    starts = indptr[rows]
    sizes = indptr[rows + 1] - starts
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + sizes, sizes), sizes


def _each_once(numbers: Integers) -> Integers:
    """Numbers, sorted, each once."""
    if len(numbers) < 2:
        return numbers
    ordered: Integers = np.sort(numbers)
    is_first: Flags = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    return ordered[is_first]


def propagate(rows: SumRows | sparse.csr_array, right: Vector, low: Vector, high: Vector) -> tuple[Vector, Vector]:
    """Bounds by one equation at a time, over and over, of rows @ x = right: valid, not always tight.

    Each sum bounds each of its cells by what its others leave (the shuttle of Buzzigoli & Giusti 1999); of a round all
    sums with a cell that the last one narrowed.
    """
    low, high = low.copy(), high.copy()
    sizes = np.diff(rows.indptr)
    of_row = np.repeat(np.arange(rows.shape[0]), sizes)
    active = np.ones(rows.shape[0], dtype=bool)
    for _ in range(ROUNDS):
        entries = np.flatnonzero(active[of_row])
        if not entries.size:
            break
        row, cell, is_part = of_row[entries], rows.indices[entries], rows.data[entries] > 0
        # What each cell adds to its sum, at least and at most; of all others the sum without its own.
        least = np.where(is_part, low[cell], -high[cell])
        most = np.where(is_part, high[cell], -low[cell])
        least_of_others, most_of_others = (_of_others(row, ends, rows.shape[0]) for ends in (least, most))
        own_least, own_most = right[row] - most_of_others, right[row] - least_of_others
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, cell, np.where(is_part, own_least, -own_most))
        np.minimum.at(new_high, cell, np.where(is_part, own_most, -own_least))
        changed = (new_low > low) | (new_high < high)
        low, high = new_low, new_high
        active[:] = False
        active[of_row[changed[rows.indices]]] = True
    return low, high


def _of_others(row: Integers, ends: Vector, rows: int) -> Vector:
    """Per entry the sum of the ends of all others of its row, exact where one of them is infinite."""
    is_infinite = np.isinf(ends)
    finite = np.where(is_infinite, 0.0, ends)
    total = np.bincount(row, finite, rows)[row] - finite
    others = np.bincount(row, is_infinite, rows)[row] - is_infinite
    endless = ends[is_infinite][0] if is_infinite.any() else 0.0
    return np.where(others > 0, endless, total)
