"""Snapshots in a bucket: objects, manifest, pointer; of two that publish one does; what is cut is never seen."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bucket_server import BUCKET, BucketServer, Wire, served
from command_line import invoke
from test_night import WithoutGate
from test_snapshots import held
from test_snapshots import publish as publish_here

from flows import night
from flows.core.buckets import Address, Bucket, BucketError, Overtaken, Stored
from flows.intake import brought
from flows.publish import mirror, snapshots
from flows.publish.mirror import Mirror, opened
from flows.publish.snapshots import Snapshot
from flows.settings import Settings

ROOT = Path(__file__).parents[2]
SOON = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(scope="module")
def server() -> Iterator[BucketServer]:
    with served() as found:
        yield found


@pytest.fixture
def address(server: BucketServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Address:
    """A place of its own in the bucket, for somebody who may write there."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return Address(BUCKET, tmp_path.name)


def publish(address: Address, marts: Path, content: int, seen: Mirror | None = None) -> Snapshot:
    """Publish as a run does that has `seen` the bucket when it began."""
    seen = seen or opened(address, marts, marts / "releases")
    return publish_here(marts, content, seen)


def read(address: Address, marts: Path) -> Snapshot:
    """The snapshot in force, as a reader of another machine sees it."""
    mirror.refresh(address, marts, marts / "releases")
    snapshot = snapshots.current(marts)
    snapshots.verify(snapshot)
    return snapshot


def keys(address: Address) -> set[str]:
    return {stored.key for stored in Bucket(address).stored()}


def test_an_address_is_told_from_a_folder() -> None:
    for written in ("s3://house/a/b", "s3://house/a/b/", "s3:/house/a/b", str(Path("s3://house/a/b"))):
        assert Address.of(written) == Address("house", "a/b")
    assert str(Address("house", "")) == "s3://house"
    for written in ("data/marts", "/srv/marts", "s3", "s3/house"):
        assert Address.of(written) is None
    for written in ("gs://house/a", "s3://user:hemmelig@house/a", "s3://house/../a", "s3://house//a", "s3://HOUSE"):
        with pytest.raises(ValueError, match="an address is s3://bucket") as refused:
            Address.of(written)
        assert "hemmelig" not in str(refused.value)
    assert len({Address("a", "b").folder, Address("a.b", "").folder, Address("a-b", "").folder}) == 3


def test_readers_of_other_machines_see_each_snapshot_whole(address: Address, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    with pytest.raises(snapshots.NoSnapshot, match="nothing has been published"):
        read(address, there)
    for content in (1, 2, 1):
        made = publish(address, here, content)
        found = read(address, there)
        assert (found.id, held(found)) == (made.id, {content})
        assert abs(found.published_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert {snapshot.id for snapshot in snapshots.kept(there)} == {snapshot.id for snapshot in snapshots.kept(here)}
    assert (Bucket(address).read("CURRENT.txt") or (b"",))[0].decode() == f"{made.id}\n"


def test_what_is_there_is_not_brought_again(address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(address, tmp_path / "here", 1)
    read(address, tmp_path / "there")
    monkeypatch.setattr(Bucket, "bring", lambda *_: pytest.fail("it was brought again"))
    read(address, tmp_path / "there")


def test_of_two_at_once_one_publishes_and_the_other_says_why(address: Address, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    publish(address, here, 1)
    seen = opened(address, there, there / "releases")
    first = publish(address, here, 2)
    with pytest.raises(Overtaken, match=rf"another run, .*, published snapshot {first.id} to {address} while this one"):
        publish(address, there, 3, seen)
    assert read(address, tmp_path / "reader").id == first.id
    assert held(snapshots.current(there)) == {1}
    assert held(publish(address, there, 3)) == {3}
    assert held(read(address, tmp_path / "reader")) == {3}


def test_of_two_that_make_the_same_both_are_right(address: Address, tmp_path: Path) -> None:
    seen = opened(address, tmp_path / "there", tmp_path / "releases")
    first = publish(address, tmp_path / "here", 1)
    assert publish(address, tmp_path / "there", 1, seen).id == first.id


def test_a_pointer_is_taken_between_manifest_and_pointer(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last moment at which another run can be first."""
    here, there = tmp_path / "here", tmp_path / "there"
    first = publish(address, here, 1)
    seen = opened(address, there, there / "releases")
    write = Bucket.write_unless_changed

    def late(bucket: Bucket, key: str, content: bytes, tag: str | None) -> None:
        monkeypatch.setattr(Bucket, "write_unless_changed", write)
        publish(address, here, 2)
        write(bucket, key, content, tag)

    monkeypatch.setattr(Bucket, "write_unless_changed", late)
    with pytest.raises(Overtaken):
        publish(address, there, 3, seen)
    assert held(read(address, tmp_path / "reader")) == {2}
    assert snapshots.current(there).id == first.id


def test_an_answer_that_was_lost_is_no_defeat(address: Address) -> None:
    bucket = Bucket(address)
    bucket.write_unless_changed("CURRENT.txt", b"a\n", None)
    bucket.write_unless_changed("CURRENT.txt", b"a\n", None)
    with pytest.raises(Overtaken):
        bucket.write_unless_changed("CURRENT.txt", b"b\n", None)


def test_a_connection_that_is_cut_anywhere_leaves_the_old_snapshot_and_the_next_run_is_well(
    address: Address, server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    publish(address, here, 0)
    with Wire(server.address, 10**9) as wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.address)
        publish(address, here, 1)
    whole = wire.passed
    cut = 0
    for number in range(8):
        content, before = 100 + number, held(read_direct(address, server, there, monkeypatch))
        with Wire(server.address, whole * (number + 1) // 9) as wire:
            monkeypatch.setenv("AWS_ENDPOINT_URL", wire.address)
            try:
                publish(address, here, content)
            except BucketError as error:
                cut += 1
                assert "the server does not answer, or the connection broke" in str(error)
        after = held(read_direct(address, server, there, monkeypatch))
        assert after in (before, {content})
        publish(address, here, content)
        assert held(read(address, there)) == {content}
    assert cut >= 6


def read_direct(address: Address, server: BucketServer, marts: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    return read(address, marts)


def test_a_half_upload_is_swept_when_it_is_old_and_what_is_forgotten_goes(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marts = tmp_path / "marts"
    first, second = publish(address, marts, 1), publish(address, marts, 2)
    before = keys(address)
    with monkeypatch.context() as patch:
        patch.setattr(Mirror, "_overtaken", lambda *_: "")
        patch.setattr(Bucket, "read", lambda *_: (b"other", "tag"))
        with pytest.raises(Overtaken):
            publish_here(marts, 3, mirror_of(address, marts))
    half = keys(address) - before
    assert half
    assert not any(key.endswith("manifest.json") for key in half)
    seen = mirror_of(address, marts)
    seen.forget([], datetime.now(UTC) - timedelta(hours=1))
    assert half <= keys(address)
    seen.forget([first.id], SOON)
    assert keys(address) == {key for key in before if first.id not in key}
    other = tmp_path / "other"
    assert read(address, other).id == second.id
    seen.forget([second.id], SOON)
    assert read(address, other).id == second.id


def mirror_of(address: Address, marts: Path) -> Mirror:
    seen = Mirror(address, marts)
    seen.named = (Bucket(address).read("CURRENT.txt") or (b"",))[0].decode().strip()
    return seen


def test_what_the_bucket_forgot_goes_here_too_unless_a_release_rests_on_it(address: Address, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    made = [publish(address, here, content) for content in (1, 2, 3)]
    read(address, there)
    record = there / "releases" / "2017" / "record.json"
    record.parent.mkdir(parents=True)
    record.write_text(f'{{"snapshot": "{made[0].id}"}}')
    mirror_of(address, here).forget([made[0].id, made[1].id], SOON)
    read(address, there)
    assert {snapshot.id for snapshot in snapshots.kept(there)} == {made[0].id, made[2].id}


def test_a_damaged_object_is_never_taken(address: Address, tmp_path: Path) -> None:
    made = publish(address, tmp_path / "here", 1)
    Bucket(address).write(f"versions/{made.id}/a.parquet", b"PAR1 nothing of the kind")
    with pytest.raises(BucketError, match=f"a.parquet of snapshot {made.id} is not what its manifest says"):
        read(address, tmp_path / "there")
    assert not (tmp_path / "there" / "versions").exists()


WRONG = {
    "key": (
        {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "hemmelig"},
        "the server refuses whoever asks",
    ),
    "secret": ({"AWS_SECRET_ACCESS_KEY": "hemmelig"}, "the server refuses whoever asks (SignatureDoesNotMatch)"),
    "server": ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "the server does not answer, or the connection broke"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_who_may_not_or_cannot_is_told_in_words(address: Address, tmp_path: Path, wrong: str) -> None:
    variables, words = WRONG[wrong]
    for command in (("path", "area_profile"), ("status",), ("run",), ("doctor",)):
        result = invoke(tmp_path, *command, "--marts", str(address), **variables)
        printed = " ".join(result.output.split())
        assert result.exit_code == 1
        assert f"{address}: {words}" in printed
        assert "AWS_ACCESS_KEY_ID" in printed
        assert "hemmelig" not in printed
        assert "Traceback" not in printed


@pytest.mark.slow
def test_a_house_moves_to_a_bucket_and_its_night_publishes_there(
    address: Address, tmp_path: Path, published: Path
) -> None:
    """What lay in data lies in data/s3/...: nothing is lost, and readers of another machine need the address alone."""
    house, reader = tmp_path / "house", tmp_path / "reader"
    mirrored = house / "data" / "s3" / address.folder
    shutil.copytree(published / "data", mirrored, symlinks=True)
    reader.mkdir()
    bucket = Bucket(address)
    for file in (ROOT / "data" / "raw").rglob("*"):
        if file.is_file():
            bucket.write(f"raw/{file.relative_to(ROOT / 'data' / 'raw').as_posix()}", file)
    before = snapshots.current(mirrored / "marts").id
    raw = f"{address}/raw"
    done = invoke(house, "run", "--raw", raw, "--marts", str(address))
    assert (done.exit_code, "nothing changed" in done.output.lower()) == (0, True), done.output
    assert f"had lost snapshot {before}; it is in force there again" in " ".join(done.output.split())
    assert (
        invoke(reader, "path", "area_profile", "--marts", str(address))
        .output.strip()
        .endswith(f"data/s3/{address.folder}/marts/versions/{before}/area_profile.parquet")
    )
    figures = ROOT / "data" / "raw" / "population" / "folketal_2016_2017.csv"
    changed = re.sub(r"\d;endelig\n?$", "3;endelig\n", figures.read_text(encoding="utf-8"))
    bucket.write("raw/population/folketal_2016_2017.csv", changed.encode())
    with chdir(house):
        chosen = Settings.model_validate({"raw": raw, "marts": str(address)})
        report = night.run(chosen, False, None, None, WithoutGate())
    assert (report.outcome, report.snapshot != before) == ("published", True), report.message
    places = {"BOLIGPROFIL_MARTS": str(address), "BOLIGPROFIL_RAW": raw}
    for command in (("check",), ("diff",), ("snapshots",), ("path", "area_profile")):
        done = invoke(reader, *command, **places)
        assert (done.exit_code, report.snapshot in done.output) == (0, True), done.output
    assert invoke(house, "run", **places).output.startswith(f"Nothing changed: snapshot {report.snapshot}")
    assert not (house / "data" / "marts").exists()
    assert not (reader / "data" / "marts").exists()


def test_a_bucket_that_is_not_there_and_an_address_that_is_none(address: Address, tmp_path: Path) -> None:
    result = invoke(tmp_path, "status", "--marts", "s3://nowhere/marts")
    assert result.exit_code == 1
    assert "there is no bucket 'nowhere'" in " ".join(result.output.split())
    result = invoke(tmp_path, "status", "--marts", "s3://night:hemmelig@house/marts")
    assert result.exit_code == 2
    assert "user and password belong into the environment" in " ".join(result.output.split())
    assert "hemmelig" not in result.output
    for command in (("fetch", "statbank"), ("receive", __file__, "population")):
        result = invoke(tmp_path, *command, "--raw", str(address))
        assert result.exit_code in (1, 2)
        assert f"the deliveries lie in {address}: put them there" in " ".join(result.output.split())


def test_deliveries_are_brought_as_they_are_and_go_as_they_go(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, raw = Bucket(address), tmp_path / "raw"
    for key in ("population/Århus 2016 (ny).csv", "ministry_lists/liste.csv", "readme.md"):
        bucket.write(key, key.encode())
    brought.bring(address, raw)
    assert (raw / "population" / "Århus 2016 (ny).csv").read_text() == "population/Århus 2016 (ny).csv"
    bucket.write("ministry_lists/liste.csv", b"other")
    bucket.delete(["readme.md"])
    carried = list[str]()
    bring = Bucket.bring

    def counted(bucket: Bucket, stored: Stored, file: Path) -> None:
        carried.append(stored.key)
        bring(bucket, stored, file)

    monkeypatch.setattr(Bucket, "bring", counted)
    brought.bring(address, raw)
    assert carried == ["ministry_lists/liste.csv"]
    files = sorted(file.relative_to(raw).as_posix() for file in raw.rglob("*") if file.is_file())
    assert files == ["ministry_lists/liste.csv", "population/Århus 2016 (ny).csv"]
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    with pytest.raises(BucketError):
        brought.bring(address, raw)
    assert (raw / "ministry_lists" / "liste.csv").read_bytes() == b"other"
