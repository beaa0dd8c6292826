"""Cells and sums: what a release may show, and the relations between its figures that anybody knows.

A cell is a non-negative integer. A sum says that cells add up to another one by the meaning of the tables; whoever
knows all cells of a sum but one knows that one too. Standings:

========  ===========================================================  ==================================
standing  what it is                                                   what is asked for it
========  ===========================================================  ==================================
open      shown, unless it is hidden                                   if small or hidden, see `hiding`
known     published already, or handed out before: it can't be hidden  nothing
withheld  of a place that is too small, or hidden before and not in    never exact; the small ones as
          this release                                                 primary cells
latent    in no table (elsewhere in the municipality, the complement   if small, as a primary cell, since it
          of a share): it can only be worked out                       can be worked out
========  ===========================================================  ==================================
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from typing_extensions import override

# value: a share that was published without its counts; it stands in the ledger and is no cell.
Part: TypeAlias = Literal["count", "numerator", "complement", "denominator", "value"]
Standing: TypeAlias = Literal["open", "known", "withheld", "latent"]
Integers: TypeAlias = NDArray[np.int64]


class SumDoesNotHold(ValueError):
    """The values of a sum's cells do not add up: it is no relation that anybody could use, and must not be declared."""


class Key(NamedTuple):
    """Names a cell: the place, the year, the indicator, and which of its counts."""

    geography: str
    geography_id: str
    year: int
    indicator: str
    part: Part = "count"

    @override
    def __str__(self) -> str:
        return f"{self.geography} {self.geography_id}, {self.year}, {self.indicator}, {self.part}"


@dataclass(frozen=True)
class Cell:
    """A cell with its true value.

    `k`: values below it are small. `hides_zero`: a zero is hidden like them (a part of a share, a place that is too
    small). `upper`: a bound that anybody knows. `weight`: what hiding it costs. `reason`: why it is withheld.
    """

    key: Key
    value: int
    k: int
    standing: Standing = "open"
    hides_zero: bool = False
    upper: int | None = None
    weight: float = 1.0
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.value < 0 or (self.upper is not None and self.upper < self.value):
            raise ValueError(f"{self.key}: a count must not be negative, nor above the bound that anybody knows")
        if self.standing == "withheld" and self.value == 0 and not self.hides_zero:
            raise ValueError(f"{self.key}: a withheld zero needs 'hides_zero'")

    @property
    def is_primary(self) -> bool:
        """Whether its value itself must not be shown: 1 to k-1, for a part of a share 0 to k-1."""
        return self.standing != "known" and (0 if self.hides_zero else 1) <= self.value < self.k


@dataclass(frozen=True)
class Sum:
    """`total` is the sum of `parts`; `name` tells a reader which table says so."""

    name: str
    total: Key
    parts: tuple[Key, ...]


@dataclass(frozen=True)
class Tables:
    """The cells of one or more releases and the sums over them. Raises SumDoesNotHold, KeyError for an unknown cell."""

    cells: Mapping[Key, Cell]
    sums: tuple[Sum, ...]
    keys: tuple[Key, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for total in self.sums:
            found = sum(self.cells[part].value for part in total.parts)
            if found != self.cells[total.total].value or not total.parts:
                raise SumDoesNotHold(f"{total.name}: the parts of {total.total} do not add up to it")
            if len({total.total, *total.parts}) <= len(total.parts):
                raise ValueError(f"{total.name}: a cell stands twice")
        object.__setattr__(self, "keys", tuple(sorted(self.cells)))

    @property
    def values(self) -> Integers:
        """True values, (cells,), in the order of `keys`."""
        return np.array([self.cells[key].value for key in self.keys], dtype=np.int64)

    def matrix(self) -> sparse.csr_array:
        """(sums, cells): 1 for a part, -1 for the total; times `values` it is zero."""
        place = {key: number for number, key in enumerate(self.keys)}
        rows, columns, signs = [], [], []
        for number, total in enumerate(self.sums):
            rows += [number] * (1 + len(total.parts))
            columns += [place[total.total], *(place[part] for part in total.parts)]
            signs += [-1, *(1 for _ in total.parts)]
        return sparse.csr_array((signs, (rows, columns)), shape=(len(self.sums), len(self.keys)), dtype=np.float64)

    def with_(self, cells: Iterable[Cell]) -> "Tables":
        """The same tables with these cells in place of those of their keys."""
        return Tables({**self.cells, **{cell.key: cell for cell in cells}}, self.sums)
