"""What a reader can tell of numbers that he does not see: the tightest intervals, and whether a value is possible.

That a value is possible is shown by a whole-number table that fits all that he knows; that none beyond is, by sums.
Both are first looked for close to the number: tables that are the true one further away, and bounds that only the sums
close by give. What these leave open all sums together decide.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from scipy import sparse

from flows.release.cells import Integers
from flows.release.programs import Program, Undecided
from flows.release.systems import Flags, SumRows, System, Vector, propagate

CLOSE = (120, 1200)  # unknowns among which is looked before all of them are asked
FEW = 16  # values from 0 on of which it is kept for each unknown whether a table had them
NODES = 120  # of a tree of whole numbers close by
SURE = 1e-4  # by which a solver's bound may be off

Direction: TypeAlias = Literal[1, -1]  # the least, the largest


@dataclass
class _Close:
    """Unknowns close to one, the equations in which they stand, and all unknowns of these."""

    start: int
    unknowns: Integers
    sums: Integers
    reached: Integers
    left: SumRows  # (sums, unknowns)
    is_all: bool
    program: Program | None = None

    def asked(self, truth: Vector, low: Vector, high: Vector) -> Program:
        """What the unknowns can be within bounds while all others are as in the truth; of one reader after the other,
        since the answers lie close to each other."""
        if self.program is None:
            right = self.left @ truth[self.unknowns]
            self.program = Program(self.left, right, right, low[self.unknowns], high[self.unknowns])
        else:
            self.program.between(low[self.unknowns], high[self.unknowns])
        return self.program


class Equations(System):
    """Whole numbers of which sums are known: left @ truth = right."""

    def __init__(self, left: sparse.csr_array, right: Vector, truth: Vector) -> None:
        super().__init__(left)
        self.right, self.truth = right, truth
        self._close: dict[tuple[int, int | None], _Close] = {}

    @property
    def size(self) -> int:
        return len(self.truth)

    def close(self, start: int) -> Iterator[_Close]:
        """What lies around an unknown, the closest first, at last all that hangs together with it."""
        for size in (*(size for size in CLOSE if size < self.size), None):
            if (start, size) not in self._close:
                self._close = {name: kept for name, kept in self._close.items() if name[0] == start}
                self._close[start, size] = self._around(start, size)
            yield self._close[start, size]
            if self._close[start, size].is_all:
                return

    def _around(self, start: int, size: int | None) -> _Close:
        unknowns = np.arange(self.size) if size is None else self.near(start, size)
        if len(unknowns) == self.size:
            every = np.arange(self.rows.shape[0])
            return _Close(start, unknowns, every, unknowns, self.all_rows, is_all=True)
        sums = self.rows_of(unknowns)
        return _Close(start, unknowns, sums, self.reached(sums), self.part(sums, unknowns), is_all=False)


class Knowledge:
    """What one reader knows: the equations, and that low <= x <= high.

    `likewise` is what another one knows, and no less: what he cannot exclude this one cannot.
    """

    def __init__(self, equations: Equations, low: Vector, high: Vector, likewise: "Knowledge | None" = None) -> None:
        self.equations, self.low, self.high = equations, low, high
        self.outer_low, self.outer_high = propagate(equations.rows, equations.right, low, high)
        self._likewise = likewise
        self.least, self.most = equations.truth.copy(), equations.truth.copy()
        self._had: Flags = np.zeros((equations.size, FEW), dtype=bool)

    def interval(self, place: int) -> tuple[int, int | None]:
        """The tightest interval of whole numbers for an unknown; the upper end is None where nothing bounds it."""
        self._learn(place)
        self._find_end(place, 1)
        low = int(self.least[place])
        return low, int(self.most[place]) if self._find_end(place, -1) else None

    def is_possible(self, place: int, value: int) -> bool:
        """Whether an unknown can be `value`."""
        self._learn(place)
        if value == self.equations.truth[place] or (value < FEW and self._had[place, value]):
            return True
        if not self.outer_low[place] <= value <= self.outer_high[place]:
            return False
        low, high = self.low.copy(), self.high.copy()
        low[place] = high[place] = value
        for close in self.equations.close(place):
            if self._find_table(close, low, high, 0) == "found":
                return True
            if not close.is_all and self._is_excluded(close, value):
                return False
        whole = self.program(low, high, whole=True).least()
        return whole.x is not None and self._keep(self._everywhere, whole.x)

    def program(self, low: Vector, high: Vector, rows: Integers | None = None, whole: bool = False) -> Program:
        """The equations, all or some `rows` of them, within bounds."""
        left, right = self.equations.all_rows, self.equations.right
        if rows is not None:
            left, right = self.equations.part(rows, np.arange(self.equations.size)), right[rows]
        return Program(left, right, right, low, high, whole)

    @cached_property
    def _all(self) -> Program:
        """All equations at once, asked again and again."""
        return self.program(self.outer_low, self.outer_high)

    @property
    def _everywhere(self) -> _Close:
        return self.equations._around(0, None)

    def _learn(self, place: int) -> None:
        """Take over what the one who knows no less cannot exclude."""
        if self._likewise is not None:
            self.least[place] = min(self.least[place], self._likewise.least[place])
            self.most[place] = max(self.most[place], self._likewise.most[place])
            self._had[place] |= self._likewise._had[place]

    def _is_found(self, place: int, direction: Direction) -> bool:
        if direction == 1:
            return bool(self.least[place] <= self.outer_low[place])
        return bool(self.most[place] >= self.outer_high[place])

    def _find_end(self, place: int, direction: Direction) -> bool:
        """Find the least or the largest value of an unknown; False where there is none. Raises Undecided."""
        if self._is_found(place, direction):
            return True
        for close in self.equations.close(place):
            if close.is_all:
                return self._find_end_of_all(place, direction)
            if self._find_table(close, self.low, self.high, direction) == "endless":
                return False
            if not self._is_found(place, direction):
                self._bound(close, direction)
            if self._is_found(place, direction):
                return True
        raise AssertionError("the last of what is close is all")

    def _find_end_of_all(self, place: int, direction: Direction) -> bool:
        goal = np.zeros(self.equations.size)
        goal[place] = direction
        found = self._all.least(goal)
        if found.outcome == "unbounded":
            return False
        if found.x is None or not self._keep(self._everywhere, found.x):
            found = self.program(self.low, self.high, whole=True).least(goal)
            if found.x is None or not self._keep(self._everywhere, found.x):
                raise Undecided(f"no tightest interval: {found.outcome}")
        ends = self.outer_low if direction == 1 else self.outer_high
        ends[place] = self.least[place] if direction == 1 else self.most[place]
        return True

    def _find_table(
        self, close: _Close, low: Vector, high: Vector, direction: Direction | Literal[0]
    ) -> Literal["found", "endless", "none"]:
        """Look for a table within bounds that is the true one but for unknowns close by, with the least or largest
        value that such a table can have."""
        inside, truth = close.unknowns, self.equations.truth
        goal = np.where(inside == close.start, float(direction), 0.0)
        for whole in (False, True):
            if whole:
                right = close.left @ truth[inside]
                program = Program(close.left, right, right, low[inside], high[inside], whole)
            else:
                program = close.asked(truth, low, high)
            found = program.least(goal, nodes=NODES)
            if found.outcome == "unbounded":
                return "endless"
            if found.x is None:
                return "none"
            if self._keep(close, found.x):
                return "found"
        return "none"

    def _bound(self, close: _Close, direction: Direction) -> None:
        """Bound an unknown by the sums close by alone."""
        inside = close.reached
        right = self.equations.right[close.sums]
        left = self.equations.part(close.sums, inside)
        program = Program(left, right, right, self.outer_low[inside], self.outer_high[inside])
        goal = np.where(inside == close.start, float(direction), 0.0)
        found = program.least(goal)
        if found.x is None:
            return
        value = float(goal @ found.x) * direction
        if direction == 1:
            self.outer_low[close.start] = max(self.outer_low[close.start], np.ceil(value - SURE))
        else:
            self.outer_high[close.start] = min(self.outer_high[close.start], np.floor(value + SURE))

    def _is_excluded(self, close: _Close, value: int) -> bool:
        """Whether the sums close by alone leave no room for a value."""
        inside = close.reached
        right = self.equations.right[close.sums]
        low, high = self.outer_low[inside].copy(), self.outer_high[inside].copy()
        here = int(np.searchsorted(inside, close.start))
        low[here] = high[here] = value
        left = self.equations.part(close.sums, inside)
        return Program(left, right, right, low, high).least().outcome == "infeasible"

    def _keep(self, close: _Close, table: Vector) -> bool:
        """Keep a table that is the true one but for unknowns close by, if it is one of whole numbers that this reader
        cannot exclude; whether it is."""
        inside, whole = close.unknowns, np.rint(table)
        moved = whole - self.equations.truth[inside]
        if np.abs(table - whole).max(initial=0) > 1e-6 or (close.left @ moved).any():
            return False
        if (whole < self.low[inside]).any() or (whole > self.high[inside]).any():
            return False
        self.least[inside] = np.minimum(self.least[inside], whole)
        self.most[inside] = np.maximum(self.most[inside], whole)
        there = (moved != 0) & (whole >= 0) & (whole < FEW)
        self._had[inside[there], whole[there].astype(np.int64)] = True
        return True
