"""What is expected of every place and year before anything is counted: the levels of truth.toml and what moves them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from flows.synthetic.figures import Counts, Figure, exact, generator
from flows.synthetic.parameters import DIRECTION, Level, Truth, tied
from flows.synthetic.places import RESIDENTS_PER_DWELLING, Places
from flows.synthetic.scale import Numbers, linked, unlinked
from schemas.indicators import Indicator
from schemas.registry import Registry

# Part of the areas in which dwellings are built, merged or torn down in a year.
REBUILT = 0.04
# Of a municipality's residents at least so many live outside its areas.
LEAST_ELSEWHERE = 0.5
Eta = Callable[[Indicator, Level], Numbers]


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
    """The places and years that figures are drawn for, and what decides them."""

    places: Places
    treatment: Treatment
    years: Sequence[int]
    truth: Truth
    seed: int
    parallel: bool = True
    effects: bool = True

    @property
    def steps(self) -> Numbers:
        """Years since the origin year."""
        return np.asarray(self.years) - float(self.truth.origin_year)


@dataclass(frozen=True)
class PlantedPath:
    """What is planted of one place in so many years from a column on, in place of what was expected."""

    indicator: str
    place: int
    column: int
    expected: Numbers


@dataclass(frozen=True)
class Expected:
    """The expected values of some places, (places, years) in each indicator's unit; each is worked out when asked for.

    `eta` gives what moves an indicator on its scale, without its mean, and `mean` which of a level's means it starts
    from.
    """

    registry: Registry
    levels: Mapping[str, Level]
    mean: str
    eta: Eta
    known: dict[str, Numbers] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Numbers:
        """The indicator's expected values. Of a share within or beside others, eta is its share among their persons."""
        if name not in self.known:
            indicator, level = self.registry.indicators[name], self.levels[name]
            others = tied(level)
            part = sum((self[other] / 100 for other in others), start=np.zeros(1))
            of_mean = sum(getattr(self.levels[other], self.mean) / 100 for other in others)
            those, of_mean = (1 - part, 1 - of_mean) if not level.within else (part, of_mean)
            value = getattr(level, self.mean) / of_mean
            eta = linked(indicator, value) + self.eta(indicator, level)
            self.known[name] = those * unlinked(indicator, eta)
        return self.known[name]

    def along(self, paths: Sequence[PlantedPath]) -> "Expected":
        """With what is planted by `paths` in place of what was expected, of these indicators alone."""
        known = {path.indicator: self[path.indicator].copy() for path in paths}
        for path in paths:
            known[path.indicator][path.place, path.column : path.column + path.expected.size] = path.expected
        return replace(self, known=self.known | known)


def sizes_of_areas(panel: DrawnPanel) -> dict[str, Figure]:
    """Residents and dwellings of every area and year: those whom all other indicators count or ask."""
    chance = generator(panel.seed, "sizes")
    areas = panel.places.areas
    growth = chance.normal(0.002, 0.004, areas.height)[panel.treatment.likeness]
    expected = areas["residents"].to_numpy()[:, None] * np.exp(growth[:, None] * panel.steps)
    residents = np.maximum(np.rint(expected * np.exp(chance.normal(0, 0.008, expected.shape))), 1)
    stock = areas["dwellings"].to_numpy()[:, None]
    built = chance.random(expected.shape) < REBUILT
    change = np.rint(stock * built * chance.normal(0, 0.01, built.shape)).astype(np.int64)
    dwellings = np.maximum(stock + np.cumsum(change[:, ::-1], axis=1)[:, ::-1], 1)
    return {"residents": Figure(expected, residents, expected * 0.008), "dwellings": exact(dwellings * 1.0)}


def sizes_elsewhere(panel: DrawnPanel) -> dict[str, Figure]:
    """Residents and dwellings of every municipality outside its areas, which grow evenly."""
    chance = generator(panel.seed, "population")
    places = panel.places
    whole = places.municipalities["residents"].to_numpy()
    inside = np.bincount(
        places.areas["municipality"].to_numpy(), places.areas["residents"].to_numpy(), minlength=len(whole)
    )
    start = np.maximum(whole - inside, LEAST_ELSEWHERE * whole)[:, None]
    growth = chance.normal(0.003, 0.004, len(whole))[:, None]
    residents = np.rint(start * np.exp(growth * panel.steps))
    return {"residents": exact(residents), "dwellings": exact(np.rint(residents / RESIDENTS_PER_DWELLING))}


def eta_of_areas(panel: DrawnPanel) -> Eta:
    """What moves an indicator in each area. Untreated areas have no effect; before `effect_from` nobody has one."""

    def eta(indicator: Indicator, level: Level) -> Numbers:
        treatment = panel.treatment
        after = np.asarray(panel.years)[None, :] >= treatment.effect_from[:, None]
        moved = _latent_of_areas(indicator, level, panel) + (level.effect if panel.effects else 0.0) * after
        if panel.parallel:
            return moved
        drift = panel.truth.divergence.trend * DIRECTION[indicator.polarity]
        return np.asarray(moved + treatment.funded[:, None] * drift * panel.steps)

    return eta


def eta_of_municipalities(panel: DrawnPanel) -> Eta:
    """What moves an indicator in each municipality, outside its areas; the nation's years are those of the areas."""

    def eta(indicator: Indicator, level: Level) -> Numbers:
        municipalities = panel.places.municipalities
        chance = generator(panel.seed, indicator.id, "municipalities")
        by_municipality, _, _ = level.weights
        return np.asarray(
            _municipality_part(indicator, level, panel)[:, None]
            + level.loading * 0.4 * municipalities["deprivation"].to_numpy()[:, None]
            + level.trend * panel.steps
            + _year_part(indicator, level, panel)
            + level.area_noise * by_municipality * chance.normal(size=(municipalities.height, len(panel.years)))
        )

    return eta


def _latent_of_areas(indicator: Indicator, level: Level, panel: DrawnPanel) -> Numbers:
    """eta of truth.toml's head without mean and effect; a twin has its likeness's, but for a jitter."""
    places, years, truth, likeness = panel.places, panel.years, panel.truth, panel.treatment.likeness
    chance = generator(panel.seed, indicator.id, "areas")
    areas = places.areas
    municipality, near = areas["municipality"].to_numpy(), areas["neighbourhood"].to_numpy()
    _, by_neighbourhood, by_area = level.weights
    rho = truth.noise.autocorrelation
    of_neighbourhood, of_area, moved = _drawn_apart(places, len(years), rho, chance)
    fixed = (
        level.loading * areas["deprivation"].to_numpy()
        + _municipality_part(indicator, level, panel)[municipality]
        + level.sd * by_neighbourhood * of_neighbourhood[near]
        + level.sd * by_area * of_area
    )
    moving = level.neighbourhood_noise * moved[near]
    moving += level.area_noise * _ar1(areas.height, len(years), rho, chance)
    shared = level.trend * panel.steps + _year_part(indicator, level, panel)
    eta = (fixed[:, None] + moving)[likeness] + shared
    jitter = chance.normal(0, truth.twins.jitter, areas.height) * (level.sd > 0)
    copies = likeness != np.arange(areas.height)
    return np.asarray(eta + (jitter * copies)[:, None])


def _drawn_apart(
    places: Places, years: int, rho: float, chance: np.random.Generator
) -> tuple[Numbers, Numbers, Numbers]:
    """What sets neighbourhoods and areas apart for good, and how neighbourhoods move: in the order of the draws."""
    lasting = chance.normal(size=places.neighbourhoods)
    own = chance.normal(size=places.areas.height)
    return lasting, own, _ar1(places.neighbourhoods, years, rho, chance)


def bad_years(
    registry: Registry, places: Places, years: Sequence[int], truth: Truth, seed: int, window: Sequence[int]
) -> Numbers:
    """How much worse than it lastingly is each neighbourhood looks in `window`, in SDs (neighbourhoods,).

    Over the primary outcomes, turned by their polarity, from the very draws that their figures are made of.
    """
    columns = [years.index(year) for year in window]
    worse = np.zeros(places.neighbourhoods)
    for name in registry.evaluation.primary.outcomes:
        chance = generator(seed, name, "areas")
        *_, moved = _drawn_apart(places, len(years), truth.noise.autocorrelation, chance)
        worse += DIRECTION[registry.indicators[name].polarity] * moved[:, columns].mean(axis=1)
    return np.asarray((worse - worse.mean()) / worse.std())


def _municipality_part(indicator: Indicator, level: Level, panel: DrawnPanel) -> Numbers:
    by_municipality, _, _ = level.weights
    draws = generator(panel.seed, indicator.id, "municipality").normal(size=panel.places.municipalities.height)
    return np.asarray(level.sd * by_municipality * draws)


def _year_part(indicator: Indicator, level: Level, panel: DrawnPanel) -> Numbers:
    """The nation's years, the same for areas and municipalities, whichever years are asked for."""
    draws = [generator(panel.seed, indicator.id, str(year)).normal() for year in panel.years]
    return level.year_noise * np.array(draws)


def _ar1(rows: int, years: int, rho: float, chance: np.random.Generator) -> Numbers:
    """Stationary autoregressive noise of unit variance: x_t = rho x_(t-1) + sqrt(1 - rho^2) e_t."""
    noise = chance.normal(size=(rows, years))
    for at in range(1, years):
        noise[:, at] = rho * noise[:, at - 1] + np.sqrt(1 - rho**2) * noise[:, at]
    return noise
