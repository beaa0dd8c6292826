"""Bounds of comparisons against a search of the whole box, by hand, and by what they promise."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from scipy.optimize import minimize

from flows.marts.statistics.balance import BalanceLimits, Estimand, balance
from flows.marts.statistics.bounds import Box, difference_bounds, mean_bounds, outer_smd_bounds, smd_bounds

# Made up; "?" is a withheld 1 or 2. Bounds by scipy's L-BFGS-B from all corners of the box.
FIRST = ("4/100 5/100 ?/100", "3/80 ?/80 ?/80", "6/120 7/120 8/120", "5/90 4/90 6/90")
SECOND = ("?/100 ?/100 3/100", "0/60 ?/60 0/60", "?/110 4/110 ?/110", "3/70 3/70 ?/70", "0/50 0/50 ?/50")

LIMITS = BalanceLimits(smd=0.1, variance_ratio_low=0.5, variance_ratio_high=2, ks=0.05, dose_correlation=0.1, areas=2)


def box(*areas: str) -> Box:
    ends = []
    for withheld in (1, 2):
        pairs = [[cell.split("/") for cell in area.split()] for area in areas]
        sums = [
            (sum(withheld if x == "?" else int(x) for x, _ in cells), sum(int(n) for _, n in cells)) for cells in pairs
        ]
        ends.append(np.array([100 * x / n for x, n in sums]))
    return Box(*ends)


def test_shares_with_withheld_counts_have_the_bounds_of_a_search() -> None:
    first, second = box(*FIRST), box(*SECOND)
    means = mean_bounds(first), mean_bounds(second)
    assert [(bound.low, bound.high) for bound in means] == [
        pytest.approx((4.201389, 4.493056), abs=5e-7),
        pytest.approx((1.608081, 2.202309), abs=5e-7),
    ]
    difference = difference_bounds(*means)
    assert (difference.low, difference.high) == pytest.approx((1.999080, 2.884975), abs=5e-7)
    for estimand, known in (("ATT", (1.109648, 2.024328)), ("ATE", (1.348636, 2.254241))):
        found = smd_bounds(first, second, estimand)  # type: ignore[arg-type]
        assert found is not None
        assert (found.low, found.high) == pytest.approx(known, abs=5e-7)
        outer = outer_smd_bounds(difference, first, second, estimand)  # type: ignore[arg-type]
        assert outer is not None
        assert outer.low <= found.low + 1e-9
        assert outer.high >= found.high - 1e-9


def test_the_point_rule_lies_between_the_bounds_and_what_drops_areas_beyond() -> None:
    """A withheld count is taken as 1.5; packages leave out its year, and areas with fewer than two years."""
    points = [(arm.low + arm.high) / 2 for arm in (box(*FIRST), box(*SECOND))]
    assert points[0].mean() - points[1].mean() == pytest.approx(2.442027, abs=1e-6)
    known: tuple[tuple[Estimand, float], ...] = (("ATT", 1.514616), ("ATE", 1.771726))
    for estimand, expected in known:
        assert balance(*points, estimand=estimand, limits=LIMITS).smd == pytest.approx(expected, abs=5e-7)
    # Without the withheld years, and the areas that then have fewer than two.
    dropped = [450 / 100, 2100 / 360, 1500 / 270], [0.0, 600 / 140, 0.0]
    assert balance(*dropped, estimand="ATT", limits=LIMITS).smd == pytest.approx(5.498145, abs=5e-7)


def smd(first: np.ndarray, second: np.ndarray, estimand: Estimand) -> float:
    squared = first.var(ddof=1) if estimand == "ATT" else (first.var(ddof=1) + second.var(ddof=1)) / 2
    return float((first.mean() - second.mean()) / np.sqrt(squared))


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
@pytest.mark.parametrize("seed", range(4))
def test_no_point_of_the_box_lies_beyond(estimand: Estimand, seed: int) -> None:
    """Against a search from every corner, also where the difference may be of either sign."""
    draw = np.random.default_rng(seed)
    arms = []
    for size, shift in ((3, draw.choice([0.0, 1.5])), (3, 0.0)):
        low = draw.normal(shift, 2, size)
        arms.append(Box(low, low + draw.uniform(0.1, 1.5, size) * (np.arange(size) < 2)))
    ends = np.concatenate([arm.low for arm in arms]), np.concatenate([arm.high for arm in arms])
    found = smd_bounds(*arms, estimand)
    assert found is not None
    for sign, end in ((1, found.low), (-1, found.high)):

        def value(x: np.ndarray, sign: int = sign) -> float:
            return sign * smd(x[:3], x[3:], estimand)

        corners = [np.where(up, ends[1], ends[0]) for up in product((False, True), repeat=6)]
        limits = list(zip(*ends, strict=True))
        best = min(minimize(value, corner, bounds=limits, method="L-BFGS-B").fun for corner in corners)
        assert sign * end == pytest.approx(min(best, *map(value, corners)), abs=1e-6)


FIGURES = st.lists(st.tuples(st.floats(0, 20), st.floats(0, 3)), min_size=2, max_size=9)


@settings(max_examples=examples(60), deadline=None)
@given(FIGURES, FIGURES, st.sampled_from(["ATT", "ATE"]), st.integers(0, 1000))
def test_whatever_the_figures_are_the_bounds_hold_them(
    first: list[tuple[float, float]], second: list[tuple[float, float]], estimand: Estimand, seed: int
) -> None:
    arms = [
        Box(np.array([low for low, _ in arm]), np.array([low + more for low, more in arm])) for arm in (first, second)
    ]
    found = smd_bounds(*arms, estimand)
    difference = difference_bounds(mean_bounds(arms[0]), mean_bounds(arms[1]))
    outer = outer_smd_bounds(difference, *arms, estimand)
    draw = np.random.default_rng(seed)
    for _ in range(5):
        x, y = (arm.low + (arm.high - arm.low) * draw.random(len(arm.low)) for arm in arms)
        assert difference.low - 1e-9 <= x.mean() - y.mean() <= difference.high + 1e-9
        for bound in (found, outer):
            if bound is not None:
                slack = 1e-6 * max(1, abs(bound.low), abs(bound.high))
                assert bound.low - slack <= smd(x, y, estimand) <= bound.high + slack


def test_figures_that_are_known_have_no_width() -> None:
    known = Box(np.array([1.0, 2, 4]), np.array([1.0, 2, 4]))
    other = Box(np.array([0.0, 1]), np.array([0.0, 1]))
    found = smd_bounds(known, other, "ATT")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((found.low,) * 2)
    assert smd_bounds(Box(np.ones(3), np.ones(3)), other, "ATT") is None
    assert smd_bounds(Box(np.zeros(3), np.ones(3)), other, "ATT") is None, "all of them may be alike"
