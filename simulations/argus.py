"""Hiding against Tau-Argus and against the fewest cells that will do, on tables that all of them can do.

Usage: python -m simulations.argus [tables] [first seed]. Tables of counts with both margins, drawn by seed; the seeds
follow each other and are never chosen by result. Tau-Argus (pytauargus, with HiGHS) has a frequency rule of the same
k whose margin is the count itself, once with its optimum and once with its modular method. What each of them hides is
attacked alike. The fewest cells are a lower bound: of some that would do it is not asked that they are whole numbers.
"""

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pytauargus import protect

from flows.release.attack import Exhibit, attack
from flows.release.cells import Cell, Key, Sum, Tables
from flows.release.draw import drawn
from flows.release.suppression import hide
from simulations.fewest import fewest

COUNTS = [0, 1, 2, 3, 4, 5, 6, 8, 9, 12, 15, 20, 30]  # for k = 5, else as many times as large
HIDDEN = ("U", "M")  # Tau-Argus: by rule, and for its sake
TOTAL = "Total"
SECRET = b"made up"
Counts = NDArray[np.int64]


@dataclass
class Way:
    """What one way to hide has come to so far: cells, what they count, seconds, what can be told."""

    cells: int = 0
    people: int = 0
    seconds: float = 0.0
    leaks: int = 0


def key(row: str, column: str) -> Key:
    return Key("area", f"{row} {column}", 2010, "x")


def tables_of(inner: Counts, k: int) -> Tables:
    """Counts with both margins, named as Tau-Argus names them."""
    full = np.vstack([inner, inner.sum(axis=0)])
    full = np.hstack([full, full.sum(axis=1, keepdims=True)])
    rows = [*(f"r{row}" for row in range(len(inner))), TOTAL]
    columns = [*(f"c{column}" for column in range(inner.shape[1])), TOTAL]
    cells = [
        Cell(key(row, column), int(full[r, c]), k) for r, row in enumerate(rows) for c, column in enumerate(columns)
    ]
    sums = [Sum(f"row {row}", key(row, TOTAL), tuple(key(row, c) for c in columns[:-1])) for row in rows]
    sums += [Sum(f"column {c}", key(TOTAL, c), tuple(key(row, c) for row in rows[:-1])) for c in columns]
    return Tables({cell.key: cell for cell in cells}, tuple(sums))


def argus(method: str) -> Callable[[Tables], frozenset[Key]]:
    """What Tau-Argus hides of persons that make up the counts."""

    def hidden(tables: Tables) -> frozenset[Key]:
        inner = {name: cell for name, cell in tables.cells.items() if TOTAL not in name.geography_id}
        people = [(*name.geography_id.split(), 1.0) for name, cell in inner.items() for _ in range(cell.value)]
        k = max(cell.k for cell in inner.values())
        # It leaves files of its own where it runs, whatever the folder is that it is given.
        with tempfile.TemporaryDirectory(prefix="boligprofil-argus-") as folder, contextlib.chdir(folder):
            done = protect(
                pd.DataFrame(people, columns=["row", "column", "one"]),
                ["row", "column"],
                response="one",
                safety_rules=f"FREQ({k},100)",
                suppress=method,
                workdir=folder,
            )
            cells = done.tables[0].dataframe()
        marked = cells[cells["status"].isin(HIDDEN)]
        return frozenset(key(row, column) for row, column in zip(marked["row"], marked["column"], strict=True))

    return hidden


WAYS: Mapping[str, Callable[[Tables], frozenset[Key]]] = {
    "ours": lambda tables: hide(tables).hidden,
    "ours, with the draw": lambda tables: hide(tables, drawn(tables.keys, SECRET)).hidden,
    "Tau-Argus, optimum": argus("OPT(1)"),
    "Tau-Argus, modular": argus("MOD(1)"),
}


def compare(tables: int, first_seed: int, k: int) -> tuple[dict[str, Way], int]:
    """What each way comes to over so many tables, and the fewest cells."""
    found = {name: Way() for name in WAYS}
    least = 0
    for seed in range(first_seed, first_seed + tables):
        rng = np.random.default_rng(seed)
        inner = rng.choice(COUNTS, size=rng.integers(3, 6, 2)) * (k // 5)
        made = tables_of(inner, k)
        least += fewest(made)
        for name, way in WAYS.items():
            started = time.process_time()
            hidden = way(made)
            found[name].seconds += time.process_time() - started
            readers = {cell: made.cells[cell].value for cell in made.keys if cell not in hidden}
            found[name].leaks += len({leak.key for leak in attack(Exhibit(made, readers), with_chains=False).leaks})
            found[name].cells += len(hidden)
            found[name].people += sum(made.cells[cell].value for cell in hidden)
    return found, least


def main(tables: int = 40, first_seed: int = 70_000) -> int:
    """Print the table of docs/disclosure.md; returns what leaks of what ours hide."""
    print("| k | way | cells hidden | to the fewest | sum hidden | seconds | cells that can be told |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    leaks = 0
    for k in (5, 10):
        found, least = compare(tables, first_seed, k)
        for name, way in found.items():
            ratio = f"{way.cells / least:.2f}"
            print(f"| {k} | {name} | {way.cells:,} | {ratio} | {way.people:,} | {way.seconds:.2f} | {way.leaks:,} |")
            leaks += way.leaks if name.startswith("ours") else 0
    return leaks


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])) > 0)
