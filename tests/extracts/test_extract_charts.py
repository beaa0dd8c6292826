"""The charts of an extract draw the figures that are shown, where they belong, and nothing of those that are not."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from by_hand import Years, first_area_with, planted, with_figures

from flows.extracts import charts
from flows.extracts.model import Area, Extract, Period
from flows.present import year_chart
from schemas.registry import Registry

SVG = "{http://www.w3.org/2000/svg}"
YEARS = range(2003, 2013)


def drawn(extract: Extract, registry: Registry, indicator: str, place: Area | None = None) -> ET.Element:
    svg = charts.development(place or extract.areas[0], extract, registry, indicator)
    assert svg is not None
    return ET.fromstring(svg)


def texts(svg: ET.Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text")]


def group(svg: ET.Element) -> ET.Element:
    """What is drawn of the area."""
    return next(g for g in svg.iter(f"{SVG}g") if g.get("class") == "own points")


def points(svg: ET.Element) -> list[tuple[float, float]]:
    """Where the circles of the area stand; the last one stands beside its name."""
    return [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in group(svg).iter(f"{SVG}circle")]


def runs(svg: ET.Element) -> list[int]:
    """How many points each line of the area joins; the line beside its name is left out."""
    path = next(p for p in group(svg).iter(f"{SVG}path") if p.get("fill") == "none").get("d", "")
    return [part.count("L") + 1 for part in path.split("M")[1:-1]]


def test_points_stand_at_their_values(full_extract: Extract, registry: Registry) -> None:
    series = {2010: {"value": 10.0}, 2011: {"value": 20.0}, 2012: {"value": 40.0}}
    (x0, y0), (x1, y1), (x2, y2), _ = points(
        drawn(first_area_with(full_extract, "safe_evening_pct", series), registry, "safe_evening_pct")
    )
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 - y1 == pytest.approx((y1 - y2) / 2, abs=0.2)
    assert y0 > y1 > y2


def test_ticks_stand_where_their_numbers_lie(full_extract: Extract, registry: Registry) -> None:
    svg = drawn(full_extract, registry, "move_out_pct")
    ticks = [
        (float(t.get("y", "")) - 4, float((t.text or "").replace(",", ".")))
        for t in svg.iter(f"{SVG}text")
        if t.get("x") == "-6"
    ]
    assert len(ticks) >= 3
    (y0, v0), (y1, v1) = ticks[0], ticks[-1]
    first = full_extract.areas[0].figure("move_out_pct", 2003).number
    assert points(svg)[0][1] == pytest.approx(y0 + (first - v0) * (y1 - y0) / (v1 - v0), abs=0.2)


def test_a_whisker_has_the_ends_of_the_interval(full_extract: Extract, registry: Registry) -> None:
    svg = drawn(full_extract, registry, "move_out_pct")
    bars = re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", " ".join(p.get("d", "") for p in group(svg).iter(f"{SVG}path")))
    assert len(bars) == len(YEARS)
    figure, (x, y), (_, far) = full_extract.areas[0].figure("move_out_pct", 2003), points(svg)[0], points(svg)[9]
    scale = (far - y) / (full_extract.areas[0].figure("move_out_pct", 2012).number - figure.number)
    low, high = (y + scale * (end - figure.number) for end in figure.interval or ())
    assert [float(part) for part in bars[0]] == pytest.approx([x, low, high], abs=0.3)


def test_lines_end_at_gaps_at_means_and_at_repeated_figures(full_extract: Extract, registry: Registry) -> None:
    series: Years = {year: {"x": 500, "n": 1000} for year in YEARS}
    series[2006] = {"mark": "hidden"}
    series[2009] |= {"repeats_year": 2008}
    svg = drawn(first_area_with(full_extract, "safe_evening_pct", series), registry, "safe_evening_pct")
    assert runs(svg) == [3, 2, 3]
    series[2011] |= {"window_years": 2}
    svg = drawn(first_area_with(full_extract, "safe_evening_pct", series), registry, "safe_evening_pct")
    assert runs(svg) == [3, 2]
    labels = " ".join(texts(svg))
    assert "Hul rude: gennemsnit over 2 år (2011)." in labels
    assert "Hul prik: kilden gentager i 2009 tallet for 2008." in labels


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("boundary_break", "to afdelinger er lagt til"),
        ("definition_break", "området er nu"),
        ("other_owner", "de to tal er gjort op af hver sin kilde"),
    ],
)
def test_a_break_ends_the_line_and_is_drawn_and_told(
    full_extract: Extract, registry: Registry, why: str, words: str
) -> None:
    series: Years = {year: {"x": 500, "n": 1000} for year in YEARS}
    series[2008] |= {"broken_by": why}
    area = full_extract.areas[0].id
    happened = {"happened_da": words, "happened_en": "x", "stated_in": "y"}
    breaks = {
        "boundary_breaks": ({"area_id": area, "from_year": "2008", **happened},) if why == "boundary_break" else (),
        "definition_breaks": (
            ({"indicator": "safe_evening_pct", "from_year": "2008", "figure_owner": "", **happened},)
            if why == "definition_break"
            else ()
        ),
    }
    broken = registry.model_copy(update={"codes": registry.codes | breaks})
    svg = drawn(first_area_with(full_extract, "safe_evening_pct", series), broken, "safe_evening_pct")
    assert runs(svg) == [5, 5]
    (rule,) = [path for path in svg.iter(f"{SVG}path") if path.get("class") == "break"]
    (x_2007, _), (x_2008, _) = points(svg)[4:6]
    at = float(rule.get("d", "").removeprefix("M").split()[0])
    assert at == pytest.approx((x_2007 + x_2008) / 2, abs=0.2)
    assert f"brud fra 2008: {words}" in " ".join(texts(svg))


def test_hidden_and_missing_have_signs_and_words_of_their_own(full_extract: Extract, registry: Registry) -> None:
    series: Years = {year: {"x": 0 if year == 2005 else 500, "n": 1000} for year in YEARS}
    series |= {2006: {"mark": "hidden"}, 2007: {"mark": "not_delivered"}, 2008: {"mark": "withheld_by_source"}}
    svg = drawn(first_area_with(full_extract, "safe_evening_pct", series), registry, "safe_evening_pct")
    labels = texts(svg)
    assert [text for text in labels if text.startswith("[") and len(text) == 3] == ["[s]", "[i]", "[h]"]
    assert {"[s] skjult: 2006.", "[i] ikke leveret: 2007.", "[h] holdt tilbage af kilden: 2008."} <= set(labels)
    # Zero is a number: it has its point.
    assert len(points(svg)) == 7 + 1


def test_figures_that_are_not_shown_change_nothing(full_extract: Extract, registry: Registry) -> None:
    """A number left in a row that has a mark is not drawn, not told, and does not move the axis."""
    bispehaven = full_extract.areas[0]
    for indicator in full_extract.indicators:
        for make in (charts.development, charts.alternative):
            drawing = make(bispehaven, full_extract, registry, indicator)
            assert make(planted(bispehaven), full_extract, registry, indicator) == drawing


def test_there_is_no_chart_without_a_number(full_extract: Extract, registry: Registry) -> None:
    assert charts.development(full_extract.areas[0], full_extract, registry, "employed_18_64_pct") is None
    # The municipality has residents, which are not drawn beside those of an area.
    assert charts.development(full_extract.areas[1], full_extract, registry, "residents") is None
    svg = drawn(full_extract, registry, "move_out_pct", full_extract.areas[1])
    assert "[i] ikke leveret: 2003–2012." in texts(svg)
    assert any(text.startswith("kommunen ") for text in texts(svg))
    assert not any(text.startswith("området ") for text in texts(svg))


def test_numbers_of_people_are_drawn_of_the_area_alone(full_extract: Extract, registry: Registry) -> None:
    labels = texts(drawn(full_extract, registry, "residents"))
    assert "området 2.390" in labels
    assert not any(text.startswith("kommunen") for text in labels)


def test_names_stand_apart_beside_their_lines(full_extract: Extract, registry: Registry) -> None:
    at = {y: {"x": 501, "n": 1000} for y in YEARS}
    extract = first_area_with(full_extract, "safe_evening_pct", {y: {"x": 500, "n": 1000} for y in YEARS})
    near = {part: with_figures(getattr(extract, part), "safe_evening_pct", at) for part in ("municipality", "country")}
    extract = replace(extract, **near)
    svg = drawn(extract, registry, "safe_evening_pct")
    places = ("området", "kommunen", "hele landet")
    names = [float(t.get("y", "")) for t in svg.iter(f"{SVG}text") if (t.text or "").startswith(places)]
    assert len(names) == 3
    heights = sorted(names)
    assert all(after - before >= year_chart.TEXT for before, after in pairwise(heights))
    assert heights[0] >= 0
    assert heights[-1] + year_chart.TEXT <= year_chart.HEIGHT + year_chart.LANE


def test_lines_are_told_apart_without_colour(full_extract: Extract, registry: Registry) -> None:
    extract = first_area_with(full_extract, "outside_work_pct", {y: {"x": 500, "n": 1000} for y in YEARS})
    svg = drawn(extract, registry, "outside_work_pct")
    dashes = [p.get("stroke-dasharray") for p in svg.iter(f"{SVG}path") if p.get("fill") == "none"]
    assert len(set(dashes)) == 3
    # On grey paper the area is dark, too: nothing is told by a hue.
    own = group(svg).get("stroke", "")
    assert sum(int(own[at : at + 2], 16) for at in (1, 3, 5)) / 3 < 0x60


def test_thresholds_plan_and_a_broken_axis_are_drawn(full_extract: Extract, registry: Registry) -> None:
    series: Years = {year: {"x": 560, "n": 1000} for year in YEARS}
    extract = first_area_with(full_extract, "outside_work_pct", series)
    area = replace(extract.areas[0], period=Period(date(2007, 7, 1), date(2010, 12, 31)))
    limits = {"outside_work_pct": ((40.0, (2010, 2011, 2012)),)}
    svg = drawn(replace(extract, areas=(area,), limits=limits), registry, "outside_work_pct", area)
    labels = texts(svg)
    assert {"planperiode", "grænse 40"} <= set(labels)
    (limit,) = [g for g in svg.iter(f"{SVG}g") if g.get("class") == "limit"]
    x, end = map(float, re.findall(r"M([\d.]+) [\d.]+H([\d.]+)", ET.tostring(limit, encoding="unicode"))[0])
    # Law in three of ten years, the last ones; the plan from the middle of the fifth to the end of the eighth.
    assert (x, end) == pytest.approx((0.7 * year_chart.WIDTH, year_chart.WIDTH), abs=0.2)
    (period,) = [r for r in svg.iter(f"{SVG}rect") if r.get("class") == "period" and r.get("y") == "0"]
    begins, wide = float(period.get("x", "")), float(period.get("width", ""))
    assert (begins, begins + wide) == pytest.approx((0.45 * year_chart.WIDTH, 0.8 * year_chart.WIDTH), abs=0.5)


def test_the_same_extract_draws_the_same(full_extract: Extract, registry: Registry) -> None:
    first, second = (
        charts.development(full_extract.areas[0], full_extract, registry, "move_out_pct") for _ in range(2)
    )
    assert first == second
    assert first is not None
    assert "id=" not in first


def test_a_chart_in_words_says_every_year_and_what_it_is(full_extract: Extract, registry: Registry) -> None:
    labels = charts.alternative(full_extract.areas[0], full_extract, registry, "outside_work_pct")
    assert labels.startswith("Andel uden for arbejdsmarkedet, Bispehaven, 2003–2012. Området: 2003–2010: ikke leveret;")
    assert "2011: 42,1 % (usikkerhed ukendt, kilden gentager tallet fra 2010)" in labels
    assert "2012: 43,0 % (usikkerhed ukendt, gennemsnit over 2 år)." in labels
    assert "Kommunen: 2003: 22,4 % (usikkerhed ukendt); 2012: 22,4 % (usikkerhed ukendt)." in labels
    labels = charts.alternative(full_extract.areas[0], full_extract, registry, "convicted_pct")
    assert "2009: skjult;" in labels
    assert "Kommunen: intet tal vises." in labels
    assert "2012: 2.390." in charts.alternative(full_extract.areas[0], full_extract, registry, "residents").replace(
        " personer", ""
    )
    (svg,) = [drawn(full_extract, registry, "convicted_pct")]
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == labels
