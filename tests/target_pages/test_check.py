"""The check of targets before they are decided: what each answer says, on figures that can be looked up by hand."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from flows.marts import build
from flows.publish import snapshots
from flows.publish.snapshots import Snapshot
from flows.target_pages import check as checking
from flows.target_pages.check import NotChecked, check

ROOT = Path(__file__).parents[2]
RAW = ROOT / "data" / "raw"
EXAMPLE = RAW / "plan_targets_example" / "bispehaven_og_vollsmose.csv"
HEADER = (
    "Helhedsplan;Kommune;Mål nr.;Sat den;Sat af;Indsatsområde;Mål med ord;Måles ved;Kan ikke måles, fordi;Boligområde;"
    "Retning;Startværdi;Startår;Målværdi;Målår"
)
TARGET = {
    "no": "31",
    "set": "2009-12-01",
    "goal": "Flere unge er i gang",
    "indicator": "youth_neither_pct",
    "why": "",
    "area": "Bispehaven",
    "way": "skal falde",
    "start": "30",
    "from": "2008",
    "to": "20",
    "by": "2011",
}


def draft(folder: Path, *changes: dict[str, str], head: str = "") -> Path:
    """A file of targets of Bispehaven's plan, each the target above with what it changes."""
    rows = [{**TARGET, **change} for change in changes]
    lines = [
        f"Helhedsplan Bispehaven;Aarhus;{r['no']};{r['set']};gruppen;Børn og unge;{r['goal']};{r['indicator']};"
        f"{r['why']};{r['area']};{r['way']};{r['start']};{r['from']};{r['to']};{r['by']}"
        for r in rows
    ]
    file = folder / "udkast.csv"
    file.write_text(head + "\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, make_night: Any) -> Snapshot:
    """Figures with counts: Bispehaven 60 of 200 in 2008, three areas three years apart, the last figure from 2009."""
    night = make_night(tmp_path_factory.mktemp("check"))
    for source in ("municipalities", "grants"):
        shutil.copytree(RAW / source, night.raw / source)
    night.given("""
bispehaven   2008 youth_neither_pct  60/200
bispehaven   2009 youth_neither_pct  58/200
vollsmose    2006 youth_neither_pct  300/1000
vollsmose    2009 youth_neither_pct  150/1000
akacieparken 2006 youth_neither_pct  30/100
akacieparken 2009 youth_neither_pct  29/100
viby-syd     2005 youth_neither_pct  30/100
viby-syd     2008 youth_neither_pct  25/100
bispehaven   2008 outside_work_pct   40,0
bispehaven   2008 gross_income_dkk   150000
""")
    night.run()
    files = build.build(night.facts, night.folder / "marts", night.registry)
    entries = {name: {"file": file.name} for name, file in files.items()}
    return Snapshot("5f0c9a1b2c3d4e5f", night.folder / "marts", {"origin": "real", "marts": entries})


def answers(snapshot: Snapshot, registry: Any, folder: Path, **change: str) -> tuple[list[str], list[bool]]:
    """What is said of one target, and which answers are fine."""
    found = check(draft(folder, change), snapshot, registry)
    assert not found.unusable
    (target,) = found.targets
    return [answer.sentence for answer in target.answers], [answer.is_fine for answer in target.answers]


def test_each_question_is_answered_in_plain_danish(counted: Snapshot, registry: Any, tmp_path: Path) -> None:
    words, fine = answers(counted, registry, tmp_path)
    # 2.80 sqrt((30 * 70 + 20 * 80) / 200) = 12.0 points, 24 of 200 persons; the step is 10 points, 20 persons.
    assert words[0] == "Der er tal for 'Andel unge uden job og uddannelse' i Bispehaven for 2008 og 2009."
    assert words[1] == "Startværdien 30,0 % er den, som tallene viser for 2008."
    assert "Skridtet til målet er −10,0 procentpoint, det svarer til 20 personer." in words[2]
    assert "er 12,0 procentpoint eller 24 personer" in words[2]
    assert "selv når målet er nået, kan tallene sandsynligvis ikke vise det" in words[2]
    # Of three areas with figures three years apart one went down by 10 points or more.
    assert words[3].startswith("1 af 3 boligområder er på noget tidspunkt gået så langt ned på 3 år")
    assert "større end 67 % af alle de ændringer" in words[3]
    # Municipal figures come on 1 May; those of 2009 were published in 2016 here, seven years later.
    assert words[4] == "Tallet for målåret 2011 burde være udgivet 1. maj 2018, men er ikke leveret."
    assert fine == [True, True, False, True, False]


def test_a_larger_step_can_be_seen(counted: Snapshot, registry: Any, tmp_path: Path) -> None:
    words, fine = answers(counted, registry, tmp_path, to="12")
    assert "Skridtet til målet er −18,0 procentpoint, det svarer til 36 personer." in words[2]
    assert fine[2]
    assert words[3].startswith("0 af 3 boligområder")
    assert not fine[3]


def test_a_starting_value_that_the_figures_do_not_have(counted: Snapshot, registry: Any, tmp_path: Path) -> None:
    words, fine = answers(counted, registry, tmp_path, start="45")
    assert words[1] == "Startværdien 45,0 % passer ikke: tallene viser 30,0 % for 2008."
    assert not fine[1]
    words, fine = answers(counted, registry, tmp_path, start="31,5")
    assert "inden for dets usikkerhed" in words[1]
    assert fine[1]


def test_what_is_not_measured_for_the_area(counted: Snapshot, registry: Any, tmp_path: Path) -> None:
    words, fine = answers(counted, registry, tmp_path, indicator="safe_evening_pct", way="skal stige", to="50")
    assert words[0] == "Der er ingen tal for 'Andel trygge om aftenen' i Bispehaven. Målet kan ikke følges."
    assert "kan ikke kontrolleres" in words[1]
    assert "der er intet tal for startåret" in words[2]
    assert words[3] == "Ingen boligområder har to tal med 3 år imellem, der kan sammenlignes."
    assert words[4] == "Det vides ikke, om der kommer et tal for målåret 2011."
    assert fine == [False] * 5


def test_figures_without_an_interval_cannot_tell_movement_from_chance(
    counted: Snapshot, registry: Any, tmp_path: Path
) -> None:
    words, fine = answers(counted, registry, tmp_path, indicator="outside_work_pct", start="40", to="30")
    assert "ingen beregnet usikkerhed" in words[0]
    assert not fine[0]
    assert "usikkerheden er ukendt" in words[2]


def test_goals_that_are_not_measured_or_given_up(counted: Snapshot, registry: Any, tmp_path: Path) -> None:
    empty = dict.fromkeys(("indicator", "area", "way", "start", "from", "to", "by"), "")
    words, fine = answers(counted, registry, tmp_path, **empty, why="der er for få personer")
    assert (words, fine) == (["Målet følges ikke med tal: der er for få personer."], [True])


def test_rows_that_intake_would_set_aside_are_shown_with_their_line(
    counted: Snapshot, registry: Any, tmp_path: Path
) -> None:
    found = check(draft(tmp_path, {"by": ""}, {"no": "32"}, {"no": "33", "area": "Viby Syd"}), counted, registry)
    assert [(row.line, row.column, row.reason) for row in found.unusable] == [
        (2, "Målår", registry.rules["target_without_year"].da),
        (4, "Boligområde", registry.rules["area_not_in_plan"].da),
    ]
    assert [target.number for target in found.targets] == ["32"]


def test_a_draft_is_held_against_the_targets_that_are_set(published: Path, registry: Any, tmp_path: Path) -> None:
    snapshot = snapshots.current(published / "data/marts")
    same = {"indicator": "nonwestern_pct", "start": "68,6", "from": "2010", "to": "66,0", "by": "2015"}
    found = check(draft(tmp_path, {**same, "no": "41"}), snapshot, registry)
    assert [row.reason for row in found.unusable] == [registry.rules["same_target_twice"].da]
    rewritten = {**same, "no": "3", "set": "2026-11-25"}
    found = check(draft(tmp_path, rewritten), snapshot, registry)
    assert [row.reason for row in found.unusable] == [registry.rules["target_changed"].da]
    again = check(EXAMPLE, snapshot, registry)
    assert not again.unusable
    assert len(again.targets) == 11


def test_the_end_of_a_release_calendar_is_said(published: Path, registry: Any, tmp_path: Path) -> None:
    snapshot = snapshots.current(published / "data/marts")
    target = {"indicator": "nonwestern_pct", "start": "68,6", "from": "2010", "to": "60,0", "by": "2018"}
    found = check(draft(tmp_path, target), snapshot, registry)
    assert (
        "rækker ikke til 2018: det vides ikke, om der kommer et tal for målåret"
        in found.targets[0].answers[-1].sentence
    )


def test_files_that_cannot_be_checked(counted: Snapshot, registry: Any, tmp_path: Path) -> None:
    synthetic = "# kilde: x\n# udgivet: 2010-01-01\n# oprindelse: syntetisk\n"
    with pytest.raises(NotChecked, match="målene er syntetiske, men tallene i data er virkelige"):
        check(draft(tmp_path, {}, head=synthetic), counted, registry)
    empty = tmp_path / "tom.csv"
    empty.write_text("", encoding="utf-8")
    with pytest.raises(NotChecked, match=f"tom.csv: {registry.rules['empty_file'].da}"):
        check(empty, counted, registry)


def test_a_draft_without_a_delivery_note_is_read(counted: Snapshot, registry: Any, tmp_path: Path) -> None:
    assert len(check(draft(tmp_path, {}), counted, registry).targets) == 1
    assert not list(tmp_path.glob(f"*{checking.NOTE_SUFFIX}"))


def test_a_target_that_the_figures_have_passed_already(counted: Snapshot, registry: Any, tmp_path: Path) -> None:
    words, fine = answers(counted, registry, tmp_path, start="40", to="32")
    assert words[2] == "Efter tallene er målet på 32,0 % allerede nået i 2008."
    assert len(words) == 4
    assert not fine[2]


def test_a_target_that_goes_against_the_good_way(counted: Snapshot, registry: Any, tmp_path: Path) -> None:
    words, fine = answers(counted, registry, tmp_path, way="skal stige", to="45")
    assert words[2] == "Tallet skal flytte sig den vej, som ellers regnes for den dårlige."
    assert not fine[2]


def test_a_year_that_the_source_does_not_have(published: Path, registry: Any, tmp_path: Path) -> None:
    snapshot = snapshots.current(published / "data/marts")
    target = {"indicator": "basic_education_pct", "start": "47,7", "from": "2012", "to": "40,0", "by": "2013"}
    found = check(draft(tmp_path, target), snapshot, registry)
    assert (
        found.targets[0].answers[-1].sentence == "Kilden (ministeriet med ansvar for boliger) har ikke tallet for 2013."
    )


def test_a_goal_that_is_an_activity_of_the_plan(published: Path, registry: Any, tmp_path: Path) -> None:
    snapshot = snapshots.current(published / "data/marts")
    empty = dict.fromkeys(("indicator", "area", "way", "start", "from", "to", "by"), "")
    goal = {**empty, "why": "intet register måler det", "goal": "Fritidsjob til unge"}
    head = "# kilde: x\n# udgivet: 2027-01-01\n# oprindelse: real\n"
    found = check(draft(tmp_path, {**goal, "set": "2026-12-01"}, head=head), snapshot, registry)
    assert [row.reason for row in found.unusable] == [registry.rules["goal_is_activity"].da]
