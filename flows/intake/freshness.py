"""Whether each source's newest release has come in, by its calendar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from schemas.registry import Registry
from schemas.sources import Releases


@dataclass(frozen=True)
class Freshness:
    """What is known of a source's newest release.

    `not yet due`: what was released is here; `due`: released and not here, within the days of grace; `late`: after
    them; `revised`: here, and published anew since the release; `ended`: no further release is waited for.
    """

    source: str
    state: Literal["not yet due", "due", "late", "revised", "ended"]
    released_at: datetime | None
    next_at: datetime | None
    newest: date | None


def freshness(registry: Registry, deliveries: Iterable[Mapping[str, Any]], now: datetime) -> list[Freshness]:
    """The state of every source that has a calendar; `deliveries` are the entries of a manifest."""
    published: dict[str, list[date]] = {}
    for entry in deliveries:
        if entry.get("published_at"):
            published.setdefault(entry["source"], []).append(date.fromisoformat(entry["published_at"]))
    return [
        _of(source.id, source.releases, sorted(published.get(source.id, [])), now)
        for source in registry.sources.values()
        if source.releases
    ]


def late(registry: Registry, deliveries: Iterable[Mapping[str, Any]], now: datetime) -> dict[str, str]:
    """A sentence for each source that is late and has delivered before: since when, and what to do."""
    sentences = {}
    for source in freshness(registry, deliveries, now):
        if source.state == "late" and source.newest is not None:
            known = registry.sources[source.source]
            standing = f"released {source.released_at:%Y-%m-%d}, newest here {source.newest}"
            how = f"boligprofil fetch statbank --source {known.id}" if known.fetch else f"ask {known.publisher}"
            sentences[known.id] = f"{known.title} ({known.id}) is late: {standing}; {how}"
    return sentences


def _of(source: str, releases: Releases, published: list[date], now: datetime) -> Freshness:
    moments = _moments(releases, now)
    last = max((moment for moment in moments if moment <= now), default=None)
    coming = min((moment for moment in moments if moment > now), default=None)
    newest = published[-1] if published else None
    since = [day for day in published if last is None or day >= last.date()]
    if since or last is None:
        revised = last is not None and len(set(since)) > 1
        state: Literal["not yet due", "due", "late", "revised", "ended"] = "revised" if revised else "not yet due"
        return Freshness(source, "ended" if coming is None and not revised else state, last, coming, newest)
    state = "due" if now - last <= timedelta(days=releases.grace_days) else "late"
    return Freshness(source, state, last, coming, newest)


def _moments(releases: Releases, now: datetime) -> list[datetime]:
    """The releases of last year, this year and the next, at the hour and in the time zone of the source."""
    hour, minute = (int(part) for part in releases.hour.split(":"))
    years = [year for year in range(now.year - 1, now.year + 2) if year in releases.years]
    if releases.years.last is not None and releases.years.last < now.year - 1:
        years = [releases.years.last]
    days = (date.fromisoformat(f"{year}-{day}") for year in years for day in releases.days)
    zone = ZoneInfo(releases.zone)
    return [datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone) for day in days]
