"""A run as Prefect shows it: its name, its tags, its page, and a refusal as its words alone."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from typing_extensions import override

from flows.core.outcome import Report
from flows.operation import dead_runs
from flows.operation.night_page import became

log = logging.getLogger("boligprofil")
# The days of the nights are those of the people who read them.
ZONE = ZoneInfo("Europe/Copenhagen")
SHORT_ID = 6
BEGINNING = 40


class RefusedRun(Exception):
    """A run that said no: its words, and with them what it did, as plain values."""

    def __init__(self, message: str, report: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.report = report


class WithoutTraceback(logging.Filter):
    """Leaves errors of ours, and those of disks and networks, their words: where in the code they rose is no news.

    A refused run has said its words in the log already. What nobody foresaw keeps its traceback.
    """

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, OSError | httpx.HTTPError) or type(error).__module__.startswith("flows."):
            record.exc_info = record.exc_text = None
        return not isinstance(error, RefusedRun)


class SaidOnce(logging.Filter):
    """Lets a sentence through the first time: of a server that is away Prefect says so for each event that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[str] = set()

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        beginning = record.getMessage()[:BEGINNING]
        is_new = beginning not in self.known
        self.known.add(beginning)
        return is_new


# Prefect shows what comes; the root's level would keep back all but warnings.
log.setLevel(logging.INFO)
for name in ("prefect.flow_runs", "prefect.task_runs", "prefect.engine"):
    logging.getLogger(name).addFilter(WithoutTraceback())
for name in ("prefect.events.clients", "prefect._internal.concurrency"):
    logging.getLogger(name).addFilter(SaidOnce())


def today() -> str:
    """The day in Copenhagen."""
    return f"{datetime.now(UTC).astimezone(ZONE):%Y-%m-%d}"


def under_way() -> str:
    """What a run is called until it is known what becomes of it."""
    year = flow_run.parameters.get("year")
    return f"{year or today()}, under way"


def begin() -> None:
    """Note at the run that is under way which process it is, so that nobody takes it for alive or for dead wrongly.

    A server that is away is said in the log.
    """
    try:
        with get_client(sync_client=True) as client:
            dead_runs.sign(client)
    except Exception as fault:
        log.warning("Prefect's server did not take which process this is: %s: %s", type(fault).__name__, fault)


def name_of_night(report: Report, day: str) -> str:
    """What a night is called in the list of runs, such as '2012-03-01, published 4f2a9c'."""
    return f"{day}, {became(report, SHORT_ID)}"


def show(run_name: str, outcome: str, key: str, page: Callable[[], str]) -> None:
    """Give the run that is under way its name, its outcome as a tag, and its page.

    A server that is away, or a page that cannot be made, is said in the log: what the run did stands all the same.
    """
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run.id, name=run_name, tags=sorted({*flow_run.tags, outcome}))
        create_markdown_artifact(page(), key=key, description=run_name)
    except Exception as fault:
        log.warning("Prefect's server did not take the run's name and page: %s: %s", type(fault).__name__, fault)


def ended(outcome: str, message: str, report: Mapping[str, Any]) -> State[Any]:
    """The state that a run ends in, with its words; `report` is found again by `report_of`."""
    if outcome == "refused":
        return Failed(message=message, data=RefusedRun(message, report))
    return Completed(message=message, data=report)


def report_of(state: State[Any]) -> Mapping[str, Any] | None:
    """What a run did, as plain values; None where something else than its own word ended it."""
    result = state.result(raise_on_failure=False)
    if isinstance(result, RefusedRun):
        return result.report
    return result if isinstance(result, Mapping) else None
