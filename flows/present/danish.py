"""The grammar of Danish."""

from datetime import date

from flows.present.grammar import Grammar
from schemas.indicators import Indicator

MONTHS = (
    *("januar", "februar", "marts", "april", "maj", "juni"),
    *("juli", "august", "september", "oktober", "november", "december"),
)


def _day(on: date) -> str:
    """'3. maj 2010'."""
    return f"{on.day}. {MONTHS[on.month - 1]} {on.year}"


def _quantity(number: str, unit: str) -> str:
    """'43,3 %'."""
    return f"{number} {unit}"


def _subject(indicator: Indicator, name: str) -> str:
    """'andelen på kontanthjælp', 'antallet af beboere'; ends with a comma where the name holds a clause."""
    label = name[:1].lower() + name[1:]
    if label.startswith("andel der "):
        return f"andelen, {label.removeprefix('andel ')},"
    if label.startswith("andel "):
        return f"andelen {label.removeprefix('andel ')}"
    if label.endswith("procent"):
        return f"{label}en"
    first, _, end = label.partition(" ")
    if indicator.kind == "relative":
        return f"{first}en"
    if indicator.kind in ("count", "rate"):
        return f"antallet af {label}"
    return f"den {first}e {end}" if first.endswith("lig") and end else f"tallet for {label}"


def _short(indicator: Indicator, name: str) -> str:  # noqa: ARG001 - as in every language
    """'Kun grundskole', 'Uden for arbejdsmarkedet'."""
    left = name.removeprefix("Andel ").removeprefix("med ")
    return left[:1].upper() + left[1:]


GRAMMAR = Grammar(
    name="danish",
    code="da",
    region="da-DK",
    separators=(".", ","),
    cells=";",
    last=" og ",
    numerals=("ingen", "ét", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni", "ti", "elleve", "tolv"),
    day=_day,
    quantity=_quantity,
    subject=_subject,
    short=_short,
    compounds={
        "arbejdsmarkedet": "arbejds-markedet",
        "beskæftigelse": "beskæf-tigelse",
        "kontanthjælp": "kontant-hjælp",
        "efterkommere": "efter-kommere",
        "ndvandrere": "nd-vandrere",
        "raflytningsprocent": "ra-flytnings-procent",
        "ruttoindkomst": "rutto-indkomst",
        "grundskole": "grund-skole",
        "uddannelse": "uddan-nelse",
        "regionens": "regio-nens",
    },
)
