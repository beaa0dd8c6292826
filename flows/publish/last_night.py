"""What was there last night, as the snapshot in force says it; or as ledger and files do where its manifest is cut."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.intake.ledger import DeliveryLedger
from flows.publish import snapshots


@dataclass(frozen=True)
class LastNight:
    """The snapshot in force by name, its deliveries, what was gone already, and the rows of its marts.

    Each delivery is an entry of a manifest; where `in_force` is not among its values, nobody knows how many rows of
    facts rested on it. `notes` are sentences on what had to be learned from elsewhere.
    """

    snapshot: str = ""
    deliveries: tuple[Mapping[str, Any], ...] = ()
    gone: tuple[Mapping[str, Any], ...] = ()
    marts: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()


def last_night(marts: Path, ledger: DeliveryLedger, moment: datetime) -> LastNight:
    """What was there before the night of this moment; an empty one before the first."""
    found = snapshots.in_force(marts)
    name = snapshots.named(marts) or ""
    if found is not None:
        return _of(found)
    kept = snapshots.kept(marts)
    published = ledger.last_published(moment)
    if published is None:
        return _of(kept[0]) if kept else LastNight()
    deliveries = tuple(
        {"path": versions[0].path, "source": versions[0].source, "sha256": versions[0].fingerprint}
        for versions in ledger.at(published)
    )
    rows = rows_of_files(marts / "versions" / name) if name else {}
    before = _of(kept[0]) if kept else LastNight()
    notes = (
        f"the manifest of snapshot {name or 'in force'} cannot be read: what was there last night is told by the "
        f"ledger of deliveries ({len(deliveries)} deliveries) and by the marts' own files",
    )
    return LastNight(name, deliveries, before.gone, rows or before.marts, notes)


def manifests(marts: Path) -> list[Mapping[str, Any]]:
    """The manifests of the snapshots that are kept and say of which moment they are."""
    found = snapshots.kept(marts)
    return [{**kept.manifest, "snapshot": kept.id} for kept in found if "as_of" in kept.manifest]


def is_to_be_mended(marts: Path, ledger: DeliveryLedger, moment: datetime) -> bool:
    """Whether the ledger lacks what snapshots know, or holds lines that cannot be read."""
    return bool(ledger.untold) or ledger.lacks(manifests(marts), moment)


def rows_of_files(folder: Path) -> dict[str, int]:
    """Rows of each mart in a folder, by the parquet files themselves; one that is no parquet is left out."""
    import pyarrow as pa  # noqa: PLC0415 - needed where a manifest is cut, which is hardly ever
    import pyarrow.parquet as pq  # noqa: PLC0415

    rows = {}
    for file in sorted(folder.glob("*.parquet")):
        try:
            rows[file.stem] = pq.read_metadata(file).num_rows
        except (OSError, pa.ArrowInvalid):
            continue
    return rows


def _of(snapshot: snapshots.Snapshot) -> LastNight:
    manifest = snapshot.manifest
    rows = {name: int(entry["rows"]) for name, entry in manifest["marts"].items()}
    return LastNight(snapshot.id, tuple(manifest["deliveries"]), tuple(manifest.get("gone", ())), rows)
