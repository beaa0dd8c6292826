"""From the years before a plan to the last two: what moved, what may be a headline, and why not."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.optimize import brentq
from test_series import BOUNDARY, DEFINITION, broken

from flows.marts import build, queries
from schemas.registry import Registry

# Newcombe (1998), Statistics in Medicine 17: 873-890, table II, example (a), method 10: 56 of 70 against 48 of 80.
NEWCOMBE = (20.0, 5.24, 33.39)
# The 13 trials of Colditz et al. (1994), JAMA 271: 698-702: cases and persons, vaccinated and not.
BCG = (
    (4, 123, 11, 139),
    (6, 306, 29, 303),
    (3, 231, 11, 220),
    (62, 13598, 248, 12867),
    (33, 5069, 47, 5808),
    (180, 1541, 372, 1451),
    (8, 2545, 10, 629),
    (505, 88391, 499, 88391),
    (29, 7499, 45, 7277),
    (17, 1716, 65, 1665),
    (186, 50634, 141, 27338),
    (5, 2498, 3, 2341),
    (27, 16913, 29, 17854),
)
# Log risk ratios and their variances; what they are shrunk to, with the SD (Morris 1983, by the tau^2 of statsmodels).
TRIALS = [(math.log(a / n * m / c), 1 / a - 1 / n + 1 / c - 1 / m) for a, n, c, m in BCG]
SHRUNK = (
    (-0.801122, 0.411417),
    (-1.255012, 0.354175),
    (-0.989526, 0.436609),
    (-1.398547, 0.137624),
    (-0.286528, 0.211513),
    (-0.784604, 0.082302),
    (-1.247504, 0.369670),
    (0.003010, 0.062592),
    (-0.506420, 0.220620),
    (-1.248786, 0.246029),
    (-0.353466, 0.109509),
    (-0.280862, 0.460384),
    (-0.145219, 0.243749),
)
YEARS = (2005, 2006, 2007, 2011, 2012)
STEADY = [(48, 80)] * 3 + [(56, 70)] * 2
HEAD = "area | year | count | of | indicator | source | window_years | value\n"


def rows(
    area: str,
    given: Iterable[tuple[int, int]] = STEADY,
    years: Iterable[int] = YEARS,
    indicator: str = "nonwestern_pct",
    sources: Iterable[str] = ("municipal_figures",) * 5,
    window: int = 1,
) -> str:
    """A line of counts for each of the five years."""
    lines = zip(given, years, sources, strict=True)
    return "".join(f"{area} | {y} | {x} | {n} | {indicator} | {s} | {window} | \n" for (x, n), y, s in lines)


def by_area(made: Any, figures: str, registry: Registry | None = None, **facts: str) -> dict[str, dict[str, Any]]:
    """The one change of each area, by its name."""
    given = {"registry": registry} if registry else {}
    found = made("pooled_changes", figures=figures, **facts, **given).to_dicts()
    named = {row["area_id"]: row for row in found}
    assert len(named) == len(found)
    return named


def test_intervals_and_why_there_is_none(made: Any) -> None:
    """Three times 48 of 80 of the same persons are no more persons than once; 16, 16 and 16 of 80 answers are 48."""
    others = ("area_statistics",) * 3 + ("municipal_figures",) * 2
    answers = [(16, 27), (16, 27), (16, 26), (28, 35), (28, 35)]
    bare = "".join(f"munkebo | {year} | | | nonwestern_pct | municipal_figures | 1 | 60\n" for year in YEARS)
    found = by_area(
        made,
        HEAD
        + rows("vollsmose")
        + rows("bispehaven", answers, indicator="satisfied_area_pct")
        + rows("kvaglund", years=(2006, 2007, 2008, 2011, 2012))
        + rows("motalavej", years=(2004, 2005, 2006, 2010, 2011))
        + rows("solbakken", years=(2003, 2004, 2005, 2009, 2010))
        + rows("korskaerparken", indicator="outside_work_pct")
        + rows("finlandsparken", window=4)
        + rows("askeroed", sources=others)
        + bare,
    )
    assert {area: row["movement_missing_reason"] for area, row in found.items()} == {
        "vollsmose": None,
        "bispehaven": None,
        "kvaglund": "years_missing",
        "motalavej": None,
        "solbakken": "no_recent_figure",
        "korskaerparken": "no_interval_for_basis",
        "finlandsparken": "overlapping_windows",
        "askeroed": "other_owner",
        "munkebo": "no_counts",
    }
    for area, row in found.items():
        limits = (row["movement"], row["movement_low"], row["movement_high"])
        if row["movement_missing_reason"]:
            assert limits == (None, None, None), area
        else:
            assert limits == pytest.approx(NEWCOMBE, abs=5e-3), area
    first = found["vollsmose"]
    assert (first["before_value"], first["after_value"]) == pytest.approx((60, 80))
    assert (first["before_is"], first["before_from"], first["before_to"]) == ("first_of_eight_years", 2005, 2007)
    assert (first["after_from"], first["after_to"]) == (2011, 2012)


def test_a_movement_begins_with_the_three_years_before_the_first_grant(made: Any) -> None:
    begins = {
        "vollsmose": ("2009-03-01", "2008-10-01"),
        "bispehaven": ("2009-10-01",),
        "munkebo": ("2012-01-01",),
        "kvaglund": ("2011-12-31",),
    }
    grants = [(area, f"{area}{n}", day) for area, days in begins.items() for n, day in enumerate(days)]
    found = by_area(
        made,
        HEAD + "".join(rows(area) for area in begins),
        listed_grants="grant_id | plan_name | municipality_code | grant_kind | granted_from | granted_to\n"
        + "\n".join(f"{name} | {name} | 0461 | social_effort | {day} | 2013-12-31" for _, name, day in grants),
        grant_areas="grant_id | area\n" + "\n".join(f"{name} | {area}" for area, name, _ in grants),
    )
    assert {row["before_is"] for row in found.values()} == {"before_the_plan"}
    assert {area: (row["before_from"], row["movement_missing_reason"]) for area, row in found.items()} == {
        "vollsmose": (2005, None),
        "bispehaven": (2006, "years_missing"),
        "munkebo": (2009, "plan_too_new"),
        "kvaglund": (2008, "years_missing"),
    }


def test_a_movement_stays_within_its_series(made: Any, registry: Registry) -> None:
    found = made(
        "pooled_changes",
        registry=broken(registry, BOUNDARY, DEFINITION | {"indicator": "convicted_pct"}),
        figures=HEAD + rows("vollsmose") + rows("bispehaven") + rows("bispehaven", indicator="convicted_pct"),
    )
    assert found.select("area_id", "indicator", "movement_missing_reason").rows() == [
        ("bispehaven", "convicted_pct", "definition_break"),
        ("bispehaven", "nonwestern_pct", None),
        ("vollsmose", "nonwestern_pct", "boundary_break"),
    ]


def test_an_edition_that_repeats_another_tells_of_no_movement(made: Any) -> None:
    areas = ("vollsmose", "bispehaven", "munkebo", "kvaglund", "motalavej")
    lines = [
        f"{area} | {year} | {30 + n + (year > 2010)} | 100 | town/{year}"
        for n, area in enumerate(areas)
        for year in YEARS
    ]
    found = by_area(made, "area | year | count | of | source_file\n" + "\n".join(lines))
    assert {row["movement_missing_reason"] for row in found.values()} == {"repeated_figure"}


def test_the_municipality_moves_in_the_same_years_and_only_within_its_series(made: Any) -> None:
    towns = {"vollsmose": "0461", "bispehaven": "0751", "kvaglund": "0561"}
    own = "".join(
        f"area | {area} | {y} | {x} | {n} | | municipal_figures\n"
        for area in towns
        for y, (x, n) in zip(YEARS, STEADY, strict=True)
    )
    shares = {2005: 10, 2006: 11, 2007: 15, 2010: 90, 2011: 9, 2012: 10}
    places = "".join(
        f"municipality | {code} | {y} | | | {v} | "
        f"{'area_statistics' if (code, y) == ('0561', 2011) else 'municipal_figures'}\n"
        for code in towns.values()
        for y, v in shares.items()
        if (code, y) != ("0751", 2006)
    )
    figures = "geography | geography_id | year | count | of | value | source\n" + own + places
    found = {row["area_id"]: row for row in made("area_movements", figures=figures).to_dicts()}
    row = found["vollsmose"]
    moved = row["municipality_before"], row["municipality_after"], row["municipality_movement"]
    assert moved == pytest.approx((12, 9.5, -2.5))
    assert (row["is_headline"], row["no_headline_because"], row["lasting_movement"]) == (False, "too_few_areas", None)
    assert (found["bispehaven"]["municipality_movement"], found["kvaglund"]["municipality_movement"]) == (None, None)


def over(registry: Registry, movements: list[tuple[float, float]]) -> dict[str, pl.DataFrame]:
    """movement_priors and area_movements made of movements with their variances, each of another area."""
    half = [1.959963984540054 * math.sqrt(variance) for _, variance in movements]
    given = pl.DataFrame(
        {
            "area_id": [f"area-{n:02}" for n in range(len(movements))],
            "movement": [moved for moved, _ in movements],
            "movement_low": [moved - h for (moved, _), h in zip(movements, half, strict=True)],
            "movement_high": [moved + h for (moved, _), h in zip(movements, half, strict=True)],
        }
    )
    with build.connect() as connection:
        build.load_codes(connection, registry)
        connection.execute("set variable origin = 'synthetic'")
        connection.from_arrow(given.to_arrow()).create("given")
        connection.execute("""
            create table pooled_changes as
            select *, 'nonwestern_pct' as indicator, 'before_the_plan' as before_is, 2005 as before_from,
                2007 as before_to, 2011 as after_from, 2012 as after_to, 40.0 as before_value,
                40.0 + movement as after_value, cast(null as varchar) as movement_missing_reason,
                'municipality' as figure_owner
            from given;
            create table dim_areas as select area_id, '0461' as municipality_code from given;
            create table place_figures as
            select 'municipality' as geography, '0461' as geography_id, 2005 as year, 'nonwestern_pct' as indicator,
                1 as window_years, 'municipality' as figure_owner, 9.0 as value
        """)
        for name in ("movement_priors", "area_movements"):
            connection.execute(f"create table {name} as {queries.marts()[name].sql}")
        return {name: connection.table(name).pl() for name in ("movement_priors", "area_movements")}


def test_the_prior_is_that_of_the_literature(registry: Registry) -> None:
    """Mean, its standard error and tau^2 of the BCG trials by statsmodels 0.15.0 (Paule and Mandel)."""
    made = over(registry, TRIALS)
    (prior,) = made["movement_priors"].to_dicts()
    assert (prior["areas"], prior["indicator"], prior["before_is"]) == (13, "nonwestern_pct", "before_the_plan")
    found = prior["mean_movement"], prior["mean_movement_se"], prior["movement_variance"]
    assert found == pytest.approx((-0.71496815, 0.18089219, 0.31806845), abs=5e-9)


def test_trials_are_shrunk_as_in_the_literature(registry: Registry) -> None:
    """A prior needs 50 areas: 38 more of hardly any weight, as far off as chance has it, move nothing."""
    mean, tau2, unsure = -0.71496815, 0.31806845, 1e8
    far = [(mean + side * math.sqrt(unsure + tau2), unsure) for side in (1, -1)] * 19
    rows = over(registry, TRIALS + far)["area_movements"].sort("area_id").head(13)
    assert rows["lasting_movement"].to_list() == pytest.approx([shrunk for shrunk, _ in SHRUNK], abs=2e-6)
    sd = (rows["lasting_movement_high"] - rows["lasting_movement_low"]) / (2 * 1.959963984540054)
    assert sd.to_list() == pytest.approx([sd for _, sd in SHRUNK], abs=2e-6)


@pytest.mark.parametrize("spread", [1e-4, 1.0, 1e4])
def test_the_variance_is_found_however_large_it_is(registry: Registry, spread: float) -> None:
    """The root of Paule and Mandel's equation, by Brent: variances of movements lie a thousand apart."""
    draw = np.random.default_rng(3)
    variance = 10 ** draw.uniform(-2, 1, 200)
    moved_by = draw.normal(0, math.sqrt(spread), 200) + draw.normal(0, np.sqrt(variance))
    (prior,) = over(registry, list(zip(moved_by.tolist(), variance.tolist(), strict=True)))[
        "movement_priors"
    ].to_dicts()
    if squares(0, moved_by, variance) <= 199:
        assert prior["movement_variance"] == 0
    else:
        root = brentq(lambda tau2: squares(tau2, moved_by, variance) - 199, 0, 1e6, xtol=1e-12)
        assert prior["movement_variance"] == pytest.approx(root, rel=1e-6)


def squares(tau2: float, moved_by: np.ndarray, variance: np.ndarray) -> float:
    """The weighted squares about the weighted mean, were the variance of the areas tau2."""
    w = 1 / (variance + tau2)
    return float((w * (moved_by - (w * moved_by).sum() / w.sum()) ** 2).sum())


def test_no_variance_is_left_where_chance_explains_it_all(registry: Registry) -> None:
    (prior,) = over(registry, [(1.0, 4.0), (2.0, 4.0), (3.0, 4.0)])["movement_priors"].to_dicts()
    assert (prior["mean_movement"], prior["movement_variance"]) == (2, 0)
    assert prior["mean_movement_se"] == pytest.approx(math.sqrt(4 / 3))
    assert over(registry, [(1.0, 4.0)])["movement_priors"]["movement_variance"].to_list() == [0]


def test_a_headline_leaves_out_zero_and_has_a_sure_sign_when_shrunk(registry: Registry) -> None:
    """Sixty areas about 0, half of them with a standard error of 1 and half of 3; the formulas again, by numpy."""
    chance = np.random.default_rng(17)
    variance = np.repeat([1.0, 9.0], 30)
    moved_by = chance.normal(0, 3, 60) + chance.normal(0, np.sqrt(variance))
    made = over(registry, list(zip(moved_by.tolist(), variance.tolist(), strict=True)))
    tau2 = brentq(lambda tau2: squares(tau2, moved_by, variance) - 59, 0, 100)
    mean = (moved_by / (variance + tau2)).sum() / (1 / (variance + tau2)).sum()
    part = tau2 / (tau2 + variance)
    lasting = mean + part * (moved_by - mean)
    sd = np.sqrt(part * variance + (1 - part) ** 2 / (1 / (variance + tau2)).sum())
    rows = made["area_movements"].sort("area_id")
    assert rows["movement_reliability"].to_numpy() == pytest.approx(part)
    assert rows["lasting_movement"].to_numpy() == pytest.approx(lasting)
    assert rows["lasting_movement_low"].to_numpy() == pytest.approx(lasting - 1.959964 * sd, abs=1e-5)
    leaves_out = np.abs(moved_by) > 1.959964 * np.sqrt(variance)
    sure = (np.abs(lasting) > 1.959964 * sd) & (np.sign(lasting) == np.sign(moved_by))
    assert rows["is_headline"].to_numpy().tolist() == (leaves_out & sure).tolist()
    assert 0 < (leaves_out & sure).sum() < leaves_out.sum()
    unsure = rows.filter(pl.Series(leaves_out & ~sure))["no_headline_because"]
    assert set(unsure) == {"sign_not_sure"}
    assert set(rows.filter(pl.Series(~leaves_out))["no_headline_because"]) == {"interval_holds_zero"}


def test_below_fifty_areas_nothing_is_a_headline(registry: Registry) -> None:
    steps = [(10.0 if n % 2 else -10.0, 1.0) for n in range(50)]
    assert over(registry, steps)["area_movements"]["is_headline"].all()
    few = over(registry, steps[:49])["area_movements"]
    assert set(few["no_headline_because"]) == {"too_few_areas"}
    assert few["lasting_movement"].null_count() == 49
