"""Numbers to the text that a Danish sender would have written: decimal comma, no thousands sign, no digit lost."""

import re
from decimal import Decimal, InvalidOperation

from flows.intake.apart.marks import NO_NUMBER

THOUSANDS_OR_DECIMALS = re.compile(r"-?[0-9]{1,3},[0-9]{3}")
SPELLED = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?\s*", re.ASCII)
# Beyond this an IEEE double is infinite; so is what a workbook or JSON can hold.
LARGEST_EXPONENT = 308


def stored(text: str) -> Decimal | None:
    """The number of a cell as it was typed: the shortest decimal that gives the same double. None where it is none.

    A workbook writes 54.4 as 54.399999999999999.
    """
    if not SPELLED.fullmatch(text) or len(text) > 400:
        return None
    number = Decimal(repr(float(text))) if abs(Decimal(text).adjusted()) <= LARGEST_EXPONENT else Decimal("NaN")
    return number if number.is_finite() else None


def written(number: Decimal, decimals: int = 0) -> str:
    """A number as text with at least so many decimals.

    With three decimals and up to three digits before them a further 0 is written: 1,072 may be a thousand and
    something, 1,0720 not.
    """
    text = f"{number:f}"
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    if whole.lstrip("-").strip("0") == "" and not fraction.strip("0"):
        whole = "0"
    text = f"{whole},{fraction}" if fraction else whole
    return text + "0" if THOUSANDS_OR_DECIMALS.fullmatch(text) else text


def as_spelled(text: str) -> str:
    """A bare number of JSON as text. Three decimals are kept as they were spelled: 9.000 may mean nine thousand."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return NO_NUMBER
    if abs(number.adjusted()) > LARGEST_EXPONENT or len(text) > 400:
        return NO_NUMBER
    comma = text.replace(".", ",")
    if THOUSANDS_OR_DECIMALS.fullmatch(comma):
        return comma
    return written(number)
