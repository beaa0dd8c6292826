"""What differs between two snapshots: rows, figures that moved, verdicts and list status that flipped, definitions."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from flows.publish import snapshots
from flows.publish.snapshots import Snapshot
from schemas.registry import Registry
from schemas.tables import Table

# The marts that hold each figure once, and the column that says where it came from.
FIGURES = ("area_profile", "place_figures")
DEFINITIONS = ("dim_indicators", "dim_criteria")
MADE_BY = {"registry_sha256": "registry", "commit": "code", "versions": "versions of the engines", "origin": "origin"}
DICTIONARY = "dictionary.csv"


@dataclass(frozen=True)
class DeliveryMoved:
    """A delivery whose facts only one of the snapshots has, or each from other bytes: new, gone or replaced."""

    path: str
    how: Literal["new", "gone", "replaced"]


@dataclass(frozen=True)
class RowsMoved:
    """Rows of a mart by its key: in both snapshots, and how many are new, gone, or have another value anywhere.

    `before` or `after` is None where that snapshot has no such mart.
    """

    mart: str
    before: int | None
    after: int | None
    new: int = 0
    gone: int = 0
    changed: int = 0


@dataclass(frozen=True)
class FigureMoved:
    """A figure that both snapshots have, with another value, or that only one of them has.

    `size` is the move in standard deviations of the indicator over all figures of both snapshots, so that moves of
    different indicators can be put in order; None where there is no move or no spread.
    """

    mart: str
    where: dict[str, Any]
    before: float | None
    after: float | None
    size: float | None
    source_file: str | None


@dataclass(frozen=True)
class Flip:
    """A verdict, trend or status of a row that both snapshots have, which the two say differently."""

    mart: str
    where: dict[str, Any]
    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Rewording:
    """A definition, threshold or description that the two snapshots give differently; None where one has none."""

    entry: str
    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Differences:
    """All that differs from the snapshot `before` to the snapshot `after`; `made_by` names what they were made by."""

    before: str
    after: str
    made_by: tuple[str, ...]
    deliveries: tuple[DeliveryMoved, ...]
    rows: tuple[RowsMoved, ...]
    figures: tuple[FigureMoved, ...]
    flips: tuple[Flip, ...]
    definitions: tuple[Rewording, ...]

    @property
    def is_none(self) -> bool:
        """Whether the two say the same, whatever made them."""
        return not (self.deliveries or self.rows or self.figures or self.flips or self.definitions)


def of_vintage(vintage: Snapshot, marts: Path) -> list[str]:
    """How a rebuilt vintage differs from the kept snapshot of its moment; one sentence a mart, or that nothing does."""
    then = [old for old in snapshots.kept(marts) if old.manifest.get("as_of", "") <= vintage.manifest["as_of"]]
    if not then or "published_by" in vintage.manifest:
        return []
    old = max(then, key=lambda snapshot: snapshot.manifest.get("as_of", ""))
    if old.id == vintage.id:
        return [f"byte-equal to snapshot {old.id}"]
    found = [f"not byte-equal to snapshot {old.id}", *(f"made by another {words}" for words in _made_by(old, vintage))]
    before, after = old.manifest["marts"], vintage.manifest["marts"]
    for mart in sorted(before.keys() | after.keys()):
        if mart not in before or mart not in after:
            found.append(f"{mart}: only in {'the vintage' if mart in after else 'the snapshot'}")
        elif before[mart]["sha256"] != after[mart]["sha256"]:
            found.append(f"{mart}: {before[mart]['rows']} rows then, {after[mart]['rows']} now, other bytes")
    return found


def compare(before: Snapshot, after: Snapshot, registry: Registry) -> Differences:
    """Hold two snapshots against each other, mart by mart; marts whose bytes are the same are not opened.

    Keys and verdicts are those of the registry; a column that only one of the snapshots has is passed over in the
    comparison of rows.
    """
    rows: list[RowsMoved] = []
    figures: list[FigureMoved] = []
    flips: list[Flip] = []
    definitions: list[Rewording] = []
    marts_before, marts_after = before.manifest["marts"], after.manifest["marts"]
    for name in sorted(marts_before.keys() | marts_after.keys()):
        if name not in marts_before or name not in marts_after:
            counts = [marts[name]["rows"] if name in marts else None for marts in (marts_before, marts_after)]
            rows.append(RowsMoved(name, counts[0], counts[1]))
        elif marts_before[name]["sha256"] != marts_after[name]["sha256"] and name in registry.marts:
            with duckdb.connect() as connection:
                pair = _Pair(connection, registry.marts[name], before, after)
                if moved := pair.rows():
                    rows.append(moved)
                figures += pair.figures() if name in FIGURES else ()
                flips += pair.flips()
                definitions += pair.rewordings() if name in DEFINITIONS else ()
    definitions += _reworded_columns(before, after)
    figures.sort(key=lambda figure: (-(figure.size or 0), figure.mart, *map(str, figure.where.values())))
    deliveries = tuple(_of_deliveries(before, after))
    return Differences(
        before.id,
        after.id,
        _made_by(before, after),
        deliveries,
        tuple(rows),
        tuple(figures),
        tuple(flips),
        tuple(definitions),
    )


class _Pair:
    """One mart in two snapshots, its rows joined by the key: `b` before, `a` after."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, before: Snapshot, after: Snapshot) -> None:
        self.connection, self.table = connection, table
        for name, snapshot in (("b", before), ("a", after)):
            connection.read_parquet(str(snapshot.path(table.id))).create_view(name)
        columns = [set(connection.sql(f"select * from {name}").columns) for name in ("b", "a")]
        self.common = [column.name for column in table.columns if all(column.name in names for names in columns)]
        self.key = [name for name in table.key if name in self.common]
        on = " and ".join(f'b."{name}" is not distinct from a."{name}"' for name in self.key)
        self.joined = f"(select *, true as here from b) as b full join (select *, true as here from a) as a on {on}"

    def rows(self) -> RowsMoved | None:
        """How many rows moved; None where only their order or their bytes did."""
        other = " or ".join(f'b."{name}" is distinct from a."{name}"' for name in self.common)
        found = self._rows(
            f"""select count(b.here) as before, count(a.here) as after,
                count(*) filter (b.here is null) as new, count(*) filter (a.here is null) as gone,
                count(*) filter (a.here and b.here and ({other})) as changed
            from {self.joined}"""
        )
        moved = RowsMoved(self.table.id, **next(found))
        return moved if moved.new or moved.gone or moved.changed else None

    def figures(self) -> Iterator[FigureMoved]:
        """Figures with another value, and those that only one of the two has."""
        if "value" not in self.common:
            return
        source = "source_file" if "source_file" in self.common else "null"
        found = self._rows(
            f"""with spread as (
                select indicator, stddev_pop(value) as sd from (select * from b union all by name select * from a)
                group by indicator
            ), moved as (
                select {self._where()}, b.value as before, a.value as after, coalesce(a.{source}, b.{source}) as source
                from {self.joined} where b.value is distinct from a.value
            )
            select moved.*, abs(after - before) / nullif(sd, 0) as size
            from moved left join spread using (indicator)"""
        )
        for row in found:
            before, after, source_file, size = (row.pop(name) for name in ("before", "after", "source", "size"))
            yield FigureMoved(self.table.id, row, before, after, size, source_file)

    def flips(self) -> Iterator[Flip]:
        """Verdicts and states of rows that both have."""
        for column in self.table.columns:
            if column.is_judgement and column.name in self.common:
                name = f'"{column.name}"'
                found = self._rows(
                    f"""select {self._where()}, b.{name} as before, a.{name} as after from {self.joined}
                    where a.here and b.here and b.{name} is distinct from a.{name} order by all"""
                )
                for row in found:
                    before, after = row.pop("before"), row.pop("after")
                    yield Flip(self.table.id, row, column.name, before, after)

    def rewordings(self) -> Iterator[Rewording]:
        """Each column of each row that is another one; a row that only one of them has, by its key alone."""
        alone = self._rows(
            f"""select {self._where()}, b.here is null as new from {self.joined}
            where b.here is null or a.here is null order by all"""
        )
        for row in alone:
            new = row.pop("new")
            yield Rewording(_words(row), self.table.id, None if new else "there", "there" if new else None)
        for name in (name for name in self.common if name not in self.key):
            found = self._rows(
                f"""select {self._where()}, b."{name}" as before, a."{name}" as after from {self.joined}
                where a.here and b.here and b."{name}" is distinct from a."{name}" order by all"""
            )
            for row in found:
                before, after = row.pop("before"), row.pop("after")
                yield Rewording(_words(row), name, _written(before), _written(after))

    def _where(self) -> str:
        return ", ".join(f'coalesce(b."{name}", a."{name}") as "{name}"' for name in self.key)

    def _rows(self, query: str) -> Iterator[dict[str, Any]]:
        result = self.connection.sql(query)
        names = result.columns
        return (dict(zip(names, row, strict=True)) for row in result.fetchall())


def _reworded_columns(before: Snapshot, after: Snapshot) -> Iterator[Rewording]:
    """What the two dictionaries say of the columns of tables."""
    entries_before, entries_after = _dictionary(before), _dictionary(after)
    for entry in sorted(entries_before.keys() | entries_after.keys()):
        was, is_now = entries_before.get(entry), entries_after.get(entry)
        if was is None or is_now is None:
            yield Rewording(entry, "column", None if was is None else "there", None if is_now is None else "there")
        else:
            for what in was.keys() & is_now.keys():
                if was[what] != is_now[what]:
                    yield Rewording(entry, what, was[what], is_now[what])


def _dictionary(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """Each column of each table with what the snapshot's dictionary says of it."""
    with (snapshot.folder / DICTIONARY).open(encoding="utf-8-sig", newline="") as lines:
        return {f"{row['table']}.{row['column']}": row for row in csv.DictReader(lines, delimiter=";")}


def _of_deliveries(before: Snapshot, after: Snapshot) -> Iterator[DeliveryMoved]:
    was, is_now = before.accepted, after.accepted
    for path in sorted(was.keys() | is_now.keys()):
        if was.get(path) != is_now.get(path):
            yield DeliveryMoved(path, "new" if path not in was else "gone" if path not in is_now else "replaced")


def _words(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())


def _written(value: Any) -> str | None:
    return None if value is None else str(value)


def _made_by(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """What the two were made by that is not the same, in words."""
    return tuple(words for name, words in MADE_BY.items() if before.manifest.get(name) != after.manifest.get(name))
