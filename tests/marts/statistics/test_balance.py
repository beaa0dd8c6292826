"""Balance against the tables that MatchIt, cobalt, tableone and statpsych print, against formulas, and over draws."""

import math
import warnings
from dataclasses import fields, replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples, seeds
from scipy.stats import ks_2samp, norm, pearsonr
from tableone import TableOne

from flows.marts.baseline.balance import with_worst
from flows.marts.statistics.balance import Balance, BalanceLimits, Estimand, balance, category_balance, dose_balance

COVARIATE_LIMITS = BalanceLimits(
    smd=0.1, variance_ratio_low=0.5, variance_ratio_high=2.0, ks=0.05, dose_correlation=0.1, areas=20
)
OUTCOME_LIMITS = replace(COVARIATE_LIMITS, smd=0.05)

BINARY = ("raceblack", "racehispan", "racewhite", "married", "nodegree")


def arms(data: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray]:
    return data[name][data["treat"] == 1], data[name][data["treat"] == 0]


def compared(
    first: object, second: object, estimand: Estimand = "ATT", limits: BalanceLimits = COVARIATE_LIMITS, **more: object
) -> Balance:
    return balance(first, second, estimand=estimand, limits=limits, **more)  # type: ignore[arg-type]


# R 4.2.2, MatchIt 4.5.1: print(summary(matchit(treat ~ age + educ + race + married + nodegree + re74 + re75,
# data = lalonde, method = NULL), un = TRUE)$sum.all, digits = 8); the second SMD with estimand = "ATE".
# Means treated and control, SMD for the ATT and the ATE, variance ratio, eCDF max.
MATCHIT = {
    "age": (25.816216, 28.03030303, -0.309445262, -0.241903623, 0.43999546, 0.157726958),
    "educ": (10.345946, 10.23543124, 0.054964661, 0.044755085, 0.49589337, 0.111371511),
    "raceblack": (0.84324324, 0.20279720, 1.761541890, 1.670826350, None, 0.640446040),
    "racehispan": (0.059459459, 0.14219114, -0.349842542, -0.277397615, None, 0.082731683),
    "racewhite": (0.097297297, 0.65501166, -1.881867601, -1.407988231, None, 0.557714358),
    "married": (0.18918919, 0.51282051, -0.826309272, -0.720755400, None, 0.323631324),
    "nodegree": (0.70810811, 0.59673660, 0.244970232, 0.235490624, None, 0.111371511),
    "re74": (2095.5737, 5619.23650639, -0.721083809, -0.595751591, 0.51812848, 0.447035847),
    "re75": (1532.0553, 2466.48444312, -0.290262911, -0.287002109, 0.95629305, 0.287645688),
}


@pytest.mark.parametrize("name", MATCHIT)
def test_matchit_prints_the_same_before_matching(lalonde: dict[str, np.ndarray], name: str) -> None:
    mean_1, mean_0, att, ate, ratio, ecdf_max = MATCHIT[name]
    found = compared(*arms(lalonde, name))
    assert (found.areas_1, found.areas_0) == (185, 429)
    assert (found.mean_1, found.mean_0) == pytest.approx((mean_1, mean_0), rel=1e-7)
    assert found.smd == found.smd_matchit == pytest.approx(att, abs=1e-9)
    assert compared(*arms(lalonde, name), "ATE").smd == pytest.approx(ate, abs=1e-9)
    assert compared(*arms(lalonde, name), "ATE").smd_matchit == pytest.approx(att, abs=1e-9)  # its default is the ATT
    assert found.variance_ratio == (None if ratio is None else pytest.approx(ratio, abs=1e-8))
    assert found.ks == pytest.approx(ecdf_max, abs=1e-9)


# MatchIt as above with method = "nearest", replace = TRUE, ratio = 3: how often each control was taken, by row.
TAKEN = dict(zip(
    [192, 201, 208, 217, 225, 232, 243, 253, 263, 270, 276, 280, 282, 294, 295, 298, 302, 318, 322, 341, 342, 343, 357,
     360, 361, 366, 371, 373, 375, 380, 401, 402, 404, 409, 410, 414, 418, 423, 424, 437, 440, 445, 450, 452, 461, 474,
     475, 492, 506, 521, 526, 529, 535, 538, 539, 540, 552, 564, 567, 568, 570, 571, 572, 575, 579, 582, 583, 584, 585,
     595, 596, 603, 607],
    [2, 1, 2, 1, 2, 4, 4, 2, 1, 1, 2, 4, 2, 3, 1, 1, 8, 3, 1, 1, 5, 2, 3,
     1, 1, 1, 2, 2, 3, 16, 1, 8, 2, 1, 2, 3, 5, 1, 1, 1, 2, 1, 1, 3, 1, 1,
     11, 1, 1, 4, 1, 2, 1, 1, 2, 1, 2, 2, 1, 2, 4, 1, 5, 1, 1, 3, 2, 5, 4,
     7, 1, 1, 2], strict=True))  # fmt: skip
# summary()$sum.matched: mean control, SMD, variance ratio, eCDF max
MATCHED = {
    "age": (23.345946, 0.3452499812, 0.58050911, 0.4108108108),
    "educ": (10.345946, 0.0, 0.67023039, 0.0486486486),
    "raceblack": (0.83783784, 0.0148675258, None, 0.0054054054),
    "racehispan": (0.043243243, 0.0685725481, None, 0.0162162162),
    "racewhite": (0.11891892, -0.0729567540, None, 0.0216216216),
    "married": (0.14054054, 0.1242118007, None, 0.0486486486),
    "nodegree": (0.69729730, 0.0237792125, None, 0.0108108108),
    "re74": (2136.8082, -0.0084382555, 1.12390298, 0.1405405405),
    "re75": (1769.5741, -0.0737807620, 1.71101259, 0.2864864865),
}
# R's tableone weights with the survey package; survey 4.1.1, d = svydesign(~1, weights = ~w, data = matched rows):
# abs(diff(svyby(~age, ~treat, d, svymean)[, 2])) / sqrt(mean(svyby(~age, ~treat, d, svyvar)[, 2])), and so on
SURVEY = {"age": 0.297168569, "educ": 0.0, "re74": 0.008708404, "re75": 0.083098760}


def taken(lalonde: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    counts = np.array([TAKEN.get(row, 0) for row in range(614)], dtype=float)
    return np.ones(185), counts[lalonde["treat"] == 0]


@pytest.mark.parametrize("name", MATCHED)
def test_matchit_prints_the_same_after_matching(lalonde: dict[str, np.ndarray], name: str) -> None:
    mean_0, smd, ratio, ecdf_max = MATCHED[name]
    found = compared(*arms(lalonde, name), weights=taken(lalonde))
    assert (found.areas_0, found.ess_0) == (73, pytest.approx(37.16069, abs=1e-5))
    assert found.mean_0 == pytest.approx(mean_0, rel=1e-7)
    assert found.smd == found.smd_matchit == pytest.approx(smd, abs=1e-9)
    assert found.variance_ratio == (None if ratio is None else pytest.approx(ratio, abs=1e-8))
    assert found.ks == pytest.approx(ecdf_max, abs=1e-9)
    if name in SURVEY:
        assert found.smd_tableone == pytest.approx(SURVEY[name], abs=1e-9)


# cobalt's vignette (articles/cobalt, 2026), bal.tab(treat ~ covs, weights = "att.weights", disp = c("means", "sds"),
# un = TRUE, stats = c("m", "v")), weights the odds of glm(treat ~ age + educ + race + re74 + re75, binomial):
# SDs and difference before; mean and SD of the controls, difference and variance ratio after.
COBALT = {
    "age": (7.1550, 10.7867, -0.3094, 25.0205, 10.0330, 0.1112, 0.5086),
    "educ": (2.0107, 2.8552, 0.0550, 10.4748, 2.5918, -0.0641, 0.6018),
    "raceblack": (None, None, 0.6404, 0.8476, None, -0.0044, None),
    "racehispan": (None, None, -0.0827, 0.0578, None, 0.0016, None),
    "racewhite": (None, None, -0.5577, 0.0945, None, 0.0028, None),
    "re74": (4886.6204, 6788.7508, -0.7211, 2114.5263, 4013.9557, -0.0039, 1.4821),
    "re75": (3219.2509, 3291.9962, -0.2903, 1669.9618, 2974.6678, -0.0428, 1.1712),
}


@pytest.fixture(scope="module")
def odds(lalonde: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    import statsmodels.api as sm

    names = ("age", "educ", "raceblack", "racehispan", "re74", "re75")
    design = sm.add_constant(np.column_stack([lalonde[name] for name in names]))
    score = sm.GLM(lalonde["treat"], design, family=sm.families.Binomial()).fit().fittedvalues
    return np.ones(185), (score / (1 - score))[lalonde["treat"] == 0]


@pytest.mark.parametrize("name", COBALT)
def test_cobalt_prints_the_same(lalonde: dict[str, np.ndarray], odds: tuple[np.ndarray, np.ndarray], name: str) -> None:
    sd_1, sd_0, before, mean_0, sd_0_after, after, ratio = COBALT[name]
    unweighted = compared(*arms(lalonde, name))
    weighted = compared(*arms(lalonde, name), weights=odds)
    assert weighted.ess_0 == pytest.approx(108.2, abs=0.05)
    assert weighted.mean_0 == pytest.approx(mean_0, abs=6e-5)
    assert weighted.smd_cobalt == pytest.approx(after, abs=6e-5)
    if name in BINARY:
        assert unweighted.smd_cobalt == unweighted.difference == pytest.approx(before, abs=6e-5)
    else:
        assert (unweighted.sd_1, unweighted.sd_0) == pytest.approx((sd_1, sd_0), abs=6e-5)
        assert weighted.smd == weighted.smd_cobalt
        assert unweighted.smd == pytest.approx(before, abs=6e-5)  # the vignette's denominator is that of its weights
        assert weighted.sd_0 == pytest.approx(sd_0_after, abs=6e-5)
        assert weighted.variance_ratio == pytest.approx(ratio, abs=6e-5)


def test_cobalt_pools_where_no_arm_is_the_target(lalonde: dict[str, np.ndarray]) -> None:
    first, second = arms(lalonde, "age")
    pooled = compared(first, second, "ATE").smd
    assert compared(first, second).smd_cobalt == pooled
    steps = (1 + np.arange(first.size) % 3.0, 1 + np.arange(second.size) % 3.0)
    both = compared(first, second, weights=steps)
    assert both.smd_cobalt == pytest.approx(both.difference / math.hypot(7.155, 10.7867) * math.sqrt(2), abs=1e-4)
    to_the_second = compared(first, second, weights=(steps[0], np.ones(second.size)))
    assert to_the_second.smd_cobalt == pytest.approx(to_the_second.difference / 10.7867, abs=1e-4)


def tableone_smd(frame: pd.DataFrame, column: str, group: str, categorical: bool) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tableone's own use of pandas
        table = TableOne(frame, columns=[column], categorical=[column] if categorical else [], groupby=group, smd=True)
    return {str(pair): float(value) for pair, value in table.smd_table.loc[column].items()}


@pytest.mark.parametrize("name", ["age", "re74", "married", "nodegree"])
def test_tableone_prints_the_same(lalonde: dict[str, np.ndarray], name: str) -> None:
    frame = pd.DataFrame({name: lalonde[name], "arm": np.where(lalonde["treat"] == 1, "1", "0")})
    (theirs,) = tableone_smd(frame, name, "arm", name in BINARY).values()
    assert compared(*arms(lalonde, name)).smd_tableone == pytest.approx(abs(theirs), abs=1e-12)


def races(lalonde: dict[str, np.ndarray]) -> np.ndarray:
    return np.select([lalonde["raceblack"] == 1, lalonde["racehispan"] == 1], ["black", "hispan"], "white")


def test_categories_have_a_row_per_level_and_the_distance_of_tableone(lalonde: dict[str, np.ndarray]) -> None:
    race, treated = races(lalonde), lalonde["treat"] == 1
    found = category_balance(list(race[treated]), list(race[~treated]), estimand="ATT", limits=COVARIATE_LIMITS)
    (theirs,) = tableone_smd(pd.DataFrame({"race": race, "arm": treated.astype(str)}), "race", "arm", True).values()
    assert found.smd == pytest.approx(theirs, abs=1e-12)
    assert [(level, row.smd) for level, row in found.levels] == [
        (level, pytest.approx(MATCHIT[f"race{level}"][2], abs=1e-9)) for level in ("black", "hispan", "white")
    ]
    assert (found.verdict, found.reason) == ("unbalanced", "smd")


def test_two_categories_are_a_binary_variable() -> None:
    first, second = ["small"] * 30 + ["large"] * 10, ["small"] * 15 + ["large"] * 25 + [None]
    found = category_balance(first, second, estimand="ATE", limits=COVARIATE_LIMITS)
    # (30/40 - 15/40) / sqrt((3/4 * 1/4 + 3/8 * 5/8) / 2)
    assert found.smd == pytest.approx(0.375 / math.sqrt((3 / 16 + 15 / 64) / 2))
    assert found.levels[0][1].missing_0 == 1


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([], ["a"], "no_areas_in_arm_1"),
        (["a", None], [None], "no_areas_in_arm_0"),
        ([None], [None], "no_areas_in_arm_1"),
        (["a", "a"], ["a", "a"], "constant"),
        (["a", "b"], ["c", "c"], "no_level_in_common"),
    ],
)
def test_categories_without_a_distance_say_why(first: list[str | None], second: list[str | None], reason: str) -> None:
    found = category_balance(first, second, estimand="ATT", limits=COVARIATE_LIMITS)
    assert (found.smd, found.verdict, found.reason) == (None, "not_defined", reason)


def test_a_level_of_one_arm_only_still_has_a_distance() -> None:
    found = category_balance(["a", "a", "b", "c"], ["a", "b", "b", "b"], estimand="ATT", limits=COVARIATE_LIMITS)
    # by hand, level a left out: p1 = (1/4, 1/4), p0 = (3/4, 0), S = [[3/16, -1/32], [-1/32, 3/32]]
    s = np.array([[3 / 16, -1 / 32], [-1 / 32, 3 / 32]])
    d = np.array([-1 / 2, 1 / 4])
    assert found.smd == pytest.approx(math.sqrt(d @ np.linalg.inv(s) @ d))
    assert found.verdict == "too_few"


def test_a_level_without_weight_is_no_level() -> None:
    found = category_balance(
        ["a", "b", "b", "c"],
        ["a", "a", "b", "c"],
        estimand="ATT",
        limits=COVARIATE_LIMITS,
        weights=([1, 1, 1, 0], [1, 1, 1, 0]),
    )
    assert found.smd == pytest.approx((1 / 3) / math.sqrt(2 / 9))  # two levels: 2/3 against 1/3


def test_pairs_of_arms_and_the_mean_that_tableone_prints(lalonde: dict[str, np.ndarray]) -> None:
    race, re74 = races(lalonde), lalonde["re74"]
    rows = []
    for first, second in combinations(("black", "hispan", "white"), 2):
        found = balance(re74[race == first], re74[race == second], estimand="ATE", limits=COVARIATE_LIMITS)
        row = {"smd": found.smd, "smd_tableone": found.smd_tableone, "balance_verdict": found.verdict}
        rows.append({"pair": f"SMD ({first},{second})", **row})
    theirs = tableone_smd(pd.DataFrame({"re74": re74, "race": race}), "re74", "race", False)
    assert {row["pair"]: -row["smd"] for row in rows} == pytest.approx(theirs, abs=1e-12)
    *pairs, worst = with_worst(rows)
    assert pairs == rows
    assert worst["smd_tableone"] == pytest.approx(np.mean(np.abs(list(theirs.values()))), abs=1e-12)
    assert worst["pair"] == max(theirs, key=lambda pair: abs(theirs[pair]))


def test_an_unbalanced_pair_is_worse_than_a_wider_one_that_may_stand() -> None:
    """The spread can be unlike where the means are alike; a pair without an SMD leaves no mean over pairs."""
    unlike = {"pair": "ab", "smd": -0.022, "smd_tableone": 0.022, "balance_verdict": "unbalanced"}
    wider = {"pair": "bc", "smd": -0.067, "smd_tableone": 0.067, "balance_verdict": "balanced"}
    none = {"pair": "ac", "smd": None, "smd_tableone": None, "balance_verdict": "not_defined"}
    *_, worst = with_worst([wider, unlike, none])
    assert (worst["pair"], worst["row_kind"], worst["smd_tableone"]) == ("ab", "worst_pair", None)
    assert list(with_worst([wider])) == [wider]


def scaled(mean: float, sd: float, n: int) -> np.ndarray:
    values = np.arange(n, dtype=float)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


# statpsych's help page of ci.stdmean2 (Bonett 2008): means 35.1 and 26.7, SDs 7.32 and 6.98, n 30 and 30;
# means 20.9 and 19.1, SDs 3.85 and 3.19, n 50 and 50. SMD and SE with the "unweighted" and the "group 1" standardizer.
@pytest.mark.parametrize(
    ("first", "second", "ate", "att"),
    [
        ((35.1, 7.32, 30), (26.7, 6.98, 30), (1.174493, 0.2844012), (1.147541, 0.2975582)),
        ((20.9, 3.85, 50), (19.1, 3.19, 50), (0.5091311, 0.2053887), (0.4675325, 0.1914405)),
    ],
)
def test_the_standard_error_is_that_of_bonett(
    first: tuple[float, float, int], second: tuple[float, float, int], ate: tuple[float, ...], att: tuple[float, ...]
) -> None:
    for estimand, expected in (("ATE", ate), ("ATT", att)):
        found = compared(scaled(*first), scaled(*second), estimand)
        assert (found.smd, found.smd_se) == pytest.approx(expected, abs=6e-7)


@pytest.mark.parametrize("seed", seeds(1, 2, 3))
@pytest.mark.parametrize("n", [30, 60])
@pytest.mark.parametrize("d", [0.0, 0.5])
@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_the_standard_error_is_the_spread_over_draws(estimand: Estimand, n: int, d: float, seed: int) -> None:
    draw = np.random.default_rng(seed)
    first, second = draw.normal(d, 1, (2000, n)), draw.normal(0, 1, (2000, n))
    found = [compared(arm_1, arm_0, estimand) for arm_1, arm_0 in zip(first[:300], second[:300], strict=True)]
    variance_1, variance_0 = first.var(axis=1, ddof=1), second.var(axis=1, ddof=1)
    variance = variance_1 if estimand == "ATT" else (variance_1 + variance_0) / 2
    smd = (first.mean(axis=1) - second.mean(axis=1)) / np.sqrt(variance)
    assert [row.smd for row in found] == pytest.approx(smd[:300])
    # the formula over all draws at once, held to the function on the first of them
    spread = variance_1**2 / variance**2 if estimand == "ATE" else 4.0
    of_zero = variance_0**2 / variance**2 if estimand == "ATE" else 0.0
    se = np.sqrt((variance_1 + variance_0) / (n - 1) / variance + smd**2 * (spread + of_zero) / (8 * (n - 1)))
    assert [row.smd_se for row in found] == pytest.approx(se[:300])
    assert se.mean() == pytest.approx(smd.std(ddof=1), rel=0.05)


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_the_standard_error_of_a_binary_variable_is_the_spread_over_draws(estimand: Estimand) -> None:
    draw = np.random.default_rng(7)
    counts = draw.binomial([80, 120], [0.3, 0.45], (1500, 2))
    found = [
        compared(np.repeat([1.0, 0.0], [x1, 80 - x1]), np.repeat([1.0, 0.0], [x0, 120 - x0]), estimand)
        for x1, x0 in counts
    ]
    smd, se = (np.array([getattr(row, name) for row in found]) for name in ("smd", "smd_se"))
    assert se.mean() == pytest.approx(smd.std(ddof=1), rel=0.05)


@pytest.mark.parametrize("values", ["normal", "binary"])
@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_the_standard_error_with_weights_is_the_spread_over_draws(estimand: Estimand, values: str) -> None:
    draw = np.random.default_rng(11)
    weights = (np.ones(60), draw.uniform(0.1, 3, 150))
    found = []
    for _ in range(1500):
        if values == "normal":
            samples = draw.normal(0.4, 1, 60), draw.normal(0, 1.3, 150)
        else:
            samples = (draw.random(60) < 0.4).astype(float), (draw.random(150) < 0.6).astype(float)
        found.append(compared(*samples, estimand, weights=weights))
    smd, se = (np.array([getattr(row, name) for row in found]) for name in ("smd", "smd_se"))
    assert se.mean() == pytest.approx(smd.std(ddof=1), rel=0.05)


# Inman & Bradley (1989): two normals d apart share 2 Phi(-d/2); the kernel widens both to sqrt(1 + h^2).
@pytest.mark.parametrize("d", [0.0, 0.5, 1.0, 2.0])
def test_two_normals_share_the_known_area(d: float) -> None:
    n = 20_000
    arm = norm.ppf((np.arange(n) + 0.5) / n)
    bandwidth = 1.06 * n**-0.2
    found = compared(arm + d, arm).overlap
    assert found == pytest.approx(2 * norm.cdf(-d / 2 / math.sqrt(1 + bandwidth**2)), abs=0.002)
    assert found == pytest.approx(2 * norm.cdf(-d / 2), abs=0.01)


@pytest.mark.parametrize(("n", "m"), [(25, 70), (3, 4)])
def test_the_overlap_is_the_area_under_both_densities(n: int, m: int) -> None:
    """Kernels summed one by one on a fine grid; the smaller arm gives the bandwidth."""
    draw = np.random.default_rng(3)
    arm_1, arm_0, weights = draw.gamma(2, 1, n), draw.gamma(3, 1, m), draw.uniform(0.2, 2, m)
    quartiles = np.quantile(arm_1, [0.25, 0.75])
    bandwidth = 1.06 * min(arm_1.std(ddof=1), (quartiles[1] - quartiles[0]) / 1.34) * n**-0.2
    grid, step = np.linspace(-10, 30, 12_001, retstep=True)
    f1 = norm.pdf(grid[:, None], arm_1, bandwidth).mean(axis=1)
    f0 = np.average(norm.pdf(grid[:, None], arm_0, bandwidth), axis=1, weights=weights)
    expected = float(np.minimum(f1, f0).sum() * step)
    assert compared(arm_1, arm_0, weights=(np.ones(n), weights)).overlap == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize(
    ("arm_1", "arm_0"),
    [
        ([0.0] * 9 + [1.0], [0.0] * 9 + [1.2]),  # the quartiles of the first are equal: the SD alone
        ([0.2, 0.8], [0.1, 0.1, 0.3, 0.1]),  # wide kernels, far beyond the figures
    ],
)
def test_the_overlap_of_few_figures(arm_1: list[float], arm_0: list[float]) -> None:
    low, high = np.quantile(arm_1, [0.25, 0.75])
    spread = min(np.std(arm_1, ddof=1), (high - low) / 1.34 if high > low else math.inf)
    bandwidth = 1.06 * spread * len(arm_1) ** -0.2
    grid, step = np.linspace(-6, 8, 14_001, retstep=True)
    f1, f0 = (norm.pdf(grid[:, None], values, bandwidth).mean(axis=1) for values in (arm_1, arm_0))
    found = compared(arm_1, arm_0, binary=False).overlap
    assert found == pytest.approx(float(np.minimum(f1, f0).sum() * step), abs=1e-3)


def test_the_ks_statistic_is_scipys() -> None:
    draw = np.random.default_rng(5)
    arm_1, arm_0 = draw.integers(0, 9, 40).astype(float), draw.integers(2, 12, 75).astype(float)  # with ties
    assert compared(arm_1, arm_0).ks == pytest.approx(ks_2samp(arm_1, arm_0).statistic, abs=1e-12)
    repeats = draw.integers(1, 4, 75)
    weighted = compared(arm_1, arm_0, weights=(np.ones(40), repeats)).ks
    assert weighted == pytest.approx(ks_2samp(arm_1, np.repeat(arm_0, repeats)).statistic, abs=1e-12)


TWENTY = np.linspace(0, 1, 20)


@pytest.mark.parametrize(
    ("first", "second", "limits", "verdict", "reason", "over"),
    [
        (TWENTY, TWENTY + 0.02, COVARIATE_LIMITS, "balanced", None, ()),
        (TWENTY, TWENTY + 0.02, OUTCOME_LIMITS, "unbalanced", "smd", ("smd",)),
        (TWENTY, TWENTY + 0.05, COVARIATE_LIMITS, "unbalanced", "smd", ("smd",)),
        (
            TWENTY,
            0.5 + (TWENTY - 0.5) * 1.5,
            COVARIATE_LIMITS,
            "unbalanced",
            "variance_ratio",
            ("variance_ratio", "ks"),
        ),
        (TWENTY, 1 + TWENTY * 1.5, COVARIATE_LIMITS, "unbalanced", "smd_and_variance_ratio", None),
        (TWENTY, TWENTY**1.02, COVARIATE_LIMITS, "balanced", None, ("ks",)),
        (TWENTY, TWENTY[1:], COVARIATE_LIMITS, "too_few", "fewer_than_20_areas_in_arm_0", None),
        (TWENTY[1:], TWENTY, COVARIATE_LIMITS, "too_few", "fewer_than_20_areas_in_arm_1", None),
        (TWENTY[1:], TWENTY[1:], COVARIATE_LIMITS, "too_few", "fewer_than_20_areas_in_each_arm", None),
        (TWENTY[:5], TWENTY[:5], replace(COVARIATE_LIMITS, areas=5), "balanced", None, ()),
    ],
)
def test_the_verdict_rests_on_the_difference_and_the_variance_ratio(
    first: np.ndarray,
    second: np.ndarray,
    limits: BalanceLimits,
    verdict: str,
    reason: str | None,
    over: tuple[str, ...] | None,
) -> None:
    found = compared(first, second, limits=limits)
    assert (found.verdict, found.reason) == (verdict, reason)
    if over is not None:
        assert set(found.over_limit) - {"ks"} == set(over) - {"ks"}
        assert ("ks" in found.over_limit) == (found.ks is not None and found.ks > 0.05)


def test_areas_of_weight_zero_do_not_count_towards_a_verdict() -> None:
    found = compared(TWENTY, TWENTY, weights=(np.ones(20), np.append(np.ones(19), 0)))
    assert (found.areas_0, found.verdict) == (19, "too_few")


NAN = math.nan


@pytest.mark.parametrize(
    ("first", "second", "estimand", "reason", "known"),
    [
        ([], [1, 2], "ATT", "no_areas_in_arm_1", {"mean_0": 1.5, "missing_1": 0}),
        ([1, 2], [], "ATT", "no_areas_in_arm_0", {"mean_1": 1.5, "denominator_sd": pytest.approx(math.sqrt(0.5))}),
        ([NAN, NAN], [NAN], "ATE", "no_areas_in_arm_1", {"missing_1": 2, "missing_0": 1}),
        ([5], [1, 2, 3], "ATT", "one_area_in_arm_1", {"mean_1": 5, "difference": 3, "sd_0": 1, "ks": 1}),
        ([1, 2, 3], [5, NAN], "ATE", "one_area_in_arm_0", {"mean_0": 5, "difference": -3, "missing_0": 1}),
        ([4, 4, 4], [4, 4], "ATT", "constant", {"difference": 0, "sd_1": 0, "ks": 0}),
        ([0.3, 0.1 + 0.2], [0.3, 0.3], "ATT", "constant", {"sd_1": 0}),
        ([4, 4, 4], [5, 5], "ATE", "constant_in_each_arm", {"difference": -1, "ks": 1}),
        ([4, 4, 4], [4, 5], "ATT", "constant_in_arm_1", {"difference": -0.5, "variance_ratio": 0}),
        ([0, 0, 0], [0, 0], "ATT", "constant", {"difference": 0, "mean_1": 0, "overlap": 1}),
        ([1, 1], [0, 1], "ATT", "constant_in_arm_1", {"difference": 0.5, "smd_cobalt": 0.5, "overlap": 0.5}),
    ],
)
def test_what_cannot_be_given_says_why(
    first: list[float], second: list[float], estimand: Estimand, reason: str, known: dict[str, object]
) -> None:
    found = compared(np.array(first, dtype=float), np.array(second, dtype=float), estimand)
    assert (found.smd, found.verdict, found.reason, found.absent["smd"]) == (None, "not_defined", reason, reason)
    assert {name: getattr(found, name) for name in known} == known


def test_one_comparison_area_leaves_the_difference_in_sds_of_the_first_arm() -> None:
    found = compared([1, 2, 3], [5])
    assert (found.smd, found.verdict) == (-3, "too_few")
    assert found.absent["smd_se"] == found.absent["variance_ratio"] == "one_area_in_arm_0"


def test_weights_can_take_the_spread_away() -> None:
    found = compared([1, 1, 2], [3, 3, 4], weights=([1, 1, 0], [1, 1, 0]))
    assert found.smd == pytest.approx(-2 / math.sqrt(1 / 3))  # the SD before weighting
    assert found.absent["smd_tableone"] == found.absent["variance_ratio"] == "constant_in_each_arm"


def test_rounding_does_not_carry_a_mean_out_of_its_figures() -> None:
    assert compared([0.1] * 3, [0.1] * 7).mean_1 == 0.1


def test_a_weight_that_is_all_the_weight_leaves_no_sd() -> None:
    found = compared([1, 2, 3, 4], [1, 2, 3], weights=([1, 1, 1, 1], [1, 1e-15, 1e-15]))
    assert found.absent["sd_0"] == "one_area_has_all_the_weight_in_arm_0"


@pytest.mark.parametrize(
    ("first", "more", "message"),
    [
        ([1, math.inf], {}, "arm 1: figures beyond"),
        ([[1, 2]], {}, "2 dimensions"),
        ([1, 2], {"weights": ([1], [1, 1])}, "arm 1: 1 weights for 2 areas"),
        ([1, 2], {"weights": ([1, -1], [1, 1])}, "arm 1: weights must be finite"),
        ([1, 2], {"weights": ([1, NAN], [1, 1])}, "arm 1: weights must be finite"),
        ([1, 2], {"binary": True}, "other than 0 and 1"),
    ],
)
def test_what_is_no_sample_is_refused(first: object, more: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compared(first, [0, 1], **more)  # type: ignore[arg-type]


def test_a_variable_may_be_said_not_to_be_binary() -> None:
    found = compared([0, 1, 1], [0, 0, 1], binary=False)
    assert found.sd_1 == pytest.approx(math.sqrt(1 / 3))  # n-1
    assert compared([0, 1, 1], [0, 0, 1]).sd_1 == pytest.approx(math.sqrt(2 / 9))  # p(1-p)


FIGURES = st.one_of(st.just(NAN), st.integers(-5, 5).map(float), st.floats(-1e6, 1e6), st.floats(-1e-200, 1e-200))
SAMPLE = st.lists(st.tuples(FIGURES, st.one_of(st.just(0.0), st.floats(1e-6, 1e6))), max_size=30)
ESTIMANDS = st.sampled_from(["ATT", "ATE"])


@settings(max_examples=examples(150), deadline=None)
@given(SAMPLE, SAMPLE, ESTIMANDS, st.booleans())
@example([(1e-200, 1.0), (0.0, 1.0)], [(1.0, 1.0), (2.0, 1.0)], "ATT", False)
@example([(1e99, 1.0), (0.0, 1.0)], [(1e-99, 1.0), (0.0, 1.0)], "ATE", True)
def test_a_figure_is_finite_or_has_a_reason(
    first: list[tuple[float, float]], second: list[tuple[float, float]], estimand: Estimand, weighted: bool
) -> None:
    samples = [np.array([value for value, _ in sample]) for sample in (first, second)]
    weights = tuple(np.array([weight for _, weight in sample]) for sample in (first, second)) if weighted else None
    with np.errstate(all="raise", under="ignore"):
        found = compared(*samples, estimand, weights=weights)
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    assert {name for name, value in values.items() if value is None} - {"reason"} == set(found.absent)
    assert all(math.isfinite(value) for value in values.values() if isinstance(value, float))
    assert all(type(value) is float for name, value in values.items() if isinstance(value, float)), values
    for name in ("ks", "overlap"):
        assert values[name] is None or 0 <= values[name] <= 1
    assert found.reason is not None or found.verdict == "balanced"


STEPS = st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=25).filter(lambda values: len(set(values)) > 1)


@settings(max_examples=examples(60), deadline=None)
@given(STEPS, STEPS, st.floats(0.01, 100), st.floats(-100, 100))
def test_swapping_flips_and_moving_or_stretching_changes_nothing(
    first: list[float], second: list[float], stretch: float, move: float
) -> None:
    arm_1, arm_0 = np.array(first), np.array(second)
    found, turned = compared(arm_1, arm_0, "ATE", binary=False), compared(arm_0, arm_1, "ATE", binary=False)
    moved = compared(arm_1 * stretch + move, arm_0 * stretch + move, "ATE", binary=False)
    for other, sign in ((turned, -1), (moved, 1)):
        assert other.smd == pytest.approx(sign * found.smd, abs=1e-9)
        assert other.smd_se == pytest.approx(found.smd_se)
        assert other.smd_tableone == pytest.approx(found.smd_tableone, abs=1e-9)
        assert other.ks == pytest.approx(found.ks, abs=1e-12)
    assert turned.variance_ratio == pytest.approx(1 / found.variance_ratio)
    assert moved.variance_ratio == pytest.approx(found.variance_ratio)
    assert moved.overlap == pytest.approx(found.overlap, abs=1e-6)
    if arm_1.size != arm_0.size:  # with equal sizes the first arm gives the bandwidth
        assert turned.overlap == pytest.approx(found.overlap, abs=1e-9)


@settings(max_examples=examples(60), deadline=None)
@given(STEPS, STEPS, st.floats(0.001, 1000), ESTIMANDS)
def test_equal_weights_are_no_weights(
    first: list[float], second: list[float], weight: float, estimand: Estimand
) -> None:
    weights = (np.full(len(first), weight), np.full(len(second), weight / 3))
    found, plain = compared(first, second, estimand, weights=weights), compared(first, second, estimand)
    for field in fields(found):
        value = getattr(found, field.name)
        if isinstance(value, float):
            assert value == pytest.approx(getattr(plain, field.name), abs=1e-9), field.name
    assert found.absent == plain.absent


@settings(max_examples=examples(40), deadline=None)
@given(STEPS, STEPS, st.data())
def test_whole_weights_are_repeated_areas_for_mean_difference_and_ks(
    first: list[float], second: list[float], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.integers(0, 4), min_size=len(second), max_size=len(second)).filter(any))
    found = compared(first, second, weights=(np.ones(len(first)), repeats))
    plain = compared(first, np.repeat(second, repeats))
    assert found.difference == pytest.approx(plain.difference, abs=1e-9)
    assert found.ks == pytest.approx(plain.ks, abs=1e-9)


def test_a_dose_is_correlated_as_by_scipy() -> None:
    draw = np.random.default_rng(2)
    dose, covariate = draw.gamma(2, 5, 60), draw.normal(size=60)
    covariate[:4], dose[4:6] = NAN, NAN
    covariate += 0.05 * np.nan_to_num(dose)
    found = dose_balance(dose, covariate, limits=COVARIATE_LIMITS)
    r = pearsonr(dose[6:], covariate[6:]).statistic
    assert (found.areas, found.missing, found.correlation) == (54, 6, pytest.approx(r, abs=1e-12))
    assert found.se == pytest.approx((1 - r**2) / math.sqrt(53))
    assert (found.verdict, found.reason) == ("unbalanced", "dose_correlation")
    repeats = draw.integers(0, 4, 60)
    weighted = dose_balance(dose, covariate, limits=COVARIATE_LIMITS, weights=repeats).correlation
    repeated = pearsonr(np.repeat(dose[6:], repeats[6:]), np.repeat(covariate[6:], repeats[6:])).statistic
    assert weighted == pytest.approx(repeated, abs=1e-12)


@pytest.mark.parametrize(
    ("dose", "covariate", "verdict", "reason"),
    [
        ([], [], "not_defined", "no_areas"),
        ([1, NAN], [NAN, 2], "not_defined", "no_areas"),
        ([1, NAN], [1, 2], "not_defined", "one_area"),
        ([3, 3, 3], [1, 2, 3], "not_defined", "constant_dose"),
        ([1, 2, 3], [3, 3, 3], "not_defined", "constant_covariate"),
        ([1, 2, 3], [1, 2, 3], "too_few", "fewer_than_20_areas"),
        (np.tile([0, 1], 10), np.repeat([0, 1], 10), "balanced", None),
    ],
)
def test_a_dose_without_a_verdict_says_why(
    dose: list[float], covariate: list[float], verdict: str, reason: str | None
) -> None:
    found = dose_balance(np.array(dose, dtype=float), np.array(covariate, dtype=float), limits=COVARIATE_LIMITS)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert (found.correlation is None) == ("correlation" in found.absent)


def test_a_dose_belongs_to_a_covariate() -> None:
    with pytest.raises(ValueError, match="2 doses, 1 covariates"):
        dose_balance([1, 2], [1], limits=COVARIATE_LIMITS)
