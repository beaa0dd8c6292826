"""Figures of one series and of several: whose they are, over how many years, and what a break forbids."""

from typing import Any

import pytest

from schemas.registry import Registry

BOUNDARY = {
    "area_id": "vollsmose",
    "from_year": "2011",
    "happened_da": "to afdelinger er lagt til",
    "happened_en": "two estates were added",
    "stated_in": "a letter",
}
DEFINITION = {
    "indicator": "nonwestern_pct",
    "from_year": "2011",
    "figure_owner": "",
    "happened_da": "efterkommere tæller ikke mere med",
    "happened_en": "descendants are left out",
    "stated_in": "a letter",
}


def broken(
    registry: Registry, boundary: dict[str, str] | None = None, definition: dict[str, str] | None = None
) -> Registry:
    """The registry with one break of each kind that is given, and no frozen twins."""
    codes = registry.codes | {
        "boundary_breaks": (boundary,) if boundary else (),
        "definition_breaks": (definition,) if definition else (),
    }
    evaluation = registry.evaluation
    unfrozen = evaluation.model_copy(update={"twins": evaluation.twins.model_copy(update={"sha256": None})})
    return registry.model_copy(update={"codes": codes, "evaluation": unfrozen})


def years(first: int, last: int, count: int = 40, source: str = "municipal_figures") -> str:
    """Rows of Vollsmose with counts of each year, one more than the year before."""
    return "\n".join(f"vollsmose | {year} | {count + year - first} | 100 | {source}" for year in range(first, last + 1))


HEAD = "area | year | count | of | source\n"


@pytest.mark.parametrize(
    ("boundary", "definition", "figures", "reason"),
    [
        (None, None, years(2010, 2011), None),
        (BOUNDARY, None, years(2010, 2011), "boundary_break"),
        (BOUNDARY | {"from_year": "2012"}, None, years(2010, 2011), None),
        (BOUNDARY | {"area_id": "bispehaven"}, None, years(2010, 2011), None),
        (None, DEFINITION, years(2010, 2011), "definition_break"),
        (None, DEFINITION | {"indicator": "convicted_pct"}, years(2010, 2011), None),
        (None, DEFINITION | {"figure_owner": "municipality"}, years(2010, 2011), "definition_break"),
        (None, DEFINITION | {"figure_owner": "ministry"}, years(2010, 2011), None),
        (None, None, years(2010, 2010) + "\n" + years(2011, 2011, source="area_statistics"), "other_owner"),
        (BOUNDARY, DEFINITION, years(2010, 2011), "boundary_break"),
    ],
)
def test_a_change_stays_within_its_series(
    made: Any, registry: Registry, boundary: Any, definition: Any, figures: str, reason: str | None
) -> None:
    changes = made("area_changes", registry=broken(registry, boundary, definition), figures=HEAD + figures)
    last = changes.filter(year=2011).to_dicts()[0]
    assert (last["change_year_missing_reason"], last["change_first_missing_reason"]) == (reason, reason)
    assert (last["change_year"], last["change_first"]) == ((1, 1) if reason is None else (None, None))


@pytest.mark.parametrize(
    ("boundary", "definition", "figures", "reason"),
    [
        (None, None, years(2009, 2013), None),
        (BOUNDARY, None, years(2009, 2013), "boundary_break"),
        (None, DEFINITION, years(2009, 2013), "definition_break"),
        (BOUNDARY | {"from_year": "2009"}, None, years(2009, 2013), None),
        (None, None, years(2009, 2012) + "\n" + years(2013, 2013, source="area_statistics"), "other_owner"),
    ],
)
def test_a_trend_stays_within_its_series(
    made: Any, registry: Registry, boundary: Any, definition: Any, figures: str, reason: str | None
) -> None:
    trends = made("area_trends", registry=broken(registry, boundary, definition), figures=HEAD + figures)
    last = trends.filter(year=2013).to_dicts()[0]
    assert last["trend_missing_reason"] == reason
    assert (last["trend"] is None) == (reason is not None)


def test_areas_are_ranked_among_figures_over_as_many_years_and_their_owners_are_told(made: Any) -> None:
    profile = made(
        "area_profile",
        figures="""
        area         | year | value | source            | window_years
        vollsmose    | 2011 | 60    | area_statistics   | 1
        bispehaven   | 2011 | 70    | municipal_figures | 1
        solbakken    | 2011 | 80    | ministry_lists    | 2
        korskaerparken | 2011 | 90  | ministry_lists    | 2
        """,
    )
    ranks = {row["area_id"]: (row["rank"], row["rank_of"], row["rank_owners"]) for row in profile.to_dicts()}
    assert ranks == {
        "bispehaven": (1, 2, "municipality, statistics_denmark"),
        "vollsmose": (2, 2, "municipality, statistics_denmark"),
        "korskaerparken": (1, 2, "ministry"),
        "solbakken": (2, 2, "ministry"),
    }


def test_a_comparator_is_over_as_many_years_and_says_whose_it_is(made: Any) -> None:
    profile = made(
        "area_profile",
        figures="""
        geography    | geography_id | year | value | source            | window_years
        area         | vollsmose    | 2011 | 60    | area_statistics   | 1
        area         | vollsmose    | 2012 | 60    | ministry_lists    | 2
        municipality | 0461         | 2011 | 10    | municipal_figures | 1
        municipality | 0461         | 2012 | 11    | municipal_figures | 1
        """,
    )
    beside = {row["year"]: (row["municipality_value"], row["municipality_owner"]) for row in profile.to_dicts()}
    assert beside == {2011: (10, "municipality"), 2012: (None, None)}


def test_tables_that_hold_areas_side_by_side_take_the_years_that_most_areas_have(made: Any) -> None:
    wide = made(
        "area_profile_wide",
        figures="""
        area         | year | value | source            | window_years
        vollsmose    | 2011 | 60    | area_statistics   | 1
        bispehaven   | 2011 | 70    | municipal_figures | 1
        solbakken    | 2011 | 80    | ministry_lists    | 2
        """,
    )
    cells = {row["area_id"]: row["nonwestern_pct"] for row in wide.to_dicts()}
    assert cells == {"bispehaven": 70, "vollsmose": 60, "solbakken": None}


def test_a_figure_with_a_value_is_shown_before_a_withheld_one_of_an_owner_that_goes_first(made: Any) -> None:
    shown = made(
        "shown_figures",
        figures="""
        area      | year | value | source            | window_years
        vollsmose | 2011 |       | area_statistics   | 1
        vollsmose | 2011 | 62    | municipal_figures | 2
        vollsmose | 2011 | 61    | municipal_figures | 1
        """,
    ).to_dicts()
    assert [(row["value"], row["figure_owner"], row["window_years"], row["other_figures"]) for row in shown] == [
        (61, "municipality", 1, 1)
    ]


def test_an_indicator_may_order_its_owners_otherwise(made: Any, registry: Registry) -> None:
    first = registry.indicators["nonwestern_pct"].model_copy(update={"precedence": ("ministry",)})
    other = broken(registry).model_copy(update={"indicators": registry.indicators | {"nonwestern_pct": first}})
    figures = """
        area      | year | value | source          | window_years
        vollsmose | 2011 | 60    | area_statistics | 1
        vollsmose | 2011 | 61    | ministry_lists  | 1
    """
    assert made("shown_figures", figures=figures)["figure_owner"].to_list() == ["statistics_denmark"]
    assert made("shown_figures", registry=other, figures=figures)["figure_owner"].to_list() == ["ministry"]


def test_breaks_are_told_of_area_and_indicator(made: Any, registry: Registry) -> None:
    areas, indicators = made(
        "dim_areas", "dim_indicators", registry=broken(registry, BOUNDARY, DEFINITION), figures=HEAD + years(2010, 2011)
    ).values()
    assert areas.filter(area_id="vollsmose")["boundary_breaks"].to_list() == ["2011: two estates were added (a letter)"]
    breaks = indicators.filter(indicator="nonwestern_pct")["definition_breaks"].to_list()
    assert breaks == ["2011: descendants are left out (a letter)"]


def test_figures_before_a_break_are_no_baseline_of_those_after_it(made: Any, registry: Registry) -> None:
    early = BOUNDARY | {"from_year": "2004"}
    figures = HEAD + years(2001, 2006)
    kept = made("baseline_figures", registry=broken(registry, early), figures=figures)
    assert kept["year"].to_list() == [2004, 2005]
    assert made("baseline_figures", figures=figures)["year"].to_list() == [2001, 2002, 2003, 2004, 2005]


def test_a_baseline_takes_figures_over_as_many_years_as_most_are(made: Any) -> None:
    figures = """
        area       | year | value | source            | window_years
        vollsmose  | 2004 | 60    | area_statistics   | 1
        vollsmose  | 2005 | 61    | area_statistics   | 1
        bispehaven | 2005 | 50    | municipal_figures | 2
    """
    kept = made("baseline_figures", figures=figures)
    assert kept.select("area_id", "year").rows() == [("vollsmose", 2004), ("vollsmose", 2005)]
