"""The gate before publication: every promise about every mart is judged, and one that is broken refuses the snapshot.

Great Expectations judges (`flows.publish.verdicts`); what it finds broken is told here, with the rows that break it.
A verdict that every promise of a mart is kept stands for as long as the mart, the marts that its checks read, and its
promises are the same.
"""

import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.core.provenance import code_sha256, digest, engine_versions, file_sha256
from flows.publish import data_docs, verdicts
from flows.publish.data_docs import BROKEN, KEPT, NO_VERDICT, SHOWN_OFFENDERS, Promise, Record
from flows.publish.scan import QUERY, offending, quoted
from schemas.contracts import Expectation

_SHOWN_FINDINGS = 20


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


class KeptVerdict(NamedTuple):
    """That every promise of a mart was kept: the hash of all that this rests on, its page, the snapshot it is of."""

    rests_on: str
    page: Path
    snapshot: str


@dataclass(frozen=True)
class Judgement:
    """What the gate found; `page` is the first page of the Data Docs.

    `rests_on` is the hash of all that the verdict on each mart rests on, `standing` the marts whose verdict was taken
    over.
    """

    expectations: int
    marts: int
    findings: tuple[Finding, ...]
    seconds: float
    page: Path
    rests_on: Mapping[str, str] = field(default_factory=dict)
    standing: tuple[str, ...] = ()

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
    earlier: Mapping[str, KeptVerdict] | None = None,
) -> Judgement:
    """Judge the candidate parquet file of each mart by its suite and write the Data Docs into `page_folder`.

    `keys` names the columns that identify a row of a mart in findings and pages. The query of an
    UnexpectedRowsExpectation is plain SQL that selects the offending rows, from any of the marts; it needs no
    `{batch}` and no escapes. A mart whose verdict in `earlier` rests on the same is not judged again. Nothing but
    `page_folder` is left on disk.

    Raises FileNotFoundError for a mart without a file, and ValueError for a mart without promises, promises without a
    mart, or a promise that GX does not know: a gate with a hole must not pass.
    """
    started = time.perf_counter()
    _require_complete(marts, suites)
    rests_on = _rests_on(marts, suites, title)
    standing = {
        mart: verdict
        for mart, verdict in (earlier or {}).items()
        if verdict.rests_on == rests_on.get(mart) and verdict.page.is_file()
    }
    judged = _judged(marts, keys, {mart: suite for mart, suite in suites.items() if mart not in standing})
    records = [_record(mart, suites[mart], standing[mart]) if mart in standing else judged[mart] for mart in marts]
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
        rests_on=rests_on,
        standing=tuple(mart for mart in marts if mart in standing),
    )


def _judged(
    marts: Mapping[str, Path], keys: Mapping[str, Sequence[str]], suites: Mapping[str, Sequence[Expectation]]
) -> dict[str, Record]:
    """The record of each mart that has a suite; the checks of one may read any of the marts."""
    records: dict[str, Record] = {}
    if not suites:
        return records
    with tempfile.TemporaryDirectory(prefix="boligprofil-gate-") as folder:
        database = Path(folder) / "gate.duckdb"
        with duckdb.connect(database) as connection:
            for mart, path in marts.items():
                connection.read_parquet(str(path.resolve())).create_view(mart)
        results = verdicts.verdicts(database, suites)
        with duckdb.connect(database, read_only=True) as connection:
            for mart, suite in suites.items():
                judged = zip(suite, results[mart].results, strict=True)
                lines = (_line(connection, mart, keys.get(mart, ()), promise, result) for promise, result in judged)
                records[mart] = Record(mart, tuple(lines), results[mart])
    return records


def _record(mart: str, suite: Sequence[Expectation], verdict: KeptVerdict) -> Record:
    """The record of a mart whose verdict stands."""
    lines = (Promise(*_words(expectation), KEPT) for expectation in suite)
    return Record(mart, tuple(lines), None, verdict.page, verdict.snapshot)


def _rests_on(marts: Mapping[str, Path], suites: Mapping[str, Sequence[Expectation]], title: str) -> dict[str, str]:
    """The hash of all that the verdict on each mart and its page rest on: bytes, promises, who judges, the title."""
    bytes_of = {mart: file_sha256(path) for mart, path in marts.items()}
    versions = engine_versions()
    judges = [code_sha256("flows.publish", "schemas"), versions["great-expectations"], versions["duckdb"], title]
    found = {}
    for mart, suite in suites.items():
        named = {word for promise in suite for word in re.findall(r"\w+", promise.kwargs.get(QUERY, ""))}
        read = sorted(marts.keys() & named | {mart})
        found[mart] = digest([*judges, *map(repr, suite), *(f"{name} {bytes_of[name]}" for name in read)])
    return found


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


def _line(
    connection: duckdb.DuckDBPyConnection,
    mart: str,
    keys: Sequence[str],
    expectation: Expectation,
    result: Any,
) -> Promise:
    promise, sql = _words(expectation), expectation.kwargs.get(QUERY)
    if result.success:
        return Promise(*promise, KEPT)
    if result.exception_info["raised_exception"]:
        return Promise(*promise, NO_VERDICT, fault=result.exception_info["exception_message"])
    count = result.result["observed_value"] if sql else result.result.get("unexpected_count")
    return Promise(*promise, BROKEN, count, _offenders(connection, mart, keys, expectation))


def _words(expectation: Expectation) -> tuple[str, str | None, str | None, str | None]:
    """A promise as a page tells it: rule, column, check, query."""
    kwargs = expectation.kwargs
    return expectation.rule, kwargs.get("column"), expectation.check, kwargs.get(QUERY)


def _offenders(
    connection: duckdb.DuckDBPyConnection, mart: str, keys: Sequence[str], expectation: Expectation
) -> tuple[str, ...]:
    """The keys of up to five rows that break the promise, in order; none where rows cannot be named by key.

    GX could list keys as well, but in no order, with the values beside them, and not for all types.
    """
    query = offending(mart, expectation)
    if query is None:
        return ()
    try:
        offenders = connection.sql(query.sql, params=list(query.values))
        named = [key for key in keys if key in offenders.columns]
        if not named:
            return ()
        chosen = ", ".join(map(quoted, named))
        rows = offenders.project(chosen).distinct().order(chosen).limit(SHOWN_OFFENDERS).fetchall()
    except duckdb.Error:
        # The verdict stands without the names of the rows.
        return ()
    return tuple(", ".join(f"{key}={value}" for key, value in zip(named, row, strict=True)) for row in rows)
