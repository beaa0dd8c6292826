"""The delivery note: what a sender says of a delivery, in the file itself or in a file beside it.

In a delivery of the project's own layouts it is the head of the file, lines '# key: value'. A workbook has it on a
sheet 'Følgeseddel'. Any other file has it beside itself, as `<name>.levering.txt`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from flows.intake.characters import clean
from flows.intake.deliveries import NOTE_SUFFIX
from flows.intake.faults import Refusal

SHEET = "følgeseddel"
REQUIRED = ("kilde", "udgivet", "oprindelse")
ORIGINS = {"real": "real", "syntetisk": "synthetic", "synthetic": "synthetic"}
TOTAL = re.compile(r"kontrolsum (.+)")


@dataclass(frozen=True)
class Note:
    """What a delivery says of itself.

    `received_at` is empty where nobody noted the day. `rows` and `totals` (a sum by header) are control figures.
    `broken` says what is wrong with a control figure that is none, such as an error in its cell. `withheld_as` is the
    text that the source shows for a withheld figure; `absent_is_zero` says that a combination which is not in the file
    means 0.
    """

    says: str
    origin: str
    published_at: date
    received_at: date | None = None
    sender: str = ""
    rows: int | None = None
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    broken: str = ""
    withheld_as: str = ""
    absent_is_zero: bool = False


def parse(entries: Iterable[tuple[str, str]]) -> Note:
    """The note from its pairs of key and value. Raises Refusal naming what is missing or wrong."""
    known: dict[str, str] = {}
    totals: dict[str, Decimal] = {}
    for written, text in entries:
        key = re.sub(r"\s+", " ", clean(written)).strip("; ")
        # A spreadsheet may have put the value into a field of its own, and empty fields behind it.
        value = clean(text).strip("; ")
        if total := TOTAL.fullmatch(key if key.startswith("kontrolsum") else key[:1].lower() + key[1:]):
            totals[total[1]] = _sum(key, value)
        else:
            known[key.casefold()] = value
    missing = [key for key in REQUIRED if not known.get(key)]
    if missing:
        raise Refusal("head_missing", "missing: " + ", ".join(f"'# {key}:'" for key in missing))
    if known["oprindelse"].casefold() not in ORIGINS:
        raise Refusal("head_missing", "'# oprindelse:' must say real or syntetisk")
    return Note(
        says=known["kilde"],
        origin=ORIGINS[known["oprindelse"].casefold()],
        published_at=_day("udgivet", known["udgivet"]),
        received_at=_day("modtaget", known["modtaget"]) if known.get("modtaget") else None,
        sender=known.get("afsender", ""),
        rows=_rows(known.get("rækker")),
        totals=totals,
        withheld_as=known.get("skjulte tal vises som", ""),
        absent_is_zero=known.get("manglende rækker betyder", "") == "0",
    )


def beside(note: Note | None) -> Note:
    """The note of a file that has no room for one. Raises Refusal where none lies beside it."""
    if note is None:
        raise Refusal("head_missing", f"write it into a file of this name with '{NOTE_SUFFIX}' after it")
    return note


def pairs(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Key and value of lines 'key: value', with or without '#' before them."""
    split = (line.lstrip("#").partition(":") for line in lines if line.strip())
    return [(key, value) for key, _, value in split]


def _day(key: str, text: str) -> date:
    """A day, or the last day of a year: by then at the latest the source had published."""
    try:
        return date(int(text), 12, 31) if text.isdecimal() and len(text) == 4 else date.fromisoformat(text)
    except ValueError:
        raise Refusal("head_missing", f"'# {key}:' must be a day (2012-10-01) or a year (2012)") from None


def _rows(text: str | None) -> int | None:
    if not text:
        return None
    digits = text.replace(".", "")
    if not digits.isdecimal():
        raise Refusal("head_missing", "'# rækker:' must be a whole number")
    return int(digits)


def _sum(key: str, text: str) -> Decimal:
    try:
        return Decimal(text.replace(".", "").replace(",", "."))
    except InvalidOperation:
        raise Refusal("head_missing", f"'# {key}:' must be a number in Danish notation") from None
