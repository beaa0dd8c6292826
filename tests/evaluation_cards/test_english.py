"""Numbers as the cards write them."""

import pytest

from flows.evaluation_cards import english


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1234.5, 1, "1,234.5"), (-0.5, 2, "−0.50"), (-0.001, 2, "0.00"), (0, 0, "0"), (None, 2, "–")],
)
def test_numbers(value: float | None, decimals: int, text: str) -> None:
    assert english.number(value, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.012345, "0.0123"), (1.2345, "1.23"), (12345.6, "12,346"), (-0.5, "−0.500"), (0.0, "0"), (None, "–")],
)
def test_significant_digits(value: float | None, text: str) -> None:
    assert english.significant(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0004, "<0.001"), (0.0006, "0.001"), (0.5, "0.500"), (None, "–")])
def test_probabilities(value: float | None, text: str) -> None:
    assert english.probability(value) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.1, "10 %"), (0.0996, "10 %"), (0.043, "4.3 %"), (0.0, "0 %"), (1.0, "100 %"), (None, "–")]
)
def test_percent(share: float | None, text: str) -> None:
    assert english.percent(share) == text
