"""Means of money are told where enough make them up and no two of these hold nearly all; others are not."""

import csv
import io
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from houses import House

from flows.marts import build
from flows.publish.snapshots import Snapshot
from flows.release.amounts import Amount, clear
from flows.release.cells import Key
from schemas.disclosure import Amounts

RAW = Path(__file__).parents[2] / "data" / "raw"
DELIVERED = """# kilde: en prøve
# udgivet: 2013
# oprindelse: real
Geografi;Område;Kommune;År;Indikator;Værdi;Status;Antal bag beløbet;Beløb i alt;De to største tilsammen
boligområde;Bispehaven;Aarhus;2012;residents;2.400;endelig;;;
boligområde;Viby Syd;Aarhus;2012;residents;1.500;endelig;;;
boligområde;Bispehaven;Aarhus;2012;gross_income_dkk;200.000;endelig;1.000;200.000.000;1.717.171
boligområde;Viby Syd;Aarhus;2012;gross_income_dkk;250.000;endelig;400;100.000.000;91.919.191
kommune;Aarhus;Aarhus;2012;gross_income_dkk;280.000;endelig;100.000;28.000.000.000;93.939.393
boligområde;Bispehaven;Aarhus;2011;gross_income_dkk;199.000;endelig;;;
"""

RULE = Amounts(contributors=10, largest_two=0.9)
TOWN, FIELD, HILL, PARK = ("municipality", "t"), ("area", "field"), ("area", "hill"), ("area", "park")
INSIDE = {TOWN: [FIELD, HILL, PARK]}
# Contributors, DKK of all, of the two largest.
WIDE, ALONE, FEW = (100, 20_000_000, 900_000), (40, 10_000_000, 9_100_000), (9, 2_000_000, 500_000)


def amount(place: tuple[str, str], behind: tuple[int, int, int], withheld: str | None = None) -> Amount:
    contributors, total, _ = behind
    return Amount(place, 2012, "gross_income_dkk", total / contributors, *behind, withheld)


def key(place: tuple[str, str]) -> Key:
    return Key(*place, 2012, "gross_income_dkk", "value")


def told(
    *amounts: Amount, related: tuple[tuple[str, str], ...] = (), before: Mapping[Key, float] | None = None
) -> set[str]:
    made = clear(amounts, RULE, INSIDE, related, before or {})
    assert {*made.means, *made.marks, *made.held} >= {each.key for each in amounts}
    assert not made.means.keys() & made.marks.keys()
    return {name.geography_id for name in made.means}


@pytest.mark.parametrize(
    ("behind", "is_told"),
    [
        (WIDE, True),
        (ALONE, False),
        (FEW, False),
        ((10, 1_000, 899), True),
        ((10, 1_000, 900), False),
        # Losses: the two largest have more than all together.
        ((50, -1_000, 200), False),
    ],
)
def test_ten_make_it_up_and_the_two_largest_hold_less_than_nine_tenths(
    behind: tuple[int, int, int], is_told: bool
) -> None:
    assert told(amount(FIELD, behind)) == ({"field"} if is_told else set())


def test_an_area_that_is_too_small_has_no_amount_either_and_says_so() -> None:
    made = clear([amount(FIELD, WIDE, "area_too_small")], RULE, INSIDE, (), {})
    assert (made.means, made.marks) == ({}, {key(FIELD): "area_too_small"})


def test_a_town_is_not_told_where_it_leaves_a_dominated_area_by_subtraction() -> None:
    """Field and hill are told; the town less both is park, in which one person has nearly all."""
    town = (240, 50_000_000, 9_500_000)
    areas = [amount(FIELD, WIDE), amount(HILL, WIDE), amount(PARK, ALONE)]
    assert told(*areas, amount(TOWN, town)) == {"field", "hill"}
    # Others elsewhere in the town have as much again: nobody can tell park from them.
    assert told(*areas, amount(TOWN, (340, 80_000_000, 9_500_000))) == {"field", "hill", "t"}


def test_a_town_that_its_areas_make_up_whole_leaves_nothing_to_be_told() -> None:
    whole = tuple(map(sum, zip(WIDE[:2], WIDE[:2], strict=True)))
    assert told(amount(FIELD, WIDE), amount(HILL, WIDE), amount(TOWN, (whole[0], whole[1], 900_000))) == {
        "field",
        "hill",
        "t",
    }


def test_of_areas_that_overlap_one_is_told() -> None:
    both = [amount(FIELD, WIDE), amount(HILL, WIDE)]
    assert told(*both, related=(("field", "hill"),)) == {"hill"}
    assert told(*both, related=(("field", "hill"),), before={key(FIELD): 200_000.0}) == {"field"}


def test_what_readers_have_stays_and_nothing_new_is_told_beside_a_revision() -> None:
    """One taxpayer more would be worked out of the two means."""
    before = {key(FIELD): 200_000.0}
    revised = amount(FIELD, (101, 20_400_000, 900_000))
    made = clear([revised, amount(HILL, WIDE)], RULE, INSIDE, (), before)
    assert (made.means, made.held, set(made.marks)) == (before, (key(FIELD),), {key(HILL)})
    # The same where nobody says any more how many make it up.
    assert told(amount(HILL, WIDE), before=before) == {"field"}


def test_a_town_that_readers_have_keeps_its_areas_from_being_told() -> None:
    town = (240, 50_000_000, 9_500_000)
    before = {key(TOWN): 50_000_000 / 240}
    assert told(amount(FIELD, WIDE), amount(HILL, WIDE), amount(TOWN, town), before=before) == {"t"}


def test_from_a_delivery_to_an_extract(make_night: Callable[[Path], Any], tmp_path: Path) -> None:
    """Shown where many share the amount, hidden where two have it, not checkable where nobody says."""
    night = make_night(tmp_path / "night")
    shutil.copytree(RAW, night.raw)
    night.deliver("municipal_figures/aarhus.csv", DELIVERED)
    assert night.run()["municipal_figures/aarhus.csv"].outcome == "accepted"
    folder = tmp_path / "marts"
    made = build.build(night.facts, folder, night.registry)
    marts = {name: {"file": str(file.relative_to(folder))} for name, file in made.items()}
    house = House(tmp_path / "house", Snapshot("0" * 16, folder, {"marts": marts, "origin": "real"}), night.registry)
    house.write()
    (file,) = house.folder().rglob("*.csv")
    lines = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")), delimiter=";"))
    label, marks = night.registry.indicators["gross_income_dkk"].label_da, night.registry.extracts.mark
    found = {
        (row["Sted"], row["År"]): (row["Tal"], row["Mærke i stedet for tal"])
        for row in lines
        if row["Indikator"] == label
    }
    assert found["Bispehaven", "2012"] == ("200000", "")
    assert found["Viby Syd", "2012"][1] == marks["hidden"].label_da
    assert found["Bispehaven", "2011"][1] == marks["not_checkable"].label_da
    assert found["Aarhus", "2012"] == ("280000", "")
    # How many they are and what the two largest have stands in no file that leaves the house.
    left = [path for path in house.folder().rglob("*") if path.suffix in (".csv", ".html", ".txt", ".json")]
    assert left
    for path in left:
        text = path.read_text(encoding="utf-8-sig").replace(".", "")
        assert not [number for number in ("1717171", "91919191", "93939393", "200000000") if number in text], path
    hidden = [entry for entry in house.release().record["hidden"] if entry["cell"]["part"] == "value"]
    assert [(entry["cell"]["geography_id"], entry["rule"].split(":")[0]) for entry in hidden] == [
        ("viby-syd", "amount")
    ]
