"""The axes of pictures: they hold what is drawn, keep to one rule, and make no cliff of chance."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.present import scales
from schemas.registry import Registry

NUMBERS = st.floats(0, 100)


@given(held=st.lists(NUMBERS, min_size=1, max_size=12))
def test_an_axis_of_shares_holds_all_of_it_in_one_of_few_spans(registry: Registry, held: list[float]) -> None:
    axis = scales.axis(held, registry.indicators["move_out_pct"])
    assert 0 <= axis.low <= min(held)
    assert max(held) <= axis.high
    span = axis.high - axis.low
    assert any(math.isclose(span, known) for known in (*scales.SMALL, *scales.LARGE))
    assert span >= 20 or axis.low == 0
    ticks = [value for value, _ in axis.ticks()]
    assert [ticks[0], ticks[-1]] == pytest.approx([axis.low, axis.high])
    assert math.isclose(axis.low / axis.step, round(axis.low / axis.step), abs_tol=1e-9)


@given(
    held=st.lists(st.floats(0, 1e7), min_size=1, max_size=12), name=st.sampled_from(["residents", "gross_income_dkk"])
)
def test_an_axis_of_anything_else_spans_a_fifth_of_its_largest_number(
    registry: Registry, held: list[float], name: str
) -> None:
    axis = scales.axis(held, registry.indicators[name])
    assert 0 <= axis.low <= min(held)
    assert max(held) <= axis.high
    assert axis.high - axis.low >= max(held) / 5 * (1 - 1e-9)
    if name == "residents":
        assert axis.step == round(axis.step)


@pytest.mark.parametrize(
    ("held", "ends"),
    [
        # A third of a point is no cliff.
        ([43.0, 43.3], (35.0, 55.0)),
        ([1.09, 0.74, 1.9], (0.0, 2.0)),
        ([3.6, 19.2], (0.0, 20.0)),
        ([61.0, 23.7, 69.3], (15.0, 75.0)),
        ([0.0], (0.0, 2.0)),
    ],
)
def test_known_axes(registry: Registry, held: list[float], ends: tuple[float, float]) -> None:
    axis = scales.axis(held, registry.indicators["move_out_pct"])
    assert (axis.low, axis.high) == ends
    assert axis.is_broken == (ends[0] > 0)


def test_ticks_are_danish_with_no_more_decimals_than_they_need(registry: Registry) -> None:
    axis = scales.axis([0.3, 1.9], registry.indicators["convicted_pct"])
    assert [text for _, text in axis.ticks()] == ["0,0", "0,5", "1,0", "1,5", "2,0"]
    assert scales.axis([1200.0, 900.0], registry.indicators["residents"]).ticks()[-1][1] == "1.300"
