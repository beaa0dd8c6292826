"""Upkeep: what a run would do is told before, what nothing keeps goes, and years are built from what is stored."""

import json
import os
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from command_line import invoke

from flows import night
from flows.commands import upkeep
from flows.core.outcome import Report
from flows.intake.ledger import DeliveryLedger
from flows.intake.vintages import vintage
from flows.publish import snapshots
from flows.settings import Settings
from flows.steps import Plain
from schemas.loading import load

ROOT = Path(__file__).parents[1]
POPULATION = "population/folketal_2007_2015.csv"


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, but its lock, by its size and the moment of its last change."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def house(tmp_path: Path, published: Path) -> Path:
    """A copy of the published snapshot with deliveries of its own."""
    shutil.copytree(published / "data", tmp_path / "data", symlinks=True)
    shutil.copytree(ROOT / "data" / "raw", tmp_path / "data" / "raw")
    return tmp_path


def says(house: Path, **manifest: Any) -> None:
    """Let the manifest in force say something else of what made it."""
    pointer = (house / "data/marts/CURRENT.txt").read_text().strip()
    file = house / "data/marts/versions" / pointer / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | manifest))


def test_what_a_run_would_do_is_told_and_nothing_is_done(house: Path) -> None:
    before = state(house / "data")
    same = invoke(house, "run", "--dry-run")
    assert (same.exit_code, same.stdout.splitlines()[-1][:24]) == (0, "Nothing would be done: s")

    file = house / "data" / "raw" / POPULATION
    file.write_bytes(file.read_bytes() + b"\n")
    shown = invoke(house, "run", "--dry-run").stdout
    assert "It would read 1 of 21 deliveries (1 changed; 0.0 MB)" in shown
    made, steps, marts = map(int, re.search(r"at most (\d+) of (\d+) steps, (\d+) of", shown).groups())  # type: ignore[union-attr]
    assert 0 < marts < made < steps
    listed = next(line for line in shown.splitlines() if "area_profile" in line)
    assert "dim_municipality_mergers" not in listed  # no figure is in it
    assert re.search(r"How long: the run of 20\d\d-.* made \d+ of \d+ steps, took [\d,]+ s", shown)
    file.write_bytes(file.read_bytes()[:-1])
    shutil.copystat(ROOT / "data" / "raw" / POPULATION, file)
    assert state(house / "data") == before


def test_what_makes_everything_anew_is_said_before(house: Path) -> None:
    says(
        house,
        inputs_sha256="",
        code_sha256="of another version",
        reconciled={"folder": "gone", "by": "another version"},
    )
    shown = invoke(house, "run", "--dry-run").stdout
    assert re.match(
        r"Code changed since the last snapshot: 21 of 21 deliveries may be read anew and (\d+) of \1 steps of the "
        r"build made anew; the run of .* took [\d,]+ s",
        shown,
    )
    assert "It would read 21 of 21 deliveries (21 read anew" in shown


def test_what_would_be_refused_is_refused_here_too(house: Path) -> None:
    shutil.rmtree(house / "data" / "raw" / "ministry_lists")
    shown = invoke(house, "run", "--dry-run")
    assert shown.exit_code == 1
    assert re.search(
        r"A run would be refused before anything is read:\n +refused .*: \d+ of 21 deliveries", shown.stdout
    )
    shutil.rmtree(house / "data" / "raw")
    assert (missing := invoke(house, "run", "--dry-run")).exit_code == 1
    assert "is no folder of deliveries" in missing.stderr
    assert invoke(house, "run", "--dry-run", "--as-of", "2026-11-24T03:00").exit_code == 2


def test_prune_tells_first_and_keeps_what_a_release_rests_on(house: Path) -> None:
    pointer = (house / "data/marts/CURRENT.txt").read_text().strip()
    shutil.rmtree(house / "data/releases", ignore_errors=True)  # what other tests released in the shared folder
    (house / "data/releases/2012-1").mkdir(parents=True)
    record = house / "data/releases/2012-1/record.json"
    record.write_text(json.dumps({"snapshot": pointer}))
    stale = house / "data" / "staging" / "figures" / "stale.parquet"
    stale.write_bytes(b"x" * 2_000_000)
    os.utime(stale, (0, 0))
    before = state(house / "data")
    shown = invoke(house, "prune", "--dry-run").stdout
    assert state(house / "data") == before
    assert re.search(rf"snapshot +{pointer} +[\d.]+ +in force; releases rest on it: 2012-1", shown)
    assert re.search(r"staged facts +1 files +2.0 +nothing keeps it: it would go", shown)
    assert "\n2.0 MB would be free" in shown
    assert "2.0 MB are free" in invoke(house, "prune").stdout
    assert before.keys() - state(house / "data").keys() == {str(stale)}
    record.write_text("")
    broken = invoke(house, "prune")
    assert (broken.exit_code, "nothing is removed" in broken.stderr) == (1, True)


class Server:
    """Stands in for the client of a Prefect server that remembers ended runs; it hands out a page at a time."""

    def __init__(self, number: int) -> None:
        self.runs = [SimpleNamespace(id=uuid4()) for _ in range(number)]
        self.asked: list[dict[str, Any]] = []

    def read_flow_runs(self, flow_filter: Any, flow_run_filter: Any, limit: int) -> list[Any]:
        """The first runs that are left."""
        self.asked.append({"names": flow_filter.name.any_, "before": flow_run_filter.end_time.before_})
        return self.runs[:limit]

    def delete_flow_run(self, identifier: UUID) -> None:
        """Forget a run."""
        self.runs = [run for run in self.runs if run.id != identifier]


def test_a_prefect_server_is_asked_for_our_own_ended_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "AT_ONCE", 3)
    server, moment = Server(7), datetime(2026, 9, 1, tzinfo=UTC)
    for identifier in upkeep.ended_runs(server, moment):  # type: ignore[arg-type]
        server.delete_flow_run(identifier)
    assert server.runs == []
    assert all(asked["names"] == upkeep.OUR_FLOWS and asked["before"] == moment for asked in server.asked)


def test_years_are_built_from_what_is_stored_and_not_twice(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(house / "data" / "raw")  # nothing but what is stored
    built: list[date] = []

    def run(chosen: Settings, again: bool, as_of: datetime, published_by: date, runner: Plain) -> Report:
        """A night that builds no marts: a vintage of its day, and none of 2006."""
        built.append(published_by)
        if published_by.year == 2006:
            return Report("refused", "no source had published anything by 2006-12-31")
        registry = load(chosen.schemas)
        found = vintage(chosen.raw, DeliveryLedger.load(chosen.staging_folder), registry, as_of, published_by)
        folder = chosen.marts / "vintages" / str(published_by.year)
        folder.mkdir(parents=True)
        inputs = snapshots.inputs_sha256(found.deliveries, registry.fingerprint, published_by)
        manifest = {"inputs_sha256": inputs, "published_by": published_by.isoformat(), "marts": {}, "deliveries": []}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return Report("rebuilt", "", snapshot=folder.name, folder=folder.as_posix(), marts={"areas": 1200})

    monkeypatch.setattr(night, "run", run)
    first = invoke(house, "backfill", "--years", "2006-2008")
    assert first.exit_code == 1
    assert "2006, published by 2006-12-31: refused: no source had published anything" in first.stdout
    assert "2008, published by 2008-12-31: built from 0 deliveries, 1,200 rows" in first.stdout
    assert "1 years were refused: 2006; the others are there" in first.stderr
    again = invoke(house, "backfill", "--years", "2007-2009")
    assert (again.exit_code, again.stdout.count("stands in")) == (0, 2)
    assert [day.year for day in built] == [2006, 2007, 2008, 2009]
    for wrong in ("2010-2006", "last year", "2999"):
        assert invoke(house, "backfill", "--years", wrong).exit_code == 2
