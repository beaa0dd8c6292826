"""Headlines of change over nations drawn by seed: how many have the wrong sign or tell too much, and what they lose.

Usage: python -m simulations.headlines [seeds] [first seed] [areas] [retained]. Areas get plans by three ways of
selection, on each indicator by itself: by the figure of the three years before, by half of it and half of what lasts,
or by what lasts. Of the persons or dwellings of a year, `retained` per cent are there the next year as they were, the
others are drawn anew.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.marts import build, queries
from flows.synthetic.draw import draw
from flows.synthetic.figures import counts
from flows.synthetic.parameters import levels
from flows.synthetic.scale import linked, unlinked
from schemas.loading import load
from schemas.registry import Registry
from simulations.nations import REFERENCE

INDICATORS = (
    "convicted_pct",
    "basic_education_pct",
    "low_income_pct",
    "employed_18_64_pct",
    "social_assistance_pct",
    "youth_in_education_pct",
    "youth_neither_pct",
    "move_out_pct",
    "vacant_dwellings_pct",
)
YEARS = range(2003, 2013)
STARTS = (2006, 2007, 2008, 2009, 2010)
CHOSEN = 0.24  # 237 of 979 areas have a plan
# How much of the figure, and not of what lasts, an area is chosen by.
SELECTION = {"figure": 1.0, "mixed": 0.5, "lasting": 0.0}
WRONG_SIGN_PCT, OVER_TWICE_PCT = 5.0, 15.0
SIZES = (2, 4, 6)
STEPS = ("pooled_changes", "movement_priors", "area_movements")

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """One indicator of a nation: counts and expected shares by area and year; start 0 is no plan."""

    indicator: str
    numerator: NDArray[np.int64]
    denominator: NDArray[np.int64]
    expected: Numbers
    start: NDArray[np.int64]


def main(seeds: int = 20, first_seed: int = 40_000, areas: int = 1000, retained: int = 70) -> int:
    """Print what headlines said beside the planted truth; returns how many limits were missed."""
    registry = load()
    started = time.perf_counter()
    rows = pl.concat(
        judged(way, seed, areas, retained / 100, registry)
        for seed in range(first_seed, first_seed + seeds)
        for way in SELECTION
    )
    seconds = (time.perf_counter() - started) / seeds
    print(
        f"{seeds} nations of {areas:,} areas from seed {first_seed} on, nine shares, {retained} % retained a year; "
        f"{seconds:.1f} s each"
    )
    found = "".join(f"{f'found {size}':>9}" for size in SIZES)
    print(
        f"{'chosen by':<10}{'areas':<14}{'pairs':>9}{'told %':>8}{'wrong %':>9}{'twice %':>9}{'raw twice':>11}{found}"
    )
    missed = 0
    for way in SELECTION:
        for kind in ("with a plan", "without"):
            row = accounts(rows.filter(chosen_by=way, kind=kind))
            missed += row["wrong"] > WRONG_SIGN_PCT or row["twice"] > OVER_TWICE_PCT
            sizes = "".join(f"{row[f'found_{size}']:>9.0f}" for size in SIZES)
            print(
                f"{way:<10}{kind:<14}{row['pairs']:>9,.0f}{row['told']:>8.1f}{row['wrong']:>9.1f}{row['twice']:>9.1f}"
                f"{row['raw_twice']:>11.1f}{sizes}"
            )
    print(f"limits: wrong sign {WRONG_SIGN_PCT:g} %, more than twice the true change {OVER_TWICE_PCT:g} %")
    return missed


def judged(way: str, seed: int, areas: int, retained: float, registry: Registry) -> pl.DataFrame:
    """The movements of a nation after one way of selection: movement, lasting_movement, is_headline, and the truth."""
    chance = np.random.default_rng([seed, list(SELECTION).index(way)])
    nation = draw(REFERENCE, registry, seed=seed, areas=areas, indicators=INDICATORS, effects=False)
    at = [nation.years.index(year) for year in YEARS]
    worlds = []
    for name in INDICATORS:
        figure = nation.of_areas[name]
        expected = figure.expected[:, at]
        denominator = counts(figure)[1][:, at]
        counted = followed(expected / 100, denominator, retained, chance)
        world = World(name, counted, denominator, expected, np.zeros(len(counted), dtype=np.int64))
        worlds.append(selected(world, SELECTION[way], registry, chance))
    found = movements(worlds, registry)
    truth = pl.concat(
        pl.DataFrame(_truth(world), schema={"area_id": pl.String(), "true": pl.Float64()}) for world in worlds
    )
    kind = pl.when(before_is="before_the_plan").then(pl.lit("with a plan")).otherwise(pl.lit("without"))
    return found.join(truth, on="area_id", maintain_order="left").select(
        pl.lit(way).alias("chosen_by"), kind.alias("kind"), "movement", "lasting_movement", "is_headline", "true"
    )


def followed(
    share: Numbers, base: NDArray[np.int64], retained: float, chance: np.random.Generator
) -> NDArray[np.int64]:
    """Counts by area and year: of those of a year, a part is there the next year as it was, and the rest drawn anew."""
    counted = np.empty_like(base)
    counted[:, 0] = chance.binomial(base[:, 0], share[:, 0])
    for year in range(1, base.shape[1]):
        before, now = base[:, year - 1], base[:, year]
        there = chance.binomial(np.minimum(before, now), retained)
        kept = chance.hypergeometric(counted[:, year - 1], before - counted[:, year - 1], there)
        # The others have what brings the whole to its expected share.
        anew = (share[:, year] - retained * share[:, year - 1]) / (1 - retained)
        counted[:, year] = kept + chance.binomial(now - there, np.clip(anew, 0, 1))
    return counted


def selected(world: World, by_figure: float, registry: Registry, chance: np.random.Generator) -> World:
    """Give plans to the areas that look worst, each with a start by lot, and let the plans do what truth.toml says."""
    indicator, level = registry.indicators[world.indicator], levels(registry)[world.indicator]
    numerator, denominator, expected = world.numerator, world.denominator, world.expected
    areas = len(expected)
    start = chance.choice(STARTS, areas)
    years = np.array(YEARS)[None, :]
    before = (years >= start[:, None] - 3) & (years < start[:, None])
    seen = (numerator * before).sum(axis=1) / (denominator * before).sum(axis=1)
    lasts = linked(indicator, expected).mean(axis=1)
    score = by_figure * _standardised(seen) + (1 - by_figure) * _standardised(lasts)
    worst = np.argsort(-score if indicator.polarity == "high_is_worse" else score)[: round(CHOSEN * areas)]
    has_plan = np.isin(np.arange(areas), worst)
    after = has_plan[:, None] & (years > start[:, None])
    moved = np.where(after, unlinked(indicator, linked(indicator, expected) + level.effect), expected)
    changed = thinned(numerator, denominator, expected / 100, moved / 100, chance)
    return World(world.indicator, changed, denominator, moved, np.where(has_plan, start, 0))


def thinned(
    numerator: NDArray[np.int64],
    denominator: NDArray[np.int64],
    before: Numbers,
    after: Numbers,
    chance: np.random.Generator,
) -> NDArray[np.int64]:
    """Counts of a share `before` as they are when it is `after`: some persons get, or lose, what is counted."""
    lost = chance.binomial(numerator, np.clip(1 - after / before, 0, 1))
    got = chance.binomial(denominator - numerator, np.clip((after - before) / (1 - before), 0, 1))
    return np.asarray(numerator - lost + got)


def movements(worlds: list[World], registry: Registry) -> pl.DataFrame:
    """area_movements of these worlds, by the SQL of the marts; an area has another name in each."""
    values = pl.concat(pl.DataFrame(list(_values(world)), schema=VALUES, orient="row") for world in worlds)
    starts = pl.concat(
        pl.DataFrame({"area_id": _names(world), "start_year": pl.Series(world.start, dtype=pl.Int32())}).filter(
            pl.col("start_year") > 0
        )
        for world in worlds
    )
    with build.connect() as connection:
        build.load_codes(connection, registry)
        connection.execute("set variable origin = 'synthetic'")
        connection.from_arrow(values.to_arrow()).create("figures")
        connection.from_arrow(starts.to_arrow()).create("plan_starts")
        connection.execute("""
            create table area_values as
            select *, 'share' as kind, 100.0 * numerator / denominator as value, 1 as window_years,
                'municipality' as figure_owner, cast(null as integer) as repeats_year, 0 as boundary_era,
                0 as definition_era
            from figures;
            create table dim_areas as select distinct area_id, '0000' as municipality_code from figures;
            create table place_figures as
            select 'municipality' as geography, '0000' as geography_id, year, indicator, value, window_years,
                figure_owner
            from area_values limit 0
        """)
        known = {**queries.views(), **queries.marts()}
        for step in STEPS:
            connection.execute(f"create table {step} as\n{known[step].sql}")
        return connection.table("area_movements").pl().filter(pl.col("movement").is_not_null())


VALUES = {
    "area_id": pl.String(),
    "indicator": pl.String(),
    "year": pl.Int32(),
    "numerator": pl.Int64(),
    "denominator": pl.Int64(),
}


def _names(world: World) -> list[str]:
    return [f"{world.indicator} {area}" for area in range(len(world.start))]


def _values(world: World) -> Iterator[tuple[str, str, int, int, int]]:
    for area, name in enumerate(_names(world)):
        for at, year in enumerate(YEARS):
            yield name, world.indicator, year, int(world.numerator[area, at]), int(world.denominator[area, at])


def _truth(world: World) -> Iterator[tuple[str, float]]:
    """How far the expected share moved between the years that the rule pools."""
    years = np.array(YEARS)
    first = np.where(world.start > 0, world.start - 3, years[-1] - 7)[:, None]
    before = (years[None, :] >= first) & (years[None, :] < first + 3)
    after = np.broadcast_to(years[None, :] >= years[-1] - 1, before.shape)

    def pooled(when: NDArray[np.bool_]) -> Numbers:
        base = world.denominator * when
        return np.asarray((world.expected * base).sum(axis=1) / base.sum(axis=1))

    yield from zip(_names(world), pooled(after) - pooled(before), strict=True)


def accounts(rows: pl.DataFrame) -> dict[str, float]:
    """Per cent of movements told; of those told, wrong sign and over twice the truth; of true ones found, by size."""
    headlines = rows.filter("is_headline")
    right = pl.col("lasting_movement").sign() == pl.col("true").sign()

    def pct(part: pl.DataFrame, whole: pl.DataFrame) -> float:
        return 100 * part.height / max(whole.height, 1)

    large = {size: rows.filter(pl.col("true").abs() >= size) for size in SIZES}
    return {
        "pairs": rows.height,
        "told": pct(headlines, rows),
        "wrong": pct(headlines.filter(~right), headlines),
        "twice": pct(headlines.filter(pl.col("lasting_movement").abs() > 2 * pl.col("true").abs()), headlines),
        "raw_twice": pct(headlines.filter(pl.col("movement").abs() > 2 * pl.col("true").abs()), headlines),
        **{f"found_{size}": pct(part.filter(pl.col("is_headline") & right), part) for size, part in large.items()},
    }


def _standardised(values: Numbers) -> Numbers:
    return np.asarray((values - values.mean()) / values.std())


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
