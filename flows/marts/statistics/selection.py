"""How far groups that were chosen in bad years would come back by themselves: regression to the mean.

Were areas chosen by the figure itself, their difference from the others would shrink from D to R D (James 1973,
Biometrics 29: 121-130; Davis 1976, American Journal of Epidemiology 104: 493-498), R the covariance of a window's mean
with a year that lies h years away over the variance of the window's mean: (1 - R) D is the ceiling. However they were
chosen, what they had fallen from h years before the window they may come back to: the dip, D less the difference then,
is the expected rebound itself where nothing else moves. Groups that drift apart look the same; no figure tells the two
apart. A recent dip may be larger than the ceiling.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from flows.marts.statistics import clusters
from flows.marts.statistics.clusters import Floats

FEWEST_AREAS = 100
ALPHA = 0.05
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Reliability:
    """R over `areas` with both figures, 0 to 1; `is_clipped` where the estimate lay outside."""

    value: float | None
    areas: int
    is_clipped: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Rebound:
    """The ceiling and the dip in the indicator's unit, positive where arm 1 lies above arm 0, or had risen to it.

    `difference` is that of the window over the areas of the dip, `before` that of h years earlier.
    """

    ceiling: float | None
    dip: float | None = None
    se: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    areas_1: int = 0
    areas_0: int = 0
    reason: str | None = None


def rebound_of_chosen(sd: float, reliability: float, away: float) -> tuple[float, float, float]:
    """How far beyond the mean those lie who were chosen above it by `away`, then and later, and the rebound.

    A bivariate normal of one SD and correlation `reliability`: sd lambda(away/sd) and `reliability` times that, lambda
    being the inverse Mills ratio. Davis (1976).
    """
    z = away / sd
    mills = math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) / float(scipy.special.ndtr(-z))
    return sd * mills, reliability * sd * mills, (1 - reliability) * sd * mills


def reliability(window: ArrayLike, other: ArrayLike) -> Reliability:
    """R of a window's means (areas,) with a year h years away (areas,), NaN where an area has none."""
    first, second = np.asarray(window, dtype=np.float64), np.asarray(other, dtype=np.float64)
    both = ~np.isnan(first) & ~np.isnan(second)
    count = int(both.sum())
    if count < FEWEST_AREAS:
        return Reliability(None, count, reason=f"fewer_than_{FEWEST_AREAS}_areas")
    x, y = first[both] - first[both].mean(), second[both] - second[both].mean()
    variance = float((x**2).sum())
    if variance <= _ROUNDING * count * float(np.abs(first[both]).max()) ** 2:
        return Reliability(None, count, reason="constant")
    value = float((x * y).sum()) / variance
    return Reliability(min(max(value, 0.0), 1.0), count, not 0 <= value <= 1)


def rebound(window: ArrayLike, before: ArrayLike, arm: ArrayLike, cluster: ArrayLike, found: Reliability) -> Rebound:
    """Ceiling and dip of arm 1 against arm 0; `window` and `before` (areas,) are the means and the earlier figures."""
    now, then = np.asarray(window, dtype=np.float64), np.asarray(before, dtype=np.float64)
    arms, labels = np.asarray(arm), np.asarray(cluster)
    means = [_mean(now[(arms == side) & ~np.isnan(now)]) for side in (1, 0)]
    ceiling = None
    if found.value is not None and means[0] is not None and means[1] is not None:
        ceiling = (1 - found.value) * (means[0] - means[1])
    used: NDArray[np.bool_] = ~np.isnan(now) & ~np.isnan(then)
    counts = [int(((arms == side) & used).sum()) for side in (1, 0)]
    if not all(counts):
        return Rebound(ceiling, areas_1=counts[0], areas_0=counts[1], reason="no_earlier_figures")
    design = clusters.two_arms(arms[used], labels[used])
    moved: Floats = now[used] - then[used]
    estimate = design.estimate(moved[:, None])
    dip = float(estimate.value[0])
    few = clusters.too_few(design) or estimate.reason
    if few or estimate.cr2 is None or design.df is None:
        return Rebound(ceiling, dip, areas_1=counts[0], areas_0=counts[1], reason=few)
    se = float(np.sqrt(estimate.cr2[0, 0]))
    if se <= _ROUNDING * float(np.abs(now[used]).max()):
        return Rebound(ceiling, dip, areas_1=counts[0], areas_0=counts[1], reason="constant")
    reach = clusters.t_quantile(design.df, 1 - ALPHA / 2) * se
    return Rebound(ceiling, dip, se, design.df, dip - reach, dip + reach, counts[0], counts[1])


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None
