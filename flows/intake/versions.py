"""Which version of each delivery is read: the newest that can be used, of what had been received and published."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl

from flows.intake import stage as store
from flows.intake.deliveries import Delivery
from flows.intake.names import PlaceNames, names
from flows.intake.older import summed
from flows.intake.reading import Reading, reading
from flows.intake.receipts import Receipt
from flows.intake.standing import ARRIVAL, PLACE
from flows.intake.vintages import Vintage
from schemas import contracts
from schemas.registry import Registry

FIRST = ("municipalities", "municipality_mergers")


def known_names(vintage: Vintage, staging: Path, registry: Registry) -> PlaceNames | None:
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
    delivery: Delivery, vintage: Vintage, staging: Path, registry: Registry, known: PlaceNames | None
) -> Receipt | None:
    """Receipt of a delivery; where it is refused, the newest older version that can be used stands in for it.

    None where the source had published no version of it by the vintage's day.
    """
    source = registry.sources[delivery.source] if delivery.source else None
    tables = registry.layout_of(source.id).tables if source else ()
    needed = reading(source.id, registry, known) if source else None
    receipt, staged = _stands(delivery, vintage, staging, needed)
    if receipt is None or source is None:
        return receipt
    # Older versions count where what was said once stands, and for figures of areas: since when could they be known?
    # What is fetched holds none.
    remembered = [name for name in tables if source.append_only or (name == "figures" and not source.fetch)]
    older = vintage.ledger.history(delivery, vintage.moment)[:-1] if remembered else []
    older = [version for version in older if version.file.is_file()]
    if source.append_only:
        read = [store.stage(version, staging, needed) for version in older]
        usable = [r.tables for r in read if r.outcome == "accepted" and _is_published(r, vintage)]
        usable = [tables for tables in usable if tables != receipt.tables]  # the one that stands is no older one
        history = {name: tuple(tables[name] for tables in usable if name in tables) for name in sorted(remembered)}
        staged += [name for version in read for name in version.staged]
    else:
        files = summed(_before(receipt, older, vintage, staging, needed), staging, registry)
        history = {"figures": files} if files else {}
        staged += files
    return replace(receipt, history=history, staged=tuple(dict.fromkeys(staged)))


def _before(
    receipt: Receipt, older: Sequence[Delivery], vintage: Vintage, staging: Path, needed: Reading | None
) -> list[tuple[str, Callable[[], Receipt]]]:
    """The name of each older version, the oldest first, and how its receipt is had: without the one that stands.

    By a day of publication those alone that had been published, which only their receipts tell.
    """
    named = ((store.key(version, needed), partial(store.stage, version, staging, needed)) for version in older)
    found: list[tuple[str, Callable[[], Receipt]]] = [each for each in named if not _stands_for(receipt, each[0])]
    if vintage.published_by is None:
        return found
    return [(key, look) for key, look in found if (r := look()).outcome == "accepted" and _is_published(r, vintage)]


def _stands_for(receipt: Receipt, key: str) -> bool:
    """Whether the facts that count are those of the version with this key, which is then no older one."""
    return any(Path(file).stem == key for file in receipt.tables.values())


def _stands(
    delivery: Delivery, vintage: Vintage, staging: Path, needed: Reading | None
) -> tuple[Receipt | None, list[str]]:
    """Receipt of the newest version that can be used, or of the refusal where there is none; and all it looked at."""
    receipt = _come(store.stage(delivery, staging, needed), delivery)
    staged = [*receipt.staged]
    if receipt.outcome == "accepted" and _is_published(receipt, vintage):
        return receipt, staged
    for version in reversed(vintage.ledger.history(delivery, vintage.moment)):
        if version.identity == delivery.identity or not version.file.is_file():
            continue
        old = _come(store.stage(version, staging, needed), version)
        staged += old.staged
        if old.outcome == "accepted" and _is_published(old, vintage):
            if receipt.outcome == "accepted":
                return old, staged
            facts = {name: getattr(old, name) for name in ("tables", "origin", "used", "came_at", "is_resent")}
            return replace(receipt, stands_in=old.fingerprint, **facts), staged
    return (receipt if receipt.outcome == "refused" and vintage.published_by is None else None), staged


def _come(receipt: Receipt, version: Delivery) -> Receipt:
    """The receipt with the moment at which the version came; it is no part of what is read, so no receipt keeps it."""
    came_at = version.came_at.isoformat() if version.came_at else ""
    return replace(receipt, came_at=came_at, is_resent=version.is_resent)


def _is_published(receipt: Receipt, vintage: Vintage) -> bool:
    return vintage.published_by is None or date.fromisoformat(receipt.published_at) <= vintage.published_by


def receipts_of(vintage: Vintage, staging: Path, registry: Registry, known: PlaceNames | None) -> list[Receipt]:
    """Receipts of the vintage's deliveries, one after the other."""
    made = (stage(delivery, vintage, staging, registry, known) for delivery in vintage.deliveries)
    return [receipt for receipt in made if receipt]
