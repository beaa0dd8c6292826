"""Every witness that hiding and rounding rest on is a table that adds up, agrees with what is shown, and differs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tables import key, two_way

from flows.release.cells import Cell, Key, Tables
from flows.release.controlled_rounding import _components, _Rounding
from flows.release.suppression import _Suppression
from flows.release.witness import Requirement

COUNTS = st.sampled_from([0, 1, 2, 3, 4, 5, 7, 9, 20])
SHAPES = st.tuples(st.integers(2, 3), st.integers(2, 3))
INNER = SHAPES.flatmap(
    lambda shape: st.lists(st.lists(COUNTS, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0])
)
STANDINGS = st.sampled_from(["open", "open", "open", "known", "withheld", "latent"])


def mixed(inner: list[list[int]], k: int, standings: list[str]) -> Tables:
    tables = two_way(inner, k)
    return tables.with_(
        replace(tables.cells[name], standing=standing, hides_zero=standing == "withheld")
        for name, standing in zip(tables.keys, standings, strict=False)
    )


def check_witness(tables: Tables, requirement: Requirement, witness: dict[Key, int]) -> None:
    """What is said of a witness in section 7 of the design, without the program's own arrays."""
    cell = tables.cells[tables.keys[requirement.cell]]
    assert all(witness[total.total] == sum(witness[part] for part in total.parts) for total in tables.sums)
    assert min(witness.values()) >= 0
    value = witness[cell.key]
    assert value != cell.value
    if requirement.kind == "value":
        assert value == requirement.value
    elif requirement.kind == "reach":
        assert value >= cell.k
    if requirement.kind != "reach":
        for name, other in tables.cells.items():
            if other.is_primary:
                assert witness[name] < other.k
            elif other.value >= other.k:
                assert witness[name] >= other.k
            elif other.standing == "latent":
                assert witness[name] == 0


@settings(max_examples=12, deadline=None)
@given(INNER, st.integers(2, 5), st.lists(STANDINGS, min_size=25, max_size=25))
def test_each_hidden_cell_has_its_witnesses_or_is_said_to_be_unprotected(
    inner: list[list[int]], k: int, standings: list[str]
) -> None:
    tables = mixed(inner, k, standings)
    suppression = _Suppression(tables)
    suppression.protect()
    suppression.show_again()
    for requirement, (cells, moves) in suppression.witness.items():
        witness = {name: cell.value for name, cell in tables.cells.items()}
        for cell, moved in zip(cells.tolist(), moves.tolist(), strict=True):
            assert suppression.hidden[cell]
            witness[tables.keys[cell]] += moved
        check_witness(tables, requirement, witness)
    asked = {r for cell in np.flatnonzero(suppression.hidden) for r in suppression.requirements(int(cell))}
    assert asked <= suppression.witness.keys() | suppression.impossible
    refused = {tables.keys[requirement.cell] for requirement in suppression.impossible}
    assert {entry.key for entry in suppression.refused} == refused


@settings(max_examples=40, deadline=None)
@given(INNER, st.integers(2, 5), st.lists(st.integers(-6, 6), min_size=16, max_size=16))
def test_a_difference_is_a_witness_of_just_what_it_or_its_opposite_shows(
    inner: list[list[int]], k: int, moves: list[int]
) -> None:
    """Moves of the inner cells, carried into the margins, against every requirement that there is."""
    tables = two_way(inner, k)
    shape = (len(inner), len(inner[0]))
    changes = two_way_of_moves(np.array(moves[: shape[0] * shape[1]]).reshape(shape))
    difference = np.array([changes[name] for name in tables.keys])
    suppression = _Suppression(tables)
    suppression.hidden[:] = True
    cells = np.flatnonzero(difference)
    shown = {(requirement, int(signed[0])) for requirement, signed in suppression.witnessed(cells, difference[cells])}
    expected = set()
    for sign in (1, -1):
        witness = {name: cell.value + sign * changes[name] for name, cell in tables.cells.items()}
        for cell in cells.tolist():
            for requirement in suppression.requirements(cell):
                try:
                    check_witness(tables, requirement, witness)
                    # Open cells below k that are zero are hidden with the small ones, and known to lie below k.
                    zero = [name for name, other in tables.cells.items() if other.value == 0]
                    assert requirement.kind == "reach" or all(witness[name] < k for name in zero)
                except AssertionError:
                    continue
                expected.add((requirement, sign * int(difference[cells[0]])))
    assert shown == expected


def two_way_of_moves(inner: np.ndarray) -> dict[Key, int]:  # type: ignore[type-arg]
    """The moves of a two-way table's cells, margins included, by the keys of small_tables."""
    full = np.vstack([inner, inner.sum(axis=0)])
    full = np.hstack([full, full.sum(axis=1, keepdims=True)])
    rows = [*(f"r{row}" for row in range(len(inner))), "all"]
    columns = [*(f"c{column}" for column in range(inner.shape[1])), "all"]
    return {key(row + column): int(full[r, c]) for r, row in enumerate(rows) for c, column in enumerate(columns)}


@pytest.mark.parametrize(("shown", "may_be_nobody"), [(0, True), (5, False)])
def test_a_count_that_is_shown_as_0_may_be_nobody(shown: int, may_be_nobody: bool) -> None:
    (component,) = _components(Tables({key("a"): Cell(key("a"), 3, 5)}, ()))
    rounding = _Rounding(component, 5, {})
    rounding.shown[0] = shown
    reach = Requirement("reach", 0)
    assert ((-3, -3) in rounding.targets(reach)) == may_be_nobody
    witnessed = {(found, int(signed[0])) for found, signed in rounding.witnessed(np.array([0]), np.array([-3]))}
    assert ((reach, -3) in witnessed) == may_be_nobody
