"""Intraclass correlation, baseline R2 and detectable effects against publications, statsmodels and simulation."""

import dataclasses
import math
import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from profiles import examples, seeds
from scipy import special
from scipy.stats import f, nct, t

from flows.marts.statistics import clusters, power
from flows.marts.statistics.clusters import Floats, Integers
from flows.marts.statistics.power import Components

# Shrout & Fleiss (1979), Psychological Bulletin 86: 420-428, table 2: six targets, each rated by four judges.
RATINGS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float)
TARGETS = np.repeat(np.arange(6), 4)

SIZES = np.resize([1, 2, 3, 5, 1, 8], 30)
UNEQUAL = np.repeat(np.arange(30), SIZES)
ARM = (UNEQUAL % 2).astype(np.int64)


def power_of(effect: float, se: float, df: float) -> float:
    """The chance that the two-sided t test on `df` degrees of freedom rejects, when the truth is `effect`.

    `effect` and `se` in one unit. By the noncentral t distribution, as PowerUp! and PowerUpR do.
    """
    critical, shift = clusters.t_quantile(df, 1 - power.ALPHA / 2), abs(effect) / se
    return float(1 - special.nctdtr(df, shift, critical) + special.nctdtr(df, shift, -critical))


def outcome(seed: int, icc: float, cluster: Integers = UNEQUAL) -> Floats:
    random = np.random.default_rng(seed)
    between = random.normal(size=cluster.max() + 1)[cluster]
    return np.asarray(30 + 4 * (math.sqrt(icc) * between + math.sqrt(1 - icc) * random.normal(size=len(cluster))))


def mixed(y: Floats, cluster: Integers, covariates: Floats) -> Components:
    # the default optimiser stops short of the greatest likelihood where the correlation is small
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.MixedLM(y, sm.add_constant(covariates), groups=cluster).fit(reml=True, method="powell")
    return Components(float(fit.cov_re[0, 0]), float(fit.scale))


def test_published_intraclass_correlation() -> None:
    """Table 4 of Shrout & Fleiss: ICC(1, 1) = 0.17; R's psych::ICC prints 0.17 with -0.13 to 0.72 for the same data."""
    icc = power.icc_anova(RATINGS.ravel(), TARGETS)
    assert icc.estimate == pytest.approx(0.166, abs=5e-4)
    assert icc.low == pytest.approx(-0.133, abs=5e-4)
    assert icc.high == pytest.approx(0.72, abs=5e-3)
    assert icc.size == pytest.approx(4)


def test_with_equal_clusters_the_interval_is_searles() -> None:
    """(F/F_q - 1)/(F/F_q + n - 1): Searle (1971), Linear Models, section 9.9."""
    ratio = 4 * RATINGS.mean(axis=1).var(ddof=1) / RATINGS.var(axis=1, ddof=1).mean()
    icc = power.icc_anova(RATINGS.ravel(), TARGETS)
    for bound, probability in ((icc.low, 0.975), (icc.high, 0.025)):
        by_quantile = ratio / f.ppf(probability, 5, 18)
        assert bound == pytest.approx((by_quantile - 1) / (by_quantile + 3), abs=1e-9)


def test_unequal_clusters_by_hand() -> None:
    """Clusters {1, 3}, {5}, {6, 8, 10}: means 2, 5, 8 around 5.5. SSB = 2 * 12.25 + 0.25 + 3 * 6.25 = 43.5, MSB =
    21.75; SSW = 2 + 8 = 10, MSW = 10/3; n0 = (6 - 14/6)/2 = 11/6."""
    icc = power.icc_anova([1, 3, 5, 6, 8, 10], ["a", "a", "b", "c", "c", "c"])
    assert icc.size == pytest.approx(11 / 6)
    assert icc.estimate == pytest.approx((21.75 - 10 / 3) / (21.75 + 5 / 6 * 10 / 3))


def test_a_negative_estimate_is_given_as_it_is() -> None:
    """Two clusters {0, 2} have one mean: MSB = 0, so that the estimate is -1/(n - 1), its least."""
    icc = power.icc_anova([0, 2, 0, 2], [1, 1, 2, 2])
    assert icc.estimate == pytest.approx(-1)
    assert icc.low == pytest.approx(-1)


@pytest.mark.parametrize("truth", [0.0, 0.3])
def test_the_interval_covers_as_often_as_it_says(truth: float) -> None:
    """600 draws, seeds 0 to 599: 95 % within three binomial standard errors (2.7 points)."""
    covered = 0
    for seed in range(600):
        icc = power.icc_anova(outcome(seed, truth), UNEQUAL)
        assert icc.low is not None
        assert icc.high is not None
        covered += icc.low <= truth <= icc.high
    assert 0.923 <= covered / 600 <= 0.977


def test_a_difference_of_the_arms_is_no_likeness_within_clusters() -> None:
    y = outcome(3, 0.2)
    plain, shifted = (power.icc_anova(y + shift * ARM, UNEQUAL, ARM) for shift in (0, 50))
    assert plain.estimate is not None
    assert shifted.estimate == pytest.approx(plain.estimate)
    components = [power.design_power(y + shift * ARM, ARM, UNEQUAL).components for shift in (0, 50)]
    assert components[0] is not None
    assert components[1] is not None
    assert components[1].icc == pytest.approx(components[0].icc, abs=1e-6)


@pytest.mark.parametrize(("seed", "icc"), [(1, 0.1), (2, 0.4), (4, 0.8)])
def test_variance_components_are_those_of_mixedlm(seed: int, icc: float) -> None:
    y, covariates = outcome(seed, icc), np.column_stack([ARM, outcome(seed + 50, 0.5)])
    for columns in (None, covariates[:, :1], covariates):
        expected = mixed(y, UNEQUAL, np.ones((len(y), 1)) if columns is None else columns)
        found = power.variance_components(y, UNEQUAL, columns)
        assert (found.between, found.within) == pytest.approx((expected.between, expected.within), rel=1e-3)


def test_equal_clusters_have_the_variance_components_of_anova() -> None:
    cluster = np.repeat(np.arange(20), 4)
    y = outcome(5, 0.4, cluster)
    found = power.variance_components(y, cluster)
    assert found.icc == pytest.approx(power.icc_anova(y, cluster).estimate, abs=1e-7)
    # areas of a cluster that differ more than those of different clusters: REML stays at the border
    assert power.variance_components(np.tile([1.0, 2, 3, 4], 20), cluster).between == 0


def test_what_the_baseline_explains_is_the_fall_of_the_variances_of_mixedlm() -> None:
    random = np.random.default_rng(11)
    shared, own = random.normal(size=30)[UNEQUAL], random.normal(size=len(UNEQUAL))
    earlier = 30 + 2 * shared + 3 * own
    y = 30 + 2 * shared + 1.5 * own + random.normal(size=30)[UNEQUAL] + random.normal(size=len(UNEQUAL))
    mean = (np.bincount(UNEQUAL, earlier) / SIZES)[UNEQUAL]
    alone = mixed(y, UNEQUAL, ARM[:, None].astype(float))
    given = mixed(y, UNEQUAL, np.column_stack([ARM, earlier - mean, mean]))
    result = power.design_power(y, ARM, UNEQUAL, earlier)
    assert result.explained.areas == len(y)
    assert result.explained.between == pytest.approx(1 - given.between / alone.between, abs=1e-3)
    assert result.explained.within == pytest.approx(1 - given.within / alone.within, abs=1e-3)
    assert result.unadjusted.in_sd is not None
    assert result.adjusted.in_sd is not None
    assert result.adjusted.in_sd < result.unadjusted.in_sd
    assert result.adjusted.df == pytest.approx((result.unadjusted.df or 0) - 1)


def test_detectable_effect_is_that_of_powerupr() -> None:
    """PowerUpR's manual, cra2: mdes.cra2r2(rho2 = .17, n = 15, J = 20) prints 0.629, standardized standard error
    0.212, 18 degrees of freedom; power.cra2r2(es = .629, ...) prints 0.8."""
    se = power.textbook_se(0.17, 0.5, 20, 15)
    assert se == pytest.approx(0.212, abs=5e-4)
    assert power.minimum_detectable(se, 18) == pytest.approx(0.629, abs=5e-4)
    assert power_of(0.629, se, 18) == pytest.approx(0.8, abs=5e-3)


@pytest.mark.parametrize(("share_1", "expected"), [(0.5, 0.892), (0.3, 0.834)])
def test_power_is_that_of_another_package(share_1: float, expected: float) -> None:
    """The tests of the R package BACpowr: pow_crt2(J = 100, n = 50, delta = .3, rho = .2, P = share_1)."""
    assert power_of(0.3, power.textbook_se(0.2, share_1, 100, 50), 98) == pytest.approx(expected, abs=5e-4)


def test_multiplier_and_power_are_those_of_scipys_t() -> None:
    assert power.minimum_detectable(1, 12.5) == pytest.approx(t.ppf(0.975, 12.5) + t.ppf(0.8, 12.5))
    assert power.minimum_detectable(1, 1e6) == pytest.approx(2.80, abs=2e-3)
    critical = t.ppf(0.975, 12.5)
    chance = nct.sf(critical, 12.5, 1.3) + nct.cdf(-critical, 12.5, 1.3)
    assert power_of(-1.3, 1, 12.5) == pytest.approx(chance, abs=1e-8)


def test_r2_lowers_the_textbook_standard_error_by_hand() -> None:
    """0.2 * 0.5/(0.24 * 50) + 0.8 * 0.75/(0.24 * 50 * 2) = 1/120 + 1/40 = 1/30."""
    assert power.textbook_se(0.2, 0.4, 50, 2, 0.5, 0.25) == pytest.approx(math.sqrt(1 / 30))


def test_with_equal_clusters_the_standard_error_is_the_textbooks() -> None:
    cluster = np.repeat(np.arange(40), 5)
    design = clusters.two_arms((cluster % 2).astype(int), cluster)
    expected = power.textbook_se(0.3, 0.5, 40, 5)
    assert power.standard_error(design, Components(0.3, 0.7)) == pytest.approx(expected)
    result = power.design_power(outcome(6, 0.3, cluster), cluster % 2, cluster)
    assert result.basis == "reml"
    assert result.unadjusted.df == pytest.approx(38)
    assert result.unadjusted.in_sd == pytest.approx(result.unadjusted.textbook_in_sd)


# The seeds were chosen before the first run.
@pytest.mark.parametrize("seed", seeds(2010, 2011, 2012))
@pytest.mark.parametrize(
    ("cluster", "treated"),
    [
        (np.repeat(np.arange(40), 5), 20),
        (np.repeat(np.arange(100), np.tile([1, 2, 3, 1], 25)), 40),
    ],
    ids=["40 clusters of 5, half in arm 1", "100 plans of 1 to 3, 40 in arm 1"],
)
def test_the_test_finds_the_detectable_effect_in_four_draws_of_five(cluster: Integers, treated: int, seed: int) -> None:
    """Whole clusters in arms, normal outcomes with a correlation of 0.2, 2,000 draws; the test is CR2 with
    Satterthwaite's degrees of freedom."""
    in_all, draws = int(cluster.max()) + 1, 2000
    design = clusters.two_arms((cluster * treated % in_all < treated).astype(int), cluster)
    assert design.clusters_per_arm == (in_all - treated, treated)
    assert design.df is not None
    truth = Components(0.2 * 9, 0.8 * 9)
    se = power.standard_error(design, truth)
    effect = power.minimum_detectable(se, design.df)
    assert power_of(effect, se, design.df) == pytest.approx(0.8, abs=0.005)

    random = np.random.default_rng(seed)
    between = random.normal(0, math.sqrt(truth.between), (draws, in_all))[:, cluster]
    y = between + random.normal(0, math.sqrt(truth.within), (draws, len(cluster)))
    for shift, low, high in ((effect, 0.77, 0.83), (0, 0.035, 0.065)):
        estimate = design.estimate((y + shift * design.arm)[..., None])
        assert estimate.cr2 is not None
        ratio = np.abs(estimate.value[:, 0]) / np.sqrt(estimate.cr2[:, 0, 0])
        assert low <= (ratio > clusters.t_quantile(design.df, 0.975)).mean() <= high


def test_one_area_per_cluster_needs_no_correlation() -> None:
    y, arm = outcome(8, 0.5, np.arange(40)), np.arange(40) % 2
    earlier = 3 + 0.9 * y + 3 * np.sin(np.arange(40))
    result = power.design_power(y, arm, np.arange(40), earlier)
    assert result.basis == "one_area_per_cluster"
    assert (result.anova.estimate, result.anova.reason) == (None, "no_cluster_with_two_areas")
    assert result.unadjusted.se == pytest.approx(math.sqrt((y[arm == 1].var(ddof=1) + y[arm == 0].var(ddof=1)) / 20))
    assert result.unadjusted.in_sd == pytest.approx(result.unadjusted.textbook_in_sd)
    alone, given = (sm.OLS(y, sm.add_constant(np.column_stack(x))).fit().scale for x in ([arm], [arm, earlier]))
    expected = 1 - given / alone
    assert result.explained.within == pytest.approx(expected)
    assert (result.explained.between, result.explained.reason) == (None, "no_cluster_with_two_areas")
    assert result.adjusted.se == pytest.approx((result.unadjusted.se or 0) * math.sqrt(1 - expected))


def test_clusters_with_areas_of_both_arms_have_no_textbook_formula() -> None:
    """Where every cluster is split evenly, what it shares falls out of the difference: 0.8 * 4/areas."""
    cluster = np.repeat(np.arange(20), 4)
    arm = np.tile([0, 1], 40)
    design = clusters.two_arms(arm, cluster)
    assert power.standard_error(design, Components(0.2, 0.8)) == pytest.approx(math.sqrt(0.8 * 4 / 80))
    result = power.design_power(outcome(9, 0.3, cluster), arm, cluster)
    assert result.unadjusted.textbook_in_sd is None
    assert result.unadjusted.in_sd is not None


def test_areas_without_the_outcome_are_left_out_and_counted() -> None:
    y, earlier = outcome(10, 0.3), outcome(11, 0.3)
    gaps, fewer = y.copy(), earlier.copy()
    gaps[[0, 7]] = np.nan
    fewer[[1, 7]] = np.nan
    kept = np.isfinite(gaps)
    result = power.design_power(gaps, ARM, UNEQUAL, fewer)
    without = power.design_power(y[kept], ARM[kept], UNEQUAL[kept], fewer[kept])
    assert result.sample.left_out_1 + result.sample.left_out_0 == 2
    assert result.sample.clusters == 29  # area 0 was alone in its cluster
    assert result.explained.areas == kept.sum() - 1
    assert dataclasses.replace(result, sample=without.sample) == without


def leaves(result: object) -> list[object]:
    if dataclasses.is_dataclass(result):
        return [leaf for field in dataclasses.fields(result) for leaf in leaves(getattr(result, field.name))]
    return [result]


Y = outcome(12, 0.3)
FEW = UNEQUAL % 8
IN_CLUSTERS = outcome(13, 1.0)


@pytest.mark.parametrize(
    ("values", "arm", "cluster", "baseline", "basis", "unadjusted", "adjusted"),
    [
        (Y, ARM, UNEQUAL, None, "reml", None, "no_baseline"),
        (Y, ARM, UNEQUAL, Y * 0 + 3, "reml", None, "constant_baseline"),
        (Y, ARM, UNEQUAL, ARM + 0.0, "reml", None, "constant_baseline"),
        (Y, ARM, UNEQUAL, IN_CLUSTERS, "reml", None, "constant_baseline"),
        (Y, ARM, UNEQUAL, Y, "reml", None, "no_variation_within_clusters"),
        (Y, ARM, UNEQUAL, np.where(UNEQUAL < 2, Y, np.nan), "reml", None, "too_few_areas"),
        (Y, FEW % 2, FEW, Y + np.sin(Y), "too_few_clusters", "too_few_clusters", "too_few_clusters"),
        (Y * 0 + 7.1, ARM, UNEQUAL, Y, "constant", "constant", "constant"),
        (Y * 0, ARM, UNEQUAL, Y, "constant", "constant", "constant"),
        (ARM * 7.1, ARM, UNEQUAL, Y, "constant", "constant", "constant"),
        (IN_CLUSTERS, ARM, UNEQUAL, Y, *["no_variation_within_clusters"] * 3),
        (Y, ARM * 0, UNEQUAL, Y, *["no_areas_in_arm_1"] * 3),
        (Y, ARM * 0 + 1, UNEQUAL, Y, *["no_areas_in_arm_0"] * 3),
        (Y * np.nan, ARM, UNEQUAL, Y, *["no_areas_in_arm_1"] * 3),
        (Y[:0], ARM[:0], UNEQUAL[:0], None, *["no_areas_in_arm_1"] * 3),
        ([3.0, 5.0], [1, 0], [1, 2], None, *["constant"] * 3),
        ([3.0, 5.0, 6.0, 9.0], [1, 1, 0, 0], [1, 1, 2, 2], None, *["too_few_clusters"] * 3),
    ],
)
def test_what_cannot_be_given_is_none_with_a_reason(
    values: Floats,
    arm: Integers,
    cluster: Integers,
    baseline: Floats | None,
    basis: str,
    unadjusted: str | None,
    adjusted: str,
) -> None:
    result = power.design_power(values, arm, cluster, baseline)
    assert (result.basis, result.unadjusted.reason, result.adjusted.reason) == (basis, unadjusted, adjusted)
    assert (result.adjusted.se, result.adjusted.in_unit, result.adjusted.in_sd) == (None, None, None)
    assert all(isinstance(leaf, float | int | str | None) for leaf in leaves(result))
    assert all(math.isfinite(leaf) for leaf in leaves(result) if isinstance(leaf, float))


def test_odd_samples_give_plain_finite_numbers_or_none() -> None:
    random = np.random.default_rng(2010)
    for _ in range(examples(300)):
        areas, groups = random.integers(0, 40), random.integers(1, 25)
        cluster = random.integers(0, groups, areas)
        own = random.integers(0, 2, (areas, 2)) * random.choice([0, 1e-8, 1])
        values = random.normal(size=(groups, 2))[cluster] + own
        values[random.random((areas, 2)) < random.choice([0, 0.1])] = np.nan
        arm = cluster % 2 if random.random() < 0.5 else random.integers(0, 2, areas)
        result = power.design_power(values[:, 0], arm, cluster, values[:, 1])
        assert {type(leaf) for leaf in leaves(result)} <= {float, int, str, type(None)}
        assert all(math.isfinite(leaf) for leaf in leaves(result) if isinstance(leaf, float))


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="not one per area"):
        power.design_power(Y, ARM[:-1], UNEQUAL)
    with pytest.raises(ValueError, match="1 are infinite"):
        power.design_power(np.where(np.arange(len(Y)) == 3, np.inf, Y), ARM, UNEQUAL)
    with pytest.raises(power.NotIdentified, match="collinear"):
        power.variance_components(Y, UNEQUAL, np.column_stack([ARM, 1 - ARM]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", seeds(2010, 2011, 2012))
def test_adjusted_for_the_earlier_value_the_detectable_effect_is_found_in_four_draws_of_five(seed: int) -> None:
    """The effect is the mean of what design_power gives for 150 draws, from their own estimated variances; the test is
    the arms' difference of the outcome less its regression on the earlier value within arms, 2,000 draws."""
    cluster = np.repeat(np.arange(100), np.resize([1, 1, 2, 3], 100))
    arm = (cluster % 5 < 2).astype(np.int64)
    random = np.random.default_rng(seed)

    def drawn(draws: int) -> tuple[Floats, Floats]:
        shared, own = random.normal(size=(2, draws, 100))[:, :, cluster], random.normal(size=(2, draws, len(cluster)))
        earlier = 0.6 * shared[0] + 0.8 * own[0]
        return earlier, 0.8 * earlier + 0.35 * shared[1] + 0.5 * own[1]

    x, y = drawn(150)
    found = [power.design_power(y[at], arm, cluster, x[at]) for at in range(150)]
    effect = float(np.mean([result.adjusted.in_unit for result in found]))
    assert effect < 0.7 * float(np.mean([result.unadjusted.in_unit for result in found]))
    x, y = drawn(2000)
    y = y + effect * arm
    inside = [np.where(arm == side, 1.0, 0.0) for side in (0, 1)]
    centred = [z - sum((z @ members / members.sum())[:, None] * members for members in inside) for z in (x, y)]
    slope = (centred[0] * centred[1]).sum(axis=1) / (centred[0] ** 2).sum(axis=1)
    design = clusters.two_arms(arm, cluster)
    estimate = design.estimate((y - slope[:, None] * x)[:, :, None])
    assert estimate.cr2 is not None
    assert estimate.df is not None
    statistic = estimate.value[:, 0] / np.sqrt(estimate.cr2[:, 0, 0])
    assert 0.77 <= float((abs(statistic) > clusters.t_quantile(estimate.df, 0.975)).mean()) <= 0.83
