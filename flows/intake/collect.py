"""A night's intake: every delivery to facts, with last accepted deliveries standing in for refused ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from flows.intake import staging as store
from flows.intake.deliveries import Delivery
from flows.intake.names import Names, names
from flows.intake.staging import Receipt
from schemas.registry import Registry

FIRST = "municipalities"


def known_names(
    deliveries: Sequence[Delivery], staging: Path, registry: Registry, accepted_before: Mapping[str, str]
) -> Names | None:
    """Names from the deliveries of municipalities, which every other delivery needs; None where none can be used."""
    receipts = [
        stage(delivery, staging, registry, None, accepted_before) for delivery in deliveries if delivery.source == FIRST
    ]
    files = [staging / receipt.tables[FIRST] for receipt in receipts if FIRST in receipt.tables]
    return names(registry, pl.concat([pl.read_parquet(file) for file in files])) if files else None


def stage(
    delivery: Delivery, staging: Path, registry: Registry, known: Names | None, accepted_before: Mapping[str, str]
) -> Receipt:
    """Receipt of a delivery; where it is refused, the delivery accepted last at the same path stands in for it.

    `accepted_before` gives the fingerprint accepted last by path, from the snapshot in force.
    """
    needed = known if delivery.source and registry.layout_of(delivery.source).needs_municipalities else None
    receipt = store.stage(delivery, staging, registry, needed)
    before = accepted_before.get(delivery.path)
    archived = staging / "deliveries" / (before or "")
    if receipt.outcome == "accepted" or before in (None, delivery.fingerprint) or not archived.is_file():
        return receipt
    old = store.stage(replace(delivery, file=archived, fingerprint=before), staging, registry, needed)
    if old.outcome == "refused":
        return receipt
    return replace(receipt, tables=old.tables, origin=old.origin, used=old.used, stands_in=old.fingerprint)
