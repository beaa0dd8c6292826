"""The letter as the officer who gets it reads it: every fault of a row at once, and what to do in Excel."""

import re
from datetime import date
from typing import Any

import pytest

from flows.intake.apart import part_texts
from flows.intake.letters import letter
from flows.intake.quarantine import Item, register
from schemas.registry import Registry

TODAY = date(2026, 11, 2)
HEADER = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"
HEAD = "# kilde: en prøve\n# afsender: Odense Kommune\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2026-01-01\n"
LONG = "municipal_figures/odense.csv"


def item(line: int, column: str, rule: str, path: str = LONG, detail: str = "") -> Item:
    return Item(f"{path}{line}{column}{rule}", "Odense Kommune", path, line, column, rule, "2026-11-01", detail=detail)


def written(registry: Registry, *items: Item, sender: str = "Odense Kommune") -> str:
    return letter(sender, items, registry, TODAY)


def points(text: str) -> list[str]:
    """The points of a letter, each with the lines below it."""
    return re.split(r"\n  - ", text.partition("  Sådan gør I")[0])[1:]


def test_a_row_with_three_faults_is_one_point_in_the_order_of_the_columns(registry: Registry) -> None:
    faults = [item(12, "Værdi", "not_a_number"), item(12, "År", "not_a_year"), item(12, "Status", "unknown_value")]
    (point,) = points(written(registry, *faults, item(13, "Værdi", "no_figure")))[:1]
    assert point.startswith("Linje 12 har 3 fejl")
    found = [point.index(f"Kolonnen '{column}'") for column in ("År", "Værdi", "Status")]
    assert found == sorted(found)
    assert all(registry.rules[fault.rule].da in point for fault in faults)


def test_rows_with_the_same_faults_share_a_point(registry: Registry) -> None:
    faults = [item(line, column, "not_a_number") for line in (4, 5, 9) for column in ("Tæller", "Værdi")]
    (point,) = points(written(registry, *faults))
    assert point.startswith("3 linjer: 4-5, 9 har 2 fejl hver")


def test_every_line_is_named_once(registry: Registry) -> None:
    rules = ("not_a_number", "not_a_year", "unknown_area", "required_empty")
    faults = [
        item(line, "Værdi", rule) for line in range(2, 30) for place, rule in enumerate(rules) if line & 1 << place
    ]
    text = written(registry, *faults)
    named: list[int] = []
    for where in re.findall(r"(?:Linje|linjer:) ([\d, -]+)[. h]", text.split("Sådan")[0]):
        for run in where.strip(" ,").split(", "):
            first, _, last = run.partition("-")
            named += range(int(first), int(last or first) + 1)
    assert sorted(named) == sorted({fault.line for fault in faults})


def test_what_is_wrong_with_the_file_comes_first(registry: Registry) -> None:
    text = written(registry, item(3, "Værdi", "not_a_number"), item(0, "", "too_many_bad_rows"))
    assert text.index("Hele filen er afvist") < text.index("Linje 3")
    assert "Filen er ikke brugt" in text
    assert "Resten af leveringen er brugt" not in text


@pytest.mark.parametrize(
    ("sender", "greeting"),
    [
        ("Odense Kommune", "Kære Odense Kommune"),
        ("Statistics Denmark", "Kære Danmarks Statistik"),
        ("the municipality that sends them", "Kære afsender"),
        ("the ministry responsible for housing", "Kære afsender"),
        ("brundby boligforening", "Kære brundby boligforening"),
        ("Odense\x1b[31m Kommune", "Kære Odense(U+001B)[31m Kommune"),
    ],
)
def test_it_greets_by_name_where_the_name_is_known(registry: Registry, sender: str, greeting: str) -> None:
    text = written(registry, item(3, "Værdi", "not_a_number"), sender=sender)
    assert f"\n\n{greeting}\n\n" in text
    assert text.startswith(f"Til {greeting.removeprefix('Kære ').replace('afsender', 'afsenderen')}\n")


@pytest.mark.parametrize(
    ("path", "column", "shown"),
    [
        ("municipal_yearly/a.xlsx", "Dømte (pct.)", "Række 7, kolonnen 'Dømte (pct.)'"),
        ("municipal_yearly/a.CSV", "Dømte (pct.)", "Linje 7, kolonnen 'Dømte (pct.)'"),
        (LONG, "residents", "Linje 7, tallet 'Beboere'"),  # of rules between deliveries
        ("grants/a.csv", "plan_name, area_id", "Linje 7, kolonnerne 'Helhedsplan' og 'Boligområde'"),
        (LONG, "Geografi, Område, Indikator", "Linje 7, kolonnerne 'Geografi', 'Område' og 'Indikator'"),
        (LONG, "Ejner Nielsen", "Linje 7. "),  # no header that anybody declared: it may be a cell
        (LONG, "Værdi, Ejner Nielsen", "Linje 7. "),
        ("unknown/a.csv", "Værdi", "Linje 7. "),
    ],
)
def test_a_place_is_named_as_the_sender_sees_it(registry: Registry, path: str, column: str, shown: str) -> None:
    text = written(registry, item(7, column, "contract", path))
    assert f"  - {shown}" in text
    assert "Ejner" not in text


@pytest.mark.parametrize(
    ("rule", "detail", "words"),
    [
        ("missing_column", "'Indikator'", "Det gælder 'Indikator'."),
        ("missing_column", "'Indikator' (perhaps renamed to 'Ejner')", "Det gælder 'Indikator'."),
        ("unknown_column", "'Ejner'", ""),
        ("row_count_differs", "the note says 12, the file has 11", "Følgesedlen siger 12 rækker, filen har 11."),
        ("too_many_bad_rows", "9 of 40 rows, at most 5% allowed; jump (9)", "9 af 40 rækker har fejl; højst 5 %"),
        ("head_missing", "missing: '# kilde:', '# udgivet:'", "Det, der mangler, er '# kilde:', '# udgivet:'."),
        ("which_sheet", "3 sheets hold rows", "3 ark har tal."),
        ("damaged_file", "BadZipFile", ""),
    ],
)
def test_what_was_found_is_told_in_danish(registry: Registry, rule: str, detail: str, words: str) -> None:
    (point,) = points(written(registry, item(0, "", rule, detail=detail)))
    assert words in point
    assert "Ejner" not in point
    if not words:
        assert f"{registry.rules[rule].da} (set" in point


def test_steps_in_excel_stand_once_below_the_points(registry: Registry) -> None:
    text = written(registry, *(item(line, "Værdi", "not_a_number") for line in (2, 4, 7)), item(9, "År", "not_a_year"))
    for rule in ("not_a_number", "not_a_year"):
        assert text.count(registry.rules[rule].how) == 1
    assert text.index("Sådan gør I i Excel") > text.index("Linje 9")


def test_what_is_read_all_the_same_has_a_paragraph_of_its_own(registry: Registry) -> None:
    rule = registry.rules["repeated_line"].model_copy(
        update={"id": "hidden_row", "da": "Rækken er skjult og er læst.", "remark": True}
    )
    known = registry.model_copy(update={"rules": {**registry.rules, "hidden_row": rule}})
    both = letter("x", [item(3, "", "hidden_row"), item(5, "Værdi", "not_a_number")], known, TODAY)
    before, after = both.split("Det er læst, men I bør vide:")
    assert "Linje 5" in before
    assert "  - Linje 3: Rækken er skjult og er læst." in after
    alone = letter("x", [item(3, "", "hidden_row")], known, TODAY)
    assert "Den er læst." in alone
    assert "send hver fil igen" not in alone


def test_twelve_faults_in_eight_rows_of_two_files(night: Any) -> None:
    plenty = [f"boligområde;Vollsmose;Odense;{year};nonwestern_pct;600;1000;60,0;endelig" for year in range(1985, 2008)]
    long = [
        "boligområde;Vollsmose;Odense;2x;residents;;;mange;måske",
        "boligområde;Vollsmos;Odense;2009;residents;;;9.100;endelig",
        "boligområde;Vollsmose;Odense;2010;nonwestern_pct;600;1000;61,0;endelig",
        "boligområde;Vollsmose;Odnse;2012;residents;;;9.100;måske",
    ]
    wide = ["Odense;;2013;9000,5;ca. 3", "Odense;Vollsmose;20;9000;", "Odense;Vollsmose;2014;-;3,1"]
    wide += ["Odense;Vollsmos;2015;9.000;3,1"]
    night.deliver(LONG, HEAD + "\n".join([HEADER, *(row for row in plenty if ";198" not in row), *long]) + "\n")
    yearly = [f"Odense;Vollsmose;{year};9.000;3,1" for year in range(1990, 2011)]
    head = "Kommune;Boligområde;År;Beboere;Dømte (pct.)"
    night.deliver("municipal_yearly/odense [kopi].csv", HEAD + "\n".join([head, *yearly, *wide]) + "\n")
    night.run()
    items = register(night.quarantine)
    text = letter("Odense Kommune", items, night.registry, night.moment.date())
    assert {(entry.path, entry.line) for entry in items} == {
        *((LONG, line) for line in range(25, 29)),
        *(("municipal_yearly/odense [kopi].csv", line) for line in range(28, 32)),
    }
    assert len(items) >= 12
    assert (
        len(points(text.split("Fil: odense [kopi].csv")[0]))
        == len(points(text.split("Fil: odense [kopi].csv")[1]))
        == 4
    )
    for cell in ("mange", "måske", "Odnse", "Vollsmos;", "ca. 3", "9000,5", "9.100"):
        assert cell not in text


SENDERS_RULES = ("not_a_number", "not_a_whole_number", "not_a_year", "not_a_date", "unknown_value", "out_of_range")


@pytest.mark.parametrize("rule", SENDERS_RULES)
def test_a_rule_about_how_a_cell_is_written_says_where_to_click(registry: Registry, rule: str) -> None:
    assert re.search(r"[Mm]arkér|Vælg|vælg", registry.rules[rule].how)


def test_every_rule_says_what_to_do(registry: Registry) -> None:
    """More than one sentence: what is wrong, and then what to do; nobody is told to do what only the house can."""
    short = [name for name, rule in registry.rules.items() if len(re.findall(r"[.?:;](?= |$)", rule.da)) < 2]
    assert short == ["not_yes_or_no"] or not short


@pytest.mark.parametrize(
    ("rule", "detail", "words"),
    [
        ("other_table", "the file says FOLK1A, the folder is for STRAF11", "Filen siger FOLK1A; vi venter STRAF11."),
        (
            "other_year",
            "the name of the file says 2016, its rows 2014, 2015",
            "Navnet siger 2016, rækkerne 2014, 2015.",
        ),
        (
            "other_municipality",
            "the sender says Odense, the rows are of Aarhus",
            "Afsenderen er Odense, rækkerne er fra Aarhus.",
        ),
        ("hidden_row", "3 rows, from row 7", "Det er 3 rækker, fra række 7."),
        ("hidden_column", "column AB", "Det er kolonne AB."),
        ("note_figure_broken", "'kontrolsum Beboere' is a percentage", "Det er linjen 'kontrolsum Beboere'."),
        ("column_without_name", "column T", "Det er kolonne T."),
        ("column_without_name", "column T, AB", "Det er kolonne T, AB."),
        ("column_without_name", "column 6", "Det er kolonne nr. 6 fra venstre."),
        ("cpr_number", "line 3", "Det er ved linje 3."),
        ("cpr_number", "line 3, 9 and others", "Det er ved linje 3, 9 og flere andre."),
        ("cpr_number", "line 2 of the delivery note", "Det er i følgesedlens linje 2."),
        ("cpr_number", "sheet 1, row 4, 5", "Det er på ark nr. 1 i række 4, 5."),
        ("cpr_number", "sheet 1, row 4, 5, 6, 7, 8 and others", "i række 4, 5, 6, 7, 8 og flere andre."),
        ("cpr_number", "comments of sheet 2", "Det er i kommentarer til celler, ark nr. 2."),
        ("cpr_number", "the name of a sheet, number 3", "Det er i et arks navn, ark nr. 3."),
        ("cpr_number", "sheet 2: its header, footer, links or checks of cells", "sidehoved, sidefod"),
        ("cpr_number", "the name of the file", "Det er i filens navn."),
    ],
)
def test_what_was_found_in_a_file_is_told_in_danish(registry: Registry, rule: str, detail: str, words: str) -> None:
    item = Item("1", "x", "municipal_yearly/a.xlsx", 0, "", rule, "2026-01-01", detail=detail)
    assert words in letter("x", [item], registry, date(2026, 1, 2))


@pytest.mark.parametrize("place", [*part_texts.WORDS.values(), part_texts.ELSEWHERE])
@pytest.mark.parametrize("sheet", ["", " of sheet 2"])
def test_every_place_of_a_workbook_that_is_searched_has_a_danish_name(
    registry: Registry, place: str, sheet: str
) -> None:
    item = Item("1", "x", "municipal_yearly/a.xlsx", 0, "", "cpr_number", "2026-01-01", detail=place + sheet)
    (point,) = points(letter("x", [item], registry, TODAY))
    assert re.search(r"Det er i [a-zæøå].+?(, ark nr\. 2)?\. \(set", point)
    assert place not in point


def test_a_broken_sum_of_the_note_does_not_hide_what_is_wrong_in_the_rows(night: Any) -> None:
    """The sender of a sheet whose sum is no number hears which cells make it so, in the same letter."""
    rows = [f"Odense;Vollsmose;{year};9.000;3,1" for year in range(1990, 2011)]
    head = HEAD.replace("# oprindelse", "# rækker: 30\n# oprindelse")
    header = "Kommune;Boligområde;År;Beboere;Dømte (pct.)"
    night.deliver("municipal_yearly/a.csv", head + "\n".join([header, *rows, "Odense;Vollsmose;2011;ca. 9;3,1"]) + "\n")
    receipt = night.run()["municipal_yearly/a.csv"]
    assert (receipt.outcome, receipt.rule, receipt.tables) == ("refused", "row_count_differs", {})
    text = letter(receipt.sender, register(night.quarantine), night.registry, night.moment.date())
    assert "Kære Odense Kommune" in text
    assert text.index("Følgesedlen siger 30 rækker, filen har 22.") < text.index("'Beboere'")
