"""A small line of figures through the years as SVG, broken where they may not be joined; another place's is dashed."""

from collections.abc import Sequence
from typing import TypeAlias

from flows.present.pages import templates

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

    template = templates("flows.present").get_template("sparkline.svg.j2")
    drawn = template.render(own=placed(own), beside=placed(beside), alternative=alternative, WIDTH=WIDTH, HEIGHT=HEIGHT)
    return " ".join(drawn.split("\n"))
