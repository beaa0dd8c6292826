"""The sampling error of a difference of means and of its standardised form, when areas lie in clusters.

The SMD d = (m1 - m0)/S, S^2 = a1 v1 + a0 v0 (ATT: a = 1, 0; ATE: 1/2, 1/2), is linearised: its error is that of the
difference of means of the areas' pseudo-values

    arm 1   z = (y - m1)/S - d a1 (n1/(n1 - 1) (y - m1)^2 - v1)/(2 S^2)
    arm 0   z = (y - m0)/S + d a0 (n0/(n0 - 1) (y - m0)^2 - v0)/(2 S^2)

by CR2 and Satterthwaite's degrees of freedom (`clusters`). Of a 0/1 variable v = p(1 - p), and the second term is
d a (1 - 2p)(y - p)/(2 S^2). With weights the moments are weighted and S is that of the areas before weighting.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from flows.marts.statistics import clusters
from flows.marts.statistics.balance import Estimand
from flows.marts.statistics.clusters import Design, Floats

Mask: TypeAlias = NDArray[np.bool_]

ALPHA = 0.05
# Beyond it sums of pseudo-values over clusters are so skewed that a bootstrap is put beside the linearised error.
SKEWED = 2.0
BOOTSTRAPS = 999
# Relative to the largest figure: what is left of a constant after rounding.
_ROUNDING = 1e-10


@dataclass(frozen=True)
class ClusteredError:
    """Standard errors of a difference (in the variable's unit) and of its SMD, on `df` degrees of freedom.

    `skewness` is that of the clusters' sums of pseudo-values; where it is beyond SKEWED, `bootstrap` is the SD of the
    SMD over draws of clusters within arms, as a check. Where there are no errors, `reason` says why.
    """

    clusters_1: int
    clusters_0: int
    difference_se: float | None = None
    smd_se: float | None = None
    df: float | None = None
    skewness: float | None = None
    bootstrap: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Moments:
    """An arm's figures, their shares of its weight, mean and variance, and what makes a variance unbiased."""

    values: Floats
    shares: Floats
    mean: float
    variance: float
    unbiased: float

    @classmethod
    def of_arm(cls, values: Floats, weights: Floats | None, binary: bool) -> "_Moments":
        shares = np.full(len(values), 1 / len(values)) if weights is None else weights / weights.sum()
        mean = float((shares * values).sum())
        lost = 1 - float((shares**2).sum())
        unbiased = 1 / lost if lost > 0 else math.inf
        variance = mean * (1 - mean) if binary else unbiased * float((shares * (values - mean) ** 2).sum())
        return cls(values, shares, mean, variance, unbiased)

    def pseudo_values(self, d: float, scale: float, share: float, sign: float, binary: bool) -> Floats:
        """What each area's value counts in the SMD, times the areas of its arm."""
        away = self.values - self.mean
        second = (1 - 2 * self.mean) * away if binary else self.unbiased * away**2 - self.variance
        return np.asarray(away / scale - sign * d * share * second / (2 * scale**2))


def clustered_error(
    design: Design,
    values: ArrayLike,
    weights: ArrayLike | None,
    *,
    smd: float | None,
    scale: float | None,
    estimand: Estimand,
    binary: bool = False,
) -> ClusteredError:
    """The errors of a comparison whose SMD and denominator are known.

    `design` is that of `clusters.two_arms` for these very areas and weights, `values` (areas,) their figures, `weights`
    (areas,) positive. Reasons: those of `clusters.too_few`, "one_cluster_in_an_arm", "constant".
    """
    y = np.asarray(values, dtype=np.float64)
    given = None if weights is None else np.asarray(weights, dtype=np.float64)
    counts = design.clusters_per_arm
    few = clusters.too_few(design) or ("one_cluster_in_an_arm" if design.df is None else None)
    if few or design.df is None:
        return ClusteredError(counts[1], counts[0], reason=few)
    arms = [_Moments.of_arm(y[side], None if given is None else given[side], binary) for side in _sides(design)]
    z = np.zeros(len(y))
    if smd is None or scale is None or not math.isfinite(sum(arm.variance for arm in arms)):
        (of_difference,) = _errors(design, y)
        if of_difference <= _ROUNDING * float(np.abs(y).max()):
            return ClusteredError(counts[1], counts[0], reason="constant")
        return ClusteredError(counts[1], counts[0], of_difference, df=design.df)
    shares = (0.0, 1.0) if estimand == "ATT" else (0.5, 0.5)
    for side, arm, share, sign in zip(_sides(design), arms, shares, (-1.0, 1.0), strict=True):
        z[side] = arm.pseudo_values(smd, scale, share, sign, binary)
    of_difference, of_smd = _errors(design, y, z)
    if of_difference <= _ROUNDING * float(np.abs(y).max()):
        return ClusteredError(counts[1], counts[0], reason="constant")
    skewness = _skewness(design, z)
    check = None
    if abs(skewness) > SKEWED and given is None:
        check = bootstrap_error(design, y, estimand, binary)
    return ClusteredError(counts[1], counts[0], of_difference, of_smd, design.df, skewness, check)


def coverage_factor(width: float, df: float = math.inf) -> float:
    """How many standard errors an interval reaches beyond a bound that lies `width` standard errors from the other one.

    F(c + width) - F(-c) = .95, F normal or Student's (Imbens & Manski 2004, Econometrica 72: 1845-1857): 1.96 without
    a width, 1.64 with a wide one.
    """
    low, high = (_quantile(probability, df) for probability in (1 - ALPHA, 1 - ALPHA / 2))
    if width <= 0:
        return high
    while low < (middle := (low + high) / 2) < high:
        if _distribution(middle + width, df) - _distribution(-middle, df) < 1 - ALPHA:
            low = middle
        else:
            high = middle
    return high


def bootstrap_error(design: Design, y: Floats, estimand: Estimand, binary: bool, seed: int = 1) -> float:
    """SD of the SMD over BOOTSTRAPS draws of clusters with replacement within each arm, (areas,) figures unweighted."""
    code = np.zeros(design.areas, dtype=np.int64)
    code[design.order] = np.repeat(np.arange(design.clusters), np.diff(np.append(design.starts, design.areas)))
    moments = []
    centre = float(y.mean())
    for side, drawn in zip(_sides(design), _drawn_clusters(design.clusters_per_arm, seed), strict=True):
        names, place = np.unique(code[side], return_inverse=True)
        away = y[side] - centre
        sums = np.stack([np.bincount(place, part, len(names)) for part in (np.ones(len(away)), away, away**2)])
        n, first, second = np.einsum("bg,sg->sb", drawn, sums)
        mean = first / n
        p = mean + centre
        variance = p * (1 - p) if binary else (second - n * mean**2) / np.maximum(n - 1, 1)
        moments.append((mean, variance))
    (mean_0, v_0), (mean_1, v_1) = moments
    squared = v_1 if estimand == "ATT" else (v_1 + v_0) / 2
    kept = squared > 0
    return float(np.std((mean_1 - mean_0)[kept] / np.sqrt(squared[kept]), ddof=1))


@lru_cache(maxsize=8)
def _drawn_clusters(clusters_per_arm: tuple[int, ...], seed: int) -> list[Floats]:
    """Of each arm how often each of its clusters is drawn, (BOOTSTRAPS, clusters)."""
    draw = np.random.default_rng(seed)
    shares = [np.full(count, 1 / count) for count in clusters_per_arm]
    return [draw.multinomial(len(each), each, size=BOOTSTRAPS).astype(np.float64) for each in shares]


def _sides(design: Design) -> tuple[Mask, Mask]:
    return design.arm == 0, design.arm == 1


def _errors(design: Design, *values: Floats) -> list[float]:
    covariance = design.estimate(np.column_stack(values)).cr2
    return [0.0] * len(values) if covariance is None else np.sqrt(np.diag(covariance)).tolist()


def _skewness(design: Design, z: Floats) -> float:
    """Of the clusters' sums of what their areas add to the estimate."""
    parts = np.add.reduceat((z * design.contrast)[design.order], design.starts)
    away = parts - parts.mean()
    second = float((away**2).mean())
    return float((away**3).mean() / second**1.5) if second > 0 else 0.0


def _quantile(probability: float, df: float) -> float:
    return float(scipy.special.ndtri(probability) if math.isinf(df) else scipy.special.stdtrit(df, probability))


def _distribution(x: float, df: float) -> float:
    return float(scipy.special.ndtr(x) if math.isinf(df) else scipy.special.stdtr(df, x))
