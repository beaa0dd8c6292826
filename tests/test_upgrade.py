"""What the version before wrote is read, migrated or refused by name: a snapshot, its ledger, staging and releases."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import invoke
from test_night import House

from flows.publish import runs, snapshots, storage
from flows.release.store import Release, ReleaseDamaged

# What manifests of layout 1 did not say, of the run and of each delivery.
LATER = (
    *("gone", "moved", "passed_over", "work", "steps", "verdicts"),
    *("processor_seconds", "runs", "code_sha256", "reconciled", "layout"),
)
LATER_OF_DELIVERIES = ("in_force", "came_at", "beside", "remarks")


def rewrite(house: House, **entries: Any) -> None:
    """Let the manifest in force say something else."""
    file = house.marts / "versions" / house.pointer / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | entries))


def rename(house: House, name: str) -> None:
    """Give the snapshot in force another name: it was made of other code."""
    versions, ledger = house.marts / "versions", house.marts.parent / "staging" / "deliveries" / "ledger.jsonl"
    ledger.write_text(ledger.read_text().replace(house.pointer, name))
    (versions / house.pointer).rename(versions / name)
    snapshots.point_at(house.marts, name)


@pytest.fixture
def old(tmp_path: Path, published: Path) -> House:
    """The published snapshot as version 2026.11.29 wrote it: an older manifest, receipts by other names, a release."""
    house = House(tmp_path, published)
    manifest = {name: value for name, value in house.manifest.items() if name not in LATER}
    for entry in manifest["deliveries"]:
        for name in LATER_OF_DELIVERIES:
            entry.pop(name, None)
    manifest["inputs_sha256"] = "of the version before"
    manifest["staged"] = [name for name in manifest["staged"] if "verdict" not in name and "set_aside" not in name]
    (house.marts / "versions" / house.pointer / "manifest.json").write_text(json.dumps(manifest))
    rename(house, "0123456789abcdef")
    staging = house.marts.parent / "staging"
    shutil.rmtree(staging / "receipts")
    for verdict in staging.rglob("verdict.json"):
        verdict.unlink()
    release = house.marts.parent / "releases" / "2012-1"
    release.mkdir(parents=True)
    record = {
        "release": "2012-1",
        "number": 1,
        "year": 2012,
        "snapshot": house.pointer,
        "files": {"cells": "", "sums": ""},
    }
    (release / "record.json").write_text(json.dumps(record))
    return house


def test_an_older_snapshot_is_read_by_every_command(old: House) -> None:
    for command in ("status", "snapshots", "check", "path coverage", "run --dry-run", "prune --dry-run", "site"):
        done = invoke(old.folder, *command.split())
        assert done.exit_code == 0, f"{command}: {done.output}"
    foreseen = invoke(old.folder, "run", "--dry-run").stdout
    assert re.match(
        r"Code changed since the last snapshot: 21 of 21 deliveries may be read anew and (\d+) of \1 ", foreseen
    )
    assert "how long that takes is not known yet" in foreseen
    assert "releases rest on it: 2012-1" in invoke(old.folder, "prune", "--dry-run").stdout
    # Pages tried before in the folder that this one is copied from may have been refused there.
    assert [run.made for run in runs.last(old.marts) if run.outcome == "published"] == [0]


@pytest.mark.slow
def test_the_first_night_makes_all_anew_and_holds_it_against_the_older_snapshot(old: House) -> None:
    before, ledger = old.pointer, old.marts.parent / "staging" / "deliveries" / "ledger.jsonl"
    lines = ledger.read_text()
    report = old.night()
    assert (report.outcome, report.message) == ("published", f"published snapshot {old.pointer}")
    assert old.pointer != before
    assert old.manifest["work"]["taken_over_from"] == before
    assert len(old.manifest["work"]["built"]) == len(old.manifest["steps"])
    assert old.read("revisions").is_empty()  # the same deliveries say the same
    assert ledger.read_text().startswith(lines)
    assert '"seen"' not in ledger.read_text()[len(lines) :]
    differs = invoke(old.folder, "diff", before, old.pointer)
    assert "Nothing differs" in differs.stdout, differs.output
    kept = storage.releases_made_of(old.marts.parent / "releases")
    assert kept == {"2012-1": before}
    assert old.night().outcome == "unchanged"


def test_a_snapshot_of_a_newer_layout_is_refused_by_name(old: House) -> None:
    rewrite(old, layout=snapshots.LAYOUT + 1, versions={"boligprofil": "2031.1.1"})
    words = f"snapshot {old.pointer} was written by boligprofil 2031.1.1 in layout {snapshots.LAYOUT + 1}"
    for command in ("status", "path coverage"):
        done = invoke(old.folder, *command.split())
        assert (done.exit_code, words in done.stderr) == (1, True), done.output
    found = invoke(old.folder, "doctor")
    assert (found.exit_code, found.stdout.count(words)) == (1, 1), found.output
    report = old.night()
    assert (report.outcome, words in report.message) == ("refused", True)


def test_a_release_of_an_older_version_says_what_it_lacks(old: House) -> None:
    folder = old.marts.parent / "releases" / "2012-1"
    release = Release("2012-1", folder, json.loads((folder / "record.json").read_text()))
    with pytest.raises(ReleaseDamaged, match=r"older version, which kept no figures.*extract --year 2012"):
        _ = release.figures
