"""Run the SQL checks over published marts: each returns its offenders."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.marts import queries
from flows.marts.queries import Check
from schemas.registry import Registry

SHOWN = 5


@dataclass(frozen=True)
class Offence:
    """A check that found something: how many rows, and up to five of them by their key."""

    check: Check
    count: int
    where: tuple[str, ...]


def run(files: dict[str, Path], registry: Registry, severity: str | None = None) -> list[Offence]:
    """Offences over marts in parquet; `severity` limits the checks to errors or to warnings."""
    offences = []
    with duckdb.connect() as connection:
        for mart, file in files.items():
            connection.read_parquet(str(file)).create_view(mart)
        for check in queries.checks().values():
            if severity is None or check.severity == severity:
                rows = connection.sql(check.sql).pl()
                if rows.height:
                    keys = [key for key in registry.marts[check.mart].key if key in rows.columns]
                    shown = rows.select(keys).unique(maintain_order=True).head(SHOWN).rows(named=True)
                    where = tuple(", ".join(f"{key}={value}" for key, value in row.items()) for row in shown)
                    offences.append(Offence(check, rows.height, where))
    return offences
