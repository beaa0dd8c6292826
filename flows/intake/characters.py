"""The letters of a delivery: what a text cannot mean is cleaned by rule, what is no text and no figure is found.

Word, browsers and spreadsheets leave letters in a text that nobody sees: no-break blanks, marks of direction, tabs and
line ends inside a cell, bullets of the fonts Symbol and Wingdings at code points that have no meaning of their own. Two
names that differ only by these are the same name. A cell may also show a mark in place of a value: an error, a formula
that was never calculated, something else than is stored.
"""

import re
import unicodedata
from collections.abc import Sequence

import polars as pl

from flows.intake.apart import marks

# Below so many spellings Python is done before polars has begun.
FEW = 2_000
# What Word pastes from Symbol and Wingdings (private use, U+F000 + the font's own code), as Unicode signs.
PASTED = {
    0xF02D: "-",
    0xF0A3: "≤",
    0xF0A7: "▪",
    0xF0A8: "▪",
    0xF0AB: "★",
    0xF0AE: "→",
    0xF0B0: "°",
    0xF0B1: "±",
    0xF0B3: "≥",
    0xF0B4: "×",
    0xF0B7: "•",
    0xF0B9: "≠",
    0xF0BB: "≈",
    0xF0BE: "–",
    0xF0D8: "➢",
    0xF0DE: "⇒",
    0xF0DF: "←",
    0xF0E0: "→",
    0xF0E8: "➔",
    0xF0F0: "⇨",
    0xF0FB: "✗",
    0xF0FC: "✓",
    0xF0FE: "☑",
    0xF06F: "□",
    0xF071: "❑",
    0xF075: "◆",
    0xF076: "❖",
    0xF06E: "■",
    0xF06C: "●",
    0xF0A1: "○",
}
BLANKS = "\t\n\x0b\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# Marks of width, direction and shaping, and where a line may break.
UNSEEN = "\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
_BLANK, _UNSEEN = re.compile(f"[{BLANKS}]"), re.compile(f"[{UNSEEN}]")
# Whether a spelling needs a second look, as a Rust expression: anything but ASCII, Danish and common Western letters,
# curly quotation marks, dashes, bullets and euro signs in their own form.
ODD = "[^ -~¡-\xac\xae-ſ‐-‧‰-›€™−≤≥≈]|^ | $"
# Marks by the rule that they break whatever the type of their column.
_MARKS = {
    "error_cell": re.compile(marks.ERROR),
    "not_calculated": re.compile(marks.UNCALCULATED),
    "shown_otherwise": re.compile(marks.OTHERWISE),
}
# What cannot match this is no mark; as an expression of Rust and Python it is asked of all columns at once.
PERHAPS_BROKEN = r"(?i)^\s*(?:[#=]|err:|fejl:)"


def any_matches(spellings: pl.Series, pattern: str) -> bool:
    """Whether a regular expression that Python and Rust read alike is found in any spelling."""
    if len(spellings) > FEW:
        return bool(spellings.str.contains(pattern).any())
    return any(map(re.compile(pattern).search, spellings.to_list()))


def cleaned(spellings: pl.Series) -> pl.Series:
    """Spellings in the form NFC, blanks as ' ', without letters that nobody sees, without blanks around them.

    What Word pasted from Symbol or Wingdings becomes the sign that was meant. Curly quotation marks and dashes stay.
    """
    if not any_matches(spellings, ODD):
        return spellings
    places = spellings.str.contains(ODD).fill_null(False).arg_true()
    return spellings.clone().scatter(places, [clean(text) for text in spellings.gather(places)])


def unprintable(spellings: pl.Series) -> pl.Series:
    """A mask over spellings: those that hold, even when cleaned, a letter that no font can have.

    These are control characters, private use without a known sign, halves of surrogate pairs, noncharacters and code
    points that Unicode has not given to a letter; and the replacement character, which stands for a letter lost before.
    """
    mask = spellings.str.contains(ODD).fill_null(False)
    places = mask.arg_true()
    return mask.scatter(places, [bool(unprintable_in(clean(text))) for text in spellings.gather(places)])


def clean(text: str) -> str:
    """One text as `cleaned` makes it."""
    text = _UNSEEN.sub("", _BLANK.sub(" ", text.translate(PASTED)))
    return unicodedata.normalize("NFC", text).strip()


def unprintable_in(text: str) -> Sequence[str]:
    """The code points of a text that cannot be printed, as 'U+F0B7', each once; for a fault's detail."""
    held = dict.fromkeys(letter for letter in text if unicodedata.category(letter)[0] == "C" or letter == "\ufffd")
    return [f"U+{ord(letter):04X}" for letter in held]


def broken_rule(spelling: str) -> str | None:
    """The rule that a spelling breaks by itself: an error, a formula without a result, something else than is stored.

    '#SHOWN!' and '#####' are not mixed up: the first is the reader's own word.
    """
    return next((rule for rule, mark in _MARKS.items() if mark.match(spelling)), None)
