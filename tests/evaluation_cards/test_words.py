"""Figures in words."""

import pytest

from flows.evaluation_cards import words
from flows.evaluation_cards.words import Names
from schemas.registry import Registry


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [(1234.5, 1, "1,234.5"), (-0.5, 2, "−0.50"), (-0.001, 2, "0.00"), (0, 0, "0"), (None, 2, "–")],
)
def test_numbers(value: float | None, decimals: int, said: str) -> None:
    assert words.number(value, decimals) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.012345, "0.0123"), (1.2345, "1.23"), (12345.6, "12,346"), (-0.5, "−0.500"), (0.0, "0"), (None, "–")],
)
def test_significant_digits(value: float | None, said: str) -> None:
    assert words.significant(value) == said


@pytest.mark.parametrize(("value", "said"), [(0.0004, "<0.001"), (0.0006, "0.001"), (0.5, "0.500"), (None, "–")])
def test_probabilities(value: float | None, said: str) -> None:
    assert words.probability(value) == said


@pytest.mark.parametrize(
    ("share", "said"), [(0.1, "10 %"), (0.0996, "10 %"), (0.043, "4.3 %"), (0.0, "0 %"), (1.0, "100 %"), (None, "–")]
)
def test_percent(share: float | None, said: str) -> None:
    assert words.percent(share) == said


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (None, []),
        ("constant", ["every area has the same figure, so there is no SD to divide by"]),
        ("fewer_than_20_areas_in_arm_1", ["fewer than 20 areas among the first group"]),
        ("fewer_than_20_areas_in_each_arm", ["fewer than 20 areas in each arm"]),
        ("several_bands: 4 areas left out", ["in several bands: 4 areas left out"]),
        ("already words of a sentence", ["already words of a sentence"]),
        (
            "smd_and_variance_ratio; one_area_in_arm_0",
            [
                "the means differ by more than the limit and the spread differs by more than the limits",
                "of the second group only one has a figure, and one area has no spread",
            ],
        ),
    ],
)
def test_reasons(registry: Registry, why: str | None, said: list[str]) -> None:
    assert Names(registry).reasons(why) == said


def test_arms_have_names(registry: Registry) -> None:
    names = Names(registry)
    said = {
        contrast.id: [names.group(contrast, arm) for arm in contrast.arms]
        for contrast in registry.evaluation.contrast.values()
    }
    assert said["funded"] == ["funded areas", "never funded areas"]
    assert said["bands"][0] == "areas with over 15 million DKK"
    assert said["secretariat"] == ["areas with secretariat", "areas without secretariat"]
    assert names.notes(registry.evaluation.contrast["organisation"])[0] == (
        "central-professionel: Centralt forankret professionel projektorganisering"
    )
