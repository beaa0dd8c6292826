"""What was received last wins: also a file that is sent again after another one had taken its place."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.intake.deliveries import Delivery
from flows.intake.ledger import DeliveryLedger
from flows.intake.vintages import Vintage

HEADER = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"
LIST = Path(__file__).parents[2] / "data" / "raw" / "ministry_lists" / "liste_2010.csv"
FIRST = datetime(2026, 3, 1, 4, tzinfo=UTC)


def residents(number: str, year: int = 2009) -> str:
    head = "# kilde: en prøve\n# udgivet: 2016\n# oprindelse: real\n"
    return f"{head}{HEADER}\nboligområde;Vollsmose;Odense;{year};residents;;;{number};endelig\n"


def in_force(night: Any) -> list[tuple[str, float]]:
    figures = night.table("figures").filter(indicator="residents", geography="area")
    rows: list[tuple[str, float]] = figures.select(pl.col("source_file").str.split("/").list.last(), "value").rows()
    return rows


@pytest.mark.parametrize(
    ("sent", "stands"),
    {
        "an older version again, after another file": (["x 9.001", "x 9.002", "y 9.003", "x 9.001"], "x 9001"),
        "the first file again, after two others": (["x 9.001", "y 9.002", "z 9.003", "x 9.004", "x 9.001"], "x 9001"),
        "back and forth": (["x 9.001", "x 9.002", "x 9.001", "y 9.003", "x 9.002"], "x 9002"),
        "another file last": (["x 9.001", "x 9.002", "x 9.001", "y 9.003"], "y 9003"),
        "no other file": (["x 9.001", "x 9.002", "x 9.001"], "x 9001"),
        "both sent again": (["x 9.001", "y 9.002", "x 9.003", "y 9.004", "x 9.001", "y 9.002"], "y 9002"),
    }.values(),
)
def test_what_was_received_last_wins(night: Any, sent: list[str], stands: str) -> None:
    for name, number in map(str.split, sent):
        night.deliver(f"municipal_figures/{name}.csv", residents(number))
        night.run()
    name, number = stands.split()
    assert in_force(night) == [(f"{name}.csv", float(number))]


def test_a_file_that_is_back_unchanged_has_not_arrived_anew(night: Any) -> None:
    """A folder that could not be read for a night puts no old figure over a newer one."""
    old = "municipal_figures/x.csv"
    night.deliver(old, residents("9.001"))
    night.run()
    night.deliver("municipal_figures/y.csv", residents("9.002"))
    night.run()
    (night.raw / old).unlink()
    night.run()
    night.deliver(old, residents("9.001"))
    night.run()
    assert in_force(night) == [("y.csv", 9002.0)]


def test_a_note_beside_the_file_is_part_of_its_version(night: Any) -> None:
    """The same bytes with another note are another version; the first note again is the first version, come anew."""
    for name, published in (("x", "2016"), ("x", "2017"), ("y", "2016"), ("x", "2016")):
        path = f"municipal_yearly/{name}.csv"
        night.deliver(path, f"Kommune;Boligområde;År;Beboere\nOdense;Vollsmose;2009;{9001 + (name == 'y')}\n")
        night.deliver(f"{path}.levering.txt", f"kilde: en prøve\nudgivet: {published}\noprindelse: real\n")
        night.run()
    assert in_force(night) == [("x.csv", 9001.0)]


def delivered(path: str, version: str) -> Delivery:
    return Delivery(path, Path("not-read"), "municipal_figures", version)


def ledger_of(folder: Path, *nights: dict[str, str]) -> DeliveryLedger:
    """The ledger of nights, a day apart, each with the version that lay at each path."""
    ledger = DeliveryLedger(folder)
    for number, found in enumerate(nights):
        ledger = ledger.record([delivered(*entry) for entry in found.items()], FIRST + timedelta(days=number))
    return ledger


def test_today_and_the_past_agree_on_when_a_version_came(tmp_path: Path) -> None:
    nights = ({"x": "1"}, {"x": "2"}, {"x": "2", "y": "1"}, {"x": "1", "y": "1"}, {"x": "1", "y": "1"})
    for number, found in enumerate(nights):
        now = FIRST + timedelta(days=number)
        ledger = ledger_of(tmp_path / str(number), *nights[: number + 1])
        today = ledger.received([delivered(*entry) for entry in found.items()], now)
        then = Vintage.received(ledger, now).deliveries
        assert [(d.path, d.fingerprint, d.received_on, d.came_at, d.is_resent) for d in today] == [
            (d.path, d.fingerprint, d.received_on, d.came_at, d.is_resent) for d in then
        ]
    days = {delivery.path: delivery.received_on.day for delivery in then}
    assert days == {"x": 4, "y": 3}
    assert {delivery.path: delivery.is_resent for delivery in then} == {"x": True, "y": False}
    assert [d.received_on.day for d in ledger.history(then[0], now)] == [1, 2, 4]


def test_a_file_that_is_gone_is_not_there_whatever_came_before(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, {"x": "1", "y": "1"}, {"y": "1"})
    assert [versions[0].path for versions in ledger.at(FIRST + timedelta(days=1))] == ["y"]
    assert [versions[0].path for versions in ledger.at(FIRST)] == ["x", "y"]


@pytest.mark.parametrize(
    ("sent", "stands"),
    {
        "an older version again": (["x 9.001", "x 9.002", "y 9.003", "x 9.001"], "x 9001"),
        "a new version after another file": (["x 9.001", "y 9.002", "x 9.003"], "x 9003"),
        "two files, neither of which was replaced": (["x 9.001", "y 9.002"], ""),
        "one that was replaced before the other came": (["x 9.001", "x 9.002", "y 9.003"], ""),
        "both of them in one night": (["x 9.001", "y 9.002", "x 9.003 y 9.004"], ""),
    }.values(),
)
def test_on_one_day_the_file_that_was_sent_again_last_is_the_newer_one(
    night: Any, sent: list[str], stands: str
) -> None:
    for number, files in enumerate(sent):
        words = files.split()
        for name, residents_of_it in zip(words[::2], words[1::2], strict=True):
            night.deliver(f"municipal_figures/{name}.csv", residents(residents_of_it))
        night.moment = FIRST + timedelta(hours=number - 24)  # the night adds a day
        night.run()
    expected = [(f"{stands.split(maxsplit=1)[0]}.csv", float(stands.split()[1]))] if stands else []
    assert in_force(night) == expected


@pytest.mark.parametrize(
    ("written", "day", "is_remarked"),
    [
        ("2026-11-01", "2026-11-01", False),
        ("2026-12-03", "2026-12-03", False),  # the day after it was seen: of another time zone
        ("2026-12-04", "2026-12-02", True),
        ("2062-01-01", "2026-12-02", True),
    ],
)
def test_a_day_of_receipt_that_had_not_come_is_that_of_the_first_sight(
    night: Any, written: str, day: str, is_remarked: bool
) -> None:
    list_2010 = LIST.read_text(encoding="utf-8")
    night.deliver("ministry_lists/liste_2010.csv", re.sub("modtaget: .*", f"modtaget: {written}", list_2010))
    receipt = night.run()["ministry_lists/liste_2010.csv"]
    assert (receipt.outcome, f"{night.moment:%Y-%m-%d}") == ("accepted", "2026-12-02")
    assert [rule for _, _, rule, _ in receipt.remarks] == ["received_later"] * is_remarked
    assert {str(at) for at in night.table("figures").filter(source="ministry_lists")["received_at"]} == {day}
