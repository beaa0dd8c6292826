import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pikepdf
import pytest
from by_hand import YEAR, YEARS, all_planted, area, place
from random_extracts import random_area

from flows.extracts import charts, report, strips, words
from flows.extracts.model import Criterion, Extract, Place, TargetLine, Watch
from schemas.registry import Registry


@pytest.fixture
def text_of(tmp_path: Path) -> Callable[[bytes], list[str]]:
    """The text of a PDF, page by page."""

    def read(pdf: bytes) -> list[str]:
        file = tmp_path / "report.pdf"
        file.write_bytes(pdf)
        out = subprocess.run(["pdftotext", "-raw", file, "-"], capture_output=True, check=True, text=True).stdout
        return out.split("\f")[:-1]

    return read


def _elements(pdf: pikepdf.Pdf) -> list[Any]:
    """The elements of the structure tree, in reading order."""
    found: list[Any] = []

    def walk(node: Any) -> None:
        if isinstance(node, pikepdf.Array):
            for child in node:
                walk(child)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                found.append(node)
            if "/K" in node:
                walk(node["/K"])

    walk(pdf.Root.StructTreeRoot["/K"])
    return found


def _first_pages(pdf: pikepdf.Pdf) -> dict[str, int]:
    """The page on which each area begins, by the outline."""
    objects = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
    with pdf.open_outline() as outline:
        return {item.title: objects[_page(pdf, item).objgen] for item in outline.root}


def _page(pdf: pikepdf.Pdf, item: pikepdf.OutlineItem) -> Any:
    aim = item.destination if item.destination is not None else item.action["/D"]
    return aim[0]


def _pages_per_area(pdf: pikepdf.Pdf, extract: Extract) -> Iterator[int]:
    begins = _first_pages(pdf)
    starts = [begins[f"{listed.name}, {extract.municipality.name}"] for listed in extract.areas]
    for start, end in zip(starts, [*starts[1:], begins["Sådan læser I tallene"]], strict=True):
        yield end - start


@pytest.fixture
def busy_extract(registry: Registry, make_extract: Callable[..., Extract]) -> Extract:
    """An area of which everything can be told: all key figures, a watch, targets of a plan, another boundary."""
    keys = list(registry.extracts.key_figures)
    made = random_area(Random(16), registry, keys)
    criteria = [
        Criterion(i, ">", limit, limit + 0.4, None, True, 0.4, True)
        for i, limit in (("outside_work_pct", 40), ("nonwestern_pct", 50), ("convicted_pct", 2.7))
    ]
    size = Criterion("residents", ">=", 1000, 990.0, None, False, -10.0, True)
    watch = Watch(YEAR, size, tuple(criteria), 2, False, True, True, 5, "Ghettoområde")
    target = TargetLine(
        plan="Helhedsplan Testby",
        number="1",
        goal="Færre flytter fra området",
        indicator="move_out_pct",
        not_measurable_because=None,
        is_withdrawn=False,
        direction="down",
        start=made.figure("move_out_pct", 2006),
        start_year=2006,
        target_value=8.0,
        target_year=2014,
        newest=made.figure("move_out_pct", YEAR),
        expected=9.4,
        verdict="on_the_way",
        verdict_kind="interim",
        is_example=False,
    )
    unmeasured = replace(target, indicator=None, not_measurable_because="no_register", verdict=None)
    lists = {i: {2010: {"value": 12.3, "is_published": True, "source": "ministry_lists"}} for i in keys[3:6]}
    other = Place(**place(registry, "area", "nabogaarden", **lists))
    targets = (target, replace(target, number="2"), replace(unmeasured, number="3"))
    return make_extract(replace(made, watches=(watch,), targets=targets, other_boundaries=(other,)))


@pytest.fixture
def opened(full_extract: Extract, registry: Registry, tmp_path: Path) -> Iterator[pikepdf.Pdf]:
    file = tmp_path / "opened.pdf"
    file.write_bytes(report.pdf(full_extract, registry))
    with pikepdf.open(file) as pdf:
        yield pdf


def test_the_report_is_a_tagged_danish_document_with_a_title(opened: pikepdf.Pdf, full_extract: Extract) -> None:
    assert opened.Root.Lang == "da-DK"
    assert opened.Root.MarkInfo.Marked is True
    assert opened.Root.ViewerPreferences.DisplayDocTitle is True
    with opened.open_metadata() as prose:
        assert prose["pdfuaid:part"] == "1"
        assert prose["dc:title"] == f"Boligprofil {YEAR}, {full_extract.name}"
    assert all(page.Tabs == "/S" for page in opened.pages)


def test_every_figure_has_a_text_and_every_table_has_heads(
    opened: pikepdf.Pdf, full_extract: Extract, registry: Registry
) -> None:
    elements = _elements(opened)
    kinds = [str(element.S) for element in elements]
    drawn = [
        i
        for i in registry.extracts.key_figures
        if i != "residents" and sum(full_extract.areas[0].figure(i, year).is_shown for year in YEARS) >= 2
    ]
    assert len(drawn) > 3
    rows = strips.table(full_extract.areas[0], full_extract, registry)
    shown = [row.alternative for row in (*rows.judged, *rows.described)]
    spoken = [str(element.Alt) for element in elements if element.S == "/Figure"]
    assert spoken == [*shown, *(charts.alternative(full_extract.areas[0], full_extract, registry, i) for i in drawn)]
    tables = [element for element in elements if element.S == "/Table"]
    assert len(tables) >= 5
    for table in tables:
        heads = [str(e.S) for e in _below(table)]
        assert heads.count("/TH") >= 2
        assert heads.count("/TD") >= 2
    assert kinds.count("/H1") == 2 + len(full_extract.areas)
    # A heading is never more than one level below the one before it.
    levels = [int(kind[2]) for kind in kinds if re.fullmatch("/H[1-6]", kind)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def _below(element: Any) -> list[Any]:
    found: list[Any] = []
    children = element.get("/K", pikepdf.Array([]))
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            found += [child, *_below(child)]
    return found


def test_banners_stand_on_every_page(
    full_extract: Extract,
    make_extract: Callable[..., Extract],
    registry: Registry,
    text_of: Callable[[bytes], list[str]],
) -> None:
    cleared = replace(full_extract, is_cleared=True, origin="real", areas=full_extract.areas[1:])
    for extract in (full_extract, make_extract(), cleared):
        pages = text_of(report.pdf(extract, registry))
        for page in pages:
            prose = [f"{mark}: {meaning}" for mark, meaning in words.banners(extract)]
            assert page.strip().splitlines()[: len(prose)] == prose
    assert "UDKAST" not in "".join(pages)


def test_an_area_takes_two_to_four_pages(
    full_extract: Extract, busy_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    for extract in (busy_extract, replace(full_extract, areas=full_extract.areas[:1])):
        file = tmp_path / "report.pdf"
        file.write_bytes(report.pdf(extract, registry))
        with pikepdf.open(file) as pdf:
            assert all(2 <= pages <= 4 for pages in _pages_per_area(pdf, extract))


def test_the_same_extract_gives_the_same_bytes(full_extract: Extract, registry: Registry) -> None:
    pdf = report.pdf(full_extract, registry)
    assert pdf == report.pdf(full_extract, registry)
    assert not re.search(rb"CreationDate|ModDate|CreateDate|ModifyDate", pdf)


def test_a_figure_that_gets_a_mark_is_nowhere_in_the_document(
    registry: Registry, make_extract: Callable[..., Extract], text_of: Callable[[bytes], list[str]], tmp_path: Path
) -> None:
    def prose(**figure: Any) -> str:
        series = {year: {"x": 40, "n": 1500} for year in YEARS} | {YEAR: figure}
        pdf = report.pdf(make_extract(area(registry, "testby", {"convicted_pct": series})), registry)
        file = tmp_path / "spoken.pdf"
        file.write_bytes(pdf)
        with pikepdf.open(file) as opened:
            spoken = [str(element.Alt) for element in _elements(opened) if "/Alt" in element]
        return "\n".join([*text_of(pdf), *spoken])

    # 89 of 1451 are 6,13 percent, between 5,01 and 7,49.
    shown, hidden = prose(x=89, n=1451), prose(mark="hidden")
    for number in ("6,13", "5,01", "7,49"):
        assert number in shown
        assert number not in hidden
    assert "skjult" in hidden


def test_a_page_tells_what_its_area_is_about(
    full_extract: Extract, registry: Registry, text_of: Callable[[bytes], list[str]]
) -> None:
    prose = re.sub(r"\s+", " ", " ".join(text_of(report.pdf(full_extract, registry))))
    for text in (
        "Områdesekretariatet i Aarhus",
        "Før I bruger tallene",
        "Bispehaven er på ministeriets liste; om Viby-Syd har vi ingen tal",
        "Bispehaven står på ministeriets liste for 2012: 2 af 3 kriterier er opfyldt, 1 kan ikke afgøres",
        "Størst sikker forskel fra kommunen: fraflytningsprocenten er 9,7 procent (mellem 7,9 og 11,8); i Aarhus 16,3.",
        "mellem 7,9 og 11,8",
        "31 af 40 tal er ikke leveret. Aarhus Kommune og boligorganisationen kan levere dem",
        "Området og ministeriets liste for 2012",
        "Målets ord er udeladt",
        "1 EKSEMPEL Færre flytter fra området",
        "Det kan ikke sammenlignes",
        "Ændret siden udgave 2011-1",
    ):
        assert text in prose, text
    assert "området er sikkert gunstigere" in prose
    for mark in ("skjult", "ikke leveret", "holdt tilbage af kilden"):
        assert (
            registry.extracts.mark[{v.label_da: k for k, v in registry.extracts.mark.items()}[mark]].meaning_da in prose
        )


def test_figures_of_another_boundary_stand_in_a_box_of_their_own(
    busy_extract: Extract, registry: Registry, text_of: Callable[[bytes], list[str]]
) -> None:
    prose = re.sub(r"\s+", " ", " ".join(text_of(report.pdf(busy_extract, registry))))
    assert "Nabogaarden: en anden grænse" in prose
    assert "Tallene her er ikke tal for Testby" in prose
    box = prose[prose.index("Nabogaarden: en anden grænse") :]
    assert "12,3 %" in box
    assert "12,3 %" not in prose[: prose.index("Nabogaarden: en anden grænse")]


def test_a_secretariat_without_areas_gets_the_figures_of_its_municipality(
    make_extract: Callable[..., Extract], registry: Registry, text_of: Callable[[bytes], list[str]]
) -> None:
    pages = text_of(report.pdf(make_extract(), registry))
    assert len(pages) == 3
    prose = re.sub(r"\s+", " ", pages[1])
    assert "Intet område." in prose
    assert "kender ikke noget støttet boligområde" in prose
    assert "327.000" in prose
    assert "16,3 %" in prose


def test_the_changes_that_the_front_page_has_no_room_for_are_counted(
    full_extract: Extract, registry: Registry, text_of: Callable[[bytes], list[str]]
) -> None:
    many = replace(full_extract, changes=full_extract.changes[:1] * (report.MOST_CHANGES + 3))
    prose = " ".join(text_of(report.pdf(many, registry)))
    assert "3 ændringer mere står i regnearket." in prose
    none = replace(full_extract, changes=())
    assert "Intet tal er ændret." in " ".join(text_of(report.pdf(none, registry)))


def test_twins_are_shown_with_their_verdict_or_with_the_word_for_why_not(
    registry: Registry, make_extract: Callable[..., Extract], text_of: Callable[[bytes], list[str]]
) -> None:
    def prose(twins: dict[str, Any], **figure: Any) -> str:
        beside = Place(**place(registry, "twins", "testby", move_out_pct={YEAR: twins}))
        series = {"move_out_pct": {YEAR: {"x": 100, "n": 1000, **figure}}}
        pages = text_of(report.pdf(make_extract(area(registry, "testby", series, twins=beside)), registry))
        return re.sub(r"\s+", " ", " ".join(pages[1:]))

    assert "låst til evalueringen" in prose({"mark": "locked"})
    known = prose({"value": 15.5}, twin_value=15.5, twin_verdict="better")
    assert "15,5 % området er sikkert gunstigere" in known
    assert "låst til evalueringen" not in known
    unsure = prose({"value": 15.5}, twin_value=15.5, twin_verdict="better", ci_low=None, ci_high=None)
    # It is the area's number whose uncertainty is unknown, and it says so under that one alone.
    assert "10,0 % usikkerhed ukendt" in unsure
    assert "15,5 % usikkerhed ukendt" not in unsure
    assert "gunstigere" not in re.sub("← gunstigere ugunstigere →|»[^«]*«", "", unsure)


def test_a_name_is_text_whatever_signs_it_has(
    registry: Registry, make_extract: Callable[..., Extract], text_of: Callable[[bytes], list[str]]
) -> None:
    made = replace(area(registry, "testby", plans=("*Plan* #1 [a] $x$",)), name="<Gl. Å_by> @her")
    pages = text_of(report.pdf(make_extract(made, years=(2012,)), registry))
    assert "<Gl. Å_by> @her" in pages[0]
    assert "*Plan* #1 [a] $x$" in pages[1]


def test_numbers_left_behind_a_mark_change_not_one_byte(
    full_extract: Extract, busy_extract: Extract, registry: Registry
) -> None:
    for extract in (full_extract, busy_extract, replace(full_extract, areas=())):
        assert report.pdf(all_planted(extract), registry) == report.pdf(extract, registry)


def test_a_letter_that_no_font_has_stops_no_report(
    full_extract: Extract, registry: Registry, text_of: Callable[[bytes], list[str]]
) -> None:
    shown = " ".join(text_of(report.pdf(replace(full_extract, name="Sekretariatet \uf0b7 中"), registry)))
    assert "Sekretariatet \ufffd \ufffd" in shown
    assert re.search(r"står for et tegn, som skrifttypen ikke har \(U\+4E2D,\s+U\+F0B7\)", shown)
    assert "står for et tegn" not in " ".join(text_of(report.pdf(full_extract, registry)))
