"""Change of two groups against the textbook: with every area its own cluster it is Welch's difference of two means."""

from statistics import mean, stdev

import numpy as np
import pytest
from scipy import stats

from flows.marts.statistics.change import group_change

BEFORE = np.array([5.0, 6, 4, 7, 5, 6, 8, 3, 4, 5, 6, 7])
AFTER = np.array([4.0, 4, 3, 4, 5, 3, 7, 3, 5, 4, 6, np.nan])
ARM = np.array([1] * 6 + [0] * 6)


def test_the_difference_of_changes_is_that_of_the_textbook() -> None:
    found = group_change(BEFORE, AFTER, ARM, np.arange(12))
    first, second = [-1, -2, -1, -3, 0, -3], [-1, 0, 1, -1, 0]
    assert found.arm_1
    assert found.arm_0
    assert found.difference
    assert (found.sample.areas_1, found.sample.areas_0, found.sample.left_out_0) == (6, 5, 1)
    assert (found.arm_1.value, found.arm_0.value) == pytest.approx((mean(first), mean(second)))
    se = (stdev(first) ** 2 / 6 + stdev(second) ** 2 / 5) ** 0.5
    df = (1 / 6 + 1 / 5) ** 2 / (1 / (36 * 5) + 1 / (25 * 4))
    assert found.difference.se == pytest.approx(se)
    assert found.difference.df == pytest.approx(df)
    assert found.difference.low == pytest.approx(mean(first) - mean(second) - stats.t.ppf(0.975, df) * se)
    alone = stats.t.interval(0.95, 5, mean(first), stdev(first) / 6**0.5)
    assert (found.arm_1.low, found.arm_1.high) == pytest.approx(alone)


def test_few_clusters_and_empty_arms_give_a_reason_and_no_interval() -> None:
    few = group_change(BEFORE, AFTER, ARM, np.arange(12) // 2)
    assert few.difference
    assert (few.reason, few.difference.low) == ("too_few_clusters", None)
    assert few.difference.value == pytest.approx(-5 / 3 + 0.2)
    assert group_change(BEFORE, AFTER, np.ones(12), np.arange(12)).reason == "no_areas_in_arm_0"
    assert group_change(BEFORE, BEFORE + 1, ARM, np.arange(12)).reason == "constant"
