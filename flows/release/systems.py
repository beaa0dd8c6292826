"""Cells and the sums over them as a system of equations: what lies close to a cell, and what the sums alone tell."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from flows.release.cells import Integers

Vector = NDArray[np.float64]
ROUNDS = 200  # of propagation; what is found by then holds


class System:
    """Sums over cells: `rows` is (sums, cells), `columns` the same by cell."""

    def __init__(self, rows: sparse.csr_array) -> None:
        self.rows, self.columns = rows, rows.tocsc()

    def sums_of(self, cell: int) -> list[int]:
        """The sums in which a cell stands."""
        inside: list[int] = self.columns.indices[self.columns.indptr[cell] : self.columns.indptr[cell + 1]].tolist()
        return inside

    def cells_of(self, row: int) -> Integers:
        """The cells of a sum."""
        inside: Integers = self.rows.indices[self.rows.indptr[row] : self.rows.indptr[row + 1]]
        return inside

    def rows_of(self, cells: Integers) -> Integers:
        """Sums in which any of the cells stand; sorted."""
        return np.unique(self.columns[:, cells].indices).astype(np.int64)

    def near(
        self, start: int, size: int | None, choose: Callable[[Integers], Integers] = lambda inside: inside
    ) -> Integers:
        """Cells by sums from one outwards, so many or somewhat more, all without a size; sorted.

        `choose` takes those cells of a sum that may move.
        """
        seen, frontier, rows_seen = {start}, [start], set[int]()
        while frontier and (size is None or len(seen) < size):
            following: list[int] = []
            for cell in frontier:
                for row in self.sums_of(cell):
                    if row in rows_seen:
                        continue
                    rows_seen.add(row)
                    inside = choose(self.cells_of(row)).tolist()
                    following += sorted(member for member in inside if member not in seen)
                    seen.update(inside)
            frontier = following
        return np.array(sorted(seen), dtype=np.int64)


def propagate(rows: sparse.csr_array, right: Vector, low: Vector, high: Vector) -> tuple[Vector, Vector]:
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
