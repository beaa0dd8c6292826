"""What the catalogue of a snapshot tells: its marts and where their columns come from, sources, runs, quarantine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from flows.catalogue import lineage
from flows.catalogue.lineage import Origin
from flows.intake import quarantine
from flows.intake.freshness import Freshness, freshness
from flows.marts import queries
from flows.publish import differences, runs, snapshots
from flows.publish.differences import Differences
from flows.publish.runs import Run
from flows.publish.snapshots import Snapshot
from schemas.registry import Registry


@dataclass(frozen=True)
class SourceStatus:
    """A source that has delivered or has a calendar: its state by the calendar, what it delivered, what is gone."""

    id: str
    title: str
    publisher: str
    state: str
    newest: str
    next_at: str
    deliveries: int
    rows: int
    set_aside: int
    refused: int
    gone: int


@dataclass(frozen=True)
class OpenFaults:
    """What is open in quarantine of one sender: deliveries, rows by rule, since when."""

    sender: str
    deliveries: int
    items: int
    rules: tuple[tuple[str, int], ...]
    since: str


@dataclass(frozen=True)
class House:
    """Who publishes and whom to ask, as `name` or `name <address>`; empty where nobody has said so."""

    publisher: str = ""
    contact: str = ""

    @property
    def lacks(self) -> tuple[str, ...]:
        """The settings that nobody has made."""
        made = {"BOLIGPROFIL_PUBLISHER": self.publisher, "BOLIGPROFIL_CONTACT": self.contact}
        return tuple(name for name, words in made.items() if not words.strip())


@dataclass(frozen=True)
class Catalogue:
    """A snapshot, the registry that describes it, the moment of telling, where quarantine lies, and whose it is."""

    snapshot: Snapshot
    registry: Registry
    marts_folder: Path
    quarantine_folder: Path
    moment: datetime
    house: House = House()

    @cached_property
    def marts(self) -> list[str]:
        """The marts that the snapshot has and the registry describes."""
        return [name for name in sorted(self.snapshot.manifest["marts"]) if name in self.registry.marts]

    @cached_property
    def promises(self) -> dict[str, str]:
        """What each mart promises, by its SQL."""
        return {name: query.promise for name, query in queries.marts().items()}

    @cached_property
    def origins(self) -> dict[str, dict[str, frozenset[Origin]]]:
        """For each mart and column what its values are made of, by the SQL that is installed."""
        return lineage.of_marts(self.registry)

    @cached_property
    def feeds(self) -> dict[str, list[str]]:
        """The sources that delivered each fact table."""
        delivered = sorted({entry["source"] for entry in self.snapshot.manifest["deliveries"] if entry.get("source")})
        found: dict[str, list[str]] = {}
        for source in delivered:
            for table in self.registry.layout_of(source).tables if source in self.registry.sources else ():
                found.setdefault(table, []).append(source)
        return found

    @cached_property
    def runs(self) -> list[Run]:
        """The last runs, the newest first."""
        return runs.last(self.marts_folder)

    @cached_property
    def sources(self) -> list[SourceStatus]:
        """Every source that has delivered, or lost what it delivered, or has a calendar."""
        manifest = self.snapshot.manifest
        states = {state.source: state for state in freshness(self.registry, manifest["deliveries"], self.moment)}
        gone = Counter(entry["source"] for entry in manifest.get("gone", ()))
        delivered: dict[str, list[Mapping[str, object]]] = {}
        for entry in manifest["deliveries"]:
            delivered.setdefault(entry.get("source") or "", []).append(entry)
        names = [name for name in self.registry.sources if name in delivered or gone[name]]
        return [self._status(name, states.get(name), delivered.get(name, []), gone[name]) for name in names]

    def _status(
        self, name: str, state: Freshness | None, delivered: Sequence[Mapping[str, object]], gone: int
    ) -> SourceStatus:
        source = self.registry.sources[name]
        newest = max((str(entry["published_at"]) for entry in delivered if entry.get("published_at")), default="")
        total = Counter[str]()
        for entry in delivered:
            for what in ("used", "quarantined", "set_aside"):
                total[what] += int(str(entry.get(what, 0)))
        return SourceStatus(
            name,
            source.title,
            source.publisher,
            "gone" if gone else state.state if state else "no calendar",
            newest,
            f"{state.next_at:%Y-%m-%d}" if state and state.next_at else "",
            len(delivered),
            total["used"],
            total["quarantined"] + total["set_aside"],
            sum(entry["outcome"] == "refused" for entry in delivered),
            gone,
        )

    @cached_property
    def faults(self) -> list[OpenFaults]:
        """What is open in quarantine, by sender; no cell of it."""
        by_sender: dict[str, list[quarantine.Item]] = {}
        for item in quarantine.register(self.quarantine_folder):
            if not item.closed and not self.registry.rules[item.rule].remark:
                by_sender.setdefault(item.sender, []).append(item)
        return [
            OpenFaults(
                sender or "no sender named",
                len({item.path for item in items}),
                len(items),
                tuple(Counter(item.rule for item in items).most_common()),
                min(item.first_seen for item in items),
            )
            for sender, items in sorted(by_sender.items())
        ]

    @cached_property
    def before(self) -> Snapshot | None:
        """The snapshot that was in force before this one, where it is still kept."""
        earlier = [s for s in snapshots.kept(self.marts_folder) if s.published_at < self.snapshot.published_at]
        return earlier[0] if earlier else None

    @cached_property
    def differences(self) -> Differences | None:
        """What differs from the snapshot before; None where none is kept."""
        return differences.compare(self.before, self.snapshot, self.registry) if self.before else None


def sentence(words: str) -> str:
    """Words that begin and end as a sentence does."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}." if words else ""
