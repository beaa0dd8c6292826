"""Goals on a plan's page: shared ones first, each with its verdict, and plain about what the figures cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from page_reading import table, target, text

from flows.present import notation, vocabulary
from flows.publish import plans_read
from schemas.registry import Registry

if TYPE_CHECKING:
    from tests.target_pages.conftest import Town

Written = Callable[..., str]
PLAN, OTHER, EMPTY = "vollsmose", "soenderbro", "stengaarden"


def test_shared_indicators_come_before_everything_else(plan_page: str) -> None:
    order = re.findall(r'<article [^>]*id="(maal-[^"]*)"', plan_page)
    assert order == ["maal-1", "maal-1-2e-1", "maal-6", "maal-2", "maal-4", "maal-3", "maal-5"]
    shared = plan_page[plan_page.index('id="faelles"') : plan_page.index('id="maal"')]
    assert "Andel i beskæftigelse. Beskæftigede beboere på 18-64 år" in text(shared)
    assert "Aftalt af projektlederne, gælder fra den 1. januar 2009." in text(shared)
    assert 'class="ended"><strong>Andel dømte</strong> (gælder ikke længere)' in shared
    assert "ophørt den 31. december 2008." in text(shared)
    assert "maal-6" in shared
    assert "maal-3" not in shared


def test_a_shared_part_is_told_once_and_found_from_its_parent(plan_page: str) -> None:
    assert "Delmål 6: Færre flytter" in text(target(plan_page, "6"))
    assert "Del af mål 3." in text(target(plan_page, "6"))
    assert "Delmål ved fælles indikatorer står ovenfor: mål 6" in text(target(plan_page, "3"))
    assert plan_page.count('id="maal-6"') == 1


def test_parts_stand_under_their_parent(plan_page: str) -> None:
    parent = plan_page[plan_page.index('id="maal-1"') :]
    inside = parent[: parent.index("</article>")]
    assert 'class="target part" id="maal-1-2e-1"' in inside
    assert "Delmål 1.1: Alle unge får tilbudt et fritidsjob" in text(inside)
    assert "Del af mål 1." in text(inside)


def test_effort_areas_stand_in_the_order_of_the_registry(plan_page: str, registry: Registry) -> None:
    goals = plan_page[plan_page.index('id="maal"') : plan_page.index('id="aktiviteter"')]
    names = [row["name_da"] for row in registry.codes["effort_areas"]]
    assert len(names) == 6
    assert re.findall(r"<h3>([^<]*)</h3>", goals) == names
    assert text(goals).count("Ingen mål.") == 3
    work = text(goals)[text(goals).index("Uddannelse og beskæftigelse") :]
    assert work.startswith("Uddannelse og beskæftigelse Står et andet sted på siden: mål 1, mål 1.1, mål 6 Mål 3")


def test_an_effort_area_that_was_granted_without_a_goal_says_so(
    make_town: Callable[[], Town], written: Written
) -> None:
    town = make_town()
    granted = {"plan_id": EMPTY, "effort_area_id": "sundhed", "was_granted": True}
    town.add("plan_overview", granted)
    page = text(written(town, EMPTY))
    assert "Sundhed Ingen mål, selv om en bevilling til planen nævner indsatsområdet." in page
    assert page.count("Ingen mål.") == 5


def test_a_goal_on_the_way(plan_page: str) -> None:
    words = text(target(plan_page, "1"))
    for needed in (
        "Mål 1: Flere voksne er i arbejde Fælles indikator. Sat den 3. maj 2008 af styregruppen.",
        "↗ På vej i 2011 (foreløbig vurdering)",
        vocabulary.MEANINGS["on_the_way"],
        "Måles ved Andel i beskæftigelse: Beskæftigede beboere på 18-64 år",
        "Mål Skal stige fra 44,1 % i 2008 til 52,0 % i 2012.",
        "Område Vollsmose",
        "Startværdi Startværdien er den, som tallene viser.",
        "Fra 2008 til 2011 ændrede områdets tal sig med +4,1 procentpoint (95 %-interval +1,3 til +6,9).",
        "I de samme år ændrede kommunens tal (Odense) sig med −0,4 procentpoint.",
        "I de samme år ændrede hele landets tal sig med +1,2 procentpoint.",
        "I de samme år ændrede tvillingernes gennemsnit sig med +0,7 procentpoint.",
        "mindst 4,2 procentpoint, altså omkring 63 personer, før det nogenlunde sikkert kan ses",
        "Fra start til mål er der 7,9 procentpoint. Det er langt nok til at kunne ses.",
        "7 områder af 31 har nogensinde flyttet sig mindst så langt den vej på 4 år, også dem, der gjorde det ved et",
        "Om målet bliver nået i 2012: det nyeste tal er fra 2011.",
        "× 2009: tallet er ikke leveret.",
    ):
        assert needed in words, needed
    assert "Stigningen er sikker, og den kan godt være så stor, som vejen til målet kræver." in words


def test_the_years_of_a_goal_are_those_of_the_mart(plan_page: str) -> None:
    years = table(plan_page, "Mål 1, år for år")
    assert list(years) == ["2008", "2009", "2010", "2011", "2012"]
    assert list(years["2011"].values())[1:] == [
        "48,2 %",
        "46,2–50,2",
        "50,0 %",
        "+4,1 procentpoint",
        "+1,3 til +6,9",
        "↗ På vej",
        "foreløbig vurdering",
    ]
    assert years["2009"]["Tal"] == "(ikke leveret)"
    assert years["2009"]["Vurdering"] == notation.ABSENT
    assert years["2008"]["Bemærk"] == vocabulary.WHY["starting_year"]


def test_a_revised_goal_keeps_what_it_was(plan_page: str) -> None:
    words = text(target(plan_page, "2"))
    assert "Sat den 3. maj 2008 af styregruppen." in words
    assert "Ændret Den 1. februar 2010 af bestyrelsen." in words
    assert (
        "Oprindeligt mål: Skal stige fra 44,1 % i 2008 til 60,0 % i 2012. Sat den 3. maj 2008, afløst den 1. februar "
        "2010. Målt mod det: ✗ ikke på vej i 2012." in words
    )
    assert "Mål Skal stige fra 44,1 % i 2008 til 52,0 % i 2012." in words
    assert "✗ Ikke på vej i 2012 (slutvurdering)" in words
    assert table(plan_page, "Mål 2, år for år")["2009"]["Bemærk"] == vocabulary.KINDS["afterwards"]
    assert "Planens målgruppe drenge på 16-20 år" in words
    assert "Om planens målgruppe har flyttet sig på samme måde" in words


def test_what_cannot_be_told_has_its_reasons(plan_page: str) -> None:
    words = text(target(plan_page, "3"))
    assert "? Kan ikke afgøres i 2010" in words
    assert (
        "Planen skriver 45,0 % i startåret, tallene viser 43,1 %; planen kan rette sin startværdi. Usikkerheden "
        "kan ikke regnes for det, der tælles. Ingen levering løser det; et andet tal kan. Målåret er ikke nået" in words
    )
    assert f"Ingen usikkerhed er vist: {vocabulary.WHY['no_interval_for_basis']}." in words
    assert "lodret streg" not in words
    assert "Tallene viser 43,1 %, og vejen er regnet derfra." in words
    assert "(usikkerheden er ukendt)" in words
    assert f"Om det kan ses, ved vi ikke: {vocabulary.WHY['no_interval_for_basis']}." in words
    assert "Om noget område har flyttet sig så langt på 4 år, ved vi ikke" in words
    assert "Om tallet for 2010 bliver stående: det er foreløbigt." in words
    assert "Hvad der skete i 2010 alene: tallet er et gennemsnit over 4 år." in words


def test_locked_twins_are_said_to_be_locked(plan_page: str) -> None:
    assert f"Ingen sammenligning med tvillinger: {vocabulary.TWINS_MISSING['locked']}." in text(target(plan_page, "2"))


@pytest.mark.parametrize("reason", ["no_twins", "no_figure"])
def test_missing_twins_have_a_reason(make_town: Callable[[], Town], reason: str, written: Written) -> None:
    town = make_town()
    town.change("target_progress", {"twin_change_missing_reason": reason}, target_no="2", year=2012)
    gone = {"municipality_change": None, "country_change": None}
    town.change("target_progress", gone, target_no="2", year=2012)
    words = text(target(written(town), "2"))
    assert f"Ingen sammenligning med tvillinger: {vocabulary.TWINS_MISSING[reason]}." in words
    assert "I de samme år mangler kommunens tal (Odense) for mindst ét af årene." in words
    assert "I de samme år mangler hele landets tal for mindst ét af årene." in words


def test_two_years_that_cannot_be_compared_are_not(make_town: Callable[[], Town], written: Written) -> None:
    town = make_town()
    apart = dict.fromkeys(("change_start", "change_start_low", "change_start_high", "municipality_change"))
    why = {"why": "repeated_figure", "target_verdict": "cannot_be_told"}
    town.change("target_progress", apart | why, target_no="2", target_version=2, year=2012)
    words = text(target(written(town), "2"))
    assert f"Fra 2008 til 2012 kan områdets ændring ikke opgøres: {vocabulary.WHY['repeated_figure']}. Derfor" in words
    assert "kommunens tal" not in words
    assert "hul prik: kilden gentager startårets tal" in words


def test_a_goal_without_any_figure_has_words_for_a_chart(plan_page: str) -> None:
    part = target(plan_page, "4")
    assert "<svg" not in part
    assert "<table" not in part
    assert (
        "Ingen vurdering endnu. Der er intet tal efter startåret 2008. Odense Kommune kan levere tallene for 2009-2012."
        in text(part)
    )
    assert "Ingen figur: der er intet tal for området i årene fra start til mål." in text(part)
    assert "Om målet er på vej: der er endnu intet tal efter startåret." in text(part)
    assert f"Om det kan ses, ved vi ikke: {vocabulary.WHY['no_start_figure']}." in text(part)
    assert "Der er intet tal for startåret. Vejen er regnet fra planens eget tal." in text(part)


def test_a_goal_with_no_figure_but_the_start_has_its_course_alone(
    make_town: Callable[[], Town], written: Written
) -> None:
    town = make_town()
    town.change("target_progress", {"value": 43.1}, target_no="4", year=2008)
    part = target(written(town), "4")
    assert part.count("<svg") == 1
    assert "Forløbet 2008–2012 (%)" in text(part)


def test_a_goal_that_was_given_up_says_so_and_is_not_judged(plan_page: str) -> None:
    part = target(plan_page, "5")
    assert "Opgivet: planen har opgivet målet. Det vurderes ikke længere." in text(part)
    assert "<svg" not in part
    assert "Hvad tallene ikke kan sige" not in part


def test_a_line_that_only_gives_a_goal_up_leaves_what_it_was(empty_town: Town, written: Written) -> None:
    empty_town.target("1", "youth_in_education_pct", is_current=False, replaced_on=date(2010, 2, 1))
    empty_town.years("1", {2008: 43.1, 2009: 42.0}, {2009: "off_the_way"})
    bare = dict.fromkeys(
        ("direction", "start_value", "start_year", "target_value", "target_year", "start_figure", "step_size")
    )
    given_up = {"version": 2, "is_withdrawn": True, "is_current": False, "set_on": date(2010, 2, 1)}
    empty_town.target("1", "youth_in_education_pct", **given_up, **bare)
    words = text(target(written(empty_town), "1"))
    assert "Opgivet: planen har opgivet målet." in words
    assert "Ændret Den 1. februar 2010 af styregruppen." in words
    assert "Oprindeligt mål: Skal falde fra 43,1 % i 2008 til 38,0 % i 2012." in words
    assert "Målt mod det: ✗ ikke på vej i 2009." in words
    assert "Startværdi" not in words


def test_a_goal_that_was_taken_up_again_says_so(empty_town: Town, written: Written) -> None:
    empty_town.target("1", is_withdrawn=True, is_current=False, replaced_on=date(2010, 2, 1))
    empty_town.target("1", version=2, set_on=date(2010, 2, 1))
    words = text(target(written(empty_town), "1"))
    assert "Oprindeligt mål: opgivet. Sat den 3. maj 2008, afløst den 1. februar 2010." in words
    assert "Følges ikke med tal" in words


@pytest.mark.parametrize(("reason", "words"), vocabulary.NOT_MEASURABLE.items())
def test_a_goal_that_cannot_be_measured_says_why(empty_town: Town, reason: str, words: str, written: Written) -> None:
    empty_town.target("1", not_measurable_because=reason)
    assert f"Følges ikke med tal: {words}." in text(target(written(empty_town), "1"))


@pytest.mark.parametrize(("verdict", "word"), vocabulary.VERDICTS.items())
@pytest.mark.parametrize("kind", ["interim", "final", "afterwards", "replaced"])
def test_every_verdict_has_a_sign_a_word_and_its_meaning(
    empty_town: Town, verdict: str, word: str, kind: str, written: Written
) -> None:
    empty_town.target("1", "youth_in_education_pct")
    empty_town.years("1", {2008: 43.1, 2009: 42.0}, {2009: verdict})
    empty_town.change("target_progress", {"verdict_kind": kind}, year=2009)
    words = text(target(written(empty_town), "1"))
    assert (
        f"{vocabulary.SIGNS[verdict]} {word} i 2009 ({vocabulary.KINDS[kind]}) {vocabulary.MEANINGS[verdict]}" in words
    )
    assert vocabulary.KIND_MEANINGS[kind] in words


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ({"step_is_visible": False}, "Fra start til mål er der 5,1 procentpoint. Det er for kort til at kunne ses."),
        ({"moved_areas": 1}, "1 område af 31 har nogensinde flyttet sig"),
        ({"moved_areas": 0}, "0 områder af 31 har nogensinde flyttet sig"),
        ({"visible_count": 1.0}, "altså omkring 1 person, før"),
        (
            {"visible_change": None, "visible_count": None, "has_counts": False},
            f"Om det kan ses, ved vi ikke: {vocabulary.WHY['counts_not_delivered']}.",
        ),
        ({"start_check": "within_interval", "start_figure": 42.9}, "Tallene viser 42,9 %, og vejen er regnet derfra."),
    ],
)
def test_what_can_be_seen_at_all(empty_town: Town, new: dict[str, Any], words: str, written: Written) -> None:
    empty_town.target("1", "youth_in_education_pct")
    empty_town.years("1", {2008: 43.1, 2009: 42.0})
    empty_town.change("dim_targets", new, target_no="1")
    assert words in text(target(written(empty_town), "1"))


def test_parents_that_run_in_a_ring_lose_no_goal(empty_town: Town, written: Written) -> None:
    for number, parent in (("1", "2"), ("2", "1"), ("3", "3"), ("4", "none"), ("10", "4")):
        empty_town.target(number, parent_no=parent)
    page = written(empty_town)
    assert re.findall(r'<article [^>]*id="maal-([^"]*)"', page) == ["1", "2", "3", "4", "10"]


def test_numbers_of_goals_are_sorted_as_people_count() -> None:
    numbers = ["10", "1.10", "2", "1.9", "A2", "1"]
    assert sorted(numbers, key=plans_read.in_order) == ["A2", "1", "1.9", "1.10", "2", "10"]
