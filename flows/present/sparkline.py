"""A small line of figures through the years as SVG, broken where they may not be joined; another place's is dashed."""

from collections.abc import Sequence
from typing import TypeAlias

from flows.present.svg import words

WIDTH, HEIGHT, EDGE = 180, 44, 6
# Figures that may be joined: years and values, in order.
Run: TypeAlias = Sequence[tuple[int, float]]


def draw(
    own: Sequence[Run],
    beside: Sequence[Run],
    years: tuple[int, int],
    ends: tuple[float, float],
    alternative: str = "",
) -> str:
    """The line from the first to the last of the `years`, with a point where it ends; lowest and highest are `ends`.

    It holds no ids, so that many can stand on a page. Without an `alternative` the words are another's to give.
    """
    first, last = years
    low, high = ends

    def placed(runs: Sequence[Run]) -> list[list[tuple[float, float]]]:
        return [
            [
                (
                    round(EDGE + (WIDTH - 2 * EDGE) * (year - first) / max(last - first, 1), 1),
                    round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (value - low) / ((high - low) or 1.0), 1),
                )
                for year, value in run
            ]
            for run in runs
        ]

    named = f' role="img" aria-label="{words(alternative)}"' if alternative else ""
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    line = 'fill="none" stroke="#4d4d4d" stroke-width="1.2" stroke-dasharray="4 3"'
    parts = [
        f'<svg class="spark"{named} xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<path class="line" d="M0 {HEIGHT - 1}H{WIDTH}" stroke="#bbbbbb"/>',
        *[f'<polyline class="other" points="{_points(run)}" {line}/>' for run in placed(beside) if len(run) > 1],
    ]
    drawn = placed(own)
    for run in drawn:
        if len(run) > 1:
            look = 'fill="none" stroke="#1b1b1b" stroke-width="2.2"'
            parts.append(f'<polyline class="own" points="{_points(run)}" {look}/>')
        else:
            parts.append(_point(run[0], 2.4))
    return " ".join([*parts, *([_point(drawn[-1][-1], 3.6)] if drawn else []), "</svg>"])


def _points(run: Sequence[tuple[float, float]]) -> str:
    return " ".join([f"{x},{y}" for x, y in run])


def _point(place: tuple[float, float], r: float) -> str:
    return f'<circle class="point" cx="{place[0]}" cy="{place[1]}" r="{r}" fill="#1b1b1b"/>'
