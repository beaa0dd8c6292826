"""Cubes and records: marks of status, numbers as they were spelled, titles, and PX in all its spellings."""

import json
from typing import Any

import pytest

from flows.intake.coded import DeliveredTable
from flows.intake.delivery_note import parse
from flows.intake.faults import Refusal
from flows.intake.formats import read
from schemas.registry import Registry

NOTE = parse([("kilde", "x"), ("udgivet", "2023"), ("oprindelse", "real")])
CPR = "070761-4285"


def cube(**changed: Any) -> dict[str, Any]:
    made = {
        "version": "2.0",
        "class": "dataset",
        "label": "Folketal efter område og tid",
        "id": ["OMRÅDE", "ContentsCode", "Tid"],
        "size": [2, 1, 2],
        "dimension": {
            "OMRÅDE": {"category": {"index": ["461", "101"]}},
            "ContentsCode": {"category": {"index": ["FOLK1A"], "label": {"FOLK1A": "Antal"}}},
            "Tid": {"category": {"index": {"2008K2": 1, "2008K1": 0}}},
        },
        "value": [1, 2, 0, 4],
    }
    return {name: value for name, value in (made | changed).items() if value is not None}


def reading(content: Any, registry: Registry, source: str = "statbank_folk1a") -> DeliveredTable:
    text = content if isinstance(content, str) else json.dumps(content)
    return read(text.encode(), registry.layout_of(source), registry.sources[source], NOTE)


def values(content: Any, registry: Registry) -> list[str]:
    return reading(content, registry).columns["INDHOLD"].text().to_list()


def refused(content: Any, registry: Registry, source: str = "statbank_folk1a") -> str:
    with pytest.raises(Refusal) as refusal:
        reading(content, registry, source)
    assert "4285" not in refusal.value.detail
    return refusal.value.rule


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"2": "."}, ["1", "2", ".", "4"]),
        ({"0": "..", "3": "..."}, ["..", "2", "0", "..."]),
        (["", None, "-", ""], ["1", "2", "-", "4"]),
        ("..", ["..", "..", "..", ".."]),
        ("", ["1", "2", "0", "4"]),
        ({}, ["1", "2", "0", "4"]),
        ({"1": "p"}, ["1", "#SHOWN!", "0", "4"]),
        ({"1": 7}, ["1", "#SHOWN!", "0", "4"]),
        (5, ["#SHOWN!"] * 4),
        (["e", "e", "", ""], ["#SHOWN!", "#SHOWN!", "0", "4"]),
    ],
)
def test_a_mark_stands_in_place_of_the_value(registry: Registry, status: Any, expected: list[str]) -> None:
    assert values(cube(status=status), registry) == expected


@pytest.mark.parametrize("status", [{"4": "."}, {"-1": "."}, {"01": "."}, ["."], {"x": "."}])
def test_a_status_of_no_cell_is_damage(registry: Registry, status: Any) -> None:
    assert refused(cube(status=status), registry) == "damaged_file"


def test_a_cube_says_what_it_is(registry: Registry) -> None:
    found = reading(cube(extension={"px": {"tableid": "FOLK1AM"}}), registry)
    assert found.titles == ("Folketal efter område og tid", "FOLK1AM", "FOLK1A", "Antal")
    assert list(found.columns) == ["OMRÅDE", "TID", "INDHOLD"]
    assert found.frame().row(3) == (4, "101", "2008K2", "4")


@pytest.mark.parametrize(
    ("spelled", "text"),
    [
        ("9.000", "9,000"),
        ("9.001", "9,001"),
        ("187.000", "187,000"),
        ("9.0", "9"),
        ("54.4", "54,4"),
        ("1e999", "#NUM!"),
        ("NaN", "#NUM!"),
        ("-Infinity", "#NUM!"),
        ("null", ".."),
        ('".."', ".."),
        ("1.5E2", "150"),
        ("9" * 5000, "#NUM!"),
    ],
)
def test_numbers_keep_what_their_spelling_may_mean(registry: Registry, spelled: str, text: str) -> None:
    content = json.dumps(cube()).replace("[1, 2, 0, 4]", f"[1, 2, 0, {spelled}]")
    assert values(content, registry) == ["1", "2", "0", text]
    assert values(content.replace("[1, 2, 0,", '{"3":').replace(f"{spelled}]", f"{spelled}}}"), registry)[3] == text


@pytest.mark.parametrize(
    "changed",
    [
        {"value": [1, 2, 3]},
        {"value": {"4": 1}},
        {"value": [1, 2, True, 4]},
        {"value": [1, 2, [], 4]},
        {"size": [2, 1, 3]},
        {"size": [-2, -1, 2]},
        {"size": [2.5, 1, 2]},
        {"id": ["OMRÅDE", "Tid"]},
        {"dimension": {}},
        {"value": None},
    ],
)
def test_a_cube_that_contradicts_itself_is_damage(registry: Registry, changed: Any) -> None:
    assert refused(cube(**changed), registry) == "damaged_file"


def test_two_members_in_one_place_are_damage(registry: Registry) -> None:
    dimension = cube()["dimension"] | {"Tid": {"category": {"index": {"2008K1": 0, "2008K2": 0}}}}
    assert refused(cube(dimension=dimension), registry) == "damaged_file"


@pytest.mark.parametrize("where", ["label", "note", "source"])
def test_a_personal_number_anywhere_in_a_cube_refuses_it(registry: Registry, where: str) -> None:
    assert refused(cube(**{where: f"ring til {CPR}"}), registry) == "cpr_number"


def test_records_keep_their_spelling_too(registry: Registry) -> None:
    text = (
        '{"2017": [{"id": "Vollsmose", "municipality": "Odense", "residents": 9.000, "ghetto": true, "income": NaN}]}'
    )
    found = reading(text, registry, "ministry_lists_records").frame()
    assert found.select("year", "id", "residents", "ghetto", "income").rows() == [
        ("2017", "Vollsmose", "9,000", "ja", "#NUM!")
    ]


# PX -------------------------------------------------------------------------------------------------------------------

PX = """CHARSET="ANSI";
AXIS-VERSION="2010";
CODEPAGE="{codepage}";
LANGUAGE="da";
MATRIX="FOLK1A";
TITLE="Folketal; efter "
"område";
TITLE[en]="Population";
STUB="område";
STUB[en]="region";
HEADING="tid";
VALUES("område")="Odense","Læsø; ø = ""
"eller";
VALUES("tid")="2008K1","2008K2";
CODES("tid")="2008K1","2008K2";
{more}DATA=
{data};
"""


def px(data: str = '1 2\n".." 4', more: str = "", codepage: str = "utf-8") -> str:
    return PX.replace('ø = ""\n"eller"', 'ø ="\n"eller"').format(data=data, more=more, codepage=codepage)


def test_px_is_read_with_texts_over_lines_and_other_languages_left_out(registry: Registry) -> None:
    found = reading(px(), registry)
    assert found.frame().rows() == [
        (1, "Odense", "2008K1", "1"),
        (2, "Odense", "2008K2", "2"),
        (3, "Læsø; ø =eller", "2008K1", ".."),
        (4, "Læsø; ø =eller", "2008K2", "4"),
    ]
    assert found.titles == ("FOLK1A", "Folketal; efter område")


def test_px_in_the_alphabet_that_it_names(registry: Registry) -> None:
    for codepage, encoding in (
        ("Windows-1252", "cp1252"),
        ("iso-8859-1", "latin-1"),
        ("cp850", "cp850"),
        ("utf-8", "utf-8-sig"),
    ):
        content = px(codepage=codepage).encode(encoding)
        found = read(content, registry.layout_of("statbank_folk1a"), registry.sources["statbank_folk1a"], NOTE)
        assert list(found.columns) == ["område", "tid", "INDHOLD"]
    assert refused(px(codepage="ebcdic"), registry) == "undecodable"


def test_symbols_are_shown_as_the_file_says(registry: Registry) -> None:
    more = 'DATASYMBOL1="fortroligt";\nDATASYMBOL2="0";\nDATASYMBOLNIL="0";\n'
    assert values(px('"." ".."\n"-" 4', more), registry) == ["fortroligt", "#SHOWN!", "#SHOWN!", "4"]
    assert values(px('. ..\n"-" 4.5'), registry) == [".", "..", "-", "4.5"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (px("1 2 3"), "damaged_file"),
        (px("1 2 3 4 5"), "damaged_file"),
        (px("1 2 3 x"), "damaged_file"),
        (px("1 2 3 1,5,6"), "damaged_file"),
        (px().replace(";\n", "\n"), "damaged_file"),
        (px().rstrip().rstrip(";"), "damaged_file"),
        (px().replace('VALUES("tid")', 'VALUES("dit")'), "damaged_file"),
        (px().replace('"2008K1","2008K2";\nCODES', '"2008K1","2008K1";\nCODES'), "damaged_file"),
        (px(more='KEYS("område")=VALUES;\n'), "wrong_format"),
        (px().replace('HEADING="tid"', 'HEADING="område"'), "duplicate_column"),
        (px(more=f'NOTE="ring til {CPR}";\n'), "cpr_number"),
        (px().partition("DATA")[0], "damaged_file"),
    ],
)
def test_px_that_cannot_be_used_is_refused_by_its_rule(registry: Registry, content: str, rule: str) -> None:
    assert refused(content, registry) == rule


@pytest.mark.parametrize("start", ['CREATION-DATE="20100101"', 'TITLE[da]="x"', "DECIMALS=0", 'MATRIX="A"'])
def test_px_may_begin_with_any_keyword(registry: Registry, start: str) -> None:
    assert reading(px().replace('CHARSET="ANSI"', start), registry).format == "px"
