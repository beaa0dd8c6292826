"""What is hidden protects, against an oracle that goes through all tables; and no more is hidden than need be."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from profiles import examples
from small_tables import key, share, two_way

from flows.release.attack import Exhibit, Refused, attack
from flows.release.cells import Cell, Key, Sum, SumDoesNotHold, Tables
from flows.release.suppression import Hiding, hide, marks, shown
from simulations.enumeration import seen
from simulations.fewest import fewest
from simulations.naive import naive


def faults(tables: Tables, hiding: Hiding, most: int) -> set[tuple[Key, str]]:
    """What breaks (a) or (b), by going through all tables up to `most`."""
    public = shown(tables, hiding)
    outside, inside = (seen(tables, public, is_insider, most) for is_insider in (False, True))
    found = set()
    for cell_key, values in outside.items():
        cell = tables.cells[cell_key]
        wanted = set(range(1, cell.k))
        is_small = cell.value < cell.k and (cell.value > 0 or cell.hides_zero or cell.standing == "open")
        if is_small:
            if not wanted <= values or max(values) < cell.k:
                found.add((cell_key, "outsider"))
            if not wanted <= inside[cell_key]:
                found.add((cell_key, "insider"))
        elif cell.standing in ("open", "withheld") and len(inside[cell_key]) == 1:
            found.add((cell_key, "insider"))
    return found


COUNTS = st.sampled_from([0, 1, 2, 3, 4, 5, 7, 9])
SMALL_TABLES = st.tuples(st.integers(2, 3), st.integers(2, 3)).flatmap(
    lambda shape: st.lists(st.lists(COUNTS, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0])
)


@settings(max_examples=examples(40))
@given(SMALL_TABLES, st.integers(2, 4))
def test_hiding_holds_against_every_table_that_agrees(inner: list[list[int]], k: int) -> None:
    grand = sum(map(sum, inner))
    total = Cell(key("allall"), grand, k, "known")  # bounds every cell, so that all tables can be gone through
    tables = two_way(inner, k, allall=total)
    hiding = hide(tables)
    assume(grand <= 20 and len(tables.cells) - len(shown(tables, hiding)) <= 9)
    assert {key for key, _ in faults(tables, hiding, most=grand)} == {refused.key for refused in hiding.unprotected}


@settings(max_examples=examples(60))
@given(SMALL_TABLES, st.integers(2, 4), st.sampled_from(["hide", "naive", "primary"]))
def test_the_attack_finds_what_going_through_all_tables_finds(inner: list[list[int]], k: int, how: str) -> None:
    grand = sum(map(sum, inner))
    total = Cell(key("allall"), grand, k, "known")  # bounds every cell, so that all tables can be gone through
    tables = two_way(inner, k, allall=total)
    assume(grand <= 20)
    hiding = {
        "hide": hide,
        "naive": naive,
        "primary": lambda t: replace(naive(t), secondary=frozenset()),
    }[how](tables)
    assume(len(tables.cells) - len(shown(tables, hiding)) <= 9)
    found = attack(Exhibit(tables, shown(tables, hiding)))
    assert {(leak.key, leak.attacker) for leak in found.leaks} == faults(tables, hiding, most=grand)
    for is_insider in (False, True):
        oracle = seen(tables, shown(tables, hiding), is_insider, grand)
        name = "insider" if is_insider else "outsider"
        ends = {i.key: (i.low, i.high) for i in found.intervals if i.attacker == name}
        for cell_key, values in oracle.items():
            low, high = ends[cell_key]
            assert (low, high) == (min(values), max(values))


@settings(max_examples=examples(40))
@given(SMALL_TABLES, st.integers(2, 4))
def test_a_chain_tells_by_itself_what_leaks(inner: list[list[int]], k: int) -> None:
    tables = two_way(inner, k)
    hiding = replace(naive(tables), secondary=frozenset())
    for leak in attack(Exhibit(tables, shown(tables, hiding))).leaks:
        alone = Tables(tables.cells, tuple(total for total in tables.sums if total.name in leak.chain))
        again = attack(Exhibit(alone, shown(tables, hiding)), with_chains=False)
        assert (leak.key, leak.attacker) in {(other.key, other.attacker) for other in again.leaks}
        for name in leak.chain:
            fewer = Tables(tables.cells, tuple(t for t in tables.sums if t.name in leak.chain and t.name != name))
            claims = {
                (other.key, other.attacker, other.says)
                for other in attack(Exhibit(fewer, shown(tables, hiding)), with_chains=False).leaks
            }
            assert (leak.key, leak.attacker, leak.says) not in claims


def test_a_lone_small_cell_is_read_off_its_row() -> None:
    tables = two_way([[3, 20], [30, 40]])
    found = attack(Exhibit(tables, shown(tables, replace(naive(tables), secondary=frozenset()))))
    assert {(leak.low, leak.high, len(leak.chain)) for leak in found.leaks} == {(3, 3, 1)}
    with pytest.raises(Refused, match=r"1 hidden|2 hidden"):
        found.require_safe()


def test_four_corners_protect_one() -> None:
    tables = two_way([[3, 20, 30], [30, 40, 50], [60, 70, 80]])
    hiding = hide(tables)
    assert hiding.primary == {key("r0c0")}
    assert len(hiding.secondary) == 3
    assert not attack(Exhibit(tables, shown(tables, hiding))).leaks


def test_known_cells_stay_and_what_they_give_away_is_said() -> None:
    known = {name: Cell(key(name), value, 5, "known") for name, value in {"r0c1": 20, "r0all": 23}.items()}
    tables = two_way([[3, 20], [30, 40]], **known)
    hiding = hide(tables)
    assert {refused.key for refused in hiding.unprotected} == {key("r0c0")}
    assert {name for refused in hiding.unprotected for name in refused.sums} == {"row r0"}
    assert not {key("r0c1"), key("r0all")} & hiding.hidden
    assert attack(Exhibit(tables, shown(tables, hiding))).leaks


@pytest.mark.parametrize(
    ("x", "n", "is_shown"),
    [(0, 40, False), (4, 40, False), (5, 40, True), (35, 40, True), (36, 40, False), (40, 40, False)],
)
def test_a_share_needs_k_on_both_sides(x: int, n: int, is_shown: bool) -> None:
    tables = share(x, n)
    hiding = hide(tables)
    parts = {name: Key("area", "a", 2010, "x", name) for name in ("numerator", "denominator")}
    assert ({parts["numerator"], parts["denominator"]} <= shown(tables, hiding).keys()) == is_shown
    assert not hiding.unprotected
    assert not attack(Exhibit(tables, shown(tables, hiding))).leaks


def test_a_small_base_is_hidden_with_both_its_parts() -> None:
    tables = share(3, 7)  # with the base shown, an insider knew the numerator to be 3 or 4
    assert Key("area", "a", 2010, "x", "denominator") in hide(tables).hidden
    refused = hide(share(3, 7, base="known")).unprotected
    assert {entry.key.part for entry in refused} == {"numerator", "complement"}


def test_a_drawn_cell_is_hidden_where_others_protect_it_and_shown_where_it_would_be_told() -> None:
    alone = key("r0c0")
    assert not hide(two_way([[30, 20], [30, 40]]), {alone}).hidden
    tables = two_way([[3, 20, 30], [30, 40, 50], [60, 70, 80]])
    hidden = hide(tables).hidden
    assert hide(tables, hidden).hidden == hidden
    others = {key(row + column) for row in ("r1", "r2") for column in ("c1", "c2")}
    with_others = hide(tables, others)
    assert others <= with_others.secondary
    assert not attack(Exhibit(tables, shown(tables, with_others))).leaks


def test_an_insider_knows_that_what_is_hidden_for_others_is_k_or_more() -> None:
    """3 + 5 = 8, and 5 is hidden for 3's sake: were the small one 4, the other one would be small, too."""
    tables = Tables(
        {key(name): Cell(key(name), value, 5) for name, value in {"a": 3, "b": 5, "both": 8}.items()},
        (Sum("both", key("both"), (key("a"), key("b"))),),
    )
    (leak,) = [leak for leak in attack(Exhibit(tables, {key("both"): 8})).leaks if leak.key == key("a")]
    assert (leak.attacker, leak.low, leak.high) == ("insider", 0, 3)
    assert key("both") in hide(tables).hidden


def test_the_same_tables_give_the_same_cells() -> None:
    rng = np.random.default_rng(3)
    inner = rng.integers(0, 12, (5, 6))
    assert hide(two_way(inner)) == hide(two_way(inner))


def test_marks_tell_hidden_from_too_small() -> None:
    small = Cell(key("r0c0"), 3, 5, "withheld", hides_zero=True, reason="area_too_small")
    tables = two_way([[3, 20], [30, 40]], r0c0=small)
    hiding = hide(tables)
    assert marks(tables, hiding) == {key("r0c0"): "area_too_small", **dict.fromkeys(hiding.hidden, "hidden")}
    assert len(hiding.hidden) == 3


def test_hidden_cells_are_at_most_a_quarter_more_than_need_be() -> None:
    hidden = least = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        inner = rng.choice([0, 1, 2, 3, 4, 5, 6, 8, 9, 12, 15, 20, 30], size=(rng.integers(3, 6), rng.integers(3, 6)))
        tables = two_way(inner)
        hiding = hide(tables)
        assert not hiding.unprotected
        hidden += len(hiding.hidden)
        least += fewest(tables)
    print(f"{hidden} cells hidden, {least} at least: {hidden / least:.3f}")
    assert least <= hidden <= 1.25 * least


def test_no_cell_is_hidden_that_need_not_be() -> None:
    further = 0
    for seed in range(8):
        inner = np.random.default_rng(seed).choice([1, 2, 3, 4, 5, 6, 9, 12, 20, 30, 40], size=(4, 5))
        tables = two_way(inner)
        hiding = hide(tables)
        public = shown(tables, hiding)
        for cell in hiding.secondary:
            more = public | {cell: tables.cells[cell].value}
            assert attack(Exhibit(tables, more), with_chains=False).leaks, (seed, cell)
            further += 1
    assert further


def test_a_value_between_the_ends_that_no_table_has_is_a_leak() -> None:
    half, other, double = key("half"), key("other"), key("double")
    cells = [Cell(half, 2, 5), Cell(other, 2, 5), Cell(double, 4, 5)]
    sums = (Sum("double", double, (half, other)), Sum("the same people", half, (other,)))
    found = attack(Exhibit(Tables({cell.key: cell for cell in cells}, sums), {}))
    claims = {(leak.attacker, leak.says, leak.chain) for leak in found.leaks if leak.key == double}
    assert claims == {(who, "can exclude 1", ("double", "the same people")) for who in ("insider", "outsider")}


def test_a_sum_that_does_not_hold_is_no_sum() -> None:
    cells = {key(name): Cell(key(name), value, 5) for name, value in {"a": 1, "b": 2, "c": 4}.items()}
    with pytest.raises(SumDoesNotHold, match="a and b"):
        Tables(cells, (Sum("a and b", key("c"), (key("a"), key("b"))),))
