"""What an extract tells a secretariat. Every output is made from this, and from nothing else.

A figure is a row of `cleared_figures` (schemas/tables.toml): it has a `value`, or a `mark` in its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

# A row of cleared_figures.
Figure: TypeAlias = Mapping[str, Any]
PlaceKind: TypeAlias = Literal["area", "municipality", "country", "twins"]


@dataclass(frozen=True)
class Place:
    """A place and its figures: one for every indicator and year of the extract, shown or not."""

    kind: PlaceKind
    id: str
    name: str
    figures: Mapping[tuple[str, int], Figure]

    def figure(self, indicator: str, year: int) -> Figure:
        """The figure of an indicator and year; KeyError outside the extract's indicators and years."""
        return self.figures[indicator, year]

    def has_any(self) -> bool:
        """Whether any figure of the place is shown."""
        return any(figure["value"] is not None for figure in self.figures.values())


@dataclass(frozen=True)
class Criterion:
    """One criterion of a year's list: where the area stands. `sign` is one of > >= < <=.

    `distance` is how far the figure lies beyond the threshold: positive where it is met. `is_near` tells whether one
    household more or fewer could flip it; None where that is not known. All are empty but `mark` where the figure
    is not shown. `window_years` over which the figure is a mean; some criteria of 2010-13 are means over several years.
    """

    indicator: str
    sign: str
    threshold: float
    value: float | None
    mark: str | None
    is_met: bool | None
    distance: float | None
    is_near: bool | None
    window_years: int | None = None


@dataclass(frozen=True)
class Watch:
    """An area beside the criteria of a year's list of deprived areas. `size` is the criterion of residents.

    `needed` of `criteria` must be met. `meets_rule` is what the figures shown say, None where they do not decide;
    `on_list` what the ministry published, None where the area was not looked at. `could_flip`: one household could
    change `meets_rule`. `household` is the number of persons that a household is taken to have.
    """

    year: int
    size: Criterion | None
    criteria: tuple[Criterion, ...]
    needed: int
    meets_rule: bool | None
    on_list: bool | None
    could_flip: bool | None
    household: int


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
    start: Figure | None
    start_year: int | None
    target_value: float | None
    target_year: int | None
    newest: Figure | None
    expected: float | None
    verdict: str | None
    verdict_kind: str | None
    is_example: bool


@dataclass(frozen=True)
class Area(Place):
    """An area of a secretariat, with the boundaries of which figures are published beside it, if they are others."""

    dwellings: int | None
    size_band: str | None
    funding_band: str | None
    plans: tuple[str, ...]
    twins: Place
    other_boundaries: tuple[Place, ...]
    watch: Watch | None
    targets: tuple[TargetLine, ...]


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
    the release that `changes` are counted from, None for the first one.
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
    snapshot: str
    origin: Literal["real", "synthetic"]
    is_cleared: bool
    previous: str | None
    changes: tuple[ChangeLine, ...]
    rounded_to: int | None = None
