"""The clustered difference of two arms against clubSandwich, statsmodels and formulas by hand."""

from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from flows.marts.statistics import clusters

# 26 areas in 12 unequal clusters, of which 1, 4, 5 and 12 have areas in both arms; weights; four years.
PANEL = np.loadtxt(Path(__file__).with_name("clustered_panel.csv"), delimiter=",", skiprows=1)
CLUSTER, ARM, WEIGHT = PANEL[:, 1:4].astype(int).T
VALUES = PANEL[:, 4:]
CHANGES = VALUES[:, :3] - VALUES[:, 3:]

# clubSandwich 0.5.8 on R 4.2.2. Per response z = y1 - y4, y2 - y4, y3 - y4: f <- lm(z ~ arm), once more with
# weights = w; coef_test(f, vcov = "CR2", cluster = cluster, test = "Satterthwaite") gives estimate, SE, df;
# sqrt(vcovCR(f, cluster, type = "CR0")[2, 2]) and type = "CR1S" the last two columns.
# Jointly, on the stacked 104 values: g <- lm(y ~ 0 + area + year + a1 + a2 + a3), V <- vcovCR(g, cluster, "CR2"),
# Wald_test(g, constrain_zero(c("a1", "a2", "a3")), V, test = "HTZ") gives F and the denominator.
CLUBSANDWICH = {
    "equal": (
        None,
        [
            (-0.976969697, 2.077740757, 7.776677529, 1.942512122, 2.07072488),
            (-1.882424242, 1.833362259, 7.776677529, 1.664912951, 1.774803169),
            (-3.189090909, 0.9371076628, 7.776677529, 0.8932024527, 0.9521570138),
        ],
        [2.620156107, 0.5414108048, 0.004741942702],
        (3.882643844, 5.776677529, 0.07703890395),
        (5.072727273, 0.885280483, 4.8156956),
    ),
    "weighted": (
        WEIGHT,
        [
            (-1.999667724, 2.592180145, 5.180252473, 2.358776189, 2.514463867),
            (-3.28657545, 1.488834762, 5.180252473, 1.378605884, 1.469598811),
            (-5.199076956, 2.118010169, 5.180252473, 1.875880277, 1.999695094),
        ],
        [0.4818878488, 2.115504082, -0.2075272002],
        (2.456393816, 3.180252473, 0.2318835733),
        (5.439575972, 1.441800494, 2.552541767),
    ),
}


def _cr1(cr0: np.ndarray) -> np.ndarray:
    """CR0 times G/(G - 1) * (N - 1)/(N - 2), as in Stata and statsmodels."""
    groups, areas = len(np.unique(CLUSTER)), len(ARM)
    return cr0 * groups / (groups - 1) * (areas - 1) / (areas - 2)


@pytest.mark.parametrize("case", ["equal", "weighted"])
def test_covariances_and_tests_are_those_of_clubsandwich(case: str) -> None:
    weights, responses, covariances, (f, denominator, p), (mean, se, df) = CLUBSANDWICH[case]
    design = clusters.two_arms(ARM, CLUSTER, weights)
    estimate = design.estimate(CHANGES)
    assert estimate.cr2 is not None
    assert estimate.df is not None
    for place, expected in enumerate(responses):
        found = (
            estimate.value[place],
            np.sqrt(estimate.cr2[place, place]),
            estimate.df,
            np.sqrt(estimate.cr0[place, place]),
            np.sqrt(_cr1(estimate.cr0)[place, place]),
        )
        assert found == pytest.approx(expected, rel=1e-8)
    assert estimate.cr2[[0, 0, 1], [1, 2, 2]] == pytest.approx(covariances, rel=1e-8)

    test = clusters.hotelling(estimate.value, estimate.cr2, estimate.df)
    assert test is not None
    assert (float(test.f), test.df, float(test.p)) == pytest.approx((f, denominator, p), rel=1e-8)

    # coef_test of lm(y1 ~ 1, subset = arm == 1)
    treated = ARM == 1
    alone = clusters.one_arm(CLUSTER[treated], None if weights is None else weights[treated])
    of_arm = alone.estimate(VALUES[treated, :1])
    assert of_arm.cr2 is not None
    assert (of_arm.value[0], np.sqrt(of_arm.cr2[0, 0]), of_arm.df) == pytest.approx((mean, se, df), rel=1e-8)


@pytest.mark.parametrize("weights", [None, WEIGHT])
def test_cr2_and_its_degrees_of_freedom_are_the_matrix_definition(weights: np.ndarray | None) -> None:
    """Bell & McCaffrey's adjustment with whole matrices: A = B^(-1/2), g = (I - H)' A W X M c, p_ij = g_i'g_j."""
    weight = np.diag(np.ones(26) if weights is None else weights.astype(float))
    x = np.column_stack([np.ones(26), ARM])
    bread = np.linalg.inv(x.T @ weight @ x)
    left = np.eye(26) - x @ bread @ x.T @ weight
    parts = []
    for name in np.unique(CLUSTER):
        own = np.flatnonzero(name == CLUSTER)
        roots, vectors = np.linalg.eigh((left @ left.T)[np.ix_(own, own)])
        adjusted = vectors @ np.diag(roots**-0.5) @ vectors.T @ weight[np.ix_(own, own)] @ x[own] @ bread[:, 1]
        parts.append(left[own].T @ adjusted)
    p = np.array(parts) @ np.array(parts).T
    estimate = clusters.two_arms(ARM, CLUSTER, weights).estimate(CHANGES)
    assert estimate.cr2 is not None
    assert estimate.cr2 == pytest.approx(CHANGES.T @ np.array(parts).T @ np.array(parts) @ CHANGES, rel=1e-10)
    assert estimate.df == pytest.approx(np.trace(p) ** 2 / (p**2).sum(), rel=1e-10)


def test_cr1_is_that_of_statsmodels() -> None:
    fit = sm.WLS(CHANGES[:, 0], sm.add_constant(ARM), weights=WEIGHT).fit(
        cov_type="cluster", cov_kwds={"groups": CLUSTER}
    )
    estimate = clusters.two_arms(ARM, CLUSTER, WEIGHT).estimate(CHANGES)
    assert _cr1(estimate.cr0)[0, 0] == pytest.approx(fit.cov_params()[1, 1], rel=1e-10)


def test_with_a_cluster_per_area_it_is_the_unequal_variance_t_test() -> None:
    """CR2 is then s1^2/n1 + s0^2/n0, on the degrees of freedom that Welch's formula gives for equal variances."""
    estimate = clusters.two_arms(ARM, np.arange(26)).estimate(CHANGES)
    n1, n0 = int(ARM.sum()), int((1 - ARM).sum())
    by_hand = CHANGES[ARM == 1].var(axis=0, ddof=1) / n1 + CHANGES[ARM == 0].var(axis=0, ddof=1) / n0
    assert estimate.cr2 is not None
    assert np.diag(estimate.cr2) == pytest.approx(by_hand)
    assert estimate.df == pytest.approx((1 / n1 + 1 / n0) ** 2 / (1 / n1**2 / (n1 - 1) + 1 / n0**2 / (n0 - 1)))


def test_draws_are_estimated_as_one_by_one() -> None:
    design = clusters.two_arms(ARM, CLUSTER)
    draws = np.stack([CHANGES, CHANGES[:, ::-1] ** 2])
    together = design.estimate(draws)
    assert together.cr2 is not None
    for place in (0, 1):
        alone = design.estimate(draws[place])
        assert np.array_equal(together.value[place], alone.value)
        assert np.array_equal(together.cr2[place], alone.cr2)


def test_the_f_test_does_not_depend_on_the_base_of_the_contrasts() -> None:
    design = clusters.two_arms(ARM, CLUSTER)
    turned = VALUES[:, 1:] - VALUES[:, :1]
    tests = []
    for responses in (CHANGES, turned):
        estimate = design.estimate(responses)
        assert estimate.cr2 is not None
        assert estimate.df is not None
        tests.append(clusters.hotelling(estimate.value, estimate.cr2, estimate.df))
    assert tests[0] is not None
    assert tests[1] is not None
    assert float(tests[0].f) == pytest.approx(float(tests[1].f))


def test_there_is_no_test_with_more_restrictions_than_degrees_of_freedom_allow() -> None:
    assert clusters.hotelling(np.zeros(4), np.eye(4), 3.0) is None
    assert clusters.hotelling(np.zeros(4), np.eye(4), 3.1) is not None


def test_an_arm_in_one_cluster_has_no_cr2() -> None:
    estimate = clusters.two_arms(ARM, np.where(ARM == 1, 99, CLUSTER)).estimate(CHANGES)
    assert (estimate.cr2, estimate.df, estimate.reason) == (None, None, "one_cluster_in_an_arm")
    assert np.isfinite(estimate.cr0).all()


@pytest.mark.parametrize(
    ("arm_1", "arm_0", "restrictions", "reason"),
    [
        (4, 6, 1, None),
        (4, 5, 1, "too_few_clusters"),
        (3, 20, 1, "too_few_clusters"),
        (20, 3, 1, "too_few_clusters"),
        (6, 6, 6, None),
        (6, 6, 7, "too_few_clusters"),
    ],
)
def test_few_clusters_are_refused(arm_1: int, arm_0: int, restrictions: int, reason: str | None) -> None:
    design = clusters.two_arms([1] * arm_1 + [0] * arm_0, np.arange(arm_1 + arm_0))
    assert clusters.too_few(design, restrictions) == reason


@pytest.mark.parametrize(
    ("arm", "cluster", "weights", "says"),
    [
        ([1, 2, 0], [1, 2, 3], None, "1 values are neither 1 nor 0"),
        ([0, 0, 0], [1, 2, 3], None, "no areas in arm 1"),
        ([1, 0], [1, 2, 3], None, "not one per area"),
        ([1, 0, 0], [1, np.nan, 3], None, "1 areas have none"),
        ([1, 0, 0], [1, 2, 3], [1, 0, -1], "2 are not positive"),
    ],
)
def test_what_does_not_fit_is_refused(arm: list[int], cluster: list[float], weights: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        clusters.two_arms(arm, cluster, weights)


def test_missing_values_are_refused() -> None:
    with pytest.raises(ValueError, match="1 are not finite"):
        clusters.two_arms([1, 0], [1, 2]).estimate([[1.0], [np.nan]])
    with pytest.raises(ValueError, match="responses"):
        clusters.two_arms([1, 0], [1, 2]).estimate([1.0, 2.0])
