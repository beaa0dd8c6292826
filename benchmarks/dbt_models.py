"""The main marts and their promises by dbt-duckdb, beside ours: each a whole process over the same files.

dbt gets an environment of its own from PyPI, and a project written from the SQL and the registry. What statistics give
is given to both.
"""

import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb

from benchmarks import dbt_project
from benchmarks.measuring import Compared, Cost, Unmeasured, cost, of_costs
from flows.core.memory import query_megabytes
from flows.intake.reconcile import Facts
from flows.marts import build, codes, queries
from flows.marts.baseline.steps import STATISTICS
from flows.marts.checks import suites
from flows.marts.queries import Query
from flows.marts.unchanged import Earlier
from flows.publish import gate, verdicts
from schemas.contracts import Expectation
from schemas.loading import load
from schemas.registry import Registry

MAIN = ("area_profile", "area_profile_wide", "band_profile", "coverage", "dim_areas")
# What the checks of these refer to.
LISTS = ("dim_indicators", "dim_municipalities", "dim_plans", "known_exceptions")
MARTS = (*MAIN, *LISTS)
# dbt-core 1.12 fetches a part of itself from outside PyPI when it is installed.
PACKAGES = ("dbt-core==1.11.16", "dbt-duckdb==1.11.1", "dbt-adapters==1.24.5", "dbt-common==1.39.0")
# No messages about its use; and our versions are no constraint on its own.
QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "PIP_CONSTRAINT": ""}
HERE = Path(__file__).parents[1]
FACTS, SCHEMAS, IMPORT, OURS, OUT = "facts.pickle", "schemas", "import", "ours", "out"
# Our way as a process, which begins as the command line does.
PROGRAM = """
import sys
from pathlib import Path
from flows.core import collecting
collecting.seldom()
from benchmarks import dbt_models
dbt_models.run(Path(sys.argv[1]))
"""


@dataclass(frozen=True)
class Prepared:
    """What both ways work on: the folder of files and of dbt's project, the steps, and the promises by mart."""

    folder: Path
    steps: Mapping[str, Query]
    promises: Mapping[str, list[Expectation]]

    @property
    def what(self) -> str:
        """What is measured, in words."""
        return f"{len(self.promises)} marts, {sum(map(len, self.promises.values()))} promises"


def measure(rounds: int, folder: Path, facts: Facts, schemas: Path) -> list[Compared | Unmeasured]:
    """Measure both ways in turn over the facts of a nation whose registry is in `schemas`; print, and return it.

    Raises ValueError where dbt does not give the rows that we give, or does not run a test for each promise.
    """
    prepared = prepare(folder, facts, schemas)
    alone = _ours(prepared)
    against = "dbt build, cold: the same models and tests, dbt-duckdb"
    try:
        dbt = installed(folder / "dbt-environment")
    except subprocess.CalledProcessError as error:
        missing = Unmeasured(f"{prepared.what}: build and gate", against, "dbt could not be installed from PyPI")
        print(f"NOT MEASURED: {missing.what}: {missing.why}. Ours: {alone.seconds:.2f} s\n{error.stderr}", flush=True)
        return [missing]
    _theirs(dbt, prepared)
    require_same(prepared)
    ours, imports, cold, warm = list[Cost](), list[float](), list[Cost](), list[Cost]()
    for _ in range(rounds):
        ours.append(_ours(prepared))
        imports.append(float((prepared.folder / IMPORT).read_text(encoding="ascii")))
        cold.append(_theirs(dbt, prepared))
        warm.append(_theirs(dbt, prepared, is_cold=False))
    aside = [made._replace(seconds=made.seconds - spent) for made, spent in zip(ours, imports, strict=True)]
    pairs = [
        of_costs(f"{prepared.what}: build and gate", ours, cold, against, 1 / 1.5),
        of_costs(
            "the same, import of Great Expectations aside",
            aside,
            cold,
            "dbt build, cold, its imports in",
            1 / 2.2,
            why(aside, cold, query_megabytes(load(schemas).night)),
        ),
        of_costs("the same, with the import", ours, warm, "dbt build with its parsed project kept"),
    ]
    for pair in pairs:
        print(pair.line(), flush=True)
    return list(pairs)


def why(ours: Sequence[Cost], theirs: Sequence[Cost], limit: int) -> str:
    """What lies behind the ratio, from the costs of this run; `limit` is what our queries may hold, in MB."""
    held, held_by_dbt = (max(made.megabytes for made in costs) for costs in (ours, theirs))
    return (
        "Both run the same SQL, so only what lies around it can be saved. "
        f"Our queries may hold {limit} MB and lay the rest on the disk, dbt's have no such limit: "
        f"our process held {held:.0f} MB at most, dbt's {held_by_dbt:.0f}."
    )


def prepare(folder: Path, facts: Facts, schemas: Path) -> Prepared:
    """Write what both ways read, and dbt's project, below `folder`; what statistics give is computed here."""
    registry, to = load(schemas), folder / "dbt"
    to.mkdir()
    (to / SCHEMAS).symlink_to(schemas.resolve())
    (to / FACTS).write_bytes(pickle.dumps(facts))
    every = build.every_step()
    given = sorted(queries.behind(MARTS, every) & STATISTICS.keys())
    behind = queries.behind(given, every)
    with build.connect() as connection:
        build.run(connection, {name: step for name, step in every.items() if name in behind}, facts, registry)
        for name in (*given, *(f"codes.{table}" for table in (*codes.frames(registry), "matched"))):
            connection.table(name).write_parquet(str(to / f"{name}.parquet"))
    prepared = Prepared(to, steps(to), promises(registry))
    inputs = {file.stem: file for file in sorted(to.glob("*.parquet"))}
    inputs |= {f"facts.{name}": file.resolve() for name, file in facts.tables.items()}
    dbt_project.write(to, prepared.steps, prepared.promises, inputs, facts.origin, registry)
    return prepared


def steps(folder: Path) -> dict[str, Query]:
    """The steps behind the marts; what a statistic gives is read from its file in `folder`."""
    read = {name: f"from read_parquet('{folder}/{name}.parquet')" for name in STATISTICS}
    given = {name: Query(name, frozenset(), "what a statistic gave", sql) for name, sql in read.items()}
    every = {**queries.views(), **given, **queries.marts()}
    return {name: step for name, step in every.items() if name in queries.behind(MARTS, every)}


def promises(registry: Registry) -> dict[str, list[Expectation]]:
    """The promises of each mart, but for checks that read marts beyond these."""
    checks, whole = queries.checks(), suites(registry)
    return {
        mart: [promise for promise in whole[mart] if not promise.check or checks[promise.check].reads <= set(MARTS)]
        for mart in MARTS
    }


def run(folder: Path) -> None:
    """Our way in this process: build the marts and judge them, pages included.

    Raises ValueError where a promise is broken.
    """
    registry, facts = load(folder / SCHEMAS), pickle.loads((folder / FACTS).read_bytes())
    built = build.build_steps(steps(folder), facts, folder / OURS, registry, None, Earlier())
    started = time.process_time()
    verdicts.great_expectations()
    (folder / IMPORT).write_text(str(time.process_time() - started), encoding="ascii")
    files, keys = {mart: built.files[mart] for mart in MARTS}, {mart: registry.marts[mart].key for mart in MARTS}
    judgement = gate.judge(files, keys, promises(registry), folder / OURS / "pages", "benchmark", [])
    if not judgement.ok:
        raise ValueError(gate.refusal(judgement))


def require_same(prepared: Prepared) -> None:
    """Require that dbt ran every model and a test for each promise, and that its marts have the rows of ours.

    Raises ValueError.
    """
    results = json.loads((prepared.folder / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    ran = [result["unique_id"].split(".")[0] for result in results if result["status"] in ("success", "pass")]
    asked = {"model": len(prepared.steps.keys() - STATISTICS.keys()), "test": sum(map(len, prepared.promises.values()))}
    for kind, number in asked.items():
        if ran.count(kind) != number:
            raise ValueError(f"dbt ran {ran.count(kind)} of {number}: {kind}")
    with duckdb.connect() as connection:
        for mart in prepared.promises:
            ours, theirs = (
                connection.read_parquet(str(prepared.folder / way / f"{mart}.parquet")) for way in (OURS, OUT)
            )
            listed = ", ".join(f'"{column}"' for column in ours.columns)
            rows = ours.except_(theirs.project(listed)).union(theirs.project(listed).except_(ours))
            if rows.limit(1).fetchall():
                raise ValueError(f"{mart} of dbt has other rows than ours")


def _ours(prepared: Prepared) -> Cost:
    return cost([sys.executable, "-c", PROGRAM, str(prepared.folder)], HERE)


def _theirs(dbt: Path, prepared: Prepared, is_cold: bool = True) -> Cost:
    """What a build by dbt costs; a cold one parses the project anew."""
    if is_cold:
        shutil.rmtree(prepared.folder / "target", ignore_errors=True)
    command = [str(dbt), "build", "--no-use-colors", "--project-dir", ".", "--profiles-dir", "."]
    return cost(command, prepared.folder, QUIET)


def installed(environment: Path) -> Path:
    """The program dbt in an environment of its own, over the DuckDB that we have. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, capture_output=True, text=True)
    asked = [*PACKAGES, f"duckdb=={version('duckdb')}"]
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", *asked]
    subprocess.run(pip, check=True, capture_output=True, text=True, env={**os.environ, **QUIET})
    return environment / "bin" / "dbt"
