"""The marts of the baseline on small cases that can be checked by hand: honest rows, and a reason for every gap."""

import math
from collections.abc import Mapping
from datetime import date
from statistics import mean, stdev
from typing import Any

import polars as pl
import pytest

from flows.marts.baseline import trends
from flows.marts.baseline.areas import Areas
from flows.marts.build import BuildError
from schemas.evaluation import Lifting
from schemas.registry import Registry

MARTS = (
    "baseline_balance",
    "table_1",
    "baseline_trend",
    "baseline_years",
    "design_power",
    "design_power_years",
    "comparison_pool",
    "comparison_support",
)
YEARS = range(2000, 2006)


def areas(registry: Registry, count: int) -> list[str]:
    return [row["area_id"] for row in registry.codes["areas"]][:count]


def estates(ids: list[str], dwellings: int = 100) -> str:
    rows = [f"{n} | Afd {n} | Bolig | {area} | {dwellings}" for n, area in enumerate(ids)]
    return "\n".join(["estate_id | estate_name | housing_organisation | area_id | dwellings", *rows])


def grants(plans: Mapping[str, tuple[int | None, list[str]]], registry: Registry) -> dict[str, str]:
    """Plans with an amount each (None: not published) and their areas, as the fact tables of the grants."""
    homes = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    listed = ["grant_id | plan_name | municipality_code | grant_kind | amount_dkk | granted_from | granted_to"]
    covered = ["grant_id | area_id"]
    for plan, (amount, ids) in plans.items():
        cell = "" if amount is None else amount
        listed.append(f"g{plan} | {plan} | {homes[ids[0]]} | social_effort | {cell} | 2008-01-01 | 2011-12-31")
        covered += [f"g{plan} | {area}" for area in ids]
    return {"listed_grants": "\n".join(listed), "grant_areas": "\n".join(covered)}


def figures(values: Mapping[str, Mapping[int, float]], indicator: str = "gross_income_dkk") -> str:
    rows = [f"{a} | {y} | {indicator} | {v}" for a, by_year in values.items() for y, v in by_year.items()]
    return "\n".join(["area | year | indicator | value", *rows])


def only_row(frame: pl.DataFrame, **where: str) -> dict[str, Any]:
    (row,) = frame.filter(pl.all_horizontal(pl.col(name) == value for name, value in where.items())).to_dicts()
    return row


BANDS = {"contrast": "bands", "baseline_window": "last_year", "weighting": "none", "covariate": "gross_income_dkk"}
FUNDED = {**BANDS, "contrast": "funded"}


@pytest.fixture(scope="module")
def small(made: Any, registry: Registry) -> dict[str, pl.DataFrame]:
    """Three areas over 15 million, two between 5 and 15, none below; three never funded. 2003 is missing for one."""
    ids = areas(registry, 8)
    values = {area: {y: 100_000.0 + 1000 * at + 10 * y for y in YEARS} for at, area in enumerate(ids)}
    del values[ids[0]][2003]
    plans = {
        "A": (40_000_000, ids[:2]),
        "B": (20_000_000, [ids[2]]),
        "C": (6_000_000, [ids[3]]),
        "D": (6_000_000, [ids[4]]),
    }
    return dict(made(*MARTS, estates=estates(ids), figures=figures(values), **grants(plans, registry)))


def test_means_and_the_difference_in_standard_deviations_are_those_of_the_textbook(
    small: dict[str, pl.DataFrame],
) -> None:
    row = only_row(small["baseline_balance"], **FUNDED)
    first = [100_000 + 1000 * at + 20_050 for at in range(5)]
    second = [100_000 + 1000 * at + 20_050 for at in range(5, 8)]
    assert (row["areas_1"], row["areas_0"]) == (5, 3)
    assert (row["mean_1"], row["mean_0"]) == (mean(first), mean(second))
    assert row["smd"] == pytest.approx((mean(first) - mean(second)) / stdev(first))
    assert row["smd_denominator"] == "sd_of_arm_1"
    assert row["smd_tableone"] == pytest.approx(
        abs(mean(first) - mean(second)) / math.hypot(stdev(first), stdev(second)) * math.sqrt(2)
    )
    assert (row["balance_verdict"], row["why"]) == ("too_few", "fewer_than_20_areas_in_each_arm")


def test_table_1_has_the_medians_and_quartiles_of_the_textbook_beside_what_balance_says(
    small: dict[str, pl.DataFrame],
) -> None:
    """Over 2003-2005 five funded areas lie 1,000 apart, three others above them: the middle one is the median."""
    row = only_row(small["table_1"], contrast="funded", covariate="gross_income_dkk")
    middle = 100_000 + 20_040
    assert (row["baseline_window"], row["window_from"], row["window_to"]) == ("three_years", 2003, 2005)
    # The first lacks 2003, so that its mean is that of 2004 and 2005.
    first = [middle + 5, *(middle + 1000 * at for at in range(1, 5))]
    assert (row["median_1"], row["median_0"]) == (first[2], middle + 6000)
    assert (row["lower_quartile_1"], row["upper_quartile_1"]) == (first[1], first[3])
    assert (row["lower_quartile_0"], row["upper_quartile_0"]) == (middle + 5500, middle + 6500)
    same = only_row(small["baseline_balance"], **{**FUNDED, "baseline_window": "three_years"})
    assert same["mean_1"] == pytest.approx(mean(first))
    shared = row.keys() & same.keys() - {"twins_lost_1"}
    assert {name: row[name] for name in shared} == {name: same[name] for name in shared}
    assert row["smd_weighted"] is None
    level = only_row(small["table_1"], contrast="funded", covariate="size_band", level="0-700")
    assert (level["level_label"], level["mean_1"], level["median_1"]) == ("under 700 dwellings", 1, None)


def test_a_band_without_areas_has_rows_with_a_reason(small: dict[str, pl.DataFrame]) -> None:
    row = only_row(small["baseline_balance"], **BANDS, row_kind="pair", arm_1="over_15m", arm_0="under_5m")
    assert (row["areas_1"], row["areas_0"], row["smd"], row["mean_0"]) == (3, 0, None, None)
    assert (row["balance_verdict"], row["why"].split("; ")[0]) == ("not_defined", "no_areas_in_arm_0")
    trend = only_row(
        small["baseline_trend"], contrast="bands", arm_1="over_15m", arm_0="under_5m", indicator="gross_income_dkk"
    )
    assert (trend["trend_verdict"], trend["slope_difference"], trend["joint_p"]) == ("not_defined", None, None)
    assert trend["why"].startswith("no_areas_in_arm_0")


def test_of_three_bands_the_pair_that_differs_most_is_named(small: dict[str, pl.DataFrame]) -> None:
    row = only_row(small["baseline_balance"], **BANDS, row_kind="worst_pair")
    assert (row["arm_1"], row["arm_0"]) == ("over_15m", "5_15m")
    assert row["smd_tableone"] is None


def test_few_clusters_give_a_reason_and_no_number(small: dict[str, pl.DataFrame]) -> None:
    row = only_row(small["baseline_trend"], contrast="funded", indicator="gross_income_dkk")
    assert row["slope_difference"] == pytest.approx(0, abs=1e-6)
    assert (row["slope_se"], row["joint_p"], row["trend_verdict"]) == (None, None, "too_few")
    assert "too_few_clusters" in row["why"]
    assert (row["missing_1"], row["areas_1"]) == (1, 4), "the area without 2003 is left out, and counted"


def test_p_values_are_adjusted_among_primary_outcomes_and_among_the_others(registry: Registry) -> None:
    """By Holm 2 and 1 times the p-values of two primary outcomes; of three others by 3, 3/2, 1; a gap is free."""
    primary = registry.evaluation.primary.outcomes
    areas_of = Areas(pl.DataFrame({"area_id": []}), registry)
    others = sorted(areas_of.outcomes - set(primary))[:4]
    background = next(name for name in areas_of.indicators if name not in areas_of.outcomes)
    p = dict(zip([*primary[:2], *others, background], [0.01, 0.03, 0.01, 0.02, None, 0.5, 0.001], strict=True))
    head = {"contrast": "funded", "arm_1": "funded", "arm_0": "never_funded"}
    rows: list[dict[str, Any]] = [
        {**head, "indicator": name, "slope_p": value, "joint_p": None} for name, value in p.items()
    ]
    trends._adjust(rows, areas_of)
    found = {row["indicator"]: (row["family"], row["slope_p_adjusted"]) for row in rows}
    assert found == {
        primary[0]: ("primary", pytest.approx(0.02)),
        primary[1]: ("primary", pytest.approx(0.03)),
        others[0]: ("other", pytest.approx(0.03)),
        others[1]: ("other", pytest.approx(0.03)),
        others[2]: ("other", None),
        others[3]: ("other", pytest.approx(0.5)),
        background: (None, None),
    }
    assert {row["joint_p_adjusted"] for row in rows} == {None}


def test_a_missing_year_in_the_window_is_counted(small: dict[str, pl.DataFrame]) -> None:
    three = only_row(small["baseline_balance"], **{**FUNDED, "baseline_window": "three_years"})
    assert (three["areas_1"], three["missing_1"], three["incomplete"]) == (5, 0, 1)
    last = only_row(small["baseline_balance"], **FUNDED)
    assert last["incomplete"] == 0


def test_withheld_counts_leave_bounds_open_and_few_areas_get_none(made: Any, registry: Registry) -> None:
    """Six funded areas with 3 to 8 of 100, six others of which five have a withheld count: bounds, and no points."""
    ids = areas(registry, 12)
    lines = ["area | year | indicator | count | of"]
    lines += [f"{area} | 2005 | convicted_pct | {3 + at} | 100" for at, area in enumerate(ids[:6])]
    lines += [f"{area} | 2005 | convicted_pct | {'' if at < 5 else 3} | {100 + at}" for at, area in enumerate(ids[6:])]
    table = made("baseline_balance", figures="\n".join(lines), **grants({"A": (9_000_000, ids[:6])}, registry))
    row = only_row(table, **{**FUNDED, "covariate": "convicted_pct"})
    assert (row["withheld_1"], row["withheld_0"], row["areas_0"]) == (0, 5, 6)
    least, most = ([100 * x / (100 + at) for at in range(5)] + [300 / 105] for x in (1, 2))
    assert (row["mean_0_least"], row["mean_0_most"]) == pytest.approx((mean(least), mean(most)))
    assert (row["mean_1_least"], row["mean_1_most"]) == (5.5, 5.5)
    spread = stdev([3.0, 4, 5, 6, 7, 8])
    assert row["smd_least"] == pytest.approx((5.5 - mean(most)) / spread)
    assert row["smd_most"] == pytest.approx((5.5 - mean(least)) / spread)
    assert (row["smd"], row["mean_0"], row["mean_difference"]) == (None, None, None)
    assert "mostly_withheld" in row["why"]
    few = made("baseline_balance", figures="\n".join(lines[:-2]), **grants({"A": (9_000_000, ids[:6])}, registry))
    hidden = only_row(few, **{**FUNDED, "covariate": "convicted_pct"})
    assert (hidden["areas_0"], hidden["withheld_0"], hidden["smd_least"], hidden["mean_0_most"]) == (4, 4, None, None)
    assert "fewer_than_5_areas_for_bounds" in hidden["why"]


def test_an_indicator_without_figures_says_so(small: dict[str, pl.DataFrame]) -> None:
    row = only_row(small["baseline_balance"], **{**FUNDED, "covariate": "rent_dkk_m2"})
    assert (row["areas_1"], row["missing_1"], row["smd"]) == (0, 5, None)
    assert (row["balance_verdict"], row["why"]) == ("not_defined", "no_figures_in_window")


def test_equal_values_and_single_areas_have_no_standardised_difference(made: Any, registry: Registry) -> None:
    ids = areas(registry, 4)
    same = {area: dict.fromkeys(YEARS, 200_000.0) for area in ids}
    plans = {"A": (40_000_000, ids[:1]), "B": (6_000_000, ids[1:2])}
    tables = made(*MARTS, estates=estates(ids), figures=figures(same), **grants(plans, registry))
    funded = only_row(tables["baseline_balance"], **FUNDED)
    assert (funded["mean_difference"], funded["smd"], funded["balance_verdict"]) == (0, None, "not_defined")
    assert "constant" in funded["why"]
    bands = only_row(tables["baseline_balance"], **BANDS, row_kind="pair", arm_1="over_15m", arm_0="5_15m")
    assert (bands["mean_1"], bands["sd_1"], bands["smd"]) == (200_000, None, None)
    assert "one_area_in_arm_1" in bands["why"]


def test_a_grant_without_an_amount_keeps_its_band_and_has_no_dose(made: Any, registry: Registry) -> None:
    ids = areas(registry, 3)
    values = {area: dict.fromkeys(YEARS, 1000.0 + at) for at, area in enumerate(ids)}
    table = f"""
plan_name | area_id  | funding_band | grant_period_years
A         | {ids[0]} | over_15m     | 4
B         | {ids[1]} | under_5m     | 4
"""
    tables = made(
        "baseline_balance", "baseline_panel", estates=estates(ids), figures=figures(values, "residents"), grants=table
    )
    bands = only_row(
        tables["baseline_balance"],
        **{**BANDS, "covariate": "residents"},
        row_kind="pair",
        arm_1="over_15m",
        arm_0="under_5m",
    )
    assert (bands["areas_1"], bands["areas_0"], bands["mean_difference"]) == (1, 1, -1)
    dose = only_row(
        tables["baseline_balance"],
        contrast="dose",
        baseline_window="last_year",
        weighting="none",
        covariate="residents",
    )
    assert (dose["areas_1"], dose["dose_correlation"], dose["balance_verdict"]) == (0, None, "not_defined")
    assert "amount_not_published: 2 areas left out" in dose["why"]
    assert set(tables["baseline_panel"].filter(treatment="funded")["dose_missing_reason"]) == {"amount_not_published"}


def test_funded_areas_stand_in_one_band_or_say_why_and_locked_years_are_counted_only(
    made: Any, registry: Registry
) -> None:
    """Five funded areas: one per band but the lowest, one of two bands, two whose amount nobody knows; three others."""
    ids = areas(registry, 8)
    plans = {
        "A": (40_000_000, ids[:1]),
        "B": (6_000_000, ids[1:3]),
        "C": (40_000_000, ids[2:3]),
        "D": (None, ids[3:5]),
    }
    values = {area: {2004: 10.0 * at, 2010: 1.0} for at, area in enumerate(ids)}
    given = {"estates": estates(ids), "figures": figures(values, "move_out_pct"), **grants(plans, registry)}
    cells = made("band_profile", **given)
    whole = cells.filter(size_band_or_all="all")
    found = {(row["scope"], row["funding_band_or_why"], row["year"]): row for row in whole.to_dicts()}
    in_2004 = {key[:2]: (row["areas"], row["mean_value"]) for key, row in found.items() if key[2] == 2004}
    assert in_2004 == {
        **{("case_areas", band): (0, None) for band in ("under_5m", "5_15m", "over_15m")},
        ("funded", "over_15m"): (1, 0),
        ("funded", "5_15m"): (1, 10),
        ("funded", "under_5m"): (0, None),
        ("funded", "several_bands"): (1, 20),
        ("funded", "amount_not_published"): (2, 35),
        ("never_funded", "no_grant"): (3, 60),
    }
    later = [row for key, row in found.items() if key[2] == 2010 and row["areas"]]
    assert sorted(row["areas"] for row in later) == [1, 1, 1, 2, 3]
    assert {(row["mean_value"], row["median_value"], row["maximum_value"], row["cell_note"]) for row in later} == {
        (None, None, None, "locked")
    }


def test_did_convicted_youth_fall_more_in_funded_areas_is_one_row_once_the_lock_is_lifted(
    made: Any, registry: Registry
) -> None:
    """Of 100 young people each, twelve funded areas go from 10 to 6 or 8 convicted, others from 8 to 7 or 9."""
    ids = areas(registry, 30)
    lines = ["area | year | indicator | count | of"]
    for at, area in enumerate(ids):
        counts = (10, 10, 6 + 2 * (at % 2)) if at < 12 else (8, 8, 7 + 2 * (at % 2))
        lines += [
            f"{area} | {y} | convicted_15_24_pct | {n} | 100" for y, n in zip((2005, 2006, 2010), counts, strict=True)
        ]
    given = {"figures": "\n".join(lines), **grants({"A": (9_000_000, ids[:12])}, registry)}
    row = {"contrast": "funded", "indicator": "convicted_15_24_pct"}
    locked = made("group_change", **given).filter(change_from=2006)
    assert (only_row(locked, **row)["why"], only_row(locked, **row)["change_1"]) == ("locked", None)
    signed = {"signed_by": "a name", "signed_on": date(2026, 12, 1), "reason": "registered"}
    lifting = {"first": Lifting(id="first", through=2010, **signed)}
    evaluation = registry.evaluation.model_copy(update={"lifting": lifting})
    opened = made("group_change", registry=registry.model_copy(update={"evaluation": evaluation}), **given)
    answer = only_row(opened.filter(change_from=2006), **row)
    assert (answer["areas_1"], answer["areas_0"], answer["missing_0"]) == (12, 18, 0)
    assert (answer["change_1"], answer["change_0"], answer["change_difference"]) == pytest.approx((-3, 0, -3))
    assert answer["change_difference_low"] < -3 < answer["change_difference_high"] < 0
    assert only_row(opened.filter(change_from=2000), **row)["why"] == "no_areas_in_arm_1"


def test_no_number_is_ever_nan_and_every_gap_has_a_reason(small: dict[str, pl.DataFrame]) -> None:
    wanted = {
        "baseline_balance": "smd",
        "table_1": "smd",
        "baseline_trend": "joint_p",
        "design_power": "mde",
        "design_power_years": "mde",
    }
    for mart in MARTS:
        frame = small[mart]
        numbers = frame.select(pl.col(pl.Float64))
        assert not any(numbers[name].is_nan().any() or numbers[name].is_infinite().any() for name in numbers.columns), (
            mart
        )
        if mart in wanted:
            bare = frame.filter(pl.col(wanted[mart]).is_null() & pl.col("why").is_null())
            assert (
                bare.filter(pl.col("row_kind") != "dose").is_empty() if "row_kind" in bare.columns else bare.is_empty()
            ), mart


def test_a_frozen_pool_refuses_the_night_in_which_a_figure_of_the_baseline_was_revised(
    made: Any, registry: Registry
) -> None:
    """With its hash signed the same figures pass; one income of 2004 revised is another pool, and the build says so."""
    ids = areas(registry, 30)
    wanted = registry.evaluation.twins.indicators

    def figures_with(income: float) -> str:
        lines = ["area | year | indicator | value"]
        for at, area in enumerate(ids):
            for place, name in enumerate(wanted):
                for year in (2003, 2004, 2005):
                    value = (7 * at + 3 * place + year) % 23 + (10 if name.endswith("_pct") else 20_000)
                    is_revised = (at, name, year) == (3, "gross_income_dkk", 2004)
                    lines.append(f"{area} | {year} | {name} | {income if is_revised else value}")
        return "\n".join(lines)

    given = grants({"A": (9_000_000, ids[:1])}, registry)
    first = made("comparison_support", figures=figures_with(20_001), **given)
    assert first["twins"].sum() > 20
    sha256 = first["pool_sha256"][0]
    signed = registry.evaluation.model_copy(
        update={"twins": registry.evaluation.twins.model_copy(update={"sha256": sha256})}
    )
    frozen = registry.model_copy(update={"evaluation": signed})
    assert made("comparison_support", registry=frozen, figures=figures_with(20_001), **given).equals(first)
    with pytest.raises(
        BuildError, match=rf"frozen as {sha256}, but these figures give [0-9a-f]{{64}}\. Figures up to 2005"
    ):
        made("comparison_support", registry=frozen, figures=figures_with(20_019), **given)


def test_areas_without_what_the_weights_need_are_counted(made: Any, registry: Registry) -> None:
    """Two of thirty areas lack an indicator that entropy weights are made of: they stand among the missing."""
    ids = areas(registry, 30)
    lines = ["area | year | indicator | value"]
    for at, area in enumerate(ids):
        for place, name in enumerate((*registry.evaluation.balancing.indicators, "rent_dkk_m2", "residents")):
            if name == "move_out_pct" and at in (1, 20):
                continue
            base = 10 if name.endswith("_pct") else 20_000 if name == "gross_income_dkk" else 600
            lines += [
                f"{area} | {year} | {name} | {(7 * at + 5 * place + year) % 23 + base}" for year in (2003, 2004, 2005)
            ]
    table = made("baseline_balance", figures="\n".join(lines), **grants({"A": (9_000_000, ids[:12])}, registry))
    where = {"contrast": "funded", "baseline_window": "three_years", "covariate": "rent_dkk_m2"}
    plain, weighed = (only_row(table, **where, weighting=weighting) for weighting in ("none", "entropy"))
    assert (plain["areas_1"], plain["areas_0"], plain["missing_1"], plain["missing_0"]) == (12, 18, 0, 0)
    assert (weighed["areas_1"], weighed["areas_0"], weighed["missing_1"], weighed["missing_0"]) == (11, 17, 1, 1)
    assert "weight_missing: 2 areas left out" in weighed["why"]
    assert weighed["residents_1"] < plain["residents_1"]
