"""What the parameters of the made-up nation imply: which indicators stand still where nothing but trends moves them."""

import numpy as np

from flows.synthetic.expected import Expected
from flows.synthetic.parameters import levels, trendless
from schemas.registry import Registry

STEPS = np.arange(-5.0, 8.0)


def test_what_is_called_trendless_stands_still_where_nothing_but_trends_moves_it(registry: Registry) -> None:
    """By the very values that figures are drawn around; a share beside one that falls is not among them."""
    known = levels(registry)
    of_trends = Expected(registry, known, "mean", lambda _, level: level.trend * STEPS)
    still = [name for name in known if np.ptp(np.broadcast_to(of_trends[name], STEPS.shape)) < 1e-9]
    assert trendless(known) == still
    moved = {name for name, level in known.items() if level.trend == 0} - set(still)
    assert moved == {"vocational_education_pct"}
