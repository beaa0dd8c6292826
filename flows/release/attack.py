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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from typing_extensions import override

from flows.release.cells import Cell, Key, Tables
from flows.release.intervals import Equations, Knowledge
from flows.release.programs import Program
from flows.release.systems import Vector

Attacker: TypeAlias = Literal["outsider", "insider"]
CHAIN_NODES = 5_000  # of the tree in which the fewest sums that tell something are looked for


class Refused(RuntimeError):
    """A release from which a hidden figure can be worked out; nothing of it may leave the house."""


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
        if not asked:
            continue
        system = _System(*group)
        # Whatever an insider cannot exclude an outsider cannot.
        insider = _Attack("insider", system)
        attackers = (insider, _Attack("outsider", system, insider.knowledge))
        for place in asked:
            for attacking in attackers:
                low, high = attacking.knowledge.interval(place)
                key = system.unknowns[place].cell.key
                intervals.append(Reach(key, attacking.attacker, low, high))
                claim = attacking.leak(place, low, high)
                if claim is not None:
                    chain = attacking.chain(place, claim) if with_chains else ()
                    leaks.append(Leak(key, attacking.attacker, claim.words, low, high, chain))
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
        if cell is not self.listed[number].cell:
            stricter = _stricter(self.listed[number].cell, cell)
            if stricter != self.listed[number].cell:
                self.listed[number] = self._unknown(stricter)
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
        numbers: dict[Key, int | None] = {}
        for relation in release.tables.sums:
            signs: list[tuple[int, int]] = []
            right = 0
            sign = -1  # of the total, which comes first
            for key in (relation.total, *relation.parts):
                if key not in numbers:
                    numbers[key] = unknowns.number(cells[key])
                number = numbers[key]
                if number is None:
                    right -= sign * cells[key].value
                else:
                    signs.append((number, sign))
                sign = 1
            row = tuple(sorted(signs))
            if row:
                equations.setdefault((row, right), _Equation(relation.name, row, right))
        for key, cell in cells.items():
            if key not in numbers:
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
            change = Cell(key._replace(indicator=f"{key.indicator}, change since release {number}"), size, k, "latent")
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
    if first.k >= second.k and first.hides_zero >= second.hides_zero:
        return first
    return replace(first, k=max(first.k, second.k), hides_zero=first.hides_zero or second.hides_zero)


def _groups(
    unknowns: Sequence[_Unknown], equations: Sequence[_Equation]
) -> Iterator[tuple[list[_Unknown], list[_Equation]]]:
    """Unknowns that hang together by equations, numbered anew in each group."""
    sizes = [len(equation.signs) for equation in equations]
    places = np.array([place for equation in equations for place, _ in equation.signs], dtype=np.int64)
    size = len(unknowns) + len(equations)
    rows_of = len(unknowns) + np.repeat(np.arange(len(equations)), sizes)
    links = sparse.coo_array((np.ones(len(places)), (rows_of, places)), shape=(size, size))
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


class _System:
    """The equations of one group of unknowns."""

    def __init__(self, unknowns: list[_Unknown], equations: list[_Equation]) -> None:
        self.unknowns = unknowns
        self.names = [equation.name for equation in equations]
        entries = [(row, place, sign) for row, e in enumerate(equations) for place, sign in e.signs]
        shape = (len(equations), len(unknowns))
        rows, places, signs = (list(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
        left = sparse.csr_array((np.array(signs, dtype=np.float64), (rows, places)), shape=shape)
        right: Vector = np.array([e.right for e in equations], dtype=np.float64)
        truth: Vector = np.array([unknown.cell.value for unknown in unknowns], dtype=np.float64)
        if (left @ truth != right).any():
            raise ValueError(f"what is shown contradicts the tables: {', '.join(self.names)}")
        self.equations = Equations(left, right, truth)


class _Attack:
    """One attacker of one group of unknowns."""

    def __init__(self, attacker: Attacker, system: _System, likewise: Knowledge | None = None) -> None:
        self.attacker, self.system = attacker, system
        bounds = [unknown.bounds(attacker) for unknown in system.unknowns]
        self.low: Vector = np.array([low for low, _ in bounds], dtype=np.float64)
        self.high: Vector = np.array([high for _, high in bounds], dtype=np.float64)
        self.knowledge = Knowledge(system.equations, self.low, self.high, likewise)

    def leak(self, place: int, low: int, high: int | None) -> _Claim | None:
        """What this attacker can tell of an unknown although he should not."""
        unknown = self.system.unknowns[place]
        k = unknown.cell.k
        if unknown.is_small:
            if low > 1:
                return _Claim(f"can tell that it is {low} or more", low=2)
            may_be_nobody = low == 0 and unknown.rounded is not None and not unknown.cell.hides_zero
            needed = k if self.attacker == "outsider" and not may_be_nobody else k - 1
            if high is not None and high < needed:
                return _Claim(f"can tell that it is {high} or less", high=needed - 1)
            gaps = (value for value in range(1, k) if not self.knowledge.is_possible(place, value))
            return next((_Claim(f"can exclude {value}", value=value) for value in gaps), None)
        if unknown.is_guarded and self.attacker == "insider" and low == high:
            return _Claim("knows its exact value", low=low, high=low)
        return None

    def chain(self, place: int, claim: _Claim) -> tuple[str, ...]:
        """Names of the fewest sums that tell what is claimed: first by a program over the sums used, else by dropping.

        The program finds the fewest sums whose linear combination, with weights of at most 4 in size, gives the bound;
        where only whole numbers give it, sums are dropped one after the other while the leak stays.
        """
        rows = self._fewest(place, claim)
        if rows is None:
            rows = self._drop(place, claim)
        return tuple(self.system.names[row] for row in rows)

    def _fewest(self, place: int, claim: _Claim) -> list[int] | None:
        left, right = self.system.equations.rows, self.system.equations.right
        goals = [(1.0, float(claim.low) - 1)] if claim.low is not None else []
        goals += [(-1.0, -float(claim.high) - 1)] if claim.high is not None else []
        if not goals or not len(right):
            return None
        # Per goal: weights of the sums, and of the bounds from below and above; then a 0/1 variable per sum.
        sums, cells, many = len(right), len(self.low), len(goals)
        bounded = np.flatnonzero(np.isfinite(self.high))
        width = sums + cells + len(bounded)
        blocks: list[list[sparse.csr_array | None]] = []
        least: list[Vector] = []
        most: list[Vector] = []
        above = sparse.csr_array(
            (np.ones(len(bounded)), (bounded, np.arange(len(bounded)))), shape=(cells, len(bounded))
        )
        one_goal = sparse.hstack([left.T, sparse.eye_array(cells), -above], format="csr")
        for number, (sign, over) in enumerate(goals):
            unit = np.zeros(cells)
            unit[place] = sign
            blocks.append([one_goal if other == number else None for other in range(many)] + [None])
            least.append(unit)
            most.append(unit)
            worth = sparse.csr_array(np.concatenate([right, self.low, -self.high[bounded]])[None, :])
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
        is_pick = np.concatenate([np.zeros(many * width), np.ones(sums)])
        program = Program(
            sparse.block_array(blocks, format="csr"),
            np.concatenate(least),
            np.concatenate(most),
            np.concatenate([np.tile(free, many), np.zeros(sums)]),
            np.concatenate([np.tile(np.where(free < 0, 4.0, np.inf), many), np.ones(sums)]),
            is_pick > 0,
        )
        found = program.least(is_pick, nodes=CHAIN_NODES)
        if found.x is None:
            return None
        rows = np.flatnonzero(found.x[many * width :] > 0.5)
        return [int(row) for row in rows] if self._still(place, claim, rows) else None

    def _drop(self, place: int, claim: _Claim) -> list[int]:
        kept = list(range(len(self.system.names)))
        beside = set(self.system.equations.sums_of(place))
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
            if self.knowledge.program(low, high, rows, whole=True).least().outcome == "solved":
                return False
        return True
