"""The charts of a target as SVG: greys, shapes and dashes only, so that a black-and-white copy says the same."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from flows.present import danish
from flows.present.pictures import INK, SOFT, svg
from flows.publish.plans_read import Row
from schemas.indicators import Indicator

# Narrow enough that the letters stay readable on a telephone and wide enough for half a sheet of paper.
WIDTH = 264
BAR = "#a8a8a8"
TEXT = 12
SOLID = (1, 0)
# Danish notation for the numbers of an axis: Vega writes 1,234.5.
_DANISH = "replace(replace(replace(format(datum.value, ',~f'), /,/g, ' '), '.', ','), / /g, '.')"
# A lane of the bullet chart for each thing that is named, from the top: no two names can run into each other.
BREAKS = ("boundary_break", "definition_break", "other_owner", "other_window")
_TARGET, _NEWEST, _BAR, _EXPECTED, _START = 0.5, 1.5, 2.6, 3.7, 4.7


def bullet(target: Row, newest: Row, indicator: Indicator) -> str:
    """From the figure of the starting year to the newest one, with its 95 % interval, the path and the target.

    `target` is a row of dim_targets and `newest` one of target_progress with a value. The bar begins at the figure of
    the starting year and is left out where there is none, or where the newest figure is of another series; the whisker
    is left out where there is no interval.
    """
    value, start, aim = newest["value"], newest["start_figure"], target["target_value"]
    expected, ends = planned(target, newest), (newest["ci_low"], newest["ci_high"])
    held = [number for number in (value, start, aim, expected, *ends) if number is not None]
    low, high = _padded(min(held), max(held), indicator)
    named = {
        _START: (start, f"start {target['start_year']}"),
        _TARGET: (aim, f"mål {target['target_year']}"),
        _EXPECTED: (expected, f"planlagt {newest['year']}"),
        _NEWEST: (value, f"tal {newest['year']}"),
    }
    names = [
        {
            "x": number,
            "y": lane,
            "text": f"{name}: {danish.number(number, indicator.decimals)}",
            "align": _towards_the_middle((number - low) / (high - low)),
            "weight": "bold" if lane == _NEWEST else "normal",
        }
        for lane, (number, name) in named.items()
        if number is not None
    ]
    axis = alt.Axis(grid=False, tickCount=4, labelExpr=_DANISH, labelFontSize=TEXT)
    x = alt.X("x:Q", title=None, scale=_scale(low, high), axis=axis)
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 5.5], reverse=True, nice=False, zero=False))
    styled: dict[str, Any] = {"align": alt.expr("datum.align"), "fontWeight": alt.expr("datum.weight")}
    point = {"x": value, "y": _BAR}
    layers = [
        _data(_bullet_rules(start, ends, aim, expected))
        .mark_rule(color=INK)
        .encode(
            x=x,
            x2=alt.X2("x2"),
            y=y,
            y2=alt.Y2("y2"),
            strokeWidth=alt.StrokeWidth("width:Q", scale=None),
            strokeDash=alt.StrokeDash("dash:N", scale=None),
        ),
        _data([point])
        .mark_point(shape="diamond", fill=INK, stroke="#fff", strokeWidth=1, size=110, opacity=1)
        .encode(x=x, y=y),
        # A name that a line runs through stays readable.
        _data(names)
        .mark_text(fontSize=TEXT, stroke="#fff", strokeWidth=7, **styled)
        .encode(x=x, y=y, text=alt.Text("text:N")),
        _data(names).mark_text(fontSize=TEXT, color=INK, **styled).encode(x=x, y=y, text=alt.Text("text:N")),
    ]
    if bar := _bullet_bar(newest):
        layers.insert(0, _data(bar).mark_rect(color=BAR).encode(x=x, x2=alt.X2("x2"), y=y, y2=alt.Y2("y2")))
    return _svg(alt.layer(*layers, width=WIDTH, height=132))


def _bullet_bar(newest: Row) -> list[dict[str, Any]]:
    """The bar of a bullet chart; none without a start, or across a break."""
    if newest["start_figure"] is None or break_before([newest]) is not None:
        return []
    return [{"x": newest["start_figure"], "x2": newest["value"], "y": _BAR - 0.28, "y2": _BAR + 0.28}]


def _towards_the_middle(place: float) -> str:
    """How a name is set that stands at this part of the axis, 0 to 1, so that it stays within the chart."""
    return "left" if place < 0.35 else "right" if place > 0.65 else "center"


def _bullet_rules(
    start: float | None, ends: tuple[float | None, float | None], aim: float, expected: float | None
) -> list[dict[str, Any]]:
    """The lines of a bullet chart: from the start, the whisker, the target, the path."""
    low, high = ends
    rules: list[tuple[float, float, float, float, float, tuple[int, int]]] = []
    if start is not None:
        rules.append((start, start, _BAR - 0.28, _START - 0.35, 1.5, (1, 3)))
    if low is not None and high is not None:
        rules.append((low, high, _BAR, _BAR, 1.5, SOLID))
        rules += [(end, end, _BAR - 0.18, _BAR + 0.18, 1.5, SOLID) for end in (low, high)]
    rules.append((aim, aim, _TARGET + 0.4, _EXPECTED - 0.4, 3, SOLID))
    if expected is not None:
        rules.append((expected, expected, _BAR - 0.5, _EXPECTED - 0.4, 2, (4, 2)))
    return [dict(zip(("x", "x2", "y", "y2", "width", "dash"), rule, strict=True)) for rule in rules]


def planned(target: Row, newest: Row) -> float | None:
    """Where the path expects the newest figure; None where that is the target itself, which is drawn anyway."""
    expected: float | None = newest["expected_value"]
    return None if expected == target["target_value"] else expected


def stands_apart(year: Row) -> bool:
    """The figure is no new observation beside the starting year's, or of another series."""
    return any(reason in ("repeated_figure", *BREAKS) for reason in (year["why"] or "").split("; "))


def break_before(years: Sequence[Row]) -> int | None:
    """The first year whose figure is of another series than the starting year's; None where there is none."""
    return next((year["year"] for year in years if set((year["why"] or "").split("; ")) & set(BREAKS)), None)


def course(target: Row, years: Sequence[Row], indicator: Indicator) -> str:
    """The figures year by year with their 95 % intervals, the straight path to the target, and the target.

    `years` are rows of target_progress, at least one of them with a value; years without one are marked on the axis.
    """
    first, last, aim = target["start_year"], target["target_year"], target["target_value"]
    begin = target["start_figure"] if target["start_figure"] is not None else target["start_value"]
    known = [year for year in years if year["value"] is not None]
    missing = [year["year"] for year in years if year["value"] is None and year["year"] < known[-1]["year"]]
    held = [year[part] for year in known for part in ("value", "ci_low", "ci_high") if year[part] is not None]
    held += [aim] if begin is None else [aim, begin]
    low, high = _padded(min(held), max(held), indicator)
    span = [first - 0.4, max(last, known[-1]["year"]) + 0.4]
    shown = list(range(first, max(last, known[-1]["year"]) + 1))

    by_year = alt.Axis(values=shown, format="d", grid=False, labelOverlap="greedy", labelFontSize=TEXT)
    x = alt.X("x:Q", title=None, scale=_scale(*span), axis=by_year)
    by_value = alt.Axis(tickCount=4, labelExpr=_DANISH, labelFontSize=TEXT, minExtent=30)
    y = alt.Y("y:Q", title=None, scale=_scale(low, high), axis=by_value)

    def dots(rows: Sequence[Row], fill: str, shape: str = "circle") -> list[alt.Chart]:
        points = _data([{"x": row["year"], "y": row["value"]} for row in rows])
        mark = points.mark_point(shape=shape, fill=fill, stroke=INK, strokeWidth=1.5, size=55, opacity=1)
        return [mark.encode(x=x, y=y)] if rows else []

    layers = [_data([{"y": aim}]).mark_rule(color=INK, strokeWidth=3).encode(y=y)]
    label = _data([{"x": span[1], "y": aim, "text": f"mål {danish.number(aim, indicator.decimals)}"}])
    layers.append(
        label.mark_text(align="left", dx=5, fontSize=TEXT, color=INK).encode(x=x, y=y, text=alt.Text("text:N"))
    )
    if begin is not None:
        path = _data([{"x": first, "y": begin}, {"x": last, "y": aim}])
        layers.append(path.mark_line(color=INK, strokeWidth=1.5, strokeDash=[4, 3]).encode(x=x, y=y))
    bars = [
        {"x": row["year"], "y": row["ci_low"], "y2": row["ci_high"]}
        for row in known
        if row["ci_low"] is not None and row["ci_high"] is not None
    ]
    if bars:
        layers.append(_data(bars).mark_rule(color=SOFT, strokeWidth=1.5).encode(x=x, y=y, y2=alt.Y2("y2")))
    layers += dots([row for row in known if row["year"] == first], "#fff")
    layers += dots([row for row in known if row["year"] != first and not stands_apart(row)], INK)
    layers += dots([row for row in known if stands_apart(row)], "#fff", "square")
    if (broken := break_before(known)) is not None:
        rule = _data([{"x": broken - 0.5}]).mark_rule(color=INK, strokeWidth=1, strokeDash=[3, 4])
        layers.append(rule.encode(x=x))
    if missing:
        cross = _data([{"x": year, "y": low} for year in missing]).mark_text(text="×", dy=-8, fontSize=15, color=INK)
        layers.append(cross.encode(x=x, y=y))
    return _svg(alt.layer(*layers, width=WIDTH - 64, height=124))


def _svg(chart: alt.TopLevelMixin) -> str:
    """The drawing without the roles that Vega gives its parts: the whole is one image with one text."""
    return re.sub(r' (role|aria-roledescription|aria-hidden)="[^"]*"', "", svg(chart))


def _padded(low: float, high: float, indicator: Indicator) -> tuple[float, float]:
    """Room at both ends; a chart of one single value is a unit of its last decimal wide."""
    room = 0.08 * (high - low) or 10.0**-indicator.decimals
    return low - room, high + room


def _scale(low: float, high: float) -> alt.Scale:
    return alt.Scale(domain=[low, high], nice=False, zero=False)


def _data(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))
