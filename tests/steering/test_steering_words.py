"""The words of the pages: every value of a mart has some, and figures read as Danes write them."""

import pytest

from flows import notation
from flows.steering import words
from schemas import danish
from schemas.registry import Registry


@pytest.mark.parametrize(("count", "said"), [(0, "0 planer"), (1, "1 plan"), (2, "2 planer"), (1072, "1.072 planer")])
def test_many(count: int, said: str) -> None:
    assert notation.many(count, "plan", "planer") == said


@pytest.mark.parametrize(
    ("parts", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a og b"), (["a", "b", "c"], "a, b og c")]
)
def test_listed(parts: list[str], said: str) -> None:
    assert notation.listed(parts) == said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], ""),
        ([2010], "2010"),
        ([2010, 2011], "2010 og 2011"),
        ([2012, 2010, 2011, 2010], "2010–2012"),
        ([2008, 2010, 2011, 2012], "2008 og 2010–2012"),
        ([2008, 2010, 2011, 2013], "2008, 2010, 2011 og 2013"),
    ],
)
def test_years(found: list[int], said: str) -> None:
    assert notation.years(found) == said


@pytest.mark.parametrize(
    ("low", "high", "said"), [(-4.11, 0.3, "−4,1 til +0,3"), (None, 0.3, "–"), (-0.04, 1.0, "0,0 til +1,0")]
)
def test_an_interval_of_a_change(registry: Registry, low: float | None, high: float | None, said: str) -> None:
    assert notation.span(low, high, registry.indicators["outside_work_pct"]) == said


def test_one_contact_per_resident_is_no_per_1(registry: Registry) -> None:
    assert notation.valued(6.25, registry.indicators["gp_contacts_rate"]) == "6,25 pr. beboer"
    assert notation.valued(1072.5, registry.indicators["burglary_rate"]) == "1.072,5 pr. 1.000"


@pytest.mark.parametrize(
    ("mart", "column", "said"),
    [
        ("target_progress", "target_verdict", words.VERDICTS),
        ("target_progress", "target_verdict", words.SIGNS),
        ("target_progress", "target_verdict", words.MEANINGS),
        ("target_progress", "verdict_kind", words.KINDS),
        ("target_progress", "verdict_kind", words.KIND_MEANINGS),
        ("target_progress", "missing_reason", words.MISSING),
        ("target_progress", "status", words.STATUSES),
        ("target_progress", "twin_change_missing_reason", words.TWINS_MISSING),
        ("dim_targets", "not_measurable_because", words.NOT_MEASURABLE),
        ("dim_targets", "start_check", words.START_CHECKS),
        ("dim_targets", "direction", words.DIRECTIONS),
        ("plan_change_theory", "link_source", words.LINK_SOURCES),
        ("data_overview", "gap", words.GAPS),
        ("dim_indicators", "indicator_group", danish.OUTCOME_GROUPS),
    ],
)
def test_every_value_of_a_mart_has_words(registry: Registry, mart: str, column: str, said: dict[str, str]) -> None:
    described = next(entry for entry in registry.marts[mart].columns if entry.name == column)
    assert registry.allowed(described), f"{mart}.{column} allows anything"
    assert set(registry.allowed(described)) == set(said)


def test_whatever_is_counted_has_words(registry: Registry) -> None:
    assert {indicator.count_basis for indicator in registry.indicators.values()} <= set(danish.COUNTED)


def test_signs_tell_verdicts_apart() -> None:
    assert len(set(words.SIGNS.values())) == len(words.SIGNS)


def test_a_sentence_begins_large_and_ends() -> None:
    assert notation.sentence("planen selv") == "Planen selv."
    assert notation.sentence("Er det nok?") == "Er det nok?"


def test_reasons_are_written_as_the_senders_choose_them(registry: Registry) -> None:
    columns = {column.to: column for column in registry.layouts["plan_targets"].columns}
    chosen = {code: label for label, code in columns["not_measurable_because"].values.items()}
    assert chosen == words.NOT_MEASURABLE
    assert {code: label for label, code in columns["direction"].values.items()} == words.DIRECTIONS
