"""CPR numbers in texts: a stand-in of the names that the door's own search has; the rule is that of `privacy`."""

import re
from collections.abc import Sequence
from datetime import date, datetime

WRITTEN = re.compile(r"(?<![\d,.])(\d{2})(\d{2})(\d{2})([- ]?)(\d{4})(?![\d,.]?\d)", re.ASCII)
WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
WITHOUT_CHECK_FROM = date(2007, 10, 1)


def holds_cpr_number(text: str) -> bool:
    """Whether a text holds what must be taken for a CPR number."""
    return any(_is_cpr_number(*found.groups()) for found in WRITTEN.finditer(text))


def rows_with_cpr_numbers(rows: Sequence[Sequence[str]]) -> list[int]:
    """Numbers of the rows that hold one, from 1."""
    return [number for number, row in enumerate(rows, 1) if holds_cpr_number("\n".join(row))]


def _is_cpr_number(day: str, month: str, year: str, mark: str, serial: str) -> bool:
    born = _born(int(day), int(month), int(year), int(serial[0]))
    if born is None or born > datetime.now().astimezone().date():
        return False
    digits = (int(digit) for digit in day + month + year + serial)
    has_check = sum(w * d for w, d in zip(WEIGHTS, digits, strict=True)) % 11 == 0
    return mark == "-" or has_check or born >= WITHOUT_CHECK_FROM


def _born(day: int, month: int, year: int, seventh: int) -> date | None:
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
