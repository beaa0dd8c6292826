"""The expected value of every figure, and counts drawn around it: binomial for shares, Poisson for rates and counts."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.nation.places import RESIDENTS_PER_DWELLING, Places
from flows.nation.truth import DIRECTION, Base, Level, Truth
from schemas.models import Indicator

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]
STRUCTURAL = ("residents", "dwellings")
# Part of the areas in which dwellings are built, merged or torn down in a year.
REBUILT = 0.04


@dataclass(frozen=True)
class Treatment:
    """Per area: who it copies its latent values from (itself but for twins), and the first year after its plan began.

    `effect_from` is 9999 for areas without a plan. `funded` marks those with one.
    """

    likeness: Counts
    effect_from: Counts
    funded: NDArray[np.bool_]


@dataclass(frozen=True)
class Figure:
    """One indicator over places (rows) and years (columns).

    `expected` and `value` are in the indicator's unit. Where there are no counts, `numerator` and `denominator` are
    None. `spread` is the SD of `value` around `expected`.
    """

    expected: Numbers
    value: Numbers
    spread: Numbers
    numerator: Counts | None = None
    denominator: Counts | None = None


def generator(seed: int, *parts: str) -> np.random.Generator:
    """A stream of its own for each name, so that one more indicator or one fewer changes no other figure."""
    return np.random.default_rng([seed, *(zlib.crc32(part.encode()) for part in parts)])


def linked(indicator: Indicator, value: float | Numbers) -> Numbers:
    """Logit of a share in percent, logarithm of anything else."""
    if indicator.kind == "share":
        return np.asarray(np.log(np.asarray(value) / (100 - np.asarray(value))))
    return np.asarray(np.log(value))


def unlinked(indicator: Indicator, eta: Numbers) -> Numbers:
    """The value whose `linked` is eta."""
    return 100 / (1 + np.exp(-eta)) if indicator.kind == "share" else np.exp(eta)


def sizes(places: Places, treatment: Treatment, years: Sequence[int], truth: Truth, seed: int) -> dict[str, Figure]:
    """Residents and dwellings of every area and year: what the denominators of all other indicators are made of."""
    chance = generator(seed, "sizes")
    steps = np.array(years) - truth.origin_year
    areas = places.areas.height
    growth = chance.normal(0.002, 0.004, areas)[treatment.likeness]
    expected = places.areas["residents"].to_numpy()[:, None] * np.exp(growth[:, None] * steps)
    residents = np.maximum(np.rint(expected * np.exp(chance.normal(0, 0.008, expected.shape))), 1).astype(np.int64)
    stock = places.areas["dwellings"].to_numpy()[:, None]
    built = chance.random((areas, len(years))) < REBUILT
    change = np.rint(stock * built * chance.normal(0, 0.01, built.shape)).astype(np.int64)
    dwellings = np.maximum(stock + np.cumsum(change[:, ::-1], axis=1)[:, ::-1], 1)
    return {
        "residents": Figure(expected, residents.astype(np.float64), expected * 0.008),
        "dwellings": Figure(dwellings * 1.0, dwellings.astype(np.float64), np.zeros(dwellings.shape)),
    }


def of_areas(
    indicator: Indicator,
    level: Level,
    base: Base,
    places: Places,
    treatment: Treatment,
    bases: Mapping[str, Figure],
    years: Sequence[int],
    truth: Truth,
    seed: int,
    parallel: bool,
) -> Figure:
    """One indicator of all areas. Untreated areas have no effect; before `effect_from` nobody has one."""
    eta = _latent_of_areas(indicator, level, places, treatment, years, truth, seed)
    after = np.asarray(years)[None, :] >= treatment.effect_from[:, None]
    eta = eta + level.effect * after
    if not parallel:
        steps = np.asarray(years) - truth.origin_year
        drift = truth.divergence.trend * DIRECTION[indicator.polarity]
        eta = eta + treatment.funded[:, None] * drift * steps
    n = _denominators(base, bases, places.areas["area_id"].to_list(), seed)
    return _drawn(indicator, unlinked(indicator, eta), n, truth, generator(seed, indicator.id, "draw"))


def of_municipalities(
    indicator: Indicator, level: Level, base: Base, places: Places, years: Sequence[int], truth: Truth, seed: int
) -> Figure:
    """One indicator of all municipalities; counts and numbers of persons grow with their residents."""
    chance = generator(seed, indicator.id, "municipalities")
    residents = residents_of_municipalities(places, years, seed)
    steps = np.asarray(years) - truth.origin_year
    by_municipality, _, _ = level.weights
    eta = (
        linked(indicator, level.municipality_mean)
        + _municipality_part(indicator, level, places, seed)[:, None]
        + level.loading * 0.4 * places.municipalities["deprivation"].to_numpy()[:, None]
        + level.trend * steps
        + _year_part(indicator, level, years, seed)
        + level.area_noise * by_municipality * chance.normal(size=residents.shape)
    )
    if indicator.kind == "count" or level.sum:
        per_resident = np.exp(eta)
        return _counted(per_resident * residents, indicator, chance)
    people = residents / (1.0 if base.of == "residents" else RESIDENTS_PER_DWELLING)
    return _drawn(indicator, unlinked(indicator, eta), np.rint(people * base.share).astype(np.int64), truth, chance)


def residents_of_municipalities(places: Places, years: Sequence[int], seed: int) -> Counts:
    """Residents on 1 January of every municipality (row) and year (column)."""
    chance = generator(seed, "population")
    start = places.municipalities["residents"].to_numpy()[:, None]
    growth = chance.normal(0.003, 0.004, len(start))[:, None]
    steps = np.asarray(years) - min(years)
    return np.rint(start * np.exp(growth * steps)).astype(np.int64)


def added(
    figure: Figure, indicator: Indicator, level: Level, groups: Sequence[NDArray[np.intp]], weights: Counts
) -> Figure:
    """Regions and the country as what their municipalities give together: sums, pooled shares, weighted means."""
    if figure.numerator is not None and figure.denominator is not None:
        numerator = np.stack([figure.numerator[rows].sum(axis=0) for rows in groups])
        denominator = np.stack([figure.denominator[rows].sum(axis=0) for rows in groups])
        value = indicator.factor * numerator / denominator
        return Figure(value, value, np.zeros(value.shape), numerator, denominator)
    if indicator.kind == "count" or level.sum:
        value = np.stack([figure.value[rows].sum(axis=0) for rows in groups])
    else:
        value = np.stack([(figure.value[r] * weights[r]).sum(axis=0) / weights[r].sum(axis=0) for r in groups])
    return Figure(value, value, np.zeros(value.shape))


def long(figures: Mapping[str, Figure], places: Sequence[str], years: Sequence[int], name: str) -> pl.DataFrame:
    """Figures as rows: `name` (the place), year, indicator, numerator, denominator, value, expected, spread.

    Ordered by indicator as given, then place and year.
    """
    size = len(places) * len(years)
    none = pl.Series(values=[None] * size, dtype=pl.Int64())
    frames = [
        pl.DataFrame(
            {
                name: np.repeat(np.asarray(places, dtype=object), len(years)).tolist(),
                "year": pl.Series(values=np.tile(np.asarray(years), len(places)), dtype=pl.Int32()),
                "indicator": pl.repeat(indicator, size, dtype=pl.String(), eager=True),
                "numerator": none if figure.numerator is None else figure.numerator.ravel(),
                "denominator": none if figure.denominator is None else figure.denominator.ravel(),
                "value": figure.value.ravel(),
                "expected": figure.expected.ravel(),
                "spread": figure.spread.ravel(),
            }
        )
        for indicator, figure in figures.items()
    ]
    return pl.concat(frames)


def _latent_of_areas(
    indicator: Indicator,
    level: Level,
    places: Places,
    treatment: Treatment,
    years: Sequence[int],
    truth: Truth,
    seed: int,
) -> Numbers:
    """eta of truth.toml's head without the effect; a twin has its likeness's, but for a jitter."""
    chance = generator(seed, indicator.id, "areas")
    areas, neighbourhoods = places.areas, places.neighbourhoods
    municipality, near = areas["municipality"].to_numpy(), areas["neighbourhood"].to_numpy()
    _, by_neighbourhood, by_area = level.weights
    fixed = (
        linked(indicator, level.mean)
        + level.loading * areas["deprivation"].to_numpy()
        + _municipality_part(indicator, level, places, seed)[municipality]
        + level.sd * by_neighbourhood * chance.normal(size=neighbourhoods)[near]
        + level.sd * by_area * chance.normal(size=areas.height)
    )
    rho = truth.noise.autocorrelation
    moving = level.neighbourhood_noise * _ar1(neighbourhoods, len(years), rho, chance)[near] + level.area_noise * _ar1(
        areas.height, len(years), rho, chance
    )
    steps = np.asarray(years) - truth.origin_year
    eta = (
        (fixed[:, None] + moving)[treatment.likeness] + level.trend * steps + _year_part(indicator, level, years, seed)
    )
    jitter = chance.normal(0, truth.twins.jitter, areas.height) * (level.sd > 0)
    copies = treatment.likeness != np.arange(areas.height)
    return eta + (jitter * copies)[:, None]


def _municipality_part(indicator: Indicator, level: Level, places: Places, seed: int) -> Numbers:
    by_municipality, _, _ = level.weights
    draws = generator(seed, indicator.id, "municipality").normal(size=places.municipalities.height)
    return level.sd * by_municipality * draws


def _year_part(indicator: Indicator, level: Level, years: Sequence[int], seed: int) -> Numbers:
    """The nation's years, the same for areas and municipalities, whichever years are asked for."""
    return np.array([level.year_noise * generator(seed, indicator.id, str(year)).normal() for year in years])


def _ar1(rows: int, years: int, rho: float, chance: np.random.Generator) -> Numbers:
    """Stationary autoregressive noise of unit variance: x_t = rho x_(t-1) + sqrt(1 - rho^2) e_t."""
    made = chance.normal(size=(rows, years))
    for at in range(1, years):
        made[:, at] = rho * made[:, at - 1] + np.sqrt(1 - rho**2) * made[:, at]
    return made


def _denominators(base: Base, bases: Mapping[str, Figure], areas: Sequence[str], seed: int) -> Counts:
    """Who stands in the denominator: the same persons for every indicator of the same base."""
    whole = bases[base.of].value
    if base.share == 1:
        return whole.astype(np.int64)
    own = generator(seed, "base", base.of, f"{base.share:g}").normal(0, 0.04, len(areas))
    share = np.minimum(base.share * np.exp(own), 1)
    return np.maximum(np.rint(whole * share[:, None]), 1).astype(np.int64)


def _drawn(indicator: Indicator, expected: Numbers, n: Counts, truth: Truth, chance: np.random.Generator) -> Figure:
    """Counts, or an amount, around the expected values within the indicator's range."""
    match indicator.kind:
        case "share":
            p = expected / 100
            numerator = chance.binomial(n, p)
            return Figure(expected, 100 * numerator / n, 100 * np.sqrt(p * (1 - p) / n), numerator, n)
        case "rate":
            numerator = chance.poisson(n * expected / indicator.factor)
            spread = np.sqrt(expected * indicator.factor / n)
            return Figure(expected, indicator.factor * numerator / n, spread, numerator, n)
        case "count":
            return _counted(n * expected, indicator, chance)
        case _:
            spread = expected * truth.noise.amount_sd / np.sqrt(n)
            value = np.clip(expected + spread * chance.normal(size=n.shape), indicator.minimum, indicator.maximum)
            return Figure(expected, value, spread)


def _counted(expected: Numbers, indicator: Indicator, chance: np.random.Generator) -> Figure:
    counted = np.maximum(chance.poisson(expected), int(indicator.minimum)).astype(np.float64)
    return Figure(expected, counted, np.sqrt(expected))


def years_of(figure: Figure, columns: Sequence[int]) -> Figure:
    """The chosen years of a figure."""
    at = list(columns)
    return Figure(
        figure.expected[:, at],
        figure.value[:, at],
        figure.spread[:, at],
        None if figure.numerator is None else figure.numerator[:, at],
        None if figure.denominator is None else figure.denominator[:, at],
    )


def joined(first: Figure, second: Figure) -> Figure:
    """The places of one figure above those of another."""
    counts = [
        None if above is None or below is None else np.concatenate([above, below])
        for above, below in ((first.numerator, second.numerator), (first.denominator, second.denominator))
    ]
    return Figure(
        np.concatenate([first.expected, second.expected]),
        np.concatenate([first.value, second.value]),
        np.concatenate([first.spread, second.spread]),
        *counts,
    )
