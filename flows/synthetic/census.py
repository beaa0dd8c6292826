"""The members of a universe, drawn into its finest cells: populations are counted by adding cells up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from flows.synthetic.atoms import Block, Division
from flows.synthetic.expected import PlantedPath
from flows.synthetic.figures import Counts, generator
from flows.synthetic.raking import Portion, rake
from flows.synthetic.scale import Numbers


@dataclass(frozen=True)
class Drawn:
    """What the cells of a block are expected to be, as shares of everybody, and how many are in them.

    Both are (cells, places, years).
    """

    shares: Numbers
    counts: Counts


@dataclass(frozen=True)
class Census:
    """A universe of some places and years.

    Its members are drawn one like the other: into the cells of the hub, and within each class of these into the cells
    of each block. So every population is binomial in every other one that it lies in, and all that follows from what
    populations are is true of their counts. Blocks are drawn when they are first asked for, each by a stream of its
    own. `planted` names, by indicator, the population that is counted and the one among which it is a share, and
    `expected` gives that share, from 0 to 1.
    """

    division: Division
    size: Counts
    planted: Mapping[str, tuple[str, str]]
    expected: Callable[[str], Numbers]
    seed: int
    stream: tuple[str, ...]
    drawn: dict[str, Drawn] = field(default_factory=dict)

    def count(self, population: str) -> Counts:
        """How many there are, (places, years)."""
        block = self.division.block_of(population)
        if self._is_everybody(block, population):
            return self.size
        return np.asarray(self._of(block).counts[block.members[population]].sum(axis=0))

    def mass(self, population: str) -> Numbers:
        """The part of everybody that a population is expected to be, from 0 to 1."""
        block = self.division.block_of(population)
        if self._is_everybody(block, population):
            return np.ones(self.size.shape)
        return np.asarray(self._of(block).shares[block.members[population]].sum(axis=0))

    def drawn_anew(self, paths: Iterable[PlantedPath], expected: Callable[[str], Numbers]) -> "Census":
        """With what `expected` says now, which differs on `paths`; only the cells that hang on them are drawn anew."""
        first: dict[str, dict[int, int]] = {}
        for path in paths:
            for block in self._hanging_on(self.division.block_of(self.planted[path.indicator][0])):
                columns = first.setdefault(block.name, {})
                columns[path.place] = min(columns.get(path.place, path.column), path.column)
        drawn = {n: Drawn(d.shares.copy(), d.counts.copy()) if n in first else d for n, d in self.drawn.items()}
        made = replace(self, expected=expected, drawn=drawn)
        for block in (each for each in (self.division.hub, *self.division.blocks) if each.name in first):
            columns = first[block.name]
            places = np.array(sorted(columns), dtype=np.intp)
            shares, there = made._shares(block, places), made._there(block, places)
            for at, place in enumerate(places.tolist()):
                later = (slice(None), slice(at, at + 1), slice(columns[place], None))
                chance = self._chance(block, "anew", str(place))
                drawn[block.name].shares[:, place : place + 1, columns[place] :] = shares[later]
                drawn[block.name].counts[:, place : place + 1, columns[place] :] = scattered(
                    shares[later], block.class_of, there[later], chance
                )
        return made

    def _is_everybody(self, block: Block, population: str) -> bool:
        return block is self.division.hub and bool(block.members[population].all())

    def _hanging_on(self, block: Block) -> list[Block]:
        """The blocks that were drawn which another share in `block` changes."""
        others = (
            [each for each in self.division.blocks if not each.is_of_everybody] if block is self.division.hub else []
        )
        return [each for each in (block, *others) if each.name in self.drawn]

    def _of(self, block: Block) -> Drawn:
        if block.name not in self.drawn:
            every = np.arange(len(self.size))
            shares = self._shares(block, every)
            counts = scattered(shares, block.class_of, self._there(block, every), self._chance(block))
            self.drawn[block.name] = Drawn(shares, counts)
        return self.drawn[block.name]

    def _chance(self, block: Block, *stream: str) -> np.random.Generator:
        return generator(self.seed, *self.stream, *stream, "census", self.division.universe, block.name)

    def _shares(self, block: Block, places: NDArray[np.intp]) -> Numbers:
        """What the cells of a block are expected to be in some places: what is planted, raked."""
        size = self.size[places]
        classes = np.ones((1, *size.shape))
        if block is not self.division.hub and not block.is_of_everybody:
            shares = self._of(self.division.hub).shares[:, places]
            classes = np.stack([shares[cells].sum(axis=0) for cells in block.classes])
        flat = classes.reshape(len(classes), -1)
        start = block.weights[:, None] * flat[block.class_of]
        return rake(start, block.class_of, flat, self._portions(block, places)).reshape(-1, *size.shape)

    def _there(self, block: Block, places: NDArray[np.intp]) -> Counts:
        """How many members the classes of a block have in some places."""
        if block is self.division.hub or block.is_of_everybody:
            return self.size[None, places]
        counts = self._of(self.division.hub).counts[:, places]
        return np.stack([counts[cells].sum(axis=0) for cells in block.classes])

    def _portions(self, block: Block, places: NDArray[np.intp]) -> list[Portion]:
        """What is planted in a block; shares of one base that exclude each other are one portion."""
        groups: list[tuple[str, dict[str, str]]] = []
        for name, (counts, among) in self.planted.items():
            same = [parts for base, parts in groups if base == among]
            if counts not in block.members or counts == among or any(counts in parts for parts in same):
                continue  # not here, or said before: of two shares of one population among another the first stands
            apart = (
                parts
                for parts in same
                if not any((block.members[part] & block.members[counts]).any() for part in parts)
            )
            if (room := next(apart, None)) is not None:
                room[counts] = name
            else:
                groups.append((among, {counts: name}))
        return [self._portion(block, places, among, parts) for among, parts in groups]

    def _portion(self, block: Block, places: NDArray[np.intp], among: str, parts: Mapping[str, str]) -> Portion:
        inside = [
            (np.flatnonzero(block.members[counts]), self.expected(name)[places].ravel())
            for counts, name in parts.items()
        ]
        if among in block.members:
            return Portion(np.flatnonzero(block.members[among]), inside, None)
        touched = block.class_of[np.concatenate([cells for cells, _ in inside])]
        return Portion(np.flatnonzero(np.isin(block.class_of, touched)), inside, self.mass(among)[places].ravel())


def scattered(shares: Numbers, class_of: NDArray[np.intp], there: Counts, chance: np.random.Generator) -> Counts:
    """Members of each class (classes, ...) drawn into its cells (cells, ...): multinomial, cell after cell."""
    counts = np.zeros(shares.shape, dtype=np.int64)
    for number, members in enumerate(there):
        cells = np.flatnonzero(class_of == number)
        left, mass = members, shares[cells].sum(axis=0)
        for cell in cells[:-1]:
            part = np.divide(shares[cell], mass, out=np.zeros_like(mass), where=mass > 0)
            counts[cell] = chance.binomial(left, np.clip(part, 0, 1))
            left, mass = left - counts[cell], mass - shares[cell]
        counts[cells[-1]] = left
    return counts
