"""What the evaluation stands on, on tables that can be checked by hand: grants by area, baseline windows, the panel."""

from typing import Any

import polars as pl
import pytest

from schemas.evaluation import Locked
from schemas.registry import Registry


def by_area(frame: Any, *columns: str) -> dict[str, Any]:
    return {
        row["area_id"]: tuple(row[c] for c in columns) if len(columns) > 1 else row[columns[0]]
        for row in frame.to_dicts()
    }


@pytest.fixture(scope="module")
def funding(made: Any) -> Any:
    """Plan P covers two areas, Q one of them again; R has no amount; the last area never got anything."""
    return made(
        "area_funding",
        estates="""
estate_id | estate_name | housing_organisation | area_id        | dwellings
1         | A 1         | A                    | vollsmose      | 600
2         | A 2         | A                    | vollsmose      | 300
3         | B           | B                    | bispehaven     | 100
4         | C           | C                    | viby-syd       | 500
5         | D           | D                    | akacieparken   | 200
6         | E           | E                    | aalborg-oest   | 250
""",
        listed_grants="""
grant_id | plan_name | municipality_code | grant_kind    | amount_dkk | granted_from | granted_to
g1       | P         | 0461              | social_effort | 10000000   | 2008-05-01   | 2012-04-30
g2       | Q         | 0461              | social_effort | 2000000    | 2007-01-01   | 2010-12-31
g3       | R         | 0751              | social_effort |            | 2009-01-01   | 2012-12-31
g4       |           | 0101              | rent_support  | 700000     | 2009-01-01   | 2012-12-31
""",
        grant_areas="""
grant_id | area_id
g1       | vollsmose
g1       | bispehaven
g2       | vollsmose
g3       | viby-syd
g4       | akacieparken
""",
        plan_organisation="""
plan_name | municipality_code | project_organisation | supported_by_secretariat
P         | 0461              | central-professionel | false
Q         | 0461              | opdelt               | true
R         | 0751              | central-professionel | false
""",
    )


def test_a_grant_is_parted_among_the_areas_of_its_plan_by_their_dwellings(funding: Any) -> None:
    money = by_area(funding, "area_grant_dkk", "dose_dkk", "dose_missing_reason")
    assert money["vollsmose"] == (11_000_000, pytest.approx(11_000_000 / 900), None)
    assert money["bispehaven"] == (1_000_000, 10_000, None)
    assert money["viby-syd"] == (None, None, "amount_not_published")
    assert money["aalborg-oest"] == (None, None, "no_grant")


def test_what_an_area_got(funding: Any) -> None:
    got = by_area(funding, "treatment", "plans", "first_grant_year", "has_secretariat", "project_organisation")
    assert got["vollsmose"] == ("funded", 2, 2007, True, None)
    assert got["bispehaven"] == ("funded", 1, 2008, False, "central-professionel")
    assert got["akacieparken"] == ("rent_support_only", 0, None, None, None)
    assert got["aalborg-oest"] == ("never_funded", 0, None, None, None)
    assert by_area(funding, "rent_support_dkk")["akacieparken"] == 700_000


def test_an_area_in_plans_of_different_bands_has_none_and_says_why(funding: Any) -> None:
    band = by_area(funding, "funding_band", "funding_band_missing_reason")
    assert band["vollsmose"] == (None, "several_bands")
    assert band["bispehaven"] == ("5_15m", None)
    assert band["viby-syd"] == (None, "amount_not_published")
    assert band["akacieparken"] == (None, "no_grant")


def test_plans_that_share_an_area_are_one_cluster(funding: Any) -> None:
    cluster = by_area(funding, "cluster_plan")
    assert cluster["vollsmose"] == cluster["bispehaven"] == "p"
    assert cluster["viby-syd"] == "r"
    assert cluster["aalborg-oest"] == "area aalborg-oest"


def test_a_window_pools_shares_and_means_what_has_no_counts(made: Any) -> None:
    values = made(
        "baseline_values",
        figures="""
area      | year | indicator         | count | of  | value
vollsmose | 2003 | nonwestern_pct    | 10    | 100 |
vollsmose | 2004 | nonwestern_pct    | 60    | 300 |
vollsmose | 2005 | gross_income_dkk  |       |     | 200000
vollsmose | 2004 | gross_income_dkk  |       |     | 100000
vollsmose | 2006 | nonwestern_pct    | 99    | 100 |
vollsmose | 2003 | convicted_pct     | 1     | 100 |
""",
    )
    found = {
        (r["baseline_window"], r["indicator"]): (r["value"], r["years"], r["is_complete"]) for r in values.to_dicts()
    }
    assert found == {
        ("three_years", "nonwestern_pct"): (17.5, 2, False),
        ("last_year", "gross_income_dkk"): (200_000, 1, True),
        ("three_years", "gross_income_dkk"): (150_000, 2, False),
    }


def test_a_withheld_count_is_known_to_be_one_or_two(made: Any) -> None:
    """3 of 80, then twice withheld of 80: from (3 + 1 + 1)/240 to (3 + 2 + 2)/240. Without a base nothing is known."""
    values = made(
        "baseline_values",
        figures="""
area       | year | indicator        | count | of | value
vollsmose  | 2003 | convicted_pct    | 3     | 80 |
vollsmose  | 2004 | convicted_pct    |       | 80 |
vollsmose  | 2005 | convicted_pct    |       | 80 |
bispehaven | 2005 | convicted_pct    |       |    |
vollsmose  | 2005 | gross_income_dkk |       |    |
""",
    ).filter(baseline_window="three_years")
    (row,) = values.to_dicts()
    assert (row["area_id"], row["withheld"], row["years"], row["is_complete"]) == ("vollsmose", 2, 3, True)
    assert [row[name] for name in ("value_least", "value", "value_most")] == pytest.approx([500 / 240, 2.5, 700 / 240])


def test_figures_of_a_source_that_is_no_baseline_stay_out(made: Any) -> None:
    values = made(
        "baseline_values",
        figures="""
area      | year | indicator      | count | of  | source
vollsmose | 2005 | nonwestern_pct | 10    | 100 | ministry_lists
""",
    )
    assert values.is_empty()


FIGURES = """
area       | year | indicator | value
vollsmose  | 2004 | residents | 9000
vollsmose  | 2005 | residents | 9100
vollsmose  | 2006 | residents | 9200
bispehaven | 2005 | residents | 2000
"""


def test_the_panel_ends_with_the_lock(made: Any) -> None:
    panel = made("baseline_panel", figures=FIGURES)
    assert [(r["area_id"], r["year"], r["residents"]) for r in panel.to_dicts()] == [
        ("bispehaven", 2004, None),
        ("bispehaven", 2005, 2000),
        ("vollsmose", 2004, 9000),
        ("vollsmose", 2005, 9100),
    ]
    assert panel["in_baseline"].all()


def test_a_signed_entry_lifts_the_lock(made: Any, registry: Registry) -> None:
    with pytest.raises(Locked, match=r"outcomes of 2006 are locked: .* Open are the years up to 2005; .*\[lifting"):
        registry.evaluation.require_open(2006)
    text = {"id": "first", "through": 2006, "signed_by": "A", "signed_on": "2026-11-25", "reason": "the plan is signed"}
    signed = registry.evaluation.model_validate({**registry.evaluation.model_dump(), "lifting": {"first": text}})
    signed.require_open(2006)
    panel = made("baseline_panel", registry=registry.model_copy(update={"evaluation": signed}), figures=FIGURES)
    assert panel.filter(area_id="vollsmose")["year"].to_list() == [2004, 2005, 2006]
    assert panel.filter(year=2006)["in_baseline"].to_list() == [False, False]


COHORTS = {
    "listed_grants": """
grant_id | plan_name | municipality_code | grant_kind    | amount_dkk | granted_from | granted_to
g1       | P         | 0461              | social_effort | 10000000   | 2006-05-01   | 2010-04-30
g2       | Q         | 0751              | social_effort | 2000000    | 2009-01-01   | 2012-12-31
""",
    "grant_areas": """
grant_id | area_id
g1       | vollsmose
g2       | bispehaven
""",
}


def open_through(made: Any, registry: Registry, **lifting: Any) -> dict[str, Any]:
    signed = {"id": "first", "signed_by": "A", "signed_on": "2026-11-25", "reason": "the plan is signed", **lifting}
    entries = {"first": signed} if lifting else {}
    evaluation = registry.evaluation.model_validate({**registry.evaluation.model_dump(), "lifting": entries})
    frozen = registry.model_copy(update={"evaluation": evaluation})
    known = "area | year | value\nviby-syd | 2005 | 1"
    years = by_area(made("open_years", registry=frozen, figures=known, **COHORTS), "open_through")
    return {area: years[area] for area in ("vollsmose", "bispehaven", "viby-syd")}


def test_each_area_is_open_until_its_own_start(made: Any, registry: Registry) -> None:
    """Vollsmose starts in 2006, Bispehaven, the last, in 2009; Viby Syd never does and is open as long as the last."""
    assert open_through(made, registry) == {"vollsmose": 2005, "bispehaven": 2008, "viby-syd": 2008}
    after = open_through(made, registry, through_event=1)
    assert after == {"vollsmose": 2007, "bispehaven": 2010, "viby-syd": 2010}
    assert open_through(made, registry, through=2007) == {"vollsmose": 2007, "bispehaven": 2008, "viby-syd": 2008}
    with pytest.raises(ValueError, match="give 'through', a year, or 'through_event'"):
        open_through(made, registry, through=2007, through_event=1)


def test_the_panel_knows_each_areas_cohort_and_shows_no_treated_year(made: Any) -> None:
    places = ((area, year) for area in ("vollsmose", "bispehaven", "viby-syd") for year in range(2003, 2012))
    lines = [f"{area} | {year} | residents | {900 + at}" for at, (area, year) in enumerate(places)]
    panel = made("baseline_panel", figures="\n".join(["area | year | indicator | value", *lines]), **COHORTS)
    ends = by_area(panel.group_by("area_id").agg(pl.col("year").max(), pl.col("gname").first()), "year", "gname")
    assert ends == {"vollsmose": (2005, 2006), "bispehaven": (2008, 2009), "viby-syd": (2008, 0)}
    assert not panel.filter(pl.col("is_treated")).height
    of_one = panel.filter(area_id="bispehaven", year=2007).row(0, named=True)
    assert (of_one["event_time"], of_one["time_since_end"], of_one["in_baseline"]) == (-2, -5, False)


def test_rent_support_goes_to_the_estates_area_and_is_never_doubled(made: Any) -> None:
    """g1 names its estate, so it is for that estate's area alone; of g2 nobody can say how it parts."""
    support = made(
        "area_funding",
        estates="""
estate_id | estate_name | housing_organisation | area_id    | dwellings
1         | A           | A                    | vollsmose  | 600
""",
        listed_grants="""
grant_id | plan_name | municipality_code | grant_kind   | estate_id | amount_dkk | granted_from | granted_to
g1       |           | 0461              | rent_support | 1         | 700000     | 2009-01-01   | 2012-12-31
g2       |           | 0751              | rent_support |           | 900000     | 2009-01-01   | 2012-12-31
""",
        grant_areas="""
grant_id | area_id
g1       | vollsmose
g1       | solbakken
g2       | bispehaven
g2       | viby-syd
""",
    )
    money = by_area(support, "rent_support_dkk", "treatment")
    assert money["vollsmose"] == (700_000, "rent_support_only")
    assert money["solbakken"] == (None, "never_funded")
    assert money["bispehaven"] == money["viby-syd"] == (None, "rent_support_only")


def test_without_a_list_of_grants_nobody_is_called_never_funded(made: Any) -> None:
    areas = made("area_funding", figures=FIGURES)
    assert set(areas["treatment"]) == {"not_known"}


def test_what_overlaps_a_funded_area_is_not_called_never_funded(made: Any) -> None:
    """Charlotteager on the ministry's lists overlaps the case area Charlottekvarteret."""
    areas = made(
        "area_funding",
        figures="""
area           | year | indicator | value
charlotteager  | 2005 | residents | 2000
bispehaven     | 2005 | residents | 2000
""",
        listed_grants="""
grant_id | plan_name | municipality_code | grant_kind    | amount_dkk | granted_from | granted_to
g1       | P         | 0169              | social_effort | 9000000    | 2008-05-01   | 2012-04-30
""",
        grant_areas="""
grant_id | area_id
g1       | charlottekvarteret
""",
    )
    treatment = by_area(areas, "treatment")
    assert (treatment["charlottekvarteret"], treatment["charlotteager"], treatment["bispehaven"]) == (
        "funded",
        "not_known",
        "never_funded",
    )


def test_a_secretariat_is_known_only_where_every_plan_says_so(made: Any) -> None:
    funded = made(
        "area_funding",
        listed_grants="""
grant_id | plan_name | municipality_code | grant_kind    | amount_dkk | granted_from | granted_to
g1       | P         | 0461              | social_effort | 9000000    | 2008-05-01   | 2012-04-30
g2       | Q         | 0461              | social_effort | 9000000    | 2008-05-01   | 2012-04-30
""",
        grant_areas="""
grant_id | area_id
g1       | vollsmose
g2       | vollsmose
""",
        plan_organisation="""
plan_name | municipality_code | supported_by_secretariat
P         | 0461              | false
""",
    )
    assert by_area(funded, "has_secretariat", "project_organisation_missing_reason") == {
        "vollsmose": (None, "organisation_not_known")
    }


def test_twin_columns_end_with_the_lock(made: Any, registry: Registry) -> None:
    """An area beside its twins after the start is the effect itself."""
    ids = [row["area_id"] for row in registry.codes["areas"]][:30]
    wanted = registry.evaluation.twins.indicators
    lines = ["area | year | indicator | value"]
    lines += [
        f"{area} | {year} | {name} | {(7 * at + 3 * place + year) % 23 + 100}"
        for at, area in enumerate(ids)
        for place, name in enumerate(wanted)
        for year in (2003, 2004, 2005, 2006)
    ]
    shares = [line.replace("100", "10") if "_pct" in line else line for line in lines]
    grants = """
grant_id | plan_name | municipality_code | grant_kind    | amount_dkk | granted_from | granted_to
g1       | P         | 0461              | social_effort | 9000000    | 2008-05-01   | 2012-04-30
"""
    tables = made(
        "twin_values",
        "comparison_pool",
        figures="\n".join(shares).replace("gross_income_dkk | ", "gross_income_dkk | 1000"),
        listed_grants=grants,
        grant_areas=f"grant_id | area_id\ng1 | {ids[0]}",
    )
    assert tables["comparison_pool"].height > 0
    assert tables["twin_values"]["year"].unique().sort().to_list() == [2003, 2004, 2005]
