"""How plans and secretariats are carried out, and who lies near a funded area: by hand, and "too few" where it is."""

from typing import Any

import polars as pl
import pytest

from schemas.registry import Registry

GRANTS = """
grant_id | plan_name | municipality_code | grant_kind    | amount_dkk | granted_from | granted_to
g1       | P         | 0461              | social_effort | 10000000   | 2008-05-01   | 2012-04-30
g2       | Q         | 0751              | social_effort | 2000000    | 2007-01-01   | 2010-12-31
g3       | R         | 0751              | social_effort | 3000000    | 2009-01-01   | 2012-12-31
"""
GRANT = GRANTS.strip().splitlines()[0]
AREAS = """
grant_id | area_id
g1       | vollsmose
g2       | viby-syd
g3       | viby-syd
g3       | bispehaven
"""
ORGANISED = """
plan_name | municipality_code | project_organisation | project_secretariat | supported_by_secretariat
P         | 0461              | central-professionel |                     | true
Q         | 0751              |                      | opdelt              | true
R         | 0751              |                      | en-mand             | false
"""
HEAD = (
    "unit_kind | plan_name | municipality_code | attribute | answer | effort_area_id | indicator | holds_from | "
    "holds_until | fit | assessed_by | assessed_on"
)
ENTRIES = "".join(
    f"\n{line} | office | 2012-01-01"
    for line in (
        "secretariat | | 0751 | integration | integration:adskilt | | | 2006-01-01 | 2008-06-30 | exact",
        "secretariat | | 0751 | integration | integration:integreret | | | 2008-07-01 | | mixed",
        "secretariat | | 0461 | focus | focus:boligsocial | | | 2009-01-01 | | exact",
        "plan | q | 0751 | earlier_effort | | sundhed | | 2001-01-01 | 2003-12-31 | exact",
        "plan | R | 0751 | earlier_effort | earlier_effort:ingen | | | 2001-01-01 | | exact",
        "plan | P | 0461 | stated_need | | | outside_work_pct | 2007-09-01 | | mostly",
        "plan | X | 0461 | stated_need | | sundhed | | 2007-09-01 | | mostly",
    )
)


@pytest.fixture(scope="module")
def carried_out(made: Any) -> Any:
    """P supports one area, Q and R share another; the secretariat of 0751 became integrated in July 2008."""
    return made(
        "area_attributes",
        "implementation_overview",
        listed_grants=GRANTS,
        grant_areas=AREAS,
        plan_organisation=ORGANISED,
        implementation=HEAD + ENTRIES,
    )


def test_what_changes_counts_as_it_was_at_the_first_grant(carried_out: Any) -> None:
    """Viby Syd's first grant is of 2007, before the secretariat became integrated; a need and an effort lie before."""
    found = {(row["area_id"], row["attribute"]): row for row in carried_out["area_attributes"].to_dicts()}
    assert found["viby-syd", "integration"]["entries"] == "adskilt"
    assert found["viby-syd", "earlier_effort"]["entries"] == "sundhed"
    assert found["bispehaven", "earlier_effort"]["entries"] == "ingen"
    assert found["viby-syd", "project_secretariat"]["entries"] == "en-mand|opdelt"
    assert found["vollsmose", "stated_need"]["entries"] == "outside_work_pct"
    why = {key: row["missing_reason"] for key, row in found.items()}
    assert why["vollsmose", "focus"] == "not_delivered_for_the_first_grant"
    assert why["vollsmose", "integration"] == why["vollsmose", "earlier_effort"] == "not_delivered"
    assert why["bispehaven", "integration"] == "no_secretariat"
    assert {area for area, _ in found} == {"vollsmose", "viby-syd", "bispehaven"}


def test_every_unit_has_every_attribute_or_says_that_nobody_delivered_it(carried_out: Any, registry: Registry) -> None:
    rows = carried_out["implementation_overview"]
    attributes = {row["attribute"]: row["unit_kind"] for row in registry.codes["implementation_attributes"]}
    for unit, kind in rows.select("unit_id", "unit_kind").unique().rows():
        attributes_of_unit = set(rows.filter(unit_id=unit)["attribute"])
        assert attributes_of_unit == {name for name, of_kind in attributes.items() if of_kind == kind}, unit
    spans = rows.filter(unit_id="aarhus", attribute="integration").select("entry_no", "entry", "fit").rows()
    assert spans == [(1, "adskilt", "exact"), (2, "integreret", "mixed")]
    (lone,) = rows.filter(unit_id="x", attribute="stated_need").to_dicts()
    assert (lone["implementation_missing_reason"], lone["entry_da"], lone["unit_areas"]) == (
        "unknown_plan",
        "Sundhed",
        0,
    )
    nobody = rows.filter(unit_id="vejle")
    assert set(nobody["implementation_missing_reason"]) == {"not_delivered"}
    # A secretariat that the registry does not list is known by its municipality.
    (lone,) = rows.filter(unit_id="0461", attribute="focus").to_dicts()
    assert (lone["entry"], lone["unit_name"]) == ("boligsocial", "Områdesekretariatet i Odense")


def test_of_few_areas_a_contrast_by_an_attribute_says_too_few_with_its_counts(made: Any, registry: Registry) -> None:
    """Two areas without an earlier effort, two with one, in four towns; a third plan delivered nothing."""
    plans = {"A": ["vollsmose"], "B": ["bispehaven"], "C": ["aalborg-oest"], "D": ["akacieparken"], "E": ["sundparken"]}
    listed, covered, entries = [GRANT], ["grant_id | area_id"], [HEAD]
    homes = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    for at, (plan, (area,)) in enumerate(plans.items()):
        home = homes[area]
        listed.append(f"g{at} | {plan} | {home} | social_effort | 3000000 | 2008-01-01 | 2011-12-31")
        covered.append(f"g{at} | {area}")
        entry = ("earlier_effort:ingen |", "| sundhed")[at % 2]
        if plan != "E":
            entries.append(
                f"plan | {plan} | {home} | earlier_effort | {entry} | | 2001-01-01 | | exact | x | 2012-01-01"
            )
    balance = made(
        "baseline_balance",
        listed_grants="\n".join(listed),
        grant_areas="\n".join(covered),
        implementation="\n".join(entries),
        figures="area | year | indicator | count | of\n"
        + "\n".join(
            f"{area} | {year} | nonwestern_pct | {40 + 10 * at + year - 2000} | 100"
            for at, (area,) in enumerate(plans.values())
            for year in (2003, 2004, 2005)
        ),
    ).filter(covariate="nonwestern_pct", row_kind="pair")
    (row,) = balance.filter(contrast="earlier_effort").to_dicts()
    counts = [row[name] for name in ("arm_1", "areas_1", "clusters_1", "arm_0", "areas_0", "clusters_0")]
    assert counts == ["with", 2, 2, "without", 2, 2]
    # 50 and 70 against 40 and 60, and four points more in 2004.
    assert (row["mean_1"], row["mean_0"], row["balance_verdict"]) == (pytest.approx(64), pytest.approx(54), "too_few")
    assert row["why"] == "too_few_clusters; fewer_than_20_areas_in_each_arm; not_delivered: 1 areas left out"
    brief = {contrast.id for contrast in registry.evaluation.contrast.values() if contrast.is_brief}
    short = balance.filter(pl.col("contrast").is_in(list(brief)))
    assert set(short.select("weighting", "baseline_window").rows()) == {("none", "three_years")}
    assert set(short.filter(contrast="integration")["balance_verdict"]) == {"not_defined"}


def test_exposed_areas_are_counted_by_each_tie_and_left_out_where_that_is_declared(
    made: Any, registry: Registry
) -> None:
    """Of five areas of one town the first is funded; the second shares its school, the third its organisation."""
    ids = [row["area_id"] for row in registry.codes["areas"] if row["municipality_code"] == "0461"]
    schools, owners = ("1.", "1.", "2.", "2.", ""), ("A", "B", "A", "B", "C")
    given = {
        "listed_grants": f"{GRANT}\ng1 | P | 0461 | social_effort | 9 | 2008-01-01 | 2011-12-31",
        "grant_areas": f"grant_id | area_id\ng1 | {ids[0]}",
        "estates": "estate_id | estate_name | housing_organisation | area_id | school_district | dwellings\n"
        + "\n".join(
            f"{at} | E | {owner} | {area} | {school} | 300"
            for at, (area, owner, school) in enumerate(zip(ids, owners, schools, strict=True))
        ),
    }
    exposure = {row["area_id"]: row for row in made("area_exposure", **given).to_dicts()}
    ties = ("municipality", "organisation", "school_district")
    near = {area: tuple(exposure[area][f"funded_in_{tie}"] for tie in ties) for area in ids}
    assert list(near.values()) == [(0, 0, 0), (1, 0, 1), (1, 1, 0), (1, 0, 0), (1, 0, None)]

    never = len(ids) - 1
    for tie, count in (("marked", 0), ("school_district", 1), ("municipality", never)):
        funded = registry.evaluation.contrast["funded"].model_copy(update={"spillover": tie})
        contrasts = {**registry.evaluation.contrast, "funded": funded}
        chosen = registry.model_copy(
            update={"evaluation": registry.evaluation.model_copy(update={"contrast": contrasts})}
        )
        tables = made("statistics.arms", "group_exposure", registry=chosen, **given)
        arms = tables["statistics.arms"].filter(contrast="funded")
        assert arms.filter(arm="never_funded").height == never - count, tie
        rows = {(row["arm"], row["tie"]): row for row in tables["group_exposure"].filter(contrast="funded").to_dicts()}
        by_school = rows["never_funded", "school_district"]
        assert (by_school["areas"], by_school["exposed"], by_school["exposure_not_known"]) == (never, 1, 1)
        assert [by_school["is_left_out"], rows["funded", "school_district"]["is_left_out"]] == [
            tie == "school_district",
            False,
        ]
