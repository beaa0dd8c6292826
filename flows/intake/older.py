"""What the older versions of a delivery still say of figures, in two files in place of those of every version.

A night asks of older versions when a figure was first known, and what was said last of one that the newest version
names and leaves empty. Both are kept as one row per figure, so that they grow with the figures and not with the nights.
What is kept after a version is named by all versions up to it: the next one is added to it, and the versions' own facts
need not stay. Where it is lost the versions are read again from the archive.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import polars as pl

from flows.core.files import write
from flows.core.provenance import digest
from flows.intake.receipts import Receipt
from flows.intake.standing import PLACE, SAYS_SOMETHING
from schemas import contracts
from schemas.registry import Registry

FOLDER, FIGURES, FIRST = "older", "figures", "first_figures"


def summed(versions: Sequence[tuple[str, Callable[[], Receipt]]], staging: Path, registry: Registry) -> tuple[str, ...]:
    """The files of what versions say of figures; none of no version.

    Each version, the oldest first, is its name and how its receipt is had, which is asked for only where it is needed.
    """
    names = [""]
    for key, _ in versions:
        names.append(digest([names[-1], key])[:32])
    if not versions:
        return ()
    counted = range(len(versions), 0, -1)
    known = next((number for number in counted if all((staging / file).is_file() for file in _files(names[number]))), 0)
    if known < len(versions):
        empty = pl.DataFrame(schema=contracts.polars_schema(registry.tables[FIGURES]))
        first, last = empty, empty
        if known:
            first, last = [pl.read_parquet(staging / file, glob=False) for file in _files(names[known])]
        for _, receipt_of in versions[known:]:
            receipt = receipt_of()
            if receipt.outcome == "accepted" and FIGURES in receipt.tables:
                rows = pl.read_parquet(staging / receipt.tables[FIGURES], glob=False).select(empty.columns)
                first, last = _first([first, rows], registry), _last([last, rows], registry)
        for rows, file in zip((first, last), _files(names[-1]), strict=True):
            buffer = io.BytesIO()
            rows.write_parquet(buffer)
            write(staging / file, buffer.getvalue())
    return _files(names[-1])


def _files(name: str) -> tuple[str, str]:
    """What was said first, then what was said last: a reader takes them for two versions."""
    return f"{FOLDER}/{name}.first.parquet", f"{FOLDER}/{name}.last.parquet"


def _first(versions: Iterable[pl.DataFrame], registry: Registry) -> pl.DataFrame:
    of_areas = pl.concat(versions).filter(pl.col("geography") == "area", pl.col("value").is_not_null())
    in_order = of_areas.sort("published_at", "received_at", *PLACE, maintain_order=True)
    return in_order.unique(registry.tables[FIRST].key, keep="first", maintain_order=True)


def _last(versions: Iterable[pl.DataFrame], registry: Registry) -> pl.DataFrame:
    saying = pl.concat(versions).filter(SAYS_SOMETHING)
    return saying.unique(["source_file", *registry.tables[FIGURES].key], keep="last", maintain_order=True)
