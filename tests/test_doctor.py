"""What the doctor finds and mends: each ailment made by hand in folders of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import namedtuple
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from command_line import invoke

from flows.commands import doctor
from flows.core.access import keep_in_the_house
from flows.core.locks import held
from flows.operation import processes
from flows.publish import snapshots
from flows.release import store

EXCEPTION = """
[{name}]
check = "delivery_gone"
file = "x.csv"
reason = "A trial."
owner = "the tests"
until = {until}
"""


ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own temporary folder: what others left on the machine is theirs."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    umask = os.umask(0)
    os.umask(umask)
    keep_in_the_house()
    (tmp_path / "data" / "marts").mkdir(parents=True)
    os.umask(umask)


def age(path: Path) -> None:
    os.utime(path, (0, 0))


def test_a_clone_brings_no_folder_that_is_open_to_others() -> None:
    """What the night makes itself is closed; a folder that comes with the code is open."""
    done = subprocess.run(["git", "ls-files", "data"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {Path(line).parts[1] for line in done.stdout.splitlines()} == {"raw"}


def test_files_that_a_killed_run_was_writing_are_told_and_then_gone(tmp_path: Path) -> None:
    half = tmp_path / "data" / "marts" / ".CURRENT.txt.1.part"
    half.write_text("")
    half.chmod(0o640)
    printed = invoke(tmp_path, "doctor")
    assert printed.exit_code == 1
    assert ".CURRENT.txt.1.part was being written by a run that died, 1 files in all: they can go" in printed.output
    assert invoke(tmp_path, "doctor", "--mend").exit_code == 0
    assert not half.exists()


def test_nothing_is_wrong_with_new_folders(tmp_path: Path) -> None:
    found = invoke(tmp_path, "doctor")
    assert (found.exit_code, found.stdout[:16]) == (0, "Nothing is wrong")


def test_what_runs_left_that_died_is_told_and_then_mended(tmp_path: Path) -> None:
    marts = tmp_path / "data" / "marts"
    (marts / ".work" / "1-2").mkdir(parents=True)
    year = tmp_path / "data" / "extracts" / "2012"
    (year / ".aarhus.old").mkdir(parents=True)
    for name in ("boligprofil-gate-x", "boligprofil-new", "another"):
        (tmp_path / "tmp" / name).mkdir()
    age(tmp_path / "tmp" / "boligprofil-gate-x")
    age(tmp_path / "tmp" / "another")
    found = invoke(tmp_path, "doctor")
    assert found.exit_code == 1
    for place in (marts / ".work", year / "aarhus", tmp_path / "tmp" / "boligprofil-gate-x"):
        assert place.relative_to(tmp_path).name in found.stdout
    mended = invoke(tmp_path, "doctor", "--mend")
    assert mended.exit_code == 0
    assert mended.stdout.count("mended: ") == found.stdout.count("- ") > 2
    assert sorted(path.name for path in (tmp_path / "tmp").iterdir()) == ["another", "boligprofil-new"]
    assert (year / "aarhus").is_dir()  # a kill between two renames had left the old folder aside
    assert not (marts / ".work").exists()


def test_a_pointer_a_manifest_and_ledgers_that_are_cut_are_told(tmp_path: Path, published: Path) -> None:
    data = tmp_path / "data"
    shutil.rmtree(data)
    shutil.copytree(published / "data", data, symlinks=True)
    assert "cut" not in invoke(tmp_path, "doctor").output
    pointer, deliveries = data / "marts" / "CURRENT.txt", data / "staging" / "deliveries" / "ledger.jsonl"
    manifest = data / "marts" / "versions" / pointer.read_text(encoding="utf-8").strip() / "manifest.json"
    releases = data / "releases"
    shutil.rmtree(releases, ignore_errors=True)  # others may have made releases of the snapshot
    releases.mkdir(mode=0o700)
    for file in (manifest, deliveries):
        file.write_bytes(file.read_bytes()[:-100])
    (releases / store.LEDGER).write_text("{}\n", encoding="utf-8")
    found = invoke(tmp_path, "doctor")
    words = " ".join(found.output.split())
    assert found.exit_code == 1
    assert words.count("manifest.json is cut or empty") == 1
    last = len(deliveries.read_bytes().split(b"\n"))
    assert f"ledger.jsonl, line {last}: cut or unfinished" in words
    assert f"{store.LEDGER}, line 1" in words
    shutil.copytree(manifest.parent, manifest.parents[1] / "0123456789abcdef")
    words = " ".join(invoke(tmp_path, "doctor").output.split())
    assert words.count("manifest.json is cut or empty") == 1
    assert "0123456789abcdef is not in force and its manifest cannot be read" in words
    pointer.write_text("", encoding="utf-8")
    assert "CURRENT.txt is empty or cut" in " ".join(invoke(tmp_path, "doctor").output.split())


def test_a_folder_that_a_night_may_not_write_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of the machine, which lets root write wherever a disk is not read-only."""
    (tmp_path / "data" / "staging").mkdir(mode=0o750)
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "staging" and may(path, mode))
    found = invoke(tmp_path, "doctor")
    assert (found.exit_code, found.output.count("cannot be written to")) == (1, 1)
    assert "data/staging cannot be written to" in found.output


def test_processes_of_a_server_that_is_gone_are_told_and_ended(tmp_path: Path) -> None:
    home = tmp_path / "data" / ".prefect"
    home.mkdir()
    program = "import sys, time; print('here', flush=True); time.sleep(600)"
    ours, others = (
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, processes.MARK: str(folder)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for folder in (home, tmp_path)
    )
    with ours, others:
        for process in (ours, others):
            assert process.stdout is not None
            assert process.stdout.readline() == "here\n"
        try:
            with held(home / ".lock", RuntimeError()):
                assert "process" not in invoke(tmp_path, "doctor", "--mend").stdout
            assert f"process {ours.pid} is of a 'boligprofil serve' that is gone" in invoke(tmp_path, "doctor").stdout
            assert ours.poll() is None
            assert f"mended: process {ours.pid} " in invoke(tmp_path, "doctor", "--mend").stdout
            assert (ours.wait(10), others.poll()) == (-signal.SIGTERM, None)
        finally:
            ours.kill()
            others.kill()


def test_a_run_that_is_at_work_is_left_alone(tmp_path: Path) -> None:
    marts = tmp_path / "data" / "marts"
    (marts / ".work" / "1-2").mkdir(parents=True)
    with snapshots.lock(marts):
        assert ".work" not in invoke(tmp_path, "doctor", "--mend").stdout
    assert (marts / ".work" / "1-2").is_dir()
    staged = tmp_path / "data" / "extracts" / "2012" / ".aarhus.new"
    staged.mkdir(parents=True)
    with store.lock(tmp_path / "data" / "releases"):
        assert "aarhus" not in invoke(tmp_path, "doctor", "--mend").stdout
    assert staged.is_dir()


def test_open_folders_are_closed(tmp_path: Path) -> None:
    file = tmp_path / "data" / "quarantine" / "x.csv"
    file.parent.mkdir(mode=0o750)
    file.write_text("x")
    file.chmod(0o644)
    (tmp_path / "data" / "releases").mkdir()
    (tmp_path / "data" / "releases").chmod(0o750)
    found = invoke(tmp_path, "doctor").stdout
    assert "others may read 1 files or folders in data/quarantine" in found
    assert "may enter data/releases" in found
    assert invoke(tmp_path, "doctor", "--mend").exit_code == 0
    assert (file.stat().st_mode & 0o777, (tmp_path / "data/releases").stat().st_mode & 0o777) == (0o640, 0o700)


def test_a_disk_without_room_for_a_night_is_told(
    tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marts = published / "data" / "marts"
    size = sum(path.stat().st_size for path in snapshots.current(marts).folder.rglob("*") if path.is_file())
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(3 * size))
    assert list(doctor.space(marts)) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(3 * size - 1))
    (full,) = doctor.space(marts)
    assert "make room" in full.words
    assert full.mend is None


def test_what_runs_out_within_a_month_is_told(tmp_path: Path, registry: Any) -> None:
    from schemas.loading import load

    schemas = tmp_path / "schemas"
    shutil.copytree(Path(__file__).parents[1] / "schemas", schemas, ignore=shutil.ignore_patterns("*.py"))
    with (schemas / "exceptions.toml").open("a") as file:
        for name, until in (("a_gone", "2027-01-01"), ("b_soon", "2027-01-30"), ("c_later", "2027-02-02")):
            file.write(EXCEPTION.format(name=name, until=until))
    dated = date(2027, 1, 2)
    sentences = {ailment.words for ailment in doctor.running_out(load(schemas), dated)}
    of_ours = sorted(sentence for sentence in sentences if sentence[:2] in ("a_", "b_", "c_"))
    assert [sentence.split(":")[0] for sentence in of_ours] == [
        "a_gone has run out, so that nothing is published",
        "b_soon runs out on 2027-01-30",
    ]


def test_versions_that_are_not_those_asked_for_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(doctor.requirements()) == []
    asked = ["polars>=99", "no-such-library>=1", 'pytest>=99; extra == "dev"', "duckdb>=2"]
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: asked)
    found = [ailment.words for ailment in doctor.requirements()]
    assert [sentence.split(" is ")[1].split(":")[0] for sentence in found] == [
        "installed, and >=99",
        "not installed",
    ]
