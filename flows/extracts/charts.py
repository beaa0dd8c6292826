"""The chart of one indicator over the years of an extract as SVG: greys, shapes and dashes, so that a copy tells all.

Only figures that are shown are drawn. A year without one has the code of its mark at the axis, and the word below.
The drawing is a template: Vega took a tenth of a second for each of the hundreds that a secretariat gets.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from flows.extracts import words
from flows.extracts.model import ClearedFigure, Extract, Place
from flows.extracts.phrases import NO_INTERVAL, caveats
from flows.present import danish
from flows.present.pages import templates
from schemas.models import Indicator
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
class Line:
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
class Drawing:
    """A chart, worked out: `ticks` and `years` are places and texts of the axes, `gaps` the marks above the years."""

    said: str
    unit: str
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    years: tuple[tuple[float, str], ...]
    gaps: tuple[tuple[float, str], ...]
    notes: tuple[str, ...]


SIGNS = {"area": "circle", "municipality": "square", "country": "triangle"}


def development(area: Place, extract: Extract, registry: Registry, indicator: str) -> str | None:
    """The indicator in the area, with municipality and country beside it; None where no figure can be drawn.

    Figures of following years are joined, means over several years and repeated figures stand alone. Upright lines are
    95 % intervals. Numbers of people or dwellings are drawn of the area only: a town's would leave no room for it.
    The drawing carries its own text alternative and no ids, so that many can stand on a page.
    """
    of = registry.indicators[indicator]
    places = [place for place in _places(area, extract, of) if _shown(place, indicator, extract)]
    if not places:
        return None
    figures: dict[str, list[ClearedFigure]] = {place.kind: _shown(place, indicator, extract) for place in places}
    held = [number for found in figures.values() for f in found for number in (f.value, f.ci_low, f.ci_high)]
    low, high, ticks = _axis([number for number in held if number is not None], of)

    def x(year: int) -> float:
        return (year - extract.years[0] + 0.5) * WIDTH / len(extract.years)

    def y(value: float) -> float:
        return HEIGHT * (high - value) / (high - low)

    newest = {kind: found[-1] for kind, found in figures.items()}
    ends = sorted((y(figure.number), kind) for kind, figure in newest.items())
    name_at = dict(zip((kind for _, kind in ends), _apart([end for end, _ in ends]), strict=True))

    def point(figure: ClearedFigure, kind: str) -> Point:
        is_known = kind == "area" and figure.interval
        return Point(
            x(figure.year),
            y(figure.number),
            "diamond" if kind == "area" and figure.is_mean else SIGNS[kind],
            kind == "area" and not _stands_alone(figure),
            (y(figure.interval[0]), y(figure.interval[1])) if is_known and figure.interval else None,
        )

    def line(kind: str) -> Line:
        last = newest[kind]
        year = "" if last.year == extract.years[-1] else f" ({last.year})"
        unit = " %" if of.kind == "share" and not year else ""
        return Line(
            kind,
            tuple(point(figure, kind) for figure in figures[kind]),
            tuple(tuple((x(f.year), y(f.number)) for f in run) for run in _runs(figures[kind]) if len(run) > 1),
            _named(kind),
            f"{danish.number(last.value, of.decimals)}{unit}{year}",
            name_at[kind],
            (own := point(last, kind)).sign,
            own.is_filled,
        )

    step = max(1, math.ceil(_YEAR * len(extract.years) / WIDTH))
    marks = ((year, area.figure(indicator, year).mark) for year in extract.years)
    notes = _notes(area, places, indicator, extract, registry, low)
    return (
        templates("flows.extracts")
        .get_template("development.svg.j2")
        .render(
            # The area is drawn last, on top of the others.
            drawing=Drawing(
                alternative(area, extract, registry, indicator),
                danish.unit(of),
                tuple(line(place.kind) for place in reversed(places)),
                tuple((y(value), text) for value, text in ticks),
                tuple((x(year), str(year)) for year in extract.years[::-1][::step]),
                tuple((x(year), registry.extracts.mark[mark].code) for year, mark in marks if mark),
                tuple(part for note in notes for part in wrap(note, _LETTERS)),
            ),
            WIDTH=WIDTH,
            HEIGHT=HEIGHT,
            LEFT=LEFT,
            TOP=TOP,
            RIGHT=RIGHT,
            TEXT=TEXT,
            LANE=LANE,
            NOTE=NOTE,
        )
    )


def alternative(area: Place, extract: Extract, registry: Registry, indicator: str) -> str:
    """The chart in words: every year of the area, and the first and last shown figure of municipality and country."""
    of = registry.indicators[indicator]
    runs: list[tuple[str, list[int]]] = []
    for year in extract.years:
        told = figure_told(area.figure(indicator, year), registry)
        if runs and runs[-1][0] == told:
            runs[-1][1].append(year)
        else:
            runs.append((told, [year]))
    listed = "; ".join(f"{danish.years(years)}: {told}" for told, years in runs)
    said = [f"{of.label_da}, {area.name}, {danish.years(extract.years)}. Området: {listed}."]
    for place in _places(area, extract, of)[1:]:
        found = _shown(place, indicator, extract)
        ends = [found[0], found[-1]] if len(found) > 1 else found
        told = "; ".join(f"{figure.year}: {figure_told(figure, registry)}" for figure in ends)
        said.append(f"{_named(place.kind)}: {told or 'intet tal vises'}.")
    return " ".join(said)


def figure_told(figure: ClearedFigure, registry: Registry) -> str:
    """A figure with its interval and what must be said of it, or its mark: '9,7 % (95 %-interval 7,9–11,8)'."""
    if figure.mark:
        return words.shown(figure, registry)
    remarks = [text for text in (_uncertainty(figure, registry), caveats(figure)) if text]
    return words.shown(figure, registry) + (f" ({', '.join(remarks)})" if remarks else "")


def _uncertainty(figure: ClearedFigure, registry: Registry) -> str:
    of = registry.indicators[figure.indicator]
    if figure.interval:
        return f"95 %-interval {words.interval(figure, of)}"
    return "" if of.kind == "count" else NO_INTERVAL


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
    """The figures that a line may join: a gap, a mean or a repeated figure ends it."""
    runs: list[list[ClearedFigure]] = []
    for figure in figures:
        before = runs[-1][-1] if runs else None
        follows = before is not None and figure.year == before.year + 1
        if before is not None and follows and not _stands_alone(figure) and not _stands_alone(before):
            runs[-1].append(figure)
        else:
            runs.append([figure])
    return runs


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
    area: Place, places: Iterable[Place], indicator: str, extract: Extract, registry: Registry, low: float
) -> list[str]:
    """What the signs of this chart mean, and what a reader must know before comparing."""
    notes = []
    for mark, meaning in registry.extracts.mark.items():
        if years := [year for year in extract.years if area.figure(indicator, year).mark == mark]:
            notes.append(f"{meaning.code} {meaning.label_da}: {danish.years(years)}.")
    own = _shown(area, indicator, extract)
    if any(figure.interval for figure in own):
        notes.append("Lodret streg: områdets usikkerhed (95 %-interval).")
    bare = [figure.year for figure in own if not figure.interval]
    if bare and registry.indicators[indicator].kind != "count":
        notes.append(f"Uden lodret streg: {NO_INTERVAL} ({danish.years(bare)}).")
    for place in places:
        found = _shown(place, indicator, extract)
        is_area = place.kind == "area"
        for window in sorted({figure.window_years for figure in found if figure.window_years and figure.is_mean}):
            years = [figure.year for figure in found if figure.window_years == window]
            name = "Hul rude" if is_area else _named(place.kind)
            notes.append(f"{name}: gennemsnit over {window} år ({danish.years(years)}).")
        for figure in found:
            if (repeated := figure.repeats_year) is not None:
                name = _named(place.kind) if not is_area else "Hul rude" if figure.is_mean else "Hul prik"
                notes.append(f"{name}: kilden gentager i {figure.year} tallet for {repeated}.")
    if low > 0:
        notes.append("Den lodrette akse begynder ikke ved 0.")
    return notes
