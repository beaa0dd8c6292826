"""Charts draw the figures that they are given, where they belong."""

import re
from itertools import pairwise

import polars as pl
import pytest

from flows.evaluation_cards import charts, plots
from flows.present.plot import LETTER
from schemas.registry import Registry

ROW = {"smd": 0.0, "smd_low": None, "smd_high": None}


def marks(svg: str) -> list[list[tuple[float, float]]]:
    """Where the points of each layer of points stand, in pixels."""
    layers = re.findall(r'<g class="mark-symbol[^"]*"[^>]*>(.*?)</g>', svg, flags=re.DOTALL)
    return [
        [(float(x), float(y)) for x, y in re.findall(r'transform="translate\(([-\d.]+),\s*([-\d.]+)\)', layer)]
        for layer in layers
    ]


def test_love_plot_places_each_mark_by_its_smd() -> None:
    smds = [0.6, -0.3, 0.05, 0.0]
    rows = [(f"pair {place}|against it", {"none": {**ROW, "smd": smd}}) for place, smd in enumerate(smds)]
    (points,) = marks(charts.love(rows))
    (x_0, y_0), *_, zero = points
    for (x, _), smd in zip(points, smds, strict=True):
        assert (x - zero[0]) / (x_0 - zero[0]) == pytest.approx(smd / 0.6, abs=0.01)
    heights = [y for _, y in points]
    assert heights == sorted(heights)
    assert y_0 == heights[0]
    assert len({round(after - before, 3) for before, after in pairwise(heights)}) == 1


def test_love_plot_tells_weighted_from_unweighted_without_colour() -> None:
    by_weights = {"none": {**ROW, "smd": 0.5}, "residents": {**ROW, "smd": 0.4}, "entropy": {**ROW, "smd": 0.0}}
    drawn = charts.love([("a|against b", by_weights)])
    symbols = re.findall(r'<path aria-label|<path [^>]*transform="translate[^>]*>', drawn)
    points = [mark for mark in symbols if 'stroke-width="1.2"' in mark]
    assert len(points) == 3
    assert len({re.search(r' d="([^"]*)"', point)[1] for point in points}) == 3  # type: ignore[index]
    assert sorted(re.search(r'fill="([^"]*)"', point)[1] for point in points) == ["#111", "#fff", "#fff"]  # type: ignore[index]


def test_the_love_plot_of_all_shows_each_covariate_before_weighted_and_against_twins(registry: Registry) -> None:
    (contrast,) = (each for each in registry.evaluation.contrast.values() if each.by == "funded")
    head = {"contrast": "funded", "baseline_window": "three_years", "row_kind": "pair", "origin": "synthetic"}
    head |= {"arm_1": "funded", "arm_0": "never_funded"}
    blank = dict.fromkeys(plots.DRAWN)
    rows = [
        {
            **blank,
            **head,
            "covariate": name,
            "level": level,
            "weighting": weighting,
            "balance_limit": 0.1,
            "smd": smd + at / 10,
        }
        for name, level, smd in (("residents", "all", 0.2), ("gross_income_dkk", "all", -0.7), ("region", "084", 0.1))
        for at, weighting in enumerate(("none", "entropy", "twins"))
    ]
    shown = plots.balance_rows(pl.DataFrame(rows, infer_schema_length=None), contrast, *contrast.arms, registry)
    assert shown["covariate"].unique(maintain_order=True).to_list() == ["gross_income_dkk", "residents", "region"]
    drawn = plots.love_of_all(shown, "funded", "never funded")
    for name in ("residents", "gross_income_dkk"):
        assert registry.indicators[name].label_en in drawn
    assert "Region: 084" in drawn
    assert "SYNTHETIC: made-up figures" in drawn
    assert len(re.findall(r'stroke-width="1.1"', drawn)) >= 9


def test_the_event_plot_has_a_point_a_year_and_both_intervals() -> None:
    rows = [
        {"event_time": time, "att": 0.1 * time, "att_low": -1.0, "att_high": 1.0}
        | {"att_low_uniform": -1.5, "att_high_uniform": 1.5}
        for time in range(-6, 0)
    ]
    drawn = plots.event(rows, "percentage points")
    assert all(f">{sign}{time}<" in drawn for sign, time in (("\N{MINUS SIGN}", time) for time in range(1, 7)))
    assert len(marks(drawn)[-1]) == 6
    assert drawn.count("<line") >= 12, "an interval and a band each"


def test_each_starting_year_has_a_panel_on_the_same_scale() -> None:
    rows = [
        {"gname": year, "event_time": time, "att": att, "att_low": None, "att_high": None, "areas_1": areas}
        | {"att_low_uniform": None, "att_high_uniform": None, "origin": "synthetic"}
        for year, areas, att in ((2006, 1, 1.0), (2007, 12, -1.0))
        for time in (-2, -1)
    ]
    drawn = plots.event_by_start(rows, "percentage points")
    assert "First grant in 2006: 1 area<" in drawn
    assert "First grant in 2007: 12 areas<" in drawn
    assert "no interval: the card says why" in drawn
    above, below = marks(drawn)
    # Both panels stand beside each other, so that 1 and -1 lie as far from their common zero.
    zeros = {
        float(y) for y in re.findall(r'y1="([-\d.]+)" x2="[-\d.]+" y2="\1" stroke="#666" stroke-width="1" st', drawn)
    }
    (zero,) = zeros
    assert zero - above[0][1] == pytest.approx(below[0][1] - zero, abs=0.1) != 0


def test_love_plot_says_where_it_has_no_figure() -> None:
    drawn = charts.love([("a|against b", {"none": {**ROW, "smd": None}}), ("c|against d", {"none": ROW})])
    assert drawn.count("no figure: see the table") == 1
    assert "no figure: see the table" in charts.love([("a|against b", {})])


def test_labels_are_written_as_they_are() -> None:
    drawn = charts.love([("'quoted' \\ <b>|against æøå", {"none": ROW})])
    assert "'quoted' \\ &lt;b>" in drawn.replace("&gt;", ">").replace("&#39;", "'").replace("&apos;", "'")
    assert "against æøå" in drawn


def years(**more: float | None) -> list[dict[str, float | None]]:
    return [
        {
            "year": year,
            "mean_1": 30.0 + year - 2003,
            "mean_1_low": 29.0,
            "mean_1_high": 33.0,
            "mean_0": 20.0,
            "mean_0_low": None,
            "mean_0_high": None,
            "difference_change": year - 2005.0,
            "difference_low": None if year == 2005 else year - 2006.0,
            "difference_high": None if year == 2005 else year - 2004.0,
            **more,
        }
        for year in (2003, 2004, 2005)
    ]


def test_course_shows_means_above_and_the_gap_below() -> None:
    above, below = marks(charts.course(years(), "percent"))
    by_height = sorted(y for _, y in above)
    # Three means of 32, 31, 30 and three of 20: the steps between the first are a tenth of the way to the second.
    top, middle, bottom = by_height[:3]
    assert middle - top == pytest.approx(bottom - middle, abs=0.02)
    assert by_height[3] - bottom == pytest.approx(10 * (middle - top), rel=0.01)
    assert by_height[3] == by_height[4] == by_height[5]
    xs = [x for x, _ in below]
    assert xs == sorted(xs)
    (_, first), (_, second), (_, last) = below
    assert first > second > last
    assert first - second == pytest.approx(second - last, abs=0.02)


def test_the_numbers_of_a_course_stand_clear_of_the_title_of_their_line() -> None:
    """A title is turned at x = 9 and takes some 5 to either side; what would be longer than its line is left out."""
    money = {f"mean_{arm}{end}": 173_182.0 + place for arm in "10" for place, end in enumerate(("", "_low", "_high"))}
    drawn = charts.course(years(**money), "DKK per person")
    numbers = re.findall(r'<text x="([\d.]+)"[^>]*text-anchor="end"[^>]*>([^<]+)<', drawn)
    assert any(len(written) >= 7 for _, written in numbers)
    assert min(float(x) - LETTER * len(written) for x, written in numbers) >= 14
    assert "DKK per person" not in drawn
    assert ">less 2005<" in drawn
    assert ">percent<" in charts.course(years(), "percent")


def test_course_stands_without_any_interval() -> None:
    drawn = charts.course(
        years(mean_1_low=None, mean_1_high=None, difference_low=None, difference_high=None), "percent"
    )
    assert len(marks(drawn)) == 2
    assert "NaN" not in drawn


def test_spread_draws_quantiles_of_many_and_each_of_few() -> None:
    many, few = [float(value) for value in range(101)], [10.0, 90.0]
    medians, dots = marks(charts.spread([("many", many), ("few", few)], "percent"))
    assert len(medians) == 1
    (left, _), (right, _) = dots
    assert medians[0][0] == pytest.approx((left + right) / 2, abs=0.1)
    assert len(marks(charts.spread([("few", few), ("none", [])], "percent"))) == 1


def test_course_tells_the_groups_apart_without_colour() -> None:
    drawn = charts.course(years(), "percent")
    lines = re.findall(r'<path d="[^"]*" fill="none"[^>]*>', drawn)
    assert sorted("dasharray" in line for line in lines) == [False, True]
    means = drawn.split('<g class="mark-symbol">')[1].split("</g>")[0]
    shapes = set(re.findall(r' d="([^"]*)" fill="(#111|#fff)"', means))
    assert len(shapes) == 2
    assert {fill for _, fill in shapes} == {"#111", "#fff"}


def test_charts_of_a_page_share_no_ids() -> None:
    for drawn in (charts.love([("a|against b", {"none": ROW})]), charts.course(years(), "percent")):
        assert not re.search(r'\bid="', drawn)
