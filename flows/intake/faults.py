"""What can be wrong with a delivery: one row (a fault) or the whole file (a refusal)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

FAULT_SCHEMA = {"line": pl.Int64(), "column": pl.String(), "rule": pl.String(), "detail": pl.String()}


class Refusal(Exception):
    """A delivery that cannot be used at all: the rule of rules.toml, and what exactly was found.

    `sender` is known once the note was read; `titles` are the words in which the file says what it is. Where the
    machine had no time or memory left, or the file was not there or changed while it was read, it
    `is_to_be_tried_again`.
    """

    def __init__(self, rule: str, detail: str = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule = rule
        self.detail = detail
        self.sender = ""
        self.titles: tuple[str, ...] = ()
        self.is_to_be_tried_again = False


@dataclass(frozen=True)
class Fault:
    """One broken rule in one line of a delivery. `detail` helps to mend it and never repeats the cell.

    `row` is the place of the row among those that the layout means, -1 for a line that is none of them; `text` is the
    delivered line, for people in the house.
    """

    line: int
    column: str
    rule: str
    detail: str = ""
    row: int = -1
    text: str = ""


@dataclass(frozen=True)
class FaultGroup:
    """Rows that break one rule in one column; `detail` may say something of some of them."""

    rows: NDArray[np.intp]
    column: str
    rule: str
    detail: Mapping[int, str] = field(default_factory=dict)


def frame(faults: list[Fault]) -> pl.DataFrame:
    """Faults as a frame of line, column, rule and detail, sorted and without repetitions."""
    rows = [(f.line, f.column, f.rule, f.detail) for f in faults]
    return pl.DataFrame(rows, schema=FAULT_SCHEMA, orient="row").unique().sort("line", "column", "rule", "detail")
