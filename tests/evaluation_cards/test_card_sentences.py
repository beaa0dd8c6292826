"""Names and reasons in words."""

import pytest

from flows.evaluation_cards.sentences import ArmNames
from schemas.registry import Registry


@pytest.mark.parametrize(
    ("why", "reasons"),
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
def test_reasons(registry: Registry, why: str | None, reasons: list[str]) -> None:
    assert ArmNames(registry).reasons(why) == reasons


def test_arms_have_names(registry: Registry) -> None:
    names = ArmNames(registry)
    groups = {
        contrast.id: [names.group(contrast, arm) for arm in contrast.arms]
        for contrast in registry.evaluation.contrast.values()
    }
    assert groups["funded"] == ["funded areas", "never funded areas"]
    assert groups["bands"][0] == "areas with over 15 million DKK"
    assert groups["secretariat"] == ["areas with secretariat", "areas without secretariat"]
    assert names.notes(registry.evaluation.contrast["organisation"])[0] == (
        "central-professionel: Centralt forankret professionel projektorganisering"
    )
