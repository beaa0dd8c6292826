"""Which of the ministry's lists a row is of: told, or the only one that there was; else nothing is guessed."""

from typing import Any

import pytest

HEAD = """# kilde: en prøve
# udgivet: 2021-12-01
# oprindelse: real
# modtaget: 2026-11-22
"""
COLUMNS = (
    "Listeår;{}Kommune;Boligområde;Antal beboere;Uden for arbejdsmarkedet (pct.);Ikke-vestlig oprindelse (pct.);"
    "Dømte (pct.);Kun grundskole (pct.);Bruttoindkomst (pct. af regionen);På listen;Ny på listen\n"
)
FIGURES = "45,0;60,0;2,20;55,0;60,0"


def listed(*rows: str, has_type: bool = True) -> str:
    return HEAD + COLUMNS.format("Listetype;" if has_type else "") + "".join(f"{row}\n" for row in rows)


def members(night: Any) -> list[tuple[Any, ...]]:
    table = night.table("list_membership").sort("area_id", "year", "list_type")
    return table.select("area_id", "year", "list_type", "on_list").rows()


def test_a_list_of_2018_without_its_type_gives_its_figures_and_no_membership(night: Any) -> None:
    path = "ministry_lists/liste_2018.csv"
    night.deliver(
        path,
        listed(
            f"2018;Odense;Vollsmose;9.000;{FIGURES};ja;nej",
            f"2018;København;Bispeparken;1.700;{FIGURES};nej;nej",
            has_type=False,
        ),
    )
    receipt = night.run()[path]
    assert (receipt.outcome, receipt.rows, receipt.used, receipt.rules) == ("accepted", 2, 2, {"which_list": 2})
    assert members(night) == []
    figures = night.table("figures").filter(geography="area", indicator="residents")
    assert sorted(figures.select("geography_id", "value").rows()) == [("bispeparken", 1700.0), ("vollsmose", 9000.0)]
    shown = night.set_aside(path)
    assert set(shown["regel"]) == {"which_list"}
    assert shown["til afsenderen"].str.contains("Tilføj kolonnen 'Listetype'").all()
    assert shown["række"].str.contains("Vollsmose|Bispeparken").all()


def test_there_was_one_list_up_to_2017(night: Any) -> None:
    night.deliver(
        "ministry_lists/liste_2017.csv", listed(f"2017;Odense;Vollsmose;9.000;{FIGURES};ja;nej", has_type=False)
    )
    night.run()
    assert members(night) == [("vollsmose", 2017, "parallelsamfund", True)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("udsat", "udsat"),
        ("Udsat boligområde", "udsat"),
        ("parallelsamfund", "parallelsamfund"),
        ("ghetto", "parallelsamfund"),
        ("Ghettoområde", "parallelsamfund"),
        ("Hårdt ghettoområde", "omdannelse"),
        ("OMDANNELSESOMRÅDE", "omdannelse"),
        ("Forebyggelsesområde", "forebyggelse"),
    ],
)
def test_a_list_is_called_by_its_code_or_one_of_its_names(night: Any, written: str, meant: str) -> None:
    night.deliver("ministry_lists/liste_2021.csv", listed(f"2021;{written};Odense;Vollsmose;9.000;{FIGURES};ja;nej"))
    assert night.run()["ministry_lists/liste_2021.csv"].rules == {}
    assert members(night) == [("vollsmose", 2021, meant, True)]


def test_an_area_on_two_lists_stands_in_two_rows_and_has_its_figures_once(night: Any) -> None:
    path = "ministry_lists/liste_2021.csv"
    night.deliver(
        path,
        listed(
            f"2021;udsat;Odense;Vollsmose;9.000;{FIGURES};ja;nej",
            f"2021;parallelsamfund;Odense;Vollsmose;9.000;{FIGURES};nej;nej",
            f"2021;udsat;Odense;Solbakken;1.300;{FIGURES};ja;nej",
        ),
    )
    receipt = night.run()[path]
    assert (receipt.used, receipt.rules) == (3, {})
    assert members(night) == [
        ("solbakken", 2021, "udsat", True),
        ("vollsmose", 2021, "parallelsamfund", False),
        ("vollsmose", 2021, "udsat", True),
    ]
    assert night.table("figures").filter(geography="area").height == 2 * 6


def test_a_row_that_says_nothing_new_is_told_and_two_that_disagree_are_set_aside(night: Any) -> None:
    path = "ministry_lists/liste_2021.csv"
    night.deliver(
        path,
        listed(
            f"2021;udsat;Odense;Vollsmose;9.000;{FIGURES};ja;nej",
            f"2021;udsat;Odense;Vollsmose;9.000;{FIGURES};ja;nej",
            f"2021;udsat;Odense;Solbakken;1.300;{FIGURES};ja;nej",
            f"2021;parallelsamfund;Odense;Solbakken;1.301;{FIGURES};ja;nej",
            *(
                f"2021;udsat;{town};{area};2.000;{FIGURES};ja;nej"
                for town, area in (
                    ("Aarhus", "Bispehaven"), ("København", "Bispeparken"), ("København", "Mjølnerparken"),
                    ("Horsens", "Sundparken"), ("Kolding", "Munkebo"), ("Vejle", "Finlandsparken"),
                    ("Holbæk", "Agervang"), ("Esbjerg", "Stengårdsvej"), ("Fredericia", "Korskærparken"),
                    ("Slagelse", "Motalavej"), ("Greve", "Askerød"), ("Køge", "Karlemoseparken"),
                )
            ),
        ),
    )  # fmt: skip
    receipt = night.run()[path]
    assert receipt.outcome == "accepted", receipt
    assert set(receipt.rules) == {"repeated_line", "duplicate_key"}
    assert receipt.quarantined == 3
    there = {area for area, *_ in members(night)}
    assert ("vollsmose" in there, "solbakken" in there) == (True, False)


def test_a_list_that_there_was_not_is_told(night: Any) -> None:
    path = "ministry_lists/liste_2018.csv"
    night.deliver(path, listed(f"2018;forebyggelse;Odense;Vollsmose;9.000;{FIGURES};ja;nej"))
    assert night.run()[path].rules == {"no_such_list": 1}
    assert members(night) == []
    assert night.table("figures").filter(geography="area").height == 6


def test_the_list_of_a_type_takes_nothing_from_that_of_another(night: Any) -> None:
    """Two files of one year, a list each: both stand."""
    for name, on in (("udsat", "ja"), ("parallelsamfund", "nej")):
        rows = listed(f"2021;{name};Odense;Vollsmose;9.000;{FIGURES};{on};nej")
        night.deliver(f"ministry_lists/liste_2021_{name}.csv", rows)
    night.run()
    assert members(night) == [("vollsmose", 2021, "parallelsamfund", False), ("vollsmose", 2021, "udsat", True)]
