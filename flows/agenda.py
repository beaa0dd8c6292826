"""What there is to do: the deliveries, and whether the snapshot in force was made of just these."""

from dataclasses import dataclass
from datetime import date, datetime

from flows.intake import deliveries
from flows.intake.collect import Vintage
from flows.intake.deliveries import Delivery
from flows.intake.ledger import Ledger, now
from flows.provenance import code_sha256, digest, versions
from flows.publish import snapshots
from flows.publish.snapshots import NoSnapshot, Snapshot
from flows.settings import Settings
from schemas.registry import Registry


@dataclass(frozen=True)
class Agenda:
    """The deliveries to read, the hash of everything that decides the result, and the snapshot in force, if any.

    `is_past` says that a vintage was asked for, which is built beside the snapshots and never comes into force.
    """

    vintage: Vintage
    inputs_sha256: str
    in_force: Snapshot | None
    is_past: bool = False

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The deliveries to read."""
        return self.vintage.deliveries

    @property
    def is_done(self) -> bool:
        """Whether the snapshot in force was made of these inputs and its files are there."""
        snapshot = self.in_force
        if self.is_past or snapshot is None or snapshot.manifest["inputs_sha256"] != self.inputs_sha256:
            return False
        entries = snapshot.manifest["marts"].values()
        files = ((snapshot.folder / entry["file"], entry["bytes"]) for entry in entries)
        return all(file.is_file() and file.stat().st_size == size for file, size in files)


def agenda(
    chosen: Settings, registry: Registry, as_of: datetime | None = None, published_by: date | None = None
) -> Agenda:
    """Look at the deliveries and the snapshot in force; nothing is read beyond fingerprints.

    With `as_of`, the deliveries are those that had been received at that moment, from the ledger and its archive.
    Raises FileNotFoundError where there is no folder of deliveries.
    """
    ledger = Ledger.load(chosen.staging_folder)
    if as_of is not None:
        vintage = Vintage.received(ledger, as_of, published_by)
    else:
        moment = now()
        found = ledger.received(deliveries.find(chosen.raw, registry), moment)
        vintage = Vintage(tuple(found), ledger, moment, published_by)
    parts = [registry.fingerprint, code_sha256("flows", "schemas", "sql"), repr(sorted(versions().items()))]
    parts += [f"{d.path}\t{d.identity}\t{d.received_on}" for d in vintage.deliveries]
    parts += [f"published by {published_by}"] if published_by else []
    try:
        in_force = snapshots.current(chosen.marts)
    except NoSnapshot:
        in_force = None
    return Agenda(vintage, digest(parts), in_force, as_of is not None or published_by is not None)
