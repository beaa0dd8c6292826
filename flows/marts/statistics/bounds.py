"""What a comparison can be at least and at most when some figures are known to an interval only (Manski 1989).

Each area's figure lies in [low, high], because a count of it was withheld. A mean's bounds are the means of the bounds.
A standardised difference is (m1 - m0)/S, and numerator and denominator move together: with D = m1 - m0 > 0 it grows in
an area's figure x of arm 1 below tau = m1 + (n1 - 1) S^2/(a1 n1 D), S^2 = a1 v1 + a0 v0, and falls above. So the
largest has x = clip(tau, low, high), one search over tau, and the smallest lies in a corner: areas in the order of
their midpoints, one cut between those at one end and those at the other. Where S is of both arms the arms are moved by
turns, from several corners, until nothing moves.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from flows.marts.statistics.balance import Estimand

Vector: TypeAlias = NDArray[np.float64]

_ROUNDS = 50
# Each look draws the search for tau 128 times closer; how far the best one is off counts squared.
_TRIALS = 257
_ZOOMS = 3


@dataclass(frozen=True)
class Bounds:
    """The least and the most that a figure can be."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class Box:
    """An arm's figures: (areas,) the least and the most that each can be."""

    low: Vector
    high: Vector

    @cached_property
    def is_free(self) -> NDArray[np.bool_]:
        """Which figures are not known to the point."""
        return np.asarray(self.low < self.high)

    @cached_property
    def middle(self) -> float:
        """Of the whole arm: what lies far from zero loses digits when it is squared."""
        return float((self.low + self.high).mean() / 2) if len(self.low) else 0.0

    @cached_property
    def free(self) -> tuple[Vector, Vector]:
        """The ends of what is free, less the middle."""
        return self.low[self.is_free] - self.middle, self.high[self.is_free] - self.middle

    @cached_property
    def fixed(self) -> tuple[float, float]:
        """Sum and sum of squares of what is known to the point, less the middle."""
        known = self.low[~self.is_free] - self.middle
        return float(known.sum()), float((known**2).sum())

    @cached_property
    def corners(self) -> tuple[Vector, Vector]:
        """Means and variances of all corners of one cut in the order of midpoints, each way: from cumulated sums."""
        low, high = self.free
        order = np.argsort(low + high, kind="stable")
        found = []
        for left, right in ((low[order], high[order]), (high[order], low[order])):
            sums, squares = (_summed(left**power) + _summed(right[::-1] ** power)[::-1] for power in (1, 2))
            found.append(self.moments(sums, squares))
        return np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])

    @cached_property
    def cumulated(self) -> tuple[tuple[Vector, Vector, Vector], tuple[Vector, Vector, Vector]]:
        """The free ends in order, least and most, each with its cumulated sums and sums of squares."""
        low, high = (np.sort(end) for end in self.free)
        return (low, _summed(low), _summed(low**2)), (high, _summed(high), _summed(high**2))

    def moments(self, sums: Vector, squares: Vector) -> tuple[Vector, Vector]:
        """Means and variances, from sums and sums of squares of what is free, less the middle."""
        n = len(self.low)
        first, second = sums + self.fixed[0], squares + self.fixed[1]
        variance = np.maximum(second - first**2 / n, 0) / max(n - 1, 1)
        return first / n + self.middle, variance

    def clipped(self, tau: Vector) -> tuple[Vector, Vector]:
        """Means and variances where every free figure is clip(tau, low, high), for each tau, less the middle."""
        (low, low_sums, low_squares), (high, high_sums, high_squares) = self.cumulated
        above, below = np.searchsorted(low, tau), np.searchsorted(high, tau, side="right")
        between = above - below
        sums = low_sums[-1] - low_sums[above] + high_sums[below] + between * tau
        squares = low_squares[-1] - low_squares[above] + high_squares[below] + between * tau**2
        return self.moments(sums, squares)


def _summed(values: Vector) -> Vector:
    """Cumulated sums, from that of nothing on."""
    return np.concatenate(([0.0], np.cumsum(values)))


def mean_bounds(box: Box, weights: Vector | None = None) -> Bounds:
    """Of the (weighted) mean of an arm."""
    low, high = (float(np.average(end, weights=weights)) for end in (box.low, box.high))
    return Bounds(low, high)


def difference_bounds(mean_1: Bounds, mean_0: Bounds) -> Bounds:
    """Of the difference of two means."""
    return Bounds(mean_1.low - mean_0.high, mean_1.high - mean_0.low)


def smd_bounds(arm_1: Box, arm_0: Box, estimand: Estimand) -> Bounds | None:
    """Of the SMD in SDs of arm 1 (ATT) or in the pooled SD (ATE); None where the denominator can be zero.

    ATT: exact. ATE: from several starts, so that an end may be missed by no more than a local search does.
    """
    if min(len(arm_1.low), len(arm_0.low)) < 2:
        return None
    ends = _of_first_arm(arm_1, arm_0) if estimand == "ATT" else _of_both_arms(arm_1, arm_0)
    return None if ends is None else Bounds(*ends)


def outer_smd_bounds(difference: Bounds, arm_1: Box, arm_0: Box, estimand: Estimand) -> Bounds | None:
    """Bounds that hold, but may be too wide: the difference and its denominator moved apart from each other.

    For weighted means, whose denominator is that of the areas before weighting.
    """
    spreads = [_variance_bounds(box) for box in (arm_1, arm_0)]
    if any(spread is None for spread in spreads[: 1 if estimand == "ATT" else 2]):
        return None
    (low_1, high_1), (low_0, high_0) = (spread or (0.0, 0.0) for spread in spreads)
    low, high = (low_1, high_1) if estimand == "ATT" else ((low_1 + low_0) / 2, (high_1 + high_0) / 2)
    if low <= 0:
        return None
    ends = [end / np.sqrt(squared) for end in (difference.low, difference.high) for squared in (low, high)]
    return Bounds(float(min(ends)), float(max(ends)))


def _of_first_arm(arm_1: Box, arm_0: Box) -> tuple[float, float] | None:
    other = mean_bounds(arm_0)
    ends = [_extreme(arm_1, other.high, 1.0, 0.0, -1.0), _extreme(arm_1, other.low, 1.0, 0.0, 1.0)]
    least, most = ends
    return None if least is None or most is None else (least.value, most.value)


def _of_both_arms(arm_1: Box, arm_0: Box) -> tuple[float, float] | None:
    ends: list[float] = []
    for sign in (-1.0, 1.0):
        reached = []
        for start in (arm_0.low, arm_0.high, (arm_0.low + arm_0.high) / 2):
            best = -np.inf
            mean, variance = float(start.mean()), float(start.var(ddof=1))
            for _ in range(_ROUNDS):
                first = _extreme(arm_1, mean, 0.5, 0.5 * variance, sign)
                second = first and _extreme(arm_0, first.mean, 0.5, 0.5 * first.variance, -sign)
                if second is None:
                    return None
                mean, variance = second.mean, second.variance
                value = -sign * second.value
                if value <= best + 1e-13:
                    break
                best = value
            reached.append(best)
        ends.append(sign * max(reached))
    return ends[0], ends[1]


@dataclass(frozen=True)
class _Extreme:
    """Mean and variance of an arm where (mean - other)/sqrt(share * variance + rest) ends, and that value."""

    mean: float
    variance: float
    value: float


def _extreme(box: Box, other: float, share: float, rest: float, sign: float) -> _Extreme | None:
    """Where (mean - other)/sqrt(share * variance + rest) is largest (sign 1) or smallest (-1) over the box.

    None where the denominator can be zero.
    """
    n = len(box.low)
    mean, variance = (
        np.concatenate(parts) for parts in zip(box.corners, _clipped(box, other, share, rest, sign), strict=True)
    )
    squared = share * variance + rest
    if n < 2 or not (squared > 0).all():
        return None
    values = (mean - other) / np.sqrt(squared)
    best = int(np.argmax(sign * values))
    return _Extreme(float(mean[best]), float(variance[best]), float(values[best]))


def _clipped(box: Box, other: float, share: float, rest: float, sign: float) -> tuple[Vector, Vector]:
    """Mean and variance of the best clip(tau, low, high), by a grid of tau that is drawn closer around its best."""
    low, high = box.free
    if not len(low):
        return box.moments(np.zeros(1), np.zeros(1))
    least, most = float(low.min()), float(high.max())
    for _ in range(_ZOOMS):
        trials = np.linspace(least, most, _TRIALS)
        mean, variance = box.clipped(trials)
        with np.errstate(invalid="ignore", divide="ignore"):
            values = sign * (mean - other) / np.sqrt(share * variance + rest)
        values[np.isnan(values)] = np.inf
        best = int(np.argmax(values))
        least, most = float(trials[max(best - 1, 0)]), float(trials[min(best + 1, _TRIALS - 1)])
    return mean[best : best + 1], variance[best : best + 1]


def _variance_bounds(box: Box) -> tuple[float, float] | None:
    """The largest variance lies in a corner of one cut; the least has all figures as near to their mean as can be."""
    if len(box.low) < 2:
        return None
    _, of_corners = box.corners
    low, high = (end - box.middle for end in (box.low, box.high))
    centre = float((low + high).mean() / 2)
    for _ in range(_ROUNDS):
        nearer = float(np.clip(centre, low, high).mean())
        if nearer == centre:
            break
        centre = nearer
    return float(np.clip(centre, low, high).var(ddof=1)), float(of_corners.max())
