"""Numbers that may mean two things are set aside by one rule, in every layout and notation, round or not."""

import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.intake import cast

NOTE = "kilde: en prøve\nudgivet: 2016\noprindelse: real\nmodtaget: 2026-01-01\n"
HEAD = re.sub("^", "# ", NOTE.strip(), flags=re.MULTILINE) + "\n"
LONG = HEAD + "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status\n"
WIDE = HEAD + "Kommune;Boligområde;År;Status;Beboere;Dømte (pct.)\n"


def long_row(indicator: str, figure: str) -> tuple[str, str, str]:
    return "municipal_figures", f"{LONG}boligområde;Vollsmose;Odense;2009;{indicator};;;{figure};endelig\n", indicator


def wide_row(residents: str, convicted: str) -> tuple[str, str, str]:
    asked = "residents" if convicted == ".." else "convicted_pct"
    return "municipal_yearly", f"{WIDE}Odense;Vollsmose;2016;endelig;{residents};{convicted}\n", asked


def statbank(source: str, columns: str, row: str, indicator: str) -> tuple[str, str, str]:
    return source, f"{columns};INDHOLD\n{row}\n", indicator


def population(figure: str) -> tuple[str, str, str]:
    return statbank("statbank_folk1a", "OMRÅDE;TID", f"Odense;2008K1;{figure}", "residents")


def income(figure: str) -> tuple[str, str, str]:
    columns = "OMRÅDE;ENHED;INDKOMSTTYPE;TID"
    return statbank("statbank_indkp101", columns, f"Odense;116;100;2008;{figure}", "disposable_income_dkk")


def unemployed(figure: str) -> tuple[str, str, str]:
    return statbank("statbank_aup", "OMRÅDE;ALDER;KØN;TID", f"Odense;TOT;TOT;2008;{figure}", "unemployed_pct")


def record(residents: str, unemployed: str) -> tuple[str, str, str]:
    shown = f'"residents": {residents}, "unemployed": {unemployed}, "immigrants": 68.9, "prosecuted": 3.07'
    shown += ', "education": 57.2, "income": 56.8'
    records = f'{{"2017": [{{"ghetto": true, "id": "Vollsmose", "municipality": "Odense", "new": false, {shown}}}]}}'
    asked = "residents" if unemployed == "52.5" else "outside_work_pct"
    return "ministry_lists_records", records, asked


IN_DOUBT = {
    "a count with three zeros": population("187.000"),
    "a count with three digits": population("187.123"),
    "a small count": population("1.072"),
    "a count with an English thousand": population("187,000"),
    "kroner with a point": income("187.000"),
    "kroner with a comma": income("190,500"),
    "a round record": record("9.000", "52.5"),
    "a record": record("9.001", "52.5"),
    "a Danish count with an English thousand": wide_row("9,001", ".."),
    "a Danish round count with an English thousand": wide_row("9,000", ".."),
    "rent": long_row("rent_dkk_m2", "1,072"),
    "a rate that can be a thousand": long_row("waiting_list_rate", "1,072"),
}
READ = {
    "a Danish thousand": (wide_row("9.001", ".."), 9001),
    "a round Danish thousand": (wide_row("9.000", ".."), 9000),
    "a Danish value": (long_row("residents", "9.001"), 9001),
    "two thousands": (long_row("residents", "11.001"), 11001),
    "a share with three decimals": (wide_row("..", "3,042"), 3.042),
    "a share of StatBank with three decimals": (unemployed("3.125"), 3.125),
    "below one": (unemployed("0.259"), 0.259),
    "two decimals": (income("190500.25"), 190500.25),
    "no sign": (population("187000"), 187000),
    "a record with a share of three decimals": (record("1752", "52.525"), 52.525),
    "a percentage": (wide_row("..", "3,04 %"), 3.04),
    "a percentage without a space": (long_row("convicted_pct", "3,04%"), 3.04),
    "a percentage of the region": (long_row("income_region_pct", "54,4 %"), 54.4),
}
NO_PERCENTAGE = {
    "a count": (long_row("residents", "54,4 %"), "not_in_percent"),
    "a round count": (long_row("residents", "54 %"), "not_in_percent"),
    "kroner": (long_row("rent_dkk_m2", "54,4 %"), "not_in_percent"),
    "a whole number": (wide_row("54 %", ".."), "not_a_whole_number"),
    "a share twice": (wide_row("..", "3,04 %%"), "not_a_number"),
    "per thousand": (wide_row("..", "3,04 ‰"), "not_a_number"),
}


def delivered(night: Any, delivery: tuple[str, str, str]) -> tuple[Any, list[Any]]:
    source, text, indicator = delivery
    path = f"{source}/a.{'json' if source.endswith('records') else 'csv'}"
    night.deliver(path, text)
    if not text.startswith("#"):
        night.deliver(f"{path}.levering.txt", NOTE)
    receipt = night.run()[path]
    figures = night.table("figures").filter(pl.col("indicator") == indicator, pl.col("value").is_not_null())
    return receipt, figures["value"].to_list()


@pytest.mark.parametrize("delivery", IN_DOUBT.values(), ids=IN_DOUBT)
def test_what_may_be_a_thousand_or_a_decimal_is_set_aside(night: Any, delivery: tuple[str, str, str]) -> None:
    receipt, figures = delivered(night, delivery)
    assert (receipt.rules, figures) == ({"ambiguous_number": 1}, [])


@pytest.mark.parametrize(("delivery", "figure"), READ.values(), ids=READ)
def test_what_can_mean_only_one_thing_is_read(night: Any, delivery: tuple[str, str, str], figure: float) -> None:
    receipt, figures = delivered(night, delivery)
    assert (receipt.outcome, receipt.rules, figures) == ("accepted", {}, [figure])


@pytest.mark.parametrize(("delivery", "rule"), NO_PERCENTAGE.values(), ids=NO_PERCENTAGE)
def test_a_percentage_stands_only_among_percentages(night: Any, delivery: tuple[str, str, str], rule: str) -> None:
    receipt, figures = delivered(night, delivery)
    assert (receipt.rules, figures) == ({rule: 1}, [])


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(".,"), st.sampled_from(["danish", "plain"]))
def test_a_sign_and_three_digits_are_in_doubt_unless_the_notation_gives_the_sign_one_meaning(
    before: int, after: int, sign: str, notation: str
) -> None:
    text = f"{before}{sign}{after:03}"
    is_in_doubt = bool(re.search(cast.IN_DOUBT[notation], text))
    assert is_in_doubt == (notation == "plain" or sign == ",")
