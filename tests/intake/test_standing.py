"""Which figure stands: what it is belongs to its key, and only what says something takes an older one's place."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profiles import examples

LONG = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status;Gennemsnit over år"
WIDE = "Kommune;Boligområde;År;Status;Beboere;Uden for arbejdsmarkedet (pct.)"
LIST = (
    "Listeår;Kommune;Boligområde;Antal beboere;Uden for arbejdsmarkedet (pct.);Ikke-vestlig oprindelse (pct.);"
    "Dømte (pct.);Kun grundskole (pct.);Bruttoindkomst (pct. af regionen);På listen;Ny på listen"
)


def head(received: str, published: str = "2018-01-01") -> str:
    return f"# kilde: prøve\n# udgivet: {published}\n# oprindelse: real\n# modtaget: {received}\n"


def long(received: str, *lines: str) -> str:
    return "\n".join([head(received) + LONG, *lines]) + "\n"


def residents(figure: str, window: str = "", year: int = 2009) -> str:
    return f"boligområde;Vollsmose;Odense;{year};residents;;;{figure};endelig;{window}"


def wide(received: str, *cells: str) -> str:
    return "\n".join([head(received) + WIDE, *(f"Odense;Vollsmose;{line}" for line in cells)]) + "\n"


def listed(year: int, share: str) -> str:
    text = f"{year};Odense;Vollsmose;9.000;{share};68,0;3,10;57,0;57,0;ja;nej"
    return f"{head(f'{year + 1}-01-01', f'{year}-12-01')}{LIST}\n{text}\n"


def shares(night: Any, year: int) -> dict[tuple[str, int], float | None]:
    """The shares outside work that stand of Vollsmose: by owner and number of years."""
    rows = night.table("figures").filter(geography_id="vollsmose", indicator="outside_work_pct", year=year)
    return {(row["figure_owner"], row["window_years"]): row["value"] for row in rows.to_dicts()}


def counted(night: Any, year: int = 2009) -> list[float | None]:
    """What stands of the residents of Vollsmose."""
    rows = night.table("figures").filter(geography_id="vollsmose", indicator="residents", year=year)
    return [row["value"] for row in rows.sort("figure_owner", "window_years").to_dicts()]


def test_a_municipalitys_year_and_the_lists_two_years_stand_side_by_side(night: Any) -> None:
    night.deliver("ministry_lists/liste_2017.csv", listed(2017, "52,5"))
    night.deliver("municipal_yearly/odense_2017.csv", wide("2018-03-01", "2017;endelig;9.000;50,7"))
    marts = night.marts()
    assert shares(night, 2017) == {("ministry", 2): 52.5, ("municipality", 1): 50.7}
    profile = marts["area_profile"].filter(area_id="vollsmose", year=2017, indicator="outside_work_pct").to_dicts()
    assert [(row["value"], row["figure_owner"], row["window_years"], row["other_figures"]) for row in profile] == [
        (52.5, "ministry", 2, 1)
    ]
    beside = marts["other_figures"].filter(indicator="outside_work_pct").to_dicts()
    assert [(row["figure_owner"], row["value"], row["profile_owner"], row["difference"]) for row in beside] == [
        ("municipality", 50.7, "ministry", -1.8)
    ]


def test_a_figure_with_its_counts_is_shown_before_one_without(night: Any) -> None:
    night.deliver("ministry_lists/liste_2017.csv", listed(2017, "52,5"))
    with_counts = "boligområde;Vollsmose;Odense;2017;outside_work_pct;507;1000;50,7;endelig;"
    night.deliver("municipal_figures/odense.csv", long("2018-03-01", with_counts))
    profile = night.marts()["area_profile"].filter(year=2017, indicator="outside_work_pct").to_dicts()
    assert [(row["value"], row["figure_owner"]) for row in profile] == [(50.7, "municipality")]


def test_three_owners_of_a_figure_are_told_apart(night: Any) -> None:
    night.deliver("ministry_lists/liste_2017.csv", listed(2017, "52,5"))
    night.deliver("municipal_yearly/odense_2017.csv", wide("2018-03-01", "2017;endelig;9.001;50,7"))
    night.deliver("area_statistics/a.csv", long("2018-11-20", residents("9.002", year=2017)))
    marts = night.marts()
    assert counted(night, 2017) == [9000, 9001, 9002]
    profile = marts["area_profile"].filter(year=2017, indicator="residents").to_dicts()
    assert [(row["figure_owner"], row["other_figures"]) for row in profile] == [("statistics_denmark", 2)]
    beside = marts["other_figures"].filter(indicator="residents").sort("figure_owner").to_dicts()
    assert [(row["figure_owner"], row["difference"], row["source_file"]) for row in beside] == [
        ("ministry", -2.0, "ministry_lists/liste_2017.csv"),
        ("municipality", -1.0, "municipal_yearly/odense_2017.csv"),
    ]


def test_a_leap_takes_nothing_along(night: Any) -> None:
    """Case 13: a share typed as a fraction, after a good figure of the same municipality."""
    for year, share in ((2014, "52,9"), (2016, "52,0")):
        night.deliver(f"ministry_lists/liste_{year}.csv", listed(year, share))
    night.deliver("municipal_yearly/odense_2015.csv", wide("2016-03-01", "2015;endelig;9.000;52,5"))
    night.deliver("municipal_yearly/odense_2015_rettet.csv", wide("2019-03-01", "2015;endelig;9.000;0,525"))
    night.run()
    assert shares(night, 2015) == {("municipality", 1): 52.5}
    assert night.set_aside("municipal_yearly/odense_2015_rettet.csv")["regel"].to_list() == ["jump"]


def test_of_two_figures_of_one_year_the_later_one_is_the_leap(night: Any) -> None:
    night.deliver("ministry_lists/liste_2017.csv", listed(2017, "52,5"))
    night.deliver("municipal_yearly/odense_2017.csv", wide("2018-03-01", "2017;endelig;9.000;0,507"))
    night.run()
    assert shares(night, 2017) == {("ministry", 2): 52.5}


@pytest.mark.parametrize("nothing", ["", ".."])
def test_a_cell_that_says_nothing_takes_nothing_away(night: Any, nothing: str) -> None:
    night.deliver("municipal_figures/a.csv", long("2016-01-01", residents("9.001")))
    night.deliver("municipal_figures/b.csv", long("2017-01-01", residents(nothing)))
    night.run()
    assert counted(night) == [9001]
    night.deliver("municipal_figures/c.csv", long("2018-01-01", residents("annulleret")))
    marts = night.marts()
    assert counted(night) == [None]
    profile = marts["area_profile"].filter(year=2009, indicator="residents").to_dicts()
    assert [(row["value"], row["missing_reason"]) for row in profile] == [(None, "withdrawn_by_source")]
    night.deliver("municipal_figures/d.csv", long("2019-01-01", residents("9.004")))
    night.run()
    assert counted(night) == [9004]


@pytest.mark.parametrize(
    ("later", "stands"),
    [
        (residents("9.005"), [9005]),
        (residents(""), [9001]),
        (residents(".."), [9001]),
        (residents("annulleret"), [None]),
        (residents("9,5"), [9001]),
        (residents("187.00"), [9001]),
        (residents("12"), [9001]),
        (residents("8.900", year=2010), [9001]),
    ],
    ids=["figure", "empty", "withheld", "withdrawn", "no whole number", "in doubt", "leap", "row taken out"],
)
def test_a_new_version_of_a_file_takes_away_what_it_says_and_no_more(
    night: Any, later: str, stands: Sequence[float | None]
) -> None:
    """The row taken out is no exception: what a file does not name any more, its sender has withdrawn."""
    others = [residents(f"9.{100 + year - 2011}", year=year) for year in range(2011, 2017)]
    night.deliver("municipal_figures/a.csv", long("2016-01-01", residents("9.001"), *others))
    night.run()
    night.deliver("municipal_figures/a.csv", long("2016-02-01", later, *others))
    night.run()
    assert counted(night) == ([] if "2010" in later else stands)


def test_what_a_refused_version_says_takes_nothing_away(night: Any) -> None:
    night.deliver("municipal_figures/a.csv", long("2016-01-01", residents("9.001")))
    night.run()
    night.deliver(
        "municipal_figures/a.csv", long("2017-01-01", "boligområde;Vollsmose;Odense;x;residents;;;1;endelig;")
    )
    assert night.run()["municipal_figures/a.csv"].outcome == "refused"
    assert counted(night) == [9001]


@st.composite
def three_figures(draw: st.DrawFn) -> list[tuple[str, int, int, date]]:
    """Source, number of years, figure and day of three deliveries, in the order in which they arrive."""
    days = draw(st.lists(st.integers(0, 600), min_size=3, max_size=3, unique=True))
    sent = [
        (
            draw(st.sampled_from(["municipal_figures", "area_statistics"])),
            draw(st.sampled_from([1, 2])),
            draw(st.integers(1000, 1500)),
            date(2016, 1, 1) + timedelta(days=day),
        )
        for day in days
    ]
    return draw(st.permutations(sent))


OWNERS = {"municipal_figures": "municipality", "area_statistics": "statistics_denmark"}


@given(sent=three_figures())
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_whatever_order_figures_arrive_their_days_decide(
    fresh_night: Any, sent: Sequence[tuple[str, int, int, date]]
) -> None:
    stands: dict[tuple[str, int], int] = {}
    for source, window, figure, _ in sorted(sent, key=lambda delivery: delivery[3]):
        stands[OWNERS[source], window] = figure
    shown = min(stands, key=lambda series: (series[0] != "statistics_denmark", series[1]))
    night = fresh_night()
    for number, (source, window, figure, day) in enumerate(sent):
        text = long(day.isoformat(), residents(str(figure), str(window)))
        night.deliver(f"{source}/{number}.csv", text)
        night.run()
    marts = night.marts()
    profile = marts["area_profile"].filter(indicator="residents").to_dicts()
    assert [(row["figure_owner"], row["window_years"], row["value"]) for row in profile] == [(*shown, stands[shown])]
    beside = marts["other_figures"].to_dicts()
    assert {(row["figure_owner"], row["window_years"]): row["value"] for row in beside} == {
        series: figure for series, figure in stands.items() if series != shown
    }


def test_every_order_of_three_deliveries_gives_the_same_facts(fresh_night: Any) -> None:
    deliveries = {
        "ministry_lists/liste_2017.csv": listed(2017, "52,5"),
        "municipal_yearly/odense_2017.csv": wide("2018-03-01", "2017;endelig;9.001;50,7"),
        "municipal_figures/odense.csv": long("2018-04-01", residents("9.002", year=2017)),
    }
    made: list[pl.DataFrame] = []
    for order in permutations(deliveries):
        night = fresh_night()
        for path in order:
            night.deliver(path, deliveries[path])
            night.run()
        made.append(night.table("figures"))
    assert all(facts.equals(made[0]) for facts in made)
    assert made[0].filter(indicator="residents")["value"].to_list() == [9000.0, 9002.0]
