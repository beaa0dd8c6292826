"""A range strip: where one figure lies among those of all areas, beside municipality, country and threshold, as SVG."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles

from flows.present.svg import words

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
    _, left_end, right_end = strip.texts
    turned = (right_end, left_end) if strip.is_turned else (left_end, right_end)
    quiet, digits = 'fill="#4d4d4d"', f'y="{LINE + 4.5}"'
    parts = [
        f'<svg class="strip" role="img" aria-label="{words(strip.alternative)}" xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="Libertinus Serif, DejaVu Sans, serif" font-size="{TEXT}" fill="#1b1b1b">'
    ]
    axis = f'd="M{LEFT} {LINE}H{RIGHT}"'
    if is_spread:
        parts += [
            f'<path class="line" {axis} stroke="#b9b9b9" stroke-width="{3 if bars else 1.2}"/>',
            f'<g class="quiet" {quiet}><text x="{LEFT - 6}" {digits} text-anchor="end">{turned[0]}</text>'
            f'<text x="{RIGHT + 6}" {digits}>{turned[1]}</text></g>',
        ]
    else:
        parts.append(f'<path class="line" {axis} stroke="#8c8c8c" stroke-dasharray="1.5 4"/>')
    for kind, x, wide in bars:
        place = f'x="{x}" y="{LINE - 7}" width="{wide}" height="14"'
        parts.append(f'<rect class="{kind}" {place} fill="{_BARS[kind]}" stroke="#8c8c8c" stroke-width=".7"/>')
    if median is not None:
        parts.append(f'<path class="median" d="M{median} {LINE - 6.5}v13" stroke="#fff" stroke-width="2"/>')
    if is_spread and not bars:
        strokes = "".join([f"M{at(value)} {LINE - 6}v12" for value in strip.spread])
        parts.append(f'<path class="strokes" d="{strokes}" stroke="#777" stroke-width="1.3" fill="none"/>')
    return "\n".join([*parts, *_marked(strip, at, bar), "</svg>\n"])


_BARS = {"tenths": "#e0e0e0", "quarters": "#bdbdbd"}


def _marked(
    strip: Strip, at: Callable[[float], float], bar: Callable[[float, float], tuple[float, float]]
) -> Iterator[str]:
    """What stands on the axis: the threshold, country and municipality, and on top of them the place itself."""
    if strip.threshold:
        limit, text = strip.threshold
        x = at(limit)
        yield (
            f'<g class="limit" fill="#8a3b12"><path d="M{x} {LINE - 13}v26" stroke="#8a3b12" stroke-width="2.4"/>'
            f'<text x="{_inside(x, text)}" y="{LINE + 22}" text-anchor="middle" font-size="{TEXT - 0.6}">'
            f"{words(text)}</text></g>"
        )
    hollow = 'fill="#fff" stroke="#1b1b1b"'
    if strip.country is not None:
        yield f'<path class="other" d="M{at(strip.country)} {LINE + 3}l5 9h-10z" {hollow} stroke-width="1.6"/>'
    if strip.municipality is not None:
        place = f'cx="{at(strip.municipality)}" cy="{LINE}" r="5.2"'
        yield f'<circle class="other" {place} {hollow} stroke-width="1.8"/>'
    yield '<g class="own" fill="#12395b">'
    if strip.interval:
        x, wide = bar(*strip.interval)
        yield f'<path d="M{x} {LINE}h{wide}" stroke="#12395b" stroke-width="2.6"/>'
    x, text = at(strip.own), strip.texts[0]
    yield f'<path d="M{x} {LINE - 7}l7 7l-7 7l-7-7z" stroke="#fff" stroke-width="1.2"/>'
    bold = f'text-anchor="middle" font-weight="bold" font-size="{TEXT + 1}"'
    yield f'<text x="{_inside(x, text)}" y="{LINE - 13}" {bold}>{words(text)}</text>'
    yield "</g>"


def _inside(x: float, text: str) -> float:
    """Where text stands that is centred at x, inside the drawing."""
    half = len(text) * _LETTER / 2
    return round(min(max(x, half + 1), WIDTH - half - 1), 1)
