"""A range strip: where one figure lies among those of all areas, beside municipality, country and threshold, as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from flows.present.pages import templates

# The drawing, and the axis in it; letters are 7.5 points high where it is printed 84 mm wide.
WIDTH, HEIGHT = 430, 57
LEFT, RIGHT, LINE = 56, 374, 30
TEXT = 13.6
STROKES = 60  # figures up to which each one has its own stroke; more are drawn as bars of their quantiles
LEAST = 3  # areas that make a spread
_LETTER = 7.4  # width of a digit


@dataclass(frozen=True)
class Strip:
    """What a strip shows, in the indicator's own numbers; `texts` are those of the own figure and both ends.

    `spread` are the figures of all areas in order. `is_turned`: a high number is favourable and lies left.
    """

    own: float
    interval: tuple[float, float] | None
    municipality: float | None
    country: float | None
    spread: Sequence[float]
    threshold: tuple[float, str] | None
    is_turned: bool
    texts: tuple[str, str, str]
    alternative: str


def ends(held: Sequence[float]) -> tuple[float, float]:
    """The lowest and highest number of a strip, which its axis leads from and to."""
    return min(held), max(held)


def held(strip: Strip) -> list[float]:
    """Every number that a strip shows."""
    beside = (strip.municipality, strip.country, strip.threshold[0] if strip.threshold else None)
    known = [number for number in beside if number is not None]
    return [strip.own, *(strip.interval or ()), *strip.spread, *known]


def draw(strip: Strip) -> str:
    """The strip as SVG that holds no ids, so that many can stand on a page; it is one image with its own words."""
    low, high = ends(held(strip))
    room = (high - low) or 1.0
    is_spread = len(strip.spread) >= LEAST

    def at(value: float) -> float:
        part = (value - low) / room if high > low else 0.5
        return round(RIGHT - part * (RIGHT - LEFT) if strip.is_turned else LEFT + part * (RIGHT - LEFT), 1)

    def bar(first: float, last: float) -> tuple[float, float]:
        x, end = sorted((at(first), at(last)))
        return x, round(max(end - x, 1.0), 1)

    bars, median = [], None
    if len(strip.spread) > STROKES:
        tenths, quarters = quantiles(strip.spread, n=10), quantiles(strip.spread, n=4)
        bars = [("tenths", *bar(tenths[0], tenths[-1])), ("quarters", *bar(quarters[0], quarters[-1]))]
        median = at(quarters[1])
    own, left_end, right_end = strip.texts
    turned = (right_end, left_end) if strip.is_turned else (left_end, right_end)
    return (
        templates("flows.present")
        .get_template("strip.svg.j2")
        .render(
            WIDTH=WIDTH,
            HEIGHT=HEIGHT,
            LEFT=LEFT,
            RIGHT=RIGHT,
            LINE=LINE,
            TEXT=TEXT,
            alternative=strip.alternative,
            ends=turned if is_spread else None,
            strokes=[at(value) for value in strip.spread] if is_spread and not bars else [],
            bars=bars,
            median=median,
            own=(at(strip.own), _inside(at(strip.own), own), own),
            interval=bar(*strip.interval) if strip.interval else None,
            municipality=None if strip.municipality is None else at(strip.municipality),
            country=None if strip.country is None else at(strip.country),
            threshold=(at(strip.threshold[0]), _inside(at(strip.threshold[0]), strip.threshold[1]), strip.threshold[1])
            if strip.threshold
            else None,
        )
    )


def _inside(x: float, text: str) -> float:
    """Where text stands that is centred at x, inside the drawing."""
    half = len(text) * _LETTER / 2
    return round(min(max(x, half + 1), WIDTH - half - 1), 1)
