"""What an extract tells a secretariat. Every output is made from this, and from nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple, TypeAlias

PlaceKind: TypeAlias = Literal["area", "municipality", "country", "twins"]
# A place that a figure is held against, and the year that its change is counted from: the last one or the first.
Other: TypeAlias = Literal["municipality", "country", "twins"]
Since: TypeAlias = Literal["year", "first"]


class Comparison(NamedTuple):
    """The figure of another place, and the verdict against it."""

    value: float | None
    verdict: str | None


class Change(NamedTuple):
    """What a figure has moved by, and the ends of the 95 % interval of that; None where the interval is not known."""

    by: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedFigure:
    """A row of `cleared_figures`, as schemas/tables.toml describes it: it has a `value`, or a `mark` in its place."""

    place_kind: PlaceKind
    place_id: str
    place_name: str
    year: int
    indicator: str
    value: float | None
    shown_numerator: int | None
    shown_denominator: int | None
    rounded_to: int | None
    ci_low: float | None
    ci_high: float | None
    interval_basis: str | None
    mark: str | None
    status: str | None
    figure_owner: str | None
    window_years: int | None
    repeats_year: int | None
    broken_by: str | None
    municipality_value: float | None
    municipality_verdict: str | None
    country_value: float | None
    country_verdict: str | None
    twin_value: float | None
    twin_verdict: str | None
    change_year: float | None
    change_year_low: float | None
    change_year_high: float | None
    change_year_missing_reason: str | None
    first_year: int | None
    change_first: float | None
    change_first_low: float | None
    change_first_high: float | None
    change_first_missing_reason: str | None
    trend: str | None
    trend_missing_reason: str | None
    is_published: bool
    source: str | None
    origin: Literal["real", "synthetic"]

    @property
    def is_shown(self) -> bool:
        """Whether the figure is a number that readers may see. A mark rules, whatever else the row holds."""
        return self.mark is None and self.value is not None

    @property
    def number(self) -> float:
        """The value of a figure that is shown. Raises ValueError of one that is not."""
        if self.mark is not None or self.value is None:
            raise ValueError(f"{self.indicator} of {self.place_id} in {self.year} is not shown: {self.mark}")
        return self.value

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the 95 % interval; None where the uncertainty is not known."""
        return _interval(self.ci_low, self.ci_high)

    @property
    def is_mean(self) -> bool:
        """Whether the figure is a mean over several years."""
        return (self.window_years or 1) > 1

    @property
    def is_alone(self) -> bool:
        """Whether it is no observation of its own year, so that no line may lead to it or from it."""
        return self.is_mean or self.repeats_year is not None

    @property
    def is_broken(self) -> bool:
        """Whether it is of another series than the figures before it."""
        return self.broken_by is not None

    def compared(self, other: Other) -> Comparison:
        """The figure of another place, and how this one stands against it."""
        match other:
            case "municipality":
                return Comparison(self.municipality_value, self.municipality_verdict)
            case "country":
                return Comparison(self.country_value, self.country_verdict)
            case "twins":
                return Comparison(self.twin_value, self.twin_verdict)

    def change(self, since: Since) -> Change | None:
        """What the figure has moved by since the year before, or since its first year; None where that is not known."""
        by, low, high = (
            (self.change_year, self.change_year_low, self.change_year_high)
            if since == "year"
            else (self.change_first, self.change_first_low, self.change_first_high)
        )
        return None if by is None else Change(by, _interval(low, high))

    def no_change_because(self, since: Since) -> str | None:
        """Why it is not known what the figure has moved by."""
        return self.change_year_missing_reason if since == "year" else self.change_first_missing_reason


def _interval(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)


@dataclass(frozen=True)
class Place:
    """A place and its figures: one for every indicator and year of the extract, shown or not."""

    kind: PlaceKind
    id: str
    name: str
    figures: Mapping[tuple[str, int], ClearedFigure]

    def figure(self, indicator: str, year: int) -> ClearedFigure:
        """The figure of an indicator and year; KeyError outside the extract's indicators and years."""
        return self.figures[indicator, year]


@dataclass(frozen=True)
class Criterion:
    """One criterion of a year's list: where the area stands. `sign` is one of > >= < <=.

    `distance` is how far the figure lies beyond the threshold: positive where it is met. `is_near` tells whether one
    household more or fewer could flip it; None where that is not known. All are empty but `mark` where the figure
    is not shown. `window_years` over which the figure is a mean; some criteria of 2010-13 are means over several years.
    A threshold may be so many `times_national` the country's mean, and is None where that is not known.
    """

    indicator: str
    sign: str
    threshold: float | None
    value: float | None
    mark: str | None
    is_met: bool | None
    distance: float | None
    is_near: bool | None
    window_years: int | None = None
    times_national: float | None = None


@dataclass(frozen=True)
class OtherList:
    """Another list that a list asks for, by its name of the year, and for how many years in a row.

    `is_met` is None where it is not known.
    """

    list_name: str
    years: int
    is_met: bool | None


@dataclass(frozen=True)
class Watch:
    """An area beside the rule of one of the ministry's lists in a year. `size` is the criterion of residents.

    `needed` of `criteria` must be met, all of `always`, and the `requirement`. `meets_rule` is what the figures shown
    say, None where they do not decide; `on_list` what the ministry published, None where the area was not looked at.
    `could_flip`: one household could change `meets_rule`. `household` is the number of persons that a household is
    taken to have. `list_name` is what the list was called; it `is_delivered` where any area of it is known.
    """

    year: int
    size: Criterion | None
    criteria: tuple[Criterion, ...]
    needed: int
    meets_rule: bool | None
    on_list: bool | None
    could_flip: bool | None
    household: int
    list_name: str
    is_delivered: bool = True
    always: tuple[Criterion, ...] = ()
    requirement: OtherList | None = None

    def every_criterion(self) -> tuple[Criterion, ...]:
        """The criterion of residents, where there is one, those that must always be met, and the others."""
        return (*([self.size] if self.size else []), *self.always, *self.criteria)


@dataclass(frozen=True)
class TargetLine:
    """A target of a plan in the area, cleared: where a figure behind it is not shown, so is everything that tells it.

    `goal` is the plan's own words, None where they are left out because they could tell a figure that is not shown.
    `start` and `newest` are figures of the area. `verdict` is one of dim of target_progress (reached, on_the_way,
    off_the_way, cannot_be_told), None where there is none or it may not be told.
    """

    plan: str
    number: str
    goal: str | None
    indicator: str | None
    not_measurable_because: str | None
    is_withdrawn: bool
    direction: str | None
    start: ClearedFigure | None
    start_year: int | None
    target_value: float | None
    target_year: int | None
    newest: ClearedFigure | None
    expected: float | None
    verdict: str | None
    verdict_kind: str | None
    is_example: bool
    # Why no verdict can be given, as target_progress codes it; told where the verdict is.
    why: str | None = None


class Period(NamedTuple):
    """When an area's plans run, by the grants that were delivered: the first day and the last one."""

    begins: date
    ends: date


class Series(NamedTuple):
    """Figures that may be held against each other: of an indicator, over so many years, of an owner."""

    indicator: str
    window_years: int
    owner: str | None


class Headline(NamedTuple):
    """A movement of an area that may be told: pooled figures before the plan and of the last years, the ends of the
    95 % interval of the difference, its cautious size, and the municipality's two figures where they are known."""

    before_years: tuple[int, ...]
    after_years: tuple[int, ...]
    before: float
    after: float
    interval: tuple[float, float]
    lasting: float
    municipality: tuple[float, float] | None


@dataclass(frozen=True)
class ListedPlace:
    """An area outside of the extract of which figures were published, by indicator and year. `on_list` in its year."""

    id: str
    name: str
    municipality: str
    on_list: bool | None
    figures: Mapping[tuple[str, int], tuple[float, int]]


@dataclass(frozen=True)
class Area(Place):
    """An area of a secretariat, with the boundaries of which figures are published beside it, if they are others."""

    dwellings: int | None
    size_band: str | None
    funding_band: str | None
    plans: tuple[str, ...]
    twins: Place
    other_boundaries: tuple[Place, ...]
    watches: tuple[Watch, ...]
    targets: tuple[TargetLine, ...]
    # The lists of the year before, under their rule of that year; in an extract of several municipalities, its own.
    earlier_watches: tuple[Watch, ...] = ()
    municipality: Place | None = None
    period: Period | None = None


@dataclass(frozen=True)
class ChangeLine:
    """A figure that readers of the last release had otherwise, or did not have, or have no more: value or mark."""

    place: str
    indicator: str
    year: int
    before: float | None
    before_mark: str | None
    now: float | None
    now_mark: str | None


@dataclass(frozen=True)
class Extract:
    """All that one secretariat gets for one year.

    `rounded_to`: all counts that were not published already are multiples of it; None where they are shown as they are.
    `years` are in order and end with `year`; `indicators` are identifiers of the registry in its order. `previous` is
    the release that `changes` are counted from, None for the first one. `holds_back` tells that the release keeps some
    figures as readers had them although they were corrected; which ones, nobody outside may know.
    """

    secretariat: str
    name: str
    year: int
    years: tuple[int, ...]
    indicators: tuple[str, ...]
    municipality: Place
    country: Place
    areas: tuple[Area, ...]
    release: str
    origin: Literal["real", "synthetic"]
    is_cleared: bool
    previous: str | None
    changes: tuple[ChangeLine, ...]
    rounded_to: int | None = None
    holds_back: bool = False
    # In order, the figures of the year of all areas, as far as readers may have them: no name is told with them.
    spreads: Mapping[Series, tuple[float, ...]] = field(default_factory=dict)
    listed: tuple[ListedPlace, ...] = ()
    # Thresholds of the ministry's lists by indicator, each with the years in which it was law.
    limits: Mapping[str, tuple[tuple[float, tuple[int, ...]], ...]] = field(default_factory=dict)
    # By area and indicator the movements that may be told, and the areas of which any movement could be measured.
    headlines: Mapping[tuple[str, str], Headline] = field(default_factory=dict)
    measured: frozenset[str] = frozenset()
    # Indicators that the secretariat has agreed on with its plans.
    shared: tuple[str, ...] = ()
    is_choice: bool = False
    # Of its outputs, by code: "da" or another that there are words of.
    language: str = "da"
    # Charts as they were drawn, by place and indicator: pages and report show the same ones.
    drawings: dict[tuple[int, str], str | None] = field(init=False, default_factory=dict, compare=False, repr=False)

    def municipality_of(self, place: Place) -> Place:
        """The municipality that a place is held against."""
        own = place.municipality if isinstance(place, Area) else None
        return own or self.municipality

    @property
    def municipalities(self) -> tuple[Place, ...]:
        """The municipalities of the extract's areas, each once."""
        return tuple({place.id: place for place in map(self.municipality_of, self.areas)}.values()) or (
            self.municipality,
        )

    def series(self, figure: ClearedFigure) -> tuple[float, ...]:
        """The figures of all areas that a shown figure of the extract's year may be held against, in order."""
        return self.spreads.get(Series(figure.indicator, figure.window_years or 1, figure.figure_owner), ())
