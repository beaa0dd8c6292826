"""The template workbook of yearly figures: untouched it promises nothing, filled in it is read to what was typed."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import office
import polars as pl
import pytest
from workbooks import (
    NOTE_PART,
    NS,
    ROWS_PART,
    Typed,
    by_libreoffice,
    letters,
    packed,
    parts,
    sheet,
    sheet_names,
    typed,
    validations,
)

from flows.intake import delivery_note, formats
from flows.intake.cast import NUMBERS
from flows.intake.faults import Refusal
from flows.intake.formats import workbook
from flows.intake.reshape import reshape
from flows.intake.templates import yearly
from flows.intake.templates.workbook import ERROR_SENTENCE, LAST, PERCENT_SENTENCE, TEXT_SENTENCE
from schemas import labels
from schemas.indicators import Indicator
from schemas.registry import Registry

SOURCE, LAYOUT = "municipal_yearly", "municipal_wide"
PATH = f"{SOURCE}/odense_2016.xlsx"


@pytest.fixture(scope="module")
def of_odense(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> bytes:
    """The template for Odense's areas in 2016."""
    file = tmp_path_factory.mktemp("template") / "odense.xlsx"
    yearly.write(file, registry, "0461", 2016)
    return file.read_bytes()


@pytest.fixture(scope="module")
def of_any(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> bytes:
    """The template for whichever municipality."""
    file = tmp_path_factory.mktemp("template") / "skabelon.xlsx"
    yearly.write(file, registry)
    return file.read_bytes()


def headers(registry: Registry) -> list[str]:
    return [column.headers[0] for column in registry.layouts[LAYOUT].columns]


def number_headers(registry: Registry) -> list[str]:
    return [column.headers[0] for column in registry.layouts[LAYOUT].columns if column.type in NUMBERS]


def refusal(book: bytes, registry: Registry) -> str:
    with pytest.raises(Refusal) as refused:
        formats.read(book, registry.layouts[LAYOUT], registry.sources[SOURCE])
    return refused.value.rule


# The template as it is made ----------------------------------------------------------------------------------------


def test_an_untouched_template_is_refused_since_it_has_no_rows(of_any: bytes, registry: Registry) -> None:
    assert refusal(of_any, registry) == "header_only"


def test_an_untouched_note_promises_nothing_but_its_rows(of_any: bytes, of_odense: bytes, registry: Registry) -> None:
    for book, rows in ((of_any, 0), (of_odense, 5)):
        note = {row[0]: row[1] for row in sheet(book, "Følgeseddel")}
        assert note["rækker"] == rows
        totals = {key: value for key, value in note.items() if key.startswith("kontrolsum")}
        assert totals == {f"kontrolsum {header}": 0 for header in number_headers(registry)}
        assert note["oprindelse"] == "real"
        assert note.keys() - totals.keys() == {*delivery_note.REQUIRED, "afsender", "rækker"}


def test_prefilled_rows_are_the_areas_of_the_municipality(night: Any, of_odense: bytes, registry: Registry) -> None:
    layout, source = registry.layouts[LAYOUT], registry.sources[SOURCE]
    of_odense = typed(of_odense, {})
    read = formats.read(of_odense, layout, source)
    assert list(read.columns) == list(headers(registry))
    assert list(reshape(read, layout, source).columns) == headers(registry)
    known = [row["name"] for row in registry.codes["areas"] if row["municipality_code"] == "0461"]
    assert len(known) == 5
    rows = read.frame()
    assert rows["Boligområde"].to_list() == known
    assert set(rows.select("Kommune", "År", "Status").rows()) == {("0461", "2016", "endelig")}

    night.deliver(PATH, of_odense)
    receipt = night.run()[PATH]

    assert (receipt.outcome, receipt.quarantined) == ("accepted", 0), receipt
    figures = night.table("figures")
    assert figures["value"].null_count() == figures.height > 0
    assert set(figures["missing_reason"]) == {"not_delivered"}


def test_no_formula_or_message_is_too_long_for_excel(
    tmp_path: Path, registry: Registry, recwarn: pytest.WarningsRecorder
) -> None:
    yearly.write(tmp_path / "a.xlsx", registry, "0101", 2016)
    assert not [str(warning.message) for warning in recwarn]


def test_the_same_template_has_the_same_bytes(tmp_path: Path, of_odense: bytes, registry: Registry) -> None:
    yearly.write(tmp_path / "deep" / "again.xlsx", registry, "0461", 2016)
    again = parts((tmp_path / "deep" / "again.xlsx").read_bytes())
    first = parts(of_odense)
    assert again.keys() == first.keys()
    assert [name for name in first if again[name] != first[name]] == []


def test_beside_the_figures_there_are_only_sheets_that_the_reader_passes_over(of_any: bytes) -> None:
    names = sheet_names(of_any)
    assert [name for name in names if name.casefold() not in workbook.GUIDES] == ["Årstal"]
    assert len(names) == 4


@pytest.mark.parametrize(("code", "year"), [("9999", 2016), ("461", 2016), ("0461", 1889), (None, 2041)])
def test_what_no_area_or_year_fits_is_no_template(
    tmp_path: Path, registry: Registry, code: str | None, year: int
) -> None:
    with pytest.raises(ValueError, match=r"codes/areas\.csv|no year of 'municipal_yearly'"):
        yearly.write(tmp_path / "none.xlsx", registry, code, year)
    assert not list(tmp_path.iterdir())


def test_the_header_stays_in_sight(of_odense: bytes) -> None:
    pane = ElementTree.fromstring(parts(of_odense)[ROWS_PART]).find(".//x:pane", NS)
    assert pane is not None
    assert (pane.attrib["ySplit"], pane.attrib["state"]) == ("1", "frozen")


def test_excel_stops_what_the_reader_would_set_aside(of_odense: bytes, registry: Registry) -> None:
    rules = validations(of_odense)
    indicators = registry.indicators
    for place, column in enumerate(registry.layouts[LAYOUT].columns):
        cell = f"{letters(place)}2"
        rule = rules[f"{cell}:{letters(place)}{LAST}"]
        first = rule.findtext("x:formula1", "", NS)
        if column.type in NUMBERS:
            words = rf"OR\({cell}=\"\.\.\",{cell}=\"annulleret\"\)"
            found = re.fullmatch(rf"IF\(ISNUMBER\({cell}\),AND\((.+)\),{words}\)", first)
            assert found, first
            tests = set(found[1].split(","))
            assert (f"{cell}=INT({cell})" in tests) == (column.type == "integer")
            assert (f"{cell}<=100" in tests) == (column.headers[0].endswith("(pct.)"))
            if column.part != "value":
                assert f"{cell}>=0" in tests
        elif column.type == "year":
            assert (rule.attrib["type"], first, rule.findtext("x:formula2", "", NS)) == ("whole", "1990", "2040")
        elif column.type == "code":
            assert first == '"' + ",".join(column.values) + '"'
        else:
            assert rule.attrib["errorStyle"] == "warning", "other spellings of a place are read too"
            listed = re.fullmatch(r"'Koder'!\$([A-Z])\$2:\$[A-Z]\$(\d+)", first)
            assert listed, first
            codes = [row[ord(listed[1]) - ord("A")] for row in sheet(of_odense, "Koder")[1 : int(listed[2])]]
            filled = {row[place] for row in sheet(of_odense, "Årstal")[1:]}
            assert set(codes) == filled, column.headers[0]
    income = letters(headers(registry).index("Bruttoindkomst (pct. af regionen)"))
    assert f"<={indicators['income_region_pct'].maximum:g}" in rules[f"{income}2:{income}{LAST}"][0].text


# The template filled in --------------------------------------------------------------------------------------------


def figures_of(night: Any) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = night.table("figures").filter(geography="area", year=2016)
    parts = ("numerator", "denominator", "value", "missing_reason")
    return {(row["geography_id"], row["indicator"]): tuple(row[p] for p in parts) for row in rows.to_dicts()}


def row_of(book: bytes, area: str) -> int:
    return next(number for number, row in enumerate(sheet(book, "Årstal"), 1) if row[1] == area)


def cells_of(book: bytes, registry: Registry, area: str, figures: Mapping[str, Typed]) -> dict[str, Typed]:
    at, known = row_of(book, area), headers(registry)
    return {f"{letters(known.index(header))}{at}": value for header, value in figures.items()}


VOLLSMOSE: dict[str, Typed] = {
    "Beboere": 9001,
    "Ikke-vestlig oprindelse, antal": 6000,
    "Ikke-vestlig oprindelse, af beboere": 9001,
    "Uden for arbejdsmarkedet, fuldtidspersoner": 2800,
    "Beboere 18-64 år": 5600,
    "Uden for arbejdsmarkedet (pct.)": 50.0,
    "Dømte, antal": 0,
    "Beboere 18 år og derover": 6100,
    "Kun grundskole, antal": "..",
    "Beboere 30-59 år": 3300,
    "Bruttoindkomst (pct. af regionen)": 54.4,
}
SOLBAKKEN: dict[str, Typed] = {
    "Beboere": 1203,
    "Ikke-vestlig oprindelse (pct.)": 40.7,
    "Dømte (pct.)": "..",
    "Kun grundskole (pct.)": 38.1,
    "Bruttoindkomst (pct. af regionen)": 70.1,
}


def test_what_was_typed_is_staged_and_nothing_else(night: Any, of_odense: bytes, registry: Registry) -> None:
    cells = cells_of(of_odense, registry, "Vollsmose", VOLLSMOSE) | cells_of(
        of_odense, registry, "Solbakken", SOLBAKKEN
    )
    filled = typed(of_odense, cells)
    promised = formats.read(filled, registry.layouts[LAYOUT], registry.sources[SOURCE]).note
    assert {header: float(total) for header, total in promised.totals.items() if total} == {
        **{header: number for header, number in VOLLSMOSE.items() if isinstance(number, int | float) and number},
        "Beboere": 10204,
        "Ikke-vestlig oprindelse (pct.)": 40.7,
        "Kun grundskole (pct.)": 38.1,
        "Bruttoindkomst (pct. af regionen)": 124.5,
    }
    night.deliver(PATH, filled)

    receipt = night.run()[PATH]

    assert (receipt.outcome, receipt.rows, receipt.quarantined) == ("accepted", 5, 0), receipt
    found = figures_of(night)
    delivered = {key: figure for key, figure in found.items() if figure != (None, None, None, "not_delivered")}
    assert delivered == {
        ("vollsmose", "residents"): (None, None, 9001.0, None),
        ("vollsmose", "nonwestern_pct"): (6000, 9001, pytest.approx(100 * 6000 / 9001), None),
        ("vollsmose", "outside_work_pct"): (2800, 5600, 50.0, None),
        ("vollsmose", "convicted_pct"): (0, 6100, 0.0, None),
        ("vollsmose", "basic_education_pct"): (None, 3300, None, "withheld_by_source"),
        ("vollsmose", "income_region_pct"): (None, None, 54.4, None),
        ("solbakken", "residents"): (None, None, 1203.0, None),
        ("solbakken", "nonwestern_pct"): (None, None, 40.7, None),
        ("solbakken", "convicted_pct"): (None, None, None, "withheld_by_source"),
        ("solbakken", "basic_education_pct"): (None, None, 38.1, None),
        ("solbakken", "income_region_pct"): (None, None, 70.1, None),
    }
    assert len(found) == 5 * 6
    assert set(night.table("figures")["status"]) == {"final"}


@pytest.mark.parametrize("place", range(14))
def test_a_figure_that_its_control_total_does_not_hold_refuses_the_file(
    night: Any, of_odense: bytes, registry: Registry, place: int
) -> None:
    header = number_headers(registry)[place]
    changed = typed(of_odense, cells_of(of_odense, registry, "Vollsmose", {header: 7}), calculated=False)
    night.deliver(PATH, changed)
    receipt = night.run()[PATH]
    assert (receipt.outcome, receipt.rule) == ("refused", "control_total_differs")
    assert repr(header) in receipt.detail
    assert len(number_headers(registry)) == 14


def test_a_row_that_the_note_does_not_count_refuses_the_file(night: Any, of_odense: bytes) -> None:
    night.deliver(PATH, typed(of_odense, {"A7": "0461", "B7": "Vollsmose"}, calculated=False))
    assert night.run()[PATH].rule == "row_count_differs"


def test_rows_typed_into_the_template_of_any_municipality_are_counted(
    night: Any, of_any: bytes, registry: Registry
) -> None:
    beboere = letters(headers(registry).index("Beboere"))
    rows = {"A2": "Odense", "B2": "Vollsmose", "C2": 2016, "D2": "skøn", f"{beboere}2": 9001}
    rows |= {"A4": "0751", "B4": "Bispehaven", "C4": 2016, "D4": "endelig", f"{beboere}4": 2300}
    rows |= {"A6": "En bemærkning under tallene."}
    night.deliver(PATH, typed(of_any, rows))
    receipt = night.run()[PATH]
    assert (receipt.outcome, receipt.rows, receipt.quarantined) == ("accepted", 2, 0), receipt
    residents = night.table("figures").filter(pl.col("value").is_not_null()).sort("value")
    assert residents.select("geography_id", "value", "status").rows() == [
        ("bispehaven", 2300.0, "final"),
        ("vollsmose", 9001.0, "estimated"),
    ]


def test_a_percent_that_excel_calculated_does_not_refuse_the_file(
    night: Any, of_odense: bytes, registry: Registry
) -> None:
    thirds: dict[str, Typed] = {"Dømte (pct.)": 100 / 3, "Kun grundskole (pct.)": 0.1}
    cells = cells_of(of_odense, registry, "Vollsmose", thirds)
    cells |= cells_of(of_odense, registry, "Solbakken", {"Dømte (pct.)": 200 / 3, "Kun grundskole (pct.)": 0.2})
    filled = typed(of_odense, cells)
    promised = formats.read(filled, registry.layouts[LAYOUT], registry.sources[SOURCE]).note.totals
    assert "Dømte (pct.)" not in promised
    assert str(promised["Kun grundskole (pct.)"]) == "0.3"
    night.deliver(PATH, filled)
    assert night.run()[PATH].outcome == "accepted"
    assert figures_of(night)["vollsmose", "convicted_pct"][2] == 100 / 3


def test_a_column_that_was_taken_out_takes_its_control_total_with_it(
    night: Any, of_odense: bytes, registry: Registry
) -> None:
    last = letters(len(headers(registry)) - 1)
    files = parts(typed(of_odense, {f"{last}1": ""}))
    deleted = sheet(packed(files), "Følgeseddel")
    assert not any("Bruttoindkomst" in row[0] for row in deleted)
    formulas = [cell.text or "" for cell in ElementTree.fromstring(files[NOTE_PART]).iterfind(".//x:f", NS)]
    assert [f for f in formulas if "Årstal" in f and not re.fullmatch(r'IFERROR\(.*,""\)', f)] == []
    night.deliver(PATH, packed(files))
    receipt = night.run()[PATH]
    assert (receipt.outcome, receipt.quarantined) == ("accepted", 0), receipt
    assert "income_region_pct" not in set(night.table("figures")["indicator"])


# Guidance ----------------------------------------------------------------------------------------------------------


def test_every_word_of_the_registry_has_a_danish_one(registry: Registry) -> None:
    layout = registry.layouts[LAYOUT]
    assert labels.COUNTED.keys() == set(get_args(Indicator.model_fields["count_basis"].annotation))
    assert set(layout.missing.values()) <= yearly.REASONS.keys()
    statuses = {code for column in layout.columns if column.to == "status" for code in column.values.values()}
    assert statuses == yearly.STATUSES.keys()


def test_guidance_says_what_the_registry_says(of_odense: bytes, registry: Registry) -> None:
    rows = {row[0]: row for row in sheet(of_odense, "Vejledning")}
    for column in registry.layouts[LAYOUT].columns:
        header, required, holds, out_of, unit, also = rows[column.headers[0]]
        assert holds, header
        assert required.startswith("nej" if column.indicator else "ja")
        assert also == "; ".join(column.headers[1:])
        if not column.indicator:
            assert (out_of, unit) == ("", "")
            continue
        indicator = registry.indicators[column.indicator]
        assert (indicator.label_da if column.part == "denominator" else indicator.definition_da) in holds
        assert unit
        if column.part == "numerator":
            base = next(
                c for c in registry.layouts[LAYOUT].columns if (c.indicator, c.part) == (indicator.id, "denominator")
            )
            assert out_of == f"'{base.headers[0]}'"
    assert rows["Uden for arbejdsmarkedet, fuldtidspersoner"][4] == "antal fuldtidspersoner"
    assert rows["Bruttoindkomst (pct. af regionen)"][4] == "procent af regionens"
    assert rows["Dømte (pct.)"][3].startswith("100 × 'Dømte, antal' / 'Beboere 18 år og derover'")


def test_the_sheet_of_codes_names_the_areas_and_their_other_spellings(of_odense: bytes, registry: Registry) -> None:
    rows = sheet(of_odense, "Koder")
    listed = {row[1]: {alias for alias in row[2].split("; ") if alias} for row in rows[1:] if row[1]}
    aliases = {row["area_id"]: set[str]() for row in registry.codes["areas"]}
    for row in registry.codes["area_aliases"]:
        aliases[row["area_id"]].add(row["alias"])
    odense = [row for row in registry.codes["areas"] if row["municipality_code"] == "0461"]
    assert listed == {row["name"]: aliases[row["area_id"]] for row in odense}
    assert any(listed.values())
    assert [row[6] for row in rows[1:] if row[6]] == ["endelig", "foreløbig", "skøn"]


# The delivery guide


PAGE = (Path(__file__).parents[2] / "docs" / "leveringsguide.md").read_text(encoding="utf-8")


def shown(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def table_below(heads: str) -> list[tuple[str, ...]]:
    """Rows of the table with these heads."""
    body = PAGE.split(f"| {heads} |\n", 1)[1].split("\n\n", 1)[0]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in body.splitlines()[1:]]


def test_the_page_describes_every_column_as_the_registry_does(registry: Registry) -> None:
    rows = table_below("Kolonne | Skal udfyldes | Hvad der skal stå | Enhed | Andre navne, der også læses")
    assert rows == [
        (guide.header, guide.required, guide.holds, guide.unit, "; ".join(guide.also_read))
        for guide in yearly.guidance(registry)
    ]
    layout = registry.layouts[LAYOUT]
    assert {header for row in rows for header in (row[0], *row[4].split("; ")) if header} == {
        header for column in layout.columns for header in column.headers
    }
    assert not any(column.years for column in layout.columns), "the page says that no column belongs to some years"


def test_the_page_lists_the_indicators_of_the_registry(registry: Registry) -> None:
    assert table_below("Betegnelse | Tallet") == [(f"`{i.id}`", i.label_da) for i in registry.indicators.values()]


def test_the_page_says_what_the_rules_say(registry: Registry) -> None:
    assert registry.rules["not_a_whole_number"].da in PAGE
    assert {f"`{mark}`" for mark in registry.layouts[LAYOUT].missing if mark} == {"`..`", "`annulleret`"}
    for source, layout in ((SOURCE, LAYOUT), ("municipal_figures", "figures_long")):
        assert registry.sources[source].layout == layout
        assert f"mere end {100 * registry.sources[source].max_bad_share:g} % af rækkerne" in PAGE
    assert registry.layouts[LAYOUT].formats == ("csv", "xlsx")
    assert registry.layouts["figures_long"].formats == ("csv", "xlsx")
    lines = [row[0].strip("`") for row in table_below("Linje | Skal være der | Hvad den siger")]
    assert lines == [*delivery_note.REQUIRED, "afsender", "rækker", "kontrolsum <kolonne>"]


def test_the_examples_of_the_page_are_read_as_they_stand(night: Any) -> None:
    wide, long = (example.replace("oprindelse: syntetisk", "oprindelse: real") for example in shown("csv"))
    night.deliver(f"{SOURCE}/odense_2016.csv", wide)
    night.deliver("municipal_figures/odense_2016.csv", long.replace("2017-03-01", "2017-03-02"))
    receipts = night.run()
    for path, rows in ((f"{SOURCE}/odense_2016.csv", 2), ("municipal_figures/odense_2016.csv", 3)):
        assert (receipts[path].outcome, receipts[path].rows, receipts[path].quarantined) == ("accepted", rows, 0), path
    found = figures_of(night)
    assert found["vollsmose", "outside_work_pct"] == (2800, 5600, 50.0, None)
    assert found["solbakken", "convicted_pct"] == (None, None, None, "withheld_by_source")


def test_the_note_beside_the_file_and_its_hash_are_read_as_the_page_says(night: Any) -> None:
    (message,) = shown("text")
    body = "".join(line for line in shown("csv")[0].splitlines(keepends=True) if not line.startswith("#"))
    path = f"{SOURCE}/odense_2016.csv"
    night.deliver(path, body)
    night.deliver(f"{path}.levering.txt", message.replace("syntetisk", "real"))
    night.deliver(f"{path}.sha256", f"{hashlib.sha256(body.encode()).hexdigest().upper()}\r\n")
    receipt = night.run()[path]
    assert (receipt.outcome, receipt.sender, receipt.rows) == ("accepted", "Økonomi og data", 2), receipt

    night.deliver(f"{path}.levering.txt", message.replace("syntetisk", "real").replace("10.204", "10.205"))
    assert night.run()[path].rule == "control_total_differs"
    night.deliver(f"{path}.sha256", "0" * 64)
    assert night.run()[path].rule == "sha256_differs"


@pytest.mark.parametrize("written", ["9 001", "9,001", "54.4", "-", "x", "skjult"])
def test_what_the_page_says_not_to_write_is_not_read(night: Any, written: str) -> None:
    assert f"`{written}`" in PAGE
    wide = shown("csv")[0].replace("oprindelse: syntetisk", "oprindelse: real")
    wide = re.sub(r"# (rækker|kontrolsum).*\n", "", wide)
    rows = "".join(f"Odense;Solbakken;{year};endelig;1.203;340;780;\n" for year in range(2000, 2015))
    night.deliver(f"{SOURCE}/odense_2016.csv", wide.replace(";9.001;", f";{written};") + rows)
    receipt = night.run()[f"{SOURCE}/odense_2016.csv"]
    assert receipt.outcome == "accepted", receipt
    assert receipt.rules.keys() & {"not_a_whole_number", "ambiguous_number", "ambiguous_dash"}, receipt


def test_a_corrected_file_of_the_same_name_closes_its_errors(night: Any) -> None:
    path = f"{SOURCE}/odense_2016.csv"
    wide = re.sub(r"# (rækker|kontrolsum).*\n", "", shown("csv")[0]).replace("syntetisk", "real")
    rows = "".join(f"Odense;Solbakken;{year};endelig;1.203;340;780;\n" for year in range(2000, 2015))
    night.deliver(path, wide.replace(";9.001;", ";9.00;") + rows)
    assert night.run()[path].quarantined
    assert night.set_aside(path)["linje"].to_list() == ["6"]
    night.deliver(path, wide + rows)
    assert not night.run()[path].quarantined
    assert not (night.quarantine / path).exists()


# What the note says of a column that has no sum -----------------------------------------------------------------------


@office.NEEDED
def test_a_column_without_a_sum_says_why(of_odense: bytes, registry: Registry, tmp_path: Path) -> None:
    beboere, share = (letters(headers(registry).index(name)) for name in ("Beboere", "Dømte (pct.)"))
    books = {
        "sum": typed(of_odense, {f"{beboere}2": 4000, f"{beboere}3": "..", f"{share}4": 0.8}, calculated=False),
        "fejl": typed(of_odense, {f"{beboere}2": "=1/0"}, calculated=False),
        "tekst": typed(of_odense, {f"{beboere}2": "4.000 ca."}, calculated=False),
        "procent": with_percent_format(typed(of_odense, {f"{share}3": 0.3}, calculated=False), f"{share}3"),
    }
    saved = by_libreoffice(books, tmp_path)
    layout, source = registry.layouts[LAYOUT], registry.sources[SOURCE]
    promised = formats.read(saved["sum"], layout, source).note
    assert (promised.rows, promised.totals["Beboere"], float(promised.totals["Dømte (pct.)"])) == (5, 4000, 0.8)
    for name, header, sentence in (
        ("fejl", "Beboere", ERROR_SENTENCE),
        ("tekst", "Beboere", TEXT_SENTENCE),
        ("procent", "Dømte (pct.)", PERCENT_SENTENCE),
    ):
        broken = formats.read(saved[name], layout, source).note.broken
        assert broken == f"'kontrolsum {header}' is no number but a text"
        assert {row[0]: row[1] for row in sheet(saved[name], "Følgeseddel")}[f"kontrolsum {header}"] == sentence


def with_percent_format(book: bytes, cell: str) -> bytes:
    """The workbook in which a cell has the format that Excel gives it when somebody types 30%."""
    files = parts(book)
    styles = ElementTree.fromstring(files["xl/styles.xml"])
    used = styles.find("x:cellXfs", NS)
    assert used is not None
    ElementTree.SubElement(
        used,
        "{" + NS["x"] + "}xf",
        {"numFmtId": "9", "applyNumberFormat": "1", "fontId": "0", "fillId": "0", "borderId": "0"},
    )
    used.attrib["count"] = str(len(used))
    rows = ElementTree.fromstring(files[ROWS_PART])
    for found in rows.iterfind(".//x:c", NS):
        if found.attrib["r"] == cell:
            found.attrib["s"] = str(len(used) - 1)
    return packed({**files, "xl/styles.xml": ElementTree.tostring(styles), ROWS_PART: ElementTree.tostring(rows)})


def test_shares_are_painted_where_they_look_like_percentages(of_odense: bytes, registry: Registry) -> None:
    root = ElementTree.fromstring(parts(of_odense)[ROWS_PART])
    painted = {
        rule.attrib["sqref"]: [cell.text for cell in rule.iterfind(".//x:formula", NS)]
        for rule in root.iterfind("x:conditionalFormatting", NS)
    }
    places = [place for place, column in enumerate(registry.layouts[LAYOUT].columns) if column.type == "decimal"]
    assert len(places) == 5
    for place in places:
        name = letters(place)
        assert painted[f"{name}2:{name}{LAST}"] == [
            f'AND(ISNUMBER({name}2),LEFT(CELL("format",{name}2),1)="P")',
            f"AND(ISNUMBER({name}2),{name}2>0,{name}2<1)",
        ]
        prompt = validations(of_odense)[f"{name}2:{name}{LAST}"].attrib["prompt"]
        assert prompt == "Skriv 30,5 og ikke 30,5 % eller 0,305."
