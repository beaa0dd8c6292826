"""Genuine files of every kind, read from beside the project: nothing is lost in silence, and the sums are right.

The expected counts and sums are read from the same files by other means: the csv module, and cells of workbooks.
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

from flows.core.provenance import file_sha256
from flows.intake.delivery_note import Note, parse
from flows.intake.formats import read

SHARED = Path(__file__).parents[3] / "shared" / "data"
RAW = Path(__file__).parents[2] / "data" / "raw"
KEY = Path("municipalities") / "Korrespondancetabel-mellem-kommuner-foer-og-efter-kommunalreformen-i-2007.xlsx"

# file: source, rows by another reader, of these out of scope, quarantined
FILES: dict[str, tuple[str, int, int, int]] = {
    "statbank/auk01_social_assistance.csv": ("statbank_auk01", 8892, 11 * 76, 0),
    "statbank/aup_unemployment_comma.csv": ("statbank_aup", 1666, 0, 0),
    "statbank/folk1a_codes.csv": ("statbank_folk1a", 31200, 0, 0),
    "statbank/folk1a_da_csv_bom_crlf.csv": ("statbank_folk1a", 52, 0, 0),
    "statbank/folk1a_da_lf_nobom_1.csv": ("statbank_folk1a", 525, 0, 0),
    "statbank/folk1a_population_annual.csv": ("statbank_folk1a", 525, 0, 0),
    "statbank/hfudd11_h50.csv": ("statbank_hfudd11", 525, 0, 0),
    "statbank/hfudd11_tot.csv": ("statbank_hfudd11", 525, 0, 0),
    "statbank/indkp101_income_by_municipality.csv": ("statbank_indkp101", 4180, 11 * 38, 0),
    "statbank/straf11_crime_by_municipality.csv": ("statbank_straf11", 8056, 0, 0),
    # 115 places in 120 quarters, of these 11 provinces; 115 and 116 places in 14 years
    "statbank/BM010_parcelhus_da_missing.xlsx": ("statbank_bm010", 115 * 120, 11 * 120, 0),
    "statbank/INDKP107_en.xlsx": ("statbank_indkp107", 115 * 14, 11 * 14, 0),
    "statbank/RAS200_en.xlsx": ("statbank_ras200", 116 * 14, 11 * 14, 0),
    "api/data_straf42_all.json": ("statbank_straf42", 1, 0, 0),
    "api/data_straf42_json.json": ("statbank_straf42", 1, 0, 0),
    "api/data_straf42_csv.csv": ("statbank_straf42", 1, 0, 0),
    "municipalities/befolkning_2005_2023_ny_geografi.csv": ("population_2005_2023", 1995, 0, 0),
    "municipalities/korrespondance_2007_export.csv": ("correspondence_2007", 285, 0, 0),
    str(KEY): ("correspondence_2007", 285, 0, 0),
    "municipalities/kommuner_98_fra_korrespondance.csv": ("municipalities_2007", 98, 0, 0),
    # the five headings are no municipalities
    "municipalities/dst_komgrp.csv": ("municipality_groups", 103, 5, 0),
    "municipalities/heholo_muni_crime.csv": ("transcribed_convictions", 99 * 9, 0, 0),
    # counts and totals are not asked for
    "municipalities/heholo_muni_edu.csv": ("transcribed_education", 2970, 1980, 0),
    "municipalities/heholo_muni_emp.csv": ("transcribed_employment", 990 * 8, 0, 0),
    "municipalities/heholo_muni_foreigners.csv": ("transcribed_origin", 198 * 10, 0, 0),
    "lists/published_lists_2010_2015.csv": ("ministry_lists_table", 209, 0, 0),
    "lists/number_of_areas_per_list.csv": ("list_totals", 31, 0, 0),
    # the condition that all lists share has no period
    "lists/statutory_criteria_by_period.csv": ("statutory_rules_text", 20, 0, 1),
}
NOTE = "kilde: en prøve\nudgivet: 2023\noprindelse: real\nmodtaget: 2026-11-22\n"


def original(name: str) -> Path:
    if not (file := SHARED / name).is_file():
        pytest.skip(f"NOT READ: the genuine file shared/data/{name} is not beside the project")
    return file


def deliver(night: Any, name: str, source: str, vouched: bool = True) -> str:
    """Deliver a genuine file as it is, with a note, and with its hash."""
    file = original(name)
    path = f"{source}/{file.name}"
    night.deliver(path, file.read_bytes())
    night.deliver(f"{path}.levering.txt", NOTE)
    if vouched:
        night.deliver(f"{path}.sha256", f"{file_sha256(file)}  {file.name}\n")
    return path


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, make_night: Any) -> Any:
    """One night with every genuine file."""
    night = make_night(tmp_path_factory.mktemp("real"))
    for source in ("municipalities", "municipality_mergers"):
        shutil.copytree(RAW / source, night.raw / source)
    for name, (source, *_) in FILES.items():
        deliver(night, name, source)
    night.run()
    print(f"\n{'file':60}{'rows':>8}{'facts':>8}{'set aside':>10}{'out of scope':>13}")
    for path, r in night.receipts.items():
        print(f"{path[:58]:60}{r.rows:>8}{r.used:>8}{r.quarantined:>10}{r.out_of_scope:>13}")
    return night


@pytest.mark.parametrize("name", FILES)
def test_every_row_is_a_fact_or_set_aside_or_out_of_scope(staged: Any, name: str) -> None:
    source, rows, outside, quarantined = FILES[name]
    receipt = staged.receipts[f"{source}/{Path(name).name}"]
    assert receipt.outcome == "accepted", receipt
    assert (receipt.rows, receipt.out_of_scope, receipt.quarantined) == (rows, outside, quarantined)
    assert receipt.used == rows - outside - quarantined
    facts = {
        (line, *rest)
        for table, file in receipt.tables.items()
        for line, *rest in _keys(pl.read_parquet(staged.staging / file), table)
    }
    wide = staged.registry.layout_of(source).tables == ("figures", "list_membership")
    assert len({line for line, *_ in facts}) == receipt.used if wide else len(facts) == receipt.used


def _keys(rows: pl.DataFrame, table: str) -> Iterator[tuple[Any, ...]]:
    wanted = ["source_line", "period", "breakdown"] if table == "figures" else ["source_line"]
    yield from rows.select(wanted).iter_rows()


def records(name: str) -> list[dict[str, str]]:
    text = original(name).read_text(encoding="utf-8-sig")
    delimiter = max(";,", key=text.splitlines()[0].count)
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter))


ADDED = [name for name in FILES if name.startswith("statbank/") and name.endswith(".csv") and "indkp" not in name]


@pytest.mark.parametrize("name", [name for name in ADDED if "aup" not in name])
def test_figures_add_up_to_those_of_the_file_and_to_its_country_row(staged: Any, name: str) -> None:
    source = FILES[name][0]
    receipt = staged.receipts[f"{source}/{Path(name).name}"]
    figures = pl.read_parquet(staged.staging / receipt.tables["figures"])
    provinces = ("Province ", "Landsdel ")
    raw = [row for row in records(name) if not next(iter(row.values())).startswith(provinces)]
    assert int(figures["value"].sum()) == sum(int(row["INDHOLD"]) for row in raw)
    cells: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for geography, period, indicator, breakdown, value in figures.select(
        "geography", "period", "indicator", "breakdown", "value"
    ).iter_rows():
        cells[period, indicator, breakdown][geography] += int(value)
    municipalities = figures.filter(geography="municipality")["geography_id"].n_unique()
    for cell, by_kind in cells.items():
        if municipalities == 98:
            # Full-time persons are rounded place by place.
            off = abs(by_kind["country"] - by_kind["municipality"] - by_kind["elsewhere"])
            assert off <= (10 if "auk01" in name else 0), cell
            assert sum(by_kind.values()) - by_kind["elsewhere"] >= 2 * by_kind["municipality"]


def test_sexes_and_ages_stay_apart(staged: Any) -> None:
    receipt = staged.receipts["statbank_folk1a/folk1a_codes.csv"]
    parts = pl.read_parquet(staged.staging / receipt.tables["figures"])
    expected = {
        (f"KØN={row['KØN']};ALDER={row['ALDER']}", row["OMRÅDE"]) for row in records("statbank/folk1a_codes.csv")
    }
    places = pl.col("geography_id").str.strip_chars_start("0").str.zfill(3)
    assert set(parts.select("breakdown", places).iter_rows()) == expected


@pytest.mark.parametrize(
    ("name", "stub", "skipped"),
    [
        ("statbank/BM010_parcelhus_da_missing.xlsx", 3, 0),
        ("statbank/INDKP107_en.xlsx", 5, 1),
        ("statbank/RAS200_en.xlsx", 5, 0),
    ],
)
def test_a_matrix_is_read_cell_by_cell(staged: Any, name: str, stub: int, skipped: int) -> None:
    """Every number of a municipality, region or the country is a fact with its value; every '..' one without."""
    source = FILES[name][0]
    rows = (
        python_calamine.CalamineWorkbook.from_path(str(original(name)))
        .get_sheet_by_index(0)
        .to_python(skip_empty_area=False)
    )
    body = [row for row in rows[3:] if row[stub - 1] and not str(row[stub - 1]).startswith(("Province", "Landsdel"))]
    numbers = sorted(cell for row in body for cell in row[stub:] if isinstance(cell, float))
    marks = sum(cell == ".." for row in body for cell in row[stub:])
    receipt = staged.receipts[f"{source}/{Path(name).name}"]
    figures = pl.read_parquet(staged.staging / receipt.tables["figures"])
    assert figures["value"].drop_nulls().sort().to_list() == numbers
    assert figures.filter(missing_reason="withheld_by_source").height == marks
    assert (marks > 0) == ("missing" in name)


def test_the_two_forms_of_the_key_say_the_same(staged: Any) -> None:
    receipts = [
        staged.receipts[f"correspondence_2007/{Path(name).name}"] for name in (KEY, "korrespondance_2007_export.csv")
    ]
    key = ["old_municipality_code", "old_municipality_name", "county_code", "municipality_code", "part"]
    one, other = (pl.read_parquet(staged.staging / r.tables["municipality_mergers"]).select(key) for r in receipts)
    assert one.sort(key).equals(other.sort(key))
    assert one["old_municipality_code"].n_unique() == 271


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


def test_the_transcribed_lists_are_caught_at_every_wrong_count_and_the_misspelt_key(night: Any) -> None:
    name = "lists/published_lists_2010_2015_as_transcribed.json"
    path = deliver(night, name, "ministry_lists_records")
    receipt = night.run()[path]
    assert (receipt.outcome, receipt.rule) == ("refused", "too_many_bad_rows")
    assert receipt.rules == {"not_a_whole_number": 58, "unknown_key": 1}
    records = [record for group in json.loads(original(name).read_text()).values() for record in group]
    wrong = {number for number, record in enumerate(records, 1) if not isinstance(record["residents"], int)}
    misspelt = {number for number, record in enumerate(records, 1) if "unemplyed" in record}
    shown = night.set_aside(path).filter(pl.col("linje").is_not_null())
    found = {(int(line), rule) for line, rule in shown.select("linje", "regel").iter_rows()}
    assert found == {(line, "not_a_whole_number") for line in wrong} | {(line, "unknown_key") for line in misspelt}
    assert (len(wrong), len(misspelt)) == (58, 1)


def test_a_px_file_is_read_cell_by_cell(registry: Any) -> None:
    """Another country's table: no place of it is ours, so it is read and not staged."""
    content = original("statbank/BEXSTA_windows_1252.px").read_bytes()
    sheet = read(content, registry.layouts["statbank"], registry.sources["statbank_folk1a"], parse_note())
    assert sheet.header == ("place of birth", "gender", "age", "residence type", "time", "INDHOLD")
    text = content.decode("cp1252")
    values = text[text.index("DATA=") + 5 :].replace(";", " ").replace('"', "").split()
    assert sheet.frame()["INDHOLD"].to_list() == values
    assert sheet.rows == 3 * 3 * 100 * 8
    assert sheet.frame().row(1) == (2, "Total", "Total", "0", "Capital city", "2023", "249")


def parse_note() -> Note:
    return parse([("kilde", "x"), ("udgivet", "2023"), ("oprindelse", "real")])


def test_a_withheld_figure_is_never_a_true_zero(night: Any) -> None:
    """STRAF42 shows withheld figures as 0, says its tableinfo; the note carries that on."""
    info = json.loads(original("api/table_info_straf42_da.json").read_text())
    night.deliver("statbank_straf42/a.csv", "HERKOMST1;TID;INDHOLD\nTotal;2023;0\nTotal;2022;5\n")
    note = NOTE + f"skjulte tal vises som: {info['suppressedDataValue']}\n"
    night.deliver("statbank_straf42/a.csv.levering.txt", note)
    assert night.run()["statbank_straf42/a.csv"].used == 2
    figures = night.table("figures").filter(indicator="convictions").sort("period")
    assert figures.select("value", "missing_reason").rows() == [(5.0, None), (None, "withheld_or_zero")]


def test_employment_by_age_is_kept_apart(staged: Any) -> None:
    receipt = staged.receipts["transcribed_employment/heholo_muni_emp.csv"]
    figures = pl.read_parquet(staged.staging / receipt.tables["figures"])
    assert figures["breakdown"].n_unique() == 10
    raw = records("municipalities/heholo_muni_emp.csv")
    expected = sum(Decimal(cell) for row in raw for name, cell in row.items() if name.isdecimal())
    assert round(figures["value"].sum(), 1) == float(expected)


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


def test_without_that_word_a_table_that_lacks_a_row_is_refused(night: Any) -> None:
    night.deliver("statbank_straf11/a.csv", "OMRÅDE;TID;INDHOLD\nOdense;2008K1;5\nOdense;2008K2;6\nAarhus;2008K1;7\n")
    night.deliver("statbank_straf11/a.csv.levering.txt", NOTE)
    receipt = night.run()["statbank_straf11/a.csv"]
    assert (receipt.rule, receipt.detail) == ("incomplete_table", "3 rows, 3 of them different, 4 expected")
