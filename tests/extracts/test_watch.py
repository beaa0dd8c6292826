"""Statutory watch: the distance to each criterion, and whether one household could flip it."""

from fractions import Fraction
from typing import Any

import pytest
from by_hand import area
from hypothesis import given
from hypothesis import strategies as st

from flows.extracts.model import Place, Watch
from flows.extracts.watch import COMPARE, Lists, watches
from schemas.registry import Registry

YEAR = 2012
RULES_2010 = [
    ("parallelsamfund", "outside_work_pct", ">", 40.0),
    ("parallelsamfund", "nonwestern_pct", ">", 50.0),
    ("parallelsamfund", "convicted_pct", ">", 2.7),
    ("alle", "residents", ">=", 1000.0),
]


def rules_of(*lines: tuple[str, str, str, float], needed: int = 2) -> list[dict[str, Any]]:
    return [
        {
            "list_type_or_all": kind,
            "from_year": 2010,
            "to_year": 2013,
            "criteria_required": needed if kind != "alle" else None,
            "criterion_kind": "always" if kind == "alle" else "counted",
            "indicator_or_none": indicator,
            "operator": sign,
            "threshold": threshold,
            "threshold_times_national": None,
            "requires_list": None,
            "years_in_a_row": None,
        }
        for kind, indicator, sign, threshold in lines
    ]


def watch(
    area: Place,
    year: int,
    rules: list[dict[str, Any]],
    on_list: bool | None,
    registry: Registry,
    **standing: Any,
) -> Watch | None:
    """The one list of these rules; `standing` are further columns of statutory_criteria."""
    row = {"on_list": on_list, **standing}
    found = watches(area, Lists(year, rules, {(area.id, "parallelsamfund"): row}), registry)
    return found[0] if found else None


def test_bispehaven_2012_as_the_ministry_published_it(registry: Registry) -> None:
    """The list of 2012: 2,371 residents, 43.0 % outside work, 67.1 % non-western, 2.71 % convicted."""
    published = {"is_published": True}
    series = {
        "residents": {YEAR: {"value": 2371.0, **published}},
        "outside_work_pct": {YEAR: {"value": 43.0, "window_years": 4, **published}},
        "nonwestern_pct": {YEAR: {"value": 67.1, **published}},
        "convicted_pct": {YEAR: {"value": 2.71, "window_years": 4, **published}},
    }
    found = watch(area(registry, "bispehaven", series), YEAR, rules_of(*RULES_2010), True, registry)
    assert found is not None
    assert found.size is not None
    assert (found.meets_rule, found.on_list, found.needed, found.size.distance) == (True, True, 2, 1371.0)
    distances = {rule.indicator: (rule.is_met, rule.distance, rule.is_near) for rule in found.criteria}
    # Whom the shares of work and convictions are of was not published; of all residents 17.1 points are 405 people.
    assert distances == {
        "outside_work_pct": (True, 3.0, None),
        "nonwestern_pct": (True, 17.1, False),
        "convicted_pct": (True, 0.01, None),
    }
    assert found.could_flip is None


@pytest.mark.parametrize(
    ("x", "n", "near"),
    [(502, 1000, True), (498, 1000, True), (560, 1000, False), (30, 40, False), (22, 40, True), (500, 1000, True)],
)
def test_one_household_near_half_of_the_residents(registry: Registry, x: int, n: int, near: bool) -> None:
    series = {"residents": {YEAR: {"value": float(n)}}, "nonwestern_pct": {YEAR: {"x": x, "n": n}}}
    found = watch(
        area(registry, "a", series),
        YEAR,
        rules_of(("parallelsamfund", "nonwestern_pct", ">", 50.0), needed=1),
        None,
        registry,
    )
    assert found is not None
    (criterion,) = found.criteria
    assert criterion.is_near is near
    assert found.could_flip is near


@given(st.integers(5, 120), st.integers(0, 120), st.sampled_from([">", ">=", "<", "<="]), st.integers(1, 99))
def test_a_household_is_tried_in_every_way(registry: Registry, n: int, part: int, sign: str, threshold: int) -> None:
    x = min(part, n)
    series = {"nonwestern_pct": {YEAR: {"x": x, "n": n}}}
    found = watch(
        area(registry, "a", series),
        YEAR,
        rules_of(("parallelsamfund", "nonwestern_pct", sign, float(threshold))),
        None,
        registry,
    )
    assert found is not None
    size = registry.extracts.household
    ways = [(x, n), *((x + inside, n + size) for inside in range(size + 1))]
    ways += [
        (x - gone, n - size) for gone in range(size + 1) if x - gone >= 0 and n - size > 0 and x - gone <= n - size
    ]
    met = {COMPARE[sign](Fraction(100 * over, under), threshold) for over, under in ways}  # type: ignore[arg-type]
    assert found.criteria[0].is_near is (len(met) == 2)


def test_what_is_hidden_decides_nothing(registry: Registry) -> None:
    series: dict[str, dict[int, dict[str, Any]]] = {
        "residents": {YEAR: {"value": 1500.0}},
        "nonwestern_pct": {YEAR: {"x": 900, "n": 1500}},
        "convicted_pct": {YEAR: {"mark": "hidden"}},
        "outside_work_pct": {YEAR: {"mark": "hidden"}},
    }
    found = watch(area(registry, "a", series), YEAR, rules_of(*RULES_2010), None, registry)
    assert found is not None
    assert (found.meets_rule, found.could_flip) == (None, None)
    hidden = [rule for rule in found.criteria if rule.mark]
    assert [(rule.value, rule.is_met, rule.distance, rule.is_near) for rule in hidden] == [(None, None, None, None)] * 2
    small = watch(
        area(registry, "a", {**series, "residents": {YEAR: {"value": 800.0}}}),
        YEAR,
        rules_of(*RULES_2010),
        None,
        registry,
    )
    assert small is not None
    assert (small.meets_rule, small.could_flip) == (False, False)


def test_a_year_without_a_rule_has_no_watch(registry: Registry) -> None:
    assert watch(area(registry, "a"), 2009, rules_of(*RULES_2010), None, registry) is None


def test_a_multiple_of_the_national_mean_is_the_threshold_of_the_mart(registry: Registry) -> None:
    """2.2 percent beside three times 0.73 and beside a national mean that is not there."""
    rules = rules_of(("parallelsamfund", "convicted_pct", ">=", 0.0), needed=1)
    rules[0] |= {"threshold": None, "threshold_times_national": 3.0}
    at = area(registry, "a", {"convicted_pct": {YEAR: {"value": 2.2}}})
    known = watch(at, YEAR, rules, None, registry, convicted_threshold=2.19)
    assert known is not None
    (criterion,) = known.criteria
    assert (criterion.threshold, criterion.is_met, criterion.distance, known.meets_rule) == (2.19, True, 0.01, True)
    unknown = watch(at, YEAR, rules, None, registry)
    assert unknown is not None
    (criterion,) = unknown.criteria
    assert (criterion.value, criterion.threshold, criterion.is_met, criterion.mark) == (2.2, None, None, None)
    assert (criterion.times_national, unknown.meets_rule, unknown.could_flip) == (3.0, None, None)


@pytest.mark.parametrize(("other", "meets"), [(True, True), (False, False), (None, None)])
def test_a_list_that_asks_for_another_one_and_for_a_criterion_always(
    registry: Registry, other: bool | None, meets: bool | None
) -> None:
    rules = rules_of(("parallelsamfund", "nonwestern_pct", ">", 50.0))
    rules[0] |= {"criteria_required": None, "criterion_kind": "always", "requires_list": "udsat"}
    at = area(registry, "a", {"nonwestern_pct": {YEAR: {"x": 600, "n": 1000}}})
    found = watch(at, YEAR, rules, None, registry, requirement_met=other)
    assert found is not None
    assert found.requirement is not None
    assert (found.requirement.list_name, found.requirement.years) == ("Udsat boligområde", 1)
    assert ([c.indicator for c in found.always], found.criteria, found.meets_rule) == (["nonwestern_pct"], (), meets)
    low = area(registry, "a", {"nonwestern_pct": {YEAR: {"x": 400, "n": 1000}}})
    under = watch(low, YEAR, rules, None, registry, requirement_met=other)
    assert under is not None
    assert (under.meets_rule, under.could_flip) == (False, False)


def test_a_year_shows_the_lists_that_were_delivered_for_it(registry: Registry) -> None:
    """Of three lists with a rule the two that say something of an area; all three where none does."""
    rules = [
        {**rules_of((name, "nonwestern_pct", ">", 50.0))[0], "to_year": None}
        for name in ("udsat", "parallelsamfund", "omdannelse")
    ]
    at = area(registry, "a", {"nonwestern_pct": {YEAR: {"x": 600, "n": 1000}}})
    standing = {
        ("a", "udsat"): {"on_list": True},
        ("b", "parallelsamfund"): {"on_list": False},
        ("a", "omdannelse"): {"on_list": None},
    }
    found = watches(at, Lists(YEAR, rules, standing), registry)
    assert [(each.list_name, each.on_list) for each in found] == [("Ghettoområde", None), ("Udsat boligområde", True)]
    none = watches(at, Lists(YEAR, rules, {}), registry)
    assert [(each.list_name, each.is_delivered) for each in none] == [
        ("Hårdt ghettoområde", False),
        ("Ghettoområde", False),
        ("Udsat boligområde", False),
    ]


@pytest.mark.parametrize(
    ("residents", "is_met", "is_near"),
    [
        (1390, True, False),
        (1005, True, False),
        (1004, True, True),
        (1000, True, True),
        (995, False, True),
        (994, False, False),
    ],
)
def test_one_household_near_the_criterion_of_residents(
    registry: Registry, residents: int, is_met: bool, is_near: bool
) -> None:
    """A household is five: 1,004 residents without it are too few for 'at least 1,000', and 995 with it are enough."""
    figures = {"residents": {YEAR: {"value": float(residents)}}, "nonwestern_pct": {YEAR: {"x": 900, "n": 1000}}}
    rules = rules_of(("parallelsamfund", "nonwestern_pct", ">", 50.0), ("alle", "residents", ">=", 1000.0), needed=1)
    found = watch(area(registry, "a", figures), YEAR, rules, None, registry)
    assert found is not None
    assert found.size is not None
    assert registry.extracts.household == 5
    assert (found.size.is_met, found.size.is_near) == (is_met, is_near)
    assert (found.meets_rule, found.could_flip) == (is_met, is_near)
