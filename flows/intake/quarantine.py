"""The rows and deliveries that broke a rule: one CSV per delivery for people, and a register of what is open and since.

The register holds places and rules, never a cell. What a newer delivery puts right is closed by itself, whether it
comes to the same path or to another one.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl

from flows.core.files import write
from flows.core.provenance import digest
from flows.intake.answered import answered
from flows.intake.faults import Fault
from flows.intake.receipts import Receipt
from schemas.registry import Registry

REGISTER = "register.json"
HEADER = ("fil", "linje", "kolonne", "regel", "til afsenderen", "hjælp", "række", "først set")


@dataclass(frozen=True)
class Item:
    """One broken rule at one place of a delivery (line 0: the delivery as a whole), open until `closed`."""

    key: str
    sender: str
    path: str
    line: int
    column: str
    rule: str
    first_seen: str
    closed: str = ""
    closed_by: str = ""
    detail: str = ""


def lay_out(
    receipts: Sequence[Receipt],
    set_aside: Mapping[str, list[Fault]],
    staging: Path,
    folder: Path,
    registry: Registry,
    today: date,
) -> dict[str, Path]:
    """Write what is wrong tonight below `folder` and take away what was put right; returns the file of each delivery.

    The files open in a Danish Excel. They hold delivered rows as they came: they stay in the house. Files that a person
    put there are left alone.
    """
    before, files_before = _read(folder)
    known = {item.key: item for item in before if not item.closed}
    written: dict[str, Path] = {}
    open_now: list[Item] = []
    newer = answered(receipts, staging, registry)
    for receipt in receipts:
        found = [] if receipt.path in newer else _found(receipt, staging)
        found += [_Found(f.line, f.column, f.rule, f.detail, f.text) for f in set_aside.get(receipt.path, [])]
        rows = _rows(receipt, found, known, today)
        open_now += [item for item, _, _ in rows]
        if rows := [row for row in rows if not registry.rules[row[0].rule].remark]:
            written[receipt.path] = folder / (receipt.path if receipt.path.endswith(".csv") else f"{receipt.path}.csv")
            write(written[receipt.path], _csv(rows, registry))
    here = {item.key for item in open_now}
    by_path = {receipt.path: receipt.fingerprint for receipt in receipts} | newer
    closed = [
        replace(item, closed=today.isoformat(), closed_by=by_path.get(item.path, ""))
        for key, item in known.items()
        if key not in here
    ]
    names = sorted(file.relative_to(folder).as_posix() for file in written.values())
    _take_away(folder, set(files_before) - set(names))
    _save(folder, [*(item for item in before if item.closed), *closed, *open_now], names)
    return written


def register(folder: Path) -> list[Item]:
    """Everything that was ever set aside, open and closed, the oldest first."""
    return sorted(_read(folder)[0], key=lambda item: (item.first_seen, item.path, item.line, item.column, item.rule))


def _read(folder: Path) -> tuple[list[Item], list[str]]:
    try:
        register = json.loads((folder / REGISTER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [], []
    return [Item(**item) for item in register["items"]], register["files"]


def _save(folder: Path, items: Iterable[Item], files: Sequence[str]) -> None:
    register = {"files": files, "items": [asdict(item) for item in items]}
    if register["items"] or (folder / REGISTER).is_file():
        write(folder / REGISTER, json.dumps(register, ensure_ascii=False, indent=1).encode())


def _take_away(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
        parents = [parent for parent in (folder / name).parents if folder in parent.parents]
        for parent in parents:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()


class _Found(NamedTuple):
    """A broken rule at a place of a delivery, and the text of its row."""

    line: int
    column: str
    rule: str
    detail: str
    row: str


def _found(receipt: Receipt, staging: Path) -> list[_Found]:
    """What is wrong with one delivery by itself, and what a reader of it should know."""
    found = [_Found(0, "", receipt.rule, receipt.detail, "")] if receipt.outcome == "refused" else []
    if receipt.faults:
        rows = pl.read_parquet(staging / receipt.faults, glob=False)
        found += [_Found(*row) for row in rows.select(*_Found._fields).iter_rows()]
    return found + [_Found(*remark, "") for remark in receipt.remarks]


def _rows(
    receipt: Receipt, found: Sequence[_Found], known: Mapping[str, Item], today: date
) -> list[tuple[Item, str, str]]:
    """What is wrong with one delivery: items, each with the words and the row that stand in the CSV.

    The key of an item is made of its row's text: lines may move. `known` are the open items by key.
    """
    times: Counter[tuple[str, ...]] = Counter()
    made = []
    for line, column, rule, detail, row in found:
        what = (receipt.path, column, rule, row)
        times[what] += 1
        key = digest([*what, str(times[what])])[:16]
        first_seen = known[key].first_seen if key in known else today.isoformat()
        item = Item(key, receipt.sender, receipt.path, line, column, rule, first_seen, detail=detail)
        made.append((item, detail, row))
    return made


def _csv(rows: Sequence[tuple[Item, str, str]], registry: Registry) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for item, detail, row in rows:
        line, words = str(item.line or ""), registry.rules[item.rule].da
        cells = (item.path, line, item.column, item.rule, words, detail, row, item.first_seen)
        writer.writerow([_inert(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    """A cell that a spreadsheet shows and does not calculate."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@")) else cell
