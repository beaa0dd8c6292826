"""Every value of a mart has words, and each word is its own."""

import pytest

from flows.present import vocabulary
from schemas import labels
from schemas.registry import Registry


@pytest.mark.parametrize(
    ("mart", "column", "words"),
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
def test_every_value_of_a_mart_has_words(registry: Registry, mart: str, column: str, words: dict[str, str]) -> None:
    described = next(entry for entry in registry.marts[mart].columns if entry.name == column)
    assert registry.allowed(described), f"{mart}.{column} allows anything"
    assert set(registry.allowed(described)) == set(words)


def test_whatever_is_counted_has_words(registry: Registry) -> None:
    assert {indicator.count_basis for indicator in registry.indicators.values()} <= set(labels.COUNTED)


def test_signs_tell_verdicts_apart() -> None:
    assert len(set(vocabulary.SIGNS.values())) == len(vocabulary.SIGNS)


def test_reasons_are_written_as_the_senders_choose_them(registry: Registry) -> None:
    columns = {column.to: column for column in registry.layouts["plan_targets"].columns}
    chosen = {code: label for label, code in columns["not_measurable_because"].values.items()}
    assert chosen == vocabulary.NOT_MEASURABLE
    assert {code: label for label, code in columns["direction"].values.items()} == vocabulary.DIRECTIONS
