"""The expected value of every figure, and counts drawn around it: binomial for shares, Poisson for rates and counts."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.synthetic.parameters import DIRECTION, Base, Level, Truth, tied
from flows.synthetic.places import RESIDENTS_PER_DWELLING, Places
from flows.synthetic.scale import Numbers, linked, unlinked
from schemas.indicators import Indicator

Counts = NDArray[np.int64]
# Part of the areas in which dwellings are built, merged or torn down in a year.
REBUILT = 0.04
LONG = {
    "place": pl.Int64(),
    "year": pl.Int32(),
    "indicator": pl.String(),
    "numerator": pl.Int64(),
    "denominator": pl.Int64(),
    "value": pl.Float64(),
    "expected": pl.Float64(),
    "spread": pl.Float64(),
}


@dataclass(frozen=True)
class Treatment:
    """Per area: who it copies its latent values from (itself but for twins), and the first year after its plan began.

    `effect_from` is 9999 for areas without a plan. `funded` marks those with one.
    """

    likeness: Counts
    effect_from: Counts
    funded: NDArray[np.bool_]


@dataclass(frozen=True)
class DrawnPanel:
    """The areas and years that figures are drawn for, and what decides them."""

    places: Places
    treatment: Treatment
    years: Sequence[int]
    truth: Truth
    seed: int


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


@dataclass(frozen=True)
class Among:
    """Those among whom a share is counted: their number, and the part of the base that they are expected to be.

    `mean` and `municipality_mean` are that part by truth.toml.
    """

    counts: Counts
    expected: Numbers
    mean: float
    municipality_mean: float


def among(level: Level, levels: Mapping[str, Level], figures: Mapping[str, Figure]) -> Among | None:
    """Among whom the counts of an indicator are drawn, where not among all of its base.

    Counts drawn so are binomial in the whole base too: a binomial part of a binomial number is binomial.
    """
    if not (names := tied(level)):
        return None
    drawn = [counts(figures[name]) for name in names]
    numerators = np.stack([numerator for numerator, _ in drawn]).sum(axis=0)
    expected = np.stack([figures[name].expected / 100 for name in names]).sum(axis=0)
    mean, outside = (
        sum(getattr(levels[name], which) / 100 for name in names) for which in ("mean", "municipality_mean")
    )
    if level.within:
        return Among(numerators, expected, mean, outside)
    return Among(drawn[0][1] - numerators, 1 - expected, 1 - mean, 1 - outside)


def counts(figure: Figure) -> tuple[Counts, Counts]:
    """Numerators and denominators. Raises ValueError for a figure without counts."""
    if figure.numerator is None or figure.denominator is None:
        raise ValueError("only a share can be drawn within or beside others")
    return figure.numerator, figure.denominator


def generator(seed: int, *parts: str) -> np.random.Generator:
    """A stream of its own for each name, so that one more indicator or one fewer changes no other figure."""
    return np.random.default_rng([seed, *(zlib.crc32(part.encode()) for part in parts)])


def sizes(panel: DrawnPanel) -> dict[str, Figure]:
    """Residents and dwellings of every area and year: what the denominators of all other indicators are made of."""
    chance = generator(panel.seed, "sizes")
    steps = np.array(panel.years) - panel.truth.origin_year
    areas = panel.places.areas
    growth = chance.normal(0.002, 0.004, areas.height)[panel.treatment.likeness]
    expected = areas["residents"].to_numpy()[:, None] * np.exp(growth[:, None] * steps)
    residents = np.maximum(np.rint(expected * np.exp(chance.normal(0, 0.008, expected.shape))), 1).astype(np.int64)
    stock = areas["dwellings"].to_numpy()[:, None]
    built = chance.random((areas.height, len(steps))) < REBUILT
    change = np.rint(stock * built * chance.normal(0, 0.01, built.shape)).astype(np.int64)
    dwellings = np.maximum(stock + np.cumsum(change[:, ::-1], axis=1)[:, ::-1], 1)
    return {
        "residents": Figure(expected, residents.astype(np.float64), expected * 0.008),
        "dwellings": Figure(dwellings * 1.0, dwellings.astype(np.float64), np.zeros(dwellings.shape)),
    }


def of_areas(
    indicator: Indicator,
    level: Level,
    panel: DrawnPanel,
    bases: Mapping[str, Figure],
    parallel: bool = True,
    effects: bool = True,
    those: Among | None = None,
) -> Figure:
    """One indicator of all areas. Untreated areas have no effect; before `effect_from` nobody has one."""
    treatment, truth = panel.treatment, panel.truth
    mean = level.mean / (those.mean if those else 1)
    eta = linked(indicator, mean) + _latent_of_areas(indicator, level, panel)
    after = np.asarray(panel.years)[None, :] >= treatment.effect_from[:, None]
    eta = eta + (level.effect if effects else 0.0) * after
    if not parallel:
        steps = np.asarray(panel.years) - truth.origin_year
        drift = truth.divergence.trend * DIRECTION[indicator.polarity]
        eta = eta + treatment.funded[:, None] * drift * steps
    n = _denominators(truth.base_of(indicator), bases, panel.places.areas.height, panel.seed)
    chance = generator(panel.seed, indicator.id, "draw")
    return drawn_around(indicator, unlinked(indicator, eta), n, truth, chance, those)


def of_municipalities(
    indicator: Indicator,
    level: Level,
    places: Places,
    years: Sequence[int],
    truth: Truth,
    seed: int,
    those: Among | None = None,
) -> Figure:
    """One indicator of all municipalities; counts and numbers of persons grow with their residents."""
    chance = generator(seed, indicator.id, "municipalities")
    residents = residents_of_municipalities(places, years, seed)
    steps = np.asarray(years) - truth.origin_year
    by_municipality, _, _ = level.weights
    eta = (
        linked(indicator, level.municipality_mean / (those.municipality_mean if those else 1))
        + _municipality_part(indicator, level, places, seed)[:, None]
        + level.loading * 0.4 * places.municipalities["deprivation"].to_numpy()[:, None]
        + level.trend * steps
        + _year_part(indicator, level, years, seed)
        + level.area_noise * by_municipality * chance.normal(size=residents.shape)
    )
    if indicator.kind == "count" or level.sum:
        return _counted(np.exp(eta) * residents, indicator, chance)
    base = truth.base_of(indicator)
    people = residents / (1.0 if base.part_of == "residents" else RESIDENTS_PER_DWELLING)
    n = np.rint(people * base.share).astype(np.int64)
    return drawn_around(indicator, unlinked(indicator, eta), n, truth, chance, those)


def residents_of_municipalities(places: Places, years: Sequence[int], seed: int) -> Counts:
    """Residents on 1 January of every municipality (row) and year (column)."""
    chance = generator(seed, "population")
    start = places.municipalities["residents"].to_numpy()[:, None]
    growth = chance.normal(0.003, 0.004, len(start))[:, None]
    steps = np.asarray(years) - min(years)
    return np.asarray(np.rint(start * np.exp(growth * steps)), dtype=np.int64)


def added(
    figure: Figure, indicator: Indicator, level: Level, groups: Sequence[NDArray[np.intp]], weights: Counts
) -> Figure:
    """Regions and the country as what their municipalities give together: sums, pooled shares, weighted means."""

    def total(counts: Numbers | Counts) -> NDArray[Any]:
        return np.stack([counts[rows].sum(axis=0) for rows in groups])

    if figure.numerator is not None and figure.denominator is not None:
        numerator, denominator = total(figure.numerator), total(figure.denominator)
        return exact(indicator.factor * numerator / denominator, numerator, denominator)
    if indicator.kind == "count" or level.sum:
        return exact(total(figure.value))
    return exact(total(figure.value * weights) / total(weights))


def exact(value: Numbers, numerator: Counts | None = None, denominator: Counts | None = None) -> Figure:
    """A figure that is what it is expected to be."""
    return Figure(value, value, np.zeros(value.shape), numerator, denominator)


def long(figures: Mapping[str, Figure], places: int, years: Sequence[int]) -> pl.DataFrame:
    """Figures of `places` places as rows: place (its number), year, indicator, numerator, denominator, value, expected,
    spread. Ordered by indicator as given, then place and year.
    """
    size = places * len(years)
    none = pl.Series(values=[None] * size, dtype=pl.Int64())
    parts = [
        pl.DataFrame(
            {
                "place": np.repeat(np.arange(places), len(years)),
                "year": np.tile(np.asarray(years, dtype=np.int32), places),
                "indicator": pl.repeat(indicator, size, dtype=pl.String(), eager=True),
            }
            | {name: none if (part := vars(figure)[name]) is None else part.ravel() for name in [*LONG][3:]}
        )
        for indicator, figure in figures.items()
    ]
    return pl.concat([pl.DataFrame(schema=LONG), *parts])


def _latent_of_areas(indicator: Indicator, level: Level, panel: DrawnPanel) -> Numbers:
    """eta of truth.toml's head without mean and effect; a twin has its likeness's, but for a jitter."""
    places, years, truth, likeness = panel.places, panel.years, panel.truth, panel.treatment.likeness
    chance = generator(panel.seed, indicator.id, "areas")
    areas, neighbourhoods = places.areas, places.neighbourhoods
    municipality, near = areas["municipality"].to_numpy(), areas["neighbourhood"].to_numpy()
    _, by_neighbourhood, by_area = level.weights
    fixed = (
        level.loading * areas["deprivation"].to_numpy()
        + _municipality_part(indicator, level, places, panel.seed)[municipality]
        + level.sd * by_neighbourhood * chance.normal(size=neighbourhoods)[near]
        + level.sd * by_area * chance.normal(size=areas.height)
    )
    rho = truth.noise.autocorrelation
    moving = level.neighbourhood_noise * _ar1(neighbourhoods, len(years), rho, chance)[near]
    moving += level.area_noise * _ar1(areas.height, len(years), rho, chance)
    shared = level.trend * (np.asarray(years) - truth.origin_year) + _year_part(indicator, level, years, panel.seed)
    eta = (fixed[:, None] + moving)[likeness] + shared
    jitter = chance.normal(0, truth.twins.jitter, areas.height) * (level.sd > 0)
    copies = likeness != np.arange(areas.height)
    return np.asarray(eta + (jitter * copies)[:, None])


def _municipality_part(indicator: Indicator, level: Level, places: Places, seed: int) -> Numbers:
    by_municipality, _, _ = level.weights
    draws = generator(seed, indicator.id, "municipality").normal(size=places.municipalities.height)
    return level.sd * by_municipality * draws


def _year_part(indicator: Indicator, level: Level, years: Sequence[int], seed: int) -> Numbers:
    """The nation's years, the same for areas and municipalities, whichever years are asked for."""
    return np.array([level.year_noise * generator(seed, indicator.id, str(year)).normal() for year in years])


def _ar1(rows: int, years: int, rho: float, chance: np.random.Generator) -> Numbers:
    """Stationary autoregressive noise of unit variance: x_t = rho x_(t-1) + sqrt(1 - rho^2) e_t."""
    noise = chance.normal(size=(rows, years))
    for at in range(1, years):
        noise[:, at] = rho * noise[:, at - 1] + np.sqrt(1 - rho**2) * noise[:, at]
    return noise


def _denominators(base: Base, bases: Mapping[str, Figure], areas: int, seed: int) -> Counts:
    """Who stands in the denominator: the same persons for every indicator of the same base."""
    whole = bases[base.part_of].value
    if base.share == 1:
        return whole.astype(np.int64)
    own = generator(seed, "base", base.part_of, f"{base.share:g}").normal(0, 0.04, areas)
    share = np.minimum(base.share * np.exp(own), 1)
    return np.maximum(np.rint(whole * share[:, None]), 1).astype(np.int64)


def drawn_around(
    indicator: Indicator,
    expected: Numbers,
    n: Counts,
    truth: Truth,
    chance: np.random.Generator,
    those: Among | None = None,
) -> Figure:
    """Counts, or an amount, around the expected values within the indicator's range; `n` are the denominators."""
    low, high = indicator.minimum, indicator.maximum
    if indicator.kind == "count":
        return _counted(n * expected, indicator, chance)
    if indicator.kind in ("share", "rate"):
        p = expected / indicator.factor
        if indicator.kind == "share":
            drawn = chance.binomial(n if those is None else those.counts, p)
            p = p if those is None else those.expected * p
            variance = p * (1 - p) / n
        else:
            drawn, variance = chance.poisson(n * p), p / n
        limits = (np.ceil(n * low / indicator.factor), np.floor(n * high / indicator.factor))
        numerator = np.clip(drawn, *limits).astype(np.int64)
        return Figure(
            p * indicator.factor, indicator.factor * numerator / n, indicator.factor * np.sqrt(variance), numerator, n
        )
    spread = expected * truth.noise.amount_sd / np.sqrt(n)
    return Figure(expected, np.clip(expected + spread * chance.normal(size=n.shape), low, high), spread)


def _counted(expected: Numbers, indicator: Indicator, chance: np.random.Generator) -> Figure:
    counted = np.clip(chance.poisson(expected), np.ceil(indicator.minimum), np.floor(indicator.maximum))
    return Figure(expected, counted.astype(np.float64), np.sqrt(expected))


def years_of(figure: Figure, columns: Sequence[int]) -> Figure:
    """The chosen years of a figure."""
    parts: list[Any] = [None if part is None else part[:, list(columns)] for part in vars(figure).values()]
    return Figure(*parts)


def joined(first: Figure, second: Figure) -> Figure:
    """The places of one figure above those of another."""
    pairs = zip(vars(first).values(), vars(second).values(), strict=True)
    parts: list[Any] = [
        None if above is None or below is None else np.concatenate([above, below]) for above, below in pairs
    ]
    return Figure(*parts)
