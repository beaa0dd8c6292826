"""The SQL of the project: what each file promises, what it reads, and the order in which the files can run."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from typing import Any, Literal

import duckdb


class QueryError(ValueError):
    """A SQL file that cannot be part of the build: the message names the file and what to mend."""


# Without what is empty or usual, which is most of what it would say.
_PARSE = "select json_serialize_sql(?::varchar, skip_null := true, skip_empty := true, skip_default := true)"


@dataclass(frozen=True)
class Step:
    """What the build runs in an order: the table that it makes, and those that it reads."""

    name: str
    reads: frozenset[str]


@dataclass(frozen=True)
class Query(Step):
    """One file of sql/: what it promises, and its text; CTEs are left out of what it reads."""

    promise: str
    sql: str


@dataclass(frozen=True)
class Check(Query):
    """A query that selects offenders; it belongs to one mart and stops the publication unless it is a warning."""

    mart: str
    severity: Literal["error", "warning"]


def functions(file: Literal["functions", "code_functions"] = "functions") -> str:
    """The macros that the marts share: those of numbers, or those over the lists of schemas/codes."""
    return (resources.files("sql") / f"{file}.sql").read_text(encoding="utf-8")


def views() -> dict[str, Query]:
    """Intermediate tables by name; they are not published."""
    return _queries("views")


def marts() -> dict[str, Query]:
    """Published tables by name."""
    return _queries("marts")


def release() -> dict[str, Query]:
    """What turns the cleared counts of a release into figures, by name."""
    return _queries("release")


def checks() -> dict[str, Check]:
    """Checks by name."""
    found = {}
    for name, query in _queries("checks").items():
        mart = re.search(r"^-- mart: (\w+)$", query.sql, re.MULTILINE)
        severity = re.search(r"^-- severity: (.*)$", query.sql, re.MULTILINE)
        if mart is None:
            raise QueryError(f"sql/checks/{name}.sql: the head needs a line '-- mart: <name>'")
        if severity and severity[1] not in ("error", "warning"):
            raise QueryError(f"sql/checks/{name}.sql: the severity is error or warning, not {severity[1]!r}")
        is_warning = severity is not None and severity[1] == "warning"
        found[name] = Check(**vars(query), mart=mart[1], severity="warning" if is_warning else "error")
    return found


def _queries(folder: str) -> dict[str, Query]:
    files = sorted((resources.files("sql") / folder).iterdir(), key=lambda file: file.name)
    texts = {file.name.removesuffix(".sql"): file.read_text("utf-8") for file in files if file.name.endswith(".sql")}
    return dict(_parsed(tuple(texts.items())))


def query(name: str, sql: str) -> Query:
    """Parse one SQL text. Raises QueryError without the head '-- <name>: promise' or where it is no single query."""
    return _parsed(((name, sql),))[name]


@cache  # several steps of a night ask for the same files
def _parsed(texts: tuple[tuple[str, str], ...]) -> Mapping[str, Query]:
    """Queries by name. DuckDB parses them, so that a night need not import a parser of its own."""
    with duckdb.connect(config={"threads": 1}) as connection:
        return {name: _query(connection, name, sql) for name, sql in texts}


def _query(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> Query:
    head = re.match(rf"-- {re.escape(name)}: ((?:.+\n)(?:-- (?!mart:|severity:).+\n)*)", sql)
    if head is None:
        raise QueryError(f"sql {name}: the first line must be '-- {name}: <what the table promises>'")
    (text,) = connection.execute(_PARSE, [sql]).fetchone() or ("",)
    parsed = json.loads(text)
    statements = parsed.get("statements", [])
    if len(statements) != 1:
        why = parsed.get("error_message") or f"it has {len(statements)}"
        raise QueryError(f"sql {name}: not one query that can be read: {why}")
    nodes = list(_nodes(statements[0]))
    # A CTE may share its name with a table that is read elsewhere: qualified names are never CTEs.
    ctes = {cte["key"] for node in nodes for cte in node.get("cte_map", {}).get("map", ())}
    tables = [(node.get("schema_name"), node["table_name"]) for node in nodes if node.get("type") == "BASE_TABLE"]
    reads = {f"{schema}.{table}" if schema else table for schema, table in tables if schema or table not in ctes}
    promise = " ".join(line.removeprefix("-- ") for line in head[1].strip().splitlines())
    return Query(name, frozenset(reads), promise, sql)


def _nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object of a parsed query."""
    open_: list[Any] = [tree]
    while open_:
        node = open_.pop()
        if isinstance(node, dict):
            yield node
            open_ += node.values()
        elif isinstance(node, list):
            open_ += node


def order(queries: Mapping[str, Step], inputs: Iterable[str]) -> list[str]:
    """Names in an order in which every query comes after what it reads; alphabetical where that leaves a choice.

    Raises QueryError for a table that nothing makes and for a circle.
    """
    known = {*queries, *inputs}
    for name, found in queries.items():
        if unknown := sorted(found.reads - known):
            raise QueryError(f"sql {name} reads {', '.join(unknown)}, which no file of sql/ and no fact table gives")
    sorter = TopologicalSorter({name: found.reads & queries.keys() for name, found in sorted(queries.items())})
    try:
        sorter.prepare()
    except CycleError as error:
        raise QueryError(f"sql files read each other in a circle: {' -> '.join(error.args[1])}") from error
    ordered = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += ready
        sorter.done(*ready)
    return ordered


def behind(names: Iterable[str], queries: Mapping[str, Step]) -> set[str]:
    """These tables and every table that they are made of, facts and codes included."""
    found: set[str] = set()
    open_ = set(names)
    while open_:
        name = open_.pop()
        found.add(name)
        open_ |= (queries[name].reads if name in queries else frozenset()) - found
    return found


def facts_behind(name: str, queries: Mapping[str, Step]) -> list[str]:
    """The fact tables that a mart is made of, through every table between them, sorted."""
    return sorted(read.removeprefix("facts.") for read in behind([name], queries) if read.startswith("facts."))
