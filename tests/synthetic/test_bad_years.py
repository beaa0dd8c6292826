"""Areas that were chosen in bad years come back by themselves, and by as much as they had fallen."""

import numpy as np
import pytest

from flows.synthetic import expected
from flows.synthetic.draw import BEFORE_THE_POOL, draw
from schemas.registry import Registry
from simulations.nations import REFERENCE

SEEDS = range(4)
WINDOWS = ((2000,), BEFORE_THE_POOL, (2008,))


def worse(registry: Registry, *, transient: bool) -> list[float]:
    """By how many SDs funded areas look worse than they lastingly are, beside those never funded, in each window."""
    found = []
    for seed in SEEDS:
        nation = draw(REFERENCE, registry, seed=seed, areas=300, indicators=["outside_work_pct"], transient=transient)
        arm = nation.areas["arm"].to_numpy().astype(str)
        near = nation.places.areas["neighbourhood"].to_numpy()
        given = (registry, nation.places, nation.panel.years, nation.truth, seed)
        of_areas = [expected.bad_years(*given, window)[near] for window in WINDOWS]
        found.append([each[arm == "funded"].mean() - each[arm == "never_funded"].mean() for each in of_areas])
    return [float(mean) for mean in np.mean(found, axis=0)]


def test_chosen_in_bad_years_they_come_back_as_far_as_they_had_fallen(registry: Registry) -> None:
    before, window, after = worse(registry, transient=True)
    assert window > 0.6
    assert 0 < before < 0.6 * window, "they were not always so"
    assert after == pytest.approx(before, abs=0.2), "the rebound mirrors the dip"


def test_chosen_by_what_lasts_nothing_comes_back(registry: Registry) -> None:
    assert worse(registry, transient=False) == pytest.approx([0, 0, 0], abs=0.25)
