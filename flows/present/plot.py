"""A plot of points and lines over two number lines, as SVG in greys, shapes and dashes: a grey copy says the same.

It holds no ids, so that several can stand on a page, and no words that are not given.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from flows.present.svg import at, words

INK, SOFT, GRID = "#111", "#666", "#e6e6e6"
TEXT, LETTER, LINE = 11, 5.6, 12  # size of letters, about the width of one, and from line to line
# Outlines of the marks around their place, all of about the same size.
MARKS = {
    "circle": "M3.6 0a3.6 3.6 0 1 1-7.2 0a3.6 3.6 0 1 1 7.2 0z",
    "square": "M-3.2-3.2h6.4v6.4h-6.4z",
    "diamond": "M0-4.6l3.4 4.6l-3.4 4.6l-3.4-4.6z",
    "triangle": "M0-3.9l4 7h-8z",
    "stroke": "M0-6v12",
}


@dataclass(frozen=True)
class NumberLine:
    """Numbers from `low` to `high` along `begins` to `ends` of the drawing; those at `ticks` are written out."""

    low: float
    high: float
    begins: float
    ends: float
    ticks: tuple[float, ...] = ()

    def at(self, value: float) -> float:
        """Where a number stands in the drawing."""
        part = (value - self.low) / (self.high - self.low)
        return self.begins + part * (self.ends - self.begins)


def number_line(
    held: Iterable[float], begins: float, ends: float, rungs: int = 5, is_exact: bool = False
) -> NumberLine:
    """A line that holds these numbers, with about so many rungs in steps of 1, 2 or 5; `is_exact`: no wider than they
    are."""
    low, high = min(held := list(held)), max(held)
    if high == low:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / rungs
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if not is_exact:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        low, high = first * step, last * step
    return NumberLine(low, high, begins, ends, tuple(round(rung * step, 10) + 0.0 for rung in range(first, last + 1)))


@dataclass
class Plot:
    """A drawing of so many points, to which parts are added one on top of the other."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, line: str, anchor: str = "start", **looks: str) -> None:
        """A line of text; `looks` are attributes, such as font_weight."""
        given = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in looks.items())
        self.parts.append(f'<text x="{at(x)}" y="{at(y)}" text-anchor="{anchor}"{given}>{words(line)}</text>')

    def rule(
        self, x: float, y: float, x_2: float, y_2: float, ink: str = INK, width: float = 1, dash: str = ""
    ) -> None:
        """A straight line from one place to another."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        ends = f'x1="{at(x)}" y1="{at(y)}" x2="{at(x_2)}" y2="{at(y_2)}"'
        self.parts.append(f'<line {ends} stroke="{ink}" stroke-width="{width}"{dashed}/>')

    def box(self, x: float, y: float, width: float, height: float, ink: str) -> None:
        """A filled rectangle."""
        self.parts.append(f'<rect x="{at(x)}" y="{at(y)}" width="{at(width)}" height="{at(height)}" fill="{ink}"/>')

    def path(self, places: Sequence[tuple[float, float]], dash: str = "") -> None:
        """A line through places."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        line = "L".join(at(x, y) for x, y in places)
        self.parts.append(f'<path d="M{line}" fill="none" stroke="{INK}" stroke-width="1.3"{dashed}/>')

    def marks(self, places: Iterable[tuple[float, float, str, str]], width: float = 1.2) -> None:
        """Marks: of each its place, its name among MARKS, and its fill."""
        drawn = [
            f'<path transform="translate({x:.2f},{y:.2f})" d="{MARKS[name]}" fill="{fill}" stroke="{INK}" '
            f'stroke-width="{width}"/>'
            for x, y, name, fill in places
        ]
        if drawn:
            self.parts.append(f'<g class="mark-symbol">{"".join(drawn)}</g>')

    def below(
        self, line: NumberLine, y: float, written: Callable[[float], str], title: str = "", is_labelled: bool = True
    ) -> None:
        """A number line below what is drawn, at the height `y`, and its title."""
        self.rule(line.begins, y, line.ends, y, SOFT)
        for value in line.ticks if is_labelled else ():
            self.rule(line.at(value), y, line.at(value), y + 4, SOFT)
            self.text(line.at(value), y + 15, written(value), "middle")
        if title:
            self.text((line.begins + line.ends) / 2, y + 29, title, "middle")

    def beside(self, line: NumberLine, x: float, end: float, written: Callable[[float], str], title: str = "") -> None:
        """A number line to the left of what is drawn, at `x`, with a thin line to `end` for each number."""
        for value in line.ticks:
            self.rule(x, line.at(value), end, line.at(value), GRID)
            self.text(x - 5, line.at(value) + 3.8, written(value), "end")
        self.rule(x, line.begins, x, line.ends, SOFT)
        if title:
            middle = (line.begins + line.ends) / 2
            self.text(9, middle, title, "middle", transform=f"rotate(-90 9 {at(middle)})")

    def labels(self, x: float, end: float, rows: Iterable[tuple[float, str]]) -> None:
        """The names of rows before `x`, each with a thin line to `end`; '|' breaks a name."""
        for y, label in rows:
            self.rule(x, y, end, y, GRID)
            lines = label.split("|")
            for number, line in enumerate(lines):
                self.text(x - 8, y + 3.8 + LINE * (number - (len(lines) - 1) / 2), line, "end")

    @property
    def svg(self) -> str:
        """The drawing."""
        size = f'viewBox="0 0 {at(self.width)} {at(self.height)}" width="{at(self.width)}" height="{at(self.height)}"'
        font = f'font-family="Libertinus Serif, DejaVu Sans, serif" font-size="{TEXT}" fill="{INK}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(self.parts)}</svg>'


def room_for(labels: Iterable[str], most: float = 210) -> float:
    """The room that names of rows take."""
    lines = [line for label in labels for line in label.split("|")]
    return min(most, LETTER * max(map(len, lines), default=0)) + 12
