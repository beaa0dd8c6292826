"""A last line without an end: whether the row in it is whole, by what the rest of its table says."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from flows.intake.coded import Coded, DeliveredTable
from flows.intake.faults import Fault

FIGURE = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
# The figures beside the last one must not differ more than this from each other to say anything of it.
MOST_SPREAD = 5


def settled(delivered: DeliveredTable, is_complete: bool) -> DeliveredTable:
    """The table without its last row where that may be cut: the table is not complete, or its last cell seems short.

    A table with every place and period may still be cut within its last figure: 5462 became 54. So the figure must have
    the size and the decimals of those beside it.
    """
    if not delivered.unended:
        return delivered
    if is_complete and _ends_whole(delivered):
        return replace(delivered, unended=False)
    last = int(delivered.lines[-1])
    return replace(
        delivered,
        columns={name: column.rows(slice(-1)) for name, column in delivered.columns.items()},
        lines=delivered.lines[:-1],
        broken=[*delivered.broken, Fault(last, "", "cut_line")],
        unended=False,
    )


def _ends_whole(delivered: DeliveredTable) -> bool:
    """Whether the last cell is like those of the rows that differ from the last row in one other column."""
    *others, last = delivered.columns.values()
    cells = last.spellings.str.strip_chars()
    cell = cells[int(last.codes[-1])]
    if not FIGURE.fullmatch(cell):
        return cell != "" and bool((last.codes[:-1] == last.codes[-1]).any())
    alike = [column.codes[:-1] == column.codes[-1] for column in others]
    found = []
    for place, same in enumerate(alike):
        beside = ~same & np.logical_and.reduce([np.ones_like(same), *alike[:place], *alike[place + 1 :]])
        texts = [text for text in cells.gather(last.codes[:-1][beside]) if FIGURE.fullmatch(text)]
        if texts and {_decimals(text) for text in texts} == {_decimals(cell)}:
            numbers = [float(text.replace(",", ".")) for text in texts]
            found.append((max(numbers) / max(min(numbers), 1e-9), min(numbers), max(numbers)))
    spread, least, most = min(found, default=(np.inf, 0.0, 0.0))
    if spread > MOST_SPREAD:
        least = most = _in_proportion(
            others,
            [float(text.replace(",", ".")) if FIGURE.fullmatch(text) else 0.0 for text in cells.gather(last.codes)],
            alike,
        )
    return bool(found) and least / 2 <= float(cell.replace(",", ".")) <= most * 2


def _in_proportion(others: Sequence[Coded], figures: Sequence[float], alike: Sequence[NDArray[np.bool_]]) -> float:
    """What the last figure is if two columns are in proportion: the median of all a * b / c, or 0."""
    estimates = []
    for first, second in combinations(range(len(others)), 2):
        rest = [same for place, same in enumerate(alike) if place not in (first, second)]
        rows = np.flatnonzero(np.logical_and.reduce([np.ones_like(alike[0]), *rest]))
        codes = others[first].codes, others[second].codes
        known = {(int(codes[0][row]), int(codes[1][row])): figures[int(row)] for row in rows}
        own = int(codes[0][-1]), int(codes[1][-1])
        estimates += [
            known[a, own[1]] * known[own[0], b] / figure
            for (a, b), figure in known.items()
            if figure and (a, own[1]) in known and (own[0], b) in known and a != own[0] and b != own[1]
        ]
    return float(np.median(estimates)) if estimates else 0.0


def _decimals(figure: str) -> int:
    return len(figure.replace(",", ".").partition(".")[2])
