"""The numbers that Great Expectations judges a mart by, from one query, and each check as it is written.

Great Expectations comes to a verdict from metrics, most of them numbers of rows. By itself it asks several queries per
promise and the catalogue before each, which costs some twenty milliseconds whatever the data. Here all that counts rows
of one mart is one query. The names of the metrics, and what each counts, are Great Expectations' own.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import duckdb

from schemas.contracts import Expectation


class Clause(NamedTuple):
    """A piece of SQL, and the values in place of its question marks."""

    sql: str
    values: tuple[Any, ...] = ()


QUERY = "unexpected_rows_query"
# What the clauses below heed: with another argument (`mostly`, `row_condition`) a promise means something else.
_HEEDED = {"column", "column_list", "value_set", "min_value", "max_value", "strict_min", "strict_max", QUERY}
_BY_TABLE = {"ExpectTableColumnsToMatchOrderedList", "ExpectTableRowCountToBeBetween", "UnexpectedRowsExpectation"}
# By kind of promise: what Great Expectations' metrics about its rows begin with.
_BY_ROW = {
    "ExpectColumnValuesToNotBeNull": "column_values.nonnull",
    "ExpectColumnValuesToBeInSet": "column_values.in_set",
    "ExpectColumnValuesToBeBetween": "column_values.between",
    "ExpectColumnValuesToBeUnique": "column_values.unique",
    "ExpectCompoundColumnsToBeUnique": "compound_columns.unique",
}
_ROWS = Clause("count(*)")
# As many rows as Great Expectations reads of a broken check.
_READ_ROWS = 200


class NotScanned(LookupError):
    """A mart whose promises must be judged by Great Expectations' own queries."""


def metrics(connection: duckdb.DuckDBPyConnection, mart: str, suite: Sequence[Expectation]) -> list[dict[str, Any]]:
    """The metrics of each promise of a mart by Great Expectations' names for them, in the order of the suite.

    A number of rows is None where Great Expectations has none: a sum over no rows. Samples of values are empty. The
    marts are tables or views of `connection`.

    Raises NotScanned for a kind of promise or an argument without a clause, for a column that the mart lacks, and
    for whatever the engine refuses.
    """
    try:
        columns = connection.sql(f"from {quoted(mart)}").columns
        asked = [_asked(connection, mart, promise, columns) for promise in suite]
        clauses = list(dict.fromkeys(m for given in asked for m in given.values() if isinstance(m, Clause)))
        counts = _counts(connection, mart, clauses)
    except duckdb.Error as error:
        raise NotScanned(f"{mart}: the engine refused a query") from error
    return [{name: counts[m] if isinstance(m, Clause) else m for name, m in given.items()} for given in asked]


def offending(mart: str, promise: Expectation) -> Clause | None:
    """The rows that break a promise as a query, None where it is not about rows."""
    if QUERY in promise.kwargs:
        return Clause(without_end(promise.kwargs[QUERY]))
    if key := _key(promise):
        filled = " and ".join(f"{column} is not null" for column in key)
        repeated = f"qualify count(*) over (partition by {', '.join(key)}) > 1"
        return Clause(f"from {quoted(mart)} where {filled} {repeated}")
    if breaks := _breaking(promise):
        return Clause(f"from {quoted(mart)} where {breaks.sql}", breaks.values)
    return None


def without_end(sql: str) -> str:
    """The query without the semicolons and comments at its end."""
    text = sql.encode()
    try:
        tokens = duckdb.tokenize(sql)
    except duckdb.Error:
        return sql
    end = len(text)
    for at, kind in reversed(tokens):
        if kind != duckdb.token_type.comment and text[at : at + 1] != b";":
            break
        end = at
    return text[:end].decode()


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def _asked(
    connection: duckdb.DuckDBPyConnection, mart: str, promise: Expectation, columns: Sequence[str]
) -> dict[str, Any]:
    """The metrics of a promise: a clause for each number that is to be counted, the others as they are."""
    if promise.type not in {*_BY_TABLE, *_BY_ROW} or not _is_clear(promise, columns):
        raise NotScanned(f"{mart}: no clause for {promise.type} with {', '.join(promise.kwargs)}")
    if promise.type == "ExpectTableColumnsToMatchOrderedList":
        return {"table.columns": columns}
    if promise.type == "ExpectTableRowCountToBeBetween":
        return {"table.row_count": _ROWS}
    if promise.type == "UnexpectedRowsExpectation":
        return {f"{QUERY}.row_count": _rows_of(connection, without_end(promise.kwargs[QUERY])), f"{QUERY}.table": []}
    name, key, breaks = _BY_ROW[promise.type], _key(promise), _breaking(promise)
    unexpected = _sum(breaks) if breaks else _repeated(mart, key)
    if "column_list" in promise.kwargs:
        nothing = " and ".join(f"{column} is null" for column in key)
        filled = {f"{name}.filtered_row_count": Clause(f"count(*) filter (where not ({nothing}))")}
    else:
        filled = {"column_values.nonnull.unexpected_count": _sum(Clause(f"{quoted(promise.kwargs['column'])} is null"))}
    return {
        "table.row_count": _ROWS,
        **filled,
        f"{name}.unexpected_count": unexpected,
        f"{name}.unexpected_values": [],
    }


def _is_clear(promise: Expectation, columns: Sequence[str]) -> bool:
    """Whether the clauses count what Great Expectations would, and refuse what it would refuse."""
    kwargs = promise.kwargs
    key = kwargs["column_list"] if promise.type == "ExpectCompoundColumnsToBeUnique" else []
    named = [kwargs["column"]] if "column" in kwargs else key
    if not (kwargs.keys() <= _HEEDED and all(name in columns for name in named)):
        return False
    if promise.type == "ExpectColumnValuesToBeInSet":
        allowed = kwargs["value_set"]
        return bool(allowed) and all(type(value) is str for value in allowed)
    if promise.type == "ExpectColumnValuesToBeBetween":
        limits = [limit for limit in (kwargs.get("min_value"), kwargs.get("max_value")) if limit is not None]
        are_numbers = bool(limits) and all(type(limit) in (int, float) for limit in limits)
        return are_numbers and limits[0] <= limits[-1]
    return True


def _key(promise: Expectation) -> list[str]:
    """The columns that are unique together, as SQL; empty for another kind of promise."""
    if promise.type == "ExpectCompoundColumnsToBeUnique":
        return [quoted(column) for column in promise.kwargs["column_list"]]
    return [quoted(promise.kwargs["column"])] if promise.type == "ExpectColumnValuesToBeUnique" else []


def _breaking(promise: Expectation) -> Clause | None:
    """The condition under which a row breaks a promise, null for a null; None where it takes other rows to tell."""
    kwargs = promise.kwargs
    column = quoted(kwargs.get("column", ""))
    match promise.type:
        case "ExpectColumnValuesToNotBeNull":
            return Clause(f"{column} is null")
        case "ExpectColumnValuesToBeInSet":
            allowed = tuple(kwargs["value_set"])
            return Clause(f"{column} not in ({', '.join('?' * len(allowed))})", allowed)
        case "ExpectColumnValuesToBeBetween":
            above, below = ">" if kwargs.get("strict_min") else ">=", "<" if kwargs.get("strict_max") else "<="
            limits = {f"{column} {above} ?": kwargs.get("min_value"), f"{column} {below} ?": kwargs.get("max_value")}
            given = {within: limit for within, limit in limits.items() if limit is not None}
            # Great Expectations compares with floating-point numbers.
            values = tuple(float(limit) if isinstance(limit, int) else limit for limit in given.values())
            return Clause(f"not ({' and '.join(given)})", values)
    return None


def _sum(condition: Clause) -> Clause:
    """The number of rows that fulfil a condition, null where there are no rows."""
    return Clause(f"sum(case when {condition.sql} then 1 else 0 end)", condition.values)


def _repeated(mart: str, key: Sequence[str]) -> Clause:
    """The number of rows that share their key with another; a key with a null in it is none."""
    filled, columns = " and ".join(f"{column} is not null" for column in key), ", ".join(key)
    groups = f"select count(*) as n from {quoted(mart)} where {filled} group by {columns} having count(*) > 1"
    return Clause(f"(select coalesce(sum(n), 0) from ({groups}))")


def _counts(connection: duckdb.DuckDBPyConnection, mart: str, clauses: Sequence[Clause]) -> dict[Clause, int | None]:
    """What each clause counts in a mart, by one query."""
    if not clauses:
        return {}
    values = [value for clause in clauses for value in clause.values]
    query = f"select {', '.join(clause.sql for clause in clauses)} from {quoted(mart)}"
    row = connection.execute(query, values).fetchone()
    return dict(zip(clauses, row or (), strict=True))


def _rows_of(connection: duckdb.DuckDBPyConnection, check: str) -> int:
    """The number of rows that a check selects.

    It is run as written before its rows are counted: a count leaves out what the columns compute, and with it an error
    that they raise.
    """
    statements = connection.extract_statements(check)
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise NotScanned("a check is one query")
    if not connection.execute(check).fetchmany(_READ_ROWS):
        return 0
    (count,) = connection.execute(f"select count(*) from (\n{check}\n)").fetchone() or (0,)
    return int(count)
