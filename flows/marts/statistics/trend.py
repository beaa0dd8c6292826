"""Trends of two arms before the first grant: slopes, a joint test of parallel trends, and what the test may miss.

The model has an effect per area, per year, and per year within arm 1. With complete panels its estimates are the arms'
differences of each area's own slope, or own change since the last year, so that each is a difference of two means.

A test that rejects nothing is no proof: it may lack power. Every test therefore stands beside the violation that it
would have missed (Roth 2022, American Economic Review: Insights 4: 305-322) and the bias that violations as large as
those before would bring after (Rambachan & Roth 2023, Review of Economic Studies 90: 2555-2591).
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from flows.marts.statistics import clusters
from flows.marts.statistics.clusters import Design, Estimate, Floats, Integers, Sample

ALPHA = 0.05
POWER = 0.80

TOO_FEW_YEARS = "too_few_years"
CONSTANT = "constant"
COLLINEAR_YEARS = "collinear_years"
TOO_FEW_DEGREES_OF_FREEDOM = "too_few_degrees_of_freedom"
REFERENCE_YEAR = "reference_year"

# In simulation (tests) HTZ keeps its level within 3.5-6.5 % from here on, and rejects ever more rarely below.
_DENOMINATOR_PER_RESTRICTION = 3

# Relative to the largest value: what is left of a constant after rounding.
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval, in the indicator's unit; `reason` says why there is no interval."""

    value: float
    low: float | None
    high: float | None
    reason: str | None


@dataclass(frozen=True)
class Year:
    """A year's two means, and their difference minus that of the last year."""

    year: int
    mean_1: Interval
    mean_0: Interval
    difference: Interval


@dataclass(frozen=True)
class Slopes:
    """Linear trends in the indicator's unit per year; `difference` is arm 1 minus arm 0.

    `undetected` is the difference of slopes that this very test finds with 80 % power; one half as large goes unseen
    in about seven cases of ten. It says how much "not rejected" is worth.
    """

    arm_1: float | None = None
    arm_0: float | None = None
    difference: float | None = None
    se: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    undetected: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class JointTest:
    """The test that the difference of the arms is the same in every year.

    Where the clusters are too few for so many restrictions, two are tested instead: that the difference neither slopes
    nor bends. A number is given, or none, by the design alone: one that appeared only when it rejects would mislead.

    `p` is HTZ on CR2; `p_conventional` is what pyfixest and Stata's xtreg print for effects of areas and years with
    clustered standard errors (CR1, F(q, G - 1)). It is for comparison only: with few clusters it rejects too often.
    """

    restrictions: int
    f: float | None = None
    df: float | None = None
    p: float | None = None
    p_conventional: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Trend:
    """One contrast and indicator. `verdict` is that of the joint test at 5 %: rejected, not_rejected, or why none.

    `largest_change` is that of the difference of the arms from one year to the next, per year, without a sign. If the
    difference went on moving every year by as much (Mbar = 1), the bias of an effect h years after the last pre-year is
    at most h times this; an effect beyond it does not hang on parallel trends. It rests on the changes as estimated,
    noise and all, and is no confidence limit.

    `not_rejected` does not say that trends are parallel: see `slopes.undetected` and `largest_change`. With fewer than
    3 denominator degrees of freedom per restriction HTZ would hardly ever reject (in simulation, in under 3.5 % of
    draws of a true null, down to none), so that there two restrictions are tested, or nothing.
    """

    sample: Sample
    slopes: Slopes
    joint: JointTest
    yearly: tuple[Year, ...]
    largest_change: float | None
    verdict: str


def trend(
    values: ArrayLike, years: ArrayLike, arm: ArrayLike, cluster: ArrayLike, weights: ArrayLike | None = None
) -> Trend:
    """Compare the trends of arm 1 and arm 0 in the years before the first grant.

    `values` (areas, years) in the indicator's unit, NaN where missing; `years` (years,) increasing; `arm`, `cluster`
    and `weights` (areas,) as for `clusters.two_arms`. Areas that lack a year are left out of every figure.
    Raises ValueError if the arrays do not fit together.
    """
    panel, when = np.asarray(values, dtype=np.float64), np.asarray(years, dtype=np.int64)
    arms, labels = np.asarray(arm), np.asarray(cluster)
    weight = np.ones(len(arms)) if weights is None else np.asarray(weights, dtype=np.float64)
    if panel.shape != (len(arms), len(when)) or not arms.shape == labels.shape == weight.shape:
        raise ValueError(
            f"values {panel.shape} are not (areas, years) for arm {arms.shape}, cluster {labels.shape}, "
            f"weights {weight.shape} and years {when.shape}"
        )
    if (np.diff(when) <= 0).any():
        raise ValueError(f"years: {when.tolist()} do not increase")
    if infinite := int(np.isinf(panel).sum()):
        raise ValueError(f"values: {infinite} are infinite; a missing value is NaN")

    complete = np.asarray(np.isfinite(panel).all(axis=1))
    sample = clusters.count(arms, labels, complete)
    panel, arms, labels, weight = panel[complete], arms[complete], labels[complete], weight[complete]
    restrictions = max(len(when) - 1, 0)
    if sample.empty or not len(when):
        reason = sample.empty or TOO_FEW_YEARS
        return Trend(sample, Slopes(reason=reason), JointTest(restrictions, reason=reason), (), None, reason)

    design = clusters.two_arms(arms, labels, weight)
    negligible = _ROUNDING * float(np.abs(panel).max())
    few = clusters.too_few(design)
    means_1, means_0 = (
        _intervals(clusters.one_arm(labels[side], weight[side]), panel[side], few, negligible)
        for side in (arms == 1, arms == 0)
    )
    changes = panel[:, :-1] - panel[:, -1:]
    differences = (*_intervals(design, changes, few, negligible), Interval(0.0, None, None, REFERENCE_YEAR))
    yearly = tuple(map(Year, when.tolist(), means_1, means_0, differences))
    slopes = _slopes(design, panel, when, few, negligible)
    joint = _joint_test(design, changes, when, negligible)
    path = np.array([difference.value for difference in differences])
    largest = float(np.abs(np.diff(path) / np.diff(when)).max()) if restrictions else None
    return Trend(sample, slopes, joint, yearly, largest, _verdict(joint))


def _intervals(design: Design, values: Floats, few: str | None, negligible: float) -> tuple[Interval, ...]:
    """The estimate of every column of `values`, with its 95 % interval by CR2 and t."""
    estimate = design.estimate(values)
    reason = few or estimate.reason
    if reason or estimate.cr2 is None or estimate.df is None:
        return tuple(Interval(float(value), None, None, reason) for value in estimate.value)
    margin = clusters.t_quantile(estimate.df, 1 - ALPHA / 2) * np.sqrt(np.diag(estimate.cr2))
    return tuple(
        Interval(value, None, None, CONSTANT)
        if half <= negligible
        else Interval(value, value - half, value + half, None)
        for value, half in zip(estimate.value.tolist(), margin.tolist(), strict=True)
    )


def _slopes(design: Design, panel: Floats, years: Integers, few: str | None, negligible: float) -> Slopes:
    if len(years) < 2:
        return Slopes(reason=TOO_FEW_YEARS)
    centred = years - years.mean()
    slope = (panel * (centred / (centred**2).sum())).sum(axis=1, keepdims=True)
    arm_0, arm_1 = design.means(slope)[:, 0].tolist()
    estimate = design.estimate(slope)
    difference = float(estimate.value[0])
    reason = few or estimate.reason
    if reason or estimate.cr2 is None or estimate.df is None:
        return Slopes(arm_1, arm_0, difference, reason=reason)
    df, se = estimate.df, float(np.sqrt(estimate.cr2[0, 0]))
    if se <= negligible:
        return Slopes(arm_1, arm_0, difference, reason=CONSTANT)
    critical = clusters.t_quantile(df, 1 - ALPHA / 2)
    return Slopes(
        arm_1=arm_1,
        arm_0=arm_0,
        difference=difference,
        se=se,
        df=df,
        low=difference - critical * se,
        high=difference + critical * se,
        p=clusters.t_p_value(difference / se, df),
        undetected=(critical + clusters.t_quantile(df, POWER)) * se,
    )


def _joint_test(design: Design, changes: Floats, years: Integers, negligible: float) -> JointTest:
    """Test that the arms' differences in `changes` (areas, q), each year less the last, are all zero.

    How many restrictions it has, and whether there is a number at all, depends on the design alone, never on figures.
    """
    q = changes.shape[1]
    few = TOO_FEW_YEARS if q < 2 else clusters.too_few(design, q)
    if few is None and (estimate := design.estimate(changes)).cr2 is not None:
        few = _unfit(estimate, q, negligible)
        if few is None:
            conventional = _conventional(design, estimate, q)
            if not _is_sharp(estimate.df or 0.0, q):
                q, estimate = 2, design.estimate(_bends(changes, years))
            return _tested(estimate, q, conventional)
    return JointTest(q, reason=few or "one_cluster_in_an_arm")


def _unfit(estimate: Estimate, q: int, negligible: float) -> str | None:
    """Why years cannot be tested together: they do not vary, repeat each other, or the clusters are too few for any."""
    covariance = np.asarray(estimate.cr2)
    se = np.sqrt(np.diag(covariance))
    if (se <= negligible).all():
        return CONSTANT
    if (se <= negligible).any() or np.linalg.eigvalsh(covariance / np.outer(se, se))[0] <= _ROUNDING:
        return COLLINEAR_YEARS
    return None if _is_sharp(estimate.df or 0.0, min(q, 2)) else TOO_FEW_DEGREES_OF_FREEDOM


def _tested(estimate: Estimate, q: int, conventional: float) -> JointTest:
    test = clusters.hotelling(estimate.value, np.asarray(estimate.cr2), estimate.df or 0.0)
    if test is None:
        return JointTest(q, reason=TOO_FEW_DEGREES_OF_FREEDOM)
    return JointTest(q, float(test.f), test.df, float(test.p), conventional)


def _is_sharp(df: float, restrictions: int) -> bool:
    return df - restrictions + 1 >= _DENOMINATOR_PER_RESTRICTION * restrictions


def _bends(changes: Floats, years: Integers) -> Floats:
    """Of every area how its path slopes and how it bends: (areas, 2) coefficients of a straight and a curved line."""
    path = np.column_stack([changes, np.zeros(len(changes))])
    centred = (years - years.mean()) / np.abs(years - years.mean()).max()
    basis = np.linalg.qr(np.column_stack([np.ones(len(years)), centred, centred**2]))[0][:, 1:]
    return np.asarray(np.einsum("at,tq->aq", path, basis))


def _conventional(design: Design, estimate: Estimate, q: int) -> float:
    """Wald F with CR1 on F(q, G - 1), on N T observations less a constant and 2 q terms; the areas, lying whole in
    clusters, do not count as parameters."""
    observations, groups = design.areas * (q + 1), design.clusters
    factor = groups / (groups - 1) * (observations - 1) / (observations - 2 * q - 1)
    distance = float((estimate.value * np.linalg.solve(factor * estimate.cr0, estimate.value)).sum())
    return float(scipy.special.fdtrc(q, groups - 1, distance / q))


def _verdict(joint: JointTest) -> str:
    if joint.p is None:
        return str(joint.reason)
    return "rejected" if joint.p < ALPHA else "not_rejected"
