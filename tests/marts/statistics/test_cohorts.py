"""Cohorts by time to their start against what did and moderndid print, and over draws whose truth is known."""

import csv
from pathlib import Path

import numpy as np
import pytest
from profiles import examples
from scipy.stats import chi2

from flows.marts.statistics import cohorts
from flows.marts.statistics.cohorts import CohortPanel, CohortYear, EventRule, cohort_trends, event_study, sup_t, wald

YEARS = (2003, 2004, 2005, 2006, 2007)


@pytest.fixture(scope="module")
def counties() -> CohortPanel:
    """The log of teen employment, each county a cluster of its own."""
    with (Path(__file__).parent / "county_teen_employment.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    values = np.log([[float(row[str(year)]) for year in YEARS] for row in rows])
    start = np.array([int(row["start"]) for row in rows])
    return CohortPanel(values, YEARS, start, np.arange(len(rows)).astype(str))


# att_gt(lemp ~ 1, base_period = "varying") by moderndid 0.2.0; se by influence; CR2 with each county alone is
# sqrt(s1^2/n1 + s0^2/n0): ATT, its influence and CR2 error and comparison areas, against never treated, then not yet.
ATT_GT = """
2004 2004 -0.0105032 0.0232510 0.0237558  20 309 -0.0193724 0.0228313 480
2004 2005 -0.0704232 0.0309848 0.0317057  20 309 -0.0783191 0.0311217 480
2004 2006 -0.1372587 0.0364357 0.0372409  20 309 -0.1362743 0.0362264 440
2004 2007 -0.1008114 0.0343592 0.0351004  20 309 -0.1008114 0.0351004 309
2006 2004  0.0065201 0.0233268 0.0235786  40 309 -0.0025626 0.0227869 440
2006 2005 -0.0027508 0.0195586 0.0197661  40 309 -0.0019392 0.0192523 440
2006 2006 -0.0045946 0.0177552 0.0179005  40 309  0.0046609 0.0164862 440
2006 2007 -0.0412245 0.0202292 0.0204124  40 309 -0.0412245 0.0204124 309
2007 2004  0.0305067 0.0150336 0.0150772 131 309  0.0297594 0.0145760 349
2007 2005 -0.0027259 0.0163958 0.0164488 131 309 -0.0024106 0.0160836 349
2007 2006 -0.0310871 0.0178775 0.0179301 131 309 -0.0310871 0.0179301 309
2007 2007 -0.0260544 0.0166554 0.0167080 131 309 -0.0260544 0.0167080 309
"""
# aggte(type = "dynamic"), varying base; and with base -1 throughout, whose covariance is the input of HonestDiD.
EVENTS = {-3: (0.03050666, 0.01503356), -2: (-0.00056308, 0.01329164), -1: (-0.02445874, 0.01423640)}
EVENTS |= {0: (-0.01993182, 0.01182636), 1: (-0.05095737, 0.01689348), 2: (-0.13725874, 0.03643566)}
EVENTS |= {3: (-0.10081136, 0.03435923)}
UNIVERSAL = {-4: (0.00330636, 0.02445187), -3: (0.02502183, 0.01811892), -2: (0.02445874, 0.01423640)}
SIGMA = """
5.97894090e-04  3.35907355e-04  2.10815323e-04  2.84213133e-05 -8.24643290e-05 -2.13553506e-04 -1.71692260e-04
3.35907355e-04  3.28295287e-04  1.77151308e-04  3.82262676e-05 -4.26743055e-05 -1.31135751e-04 -9.69870572e-05
2.10815323e-04  1.77151308e-04  2.02675148e-04  3.32679318e-05 -4.03565694e-05 -9.57474387e-05 -6.43409319e-05
2.84213133e-05  3.82262676e-05  3.32679318e-05  1.39862887e-04  6.15316221e-05  4.37211453e-05  6.56218011e-05
-8.24643290e-05 -4.26743055e-05 -4.03565694e-05  6.15316221e-05  2.85389540e-04  3.60401046e-04  3.25273647e-04
-2.13553506e-04 -1.31135751e-04 -9.57474387e-05  4.37211453e-05  3.60401046e-04  1.32755763e-03  8.65573815e-04
-1.71692260e-04 -9.69870572e-05 -6.43409319e-05  6.56218011e-05  3.25273647e-04  8.65573815e-04  1.18055640e-03
"""


def cells(panel: CohortPanel, rule: EventRule) -> dict[tuple[int, int], CohortYear]:
    return {(cell.cohort, cell.year): cell for cell in event_study(panel, rule).cells}


def test_group_time_differences_are_those_of_did(counties: CohortPanel) -> None:
    never, waiting = (cells(counties, EventRule(comparison=name)) for name in ("never", "not_yet"))  # type: ignore[arg-type]
    known = [[float(cell) for cell in line.split()] for line in ATT_GT.strip().splitlines()]
    assert len(never) == len(waiting) == len(known)
    for cohort, year, att, _, se, areas_1, areas_0, att_waiting, se_waiting, areas_waiting in known:
        first, second = (means[int(cohort), int(year)] for means in (never, waiting))
        assert (first.att, first.se) == pytest.approx((att, se), abs=6e-8)
        assert (first.areas_1, first.areas_0) == (areas_1, areas_0)
        assert (second.att, second.se) == pytest.approx((att_waiting, se_waiting), abs=6e-8)
        assert second.areas_0 == areas_waiting


def test_averages_by_event_time_are_those_of_did(counties: CohortPanel) -> None:
    study = event_study(counties, EventRule(), is_adjusted=False)
    found = {event.event_time: event for event in study.events}
    assert set(found) == set(EVENTS)
    for place, (time, (att, se)) in enumerate(sorted(EVENTS.items())):
        assert found[time].att == pytest.approx(att, abs=6e-9)
        assert np.sqrt(study.covariance[place, place]) == pytest.approx(se, abs=6e-9)
    assert (found[0].cohorts, found[-3].cohorts, found[0].areas_1) == (3, 1, 191)


def test_the_input_of_honest_did_is_that_of_moderndid(counties: CohortPanel) -> None:
    study = event_study(counties, EventRule(), universal=True, is_adjusted=False)
    times = [event.event_time for event in study.events]
    assert times == [-4, -3, -2, 0, 1, 2, 3]
    for event in study.events:
        att, _ = {**EVENTS, **UNIVERSAL}[event.event_time]
        assert event.att == pytest.approx(att, abs=6e-9)
    sigma = np.array([[float(cell) for cell in line.split()] for line in SIGMA.strip().splitlines()])
    assert study.covariance == pytest.approx(sigma, rel=1e-7)


def test_the_wald_test_of_did_is_its_own(counties: CohortPanel) -> None:
    """The README of did prints p = .16812 for the five cells before the start."""
    statistic, restrictions = wald(counties, EventRule())
    assert (statistic, restrictions) == (pytest.approx(7.791237, abs=5e-7), 5)
    assert chi2.sf(statistic, restrictions) == pytest.approx(0.16812, abs=5e-6)


def test_uniform_bands_are_wider_than_intervals(counties: CohortPanel) -> None:
    """2.56 for the five cells before the start; alike cells need 1.96, and independent ones Sidak's 2.57."""
    assert sup_t(np.ones((5, 5))) == pytest.approx(1.96, abs=0.05)
    assert sup_t(np.eye(5)) == pytest.approx(2.569, abs=0.05)
    before = [cell for cell in event_study(counties, EventRule()).cells if cell.event_time < 0]
    reaches = {(cell.high_uniform - cell.att) / cell.se for cell in before}  # type: ignore[operator]
    assert max(reaches) == pytest.approx(min(reaches))
    assert 2.5 < max(reaches) < 2.7
    assert all(cell.low_uniform < cell.low and cell.high < cell.high_uniform for cell in before)  # type: ignore[operator]


def test_a_band_over_all_cells_is_as_wide_as_published(counties: CohortPanel) -> None:
    """2.83 for all twelve, which the mart does not draw; the quantile of so many draws is off by .02."""
    scored = [each.plain for each in cohorts._cells(counties, EventRule(), universal=False)]
    assert len(scored) == 12
    correlation = cohorts._correlation(cohorts._covariance(counties, scored))
    assert sup_t(correlation) == pytest.approx(2.83, abs=0.05)


def test_anticipation_moves_the_base_and_ends_the_years_before(counties: CohortPanel) -> None:
    found = cells(counties, EventRule(anticipation=1))
    assert found[2007, 2006].base_year == found[2007, 2007].base_year == 2005
    assert found[2007, 2005].base_year == 2004
    assert found[2007, 2005].att == cells(counties, EventRule())[2007, 2005].att
    trends = event_study(counties, EventRule(anticipation=1)).cohorts
    assert [each.years for each in trends if each.cohort == 2007] == [(2003, 2004, 2005)]


def nation(draw: np.random.Generator, drift: dict[int, float]) -> CohortPanel:
    """Five cohorts of 40 and 300 never, in 60 clusters that walk at random; `drift` a year in some cohorts."""
    years = tuple(range(2000, 2010))
    start = np.repeat([2006, 2007, 2008, 2009, 2010, 0], [40] * 5 + [300])
    cluster = draw.integers(0, 60, len(start))
    walk = draw.normal(0, 0.15, (60, len(years))).cumsum(axis=1)
    values = draw.normal(0, 1, (len(start), 1)) + walk[cluster] + draw.normal(0, 0.5, (len(start), len(years)))
    for cohort, slope in drift.items():
        values[start == cohort] += slope * np.arange(len(years))
    after = (start[:, None] > 0) & (np.array(years) >= start[:, None])
    return CohortPanel(np.where(after, np.nan, values), years, start, cluster.astype(str))


def test_one_drifting_cohort_is_found_and_the_others_are_not() -> None:
    study = event_study(nation(np.random.default_rng(2), {2009: 0.3}), EventRule())
    rejected = [each.cohort for each in study.cohorts if (each.slope_p_holm or 1) < 0.05]
    assert rejected == [2009]
    assert {cell.year - cell.cohort for cell in study.cells} == set(range(-6, 0))


def test_a_cohort_that_moves_alike_is_rarely_rejected() -> None:
    """Holm over five cohorts: in about one of twenty nations one of them is called diverging."""
    draws = 4 * examples(20)
    draw = np.random.default_rng(5)
    rule = EventRule()
    false = sum(
        any((each.slope_p_holm or 1) < 0.05 for each in cohort_trends(nation(draw, {}), rule)) for _ in range(draws)
    )
    assert false / draws < 0.12


def test_a_small_cohort_has_points_and_no_test() -> None:
    panel = nation(np.random.default_rng(3), {})
    kept = (panel.start != 2007) | (np.cumsum(panel.start == 2007) <= 9)
    small = CohortPanel(panel.values[kept], panel.years, panel.start[kept], panel.cluster[kept])
    study = event_study(small, EventRule())
    cell = next(cell for cell in study.cells if cell.cohort == 2007)
    assert (cell.areas_1, cell.se, cell.low_uniform, cell.reason) == (9, None, None, "small_cohort")
    assert np.isfinite(cell.att)
    (of_cohort,) = (each for each in study.cohorts if each.cohort == 2007)
    assert (of_cohort.slope_p_holm, of_cohort.trend.slopes.reason) == (None, "small_cohort")
    assert of_cohort.trend.slopes.difference is not None
