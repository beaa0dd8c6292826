"""Errors of standardised differences against clubSandwich, by a bootstrap, and over draws whose truth is known."""

from typing import Any

import numpy as np
import pytest
from profiles import examples

from flows.marts.statistics import clusters
from flows.marts.statistics.balance import BalanceLimits, Estimand, balance
from flows.marts.statistics.standardised import ClusteredError, bootstrap_error, clustered_error, coverage_factor

LIMITS = BalanceLimits(smd=0.1, variance_ratio_low=0.5, variance_ratio_high=2, ks=0.05, dose_correlation=0.1, areas=2)
# Thirty areas, made up: cluster, arm, figures. c and f have areas in both arms.
AREAS = (
    "a1:31 34 33, b1:27 29, c1:38, c0:30, d1:36 35 39, e1:24 28, f1:33, f0:26 25, g0:21 24, h0:28 27, i0:19 22 20, "
    "j0:25 29, k0:30 26, l0:23 20 24 22"
)
CELLS = [(cell[0], int(cell[1]), float(y)) for cell in AREAS.split(", ") for y in cell[3:].split()]
CLUSTER = np.array([cluster for cluster, _, _ in CELLS])
ARM = np.array([arm for _, arm, _ in CELLS])
FIGURE = np.array([y for _, _, y in CELLS])


def error(
    values: Any, arm: Any, cluster: Any, estimand: Estimand, binary: bool = False, weights: Any = None
) -> tuple[float, ClusteredError]:
    y, side = np.asarray(values, dtype=float), np.asarray(arm)
    of_arms = None if weights is None else (weights[side == 1], weights[side == 0])
    found = balance(y[side == 1], y[side == 0], estimand=estimand, limits=LIMITS, binary=binary, weights=of_arms)
    assert found.smd is not None
    design = clusters.two_arms(side, cluster, weights)
    row: dict[str, Any] = {"smd": found.smd, "scale": found.denominator_sd, "estimand": estimand, "binary": binary}
    return found.smd, clustered_error(design, y, weights, **row)


# R 4.2.2, clubSandwich 0.5.8: vcovCR(lm(z ~ arm), cluster, type = "CR2"), coef_test(..., "Satterthwaite")
@pytest.mark.parametrize(
    ("estimand", "smd", "se", "se_alone"),
    [("ATT", 1.69394078890, 0.64010045381, 0.471039619944), ("ATE", 1.91245593067, 0.64649315863, 0.471214063365)],
)
def test_clubsandwich_gives_the_same_errors(estimand: Estimand, smd: float, se: float, se_alone: float) -> None:
    found, clustered = error(FIGURE, ARM, CLUSTER, estimand)
    assert (found, clustered.smd_se) == (pytest.approx(smd, abs=1e-11), pytest.approx(se, abs=1e-11))
    assert clustered.df == pytest.approx(8.37250443891, abs=1e-11)
    assert clustered.difference_se == pytest.approx(2.21793306385, abs=1e-11)
    assert (clustered.clusters_1, clustered.clusters_0) == (6, 8)
    _, alone = error(FIGURE, ARM, np.arange(30), estimand)
    assert alone.smd_se == pytest.approx(se_alone, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "by", "estimand", "se", "df"),
    [
        ("age", None, "ATT", 0.1137735697, None),
        ("age", "educ", "ATT", 0.1391977763, 5.6601816574),
        ("re74", None, "ATT", 0.1863377399, None),
        ("re74", "educ", "ATT", 0.1524056303, 5.6601816574),
        ("re74", None, "ATE", 0.0985577945, None),
        ("re74", "educ", "ATE", 0.0829321303, 5.6601816574),
    ],
)
def test_clubsandwich_gives_the_same_for_lalonde(
    lalonde: dict[str, np.ndarray], name: str, by: str | None, estimand: Estimand, se: float, df: float | None
) -> None:
    cluster = np.arange(614) if by is None else lalonde[by]
    _, found = error(lalonde[name], lalonde["treat"].astype(int), cluster, estimand)
    assert found.smd_se == pytest.approx(se, abs=1e-10)
    if df is not None:
        assert found.df == pytest.approx(df, abs=1e-9)


def test_a_share_has_the_error_of_the_delta_method(lalonde: dict[str, np.ndarray]) -> None:
    """Areas alone in their clusters: the large-sample error of two proportions, the denominator a function of one."""
    arm = lalonde["treat"].astype(int)
    _, found = error(lalonde["married"], arm, np.arange(614), "ATT", binary=True)
    old = balance(
        lalonde["married"][arm == 1], lalonde["married"][arm == 0], estimand="ATT", limits=LIMITS, binary=True
    )
    assert found.smd_se == pytest.approx(old.smd_se, rel=0.01)


def test_equal_weights_change_nothing() -> None:
    plain, weighed = (error(FIGURE, ARM, CLUSTER, "ATT", weights=weights)[1] for weights in (None, np.full(30, 3.0)))
    assert weighed.smd_se == pytest.approx(plain.smd_se, rel=1e-12)


def test_a_reused_candidate_is_one_area() -> None:
    """Weight 5 on one area says less than five areas with that figure."""
    weights = np.where((ARM == 0) & (np.arange(30) == 20), 8.0, 1.0)
    _, heavy = error(FIGURE, ARM, np.arange(30), "ATT", weights=weights)
    _, plain = error(FIGURE, ARM, np.arange(30), "ATT")
    assert heavy.difference_se > plain.difference_se  # type: ignore[operator]


def test_skewed_figures_get_a_bootstrap_as_a_check(lalonde: dict[str, np.ndarray]) -> None:
    _, found = error(lalonde["re74"], lalonde["treat"].astype(int), np.arange(614), "ATT")
    assert abs(found.skewness) > 2  # type: ignore[arg-type]
    assert found.bootstrap == pytest.approx(0.2003, abs=0.012), "2,000 draws in R gave .2003"
    _, age = error(lalonde["age"], lalonde["treat"].astype(int), np.arange(614), "ATT")
    assert age.bootstrap is None
    design = clusters.two_arms(lalonde["treat"].astype(int), np.arange(614))
    assert bootstrap_error(design, lalonde["age"], "ATT", binary=False) == pytest.approx(0.1169, abs=0.007)


def test_few_clusters_give_a_reason() -> None:
    _, few = error(FIGURE, ARM, np.where(ARM == 1, "x", CLUSTER), "ATT")
    assert (few.smd_se, few.reason) == (None, "too_few_clusters")
    design = clusters.two_arms(ARM, np.arange(30))
    still = clustered_error(design, np.full(30, 4.0), None, smd=None, scale=None, estimand="ATT")
    assert (still.difference_se, still.reason) == (None, "constant")


def test_an_interval_that_holds_bounds_reaches_less_far_beyond_wide_ones() -> None:
    """Imbens and Manski (2004): .95 = F(c + width) - F(-c)."""
    factors = [coverage_factor(width) for width in (0, 0.5, 1, 2)]
    assert factors == pytest.approx([1.959964, 1.769713, 1.681477, 1.646146], abs=5e-7)
    assert coverage_factor(0, 8.0) == pytest.approx(2.306004, abs=1e-6)
    assert coverage_factor(50, 8.0) == pytest.approx(1.859548, abs=1e-6)


@pytest.mark.parametrize("clusters_in", [(8, 40), (40, 40)])
def test_intervals_hold_the_truth_where_clusters_are_alike(clusters_in: tuple[int, int]) -> None:
    """Clusters of five with correlation .3 and a true SMD of .5: independent areas would hold it in 82 of 100."""
    draw = np.random.default_rng(7)
    draws = 40 * examples(20)
    held = naive = 0
    arm = np.repeat([1, 0], [5 * count for count in clusters_in])
    cluster = np.repeat(np.arange(sum(clusters_in)), 5)
    design = clusters.two_arms(arm, cluster)
    for _ in range(draws):
        y = draw.normal(0, 0.3**0.5, sum(clusters_in))[cluster] + draw.normal(0, 0.7**0.5, len(arm)) + 0.5 * arm
        found = balance(y[arm == 1], y[arm == 0], estimand="ATT", limits=LIMITS, binary=False)
        se = clustered_error(design, y, None, smd=found.smd, scale=found.denominator_sd, estimand="ATT")
        reach = coverage_factor(0, se.df) * se.smd_se  # type: ignore[arg-type, operator]
        held += abs(found.smd - 0.5) <= reach  # type: ignore[operator]
        naive += abs(found.smd - 0.5) <= 1.96 * found.smd_se  # type: ignore[operator]
    assert 0.915 < held / draws < 0.98
    assert naive / draws < 0.9
