"""What there is to do: whether the snapshot in force was made of just these deliveries, by just this code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from flows.core.provenance import code_sha256, digest, engine_versions


class Fingerprinted(Protocol):
    """A delivery, as far as it decides what there is to do."""

    @property
    def path(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def received_on(self) -> date | None: ...


class SnapshotInForce(Protocol):
    """A snapshot, as far as it says what it was made of."""

    @property
    def folder(self) -> Path: ...
    @property
    def manifest(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Worklist:
    """The hash of everything that decides the result, and whether the snapshot in force was made of it and is whole."""

    inputs_sha256: str
    is_done: bool


def worklist(
    deliveries: Sequence[Fingerprinted],
    registry_sha256: str,
    in_force: SnapshotInForce | None,
    published_by: date | None = None,
) -> Worklist:
    """Look at the fingerprints of deliveries, registry, code and engines, and at the snapshot in force.

    `in_force` is None where nothing was published, or for a vintage, which is built beside the snapshots.
    """
    parts = [registry_sha256, code_sha256("flows", "schemas", "sql"), repr(sorted(engine_versions().items()))]
    parts += [f"{delivery.path}\t{delivery.identity}\t{delivery.received_on}" for delivery in deliveries]
    parts += [f"published by {published_by}"] if published_by else []
    inputs = digest(parts)
    return Worklist(inputs, in_force is not None and _is_made_of(in_force, inputs))


def _is_made_of(snapshot: SnapshotInForce, inputs: str) -> bool:
    if snapshot.manifest["inputs_sha256"] != inputs:
        return False
    entries = snapshot.manifest["marts"].values()
    files = ((snapshot.folder / entry["file"], entry["bytes"]) for entry in entries)
    return all(file.is_file() and file.stat().st_size == size for file, size in files)
