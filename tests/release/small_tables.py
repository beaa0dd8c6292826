"""Tables that are small enough to go through by hand."""

from collections.abc import Sequence

import numpy as np

from flows.release.cells import Cell, Key, Standing, Sum, Tables


def key(name: str, year: int = 2010) -> Key:
    return Key("area", name, year, "x")


def two_way(inner: Sequence[Sequence[int]], k: int = 5, **cells: Cell) -> Tables:
    """Rows by columns with both margins: cells r0c0, ..., totals 'all'."""
    full = np.array(inner, dtype=np.int64)
    full = np.vstack([full, full.sum(axis=0)])
    full = np.hstack([full, full.sum(axis=1, keepdims=True)])
    rows = [*(f"r{row}" for row in range(len(full) - 1)), "all"]
    columns = [*(f"c{column}" for column in range(full.shape[1] - 1)), "all"]
    made = {
        key(row + column): cells.get(row + column, Cell(key(row + column), int(full[r, c]), k))
        for r, row in enumerate(rows)
        for c, column in enumerate(columns)
    }
    sums = [Sum(f"row {row}", key(f"{row}all"), tuple(key(row + column) for column in columns[:-1])) for row in rows]
    sums += [Sum(f"column {c}", key(f"all{c}"), tuple(key(row + c) for row in rows[:-1])) for c in columns]
    return Tables(made, tuple(sums))


def share(x: int, n: int, k: int = 5, base: Standing = "open") -> Tables:
    """One place with a share: numerator, complement, denominator."""
    top, rest, whole = (Key("area", "a", 2010, "x", part) for part in ("numerator", "complement", "denominator"))
    cells = [
        Cell(top, x, k, hides_zero=True),
        Cell(rest, n - x, k, "latent", hides_zero=True),
        Cell(whole, n, k, base),
    ]
    return Tables({cell.key: cell for cell in cells}, (Sum("share of a", whole, (top, rest)),))
