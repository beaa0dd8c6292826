"""Landsbyggefonden's lists of grants: several grants a plan, several areas and themes a grant, rent support apart."""

from datetime import date
from typing import Any

import pytest

HEAD = "# kilde: en prøve\n# afsender: Landsbyggefonden\n# udgivet: 2010\n# oprindelse: real\n# modtaget: 2026-01-01\n"
HEADER = (
    "Bevillingsnr.;Helhedsplan;Boligområder;Kommune;Art;Bevilget beløb (kr.);Bevilget fra;Bevilget til;Indsatsområder"
)
ROWS = (
    "B-1;Plan Odense;Vollsmose, Solbakken mv;Odense;boligsocial indsats;12.500.000;01-05-2008;30-04-2012;"
    "Sundhed|Børn og unge",
    "B-2;Plan Odense;Vollsmose;Odense;boligsocial indsats;3.000.000;2009-01-01;2012-04-30;Sundhed",
    "B-3;Plan Odense;Vollsmose;Odense;huslejestøtte;40.000.000;2008-05-01;2018-04-30;",
)
PATH = "grant_list/bevillinger.csv"


def delivery(*rows: str) -> str:
    return HEAD + "\n".join([HEADER, *rows]) + "\n"


def test_a_plan_has_the_sum_of_its_grants_once_however_many_areas(night: Any) -> None:
    night.deliver(PATH, delivery(*ROWS))
    made = night.marts()
    receipt = night.receipts[PATH]
    assert (receipt.rows, receipt.used) == (3, 3)
    (plan,) = made["grant_summary"].to_dicts()
    assert (plan["plan_id"], plan["area_ids"], plan["grants"], plan["grant_dkk"]) == (
        "plan-odense",
        "solbakken, vollsmose",
        2,
        15_500_000,
    )
    assert (plan["grant_period_years"], plan["funding_band_by_amount"]) == (4, "over_15m")
    assert (plan["granted_from"], plan["granted_to"]) == (date(2008, 5, 1), date(2012, 4, 30))
    assert plan["effort_area_ids"] == "boern-og-unge, sundhed"


def test_rent_support_is_listed_and_in_no_plans_sum(night: Any) -> None:
    night.deliver(PATH, delivery(ROWS[2]))
    made = night.marts()
    assert made["grant_summary"].is_empty()
    (grant,) = made["grant_list"].to_dicts()
    assert (grant["grant_kind"], grant["amount_dkk"], grant["area_ids"]) == ("rent_support", 40_000_000, "vollsmose")


@pytest.mark.parametrize(
    ("wrong", "right", "rule"),
    [
        ("Solbakken mv", "Solbaken mv", "unknown_area"),
        ("12.500.000", "12,5", "not_a_whole_number"),
        ("01-05-2008", "31-02-2008", "not_a_date"),
        ("Sundhed|Børn og unge", "Sundhed|Sport", "unknown_value"),
        ("boligsocial indsats", "lån", "unknown_value"),
    ],
)
def test_one_wrong_part_sets_the_whole_grant_aside(night: Any, wrong: str, right: str, rule: str) -> None:
    plenty = [f"C-{n};Plan {n};Vollsmose;Odense;boligsocial indsats;1.000;2008-01-01;2012-01-01;" for n in range(12)]
    night.deliver(PATH, delivery(ROWS[0].replace(wrong, right), *plenty))
    receipt = night.run()[PATH]
    assert (receipt.used, receipt.rules) == (12, {rule: 1})
    assert "B-1" not in night.table("grant_areas")["grant_id"].to_list()


def test_the_amounts_of_the_list_go_before_the_reports_silence(night: Any) -> None:
    night.deliver(
        "grants/tabel.csv",
        HEAD
        + "Helhedsplan;Boligområde;Kommune;Bevillingsramme;Bevillingsperiode (år);Beløb mangler fordi\n"
        + "Plan Odense;Vollsmose;Odense;over 15 mio. kr.;4;ikke offentliggjort\n",
    )
    night.deliver(PATH, delivery(*ROWS[:2]))
    (plan,) = night.marts()["grant_summary"].to_dicts()
    assert (plan["funding_band"], plan["funding_band_by_amount"]) == ("over_15m", "over_15m")
    assert (plan["grant_dkk"], plan["grant_dkk_missing_reason"]) == (15_500_000, None)


def test_a_grant_to_a_plan_must_name_it_and_rent_support_need_not(night: Any) -> None:
    nameless = [row.replace("Plan Odense", "") for row in ROWS]
    others = [ROWS[1].replace("B-2", f"B-{number}") for number in range(10, 30)]
    night.deliver(PATH, delivery(nameless[0], nameless[2], *others))
    made = night.marts()
    assert (night.receipts[PATH].outcome, night.receipts[PATH].quarantined) == ("accepted", 1)
    assert "B-1" not in made["grant_list"]["grant_id"].to_list()
    assert made["grant_list"].filter(grant_id="B-3")["plan_name"].to_list() == [None]
