"""truth.toml as frozen models, and the level of every indicator of a registry, declared there or by default."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from flows.synthetic.scale import linked, unlinked
from schemas.indicators import Indicator
from schemas.model import Model
from schemas.registry import Registry
from schemas.relations import Value

DEPRIVATION_OF_MUNICIPALITIES = -1.5
DIRECTION = {"high_is_worse": 1.0, "high_is_better": -1.0, "neutral": 0.0}
UNKNOWN_PER_RESIDENT = 0.05
UNKNOWN_PER_BASE = 0.05
UNKNOWN_SHARE = 0.25
UNKNOWN_RELATIVE = 80.0


class Shares(Model):
    """How a variance of 1 parts into municipality, neighbourhood and what is the area's own."""

    municipality_share: float = Field(ge=0, le=1)
    neighbourhood_share: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _leaves_a_rest(self) -> Self:
        if self.municipality_share + self.neighbourhood_share > 1:
            raise ValueError("municipality_share and neighbourhood_share must not exceed 1 together")
        return self

    @property
    def weights(self) -> tuple[float, float, float]:
        """SDs of the parts of municipality, neighbourhood and area; their squares add up to 1."""
        own = 1 - self.municipality_share - self.neighbourhood_share
        return self.municipality_share**0.5, self.neighbourhood_share**0.5, own**0.5


class Deprivation(Shares):
    """The latent deprivation of areas."""

    case_area_shift: float


class Selection(Model):
    """How neighbourhoods get into the pool and into bands."""

    deprivation: float
    size: float
    bad_years: float
    deprivation_amount: float
    size_amount: float
    noise_amount: float = Field(ge=0)
    band_shares: tuple[float, ...]
    plans_beside_another: int = Field(ge=0)


class Organisation(Model):
    """How plans are organised: at random."""

    unknown_share: float = Field(ge=0, le=1)
    secretariat_municipalities: int = Field(ge=1)
    supported_share: float = Field(ge=0, le=1)


class PlantedImplementation(Model):
    """How plans and secretariats are carried out; what is not named here is tied to nothing."""

    unknown_share: float = Field(ge=0, le=1)
    changed_share: float = Field(ge=0, le=1)
    earlier_effort_size: float


class PlantedTwins(Model):
    """Groups of one funded area and nearly equal areas that were never funded."""

    groups: int = Field(ge=0)
    never_funded: int = Field(ge=1)
    jitter: float = Field(ge=0)


class Noise(Model):
    """What all indicators share of the noise of years and persons."""

    autocorrelation: float = Field(gt=-1, lt=1)
    amount_sd: float = Field(ge=0)


class Divergence(Model):
    """A trend of funded areas of their own, for a nation that breaks the assumption of parallel trends."""

    trend: float


class Late(Model):
    """Figures that some municipalities' areas first have as withheld."""

    indicator: str
    year: int
    municipalities: int = Field(ge=1)


class NotCollected(Model):
    """An indicator that nobody collected in a year."""

    indicator: str
    year: int


class Delivered(Model):
    """What is delivered late, twice, or never."""

    survey_years: tuple[int, ...]
    survey_share: float = Field(gt=0, le=1)
    withheld_below: int = Field(ge=0)
    never_sent_year: int
    wide_municipalities: int = Field(ge=0)
    wide_years: tuple[int, ...]
    late_year: int
    late_municipalities: int = Field(ge=0)
    late_withheld: Late
    not_collected: NotCollected
    provisional: tuple[str, ...]
    list_years: tuple[int, ...]


class Base(Model):
    """Who stands in a denominator or makes up a universe, as a part of the residents or of the dwellings."""

    part_of: Literal["residents", "dwellings"]
    share: float = Field(default=1.0, gt=0)


class AgeGroup(Model):
    """How many of all persons are of these ages where nothing else is known, evenly spread over them."""

    first: int = Field(alias="from", ge=0)
    last: int = Field(alias="to", ge=0)
    share: float = Field(gt=0)


class Level(Shares):
    """The truth of one indicator, complete; see the head of truth.toml."""

    mean: float = Field(gt=0)
    municipality_mean: float = Field(gt=0)
    within: str | None = None
    beside: tuple[str, ...] = ()
    sum: bool = False
    sd: float = Field(ge=0)
    loading: float
    trend: float
    year_noise: float = Field(ge=0)
    neighbourhood_noise: float = Field(ge=0)
    area_noise: float = Field(ge=0)
    effect: float


class Defaults(Shares):
    """What an indicator has whose block leaves it out; `loading` is turned by the polarity."""

    sd: float
    loading: float
    trend: float
    year_noise: float
    neighbourhood_noise: float
    area_noise: float
    effect: float


class Truth(Model):
    """truth.toml as a whole."""

    origin_year: int
    deprivation: Deprivation
    selection: Selection
    organisation: Organisation
    implementation: PlantedImplementation
    twins: PlantedTwins
    noise: Noise
    divergence: Divergence
    delivery: Delivered
    default: Defaults
    ages: tuple[AgeGroup, ...]
    universe: dict[str, Base]
    base: dict[str, Base]
    indicator: dict[str, dict[str, float | bool | str | list[str]]]

    def level(self, indicator: Indicator) -> Level:
        """The truth of an indicator: its own block over the defaults that follow from kind, range and polarity."""
        declared = self.indicator.get(indicator.id, {})
        defaults = self.default.model_dump()
        defaults["loading"] *= DIRECTION[indicator.polarity]
        level: dict[str, Any] = {"mean": _unknown_mean(indicator), **defaults, **declared}
        if "municipality_mean" not in declared:
            apart = linked(indicator, level["mean"]) + level["loading"] * DEPRIVATION_OF_MUNICIPALITIES
            level["municipality_mean"] = float(unlinked(indicator, apart))
        return Level.model_validate(level)

    def commonness(self, value: Value) -> float:
        """How common a value of an attribute is where nothing is planted: ages by [[ages]], all others alike."""
        groups = (each for each in self.ages if isinstance(value, int) and each.first <= value <= each.last)
        return next((each.share / (each.last - each.first + 1) for each in groups), 1.0)

    def base_of(self, indicator: Indicator) -> Base:
        """Who stands in an indicator's denominator where it is no population of the registry, or whom its amounts are
        about; all residents where unknown."""
        for group in (indicator.denominator, indicator.population):
            if group in self.base:
                return self.base[group]
        return Base(part_of="dwellings" if indicator.count_basis == "dwellings" else "residents", share=1.0)


def _unknown_mean(indicator: Indicator) -> float:
    """A level within the indicator's range."""
    low, high = indicator.minimum, indicator.maximum
    match indicator.kind:
        case "share":
            return max(low, 0) + UNKNOWN_SHARE * (min(high, 100) - max(low, 0))
        case "rate":
            return min(max(indicator.factor * UNKNOWN_PER_BASE, low), high)
        case "count":
            return UNKNOWN_PER_RESIDENT
        case "relative":
            return min(max(UNKNOWN_RELATIVE, low), high)
        case _:
            return float((max(low, 1) * high) ** 0.5)


@cache
def truth() -> Truth:
    """The truth that is installed."""
    text = (resources.files("flows.synthetic") / "truth.toml").read_text(encoding="utf-8")
    return Truth.model_validate(tomllib.loads(text))


def levels(registry: Registry) -> dict[str, Level]:
    """The truth of every indicator of a registry, those that others are drawn within or beside before these.

    Raises ValueError where an indicator is tied to one of another base, or to itself over others.
    """
    known: dict[str, Level] = {}

    def add(name: str, waiting: tuple[str, ...]) -> None:
        if name in waiting:
            raise ValueError(f"truth.toml, indicator.{name}: it is drawn within or beside itself")
        if name in known:
            return
        indicators = registry.indicators
        level = truth().level(indicators[name])
        for other in tied(level):
            if other not in indicators or _base(indicators[other]) != _base(indicators[name]):
                raise ValueError(f"truth.toml, indicator.{name}: {other!r} is no indicator of the same base")
            add(other, (*waiting, name))
        known[name] = level

    for name in registry.indicators:
        add(name, ())
    return known


def _base(indicator: Indicator) -> str | Base:
    return indicator.among or truth().base_of(indicator)


def tied(level: Level) -> tuple[str, ...]:
    """The indicators whose persons decide among whom this one is drawn."""
    return (level.within,) if level.within else level.beside


def trendless(known: Mapping[str, Level]) -> list[str]:
    """Indicators that have no planted trend, neither their own nor one of those within or beside which they are drawn.

    A share beside one that falls rises, by more where that one is larger: what is left of a whole has no trend of its
    own only where nothing takes from it.
    """
    moving: set[str] = set()
    for name, level in known.items():  # those that others are tied to stand first
        if level.trend != 0 or moving.intersection(tied(level)):
            moving.add(name)
    return [name for name in known if name not in moving]
