"""The words of the pages: every value of a mart has some, and figures read as Danes write them."""

import pytest

from flows.present import danish, vocabulary
from schemas import labels
from schemas.registry import Registry


@pytest.mark.parametrize(("count", "said"), [(0, "0 planer"), (1, "1 plan"), (2, "2 planer"), (1072, "1.072 planer")])
def test_many(count: int, said: str) -> None:
    assert danish.many(count, "plan", "planer") == said


@pytest.mark.parametrize(
    ("parts", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a og b"), (["a", "b", "c"], "a, b og c")]
)
def test_listed(parts: list[str], said: str) -> None:
    assert danish.listed(parts) == said


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
    assert danish.years(found) == said


@pytest.mark.parametrize(
    ("low", "high", "said"), [(-4.11, 0.3, "−4,1 til +0,3"), (None, 0.3, "–"), (-0.04, 1.0, "0,0 til +1,0")]
)
def test_an_interval_of_a_change(registry: Registry, low: float | None, high: float | None, said: str) -> None:
    assert danish.span(low, high, registry.indicators["outside_work_pct"]) == said


def test_one_contact_per_resident_is_no_per_1(registry: Registry) -> None:
    assert danish.valued(6.25, registry.indicators["gp_contacts_rate"]) == "6,25 pr. beboer"
    assert danish.valued(1072.5, registry.indicators["burglary_rate"]) == "1.072,5 pr. 1.000"


@pytest.mark.parametrize(
    ("mart", "column", "said"),
    [
        ("target_progress", "target_verdict", vocabulary.VERDICTS),
        ("target_progress", "target_verdict", vocabulary.SIGNS),
        ("target_progress", "target_verdict", vocabulary.MEANINGS),
        ("target_progress", "verdict_kind", vocabulary.KINDS),
        ("target_progress", "verdict_kind", vocabulary.KIND_MEANINGS),
        ("target_progress", "missing_reason", vocabulary.MISSING),
        ("target_progress", "status", vocabulary.STATUSES),
        ("target_progress", "twin_change_missing_reason", vocabulary.TWINS_MISSING),
        ("dim_targets", "not_measurable_because", vocabulary.NOT_MEASURABLE),
        ("dim_targets", "start_check", vocabulary.START_CHECKS),
        ("dim_targets", "direction", vocabulary.DIRECTIONS),
        ("plan_change_theory", "link_source", vocabulary.LINK_SOURCES),
        ("data_overview", "gap", vocabulary.GAPS),
        ("dim_indicators", "indicator_group", labels.OUTCOME_GROUPS),
    ],
)
def test_every_value_of_a_mart_has_words(registry: Registry, mart: str, column: str, said: dict[str, str]) -> None:
    described = next(entry for entry in registry.marts[mart].columns if entry.name == column)
    assert registry.allowed(described), f"{mart}.{column} allows anything"
    assert set(registry.allowed(described)) == set(said)


def test_whatever_is_counted_has_words(registry: Registry) -> None:
    assert {indicator.count_basis for indicator in registry.indicators.values()} <= set(labels.COUNTED)


def test_signs_tell_verdicts_apart() -> None:
    assert len(set(vocabulary.SIGNS.values())) == len(vocabulary.SIGNS)


def test_a_sentence_begins_large_and_ends() -> None:
    assert danish.sentence("planen selv") == "Planen selv."
    assert danish.sentence("Er det nok?") == "Er det nok?"


def test_reasons_are_written_as_the_senders_choose_them(registry: Registry) -> None:
    columns = {column.to: column for column in registry.layouts["plan_targets"].columns}
    chosen = {code: label for label, code in columns["not_measurable_because"].values.items()}
    assert chosen == vocabulary.NOT_MEASURABLE
    assert {code: label for label, code in columns["direction"].values.items()} == vocabulary.DIRECTIONS
