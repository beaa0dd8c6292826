"""A delivery too large to be held whole is read piece by piece, and is what the same bytes are in memory."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.intake import content, deliveries, large_file, stage
from flows.intake.coded import DeliveredTable
from flows.intake.faults import Refusal
from flows.intake.formats import delimited, read
from flows.intake.large_file import LargeFile
from flows.intake.reading import reading
from schemas.registry import Registry

NOTE = "# kilde: prøve\n# udgivet: 2016\n# oprindelse: real\n"
ROWS = "".join(f"Odense;Vollsmose;2016;{residents};{residents % 97},0\n" for residents in range(2000, 2400))
TEXT = f"{NOTE}Kommune;Boligområde;År;Beboere;Dømte (pct.)\n{ROWS}"


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_file, "PIECE", 1000)
    monkeypatch.setattr(content, "LARGE", 2000)


def opened(folder: Path, text: str | bytes) -> LargeFile:
    file = folder / "large.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return LargeFile(file)


def table(delivered: LargeFile | bytes, registry: Registry) -> DeliveredTable:
    return read(delivered, registry.layout_of("municipal_yearly"), registry.sources["municipal_yearly"])


def refused(delivered: LargeFile | bytes, registry: Registry) -> tuple[str, str]:
    with pytest.raises(Refusal) as refusal:
        table(delivered, registry)
    return refusal.value.rule, refusal.value.detail


@given(st.lists(st.integers(0, 1200), max_size=12), st.booleans())
def test_pieces_are_the_file_cut_behind_its_lines(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], ends: bool
) -> None:
    whole = b"\n".join(b"x" * length for length in lengths) + b"\n" * ends
    file = opened(tmp_path_factory.mktemp("large"), whole)
    pieces = [*file.pieces()]
    assert b"".join(pieces) == whole == bytes(file) == file[:]
    assert all(piece.endswith(b"\n") for piece in pieces[:-1])
    assert file.sha256 == hashlib.sha256(whole).hexdigest()
    assert file[3:700] == whole[3:700]
    assert file[-1:] == whole[-1:]


def test_pieces_are_read_as_the_whole_is(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    large = table(opened(tmp_path, TEXT), registry)
    whole = table(TEXT.encode(), registry)
    assert large.frame().equals(whole.frame())
    assert large.note == whole.note
    wanted = [5, 6, 100, 404]
    assert large.raw(wanted) == whole.raw(wanted) == {line: TEXT.splitlines()[line - 1] for line in wanted}
    monkeypatch.setattr(delimited, "_line_by_line", None)
    assert table(opened(tmp_path, TEXT), registry).rows == 400  # without the slower way


@pytest.mark.parametrize(
    ("line", "rule", "detail"),
    [
        ("Odense;Vollsmose;2016;070761-4285;3,0", "cpr_number", "line 350"),
        ('Odense;"Vollsmose;2016;2000;3,0', "broken_quotes", "line 404"),
        ("Odense;VollsmosÃ¦;2016;2000;3,0", "double_encoded", ""),
        ("Odense;Voll\0smose;2016;2000;3,0", "undecodable", "zero bytes"),
        ("Odense;Voll\udce6smose;2016;2000;3,0", "double_encoded", ""),
    ],
    ids=["personal", "quotes", "twice encoded", "zero byte", "no UTF-8"],
)
def test_what_is_odd_in_a_late_piece_is_found(
    tmp_path: Path, registry: Registry, line: str, rule: str, detail: str
) -> None:
    lines = TEXT.splitlines()
    lines[349] = line
    damaged = ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")
    found = refused(opened(tmp_path, damaged), registry)
    assert (found[0], detail in found[1]) == (rule, True)
    assert found == refused(damaged, registry)


def test_a_torn_line_in_a_late_piece_is_named(tmp_path: Path, registry: Registry) -> None:
    torn = TEXT.replace("2300;69,0\n", "2300\n")
    assert torn != TEXT
    (fault,) = table(opened(tmp_path, torn), registry).broken
    assert (fault.line, fault.rule) == (305, "ragged_line")


def test_a_last_line_without_an_end_is_known(tmp_path: Path, registry: Registry) -> None:
    assert table(opened(tmp_path, TEXT[:-1]), registry).unended


def test_a_large_file_is_opened_and_read_once(night: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    night.deliver("municipal_yearly/odense.csv", TEXT)
    (found,) = [d for d in deliveries.find(night.raw, night.registry) if d.source == "municipal_yearly"]
    in_pieces, looks = list[int](), list[int]()
    once = LargeFile._read

    def counted(file: LargeFile, start: int, size: int) -> bytes:
        found = once(file, start, size)
        (in_pieces if size == large_file.PIECE else looks).append(len(found))
        return found

    monkeypatch.setattr(LargeFile, "_read", counted)
    delivered, _ = content.read(found, reading(found.source or "", night.registry, None))
    assert delivered.rows == 400
    # A piece ends behind a line: what was read beyond it, less than a line, begins the next piece.
    beyond = sum(in_pieces) - len(TEXT.encode())
    assert 0 <= beyond < len(in_pieces) * max(map(len, TEXT.encode().splitlines(keepends=True)))
    assert max(looks) <= 4096  # what kind of file it is


def test_a_large_file_that_changed_is_left_for_the_next_night(night: Any) -> None:
    night.deliver("municipal_yearly/odense.csv", TEXT)
    (found,) = [d for d in deliveries.find(night.raw, night.registry) if d.source == "municipal_yearly"]
    night.deliver("municipal_yearly/odense.csv", TEXT.replace(";2350;", ";2351;"))
    receipt = stage.stage(found, night.staging, reading(found.source, night.registry, None))
    assert (receipt.outcome, receipt.rule) == ("refused", "changed_while_read")
    assert not (night.staging / "deliveries" / found.fingerprint).exists()


def test_a_large_file_that_changes_before_it_is_archived_is_not_kept(tmp_path: Path) -> None:
    file = opened(tmp_path, TEXT)
    sha256 = file.sha256
    (tmp_path / "large.csv").write_text(TEXT.replace(";2350;", ";2351;"))
    with pytest.raises(Refusal) as refusal:
        content.archive({sha256: file}, tmp_path)
    assert refusal.value.rule == "changed_while_read"
    assert not [*(tmp_path / "deliveries").iterdir()]
