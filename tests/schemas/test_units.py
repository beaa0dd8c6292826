"""The unit of an indicator is said in the registry, and every reader prints that."""

import pytest
from pydantic import ValidationError

from flows.extracts import phrases
from flows.present import notation
from schemas.indicators import Indicator
from schemas.loading import load
from schemas.registry import Registry

# indicator: the figure 41.26 with its unit; the unit in a definition; a change of -3; the figure in a sentence.
PRINTED = {
    "outside_work_pct": ("41,3 %", "procent", "−3,0 procentpoint", "41,3 procent"),
    "convicted_pct": ("41,26 %", "procent", "−3,00 procentpoint", "41,26 procent"),
    "income_region_pct": (
        "41,3 % af regionens",
        "procent af regionens",
        "−3,0 procentpoint",
        "41,3 procent af regionens",
    ),
    "hospital_admissions_rate": ("41,3 pr. 1.000", "pr. 1.000", "−3,0 pr. 1.000", "41,3"),
    "waiting_list_rate": ("41,3 pr. 100", "pr. 100", "−3,0 pr. 100", "41,3"),
    "gp_contacts_rate": ("41,26 pr. beboer", "pr. beboer", "−3,00 pr. beboer", "41,26"),
    "residents": ("41 personer", "antal personer", "−3 personer", "41"),
    "dwellings": ("41 boliger", "antal boliger", "−3 boliger", "41"),
    "gross_income_dkk": ("41 kr.", "kroner i gennemsnit", "−3 kr.", "41 kroner"),
    "rent_dkk_m2": ("41 kr. pr. m²", "kroner i gennemsnit", "−3 kr. pr. m²", "41 kroner"),
    "house_price_dkk_m2": ("41 kr. pr. m²", "kroner i gennemsnit", "−3 kr. pr. m²", "41 kroner"),
    "social_assistance_recipients": (
        "41 fuldtidspersoner",
        "fuldtidspersoner i gennemsnit",
        "−3 fuldtidspersoner",
        "41 fuldtidspersoner",
    ),
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load()


@pytest.mark.parametrize("name", PRINTED)
def test_a_figure_is_printed_with_its_indicators_unit(registry: Registry, name: str) -> None:
    indicator = registry.indicators[name]
    assert PRINTED[name] == (
        notation.valued(41.26, indicator),
        indicator.unit_da,
        notation.changed(-3, indicator),
        phrases.amount(41.26, indicator),
    )


def test_every_kind_is_in_the_table(registry: Registry) -> None:
    kinds = {(i.kind, i.count_basis == "money") for i in registry.indicators.values()}
    assert {(i.kind, i.count_basis == "money") for i in map(registry.indicators.get, PRINTED) if i} == kinds


# indicator, and a unit that belongs to another kind.
CONTRADICTIONS = [
    ("outside_work_pct", {"unit": "persons"}),
    ("outside_work_pct", {"unit_da": "antal personer"}),
    ("outside_work_pct", {"unit_short_da": "kr."}),
    ("income_region_pct", {"unit_short_da": "%"}),
    ("income_region_pct", {"unit": "percent"}),
    ("hospital_admissions_rate", {"unit": "admissions per 100 residents"}),
    ("hospital_admissions_rate", {"unit_da": "pr. 100"}),
    ("hospital_admissions_rate", {"unit_short_da": "pr. 1x000"}),
    ("hospital_admissions_rate", {"unit_short_da": "pr. 1.0001"}),
    ("waiting_list_rate", {"unit_short_da": "pr. 1.000"}),
    ("waiting_list_rate", {"unit": "applicants per 1000 dwellings"}),
    ("gp_contacts_rate", {"unit_short_da": "pr. 1"}),
    ("gp_contacts_rate", {"unit": "contacts"}),
    ("gp_contacts_rate", {"unit": "contacts per 100 residents"}),
    ("residents", {"unit": "percent"}),
    ("residents", {"unit": "persons per dwelling"}),
    ("residents", {"unit_da": "antal boliger"}),
    ("residents", {"unit_short_da": "kr."}),
    ("gross_income_dkk", {"unit": "persons"}),
    ("gross_income_dkk", {"unit_short_da": "personer"}),
    ("social_assistance_recipients", {"unit": "DKK per person"}),
    ("social_assistance_recipients", {"unit_da": "kroner i gennemsnit"}),
    ("social_assistance_recipients", {"unit_short_da": "kr."}),
]


@pytest.mark.parametrize(("name", "wrong"), CONTRADICTIONS)
def test_a_unit_of_another_kind_is_an_error(registry: Registry, name: str, wrong: dict[str, str]) -> None:
    written = registry.indicators[name].model_dump()
    assert Indicator.model_validate(written)
    with pytest.raises(ValidationError, match=f"{next(iter(wrong))} .* is no unit of a"):
        Indicator.model_validate({**written, **wrong})


@pytest.mark.parametrize("name", ["income_region_pct", "gp_contacts_rate", "gross_income_dkk"])
def test_a_unit_that_does_not_follow_from_the_kind_is_written(registry: Registry, name: str) -> None:
    written = registry.indicators[name].model_dump(exclude={"unit_short_da"})
    with pytest.raises(ValidationError, match="unit_short_da"):
        Indicator.model_validate(written)
