"""What a whole file must be: a file of another table, municipality or year never becomes figures of this one."""

import io
import itertools
from typing import Any

import openpyxl
import pytest

from schemas.registry import Registry

NOTE = "kilde: {says}\nudgivet: 2016\noprindelse: real\nmodtaget: 2026-01-01\n"
HEAD = "# kilde: {says}\n# afsender: {sender}\n# udgivet: 2017-02-01\n# oprindelse: real\n# modtaget: 2026-01-01\n"
WIDE = "Kommune;Boligområde;År;Status;Beboere;Dømte (pct.)"
# A table of StatBank in its streamed form, as it would be asked for whole: what each is known by.
TABLES = {
    "folk1a": ("OMRÅDE;TID;INDHOLD", "Odense;2008K1;186745", "Odense;2008K2;186900"),
    "straf11": ("OMRÅDE;OVERTRÆD;TID;INDHOLD", "Odense;TOT;2008K1;4745", "Odense;TOT;2008K2;4900"),
    "indkp101": ("OMRÅDE;ENHED;KØN;INDKOMSTTYPE;TID;INDHOLD", "Odense;116;TOT;100;2008;174501"),
    "auk01": (
        "OMRÅDE;YDELSESTYPE;KØN;ALDER;TID;INDHOLD",
        "Odense;Nettoledige kontanthjælpsmodtagere;TOT;TOT;2008K1;1204",
    ),
    "aup": ("OMRÅDE;ALDER;KØN;TID;INDHOLD", "Odense;TOT;TOT;2008;3.1"),
    "straf42": ("HERKOMST1;TID;INDHOLD", "00;2008;216745"),
}


def deliver_table(night: Any, source: str, table: str, says: str) -> Any:
    path = f"statbank_{source}/a.csv"
    night.deliver(path, "\n".join(TABLES[table]) + "\n")
    night.deliver(f"{path}.levering.txt", NOTE.format(says=says))
    return night.run()[path]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_table_in_its_own_folder_is_read(night: Any, table: str) -> None:
    receipt = deliver_table(night, table, table, f"Danmarks Statistik, StatBank, tabel {table.upper()}")
    assert (receipt.outcome, receipt.rules, receipt.used) == ("accepted", {}, len(TABLES[table]) - 1)


@pytest.mark.parametrize(("source", "table"), sorted(itertools.permutations(TABLES, 2)))
def test_a_table_in_the_folder_of_another_is_refused_by_what_its_note_says(night: Any, source: str, table: str) -> None:
    receipt = deliver_table(night, source, table, f"Statistikbanken: {table.upper()}, trukket i maj")
    assert (receipt.outcome, receipt.rule) == ("refused", "other_table")
    assert receipt.detail == f"the file says {table.upper()}, the folder is for {source.upper()}"


@pytest.mark.parametrize(("source", "table"), sorted(itertools.permutations(TABLES, 2)))
def test_without_a_word_in_the_note_the_columns_tell_it(night: Any, source: str, table: str) -> None:
    receipt = deliver_table(night, source, table, "udtræk fra i går")
    # Two tables that have the same columns are told apart by their note, their sheet or their title alone.
    is_alike = set(TABLES[table][0].split(";")) <= set(TABLES[source][0].split(";")) and source == table
    assert (receipt.outcome == "refused") != is_alike, receipt
    assert receipt.used == 0


def test_a_table_that_no_source_is_for_is_known_by_its_name_in_the_note(night: Any) -> None:
    receipt = deliver_table(night, "folk1a", "folk1a", "Statistikbanken tabel BEF1A: folketal")
    assert (receipt.rule, receipt.detail) == ("other_table", "the file says BEF1A, the folder is for FOLK1A")


@pytest.mark.parametrize("says", ["Danmarks Statistik", "SFI 11:23 og NUTS3", "FOLK1A, tabel 3", "Region H, uge 40"])
def test_a_note_that_names_no_table_of_statbank_refuses_nothing(night: Any, says: str) -> None:
    assert deliver_table(night, "folk1a", "folk1a", says).outcome == "accepted"


def test_every_source_of_statbank_says_which_table_it_is(registry: Registry) -> None:
    tables = {name: source.statbank_table for name, source in registry.sources.items() if name.startswith("statbank_")}
    assert tables == {name: name.removeprefix("statbank_").upper() for name in tables}


def yearly(*rows: str, says: str = "kommuneårstal", sender: str = "") -> str:
    return HEAD.format(says=says, sender=sender) + "\n".join([WIDE, *rows]) + "\n"


@pytest.mark.parametrize(
    ("name", "says", "sender", "home"),
    [
        ("odense_2016", "kommuneårstal", "", "Aarhus"),
        ("tal", "Odense Kommune, kommuneårstal", "", "Aarhus"),
        ("tal", "kommuneårstal", "Odense Kommune", "Aarhus"),
        ("2016-Aarhus-endelig", "kommuneårstal", "", "Odense"),
        ("tal", "kommuneårstal", "Høje-Taastrup Kommune", "Odense"),
        ("tal", "Københavns Kommune", "", "Aarhus"),
    ],
)
def test_another_municipalitys_file_is_refused(night: Any, name: str, says: str, sender: str, home: str) -> None:
    area = {"Aarhus": "Bispehaven", "Odense": "Vollsmose"}[home]
    night.deliver(
        f"municipal_yearly/{name}.csv", yearly(f"{home};{area};2016;endelig;2.500;2,10", says=says, sender=sender)
    )
    receipt = night.run()[f"municipal_yearly/{name}.csv"]
    assert (receipt.outcome, receipt.rule) == ("refused", "other_municipality")
    assert "the rows are of" in receipt.detail


@pytest.mark.parametrize(
    ("name", "says", "sender"),
    [
        ("odense_2016", "Odense Kommune", "Odense Kommune"),
        ("tal", "Tal til SFI", "Statistikkontoret"),
        ("odense_og_aarhus", "Odense og Aarhus", "KL"),
        ("naboer", "Middelfart Kommune, Odense Kommune og Vejle Kommune", "Fredericia og Odense"),
        ("tal", "taget på vejen mellem Vejle og Greve", "Center for Velfærd, Vejen 12"),
    ],
)
def test_a_file_of_the_municipality_that_it_names_is_read(night: Any, name: str, says: str, sender: str) -> None:
    row = "Odense;Vollsmose;2016;endelig;9.001;3,04"
    night.deliver(f"municipal_yearly/{name}.csv", yearly(row, says=says, sender=sender))
    receipt = night.run()[f"municipal_yearly/{name}.csv"]
    assert (receipt.outcome, receipt.used) == ("accepted", 1)


@pytest.mark.parametrize(
    ("name", "years", "is_read"),
    [
        ("odense_2016", (2016,), True),
        ("odense_2016", (2014, 2015, 2016), True),
        ("odense_2016", (2015,), False),
        ("odense_2016", (2013, 2014), False),
        ("odense_2010-2016", (2015,), True),
        ("odense_20160201", (2015,), True),
        ("odense", (2015,), True),
    ],
)
def test_last_years_file_under_this_years_name_is_refused(
    night: Any, name: str, years: tuple[int, ...], is_read: bool
) -> None:
    rows = [f"Odense;Vollsmose;{year};endelig;9.{year - 1900};3,04" for year in years]
    night.deliver(f"municipal_yearly/{name}.csv", yearly(*rows))
    receipt = night.run()[f"municipal_yearly/{name}.csv"]
    assert (receipt.outcome == "accepted", receipt.rule) == (is_read, "" if is_read else "other_year")


def rows_of(year: int, first: int, areas: tuple[str, ...], step: int = 0) -> list[str]:
    return [
        f"Odense;{area};{year};endelig;{first + 13 * at + step};{at + 1},{(37 * at + step) % 90 + 10}"
        for at, area in enumerate(areas)
    ]


def test_last_years_figures_under_a_new_year_are_set_aside(night: Any, registry: Registry) -> None:
    areas = tuple(row["name"] for row in registry.codes["areas"] if row["municipality_code"] == "0461")[:5]
    night.deliver("municipal_yearly/odense_2015.csv", yearly(*rows_of(2015, 1200, areas)))
    night.deliver("municipal_yearly/odense_2016.csv", yearly(*rows_of(2016, 1200, areas)))
    night.run()
    figures = night.table("figures").filter(geography="area")
    assert set(figures["year"]) == {2015}
    shown = night.set_aside("municipal_yearly/odense_2016.csv")
    assert set(shown["regel"]) == {"same_as_other_year"}


def test_figures_of_a_new_year_beside_a_few_equal_ones_are_read(night: Any, registry: Registry) -> None:
    areas = tuple(row["name"] for row in registry.codes["areas"] if row["municipality_code"] == "0461")[:5]
    night.deliver("municipal_yearly/odense_2015.csv", yearly(*rows_of(2015, 1200, areas)))
    night.deliver(
        "municipal_yearly/odense_2016.csv",
        yearly(*rows_of(2016, 1200, areas, step=3)[:-1], rows_of(2016, 1200, areas)[-1]),
    )
    night.run()
    assert set(night.table("figures").filter(geography="area")["year"]) == {2015, 2016}
    assert not night.facts.set_aside


def matrix(title: str, sheet: str, *stub: str) -> bytes:
    """A table of StatBank as an Excel matrix: a title, a unit, periods over the figures, a stub before them."""
    rows = [[title], ["Enhed: Antal"], [], ["", *[""] * len(stub), "2008", "2009"]]
    rows += [[*stub, place, first, first + 1] for place, first in (("Odense", 186745), ("Aarhus", 298538))]
    return workbook(sheet, rows)


def workbook(name: str, rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = name
    for row in rows:
        book.active.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("source", "sheet", "title", "stub"),
    [
        ("ras200", "FOLK1A", "Population by age, region and time", ("Total",)),
        ("bm010", "INDKP107", "Income, persons by type of income, region and time", ("1 Disposable income", "Total")),
        ("bm010", "Ark1", "Folketal den 1. i kvartalet efter alder, område og tid", ("I alt", "I alt")),
        ("bm010", "Ark1", "Activity and employment rates (end November) by frequency and region", ("Rate", "I alt")),
        ("indkp107", "Ark1", "Ejendomspriser på boligmarkedet efter område og tid", ("x", "y", "z", "v")),
    ],
)
def test_a_matrix_of_another_table_is_refused_by_its_sheet_or_title(
    night: Any, source: str, sheet: str, title: str, stub: tuple[str, ...]
) -> None:
    path = f"statbank_{source}/a.xlsx"
    night.deliver(path, matrix(title, sheet, *stub))
    night.deliver(f"{path}.levering.txt", NOTE.format(says="udtræk"))
    receipt = night.run()[path]
    assert (receipt.outcome, receipt.rule) == ("refused", "other_table")
    assert receipt.detail.endswith(f"the folder is for {source.upper()}")
