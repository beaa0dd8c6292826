"""Which tables of a build stand as they were: what each step is made of, and what it gave, told by hashes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from flows.core.provenance import code_sha256, digest, engine_versions, file_sha256
from flows.intake.reconcile import Facts
from flows.marts import codes, queries
from flows.marts.baseline.steps import Statistic
from flows.marts.queries import Query, Step
from schemas import contracts
from schemas.registry import Registry

# What decides a table's bytes beside its own SQL and what it reads.
ENGINES = ("duckdb", "pyarrow", "polars", "numpy", "scipy")
CODE = ("flows.marts", "flows.core", "schemas")
# How often each declared exception and correction matched.
MATCHED = "codes.matched"


class StepRecord(NamedTuple):
    """A step: the hash of all that its table is made of, and the hash of what it gave."""

    key: str
    gave: str


@dataclass(frozen=True)
class Earlier:
    """An earlier build: its steps by name, and the files of its marts, which are what it wrote."""

    records: Mapping[str, StepRecord] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)


def inputs(facts: Facts, before: Path | None, registry: Registry) -> dict[str, str]:
    """The hash of each table that no step makes: facts as their files, the registry's tables by their rows."""
    matched = sorted({**facts.accepted, **facts.corrected}.items())
    return {
        **{f"facts.{name}": file_sha256(file) for name, file in facts.tables.items()},
        "facts.figures_before": file_sha256(before) if before else "",
        **{f"codes.{name}": _rows_sha256(frame) for name, frame in codes.frames(registry).items()},
        MATCHED: digest([json.dumps(matched)]),
    }


def common(given: Mapping[str, str], facts: Facts, registry: Registry) -> str:
    """The hash of what every step rests on: code and engines, functions and the tables they read, type, variables.

    `given` are the hashes of the inputs.
    """
    functions = [queries.functions(), queries.functions("code_functions")]
    read = sorted(name for name in given if name.startswith("codes.") and name in functions[1])
    versions = engine_versions()
    return digest(
        [
            code_sha256(*CODE),
            *(f"{engine} {versions[engine]}" for engine in ENGINES),
            *functions,
            *(given[name] for name in read),
            *(name for name, indicator in registry.indicators.items() if indicator.of_areas),
            repr(codes.variables(facts.origin, registry)),
        ]
    )


def key(step: Step, gave: Mapping[str, str], common: str, notes: Mapping[str, str], registry: Registry) -> str:
    """The hash of all that a step's table is made of; `gave` are the hashes of the tables that are made or given.

    `notes` is what the file of a mart says of itself, empty for another step.
    """
    parts = [common, *(f"{name} {gave[name]}" for name in sorted(step.reads))]
    if isinstance(step, Query):
        parts.append(step.sql)
    if isinstance(step, Statistic):
        parts.append(registry.fingerprint)
    if mart := registry.marts.get(step.name):
        parts.append(contracts.arrow_schema(mart, notes).serialize().to_pybytes().hex())
    return digest(parts)


def table_hash(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """The hash of a table's rows, whatever their order: their number, and their hashes of 64 bits as sum and parity."""
    rows = connection.table(name)
    columns = ", ".join(f'"{column}"' for column in rows.columns)
    hashed = rows.aggregate(f"count(*), bit_xor(hash({columns})), sum(hash({columns})::hugeint)")
    return digest([columns, *map(str, hashed.fetchall())])


def _rows_sha256(frame: pl.DataFrame) -> str:
    return digest([repr(frame.schema), *map(repr, frame.iter_rows())])
