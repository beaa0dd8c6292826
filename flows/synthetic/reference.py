"""The real reference that the made-up nation stands on: codes, case areas, rules, and the pool's published totals."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.registry import Registry
from schemas.sources import Layout

CARRIED = ("municipalities", "municipality_mergers", "statutory_rules", "pool_totals", "case_areas", "grants")


class IncompleteReference(ValueError):
    """The folder of reference deliveries lacks something; the message says what to put where."""


@dataclass(frozen=True)
class ReferenceDelivery:
    """A reference delivery as it lies: its name, the pairs of its head, header and rows as lines."""

    source: str
    name: str
    head: Mapping[str, str]
    header: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ReferenceData:
    """The reference deliveries, and what the nation needs of them by the layouts' own column names."""

    deliveries: tuple[ReferenceDelivery, ...]
    rows: Mapping[str, Sequence[Mapping[str, str]]]

    def totals(self) -> dict[str, int]:
        """The pool's published totals by measure."""
        return {row["measure"]: number(row["total"]) for row in self.rows["pool_totals"]}


def read(folder: Path, registry: Registry) -> ReferenceData:
    """The reference in a folder of deliveries. Raises IncompleteReference naming the source that is not there."""
    deliveries: list[ReferenceDelivery] = []
    for source in CARRIED:
        files = sorted((folder / source).glob("*.csv"))
        if not files:
            raise IncompleteReference(
                f"{folder} is no frame of a nation: no CSV delivery in {source}/; the shipped data/raw has one"
            )
        deliveries += [_delivery(source, file) for file in files]
    rows: dict[str, list[dict[str, str]]] = {source: [] for source in CARRIED}
    for delivery in deliveries:
        rows[delivery.source] += _rows(delivery, registry.layout_of(delivery.source))
    return ReferenceData(tuple(deliveries), rows)


def number(text: str) -> int:
    """A whole number in Danish notation."""
    return int(text.replace(".", ""))


def _delivery(source: str, file: Path) -> ReferenceDelivery:
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    head = [line for line in lines if line.startswith("#")]
    body = [line for line in lines if line.strip() and not line.startswith("#")]
    if len(body) < 2:
        raise IncompleteReference(f"{file}: header and rows are missing")
    pairs = (line.lstrip("# ").partition(":")[::2] for line in head)
    return ReferenceDelivery(source, file.name, {key: value.strip() for key, value in pairs}, body[0], tuple(body[1:]))


def _rows(delivery: ReferenceDelivery, layout: Layout) -> list[dict[str, str]]:
    """Rows under the names of the fact table's columns."""
    named = {header: column.name for column in layout.columns for header in column.headers}
    reader = csv.DictReader([delivery.header, *delivery.lines], delimiter=layout.delimiters[0])
    if missing := [
        c.name for c in layout.columns if not c.optional and not set(c.headers) & set(reader.fieldnames or ())
    ]:
        raise IncompleteReference(f"{delivery.source}/{delivery.name}: no column for {', '.join(missing)}")
    return [{named[header]: cell or "" for header, cell in row.items() if header in named} for row in reader]
