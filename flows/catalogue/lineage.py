"""Which delivered columns the values of each mart's columns are made of, read from the SQL itself.

A column counts where its value goes into a value; what rows are joined and chosen by does not. What a
statistic computes that SQL cannot say is told as that statistic. Where the SQL of a step cannot be told apart by
columns, a value is made of the tables behind it as a whole.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from flows.marts import build, codes, queries
from flows.marts.queries import Query, Step
from schemas.registry import Registry

MAIN, STATISTICS = "main", "statistics."
LOG = logging.getLogger("sqlglot")


@dataclass(frozen=True, order=True)
class Origin:
    """A column of facts or of a list of the registry that a value is made of; no column: a table or statistic whole."""

    table: str
    column: str = ""


Origins = Mapping[str, frozenset[Origin]]


def of_marts(registry: Registry) -> dict[str, dict[str, frozenset[Origin]]]:
    """For each mart and each of its columns, what its values are made of; empty for a constant."""
    steps = build.every_step()
    there: dict[str, list[str]] = {
        **{f"facts.{name}": [column.name for column in table.columns] for name, table in registry.facts.items()},
        **{f"codes.{name}": list(frame.columns) for name, frame in codes.frames(registry).items()},
        "codes.matched": ["id", "matched_rows"],
    }
    there["facts.figures_before"] = there["facts.figures"]
    known: dict[str, dict[str, frozenset[Origin]]] = {
        table: {column: frozenset({Origin(table, column)}) for column in columns} for table, columns in there.items()
    }
    leaves: dict[str, frozenset[Origin]] = {}
    for name in queries.order(steps, known):
        behind = frozenset().union(*(leaves.get(read, {Origin(read)}) for read in steps[name].reads))
        leaves[name] = frozenset({Origin(name)}) if name.startswith(STATISTICS) else behind
        mart = registry.marts.get(name)
        known[name] = _of_step(steps[name], known, behind, [c.name for c in mart.columns] if mart else [])
    return {name: known[name] for name in sorted(registry.marts)}


def facts_behind(origin: Origin) -> list[str]:
    """The fact tables behind an origin: its own, or those that a statistic is computed from."""
    if origin.table.startswith(STATISTICS):
        return queries.facts_behind(origin.table, build.every_step())
    return [origin.table.removeprefix("facts.")] if origin.table.startswith("facts.") else []


def _of_step(
    step: Step, known: Mapping[str, Origins], behind: frozenset[Origin], columns: Iterable[str]
) -> dict[str, frozenset[Origin]]:
    """What each column of a step is made of."""
    whole = dict.fromkeys(columns, behind)
    if not isinstance(step, Query):
        return whole
    tree = parse_one(step.sql, dialect="duckdb")
    schema: dict[str, Any] = {}
    for read in step.reads:
        place, _, table = read.rpartition(".")
        schema.setdefault(place or MAIN, {})[table] = dict.fromkeys(known[read], "text")
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    for found in tree.find_all(exp.Table):
        if found.name and not found.db and found.name not in named:
            found.set("db", exp.to_identifier(MAIN))
    try:
        LOG.setLevel(logging.ERROR)  # it warns of each PIVOT, which is read as a whole here
        qualified = qualify(
            tree, schema=schema, dialect="duckdb", validate_qualify_columns=False, quote_identifiers=False
        )
        scope = build_scope(qualified)
    except SqlglotError:
        return whole or dict.fromkeys(_names(tree), behind)
    if scope is None:
        return whole
    asked = _Columns(known, behind)
    # A PIVOT says its columns when it runs: those that a mart has are then made of what is behind it.
    return {**whole, **{name: asked.of(scope, name) for name in _names(qualified) if name != "*"}}


def _names(tree: exp.Expr) -> list[str]:
    """The names of what a query gives."""
    return list(cast(exp.Query, tree).named_selects)


class _Columns:
    """What columns of a query are made of, through its subqueries and CTEs."""

    def __init__(self, known: Mapping[str, Origins], behind: frozenset[Origin]) -> None:
        self.known, self.behind = known, behind
        self.found: dict[tuple[int, str], frozenset[Origin]] = {}

    def of(self, scope: Scope, name: str) -> frozenset[Origin]:
        """What an output column of a scope is made of."""
        key = (id(scope), name)
        if key not in self.found:
            self.found[key] = frozenset()  # a circle adds nothing
            self.found[key] = self._made_of(scope, name)
        return self.found[key]

    def _made_of(self, scope: Scope, name: str) -> frozenset[Origin]:
        query = scope.expression
        if scope.set_operation_scopes:
            place, made = _names(query).index(name), frozenset[Origin]()
            for part in scope.set_operation_scopes:
                there = _names(part.expression)
                column = name if name in there else there[place] if place < len(there) else ""
                made |= self.of(part, column) if column else frozenset()
            return made
        chosen = next((column for column in cast(exp.Query, query).selects if column.alias_or_name == name), None)
        if chosen is None:
            return frozenset()
        made = frozenset[Origin]()
        for used in chosen.find_all(exp.Column):
            source = scope.sources.get(used.table)
            if isinstance(source, exp.Table):
                table = source.name if source.db in ("", MAIN) else f"{source.db}.{source.name}"
                computed = frozenset({Origin(table)}) if table.startswith(STATISTICS) else self.behind
                made |= self.known.get(table, {}).get(used.name, computed)
            elif isinstance(source, Scope):
                made |= self.of(source, used.name)
        return made
