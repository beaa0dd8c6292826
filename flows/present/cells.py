"""A cell of a table, on pages, in reports and in workbooks: a number or a word, and what goes with it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

# What a cell's shade says; each has a sign of its own, so that grey paper loses nothing.
Shade: TypeAlias = Literal["", "met", "worst", "poor", "best"]


@dataclass(frozen=True)
class TableCell:
    """A number or a mark in words, and what must be read with it below; `value` is the number, where one is shown.

    `sign` stands before it, and `spoken` is what a reader who sees no sign hears. `is_limited`: the number is no
    measurement of its year alone.
    """

    text: str
    below: tuple[str, ...] = ()
    is_mark: bool = False
    value: float | None = None
    sign: str = ""
    shade: Shade = ""
    spoken: str = ""
    is_limited: bool = False
