"""The manifest: what a snapshot says of itself, by which it is opened, held against others and made again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.core.provenance import commit, engine_versions, file_sha256
from flows.intake import reconcile
from flows.intake.ledger import ARCHIVE
from flows.intake.receipts import Receipt
from flows.intake.reconcile import Facts
from flows.intake.vintages import Vintage
from flows.marts import queries
from flows.marts.build import caveat, every_step
from flows.publish import snapshots
from schemas.registry import Registry


def head(
    vintage: Vintage,
    inputs_sha256: str,
    registry: Registry,
    receipts: list[Receipt],
    facts: Facts,
) -> dict[str, Any]:
    """What is known before the marts are made: of when, whose figures, by which code and registry, of which files."""
    folder = next(iter(facts.tables.values())).parent
    current = [*(file.name for file in facts.tables.values()), reconcile.VERDICT]
    staged = {f"current/{folder.name}/{name}" for name in current}
    for receipt in receipts:
        staged |= {name for name in receipt.staged if not name.startswith(f"{ARCHIVE}/")}
    is_unread = any(receipt.is_to_be_tried_again for receipt in receipts)
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": vintage.moment.isoformat(),
        **({"published_by": by.isoformat()} if (by := vintage.published_by) else {}),
        "origin": facts.origin,
        "caveat": caveat(facts, registry),
        "commit": commit(),
        "versions": engine_versions(),
        "inputs_sha256": snapshots.to_be_made_again(inputs_sha256) if is_unread else inputs_sha256,
        "registry_sha256": registry.fingerprint,
        "layout": snapshots.LAYOUT,
        "code_sha256": snapshots.code(),
        "facts": {name: file_sha256(file) for name, file in sorted(facts.tables.items())},
        "reconciled": {"folder": folder.name, "by": reconcile.reconciler(registry)},
        "staged": sorted(staged),
    }


def entries(
    vintage: Vintage, receipts: list[Receipt], facts: Facts, quarantined: dict[str, Path], rows: Mapping[str, int]
) -> tuple[dict[str, Any], ...]:
    """What the manifest says of each delivery; `rows` of facts rest on each.

    When it came and what came beside it, so that a ledger that is lost can be written again.
    """
    here = {delivery.path: delivery for delivery in vintage.deliveries}
    return tuple(
        receipt.entry(len(facts.set_aside.get(receipt.path, ())), quarantined.get(receipt.path))
        | {
            "in_force": rows[receipt.path],
            "came_at": (here[receipt.path].came_at or vintage.moment).isoformat(),
            "beside": dict(here[receipt.path].hashes),
        }
        for receipt in receipts
    )


def reads(marts: Mapping[str, Path]) -> dict[str, list[str]]:
    """The facts that each mart reads, by name."""
    steps = every_step()
    return {name: queries.facts_behind(name, steps) for name in marts}
