"""Typed rows to validated files of facts, block by block, so that memory does not grow with the delivery."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from flows.core.parquet import parquet
from flows.intake import facts
from flows.intake.facts import ROW, Stamp
from flows.intake.faults import Fault
from flows.intake.reading import Reading
from flows.intake.reshape import Rows

BLOCK = 250_000
FOLLOWING = ("required_empty", "no_figure", "figure_marked_missing", "contract", "unknown_value")


@dataclass
class FactFiles:
    """The files of facts that the rows of a delivery give, written below `work`.

    `accepted` counts the rows that a declared exception accepts.
    """

    rows: Rows
    stamp: Stamp
    reading: Reading
    work: Path
    accepted: Counter[str] = field(default_factory=Counter)
    # Rows that stand in all of their tables but this one.
    _left_out: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def written(self) -> tuple[dict[str, Path], list[Fault], NDArray[np.bool_]]:
        """The file of each fact table, everything that is wrong, and which rows are set aside."""
        found = [fault for group in self.rows.groups for fault in self.rows.faults(group)]
        bad = np.zeros(len(self.rows.lines), dtype=bool)
        for group in self.rows.groups:
            table = self.reading.registry.rules[group.rule].table
            (bad if table is None else self._of_table(table))[group.rows] = True
        keys: dict[str, list[pl.Series]] = {}
        found += self._also_wrong(bad, found)
        files = self._write(bad, found, keys)
        repeated = self._repeated(bad, keys)
        if repeated or self._left_out.keys() & self.reading.layout.may_repeat:
            found += repeated
            bad[[fault.row for fault in repeated]] = True
            files = self._write(bad, None, {})
        return files, found, bad

    def set_aside(self, bad: NDArray[np.bool_]) -> pl.DataFrame | None:
        """The keys of the figures in rows that are set aside, as far as they can be read; None of other tables."""
        if "figures" not in self.reading.layout.tables:
            return None
        key = list(self.reading.registry.tables["figures"].key)
        parts = [block["figures"].select(key).drop_nulls() for block in (self._blocks(bad) if bad.any() else ())]
        return pl.concat(parts).unique(maintain_order=True) if parts else None

    def _blocks(self, chosen: NDArray[np.bool_]) -> Iterator[dict[str, pl.DataFrame]]:
        columns = [column for column, _ in self.rows.columns.values()]
        rows = np.flatnonzero(chosen & ~self.rows.outside)
        for start in range(0, max(len(rows), 1), BLOCK):
            block = facts.tables(self.rows.block(rows[start : start + BLOCK]), columns, self.stamp, self.reading)
            yield {name: self._those_of(name, block[name]) for name in block}

    def _of_table(self, table: str) -> NDArray[np.bool_]:
        return self._left_out.setdefault(table, np.zeros(len(self.rows.lines), dtype=bool))

    def _those_of(self, table: str, rows: pl.DataFrame) -> pl.DataFrame:
        if table not in self._left_out:
            return rows
        return rows.filter(~pl.Series(values=self._left_out[table][rows[ROW].to_numpy()]))

    def _write(
        self, bad: NDArray[np.bool_], found: list[Fault] | None, keys: dict[str, list[pl.Series]]
    ) -> dict[str, Path]:
        """Write the rows that are not bad; where `found` is given, validate them first and set aside what fails."""
        files: dict[str, Path] = {}
        with ExitStack() as stack:
            # Deliveries of several blocks are written beside, while the next block is made.
            beside = stack.enter_context(ThreadPoolExecutor(1)) if len(self.rows.lines) > BLOCK else None
            writing: list[Future[None]] = []
            adders: dict[str, Any] = {}
            for block in self._blocks(~bad):
                failed = self._failed(block, found) if found is not None else set()
                bad[list(failed)] = True
                for name, rows in block.items():
                    table = self.reading.registry.tables[name]
                    good = rows.filter(~pl.col(ROW).is_in(failed)) if failed else rows
                    if found is not None:
                        keys.setdefault(name, []).append(good.select(table.key).hash_rows())
                    if name not in adders:
                        files[name] = self.work / f"{name}.parquet"
                        adders[name] = stack.enter_context(parquet(files[name], table))
                    if beside is None:
                        self._add(adders[name], good)
                        continue
                    while len(writing) > 1:
                        writing.pop(0).result()
                    writing.append(beside.submit(self._add, adders[name], good))
            for part in writing:
                part.result()
        return files

    def _failed(self, block: Mapping[str, pl.DataFrame], found: list[Fault]) -> set[int]:
        """The rows of a block that break a rule of their contract; what is wrong with them is added to `found`."""
        failed: set[int] = set()
        for name, rows in block.items():
            faulty, accepted = facts.validate(name, rows, self.reading, self.rows)
            self.accepted += accepted
            found += faulty
            failed |= {fault.row for fault in faulty}
        return failed

    def _also_wrong(self, bad: NDArray[np.bool_], found: list[Fault]) -> list[Fault]:
        """What else breaks a rule in rows that are set aside already, so that a sender hears all of a row at once.

        A cell without a value breaks further rules by that alone: they tell nothing new.
        """
        known = {(fault.row, fault.column) for fault in found}
        more: list[Fault] = []
        for block in self._blocks(bad) if bad.any() else ():
            for name, rows in block.items():
                faulty, _ = facts.validate(name, rows, self.reading, self.rows)
                more += [fault for fault in faulty if fault.rule not in FOLLOWING]
        return [fault for fault in more if (fault.row, fault.column) not in known]

    def _add(self, add: Callable[[pa.Table], None], rows: pl.DataFrame) -> None:
        """Write validated rows. Text that came from a column of the delivery is written as the codes that it has."""
        at, stamp = rows[ROW].to_numpy(), vars(self.stamp)
        columns = {}
        for name in rows.columns:
            if name == ROW:
                continue
            coded = self.rows.arrow(name, at)
            if name in stamp and rows.schema[name] == pl.String:
                coded = pa.DictionaryArray.from_arrays(np.zeros(len(at), dtype=np.int32), [stamp[name]])
            columns[name] = coded if coded is not None else rows[name].to_arrow()
        add(pa.table(columns))

    def _repeated(self, bad: NDArray[np.bool_], keys: Mapping[str, list[pl.Series]]) -> list[Fault]:
        """Faults of rows that share a key; only rows whose keys have the same hash are looked at again.

        A row that may repeat another one is none in that table, and no fault, but where it says nothing new at all.
        """
        hashes = {name: pl.concat(parts) for name, parts in keys.items()}
        doubtful = {name: keys for name, keys in hashes.items() if keys.n_unique() < len(keys)}
        twice = {name: keys.filter(keys.is_duplicated()).unique() for name, keys in doubtful.items()}
        if not twice:
            return []
        suspects: dict[str, list[pl.DataFrame]] = {}
        tables = self.reading.registry.tables
        for block in self._blocks(~bad):
            for name, repeated in twice.items():
                shared = block[name].select(tables[name].key).hash_rows().is_in(repeated.implode())
                suspects.setdefault(name, []).append(block[name].filter(shared))
        found = {
            name: facts.key_faults(pl.concat(rows), tables[name], self.rows.headers) for name, rows in suspects.items()
        }
        again = {name: {f.row for f in faults if f.rule == "repeated_line"} for name, faults in found.items()}
        for name in self.reading.layout.may_repeat:
            elsewhere = set().union(*(again.get(other, set()) for other in self.reading.layout.tables if other != name))
            if new := again.get(name, set()) - elsewhere:
                self._of_table(name)[list(new)] = True
                found[name] = [fault for fault in found[name] if fault.row not in new or fault.rule != "repeated_line"]
        return [fault for faults in found.values() for fault in faults]
