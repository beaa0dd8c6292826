from typing import Any

from by_hand import Years, figure

from flows.extracts.assemble import _target
from flows.extracts.model import Extract, Place
from flows.publish.plans_read import Target
from schemas.registry import Registry


def test_every_kind_of_cell_occurs_in_the_extract_made_by_hand(full_extract: Extract, registry: Registry) -> None:
    marks = {f.mark for area in full_extract.areas for f in area.figures.values()}
    assert (
        {None, "hidden", "not_delivered", "withheld_by_source", "not_checkable"}
        <= marks
        <= {None, *registry.extracts.mark}
    )
    assert [any(f.is_shown for f in area.figures.values()) for area in full_extract.areas] == [True, False]


def test_a_target_that_could_tell_a_hidden_figure_is_not_told_by_its_path_either(registry: Registry) -> None:
    """Start, year and a point of the path give the target: 9 and 8 after two of four years lead to 7."""
    row = {"target_no": "1", "goal": "Fra 9 til 7", "indicator": "convicted_pct", "not_measurable_because": None}
    row |= {"is_withdrawn": False, "is_example": False, "direction": "down", "start_year": 2008, "start_figure": 9.0}
    row |= {"target_value": 7.0, "target_year": 2012}
    year: dict[str, Any] = {"year": 2010, "value": 8.5, "expected_value": 8.0}
    year |= {"target_verdict": "on_the_way", "verdict_kind": "interim"}
    for mark, expected, aim in (("not_delivered", 8.0, 7.0), ("hidden", None, None)):
        given: Years = {2008: {"value": 9.0}, 2010: {"value": 8.5}, 2011: {"mark": mark}}
        figures = {("convicted_pct", at): figure("area", "ager", at, "convicted_pct", **given[at]) for at in given}
        line = _target("Plan", Target(row, (year,)), Place("area", "ager", "Ager", figures), 2012, registry)
        assert (line.verdict, line.expected, line.target_value) == ("on_the_way", expected, aim)
