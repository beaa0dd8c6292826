"""How alike two groups of areas are before the effort: standardised differences, spread, shape and overlap.

No p-values: balance is a property of the sample at hand (Imai, King & Stuart 2008), so the sampling error of the
standardised mean difference (SMD) is printed beside it and decides nothing. A figure that cannot be given is None, and
`absent` names the reason.

The verdict rests on the SMD and, where there is one, on the variance ratio. The Kolmogorov-Smirnov statistic is printed
and does not decide: two samples of 20 areas from one and the same distribution lie about 0.25 apart, far over any limit
that would be of use.

One difference, three conventions: cobalt and R's tableone as in their sources, MatchIt 4.5.1, survey 4.1.1 (which
tableone calls) and Python's tableone 0.9.6 as they ran. They differ in three places:

===============  =================================================  ==================  ========
                 denominator                                        0/1 variable        sign
===============  =================================================  ==================  ========
`smd_cobalt`     without weights pooled; with weights the SD of     not standardised    kept
                 the arm whose weights are all equal, else pooled
`smd_matchit`    SD of arm 1 (the default estimand is the ATT)      standardised        kept
`smd_tableone`   pooled, from the weighted variances                standardised        dropped
===============  =================================================  ==================  ========

cobalt (`bal.tab` with no estimand named) and MatchIt (`summary.matchit`) take the denominator from the sample before
weighting, as `smd` does; tableone takes it after, with the survey package's variance. Pooled is
sqrt((s1^2 + s0^2)/2) in all three, and the variance of a 0/1 variable is p(1-p). Categories: cobalt and MatchIt print a
row for each level, tableone one distance for the variable (`category_balance`). Python's tableone knows no weights and
keeps the sign of second minus first group.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Estimand: TypeAlias = Literal["ATT", "ATE"]
Verdict: TypeAlias = Literal["balanced", "unbalanced", "too_few", "not_defined"]
Vector: TypeAlias = NDArray[np.float64]
Figure: TypeAlias = float | str  # a number, or the reason why there is none

DENOMINATORS: dict[Estimand, str] = {"ATT": "sd_of_arm_1", "ATE": "pooled_sd"}
LARGEST_FIGURE = 1e100  # squares stay finite
SMALLEST_SPREAD = 1e-100
ROUNDING = 1e-12  # figures that differ by less, relative to their size, are one figure
GRID = 512


@dataclass(frozen=True)
class BalanceLimits:
    """Where balance ends, and the number of areas under which no verdict is given (each arm; for a dose, all areas)."""

    smd: float
    variance_ratio_low: float
    variance_ratio_high: float
    ks: float
    dose_correlation: float
    areas: int


@dataclass(frozen=True)
class Balance:
    """Two samples compared on one variable. Differences are arm 1 minus arm 0, in the unit of the variable.

    `areas_*` have a figure and a positive weight, `missing_*` no figure. SMDs are in units of `denominator_sd`, which
    always comes from the sample before weighting. `over_limit` names the statistics (smd, variance_ratio, ks) beyond
    their limits, deciding or not; `absent` gives, for each figure that is None, the reason.
    """

    areas_1: int
    areas_0: int
    missing_1: int
    missing_0: int
    ess_1: float | None
    ess_0: float | None
    mean_1: float | None
    mean_0: float | None
    sd_1: float | None
    sd_0: float | None
    difference: float | None
    denominator: str
    denominator_sd: float | None
    smd: float | None
    smd_se: float | None
    variance_ratio: float | None
    ks: float | None
    overlap: float | None
    smd_cobalt: float | None
    smd_matchit: float | None
    smd_tableone: float | None
    over_limit: tuple[str, ...]
    verdict: Verdict
    reason: str | None
    absent: Mapping[str, str]


@dataclass(frozen=True)
class CategoryBalance:
    """Two samples compared on a variable with named levels: each level as a 0/1 variable, and one distance for all.

    `smd` is Yang & Dalton's (2012) distance sqrt((p1-p0)' S^-1 (p1-p0)), S the mean of the two multinomial covariances,
    one level left out; never negative, from the weighted proportions.
    """

    levels: tuple[tuple[str, Balance], ...]
    smd: float | None
    verdict: Verdict
    reason: str | None


@dataclass(frozen=True)
class DoseBalance:
    """Pearson correlation of a dose with a covariate and its large-sample standard error (1-r^2)/sqrt(ess-1)."""

    areas: int
    missing: int
    ess: float | None
    correlation: float | None
    se: float | None
    verdict: Verdict
    reason: str | None
    absent: Mapping[str, str]


@dataclass(frozen=True)
class _Arm:
    """The areas of one arm with a figure and a positive weight; `shares` are the weights divided by their sum."""

    values: Vector
    shares: Vector
    ess: Figure
    mean: Figure
    sd: Figure


Arms: TypeAlias = tuple[_Arm, _Arm]
Weights: TypeAlias = tuple[Vector | None, Vector | None]


def balance(
    arm_1: ArrayLike,
    arm_0: ArrayLike,
    *,
    estimand: Estimand,
    limits: BalanceLimits,
    weights: tuple[ArrayLike, ArrayLike] | None = None,
    binary: bool | None = None,
) -> Balance:
    """Compare a variable between two samples.

    arm_1, arm_0: figures of the areas, shapes (n1,) and (n0,), NaN where an area has none. weights: as long as the
    samples, finite and not negative; an area of weight zero is left out of everything but the denominator. binary:
    whether the variable is 0/1; None looks at the figures. Raises ValueError for infinite figures or unfit weights.

    SD: weighted with reliability weights, sum w(x-m)^2 / (1 - sum w^2), w summing to one (cobalt's `col_w_sd`), which
    is the n-1 form for equal weights; sqrt(p(1-p)) for a 0/1 variable. Effective sample size (sum w)^2 / sum w^2
    (Kish 1965). Overlap: `overlap_coefficient`.
    """
    (values_1, given_1, missing_1), (values_0, given_0, missing_0) = (
        _figures(values, None if weights is None else weights[arm], name)
        for arm, (values, name) in enumerate(((arm_1, "arm 1"), (arm_0, "arm 0")))
    )
    if binary is None:
        binary = _is_binary(values_1) and _is_binary(values_0)
    elif binary and not (_is_binary(values_1) and _is_binary(values_0)):
        raise ValueError("a 0/1 variable has figures other than 0 and 1")
    before_1, before_0 = _arm(values_1, None, binary, "arm_1"), _arm(values_0, None, binary, "arm_0")
    first = before_1 if given_1 is None else _arm(values_1, given_1, binary, "arm_1")
    second = before_0 if given_0 is None else _arm(values_0, given_0, binary, "arm_0")
    figures = _compared((first, second), (before_1, before_0), (given_1, given_0), estimand, binary)
    numbers, absent = _split(figures)
    areas = (first.values.size, second.values.size)
    over = _over_limit(numbers, limits)
    verdict, reason = _verdict(figures["smd"], over, areas, limits)
    return Balance(
        areas_1=areas[0],
        areas_0=areas[1],
        missing_1=missing_1,
        missing_0=missing_0,
        denominator=DENOMINATORS[estimand],
        over_limit=over,
        verdict=verdict,
        reason=reason,
        absent=absent,
        **numbers,
    )


def category_balance(
    arm_1: Sequence[str | None],
    arm_0: Sequence[str | None],
    *,
    estimand: Estimand,
    limits: BalanceLimits,
    weights: tuple[ArrayLike, ArrayLike] | None = None,
) -> CategoryBalance:
    """Compare a variable with named levels, None where an area has none: levels in sorted order, and one distance.

    The distance is that of the R and Python packages tableone. Without a level in common it has no end
    ("no_level_in_common"); with one level only it is not defined ("constant").
    """
    levels = sorted({level for level in (*arm_1, *arm_0) if level is not None})
    codes = {level: float(code) for code, level in enumerate(levels)}
    coded = [np.array([math.nan if level is None else codes[level] for level in arm]) for arm in (arm_1, arm_0)]
    rows = tuple(
        (
            level,
            balance(
                *(np.where(np.isnan(arm), math.nan, arm == codes[level]) for arm in coded),
                estimand=estimand,
                limits=limits,
                weights=weights,
                binary=True,
            ),
        )
        for level in levels
    )
    if not rows:
        return CategoryBalance((), None, "not_defined", "no_areas_in_arm_1")
    smd = _yang_dalton([row.mean_1 for _, row in rows], [row.mean_0 for _, row in rows], rows[0][1])
    number = None if isinstance(smd, str) else smd
    over = _over_limit({"smd": number}, limits)
    verdict, reason = _verdict(smd, over, (rows[0][1].areas_1, rows[0][1].areas_0), limits)
    return CategoryBalance(rows, number, verdict, reason)


def dose_balance(
    dose: ArrayLike, covariate: ArrayLike, *, limits: BalanceLimits, weights: ArrayLike | None = None
) -> DoseBalance:
    """Correlate a dose with a covariate, both of shape (n,), NaN where an area has none.

    Both SDs are weighted like the covariance, so that the result is a correlation; cobalt divides the weighted
    covariance by SDs from before weighting. Reasons: "no_areas", "one_area", "constant_dose", "constant_covariate".
    """
    doses, covariates = _vector(dose), _vector(covariate)
    if doses.shape != covariates.shape:
        raise ValueError(f"a dose for each covariate: {doses.size} doses, {covariates.size} covariates")
    both = np.where(np.isnan(covariates), math.nan, doses)
    x, given, missing = _figures(both, weights, "dose")
    y, _, _ = _figures(np.where(np.isnan(doses), math.nan, covariates), weights, "covariate")
    dosed, covered = _arm(x, given, False, "dose"), _arm(y, given, False, "covariate")
    areas = dosed.values.size
    correlation: Figure
    if areas < 2:
        correlation = "one_area" if areas else "no_areas"
    elif isinstance(dosed.sd, str) or isinstance(covered.sd, str):
        correlation = "one_area_has_all_the_weight"
    elif dosed.sd == 0 or covered.sd == 0:
        correlation = "constant_dose" if dosed.sd == 0 else "constant_covariate"
    else:
        z_dose = (dosed.values - float(dosed.mean)) / dosed.sd
        z_covariate = (covered.values - float(covered.mean)) / covered.sd
        free = 1 - float((dosed.shares**2).sum())
        correlation = min(1.0, max(-1.0, float((dosed.shares * z_dose * z_covariate).sum()) / free))
    ess: Figure = dosed.ess if areas else "no_areas"
    se = correlation if isinstance(correlation, str) else (1 - correlation**2) / math.sqrt(float(ess) - 1)
    numbers, absent = _split({"ess": ess, "correlation": correlation, "se": se})
    verdict: Verdict
    reason: str | None
    if isinstance(correlation, str):
        verdict, reason = "not_defined", correlation
    elif areas < limits.areas:
        verdict, reason = "too_few", f"fewer_than_{limits.areas}_areas"
    elif abs(correlation) > limits.dose_correlation:
        verdict, reason = "unbalanced", "dose_correlation"
    else:
        verdict, reason = "balanced", None
    return DoseBalance(areas, missing, verdict=verdict, reason=reason, absent=absent, **numbers)


def overlap_coefficient(first: tuple[Vector, Vector], second: tuple[Vector, Vector]) -> float:
    """The common area of two densities (Inman & Bradley 1989), from 0 to 1; two normals d SDs apart share 2 Phi(-d/2).

    first, second: values and weights that sum to one, each of at least two different values. Gaussian kernels, one
    bandwidth for both arms: Scott's (1992) 1.06 min(SD, IQR/1.34) n^(-1/5) of the smaller arm, without weights (the SD
    alone where the IQR is zero), as cobalt does; linear binning on 512 points that reach four bandwidths beyond the
    figures, convolved by FFT as in R's `density`. Small samples look less alike than they are.
    """
    smaller = min((first[0], second[0]), key=len)
    spread = float(np.std(smaller, ddof=1))
    low_quartile, high_quartile = _quartiles(smaller)
    if high_quartile > low_quartile:
        spread = min(spread, (high_quartile - low_quartile) / 1.34)
    bandwidth = 1.06 * spread * smaller.size**-0.2
    low = min(float(first[0].min()), float(second[0].min())) - 4 * bandwidth
    high = max(float(first[0].max()), float(second[0].max())) + 4 * bandwidth
    step = (high - low) / (GRID - 1)

    def mass(values: Vector, shares: Vector) -> Vector:
        place = (values - low) / step
        left = np.clip(place.astype(np.intp), 0, GRID - 2)
        right = place - left
        # The second half stays empty, so that nothing wraps around.
        binned = np.bincount(left, shares * (1 - right), 2 * GRID) + np.bincount(left + 1, shares * right, 2 * GRID)
        return np.asarray(binned, dtype=np.float64)

    angle = 2 * math.pi * np.fft.rfftfreq(2 * GRID, step)
    spectrum = np.fft.rfft(np.stack([mass(*first), mass(*second)]))
    densities = np.fft.irfft(spectrum * np.exp(-0.5 * (angle * bandwidth) ** 2), 2 * GRID)
    return min(1.0, float(np.clip(densities.min(axis=0), 0, None).sum()))


def _quartiles(values: Vector) -> tuple[float, float]:
    """The first and the third as `np.quantile` has them, which takes ten times as long for so few figures."""
    last = values.size - 1
    places = [(math.floor(share * last), share * last % 1) for share in (0.25, 0.75)]
    ordered = np.partition(values, [place for low, _ in places for place in (low, min(low + 1, last))])
    first, third = (
        float(ordered[low] + (ordered[min(low + 1, last)] - ordered[low]) * between)
        if between < 0.5
        else float(ordered[min(low + 1, last)] - (ordered[min(low + 1, last)] - ordered[low]) * (1 - between))
        for low, between in places
    )
    return first, third


def _vector(values: ArrayLike) -> Vector:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise ValueError(f"expected one figure per area, got an array of {vector.ndim} dimensions")
    return vector


def _figures(values: ArrayLike, weights: ArrayLike | None, name: str) -> tuple[Vector, Vector | None, int]:
    """Figures that are there, their weights, and how many areas have none. Raises ValueError for what cannot be."""
    vector = _vector(values)
    there = ~np.isnan(vector)
    figures = vector[there]
    if figures.size and not np.abs(figures).max() < LARGEST_FIGURE:
        raise ValueError(f"{name}: figures beyond {LARGEST_FIGURE:g} cannot be compared")
    if weights is None:
        return figures, None, vector.size - figures.size
    given = _vector(weights)
    if given.size != vector.size:
        raise ValueError(f"{name}: {given.size} weights for {vector.size} areas")
    if not np.all(np.isfinite(given) & (given >= 0)):
        raise ValueError(f"{name}: weights must be finite and not negative; give an area that is left out the weight 0")
    return figures, given[there], vector.size - figures.size


def _is_binary(values: Vector) -> bool:
    return bool(np.all((values == 0) | (values == 1)))


def _arm(values: Vector, weights: Vector | None, binary: bool, name: str) -> _Arm:
    if weights is not None:
        used = weights > 0
        values, weights = values[used], weights[used]
    n = values.size
    if n == 0:
        none = f"no_areas_in_{name}"
        return _Arm(values, values, none, none, none)
    low, high = float(values.min()), float(values.max())
    if weights is None:
        shares, ess = np.full(n, 1 / n), float(n)
        mean = float(values.mean())
    else:
        shares = weights / weights.max()  # first, so that the sum cannot overflow
        shares = shares / shares.sum()
        ess = 1 / float((shares**2).sum())
        mean = float((shares * values).sum())
    mean = min(max(mean, low), high)  # rounding must not carry it out of the figures
    sd: Figure
    if n == 1:
        sd = f"one_area_in_{name}"
    elif high - low <= max(ROUNDING * max(abs(low), abs(high)), SMALLEST_SPREAD):
        sd = 0.0
    elif binary:
        sd = math.sqrt(mean * (1 - mean))
    elif ess - 1 < 1e-9:
        sd = f"one_area_has_all_the_weight_in_{name}"
    elif weights is None:
        sd = math.sqrt(float(((values - mean) ** 2).sum()) / (n - 1))
    else:
        sd = math.sqrt(float((shares * (values - mean) ** 2).sum()) / (1 - 1 / ess))
    return _Arm(values, shares, ess, mean, sd)


def _combine(first: Figure, second: Figure, join: Callable[[float, float], float]) -> Figure:
    if isinstance(first, str):
        return first
    return second if isinstance(second, str) else join(first, second)


def _quotient(above: Figure, below: Figure, zero: str) -> Figure:
    if isinstance(above, str):
        return above
    if isinstance(below, str):
        return below
    if below == 0:
        return zero
    quotient = above / below
    return quotient if math.isfinite(quotient) else "out_of_range"


def _pooled(first: Figure, second: Figure) -> Figure:
    return _combine(first, second, lambda sd_1, sd_0: math.sqrt((sd_1**2 + sd_0**2) / 2))


def _no_spread(first: _Arm, second: _Arm) -> str:
    """The reason to give where a denominator is zero."""
    if first.sd == 0 and second.sd == 0:
        same = math.isclose(float(first.mean), float(second.mean), rel_tol=ROUNDING, abs_tol=SMALLEST_SPREAD)
        return "constant" if same else "constant_in_each_arm"
    return "constant_in_arm_1" if first.sd == 0 else "constant_in_arm_0"


def _survey_sd(arm: _Arm, binary: bool) -> Figure:
    """The SD of R's `survey::svyvar`, sum w(x-m)^2 n/(n-1), w summing to first; sqrt(p(1-p)) for a 0/1 variable."""
    if isinstance(arm.sd, str) or binary:
        return arm.sd
    n = arm.values.size
    return arm.sd * math.sqrt((1 - 1 / float(arm.ess)) * n / (n - 1))


def _cobalt_sd(weights_1: Vector | None, weights_0: Vector | None, sd_1: Figure, sd_0: Figure) -> Figure:
    """The denominator that `cobalt::bal.tab` infers from the weights: the arm that the other is weighted towards."""
    if weights_1 is not None and weights_0 is not None and weights_1.size and weights_0.size:
        equal_1, equal_0 = (float(np.ptp(weights)) < 1e-8 for weights in (weights_1, weights_0))
        if equal_1 != equal_0:
            return sd_1 if equal_1 else sd_0
    return _pooled(sd_1, sd_0)


def _variance_ratio(first: _Arm, second: _Arm) -> Figure:
    ratio = _quotient(first.sd, second.sd, _no_spread(first, second))
    return ratio if isinstance(ratio, str) else _finite(ratio * ratio)


def _finite(number: float) -> Figure:
    return number if math.isfinite(number) else "out_of_range"


def _kolmogorov_smirnov(first: _Arm, second: _Arm) -> float:
    """The largest distance of the two weighted distribution functions; |p1 - p0| for a 0/1 variable."""
    values = np.concatenate((first.values, second.values))
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    steps = np.cumsum(np.concatenate((first.shares, -second.shares))[order])
    last_of_its_value = np.append(ordered[1:] != ordered[:-1], True)
    return min(1.0, float(np.abs(steps[last_of_its_value]).max()))


def _overlap(first: _Arm, second: _Arm) -> Figure:
    for sd, name in ((first.sd, "arm_1"), (second.sd, "arm_0")):
        if isinstance(sd, str):
            return sd
        if sd == 0:
            return f"constant_in_{name}"
    return overlap_coefficient((first.values, first.shares), (second.values, second.shares))


def _yang_dalton(shares_1: list[float | None], shares_0: list[float | None], row: Balance) -> Figure:
    for mean in ("mean_1", "mean_0"):
        if mean in row.absent:
            return row.absent[mean]
    first, second = np.array(shares_1, dtype=np.float64), np.array(shares_0, dtype=np.float64)
    seen = (first > 0) | (second > 0)
    first, second = first[seen], second[seen]
    if first.size == 1:
        return "constant"
    if not np.any((first > 0) & (second > 0)):
        return "no_level_in_common"
    first, second = first[1:], second[1:]
    covariance = (np.diag(first) - np.outer(first, first) + np.diag(second) - np.outer(second, second)) / 2
    difference = first - second
    return math.sqrt(max(0.0, float(difference @ np.linalg.solve(covariance, difference))))


def _compared(arms: Arms, before: Arms, weights: Weights, estimand: Estimand, binary: bool) -> dict[str, Figure]:
    """The figures of two arms: as they are weighted, and `before` that."""
    (first, second), (before_1, before_0) = arms, before
    denominator = before_1.sd if estimand == "ATT" else _pooled(before_1.sd, before_0.sd)
    difference = _combine(first.mean, second.mean, lambda mean_1, mean_0: mean_1 - mean_0)
    smd = _quotient(difference, denominator, _no_spread(*before))
    return {
        "ess_1": first.ess,
        "ess_0": second.ess,
        "mean_1": first.mean,
        "mean_0": second.mean,
        "sd_1": first.sd,
        "sd_0": second.sd,
        "difference": difference,
        "denominator_sd": denominator,
        "smd": smd,
        "smd_se": _standard_error(smd, first, second, before, estimand, binary),
        "variance_ratio": "binary" if binary else _variance_ratio(first, second),
        "ks": _combine(first.mean, second.mean, lambda *_: _kolmogorov_smirnov(first, second)),
        "overlap": 1 - abs(difference) if binary and isinstance(difference, float) else _overlap(first, second),
        **_as_packages_print_it(difference, arms, before, weights, binary),
    }


def _as_packages_print_it(
    difference: Figure, arms: Arms, before: Arms, weights: Weights, binary: bool
) -> dict[str, Figure]:
    """The difference over the denominator of cobalt, of MatchIt and of tableone; see the head of the module."""
    still, (sd_1, sd_0) = _no_spread(*before), (arm.sd for arm in before)
    tableone = _quotient(difference, _pooled(*(_survey_sd(arm, binary) for arm in arms)), _no_spread(*arms))
    return {
        "smd_cobalt": difference if binary else _quotient(difference, _cobalt_sd(*weights, sd_1, sd_0), still),
        "smd_matchit": _quotient(difference, sd_1, still),
        "smd_tableone": tableone if isinstance(tableone, str) else abs(tableone),
    }


def _standard_error(smd: Figure, first: _Arm, second: _Arm, before: Arms, estimand: Estimand, binary: bool) -> Figure:
    """Of the SMD, in large samples, weights taken as known. Continuous: Bonett (2008), Psychological Methods
    13: 99-109, which does not assume equal variances: the variance of the means, (s1^2/(n1-1) + s0^2/(n0-1))/s^2, plus
    that of the denominator,
        ATT (Glass' delta)  d^2 / (2(n1-1))
        ATE (pooled)        d^2 (s1^4/(n1-1) + s0^4/(n0-1)) / (8 s^4);
    with equal SDs and sizes it is Hedges & Olkin's (1985) but for the n-1. With weights the means have their effective
    sample sizes, the denominator keeps the sizes from before weighting. 0/1: the delta method over both proportions,
    the denominator being a function of them.
    """
    before_1, before_0 = before
    for needed in (smd, first.sd, second.sd, before_1.sd, before_0.sd):
        if isinstance(needed, str):
            return needed
    d, s1, s0, u1, u0 = (float(figure) for figure in (smd, first.sd, second.sd, before_1.sd, before_0.sd))
    ess_1, ess_0, n1, n0 = float(first.ess), float(second.ess), before_1.values.size, before_0.values.size
    variance = u1**2 if estimand == "ATT" else (u1**2 + u0**2) / 2
    share_of_0 = 0.0 if estimand == "ATT" else 0.5
    if binary:
        squared = 0.0
        for sign, v, p, ess, n, share in (
            (1, s1**2, float(before_1.mean), ess_1, n1, 1 - share_of_0),
            (-1, s0**2, float(before_0.mean), ess_0, n0, share_of_0),
        ):
            of_mean = sign / math.sqrt(variance)
            of_denominator = -d * share * (1 - 2 * p) / (2 * variance)
            squared += v * (of_mean**2 / ess + (of_denominator**2 + 2 * of_mean * of_denominator) / n)
    else:
        squared = (s1**2 / (ess_1 - 1) + s0**2 / (ess_0 - 1)) / variance
        if estimand == "ATT":
            squared += d**2 / (2 * (n1 - 1))
        else:
            squared += d**2 * ((u1**2 / variance) ** 2 / (n1 - 1) + (u0**2 / variance) ** 2 / (n0 - 1)) / 8
    se = math.sqrt(max(squared, 0.0))
    return se if math.isfinite(se) else "out_of_range"


def _split(figures: Mapping[str, Figure]) -> tuple[dict[str, float | None], dict[str, str]]:
    numbers = {name: None if isinstance(figure, str) else figure for name, figure in figures.items()}
    return numbers, {name: figure for name, figure in figures.items() if isinstance(figure, str)}


def _over_limit(numbers: Mapping[str, float | None], limits: BalanceLimits) -> tuple[str, ...]:
    within = {
        "smd": (-limits.smd, limits.smd),
        "variance_ratio": (limits.variance_ratio_low, limits.variance_ratio_high),
        "ks": (0.0, limits.ks),
    }
    found = ((name, numbers.get(name), low, high) for name, (low, high) in within.items())
    return tuple(name for name, number, low, high in found if number is not None and not low <= number <= high)


def _verdict(
    smd: Figure, over: tuple[str, ...], areas: tuple[int, int], limits: BalanceLimits
) -> tuple[Verdict, str | None]:
    if isinstance(smd, str):
        return "not_defined", smd
    few = [name for name, count in zip(("arm_1", "arm_0"), areas, strict=True) if count < limits.areas]
    if few:
        return "too_few", f"fewer_than_{limits.areas}_areas_in_{few[0] if len(few) == 1 else 'each_arm'}"
    failed = [name for name in over if name != "ks"]
    return ("unbalanced", "_and_".join(failed)) if failed else ("balanced", None)
