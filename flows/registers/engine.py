"""DuckDB as a worker uses it: one engine to a thread, kept, since starting one costs more than many a query."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

MEGABYTES = 1500
_of_thread = threading.local()


@contextmanager
def reading(
    inputs: Iterable[tuple[str, Sequence[Path | str]]],
    spill: Path | None = None,
    views: Mapping[str, str] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own, gone afterwards with all that was made in it, on the engine of this thread.

    `inputs`: by table the parquet files that it reads; `views`: queries over them, in their order. Rows that memory
    does not hold lie in the folder `spill`, and nowhere without one.
    """
    with _engine(spill).cursor() as connection:
        connection.execute("begin")
        try:
            for name, files in inputs:
                connection.read_parquet([str(file) for file in files], hive_partitioning=False).create_view(name)
            for name, sql in (views or {}).items():
                connection.execute(f"create view {name} as {sql}")
            yield connection
        finally:
            connection.execute("rollback")


def _engine(spill: Path | None) -> duckdb.DuckDBPyConnection:
    """The engine of this thread that spills into a folder; it is made where the thread has none."""
    kept: dict[Path | None, duckdb.DuckDBPyConnection] = vars(_of_thread).setdefault("engines", {})
    if spill not in kept:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": "1",
            "memory_limit": f"{MEGABYTES}MB",
            "temp_directory": str(spill or ""),
        }
        kept[spill] = duckdb.connect(config=config)
    return kept[spill]
