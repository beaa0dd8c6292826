"""The last runs: carried from manifest to manifest, refusals among them, whatever a version before did not note."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from flows.core.outcome import Report
from flows.publish import runs, snapshots
from flows.publish.runs import Run
from flows.publish.snapshots import Snapshot


def kept(marts: Path, name: str, day: int, **manifest: Any) -> Snapshot:
    """A snapshot of a day that is kept; what it says of itself beside what every version says."""
    folder = marts / "versions" / name
    folder.mkdir(parents=True)
    says = {
        "as_of": f"2026-12-{day:02}T03:00:00+00:00",
        "inputs_sha256": name,
        "deliveries": [{"path": "a.csv", "quarantined": 2, "set_aside": 1}],
        "marts": {"areas": {"file": "areas.parquet", "rows": 10}},
        **manifest,
    }
    (folder / "manifest.json").write_text(json.dumps(says))
    os.utime(folder, (day * 86400, day * 86400))
    return Snapshot(name, folder, says)


def work(made: int, steps: int, seconds: float) -> dict[str, Any]:
    """What a manifest says of a run that made some of the steps."""
    names = [f"step{number}" for number in range(steps)]
    return {
        "work": {"built": names[:made], "judged": names[:made]},
        "steps": {name: {} for name in names},
        "seconds": {"build": seconds, "judge": 1.0},
        "processor_seconds": {"build": seconds / 2},
        "warnings": ["one"],
    }


def test_a_run_is_told_by_its_manifest_and_an_older_manifest_tells_what_it_has(tmp_path: Path) -> None:
    assert Run.of(kept(tmp_path, "new", 2, **work(3, 5, 9.0))) == Run(
        "2026-12-02T03:00:00+00:00", "published", "new", "", 1, 3, 3, 5, 3, 10, 1, 10.0, 4.5
    )
    old = Run.of(kept(tmp_path, "old", 1))
    assert (old.snapshot, old.rows, old.made, old.seconds, old.made_all) == ("old", 10, 0, 0.0, False)
    assert [run.snapshot for run in runs.last(tmp_path)] == ["new", "old"]


def test_runs_are_known_when_their_snapshots_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "CARRIED", 2)
    for day, made in ((1, 5), (2, 1), (3, 2), (4, 1)):
        snapshot = kept(tmp_path, f"of-{day}", day, runs=runs.carried(tmp_path), **work(made, 5, 10.0 * made))
        for older in snapshots.kept(tmp_path):
            if older.id != snapshot.id:
                (older.folder / "manifest.json").unlink()
    known = runs.last(tmp_path)
    # The two before the last are carried, and the one that made everything.
    assert [(run.snapshot, run.made_all) for run in known] == [
        ("of-4", False),
        ("of-3", False),
        ("of-2", False),
        ("of-1", True),
    ]
    nearest = [runs.like(known, made) for made in (5, 2, 1, 9)]
    assert [run.snapshot for run in nearest if run] == ["of-1", "of-3", "of-4", "of-1"]
    assert runs.like([], 1) is None


def test_a_refusal_is_known_until_and_after_the_next_snapshot_carries_it(tmp_path: Path) -> None:
    kept(tmp_path, "good", 1)
    runs.note_refusal(tmp_path, Report("refused", "20 deliveries are gone"))
    runs.note_refusal(tmp_path, Report("refused", "x" * 5000, seconds={"read": 1.5}))
    words = [(run.outcome, run.words[:9], run.seconds) for run in runs.refused(tmp_path)]
    assert words == [("refused", "20 delive", 0.0), ("refused", "x" * 9, 1.5)]
    assert len(runs.refused(tmp_path)[1].words) == runs.WORDS
    kept(tmp_path, "next", 2, runs=runs.carried(tmp_path))
    runs.carry_on(tmp_path)
    assert runs.refused(tmp_path) == []
    assert sorted(run.outcome for run in runs.last(tmp_path)) == ["published", "published", "refused", "refused"]


@pytest.mark.parametrize("left", ["", "[{]", "{}", '[{"at": "yesterday", "outcome": "refused"}]', '[null, {"a": 1}]'])
def test_what_cannot_be_read_is_no_run(tmp_path: Path, left: str) -> None:
    (tmp_path / runs.REFUSED).write_text(left)
    assert runs.last(tmp_path) == []
    entry = {"at": "2026-12-01T00:00:00+00:00", "outcome": "refused", "noted_by": "a later version"}
    (tmp_path / runs.REFUSED).write_text(json.dumps([entry]))
    assert [run.at for run in runs.last(tmp_path)] == [entry["at"]]
