"""Bounds of what the data still allow, against published estimates (R's mpdta, by did and HonestDiD)."""

import math

import numpy as np
import pytest
from scipy import stats

from flows.marts.baseline import trends
from flows.marts.statistics import trend
from flows.marts.statistics.equivalence import bound, breakdown

# Of mpdta with the last year before the start as base: before, and two years from the start on.
BEFORE = {-4: 0.00330636, -3: 0.02502183, -2: 0.02445874, -1: 0.0}
AFTER = {0: -0.01993182, 1: -0.05095737}


def test_the_bound_is_that_of_two_one_sided_tests() -> None:
    assert bound(-0.0310871, 0.0178775, 1e9, 0.05) == pytest.approx(0.0604930, abs=5e-8)
    assert bound(0.0310871, 0.0178775, 1e9, 0.025) == pytest.approx(0.0310871 + 1.959964 * 0.0178775, abs=1e-7)
    # t(.95) on one degree of freedom is tan(.45 pi)
    assert bound(0.0, 1.0, 1.0, 0.05) == pytest.approx(math.tan(0.45 * math.pi))
    assert bound(1.0, None, 5.0, 0.05) is None


def test_the_breakdown_of_a_published_event_study() -> None:
    """Largest change before is .02445874. HonestDiD, which counts chance in, breaks down at 0 and .4 to .5."""
    found = {time: breakdown(att, time + 1, BEFORE) for time, att in AFTER.items()}
    assert found == {0: pytest.approx(0.01993182 / 0.02445874), 1: pytest.approx(0.05095737 / 2 / 0.02445874)}
    assert found[0] == pytest.approx(0.815, abs=5e-4)
    assert found[1] == pytest.approx(1.042, abs=5e-4)
    assert breakdown(0.1, 1, {-1: 0.0}) is None
    assert breakdown(0.1, 1, {-2: 0.0, -1: 0.0}) is None
    assert breakdown(0.1, 1, {-4: 0.3, -2: 0.1, -1: 0.05}) == pytest.approx(1.0), "a gap of two years counts per year"


def test_a_trend_stands_beside_the_largest_divergence_that_the_data_allow() -> None:
    """With every area its own cluster errors are those of two means; the largest of the years' bounds is taken."""
    draw, arm = np.random.default_rng(4), np.arange(60) % 2
    values = draw.normal(size=(60, 4)) + np.outer(arm, [0.9, 0.0, 0.0, 0.0])
    found = trend.trend(values, range(2002, 2006), arm, np.arange(60))
    panel = trends.Panel("move_out_pct", [*range(2002, 2006)], values, np.zeros((60, 4)))
    allowed = trends._still_allowed(found, panel, arm, 0.05)
    changes = values[:, :3] - values[:, 3:]
    first, second = changes[arm == 1], changes[arm == 0]
    t = stats.t.ppf(0.95, found.slopes.df)
    se = np.sqrt((first.var(axis=0, ddof=1) + second.var(axis=0, ddof=1)) / 30)
    by_hand = (np.abs(first.mean(axis=0) - second.mean(axis=0)) + t * se).max()
    assert allowed["pre_equivalence"] == pytest.approx(by_hand)
    assert allowed["pre_equivalence_sd"] == pytest.approx(by_hand / values[arm == 1, 3].std(ddof=1))
    slopes = found.slopes
    assert allowed["slope_equivalence"] == pytest.approx(abs(slopes.difference or 0) + t * (slopes.se or 0))
    bare = trends._still_allowed(trend.trend(values, range(2002, 2006), arm, arm), panel, arm, 0.05)
    assert (bare["slope_equivalence"], bare["pre_equivalence"], bare["equivalence_level"]) == (None, None, 0.05)
