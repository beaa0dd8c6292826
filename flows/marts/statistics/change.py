"""Change between two years in two arms, and by how much more one of them moved: descriptive, errors by clusters.

Each area's own change is one number, so that the arms' changes and their difference are means and a difference of means
in clusters: CR2 with Satterthwaite's degrees of freedom, see `clusters`. Areas that lack either year are in no figure.
There is no p-value: which years are held against each other is chosen by whoever asks.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from flows.marts.statistics import clusters
from flows.marts.statistics.clusters import Design, Floats, Sample

ALPHA = 0.05
_ROUNDING = 1e-10


@dataclass(frozen=True)
class MeanChange:
    """A mean of changes, or a difference of two, with its 95 % interval; `reason` says why there is no interval."""

    value: float
    se: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class GroupChange:
    """Both arms' changes and `difference`, that of arm 1 less that of arm 0; None where an arm has no areas."""

    sample: Sample
    arm_1: MeanChange | None = None
    arm_0: MeanChange | None = None
    difference: MeanChange | None = None
    reason: str | None = None


def group_change(before: ArrayLike, after: ArrayLike, arm: ArrayLike, cluster: ArrayLike) -> GroupChange:
    """`before` and `after` (areas,) are the figures of the two years, NaN where missing; `arm` is 1 or 0."""
    moved = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    arms, labels = np.asarray(arm), np.asarray(cluster)
    used = ~np.isnan(moved)
    sample = clusters.count(arms, labels, used)
    if sample.empty:
        return GroupChange(sample, reason=sample.empty)
    moved, arms, labels = moved[used], arms[used], labels[used]
    design = clusters.two_arms(arms, labels)
    few = clusters.too_few(design)
    largest = float(np.abs(np.concatenate([np.asarray(before)[used], np.asarray(after)[used]])).max())
    sides = [_mean(clusters.one_arm(labels[arms == side]), moved[arms == side], few, largest) for side in (1, 0)]
    difference = _mean(design, moved, few, largest)
    return GroupChange(sample, sides[0], sides[1], difference, difference.reason)


def _mean(design: Design, moved: Floats, few: str | None, largest: float) -> MeanChange:
    estimate = design.estimate(moved[:, None])
    found = MeanChange(float(estimate.value[0]), reason=few or estimate.reason)
    if found.reason or estimate.cr2 is None or estimate.df is None:
        return found
    se = float(np.sqrt(estimate.cr2[0, 0]))
    if se <= _ROUNDING * largest:
        return replace(found, reason="constant")
    reach = clusters.t_quantile(estimate.df, 1 - ALPHA / 2) * se
    return MeanChange(found.value, se, estimate.df, found.value - reach, found.value + reach)
