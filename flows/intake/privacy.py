"""The guard against personal numbers: a delivery that holds one is refused before anything of it is stored or logged.

A CPR number is a date of birth (ddmmyy) and four digits, of which the first, with the year, gives the century. Numbers
given out before October 2007 fulfil a check by modulus 11; since then some dates have numbers that do not.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

WRITTEN = re.compile(r"(?<![\d,.])(\d{2})(\d{2})(\d{2})([- ]?)(\d{4})(?![\d,.]?\d)", re.ASCII)
# What cannot match this cannot match WRITTEN; Rust reads a million cells with it in the time of a blink.
PERHAPS = r"[0-9]{6}[- ]?[0-9]{4}"
WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
WITHOUT_CHECK_FROM = date(2007, 10, 1)


def holds_cpr_number(text: str) -> bool:
    """Whether a text holds what must be taken for a CPR number.

    With a hyphen, a valid date of birth is enough. Without one, the number must also pass modulus 11, or belong to a
    birth after the check was given up: of evenly spread numbers of ten digits about one in 150 is taken for one.
    """
    return any(_is_cpr_number(*found.groups()) for found in WRITTEN.finditer(text))


def cells_with_cpr_numbers(cells: pl.Series) -> pl.Series:
    """A mask over cells of text."""
    mask = cells.str.contains(PERHAPS).fill_null(False)
    for row in mask.arg_true():
        if not holds_cpr_number(cells[row]):
            mask[row] = False
    return mask


def lines_with_cpr_numbers(lines: Sequence[str]) -> list[int]:
    """Numbers of the lines that hold one, from 1; the numbers themselves are never repeated."""
    return [number + 1 for number in cells_with_cpr_numbers(pl.Series(values=lines, dtype=pl.String())).arg_true()]


def _is_cpr_number(day: str, month: str, year: str, mark: str, serial: str) -> bool:
    born = _born(int(day), int(month), int(year), int(serial[0]))
    if born is None or born > datetime.now().astimezone().date():
        return False
    digits = (int(digit) for digit in day + month + year + serial)
    has_check = sum(w * d for w, d in zip(WEIGHTS, digits, strict=True)) % 11 == 0
    return mark == "-" or has_check or born >= WITHOUT_CHECK_FROM


def _born(day: int, month: int, year: int, seventh: int) -> date | None:
    """Date of birth; the century follows from the year and the seventh digit (the CPR office's table)."""
    if seventh <= 3 or (seventh in (4, 9) and year >= 37):
        century = 1900
    elif seventh in (4, 9) or year <= 57:
        century = 2000
    else:
        century = 1800
    try:
        return date(century + year, month, day)
    except ValueError:
        return None
