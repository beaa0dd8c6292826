"""The yearly form of goal attainment: read back, opened by LibreOffice, the same bytes twice."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import office
import pytest
import python_calamine
from office import in_libreoffice

from flows.present import notation, vocabulary
from flows.target_pages import form
from schemas.registry import Registry

NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
PLAN, YEAR = "vollsmose", 2011
Sheets = dict[str, list[list[Any]]]


def sheets(book: bytes) -> Sheets:
    opened = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book))
    return {name: opened.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in opened.sheet_names}


def rows(found: Sheets, sheet: str) -> list[dict[str, Any]]:
    """Rows of a sheet's table by head."""
    head, *below = found[sheet]
    return [dict(zip(head, row, strict=True)) for row in below]


def by_number(found: Sheets) -> dict[str, dict[str, Any]]:
    return {row["Nr."]: row for row in rows(found, "Mål")}


@pytest.fixture(scope="module")
def book(make_town: Callable[[], Any], registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The form of the town's plan in 2011."""
    folder = tmp_path_factory.mktemp("form")
    form.write(folder / "form.xlsx", make_town().publish(folder / "marts"), registry, PLAN, YEAR)
    return (folder / "form.xlsx").read_bytes()


@pytest.fixture(scope="module")
def content(book: bytes) -> Sheets:
    return sheets(book)


def test_the_front_sheet_says_what_the_form_is(content: Sheets) -> None:
    front = {row[0]: row[1] for row in content["Forside"]}
    assert content["Forside"][0][0] == f"Årligt skema for målopfyldelse {YEAR}"
    assert content["Forside"][1][0] == "INTERNT"
    assert front["Helhedsplan"] == "Helhedsplan Vollsmose"
    assert (front["Kommune"], front["Boligområder"], front["År"]) == ("Odense", "Vollsmose og Bøgeparken", YEAR)
    assert front["Tallenes udgave"] == "5f0c9a1b2c3d4e5f, som tallene var den 4. marts 2013"
    assert (front["Mål, der gælder"], front["Mål, der kan måles"]) == (6, 5)
    verdicts = [front[f"{vocabulary.SIGNS[verdict]} {word} i {YEAR}"] for verdict, word in vocabulary.VERDICTS.items()]
    assert verdicts == [0, 1, 1, 0]
    assert front[f"Uden vurdering for {YEAR}"] == 3
    assert not {"SYNTETISK", "EKSEMPEL"} & front.keys()


def test_the_front_sheet_names_what_was_granted_and_has_no_goal(
    make_town: Callable[[], Any], registry: Registry, tmp_path: Path
) -> None:
    town = make_town()
    town.change("plan_overview", {"was_granted": True}, plan_id=PLAN)
    town.change("dim_targets", {"start_year": None, "start_value": None}, plan_id=PLAN, target_no="5")
    form.write(tmp_path / "a.xlsx", town.publish(tmp_path / "marts"), registry, PLAN, YEAR)
    front = {row[0]: row[1] for row in sheets((tmp_path / "a.xlsx").read_bytes())["Forside"]}
    assert front["Bevilling, men intet mål"] == (
        "Beboernetværk, beboerdemokrati, borgerinddragelse og Image og kommunikation"
    )


def test_targets_on_shared_indicators_come_first_and_old_ones_stand_below_new_ones(content: Sheets) -> None:
    numbers = [row["Nr."] for row in rows(content, "Mål")]
    assert numbers == ["1", "6", "2", "2, afløst", "4", "1.1", "3", "5, opgivet"]
    assert [row["Fælles"] for row in rows(content, "Mål")] == ["ja", "ja", *[""] * 6]
    versions = by_number(content)
    assert versions["2, afløst"]["Udgave"] == "sat den 3. maj 2008, afløst den 1. februar 2010"
    assert versions["2"]["Udgave"] == "sat den 1. februar 2010, gælder"
    assert versions["5, opgivet"]["Vurdering"] == "— Opgivet"


def test_a_target_has_its_figures_as_numbers_and_its_verdict_in_words(
    content: Sheets, make_town: Callable[[], Any], registry: Registry
) -> None:
    row, town = by_number(content)["1"], make_town()
    key = {"plan_id": PLAN, "target_no": "1"}
    target = next(found for found in town.rows["dim_targets"] if key.items() <= found.items())
    year = next(found for found in town.rows["target_progress"] if (key | {"year": YEAR}).items() <= found.items())
    assert row["Måles ved"] == "Andel i beskæftigelse (%)"
    assert row["Tallet er for"] == "beboere på 18-64 år"
    given = ("start_year", "start_value", "target_year", "target_value")
    assert [row[head] for head in ("Startår", "Startværdi", "Målår", "Målværdi")] == [target[name] for name in given]
    figures = {
        "Tal 2011": "value",
        "Usikkerhed, lavest": "ci_low",
        "Usikkerhed, højest": "ci_high",
        "På vejen 2011": "expected_value",
        "Ændring siden start": "change_start",
        "Ændring, lavest": "change_start_low",
        "Ændring, højest": "change_start_high",
        "Ændring i kommunen (Odense)": "municipality_change",
        "Ændring i hele landet": "country_change",
    }
    assert {head: row[head] for head in figures} == pytest.approx({head: year[name] for head, name in figures.items()})
    indicator = registry.indicators["employed_18_64_pct"]
    assert row["Usikkerhed"] == f"{notation.interval(year['ci_low'], year['ci_high'], indicator)} %"
    assert row["Ændringens usikkerhed"] == notation.span(year["change_start_low"], year["change_start_high"], indicator)
    assert (row["Vurdering"], row["Slags vurdering"]) == ("↗ På vej", "foreløbig vurdering")
    # Where nothing else is the reason, the verdict's own meaning is.
    assert row["Hvorfor"] == vocabulary.MEANINGS["on_the_way"]
    assert (row["Sekretariatets bemærkning"], row["Hvad gør I nu"]) == ("", "")
    assert row["Boligområde"] == "Vollsmose"
    assert by_number(content)["2"]["Planens målgruppe"] == "drenge på 16-20 år"
    assert by_number(content)["2"]["Vurdering"] == "✗ Ikke på vej"


def test_what_is_missing_says_why(content: Sheets) -> None:
    found = by_number(content)
    assert (found["1.1"]["Vurdering"], found["1.1"]["Hvorfor"]) == (
        "∅ Følges ikke med tal",
        "Registret kan ikke opgøres for området.",
    )
    # The targets 3 and 4 have no figure after 2010.
    for number in ("3", "4"):
        assert found[number]["Tal 2011"] == ""
        assert found[number]["Vurdering"] == notation.ABSENT
        assert found[number]["Hvorfor"] == "Målet løber fra 2008 til 2012."


def test_a_change_that_rounds_to_nothing_is_not_shown_as_minus_nothing(
    make_town: Callable[[], Any], registry: Registry, tmp_path: Path
) -> None:
    town = make_town()
    town.change("target_progress", {"country_change": -0.04}, plan_id=PLAN, target_no="1", year=YEAR)
    form.write(tmp_path / "a.xlsx", town.publish(tmp_path / "marts"), registry, PLAN, YEAR)
    assert by_number(sheets((tmp_path / "a.xlsx").read_bytes()))["1"]["Ændring i hele landet"] == 0


def test_a_year_without_a_figure_and_the_starting_year(
    make_town: Callable[[], Any], registry: Registry, tmp_path: Path
) -> None:
    snapshot = make_town().publish(tmp_path / "marts")
    form.write(tmp_path / "2010.xlsx", snapshot, registry, PLAN, 2010)
    found = by_number(sheets((tmp_path / "2010.xlsx").read_bytes()))
    assert (found["4"]["Vurdering"], found["4"]["Slags vurdering"]) == ("… Intet tal for året", "")
    assert found["4"]["Hvorfor"] == "Ikke leveret; Odense Kommune kan levere det."
    assert found["3"]["Usikkerhed"] == "ukendt"
    assert found["3"]["Vurdering"] == "? Kan ikke afgøres"
    assert found["3"]["Hvorfor"] == (
        "Planen skriver 45,0 % i startåret, tallene viser 43,1 %; planen kan rette sin startværdi. Usikkerheden "
        "kan ikke regnes for det, der tælles. Ingen levering løser det; et andet tal kan. Tallet er foreløbigt. "
        "Tallet er et gennemsnit over 4 år."
    )
    assert found["6"]["Vurdering"] == "✓ Nået"
    form.write(tmp_path / "2008.xlsx", snapshot, registry, PLAN, 2008)
    start = by_number(sheets((tmp_path / "2008.xlsx").read_bytes()))["1"]
    assert (start["Tal 2008"], start["Vurdering"]) == (44.1, notation.ABSENT)
    assert start["Hvorfor"] == "Startåret: her begynder vejen."


def test_activities_stand_with_the_participants_of_two_years(
    content: Sheets, make_town: Callable[[], Any], registry: Registry, tmp_path: Path
) -> None:
    found = {row["Aktivitet"]: row for row in rows(content, "Aktiviteter")}
    assert list(found) == ["Lektiecafé", "Jobvejledning i området", "Fælles spisning"]
    advice = found["Jobvejledning i området"]
    assert (advice["Deltagere 2011"], advice["Deltagere 2010"]) == (1072, "ikke oplyst")
    assert (advice["Begynder"], advice["Slutter"]) == (date(2008, 8, 1), date(2011, 6, 30))
    assert advice["Skal flytte"] == "Andel i beskæftigelse; Andel uden for arbejdsmarkedet"
    assert (advice["Gennem skridtet"], advice["Sekretariatets bemærkning"]) == (
        "Flere voksne kommer tættere på et arbejde",
        "",
    )
    assert (found["Fælles spisning"]["Skal flytte"], found["Fælles spisning"]["Deltagere 2011"]) == ("intet tal", "")
    town = make_town()
    town.rows["plan_activity_years"] = []
    form.write(tmp_path / "none.xlsx", town.publish(tmp_path / "marts"), registry, PLAN, YEAR)
    assert sheets((tmp_path / "none.xlsx").read_bytes())["Aktiviteter"][1][0] == "Ingen i 2011 eller 2010."


def test_every_word_and_sign_is_explained(content: Sheets, registry: Registry) -> None:
    meanings = {row["Ord eller tegn"]: row["Betyder"] for row in rows(content, "Forklaring")}
    for verdict, word in vocabulary.VERDICTS.items():
        assert meanings[f"{vocabulary.SIGNS[verdict]} {word}"] == vocabulary.MEANINGS[verdict]
    assert {row["Vurdering"] for row in rows(content, "Mål")} <= meanings.keys()
    for kind, meaning in vocabulary.KIND_MEANINGS.items():
        assert meanings[vocabulary.KINDS[kind]] == meaning
    for row in rows(content, "Mål"):
        if row["Måles ved"]:
            called = [i for i in registry.indicators.values() if row["Måles ved"].startswith(i.label_da)]
            assert any(meanings.get(indicator.label_da) == indicator.definition_da for indicator in called)
    heads = " ".join(row["Ord eller tegn"] for row in rows(content, "Forklaring") if row["Hvor"] == "Kolonne")
    assert all(head in heads for head in ("Usikkerhed", "På vejen", "Ændring siden start", "Fælles"))


def test_nothing_says_that_the_plan_has_brought_a_movement_about(content: Sheets) -> None:
    text = " ".join(str(cell) for found in content.values() for row in found for cell in row).casefold()
    assert not re.search(r"effekt|virkning|skyldes", text)


@pytest.mark.parametrize(("origin", "is_example"), [("synthetic", False), ("real", True)])
def test_what_is_made_up_says_so_on_the_front_and_on_every_printed_page(
    make_town: Callable[[], Any], registry: Registry, tmp_path: Path, origin: str, is_example: bool
) -> None:
    town = make_town()
    town.origin = origin
    town.change("dim_targets", {"is_example": is_example}, plan_id=PLAN)
    form.write(tmp_path / "a.xlsx", town.publish(tmp_path / "marts"), registry, PLAN, YEAR)
    mark = "EKSEMPEL" if is_example else "SYNTETISK"
    front = [row[0] for row in sheets((tmp_path / "a.xlsx").read_bytes())["Forside"]]
    assert front[1:3] == ["INTERNT", mark]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        for number in range(1, 6):
            assert f"INTERNT · {mark}" in archive.read(f"xl/worksheets/sheet{number}.xml").decode()


def test_each_sheet_but_the_first_two_is_one_table_with_its_header_in_sight(book: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        names = archive.namelist()
        parts = [ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml")) for number in range(1, 6)]
        tables = [ElementTree.fromstring(archive.read(name)) for name in names if name.startswith("xl/tables/")]
    assert [table.attrib["name"] for table in tables] == ["maal", "aktiviteter", "forklaring"]
    for part, pages_high in zip(parts, ("0", "1", "0", "0", "0"), strict=True):
        assert part.find("x:mergeCells", NS) is None
        setup = part.find("x:pageSetup", NS)
        assert setup is not None
        assert (setup.attrib["orientation"], setup.attrib["paperSize"]) == ("landscape", "9")
        assert setup.attrib.get("fitToHeight", "1") == pages_high
    for part, frozen in zip(parts[2:], ("2", "2", None), strict=True):
        pane = part.find(".//x:pane", NS)
        assert pane is not None
        assert (pane.attrib["ySplit"], pane.attrib.get("xSplit"), pane.attrib["state"]) == ("1", frozen, "frozen")
    assert [len(part.findall("x:tableParts/x:tablePart", NS)) for part in parts] == [0, 0, 1, 1, 1]


def test_the_same_snapshot_gives_the_same_bytes(
    book: bytes, make_town: Callable[[], Any], registry: Registry, tmp_path: Path
) -> None:
    form.write(tmp_path / "deep" / "again.xlsx", make_town().publish(tmp_path / "marts"), registry, PLAN, YEAR)
    assert (tmp_path / "deep" / "again.xlsx").read_bytes() == book


@pytest.mark.parametrize(
    ("plan", "year", "why"),
    [
        ("nyby", 2011, "nyby: no plan of the snapshot; there are vollsmose"),
        (PLAN, 2007, "vollsmose: 2007 lies outside its targets, which run from 2008 to 2012"),
        (PLAN, 2013, "vollsmose: 2013 lies outside its targets, which run from 2008 to 2012"),
        ("stengaarden", 2011, "stengaarden: none of its targets is measured"),
    ],
)
def test_a_form_that_nothing_fills_is_not_written(
    make_town: Callable[[], Any], registry: Registry, tmp_path: Path, plan: str, year: int, why: str
) -> None:
    snapshot = make_town().publish(tmp_path / "marts")
    with pytest.raises(ValueError, match=re.escape(why)):
        form.write(tmp_path / "form.xlsx", snapshot, registry, plan, year)
    assert not (tmp_path / "form.xlsx").exists()


@office.NEEDED
def test_libreoffice_opens_it_and_finds_the_same(book: bytes, content: Sheets, tmp_path: Path) -> None:
    (tmp_path / "form.xlsx").write_bytes(book)
    folder = in_libreoffice(tmp_path, [tmp_path / "form.xlsx"])

    def rounded(rows: list[list[Any]]) -> list[list[Any]]:
        return [[round(cell, 9) if isinstance(cell, float) else cell for cell in row] for row in rows]

    saved = sheets((folder / "form.xlsx").read_bytes())
    assert saved.keys() == content.keys()
    for name in content:
        width, height = len(content[name][0]), len(content[name])
        assert rounded([row[:width] for row in saved[name][:height]]) == rounded(content[name])
