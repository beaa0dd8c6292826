"""The meeting sheet: its title, why and who can deliver, what happened elsewhere, three questions, one page of A4."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.present import goal_line, goals
from flows.present.goals import REMEDIES
from flows.present.meeting import MOST_ROWS
from flows.publish.plans_read import Plan, read
from flows.target_pages import meeting
from flows.target_pages.standing import standing
from schemas.registry import Registry

PLAN = "vollsmose"


def plan_of(town: Any, folder: Path) -> tuple[Plan, Any]:
    snapshot = town.publish(folder / "marts")
    return next(plan for plan in read(snapshot).plans if plan.id == PLAN), snapshot


@pytest.fixture(scope="module")
def full(make_town: Callable[[], Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Any]:
    return plan_of(make_town(), tmp_path_factory.mktemp("meeting"))


def test_goals_stand_with_what_has_to_be_taken_up_first(full: tuple[Plan, Any], registry: Registry) -> None:
    sheet = meeting.compose(full[0], registry)
    assert sheet.title == "Af 5 mål med tal er 1 nået, 1 på vej, 1 ikke på vej, 1 kan ikke afgøres og 1 uden nyt tal"
    assert [(row.number, row.verdict) for row in sheet.rows] == [
        ("2", "✗ Ikke på vej (2012)"),
        ("3", "? Kan ikke afgøres (2010)"),
        ("4", "… Intet tal endnu"),
        ("1", "↗ På vej (2011)"),
        ("6", "✓ Nået (2010)"),
    ]
    assert sheet.without_figures == "1.1 Alle unge får tilbudt et fritidsjob (registret kan ikke opgøres for området)"
    assert sheet.questions == (
        "Mål 2: tallet er 44,0 %, målet er 52,0 % i 2012. Fortsætter I, ændrer I indsatsen, eller sætter I et nyt mål?",
        "Hvem beder Odense Kommune om tallene til mål 4, og hvornår skal de være her?",
        "Mål 1 er på vej. Hvem følger det, og hvornår ser I på det igen?",
    )
    elsewhere = {row.number: row.elsewhere for row in sheet.rows}
    assert elsewhere["1"] == "Området +4,1 (mellem +1,3 og +6,9); kommunen −0,4, hele landet +1,2 (procentpoint)."
    assert elsewhere["4"] == "Intet at holde op mod endnu."


def test_what_cannot_be_told_says_what_is_missing_and_who_can_deliver_it(
    make_town: Callable[[], Any], registry: Registry, tmp_path: Path
) -> None:
    """Every reason that the mart may give, alone."""
    plan, _ = plan_of(make_town(), tmp_path)
    (target,) = [target for target in plan.walk() if target.row["target_no"] == "1"]
    reasons = [*REMEDIES, "start_disagrees", "step_too_small"]
    for reason in reasons:
        unclear = {"target_verdict": "cannot_be_told", "why": reason, "visible_change": 4.2, "denominator": 350}
        years = (*target.years[:-2], {**target.years[-2], **unclear})
        found = standing(replace(target, years=years), "Odense", registry)
        why = goals.why(found)
        solved = ("Odense Kommune kan levere", "et nyt", "et andet tal", "planen kan rette", "Flere områder tilsammen")
        assert any(words in why for words in solved), (reason, why)
        assert "{" not in why
        assert found.awaits_delivery == ("Odense Kommune kan levere" in why), reason
    assert "med 350 personer ses kun ændringer på mindst 4,2 procentpoint" in why


def test_a_title_says_who_can_change_it(make_town: Callable[[], Any], registry: Registry, tmp_path: Path) -> None:
    town = make_town()
    bare = {"target_verdict": "cannot_be_told", "why": "counts_not_delivered"}
    for number in ("1", "2", "3"):
        for row in town.rows["target_progress"]:
            if row["target_no"] == number and row["year"] != 2008:
                row.update(bare)
    sheet = meeting.compose(plan_of(town, tmp_path)[0], registry)
    assert sheet.title == "4 af 5 mål kan ikke afgøres, før Odense Kommune leverer de tal, der mangler"
    assert sheet.questions[0].startswith("Hvem beder Odense Kommune om antallene bag andelene til mål 1, 2, 3 og 4")


def test_a_form_is_of_its_year(full: tuple[Plan, Any], registry: Registry) -> None:
    rows = {row.number: row.verdict for row in meeting.compose(full[0], registry, until=2010).rows}
    assert (rows["2"], rows["1"]) == ("✗ Ikke på vej (2010)", "? Kan ikke afgøres (2010)")


def test_a_line_holds_the_start_the_figure_the_goal_and_the_interval(
    full: tuple[Plan, Any], registry: Registry
) -> None:
    found = {t.row["target_no"]: standing(t, "Odense", registry) for t in full[0].walk() if t.is_measurable}
    assert found["1"].in_words == ("Start 44,1 % (2008), nu 48,2 % (2011; 46,2–50,2), mål 52,0 % (2012).")
    drawn = goal_line.svg(found["1"])
    # 44.1 at the left end, 52.0 at the right: the figure lies at (48.2 - 44.1) / 7.9 of 210 units.
    assert 'cx="10.0"' in drawn
    assert f'd="M{10 + 210 * 4.1 / 7.9:.1f} ' in drawn
    assert 'x1="220.0" x2="220.0"' in drawn
    assert "<path" not in goal_line.svg(found["4"])


@pytest.mark.parametrize("goals", [0, 3, 30])
def test_a_sheet_is_one_page_however_many_goals_there_are(
    full: tuple[Plan, Any], registry: Registry, goals: int
) -> None:
    plan, snapshot = full
    targets = [replace(target, parts=()) for target in plan.targets if target.is_measurable] * 10
    long = [
        replace(t, row={**t.row, "goal": "Flere af områdets voksne er i arbejde eller uddannelse " * 2})
        for t in targets
    ]
    sheet = meeting.compose(replace(plan, targets=tuple(long[:goals])), registry)
    made = meeting.pdf(sheet, snapshot, is_example=False)
    # pdftotext ends each page with a form feed.
    pages = subprocess.run(["pdftotext", "-raw", "-", "-"], input=made, capture_output=True, check=True).stdout
    assert pages.count(b"\f") == 1
    words = " ".join(pages.decode().split())
    assert "INTERNT" in words
    assert "Hvad beslutter vi?" in words
    assert ("Flere mål:" in words) == (goals > MOST_ROWS)
