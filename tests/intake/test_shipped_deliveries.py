"""The shipped deliveries hold the published figures, held against the stored originals where those are at hand."""

import csv
import unicodedata
from pathlib import Path
from typing import Any

import polars as pl
import pytest

SHARED = Path(__file__).parents[3] / "shared"
CRITERIA = {
    "residents": "residents",
    "pct_outside_work_or_education_18_64": "outside_work_pct",
    "pct_nonwestern": "nonwestern_pct",
    "pct_convicted_18plus": "convicted_pct",
    "pct_basic_education_30_59": "basic_education_pct",
    "gross_income_pct_of_region": "income_region_pct",
}


def original(path: str) -> list[dict[str, str]]:
    file = SHARED / path
    if not file.is_file():
        pytest.skip(f"NOT CHECKED AGAINST THE ORIGINAL: shared/{path} is not beside the project")
    with file.open(encoding="utf-8-sig", newline="") as text:
        return [
            {key: unicodedata.normalize("NFC", value) for key, value in row.items()} for row in csv.DictReader(text)
        ]


def test_every_row_of_every_delivery_is_used(shipped: Any) -> None:
    assert len(shipped.receipts) == 16
    for receipt in shipped.receipts.values():
        assert (receipt.outcome, receipt.quarantined) == ("accepted", 0), receipt
        assert receipt.origin == "real"
        assert receipt.says
    assert not shipped.facts.set_aside


def test_every_published_area_figure_is_carried_over(shipped: Any, registry: Any) -> None:
    published = original("data/lists/published_lists_2010_2015.csv")
    assert len(published) == 209
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
    assert read == expected
    members = shipped.table("list_membership")
    assert members.height == 209
    assert dict(zip(members.select("area_id", "year").iter_rows(), members["on_list"], strict=True)) == {
        (ids[row["municipality_code"].zfill(4), row["area_name_source"]], int(row["list_year"])): row["on_list"] == "1"
        for row in published
    }


def test_table_2_1_is_carried_over(shipped: Any) -> None:
    printed = original("facts/case_areas.csv")
    case_areas = shipped.table("case_areas").sort("area_id")
    assert case_areas.select("area_id", "dwellings", "size_band_printed", "supported_by_secretariat").rows() == [
        (row["area_id"], int(row["dwellings"]), row["size_band_printed"], row["supported_by_secretariat"] == "true")
        for row in printed
    ]
    grants = shipped.table("grants").sort("area_id")
    assert grants.select("area_id", "funding_band", "grant_period_years").rows() == [
        (row["area_id"], row["funding_band"], int(row["grant_period_years"])) for row in printed
    ]
    assert grants["grant_dkk"].null_count() == 13
    assert grants["grant_dkk_missing_reason"].unique().to_list() == ["not_published"]


def test_the_municipalities_and_the_reform_are_carried_over(shipped: Any) -> None:
    codes = original("data/municipalities/kommuner_98_fra_korrespondance.csv")
    read = shipped.table("municipalities").select("municipality_code", "municipality_name", "region_code").rows()
    assert sorted(read) == sorted(
        (row["kommunekode"].zfill(4), row["kommunenavn"], row["regionskode"]) for row in codes
    )
    parts = original("data/municipalities/korrespondance_2007_export.csv")
    read = shipped.table("municipality_mergers").select("old_municipality_code", "municipality_code").rows()
    assert sorted(read) == sorted(
        (row["AMT_KOM_KODE"].strip().zfill(4), row["NUTS_KODE"].strip().zfill(4)) for row in parts
    )


def test_the_population_is_carried_over(shipped: Any) -> None:
    rows = original("data/municipalities/befolkning_2005_2023_ny_geografi.csv")
    kinds = {"0": ("country", "000"), **{f"{code}": ("region", f"0{code}") for code in range(81, 86)}}
    expected = {
        (*kinds.get(row["muni_code"], ("municipality", row["muni_code"].zfill(4))), int(row["year"])): float(row["pop"])
        for row in rows
        if 2007 <= int(row["year"]) <= 2015 and row["muni_code"] != "411"
    }
    figures = shipped.table("figures").filter(pl.col("geography") != "area")
    assert (
        dict(zip(figures.select("geography", "geography_id", "year").iter_rows(), figures["value"], strict=True))
        == expected
    )
