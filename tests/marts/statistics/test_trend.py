"""Trends of two arms against statsmodels on the stacked panel, clubSandwich, hand calculation and simulation."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from profiles import seeds
from scipy.stats import t as student

from flows.marts.statistics import clusters, trend
from flows.marts.statistics.clusters import Design, Floats, Integers, Sample
from flows.marts.statistics.trend import Interval, JointTest

# 26 areas in 12 unequal clusters, of which 1, 4, 5 and 12 have areas in both arms; weights; four years.
PANEL = np.loadtxt(Path(__file__).with_name("clustered_panel.csv"), delimiter=",", skiprows=1)
CLUSTER, ARM, WEIGHT = PANEL[:, 1:4].astype(int).T
VALUES = PANEL[:, 4:]
YEARS = np.array([2003, 2004, 2005, 2006])


def stacked(values: Floats, arm: Integers, cluster: Integers, terms: str) -> tuple[Floats, Floats, Integers]:
    """Outcome, group x year (or group x slope) terms with year effects behind, and clusters, one row per area-year."""
    areas, years = values.shape
    place, when = np.repeat(np.arange(areas), years), np.tile(np.arange(years), areas)
    year_effects = (when[:, None] == np.arange(years - 1)).astype(float)
    treated = arm[place].astype(float)
    group = treated[:, None] * (year_effects if terms == "years" else when[:, None])
    return values.ravel(), np.column_stack([group, year_effects]), cluster[place]


def within(rows: Floats, areas: int) -> Floats:
    panel = rows.reshape(areas, -1, *rows.shape[1:])
    return (panel - panel.mean(axis=1, keepdims=True)).reshape(rows.shape)


def test_estimates_and_conventional_test_are_those_of_statsmodels_on_the_stacked_panel() -> None:
    result = trend.trend(VALUES, YEARS, ARM, CLUSTER)
    y, x, groups = stacked(VALUES, ARM, CLUSTER, "years")
    deviations = sm.OLS(within(y, 26), sm.add_constant(within(x, 26), prepend=False)).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    assert [year.difference.value for year in result.yearly[:3]] == pytest.approx(deviations.params[:3])
    assert result.joint.p_conventional == pytest.approx(float(deviations.f_test(np.eye(3, 7)).pvalue), rel=1e-9)
    # pyfixest 0.60.0: feols("y ~ a1 + a2 + a3 | area + year", vcov={"CRV1": "cluster"}).wald_test(np.eye(3))
    assert result.joint.p_conventional == pytest.approx(0.017945, abs=5e-7)

    # With a dummy per area the parameters of the areas count too: CR1 then grows by (NT - K)/(NT - K + 1 - N).
    dummies = np.repeat(np.eye(26), 4, axis=0)
    full = sm.OLS(y, np.column_stack([x, dummies])).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    assert full.params[:3] == pytest.approx(deviations.params[:3])
    assert full.cov_params()[:3, :3] == pytest.approx(deviations.cov_params()[:3, :3] * (104 - 7) / (104 - 6 - 26))

    # CR0, without any factor, is that of the areas' own changes.
    bare = sm.OLS(within(y, 26), within(x, 26)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    own = clusters.two_arms(ARM, CLUSTER).estimate(VALUES[:, :3] - VALUES[:, 3:])
    assert own.cr0 == pytest.approx(bare.cov_params()[:3, :3], rel=1e-9)


def test_slopes_are_those_of_the_stacked_panel() -> None:
    result = trend.trend(VALUES, YEARS, ARM, CLUSTER)
    y, x, groups = stacked(VALUES, ARM, CLUSTER, "slope")
    fit = sm.OLS(within(y, 26), within(x, 26)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    assert result.slopes.difference == pytest.approx(fit.params[0])
    centred = YEARS - YEARS.mean()
    estimate = clusters.two_arms(ARM, CLUSTER).estimate(VALUES @ centred[:, None] / (centred**2).sum())
    assert estimate.cr0[0, 0] == pytest.approx(fit.cov_params()[0, 0])
    for side, slope in ((1, result.slopes.arm_1), (0, result.slopes.arm_0)):
        assert slope == pytest.approx(np.polyfit(YEARS, VALUES[side == ARM].mean(axis=0), 1)[0])


# clubSandwich 0.5.8 on R 4.2.2, on the 104 stacked values, once more with weights = w:
# coef_test(lm(y ~ 0 + area + year + at), vcov = "CR2", cluster = cluster, test = "Satterthwaite") where
# at = arm * (year as a number): estimate, SE, df, p. The HTZ line is that of test_clusters.py.
@pytest.mark.parametrize(
    ("weights", "slope", "htz"),
    [
        (
            None,
            (0.1624242424, 0.7453551889, 7.776677529, 0.8331041372),
            (3.882643844, 5.776677529, 0.07703890395),
        ),
        (
            WEIGHT,
            (0.4086501666, 0.7602008562, 5.180252473, 0.6131667792),
            (2.456393816, 3.180252473, 0.2318835733),
        ),
    ],
)
def test_slope_and_joint_test_are_those_of_clubsandwich(
    weights: Integers | None, slope: tuple[float, ...], htz: tuple[float, ...]
) -> None:
    result = trend.trend(VALUES, YEARS, ARM, CLUSTER, weights)
    slopes, changes = result.slopes, clusters.two_arms(ARM, CLUSTER, weights).estimate(VALUES[:, :3] - VALUES[:, 3:])
    assert changes.cr2 is not None
    assert changes.df is not None
    joint = clusters.hotelling(changes.value, changes.cr2, changes.df)
    assert joint is not None
    assert (slopes.difference, slopes.se, slopes.df, slopes.p) == pytest.approx(slope, rel=1e-8)
    assert (joint.f, joint.df, joint.p) == pytest.approx(htz, rel=1e-8)
    low, high = student.interval(0.95, slope[2], slope[0], slope[1])
    assert (slopes.low, slopes.high) == pytest.approx((low, high), rel=1e-6)
    assert slopes.undetected == pytest.approx(
        (student.ppf(0.975, slope[2]) + student.ppf(0.8, slope[2])) * slope[1], rel=1e-6
    )


def test_two_years_are_a_difference_in_differences_by_hand() -> None:
    """Twelve areas, each its own cluster. Arm 1 rises by 3, 4, 5, 4, 3, 5 (mean 4, variance 0.8), arm 0 by 1, 2, 3, 2,
    1, 3 (mean 2, variance 0.8): the difference is 2, its variance 0.8/6 + 0.8/6, on 10 degrees of freedom."""
    before = np.array([10, 20, 30, 40, 50, 60, 15, 25, 35, 45, 55, 65.0])
    rise = np.array([3, 4, 5, 4, 3, 5, 1, 2, 3, 2, 1, 3.0])
    result = trend.trend(np.column_stack([before, before + rise]), [2005, 2006], [1] * 6 + [0] * 6, np.arange(12))
    slopes = result.slopes
    assert (slopes.arm_1, slopes.arm_0, slopes.difference) == pytest.approx((4, 2, 2))
    assert slopes.se == pytest.approx(math.sqrt(1.6 / 6))
    assert slopes.df == pytest.approx(10)
    assert slopes.low == pytest.approx(2 - 2.228139 * math.sqrt(1.6 / 6), abs=1e-6)  # t(0.975, 10) of any table
    assert result.joint.reason == "too_few_years"
    assert result.largest_change == pytest.approx(2)
    assert result.yearly[0].difference.value == pytest.approx(-2)
    assert result.yearly[1].difference == Interval(0.0, None, None, "reference_year")


def test_yearly_means_and_differences_have_their_intervals() -> None:
    result = trend.trend(VALUES, YEARS, ARM, CLUSTER)
    # clubSandwich for lm(y1 ~ 1, subset = arm == 1): 5.072727273, SE 0.885280483, df 4.8156956; R's qt(0.975, df)
    first = result.yearly[0].mean_1
    assert first.value == pytest.approx(5.072727273)
    assert first.high is not None
    assert (first.high - first.value) / 0.885280483 == pytest.approx(2.6009, abs=2e-3)
    for year in result.yearly[:-1]:
        last = result.yearly[-1]
        gap = year.mean_1.value - year.mean_0.value - (last.mean_1.value - last.mean_0.value)
        assert year.difference.value == pytest.approx(gap)
        assert year.difference.low is not None
        assert year.difference.high is not None
        assert year.difference.low + year.difference.high == pytest.approx(2 * gap)
    assert [year.year for year in result.yearly] == YEARS.tolist()


def test_the_largest_change_is_that_of_a_year() -> None:
    """The difference of the arms runs 0, 1, 1, 3 over 2003, 2004, 2005 and 2007: 1, 0, and 2 in two years."""
    path = np.array([0, 1, 1, 3.0])
    noise = np.tile([[1, -1, 1, -1], [-1, 1, -1, 1]], (10, 1)) * 0.1
    arm = np.repeat([1, 0], 10)
    values = 20 + arm[:, None] * path + noise
    result = trend.trend(values, [2003, 2004, 2005, 2007], arm, np.arange(20))
    assert result.largest_change == pytest.approx(1)


def test_areas_with_a_gap_are_left_out_and_counted() -> None:
    gaps = VALUES.copy()
    gaps[0, 1] = gaps[25, 3] = gaps[20, 0] = np.nan
    kept = np.isfinite(gaps).all(axis=1)
    result = trend.trend(gaps, YEARS, ARM, CLUSTER, WEIGHT)
    without = trend.trend(VALUES[kept], YEARS, ARM[kept], CLUSTER[kept], WEIGHT[kept])
    assert result.sample == Sample(9, 14, 2, 1, 12, 6, 9)
    assert dataclasses.replace(result, sample=without.sample) == without


def values_of(result: object) -> list[object]:
    if dataclasses.is_dataclass(result):
        return [leaf for field in dataclasses.fields(result) for leaf in values_of(getattr(result, field.name))]
    if isinstance(result, tuple):
        return [leaf for item in result for leaf in values_of(item)]
    return [result]


FEW = np.arange(26) % 9
FLAT = np.full((26, 4), 12.3)
REPEATED = VALUES.copy()
REPEATED[:, 1] = REPEATED[:, 0]
SINGLE = np.arange(26)


@pytest.mark.parametrize(
    ("values", "years", "arm", "cluster", "slope_reason", "joint_reason"),
    [
        (VALUES, YEARS, ARM, FEW, "too_few_clusters", "too_few_clusters"),
        (VALUES, YEARS, ARM, np.where(ARM == 1, CLUSTER % 3, CLUSTER + 9), "too_few_clusters", "too_few_clusters"),
        (VALUES[:, :1], YEARS[:1], ARM, CLUSTER, "too_few_years", "too_few_years"),
        (VALUES[:, :0], YEARS[:0], ARM, CLUSTER, "too_few_years", "too_few_years"),
        (VALUES[:, :2], YEARS[:2], ARM, CLUSTER, None, "too_few_years"),
        (FLAT, YEARS, ARM, CLUSTER, "constant", "constant"),
        (FLAT + ARM[:, None] * YEARS, YEARS, ARM, CLUSTER, "constant", "constant"),
        (0 * VALUES, YEARS, ARM, CLUSTER, "constant", "constant"),
        (REPEATED, YEARS, ARM, CLUSTER, None, "collinear_years"),
        (REPEATED[:, ::-1], YEARS, ARM, CLUSTER, None, "collinear_years"),
        (VALUES, YEARS, ARM * 0, CLUSTER, "no_areas_in_arm_1", "no_areas_in_arm_1"),
        (VALUES, YEARS, ARM * 0 + 1, CLUSTER, "no_areas_in_arm_0", "no_areas_in_arm_0"),
        (np.where(ARM[:, None] == 1, np.nan, VALUES), YEARS, ARM, CLUSTER, "no_areas_in_arm_1", "no_areas_in_arm_1"),
        (VALUES[:0], YEARS, ARM[:0], CLUSTER[:0], "no_areas_in_arm_1", "no_areas_in_arm_1"),
    ],
)
def test_what_cannot_be_given_is_none_with_a_reason(
    values: Floats,
    years: Integers,
    arm: Integers,
    cluster: Integers,
    slope_reason: str | None,
    joint_reason: str,
) -> None:
    result = trend.trend(values, years, arm, cluster)
    slopes, joint = result.slopes, result.joint
    assert (slopes.reason, joint.reason, result.verdict) == (slope_reason, joint_reason, joint_reason)
    assert (joint.f, joint.df, joint.p, joint.p_conventional) == (None, None, None, None)
    if slope_reason:
        assert (slopes.se, slopes.df, slopes.low, slopes.high, slopes.p, slopes.undetected) == (None,) * 6
    assert all(math.isfinite(leaf) for leaf in values_of(result) if isinstance(leaf, float))
    assert all(isinstance(leaf, float | int | str | None) for leaf in values_of(result))


def test_odd_panels_give_plain_finite_numbers_or_none() -> None:
    random = np.random.default_rng(2010)
    for _ in range(300):
        areas, years, groups = random.integers(0, 40), random.integers(0, 6), random.integers(1, 25)
        cluster = random.integers(0, groups, areas)
        shared = random.normal(size=(groups, years))[cluster]
        own = random.integers(0, 2, (areas, years)) * random.choice([0, 1e-8, 1])
        values = np.where(random.random((areas, years)) < random.choice([0, 0.05]), np.nan, shared + own)
        arm = cluster % 2 if random.random() < 0.5 else random.integers(0, 2, areas)
        result = trend.trend(values, np.arange(years), arm, cluster, random.uniform(1, 900, areas))
        assert {type(leaf) for leaf in values_of(result)} <= {float, int, str, type(None)}
        assert all(math.isfinite(leaf) for leaf in values_of(result) if isinstance(leaf, float))


def test_too_few_clusters_leave_means_and_slopes_without_intervals() -> None:
    result = trend.trend(VALUES, YEARS, ARM, FEW)
    assert result.slopes.difference == trend.trend(VALUES, YEARS, ARM, CLUSTER).slopes.difference
    assert {year.mean_1.reason for year in result.yearly} == {"too_few_clusters"}
    assert {year.mean_1.low for year in result.yearly} == {None}
    assert result.yearly[0].difference.reason == "too_few_clusters"


def test_ten_clusters_carry_a_slope_but_no_joint_test_of_six_years() -> None:
    panel = np.concatenate([VALUES, VALUES[:, :2] ** 2], axis=1)
    result = trend.trend(panel, np.arange(2003, 2009), ARM, np.where(CLUSTER > 10, CLUSTER - 2, CLUSTER))
    assert result.sample.clusters == 10
    assert result.slopes.reason is None
    assert result.joint == JointTest(5, reason="too_few_clusters")


def test_a_year_that_repeats_the_last_has_no_interval_of_its_difference() -> None:
    years = trend.trend(REPEATED[:, ::-1], YEARS, ARM, CLUSTER).yearly
    assert years[2].difference == Interval(0.0, None, None, "constant")
    assert years[1].difference.reason is None
    flat = trend.trend(FLAT, YEARS, ARM, CLUSTER).yearly
    assert {(year.mean_1.low, year.mean_1.reason) for year in flat} == {(None, "constant")}


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="are not \\(areas, years\\)"):
        trend.trend(VALUES, YEARS[:3], ARM, CLUSTER)
    with pytest.raises(ValueError, match="do not increase"):
        trend.trend(VALUES, YEARS[::-1], ARM, CLUSTER)
    with pytest.raises(ValueError, match="1 are infinite"):
        trend.trend(np.where(np.arange(104).reshape(26, 4) == 7, np.inf, VALUES), YEARS, ARM, CLUSTER)


# Simulation under parallel trends: areas follow AR(1), and every cluster has a shock of its own each year, so that
# changes and slopes are correlated within clusters. The seeds were chosen before the first run.
SEEDS = seeds(2010, 2011, 2012)
DRAWS = 2000


def plans() -> tuple[Integers, Integers]:
    """100 plans with 1 to 3 areas, 40 of them in arm 1."""
    cluster = np.repeat(np.arange(100), np.tile([1, 2, 3, 1], 25))
    return (cluster % 5 < 2).astype(np.int64), cluster


def municipalities(in_all: int, in_arm_1: int) -> tuple[Integers, Integers]:
    """Municipalities with 3 to 10 areas, the first ones of every stretch in arm 1."""
    cluster = np.repeat(np.arange(in_all), np.resize([4, 7, 3, 10, 5, 8], in_all))
    return (cluster * in_arm_1 % in_all < in_arm_1).astype(np.int64), cluster


def draws(seed: int, cluster: Integers, years: int) -> Floats:
    """(draws, areas, years) without any difference of the arms' trends."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(DRAWS, len(cluster), years))
    for year in range(1, years):
        noise[..., year] = 0.6 * noise[..., year - 1] + 0.8 * noise[..., year]
    return np.asarray(noise + 0.5 * random.normal(size=(DRAWS, cluster.max() + 1, years))[:, cluster])


def rejected(design: Design, panel: Floats) -> tuple[float, float]:
    """The shares of draws in which the joint test and the slope test reject, by the very functions of `trend`."""
    changes = design.estimate(panel[..., :-1] - panel[..., -1:])
    assert changes.cr2 is not None
    assert changes.df is not None
    joint = clusters.hotelling(changes.value, changes.cr2, changes.df)
    assert joint is not None
    centred = np.arange(panel.shape[-1]) - (panel.shape[-1] - 1) / 2
    slope = design.estimate((panel * centred).sum(axis=-1)[..., None])
    assert slope.cr2 is not None
    assert slope.df is not None
    t = np.abs(slope.value[:, 0]) / np.sqrt(slope.cr2[:, 0, 0])
    return float((joint.p < 0.05).mean()), float((t > clusters.t_quantile(slope.df, 0.975)).mean())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("sample", "years"),
    [(plans(), 6), (municipalities(24, 12), 6), (municipalities(30, 10), 4)],
    ids=["100 plans, 6 years", "12 of 24 municipalities, 6 years", "10 of 30 municipalities, 4 years"],
)
def test_under_parallel_trends_the_tests_keep_their_level(
    sample: tuple[Integers, Integers], years: int, seed: int
) -> None:
    arm, cluster = sample
    joint, slope = rejected(clusters.two_arms(arm, cluster), draws(seed, cluster, years))
    assert 0.035 <= joint <= 0.065
    assert 0.035 <= slope <= 0.065


@pytest.mark.parametrize("seed", SEEDS)
def test_with_six_clusters_in_an_arm_six_years_are_too_many(seed: int) -> None:
    """HTZ takes the covariance for a Wishart matrix of five dimensions on 6.7 degrees of freedom, while in truth the 18
    clusters of the other arm steady it: the test hardly ever rejects. The slope test keeps its level, the joint test of
    the last three years comes near it, and the conventional test rejects in nearly a third of the draws."""
    arm, cluster = municipalities(24, 6)
    design = clusters.two_arms(arm, cluster)
    panel = draws(seed, cluster, 6)
    joint, slope = rejected(design, panel)
    assert joint < 0.01
    assert 0.035 <= slope <= 0.065
    assert 0.025 <= rejected(design, panel[..., 3:])[0] <= 0.065
    years = np.arange(2003, 2009)
    some = [trend.trend(outcome, years, arm, cluster) for outcome in panel[:100]]
    assert {result.joint.reason for result in some} == {"too_few_degrees_of_freedom"}, "no number, whatever the figures"
    changes = [outcome[:, :-1] - outcome[:, -1:] for outcome in panel[:100]]
    conventional = [trend._conventional(design, design.estimate(change), 5) for change in changes]
    assert np.mean([p < 0.05 for p in conventional]) > 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_with_eight_clusters_against_forty_slope_and_bend_are_tested_in_every_draw(seed: int) -> None:
    """Whether there is a number is no matter of the figures; the level is kept, and a divergence found."""
    arm, cluster = municipalities(48, 8)
    panel, years = draws(seed, cluster, 6)[:150], np.arange(2003, 2009)
    found = [trend.trend(outcome, years, arm, cluster).joint for outcome in panel]
    assert {(joint.restrictions, joint.p is None) for joint in found} == {(2, False)}
    assert np.mean([joint.p < 0.05 for joint in found]) <= 0.12  # type: ignore[operator]
    apart = [trend.trend(outcome + 0.5 * arm[:, None] * np.arange(6), years, arm, cluster).joint for outcome in panel]
    assert np.mean([joint.p < 0.05 for joint in apart]) > 0.5  # type: ignore[operator]


@pytest.mark.parametrize("seed", SEEDS)
def test_unequal_trends_are_found(seed: int) -> None:
    arm, cluster = plans()
    panel = draws(seed, cluster, 6) + 0.25 * arm[:, None] * np.arange(6)
    joint, slope = rejected(clusters.two_arms(arm, cluster), panel)
    assert joint > 0.8
    assert slope > 0.9


def test_the_verdict_follows_the_joint_test() -> None:
    arm, cluster = plans()
    years = np.arange(2003, 2009)
    panel = draws(2010, cluster, 6)[0]
    still = trend.trend(panel, years, arm, cluster)
    assert still.joint.p is not None
    assert still.joint.p > 0.05
    assert still.verdict == "not_rejected"
    assert trend.trend(panel + 0.5 * arm[:, None] * np.arange(6), years, arm, cluster).verdict == "rejected"


def test_the_order_of_areas_and_the_names_of_clusters_do_not_matter() -> None:
    turn = np.random.default_rng(1).permutation(26)
    names: NDArray[np.str_] = np.array([f"plan {number}" for number in CLUSTER])
    result = trend.trend(VALUES[turn], YEARS, ARM[turn], names[turn], WEIGHT[turn])
    assert result.joint.p == pytest.approx(trend.trend(VALUES, YEARS, ARM, CLUSTER, WEIGHT).joint.p)
