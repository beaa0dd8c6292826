"""An extract made by hand, in which every kind of cell occurs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from by_hand import YEAR, YEARS, Figures, area, place

from flows.extracts.model import Area, ChangeLine, Criterion, Extract, Place, TargetLine, Watch
from schemas.registry import Registry


@pytest.fixture
def make_extract(registry: Registry) -> Callable[..., Extract]:
    def make(*areas: Area, **facts: Any) -> Extract:
        given = {
            "secretariat": "aarhus",
            "name": "Områdesekretariatet i Aarhus",
            "year": YEAR,
            "years": YEARS,
            "indicators": tuple(i.id for i in registry.indicators.values() if i.of_areas),
            "municipality": Place(
                **place(
                    registry,
                    "municipality",
                    "aarhus",
                    residents={y: {"value": 300_000 + 3_000 * (y - 2003)} for y in YEARS},
                    outside_work_pct={y: {"value": 22.4, "is_published": True} for y in YEARS},
                    move_out_pct={y: {"x": 9_800, "n": 60_000} for y in YEARS},
                )
            ),
            "country": Place(
                **place(
                    registry,
                    "country",
                    "hele landet",
                    residents={y: {"value": 5_580_516} for y in YEARS},
                    outside_work_pct={y: {"value": 24.1, "is_published": True} for y in YEARS},
                )
            ),
            "areas": areas,
            "release": "2012-1",
            "origin": "synthetic",
            "is_cleared": False,
            "previous": None,
            "changes": (),
            **facts,
        }
        return Extract(**given)

    return make


@pytest.fixture
def full_extract(registry: Registry, make_extract: Callable[..., Extract]) -> Extract:
    """A secretariat with two areas: one with every kind of cell, one of which nothing was delivered."""
    figures: Figures = {
        "residents": {y: {"value": 2_300 + 10 * (y - 2003)} for y in YEARS},
        "move_out_pct": {
            y: {"x": 120 - 4 * (y - 2003), "n": 869, "municipality_value": 16.3, "municipality_verdict": "better"}
            for y in YEARS
        },
        "outside_work_pct": {
            2012: {
                "value": 43.0,
                "is_published": True,
                "window_years": 2,
                "source": "ministry_lists",
                "municipality_value": 22.4,
                "country_value": 24.1,
            },
            2011: {"value": 42.1, "is_published": True, "repeats_year": 2010, "source": "ministry_lists"},
        },
        "convicted_pct": {y: {"mark": "hidden"} if y in (2009, 2012) else {"x": 41, "n": 1_500} for y in YEARS},
        "social_assistance_pct": {y: {"x": 0, "n": 1_480} if y == 2012 else {"x": 12, "n": 1_480} for y in YEARS},
        "employed_18_64_pct": {y: {"mark": "withheld_by_source"} for y in YEARS},
        "basic_education_pct": {y: {"mark": "not_defined_that_year"} for y in YEARS},
        "gp_contacts_rate": {y: {"mark": "not_checkable"} for y in YEARS},
        "nonwestern_pct": {y: {"x": 1_600 + y - 2003, "n": 2_300 + 10 * (y - 2003)} for y in YEARS},
    }
    figures["move_out_pct"][2012] |= {
        "trend": "falling",
        "first_year": 2003,
        "change_first": -4.1,
        "change_first_low": -7.0,
        "change_first_high": -1.3,
        "change_year": -0.5,
        "change_year_low": -3.2,
        "change_year_high": 2.3,
    }
    watch = Watch(
        2012,
        Criterion("residents", ">=", 1000, 2390.0, None, True, 1390.0, False),
        (
            Criterion("outside_work_pct", ">", 40, 43.0, None, True, 3.0, False),
            Criterion("nonwestern_pct", ">", 50, 67.3, None, True, 17.3, False),
            Criterion("convicted_pct", ">", 2.7, None, "hidden", None, None, None),
        ),
        2,
        True,
        True,
        False,
        5,
        "Ghettoområde",
    )
    bispehaven = area(registry, "bispehaven", figures, watches=(watch,))
    target = TargetLine(
        "Helhedsplan Bispehaven",
        "1",
        "Færre flytter fra området",
        "move_out_pct",
        None,
        False,
        "down",
        bispehaven.figure("move_out_pct", 2006),
        2006,
        8.0,
        2014,
        bispehaven.figure("move_out_pct", 2012),
        9.4,
        "on_the_way",
        "interim",
        True,
    )
    hidden = TargetLine(
        "Helhedsplan Bispehaven",
        "2",
        None,
        "convicted_pct",
        None,
        False,
        "down",
        bispehaven.figure("convicted_pct", 2009),
        2009,
        None,
        2014,
        bispehaven.figure("convicted_pct", 2012),
        None,
        None,
        None,
        True,
    )
    bispehaven = replace(bispehaven, targets=(target, hidden))
    changes = (
        ChangeLine("Bispehaven", "residents", 2011, 2_379.0, None, 2_380.0, None),
        ChangeLine("Bispehaven", "convicted_pct", 2009, None, "not_delivered", None, "hidden"),
    )
    return make_extract(bispehaven, area(registry, "viby-syd", dwellings=1674), previous="2011-1", changes=changes)
