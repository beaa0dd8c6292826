"""The ledger: which delivery was seen when, and when a snapshot was published. Lines are added, never changed.

`<staging>/deliveries/ledger.jsonl` holds one event a line; beside it lie the deliveries themselves, named by their
hash. What had been received at a moment is what the events up to that moment say.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from flows.core.files import sync
from flows.intake.deliveries import Delivery

ARCHIVE = "deliveries"
FILE = "ledger.jsonl"


@dataclass(frozen=True)
class DeliveryLedger:
    """Events in the order in which they happened; `archive` is the folder of deliveries by hash."""

    archive: Path
    events: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def load(cls, staging: Path) -> Self:
        """The ledger of a staging folder. A last line that a killed run left unfinished does not count."""
        archive = staging / ARCHIVE
        try:
            text = (archive / FILE).read_bytes()
        except FileNotFoundError:
            return cls(archive)
        lines = text[: text.rfind(b"\n") + 1].splitlines()
        return cls(archive, tuple(json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")))

    def received(self, found: Sequence[Delivery], now: datetime) -> list[Delivery]:
        """Deliveries with the day on which each came to its path; one that comes again after another came anew."""
        newest = {version.path: version for version in self._arrivals()}
        received = []
        for delivery in found:
            there = newest.get(delivery.path)
            is_known = there is not None and there.identity == delivery.identity
            came_at = there.came_at if there and is_known else now
            is_resent = there.is_resent if there and is_known else there is not None
            day = (came_at or now).date()
            received.append(replace(delivery, received_on=day, came_at=came_at, is_resent=is_resent))
        return received

    def record(self, found: Sequence[Delivery], now: datetime) -> Self:
        """Note what is new and what is gone since the last event; the ledger with these events."""
        before = {versions[0].path: versions[0].identity for versions in self.at(now)}
        here = {delivery.path: delivery for delivery in found}
        news = [
            _event(
                "seen",
                now,
                path=path,
                source=d.source,
                identity=d.identity,
                sha256=d.fingerprint,
                beside=dict(d.hashes),
            )
            for path, d in sorted(here.items())
            if before.get(path) != d.identity
        ]
        news += [_event("gone", now, path=path) for path in sorted(before.keys() - here.keys())]
        return self._add(news)

    def published(self, snapshot: str, at: datetime) -> Self:
        """Note that a snapshot of the deliveries of this moment is in force; once."""
        event = _event("published", at, snapshot=snapshot)
        return self if event in self.events else self._add([event])

    def last_published(self, before: datetime) -> datetime | None:
        """The moment of the deliveries of the last snapshot that was published before this moment."""
        moments = [_moment(event) for event in self.events if event["event"] == "published"]
        return max((moment for moment in moments if moment < before), default=None)

    def at(self, moment: datetime) -> list[list[Delivery]]:
        """What had been received at a moment: for each path that was there its versions, the newest first."""
        versions: dict[str, list[Delivery]] = {}
        for version in self._arrivals(moment):
            older = [v for v in versions.get(version.path, []) if v.identity != version.identity]
            versions[version.path] = [version, *older]
        last = {
            event["path"]: event["event"]
            for event in self.events
            if event["event"] != "published" and _moment(event) <= moment
        }
        return [versions[path] for path in sorted(last) if last[path] == "seen"]

    def history(self, delivery: Delivery, moment: datetime) -> list[Delivery]:
        """Every version of a delivery that was received at its path by this moment, the oldest first, itself last."""
        seen = [version for version in self._arrivals(moment) if version.path == delivery.path]
        return [*(seen[:-1] if seen and seen[-1].identity == delivery.identity else seen), delivery]

    def _arrivals(self, moment: datetime | None = None) -> Iterator[Delivery]:
        """Versions, by this moment, that came to a path where another one, or none, had come last.

        A file that was gone for a time and is back unchanged has not arrived anew.
        """
        newest: dict[str, str] = {}
        for event in self.events:
            is_in_time = moment is None or _moment(event) <= moment
            if event["event"] == "seen" and is_in_time and newest.get(event["path"]) != event["identity"]:
                is_resent = event["path"] in newest
                newest[event["path"]] = event["identity"]
                yield replace(self._version(event), is_resent=is_resent)

    def _version(self, event: Mapping[str, Any]) -> Delivery:
        return Delivery(
            path=event["path"],
            file=self.archive / event["sha256"],
            source=event["source"],
            fingerprint=event["sha256"],
            beside={suffix: self.archive / sha256 for suffix, sha256 in event["beside"].items()},
            hashes=event["beside"],
            received_on=_moment(event).date(),
            came_at=_moment(event),
        )

    def _add(self, events: Sequence[Mapping[str, Any]]) -> Self:
        if not events:
            return self
        self.archive.mkdir(parents=True, exist_ok=True)
        file = self.archive / FILE
        text = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events).encode()
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, b"\n" + text if torn else text)
            os.fsync(handle)
        finally:
            os.close(handle)
        sync(self.archive)
        return replace(self, events=(*self.events, *events))


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def _event(event: str, at: datetime, **fields: Any) -> dict[str, Any]:
    return {"at": at.isoformat(), "event": event, **fields}


def _moment(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])
