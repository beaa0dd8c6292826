"""The fewest cells that can be hidden, by one program over all witnesses at once: for small tables only.

Usage: python -m simulations.fewest [nations] [first seed] [areas]. Of made-up nations the smallest areas are hidden
with all that follows from whom their figures count, for the k of the rules and for twice that; nothing is drawn.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from flows.release.cells import Tables
from flows.release.programs import Program
from flows.release.suppression import hide
from schemas.loading import load
from simulations.definitions import tables_of

FAR = 60
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """How far each cell can differ from the truth in a table that is asked for."""

    least: Floats
    most: Floats


def fewest(tables: Tables) -> int:
    """A lower bound of the open cells hidden: witnesses may be fractions, and `differ` is not asked for."""
    cells = [tables.cells[key] for key in tables.keys]
    is_open = np.array([cell.standing == "open" for cell in cells])
    small = np.array([cell.is_primary for cell in cells])
    witnesses = list(_witnesses(tables))
    if not witnesses:
        return 0
    size, chosen = len(cells), np.flatnonzero(is_open & ~small)
    rows = tables.matrix()
    nothing, endless = np.zeros(len(chosen)), np.full(len(chosen), np.inf)
    pick = sparse.csr_array((nothing + 1, (np.arange(len(chosen)), chosen)), shape=(len(chosen), size))
    blocks, low, high = [], [], []
    for number, witness in enumerate(witnesses):
        for matrix, limit, start, end in (
            (rows, None, np.zeros(rows.shape[0]), np.zeros(rows.shape[0])),
            (pick, -np.maximum(witness.most, 0)[chosen], -endless, nothing),
            (pick, -np.minimum(witness.least, 0)[chosen], nothing, endless),
        ):
            row = [None] * (len(witnesses) + 1)
            row[number] = matrix
            row[-1] = sparse.csr_array((rows.shape[0], len(chosen))) if limit is None else sparse.diags_array(limit)
            blocks.append(row)
            low.append(start)
            high.append(end)
    cost = np.concatenate([np.zeros(len(witnesses) * size), nothing + 1])
    found = Program(
        sparse.block_array(blocks, format="csr"),
        np.concatenate(low),
        np.concatenate(high),
        np.concatenate([*(witness.least for witness in witnesses), nothing]),
        np.concatenate([*(witness.most for witness in witnesses), nothing + 1]),
        cost > 0,
    ).least(cost)
    assert found.x is not None, found.outcome
    return round(float(cost @ found.x)) + int((small & is_open).sum())


def _witnesses(tables: Tables) -> Iterator[Span]:
    """The tables that are asked for: each small cell with each of 1 to k-1, for an insider, and with k or more."""
    cells = [tables.cells[key] for key in tables.keys]
    value, k = tables.values, np.array([cell.k for cell in cells])
    upper = np.array([np.inf if cell.upper is None else cell.upper for cell in cells])
    small = np.array([cell.is_primary for cell in cells])
    known = np.array([cell.standing == "known" for cell in cells])
    would_be_small = small | (np.array([cell.standing == "open" for cell in cells]) & (value < k))
    for place in np.flatnonzero(small):
        for lowest, highest in [*((v, v) for v in range(1, k[place])), (k[place], np.inf)]:
            least, most = -np.minimum(value, FAR).astype(float), np.minimum(upper - value, FAR)
            if lowest == highest:
                most = np.where(would_be_small, np.minimum(most, k - 1 - value), most)
            least[known] = most[known] = 0
            least[place], most[place] = (
                max(least[place], lowest - value[place]),
                min(most[place], highest - value[place]),
            )
            yield Span(least, most)


def main(nations: int = 6, first_seed: int = 60_000, areas: int = 3) -> float:
    """Print how many cells are hidden and how few would do; returns the largest ratio of the two."""
    registry, worst = load(), 0.0
    for times in (1, 2):
        ours = least = 0
        for seed in range(first_seed, first_seed + nations):
            tables, _ = tables_of(seed, areas, registry)
            guarded = (cell for cell in tables.cells.values() if cell.k > 1)
            tables = tables.with_(replace(cell, k=times * cell.k) for cell in guarded)
            hiding = hide(tables)
            assert not hiding.unprotected, seed
            ours, least = ours + len(hiding.hidden), least + fewest(tables)
            print(f"{seed}, k times {times}: {ours} hidden so far, {least} would do", flush=True)
        print(f"{nations} nations of {areas} areas, k times {times}: {ours / least:.2f} times the fewest", flush=True)
        worst = max(worst, ours / least)
    return worst


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])) > 1.35)
