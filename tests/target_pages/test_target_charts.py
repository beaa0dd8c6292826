"""The charts of a target draw the figures that they are given, where they belong, and nothing that is not there."""

import re
from itertools import pairwise
from typing import Any

import pytest

from flows.target_pages import charts, theory_of_change
from schemas.registry import Registry

TARGET = {"start_year": 2008, "target_year": 2012, "target_value": 40.0, "start_figure": 20.0, "start_value": 20.0}
INDICATOR = "employed_18_64_pct"


def year(at: int, value: float | None, **more: Any) -> dict[str, Any]:
    """A year of target_progress whose interval is two wide on either side."""
    return {
        "year": at,
        "value": value,
        "ci_low": None if value is None else value - 2,
        "ci_high": None if value is None else value + 2,
        "start_figure": 20.0,
        "expected_value": 20.0 + 5 * (at - 2008),
        "why": None,
        **more,
    }


def names(svg: str) -> dict[str, float]:
    """The text of a chart and how far to the right it stands."""
    found = re.findall(r'<text [^>]*transform="translate\(([-\d.]+),[^>]*>([^<]*)</text>', svg)
    return {label: float(x) for x, label in found}


def uprights(svg: str) -> list[float]:
    """Where the upright lines of the chart stand, from left to right."""
    lines = re.findall(r'<line [^>]*transform="translate\(([-\d.]+),[-\d.]+\)"[^>]*x2="0"[^>]*y2="[^0"]', svg)
    return sorted(float(x) for x in lines)


def points(svg: str) -> list[tuple[float, float]]:
    """Where the points of a chart stand."""
    layers = re.findall(r'<g class="mark-symbol[^"]*"[^>]*>(.*?)</g>', svg, flags=re.DOTALL)
    found = re.findall(r'transform="translate\(([-\d.]+),\s*([-\d.]+)\)', "".join(layers))
    return [(float(x), float(y)) for x, y in found]


def test_a_bullet_places_every_number_on_its_axis(registry: Registry) -> None:
    drawn = charts.bullet(TARGET, year(2010, 26.0), registry.indicators[INDICATOR])
    at = names(drawn)
    start, planned, value, aim = (
        at[label] for label in ("start 2008: 20,0", "planlagt 2010: 30,0", "tal 2010: 26,0", "mål 2012: 40,0")
    )
    assert start < value < planned < aim
    per_point = (aim - start) / 20
    assert value - start == pytest.approx(6 * per_point, abs=0.1)
    assert planned - start == pytest.approx(10 * per_point, abs=0.1)
    assert points(drawn)[0][0] == pytest.approx(value, abs=0.1)


def test_a_bullet_without_an_interval_has_no_whisker(registry: Registry) -> None:
    indicator = registry.indicators[INDICATOR]
    whole = charts.bullet(TARGET, year(2010, 26.0), indicator)
    bare = charts.bullet(TARGET, year(2010, 26.0, ci_low=None, ci_high=None), indicator)
    lines = [len(re.findall(r"<line ", drawn)) for drawn in (whole, bare)]
    assert lines[0] - lines[1] == 3
    assert "NaN" not in bare


def test_a_bullet_without_a_start_has_no_bar(registry: Registry) -> None:
    indicator = registry.indicators[INDICATOR]
    assert "mark-rect" in charts.bullet(TARGET, year(2010, 26.0), indicator)
    bare = charts.bullet(TARGET, year(2010, 26.0, start_figure=None), indicator)
    assert "mark-rect" not in bare
    assert "start 2008" not in bare
    assert "tal 2010: 26,0" in bare


@pytest.mark.parametrize("why", charts.BREAKS)
def test_nothing_is_drawn_across_a_break(registry: Registry, why: str) -> None:
    indicator = registry.indicators[INDICATOR]
    after = year(2010, 26.0, why=f"{why}; step_too_small")
    assert "mark-rect" not in charts.bullet(TARGET, after, indicator)
    years = [year(2008, 20.0), year(2009, 23.0), after]
    whole = charts.course(TARGET, [*years[:2], year(2010, 26.0)], indicator)
    broken = charts.course(TARGET, years, indicator)
    assert charts.break_before(years) == 2010
    assert len(re.findall('stroke-dasharray="3,4"', broken)) == 1
    assert 'stroke-dasharray="3,4"' not in whole


def test_the_target_year_has_no_plan_beside_its_target(registry: Registry) -> None:
    drawn = charts.bullet(TARGET, year(2012, 26.0), registry.indicators[INDICATOR])
    assert "mål 2012: 40,0" in drawn
    assert "planlagt" not in drawn


def test_numbers_are_danish(registry: Registry) -> None:
    income = {**TARGET, "start_figure": 180000.0, "target_value": 212500.0}
    now = year(2010, 190250.0, start_figure=180000.0, expected_value=196250.0, ci_low=None, ci_high=None)
    drawn = charts.bullet(income, now, registry.indicators["gross_income_dkk"])
    assert "tal 2010: 190.250" in drawn
    assert "180.000" in names(drawn)
    assert not any(re.search(r"\d,\d{3}", label) for label in names(drawn))
    small = charts.course(TARGET, [year(2008, 20.0), year(2009, 20.4)], registry.indicators[INDICATOR])
    assert not any("." in label for label in names(small))


def test_one_single_value_still_has_a_scale(registry: Registry) -> None:
    flat = {**TARGET, "target_value": 20.0}
    now = year(2010, 20.0, ci_low=None, ci_high=None, expected_value=20.0)
    for drawn in (
        charts.bullet(flat, now, registry.indicators[INDICATOR]),
        charts.course(flat, [now], registry.indicators[INDICATOR]),
    ):
        assert "NaN" not in drawn
        assert points(drawn)


def test_a_course_places_years_and_values(registry: Registry) -> None:
    years = [year(2008, 20.0), year(2009, None), year(2010, 24.0), year(2011, 28.0), year(2012, None)]
    drawn = charts.course(TARGET, years, registry.indicators[INDICATOR])
    (x_0, y_0), (x_2, y_2), (x_3, y_3) = points(drawn)
    assert x_2 - x_0 == pytest.approx(2 * (x_3 - x_2), abs=0.1)
    assert y_0 - y_2 == pytest.approx(y_2 - y_3, abs=0.1)
    assert y_0 > y_2
    at = names(drawn)
    assert at["×"] == pytest.approx((x_0 + x_2) / 2, abs=0.1)
    assert "mål 40,0" in at
    assert [str(each) for each in range(2008, 2013)] == [label for label in at if re.fullmatch(r"20\d\d", label)]


def test_years_to_come_are_no_gaps(registry: Registry) -> None:
    drawn = charts.course(TARGET, [year(2008, 20.0), year(2009, None)], registry.indicators[INDICATOR])
    assert "×" not in drawn


def test_the_start_and_a_repeated_figure_look_unlike_other_years(registry: Registry) -> None:
    years = [year(2008, 20.0), year(2009, 20.0, why="repeated_figure"), year(2010, 24.0)]
    drawn = charts.course(TARGET, years, registry.indicators[INDICATOR])
    marks = re.findall(r"<path [^>]*stroke-width=\"1.5\"[^>]*>", drawn)
    looks = [(re.search(r' d="([^"]*)"', mark), re.search(r'fill="([^"]*)"', mark)) for mark in marks]
    seen = {(shape[1], fill[1]) for shape, fill in looks if shape and fill and "translate" in "".join(marks)}
    assert len({look for look in seen if look[1] in ("#111", "#fff")}) == 3


def test_the_path_is_dashed_and_the_target_is_not(registry: Registry) -> None:
    drawn = charts.course(TARGET, [year(2008, 20.0)], registry.indicators[INDICATOR])
    path = re.search(r'<g class="mark-line[^"]*"[^>]*>.*?</g>', drawn, flags=re.DOTALL)
    assert path
    assert 'stroke-dasharray="4,3"' in path[0]
    assert re.search(r'<line [^>]*stroke-width="3"', drawn)
    assert not re.search(r'<line [^>]*stroke-width="3"[^>]*stroke-dasharray', drawn)
    nowhere = {**TARGET, "start_figure": None, "start_value": None}
    assert "mark-line" not in charts.course(nowhere, [year(2009, 20.0)], registry.indicators[INDICATOR])


def test_charts_share_no_ids_and_are_one_image_each(registry: Registry) -> None:
    indicator = registry.indicators[INDICATOR]
    for drawn in (
        charts.bullet(TARGET, year(2010, 26.0), indicator),
        charts.course(TARGET, [year(2008, 20.0)], indicator),
    ):
        assert not re.search(r'\bid="|\brole="', drawn)


# the picture of a change theory ---------------------------------------------------------------------------------------


def links(registry: Registry) -> list[dict[str, Any]]:
    """Every step of the registry as a plan's own, with its first activity."""
    rows = [(step, indicator) for step in registry.change_theory.step.values() for indicator in step.indicators]
    return [
        {"link_no": number, "effort_area_id": step.effort_area, "activity": step.activities[0], "step": step.label_da}
        | {"indicator": indicator, "link_source": "plan"}
        for number, (step, indicator) in enumerate(rows, 1)
    ]


def test_boxes_of_a_column_do_not_touch(registry: Registry) -> None:
    picture = theory_of_change.picture(links(registry), registry)
    assert len({node.theme for node in picture.nodes}) == 6
    assert len(picture.edges) >= 20
    for column in range(4):
        boxes = sorted((node.top, node.top + node.height) for node in picture.nodes if node.key[0] == column)
        assert boxes[0][0] >= theory_of_change.HEAD
        assert boxes[-1][1] <= picture.height - theory_of_change.FOOT + 1
        for (_, bottom), (top, _) in pairwise(boxes):
            assert top - bottom >= theory_of_change.APART - 0.01


def test_lines_run_between_boxes_of_one_effort_area(registry: Registry) -> None:
    picture = theory_of_change.picture(links(registry), registry)
    middles = {(node.left, round(node.middle, 3)): node.theme for node in picture.nodes}
    for edge in picture.edges:
        before = middles[edge.x1 - theory_of_change.BOX, round(edge.y1, 3)]
        assert before == middles[edge.x2, round(edge.y2, 3)]
        assert edge.x2 - edge.x1 == theory_of_change.GUTTER


def test_an_indicator_of_two_effort_areas_stands_in_both(registry: Registry) -> None:
    picture = theory_of_change.picture(links(registry), registry)
    work = [node for node in picture.nodes if node.key[1] == "employed_18_64_pct"]
    assert len(work) == 2
    assert ["også ovenfor" in node.notes for node in work] == [False, True]


def test_a_link_of_the_plan_goes_before_a_proposal(registry: Registry) -> None:
    rows = links(registry)[:2]
    rows[1] |= {"indicator": rows[0]["indicator"], "link_source": "boligprofil proposal"}
    picture = theory_of_change.picture(rows, registry)
    assert all(edge.is_own for edge in picture.edges)
    assert all(node.is_own for node in picture.nodes)
    rows[0]["link_source"] = "boligprofil proposal"
    picture = theory_of_change.picture(rows, registry)
    assert not any(edge.is_own for edge in picture.edges)
    assert not any(node.is_own for node in picture.nodes)
    assert picture.has_proposals
    assert "2 koblinger er forslag fra Boligprofil" in picture.alt
    assert "planens egne" not in picture.alt


def test_words_fit_their_boxes() -> None:
    room = theory_of_change.BOX - 2 * theory_of_change.PADDING
    for text in (
        "Flere voksne kommer tættere på et arbejde",
        "Ungdomsuddannelsesvejledningssamarbejdet",
        "MWMWMWMWMWMWMWMWMW",
    ):
        lines = theory_of_change.wrapped(text)
        assert all(theory_of_change.wide(line) <= room for line in lines)
        assert "".join(lines).replace("-", "").replace(" ", "") == text.replace(" ", "")
    assert theory_of_change.wrapped("Ungdomsuddannelsesvejledningssamarbejdet")[0].endswith("-")
    long = theory_of_change.wrapped("Et meget langt navn på en aktivitet " * 5)
    assert len(long) == theory_of_change.LONGEST
    assert long[-1].endswith("…")
    assert theory_of_change.wrapped("kort") == ["kort"]
