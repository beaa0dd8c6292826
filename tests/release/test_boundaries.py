"""Areas that overlap or lie within each other: what the two figures tell is looked after, and nobody counts twice."""

import pytest

from flows.release.attack import Exhibit, attack
from flows.release.boundaries import Boundaries, Overlaid
from flows.release.cells import Cell, Key, Sum, Tables
from flows.release.suppression import hide, shown

FLOOR, K = 100, 5
SIXTY = (
    ("park", "residents", 900),
    ("square", "residents", 840),
    ("park", "employed", 400),
    ("square", "employed", 360),
)


def key(place: str, indicator: str = "residents", kind: str = "area") -> Key:
    return Key(kind, place, 2012, indicator)


def related(relation: str, park: int, square: int) -> Boundaries:
    """The square is of this relation to the park; so many live in each."""
    counts = {key("park"): park, key("square"): square}
    cells = {name: Cell(name, count, K) for name, count in counts.items()}
    overlaid = Overlaid(cells, FLOOR, apart=lambda own, other: 3)
    made = overlaid.relate([("square", "park", relation)])
    made.cells |= cells
    return made


def test_an_area_that_leaves_three_of_a_larger_one_is_not_shown_beside_it() -> None:
    made = related("part_of", park=900, square=897)
    tables = Tables(made.cells, tuple(made.sums))
    rest = key("park without square", kind="part")
    assert tables.cells[rest].value == 3
    hiding = hide(tables)
    assert hiding.hidden & {key("park"), key("square")}
    assert not attack(Exhibit(tables, shown(tables, hiding))).leaks
    both = {name: made.cells[name].value for name in (key("park"), key("square"))}
    assert any(leak.key == rest for leak in attack(Exhibit(tables, both)).leaks)


def test_a_rest_of_sixty_people_is_too_small_a_place_and_has_no_figure_either() -> None:
    """40 of 60 are in work: no small count, but the figure of a place where fewer than 100 live."""
    cells = {key(place, name): Cell(key(place, name), count, K) for place, name, count in SIXTY}
    made = Overlaid(cells, FLOOR, apart=lambda own, other: 0).relate([("square", "park", "part_of")])
    made.cells |= cells
    tables = Tables(made.cells, tuple(made.sums))
    rest = key("park without square", "employed", "part")
    assert (tables.cells[rest].standing, tables.cells[rest].reason) == ("withheld", "area_too_small")
    assert hide(tables).hidden & {key("park", "employed"), key("square", "employed")}


def test_a_rest_that_is_large_enough_costs_nothing() -> None:
    made = related("part_of", park=900, square=700)
    assert not hide(Tables(made.cells, tuple(made.sums))).hidden


@pytest.mark.parametrize(("relation", "other"), [("part_of", None), ("overlaps", "square without park")])
def test_nobody_is_counted_twice_in_a_town(relation: str, other: str | None) -> None:
    made = related(relation, park=900, square=700)
    field = key("field")
    once = made.each_once([field, key("park"), key("square")])
    assert once[:2] == [field, key("park")]
    assert [name.geography_id for name in once[2:]] == ([other] if other else [])
    # With one of the two alone there is nothing that counts twice.
    assert made.each_once([field, key("square")]) == [field, key("square")]


def test_how_much_two_areas_share_nobody_knows_so_that_neither_tells_of_the_other() -> None:
    made = related("overlaps", park=900, square=3)
    tables = Tables(made.cells, tuple(made.sums))
    hiding = hide(tables)
    assert hiding.hidden == {key("square")}
    assert not attack(Exhibit(tables, shown(tables, hiding))).leaks


def test_two_counts_of_one_boundary_are_one_and_nearly_one_where_they_differ_little() -> None:
    assert related("same", park=900, square=900).sums == [
        Sum(f"{key('park')} is {key('square')}", key("park"), (key("square"),))
    ]
    nearly = related("same", park=900, square=902)
    assert nearly.nearly_exact
    Tables(nearly.cells, tuple(nearly.sums))
    assert related("same", park=900, square=950).not_exact
    assert related("part_of", park=900, square=902).nearly_exact
