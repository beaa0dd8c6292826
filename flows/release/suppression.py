"""Which cells are hidden: the primary ones by rule, the secondary ones so that no sum gives a primary one away.

Small, in the words of `flows.release.witness`, are the primary cells, guarded the secondary and the withheld ones. A
mark may stand for any number, zero as well: where nothing else protects, a zero is hidden, too, and is from then on
looked after like a primary cell. An insider knows such cells and the primary ones to lie below k, and every other one
to be k or more; what is in no table, and nobody has, he knows to be 0.

Why that holds against a reader of this source: let T be the true tables, P the cells that are hidden, and T' any tables
that agree with all that is shown and in which the same cells are small. What is asked of P is the same for T and T',
since it is asked of all such tables; so P does for T' what it does for T. With the other cells of P drawn (see
`flows.release.draw`) nothing further is needed, and T' is released as T is. So whoever knows the program, but not what
was drawn, can exclude none of these tables; that they leave each small cell all of 1 to k-1 is what a witness shows.

Cells are hidden one requirement after another: the cheapest set of further cells that makes room for a witness, a
mixed-integer program over the witness's difference d to the true table,

    min sum of w_c y_c   with   A d = 0,  d_c bounded by what is known of c,  d_c = 0 unless c is hidden or y_c = 1

(the attacker's problem of Fischetti & Salazar-González 2001, solved heuristically cell by cell as in Kelly, Golden &
Assad 1992). Hiding more only ever adds tables, so a witness stays one; at the end each secondary cell that was not
drawn is shown again if every requirement has a witness without it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from typing_extensions import override

from flows.release.cells import Integers, Key, Tables
from flows.release.programs import Program
from flows.release.systems import SumRows
from flows.release.witness import ROLES, Booleans, Floats, Range, Requirement, Role, Unprotected, Witnesses

# How far from a cell its witness is looked for: cells in all, cells per sum that may be hidden. The last is everywhere.
REACHES = ((80, 3), (250, 6), (1200, 40), (2500, 250), (6000, None), (None, None))
FOUND_WITHIN = (60, 400, 2_000)  # the same for a witness among cells that are hidden
STEPS = (1, 4, 160)  # how many times k a cell may differ in a witness, one after the other
EXPLAINED = 60  # sums among which those that give a cell away are looked for
NODES = 300  # of a branch-and-bound tree; what is found by then is used
GAP = 0.05  # how far from the cheapest set of cells a search may end
CHEAPEST = 0.9  # or so near to what none is under: weights are whole numbers, so that it is the cheapest
SIMPLIFIED = 250  # cells above which a program is simplified before it is solved; for fewer that takes longer


@dataclass(frozen=True)
class Hiding:
    """The cells of a release that are not shown; a release with `unprotected` cells must not leave the house."""

    primary: frozenset[Key]
    secondary: frozenset[Key]
    unprotected: tuple[Unprotected, ...]

    @property
    def hidden(self) -> frozenset[Key]:
        """Cells that would be shown but for the rules; one mark for all of them."""
        return self.primary | self.secondary


def hide(tables: Tables, drawn: Collection[Key] = ()) -> Hiding:
    """Hide primary and secondary cells jointly over all `tables`. The same tables and draw give the same cells.

    Known, withheld and latent cells are as they are; of the open ones the primary cells are hidden, and any other may
    be. Cells under the same sums are looked at together, all years and releases that `tables` holds. Open cells that
    are `drawn` are secondary ones from the beginning, unless nothing else that is hidden protects them.
    """
    suppression = _Suppression(tables, drawn)
    suppression.protect()
    suppression.show_again()
    is_open = suppression.open
    return Hiding(
        frozenset(tables.keys[c] for c in np.flatnonzero(suppression.by_rule & is_open)),
        frozenset(tables.keys[c] for c in np.flatnonzero(suppression.hidden & ~suppression.by_rule & is_open)),
        tuple(suppression.refused),
    )


class _Suppression(Witnesses):
    """Which cells are hidden so far, and a witness for each requirement that holds so far."""

    def __init__(self, tables: Tables, drawn: Collection[Key] = ()) -> None:
        cells = [tables.cells[key] for key in tables.keys]
        super().__init__(cells, tables.matrix(), [total.name for total in tables.sums])
        self.by_rule: Booleans = self.small.copy()
        self.guarded |= self.open  # once they are hidden
        unseen = np.array([cell.standing in ("withheld", "latent") for cell in cells], dtype=bool)
        self.hidden: Booleans = self.small | unseen
        self.witness: dict[Requirement, tuple[Integers, Integers]] = {}
        self.using: dict[int, set[Requirement]] = {}  # by cell those whose witness moves it
        # Of hidden cells; showing a cell again leaves them too wide, which does no harm.
        self.groups: Integers | None = None
        self.drawn: Booleans = self.open & ~self.by_rule & np.array([key in drawn for key in tables.keys], dtype=bool)
        self._hide(np.flatnonzero(self.drawn))
        self.failed: dict[Requirement, int] = {}
        self.impossible: set[Requirement] = set()
        self.refused: list[Unprotected] = []

    @property
    def candidate(self) -> Booleans:
        """Cells that could still be hidden."""
        return self.open & ~self.hidden

    @cached_property
    def _limits(self) -> Mapping[Role, tuple[Floats, Floats]]:
        small = self.by_rule | (self.open & (self.value < self.k))
        limits = {role: self.known(role, small) for role in ROLES}
        # Rests of which nothing is asked have a k of 1.
        is_told = ~small & (self.k > 1)
        least, most = limits["insider"]
        least = np.where(is_told & (self.value >= self.k), self.k, least)
        return {**limits, "insider": (least, np.where(is_told & ~self.open & (self.value == 0), 0, most))}

    @override
    def limits(self, role: Role) -> tuple[Floats, Floats]:
        return self._limits[role]

    @override
    def may_be_nobody(self, cell: int) -> bool:
        return False

    def open_requirements(self, asked: Booleans) -> list[Requirement]:
        """Those without a witness, of every hidden cell that is `asked` for, the extreme ones of a cell first."""
        waiting = [
            requirement
            for cell in np.flatnonzero(self.hidden & asked)
            for requirement in self.requirements(int(cell))
            if requirement not in self.witness and requirement not in self.impossible
        ]
        return sorted(waiting, key=lambda r: (r.kind == "value" and 1 < r.value < self.k[r.cell] - 1, r.cell, r))

    def protect(self) -> None:
        """Hide further cells until every requirement has a witness or is known to be impossible."""
        self._protect(~self.drawn)
        for cell in np.flatnonzero(self.drawn):
            if self._is_alone(int(cell)) or not all(map(self._find, self.open_requirements(self._only(int(cell))))):
                self._try_to_show(int(cell))
        self._protect(np.ones(len(self.hidden), dtype=bool))

    def _protect(self, asked: Booleans) -> None:
        while todo := self.open_requirements(asked):
            for requirement in todo:
                if requirement in self.witness or self._find(requirement):
                    continue
                if not self._make_room(requirement):
                    self.impossible.add(requirement)
                    self.refused.append(self.unprotected(requirement, self._rows_that_tell(requirement)))

    def _only(self, cell: int) -> Booleans:
        asked: Booleans = np.zeros(len(self.hidden), dtype=bool)
        asked[cell] = True
        return asked

    def _is_alone(self, cell: int) -> bool:
        """Whether a hidden cell is the only one in some sum, which tells it."""
        inside, sizes = self.cells_of(self.rows_of(np.array([cell])))
        hidden = np.bincount(np.repeat(np.arange(len(sizes)), sizes), self.hidden[inside], len(sizes))
        return bool((hidden == 1).any())

    def show_again(self) -> None:
        """Show each cell again that is not hidden by rule and that no requirement needs, the dearest first."""
        further = np.flatnonzero(self.hidden & ~self.by_rule & ~self.drawn & self.open)
        for cell in sorted(further, key=lambda c: (-self.weight[c], -self.value[c], c)):
            self._try_to_show(int(cell))

    def _try_to_show(self, cell: int) -> None:
        own = [r for r in self.requirements(cell) if r in self.witness]
        using = sorted(r for r in self.using.get(cell, ()) if r.cell != cell)
        before = {requirement: self.witness[requirement] for requirement in (*using, *own)}
        was_small = bool(self.small[cell])
        self.hidden[cell] = self.small[cell] = False
        for requirement in before:
            self._forget(requirement)
        # What failed last is likely to fail again.
        for requirement in sorted(using, key=lambda r: -self.failed.get(r, 0)):
            if requirement not in self.witness and not self._find(requirement):
                self.failed[requirement] = 1 + max(self.failed.values(), default=0)
                self.hidden[cell], self.small[cell] = True, was_small
                for again, (cells, moves) in before.items():
                    self._forget(again)
                    self._note(again, cells, moves)
                return

    def _note(self, requirement: Requirement, cells: Integers, moves: Integers) -> None:
        """Keep a witness: the differences of these cells."""
        self.witness[requirement] = cells, moves
        for cell in cells.tolist():
            self.using.setdefault(cell, set()).add(requirement)

    def _forget(self, requirement: Requirement) -> None:
        cells, _ = self.witness.pop(requirement, (np.array([], dtype=np.int64), None))
        for cell in cells.tolist():
            self.using[cell].discard(requirement)

    def _find(self, requirement: Requirement) -> bool:
        """Whether there is a witness among the cells that are hidden now; it is kept."""
        for size in FOUND_WITHIN:
            near = self._near(requirement.cell, self.hidden, size, None)
            if self._solve(requirement, near, STEPS[-1:]) is not None:
                return True
            if len(near) < size or self._is_hopeless(requirement, near):
                return False
        return self._solve(requirement, self._together(requirement.cell), STEPS[-1:]) is not None

    def _is_hopeless(self, requirement: Requirement, near: Integers) -> bool:
        """Whether the sums in which the cells `near` stand leave no room for a witness, whatever else moves."""
        rows = self.rows_of(near)
        reached = self.reached(rows)
        reached = reached[self.hidden[reached]]
        inside = self.part(rows, reached)
        nothing = np.zeros(len(rows))
        for target in self.targets(requirement):
            spans = self.spans(requirement, target, reached)
            if spans is None:
                continue
            if Program(inside, nothing, nothing, *spans).least().outcome != "infeasible":
                return False
        return True

    def _together(self, cell: int) -> Integers:
        """Hidden cells that hang together with a hidden one by sums; sorted."""
        if self.groups is None:
            hidden = sparse.diags_array(self.hidden.astype(float))
            links = self.rows @ hidden
            group = connected_components(sparse.block_array([[None, links.T], [links, None]]), directed=False)[1]
            self.groups = group[: len(self.hidden)]
        return np.flatnonzero((self.groups == self.groups[cell]) & self.hidden)

    def _make_room(self, requirement: Requirement) -> bool:
        """Hide the cheapest cells that give a witness; False where there are none even if all that can is hidden."""
        last: tuple[int, int] | None = None
        for size, per_row in REACHES:
            near = self._near(requirement.cell, self.hidden | self.candidate, size, per_row)
            if self._solve(requirement, near, STEPS) is not None:
                return True
            if last == (len(near), per_row or 0):
                break
            last = (len(near), per_row or 0)
        return False

    def _near(self, start: int, movable: Booleans, size: int | None, per_row: int | None) -> Integers:
        """Cells that may move in a witness for `start`, so many, `per_row` of a sum's shown ones; sorted."""

        def choose(inside: Integers, sizes: Integers) -> Integers:
            if per_row is None or sizes.max(initial=0) <= per_row:
                return inside
            return np.concatenate([fewer(of_row) for of_row in np.split(inside, np.cumsum(sizes)[:-1])])

        def fewer(inside: Integers) -> Integers:
            if len(inside) <= (per_row or 0):
                return inside
            free = inside[~self.hidden[inside]]
            order = np.lexsort((free, -np.minimum(self.value[free], 3 * self.k[free]), self.weight[free]))
            return np.concatenate([inside[self.hidden[inside]], free[order[:per_row]]])

        return self.near(start, size, movable, choose)

    def _solve(self, requirement: Requirement, near: Integers, steps: Iterable[int]) -> Integers | None:
        """The cheapest difference over the cells `near` that fulfils a requirement; its new cells are hidden."""
        for target in self.targets(requirement):
            for step in steps:
                moved = self._move(requirement, target, near, step)
                if moved is not None:
                    self._keep(requirement, near, moved)
                    return moved
        return None

    def _move(
        self, requirement: Requirement, target: Range, near: Integers, step: int, rows: Integers | None = None
    ) -> Integers | None:
        """A difference (cells near,) in `target` at the cell that hides the least and moves little, or None.

        `rows` are the sums that must hold, all where it is absent.
        """
        widest = step * int(self.k[requirement.cell])
        spans = self.spans(requirement, target, near, widest)
        if spans is None:
            return None
        low, high = spans
        rows = self.rows_of(near) if rows is None else rows
        system = self.part(rows, near)
        free = np.flatnonzero(~self.hidden[near])
        count, new = len(near), len(free)
        # up and down moves apart, so that the objective can keep both small; then a 0/1 variable per cell to be hidden
        up_low, up_high = np.maximum(low, 0), np.maximum(high, 0)
        down_low, down_high = np.maximum(-high, 0), np.maximum(-low, 0)
        cost = np.concatenate([np.full(2 * count, 1e-4 / widest), self.weight[near][free]])
        bounds = (
            np.concatenate([up_low, down_low, np.zeros(new)]),
            np.concatenate([up_high, down_high, np.ones(new)]),
        )
        constraints = _of_moves(system, free, low[free], high[free])
        least = np.concatenate([np.zeros(len(rows)), np.full(2 * new, -np.inf)])
        most = np.zeros(len(rows) + 2 * new)

        def solve(integrality: int) -> Floats | None:
            whole = np.concatenate([np.full(2 * count, bool(integrality)), np.ones(new, dtype=bool)])
            program = Program(constraints, least, most, *bounds, whole)
            # Where nothing need be chosen the difference begins at none, and is there after few steps.
            is_large = bool(whole.any()) and count > SIMPLIFIED
            found = program.least(cost, nodes=NODES, gap=GAP, within=CHEAPEST, presolve=is_large).x
            return None if found is None else found[:count] - found[count : 2 * count]

        return self.whole(solve, system, low, high)

    def _keep(self, requirement: Requirement, near: Integers, moved: Integers) -> None:
        """Hide the cells that move, and note each requirement of which they, or their opposite, are a witness."""
        there = moved != 0
        cells, moves = near[there], moved[there]
        self._hide(cells)
        for fulfilled, signed in self.witnessed(cells, moves):
            if fulfilled not in self.witness:
                self._note(fulfilled, cells, signed)
        if requirement not in self.witness:
            raise AssertionError(f"a difference that was found for {requirement} is no witness of it")

    def _hide(self, cells: Integers) -> None:
        """Hide cells; a zero is from then on a primary cell like those of a small total's breakdown.

        Of what was never to be seen nothing new is asked.
        """
        new = cells[~self.hidden[cells]]
        if new.size:
            self.groups = None
        self.hidden[new] = True
        self.small[new] |= self.value[new] < self.k[new]

    def _rows_that_tell(self, requirement: Requirement) -> list[int]:
        """The sums that leave no room for a requirement: those without which there still is none are dropped."""
        beside = set(self.rows_of(np.array([requirement.cell])).tolist())
        near = self._near(requirement.cell, self.hidden | self.candidate, None, None)
        rows = [int(row) for row in self.rows_of(near)]
        if len(rows) > EXPLAINED:
            return sorted(beside)
        for row in sorted(rows, key=lambda row: row in beside):
            without = np.array([other for other in rows if other != row], dtype=np.int64)
            moves = (self._move(requirement, target, near, STEPS[-1], without) for target in self.targets(requirement))
            if all(moved is None for moved in moves):
                rows.remove(row)
        return rows


def _of_moves(system: SumRows, free: Integers, low: Floats, high: Floats) -> SumRows:
    """The constraints of a difference: `system` over moves up less moves down, and for each of the `free` cells that it
    moves within `low` and `high` only where it is hidden."""
    count, new = system.shape[1], len(free)
    own, starts = np.arange(len(system.data)), system.indptr.astype(np.int64)
    up, down = own + starts[system.row_of], own + starts[system.row_of + 1]
    entries, ends = len(system.data), 2 * starts
    indices = np.empty(2 * entries, dtype=np.int32)
    data = np.empty(2 * entries)
    indices[up], indices[down] = system.indices, system.indices + count
    data[up], data[down] = system.data, -system.data
    pick = 2 * count + np.arange(new)
    # A bound of 0 is no entry.
    kept = np.concatenate([np.column_stack([np.ones(new, dtype=bool), bound != 0]) for bound in (high, low)]).ravel()
    picked = np.concatenate([np.column_stack([free, pick]), np.column_stack([count + free, pick])]).ravel()[kept]
    sizes = np.concatenate([np.column_stack([np.ones(new), bound]) for bound in (-high, low)]).ravel()[kept]
    further = 2 * entries + np.cumsum(kept.reshape(-1, 2).sum(axis=1))
    return SumRows(
        np.concatenate([ends, further]).astype(np.int32),
        np.concatenate([indices, picked.astype(np.int32)]),
        np.concatenate([data, sizes]),
        (system.shape[0] + 2 * new, 2 * count + new),
    )


def marks(tables: Tables, hiding: Hiding) -> dict[Key, str]:
    """What stands outside in place of each figure that is not shown: `hidden`, or the reason why it is withheld."""
    withheld = {key: cell.reason or "hidden" for key, cell in tables.cells.items() if cell.standing == "withheld"}
    return withheld | dict.fromkeys(hiding.hidden, "hidden")


def shown(tables: Tables, hiding: Hiding) -> dict[Key, int]:
    """The figures that are shown or known, in the order of their keys."""
    hidden = hiding.hidden
    cells = ((key, tables.cells[key]) for key in tables.keys)
    return {
        key: cell.value
        for key, cell in cells
        if cell.standing == "known" or (cell.standing == "open" and key not in hidden)
    }
