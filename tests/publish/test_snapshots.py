"""Publication: the pointer is the truth, a reader sees one whole snapshot, and a kill at any point harms nothing."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.publish import snapshots
from flows.publish.snapshots import Busy, Damaged, NoSnapshot, Snapshot

MARTS = ("a", "b")


def publish(marts: Path, content: int, elsewhere: snapshots.Elsewhere | None = None) -> Snapshot:
    """Publish a snapshot whose marts all hold the same number, as a night does: what a killed one left goes first."""
    with snapshots.lock(marts):
        snapshots.clear(marts)
        work = snapshots.work_folder(marts)
        files = {}
        for name in MARTS:
            files[name] = work / f"{name}.parquet"
            pq.write_table(pa.table({"content": [content]}), files[name])
        manifest = {
            "inputs_sha256": str(content),
            "marts": snapshots.describe_marts(files, {name: [] for name in MARTS}),
            "deliveries": [],
            "staged": [],
        }
        return snapshots.publish(work, manifest, marts, elsewhere=elsewhere)


def held(snapshot: Snapshot) -> set[int]:
    return {pq.read_table(snapshot.path(name))["content"][0].as_py() for name in MARTS}


def test_the_text_file_names_the_snapshot_and_the_symlink_follows(tmp_path: Path) -> None:
    first = publish(tmp_path, 1)
    assert (tmp_path / "CURRENT.txt").read_text() == f"{first.id}\n"
    assert (tmp_path / "current").resolve() == first.folder.resolve()
    second = publish(tmp_path, 2)
    assert snapshots.current(tmp_path).id == second.id != first.id
    assert (tmp_path / "current").resolve() == second.folder.resolve()
    assert held(first) == {1}
    assert [snapshot.id for snapshot in snapshots.kept(tmp_path)] == [second.id, first.id]


def test_the_same_content_is_the_same_snapshot(tmp_path: Path) -> None:
    first = publish(tmp_path, 1)
    publish(tmp_path, 2)
    again = publish(tmp_path, 1)
    assert again.id == first.id
    assert snapshots.current(tmp_path).id == first.id
    assert len(snapshots.kept(tmp_path)) == 2


def test_nothing_published_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot, match="nothing has been published"):
        snapshots.current(tmp_path)
    (tmp_path / "CURRENT.txt").write_text("gone\n")
    with pytest.raises(NoSnapshot, match="'gone', which is not there"):
        snapshots.current(tmp_path)


def test_an_unknown_mart_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no mart 'c'; there are a, b"):
        publish(tmp_path, 1).path("c")


def test_a_changed_byte_and_a_missing_file_are_found(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, 1)
    content = bytearray(snapshot.path("a").read_bytes())
    content[10] ^= 1
    snapshot.path("a").write_bytes(content)
    snapshot.path("b").unlink()
    with pytest.raises(Damaged, match="a has other bytes, b is missing"):
        snapshots.verify(snapshot)


def test_what_changes_while_it_is_published_is_not_published(tmp_path: Path) -> None:
    before = publish(tmp_path, 1)
    with snapshots.lock(tmp_path):
        work = snapshots.work_folder(tmp_path)
        pq.write_table(pa.table({"content": [2]}), work / "a.parquet")
        described = snapshots.describe_marts({"a": work / "a.parquet"}, {"a": []})
        pq.write_table(pa.table({"content": [3]}), work / "a.parquet")
        manifest = {"inputs_sha256": "2", "marts": described, "deliveries": [], "staged": []}
        with pytest.raises(Damaged, match="a has other bytes"):
            snapshots.publish(work, manifest, tmp_path)
    assert snapshots.current(tmp_path).id == before.id


def test_a_second_process_is_told_to_wait(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy, match="another run is publishing"), snapshots.lock(tmp_path):
            pass
    finally:
        holder.kill()
        holder.wait()
    with snapshots.lock(tmp_path):
        pass


HOLD = """
import sys
from pathlib import Path
from flows.publish import snapshots
with snapshots.lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def age(snapshot: Snapshot, hours: float) -> None:
    then = snapshot.folder.stat().st_mtime - hours * 3600
    os.utime(snapshot.folder, (then, then))


def forget(marts: Path, keep: int = 1) -> list[str]:
    with snapshots.lock(marts):
        return snapshots.forget(marts, marts / "staging", keep, timedelta(hours=24))


def test_a_snapshot_stays_for_a_day_after_it_went_out_of_force(tmp_path: Path) -> None:
    made = [publish(tmp_path, n) for n in range(4)]
    for snapshot, hours in zip(made, (200, 100, 23, 0), strict=True):
        age(snapshot, hours)
    # 0 went out of force 100 hours ago, 1 went out 23 hours ago, 2 just now.
    assert forget(tmp_path) == [made[0].id]
    assert {snapshot.id for snapshot in snapshots.kept(tmp_path)} == {snapshot.id for snapshot in made[1:]}


def test_the_newest_snapshots_stay_whatever_their_age(tmp_path: Path) -> None:
    made = [publish(tmp_path, n) for n in range(4)]
    for snapshot, hours in zip(made, (400, 300, 200, 100), strict=True):
        age(snapshot, hours)
    assert forget(tmp_path, keep=3) == [made[0].id]
    assert forget(tmp_path, keep=1) == [made[2].id, made[1].id]
    assert snapshots.current(tmp_path).id == made[3].id


def test_staged_facts_go_with_their_snapshots_and_deliveries_stay(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    staging = tmp_path / "staging"
    for name in ("figures/old.parquet", "figures/new.parquet", "current/1/old.parquet", "deliveries/old"):
        (staging / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).write_text("")
        if "old" in name:
            os.utime(staging / name, (0, 0))
    forget(tmp_path)
    left = sorted(file.relative_to(staging).as_posix() for file in staging.rglob("*") if file.is_file())
    assert left == ["deliveries/old", "figures/new.parquet"]
    assert not (staging / "current").exists()


KILL = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_snapshots import publish

def dying(real):
    def call(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return call

for line in sys.stdin:
    content, left = map(int, line.split())
    # What is imported is imported once; each child dies by itself.
    if not (child := os.fork()):
        for name in ("replace", "fsync", "rename", "symlink", "mkdir", "utime"):
            setattr(os, name, dying(getattr(os, name)))
        publish(Path(sys.argv[1]), content)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.slow
def test_a_kill_at_any_step_leaves_the_old_snapshot_and_the_next_run_finishes(tmp_path: Path) -> None:
    old = publish(tmp_path, 1)
    killed, ended = 0, -1
    with subprocess.Popen(
        [sys.executable, "-c", KILL, str(tmp_path), str(Path(__file__).parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for step in range(1, 60):
            content = 100 + step
            print(content, step, file=process.stdin, flush=True)
            ended = int(process.stdout.readline())
            snapshot = snapshots.current(tmp_path)
            snapshots.verify(snapshot)
            assert held(snapshot) in ({old_content(old)}, {content})
            if ended == 0:
                break
            assert ended == -signal.SIGKILL
            killed += 1
            old = publish(tmp_path, content)
            assert held(snapshots.current(tmp_path)) == {content}
            assert not list((tmp_path / ".work").iterdir())
            assert (tmp_path / "current").resolve() == old.folder.resolve()
        process.stdin.close()
    assert ended == 0
    assert killed >= 10


def old_content(snapshot: Snapshot) -> int:
    (content,) = held(snapshot)
    return content


def test_a_reader_never_sees_half_a_snapshot(tmp_path: Path) -> None:
    publish(tmp_path, 0)
    seen: list[Any] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                seen.append(held(snapshots.current(tmp_path)))
            except Exception as error:
                seen.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for content in range(1, 60):
        publish(tmp_path, content)
    stop.set()
    reader.join()
    assert [reading for reading in seen if isinstance(reading, Exception) or len(reading) != 1] == []
    assert len({tuple(reading) for reading in seen}) > 5
