"""The marts from small deliveries that a reader can check by hand."""

from typing import Any

import numpy as np
import pytest

from flows.marts import build

HEAD = "# kilde: en prøve\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2026-01-01\n"
FIVE = ("vollsmose", "bispehaven", "munkebo", "kvaglund", "motalavej")


def profile(night: Any, area: str = "vollsmose", indicator: str = "nonwestern_pct") -> dict[int, dict[str, Any]]:
    """Rows of area_profile by year."""
    rows = night.marts()["area_profile"].filter(area_id=area, indicator=indicator)
    return {row["year"]: row for row in rows.iter_rows(named=True)}


def listed(night: Any, year: int, rows: list[str]) -> None:
    """Deliver a ministry's list: lines of municipality, area, residents, the year's criteria, on the list."""
    header = (
        "Listeår;Kommune;Boligområde;Antal beboere;Uden for arbejdsmarkedet (pct.);"
        "Ikke-vestlig oprindelse (pct.);Dømte (pct.)"
    )
    more = ";Kun grundskole (pct.);Bruttoindkomst (pct. af regionen)" if year >= 2014 else ""
    new = ";Ny på listen" if year >= 2012 else ""
    lines = [f"{year};{row}{';nej' if new else ''}" for row in rows]
    night.deliver(f"ministry_lists/{year}.csv", HEAD + "\n".join([f"{header}{more};På listen{new}", *lines]) + "\n")


def test_a_share_with_counts_gets_wilson_and_one_without_gets_none(night: Any) -> None:
    night.given(
        """
        vollsmose 2010 nonwestern_pct 81/263
        vollsmose 2011 nonwestern_pct 30,8
        """
    )
    rows = profile(night)
    assert rows[2010]["value"] == pytest.approx(100 * 81 / 263)
    assert (rows[2010]["ci_low"], rows[2010]["ci_high"]) == pytest.approx((25.53, 36.62), abs=5e-3)
    assert rows[2010]["interval_basis"] == "wilson"
    assert (rows[2011]["ci_low"], rows[2011]["ci_high"], rows[2011]["interval_basis"]) == (None, None, None)
    assert rows[2011]["verdict_missing_reason"] == "no_interval"


def test_full_time_persons_get_no_interval(night: Any) -> None:
    night.given("vollsmose 2010 outside_work_pct 400/1000")
    row = profile(night, indicator="outside_work_pct")[2010]
    assert (row["value"], row["ci_low"], row["interval_basis"]) == (40.0, None, None)


def test_change_since_last_and_first_year(night: Any) -> None:
    night.given(
        """
        vollsmose 2008 nonwestern_pct 48/80
        vollsmose 2009 nonwestern_pct 56/70
        vollsmose 2011 nonwestern_pct ..
        vollsmose 2012 nonwestern_pct 70,0
        """
    )
    rows = profile(night)
    assert (rows[2008]["change_year_missing_reason"], rows[2008]["change_first_missing_reason"]) == (
        "no_earlier_value",
        "is_first_value",
    )
    assert rows[2009]["change_year"] == pytest.approx(20.0)
    assert (rows[2009]["change_year_low"], rows[2009]["change_year_high"]) == pytest.approx((5.24, 33.39), abs=5e-3)
    assert (rows[2011]["change_year_missing_reason"], rows[2011]["missing_reason"]) == (
        "no_value",
        "withheld_by_source",
    )
    assert rows[2012]["change_year_missing_reason"] == "no_earlier_value"
    assert (rows[2012]["change_first"], rows[2012]["change_first_low"], rows[2012]["first_year"]) == (10.0, None, 2008)


@pytest.mark.parametrize(("areas", "differs", "repeats"), [(5, False, True), (4, False, False), (5, True, False)])
def test_an_edition_repeats_when_five_areas_say_the_same(night: Any, areas: int, differs: bool, repeats: bool) -> None:
    rows = [f"{area} {year} nonwestern_pct 6{n},5" for year in (2010, 2011) for n, area in enumerate(FIVE[:areas])]
    if differs:
        rows[-1] = rows[-1].replace("64,5", "64,6")
    night.given("\n".join([*rows, "vollsmose 2012 nonwestern_pct 50,0", "vollsmose 2013 nonwestern_pct 49,0"]))
    found = profile(night)
    assert found[2011]["repeats_year"] == (2010 if repeats else None)
    assert found[2011]["change_year"] == (None if repeats else 0.0)
    assert found[2011]["change_first_missing_reason"] == ("repeated_figure" if repeats else None)
    assert found[2012]["change_year_missing_reason"] == ("repeated_figure" if repeats else None)
    assert found[2013]["change_year"] == -1.0


def test_no_change_between_windows_that_overlap_or_differ(night: Any) -> None:
    for year in (2010, 2013, 2014, 2015, 2016):
        more = ";50,0;60,0" if year >= 2014 else ""
        listed(night, year, [f"Odense;Vollsmose;9.1{year - 2000};5{year - 2010},0;60,0;3,00{more};ja"])
    rows = profile(night, indicator="outside_work_pct")
    assert [rows[year]["window_years"] for year in (2010, 2013, 2014, 2015)] == [4, 4, 2, 2]
    assert rows[2013]["change_first_missing_reason"] == "overlapping_windows"
    assert rows[2014]["change_year_missing_reason"] == "other_window"
    assert rows[2015]["change_year_missing_reason"] == "overlapping_windows"
    assert profile(night, indicator="nonwestern_pct")[2014]["change_year"] == 0.0


def comparators(night: Any, year: int = 2010) -> None:
    rows = [
        f"kommune;Odense;;{year};nonwestern_pct;;;10,0;endelig",
        f"region;Region Syddanmark;;{year};nonwestern_pct;;;8,0;endelig",
        f"land;Hele landet;;{year};nonwestern_pct;;;33,0;endelig",
        f"kommune;Odense;;{year};residents;;;190.000;endelig",
    ]
    header = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"
    night.deliver("municipal_figures/around.csv", HEAD + "\n".join([header, *rows]) + "\n")


def test_figures_stand_beside_municipality_region_and_country(night: Any) -> None:
    night.given(
        """
        vollsmose 2010 nonwestern_pct 81/263
        vollsmose 2010 residents 9.100
        vollsmose 2010 income_region_pct 54,4
        bispehaven 2010 nonwestern_pct 81/263
        """
    )
    comparators(night)
    built = night.marts()["area_profile"]
    rows = {(row["area_id"], row["indicator"]): row for row in built.iter_rows(named=True)}
    share = rows["vollsmose", "nonwestern_pct"]
    assert (share["municipality_value"], share["region_value"], share["country_value"]) == (10.0, 8.0, 33.0)
    assert share["municipality_difference"] == pytest.approx(100 * 81 / 263 - 10)
    assert (share["municipality_verdict"], share["country_verdict"]) == ("higher", "similar")
    count = rows["vollsmose", "residents"]
    assert (count["municipality_value"], count["municipality_difference"], count["municipality_verdict"]) == (
        190_000,
        None,
        None,
    )
    income = rows["vollsmose", "income_region_pct"]
    assert (income["region_value"], income["region_difference"]) == (100.0, -45.6)
    elsewhere = rows["bispehaven", "nonwestern_pct"]
    assert (elsewhere["municipality_value"], elsewhere["region_value"], elsewhere["country_value"]) == (
        None,
        None,
        33.0,
    )


def test_a_repeated_figure_is_not_compared_with_a_new_year(night: Any) -> None:
    night.given(
        "\n".join(f"{area} {year} nonwestern_pct 30{n}/1000" for n, area in enumerate(FIVE) for year in (2009, 2010))
    )
    comparators(night, year=2010)
    assert profile(night)[2010]["municipality_value"] is None


def test_rank_and_fifth_count_ties_alike(night: Any) -> None:
    values = dict(zip((*FIVE, "askeroed"), ("60,0", "60,0", "50,0", "40,0", "30,0", ".."), strict=True))
    night.given("\n".join(f"{area} 2010 nonwestern_pct {value}" for area, value in values.items()))
    rows = {row["area_id"]: row for row in night.marts()["area_profile"].iter_rows(named=True)}
    assert [rows[area]["rank"] for area in FIVE] == [1, 1, 3, 4, 5]
    assert [rows[area]["quintile"] for area in FIVE] == [4, 4, 3, 2, 1]
    assert rows["vollsmose"]["rank_of"] == 5
    assert (rows["askeroed"]["rank"], rows["askeroed"]["quintile"]) == (None, None)


def test_below_five_areas_there_is_no_fifth(night: Any) -> None:
    night.given("\n".join(f"{area} 2010 nonwestern_pct 50,0" for area in FIVE[:4]))
    assert profile(night)[2010]["quintile"] is None


BANDS = {"akacieparken": 20, "bispehaven": 30, "finlandsparken": 45, "hoeje-kolstrup": 65, "vollsmose": 70}


def test_bands_use_areas_with_the_same_boundary_and_say_how_many(shipped: Any, tmp_path: Any) -> None:
    night = type(shipped)(tmp_path, shipped.registry)
    for source in ("municipalities", "case_areas", "grants"):
        for file in (shipped.raw / source).iterdir():
            night.deliver(f"{source}/{file.name}", file.read_bytes())
    others = ["aalborg-oest 2010 nonwestern_pct 99/100", "charlottekvarteret 2010 nonwestern_pct 99/100"]
    night.given("\n".join([f"{area} 2010 nonwestern_pct {n}/{2 * n + 100}" for area, n in BANDS.items()] + others))
    cells = {
        (row["funding_band_or_why"], row["size_band_or_all"]): row
        for row in night.marts()["band_profile"].filter(scope="case_areas").iter_rows(named=True)
    }
    assert len(cells) == 12
    values = [100 * n / (2 * n + 100) for area, n in BANDS.items() if area != "vollsmose"]
    middle = cells["5_15m", "all"]
    assert (middle["areas"], middle["cell_note"]) == (4, "few_areas")
    assert middle["mean_value"] == pytest.approx(np.mean(values))
    assert middle["sd_value"] == pytest.approx(np.std(values, ddof=1))
    assert middle["median_value"] == pytest.approx(np.median(values))
    assert (middle["lower_quartile"], middle["upper_quartile"]) == pytest.approx(
        tuple(np.quantile(values, [0.25, 0.75]))
    )
    assert (middle["minimum_value"], middle["maximum_value"]) == pytest.approx((min(values), max(values)))
    assert middle["pooled_value"] == pytest.approx(100 * 160 / (2 * 160 + 400))
    assert middle["residents"] is None
    assert cells["5_15m", "0-700"]["areas"] == 1
    assert cells["5_15m", "0-700"]["sd_value"] is None
    assert (cells["over_15m", "1500+"]["areas"], cells["over_15m", "1500+"]["cell_note"]) == (1, "single_area")
    empty = cells["under_5m", "all"]
    assert (empty["areas"], empty["mean_value"], empty["cell_note"]) == (0, None, "no_areas")


GRANT_HEADER = (
    "Helhedsplan;Boligområde;Kommune;Bevillingsramme;Bevillingsperiode (år);Antal bevillinger;"
    "Bevilget beløb (kr.);Beløb mangler fordi"
)


def test_grants_add_up_and_an_unknown_amount_makes_the_sum_unknown(night: Any) -> None:
    rows = [
        "A;Vollsmose;Odense;over 15 mio. kr.;4;2;16.000.000;",
        "A;Solbakken mv;Odense;over 15 mio. kr.;5;1;4.000.000;",
        "B;Bispehaven;Aarhus;5-15 mio. kr.;4;;..;ikke offentliggjort",
    ]
    header = (
        "Boligområde;Kommune;Antal lejemål;Størrelsesgruppe i tabellen;Støttet af områdesekretariat;Sekretariatets by"
    )
    areas = [
        "Vollsmose;Odense;1.000;0-700;nej;",
        "Solbakken;Odense;600;0-700;nej;",
        "Bispehaven;Aarhus;800;0-700;ja;Aarhus",
    ]
    night.deliver("case_areas/t.csv", HEAD + "\n".join([header, *areas]) + "\n")
    night.deliver("grants/t.csv", HEAD + "\n".join([GRANT_HEADER, *rows]) + "\n")
    built = night.marts()
    a, b = built["grant_summary"].sort("plan_id").iter_rows(named=True)
    assert (a["grants"], a["grant_dkk"], a["dwellings"], a["grant_per_dwelling_dkk"]) == (3, 20_000_000, 1600, 12_500.0)
    assert (a["area_ids"], a["grant_period_years"], a["size_band"]) == ("solbakken, vollsmose", 5, "1500+")
    assert (b["grants"], b["grant_dkk"], b["grant_dkk_missing_reason"]) == (None, None, "not_published")
    assert built["dim_areas"].filter(area_id="bispehaven")["secretariat_id"].to_list() == ["aarhus"]


def test_an_area_of_two_plans_stays_one_area(night: Any) -> None:
    rows = ["A;Vollsmose;Odense;over 15 mio. kr.;4;;..;", "B;Vollsmose;Odense;5-15 mio. kr.;4;;..;"]
    night.deliver("grants/t.csv", HEAD + "\n".join([GRANT_HEADER, *rows]) + "\n")
    night.given("vollsmose 2010 residents 9.100")
    built = night.marts()
    assert built["dim_areas"].height == 1
    assert built["area_profile"].height == 1


def test_the_lists_are_recomputed_with_their_distances(night: Any) -> None:
    night.deliver("statutory_rules/r.csv", RULES)
    listed(
        night,
        2012,
        [
            "Odense;Vollsmose;9.040;53,7;67,5;3,75;ja",
            "Odense;Solbakken mv;1.280;40,0;50,1;2,71;ja",
            "Odense;Dianavænget/Heliosvænget;999;49,3;51,3;2,85;nej",
            "Slagelse;Ringparken, Slagelse;1.858;55,0;44,8;2,64;ja",
        ],
    )
    rows = {row["area_id"]: row for row in night.marts()["statutory_criteria"].iter_rows(named=True)}
    assert rows["vollsmose"]["criteria_met"] == 3
    assert rows["vollsmose"]["convicted_distance"] == 1.05
    edge = rows["solbakken"]
    assert (edge["outside_work_met"], edge["outside_work_distance"], edge["nonwestern_met"], edge["convicted_met"]) == (
        False,
        0.0,
        True,
        True,
    )
    small = rows["dianavaenget-heliosvaenget"]
    assert (small["criteria_met"], small["residents_met"], small["on_list_by_rule"], small["agrees"]) == (
        3,
        False,
        False,
        True,
    )
    assert (rows["ringparken"]["agrees"], rows["ringparken"]["known_exception"] is not None) == (False, True)


RULES = (
    HEAD
    + "Listetype;Første år;Sidste år;Kræver opfyldt;Af kriterier;Kriterium;Tegn;Grænse;"
    + """Grænse (gange landsgennemsnit);Regel uden måltal
ghetto;2010;2013;2;3;outside_work_pct;>;40;;
ghetto;2010;2013;2;3;nonwestern_pct;>;50;;
ghetto;2010;2013;2;3;convicted_pct;>;2,7;;
alle;2010;;;;residents;>=;1.000;;mindst 1.000 beboere
"""
)


def test_coverage_says_why_a_year_is_missing(night: Any) -> None:
    listed(night, 2013, ["Odense;Vollsmose;9.089;54,2;66,9;3,73;ja", "Aarhus;Bispehaven;2.305;44,6;..;2,93;ja"])
    listed(night, 2014, ["Odense;Vollsmose;9.098;54,0;67,1;3,23;57,5;54,4;ja"])
    rows = {(row["area_id"], row["indicator"]): row for row in night.marts()["coverage"].iter_rows(named=True)}
    assert rows["vollsmose", "residents"]["delivered_in"] == "2013, 2014"
    assert rows["vollsmose", "basic_education_pct"]["missing_why"] == "not_defined_that_year: 2013"
    gone = rows["bispehaven", "nonwestern_pct"]
    assert (gone["missing_withheld"], gone["missing_not_delivered"]) == (1, 1)
    assert gone["missing_why"] == "not_delivered: 2014; withheld_by_source: 2013"


def test_the_wide_mart_has_a_column_for_every_indicator(night: Any) -> None:
    night.given("vollsmose 2010 nonwestern_pct 60,0")
    wide = night.marts()["area_profile_wide"]
    of_areas = [name for name, indicator in night.registry.indicators.items() if indicator.of_areas]
    assert [name for name in wide.columns if name in night.registry.indicators] == of_areas
    assert wide.select("nonwestern_pct", "residents").rows() == [(60.0, None)]


@pytest.mark.slow
def test_a_mart_that_does_not_fit_its_contract_is_named(night: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    night.given("vollsmose 2010 nonwestern_pct 60,0")
    night.run()
    tables = dict(night.registry.tables)
    del tables["dim_plans"]
    with pytest.raises(build.queries.QueryError, match="dim_plans"):
        build.build(night.facts, night.folder / "m", night.registry.model_copy(update={"tables": tables}))
    made = build.queries.marts()
    broken = build.queries.query("dim_plans", "-- dim_plans: broken.\nselect 1 as x from no_such_table")
    monkeypatch.setattr(build.queries, "marts", lambda: {**made, "dim_plans": broken})
    with pytest.raises(build.queries.QueryError, match="dim_plans reads no_such_table"):
        build.build(night.facts, night.folder / "m", night.registry)
    hollow = made["pool_coverage"].sql.replace("totals.measure_unit,", "null::varchar as measure_unit,")
    swapped = build.queries.query("pool_coverage", hollow)
    monkeypatch.setattr(build.queries, "marts", lambda: {**made, "pool_coverage": swapped})
    night.deliver("pool_totals/t.csv", f"{HEAD}Måltal;Værdi;Enhed;Sted\nplans;162;antal;forord\n")
    night.run()
    with pytest.raises(build.BuildError, match=r"pool_coverage\.sql: .*measure_unit"):
        build.build(night.facts, night.folder / "m", night.registry)
    fewer = build.queries.query("pool_coverage", "-- pool_coverage: broken.\nselect measure from facts.pool_totals")
    monkeypatch.setattr(build.queries, "marts", lambda: {**made, "pool_coverage": fewer})
    with pytest.raises(build.BuildError, match=r"pool_coverage\.sql and tables\.toml differ in the columns"):
        build.build(night.facts, night.folder / "m", night.registry)
