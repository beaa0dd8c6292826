"""Rounded counts are next to the true ones, add up, and protect, against an oracle that goes through all tables."""

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from small_tables import key, share, two_way

from flows.release.attack import Exhibit, attack
from flows.release.cells import Cell, Key, Sum, Tables
from flows.release.controlled_rounding import Rounded, round_
from simulations.naive import nearest

COUNTS = st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 13])
SMALL_TABLES = st.tuples(st.integers(2, 3), st.integers(2, 4)).flatmap(
    lambda shape: st.lists(st.lists(COUNTS, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0])
)


def is_next_to(count: int, value: int, base: int) -> bool:
    return count % base == 0 and (abs(count - value) < base or (value == 0 and count == base))


def agreeing(tables: Tables, shown: Mapping[Key, int], base: int, is_insider: bool) -> Iterator[dict[Key, int]]:
    """The tables an attacker must reckon with, by going through the counts of the cells that no sum gives."""
    totals = {total.total: total.parts for total in tables.sums}
    inner = [k for k in tables.keys if k not in totals]

    def may_be(name: Key, value: int) -> bool:
        cell = tables.cells[name]
        if cell.standing == "known" and value != cell.value:
            return False
        if is_insider and cell.is_primary and value >= cell.k:
            return False
        return name not in shown or cell.standing == "known" or is_next_to(shown[name], value, base)

    options = {
        k: [v for v in range(shown.get(k, 0) + (base if k in shown else 3 * base)) if may_be(k, v)] for k in inner
    }

    def go(position: int, table: dict[Key, int]) -> Iterator[dict[Key, int]]:
        if position == len(inner):
            full = dict(table)

            def count(name: Key) -> int:
                if name not in full:
                    full[name] = sum(count(part) for part in totals[name])
                return full[name]

            if all(may_be(name, count(name)) for name in totals) and all(
                full[total.total] == sum(full[part] for part in total.parts) for total in tables.sums
            ):
                yield full
            return
        for value in options[inner[position]]:
            yield from go(position + 1, {**table, inner[position]: value})

    yield from go(0, {})


def faults(tables: Tables, shown: Mapping[Key, int], base: int) -> set[tuple[Key, str]]:
    """What breaks (a) or (b) for small counts, by going through all tables."""
    small = [k for k in tables.keys if tables.cells[k].is_primary]
    found = set()
    for attacker in ("outsider", "insider"):
        values: dict[Key, set[int]] = {k: set() for k in small}
        for table in agreeing(tables, shown, base, attacker == "insider"):
            for k in small:
                values[k].add(table[k])
        for k in small:
            cell = tables.cells[k]
            is_hid = attacker == "insider" or max(values[k]) >= cell.k
            is_hid |= 0 in values[k] and k in shown and not cell.hides_zero
            if not set(range(1, cell.k)) <= values[k] or not is_hid:
                found.add((k, attacker))
    return found


def row(counts: list[int], closed: list[bool], k: int) -> Tables:
    """One sum; closed parts are parts of shares."""
    parts = [Cell(key(f"p{n}"), v, k, hides_zero=c) for n, (v, c) in enumerate(zip(counts, closed, strict=True))]
    total = Cell(key("total"), sum(counts), k)
    return Tables({c.key: c for c in (*parts, total)}, (Sum("row", total.key, tuple(c.key for c in parts)),))


def check_rounding(tables: Tables, rounded: Rounded) -> None:
    for name, cell in tables.cells.items():
        if cell.standing == "open":
            assert is_next_to(rounded.shown[name], cell.value, rounded.base), (cell, rounded.shown[name])
    for total in tables.sums:
        if all(name in rounded.shown for name in (total.total, *total.parts)):
            is_held = rounded.shown[total.total] == sum(rounded.shown[part] for part in total.parts)
            assert is_held == (total.name not in rounded.not_additive)


@settings(max_examples=examples(40), deadline=None)
@given(SMALL_TABLES, st.sampled_from([(5, 5), (5, 7), (3, 3), (3, 5)]))
def test_counts_are_next_to_the_true_ones_and_add_up(inner: list[list[int]], rule: tuple[int, int]) -> None:
    k, base = rule
    tables = two_way(inner, k)
    rounded = round_(tables, base)
    check_rounding(tables, rounded)
    assert not rounded.not_additive
    assert round_(tables, base) == rounded
    backwards = Tables(dict(reversed(list(tables.cells.items()))), tables.sums)
    assert round_(backwards, base) == rounded


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.lists(st.integers(0, 7), min_size=2, max_size=2), min_size=2, max_size=2), st.booleans())
def test_rounding_holds_against_every_table_that_agrees(inner: list[list[int]], is_known: bool) -> None:
    k = base = 3
    grand = sum(map(sum, inner))
    known = {"allall": Cell(key("allall"), grand, k, "known")} if is_known else {}
    tables = two_way(inner, k, **known)
    rounded = round_(tables, base)
    check_rounding(tables, rounded)
    assert {k for k, _ in faults(tables, rounded.shown, base)} == {left.key for left in rounded.unprotected}


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.booleans()), min_size=2, max_size=4),
    st.sampled_from([(3, 3), (3, 4), (2, 3)]),
    st.sampled_from(["rounded", "nearest"]),
)
def test_the_attack_finds_what_going_through_all_tables_finds(
    parts: list[tuple[int, bool]], rule: tuple[int, int], how: str
) -> None:
    k, base = rule
    tables = row([value for value, _ in parts], [closed for _, closed in parts], k)
    made = round_(tables, base) if how == "rounded" else nearest(tables, base)
    found = attack(Exhibit(tables, made.shown, base), with_chains=False)
    assert {(leak.key, leak.attacker) for leak in found.leaks} == faults(tables, made.shown, base)
    if how == "rounded":
        assert {leak.key for leak in found.leaks} == {left.key for left in made.unprotected}


@pytest.mark.parametrize(
    ("x", "n", "base", "shown"),
    [
        (0, 40, 5, (5, 40)),
        (3, 40, 5, (5, 40)),
        (3, 3, 5, (5, 5)),
        (38, 40, 5, (40, 40)),
        (0, 40, 10, (0, 40)),
        (22, 41, 5, (20, 40)),
    ],
)
def test_a_small_part_of_a_share_is_shown_as_the_base_where_0_would_tell(
    x: int, n: int, base: int, shown: tuple[int, int]
) -> None:
    tables = share(x, n)
    rounded = round_(tables, base)
    assert tuple(rounded.shown[Key("area", "a", 2010, "x", part)] for part in ("numerator", "denominator")) == shown
    assert not rounded.unprotected
    assert not attack(Exhibit(tables, rounded.shown, base)).leaks


def test_known_counts_stay_and_what_does_not_add_up_is_said() -> None:
    total = Cell(key("r0all"), 23, 5, "known")
    rounded = round_(two_way([[3, 20], [30, 40]], r0all=total), 5)
    assert rounded.shown[key("r0all")] == 23
    assert "row r0" in rounded.not_additive


def test_a_known_total_that_gives_small_counts_away_is_refused() -> None:
    cells = {"a": Cell(key("a"), 1, 5), "b": Cell(key("b"), 1, 5), "t": Cell(key("t"), 2, 5, "known")}
    tables = Tables({cell.key: cell for cell in cells.values()}, (Sum("all", key("t"), (key("a"), key("b"))),))
    rounded = round_(tables, 5)
    assert {left.key for left in rounded.unprotected} == {key("a"), key("b")}
    assert {leak.key for leak in attack(Exhibit(tables, rounded.shown, 5)).leaks} == {key("a"), key("b")}


def test_a_count_below_0_and_above_is_taken_up_by_what_is_not_shown() -> None:
    rest = Cell(key("rest"), 4, 5, "latent")
    parts = [Cell(key(name), 8, 5) for name in "ab"]
    total = Cell(key("t"), 20, 5)
    tables = Tables(
        {c.key: c for c in (rest, *parts, total)}, (Sum("all", key("t"), (key("a"), key("b"), key("rest"))),)
    )
    rounded = round_(tables, 5)
    assert rounded.shown[key("a")] + rounded.shown[key("b")] <= rounded.shown[key("t")] == 20
    assert key("rest") not in rounded.shown


def test_a_group_that_is_one_withheld_area_is_not_shown() -> None:
    area = Cell(key("area"), 3, 5, "withheld", hides_zero=True, reason="area_too_small")
    group = Cell(key("group"), 3, 5)
    tables = Tables({c.key: c for c in (area, group)}, (Sum("its only member", key("group"), (key("area"),)),))
    rounded = round_(tables, 5)
    assert rounded.withheld == {key("group"): "area_too_small"}
    assert not rounded.shown
    assert not attack(Exhibit(tables, rounded.shown, 5)).leaks


def test_what_readers_have_stays_as_a_second_rounding_would_tell_more() -> None:
    tables = two_way([[3, 20], [30, 40]])
    first = round_(tables, 5)
    assert round_(tables, 5, first.shown).shown == first.shown
    other = {**first.shown, key("r0c0"): 5 - first.shown[key("r0c0")]}
    earlier = [Exhibit(tables, first.shown, 5)]
    ends = [
        {(i.key, i.attacker): (i.low, i.high) for i in attack(release, earlier).intervals}
        for release in (*earlier, Exhibit(tables, other, 5))
    ]
    assert [bounds[key("r0c0"), "outsider"] for bounds in ends] == [(0, 9), (0, 4)]
    with pytest.raises(ValueError, match="not rounded to"):
        round_(tables, 5, {key("r0c1"): 25})


def test_a_base_below_k_is_refused() -> None:
    with pytest.raises(ValueError, match="a base of 5 does not protect counts below 10"):
        round_(two_way([[3, 20], [30, 40]], k=10), 5)
    with pytest.raises(ValueError, match="not rounded to"):
        attack(Exhibit(two_way([[3, 20], [30, 40]]), {key("r0c1"): 30}, 5))


def test_the_nearest_multiples_do_not_add_up_and_tell_small_parts_of_shares() -> None:
    tables = two_way([[3, 3], [3, 3]])
    assert nearest(tables, 5).not_additive
    assert not round_(tables, 5).not_additive
    found = share(1, 40)
    leaks = attack(Exhibit(found, nearest(found, 5).shown, 5)).leaks
    assert {leak.attacker for leak in leaks} == {"outsider"}
    assert not round_(found, 5).unprotected
