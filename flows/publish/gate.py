"""The gate before publication: every promise about every mart is judged, and one that is broken refuses the snapshot.

Great Expectations judges over DuckDB, which reads the parquet files in place. It takes seconds to import, so that
happens in `judge`.
"""

import enum
import os
import re
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from flows.publish import data_docs
from flows.publish.data_docs import BROKEN, KEPT, NO_VERDICT, SHOWN_OFFENDERS, Promise, Record
from schemas.contracts import Expectation

_SHOWN_FINDINGS = 20
_SQL = "unexpected_rows_query"
# Values stay out of results: neither a sample of them nor their keys is asked of GX.
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}
# GX prints a warning about each query that does not name its batch.
_BATCH_MARK = "/* {batch} */\n"


@dataclass(frozen=True)
class Finding:
    """One promise that is broken, or that could not be judged.

    `count` is the number of rows that break it, None where rows cannot be counted (columns, number of rows). `where`
    names up to five of them by key, as "area_id=vollsmose, year=2012". `fault` is what the engine said when it failed:
    such a finding says nothing about the data.
    """

    mart: str
    column: str | None
    rule: str
    count: int | None
    where: tuple[str, ...]
    fault: str | None


@dataclass(frozen=True)
class Judgement:
    """What the gate found; `page` is the first page of the Data Docs."""

    expectations: int
    marts: int
    findings: tuple[Finding, ...]
    seconds: float
    page: Path

    @property
    def ok(self) -> bool:
        """True where every promise was judged and kept."""
        return not self.findings


def judge(
    marts: Mapping[str, Path],
    keys: Mapping[str, Sequence[str]],
    suites: Mapping[str, Sequence[Expectation]],
    page_folder: Path,
    title: str,
    notices: Sequence[str],
) -> Judgement:
    """Judge the candidate parquet file of each mart by its suite and write the Data Docs into `page_folder`.

    `keys` names the columns that identify a row of a mart in findings and pages. The query of an
    UnexpectedRowsExpectation is plain SQL that selects the offending rows, from any of the marts; it needs no
    `{batch}` and no escapes. Nothing but `page_folder` is left on disk.

    Raises FileNotFoundError for a mart without a file, and ValueError for a mart without promises, promises without a
    mart, or a promise that GX does not know: a gate with a hole must not pass.
    """
    started = time.perf_counter()
    _require_complete(marts, suites)
    with tempfile.TemporaryDirectory(prefix="boligprofil-gate-") as folder:
        database = Path(folder) / "gate.duckdb"
        with duckdb.connect(database) as connection:
            for mart, path in marts.items():
                connection.read_parquet(str(path.resolve())).create_view(mart)
        results = _validate(database, suites)
        with duckdb.connect(database, read_only=True) as connection:
            records = []
            for mart in marts:
                judged = zip(suites[mart], results[mart].results, strict=True)
                lines = (_line(connection, mart, keys.get(mart, ()), promise, result) for promise, result in judged)
                records.append(Record(mart, tuple(lines), results[mart]))
    page = data_docs.write(page_folder, title, notices, records)
    return Judgement(
        expectations=sum(len(record.lines) for record in records),
        marts=len(records),
        findings=tuple(
            Finding(record.mart, line.column, line.rule, line.count, line.where, line.fault)
            for record in records
            for line in record.lines
            if line.verdict != KEPT
        ),
        seconds=time.perf_counter() - started,
        page=page,
    )


def refusal(judgement: Judgement) -> str:
    """The error message for an engineer: which promises are broken, where, and what follows.

    Raises ValueError if there is nothing to refuse.
    """
    if judgement.ok:
        raise ValueError("every promise is kept: there is nothing to refuse")
    broken = sum(finding.fault is None for finding in judgement.findings)
    faults = len(judgement.findings) - broken
    shares = []
    if broken:
        shares.append(f"{broken} of {judgement.expectations} promises {'is' if broken == 1 else 'are'} broken")
    if faults:
        shares.append(f"{faults} of {judgement.expectations} could not be judged")
    lines = [f"publication refused: {' and '.join(shares)}. The last snapshot stays in force."]
    lines += [f"  {_sentence(finding)}" for finding in judgement.findings[:_SHOWN_FINDINGS]]
    if len(judgement.findings) > _SHOWN_FINDINGS:
        lines.append(f"  and {len(judgement.findings) - _SHOWN_FINDINGS} more")
    return "\n".join([*lines, f"  see {judgement.page}"])


def _sentence(finding: Finding) -> str:
    place = f"{finding.mart}.{finding.column}" if finding.column else finding.mart
    if finding.fault is not None:
        return f'{place}: "{finding.rule}" could not be judged, the engine failed: {finding.fault}'
    if finding.count is None:
        return f'{place}: breaks "{finding.rule}"'
    rows = f"{finding.count:,} {'row breaks' if finding.count == 1 else 'rows break'}"
    more = "; ..." if finding.count > len(finding.where) == SHOWN_OFFENDERS else ""
    where = f" ({'; '.join(finding.where)}{more})" if finding.where else ""
    return f'{place}: {rows} "{finding.rule}"{where}'


def _require_complete(marts: Mapping[str, Path], suites: Mapping[str, Sequence[Expectation]]) -> None:
    if not marts:
        raise ValueError("there is no mart to judge")
    if unpromised := [mart for mart in marts if not suites.get(mart)]:
        raise ValueError(f"no promises for {', '.join(unpromised)}: give each mart at least one expectation")
    if unknown := [mart for mart in suites if mart not in marts]:
        raise ValueError(f"promises for {', '.join(unknown)}, but no such mart was built")
    for mart, path in marts.items():
        if not path.is_file():
            raise FileNotFoundError(f"the candidate of mart {mart} is missing: {path}")


class _Dialect(enum.StrEnum):
    """GX compares dialects by equality and reads `.value`, as of its own enum, which lacks DuckDB."""

    DUCKDB = "duckdb"


def great_expectations() -> Any:
    """The module great_expectations, without analytics and able to judge over DuckDB.

    GX 1.24.1 closes the connection before it reads the rows, except for dialects in a private tuple. Over DuckDB every
    expectation then fails with 'list index out of range'.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx
        from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    kept: tuple[Any, ...] = engine._PERSISTED_CONNECTION_DIALECTS
    if _Dialect.DUCKDB not in kept:
        engine._PERSISTED_CONNECTION_DIALECTS = (*kept, _Dialect.DUCKDB)
    return gx


def _configuration() -> Any:
    """Everything in memory, silent, and without GX's own Data Docs site, which is not fit for use offline."""
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )


def _validate(database: Path, suites: Mapping[str, Sequence[Expectation]]) -> dict[str, Any]:
    """GX's validation result of each mart, with the results in the order of the suite and faults in plain words."""
    gx = great_expectations()
    context = gx.get_context(mode="ephemeral", project_config=_configuration())
    # No extension may be fetched because a query happens to name one.
    url = f"duckdb:///{database}?autoinstall_known_extensions=false"
    source = context.data_sources.add_sql("candidate", connection_string=url)
    # In a transaction DuckDB refuses every query after an error: the fault of one promise would be the fault of all.
    source.get_execution_engine().engine.dialect.do_begin = lambda _: None
    try:
        results = []
        for mart, suite in suites.items():
            batch = source.add_table_asset(mart, table_name=mart).add_batch_definition_whole_table("whole").get_batch()
            promises = [_promise(gx, mart, number, e) for number, e in enumerate(suite)]
            results.append(
                batch.validate(gx.ExpectationSuite(name=mart, expectations=promises), result_format=_RESULT_FORMAT)
            )
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()
    for result in results:
        result.results.sort(key=lambda judged: judged.expectation_config.meta["number"])
        for judged in result.results:
            fault = _fault(judged.exception_info)
            judged.exception_info = {
                "raised_exception": fault is not None,
                "exception_message": fault,
                "exception_traceback": "",
            }
    return {result.suite_name: result for result in results}


def _promise(gx: Any, mart: str, number: int, expectation: Expectation) -> Any:
    kind = getattr(gx.expectations, expectation.type, None)
    if kind is None:
        raise ValueError(f"{mart}: Great Expectations has no {expectation.type} (promise: {expectation.rule!r})")
    arguments = dict(expectation.kwargs)
    if _SQL in arguments:
        arguments[_SQL] = _gx_query(arguments[_SQL])
    try:
        return kind(**arguments, meta={"number": number})
    except ValueError as error:
        raise ValueError(
            f"{mart}: {expectation.type} does not take these arguments (promise: {expectation.rule!r}): {error}"
        ) from error


def _gx_query(sql: str) -> str:
    """Plain SQL as GX takes it.

    GX passes it through `str.format`, so braces are doubled; SQLAlchemy reads `:name` as a parameter, so colons are
    escaped as it wants them; and it is wrapped into `select count(*) from (...)`, so its end is cut.
    """
    query = re.sub(r"(?<![:\w\\]):(?=\w+(?!:))", r"\\:", _without_end(sql))
    return _BATCH_MARK + query.replace("{", "{{").replace("}", "}}")


def _without_end(sql: str) -> str:
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


def _fault(info: Mapping[str, Any]) -> str | None:
    """What the engine said if it failed, in one line; GX gives one exception, or one per metric."""
    raised = [info] if "raised_exception" in info else list(info.values())
    messages = [str(error["exception_message"]) for error in raised if error["raised_exception"]]
    if not messages:
        return None
    words = re.sub(r"^\(_?duckdb\.[\w.]+\) ", "", min(messages).strip().splitlines()[0])
    kind = re.match(r"(\w[\w ]*) Error: ", words)
    if kind is None or kind[1] in ("Binder", "Catalog", "Parser", "IO"):
        return words
    # Other errors of DuckDB (conversion, range) quote the value that they stumbled on.
    return f"{kind[1]} Error (the rest may quote data and is left out)"


def _line(
    connection: duckdb.DuckDBPyConnection,
    mart: str,
    keys: Sequence[str],
    expectation: Expectation,
    result: Any,
) -> Promise:
    column, sql = expectation.kwargs.get("column"), expectation.kwargs.get(_SQL)
    promise = (expectation.rule, column, expectation.check, sql)
    if result.success:
        return Promise(*promise, KEPT)
    if result.exception_info["raised_exception"]:
        return Promise(*promise, NO_VERDICT, fault=result.exception_info["exception_message"])
    count = result.result["observed_value"] if sql else result.result.get("unexpected_count")
    return Promise(*promise, BROKEN, count, _offenders(connection, mart, keys, expectation))


def _offenders(
    connection: duckdb.DuckDBPyConnection, mart: str, keys: Sequence[str], expectation: Expectation
) -> tuple[str, ...]:
    """The keys of up to five rows that break the promise, in order; none where rows cannot be named by key.

    GX could list keys as well, but in no order, with the values beside them, and not for all types.
    """
    if _SQL in expectation.kwargs:
        query, values = _without_end(expectation.kwargs[_SQL]), list[Any]()
    else:
        condition, values = _condition(expectation)
        if not condition:
            return ()
        query = f"from {_quoted(mart)} {condition}"
    try:
        offenders = connection.sql(query, params=values)
        named = [key for key in keys if key in offenders.columns]
        if not named:
            return ()
        chosen = ", ".join(map(_quoted, named))
        rows = offenders.project(chosen).distinct().order(chosen).limit(SHOWN_OFFENDERS).fetchall()
    except duckdb.Error:
        # The verdict stands without the names of the rows.
        return ()
    return tuple(", ".join(f"{key}={value}" for key, value in zip(named, row, strict=True)) for row in rows)


def _condition(expectation: Expectation) -> tuple[str, list[Any]]:
    """The clause that selects the rows that break a promise about columns, with the values it is given."""
    kwargs = expectation.kwargs
    column = _quoted(kwargs.get("column", ""))
    match expectation.type:
        case "ExpectColumnValuesToNotBeNull":
            return f"where {column} is null", []
        case "ExpectColumnValuesToBeInSet":
            allowed = list(kwargs["value_set"])
            return f"where {column} not in ({', '.join('?' * len(allowed))})", allowed
        case "ExpectColumnValuesToBeBetween":
            low, high = kwargs.get("min_value"), kwargs.get("max_value")
            below = "<=" if kwargs.get("strict_min") else "<"
            above = ">=" if kwargs.get("strict_max") else ">"
            parts = [(f"{column} {below} ?", low), (f"{column} {above} ?", high)]
            given = [(part, value) for part, value in parts if value is not None]
            return f"where {' or '.join(part for part, _ in given)}", [value for _, value in given]
        case "ExpectColumnValuesToBeUnique":
            return f"where {column} is not null qualify count(*) over (partition by {column}) > 1", []
        case "ExpectCompoundColumnsToBeUnique":
            columns = ", ".join(map(_quoted, kwargs["column_list"]))
            return f"qualify count(*) over (partition by {columns}) > 1", []
    return "", []


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
