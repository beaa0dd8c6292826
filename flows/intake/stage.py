"""One delivery to facts on disk. Files are named by content; a receipt, written last, means that the work is done."""

import io
import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from flows.core.files import write
from flows.core.provenance import code_sha256, digest, engine_versions
from flows.intake import checks, content, corrections, faults, list_types, receipts
from flows.intake.cast import cast
from flows.intake.coded import Content, DeliveredTable
from flows.intake.deliveries import HIDDEN, Delivery
from flows.intake.delivery_note import Note
from flows.intake.facts import FactFiles, Stamp
from flows.intake.faults import Fault, Refusal
from flows.intake.last_line import settled
from flows.intake.ledger import ARCHIVE
from flows.intake.reading import Reading
from flows.intake.receipts import Receipt
from flows.intake.reshape import Rows, reshape, with_zeros

READERS = ("polars", "pandera", "pyarrow")


def key(delivery: Delivery, reading: Reading | None) -> str:
    """Name of a delivery's facts: its path and bytes, what it is read by, the code and the engines that read it."""
    parts = [
        delivery.path,
        delivery.identity,
        delivery.received_on.isoformat(),
        reading.fingerprint if reading else "",
        code_sha256("flows.intake", "schemas"),
        *(f"{name} {engine_versions()[name]}" for name in READERS),
    ]
    return digest(parts)[:32]


def stage(delivery: Delivery, staging: Path, reading: Reading | None) -> Receipt:
    """Facts and receipt of a delivery, read only if that has not been done before.

    `reading` is None where no source is known. Nothing is raised for bad deliveries: the receipt says what is wrong.
    """
    name = key(delivery, reading)
    file = staging / "receipts" / f"{name}.json"
    receipt = receipts.kept(file)
    if receipt is not None and all((staging / part).is_file() for part in receipt.files):
        return _naming(receipt, name)
    try:
        receipt = _staged(delivery, staging, reading, name)
    except Refusal as refusal:
        publisher = reading.source.publisher if reading else ""
        receipt = Receipt(
            delivery.path,
            delivery.fingerprint,
            delivery.source,
            "refused",
            rule=refusal.rule,
            detail=refusal.detail,
            sender=refusal.sender or publisher,
        )
        if refusal.is_to_be_tried_again:
            return replace(receipt, is_to_be_tried_again=True)
    receipts.keep(file, receipt)
    return _naming(receipt, name)


def _naming(receipt: Receipt, name: str) -> Receipt:
    """The receipt with the files that it rests on, itself among them."""
    return replace(receipt, staged=(f"receipts/{name}.json", *receipt.files))


def _staged(delivery: Delivery, staging: Path, reading: Reading | None, name: str) -> Receipt:
    if HIDDEN in delivery.path:
        raise Refusal("cpr_number", "the name of the file")
    if reading is None:
        raise Refusal("no_source", f"folder '{Path(delivery.path).parent.as_posix()}'")
    try:
        delivered, contents = content.read(delivery, reading)
    except Refusal as refusal:
        if reading.source.statbank_table:
            checks.table("", refusal.titles, reading)
        raise
    note = delivered.note
    try:
        delivered, rows, corrected = _meant(delivered, delivery.path, reading)
    except Refusal as refusal:
        refusal.sender = note.sender
        raise
    received_at, late = _received(note, delivery)
    stamp = Stamp(reading.source.id, delivery.path, note.published_at, received_at, note.origin)
    facts = FactFiles(rows, stamp, reading, staging / "work" / name)
    files, found, bad = facts.written()
    found = [*delivered.broken, *found]
    broken_rows = {(fault.line, fault.row, fault.rule) for fault in found}
    torn = len({fault.line for fault in delivered.broken})
    accepted, difference = checks.note_figures(delivered, delivery.path, reading)
    receipt = Receipt(
        path=delivery.path,
        fingerprint=delivery.fingerprint,
        source=reading.source.id,
        outcome="refused" if difference else "accepted",
        rule=difference.rule if difference else "",
        detail=difference.detail if difference else "",
        origin=note.origin,
        says=note.says,
        sender=note.sender or reading.source.publisher,
        published_at=note.published_at.isoformat(),
        format=delivered.format,
        encoding=delivered.encoding,
        rows=len(rows.lines) + rows.headings + torn,
        quarantined=int(bad.sum()) + torn,
        implied=int((rows.lines == 0).sum()),
        out_of_scope=rows.headings + int(rows.outside.sum()),
        rules=dict(sorted(Counter(rule for *_, rule in broken_rows).items())),
        corrected=corrected,
        accepted=dict(accepted + facts.accepted),
        remarks=tuple((fault.line, fault.column, fault.rule, fault.detail) for fault in (*delivered.remarks, *late)),
    )
    receipt = replace(
        receipt if difference else checks.judged(receipt, reading),
        faults=_write_faults(found, delivered, staging, name) if found else "",
        set_aside=_write_keys(facts.set_aside(bad), staging, name) if bad.any() else "",
    )
    if receipt.outcome == "accepted":
        receipt = _put_in_place(receipt, files, contents, staging, name)
    else:
        content.archive(contents, staging)
    shutil.rmtree(facts.work)
    return receipt


def _received(note: Note, delivery: Delivery) -> tuple[date, tuple[Fault, ...]]:
    """The day of receipt, and a remark where the note tells a day that had not come when the delivery was here.

    Such a day would win over whatever is received until then. A day ahead is that of another time zone.
    """
    if note.received_at is None or note.received_at <= delivery.received_on + timedelta(days=1):
        return note.received_at or delivery.received_on, ()
    detail = f"{note.received_at}, first seen on {delivery.received_on}"
    return delivery.received_on, (Fault(0, "", "received_later", detail),)


def _meant(delivered: DeliveredTable, path: str, reading: Reading) -> tuple[DeliveredTable, Rows, dict[str, int]]:
    """The delivery and its rows as the layout means them, typed, with the corrections that they needed.

    Raises Refusal for the delivery as a whole.
    """
    source, layout, note = reading.source, reading.layout, delivered.note
    corrected: dict[str, int] = {}
    if source.statbank_table:
        checks.table(note.says, delivered.titles, reading)
    if mended := reading.corrections:
        delivered, corrected = corrections.corrected(delivered, path, mended)
    rows = reshape(delivered, layout, source)
    if delivered.unended and not checks.is_summed_to_its_end(delivered):
        is_whole = layout.complete and not note.absent_is_zero and checks.is_complete(rows)[0]
        delivered = settled(delivered, is_whole)
        rows = reshape(delivered, layout, source)
    if note.absent_is_zero:
        rows = with_zeros(rows)
    elif layout.complete:
        checks.completeness(rows, delivered)
    if layout.needs_municipalities and reading.known is None:
        raise Refusal("needs_other_source", "municipalities")
    rows = cast(rows, reading, note.withheld_as)
    if list_types.MEMBERSHIP in layout.tables:
        rows = list_types.with_list_types(rows, reading)
    if layout.complete:
        checks.municipalities(rows, reading)
    if source.by_municipality:
        checks.sender(rows, delivered, path, reading)
    if source.by_municipality or source.by_year:
        checks.year(rows, path)
    return delivered, rows, corrected


def _put_in_place(
    receipt: Receipt, files: dict[str, Path], contents: dict[str, Content], staging: Path, name: str
) -> Receipt:
    """The receipt of facts that stand in staging beside the archived delivery."""
    content.archive(contents, staging)
    tables = {table: f"{table}/{name}.parquet" for table in files}
    for table, file in files.items():
        (staging / table).mkdir(parents=True, exist_ok=True)
        file.replace(staging / tables[table])
    used = receipt.rows - receipt.out_of_scope - receipt.quarantined
    return replace(receipt, used=used, tables=tables, archived=f"{ARCHIVE}/{receipt.fingerprint}")


def _write_keys(keys: pl.DataFrame, staging: Path, name: str) -> str:
    """The file of the figures that were delivered and set aside: what they are figures of, and no value."""
    if keys.is_empty():
        return ""
    file = f"set_aside/{name}.parquet"
    buffer = io.BytesIO()
    keys.write_parquet(buffer)
    write(staging / file, buffer.getvalue())
    return file


def _write_faults(found: list[Fault], delivered: DeliveredTable, staging: Path, name: str) -> str:
    """The file of everything that is wrong, each beside the line as it was delivered."""
    file = f"faults/{name}.parquet"
    rows = faults.frame(found)
    text = delivered.raw(rows["line"].unique().to_list())
    rows = rows.with_columns(row=pl.Series(values=[text.get(line, "") for line in rows["line"]], dtype=pl.String()))
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    write(staging / file, buffer.getvalue())
    return file
