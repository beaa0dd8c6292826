"""Who is told what, and when: of refusals, of what is new among what is gone or late, and of what is in order again."""

import logging
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.core.outcome import Report
from flows.operation import notice
from flows.operation.notice import Message, Told
from flows.publish.snapshots import Snapshot
from schemas.registry import Registry

NOW = datetime(2012, 3, 1, 3, 10, tzinfo=UTC)
LIST = {"path": "lists/a.csv", "source": "ministry_lists", "since": "2012-02-28", "rows": 114, "accepted_by": ""}
OLD = {"path": "folk1a.csv", "source": "statbank_folk1a", "published_at": "2009-05-01"}
FRESH = OLD | {"published_at": "2012-02-12"}
UNCHANGED, PUBLISHED = Report("unchanged", "nothing changed"), Report("published", "published")
NOTHING = Told()
REFUSED = Report("refused", "all 21 deliveries are gone")

AfterNight = Callable[..., tuple[str, Told]]


@pytest.fixture
def after_night(tmp_path: Path, registry: Registry) -> AfterNight:
    """What is told after a night, and what somebody will have been told then."""

    def after(report: Report, known: Told = NOTHING, **manifest: Any) -> tuple[str, Told]:
        (tmp_path / "marts" / "4f2a").mkdir(parents=True, exist_ok=True)
        snapshot = Snapshot("4f2a", tmp_path / "marts" / "4f2a", {"deliveries": [FRESH], **manifest})
        message, then = notice.of_night(report, snapshot, registry, known, NOW, tmp_path / "marts")
        return str(message or ""), then

    return after


def test_a_good_night_says_nothing(after_night: AfterNight) -> None:
    for report in (UNCHANGED, PUBLISHED):
        assert after_night(report) == ("", Told())


def test_every_refusal_is_told_with_what_stays_and_what_to_do(after_night: AfterNight, tmp_path: Path) -> None:
    message, known = after_night(REFUSED)
    headline, words, where, kept, todo = message.strip().split("\n\n")
    assert (headline, words) == ("Boligprofil: the night was refused", "all 21 deliveries are gone")
    assert where.startswith(f"Where: {tmp_path / 'marts'} on ")
    assert kept.startswith("Kept: snapshot 4f2a of ")
    assert "boligprofil run" in todo
    again, after = after_night(REFUSED, known)
    assert again.startswith("Boligprofil: the night was refused again (since 2012-03-01 03:10 UTC)")
    assert after == known == Told(refused_since="2012-03-01 03:10 UTC")
    better, after = after_night(PUBLISHED, known)
    assert better.startswith(
        "Boligprofil: in order again\n\nno longer refused, as nights were since 2012-03-01 03:10 UTC"
    )
    assert (after, after_night(UNCHANGED, after)[0]) == (Told(), "")


def test_what_is_gone_is_told_once_and_once_more_when_it_is_back(after_night: AfterNight) -> None:
    message, known = after_night(PUBLISHED, gone=[LIST])
    assert message.startswith(
        "Boligprofil: 1 gone\n\ngone: lists/a.csv (ministry_lists), since 2012-02-28; 114 rows of facts rested on it"
    )
    assert "is in force; readers see it without what is gone" in message
    assert known == Told(gone=("lists/a.csv",))
    assert after_night(UNCHANGED, known, gone=[LIST]) == ("", known)
    another, more = after_night(PUBLISHED, known, gone=[LIST, LIST | {"path": "lists/b.csv"}])
    assert "lists/b.csv (ministry" in another
    assert "lists/a.csv (ministry" not in another
    assert another.startswith("Boligprofil: 2 gone")
    assert after_night(PUBLISHED, more)[0].startswith(
        "Boligprofil: in order again\n\nnot gone any more: lists/a.csv\nnot gone"
    )
    assert after_night(PUBLISHED, gone=[LIST | {"accepted_by": "list_2015_gone"}]) == ("", Told())


def test_what_is_late_is_told_even_in_a_night_that_finds_nothing_new(after_night: AfterNight) -> None:
    message, known = after_night(UNCHANGED, deliveries=[OLD])
    assert message.startswith("Boligprofil: 1 late\n\nlate: ")
    assert "boligprofil fetch statbank --source statbank_folk1a" in message
    assert known == Told(late=("statbank_folk1a",))
    assert after_night(UNCHANGED, known, deliveries=[OLD])[0] == ""
    assert after_night(PUBLISHED, known)[0].startswith(
        "Boligprofil: in order again\n\nnot late any more: statbank_folk1a"
    )
    better, _ = after_night(PUBLISHED, Told(gone=("x.csv",), late=("statbank_folk1a",)), deliveries=[OLD])
    assert better.startswith("Boligprofil: better; still 1 late\n\nnot gone any more: x.csv")


def command(program: str) -> str:
    return shlex.join([sys.executable, "-c", program])


def test_the_command_gets_the_message_and_a_refusal_is_told_again_the_next_night(
    tmp_path: Path, registry: Registry
) -> None:
    file, marts = tmp_path / "mail", tmp_path / "marts"
    marts.mkdir()
    append = command(f"import sys; open({str(file)!r}, 'a').write(sys.stdin.read())")
    for night in range(2):
        notice.after_night(append, Report("refused", "æøå"), marts, registry, NOW + timedelta(days=night))
    first, second = file.read_text(encoding="utf-8").split("Boligprofil: ")[1:]
    assert first.startswith("the night was refused\n\næøå\n\nWhere: ")
    assert "Kept: nothing is in force" in first
    assert second.startswith("the night was refused again (since 2012-03-01 03:10 UTC)")
    notice.after_night(append, PUBLISHED, marts, registry, NOW)
    notice.after_night(append, PUBLISHED, marts, registry, NOW)
    assert file.read_text(encoding="utf-8").count("in order again") == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("/no/such/program", "FileNotFoundError"),
        (command("import sys; sys.exit('no route to host')"), "exit code 1: no route to host"),
        ("'unclosed", "ValueError"),
    ],
)
def test_a_command_that_fails_is_said_and_tried_again(
    given: str, words: str, tmp_path: Path, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "boligprofil"):
        notice.after_night(given, REFUSED, tmp_path, registry, NOW)
    assert "nobody could be told (BOLIGPROFIL_NOTIFY)" in caplog.text
    assert words in caplog.text
    assert not (tmp_path / notice.TOLD).exists()


def test_an_error_that_nobody_foresaw_is_told(tmp_path: Path) -> None:
    message = str(notice.of_fault(ZeroDivisionError("division by zero"), None, tmp_path))
    assert message.startswith(
        "Boligprofil: the night ended in an error\n\nZeroDivisionError: division by zero\n\nWhere: "
    )
    assert str(Message("x")) == "Boligprofil: x\n"
