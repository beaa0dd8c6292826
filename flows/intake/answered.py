"""Which deliveries a newer one answers that lies at another path, as a corrected file put away by hand does."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

import polars as pl

from flows.intake.receipts import Receipt
from schemas.registry import Registry

# A file that was refused says nothing of its years; the one of its name that comes a year later is next year's.
SOON = timedelta(days=183)


def answered(receipts: Sequence[Receipt], staging: Path, registry: Registry) -> dict[str, str]:
    """By the path of each delivery with faults that a newer one answers, the fingerprint of the newest that does.

    It is of the same source and sender, was accepted, and gives again every row that the older one gave. A delivery
    that was refused gave none: one of the same file name answers it that comes within half a year.
    """
    faulty = [r for r in receipts if r.source and (r.faults or r.remarks or r.outcome == "refused")]
    found = {}
    for old in faulty:
        newer = [
            r for r in receipts if r.path != old.path and "" < old.came_at < r.came_at and _is_like(r, old, registry)
        ]
        for new in sorted(newer, key=lambda receipt: receipt.came_at, reverse=True):
            if _comes_soon(old, new) if old.outcome == "refused" else _gives_again(old, new, staging, registry):
                found[old.path] = new.fingerprint
                break
    return found


def _is_like(new: Receipt, old: Receipt, registry: Registry) -> bool:
    """Whether a delivery that was accepted is of the source and sender of an older one.

    A file whose note could not be read has the publisher of its source as its sender.
    """
    unsaid = registry.sources[old.source or ""].publisher if old.outcome == "refused" else new.sender
    return (new.source, new.outcome) == (old.source, "accepted") and old.sender in (new.sender, unsaid)


def _comes_soon(old: Receipt, new: Receipt) -> bool:
    is_same = PurePosixPath(old.path).name == PurePosixPath(new.path).name
    return is_same and datetime.fromisoformat(new.came_at) - datetime.fromisoformat(old.came_at) <= SOON


def _gives_again(old: Receipt, new: Receipt, staging: Path, registry: Registry) -> bool:
    """Whether every row of facts of one delivery, by its key, is among those of another."""
    for table, file in old.tables.items():
        key = list(registry.tables[table].key)
        rows = pl.read_parquet(staging / file, columns=key, glob=False)
        if rows.is_empty():
            continue
        if table not in new.tables:
            return False
        others = pl.read_parquet(staging / new.tables[table], columns=key, glob=False)
        if not rows.join(others, on=key, how="anti", nulls_equal=True).is_empty():
            return False
    return old.used > 0
