"""Every mistake that a sender can make: a clear word about it, nothing lost, and the rest of the night unharmed."""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.intake import deliveries, stage
from flows.intake.reading import reading
from flows.intake.reconcile import MixedOrigin
from schemas.registry import Registry

ODENSE = "boligområde;Vollsmose;Odense"
GOOD = f"{ODENSE};2009;residents;;;9.100;endelig"
PATH = "municipal_figures/odense.csv"
HEAD = "# kilde: en prøve\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2026-01-01\n"
HEADER = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"
PLENTY = [f"{ODENSE};{year};nonwestern_pct;600;1000;60,0;endelig" for year in range(1990, 2009)]


def delivery(*rows: str) -> str:
    return HEAD + "\n".join([HEADER, *rows]) + "\n"


REFUSED: dict[str, tuple[Callable[[], str | bytes], str, str]] = {
    "empty file": (lambda: b"", "empty_file", ""),
    "only white space": (lambda: " \n\n", "empty_file", ""),
    "head only": (lambda: HEAD, "empty_file", ""),
    "header only": (delivery, "header_only", ""),
    "header and blank lines": (lambda: delivery(";;;;;;;;", "", '"";;;'), "header_only", ""),
    "missing column": (lambda: delivery(GOOD).replace("Geografi;", ""), "missing_column", "'Geografi'"),
    "renamed column": (
        lambda: delivery(GOOD).replace("Indikator;", "Indikatorer;"),
        "missing_column",
        "'Indikator' (renamed to 'Indikatorer'?)",
    ),
    "renamed optional column": (
        lambda: delivery(GOOD).replace("Værdi;", "Vaerdi;"),
        "unknown_column",
        "'Vaerdi' (renamed from 'Værdi'?)",
    ),
    "unknown column": (
        lambda: delivery(GOOD + ";x").replace("Status", "Status;Sagsbehandler"),
        "unknown_column",
        "'Sagsbehandler'",
    ),
    "column twice": (lambda: delivery(GOOD + ";x").replace("Status", "Status;Status"), "duplicate_column", "'Status'"),
    "commas": (lambda: delivery(GOOD).replace(";", ","), "wrong_delimiter", "','"),
    "tabs": (lambda: delivery(GOOD).replace(";", "\t"), "wrong_delimiter", "'tab'"),
    "zip": (lambda: b"PK\x03\x04" + b"\0" * 40, "damaged_file", ""),
    "gzip": (lambda: b"\x1f\x8b" + b"\0" * 40, "is_archive", ""),
    "old workbook": (lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 40, "is_archive", ""),
    "UTF-16 without a mark": (lambda: delivery(GOOD).encode("utf-16-le"), "undecodable", "UTF-16 without"),
    "encoded twice": (lambda: delivery(GOOD).encode().decode("cp1252").encode(), "double_encoded", ""),
    "no column for a figure": (
        lambda: delivery(f"{ODENSE};2009;nonwestern_pct;900;endelig").replace("Tæller;Nævner;Værdi", "Nævner"),
        "missing_column",
        "'Tæller' or 'Værdi'",
    ),
    "places and years alone": (
        lambda: delivery(f"{ODENSE};2009;residents;endelig").replace("Tæller;Nævner;Værdi;", ""),
        "missing_column",
        "'Tæller' or 'Værdi'",
    ),
    "unclosed quote": (lambda: delivery('"' + GOOD), "broken_quotes", "line"),
    "no head": (lambda: HEADER + "\n" + GOOD + "\n", "head_missing", "'# kilde:'"),
    "head without origin": (
        lambda: delivery(GOOD).replace("# oprindelse: real\n", ""),
        "head_missing",
        "'# oprindelse:'",
    ),
    "head with a bad day": (
        lambda: delivery(GOOD).replace("# udgivet: 2016", "# udgivet: i går"),
        "head_missing",
        "'# udgivet:'",
    ),
    "unknown origin": (
        lambda: delivery(GOOD).replace("oprindelse: real", "oprindelse: ?"),
        "head_missing",
        "oprindelse",
    ),
    "fewer rows than promised": (
        lambda: "# rækker: 3\n" + delivery(GOOD),
        "row_count_differs",
        "the note says 3, the file has 1",
    ),
    "too many bad rows": (
        lambda: delivery(GOOD, f"{ODENSE};2008;residents;;;x;endelig", f"{ODENSE};2007;residents;;;y;endelig"),
        "too_many_bad_rows",
        "2 of 3 rows, at most 20% allowed; not_a_number (2)",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_delivery_that_cannot_be_used_is_refused_whole(night: Any, mistake: str) -> None:
    content, rule, detail = REFUSED[mistake]
    night.deliver(PATH, content())
    night.deliver("municipal_figures/good.csv", delivery(GOOD))
    before = (night.raw / PATH).read_bytes()

    receipts = night.run()

    refused = receipts[PATH]
    assert (refused.outcome, refused.rule) == ("refused", rule)
    assert detail in refused.detail
    assert not refused.tables
    assert (night.raw / PATH).read_bytes() == before
    shown = night.set_aside(PATH)
    assert shown["regel"][0] == rule
    assert shown["til afsenderen"][0] == night.registry.rules[rule].da
    assert receipts["municipal_figures/good.csv"].used == 1
    assert night.table("figures").filter(indicator="residents").height == 1


SET_ASIDE = {
    "unknown municipality": (
        "boligområde;Vollsmose;Odins By;2009;residents;;;9.100;endelig",
        "unknown_municipality",
        "Kommune",
        "",
    ),
    "unknown area": (
        "boligområde;Volsmose;Odense;2009;residents;;;9.100;endelig",
        "unknown_area",
        "Område",
        "nearest known name: vollsmose",
    ),
    "area of another municipality": (
        "boligområde;Vollsmose;Aarhus;2009;residents;;;9.100;endelig",
        "unknown_area",
        "Område",
        "",
    ),
    "area without municipality": (
        "boligområde;Vollsmose;;2009;residents;;;9.100;endelig",
        "unknown_area",
        "Område",
        "",
    ),
    "old county code": ("kommune;0550x;;2009;residents;;;9.100;endelig", "unknown_place", "Område", ""),
    "unknown kind of place": (
        "kvarter;Vollsmose;Odense;2009;residents;;;9.100;endelig",
        "unknown_value",
        "Geografi",
        "",
    ),
    "year out of range": (f"{ODENSE};1209;residents;;;9.100;endelig", "year_out_of_range", "År", ""),
    "year of two digits": (f"{ODENSE};09;residents;;;9.100;endelig", "not_a_year", "År", ""),
    "no year": (f"{ODENSE};;residents;;;9.100;endelig", "required_empty", "År", ""),
    "unknown indicator": (f"{ODENSE};2009;indbyggere;;;9.100;endelig", "unknown_indicator", "Indikator", ""),
    "dash": (f"{ODENSE};2009;residents;;;-;endelig", "ambiguous_dash", "Værdi", ""),
    "dash of Word": (f"{ODENSE};2009;residents;;;–;endelig", "ambiguous_dash", "Værdi", ""),
    "English number": (f"{ODENSE};2009;outside_work_pct;;;54.4;endelig", "not_a_number", "Værdi", ""),
    "thousands point out of place": (f"{ODENSE};2009;residents;;;91.00;endelig", "not_a_number", "Værdi", ""),
    "word for a number": (f"{ODENSE};2009;residents;;;mange;endelig", "not_a_number", "Værdi", ""),
    "decimals in a count": (f"{ODENSE};2009;nonwestern_pct;9,5;20;;endelig", "not_a_whole_number", "Tæller", ""),
    "percent over 100": (f"{ODENSE};2009;outside_work_pct;;;144,3;endelig", "out_of_range", "Værdi", ""),
    "negative percent": (f"{ODENSE};2009;outside_work_pct;;;-4,3;endelig", "out_of_range", "Værdi", ""),
    "more residents than an area can have": (f"{ODENSE};2009;residents;;;910.000;endelig", "out_of_range", "Værdi", ""),
    "numerator above denominator": (
        f"{ODENSE};2009;nonwestern_pct;30;20;;endelig",
        "numerator_above_denominator",
        "Tæller",
        "",
    ),
    "value beside its counts": (
        f"{ODENSE};2009;nonwestern_pct;10;20;5,0;endelig",
        "share_disagrees_with_counts",
        "Værdi",
        "",
    ),
    "too few fields": (f"{ODENSE};2009;residents", "ragged_line", "", "5 fields, the header has 9"),
    "too many fields": (GOOD + ";;x", "ragged_line", "", "11 fields, the header has 9"),
}


@pytest.mark.parametrize("mistake", SET_ASIDE)
def test_a_bad_row_is_set_aside_with_line_column_and_rule(night: Any, mistake: str) -> None:
    row, rule, column, detail = SET_ASIDE[mistake]
    night.deliver(PATH, delivery(*PLENTY, row))

    receipt = night.run()[PATH]

    assert receipt.outcome == "accepted"
    assert (receipt.rows, receipt.used, receipt.quarantined) == (len(PLENTY) + 1, len(PLENTY), 1)
    shown = night.set_aside(PATH).filter(regel=rule)
    assert shown.height == 1, night.set_aside(PATH)
    assert shown.row(0, named=True)["linje"] == str(5 + len(PLENTY) + 1)
    assert (shown["kolonne"][0] or "") == column
    assert shown["række"][0] == row
    assert detail in (shown["hjælp"][0] or "")
    assert night.table("figures").filter(geography="area").height == len(PLENTY)


def test_no_message_repeats_what_stood_in_a_cell(night: Any) -> None:
    night.deliver(PATH, delivery(GOOD, f"{ODENSE};2008;residents;;;hemmelig;endelig"))
    receipt = night.run()[PATH]
    assert "hemmelig" not in receipt.detail + str(receipt.rules)


def test_empty_and_withheld_cells_are_facts_with_a_reason(night: Any) -> None:
    night.deliver(PATH, delivery(f"{ODENSE};2008;residents;;;..;endelig", f"{ODENSE};2009;residents;;;;endelig"))
    receipt = night.run()[PATH]
    assert (receipt.used, receipt.quarantined) == (2, 0)
    facts = night.table("figures").filter(indicator="residents").sort("year")
    assert facts["value"].to_list() == [None, None]
    assert facts["missing_reason"].to_list() == ["withheld_by_source", "not_delivered"]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
        lambda text: text.encode("latin-1"),
        lambda text: text.replace("en prøve", "en prøve – 5 €").encode("cp1252"),
        lambda text: unicodedata.normalize("NFD", text).encode("utf-8"),
    ],
    ids=["utf-8", "utf-8 with BOM", "BOM and CRLF", "latin-1", "windows-1252", "NFD"],
)
def test_every_usual_encoding_gives_the_same_facts(night: Any, encode: Callable[[str], bytes]) -> None:
    text = delivery("boligområde;Høje Kolstrup;Aabenraa;2009;residents;;;1.600;endelig", GOOD)
    night.deliver(PATH, encode(text))
    receipt = night.run()[PATH]
    assert (receipt.outcome, receipt.used) == ("accepted", 2), receipt
    facts = night.table("figures").filter(geography="area").sort("geography_id")
    assert facts.select("geography_id", "value").rows() == [("hoeje-kolstrup", 1600.0), ("vollsmose", 9100.0)]


@pytest.mark.parametrize("promise", ["", "# rækker: 20\n"])
def test_a_file_cut_in_its_last_line_loses_that_line_and_no_other(night: Any, promise: str) -> None:
    whole = promise + delivery(*PLENTY, GOOD)
    night.deliver(PATH, whole[: whole.rindex("00;endelig")])
    receipt = night.run()[PATH]
    assert (receipt.rows, receipt.used, receipt.rules) == (20, 19, {"cut_line": 1})


def test_a_cut_within_the_last_figure_is_caught_without_a_promise_of_rows(night: Any) -> None:
    header = HEADER.replace(";Status", "").replace("Geografi;", "Geografi;Status;")
    rows = [f"boligområde;endelig;Vollsmose;Odense;{year};nonwestern_pct;;;60,0" for year in range(1990, 2010)]
    whole = HEAD + "\n".join([header, *rows]) + "\n"
    night.deliver(PATH, whole[:-3])
    receipt = night.run()[PATH]
    assert (receipt.used, receipt.rules) == (19, {"cut_line": 1})


def test_lines_are_counted_through_quotes_and_blank_lines(night: Any) -> None:
    text = delivery(*PLENTY[:18], "", 'boligområde;"Vollsmose";Odense;2009;residents;;;"x\ny";endelig', GOOD)
    night.deliver(PATH, text)
    receipt = night.run()[PATH]
    assert receipt.used == 19
    shown = night.set_aside(PATH)
    assert shown["linje"].to_list() == ["25"]


def test_rows_that_repeat_each_other_are_used_once(night: Any) -> None:
    night.deliver(PATH, delivery(*PLENTY, GOOD, GOOD))
    receipt = night.run()[PATH]
    assert (receipt.used, receipt.rules) == (20, {"repeated_line": 1})
    assert "first in line 25" in night.set_aside(PATH)["hjælp"][0]


def test_rows_that_contradict_each_other_are_used_never(night: Any) -> None:
    night.deliver(PATH, delivery(*PLENTY, GOOD, GOOD.replace("9.100", "9.200")))
    receipt = night.run()[PATH]
    assert (receipt.used, receipt.rules) == (19, {"duplicate_key": 2})
    assert night.table("figures").filter(indicator="residents").is_empty()


def test_deliveries_of_one_day_that_contradict_each_other_are_used_never(night: Any) -> None:
    night.deliver("municipal_figures/a.csv", delivery(GOOD))
    night.deliver("municipal_figures/b.csv", delivery(GOOD.replace("9.100", "9.200")))
    night.run()
    assert night.table("figures").filter(indicator="residents").is_empty()
    for path in ("municipal_figures/a.csv", "municipal_figures/b.csv"):
        assert night.set_aside(path)["regel"].to_list() == ["conflicting_deliveries"]
        assert night.set_aside(path)["række"][0].startswith(ODENSE)


def test_a_newer_delivery_replaces_an_older_one_and_is_counted(night: Any) -> None:
    night.deliver("municipal_figures/a.csv", delivery(GOOD))
    night.deliver(
        "municipal_figures/b.csv", delivery(GOOD.replace("9.100", "9.200")).replace("2026-01-01", "2026-01-02")
    )
    night.run()
    assert night.table("figures").filter(indicator="residents")["value"].to_list() == [9200.0]
    assert night.facts.superseded == {"figures": 1}


@pytest.mark.parametrize(
    ("usual", "wrong"), [("9.1{}0", "9"), ("9.1{}0", "910"), ("1.4{}0", "14.000"), ("1{}", "10.008")]
)
def test_a_count_that_leaps_against_its_neighbours_is_set_aside(night: Any, usual: str, wrong: str) -> None:
    years = [f"{ODENSE};{year};residents;;;{usual.format(year - 2000)};endelig" for year in range(2001, 2006)]
    night.deliver(PATH, delivery(*years, f"{ODENSE};2006;residents;;;{wrong};endelig"))
    night.run()
    shown = night.set_aside(PATH)
    assert (shown["regel"].to_list(), shown["linje"].to_list()) == (["jump"], ["11"])
    assert night.table("figures").filter(indicator="residents")["year"].to_list() == list(range(2001, 2006))


@pytest.mark.parametrize("years", [2, 6])
@pytest.mark.parametrize(("last", "is_leap"), [("5.000", True), ("4.999", False), ("200", True), ("201", False)])
def test_a_leap_is_one_of_the_factor_itself_and_nothing_less(
    night: Any, registry: Registry, last: str, is_leap: bool, years: int
) -> None:
    assert registry.indicators["residents"].jump_factor == 5
    before = [f"{ODENSE};{year};residents;;;1.000;endelig" for year in range(2000, 1999 + years)]
    night.deliver(PATH, delivery(*before, f"{ODENSE};2009;residents;;;{last};endelig"))
    night.run()
    assert (2009 not in night.table("figures")["year"].to_list()) == is_leap


def test_a_thousands_point_written_as_a_comma_is_no_count(night: Any) -> None:
    night.deliver(PATH, delivery(*PLENTY, GOOD.replace("9.100", "9,259")))
    receipt = night.run()[PATH]
    assert (receipt.used, receipt.rules) == (19, {"ambiguous_number": 1})


def test_with_two_years_the_later_one_is_set_aside(night: Any) -> None:
    night.deliver(PATH, delivery(GOOD, f"{ODENSE};2010;residents;;;9;endelig"))
    night.run()
    assert night.table("figures").filter(indicator="residents")["year"].to_list() == [2009]


def test_a_list_with_thousands_points_read_as_decimals_is_refused(night: Any) -> None:
    source = Path(__file__).parents[2] / "data" / "raw" / "ministry_lists" / "liste_2010.csv"
    head, _, rows = source.read_text(encoding="utf-8").partition("På listen\n")
    wrong = [re.sub(r"(\d)\.(\d{3});", r"\1,\2;", row) for row in rows.splitlines()]
    night.deliver("ministry_lists/liste_2010.csv", head + "På listen\n" + "\n".join(wrong) + "\n")
    receipt = night.run()["ministry_lists/liste_2010.csv"]
    assert (receipt.outcome, receipt.rules) == ("refused", {"ambiguous_number": 29})


def test_a_refused_delivery_leaves_the_facts_of_the_last_accepted_one(night: Any) -> None:
    night.deliver(PATH, delivery(GOOD))
    accepted = night.run()[PATH]
    night.deliver(PATH, delivery(GOOD).replace("Indikator", "Mål"))
    refused = night.run()[PATH]
    assert refused.outcome == "refused"
    assert refused.stands_in == accepted.fingerprint
    assert night.table("figures").filter(indicator="residents")["value"].to_list() == [9100.0]
    night.deliver(PATH, delivery(GOOD.replace("9.100", "9.300")))
    assert night.run()[PATH].outcome == "accepted"
    assert night.table("figures").filter(indicator="residents")["value"].to_list() == [9300.0]


def test_quarantine_is_taken_away_once_a_delivery_is_put_right(night: Any) -> None:
    night.deliver(PATH, delivery(*PLENTY, "x"))
    night.run()
    assert (night.quarantine / PATH).is_file()
    night.deliver(PATH, delivery(*PLENTY))
    night.run()
    assert [file.name for file in night.quarantine.rglob("*")] == ["register.json"]


def test_a_spreadsheet_calculates_nothing_of_what_was_delivered(night: Any) -> None:
    night.deliver(PATH, delivery(*PLENTY, '=HYPERLINK("x")'))
    night.run()
    cells = [cell for row in night.set_aside(PATH).rows() for cell in row if cell]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_without_municipalities_nothing_that_needs_them_is_guessed(night: Any) -> None:
    (night.raw / "municipalities" / "kommuner_2007.csv").write_text("")
    night.deliver(PATH, delivery(GOOD))
    receipts = night.run()
    assert receipts[PATH].rule == "needs_other_source"
    assert "municipalities" in receipts[PATH].detail


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_night(night: Any) -> None:
    night.deliver(PATH, delivery(GOOD))
    (found,) = [d for d in deliveries.find(night.raw, night.registry) if d.path == PATH]
    night.deliver(PATH, delivery(GOOD, GOOD))
    receipt = stage.stage(found, night.staging, reading(found.source, night.registry, None))
    assert (receipt.outcome, receipt.rule) == ("refused", "changed_while_read")
    assert not (night.staging / "deliveries" / found.fingerprint).exists()


def test_a_folder_without_a_source_is_named(night: Any) -> None:
    night.deliver("kommunetal/odense.csv", delivery(GOOD))
    receipt = night.run()["kommunetal/odense.csv"]
    assert receipt.rule == "no_source"
    assert "kommunetal" in receipt.detail


def test_real_and_synthetic_never_meet(night: Any) -> None:
    night.deliver(PATH, delivery(GOOD).replace("oprindelse: real", "oprindelse: syntetisk"))
    with pytest.raises(MixedOrigin, match=r"municipal_figures/odense\.csv \(synthetic\)"):
        night.run()


def test_an_unchanged_delivery_is_not_read_again(night: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    night.deliver(PATH, delivery(GOOD))
    first = night.run()

    def must_not_be_called(*_: object) -> None:
        raise AssertionError("the delivery was read again")

    monkeypatch.setattr("flows.intake.formats.read", must_not_be_called)
    assert night.run() == first


def test_the_same_bytes_at_two_places_keep_their_own_place(night: Any) -> None:
    night.deliver("municipal_figures/a.csv", delivery(GOOD))
    night.deliver("municipal_figures/b.csv", delivery(GOOD))
    receipts = night.run()
    assert receipts["municipal_figures/a.csv"].tables != receipts["municipal_figures/b.csv"].tables
    assert night.table("figures").filter(indicator="residents").height == 1


@pytest.mark.parametrize("column", ["", ";Ikke-vestlig oprindelse, af beboere"])
def test_a_municipal_sheet_without_a_column_for_figures_is_refused_and_ends_no_night(night: Any, column: str) -> None:
    rows = f"Kommune;Boligområde;År;Status{column}\nOdense;Vollsmose;2016;endelig{';900' if column else ''}\n"
    night.deliver("municipal_yearly/odense.csv", HEAD + rows)
    receipt = night.run()["municipal_yearly/odense.csv"]
    assert (receipt.outcome, receipt.rule) == ("refused", "missing_column")
    assert "no column holds a figure" in receipt.detail
