"""What the simulations share: the reference that nations stand on, and the way from deliveries to marts."""

from pathlib import Path

import polars as pl

from flows.intake import deliveries, reconcile, versions
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.vintages import Vintage
from flows.marts.build import build as build_marts
from flows.synthetic.country import Nation
from schemas.loading import load

REFERENCE = Path(__file__).parents[1] / "data" / "raw"


def build(nation: Nation, folder: Path) -> dict[str, pl.DataFrame]:
    """The marts of a nation's deliveries, by the pipeline's own functions."""
    registry = load(nation.schemas)
    staging = folder / "staging"
    vintage = Vintage(tuple(deliveries.find(nation.raw, registry)), DeliveryLedger(staging), now())
    known = versions.known_names(vintage, staging, registry)
    facts = reconcile.reconcile(versions.receipts_of(vintage, staging, registry, known), staging, registry)
    files = build_marts(facts, folder / "marts", registry)
    return {name: pl.read_parquet(file, glob=False) for name, file in files.items()}
