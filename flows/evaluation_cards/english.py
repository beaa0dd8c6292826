"""English notation of the cards: numbers, shares, spans of years, words in a row."""

import math
from collections.abc import Sequence

from schemas.indicators import Indicator

ABSENT = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def number(value: float | None, decimals: int) -> str:
    """A number with a thousands comma and a true minus sign; a dash where there is none."""
    if value is None:
        return ABSENT
    shown = f"{abs(value):,.{decimals}f}"
    is_zero = not any(digit in shown for digit in "123456789")
    return shown if value >= 0 or is_zero else MINUS + shown


def significant(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, but no fewer than its whole part has."""
    if not value:
        return number(value, 0)
    return number(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))))


def probability(value: float | None) -> str:
    """A p-value with three decimals; the smallest as '<0.001'."""
    return "<0.001" if value is not None and value < 0.0005 else number(value, 3)


def percent(share: float | None) -> str:
    """A share of 0 to 1 as percent without decimals; one decimal below ten percent."""
    if share is None:
        return ABSENT
    return f"{number(100 * share, 0 if share == 0 or share >= 0.0995 else 1)} %"


def mean(value: float | None, indicator: Indicator) -> str:
    """A mean or SD of areas with one decimal more than the indicator's own figures."""
    return number(value, indicator.decimals + 1 if indicator.decimals else 0)


def difference_unit(indicator: Indicator) -> str:
    """Unit of a difference of two figures."""
    return "percentage points" if indicator.unit == "percent" else indicator.unit


def flagged(text: str, is_flagged: bool) -> str:
    """Text with the mark of what needs care, which must not rest on bold type alone."""
    return f"\N{MULTIPLICATION X} {text}" if is_flagged else text


def joined(parts: Sequence[str]) -> str:
    """Words in a row: a, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def sentence(text: str) -> str:
    """Text with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def years(first: int, last: int) -> str:
    """A span of years."""
    return str(first) if first == last else f"{first}{ABSENT}{last}"
