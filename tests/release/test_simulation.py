"""A small version of simulations/release.py: linked tables, three releases, one revision."""

import pytest

from simulations.release import play, play_rounded


@pytest.mark.parametrize("seed", [41_000, 41_001])
def test_nothing_leaks_after_the_joint_hiding_and_much_after_the_naive_one(seed: int) -> None:
    found = play(seed, areas=4)
    print(found)
    assert (found.leaks, found.unprotected) == (0, 0)
    assert found.primary > 20
    assert found.leaks_naive > 20
    assert found.held > 0
    assert found.hidden_pct < 60


def test_nothing_leaks_after_controlled_rounding_and_sums_break_after_the_nearest_one() -> None:
    found = play_rounded(40_001, areas=4)
    print(found)
    assert (found.leaks, found.unprotected) == (0, 0)
    assert found.primary > 20
    assert found.leaks_nearest > 0
    assert found.not_additive < found.not_additive_nearest / 10
