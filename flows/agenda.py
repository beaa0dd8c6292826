"""What there is to do: the deliveries, and whether the snapshot in force was made of just these."""

from dataclasses import dataclass

from flows.intake import deliveries
from flows.intake.deliveries import Delivery
from flows.provenance import code_sha256, digest, versions
from flows.publish import snapshots
from flows.publish.snapshots import NoSnapshot, Snapshot
from flows.settings import Settings
from schemas.registry import Registry


@dataclass(frozen=True)
class Agenda:
    """The deliveries found, the hash of everything that decides the result, and the snapshot in force, if any."""

    deliveries: tuple[Delivery, ...]
    inputs_sha256: str
    in_force: Snapshot | None

    @property
    def is_done(self) -> bool:
        """Whether the snapshot in force was made of these inputs and its files are there."""
        snapshot = self.in_force
        if snapshot is None or snapshot.manifest["inputs_sha256"] != self.inputs_sha256:
            return False
        entries = snapshot.manifest["marts"].values()
        files = ((snapshot.folder / entry["file"], entry["bytes"]) for entry in entries)
        return all(file.is_file() and file.stat().st_size == size for file, size in files)


def agenda(chosen: Settings, registry: Registry) -> Agenda:
    """Look at the deliveries and the snapshot in force; nothing is read beyond fingerprints.

    Raises FileNotFoundError where there is no folder of deliveries.
    """
    found = deliveries.find(chosen.raw, registry)
    parts = [registry.fingerprint, code_sha256("flows", "schemas", "sql"), repr(sorted(versions().items()))]
    inputs = digest([*parts, *(f"{delivery.path}\t{delivery.fingerprint}" for delivery in found)])
    try:
        in_force = snapshots.current(chosen.marts)
    except NoSnapshot:
        in_force = None
    return Agenda(tuple(found), inputs, in_force)
