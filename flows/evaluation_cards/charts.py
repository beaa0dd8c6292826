"""The charts of a card as SVG: greys, shapes and dashes only, so that a black-and-white copy says the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from flows.evaluation_cards.figures import Row
from flows.evaluation_cards.vega import INK, SOFT, Spec, layers, marks, name, number, svg

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
_BY_VALUE = {"tickCount": 4, "minExtent": 34, "titlePadding": 3}
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
    title, scale = (
        "standardised mean difference, first group minus second (SD)",
        {"domain": [-reach, reach], "nice": False},
    )
    x = number("smd", title=title, scale=scale, axis={"grid": False, "tickCount": 7})
    y = _places([label for label, _ in pairs])
    limits = [{"smd": sign * limit, "text": f"{limit:g}"} for limit in LIMITS for sign in (-1, 1)]
    drawn = [
        marks("rule", [{"smd": 0}], {"x": x}, color=SOFT),
        marks("rule", limits, {"x": x}, color=INK, strokeDash=[1, 3]),
    ]
    if empty:
        words, rows = "no figure: see the table", [{"smd": -reach, "place": place} for place in empty]
        drawn.append(marks("text", rows, {"x": x, "y": y}, text=words, align="left", fontStyle="italic", color=INK))
    if points:
        interval = {"x": number("low", scale=scale, title=title), "x2": {"field": "high"}, "y": y}
        drawn.append(marks("rule", points, interval, {"filter": "datum.weighting == 'none'"}, color=INK))
        shapes = {
            channel: name("weighting", scale=_scale(shown, part), legend=None)
            for part, channel in enumerate(("shape", "fill"))
        }
        look = {"stroke": INK, "strokeWidth": 1.2, "size": 46, "opacity": 1}
        drawn.append(marks("point", points, {"x": x, "y": y, **shapes}, **look))
    return svg(layers(drawn, 250, max(60, 28 * len(pairs))))


def course(years: Sequence[Row], unit: str) -> str:
    """Yearly means of two groups with their 95 % intervals, and below them the difference against the last year."""
    parts = [layers(_means(years, unit), 150, 82), layers(_differences(years), 150, 62)]
    return svg({"vconcat": parts, "spacing": 10})


def _means(years: Sequence[Row], unit: str) -> list[Spec]:
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
    x, scale = _by_year(years, is_labelled=False), {"zero": False, "nice": True}
    at = {"x": x, "y": number("mean", title=unit, scale=scale, axis=_BY_VALUE)}

    def by_arm(first: Any, second: Any) -> Spec:
        return name("arm", scale={"domain": ["1", "0"], "range": [first, second]}, legend=None)

    shapes = {"shape": by_arm("circle", "square"), "fill": by_arm(INK, "#fff")}
    return [
        marks("line", arms, {**at, "strokeDash": by_arm([1, 0], [4, 3])}, color=INK, strokeWidth=1.3),
        *_bars(arms, x, scale),
        marks("point", arms, {**at, **shapes}, stroke=INK, strokeWidth=1.2, size=34, opacity=1),
    ]


def _differences(years: Sequence[Row]) -> list[Spec]:
    columns = {"year": "year", "change": "difference_change", "low": "difference_low", "high": "difference_high"}
    apart = [{name: row[column] for name, column in columns.items()} for row in years]
    x, scale = _by_year(years, is_labelled=True), {"nice": True}
    title = f"less that of {max(row['year'] for row in years)}"
    y = number("change", title=title, scale=scale, axis=_BY_VALUE)
    return [
        marks("rule", [{"change": 0}], {"y": y}, color=SOFT, strokeDash=[1, 3]),
        *_bars(apart, x, scale),
        marks("point", apart, {"x": x, "y": y}, shape="diamond", fill=INK, stroke=INK, size=30, opacity=1),
    ]


def _by_year(years: Sequence[Row], is_labelled: bool) -> Spec:
    ticks = [row["year"] for row in years]
    return number(
        "year",
        title=None,
        scale={"domain": [min(ticks) - 0.35, max(ticks) + 0.35], "nice": False, "zero": False},
        axis={
            "values": ticks,
            "format": "d",
            "labels": is_labelled,
            "ticks": is_labelled,
            "grid": False,
            "labelOverlap": "greedy",
        },
    )


def _bars(entries: Sequence[Mapping[str, Any]], x: Spec, scale: Spec) -> list[Spec]:
    """The 95 % intervals of the entries that have one."""
    known = [entry for entry in entries if entry["low"] is not None and entry["high"] is not None]
    channels = {"x": x, "y": number("low", scale=scale), "y2": {"field": "high"}}
    return [marks("rule", known, channels, color=SOFT, strokeWidth=1)] if known else []


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
    y, scale = _places([label for label, _ in groups]), {"zero": False, "nice": True}
    at = {"y": y, "x": number("value", title=title, scale=scale, axis={"grid": False, "tickCount": 5})}
    ninety = {"y": y, "x": number("low", scale=scale, title=title), "x2": {"field": "high"}}
    fifty = {"y": y, "x": number("q1", scale=scale), "x2": {"field": "q3"}}
    drawn = [
        marks("rule", boxes, ninety, color=INK),
        marks("rule", boxes, fifty, color="#999", strokeWidth=8),
        marks("point", boxes, at, shape="stroke", angle=90, stroke=INK, strokeWidth=2, size=150, opacity=1),
        marks("point", dots, at, stroke=INK, fill="#fff", size=22, opacity=1),
    ]
    kept = [layer for layer, rows in zip(drawn, (boxes, boxes, boxes, dots), strict=True) if rows]
    return svg(layers(kept, 210, max(60, 20 * len(groups))))


def _places(labels: Sequence[str]) -> Spec:
    """A number line with a place per label, the first on top: marks of one place can stand beside each other on it."""
    names = ",".join(_js(label) for label in labels)
    return number(
        "place",
        title=None,
        scale={"domain": [-0.6, len(labels) - 0.4], "reverse": True, "nice": False, "zero": False},
        axis={
            "values": list(range(len(labels))),
            "labelExpr": f"split([{names}][datum.value], '|')",
            "labelLimit": 210,
            "labelLineHeight": 11,
            # Vega centres the first line of a label on its place, not the whole.
            "labelOffset": -6 if any("|" in label for label in labels) else 0,
            "gridColor": "#eee",
            "ticks": False,
            "domain": False,
            "labelPadding": 8,
        },
    )


def _js(text: str) -> str:
    """Text as a string of a Vega expression."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _scale(weightings: Sequence[str], part: int) -> Spec:
    marks_of = [WEIGHTING_MARKS[weighting][part] for weighting in weightings]
    return {"domain": list(weightings), "range": marks_of}
