"""Marts of rows that a test writes by hand, as frames that keep their contract."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from schemas.contracts import POLARS_TYPES
from schemas.registry import Registry
from schemas.tables import Table

DEFAULTS: dict[str, Any] = {"text": "x", "integer": 0, "number": 0.0, "boolean": False, "year": 2005, "date": None}


def frame(table: Table, rows: Iterable[Mapping[str, Any]], registry: Registry, **defaults: Any) -> pl.DataFrame:
    """Rows in the columns of a mart; what a row leaves out is null, or a default where the contract allows no null."""
    types = {**DEFAULTS, **defaults}
    filled = {
        column.name: None if column.nullable else (registry.allowed(column) or (types[column.type],))[0]
        for column in table.columns
    }
    made = []
    for row in rows:
        assert not row.keys() - filled.keys(), f"{table.id} has no {sorted(row.keys() - filled.keys())}"
        made.append({**filled, **row})
    return pl.DataFrame(made, schema={column.name: POLARS_TYPES[column.type] for column in table.columns})
