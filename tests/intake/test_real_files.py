"""Genuine files of every kind, as cuts and whole: nothing is lost in silence, and the sums are right.

The expected counts and sums are read from the same files by other means (the csv module, and cells of workbooks), or
are those that the publisher prints: a table's row of the country, and its row of Region Nordjylland, all of whose
municipalities the cuts have.
"""

import csv
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import python_calamine
from genuine import CUTS, WHOLE, at_hand, where

from flows.core.provenance import file_sha256
from flows.intake.delivery_note import Note, parse
from flows.intake.formats import read

RAW = Path(__file__).parents[2] / "data" / "raw"
KEY = WHOLE / "municipalities" / "Korrespondancetabel-mellem-kommuner-foer-og-efter-kommunalreformen-i-2007.xlsx"
KEY_EXPORT = WHOLE / "municipalities/korrespondance_2007_export.csv"

# file: source, rows by another reader, of these out of scope, quarantined
Expected = tuple[str, int, int, int]
CUT_FILES: dict[Path, Expected] = {
    # the country, five regions, the 11 municipalities of Nordjylland, their province, abroad, and none stated
    CUTS / "statbank/auk01_provinces.csv": ("statbank_auk01", 20 * 2, 2, 0),
    CUTS / "statbank/aup_commas.csv": ("statbank_aup", 11 * 3, 0, 0),
    # 8 places, 2 sexes, 3 ages, 2 years
    CUTS / "statbank/folk1a_codes_lf.csv": ("statbank_folk1a", 8 * 2 * 3 * 2, 0, 0),
    CUTS / "statbank/folk1a_bom_crlf.csv": ("statbank_folk1a", 12, 0, 0),
    CUTS / "statbank/folk1a_lf_no_bom.csv": ("statbank_folk1a", 18 * 5, 0, 0),
    CUTS / "statbank/folk1a_english_labels.csv": ("statbank_folk1a", 18 * 3, 0, 0),
    CUTS / "statbank/folk1a_windows_1252.px": ("statbank_folk1a", 5 * 8, 0, 0),
    CUTS / "statbank/hfudd11_h50.csv": ("statbank_hfudd11", 18 * 2, 0, 0),
    CUTS / "statbank/hfudd11_total.csv": ("statbank_hfudd11", 18 * 2, 0, 0),
    # no regions in this table
    CUTS / "statbank/indkp101_koen.csv": ("statbank_indkp101", 13 * 3, 3, 0),
    CUTS / "statbank/straf11_unknown_places.csv": ("statbank_straf11", 19 * 4, 0, 0),
    CUTS / "statbank/bm010_missing.xlsx": ("statbank_bm010", 18 * 4, 4, 0),
    CUTS / "statbank/indkp107_footnote.xlsx": ("statbank_indkp107", 18 * 3, 3, 0),
    CUTS / "statbank/ras200_english.xlsx": ("statbank_ras200", 19 * 3, 3, 0),
    CUTS / "api/straf42_time_alone.json": ("statbank_straf42", 1, 0, 0),
    CUTS / "api/straf42_origin.json": ("statbank_straf42", 1, 0, 0),
    CUTS / "api/straf42.csv": ("statbank_straf42", 1, 0, 0),
    CUTS / "municipalities/population.csv": ("population_2005_2023", 17 * 2, 0, 0),
    CUTS / "municipalities/correspondence_2007.csv": ("correspondence_2007", 18, 0, 0),
    CUTS / "municipalities/correspondence_2007.xlsx": ("correspondence_2007", 18, 0, 0),
    CUTS / "municipalities/municipalities_2007.csv": ("municipalities_2007", 6, 0, 0),
    CUTS / "municipalities/dst_komgrp.csv": ("municipality_groups", 20, 5, 0),
    CUTS / "lists/ministry_list_2017.csv": ("ministry_lists", 5, 0, 0),
    CUTS / "lists/ministry_lists_table.csv": ("ministry_lists_table", 15, 0, 0),
    CUTS / "lists/number_of_areas_per_list.csv": ("list_totals", 4, 0, 0),
    CUTS / "lists/statutory_criteria_by_period.csv": ("statutory_rules_text", 5, 0, 0),
}
WHOLE_FILES: dict[Path, Expected] = {
    WHOLE / "statbank/auk01_social_assistance.csv": ("statbank_auk01", 8892, 11 * 76, 0),
    WHOLE / "statbank/aup_unemployment_comma.csv": ("statbank_aup", 1666, 0, 0),
    WHOLE / "statbank/folk1a_codes.csv": ("statbank_folk1a", 31200, 0, 0),
    WHOLE / "statbank/folk1a_da_csv_bom_crlf.csv": ("statbank_folk1a", 52, 0, 0),
    WHOLE / "statbank/folk1a_da_lf_nobom_1.csv": ("statbank_folk1a", 525, 0, 0),
    WHOLE / "statbank/folk1a_population_annual.csv": ("statbank_folk1a", 525, 0, 0),
    WHOLE / "statbank/hfudd11_h50.csv": ("statbank_hfudd11", 525, 0, 0),
    WHOLE / "statbank/hfudd11_tot.csv": ("statbank_hfudd11", 525, 0, 0),
    WHOLE / "statbank/indkp101_income_by_municipality.csv": ("statbank_indkp101", 4180, 11 * 38, 0),
    WHOLE / "statbank/straf11_crime_by_municipality.csv": ("statbank_straf11", 8056, 0, 0),
    # 115 places in 120 quarters, of these 11 provinces; 115 and 116 places in 14 years
    WHOLE / "statbank/BM010_parcelhus_da_missing.xlsx": ("statbank_bm010", 115 * 120, 11 * 120, 0),
    WHOLE / "statbank/INDKP107_en.xlsx": ("statbank_indkp107", 115 * 14, 11 * 14, 0),
    WHOLE / "statbank/RAS200_en.xlsx": ("statbank_ras200", 116 * 14, 11 * 14, 0),
    WHOLE / "municipalities/befolkning_2005_2023_ny_geografi.csv": ("population_2005_2023", 1995, 0, 0),
    KEY_EXPORT: ("correspondence_2007", 285, 0, 0),
    KEY: ("correspondence_2007", 285, 0, 0),
    WHOLE / "municipalities/kommuner_98_fra_korrespondance.csv": ("municipalities_2007", 98, 0, 0),
    # the five headings are no municipalities
    WHOLE / "municipalities/dst_komgrp.csv": ("municipality_groups", 103, 5, 0),
    WHOLE / "municipalities/heholo_muni_crime.csv": ("transcribed_convictions", 99 * 9, 0, 0),
    # counts and totals are not asked for
    WHOLE / "municipalities/heholo_muni_edu.csv": ("transcribed_education", 2970, 1980, 0),
    WHOLE / "municipalities/heholo_muni_emp.csv": ("transcribed_employment", 990 * 8, 0, 0),
    WHOLE / "municipalities/heholo_muni_foreigners.csv": ("transcribed_origin", 198 * 10, 0, 0),
    WHOLE / "lists/published_lists_2010_2015.csv": ("ministry_lists_table", 209, 0, 0),
    WHOLE / "lists/published_lists_2016_2017.csv": ("ministry_lists_table", 56, 0, 0),
    WHOLE / "lists/number_of_areas_per_list.csv": ("list_totals", 31, 0, 0),
    WHOLE / "lists/statutory_criteria_by_period.csv": ("statutory_rules_text", 20, 0, 0),
}
FILES = CUT_FILES | (WHOLE_FILES if WHOLE.is_dir() else {})
NOTE = "kilde: en prøve\nudgivet: 2023\noprindelse: real\nmodtaget: 2026-11-22\n"


def place(file: Path) -> str:
    """Where a file is delivered to; cuts apart from whole files, some of which have the same name."""
    return f"{FILES[file][0]}/{'cut' if file in CUT_FILES else 'whole'}/{file.name}"


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, make_night: Any) -> Any:
    """One night with every genuine file at hand, each with a note and its hash."""
    night = make_night(tmp_path_factory.mktemp("real"))
    for source in ("municipalities", "municipality_mergers"):
        shutil.copytree(RAW / source, night.raw / source)
    for file in FILES:
        path = place(file)
        night.deliver(path, file.read_bytes())
        night.deliver(f"{path}.levering.txt", NOTE)
        night.deliver(f"{path}.sha256", f"{file_sha256(file)}  {file.name}\n")
    night.run()
    print(f"\n{'file':60}{'rows':>8}{'facts':>8}{'set aside':>10}{'out of scope':>13}")
    for path, r in night.receipts.items():
        print(f"{path[:58]:60}{r.rows:>8}{r.used:>8}{r.quarantined:>10}{r.out_of_scope:>13}")
    return night


@pytest.mark.parametrize("file", FILES, ids=where)
def test_every_row_is_a_fact_or_set_aside_or_out_of_scope(staged: Any, file: Path) -> None:
    source, rows, outside, quarantined = FILES[file]
    receipt = staged.receipts[place(file)]
    assert receipt.outcome == "accepted", receipt
    assert (receipt.rows, receipt.out_of_scope, receipt.quarantined) == (rows, outside, quarantined)
    assert receipt.used == rows - outside - quarantined
    facts = {
        (line, *rest)
        for table, stored in receipt.tables.items()
        for line, *rest in _keys(pl.read_parquet(staged.staging / stored), table)
    }
    wide = staged.registry.layout_of(source).tables == ("figures", "list_membership")
    assert len({line for line, *_ in facts}) == receipt.used if wide else len(facts) == receipt.used


def _keys(rows: pl.DataFrame, table: str) -> Iterator[tuple[Any, ...]]:
    wanted = ["source_line", "period", "breakdown"] if table == "figures" else ["source_line"]
    yield from rows.select(wanted).iter_rows()


def records(file: Path) -> list[dict[str, str]]:
    text = file.read_text(encoding="utf-8-sig")
    delimiter = max(";,", key=text.splitlines()[0].count)
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter))


ADDED = [
    file
    for file in FILES
    if file.parent.name == "statbank"
    and file.suffix == ".csv"
    and FILES[file][0] not in ("statbank_aup", "statbank_indkp101")
]
NORTH_JUTLAND = {"0773", "0787", "0810", "0813", "0820", "0825", "0840", "0846", "0849", "0851", "0860"}


@pytest.mark.parametrize("file", ADDED, ids=where)
def test_figures_add_up_to_those_of_the_file_and_to_its_country_row(staged: Any, file: Path) -> None:
    receipt = staged.receipts[place(file)]
    figures = pl.read_parquet(staged.staging / receipt.tables["figures"])
    provinces = ("Province ", "Landsdel ")
    raw = [row for row in records(file) if not next(iter(row.values())).startswith(provinces)]
    assert int(figures["value"].sum()) == sum(int(row["INDHOLD"]) for row in raw)
    cells: dict[tuple[str, str, str], dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for geography, place_id, period, indicator, breakdown, value in figures.select(
        "geography", "geography_id", "period", "indicator", "breakdown", "value"
    ).iter_rows():
        cells[period, indicator, breakdown][geography][place_id] = int(value)
    # Full-time persons are rounded place by place.
    rounding = 10 if FILES[file][0] == "statbank_auk01" else 0
    for cell, kinds in cells.items():
        country, elsewhere = sum(kinds["country"].values()), sum(kinds["elsewhere"].values())
        regions, municipalities = kinds["region"], kinds["municipality"]
        # Christiansø is no municipality, and is counted in Region Hovedstaden.
        outside = elsewhere - kinds["elsewhere"].get("christiansoe", 0)
        if regions:
            assert len(regions) == 5
            assert abs(country - sum(regions.values()) - outside) <= rounding, cell
        if len(municipalities) == 98:
            assert abs(country - sum(municipalities.values()) - elsewhere) <= rounding, cell
        if regions and municipalities.keys() >= NORTH_JUTLAND:
            assert abs(regions["081"] - sum(municipalities[code] for code in NORTH_JUTLAND)) <= rounding, cell


def test_the_sums_of_the_cuts_are_held_against_both_printed_totals(staged: Any) -> None:
    """The cuts that have no regions or not all of Nordjylland are known by name."""
    without = []
    for file in set(ADDED) & CUT_FILES.keys():
        figures = pl.read_parquet(staged.staging / staged.receipts[place(file)].tables["figures"])
        ids = set(figures["geography_id"])
        if not ({"081", "082", "083", "084", "085"} | NORTH_JUTLAND) <= ids:
            without.append(file.name)
    assert sorted(without) == ["folk1a_bom_crlf.csv", "folk1a_codes_lf.csv"]


@pytest.mark.parametrize(
    "file", at_hand(CUTS / "statbank/folk1a_codes_lf.csv", WHOLE / "statbank/folk1a_codes.csv"), ids=where
)
def test_sexes_and_ages_stay_apart(staged: Any, file: Path) -> None:
    parts = pl.read_parquet(staged.staging / staged.receipts[place(file)].tables["figures"])
    sexes = {"1": "men", "2": "women"}
    expected = {(f"sex={sexes[row['KØN']]};age={row['ALDER']}", row["OMRÅDE"]) for row in records(file)}
    places = pl.col("geography_id").str.strip_chars_start("0").str.zfill(3)
    assert set(parts.select("breakdown", places).iter_rows()) == expected


MATRICES = {file: FILES[file][0] for file in FILES if file.parent.name == "statbank" and file.suffix == ".xlsx"}


@pytest.mark.parametrize("file", MATRICES, ids=where)
def test_a_matrix_is_read_cell_by_cell(staged: Any, file: Path) -> None:
    """Every number of a municipality, region or the country is a fact with its value; every '..' one without."""
    rows = python_calamine.CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    stub = 3 if MATRICES[file] == "statbank_bm010" else 5
    body = [row for row in rows[3:] if row[stub - 1] and not str(row[stub - 1]).startswith(("Province", "Landsdel"))]
    numbers = sorted(cell for row in body for cell in row[stub:] if isinstance(cell, float))
    marks = sum(cell == ".." for row in body for cell in row[stub:])
    figures = pl.read_parquet(staged.staging / staged.receipts[place(file)].tables["figures"])
    assert figures["value"].drop_nulls().sort().to_list() == numbers
    assert figures.filter(missing_reason="withheld_by_source").height == marks
    assert (marks > 0) == ("missing" in file.name)


# Read off the files by eye: place, period and figure.
PRINTED: dict[str, set[tuple[str, str, float | None]]] = {
    "api/straf42.csv": {("000", "2023", 233454)},
    "api/straf42_origin.json": {("000", "2023", 233454)},
    "api/straf42_time_alone.json": {("000", "2024", 227774)},
    "lists/ministry_list_2017.csv": {("vollsmose", "2017", figure) for figure in (9184, 52.5, 68.9, 3.07, 57.2, 56.8)},
    "statbank/aup_commas.csv": {("0825", "2007", 9.1), ("0851", "2023", 3.6)},
    "statbank/bm010_missing.xlsx": {("000", "1992Q1", 4021), ("0825", "1992Q1", None), ("0825", "1992Q2", 2885)},
    "statbank/folk1a_windows_1252.px": {("000", "2020Q1", 5822763), ("084", "2020Q1", 1846023)},
    "statbank/indkp101_koen.csv": {("000", "1987", 78135)},
    "statbank/indkp107_footnote.xlsx": {("000", "2008", 306692), ("000", "2009", 312650), ("0825", "2008", 227860)},
    "statbank/ras200_english.xlsx": {("000", "2008", 76), ("000", "2010", 72.1), ("0825", "2008", 73.1)},
}


@pytest.mark.parametrize("name", PRINTED)
def test_figures_of_a_cut_stand_where_the_publisher_printed_them(staged: Any, name: str) -> None:
    figures = pl.read_parquet(staged.staging / staged.receipts[place(CUTS / name)].tables["figures"])
    assert PRINTED[name] <= set(figures.select("geography_id", "period", "value").iter_rows())


@pytest.mark.parametrize(
    ("workbook", "export", "municipalities"),
    at_hand(
        (CUTS / "municipalities/correspondence_2007.xlsx", CUTS / "municipalities/correspondence_2007.csv", 15),
        (KEY, KEY_EXPORT, 271),
    ),
    ids=where,
)
def test_the_two_forms_of_the_key_say_the_same(staged: Any, workbook: Path, export: Path, municipalities: int) -> None:
    receipts = [staged.receipts[place(file)] for file in (workbook, export)]
    key = ["old_municipality_code", "old_municipality_name", "county_code", "municipality_code", "part"]
    sheet, text = (pl.read_parquet(staged.staging / r.tables["municipality_mergers"]).select(key) for r in receipts)
    assert sheet.sort(key).equals(text.sort(key))
    assert sheet["old_municipality_code"].n_unique() == municipalities


def test_no_county_code_is_taken_for_a_municipality(night: Any, registry: Any) -> None:
    """250 is Frederikssund since 2007 and was Roskilde Amt before; so with 350, 420, 550 and 760."""
    shutil.copytree(
        Path(__file__).parents[2] / "data" / "raw" / "municipality_mergers", night.raw / "municipality_mergers"
    )
    before = registry.sources["population_2005_2023"].model_copy(update={"id": "old", "geography": "before_2007"})
    night.registry = registry.model_copy(update={"sources": {**registry.sources, "old": before}, "fingerprint": "x"})
    codes = ("250", "350", "420", "550", "760", "251")
    rows = "".join(f"{code},2005,10000\n" for code in codes)
    for source in ("old", "population_2005_2023"):
        night.deliver(f"{source}/a.csv", f"muni_code,year,pop\n{rows}")
        night.deliver(f"{source}/a.csv.levering.txt", NOTE)
    receipts = night.run()
    assert (receipts["old/a.csv"].out_of_scope, receipts["old/a.csv"].used) == (5, 1)
    old = pl.read_parquet(night.staging / receipts["old/a.csv"].tables["figures"])
    assert old.select("geography", "geography_id").rows() == [("municipality_before_2007", "0251")]
    # 251 Bramsnæs was no municipality any more
    assert receipts["population_2005_2023/a.csv"].rule == "too_many_bad_rows"
    assert receipts["population_2005_2023/a.csv"].rules == {"unknown_place": 1}


def decimals(record: dict[str, Any]) -> int:
    return len(str(record["residents"]).partition(".")[2])


def text_of(transcription: str | Path) -> str:
    return transcription if isinstance(transcription, str) else transcription.read_text(encoding="utf-8")


# The errors of a transcription, on facts of the lists: the thousands point read as a decimal point, and a misspelt key.
MISREAD = """\
{"2010": [
 {"id": "Vollsmose", "municipality": "Odense", "ghetto": true,
  "residents": 9.259, "unemployed": 54.4, "immigrants": 67.7, "prosecuted": 3.73},
 {"id": "Bispehaven", "municipality": "Aarhus", "ghetto": true,
  "residents": 2395, "unemplyed": 43.3, "immigrants": 68.6, "prosecuted": 2.79},
 {"id": "Blågården", "municipality": "København", "ghetto": true,
  "residents": 2.44, "unemployed": 36.8, "immigrants": 65.5, "prosecuted": 2.83}]}
"""


@pytest.mark.parametrize(
    ("transcription", "counts"),
    at_hand((MISREAD, 2), (WHOLE / "lists/published_lists_2010_2015_as_transcribed.json", 58)),
    ids=at_hand("written-here", "whole"),
)
def test_the_transcribed_lists_are_caught_at_every_wrong_count_and_the_misspelt_key(
    night: Any, transcription: str | Path, counts: int
) -> None:
    path = "ministry_lists_records/lists.json"
    text = text_of(transcription)
    night.deliver(path, text)
    night.deliver(f"{path}.levering.txt", NOTE)
    receipt = night.run()[path]
    assert (receipt.outcome, receipt.rule) == ("refused", "too_many_bad_rows")
    listed = [record for group in json.loads(text).values() for record in group]
    wrong = {number for number, record in enumerate(listed, 1) if not isinstance(record["residents"], int)}
    misspelt = {number for number, record in enumerate(listed, 1) if "unemplyed" in record}
    shown = night.set_aside(path).filter(pl.col("linje").is_not_null())
    caught = {(int(line), rule) for line, rule in shown.select("linje", "regel").iter_rows()}
    # Three decimals may be a thousand; with fewer the trailing zeros were lost, and no whole number is left.
    rules = {line: "ambiguous_number" if decimals(listed[line - 1]) == 3 else "not_a_whole_number" for line in wrong}
    assert caught == {*rules.items(), *((line, "unknown_key") for line in misspelt)}
    assert sum(receipt.rules.values()) == counts + 1
    assert (len(wrong), len(misspelt)) == (counts, 1)


ABROAD = ("place of birth", "gender", "age", "residence type", "time", "INDHOLD")
PX = {
    CUTS / "statbank/folk1a_windows_1252.px": (
        ("civilstand", "område", "tid", "INDHOLD"),
        5 * 8,
        (2, "I alt", "Region Hovedstaden", "2020K1", "1846023"),
    ),
    # Another country's table: no place of it is ours, so it is read and not staged.
    WHOLE / "statbank/BEXSTA_windows_1252.px": (
        ABROAD,
        3 * 3 * 100 * 8,
        (2, "Total", "Total", "0", "Capital city", "2023", "249"),
    ),
}


@pytest.mark.parametrize("file", at_hand(*PX), ids=where)
def test_a_px_file_is_read_cell_by_cell(registry: Any, file: Path) -> None:
    header, rows, second = PX[file]
    content = file.read_bytes()
    sheet = read(content, registry.layouts["statbank"], registry.sources["statbank_folk1a"], parse_note())
    assert tuple(sheet.columns) == header
    text = content.decode("cp1252")
    values = text[text.index("DATA=") + 5 :].replace(";", " ").replace('"', "").split()
    assert sheet.frame()["INDHOLD"].to_list() == values
    assert sheet.rows == rows
    assert sheet.frame().row(1) == second


def parse_note() -> Note:
    return parse([("kilde", "x"), ("udgivet", "2023"), ("oprindelse", "real")])


def test_a_withheld_figure_is_never_a_true_zero(night: Any) -> None:
    """STRAF42 shows withheld figures as 0, says its tableinfo; the note carries that on."""
    info = json.loads((CUTS / "api/tableinfo_straf42_da.json").read_text(encoding="utf-8"))
    night.deliver("statbank_straf42/a.csv", "HERKOMST1;TID;INDHOLD\nTotal;2023;0\nTotal;2022;5\n")
    note = NOTE + f"skjulte tal vises som: {info['suppressedDataValue']}\n"
    night.deliver("statbank_straf42/a.csv.levering.txt", note)
    assert night.run()["statbank_straf42/a.csv"].used == 2
    figures = night.table("figures").filter(indicator="convictions").sort("period")
    assert figures.select("value", "missing_reason").rows() == [(5.0, None), (None, "withheld_or_zero")]


# Made-up figures in the layout of a transcription; no publisher's file has it.
EMPLOYED = """\
"age-start","age-end","municipality",2008,2009
18,19,"Odense",60.5,50.25
18,19,"Aarhus",61.0,51.0
20,24,"Odense",70.0,69.75
20,24,"Aarhus",72.5,71.0
"""


@pytest.mark.parametrize(
    ("transcription", "ages"),
    at_hand((EMPLOYED, 2), (WHOLE / "municipalities/heholo_muni_emp.csv", 10)),
    ids=at_hand("written-here", "whole"),
)
def test_employment_by_age_is_kept_apart(night: Any, transcription: str | Path, ages: int) -> None:
    text = text_of(transcription)
    night.deliver("transcribed_employment/a.csv", text)
    night.deliver("transcribed_employment/a.csv.levering.txt", NOTE)
    assert night.run()["transcribed_employment/a.csv"].outcome == "accepted"
    figures = night.table("figures")
    assert figures["breakdown"].n_unique() == ages
    cells = [row[year] for row in csv.DictReader(text.splitlines()) for year in row if year.isdecimal()]
    assert round(figures["value"].sum(), 2) == float(sum(map(Decimal, cells)))


def test_what_the_cut_of_a_streamed_table_leaves_out_is_the_zero_that_the_whole_table_prints(night: Any) -> None:
    """STRAF11 prints 0 offences on Christiansø in 2007K3 and 2008K1; the streamed form has no such rows, and no BOM."""
    night.deliver("statbank_straf11/bulk.csv", (CUTS / "statbank/straf11_bulk.csv").read_bytes())
    night.deliver("statbank_straf11/bulk.csv.levering.txt", NOTE + "manglende rækker betyder: 0\n")
    receipt = night.run()["statbank_straf11/bulk.csv"]
    assert (receipt.rows, receipt.used, receipt.implied) == (12, 12, 2)
    figures = night.table("figures").filter(geography="elsewhere").sort("period")
    assert figures.select("period", "value").rows() == [("2007Q3", 0.0), ("2007Q4", 1.0), ("2008Q1", 0.0)]


def test_what_a_streamed_table_leaves_out_is_zero_and_an_empty_number_is_not(night: Any) -> None:
    text = "OMRÅDE;OVERTRÆD;TID;INDHOLD\nOdense;TOT;2008K1;5\nOdense;TOT;2008K2;\nAarhus;TOT;2008K1;7\n"
    night.deliver("statbank_straf11/a.csv", text)
    night.deliver("statbank_straf11/a.csv.levering.txt", NOTE + "manglende rækker betyder: 0\n")
    receipt = night.run()["statbank_straf11/a.csv"]
    assert (receipt.rows, receipt.used, receipt.implied) == (4, 4, 1)
    figures = night.table("figures").filter(indicator="reported_offences").sort("geography_id", "period")
    columns = ["geography_id", "period", "value", "missing_reason", "source_line"]
    assert figures.select(columns).rows() == [
        ("0461", "2008Q1", 5.0, None, 2),
        ("0461", "2008Q2", None, "withheld_by_source", 3),
        ("0751", "2008Q1", 7.0, None, 4),
        ("0751", "2008Q2", 0.0, None, 0),
    ]


THREE = (("Odense", "2008K1"), ("Odense", "2008K2"), ("Aarhus", "2008K1"))


def test_without_that_word_a_table_that_lacks_a_row_is_refused(night: Any) -> None:
    night.deliver(
        "statbank_straf11/a.csv",
        "OMRÅDE;OVERTRÆD;TID;INDHOLD\n" + "".join(f"{place};TOT;{period};5\n" for place, period in THREE),
    )
    night.deliver("statbank_straf11/a.csv.levering.txt", NOTE)
    receipt = night.run()["statbank_straf11/a.csv"]
    assert (receipt.rule, receipt.detail) == ("incomplete_table", "3 rows, 3 of them different, 4 expected")
