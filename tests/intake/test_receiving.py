"""Files put into the folder of deliveries by hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.intake.receiving import NotReceived, receive

SAYS = {"kilde": "Danmarks Statistik, FOLK1A", "udgivet": "2012-02-11", "oprindelse": "real"}
TABLE = "OMRÅDE;TID;INDHOLD\nHele landet;2012K1;5580516\n"


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    file = tmp_path / "mail" / "folk1a.csv"
    file.parent.mkdir()
    file.write_text(TABLE)
    return file


def test_a_file_is_dated_noted_and_read(night: Any, sent: Path) -> None:
    kept = receive(sent, "statbank_folk1a", SAYS, night.raw, night.registry)
    today = datetime.now(UTC).date()
    assert kept.relative_to(night.raw).as_posix() == f"statbank_folk1a/{today}/folk1a.csv"
    assert sent.read_text() == TABLE
    receipt = night.run()[f"statbank_folk1a/{today}/folk1a.csv"]
    assert (receipt.outcome, receipt.used) == ("accepted", 1)
    row = night.table("figures").row(0, named=True)
    assert (str(row["published_at"]), row["received_at"]) == ("2012-02-11", today)


def test_nothing_is_overwritten(night: Any, sent: Path) -> None:
    kept = receive(sent, "statbank_folk1a", SAYS, night.raw, night.registry)
    sent.write_text(TABLE.replace("5580516", "1"))
    with pytest.raises(NotReceived, match="is there already"):
        receive(sent, "statbank_folk1a", SAYS, night.raw, night.registry)
    assert kept.read_text() == TABLE


@pytest.mark.parametrize(
    ("source", "note", "message"),
    [
        ("statbank", SAYS, "no source 'statbank'"),
        ("statbank_folk1a", {"kilde": "x"}, "'# udgivet:', '# oprindelse:'"),
        ("statbank_folk1a", {**SAYS, "udgivet": "i går"}, "must be a day"),
    ],
)
def test_what_cannot_be_put_away_is_told(night: Any, sent: Path, source: str, note: Any, message: str) -> None:
    with pytest.raises(NotReceived, match=message):
        receive(sent, source, note, night.raw, night.registry)
    assert not (night.raw / source).exists()


def test_the_senders_hash_and_note_come_along(night: Any, sent: Path) -> None:
    sent.with_name("folk1a.csv.sha256").write_text("0" * 64 + "  folk1a.csv\n")
    sent.with_name("folk1a.csv.levering.txt").write_text("kilde: x\nudgivet: 2012\noprindelse: real\n")
    kept = receive(sent, "statbank_folk1a", {}, night.raw, night.registry)
    (receipt,) = (r for path, r in night.run().items() if path.endswith(kept.name))
    assert receipt.rule == "sha256_differs"
    with pytest.raises(NotReceived, match="says already"):
        receive(sent, "statbank_folk1a", SAYS, night.raw, night.registry)


def test_a_personal_number_in_a_name_is_not_carried_on(night: Any, sent: Path) -> None:
    named = sent.rename(sent.with_name("liste 070761-4285.csv"))
    with pytest.raises(NotReceived, match="CPR") as refused:
        receive(named, "statbank_folk1a", SAYS, night.raw, night.registry)
    assert "070761" not in str(refused.value)


CPR = "070761-4285"  # the CPR office's own example


@pytest.mark.parametrize("place", ["the file", "the name", "the options", "the note", "the hash", "two cells"])
def test_nothing_that_holds_a_personal_number_is_copied(night: Any, sent: Path, place: str) -> None:
    options = SAYS
    match place:
        case "the file":
            sent.write_text(TABLE + f"{CPR};2012K1;1\n")
        case "two cells":
            sent.write_text(TABLE.replace("OMRÅDE;TID", "OMRÅDE;Født;Løbenr") + "x;07-07-1961;4285\n")
        case "the name":
            sent = sent.rename(sent.with_name(f"{CPR}.csv"))
        case "the options":
            options = {**SAYS, "afsender": CPR}
        case "the note":
            options = {}
            sent.with_name("folk1a.csv.levering.txt").write_text(f"kilde: {CPR}\n")
        case _:
            sent.with_name("folk1a.csv.sha256").write_text("0" * 64 + f"  {CPR}.csv\n")
    with pytest.raises(NotReceived, match="CPR number") as refused:
        receive(sent, "statbank_folk1a", options, night.raw, night.registry)
    assert CPR not in str(refused.value)
    assert not (night.raw / "statbank_folk1a").exists()


def test_a_hash_of_many_digits_is_no_personal_number(night: Any, sent: Path) -> None:
    sent.with_name("folk1a.csv.sha256").write_text("a0707614285b" + "0" * 52 + "  folk1a.csv\n")
    assert receive(sent, "statbank_folk1a", SAYS, night.raw, night.registry).is_file()
