"""Writing files so that a reader never sees half of one: beside, synced, then renamed."""

import os
from collections.abc import Mapping
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
    schema = contracts.arrow_schema(table, notes)
    if rows.column_names != schema.names:
        raise ValueError(f"{table.id}: columns {rows.column_names} are not the contract's {schema.names}")
    try:
        shaped = rows.cast(schema)
        shaped.validate()
    except (pa.ArrowInvalid, ValueError) as error:
        raise ValueError(f"{table.id} does not fit its contract: {error}") from error
    file.parent.mkdir(parents=True, exist_ok=True)
    part = _part(file)
    pq.write_table(shaped, part, compression="zstd", compression_level=3)
    sync(part)
    os.replace(part, file)


def sync(path: Path) -> None:
    """Force a file or folder onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _part(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}.part")
