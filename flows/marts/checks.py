"""What is promised of every mart, and the SQL checks over published marts: each returns its offenders."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.marts import queries
from flows.marts.queries import Check
from schemas import contracts
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


def suites(registry: Registry, may_be_empty: bool = False) -> dict[str, list[contracts.Expectation]]:
    """The promises of every mart: those of the registry and the SQL checks that are errors.

    A vintage of what was published by a day may lack whole sources, so its marts `may_be_empty`.
    """
    made = {
        name: contracts.expectations(
            registry, table.model_copy(update={"may_be_empty": True}) if may_be_empty else table
        )
        for name, table in registry.marts.items()
    }
    for check in queries.checks().values():
        if check.severity == "error":
            query = {"unexpected_rows_query": check.sql}
            made[check.mart].append(
                contracts.Expectation("UnexpectedRowsExpectation", query, check.promise, check.name)
            )
    return made
