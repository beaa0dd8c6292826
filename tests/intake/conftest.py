"""A night's intake in a folder of its own: deliveries are written, the night is run, the outcome is read."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from flows.intake import collect, deliveries, quarantine, reconcile
from flows.intake.reconcile import Facts
from flows.intake.staging import Receipt
from schemas.registry import Registry

RAW = Path(__file__).parents[2] / "data" / "raw"


@dataclass
class Night:
    """A folder of deliveries and what became of them."""

    folder: Path
    registry: Registry
    accepted_before: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    facts: Facts | None = None

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def staging(self) -> Path:
        return self.folder / "staging"

    @property
    def quarantine(self) -> Path:
        return self.folder / "quarantine"

    def deliver(self, path: str, content: str | bytes) -> None:
        """Put a delivery into the folder."""
        file = self.raw / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def run(self) -> dict[str, Receipt]:
        """Read everything; receipts by path."""
        found = deliveries.find(self.raw, self.registry)
        known = collect.known_names(found, self.staging, self.registry, self.accepted_before)
        made = [collect.stage(d, self.staging, self.registry, known, self.accepted_before) for d in found]
        self.receipts = {receipt.path: receipt for receipt in made}
        self.facts = reconcile.reconcile(made, self.staging, self.registry)
        quarantine.lay_out(made, self.facts.set_aside, self.staging, self.quarantine, self.registry)
        self.accepted_before = {path: r.facts_from for path, r in self.receipts.items() if r.facts_from}
        return self.receipts

    def table(self, name: str) -> pl.DataFrame:
        """Facts in force."""
        assert self.facts is not None
        return pl.read_parquet(self.facts.tables[name])

    def set_aside(self, path: str) -> pl.DataFrame:
        """What lies in quarantine for a delivery."""
        file = self.quarantine / (path if path.endswith(".csv") else f"{path}.csv")
        return pl.read_csv(file, separator=";", infer_schema=False)


@pytest.fixture
def night(tmp_path: Path, registry: Registry) -> Night:
    """A night that knows the 98 municipalities and has no other deliveries yet."""
    shutil.copytree(RAW / "municipalities", tmp_path / "raw" / "municipalities")
    return Night(tmp_path, registry)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Night:
    """The night of the shipped deliveries."""
    made = Night(tmp_path_factory.mktemp("shipped"), registry)
    shutil.copytree(RAW, made.raw)
    made.run()
    return made
