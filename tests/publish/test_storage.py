"""What lies on the disk and what keeps it: nothing goes that is in force, that a release rests on, or as received."""

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from test_snapshots import age, publish

from flows.intake.deliveries import Delivery
from flows.intake.ledger import DeliveryLedger, now
from flows.publish import snapshots, storage
from flows.publish.snapshots import Snapshot
from flows.publish.storage import Holding, Retention

RETENTION = Retention(2, timedelta(hours=24), timedelta(days=30))


class Disk:
    """Five snapshots over a thousand hours, a release, the archive, staged facts, a vintage, refused pages."""

    def __init__(self, folder: Path) -> None:
        self.marts, self.staging, self.releases = folder / "marts", folder / "staging", folder / "releases"
        self.made = [publish(self.marts, number) for number in range(5)]
        for snapshot, hours in zip(self.made, (1000, 900, 800, 700, 0), strict=True):
            age(snapshot, hours)
        self.release("2012-1", self.made[0])
        archive = self.staging / "deliveries"
        archive.mkdir(parents=True)
        for sha256, size in (("first", 100), ("second", 50)):
            (archive / sha256).write_bytes(b"x" * size)
            delivery = Delivery("a/a.csv", archive / sha256, "a", sha256)
            DeliveryLedger.load(self.staging).record([delivery], now())
        self.old(self.staging / "figures" / "unnamed.parquet")
        self.vintage = self.marts / "vintages" / "of-2008"
        self.vintage.mkdir(parents=True)
        os.link(self.made[4].path("a"), self.vintage / "a.parquet")
        (self.vintage / "manifest.json").write_bytes((self.made[0].folder / "manifest.json").read_bytes())
        os.utime(self.vintage, (0, 0))
        self.old(self.marts / "refused" / "index.html")
        os.utime(self.marts / "refused", (0, 0))

    def release(self, name: str, snapshot: Snapshot) -> None:
        """A release that was made of a snapshot."""
        (self.releases / name).mkdir(parents=True)
        (self.releases / name / "record.json").write_text(json.dumps({"release": name, "snapshot": snapshot.id}))

    @staticmethod
    def old(file: Path) -> Path:
        """A file of ten bytes, written long ago."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * 10)
        os.utime(file, (0, 0))
        return file

    def holdings(self) -> list[Holding]:
        """What lies there."""
        return storage.holdings(self.marts, self.staging, self.releases, RETENTION)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_of_everything_it_is_told_what_keeps_it(disk: Disk) -> None:
    why = [(holding.kind, holding.name, "; ".join(holding.kept_by)) for holding in disk.holdings()]
    fourth, third, second, first, oldest = (snapshot.id for snapshot in reversed(disk.made))
    assert why == [
        ("snapshot", fourth, "in force"),
        ("snapshot", third, "of the 2 newest"),
        ("snapshot", second, ""),
        ("snapshot", first, ""),
        ("snapshot", oldest, "releases rest on it: 2012-1"),
        ("vintage", "of-2008", ""),
        ("staged facts", "0 files", "snapshots name them, or tonight's run may"),
        ("staged facts", "1 files", ""),
        ("archive", "1 files", "deliveries that are there now, as received"),
        ("archive", "1 files", "the only memory of what was replaced or is gone"),
        ("refused pages", "refused", ""),
    ]
    assert [holding.bytes for holding in disk.holdings() if holding.kind in ("archive", "refused pages")] == [
        50,
        100,
        10,
    ]


def test_what_nothing_keeps_goes_and_the_rest_stays(disk: Disk) -> None:
    archive, found = sorted((disk.staging / "deliveries").rglob("*")), disk.holdings()
    size = {path: path.stat().st_size for path in disk.marts.rglob("*") if path.is_file()}
    storage.remove(found, disk.marts)
    assert [snapshot.id for snapshot in snapshots.kept(disk.marts)] == [disk.made[n].id for n in (4, 3, 0)]
    snapshots.verify(snapshots.current(disk.marts))
    snapshots.verify(disk.made[0])  # a release rests on it
    assert sorted((disk.staging / "deliveries").rglob("*")) == archive
    assert not any(
        path.exists() for path in (disk.vintage, disk.marts / "refused", disk.staging / "figures" / "unnamed")
    )
    assert list((disk.marts / ".work").iterdir()) == []
    # One mart of the vintage is the file of the snapshot in force: that it is gone frees nothing.
    gone = sum(bytes_ for path, bytes_ in size.items() if not path.exists()) - disk.made[4].path("a").stat().st_size
    assert storage.freed(found) == gone + 10  # and the staged file
    assert storage.going(disk.holdings()) == []


def test_a_release_whose_record_cannot_be_read_keeps_everything(disk: Disk) -> None:
    (disk.releases / "2012-1" / "record.json").write_text('{"release": "2012-1", "snap')
    with pytest.raises(storage.UnknownRelease, match=r"2012-1/record.json cannot be read.*nothing is removed"):
        disk.holdings()


def test_a_snapshot_that_cannot_be_read_and_pages_of_tonight_stay(disk: Disk) -> None:
    (disk.made[2].folder / "manifest.json").write_text("")
    later = time.time() + 60
    os.utime(disk.marts / "refused", (later, later))
    why = {holding.name: holding.kept_by for holding in disk.holdings() if holding.kind != "staged facts"}
    assert why[disk.made[2].id] == ("its manifest cannot be read: the next night mends it, or a person looks",)
    assert why["refused"] == ("nothing was published since",)
