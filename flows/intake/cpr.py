"""CPR numbers in text, as people and spreadsheets write them; the standard library alone.

A CPR number is a date of birth (ddmmyy) and four digits, of which the first, with the year, gives the century. Numbers
given out before October 2007 fulfil a check by modulus 11; since then, and for men born on 1 January of some years from
1960 on, there are numbers that do not (the CPR office: "Personnumre uden kontrolciffer").

How sure one must be depends on what else the digits can mean: with a dash, or a whole date before the four digits, a
valid date of birth is enough; ten digits alone must fulfil the check, or belong to a birth that may lack it. What the
columns of a table say beside is asked in cpr_tables.py.
"""

import re
import unicodedata
from datetime import date, datetime
from html import unescape
from urllib.parse import unquote

WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
WITHOUT_CHECK_FROM = date(2007, 10, 1)
FIRST_JANUARY_WITHOUT_CHECK = 1960
# What has no eight digits near each other is no number, but for what a scientific format left of one; as a Rust
# expression it reads a million cells in no time.
PERHAPS = r"(?:[0-9][-_/:., \n\r]{0,3}){7}[0-9]|[0-9][.,][0-9]{5,6}[eE]\+?0?[89]"
_PERHAPS = re.compile(PERHAPS)
# Letters after which a text must be made plain before it can be searched; Danish letters are none.
# A tab is a blank within a cell; links and web pages write signs as %2D or &#45;.
NOT_PLAIN = r"[^\x00-\x08\x0a-\x7FæøåÆØÅéÉ]|(?:%[0-9A-Fa-f]{2})+|&#?[0-9A-Za-z]{2,8};"
_NOT_PLAIN = re.compile(NOT_PLAIN)
# What parts texts that are searched together. A line may break within a number, as in a cell or a comment.
BETWEEN = "\x1f"
_BREAK = re.compile("[\n\r]+")
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
_ONE_BY_ONE = re.compile(r"(?<![\d.,])(?<!\d )(?:\d ){5}\d(?: ?- ?| )(?:\d ){3}\d(?! ?[\d.,])", re.ASCII)
MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_IN_WORDS = re.compile(
    rf"(?<!\d)(\d{{1,2}})\.? ?({'|'.join(MONTHS)})[a-z]{{0,6}}\.? ?((?:18|19|20)\d\d) ?- ?(\d{{4}})(?!\d)",
    re.ASCII | re.IGNORECASE,
)
_DISTRICT = re.compile(r" [^\W\d_]")
_ACCOUNT = re.compile(r"(?<!\d)(?!19|20)\d{4}[- ]$", re.ASCII)


def plain(text: str) -> str:
    """Text with every dash as '-', every blank and line's end as ' ', every digit as 0-9, and nothing invisible."""
    if "\n" in text or "\r" in text:
        text = _BREAK.sub(" ", text)
    return _NOT_PLAIN.sub(lambda found: "".join(map(_plain, unquote(unescape(found[0])))), text)


def holds_cpr_number(text: str) -> bool:
    """Whether a text holds what must be taken for a CPR number, whatever stands around it."""
    text = plain(text)
    return bool(_PERHAPS.search(text)) and any(found(text) for found in SOUGHT)


def _plain(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind == "Nd":
        return str(unicodedata.digit(letter))
    if kind == "Pd" or letter in "\u00ad\u2043\u2212\u00b7\u2022\u2027":
        return "-"
    return " " if kind[0] == "Z" or letter in "\t\x85" else "" if kind == "Cf" else letter


def _glued(text: str) -> bool:
    for found in _GLUED.finditer(text):
        day, month, year, mark, serial = found.groups()
        number = number_of(day, month, year, serial)
        if not number or (len(year) == 2 and not mark and _is_figure(text, found)):
            continue
        if "-" in mark or ":" in mark or (len(year) == 4 and not mark):
            if len(year) == 2 or not is_year(serial):
                return True
        elif mark.strip(" _") and not is_year(serial):
            return True
        if is_likely(number):
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
        number = number_of(day, month, year, serial)
        # A year ends a period; four digits and a name are a postal district.
        if not number or is_year(serial) or ("-" not in mark and _DISTRICT.match(text, found.end())):
            continue
        whole = found.end() - found.start() == len(text.strip()) and (first + second).strip()
        if (whole or "-" in mark) and mark != ".":
            return True
        if has_check(number) or (len(year) == 2 and is_likely(number) and len(day) == len(month) == 2):
            return True
    return False


def _uneven(text: str) -> bool:
    """Ten digits with a blank between some of their parts."""
    return any(
        " " in found[0]
        and (number := number_of(found[1], found[2], found[3], found[4] + found[5]))
        and is_likely(number)
        for found in _UNEVEN.finditer(text)
    )


def _year_first(text: str) -> bool:
    for found in _YEAR_FIRST.finditer(text):
        year, between, month, day, _, serial = found.groups()
        if number := number_of(day, month, year, serial):
            whole = between and found.end() - found.start() == len(text.strip()) and not is_year(serial)
            # Eight digits without a sign between them begin numbers of cases; in this century they are days of work.
            if whole or (has_check(number) and (between or int(year) < 2000)):
                return True
    return False


def _one_by_one(text: str) -> bool:
    """Ten digits as they stand in the boxes of a form."""
    return any(is_likely("".join(re.findall(r"\d", found[0]))) for found in _ONE_BY_ONE.finditer(text))


def _in_words(text: str) -> bool:
    """A month by its name; before a postal district or a count the four digits seldom fulfil the check."""
    for found in _IN_WORDS.finditer(text):
        day, month, year, serial = found.groups()
        number = number_of(day, str(MONTHS.index(month.casefold()) + 1), year, serial)
        if number and not is_year(serial) and is_likely(number):
            return True
    return False


def _named(text: str) -> bool:
    """What is called a CPR number need not fulfil the check; a leading zero may be lost."""
    return any(number_of(*found.groups()) for found in _NAMED.finditer(text))


SOUGHT = (_glued, _apart, _year_first, _uneven, _one_by_one, _in_words, _named)


def number_of(day: str, month: str, year: str, serial: str) -> str:
    """The ten digits, if they have a date of birth in the past that agrees with the century of a year in full."""
    number = f"{day:0>2}{month:0>2}{year[-2:]}{serial:0>4}"
    born = date_of(number)
    return number if born and (len(year) == 2 or born.year == int(year)) else ""


def is_year(serial: str) -> bool:
    return serial[:2] in ("19", "20") and len(serial) == 4


def is_likely(number: str) -> bool:
    """Whether a number of nine or ten digits fulfils the check, or has a birth that may lack it."""
    born = date_of(number)
    may_lack = born and (
        born >= WITHOUT_CHECK_FROM or (born.month == born.day == 1 and born.year >= FIRST_JANUARY_WITHOUT_CHECK)
    )
    return bool(born and (may_lack or has_check(number)))


def has_check(number: str) -> bool:
    return sum(weight * int(digit) for weight, digit in zip(WEIGHTS, f"{number:0>10}", strict=True)) % 11 == 0


def date_of(number: str) -> date | None:
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
