"""Where a figure lies among those of all areas: places, fifths, order and drawings, of shown figures alone."""

import re
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest
from by_hand import YEAR, YEARS, Figures, area, place, planted
from hypothesis import given
from hypothesis import strategies as st

from flows.extracts import peers, standing, strips
from flows.extracts.model import Area, Extract, Place, Series
from flows.present import strips as drawings
from flows.present.strips import Strip
from schemas.registry import Registry

MakeExtract = Callable[..., Extract]
SPREAD = tuple(float(number) for number in range(10, 30))  # twenty areas


def _extract(make_extract: MakeExtract, made: Area, *names: str) -> Extract:
    return make_extract(made, spreads={Series(name, 1, None): SPREAD for name in names})


@pytest.mark.parametrize(
    ("indicator", "x", "place", "fifth"),
    [
        # A high share of moves is unfavourable: 29 is the first of twenty from the highest, 10 the last.
        ("move_out_pct", 290, "nr. 1 af 20 fra højeste", 1),
        ("move_out_pct", 250, "nr. 5 af 20 fra højeste", 2),
        ("move_out_pct", 100, "nr. 20 af 20 fra højeste", 5),
        # A low share of long stays is.
        ("stayed_5_years_pct", 100, "nr. 1 af 20 fra laveste", 1),
        ("stayed_5_years_pct", 290, "nr. 20 af 20 fra laveste", 5),
        ("nonwestern_pct", 290, "nr. 1 af 20 fra højeste", None),
    ],
)
def test_places_and_fifths_are_counted_from_the_unfavourable_end(
    registry: Registry, make_extract: MakeExtract, indicator: str, x: int, place: str, fifth: int | None
) -> None:
    made = area(registry, "testby", {indicator: {YEAR: {"x": x, "n": 1000}}})
    extract = _extract(make_extract, made, indicator)
    figure, known = made.figure(indicator, YEAR), registry.indicators[indicator]
    found = standing.rank(figure, extract, known)
    assert found is not None
    assert (found.words, standing.fifth(figure, extract, known)) == (place, fifth)


def test_a_figure_of_another_window_or_owner_has_no_place_in_a_spread(
    registry: Registry, make_extract: MakeExtract
) -> None:
    for other in ({"window_years": 4}, {"figure_owner": "ministry"}):
        made = area(registry, "testby", {"move_out_pct": {YEAR: {"x": 290, "n": 1000, **other}}})
        extract = _extract(make_extract, made, "move_out_pct")
        figure = made.figure("move_out_pct", YEAR)
        assert standing.rank(figure, extract, registry.indicators["move_out_pct"]) is None


def _strip(own: float, spread: tuple[float, ...], is_turned: bool) -> Strip:
    return Strip(own, None, None, None, spread, None, is_turned, ("", "lav", "høj"), "")


@given(
    own=st.floats(0, 100),
    spread=st.lists(st.floats(0, 100), min_size=3, max_size=150).map(lambda held: tuple(sorted(held))),
    is_turned=st.booleans(),
)
def test_the_right_side_is_unfavourable_and_all_lies_inside(
    own: float, spread: tuple[float, ...], is_turned: bool
) -> None:
    svg = drawings.draw(_strip(own, spread, is_turned))
    at = float(
        re.findall(
            r'<path d="M([\d.]+) 30', svg.split('class="own"')[1].replace(" 23.0", " 30").replace(" 23l", " 30l")
        )[0]
    )
    assert drawings.LEFT <= at <= drawings.RIGHT
    low, high = min(own, *spread), max(own, *spread)
    if high > low:
        part = (own - low) / (high - low)
        expected = 1 - part if is_turned else part
        assert (at - drawings.LEFT) / (drawings.RIGHT - drawings.LEFT) == pytest.approx(expected, abs=0.001)
    first = svg.index(">høj<") if is_turned else svg.index(">lav<")
    assert first == min(svg.index(">høj<"), svg.index(">lav<"))
    assert ("strokes" in svg) == (len(spread) <= drawings.STROKES)


def test_rows_stand_by_their_distance_in_units_of_the_spread(registry: Registry, make_extract: MakeExtract) -> None:
    beside = {"municipality_value": 20.0, "municipality_verdict": "worse"}
    given_figures: Figures = {
        "move_out_pct": {YEAR: {"x": 300, "n": 1000, **beside}},
        "social_assistance_pct": {YEAR: {"x": 240, "n": 1000, **beside}},
        "nonwestern_pct": {YEAR: {"x": 240, "n": 1000}},
    }
    made = area(registry, "testby", given_figures)
    wide = tuple(float(number) for number in range(0, 80, 4))
    narrow = tuple(20 + number / 10 for number in range(20))
    spreads = {Series("move_out_pct", 1, None): wide, Series("social_assistance_pct", 1, None): narrow}
    towns = {name: {YEAR: {"value": 20.0}} for name in ("move_out_pct", "social_assistance_pct")}
    town = Place(**place(registry, "municipality", "aarhus", **towns))
    table = strips.table(made, make_extract(made, spreads=spreads, municipality=town), registry)
    assert [row.key for row in table.judged] == ["social_assistance_pct", "move_out_pct"]
    assert [row.key for row in table.described] == ["nonwestern_pct"]
    assert table.judged[0].lines[0] == "+4,0 sikkert ugunstigere"
    assert table.order.startswith("sorteret efter afstand til ")
    # Among fewer than ten areas nothing is measured by their spread, and nothing is said to be.
    few = {series: numbers[:9] for series, numbers in spreads.items()}
    table = strips.table(made, make_extract(made, spreads=few, municipality=town), registry)
    assert table.order == "nærmest en grænse først, i procent af grænsen"


def test_what_stands_behind_marks_changes_no_strip(full_extract: Extract, registry: Registry) -> None:
    spreads = {Series(name, 1, None): SPREAD for name in registry.extracts.key_figures}
    extract = replace(full_extract, spreads=spreads)
    for made in extract.areas:
        assert strips.table(planted(made), extract, registry) == strips.table(made, extract, registry)


def _rows(**columns: list[object]) -> pl.DataFrame:
    same = {"window_years": 1, "figure_owner": "lbf", "indicator": "convicted_pct"}
    return pl.DataFrame(columns).with_columns([pl.lit(value).alias(name) for name, value in same.items()])


@pytest.mark.parametrize("hidden", [3.0, 97.0])
def test_an_area_that_a_release_hides_is_in_no_spread_though_its_figure_was_published(hidden: float) -> None:
    """Whatever the hidden figure is, the spread is the same."""
    release = _rows(
        place_id=["ager", "bakken"], year=[YEAR, YEAR], value=[2.0, None], mark=[None, "hidden"]
    ).with_columns(pl.col("window_years").cast(pl.Int64))
    open_to_all = _rows(
        area_id=["bakken", "ager", "dalen", "dalen"], year=[YEAR, YEAR, YEAR, YEARS[0]], value=[hidden, 2.5, 4.0, 5.0]
    )
    assert peers.spreads(release, open_to_all, YEAR) == {Series("convicted_pct", 1, "lbf"): (2.0, 4.0)}
