"""The pages for steering groups as files: whole, self-contained, true to the marts; plans and secretariats in short."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from page_reading import Tables, summary, table, text

from flows.present import vocabulary
from flows.target_pages import pages
from schemas.registry import Registry

if TYPE_CHECKING:
    from tests.target_pages.conftest import Town

Written = Callable[..., str]
PLAN, OTHER, EMPTY = "vollsmose", "soenderbro", "stengaarden"


# files ----------------------------------------------------------------------------------------------------------------


def test_every_plan_and_secretariat_has_a_page(make_town: Callable[[], Town], tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    town = make_town()
    files = pages.write(
        town.publish(tmp_path / "m"), town.registry, tmp_path / "p", progress=lambda *at: steps.append(at)
    )
    names = ["index.html", f"plan-{PLAN}.html", f"plan-{EMPTY}.html", f"plan-{OTHER}.html", "sekretariat-odense.html"]
    assert [file.name for file in files] == names
    sheets = {f"moede-{plan}.pdf" for plan in (PLAN, EMPTY, OTHER)}
    assert {file.name for file in (tmp_path / "p").iterdir()} == {*names, *sheets}
    assert [at[1:] for at in steps] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert steps[-1][0] == "index"


def test_some_plans_alone_leave_no_dead_link(make_town: Callable[[], Town], tmp_path: Path) -> None:
    town = make_town()
    files = pages.write(town.publish(tmp_path / "m"), town.registry, tmp_path / "p", [OTHER])
    assert [file.name for file in files] == ["index.html", f"plan-{OTHER}.html", "sekretariat-odense.html"]
    secretariat = files[2].read_text()
    assert "Helhedsplan Vollsmose" in text(secretariat)
    for file in files:
        for href in re.findall(r'href="([^"#]+)', file.read_text()):
            assert (tmp_path / "p" / href).is_file(), href
    assert f'href="plan-{OTHER}.html#maal-1"' in secretariat


def test_a_plan_without_a_secretariat_brings_no_secretariat(make_town: Callable[[], Town], tmp_path: Path) -> None:
    town = make_town()
    files = pages.write(town.publish(tmp_path / "m"), town.registry, tmp_path / "p", [EMPTY])
    assert [file.name for file in files] == ["index.html", f"plan-{EMPTY}.html"]
    assert "Ingen af planerne hører under et områdesekretariat." in text(files[0].read_text())


def test_an_unknown_plan_is_named(make_town: Callable[[], Town], tmp_path: Path) -> None:
    town = make_town()
    with pytest.raises(ValueError, match=f"gellerup: no plan of the snapshot; there are {PLAN}, {EMPTY}, {OTHER}"):
        pages.write(town.publish(tmp_path / "m"), town.registry, tmp_path / "p", ["gellerup", OTHER])
    assert not (tmp_path / "p").exists()


def test_a_snapshot_without_a_mart_is_refused(make_town: Callable[[], Town], tmp_path: Path) -> None:
    town = make_town()
    snapshot = town.publish(tmp_path / "m")
    del snapshot.manifest["marts"]["target_progress"]
    with pytest.raises(LookupError, match="target_progress"):
        pages.write(snapshot, town.registry, tmp_path / "p")


def test_the_same_marts_give_the_same_bytes(folder: Path, make_town: Callable[[], Town], tmp_path: Path) -> None:
    town = make_town()
    again = pages.write(town.publish(tmp_path / "m"), town.registry, tmp_path / "p")
    assert len(again) == 5
    for file in again:
        assert file.read_bytes() == (folder / file.name).read_bytes(), file.name


def test_nothing_points_outside(folder: Path) -> None:
    ids = {file.name: re.findall(r'\bid="([^"]*)"', file.read_text()) for file in folder.glob("*.html")}
    for file in folder.glob("*.html"):
        page = re.sub(r'xmlns(:xlink)?="[^"]*"', "", file.read_text())
        assert not re.search(r"https?:|//[\w-]+\.|@import|url\((?!#)", page), file.name
        assert not re.search(r"<(link|img|iframe|object)\b|<script \w|\son\w+=", page), file.name
        # The index alone is narrowed and sorted by a script of its own, and whole without it.
        assert file.name == "index.html" or not re.search(r"<(script|form)\b", page), file.name
        assert len(ids[file.name]) == len(set(ids[file.name])), file.name
        links = re.findall(r'href="([^"#]*)(?:#([^"]*))?"', page)
        assert len(links) >= 2
        for other, place in links:
            assert not other or (folder / other).is_file(), other
            assert not place or place in ids[other or file.name], (file.name, other, place)
        for named in re.findall(r'aria-labelledby="([^"]*)"', page):
            assert named in ids[file.name]


def test_nothing_empty_is_printed(folder: Path) -> None:
    for file in folder.glob("*.html"):
        assert not re.search(r"\b(nan|NaN|None|null|inf|undefined|Undefined)\b", text(file.read_text())), file.name
        assert not re.search(r"NaN|undefined|Infinity", file.read_text()), file.name
        assert not re.search(r"\b[a-z]+_[a-z_]+\b", re.sub(r"\S+\.csv", "", text(file.read_text()))), file.name


def test_only_greys_and_the_inks_of_all_pictures_are_used(folder: Path) -> None:
    """An area is dark blue, thresholds and goals are brown: both dark on grey paper, and each has a sign besides."""
    for file in folder.glob("*.html"):
        for colour in re.findall(
            r"(?:fill|stroke|color|background|--\w+)[=:]\s*\"?(#[0-9a-fA-F]{3,6})", file.read_text()
        ):
            digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
            assert digits[:2] == digits[2:4] == digits[4:] or colour in ("#12395b", "#8a3b12"), colour
        assert not re.search(r"(?:fill|stroke)=\"(?!#|none|transparent|black|white|url)", file.read_text())


def test_words_of_the_plans_are_written_as_they_are(make_town: Callable[[], Town], written: Written) -> None:
    town, odd = make_town(), "<b>&\"Ærø\" 'x' {{ 7 * 7 }}"
    town.change("dim_targets", {"goal": odd}, plan_id=PLAN, target_no="1")
    town.change("plan_change_theory", {"step": odd}, link_no=5)
    page = written(town)
    assert f"Mål 1: {odd}" in text(page)
    assert "<b>" not in page


# what every page says -------------------------------------------------------------------------------------------------


def test_what_a_page_is_stands_on_top_and_in_its_title(make_town: Callable[[], Town], tmp_path: Path) -> None:
    town = make_town()
    town.origin = "synthetic"
    town.change("dim_targets", {"is_example": True}, plan_id=OTHER)
    pages.write(town.publish(tmp_path / "m"), town.registry, tmp_path / "p")
    for file in (tmp_path / "p").glob("*.html"):
        page = file.read_text()
        is_example = file.name not in (f"plan-{PLAN}.html", f"plan-{EMPTY}.html")
        top = text(page[page.index("<body>") : page.index("<h1>")])
        assert vocabulary.INTERNAL in top
        assert vocabulary.SYNTHETIC in top
        assert (vocabulary.EXAMPLE in top) == is_example, file.name
        marks = "INTERNT · SYNTETISK" + " · EKSEMPEL" * is_example
        assert f"({marks})</title>" in page
        assert f'content: "{marks}"' in page
        assert text(page).endswith(f"{marks}.")


def test_real_figures_are_not_called_made_up(folder: Path) -> None:
    for file in folder.glob("*.html"):
        page = file.read_text()
        assert vocabulary.INTERNAL in text(page)
        assert "(INTERNT)</title>" in page
        assert "SYNTETISK" not in page
        assert "EKSEMPEL" not in page


def test_an_example_of_a_plan_alone_marks_the_index_too(make_town: Callable[[], Town], tmp_path: Path) -> None:
    town = make_town()
    town.target("1", plan=EMPTY, is_example=True)
    pages.write(town.publish(tmp_path / "m"), town.registry, tmp_path / "p")
    marked = {file.name for file in (tmp_path / "p").glob("*.html") if vocabulary.EXAMPLE in text(file.read_text())}
    assert marked == {"index.html", f"plan-{EMPTY}.html"}


@pytest.mark.parametrize("mart", ["plan_activity_years", "plan_change_theory", "shared_indicators"])
def test_an_example_anywhere_makes_the_page_one(make_town: Callable[[], Town], mart: str, written: Written) -> None:
    town = make_town()
    town.rows[mart][0]["is_example"] = True
    assert vocabulary.EXAMPLE in text(written(town))


def test_no_page_says_what_caused_a_movement(folder: Path) -> None:
    for file in folder.glob("*.html"):
        assert not re.search(r"(?i)effekt|effect|virkning|virket", file.read_text()), file.name
        assert "Hvad der har fået dem til det, kan de" in text(file.read_text()).replace("kan den", "kan de")


def test_the_head_says_whose_page_it_is(plan_page: str) -> None:
    head = text(plan_page[: plan_page.index("<main")])
    for words in (
        "Helhedsplan Vollsmose: mål og tal",
        "Kommune Odense",
        "Områder Vollsmose, Bøgeparken",
        "Sekretariat Områdesekretariatet i Odense",
        "Udgave 5f0c9a1b2c3d4e5f, tal modtaget til og med 4. marts 2013",
    ):
        assert words in head
    assert 'href="sekretariat-odense.html"' in plan_page


# a plan in short ------------------------------------------------------------------------------------------------------


def test_a_plan_in_short(plan_page: str) -> None:
    assert summary(plan_page).startswith(
        "Planen har 6 mål. 5 kan måles med en af Boligprofils indikatorer, 1 kan ikke. 1 mål er opgivet undervejs. "
        "Efter det nyeste år med tal er 1 mål nået, 1 på vej og 1 ikke på vej. "
        "Om 1 mål kan tallene ikke afgøre, om det er på vej. For 1 mål er der endnu intet tal efter startåret. "
        "Planen har 3 aktiviteter. For 1 af dem er det ikke sagt, hvilken indikator den skal flytte. Siden viser"
    )


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "Planen har ingen mål i Boligprofil. Planen har ikke indberettet aktiviteter."),
        ({"goals": 1, "goals_measurable": 1}, "Planen har 1 mål. Det kan måles med en af Boligprofils indikatorer."),
        ({"goals": 1}, "Planen har 1 mål. Det kan ikke måles med en af Boligprofils indikatorer."),
        ({"goals": 3}, "Planen har 3 mål. Ingen af dem kan måles med en af Boligprofils indikatorer."),
        ({"goals": 2, "goals_measurable": 2}, "Planen har 2 mål. Alle kan måles med en af Boligprofils indikatorer."),
        ({"reached": 1}, "Efter det nyeste år med tal er 1 mål nået."),
        ({"off_the_way": 2, "on_the_way": 1}, "Efter det nyeste år med tal er 1 mål på vej og 2 ikke på vej."),
        ({"cannot_be_told": 2}, "Om 2 mål kan tallene ikke afgøre, om de er på vej."),
        ({"goals_withdrawn": 2}, "Planen har ingen mål i Boligprofil. 2 mål er opgivet undervejs."),
        (
            {"activities": 1, "activities_without_indicator": 1},
            "Planen har 1 aktivitet. Det er ikke sagt, hvilken indikator den skal flytte.",
        ),
        ({"activities": 1}, "Planen har 1 aktivitet. Det er sagt, hvilken indikator den skal flytte."),
        ({"activities": 2}, "Planen har 2 aktiviteter. For dem alle er det sagt, hvilken indikator de skal flytte."),
        (
            {"activities": 2, "activities_without_indicator": 2},
            "Planen har 2 aktiviteter. For ingen af dem er det sagt, hvilken indikator de skal flytte.",
        ),
    ],
)
def test_one_and_many(empty_town: Town, counts: dict[str, int], words: str, written: Written) -> None:
    zero = dict.fromkeys(
        ("goals", "goals_measurable", "goals_not_measurable", "goals_withdrawn", "activities"), 0
    ) | dict.fromkeys((*vocabulary.VERDICTS, "without_verdict", "activities_without_indicator"), 0)
    empty_town.add("plan_overview", {"plan_id": PLAN, "effort_area_id": "sundhed"} | zero | counts)
    assert words in summary(written(empty_town))


def test_every_goal_stands_in_the_first_table(plan_page: str) -> None:
    goals = table(plan_page, "Målene ét for ét")
    assert [goal.partition(":")[0] for goal in goals] == ["1", "1.1", "6", "2", "4", "3", "5"]
    verdicts = [line["Vurdering"] for line in goals.values()]
    assert verdicts == [
        "↗ På vej (2011)",
        "∅ Følges ikke med tal",
        "✓ Nået (2010)",
        "✗ Ikke på vej (2012)",
        "… Intet tal endnu",
        "? Kan ikke afgøres (2010)",
        "— Opgivet",
    ]
    assert goals["6: Færre flytter"]["Måles ved"] == "Fraflytningsprocent (fælles)"


# activities and theory ------------------------------------------------------------------------------------------------


def test_activities_say_what_they_are_meant_to_move(plan_page: str) -> None:
    done = table(plan_page, "Uddannelse og beskæftigelse")["Jobvejledning i området (Vollsmose)"]
    assert done["Periode"] == "1. august 2008 – 30. juni 2011"
    assert done["Deltagere"] == "2009: 25; 2010: ikke talt; 2011: 1.072"
    assert done["Skal flytte"] == "Andel i beskæftigelse og Andel uden for arbejdsmarkedet"
    assert done["Gennem skridtet"] == "Flere voksne kommer tættere på et arbejde"
    bare = table(plan_page, "Beboernetværk")["Fælles spisning"]
    assert bare["Skal flytte"] == "∅ Ingen indikator nævnt"
    assert bare["Periode"] == "siden 1. januar 2010"


def test_the_picture_tells_proposals_from_the_plans_own_words(plan_page: str) -> None:
    drawn = plan_page[plan_page.index('<figure class="theory">') :]
    drawn = drawn[: drawn.index("</svg>")]
    edges = re.findall(r"<path d=\"M[\d.]+ [\d.]+L[^>]*>", drawn)
    dashed = [edge for edge in edges if "stroke-dasharray" in edge]
    # Own: 3 efforts to activities, 3 activities to steps, 3 steps to indicators; proposed: 1, 1 and 2.
    assert (len(edges), len(dashed)) == (3 + 3 + 3 + 4, 4)
    assert "forslag fra Boligprofil" in drawn
    assert 'aria-label="Fire kolonner' in drawn
    assert "4 koblinger er planens egne og 2 koblinger er forslag fra Boligprofil" in drawn
    for hole in ("Skridtet er ikke", "Hverken skridt eller", "Ingen aktivitet nævnt"):
        assert re.search(f'font-style="italic"[^>]*>{hole}', drawn), hole


def test_the_table_says_what_the_picture_shows(plan_page: str) -> None:
    rows = next(rows for words, rows in Tables(plan_page).tables.items() if words.startswith("Koblinger"))[1:]
    assert len(rows) == 6
    assert rows[0] == [
        "Børn og unge",
        "Lektiecafé",
        "Skridtet er ikke nævnt",
        "Andel unge i uddannelse (Beboernes livssituation)",
        "Planen selv",
    ]
    assert rows[-1][-1] == "Forslag fra Boligprofil"
    assert [row[3] for row in rows].count("Ingen indikator nævnt") == 1


def test_a_plan_without_links_has_no_picture(folder: Path) -> None:
    page = (folder / f"plan-{EMPTY}.html").read_text()
    assert "<svg" not in page
    for words in (
        "Planen hører ikke under et områdesekretariat og har ingen fælles indikatorer.",
        "Planen har ikke indberettet aktiviteter.",
        "Hverken planen eller Boligprofil har sagt, hvordan indsatserne skal flytte tallene.",
        "Sekretariat intet områdesekretariat",
    ):
        assert words in text(page)


def test_sources_are_named_in_danish(plan_page: str) -> None:
    sources = text(plan_page[plan_page.index("<h2>Kilder</h2>") :])
    assert "Mål fra helhedsplanernes projektsekretariater: plan_targets/vollsmose.csv" in sources
    assert "Tal fra kommunen: municipal_figures/odense.csv" in sources


# secretariat and index ------------------------------------------------------------------------------------------------


def test_a_secretariat_sees_its_plans_against_what_it_agreed_on(folder: Path) -> None:
    page = (folder / "sekretariat-odense.html").read_text()
    assert summary(page).startswith(
        "Sekretariatet dækker 2 helhedsplaner med 7 mål, hvoraf 6 kan måles. 2 fælles indikatorer er aftalt, og 3 mål "
        "måles ved dem. 1 aktivitet er ikke knyttet til en indikator."
    )
    work = table(page, "Andel i beskæftigelse efter område")
    assert list(next(iter(work.values())).values())[2:] == [
        "48,2 % (2011; 46,2–50,2)",
        "60,0 %",
        "Steget fra 42,6 (2005–2007) til 48,4 procent (2011–2012), mellem 2,1 og 9,5 procentpoint; forsigtigt regnet "
        "omkring 4,2. Odense Kommune gik i de samme år fra 70,1 til 71,0.",
        "Mål 1: ↗ På vej (2011)",
    ]
    assert "Ingen tal for Bøgeparken; Odense Kommune kan levere dem." in text(page)
    moves = table(page, "Fraflytningsprocent efter område")
    assert [list(row.values())[4:] for name, row in moves.items() if "Sønderbro" in name] == [
        [
            "Om tallet har flyttet sig sikkert, ved vi ikke: der mangler tal for et af de tre år før eller de to "
            "nyeste år.",
            "Mål 1: ? Kan ikke afgøres (2009)",
        ]
    ]
    assert "? Kan ikke afgøres: 2 mål Helhedsplan Vollsmose ( mål 3 ); Sønderbro i fællesskab ( mål 1 )" in text(page)
    assert f'href="plan-{PLAN}.html#maal-6"' in page
    counts = table(page, "Mål og aktiviteter")["Helhedsplan Vollsmose"]
    assert list(counts.values())[1:] == ["6", "5", "1", "1", "1", "1", "1", "1", "3", "1"]
    assert "Stengården" not in page


def test_a_secretariat_sees_which_figures_there_are(folder: Path, registry: Registry) -> None:
    page = (folder / "sekretariat-odense.html").read_text()
    known = table(page, "Indikatorer, som mindst")
    assert list(known) == ["Andel i beskæftigelse (fælles)", "Fraflytningsprocent (fælles)"]
    work, moves = known.values()
    assert work["Områdernes år"] == "2008 og 2010–2012"
    assert work["Hvem ejer tallene"] == "Danmarks Statistik og kommunen"
    assert work["Huller"] == (
        "Ingen tal for 2009; kun 60 % af tallene kom med deres antal, de andre har ukendt usikkerhed."
    )
    assert work["Kommunens egne år"] == "ingen"
    assert moves["Huller"] == "1 af 2 områder har tal."
    assert moves["Kommunens egne år"] == "2007–2009"
    missing = page[page.index("Intet område har tal for") :]
    labels = re.findall("<li>([^<]*)</li>", missing[: missing.index("</ul>")])
    assert len(labels) == sum(indicator.of_areas for indicator in registry.indicators.values()) - 2
    assert "Andel dømte" in labels
    places = table(page, "Indikatorer for kommunen")
    assert len(places) == sum(not indicator.of_areas for indicator in registry.indicators.values()) > 0


def test_a_secretariat_without_anything_says_so(empty_town: Town, tmp_path: Path) -> None:
    empty_town.rows["dim_plans"].clear()
    pages.write(empty_town.publish(tmp_path / "m"), empty_town.registry, tmp_path / "p")
    words = text((tmp_path / "p" / "sekretariat-odense.html").read_text())
    assert "Ingen fælles indikatorer er aftalt." in words
    assert "Ingen helhedsplan hører under sekretariatet." in words
    assert "0 helhedsplaner med 0 mål." in text((tmp_path / "p" / "index.html").read_text())


def test_the_index_counts_every_plan(folder: Path) -> None:
    page = (folder / "index.html").read_text()
    assert "3 helhedsplaner med 7 mål. 1 plan har ingen mål i Boligprofil." in text(page)
    assert "Områdesekretariatet i Odense (2 helhedsplaner)" in text(page)
    plans = table(page, "Mål og aktiviteter")
    assert list(plans) == ["Helhedsplan Vollsmose", "Sønderbro i fællesskab", "Stengården"]
    assert list(plans["Stengården"].values())[1:] == ["Odense", *10 * ["0"]]
    assert plans["Sønderbro i fællesskab"]["? Kan ikke afgøres"] == "1"
