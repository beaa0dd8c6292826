"""The dated key: delivered by name of the area, published as a mart, an address in one area at a time."""

from datetime import date
from typing import Any

import duckdb

from flows.marts import queries

HEAD = "# kilde: en prøve\n# udgivet: 2012\n# oprindelse: real\n# modtaget: 2026-01-01\n"
LINES = """Adressenøgle;Boligområde;Kommune;Gælder fra;Gælder til
a1;Vollsmose;Odense;2000-01-01;
a2;Vollsmose;Odense;2000-01-01;2011-01-01
a2;Solbakken;Odense;2011-01-01;
"""


def test_the_dated_key_is_a_mart_of_its_own(night: Any) -> None:
    night.deliver("addresses/noegle.csv", HEAD + LINES)
    key = night.marts()["dim_addresses"]
    assert key.select("address_key", "valid_from", "valid_to", "area_id", "source").rows() == [
        ("a1", date(2000, 1, 1), None, "vollsmose", "addresses"),
        ("a2", date(2000, 1, 1), date(2011, 1, 1), "vollsmose", "addresses"),
        ("a2", date(2011, 1, 1), None, "solbakken", "addresses"),
    ]


def test_a_period_that_ends_on_its_first_day_is_none(night: Any) -> None:
    lines = "".join(f"b{number};Vollsmose;Odense;2000-01-01;\n" for number in range(30))
    night.deliver("addresses/noegle.csv", HEAD + LINES + lines + "a3;Vollsmose;Odense;2012-01-01;2012-01-01\n")
    night.run()
    assert night.table("addresses").height == 33
    assert "a3" not in night.table("addresses")["address_key"].to_list()


def test_an_address_in_two_areas_at_once_stops_the_publication() -> None:
    duckdb.execute("""
        create or replace temp table dim_addresses as
        from (values ('a', date '2000-01-01', date '2005-01-01'), ('a', date '2005-01-01', null),
                     ('b', date '2000-01-01', date '2005-01-02'), ('b', date '2005-01-01', null))
            as t (address_key, valid_from, valid_to)
    """)
    found = duckdb.execute(queries.checks()["address_periods_apart"].sql).fetchall()
    assert [row[0] for row in found] == ["b"]
