"""CPR numbers in tables: what a column, or cells side by side, say of the digits in them; the standard library alone.

How sure one must be depends on what else the digits can mean:

- in a cell that is nothing but a number of ten digits, its column is asked too: at least a quarter of the column's
  numbers of ten digits must look like CPR numbers (more than half of those that begin as production-unit numbers do). A
  header that says what else the numbers are asks for nearly all;
- nine digits (Excel takes the zero of the first nine days away) count where most numbers of the column look so;
- what a scientific format left of a number, as 1,20575E+09, shows a date of birth and no more: it counts in a column
  that is called so;
- a date and four digits in cells side by side (two cells, or up to four: day, month, year, serial) count where most
  rows of these columns fulfil the check, or where the header says that the dates are of birth. Days as Excel counts
  them count under such a header alone.

What this lets through and what it stops for nothing is measured by tests/intake/test_privacy.py; RATES has the figures.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product, zip_longest
from typing import NamedTuple

from flows.intake.cpr import (
    BETWEEN,
    MONTHS,
    PERHAPS,
    date_of,
    has_check,
    holds_cpr_number,
    is_likely,
    is_year,
    number_of,
    plain,
)

# Whether most rows hold a date and four digits is seen from so many, and whether hardly any does from fewer.
ENOUGH, AT_FIRST = 20_000, 500

# At most this share of files of ordinary numbers is refused, of one row, three rows and a hundred; of EAN, telephone,
# CVR and case numbers, of amounts and production units under a header that says so, of years, periods and counts with
# thousands points none is. tests/intake/test_privacy.py measures them, and what is missed of each way of writing.
RATES = {
    "production unit, not called so": (0.1, 0.04, 0.0),
    "account": (0.01, 0.01, 0.05),
    "ten digits": (0.02, 0.04, 0.0),
    "kroner of nine digits, not called so": (0.03, 0.01, 0.0),
    "kroner of ten digits, not called so": (0.02, 0.04, 0.0),
    "residents, households": (0.02, 0.01, 0.0),
    "day, count": (0.09, 0.04, 0.0),
    "day, count beyond an empty cell": (0.09, 0.04, 0.0),
    "day, month, year, count": (0.09, 0.04, 0.0),
    "group, month, case number": (0.03, 0.03, 0.0),
}

_PERHAPS = re.compile(PERHAPS)
_WHOLE = re.compile(r"(\d{9,10}|\d{1,4}(?:[. ']\d{3}){2}|\d(?:[. ']\d{3}){3}|\d{5,6}[.,]\d{4})(?:[.,]0*)?", re.ASCII)
_SCIENTIFIC = re.compile(r"(\d)[.,](\d{5,9})E\+?0?([89])", re.ASCII | re.IGNORECASE)
# Six digits are left of such a number: those of a date of birth.
_LOST = re.compile(r"\d[.,]\d{5}E\+?0?[89]", re.ASCII | re.IGNORECASE)
FIGURE = r"[-+(]?[0-9][0-9 .,:/'T-]*(?:[eE][+]?[0-9]+)?[%)]?"
_FIGURE = re.compile(FIGURE)
_NAMES_CPR = re.compile(r"cpr|person ?-?n(?:r|um)|social security", re.IGNORECASE)
_NAMES_BIRTH = re.compile(
    rf"{_NAMES_CPR.pattern}|\bfødt\b(?! i\b)|fødselsda|\bf\.? ?dato|\bdate of birth|\bbirth ?da|\bborn\b|\bdob\b",
    re.IGNORECASE,
)
_NAMES_OTHER = re.compile(
    r"\bp ?\.?-? ?n(?:r|um)|produktions|\bcvr|\bse-?n|\bean\b|\bgln\b|konto|\btlf|telefon|mobil|\bsag|journal|matrikel"
    r"|ejendom|\bbfe|\bbbr|beløb|\bkr\b|krone|\bdkk\b|amount|\bsum\b|i alt|antal|beboere|folketal|indbyggere|post ?n"
    r"|\bår\b|årstal|bevilling|afdeling|timer|lejemål|boliger",
    re.IGNORECASE,
)

# Parts of a number in cells of their own, as expressions of Rust and Python: first zeros may be lost, and what was text
# may have become a decimal.
_DD, _MM, _YY = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0[1-9]|1[0-2])", "(?:(?:18|19|20)[0-9][0-9]|[0-9][0-9])"
_NAME_OF_MONTH = "(?:jan|feb|mar|apr|ma[ijr]|may|jun|jul|aug|sep|o[kc]t|nov|dec)[a-zA-Z]*"
_POINT = "(?:[.,]0+)?"
DAY = (
    rf"(?:{_DD}{_MM}{_YY}{_POINT}|{_DD}[-./ ]{{1,3}}0?(?:[1-9]|1[0-2])[-./ ]{{1,3}}{_YY}-?"
    rf"|(?:18|19|20)[0-9][0-9][-./]{_MM}[-./]{_DD}(?:[T ][0:.]+)?|{_DD}[-. ]{{1,2}}{_NAME_OF_MONTH}[-. ]{{1,2}}{_YY})"
)
# Days since the one before 1900: those of 1927 to 2036.
COUNTED_DAY = rf"[1-4][0-9]{{4}}{_POINT}"
SERIAL = rf"(?:[0-9]{{1,4}}{_POINT}|-[0-9]{{4}})"
_DAY_OF_MONTH, _DAY_AND_MONTH, _MONTH = f"{_DD}{_POINT}", f"{_DD}{_MM}{_POINT}", f"(?:0?[1-9]|1[0-2]){_POINT}"
_YEAR = f"(?:(?:18|19|20)[0-9][0-9]|[0-9]?[0-9]){_POINT}"
_YEAR_AND_SERIAL = rf"(?:18|19|20)?[0-9]?[0-9][-_/ ]{{0,3}}[0-9]{{4}}{_POINT}"
_FULL_SERIAL = rf"(?:[0-9]{{3,4}}{_POINT}|-[0-9]{{4}})"
DAY_0 = date(1899, 12, 30)


class Split(NamedTuple):
    """A number over cells side by side: a form for each cell, and the pair of a day and a serial that they make.

    A day alone in its row counts with so many signs (`fewest`); `is_of_birth` says that a header must call it one.
    """

    forms: tuple[str, ...]
    pair: Callable[..., tuple[str, str]]
    fewest: int = 6
    is_of_birth: bool = False

    def may_be(self, above: str) -> bool:
        """Whether a number can be split so under these headers."""
        return not self.is_of_birth or bool(_NAMES_BIRTH.search(plain(above)))


def _of_counted_day(days: str, serial: str) -> tuple[str, str]:
    return (DAY_0 + timedelta(days=int(days[:5]))).isoformat(), serial


def _of_three(day: str, month: str, year_and_serial: str) -> tuple[str, str]:
    digits = re.sub(r"\D", "", _whole(year_and_serial))
    return _of_four(day, month, digits[:-4], digits[-4:])


def _of_four(day: str, month: str, year: str, serial: str) -> tuple[str, str]:
    return f"{_whole(day)}.{_whole(month)}.{_whole(year):0>2}", serial


def _whole(cell: str) -> str:
    return re.sub(r"[.,]0+\Z", "", cell)


SPLITS = (
    Split((DAY, SERIAL), lambda day, serial: (day, serial)),
    Split((COUNTED_DAY, SERIAL), _of_counted_day, is_of_birth=True),
    Split((DAY, "[-/]?", SERIAL), lambda day, _, serial: (day, serial)),
    Split(
        (_DAY_AND_MONTH, _YEAR, SERIAL),
        lambda day, year, serial: _of_four(_whole(day)[:-2], _whole(day)[-2:], year, serial),
        fewest=8,
    ),
    Split((_DAY_OF_MONTH, _MONTH, _YEAR_AND_SERIAL), _of_three, fewest=8),
    Split((_DAY_OF_MONTH, _MONTH, _YEAR, _FULL_SERIAL), _of_four, fewest=8),
)
_FORMS = {form: re.compile(form, re.ASCII | re.IGNORECASE) for split in SPLITS for form in split.forms}
_ANY_FORM = re.compile("|".join(_FORMS), re.ASCII | re.IGNORECASE)


def rows_with_cpr_numbers(rows: Sequence[Sequence[str]]) -> list[int]:
    """Numbers of the rows of a table, from 1, that hold one: in a cell, or in cells side by side.

    The rows may have titles and headers among them; what a column's words say of its numbers is heard.
    """
    held: set[int] = set()
    columns: dict[int, dict[str, list[int]]] = {}
    for number, row in enumerate(rows, 1):
        line = plain(BETWEEN.join(row))
        if _PERHAPS.search(line):
            for place, cell in enumerate(map(str.strip, line.split(BETWEEN))):
                if digits_alone(cell):
                    columns.setdefault(place, {}).setdefault(cell, []).append(number)
                elif holds_cpr_number(cell):
                    held.add(number)
    words = _words(rows)
    for place, cells in columns.items():
        column = NumberColumn(words.get(place, ""), set(cells), _figures(rows, place))
        held.update(number for cell in column.numbers() for number in cells[cell])
    forms = [_forms_in(set(cells)) for cells in zip_longest(*rows, fillvalue="")]
    for split, place in product(SPLITS, range(len(forms))):
        there = forms[place : place + len(split.forms)]
        if len(there) == len(split.forms) and all(map(set.__contains__, there, split.forms)):
            held |= _rows_with_split(rows, split, place, words)
    return sorted(held)


def _rows_with_split(rows: Sequence[Sequence[str]], split: Split, place: int, words: Mapping[int, str]) -> set[int]:
    end = place + len(split.forms)
    above = [words.get(at, "") for at in range(place, end)]
    if not split.may_be(" ".join(above[:-1])):
        return set()
    numbers: dict[tuple[str, ...], list[int]] = {}
    for number, row in enumerate(rows[:ENOUGH], 1):
        numbers.setdefault(tuple(row[place:end]), []).append(number)
    return {number for cells in split_numbers(split, above, numbers) for number in numbers[cells]}


def split_numbers(split: Split, headers: Sequence[str], rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Those of different rows of cells side by side that must be taken for a CPR number, under their headers."""
    pairs: dict[tuple[str, ...], tuple[str, str]] = {}
    filled = 0
    for cells in rows:
        parts = [plain(cell).strip() for cell in cells]
        if len(parts) == len(split.forms) and all(map(_fits, split.forms, parts)):
            pairs[cells] = split.pair(*parts)
        elif len(parts) < len(split.forms) or not (_is_figure_or_day(parts[0]) and _FIGURE.fullmatch(parts[-1])):
            continue
        filled += 1
        if filled > AT_FIRST and 10 * len(pairs) < filled:
            return []
    above = plain(" ".join(headers[:-1]))
    found = DayAndSerial(above, plain(headers[-1]), {*pairs.values()}, filled, split.fewest).numbers()
    return [cells for cells, pair in pairs.items() if pair in found]


def _fits(form: str, cell: str) -> bool:
    return _FORMS[form].fullmatch(cell) is not None


def _forms_in(cells: set[str]) -> set[str]:
    """The forms that any of the cells has."""
    left, found = {*_FORMS}, set[str]()
    for cell in cells:
        part = plain(cell).strip()
        if left and _ANY_FORM.fullmatch(part):
            found |= {form for form in left if _fits(form, part)}
            left -= found
    return found


@dataclass
class NumberColumn:
    """What speaks for and against CPR numbers in a column.

    `words` are its headers, `cells` the different cells that are nothing but a number of nine or ten digits, `figures`
    is how many different cells are figures of any length.
    """

    words: str
    cells: set[str] = field(default_factory=set)
    figures: int = 0

    def numbers(self) -> set[str]:
        """The cells that must be taken for CPR numbers."""
        digits = {cell: digits_alone(cell) for cell in self.cells}
        dated = {cell for cell, number in digits.items() if date_of(number)}
        if _NAMES_CPR.search(self.words):
            return dated
        likely = {cell for cell in dated if is_likely(digits[cell]) and not _LOST.fullmatch(cell)}
        if _NAMES_OTHER.search(self.words):
            return likely if len(likely) >= 3 and 4 * len(likely) >= 3 * self.figures else set()
        found = set()
        for kind in ("zero first", "as a production unit", "other"):
            alike = {cell for cell, number in digits.items() if len(number) == 10 and _kind(number) == kind}
            enough = (
                2 * len(alike & likely) > len(alike)
                if kind == "as a production unit"
                else 4 * len(alike & likely) >= len(alike)
            )
            found |= alike & likely if enough else set()
        return likely if 2 * len(likely) > self.figures else found


@dataclass
class DayAndSerial:
    """What speaks for and against CPR numbers in columns side by side.

    `cells` are the different pairs of a day and up to four digits, `filled` is how many different rows of these columns
    are filled with figures; `fewest` is how long a day must be that stands in one row alone.
    """

    words: str
    words_right: str
    cells: set[tuple[str, str]] = field(default_factory=set)
    filled: int = 0
    fewest: int = 6

    def numbers(self) -> set[tuple[str, str]]:
        """The pairs that must be taken for a CPR number."""
        numbers = {pair: _joined(*pair) for pair in self.cells}
        born = {pair for pair, number in numbers.items() if number}
        other = _NAMES_OTHER.search(self.words_right)
        named = _NAMES_BIRTH.search(self.words) or _NAMES_CPR.search(self.words_right)
        if named and not other and 2 * len(born) >= self.filled:
            return born
        dated = {pair for pair in born if not is_year(pair[1])}
        checked = {pair for pair in dated if has_check(numbers[pair])}
        if self.filled == 1:
            return (
                set()
                if other
                else {pair for pair in checked if len(pair[1].strip("-")) == 4 and len(pair[0]) >= self.fewest}
            )
        if 2 * len(checked) > self.filled:
            return dated
        days = {day for day, _ in dated}
        compact = all(day.isdecimal() and len(day) < 7 for day in days)
        many = self.filled >= 4 and 4 * len(dated) >= 3 * self.filled and 2 * len(days) > self.filled
        return dated if compact and many and not other else set()


def digits_alone(cell: str) -> str:
    """The nine or ten digits of a cell that is nothing but such a number, however Excel shows it; else nothing."""
    if found := _WHOLE.fullmatch(cell):
        digits = re.sub(r"\D", "", found[1])
    elif found := _SCIENTIFIC.fullmatch(cell):
        digits = (found[1] + found[2]).ljust(int(found[3]) + 1, "0")
    else:
        return ""
    return digits if len(digits) in (9, 10) else ""


def _words(rows: Sequence[Sequence[str]]) -> dict[int, str]:
    """The words above the figures, by column: texts of the first rows."""
    words: dict[int, str] = {}
    for row in rows[:30]:
        for place, cell in enumerate(row):
            if len(cell) < 100 and any(letter.isalpha() for letter in cell):
                words[place] = f"{words.get(place, '')} {plain(cell)}"
    return words


def _figures(rows: Sequence[Sequence[str]], place: int) -> int:
    """How many different cells of a column are figures."""
    return sum(1 for cell in {row[place] for row in rows if len(row) > place} if _FIGURE.fullmatch(plain(cell).strip()))


def _is_figure_or_day(cell: str) -> bool:
    cell = plain(cell).strip()
    return bool(_FIGURE.fullmatch(cell) or re.fullmatch(DAY, cell))


def _kind(number: str) -> str:
    return "zero first" if number[0] == "0" else "as a production unit" if number[:2] == "10" else "other"


def _joined(day: str, serial: str) -> str:
    """The number that a day and a serial in cells of their own make, if they can."""
    day = re.sub(r"(?<=\d{5})[.,]0+\Z|[T ][0:.]+\Z", "", day)
    if len(parts := re.findall(r"\d+|[a-z]+", day.casefold())) == 1:
        digits = parts[0].zfill(6 if len(parts[0]) < 7 else 8)
        parts = [digits[:2], digits[2:4], digits[4:]]
    if len(parts[0]) == 4:
        parts.reverse()
    if parts[1].isalpha():
        parts[1] = str(MONTHS.index({"may": "maj", "oct": "okt", "mai": "maj"}.get(parts[1][:3], parts[1][:3])) + 1)
    days, month, year = parts
    return number_of(days, month, year, re.sub(r"[.,]0+\Z", "", serial).lstrip("-"))
