"""All figures of all deliveries, some places at a time: what is held against each other is of one place."""

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from flows.intake.receipts import Receipt
from schemas import contracts
from schemas.tables import Table

AT = ("geography", "geography_id")
# So many rows are held at a time; beyond it, places are dealt out to parts.
PART_ROWS = 200_000
BATCH = 50_000
# The kinds of files that a delivery may have, with what each adds to its rows.
DELIVERED, VERSIONS, SET_ASIDE = "delivered", "versions", "set_aside"
ADDED = {DELIVERED: {}, VERSIONS: {"version": pl.Int64()}, SET_ASIDE: {}}


@dataclass(frozen=True)
class PlacePart:
    """What the deliveries say of some places: of the version in force, of older ones, and the keys of rows set aside.

    `versions` has the rows of older versions with their number, the newest last; `set_aside` has `source_file` and the
    key of figures.
    """

    delivered: pl.DataFrame
    versions: pl.DataFrame
    set_aside: pl.DataFrame


@dataclass(frozen=True)
class _File:
    """A staged file of a delivery: what its rows are, the delivery's path, and the number of its version."""

    kind: str
    file: Path
    path: str
    number: int = 0


@contextmanager
def parts(accepted: Sequence[Receipt], staging: Path, table: Table, beside: Path) -> Iterator["PlaceParts"]:
    """The figures of these deliveries in parts; what does not fit one lies in the folder `beside` for so long."""
    files = list(_files(accepted, staging, table))
    rows = sum(pq.read_metadata(file.file).num_rows for file in files)
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside, prefix=".parts-") as folder:
        number = math.ceil(rows / PART_ROWS)
        made = PlaceParts(files, Path(folder), table, number)
        if number > 1:
            made.deal_out()
        yield made


class PlaceParts:
    """The figures in parts, in the order of their places; each is read when it is asked for, as often as that is."""

    def __init__(self, files: Sequence[_File], folder: Path, table: Table, number: int) -> None:
        self.files, self.folder, self.table, self.number = files, folder, table, max(number, 1)
        self.columns = {kind: {**self._schema(kind), **added} for kind, added in ADDED.items()}

    def __iter__(self) -> Iterator[PlacePart]:
        for number in range(self.number):
            yield PlacePart(*(self._rows(kind, number) for kind in (DELIVERED, VERSIONS, SET_ASIDE)))

    def deal_out(self) -> None:
        """Write the rows of each part and kind into a file of its own, in the order in which they come."""
        part_of = self._part_of()
        with ExitStack() as stack:
            writers: dict[tuple[str, int], pa.ipc.RecordBatchStreamWriter] = {}
            for file in self.files:
                for rows in self._batches(file):
                    numbers = rows.select(AT).join(part_of, on=AT, how="left", maintain_order="left")["part"]
                    for number in numbers.unique().sort():
                        of_part = rows.filter(numbers == number).to_arrow()
                        place = (file.kind, number)
                        if place not in writers:
                            options = pa.ipc.IpcWriteOptions(compression="lz4")
                            sink = stack.enter_context(self._laid_out(*place).open("wb"))
                            writer = pa.ipc.new_stream(sink, of_part.schema, options=options)
                            writers[place] = stack.enter_context(writer)
                        writers[place].write_table(of_part)

    def _part_of(self) -> pl.DataFrame:
        """The number of the part of each place: places in their order, so many as have the rows of a part together."""
        counted = [
            pl.scan_parquet(file.file, glob=False).group_by(AT).len().collect()
            for file in self.files
            if file.kind != SET_ASIDE
        ]
        keys = [
            pl.read_parquet(file.file, columns=list(AT), glob=False).unique().with_columns(len=pl.lit(0, pl.UInt32()))
            for file in self.files
            if file.kind == SET_ASIDE
        ]
        places = pl.concat([*counted, *keys]).group_by(AT).agg(pl.col("len").sum()).sort(AT)
        before = pl.col("len").cum_sum() - pl.col("len")
        share = pl.col("len").sum().clip(1) / self.number
        return places.select(*AT, part=(before / share).floor().cast(pl.Int64()).clip(0, self.number - 1))

    def _batches(self, file: _File) -> Iterator[pl.DataFrame]:
        with pq.ParquetFile(file.file) as opened:
            for batch in opened.iter_batches(BATCH):
                rows = pl.from_arrow(batch)
                assert isinstance(rows, pl.DataFrame)
                yield self._shaped(rows, file)

    def _rows(self, kind: str, number: int) -> pl.DataFrame:
        empty = pl.DataFrame(schema=self.columns[kind])
        if self.number == 1:
            found = (f for f in self.files if f.kind == kind)
            return pl.concat([empty, *(self._shaped(pl.read_parquet(f.file, glob=False), f) for f in found)])
        if not (laid_out := self._laid_out(kind, number)).is_file():
            return empty
        with laid_out.open("rb") as opened, pa.ipc.open_stream(opened) as stream:
            rows = pl.from_arrow(stream.read_all())
        assert isinstance(rows, pl.DataFrame)
        return rows.cast(pl.Schema(self.columns[kind]))

    def _shaped(self, rows: pl.DataFrame, file: _File) -> pl.DataFrame:
        """The rows of a file in the columns of its kind."""
        if file.kind == VERSIONS:
            rows = rows.with_columns(version=pl.lit(file.number, pl.Int64()))
        if file.kind == SET_ASIDE:
            rows = rows.with_columns(source_file=pl.lit(file.path))
        return rows.select(list(self.columns[file.kind]))

    def _schema(self, kind: str) -> dict[str, pl.DataType]:
        whole = contracts.polars_schema(self.table)
        named = ("source_file", *self.table.key) if kind == SET_ASIDE else tuple(whole)
        return {name: whole[name] for name in named}

    def _laid_out(self, kind: str, number: int) -> Path:
        return self.folder / f"{kind}-{number}.arrows"


def _files(accepted: Sequence[Receipt], staging: Path, table: Table) -> Iterator[_File]:
    for receipt in accepted:
        if table.id in receipt.tables:
            yield _File(DELIVERED, staging / receipt.tables[table.id], receipt.path)
        history = receipt.history.get(table.id, ())
        for number, file in enumerate(history):
            yield _File(VERSIONS, staging / file, receipt.path, number)
        if history and receipt.set_aside:
            yield _File(SET_ASIDE, staging / receipt.set_aside, receipt.path)
