"""The relations between counts say all there is to say: no less than the definitions do, and nothing that is not so."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from scipy.optimize import Bounds, LinearConstraint, milp
from test_sums import built_of, figure

from flows.release.attack import Exhibit, attack
from flows.release.cells import Key
from flows.release.counted import fit
from flows.release.sums import Built
from schemas.registry import Registry
from schemas.relations import Region, Relations, Value, derive, words

DOMAINS: dict[str, tuple[Value, ...]] = {"age": tuple(range(5)), "origin": ("a", "b", "c"), "work": ("y", "n")}
Person = tuple[Value, ...]
EVERY = list(product(*DOMAINS.values()))


@st.composite
def regions(draw: st.DrawFn) -> dict[str, Region]:
    """Up to six populations, each told by some of the attributes."""
    made: dict[str, Region] = {}
    for number in range(draw(st.integers(1, 6))):
        asked = draw(st.sets(st.sampled_from(sorted(DOMAINS)), max_size=3))
        region: dict[str, frozenset[Value]] = {}
        for attribute in sorted(asked):
            values = draw(st.sets(st.sampled_from(DOMAINS[attribute]), min_size=1))
            if len(values) < len(DOMAINS[attribute]):
                region[attribute] = frozenset(values)
        made[f"p{number}"] = region
    return made


def is_in(person: Person, region: Region) -> bool:
    return all(a not in region or value in region[a] for a, value in zip(DOMAINS, person, strict=True))


def counted(populations: Mapping[str, Region], people: Sequence[Person]) -> dict[str, int]:
    return {name: sum(is_in(person, region) for person in people) for name, region in populations.items()}


def could_be(populations: Mapping[str, Region], counts: Mapping[str, int]) -> bool:
    """Whether there are people of whom these are the counts: so many of each kind, every kind there is."""
    system = np.array([[float(is_in(kind, region)) for kind in EVERY] for region in populations.values()])
    right = np.array([counts[name] for name in populations], dtype=float)
    nothing = np.zeros(len(EVERY))
    found = milp(
        nothing,
        integrality=nothing + 1,
        bounds=Bounds(0, np.inf),
        constraints=LinearConstraint(system, right, right),
    )
    return bool(found.x is not None)


def is_borne_out(relations: Relations, counts: Mapping[str, int]) -> bool:
    return fit(relations, counts)[1] == counts


@settings(max_examples=examples(60), deadline=None)
@given(populations=regions(), seed=st.integers(0, 10_000), shift=st.lists(st.integers(-2, 2), min_size=6, max_size=6))
def test_counts_are_possible_by_the_relations_where_people_could_have_them(
    populations: dict[str, Region], seed: int, shift: list[int]
) -> None:
    relations = derive(populations, DOMAINS, "everybody")
    people = Random(seed).choices(EVERY, k=seed % 12)
    true = counted(populations, people)
    assert is_borne_out(relations, true)
    moved = {name: max(0, count + by) for (name, count), by in zip(true.items(), shift, strict=False)}
    assert is_borne_out(relations, moved) == could_be(populations, moved)


def by_rank(relations: Relations) -> set[str]:
    """The rests that follow from the counts: no rank is added by asking for one."""
    system = np.array(
        [[float(row.parts.count(rest) - (row.whole == rest)) for rest in relations.rests] for row in relations.rows]
    )
    follow = set()
    for rest, alone in zip(relations.rests, np.eye(len(relations.rests)), strict=True):
        rank, more = (np.linalg.matrix_rank(matrix) for matrix in (system, np.vstack([system, alone])))
        if rank == more:
            follow.add(rest)
    return follow


@settings(max_examples=examples(60), deadline=None)
@given(populations=regions())
def test_a_rest_follows_from_the_counts_where_no_other_table_has_them(populations: dict[str, Region]) -> None:
    relations = derive(populations, DOMAINS, "everybody")
    assert relations.determined == by_rank(relations)


def test_the_rests_of_our_own_populations_follow_where_none_is_free(registry: Registry) -> None:
    names = sorted(registry.populations.population)
    for left_out in (None, *names):
        for relations in registry.populations.relations(name for name in names if name != left_out):
            assert relations.determined == by_rank(relations)


def test_a_population_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="p0: nobody can be in it"):
        derive({"p0": {"age": frozenset()}}, DOMAINS, "everybody")


def test_values_in_words_are_ranges() -> None:
    assert words([0, 1, 2, 5, "b", "a"]) == "0-2 or 5 or a or b"


def rows(registry: Registry, *names: str) -> set[str]:
    return {
        f"{row.whole} = {' + '.join(sorted(row.parts))}"
        for relations in registry.populations.relations(names)
        for row in relations.rows
    }


def test_the_sums_that_anybody_knows_follow(registry: Registry) -> None:
    """Of each the definition of its figures is the source: Statistics Denmark's ages, the registers of tenancies."""
    people = ("residents", "residents_0_17", "residents_18_plus", "residents_18_64", "residents_65_plus")
    assert rows(registry, *people) == {
        "residents = residents_0_17 + residents_18_plus",
        "residents_18_plus = residents_18_64 + residents_65_plus",
    }
    homes = ("dwellings", "vacant_dwellings", "households")
    assert rows(registry, *homes) == {"dwellings = households + vacant_dwellings"}


def test_what_excludes_each_other_and_what_is_no_more_than_another_follow(registry: Registry) -> None:
    names = ["residents_18_64", "social_assistance_18_64", "disability_pension_18_64"]
    (relations,) = registry.populations.relations(names)
    assert is_borne_out(relations, dict(zip(names, (10, 6, 4), strict=True)))
    assert not is_borne_out(relations, dict(zip(names, (10, 6, 5), strict=True)))
    # All are 18 or over, and nobody employed is in neither work nor education.
    names = ["residents_0_17", "residents_18_64", "residents_16_24", "employed_18_64", "neither_16_24"]
    (relations,) = registry.populations.relations(names)
    assert is_borne_out(relations, dict(zip(names, (0, 20, 6, 17, 3), strict=True)))
    assert not is_borne_out(relations, dict(zip(names, (0, 20, 6, 18, 3), strict=True)))


def test_of_two_indicators_one_knows_how_their_populations_lie(registry: Registry) -> None:
    """Either one follows from the other in part, or it is said that nothing does."""
    counting = {
        name: population
        for name, indicator in registry.indicators.items()
        if indicator.of_areas
        for population in (indicator.counts, indicator.among)
        if population
    }
    assert {i.id for i in registry.indicators.values() if i.of_areas and not i.no_count} <= counting.keys()
    for first, second in combinations(sorted(set(counting.values())), 2):
        assert not registry.populations.unsaid(first, second), (first, second)


def children_beside(registry: Registry, children: int, base: int) -> Built:
    """An area of 900 residents, some of them children, and a base of 18 and over that is of another day."""
    rows = [
        figure("ager", "residents", 900),
        figure("ager", "age_0_17_pct", children, 900),
        figure("ager", "low_income_pct", 60, base),
    ]
    return built_of(registry, {"ager": "0461"}, *rows)


@pytest.mark.parametrize(
    ("children", "base", "ends"),
    [
        # Whoever knows that they are few knows no more than that: the rest leaves all of 0 to 4.
        (3, 895, {(0, 5 + 18), (0, 4)}),
        # Whoever knows that they are many knows that they are five or more.
        (12, 880, {(20 - 18, 20 + 18), (5, 20 + 18)}),
    ],
)
def test_figures_that_nearly_fit_keep_their_relation_with_a_rest(
    children: int, base: int, ends: set[tuple[int, int]], registry: Registry
) -> None:
    """Of one municipality counts of 900 lie at most 18 apart: 895 of 18 and over leave 23 children at most."""
    made = children_beside(registry, children, base)
    assert not made.not_exact
    assert len(made.nearly_exact) == 1
    key = Key("area", "ager", 2012, "age_0_17_pct", "numerator")
    shown = {other: cell.value for other, cell in made.tables.cells.items() if cell.standing == "open" and other != key}
    found = attack(Exhibit(made.tables, shown), with_chains=False).intervals
    assert {(interval.low, interval.high) for interval in found if interval.key == key} == ends
    exact = children_beside(registry, children, 900 - children)
    assert (exact.not_exact, exact.nearly_exact) == ((), ())


def test_figures_that_lie_further_apart_than_is_declared_are_told(registry: Registry) -> None:
    made = children_beside(registry, 3, 850)
    assert any("further apart than is declared" in words for words in made.not_exact)
    assert not made.nearly_exact
