"""Power over several years against published sums (pc_dd_analytic 3.0 of SSC), a formula by hand, and drawn panels."""

import numpy as np
import pytest

from flows.marts.statistics import panel_power
from flows.marts.statistics.panel_power import SerialCovariance, Spans, change_variance, clustered_test, panel_mde
from flows.marts.statistics.power import minimum_detectable


def ar(rho: float, yearly: float = 0.0, lasting: float = 0.0) -> SerialCovariance:
    return SerialCovariance(lasting, 1.0, yearly, rho, is_assumed=False)


# The variance of J areas, a share P of them funded, and the smallest effect by t with J - 2 degrees of freedom.
PUBLISHED = [
    (5, 5, 100, 50, 0.6, 0.03165992, 0.503508),
    (5, 5, 100, 50, 0.0, 0.01600000, 0.357941),
    (6, 5, 979, 237, 0.6, 0.00429547, 0.183799),
    (1, 1, 100, 50, 0.6, 0.03200000, 0.506205),
    (6, 1, 100, 50, 0.6, 0.03965525, 0.563510),
    (6, 7, 100, 50, 0.6, 0.02900924, 0.481970),
]


@pytest.mark.parametrize(("pre", "post", "areas", "funded", "rho", "variance", "mde"), PUBLISHED)
def test_variance_and_smallest_effect_are_the_published_ones(
    pre: int, post: int, areas: int, funded: int, rho: float, variance: float, mde: float
) -> None:
    found = panel_power.estimate_variance(ar(rho), Spans(pre, post), funded, areas - funded)
    assert found == pytest.approx(variance, abs=5e-9)
    assert minimum_detectable(found**0.5, areas - 2) == pytest.approx(mde, abs=5e-7)


def test_covariances_of_years_are_those_of_the_published_formula() -> None:
    """Their psi: means within the years before, within those after, across; of independent years the smaller MDE."""
    for pre, post, within_pre, within_post, across in (
        (5, 5, 0.404160, 0.404160, 0.127579),
        (6, 5, 0.361664, 0.404160, 0.109901),
    ):
        whole = ar(0.6).between(pre + post)
        before, after = whole[:pre, :pre], whole[pre:, pre:]
        for block, psi in ((before, within_pre), (after, within_post)):
            assert block[~np.eye(len(block), dtype=bool)].mean() == pytest.approx(psi, abs=5e-7)
        assert whole[:pre, pre:].mean() == pytest.approx(across, abs=5e-7)
    independent = panel_power.estimate_variance(ar(0.6).independent(), Spans(6, 5), 237, 742)
    assert minimum_detectable(independent**0.5, 977) == pytest.approx(0.126703, abs=5e-7)


def test_what_lasts_drops_out_of_a_change_and_helps_the_adjusted_comparison() -> None:
    """m 6, r 5, 100 areas, half the persistent part yearly: variances of ANCOVA with lasting parts of 0, 1 and 3."""
    spans, rho = Spans(6, 5), 0.6
    for lasting, variance in ((0, 0.02405690), (1, 0.03317105), (3, 0.03600116)):
        covariance = ar(rho, yearly=0.5, lasting=lasting)
        adjusted = panel_power.estimate_variance(covariance, spans, 50, 50, is_adjusted=True)
        assert adjusted == pytest.approx(variance, abs=5e-9)
        unadjusted = panel_power.estimate_variance(covariance, spans, 50, 50)
        assert unadjusted == pytest.approx(0.03819647, abs=5e-9)
        assert minimum_detectable(unadjusted**0.5, 98) == pytest.approx(0.553048, abs=5e-7)


def test_cohorts_that_start_apart_are_weighed_by_their_areas() -> None:
    """By hand with independent years of variance 1: cohorts of 10 and 30 areas from years 2 and 4 on, one year after.

    Funded: (1/4)^2 (1/2 + 1)/10 + (3/4)^2 (1/4 + 1)/30. Never funded: squares of -1/8 - 3/16 (twice), 1/4 - 3/16,
    -3/16 and 3/4, over 20.
    """
    spans = Spans(0, 1, {2: 10, 4: 30}, first_year=0)
    by_hand = (
        (1 / 16) * 1.5 / 10 + (9 / 16) * 1.25 / 30 + (2 * (5 / 16) ** 2 + (1 / 16) ** 2 + (3 / 16) ** 2 + 9 / 16) / 20
    )
    assert panel_power.estimate_variance(ar(0.0), spans, 40, 20) == pytest.approx(by_hand)
    together = Spans(0, 1, {4: 40}, first_year=0)
    for is_adjusted in (False, True):
        cohort, at_once = (
            panel_power.estimate_variance(ar(0.6), starts, 40, 20, is_adjusted=is_adjusted)
            for starts in (together, Spans(4, 1))
        )
        assert cohort == pytest.approx(at_once)


def fitted(values: np.ndarray, arm: np.ndarray) -> SerialCovariance | None:
    return panel_power.serial_covariance(*panel_power.by_lag(values, arm))


def drawn(areas: int, years: int, rho: float, seed: int) -> np.ndarray:
    """Lasting 1, persistent 1 with rho, yearly 0.5."""
    draw = np.random.default_rng(seed)
    moving = draw.normal(size=(areas, years))
    for at in range(1, years):
        moving[:, at] = rho * moving[:, at - 1] + np.sqrt(1 - rho**2) * moving[:, at]
    return draw.normal(size=(areas, 1)) + moving + np.sqrt(0.5) * draw.normal(size=(areas, years))


def test_the_parts_that_were_drawn_are_found_from_the_years_before() -> None:
    values, arm = drawn(20_000, 6, 0.6, 1), np.arange(20_000) % 2
    values[arm == 1] += 5  # a difference of the arms is no likeness of years
    found = fitted(values, arm)
    assert found is not None
    assert not found.is_assumed
    assert found.total == pytest.approx(2.5, abs=0.05)
    assert change_variance(found, 3, 3) == pytest.approx(change_variance(ar(0.6, 0.5), 3, 3), rel=0.03)


def test_the_smallest_effect_is_found_in_four_of_five() -> None:
    covariance, arm = ar(0.6, 0.5, 1.0), np.arange(120) % 3 == 0
    mde = panel_mde(covariance, Spans(3, 3), clustered_test(arm.astype(int), np.arange(120), 0.0)).mde
    assert mde is not None
    y = drawn(120 * 2000, 6, 0.6, 2).reshape(2000, 120, 6)
    moved = y[:, :, 3:].mean(axis=2) - y[:, :, :3].mean(axis=2) + mde * arm
    first, second = moved[:, arm], moved[:, ~arm]
    se = np.sqrt(first.var(axis=1, ddof=1) / first.shape[1] + second.var(axis=1, ddof=1) / second.shape[1])
    found = np.abs(first.mean(axis=1) - second.mean(axis=1)) > 1.99 * se
    assert 0.77 <= found.mean() <= 0.83


def test_few_years_or_areas_leave_rho_assumed_and_say_so() -> None:
    arm = np.arange(40) % 2
    few_areas = fitted(drawn(40, 6, 0.6, 3), arm)
    few_years = fitted(drawn(400, 3, 0.6, 3), np.arange(400) % 2)
    assert few_areas is not None
    assert few_years is not None
    assert (few_areas.rho, few_areas.is_assumed) == (few_years.rho, few_years.is_assumed) == (0.6, True)
    assert fitted(np.ones((60, 6)), np.arange(60) % 2) is None
    stock = SerialCovariance(2.0, 0.0, 0.0, 0.5, is_assumed=False)
    found = panel_mde(stock, Spans(6, 1), clustered_test(np.arange(40) % 2, np.arange(40), 0.0), is_adjusted=True)
    assert (found.mde, found.reason) == (None, "nothing_moves_between_years")
    assert panel_mde(ar(0.6), Spans(6, 1), clustered_test(arm, np.arange(40) // 8, 0.0)).reason == "too_few_clusters"


def test_areas_of_a_cluster_that_move_alike_cost_power() -> None:
    arm, cluster = np.arange(100) // 5 % 2, np.arange(100) // 5
    alone, alike = (panel_mde(ar(0.6), Spans(3, 3), clustered_test(arm, cluster, icc)).mde for icc in (0.0, 0.3))
    assert alone is not None
    assert alike is not None
    assert alike > 1.1 * alone


def test_the_spread_of_the_arms_is_compared_about_their_own_years() -> None:
    """Levels of arms and years do not count, nor does who lacks a year: two areas apart by 4 against three by 1."""
    arm = np.array([1, 1, 0, 0, 0])
    values = np.array([[0.0, 100.0], [4.0, 104.0], [7.0, 50.0], [8.0, np.nan], [9.0, 52.0]])
    assert panel_power.variance_ratio(values, arm) == pytest.approx(((8 + 8) / 2) / ((2 + 2) / 3))
    assert panel_power.variance_ratio(np.ones((5, 2)), arm) is None
    assert panel_power.variance_ratio(np.full((5, 2), np.nan), arm) is None
