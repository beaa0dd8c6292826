"""Figures read as Danes write them."""

import pytest

from flows.present import notation
from schemas.registry import Registry


@pytest.mark.parametrize(("count", "text"), [(0, "0 planer"), (1, "1 plan"), (2, "2 planer"), (1072, "1.072 planer")])
def test_many(count: int, text: str) -> None:
    assert notation.many(count, "plan", "planer") == text


@pytest.mark.parametrize(
    ("parts", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a og b"), (["a", "b", "c"], "a, b og c")]
)
def test_listed(parts: list[str], text: str) -> None:
    assert notation.listed(parts) == text


@pytest.mark.parametrize(
    ("years", "text"),
    [
        ([], ""),
        ([2010], "2010"),
        ([2010, 2011], "2010 og 2011"),
        ([2012, 2010, 2011, 2010], "2010–2012"),
        ([2008, 2010, 2011, 2012], "2008 og 2010–2012"),
        ([2008, 2010, 2011, 2013], "2008, 2010, 2011 og 2013"),
    ],
)
def test_years(years: list[int], text: str) -> None:
    assert notation.years(years) == text


@pytest.mark.parametrize(
    ("low", "high", "text"), [(-4.11, 0.3, "−4,1 til +0,3"), (None, 0.3, "–"), (-0.04, 1.0, "0,0 til +1,0")]
)
def test_an_interval_of_a_change(registry: Registry, low: float | None, high: float | None, text: str) -> None:
    assert notation.span(low, high, registry.indicators["outside_work_pct"]) == text


def test_one_contact_per_resident_is_no_per_1(registry: Registry) -> None:
    assert notation.valued(6.25, registry.indicators["gp_contacts_rate"]) == "6,25 pr. beboer"
    assert notation.valued(1072.5, registry.indicators["burglary_rate"]) == "1.072,5 pr. 1.000"


def test_a_sentence_begins_large_and_ends() -> None:
    assert notation.sentence("planen selv") == "Planen selv."
    assert notation.sentence("Er det nok?") == "Er det nok?"
