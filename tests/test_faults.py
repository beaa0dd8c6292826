"""Nights that meet a fault of disk, file, server, or each other: words, what was in force stays, the next is well."""

import errno
import os
import re
import resource
import shlex
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import httpx
import polars as pl
import pytest
from command_line import PROGRAM, invoke
from test_night import House, NoStep, WithoutGate

from flows import night
from flows.catalogue import site
from flows.core.outcome import Report
from flows.settings import Settings
from flows.steps import FlowStep, Plain

ROOT = Path(__file__).parents[1]
STAYS = "the run stopped, and what was there before stays as it was. To do: "


@pytest.fixture
def house(tmp_path: Path, published: Path) -> House:
    return House(tmp_path, published)


class Raises(Plain):
    """A runner whose first step meets an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """Nothing."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "?", "marts/x"), "No space left on device (marts/x): {}make room"),
        (OSError("No space left on device (os error 28)"), "No space left on device (os error 28): {}make room"),
        (pl.exceptions.ComputeError("parquet: IO error: No space left on device (os error 28)"), "{}make room"),
        (duckdb.IOException('IO Error: Could not write "x.parquet": No space left on device'), "{}make room"),
        (OSError(errno.EROFS, "?", "data/staging"), "Read-only file system (data/staging): {}let the user that runs"),
        (PermissionError(errno.EACCES, "?", "data/staging"), "Permission denied (data/staging): {}let the user"),
        (FileNotFoundError(errno.ENOENT, "?", "raw/a.csv"), "No such file or directory (raw/a.csv): {}it was there"),
        (OSError(errno.EIO, "?", "raw/a.csv"), "Input/output error (raw/a.csv): {}run again; if it stays so"),
        (pl.exceptions.ComputeError("parquet: The file must end with PAR1"), "{}a parquet file is cut or damaged"),
    ],
    ids=lambda value: "" if isinstance(value, str) else f"{type(value).__name__}",
)
def test_a_fault_of_the_disk_is_told_in_words_and_the_next_night_is_well(
    house: House, error: Exception, words: str
) -> None:
    before = house.pointer
    report = house.night(Raises(error), again=True)
    assert (report.outcome, house.pointer) == ("refused", before)
    assert words.format(STAYS) in report.message
    assert house.night(NoStep()).outcome == "unchanged"


def test_what_nobody_foresaw_is_raised_and_told(house: House, tmp_path: Path) -> None:
    append = f"import sys; open({str(tmp_path / 'mail')!r}, 'a').write(sys.stdin.read())"
    chosen = Settings(raw=house.raw, marts=house.marts, notify=shlex.join([sys.executable, "-c", append]))
    for error in (ZeroDivisionError("no"), TimeoutError("longer than 6 hours")):
        with pytest.raises(type(error)):
            night.run(chosen, True, None, None, Raises(error))
        message = (tmp_path / "mail").read_text(encoding="utf-8")
        assert f"Boligprofil: the night ended in an error\n\n{type(error).__name__}: {error}\n\nWhere: " in message
        assert f"Kept: snapshot {house.pointer} of" in message


def test_a_disk_without_room_refuses_the_night(house: House) -> None:
    """No file may be larger than 30 kB, for every library that writes one."""
    before = house.pointer
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
    try:
        report = house.night(again=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (report.outcome, house.pointer) == ("refused", before)
    assert re.search(rf"File too large.*: {STAYS}make room", report.message, re.DOTALL)
    assert house.night(NoStep()).outcome == "unchanged"
    assert invoke(house.folder, "check").exit_code == 0


class Vanishes(WithoutGate):
    """A runner before which a delivery goes away, after it was seen and before it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def each(self, step: FlowStep, items: Sequence[Any], *given: Any) -> list[Any]:
        """What a step gives for each item."""
        self.file.unlink(missing_ok=True)
        return super().each(step, items, *given)


def test_a_delivery_that_vanishes_while_it_is_read_is_refused_by_name_and_its_facts_stay(house: House) -> None:
    name = "population/folketal_2016_2017.csv"
    change_a_figure(house.raw / name)
    before = {entry["path"]: entry for entry in house.manifest["deliveries"]}
    report = house.night(Vanishes(house.raw / name))
    assert report.outcome == "published", report.message
    after = {entry["path"]: entry for entry in house.manifest["deliveries"]}
    assert (after[name]["outcome"], after[name]["rule"]) == ("refused", "not_readable")
    assert after[name]["facts_from"] == before[name]["facts_from"]
    assert any(name in words for words in report.warnings)


class Changes(Vanishes):
    """A runner before which a delivery is written to, after it was seen and before it is read."""

    def each(self, step: FlowStep, items: Sequence[Any], *given: Any) -> list[Any]:
        """What a step gives for each item."""
        whole = self.file.read_bytes()
        self.file.write_bytes(whole[: len(whole) // 2])
        try:
            return WithoutGate.each(self, step, items, *given)
        finally:
            self.file.write_bytes(whole)


def test_a_delivery_that_changes_while_it_is_read_is_refused_by_name_and_read_the_next_night(house: House) -> None:
    name = "population/folketal_2016_2017.csv"
    change_a_figure(house.raw / name)
    before = {entry["path"]: entry for entry in house.manifest["deliveries"]}
    report = house.night(Changes(house.raw / name))
    assert report.outcome == "published", report.message
    (entry,) = (entry for entry in house.manifest["deliveries"] if entry["path"] == name)
    assert (entry["rule"], entry["facts_from"]) == ("changed_while_read", before[name]["facts_from"])
    assert any(
        "the file changed while it was read; it will be read again in the next run" in w for w in report.warnings
    )
    house.night()
    (entry,) = (entry for entry in house.manifest["deliveries"] if entry["path"] == name)
    assert (entry["outcome"], entry["facts_from"] != before[name]["facts_from"]) == ("accepted", True)


def change_a_figure(file: Path) -> None:
    """Another last figure."""
    file.write_text(re.sub(r"\d;endelig\n?$", "3;endelig\n", file.read_text(encoding="utf-8")), encoding="utf-8")


def test_a_night_writes_the_site_when_asked_and_is_published_even_if_that_fails(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    became = {"outcome": "published"}
    monkeypatch.setattr(night, "_night", lambda *_: Report(became["outcome"], "", snapshot=house.pointer))
    index = house.marts / "sites" / house.pointer / "index.html"
    asked = Settings(raw=house.raw, marts=house.marts, site=True, publisher="Odense Kommune")
    night.run(Settings(raw=house.raw, marts=house.marts), False, None, None, NoStep())
    assert not index.exists()
    night.run(asked, False, None, None, NoStep())
    assert index.is_file()
    assert "Odense Kommune" in (index.parent / "dcat.jsonld").read_text(encoding="utf-8")
    written = index.stat().st_mtime_ns
    became["outcome"] = "unchanged"
    night.run(asked, False, None, None, NoStep())
    became["outcome"] = "published"

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "?", "sites")

    monkeypatch.setattr(site, "write", full)
    assert night.run(asked, False, None, None, NoStep()).outcome == "published"
    assert "the site of the snapshot was not written (No space left on device (sites)" in caplog.text
    assert index.stat().st_mtime_ns == written


def test_of_ten_nights_at_once_one_publishes(house: House) -> None:
    change_a_figure(house.raw / "population" / "folketal_2016_2017.csv")
    ledger = house.folder / "data" / "staging" / "deliveries" / "ledger.jsonl"
    before, events = house.pointer, ledger.read_text().count('"published"')
    together, reports = threading.Barrier(10), list[Report]()

    def one_night() -> None:
        together.wait()
        reports.append(house.night())

    threads = [threading.Thread(target=one_night) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcomes = [report.outcome for report in reports]
    assert outcomes.count("published") == 1
    assert house.pointer != before
    assert ledger.read_text().count('"published"') == events + 1
    for report in reports:
        if report.outcome == "refused":
            # Who holds it is said as soon as the other one has had the time to write it.
            assert report.message.startswith(f"another run is publishing to {house.marts}; wait for it to end")
    assert house.night(NoStep()).outcome == "unchanged"


@pytest.mark.slow
def test_of_two_programs_at_once_one_publishes(house: House) -> None:
    """Two processes of a whole night, as by hand and by a schedule: nothing but the lock stands between them."""
    change_a_figure(house.raw / "population" / "folketal_2016_2017.csv")
    before = house.pointer
    env = {name: value for name, value in os.environ.items() if not name.startswith(("BOLIGPROFIL_", "PREFECT_"))}
    nights = [
        subprocess.Popen([PROGRAM, "run"], cwd=house.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    printed = [b" ".join(run.communicate(timeout=600)).decode() for run in nights]
    assert sum("Published snapshot" in words for words in printed) == 1, printed
    (other,) = (words for words in printed if "Published snapshot" not in words)
    if "Nothing changed" not in other:
        assert "another run is publishing" in other
        assert "(held by process " in other
    assert sorted(run.returncode for run in nights) == [0, 0 if "Nothing changed" in other else 1]
    assert house.pointer != before
    assert house.night(NoStep()).outcome == "unchanged"


def test_a_server_that_is_away_is_told_in_words(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    import flows.nightly

    def away(*_: Any, **__: Any) -> None:
        raise httpx.ConnectError("All connection attempts failed")

    monkeypatch.setattr(flows.nightly, "nightly", away)
    done = invoke(house.folder, "run", "--again", PREFECT_API_URL="http://127.0.0.1:1/api")
    assert done.exit_code == 1
    words = " ".join(done.stderr.split())
    assert "Prefect's server, which PREFECT_API_URL names, was not there to the end: ConnectError: All" in words
    assert "without PREFECT_API_URL no server is needed. The last snapshot stays in force" in words


def test_the_line_of_cron_mails_the_words_of_its_night_alone(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "engineers.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^10 4 \* \* \* (cd .*)$", page, re.MULTILINE)
    house = tmp_path / "house"
    for folder in (house / ".venv" / "bin", house / "data" / "raw" / "population", tmp_path / "bin"):
        folder.mkdir(parents=True)
    (house / ".venv" / "bin" / "boligprofil").symlink_to(PROGRAM)
    mail = tmp_path / "bin" / "mail"
    mail.write_text(f'#!/bin/sh\necho "$2 $3" >> {tmp_path}/mails\ncat > {tmp_path}/mail\n')
    mail.chmod(0o755)
    command = line.replace("/srv/boligprofil", str(house))
    for _ in range(2):
        environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}
        subprocess.run(["sh", "-c", command], env=environment, check=True, timeout=120)
        assert (tmp_path / "mail").read_text().count("there are no deliveries") == 1
    assert (tmp_path / "mails").read_text() == "Boligprofil refused data@example.org\n" * 2
