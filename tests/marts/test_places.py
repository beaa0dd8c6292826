"""Figures of municipalities, regions and the country: years made of quarters, old municipalities carried to the 98."""

from typing import Any

import polars as pl
import pytest

# Two of the reform's 285 rows of each kind: whole, merged, split in two.
MERGERS = """
    old_municipality_code | old_municipality_name | county_code | county_name | municipality_code | municipality_name
    0233                  | Slangerup             | 0200        | Amt A       | 0219              | Hillerød
    0233                  | Slangerup             | 0200        | Amt A       | 0250              | Frederikssund
    0219                  | Hillerød              | 0200        | Amt A       | 0219              | Hillerød
    0209                  | Frederikssund         | 0200        | Amt A       | 0250              | Frederikssund
    0217                  | Helsingør             | 0200        | Amt A       | 0217              | Helsingør
"""


def carried(made: Any, figures: str) -> dict[str, dict[str, Any]]:
    """Municipal figures of one year by code."""
    rows = made("place_figures", figures=figures, municipality_mergers=MERGERS)
    return {row["geography_id"]: row for row in rows.filter(geography="municipality").to_dicts()}


def test_an_old_municipality_goes_to_its_heir_and_a_split_one_to_the_larger(made: Any) -> None:
    found = carried(
        made,
        """
        geography                | geography_id | year | indicator | value
        municipality_before_2007 | 0233         | 2005 | residents | 8000
        municipality_before_2007 | 0219         | 2005 | residents | 30000
        municipality_before_2007 | 0209         | 2005 | residents | 12000
        municipality_before_2007 | 0217         | 2005 | residents | 60000
        """,
    )
    assert {code: row["value"] for code, row in found.items()} == {"0219": 30000, "0250": 20000, "0217": 60000}
    assert {code: row["status"] for code, row in found.items()} == {
        "0219": "estimated",
        "0250": "estimated",
        "0217": "final",
    }
    assert {code: row["estimated_pct"] for code, row in found.items()} == {"0219": 0, "0250": 40, "0217": 0}


def test_a_share_is_carried_by_its_counts_and_not_without_them(made: Any) -> None:
    found = carried(
        made,
        """
        geography                | geography_id | year | indicator      | count | of   | value
        municipality_before_2007 | 0233         | 2005 | nonwestern_pct | 10    | 100  |
        municipality_before_2007 | 0209         | 2005 | nonwestern_pct | 30    | 300  |
        municipality_before_2007 | 0217         | 2005 | nonwestern_pct |       |      | 7
        """,
    )
    assert (found["0250"]["numerator"], found["0250"]["denominator"], found["0250"]["value"]) == (40, 400, 10)
    assert (found["0217"]["value"], found["0217"]["missing_reason"]) == (None, "not_delivered")


def test_a_heir_whose_predecessor_is_missing_has_no_figure(made: Any) -> None:
    found = carried(
        made,
        """
        geography                | geography_id | year | indicator | value
        municipality_before_2007 | 0209         | 2005 | residents | 12000
        """,
    )
    assert (found["0250"]["value"], found["0250"]["missing_reason"]) == (None, "not_delivered")


def test_a_figure_for_the_geography_of_2007_goes_before_a_carried_one(made: Any) -> None:
    found = carried(
        made,
        """
        geography                | geography_id | year | indicator | value
        municipality_before_2007 | 0217         | 2005 | residents | 60000
        municipality             | 0217         | 2005 | residents | 61000
        """,
    )
    assert (found["0217"]["value"], found["0217"]["status"]) == (61000, "final")


def test_the_share_of_an_indicator_that_rests_on_estimates_is_told(made: Any) -> None:
    indicators = made(
        "dim_indicators",
        figures="""
        geography                | geography_id | year | indicator | value
        municipality_before_2007 | 0233         | 2005 | residents | 8000
        municipality_before_2007 | 0219         | 2005 | residents | 30000
        municipality_before_2007 | 0209         | 2005 | residents | 12000
        """,
        municipality_mergers=MERGERS,
    )
    assert indicators.filter(indicator="residents")["estimated_pct"].to_list() == [16]


@pytest.mark.parametrize(
    ("indicator", "expected"), [("residents", 100.0), ("reported_offences", 1000.0), ("disposable_income_dkk", 250.0)]
)
def test_a_year_is_made_of_its_quarters_as_the_indicator_says(made: Any, indicator: str, expected: float) -> None:
    quarters = "\n".join(f"country | 000 | 2012 | 2012Q{q} | {indicator} | {q * 100}" for q in range(1, 5))
    found = made("place_figures", figures=f"geography | geography_id | year | period | indicator | value\n{quarters}")
    assert found["value"].to_list() == [expected]


def test_a_year_that_lacks_a_quarter_has_no_sum(made: Any) -> None:
    quarters = "\n".join(f"country | 000 | 2012 | 2012Q{q} | reported_offences | 100" for q in range(1, 4))
    found = made("place_figures", figures=f"geography | geography_id | year | period | indicator | value\n{quarters}")
    assert found.is_empty()


def test_a_year_that_begins_in_october_has_no_stock_of_its_first_day(made: Any) -> None:
    figures = (
        "geography | geography_id | year | period | indicator | value\ncountry | 000 | 2021 | 2021M10 | residents | 5"
    )
    assert made("place_figures", figures=figures).is_empty()


def test_a_year_delivered_as_such_goes_before_its_quarters(made: Any) -> None:
    found = made(
        "place_figures",
        figures="""
        geography | geography_id | year | period | indicator | value
        country   | 000          | 2012 | 2012   | residents | 7
        country   | 000          | 2012 | 2012Q1 | residents | 5
        """,
    )
    assert found["value"].to_list() == [7]


def test_parts_of_a_place_are_no_figures_of_it(made: Any) -> None:
    found = made(
        "place_figures",
        figures="""
        geography | geography_id | year | breakdown | indicator | value
        country   | 000          | 2012 | all       | residents | 7
        country   | 000          | 2012 | sex=men   | residents | 3
        """,
    )
    assert found["value"].to_list() == [7]


def test_the_parts_of_the_country_are_held_against_it(made: Any, shipped: Any) -> None:
    codes = shipped.table("municipalities")["municipality_code"].to_list()
    rows = "\n".join(f"municipality | {code} | 2012 | residents | 10" for code in codes)
    head = "geography | geography_id | year | indicator | value"
    figures = f"{head}\ncountry | 000 | 2012 | residents | 985\nelsewhere | christiansoe | 2012 | residents | 2\n{rows}"
    found = made("place_figures", figures=figures)
    assert found.filter(geography="country")["parts_difference"].to_list() == [3]
    without = "\n".join(line for line in figures.splitlines() if "0101" not in line)
    lacking = made("place_figures", figures=without)
    assert lacking.filter(geography="country")["parts_difference"].to_list() == [None]


def test_every_figure_stands_in_a_mart(made: Any) -> None:
    figures = """
        geography               | geography_id | year | period | breakdown      | indicator | value | source
        area                    | vollsmose    | 2012 | 2012   | all            | residents | 9000  | municipal_figures
        area                    | vollsmose    | 2012 | 2012   | all            | residents | 9001  | ministry_lists
        area                    | vollsmose    | 2012 | 2012Q1 | all            | residents | 9002  | municipal_figures
        municipality            | 0461         | 2012 | 2012   | all            | residents | 190   | municipal_figures
        municipality            | 0461         | 2012 | 2012   | sex=men        | residents | 90    | municipal_figures
        municipality            | 0461         | 2012 | 2012   | all            | residents | 191   | statbank_folk1a
        country                 | 000          | 2012 | 2012Q2 | all            | residents | 5000  | statbank_folk1a
        elsewhere               | 999          | 2012 | 2012   | all            | residents | 5     | statbank_folk1a
        municipality_before_2007 | 0461        | 2005 | 2005   | all            | residents | 180   | municipal_figures
    """
    found = made("area_profile", "place_figures", "other_figures", "place_breakdowns", figures=figures)
    areas = found["area_profile"].rename({"area_id": "geography_id"}).with_columns(geography=pl.lit("area"))
    whole = [areas, found["place_figures"], found["other_figures"]]
    key = ["geography", "geography_id", "indicator", "figure_owner", "value"]
    shown = {row for mart in (*whole, found["place_breakdowns"]) for row in mart.select(key).rows()}
    lines = [[cell.strip() for cell in line.split("|")] for line in figures.strip().splitlines()[1:]]
    owner = {"municipal_figures": "municipality", "ministry_lists": "ministry"}
    expected = {
        (kind, place, indicator, owner.get(source, "statistics_denmark"), float(value))
        for kind, place, *_, indicator, value, source in lines
    }
    assert expected <= shown
