"""What the web pages of an extract say, and that nothing on them tells a figure that is not shown."""

import base64
import hashlib
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from random import Random

import pytest
from by_hand import Years, all_planted, first_area_with, with_figures
from page_reading import Tables, table, text
from profiles import examples
from random_extracts import random_extract

from flows.extracts import findings, news, pages, words
from flows.extracts.model import ClearedFigure, Extract, Place, Series
from schemas.registry import Registry

AREA = "omraade-bispehaven.html"


def written(extract: Extract, registry: Registry, folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in pages.write(extract, registry, folder)}


def grid(page: str, caption: str) -> list[list[str]]:
    """The cells of a table, with what stands small in them behind a bar."""
    cells = page.replace("<small>", " | ").replace("  | ", " | ").replace("\N{SOFT HYPHEN}", "")
    return next(rows for prose, rows in Tables(cells).tables.items() if prose.startswith(caption))


def test_a_page_for_each_area_and_one_for_all(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    files = pages.write(full_extract, registry, tmp_path / "new" / "folder")
    assert [file.name for file in files] == [
        "index.html",
        AREA,
        "omraade-viby-syd.html",
        "sammenlign.html",
        "nyt.html",
        "begreber.html",
    ]
    assert sorted(file.name for file in files[0].parent.iterdir()) == sorted(file.name for file in files)


def test_banners_stand_above_everything_on_every_page(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    for origin, is_cleared in (("synthetic", False), ("real", True)):
        extract = replace(full_extract, origin=origin, is_cleared=is_cleared)
        expected = " ".join(f"{mark}: {prose}" for mark, prose in words.banners(extract))
        for page in written(extract, registry, tmp_path).values():
            prose = text(page[page.index("<body>") :]).replace(" :", ":")
            assert prose.startswith(f"Gå til indholdet {expected}")


def test_pages_allow_their_own_script_and_style_and_nothing_else(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    for page in written(full_extract, registry, tmp_path).values():
        policy = unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])  # type: ignore[index]
        for part in ("style", "script"):
            (found,) = re.findall(rf"<{part}>(.*?)</{part}>", page, flags=re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()
            assert f"{part}-src 'sha256-{digest}';" in policy
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert not re.search(
            r'\sstyle="|\son[a-z]+="|<link (?!rel="icon" href="data:,")|<(img|iframe|object|embed)\b', page
        )
        addresses = set(re.findall(r'(?:href|src)="([^"]*)"', page))
        assert all(
            re.fullmatch(
                r"#[a-z0-9_-]+|data:,|(index|sammenlign|nyt|begreber)\.html|omraade-[a-z-]+\.html(#d-[a-z0-9_]+)?"
                r"|\.\./[a-z0-9-]+\.[a-z]+",
                to,
            )
            for to in addresses
        ), addresses
        assert set(re.findall(r"https?://[^\s\"')]*", page)) <= {"http://www.w3.org/2000/svg"}


def test_the_same_extract_gives_the_same_bytes(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    first, second = (written(full_extract, registry, tmp_path / name) for name in ("a", "b"))
    assert first == second
    assert str(tmp_path) not in "".join(first.values())


def test_key_figures_stand_beside_other_places_with_their_verdicts(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    page = written(full_extract, registry, tmp_path)[AREA]
    seen = {row[0]: row[2] for row in grid(page, "Hovedtal for Bispehaven i 2012")}
    assert seen["Fraflytningsprocent"] == "−6,6 sikkert gunstigerekommunen 16,3"
    assert 'aria-label="Fraflytningsprocent: 9,7 %, mellem 7,9 og 11,8; kommunen 16,3 %. ' in page
    limited = seen["Andel uden for arbejdsmarkedet | gennemsnit over 2 år"]
    assert limited.startswith("● 3,0 over grænsen: opfyldt+20,6, usikkerhed ukendt")
    assert "Andel dømte" not in seen
    rows = grid(page, "Alle tal for Bispehaven")
    by = {(row[0], row[1]): row[2:] for row in rows}
    assert by["Fraflytningsprocent", "2012"][:3] == [
        "9,7 % | 84 af 869 boliger",
        "mellem 7,9 og 11,8",
        # The verdict is about the area, though it stands under the municipality's number.
        "16,3 % | området er sikkert gunstigere",
    ]
    assert by["Andel på kontanthjælp", "2012"][:2] == ["0,0 % | 0 af 1.480 personer", "mellem 0,0 og 0,3"]
    assert by["Andel dømte", "2012"][:2] == ["skjult", "–"]
    assert by["Beboere", "2012"][:3] == ["2.390 personer", "talt op", "327.000 personer"]


def test_the_overview_sets_areas_side_by_side(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    page = written(full_extract, registry, tmp_path)["index.html"]
    assert "<h1>Bispehaven er på ministeriets liste; om Viby-Syd har vi ingen tal</h1>" in page
    seen = {row[0]: row for row in grid(page, "Områderne og deres hovedtal i 2012")}
    heads = seen["Område"]
    bispehaven = dict(zip(heads, seen["Bispehaven"], strict=True))
    assert bispehaven["Ministeriets liste"].startswith("● På listen, 2 af 3 opfyldt, 2 kræves")
    assert bispehaven["Uden for arbejdsmarkedet, pct. | kriterium: over 40"].startswith("●43,0 opfyldt")
    assert "Dømte, pct." not in " ".join(heads)
    assert bispehaven["Fraflytningsprocent"] == "9,7"
    assert "40 af 40 tal er ikke leveret." in seen["Viby-Syd"][2]
    missing = table(page, "Hvor mange tal for 2012 vises")
    assert missing["Viby-Syd"] == {
        "Område": "Viby-Syd",
        "Vises": "0 af 40",
        "Mangler": "ikke leveret: 40",
        "Hvem kan levere": "Aarhus Kommune og boligorganisationen",
    }
    assert missing["Bispehaven"]["Mangler"].startswith("skjult: 1; kan ikke kontrolleres: 1; ikke leveret: 31")
    assert 'href="omraade-viby-syd.html"' in page
    assert '<a href="nyt.html">' in page


def test_what_is_new_is_pictures_and_numbers_with_their_intervals(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    page = written(full_extract, registry, tmp_path)["nyt.html"]
    moved = table(page, "Bispehaven, 2011 og 2012")
    row = moved["Fraflytningsprocent"]
    assert (row["2011"], row["2012"]) == ("10,1 %", "9,7 %")
    assert row["Ændring på ét år"] == "−0,5 mellem −3,2 og +2,3"
    # The newest is a mean, the one before repeats a year: no change, and the two points stand alone.
    assert moved["Andel uden for arbejdsmarkedet, pct."]["Ændring på ét år"].startswith("– ")
    assert page.count('<svg class="spark" role="img" aria-label="') == len(moved)
    assert "Andel dømte, pct." not in moved
    assert "Med i 2011, men ikke i 2012: Dømte (skjult)." in page
    assert re.search(r"Ingen tal vises for 2011 eller 2012: ikke leveret \(\d+\)\.", page)
    # A change over one year is in no sentence.
    assert not re.search(r"er (steget|faldet)", text(page))
    assert [row[-3:] for row in grid(page, "Tal, der er ændret siden udgivelse 2011-1")[1:]] == [
        ["rettet", "2.379 personer", "2.380 personer"],
        ["mangler af en anden grund", "ikke leveret", "skjult"],
    ]


def test_what_is_kept_back_is_not_asked_for(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    """Of a hidden figure nobody says that it is missing, or that the municipality can deliver it."""
    viby = full_extract.areas[1]
    hidden = {key: replace(figure, mark="hidden") for key, figure in viby.figures.items()}
    extract = replace(full_extract, areas=(full_extract.areas[0], replace(viby, figures=hidden)))
    page = written(extract, registry, tmp_path)["index.html"]
    assert "<h1>Bispehaven er på ministeriets liste; om Viby-Syd vises ingen tal</h1>" in page
    assert "<strong>Viby-Syd:</strong> intet tal for 2012 kan vises" in page
    row = next(row for row in grid(page, "Områderne og deres hovedtal i 2012") if row[0] == "Viby-Syd")
    assert row[2] == "Intet af tallene kan vises. Tal, der ikke vises: skjult (40)."


def test_places_are_compared_by_figures_that_somebody_has(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    """Where all is hidden or missing there is no column, and its name is told below."""

    key = ("social_assistance_pct", full_extract.year)

    def hiding(place: Place) -> dict[tuple[str, int], ClearedFigure]:
        return {**place.figures, key: replace(place.figures[key], mark="hidden")}

    areas = tuple(replace(area, figures=hiding(area)) for area in full_extract.areas)
    of_town, of_all = (hiding(place) for place in (full_extract.municipality, full_extract.country))
    town = replace(full_extract.municipality, figures=of_town)
    none = replace(full_extract, areas=areas, municipality=town, country=replace(full_extract.country, figures=of_all))
    whole = written(full_extract, registry, tmp_path / "whole")["sammenlign.html"]
    page = written(none, registry, tmp_path / "few")["sammenlign.html"]
    heading = "Andel på kontanthjælp"
    columns = [grid(found, "Hovedtal i 2012, sted for sted")[0] for found in (whole, page)]
    assert [sum(heading in column for column in header) for header in columns] == [1, 0]
    assert len(columns[0]) == len(columns[1]) + 1
    named = [re.findall(r"Intet af stederne har et tal at vise for: ([^.]*)\.", text(found)) for found in (whole, page)]
    assert [heading in "".join(names) for names in named] == [False, True]


def test_the_title_of_what_is_new_says_who_came_to_the_list(full_extract: Extract, registry: Registry) -> None:
    bispehaven, _ = full_extract.areas
    (watch,) = bispehaven.watches
    met = tuple(replace(c, is_met=False) if c.indicator == "outside_work_pct" else c for c in watch.criteria)
    for on_list, criteria, expected in (
        (False, met, "Bispehaven er kommet på ministeriets liste siden 2011; 1 kriterium har skiftet side"),
        (True, watch.criteria, "Ingen har skiftet plads på ministeriets liste siden 2011"),
        (None, met, "Nyt siden 2011"),
    ):
        before = replace(watch, year=2011, on_list=on_list, criteria=criteria)
        area = replace(bispehaven, earlier_watches=(before,))
        assert news.title(replace(full_extract, areas=(area,))) == expected


def test_an_order_is_told_by_what_parts_the_rows(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    """Nothing stands in order of marks that no cell has, nor of changes of which nobody knows how chance moves them."""
    areas = []
    for area in full_extract.areas:
        unknown = {key: replace(f, change_year_low=None, change_year_high=None) for key, f in area.figures.items()}
        areas.append(replace(area, figures=unknown))
    highest = full_extract.areas[0].figure("move_out_pct", full_extract.year)
    others = tuple(highest.number * tenth / 30 for tenth in range(30))
    spread = {Series(highest.indicator, highest.window_years or 1, highest.figure_owner): (*others, highest.number)}
    made = written(replace(full_extract, spreads=spread), registry, tmp_path / "full")
    bare = written(replace(full_extract, areas=tuple(areas)), registry, tmp_path / "bare")
    by_chance, by_mark = "størst ændring i forhold til tilfældets sving først", "flest felter mærket ▲▲"
    assert [by_chance in files["nyt.html"] for files in (made, bare)] == [True, False]
    assert [by_mark in files["index.html"] for files in (made, bare)] == [True, False]
    assert "områder på listen først, derefter flest opfyldte kriterier" in bare["index.html"]


def test_what_would_turn_an_area_is_on_the_other_side_of_its_threshold(
    full_extract: Extract, registry: Registry
) -> None:
    """Over 40 is met: at most 40 is needed to leave the list; just below it, over 40 to come to it."""
    area = full_extract.areas[0]
    (watch,) = area.watches
    work = next(c for c in watch.criteria if c.indicator == "outside_work_pct")
    for on_list, value, sign, words_of_limit in (
        (True, 40.5, ">", "fra 40,5 til højst 40, og"),
        (False, 39.5, ">", "fra 39,5 til over 40, og"),
        (True, 40.0, ">=", "fra 40,0 til under 40, og"),
        (False, 39.5, ">=", "fra 39,5 til mindst 40, og"),
    ):
        near = replace(
            work, sign=sign, threshold=40.0, value=value, is_met=on_list, mark=None, distance=abs(value - 40)
        )
        asked = replace(watch, on_list=on_list, criteria=(near,), needed=1, size=None if on_list else watch.size)
        (sentence,) = findings._next_to_turn([(area, asked)], registry)
        assert words_of_limit in sentence.text


def test_every_page_leads_to_every_other_and_words_are_explained_once(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    made = written(full_extract, registry, tmp_path)
    for name, page in made.items():
        menu = page[page.index('<nav aria-label="Sider">') :]
        menu = menu[: menu.index("</nav>")]
        assert {f'href="{other}"' in menu for other in made} == {True}
        assert menu.count("aria-current") == 1
        assert f'href="{name}" aria-current="page"' in menu
        files = page[page.index('<nav aria-label="Andre filer" id="filer">') :]
        stem = "../boligprofil-aarhus-2012"
        for file in (f"{stem}.pdf", f"{stem}-moedeark.pdf", f"{stem}.xlsx", f"{stem}.csv", "../definitioner.txt"):
            assert f'href="{file}"' in files
        assert ("Sådan læser I tallene" in page) == (name == "begreber.html")
    glossary = made["begreber.html"]
    assert set(re.findall(r'id="b-([a-z0-9_]+)"', glossary)) == {
        *("residents", "move_out_pct", "outside_work_pct", "convicted_pct", "social_assistance_pct", "nonwestern_pct")
    }
    holes = {row[1]: row for row in grid(glossary, "Nul og de mærker")[1:]}
    assert set(holes) == {"nul", "skjult", "kan ikke kontrolleres", "ikke leveret", "holdt tilbage af kilden"} | {
        "ikke opgjort det år"
    }
    assert 'class="hole hatched">[s]' in glossary
    assert 'class="hole dashed">[i]' in glossary


def test_a_verdict_against_the_twins_is_about_the_area(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    series: Years = {2012: {"x": 500, "n": 1000, "twin_value": 60.0, "twin_verdict": "worse"}}
    extract = first_area_with(full_extract, "employed_18_64_pct", series)
    bispehaven = extract.areas[0]
    twins = with_figures(bispehaven.twins, "employed_18_64_pct", {2012: {"value": 60.0}})
    extract = replace(extract, areas=(replace(bispehaven, twins=twins),))
    rows = grid(written(extract, registry, tmp_path)[AREA], "Alle tal for Bispehaven")
    found = next(row for row in rows if row[:2] == ["Andel i beskæftigelse", "2012"])
    assert found[6] == "60,0 % | området er sikkert ugunstigere"


def test_targets_tell_no_more_than_they_may(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    page = written(full_extract, registry, tmp_path)[AREA]
    first, second = page[page.index('id="maal"') :].split("<article")[1:3]
    for prose in (
        "Færre flytter fra området",
        "EKSEMPEL",
        "På vej (foreløbig vurdering)",
        "Planlagt 2012 9,4 %",
        "8,0 %",
    ):
        assert prose in text(f"<p {first}")
    hidden = text(f"<p {second}").split("Alle tal")[0]
    for prose in (
        "Mål 2: målets ord vises ikke",
        "Start 2009 skjult",
        "Nyeste tal 2012 skjult",
        "Ingen vurdering vises",
    ):
        assert prose in hidden
    assert "%" not in hidden


def test_the_watch_has_a_word_for_every_criterion(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    seen = table(written(full_extract, registry, tmp_path)[AREA], "Kriterierne for listen »Ghettoområde« i 2012")
    assert seen["Beboere"]["Opfyldt?"] == "✓ opfyldt"
    assert seen["Andel dømte"]["Bispehaven"] == "skjult"
    assert seen["Andel dømte"]["Opfyldt?"] == "? kan ikke afgøres"


def test_another_boundary_stands_apart(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    bispehaven = full_extract.areas[0]
    other = Place("area", "listed", "Bispehaven m.fl.", full_extract.country.figures)
    other = with_figures(other, "convicted_pct", {2011: {"value": 3.14}, 2012: {"mark": "withheld_by_source"}})
    extract = replace(full_extract, areas=(replace(bispehaven, other_boundaries=(other,)),))
    page = written(extract, registry, tmp_path)[AREA]
    seen = table(page, "Bispehaven m.fl., egen grænse")
    assert seen["Andel dømte"]["2011"] == "3,14 %"
    assert seen["Andel dømte"]["2012"] == "holdt tilbage af kilden"
    assert "3,14" not in page[: page.index('id="graenser"')]


def test_years_that_lack_the_same_share_a_row(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    extract = first_area_with(full_extract, "safe_evening_pct", {2006: {"x": 1, "n": 2}, 2007: {"mark": "hidden"}})
    rows = grid(written(extract, registry, tmp_path)[AREA], "Alle tal for Bispehaven")
    found = [row[1:3] for row in rows if row[0] == "Andel trygge om aftenen"]
    assert found == [
        ["2008–2012", "ikke leveret"],
        ["2007", "skjult"],
        ["2006", "50,0 % | 1 af 2 personer"],
        ["2003–2005", "ikke leveret"],
    ]


def test_a_secretariat_without_areas_gets_its_municipality(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    made = written(replace(full_extract, areas=()), registry, tmp_path)
    assert list(made) == ["index.html", "nyt.html", "begreber.html"]
    moved = table(made["nyt.html"], "Aarhus, 2011 og 2012")
    assert moved["Fraflytningsprocent"] == {
        **moved["Fraflytningsprocent"],
        "Tal": "Fraflytningsprocent",
        "2011": "16,3 %",
        "2012": "16,3 %",
    }
    assert "Ændring på ét år" not in moved["Fraflytningsprocent"]
    assert made["index.html"].count('<svg class="development"') == len(moved) + len(["residents"])
    prose = text(made["index.html"])
    assert "kender ikke noget støttet boligområde" in prose
    rows = grid(made["index.html"], "Kommunens tal")
    assert [
        "Fraflytningsprocent",
        "2012",
        "16,3 % | 9.800 af 60.000 boliger",
        "mellem 16,0 og 16,6",
        "ikke leveret",
    ] in rows
    assert "EKSEMPEL" not in prose


def test_names_cannot_break_a_page(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    odd = replace(full_extract.areas[0], name='</title><script>alert("x")</script>')
    for page in written(replace(full_extract, areas=(odd,), name="<b>&"), registry, tmp_path).values():
        assert page.count("<script>") == 1
        assert "<b>&" not in page


def test_no_page_says_that_a_plan_caused_anything(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    for page in written(full_extract, registry, tmp_path).values():
        assert not re.search(r"effekt|skyldes|takket være|på grund af|har virket|virkning", text(page), re.IGNORECASE)


def test_the_pages_own_words_are_easy(full_extract: Extract, registry: Registry, tmp_path: Path) -> None:
    """LIX below 45: words to a sentence, and how many of them are longer than six letters."""
    for page in written(full_extract, registry, tmp_path).values():
        main = re.sub(
            r"<table.*?</table>|<fieldset.*?</fieldset>|<nav.*?</nav>|<svg.*?</svg>", " ", page, flags=re.DOTALL
        )
        # The words of definitions are the registry's.
        main = main[: main.find('id="betyder"')] if 'id="betyder"' in main else main
        main = re.sub(r'<section aria-labelledby="tal">.*?</section>', " ", main, flags=re.DOTALL)
        prose = text(re.sub(r"</(h\d|li|p|dt|dd)>", ". ", main[main.index("<main") :]))
        found = re.findall(r"[^\W\d_]+", prose)
        ends = len(re.findall(r"[.!?:]+(?=\s|$)", prose))
        assert len(found) / ends + 100 * sum(len(word) > 6 for word in found) / len(found) < 45


# nothing that is not shown ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(examples(12)))
def test_a_hidden_cell_leaves_no_number_in_any_byte(seed: int, registry: Registry, tmp_path: Path) -> None:
    extract = random_extract(Random(seed), registry)
    clean = written(extract, registry, tmp_path)
    labels = {registry.indicators[i].label_da: i for i in extract.indicators}
    for area in extract.areas:
        rows = [row for row in grid(clean[f"omraade-{area.id}.html"], "Alle tal for") if row[0] != "Tal"]
        places = (area, extract.municipality, extract.country, area.twins)
        seen = 0
        for label, years, *cells in rows:
            first, _, last = years.partition("–")
            for year in range(int(first), int(last or first) + 1):
                for place, cell in zip(places, (cells[0], *cells[2:]), strict=True):
                    figure = place.figure(labels[label], year)
                    expected = words.shown(figure, registry)
                    assert cell == expected if figure.mark else cell.startswith(expected)
                    seen += 1
                assert (cells[1] == "–") == bool(area.figure(labels[label], year).mark)
        assert seen == len(places) * len(extract.indicators) * len(extract.years)
    # Even numbers that were left behind a mark change not one byte.
    assert written(all_planted(extract), registry, tmp_path / "leaky") == clean
