"""The ledger: what was handed out is known, any changed byte is found, and a killed run does no harm."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.core.locks import held
from flows.release.cells import Key
from flows.release.ledger import Entry, LedgerBusy, ReleaseLedger, Tampered, add, open_ledger


def entry(release: str = "2011", area: str = "vollsmose", **fields: object) -> Entry:
    rest = {"value": 12} if "mark" not in fields and "value" not in fields else {}
    return Entry(
        release=release,
        released_at=datetime(2011, 5, 1, 9, tzinfo=UTC),
        geography_set="areas-2011",
        category_set="sex-age",
        geography="area",
        geography_id=area,
        year=2010,
        indicator="residents",
        part="count",
        vintage="a1b2",
        seal="c3d4",
        to=("odense",),
        **{**rest, **fields},  # type: ignore[arg-type]
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger with two releases, one of them with a mark and a name in Danish."""
    made = tmp_path / "ledger.jsonl"
    add(made, [entry(), entry(area="påskeløkken", mark="hidden", why="primary: under 5")])
    add(made, [entry("2012", value=17), entry("2012", area="skovparken", mark="area_too_small", why="80 residents")])
    return made


def test_what_was_handed_out_is_known(file: Path) -> None:
    key = Key("area", "vollsmose", 2010, "residents")
    ledger = open_ledger(file)
    assert ledger.releases == ("2011", "2012")
    shown = [entry for entry in ledger.entries if entry.key == key]
    assert [(entry.value, entry.release, entry.vintage, entry.to) for entry in shown] == [
        (12, "2011", "a1b2", ("odense",)),
        (17, "2012", "a1b2", ("odense",)),
    ]
    assert open_ledger(file, ledger.head) == ledger
    assert open_ledger(file.with_name("none.jsonl")).entries == ()


def test_any_changed_byte_is_found(file: Path) -> None:
    content = file.read_bytes()
    for place in range(len(content)):
        for flip in (1, 0x20, 0x80):
            file.write_bytes(content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :])
            with pytest.raises(Tampered):
                open_ledger(file)


@settings(max_examples=examples(100))
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_any_byte_set_to_another_is_found(tmp_path_factory: pytest.TempPathFactory, place: int, byte: int) -> None:
    file = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    add(file, [entry(), entry(area="skovparken")])
    content = file.read_bytes()
    place %= len(content)
    if content[place] != byte:
        file.write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
        with pytest.raises(Tampered):
            open_ledger(file)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (1, 1), (2, 2), (0, 1)])
def test_lines_taken_out_are_found_and_so_is_a_whole_release(file: Path, first: int, last: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:first] + lines[last + 1 :]))
    with pytest.raises(Tampered):
        open_ledger(file)


def test_a_release_cut_off_at_the_end_is_seen_by_whoever_kept_the_last_hash(file: Path) -> None:
    head = open_ledger(file).head
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:2]))
    assert open_ledger(file).releases == ("2011",)
    with pytest.raises(Tampered, match="cut off"):
        open_ledger(file, head)


def test_a_run_killed_at_any_byte_of_a_release_leaves_the_one_before(file: Path) -> None:
    before, content = open_ledger(file), file.read_bytes()
    add(file, [entry("2013"), entry("2013", area="skovparken", mark="hidden", why="secondary")])
    added = file.read_bytes()[len(content) :]
    for cut in range(1, len(added)):
        file.write_bytes(content + added[:cut])
        ledger = open_ledger(file, before.head)
        assert (ledger.entries, ledger.head, ledger.torn) == (before.entries, before.head, True)
    for cut in (1, added.index(b"\n"), added.index(b"\n") + 1, len(added) - 1):
        file.write_bytes(content + added[:cut])
        add(file, [entry("2013", value=20)])
        ledger = open_ledger(file)
        assert (len(ledger.entries), ledger.torn) == (5, False)
        assert file.read_bytes().startswith(content)
        assert added[:cut] in {aside.read_bytes() for aside in file.parent.glob("*.torn-*")}


def test_a_tail_that_no_run_began_is_no_torn_line(file: Path) -> None:
    content = file.read_bytes()
    for tail in (b"x", b'{"before":"' + b"0" * 64 + b'"', b"{}"):
        file.write_bytes(content + tail)
        with pytest.raises(Tampered, match="no line break"):
            open_ledger(file)


def test_a_release_is_added_once_and_by_one_run(file: Path) -> None:
    with pytest.raises(ValueError, match="2011 is in the ledger already"):
        add(file, [entry("2011")])
    with pytest.raises(ValueError, match="one release"):
        add(file, [entry("2014"), entry("2015")])
    with held(file.with_name(f".{file.name}.lock"), RuntimeError()), pytest.raises(LedgerBusy):
        add(file, [entry("2013")])
    assert isinstance(open_ledger(file), ReleaseLedger)


@pytest.mark.parametrize("fields", [{"value": None}, {"mark": "hidden", "why": "x", "value": 3}, {"mark": "hidden"}])
def test_an_entry_has_a_value_or_a_mark_with_a_reason(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"an entry has a value|needs 'why'"):
        entry(**fields)
