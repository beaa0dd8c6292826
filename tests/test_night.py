"""Nights over the shipped deliveries: what is gone is told or ends the night, what was cut is whole after the next."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_line import invoke

from flows import night
from flows.core.outcome import Report
from flows.intake import vintages
from flows.intake.ledger import DeliveryLedger
from flows.publish import snapshots
from flows.publish.forecast import Forecast, forecast
from flows.publish.gate import Judgement
from flows.settings import Settings
from flows.steps import FlowStep, Plain
from schemas.loading import load

ROOT = Path(__file__).parents[1]
LIST = "ministry_lists/liste_2015.csv"
EXCEPTION = """
[list_2015_gone]
check = "{check}"
{limits}
reason = "The ministry took the list back."
owner = "Boligprofil, registry"
until = 2030-12-31
"""


class WithoutGate(Plain):
    """Runs the steps, but takes the marts' promises as kept: what is tested here does not depend on them."""

    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """What a step gives."""
        if step is night.JUDGE_MARTS:
            page = given[3] / "index.html"
            page.parent.mkdir()
            page.write_text("")
            return Judgement(0, len(given[0]), (), 0.0, page)
        return super().__call__(step, *given)


class NoStep(Plain):
    """Runs no step: whoever asks it to has begun to build."""

    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """Nothing."""
        pytest.fail(f"{step.name} was begun")


class House:
    """A copy of the published snapshot with its deliveries and registry."""

    def __init__(self, folder: Path, published: Path) -> None:
        shutil.copytree(published / "data", folder / "data", symlinks=True)
        shutil.copytree(ROOT / "data" / "raw", folder / "data" / "raw")
        self.folder, self.raw, self.marts = folder, folder / "data" / "raw", folder / "data" / "marts"
        self.schemas: Path | None = None

    def night(self, runner: Plain | None = None, **how: Any) -> Report:
        """Run the night without the gate."""
        chosen = Settings(raw=self.raw, marts=self.marts, schemas=self.schemas)
        return night.run(chosen, how.pop("again", False), None, None, runner or WithoutGate(), **how)

    def foreseen(self) -> Forecast:
        """What a night would do at most."""
        registry, staging = load(self.schemas), self.marts.parent / "staging"
        found = vintages.vintage(self.raw, DeliveryLedger.load(staging), registry).deliveries
        return forecast(found, (), snapshots.current(self.marts), (self.marts, staging), registry)

    def declare(self, check: str = "delivery_gone", limits: str = f'file = "{LIST}"', **numbers: str) -> None:
        """A registry of the house's own, with one exception more and other limits of the night."""
        self.schemas = self.folder / "schemas"
        shutil.copytree(ROOT / "schemas", self.schemas, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        if check:
            with (self.schemas / "exceptions.toml").open("a") as file:
                file.write(EXCEPTION.format(check=check, limits=limits))
        sources = self.schemas / "sources.toml"
        text = sources.read_text(encoding="utf-8")
        for name, number in numbers.items():
            text = re.sub(rf"^{name} = \S+", f"{name} = {number}", text, flags=re.MULTILINE)
        sources.write_text(text, encoding="utf-8")

    @property
    def pointer(self) -> str:
        """The snapshot in force."""
        return (self.marts / "CURRENT.txt").read_text().strip()

    @property
    def manifest(self) -> dict[str, Any]:
        """What it says of itself."""
        file = self.marts / "versions" / self.pointer / "manifest.json"
        made: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return made

    def read(self, mart: str) -> pl.DataFrame:
        """A mart in force."""
        return pl.read_parquet(self.marts / "versions" / self.pointer / f"{mart}.parquet")


@pytest.fixture
def house(tmp_path: Path, published: Path) -> House:
    return House(tmp_path, published)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock of the night."""

    def set_to(moment: datetime) -> None:
        for module in (night, vintages, night.moments):
            monkeypatch.setattr(module, "now", lambda: moment)

    return set_to


@pytest.mark.slow
def test_a_list_that_is_gone_ends_the_night_until_somebody_accepts_it(house: House) -> None:
    before, rests = house.pointer, next(e["in_force"] for e in house.manifest["deliveries"] if e["path"] == LIST)
    assert rests > 100
    (house.raw / LIST).unlink()
    report = house.night()
    assert (report.outcome, house.pointer) == ("refused", before)
    assert re.search(r"source ministry_lists: [\d,]+ rows last night, [\d,]+ tonight", report.message)
    assert re.search(r"mart area_profile: [\d,]+ rows last night, [\d,]+ tonight", report.message)
    assert f"gone: {LIST}; {rests} rows of facts rested on it" in report.message
    assert any(words.startswith(f"{LIST} is gone since") for words in report.warnings)

    house.declare()
    assert house.night().outcome == "published"
    lost = house.manifest["gone"]
    assert [(entry["path"], entry["source"], entry["rows"], entry["accepted_by"]) for entry in lost] == [
        (LIST, "ministry_lists", rests, "list_2015_gone")
    ]
    assert house.read("known_exceptions").filter(exception_id="list_2015_gone")["still_matches"].to_list() == [True]
    assert any("accepted by deliveries that are accepted as gone" in words for words in house.manifest["warnings"])
    printed = invoke(house.folder, "status", BOLIGPROFIL_SCHEMAS=str(house.schemas)).stdout
    assert re.search(rf"{LIST} +ministry_lists +{lost[0]['since']} +{rests} +list_2015_gone", printed)

    shutil.copy(ROOT / "data" / "raw" / LIST, house.raw / LIST)
    assert house.night().outcome == "published"
    assert house.manifest["gone"] == []
    assert any("list_2015_gone" in words and "can go" in words for words in house.manifest["warnings"])


@pytest.mark.slow
def test_what_is_gone_below_the_limits_is_told_every_night_until_it_is_back(house: House) -> None:
    house.declare(check="", min_rows_share="0.5")
    (house.raw / LIST).unlink()
    report = house.night()
    assert report.outcome == "published"
    assert any(words.startswith(f"{LIST} is gone since") for words in report.warnings)
    since = house.manifest["gone"][0]["since"]
    renamed = house.raw / "ministry_lists" / "renamed.csv"
    (house.raw / "ministry_lists" / "liste_2014.csv").rename(renamed)
    report = house.night()
    assert report.outcome == "published"
    assert [(entry["path"], entry["since"], entry["accepted_by"]) for entry in house.manifest["gone"]] == [
        (LIST, since, "")
    ]
    assert [(entry["was"], entry["path"]) for entry in house.manifest["moved"]] == [
        ("ministry_lists/liste_2014.csv", "ministry_lists/renamed.csv")
    ]
    assert "ministry_lists/liste_2014.csv moved to ministry_lists/renamed.csv: the same bytes" in report.warnings


@pytest.mark.parametrize("how", ["a source", "all", "an empty folder", "no folder"])
def test_above_the_share_nothing_is_begun_and_the_snapshot_stays(house: House, how: str) -> None:
    before, ledger = house.pointer, (house.folder / "data/staging/deliveries/ledger.jsonl").read_bytes()
    count = len(house.manifest["deliveries"])
    if how == "a source":
        shutil.rmtree(house.raw / "ministry_lists")
    elif how == "all":
        for file in house.raw.rglob("*.csv"):
            file.unlink()
    else:
        shutil.rmtree(house.raw)
        if how == "an empty folder":
            house.raw.mkdir()
    report = house.night(NoStep())
    assert (report.outcome, house.pointer) == ("refused", before)
    assert "refused before anything was built" in report.message
    assert re.search(r"ministry_lists: \d+ gone \(.*; [\d,]+ rows of facts rested on them", report.message)
    assert f"Snapshot {before} stays in force" in report.message
    if how != "a source":
        assert f"all {count} deliveries are gone" in report.message
        assert f"Mount or put back the folder of deliveries, {house.raw}" in report.message
    assert ("is no folder of deliveries" in report.message) == (how == "no folder")
    # Nothing of it was dated: put back, the deliveries are those of last night.
    assert (house.folder / "data/staging/deliveries/ledger.jsonl").read_bytes() == ledger
    figures = invoke(house.folder, "status")
    assert figures.exit_code == 0
    assert ("refused before anything was built" in figures.stdout) == (how != "no folder")
    assert ("is no folder of deliveries: the next night will be refused" in figures.stdout) == (how == "no folder")
    done = invoke(house.folder, "run")
    assert done.exit_code == 1
    assert "refused before anything was built" in done.stderr
    shutil.rmtree(house.raw, ignore_errors=True)
    shutil.copytree(ROOT / "data" / "raw", house.raw)
    assert house.night(NoStep()).outcome == "unchanged"


def test_with_nothing_in_force_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "raw" / "population").mkdir(parents=True)
    report = night.run(Settings(raw=tmp_path / "raw", marts=tmp_path / "marts"), False, None, None, NoStep())
    assert report.outcome == "refused"
    assert "there are no deliveries" in report.message


def test_a_linked_folder_is_as_good_as_the_folder_and_a_link_to_nowhere_ends_the_night(house: House) -> None:
    (house.raw / "ministry_lists").rename(house.folder / "elsewhere")
    (house.raw / "ministry_lists").symlink_to(house.folder / "elsewhere")
    (house.raw / "grants" / "again").symlink_to(house.raw)
    report = house.night(NoStep())
    assert report.outcome == "unchanged"
    assert report.warnings == ("grants/again is a link back to the folder of deliveries, or above it",)
    assert "grants/again is a link back" in invoke(house.folder, "run").stdout
    (house.folder / "elsewhere").rename(house.folder / "unmounted")
    report = house.night(NoStep())
    assert report.outcome == "refused"
    assert "ministry_lists is a link that leads nowhere" in report.message


def test_a_clock_that_is_set_back_or_far_ahead_dates_nothing(house: House, clock: Callable[[datetime], None]) -> None:
    before = {file: file.read_bytes() for file in house.folder.rglob("*") if file.is_file()}
    made = datetime.fromisoformat(house.manifest["created_at"])
    for moment in (made - timedelta(minutes=11), made - timedelta(days=4000), made + timedelta(days=401)):
        clock(moment)
        for again in (False, True):
            report = house.night(NoStep(), again=again)
            assert report.outcome == "refused"
            assert f"the clock says {moment:%Y-%m-%d %H:%M} UTC" in report.message
            assert "boligprofil run --clock-is-right" in report.message
        assert invoke(house.folder, "run").exit_code == 1
        file = house.folder / "mail.csv"
        file.write_text("x")
        done = invoke(house.folder, "receive", str(file), "population", "--published", "2012", "--origin", "real")
        assert done.exit_code == 1
        assert "Nothing was dated" in done.stderr
        assert "Nothing was dated" in invoke(house.folder, "status").stdout.replace("\n", " ")
        file.unlink()
    assert {file: file.read_bytes() for file in house.folder.rglob("*") if file.is_file()} == before
    clock(made - timedelta(minutes=9))
    assert house.night(NoStep()).outcome == "unchanged"


def test_before_the_software_was_made_the_first_night_is_refused(
    tmp_path: Path, clock: Callable[[datetime], None]
) -> None:
    (tmp_path / "raw").mkdir()
    clock(datetime(2020, 1, 1, tzinfo=UTC))
    report = night.run(Settings(raw=tmp_path / "raw", marts=tmp_path / "marts"), False, None, None, NoStep())
    assert "the version of the software is of a later day" in report.message


@pytest.mark.slow
def test_a_changed_file_costs_what_rests_on_it_and_the_rest_is_taken_over(house: House) -> None:
    before = house.marts / "versions" / house.pointer
    population = house.raw / "population" / "folketal_2016_2017.csv"
    lines = population.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[-1] = re.sub(r"\d;endelig", lambda last: f"{(int(last[0][0]) + 1) % 10};endelig", lines[-1])
    population.write_text("".join(lines), encoding="utf-8")
    foreseen = house.foreseen()
    report = house.night(Plain())
    assert report.outcome == "published", report.message
    work, after = house.manifest["work"], house.marts / "versions" / house.pointer
    assert (work["taken_over_from"], report.taken_over) == (before.name, tuple(work["marts_taken_over"]))
    assert {"yearly_figures", "place_figures"} <= set(work["built"])
    made_of = [json.loads((folder / "manifest.json").read_text())["steps"] for folder in (before, after)]
    assert {name for name, step in made_of[1].items() if step != made_of[0][name]} <= set(foreseen.steps)
    assert [(read.path, read.why) for read in foreseen.reads] == [("population/folketal_2016_2017.csv", "changed")]
    assert not foreseen.makes_all
    assert not {"dim_plans", "statutory_criteria", "statistics.twins", "grant_list"} & set(work["built"])
    assert {"dim_plans", "statutory_criteria"} <= set(work["marts_taken_over"])
    assert "place_figures" in work["judged"]
    assert sorted([*work["judged"], *work["verdicts_taken_over"]]) == sorted(house.manifest["marts"])
    # The marts that are not judged again are most of them, for their checks read no others.
    assert len(work["verdicts_taken_over"]) > len(house.manifest["marts"]) / 2
    for name in ("dim_plans.parquet", "data_docs/marts/dim_plans.html"):
        assert (after / name).samefile(before / name)
    assert before.name in (after / "data_docs" / "index.html").read_text(encoding="utf-8")
    # Made from the ground they have the same bytes, but that nothing was revised since this night.
    hashes = {mart: entry["sha256"] for mart, entry in house.manifest["marts"].items()}
    assert house.night(again=True).outcome == "published"
    fresh = {mart: entry["sha256"] for mart, entry in house.manifest["marts"].items()}
    assert {mart for mart in fresh if fresh[mart] != hashes[mart]} == {"revisions"}
    assert house.manifest["work"]["taken_over_from"] == ""


@pytest.mark.slow
def test_whoever_says_that_the_clock_is_right_is_told_what_that_means(
    house: House, clock: Callable[[datetime], None]
) -> None:
    made, snapshot = datetime.fromisoformat(house.manifest["as_of"]), house.pointer
    now = made - timedelta(hours=5)
    clock(now)
    ledger = house.folder / "data/staging/deliveries/ledger.jsonl"
    before = ledger.read_bytes()
    (house.raw / "population" / "new.csv").write_text("x")
    report = house.night(clock_is_right=True)
    assert report.outcome == "published", report.message
    (words,) = (words for words in report.warnings if words.startswith("the clock was said to be right"))
    assert f"snapshot {snapshot}" in words
    assert "No date that was written is changed" in words
    assert ledger.read_bytes().startswith(before)
    clock(now + timedelta(days=1))
    assert house.night(NoStep()).outcome == "unchanged"


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 0.999])
def test_a_cut_manifest_is_said_by_readers_and_made_anew_by_the_night(house: House, share: float) -> None:
    snapshot, file = house.pointer, house.marts / "versions" / house.pointer / "manifest.json"
    whole, content = house.manifest, file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    for command in (
        ["path", "coverage"],
        ["status"],
        ["check"],
        ["snapshots"],
        ["trace", "area=vollsmose", "year=2012", "indicator=residents"],
        ["extract", "--year", "2012"],
    ):
        done = invoke(house.folder, *command)
        assert done.exit_code == 1
        assert "manifest.json is cut or empty" in done.stderr
        assert "Run 'boligprofil run'" in done.stderr
    report = house.night()
    assert (report.outcome, house.pointer) == ("published", snapshot), report.message
    assert any("cannot be read" in words and snapshot in words for words in report.warnings)
    assert house.manifest["marts"] == whole["marts"]
    known = ("path", "sha256", "came_at", "in_force", "rows", "used")
    assert [[e.get(k) for k in known] for e in house.manifest["deliveries"]] == [
        [e.get(k) for k in known] for e in whole["deliveries"]
    ]
    assert invoke(house.folder, "status").exit_code == 0
    assert house.night(NoStep()).outcome == "unchanged"


def test_with_a_cut_manifest_what_is_gone_is_still_known(house: House) -> None:
    snapshot, count = house.pointer, len(house.manifest["deliveries"])
    (house.marts / "versions" / house.pointer / "manifest.json").write_bytes(b"")
    shutil.rmtree(house.raw)
    report = house.night(NoStep())
    assert f"all {count} deliveries are gone" in report.message
    assert f"Snapshot {snapshot} stays in force" in report.message


@pytest.mark.parametrize("left", [None, b"", b"0123"])
def test_a_cut_pointer_is_said_by_readers_and_set_by_the_night(house: House, left: bytes | None) -> None:
    snapshot = house.pointer
    pointer = house.marts / "CURRENT.txt"
    pointer.unlink()
    if left is not None:
        pointer.write_bytes(left)
    done = invoke(house.folder, "path", "coverage")
    assert (done.exit_code, "CURRENT.txt" in done.stderr, "boligprofil run" in done.stderr) == (1, True, True)
    report = house.night(NoStep())
    assert (report.outcome, house.pointer) == ("unchanged", snapshot)
    assert any(f"it names snapshot {snapshot} again" in words for words in report.warnings)


@pytest.mark.parametrize("share", [None, 0.0, 0.4, 0.99])
def test_a_cut_ledger_is_said_and_written_again(house: House, share: float | None) -> None:
    ledger = house.folder / "data/staging/deliveries/ledger.jsonl"
    content = ledger.read_bytes()
    ledger.unlink()
    if share is not None:
        ledger.write_bytes(content[: int(share * len(content))])
    report = house.night(NoStep())
    # The days on which the deliveries came are known from the manifest, so that nothing has to be read anew.
    assert report.outcome == "unchanged", report.message
    assert any("ledger.jsonl" in words for words in report.warnings)
    again = house.night(NoStep())
    assert (again.outcome, again.warnings) == ("unchanged", ())
