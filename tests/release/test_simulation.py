"""A small version of simulations/release.py: linked tables, three releases, one revision."""

from collections.abc import Callable

import pytest
from profiles import seeds

from flows.release import attack, intervals
from flows.release.cells import Tables
from flows.release.suppression import Hiding, hide, shown
from simulations import argus
from simulations.naive import naive
from simulations.release import draw, play, play_rounded, tables


@pytest.mark.parametrize("seed", seeds(41_000, 41_001))
def test_nothing_leaks_after_the_joint_hiding_and_much_after_the_naive_one(seed: int) -> None:
    found = play(seed, areas=4)
    print(found)
    assert (found.leaks, found.unprotected) == (0, 0)
    assert found.primary > 20
    assert found.leaks_naive > 20
    assert found.held > 0
    assert found.hidden_pct < 60


def test_nothing_leaks_after_controlled_rounding_and_sums_break_after_the_nearest_one() -> None:
    found = play_rounded(41_001, areas=4)
    print(found)
    assert (found.leaks, found.unprotected) == (0, 0)
    assert found.primary > 20
    assert found.leaks_nearest > 0
    assert found.not_additive < found.not_additive_nearest / 10


@pytest.mark.parametrize("way", [hide, naive])
def test_looking_close_by_first_changes_nothing_that_the_attack_finds(
    monkeypatch: pytest.MonkeyPatch, way: Callable[[Tables], Hiding]
) -> None:
    country = tables(draw(41_002, 3, (2010,)), (2010,))
    exhibit = attack.Exhibit(country, shown(country, way(country)))
    found = []
    for close in ((1,), (8, 30), (10**6,)):
        monkeypatch.setattr(intervals, "CLOSE", close)
        found.append(attack.attack(exhibit, with_chains=False))
    assert found[0] == found[1] == found[2]
    assert bool(found[0].leaks) == (way is naive)


def test_what_is_hidden_beside_what_tau_argus_hides() -> None:
    found, least = argus.compare(2, 70_000, k=5)
    ours, other = found["ours"], found["Tau-Argus, optimum"]
    assert (ours.leaks, least <= ours.cells <= 1.35 * least) == (0, True)
    assert 0.5 * least < other.cells < 2 * least
