"""Weights against what WeightIt prints, against statsmodels, by hand, and by what they promise."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from scipy.optimize import minimize

from flows.marts.statistics.balance import BalanceLimits, balance
from flows.marts.statistics.weights import Weights, entropy, propensity, propensity_score

LIMITS = BalanceLimits(
    smd=0.1, variance_ratio_low=0.5, variance_ratio_high=2.0, ks=0.05, dose_correlation=0.1, areas=20
)

NAN = math.nan


@pytest.fixture(scope="module")
def workers(lalonde: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Age, education, race (two of three levels), marriage, degree and two years' earnings, treated and controls."""
    names = ("age", "educ", "raceblack", "racehispan", "married", "nodegree", "re74", "re75")
    rows = np.column_stack([lalonde[name] for name in names])
    return rows[lalonde["treat"] == 1], rows[lalonde["treat"] == 0]


def solved(found: Weights) -> tuple[np.ndarray, np.ndarray]:
    assert found.reason is None
    assert found.arm_1 is not None
    assert found.arm_0 is not None
    return found.arm_1, found.arm_0


def kish(weights: np.ndarray) -> float:
    return float(weights.sum() ** 2 / (weights**2).sum())


# WeightIt's vignette (articles/WeightIt, 2025), weightit(treat ~ age + educ + race + married + nodegree + re74 + re75,
# data = lalonde, estimand = "ATT", method = "ebal"): range of the control weights, coefficient of variation, effective
# sample size, and variance ratios of age, educ, re74, re75 after weighting.
def test_entropy_balancing_is_that_of_weightit(workers: tuple[np.ndarray, np.ndarray]) -> None:
    found = entropy(*workers)
    ones, weights = solved(found)
    assert (weights.min(), weights.max()) == pytest.approx((0.008, 4.062), abs=5e-4)
    assert weights.std(ddof=1) / weights.mean() == pytest.approx(1.834, abs=5e-4)
    assert (kish(ones), kish(weights)) == (185, pytest.approx(98.46, abs=5e-3))
    assert np.average(workers[1], axis=0, weights=weights) == pytest.approx(workers[0].mean(axis=0), rel=1e-6)
    for column, ratio in ((0, 0.410), (1, 0.664), (6, 1.326), (7, 1.335)):
        compared = balance(
            workers[0][:, column],
            workers[1][:, column],
            estimand="ATT",
            limits=LIMITS,
            weights=(np.ones(185), weights),
        )
        assert compared.variance_ratio == pytest.approx(ratio, abs=5e-4)
        assert compared.smd == pytest.approx(0, abs=1e-6)


# The same with method = "glm": coefficient of variation and effective sample size.
def test_odds_weights_are_those_of_weightit(workers: tuple[np.ndarray, np.ndarray]) -> None:
    found = propensity(*workers)
    _, weights = solved(found)
    assert weights.std(ddof=1) / weights.mean() == pytest.approx(1.818, abs=5e-4)
    assert kish(weights) == pytest.approx(99.82, abs=5e-3)


@given(st.floats(0.01, 0.99), st.integers(1, 5), st.floats(-1e3, 1e3), st.floats(0.01, 1e3))
@settings(max_examples=examples(30), deadline=None)
def test_between_two_points_the_weights_are_the_lever(share: float, areas: int, low: float, gap: float) -> None:
    """Three areas at `low` and one at `low + gap`: the one carries the share, the three divide the rest evenly."""
    found = entropy([[low + share * gap]] * areas, [[low], [low], [low + gap], [low]])
    _, weights = solved(found)
    rest = (1 - share) / 3
    assert weights == pytest.approx(areas * np.array([rest, rest, share, rest]), rel=1e-6)


def test_three_points_by_hand() -> None:
    """Weights exp(-a x) over 0, 1, 2 with the mean 1/2: with z = exp(-a), (z + 2 z^2) / (1 + z + z^2) = 1/2."""
    z = (math.sqrt(13) - 1) / 6  # the positive root of 3 z^2 + z - 1
    _, weights = solved(entropy([[0.5]], [[0], [1], [2]]))
    assert weights == pytest.approx(np.array([1, z, z**2]) / (1 + z + z**2))


def test_no_other_balancing_weights_are_closer_to_equal() -> None:
    """Against the primal problem: minimise sum w log w under the constraints."""
    draw = np.random.default_rng(4)
    first, second = draw.normal(0.4, 1, (10, 2)), draw.normal(0, 1, (15, 2))
    constraints = [
        {"type": "eq", "fun": lambda w: w.sum() - 1},
        {"type": "eq", "fun": lambda w: w @ second - first.mean(axis=0)},
    ]
    primal = minimize(
        lambda w: float((w * np.log(w)).sum()),
        np.full(15, 1 / 15),
        method="SLSQP",
        bounds=[(1e-9, 1)] * 15,
        constraints=constraints,
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    _, weights = solved(entropy(first, second))
    assert weights / 10 == pytest.approx(primal.x, abs=1e-5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_covariates_are_balanced_whatever_their_units(seed: int) -> None:
    draw = np.random.default_rng(seed)
    units = 10.0 ** draw.integers(-4, 6, 10)
    first, second = draw.normal(0.3, 1, (60, 10)) * units, draw.normal(0, 1, (800, 10)) * units
    first, second = (np.hstack((x, x[:, :1] + x[:, 1:2])) for x in (first, second))  # collinear
    found = entropy(first, second)
    _, weights = solved(found)
    left = (weights @ second / 60 - first.mean(axis=0)) / second.std(axis=0)
    assert np.abs(left).max() <= 1e-8


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([[2.0]], [[0.0], [1.0]], "outside_convex_hull"),
        ([[0.6, 0.6]], [[0, 0], [0, 1], [1, 0]], "outside_convex_hull"),
        ([[1.0, 2.0]], [[0, 3], [2, 3]], "outside_convex_hull"),  # the second is constant among the candidates
        ([[1.0, 2.0]], [[0, 0], [2, 2]], "outside_convex_hull"),  # off their line
        (np.empty((0, 1)), [[1.0]], "no_areas_in_arm_1"),
        ([[NAN]], [[1.0]], "no_areas_in_arm_1"),
        ([[1.0]], [[NAN]], "no_areas_in_arm_0"),
    ],
)
def test_entropy_without_a_solution_says_why(first: object, second: object, reason: str) -> None:
    found = entropy(first, second)  # type: ignore[arg-type]
    assert (found.reason, found.arm_1, found.arm_0) == (reason, None, None)


def test_too_few_iterations_are_no_proof_of_no_solution() -> None:
    draw = np.random.default_rng(0)
    first, second = draw.normal(1, 1, (30, 4)), draw.normal(0, 1, (300, 4))
    assert entropy(first, second, max_iterations=1).reason == "not_converged"
    assert entropy(first, second).reason is None


def test_a_constant_covariate_that_all_share_does_no_harm() -> None:
    _, weights = solved(entropy([[0.5, 7.0]], [[0, 7], [1, 7], [1, 7]]))
    assert weights == pytest.approx([0.5, 0.25, 0.25])
    assert solved(entropy([[7.0]], [[7.0], [7.0]]))[1] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("method", [entropy, propensity])
def test_areas_that_lack_a_covariate_weigh_nothing(method: type[Weights]) -> None:
    draw = np.random.default_rng(9)
    first, second = draw.normal(0.3, 1, (25, 2)), draw.normal(0, 1, (70, 2))
    holed_1, holed_0 = np.insert(first, 3, [1, NAN], axis=0), np.insert(second, 0, [NAN, 0], axis=0)
    found = method(holed_1, holed_0)  # type: ignore[call-arg, arg-type]
    ones, weights = solved(found)
    assert (ones[3], weights[0]) == (0, 0)
    assert weights[1:] == pytest.approx(solved(method(first, second))[1])  # type: ignore[call-arg, arg-type]
    assert weights.sum() == pytest.approx(ones.sum()) == 25


def test_odds_are_those_of_statsmodels() -> None:
    draw = np.random.default_rng(6)
    first, second = draw.normal([1, 40], [1, 9], (50, 2)), draw.normal([0, 35], [1, 12], (120, 2))
    rows = sm.add_constant(np.vstack((first, second)))
    score = sm.Logit(np.repeat([1.0, 0.0], [50, 120]), rows).fit(disp=False).predict(rows)[50:]
    found = propensity(first, second)
    ones, weights = solved(found)
    odds = score / (1 - score)
    assert ones.tolist() == [1] * 50
    assert weights == pytest.approx(odds / odds.sum() * 50, rel=1e-6)
    assert kish(weights) == pytest.approx(odds.sum() ** 2 / (odds**2).sum())
    gaps = (np.average(second, axis=0, weights=odds) - first.mean(axis=0)) / second.std(axis=0)
    left = (np.average(second, axis=0, weights=weights) - first.mean(axis=0)) / second.std(axis=0)
    assert np.abs(left).max() == pytest.approx(np.abs(gaps).max(), rel=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([[2.0], [3.0]], [[0.0], [1.0]], "separation"),
        ([[1.0], [3.0]], [[0.0], [1.0]], "separation"),  # but for a tie at the edge
        ([[1.0, 0], [1, 1], [0, 1]], [[0, 0], [0, 1], [0, 0]], "separation"),  # only arm 1 has ones
        ([[1.0], [1.0]], [[1.0], [1.0]], "singular"),
        ([[1.0, 2], [3, 6], [2, 4]], [[1.0, 2], [2, 4], [5, 10]], "singular"),
        ([[1.0, 2]], [[1.0, 3]], "singular"),
        ([[1.0]], [[NAN]], "no_areas_in_arm_0"),
        ([[NAN]], [[1.0]], "no_areas_in_arm_1"),
    ],
)
def test_propensity_without_a_solution_says_why(first: object, second: object, reason: str) -> None:
    found = propensity(first, second)  # type: ignore[arg-type]
    assert (found.reason, found.arm_0, found.arm_1) == (reason, None, None)


def test_a_score_that_did_not_converge_is_none() -> None:
    draw = np.random.default_rng(8)
    found = propensity_score(draw.normal(size=(60, 2)), draw.random(60) < 0.4, max_iterations=1)
    assert (found.logit, found.reason) == (None, "not_converged")


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([1.0], [[1.0]], "a row per area"),
        ([[1.0, 2.0]], [[1.0]], r"\(1, 2\) and \(1, 1\)"),
        ([[math.inf]], [[1.0]], "infinite"),
    ],
)
def test_what_are_no_covariates_is_refused(first: object, second: object, message: str) -> None:
    for method in (entropy, propensity):
        with pytest.raises(ValueError, match=message):
            method(first, second)  # type: ignore[operator]
