"""A small version of simulations/release.py: linked tables, three releases, one revision."""

import pytest

from simulations.release import play


@pytest.mark.parametrize("seed", [41_000, 41_001])
def test_nothing_leaks_after_the_joint_hiding_and_much_after_the_naive_one(seed: int) -> None:
    found = play(seed, areas=4)
    print(found)
    assert (found.leaks, found.unprotected) == (0, 0)
    assert found.primary > 20
    assert found.leaks_naive > 20
    assert found.held > 0
    assert found.hidden_pct < 60
