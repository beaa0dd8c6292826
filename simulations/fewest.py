"""The fewest cells that can be hidden, by one program over all witnesses at once: for small tables only."""

import numpy as np
from scipy import sparse

from flows.release.cells import Tables
from flows.release.programs import Program

FAR = 60


def fewest(tables: Tables) -> int:
    """A lower bound of the cells hidden: witnesses may be fractions, and `differ` is not asked for."""
    cells = [tables.cells[key] for key in tables.keys]
    value, k = tables.values, np.array([cell.k for cell in cells])
    small = np.array([cell.is_primary for cell in cells])
    rows, size = tables.matrix(), len(cells)
    asked = [
        (place, lowest, highest, is_insider)
        for place in np.flatnonzero(small)
        for lowest, highest, is_insider in [
            *((v, v, True) for v in range(1, k[place])),
            (k[place], np.inf, False),
        ]
    ]
    blocks, low, high, from_, to = [], [], [], [], []
    for number, (place, lowest, highest, is_insider) in enumerate(asked):
        least, most = -value.astype(float), np.full(size, float(FAR))
        if is_insider:
            most = np.where(value < k, k - 1 - value, most)
        least[place], most[place] = max(least[place], lowest - value[place]), min(most[place], highest - value[place])
        from_.append(least)
        to.append(most)
        for matrix, limit, start, end in (
            (rows, None, np.zeros(rows.shape[0]), np.zeros(rows.shape[0])),
            (sparse.eye_array(size, format="csr"), -np.maximum(most, 0), np.full(size, -np.inf), np.zeros(size)),
            (sparse.eye_array(size, format="csr"), -np.minimum(least, 0), np.zeros(size), np.full(size, np.inf)),
        ):
            row = [None] * (len(asked) + 1)
            row[number] = matrix
            row[-1] = sparse.csr_array(matrix.shape) if limit is None else sparse.diags_array(limit)
            blocks.append(row)
            low.append(start)
            high.append(end)
    if not asked:
        return 0
    cost = np.concatenate([np.zeros(len(asked) * size), np.ones(size)])
    found = Program(
        sparse.block_array(blocks, format="csr"),
        np.concatenate(low),
        np.concatenate(high),
        np.concatenate([*from_, small.astype(float)]),
        np.concatenate([*to, np.ones(size)]),
        cost > 0,
    ).least(cost)
    assert found.x is not None, found.outcome
    return round(float(cost @ found.x))
