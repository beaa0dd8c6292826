"""A register against its contract as a whole: each partition, then what one table says of another and of the key."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.registers.contract import Breach, breaches
from flows.registers.counting import query
from flows.registers.engine import reading
from flows.registers.partitions import Partition, UnfitRegister
from flows.registers.workers import Each, in_turn
from schemas.registry import Registry

Whole = np.ndarray[Any, np.dtype[np.int64]]
# Numbers that lie closer than this on average are looked up in a table of their range, others in their order.
SPARSE = 16
# At so many of the key's addresses somebody must live; where fewer do, key and register name addresses differently.
LIVED_IN = 0.5


def check(
    persons: Sequence[Partition],
    others: Sequence[Partition],
    registry: Registry,
    municipalities: Collection[str],
    each: Each = in_turn,
) -> list[Breach]:
    """What a register breaks: each partition alone, and where none breaks anything, one table against another.

    Numbers of a person in another bucket, and so in two files of a year, are found by the buckets' rule.
    """
    judge = partial(breaches, registry=registry, municipalities=frozenset(municipalities))
    found: list[Breach] = [breach for broken in each(judge, [*persons, *others]) for breach in broken]
    return found or [breach for broken in each(strangers, _years(persons, others)) for breach in broken]


@dataclass(frozen=True)
class RegisterYear:
    """The partitions of a year, and the persons of the next one, where there are any."""

    persons: tuple[Partition, ...]
    next_persons: tuple[Partition, ...]
    households: tuple[Partition, ...]
    moves: tuple[Partition, ...]

    @property
    def name(self) -> str:
        """What it is called where somebody watches."""
        return f"tables of {self.persons[0].year}"


def _years(persons: Sequence[Partition], others: Sequence[Partition]) -> list[RegisterYear]:
    def of(partitions: Iterable[Partition], year: int, table: str) -> tuple[Partition, ...]:
        return tuple(each for each in partitions if each.year == year and each.table == table)

    return [
        RegisterYear(
            of(persons, year, "person_years"),
            of(persons, year + 1, "person_years"),
            of(others, year, "households"),
            of(others, year, "moves"),
        )
        for year in sorted({partition.year for partition in persons})
    ]


def strangers(year: RegisterYear) -> list[Breach]:
    """Households of nobody, persons of none, and moves of nobody; memory holds the numbers of two years."""
    return [*_of_households(year), *_of_moves(year)]


def _of_households(year: RegisterYear) -> Iterable[Breach]:
    if not year.households:
        return
    homes = {partition: _numbers(partition.file, "household_id") for partition in year.households}
    named = {partition: _numbers(partition.file, "household_id") for partition in year.persons}
    for here, there, rule in (
        (named, homes, "no household of {} has the number"),
        (homes, named, "nobody of {} is in it"),
    ):
        known = NumbersKnown(np.concatenate(list(there.values())))
        for partition, numbers in here.items():
            if rows := int((~known.among(numbers)).sum()):
                yield Breach(partition.name, "household_id", rule.format(partition.year), rows)


def _of_moves(year: RegisterYear) -> Iterable[Breach]:
    """Who moves stands among the persons of the year or of the next, unless she came and left within the year.

    Where the register ends with the year, nobody knows of those who came in it.
    """
    if not year.moves:
        return
    both = [*year.persons, *year.next_persons]
    known = NumbersKnown(np.concatenate([_numbers(partition.file, "person_id") for partition in both]))
    for partition in year.moves:
        numbers = _numbers(partition.file, "person_id")
        unknown = numbers[~known.among(numbers)]
        if len(unknown):
            excused = np.isin(unknown, _numbers(partition.file, "person_id", ("born", "immigrated")))
            if year.next_persons:
                excused &= np.isin(unknown, _numbers(partition.file, "person_id", ("died", "emigrated")))
            if rows := int((~excused).sum()):
                rule = (
                    f"in no person_years of {partition.year} or {partition.year + 1}, and did not come and go between"
                )
                yield Breach(partition.name, "person_id", rule, rows)


class NumbersKnown:
    """Numbers that others are looked up among."""

    def __init__(self, numbers: Whole) -> None:
        """`numbers` in any order."""
        self.low = int(numbers.min()) if len(numbers) else 0
        span = int(numbers.max()) - self.low + 1 if len(numbers) else 0
        self.table = np.zeros(span, dtype=np.bool_) if span <= SPARSE * len(numbers) else None
        self.ordered = numbers
        if self.table is not None:
            self.table[numbers - self.low] = True
        else:
            self.ordered = np.sort(numbers)

    def among(self, numbers: Whole) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which of some numbers are known."""
        if self.table is None:
            at = np.minimum(np.searchsorted(self.ordered, numbers), len(self.ordered) - 1)
            return np.asarray(self.ordered[at] == numbers)
        inside = (numbers >= self.low) & (numbers < self.low + len(self.table))
        if inside.all():
            return np.asarray(self.table[numbers - self.low])
        inside[inside] = self.table[numbers[inside] - self.low]
        return inside


def _numbers(file: Path, column: str, kinds: Sequence[str] = ()) -> Whole:
    """The numbers in a column, those that are empty left out; of moves on request those of some kinds alone."""
    with pq.ParquetFile(file) as opened:
        read = opened.read(columns=[column, "move_kind"] if kinds else [column], use_threads=False)
    if kinds:
        read = read.filter(pc.is_in(read["move_kind"].cast(pa.string()), value_set=pa.array(kinds)))
    whole: Whole = read[column].drop_null().to_numpy().astype(np.int64, copy=False)
    return whole


def require_key(addresses: Path, persons: Sequence[Partition]) -> None:
    """Raises UnfitRegister where periods of the dated key overlap, or most of its addresses are not the register's.

    Without the second every area would be counted as empty. `persons`: the partitions of person_years, of whose last
    year it is asked.
    """
    if rows := _overlaps(addresses):
        raise UnfitRegister(
            f"{addresses}: valid_from: {rows:,} periods of an address begin before the one before has ended; "
            "mend the delivery of the source addresses"
        )
    last = [partition for partition in persons if partition.year == persons[-1].year]
    placed, lived_in = _homes_of_key(addresses, last) if last else (0, 0)
    if lived_in < LIVED_IN * placed:
        raise UnfitRegister(
            f"{addresses}: address_key: on 1 January {persons[-1].year} it places {placed:,} addresses in areas, and "
            f"person_years has residents at {lived_in:,} of them; deliver a key (source addresses) whose addresses are "
            "pseudonymised as the register's"
        )


def _overlaps(addresses: Path) -> int:
    sql = """
        select count(*) from (
            select valid_to, lead(valid_from) over (partition by address_key order by valid_from) as next_from
            from addresses
        )
        where next_from < coalesce(valid_to, date '9999-12-31')
    """
    with reading([("addresses", [addresses])]) as connection:
        ((rows,),) = connection.execute(sql).fetchall()
    return int(rows)


def _homes_of_key(addresses: Path, persons: Sequence[Partition]) -> tuple[int, int]:
    """How many addresses the key places on the year's 1 January, and at how many of them somebody lives."""
    sql = """
        select count(*), count(*) filter (where address_key in (select address_key from person_years)) from dated
    """
    inputs = [("addresses", [addresses]), ("person_years", [partition.file for partition in persons])]
    with reading(inputs, views={"dated": query("dated")}) as connection:
        connection.execute("set variable year = ?", [persons[0].year])
        ((placed, lived_in),) = connection.execute(sql).fetchall()
    return int(placed), int(lived_in)
