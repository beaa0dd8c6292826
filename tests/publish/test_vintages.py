"""Vintages: what had been received at a moment, what the sources had published by a day, and what moved since."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_line import invoke

from flows.intake import stage
from flows.intake.deliveries import find
from flows.intake.ledger import DeliveryLedger
from flows.intake.versions import known_names, receipts_of
from flows.intake.vintages import Vintage
from flows.publish import differences, snapshots

LIST = "ministry_lists/liste_2010.csv"


GONE = """
[list_2015_gone]
check = "delivery_gone"
file = "ministry_lists/liste_2015.csv"
reason = "A night without a list."
owner = "the tests"
until = 2030-12-31
"""


def boligprofil(folder: Path, *words: str) -> str:
    done = invoke(folder, *words)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.slow
def test_a_vintage_is_byte_equal_to_the_snapshot_of_its_moment(published: Path, tmp_path: Path) -> None:
    raw, marts = tmp_path / "data" / "raw", tmp_path / "data" / "marts"
    shutil.copytree(published / "data", tmp_path / "data", symlinks=True)
    shutil.copytree(Path(__file__).parents[2] / "data" / "raw", raw)
    first = snapshots.current(marts)
    assert pl.read_parquet(first.path("revisions")).is_empty()

    # A digit that is changed within its range is a figure like another; what it was before tells.
    text = (raw / LIST).read_text(encoding="utf-8")
    (raw / LIST).write_text(text.replace("2.440;36,8", "2.440;36,9"), encoding="utf-8")
    (raw / "ministry_lists" / "liste_2015.csv").unlink()
    # A night that lacks a list is published where somebody has said that it may.
    schemas = tmp_path / "schemas"
    shutil.copytree(Path(__file__).parents[2] / "schemas", schemas, ignore=shutil.ignore_patterns("*.py"))
    with (schemas / "exceptions.toml").open("a") as file:
        file.write(GONE)
    boligprofil(tmp_path, "run", "--schemas", str(schemas))
    second = snapshots.current(marts)
    moved = pl.read_parquet(second.path("revisions"))
    changed = moved.filter(change="figure").select("geography_id", "period", "indicator", "value_before", "value")
    assert changed.rows() == [("blaagaarden", "2010", "outside_work_pct", 36.8, 36.9)]
    assert moved.filter(change="figure")["difference"].round(9).to_list() == [0.1]
    assert set(moved.filter(change="withdrawn")["period"]) == {"2015"}

    moved_since = json.loads(boligprofil(tmp_path, "diff", "--json"))
    assert (moved_since["before"], moved_since["after"]) == (first.id, second.id)
    changes = {(moved["path"], moved["how"]) for moved in moved_since["deliveries"]}
    assert changes == {(LIST, "replaced"), ("ministry_lists/liste_2015.csv", "gone")}
    figures = {tuple(moved["where"].values()): (moved["before"], moved["after"]) for moved in moved_since["figures"]}
    assert figures[("blaagaarden", 2010, "outside_work_pct")] == (36.8, 36.9)

    printed = boligprofil(tmp_path, "run", "--as-of", first.id)
    assert f"byte-equal to snapshot {first.id}" in printed
    rebuilt = marts / "vintages" / first.id
    for entry in first.manifest["marts"].values():
        assert (rebuilt / entry["file"]).read_bytes() == (first.folder / entry["file"]).read_bytes()
    assert snapshots.current(marts).id == second.id

    # Code that has changed gives other bytes, and says where.
    manifest = (first.folder / "manifest.json").read_text(encoding="utf-8")
    (first.folder / "manifest.json").write_text(manifest.replace(first.manifest["registry_sha256"], "0" * 64))
    vintage = next(s for s in snapshots.kept(marts) if s.id == second.id)
    found = differences.of_vintage(vintage.__class__("another", vintage.folder, vintage.manifest), marts)
    assert found[0] == f"not byte-equal to snapshot {second.id}"


def night(raw: Path, staging: Path, moment: Any, registry: Any, **limits: Any) -> dict[str, Any]:
    ledger = DeliveryLedger.load(staging)
    found = ledger.received(find(raw, registry), moment)
    vintage = Vintage(tuple(found), ledger.record(found, moment), moment, **limits)
    known = known_names(vintage, staging, registry)
    return {receipt.path: receipt for receipt in receipts_of(vintage, staging, registry, known)}


def past(staging: Path, moment: Any, registry: Any, **limits: Any) -> dict[str, Any]:
    vintage = Vintage.received(DeliveryLedger.load(staging), moment, **limits)
    known = known_names(vintage, staging, registry)
    return {receipt.path: receipt for receipt in receipts_of(vintage, staging, registry, known)}


@pytest.fixture
def history(tmp_path: Path, registry: Any) -> Any:
    """Three nights: a list; the list corrected; the list gone."""
    raw, staging = tmp_path / "raw", tmp_path / "staging"
    shutil.copytree(Path(__file__).parents[2] / "data" / "raw" / "municipalities", raw / "municipalities")
    original = (Path(__file__).parents[2] / "data" / "raw" / LIST).read_text(encoding="utf-8")
    moments = [datetime(2026, 11, day, 3, tzinfo=UTC) for day in (1, 2, 3)]
    file = raw / LIST
    file.parent.mkdir()
    file.write_text(original, encoding="utf-8")
    earlier = night(raw, staging, moments[0], registry)[LIST]
    file.write_text(original.replace("udgivet: 2010", "udgivet: 2012").replace("2.440", "2.441"), encoding="utf-8")
    two = night(raw, staging, moments[1], registry)[LIST]
    file.unlink()
    assert LIST not in night(raw, staging, moments[2], registry)
    return raw, staging, moments, earlier, two


def test_what_had_been_received_at_a_moment_is_read_from_the_archive(history: Any, registry: Any) -> None:
    raw, staging, moments, earlier, two = history
    shutil.rmtree(raw)
    assert [past(staging, moment, registry).get(LIST) for moment in moments] == [earlier, two, None]


def test_what_the_source_had_published_by_a_day(history: Any, registry: Any) -> None:
    _, staging, moments, earlier, two = history
    by = [past(staging, moments[1], registry, published_by=date(year, 12, 31)).get(LIST) for year in (2009, 2011, 2012)]
    assert by == [None, earlier, two]


@pytest.mark.parametrize("last", ["corrected", "refused"])
def test_what_a_night_rests_on_is_not_read_again_when_all_else_is_forgotten(
    tmp_path: Path, registry: Any, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    """Six nights of one list, a figure corrected each time; in the last one the file may be one that is refused."""
    raw, staging = tmp_path / "raw", tmp_path / "staging"
    shutil.copytree(Path(__file__).parents[2] / "data" / "raw" / "municipalities", raw / "municipalities")
    original = (Path(__file__).parents[2] / "data" / "raw" / LIST).read_text(encoding="utf-8")
    (raw / LIST).parent.mkdir()
    for day in range(1, 7):
        text = original.replace("2.440", f"2.44{day}")
        (raw / LIST).write_text("Id;Navn\n1;x\n" if day == 6 and last == "refused" else text, encoding="utf-8")
        found = night(raw, staging, datetime(2026, 11, day, 3, tzinfo=UTC), registry)
    # What was said first and what was said last, of five older versions or of four.
    assert [len(versions) for versions in found[LIST].history.values()] == [2]
    needed = {name for receipt in found.values() for name in receipt.staged}
    others = [
        path
        for path in staging.rglob("*")
        if path.is_file() and path.relative_to(staging).parts[0] != "deliveries"
        if path.relative_to(staging).as_posix() not in needed
    ]
    assert len([path for path in others if path.parent.name == "figures"]) == (5 if last == "corrected" else 4)
    for path in others:
        path.unlink()

    def read(*_: Any) -> None:
        raise AssertionError("a delivery is read again")

    monkeypatch.setattr(stage, "_staged", read)
    assert night(raw, staging, datetime(2026, 11, 7, 3, tzinfo=UTC), registry) == found


def test_a_line_that_a_killed_run_left_unfinished_does_not_count(history: Any, registry: Any) -> None:
    _, staging, moments, earlier, _ = history
    file = staging / "deliveries" / "ledger.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"at": "2026-11-04T03:00:00+00:00", "event": "se')
    assert past(staging, moments[0], registry)[LIST] == earlier
    DeliveryLedger.load(staging).published("x", moments[2])
    assert DeliveryLedger.load(staging).last_published(moments[2].replace(year=2027)) == moments[2]
    assert file.read_bytes().startswith(whole)


def test_the_day_of_receipt_is_that_of_the_first_sight(history: Any, registry: Any) -> None:
    raw, staging, moments, *_ = history
    found = DeliveryLedger.load(staging).received(find(raw, registry), moments[2])
    assert {delivery.received_on for delivery in found} == {moments[0].date()}


def test_by_the_end_of_2011_nobody_knew_the_case_areas(tmp_path: Path, registry: Any) -> None:
    """Table 2.1 stands in the second interim report, of September 2012; the lists of 2010 and 2011 were out."""
    raw, moment = Path(__file__).parents[2] / "data" / "raw", datetime(2026, 11, 30, 3, tzinfo=UTC)
    known = {
        day: {
            receipt.source for receipt in night(raw, tmp_path / "staging", moment, registry, published_by=day).values()
        }
        for day in (date(2011, 12, 31), date(2012, 8, 31), date(2012, 9, 30))
    }
    of_report = {"case_areas", "grants"}
    assert [of_report & sources for sources in known.values()] == [set(), set(), of_report]
    assert all("ministry_lists" in sources for sources in known.values())
