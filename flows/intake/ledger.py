"""The ledger: which delivery was seen when, and when a snapshot was published. Lines are added, never changed.

`<staging>/deliveries/ledger.jsonl` holds one event a line; beside it lie the deliveries themselves, named by their
hash. What had been received at a moment is what the events up to that moment say.

seen        a delivery came to its path
gone        it is not there any more
published   a snapshot of the deliveries of this moment is in force
clock       somebody said that the clock is right: what was dated later before this line counts as of its moment
broken      which lines cannot be read; the night has said so

An event that was `healed` was not noted when it happened, but learned from what else is known; it counts as of its
moment.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from flows.core.files import sync
from flows.intake.deliveries import Delivery

ARCHIVE = "deliveries"
FILE = "ledger.jsonl"


REQUIRED = {
    "seen": ("path", "source", "identity", "sha256", "beside"),
    "gone": ("path",),
    "published": ("snapshot",),
    "clock": ("later",),
    "broken": ("lines",),
}


@dataclass(frozen=True)
class DeliveryLedger:
    """Events in the order in which they happened; `archive` is the folder of deliveries by hash.

    `broken` are the lines that cannot be read: cut, or left unfinished by a killed run.
    """

    archive: Path
    events: tuple[Mapping[str, Any], ...] = ()
    broken: tuple[int, ...] = ()
    # What had arrived by a moment, found once: a night asks it of each delivery, and the ledger grows for years.
    _found: dict[datetime | None, dict[str, list[Delivery]]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(cls, staging: Path) -> Self:
        """The ledger of a staging folder. A line that cannot be read does not count."""
        archive = staging / ARCHIVE
        try:
            lines = (archive / FILE).read_bytes().split(b"\n")
        except FileNotFoundError:
            return cls(archive)
        read = [_read(line) for line in lines[:-1]]
        # The last line has no end yet, so that nothing says that it is whole.
        unread = [number for number, event in enumerate(read, start=1) if event is None and lines[number - 1]]
        unread += [len(lines)] if lines[-1] else []
        return cls(archive, _in_order([event for event in read if event is not None]), tuple(unread))

    @property
    def untold(self) -> tuple[int, ...]:
        """The broken lines of which no night has said so yet."""
        known = {number for event in self.events if event["event"] == "broken" for number in event["lines"]}
        return tuple(number for number in self.broken if number not in known)

    @property
    def newest(self) -> datetime | None:
        """The latest moment that anything in it is dated; None where nothing is."""
        return max(map(_moment, self.events), default=None)

    def is_declared(self, what: str, moment: datetime) -> bool:
        """Whether somebody said that the clock was wrong when this was dated."""
        later = (event["later"] for event in self.events if event["event"] == "clock")
        return any(dated.get(what) == moment.isoformat() for dated in later)

    def set_right(self, now: datetime, later: Mapping[str, datetime]) -> Self:
        """Note that the clock is right now, and what is dated `later` by a clock that was wrong."""
        dated = {what: moment.isoformat() for what, moment in sorted(later.items())}
        return self._add([_event("clock", now, later=dated)])

    def received(self, found: Sequence[Delivery], now: datetime) -> list[Delivery]:
        """Deliveries with the day on which each came to its path; one that comes again after another came anew."""
        arrived = self._arrivals()
        received = []
        for delivery in found:
            there = arrived[delivery.path][-1] if delivery.path in arrived else None
            is_known = there is not None and there.identity == delivery.identity
            came_at = there.came_at if there and is_known else now
            is_resent = there.is_resent if there and is_known else there is not None
            day = (came_at or now).date()
            received.append(replace(delivery, received_on=day, came_at=came_at, is_resent=is_resent))
        return received

    def record(self, found: Sequence[Delivery], now: datetime) -> Self:
        """Note what is new and what is gone since the last event; the ledger with these events."""
        arrived = self._arrivals(now)
        before = {path: arrived[path][-1].identity for path, last in self._last(now).items() if last == "seen"}
        here = {delivery.path: delivery for delivery in found}
        news = [
            _seen(delivery, now) for path, delivery in sorted(here.items()) if before.get(path) != delivery.identity
        ]
        news += [_event("gone", now, path=path) for path in sorted(before.keys() - here.keys())]
        return self._add(news)

    def published(self, snapshot: str, at: datetime) -> Self:
        """Note that a snapshot of the deliveries of this moment is in force; once."""
        noted = {(event["snapshot"], event["at"]) for event in self.events if event["event"] == "published"}
        return self if (snapshot, at.isoformat()) in noted else self._add([_event("published", at, snapshot=snapshot)])

    def healed(self, manifests: Sequence[Mapping[str, Any]], now: datetime) -> tuple[Self, tuple[str, ...]]:
        """The ledger with what the manifests of kept snapshots know and it does not, and sentences that say so.

        What a manifest does not say of a delivery, when it came and what lay beside it, is taken from the manifest's
        moment, and as nothing. Lines that cannot be read stay as they are.
        """
        lost, sentences = self._missing(manifests, now), []
        if paths := {event["path"] for event in lost if event["event"] == "seen"}:
            sentences.append(
                f"{self.archive / FILE} had lost when {len(paths)} deliveries came; noted again from the manifests of "
                "older snapshots. Versions that no snapshot holds any more are not known: bring the file back from "
                "its backup if there is one"
            )
        if self.untold:
            numbers = ", ".join(map(str, self.untold))
            sentences.append(f"{self.archive / FILE}, line {numbers}: cut or unfinished, so it does not count")
            lost.append(_event("broken", now, lines=list(self.untold)))
        return self._add(lost), tuple(sentences)

    def lacks(self, manifests: Sequence[Mapping[str, Any]], now: datetime) -> bool:
        """Whether manifests of kept snapshots know of a delivery or a snapshot, and it does not."""
        return bool(self._missing(manifests, now))

    def _missing(self, manifests: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
        """Events of deliveries and snapshots that manifests know of and no event tells of."""
        known = {event["snapshot"] for event in self.events if event["event"] == "published"}
        published = [
            _event("published", min(datetime.fromisoformat(m["as_of"]), now), snapshot=m["snapshot"], healed=True)
            for m in manifests
            if m["snapshot"] not in known
        ]
        return [*self._unseen(manifests, now), *published]

    def _unseen(self, manifests: Sequence[Mapping[str, Any]], now: datetime) -> Iterator[dict[str, Any]]:
        """Events of deliveries that manifests hold and no event tells of, the oldest first."""
        known = {(event["path"], event["sha256"]) for event in self.events if event["event"] == "seen"}
        for manifest in sorted(manifests, key=lambda manifest: str(manifest["as_of"])):
            for entry in manifest["deliveries"]:
                path, sha256 = entry["path"], entry.get("sha256", "")
                if not sha256 or (path, sha256) in known:
                    continue
                known.add((path, sha256))
                at = min(datetime.fromisoformat(entry.get("came_at") or manifest["as_of"]), now)
                delivery = Delivery(path, Path(), entry.get("source"), sha256, hashes=entry.get("beside", {}))
                yield _seen(delivery, at, healed=True)

    def last_published(self, before: datetime) -> datetime | None:
        """The moment of the deliveries of the last snapshot that was published before this moment."""
        moments = [_moment(event) for event in self.events if event["event"] == "published"]
        return max((moment for moment in moments if moment < before), default=None)

    def at(self, moment: datetime) -> list[list[Delivery]]:
        """What had been received at a moment: for each path that was there its versions, the newest first."""
        last, arrived = self._last(moment), self._arrivals(moment)
        return [_versions(arrived[path]) for path in sorted(last) if last[path] == "seen"]

    def gone(self, moment: datetime) -> list[Delivery]:
        """The last version of every delivery that had been there before this moment, and then was not."""
        last, arrived = self._last(moment), self._arrivals(moment)
        return [arrived[path][-1] for path in sorted(last) if last[path] == "gone" and path in arrived]

    def _last(self, moment: datetime) -> dict[str, str]:
        """Whether each path was seen last by this moment, or gone."""
        return {
            event["path"]: event["event"]
            for event in self.events
            if event["event"] in ("seen", "gone") and _moment(event) <= moment
        }

    def history(self, delivery: Delivery, moment: datetime) -> list[Delivery]:
        """Every version of a delivery that was received at its path by this moment, the oldest first, itself last."""
        seen = self._arrivals(moment).get(delivery.path, [])
        return [*(seen[:-1] if seen and seen[-1].identity == delivery.identity else seen), delivery]

    def _arrivals(self, moment: datetime | None = None) -> Mapping[str, Sequence[Delivery]]:
        """By path, the versions that came there, by this moment, where another one, or none, had come last.

        A file that was gone for a time and is back unchanged has not arrived anew.
        """
        if moment in self._found:
            return self._found[moment]
        newest: dict[str, str] = {}
        arrived: dict[str, list[Delivery]] = {}
        for event in self.events:
            if event["event"] != "seen" or newest.get(event["path"]) == event["identity"]:
                continue
            if moment is None or _moment(event) <= moment:
                newest[event["path"]] = event["identity"]
                of_path = arrived.setdefault(event["path"], [])
                of_path.append(self._version(event, is_resent=bool(of_path)))
        self._found[moment] = arrived
        return arrived

    def _version(self, event: Mapping[str, Any], is_resent: bool) -> Delivery:
        return Delivery(
            path=event["path"],
            file=self.archive / event["sha256"],
            source=event["source"],
            fingerprint=event["sha256"],
            beside={suffix: self.archive / sha256 for suffix, sha256 in event["beside"].items()},
            hashes=event["beside"],
            received_on=_moment(event).date(),
            came_at=_moment(event),
            is_resent=is_resent,
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
        return replace(self, events=_in_order([*self.events, *events]), _found={})


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def _event(event: str, at: datetime, **fields: Any) -> dict[str, Any]:
    return {"at": at.isoformat(), "event": event, **fields}


def _seen(delivery: Delivery, at: datetime, **fields: Any) -> dict[str, Any]:
    return _event(
        "seen",
        at,
        path=delivery.path,
        source=delivery.source,
        identity=delivery.identity,
        sha256=delivery.fingerprint,
        beside=dict(delivery.hashes),
        **fields,
    )


def _versions(arrived: Sequence[Delivery]) -> list[Delivery]:
    """Each version once, where it came last, the newest first."""
    versions: dict[str, Delivery] = {}
    for version in arrived:
        versions.pop(version.identity, None)
        versions[version.identity] = version
    return list(reversed(versions.values()))


def _read(line: bytes) -> dict[str, Any] | None:
    """The event of a line, None where it is none that can be read."""
    try:
        event = json.loads(line)
        whole = all(name in event for name in REQUIRED[event["event"]])
        is_dated = datetime.fromisoformat(event["at"]).tzinfo is not None
    except (ValueError, KeyError, TypeError):
        return None
    return event if whole and is_dated else None


def _in_order(events: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Events as they happened: what a wrong clock dated as of the moment it was set right, the healed by date."""
    right: datetime | None = None
    counted = []
    for event in reversed(events):
        is_late = right is not None and _moment(event) > right
        counted.append({**event, "counts_at": right.isoformat()} if right and is_late else event)
        if event["event"] == "clock":
            right = min(right or _moment(event), _moment(event))
    placed, newest = [], datetime.min.replace(tzinfo=UTC)
    for event in reversed(counted):
        is_healed = bool(event.get("healed"))
        newest = newest if is_healed else max(newest, _moment(event))
        placed.append((_moment(event) if is_healed else newest, not is_healed, event))
    return tuple(event for _, _, event in sorted(placed, key=lambda place: place[:2]))


def _moment(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event.get("counts_at") or event["at"])
