"""The clock: earlier than what was dated, much later, or before the software was made."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.core.clock import VERSION, doubt, later, released_on
from schemas.sources import NightLimits

LIMITS = NightLimits(
    max_gone_share=0.2,
    min_rows_share=0.9,
    few_rows=5,
    clock_jitter_minutes=10,
    clock_max_days=400,
    memory_megabytes=600,
    memory_share=0.3,
)
LAST = datetime(2026, 11, 29, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "is_doubted"),
    [
        (timedelta(), False),
        (timedelta(minutes=-10), False),
        (timedelta(minutes=-11), True),
        (timedelta(days=-3000), True),
        (timedelta(days=1), False),
        (timedelta(days=400), False),
        (timedelta(days=400, minutes=1), True),
        (timedelta(days=36500), True),
    ],
)
def test_a_moment_is_held_against_what_was_dated_last(after: timedelta, is_doubted: bool) -> None:
    recorded = {"snapshot a": LAST, "the ledger": LAST - timedelta(days=2)}
    words = doubt(LAST + after, recorded, LIMITS)
    assert bool(words) == is_doubted
    if is_doubted:
        assert "2026-11-29 03:10 UTC" in words
        assert "snapshot a" in words
        assert f"{LAST + after:%Y-%m-%d %H:%M} UTC" in words


def test_before_the_software_was_made_nothing_is_dated() -> None:
    made = {VERSION: datetime(2026, 12, 1, tzinfo=UTC)}
    assert doubt(datetime(2026, 11, 30, tzinfo=UTC), made, LIMITS) == ""
    words = doubt(datetime(2026, 11, 29, 23, 59, tzinfo=UTC), made, LIMITS)
    assert "2026-11-29 23:59 UTC" in words
    assert "of a later day: 2026-12-01" in words
    # The software may be old: its day says nothing of how late it may be.
    assert doubt(datetime(2036, 1, 1, tzinfo=UTC), made, LIMITS) == ""
    assert doubt(LAST, {}, LIMITS) == ""


@pytest.mark.parametrize(
    ("version", "day"),
    [("2026.12.1", (2026, 12, 1)), ("2026.12.1.1", (2026, 12, 1)), ("1.0", None), ("2026.13.1", None), ("x", None)],
)
def test_a_version_is_a_day(version: str, day: tuple[int, int, int] | None) -> None:
    assert released_on(version) == (None if day is None else datetime(*day, tzinfo=UTC))


@given(
    st.lists(st.integers(-10_000_000, 10_000_000).map(lambda minutes: LAST + timedelta(minutes=minutes)), min_size=1)
)
def test_the_newest_of_what_was_dated_decides(moments: list[datetime]) -> None:
    recorded = {str(number): moment for number, moment in enumerate(moments)}
    newest = max(moments)
    assert doubt(newest, recorded, LIMITS) == ""
    assert doubt(newest - timedelta(minutes=11), recorded, LIMITS) != ""
    assert set(later(newest - timedelta(seconds=1), recorded).values()) == {newest}
