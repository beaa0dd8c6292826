"""What the cells of the plans' workbooks let in, and their colours, as LibreOffice works them out."""

import re
from xml.etree import ElementTree

import office
import pytest
from plan_rows import ACTIVITY, MEASURE, SHARED, TARGET, UNMEASURED, cells, day, headers, written
from workbooks import NS, ROWS_PART, Typed, asked, by_libreoffice, letters, moved, parts, sheet, typed, validations

from flows.intake.templates import plan_cells, plans
from schemas.registry import Registry

# Changes to a row that is in order; the columns whose check then objects, and the colours of the cells.
Case = tuple[dict[str, Typed], set[str], dict[str, str]]
MISSING, WRONG, UNUSED = "missing", "wrong", "unused"
OUT = {"Udgår": "ja", "Sat den": day(2012)}
CASES: dict[str, dict[str, Case]] = {
    "plan_targets": {
        "in order": ({}, set(), {}),
        "an identifier": ({"Måles ved": "youth_neither_pct"}, {"Måles ved"}, {}),
        "no such indicator": ({"Måles ved": "Andel glade"}, {"Måles ved"}, {"Måles ved": WRONG}),
        "no such effort area": ({"Indsatsområde": "Alt muligt"}, {"Indsatsområde"}, {}),
        "another spelling": ({"Kommune": "Aarhus", "Boligområde": "Bispe"}, {"Kommune", "Boligområde"}, {}),
        "a part of nothing": ({"Delmål af nr.": "77"}, {"Delmål af nr."}, {}),
        "a part": ({"Mål nr.": "1.10", "Delmål af nr.": "1"}, set(), {}),
        "a part of itself": ({"Delmål af nr.": "1"}, {"Delmål af nr."}, {"Delmål af nr.": WRONG}),
        "no date": ({"Sat den": "i foråret"}, {"Sat den"}, {}),
        "not measured": (UNMEASURED, set(), dict.fromkeys(MEASURE[1:], UNUSED)),
        "no such reason": (
            {**UNMEASURED, "Kan ikke måles, fordi": "for dyrt"},
            {"Kan ikke måles, fordi"},
            dict.fromkeys(MEASURE[1:], UNUSED),
        ),
        "measured and not": (
            {"Kan ikke måles, fordi": "tallet leveres ikke"},
            {"Måles ved", "Kan ikke måles, fordi"},
            {"Måles ved": WRONG, "Kan ikke måles, fordi": WRONG},
        ),
        "neither": (
            {**UNMEASURED, "Kan ikke måles, fordi": ""},
            set(),
            {"Måles ved": MISSING, "Kan ikke måles, fordi": MISSING},
        ),
        "nothing of the measure": (
            dict.fromkeys(MEASURE[1:], ""),
            set(),
            dict.fromkeys(MEASURE[1:], MISSING),
        ),
        "given up": ({**dict.fromkeys(MEASURE, ""), **OUT}, set(), {}),
        "given up, with its indicator": ({**dict.fromkeys(MEASURE[1:], ""), **OUT}, set(), {}),
        "only a plan": (
            dict.fromkeys([*TARGET][1:], ""),
            set(),
            dict.fromkeys(
                [*[name for name in TARGET if name not in ("Helhedsplan", *MEASURE[1:])], "Kan ikke måles, fordi"],
                MISSING,
            ),
        ),
        "the wrong side": ({"Målværdi": 23}, {"Målværdi"}, {"Målværdi": WRONG}),
        "at the target already": ({"Målværdi": 22.5}, {"Målværdi"}, {"Målværdi": WRONG}),
        "the other way": ({"Retning": "skal stige"}, {"Målværdi"}, {"Målværdi": WRONG}),
        "up": ({"Retning": "skal stige", "Målværdi": 30}, set(), {}),
        "no such way": ({"Retning": "op"}, {"Retning"}, {}),
        "below 0": ({"Målværdi": -1}, {"Målværdi"}, {"Målværdi": WRONG}),
        "above 100": ({"Startværdi": 101}, {"Startværdi"}, {"Startværdi": WRONG}),
        "above 100 where that is possible": (
            {"Måles ved": "Gennemsnitlig bruttoindkomst", "Startværdi": 250000, "Målværdi": 240000},
            set(),
            {},
        ),
        "text for a figure": ({"Startværdi": "22,5 %"}, {"Startværdi"}, {"Startværdi": WRONG}),
        "the year of the start": ({"Målår": 2009}, {"Startår", "Målår"}, {"Målår": WRONG}),
        "a year before it": ({"Målår": 2008}, {"Startår", "Målår"}, {"Målår": WRONG}),
        "a year of two digits": ({"Startår": 9}, {"Startår"}, {}),
        "a far year": ({"Målår": 2103}, {"Målår"}, {}),
        "half a year": ({"Målår": 2012.5}, {"Målår"}, {}),
        "perhaps": ({"Udgår": "måske"}, {"Udgår"}, {}),
    },
    "plan_activities": {
        "in order": ({}, set(), {}),
        "an identifier among them": ({"Skal flytte": "youth_neither_pct|Andel unge i uddannelse"}, {"Skal flytte"}, {}),
        "one indicator": ({"Skal flytte": "andel unge I uddannelse"}, set(), {}),
        "one of them unknown": (
            {"Skal flytte": "Andel unge i uddannelse|Andel glade"},
            {"Skal flytte"},
            {"Skal flytte": WRONG},
        ),
        "an empty part": ({"Skal flytte": "Andel unge i uddannelse|"}, {"Skal flytte"}, {"Skal flytte": WRONG}),
        "moves nothing": ({"Skal flytte": "", "Gennem skridtet": ""}, set(), {}),
        "words of one's own": ({"Gennem skridtet": "Noget andet"}, {"Gennem skridtet"}, {}),
        "a mark": ({"Deltagere": ".."}, set(), {}),
        "a half participant": ({"Deltagere": 4.5}, {"Deltagere"}, {}),
        "less than none": ({"Deltagere": -4}, {"Deltagere"}, {}),
        "an end": ({"Slutter": day(2012)}, set(), {}),
        "an end before": ({"Slutter": day(2008)}, {"Slutter"}, {"Slutter": WRONG}),
        "no year": ({"År": "", "Begynder": ""}, set(), {"År": MISSING, "Begynder": MISSING}),
        "a year outside": ({"År": 1889}, {"År"}, {}),
        "only a name": (
            dict.fromkeys([name for name in ACTIVITY if name != "Aktivitet"], ""),
            set(),
            dict.fromkeys(("Helhedsplan", "Kommune", "Indsatsområde", "Begynder", "År"), MISSING),
        ),
    },
    "secretariat_indicators": {
        "in order": ({}, set(), {}),
        "another secretariat": ({"Områdesekretariat": "I Nyby"}, {"Områdesekretariat"}, {}),
        "no such indicator": ({"Indikator": "Andel glade"}, {"Indikator"}, {"Indikator": WRONG}),
        "an end before": ({"Gælder til": day(2009)}, {"Gælder til"}, {"Gælder til": WRONG}),
        "only an indicator": (
            {"Områdesekretariat": "", "Aftalt af": "", "Gælder fra": ""},
            set(),
            dict.fromkeys(("Områdesekretariat", "Aftalt af", "Gælder fra"), MISSING),
        ),
    },
}
IN_ORDER = {
    "plan_targets": TARGET,
    # More than one indicator is asked about, softly: no list can hold every combination.
    "plan_activities": {**ACTIVITY, "Skal flytte": "Andel unge i uddannelse"},
    "secretariat_indicators": {"Områdesekretariat": "Områdesekretariatet i Aarhus", **SHARED},
}
# Beside the last column, where the answers stand.
BESIDE = 19


def _holds(rule: ElementTree.Element, cell: str) -> str:
    """Whether Excel lets a cell's content in, as a formula of row 2."""
    first, second = (rule.findtext(f"x:formula{number}", "", NS) for number in (1, 2))
    match rule.attrib.get("type"):
        case "list" if first.startswith('"'):
            held = ",".join(f'{cell}="{value}"' for value in first.strip('"').split(","))
            return f'OR({cell}="",{held})'
        case "list":
            return f'OR({cell}="",ISNUMBER(MATCH({cell},{first},0)))'
        case "date" | "whole":
            whole = f",{cell}=INT({cell})" if rule.attrib["type"] == "whole" else ""
            return f'OR({cell}="",AND(ISNUMBER({cell}),{cell}>={first},{cell}<={second}{whole}))'
        case "custom":
            return f'OR({cell}="",{first})'
        case _:
            return "TRUE"


def _colours(book: bytes) -> list[tuple[int, int, str, str]]:
    """First and last column, formula and colour of each rule in the order of their weight."""
    fills = {fill: name for name, fill in (("missing", "FFFFE699"), ("wrong", "FFF4B6B6"), ("unused", "FFE7E6E6"))}
    styles = ElementTree.fromstring(parts(book)["xl/styles.xml"])
    formats_of = [
        fills[color.attrib["rgb"]]
        for style in styles.iterfind(".//x:dxf", NS)
        if (color := style.find(".//x:bgColor", NS)) is not None
    ]
    found = []
    for block in ElementTree.fromstring(parts(book)[ROWS_PART]).iterfind("x:conditionalFormatting", NS):
        place = re.fullmatch(r"([A-Z])2:([A-Z])\d+", block.attrib["sqref"])
        assert place
        for rule in block.iterfind("x:cfRule", NS):
            colour = formats_of[int(rule.attrib["dxfId"])]
            formula = rule.findtext("x:formula", "", NS)
            ends = ord(place[1]) - ord("A"), ord(place[2]) - ord("A")
            found.append((int(rule.attrib["priority"]), (*ends, formula, colour)))
    return [rule for _, rule in sorted(found)]


@pytest.fixture(scope="module")
def answers(
    registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, tuple[set[str], dict[str, str]]]]:
    """The columns that object and the colours, by source and case, as LibreOffice works them out."""
    books = written(tmp_path_factory.mktemp("any"), registry, None)
    questions, places = {}, {}
    for source, cases in CASES.items():
        known = headers(registry, source)
        rules = {rule[0]: validations(books[source])[rule] for rule in validations(books[source])}
        filled = typed(
            books[source],
            cells(registry, source, [IN_ORDER[source] | changes for changes, *_ in cases.values()]),
            calculated=False,
        )
        formulas: dict[str, str] = {}
        for line, case in enumerate(cases, 2):
            asked_of = [
                (header, "", moved(_holds(rules[letters(place)], f"${letters(place)}2"), line))
                for place, header in enumerate(known)
                if letters(place) in rules
            ]
            for first, last, formula, colour in _colours(books[source]):
                asked_of += [
                    (known[place], colour, moved(formula, line, place - first)) for place in range(first, last + 1)
                ]
            for number, (header, colour, formula) in enumerate(asked_of):
                cell = f"{_wide(BESIDE + number)}{line}"
                formulas[cell] = formula
                places[source, line - 1, BESIDE + number] = (case, header, colour)
        questions[source] = asked(filled, formulas)
    made = by_libreoffice(questions, tmp_path_factory.mktemp("answers"))
    found = {source: {case: (set[str](), dict[str, str]()) for case in cases} for source, cases in CASES.items()}
    rows = {source: sheet(book, plans.ROWS[source]) for source, book in made.items()}
    for (source, row, column), (case, header, colour) in places.items():
        answer = rows[source][row][column]
        assert isinstance(answer, bool), (source, case, header, colour, answer)
        if not colour and not answer:
            found[source][case][0].add(header)
        elif colour and answer:
            # The first rule that holds wins.
            found[source][case][1].setdefault(header, colour)
    return found


def _wide(place: int) -> str:
    return letters(place) if place < 26 else letters(place // 26 - 1) + letters(place % 26)


@office.NEEDED
@pytest.mark.parametrize(("source", "case"), [(source, case) for source, cases in CASES.items() for case in cases])
def test_cells_object_and_are_coloured(
    answers: dict[str, dict[str, tuple[set[str], dict[str, str]]]], source: str, case: str
) -> None:
    _, objecting, colours = CASES[source][case]
    assert answers[source][case] == (objecting, colours)


def test_every_column_that_a_rule_needs_says_so(registry: Registry) -> None:
    """What a measured target needs is said beside each column; the rest follows from the layout."""
    demands = {column.header: column.required for column in plans.guidance(registry, "plan_targets")}
    assert {header for header, required in demands.items() if required == "ja, når målet måles"} == set(MEASURE[1:])
    assert {header for header, required in demands.items() if required == "nej"} == {
        "Delmål af nr.",
        "Målgruppe",
        "Udgår",
    }
    assert plan_cells.CELLS.keys() == set(plans.SOURCES)
