"""Releases on disk: what each showed and hid, with the true counts behind it. This folder never leaves the house.

releases/ledger.jsonl               every number that was handed out (flows/release/ledger.py)
releases/ledger.head                hash of its last line
releases/draw.key                   what the draw of further hidden figures is made with (flows/release/draw.py)
releases/<year>-<number>/           one release
    cells.parquet, sums.parquet     its cells with their true counts, and the sums over them
    figures.parquet                 its figures as readers may see them
    movements.parquet               how far its areas moved, worked out from those figures alone
    record.json                     what was hidden and by which rule, what the attack found, hashes of the files
    approvals.jsonl                 who has looked at which secretariat's extract
releases/.lock                      held while a release is made or handed out
"""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from flows.core.access import keep_private
from flows.core.files import replaced, write
from flows.core.locks import held
from flows.core.parquet import write_parquet
from flows.core.provenance import file_sha256
from flows.release.attack import Exhibit
from flows.release.cells import Cell, Key, Sum, Tables
from flows.release.ledger import Entry, HandOut, ReleaseLedger, Tampered, add, open_ledger
from schemas.registry import Registry

LEDGER, HEAD, DRAW = "ledger.jsonl", "ledger.head", "draw.key"
SECRET_BYTES = 32
NAME = re.compile(r"\d{4}-\d+")
RECORD = "record.json"
# Columns of cells.parquet, in the order of the fields of Key, and of those of Cell behind its key.
OF_KEY = {
    "cell_geography": pl.String,
    "cell_geography_id": pl.String,
    "year": pl.Int32,
    "cell_indicator": pl.String,
    "cell_part": pl.String,
}
OF_CELL = {
    "cell_value": pl.Int64,
    "k": pl.Int64,
    "standing": pl.String,
    "hides_zero": pl.Boolean,
    "cell_upper": pl.Int64,
    "weight": pl.Float64,
    "withheld_because": pl.String,
}
PARTS = {
    "cells": "release_cells",
    "sums": "release_sums",
    "figures": "cleared_figures",
    "movements": "cleared_movements",
}


class ReleaseBusy(RuntimeError):
    """Another run is making a release or handing one out."""


class NoRelease(LookupError):
    """There is no such release."""


class ReleaseDamaged(RuntimeError):
    """A release is not what its record says."""


@dataclass(frozen=True)
class Release:
    """One release: its name, such as 2012-1, its folder, and its record."""

    name: str
    folder: Path
    record: Mapping[str, Any]

    @property
    def year(self) -> int:
        """The year that the release is about."""
        return int(self.record["year"])

    @cached_property
    def years_of_cells(self) -> list[int]:
        """Years of which the release has cells. Raises ReleaseDamaged."""
        return sorted(pl.read_parquet(self._file("cells"), columns=["year"], glob=False)["year"].unique())

    def exhibit(self, year: int) -> Exhibit:
        """Its tables of one year, and the counts that readers have. Raises ReleaseDamaged."""
        held = pl.scan_parquet(self._file("cells"), glob=False).filter(pl.col("year") == year).collect()
        cells, keys, shown = {}, {}, {}
        for row in held.iter_rows(named=True):
            key = keys[row["cell_no"]] = Key(*(row[column] for column in OF_KEY))
            cells[key] = Cell(key, *(row[column] for column in OF_CELL))
            if row["is_shown"]:
                shown[key] = row["shown_value"]
        totals: dict[int, tuple[str, Key]] = {}
        parts: dict[int, list[Key]] = {}
        sums = pl.scan_parquet(self._file("sums"), glob=False).filter(pl.col("year") == year).collect()
        for number, name, cell, is_total in sums.select("sum_no", "sum_name", "cell_no", "is_total").iter_rows():
            if is_total:
                totals[number] = (name, keys[cell])
            else:
                parts.setdefault(number, []).append(keys[cell])
        found = tuple(Sum(name, total, tuple(parts[number])) for number, (name, total) in totals.items())
        return Exhibit(Tables(cells, found), shown, self.record["base"])

    @cached_property
    def figures(self) -> pl.DataFrame:
        """All its cleared figures. Raises ReleaseDamaged."""
        return self.figures_where(pl.lit(True))

    def figures_where(self, asked: pl.Expr) -> pl.DataFrame:
        """Those of its cleared figures for which `asked` holds; no others are kept in memory. Raises ReleaseDamaged."""
        return pl.scan_parquet(self._file("figures"), glob=False).filter(asked).collect()

    @cached_property
    def movements(self) -> pl.DataFrame:
        """The movements of its areas: rows of cleared_movements. Raises ReleaseDamaged."""
        return pl.read_parquet(self._file("movements"), glob=False)

    @cached_property
    def seal(self) -> str:
        """SHA-256 of its record, which has those of its files: what the ledger notes of a release handed out."""
        return file_sha256(self.folder / RECORD)

    def require_whole(self) -> None:
        """Raise ReleaseDamaged, naming the file, where a part is not what the release was made with."""
        for part in PARTS:
            self._file(part)

    @cached_property
    def _whole(self) -> set[str]:
        """Parts whose file has been found to be the one that the release was made with."""
        return set()

    def _file(self, part: str) -> Path:
        """The file of a part, verified when it is first asked for. Raises ReleaseDamaged."""
        file = self.folder / f"{part}.parquet"
        if part not in self.record["files"]:
            raise ReleaseDamaged(
                f"release {self.name} was made by an older version, which kept no {part}: what was handed out of it "
                f"stands; make the year anew with 'boligprofil extract --year {self.year}'"
            )
        if part not in self._whole and (not file.is_file() or file_sha256(file) != self.record["files"][part]):
            raise ReleaseDamaged(
                f"{file} is not the file that release {self.name} was made with; bring back "
                f"{self.folder} from its backup, and release nothing until then"
            )
        self._whole.add(part)
        return file


def lock(releases: Path) -> AbstractContextManager[None]:
    """Hold the right to make and hand out releases. Raises ReleaseBusy."""
    keep_private(releases)
    return held(releases / ".lock", ReleaseBusy(f"another run is making extracts in {releases}; wait for it to end"))


def secret(releases: Path) -> bytes:
    """What the draw is made with; it is made where there is none. Call under `lock`. Raises ReleaseDamaged.

    Another one makes other drafts, and changes nothing of what was handed out.
    """
    file = releases / DRAW
    if not file.is_file():
        releases.mkdir(parents=True, exist_ok=True)
        write(file, secrets.token_hex(SECRET_BYTES).encode())
    found = file.read_bytes().strip()
    if len(found) != 2 * SECRET_BYTES:
        raise ReleaseDamaged(
            f"{file} is cut or changed: bring it back from its backup, or remove it, and run 'boligprofil extract'; "
            "without it whoever has read the program could tell more of what is hidden"
        )
    return found


def kept(releases: Path) -> list[Release]:
    """Every release, the oldest first; what a killed run left, or somebody's copy under another name, is none.

    Raises ReleaseDamaged where the record of one cannot be read.
    """
    found = [
        Release(folder.name, folder, _record(folder / RECORD))
        for folder in releases.glob("*-*")
        if NAME.fullmatch(folder.name) and (folder / RECORD).is_file()
    ]
    own = [release for release in found if release.record["release"] == release.name]
    return sorted(own, key=lambda release: (release.record["number"], release.name))


def _record(file: Path) -> Mapping[str, Any]:
    try:
        record: Mapping[str, Any] = json.loads(file.read_bytes())
    except ValueError:
        raise ReleaseDamaged(
            f"{file} is cut or empty: bring {file.parent} back from its backup; if nothing of it was ever handed out, "
            "move the folder away. Nothing can be released until then"
        ) from None
    return record


def find(releases: Path, name: str) -> Release:
    """The release of this name, or the newest of this year. Raises NoRelease."""
    there = kept(releases)
    named = [release for release in there if name in (release.name, str(release.year))]
    if not named:
        known = ", ".join(release.name for release in there) or "none yet"
        raise NoRelease(f"no release {name!r}; there are: {known}")
    return named[-1]


def ledger_of(releases: Path) -> ReleaseLedger:
    """The ledger of these releases, verified; raises Tampered also where releases were cut off at its end."""
    ledger = open_ledger(releases / LEDGER)
    kept_head = releases / HEAD
    head = kept_head.read_text(encoding="utf-8").strip() if kept_head.is_file() else None
    # A killed run may have added a release and not yet noted it, the first one as well.
    # That a ledger ends within a later one, and nothing was noted of the first, no killed run leaves behind.
    is_lost = len(ledger.ends) > 1 or (ledger.torn and bool(ledger.ends))
    if head not in ledger.ends and (head is not None or is_lost):
        raise Tampered(
            f"{ledger.file}: the last release that {kept_head} names is not in it: lines were cut off, or one of the "
            "files was replaced or lost. Bring them back from their backup; nothing can be released until then"
        )
    return ledger


def hand_out(releases: Path, entries: Iterable[Entry], seal: HandOut) -> ReleaseLedger:
    """Add what is handed out and its seal to the ledger, and note its end beside it. Raises Tampered, LedgerBusy."""
    ledger_of(releases)
    ledger = add(releases / LEDGER, entries, seal)
    note_end(releases, ledger)
    return ledger


def note_end(releases: Path, ledger: ReleaseLedger) -> None:
    """Note the ledger's end beside it, where a killed run did not come to it."""
    noted = f"{ledger.head}\n".encode()
    head = releases / HEAD
    if ledger.ends and (not head.is_file() or head.read_bytes() != noted):
        write(head, noted)


def keep(
    releases: Path, name: str, tables: Mapping[str, pl.DataFrame], record: Mapping[str, Any], registry: Registry
) -> Release:
    """Write a release beside and rename it into place, instead of a draft of the same name; `tables` are its PARTS."""
    target = releases / name
    with replaced(target) as work:
        for part, contract in PARTS.items():
            table = registry.tables[contract]
            shaped = tables[part].select(column.name for column in table.columns)
            write_parquet(work / f"{part}.parquet", shaped.to_arrow(), table, {"origin": record["origin"]})
        hashes = {part: file_sha256(work / f"{part}.parquet") for part in PARTS}
        content = json.dumps({**record, "files": hashes}, ensure_ascii=False, indent=1)
        write(work / RECORD, content.encode())
    return Release(name, target, json.loads((target / RECORD).read_text(encoding="utf-8")))


def frames(exhibit: Exhibit) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cells and sums of one year as they are kept; their numbers begin anew with each year."""
    held = pl.DataFrame(
        [
            (
                place,
                *key,
                *list(vars(exhibit.tables.cells[key]).values())[1:],
                key in exhibit.shown,
                exhibit.shown.get(key),
            )
            for place, key in enumerate(exhibit.tables.keys)
        ],
        schema={"cell_no": pl.Int64, **OF_KEY, **OF_CELL, "is_shown": pl.Boolean, "shown_value": pl.Int64},
        orient="row",
    )
    number = {key: place for place, key in enumerate(exhibit.tables.keys)}
    rows = [
        (place, total.total.year, total.name, number[key], key == total.total)
        for place, total in enumerate(exhibit.tables.sums)
        for key in (total.total, *total.parts)
    ]
    kinds = {
        "sum_no": pl.Int64(),
        "year": pl.Int32(),
        "sum_name": pl.String(),
        "cell_no": pl.Int64(),
        "is_total": pl.Boolean(),
    }
    return held, pl.DataFrame(rows, schema=kinds, orient="row")
