"""The charts of a card as SVG: greys, shapes and dashes only, so that a black-and-white copy says the same."""

from collections.abc import Mapping, Sequence

import polars as pl

from flows.evaluation_cards import english
from flows.evaluation_cards.figures import Row
from flows.present.plot import INK, LETTER, SOFT, NumberLine, Plot, number_line, room_for

LIMITS = (0.05, 0.1)
# Mark and fill of each weighting in the love plot, and its dodge up or down, in parts of a row.
WEIGHTING_MARKS = {
    "none": ("circle", INK, 0.0),
    "residents": ("square", "#fff", -0.24),
    "entropy": ("diamond", "#fff", 0.14),
    "propensity": ("diamond", "#fff", 0.14),
    "twins": ("triangle", "#fff", 0.34),
}
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
HALF, THIN, DOTS, DASHES = 0.5, 1, "1,3", "4,3"
MEANS, GAP, APART = 60, 10, 44  # heights of a course: its means, what lies between, and the difference below
TITLE = 20  # room beside the numbers for the title of their line
ROW, BELOW = 26, 36  # the height of a row, and of a number line below with its title


def love(pairs: Sequence[tuple[str, Mapping[str, Row]]]) -> str:
    """SMDs of pairs, a row each: its label ('a|b' breaks the line) and its rows of baseline_balance by weighting.

    Filled circles are unweighted and carry their 95 % interval, which holds what withheld counts leave open; hollow
    marks are weighted.
    """
    left, height = room_for(label for label, _ in pairs), max(60, ROW * len(pairs))
    known = [
        (place, weighting, row)
        for place, (_, rows) in enumerate(pairs)
        for weighting, row in rows.items()
        if row["smd"] is not None
    ]
    reach = 1.08 * max([0.15, *(abs(end) for _, _, row in known for end in _ends(row))])
    plot = Plot(left + 258, height + BELOW)
    x = number_line((-reach, reach), left, left + 250, 7, is_exact=True)
    y = NumberLine(-HALF, len(pairs) - HALF, 0, height)
    plot.labels(left, x.ends, [(y.at(place), label) for place, (label, _) in enumerate(pairs)])
    plot.rule(x.at(0), 0, x.at(0), height, SOFT)
    for limit in (sign * limit for limit in LIMITS for sign in (-1, 1)):
        plot.rule(x.at(limit), 0, x.at(limit), height, INK, THIN, DOTS)
    for place, (_, rows) in enumerate(pairs):
        if all(row["smd"] is None for row in rows.values()):
            plot.text(left + 4, y.at(place) + 4, "no figure: see the table", font_style="italic")
    for place, weighting, row in known:
        if weighting == "none":
            low, high = _ends(row)
            plot.rule(x.at(low), y.at(place), x.at(high), y.at(place))
    plot.marks(
        (x.at(row["smd"]), y.at(place + WEIGHTING_MARKS[weighting][2]), *WEIGHTING_MARKS[weighting][:2])
        for place, weighting, row in known
    )
    plot.below(x, height, short, "standardised mean difference, first group minus second (SD)")
    return plot.svg


def _ends(row: Row) -> tuple[float, float]:
    """The ends of a difference's interval, itself where they are not known."""
    return tuple(row["smd"] if row[end] is None else row[end] for end in ("smd_low", "smd_high"))


def course(years: Sequence[Row], unit: str) -> str:
    """Yearly means of two groups with their 95 % intervals, and below them the difference against the last year."""
    plot, end = Plot(196, MEANS + GAP + APART + 20), MEANS + GAP + APART
    ticks = tuple(row["year"] for row in years)
    arms = {arm: [_point(row, f"mean_{arm}", row["year"] + shift) for row in years] for arm, shift in ARMS}
    apart = [_point(row, "difference", row["year"], "difference_change") for row in years]
    y = number_line(_held([point for points in arms.values() for point in points]), MEANS, 4, 4)
    y_apart = number_line([0, *_held(apart)], end, MEANS + GAP + 4, 4)
    left = max(42.0, TITLE + LETTER * max(len(short(value)) for line in (y, y_apart) for value in line.ticks))
    x = NumberLine(min(ticks) - 0.35, max(ticks) + 0.35, left, 192, _written_years(ticks))
    plot.beside(y, left, x.ends, short, _fitting(unit, MEANS))
    for arm, points in arms.items():
        shown = [(x.at(year), y.at(mean)) for year, mean, _ in points if mean is not None]
        if shown:
            plot.path(shown, "" if arm == "1" else DASHES)
    _bars(plot, [point for points in arms.values() for point in points], x, y)
    plot.marks(
        (x.at(year), y.at(mean), *(("circle", INK) if arm == "1" else ("square", "#fff")))
        for arm, points in arms.items()
        for year, mean, _ in points
        if mean is not None
    )
    plot.below(x, MEANS, short, is_labelled=False)
    plot.beside(y_apart, left, x.ends, short, _fitting(f"less {max(ticks)}", APART))
    plot.rule(left, y_apart.at(0), x.ends, y_apart.at(0), SOFT, THIN, DOTS)
    _bars(plot, apart, x, y_apart)
    plot.marks((x.at(year), y_apart.at(mean), "diamond", INK) for year, mean, _ in apart if mean is not None)
    plot.below(x, end, lambda year: f"{year:.0f}")
    return plot.svg


def _fitting(title: str, height: float) -> str:
    """The title of a number line where it fits beside the line; the section's reading says it anyhow."""
    return title if LETTER * len(title) <= height + GAP else ""


ARMS = (("1", -0.07), ("0", 0.07))  # a step to either side, so that intervals of both can be seen
Spot = tuple[float, float | None, tuple[float, float] | None]


def _point(row: Row, name: str, year: float, value: str = "") -> Spot:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return year, row[value or name], None if low is None or high is None else (low, high)


def _held(points: Sequence[Spot]) -> list[float]:
    return [number for _, mean, ends in points if mean is not None for number in (mean, *(ends or ()))] or [0.0]


def _bars(plot: Plot, points: Sequence[Spot], x: NumberLine, y: NumberLine) -> None:
    """The 95 % intervals of the points that have one."""
    for year, _, ends in points:
        if ends:
            plot.rule(x.at(year), y.at(ends[0]), x.at(year), y.at(ends[1]), SOFT)


def _written_years(years: Sequence[int]) -> tuple[int, ...]:
    """The years that there is room for: at most five, the last among them."""
    step = -(-len(years) // 5)
    return tuple(years[::-1][::step])


def spread(groups: Sequence[tuple[str, Sequence[float]]], title: str) -> str:
    """Where the areas of each group lie: the middle 90 and 50 percent and the median of its values, a row each.

    Groups of fewer than ten areas are drawn area by area.
    """
    left, height = room_for(label for label, _ in groups), max(60, 15 * len(groups))
    boxes = {place: _cuts(values) for place, (_, values) in enumerate(groups) if len(values) >= 10}
    dots = [(place, value) for place, (_, values) in enumerate(groups) if len(values) < 10 for value in values]
    plot = Plot(left + 222, height + BELOW)
    held = [*(cut for cuts in boxes.values() for cut in cuts), *(value for _, value in dots)]
    x, y = number_line(held, left, left + 210), NumberLine(-HALF, len(groups) - HALF, 0, height)
    plot.labels(left, x.ends, [(y.at(place), label) for place, (label, _) in enumerate(groups)])
    for place, (low, q_1, _, q_3, high) in boxes.items():
        plot.rule(x.at(low), y.at(place), x.at(high), y.at(place))
        plot.box(x.at(q_1), y.at(place) - 4, x.at(q_3) - x.at(q_1), 8, "#999")
    plot.marks(((x.at(cuts[2]), y.at(place), "stroke", "none") for place, cuts in boxes.items()), 2)
    plot.marks(((x.at(value), y.at(place), "circle", "#fff") for place, value in dots), 1)
    plot.below(x, height, short, title)
    return plot.svg


def _cuts(values: Sequence[float]) -> list[float]:
    column = pl.Series(values, dtype=pl.Float64)
    return [float(column.quantile(cut, "linear") or 0) for cut in QUANTILES]


def short(value: float) -> str:
    """A number of an axis: no more decimals than it has."""
    return english.number(value, len(f"{abs(value):.6f}".rstrip("0").partition(".")[2]))
