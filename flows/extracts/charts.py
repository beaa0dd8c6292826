"""The chart of one indicator over the years of an extract as SVG: greys, shapes and dashes, so that a copy tells all.

Only figures that are shown are drawn. A year without one has the code of its mark at the axis, and the word below.
The drawing is a template: Vega took a tenth of a second for each of the hundreds that a secretariat gets.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

from flows.extracts import phrases, words
from flows.extracts.model import ClearedFigure, Extract, Place, PlaceKind
from flows.extracts.phrases import NO_INTERVAL, caveats
from flows.present import danish
from flows.present.pages import templates
from schemas.indicators import Indicator
from schemas.registry import Registry

# The plot, and the room around it: numbers of the axis, unit, names of the lines. Narrow enough that the letters stay
# readable on a telephone; the same for every chart, so that all of a page have one scale.
WIDTH, HEIGHT = 196, 150
LEFT, TOP, RIGHT = 57, 26, 124
TEXT = 12
LANE = 18  # of the marks, between plot and years
NOTE = 15  # from line to line of the notes
_NAME = 30  # from name to name of two lines
_LETTERS = 52  # in a line of the notes
_YEAR = 34  # between the years that are written out


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
    newest: str
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


SIGNS = {"area": "circle", "municipality": "square", "country": "triangle"}


def development(area: Place, extract: Extract, registry: Registry, key: str) -> str | None:
    """The indicator in the area, with municipality and country beside it; None where no figure can be drawn.

    Figures of following years are joined, means over several years and repeated figures stand alone. Upright lines are
    95 % intervals. Numbers of people or dwellings are drawn of the area only: a town's would leave no room for it.
    The drawing carries its own text alternative and no ids, so that many can stand on a page.
    """
    indicator = registry.indicators[key]
    every = {place.kind: _shown(place, key, extract) for place in _places(area, extract, indicator)}
    figures = {kind: shown for kind, shown in every.items() if shown}
    if not figures:
        return None
    numbers = [n for shown in figures.values() for f in shown for n in (f.value, f.ci_low, f.ci_high) if n is not None]
    low, high, ticks = _axis(numbers, indicator)
    scale = Scale(extract.years, low, high)
    newest = sorted((scale.y(shown[-1].number), kind) for kind, shown in figures.items())
    name_at = dict(zip((kind for _, kind in newest), _apart([end for end, _ in newest]), strict=True))
    step = max(1, math.ceil(_YEAR * len(extract.years) / WIDTH))
    marks = ((year, area.figure(key, year).mark) for year in extract.years)
    notes = [*_notes(area, figures, key, extract, registry), *_told_breaks(figures, area, registry)]
    if low > 0:
        notes.append("Den lodrette akse begynder ikke ved 0.")
    sizes = {"WIDTH": WIDTH, "HEIGHT": HEIGHT, "LEFT": LEFT, "TOP": TOP, "RIGHT": RIGHT}
    sizes |= {"TEXT": TEXT, "LANE": LANE, "NOTE": NOTE}
    template = templates("flows.extracts").get_template("development.svg.j2")
    return template.render(
        alternative=alternative(area, extract, registry, key),
        unit=indicator.unit_short_da,
        # The area is drawn last, on top of the others.
        lines=[_line(kind, shown, name_at[kind], scale, indicator) for kind, shown in reversed(figures.items())],
        # Places and texts of the axes, and the marks above the years.
        ticks=[(scale.y(value), text) for value, text in ticks],
        years=[(scale.x(year), str(year)) for year in extract.years[::-1][::step]],
        breaks=[scale.x(year) - scale.x_step / 2 for year in _breaks(figures.get("area", ()))],
        gaps=[(scale.x(year), registry.extracts.mark[mark].code) for year, mark in marks if mark],
        notes=[part for note in notes for part in wrap(note, _LETTERS)],
        **sizes,
    )


def _line(kind: str, figures: Sequence[ClearedFigure], name_at: float, scale: Scale, indicator: Indicator) -> PlaceLine:
    """What is drawn of the shown figures of a place, with its name at this height."""
    points = tuple(_point(figure, kind, scale) for figure in figures)
    newest = figures[-1]
    year = "" if newest.year == scale.years[-1] else f" ({newest.year})"
    unit = " %" if indicator.kind == "share" and not year else ""
    return PlaceLine(
        kind,
        points,
        tuple(tuple((scale.x(f.year), scale.y(f.number)) for f in run) for run in _runs(figures) if len(run) > 1),
        _named(kind),
        f"{danish.number(newest.number, indicator.decimals)}{unit}{year}",
        name_at,
        points[-1].sign,
        points[-1].is_filled,
    )


def _point(figure: ClearedFigure, kind: str, scale: Scale) -> Point:
    ends = figure.interval if kind == "area" else None
    return Point(
        scale.x(figure.year),
        scale.y(figure.number),
        "diamond" if kind == "area" and figure.is_mean else SIGNS[kind],
        kind == "area" and not _stands_alone(figure),
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
    return [area] if indicator.kind == "count" else [area, extract.municipality, extract.country]


def _named(kind: str) -> str:
    return words.PLACES[kind].capitalize()


def _shown(place: Place, indicator: str, extract: Extract) -> list[ClearedFigure]:
    """The figures that are shown, in order of years."""
    every = (place.figure(indicator, year) for year in extract.years)
    return [figure for figure in every if figure.is_shown]


def _stands_alone(figure: ClearedFigure) -> bool:
    """No observation of its own year, so that no line may lead to it or from it."""
    return figure.is_mean or figure.repeats_year is not None


def _runs(figures: Sequence[ClearedFigure]) -> list[list[ClearedFigure]]:
    """The figures that a line may join: a gap, a break, a mean or a repeated figure ends it."""
    runs: list[list[ClearedFigure]] = []
    for figure in figures:
        before = runs[-1][-1] if runs else None
        follows = before is not None and figure.year == before.year + 1 and figure.broken_by is None
        if before is not None and follows and not _stands_alone(figure) and not _stands_alone(before):
            runs[-1].append(figure)
        else:
            runs.append([figure])
    return runs


def _breaks(figures: Sequence[ClearedFigure]) -> dict[int, str]:
    """Years from which on figures are of another series, and why. Over how many years a mean is shows anyway."""
    return {f.year: f.broken_by for f in figures if f.broken_by is not None and f.broken_by != "other_window"}


def _told_breaks(
    figures: Mapping[PlaceKind, Sequence[ClearedFigure]], area: Place, registry: Registry
) -> Iterator[str]:
    """What happened at each break of a line."""
    for kind, shown in figures.items():
        for year, why in _breaks(shown).items():
            figure = next(f for f in shown if f.year == year)
            happened = phrases.break_told(figure, area.id if kind == "area" else None, registry)
            sign = "Lodret stiplet linje" if kind == "area" else _named(kind)
            yield f"{sign}: brud fra {year}: {happened or words.NO_CHANGE[why]}."


def _axis(held: Sequence[float], indicator: Indicator) -> tuple[float, float, list[tuple[float, str]]]:
    """Both ends of the axis and its ticks: from zero wherever that leaves the lines half of the room."""
    low, high = min(held), max(held)
    room = 0.06 * (high - low) or max(0.06 * high, 10.0**-indicator.decimals)
    low, high = 0.0 if low <= high / 2 else low - room, high + room
    rough = (high - low) / 5.5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    decimals = max(0, -math.floor(math.log10(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return low, high, [(number * step, danish.number(number * step, decimals)) for number in range(first, last + 1)]


def _apart(wanted: Sequence[float]) -> list[float]:
    """Heights in the order given, as near to the wanted ones as lets them stand apart and inside the plot."""
    placed = [float("-inf")]
    for at in wanted:
        placed.append(max(at, 0.0, placed[-1] + _NAME))
    placed = [*placed[1:], HEIGHT - 12.0 + _NAME]
    for number in range(len(wanted) - 1, -1, -1):
        placed[number] = min(placed[number], placed[number + 1] - _NAME)
    return placed[:-1]


def _notes(
    area: Place,
    figures: Mapping[PlaceKind, Sequence[ClearedFigure]],
    key: str,
    extract: Extract,
    registry: Registry,
) -> list[str]:
    """What the signs of this chart mean, and what a reader must know before comparing."""
    notes = []
    for name, mark in registry.extracts.mark.items():
        if years := [year for year in extract.years if area.figure(key, year).mark == name]:
            notes.append(f"{mark.code} {mark.label_da}: {danish.years(years)}.")
    own = figures.get("area", ())
    if any(figure.interval for figure in own):
        notes.append("Lodret streg: områdets usikkerhed (95 %-interval).")
    bare = [figure.year for figure in own if not figure.interval]
    if bare and registry.indicators[key].kind != "count":
        notes.append(f"Uden lodret streg: {NO_INTERVAL} ({danish.years(bare)}).")
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
    return notes
