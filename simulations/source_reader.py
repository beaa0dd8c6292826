"""A reader of the source: which true tables would the program have released just as it did? By going through them all.

Usage: python -m simulations.source_reader [tables] [first seed] [k]. For each small table every table that agrees with
what is shown is hidden anew by the same program. Those that give the same marks are what such a reader is left with:
without a draw those that do so by themselves, with it those for which some draw does.
"""

import sys
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace

import numpy as np

from flows.release.cells import Cell, Key, Sum, Tables
from flows.release.draw import drawn
from flows.release.suppression import hide, shown
from simulations.enumeration import agreeing

MANY = 400  # tables that agree with what is shown, beyond which another table is drawn
COUNTS = (1, 2, 3, 4, 5, 6, 7, 9, 12)


@dataclass(frozen=True)
class Left:
    """What a reader of the source is left with for the hidden cells of one table."""

    small: int
    narrowed: int  # small cells of which he can exclude one of 1 to k-1
    further: int
    exact: int  # hidden cells of either kind of which he knows the value


def draw(seed: int, k: int) -> Tables:
    """Two or three rows by two or three columns with all sums, of which the grand total is known."""
    rng = np.random.default_rng(seed)
    inner = rng.choice(COUNTS, size=rng.integers(2, 4, 2))
    full = np.vstack([inner, inner.sum(axis=0)])
    full = np.hstack([full, full.sum(axis=1, keepdims=True)])
    rows, columns = (range(size) for size in full.shape)
    key = {(r, c): Key("area", f"{r}/{c}", 2010, "x") for r in rows for c in columns}
    cells = {key[place]: Cell(key[place], int(full[place]), k) for place in key}
    grand = key[rows[-1], columns[-1]]
    cells[grand] = replace(cells[grand], standing="known")
    across = (Sum(f"row {r}", key[r, columns[-1]], tuple(key[r, c] for c in columns[:-1])) for r in rows)
    down = (Sum(f"column {c}", key[rows[-1], c], tuple(key[r, c] for r in rows[:-1])) for c in columns)
    return Tables(cells, (*across, *down))


def left(tables: Tables, secret: bytes | None) -> Left | None:
    """What a reader of the source can tell; without a secret nothing is drawn.

    None where nothing is small, where the release is refused, or where too many tables agree to go through them.
    """
    hiding = hide(tables, drawn(tables.keys, secret) if secret else ())
    if not hiding.primary or hiding.unprotected:
        return None
    readers = shown(tables, hiding)
    most = max(tables.values.tolist())
    agree = []
    for table in agreeing(tables, readers, is_insider=False, most=most):
        agree.append(table)
        if len(agree) > MANY:
            return None
    kept = [table for table in agree if _is_released_alike(tables, table, hiding.hidden, secret is not None)]
    values = {key: {table[key] for table in kept} for key in hiding.hidden}
    return Left(
        small=len(hiding.primary),
        narrowed=sum(not set(range(1, tables.cells[key].k)) <= values[key] for key in hiding.primary),
        further=len(hiding.secondary),
        exact=sum(len(found) == 1 for found in values.values()),
    )


def _is_released_alike(tables: Tables, table: dict[Key, int], hidden: Set[Key], is_drawn: bool) -> bool:
    """Whether another true table leads to the same marks, by itself or by some draw."""
    other = tables.with_(replace(tables.cells[key], value=value) for key, value in table.items())
    small = {key for key in hidden if other.cells[key].is_primary}
    for further in (hidden - small, frozenset[Key]()) if is_drawn else (frozenset[Key](),):
        hiding = hide(other, further)
        if hiding.hidden == hidden and not hiding.unprotected:
            return True
    return False


def tables_of(first_seed: int, k: int) -> Iterator[Tables]:
    """Tables by seed, one after another."""
    seed = first_seed
    while True:
        yield draw(seed, k)
        seed += 1


def main(number: int = 100, first_seed: int = 50_000, k: int = 3) -> int:
    """Print what such a reader can tell, without and with a draw; returns what he can tell with one."""
    failed = 0
    for secret in (None, b"made up"):
        found: list[Left] = []
        for tables in tables_of(first_seed, k):
            reader = left(tables, secret)
            found += [reader] if reader else []
            if len(found) == number:
                break
        small, narrowed, further, exact = (
            sum(getattr(reader, name) for reader in found) for name in ("small", "narrowed", "further", "exact")
        )
        print(
            f"{'with' if secret else 'without'} a draw, k = {k}, {number} tables: {narrowed} of {small} small cells "
            f"are narrowed, {exact} of {small + further} hidden ones exact",
            flush=True,
        )
        failed = narrowed + exact
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(*(int(argument) for argument in sys.argv[1:]))))
