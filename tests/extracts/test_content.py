from conftest import area

from flows.extracts.composing import _target
from flows.extracts.content import Extract
from flows.steering.figures import Target
from schemas.registry import Registry


def test_every_kind_of_cell_occurs_in_the_extract_made_by_hand(full_extract: Extract, rules: Registry) -> None:
    marks = {f["mark"] for area in full_extract.areas for f in area.figures.values()}
    assert (
        {None, "hidden", "not_delivered", "withheld_by_source", "not_checkable"}
        <= marks
        <= {None, *rules.extracts.mark}
    )
    assert [area.has_any() for area in full_extract.areas] == [True, False]


def test_a_target_that_could_tell_a_hidden_figure_is_not_told_by_its_path_either(rules: Registry) -> None:
    """Start, year and a point of the path give the target: 9 and 8 after two of four years lead to 7."""
    told = {2008: {"x": 54, "n": 600}, 2010: {"x": 51, "n": 600}, 2011: {"mark": "hidden"}}
    row = {
        "target_no": "1",
        "goal": "Fra 9 til 7",
        "indicator": "social_assistance_pct",
        "not_measurable_because": None,
    }
    row |= {"is_withdrawn": False, "is_example": False, "direction": "down", "start_year": 2008, "start_figure": 9.0}
    row |= {"target_value": 7.0, "target_year": 2012}
    year = {
        "year": 2010,
        "value": 8.5,
        "expected_value": 8.0,
        "target_verdict": "on_the_way",
        "verdict_kind": "interim",
    }
    for figures, expected in ((told, None), ({y: f for y, f in told.items() if y != 2011}, 8.0)):
        line = _target("Plan", Target(row, (year,)), area(rules, "ager", {"social_assistance_pct": figures}), 2012)
        assert (line.start, line.newest) != (None, None)
        assert line.verdict == "on_the_way"
        assert (line.expected, line.target_value) == (expected, None if expected is None else 7.0)
