"""What a cell shows: its number as its format shows it, but that no digit is taken away.

Rounding for display is none of the sender's words, so the stored number stays exact. Whatever a format does beyond
rounding counts as it is shown (a percentage, a date, a text in place of a number), or the cell is set aside.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from flows.intake.apart.format_sections import FormatSection, sections
from flows.intake.apart.marks import SHOWN_OTHERWISE
from flows.intake.apart.numbers import written

# Formats that a workbook names by number alone; source: ECMA-376, part 1, 18.8.30. Those of money and of dates differ
# by country in what they show, not in what is read here. 27-36 and 50-58 are East Asian dates, 59-81 Thai.
BUILT_IN: Mapping[int, str] = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
    5: '#,##0\\ "kr.";\\-#,##0\\ "kr."', 6: '#,##0\\ "kr.";[Red]\\-#,##0\\ "kr."',
    7: '#,##0.00\\ "kr.";\\-#,##0.00\\ "kr."', 8: '#,##0.00\\ "kr.";[Red]\\-#,##0.00\\ "kr."',
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "dd-mm-yyyy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm",
    21: "h:mm:ss", 22: "dd-mm-yyyy h:mm", **dict.fromkeys(range(27, 37), "yyyy-mm-dd"),
    37: "#,##0;\\-#,##0", 38: "#,##0;[Red]\\-#,##0", 39: "#,##0.00;\\-#,##0.00", 40: "#,##0.00;[Red]\\-#,##0.00",
    41: '_-* #,##0_-;\\-* #,##0_-;_-* "-"_-;_-@_-',
    42: '_-* #,##0\\ "kr."_-;\\-* #,##0\\ "kr."_-;_-* "-"\\ "kr."_-;_-@_-',
    43: '_-* #,##0.00_-;\\-* #,##0.00_-;_-* "-"??_-;_-@_-',
    44: '_-* #,##0.00\\ "kr."_-;\\-* #,##0.00\\ "kr."_-;_-* "-"??\\ "kr."_-;_-@_-',
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    **dict.fromkeys(range(50, 59), "yyyy-mm-dd"),
}  # fmt: skip
UNKNOWN = range(59, 82)
LONGEST_CODE = 1000
# Words beside a number that say what it is counted in and change nothing of it. All money here is Danish: what is shown
# in euros is another amount.
MONEY = {"kr", "kr.", "dkk", ",-", ".-", ",–"}
PERCENT = {"%", "pct", "pct.", "procent"}
MINUS = ("-", "−", "–")
FIRST_DAY, FIRST_DAY_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a workbook knows no zones
LEAP_DAY, BEYOND = 60, 2_958_466


class NumberFormat:
    """A number format of a workbook."""

    def __init__(self, code: str) -> None:
        self.sections = sections(code) if len(code) <= LONGEST_CODE else []
        self.is_general = code.casefold() == "general"
        last = self.sections[-1] if self.sections else None
        has_text = last is not None and last.kind == "text" and len(self.sections) > 1
        self.of_text = self.sections[3] if len(self.sections) > 3 else last if has_text else None
        self.of_numbers = self.sections[:-1] if has_text else self.sections[:3]

    def shown(self, number: Decimal, is_1904: bool = False) -> str:
        """The text of a cell that stores this number; `is_1904` says from which day the workbook counts its days."""
        if self.is_general:
            return written(number)
        section, is_negative_part = self._section(number)
        if section is None:
            return SHOWN_OTHERWISE
        match section.kind:
            case "date":
                return date_shown(number, section, is_1904)
            case "words":
                return _words_alone(number, section, is_negative_part or len(self.of_numbers) > 1)
            case "odd":
                return SHOWN_OTHERWISE
            case _:
                return _number_shown(number, section, is_negative_part, bool(section.condition))

    def day_of_year(self, number: Decimal, is_1904: bool) -> str:
        """The whole day of which the format shows the year alone, in ISO form; nothing where it shows anything else."""
        section, _ = self._section(number)
        if section is None or section.kind != "date" or set(section.date_signs) != {"y"}:
            return ""
        return date_shown(number, section._replace(date_signs="ymd"), is_1904)

    def shows_text(self) -> bool:
        """Whether a cell of text is shown as it is."""
        section = self.of_text
        return section is None or (
            section.kind in ("text", "general") and not (section.before + section.behind).strip()
        )

    def _section(self, number: Decimal) -> tuple[FormatSection | None, bool]:
        """The section that shows a number, and whether it is the one for negative numbers, without their sign."""
        parts = self.of_numbers
        if any(section.condition for section in parts):
            for section in parts:
                if section.condition and section.condition[0](number, section.condition[1]):
                    return section, False
            rest = [section for section in parts if not section.condition]
            return (rest[-1] if parts[0].condition else rest[0]) if rest else None, False
        if not parts:
            return None, False
        if number < 0 and len(parts) > 1:
            return parts[1], True
        return parts[2] if number == 0 and len(parts) > 2 else parts[0], False


@lru_cache(maxsize=4096)
def number_format(code: str) -> NumberFormat:
    """The format of a code."""
    return NumberFormat(code)


def _words_alone(number: Decimal, section: FormatSection, has_sign: bool) -> str:
    """The words that stand in place of a number; nothing, where something is stored, is not what is stored."""
    words = " ".join(section.before.split())
    if not words or section.percents or (number < 0 and not has_sign) or section.filled.strip():
        return SHOWN_OTHERWISE
    return words


def _number_shown(number: Decimal, section: FormatSection, is_negative_part: bool, has_condition: bool) -> str:
    """A number beside words that change nothing of it; whatever else the section does sets it aside."""
    before, behind = section.before, section.behind
    if section.filled.strip() or (section.is_scaled and number) or section.percents > 1:
        return SHOWN_OTHERWISE
    if section.kind == "number" and section.between and not section.is_fraction and not section.has_thousands_by_hand:
        return _pattern_shown(number, section, is_negative_part)
    if number == 0 and section.kind == "number" and not section.is_fraction and not section.has_zero:
        words = " ".join(word for word in (before + " " + behind).split() if word.casefold() not in MONEY)
        return words or SHOWN_OTHERWISE
    sign = _sign(before, behind)
    is_percent, is_known = _counted_in(_without_sign(before, behind))
    # Excel writes the sign itself, but not in a section of its own for negative numbers.
    needs_sign = number < 0 and (is_negative_part or has_condition)
    if not is_known or (is_percent and section.percents) or sign != ("-" if needs_sign else ""):
        return SHOWN_OTHERWISE
    text = _padded(written(number * 100**section.percents), section)
    return f"{text} %" if is_percent or section.percents else text


def _sign(before: str, behind: str) -> str | None:
    """'-' where the words make a number negative, '' where they do not, None where they are no sign at all."""
    start, end = before.strip(), behind.strip()
    if start.endswith("(") or end.startswith(")"):
        return "-" if start.endswith("(") and end.startswith(")") else None
    minuses = sum(start.count(mark) for mark in MINUS) + (end in MINUS)
    return "-" if minuses == 1 else "" if not minuses else None


def _without_sign(before: str, behind: str) -> list[str]:
    """Words beside a number that are no sign of it."""
    start = re.sub(r"[-−–+(]", " ", before)
    end = "" if behind.strip() in MINUS else behind.replace(")", " ")
    return [word.casefold() for word in f"{start} {end}".split()]


def _counted_in(words: list[str]) -> tuple[bool, bool]:
    """Whether words write a percent sign, and whether they are all known to change nothing of the number."""
    percents = [word for word in words if word in PERCENT]
    return bool(percents), len(percents) < 2 and all(word in MONEY | PERCENT for word in words)


def _padded(text: str, section: FormatSection) -> str:
    """A number with the zeros that its format writes before it, as in a code of four digits."""
    if section.least < 2 or section.is_fraction:
        return text
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, comma, fraction = digits.partition(",")
    return sign + whole.zfill(section.least) + comma + fraction


def _pattern_shown(number: Decimal, section: FormatSection, is_negative_part: bool) -> str:
    """Digits with texts between them, such as a number of a case, as they are shown."""
    if number != number.to_integral_value() or number < 0 or is_negative_part or section.percents:
        return SHOWN_OTHERWISE
    digits = list(f"{number:f}".partition(".")[0].zfill(section.least))
    if number == 0 and not section.least:
        digits = []
    shown: list[str] = []
    left = sum(token.kind == "digit" for token in section.places)
    for token in reversed(section.places):
        if token.kind == "word":
            shown.append(token.text)
            continue
        left -= 1
        if digits:
            shown.append(digits.pop())
        if not left:
            shown += reversed(digits)
    return f"{section.before}{''.join(reversed(shown))}{section.behind}".strip()


def date_shown(number: Decimal, section: FormatSection, is_1904: bool) -> str:
    """A day, a moment, or a time of day in ISO form; hours that run on beyond a day, or a year alone, as they are."""
    if number < 0 or number >= BEYOND:
        return SHOWN_OTHERWISE
    seconds = int((number * 86_400).to_integral_value())
    if section.is_elapsed:
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    signs = section.date_signs
    has_day = "d" in signs or "y" in signs or ("m" in signs and "h" not in signs and "s" not in signs)
    if not has_day:
        return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    days = seconds // 86_400
    if not is_1904 and days in (0, LEAP_DAY):
        # Days 0 January 1900 and 29 February 1900 are shown and never were.
        return SHOWN_OTHERWISE
    start = FIRST_DAY_1904 if is_1904 else FIRST_DAY + timedelta(days=days < LEAP_DAY)
    moment = start + timedelta(seconds=seconds)
    if set(signs) == {"y"} and len(signs) > 2:
        return f"{moment.year:04}"
    has_time = ("h" in signs or "s" in signs) and seconds % 86_400
    return moment.isoformat() if has_time else moment.date().isoformat()
