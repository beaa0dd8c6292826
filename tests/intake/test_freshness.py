"""Not yet due, due, late, revised: by the source's calendar, its hour and its time zone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from flows.intake.freshness import Freshness, freshness
from schemas.registry import Registry
from schemas.sources import Releases


def states(registry: Registry, published: list[str], now: str, **change: Any) -> Freshness:
    calendar = Releases.model_validate({"days": ["02-11", "08-11"], "grace_days": 10, "years": {"from": 2008}} | change)
    source = registry.sources["population"].model_copy(update={"releases": calendar})
    entries = [{"source": "population", "published_at": day} for day in published]
    known = registry.model_copy(update={"sources": {"population": source}})
    (found,) = freshness(known, entries, datetime.fromisoformat(now).replace(tzinfo=UTC))
    return found


@pytest.mark.parametrize(
    ("published", "now", "state"),
    [
        (["2026-02-11"], "2026-08-10T12:00", "not yet due"),
        # 08:00 in Copenhagen in August is 06:00 UTC
        (["2026-02-11"], "2026-08-11T05:59", "not yet due"),
        (["2026-02-11"], "2026-08-11T06:00", "due"),
        (["2026-02-11"], "2026-08-21T06:00", "due"),
        (["2026-02-11"], "2026-08-21T06:01", "late"),
        (["2026-02-11", "2026-08-11"], "2026-08-21T06:01", "not yet due"),
        (["2026-08-11", "2026-09-03"], "2026-10-01T00:00", "revised"),
        ([], "2026-10-01T00:00", "late"),
    ],
)
def test_a_source_is_as_fresh_as_its_calendar_says(
    registry: Registry, published: list[str], now: str, state: str
) -> None:
    assert states(registry, published, now).state == state


def test_the_next_release_and_the_newest_are_told(registry: Registry) -> None:
    found = states(registry, ["2026-02-11"], "2026-08-10T12:00")
    assert (str(found.next_at), str(found.newest)) == ("2026-08-11 08:00:00+02:00", "2026-02-11")


def test_a_calendar_that_has_ended_waits_for_nothing(registry: Registry) -> None:
    found = states(registry, ["2015-08-11"], "2026-08-10T12:00", years={"from": 2008, "to": 2015})
    assert (found.state, found.next_at) == ("ended", None)
    assert states(registry, [], "2026-08-10T12:00", years={"from": 2008, "to": 2015}).state == "late"


@pytest.mark.parametrize(
    ("change", "why"),
    [({"days": ["02-30"]}, "day"), ({"hour": "8"}, "hour"), ({"zone": "Europe/Kobenhavn"}, "no time zone")],
)
def test_a_calendar_that_cannot_be_is_refused(registry: Registry, change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        states(registry, [], "2026-08-10T12:00", **change)
