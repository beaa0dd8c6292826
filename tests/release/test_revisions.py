"""A later release must not tell what an earlier one hid, nor by how little a figure was revised."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from small_tables import key, two_way

from flows.release.attack import Exhibit, attack
from flows.release.cells import Cell, Tables
from flows.release.revisions import OtherSums, hold_back, joined
from flows.release.suppression import hide, shown

INNER = [[3, 20, 30], [30, 40, 50], [60, 70, 80]]


def changed(**by: int) -> Tables:
    inner = [list(row) for row in INNER]
    for name, amount in by.items():
        inner[int(name[1])][int(name[3])] += amount
    return two_way(inner)


def readers(tables: Tables) -> dict:  # type: ignore[type-arg]
    return shown(tables, hide(tables))


def test_what_is_known_cannot_be_hidden_and_what_was_hidden_stays_so() -> None:
    before = two_way(INNER)
    public = readers(before)
    both = joined(before, public, before)
    assert {both.cells[k].standing for k in public} == {"known"}
    assert {both.cells[k].standing for k in both.keys if k not in public} == {"withheld"}
    again = hide(both)
    assert not again.unprotected
    assert shown(both, again) == public
    release = Exhibit(before, public)
    assert not attack(release, [release]).leaks


def test_a_zero_that_was_hidden_stays_hidden() -> None:
    before = two_way([[0, 20, 30], *INNER[1:]])
    corners = {key("r0c0"), key("r0c1"), key("r1c0"), key("r1c1")}
    public = {k: cell.value for k, cell in before.cells.items() if k not in corners}
    both = joined(before, public, before)
    assert (both.cells[key("r0c0")].standing, both.cells[key("r0c0")].hides_zero) == ("withheld", True)
    again = hide(both)
    assert not again.unprotected
    assert shown(both, again) == public


def test_another_choice_of_secondary_cells_would_be_seen_through() -> None:
    tables = two_way(INNER)
    first = readers(tables)
    corners = {key("r0c0"), key("r0c2"), key("r2c0"), key("r2c2")}
    others = {key("r0c0"), key("r0c1"), key("r1c0"), key("r1c1")}
    exhibits = [
        Exhibit(
            tables,
            {k: v for k, v in first.items() | {(k, c.value) for k, c in tables.cells.items()} if k not in not_shown},
        )
        for not_shown in (corners, others)
    ]
    assert not any(attack(exhibit).leaks for exhibit in exhibits)
    found = attack(exhibits[1], exhibits[:1])
    assert key("r0c0") in {leak.key for leak in found.leaks}


def test_a_small_difference_is_held_back_with_all_that_hangs_on_it() -> None:
    before = two_way(INNER)
    public = readers(before)
    moved = next(name for name in ("r1c1", "r1c2", "r2c1", "r2c2") if key(name) in public)
    after, held = hold_back(before, public, changed(**{moved: 2}))
    assert {entry.key for entry in held} >= {key(moved), key("allall")}
    assert all("difference" in entry.reason or "hidden" in entry.reason for entry in held)
    assert after.values.tolist() == before.values.tolist()


def test_a_large_difference_among_shown_cells_is_released() -> None:
    before = two_way(INNER)
    public = readers(before)
    moved = next(name for name in ("r1c1", "r1c2", "r2c1", "r2c2") if key(name) in public)
    after, held = hold_back(before, public, changed(**{moved: 9}))
    assert held == ()
    assert after.cells[key(moved)].value == before.cells[key(moved)].value + 9
    both = joined(before, public, after)
    assert not attack(Exhibit(after, shown(both, hide(both))), [Exhibit(before, public)]).leaks


def test_a_change_of_a_hidden_cell_is_held_back() -> None:
    before = two_way(INNER)
    public = readers(before)
    after, held = hold_back(before, public, changed(r0c0=40))
    assert key("r0c0") in {entry.key for entry in held}
    assert after.values.tolist() == before.values.tolist()


@settings(max_examples=examples(30))
@given(
    st.dictionaries(st.sampled_from([f"r{r}c{c}" for r in range(3) for c in range(3)]), st.integers(-2, 12), max_size=3)
)
def test_no_revision_opens_a_hidden_cell(by: dict[str, int]) -> None:
    before = two_way(INNER)
    public = readers(before)
    after, held = hold_back(before, public, changed(**by))
    both = joined(before, public, after)
    now = shown(both, hide(both))
    assert not attack(Exhibit(after, now), [Exhibit(before, public)]).leaks
    differences = {now[k] - value for k, value in public.items()}
    assert not any(0 < abs(difference) < 5 for difference in differences)
    assert {entry.key for entry in held} >= {
        k for k, value in public.items() if 0 < abs(changed(**by).cells[k].value - value) < 5
    }


def test_a_cell_hidden_under_a_stricter_rule_keeps_it() -> None:
    """Seven was small by k = 10; a later k of 5 must not let it be told to be 5 or more."""
    inner = [[7, 20, 30], *INNER[1:]]
    before, after = two_way(inner, k=10), two_way(inner)
    public = readers(before)
    assert key("r0c0") not in public
    both = joined(before, public, after)
    assert both.cells[key("r0c0")].k == 10
    assert both.cells[key("r0c0")].is_primary
    # As an attacker who knows which cells are primary sees it: seven or less together with another one.
    for first, second in ((before, after), (after, before)):
        bounds = {(i.key, i.attacker): i.high for i in attack(Exhibit(second, {}), [Exhibit(first, {})]).intervals}
        assert bounds[key("r0c0"), "insider"] == 9
    assert not attack(Exhibit(after, shown(both, hide(both))), [Exhibit(before, public)]).leaks


def test_other_parts_of_a_sum_are_refused() -> None:
    before, after = two_way([[3, 20], [30, 40]]), two_way([[3, 20, 9], [30, 40, 9]])
    with pytest.raises(OtherSums, match="has other parts"):
        hold_back(before, {}, after)
    with pytest.raises(OtherSums):
        joined(before, {}, after)


def test_a_withheld_zero_says_so() -> None:
    with pytest.raises(ValueError, match="hides_zero"):
        Cell(key("a"), 0, 5, "withheld")
