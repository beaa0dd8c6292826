"""Persons as the definitions count them: who moves, dies, is born, stands in two registers or lacks in one."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from persons import REGIONS, figure, placed, register, write

from flows.registers import counting, references
from flows.registers.counting import Register
from schemas.registry import Registry

KEY = """
address_key | area_id   | valid_from | valid_to
a1          | vollsmose | 2000-01-01 | -
a2          | vollsmose | 2000-01-01 | 2011-01-01
a2          | other     | 2011-01-01 | -
b1          | other     | 2000-01-01 | -
"""


def counted(folder: Path, registry: Registry, persons: str, households: str = "", **how: Any) -> pl.DataFrame:
    asked = register(folder, registry, persons, KEY, households, **how)
    return figures_of(asked, registry, folder)


def figures_of(asked: Register, registry: Registry, folder: Path) -> pl.DataFrame:
    return counting.figures(counting.counts(asked, registry, folder / "staging"), asked, registry)


# What stands in the register of a person, and in which area and year she is a resident.
RESIDENTS = {
    "who moves is counted where she lives on 1 January": (
        """
        person_id | year | address_key
        1         | 2010 | a1
        1         | 2011 | b1
        """,
        {("vollsmose", 2010): 1, ("other", 2011): 1},
    ),
    "who moves house within the area stays its resident": (
        """
        person_id | year | address_key
        1         | 2009 | a1
        1         | 2010 | a2
        """,
        {("vollsmose", 2009): 1, ("vollsmose", 2010): 1},
    ),
    "an address changes area on the day from which the key says so": (
        """
        person_id | year | address_key
        1         | 2010 | a2
        1         | 2011 | a2
        """,
        {("vollsmose", 2010): 1, ("other", 2011): 1},
    ),
    "who dies is there on the 1 January before and not on the one after": (
        """
        person_id | year | address_key
        1         | 2010 | a1
        """,
        {("vollsmose", 2010): 1},
    ),
    "who is born is there on the next 1 January, of age 0": (
        """
        person_id | year | address_key | age
        1         | 2011 | a1          | 0
        """,
        {("vollsmose", 2011): 1},
    ),
    "who changes municipality in the year is of the one of 1 January": (
        """
        person_id | year | address_key | municipality_code
        1         | 2010 | a1          | 0461
        1         | 2011 | b1          | 0751
        """,
        {("vollsmose", 2010): 1, ("0461", 2010): 1, ("other", 2011): 1, ("0751", 2011): 1},
    ),
    "who changes sex in the year is one person in each": (
        """
        person_id | year | address_key | sex
        1         | 2010 | a1          | woman
        1         | 2011 | a1          | man
        """,
        {("vollsmose", 2010): 1, ("vollsmose", 2011): 1},
    ),
    "who has two addresses is counted at the one of 1 January": (
        """
        person_id | year | address_key | household_id
        1         | 2010 | a1          | 7
        2         | 2010 | b1          | 7
        """,
        {("vollsmose", 2010): 1, ("other", 2010): 1},
    ),
    "who is missing in the population register of a year lives nowhere in it": (
        """
        person_id | year | address_key
        1         | 2009 | a1
        2         | 2010 | a1
        1         | 2011 | a1
        """,
        {("vollsmose", 2009): 1, ("vollsmose", 2010): 1, ("vollsmose", 2011): 1},
    ),
    "who is in the income register alone lives nowhere": (
        """
        person_id | year | address_key | income_dkk
        1         | 2010 | -           | 200000
        2         | 2010 | a1          | 200000
        """,
        {("vollsmose", 2010): 1},
    ),
}


@pytest.mark.parametrize("case", RESIDENTS)
def test_residents_are_those_of_1_january(case: str, registry: Registry, tmp_path: Path) -> None:
    persons, expected = RESIDENTS[case]
    figures = counted(tmp_path, registry, persons)
    found = {
        (row["geography_id"], row["year"]): row["value"]
        for row in figures.filter(pl.col("indicator") == "residents").rows(named=True)
        if row["geography"] in ("area", "municipality") and row["window_years"] == 1
    }
    assert {place: found.get(place) for place in expected} == expected
    assert {place for place in found if place[0] in ("vollsmose", "other")} <= expected.keys()


TWICE = {
    "at two addresses": "1 | 2010 | a1 | woman\n1 | 2010 | b1 | woman",
    "with two sexes": "1 | 2010 | a1 | woman\n1 | 2010 | a1 | man",
}


@pytest.mark.parametrize("case", TWICE)
def test_who_stands_twice_in_a_year_is_refused_and_not_chosen(case: str, registry: Registry, tmp_path: Path) -> None:
    asked = register(tmp_path, registry, "person_id | year | address_key | sex\n" + TWICE[case], KEY)
    (breach,) = references.check(asked.partitions_of("person_years"), [], registry, REGIONS)
    assert (breach.column, breach.rows) == ("person_id", 1)
    assert breach.rule == "person_id, year stand more than once; which row holds is for the holder to say"


# A person of an area among others, and the figure that follows: numerator, denominator, value.
OUTSIDE = {
    "three months on social assistance and employed the rest": (
        "social_assistance_months | 3 | employment_months | 9",
        25,
    ),
    "supplementary unemployment benefit counts by its hours": (
        "unemployment_benefit_months | 1.5 | employment_months | 10.5",
        12.5,
    ),
    "a student with a grant": ("education_months | 12 | student_grant_months | 12", 0),
    "on maternity benefit from work": ("maternity_benefit_months | 6 | employment_months | 6", 0),
    "on sickness benefit from work": ("sickness_benefit_employed_months | 12", 0),
    "in a flex job": ("flex_job_months | 12", 0),
    "early retirement": ("early_retirement_months | 12", 0),
    "in the work and in the benefit register at once": ("social_assistance_months | 6 | employment_months | 12", 50),
    "missing in the work register": ("", 0),
    "two benefits that both count": ("social_assistance_months | 4 | disability_pension_months | 8", 100),
}


@pytest.fixture(scope="module")
def outside(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The figure of each case: a person alone in an area of her own."""
    folder = tmp_path_factory.mktemp("outside")
    persons = []
    for number, (cells, _) in enumerate(OUTSIDE.values()):
        parts = [cell.strip() for cell in cells.split("|")] if cells else []
        months = {name: float(count) for name, count in zip(parts[::2], parts[1::2], strict=True)}
        persons.append({"person_id": number, "year": 2013, "address_key": f"a{number}"} | months)
    write(folder / "register", registry, "person_years", persons)
    key = "\n".join(f"a{number} | area{number} | 2000-01-01 | -" for number in range(len(OUTSIDE)))
    asked = placed(folder, f"address_key | area_id | valid_from | valid_to\n{key}")
    found = figures_of(asked, registry, folder)
    return {case: figure(found, f"area{at}", 2013, "outside_work_pct") for at, case in enumerate(OUTSIDE)}


@pytest.mark.parametrize("case", OUTSIDE)
def test_outside_work_is_counted_in_full_time_persons(case: str, outside: dict[str, Any]) -> None:
    assert outside[case] == (None, None, pytest.approx(OUTSIDE[case][1]))


def test_benefits_count_in_the_years_that_are_declared(registry: Registry) -> None:
    assert "education_assistance_months" not in counting.outside_months(registry, 2013)
    assert "education_assistance_months" in counting.outside_months(registry, 2014)


def test_a_window_of_two_years_is_of_the_persons_of_both(registry: Registry, tmp_path: Path) -> None:
    persons = """
    person_id | year | address_key | age | social_assistance_months | convictions
    1         | 2010 | a1          | 30  | 12                       | 2
    2         | 2010 | a1          | 64  | -                        | -
    1         | 2011 | a1          | 31  | 6                        | -
    2         | 2011 | a1          | 65  | 12                       | 1
    3         | 2011 | a1          | 40  | -                        | -
    4         | 2011 | a1          | 17  | 12                       | 1
    """
    figures = counted(tmp_path, registry, persons)
    # Of 18-64 years: 1 of 2 in 2010, 0.5 of 2 in 2011; over both years 1.5 of 4.
    assert figure(figures, "vollsmose", 2010, "outside_work_pct") == (None, None, 50)
    assert figure(figures, "vollsmose", 2011, "outside_work_pct", 2) == (None, None, pytest.approx(37.5))
    # A person with two decisions is one person; 17 years is too young: 1 of 2, then 1 of 3, over both 2 of 5.
    assert figure(figures, "vollsmose", 2010, "convicted_pct") == (1, 2, 50)
    assert figure(figures, "vollsmose", 2011, "convicted_pct") == (1, 3, pytest.approx(100 / 3))
    assert figure(figures, "vollsmose", 2011, "convicted_pct", 2) == (None, None, pytest.approx(40))


def test_income_is_of_taxpayers_of_15_to_64_not_in_education_against_the_regions(
    registry: Registry, tmp_path: Path
) -> None:
    persons = """
    person_id | year | address_key | municipality_code | age | october_enrolled | income_dkk
    1         | 2010 | a1          | 0461              | 15  | no               | 100000
    2         | 2010 | a1          | 0461              | 64  | -                | 200000
    3         | 2010 | a1          | 0461              | 65  | no               | 900000
    4         | 2010 | a1          | 0461              | 14  | no               | 900000
    5         | 2010 | a1          | 0461              | 30  | yes              | 900000
    6         | 2010 | a1          | 0461              | 30  | no               | -
    7         | 2010 | x           | 0461              | 40  | no               | 600000
    8         | 2010 | x           | 0101              | 40  | no               | 990000
    """
    figures = counted(tmp_path, registry, persons)
    # 150,000 in the mean of two, against 300,000 in the mean of the region's three; 0101 lies in another region.
    assert figure(figures, "vollsmose", 2010, "gross_income_dkk") == (None, None, 150_000)
    assert figure(figures, "vollsmose", 2010, "income_region_pct") == (None, None, pytest.approx(50))


def test_low_income_is_below_three_quarters_of_the_exact_median(registry: Registry, tmp_path: Path) -> None:
    persons = "person_id | year | address_key | age | income_dkk\n" + "\n".join(
        f"{at} | 2010 | {'a1' if at < 4 else 'x'} | {17 if at == 3 else 30} | {at * 100_000}" for at in range(1, 10)
    )
    # Of the incomes 1, 2, 4-9 (hundred thousand) of 18 years and over the lower median is 5: low is 3.75 or less.
    figures = counted(tmp_path, registry, persons, buckets=3)
    assert figure(figures, "vollsmose", 2010, "low_income_pct") == (2, 2, 100)
    assert figure(figures, "000", 2010, "low_income_pct") == (2, 8, 25)


def test_what_a_register_lacks_counts_as_declared(registry: Registry, tmp_path: Path) -> None:
    persons = """
    person_id | year | address_key | age | november_activity | highest_education | october_enrolled
    1         | 2010 | a1          | 30  | employed          | higher            | no
    2         | 2010 | a1          | 59  | -                 | -                 | -
    3         | 2010 | a1          | 20  | -                 | -                 | -
    """
    figures = counted(tmp_path, registry, persons)
    assert figure(figures, "vollsmose", 2010, "basic_education_pct") == (1, 2, 50)
    assert figure(figures, "vollsmose", 2010, "employed_18_64_pct") == (1, 3, pytest.approx(100 / 3))
    assert figure(figures, "vollsmose", 2010, "youth_neither_pct") == (1, 1, 100)
    assert figure(figures, "vollsmose", 2010, "youth_in_education_pct") == (0, 1, 0)


@pytest.mark.parametrize("buckets", [1, 2])
def test_stays_look_back_over_the_years(buckets: int, registry: Registry, tmp_path: Path) -> None:
    """1 was there throughout, 2 came in 2010, 3 left for a year, 4 was born in 2010, 5's address became the area's."""
    there = {
        1: dict.fromkeys(range(2006, 2012), "b1"),
        2: {**dict.fromkeys(range(2006, 2011), "a1"), 2011: "b1"},
        3: {**dict.fromkeys(range(2006, 2012), "b1"), 2009: "a1"},
        4: {2011: "b1"},
        5: dict.fromkeys(range(2006, 2012), "a2"),
    }
    lines = [
        f"{person} | {year} | {address} | {year - 2011 if person == 4 else 40}"
        for person, years in there.items()
        for year, address in years.items()
    ]
    figures = counted(tmp_path, registry, "\n".join(["person_id | year | address_key | age", *lines]), buckets=buckets)
    assert figure(figures, "other", 2011, "new_residents_pct") == (1, 5, 20)
    assert figure(figures, "other", 2011, "stayed_5_years_pct") == (2, 5, 40)
    # The register begins in 2006: who came then is not known, nor in 2010 who had stayed for five years.
    assert figure(figures, "other", 2006, "new_residents_pct") is None
    assert figure(figures, "other", 2010, "stayed_5_years_pct") is None


def test_small_partitions_are_counted_together_and_large_ones_alone(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{person} | {year} | a1 | {person}" for year in range(2005, 2011) for person in range(9)]
    text = "\n".join(["person_id | year | address_key | age", *lines])
    asked = register(tmp_path, registry, text, KEY, buckets=3)
    persons = asked.partitions_of("person_years")
    assert [(year, len(part)) for year, part in counting.together(persons)] == [(year, 3) for year in range(2005, 2011)]
    figures = figures_of(asked, registry, tmp_path / "together")
    monkeypatch.setattr(counting, "TOGETHER", 1)
    assert [len(part) for _, part in counting.together(persons)] == [1] * 18
    assert figures_of(asked, registry, tmp_path / "alone").equals(figures)


def test_households_are_counted_at_their_address(registry: Registry, tmp_path: Path) -> None:
    persons = "person_id | year | address_key | household_id\n1 | 2010 | a1 | 1"
    households = """
    household_id | year | address_key | household_type
    1            | 2010 | a1          | one_person
    2            | 2010 | a1          | single_parent
    3            | 2010 | b1          | other
    """
    figures = counted(tmp_path, registry, persons, households)
    assert figure(figures, "vollsmose", 2010, "one_person_household_pct") == (1, 2, 50)
    assert figure(figures, "000", 2010, "single_parent_pct") == (1, 3, pytest.approx(100 / 3))


def test_whatever_registers_hold_is_counted(registry: Registry, tmp_path: Path) -> None:
    """Not dwellings without a tenant, answers to a survey, nor events that are no person's."""
    persons = "person_id | year | address_key | age | income_dkk\n" + "\n".join(
        f"{person} | {year} | a1 | {age} | 1000" for year in range(2005, 2011) for person, age in enumerate((20, 40))
    )
    households = "household_id | year | address_key | household_type\n1 | 2010 | a1 | one_person"
    figures = counted(tmp_path, registry, persons, households)
    populations = registry.populations
    of_persons = {
        name
        for name, indicator in registry.indicators.items()
        if indicator.of_areas and indicator.counts and populations.universe_of(indicator.counts) == "persons"
    }
    others = {
        "one_person_household_pct", "single_parent_pct", "couple_with_children_pct", "outside_work_pct",
        "gross_income_dkk", "income_region_pct", "gp_contacts_rate", "hospital_admissions_rate",
    }  # fmt: skip
    assert set(figures.filter(geography="area", year=2010)["indicator"]) == of_persons | others
