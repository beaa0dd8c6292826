"""Linear programs and programs in whole numbers, as hiding, rounding and attack ask them: solved by HiGHS, with nothing
between.

The same questions in the same order have the same answers: one thread, no limit of time. Nothing is printed.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from highspy import HighsModelStatus as Status
from highspy import HighsVarType, MatrixFormat, ObjSense
from highspy._core import _Highs as Solver
from numpy.typing import NDArray
from scipy import sparse

from flows.release.systems import SumRows

Vector: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Outcome: TypeAlias = Literal["solved", "infeasible", "unbounded", "limited"]

FEASIBLE = 2  # of a solution, as HiGHS counts


class Undecided(RuntimeError):
    """The solver gave neither an answer nor a proof that there is none; a release is then not safe to make."""


@dataclass(frozen=True)
class Optimum:
    """What the solver says, and the variables where it has some: the best that there are, or that it had found when a
    limit stopped it (`limited`)."""

    outcome: Outcome
    x: Vector | None = None


class Program:
    """Minimises goals over low <= x <= high with least <= rows x <= most.

    Asked again, it begins where the last answer ended. That is quick where questions differ little; to have an answer
    that owes nothing to the last question, make a program of its own.
    """

    def __init__(
        self,
        rows: SumRows | sparse.csr_array,
        least: Vector | Integers,
        most: Vector | Integers,
        low: Vector,
        high: Vector,
        whole: NDArray[np.bool_] | bool = False,
    ) -> None:
        """`rows` (rows, variables); `whole`: which variables are whole numbers."""
        self.size = rows.shape[1]
        self.low, self.high = low, high
        self._goal: Vector = np.zeros(self.size)
        # HiGHS itself, without the callbacks of its Python class, which nobody asks for and which print a line.
        self._solver = Solver()
        for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0)):
            self._solver.setOptionValue(option, value)
        kinds: NDArray[np.int32] = np.zeros(self.size, dtype=np.int32)
        kinds[np.broadcast_to(whole, self.size)] = int(HighsVarType.kInteger)
        self._solver.passModel(
            self.size,
            rows.shape[0],
            len(rows.data),
            int(MatrixFormat.kRowwise),
            int(ObjSense.kMinimize),
            0.0,
            self._goal,
            np.asarray(low, dtype=np.float64),
            np.asarray(high, dtype=np.float64),
            np.asarray(least, dtype=np.float64),
            np.asarray(most, dtype=np.float64),
            np.asarray(rows.indptr, dtype=np.int32),
            np.asarray(rows.indices, dtype=np.int32),
            np.asarray(rows.data, dtype=np.float64),
            kinds,
        )

    def between(self, low: Vector, high: Vector) -> None:
        """Set the bounds of all variables from the next question on."""
        changed = np.flatnonzero((low != self.low) | (high != self.high))
        self._solver.changeColsBounds(len(changed), changed.astype(np.int32), low[changed], high[changed])
        self.low, self.high = low, high

    def least(
        self,
        goal: Vector | None = None,
        nodes: int | None = None,
        gap: float = 0.0,
        within: float = 1e-6,
        presolve: bool = True,
    ) -> Optimum:
        """The variables at which `goal` is least; without one any that there are.

        `nodes` of a tree of whole numbers end the search, as does being `within` so much of the least, or within the
        share `gap` of it. Raises Undecided.
        """
        goal = np.zeros(self.size) if goal is None else goal
        changed = np.flatnonzero(goal != self._goal)
        if changed.size:
            self._solver.changeColsCost(len(changed), changed.astype(np.int32), goal[changed])
        self._goal = goal
        self._solver.setOptionValue("presolve", "choose" if presolve else "off")
        self._solver.setOptionValue("mip_rel_gap", gap)
        self._solver.setOptionValue("mip_abs_gap", within)
        self._solver.setOptionValue("mip_max_nodes", 2**31 - 1 if nodes is None else nodes)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == Status.kOptimal:
            return Optimum("solved", self._x())
        if status == Status.kInfeasible:
            return Optimum("infeasible")
        if status == Status.kUnbounded:
            return Optimum("unbounded")
        if status == Status.kUnboundedOrInfeasible:
            # Which of the two: there are variables or there are none, whatever the goal.
            is_there = goal.any() and self.least(None, presolve=False).outcome == "solved"
            return Optimum("unbounded" if is_there else "infeasible")
        if status == Status.kSolutionLimit:
            is_there = self._solver.getInfo().primal_solution_status == FEASIBLE
            return Optimum("limited", self._x() if is_there else None)
        raise Undecided(f"the solver says: {self._solver.modelStatusToString(status)}")

    def _x(self) -> Vector:
        return np.array(self._solver.getSolution().col_value, dtype=np.float64)
