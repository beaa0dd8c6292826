"""The course of a target: its figures year by year, the straight way to the target, and the target."""

from collections.abc import Sequence

from flows.present import notation, scales, vocabulary, year_chart
from flows.present.year_chart import YearChart, YearPoint
from flows.publish.plans_read import Row
from schemas.indicators import Indicator

BREAKS = ("boundary_break", "definition_break", "other_owner", "other_window")
GAP = "×"


def planned(target: Row, newest: Row) -> float | None:
    """Where the path expects the newest figure; None where that is the target itself, which is drawn anyway."""
    expected: float | None = newest["expected_value"]
    return None if expected == target["target_value"] else expected


def break_before(years: Sequence[Row]) -> int | None:
    """The first year whose figure is of another series than the starting year's; None where there is none."""
    return next((year["year"] for year in years if set(vocabulary.codes(year["why"])) & set(BREAKS)), None)


def course(target: Row, years: Sequence[Row], indicator: Indicator, alternative: str = "") -> str:
    """The figures year by year with their 95 % intervals, the straight path to the target, and the target.

    `years` are rows of target_progress, at least one of them with a value; years without one are marked on the axis.
    """
    first, last, aim = target["start_year"], target["target_year"], target["target_value"]
    begin = target["start_figure"] if target["start_figure"] is not None else target["start_value"]
    known = [year for year in years if year["value"] is not None]
    broken, window = break_before(known), notation.number(aim, indicator.decimals)
    held = [year[part] for year in known for part in ("value", "ci_low", "ci_high") if year[part] is not None]
    shown = range(first, max(last, known[-1]["year"]) + 1)
    return year_chart.draw(
        YearChart(
            years=shown,
            lines={"area": ("tallet", [_point(year, broken) for year in known])},
            axis=scales.axis([*held, aim, *([] if begin is None else [begin])], indicator),
            decimals=indicator.decimals,
            alternative=alternative,
            limits=[(aim, shown, f"mål {window}")],
            gaps=[(y["year"], GAP) for y in years if y["value"] is None and y["year"] < known[-1]["year"]],
            path=None if begin is None else ((first, begin), (last, aim)),
        )
    )


def _point(year: Row, broken: int | None) -> YearPoint:
    low, high = year["ci_low"], year["ci_high"]
    is_mean = (year.get("window_years") or 1) > 1
    return YearPoint(
        year["year"],
        year["value"],
        None if low is None or high is None else (low, high),
        is_mean=is_mean,
        is_alone=is_mean or "repeated_figure" in vocabulary.codes(year["why"]),
        is_broken=year["year"] == broken,
    )
