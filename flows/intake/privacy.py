"""The guard against personal numbers over columns of a delivery; what a CPR number is, cpr.py and cpr_tables.py say.

A delivery that holds one is refused before anything of it is stored or logged.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.intake.characters import any_matches
from flows.intake.coded import Coded, combine
from flows.intake.cpr import BETWEEN, NOT_PLAIN, PERHAPS, holds_cpr_number, plain
from flows.intake.cpr_tables import ENOUGH, FIGURE, SPLITS, NumberColumn, Split, digits_alone, split_numbers
from flows.intake.faults import Refusal

# Expressions for a cell that is nothing else.
ALONE = {form: rf"(?i)^\s*(?:{form})\s*$" for form in (FIGURE, *(form for split in SPLITS for form in split.forms))}


def cells_with_cpr_numbers(cells: pl.Series) -> pl.Series:
    """A mask over cells of text, each by itself."""
    mask = _perhaps(cells)
    return mask.scatter(places := mask.arg_true(), [holds_cpr_number(cell) for cell in cells.gather(places)])


def lines_with_cpr_numbers(lines: Sequence[str]) -> list[int]:
    """Numbers of the lines that hold one, from 1; the numbers themselves are never repeated. A tab parts cells."""
    cells = pl.Series(values=[line.replace("\t", BETWEEN) for line in lines], dtype=pl.String())
    return [number + 1 for number in cells_with_cpr_numbers(cells).arg_true()]


def rows_with_cpr_numbers(header: Sequence[str], columns: Sequence[Coded]) -> NDArray[np.bool_]:
    """A mask over the rows of a table: those that hold one in a cell, or in cells side by side."""
    mask = np.zeros(len(columns[0]) if columns else 0, dtype=bool)
    for name, column in zip(header, columns, strict=True):
        held = _held(name, column.spellings)
        if held is not None and held.any():
            mask |= column.where(held)
    looked_for: dict[tuple[str, int], bool] = {}

    def is_there(form: str, place: int) -> bool:
        if (form, place) not in looked_for:
            looked_for[form, place] = any_matches(columns[place].spellings, ALONE[form])
        return looked_for[form, place]

    for split, place in product(SPLITS, range(len(columns) - 1)):
        wide = slice(place, place + len(split.forms))
        if len(columns) < wide.stop or not split.may_be(" ".join(header[wide][:-1])):
            continue
        if all(map(is_there, split.forms, range(place, wide.stop))):
            mask[:ENOUGH] |= _split(split, header[wide], [_first(column) for column in columns[wide]])
    return mask


def refuse_personal(held: Sequence[int], unit: str) -> None:
    """Raises Refusal where there are rows or lines that hold a personal number."""
    if held:
        shown = ", ".join(map(str, held[:5]))
        raise Refusal("cpr_number", f"{unit} {shown}{' and others' if len(held) > 5 else ''}")


def _split(split: Split, header: Sequence[str], columns: Sequence[Coded]) -> NDArray[np.bool_]:
    """A mask over the rows of columns side by side: those whose cells are parts of a number."""
    rows = len(columns[0])
    masks = [c.where(c.spellings.str.contains(ALONE[f])) for c, f in zip(columns, split.forms, strict=True)]
    if not np.logical_and.reduce(masks).any():
        return np.zeros(rows, dtype=bool)
    codes, parts = combine(rows, *columns)
    texts = [column.spellings.gather(part) for column, part in zip(columns, parts, strict=True)]
    different = [*zip(*texts, strict=True)]
    held = {*split_numbers(split, header, different)}
    of_cells = np.array([cells in held for cells in different], dtype=bool)
    return of_cells[codes]


def _first(column: Coded) -> Coded:
    """The first rows of a column, with those spellings alone that stand there."""
    present, codes = np.unique(column.codes[:ENOUGH], return_inverse=True)
    return Coded(codes.astype(np.int32), column.spellings.gather(present))


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
        figures = int(spellings.str.contains(ALONE[FIGURE]).sum())
        numbers = NumberColumn(plain(header), alone, max(figures, len(alone))).numbers()
    held = [cell in numbers if cell in alone else holds_cpr_number(cell) for cell in cells]
    return mask.scatter(places, held)
