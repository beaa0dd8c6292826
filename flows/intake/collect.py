"""A night's intake: every delivery to facts, with last accepted deliveries standing in for refused ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from flows.intake import staging as store
from flows.intake.deliveries import Delivery
from flows.intake.names import Names, names
from flows.intake.reconcile import ARRIVAL, PLACE
from flows.intake.staging import Receipt
from schemas import contracts
from schemas.registry import Registry

FIRST = ("municipalities", "municipality_mergers")


def known_names(
    deliveries: Sequence[Delivery], staging: Path, registry: Registry, accepted_before: Mapping[str, str]
) -> Names | None:
    """Names from the deliveries of municipalities and of the reform, which every other delivery needs.

    None where no list of municipalities can be used.
    """
    known = None
    found: dict[str, pl.DataFrame] = {}
    for source in FIRST:
        receipts = [
            stage(delivery, staging, registry, known, accepted_before)
            for delivery in deliveries
            if delivery.source == source
        ]
        empty = pl.DataFrame(schema=contracts.polars_schema(registry.tables[source]))
        rows = [pl.read_parquet(staging / r.tables[source], glob=False) for r in receipts if source in r.tables]
        found[source] = pl.concat([empty, *rows]).sort(*ARRIVAL, *PLACE)
        if found[FIRST[0]].is_empty():
            return None
        known = names(registry, found[FIRST[0]], found.get(FIRST[1], empty))
    return known


def stage(
    delivery: Delivery, staging: Path, registry: Registry, known: Names | None, accepted_before: Mapping[str, str]
) -> Receipt:
    """Receipt of a delivery; where it is refused, the delivery accepted last at the same path stands in for it.

    `accepted_before` gives the fingerprint accepted last by path, from the snapshot in force.
    """
    needed = None
    if delivery.source and known and registry.layout_of(delivery.source).needs_municipalities:
        needed = known.of(registry.sources[delivery.source])
    receipt = store.stage(delivery, staging, registry, needed)
    before = accepted_before.get(delivery.path)
    archived = staging / "deliveries" / (before or "")
    if receipt.outcome == "accepted" or before in (None, delivery.fingerprint) or not archived.is_file():
        return receipt
    old = store.stage(replace(delivery, file=archived, fingerprint=before), staging, registry, needed)
    if old.outcome == "refused":
        return receipt
    return replace(receipt, tables=old.tables, origin=old.origin, used=old.used, stands_in=old.fingerprint)
