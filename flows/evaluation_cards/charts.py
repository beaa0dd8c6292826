"""The charts of a card as SVG: greys, shapes and dashes only, so that a black-and-white copy says the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from flows.evaluation_cards.figures import Row
from flows.evaluation_cards.vega import INK, SOFT, svg

LIMITS = (0.05, 0.1)
# Mark and fill of each weighting in the love plot, and its dodge up or down, in parts of a row.
WEIGHTING_MARKS = {
    "none": ("circle", INK, 0.0),
    "residents": ("square", "#fff", -0.24),
    "entropy": ("diamond", "#fff", 0.14),
    "propensity": ("diamond", "#fff", 0.14),
    "twins": ("triangle-up", "#fff", 0.34),
}
# The same room for the numbers above and below keeps the years in line.
_BY_VALUE = alt.Axis(tickCount=4, minExtent=34, titlePadding=3)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def love(pairs: Sequence[tuple[str, Mapping[str, Row]]]) -> str:
    """SMDs of pairs, a row each: its label ('a|b' breaks the line) and its rows of baseline_balance by weighting.

    Filled circles are unweighted and carry their 95 % interval, which holds what withheld counts leave open; hollow
    marks are weighted.
    """
    points = [
        {
            "pair": label,
            "place": place + WEIGHTING_MARKS[weighting][2],
            "weighting": weighting,
            "smd": row["smd"],
            "low": row["smd"] if row["smd_low"] is None else row["smd_low"],
            "high": row["smd"] if row["smd_high"] is None else row["smd_high"],
        }
        for place, (label, rows) in enumerate(pairs)
        for weighting, row in rows.items()
        if row["smd"] is not None
    ]
    empty = [place for place, (_, rows) in enumerate(pairs) if all(row["smd"] is None for row in rows.values())]
    reach = 1.08 * max([0.15, *(abs(point[end]) for point in points for end in ("smd", "low", "high"))])
    shown = [weighting for weighting in WEIGHTING_MARKS if any(p["weighting"] == weighting for p in points)]
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    title = "standardised mean difference, first group minus second (SD)"
    x = alt.X("smd:Q", title=title, scale=scale, axis=alt.Axis(grid=False, tickCount=7))
    y = _places([label for label, _ in pairs])
    limits = [{"smd": sign * limit, "text": f"{limit:g}"} for limit in LIMITS for sign in (-1, 1)]
    layers: list[alt.Chart] = [
        alt.Chart(alt.InlineData(values=[{"smd": 0}])).mark_rule(color=SOFT).encode(x=x),
        alt.Chart(alt.InlineData(values=limits)).mark_rule(color=INK, strokeDash=[1, 3]).encode(x=x),
    ]
    if empty:
        layers.append(
            alt.Chart(alt.InlineData(values=[{"smd": -reach, "place": place} for place in empty]))
            .mark_text(text="no figure: see the table", align="left", fontStyle="italic", color=INK)
            .encode(x=x, y=y)
        )
    marks = alt.Chart(alt.InlineData(values=points))
    if points:
        layers.append(
            marks.transform_filter("datum.weighting == 'none'")
            .mark_rule(color=INK)
            .encode(x=alt.X("low:Q", scale=scale, title=title), x2="high:Q", y=y)
        )
        layers.append(
            marks.mark_point(stroke=INK, strokeWidth=1.2, size=46, opacity=1).encode(
                x=x,
                y=y,
                shape=alt.Shape("weighting:N", scale=_scale(shown, 0), legend=None),
                fill=alt.Fill("weighting:N", scale=_scale(shown, 1), legend=None),
            )
        )
    chart = alt.layer(*layers).properties(width=250, height=max(60, 28 * len(pairs)))
    return svg(chart)


def course(years: Sequence[Row], unit: str) -> str:
    """Yearly means of two groups with their 95 % intervals, and below them the difference against the last year."""
    chart = alt.vconcat(
        _means(years, unit).properties(width=150, height=82),
        _differences(years).properties(width=150, height=62),
        spacing=10,
    )
    return svg(chart)


def _means(years: Sequence[Row], unit: str) -> alt.LayerChart | alt.FacetChart:
    arms = [
        {
            "year": row["year"] + shift,
            "arm": arm,
            "mean": row[f"mean_{arm}"],
            "low": row[f"mean_{arm}_low"],
            "high": row[f"mean_{arm}_high"],
        }
        for row in years
        for arm, shift in (("1", -0.07), ("0", 0.07))
    ]
    by_arm = alt.Chart(alt.InlineData(values=arms))
    x, scale = _by_year(years, is_labelled=False), alt.Scale(zero=False, nice=True)
    y = alt.Y("mean:Q", title=unit, scale=scale, axis=_BY_VALUE)

    def of_arm(first: Any, second: Any) -> alt.Scale:
        return alt.Scale(domain=["1", "0"], range=[first, second])

    return alt.layer(
        by_arm.mark_line(color=INK, strokeWidth=1.3).encode(
            x=x, y=y, strokeDash=alt.StrokeDash("arm:N", scale=of_arm([1, 0], [4, 3]), legend=None)
        ),
        *_bars(arms, x, scale),
        by_arm.mark_point(stroke=INK, strokeWidth=1.2, size=34, opacity=1).encode(
            x=x,
            y=y,
            shape=alt.Shape("arm:N", scale=of_arm("circle", "square"), legend=None),
            fill=alt.Fill("arm:N", scale=of_arm(INK, "#fff"), legend=None),
        ),
    )


def _differences(years: Sequence[Row]) -> alt.LayerChart | alt.FacetChart:
    columns = {"year": "year", "change": "difference_change", "low": "difference_low", "high": "difference_high"}
    apart = [{name: row[column] for name, column in columns.items()} for row in years]
    x, scale = _by_year(years, is_labelled=True), alt.Scale(nice=True)
    y = alt.Y("change:Q", title=f"less that of {max(row['year'] for row in years)}", scale=scale, axis=_BY_VALUE)
    return alt.layer(
        alt.Chart(alt.InlineData(values=[{"change": 0}])).mark_rule(color=SOFT, strokeDash=[1, 3]).encode(y=y),
        *_bars(apart, x, scale),
        alt.Chart(alt.InlineData(values=apart))
        .mark_point(shape="diamond", fill=INK, stroke=INK, size=30, opacity=1)
        .encode(x=x, y=y),
    )


def _by_year(years: Sequence[Row], is_labelled: bool) -> alt.X:
    ticks = [row["year"] for row in years]
    return alt.X(
        "year:Q",
        title=None,
        scale=alt.Scale(domain=[min(ticks) - 0.35, max(ticks) + 0.35], nice=False, zero=False),
        axis=alt.Axis(
            values=ticks, format="d", labels=is_labelled, ticks=is_labelled, grid=False, labelOverlap="greedy"
        ),
    )


def _bars(entries: Sequence[Mapping[str, Any]], x: alt.X, scale: alt.Scale) -> list[alt.Chart]:
    """The 95 % intervals of the entries that have one."""
    known = [entry for entry in entries if entry["low"] is not None and entry["high"] is not None]
    if not known:
        return []
    bars = alt.Chart(alt.InlineData(values=known)).mark_rule(color=SOFT, strokeWidth=1)
    return [bars.encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q")]


def spread(groups: Sequence[tuple[str, Sequence[float]]], title: str) -> str:
    """Where the areas of each group lie: the middle 90 and 50 percent and the median of its values, a row each.

    Groups of fewer than ten areas are drawn area by area.
    """
    boxes, dots = [], []
    for place, (_, values) in enumerate(groups):
        if len(values) < 10:
            dots += [{"place": place, "value": value} for value in values]
            continue
        column = pl.Series(values)
        cuts = [column.quantile(cut, "linear") for cut in QUANTILES]
        boxes.append({"place": place, **dict(zip(("low", "q1", "value", "q3", "high"), cuts, strict=True))})
    y = _places([label for label, _ in groups])
    scale = alt.Scale(zero=False, nice=True)
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(grid=False, tickCount=5))
    box = alt.Chart(alt.InlineData(values=boxes))
    layers = [
        box.mark_rule(color=INK).encode(y=y, x=alt.X("low:Q", scale=scale, title=title), x2="high:Q"),
        box.mark_rule(color="#999", strokeWidth=8).encode(y=y, x=alt.X("q1:Q", scale=scale), x2="q3:Q"),
        box.mark_point(shape="stroke", angle=90, stroke=INK, strokeWidth=2, size=150, opacity=1).encode(y=y, x=x),
        alt.Chart(alt.InlineData(values=dots)).mark_point(stroke=INK, fill="#fff", size=22, opacity=1).encode(y=y, x=x),
    ]
    kept = [layer for layer, rows in zip(layers, (boxes, boxes, boxes, dots), strict=True) if rows]
    return svg(alt.layer(*kept).properties(width=210, height=max(60, 20 * len(groups))))


def _places(labels: Sequence[str]) -> alt.Y:
    """A number line with a place per label, the first on top: marks of one place can stand beside each other on it."""
    names = ",".join(_js(label) for label in labels)
    return alt.Y(
        "place:Q",
        title=None,
        scale=alt.Scale(domain=[-0.6, len(labels) - 0.4], reverse=True, nice=False, zero=False),
        axis=alt.Axis(
            values=list(range(len(labels))),
            labelExpr=f"split([{names}][datum.value], '|')",
            labelLimit=210,
            labelLineHeight=11,
            # Vega centres the first line of a label on its place, not the whole.
            labelOffset=-6 if any("|" in label for label in labels) else 0,
            gridColor="#eee",
            ticks=False,
            domain=False,
            labelPadding=8,
        ),
    )


def _js(text: str) -> str:
    """Text as a string of a Vega expression."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _scale(weightings: Sequence[str], part: int) -> alt.Scale:
    return alt.Scale(domain=list(weightings), range=[WEIGHTING_MARKS[weighting][part] for weighting in weightings])
