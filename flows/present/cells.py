"""A cell of a table, on pages, in reports and in workbooks: a number or a word, and what goes with it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from markupsafe import Markup, escape

# What a cell's shade says; each has a sign of its own, so that grey paper loses nothing.
Shade: TypeAlias = Literal["", "met", "worst", "poor", "best"]


@dataclass(frozen=True)
class TableCell:
    """A number or a mark in words, and what must be read with it below; `value` is the number, where one is shown.

    `sign` stands before it, and `spoken` is what a reader who sees no sign hears. `is_limited`: the number is no
    measurement of its year alone. `is_flagged`: it stands in bold, for it needs care.
    """

    text: str
    below: tuple[str, ...] = ()
    is_mark: bool = False
    value: float | None = None
    sign: str = ""
    shade: Shade = ""
    spoken: str = ""
    is_limited: bool = False
    is_flagged: bool = False


def td(cell: TableCell, is_text: bool = False, head: str = "") -> Markup:
    """The cell on a page; `head` is that of its column, which it carries where the page is narrow.

    Made without a template: a page of an area has thousands.
    """
    named = f' data-head="{_escaped(head)}"' if head else ""
    style = " ".join(["mark"] * cell.is_mark + ["said"] * is_text)
    notes = "".join(
        [f"{' ' if cell.text or at else ''}<small>{_escaped(note)}</small>" for at, note in enumerate(cell.below)]
    )
    styled = f' class="{style}"' if style else ""
    return Markup(f"<td{named}{styled}>{_escaped(cell.text)}{notes}</td>")


@lru_cache(4096)
def _escaped(text: object) -> str:
    return str(escape(text))
