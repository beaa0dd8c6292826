"""How small an effect on the mean of several years can be seen, when an area's years are alike, less so farther apart.

An area's own change is D = c'y, c = -1/m in m years before and 1/r in r years from the start on, so that its variance
is c'Gc with G the covariance of its years. By lag G is lasting + persistent * rho^lag + yearly (at lag 0 alone); what
lasts drops out of D. This is the variance of Burlig, Preonas & Woerman (2020), Journal of Development Economics 144:
102458, whose psi are means of G within and across both spans. Adjusted for the mean before (ANCOVA) what is left is
V(post) - C^2/V(pre) (McKenzie 2012, Journal of Development Economics 99: 210-221).

Of cohorts that start in different years the average effect weighs areas alike: sum of shares times cohort changes.
Areas that never start are held against every cohort, so their D is c averaged over cohorts, in calendar years.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from flows.marts.statistics import clusters
from flows.marts.statistics.clusters import Floats
from flows.marts.statistics.power import Components, icc_anova, minimum_detectable, standard_error

FEWEST_LAGS = 4
FEWEST_AREAS = 50
ASSUMED_RHO = 0.6
# Of the spread: what is left of what does not move after rounding.
_ROUNDING = 1e-9
RHOS = np.round(np.arange(0, 0.99, 0.02), 2)


@dataclass(frozen=True)
class SerialCovariance:
    """Of an area's years about the means of arm and year, in the unit squared: `persistent` dies out as rho^lag.

    `is_assumed`: the years before were too few for rho, which then is ASSUMED_RHO or another that a reader asks for.
    """

    lasting: float
    persistent: float
    yearly: float
    rho: float
    is_assumed: bool
    lags: int = 0

    @property
    def total(self) -> float:
        return self.lasting + self.persistent + self.yearly

    def between(self, years: int) -> Floats:
        """(years, years) of so many years in a row."""
        apart = np.abs(np.subtract.outer(np.arange(years), np.arange(years)))
        shape: Floats = self.lasting + self.persistent * self.rho**apart + self.yearly * (apart == 0)
        return shape

    def independent(self) -> "SerialCovariance":
        """The same spread with years that know nothing of each other."""
        return SerialCovariance(0.0, 0.0, self.total, 0.0, self.is_assumed, self.lags)


@dataclass(frozen=True)
class Spans:
    """Years before and from the start on; `cohorts` are areas by starting year, None where all start at once."""

    pre_years: int
    post_years: int
    cohorts: Mapping[int, int] | None = None
    first_year: int = 0


@dataclass(frozen=True)
class PanelMde:
    """Smallest effect in the outcome's unit: as it is, and as if years were independent."""

    mde: float | None
    mde_if_independent: float | None
    df: float | None
    reason: str | None = None


def by_lag(values: ArrayLike, arm: ArrayLike) -> tuple[Floats, int]:
    """Covariances at lags 0, 1, ... about arm-year means from (areas, years), NaN where missing; areas with any year.

    Each is the mean over pairs of years of that lag of their sums of products over the areas that have both, less one
    per arm.
    """
    y, arms = np.asarray(values, dtype=np.float64), np.asarray(arm)
    away = np.full(y.shape, np.nan)
    for side in (0, 1):
        here = arms == side
        if here.any():
            known = ~np.isnan(y[here])
            counts = known.sum(axis=0)
            means = np.where(counts > 0, np.nansum(y[here], axis=0) / np.maximum(counts, 1), np.nan)
            away[here] = y[here] - means
    years, covariances = y.shape[1], []
    for lag in range(years):
        sums, freedom = 0.0, 0.0
        for first in range(years - lag):
            product = away[:, first] * away[:, first + lag]
            used = ~np.isnan(product)
            sums += float(product[used].sum())
            freedom += max(int(used.sum()) - len(np.unique(arms[used])), 0)
        covariances.append(sums / freedom if freedom else np.nan)
    found: Floats = np.array(covariances)
    return found, int((~np.isnan(y)).any(axis=1).sum())


def variance_ratio(values: ArrayLike, arm: ArrayLike) -> float | None:
    """Of arm 1 to arm 0, from (areas, years) about each arm's means of the years; None where an arm does not vary.

    What can be seen rests on one spread of both arms: where a small arm varies more, less can be seen.
    """
    y, arms = np.asarray(values, dtype=np.float64), np.asarray(arm)
    variances = []
    for side in (1, 0):
        here = y[arms == side]
        counts = (~np.isnan(here)).sum(axis=0)
        away = here - np.nansum(here, axis=0) / np.maximum(counts, 1)
        freedom = int(np.maximum(counts - 1, 0).sum())
        variances.append(float(np.nansum(away**2)) / freedom if freedom else 0.0)
    return variances[0] / variances[1] if all(variances) else None


def serial_covariance(covariances: Floats, areas: int, rho: float | None = None) -> SerialCovariance | None:
    """The parts that fit covariances `by_lag` best, none below zero; `rho` if it is not to be estimated.

    With one lag alone nothing is taken to last, since what lasts costs no power. None where not even the variance is
    known, or where nothing varies.
    """
    known = np.flatnonzero(~np.isnan(covariances))
    if not len(known) or known[0] != 0 or not covariances[0] > 0:
        return None
    is_assumed = rho is not None or len(known) < FEWEST_LAGS or areas < FEWEST_AREAS
    candidates = RHOS if not is_assumed else [ASSUMED_RHO if rho is None else rho]
    weights = np.sqrt(len(covariances) - known)  # as many pairs of years as have the lag
    lasts = np.full(len(known), float(len(known) > 2))
    best: tuple[float, float, Floats] | None = None
    for candidate in candidates:
        parts = np.column_stack([lasts, float(candidate) ** known, known == 0])
        fitted, rest = scipy.optimize.nnls(parts * weights[:, None], covariances[known] * weights)
        if best is None or rest < best[0] - 1e-12 * covariances[0]:
            best = (rest, float(candidate), fitted)
    assert best is not None
    lasting, persistent, yearly = best[2].tolist()
    return SerialCovariance(lasting, persistent, yearly, best[1], is_assumed, len(known) - 1)


def change_weights(covariance: SerialCovariance, pre_years: int, post_years: int, *, is_adjusted: bool) -> Floats:
    """What each year counts in an area's change, (pre_years + post_years,): the mean after less that before.

    Adjusted, less C / V(pre) of it, so that c'Gc is V(post) - C^2 / V(pre).
    """
    before, after = np.zeros(pre_years + post_years), np.zeros(pre_years + post_years)
    before[:pre_years], after[pre_years:] = 1 / pre_years, 1 / post_years
    if not is_adjusted:
        return after - before
    whole = covariance.between(len(before))
    slope = float(after @ whole @ before) / float(before @ whole @ before)
    return after - slope * before


def change_variance(
    covariance: SerialCovariance, pre_years: int, post_years: int, *, is_adjusted: bool = False
) -> float:
    """c'Gc: the variance of an area's change from its `pre_years` to the `post_years` that follow."""
    c = change_weights(covariance, pre_years, post_years, is_adjusted=is_adjusted)
    return float(c @ covariance.between(len(c)) @ c)


def estimate_variance(
    covariance: SerialCovariance, spans: Spans, areas_1: int, areas_0: int, *, is_adjusted: bool = False
) -> float:
    """Variance of the difference of the arms' mean changes, areas independent of each other."""
    post = spans.post_years
    if spans.cohorts is None:
        single = change_variance(covariance, spans.pre_years, post, is_adjusted=is_adjusted)
        return single * (1 / areas_1 + 1 / areas_0)
    total = sum(spans.cohorts.values())
    calendar = np.zeros(max(spans.cohorts) + post - spans.first_year)
    whole, treated = covariance.between(len(calendar)), 0.0
    for start, areas in spans.cohorts.items():
        years = start - spans.first_year + post
        c = change_weights(covariance, years - post, post, is_adjusted=is_adjusted)
        share = areas / total
        treated += share**2 * float(c @ whole[:years, :years] @ c) / areas
        calendar[:years] += share * c
    return treated + float(calendar @ whole @ calendar) / areas_0


@dataclass(frozen=True)
class ClusteredTest:
    """What clusters make of a comparison: its standard error over that of independent areas, degrees of freedom."""

    areas_1: int
    areas_0: int
    inflation: float = 1.0
    df: float = 0.0
    reason: str | None = None


def clustered_test(arm: ArrayLike, cluster: ArrayLike, icc: float) -> ClusteredTest:
    """`arm` and `cluster` (areas,) of the areas compared; `icc` is how alike the changes of a cluster's areas are."""
    arms = np.asarray(arm)
    areas_1, areas_0 = int((arms == 1).sum()), int((arms == 0).sum())
    if not areas_1 or not areas_0:
        return ClusteredTest(areas_1, areas_0, reason=f"no_areas_in_arm_{int(not areas_1)}")
    design = clusters.two_arms(arms, cluster)
    if few := clusters.too_few(design):
        return ClusteredTest(areas_1, areas_0, reason=few)
    inflation = standard_error(design, Components(icc, 1 - icc)) / standard_error(design, Components(0.0, 1.0))
    return ClusteredTest(areas_1, areas_0, inflation, design.df or 0.0)


def panel_mde(
    covariance: SerialCovariance, spans: Spans, test: ClusteredTest, *, is_adjusted: bool = False
) -> PanelMde:
    """Smallest effect that the contrast's test finds in four of five (5 %, two-sided), its clusters counted in."""
    df = test.df - is_adjusted
    reason = test.reason
    if spans.cohorts is not None and not reason:
        first = min(spans.cohorts, default=None)
        reason = "no_known_start" if first is None else "no_years_before_a_start" if first <= spans.first_year else None
    if not reason and covariance.persistent + covariance.yearly <= _ROUNDING * covariance.total:
        reason = "nothing_moves_between_years"
    if reason or df <= 0:
        return PanelMde(None, None, None, reason or clusters.TOO_FEW_CLUSTERS)
    found = [
        minimum_detectable(
            test.inflation
            * float(np.sqrt(estimate_variance(each, spans, test.areas_1, test.areas_0, is_adjusted=is_adjusted))),
            df,
        )
        for each in (covariance, covariance.independent())
    ]
    return PanelMde(found[0], found[1], df)


def icc_of_changes(values: ArrayLike, arm: ArrayLike, cluster: ArrayLike) -> tuple[float, str | None]:
    """How alike the areas of a cluster move from the first half of the years to the second, 0 to 1; and why it is 0."""
    y = np.asarray(values, dtype=np.float64)
    half = y.shape[1] // 2
    if not half:
        return 0.0, "too_few_years"
    moved = y[:, -half:].mean(axis=1) - y[:, :half].mean(axis=1)
    known = ~np.isnan(moved)
    if known.sum() < FEWEST_AREAS or len(np.unique(np.asarray(arm)[known])) < 2:
        return 0.0, "too_few_areas"
    found = icc_anova(moved[known], np.asarray(cluster)[known], np.asarray(arm)[known])
    if found.estimate is None:
        return 0.0, found.reason
    return min(max(found.estimate, 0.0), 1.0), None


def usual_pre_years(cohorts: Mapping[int, int], first_year: int) -> float:
    """Years before the start, on average over the cohorts' areas."""
    return float(np.average([start - first_year for start in cohorts], weights=[*cohorts.values()]))
