"""Twins against scipy and statsmodels, by hand, over planted groups, and by what they promise."""

import csv
import hashlib
import math
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from scipy.spatial.distance import cdist, mahalanobis

from flows.marts.statistics.twins import MatchingRule, Method, Twin, TwinPool, find_twins, matched, pool_sha256

NAN = math.nan


def twins(covariates: object, candidate: object, k: int = 3, method: Method = "mahalanobis", **more: Any) -> TwinPool:
    x = np.asarray(covariates, dtype=float)
    more.setdefault("areas", [f"area-{row:04d}" for row in range(len(x))])
    more.setdefault("names", [f"c{column}" for column in range(x.shape[1])])
    rule = MatchingRule(method, k, more.pop("caliper", None))
    return find_twins(more.pop("areas"), x, candidate, rule=rule, **more)  # type: ignore[arg-type]


def beside(pool: TwinPool, area: str) -> list[Twin]:
    return [twin for twin in pool.twins if twin.area == area]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_groups_find_each_other(seed: int) -> None:
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(20, 6))
    planted = np.repeat(centres, 6, axis=0) + draw.normal(0, 0.02, (120, 6))
    pool = twins(np.vstack((planted, draw.normal(size=(880, 6)))), np.ones(1000, dtype=bool), k=5)
    pairs = [(int(twin.area[-4:]), int(twin.candidate[-4:])) for twin in pool.twins]
    own = [area // 6 == candidate // 6 for area, candidate in pairs if area < 120]
    assert len(own) == 600
    assert sum(own) >= 570


def test_the_distance_is_scipys() -> None:
    draw = np.random.default_rng(5)
    x = draw.normal(size=(60, 4)) @ draw.normal(size=(4, 4)) * [1, 10, 100, 0.01]
    candidate = np.arange(60) >= 15
    pool = twins(x, candidate, k=4)
    expected = cdist(x, x, "mahalanobis", VI=np.linalg.inv(np.cov(x, rowvar=False)))
    expected[:, ~candidate] = math.inf
    np.fill_diagonal(expected, math.inf)
    assert len(pool.twins) == 240
    assert pool.rank == 4
    for twin in pool.twins:
        assert twin.distance == pytest.approx(expected[int(twin.area[-4:]), int(twin.candidate[-4:])], rel=1e-9)
    for row in range(60):
        nearest = [f"area-{column:04d}" for column in np.argsort(expected[row])[:4]]
        assert [twin.candidate for twin in beside(pool, f"area-{row:04d}")] == nearest
        assert [twin.rank for twin in beside(pool, f"area-{row:04d}")] == [1, 2, 3, 4]


def test_two_covariates_by_hand() -> None:
    """Four corners of a square and its middle: each variance 1, no covariance, so the distance is the plain one."""
    x = [[0, 0], [2, 0], [0, 2], [2, 2], [1, 1]]
    pool = twins(x, [False, True, True, True, False], k=3)
    assert [(twin.candidate, twin.distance, twin.rank, twin.tied) for twin in beside(pool, "area-0000")] == [
        ("area-0001", pytest.approx(2), 1, True),
        ("area-0002", pytest.approx(2), 1, True),
        ("area-0003", pytest.approx(math.sqrt(8)), 3, False),
    ]
    correlated = np.array([[0, 0], [1, 1], [2, 2], [3, 3], [0, 3.0]])
    inverse = np.linalg.inv(np.cov(correlated, rowvar=False))
    (twin,) = beside(twins(correlated, [False, False, True, False, False], k=1), "area-0004")
    assert twin.distance == pytest.approx(mahalanobis(correlated[4], correlated[2], inverse))


def test_ties_at_the_last_place_are_kept_and_marked() -> None:
    x = [[0.0], [1], [-1], [3], [1 + 1e-12], [9]]
    pool = twins(x, [False, True, True, True, True, True], k=2)
    found = beside(pool, "area-0000")
    assert [(twin.candidate[-1], twin.rank, twin.tied) for twin in found] == [
        ("1", 1, True),
        ("2", 1, True),
        ("4", 1, True),
    ]
    found = beside(twins(x, [False, True, False, True, True, True], k=3), "area-0000")
    assert [(twin.candidate[-1], twin.rank, twin.tied) for twin in found] == [
        ("1", 1, True),
        ("4", 1, True),
        ("3", 3, False),
    ]


def test_an_area_is_never_its_own_twin() -> None:
    pool = twins([[1.0], [1.0], [5.0]], [True, True, True], k=5)
    assert all(twin.area != twin.candidate for twin in pool.twins)
    assert (pool.twins[0].candidate, pool.twins[0].distance) == ("area-0001", 0)
    assert len(pool.twins) == 6


def test_a_caliper_keeps_what_is_near() -> None:
    x = [[0.0], [1], [4], [10]]
    sd = float(np.std([0, 1, 4, 10], ddof=1))
    pool = twins(x, [False, True, True, False], k=2, caliper=4 / sd)  # a twin at the caliper is within it
    assert [(twin.candidate[-1], twin.within_caliper) for twin in beside(pool, "area-0000")] == [
        ("1", True),
        ("2", True),
    ]
    assert [(twin.candidate[-1], twin.within_caliper) for twin in beside(pool, "area-0003")] == [
        ("2", False),
        ("1", False),
    ]
    last = pool.areas[3]
    assert (last.twins, last.reason) == (0, "none_within_caliper")
    assert (pool.areas[0].twins, pool.areas[0].reason) == (2, None)
    assert pool.pool_sha256 != twins(x, [False, True, True, False], k=2).pool_sha256


def test_support_is_the_range_of_the_other_candidates() -> None:
    x = [[0.0, 0], [1, 5], [2, 9], [1.5, 20], [1.2, 6], [NAN, 1]]
    pool = twins(x, [False, True, True, False, True, True], names=["outside_work", "move_out"])
    found = {row.area[-1]: (row.on_support, row.outside, row.reason) for row in pool.areas}
    assert found == {
        "0": (False, ("outside_work", "move_out"), None),
        "1": (False, ("outside_work", "move_out"), None),  # the least of the candidates
        "2": (False, ("outside_work", "move_out"), None),
        "3": (False, ("move_out",), None),
        "4": (True, (), None),
        "5": (None, (), "covariate_missing"),
    }
    assert all(twin.candidate[-1] != "5" for twin in pool.twins)


def test_candidates_that_share_the_least_figure_support_each_other() -> None:
    pool = twins([[0.0], [0], [3]], [True, True, True])
    assert [row.on_support for row in pool.areas] == [True, True, False]


def test_an_exact_key_is_shared() -> None:
    x = [[0.0], [0.1], [5], [0.2], [9]]
    pool = twins(x, [False, True, True, True, True], exact=["north", "south", "north", None, "south"])
    assert [(twin.area[-1], twin.candidate[-1]) for twin in pool.twins] == [("0", "2"), ("1", "4"), ("4", "1")]
    assert [row.reason for row in pool.areas] == [None, None, "no_candidate", "no_candidate", None]
    assert pool.areas[0].on_support is False  # of the candidates of its own region


def test_without_candidates_there_are_no_twins() -> None:
    pool = twins([[0.0], [1]], [False, False])
    assert [(row.reason, row.on_support) for row in pool.areas] == [("no_candidate", None)] * 2
    assert pool.pool_sha256 == hashlib.sha256(b"").hexdigest()
    assert twins([[NAN], [NAN]], [True, False]).areas[1].reason == "covariate_missing"
    assert twins(np.empty((0, 1)), []).areas == ()


def test_collinear_and_constant_covariates_add_no_distance() -> None:
    draw = np.random.default_rng(3)
    x, candidate = draw.normal(size=(40, 2)), np.arange(40) % 2 == 0
    more = np.column_stack((x, x[:, 0] * 3 - x[:, 1], np.full(40, 7.0)))
    plain, padded = twins(x, candidate), twins(more, candidate)
    assert (plain.rank, padded.rank) == (2, 2)
    assert padded.pool_sha256 == plain.pool_sha256
    assert twins(np.full((3, 2), 4.0), [True, True, False]).twins[0].distance == 0


def test_propensity_twins_are_near_in_the_log_odds() -> None:
    draw = np.random.default_rng(8)
    candidate = np.arange(120) >= 40
    x = draw.normal(size=(120, 3)) + 0.7 * ~candidate[:, None]
    fit = sm.Logit(~candidate, sm.add_constant(x)).fit(disp=False)
    logit = sm.add_constant(x) @ fit.params
    pool = twins(x, candidate, k=2, method="propensity", caliper=0.2)
    width = 0.2 * math.sqrt((logit[candidate].var(ddof=1) + logit[~candidate].var(ddof=1)) / 2)
    assert pool.caliper == pytest.approx(width, rel=1e-6)
    for twin in pool.twins:
        gap = abs(logit[int(twin.area[-4:])] - logit[int(twin.candidate[-4:])])
        assert twin.distance == pytest.approx(gap, abs=1e-7)
        assert twin.within_caliper == (gap <= width)
    for row in range(40):
        nearest = np.argsort(np.abs(logit - logit[row]) + np.where(candidate, 0, math.inf))[:2]
        assert [int(twin.candidate[-4:]) for twin in beside(pool, f"area-{row:04d}")] == nearest.tolist()
    beyond = {row.area for row in pool.areas if "propensity_score" in row.outside}
    assert beyond >= {f"area-{row:04d}" for row in np.flatnonzero(~candidate & (logit > logit[candidate].max()))}
    assert any(row.reason == "none_within_caliper" for row in pool.areas)


@pytest.mark.parametrize(
    ("x", "candidate", "reason"),
    [
        ([[0.0], [1], [2], [3]], [True, True, False, False], "separation"),
        ([[1.0], [1], [1], [1]], [True, False, True, False], "singular"),
        ([[0.0], [1], [2], [NAN]], [True, True, True, False], "all_are_candidates"),
        ([[0.0], [1], [2], [NAN]], [False, False, False, True], "no_candidate"),
    ],
)
def test_without_a_propensity_score_there_are_no_twins(x: object, candidate: list[bool], reason: str) -> None:
    pool = twins(x, candidate, method="propensity", caliper=0.2)
    assert (pool.reason, pool.twins, pool.caliper) == (reason, (), None)
    assert pool.areas[0].reason == "no_propensity_score"


def test_the_hash_is_that_of_the_lines() -> None:
    pool = twins([[0.0], [1], [4]], [False, True, True], k=1)
    sd = float(np.std([0, 1, 4], ddof=1))
    text = (
        f"area-0000\tarea-0001\t1\t{1 / sd:.9f}\narea-0001\tarea-0002\t1\t{3 / sd:.9f}\n"
        f"area-0002\tarea-0001\t1\t{3 / sd:.9f}\n"
    )
    assert pool.pool_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert pool_sha256(pool.twins[::-1]) == pool.pool_sha256


ROWS = st.lists(
    st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.booleans(), st.sampled_from(["a", "b", None])),
    min_size=1,
    max_size=25,
)


@settings(max_examples=examples(60), deadline=None)
@given(ROWS, st.randoms(use_true_random=False), st.sampled_from(get_args(Method)), st.integers(1, 4))
def test_the_order_of_the_rows_changes_nothing(rows: list[Any], random: Any, method: Method, k: int) -> None:
    def pool(order: list[int]) -> TwinPool:
        return twins(
            [[rows[row][0], rows[row][1] if rows[row][1] > -4 else NAN] for row in order],
            [rows[row][2] for row in order],
            k=k,
            method=method,
            caliper=1.5,
            exact=[rows[row][3] for row in order],
            areas=[f"{row:02d}" for row in order],
        )

    shuffled = list(range(len(rows)))
    random.shuffle(shuffled)
    first, second = pool(list(range(len(rows)))), pool(shuffled)
    assert first == second
    assert [row.area for row in first.areas] == sorted(row.area for row in first.areas)
    for row in first.areas:
        found = [twin for twin in first.twins if twin.area == row.area and twin.within_caliper]
        assert (row.twins, row.reason is None) == (len(found), bool(found))


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(0, 10_000), st.floats(-3, 3), st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_mahalanobis_does_not_know_units(seed: int, shear: float, stretch: float, move: float) -> None:
    draw = np.random.default_rng(seed)
    x, candidate = draw.normal(size=(30, 3)), draw.random(30) < 0.7
    turn = np.array([[1, shear, 0], [0, stretch, 0.5], [0, 0, -2]])
    plain, turned = twins(x, candidate), twins(x @ turn + move, candidate)
    assert [(twin.area, twin.candidate, twin.rank) for twin in plain.twins] == [
        (twin.area, twin.candidate, twin.rank) for twin in turned.twins
    ]
    assert [twin.distance for twin in turned.twins] == pytest.approx([twin.distance for twin in plain.twins], rel=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"areas": ["a", "a"]}, "1 are given more than once, such as a"),
        ({"names": ["one", "two"]}, "2 areas and 2 names do not fit"),
        ({"candidate": [True]}, "do not fit"),
        ({"covariates": [[0.0], [math.inf]]}, "infinite"),
        ({"k": 0}, "k must be at least 1"),
    ],
)
def test_what_cannot_be_matched_is_refused(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"covariates": [[0.0], [1]], "candidate": [True, False]}
    with pytest.raises(ValueError, match=message):
        twins(**{**given, **change})


def lalonde_rules() -> list[dict[str, str]]:
    with (Path(__file__).parent / "twins_lalonde.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@pytest.mark.parametrize("known", lalonde_rules(), ids=lambda row: f"{row['method']} {row['width']} {row['twins']}")
def test_twins_of_lalonde_are_those_of_brute_force_in_r(lalonde: dict[str, np.ndarray], known: dict[str, str]) -> None:
    is_treated = lalonde["treat"] == 1
    score = np.column_stack(
        [lalonde[name] for name in ("age", "educ", "raceblack", "racehispan", "married", "nodegree", "re74", "re75")]
    )
    method: Any = known["method"]
    near = score if method == "propensity" else score[:, [0, 1, 6, 7]]
    ids = [f"{row:03d}" for row in range(614)]
    names = [str(column) for column in range(near.shape[1])]
    width = 0.269294277  # 0.2 SD of the logits within the groups, so that the other widths are so many SDs
    rule = MatchingRule(method, int(known["twins"]), 0.2 * float(known["width"]) / width)
    pool = find_twins(ids, near, ~is_treated, names=names, rule=rule, score=score)
    assert pool.caliper == pytest.approx(float(known["width"]), rel=1e-7)
    twins_of: dict[str, list[str]] = {}
    for twin in pool.twins:
        if twin.within_caliper:
            twins_of.setdefault(twin.area, []).append(twin.candidate)
    found = matched(ids, is_treated, twins_of)
    fewer = sum(0 < len(twins_of.get(ids[row], ())) < rule.twins for row in np.flatnonzero(is_treated))
    counts = [int(known[name]) for name in ("treated", "with_fewer", "controls", "reuse_max")]
    assert [found.treated, fewer, found.candidates, found.reuse_max] == counts
    assert found.lost == 185 - found.treated
    assert found.ess == pytest.approx(float(known["ess_0"]), abs=1e-7)
    for name, column in (("age", "age"), ("re74", "re74"), ("black", "raceblack"), ("married", "married")):
        values, weight = lalonde[column], found.weights
        mean_1, mean_0 = (np.average(values[side], weights=weight[side]) for side in (is_treated, ~is_treated))
        assert (mean_1 - mean_0) / values[is_treated].std(ddof=1) == pytest.approx(float(known[name]), abs=1e-8)


def test_a_reused_candidate_counts_as_often_as_it_stands_for_an_area() -> None:
    """A has twins x, y; B has x alone; C has none: x counts 1/2 + 1, y 1/2, and (2^2) / (1.5^2 + .5^2) = 1.6."""
    found = matched(["A", "B", "C", "x", "y", "z"], [True] * 3 + [False] * 3, {"A": ["x", "y"], "B": ["x"], "x": ["z"]})
    assert found.weights.tolist() == [1, 1, 0, 1.5, 0.5, 0]
    assert (found.treated, found.lost, found.candidates, found.reuse_max, found.ess) == (2, 1, 2, 2, 1.6)
    nobody = matched(["A", "x"], [True, False], {})
    assert (nobody.weights.tolist(), nobody.lost, nobody.ess, nobody.reuse_max) == ([0, 0], 1, None, 0)


def test_who_has_no_candidate_with_such_a_score_is_told_apart_from_who_has_none_at_all() -> None:
    draw = np.random.default_rng(4)
    candidate = np.arange(90) >= 20
    x = draw.normal(size=(90, 2)) + 0.8 * ~candidate[:, None]
    x[0] = 6.0
    pool = twins(x, candidate, k=2, method="mahalanobis_within_propensity", caliper=0.2)
    assert (pool.areas[0].twins, pool.areas[0].reason) == (0, "no_candidate_in_caliper")
    assert {"c0", "c1", "propensity_score"} <= set(pool.areas[0].outside)
    alone = twins(x, candidate, k=2, method="mahalanobis_within_propensity", caliper=0.2, exact=["a", *["b"] * 89])
    assert alone.areas[0].reason == "no_candidate"


def test_areas_that_are_neither_treated_nor_candidates_do_not_move_the_score() -> None:
    draw = np.random.default_rng(6)
    x = draw.normal(size=(100, 2))
    candidate, treated = np.arange(100) >= 40, np.arange(100) < 30
    x[treated] += 0.6
    more: dict[str, Any] = {"method": "mahalanobis_within_propensity", "caliper": 0.2}
    with_others = twins(x, candidate, treated=treated, **more)
    kept = np.r_[0:30, 40:100]
    without = twins(x[kept], candidate[kept], treated=treated[kept], areas=[f"area-{row:04d}" for row in kept], **more)
    assert (
        pool_sha256([twin for twin in with_others.twins if not 30 <= int(twin.area[-4:]) < 40]) == without.pool_sha256
    )
    assert any(twin.area == "area-0030" for twin in with_others.twins)
