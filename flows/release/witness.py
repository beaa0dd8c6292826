"""Witnesses: what shows that a cell is protected, with hiding as with rounding.

A witness is a possible true table: whole numbers that add up, that agree with everything that is shown and with what
an attacker knows beside, and in which a protected cell has another value. For each cell that needs protection there are
requirements, and a witness is looked for to each:

========  ==================================================  ======================================================
kind      for each                                            the table has there
========  ==================================================  ======================================================
value     small cell, v in 1..k-1                             v, for an insider: one who knows which cells are small
reach     small cell                                          k or more, for an outsider: one who cannot tell them
                                                              apart; or 0, where that says nothing
differ    guarded cell: one that is not small, and must       another value than the true one, for an insider
          not become exact
========  ==================================================  ======================================================

An insider's tables are among an outsider's, so `value` speaks for both. `flows.release.attack` knows nothing of this.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from flows.release.cells import Cell, Integers, Key
from flows.release.systems import SumRows, System

Role: TypeAlias = Literal["insider", "outsider"]
Booleans: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Range: TypeAlias = tuple[float, float]
ROLES: tuple[Role, Role] = ("insider", "outsider")


class Requirement(NamedTuple):
    """What must be possible at a cell; `value` belongs to the kind value."""

    kind: Literal["value", "reach", "differ"]
    cell: int
    value: int = 0

    @property
    def role(self) -> Role:
        """The attacker who must not be able to exclude it."""
        return "outsider" if self.kind == "reach" else "insider"


@dataclass(frozen=True)
class Unprotected:
    """A cell that cannot be protected because too much around it is known; `sums` give it away."""

    key: Key
    requirement: str
    sums: tuple[str, ...]


class Witnesses(System, ABC):
    """True counts under sums, what is asked of them, and what an attacker must reckon with.

    A witness is held as its difference to the true table. `rows` is (sums, cells), as Tables.matrix.
    """

    def __init__(self, cells: Sequence[Cell], rows: sparse.csr_array, names: Sequence[str]) -> None:
        super().__init__(rows)
        self.keys, self.names = [cell.key for cell in cells], names
        self.value: Integers = np.array([cell.value for cell in cells], dtype=np.int64)
        self.k: Integers = np.array([cell.k for cell in cells], dtype=np.int64)
        self.weight: Floats = np.array([cell.weight for cell in cells], dtype=np.float64)
        self.upper: Floats = np.array([np.inf if cell.upper is None else cell.upper for cell in cells])
        self.open: Booleans = np.array([cell.standing == "open" for cell in cells], dtype=bool)
        self.small: Booleans = np.array([cell.is_primary for cell in cells], dtype=bool)
        self.guarded: Booleans = np.array([cell.standing == "withheld" for cell in cells], dtype=bool)

    @abstractmethod
    def limits(self, role: Role) -> tuple[Floats, Floats]:
        """Lowest and highest value, (cells,), that an attacker reckons with before any sum; the true one is within."""

    @abstractmethod
    def may_be_nobody(self, cell: int) -> bool:
        """Whether a small cell that may be 0 is as good as one that may be k or more."""

    def known(self, role: Role, small: Booleans) -> tuple[Floats, Floats]:
        """Lowest and highest value, (cells,), where nothing is shown; an insider knows which are `small`."""
        below_k = np.where(small, np.minimum(self.upper, self.k - 1), self.upper)
        return np.zeros(len(self.value)), below_k if role == "insider" else self.upper

    def requirements(self, cell: int) -> Iterator[Requirement]:
        """What is asked for a cell."""
        if self.small[cell]:
            for value in range(1, int(self.k[cell])):
                if value != self.value[cell]:
                    yield Requirement("value", cell, value)
            yield Requirement("reach", cell)
        elif self.guarded[cell]:
            yield Requirement("differ", cell)

    def targets(self, requirement: Requirement) -> list[Range]:
        """Ranges of the difference at the cell, one of which must be met."""
        cell, value = requirement.cell, float(self.value[requirement.cell])
        if requirement.kind == "value":
            return [(requirement.value - value, requirement.value - value)]
        if requirement.kind == "differ":
            return [(1, np.inf), (-np.inf, -1)]
        return [(self.k[cell] - value, np.inf), *([(-value, -value)] if self.may_be_nobody(cell) else [])]

    def spans(
        self, requirement: Requirement, target: Range, near: Integers, widest: float = np.inf
    ) -> tuple[Floats, Floats] | None:
        """Least and most that the cells `near` can differ by in a witness; None where there is no room at its cell."""
        low, high = (limit[near] - self.value[near] for limit in self.limits(requirement.role))
        low, high = np.maximum(low, -widest), np.minimum(high, widest)
        here = int(np.searchsorted(near, requirement.cell))
        low[here], high[here] = max(low[here], target[0]), min(high[here], target[1])
        return None if low[here] > high[here] else (low, high)

    def whole(
        self, solve: Callable[[int], Floats | None], system: SumRows | sparse.csr_array, low: Floats, high: Floats
    ) -> Integers | None:
        """The difference of whole numbers that a program has; it is given 1 where moves must not be fractions, else 0.

        Moves that may be fractions mostly end at whole numbers all the same, and are found more quickly.
        """
        for integrality in (0, 1):
            solution = solve(integrality)
            if solution is None:
                return None
            moved: Integers = np.rint(solution).astype(np.int64)
            if not ((system @ moved).any() or (moved < low).any() or (moved > high).any()):
                return moved
        return None

    def witnessed(self, cells: Integers, moves: Integers) -> Iterator[tuple[Requirement, Integers]]:
        """The requirements of which a difference at `cells`, or its opposite, is a witness; and which of the two."""
        for signed in (moves, -moves):
            table = self.value[cells] + signed
            for role in ROLES:
                low, high = self.limits(role)
                if (table < low[cells]).any() or (table > high[cells]).any():
                    continue
                for cell, value in zip(cells.tolist(), table.tolist(), strict=True):
                    for requirement in self._fulfilled(role, cell, value):
                        yield requirement, signed

    def _fulfilled(self, role: Role, cell: int, value: int) -> Iterator[Requirement]:
        """Requirements of a cell for which a table of this attacker with this value there, not the true one, is one."""
        if self.small[cell]:
            if role == "insider" and 1 <= value < self.k[cell]:
                yield Requirement("value", cell, value)
            if value >= self.k[cell] or (value == 0 and self.may_be_nobody(cell)):
                yield Requirement("reach", cell)
        elif role == "insider" and self.guarded[cell]:
            yield Requirement("differ", cell)

    def unprotected(self, requirement: Requirement, rows: Sequence[int] | Integers) -> Unprotected:
        """The finding that a requirement has no witness, in words; `rows` are the sums that leave no room for it."""
        cell = requirement.cell
        words = {
            "value": f"an insider could exclude that it is {requirement.value}",
            "reach": f"it could be told to be under {self.k[cell]}",
            "differ": "its exact value could be worked out",
        }
        return Unprotected(
            self.keys[cell], words[requirement.kind], tuple(dict.fromkeys(self.names[row] for row in rows))
        )
