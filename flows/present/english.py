"""The grammar of English."""

from datetime import date

from flows.present.grammar import Grammar
from schemas.indicators import Indicator

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _day(on: date) -> str:
    """'3 May 2010'."""
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def _quantity(number: str, unit: str) -> str:
    """'43.3%', '12 per 1,000'."""
    return f"{number}{unit}" if unit.startswith("%") else f"{number} {unit}"


def _subject(indicator: Indicator, name: str) -> str:
    """'the share on social assistance', 'the number of residents'."""
    label = name[:1].lower() + name[1:]
    if indicator.kind == "count":
        return f"the number of {label}"
    return f"the {label}"


def _short(indicator: Indicator, name: str) -> str:  # noqa: ARG001 - as in every language
    """'Basic education only', 'Outside work and education'."""
    left = name.removeprefix("Share of ").removeprefix("Share ").removeprefix("with ")
    return left[:1].upper() + left[1:]


GRAMMAR = Grammar(
    name="english",
    code="en",
    region="en-GB",
    separators=(",", "."),
    cells=",",
    last=" and ",
    numerals=(
        *("none", "one", "two", "three", "four", "five", "six"),
        *("seven", "eight", "nine", "ten", "eleven", "twelve"),
    ),
    day=_day,
    quantity=_quantity,
    subject=_subject,
    short=_short,
)
