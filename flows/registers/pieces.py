"""One piece of the counting: paths in, one query, a small parquet file out; the same wherever it runs."""

import hashlib
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow.parquet as pq

from flows.registers.engine import reading

# What a parquet file ends with: four bytes that say how long its footer is, and four that say what it is.
TAIL = 8


class CountingFailed(RuntimeError):
    """A piece that could not be counted: the message names its kind, year and kind of fault, and no cell."""


@dataclass(frozen=True)
class Piece:
    """One query over files. `inputs`: by table the files that it reads; `views`: queries over these that it reads as
    well; `variables` are whole numbers.

    Ships by value to wherever it runs: it holds its own SQL, so that a worker needs no registry.
    """

    kind: str
    sql: str
    inputs: tuple[tuple[str, tuple[str, ...]], ...]
    views: tuple[tuple[str, str], ...]
    variables: tuple[tuple[str, int], ...]
    folder: str

    @property
    def name(self) -> str:
        """What it is called where somebody watches: its kind and year."""
        return f"{self.kind} {dict(self.variables).get('year', 'of all years')}"

    @property
    def out(self) -> Path:
        """Where its result lies: named by all that it is made of, so that a result that is there is the right one."""
        made_of = hashlib.sha256(repr((self.sql, self.views, self.variables, duckdb.__version__)).encode())
        for table, files in self.inputs:
            made_of.update(repr((table, [_identity(Path(file)) for file in files])).encode())
        year = dict(self.variables).get("year", "all")
        return Path(self.folder) / f"{self.kind}-{year}-{made_of.hexdigest()[:24]}.parquet"


def piece(
    kind: str,
    sql: str,
    inputs: Mapping[str, Sequence[Path]],
    variables: Mapping[str, int],
    folder: Path,
    views: Mapping[str, str] | None = None,
) -> Piece:
    """A piece of these files."""
    given = tuple((table, tuple(str(file.absolute()) for file in files)) for table, files in sorted(inputs.items()))
    seen = tuple((views or {}).items())
    return Piece(kind, sql, given, seen, tuple(sorted(variables.items())), str(folder.absolute()))


def count(asked: Piece) -> str:
    """Count one piece, unless its result is there; the path of the result.

    Nothing but counts is written. Whoever reads never sees half of it, and a second worker that does the same piece
    writes the same bytes.
    """
    out = asked.out
    if out.is_file():
        return str(out)
    with reading(asked.inputs, out.parent / ".spill", dict(asked.views)) as connection:
        for name, value in asked.variables:
            connection.execute(f"set variable {name} = ?", [value])
        try:
            rows = connection.sql(asked.sql).to_arrow_table()
        except duckdb.Error as error:
            # What the engine says may quote a cell.
            raise CountingFailed(f"{out.name}: the engine stopped ({type(error).__name__})") from None
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{socket.gethostname()}.{uuid4().hex}.part")
    try:
        pq.write_table(rows, part, compression="zstd", compression_level=3)
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    return str(out)


def _identity(file: Path) -> tuple[str, int, str]:
    """What a parquet file is, without reading it: its size, and the hash of its footer with all its statistics."""
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - TAIL))
        length = int.from_bytes(opened.read(4), "little")
        opened.seek(max(0, size - TAIL - length))
        footer = hashlib.sha256(opened.read()).hexdigest()
    return str(file.stat().st_mtime_ns), size, footer
