"""The rows and deliveries that broke a rule, for people: one CSV per delivery, with words for its sender."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from flows.files import write
from flows.intake import formats
from flows.intake.faults import Fault
from flows.intake.note import Note
from flows.intake.staging import Receipt
from schemas.registry import Registry

HEADER = ("fil", "linje", "kolonne", "regel", "til afsenderen", "hjælp", "række")


def lay_out(
    receipts: Sequence[Receipt], set_aside: Mapping[str, list[Fault]], staging: Path, folder: Path, registry: Registry
) -> dict[str, Path]:
    """Write what is wrong tonight below `folder` and take away what was put right; returns the file of each delivery.

    The files open in a Danish Excel. They hold delivered rows as they came: they stay in the house.
    """
    written = {}
    for receipt in receipts:
        if rows := _rows(receipt, set_aside.get(receipt.path, []), staging, registry):
            written[receipt.path] = folder / (receipt.path if receipt.path.endswith(".csv") else f"{receipt.path}.csv")
            write(written[receipt.path], _csv(rows))
    for stale in set(folder.rglob("*.csv")) - set(written.values()):
        stale.unlink()
    for empty in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(empty.iterdir()):
            empty.rmdir()
    return written


def _rows(receipt: Receipt, set_aside: Sequence[Fault], staging: Path, registry: Registry) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if receipt.outcome == "refused":
        rows.append((receipt.path, "", "", receipt.rule, registry.rules[receipt.rule].da, receipt.detail, ""))
    if receipt.faults:
        for fault in pl.read_parquet(staging / receipt.faults).iter_rows(named=True):
            words = registry.rules[fault["rule"]].da
            place = (receipt.path, str(fault["line"]), fault["column"])
            rows.append((*place, fault["rule"], words, fault["detail"], fault["row"]))
    delivered = _lines(receipt, [fault.line for fault in set_aside], staging, registry) if set_aside else {}
    for later in set_aside:
        words = registry.rules[later.rule].da
        row = delivered.get(later.line, "")
        rows.append((receipt.path, str(later.line), later.column, later.rule, words, later.detail, row))
    return rows


def _lines(receipt: Receipt, wanted: Sequence[int], staging: Path, registry: Registry) -> Mapping[int, str]:
    """Lines of a delivery as it was received."""
    content = (staging / "deliveries" / receipt.facts_from).read_bytes()
    source = registry.sources[receipt.source or ""]
    unsaid = Note(says="", origin="", published_at=date.min)
    return formats.read(content, registry.layouts[source.layout], source, unsaid, vouched=True).raw(wanted)


def _csv(rows: Sequence[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([HEADER, *([_inert(cell) for cell in row] for row in rows)])
    return text.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    """A cell that a spreadsheet shows and does not calculate."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@")) else cell
