"""Targets against figures, on tables that can be checked by hand: paths, verdicts, what moved around."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from flows.marts import build
from schemas.registry import Registry

GRANTS = """
plan_name | area_id    | municipality_code
A         | vollsmose  | 0461
B         | bispehaven | 0751
"""
# From 50 % in 2008 to 40 % in 2012.
TARGET = {
    "plan_name": "A",
    "area": "vollsmose",
    "municipality_code": "0461",
    "target_no": "1",
    "set_on": "2009-01-01",
    "set_by": "gruppe",
    "effort_area_id": "boern-og-unge",
    "goal": "G",
    "indicator": "basic_education_pct",
    "not_measurable_because": "",
    "direction": "down",
    "start_value": "50.0",
    "start_year": "2008",
    "target_value": "40",
    "target_year": "2012",
    "is_withdrawn": "",
}
NO_INDICATOR = dict.fromkeys(
    ("area", "indicator", "direction", "start_value", "start_year", "target_value", "target_year"), ""
)


def targets(*changes: dict[str, str]) -> str:
    """Rows of plan_targets: the target above with what each row changes."""
    return "\n".join([" | ".join(TARGET), *(" | ".join({**TARGET, **change}.values()) for change in changes or ({},))])


def figures(*counts: tuple[int, str], area: str = "vollsmose", indicator: str = "basic_education_pct") -> str:
    """Figures with counts 'x/n', or plain values, by year; each published the year after."""
    lines = ["area | year | indicator | count | of | value | published_at"]
    for year, state in counts:
        x, _, n = state.partition("/")
        cells = f"{x} | {n} |" if n else f" | | {state}"
        lines.append(f"{area} | {year} | {indicator} | {cells} | {year + 1}-06-01")
    return "\n".join(lines)


def by_year(frame: pl.DataFrame, *columns: str) -> dict[int, Any]:
    return {
        row["year"]: tuple(row[c] for c in columns) if len(columns) > 1 else row[columns[0]] for row in frame.to_dicts()
    }


def progress(made: Any, counts: str, *changes: dict[str, str]) -> pl.DataFrame:
    found: pl.DataFrame = made("target_progress", grants=GRANTS, plan_targets=targets(*changes), figures=counts)
    return found


# Worked out by hand from Wilson (1927) and Newcombe (1998): of 1,000 residents 500 in 2008; 440 are 44 %, whose change
# of -6.0 points lies between -10.3 and -1.6; 350 are 35 % with 38.0 as the upper limit; 480 change by -6.4 at most.
@pytest.mark.parametrize(
    ("in_2012", "verdict"),
    [(350, "reached"), (380, "on_the_way"), (440, "on_the_way"), (480, "off_the_way"), (560, "off_the_way")],
)
def test_the_final_verdict(made: Any, in_2012: int, verdict: str) -> None:
    found = progress(made, figures((2008, "500/1000"), (2012, f"{in_2012}/1000")))
    assert by_year(found, "target_verdict", "verdict_kind")[2012] == (verdict, "final")
    assert by_year(found, "target_verdict")[2008] is None


def test_intervals_that_hold_both_no_change_and_the_path_tell_nothing(made: Any) -> None:
    # 46.5 of 400: the change of -3.5 lies between -10.3 and +3.4; the path asks for -10.
    found = progress(made, figures((2008, "200/400"), (2012, "186/400")))
    row = found.filter(year=2012).to_dicts()[0]
    assert (row["target_verdict"], row["why"]) == ("cannot_be_told", None)
    assert row["change_start_low"] < -10 < 0 < row["change_start_high"]


def test_the_path_is_a_straight_line_and_no_verdict_comes_before_its_step_can_be_seen(made: Any) -> None:
    found = progress(
        made,
        figures((2008, "500/1000"), (2009, "440/1000"), (2010, "440/1000"), (2011, "440/1000"), (2012, "440/1000")),
    )
    assert by_year(found, "expected_value") == {2008: 50, 2009: 47.5, 2010: 45, 2011: 42.5, 2012: 40}
    assert by_year(found, "path_distance")[2011] == 1.5
    # 2.80 sqrt((50 * 50 + 45 * 55) / 1000) = 6.245 > 5; 2.80 sqrt((50 * 50 + 42.5 * 57.5) / 1000) = 6.226 < 7.5
    assert by_year(found, "visible_change")[2010] == pytest.approx(6.2454, abs=1e-4)
    assert by_year(found, "visible_count")[2011] == pytest.approx(62.26, abs=1e-2)
    assert by_year(found, "target_verdict", "why", "verdict_kind") == {
        2008: (None, "starting_year", None),
        2009: ("cannot_be_told", "step_too_small", "interim"),
        2010: ("cannot_be_told", "step_too_small", "interim"),
        2011: ("on_the_way", None, "interim"),
        2012: ("on_the_way", None, "final"),
    }
    low, high = by_year(found, "change_start_low", "change_start_high")[2011]
    assert (low, high) == pytest.approx((-10.342, -1.625), abs=2e-3)


def test_a_target_that_shall_rise_is_the_mirror_image(made: Any) -> None:
    rising = {"direction": "up", "target_value": "60"}
    for in_2012, verdict in ((650, "reached"), (620, "on_the_way"), (520, "off_the_way"), (440, "off_the_way")):
        found = progress(made, figures((2008, "500/1000"), (2012, f"{in_2012}/1000")), rising)
        assert by_year(found, "target_verdict")[2012] == verdict


NO_VERDICT = {
    "no figure of the year": (((2008, "500/1000"),), {}, "no_figure"),
    "no figure of the start": (((2012, "380/1000"),), {}, "no_start_figure"),
    "another start than the figures'": (
        ((2008, "500/1000"), (2012, "380/1000")),
        {"start_value": "56.0"},
        "start_disagrees",
    ),
    "shares without counts": (((2008, "50"), (2012, "38")), {}, "counts_not_delivered"),
    "counts of one year only": (((2008, "50"), (2012, "380/1000")), {}, "counts_not_delivered"),
    "a step too small for the area": (((2008, "50/100"), (2012, "38/100")), {}, "step_too_small"),
}


@pytest.mark.parametrize("name", NO_VERDICT)
def test_what_cannot_be_told_says_why(made: Any, name: str) -> None:
    counts, target, why = NO_VERDICT[name]
    row = progress(made, figures(*counts), target).filter(year=2012).to_dicts()[0]
    assert row["target_verdict"] == "cannot_be_told"
    assert why in row["why"].split("; ")


def test_full_time_persons_get_no_verdict(made: Any) -> None:
    target = {"indicator": "outside_work_pct"}
    counts = figures((2008, "500/1000"), (2012, "350/1000"), indicator="outside_work_pct")
    row = progress(made, counts, target).filter(year=2012).to_dicts()[0]
    assert (row["target_verdict"], row["why"], row["change_start"]) == ("cannot_be_told", "no_interval_for_basis", -15)


def test_means_over_years_that_overlap_are_not_compared(made: Any) -> None:
    counts = """
area      | year | indicator           | count | of   | window_years
vollsmose | 2008 | basic_education_pct | 500   | 1000 | 4
vollsmose | 2011 | basic_education_pct | 380   | 1000 | 4
vollsmose | 2012 | basic_education_pct | 380   | 1000 | 2
"""
    found = progress(made, counts)
    why = by_year(found, "why", "change_start", "target_verdict")
    assert why[2011] == ("overlapping_windows", None, "cannot_be_told")
    assert why[2012] == ("other_window", None, "cannot_be_told")


def test_a_rate_is_judged_by_its_poisson_limits(made: Any) -> None:
    target = {"indicator": "burglary_rate", "target_value": "20"}
    counts = figures((2008, "100/2000"), (2012, "30/2000"), indicator="burglary_rate")
    row = progress(made, counts, target).filter(year=2012).to_dicts()[0]
    # 1000 * (50 / 2000 + 20 / 2000) = 35
    assert row["visible_change"] == pytest.approx(2.80 * 35**0.5)
    assert row["target_verdict"] == "on_the_way"
    assert row["ci_high"] > 20


def test_a_revised_target_keeps_the_old_one(made: Any) -> None:
    revised = {"set_on": "2010-03-01", "target_value": "44"}
    versions, found = made(
        "dim_targets",
        "target_progress",
        grants=GRANTS,
        plan_targets=targets({}, revised),
        figures=figures((2008, "500/1000"), (2012, "420/1000")),
    ).values()
    history = versions.select("target_version", "target_value", "is_current", "replaced_on").rows()
    assert [(v, t, c, str(r)) for v, t, c, r in history] == [(1, 40, False, "2010-03-01"), (2, 44, True, "None")]
    final = found.filter(year=2012).select("target_version", "is_current", "verdict_kind").rows()
    assert final == [(1, False, "replaced"), (2, True, "final")]


def test_what_is_set_after_its_figures_are_known_is_no_declaration(made: Any) -> None:
    late = {"set_on": "2012-01-01"}
    found = progress(made, figures((2008, "500/1000"), (2010, "400/1000"), (2012, "380/1000")), late)
    assert by_year(found, "verdict_kind") == {
        2008: None,
        2009: "interim",
        2010: "afterwards",
        2011: "interim",
        2012: "final",
    }


def test_figures_that_are_published_again_declare_nothing_anew(made: Any) -> None:
    """What was known first counts: neither does a late target become declared, nor a judged one replaced."""
    again = figures((2008, "500/1000"), (2012, "350/1000")).replace("2013-06-01", "2016-06-01")
    first = """
geography | area      | period | indicator           | breakdown | published_at
area      | vollsmose | 2012   | basic_education_pct | all       | 2013-06-01
"""
    late, revised = {"set_on": "2014-01-01"}, {"set_on": "2014-05-01", "target_value": "36"}
    for changes, kinds in (((late,), ["afterwards"]), (({}, revised), ["final", "afterwards"])):
        found = made(
            "target_progress",
            grants=GRANTS,
            plan_targets=targets(*changes),
            figures=again,
            first_figures=first.replace("| area      |", "| geography_id |"),
        )
        assert found.filter(year=2012)["verdict_kind"].to_list() == kinds


def test_a_figure_that_repeats_another_year_gets_no_verdict(made: Any) -> None:
    areas = ("vollsmose", "bispehaven", "akacieparken", "viby-syd", "aalborg-oest", "finlandsparken")
    lines = ["area | year | indicator | count | of | source_file"]
    for at, area in enumerate(areas):
        for year, count in ((2008, 500), (2011, 350), (2012, 350)):
            lines.append(f"{area} | {year} | basic_education_pct | {count - at} | 1000 | {year}.csv")
    found = progress(made, "\n".join(lines))
    verdicts = by_year(found, "target_verdict", "why")
    assert verdicts[2011] == ("reached", None)
    assert verdicts[2012] == ("cannot_be_told", "repeated_figure")


def test_the_future_has_no_final_verdict(made: Any) -> None:
    found = progress(made, figures((2008, "500/1000"), (2011, "440/1000")))
    assert by_year(found, "target_verdict", "verdict_kind", "why")[2012] == ("cannot_be_told", "interim", "no_figure")


def test_small_bases_show_nothing_even_at_the_ends(made: Any) -> None:
    zero = {"start_value": "0", "target_value": "100", "direction": "up"}
    found = progress(made, figures((2008, "0/5"), (2012, "5/5")), zero)
    row = found.filter(year=2012).to_dicts()[0]
    # Half a unit of five at either end: 2.80 sqrt(2 * 100^2 * (0.5/6)(5.5/6) / 5)
    assert row["visible_change"] == pytest.approx(2.80 * (2 * 10000 * (0.5 / 6) * (5.5 / 6) / 5) ** 0.5)


@pytest.mark.parametrize("status", ["provisional", "estimated"])
def test_a_provisional_or_estimated_figure_gives_no_final_verdict(made: Any, status: str) -> None:
    counts = figures((2008, "500/1000"), (2012, "350/1000")).splitlines()
    counts = [f"{line} | {state}" for line, state in zip(counts, ("status", "final", status), strict=True)]
    found = progress(made, "\n".join(counts))
    assert by_year(found, "target_verdict", "verdict_kind")[2012] == ("reached", "interim")


def test_what_the_municipality_and_the_country_did_stands_beside(made: Any) -> None:
    around = """
geography    | geography_id | year | indicator           | count | of    | published_at
area         | vollsmose    | 2008 | basic_education_pct | 500   | 1000  | 2009-06-01
area         | vollsmose    | 2012 | basic_education_pct | 380   | 1000  | 2013-06-01
municipality | 0461         | 2008 | basic_education_pct | 3000  | 10000 | 2009-06-01
municipality | 0461         | 2012 | basic_education_pct | 2000  | 10000 | 2013-06-01
country      | 000          | 2008 | basic_education_pct | 25000 | 99000 | 2009-06-01
"""
    row = progress(made, around).filter(year=2012).to_dicts()[0]
    assert (row["municipality_start"], row["municipality_value"], row["municipality_change"]) == (30, 20, -10)
    assert (row["country_value"], row["country_change"]) == (None, None)
    assert (row["twin_change"], row["twin_change_missing_reason"]) == (None, "no_twins")


def test_a_target_against_the_figures_on_the_day_it_is_set(made: Any) -> None:
    years = ((2008, "300/1000"), (2009, "301/1000"), (2010, "290/1000"), (2012, "150/1000"))
    others = figures(*years, area="akacieparken").split("\n", 1)[1]
    more = figures((2004, "300/1000"), (2008, "290/1000"), area="viby-syd").split("\n", 1)[1]
    counts = f"{figures((2008, '500/1000'))}\n{others}\n{more}"
    row = made("dim_targets", grants=GRANTS, plan_targets=targets(), figures=counts).to_dicts()[0]
    assert (row["start_figure"], row["start_check"], row["step_size"], row["has_counts"]) == (50, "equal", -10, True)
    assert row["visible_change"] == pytest.approx(2.80 * ((2500 + 2400) / 1000) ** 0.5)
    assert row["step_is_visible"] is True
    # Two areas have figures four years apart; one of them went down by 10 points or more.
    assert (row["moved_areas"], row["moved_of_areas"], row["step_percentile"]) == (1, 2, 50)


def test_means_over_overlapping_or_different_years_are_no_moves(made: Any) -> None:
    counts = """
area         | year | indicator           | count | of   | window_years
akacieparken | 2008 | basic_education_pct | 500   | 1000 | 5
akacieparken | 2012 | basic_education_pct | 300   | 1000 | 5
viby-syd     | 2008 | basic_education_pct | 500   | 1000 | 1
viby-syd     | 2012 | basic_education_pct | 300   | 1000 | 2
bispehaven   | 2008 | basic_education_pct | 500   | 1000 | 4
bispehaven   | 2012 | basic_education_pct | 495   | 1000 | 4
"""
    row = made("dim_targets", grants=GRANTS, plan_targets=targets(), figures=counts).to_dicts()[0]
    assert (row["moved_areas"], row["moved_of_areas"], row["step_percentile"]) == (0, 1, 100)


@pytest.mark.parametrize(("stated", "check"), [("50.04", "equal"), ("48.0", "within_interval"), ("40.1", "differs")])
def test_the_starting_value_is_held_against_the_figure(made: Any, stated: str, check: str) -> None:
    row = made(
        "dim_targets", grants=GRANTS, plan_targets=targets({"start_value": stated}), figures=figures((2008, "500/1000"))
    ).to_dicts()[0]
    assert row["start_check"] == check


def test_a_goal_that_no_register_measures_stands_beside_the_others(made: Any) -> None:
    unmeasured = {**NO_INDICATOR, "not_measurable_because": "no_register", "effort_area_id": "sundhed"}
    other = {**unmeasured, "target_no": "2"}
    given_up = {**other, "set_on": "2010-01-01", "not_measurable_because": "", "is_withdrawn": "true"}
    goals = targets(unmeasured, other, given_up)
    found = made("dim_targets", "target_progress", "plan_overview", grants=GRANTS, plan_targets=goals)
    assert found["dim_targets"].select("target_no", "is_current", "is_withdrawn").rows() == [
        ("1", True, False),
        ("2", False, False),
        ("2", False, True),
    ]
    assert found["target_progress"].is_empty()
    overview = found["plan_overview"].to_dicts()[0]
    assert [overview[name] for name in ("goals", "goals_not_measurable", "goals_withdrawn", "without_verdict")] == [
        1,
        1,
        1,
        0,
    ]


ACTIVITIES = """
plan_name | municipality_code | effort_area_id | activity | begins     | year | participants | step | source_line
A         | 0461              | boern-og-unge  | Lektier  | 2008-01-01 | 2008 | 20           | S    | 1
A         | 0461              | boern-og-unge  | Lektier  | 2008-01-01 | 2009 | 30           | S    | 2
A         | 0461              | boern-og-unge  | Klub     | 2008-01-01 | 2009 | 12           |      | 3
A         | 0461              | sundhed        | Motion   | 2008-01-01 | 2009 |              |      | 4
"""
LINKS = """
plan_name | municipality_code | activity | year | indicator              | step | source_line
A         | 0461              | Lektier  | 2008 | youth_neither_pct      | S    | 1
A         | 0461              | Lektier  | 2009 | youth_in_education_pct | S    | 2
A         | 0461              | Lektier  | 2009 | youth_neither_pct      | S    | 2
"""


def test_a_plans_goals_and_activities_by_effort_area(made: Any) -> None:
    found = made(
        "plan_overview",
        grants=GRANTS,
        plan_targets=targets(),
        figures=figures((2008, "500/1000"), (2011, "440/1000")),
        plan_activities=ACTIVITIES,
        activity_indicators=LINKS,
    )
    rows = {row["effort_area_id"]: row for row in found.to_dicts()}
    youth, health = rows["boern-og-unge"], rows["sundhed"]
    assert (youth["goals"], youth["goals_measurable"], youth["on_the_way"]) == (1, 1, 1)
    assert (youth["activities"], youth["activities_with_indicator"], youth["activities_without_indicator"]) == (2, 1, 1)
    assert (youth["participants_year"], youth["participants_last_year"]) == (2009, 42)
    assert (health["activities"], health["participants_last_year"]) == (1, None)
    assert found.filter(plan_id="b").is_empty()


def test_the_plans_own_links_go_before_the_proposals(made: Any, registry: Registry) -> None:
    found = made("plan_change_theory", grants=GRANTS, plan_activities=ACTIVITIES, activity_indicators=LINKS)
    own = found.filter(link_source="plan").select("effort_area_id", "activity", "step", "indicator").rows()
    assert own == [
        ("boern-og-unge", "Klub", None, None),
        ("boern-og-unge", "Lektier", "S", "youth_in_education_pct"),
        ("boern-og-unge", "Lektier", "S", "youth_neither_pct"),
        ("sundhed", "Motion", None, None),
    ]
    proposed = found.filter(link_source="boligprofil proposal")
    assert set(proposed["effort_area_id"]) == {"sundhed"}
    (step,) = (step for step in registry.change_theory.step.values() if step.effort_area == "sundhed")
    assert set(proposed["indicator"]) == set(step.indicators)


def test_shared_indicators_mark_the_targets_of_the_secretariats_plans(made: Any) -> None:
    target = {"plan_name": "B", "area": "bispehaven", "municipality_code": "0751"}
    shared = """
secretariat_id | indicator           | agreed_by | agreed_from | agreed_until
aarhus         | basic_education_pct | gruppe    | 2009-01-01  |
"""
    cases = """
area_id    | supported_by_secretariat | secretariat_municipality_code
bispehaven | true                     | 0751
"""
    for until, is_shared in (("", True), ("2010-01-01", False), ("2029-12-31", True)):
        row = made(
            "dim_targets",
            grants=GRANTS,
            plan_targets=targets(target),
            case_areas=cases,
            secretariat_indicators=shared.rstrip() + until,
        ).to_dicts()[0]
        assert (row["secretariat_id"], row["is_shared"]) == ("aarhus", is_shared)


def test_which_figures_a_municipality_has_and_which_not(made: Any) -> None:
    counts = figures((2008, "500/1000"), (2010, "490/1000"))
    rows = {
        (row["municipality_code"], row["indicator"]): row
        for row in made("data_overview", grants=GRANTS, figures=counts).to_dicts()
    }
    odense = rows["0461", "basic_education_pct"]
    assert (odense["figure_years"], odense["gap_years"], odense["gap"]) == ("2008, 2010", "2009", "some_years")
    assert (odense["counts_pct"], odense["owner_sources"]) == (100, "municipal_figures")
    assert odense["owners"] == "the municipality that sends them"
    assert rows["0751", "basic_education_pct"]["gap"] == "nothing_delivered"
    assert rows["0101", "basic_education_pct"]["gap"] == "no_area"


COUNTS = st.tuples(
    st.integers(30, 5000), st.integers(30, 5000), st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.floats(0.02, 0.98)
)


@settings(max_examples=examples(30))
@given(cases=st.lists(COUNTS, min_size=20, max_size=60), rising=st.booleans())
def test_every_verdict_is_that_of_independent_intervals(cases: list[Any], rising: bool) -> None:
    """Against statsmodels' Wilson and Newcombe intervals, for any counts; never two verdicts at once."""
    n0, n1, p0, p1, goal = (np.array(column) for column in zip(*cases, strict=True))
    x0, x1 = np.rint(p0 * n0), np.rint(p1 * n1)
    share0 = 100 * x0 / n0
    # The target lies on the side that the figure shall move to.
    target = share0 + (1 if rising else -1) * goal * np.where(rising, 100 - share0, share0)
    low, high = (100 * limit for limit in proportion_confint(x1, n1, method="wilson"))
    change = [
        confint_proportions_2indep(b, m, a, k, method="newcomb") for a, k, b, m in zip(x0, n0, x1, n1, strict=True)
    ]
    change_low, change_high = (100 * np.array(limits) for limits in zip(*change, strict=True))
    given_rows = pl.DataFrame({"x0": x0, "n0": n0, "x1": x1, "n1": n1, "target": target})
    with build.connect() as connection:
        connection.register("cases", given_rows.to_arrow())
        found = connection.execute(
            """
            with limits as (
                select *, 100 * x0 / n0 as v0, wilson_low(x0, n0) as l0, wilson_high(x0, n0) as u0,
                    100 * x1 / n1 as v1, wilson_low(x1, n1) as l1, wilson_high(x1, n1) as u1
                from cases
            )
            select target_verdict(
                $direction, l1, u1, newcombe_low(v1, l1, u1, v0, l0, u0), newcombe_high(v1, l1, u1, v0, l0, u0),
                target - v0, target
            )
            from limits
            """,
            {"direction": "up" if rising else "down"},
        ).fetchall()
    path = target - share0
    close = np.minimum.reduce(
        [
            abs(low - target),
            abs(high - target),
            abs(change_low - path),
            abs(change_high - path),
            abs(change_low),
            abs(change_high),
        ]
    )
    for at, (verdict,) in enumerate(found):
        if close[at] < 1e-6:
            continue
        if rising:
            is_reached, is_off, moved = low[at] >= target[at], change_high[at] < path[at], change_low[at] > 0
        else:
            is_reached, is_off, moved = high[at] <= target[at], change_low[at] > path[at], change_high[at] < 0
        expected = "reached" if is_reached else "off_the_way" if is_off else "on_the_way" if moved else "cannot_be_told"
        assert verdict == expected
        assert not (is_reached and is_off)
