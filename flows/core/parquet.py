"""Writing parquet files by contract: columns, types and metadata are those of the registry's table."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flows.core.files import placed
from schemas import contracts
from schemas.tables import Table

PACKED = {pa.int64(): "DELTA_BINARY_PACKED", pa.float64(): "BYTE_STREAM_SPLIT"}


def write_parquet(file: Path, rows: pa.Table, table: Table, notes: Mapping[str, str] | None = None) -> None:
    """Write rows in the columns, types and field metadata of `table`; `notes` go into the file's metadata.

    Raises ValueError where the rows do not fit the contract.
    """
    with parquet(file, table, notes) as add:
        add(rows)


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
            writers[0].write_table(shaped)

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

    Facts are many and read whole: their numbers are packed, and no statistics help to find a few of them.
    """
    options: dict[str, Any] = {}
    if table.kind == "fact":
        packed = {field.name: PACKED[field.type] for field in stored if field.type in PACKED}
        plain = [field.name for field in stored if field.name not in packed]
        options = {"use_dictionary": plain, "column_encoding": packed, "write_statistics": False}
    writer = pq.ParquetWriter(file, stored, compression="zstd", compression_level=3, store_schema=False, **options)
    says = {"ARROW:schema": b64encode(schema.serialize().to_pybytes()).decode()}
    writer.add_key_value_metadata({key.decode(): value.decode() for key, value in schema.metadata.items()} | says)
    return writer
