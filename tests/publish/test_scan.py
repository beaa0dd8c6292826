"""Metrics from one query a mart: Great Expectations' Checkpoint comes to the same verdicts by its own queries.

Each breakage is judged three times: from the scan, by the queries of Great Expectations that a mart goes through which
cannot be scanned, and by a Checkpoint as Great Expectations' manual has it.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl
import pytest

from flows.core.parquet import write_parquet
from flows.marts.checks import suites
from flows.publish import gate, scan, verdicts
from flows.publish.gate import Judgement
from flows.publish.scan import NotScanned
from schemas import contracts
from schemas.contracts import Expectation
from schemas.loading import load

NAN = float("nan")
BASIC = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}
AREAS = pl.DataFrame(
    {"area_id": ["vollsmose", "vollsmose", "gellerup"], "year": [2011, 2012, 2011], "value": [31.5, 32.0, 40.0]}
)
NOTHING = AREAS.clear()
KEY = ["area_id", "year"]


class Case(NamedTuple):
    """A mart with its promises, the outcome of each, and whether a scan is enough to judge it.

    An outcome is the number of rows that break the promise (0: kept), "broken" where rows are not what breaks it, and
    "fault" where the engine fails.
    """

    rows: pl.DataFrame
    suite: Sequence[Expectation]
    outcomes: Sequence[int | str]
    is_scanned: bool = True


def promise(kind: str, **arguments: Any) -> Expectation:
    return Expectation(f"Expect{kind}", arguments, f"{kind} {arguments}")


def check(sql: str) -> Expectation:
    return Expectation("UnexpectedRowsExpectation", {"unexpected_rows_query": sql}, sql)


def between(column: str = "value", **limits: Any) -> Expectation:
    return promise("ColumnValuesToBeBetween", column=column, **limits)


def filled(column: str) -> Expectation:
    return promise("ColumnValuesToNotBeNull", column=column)


def once(*columns: str) -> Expectation:
    if len(columns) == 1:
        return promise("ColumnValuesToBeUnique", column=columns[0])
    return promise("CompoundColumnsToBeUnique", column_list=list(columns))


def one_of(column: str, *values: Any) -> Expectation:
    return promise("ColumnValuesToBeInSet", column=column, value_set=list(values))


def columns(*names: str) -> Expectation:
    return promise("TableColumnsToMatchOrderedList", column_list=list(names))


def rows(**limits: int) -> Expectation:
    return promise("TableRowCountToBeBetween", **limits)


def values(*given: Any, dtype: Any = None) -> pl.DataFrame:
    return pl.DataFrame({"value": pl.Series(given, dtype=dtype)})


def keyed(*keys: tuple[str | None, int | None]) -> pl.DataFrame:
    return pl.DataFrame(keys, {"area_id": pl.String, "year": pl.Int32}, orient="row")


ALL_KINDS = [
    columns("area_id", "year", "value"),
    rows(min_value=1),
    once("area_id"),
    once(*KEY),
    filled("value"),
    one_of("area_id", "vollsmose", "gellerup"),
    between(min_value=0, max_value=100),
    check("select * from {mart} where value > 100"),
]
CASES: dict[str, Case] = {
    "kept": Case(AREAS, [p for p in ALL_KINDS if p != once("area_id")], [0] * 7),
    "no_rows": Case(NOTHING, ALL_KINDS, [0, "broken", 0, 0, 0, 0, 0, 0]),
    "key_of_two": Case(keyed(("a", 1), ("a", 1), ("a", 2), ("b", 1)), [once(*KEY)], [2]),
    "key_with_a_null": Case(
        keyed(("a", None), ("a", None), (None, 1), (None, 1), (None, None), (None, None), ("b", 2)), [once(*KEY)], [0]
    ),
    "key_with_a_null_and_one_twice": Case(
        keyed(("a", None), ("a", None), (None, None), ("b", 2), ("b", 2), ("b", 2)), [once(*KEY)], [3]
    ),
    "key_of_nulls": Case(keyed((None, None), (None, None)), [once(*KEY)], [0]),
    "key_of_one": Case(values("a", "a", "a", "b", None, None), [once("value")], [3]),
    "key_of_numbers_that_are_none": Case(values(NAN, NAN, 1.0, None), [once("value")], [2]),
    "key_of_days": Case(values(*[datetime.date(2012, 1, 1)] * 2), [once("value")], [2]),
    "no_value": Case(values(1.0, None, None, NAN), [filled("value"), between(min_value=0)], [2, 0]),
    "nulls_only": Case(
        values(None, None, dtype=pl.Float64), [filled("value"), once("value"), between(min_value=0)], [2, 0, 0]
    ),
    "truth": Case(values(True, None, False), [filled("value")], [1]),
    "not_in_set": Case(values("small", None, "huge", "", "Small"), [one_of("value", "small", "large")], [3]),
    "quotes_in_set": Case(values("it's", "100 %", "a?", "b"), [one_of("value", "it's", "100 %", "a?")], [1]),
    "limits": Case(
        values(-0.5, 0.0, 50.0, 100.0, 100.5, None),
        [
            between(min_value=0),
            between(max_value=100),
            between(min_value=0, max_value=100),
            between(min_value=0, strict_min=True),
            between(max_value=100, strict_max=True),
            between(min_value=0, max_value=100, strict_min=True, strict_max=True),
            between(min_value=0, max_value=None, strict_max=True),
            between(min_value=50, max_value=50),
        ],
        [1, 1, 2, 2, 2, 4, 1, 4],
    ),
    "limits_of_whole_numbers": Case(values(-1, 0, 7, None, dtype=pl.Int32), [between(min_value=0, max_value=6.5)], [2]),
    # DuckDB holds what is not a number to be larger than every number.
    "limits_of_no_number": Case(
        values(NAN, float("inf"), -float("inf"), 1.0), [between(min_value=0), between(max_value=100)], [1, 2]
    ),
    "too_many_rows": Case(
        AREAS, [rows(max_value=2), rows(min_value=3, max_value=3), rows(min_value=4)], ["broken", 0, "broken"]
    ),
    "extra_column": Case(AREAS, [columns(*KEY)], ["broken"]),
    "order_of_columns": Case(AREAS, [columns("year", "area_id", "value")], ["broken"]),
    "odd_name": Case(AREAS.rename({"value": 'the "value", of all'}), [filled('the "value", of all')], [0]),
    "reference": Case(AREAS, [check("select area_id, year from {mart} anti join key_of_two using (area_id)")], [3]),
    "many_offenders": Case(values(*range(1000)), [check("select * from {mart} where value >= 250")], [750]),
    "check_over_a_group": Case(AREAS, [check("select count(*) from {mart} having count(*) > 2")], [1]),
    "check_with_a_remark": Case(AREAS, [check("-- a share?\nselect * from {mart} where value > 35")], [1]),
    # What follows is not scanned: Great Expectations judges it by its own queries.
    "missing_column": Case(
        AREAS, [columns(*KEY, "value", "band"), filled("band"), filled("year")], ["broken", "fault", 0], False
    ),
    "missing_key": Case(AREAS, [once("area_id", "quarter"), filled("year")], ["fault", 0], False),
    "another_case": Case(AREAS, [filled("VALUE"), filled("year")], [0, 0], False),
    "text_with_limits": Case(values("1", "2000"), [between(min_value=0, max_value=100)], ["fault"], False),
    "truth_with_limits": Case(values(True, False), [between(min_value=0, max_value=1)], ["fault"], False),
    "days_with_limits": Case(values(datetime.date(2012, 1, 1)), [between(min_value=0)], ["fault"], False),
    "limits_the_wrong_way": Case(values(1.0), [between(min_value=2, max_value=1)], ["fault"], False),
    "numbers_in_a_set_of_words": Case(values(1, 2), [one_of("value", "small")], ["fault"], False),
    "words_in_a_set_of_numbers": Case(values("1", "3"), [one_of("value", 1, 2)], [1], False),
    "conversion": Case(AREAS, [check("select area_id::int as x from {mart}"), filled("year")], ["fault", 0], False),
    # A count of its rows would leave out the column, and find none.
    "conversion_before_no_row": Case(
        AREAS, [check("select max(area_id::int) from {mart} having count(*) > 100")], ["fault"], False
    ),
    "conversion_in_the_order": Case(
        AREAS, [check("select area_id from {mart} order by area_id::int")], ["fault"], False
    ),
    "check_of_a_lost_mart": Case(AREAS, [check("select * from no_such_mart"), filled("year")], ["fault", 0], False),
    "check_of_two_queries": Case(AREAS, [check("select 1; select 2 where false")], ["fault"], False),
    "check_that_is_no_query": Case(AREAS, [check("pragma enable_optimizer")], ["fault"], False),
    "check_with_a_parameter": Case(AREAS, [check("select * from {mart} where value > ?")], ["fault"], False),
    "check_out_of_its_brackets": Case(
        AREAS, [check("select 1 from {mart} where false) as a, (select 1 where false")], ["fault"], False
    ),
    "unknown_kind": Case(AREAS, [promise("ColumnMaxToBeBetween", column="value", max_value=30)], ["broken"], False),
    "nearly_all": Case(
        values(1, 2, 3, None), [promise("ColumnValuesToNotBeNull", column="value", mostly=0.5)], [0], False
    ),
    "another_null_rule": Case(
        keyed(("a", None), ("a", None), ("b", 1), ("b", 1)),
        [promise("CompoundColumnsToBeUnique", column_list=KEY, ignore_row_if="any_value_is_missing")],
        [2],
        False,
    ),
}


class Trial(NamedTuple):
    """The candidates and promises of all cases, judged."""

    files: dict[str, Path]
    suites: dict[str, list[Expectation]]
    judgement: Judgement
    # The marts that went through Great Expectations' own queries.
    asked: list[str]


def judged(folder: Path, page: str) -> Trial:
    files, promised = {}, {}
    for mart, case in CASES.items():
        files[mart] = folder / f"{mart}.parquet"
        case.rows.write_parquet(files[mart])
        promised[mart] = [in_mart(p, mart) for p in case.suite]
    asked: list[str] = []
    by_queries = verdicts.of_queries

    def watched(gx: Any, database: Path, expectations: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        asked.extend(expectations)
        return by_queries(gx, database, expectations)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdicts, "of_queries", watched)
        judgement = gate.judge(
            files, {mart: [*KEY, "value"] for mart in files}, promised, folder / page, "Boligprofil", []
        )
    return Trial(files, promised, judgement, asked)


def in_mart(given: Expectation, mart: str) -> Expectation:
    if scan.QUERY not in given.kwargs:
        return given
    return check(given.kwargs[scan.QUERY].replace("{mart}", mart))


def refuse(*_: Any) -> list[dict[str, Any]]:
    raise NotScanned


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return judged(tmp_path_factory.mktemp("scanned"), "page")


@pytest.fixture(scope="module")
def without_scans(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "metrics", refuse)
        return judged(tmp_path_factory.mktemp("asked"), "page")


@pytest.fixture(scope="module")
def checkpoint(trial: Trial) -> dict[str, list[int | str]]:
    """The outcome of each promise by a Checkpoint, as Great Expectations' manual makes one."""
    gx = verdicts.great_expectations()
    context = gx.get_context(mode="ephemeral", project_config=verdicts._configuration())
    database = trial.files["kept"].parent / "oracle.duckdb"
    with duckdb.connect(database) as connection:
        for mart, file in trial.files.items():
            connection.read_parquet(str(file)).create_view(mart)
    source = context.data_sources.add_sql("oracle", connection_string=f"duckdb:///{database}")
    source.get_execution_engine().engine.dialect.do_begin = lambda _: None
    definitions = []
    for mart, suite in trial.suites.items():
        batch = source.add_table_asset(mart, table_name=mart).add_batch_definition_whole_table("whole")
        expectations = [
            getattr(gx.expectations, p.type)(**p.kwargs, meta={"number": number}) for number, p in enumerate(suite)
        ]
        promised = context.suites.add(gx.ExpectationSuite(name=mart, expectations=expectations))
        definition = gx.ValidationDefinition(name=mart, data=batch, suite=promised)
        definitions.append(context.validation_definitions.add(definition))
    made = context.checkpoints.add(gx.Checkpoint(name="all", validation_definitions=definitions, result_format=BASIC))
    outcomes = {}
    for result in made.run().run_results.values():
        in_order = sorted(result.results, key=lambda verdict: verdict.expectation_config.meta["number"])
        outcomes[result.suite_name] = [outcome(verdict) for verdict in in_order]
    source.get_execution_engine().close()
    source.get_engine().dispose()
    return outcomes


def outcome(verdict: Any) -> int | str:
    info = verdict.exception_info
    if any(part["raised_exception"] for part in ([info] if "raised_exception" in info else info.values())):
        return "fault"
    if verdict.success:
        return 0
    is_check = verdict.expectation_config.type == "unexpected_rows_expectation"
    count = verdict.result["observed_value"] if is_check else verdict.result.get("unexpected_count")
    return "broken" if count is None else int(count)


def outcomes(judgement: Judgement, mart: str, suite: Sequence[Expectation]) -> list[int | str]:
    found = {finding.rule: finding for finding in judgement.findings if finding.mart == mart}
    made: list[int | str] = []
    for given in suite:
        finding = found.get(given.rule)
        if finding is None:
            made.append(0)
        elif finding.fault is not None:
            made.append("fault")
        else:
            made.append("broken" if finding.count is None else finding.count)
    return made


@pytest.mark.parametrize("mart", CASES)
def test_the_verdict_is_that_of_a_checkpoint(trial: Trial, checkpoint: dict[str, list[int | str]], mart: str) -> None:
    found = outcomes(trial.judgement, mart, trial.suites[mart])
    assert found == list(CASES[mart].outcomes)
    assert found == checkpoint[mart]


@pytest.mark.parametrize("mart", CASES)
def test_findings_and_pages_are_those_of_great_expectations_queries(
    trial: Trial, without_scans: Trial, mart: str
) -> None:
    scanned, asked = (
        [asdict(finding) for finding in way.judgement.findings if finding.mart == mart]
        for way in (trial, without_scans)
    )
    assert scanned == asked
    pages = [(way.judgement.page.parent / "marts" / f"{mart}.html").read_bytes() for way in (trial, without_scans)]
    assert pages[0] == pages[1]


def test_the_first_page_is_the_same_too(trial: Trial, without_scans: Trial) -> None:
    assert trial.judgement.page.read_bytes() == without_scans.judgement.page.read_bytes()


def test_only_what_cannot_be_scanned_is_asked_for(trial: Trial, without_scans: Trial) -> None:
    assert trial.asked == [mart for mart, case in CASES.items() if not case.is_scanned]
    assert without_scans.asked == list(CASES)


@pytest.mark.parametrize("given", ALL_KINDS, ids=lambda given: given.type)
def test_great_expectations_asks_for_the_metrics_that_are_scanned(tmp_path: Path, given: Expectation) -> None:
    """Fails where a release of Great Expectations judges from other metrics, which it would not miss."""
    gx = verdicts.great_expectations()
    needed = getattr(gx.expectations, given.type)(**given.kwargs).get_validation_dependencies(
        runtime_configuration={"result_format": BASIC}
    )
    with duckdb.connect() as connection:
        connection.from_arrow(AREAS.to_arrow()).create("areas")
        (scanned,) = scan.metrics(connection, "areas", [in_mart(given, "areas")])
    assert scanned.keys() == needed.metric_configurations.keys()


def test_every_mart_of_the_registry_can_be_scanned(tmp_path: Path) -> None:
    registry = load()
    promised = suites(registry)
    with duckdb.connect() as connection:
        for name, table in registry.marts.items():
            file = tmp_path / f"{name}.parquet"
            write_parquet(file, contracts.arrow_schema(table).empty_table(), table)
            connection.read_parquet(str(file)).create_view(name)
        scanned = {name: scan.metrics(connection, name, suite) for name, suite in promised.items()}
    assert {name: len(metrics) for name, metrics in scanned.items()} == {n: len(s) for n, s in promised.items()}
    assert len(scanned) > 30
