"""The code of a number format, taken apart: sections, each a pattern of digits, a date, a text or words.

Source of the grammar: ECMA-376, part 1, 18.8.31 (numFmts), and what Excel and LibreOffice write.
"""

import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)"? | \\(?P<escaped>.) | _(?P<blank>.) | \*(?P<fill>.) | \[(?P<bracket>[^\]]*)\]
    | (?P<general>general|standard) | (?P<clock>AM/PM|A/P) | (?P<power>E[+-])
    | (?P<word>kr\.?|DKK|EUR|USD|SEK|NOK|GBP|pct\.?|procent|personer|stk\.?|mio\.?|mia\.?)
    | (?P<digit>[0\#?]) | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9]+(?:\.[0-9]+)?)", re.ASCII)
COMPARED: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
DATE_SIGNS = frozenset("dmyhsDMYHS")
# Marks that stand between digits only to be read more easily, where the digits come in threes.
THOUSANDS = frozenset(" \xa0\u202f.'’")

Kind = Literal["number", "general", "date", "words", "text", "odd"]


class Token(NamedTuple):
    """A piece of a format: what it is, and its text."""

    kind: str
    text: str


class FormatSection(NamedTuple):
    """One section of a format.

    `words` are the texts before, between and behind the digits; `places` the digits and texts of the whole part in
    their order, texts as they are shown; `least` the fewest digits of the whole part. `percents` counts signs that
    multiply by a hundred, `is_scaled` says that thousands are cut off, `is_fraction` that the number is shown
    as a fraction or with a power of ten, `has_zero` that a zero is shown as a digit; `filled` is the
    sign that fills the cell.
    """

    kind: Kind
    condition: tuple[Callable[[Decimal, Decimal], bool], Decimal] | None
    before: str
    behind: str
    places: tuple[Token, ...] = ()
    percents: int = 0
    is_scaled: bool = False
    is_fraction: bool = False
    has_zero: bool = True
    filled: str = ""
    date_signs: str = ""
    is_elapsed: bool = False

    @property
    def least(self) -> int:
        """The fewest digits of the whole part that are shown."""
        digits = [token.text for token in self.places if token.kind == "digit"]
        return len(digits) - digits.index("0") if "0" in digits else 0

    @property
    def between(self) -> list[str]:
        """Texts between digits of the whole part."""
        return [token.text for token in self.places if token.kind == "word"]

    @property
    def has_thousands_by_hand(self) -> bool:
        """Whether the texts between the digits only group them in threes, as in '# ##0'."""
        groups = "".join("|" if token.kind == "word" else "0" for token in self.places).split("|")
        first = next((token.text for token in self.places if token.kind == "digit"), "0")
        return first == "#" and set("".join(self.between)) <= THOUSANDS and all(len(g) == 3 for g in groups[1:])


def sections(code: str) -> list[FormatSection]:
    """The sections of a format."""
    parts: list[list[Token]] = [[]]
    for match in TOKEN.finditer(code):
        kind, text = match.lastgroup or "sign", match[match.lastgroup or 0]
        if kind == "sign" and text == ";":
            parts.append([])
        else:
            parts[-1].append(Token(kind, text))
    return [_section(tokens) for tokens in parts]


def _section(tokens: Sequence[Token]) -> FormatSection:
    tokens, condition, is_elapsed = _without_brackets(tokens)
    filled = "".join(token.text for token in tokens if token.kind == "fill")
    tokens = [token for token in tokens if token.kind not in ("fill", "blank")]
    kinds = {token.kind for token in tokens}
    signs = "".join(token.text for token in tokens if token.kind == "sign")
    date_signs = "".join(sign for sign in signs if sign in DATE_SIGNS).lower()
    if date_signs or is_elapsed or "clock" in kinds:
        has_digits = any(token.kind == "digit" and token.text != "0" for token in tokens)
        kind: Kind = "odd" if has_digits or "general" in kinds else "date"
        return FormatSection(kind, condition, "", "", filled=filled, date_signs=date_signs, is_elapsed=is_elapsed)
    if "digit" in kinds:
        return _of_digits(tokens, condition, filled)
    whole = [at for at, token in enumerate(tokens) if token.kind == "general" or token == ("sign", "@")]
    middle = whole[0] if whole else None
    if middle is None:
        return FormatSection("words", condition, _shown(tokens), "", percents=signs.count("%"), filled=filled)
    before, behind = _shown(tokens[:middle]), _shown(tokens[middle + 1 :])
    kind = "general" if "general" in kinds else "text"
    return FormatSection(kind, condition, before, behind, percents=signs.count("%"), filled=filled)


def _without_brackets(
    tokens: Sequence[Token],
) -> tuple[list[Token], tuple[Callable[[Decimal, Decimal], bool], Decimal] | None, bool]:
    """Tokens without colours, locales and conditions; the condition; whether hours run on beyond a day."""
    kept: list[Token] = []
    condition, is_elapsed = None, False
    for token in tokens:
        if token.kind != "bracket":
            kept.append(token)
        elif token.text.startswith("$"):
            # '[$kr.-406]' is a currency and a language, '[$-406]' a language alone.
            kept.append(Token("quoted", token.text[1:].rpartition("-")[0] if "-" in token.text else token.text[1:]))
        elif found := CONDITION.fullmatch(token.text.strip()):
            condition = (COMPARED[found[1]], Decimal(found[2]))
        elif ELAPSED.fullmatch(token.text):
            is_elapsed = True
    return kept, condition, is_elapsed


def _of_digits(
    tokens: Sequence[Token], condition: tuple[Callable[[Decimal, Decimal], bool], Decimal] | None, filled: str
) -> FormatSection:
    """A section with digits: the whole part ends with a point, a power of ten, or the last digit."""
    digits = [at for at, token in enumerate(tokens) if token.kind == "digit"]
    first, last = digits[0], digits[-1]
    point = next((at for at, token in enumerate(tokens) if token == ("sign", ".")), None)
    if point is not None and point < first:
        first = point
    power = next((at for at, token in enumerate(tokens) if token.kind == "power"), None)
    slash = next((at for at, token in enumerate(tokens) if token == ("sign", "/") and at > first), None)
    if slash is not None:
        # '# ??/100' has digits of its own below the line.
        while last + 1 < len(tokens) and tokens[last + 1].text.isdigit():
            last += 1
    end = min(place for place in (point, power, last + 1) if place is not None and place >= first)
    inner = tokens[first:end]
    commas = [at for at, token in enumerate(tokens) if token == ("sign", ",")]
    last_whole = max((at for at in digits if at < end), default=first - 1)
    behind = [token for at, token in enumerate(tokens) if at > last and token != ("sign", ",")]
    if point is not None and point > last:
        behind = [token for token in behind if token != ("sign", ".")]
    return FormatSection(
        "number",
        condition,
        _shown(tokens[:first]),
        _shown(behind),
        places=tuple(
            Token("digit" if token.kind == "digit" else "word", token.text)
            for token in inner
            if token.text not in (",", "%") or token.kind != "sign"
        ),
        percents=sum(token == ("sign", "%") for token in tokens),
        is_scaled=any(at > last_whole for at in commas),
        is_fraction=power is not None or slash is not None,
        has_zero=any(token == ("digit", "0") for token in tokens),
        filled=filled,
    )


def _shown(tokens: Sequence[Token]) -> str:
    """The texts of tokens as they are shown; the percent sign that multiplies is not among them."""
    return "".join(token.text for token in tokens if token not in (("sign", "%"), ("sign", "@")))
