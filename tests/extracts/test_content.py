from flows.extracts.content import Extract
from schemas.registry import Registry


def test_every_kind_of_cell_occurs_in_the_extract_made_by_hand(full_extract: Extract, rules: Registry) -> None:
    marks = {f["mark"] for area in full_extract.areas for f in area.figures.values()}
    assert (
        {None, "hidden", "not_delivered", "withheld_by_source", "not_checkable"}
        <= marks
        <= {None, *rules.extracts.mark}
    )
    assert [area.has_any() for area in full_extract.areas] == [True, False]
