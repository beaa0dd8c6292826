"""The chart of one figure through the years as SVG: shapes and dashes, so that a grey copy tells all.

One way to draw for every page and report, made of text, since a secretariat gets hundreds. Letters are 7.5 points high
where it is printed 84 mm wide.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from textwrap import wrap
from typing import Protocol, TypeVar

from flows.present import notation
from flows.present.language import say
from flows.present.scales import Axis
from flows.present.svg import at, words

# The plot, and the room around it: numbers of the axis, names of the lines. The same for every chart, so that all of a
# page have one scale.
WIDTH, HEIGHT = 212, 150
LEFT, TOP, RIGHT = 62, 18, 156
TEXT = 13.6
LANE = 18  # of the marks, between plot and years
NOTE = 16  # from line to line of the notes
_NAME, _DATED = 16, 32  # from name to name of two lines, and where a year stands below a name
_LETTERS = 52  # in a line of the notes
_YEAR = 40  # between the years that are written out
SIGNS = {"area": "circle", "municipality": "square", "country": "triangle"}
BREAK_SIGN = "Lodret stiplet linje"


class Drawable(Protocol):
    """A figure that is shown: its year, its number, its interval, and what it may be joined with.

    `is_alone`: no observation of its own year, so that no line may lead to it or from it; `is_broken`: it is of another
    series than the figures before it.
    """

    @property
    def year(self) -> int: ...
    @property
    def number(self) -> float: ...
    @property
    def interval(self) -> tuple[float, float] | None: ...
    @property
    def is_mean(self) -> bool: ...
    @property
    def is_alone(self) -> bool: ...
    @property
    def is_broken(self) -> bool: ...


D = TypeVar("D", bound=Drawable)


@dataclass(frozen=True)
class YearPoint:
    """A figure of a year, see Drawable."""

    year: int
    number: float
    interval: tuple[float, float] | None = None
    is_mean: bool = False
    is_alone: bool = False
    is_broken: bool = False


@dataclass(frozen=True)
class YearChart:
    """What is drawn: by kind of place its name and its shown figures in order, the place itself first.

    `limits` are thresholds or goals with the years in which they hold and their text, `gaps` the years without a figure
    with the code of their mark, `path` the straight way from a year's number to another's, `period` the plan's days.
    """

    years: Sequence[int]
    lines: Mapping[str, tuple[str, Sequence[Drawable]]]
    axis: Axis
    decimals: int
    alternative: str
    limits: Sequence[tuple[float, Sequence[int], str]] = ()
    gaps: Sequence[tuple[int, str]] = ()
    path: tuple[tuple[int, float], tuple[int, float]] | None = None
    period: tuple[date, date] | None = None
    notes: Sequence[str] = field(default_factory=tuple)


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


def draw(chart: YearChart) -> str:
    """The chart. Figures of following years are joined; those that stand alone are not. Upright lines are the place's
    own 95 % intervals. It carries its own text alternative and no ids, so that many can stand on a page.
    """
    scale = Scale(chart.years, chart.axis.low, chart.axis.high)
    newest = sorted((scale.y(shown[-1].number), kind) for kind, (_, shown) in chart.lines.items())
    is_dated = any(shown[-1].year != chart.years[-1] for _, shown in chart.lines.values())
    heights = _apart([end for end, _ in newest], _DATED if is_dated else _NAME)
    name_at = dict(zip((kind for _, kind in newest), heights, strict=True))
    step = max(1, math.ceil(_YEAR * len(chart.years) / WIDTH))
    _, own = chart.lines.get("area", ("", ()))
    lane = LANE if chart.gaps else 0
    notes = [part for note in chart.notes for part in wrap(note, _LETTERS)]
    below = HEIGHT + lane + 36
    tall = TOP + (below + NOTE * len(notes) - 10 if notes else HEIGHT + lane + 22)
    total = LEFT + WIDTH + RIGHT
    named = f' role="img" aria-label="{words(chart.alternative)}"' if chart.alternative else ""
    # The place itself is drawn last, on top of the others.
    lines = [
        _line(kind, name, shown, name_at[kind], scale, chart.decimals)
        for kind, (name, shown) in reversed(list(chart.lines.items()))
    ]
    years = [(scale.x(year), str(year)) for year in chart.years[::-1][::step]]
    parts = [
        f'<svg class="development"{named} xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="{-LEFT} {-TOP} {total} {tall}" width="{total}" height="{tall}" '
        f'font-family="Libertinus Serif, DejaVu Sans, serif" font-size="{TEXT}" fill="#1b1b1b">',
        *_ground(chart, scale, own, lane),
        *_limits(chart, scale, own),
        '<g class="quiet" text-anchor="end" fill="#4d4d4d">',
        *[f'<text x="-6" y="{at(scale.y(value) + 4)}">{text}</text>' for value, text in chart.axis.ticks()],
        "</g>",
        '<g class="quiet" text-anchor="middle" fill="#4d4d4d">',
        *[f'<text x="{at(scale.x(year))}" y="{HEIGHT + 13}">{words(code)}</text>' for year, code in chart.gaps],
        *[f'<text x="{at(x)}" y="{HEIGHT + lane + 16}">{text}</text>' for x, text in years],
        "</g>",
        *[part for line in lines for part in _drawn(line)],
        *_first(own, scale, chart.decimals),
        *[
            f'<text class="quiet" x="{-LEFT}" y="{below + NOTE * row}" fill="#4d4d4d">{words(note)}</text>'
            for row, note in enumerate(notes)
        ],
        "</svg>",
    ]
    return " ".join(parts)


def _ground(chart: YearChart, scale: Scale, own: Sequence[Drawable], lane: int) -> Iterator[str]:
    """What lies below the figures: the plan's years, the axis, the lane of the marks, breaks."""
    if period := _period(chart.period, scale):
        x, wide = period
        yield f'<rect class="period" x="{at(x)}" width="{at(wide)}" y="0" height="{HEIGHT}" fill="#ececec"/>'
        edges = f"M{at(x)} 0v{HEIGHT}m{at(wide)} 0v-{HEIGHT}"
        yield f'<path class="edge" d="{edges}" stroke="#999" stroke-dasharray="2 3"/>'
        middle = f'x="{at(x + wide / 2)}" y="-5" text-anchor="middle"'
        yield f'<text class="quiet" {middle} fill="#4d4d4d">{words(say("planperiode"))}</text>'
    rungs = "".join([f"M0 {at(scale.y(value))}h{WIDTH}" for value, _ in chart.axis.ticks()])
    yield f'<path class="line" d="{rungs}" stroke="#d9d9d9"/>'
    if lane:
        yield f'<rect class="period" y="{HEIGHT}" width="{WIDTH}" height="{lane}" fill="#f3f3f3"/>'
    if chart.axis.is_broken:
        sign = f"M-3 {HEIGHT - 4}l6 -4l-6 -4l6 -4"
        yield f'<path class="other" d="{sign}" stroke="#1b1b1b" stroke-width="1.3" fill="none"/>'
    if breaks := [scale.x(figure.year) - scale.x_step / 2 for figure in own if figure.is_broken]:
        upright = "".join([f"M{at(x)} 0v{HEIGHT}" for x in breaks])
        yield f'<path class="break" d="{upright}" stroke="#1b1b1b" stroke-dasharray="3 4" fill="none"/>'


def _limits(chart: YearChart, scale: Scale, own: Sequence[Drawable]) -> Iterator[str]:
    """Where a threshold was law, its text on the side without figures; and the straight way to a goal."""
    for limit, years, text in chart.limits:
        y, (x, end) = scale.y(limit), _span(years, scale)
        line = f'd="M{at(x, y)}H{at(end)}" stroke="#8a3b12" stroke-width="1.8" stroke-dasharray="5 3"'
        place = f'x="{at(end)}" y="{at(y + _beside_limit(limit, own))}" text-anchor="end"'
        look = 'paint-order="stroke" class="told" stroke="#fff" stroke-width="3"'
        yield f'<g class="limit" fill="#8a3b12"><path {line}/><text {place} {look}>{words(text)}</text></g>'
    if chart.path:
        begins, ends = ((scale.x(year), scale.y(value)) for year, value in chart.path)
        look = 'stroke="#1b1b1b" stroke-width="1.4" stroke-dasharray="4 3" fill="none"'
        yield f'<path class="path" d="M{at(*begins)}L{at(*ends)}" {look}/>'


def _drawn(line: PlaceLine) -> Iterator[str]:
    """A place's line: its intervals, its points, and its sign and name beside the plot."""
    is_own = line.kind == "area"
    ink, fill = ("#12395b", ' fill="#12395b"') if is_own else ("#1b1b1b", "")
    yield f'<g class="{"own" if is_own else "other"} points" stroke="{ink}" stroke-width="1.4"{fill}>'
    for point in line.points:
        if point.ends:
            low, high = point.ends
            yield f'<path d="M{at(point.x, low)}V{at(high)}" stroke-width="1.2"/>'
    runs = "".join(["M" + "L".join([at(x, y) for x, y in run]) for run in line.runs])
    width, dashes = _LOOKS[line.kind]
    stroke = f'fill="none" stroke-width="{width}"{dashes}'
    yield f'<path d="{runs}M{WIDTH + 3} {at(line.name_at)}h14" {stroke}/>'
    if is_own or len(line.points) == 1 or not line.runs:
        for point in line.points:
            yield _sign(point.sign, point.x, point.y, point.is_filled, 3.6)
    yield _sign(line.sign, WIDTH + 10, line.name_at, line.is_filled, 3.4)
    yield "</g>"
    name, bold = words(line.name), f' font-weight="bold"{fill}' if is_own else ""
    place = f'x="{WIDTH + 20}" y="{at(line.name_at + 4.5)}"'
    yield f'<text class="{"own" if is_own else "name"}" {place}{bold}>{name}</text>'
    if line.dated:
        place = f'x="{WIDTH + 20}" y="{at(line.name_at + 19)}"'
        yield f'<text class="quiet" {place} fill="#4d4d4d">{words(line.dated)}</text>'


def _sign(name: str, x: float, y: float, is_filled: bool, r: float) -> str:
    fill = "" if is_filled else ' class="hollow" fill="#fff"'
    if name == "circle":
        return f'<circle cx="{at(x)}" cy="{at(y)}" r="{r}"{fill}/>'
    return f'<path d="M{at(x, y)}{_SHAPES[name]}"{fill}/>'


# The width of a place's line and its dashes, and the outlines of the signs.
_LOOKS = {
    "area": (2.4, ""),
    "municipality": (1.4, ' stroke-dasharray="6 3"'),
    "country": (1.6, ' stroke-dasharray="1.5 3"'),
}
_SHAPES = {
    "square": "m-2.6-2.6h5.2v5.2h-5.2z",
    "triangle": "m-3.2 2.6h6.4l-3.2-5.8z",
    "diamond": "m0-5.2l5.2 5.2l-5.2 5.2l-5.2-5.2z",
}


def runs(figures: Sequence[D]) -> list[list[D]]:
    """The figures that a line may join: a gap, a break, and one that stands alone ends it."""
    runs: list[list[D]] = []
    for figure in figures:
        before = runs[-1][-1] if runs else None
        follows = before is not None and figure.year == before.year + 1 and not figure.is_broken
        if before is not None and follows and not figure.is_alone and not before.is_alone:
            runs[-1].append(figure)
        else:
            runs.append([figure])
    return runs


def _line(kind: str, name: str, figures: Sequence[Drawable], name_at: float, scale: Scale, decimals: int) -> PlaceLine:
    """What is drawn of the shown figures of a place, with its name at this height."""
    points = tuple(_point(figure, kind, scale) for figure in figures)
    newest = figures[-1]
    return PlaceLine(
        kind,
        points,
        tuple(tuple((scale.x(f.year), scale.y(f.number)) for f in run) for run in runs(figures) if len(run) > 1),
        f"{name} {notation.number(newest.number, decimals)}",
        "" if newest.year == scale.years[-1] else say("i {year}", year=newest.year),
        name_at,
        points[-1].sign,
        points[-1].is_filled,
    )


def _span(years: Sequence[int], scale: Scale) -> tuple[float, float]:
    """From where to where years reach in the drawing."""
    return scale.x(years[0]) - scale.x_step / 2, scale.x(years[-1]) + scale.x_step / 2


def _beside_limit(limit: float, figures: Sequence[Drawable]) -> int:
    """How far below a threshold its text stands: above it where most of the area's figures lie below."""
    over = sum(figure.number > limit for figure in figures)
    return 14 if 2 * over >= len(figures) else -5


def _first(figures: Sequence[Drawable], scale: Scale, decimals: int) -> Iterator[str]:
    """The area's first number, beside its point, on the side away from the next one; none where it is the only one."""
    if len(figures) < 2:
        return
    here, then = (scale.y(figure.number) for figure in figures[:2])
    low, high = figures[0].interval or (figures[0].number, figures[0].number)
    is_above = then >= here and scale.y(high) > 20
    y = scale.y(high) - 9 if is_above else scale.y(low) + 19
    text = notation.number(figures[0].number, decimals)
    x, y = max(scale.x(figures[0].year), 4.2 * len(text) + 2), min(max(y, 11.0), HEIGHT - 4.0)
    look = 'text-anchor="middle" font-weight="bold" fill="#12395b" paint-order="stroke" stroke="#fff" stroke-width="3"'
    yield f'<text class="own" x="{at(x)}" y="{at(y)}" {look}>{text}</text>'


def _period(period: tuple[date, date] | None, scale: Scale) -> tuple[float, float] | None:
    """From where to where the plan runs in the drawing; None where that is not known, or in other years."""
    if period is None:
        return None

    def placed(day: date) -> float:
        part = (day.timetuple().tm_yday - 1) / 365
        return (day.year + part - scale.years[0]) * scale.x_step

    begins, ends = max(0.0, placed(period[0])), min(float(WIDTH), placed(period[1]))
    return (begins, ends - begins) if begins < ends else None


def _point(figure: Drawable, kind: str, scale: Scale) -> Point:
    ends = figure.interval if kind == "area" else None
    return Point(
        scale.x(figure.year),
        scale.y(figure.number),
        "diamond" if kind == "area" and figure.is_mean else SIGNS[kind],
        kind == "area" and not figure.is_alone,
        (scale.y(ends[0]), scale.y(ends[1])) if ends else None,
    )


def _apart(wanted: Sequence[float], room: float) -> list[float]:
    """Heights in the order given, as near to the wanted ones as lets them stand apart and inside the plot."""
    placed = [float("-inf")]
    for height in wanted:
        placed.append(max(height, 0.0, placed[-1] + room))
    placed = [*placed[1:], HEIGHT + _NAME]
    for number in range(len(wanted) - 1, -1, -1):
        placed[number] = min(placed[number], placed[number + 1] - room)
    return placed[:-1]
