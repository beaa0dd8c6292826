"""Judging marts: the numbers that Great Expectations judges by, from one query a mart, against its own queries."""

from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from flows.marts.checks import suites
from flows.publish import verdicts
from schemas.registry import Registry


def measure(compare: Callable[..., None], folder: Path, marts: Mapping[str, Path], registry: Registry) -> None:
    """Compare Great Expectations' verdicts on the marts, got either way; no pages are drawn."""
    gx = verdicts.great_expectations()
    database, promised = folder / "judging.duckdb", suites(registry)
    with duckdb.connect(database) as connection:
        for mart, file in marts.items():
            connection.read_parquet(str(file)).create_view(mart)
    number = sum(map(len, promised.values()))
    compare(
        f"gate: verdicts on {number} promises",
        lambda: verdicts.verdicts(database, promised),
        lambda: verdicts.of_queries(gx, database, verdicts.promises(gx, promised)),
        "Great Expectations by its own queries",
    )
