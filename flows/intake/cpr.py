"""CPR numbers in text and in tables, as people and spreadsheets write them; the standard library alone.

A CPR number is a date of birth (ddmmyy) and four digits, of which the first, with the year, gives the century. Numbers
given out before October 2007 fulfil a check by modulus 11; since then, and for men born on 1 January of some years from
1960 on, there are numbers that do not (the CPR office: "Personnumre uden kontrolciffer").

How sure one must be depends on what else the digits can mean:

- with a dash, or a whole date before the four digits, a valid date of birth is enough;
- ten digits alone must fulfil the check, or belong to a birth that may lack it. In a cell that is nothing but the
  number, its column is asked too: at least a quarter of the column's numbers of ten digits must look so (more than half
  of those that begin as production-unit numbers do). A header that says what else the numbers are asks for nearly all;
- nine digits (Excel takes the zero of the first nine days away) count where most numbers of the column look so;
- a date and four digits in two cells side by side count where most rows of the two columns fulfil the check, or where
  the header says that the dates are of birth.

What this lets through and what it stops for nothing is measured by tests/intake/test_privacy.py; RATES has the figures.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
WITHOUT_CHECK_FROM = date(2007, 10, 1)
FIRST_JANUARY_WITHOUT_CHECK = 1960
BETWEEN = "\x1f"

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
}

# What has no eight digits near each other is no number; as a Rust expression it reads a million cells in no time.
PERHAPS = r"(?:[0-9][-_/:., ]{0,3}){7}[0-9]"
_PERHAPS = re.compile(PERHAPS)
# Letters after which a text must be made plain before it can be searched; Danish letters are none.
NOT_PLAIN = r"[^\x00-\x7FæøåÆØÅéÉ]"
_NOT_PLAIN = re.compile(NOT_PLAIN)
_GLUED = re.compile(r"(?<!\d)(\d\d)(\d\d)((?:\d\d)?\d\d)( *[-_/:]+ *| +|)(\d{4})(?!\d)", re.ASCII)
_APART = re.compile(
    r"(?<!\d)(?<!\d[ .,])(\d{1,2})([-./ ]{1,3})(\d{1,2})([-./ ]{1,3})((?:\d\d)?\d\d)"
    r"([-_/:. ]{1,3})(\d\d ?\d\d)(?![ .,]?\d)",
    re.ASCII,
)
_UNEVEN = re.compile(r"(?<!\d)(?<!\d[ .,])(\d\d) ?(\d\d) ?(\d\d) ?(\d\d) ?(\d\d)(?![ .,]?\d)", re.ASCII)
_YEAR_FIRST = re.compile(r"(?<!\d)((?:18|19|20)\d\d)([-./]?)(\d\d)\2(\d\d)([-_/:. ]{1,3})(\d{4})(?!\d)", re.ASCII)
_NAMED = re.compile(
    r"(?:cpr|person ?-?n(?:r|um))[^\d]{0,20}?"
    r"(\d{1,2})[-./ ]{0,3}(\d\d)[-./ ]{0,3}((?:\d\d)?\d\d)[-_/:., ]{0,3}(\d{4})(?!\d)",
    re.ASCII | re.IGNORECASE,
)
_DISTRICT = re.compile(r" [^\W\d_]")
_ACCOUNT = re.compile(r"(?<!\d)(?!19|20)\d{4}[- ]$", re.ASCII)

_WHOLE = re.compile(r"(\d{9,10}|\d{1,4}(?:[. ']\d{3}){2}|\d(?:[. ']\d{3}){3}|\d{5,6}[.,]\d{4})(?:[.,]0*)?", re.ASCII)
_SCIENTIFIC = re.compile(r"(\d)[.,](\d{6,9})E\+?0?([89])", re.ASCII | re.IGNORECASE)
FIGURE = r"[-+(]?[0-9][0-9 .,:/'T-]*(?:[eE][+]?[0-9]+)?[%)]?"
_FIGURE = re.compile(FIGURE)
_MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
# A day and a serial of four digits in cells of their own; the day's and the serial's first zeros may be lost.
_DD, _MM, _YY = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0[1-9]|1[0-2])", "(?:(?:18|19|20)[0-9][0-9]|[0-9][0-9])"
_NAME_OF_MONTH = "(?:jan|feb|mar|apr|ma[ijr]|may|jun|jul|aug|sep|o[kc]t|nov|dec)[a-zA-Z]*"
DAY = (
    rf"(?:{_DD}{_MM}{_YY}(?:[.,]0+)?|{_DD}[-./ ]{{1,3}}0?(?:[1-9]|1[0-2])[-./ ]{{1,3}}{_YY}-?"
    rf"|(?:18|19|20)[0-9][0-9][-./]{_MM}[-./]{_DD}(?:[T ][0:.]+)?|{_DD}[-. ]{{1,2}}{_NAME_OF_MONTH}[-. ]{{1,2}}{_YY})"
)
SERIAL = r"(?:[0-9]{1,4}(?:[.,]0+)?|-[0-9]{4})"
_SIDE_BY_SIDE = re.compile(
    rf"(?<![^{BETWEEN}]) *({DAY}) *{BETWEEN}(?= *({SERIAL}) *(?:{BETWEEN}|\Z))", re.ASCII | re.IGNORECASE
)

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


def plain(text: str) -> str:
    """Text with every dash as '-', every blank as ' ', every digit as 0-9, and without invisible characters."""
    return text if text.isascii() else _NOT_PLAIN.sub(lambda found: _plain(found[0]), text)


def holds_cpr_number(text: str) -> bool:
    """Whether a text holds what must be taken for a CPR number, whatever stands around it."""
    text = plain(text)
    return bool(_PERHAPS.search(text)) and any(found(text) for found in (_glued, _apart, _year_first, _uneven, _named))


def rows_with_cpr_numbers(rows: Sequence[Sequence[str]]) -> list[int]:
    """Numbers of the rows of a table, from 1, that hold one: in a cell, or in two cells side by side.

    The rows may have titles and headers among them; what a column's words say of its numbers is heard.
    """
    held: set[int] = set()
    columns: dict[int, dict[str, list[int]]] = {}
    pairs: dict[int, dict[tuple[str, str], list[int]]] = {}
    for number, row in enumerate(rows, 1):
        line = plain(BETWEEN.join(row))
        if _PERHAPS.search(line):
            for place, cell in enumerate(map(str.strip, line.split(BETWEEN))):
                if digits_alone(cell):
                    columns.setdefault(place, {}).setdefault(cell, []).append(number)
                elif holds_cpr_number(cell):
                    held.add(number)
        for found in _SIDE_BY_SIDE.finditer(line):
            place = line.count(BETWEEN, 0, found.start(1))
            pairs.setdefault(place, {}).setdefault((found[1], found[2]), []).append(number)
    if columns or pairs:
        words = _words(rows)
        for place, cells in columns.items():
            column = NumberColumn(words.get(place, ""), set(cells), _figures(rows, place))
            held.update(number for cell in column.numbers() for number in cells[cell])
        for place, both in pairs.items():
            pair = DayAndSerial(
                words.get(place, ""), words.get(place + 1, ""), set(both), _pairs(rows, place, 2 * len(both))
            )
            held.update(number for cell in pair.numbers() for number in both[cell])
    return sorted(held)


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
        dated = {cell for cell, number in digits.items() if _date_of(number)}
        if _NAMES_CPR.search(self.words):
            return dated
        likely = {cell for cell in dated if _is_likely(digits[cell])}
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
    """What speaks for and against CPR numbers in two columns side by side.

    `cells` are the different pairs of a day and up to four digits, `filled` is how many pairs of two figures there are.
    """

    words: str
    words_right: str
    cells: set[tuple[str, str]] = field(default_factory=set)
    filled: int = 0

    def numbers(self) -> set[tuple[str, str]]:
        """The pairs that must be taken for a CPR number."""
        numbers = {pair: _joined(*pair) for pair in self.cells}
        born = {pair for pair, number in numbers.items() if number}
        other = _NAMES_OTHER.search(self.words_right)
        named = _NAMES_BIRTH.search(self.words) or _NAMES_CPR.search(self.words_right)
        if named and not other and 2 * len(born) >= self.filled:
            return born
        dated = {pair for pair in born if not _is_year(pair[1])}
        checked = {pair for pair in dated if _has_check(numbers[pair])}
        if self.filled == 1:
            return set() if other else {pair for pair in checked if len(pair[1].strip("-")) == 4 and len(pair[0]) > 5}
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


def _plain(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind == "Nd":
        return str(unicodedata.digit(letter))
    if kind == "Pd" or letter in "\u00ad\u2043\u2212\u00b7\u2022\u2027":
        return "-"
    return " " if kind == "Zs" else "" if kind == "Cf" else letter


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


def _pairs(rows: Sequence[Sequence[str]], place: int, most: int) -> int:
    """How many different pairs of two columns side by side are filled with figures or days; beyond `most` no matter."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        if len(seen) > most:
            break
        if len(row) > place + 1 and _is_figure_or_day(row[place]) and _FIGURE.fullmatch(plain(row[place + 1]).strip()):
            seen.add((row[place], row[place + 1]))
    return len(seen)


def _is_figure_or_day(cell: str) -> bool:
    cell = plain(cell).strip()
    return bool(_FIGURE.fullmatch(cell) or re.fullmatch(DAY, cell))


def _glued(text: str) -> bool:
    for found in _GLUED.finditer(text):
        day, month, year, mark, serial = found.groups()
        number = _number(day, month, year, serial)
        if not number or (len(year) == 2 and not mark and _is_figure(text, found)):
            continue
        if "-" in mark or ":" in mark or (len(year) == 4 and not mark):
            if len(year) == 2 or not _is_year(serial):
                return True
        elif mark.strip(" _") and not _is_year(serial):
            return True
        if _is_likely(number):
            return True
    return False


def _is_figure(text: str, found: re.Match[str]) -> bool:
    """Whether ten digits are part of a figure with decimals, or of an account's number behind that of its bank."""
    before, after = text[max(0, found.start() - 6) : found.start()], text[found.end() : found.end() + 12]
    decimals = re.match(r"[.,]\d", after) and not re.match(r"[.,]0+(?!\d)", after) and "-" not in after
    return bool(re.search(r"\d[.,]$", before) or decimals or _ACCOUNT.search(before))


def _apart(text: str) -> bool:
    for found in _APART.finditer(text):
        day, first, month, second, year, mark, last = found.groups()
        serial = last.replace(" ", "")
        number = _number(day, month, year, serial)
        # A year ends a period; four digits and a name are a postal district.
        if not number or _is_year(serial) or ("-" not in mark and _DISTRICT.match(text, found.end())):
            continue
        whole = found.end() - found.start() == len(text.strip()) and (first + second).strip()
        if (whole or "-" in mark) and mark != ".":
            return True
        if _has_check(number) or (len(year) == 2 and _is_likely(number) and len(day) == len(month) == 2):
            return True
    return False


def _uneven(text: str) -> bool:
    """Ten digits with a blank between some of their parts."""
    return any(
        " " in found[0]
        and (number := _number(found[1], found[2], found[3], found[4] + found[5]))
        and _is_likely(number)
        for found in _UNEVEN.finditer(text)
    )


def _year_first(text: str) -> bool:
    for found in _YEAR_FIRST.finditer(text):
        year, between, month, day, _, serial = found.groups()
        if number := _number(day, month, year, serial):
            whole = between and found.end() - found.start() == len(text.strip()) and not _is_year(serial)
            # Eight digits without a sign between them begin numbers of cases; in this century they are days of work.
            if whole or (_has_check(number) and (between or int(year) < 2000)):
                return True
    return False


def _named(text: str) -> bool:
    """What is called a CPR number need not fulfil the check; a leading zero may be lost."""
    return any(_number(*found.groups()) for found in _NAMED.finditer(text))


def _kind(number: str) -> str:
    return "zero first" if number[0] == "0" else "as a production unit" if number[:2] == "10" else "other"


def _number(day: str, month: str, year: str, serial: str) -> str:
    """The ten digits, if they have a date of birth in the past that agrees with the century of a year in full."""
    number = f"{day:0>2}{month:0>2}{year[-2:]}{serial:0>4}"
    born = _date_of(number)
    return number if born and (len(year) == 2 or born.year == int(year)) else ""


def _joined(day: str, serial: str) -> str:
    """The number that a day and a serial in cells of their own make, if they can."""
    day = re.sub(r"(?<=\d{5})[.,]0+\Z|[T ][0:.]+\Z", "", day)
    if len(parts := re.findall(r"\d+|[a-z]+", day.casefold())) == 1:
        digits = parts[0].zfill(6 if len(parts[0]) < 7 else 8)
        parts = [digits[:2], digits[2:4], digits[4:]]
    if len(parts[0]) == 4:
        parts.reverse()
    if parts[1].isalpha():
        parts[1] = str(_MONTHS.index({"may": "maj", "oct": "okt", "mai": "maj"}.get(parts[1][:3], parts[1][:3])) + 1)
    days, month, year = parts
    return _number(days, month, year, re.sub(r"[.,]0+\Z", "", serial).lstrip("-"))


def _is_year(serial: str) -> bool:
    return serial[:2] in ("19", "20") and len(serial) == 4


def _is_likely(number: str) -> bool:
    """Whether a number of nine or ten digits fulfils the check, or has a birth that may lack it."""
    born = _date_of(number)
    may_lack = born and (
        born >= WITHOUT_CHECK_FROM or (born.month == born.day == 1 and born.year >= FIRST_JANUARY_WITHOUT_CHECK)
    )
    return bool(born and (may_lack or _has_check(number)))


def _has_check(number: str) -> bool:
    return sum(weight * int(digit) for weight, digit in zip(WEIGHTS, f"{number:0>10}", strict=True)) % 11 == 0


def _date_of(number: str) -> date | None:
    number = f"{number:0>10}"
    born = _born(int(number[:2]), int(number[2:4]), int(number[4:6]), int(number[6]))
    return born if born and born <= datetime.now().astimezone().date() else None


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
