"""Upkeep: what a run would do is said before it does it, and saying it changes nothing."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import invoke

ROOT = Path(__file__).parents[1]
POPULATION = "population/folketal_2007_2015.csv"


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder by its size and the moment of its last change."""
    files = (path for path in folder.rglob("*") if path.is_file())
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
    told = invoke(house, "run", "--dry-run").stdout
    assert "It would read 1 of 21 deliveries (1 changed; 0.0 MB)" in told
    made, of, marts = map(int, re.search(r"at most (\d+) of (\d+) steps, (\d+) of", told).groups())  # type: ignore[union-attr]
    assert 0 < marts < made < of
    listed = next(line for line in told.splitlines() if "area_profile" in line)
    assert "dim_municipality_mergers" not in listed  # no figure is in it
    assert re.search(r"How long: the run of 20\d\d-.* made \d+ of \d+ steps, took [\d,]+ s", told)
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
    told = invoke(house, "run", "--dry-run").stdout
    assert re.match(
        r"Code changed since the last snapshot: 21 of 21 deliveries may be read anew and (\d+) of \1 steps of the "
        r"build made anew; the run of .* took [\d,]+ s",
        told,
    )
    assert "It would read 21 of 21 deliveries (21 read anew" in told


def test_what_would_be_refused_is_refused_here_too(house: Path) -> None:
    shutil.rmtree(house / "data" / "raw" / "ministry_lists")
    told = invoke(house, "run", "--dry-run")
    assert told.exit_code == 1
    assert re.search(
        r"A run would be refused before anything is read:\n +refused .*: \d+ of 21 deliveries", told.stdout
    )
    shutil.rmtree(house / "data" / "raw")
    assert (missing := invoke(house, "run", "--dry-run")).exit_code == 1
    assert "is no folder of deliveries" in missing.stderr
    assert invoke(house, "run", "--dry-run", "--as-of", "2026-11-24T03:00").exit_code == 2
