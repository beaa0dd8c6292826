"""The solver as it is asked: its answers, and that it prints nothing."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from flows.release.intervals import Equations, Knowledge
from flows.release.programs import Program
from flows.release.systems import propagate

SUM = sparse.csr_array(np.array([[1.0, 1.0, -1.0]]))  # x + y = z
NONE, OPEN = np.zeros(3), np.array([np.inf, 5.0, np.inf])


@pytest.mark.parametrize("whole", [False, True])
def test_a_program_says_what_there_is(whole: bool) -> None:
    program = Program(SUM, np.zeros(1), np.zeros(1), NONE, OPEN, whole)
    assert program.least(np.array([0, 0, 1.0])).outcome == "solved"
    assert program.least(np.array([0, 0, -1.0])).outcome == "unbounded"
    largest = program.least(np.array([0, -1.0, 0]))
    assert largest.x is not None
    assert largest.x[1] == 5


def test_new_bounds_hold_from_the_next_question_on() -> None:
    program = Program(SUM, np.zeros(1), np.zeros(1), NONE, OPEN)
    program.least(np.array([0, 0, 1.0]))
    program.between(np.array([1.0, 0, 0]), np.array([np.inf, 5.0, 0]))
    assert program.least(np.array([0, 0, 1.0])).outcome == "infeasible"


def test_the_solver_prints_nothing() -> None:
    words = "import numpy, scipy.sparse as s\nfrom flows.release.programs import Program\n"
    words += "one = numpy.ones(1)\nassert Program(s.csr_array([[1.0]]), one, one, one, one).least(one).x == 1"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, check=True, text=True)
    assert done.stdout == done.stderr == ""


def test_propagation_is_valid_and_exact_for_one_sum() -> None:
    low, high = propagate(SUM, np.zeros(1), np.zeros(3), np.array([np.inf, 5.0, 7.0]))
    assert (low.tolist(), high.tolist()) == ([0, 0, 0], [7, 5, 7])


def test_close_by_and_all_at_once_reach_the_same_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn tables whose inner counts are not seen: what is worked out close by is what all sums together say."""
    rng = np.random.default_rng(7)
    table = rng.integers(0, 12, (5, 6))
    table[0, 0] = 90
    rows = [sparse.csr_array(np.kron(np.eye(5), np.ones(6))), sparse.csr_array(np.kron(np.ones(5), np.eye(6)))]
    left = sparse.csr_array(sparse.vstack(rows))
    truth = table.ravel().astype(float)
    right, high = left @ truth, np.where(truth < 5, 4.0, np.where(truth < 90, 15.0, np.inf))
    intervals = []
    for close in ((2, 4, 9), (1000,)):
        monkeypatch.setattr("flows.release.intervals.CLOSE", close)
        knowledge = Knowledge(Equations(left, right, truth), np.zeros(30), high)
        intervals.append([knowledge.interval(place) for place in range(30)])
    assert intervals[0] == intervals[1]
    assert any(low > 0 for low, _ in intervals[0])
