"""Which cells are hidden: the primary ones by rule, the secondary ones so that no sum gives a primary one away.

For every cell that is not shown there are requirements, and a witness for each: an integer table that agrees with all
that is shown, and with what the attacker knows of the hidden cells.

========  ===========================  ==================================================================
witness   for each                     the table has
========  ===========================  ==================================================================
value     primary cell, v in 1..k-1    v there, for an insider: one who knows which cells are primary
reach     primary cell                 k or more there, for an outsider: one who cannot tell them apart
differ    secondary or withheld cell   another value there than the true one, for an insider
========  ===========================  ==================================================================

An insider's tables are among an outsider's, so `value` speaks for both. A mark may stand for any number, zero as
well: where nothing else protects, a zero is hidden, too, and is from then on looked after like a primary cell. An
insider knows such cells and the primary ones to lie below k. That every other hidden cell is at least k he is not
taken to use: in linked tables no choice of cells withstands that (a total of k or more over two small cells bounds
one by the other).

Cells are hidden one requirement after another: the cheapest set of further cells that makes room for a witness, a
mixed-integer program over the witness's difference d to the true table,

    min sum of w_c y_c   with   A d = 0,  d_c bounded by what is known of c,  d_c = 0 unless c is hidden or y_c = 1

(the attacker's problem of Fischetti & Salazar-González 2001, solved heuristically cell by cell as in Kelly, Golden &
Assad 1992). Hiding more only ever adds tables, so a witness stays one; at the end each secondary cell is shown again
if every requirement has a witness without it. The witnesses are the proof; `flows.release.attack` does not look at
them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from flows.release.cells import Integers, Key, Tables

Role: TypeAlias = Literal["insider", "outsider"]
Booleans: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

# How far from a cell its witness is looked for: cells in all, cells per sum that may be hidden. The last is everywhere.
REACHES = ((80, 3), (250, 6), (1200, 40), (None, None))
FOUND_WITHIN = (60, 400, 2_000)  # the same for a witness among cells that are hidden
STEPS = (1, 4, 160)  # how many times k a cell may differ in a witness, one after the other
EXPLAINED = 60  # sums among which those that give a cell away are looked for
NODES = 300  # of a branch-and-bound tree; what is found by then is used
GAP = 0.05  # how far from the cheapest set of cells a search may end


class Requirement(NamedTuple):
    """What must be possible at a cell; `value` belongs to the kind value."""

    kind: Literal["value", "reach", "differ"]
    cell: int
    value: int = 0


@dataclass(frozen=True)
class Unprotected:
    """A cell that cannot be protected because too much around it is known; `sums` give it away."""

    key: Key
    requirement: str
    sums: tuple[str, ...]


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


def hide(tables: Tables) -> Hiding:
    """Hide primary and secondary cells jointly over all `tables`. The same tables give the same cells.

    Known, withheld and latent cells are as they are; of the open ones the primary cells are hidden, and any other may
    be. Cells under the same sums are looked at together, all years and releases that `tables` holds.
    """
    state = _State(tables)
    state.protect()
    state.show_again()
    is_open = state.open
    return Hiding(
        frozenset(tables.keys[c] for c in np.flatnonzero(state.by_rule & is_open)),
        frozenset(tables.keys[c] for c in np.flatnonzero(state.hidden & ~state.by_rule & is_open)),
        tuple(state.refused),
    )


def naive(tables: Tables) -> Hiding:
    """What hiding each table alone would do: per sum with one hidden cell, the smallest other one is hidden as well.

    No protection: it is what the joint hiding is measured against.
    """
    state = _State(tables)
    for row in range(len(tables.sums)):
        cells = state.rows.indices[state.rows.indptr[row] : state.rows.indptr[row + 1]]
        if np.count_nonzero(state.hidden[cells]) == 1:
            free = cells[state.candidate[cells]]
            state.hidden[free[np.argsort(state.values[free], kind="stable")[:1]]] = True
    return Hiding(
        frozenset(tables.keys[c] for c in np.flatnonzero(state.primary & state.open)),
        frozenset(tables.keys[c] for c in np.flatnonzero(state.hidden & ~state.primary & state.open)),
        (),
    )


class _State:
    """Which cells are hidden so far, and a witness for each requirement that holds so far."""

    def __init__(self, tables: Tables) -> None:
        cells = [tables.cells[key] for key in tables.keys]
        self.tables = tables
        self.rows = tables.matrix()
        self.columns = self.rows.tocsc()
        self.values: Integers = tables.values
        self.k: Integers = np.array([cell.k for cell in cells], dtype=np.int64)
        self.weight: Floats = np.array([cell.weight for cell in cells], dtype=np.float64)
        self.upper: Floats = np.array([np.inf if cell.upper is None else cell.upper for cell in cells])
        self.by_rule: Booleans = np.array([cell.is_primary for cell in cells], dtype=bool)
        self.primary: Booleans = self.by_rule.copy()
        self.open: Booleans = np.array([cell.standing == "open" for cell in cells], dtype=bool)
        self.guarded: Booleans = np.array([cell.standing in ("open", "withheld") for cell in cells], dtype=bool)
        unseen = np.array([cell.standing in ("withheld", "latent") for cell in cells], dtype=bool)
        self.hidden: Booleans = self.primary | unseen
        self.witness: dict[Requirement, tuple[Integers, Integers]] = {}
        self.groups: Integers | None = (
            None  # of hidden cells; showing a cell again leaves them too wide, which does no harm
        )
        self.failed: dict[Requirement, int] = {}
        self.impossible: set[Requirement] = set()
        self.refused: list[Unprotected] = []

    @property
    def candidate(self) -> Booleans:
        """Cells that could still be hidden."""
        return self.open & ~self.hidden

    @cached_property
    def _limits(self) -> Mapping[Role, tuple[Floats, Floats]]:
        """Lowest and highest value of each cell, were it hidden, as each attacker knows it."""
        low, high = np.zeros(len(self.values)), self.upper
        small = self.by_rule | (self.open & (self.values < self.k))
        return {"outsider": (low, high), "insider": (low, np.where(small, np.minimum(high, self.k - 1), high))}

    def requirements(self, cell: int) -> Iterator[Requirement]:
        """What is asked for a cell that is hidden as it stands now."""
        if self.primary[cell]:
            for value in range(1, int(self.k[cell])):
                if value != self.values[cell]:
                    yield Requirement("value", cell, value)
            yield Requirement("reach", cell)
        elif self.guarded[cell] and self.hidden[cell]:
            yield Requirement("differ", cell)

    def open_requirements(self) -> list[Requirement]:
        """Those without a witness, of every hidden cell, the extreme ones of a cell first."""
        found = [
            requirement
            for cell in np.flatnonzero(self.hidden)
            for requirement in self.requirements(int(cell))
            if requirement not in self.witness and requirement not in self.impossible
        ]
        return sorted(found, key=lambda r: (r.kind == "value" and 1 < r.value < self.k[r.cell] - 1, r.cell, r))

    def protect(self) -> None:
        """Hide further cells until every requirement has a witness or is known to be impossible."""
        while todo := self.open_requirements():
            for requirement in todo:
                if requirement in self.witness or self._find(requirement):
                    continue
                if not self._make_room(requirement):
                    self.impossible.add(requirement)
                    self.refused.append(self._explain(requirement))

    def show_again(self) -> None:
        """Show each cell again that is not hidden by rule and that no requirement needs, the dearest first."""
        further = np.flatnonzero(self.hidden & ~self.by_rule & self.open)
        for cell in sorted(further, key=lambda c: (-self.weight[c], -self.values[c], c)):
            self._try_to_show(int(cell))

    def _try_to_show(self, cell: int) -> bool:
        using = [r for r, (cells, _) in self.witness.items() if cell in cells and r.cell != cell]
        own = [r for r in self.witness if r.cell == cell]
        kept, was_primary = dict(self.witness), bool(self.primary[cell])
        self.hidden[cell] = self.primary[cell] = False
        for requirement in (*using, *own):
            del self.witness[requirement]
        # What failed last is likely to fail again.
        for requirement in sorted(using, key=lambda r: -self.failed.get(r, 0)):
            if requirement not in self.witness and not self._find(requirement):
                self.failed[requirement] = 1 + max(self.failed.values(), default=0)
                self.hidden[cell], self.primary[cell] = True, was_primary
                self.witness = kept
                return False
        return True

    def _find(self, requirement: Requirement) -> bool:
        """Whether there is a witness among the cells that are hidden now; it is kept."""
        together = self._together(requirement.cell)
        for size in (*(size for size in FOUND_WITHIN if size < len(together)), None):
            near = together if size is None else self._near(requirement.cell, self.hidden, size, None)
            if self._solve(requirement, near, STEPS[-1:]) is not None:
                return True
        return False

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
            found = self._solve(requirement, near, STEPS)
            if found is not None:
                return True
            if last == (len(near), per_row or 0):
                break
            last = (len(near), per_row or 0)
        return False

    def _near(self, start: int, movable: Booleans, size: int | None, per_row: int | None) -> Integers:
        """Cells that may move in a witness for `start`, by sums from it outwards; sorted."""
        seen, frontier, rows_seen = {start}, [start], set[int]()
        while frontier and (size is None or len(seen) < size):
            following: list[int] = []
            for cell in frontier:
                for row in self.columns.indices[self.columns.indptr[cell] : self.columns.indptr[cell + 1]]:
                    if row in rows_seen:
                        continue
                    rows_seen.add(row)
                    members = self.rows.indices[self.rows.indptr[row] : self.rows.indptr[row + 1]]
                    members = members[movable[members]]
                    if per_row is not None and len(members) > per_row:
                        free = members[~self.hidden[members]]
                        order = np.lexsort((free, -np.minimum(self.values[free], 3 * self.k[free]), self.weight[free]))
                        members = np.concatenate([members[self.hidden[members]], free[order[:per_row]]])
                    following += [int(member) for member in np.sort(members) if int(member) not in seen]
                    seen.update(int(member) for member in members)
            frontier = following
        return np.array(sorted(seen), dtype=np.int64)

    def _solve(self, requirement: Requirement, near: Integers, steps: Iterable[int]) -> Integers | None:
        """The cheapest difference over the cells `near` that fulfils a requirement; its new cells are hidden."""
        for target in self._targets(requirement):
            for step in steps:
                moved = self._move(requirement, target, near, step)
                if moved is not None:
                    self._keep(requirement, near, moved)
                    return moved
        return None

    def _targets(self, requirement: Requirement) -> Iterable[tuple[float, float]]:
        """Ranges of the difference at the cell, one of which must be met."""
        value = self.values[requirement.cell]
        if requirement.kind == "value":
            return [(requirement.value - value, requirement.value - value)]
        if requirement.kind == "reach":
            return [(self.k[requirement.cell] - value, np.inf)]
        return [(1, np.inf), (-np.inf, -1)]

    def _move(
        self,
        requirement: Requirement,
        target: tuple[float, float],
        near: Integers,
        step: int,
        rows: Integers | None = None,
    ) -> Integers | None:
        """A difference (cells near,) in `target` at the cell that hides the least and moves little, or None.

        `rows` are the sums that must hold, all where it is absent.
        """
        role: Role = "outsider" if requirement.kind == "reach" else "insider"
        low, high = (limit[near] - self.values[near] for limit in self._limits[role])
        widest = step * int(self.k[requirement.cell])
        low, high = np.maximum(low, -widest), np.minimum(high, widest)
        here = int(np.searchsorted(near, requirement.cell))
        low[here], high[here] = max(low[here], target[0]), min(high[here], target[1])
        if low[here] > high[here]:
            return None
        rows = self._rows_of(near) if rows is None else rows
        system = self.rows[rows][:, near]
        free = np.flatnonzero(~self.hidden[near])
        count, new = len(near), len(free)
        # up and down moves apart, so that the objective can keep both small; then a 0/1 variable per cell to be hidden
        blocks = [[system, -system, sparse.csr_array((len(rows), new))]]
        pick = sparse.csr_array((np.ones(new), (np.arange(new), free)), shape=(new, count))
        if new:
            blocks.append([pick, sparse.csr_array((new, count)), sparse.diags_array(-high[free])])
            blocks.append([sparse.csr_array((new, count)), pick, sparse.diags_array(low[free])])
        up_low, up_high = np.maximum(low, 0), np.maximum(high, 0)
        down_low, down_high = np.maximum(-high, 0), np.maximum(-low, 0)
        cost = np.concatenate([np.full(2 * count, 1e-4 / widest), self.weight[near][free]])
        bounds = Bounds(
            np.concatenate([up_low, down_low, np.zeros(new)]), np.concatenate([up_high, down_high, np.ones(new)])
        )
        constraints = LinearConstraint(
            sparse.block_array(blocks, format="csr"),
            np.concatenate([np.zeros(len(rows)), np.full(2 * new, -np.inf)]),
            np.zeros(len(rows) + 2 * new),
        )
        # Moves that may be fractions mostly end at whole numbers all the same, and are found more quickly.
        for whole in (0, 1):
            integrality = np.concatenate([np.full(2 * count, whole), np.ones(new)])
            options = {"node_limit": NODES, "mip_rel_gap": GAP, "presolve": bool(whole or new)}
            result = milp(cost, integrality=integrality, bounds=bounds, constraints=constraints, options=options)
            if result.x is None:
                return None
            moved: Integers = np.rint(result.x[:count] - result.x[count : 2 * count]).astype(np.int64)
            if not ((system @ moved).any() or (moved < low).any() or (moved > high).any()):
                return moved
        return None

    def _keep(self, requirement: Requirement, near: Integers, moved: Integers) -> None:
        """Hide the cells that move, and note each requirement of which they, or their opposite, are a witness."""
        there = moved != 0
        cells, moves = near[there], moved[there]
        self._hide(cells)
        for signed in (moves, -moves):
            table = self.values[cells] + signed
            for role in ("insider", "outsider"):
                low, high = self._limits[role]
                if (table < low[cells]).any() or (table > high[cells]).any():
                    continue
                for cell, value in zip(cells.tolist(), table.tolist(), strict=True):
                    for found in self._shown_by(role, cell, value):
                        self.witness.setdefault(found, (cells, signed))
        if requirement not in self.witness:
            raise AssertionError(f"a difference that was found for {requirement} is no witness of it")

    def _hide(self, cells: Integers) -> None:
        """Hide cells; a zero is from then on a primary cell like those of a small total's breakdown."""
        if not self.hidden[cells].all():
            self.groups = None
        self.hidden[cells] = True
        self.primary[cells] |= self.values[cells] < self.k[cells]

    def _shown_by(self, role: Role, cell: int, value: int) -> Iterator[Requirement]:
        """Requirements of a cell for which a table of this attacker with this value there is a witness."""
        if self.primary[cell]:
            if role == "insider" and 1 <= value < self.k[cell]:
                yield Requirement("value", cell, value)
            if value >= self.k[cell]:
                yield Requirement("reach", cell)
        elif role == "insider" and self.guarded[cell]:
            yield Requirement("differ", cell)

    def _explain(self, requirement: Requirement) -> Unprotected:
        """The sums that leave no room for a requirement: those without which there still is none are dropped."""
        cell = requirement.cell
        near = self._near(cell, self.hidden | self.candidate, None, None)
        rows = [int(row) for row in self._rows_of(near)]
        if len(rows) <= EXPLAINED:
            beside = set(self._rows_of(np.array([cell])).tolist())
            for row in sorted(rows, key=lambda row: row in beside):
                without = np.array([other for other in rows if other != row], dtype=np.int64)
                steps = (
                    self._move(requirement, target, near, STEPS[-1], without) for target in self._targets(requirement)
                )
                if all(moved is None for moved in steps):
                    rows.remove(row)
        else:
            rows = sorted(int(row) for row in self._rows_of(np.array([cell])))
        words = {
            "value": f"an insider could exclude that it is {requirement.value}",
            "reach": f"it could be told to be under {self.k[cell]}",
            "differ": "its exact value could be worked out",
        }
        names = tuple(dict.fromkeys(self.tables.sums[row].name for row in rows))
        return Unprotected(self.tables.keys[cell], words[requirement.kind], names)

    def _rows_of(self, cells: Integers) -> Integers:
        """Sums in which any of the cells stand."""
        found = [self.columns.indices[self.columns.indptr[c] : self.columns.indptr[c + 1]] for c in cells]
        return np.unique(np.concatenate(found)).astype(np.int64)


def marks(tables: Tables, hiding: Hiding) -> dict[Key, str]:
    """What stands outside in place of each figure that is not shown: `hidden`, or the reason why it is withheld."""
    withheld = {key: cell.reason or "hidden" for key, cell in tables.cells.items() if cell.standing == "withheld"}
    return withheld | dict.fromkeys(hiding.hidden, "hidden")


def shown(tables: Tables, hiding: Hiding) -> dict[Key, int]:
    """The figures that are shown or known, in the order of their keys."""
    return {
        key: tables.cells[key].value
        for key in tables.keys
        if tables.cells[key].standing == "known" or (tables.cells[key].standing == "open" and key not in hiding.hidden)
    }


def hidden_share(tables: Tables, hidden: Sequence[Key] | frozenset[Key]) -> float:
    """Share of the cells that could be shown which are hidden."""
    return len(hidden) / max(1, sum(cell.standing == "open" for cell in tables.cells.values()))
