"""Each file of sql/ over small tables of facts, with nothing else built than it needs."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.marts import build, checks

FIVE = ("vollsmose", "bispehaven", "munkebo", "kvaglund", "motalavej")
ONE = "vollsmose"
QUICK = settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def figures(rows: list[tuple[Any, ...]], head: str = "area | year | value") -> str:
    """A text table of figures from tuples."""
    return "\n".join([head, *(" | ".join("" if cell is None else str(cell) for cell in row) for row in rows)])


def by(frame: pl.DataFrame, *keys: str) -> dict[Any, dict[str, Any]]:
    """Rows by their key."""
    return {
        tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: row for row in frame.iter_rows(named=True)
    }


# change ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "since_last", "since_first"),
    [
        ("area | year | value \n vollsmose | 2011 | ", "no_value", "no_value"),
        ("area | year | value \n vollsmose | 2011 | 60", "no_earlier_value", "is_first_value"),
        ("area | year | value \n vollsmose | 2009 | 60 \n vollsmose | 2011 | 61", "no_earlier_value", None),
        ("area | year | value \n vollsmose | 2010 | \n vollsmose | 2011 | 61", "no_earlier_value", "is_first_value"),
        ("area | year | value | window_years \n vollsmose | 2010 | 60 | 4 \n vollsmose | 2011 | 61 | 2",)
        + ("other_window",) * 2,
        ("area | year | value | window_years \n vollsmose | 2010 | 60 | 2 \n vollsmose | 2011 | 61 | 2",)
        + ("overlapping_windows",) * 2,
        (
            "area | year | value | window_years \n vollsmose | 2009 | 60 | 2 \n vollsmose | 2011 | 61 | 2",
            "no_earlier_value",
            None,
        ),
        ("area | year | value \n vollsmose | 2010 | 60 \n vollsmose | 2011 | 60", None, None),
    ],
)
def test_a_change_that_is_not_given_says_why(
    made: Any, table: str, since_last: str | None, since_first: str | None
) -> None:
    last = made("area_changes", figures=table).filter(year=2011).row(0, named=True)
    assert (last["change_year_missing_reason"], last["change_first_missing_reason"]) == (since_last, since_first)
    assert (last["change_year"] is None) == (since_last is not None)
    assert (last["change_first"] is None) == (since_first is not None)


def test_a_change_of_counts_or_of_a_count_has_no_interval_but_its_counts(made: Any) -> None:
    changes = made(
        "area_changes",
        figures="""
        area      | year | indicator      | count | of | value
        vollsmose | 2010 | nonwestern_pct | 48    | 80 |
        vollsmose | 2011 | nonwestern_pct | 56    | 70 |
        vollsmose | 2010 | residents      |       |    | 9000
        vollsmose | 2011 | residents      |       |    | 9100
        vollsmose | 2010 | convicted_pct  |       | 80 | 3.0
        vollsmose | 2011 | convicted_pct  |       | 70 | 2.9
        """,
    ).filter(year=2011)
    found = {row["indicator"]: (row["change_year"], row["change_year_low"]) for row in changes.iter_rows(named=True)}
    # Newcombe (1998), Statistics in Medicine 17: 873-890, table II, example (a), method 10.
    assert found["nonwestern_pct"] == pytest.approx((20.0, 5.24), abs=5e-3)
    assert found["residents"] == (100.0, None)
    assert found["convicted_pct"] == (-0.1, None)


# repeated editions ----------------------------------------------------------------------------------------------------


def repeats(made: Any, rows: list[tuple[Any, ...]], head: str = "area | year | value | source_file") -> dict[Any, int]:
    found = made("repeated_editions", figures=figures(rows, head))
    return {(row["area_id"], row["year"]): row["repeats_year"] for row in found.iter_rows(named=True)}


def test_five_different_figures_prove_a_repeat_and_equal_ones_prove_nothing(made: Any) -> None:
    same = [(area, year, 60 + n, year) for year in (2010, 2011) for n, area in enumerate(FIVE)]
    assert repeats(made, same) == {(area, 2011): 2010 for area in FIVE}
    assert repeats(made, [(area, year, 0, year) for area, year, *_ in same]) == {}
    assert repeats(made, [row for row in same if row[0] != ONE]) == {}
    assert repeats(made, [(*row[:2], row[2] + (row[:2] == (ONE, 2011)) / 10, row[3]) for row in same]) == {}


def test_an_area_that_is_new_in_a_repeating_edition_is_of_the_earlier_year_too(made: Any) -> None:
    same = [(area, year, 60 + n, year) for year in (2010, 2011) for n, area in enumerate(FIVE)]
    assert repeats(made, [*same, ("askeroed", 2011, 33, 2011)])["askeroed", 2011] == 2010


def test_what_another_file_says_of_other_areas_does_not_hide_a_repeat(made: Any) -> None:
    same = [(area, year, 60 + n, f"list/{year}") for year in (2010, 2011) for n, area in enumerate(FIVE)]
    fresh = [("askeroed", 2010, 50, "town/1"), ("askeroed", 2011, 51, "town/2")]
    assert repeats(made, same + fresh) == {(area, 2011): 2010 for area in FIVE}


def test_a_run_of_repeats_goes_back_to_its_first_year(made: Any) -> None:
    same = [(area, year, 60 + n, year) for year in (2010, 2011, 2012) for n, area in enumerate(FIVE)]
    found = repeats(made, same)
    assert (found[ONE, 2011], found[ONE, 2012]) == (2010, 2010)
    changes = by(made("area_changes", figures=figures([row[:3] for row in same])), "area_id", "year")
    assert changes[ONE, 2012]["change_first_missing_reason"] == "repeated_figure"
    again = [*same, *((area, 2013, 70 + n, 2013) for n, area in enumerate(FIVE))]
    again += [(area, 2014, 70 + n, 2014) for n, area in enumerate(FIVE)]
    assert repeats(made, again)[ONE, 2014] == 2013


# comparators ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "below", "above"),
    [
        ("convicted_pct", "better", "worse"),
        ("nonwestern_pct", "lower", "higher"),
    ],
)
def test_verdicts_follow_the_polarity(made: Any, indicator: str, below: str, above: str) -> None:
    row = made(
        "area_comparisons",
        figures=f"""
        geography    | geography_id | year | indicator   | count | of   | value
        area         | vollsmose    | 2010 | {indicator} | 200   | 1000 |
        municipality | 0461         | 2010 | {indicator} |       |      | 40
        region       | 083          | 2010 | {indicator} |       |      | 21
        country      | 000          | 2010 | {indicator} |       |      | 10
        """,
    ).row(0, named=True)
    assert (row["municipality_verdict"], row["region_verdict"], row["country_verdict"]) == (below, "similar", above)
    assert (row["municipality_difference"], row["country_difference"]) == (-20.0, 10.0)
    assert row["verdict_missing_reason"] is None


def test_a_mean_over_years_is_not_compared_with_a_single_year(made: Any) -> None:
    row = made(
        "area_comparisons",
        figures="""
        geography    | geography_id | year | window_years | count | of   | value
        area         | vollsmose    | 2010 | 4            | 200   | 1000 |
        municipality | 0461         | 2010 | 1            |       |      | 10
        region       | 083          | 2010 | 1            |       |      | 10
        country      | 000          | 2010 | 1            |       |      | 10
        country      | 000          | 2011 | 4            |       |      | 11
        """,
    ).row(0, named=True)
    assert (row["municipality_value"], row["region_value"], row["country_value"]) == (None, None, None)
    assert (row["country_verdict"], row["verdict_missing_reason"]) == (None, "no_comparator")


def test_a_comparator_by_definition_stands_whatever_is_delivered(made: Any) -> None:
    rows = made(
        "area_comparisons",
        figures="""
        geography | geography_id | year | indicator         | value
        area      | vollsmose    | 2010 | income_region_pct | 54.4
        area      | vollsmose    | 2011 | income_region_pct | 53.4
        region    | 083          | 2010 | income_region_pct | 101
        """,
    )
    assert rows["region_value"].to_list() == [100.0, 100.0]


def test_one_figure_stays_one_row_whatever_surrounds_it(made: Any) -> None:
    around = [
        ("municipality", "0461"),
        ("municipality", "0751"),
        ("region", "083"),
        ("region", "082"),
        ("country", "000"),
    ]
    rows = [("area", ONE, 2010, 60), *((*place, 2010, 20 + n) for n, place in enumerate(around))]
    found = made("area_comparisons", figures=figures(rows, "geography | geography_id | year | value"))
    assert found.select("municipality_value", "region_value", "country_value").rows() == [(20.0, 22.0, 24.0)]


# rank -----------------------------------------------------------------------------------------------------------------


def test_equal_shares_of_different_counts_share_a_rank(made: Any) -> None:
    rows = [("vollsmose", 2010, 1, 3), ("bispehaven", 2010, 200, 600), ("munkebo", 2010, 333_333, 1_000_000)]
    profile = by(made("area_profile", figures=figures(rows, "area | year | count | of")), "area_id")
    assert [profile[area]["rank"] for area, *_ in rows] == [1, 1, 3]
    assert {profile[area]["rank_of"] for area, *_ in rows} == {3}


@QUICK
@given(st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=1, max_size=12))
def test_rank_and_fifth_are_those_of_the_definition(made: Any, values: list[int | None]) -> None:
    areas = AREAS[: len(values)]
    profile = by(
        made("area_profile", figures=figures([(a, 2010, v) for a, v in zip(areas, values, strict=True)])), "area_id"
    )
    known = [value for value in values if value is not None]
    for area, value in zip(areas, values, strict=True):
        row = profile[area]
        if value is None:
            assert (row["rank"], row["rank_of"], row["quintile"]) == (None, None, None)
            continue
        below = sum(other < value for other in known)
        assert row["rank"] == 1 + sum(other > value for other in known)
        assert row["quintile"] == (1 + math.floor(5 * below / len(known)) if len(known) >= 5 else None)


AREAS = (
    *FIVE,
    "askeroed",
    "agervang",
    "aldersrogade",
    "arendalsvej",
    "bispeparken",
    "blaagaarden",
    "byparken-skovparken",
)


# trend ----------------------------------------------------------------------------------------------------------------


def expected_trend(shares: list[float], widths: list[float]) -> str:
    """The rule by the book: weighted least squares, se = width / 3.92, sign kept when one year is left out."""

    def fit(keep: list[int]) -> tuple[float, float]:
        x, y = np.array(keep, dtype=float), np.array([shares[i] for i in keep])
        w = np.array([(3.92 / widths[i]) ** 2 for i in keep])
        centred = x - (w * x).sum() / w.sum()
        slope = round(float((w * centred * y).sum() / (w * centred**2).sum()), 9)
        return slope, float(1 / (w * centred**2).sum())

    slope, variance = fit(list(range(5)))
    left = [fit([i for i in range(5) if i != out])[0] for out in range(5)]
    if slope**2 / variance > 9.5495 and (min(slope, *left) > 0 or max(slope, *left) < 0):
        return "rising" if slope > 0 else "falling"
    return "no_clear_trend"


@QUICK
@given(st.lists(st.integers(250, 400), min_size=5, max_size=5), st.integers(-40, 60))
@example([300] * 5, 30)  # a clear rise
@example([400] * 5, -30)  # a clear fall
@example([300] * 5, 12)  # (slope / se)^2 is about 6.5: past 3.84, not past 9.5495
@example([310, 300, 300, 300, 420], 0)  # steep, but only through its last year
@example([344, 343, 343, 344, 250], 0)  # without its last year exactly level
def test_the_recent_trend_is_that_of_the_book(made: Any, counts: list[int], drift: int) -> None:
    rows = [(ONE, 2005 + year, count + drift * year, 1000) for year, count in enumerate(counts)]
    frames = made("area_trends", "area_values", figures=figures(rows, "area | year | count | of"))
    values = frames["area_values"]
    expected = expected_trend(values["value"].to_list(), (values["ci_high"] - values["ci_low"]).to_list())
    trends = by(frames["area_trends"], "year")
    assert trends[2009]["trend"] == expected
    assert trends[2008]["trend_missing_reason"] == "fewer_than_five_years"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({2007: {"year": 2003}}, "fewer_than_five_years"),
        ({2007: {"count": None, "of": None}}, "fewer_than_five_years"),
        ({2007: {"count": None, "value": 33}}, "no_interval"),
        ({2007: {"window_years": 2}}, "repeated_or_overlapping_figures"),
        ({2009: {"count": None, "of": None}}, "no_value"),
    ],
)
def test_a_trend_needs_five_years_in_a_row_each_with_its_interval(made: Any, changed: Any, reason: str | None) -> None:
    head = ("area", "year", "count", "of", "value", "window_years")
    plain = {"area": ONE, "of": 1000, "value": None, "window_years": 1}
    rows = [{**plain, "year": y, "count": y - 1700, **changed.get(y, {})} for y in range(2005, 2010)]
    table = figures([tuple(row[name] for name in head) for row in rows], " | ".join(head))
    assert by(made("area_trends", figures=table), "year")[2009]["trend_missing_reason"] == reason


# plans, grants, areas -------------------------------------------------------------------------------------------------


def test_plans_of_one_name_in_two_municipalities_are_two_plans(made: Any) -> None:
    plans = made(
        "grant_summary",
        case_areas="area | dwellings \n vollsmose | 3000 \n bispehaven | 1000",
        grants="""
        plan_name | area       | grant_dkk
        Nord      | vollsmose  | 6000000
        Nord      | bispehaven | 5000000
        """,
    )
    assert plans.select("plan_id", "municipality_code", "grant_per_dwelling_dkk").rows() == [
        ("nord-0461", "0461", 2000.0),
        ("nord-0751", "0751", 5000.0),
    ]


def test_a_plan_with_two_grants_to_one_area_counts_the_area_once(made: Any) -> None:
    (plan,) = made(
        "grant_summary",
        case_areas="area | dwellings \n vollsmose | 1000",
        grants="""
        plan_name    | area      | grants | grant_dkk
        Plan Nord    | vollsmose | 1      | 6000000
        Plan - nord  | vollsmose | 2      | 1000000
        """,
    ).iter_rows(named=True)
    assert (plan["plan_id"], plan["area_ids"], plan["dwellings"]) == ("plan-nord", "vollsmose", 1000)
    assert (plan["grants"], plan["grant_dkk"], plan["grant_per_dwelling_dkk"]) == (3, 7_000_000, 7000.0)


@pytest.mark.parametrize(("second", "band"), [("5_15m", "5_15m"), ("under_5m", None), ("over_15m", None)])
def test_an_area_of_two_plans_has_a_band_only_where_they_agree(made: Any, second: str, band: str | None) -> None:
    (area,) = made(
        "dim_areas",
        grants=f"plan_name | area | funding_band \n A | vollsmose | 5_15m \n B | vollsmose | {second}",
    ).iter_rows(named=True)
    assert (area["area_id"], area["plan_id"], area["funding_band"]) == ("vollsmose", None, band)


def test_a_plan_whose_rows_stand_in_different_bands_has_none_and_its_areas_have_none(made: Any) -> None:
    frames = made(
        "dim_plans",
        "dim_areas",
        grants="""
        plan_name | area      | funding_band
        A         | vollsmose | 5_15m
        A         | solbakken | over_15m
        B         | vollsmose | 5_15m
        """,
    )
    assert frames["dim_plans"].select("area_ids", "funding_band").rows() == [
        ("solbakken, vollsmose", None),
        ("vollsmose", "5_15m"),
    ]
    assert frames["dim_areas"].select("area_id", "plan_id", "funding_band").rows() == [
        ("solbakken", "a", None),
        ("vollsmose", None, None),
    ]


def test_an_area_of_a_supported_plan_is_an_area_of_its_secretariat(made: Any) -> None:
    """Bispehaven is marked, and Gellerup lies in a supported plan with it; of other plans said to be supported, that
    of Finlandsparken has its secretariat in Vejle, and Odense has none; of Solbakken's nobody says so."""
    frames = made(
        "dim_plans",
        "dim_areas",
        case_areas="""
        area           | secretariat_municipality_code
        bispehaven     | 0751
        finlandsparken |
        """,
        grants="""
        plan_name  | area
        Plan Vest  | bispehaven
        Plan Vest  | gellerupparken-toveshoej
        Plan Nord  | vollsmose
        Plan Vejle | finlandsparken
        Plan Syd   | solbakken
        """,
        plan_organisation="""
        plan_name  | municipality_code | supported_by_secretariat
        Plan Vest  | 0751              | true
        Plan Nord  | 0461              | true
        Plan Vejle | 0630              | true
        Plan Syd   | 0461              | false
        """,
    )
    assert dict(frames["dim_areas"].select("area_id", "secretariat_id").iter_rows()) == {
        "bispehaven": "aarhus",
        "finlandsparken": "vejle",
        "gellerupparken-toveshoej": "aarhus",
        "solbakken": None,
        "vollsmose": None,
    }
    assert dict(frames["dim_plans"].select("plan_name", "secretariat_id").iter_rows()) == {
        "Plan Nord": None,
        "Plan Syd": None,
        "Plan Vejle": "vejle",
        "Plan Vest": "aarhus",
    }


@pytest.mark.parametrize(("mark", "whose"), [("0165", "albertslund"), ("", "vejle")])
def test_an_area_that_two_secretariats_support_is_that_of_its_mark_else_of_its_municipality(
    made: Any, mark: str, whose: str
) -> None:
    """Finlandsparken lies in a plan of Vejle's own, and in one with Bispehaven, of Aarhus."""
    frames = made(
        "area_secretariats",
        "dim_plans",
        case_areas=f"area | secretariat_municipality_code \n bispehaven | 0751 \n finlandsparken | {mark}",
        grants="""
        plan_name   | area           | municipality_code
        Plan Vejle  | finlandsparken | 0630
        Plan Fælles | finlandsparken | 0751
        Plan Fælles | bispehaven     | 0751
        """,
        plan_organisation="""
        plan_name   | municipality_code | supported_by_secretariat
        Plan Vejle  | 0630              | true
        Plan Fælles | 0751              | true
        """,
    )
    assert dict(frames["area_secretariats"].iter_rows()) == {"bispehaven": "aarhus", "finlandsparken": whose}


@pytest.mark.parametrize(
    ("amount", "band"),
    [
        ("0", "under_5m"),
        ("4999999", "under_5m"),
        ("5000000", "5_15m"),
        ("15000000", "5_15m"),
        ("15000001", "over_15m"),
        ("900000000000000000", "over_15m"),
        ("", None),
    ],
)
def test_the_band_of_an_amount_has_the_edges_of_the_report(made: Any, amount: str, band: str | None) -> None:
    (plan,) = made("grant_summary", grants=f"area | grant_dkk \n vollsmose | {amount}").iter_rows(named=True)
    assert plan["funding_band_by_amount"] == band
    assert (plan["grant_dkk"], plan["grant_dkk_missing_reason"]) == (
        (int(amount), None) if amount else (None, "not_published")
    )


@QUICK
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=12))
@example([699, 700, 701, 1499, 1500, 1501])
def test_every_number_of_dwellings_has_one_size_band(made: Any, sizes: list[int]) -> None:
    table = figures(list(zip(AREAS, sizes, strict=False)), "area | dwellings")
    found = made("dim_areas", case_areas=table)
    assert sorted(found.select("dwellings", "size_band").rows()) == sorted(
        (size, "0-700" if size < 700 else "700-1500" if size < 1500 else "1500+") for size in sizes
    )


def test_a_sum_that_no_column_can_hold_is_named(made: Any) -> None:
    huge = "9000000000000000000"
    with pytest.raises(build.BuildError, match=r"sql/views/plan_facts\.sql"):
        made("grant_summary", grants=f"area | grant_dkk \n vollsmose | {huge} \n solbakken | {huge}")


def test_two_exceptions_and_two_boundaries_leave_an_area_one_row(made: Any, registry: Any) -> None:
    (declared,) = [e for e in registry.exceptions.values() if e.check == "size_band_as_printed"]
    more = {**registry.exceptions, "again": declared.model_copy(update={"id": "again", "year": 2010})}
    home = {"area_id": "albertslund-nord", "source": "ministry_lists", "note": ""}
    shown = [{**home, "listed_as": "hedemarken", "relation": r} for r in ("same", "overlaps")]
    changed = registry.model_copy(
        update={"exceptions": more, "codes": {**registry.codes, "area_relations": tuple(shown)}}
    )
    (area,) = made("dim_areas", registry=changed, case_areas="area | dwellings \n albertslund-nord | 504").iter_rows(
        named=True
    )
    assert (area["boundary_on_lists"], area["known_exception"]) == ("overlaps", declared.reason)


def test_empty_lists_of_codes_are_tables_without_rows(made: Any, registry: Any) -> None:
    bare = registry.model_copy(update={"codes": {**registry.codes, "area_relations": (), "secretariats": ()}})
    (area,) = made("dim_areas", registry=bare, figures="area | year | value \n vollsmose | 2010 | 60").iter_rows(
        named=True
    )
    assert area["boundary_on_lists"] is None


# bands ----------------------------------------------------------------------------------------------------------------

SAME = ("akacieparken", "bispehaven", "finlandsparken", "hoeje-kolstrup", "vollsmose")
CASES = figures([(area, 1000) for area in SAME], "area | dwellings")
GRANTS = figures([(area, area) for area in SAME], "plan_name | area")
MIDDLE = {"scope": "case_areas", "funding_band_or_why": "5_15m", "size_band_or_all": "all"}


def cell(made: Any, rows: list[tuple[Any, ...]], head: str = "area | year | value") -> dict[str, Any]:
    found = made("band_profile", figures=figures(rows, head), case_areas=CASES, grants=GRANTS)
    (row,) = found.filter(**MIDDLE, year=2010).iter_rows(named=True)
    return row


SHARES = st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 3000)), min_size=1, max_size=5)


@QUICK
@given(SHARES)
@example([(1, 3)])
@example([(1, 3)] * 5)
def test_a_band_describes_its_areas(made: Any, counts: list[tuple[int, int]]) -> None:
    rows = [(area, 2010, min(x, n), n) for area, (x, n) in zip(SAME, counts, strict=False)]
    row = cell(made, rows, "area | year | count | of")
    values = [100 * x / n for *_, x, n in rows]
    assert (row["areas"], row["residents"]) == (len(rows), None)
    assert row["mean_value"] == pytest.approx(np.mean(values))
    assert row["pooled_value"] == pytest.approx(100 * sum(r[2] for r in rows) / sum(r[3] for r in rows))
    assert row["sd_value"] == (pytest.approx(np.std(values, ddof=1), abs=1e-6) if len(values) > 1 else None)
    expected = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    given_ = [row[f"{name}_value"] for name in ("minimum", "median", "maximum")]
    assert [given_[0], row["lower_quartile"], given_[1], row["upper_quartile"], given_[2]] == pytest.approx(expected)
    assert row["minimum_value"] <= row["lower_quartile"] <= row["median_value"] <= row["upper_quartile"]
    assert row["minimum_value"] <= row["mean_value"] <= row["maximum_value"]


def test_the_spread_of_large_numbers_is_not_lost_in_their_squares(made: Any) -> None:
    rows = [(area, 2010, "residents", 9_999_990 + n) for n, area in enumerate(SAME[:3])]
    assert cell(made, rows, "area | year | indicator | value")["sd_value"] == pytest.approx(1.0)


def test_a_pooled_rate_needs_every_areas_counts(made: Any) -> None:
    head = "area | year | count | of | value"
    known, shares = (SAME[0], 2010, 10, 100, None), (SAME[1], 2010, None, 100, 20)
    assert cell(made, [known, shares], head)["pooled_value"] is None
    assert cell(made, [known, shares], head)["mean_value"] == 15.0
    nobody = (SAME[1], 2010, 0, 0, None)
    row = cell(made, [known, nobody], head)
    assert (row["areas"], row["pooled_value"]) == (1, 10.0)


def test_residents_of_a_band_are_those_of_its_areas_with_a_value(made: Any) -> None:
    head = "area | year | indicator | value"
    rows = [
        (SAME[0], 2010, "nonwestern_pct", 50),
        (SAME[0], 2010, "residents", 2000),
        (SAME[1], 2010, "residents", 9000),
    ]
    found = made("band_profile", figures=figures(rows, head), case_areas=CASES, grants=GRANTS)
    cells = by(found.filter(**MIDDLE), "indicator")
    assert (cells["nonwestern_pct"]["residents"], cells["residents"]["residents"]) == (2000, 11_000)


def test_a_band_says_that_its_figures_repeat_and_every_caveat(made: Any) -> None:
    rows = [(area, year, 60 + n, year, "ministry_lists") for year in (2009, 2010) for n, area in enumerate(SAME)]
    row = cell(made, rows, "area | year | value | source_file | source")
    assert row["repeats_year"] == 2009
    assert row["baseline_caveat"].startswith("no baseline")
    empty = made("band_profile", figures=figures([r[:3] for r in rows])).filter(**MIDDLE)
    assert empty["repeats_year"].null_count() == empty.height


# the ministry's lists -------------------------------------------------------------------------------------------------

RULES = """
list_type_or_all | from_year | to_year | criteria_required | criteria_in_rule | indicator         | operator | threshold
parallelsamfund  | 2010      | 2013    | 2                 | 3                | outside_work_pct  | >        | 40
parallelsamfund  | 2010      | 2013    | 2                 | 3                | nonwestern_pct    | >        | 50
parallelsamfund  | 2010      | 2013    | 2                 | 3                | convicted_pct     | >        | 2.7
parallelsamfund  | 2014      | 2017    | 1                 | 1                | income_region_pct | <        | 55
alle             | 2010      |         |                   |                  | residents         | >=       | 1000
"""


def criteria(made: Any, rules: str = RULES, year: int = 2010, on_list: bool = True, **values: float | None) -> Any:
    """The row of one area whose figures are these."""
    found = made(
        "statutory_criteria",
        statutory_rules=rules,
        list_membership=f"area | year | on_list \n vollsmose | {year} | {str(on_list).lower()}",
        figures=figures(
            [(ONE, year, name, value, "ministry_lists") for name, value in values.items()],
            "area | year | indicator | value | source",
        ),
    )
    (row,) = found.iter_rows(named=True)
    return row


@pytest.mark.parametrize(
    ("residents", "outside", "nonwestern", "convicted", "met", "by_rule"),
    [
        (1000, 40.1, 50.1, 2.7, 2, True),
        (1000, 40.0, 50.1, 2.7, 1, False),
        (999, 41, 51, 3, 3, False),
        (1000, 41, 51, None, 2, True),
        (1000, 41, None, 2.0, 1, None),
        (1000, 40, None, 2.0, 0, False),
        (1000, 41, None, None, 1, None),
        (None, 41, 51, 3, 3, None),
        (None, 40, 50, 3, 1, False),
        (999, 41, None, None, 1, False),
    ],
)
def test_membership_by_rule_is_unknown_only_where_a_missing_figure_decides(
    made: Any,
    residents: int | None,
    outside: float,
    nonwestern: float,
    convicted: float,
    met: int,
    by_rule: bool | None,
) -> None:
    row = criteria(
        made, residents=residents, outside_work_pct=outside, nonwestern_pct=nonwestern, convicted_pct=convicted
    )
    assert (row["criteria_met"], row["criteria_required"], row["criteria_in_rule"]) == (met, 2, 3)
    assert row["on_list_by_rule"] is by_rule
    assert row["agrees"] is by_rule


def test_distances_are_positive_on_the_criterions_side(made: Any) -> None:
    row = criteria(made, residents=900, outside_work_pct=40.3, nonwestern_pct=49.9, convicted_pct=2.7)
    assert [row[f"{name}_distance"] for name in ("residents", "outside_work", "nonwestern", "convicted")] == [
        -100.0,
        0.3,
        -0.1,
        0.0,
    ]
    poor = criteria(made, year=2014, residents=1000, income_region_pct=54.4)
    assert (poor["income_met"], poor["income_distance"], poor["outside_work_met"]) == (True, 0.6, None)
    rich = criteria(made, year=2014, residents=1000, income_region_pct=55, on_list=False)
    assert (rich["income_met"], rich["income_distance"], rich["agrees"]) == (False, 0.0, True)


def test_a_threshold_is_met_by_the_share_of_the_counts_as_by_the_printed_one(made: Any) -> None:
    """27 of 1000 are 2.7 percent, no more; a float sum could think otherwise."""
    head = "area | year | indicator | count | of | source"
    for x, n, is_met in ((27, 1000, False), (189, 7000, False), (28, 1000, True)):
        row = made(
            "statutory_criteria",
            statutory_rules=RULES,
            list_membership="area | year \n vollsmose | 2010",
            figures=figures([(ONE, 2010, "convicted_pct", x, n, "ministry_lists")], head),
        ).row(0, named=True)
        assert row["convicted_met"] is is_met


def test_a_list_of_a_year_without_rule_keeps_its_areas(made: Any) -> None:
    row = criteria(made, rules=RULES.replace("| 2010 ", "| 2014 "), residents=1000)
    assert (row["on_list"], row["criteria_met"], row["on_list_by_rule"], row["agrees"]) == (True, None, None, None)


def test_a_threshold_that_is_no_number_leaves_its_criterion_open(made: Any) -> None:
    row = criteria(made, rules=RULES.replace("2.7", ""), residents=1000, outside_work_pct=41, convicted_pct=3)
    assert (row["convicted_met"], row["convicted_distance"], row["on_list_by_rule"]) == (None, None, None)


def test_an_exception_without_a_year_holds_every_year(made: Any, registry: Any) -> None:
    (declared,) = [e for e in registry.exceptions.values() if e.check == "list_membership_as_published"]
    always = {declared.id: declared.model_copy(update={"year": None})}
    frames = made(
        "statutory_criteria",
        "known_exceptions",
        registry=registry.model_copy(update={"exceptions": always}),
        statutory_rules=RULES,
        list_membership="area | year \n ringparken | 2010 \n ringparken | 2011",
        figures="""
        area       | year | indicator | value | source
        ringparken | 2010 | residents | 10    | ministry_lists
        ringparken | 2011 | residents | 10    | ministry_lists
        """,
    )
    assert frames["statutory_criteria"]["known_exception"].to_list() == [declared.reason] * 2
    assert frames["known_exceptions"]["still_matches"].to_list() == [True]


@pytest.mark.parametrize(("year", "residents", "still"), [(2012, 10, True), (2012, 2000, False), (2011, 10, False)])
def test_an_exception_matches_only_its_own_disagreement(made: Any, year: int, residents: int, still: bool) -> None:
    found = made(
        "known_exceptions",
        statutory_rules=RULES,
        list_membership=f"area | year \n ringparken | {year}",
        figures=f"""
        area       | year   | indicator        | value       | source
        ringparken | {year} | residents        | {residents} | ministry_lists
        ringparken | {year} | outside_work_pct | 50          | ministry_lists
        ringparken | {year} | convicted_pct    | 3           | ministry_lists
        """,
    )
    assert by(found, "exception_id")["ringparken_2012"]["still_matches"] is still


def test_overlapping_rules_are_found(made: Any, registry: Any, tmp_path: Any) -> None:
    doubled = RULES + "\n".join(
        f"parallelsamfund | 2009 | 2010 | 2 | 3 | {name} | > | 1"
        for name in ("outside_work_pct", "nonwestern_pct", "convicted_pct")
    )
    found = made(
        "statutory_criteria",
        statutory_rules=doubled,
        list_membership="area | year \n vollsmose | 2010",
        figures=figures(
            [(ONE, 2010, n, 99, "ministry_lists") for n in ("outside_work_pct", "nonwestern_pct")],
            "area | year | indicator | value | source",
        ),
    )
    assert found["criteria_met"].to_list() == [4]
    assert offenders("criteria_within_rule", found) == 1


def offenders(check: str, frame: pl.DataFrame) -> int:
    """Rows that a check selects from one mart."""
    import duckdb

    found = build.queries.checks()[check]
    with duckdb.connect() as connection:
        connection.register(found.mart, frame.to_arrow())
        return len(connection.sql(found.sql).fetchall())


# coverage, wide, origin -----------------------------------------------------------------------------------------------


def test_a_year_is_missing_because_the_indicator_was_not_there_or_because_nobody_sent_it(made: Any) -> None:
    found = made(
        "coverage",
        figures="""
        area       | year | indicator      | value
        vollsmose  | 2008 | residents      | 9000
        vollsmose  | 2014 | residents      | 9100
        bispehaven | 2014 | residents      |
        """,
    )
    rows = by(found, "area_id", "indicator")
    assert rows["bispehaven", "residents"]["missing_why"] == "not_delivered: 2008; withheld_by_source: 2014"
    assert (
        rows["bispehaven", "basic_education_pct"]["missing_why"] == "not_defined_that_year: 2008; not_delivered: 2014"
    )
    assert rows["vollsmose", "residents"]["missing_why"] is None
    assert rows["vollsmose", "residents"]["delivered_in"] == "2008, 2014"


def test_the_wide_row_carries_every_caveat_of_its_figures_once(made: Any, registry: Any) -> None:
    sources = {
        **registry.sources,
        "population": registry.sources["population"].model_copy(update={"baseline_caveat": "a second caveat"}),
    }
    (row,) = made(
        "area_profile_wide",
        registry=registry.model_copy(update={"sources": sources}),
        figures="""
        area      | year | indicator      | value | source
        vollsmose | 2010 | residents      | 9000  | population
        vollsmose | 2010 | nonwestern_pct | 60    | ministry_lists
        vollsmose | 2010 | convicted_pct  | 3     | ministry_lists
        """,
    ).iter_rows(named=True)
    assert row["baseline_caveat"] == f"a second caveat; {registry.sources['ministry_lists'].baseline_caveat}"
    assert (row["residents"], row["nonwestern_pct"], row["income_region_pct"]) == (9000.0, 60.0, None)


def test_an_interval_needs_both_counts_and_a_base_above_zero(made: Any) -> None:
    values = made(
        "area_values",
        figures="""
        area       | year | count | of | value
        vollsmose  | 2010 | 0     | 20 | 0
        bispehaven | 2010 |       | 20 | 5
        munkebo    | 2010 | 1     |    | 5
        kvaglund   | 2010 | 0     | 0  |
        """,
    )
    found = {row["area_id"]: (row["ci_low"], row["ci_high"]) for row in values.iter_rows(named=True)}
    assert found.pop("vollsmose") == pytest.approx((0, 16.11), abs=5e-3)  # Newcombe 1998
    assert set(found.values()) == {(None, None)}


def test_a_rate_has_the_interval_of_its_count(made: Any, registry: Any) -> None:
    """Byar by hand for 16 of 4,000 person-years, per 1,000; the exact limits of 0 and 3 are those of Garwood (1936)."""
    rate = registry.indicators["convicted_pct"].model_copy(
        update={"id": "burglaries", "kind": "rate", "per": 1000, "count_basis": "person_years", "maximum": 1000}
    )
    changed = registry.model_copy(update={"indicators": {**registry.indicators, "burglaries": rate}})
    rows = [("vollsmose", 2010, "burglaries", 16, 4000), ("bispehaven", 2010, "burglaries", 3, 1000)]
    rows += [("munkebo", 2010, "burglaries", 0, 1000)]
    found = by(
        made("area_values", registry=changed, figures=figures(rows, "area | year | indicator | count | of")), "area_id"
    )
    byar = found["vollsmose"]
    low = 16 * (1 - 1 / (9 * 16) - 1.959964 / (3 * 4)) ** 3
    high = 17 * (1 - 1 / (9 * 17) + 1.959964 / (3 * math.sqrt(17))) ** 3
    assert (byar["value"], byar["interval_basis"]) == (4.0, "byar")
    assert (byar["ci_low"], byar["ci_high"]) == pytest.approx((low / 4, high / 4), rel=1e-6)
    exact = [(found[area]["ci_low"], found[area]["ci_high"]) for area in ("bispehaven", "munkebo")]
    assert exact == [pytest.approx((0.619, 8.77), abs=5e-3), pytest.approx((0.0, 3.69), abs=5e-3)]
    assert {row["interval_basis"] for row in found.values()} == {"byar", "exact_poisson"}


@pytest.mark.parametrize(
    ("check", "mart", "facts"),
    [
        ("funding_band_as_amount", "grant_summary", {"grants": "area | grant_dkk \n vollsmose | 16000000"}),
    ],
)
def test_a_band_that_its_amount_contradicts_is_found(made: Any, check: str, mart: str, facts: dict[str, str]) -> None:
    assert offenders(check, made(mart, **facts)) == 1
    assert checks.queries.checks()[check].severity == "warning"


def test_plans_whose_names_differ_only_in_letters_of_other_scripts_are_two(made: Any) -> None:
    grants = """
        plan_name     | area      | grant_dkk
        Plan العربية   | vollsmose | 20000000
        Plan विकास    | solbakken | 1000000
        Plan Café     | bispehaven | 2000000
        plan  Cafe    | hedemarken | 3000000"""
    plans = made("grant_summary", grants=grants).sort("grant_dkk")
    assert plans["grant_dkk"].to_list() == [1_000_000, 2_000_000, 3_000_000, 20_000_000]
    assert plans["plan_id"].n_unique() == 4
    assert plans["plan_id"].str.contains("^plan-[a-z0-9-]+$").all()
