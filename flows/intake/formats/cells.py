"""Words of cells that hold no figure, and names of columns that stand twice."""

import re
from collections.abc import Sequence

from flows.intake.apart import marks
from flows.intake.faults import Refusal

NOT_CALCULATED = marks.NOT_CALCULATED
SHOWN_OTHERWISE = marks.SHOWN_OTHERWISE
# Spellings that break a rule whatever the type of their column, as expressions that are Rust's and Python's.
BROKEN = {
    "error_cell": marks.ERROR,
    "not_calculated": marks.UNCALCULATED,
    "shown_otherwise": marks.OTHERWISE,
}
# What cannot match this cannot match one of them; it is asked of all columns at once.
PERHAPS_BROKEN = r"(?i)^\s*(?:[#=]|err:|fejl:)"
_BROKEN = {rule: re.compile(expression) for rule, expression in BROKEN.items()}


def broken_rule(spelling: str) -> str | None:
    """The rule that a spelling breaks by itself: an error, a formula without a result, something else than is stored.

    '#SHOWN!' and '#####' are not mixed up: the first is the reader's own word.
    """
    return next((rule for rule, expression in _BROKEN.items() if expression.match(spelling)), None)


def is_error(spelling: str) -> bool:
    """Whether a cell shows an error, as Excel or LibreOffice writes it in English or Danish."""
    return broken_rule(spelling) == "error_cell"


def refuse_repeated(header: Sequence[str]) -> None:
    """Raises Refusal where a name of a column stands twice."""
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise Refusal("duplicate_column", ", ".join(map(repr, twice)))
