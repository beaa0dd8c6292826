"""The typed row of a figure is the table's row, and nobody reads a number behind a mark."""

from dataclasses import fields
from typing import Any, get_args

import pytest
from by_hand import PLANTED, figure

from flows.extracts.model import ClearedFigure
from schemas.registry import Registry

TYPES = {"text": str, "year": int, "integer": int, "number": float, "boolean": bool}


def test_a_figure_has_the_columns_of_its_table_in_their_types(registry: Registry) -> None:
    def kind(annotation: Any) -> tuple[set[Any], bool]:
        """Types or allowed words, and whether the column may be empty."""
        kinds = set(get_args(annotation)) or {annotation}
        return kinds - {type(None)}, type(None) in kinds

    expected = []
    for column in registry.tables["cleared_figures"].columns:
        words = set(column.allowed or ()) if column.name in ("place_kind", "origin") else {TYPES[column.type]}
        expected.append((column.name, (words, column.nullable)))
    assert [(field.name, kind(field.type)) for field in fields(ClearedFigure)] == expected


def test_a_number_behind_a_mark_is_not_given() -> None:
    shown, hidden = (
        figure("area", "ager", 2012, "convicted_pct", value=PLANTED, mark=mark) for mark in (None, "hidden")
    )
    assert (shown.is_shown, shown.number) == (True, PLANTED)
    assert not hidden.is_shown
    with pytest.raises(ValueError, match="convicted_pct of ager in 2012 is not shown: hidden") as refused:
        assert hidden.number
    assert str(PLANTED) not in str(refused.value)


def test_what_a_figure_is_held_against_and_has_moved_by_comes_from_its_own_columns() -> None:
    columns: dict[str, Any] = {f"{other}_value": at for at, other in enumerate(("municipality", "country", "twin"), 1)}
    columns |= {f"{other}_verdict": other for other in ("municipality", "country", "twin")}
    columns |= {"change_year": 4.0, "change_year_low": 5.0, "change_year_high": 6.0, "change_first": 7.0}
    columns |= {"change_first_low": 8.0, "change_year_missing_reason": "a", "change_first_missing_reason": "b"}
    row = figure("area", "ager", 2012, "convicted_pct", value=9.0, **columns)
    assert row.compared("municipality") == (1, "municipality")
    assert row.compared("country") == (2, "country")
    assert row.compared("twins") == (3, "twin")
    assert row.change("year") == (4.0, (5.0, 6.0))
    assert row.change("first") == (7.0, None)
    assert figure("area", "ager", 2012, "convicted_pct").change("year") is None
    assert (row.no_change_because("year"), row.no_change_because("first")) == ("a", "b")
