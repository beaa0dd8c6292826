"""The workbook: read by three programs, looked into part by part, and made from extracts that no hand would make."""

import re
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import office
import pytest
from by_hand import PLANTED, TRACE, all_planted
from office import in_libreoffice
from profiles import examples
from random_extracts import random_extract
from reading import cells, in_legend, lix, opened, parts, series, sheets, table

from flows.extracts import words, workbook
from flows.extracts.model import Extract
from schemas.registry import Registry

WRITTEN: list[bytes] = []


@pytest.fixture
def made(full_extract: Extract, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    if not WRITTEN:
        WRITTEN.append(written(full_extract, registry, tmp_path_factory.mktemp("book")))
    return WRITTEN[0]


@pytest.fixture
def content(made: bytes) -> dict[str, list[list[Any]]]:
    return sheets(made)


@pytest.fixture
def book(made: bytes) -> Any:
    return opened(made)


def written(extract: Extract, registry: Registry, folder: Path) -> bytes:
    workbook.write(extract, registry, folder / "book.xlsx")
    return (folder / "book.xlsx").read_bytes()


def test_the_sheets_stand_in_the_order_of_a_reader(content: dict[str, Any]) -> None:
    assert list(content) == [
        "Overblik",
        "Forside",
        "Indhold",
        "Noter",
        "Hovedtal",
        "Bispehaven",
        "Viby-Syd",
        "Kommune og land",
        "Kriterier",
        "Mål",
        "Definitioner",
        "Ændringer",
        "Alle tal",
        "Diagramtal",
    ]


def test_what_the_file_is_stands_in_the_first_cell_of_every_sheet_and_above_every_table(
    content: dict[str, Any], full_extract: Extract
) -> None:
    for name, rows in content.items():
        assert rows[0][0].startswith("UDKAST · SYNTETISK · EKSEMPEL  "), name
        head = "\n".join(str(cell) for row in rows[:5] for cell in row[:2])
        for mark, meaning in words.banners(full_extract):
            assert mark in head, name
            assert meaning.rstrip(".")[1:] in head, name


def test_a_cleared_file_says_that_it_is(
    make_extract: Callable[..., Extract], registry: Registry, tmp_path: Path
) -> None:
    content = sheets(written(make_extract(is_cleared=True, origin="real"), registry, tmp_path))
    assert all(rows[0][0].startswith("VIRKELIGE TAL  ") for rows in content.values())
    assert not any("UDKAST" in str(cell) for rows in content.values() for row in rows for cell in row)


def test_figures_stand_as_numbers_in_the_decimals_of_their_indicator(content: dict[str, Any]) -> None:
    rows = {row["Indikator"]: row for row in table(content["Bispehaven"], "Emne")}
    # 84 of 869 and 120 of 869; 41 of 1,500 in two decimals.
    assert (rows["Fraflytningsprocent"]["2012"], rows["Fraflytningsprocent"]["2003"]) == (9.7, 13.8)
    assert rows["Andel dømte"]["2011"] == 2.73
    assert rows["Beboere"]["2012"] == 2390
    assert rows["Fraflytningsprocent"]["Kommunen"] == 16.3
    assert rows["Fraflytningsprocent"]["Mod kommunen"] == "sikkert gunstigere"


def test_hidden_missing_withheld_and_zero_never_look_alike(content: dict[str, Any]) -> None:
    rows = {row["Indikator"]: row["2012"] for row in table(content["Bispehaven"], "Emne")}
    found = [
        rows[name]
        for name in (
            "Andel dømte",
            "Andel med lav indkomst",
            "Andel i beskæftigelse",
            "Andel med kun grundskole",
            "Kontakter til almen læge pr. beboer",
            "Andel på kontanthjælp",
        )
    ]
    assert found == ["[s]", "[i]", "[h]", "[d]", "[k]", 0.0]


def test_every_mark_is_explained_in_the_notes(content: dict[str, Any], registry: Registry) -> None:
    notes = {row["Mærke eller ord"]: row["Betyder"] for row in table(content["Noter"], "Emne")}
    for mark in registry.extracts.mark.values():
        assert notes[f"{mark.code} {mark.label_da}"] == mark.meaning_da


def test_a_figure_that_is_no_measurement_of_its_year_says_so_wherever_it_stands(content: dict[str, Any]) -> None:
    area = {row["Indikator"]: row for row in table(content["Bispehaven"], "Emne")}["Andel uden for arbejdsmarkedet"]
    key = {(row["Hovedtal"], row["Område"]): row for row in table(content["Hovedtal"], "Hovedtal")}[
        "Andel uden for arbejdsmarkedet", "Bispehaven"
    ]
    listed = {(row["Sted"], row["Indikator"], row["År"]): row for row in table(content["Alle tal"], "Stedtype")}
    drawn = {(row["Sted"], row["Hovedtal"], row["År"]): row for row in table(content["Diagramtal"], "Sted")}
    name = "Andel uden for arbejdsmarkedet"
    assert "2012: gennemsnit over 2 år" in area["Bemærk"]
    assert "2011: kilden gentager tallet fra 2010" in area["Bemærk"]
    assert "2011 og 2012: usikkerhed ukendt" in area["Bemærk"]
    assert key["Usikkerhed"] == "usikkerhed ukendt"
    for row in (key, listed["Bispehaven", name, 2012], drawn["Bispehaven", name, 2012]):
        assert "gennemsnit over 2 år" in row["Bemærk"]
    for row in (listed["Bispehaven", name, 2011], drawn["Bispehaven", name, 2011]):
        assert "kilden gentager tallet fra 2010" in row["Bemærk"]
    assert (listed["Bispehaven", name, 2012]["Gennemsnit over år"], listed["Bispehaven", name, 2012]["Tal"]) == (2, 43)


def test_criteria_and_targets_tell_no_more_than_is_shown(content: dict[str, Any]) -> None:
    criteria = {row["Kriterium"]: row for row in table(content["Kriterier"], "Område")}
    convicted = criteria["Andel dømte"]
    assert (convicted["Områdets tal"], convicted["Opfyldt"], convicted["Afstand til grænsen"]) == (
        "[s]",
        "kan ikke siges",
        "[s]",
    )
    assert (criteria["Beboere"]["Krav"], criteria["Andel dømte"]["Krav"]) == ("mindst 1.000 personer", "over 2,7 %")
    first, second = table(content["Mål"], "Område")
    assert (first["Tal i startåret"], first["Målværdi"]) == (12.4, 8)
    assert (first["Nyeste tal"], first["Nyeste tals år"]) == (9.7, 2012)
    assert first["Vurdering"] == "↗ På vej"
    assert (second["Mål"][:7], second["Målværdi"], second["Nyeste tal"]) == ("udeladt", "–", "[s]")
    assert all("EKSEMPEL" in row["Bemærk"] for row in (first, second))


def test_changes_are_told_with_what_stood_before(content: dict[str, Any]) -> None:
    rows = table(content["Ændringer"], "Sted")
    assert [(row["Hvad der skete"], row["Før"], row["Nu"]) for row in rows] == [
        ("rettet", 2379, 2380),
        ("mangler af en anden grund", "[i]", "[s]"),
    ]


def test_each_sheet_has_one_named_table_with_heads_and_no_empty_or_merged_cell(book: Any) -> None:
    names = set()
    for sheet in book:
        assert not sheet.merged_cells.ranges, sheet.title
        assert len(sheet.tables) == (0 if sheet.title == "Forside" else 1), sheet.title
        for found in sheet.tables.values():
            names.add(found.name)
            rows = sheet[found.ref]
            heads = [cell.value for cell in rows[0]]
            assert len(set(heads)) == len(heads)
            assert all(cell.value not in (None, "") for row in rows for cell in row), sheet.title
            assert sheet.freeze_panes == f"{sheet.freeze_panes[0]}{rows[1][0].row}"
            assert sheet.print_title_rows == f"${rows[0][0].row}:${rows[0][0].row}"
            assert sheet.page_setup.orientation == "landscape"
            assert sheet.page_setup.paperSize == 9
    assert len(names) == len(book.sheetnames) - 1


def test_every_sheet_can_be_reached_from_the_contents(book: Any) -> None:
    named = {cell.value: cell.hyperlink for row in book["Indhold"].iter_rows(max_col=1) for cell in row}
    for name in set(book.sheetnames) - {"Indhold"}:
        assert named[name].location == f"'{name}'!A1", name


def test_the_file_says_what_it_is_in_danish(made: bytes) -> None:
    core = ElementTree.fromstring(parts(made)["docProps/core.xml"])
    properties = {element.tag.rsplit("}", 1)[1]: element.text for element in core}
    assert properties["title"] == "Områdesekretariatet i Aarhus: tal for 2012"
    assert (properties["creator"], properties["language"]) == ("Boligprofil", "da-DK")
    assert properties["created"] == properties["modified"] == "2012-12-31T00:00:00Z"
    assert b"en-US" not in b"".join(parts(made).values())


def test_the_same_extract_gives_the_same_bytes(
    full_extract: Extract, registry: Registry, made: bytes, tmp_path: Path
) -> None:
    # A zip tells time in steps of two seconds.
    time.sleep(2.1)
    assert written(full_extract, registry, tmp_path) == made


def test_charts_draw_shown_figures_only_and_say_what_they_show(made: bytes, book: Any) -> None:
    charts = [series(part) for name, part in sorted(parts(made).items()) if name.startswith("xl/charts/chart")]
    # Six key figures of Bispehaven and three of the municipality are shown for two years or more.
    assert len(charts) == 9
    for chart in charts:
        for line in chart:
            numbers = cells(book, line["numbers"])
            assert all(isinstance(number, (int, float)) for number in numbers), line
            assert [float(kept) for kept in line["kept"]] == numbers
            years = cells(book, line["years"])
            assert years == list(range(years[0], years[0] + len(numbers)))
    drawings = [part for name, part in parts(made).items() if name.startswith("xl/drawings/drawing")]
    described = [text for part in drawings for text in re.findall(r' descr="([^"]+)"', part.decode())]
    assert len(described) == len(charts)
    assert all(text.startswith("UDKAST · SYNTETISK · EKSEMPEL. Diagram: ") for text in described)
    assert any("Intet tal 2009 og 2012: skjult." in text for text in described)


def test_a_line_is_broken_where_a_year_is_hidden(made: bytes, book: Any) -> None:
    charts = [series(part) for name, part in parts(made).items() if name.startswith("xl/charts/chart")]
    drawn = [
        cells(book, line["years"])
        for chart in charts
        for line in chart
        if line["name"] == "Bispehaven" and cells(book, line["numbers"])[0] == 2.73
    ]
    assert drawn == [list(range(2003, 2009)), [2010, 2011]]


def test_means_and_repeated_figures_have_signs_of_their_own_in_charts(made: bytes, book: Any) -> None:
    charts = [series(part) for name, part in parts(made).items() if name.startswith("xl/charts/chart")]
    signs = {line["name"]: cells(book, line["years"]) for chart in charts for line in chart if "år" in line["name"]}
    assert signs == {"Gennemsnit over flere år": [2012], "Kilden gentager et tidligere års tal": [2011]}


def test_a_legend_names_each_line_and_sign_once(made: bytes) -> None:
    charts = [part for name, part in parts(made).items() if name.startswith("xl/charts/chart")]
    outside = next(part for part in charts if b"Andel uden for arbejdsmarkedet (%): Bispehaven" in part)
    assert in_legend(outside) == [
        "Bispehaven",
        "Kommunen",
        "Hele landet",
        "Gennemsnit over flere år",
        "Kilden gentager et tidligere års tal",
    ]
    assert b"Usikkerhed ukendt 2011 og 2012" in outside
    convicted = next(part for part in charts if "Andel dømte (%): Bispehaven".encode() in part)
    assert in_legend(convicted) == ["Usikkerhed (95 %), nederst og øverst", "Bispehaven"]


def test_a_secretariat_without_areas_gets_the_figures_of_its_municipality(
    make_extract: Callable[..., Extract], registry: Registry, tmp_path: Path
) -> None:
    content = sheets(written(make_extract(), registry, tmp_path))
    assert list(content) == [
        "Forside",
        "Indhold",
        "Noter",
        "Kommune og land",
        "Definitioner",
        "Ændringer",
        "Alle tal",
        "Diagramtal",
    ]
    front = " ".join(str(cell) for row in content["Forside"] for cell in row)
    assert "kender intet støttet boligområde" in front
    rows = {(row["Sted"], row["Indikator"]): row for row in table(content["Kommune og land"], "Sted")}
    assert rows["Aarhus", "Beboere"]["2012"] == 327_000
    assert table(content["Ændringer"], "Sted") == []


@pytest.mark.parametrize("seed", range(examples(12)))
def test_no_extract_shows_what_its_marks_hide(seed: int, registry: Registry, tmp_path: Path) -> None:
    extract = all_planted(random_extract(Random(seed), registry))
    made = written(extract, registry, tmp_path)
    for name, part in parts(made).items():
        assert not re.search(TRACE, part), name
        assert str(PLANTED).encode() not in part
    book, content = opened(made), sheets(made)
    assert not any(sheet.merged_cells.ranges for sheet in book)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert len({name.casefold() for name in content}) == len(content)
    by_title = {rows[0][0].split("  ", 1)[-1]: rows for rows in content.values()}
    for area in extract.areas:
        span = f"{extract.years[0]}–{extract.year}"
        rows = {row["Indikator"]: row for row in table(by_title[f"{area.name}: alle tal, {span}"], "Emne")}
        for name, year in product(extract.indicators, extract.years):
            figure, indicator = area.figure(name, year), registry.indicators[name]
            cell = rows[indicator.label_da][str(year)]
            if figure.mark:
                assert cell == registry.extracts.mark[figure.mark].code
            else:
                assert cell == pytest.approx(figure.value, abs=0.5 * 10**-indicator.decimals + 1e-9)
    for name, part in parts(made).items():
        if name.startswith("xl/charts/chart"):
            named = in_legend(part)
            assert len(set(named)) == len(named)
            assert set(named) == {line["name"] for line in series(part)}
            for line in series(part):
                numbers = cells(book, line["numbers"])
                assert all(isinstance(number, (int, float)) for number in numbers)
                assert [float(kept) for kept in line["kept"]] == numbers


@office.NEEDED
def test_libreoffice_opens_it_and_finds_the_same(made: bytes, content: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(made)
    saved = (in_libreoffice(tmp_path, [tmp_path / "book.xlsx"]) / "book.xlsx").read_bytes()

    def filled(rows: list[list[Any]]) -> dict[tuple[int, int], Any]:
        return {
            (at, place): round(cell, 9) if isinstance(cell, float) else cell
            for at, row in enumerate(rows)
            for place, cell in enumerate(row)
            if cell != ""
        }

    again = sheets(saved)
    assert list(again) == list(content)
    for name, rows in content.items():
        assert filled(again[name]) == filled(rows)
    kept, drawn = ([name for name in parts(file) if name.startswith("xl/charts/chart")] for file in (saved, made))
    assert len(kept) == len(drawn)


def test_the_front_page_is_easy_to_read(content: dict[str, Any]) -> None:
    assert lix(" ".join(str(row[1]) for row in content["Forside"][1:])) < 45
