"""Marts and their promises as a project of dbt-duckdb, written from the SQL and the registry: nothing is said twice.

Each query becomes a model with its SQL as it stands, each promise one test. Facts, lists of codes, functions and what
statistics give are loaded before the first model, as the build loads them.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.marts import codes, queries
from flows.marts.queries import Query
from flows.publish.scan import QUERY, without_end
from schemas.contracts import Expectation
from schemas.registry import Registry

PROJECT = {
    "name": "boligprofil",
    "version": "1.0",
    "config-version": 2,
    "profile": "boligprofil",
    "on-run-start": ["{{ load_inputs() }}"],
    "models": {
        "boligprofil": {
            "views": {"+materialized": "table"},
            "marts": {"+materialized": "external", "+format": "parquet", "+options": {"compression": "zstd"}},
        }
    },
}
TESTS = {
    "columns_in_order": """{% test columns_in_order(model, names) %}
{% set found = adapter.get_columns_in_relation(model) | map(attribute='name') | list %}
select 1 as broken where {{ 'false' if found == names else 'true' }}
{% endtest %}
""",
    "holds_rows": """{% test holds_rows(model, least) %}
select count(*) as rows_held from {{ model }} having count(*) < {{ least }}
{% endtest %}
""",
    "within": """{% test within(model, column_name, limits) %}
select {{ column_name }} from {{ model }} where not ({{ column_name }} {{ limits | join(' and ' ~ column_name ~ ' ') }})
{% endtest %}
""",
    "unique_together": """{% test unique_together(model, names) %}
select {{ names | join(', ') }} from {{ model }} group by all having count(*) > 1
{% endtest %}
""",
}


def write(
    folder: Path,
    steps: Mapping[str, Query],
    promises: Mapping[str, Sequence[Expectation]],
    inputs: Mapping[str, Path],
    origin: str,
    registry: Registry,
) -> None:
    """Write the project into `folder`, with the profile that it runs by.

    `inputs` are the files of the tables that are given, by schema and name. Marts are written to `folder`/out.
    """
    for part in ("models/views", "models/marts", "tests/generic", "macros", "out"):
        (folder / part).mkdir(parents=True)
    _as_json(folder / "dbt_project.yml", PROJECT)
    profile = {"type": "duckdb", "path": ":memory:", "threads": os.cpu_count() or 1}
    profile["external_root"] = str(folder / "out")
    _as_json(folder / "profiles.yml", {"boligprofil": {"target": "here", "outputs": {"here": profile}}})
    (folder / "macros" / "load_inputs.sql").write_text(_loading(inputs, registry), encoding="utf-8")
    for name, test in TESTS.items():
        (folder / "tests" / "generic" / f"{name}.sql").write_text(test, encoding="utf-8")
    variables = codes.variables(origin, registry)
    models = {name: step for name, step in steps.items() if name not in inputs}
    for name, step in models.items():
        place = folder / "models" / ("marts" if name in registry.marts else "views")
        model = _with_references(step.sql, step.reads & models.keys(), variables)
        (place / f"{name}.sql").write_text(model, encoding="utf-8")
    made = [_model(mart, kept) for mart, kept in promises.items()]
    _as_json(folder / "models" / "schema.yml", {"version": 2, "models": made})
    checks = queries.checks()
    for mart, kept in promises.items():
        for number, promise in enumerate(promise for promise in kept if QUERY in promise.kwargs):
            reads = checks[promise.check].reads if promise.check else {mart}
            test = _with_references(without_end(promise.kwargs[QUERY]), reads, variables)
            (folder / "tests" / f"{mart}_{promise.check or number}.sql").write_text(test, encoding="utf-8")


def _as_json(file: Path, value: Any) -> None:
    """JSON is YAML too."""
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def _with_references(sql: str, reads: frozenset[str] | set[str], variables: Mapping[str, str | int]) -> str:
    """A query with what dbt must know of it beside it, and the values of its variables, which dbt does not keep."""
    if "{" in sql:
        raise ValueError("a brace means something else in dbt")
    heads = "".join(f"-- depends_on: {{{{ ref('{name}') }}}}\n" for name in sorted(reads))
    return heads + re.sub(r"getvariable\('(\w+)'\)", lambda found: _literal(variables[found[1]]), sql)


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _loading(inputs: Mapping[str, Path], registry: Registry) -> str:
    """The macro that loads what no step makes, before the first model."""
    listed = ", ".join(_literal(name) for name, indicator in registry.indicators.items() if indicator.of_areas)
    parts = [f"create schema {schema};" for schema in sorted({name.split(".")[0] for name in inputs})]
    for name, file in inputs.items():
        kind = "view" if name.startswith("facts.") else "table"
        parts.append(f"create {kind} {name} as from read_parquet({_literal(str(file))});")
    parts += [f"create type indicator_id as enum ({listed});", queries.functions(), queries.functions("code_functions")]
    return "{% macro load_inputs() %}\n" + "\n".join(parts) + "\n{% endmacro %}\n"


def _model(mart: str, promises: Sequence[Expectation]) -> dict[str, Any]:
    """What schema.yml says of a mart: tests of the table and of its columns."""
    whole: list[Any] = []
    columns: dict[str, list[Any]] = {}
    for column, test in _tests(promises):
        (whole if column is None else columns.setdefault(column, [])).append(test)
    return {
        "name": mart,
        "data_tests": whole,
        "columns": [{"name": column, "data_tests": tests} for column, tests in columns.items()],
    }


def _tests(promises: Sequence[Expectation]) -> Iterator[tuple[str | None, Any]]:
    """The test of each promise that is no query, and the column that it is about.

    Raises ValueError for a kind of promise that no test stands for.
    """
    for promise in promises:
        given = promise.kwargs
        match promise.type:
            case "UnexpectedRowsExpectation":
                continue
            case "ExpectTableColumnsToMatchOrderedList":
                yield None, {"columns_in_order": {"arguments": {"names": given["column_list"]}}}
            case "ExpectCompoundColumnsToBeUnique":
                yield None, {"unique_together": {"arguments": {"names": given["column_list"]}}}
            case "ExpectTableRowCountToBeBetween":
                yield None, {"holds_rows": {"arguments": {"least": given["min_value"]}}}
            case "ExpectColumnValuesToBeUnique":
                yield given["column"], "unique"
            case "ExpectColumnValuesToBeInSet":
                yield given["column"], {"accepted_values": {"arguments": {"values": given["value_set"]}}}
            case "ExpectColumnValuesToBeBetween":
                limits = {">=": given["min_value"], "<=": given["max_value"]}
                asked = [f"{sign} {limit}" for sign, limit in limits.items() if limit is not None]
                yield given["column"], {"within": {"arguments": {"limits": asked}}}
            case _:
                raise ValueError(f"no test of dbt stands for {promise.type}")
