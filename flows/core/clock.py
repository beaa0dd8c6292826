"""The clock: whether a moment can be the one that it says, by what was dated before and by the day of the software."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from schemas.sources import NightLimits

VERSION = "the version of the software"
# A version is the day of its release where it was made; the clock is in UTC.
DAY = timedelta(days=1)


class WrongClock(RuntimeError):
    """The clock says a moment that cannot be; nothing may be dated by it."""


def released_on(version: str) -> datetime | None:
    """The day of a version such as 2026.12.1 or 2026.12.1.1, None where it is no day."""
    try:
        year, month, day = (int(part) for part in version.split(".")[:3])
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def doubt(now: datetime, recorded: Mapping[str, datetime], limits: NightLimits) -> str:
    """Why `now` cannot be, with both moments; empty where it can.

    `recorded` are the newest moments that were dated before, by what was dated; of VERSION it is the day.
    """
    dated = {what: moment for what, moment in recorded.items() if what != VERSION}
    if dated:
        what, newest = max(dated.items(), key=lambda item: (item[1], item[0]))
        if now < newest - timedelta(minutes=limits.clock_jitter_minutes):
            return f"the clock says {_shown(now)}, and {what} is dated later: {_shown(newest)}"
        if now > newest + timedelta(days=limits.clock_max_days):
            days = f"{(now - newest).days:,} days later, and at most {limits.clock_max_days} are believed"
            return f"the clock says {_shown(now)}; the last that was dated is {what}, {_shown(newest)}: {days}"
    released = recorded.get(VERSION)
    if released is not None and now < released - DAY:
        return f"the clock says {_shown(now)}, and {VERSION} is of a later day: {released:%Y-%m-%d}"
    return ""


def later(now: datetime, recorded: Mapping[str, datetime]) -> dict[str, datetime]:
    """What was dated later than `now`."""
    return {what: moment for what, moment in recorded.items() if moment > now}


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
