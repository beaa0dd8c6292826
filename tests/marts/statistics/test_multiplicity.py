"""Adjusted p-values against R's p.adjust and the example of Benjamini and Hochberg."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.marts.statistics.multiplicity import benjamini_hochberg, holm

TEN = [0.001, 0.008, 0.012, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212]


def test_r_gives_the_same() -> None:
    """R 4.2.2, p.adjust: with "holm", with "BH", and with a missing value among them."""
    assert holm(TEN) == pytest.approx([0.01, 0.072, 0.096, *[0.273] * 5, 0.41, 0.41])
    assert benjamini_hochberg(TEN) == pytest.approx(
        [0.01, 0.04, 0.04, 0.07, 0.07, 0.07, 0.085714286, 0.0925, 0.212, 0.212]
    )
    gap = [0.01, 0.02, 0.03, np.nan, 0.04, 0.04, 0.9]
    assert holm(gap) == pytest.approx([0.06, 0.1, 0.12, np.nan, 0.12, 0.12, 0.9], nan_ok=True)
    assert benjamini_hochberg(gap) == pytest.approx([0.048] * 3 + [np.nan] + [0.048] * 2 + [0.9], nan_ok=True)


def test_fifteen_tests_of_benjamini_and_hochberg() -> None:
    """1995, section 3.2: Bonferroni (and Holm) reject three of them, the false discovery rate four."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.324,
        0.4262,
        0.5719,
        0.6528,
        0.759,
        1,
    ]
    assert int((holm(p) <= 0.05).sum()) == 3
    assert int((benjamini_hochberg(p) <= 0.05).sum()) == 4


@given(st.lists(st.floats(0, 1), max_size=12))
def test_adjusted_values_keep_the_order_and_never_fall(p: list[float]) -> None:
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(p)
        assert (adjusted >= np.array(p) - 1e-15).all()
        assert (adjusted <= 1).all()
        order = np.argsort(p, kind="stable")
        assert (np.diff(adjusted[order]) >= -1e-15).all()
    assert (benjamini_hochberg(p) <= holm(p) + 1e-12).all()
