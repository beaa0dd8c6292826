"""A night's intake: every delivery to facts, with older versions standing in for what cannot be used."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import polars as pl

from flows.intake import staging as store
from flows.intake.deliveries import Delivery
from flows.intake.ledger import Ledger
from flows.intake.names import Names, names
from flows.intake.reconcile import ARRIVAL, PLACE, STAMPED
from flows.intake.staging import Receipt
from schemas import contracts
from schemas.registry import Registry

FIRST = ("municipalities", "municipality_mergers")
MOST_NAMED = 5


@dataclass(frozen=True)
class Vintage:
    """What is read: the deliveries received at a moment, and of these what the source had published by a day."""

    deliveries: tuple[Delivery, ...]
    ledger: Ledger
    moment: datetime
    published_by: date | None = None

    @classmethod
    def received(cls, ledger: Ledger, moment: datetime, published_by: date | None = None) -> "Vintage":
        """The vintage of a moment, from the ledger and its archive alone."""
        newest = tuple(versions[0] for versions in ledger.at(moment))
        return cls(newest, ledger, moment, published_by)


def known_names(vintage: Vintage, staging: Path, registry: Registry) -> Names | None:
    """Names from the deliveries of municipalities and of the reform, which every other delivery needs.

    None where no list of municipalities can be used.
    """
    known = None
    found: dict[str, pl.DataFrame] = {}
    for source in FIRST:
        chosen = [delivery for delivery in vintage.deliveries if delivery.source == source]
        receipts = [stage(delivery, vintage, staging, registry, known) for delivery in chosen]
        empty = pl.DataFrame(schema=contracts.polars_schema(registry.tables[source]))
        rows = [pl.read_parquet(staging / r.tables[source], glob=False) for r in receipts if r and source in r.tables]
        found[source] = pl.concat([empty, *rows]).sort(*ARRIVAL, *PLACE)
        if found[FIRST[0]].is_empty():
            return None
        known = names(registry, found[FIRST[0]], found.get(FIRST[1], empty))
    return known


def stage(
    delivery: Delivery, vintage: Vintage, staging: Path, registry: Registry, known: Names | None
) -> Receipt | None:
    """Receipt of a delivery; where it is refused, the newest older version that can be used stands in for it.

    None where the source had published no version of it by the vintage's day.
    """
    needed = None
    if delivery.source and known and registry.layout_of(delivery.source).needs_municipalities:
        needed = known.of(registry.sources[delivery.source])
    receipt = store.stage(delivery, staging, registry, needed)
    if delivery.source and registry.sources[delivery.source].append_only:
        versions = [v for v in vintage.ledger.history(delivery, vintage.moment) if v.file.is_file()]
        read = [receipt if v is versions[-1] else store.stage(v, staging, registry, needed) for v in versions]
        standing, receipt = _added_to([r for r in read if _is_published(r, vintage)], receipt, staging, registry)
        older: Iterable[Receipt] = [standing] if standing else []
    elif receipt.outcome == "accepted" and _is_published(receipt, vintage):
        return receipt
    else:
        versions = [v for v in vintage.ledger.earlier(delivery, vintage.moment) if v.file.is_file()]
        older = (store.stage(version, staging, registry, needed) for version in versions)
    for old in older:
        if old.outcome == "accepted" and _is_published(old, vintage):
            if receipt.outcome == "accepted":
                return old
            return replace(receipt, tables=old.tables, origin=old.origin, used=old.used, stands_in=old.fingerprint)
    return receipt if receipt.outcome == "refused" and vintage.published_by is None else None


def _added_to(
    versions: Sequence[Receipt], newest: Receipt, staging: Path, registry: Registry
) -> tuple[Receipt | None, Receipt]:
    """The last version that still says all that those before it said, and the newest one, refused where it does not.

    `versions` are what was published, the oldest first.
    """
    standing: Receipt | None = None
    for version in versions:
        if version.outcome != "accepted":
            continue
        lost = _lost(standing, version, staging, registry) if standing else ""
        is_newest = version is newest
        if lost and (excuse := registry.excuse("target_rewritten", version.path)):
            standing = replace(version, accepted=version.accepted | {excuse: 1})
        elif lost and is_newest:
            newest = replace(newest, outcome="refused", rule="target_rewritten", detail=lost)
        elif not lost:
            standing = version
    return standing, newest


def _lost(before: Receipt, after: Receipt, staging: Path, registry: Registry) -> str:
    """Which rows of a version a later one lacks or says otherwise, by their keys; empty where it has them all."""
    lost = []
    for name, file in before.tables.items():
        said = [column.name for column in registry.tables[name].columns if column.name not in STAMPED]
        then = pl.read_parquet(staging / file, glob=False)
        now = pl.read_parquet(staging / after.tables[name], glob=False)
        rows = then.join(now.select(said), on=said, how="anti", nulls_equal=True)
        lost += [", ".join(str(value) for value in key) for key in rows.select(registry.tables[name].key).rows()]
    shown = "; ".join(lost[:MOST_NAMED]) + ("; ..." if len(lost) > MOST_NAMED else "")
    return f"{len(lost)} rows missing or changed: {shown}" if lost else ""


def _is_published(receipt: Receipt, vintage: Vintage) -> bool:
    return vintage.published_by is None or date.fromisoformat(receipt.published_at) <= vintage.published_by


def receipts_of(vintage: Vintage, staging: Path, registry: Registry, known: Names | None) -> list[Receipt]:
    """Receipts of the vintage's deliveries, one after the other."""
    made = (stage(delivery, vintage, staging, registry, known) for delivery in vintage.deliveries)
    return [receipt for receipt in made if receipt]
