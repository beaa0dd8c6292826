"""A release by rounding from beginning to end: the town by hand, what is kept, and that the two methods never meet."""

import json
import shutil
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
from towns import ASSISTED, PEOPLE, TOWN, town

from flows.extracts import approve, folders
from flows.publish.snapshots import Snapshot
from flows.release import ledger_entries, make, store
from flows.release.attack import Exhibit, attack
from flows.release.ledger import Attacked
from flows.release.make import CannotRelease
from flows.release.store import Release
from schemas.loading import load
from schemas.registry import Registry

SHARE = "social_assistance_pct"


@pytest.fixture(scope="session")
def hiding() -> Registry:
    return load()


@pytest.fixture(scope="session")
def rounding(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The registry with rounding declared, and no owner without a rule of 5."""
    folder = tmp_path_factory.mktemp("rounding") / "schemas"
    shutil.copytree(Path(str(resources.files("schemas"))), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = folder / "disclosure.toml"
    text = file.read_text(encoding="utf-8").replace('method = "hiding"', 'method = "rounding"')
    file.write_text(text.replace("k = 10", "k = 5"), encoding="utf-8")
    return load(folder)


def made(snapshot: Snapshot, registry: Registry, releases: Path, year: int = 2012) -> Release:
    with store.lock(releases):
        return make.release_of(snapshot, registry, year, releases, store.ledger_of(releases))


def handed(release: Release, registry: Registry, releases: Path) -> None:
    at = datetime(2012, 6, 1, tzinfo=UTC)
    entries = ledger_entries.entries(release, "aarhus", release.figures, registry, at)
    attack = Attacked(**release.record["attack"], beside={}, code="c0de")
    store.hand_out(releases, entries, ledger_entries.seal(release, "aarhus", {}, [], attack, at))


def cell_of(release: Release, place: str, indicator: str = SHARE, year: int = 2012) -> tuple[object, ...]:
    (row,) = release.figures.filter(place_id=place, indicator=indicator, year=year, place_kind="area").rows(named=True)
    return row["shown_numerator"], row["shown_denominator"], row["mark"]


def test_every_count_is_rounded_and_small_areas_are_marked(tmp_path: Path, rounding: Registry) -> None:
    release = made(town(tmp_path / "s", rounding), rounding, tmp_path / "r")
    assert (release.record["method"], release.record["base"]) == ("rounding", 5)
    assert cell_of(release, "ager") == (5, 420, None)  # 3 of 420: a 0 would tell that they are under five
    assert cell_of(release, "dal") == (None, None, "area_too_small")
    x, n, mark = cell_of(release, "bakke")
    assert (x, n, mark) == (60, 530, None)
    assert cell_of(release, "eng")[0] in (40, 45)
    assert release.record["attack"]["leaks"] == 0
    assert [entry["cell"]["geography_id"] for entry in release.record["rounded"]] == ["ager", "ager"]
    assert {entry["rule"].split(":")[0] for entry in release.record["hidden"]} == {"withheld"}


def test_the_store_keeps_both_counts_and_the_attack_holds_on_what_is_kept(tmp_path: Path, rounding: Registry) -> None:
    releases = tmp_path / "r"
    release = made(town(tmp_path / "s", rounding), rounding, releases)
    exhibit = release.exhibit(2012)
    (cell,) = (k for k in exhibit.shown if (k.geography_id, k.indicator, k.part) == ("ager", SHARE, "numerator"))
    assert (exhibit.tables.cells[cell].value, exhibit.shown[cell], exhibit.base) == (3, 5, 5)
    assert not make.attack_again(release, []).leaks
    zero = {**exhibit.shown, cell: 0}
    assert cell in {leak.key for leak in attack(Exhibit(exhibit.tables, zero, 5)).leaks}
    handed(release, rounding, releases)
    entries = {(e.geography_id, e.part, e.value, e.rounded_to) for e in store.ledger_of(releases).entries}
    assert ("ager", "numerator", 5, 5) in entries
    assert not {value for place, part, value, _ in entries if (place, part) == ("ager", "numerator")} - {5}


def test_a_share_and_its_interval_say_no_more_than_the_rounding_allows(tmp_path: Path, rounding: Registry) -> None:
    release = made(town(tmp_path / "s", rounding), rounding, tmp_path / "r")
    exact = made(town(tmp_path / "t", rounding), load(), tmp_path / "q")
    for row in release.figures.filter(indicator=SHARE, place_kind="area").iter_rows(named=True):
        if row["value"] is None:
            assert row["rounded_to"] is None
            continue
        true = {"ager": 100 * 3 / 420, **{a: 100 * x / n for a, (x, n) in ASSISTED.items()}}[row["place_id"]]
        assert row["rounded_to"] == 5
        assert row["value"] == pytest.approx(100 * row["shown_numerator"] / row["shown_denominator"])
        assert row["ci_low"] <= true <= row["ci_high"]
        (alike,) = exact.figures.filter(
            place_id=row["place_id"], year=row["year"], indicator=SHARE, place_kind="area"
        ).rows(named=True)
        if alike["ci_low"] is not None:
            assert row["ci_low"] < alike["ci_low"] < alike["ci_high"] < row["ci_high"]
        assert (row["change_year_low"], row["trend"]) == (None, None)


def test_what_was_handed_out_stays_and_a_revision_that_tells_is_held_back(tmp_path: Path, rounding: Registry) -> None:
    releases = tmp_path / "r"
    first = made(town(tmp_path / "s", rounding), rounding, releases)
    handed(first, rounding, releases)
    revised = {2012: {"bakke": (63, 530)}, 2011: {"eng": (84, 250)}}
    second = made(town(tmp_path / "t", rounding, revised, name="a" * 16), rounding, releases)
    assert (second.name, second.record["earlier"]) == ("2012-2", ["2012-1"])
    assert cell_of(second, "bakke") == cell_of(first, "bakke")
    assert cell_of(second, "ager") == cell_of(first, "ager")
    assert cell_of(second, "eng", year=2011)[0] in (80, 85)
    held = {entry["cell"]["geography_id"] for entry in second.record["held_back"]}
    assert "bakke" in held
    assert not held & {"eng", "ager"}
    assert not make.attack_again(second, [first]).leaks


def test_the_two_methods_never_meet(tmp_path: Path, hiding: Registry, rounding: Registry) -> None:
    for number, (former, other) in enumerate([(hiding, rounding), (rounding, hiding)]):
        releases, snapshot = tmp_path / f"r{number}", town(tmp_path / f"s{number}", hiding)
        first = made(snapshot, former, releases, 2011)
        made(snapshot, other, releases, 2011)  # a draft of which nobody has anything makes room
        first = made(snapshot, former, releases, 2011)
        handed(first, former, releases)
        with pytest.raises(CannotRelease, match=r"readers have \d+ figures of 2011 by (hiding|rounding to base 5) \("):
            made(snapshot, other, releases, 2012)
        assert made(snapshot, former, releases, 2012).record["method"] == former.disclosure.method


def test_the_same_input_gives_the_same_release(tmp_path: Path, rounding: Registry) -> None:
    snapshot = town(tmp_path / "s", rounding)
    former, other = (made(snapshot, rounding, tmp_path / name) for name in "ab")
    for part in ("cells", "sums", "figures"):
        assert (former.folder / f"{part}.parquet").read_bytes() == (other.folder / f"{part}.parquet").read_bytes()


def test_a_town_that_is_its_areas_adds_up(tmp_path: Path, rounding: Registry) -> None:
    total = (sum(x for x, _ in ASSISTED.values()), sum(n for _, n in ASSISTED.values()))
    whole = town(
        tmp_path / "s", rounding, {2012: {TOWN: total}}, people={**PEOPLE, "dal": 600}, supported=tuple(ASSISTED)
    )
    release = made(whole, rounding, tmp_path / "r")
    (town_row,) = release.figures.filter(place_kind="municipality", indicator=SHARE, year=2012).rows(named=True)
    areas = [cell_of(release, area) for area in ASSISTED]
    assert town_row["shown_numerator"] == sum(x for x, _, _ in areas)  # type: ignore[misc]
    assert town_row["shown_denominator"] == sum(n for _, n, _ in areas)  # type: ignore[misc]
    assert release.record["attack"]["leaks"] == 0


def test_every_output_says_that_counts_are_rounded(tmp_path: Path, rounding: Registry) -> None:
    snapshot, releases = town(tmp_path / "s", rounding), tmp_path / "r"
    release = made(snapshot, rounding, releases)
    ledger = store.ledger_of(releases)
    written = approve.write_extract(release, "aarhus", snapshot, rounding, ledger, tmp_path / "e")
    words = "antal er rundet af til hele 5, op eller ned; andele er regnet af de afrundede antal"
    for name in ("definitioner.txt", "aendringer.txt", "sider/index.html", "sider/omraade-ager.html"):
        text = " ".join((written.folder / name).read_text(encoding="utf-8").split())
        assert "AFRUNDET" in text, name
        assert words in text, name
    (listed,) = written.folder.glob("*.csv")
    rows = listed.read_text(encoding="utf-8-sig").splitlines()
    own = [row for row in rows if ";boligområde;Ager;" in row and "kontanthjælp" in row.lower() and ";2012;" in row]
    assert own
    assert all("rundet af til hele 5" in row for row in own)
    said_inside = json.loads((written.folder / folders.INTERNAL / folders.RECORD).read_text(encoding="utf-8"))
    assert (said_inside["method"], said_inside["base"], len(said_inside["rounded"])) == ("rounding", 5, 2)
