"""What is cut of what was published: said in plain words, learned from elsewhere, whole again after the next night."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.core.clock import VERSION, WrongClock
from flows.intake.deliveries import Delivery
from flows.intake.ledger import DeliveryLedger
from flows.publish import moments, snapshots
from flows.publish.last_night import LastNight, is_to_be_mended, last_night, manifests
from flows.publish.snapshots import CutManifest, Damaged, NoSnapshot, Snapshot
from schemas.registry import Registry

THEN = datetime(2026, 11, 28, 3, tzinfo=UTC)
NIGHT = THEN + timedelta(days=1)
ROWS = {"a": 3, "b": 5}


def publish(marts: Path, content: int, **more: Any) -> Snapshot:
    """Publish a snapshot whose marts hold a number, three times and five times, made of one delivery."""
    with snapshots.lock(marts):
        work = snapshots.work_folder(marts)
        files = {name: work / f"{name}.parquet" for name in ROWS}
        for name, file in files.items():
            pq.write_table(pa.table({"content": [content] * ROWS[name]}), file)
        entry = {"path": "population/a.csv", "source": "population", "sha256": str(content), "in_force": 8}
        manifest = {
            "inputs_sha256": str(content),
            "as_of": THEN.isoformat(),
            "created_at": THEN.isoformat(),
            "marts": snapshots.describe_marts(files, {name: [] for name in ROWS}),
            "deliveries": [entry],
            "staged": [],
            **more,
        }
        return snapshots.publish(work, manifest, marts)


def noted(staging: Path, snapshot: Snapshot, content: int) -> DeliveryLedger:
    """The ledger of the night in which a snapshot was published."""
    delivery = Delivery("population/a.csv", Path(), "population", str(content))
    return DeliveryLedger.load(staging).record([delivery], THEN).published(snapshot.id, THEN)


def cut(snapshot: Snapshot, at: int) -> bytes:
    """Cut the manifest; what it was."""
    file = snapshot.folder / "manifest.json"
    content = file.read_bytes()
    file.write_bytes(content[:at])
    return content


@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_a_manifest_cut_at_any_byte_is_named_and_written_anew(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    marts = tmp_path_factory.mktemp("marts")
    snapshot = publish(marts, 1)
    file = snapshot.folder / "manifest.json"
    content = file.read_bytes()
    cut(snapshot, data.draw(st.integers(0, len(content) - 1)))
    with pytest.raises(CutManifest, match=r"manifest.json is cut or empty .* Run 'boligprofil run'"):
        snapshots.current(marts)
    assert snapshots.in_force(marts) is None
    assert snapshots.kept(marts) == []
    assert len(snapshots.cut(marts)) == 1
    ledger = noted(marts / "staging", snapshot, 1)
    last = last_night(marts, ledger, NIGHT)
    assert (last.snapshot, dict(last.marts or {})) == (snapshot.id, ROWS)
    assert [(entry["path"], entry["source"], entry["sha256"]) for entry in last.deliveries] == [
        ("population/a.csv", "population", "1")
    ]
    assert len(last.notes) == 1
    again = publish(marts, 1)
    assert (again.id, file.read_bytes()) == (snapshot.id, content)
    assert snapshots.current(marts).manifest == snapshot.manifest
    snapshots.verify(snapshots.current(marts))
    assert snapshots.cut(marts) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b'{"marts": {}}', b"\xff\xff", b"\x00" * 100])
def test_what_is_no_manifest_is_named(tmp_path: Path, content: bytes) -> None:
    snapshot = publish(tmp_path, 1)
    (snapshot.folder / "manifest.json").write_bytes(content)
    with pytest.raises(CutManifest, match=snapshot.id):
        snapshots.current(tmp_path)


def test_where_the_marts_are_damaged_too_the_snapshot_is_written_whole(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, 1)
    cut(snapshot, 10)
    (snapshot.folder / "a.parquet").write_bytes(b"x")
    assert last_night(tmp_path, noted(tmp_path / "staging", snapshot, 1), NIGHT).marts == {"b": 5}
    snapshots.verify(publish(tmp_path, 1))


def test_a_manifest_that_is_whole_over_marts_that_are_not_is_still_damage(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, 1)
    (snapshot.folder / "a.parquet").write_bytes(b"x")
    with pytest.raises(Damaged, match="a has other bytes"):
        publish(tmp_path, 1)


def test_a_cut_snapshot_stays_beside_the_next(tmp_path: Path) -> None:
    old = publish(tmp_path, 1)
    cut(old, 50)
    new = publish(tmp_path, 2)
    assert snapshots.current(tmp_path).id == new.id
    assert [snapshot.id for snapshot in snapshots.kept(tmp_path)] == [new.id]
    assert old.id in snapshots.cut(tmp_path)[0]
    snapshots.forget(tmp_path, tmp_path / "staging", 1, timedelta(hours=24))
    assert old.folder.is_dir()


def test_last_night_is_what_the_manifest_says(tmp_path: Path) -> None:
    ledger = DeliveryLedger.load(tmp_path / "staging")
    assert last_night(tmp_path, ledger, NIGHT) == LastNight()
    gone = {"path": "x", "source": "y", "sha256": "z", "rows": 1, "since": "2026-11-01", "accepted_by": ""}
    snapshot = publish(tmp_path, 1, gone=[gone])
    last = last_night(tmp_path, ledger, NIGHT)
    assert last == LastNight(snapshot.id, tuple(snapshot.manifest["deliveries"]), (gone,), ROWS)
    # The ledger is gone as well as the manifest: an older snapshot is all that is known.
    newer = publish(tmp_path, 2)
    cut(newer, 0)
    assert last_night(tmp_path, ledger, NIGHT).snapshot == snapshot.id


@pytest.mark.parametrize("left", [None, b"", b"\n", b"a1b2", b"\xff\xfe\x00", b"../../etc", b"x" * 5000, b"a\x00b"])
def test_a_pointer_that_is_gone_or_cut_is_said_and_found_again_by_the_link(tmp_path: Path, left: bytes | None) -> None:
    first, second = publish(tmp_path, 1), publish(tmp_path, 2)
    snapshots.point_at(tmp_path, first.id)
    pointer = tmp_path / "CURRENT.txt"
    pointer.unlink()
    if left is not None:
        pointer.write_bytes(left)
    with pytest.raises(NoSnapshot, match="finds it again or builds it anew"):
        snapshots.current(tmp_path)
    assert f"it names snapshot {first.id} again, by the link" in snapshots.find_again(tmp_path, [second.id])
    assert snapshots.current(tmp_path).id == first.id
    assert snapshots.find_again(tmp_path, []) == ""


def test_without_the_link_the_ledger_and_then_what_is_kept_say_which_it_was(tmp_path: Path) -> None:
    first, second = publish(tmp_path, 1), publish(tmp_path, 2)
    for published, found in (([second.id, first.id, "lost"], first), ([], second)):
        (tmp_path / "current").unlink()
        (tmp_path / "CURRENT.txt").write_text("")
        assert found.id in snapshots.find_again(tmp_path, published)
        assert snapshots.current(tmp_path).id == found.id


def test_a_pointer_to_a_snapshot_that_was_taken_away_stays(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    (tmp_path / "CURRENT.txt").write_text("0123456789abcdef\n")
    assert snapshots.find_again(tmp_path, []) == ""
    with pytest.raises(NoSnapshot, match="'0123456789abcdef', which is not there"):
        snapshots.current(tmp_path)
    assert snapshots.find_again(tmp_path / "nothing", []) == ""


def test_what_was_dated_last_is_held_against_the_clock(tmp_path: Path, registry: Registry) -> None:
    staging, releases = tmp_path / "staging", tmp_path / "releases"
    snapshot = publish(tmp_path, 1)
    ledger = noted(staging, snapshot, 1)
    releases.mkdir()
    last = '{"released_at": "2026-11-28T12:00:00Z", "before": "x"}\n{"released_at": "2026-11-2'
    (releases / "ledger.jsonl").write_text(last)
    dated = moments.dated(tmp_path, ledger, releases)
    assert sorted(moment for what, moment in dated.items() if what != VERSION) == [
        THEN,
        THEN,
        datetime(2026, 11, 28, 12, tzinfo=UTC),
    ]
    moments.require(NIGHT, dated, registry.night)
    with pytest.raises(WrongClock, match=r"2026-11-28 11:00 UTC.*release ledger.*2026-11-28 12:00 UTC.*clock-is-right"):
        moments.require(datetime(2026, 11, 28, 11, tzinfo=UTC), dated, registry.night)
    with pytest.raises(WrongClock, match="at most 400 are believed"):
        moments.require(datetime(2040, 1, 1, tzinfo=UTC), dated, registry.night)
    # Whoever says that the clock is right says it of these dates, and of no others.
    early = datetime(2026, 11, 1, tzinfo=UTC)
    right = ledger.set_right(early, dated)
    assert set(moments.dated(tmp_path, right, releases).values()) == {early}
    cut(snapshot, 30)
    assert f"snapshot {snapshot.id}" not in moments.dated(tmp_path, ledger, releases)


def test_a_ledger_that_lacks_what_a_snapshot_knows_is_to_be_mended(tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    snapshot = publish(tmp_path, 1)
    empty = DeliveryLedger.load(staging)
    assert is_to_be_mended(tmp_path, empty, NIGHT)
    assert not is_to_be_mended(tmp_path, noted(staging, snapshot, 1), NIGHT)
    assert [manifest["snapshot"] for manifest in manifests(tmp_path)] == [snapshot.id]
