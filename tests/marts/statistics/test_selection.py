"""Regression to the mean against textbooks, and over nations that are chosen in bad years or by what lasts."""

from typing import Any

import numpy as np
import pytest
from profiles import examples

from flows.marts.statistics.selection import Reliability, rebound, rebound_of_chosen, reliability

LASTING, WANDERING, YEARLY = 0.6, 0.2, 0.2  # shares of the variance; what wanders keeps .6 from year to year


def years(draw: np.random.Generator, areas: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Figures (areas, years) of variance one, and what lasts of them."""
    lasting = draw.normal(0, LASTING**0.5, areas)
    state = draw.normal(0, WANDERING**0.5, areas)
    columns = []
    for _ in range(count):
        columns.append(lasting + state + draw.normal(0, YEARLY**0.5, areas))
        state = 0.6 * state + draw.normal(0, (WANDERING * 0.64) ** 0.5, areas)
    return np.stack(columns, axis=1), lasting


# Between six years: what lasts, what wanders and dies out by .6 a year, and what is of the year alone.
COVARIANCE = LASTING + WANDERING * 0.6 ** np.abs(np.arange(6)[:, None] - np.arange(6)) + YEARLY * np.eye(6)


def with_covariance(drawn: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """The draws moved and turned so that their own covariance is the one asked for, to the last digit."""
    centred = drawn - drawn.mean(axis=0)
    whitened = np.linalg.solve(np.linalg.cholesky(np.cov(centred, rowvar=False)), centred.T)
    return (np.linalg.cholesky(covariance) @ whitened).T


def test_textbook_cases_by_hand() -> None:
    """N(10, 2^2) with R .75, chosen above 12; and mean 60, SD 15, below 40, R .5 (Barnett et al. 2005: 13.486)."""
    first, later, back = rebound_of_chosen(2.0, 0.75, 2.0)
    assert first / 2 == pytest.approx(1.52513528, abs=5e-9)  # lambda(1): the mean of a standard normal beyond 1
    assert (10 + first, 10 + later, back) == pytest.approx((13.05027055, 12.28770291, 0.76256764), abs=5e-9)
    assert rebound_of_chosen(15.0, 0.5, 20.0)[2] == pytest.approx(13.486, abs=5e-4)
    of_three = (112.5 + 112.5 / 3) ** 0.5
    assert rebound_of_chosen(of_three, 112.5 / of_three**2, 20.0)[2] == pytest.approx(6.284, abs=5e-4)


def test_reliability_of_a_window_is_that_of_its_parts() -> None:
    """Three years against the third before them: covariance .628224, variance .802667, so .782671; one year .6432."""
    drawn, _ = years(np.random.default_rng(1), 200_000, 6)
    exact = with_covariance(drawn, COVARIANCE)
    window, before = exact[:, 3:6].mean(axis=1), exact[:, 0]
    assert (window.var(ddof=1), np.cov(window, before)[0, 1]) == pytest.approx((0.802667, 0.628224), abs=5e-7)
    assert reliability(window, before).value == pytest.approx(0.782671, abs=5e-7)
    assert reliability(exact[:, 3], before).value == pytest.approx(0.643200, abs=5e-7)
    assert reliability(drawn[:, 3:6].mean(axis=1), drawn[:, 0]).value == pytest.approx(0.782671, abs=0.005)


@pytest.mark.parametrize(
    ("variance", "covariance", "known"), [(0.802667, 0.628224, 0.782671), (1.0, 0.6 + 0.2 * 0.6**3, 0.643200)]
)
def test_reliability_is_covariance_over_variance_to_the_last_digit(
    variance: float, covariance: float, known: float
) -> None:
    """Two columns with exactly these moments, made by whitening what is drawn."""
    drawn = np.random.default_rng(3).normal(size=(500, 2))
    drawn -= drawn.mean(axis=0)
    white = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn.T))).T
    window, other = (white @ np.linalg.cholesky([[variance, covariance], [covariance, 1.0]]).T).T
    assert reliability(7 + window, 3 + other).value == pytest.approx(known, abs=5e-7)


@pytest.mark.parametrize(
    ("chosen_by", "true_rebound", "ceiling", "dip"),
    [("figure", 0.277, 0.274, 0.276), ("mixed", 0.144, 0.258, 0.147), ("lasting", -0.003, 0.228, -0.002)],
)
def test_the_dip_is_the_rebound_however_areas_were_chosen(
    chosen_by: str, true_rebound: float, ceiling: float, dip: float
) -> None:
    """1,000 areas, a quarter chosen, window of three years, three years on: means of 300 nations elsewhere."""
    draw = np.random.default_rng(2)
    found: list[tuple[float, float, float]] = []
    for _ in range(2 * examples(20)):
        drawn, lasting = years(draw, 1000, 9)
        window = drawn[:, 3:6].mean(axis=1)
        by: dict[str, Any] = {"figure": window, "lasting": lasting, "mixed": (window + lasting) / 2}
        score = by[chosen_by] + draw.normal(0, 0.35, 1000)
        arm = (score >= np.quantile(score, 0.76)).astype(int)
        held = reliability(window, drawn[:, 0])
        moved = rebound(window, drawn[:, 0], arm, np.arange(1000), held)
        gaps = [values[arm == 1].mean() - values[arm == 0].mean() for values in (window, drawn[:, 8])]
        truth = gaps[0] - gaps[1]
        found.append((truth, float(moved.ceiling or 0), float(moved.dip or 0)))
    truths, ceilings, dips = np.array(found).T
    assert truths.mean() == pytest.approx(true_rebound, abs=0.04)
    assert ceilings.mean() == pytest.approx(ceiling, abs=0.05)
    assert dips.mean() == pytest.approx(dip, abs=0.04)
    assert dips.mean() == pytest.approx(truths.mean(), abs=0.04)


def test_few_areas_or_figures_give_a_reason() -> None:
    draw = np.random.default_rng(3)
    few = reliability(draw.normal(size=60), draw.normal(size=60))
    assert (few.value, few.areas, few.reason) == (None, 60, "fewer_than_100_areas")
    assert reliability(np.ones(200), draw.normal(size=200)).reason == "constant"
    x = draw.normal(size=200)
    assert (reliability(x, -x).value, reliability(x, -x).is_clipped) == (0.0, True)
    arm = np.arange(200) % 2
    nothing = rebound(x, np.full(200, np.nan), arm, np.arange(200), Reliability(0.7, 200))
    assert (nothing.dip, nothing.reason) == (None, "no_earlier_figures")
    assert nothing.ceiling == pytest.approx(0.3 * (x[arm == 1].mean() - x[arm == 0].mean()))
    same = rebound(x, x - 1, arm, np.arange(200), Reliability(1.0, 200))
    assert (same.dip, same.low, same.reason) == (pytest.approx(0, abs=1e-12), None, "constant")
