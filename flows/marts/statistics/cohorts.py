"""What each cohort moved beyond its comparison, by years to its own start; and the average over cohorts.

ATT(g, t) is the mean change of the areas that start in g less that of the comparison areas: from t - 1 to t in years
before the start, from the last of these to t after it (Callaway & Sant'Anna 2021, Journal of Econometrics 225: 200-230,
without covariates). Under parallel trends it is 0 before the start. Comparison areas never start (`never`), or have not
by then (`not_yet`). An average over cohorts weighs them by their areas; that these numbers are themselves drawn counts
in its error.

Errors are those of a difference of means in clusters (CR2). Uniform bands hold all cells at once in 95 of 100 draws:
the quantile of the largest |t| under the cells' correlation (Montiel Olea & Plagborg-Møller 2019, Journal of Applied
Econometrics 34: 1-17).
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from flows.marts.statistics import clusters, trend
from flows.marts.statistics.clusters import Design, Floats
from flows.marts.statistics.multiplicity import holm
from flows.marts.statistics.trend import Trend

Mask: TypeAlias = NDArray[np.bool_]

ALPHA = 0.05
NEVER = 0
DRAWS = 10_000
FEWEST_CLUSTERS = 4
_ROUNDING = 1e-10


@dataclass(frozen=True)
class EventRule:
    """How cohorts are compared, over so many years before the start.

    `anticipation`: years before its start in which an area may already move; `cohort_least`: areas that an interval
    asks of a cohort.
    """

    comparison: Literal["never", "not_yet"] = "never"
    anticipation: int = 0
    cohort_least: int = 10
    years: int = 6


@dataclass(frozen=True)
class CohortYear:
    """One cohort in one year, in the indicator's unit; `reason` says why there is no interval."""

    cohort: int
    year: int
    base_year: int
    att: float
    areas_1: int
    areas_0: int
    clusters_1: int
    clusters_0: int
    se: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    low_uniform: float | None = None
    high_uniform: float | None = None
    reason: str | None = None

    @property
    def event_time(self) -> int:
        return self.year - self.cohort


@dataclass(frozen=True)
class EventTime:
    """The average over the cohorts that have this time to their start."""

    event_time: int
    att: float
    cohorts: int
    areas_1: int
    se: float | None
    df: float | None
    low: float | None
    high: float | None
    low_uniform: float | None
    high_uniform: float | None


@dataclass(frozen=True)
class CohortTrend:
    """The years before a cohort's start against its comparison: see `trend`; p-values by Holm over the cohorts."""

    cohort: int
    years: tuple[int, ...]
    trend: Trend
    slope_p_holm: float | None = None
    joint_p_holm: float | None = None


@dataclass(frozen=True)
class EventStudy:
    """One indicator. `covariance` (events, events) is that of the `events`, in their order."""

    cells: tuple[CohortYear, ...]
    events: tuple[EventTime, ...]
    covariance: Floats
    cohorts: tuple[CohortTrend, ...]


@dataclass(frozen=True)
class _Scored:
    """A cell with what each area adds to its estimate: as it is, and as CR2 counts it; both (areas,)."""

    cell: CohortYear
    plain: Floats
    adjusted: Floats


@dataclass(frozen=True)
class CohortPanel:
    """(areas, years) values, NaN where there is none or it is locked; (areas,) the year of the start, 0 for never."""

    values: Floats
    years: Sequence[int]
    start: NDArray[np.int64]
    cluster: NDArray[np.generic]

    @cached_property
    def designs(self) -> dict[tuple[int, bytes], Design]:
        """The designs so far, by cohort and by the areas that are used."""
        return {}

    @property
    def cohorts(self) -> list[int]:
        return sorted({int(year) for year in self.start if year != NEVER})


def event_study(
    panel: CohortPanel, rule: EventRule, *, universal: bool = False, is_adjusted: bool = True
) -> EventStudy:
    """Cells, averages by event time and trends before the start of one indicator.

    `universal`: every cell is held against the last year before the start, which has none itself: what HonestDiD asks
    for; it has no trends and no bands. `is_adjusted`: errors of averages by CR2, else by influence alone, as
    `did` has them. Cells need both of their years in both groups.
    """
    scored = list(_cells(panel, rule, universal))
    events, covariance = _events(panel, scored, is_adjusted, has_band=not universal)
    cells = [each.cell for each in scored]
    if universal:
        return EventStudy(tuple(cells), tuple(events), covariance, ())
    banded = _with_bands(cells, _covariance(panel, [each.plain for each in scored]))
    return EventStudy(tuple(banded), tuple(events), covariance, tuple(cohort_trends(panel, rule)))


def wald(panel: CohortPanel, rule: EventRule) -> tuple[float, int]:
    """The chi-square of all cells before the start, as `did` prints it, and its degrees of freedom.

    For comparison only: with many cells and few clusters it rejects far too often.
    """
    scored = [each for each in _cells(panel, rule, universal=False) if each.cell.event_time < -rule.anticipation]
    covariance = _covariance(panel, [each.plain for each in scored])
    att = np.array([each.cell.att for each in scored])
    return float(att @ np.linalg.solve(covariance, att)), len(att)


def sup_t(correlation: Floats, df: float = np.inf, seed: int = 1) -> float:
    """The 95 % quantile of the largest |t| of estimates with this correlation, from DRAWS draws."""
    values, axes = np.linalg.eigh(correlation)
    root = axes * np.sqrt(np.clip(values, 0, None))
    # einsum, not a matrix product: its order of addition does not depend on the number of threads
    normal, draw = _drawn(len(values), seed)
    z = np.einsum("nk,jk->nj", normal, root)
    largest = np.abs(z).max(axis=1)
    if np.isfinite(df):
        largest = largest / np.sqrt(deepcopy(draw).chisquare(df, DRAWS) / df)
    return float(np.quantile(largest, 1 - ALPHA))


@lru_cache(maxsize=8)
def _drawn(estimates: int, seed: int) -> tuple[Floats, np.random.Generator]:
    """(DRAWS, estimates) of a standard normal, and the generator as they leave it."""
    draw = np.random.default_rng(seed)
    return draw.normal(size=(DRAWS, estimates)), draw


def _cells(panel: CohortPanel, rule: EventRule, universal: bool) -> Iterator[_Scored]:
    place = {year: at for at, year in enumerate(panel.years)}
    for cohort in panel.cohorts:
        last = cohort - 1 - rule.anticipation
        for year in panel.years:
            base = year - 1 if year <= last and not universal else last
            if base not in place or year == base or year <= last - rule.years:
                continue
            change = panel.values[:, place[year]] - panel.values[:, place[base]]
            used = ~np.isnan(change) & _compared(panel, rule, cohort, max(year, base))
            is_cohort = used & (panel.start == cohort)
            if is_cohort.any() and (used & ~is_cohort).any():
                key = cohort, used.tobytes()
                if key not in panel.designs:
                    panel.designs[key] = clusters.two_arms(is_cohort[used].astype(np.int64), panel.cluster[used])
                design = panel.designs[key]
                yield _scored(design, change, used, CohortYear(cohort, year, base, 0.0, *_counts(design)), rule)


def _counts(design: Design) -> tuple[int, int, int, int]:
    areas = int((design.arm == 1).sum())
    return areas, design.areas - areas, design.clusters_per_arm[1], design.clusters_per_arm[0]


def _compared(panel: CohortPanel, rule: EventRule, cohort: int, year: int) -> Mask:
    waits = panel.start > year + rule.anticipation if rule.comparison == "not_yet" else np.zeros(len(panel.start), bool)
    return np.asarray((panel.start == cohort) | (panel.start == NEVER) | waits)


def _scored(design: Design, change: Floats, used: Mask, cell: CohortYear, rule: EventRule) -> _Scored:
    values = change[used]
    estimate = design.estimate(values[:, None])
    means = design.means(values[:, None])[:, 0]
    residuals = values - means[design.arm]
    plain, adjusted = np.zeros(len(used)), np.zeros(len(used))
    plain[used] = residuals * design.contrast
    adjusted[used] = plain[used] if design.cr2_scores is None else residuals * design.cr2_scores
    att = float(estimate.value[0])
    se = None if estimate.cr2 is None else float(np.sqrt(estimate.cr2[0, 0]))
    if cell.areas_1 < rule.cohort_least or cell.clusters_1 < FEWEST_CLUSTERS:
        return _Scored(replace(cell, att=att, reason="small_cohort"), plain, adjusted)
    few = clusters.too_few(design) or estimate.reason
    if few or se is None or design.df is None:
        return _Scored(replace(cell, att=att, reason=few), plain, adjusted)
    if se <= _ROUNDING * float(np.abs(values).max()):
        return _Scored(replace(cell, att=att, reason="constant"), plain, adjusted)
    reach = clusters.t_quantile(design.df, 1 - ALPHA / 2) * se
    return _Scored(replace(cell, att=att, se=se, df=design.df, low=att - reach, high=att + reach), plain, adjusted)


def _covariance(panel: CohortPanel, scores: Sequence[Floats]) -> Floats:
    """Of estimates to which each area adds its score: sums over clusters, crossed."""
    if not scores:
        return np.zeros((0, 0))
    codes = np.unique(panel.cluster, return_inverse=True)[1]
    parts = np.stack([np.bincount(codes, score) for score in scores], axis=1)
    return np.asarray(np.einsum("gq,gr->qr", parts, parts))


def _with_bands(cells: list[CohortYear], covariance: Floats) -> list[CohortYear]:
    """The cells, those before the start that have an interval also with a band that holds all of them at once."""
    rows = [at for at, cell in enumerate(cells) if cell.se is not None and cell.event_time < 0]
    if not rows:
        return cells
    reach = sup_t(_correlation(covariance[np.ix_(rows, rows)]), min(cells[at].df or np.inf for at in rows))
    banded = list(cells)
    for at in rows:
        cell, half = cells[at], reach * (cells[at].se or 0.0)
        banded[at] = replace(cell, low_uniform=cell.att - half, high_uniform=cell.att + half)
    return banded


def _correlation(covariance: Floats) -> Floats:
    scale = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(scale, scale))


def _events(
    panel: CohortPanel, scored: Sequence[_Scored], is_adjusted: bool, has_band: bool
) -> tuple[list[EventTime], Floats]:
    """Averages over cohorts by their areas, and their covariance."""
    by_time: dict[int, list[_Scored]] = {}
    for each in scored:
        by_time.setdefault(each.cell.event_time, []).append(each)
    times = sorted(by_time)
    adjusted = [_averaged(panel, by_time[time], is_adjusted) for time in times]
    covariance = _covariance(panel, adjusted)
    before = [at for at, time in enumerate(times) if time < 0 and covariance[at, at] > 0]
    dfs = [_welch(by_time[time]) for time in times]
    known = [df for df in (dfs[at] for at in before) if df is not None]
    sup = sup_t(_correlation(covariance[np.ix_(before, before)]), min(known)) if known and has_band else None
    events = []
    for at, time in enumerate(times):
        att = float(np.average([each.cell.att for each in by_time[time]], weights=[*map(_size, by_time[time])]))
        df = dfs[at]
        se = float(np.sqrt(covariance[at, at])) if df is not None else None
        half = None if se is None or df is None else clusters.t_quantile(df, 1 - ALPHA / 2) * se
        wide = sup * se if sup is not None and se is not None and at in before else None
        ends = [None if reach is None else att + sign * reach for reach in (half, wide) for sign in (-1, 1)]
        areas = sum(each.cell.areas_1 for each in by_time[time])
        events.append(EventTime(time, att, len(by_time[time]), areas, se, df, *ends))
    return events, covariance


def _size(scored: _Scored) -> int:
    return scored.cell.areas_1


def _averaged(panel: CohortPanel, cells: Sequence[_Scored], is_adjusted: bool) -> Floats:
    """What each area adds to the average of cells: to each of them, and to the cohorts' shares, which are drawn too."""
    sizes = np.array([*map(_size, cells)], dtype=np.float64)
    shares, att = sizes / sizes.sum(), np.array([each.cell.att for each in cells])
    score = np.einsum("c,ca->a", shares, np.stack([each.adjusted if is_adjusted else each.plain for each in cells]))
    mean = float(shares @ att)
    for cell, share in zip(cells, att, strict=True):
        score = score + (panel.start == cell.cell.cohort) * (share - mean) / sizes.sum()
    return np.asarray(score)


def _welch(cells: Sequence[_Scored]) -> float | None:
    """Degrees of freedom of an average of independent parts (Satterthwaite); None where no part has an error."""
    parts = [(each.cell.areas_1**2 * each.cell.se**2, each.cell.df) for each in cells if each.cell.se and each.cell.df]
    return sum(part for part, _ in parts) ** 2 / sum(part**2 / df for part, df in parts) if parts else None


def cohort_trends(panel: CohortPanel, rule: EventRule) -> list[CohortTrend]:
    """The years before each cohort's start in which at least half of its and of its comparison's areas have figures."""
    found = []
    for cohort in panel.cohorts:
        last = cohort - 1 - rule.anticipation
        wanted = [at for at, year in enumerate(panel.years) if last - rule.years < year <= last]
        sample = _compared(panel, rule, cohort, last)
        values = panel.values[sample][:, wanted]
        is_cohort = panel.start[sample] == cohort
        kept = [at for at in range(len(wanted)) if all(_mostly(values[side, at]) for side in (is_cohort, ~is_cohort))]
        years = [panel.years[wanted[at]] for at in kept]
        compared = trend.trend(values[:, kept], years, is_cohort.astype(np.int64), panel.cluster[sample])
        found.append(CohortTrend(cohort, tuple(years), _guarded(compared, rule)))
    slopes, joints = (
        holm([np.nan if p is None else p for p in values])
        for values in ([each.trend.slopes.p for each in found], [each.trend.joint.p for each in found])
    )
    return [
        replace(each, slope_p_holm=_number(slope), joint_p_holm=_number(joint))
        for each, slope, joint in zip(found, slopes, joints, strict=True)
    ]


def _mostly(values: Floats) -> bool:
    """At least half of the areas have a figure."""
    return bool(len(values)) and 2 * int(np.count_nonzero(~np.isnan(values))) >= len(values)


def _guarded(found: Trend, rule: EventRule) -> Trend:
    """A small cohort keeps its points and has no test."""
    if found.sample.areas_1 >= rule.cohort_least and found.sample.clusters_1 >= FEWEST_CLUSTERS:
        return found
    slopes, joint = found.slopes, found.joint
    bare = trend.Slopes(slopes.arm_1, slopes.arm_0, slopes.difference, reason="small_cohort")
    return replace(
        found, slopes=bare, joint=trend.JointTest(joint.restrictions, reason="small_cohort"), verdict="small_cohort"
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
