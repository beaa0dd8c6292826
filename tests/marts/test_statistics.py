"""The statistical functions of sql/functions.sql against other libraries and published examples."""

import math
from collections.abc import Iterator
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from scipy.stats import chi2
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from flows.marts import build


@pytest.fixture(scope="module")
def sql() -> Iterator[duckdb.DuckDBPyConnection]:
    with build.connect() as connection:
        yield connection


def wilson(sql: duckdb.DuckDBPyConnection, x: int, n: int) -> tuple[float, float]:
    return sql.execute(f"select wilson_low({x}, {n}), wilson_high({x}, {n})").fetchall()[0]


# Newcombe (1998), Statistics in Medicine 17: 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(
    sql: duckdb.DuckDBPyConnection, x: int, n: int, low: float, high: float
) -> None:
    assert [bound / 100 for bound in wilson(sql, x, n)] == pytest.approx([low, high], abs=5e-5)


COUNTS = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=examples(300), deadline=None)
@given(COUNTS)
def test_wilson_is_statsmodels_and_holds_the_share(sql: duckdb.DuckDBPyConnection, counts: tuple[int, int]) -> None:
    x, n = counts
    low, high = wilson(sql, x, n)
    assert [low, high] == pytest.approx([100 * bound for bound in proportion_confint(x, n, method="wilson")], abs=1e-8)
    assert 0 <= low <= 100 * x / n + 1e-9
    assert 100 * x / n - 1e-9 <= high <= 100
    assert [100 - high, 100 - low] == pytest.approx(list(wilson(sql, n - x, n)), abs=1e-8)


@settings(max_examples=examples(100), deadline=None)
@given(COUNTS, st.integers(2, 50))
def test_wilson_narrows_as_the_base_grows(sql: duckdb.DuckDBPyConnection, counts: tuple[int, int], times: int) -> None:
    x, n = counts
    (low, high), (larger_low, larger_high) = wilson(sql, x, n), wilson(sql, times * x, times * n)
    assert larger_high - larger_low < high - low


# Pearson and Hartley (1966), Biometrika Tables for Statisticians I, table 40: 95 % limits of a Poisson expectation.
PUBLISHED = {
    0: (0.0, 3.69),
    1: (0.0253, 5.57),
    2: (0.242, 7.22),
    3: (0.619, 8.77),
    4: (1.09, 10.24),
    5: (1.62, 11.67),
    6: (2.20, 13.06),
    7: (2.81, 14.42),
    8: (3.45, 15.76),
    9: (4.12, 17.08),
}


@pytest.mark.parametrize("x", PUBLISHED)
def test_poisson_gives_the_published_limits(sql: duckdb.DuckDBPyConnection, x: int) -> None:
    (found,) = sql.execute(f"select poisson_low({x}), poisson_high({x})").fetchall()
    assert found == pytest.approx(PUBLISHED[x], abs=5.1e-3)


def test_poisson_limits_rise_with_the_count_and_hold_it(sql: duckdb.DuckDBPyConnection) -> None:
    rows = sql.execute("select x, poisson_low(x), poisson_high(x) from range(0, 200) as counts(x)").fetchall()
    assert all(low <= x < high for x, low, high in rows)
    assert all(a[1] < b[1] and a[2] < b[2] for a, b in pairwise(rows))


@pytest.mark.parametrize("x", range(10))
def test_poisson_limits_below_ten_are_exact(sql: duckdb.DuckDBPyConnection, x: int) -> None:
    low, high = sql.execute(f"select poisson_low({x}), poisson_high({x})").fetchall()[0]
    assert low == pytest.approx(chi2.ppf(0.025, 2 * x) / 2 if x else 0.0, abs=1e-6)
    assert high == pytest.approx(chi2.ppf(0.975, 2 * x + 2) / 2, abs=1e-6)


@pytest.mark.parametrize("x", [10, 11, 50, 1000, 100_000])
def test_byar_is_close_to_the_exact_limits(sql: duckdb.DuckDBPyConnection, x: int) -> None:
    low, high = sql.execute(f"select poisson_low({x}), poisson_high({x})").fetchall()[0]
    assert low == pytest.approx(chi2.ppf(0.025, 2 * x) / 2, rel=2e-3)
    assert high == pytest.approx(chi2.ppf(0.975, 2 * x + 2) / 2, rel=2e-3)
    assert low == pytest.approx(x * (1 - 1 / (9 * x) - 1.959964 / (3 * math.sqrt(x))) ** 3, rel=1e-6)


def newcombe(sql: duckdb.DuckDBPyConnection, x1: int, n1: int, x0: int, n0: int) -> tuple[float, float]:
    after = f"{100 * x1 / n1}, wilson_low({x1}, {n1}), wilson_high({x1}, {n1})"
    before = f"{100 * x0 / n0}, wilson_low({x0}, {n0}), wilson_high({x0}, {n0})"
    return sql.execute(f"select newcombe_low({after}, {before}), newcombe_high({after}, {before})").fetchall()[0]


def test_newcombe_gives_the_published_interval(sql: duckdb.DuckDBPyConnection) -> None:
    """Newcombe (1998), Statistics in Medicine 17: 873-890, table II, example (a), method 10."""
    assert newcombe(sql, 56, 70, 48, 80) == pytest.approx((5.24, 33.39), abs=5e-3)


@settings(max_examples=examples(100), deadline=None)
@given(COUNTS, COUNTS)
def test_newcombe_is_statsmodels(
    sql: duckdb.DuckDBPyConnection, after: tuple[int, int], before: tuple[int, int]
) -> None:
    expected = confint_proportions_2indep(*after, *before, method="newcomb", compare="diff")
    assert newcombe(sql, *after, *before) == pytest.approx([100 * bound for bound in expected], abs=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "comparator", "polarity", "verdict"),
    [
        (40, 50, 45, "high_is_worse", "similar"),
        (40, 50, 40, "high_is_worse", "similar"),
        (40, 50, 39, "high_is_worse", "worse"),
        (40, 50, 51, "high_is_worse", "better"),
        (40, 50, 39, "high_is_better", "better"),
        (40, 50, 51, "high_is_better", "worse"),
        (40, 50, 39, "neutral", "higher"),
        (40, 50, 51, "neutral", "lower"),
        ("null", "null", 51, "neutral", None),
        (40, 50, "null", "neutral", None),
    ],
)
def test_a_verdict_follows_interval_and_polarity(
    sql: duckdb.DuckDBPyConnection, low: object, high: object, comparator: object, polarity: str, verdict: str | None
) -> None:
    assert sql.execute(f"select verdict({low}, {high}, {comparator}, '{polarity}')").fetchall() == [(verdict,)]
