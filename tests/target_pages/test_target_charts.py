"""The charts of a target draw the figures that they are given, where they belong, and nothing that is not there."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import pytest

from flows.present import goal_line
from flows.target_pages import charts, theory_of_change
from flows.target_pages.standing import of_year
from schemas.registry import Registry

TARGET = {"start_year": 2008, "target_year": 2012, "target_value": 40.0, "start_figure": 20.0, "start_value": 20.0}
INDICATOR = "employed_18_64_pct"
SVG = "{http://www.w3.org/2000/svg}"


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


def drawn(years: list[dict[str, Any]], registry: Registry, target: dict[str, Any] = TARGET) -> ET.Element:
    return ET.fromstring(charts.course(target, years, registry.indicators[INDICATOR]))


def labels(svg: ET.Element) -> dict[str, tuple[float, float]]:
    """The texts of a chart, and where they stand."""
    return {t.text or "": (float(t.get("x", "")), float(t.get("y", ""))) for t in svg.iter(f"{SVG}text")}


def points(svg: ET.Element) -> list[tuple[float, float, bool]]:
    """Where the figures stand, and whether they are hollow; the last one stands beside their name."""
    own = next(g for g in svg.iter(f"{SVG}g") if g.get("class") == "own points")
    circles = [(float(c.get("cx", "")), float(c.get("cy", "")), bool(c.get("class"))) for c in own.iter(f"{SVG}circle")]
    return circles[:-1]


def joined(svg: ET.Element) -> list[int]:
    """How many figures each line joins."""
    own = next(g for g in svg.iter(f"{SVG}g") if g.get("class") == "own points")
    path = next(p for p in own.iter(f"{SVG}path") if p.get("fill") == "none").get("d", "")
    return [part.count("L") + 1 for part in path.split("M")[1:-1]]


def of_class(svg: ET.Element, name: str) -> list[ET.Element]:
    return [element for element in svg.iter() if element.get("class") == name]


def test_a_course_places_years_and_values(registry: Registry) -> None:
    years = [year(2008, 20.0), year(2009, None), year(2010, 24.0), year(2011, 28.0), year(2012, None)]
    svg = drawn(years, registry)
    (x_0, y_0, _), (x_2, y_2, _), (x_3, y_3, _) = points(svg)
    assert x_2 - x_0 == pytest.approx(2 * (x_3 - x_2), abs=0.2)
    assert y_0 - y_2 == pytest.approx(y_2 - y_3, abs=0.2)
    assert y_0 > y_2
    at = labels(svg)
    assert at["×"][0] == pytest.approx((x_0 + x_2) / 2, abs=0.2)
    assert {"mål 40,0", "2008", "2010", "2012"} <= set(at)
    assert joined(svg) == [2]
    # The straight way leads from the first figure to the target in its year.
    (path,) = of_class(svg, "path")
    begin, end = [tuple(map(float, pair.split())) for pair in path.get("d", "").removeprefix("M").split("L")]
    assert begin == pytest.approx((x_0, y_0), abs=0.2)
    assert end[0] == pytest.approx(x_3 + (x_3 - x_2), abs=0.2)
    assert y_0 - end[1] == pytest.approx(5 * (y_0 - y_2), abs=0.3)
    assert path.get("stroke-dasharray")


def test_years_to_come_are_no_gaps(registry: Registry) -> None:
    assert "×" not in labels(drawn([year(2008, 20.0), year(2009, None)], registry))


def test_without_a_start_there_is_no_way(registry: Registry) -> None:
    nowhere = {**TARGET, "start_figure": None, "start_value": None}
    assert not of_class(drawn([year(2009, 20.0)], registry, nowhere), "path")


@pytest.mark.parametrize("why", charts.BREAKS)
def test_nothing_is_drawn_across_a_break(registry: Registry, why: str) -> None:
    before = [year(2008, 20.0), year(2009, 23.0)]
    whole = drawn([*before, year(2010, 26.0), year(2011, 27.0)], registry)
    later = [year(2010, 26.0, why=f"{why}; step_too_small"), year(2011, 27.0, why=why)]
    broken = drawn([*before, *later], registry)
    assert charts.break_before([*before, *later]) == 2010
    assert (joined(whole), joined(broken)) == ([4], [2, 2])
    assert not of_class(whole, "break")
    (rule,) = of_class(broken, "break")
    xs = [x for x, _, _ in points(broken)]
    assert float(rule.get("d", "").removeprefix("M").split()[0]) == pytest.approx((xs[1] + xs[2]) / 2, abs=0.2)


def test_a_repeated_figure_is_hollow_and_stands_alone(registry: Registry) -> None:
    svg = drawn([year(2008, 20.0), year(2009, 20.0, why="repeated_figure"), year(2010, 24.0)], registry)
    assert [is_hollow for _, _, is_hollow in points(svg)] == [False, True, False]
    assert joined(svg) == []
    # Means of several years share years: no line leads from one to the next.
    means = [year(at, 20.0 + at - 2008, window_years=4) for at in (2008, 2009, 2010)]
    assert joined(drawn(means, registry)) == []


def test_numbers_are_danish_and_one_single_value_has_a_scale(registry: Registry) -> None:
    income = {**TARGET, "start_figure": 180000.0, "target_value": 212500.0}
    rows = [year(2008, 180000.0, ci_low=None, ci_high=None), year(2009, 190250.0, ci_low=None, ci_high=None)]
    svg = ET.fromstring(charts.course(income, rows, registry.indicators["gross_income_dkk"]))
    assert "tallet 190.250" in labels(svg)
    assert "mål 212.500" in labels(svg)
    flat = {**TARGET, "target_value": 20.0}
    svg = drawn([year(2010, 20.0, ci_low=None, ci_high=None)], registry, flat)
    assert len(points(svg)) == 1
    assert "nan" not in ET.tostring(svg, encoding="unicode").lower()


def test_the_line_of_a_goal_places_what_was_planned(registry: Registry) -> None:
    row = {"target_no": "1", "goal": "Flere i arbejde", "area_name": None, "direction": "up", **TARGET}
    found = of_year(row, year(2010, 26.0), registry.indicators[INDICATOR], "Odense Kommune")
    assert "stroke-dasharray" not in goal_line.svg(found)
    # 20 at the left end, 40 at the right: the middle was planned.
    assert 'd="M115.0 5V25"' in goal_line.svg(found, charts.planned(TARGET, year(2010, 26.0)))
    assert charts.planned(TARGET, year(2012, 26.0)) is None


def test_charts_share_no_ids(registry: Registry) -> None:
    assert not re.search(r'\bid="', charts.course(TARGET, [year(2008, 20.0)], registry.indicators[INDICATOR]))


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
