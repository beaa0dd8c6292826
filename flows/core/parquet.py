"""Writing parquet files by contract: columns, types and metadata are those of the registry's table."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flows.core.files import placed
from schemas import contracts
from schemas.tables import Table

# So many rows lie together in a file; whatever the blocks that they come in, a file has the same bytes. They are held
# at once while they are written: of the widest mart twice as many take 360 MB more.
ROW_GROUP = 512 * 1024
PACKED = {pa.int64(): "DELTA_BINARY_PACKED", pa.float64(): "BYTE_STREAM_SPLIT"}


def write_parquet(file: Path, rows: pa.Table, table: Table, notes: Mapping[str, str] | None = None) -> None:
    """Write rows in the columns, types and field metadata of `table`; `notes` go into the file's metadata.

    Raises ValueError where the rows do not fit the contract.
    """
    with parquet(file, table, notes) as add:
        add(rows)


def write_batches(
    file: Path, batches: pa.RecordBatchReader, table: Table, aside: Path, notes: Mapping[str, str] | None = None
) -> None:
    """Write rows as `write_parquet` does, of which no more than a row group is held at a time.

    The columns may stand in any order. What comes in several batches is laid into the file `aside` first: whoever hands
    it over is then done, and its memory is free when a row group is put together.
    """
    names, held, count = [column.name for column in table.columns], list[pa.RecordBatch](), 0
    with parquet(file, table, notes) as add:
        for batch in _whole(batches, aside):
            rest = batch.select(names)
            while count + rest.num_rows >= ROW_GROUP:
                held.append(rest.slice(0, ROW_GROUP - count))
                add(pa.Table.from_batches(held))
                rest, held, count = rest.slice(ROW_GROUP - count), [], 0
            if rest.num_rows:
                held.append(rest)
                count += rest.num_rows
        if held:
            add(pa.Table.from_batches(held))


def _whole(batches: pa.RecordBatchReader, aside: Path) -> Iterator[pa.RecordBatch]:
    """The batches once the last one has come."""
    first, second = next(batches, None), next(batches, None)
    if second is None:
        yield from filter(None, [first])
        return
    aside.parent.mkdir(parents=True, exist_ok=True)
    with aside.open("wb") as kept, pa.ipc.new_stream(kept, batches.schema) as writer:
        for batch in chain([first, second], batches):
            writer.write_batch(batch)
    del first, second, batch
    with aside.open("rb") as there, pa.ipc.open_stream(there) as reader:
        yield from reader
    aside.unlink()


@contextmanager
def parquet(file: Path, table: Table, notes: Mapping[str, str] | None = None) -> Iterator[Callable[[pa.Table], None]]:
    """A parquet file of `table` that takes its rows in blocks; it stands in its place once the last one is written.

    The function given raises ValueError where rows do not fit the contract; then nothing is left behind.
    """
    schema = contracts.arrow_schema(table, notes)
    with placed(file) as part, ExitStack() as stack:
        writers: list[pq.ParquetWriter] = []

        def add(rows: pa.Table) -> None:
            shaped = _shaped(rows, table, schema)
            if not writers:
                writers.append(stack.enter_context(_writer(part, shaped.schema, schema, table)))
            writers[0].write_table(shaped, row_group_size=ROW_GROUP)

        yield add
        if not writers:
            add(schema.empty_table())


def _shaped(rows: pa.Table, table: Table, schema: pa.Schema) -> pa.Table:
    """Rows in the contract's types, but that text may stand as codes into a dictionary: a file says it the same way."""
    if rows.column_names != schema.names:
        raise ValueError(f"{table.id}: columns {rows.column_names} are not the contract's {schema.names}")
    coded = [
        field.with_type(here.type)
        if pa.types.is_dictionary(here.type) and here.type.value_type == field.type
        else field
        for field, here in zip(schema, rows.schema, strict=True)
    ]
    try:
        shaped = rows.cast(pa.schema(coded))
        shaped.validate()
    except (pa.ArrowInvalid, ValueError) as error:
        raise ValueError(f"{table.id} does not fit its contract: {error}") from error
    return shaped


def _writer(file: Path, stored: pa.Schema, schema: pa.Schema, table: Table) -> pq.ParquetWriter:
    """A writer whose file has the contract's schema, with its metadata, however its text is stored.

    Facts are many and read whole: their numbers are packed, and no statistics help to find a few of them. Most of
    them are small, and over a small file zstd takes longer than all else.
    """
    options: dict[str, Any] = {"compression": "zstd", "compression_level": 3}
    if table.kind == "fact":
        packed = {field.name: PACKED[field.type] for field in stored if field.type in PACKED}
        plain = [field.name for field in stored if field.name not in packed]
        options = {"compression": "lz4", "use_dictionary": plain, "column_encoding": packed, "write_statistics": False}
    writer = pq.ParquetWriter(file, stored, store_schema=False, **options)
    says = {"ARROW:schema": b64encode(schema.serialize().to_pybytes()).decode()}
    writer.add_key_value_metadata({key.decode(): value.decode() for key, value in schema.metadata.items()} | says)
    return writer
