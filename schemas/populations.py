"""What populations.toml says: whom the figures of areas count, and with it which of their counts hang together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.indicators import Indicator
from schemas.model import Identifier, Model, Text
from schemas.relations import Region, Relations, Value, derive


class Universe(Model):
    """What is counted; see the head of populations.toml."""

    id: Identifier
    label: Text
    stays: bool = False
    free_of: dict[Identifier, Text] = Field(default_factory=dict)


class Ages(Model):
    """Whole years of age, both ends included; an end that is absent is the attribute's."""

    first: int | None = Field(default=None, alias="from", ge=0)
    last: int | None = Field(default=None, alias="to", ge=0)


class Attribute(Model):
    """What may be told of each member of a universe."""

    id: Identifier
    universe: Identifier
    at: Text
    ages: Ages | None = None
    values: tuple[Identifier, ...] = ()
    free_of: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        if self.ages is None and len(self.values) < 2:
            raise ValueError("needs 'ages', or two values or more")
        if self.ages is not None and (self.values or self.ages.first is None or self.ages.last is None):
            raise ValueError("'ages' needs both ends, and goes without 'values'")
        return self

    @property
    def domain(self) -> tuple[Value, ...]:
        """All its values."""
        return self.values if self.ages is None else tuple(range(self.ages.first or 0, (self.ages.last or 0) + 1))

    def allowed(self, asked: Ages | Sequence[str]) -> frozenset[Value]:
        """The values of its own that are asked for."""
        if not isinstance(asked, Ages):
            return frozenset(value for value in asked if value in self.values)
        first, last = asked.first, asked.last
        inside = (v for v in self.domain if isinstance(v, int) and (first is None or v >= first))
        return frozenset(value for value in inside if last is None or value <= last)


class Population(Model):
    """A set of members of a universe, or of another population."""

    id: Identifier
    universe: Identifier | None = None
    within: Identifier | None = None
    label: Text
    where: dict[Identifier, Ages | tuple[Identifier, ...]] = Field(default_factory=dict)
    nobody: bool = False

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        if (self.universe is None) == (self.within is None):
            raise ValueError("needs either 'universe' or 'within'")
        return self


class Rest(Model):
    """How far two figures of one population may lie apart, by the owners of the two."""

    id: Identifier
    owners: tuple[Identifier, Identifier] | None = None
    share: float = Field(ge=0, le=1)
    count: int = Field(ge=0)

    def bound(self, value: int) -> int:
        """The largest difference at a count."""
        return max(self.count, int(self.share * value))


class Populations(Model):
    """populations.toml as a whole."""

    universe: dict[str, Universe]
    attribute: dict[str, Attribute]
    population: dict[str, Population]
    rest: dict[str, Rest]

    @cached_property
    def of_nobody(self) -> frozenset[str]:
        """The populations of which it tells of nobody how few they are."""
        return frozenset(name for name, population in self.population.items() if population.nobody)

    @cached_property
    def regions(self) -> Mapping[str, Region]:
        """Per population what it asks of its universe's members, by attribute; nothing that every member has."""
        return {name: self._region(name) for name in self.population}

    def _chain(self, name: str) -> list[Population]:
        """A population, and what it lies within, outwards."""
        chain = [self.population[name]]
        while (outer := chain[-1].within) is not None:
            if outer not in self.population or self.population[outer] in chain:
                raise ValueError(f"population.{name}: 'within' leads to {outer!r}, which is none or itself")
            chain.append(self.population[outer])
        return chain

    def _region(self, name: str) -> Region:
        region: dict[str, frozenset[Value]] = {}
        for population in self._chain(name):
            for attribute, asked in population.where.items():
                held = self.attribute[attribute]
                region[attribute] = region.get(attribute, frozenset(held.domain)) & held.allowed(asked)
        return {a: values for a, values in sorted(region.items()) if len(values) < len(self.attribute[a].domain)}

    def universe_of(self, name: str) -> str:
        """The universe that a population is of."""
        return self._universes[name]

    @cached_property
    def _universes(self) -> Mapping[str, str]:
        return {name: self._chain(name)[-1].universe or "" for name in self.population}

    def stays(self, name: str) -> bool:
        """Mostly the same members of a population are counted year after year."""
        return self.universe[self.universe_of(name)].stays

    def relations(self, present: Iterable[str]) -> tuple[Relations, ...]:
        """All that holds between the counts of these populations, by universe.

        A population of nobody that is not among them is a rest under its own name.
        """
        names = frozenset(present)
        if names not in self._by_universe:
            self._by_universe[names] = tuple(self._relations(names))
        return self._by_universe[names]

    @cached_property
    def _by_universe(self) -> dict[frozenset[str], tuple[Relations, ...]]:
        """What was asked for before; places of a year have mostly the same figures."""
        return {}

    def _relations(self, present: Iterable[str]) -> Iterator[Relations]:
        by_universe: dict[str, list[str]] = {}
        for name in sorted(present):
            by_universe.setdefault(self.universe_of(name), []).append(name)
        for universe, names in sorted(by_universe.items()):
            absent = [name for name in sorted(self.of_nobody - set(names)) if self.universe_of(name) == universe]
            relations = self._of_universe(universe, [*names, *absent])
            yield relations.not_counting(absent) if absent else relations

    def _of_universe(self, universe: str, names: Sequence[str]) -> Relations:
        key = frozenset(names)
        if key not in self.derived:
            domains = {a.id: a.domain for a in self.attribute.values() if a.universe == universe}
            self.derived[key] = derive({name: self.regions[name] for name in names}, domains, universe)
        return self.derived[key]

    @cached_property
    def derived(self) -> dict[frozenset[str], Relations]:
        """Relations that were asked for before, by the populations."""
        return {}

    def between(self, name: str, other: str) -> Literal["the same", "within", "around", "apart", "overlapping", "free"]:
        """How two populations lie to each other; free where nothing of one follows from the other."""
        first, second = self.regions[name], self.regions[other]
        if self.universe_of(name) != self.universe_of(other):
            return "free"
        if first == second:
            return "the same"
        if any(not first[a] & second[a] for a in first.keys() & second.keys()):
            return "apart"
        inside, outside = (
            all(a in small and small[a] <= large[a] for a in large)
            for small, large in ((first, second), (second, first))
        )
        if inside or outside:
            return "within" if inside else "around"
        return "free" if first.keys() - second.keys() and second.keys() - first.keys() else "overlapping"

    def unsaid(self, name: str, other: str) -> list[str]:
        """Where two populations are free of each other: universes or attributes of which nothing says so."""
        if self.between(name, other) != "free":
            return []
        universes = self.universe_of(name), self.universe_of(other)
        if universes[0] != universes[1]:
            first, second = (self.universe[name] for name in universes)
            is_said = second.id in first.free_of or first.id in second.free_of
            return [] if is_said else [f"universes {first.id} and {second.id}"]
        own, others = self.regions[name].keys(), self.regions[other].keys()
        return [
            f"attributes {a} and {b}"
            for a in sorted(own - others)
            for b in sorted(others - own)
            if a not in self.attribute[b].free_of and b not in self.attribute[a].free_of
        ]

    def rest_between(self, owner: str | None, other: str | None) -> Rest:
        """How far figures of two owners may lie apart."""
        pairs = (rest for rest in self.rest.values() if rest.owners and set(rest.owners) == {owner, other})
        return next(pairs, self.rest["other"])

    def contradictions(self, indicators: Mapping[str, Indicator], owners: Iterable[str]) -> Iterable[str]:
        """A sentence for each entry that points at something that is not there, and each thing that nothing says."""
        broken = [*self._unknown(set(owners)), *self._unknown_of_indicators(indicators)]
        yield from broken
        if broken:
            return
        for name, region in self.regions.items():
            if not all(region.values()):
                yield f"populations.toml, population.{name}: nobody can be in it"
        for name, other in combinations(self.population, 2):
            if self.between(name, other) == "the same":
                yield f"populations.toml: {name} and {other} are the same population"
            for missing in self.unsaid(name, other):
                yield f"populations.toml: {name} and {other}: nothing says whether the {missing} are free of each other"
        used = {name for i in indicators.values() for name in (i.counts, i.among)}
        used |= {population.within for population in self.population.values()}
        yield from (
            f"populations.toml, population.{name}: nothing names it" for name in self.population if name not in used
        )

    def _unknown(self, owners: set[str]) -> Iterable[str]:
        universes = self.universe.keys()
        for universe in self.universe.values():
            for unknown in sorted(universe.free_of.keys() - universes):
                yield f"populations.toml, universe.{universe.id}: free_of {unknown!r} is no universe"
        for attribute in self.attribute.values():
            if attribute.universe not in universes:
                yield f"populations.toml, attribute.{attribute.id}: {attribute.universe!r} is no universe"
            for unknown in sorted(set(attribute.free_of) - self.attribute.keys()):
                yield f"populations.toml, attribute.{attribute.id}: free_of {unknown!r} is no attribute"
        for name in self.population:
            yield from self._unknown_of(name)
        for rest in self.rest.values():
            for unknown in sorted(set(rest.owners or ()) - owners):
                yield f"populations.toml, rest.{rest.id}: {unknown!r} is not in codes/figure_owners.csv"
        if "other" not in self.rest or any((r.owners is None) != (r.id == "other") for r in self.rest.values()):
            yield "populations.toml: [rest.other] is for all pairs of owners that no other [rest] names"

    def _unknown_of(self, name: str) -> Iterable[str]:
        place = f"populations.toml, population.{name}"
        try:
            universe = self.universe_of(name)
        except ValueError as error:
            yield f"populations.toml, {error}"
            return
        if universe not in self.universe:
            yield f"{place}: {universe!r} is no universe"
        for asked, values in self.population[name].where.items():
            attribute = self.attribute.get(asked)
            if attribute is None or attribute.universe != universe:
                yield f"{place}: {asked!r} is no attribute of {universe}"
            elif isinstance(values, Ages) != (attribute.ages is not None):
                yield f"{place}: {asked!r} is not asked for as its attribute is told"
            elif not isinstance(values, Ages):
                yield from (f"{place}: {asked} has no value {v!r}" for v in values if v not in attribute.values)

    def _unknown_of_indicators(self, indicators: Mapping[str, Indicator]) -> Iterable[str]:
        for indicator in indicators.values():
            for named in (indicator.counts, indicator.among):
                if named is not None and named not in self.population:
                    yield f"indicators.toml, {indicator.id}: {named!r} is not in populations.toml"
