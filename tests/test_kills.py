"""Nights killed at random points, on a disk and into a bucket: no bad read, nothing lost, the next one is well.

By a process of its own: it forks, and the threads of this one would not survive that. A thousand points are
`python -m benchmarks.kills`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bucket_server import BUCKET, served

from benchmarks.kills import whole
from flows import night
from flows.settings import Settings
from flows.steps import Plain

ROOT = Path(__file__).parents[1]


def killed(points: int, folder: Path, *more: str, **variables: str) -> tuple[int, ...]:
    """Nights, killed nights, such that had published, reads, bad reads, things that were wrong."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("BOLIGPROFIL_", "AWS_"))}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kills", "--points", str(points), *more],
        cwd=ROOT,
        env=env | {"TMPDIR": str(folder)} | variables,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(folder.iterdir())
    return tuple(int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", done.stdout.splitlines()[0]))


def test_what_a_killed_night_was_writing_goes_with_the_next(tmp_path: Path) -> None:
    data, readers = tmp_path / "data", tmp_path / "data" / "marts" / "versions" / "x" / ".a.1.part"
    halves = [data / "marts" / ".CURRENT.txt.1.part", data / "marts" / ".refused.json.1.part"]
    halves += [data / "staging" / "deliveries" / ".ab.1.part", data / "quarantine" / "a" / ".b.csv.1.part"]
    halves += [data / "marts" / ".work" / "taken-away-1" / "area_profile.parquet"]
    for file in (*halves, readers):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("half")
    (data / "marts" / ".current.1").symlink_to("versions/x")
    (tmp_path / "raw").mkdir()
    night.run(Settings(raw=tmp_path / "raw", marts=data / "marts"), False, None, None, Plain())
    assert not [file for file in halves if file.exists()]
    assert not (data / "marts" / ".current.1").is_symlink()
    assert readers.exists()  # a reader of a bucket may be at work there


@pytest.mark.slow
def test_nights_killed_at_sixty_points(tmp_path: Path) -> None:
    points, ended, published, reads, bad, wrong = killed(60, tmp_path)
    assert (points, bad, wrong) == (60, 0, 0)
    assert ended > 50
    assert 0 < published < ended  # points lie before and after the moment of publication
    assert reads > 20


@pytest.mark.slow
def test_the_whole_program_killed_at_three_moments(tmp_path: Path, published: Path) -> None:
    shutil.copytree(published / "data", tmp_path / "data", symlinks=True)
    shutil.copytree(ROOT / "data" / "raw", tmp_path / "raw")
    found = whole(tmp_path, 3)
    assert (found.points, found.wrong) == (3, ())
    assert found.killed > 0
    assert found.reads > 3


@pytest.mark.slow
def test_nights_into_a_bucket_killed_at_twelve_moments(tmp_path: Path) -> None:
    with served() as server:
        numbers = killed(12, tmp_path, "--marts", f"s3://{BUCKET}/kills", **server.environment)
    points, ended, _, reads, bad, wrong = numbers
    assert (points, bad, wrong) == (12, 0, 0)
    assert ended > 3
    assert reads > 5
