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
from openpyxl.utils import range_boundaries
from profiles import examples
from random_extracts import random_extract
from reading import cells, in_legend, lix, opened, parts, series, sheets, table

from flows.extracts import charts, figure_list, phrases, words, workbook
from flows.extracts.model import Area, Extract
from flows.present import year_chart
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
    workbook.write(extract, registry, list(figure_list.lines(extract, registry)), folder / "book.xlsx")
    return (folder / "book.xlsx").read_bytes()


def test_the_sheets_stand_in_the_order_of_a_reader(content: dict[str, Any]) -> None:
    assert list(content) == [
        "Overblik",
        "Forside",
        "Indhold",
        "Noter",
        "Hovedtal",
        "Bispehaven",
        "Kommune og land",
        "Kriterier",
        "Mål",
        "Definitioner",
        "Ændringer",
        "Alle tal",
        "Diagramtal",
    ]


def test_what_the_file_is_stands_above_every_table_and_in_no_title(
    content: dict[str, Any], full_extract: Extract
) -> None:
    for name, rows in content.items():
        assert not any(mark in rows[0][0] for mark, _ in words.banners(full_extract)), name
        head = "\n".join(str(cell) for row in rows[:5] for cell in row[:2])
        for mark, meaning in words.banners(full_extract):
            assert mark in head, name
            assert meaning.rstrip(".")[1:] in head, name


def test_a_cleared_file_says_that_it_is(
    make_extract: Callable[..., Extract], registry: Registry, tmp_path: Path
) -> None:
    content = sheets(written(make_extract(is_cleared=True, origin="real"), registry, tmp_path))
    assert all(rows[1][0].startswith("VIRKELIGE TAL: ") for rows in content.values())
    assert not any("UDKAST" in str(cell) for rows in content.values() for row in rows for cell in row)


def test_figures_stand_as_numbers_in_the_decimals_of_their_indicator(content: dict[str, Any]) -> None:
    rows = {row["Indikator"]: row for row in table(content["Bispehaven"], "Indikator")}
    # 84 of 869 and 120 of 869; 41 of 1,500 in two decimals.
    assert (rows["Fraflytningsprocent"]["2012"], rows["Fraflytningsprocent"]["2003"]) == (9.7, 13.8)
    assert rows["Andel dømte"]["2011"] == 2.73
    assert rows["Beboere"]["2012"] == 2390
    assert rows["Fraflytningsprocent"]["Kommunen"] == 16.3
    assert rows["Fraflytningsprocent"]["Mod kommunen"] == "sikkert gunstigere"


def test_hidden_missing_withheld_and_zero_never_look_alike(content: dict[str, Any]) -> None:
    rows = {row["Indikator"]: row for row in table(content["Bispehaven"], "Indikator")}
    assert (rows["Andel dømte"]["2012"], rows["Andel på kontanthjælp"]["2012"]) == ("[s]", 0.0)
    below = " ".join(str(row[0]) for row in content["Bispehaven"])
    # What has no figure in any year is no row of marks, but a line that says why.
    for code, name in (
        ("[i] ikke leveret", "Andel med lav indkomst"),
        ("[h] holdt tilbage af kilden", "Andel i beskæftigelse"),
        ("[d] ikke opgjort det år", "Andel med kun grundskole"),
        ("[k] kan ikke kontrolleres", "Kontakter til almen læge pr. beboer"),
    ):
        assert name not in rows
        assert re.search(rf"{re.escape(code)} i 2012: [^[]*{re.escape(name)}", below), name


def test_an_area_without_figures_is_told_of_on_the_front_and_has_no_sheet_of_marks(content: dict[str, Any]) -> None:
    front = {row[0]: row[1] for row in content["Forside"] if len(row) > 1}
    assert front["Uden tal: Viby-Syd"].startswith("40 af 40 tal er ikke leveret. ")
    assert "Aarhus Kommune" in front["Uden tal: Viby-Syd"]
    # Nor has it a row among the key figures, where each row is a place's year.
    assert {row["Sted"] for row in table(content["Hovedtal"], "Sted")} == {"Bispehaven", "Aarhus", "Hele Landet"}


def test_key_figures_are_a_matrix_of_places_and_years(content: dict[str, Any]) -> None:
    rows = table(content["Hovedtal"], "Sted")
    assert [(row["Sted"], row["År"]) for row in rows[:4]] == [
        ("Bispehaven", 2012),
        ("Aarhus", 2012),
        ("Hele Landet", 2012),
        ("Bispehaven", 2011),
    ]
    newest, listed = rows[0], table(content["Alle tal"], "Stedtype")
    of_year = {row["Indikator"]: row["Tal"] for row in listed if (row["Sted"], row["År"]) == ("Bispehaven", 2012)}
    heads = {head.replace("-\n", ""): head for head in newest}
    for name, head in (
        ("Beboere", "Beboere, personer"),
        ("Andel uden for arbejdsmarkedet", "Uden for arbejdsmarkedet, pct."),
        ("Andel dømte", "Dømte, pct."),
    ):
        assert newest[heads[head]] == of_year[name]
    assert newest[heads["Dømte, pct."]] == "[s]"
    assert "skjult: Dømte" in newest["Bemærk"]


def test_every_mark_that_a_reader_meets_is_explained_in_the_notes(content: dict[str, Any], registry: Registry) -> None:
    notes = {row["Mærke eller ord"]: row["Betyder"] for row in table(content["Noter"], "Emne")}
    met = {
        code for rows in content.values() for row in rows for code in re.findall(r"\[[a-z]\]", " ".join(map(str, row)))
    }
    assert {"[s]", "[i]", "[h]", "[d]", "[k]"} <= met
    for mark in registry.extracts.mark.values():
        assert mark.code not in met or notes[f"{mark.code} {mark.label_da}"] == mark.meaning_da


def test_a_figure_that_is_no_measurement_of_its_year_says_so_wherever_it_stands(content: dict[str, Any]) -> None:
    area = {row["Indikator"]: row for row in table(content["Bispehaven"], "Indikator")}[
        "Andel uden for arbejdsmarkedet"
    ]
    key = {(row["Sted"], row["År"]): row for row in table(content["Hovedtal"], "Sted")}["Bispehaven", 2012]
    listed = {(row["Sted"], row["Indikator"], row["År"]): row for row in table(content["Alle tal"], "Stedtype")}
    drawn = {(row["Sted"], row["Hovedtal"], row["År"]): row for row in table(content["Diagramtal"], "Sted")}
    name = "Andel uden for arbejdsmarkedet"
    assert "2012: gennemsnit over 2 år" in area["Bemærk"]
    assert "2011: kilden gentager tallet fra 2010" in area["Bemærk"]
    assert "2011 og 2012: usikkerhed ukendt" in area["Bemærk"]
    assert area["Usikkerhed 2012"] == "usikkerhed ukendt"
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
            assert sheet.page_setup.orientation == "landscape"
            assert sheet.page_setup.paperSize == 9
    assert len(names) == len(book.sheetnames) - 1


def test_every_sheet_prints_readable_and_no_list_of_data_fills_a_stack_of_paper(book: Any) -> None:
    for sheet in book:
        left, top, right, bottom = range_boundaries(sheet.print_area.rsplit("!", 1)[1])
        assert (left, top) == (1, 1), sheet.title
        set_widths = sheet.column_dimensions.values()
        widths = {at: each.width for each in set_widths for at in range(each.min, each.max + 1)}
        shown = [widths[at] for at in range(left, right + 1)]
        across = (575 if sheet.page_setup.orientation == "portrait" else 842) - 0.8 * 72
        # Excel's own arithmetic: seven pixels a unit and five besides, three quarters of a point each.
        assert across / sum((7 * width + 5) * 0.75 for width in shown) >= 0.75, sheet.title
        if sheet.title in ("Alle tal", "Diagramtal"):
            assert bottom < min(range_boundaries(found.ref)[1] for found in sheet.tables.values())
            assert "på papir står kun denne linje" in sheet.cell(bottom - 1, 1).value
        else:
            assert all(bottom >= range_boundaries(found.ref)[3] for found in sheet.tables.values()), sheet.title
        if sheet._charts or sheet.row_breaks.brk:
            assert not sheet.sheet_properties.pageSetUpPr.fitToPage, "Excel heeds no break of a page that it fits"


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
    assert any("[s] skjult: 2009 og 2012." in text for text in described)


def test_a_line_is_broken_where_a_year_is_hidden(made: bytes, book: Any) -> None:
    charts = [series(part) for name, part in parts(made).items() if name.startswith("xl/charts/chart")]
    drawn = [
        cells(book, line["years"])
        for chart in charts
        for line in chart
        if line["name"] == "Bispehaven" and cells(book, line["numbers"])[0] == 2.73
    ]
    assert drawn == [list(range(2003, 2009)), [2010, 2011]]


def _hollow(part: bytes) -> int:
    return part.count(b'<c:marker><c:symbol val="diamond"') + len(
        re.findall(rb'<c:symbol val="circle"/><c:size val="7"/><c:spPr><a:solidFill><a:srgbClr val="FFFFFF"', part)
    )


def test_charts_join_what_the_pages_join_on_the_same_axes(
    made: bytes, book: Any, full_extract: Extract, registry: Registry
) -> None:
    area = full_extract.areas[0]
    drawn = [part for name, part in parts(made).items() if name.startswith("xl/charts/chart")]
    compared = 0
    for key in registry.extracts.key_figures:
        indicator = registry.indicators[key]
        title = f"{phrases.heading(indicator)}: {area.name}".encode()
        found = [part for part in drawn if title in part]
        shown = charts.drawn(area, full_extract, indicator)
        if sum(area.figure(key, year).is_shown for year in full_extract.years) < 2:
            assert not found
            continue
        (part,) = found
        names = {"area": area.name, "municipality": "Kommunen", "country": "Hele landet"}
        for kind, figures in shown.items():
            lines = [cells(book, line["years"]) for line in series(part) if line["name"] == names[kind]]
            assert lines == [[figure.year for figure in run] for run in year_chart.runs(figures)], (key, kind)
        axis = charts.axis_of(shown, full_extract, indicator)
        upright = rb'<c:max val="([^"]+)"/><c:min val="([^"]+)"/></c:scaling><c:axPos val="l"/>'
        (ends,) = re.findall(upright, part)
        assert tuple(map(float, ends)) == (axis.high, axis.low)
        assert float(re.findall(rb'<c:majorUnit val="([^"]+)"', part)[-1]) == axis.step
        compared += 1
    assert compared == 6


def test_a_legend_names_each_line_once_and_a_mean_and_a_repeated_figure_are_hollow(made: bytes) -> None:
    drawn = [part for name, part in parts(made).items() if name.startswith("xl/charts/chart")]
    outside = next(part for part in drawn if b"Andel uden for arbejdsmarkedet, pct.: Bispehaven" in part)
    assert set(in_legend(outside)) == {"Bispehaven", "Kommunen", "Hele landet"}
    assert len(in_legend(outside)) == 3
    assert _hollow(outside) == 2
    assert "gennemsnit over 2 år (2012)".encode() in outside
    assert b"kilden gentager i 2011 tallet for 2010" in outside
    convicted = next(part for part in drawn if "Andel dømte, pct.: Bispehaven".encode() in part)
    assert in_legend(convicted) == ["Bispehaven"]
    assert b"<c:errBars>" in convicted
    assert b"<c:errBars>" not in outside


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


def _has(area: Area, name: str, extract: Extract) -> bool:
    return any(area.figure(name, year).is_shown for year in extract.years)


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
    by_title = {rows[0][0]: rows for rows in content.values()}
    for area in extract.areas:
        title = f"{area.name}: alle tal, {extract.years[0]}–{extract.year}"
        rows = {row["Indikator"]: row for row in table(by_title.get(title, [["Indikator"]]), "Indikator")}
        assert set(rows) == {
            registry.indicators[key].label_da for key in extract.indicators if _has(area, key, extract)
        }
        assert (title in by_title) == bool(rows)
        for name, year in product(extract.indicators, extract.years):
            figure, indicator = area.figure(name, year), registry.indicators[name]
            if not _has(area, name, extract):
                continue
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
