"""What a run is called, how it ends, and that a refusal is its words in Prefect's log."""

import io
import logging

import httpx
import pytest

from flows.core.outcome import Report
from flows.marts.build import BuildError
from flows.operation import prefect_runs
from flows.operation.prefect_runs import RefusedRun, ended, name_of_night, report_of


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        ("published", "2012-03-01, published 4f2a9c"),
        ("unchanged", "2012-03-01, nothing new"),
        ("refused", "2012-03-01, refused"),
        ("rebuilt", "2012-03-01, rebuilt 4f2a9c"),
    ],
)
def test_a_run_is_named_by_its_night_and_what_became_of_it(outcome: str, name: str) -> None:
    assert name_of_night(Report(outcome, "", "4f2a9c1d08e37b56"), "2012-03-01") == name  # type: ignore[arg-type]


def test_a_refusal_is_failed_with_its_words_and_what_it_did() -> None:
    refused = ended("refused", "no deliveries", {"outcome": "refused"})
    assert (refused.is_failed(), refused.message) == (True, "no deliveries")
    assert report_of(refused) == {"outcome": "refused"}
    with pytest.raises(RefusedRun, match="no deliveries"):
        refused.result()
    published = ended("published", "published", {"outcome": "published"})
    assert (published.is_completed(), report_of(published)) == (True, {"outcome": "published"})


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (RefusedRun("words", {}), ""),
        (BuildError("words"), "failed: words\n"),
        (OSError("words"), "failed: words\n"),
        (httpx.ConnectError("words"), "failed: words\n"),
        (ZeroDivisionError("words"), "Traceback"),
    ],
)
@pytest.mark.filterwarnings("ignore:Logger .* attempted to send logs")
@pytest.mark.parametrize("logger", ["prefect.flow_runs", "prefect.task_runs", "prefect.engine"])
def test_only_what_nobody_foresaw_has_a_traceback(error: Exception, shown: str, logger: str) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    log = logging.getLogger(logger)
    log.addHandler(handler)
    try:
        raise error
    except Exception as caught:
        log.error("failed: %s", caught, exc_info=True)
    finally:
        log.removeHandler(handler)
    assert shown in written.getvalue() if shown == "Traceback" else written.getvalue() == shown


def test_of_a_server_that_is_away_prefect_says_so_once() -> None:
    log, written = logging.getLogger("prefect.events.clients"), io.StringIO()
    handler = logging.StreamHandler(written)
    log.addHandler(handler)
    try:
        for number in range(3):
            log.warning("Unable to reach 'ws://127.0.0.1:1/api/events/in': event %d is lost", number)
        log.warning("something else")
    finally:
        log.removeHandler(handler)
    assert written.getvalue().count("Unable to reach") == written.getvalue().count("something else") == 1


def test_a_server_that_is_away_does_not_undo_the_night(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(**_: object) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(prefect_runs, "get_client", away)
    with caplog.at_level(logging.WARNING, "boligprofil"):
        prefect_runs.show("2012-03-01, nothing new", "unchanged", "night", lambda: "")
    assert "Prefect's server did not take the run's name and page: ConnectionError: refused" in caplog.text
