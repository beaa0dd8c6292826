"""Which counts of populations add up to which: all that follows from what the populations are, and nothing else.

A population is a set of a universe's members, told by the values that it allows of each attribute. The populations cut
the universe into atoms, the finest cells: of a member all that counts is which populations hold it. Counts are possible
together where there are whole numbers of members, none below 0, in the atoms that add up to them. So relations that
have the atoms in them say all there is to say: differences, parts that make up a whole, what excludes each other, what
is never more than another.

The atoms of all attributes together would be too many, and need not be told apart. One attribute, the hub (age), is
used with others; these are not used with each other, or else they are one block. Members of one class of the hub can be
given their values in one block whatever they have in another, so that the tables hub x block, which agree on the hub,
are possible together whenever each of them is (an acyclic collection of bags is consistent where its pairs are:
Atserias & Kolaitis 2021, Structure and complexity of bag consistency).
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import TypeAlias, TypeVar

Value: TypeAlias = int | str
Region: TypeAlias = Mapping[str, frozenset[Value]]  # attribute: the values that it allows; any where it is absent
E = TypeVar("E", bound=Hashable)


@dataclass(frozen=True)
class Relation:
    """The count of `whole` is the sum of those of `parts`: populations or rests, by their names."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Relations:
    """All that holds between the counts of populations.

    `rests` are counts of what is no population of these: whole numbers, 0 or more. Those in `determined` follow from
    the counts of the populations, as their differences do.
    """

    rows: tuple[Relation, ...]
    rests: tuple[str, ...]
    determined: frozenset[str]

    def not_counting(self, names: Collection[str]) -> "Relations":
        """The same where nobody counts these populations: they are rests, drawn together with one that stands beside
        them alone."""
        times = Counter(name for row in self.rows for name in (row.whole, *row.parts))
        lone = {name for name in (*self.rests, *names) if times[name] == 1}
        rows = []
        for row in self.rows:
            beside = [part for part in row.parts if part in lone and part not in names]
            parts = tuple(part for part in row.parts if not (beside and part in lone and part in names))
            if not (len(parts) == 1 and parts[0] in lone):
                rows.append(Relation(row.whole, parts))
        return _tidy(rows, times.keys() - {*self.rests, *names})


def derive(populations: Mapping[str, Region], domains: Mapping[str, Sequence[Value]], everyone: str) -> Relations:
    """The relations between populations of one universe, of which `domains` are the attributes with all their values.

    `everyone` names the universe in the names of rests. Raises ValueError for a population of nobody.
    """
    if empty := sorted(name for name, region in populations.items() if not all(region.values())):
        raise ValueError(f"{', '.join(empty)}: nobody can be in it")
    hub = hub_of(populations)
    every = frozenset(domains[hub]) if hub else frozenset[Value]([0])
    within = {name: region.get(hub, every) if hub else every for name, region in populations.items()}
    margin = {name: within[name] for name, region in populations.items() if not region.keys() - {hub}}

    def class_words(values: Collection[Value]) -> str:
        return everyone if len(values) == len(every) else f"{everyone}: {hub} {words(values)}"

    rows: list[Relation] = []
    for block in blocks_of(populations, hub):
        inside = {name: region for name, region in populations.items() if region.keys() & set(block)}
        combinations = list(product(*(domains[attribute] for attribute in block)))
        named: dict[str, frozenset[tuple[str, tuple[Value, ...]]]] = dict.fromkeys(inside, frozenset())
        for values in alike(every, [within[name] for name in inside]):
            present = [name for name in inside if values <= within[name]]
            if not present:
                continue
            whole = next((name for name, held in margin.items() if held == values), class_words(values))
            margin.setdefault(whole, values)
            named[whole] = frozenset((whole, combination) for combination in combinations)
            for name in present:
                held = (combination for combination in combinations if holds(inside[name], block, combination))
                named[name] |= {(whole, combination) for combination in held}

        def block_words(atoms: Collection[tuple[str, tuple[Value, ...]]], block: tuple[str, ...] = block) -> str:
            wholes = {whole: [c for w, c in atoms if w == whole] for whole, _ in atoms}
            held = {whole: words(["/".join(map(str, c)) for c in cs]) for whole, cs in wholes.items()}
            return " or ".join(f"{whole}, {'/'.join(block)} {held[whole]}" for whole in sorted(wholes))

        rows += _rows(named, populations, block_words)
    rows += _rows(margin, populations, class_words)
    return _tidy(rows, populations)


def words(values: Iterable[Value]) -> str:
    """Values in words: numbers as ranges."""
    numbers = sorted(value for value in values if isinstance(value, int))
    starts = [number for number in numbers if number - 1 not in numbers]
    ends = [number for number in numbers if number + 1 not in numbers]
    ranges = [f"{start}-{end}" if start < end else str(start) for start, end in zip(starts, ends, strict=True)]
    return " or ".join([*ranges, *sorted(value for value in values if isinstance(value, str))])


def hub_of(populations: Mapping[str, Region]) -> str | None:
    """The attribute that most populations ask for."""
    asked = [attribute for region in populations.values() for attribute in region]
    return min(asked, key=lambda attribute: (-asked.count(attribute), attribute), default=None)


def blocks_of(populations: Mapping[str, Region], hub: str | None) -> list[tuple[str, ...]]:
    """The other attributes, those together that are asked for together."""
    blocks: list[set[str]] = []
    for region in populations.values():
        joined = set(region) - {hub or ""}
        if joined:
            for block in [block for block in blocks if block & joined]:
                blocks.remove(block)
                joined |= block
            blocks.append(joined)
    return sorted(tuple(sorted(block)) for block in blocks)


def alike(values: Iterable[E], sets: Sequence[Collection[E]]) -> list[frozenset[E]]:
    """The values that no set tells apart, together."""
    groups: dict[tuple[bool, ...], list[E]] = {}
    for value in sorted(values, key=str):
        groups.setdefault(tuple(value in held for held in sets), []).append(value)
    return [frozenset(group) for group in groups.values()]


def holds(region: Region, block: Sequence[str], combination: Sequence[Value]) -> bool:
    pairs = zip(block, combination, strict=True)
    return all(attribute not in region or value in region[attribute] for attribute, value in pairs)


def _rows(
    named: Mapping[str, frozenset[E]], populations: Collection[str], name_of: Callable[[Collection[E]], str]
) -> list[Relation]:
    """Each set as the sum of the largest of the others that fit into it, populations first, and of what is left.

    What no set tells apart is one rest. Of sets that are the same the others are equal to the first.
    """
    first: dict[frozenset[E], str] = {}
    equal: list[Relation] = []
    for name, held in named.items():
        if first.setdefault(held, name) != name:
            equal.append(Relation(name, (first[held],)))
    parts: dict[str, list[str]] = {}
    left: dict[str, frozenset[E]] = {}
    by_size = sorted(first, key=lambda held: (first[held] not in populations, -len(held), first[held]))
    for whole in by_size:
        rest, inside = whole, list[str]()
        for held in by_size:
            if held < whole and held <= rest:
                rest -= held
                inside.append(first[held])
        parts[first[whole]], left[first[whole]] = inside, rest
    for group in alike(frozenset[E]().union(*left.values()), list(left.values())):
        holders = [name for name in left if group <= left[name]]
        # A set that is itself one of the finest cells names it.
        owner = next((name for name in holders if not parts[name] and left[name] == group), None)
        for name in holders:
            if name != owner:
                parts[name].append(owner or name_of(group))
    return [*equal, *(Relation(name, tuple(inside)) for name, inside in parts.items() if inside)]


def _tidy(rows: Sequence[Relation], populations: Collection[str]) -> Relations:
    """Without relations that say nothing: how a rest is made up that stands in no other."""
    kept = list(rows)
    while True:
        names = [name for row in kept for name in (row.whole, *row.parts)]
        idle = [row for row in kept if row.whole not in populations and names.count(row.whole) == 1]
        if not idle:
            break
        kept = [row for row in kept if row not in idle]
    rests = tuple(dict.fromkeys(name for name in names if name not in populations))
    return Relations(tuple(kept), rests, _determined(kept, rests))


def _determined(rows: Sequence[Relation], rests: Sequence[str]) -> frozenset[str]:
    """Rests that are a linear combination of the populations' counts: by elimination, in fractions."""
    matrix = [[Fraction(row.parts.count(rest) - (row.whole == rest)) for rest in rests] for row in rows]
    done = 0
    for column in range(len(rests)):
        pivot = next((place for place in range(done, len(matrix)) if matrix[place][column]), None)
        if pivot is None:
            continue
        matrix[done], matrix[pivot] = matrix[pivot], matrix[done]
        lead = matrix[done] = [entry / matrix[done][column] for entry in matrix[done]]
        for place, row in enumerate(matrix):
            if place != done and row[column]:
                matrix[place] = [entry - row[column] * own for entry, own in zip(row, lead, strict=True)]
        done += 1
    alone = ([place for place, entry in enumerate(row) if entry] for row in matrix)
    return frozenset(rests[places[0]] for places in alone if len(places) == 1)
