"""A house: a snapshot, the folders of its releases and extracts, and the steps from one to the other."""

import shutil
from pathlib import Path
from typing import Self

from towns import town

from flows.extracts import approve, folders
from flows.publish.snapshots import Snapshot
from flows.release import make, store
from flows.release.approvals import Approval
from flows.release.store import Release
from schemas.registry import Registry


class House:
    """A snapshot, and the folders of its releases and extracts."""

    def __init__(self, folder: Path, snapshot: Snapshot, registry: Registry) -> None:
        self.snapshot, self.registry = snapshot, registry
        self.releases, self.extracts = folder / "releases", folder / "extracts"

    @classmethod
    def drafted(cls, folder: Path, registry: Registry) -> Self:
        """A house of a town whose draft of 2012 is written."""
        house = cls(folder / "house", town(folder / "snapshot", registry), registry)
        house.write()
        return house

    @classmethod
    def copied(cls, other: "House", folder: Path) -> Self:
        """A copy of another house, to be changed."""
        shutil.copytree(other.releases.parent, folder)
        return cls(folder, other.snapshot, other.registry)

    def release(self, year: int = 2012) -> Release:
        """The release of a year, made if it does not stand."""
        with store.lock(self.releases):
            # All houses draw alike, so that their files can be held against each other.
            (self.releases / store.DRAW).write_text("5" * 64)
            ledger = store.ledger_of(self.releases)
            return make.release_of(self.snapshot, self.registry, year, self.releases, ledger)

    def folder(self, secretariat: str = "aarhus", year: int = 2012) -> Path:
        """Where a secretariat's extract lies."""
        return self.extracts / str(year) / secretariat

    def write(self, secretariat: str = "aarhus", year: int = 2012, language: str = "da") -> approve.Written:
        """Write a secretariat's extract."""
        release, ledger = self.release(year), store.ledger_of(self.releases)
        return approve.write_extract(
            release, secretariat, self.snapshot, self.registry, ledger, self.extracts, language
        )

    def approve(self, by: str, *names: str) -> list[Approval]:
        """A person's word on the extracts of 2012, of Aarhus unless others are named; the approvals of the last."""
        asked, found = names or ("aarhus",), self.release()
        given = approve.approve(by, found, asked, self.snapshot, self.registry, self.releases, self.extracts)
        return list(given)[-1][1]

    def files(self, secretariat: str = "aarhus") -> dict[str, bytes]:
        """What the secretariat gets of 2012, by path."""
        folder = self.folder(secretariat)
        return {name: (folder / name).read_bytes() for name in folders.hashes(folder)}
