"""Controlled rounding: every count becomes a multiple of a base next to it, so that the sums still hold.

The declared alternative to hiding (`method` in disclosure.toml), for a whole release and never beside it. A shown count
r is a multiple of the base b, less than b from the true count v; a true multiple stays, but that a zero may become b
where nothing else protects (with hiding it may be marked, likewise). Where all cells of a sum are shown, it holds for
the rounded counts; where one of them is not (latent, withheld), that one takes up the difference, and is left no less
than nothing. Of all such roundings the one nearest to the truth is taken, a mixed-integer program for each set of cells
that hang together by sums.

What a reader knows of v, given r, is this rule, the sums of the true counts, and the bounds of `Cell`: v is a whole
number from r-b+1 to r+b-1, for r = b also 0. What section 7 of the design asks for hidden cells, this module asks for
rounded ones, where small means 1 to k-1, and 0 as well for a part of a share (`hides_zero`):

(a) An outsider, to whom all counts look alike, must not see that a count is small. So among the tables that he cannot
    exclude there is one for each of 1 to k-1, and one in which the count is not small: k or more, or 0 where a zero may
    be told and the count is shown as 0. It may then be nobody, as any 0 was before there was rounding.
(b) An insider, who knows which counts are small, still cannot exclude any of 1 to k-1.

That decides which directions are open to a small count. A count shown as 0 is less than b, and were b less than k, some
of 1 to k-1 would be excluded: so b must be k or more. With that a count may be shown as 0 or as b. Of a part of a share
a zero is small, too: with b = k, a 0 would say that it is under k, so that it is shown as b, also where it is none. A
reader of a share of 0 to 2b-1 persons so sees the base in its numerator. On the other side, n - x small, the share may
be shown as 100 %: what is left there is the difference of two rounded counts, which says of n - x only that it is less
than 2b-1. With b > k a 0 stands for k as well, and no direction is forced.

Nothing is asked of a count that is not small: there is no complementary cell to keep from becoming exact, since it
might be shown as it is. A withheld cell must not become exact, as with hiding. That the rounding is nearest to the
truth is not among the attackers' knowledge, as the choice of secondary cells is not with hiding.

Sums can tie true counts together so much that a direction gives a small one away. Each requirement is therefore looked
at with a witness, a whole-number table that an attacker cannot exclude; where there is none, the program is solved
again with that witness as a part of it, so that other directions are found. What no direction protects is
`unprotected`, and nothing may be released then. `flows.release.attack` does not look at any of this.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components
from typing_extensions import override

from flows.release.cells import Cell, Integers, Key, Sum, Tables
from flows.release.witness import ROLES, Booleans, Floats, Range, Requirement, Role, Unprotected, Witnesses

NEAR = 60  # cells around one among which its witness is looked for first
TRIES = 12  # times that a component is rounded anew for witnesses that are missing
FITS = 40  # tables that are fitted to many requirements at once
# What it costs, in counts times weight: a sum with a published count that is off by one; a zero that does not stay; a
# small part of a share that is shown as 0; a sum that is off by one.
OFF_PUBLISHED, OFF_ZERO, OFF_SMALL, OFF = 10.0, 1e2, 1e4, 1e5
# Whether all sums hold and all small parts of shares go up: the first of these that can be had.
LEVELS = ((True, True), (True, False), (False, False))


class NoRounding(ValueError):
    """No rounding was found although one always exists once sums need not hold: the solver failed."""


@dataclass(frozen=True)
class Rounded:
    """The counts of a release as they are shown: known ones as they were published, all others multiples of `base`.

    `not_additive` names the sums that do not hold among them, or whose parts are more than the whole: those with a
    count that is published or that readers have already, and those that no rounding keeps. A release with `unprotected`
    cells must not leave the house. `withheld` are open cells that are not shown, with the reason: they are the same
    people as a withheld one, such as a group of which an area that is too small is the only member.
    """

    base: int
    shown: Mapping[Key, int]
    not_additive: tuple[str, ...]
    unprotected: tuple[Unprotected, ...]
    withheld: Mapping[Key, str] = field(default_factory=dict)


def round_(tables: Tables, base: int, earlier: Mapping[Key, int] | None = None) -> Rounded:
    """Round the open cells of all `tables` jointly. The same tables give the same counts.

    `earlier` are counts as readers have them already, each of the same true count: they stay as they are, since two
    roundings of one count tell more than one does. Raises ValueError for a base below the k of a cell, and where an
    earlier count is no rounding of the true one; NoRounding.
    """
    fixed = dict(earlier or {})
    same = _same_as_withheld(tables, fixed)
    tables = tables.with_(same)
    shown: dict[Key, int] = {}
    unprotected: list[Unprotected] = []
    for key, cell in tables.cells.items():
        if cell.k > base and cell.standing != "known":
            raise ValueError(f"{key}: a base of {base} does not protect counts below {cell.k}")
        if cell.standing == "known":
            shown[key] = cell.value
        elif key in fixed and fixed[key] not in choices(cell, base):
            raise ValueError(
                f"{key} is in the hands of readers as {fixed[key]}, which its true count is not rounded to"
            )
    for component in _components(tables):
        rounding = _Rounding(component, base, fixed)
        shown |= rounding.rounded()
        unprotected += rounding.refused
    return Rounded(
        base,
        {key: shown[key] for key in tables.keys if key in shown},
        not_additive(tables.sums, shown),
        tuple(sorted(unprotected, key=lambda refused: (refused.key, refused.requirement))),
        {cell.key: cell.reason or "hidden" for cell in same},
    )


def _same_as_withheld(tables: Tables, shown: Mapping[Key, int]) -> list[Cell]:
    """Open cells that a sum of one part makes the same as a withheld one, now withheld; not those shown already."""
    found: dict[Key, Cell] = {}
    queue = [key for key, cell in tables.cells.items() if cell.standing == "withheld"]
    beside: dict[Key, list[Key]] = {}
    for total in tables.sums:
        if len(total.parts) == 1:
            beside.setdefault(total.total, []).append(total.parts[0])
            beside.setdefault(total.parts[0], []).append(total.total)
    while queue:
        key = queue.pop()
        for other in beside.get(key, ()):
            cell = tables.cells[other]
            if cell.standing == "open" and other not in found and other not in shown:
                reason = found.get(key, tables.cells[key]).reason
                found[other] = replace(cell, standing="withheld", hides_zero=True, reason=reason)
                queue.append(other)
    return list(found.values())


def choices(cell: Cell, base: int) -> tuple[int, ...]:
    """The counts that a cell may be shown as, the lower one first."""
    low = base * (cell.value // base)
    if cell.value == 0 or goes_up(cell, base):
        return (base,) if goes_up(cell, base) else (0, base)
    return (low,) if low == cell.value else (low, low + base)


def goes_up(cell: Cell, base: int) -> bool:
    """Whether a shown 0 would tell that a cell is small: then it is shown as the base."""
    return cell.standing == "open" and cell.hides_zero and cell.value < cell.k == base


def not_additive(sums: Sequence[Sum], shown: Mapping[Key, int]) -> tuple[str, ...]:
    """Names of the sums that do not hold among shown counts, nor could if those that are not shown took up the rest."""
    broken = []
    for total in sums:
        rest = shown.get(total.total, 0) - sum(shown.get(part, 0) for part in total.parts)
        takes_up = rest > 0 and any(part not in shown for part in total.parts)
        if total.total in shown and rest and not takes_up:
            broken.append(total.name)
    return tuple(dict.fromkeys(broken))


@dataclass(frozen=True)
class _Component:
    """Cells that hang together, without the known ones, and the sums over them; `right` is what known cells add."""

    cells: tuple[Cell, ...]
    rows: sparse.csr_array  # (sums, cells), as Tables.matrix
    right: Integers  # (sums,): rows @ values + right = 0
    names: tuple[str, ...]
    has_known: Booleans  # (sums,)


def _components(tables: Tables) -> Iterator[_Component]:
    known = np.array([tables.cells[key].standing == "known" for key in tables.keys], dtype=bool)
    matrix = tables.matrix()
    free = np.flatnonzero(~known)
    right = np.rint(matrix[:, np.flatnonzero(known)] @ tables.values[known]).astype(np.int64)
    has_known = np.asarray(abs(matrix[:, np.flatnonzero(known)]).sum(axis=1)).ravel() > 0
    rows = sparse.csr_array(matrix[:, free])
    links = sparse.block_array([[None, rows.T], [rows, None]]) if rows.shape[0] else sparse.csr_array((len(free),) * 2)
    count, labels = connected_components(links, directed=False)
    order = np.argsort(labels[: len(free)], kind="stable")
    of_row = labels[len(free) :]
    row_order = np.argsort(of_row, kind="stable")
    for label in range(count):
        inside = order[slice(*np.searchsorted(labels[: len(free)][order], [label, label + 1]))]
        if not len(inside):
            continue
        held = row_order[slice(*np.searchsorted(of_row[row_order], [label, label + 1]))]
        yield _Component(
            tuple(tables.cells[tables.keys[free[place]]] for place in inside),
            sparse.csr_array(rows[held][:, inside]),
            right[held],
            tuple(tables.sums[row].name for row in held),
            has_known[held],
        )


class _Variables(NamedTuple):
    """Variables of a program with their costs, bounds and integrality, and the rows that tie them to the first ones.

    `least` <= of_first @ first + own @ variables <= `most`; of the first variables themselves `of_first` is None.
    """

    cost: Floats
    low: Floats
    high: Floats
    whole: Floats
    own: sparse.csr_array
    least: Floats
    most: Floats
    of_first: sparse.csr_array | None = None


class _Rounding(Witnesses):
    """The rounding of one component, and the witnesses that show that it protects."""

    def __init__(self, component: _Component, base: int, earlier: Mapping[Key, int]) -> None:
        cells = component.cells
        super().__init__(cells, component.rows, component.names)
        self.base, self.right, self.has_known = base, component.right, component.has_known
        self.closed: Booleans = np.array([cell.hides_zero for cell in cells], dtype=bool)
        self.fixed: Booleans = np.array([cell.key in earlier for cell in cells], dtype=bool)
        allowed = [(earlier[cell.key],) if cell.key in earlier else choices(cell, base) for cell in cells]
        # The lower choice, and whether there is a higher one; a small part of a share goes to 0 only if nothing else
        # will do.
        self.low: Integers = np.array([counts[0] for counts in allowed], dtype=np.int64)
        self.two: Booleans = self.open & np.array([len(counts) == 2 for counts in allowed], dtype=bool)
        self.up: Booleans = ~self.fixed & np.array([goes_up(cell, base) for cell in cells], dtype=bool)
        self.shown: Integers = self.low.copy()
        self.refused: list[Unprotected] = []
        self.levels = list(LEVELS)

    def rounded(self) -> dict[Key, int]:
        """The counts shown, by key; `refused` has what they do not protect."""
        if not self.names:
            self.shown = np.where(self.two & (2 * (self.value - self.low) > self.base), self.low + self.base, self.low)
        else:
            self._round()
        return {key: int(self.shown[cell]) for cell, key in enumerate(self.keys) if self.open[cell]}

    def _round(self) -> None:
        wanted: list[Requirement] = []
        given_up: set[Requirement] = set()
        best = self._without_wishes()
        for _ in range(TRIES):
            self.shown = best
            new = [r for r in self._without_witness() if r not in given_up and r not in wanted]
            if not new:
                break
            together = self._solve([*wanted, *new])
            if together is not None:
                wanted += new
                best = together
                continue
            # Those that can be had at the same time, one after the other.
            for requirement in new:
                alone = self._solve([*wanted, requirement])
                if alone is None:
                    given_up.add(requirement)
                else:
                    wanted.append(requirement)
                    best = alone
        self.shown = best
        for requirement in self._without_witness():
            beside = self.rows_of(np.array([requirement.cell]))
            self.refused.append(self.unprotected(requirement, beside))

    # The rounding itself.

    def _without_wishes(self) -> Integers:
        """The rounding (cells,) nearest to the truth.

        Sums need not hold, and small parts of shares need not go up, only where no rounding has it otherwise.
        """
        while self.levels:
            best = self._solve([])
            if best is not None:
                return best
            del self.levels[0]
        raise NoRounding(f"no rounding of {self.keys[0]} and what hangs on it")

    def _solve(self, wanted: Sequence[Requirement]) -> Integers | None:
        """The rounding (cells,) nearest to the truth with a witness for all that is wanted; None if there is none."""
        all_hold, all_up = self.levels[0]
        down = self.up & (not all_up)
        low, two = np.where(down, 0, self.low), self.two | down
        first = self._choices(low, two, down, all_hold)
        witnesses = [self._witness(requirement, low, two, len(first.cost)) for requirement in wanted]
        parts = [first, *witnesses]
        matrix = [
            [first.own, *(None for _ in witnesses)],
            *([row.of_first, *(row.own if row is column else None for column in witnesses)] for row in witnesses),
        ]
        solution = milp(
            np.concatenate([part.cost for part in parts]),
            integrality=np.concatenate([part.whole for part in parts]),
            bounds=Bounds(np.concatenate([part.low for part in parts]), np.concatenate([part.high for part in parts])),
            constraints=LinearConstraint(
                sparse.csr_array(sparse.block_array(matrix)),
                np.concatenate([part.least for part in parts]),
                np.concatenate([part.most for part in parts]),
            ),
            options={"mip_rel_gap": 0.0},
        ).x
        if solution is None:
            return None
        chosen: Integers = low + self.base * np.rint(solution[: len(low)]).astype(np.int64)
        return chosen

    def _choices(self, low: Integers, two: Booleans, down: Booleans, all_hold: bool) -> _Variables:
        """A choice of 0 or 1 per cell, and what a sum of shown counts is off by, up and down; the rows are the sums."""
        price_down, price_up = (self.weight * np.abs(shown - self.value) for shown in (low, low + self.base))
        cost = np.where(two, price_up - price_down, 0.0) - np.where(down, OFF_SMALL, 0.0)
        cost += np.where(two & (self.value == 0) & ~down, OFF_ZERO, 0.0)
        shown_rows = self.rows @ sparse.diags_array(self.open.astype(float))
        unseen = self.rows @ sparse.diags_array((~self.open).astype(float))
        hidden_total = np.asarray((unseen < 0).sum(axis=1)).ravel() > 0
        hidden_part = np.asarray((unseen > 0).sum(axis=1)).ravel() > 0
        has_fixed = np.asarray(abs(self.rows @ sparse.diags_array(self.fixed.astype(float))).sum(axis=1)).ravel() > 0
        kept = np.flatnonzero(~hidden_total)
        system = shown_rows[kept]
        start = np.asarray(system @ low, dtype=np.float64) + self.right[kept]
        excused = (self.has_known | has_fixed)[kept]
        loose = np.flatnonzero(excused | (not all_hold))
        price = np.where(excused[loose], OFF_PUBLISHED, OFF)
        pick = sparse.csr_array((np.ones(len(loose)), (loose, np.arange(len(loose)))), shape=(len(kept), len(loose)))
        of_choices = sparse.csr_array(system * self.base)
        return _Variables(
            cost=np.concatenate([cost, price, price]),
            low=np.zeros(len(cost) + 2 * len(loose)),
            high=np.concatenate([two.astype(float), np.full(2 * len(loose), np.inf)]),
            whole=np.concatenate([two.astype(float), np.zeros(2 * len(loose))]),
            own=sparse.hstack([of_choices, pick, -pick], format="csr") if len(loose) else of_choices,
            least=np.where(hidden_part[kept], -np.inf, -start),
            most=-start,
        )

    def _witness(self, requirement: Requirement, low: Integers, two: Booleans, width: int) -> _Variables:
        """A difference to the truth, a witness, tied to the choices, the first of `width` variables: (cells,)."""
        cell, size = requirement.cell, len(self.value)
        least, most = (limit - self.value for limit in self.known(requirement.role, self.small))
        shown = np.flatnonzero(self.open)
        start, value = low[shown], self.value[shown]
        place = np.arange(len(shown))
        pick = sparse.csr_array((np.ones(len(shown)), (place, shown)), shape=(len(shown), size))
        rounds = sparse.csr_array((np.full(len(shown), -self.base), (place, shown)), shape=(len(shown), width))
        # Shown as the base it may be nobody; one that may also be shown as twice the base is bounded as if it were not.
        may_be_nobody = (start == 0) | ((start == self.base) & ~two[shown])
        below = np.where(may_be_nobody, -np.inf, start - self.base + 1 - value)
        above = start + self.base - 1 - value
        of_first = [sparse.csr_array((len(self.names), width)), rounds, rounds]
        own = [self.rows, pick, pick]
        from_ = [np.zeros(len(self.names)), below.astype(float), np.full(len(shown), -np.inf)]
        to = [np.zeros(len(self.names)), np.full(len(shown), np.inf), above.astype(float)]
        if requirement.kind == "value":
            ((exact, _),) = self.targets(requirement)
            least[cell], most[cell] = max(least[cell], exact), min(most[cell], exact)
        elif requirement.kind == "differ":
            # Further up; downwards need not be looked at, since most are open upwards.
            least[cell] = 1
        elif not self._zero_will_do(cell) or low[cell] != 0:
            least[cell] = self.k[cell] - self.value[cell]
        elif not two[cell]:
            most[cell] = -self.value[cell]
        else:
            # Shown as the base it reaches k, shown as 0 it may be 0.
            tie = np.array([float(self.k[cell]), 2.0 * self.base])
            of_first.append(sparse.csr_array((-tie, ([0, 1], [cell, cell])), shape=(2, width)))
            own.append(sparse.csr_array(([1.0, 1.0], ([0, 1], [cell, cell])), shape=(2, size)))
            from_.append(np.array([-float(self.value[cell]), -np.inf]))
            to.append(np.array([np.inf, -float(self.value[cell])]))
        return _Variables(
            cost=np.zeros(size),
            low=least,
            high=np.maximum(most, least),
            whole=np.ones(size),
            own=sparse.vstack(own, format="csr"),
            least=np.concatenate(from_),
            most=np.concatenate(to),
            of_first=sparse.vstack(of_first, format="csr"),
        )

    # Whether it protects.

    @override
    def limits(self, role: Role) -> tuple[Floats, Floats]:
        least, most = self.known(role, self.small)
        least[self.open] = np.maximum(0, self.shown - self.base + 1)[self.open]
        least[self.open & (self.shown == self.base)] = 0
        return least, np.where(self.open, np.minimum(most, self.shown + self.base - 1), most)

    @override
    def may_be_nobody(self, cell: int) -> bool:
        return self._zero_will_do(cell) and self.shown[cell] == 0

    def _zero_will_do(self, cell: int) -> bool:
        """Whether a count that is shown as 0 may be told to be 0 to k-1."""
        return bool(self.open[cell] and not self.closed[cell])

    def _without_witness(self) -> list[Requirement]:
        """The requirements that the counts as they are shown now do not fulfil."""
        todo = dict.fromkeys(r for cell in range(len(self.value)) for r in self.requirements(cell))
        for role in ROLES:
            self._fit(todo, role)
        return [requirement for requirement in todo if not self._has_witness(requirement)]

    def _fit(self, todo: dict[Requirement, None], role: Role) -> None:
        """Take requirements off the list by tables that come near to as many of them as can be, one after another."""
        least, most = self.limits(role)
        low, high = least - self.value, most - self.value
        count = len(self.value)
        for _ in range(FITS):
            wish: dict[int, Requirement] = {}
            for requirement in todo:
                if requirement.role == role:
                    wish.setdefault(requirement.cell, requirement)
            if not wish:
                return
            cells = np.array(sorted(wish), dtype=np.int64)
            goal = np.array([self._goal(wish[int(cell)]) for cell in cells]) - self.value[cells]
            size = len(cells)
            pick = sparse.csr_array((np.ones(size), (np.arange(size), cells)), shape=(size, count))
            eye = sparse.eye_array(size, format="csr")
            right = np.concatenate([np.zeros(len(self.names)), goal])
            solution = milp(
                np.concatenate([np.zeros(count), np.ones(2 * size)]),
                bounds=Bounds(
                    np.concatenate([low, np.zeros(2 * size)]), np.concatenate([high, np.full(2 * size, np.inf)])
                ),
                constraints=LinearConstraint(
                    sparse.block_array([[self.rows, None, None], [pick, eye, -eye]], format="csr"), right, right
                ),
            ).x
            if solution is None:
                return
            moved = np.rint(solution[:count]).astype(np.int64)
            is_table = not ((self.rows @ moved).any() or (moved < low).any() or (moved > high).any())
            if not is_table or not self._strike(todo, moved):
                return

    def _goal(self, requirement: Requirement) -> int:
        """A value of the cell that fulfils a requirement."""
        if requirement.kind == "value":
            return requirement.value
        if requirement.kind == "differ":
            return int(self.value[requirement.cell]) + 1
        return 0 if self.may_be_nobody(requirement.cell) else int(self.k[requirement.cell])

    def _strike(self, todo: dict[Requirement, None], moved: Integers) -> bool:
        """Take off the list what a difference, or its opposite, is a witness of; whether there was any."""
        cells = np.flatnonzero(moved)
        struck = {fulfilled for fulfilled, _ in self.witnessed(cells, moved[cells])} & todo.keys()
        for requirement in struck:
            del todo[requirement]
        return bool(struck)

    def _has_witness(self, requirement: Requirement) -> bool:
        """Whether there is a witness for a requirement; first among the cells near, then among all."""
        everywhere = np.arange(len(self.value))
        places = [self.near(requirement.cell, NEAR), everywhere] if len(everywhere) > NEAR else [everywhere]
        return any(self._can_move(requirement, target, near) for near in places for target in self.targets(requirement))

    def _can_move(self, requirement: Requirement, target: Range, near: Integers) -> bool:
        spans = self.spans(requirement, target, near)
        if spans is None:
            return False
        low, high = spans
        rows = self.rows_of(near)
        system = self.rows[rows][:, near]
        constraints = LinearConstraint(system, np.zeros(len(rows)), np.zeros(len(rows))) if len(rows) else ()

        def solve(integrality: int) -> Floats | None:
            solution: Floats | None = milp(
                np.zeros(len(near)),
                integrality=np.full(len(near), integrality),
                bounds=Bounds(low, high),
                constraints=constraints,
            ).x
            return solution

        return self.whole(solve, system, low, high) is not None
