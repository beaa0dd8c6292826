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
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from flows.release.cells import Cell, Integers, Key, Sum, Tables
from flows.release.suppression import Unprotected

Booleans: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Role: TypeAlias = Literal["insider", "outsider"]

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


class Requirement(NamedTuple):
    """What must be possible at a cell: `value` there, a count that is not small, another one than the true one."""

    kind: Literal["value", "reach", "differ"]
    cell: int
    value: int = 0


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
    for group in _components(tables):
        part = _Part(group, base, {cell.key: fixed[cell.key] for cell in group.cells if cell.key in fixed})
        shown |= part.rounded()
        unprotected += part.refused
    broken = [total.name for total in tables.sums if not holds(total, tables, shown)]
    return Rounded(
        base,
        {key: shown[key] for key in tables.keys if key in shown},
        tuple(dict.fromkeys(broken)),
        tuple(sorted(unprotected, key=lambda one: (one.key, one.requirement))),
        {cell.key: cell.reason or "hidden" for cell in same},
    )


def _same_as_withheld(tables: Tables, shown: Mapping[Key, int]) -> list[Cell]:
    """Open cells that a sum of one part makes the same as a withheld one, now withheld; not those shown already."""
    found: dict[Key, Cell] = {}
    pairs = [(total.total, total.parts[0]) for total in tables.sums if len(total.parts) == 1]
    queue = [key for key, cell in tables.cells.items() if cell.standing == "withheld"]
    beside: dict[Key, list[Key]] = {}
    for one, other in pairs:
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    while queue:
        key = queue.pop()
        for other in beside.get(key, ()):
            cell = tables.cells[other]
            if cell.standing == "open" and other not in found and other not in shown:
                reason = found.get(key, tables.cells[key]).reason
                found[other] = replace(cell, standing="withheld", hides_zero=True, reason=reason)
                queue.append(other)
    return list(found.values())


def nearest(tables: Tables, base: int) -> Rounded:
    """Every open cell at its nearest multiple, with no regard for sums or small counts; one half goes down.

    No protection: it is what the joint rounding is measured against.
    """
    shown = {
        key: cell.value if cell.standing == "known" else base * ((2 * cell.value + base - 1) // (2 * base))
        for key, cell in ((key, tables.cells[key]) for key in tables.keys)
        if cell.standing in ("known", "open")
    }
    broken = [total.name for total in tables.sums if not holds(total, tables, shown)]
    return Rounded(base, shown, tuple(dict.fromkeys(broken)), ())


def choices(cell: Cell, base: int) -> tuple[int, ...]:
    """The counts that a cell may be shown as, the lower one first."""
    low = base * (cell.value // base)
    if cell.value == 0 or goes_up(cell, base):
        return (base,) if goes_up(cell, base) else (0, base)
    return (low,) if low == cell.value else (low, low + base)


def goes_up(cell: Cell, base: int) -> bool:
    """Whether a shown 0 would tell that a cell is small: then it is shown as the base."""
    return cell.standing == "open" and cell.hides_zero and cell.value < cell.k == base


def holds(total: Sum, tables: Tables, shown: Mapping[Key, int]) -> bool:
    """Whether a sum holds among shown counts; with cells that are not shown, whether these can take up the rest."""
    if total.total not in shown:
        return True
    rest = shown[total.total] - sum(shown.get(part, 0) for part in total.parts)
    return rest == 0 or (rest > 0 and any(part not in shown for part in total.parts))


@dataclass(frozen=True)
class _Group:
    """Cells that hang together, without the known ones, and the sums over them; `right` is what known cells add."""

    cells: tuple[Cell, ...]
    rows: sparse.csr_array  # (sums, cells), as Tables.matrix
    right: Integers  # (sums,): rows @ values + right = 0
    names: tuple[str, ...]
    has_known: Booleans  # (sums,)


def _components(tables: Tables) -> Iterator[_Group]:
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
        yield _Group(
            tuple(tables.cells[tables.keys[free[place]]] for place in inside),
            sparse.csr_array(rows[held][:, inside]),
            right[held],
            tuple(tables.sums[row].name for row in held),
            has_known[held],
        )


class _Part:
    """The rounding of one component, and the witnesses that show that it protects."""

    def __init__(self, group: _Group, base: int, fixed: Mapping[Key, int]) -> None:
        self.group, self.base = group, base
        cells = group.cells
        self.value: Integers = np.array([cell.value for cell in cells], dtype=np.int64)
        self.k: Integers = np.array([cell.k for cell in cells], dtype=np.int64)
        self.upper: Floats = np.array([np.inf if cell.upper is None else cell.upper for cell in cells])
        self.small: Booleans = np.array([cell.is_primary for cell in cells], dtype=bool)
        self.open: Booleans = np.array([cell.standing == "open" for cell in cells], dtype=bool)
        self.closed: Booleans = np.array([cell.hides_zero for cell in cells], dtype=bool)
        self.weight: Floats = np.array([cell.weight for cell in cells], dtype=np.float64)
        self.fixed: Booleans = np.array([cell.key in fixed for cell in cells], dtype=bool)
        self.columns = group.rows.tocsc()
        allowed = [(fixed[cell.key],) if cell.key in fixed else choices(cell, base) for cell in cells]
        # The lower choice, and whether there is a higher one; a small part of a share goes to 0 only if nothing else
        # will do.
        self.low: Integers = np.array([of[0] for of in allowed], dtype=np.int64)
        self.two: Booleans = self.open & np.array([len(of) == 2 for of in allowed], dtype=bool)
        self.up: Booleans = ~self.fixed & np.array([goes_up(cell, base) for cell in cells], dtype=bool)
        self.shown: Integers = self.low.copy()
        self.refused: list[Unprotected] = []
        self.levels = list(LEVELS)

    def rounded(self) -> dict[Key, int]:
        """The counts shown, by key; `refused` has what they do not protect."""
        if not self.group.names:
            self.shown = np.where(self.two & (2 * (self.value - self.low) > self.base), self.low + self.base, self.low)
        else:
            self._round()
        return {cell.key: int(self.shown[c]) for c, cell in enumerate(self.group.cells) if self.open[c]}

    def _round(self) -> None:
        wanted: list[Requirement] = []
        given_up: set[Requirement] = set()
        found = self._without_wishes()
        for _ in range(TRIES):
            self.shown = found
            missing = [one for one in self._without_witness() if one not in given_up]
            new = [one for one in missing if one not in wanted]
            if not new:
                break
            together = self._solve([*wanted, *new])
            if together is not None:
                wanted += new
                found = together
                continue
            # Those that can be had at the same time, one after the other.
            for one in new:
                alone = self._solve([*wanted, one])
                if alone is None:
                    given_up.add(one)
                else:
                    wanted.append(one)
                    found = alone
        self.shown = found
        self.refused = [self._explain(one) for one in self._without_witness()]

    # The rounding itself.

    def _without_wishes(self) -> Integers:
        """The rounding (cells,) nearest to the truth.

        Sums need not hold, and small parts of shares need not go up, only where no rounding has it otherwise.
        """
        while self.levels:
            found = self._solve([])
            if found is not None:
                return found
            del self.levels[0]
        raise NoRounding(f"no rounding of {self.group.cells[0].key} and what hangs on it")

    def _solve(self, wanted: Sequence[Requirement]) -> Integers | None:
        """The rounding (cells,) nearest to the truth with a witness for all that is wanted; None if there is none."""
        all_hold, all_up = self.levels[0]
        count, rows = len(self.value), self.group.rows
        # A choice of 0 or 1 per cell, and what a sum is off by, up and down, per sum; then the witnesses.
        down = self.up & (not all_up)
        low = np.where(down, 0, self.low)
        two = self.two | down
        price_down, price_up = (
            self.weight * np.abs(low - self.value),
            self.weight * np.abs(low + self.base - self.value),
        )
        cost = np.where(two, price_up - price_down, 0.0) - np.where(down, OFF_SMALL, 0.0)
        cost += np.where(two & (self.value == 0) & ~down, OFF_ZERO, 0.0)
        shown_rows = rows @ sparse.diags_array(self.open.astype(float))
        unseen = rows @ sparse.diags_array((~self.open).astype(float))
        hidden_total = np.asarray((unseen < 0).sum(axis=1)).ravel() > 0
        hidden_part = np.asarray((unseen > 0).sum(axis=1)).ravel() > 0
        kept = np.flatnonzero(~hidden_total)
        excused = self.group.has_known | (
            np.asarray(abs(rows @ sparse.diags_array(self.fixed.astype(float))).sum(axis=1)).ravel() > 0
        )
        system = shown_rows[kept]
        start = np.asarray(system @ low, dtype=np.float64) + self.group.right[kept]
        loose = np.flatnonzero(excused[kept] | (not all_hold))
        price = np.where(excused[kept][loose], OFF_PUBLISHED, OFF)
        pick = sparse.csr_array((np.ones(len(loose)), (loose, np.arange(len(loose)))), shape=(len(kept), len(loose)))
        blocks = [[sparse.csr_array(system * self.base), pick, -pick]]
        least = [np.where(hidden_part[kept], -np.inf, -start)]
        most = [-start]
        width = count + 2 * len(loose)
        goals = [cost, price, price]
        lows, highs = [np.zeros(width)], [np.concatenate([two.astype(float), np.full(2 * len(loose), np.inf)])]
        whole = [two.astype(float), np.zeros(2 * len(loose))]
        tied: list[tuple[sparse.csr_array, sparse.csr_array]] = []
        for one in wanted:
            near = self._near(one.cell, None)
            of_choice, of_moves, from_, to, (moves_low, moves_high) = self._witness_rows(one, near, low, two)
            tied.append((of_choice, of_moves))
            least.append(from_)
            most.append(to)
            goals.append(np.zeros(len(near)))
            lows.append(moves_low)
            highs.append(moves_high)
            whole.append(np.ones(len(near)))
        matrix: list[list[sparse.csr_array | None]] = [
            [*blocks[0], *(None for _ in tied)],
            *(
                [of_choice, None, None, *(of_moves if other == number else None for other in range(len(tied)))]
                for number, (of_choice, of_moves) in enumerate(tied)
            ),
        ]
        result = milp(
            np.concatenate(goals),
            integrality=np.concatenate(whole),
            bounds=Bounds(np.concatenate(lows), np.concatenate(highs)),
            constraints=LinearConstraint(_stacked(matrix, len(loose)), np.concatenate(least), np.concatenate(most)),
            options={"mip_rel_gap": 0.0},
        )
        if result.x is None:
            return None
        found: Integers = low + self.base * np.rint(result.x[:count]).astype(np.int64)
        return found

    def _witness_rows(
        self, one: Requirement, near: Integers, low: Integers, two: Booleans
    ) -> tuple[sparse.csr_array, sparse.csr_array, Floats, Floats, tuple[Floats, Floats]]:
        """What ties a difference d over the cells `near`, a witness, to the choices: of_choice y + of_moves d."""
        count = len(self.value)
        rows = self._rows_of(near)
        value, start = self.value[near], low[near]
        role: Role = "outsider" if one.kind == "reach" else "insider"
        least, most = -value.astype(float), self.upper[near] - value
        if role == "insider":
            most = np.where(self.small[near], np.minimum(most, self.k[near] - 1 - value), most)
        here = int(np.searchsorted(near, one.cell))
        if one.kind == "value":
            least[here] = max(least[here], one.value - value[here])
            most[here] = min(most[here], one.value - value[here])
        shown = np.flatnonzero(self.open[near])
        pick = sparse.csr_array((np.ones(len(shown)), (np.arange(len(shown)), shown)), shape=(len(shown), len(near)))
        of = sparse.csr_array(
            (np.full(len(shown), -self.base), (np.arange(len(shown)), near[shown])), shape=(len(shown), count)
        )
        # Shown as the base it may be nobody; one that may also be shown as twice the base is bounded as if it were not.
        may_be_nobody = (start[shown] == 0) | ((start[shown] == self.base) & ~two[near][shown])
        below = np.where(may_be_nobody, -np.inf, start[shown] - self.base + 1 - value[shown])
        above = start[shown] + self.base - 1 - value[shown]
        choice = [sparse.csr_array((len(rows), count)), of, of]
        moves = [self.group.rows[rows][:, near], pick, pick]
        from_ = [np.zeros(len(rows)), below.astype(float), np.full(len(shown), -np.inf)]
        to = [np.zeros(len(rows)), np.full(len(shown), np.inf), above.astype(float)]
        if one.kind == "reach":
            unit = sparse.csr_array(([1.0], ([0], [here])), shape=(1, len(near)))
            if self._zero_will_do(one.cell) and two[one.cell] and low[one.cell] == 0:
                # Shown as the base it reaches k, shown as 0 it may be 0.
                tie = sparse.csr_array(([-float(self.k[one.cell])], ([0], [one.cell])), shape=(1, count))
                wide = sparse.csr_array(([-2.0 * self.base], ([0], [one.cell])), shape=(1, count))
                choice += [tie, wide]
                moves += [unit, unit]
                from_ += [np.array([-float(value[here])]), np.array([-np.inf])]
                to += [np.array([np.inf]), np.array([-float(value[here])])]
            elif self._zero_will_do(one.cell) and low[one.cell] == 0:
                most[here] = -value[here]
            else:
                least[here] = self.k[one.cell] - value[here]
        if one.kind == "differ":
            # Further up; downwards is looked at as a requirement of its own is not needed: most are open upwards.
            least[here] = 1
        return (
            sparse.csr_array(sparse.vstack(choice)),
            sparse.csr_array(sparse.vstack(moves)),
            np.concatenate(from_),
            np.concatenate(to),
            (least, np.maximum(most, least)),
        )

    # Whether it protects.

    def requirements(self) -> Iterator[Requirement]:
        """What is asked of the cells of this component."""
        for cell, of in enumerate(self.group.cells):
            if self.small[cell]:
                yield from (Requirement("value", cell, v) for v in range(1, of.k) if v != of.value)
                yield Requirement("reach", cell)
            elif of.standing == "withheld":
                yield Requirement("differ", cell)

    def _without_witness(self) -> list[Requirement]:
        """The requirements that the counts as they are shown now do not fulfil."""
        todo = dict.fromkeys(self.requirements())
        for role in ("insider", "outsider"):
            self._fit(todo, role)
        return [one for one in todo if self._find(one) is None]

    def _box(self, role: Role) -> tuple[Floats, Floats]:
        """Lowest and highest count of each cell that an attacker cannot exclude before any sum."""
        least = np.where(self.open, np.maximum(0, self.shown - self.base + 1), 0).astype(float)
        least[self.open & (self.shown == self.base)] = 0
        most = np.where(self.open, np.minimum(self.upper, self.shown + self.base - 1), self.upper)
        return least, np.where(self.small, np.minimum(most, self.k - 1), most) if role == "insider" else most

    def _zero_will_do(self, cell: int) -> bool:
        """Whether a count that is shown as 0 may be told to be 0 to k-1."""
        return bool(self.open[cell] and not self.closed[cell])

    def _fulfils(self, one: Requirement, count: int) -> bool:
        if one.kind == "value":
            return bool(count == one.value)
        if one.kind == "differ":
            return bool(count != self.value[one.cell])
        is_nobody = count == 0 and self._zero_will_do(one.cell) and self.shown[one.cell] == 0
        return bool(count >= self.k[one.cell] or is_nobody)

    def _fit(self, todo: dict[Requirement, None], role: Role) -> None:
        """Take requirements off the list by tables that come near to as many of them as can be, one after another."""
        least, most = self._box(role)
        count, rows = len(self.value), self.group.rows
        for _ in range(FITS):
            wish: dict[int, Requirement] = {}
            for one in todo:
                if (one.kind == "reach") == (role == "outsider"):
                    wish.setdefault(one.cell, one)
            if not wish:
                return
            cells = np.array(sorted(wish), dtype=np.int64)
            goal = np.array([self._goal(wish[int(cell)]) for cell in cells]) - self.value[cells]
            size = len(cells)
            pick = sparse.csr_array((np.ones(size), (np.arange(size), cells)), shape=(size, count))
            eye = sparse.eye_array(size, format="csr")
            left = sparse.block_array([[rows, None, None], [pick, eye, -eye]], format="csr")
            right = np.concatenate([np.zeros(rows.shape[0]), goal])
            result = milp(
                np.concatenate([np.zeros(count), np.ones(2 * size)]),
                bounds=Bounds(
                    np.concatenate([least - self.value, np.zeros(2 * size)]),
                    np.concatenate([most - self.value, np.full(2 * size, np.inf)]),
                ),
                constraints=LinearConstraint(left, right, right),
            )
            if result.x is None:
                return
            moved = np.rint(result.x[:count]).astype(np.int64)
            if not self._is_table(moved, least, most) or not self._strike(todo, moved):
                return

    def _goal(self, one: Requirement) -> int:
        if one.kind == "value":
            return one.value
        if one.kind == "differ":
            return int(self.value[one.cell]) + 1
        return 0 if self._zero_will_do(one.cell) and self.shown[one.cell] == 0 else int(self.k[one.cell])

    def _strike(self, todo: dict[Requirement, None], moved: Integers) -> bool:
        """Take off the list what a difference, or its opposite, is a witness of; whether there was any."""
        struck: set[Requirement] = set()
        for signed in (moved, -moved):
            table = self.value + signed
            for role in ("insider", "outsider"):
                least, most = self._box(role)
                if (table < least).any() or (table > most).any():
                    continue
                for one in todo:
                    if (one.kind == "reach" or role == "insider") and self._fulfils(one, int(table[one.cell])):
                        struck.add(one)
        for one in struck:
            del todo[one]
        return bool(struck)

    def _is_table(self, moved: Integers, least: Floats, most: Floats) -> bool:
        table = self.value + moved
        is_within = bool(((table >= least) & (table <= most)).all())
        return is_within and not bool((self.group.rows @ moved).any())

    def _find(self, one: Requirement) -> Integers | None:
        """A witness (cells,) for a requirement, as a difference to the truth; first among the cells near, then all."""
        least, most = self._box("outsider" if one.kind == "reach" else "insider")
        for size in (NEAR, None):
            near = self._near(one.cell, size)
            for target in self._targets(one):
                moved = self._move(one.cell, target, near, least, most)
                if moved is not None:
                    return moved
            if len(near) == len(self.value):
                break
        return None

    def _targets(self, one: Requirement) -> list[tuple[float, float]]:
        value = self.value[one.cell]
        if one.kind == "value":
            return [(one.value - value, one.value - value)]
        if one.kind == "differ":
            return [(1, np.inf), (-np.inf, -1)]
        reach: list[tuple[float, float]] = [(self.k[one.cell] - value, np.inf)]
        if self._zero_will_do(one.cell) and self.shown[one.cell] == 0:
            reach.append((-value, -value))
        return reach

    def _move(
        self, cell: int, target: tuple[float, float], near: Integers, least: Floats, most: Floats
    ) -> Integers | None:
        low, high = least[near] - self.value[near], most[near] - self.value[near]
        here = int(np.searchsorted(near, cell))
        low[here], high[here] = max(low[here], target[0]), min(high[here], target[1])
        if low[here] > high[here]:
            return None
        rows = self._rows_of(near)
        system = self.group.rows[rows][:, near]
        constraints = LinearConstraint(system, np.zeros(len(rows)), np.zeros(len(rows))) if len(rows) else ()
        for whole in (0, 1):
            result = milp(
                np.zeros(len(near)),
                integrality=np.full(len(near), whole),
                bounds=Bounds(low, high),
                constraints=constraints,
            )
            if result.x is None:
                return None
            moved = np.zeros(len(self.value), dtype=np.int64)
            moved[near] = np.rint(result.x)
            if self._is_table(moved, least, most):
                return moved
        return None

    def _near(self, start: int, size: int | None) -> Integers:
        """Cells by sums from one outwards, so many or somewhat more; sorted. All of the component without a size."""
        if size is None or size >= len(self.value):
            return np.arange(len(self.value))
        seen, frontier, rows_seen = {start}, [start], set[int]()
        while frontier and len(seen) < size:
            following: list[int] = []
            for cell in frontier:
                for row in self.columns.indices[self.columns.indptr[cell] : self.columns.indptr[cell + 1]].tolist():
                    if row in rows_seen:
                        continue
                    rows_seen.add(row)
                    members = self.group.rows.indices[self.group.rows.indptr[row] : self.group.rows.indptr[row + 1]]
                    new = [int(member) for member in np.sort(members) if int(member) not in seen]
                    following += new
                    seen.update(new)
            frontier = following
        return np.array(sorted(seen), dtype=np.int64)

    def _rows_of(self, cells: Integers) -> Integers:
        found = [self.columns.indices[self.columns.indptr[c] : self.columns.indptr[c + 1]] for c in cells]
        return np.unique(np.concatenate(found)).astype(np.int64)

    def _explain(self, one: Requirement) -> Unprotected:
        words = {
            "value": f"an insider could exclude that it is {one.value}",
            "reach": f"it could be told to be under {self.k[one.cell]}",
            "differ": "its exact value could be worked out",
        }
        rows = self._rows_of(np.array([one.cell]))
        names = tuple(dict.fromkeys(self.group.names[row] for row in rows))
        return Unprotected(self.group.cells[one.cell].key, words[one.kind], names)


def _stacked(matrix: list[list[sparse.csr_array | None]], loose: int) -> sparse.csr_array:
    """The blocks as one array; columns of a width of none are left out."""
    keep = [place for place in range(len(matrix[0])) if loose or place not in (1, 2)]
    return sparse.csr_array(sparse.block_array([[row[place] for place in keep] for row in matrix]))
