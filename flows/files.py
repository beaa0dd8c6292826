"""Writing files so that a reader never sees half of one: beside, synced, then renamed."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas import contracts
from schemas.registry import Table


def write(file: Path, content: bytes) -> None:
    """Write bytes beside, sync, then rename into place."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = _part(file)
    part.write_bytes(content)
    sync(part)
    os.replace(part, file)


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

    def add(rows: pa.Table) -> None:
        if rows.column_names != schema.names:
            raise ValueError(f"{table.id}: columns {rows.column_names} are not the contract's {schema.names}")
        try:
            shaped = rows.cast(schema)
            shaped.validate()
        except (pa.ArrowInvalid, ValueError) as error:
            raise ValueError(f"{table.id} does not fit its contract: {error}") from error
        writer.write_table(shaped)

    file.parent.mkdir(parents=True, exist_ok=True)
    part = _part(file)
    try:
        with pq.ParquetWriter(part, schema, compression="zstd", compression_level=3) as writer:
            yield add
        sync(part)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Force a file or folder onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _part(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}.part")
