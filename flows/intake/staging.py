"""One delivery to facts on disk. Files are named by content; a receipt, written last, means that the work is done."""

import hashlib
import io
import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, Self

import polars as pl

from flows.files import write, write_parquet
from flows.intake import casting, facts, faults, reading
from flows.intake.deliveries import Delivery
from flows.intake.faults import Fault, Refusal
from flows.intake.names import Names
from flows.provenance import code_sha256, digest, versions
from schemas.registry import Registry

READERS = ("polars", "pandera")


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery.

    `rows` = `used` + `quarantined`, or the delivery was refused as a whole (then `rule` says why). `tables` names the
    staged file of each fact table; `faults` the file of broken rules (line, column, rule, detail, row). For a refused
    delivery `stands_in` is the fingerprint of the older one whose facts are used in its place.
    """

    path: str
    fingerprint: str
    source: str | None
    outcome: Literal["accepted", "refused"]
    rule: str = ""
    detail: str = ""
    origin: str = ""
    says: str = ""
    encoding: str = ""
    rows: int = 0
    used: int = 0
    quarantined: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    faults: str = ""
    archived: str = ""
    stands_in: str = ""

    @property
    def facts_from(self) -> str:
        """Fingerprint of the delivery that the facts come from: its own, an older one's that stands in, or none."""
        return self.fingerprint if self.outcome == "accepted" else self.stands_in

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """Read a receipt."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))


def key(delivery: Delivery, registry: Registry, names: Names | None) -> str:
    """Name of a delivery's facts: its path and bytes, the registry, the names, the code and engines that read it."""
    engines = [f"{name} {versions()[name]}" for name in READERS]
    known = names.fingerprint if names else ""
    parts = [
        delivery.path,
        delivery.fingerprint,
        registry.fingerprint,
        known,
        code_sha256("flows.intake", "schemas"),
        *engines,
    ]
    return digest(parts)[:32]


def stage(delivery: Delivery, staging: Path, registry: Registry, names: Names | None) -> Receipt:
    """Facts and receipt of a delivery, read only if that has not been done before.

    `names` is None where the layout needs none or where no list of municipalities could be read.
    Nothing is raised for bad deliveries: the receipt says what is wrong.
    """
    name = key(delivery, registry, names)
    receipt_file = staging / "receipts" / f"{name}.json"
    if receipt_file.is_file():
        receipt = Receipt.from_file(receipt_file)
        if all(
            (staging / file).is_file() for file in (*receipt.tables.values(), receipt.faults, receipt.archived) if file
        ):
            return receipt
    try:
        receipt = _stage(delivery, staging, registry, names, name)
    except Refusal as refusal:
        receipt = Receipt(
            delivery.path, delivery.fingerprint, delivery.source, "refused", rule=refusal.rule, detail=refusal.detail
        )
    write(receipt_file, json.dumps(asdict(receipt), ensure_ascii=False, indent=1, sort_keys=True).encode())
    return receipt


def _stage(delivery: Delivery, staging: Path, registry: Registry, names: Names | None, name: str) -> Receipt:
    if delivery.source is None:
        raise Refusal("no_source", f"folder '{Path(delivery.path).parent.as_posix()}'")
    source, layout = registry.sources[delivery.source], registry.layout_of(delivery.source)
    try:
        content = delivery.file.read_bytes()
    except OSError:
        raise Refusal("not_readable") from None
    if hashlib.sha256(content).hexdigest() != delivery.fingerprint:
        raise Refusal("changed_while_read")
    sheet = reading.read(content, layout)
    columns = reading.match_header(sheet, layout)
    if layout.needs_municipalities and names is None:
        raise Refusal("needs_other_source", "municipalities")
    typed, found = casting.cast(sheet, columns, layout, source, registry, names or Names({}, {}, {}))
    found += sheet.faults
    whole = typed.filter(~pl.col(reading.LINE).is_in([fault.line for fault in found]))
    made = facts.tables(whole, columns, sheet.head, delivery, source, layout, registry)
    found += [fault for table, rows in made.items() for fault in facts.validate(table, rows, registry, columns)]
    bad = {fault.line for fault in found}
    read = Receipt(
        path=delivery.path,
        fingerprint=delivery.fingerprint,
        source=source.id,
        outcome="accepted",
        origin=sheet.head.origin,
        says=sheet.head.says,
        encoding=sheet.encoding,
        rows=sheet.rows,
        quarantined=len(bad),
        rules=_counts(found),
        faults=_write_faults(found, sheet, staging, name),
    )
    if len(bad) > source.max_bad_share * sheet.rows:
        detail = f"{len(bad)} of {sheet.rows} rows, at most {source.max_bad_share:.0%} allowed; {_words(read.rules)}"
        return replace(read, outcome="refused", rule="too_many_bad_rows", detail=detail)
    archived = f"deliveries/{delivery.fingerprint}"
    write(staging / archived, content)
    files = {}
    for table, rows in made.items():
        files[table] = f"{table}/{name}.parquet"
        good = rows.filter(~pl.col("source_line").is_in(bad)).sort("source_line", *registry.tables[table].key)
        write_parquet(staging / files[table], good.to_arrow(), registry.tables[table])
    return replace(read, used=sheet.rows - len(bad), tables=files, archived=archived)


def _counts(found: list[Fault]) -> dict[str, int]:
    """Lines per rule."""
    return dict(sorted(Counter(rule for _, rule in {(fault.line, fault.rule) for fault in found}).items()))


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{rule} ({count})" for rule, count in counts.items())


def _write_faults(found: list[Fault], sheet: reading.Sheet, staging: Path, name: str) -> str:
    if not found:
        return ""
    file = f"faults/{name}.parquet"
    rows = faults.frame(found).with_columns(
        pl.col("line").map_elements(lambda line: sheet.lines.get(line, ""), return_dtype=pl.String).alias("row")
    )
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    write(staging / file, buffer.getvalue())
    return file
