"""The chart of one indicator over the years of an extract as SVG: shapes and dashes, so that a grey copy tells all.

Only figures that are shown are drawn. A year without one has the code of its mark at the axis, and the word below.
The drawing is a template: Vega took a tenth of a second for each of the hundreds that a secretariat gets.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from textwrap import wrap

from flows.extracts import phrases, words
from flows.extracts.model import Area, ClearedFigure, Extract, Place, PlaceKind
from flows.extracts.phrases import NO_INTERVAL, caveats
from flows.present import danish, scales
from flows.present.pages import templates
from schemas.indicators import Indicator
from schemas.registry import Registry

# The plot, and the room around it: numbers of the axis, names of the lines. The same for every chart, so that all of a
# page have one scale; letters are 7.5 points high where it is printed 84 mm wide.
WIDTH, HEIGHT = 212, 150
LEFT, TOP, RIGHT = 62, 18, 156
TEXT = 13.6
LANE = 18  # of the marks, between plot and years
NOTE = 16  # from line to line of the notes
_NAME, _DATED = 16, 32  # from name to name of two lines, and where a year stands below a name
_LETTERS = 52  # in a line of the notes
_YEAR = 40  # between the years that are written out


@dataclass(frozen=True)
class Point:
    """A figure: where it stands, as what sign, and the ends of its interval, all in points of the drawing."""

    x: float
    y: float
    sign: str
    is_filled: bool
    ends: tuple[float, float] | None


@dataclass(frozen=True)
class PlaceLine:
    """What is drawn of a place: its points, those that are joined, run by run, and its name beside the plot."""

    kind: str
    points: tuple[Point, ...]
    runs: tuple[tuple[tuple[float, float], ...], ...]
    name: str
    dated: str
    name_at: float
    sign: str
    is_filled: bool


@dataclass(frozen=True)
class Scale:
    """Where years and values stand in the drawing: the plot's years, and the values at its bottom and its top."""

    years: Sequence[int]
    low: float
    high: float

    def x(self, year: int) -> float:
        """Points from the left of the plot."""
        return (year - self.years[0] + 0.5) * self.x_step

    @property
    def x_step(self) -> float:
        """From year to year."""
        return WIDTH / len(self.years)

    def y(self, value: float) -> float:
        """Points from its top."""
        return HEIGHT * (self.high - value) / (self.high - self.low)


BREAK_SIGN = "Lodret stiplet linje"
SIGNS = {"area": "circle", "municipality": "square", "country": "triangle"}


def development(area: Place, extract: Extract, registry: Registry, key: str) -> str | None:
    """The indicator in the area, with municipality and country beside it; None where no figure can be drawn.

    Figures of following years are joined, means over several years and repeated figures stand alone. Upright lines are
    95 % intervals. Numbers of people or dwellings are drawn of the area only: a town's would leave no room for it.
    The drawing carries its own text alternative and no ids, so that many can stand on a page.
    """
    indicator = registry.indicators[key]
    limits = thresholds(extract, key) if indicator.kind != "count" else []
    figures = drawn(area, extract, indicator)
    if not figures:
        return None
    axis = axis_of(figures, extract, indicator)
    scale = Scale(extract.years, axis.low, axis.high)
    newest = sorted((scale.y(shown[-1].number), kind) for kind, shown in figures.items())
    is_dated = any(shown[-1].year != extract.years[-1] for shown in figures.values())
    heights = _apart([end for end, _ in newest], _DATED if is_dated else _NAME)
    name_at = dict(zip((kind for _, kind in newest), heights, strict=True))
    step = max(1, math.ceil(_YEAR * len(extract.years) / WIDTH))
    marks = ((year, area.figure(key, year).mark) for year in extract.years)
    own = figures.get(area.kind, ())
    sizes: dict[str, float] = {"WIDTH": WIDTH, "HEIGHT": HEIGHT, "LEFT": LEFT, "TOP": TOP, "RIGHT": RIGHT}
    sizes |= {"TEXT": TEXT, "LANE": LANE, "NOTE": NOTE}
    template = templates("flows.extracts").get_template("development.svg.j2")
    return template.render(
        alternative=alternative(area, extract, registry, key),
        is_broken=axis.is_broken,
        first=_first(own, scale, indicator),
        period=_period(area, scale),
        # Where a threshold was law: its height, from where to where, its text, and that on the side without figures.
        limits=[
            (scale.y(limit), *_span(years, scale), text, _beside_limit(limit, own)) for limit, years, text in limits
        ],
        # The area is drawn last, on top of the others.
        lines=[_line(kind, shown, name_at[kind], scale, indicator) for kind, shown in reversed(figures.items())],
        # Places and texts of the axes, and the marks above the years.
        ticks=[(scale.y(value), text) for value, text in axis.ticks()],
        years=[(scale.x(year), str(year)) for year in extract.years[::-1][::step]],
        breaks=[scale.x(year) - scale.x_step / 2 for year in _breaks(figures.get("area", ()))],
        gaps=[(scale.x(year), registry.extracts.mark[mark].code) for year, mark in marks if mark],
        notes=[part for note in notes(area, figures, key, extract, registry) for part in wrap(note, _LETTERS)],
        **sizes,
    )


def drawn(area: Place, extract: Extract, indicator: Indicator) -> dict[PlaceKind, list[ClearedFigure]]:
    """The shown figures of the area, its municipality and the country, of those places that have any."""
    every = {place.kind: _shown(place, indicator.id, extract) for place in _places(area, extract, indicator)}
    return {kind: shown for kind, shown in every.items() if shown}


def axis_of(
    figures: Mapping[PlaceKind, Sequence[ClearedFigure]], extract: Extract, indicator: Indicator
) -> scales.Axis:
    """The axis that holds all figures of a chart, the ends of their intervals, and the thresholds of the law."""
    every = [figure for shown in figures.values() for figure in shown]
    numbers = [n for f in every for n in (f.value, f.ci_low, f.ci_high) if n is not None]
    limits = thresholds(extract, indicator.id) if indicator.kind != "count" else []
    return scales.axis([*numbers, *(limit for limit, _, _ in limits)], indicator)


def _line(kind: str, figures: Sequence[ClearedFigure], name_at: float, scale: Scale, indicator: Indicator) -> PlaceLine:
    """What is drawn of the shown figures of a place, with its name at this height."""
    points = tuple(_point(figure, kind, scale) for figure in figures)
    newest = figures[-1]
    dated = "" if newest.year == scale.years[-1] else f"i {newest.year}"
    return PlaceLine(
        kind,
        points,
        tuple(tuple((scale.x(f.year), scale.y(f.number)) for f in run) for run in runs(figures) if len(run) > 1),
        f"{words.PLACES[kind]} {danish.number(newest.number, indicator.decimals)}",
        dated,
        name_at,
        points[-1].sign,
        points[-1].is_filled,
    )


def _span(years: Sequence[int], scale: Scale) -> tuple[float, float]:
    """From where to where years reach in the drawing."""
    return scale.x(years[0]) - scale.x_step / 2, scale.x(years[-1]) + scale.x_step / 2


def _beside_limit(limit: float, figures: Sequence[ClearedFigure]) -> int:
    """How far below a threshold its text stands: above it where most of the area's figures lie below."""
    over = sum(figure.number > limit for figure in figures)
    return 14 if 2 * over >= len(figures) else -5


def _first(figures: Sequence[ClearedFigure], scale: Scale, indicator: Indicator) -> tuple[float, float, str] | None:
    """The area's first number, beside its point, on the side away from the next one; None where it is the only one."""
    if len(figures) < 2:
        return None
    at, then = (scale.y(figure.number) for figure in figures[:2])
    low, high = figures[0].interval or (figures[0].number, figures[0].number)
    is_above = then >= at and scale.y(high) > 20
    y = scale.y(high) - 9 if is_above else scale.y(low) + 19
    text = danish.number(figures[0].number, indicator.decimals)
    return max(scale.x(figures[0].year), 4.2 * len(text) + 2), min(max(y, 11.0), HEIGHT - 4.0), text


def _period(area: Place, scale: Scale) -> tuple[float, float] | None:
    """From where to where the area's plans run in the drawing; None where that is not known, or in other years."""
    if not isinstance(area, Area) or area.period is None:
        return None

    def at(day: date) -> float:
        part = (day.timetuple().tm_yday - 1) / 365
        return (day.year + part - scale.years[0]) * scale.x_step

    begins, ends = max(0.0, at(area.period.begins)), min(float(WIDTH), at(area.period.ends))
    return (begins, ends - begins) if begins < ends else None


def thresholds(extract: Extract, key: str) -> list[tuple[float, tuple[int, ...], str]]:
    """The thresholds of the ministry's lists: each with the years in which it was law, and its text."""
    return [
        (limit, years, f"grænse {danish.number(limit, 0 if limit == round(limit) else 2)}")
        for limit, years in extract.limits.get(key, ())
    ]


def _point(figure: ClearedFigure, kind: str, scale: Scale) -> Point:
    ends = figure.interval if kind == "area" else None
    return Point(
        scale.x(figure.year),
        scale.y(figure.number),
        "diamond" if kind == "area" and figure.is_mean else SIGNS[kind],
        kind == "area" and not stands_alone(figure),
        (scale.y(ends[0]), scale.y(ends[1])) if ends else None,
    )


def alternative(area: Place, extract: Extract, registry: Registry, key: str) -> str:
    """The chart in words: every year of the area, and the first and last shown figure of municipality and country."""
    indicator = registry.indicators[key]
    runs = groupby(extract.years, lambda year: in_words(area.figure(key, year), registry))
    listed = "; ".join(f"{danish.years(list(years))}: {text}" for text, years in runs)
    sentences = [f"{indicator.label_da}, {area.name}, {danish.years(extract.years)}. Området: {listed}."]
    for place in _places(area, extract, indicator)[1:]:
        shown = _shown(place, key, extract)
        ends = [shown[0], shown[-1]] if len(shown) > 1 else shown
        text = "; ".join(f"{figure.year}: {in_words(figure, registry)}" for figure in ends)
        sentences.append(f"{_named(place.kind)}: {text or 'intet tal vises'}.")
    return " ".join(sentences)


def in_words(figure: ClearedFigure, registry: Registry) -> str:
    """A figure with its interval and what must be said of it, or its mark: '9,7 % (95 %-interval 7,9–11,8)'."""
    if figure.mark:
        return words.shown(figure, registry)
    indicator = registry.indicators[figure.indicator]
    uncertainty = "" if indicator.kind == "count" else NO_INTERVAL
    if figure.interval:
        uncertainty = f"95 %-interval {words.interval(figure, indicator)}"
    remarks = [text for text in (uncertainty, caveats(figure)) if text]
    return words.shown(figure, registry) + (f" ({', '.join(remarks)})" if remarks else "")


def _places(area: Place, extract: Extract, indicator: Indicator) -> list[Place]:
    return [area] if indicator.kind == "count" else [area, extract.municipality_of(area), extract.country]


def _named(kind: str) -> str:
    return words.PLACES[kind].capitalize()


def _shown(place: Place, indicator: str, extract: Extract) -> list[ClearedFigure]:
    """The figures that are shown, in order of years."""
    every = (place.figure(indicator, year) for year in extract.years)
    return [figure for figure in every if figure.is_shown]


def stands_alone(figure: ClearedFigure) -> bool:
    """No observation of its own year, so that no line may lead to it or from it."""
    return figure.is_mean or figure.repeats_year is not None


def runs(figures: Sequence[ClearedFigure]) -> list[list[ClearedFigure]]:
    """The figures that a line may join: a gap, a break, a mean or a repeated figure ends it."""
    runs: list[list[ClearedFigure]] = []
    for figure in figures:
        before = runs[-1][-1] if runs else None
        follows = before is not None and figure.year == before.year + 1 and figure.broken_by is None
        if before is not None and follows and not stands_alone(figure) and not stands_alone(before):
            runs[-1].append(figure)
        else:
            runs.append([figure])
    return runs


def _breaks(figures: Sequence[ClearedFigure]) -> dict[int, str]:
    """Years from which on figures are of another series, and why."""
    return {f.year: f.broken_by for f in figures if f.broken_by is not None}


def _told_breaks(
    figures: Mapping[PlaceKind, Sequence[ClearedFigure]], area: Place, registry: Registry
) -> Iterator[str]:
    """What happened at each break of a line."""
    for kind, shown in figures.items():
        for year, why in _breaks(shown).items():
            figure = next(f for f in shown if f.year == year)
            happened = phrases.break_told(figure, area.id if kind == "area" else None, registry)
            sign = BREAK_SIGN if kind == "area" else _named(kind)
            yield f"{sign}: brud fra {year}: {happened or words.NO_CHANGE[why]}."


def _apart(wanted: Sequence[float], room: float) -> list[float]:
    """Heights in the order given, as near to the wanted ones as lets them stand apart and inside the plot."""
    placed = [float("-inf")]
    for at in wanted:
        placed.append(max(at, 0.0, placed[-1] + room))
    placed = [*placed[1:], HEIGHT + _NAME]
    for number in range(len(wanted) - 1, -1, -1):
        placed[number] = min(placed[number], placed[number + 1] - room)
    return placed[:-1]


def notes(
    area: Place,
    figures: Mapping[PlaceKind, Sequence[ClearedFigure]],
    key: str,
    extract: Extract,
    registry: Registry,
) -> list[str]:
    """What the signs of this chart mean, what broke its lines, and what a reader must know before comparing."""
    notes = []
    for name, mark in registry.extracts.mark.items():
        if years := [year for year in extract.years if area.figure(key, year).mark == name]:
            notes.append(f"{mark.code} {mark.label_da}: {danish.years(years)}.")
    for kind, shown in figures.items():
        is_area = kind == "area"
        for window in sorted({figure.window_years for figure in shown if figure.window_years and figure.is_mean}):
            years = [figure.year for figure in shown if figure.window_years == window]
            sign = "Hul rude" if is_area else _named(kind)
            notes.append(f"{sign}: gennemsnit over {window} år ({danish.years(years)}).")
        for figure in shown:
            if figure.repeats_year is not None:
                sign = _named(kind) if not is_area else "Hul rude" if figure.is_mean else "Hul prik"
                notes.append(f"{sign}: kilden gentager i {figure.year} tallet for {figure.repeats_year}.")
    return [*notes, *_told_breaks(figures, area, registry)]
