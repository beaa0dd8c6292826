"""A later release must not tell what an earlier one hid, nor by how little a figure was revised."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from small_tables import key, share, two_way

from flows.release.attack import Exhibit, attack
from flows.release.cells import Cell, Key, Tables
from flows.release.revisions import Held, OtherSums, as_readers_have_it, hold_back, together
from flows.release.suppression import hide, shown

INNER = [[3, 20, 30], [30, 40, 50], [60, 70, 80]]


def changed(**by: int) -> Tables:
    inner = [list(row) for row in INNER]
    for name, amount in by.items():
        inner[int(name[1])][int(name[3])] += amount
    return two_way(inner)


def readers(tables: Tables) -> dict:  # type: ignore[type-arg]
    return shown(tables, hide(tables))


def released(before: Tables, after: Tables) -> tuple[dict[Key, int], tuple[Held, ...], Exhibit]:
    """What readers have of the second of two releases, what is held back of it, and the release; it does not leak."""
    first = Exhibit(before, readers(before))
    whole = together([first], after)
    hiding = hide(whole)
    assert not hiding.unprotected
    now = {name: value for name, value in shown(whole, hiding).items() if name in after.cells}
    assert not attack(Exhibit(after, now), [first]).leaks
    return *as_readers_have_it([first], after, now), Exhibit(after, now)


def refused(before: Tables, after: Tables) -> set[Key]:
    """The cells for which the second of two releases is refused."""
    whole = together([Exhibit(before, readers(before))], after)
    return {cell.key for cell in hide(whole).unprotected}


def test_what_is_known_cannot_be_hidden_and_what_was_hidden_stays_so() -> None:
    before = two_way(INNER)
    public = readers(before)
    both = together([Exhibit(before, public)], before)
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
    both = together([Exhibit(before, public)], before)
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


def open_before() -> Tables:
    """Nothing is small, so that all is shown."""
    return two_way([[13, 20, 30], *INNER[1:]])


def revised(**by: int) -> Tables:
    return two_way([[13, 20, 30], [30, 40 + by.get("r1c1", 0), 50], [60, 70, 80 + by.get("r2c2", 0)]])


def test_a_small_difference_is_held_back_where_it_stands_and_in_its_totals() -> None:
    before = open_before()
    given, held, _ = released(before, revised(r1c1=2))
    assert {entry.key for entry in held} == {key(name) for name in ("r1c1", "r1all", "allc1", "allall")}
    assert given == readers(before)


def test_a_neighbours_two_does_not_hold_back_twelve() -> None:
    """Held back are the two, what has it alone, and the grand total: with it they would be 14 less 12."""
    given, held, _ = released(open_before(), revised(r1c1=2, r2c2=12))
    assert {entry.key for entry in held} == {key(name) for name in ("r1c1", "r1all", "allc1", "allall")}
    assert (given[key("r2c2")], given[key("r2all")], given[key("allc2")]) == (92, 222, 172)
    assert given[key("r1c1")] == 40


def test_without_a_difference_held_back_the_attack_finds_it() -> None:
    before, after = open_before(), revised(r1c1=2, r2c2=12)
    everything = {name: cell.value for name, cell in after.cells.items()}
    first = Exhibit(before, readers(before))
    assert {leak.key.geography_id for leak in attack(Exhibit(after, everything), [first]).leaks} >= {"r1c1", "r1all"}
    alone = {name: value for name, value in everything.items() if name.geography_id != "r1c1"}
    assert {leak.key.geography_id for leak in attack(Exhibit(after, alone), [first]).leaks} >= {"r1c1"}


def test_a_large_difference_among_shown_cells_is_released() -> None:
    given, held, _ = released(open_before(), revised(r2c2=9))
    assert held == ()
    assert given[key("r2c2")] == 89


def test_two_large_steps_do_not_lead_to_a_small_one() -> None:
    first = Exhibit(open_before(), readers(open_before()))
    _, held, second = released(open_before(), revised(r2c2=9))
    assert not held
    after = revised(r2c2=2)
    whole = together([first, second], after)
    now = {name: value for name, value in shown(whole, hide(whole)).items() if name in after.cells}
    given, held = as_readers_have_it([first, second], after, now)
    assert {entry.key for entry in held} >= {key("r2c2")}
    assert given[key("r2c2")] == 89


def test_a_share_is_of_one_vintage() -> None:
    """The numerator is held back, so its new base is not put under the old one."""
    before, after = share(40, 200), share(42, 230)
    given, held, _ = released(before, after)
    top, whole = (Key("area", "a", 2010, "x", part) for part in ("numerator", "denominator"))
    assert (given[top], given[whole]) == (40, 200)
    assert {entry.key for entry in held} == {top, whole}


def test_a_change_of_a_hidden_cell_is_not_told() -> None:
    given, _, _ = released(two_way(INNER), changed(r0c0=40))
    assert key("r0c0") not in given


@settings(max_examples=examples(15), deadline=None)
@given(
    st.dictionaries(st.sampled_from([f"r{r}c{c}" for r in range(3) for c in range(3)]), st.integers(-2, 12), max_size=3)
)
def test_no_revision_opens_a_hidden_cell(by: dict[str, int]) -> None:
    before = two_way(INNER)
    if refused(before, changed(**by)):
        # An insider knows how far a cell that was under k can have moved; and of a sum's 5 that three small changes
        # share none is more than 3.
        assert by.get("r0c0") or sum(0 < abs(change) < 5 for change in by.values()) > 1
        return
    now, held, _ = released(before, changed(**by))
    public = readers(before)
    differences = {now[name] - value for name, value in public.items()}
    assert not any(0 < abs(difference) < 5 for difference in differences)
    assert {entry.key for entry in held} >= {
        name for name, value in public.items() if 0 < abs(changed(**by).cells[name].value - value) < 5
    }


def test_a_small_cell_that_grows_to_k_beside_another_small_change_is_refused_by_name() -> None:
    """3 became 5, so that an insider knows that 1 or more came; of a total's 1 to 4 the other cell's change has 3 at
    most, though it should be able to be 4. All that changed is hidden, and nothing else could be."""
    there = refused(two_way(INNER), changed(r0c0=2, r0c1=1))
    assert {name.geography_id for name in there} == {"r0c1", "allc1"}
    assert all("change since" in name.indicator for name in there)
    assert not refused(two_way(INNER), changed(r0c0=1, r0c1=1))
    # From 3 to 4 beside 20 to 24: of the row's 5, which is shown, a cell that stays under k can be 3 at most.
    assert refused(two_way(INNER), changed(r0c0=1, r0c1=4))


def test_a_cell_hidden_under_a_stricter_rule_keeps_it() -> None:
    """Seven was small by k = 10; a later k of 5 must not let it be told to be 5 or more."""
    inner = [[7, 20, 30], *INNER[1:]]
    before, after = two_way(inner, k=10), two_way(inner)
    public = readers(before)
    assert key("r0c0") not in public
    both = together([Exhibit(before, public)], after)
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
        together([Exhibit(before, {})], after)


def test_a_withheld_zero_says_so() -> None:
    with pytest.raises(ValueError, match="hides_zero"):
        Cell(key("a"), 0, 5, "withheld")
