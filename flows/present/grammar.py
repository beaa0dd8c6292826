"""The grammar of a language: how it writes numbers, days and lists, and makes a subject of an indicator's name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from schemas.indicators import Indicator


@dataclass(frozen=True)
class Grammar:
    """What a language does otherwise than another, beside its words.

    `name` is that of the file of its words, `code` and `region` name it to browsers and to Excel. `separators` stand
    between thousands and before decimals, `cells` between those of a list in a file. `numerals` are the small numbers
    in words, `last` what joins the last of several. `subject` is an indicator as the subject of a sentence, `short` its
    name at the head of a column, and `quantity` a number with its unit.
    """

    name: str
    code: str
    region: str
    separators: tuple[str, str]
    cells: str
    last: str
    numerals: Sequence[str]
    day: Callable[[date], str]
    quantity: Callable[[str, str], str]
    subject: Callable[[Indicator, str], str]
    short: Callable[[Indicator, str], str]
    # Where long words of the indicators' names are broken.
    compounds: Mapping[str, str] = field(default_factory=dict)
