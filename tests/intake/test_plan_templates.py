"""The workbooks of plans and secretariats: lists from the registry, cells that are checked, rows that intake takes."""

import re
import shutil
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import office
import pytest
from command_line import invoke
from plan_rows import ACTIVITY, SHARED, TARGET, UNMEASURED, cells, day, headers, written
from workbooks import (
    NS,
    Typed,
    by_libreoffice,
    letters,
    parts,
    sheet,
    sheet_names,
    typed,
    validations,
)

from flows.intake import formats
from flows.intake.faults import Refusal
from flows.intake.formats import workbook
from flows.intake.templates import SOURCES as ALL
from flows.intake.templates import plan_words, plans, write
from flows.intake.templates.workbook import LAST, range_of
from flows.present import vocabulary
from schemas import labels
from schemas.registry import Registry

RAW = Path(__file__).parents[2] / "data" / "raw"
SOURCES = plans.SOURCES


ROWS: dict[str, list[dict[str, Typed]]] = {
    "plan_targets": [
        TARGET,
        {**TARGET, "Mål nr.": "1.10", "Delmål af nr.": "1", "Målværdi": 19, "Målår": 2011},
        {**TARGET, "Mål nr.": "2", **UNMEASURED},
        {**TARGET, "Sat den": day(2011, 5), "Målværdi": 17.0},
        {**TARGET, "Mål nr.": "2", **UNMEASURED, "Sat den": day(2012), "Udgår": "ja"},
    ],
    "plan_activities": [ACTIVITY, {**ACTIVITY, "År": 2010, "Slutter": day(2010, 12, 31), "Deltagere": ".."}],
    "secretariat_indicators": [SHARED, {**SHARED, "Indikator": "Andel dømte", "Gælder til": day(2011)}],
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> dict[str, bytes]:
    """The templates for any municipality, by source."""
    return written(tmp_path_factory.mktemp("any"), registry, None)


@pytest.fixture(scope="module")
def of_aarhus(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> dict[str, bytes]:
    """The templates for Aarhus, by source."""
    return written(tmp_path_factory.mktemp("aarhus"), registry, "0751")


def names(book: bytes) -> dict[str, list[Any]]:
    """What stands under each defined name of 'Koder'."""
    root = ElementTree.fromstring(parts(book)["xl/workbook.xml"])
    rows, found = sheet(book, "Koder"), {}
    for name in root.iterfind(".//x:definedName", NS):
        place = re.fullmatch(r"'?Koder'?!\$([A-Z])\$(\d+)(?::\$\1\$(\d+))?", name.text or "")
        if place and not name.attrib["name"].startswith("_xlnm"):
            column, first, last = ord(place[1]) - ord("A"), int(place[2]), int(place[3] or place[2])
            below = rows[first - 1 : last]
            found[name.attrib["name"]] = [row[column] if column < len(row) else "" for row in below]
    return found


# The workbooks as they are made ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
def test_every_column_of_the_layout_is_there_and_nothing_else(
    books: dict[str, bytes], registry: Registry, source: str
) -> None:
    known = headers(registry, source)
    assert sheet_names(books[source]) == ["Følgeseddel", plans.ROWS[source], "Vejledning", "Koder"]
    assert [name for name in sheet_names(books[source]) if name.casefold() not in workbook.GUIDES] == [
        plans.ROWS[source]
    ]
    assert sheet(books[source], plans.ROWS[source])[0] == known
    guidance = sheet(books[source], "Vejledning")
    of_columns = guidance[[row[0] for row in guidance].index("Kolonne") + 1 :]
    assert [row[0] for row in of_columns] == known
    assert all(row[2] for row in of_columns)


@pytest.mark.parametrize("source", SOURCES)
def test_an_untouched_template_has_no_rows(
    books: dict[str, bytes], of_aarhus: dict[str, bytes], registry: Registry, source: str
) -> None:
    for book in (books[source], of_aarhus[source]):
        with pytest.raises(Refusal) as refused:
            formats.read(book, registry.layout_of(source), registry.sources[source])
        assert refused.value.rule == "header_only"
        note = {row[0]: row[1] for row in sheet(book, "Følgeseddel")}
        assert note["rækker"] == 0
        totals = [key for key in note if key.startswith("kontrolsum")]
        assert totals == (["kontrolsum Deltagere"] if source == "plan_activities" else [])


@pytest.mark.parametrize("municipality", [None, "0101", "0751"])
def test_no_formula_list_or_message_is_too_long_for_excel(
    tmp_path: Path, registry: Registry, recwarn: pytest.WarningsRecorder, municipality: str | None
) -> None:
    for source in SOURCES:
        if source == "secretariat_indicators" and municipality == "0101":
            continue
        write(tmp_path / "a.xlsx", registry, source, municipality)
        for rule in validations((tmp_path / "a.xlsx").read_bytes()).values():
            assert all(len(formula.text or "") <= 255 for formula in rule)
            assert len(rule.attrib.get("error", "")) <= 225, "LibreOffice and Excel both show so much"
    assert not [str(warning.message) for warning in recwarn]


def test_the_same_template_has_the_same_bytes(tmp_path: Path, of_aarhus: dict[str, bytes], registry: Registry) -> None:
    for source, again in written(tmp_path, registry, "0751").items():
        assert parts(again) == parts(of_aarhus[source])


@pytest.mark.parametrize(
    ("source", "municipality", "year", "why"),
    [
        ("plan_targets", "9999", None, "codes/areas.csv"),
        ("plan_activities", "751", None, "codes/areas.csv"),
        ("secretariat_indicators", "0461", None, "codes/secretariats.csv"),
        ("plan_targets", None, 2010, "a year belongs to the yearly figures"),
        ("grants", None, None, "there is no template for 'grants'"),
    ],
)
def test_what_nothing_fits_is_no_template(
    tmp_path: Path, registry: Registry, source: str, municipality: str | None, year: int | None, why: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        write(tmp_path / "none.xlsx", registry, source, municipality, year)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [[], ["--for", "plan_targets", "--municipality", "0751"]])
def test_the_command_writes_each_of_them(tmp_path: Path, arguments: list[str]) -> None:
    done = invoke(tmp_path, "template", "a.xlsx", *arguments)
    assert (done.exit_code, done.stdout) == (0, "wrote a.xlsx\n"), done.stderr
    assert sheet_names((tmp_path / "a.xlsx").read_bytes())[1] == ("Mål" if arguments else "Årstal")
    assert {"municipal_yearly", "implementation", *SOURCES} == set(ALL)
    wrong = invoke(tmp_path, "template", "b.xlsx", "--for", "plan_targets", "--year", "2010")
    assert wrong.exit_code == 2
    assert "a year belongs to the yearly figures" in wrong.stderr


# The lists ------------------------------------------------------------------------------------------------------------


def test_every_list_holds_what_the_registry_holds(
    books: dict[str, bytes], of_aarhus: dict[str, bytes], registry: Registry
) -> None:
    targets, activities, shared = (names(books[source]) for source in SOURCES)
    of_areas = {i.id: i for i in registry.indicators.values() if i.of_areas}
    for listed in (targets, activities, shared):
        assert set(listed["Betegnelser"]) == of_areas.keys()
        indicators = [of_areas[name] for name in listed["Betegnelser"]]
        assert listed["Indikatorer"] == [indicator.label_da for indicator in indicators]
        assert listed["Lavest"] == [range_of(indicator)[0] for indicator in indicators]
        assert listed["Højest"] == [range_of(indicator)[1] for indicator in indicators]
        groups = [indicator.indicator_group for indicator in indicators]
        assert len([1 for before, after in pairwise(groups) if before != after]) == 3
        assert groups[-1] == "background"
    themes = [row["name_da"] for row in registry.codes["effort_areas"]]
    assert targets["Indsatsområder"] == activities["Indsatsområder"] == themes
    assert activities["Skridt"] == [step.label_da for step in registry.change_theory.step.values()]
    reasons = next(c for c in registry.layout_of("plan_targets").columns if c.to == "not_measurable_because").values
    assert targets["Grunde"] == list(reasons)
    assert list(reasons) == [vocabulary.NOT_MEASURABLE[code] for code in reasons.values()]
    assert shared["Sekretariater"] == [row["name_da"] for row in registry.codes["secretariats"]]
    for listed in (targets, activities):
        assert set(listed["Boligområder"]) == {row["name"] for row in registry.codes["areas"]}
        assert set(listed["Kommuner"]) == {row["municipality_code"] for row in registry.codes["areas"]}
    assert all(listed["Ingen"] == [""] for listed in (targets, activities, shared))
    narrow = names(of_aarhus["plan_targets"])
    aarhus = {row["name"] for row in registry.codes["areas"] if row["municipality_code"] == "0751"}
    assert (set(narrow["Boligområder"]), narrow["Kommuner"]) == (aarhus, ["0751"])
    assert names(of_aarhus["secretariat_indicators"])["Sekretariater"] == ["Områdesekretariatet i Aarhus"]


def test_the_sheet_of_codes_says_what_each_number_is(books: dict[str, bytes], registry: Registry) -> None:
    rows = {row[7]: row for row in sheet(books["plan_targets"], "Koder") if row[7]}
    for indicator in registry.indicators.values():
        if indicator.of_areas:
            label, group, population, definition, unit, *_ = rows[indicator.id]
            assert (label, definition) == (indicator.label_da, indicator.definition_da)
            assert group == labels.OUTCOME_GROUPS[indicator.indicator_group or ""]
            assert (population, unit) == (indicator.population_da, indicator.unit_da)
    areas = {row[0]: row for row in sheet(books["plan_targets"], "Koder") if re.fullmatch(r"\d{4}", str(row[1]))}
    assert areas["Agervang"][:3] == ["Agervang", "0316", "Agervang mv."]


@pytest.mark.parametrize("source", SOURCES)
def test_a_list_is_short_or_stands_on_the_sheet_of_codes(
    books: dict[str, bytes], registry: Registry, source: str
) -> None:
    known = names(books[source])
    styles = {}
    for place, column in enumerate(registry.layout_of(source).columns):
        rule = validations(books[source]).get(f"{letters(place)}2:{letters(place)}{LAST}")
        if rule is None:
            assert column.to in ("plan_name", "target_population"), column.headers[0]
            continue
        styles[column.to] = rule.attrib.get("errorStyle", "stop")
        if rule.attrib.get("type") == "list":
            listed = rule.findtext("x:formula1", "", NS)
            assert listed.startswith('"') or set(re.findall(r"[A-ZÆØÅ][a-zæøå]+", listed)) <= known.keys(), listed
        if styles[column.to] != "stop" or "type" in rule.attrib:
            assert rule.attrib["error"].endswith(".")
    # Other spellings of places are read, steps may be one's own, a part may belong to a target of another file.
    soft = {"municipality_code": "warning", "area_id": "warning", "parent_no": "warning", "step": "information"}
    soft |= {"indicator": "information"} if source == "plan_activities" else {}
    assert {to: style for to, style in styles.items() if style != "stop"} == {
        to: style for to, style in soft.items() if to in styles
    }


def test_guidance_tells_how_a_target_is_revised_and_names_no_person(books: dict[str, bytes]) -> None:
    guidance = "\n".join(str(row[0]) for row in sheet(books["plan_targets"], "Vejledning"))
    for word in (
        "bliver stående, som det blev sat",
        "samme 'Mål nr.', ny dato i 'Sat den'",
        "ja i 'Udgår'",
        "gælder målet stadig",
    ):
        assert word in guidance
    assert "Delmål af nr." in guidance
    for source, column in (("plan_targets", "set_by"), ("secretariat_indicators", "agreed_by")):
        assert "Aldrig navnet på en person" in plan_words.HOLDS[source][column]


# Filled in ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def plan_night(night: Any) -> Any:
    """A night that knows the plan in Bispehaven."""
    shutil.copytree(RAW / "grants", night.raw / "grants")
    return night


def _filled(books: Mapping[str, bytes], registry: Registry, calculated: bool = True) -> dict[str, bytes]:
    filled = {}
    for source, rows in ROWS.items():
        is_named = calculated and source == "secretariat_indicators"
        name = {"Områdesekretariat": "Områdesekretariatet i Aarhus"} if is_named else {}
        typed_in = cells(registry, source, [{**name, **row} for row in rows])
        filled[source] = typed(books[source], typed_in, calculated)
    return filled


def _is_taken(night: Any, filled: Mapping[str, bytes]) -> None:
    for source, book in filled.items():
        night.deliver(f"{source}/a.xlsx", book)
    receipts = night.run()
    for source, rows in ROWS.items():
        receipt = receipts[f"{source}/a.xlsx"]
        assert (receipt.outcome, receipt.rows, receipt.quarantined) == ("accepted", len(rows), 0), receipt
    targets = night.table("plan_targets").sort("target_no", "set_on").to_dicts()
    assert [(row["target_no"], row["set_on"].year, row["target_value"]) for row in targets] == [
        ("1", 2010, 15.0),
        ("1", 2011, 17.0),
        ("1.10", 2010, 19.0),
        ("2", 2010, None),
        ("2", 2012, None),
    ]
    assert [row["is_withdrawn"] for row in targets] == [None, None, None, None, True]
    assert targets[2]["parent_no"] == "1"
    assert targets[3]["not_measurable_because"] == "no_register"
    assert {row["indicator"] for row in targets} == {"youth_neither_pct", None}
    activities = night.table("plan_activities").sort("year").select("year", "participants", "ends").rows()
    assert activities == [(2009, 40, None), (2010, None, date(2010, 12, 31))]
    assert night.table("activity_indicators").height == 4
    shared = night.table("secretariat_indicators").sort("indicator")
    assert shared.select("secretariat_id", "indicator", "agreed_until").rows() == [
        ("aarhus", "convicted_pct", date(2011, 1, 1)),
        ("aarhus", "youth_neither_pct", None),
    ]


def test_what_was_typed_is_staged(plan_night: Any, of_aarhus: dict[str, bytes], registry: Registry) -> None:
    _is_taken(plan_night, _filled(of_aarhus, registry))


@office.NEEDED
def test_what_libreoffice_saves_is_staged_too(
    plan_night: Any, of_aarhus: dict[str, bytes], registry: Registry, tmp_path: Path
) -> None:
    """Its formulas count the rows, add up the participants and fill in the secretariat."""
    saved = by_libreoffice(_filled(of_aarhus, registry, calculated=False), tmp_path / "office")
    assert [row[0] for row in sheet(saved["secretariat_indicators"], "Fælles indikatorer")[1:4]] == [
        *["Områdesekretariatet i Aarhus"] * 2,
        "",
    ]
    note = {row[0]: row[1] for row in sheet(saved["plan_activities"], "Følgeseddel")}
    assert (note["rækker"], note["kontrolsum Deltagere"]) == (2, 40)
    _is_taken(plan_night, saved)


def test_a_row_that_was_changed_is_set_aside_and_the_target_stands(
    plan_night: Any, of_aarhus: dict[str, bytes], registry: Registry
) -> None:
    for value in (15.0, 16.0):
        rows = [{**TARGET, "Målværdi": value}]
        plan_night.deliver(
            "plan_targets/a.xlsx", typed(of_aarhus["plan_targets"], cells(registry, "plan_targets", rows))
        )
        plan_night.run()
        assert plan_night.table("plan_targets")["target_value"].to_list() == [15.0]
    assert plan_night.set_aside("plan_targets/a.xlsx")["regel"].to_list() == ["target_changed"]
