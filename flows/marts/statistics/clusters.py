"""Means of areas that lie in clusters: the difference of two arms, its cluster-robust covariance, and its F test.

Regressing on the arm alone has a hat matrix that is one block per arm, so that the adjustment matrices of CR2, which
are as wide as a cluster in general, come down to two numbers per cluster and arm, and its degrees of freedom to sums
over clusters.

Sources: Bell & McCaffrey (2002), Survey Methodology 28: 169-181; Pustejovsky & Tipton (2018), Journal of Business &
Economic Statistics 36: 672-683.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CLUSTERS_IN_ALL = 10
CLUSTERS_PER_ARM = 4
CLUSTERS_BEYOND_RESTRICTIONS = 5
TOO_FEW_CLUSTERS = "too_few_clusters"


@dataclass(frozen=True)
class Sample:
    """The areas that a comparison uses, those left out for want of a value, and the clusters of the areas used.

    A cluster counts for every arm in which it has areas.
    """

    areas_1: int
    areas_0: int
    left_out_1: int
    left_out_0: int
    clusters: int
    clusters_1: int
    clusters_0: int

    @property
    def empty(self) -> str | None:
        """The reason why there is no comparison, where an arm has no areas."""
        return "no_areas_in_arm_1" if not self.areas_1 else "no_areas_in_arm_0" if not self.areas_0 else None


@dataclass(frozen=True)
class Estimate:
    """A mean, or a difference of means, of q responses and its sampling covariances; leading axes are kept."""

    value: Floats  # (..., q)
    cr0: Floats  # (..., q, q), no small-sample factor
    cr2: Floats | None  # (..., q, q), without bias if areas were independent with one variance
    df: float | None  # Satterthwaite's degrees of freedom of CR2, the same for every response
    reason: str | None  # why CR2 and df are missing


@dataclass(frozen=True)
class HotellingTest:
    """Approximate Hotelling's T2 test (HTZ) that all of q differences are zero; leading axes are kept."""

    f: Floats
    df: float
    p: Floats


@dataclass(frozen=True)
class Design:
    """The areas, arms, clusters and weights of a comparison: all that its covariance needs besides the values."""

    sign: Floats  # (arms,) what each arm's mean counts in the estimate
    arm: Integers  # (areas,) the place of the area's arm in `sign`
    shares: Floats  # (areas,) the area's share of its arm's weight
    cr2_scores: Floats | None  # (areas,) what the area's residual counts in its cluster's part of CR2
    order: Integers  # (areas,) the areas, cluster by cluster
    starts: Integers  # (clusters,) where each cluster begins in `order`
    clusters_per_arm: tuple[int, ...]
    df: float | None

    @property
    def areas(self) -> int:
        return len(self.arm)

    @property
    def clusters(self) -> int:
        return len(self.starts)

    @property
    def contrast(self) -> Floats:
        """What each area's value counts in the estimate, (areas,)."""
        return self.sign[self.arm] * self.shares

    def means(self, values: Floats) -> Floats:
        """The arms' weighted means, (..., arms, q), of values (..., areas, q)."""
        weighted = values * self.shares[:, None]
        return np.stack([weighted[..., self.arm == place, :].sum(axis=-2) for place in range(len(self.sign))], axis=-2)

    def estimate(self, values: ArrayLike) -> Estimate:
        """The estimate for values (..., areas, q), in the values' unit; every value must be finite.

        Raises ValueError if the values do not have one row per area, or are missing.
        """
        rows = np.asarray(values, dtype=np.float64)
        if rows.ndim < 2 or rows.shape[-2] != self.areas:
            raise ValueError(f"values: {rows.shape} is not (..., {self.areas} areas, responses)")
        if missing := int(np.count_nonzero(~np.isfinite(rows))):
            raise ValueError(f"values: {missing} are not finite; leave out the areas that lack them")
        means = self.means(rows)
        residuals = rows - means[..., self.arm, :]
        cr0 = self._covariance(residuals, self.contrast)
        cr2 = None if self.cr2_scores is None else self._covariance(residuals, self.cr2_scores)
        reason = "one_cluster_in_an_arm" if cr2 is None else None
        value: Floats = (means * self.sign[:, None]).sum(axis=-2)
        return Estimate(value, cr0, cr2, self.df, reason)

    def _covariance(self, residuals: Floats, scores: Floats) -> Floats:
        scored = (residuals * scores[:, None])[..., self.order, :]
        parts = np.add.reduceat(scored, self.starts, axis=-2)
        # einsum, not a matrix product: its order of addition does not depend on the number of threads
        return np.asarray(np.einsum("...gq,...gr->...qr", parts, parts))


def two_arms(arm: ArrayLike, cluster: ArrayLike, weights: ArrayLike | None = None) -> Design:
    """The difference of the mean of arm 1 and that of arm 0; a cluster may have areas in both.

    `arm` (areas,) is 1 or 0, `cluster` (areas,) names each area's cluster, `weights` (areas,) are positive.
    Raises ValueError if an arm is empty, or the arrays do not fit together.
    """
    arms = np.asarray(arm)
    if outside := int(np.count_nonzero((arms != 0) & (arms != 1))):
        raise ValueError(f"arm: {outside} values are neither 1 nor 0")
    return _design(np.array([-1.0, 1.0]), arms.astype(np.int64), cluster, weights)


def one_arm(cluster: ArrayLike, weights: ArrayLike | None = None) -> Design:
    """The mean of all areas; arguments as for `two_arms`."""
    return _design(np.array([1.0]), np.zeros(len(np.asarray(cluster)), dtype=np.int64), cluster, weights)


def count(arm: ArrayLike, cluster: ArrayLike, used: NDArray[np.bool_]) -> Sample:
    """Count areas and clusters where `used` (areas,) is true, and the areas left out where it is not."""
    arms, labels = np.asarray(arm), np.asarray(cluster)

    def areas(side: int, kept: NDArray[np.bool_]) -> int:
        return int(((arms == side) & kept).sum())

    def distinct(kept: NDArray[np.bool_]) -> int:
        return len(np.unique(labels[kept]))

    return Sample(
        areas_1=areas(1, used),
        areas_0=areas(0, used),
        left_out_1=areas(1, ~used),
        left_out_0=areas(0, ~used),
        clusters=distinct(used),
        clusters_1=distinct(used & (arms == 1)),
        clusters_0=distinct(used & (arms == 0)),
    )


def too_few(design: Design, restrictions: int = 1) -> str | None:
    """The reason why a comparison gives no test, interval or standard error for so many restrictions, if it gives none.

    Ten clusters in all, four per arm and more than five beyond the restrictions: a convention of this project, well
    below the designs in which the tests were seen to keep their level.
    """
    enough = (
        design.clusters >= CLUSTERS_IN_ALL
        and min(design.clusters_per_arm) >= CLUSTERS_PER_ARM
        and design.clusters > restrictions + CLUSTERS_BEYOND_RESTRICTIONS
    )
    return None if enough else TOO_FEW_CLUSTERS


def hotelling(value: Floats, covariance: Floats, df: float) -> HotellingTest | None:
    """HTZ for q differences (..., q) with CR2 covariance (..., q, q); None where `df` - q + 1 is not above 0.

    F = (df - q + 1)/(df q) * value' covariance^-1 value ~ F(q, df - q + 1): Pustejovsky & Tipton (2018), test HTZ.
    Its degrees of freedom are those of the t test here: under the working model the parts that clusters i and j give to
    the covariance are correlated by the same p_ij in every response.
    Raises numpy.linalg.LinAlgError for a singular covariance.
    """
    q = value.shape[-1]
    denominator = df - q + 1
    if denominator <= 0:
        return None
    distance = (value * np.linalg.solve(covariance, value[..., None])[..., 0]).sum(axis=-1)
    f = denominator / (df * q) * distance
    return HotellingTest(f, denominator, scipy.special.fdtrc(q, denominator, f))


def t_p_value(t: float, df: float) -> float:
    """Two-sided."""
    return float(2 * scipy.special.stdtr(df, -abs(t)))


def t_quantile(df: float, probability: float) -> float:
    return float(scipy.special.stdtrit(df, probability))


def _design(sign: Floats, arm: Integers, cluster: ArrayLike, weights: ArrayLike | None) -> Design:
    labels: NDArray[Any] = np.asarray(cluster)
    weight = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not arm.shape == labels.shape == weight.shape or arm.ndim != 1:
        raise ValueError(f"arm {arm.shape}, cluster {labels.shape} and weights {weight.shape} are not one per area")
    if wrong := int(np.count_nonzero(~(np.isfinite(weight) & (weight > 0)))):
        raise ValueError(f"weights: {wrong} are not positive numbers; leave out the areas that count nothing")
    if missing := int(np.count_nonzero(labels != labels)):  # noqa: PLR0124 - NaN among labels of any type
        raise ValueError(f"cluster: {missing} areas have none; give each area that lies alone a cluster of its own")
    areas_in_arm = np.bincount(arm, minlength=len(sign))
    if not areas_in_arm.all():
        raise ValueError(f"arm: no areas in arm {int(np.argmin(areas_in_arm))}")

    codes = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    totals = np.bincount(arm, weight, minlength=len(sign))
    members = [arm == place for place in range(len(sign))]
    clusters_per_arm = tuple(len(np.unique(codes[member])) for member in members)
    scores, df = None, None
    if min(clusters_per_arm) > 1:
        arms = [_adjust(weight[member], codes[member], len(starts)) for member in members]
        scores = np.zeros(len(arm))
        for place, (member, adjusted) in enumerate(zip(members, arms, strict=True)):
            scores[member] = sign[place] * adjusted.scores
        df = _satterthwaite(arms)
    return Design(sign, arm, weight / totals[arm], scores, order, starts, clusters_per_arm, df)


@dataclass(frozen=True)
class _AdjustedArm:
    """One arm's CR2 scores a, and per cluster what the working variance of its part of CR2 is made of."""

    scores: Floats  # (areas of the arm,)
    squares: Floats  # (clusters,) a'a
    sums: Floats  # (clusters, 2) 1'a and w'a
    kernel: Floats  # (2, 2) covariance of the parts of clusters i and j is sums_i' kernel sums_j


def _adjust(weight: Floats, code: Integers, clusters: int) -> _AdjustedArm:
    """CR2 scores B^(-1/2) w / W, where B is the cluster's block of (I - H)(I - H)' and H = 1 w'/W.

    B = I - (1 w' + w 1')/W + 1 1' (sum of w^2)/W^2 differs from the identity only in the plane of w and 1. In the basis
    of w/|w| and what is left of 1, B is 2 x 2, and its inverse root has a closed form. With equal weights the score is
    (1 - n/N)^(-1/2)/N.
    """
    total = weight.sum()
    second = (weight**2).sum() / total**2
    present = np.bincount(code, minlength=clusters) > 0
    n, sw, sw2 = (np.bincount(code, part, clusters)[present] for part in (np.ones(len(code)), weight, weight**2))
    length = np.sqrt(sw2)  # of w
    along = sw / length  # 1 = along * w/|w| + a rest of this squared length:
    rest2 = np.maximum(n - along**2, 0)
    tilt = along * second - length / total
    b11 = 1 - 2 * sw / total + along**2 * second
    b22 = 1 + rest2 * second
    root = np.sqrt(b11 * b22 - rest2 * tilt**2)
    scale = total * root * np.sqrt(b11 + b22 + 2 * root)
    on_one = -length * tilt / scale
    on_weight = (b22 + root) / scale - on_one * sw / sw2

    alpha, beta = np.zeros(clusters), np.zeros(clusters)
    alpha[present], beta[present] = on_one, on_weight
    squares, sums = np.zeros(clusters), np.zeros((clusters, 2))
    squares[present] = on_one**2 * n + 2 * on_one * on_weight * sw + on_weight**2 * sw2
    sums[present] = np.column_stack([on_one * n + on_weight * sw, on_one * sw + on_weight * sw2])
    kernel = np.array([[second, -1 / total], [-1 / total, 0]])
    return _AdjustedArm(alpha[code] + beta[code] * weight, squares, sums, kernel)


def _satterthwaite(arms: Sequence[_AdjustedArm]) -> float:
    """(sum of p_ii)^2 / (sum of p_ij^2), where p_ij is the working covariance of clusters i and j's parts.

    p is a diagonal plus two low-rank terms, so its squares are summed without building it.
    """
    diagonal = np.sum([arm.squares for arm in arms], axis=0)
    sums = np.concatenate([arm.sums for arm in arms], axis=1)
    kernel = np.zeros((sums.shape[1], sums.shape[1]))
    for place, arm in enumerate(arms):
        kernel[2 * place : 2 * place + 2, 2 * place : 2 * place + 2] = arm.kernel
    low_rank = np.einsum("ga,ab,gb->g", sums, kernel, sums)
    crossed = kernel @ np.einsum("ga,gb->ab", sums, sums)
    squared = (diagonal**2).sum() + 2 * (diagonal * low_rank).sum() + np.trace(crossed @ crossed)
    return float((diagonal.sum() + low_rank.sum()) ** 2 / squared)
