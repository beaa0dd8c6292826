"""The guard against personal numbers over columns of a delivery; what a CPR number is, is written in cpr.py.

A delivery that holds one is refused before anything of it is stored or logged.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.intake.characters import any_matches
from flows.intake.coded import Coded
from flows.intake.cpr import (
    DAY,
    FIGURE,
    NOT_PLAIN,
    PERHAPS,
    SERIAL,
    NumberColumn,
    digits_alone,
    holds_cpr_number,
    plain,
)
from flows.intake.cpr import rows_with_cpr_numbers as rows_of_a_table

# Whether most rows hold a date and four digits is seen from so many.
ENOUGH = 20_000


def cells_with_cpr_numbers(cells: pl.Series) -> pl.Series:
    """A mask over cells of text, each by itself."""
    mask = _perhaps(cells)
    return mask.scatter(places := mask.arg_true(), [holds_cpr_number(cell) for cell in cells.gather(places)])


def lines_with_cpr_numbers(lines: Sequence[str]) -> list[int]:
    """Numbers of the lines that hold one, from 1; the numbers themselves are never repeated."""
    return [number + 1 for number in cells_with_cpr_numbers(pl.Series(values=lines, dtype=pl.String())).arg_true()]


def rows_with_cpr_numbers(header: Sequence[str], columns: Sequence[Coded]) -> NDArray[np.bool_]:
    """A mask over the rows of a table: those that hold one in a cell, or in two cells side by side."""
    mask = np.zeros(len(columns[0]) if columns else 0, dtype=bool)
    for name, column in zip(header, columns, strict=True):
        held = _held(name, column.spellings)
        if held is not None and held.any():
            mask |= column.where(held)
    serials = [any_matches(column.spellings, _alone(SERIAL)) for column in columns]
    for place in range(len(columns) - 1):
        if serials[place + 1] and any_matches(columns[place].spellings, _alone(DAY)):
            left, right = columns[place].rows(slice(ENOUGH)), columns[place + 1].rows(slice(ENOUGH))
            cells = zip(left.text(), right.text(), strict=True)
            rows = rows_of_a_table([(header[place], header[place + 1]), *cells])
            mask[[row - 2 for row in rows if row > 1]] = True
    return mask


def _perhaps(cells: pl.Series) -> pl.Series:
    return (cells.str.contains(PERHAPS) | cells.str.contains(NOT_PLAIN)).fill_null(False)


def _held(header: str, spellings: pl.Series) -> pl.Series | None:
    """A mask over the spellings of one column; None where none of them needs a look."""
    if not any_matches(spellings, f"{PERHAPS}|{NOT_PLAIN}"):
        return None
    mask = _perhaps(spellings)
    places = mask.arg_true()
    cells = [plain(cell).strip() for cell in spellings.gather(places)]
    alone = {cell for cell in cells if digits_alone(cell)}
    numbers: set[str] = set()
    if alone:
        figures = int(spellings.str.contains(_alone(FIGURE)).sum())
        numbers = NumberColumn(plain(header), alone, max(figures, len(alone))).numbers()
    held = [cell in numbers if cell in alone else holds_cpr_number(cell) for cell in cells]
    return mask.scatter(places, held)


def _alone(form: str) -> str:
    return rf"^\s*(?:{form})\s*$"
