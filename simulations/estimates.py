"""Bias and coverage of the baseline's estimates on panels that are drawn and never delivered, by design.

A panel has areas in clusters, of which `clusters[0]` are funded: a lasting part shared within clusters, a part that
dies out by .6 a year, and one of the year alone. Designs differ in clusters, in tails (Student's t of four degrees of
freedom), in missing years and in the spread of the two groups. Under `chosen` areas are funded by clusters whose
window's figures were worst, so that they come back by themselves; how far is known from the parts that were drawn:
as it is to be expected when the window ends, and as it comes, which has a chance of its own.

    python -m simulations.estimates --draws 200
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from flows.marts.statistics import balance, change, clusters, cohorts, selection, standardised, trend
from flows.marts.statistics.balance import BalanceLimits
from flows.marts.statistics.cohorts import CohortPanel, EventRule

Floats = NDArray[np.float64]
YEARS = tuple(range(2000, 2006))
STARTS = (2006, 2007, 2008)
LASTING, DYING, YEARLY, RHO, TOGETHER = 0.6, 0.2, 0.2, 0.6, 0.3
LIMITS = BalanceLimits(
    smd=0.1, variance_ratio_low=0.5, variance_ratio_high=2.0, ks=0.05, dose_correlation=0.1, areas=20
)
FIRST_SEED = 40_000
EXPECTED, CAME = "dip covers the expected rebound", "dip covers the rebound that came"


@dataclass(frozen=True)
class PanelDesign:
    """Clusters of five areas, funded and not; what is unusual; and whether areas were chosen by their window."""

    clusters: tuple[int, int]
    heavy_tails: bool = False
    missing: float = 0.0
    spread: float = 1.0
    chosen: bool = False


DESIGNS = {
    "8 against 40 clusters": PanelDesign((8, 40)),
    "8 against 40, heavy tails": PanelDesign((8, 40), heavy_tails=True),
    "8 against 40, missing years": PanelDesign((8, 40), missing=0.1),
    "8 against 40, SD 2 against 1": PanelDesign((8, 40), spread=2.0),
    "40 against 40": PanelDesign((40, 40)),
    "40 against 160, chosen in bad years": PanelDesign((40, 160), chosen=True),
}


def main(draws: int) -> int:
    """Print per design and estimate its bias and how often it was right, beside the 99 % band; how many lie outside."""
    outside = 0
    for number, (name, design) in enumerate(DESIGNS.items()):
        right, bias = defaultdict[str, list[bool]](list), defaultdict[str, list[float]](list)
        for draw in range(draws):
            for what, is_right, error in judged(design, np.random.default_rng([FIRST_SEED, number, draw])):
                right[what].append(is_right)
                bias[what].append(error)
        for what, found in right.items():
            expected = 0.05 if "rejects" in what else 0.95
            low, high = band(len(found), expected)
            mean, error = float(np.mean(bias[what])), float(np.std(bias[what]) / len(found) ** 0.5)
            share = float(np.mean(found))
            is_out = not low <= share <= high and what != CAME
            outside += is_out
            mark = "  OUTSIDE" if is_out else ""
            print(
                f"{name:<38}{what:<44}{100 * share:6.1f} % of {len(found)}  band {100 * low:.1f}-{100 * high:.1f}"
                f"  bias {mean:+.4f} ({error:.4f}){mark}"
            )
    return outside


def band(draws: int, expected: float) -> tuple[float, float]:
    """The 99 % binomial band of a share of draws."""
    low, high = stats.binom.ppf((0.005, 0.995), draws, expected) / draws
    return float(low), float(high)


def judged(design: PanelDesign, chance: np.random.Generator) -> Iterator[tuple[str, bool, float]]:
    """Of one panel each estimate: whether its interval holds the truth or its test rejects, and by how much it errs."""
    values, passing, arm, cluster = panel(design, chance)
    before = values[:, : len(YEARS)].copy()
    before[chance.random(before.shape) < design.missing] = np.nan
    there = (~np.isnan(before[:, 3:])).sum(axis=1)
    window = np.where(there > 0, np.nansum(before[:, 3:], axis=1) / np.maximum(there, 1), np.nan)
    if design.chosen:
        found = selection.rebound(window, before[:, 0], arm, cluster, selection.reliability(window, before[:, 0]))
        # What comes back by itself: the difference of what does not last, in the window and three years after it.
        within = _apart(passing[:, 3 : len(YEARS)].mean(axis=1), arm)
        for what, later in ((EXPECTED, passing[:, -1]), (CAME, passing[:, -2])):
            true = within - _apart(later, arm)
            if found.dip is not None and found.low is not None and found.high is not None:
                yield what, found.low <= true <= found.high, found.dip - true
        return
    yield from _levels(window, arm, cluster)
    moved = change.group_change(before[:, 0], before[:, -1], arm, cluster).difference
    if moved is not None and moved.low is not None and moved.high is not None:
        yield "group_change covers", moved.low <= 0 <= moved.high, moved.value
    slopes = trend.trend(before, list(YEARS), arm, cluster)
    if slopes.slopes.p is not None and slopes.slopes.difference is not None:
        yield "slope test rejects", slopes.slopes.p < trend.ALPHA, slopes.slopes.difference
    if slopes.joint.p is not None:
        yield "joint test rejects", slopes.joint.p < trend.ALPHA, 0.0
    yield from _cohorts(before, arm, cluster)


def _levels(window: Floats, arm: Floats, cluster: Floats) -> Iterator[tuple[str, bool, float]]:
    kept = ~np.isnan(window)
    y, side = window[kept], arm[kept].astype(np.int64)
    shape = clusters.two_arms(side, cluster[kept])
    found = balance.balance(y[side == 1], y[side == 0], estimand="ATT", limits=LIMITS)
    error = standardised.clustered_error(shape, y, None, smd=found.smd, scale=found.denominator_sd, estimand="ATT")
    if error.smd_se is None or error.df is None or found.smd is None:
        return
    reach = clusters.t_quantile(error.df, 0.975)
    yield "SMD covers", abs(found.smd) <= reach * error.smd_se, found.smd
    if error.difference_se is not None and found.difference is not None:
        yield "difference covers", abs(found.difference) <= reach * error.difference_se, found.difference


def _cohorts(before: Floats, arm: Floats, cluster: Floats) -> Iterator[tuple[str, bool, float]]:
    start = np.where(arm == 1, np.array(STARTS)[cluster.astype(np.int64) % len(STARTS)], 0)
    study = cohorts.event_study(CohortPanel(before, YEARS, start, cluster), EventRule())
    tested = [each.slope_p_holm for each in study.cohorts if each.slope_p_holm is not None]
    if tested:
        yield "a cohort's slope, by Holm, rejects", min(tested) < cohorts.ALPHA, 0.0
    for event in study.events:
        if event.event_time == -2 and event.low is not None and event.high is not None:
            yield "average at event time -2 covers", event.low <= 0 <= event.high, event.att


def panel(design: PanelDesign, chance: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
    """(areas, years) figures of YEARS and three more, and what of them does not last, expected of the last year when
    YEARS end beside it as a further column; (areas,) the arm and the cluster."""
    of_arms, each = design.clusters, 5
    cluster = np.repeat(np.arange(sum(of_arms)), each).astype(np.float64)
    areas, years = len(cluster), len(YEARS) + 3

    def drawn(*shape: int) -> Floats:
        if design.heavy_tails:
            return np.asarray(chance.standard_t(4, shape) / 2**0.5)
        return np.asarray(chance.normal(size=shape))

    shared, own = drawn(sum(of_arms))[cluster.astype(np.int64)], drawn(areas)
    lasting = LASTING**0.5 * (TOGETHER**0.5 * shared + (1 - TOGETHER) ** 0.5 * own)
    dying = np.repeat(drawn(sum(of_arms), years), each, axis=0) if design.chosen else drawn(areas, years)
    for at in range(1, years):
        dying[:, at] = RHO * dying[:, at - 1] + (1 - RHO**2) ** 0.5 * dying[:, at]
    values = lasting[:, None] + DYING**0.5 * dying + YEARLY**0.5 * drawn(areas, years)
    arm = (cluster < of_arms[0]).astype(np.float64)
    if design.chosen:
        seen = np.bincount(cluster.astype(np.int64), values[:, 3 : len(YEARS)].mean(axis=1))
        worst = np.argsort(-seen)[: of_arms[0]]
        arm = np.isin(cluster, worst).astype(np.float64)
    expected = DYING**0.5 * RHO**3 * dying[:, len(YEARS) - 1]
    passing = np.column_stack([values - lasting[:, None], expected])
    return np.where(arm[:, None] == 1, design.spread, 1.0) * values, passing, arm, cluster


def _apart(values: Floats, arm: Floats) -> float:
    return float(values[arm == 1].mean() - values[arm == 0].mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    raise SystemExit(main(parser.parse_args().draws))
