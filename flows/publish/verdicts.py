"""The verdicts of Great Expectations over DuckDB, which reads the parquet files of the marts in place.

Each promise is one of Great Expectations' expectations, which judges the metrics of `flows.publish.scan`; a mart that
cannot be scanned is judged by Great Expectations' own queries. It takes seconds to import, so that happens when it is
asked.
"""

import enum
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from flows.publish import scan
from flows.publish.late_imports import complete, late
from flows.publish.scan import QUERY, NotScanned, without_end
from schemas.contracts import Expectation

# Values stay out of results: neither a sample of them nor their keys is asked of GX.
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}
# GX prints a warning about each query that does not name its batch.
_BATCH_MARK = "/* {batch} */\n"
# What gathers all kinds of sources and of promises, most of which no night asks for.
_GATHERING = [
    f"great_expectations.{package}"
    for package in ("datasource.fluent", "expectations", "expectations.core", "expectations.metrics")
]
# No extension may be fetched because a query happens to name one.
_INSTALLING = "autoinstall_known_extensions"


def verdicts(database: Path, suites: Mapping[str, Sequence[Expectation]]) -> dict[str, Any]:
    """GX's validation result of each mart, with the results in the order of the suite and faults in plain words.

    `database` is a DuckDB file that has each mart as a table or view; nobody else may have it open.

    Raises ValueError for a promise that GX does not know.
    """
    gx = great_expectations()
    expectations = promises(gx, suites)
    scanned = {}
    with duckdb.connect(database, read_only=True, config={_INSTALLING: False}) as connection:
        for mart, suite in suites.items():
            with suppress(NotScanned):
                scanned[mart] = _of_metrics(mart, expectations[mart], scan.metrics(connection, mart, suite))
    rest = {mart: made for mart, made in expectations.items() if mart not in scanned}
    asked = of_queries(gx, database, rest) if rest else {}
    return {mart: scanned[mart] if mart in scanned else asked[mart] for mart in suites}


def promises(gx: Any, suites: Mapping[str, Sequence[Expectation]]) -> dict[str, list[Any]]:
    """Each promise as GX's expectation, by mart. Raises ValueError for one that GX does not know."""
    return {
        mart: [_promise(gx, mart, number, promised) for number, promised in enumerate(suite)]
        for mart, suite in suites.items()
    }


def _of_metrics(mart: str, expectations: Sequence[Any], metrics: Sequence[Mapping[str, Any]]) -> Any:
    """What GX's expectations make of metrics that were counted for them, as GX's validation result of a mart.

    GX has no public way to hand metrics to an expectation: `_validate` and `_build_evr` are what its validator calls.
    """
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.expectations.expectation_configuration import parse_result_format
    from great_expectations.validator.validation_statistics import calc_validation_statistics

    asked = {"result_format": parse_result_format(_RESULT_FORMAT)}
    results = []
    for expectation, given in zip(expectations, metrics, strict=True):
        result = expectation._build_evr(raw_response=expectation._validate(metrics=given, runtime_configuration=asked))
        result.exception_info = _in_words(None)
        results.append(result)
    statistics = calc_validation_statistics(results)
    return ExpectationSuiteValidationResult(
        success=statistics.success, results=results, suite_name=mart, statistics=statistics._asdict()
    )


def of_queries(gx: Any, database: Path, expectations: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """GX's validation result of each mart by GX's own queries, so that a fault is the fault of one promise."""
    complete(_GATHERING)
    context = gx.get_context(mode="ephemeral", project_config=_configuration())
    url = f"duckdb:///{database}?{_INSTALLING}=false"
    source = context.data_sources.add_sql("candidate", connection_string=url)
    # In a transaction DuckDB refuses every query after an error: the fault of one promise would be the fault of all.
    source.get_execution_engine().engine.dialect.do_begin = lambda _: None
    results = {}
    try:
        for mart, made in expectations.items():
            batch = source.add_table_asset(mart, table_name=mart).add_batch_definition_whole_table("whole").get_batch()
            suite = gx.ExpectationSuite(name=mart, expectations=list(made))
            results[mart] = batch.validate(suite, result_format=_RESULT_FORMAT)
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()
    for result in results.values():
        result.results.sort(key=lambda judged: judged.expectation_config.meta["number"])
        for judged in result.results:
            judged.exception_info = _in_words(_fault(judged.exception_info))
    return results


def _in_words(fault: str | None) -> dict[str, Any]:
    return {"raised_exception": fault is not None, "exception_message": fault, "exception_traceback": ""}


class _Dialect(enum.StrEnum):
    """GX compares dialects by equality and reads `.value`, as of its own enum, which lacks DuckDB."""

    DUCKDB = "duckdb"


def great_expectations() -> Any:
    """The module great_expectations, without analytics and able to judge over DuckDB.

    GX 1.24.1 closes the connection before it reads the rows, except for dialects in a private tuple. Over DuckDB every
    expectation then fails with 'list index out of range'.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings(), late(_GATHERING):
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


def _promise(gx: Any, mart: str, number: int, expectation: Expectation) -> Any:
    kind = getattr(gx.expectations, expectation.type, None)
    if kind is None:
        raise ValueError(f"{mart}: Great Expectations has no {expectation.type} (promise: {expectation.rule!r})")
    arguments = dict(expectation.kwargs)
    if QUERY in arguments:
        arguments[QUERY] = _gx_query(arguments[QUERY])
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
    query = re.sub(r"(?<![:\w\\]):(?=\w+(?!:))", r"\\:", without_end(sql))
    return _BATCH_MARK + query.replace("{", "{{").replace("}", "}}")


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
