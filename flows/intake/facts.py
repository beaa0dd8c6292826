"""Typed rows to facts: shaped into the tables that a layout feeds, validated by contract, written as files.

All of it happens block by block, so that memory does not grow with the delivery.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from flows.core.parquet import parquet
from flows.intake.cast import MISSING
from flows.intake.faults import Fault
from flows.intake.reading import Reading
from flows.intake.reshape import Rows
from schemas import contracts
from schemas.registry import Registry
from schemas.sources import LayoutColumn
from schemas.tables import Table

ROW = "row"
# What a row says of its delivery, not of the world.
STAMPED = ("received_at", "published_at", "source", "source_file", "source_line", "origin")
# A source that shows a figure and marks it missing in the same row says two things at once.
MARKED = ("withheld_by_source", "too_uncertain", "not_defined_that_year", "withdrawn_by_source")
BLOCK = 250_000
# What a layout has no column for, as its other columns say it.
OTHERWISE = {
    "geography": pl.lit("area"),
    "geography_id": pl.col("area_id"),
    "year": pl.col("period").str.slice(0, 4).cast(pl.Int32()),
    "period": pl.col("year").cast(pl.String()),
    "breakdown": pl.lit("all"),
    "numerator": pl.lit(None, dtype=pl.Int64()),
    "denominator": pl.lit(None, dtype=pl.Int64()),
    "value": pl.lit(None, dtype=pl.Float64()),
    "status": pl.lit("final"),
    "window_years": pl.lit(1, dtype=pl.Int64()),
}
FOLLOWING = ("required_empty", "no_figure", "figure_marked_missing", "contract", "unknown_value")


@dataclass(frozen=True)
class Stamp:
    """What every fact of a delivery says of where it comes from."""

    source: str
    source_file: str
    published_at: date
    received_at: date
    origin: str


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
        if bad.any():
            found += self._also_wrong(bad, found)
        files = self._write(bad, found, keys)
        repeated = self._repeated(bad, keys)
        if repeated or self._left_out.keys() & self.reading.layout.may_repeat:
            found += repeated
            bad[[fault.row for fault in repeated]] = True
            files = self._write(bad, None, {})
        return files, found, bad

    def set_aside(self, bad: NDArray[np.bool_]) -> pl.DataFrame:
        """The keys of the figures in rows that are set aside, as far as they can be read; empty of other tables."""
        if "figures" not in self.reading.layout.tables:
            return pl.DataFrame()
        key = list(self.reading.registry.tables["figures"].key)
        parts = [block["figures"].select(key).drop_nulls() for block in self._blocks(bad)]
        return pl.concat(parts).unique(maintain_order=True)

    def _blocks(self, chosen: NDArray[np.bool_]) -> Iterator[dict[str, pl.DataFrame]]:
        columns = [column for column, _ in self.rows.columns.values()]
        rows = np.flatnonzero(chosen & ~self.rows.outside)
        for start in range(0, max(len(rows), 1), BLOCK):
            block = tables(self.rows.block(rows[start : start + BLOCK]), columns, self.stamp, self.reading)
            for name in self._left_out.keys() & block.keys():
                left_out = self._left_out[name][block[name][ROW].to_numpy()]
                block[name] = block[name].filter(~pl.Series(values=left_out))
            yield block

    def _of_table(self, table: str) -> NDArray[np.bool_]:
        return self._left_out.setdefault(table, np.zeros(len(self.rows.lines), dtype=bool))

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
            faulty, accepted = validate(name, rows, self.reading, self.rows)
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
        for block in self._blocks(bad):
            for name, rows in block.items():
                faulty, _ = validate(name, rows, self.reading, self.rows)
                more += [fault for fault in faulty if fault.rule not in FOLLOWING]
        return [fault for fault in more if (fault.row, fault.column) not in known]

    def _add(self, add: Callable[[pa.Table], None], rows: pl.DataFrame) -> None:
        """Write validated rows. Text that came from a column of the delivery is written as the codes that it has."""
        at, same = rows[ROW].to_numpy(), {**vars(self.stamp), "figure_owner": self.reading.source.figure_owner}
        columns = {}
        for name in rows.columns:
            if name == ROW:
                continue
            coded = self.rows.arrow(name, at)
            if name in same and rows.schema[name] == pl.String:
                coded = pa.DictionaryArray.from_arrays(np.zeros(len(at), dtype=np.int32), [same[name]])
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
        found = {name: key_faults(pl.concat(rows), tables[name], self.rows.headers) for name, rows in suspects.items()}
        again = {name: {f.row for f in faults if f.rule == "repeated_line"} for name, faults in found.items()}
        for name in self.reading.layout.may_repeat:
            elsewhere = set().union(*(again.get(other, set()) for other in self.reading.layout.tables if other != name))
            if new := again.get(name, set()) - elsewhere:
                self._of_table(name)[list(new)] = True
                found[name] = [fault for fault in found[name] if fault.row not in new or fault.rule != "repeated_line"]
        return [fault for faults in found.values() for fault in faults]


def tables(
    typed: pl.DataFrame, columns: Collection[LayoutColumn], stamp: Stamp, reading: Reading
) -> dict[str, pl.DataFrame]:
    """The fact tables of typed rows, each with the columns and types of its contract and `row`."""
    made = {}
    for name in reading.layout.tables:
        table = reading.registry.tables[name]
        rows = _figures(typed, columns, reading) if name == "figures" else _one_each(typed, table)
        made[name] = _shaped(rows, stamp, table)
    return made


def _one_each(typed: pl.DataFrame, table: Table) -> pl.DataFrame:
    """A row for each value of a column that has several in one cell, for the tables that have such a column."""
    held = {column.name for column in table.columns}
    several = [name for name, dtype in typed.schema.items() if dtype == pl.List(pl.String()) and name in held]
    for name in several:
        typed = typed.explode(name, empty_as_null=False, keep_nulls=False)
    return typed


def _shaped(rows: pl.DataFrame, stamp: Stamp, table: Table) -> pl.DataFrame:
    """The table's columns in its order and types; a column that the layout does not have is empty."""
    says, there = vars(stamp), rows.schema
    chosen = []
    for name, dtype in contracts.polars_schema(table).items():
        here = pl.lit(says[name]) if name in says else pl.col(name) if name in there else pl.lit(None)
        chosen.append((here if name not in says and there.get(name) == dtype else here.cast(dtype)).alias(name))
    return rows.select_seq(*chosen, ROW)


def _figures(typed: pl.DataFrame, columns: Collection[LayoutColumn], reading: Reading) -> pl.DataFrame:
    """One row per figure, from a layout with columns per indicator or with a row per figure."""
    by_indicator: dict[str, dict[str, LayoutColumn]] = {}
    for column in columns:
        if column.indicator:
            by_indicator.setdefault(column.indicator, {})[column.part] = column
    if by_indicator:
        each = [_one_indicator(typed, indicator, parts) for indicator, parts in by_indicator.items()]
        typed = pl.concat(each, how="diagonal_relaxed")
    return _with_reference(_long(typed, reading), reading)


def _one_indicator(typed: pl.DataFrame, indicator: str, parts: Mapping[str, LayoutColumn]) -> pl.DataFrame:
    """The rows of one indicator that has columns of its own: a value, its counts, or all three."""
    first = next(iter(parts.values()))
    years = typed["year"].unique().to_list()
    # A column that the layout does not know in a year holds no figure of that year.
    known = [year for year in years if year is not None and (first.years is None or year in first.years)]
    windows = {year: first.window(year) for year in known}
    renamed = {column.name + end: part + end for part, column in parts.items() for end in ("", MISSING)}
    rows = typed.select([name for name in typed.columns if ":" not in name or name in renamed])
    rows = rows.rename(renamed, strict=False)
    if len(known) < len(years):
        rows = rows.filter(pl.col("year").is_in(known))
    window = pl.lit(1, dtype=pl.Int64())
    if max(windows.values(), default=1) > 1:
        window = pl.col("year").replace_strict(windows, return_dtype=pl.Int64())
    return rows.with_columns(indicator=pl.lit(indicator), window_years=window)


def _long(typed: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Figures with a value, counts, or both; where the value is not delivered, it follows from the counts."""
    there = set(typed.columns)
    rows = typed.with_columns_seq(cells.alias(name) for name, cells in OTHERWISE.items() if name not in there)
    marks = [name + MISSING for name in ("value", "numerator", "denominator") if name + MISSING in there]
    base = pl.when(pl.col("denominator") > 0).then(pl.col("denominator"))
    value = pl.coalesce(pl.col("value"), reading.factor * pl.col("numerator") / base)
    marked = pl.coalesce([pl.when(pl.col(mark).is_in(MARKED)).then(mark) for mark in marks])
    rows = rows.with_columns_seq(value=value, marked=marked, figure_owner=pl.lit(reading.source.figure_owner))
    # 0 of 0 was delivered: there is nobody of whom to tell a share.
    nobody = pl.when((pl.col("numerator") == 0) & (pl.col("denominator") == 0)).then(pl.lit("nobody"))
    plain = pl.coalesce(nobody, *marks, pl.lit("not_delivered"))
    why = pl.coalesce("marked", pl.when(pl.col("value").is_null()).then(plain))
    return rows.with_columns_seq(missing_reason=why, window_years=pl.col("window_years").cast(pl.Int64()).fill_null(1))


def _with_reference(figures: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The days that a figure speaks of, where they are known, and the edition: the year that it is given for.

    A source with a day of reference counts on that day. A quarter or month is its first day for a stock, all its days
    for what happens in the course of it.
    """
    first = last = pl.lit(None, dtype=pl.Date)
    if reading.source.reference_day is not None:
        month, number = (int(part) for part in reading.source.reference_day.split("-"))
        first = last = pl.date(pl.col("year"), month, number)
    is_part = pl.col("period").str.len_chars() > len("2012")
    if figures.select_seq(is_part.any()).item():
        part = pl.col("period").str.slice(5).cast(pl.Int32, strict=False)
        months = pl.when(pl.col("period").str.contains("Q")).then(3).otherwise(1)
        begins = pl.date(pl.col("year"), months * (part - 1) + 1, 1)
        ends = begins.dt.offset_by("1mo").dt.offset_by("-1d")
        ends = pl.when(months == 3).then(begins.dt.offset_by("3mo").dt.offset_by("-1d")).otherwise(ends)
        stocks = [i.id for i in reading.registry.indicators.values() if i.of_year == "first"]
        first, last = (
            pl.when(is_part).then(begins).otherwise(first),
            pl.when(~is_part).then(last).when(pl.col("indicator").is_in(stocks)).then(begins).otherwise(ends),
        )
    return figures.with_columns_seq(reference_from=first, reference_to=last, published_in=pl.col("year"))


def validate(name: str, rows: pl.DataFrame, reading: Reading, delivered: Rows) -> tuple[list[Fault], Counter[str]]:
    """Faults of the rows of one fact table against its contract, and how many of them an exception accepts.

    `delivered` are the rows that they come from.
    """
    registry, judged = reading.registry, rows.drop(ROW)
    if reading.contracts[name].is_kept(judged):
        return [], Counter()
    table = registry.tables[name]
    cases = _broken_rules(judged, table, registry)
    if cases["index"].null_count():
        raise TypeError(f"facts of {name!r} do not have the shape of their contract:\n{cases}")
    faults, accepted = [], Counter[str]()
    for case in cases.to_dicts():
        row = rows.row(case["index"], named=True)
        fault = _fault(name, case, row, registry, delivered)
        if excuse := registry.excuse(fault.rule, row["source_file"], row):
            accepted[excuse] += 1
        else:
            faults.append(fault)
    return faults, accepted


def _broken_rules(rows: pl.DataFrame, table: Table, registry: Registry) -> pl.DataFrame:
    """Every broken rule of every row. Raises TypeError where pandera finds none, though the contract is broken."""
    from pandera.errors import SchemaErrors  # noqa: PLC0415 - it takes seconds to import

    try:
        contracts.pandera_schema(registry, table).validate(rows, lazy=True)
    except SchemaErrors as errors:
        cases: pl.DataFrame = errors.failure_cases
        return cases
    raise TypeError(f"rows of {table.id!r} break a rule of their contract that pandera does not know")


def _fault(
    table: str,
    case: Mapping[str, object],
    row: Mapping[str, object],
    registry: Registry,
    delivered: Rows,
) -> Fault:
    check = "required_empty" if case["check"] == "not_nullable" else str(case["check"])
    rule = check if check in registry.rules else "contract"
    of_rows = contracts.ROW_RULES.get(table, {})
    column = str(case["column"]) if case["column"] in row else of_rows[rule].field if rule in of_rows else ""
    headers = delivered.headers
    header = headers.get(column) or headers.get(f"{column}:{row.get('indicator')}", column)
    at = int(str(row[ROW]))
    return Fault(int(str(row["source_line"])), delivered.shown(header, at), rule, "", at)


def key_faults(rows: pl.DataFrame, table: Table, headers: Mapping[str, str]) -> list[Fault]:
    """Rows that share a key: where they agree the first one stays, where they disagree none does."""
    content = [name for name in rows.columns if name not in ("source_line", ROW)]
    keyed = rows.with_columns(
        pl.len().over(table.key).alias("same_key"),
        pl.len().over(content).alias("same_row"),
        pl.col(ROW).min().over(table.key).alias("first"),
        pl.col("source_line").min().over(table.key).alias("first_line"),
    ).filter(pl.col("same_key") > 1)
    columns = ", ".join(dict.fromkeys(headers[key] for key in table.key if key in headers))
    faults = []
    for row in keyed.iter_rows(named=True):
        agree = row["same_row"] == row["same_key"]
        if agree and row[ROW] == row["first"]:
            continue
        rule = "repeated_line" if agree else "duplicate_key"
        faults.append(Fault(row["source_line"], columns, rule, f"first in line {row['first_line']}", row[ROW]))
    return faults
