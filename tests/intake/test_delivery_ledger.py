"""The ledger of deliveries: what is cut is named, what is lost is learned, what a wrong clock dated is set right."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.intake.deliveries import Delivery
from flows.intake.ledger import FILE, DeliveryLedger

NIGHTS = [datetime(2026, 11, day, 3, tzinfo=UTC) for day in range(1, 6)]
# What lies in the folder on each night: the bytes by path.
LAY = ({"a.csv": "a1", "b.csv": "b1"}, {"a.csv": "a2", "b.csv": "b1"}, {"a.csv": "a2"}, {"a.csv": "a3"})


def delivered(files: dict[str, str]) -> list[Delivery]:
    return [
        Delivery(path, Path(), "population", content, hashes={".levering.txt": "note"} if path == "b.csv" else {})
        for path, content in files.items()
    ]


def manifest(number: int) -> dict[str, Any]:
    """What the snapshot of a night says, as the night writes it."""
    ledger = {
        ("a.csv", "a1"): NIGHTS[0],
        ("b.csv", "b1"): NIGHTS[0],
        ("a.csv", "a2"): NIGHTS[1],
        ("a.csv", "a3"): NIGHTS[3],
    }
    deliveries = [
        {
            "path": d.path,
            "source": d.source,
            "sha256": d.fingerprint,
            "came_at": ledger[d.path, d.fingerprint].isoformat(),
            "beside": dict(d.hashes),
        }
        for d in delivered(LAY[number])
    ]
    return {"snapshot": f"s{number}", "as_of": NIGHTS[number].isoformat(), "deliveries": deliveries}


MANIFESTS = [manifest(number) for number in range(len(LAY))]


def kept(staging: Path) -> bytes:
    """The ledger of the four nights."""
    ledger = DeliveryLedger.load(staging)
    for number, files in enumerate(LAY):
        ledger = ledger.record(delivered(files), NIGHTS[number]).published(f"s{number}", NIGHTS[number])
    return (staging / "deliveries" / FILE).read_bytes()


def lay(ledger: DeliveryLedger, moment: datetime) -> dict[str, list[str]]:
    return {versions[0].path: [v.fingerprint for v in versions] for versions in ledger.at(moment)}


def test_what_is_gone_and_since_when(tmp_path: Path) -> None:
    kept(tmp_path)
    ledger = DeliveryLedger.load(tmp_path)
    assert [[d.path for d in ledger.gone(night)] for night in NIGHTS[:4]] == [[], [], ["b.csv"], ["b.csv"]]
    assert ledger.newest == NIGHTS[3]


@pytest.mark.parametrize("left", [None, b""])
def test_a_ledger_that_is_gone_or_empty_is_written_again_from_the_manifests(tmp_path: Path, left: bytes | None) -> None:
    kept(tmp_path)
    whole, file = DeliveryLedger.load(tmp_path), tmp_path / "deliveries" / FILE
    file.unlink()
    if left is not None:
        file.write_bytes(left)
    empty = DeliveryLedger.load(tmp_path)
    assert empty.lacks(MANIFESTS, NIGHTS[4])
    _, sentences = empty.healed(MANIFESTS, NIGHTS[4])
    assert len(sentences) == 1
    assert "had lost when 2 deliveries came" in sentences[0]
    again = DeliveryLedger.load(tmp_path)
    assert not again.lacks(MANIFESTS, NIGHTS[4])
    assert again.healed(MANIFESTS, NIGHTS[4])[1] == ()
    assert lay(again, NIGHTS[1]) == lay(whole, NIGHTS[1]) == {"a.csv": ["a2", "a1"], "b.csv": ["b1"]}
    here = delivered(LAY[3])
    assert again.received(here, NIGHTS[4]) == whole.received(here, NIGHTS[4])
    assert [v.fingerprint for v in again.history(again.at(NIGHTS[4])[0][0], NIGHTS[4])] == ["a1", "a2", "a3"]
    assert again.last_published(NIGHTS[4]) == whole.last_published(NIGHTS[4]) == NIGHTS[3]
    # That b.csv was gone no manifest says; the next night finds it gone as the first one did.
    assert [d.path for d in again.record(here, NIGHTS[4]).gone(NIGHTS[4])] == ["b.csv"]


def test_a_manifest_of_an_earlier_version_says_when_a_delivery_was_there(tmp_path: Path) -> None:
    old = [
        {
            **m,
            "deliveries": [{k: v for k, v in d.items() if k in ("path", "source", "sha256")} for d in m["deliveries"]],
        }
        for m in MANIFESTS
    ]
    ledger, _ = DeliveryLedger.load(tmp_path).healed(old, NIGHTS[4])
    assert lay(ledger, NIGHTS[1]) == {"a.csv": ["a2", "a1"], "b.csv": ["b1"]}


def test_a_line_in_the_middle_that_cannot_be_read_is_named_once_and_what_it_said_is_learned(tmp_path: Path) -> None:
    lines = kept(tmp_path).splitlines(keepends=True)
    whole, file = DeliveryLedger.load(tmp_path), tmp_path / "deliveries" / FILE
    number = next(n for n, line in enumerate(lines) if b'"a2"' in line)
    file.write_bytes(b"".join([*lines[:number], lines[number][:40] + b"\n", *lines[number + 1 :]]))
    cut = DeliveryLedger.load(tmp_path)
    assert (cut.broken, cut.untold) == ((number + 1,), (number + 1,))
    _, sentences = cut.healed(MANIFESTS, NIGHTS[4])
    assert any(f"line {number + 1}: cut or unfinished" in words for words in sentences)
    again = DeliveryLedger.load(tmp_path)
    assert (again.broken, again.untold) == ((number + 1,), ())
    # Learned last, and yet in its place: what came after it is still the newer version.
    for night in NIGHTS[:4]:
        assert lay(again, night) == lay(whole, night)
    assert file.read_bytes().startswith(b"".join(lines[:number]))


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_cut_at_any_byte_it_is_read_told_and_whole_again(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    staging = tmp_path_factory.mktemp("ledger")
    content = kept(staging)
    whole, file = DeliveryLedger.load(staging), staging / "deliveries" / FILE
    at = data.draw(st.integers(0, len(content)))
    file.write_bytes(content[:at])
    _, sentences = DeliveryLedger.load(staging).healed(MANIFESTS, NIGHTS[4])
    again = DeliveryLedger.load(staging)
    assert not again.lacks(MANIFESTS, NIGHTS[4])
    assert again.untold == ()
    is_cut_between_lines = content[:at].endswith(b"\n") or at == 0
    assert any("cut or unfinished" in words for words in sentences) == (not is_cut_between_lines)
    assert again.received(delivered(LAY[3]), NIGHTS[4]) == whole.received(delivered(LAY[3]), NIGHTS[4])
    assert lay(again, NIGHTS[1]) == lay(whole, NIGHTS[1])
    assert again.last_published(NIGHTS[4]) == NIGHTS[3]


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"1",
        b'{"event": "seen"}',
        b'{"at": "2026-11-01T03:00:00", "event": "gone", "path": "a"}',
        b'{"at": "x", "event": "gone", "path": "a"}',
        b'{"at": 5, "event": "gone", "path": "a"}',
        b'{"at": "2026-11-01T03:00:00+00:00", "event": "made up"}',
        b"\xff\xfe",
        b"\x00" * 20,
    ],
)
def test_a_line_that_is_no_event_is_named_and_no_error(tmp_path: Path, line: bytes) -> None:
    content = kept(tmp_path)
    (tmp_path / "deliveries" / FILE).write_bytes(line + b"\n" + content)
    ledger = DeliveryLedger.load(tmp_path)
    assert ledger.broken == (1,)
    assert lay(ledger, NIGHTS[3]) == {"a.csv": ["a3", "a2", "a1"]}


def test_what_a_wrong_clock_dated_counts_as_of_the_moment_it_was_set_right(tmp_path: Path) -> None:
    far = datetime(2040, 1, 1, tzinfo=UTC)
    ledger = DeliveryLedger.load(tmp_path).record(delivered(LAY[0]), far).published("s0", far)
    before = (tmp_path / "deliveries" / FILE).read_bytes()
    now = NIGHTS[0]
    right = ledger.set_right(now, {"snapshot s0": far})
    for known in (right, DeliveryLedger.load(tmp_path)):
        assert known.newest == now
        assert known.is_declared("snapshot s0", far)
        assert not known.is_declared("snapshot s0", far + timedelta(days=1))
        assert {d.received_on for d in known.received(delivered(LAY[0]), NIGHTS[1])} == {now.date()}
        assert lay(known, NIGHTS[1]) == {"a.csv": ["a1"], "b.csv": ["b1"]}
        assert known.last_published(NIGHTS[1]) == now
        # What came before is known, so that nothing of it comes anew.
        assert known.record(delivered(LAY[0]), NIGHTS[1]).events == known.events
    assert (tmp_path / "deliveries" / FILE).read_bytes().startswith(before)
    changed = right.record(delivered(LAY[1]), NIGHTS[1])
    assert lay(changed, NIGHTS[1]) == {"a.csv": ["a2", "a1"], "b.csv": ["b1"]}


def test_the_file_holds_one_event_a_line(tmp_path: Path) -> None:
    events = [json.loads(line) for line in kept(tmp_path).splitlines()]
    assert [event["event"] for event in events].count("published") == 4
    assert all(set(event) >= {"at", "event"} for event in events)
