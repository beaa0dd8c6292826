"""Partitions held against their contract where they lie: by what their row groups say of themselves, then by a scan.

No row is carried out of a file: a breach is a file, a column, a rule and a count.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from typing_extensions import override

from flows.registers.counting import outside_months
from flows.registers.engine import reading
from flows.registers.partitions import Partition, UnfitRegister
from schemas.registry import Registry
from schemas.tables import Table, TableColumn

# Where so many numbers read as a day and month of birth with further digits behind, they are CPR numbers.
CPR_SHARE = 0.5
KINDS = {
    "text": (pa.types.is_string, pa.types.is_large_string),
    "integer": (pa.types.is_integer,),
    "year": (pa.types.is_integer,),
    "number": (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    "boolean": (pa.types.is_boolean,),
    "date": (pa.types.is_date32,),
}
# Which number says in which bucket a row lies.
NUMBER_OF = {"person_years": "person_id", "moves": "person_id", "households": "household_id"}


@dataclass(frozen=True)
class Breach:
    """A rule that rows of one file break, and how many; of a whole column none are counted."""

    file: str
    column: str
    rule: str
    rows: int | None = None

    @override
    def __str__(self) -> str:
        """The breach as a line of an error."""
        return f"{self.file}: {self.column}: {f'{self.rows:,} rows: ' if self.rows is not None else ''}{self.rule}"


def require(breaches: Sequence[Breach], what: str) -> None:
    """Raises UnfitRegister naming every breach, where there is one."""
    if breaches:
        lines = "\n  ".join(map(str, breaches))
        raise UnfitRegister(
            f"{what} does not fit its contract; nothing was counted:\n  {lines}\nAsk its holder for these files again"
        )


def breaches(partition: Partition, registry: Registry, municipalities: Collection[str]) -> list[Breach]:
    """What one partition breaks of its table's contract. Memory holds the numbers of one column at most.

    `municipalities` are the codes that there are. Raises UnfitRegister where the file is no parquet.
    """
    table = registry.registers[partition.table]
    try:
        file = pq.ParquetFile(partition.file)
    except (pa.ArrowInvalid, OSError) as error:
        raise UnfitRegister(f"{partition.name} is no parquet file that can be read; write it again") from error
    with file:
        found = _of_columns(file.schema_arrow, partition, table)
        if found or not file.metadata.num_rows:
            return found or [Breach(partition.name, "(all)", "the file holds no rows")]
        rules = _rules(partition, registry, table, municipalities)
        left = [rule for rule in rules if not _held_by_statistics(file, rule)]
        words = _words(partition.file, [rule.column for rule in left if rule.words])
        found = _broken(partition, [rule for rule in left if not (rule.words and words[rule.column] <= rule.words)])
        return found or [*_keys(file, partition, table), *_cpr(file, partition, table)]


@dataclass(frozen=True)
class _Promise:
    """What rows must fulfil: the condition that breaks it, and what statistics, or the words that a column holds, must
    say for no row to break it.
    """

    column: str
    says: str
    broken: str
    least: float | None = None
    most: float | None = None
    is_filled: bool = False
    words: frozenset[str] = frozenset()


def _of_columns(schema: pa.Schema, partition: Partition, table: Table) -> list[Breach]:
    there = dict(zip(schema.names, schema.types, strict=True))
    wanted = {column.name: column for column in table.columns}
    found = [Breach(partition.name, name, "the column is missing") for name in wanted if name not in there]
    found += [
        Breach(partition.name, name, "no column of the contract; take it out: nobody has agreed on it")
        for name in there
        if name not in wanted
    ]
    for name in wanted.keys() & there.keys():
        kind = there[name].value_type if pa.types.is_dictionary(there[name]) else there[name]
        if not any(fits(kind) for fits in KINDS[wanted[name].type]):
            found.append(Breach(partition.name, name, f"must be {wanted[name].type}, not {there[name]}"))
    return sorted(found, key=str)


def _rules(partition: Partition, registry: Registry, table: Table, municipalities: Collection[str]) -> list[_Promise]:
    made = [rule for column in table.columns for rule in _of_column(column, registry)]
    made.append(
        _Promise("year", f"must be {partition.year}, as the folder says", f'"year" <> {partition.year}',
              partition.year, partition.year)
    )  # fmt: skip
    number = NUMBER_OF[table.id]
    if partition.buckets > 1:
        rule = f"belongs into another bucket than {partition.bucket} of {partition.buckets}"
        made.append(_Promise(number, rule, f"{number} % {partition.buckets} <> {partition.bucket}"))
    if "municipality_code" in {column.name for column in table.columns}:
        made.append(_one_of("municipality_code", municipalities, "no municipality of 2007"))
    if table.id == "person_years":
        months = outside_months(registry, partition.year)
        made.append(_Promise("*_months", "more than 12 months outside work in one year", f"{months} > 12.001"))
        unknown = [row["attachment"] for row in registry.codes["attachments"] if _is_not_yet(row, partition.year)]
        made += [
            _Promise(f"{name}_months", "the benefit did not exist in the year", f"{name}_months > 0", None, 0)
            for name in unknown
        ]
    if table.id == "moves":
        comes, goes = "move_kind in ('born', 'immigrated')", "move_kind in ('died', 'emigrated')"
        made += [
            _Promise("moved_on", "lies in another year", 'extract(year from moved_on) <> "year"'),
            _Promise(
                "from_address_key", "empty, or filled against move_kind", f"({comes}) <> (from_address_key is null)"
            ),
            _Promise("to_address_key", "empty, or filled against move_kind", f"({goes}) <> (to_address_key is null)"),
        ]
    return made


def _one_of(column: str, words: Collection[str], says: str) -> _Promise:
    listed = ", ".join(f"'{word}'" for word in sorted(words))
    return _Promise(column, says, f'"{column}" not in ({listed})', words=frozenset(words))


def _is_not_yet(row: Mapping[str, str], year: int) -> bool:
    return bool(row["from_year"]) and year < int(row["from_year"])


def _of_column(column: TableColumn, registry: Registry) -> Iterable[_Promise]:
    name = f'"{column.name}"'
    if not column.nullable:
        yield _Promise(column.name, "empty, and must not be", f"{name} is null", is_filled=True)
    if allowed := registry.allowed(column):
        yield _one_of(column.name, allowed, f"must be one of {', '.join(allowed)}")
    if column.pattern and column.name != "municipality_code":  # the codes that there are say more
        yield _Promise(
            column.name, f"must look like {column.pattern}", f"not regexp_full_match({name}, '{column.pattern}')"
        )
    low, high = column.minimum, column.maximum
    if low is not None:
        yield _Promise(column.name, f"below {low:,.10g}", f"{name} < {low:.0f}", least=low)
    if high is not None:
        yield _Promise(column.name, f"above {high:,.10g}", f"{name} > {high:.0f}", most=high)
    if column.type == "number":
        digits = f"not (abs(100 * {name} - round(100 * {name})) < 1e-6)"
        yield _Promise(column.name, "no number, or more than two decimals", digits, least=0, most=0)


def _held_by_statistics(file: pq.ParquetFile, rule: _Promise) -> bool:
    """Whether what the file tells of its row groups shows that no row breaks a rule."""
    at = file.schema_arrow.get_field_index(rule.column)
    if at < 0 or (rule.least is None and rule.most is None and not rule.is_filled):
        return False
    for number in range(file.metadata.num_row_groups):
        statistics = file.metadata.row_group(number).column(at).statistics
        if statistics is None or (rule.is_filled and (not statistics.has_null_count or statistics.null_count)):
            return False
        if rule.is_filled or statistics.num_values == 0:
            continue
        if not statistics.has_min_max or not _within(statistics.min, statistics.max, rule):
            return False
    return True


def _within(low: Any, high: Any, rule: _Promise) -> bool:
    return (rule.least is None or low >= rule.least) and (rule.most is None or high <= rule.most)


def _words(file: Path, columns: Sequence[str]) -> dict[str, frozenset[str]]:
    """The words that may stand in columns of text: those of their dictionaries, which cost less than their rows."""
    found: dict[str, set[str]] = {name: set() for name in columns}
    with pq.ParquetFile(file, read_dictionary=list(columns)) as opened:
        for group in range(opened.metadata.num_row_groups if columns else 0):
            read = opened.read_row_group(group, columns=list(columns), use_threads=False)
            for name, column in zip(read.column_names, read.columns, strict=True):
                for chunk in column.chunks:
                    found[name].update(word for word in chunk.dictionary.to_pylist() if word is not None)
    return {name: frozenset(words) for name, words in found.items()}


def _broken(partition: Partition, rules: Sequence[_Promise]) -> list[Breach]:
    """The rules that rows break, asked in one scan."""
    if not rules:
        return []
    asked = ", ".join(f"count(*) filter (where {rule.broken})" for rule in rules)
    with reading([(partition.table, [partition.file])]) as connection:
        ((*counted,),) = connection.execute(f"select {asked} from {partition.table}").fetchall()
    return [
        Breach(partition.name, rule.column, rule.says, rows) for rule, rows in zip(rules, counted, strict=True) if rows
    ]


def _keys(file: pq.ParquetFile, partition: Partition, table: Table) -> list[Breach]:
    """Keys that stand twice: their numbers alone, and where some do and are not a whole key, with the rest of it."""
    key = [name for name in table.key if name != "year"]
    twice = repeated(_numbers(file, key[0]))
    if twice and len(key) > 1:
        groups = f"select count(*) - 1 as more from {partition.table} group by {', '.join(key)}"
        with reading([(partition.table, [partition.file])]) as connection:
            ((twice,),) = connection.execute(f"select coalesce(sum(more), 0)::bigint from ({groups})").fetchall()
    rule = f"{', '.join(table.key)} stand more than once; which row holds is for the holder to say"
    return [Breach(partition.name, key[0], rule, twice)] if twice else []


def _cpr(file: pq.ParquetFile, partition: Partition, table: Table) -> list[Breach]:
    name = NUMBER_OF[table.id]
    if name != "person_id" or not looks_like_cpr(_numbers(file, name, groups=1)):
        return []
    return [Breach(partition.name, name, "the numbers read as CPR numbers; pseudonyms must mean nothing")]


def _numbers(file: pq.ParquetFile, column: str, groups: int | None = None) -> np.ndarray[Any, np.dtype[np.int64]]:
    count = file.metadata.num_row_groups if groups is None else min(groups, file.metadata.num_row_groups)
    whole: np.ndarray[Any, np.dtype[np.int64]] = (
        file.read_row_groups(list(range(count)), columns=[column], use_threads=False)[column]
        .to_numpy()
        .astype(np.int64, copy=False)
    )
    return whole


def repeated(numbers: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    """How many of these numbers have stood before."""
    if (numbers[1:] > numbers[:-1]).all():
        return 0
    ordered = np.sort(numbers)
    return int((ordered[1:] == ordered[:-1]).sum())


def looks_like_cpr(numbers: np.ndarray[Any, np.dtype[np.int64]]) -> bool:
    """Whether numbers read as CPR numbers: ten digits (a leading zero lost) that begin with a day, a month, a year.

    Of numbers that mean nothing about one in 27 does.
    """
    day, month = numbers // 100_000_000, numbers // 1_000_000 % 100
    reads = (day >= 1) & (day <= 31) & (month >= 1) & (month <= 12)
    return bool(len(numbers)) and float(reads.mean()) > CPR_SHARE
