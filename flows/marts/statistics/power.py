"""How small an effect a comparison of clustered areas can see, from one outcome in the last year before the grant.

Sources: Donner & Klar (2000), Design and Analysis of Cluster Randomization Trials; Bloom (2005), Learning More from
Social Experiments; Dong & Maynard (2013), Journal of Research on Educational Effectiveness 6: 24-67 (PowerUp!, CRA2).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from flows.marts.statistics import clusters
from flows.marts.statistics.clusters import Design, Floats, Sample

ALPHA = 0.05
POWER = 0.80

CONSTANT = "constant"
NO_PAIR = "no_cluster_with_two_areas"
NO_VARIATION_WITHIN = "no_variation_within_clusters"
TOO_FEW_DEGREES_OF_FREEDOM = "too_few_degrees_of_freedom"

# A constant, the arm, two terms of the baseline, and one more to tell their fit from chance.
_FEWEST_AREAS = 6

# Relative to the largest value, squared: what is left of a constant after rounding.
_ROUNDING = 1e-20


class NotIdentified(ValueError):
    """Data from which the variances between and within clusters cannot be estimated; the message is the reason."""


@dataclass(frozen=True)
class AnovaIcc:
    """Intraclass correlation by analysis of variance, with its 95 % interval.

    An estimate below zero is given as it is: areas of a cluster are then less alike than areas of different ones. It is
    to be used as 0.
    """

    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    size: float | None = None  # n0, the mean size of a cluster that its variance calls for
    reason: str | None = None


@dataclass(frozen=True)
class Components:
    """Variance between and within clusters, in the outcome's unit squared; neither is below zero."""

    between: float
    within: float

    @property
    def icc(self) -> float:
        return self.between / (self.between + self.within)

    @property
    def sd(self) -> float:
        return float(np.sqrt(self.between + self.within))


@dataclass(frozen=True)
class Explained:
    """Share of each variance that an earlier value explains; below zero where it explains nothing, to be used as 0."""

    areas: int
    between: float | None = None
    within: float | None = None
    reason: str | None = None  # why one or both are missing


@dataclass(frozen=True)
class Detectable:
    """The effect that a two-sided 5 % test finds with 80 % power.

    `in_unit` and `in_sd` rest on the variance of the difference of arm means for these very clusters, and the degrees
    of freedom of its CR2 test. `textbook_in_sd` is the formula for clusters of one size, J - 2 - g degrees of freedom;
    it is None where a cluster has areas in both arms, which the formula does not know. SDs are of areas within arms.
    """

    se: float | None = None
    df: float | None = None
    in_unit: float | None = None
    in_sd: float | None = None
    textbook_in_sd: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class DesignPower:
    """One outcome and contrast.

    `basis` says on which variances the detectable effects rest: `reml`; `one_area_per_cluster`, where between and
    within cannot be told apart and need not be (all variance stands in `components.within`); or why there are none.
    """

    sample: Sample
    size: float | None  # harmonic mean of areas per cluster
    anova: AnovaIcc
    components: Components | None
    explained: Explained
    unadjusted: Detectable
    adjusted: Detectable  # for the earlier value
    basis: str


def design_power(
    values: ArrayLike, arm: ArrayLike, cluster: ArrayLike, baseline: ArrayLike | None = None
) -> DesignPower:
    """What the comparison of arm 1 with arm 0 can see in `values` (areas,), the outcome in the last year before.

    `arm` and `cluster` (areas,) as for `clusters.two_arms`; `baseline` (areas,) is an earlier value of the outcome. NaN
    is missing: areas without the outcome are left out; without a baseline, only of what the baseline explains.
    Variances are those within arms. Raises ValueError if the arrays do not fit together.
    """
    outcome, arms, labels = np.asarray(values, dtype=np.float64), np.asarray(arm), np.asarray(cluster)
    earlier = np.full(outcome.shape, np.nan) if baseline is None else np.asarray(baseline, dtype=np.float64)
    if not outcome.shape == arms.shape == labels.shape == earlier.shape or outcome.ndim != 1:
        raise ValueError(
            f"values {outcome.shape}, arm {arms.shape}, cluster {labels.shape} and baseline {earlier.shape} "
            "are not one per area"
        )
    if infinite := int(np.isinf(outcome).sum() + np.isinf(earlier).sum()):
        raise ValueError(f"values and baseline: {infinite} are infinite; a missing value is NaN")
    known = ~np.isnan(outcome)
    sample = clusters.count(arms, labels, known)
    outcome, arms, labels, earlier = outcome[known], arms[known], labels[known], earlier[known]
    if sample.empty:
        return _without(sample, AnovaIcc(reason=sample.empty), sample.empty)
    design = clusters.two_arms(arms, labels)
    anova = icc_anova(outcome, labels, arms)
    if anova.reason == CONSTANT:
        return _without(sample, anova, CONSTANT)
    components, basis = _components(outcome, arms, labels)
    if components is None:
        return _without(sample, anova, basis)
    explained = _explained(outcome, arms, labels, earlier, components)
    few = clusters.too_few(design)
    size = sample.clusters / float((1 / np.unique(labels, return_counts=True)[1]).sum())
    unadjusted = _detectable(design, sample, size, components, None, few)
    adjusted = _detectable(design, sample, size, components, explained, few)
    return DesignPower(sample, size, anova, components, explained, unadjusted, adjusted, few or basis)


def icc_anova(values: ArrayLike, cluster: ArrayLike, arm: ArrayLike | None = None) -> AnovaIcc:
    """(MSB - MSW)/(MSB + (n0 - 1) MSW) of values (areas,) in clusters, within arms where `arm` is given.

    n0 = (N - sum over arms of (sum of n^2)/N_arm)/(clusters - arms): Donner & Klar (2000), chapter 1 and 6. A cluster
    with areas in both arms counts as two. The interval is Wald's (1940, Annals of Mathematical Statistics 11: 96-100),
    exact for normal outcomes and clusters of any sizes; Searle's F interval is its case of equal sizes.
    """
    outcome = np.asarray(values, dtype=np.float64)
    labels = np.unique(np.asarray(cluster), return_inverse=True)[1]
    arms = np.zeros(len(outcome), dtype=np.int64) if arm is None else np.unique(np.asarray(arm), return_inverse=True)[1]
    if not len(outcome):
        return AnovaIcc(reason="no_areas")
    wide = int(labels.max()) + 1
    cells, place = np.unique(arms * wide + labels, return_inverse=True)
    side = cells // wide
    n = np.bincount(place).astype(np.float64)
    mean = np.bincount(place, outcome) / n
    df_between, df_within = len(n) - int(side.max()) - 1, len(outcome) - len(n)

    def between(weight: Floats) -> float:
        """Sum of weighted squares of the clusters' means around their arm's weighted mean."""
        centre = np.bincount(side, weight * mean) / np.bincount(side, weight)
        return float((weight * (mean - centre[side]) ** 2).sum())

    negligible = _ROUNDING * float(np.abs(outcome).max()) ** 2 * len(outcome)
    ss_between, ss_within = between(n), float(((outcome - mean[place]) ** 2).sum())
    if ss_between + ss_within <= negligible:
        return AnovaIcc(reason=CONSTANT)
    if not df_within:
        return AnovaIcc(reason=NO_PAIR)
    if not df_between:
        return AnovaIcc(reason=clusters.TOO_FEW_CLUSTERS)
    size = (len(outcome) - float((np.bincount(side, n**2) / np.bincount(side, n)).sum())) / df_between
    if ss_within <= negligible:
        return AnovaIcc(1.0, size=size, reason=NO_VARIATION_WITHIN)
    ms_between, ms_within = ss_between / df_between, ss_within / df_within
    estimate = (ms_between - ms_within) / (ms_between + (size - 1) * ms_within)

    least = -1 / (float(n.max()) - 1)

    def bound(probability: float) -> float:
        """The correlation at which the clusters' means, weighted for it, spread as F does with this probability."""
        quantile = float(scipy.special.fdtri(df_between, df_within, probability))

        def excess(icc: float) -> float:
            return between(n * (1 - icc) / (1 + (n - 1) * icc)) / (df_between * ms_within) - quantile

        first, last = least + 1e-9, 1 - 1e-12
        if excess(first) <= 0:
            return least
        return 1.0 if excess(last) >= 0 else float(scipy.optimize.brentq(excess, first, last, xtol=1e-12))

    return AnovaIcc(estimate, bound(1 - ALPHA / 2), bound(ALPHA / 2), size)


def variance_components(values: ArrayLike, cluster: ArrayLike, covariates: ArrayLike | None = None) -> Components:
    """REML of a random intercept per cluster, for values (areas,) and covariates (areas, p) beside the constant.

    With the ratio of the two variances given, all else has a closed form (Laird & Ware 1982, Biometrics 38: 963-974),
    so that one number is searched. Raises NotIdentified where no cluster has two areas, nothing varies within
    clusters, or covariates are collinear.
    """
    outcome = np.asarray(values, dtype=np.float64)
    place = np.unique(np.asarray(cluster), return_inverse=True)[1]
    columns = [np.ones(len(outcome))] if covariates is None else [np.ones(len(outcome)), *np.asarray(covariates).T]
    x = np.column_stack(columns)
    x[:, 1:] -= x[:, 1:].mean(axis=0)
    scale = np.sqrt((x**2).mean(axis=0))
    both = np.column_stack([x / np.where(scale > 0, scale, 1), outcome - outcome.mean()])
    n = np.bincount(place).astype(np.float64)
    sums = np.stack([np.bincount(place, column) for column in both.T], axis=1)
    p, areas = x.shape[1], len(outcome)
    if np.linalg.matrix_rank(both[:, :p], rtol=1e-8) < p:
        raise NotIdentified("collinear_covariates")
    if areas == len(n):
        raise NotIdentified(NO_PAIR)
    deviation = both - (sums / n[:, None])[place]
    slopes, _, rank, _ = np.linalg.lstsq(deviation[:, :p], deviation[:, p], rcond=1e-8)
    unexplained = float(((deviation[:, p] - deviation[:, :p] @ slopes) ** 2).sum())
    if areas - len(n) <= rank or unexplained <= _ROUNDING * areas * float(np.abs(outcome).max()) ** 2:
        raise NotIdentified(NO_VARIATION_WITHIN)
    crossed = np.einsum("ia,ib->ab", deviation, deviation)
    # clusters of one size enter the likelihood alike, so that each trial adds up sizes, not clusters
    sizes = np.unique(n)
    by_size = np.stack([np.einsum("ga,gb->ab", sums[n == size], sums[n == size]) / size for size in sizes])
    clusters_of_size = np.array([(n == size).sum() for size in sizes])

    def profiles(iccs: Floats) -> tuple[Floats, Floats]:
        """-2 log restricted likelihood less a constant, and the variance within clusters that goes with it."""
        inflation = 1 + (iccs / (1 - iccs))[:, None] * sizes
        product = crossed + np.einsum("ks,sab->kab", 1 / inflation, by_size)
        root = np.linalg.cholesky(product[:, :p, :p])
        fitted = np.linalg.solve(root, product[:, :p, p, None])[..., 0]
        # never below what no slope explains within clusters, but for rounding
        rest = np.maximum(product[:, p, p] - (fitted**2).sum(axis=1), unexplained)
        logs = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        determinant = 2 * logs + (clusters_of_size * np.log(inflation)).sum(axis=1)
        return (areas - p) * np.log(rest) + determinant, rest / (areas - p)

    def profile(icc: float) -> tuple[float, float]:
        deviance, variance = profiles(np.array([icc]))
        return float(deviance[0]), float(variance[0])

    grid = np.append(np.linspace(0, 0.99, 100), 1 - 1e-6)
    best = int(np.argmin(profiles(grid)[0]))
    bounds = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = scipy.optimize.minimize_scalar(
        lambda icc: profile(icc)[0], bounds=bounds, method="bounded", options={"xatol": 1e-9}
    )
    icc = 0.0 if profile(0)[0] <= found.fun else float(found.x)
    variance = profile(icc)[1]
    return Components(variance * icc / (1 - icc), variance)


def standard_error(design: Design, components: Components) -> float:
    """Of the design's difference of means, in the outcome's unit, when areas vary between and within clusters so.

    Var = between * sum over clusters of (sum of c)^2 + within * sum of c^2, where c is what an area's value counts.
    """
    contrast = design.contrast
    parts = np.add.reduceat(contrast[design.order], design.starts)
    return float(np.sqrt(components.between * (parts**2).sum() + components.within * (contrast**2).sum()))


def minimum_detectable(se: float, df: float, power: float = POWER, alpha: float = ALPHA) -> float:
    """(t_(1 - alpha/2) + t_power) * se on `df` degrees of freedom: Bloom (2005); about 2.80 * se with many clusters."""
    return (clusters.t_quantile(df, 1 - alpha / 2) + clusters.t_quantile(df, power)) * se


def textbook_se(
    icc: float, share_1: float, clusters_in_all: float, size: float, r2_between: float = 0, r2_within: float = 0
) -> float:
    """sqrt(icc (1 - R2B)/(P (1 - P) J) + (1 - icc)(1 - R2W)/(P (1 - P) J n)), in SDs: Dong & Maynard (2013), CRA2.

    `share_1` is P, the share of clusters in arm 1, `clusters_in_all` J, and `size` n, the harmonic mean of their sizes.
    """
    spread = share_1 * (1 - share_1) * clusters_in_all
    return float(np.sqrt(icc * (1 - r2_between) / spread + (1 - icc) * (1 - r2_within) / (spread * size)))


def _without(sample: Sample, anova: AnovaIcc, reason: str) -> DesignPower:
    none = Detectable(reason=reason)
    return DesignPower(sample, None, anova, None, Explained(0, reason=reason), none, none, reason)


def _components(outcome: Floats, arms: NDArray[Any], labels: NDArray[Any]) -> tuple[Components | None, str]:
    """The variances within arms, and what they rest on; or None, and why."""
    if len(np.unique(labels)) == len(labels):
        freedom = len(outcome) - 2
        if freedom < 1:
            return None, clusters.TOO_FEW_CLUSTERS
        return Components(0.0, float((_within_arms(outcome, arms) ** 2).sum() / freedom)), "one_area_per_cluster"
    try:
        return variance_components(outcome, labels, arms[:, None]), "reml"
    except NotIdentified as why:
        return None, str(why)


def _explained(
    outcome: Floats, arms: NDArray[Any], labels: NDArray[Any], earlier: Floats, of_all: Components
) -> Explained:
    """What the earlier value explains beside the arm: its clusters' means between, its deviations from them within.

    `of_all` are the variances of all areas, whether they have an earlier value or not.
    """
    known = ~np.isnan(earlier)
    areas = int(known.sum())
    if not areas:
        return Explained(0, reason="no_baseline")
    y, x, arm = outcome[known], earlier[known], arms[known]
    place, n = np.unique(labels[known], return_inverse=True, return_counts=True)[1:]
    mean = (np.bincount(place, x) / n)[place]
    negligible = _ROUNDING * areas * float(np.abs(x).max()) ** 2
    singles = len(n) == areas
    if areas < _FEWEST_AREAS or len(np.unique(arm)) < 2:
        return Explained(areas, reason="too_few_areas")
    spreads = [_within_arms(mean, arm)] if singles else [_within_arms(mean, arm), x - mean]
    if min((spread**2).sum() for spread in spreads) <= negligible:
        return Explained(areas, reason="constant_baseline")
    if singles:
        return Explained(areas, None, _explained_by_one(y, x, arm), NO_PAIR)
    try:
        alone = of_all if known.all() else variance_components(y, labels[known], arm[:, None])
        given = variance_components(y, labels[known], np.column_stack([arm, x - mean, mean]))
    except NotIdentified as why:
        return Explained(areas, reason=str(why))
    between = 1 - given.between / alone.between if alone.between > 0 else None
    reason = None if alone.between > 0 else "no_variation_between_clusters"
    return Explained(areas, between, 1 - given.within / alone.within, reason)


def _explained_by_one(y: Floats, x: Floats, arm: NDArray[Any]) -> float:
    """Share of the variance within arms that a straight line in x explains; each variance on its degrees of freedom."""
    y, x = _within_arms(y, arm), _within_arms(x, arm)
    rest = y - x * (x * y).sum() / (x**2).sum()
    return float(1 - (rest**2).sum() / (len(y) - 3) / ((y**2).sum() / (len(y) - 2)))


def _within_arms(values: Floats, arm: NDArray[Any]) -> Floats:
    """Values less the mean of their arm."""
    return np.asarray(values - np.where(arm == 1, values[arm == 1].mean(), values[arm == 0].mean()))


def _detectable(
    design: Design, sample: Sample, size: float, components: Components, explained: Explained | None, few: str | None
) -> Detectable:
    covariates = 0 if explained is None else 1
    if few:
        return Detectable(reason=few)
    if explained is not None and explained.within is None:
        return Detectable(reason=explained.reason)
    between, within = (0.0, 0.0) if explained is None else (_share(explained.between), _share(explained.within))
    left = Components(components.between * (1 - between), components.within * (1 - within))
    df = (design.df or 0) - covariates
    if df <= 0:
        return Detectable(reason=TOO_FEW_DEGREES_OF_FREEDOM)
    se = standard_error(design, left)
    effect = minimum_detectable(se, df)
    textbook = None
    if sample.clusters_1 + sample.clusters_0 == sample.clusters:
        share = sample.clusters_1 / sample.clusters
        expected = textbook_se(components.icc, share, sample.clusters, size, between, within)
        textbook = minimum_detectable(expected, sample.clusters - 2 - covariates)
    return Detectable(se, df, effect, effect / components.sd, textbook)


def _share(explained: float | None) -> float:
    return 0.0 if explained is None else min(max(explained, 0.0), 1.0)
