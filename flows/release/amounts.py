"""Which means of money are told: by how many make them up, and by what the two largest of these hold.

Whoever is one of the two largest knows the other one nearly where both hold nearly all (the rule of dominance:
Hundepool et al., Statistical Disclosure Control, 2012, 4.2.1). How many make up an amount is told to nobody, but many
can guess it; so readers are taken to know it, and with the means the amounts. What a larger place's leaves of it
beside those inside it that are told is therefore held to the same rule. The two largest of that rest hold no more than
the two largest of the whole.

What readers have stays as it is: a revision is held back, since it may be of one person, and beside what was revised
or is delivered without its contributors now nothing new is told. Of areas that lie within each other or overlap one is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from flows.release import floors
from flows.release.cells import Key
from flows.release.scope import COUNTRY, Scope
from schemas.disclosure import Amounts
from schemas.registry import Registry

Place = tuple[str, str]  # kind of place, place


class Amount(NamedTuple):
    """A mean of money (`value`), the DKK behind it, and the reason why its area gets no figure."""

    place: Place
    year: int
    indicator: str
    value: float
    contributors: int
    total: int
    largest_two: int
    withheld: str | None = None

    @property
    def key(self) -> Key:
        """What it is called in a release."""
        return Key(*self.place, self.year, self.indicator, "value")


@dataclass(frozen=True)
class ClearedAmounts:
    """The means that readers have, the marks of those that they have not, and those of which they keep an older one."""

    means: Mapping[Key, float]
    marks: Mapping[Key, str]
    held: tuple[Key, ...]


def clear(
    amounts: Iterable[Amount],
    rule: Amounts,
    inside: Mapping[Place, Sequence[Place]],
    related: Iterable[tuple[str, str]],
    before: Mapping[Key, float],
) -> ClearedAmounts:
    """The amounts that may be told beside those that readers have (`before`).

    `inside` has the places of which each larger one consists, the smaller of the larger ones first; `related` are areas
    that lie within each other or overlap.
    """
    means: dict[Key, float] = dict(before)
    marks: dict[Key, str] = {}
    held: list[Key] = []
    groups: dict[tuple[int, str], dict[Place, Amount]] = {}
    for amount in amounts:
        groups.setdefault((amount.year, amount.indicator), {})[amount.place] = amount
    pairs = [(("area", area), ("area", other)) for area, other in related if area != other]
    for (year, indicator), group in groups.items():
        had = {key[:2]: value for key, value in before.items() if key[2:4] == (year, indicator)}
        changed = {place for place, value in had.items() if place not in group or group[place].value != value}
        chosen = set(had) if changed else _Choice(group, rule, inside, set(had)).chosen(pairs)
        for place, amount in group.items():
            if place in changed:
                held.append(amount.key)
            elif place in chosen:
                means[amount.key] = amount.value
            else:
                marks[amount.key] = amount.withheld or "hidden"
    return ClearedAmounts(means, marks, tuple(sorted(held)))


def cleared(
    marts: Mapping[str, pl.DataFrame], registry: Registry, year: int, asked: Scope, before: Mapping[Key, float]
) -> ClearedAmounts:
    """The means of money of a year that may be told of the places of a scope, where `marts` has amounts of it.

    `before` are those of the year that readers have.
    """
    homes = dict(marts["dim_areas"].select("area_id", "municipality_code").iter_rows())
    regions = dict(marts["dim_municipalities"].select("municipality_code", "region_code").iter_rows())
    inside: dict[Place, list[Place]] = {}
    for kind, larger in (("area", ("municipality", homes)), ("municipality", ("region", regions))):
        for part, whole in sorted(larger[1].items()):
            inside.setdefault((larger[0], whole), []).append((kind, part))
    inside["country", COUNTRY] = [place for place in inside if place[0] == "region"]
    related = [(row["area_id"], row["listed_as"]) for row in registry.codes["area_relations"]]
    found = _amounts(marts, registry, year, asked)
    return clear(found, registry.disclosure.amounts, inside, related, before)


def _amounts(marts: Mapping[str, pl.DataFrame], registry: Registry, year: int, asked: Scope) -> list[Amount]:
    """Those of a year that a release could show: of places of a scope, and not published by their source."""
    profile = marts["area_profile"].filter(pl.col("year") == year, pl.col("value").is_not_null())
    sizes = floors.reasons(marts, profile, registry)
    repeated = set(profile.filter(pl.col("repeats_year").is_not_null()).select("area_id", "indicator").iter_rows())
    shown = {"area": asked.areas, "municipality": asked.municipalities, "region": asked.regions, "country": {COUNTRY}}
    of_year = marts["amount_contributors"].filter(pl.col("year") == year, pl.col("window_years") == 1)
    found = []
    for row in of_year.sort("geography", "geography_id", "indicator").iter_rows(named=True):
        kind, name, indicator = row["geography"], row["geography_id"], registry.indicators[row["indicator"]]
        is_published = registry.sources[row["source"]].already_published
        if indicator.count_basis != "money" or is_published or name not in shown.get(kind, ()):
            continue
        if kind != "area" or (name, indicator.id) not in repeated:
            withheld = sizes.get((name, year), "size_unknown") if kind == "area" else None
            behind = row["contributors"], row["amount_total"], row["largest_two"]
            found.append(Amount((kind, name), year, indicator.id, row["value"], *behind, withheld))
    return found


@dataclass
class _Choice:
    """The amounts of one year and indicator by place, and the places of which readers have one."""

    amounts: Mapping[Place, Amount]
    rule: Amounts
    inside: Mapping[Place, Sequence[Place]]
    had: set[Place]
    shown: set[Place] = field(init=False)

    def chosen(self, related: Sequence[tuple[Place, Place]]) -> set[Place]:
        """The places whose amount may be told."""
        self.shown = {place for place, amount in self.amounts.items() if self._may_be_told(amount)} | self.had
        for pair in related:
            if self.shown.issuperset(pair):
                self.shown -= {next((place for place in pair if place not in self.had), pair[0])} - self.had
        for place in self.inside:
            if place in self.shown and not self._leaves_enough(place):
                # What readers have of the larger place cannot be taken back.
                self.shown -= set(self._told_inside(place)) - self.had if place in self.had else {place}
        return self.shown

    def _may_be_told(self, amount: Amount) -> bool:
        return amount.withheld is None and self._is_enough(amount.contributors, amount.total, amount.largest_two)

    def _is_enough(self, contributors: int, total: int, largest_two: int) -> bool:
        return contributors >= self.rule.contributors and largest_two < self.rule.largest_two * total

    def _leaves_enough(self, place: Place) -> bool:
        """Whether what is told inside a place leaves an amount of it that may be told, or nothing."""
        whole, parts = self.amounts[place], [self.amounts[part] for part in self._told_inside(place)]
        contributors = whole.contributors - sum(part.contributors for part in parts)
        total = whole.total - sum(part.total for part in parts)
        return not parts or contributors == total == 0 or self._is_enough(contributors, total, whole.largest_two)

    def _told_inside(self, place: Place) -> list[Place]:
        """The largest places inside one that are told."""
        found: list[Place] = []
        for part in self.inside.get(place, ()):
            found += [part] if part in self.shown else self._told_inside(part)
        return found
