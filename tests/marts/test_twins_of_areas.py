"""Twins of areas over small tables: which declared rule is taken, what the balance says of it, and the verdict."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from flows.marts import build
from schemas.evaluation import TwinRule
from schemas.registry import Registry

YEARS = (2003, 2004, 2005)
MAHALANOBIS = {"method": "mahalanobis", "caliper": 4.0, "twins": 5}
WITHIN = {"method": "mahalanobis_within_propensity", "caliper": 0.2, "twins": 5}


def areas(registry: Registry, count: int) -> list[str]:
    return [row["area_id"] for row in registry.codes["areas"]][:count]


def ruled(registry: Registry, *rules: dict[str, Any]) -> Registry:
    """The registry with these rules for twins and no frozen pool."""
    chosen = {"sha256": None, "rules": tuple(TwinRule.model_validate(rule) for rule in rules)}
    twins = registry.evaluation.twins.model_copy(update=chosen)
    return registry.model_copy(update={"evaluation": registry.evaluation.model_copy(update={"twins": twins})})


def covariates(registry: Registry, values: np.ndarray, ids: list[str]) -> list[str]:
    """A line per area, declared indicator and year; values (areas, indicators) are standard normal.

    The years differ a little: an edition that repeats the last one is no figure of its year.
    """
    lines = []
    for place, name in enumerate(registry.evaluation.twins.indicators):
        spread, middle = (2, 30) if name.endswith("_pct") else (20_000, 200_000)
        for at, area in enumerate(ids):
            lines += [
                f"{area} | {year} | {name} | | | {middle + spread * values[at, place] + year - 2004:.4f}"
                for year in YEARS
            ]
    return lines


def granted(ids: list[str]) -> dict[str, str]:
    listed = ["grant_id | plan_name | municipality_code | grant_kind | amount_dkk | granted_from | granted_to"]
    covered = ["grant_id | area_id"]
    for number, area in enumerate(ids):
        listed.append(f"g{number} | P{number} | 0461 | social_effort | 9000000 | 2008-01-01 | 2011-12-31")
        covered.append(f"g{number} | {area}")
    return {"listed_grants": "\n".join(listed), "grant_areas": "\n".join(covered)}


HEAD = "area | year | indicator | count | of | value"


def test_the_verdict_counts_the_chance_in_the_twins_figures(made: Any, registry: Registry) -> None:
    """By hand (Wilson, MOVER, Newcombe): 30/200 against 18/180, 25/260, 12/150, 30/240 and 14/190."""
    ids = areas(registry, 6)
    draw = np.random.default_rng(1)
    lines = [line for line in covariates(registry, draw.normal(size=(6, 8)), ids) if "nonwestern_pct" not in line]
    counts = [(30, 200), (18, 180), (25, 260), (12, 150), (30, 240), (14, 190)]
    for area, (x, n) in zip(ids, counts, strict=True):
        lines += [f"{area} | {year} | nonwestern_pct | {x} | {n + 2005 - year} | " for year in YEARS]
    tables = made(
        "area_comparisons",
        "comparison_pool",
        registry=ruled(registry, MAHALANOBIS),
        figures="\n".join([HEAD, *lines]),
        **granted(ids[:1]),
    )
    assert tables["comparison_pool"].filter(area_id=ids[0]).height == 5
    (row,) = tables["area_comparisons"].filter(area_id=ids[0], year=2005, indicator="nonwestern_pct").to_dicts()
    found = [row[f"twin_difference{end}"] for end in ("", "_low", "_high")]
    assert found == pytest.approx([5.5032, 0.6926, 11.3010], abs=5e-5)
    assert row["twin_verdict"] == "higher"


@pytest.mark.parametrize(("twins", "rejected"), [(1, 0.1658), (2, 0.1095), (3, 0.0896), (5, 0.0736), (10, 0.0617)])
def test_an_interval_without_the_twins_chance_is_passed_too_often(twins: int, rejected: float) -> None:
    """Of equal errors: the reach of the difference is that of the area alone times sqrt(1 + 1/k)."""
    reach = 2.0
    of_mean = math.sqrt(twins * reach**2) / twins
    with build.connect() as connection:
        (low,) = connection.execute(  # type: ignore[misc]
            "select newcombe_low(?, ?, ?, ?, ?, ?)", [30.0, 30 - reach, 30 + reach, 30.0, 30 - of_mean, 30 + of_mean]
        ).fetchone()
    assert 2 * norm.sf(1.959964 * reach / -low) == pytest.approx(rejected, abs=5e-5)


def test_areas_alike_are_told_apart_from_their_twins_in_one_case_of_twenty(made: Any, registry: Registry) -> None:
    """Every share is 12 percent of 250 in truth; the area's own interval alone would be passed in 7 cases of 100."""
    ids = areas(registry, 60)
    draw = np.random.default_rng(3)
    shares = [i.id for i in registry.indicators.values() if i.kind == "share" and i.interval == "wilson" and i.of_areas]
    used = [name for name in shares if name not in registry.evaluation.twins.indicators][:8]
    lines = covariates(registry, draw.normal(size=(60, 8)), ids)
    for area in ids:
        for name in used:
            lines += [f"{area} | {year} | {name} | {draw.binomial(250, 0.12)} | 250 | " for year in YEARS]
    rows = made(
        "area_comparisons", registry=ruled(registry, MAHALANOBIS), figures="\n".join([HEAD, *lines]), **granted(ids[:5])
    ).filter(pl.col("indicator").is_in(used), pl.col("twin_verdict").is_not_null())
    assert rows.height > 1000
    assert 0.03 < (rows["twin_verdict"] != "similar").mean() < 0.07  # type: ignore[operator]


@pytest.fixture(scope="module")
def nation(made: Any, registry: Registry) -> dict[str, pl.DataFrame]:
    """100 areas, the first 30 funded and half an SD off on every indicator; one of them like no other."""
    ids = [f"area-{number:03d}" for number in range(100)]
    draw = np.random.default_rng(8)
    values = draw.normal(size=(100, 8))
    values[:30] += 0.5
    values[0] = 5.0
    blank = dict.fromkeys(registry.codes["areas"][0], "")
    known = [{**blank, "area_id": area, "area_name": area, "municipality_code": "0461"} for area in ids]
    codes = {**registry.codes, "areas": known}
    tables = made(
        "comparison_rules",
        "comparison_support",
        "comparison_pool",
        "baseline_balance",
        registry=ruled(registry, WITHIN, MAHALANOBIS).model_copy(update={"codes": codes}),
        figures="\n".join([HEAD, *covariates(registry, values, ids)]),
        **granted(ids[:30]),
    )
    return dict(tables)


def test_twins_stand_in_the_balance_of_every_indicator(nation: dict[str, pl.DataFrame]) -> None:
    support, pool = nation["comparison_support"], nation["comparison_pool"]
    funded = support.filter(treatment="funded")
    lost = funded.filter(twins=0)
    assert lost.height > 0
    rows = nation["baseline_balance"].filter(contrast="funded", weighting="twins", baseline_window="three_years")
    (row,) = rows.filter(covariate="gross_income_dkk").to_dicts()
    assert (row["areas_1"], row["twins_lost_1"], row["missing_1"]) == (30 - lost.height, lost.height, 0)
    mine = pool.join(funded.select("area_id"), on="area_id").with_columns(w=1 / pl.len().over("area_id"))
    weights = mine.group_by("candidate_id").agg(pl.col("w").sum(), pl.len().alias("uses"))
    assert (row["areas_0"], row["reuse_max"]) == (weights.height, weights["uses"].max())
    assert row["ess_0"] == pytest.approx(weights["w"].sum() ** 2 / (weights["w"] ** 2).sum())
    assert f"no_twins: {lost.height} areas left out" in row["why"]
    none = nation["baseline_balance"].filter(contrast="funded", weighting="none", baseline_window="three_years")
    before, after = ((frame.filter(level="all")["smd"].abs()).max() for frame in (none, rows))
    assert after < before  # type: ignore[operator]
    assert rows.filter(pl.col("covariate") == "rent_dkk_m2")["why"].to_list() == [
        none.filter(pl.col("covariate") == "rent_dkk_m2")["why"].item() + f"; no_twins: {lost.height} areas left out"
    ]


def test_an_area_like_no_other_has_no_twin_and_says_on_what(nation: dict[str, pl.DataFrame]) -> None:
    (row,) = nation["comparison_support"].filter(area_id="area-000").to_dicts()
    assert (row["twins"], row["twins_missing_reason"], row["on_support"]) == (0, "no_candidate_in_caliper", False)
    assert "gross_income_dkk" in row["off_support_on"]


def test_the_rules_that_were_tried_are_told(nation: dict[str, pl.DataFrame], made: Any, registry: Registry) -> None:
    rules = nation["comparison_rules"]
    chosen = rules.filter("is_chosen")
    assert chosen.height == 1
    assert rules["rule_no"].to_list() == list(range(1, rules.height + 1))
    limit = registry.evaluation.limits.smd
    assert chosen["largest_smd"].item() == max(rules["largest_smd"].min(), 0) or chosen["largest_smd"].item() <= limit
    rows = nation["baseline_balance"].filter(
        pl.col("covariate").is_in(registry.evaluation.twins.indicators),
        contrast="funded",
        weighting="twins",
        baseline_window="three_years",
    )
    assert rows["smd"].abs().max() == pytest.approx(chosen["largest_smd"].item())
    assert rows["ess_0"].unique().item() == pytest.approx(chosen["ess_0"].item())


def test_few_areas_have_no_propensity_and_the_next_rule_is_taken(made: Any, registry: Registry) -> None:
    ids = areas(registry, 30)
    draw = np.random.default_rng(5)
    rules = made(
        "comparison_rules",
        registry=ruled(registry, WITHIN, MAHALANOBIS),
        figures="\n".join([HEAD, *covariates(registry, draw.normal(size=(30, 8)), ids)]),
        **granted(ids[:9]),
    )
    assert rules["is_chosen"].to_list() == [False, True]
    assert rules["why"][0] == "fewer_than_10_funded_or_50_candidates"


def test_candidates_near_a_funded_area_are_marked_or_left_out_as_declared(made: Any, registry: Registry) -> None:
    """Of twelve areas the first is funded; the second shares its organisation, the last two have no known estates."""
    ids = areas(registry, 12)
    homes = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    owner = ["A", "A", *("B" * 8)]
    estates = [f"{n} | Afd | {name} | {ids[n]} | 900" for n, name in enumerate(owner)]
    given = {
        "figures": "\n".join([HEAD, *covariates(registry, np.random.default_rng(2).normal(size=(12, 8)), ids)]),
        "estates": "\n".join(["estate_id | estate_name | housing_organisation | area_id | dwellings", *estates]),
        **granted(ids[:1]),
    }
    chosen = ruled(registry, {**MAHALANOBIS, "caliper": 100.0, "twins": 11})
    marked = made("comparison_support", "comparison_pool", registry=chosen, **given)
    support = {row["area_id"]: row for row in marked["comparison_support"].to_dicts()}
    near = {area: int(homes[area] == homes[ids[0]]) for area in ids[1:]}
    assert {area: support[area]["funded_in_municipality"] for area in ids[1:]} == near
    assert support[ids[0]]["funded_in_municipality"] == 0, "an area is not near itself"
    assert [support[area]["funded_in_organisation"] for area in ids] == [0, 1, *[0] * 8, None, None]
    pool = marked["comparison_pool"].filter(area_id=ids[0])
    assert dict(pool.select("candidate_id", "funded_in_municipality").iter_rows()) == near
    for spillover, gone in (("organisation", {ids[1]}), ("municipality", {area for area in near if near[area]})):
        twins = chosen.evaluation.twins.model_copy(update={"spillover": spillover})
        evaluation = chosen.evaluation.model_copy(update={"twins": twins})
        stricter = chosen.model_copy(update={"evaluation": evaluation})
        left = made("comparison_support", "comparison_pool", registry=stricter, **given)
        assert set(left["comparison_pool"].filter(area_id=ids[0])["candidate_id"]) == set(ids[1:]) - gone
        (own,) = left["comparison_support"].filter(area_id=ids[0]).to_dicts()
        assert own["candidates"] == 11 - len(gone)
