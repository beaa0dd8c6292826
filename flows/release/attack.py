"""The attack: what can be worked out of everything that was ever released, tried before anything leaves the house.

Written apart from the hiding: it reads which figures a reader sees, sets up its own equations over what he does not,
and asks for the tightest interval of each cell. It knows nothing of witnesses, or of why a cell is hidden. That a value
is possible it tries to show by a table that differs from the true one close by; that none is, only all sums can say.

An outsider sees marks and knows the rules: a count is a whole number and not negative, and a mark may stand for any. He
cannot tell a primary cell from a secondary one. An insider can, and has read the source: he knows each primary cell,
and each zero that was hidden with them, to lie below its k, any other hidden cell to be k or more, and what no table
has and nobody is in to be 0. Both know that a figure of an earlier release stays what it was unless a later one says
otherwise.

Of a release whose counts are rounded both see, in place of a count, a multiple of its base, and know the rule: the
count is a whole number less than a base away, and what is shown as the base may be 0 as well. Two vintages of one count
are both used.

A leak is: a primary cell for which an outsider can exclude one of 1 to k-1, or that it reaches k; one for which an
insider can exclude one of 1 to k-1; any other hidden cell whose value an insider knows. A rounded count need not reach
k where it can be 0 and a zero may be told; one that is not small may be worked out: it might be shown as it is.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components
from typing_extensions import override

from flows.release.cells import Cell, Key, Tables

Attacker: TypeAlias = Literal["outsider", "insider"]
ATTACKERS: tuple[Attacker, ...] = ("outsider", "insider")
Vector: TypeAlias = NDArray[np.float64]
SOLVED, INFEASIBLE, UNBOUNDED = 0, 2, 3
CLOSE = 120  # unknowns among which another table is looked for before all of them are asked


class Refused(RuntimeError):
    """A release from which a hidden figure can be worked out; nothing of it may leave the house."""


class Undecided(RuntimeError):
    """The solver gave neither an answer nor a proof that there is none; a release is then not safe to make."""


@dataclass(frozen=True)
class Exhibit:
    """One release as it was or would be handed out: its tables, and the figures that a reader sees in them.

    `base`: figures that are not known are shown as multiples of it, next to the true ones; None where they are shown as
    they are.
    """

    tables: Tables
    shown: Mapping[Key, int]
    base: int | None = None


@dataclass(frozen=True)
class Reach:
    """The tightest interval of whole numbers that an attacker reaches for a cell; `high` is None where it is open."""

    key: Key
    attacker: Attacker
    low: int
    high: int | None


@dataclass(frozen=True)
class Leak:
    """What an attacker can tell of a cell although he should not, and the fewest sums that tell it."""

    key: Key
    attacker: Attacker
    says: str
    low: int
    high: int | None
    chain: tuple[str, ...]

    @override
    def __str__(self) -> str:
        reach = f"{self.low} to {'any number' if self.high is None else self.high}"
        return f"{self.key}: an {self.attacker} {self.says} ({reach}), by {'; '.join(self.chain) or 'the marks alone'}"


@dataclass(frozen=True)
class Findings:
    """The intervals of all cells that must not be told, by key and attacker, and the leaks among them."""

    intervals: tuple[Reach, ...]
    leaks: tuple[Leak, ...]

    def require_safe(self) -> None:
        """Raise Refused with every leak in words."""
        if self.leaks:
            leaks = "\n  ".join(str(leak) for leak in self.leaks)
            raise Refused(f"{len(self.leaks)} hidden figures can be worked out; nothing is released:\n  {leaks}")


def attack(release: Exhibit, earlier: Sequence[Exhibit] = (), with_chains: bool = True) -> Findings:
    """Attack a release together with all that was released before, the oldest first.

    A figure that an earlier release showed is known, in that release's sums, as it was shown there. A hidden cell is
    one unknown through all releases in which its true value is the same: the attacker is taken to know that it was not
    revised. Raises Undecided where the solver fails, ValueError where what is shown contradicts the tables.
    """
    unknowns, equations = _equations([*earlier, release])
    intervals: list[Reach] = []
    leaks: list[Leak] = []
    for group in _groups(unknowns, equations):
        asked = [place for place, unknown in enumerate(group[0]) if unknown.is_guarded]
        for attacker in ATTACKERS if asked else ():
            system = _System(attacker, *group)
            for place in asked:
                unknown = system.unknowns[place]
                low, high = system.interval(place)
                intervals.append(Reach(unknown.cell.key, attacker, low, high))
                claim = system.leak(place, low, high)
                if claim is not None:
                    chain = system.chain(place, claim) if with_chains else ()
                    leaks.append(Leak(unknown.cell.key, attacker, claim.words, low, high, chain))
    return Findings(
        tuple(sorted(intervals, key=lambda i: (i.key, i.attacker))),
        tuple(sorted(leaks, key=lambda k: (k.key, k.attacker))),
    )


@dataclass(frozen=True)
class _Unknown:
    """A cell that no reader sees as it is, with its true value; `rounded` is what its rounded figures leave open."""

    cell: Cell
    is_hidden: bool  # by a release that hides; else by one that rounds
    rounded: tuple[int, int] | None = None

    @property
    def is_small(self) -> bool:
        """Whether its value itself is what the rules hide: read from the rules, not from the hiding."""
        hides_zero = self.cell.hides_zero or (self.cell.standing == "open" and self.rounded is None)
        return (0 if hides_zero else 1) <= self.cell.value <= self.cell.k - 1

    @property
    def is_guarded(self) -> bool:
        """Whether anything is asked of it: a latent or a rounded cell of k or more may be told."""
        return self.is_small or (self.cell.standing != "latent" and self.rounded is None)

    def rounds(self, figure: int, base: int) -> "_Unknown":
        """The same cell, of which a reader has this rounded figure besides what he had."""
        low, high = 0 if figure == base else max(0, figure - base + 1), figure + base - 1
        before = self.rounded or (low, high)
        both = max(low, before[0]), min(high, before[1])
        if figure % base or not both[0] <= self.cell.value <= both[1]:
            raise ValueError(f"{self.cell.key} is shown as a number that its count is not rounded to")
        return replace(self, rounded=both)

    def bounds(self, attacker: Attacker) -> tuple[float, float]:
        """What the attacker knows of it before any sum."""
        cell = self.cell
        least, most = 0.0, np.inf if cell.upper is None else float(cell.upper)
        if self.rounded is not None:
            least, most = float(self.rounded[0]), min(most, float(self.rounded[1]))
        if attacker == "insider" and self.is_small:
            most = min(most, cell.k - 1)
        elif attacker == "insider" and self.is_hidden and cell.k > 1:
            least, most = (float(cell.k), most) if cell.value >= cell.k else (least, 0.0)
        return least, most


@dataclass(frozen=True)
class _Equation:
    """Unknowns with their signs add up to `right`."""

    name: str
    signs: tuple[tuple[int, int], ...]
    right: int


class _Unknowns:
    """The cells of all releases that a reader does not see, each once: one for each true value that a cell had."""

    def __init__(self, releases: Sequence[Exhibit]) -> None:
        self.listed: list[_Unknown] = []
        self._is_hidden = all(release.base is None for release in releases)
        self._numbers: dict[tuple[Key, int], int] = {}
        self._seen: set[tuple[Key, int]] = set()
        self._rounded: dict[tuple[Key, int], dict[tuple[int, int], None]] = {}
        for release in releases:
            for key, figure in release.shown.items():
                cell = release.tables.cells[key]
                if release.base is not None and cell.standing != "known":
                    self._rounded.setdefault((key, cell.value), {})[figure, release.base] = None
                elif cell.value != figure:
                    raise ValueError(f"{key} is shown as another number than its tables have")
                else:
                    self._seen.add((key, figure))

    def number(self, cell: Cell) -> int | None:
        """The place of a cell among those listed, where it is put; None where it is seen."""
        name = cell.key, cell.value
        if name in self._seen or cell.standing == "known":
            return None
        if name not in self._numbers:
            self._numbers[name] = len(self.listed)
            self.listed.append(self._unknown(cell))
            return self._numbers[name]
        number = self._numbers[name]
        self.listed[number] = self._unknown(_stricter(self.listed[number].cell, cell))
        return number

    def _unknown(self, cell: Cell) -> _Unknown:
        unknown = _Unknown(cell, self._is_hidden)
        for figure, base in self._rounded.get((cell.key, cell.value), ()):
            unknown = unknown.rounds(figure, base)
        return unknown


def _equations(releases: Sequence[Exhibit]) -> tuple[list[_Unknown], list[_Equation]]:
    """What is not known through all releases, and what each sum says of it once the figures shown are put in.

    A figure that one release shows is known in every release in which it has the same true value.
    """
    unknowns = _Unknowns(releases)
    equations: dict[tuple[tuple[tuple[int, int], ...], int], _Equation] = {}
    for release in releases:
        cells = release.tables.cells
        for relation in release.tables.sums:
            signs: dict[int, int] = {}
            right = 0
            for key, sign in ((relation.total, -1), *((part, 1) for part in relation.parts)):
                number = unknowns.number(cells[key])
                if number is None:
                    right -= sign * cells[key].value
                else:
                    signs[number] = sign
            row = tuple(sorted(signs.items()))
            if row:
                equations.setdefault((row, right), _Equation(relation.name, row, right))
        for cell in cells.values():
            unknowns.number(cell)
    for equation in _changes(unknowns, releases):
        equations.setdefault((equation.signs, equation.right), equation)
    return unknowns.listed, list(equations.values())


def _changes(unknowns: _Unknowns, releases: Sequence[Exhibit]) -> Iterator[_Equation]:
    """How far a count of the newest release lies from what it was before: itself a count, which may be small."""
    newest = releases[-1]
    for key, cell in newest.tables.cells.items():
        if newest.base is not None or cell.standing not in ("open", "withheld"):
            continue
        for number, earlier in enumerate(releases[:-1]):
            older = earlier.tables.cells.get(key, cell)
            if older.value == cell.value:
                continue
            more, less = (cell, older) if cell.value > older.value else (older, cell)
            size, k = more.value - less.value, max(cell.k, older.k)
            change = Cell(replace(key, indicator=f"{key.indicator}, change since release {number}"), size, k, "latent")
            signs: dict[int, int] = {}
            right = 0
            for part, sign in ((more, 1), (less, -1), (change, -1)):
                place = unknowns.number(part)
                if place is None:
                    right -= sign * part.value
                else:
                    signs[place] = sign
            yield _Equation(f"change of {key}", tuple(sorted(signs.items())), right)


def _stricter(cell: Cell, other: Cell) -> Cell:
    """A cell that two releases have, as the one that asks for more has it: no later rule undoes what one promised."""
    first, second = (other, cell) if cell.standing == "latent" else (cell, other)
    return replace(first, k=max(first.k, second.k), hides_zero=first.hides_zero or second.hides_zero)


def _groups(
    unknowns: Sequence[_Unknown], equations: Sequence[_Equation]
) -> Iterator[tuple[list[_Unknown], list[_Equation]]]:
    """Unknowns that hang together by equations, numbered anew in each group."""
    of_row = [(row, place) for row, equation in enumerate(equations) for place, _ in equation.signs]
    size = len(unknowns) + len(equations)
    links = sparse.coo_array(
        (np.ones(len(of_row)), ([len(unknowns) + row for row, _ in of_row], [place for _, place in of_row])),
        shape=(size, size),
    )
    count, labels = connected_components(links, directed=False)
    members: list[list[int]] = [[] for _ in range(count)]
    rows: list[list[_Equation]] = [[] for _ in range(count)]
    for place in range(len(unknowns)):
        members[labels[place]].append(place)
    for row, equation in enumerate(equations):
        rows[labels[len(unknowns) + row]].append(equation)
    for inside, held in zip(members, rows, strict=True):
        number = {place: new for new, place in enumerate(inside)}
        yield (
            [unknowns[place] for place in inside],
            [_Equation(e.name, tuple((number[place], sign) for place, sign in e.signs), e.right) for e in held],
        )


@dataclass(frozen=True)
class _Claim:
    """What a leak tells: that the cell is at least `low`, at most `high`, or not `value`."""

    words: str
    low: int | None = None
    high: int | None = None
    value: int | None = None


class _Total:
    """A sum of whole numbers of which some are infinite, all with the same sign; exact when one is taken out again."""

    def __init__(self, terms: Iterable[float], end: float) -> None:
        self.end = end
        self.finite, self.infinite = 0.0, 0
        for term in terms:
            self._add(term, 1)

    def _add(self, term: float, times: int) -> None:
        if math.isinf(term):
            self.infinite += times
        else:
            self.finite += times * term

    def without(self, term: float) -> float:
        """The sum of all others."""
        is_infinite = math.isinf(term)
        return self.end if self.infinite > is_infinite else self.finite - (0.0 if is_infinite else term)

    def put(self, new: float, old: float) -> None:
        """Take a new term for an old one."""
        self._add(old, -1)
        self._add(new, 1)


class _System:
    """The equations of one group, as one attacker sees them."""

    def __init__(self, attacker: Attacker, unknowns: list[_Unknown], equations: list[_Equation]) -> None:
        self.attacker = attacker
        self.unknowns = unknowns
        self.names = [equation.name for equation in equations]
        entries = [(row, place, sign) for row, e in enumerate(equations) for place, sign in e.signs]
        shape = (len(equations), len(unknowns))
        rows, places, signs = (list(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
        self.left = sparse.csr_array((np.array(signs, dtype=np.float64), (rows, places)), shape=shape)
        self.columns = self.left.tocsc()
        self.right: Vector = np.array([e.right for e in equations], dtype=np.float64)
        bounds = [unknown.bounds(attacker) for unknown in unknowns]
        self.low: Vector = np.array([low for low, _ in bounds], dtype=np.float64)
        self.high: Vector = np.array([high for _, high in bounds], dtype=np.float64)
        self.truth: Vector = np.array([unknown.cell.value for unknown in unknowns], dtype=np.float64)
        if (self.left @ self.truth != self.right).any():
            raise ValueError(f"what is shown contradicts the tables: {', '.join(self.names)}")
        self.outer_low, self.outer_high = self._propagate()
        self.least, self.most = self.truth.copy(), self.truth.copy()
        self.values: list[set[int]] = [{int(value)} for value in self.truth]

    def _propagate(self) -> tuple[Vector, Vector]:
        """Bounds by one equation at a time, over and over: valid, not always tight (Buzzigoli & Giusti's shuttle)."""
        low, high = self.low.copy(), self.high.copy()
        columns = self.columns
        queue, waiting = deque(range(len(self.right))), set(range(len(self.right)))
        rounds = 0
        while queue and rounds < 50 * (1 + len(self.right)):
            rounds += 1
            row = queue.popleft()
            waiting.discard(row)
            span = slice(self.left.indptr[row], self.left.indptr[row + 1])
            places, signs = self.left.indices[span], self.left.data[span]
            least = np.where(signs > 0, low[places], -high[places]).tolist()
            most = np.where(signs > 0, high[places], -low[places]).tolist()
            all_least, all_most, right = _Total(least, -np.inf), _Total(most, np.inf), float(self.right[row])
            for position, (place, sign) in enumerate(zip(places.tolist(), signs.tolist(), strict=True)):
                own = (right - all_most.without(most[position]), right - all_least.without(least[position]))
                new_low, new_high = own if sign > 0 else (-own[1], -own[0])
                if new_low > low[place] or new_high < high[place]:
                    low[place], high[place] = max(low[place], new_low), min(high[place], new_high)
                    all_least.put(float(low[place] if sign > 0 else -high[place]), least[position])
                    all_most.put(float(high[place] if sign > 0 else -low[place]), most[position])
                    for other in columns.indices[columns.indptr[place] : columns.indptr[place + 1]]:
                        if other not in waiting:
                            waiting.add(int(other))
                            queue.append(int(other))
        return low, high

    def interval(self, place: int) -> tuple[int, int | None]:
        """The tightest interval of whole numbers for an unknown; the upper end is None where nothing bounds it."""
        if self.least[place] > self.outer_low[place]:
            self._find_close_by(place, self.low, self.high, 1)
        if self.least[place] > self.outer_low[place]:
            self._reach(place, 1)
        low = int(self.least[place])
        if self.most[place] < self.outer_high[place] < np.inf:
            self._find_close_by(place, self.low, self.high, -1)
        if self.most[place] >= self.outer_high[place]:
            return low, int(self.most[place])
        return low, None if self._reach(place, -1) == UNBOUNDED else int(self.most[place])

    def _reach(self, place: int, direction: int) -> int:
        """Solve for the least (1) or largest (-1) value of an unknown; what is found goes into the pool."""
        goal = np.zeros(len(self.unknowns))
        goal[place] = direction
        relaxed = linprog(
            goal, A_eq=self.left, b_eq=self.right, bounds=np.column_stack([self.low, self.high]), method="highs"
        )
        if relaxed.status == UNBOUNDED or (relaxed.status == 4 and self._is_unbounded(place, direction)):
            return UNBOUNDED
        if relaxed.status == SOLVED and self._pool(relaxed.x):
            return SOLVED
        status, _ = self._integral(goal, self.low, self.high)
        if status != SOLVED:
            raise Undecided(f"no tightest interval for {self.unknowns[place].cell.key}")
        return SOLVED

    def _is_unbounded(self, place: int, direction: int) -> bool:
        """Whether a direction along which nothing is known to end moves the unknown without end."""
        goal = np.zeros(len(self.unknowns))
        goal[place] = direction
        ray = linprog(
            goal,
            A_eq=self.left,
            b_eq=np.zeros(len(self.right)),
            bounds=np.column_stack([np.zeros(len(self.low)), np.where(np.isinf(self.high), 1.0, 0.0)]),
            method="highs",
        )
        return bool(ray.status == SOLVED and ray.fun < -1e-9)

    def _integral(
        self, goal: Vector, low: Vector, high: Vector, rows: NDArray[np.int64] | None = None
    ) -> tuple[int, Vector | None]:
        """A whole-number table that minimises `goal`, exactly: with no gap, no limit of time or nodes."""
        left, right = (self.left, self.right) if rows is None else (self.left[rows], self.right[rows])
        constraints = LinearConstraint(left, right, right) if len(right) else ()
        found = milp(
            goal,
            integrality=np.ones(len(self.unknowns)),
            bounds=Bounds(low, high),
            constraints=constraints,
            options={"mip_rel_gap": 0.0},
        )
        if found.status == SOLVED:
            if rows is None and not self._pool(found.x):
                raise Undecided("the solver's table is no table")
            return SOLVED, found.x
        if found.status in (INFEASIBLE, UNBOUNDED):
            return int(found.status), None
        raise Undecided(f"the solver says: {found.message}")

    def _pool(self, table: Vector) -> bool:
        """Keep a table if it is one of whole numbers within all that is known; whether it is."""
        whole = np.rint(table)
        if np.abs(table - whole).max(initial=0) > 1e-6 or (self.left @ whole != self.right).any():
            return False
        if (whole < self.low).any() or (whole > self.high).any():
            return False
        self.least, self.most = np.minimum(self.least, whole), np.maximum(self.most, whole)
        for place in np.flatnonzero(whole != self.truth):
            self.values[place].add(int(whole[place]))
        return True

    def leak(self, place: int, low: int, high: int | None) -> _Claim | None:
        """What this attacker can tell of an unknown although he should not."""
        unknown = self.unknowns[place]
        k = unknown.cell.k
        if unknown.is_small:
            if low > 1:
                return _Claim(f"can tell that it is {low} or more", low=2)
            may_be_nobody = low == 0 and unknown.rounded is not None and not unknown.cell.hides_zero
            needed = k if self.attacker == "outsider" and not may_be_nobody else k - 1
            if high is not None and high < needed:
                return _Claim(f"can tell that it is {high} or less", high=needed - 1)
            gaps = (value for value in range(1, k) if not self._possible(place, value))
            return next((_Claim(f"can exclude {value}", value=value) for value in gaps), None)
        if unknown.is_guarded and self.attacker == "insider" and low == high:
            return _Claim("knows its exact value", low=low, high=low)
        return None

    def _possible(self, place: int, value: int) -> bool:
        if value in self.values[place]:
            return True
        low, high = self.low.copy(), self.high.copy()
        if not low[place] <= value <= high[place]:
            return False
        low[place] = high[place] = value
        if self._find_close_by(place, low, high):
            return True
        status, _ = self._integral(np.zeros(len(low)), low, high)
        return status == SOLVED

    def _find_close_by(self, place: int, low: Vector, high: Vector, direction: int = 0) -> bool:
        """Whether a table within these bounds is found that is the true one but for unknowns close to `place`.

        It has the least (1) or largest (-1) value there that such a table can have, and goes into the pool.
        """
        close = self._close(place)
        if len(close) == len(self.unknowns):
            return False
        left = self.left[:, close]
        left = left[np.flatnonzero(np.diff(left.indptr))]
        right = left @ self.truth[close]
        found = milp(
            np.where(close == place, float(direction), 0.0),
            integrality=np.ones(len(close)),
            bounds=Bounds(low[close], high[close]),
            constraints=LinearConstraint(left, right, right) if len(right) else (),
            options={"node_limit": CLOSE},
        )
        if found.x is None:
            return False
        table = self.truth.copy()
        table[close] = found.x
        return self._pool(table)

    def _close(self, place: int) -> NDArray[np.int64]:
        """The unknowns that are fewest sums away from one; sorted."""
        seen, queue = {place}, deque([place])
        while queue and len(seen) < CLOSE:
            here = queue.popleft()
            for row in self.columns.indices[self.columns.indptr[here] : self.columns.indptr[here + 1]]:
                inside = self.left.indices[self.left.indptr[row] : self.left.indptr[row + 1]].tolist()
                queue += [other for other in inside if other not in seen]
                seen.update(inside)
        return np.array(sorted(seen), dtype=np.int64)

    def chain(self, place: int, claim: _Claim) -> tuple[str, ...]:
        """Names of the fewest sums that tell what is claimed: first by a program over the sums used, else by dropping.

        The program finds the fewest sums whose linear combination, with weights of at most 4 in size, gives the bound;
        where only whole numbers give it, sums are dropped one after the other while the leak stays.
        """
        rows = self._fewest(place, claim)
        if rows is None:
            rows = self._drop(place, claim)
        return tuple(self.names[row] for row in rows)

    def _fewest(self, place: int, claim: _Claim) -> list[int] | None:
        goals = [(1.0, float(claim.low) - 1)] if claim.low is not None else []
        goals += [(-1.0, -float(claim.high) - 1)] if claim.high is not None else []
        if not goals or not len(self.right):
            return None
        # Per goal: weights of the sums, and of the bounds from below and above; then a 0/1 variable per sum.
        sums, cells, many = len(self.right), len(self.unknowns), len(goals)
        bounded = np.flatnonzero(np.isfinite(self.high))
        width = sums + cells + len(bounded)
        blocks: list[list[sparse.csr_array | None]] = []
        least: list[Vector] = []
        most: list[Vector] = []
        above = sparse.csr_array(
            (np.ones(len(bounded)), (bounded, np.arange(len(bounded)))), shape=(cells, len(bounded))
        )
        one_goal = sparse.hstack([self.left.T, sparse.eye_array(cells), -above], format="csr")
        for number, (sign, over) in enumerate(goals):
            unit = np.zeros(cells)
            unit[place] = sign
            blocks.append([one_goal if other == number else None for other in range(many)] + [None])
            least.append(unit)
            most.append(unit)
            worth = sparse.csr_array(np.concatenate([self.right, self.low, -self.high[bounded]])[None, :])
            blocks.append([worth if other == number else None for other in range(many)] + [None])
            least.append(np.array([over + 1e-3]))
            most.append(np.array([np.inf]))
            pick = sparse.hstack([sparse.eye_array(sums), sparse.csr_array((sums, width - sums))], format="csr")
            for turned in (1, -1):
                row: list[sparse.csr_array | None] = [
                    turned * pick if other == number else None for other in range(many)
                ]
                blocks.append([*row, -4 * sparse.eye_array(sums, format="csr")])
                least.append(np.full(sums, -np.inf))
                most.append(np.zeros(sums))
        free = np.concatenate([np.full(sums, -4.0), np.zeros(width - sums)])
        found = milp(
            np.concatenate([np.zeros(many * width), np.ones(sums)]),
            integrality=np.concatenate([np.zeros(many * width), np.ones(sums)]),
            bounds=Bounds(
                np.concatenate([np.tile(free, many), np.zeros(sums)]),
                np.concatenate([np.tile(np.where(free < 0, 4.0, np.inf), many), np.ones(sums)]),
            ),
            constraints=LinearConstraint(
                sparse.block_array(blocks, format="csr"), np.concatenate(least), np.concatenate(most)
            ),
            options={"node_limit": 5_000},
        )
        if found.x is None:
            return None
        rows = np.flatnonzero(found.x[many * width :] > 0.5)
        return [int(row) for row in rows] if self._still(place, claim, rows) else None

    def _drop(self, place: int, claim: _Claim) -> list[int]:
        kept = list(range(len(self.right)))
        beside = set(self.columns[:, [place]].tocoo().row.tolist())
        for row in sorted(kept, key=lambda row: row in beside):
            without = [other for other in kept if other != row]
            if self._still(place, claim, np.array(without, dtype=np.int64)):
                kept = without
        return kept

    def _still(self, place: int, claim: _Claim, rows: NDArray[np.int64]) -> bool:
        """Whether these sums alone tell what is claimed: nothing that they allow contradicts it."""
        spans: list[tuple[float, float]] = [] if claim.value is None else [(claim.value, claim.value)]
        spans += [(-np.inf, claim.low - 1)] if claim.low is not None else []
        spans += [(claim.high + 1, np.inf)] if claim.high is not None else []
        for least, most in spans:
            low, high = self.low.copy(), self.high.copy()
            low[place], high[place] = max(low[place], least), min(high[place], most)
            if low[place] > high[place]:
                continue
            status, _ = self._integral(np.zeros(len(low)), low, high, rows)
            if status == SOLVED:
                return False
        return True
