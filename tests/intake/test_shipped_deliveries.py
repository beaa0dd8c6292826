"""The shipped deliveries hold the published figures: those of the cuts, and all of the whole files where they are."""

import csv
import unicodedata
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from genuine import CUTS, SHARED, WHOLE, at_hand, where

CRITERIA = {
    "residents": "residents",
    "pct_outside_work_or_education_18_64": "outside_work_pct",
    "pct_nonwestern": "nonwestern_pct",
    "pct_convicted_18plus": "convicted_pct",
    "pct_basic_education_30_59": "basic_education_pct",
    "gross_income_pct_of_region": "income_region_pct",
}


def original(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return [
            {key: unicodedata.normalize("NFC", value) for key, value in row.items()} for row in csv.DictReader(text)
        ]


def those_in(expected: Any, carried: dict[Any, Any], file: Path) -> dict[Any, Any]:
    """What was carried over: all of it for a whole file, and for a cut what the cut holds."""
    return {key: carried.get(key) for key in expected} if file.is_relative_to(CUTS) else carried


def of_years(carried: dict[Any, Any], published: list[dict[str, str]]) -> dict[Any, Any]:
    """What was carried over of the list years of a file."""
    years = {int(row["list_year"]) for row in published}
    return {key: value for key, value in carried.items() if key[1] in years}


def test_every_row_of_every_delivery_is_used(shipped: Any) -> None:
    assert len(shipped.receipts) == 21
    for receipt in shipped.receipts.values():
        assert (receipt.outcome, receipt.quarantined) == ("accepted", 0), receipt
        assert receipt.origin == "real"
        assert receipt.says
    assert not shipped.facts.set_aside


@pytest.mark.parametrize(
    ("file", "area_years"),
    [
        *at_hand((CUTS / "lists/ministry_lists_table.csv", 15), (WHOLE / "lists/published_lists_2010_2015.csv", 209)),
        *([(WHOLE / "lists/published_lists_2016_2017.csv", 56)] if WHOLE.is_dir() else []),
    ],
    ids=where,
)
def test_every_published_area_figure_is_carried_over(shipped: Any, registry: Any, file: Path, area_years: int) -> None:
    published = original(file)
    assert len(published) == area_years
    ids = {(row["municipality_code"], row["name"]): row["area_id"] for row in registry.codes["areas"]}
    home = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    ids |= {(home[row["area_id"]], row["alias"]): row["area_id"] for row in registry.codes["area_aliases"]}
    expected = {
        (ids[row["municipality_code"].zfill(4), row["area_name_source"]], int(row["list_year"]), indicator): float(
            row[column]
        )
        for row in published
        for column, indicator in CRITERIA.items()
        if row[column]
    }
    figures = shipped.table("figures").filter(geography="area")
    read = {
        (area, year, i): value
        for area, year, i, value in figures.select("geography_id", "year", "indicator", "value").iter_rows()
    }
    assert those_in(expected, of_years(read, published), file) == expected
    members = shipped.table("list_membership")
    assert (members.height, set(members["list_type"])) == (265, {"parallelsamfund"})
    listed = {
        (ids[row["municipality_code"].zfill(4), row["area_name_source"]], int(row["list_year"])): row["on_list"] == "1"
        for row in published
    }
    read = dict(zip(members.select("area_id", "year").iter_rows(), members["on_list"], strict=True))
    assert those_in(listed, of_years(read, published), file) == listed


@pytest.mark.parametrize("file", at_hand(CUTS / "case_areas/table_2_1.csv", SHARED / "facts/case_areas.csv"), ids=where)
def test_table_2_1_is_carried_over(shipped: Any, file: Path) -> None:
    printed = {
        row["area_id"]: (
            int(row["dwellings"]),
            row["size_band_printed"],
            row["supported_by_secretariat"] == "true",
            row["funding_band"],
            int(row["grant_period_years"]),
        )
        for row in original(file)
    }
    grants = shipped.table("grants").sort("area_id")
    columns = ["size_band_printed", "supported_by_secretariat", "funding_band", "grant_period_years"]
    areas = shipped.table("case_areas").join(grants, on="area_id").select("area_id", "dwellings", *columns)
    assert areas.height == 13
    assert those_in(printed, {area: tuple(row) for area, *row in areas.iter_rows()}, file) == printed
    assert grants["grant_dkk"].null_count() == 13
    assert grants["grant_dkk_missing_reason"].unique().to_list() == ["not_published"]


@pytest.mark.parametrize(
    "file",
    at_hand(
        CUTS / "municipalities/municipalities_2007.csv", WHOLE / "municipalities/kommuner_98_fra_korrespondance.csv"
    ),
    ids=where,
)
def test_the_municipalities_are_carried_over(shipped: Any, file: Path) -> None:
    codes = {row["kommunekode"].zfill(4): (row["kommunenavn"], row["regionskode"]) for row in original(file)}
    columns = ["municipality_code", "municipality_name", "region_code"]
    read = {code: tuple(row) for code, *row in shipped.table("municipalities").select(columns).iter_rows()}
    assert len(read) == 98
    assert those_in(codes, read, file) == codes


@pytest.mark.parametrize(
    "file",
    at_hand(CUTS / "municipalities/correspondence_2007.csv", WHOLE / "municipalities/korrespondance_2007_export.csv"),
    ids=where,
)
def test_the_reform_is_carried_over(shipped: Any, file: Path) -> None:
    """Every part of a municipality of the cut, and no other; the cut holds all parts of those that it has."""
    parts = sorted((row["AMT_KOM_KODE"].strip().zfill(4), row["NUTS_KODE"].strip().zfill(4)) for row in original(file))
    old = {code for code, _ in parts}
    carried = shipped.table("municipality_mergers")
    assert carried.height == 285
    read = carried.select("old_municipality_code", "municipality_code").rows()
    assert sorted(row for row in read if row[0] in old or not file.is_relative_to(CUTS)) == parts


@pytest.mark.parametrize(
    "file",
    at_hand(CUTS / "municipalities/population.csv", WHOLE / "municipalities/befolkning_2005_2023_ny_geografi.csv"),
    ids=where,
)
def test_the_population_is_carried_over(shipped: Any, file: Path) -> None:
    kinds = {"0": ("country", "000"), **{f"{code}": ("region", f"0{code}") for code in range(81, 86)}}
    expected = {
        (*kinds.get(row["muni_code"], ("municipality", row["muni_code"].zfill(4))), int(row["year"])): float(row["pop"])
        for row in original(file)
        if 2007 <= int(row["year"]) <= 2017 and row["muni_code"] != "411"
    }
    figures = shipped.table("figures").filter(pl.col("geography") != "area", indicator="residents")
    read = dict(zip(figures.select("geography", "geography_id", "year").iter_rows(), figures["value"], strict=True))
    assert those_in(expected, read, file) == expected


@pytest.mark.parametrize(
    "file",
    at_hand(CUTS / "lists/number_of_areas_per_list.csv", WHOLE / "lists/number_of_areas_per_list.csv"),
    ids=where,
)
def test_the_published_numbers_of_areas_are_carried_over(shipped: Any, file: Path) -> None:
    """By the words of the file: what was called ghetto until 2020 is the list that is called parallelsamfund now."""
    words = {"ghetto": "parallelsamfund", "udsat": "udsat", "parallels": "parallelsamfund"}
    words |= {"omdann": "omdannelse", "forebygg": "forebyggelse"}
    published = {
        (next(name for word, name in words.items() if row["list_type"].startswith(word)), int(row["list_year"])): int(
            row["n_areas"]
        )
        for row in original(file)
    }
    totals = shipped.table("list_totals")
    assert totals.height == 31
    carried = {(name, year): n for name, year, n in totals.select("list_type", "year", "areas").iter_rows()}
    assert those_in(published, carried, file) == published
    assert totals["stated_in"].str.contains("http").all()


@pytest.mark.parametrize(
    "file", at_hand(CUTS / "statbank/folk1a_young.csv", WHOLE / "statbank/folk1a_codes.csv"), ids=where
)
def test_the_shares_of_age_groups_are_those_of_folk1a(shipped: Any, file: Path) -> None:
    """Ages 0-17 and 18-29 of both sexes, one by one, of the residents on 1 January."""
    ages: dict[tuple[str, str, int], int] = {}
    with file.open(encoding="utf-8-sig", newline="") as text:
        for row in csv.DictReader(text, delimiter=";"):
            name = {0: "age_0_17_pct", 1: "age_18_29_pct"}.get((int(row["ALDER"]) >= 18) + (int(row["ALDER"]) >= 30))
            if name and int(row["TID"][:4]) <= 2017:
                key = (
                    row["OMRÅDE"] if row["OMRÅDE"].startswith("0") else f"0{row['OMRÅDE']}",
                    name,
                    int(row["TID"][:4]),
                )
                ages[key] = ages.get(key, 0) + int(row["INDHOLD"])
    rows = shipped.table("figures").filter(source="population_by_age")
    columns = ("geography_id", "indicator", "year")
    carried = dict(zip(rows.select(columns).iter_rows(), rows["numerator"], strict=True))
    assert those_in(ages, carried, file) == ages
    residents = shipped.table("figures").filter(source="population").select("geography_id", "year", residents="value")
    both = rows.join(residents, on=("geography_id", "year"))
    assert both.height == 240
    assert (both["denominator"] == both["residents"]).all()
