"""The finest cells that the populations of the registry cut a universe into: by its hub, and block by block within."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from schemas.populations import Populations
from schemas.relations import Value, alike, blocks_of, holds, hub_of

Mask = NDArray[np.bool_]
# How common a value is beside the others of its attribute where nothing is planted.
Commonness = Callable[[Value], float]
EVERYBODY = "everybody"


@dataclass(frozen=True)
class Block:
    """Attributes that are asked for together, as cells within classes of the hub.

    classes: (classes, cells of the hub) which of these a class is made of. class_of: (cells,) the class of each cell.
    weights: (cells,) its part of its class where nothing is planted. members: per population the cells that it is made
    of.
    """

    name: str
    classes: Mask
    class_of: NDArray[np.intp]
    weights: NDArray[np.float64]
    members: Mapping[str, Mask]

    @property
    def is_of_everybody(self) -> bool:
        """Whether its only class is everybody, so that it asks nothing of the hub."""
        return bool(len(self.classes) == 1 and self.classes.all())


@dataclass(frozen=True)
class Division:
    """A universe in cells: those of the hub, and those of each block.

    Members of a class of the hub have their values in one block whatever they have in another: the registry says of all
    others that they are free of each other.
    """

    universe: str
    hub: Block
    blocks: tuple[Block, ...]

    @property
    def is_whole(self) -> bool:
        """Whether one of its populations is everybody, so that it can be cut."""
        return any(cells.all() for cells in self.hub.members.values())

    def block_of(self, population: str) -> Block:
        """The block whose cells add up to a population."""
        return next(block for block in (self.hub, *self.blocks) if population in block.members)


def divide(populations: Populations, universe: str, common: Commonness) -> Division:
    """The cells of a universe, cut by all its populations."""
    regions = {
        name: populations.regions[name] for name in populations.population if populations.universe_of(name) == universe
    }
    hub = hub_of(regions)
    every = frozenset(populations.attribute[hub].domain) if hub else frozenset[Value]([EVERYBODY])
    within = {name: region.get(hub, every) if hub else every for name, region in regions.items()}
    cells = alike(every, list(within.values()))
    sizes = np.array([sum(common(value) for value in cell) for cell in cells])
    margin = {
        name: np.array([cell <= within[name] for cell in cells])
        for name, region in regions.items()
        if not region.keys() - {hub}
    }
    whole = np.ones((1, len(cells)), dtype=np.bool_)
    first = Block(hub or EVERYBODY, whole, np.zeros(len(cells), dtype=np.intp), sizes / sizes.sum(), margin)
    blocks = []
    for attributes in blocks_of(regions, hub):
        inside = {name: within[name] for name, region in regions.items() if region.keys() & set(attributes)}
        combinations = list(product(*(populations.attribute[each].domain for each in attributes)))
        common_ones = {c: prod(map(common, c)) for c in combinations}
        classes: list[list[bool]] = []
        class_of: list[int] = []
        weights: list[float] = []
        members: dict[str, list[bool]] = {name: [] for name in inside}
        for values in alike(every, list(inside.values())):
            present = {
                name: {c for c in combinations if holds(regions[name], attributes, c)}
                for name in inside
                if values <= inside[name]
            }
            for group in alike(combinations, list(present.values())) if present else ():
                class_of.append(len(classes))
                weights.append(sum(common_ones[c] for c in group) / sum(common_ones.values()))
                for name in inside:
                    members[name].append(name in present and group <= present[name])
            if present:
                classes.append([cell <= values for cell in cells])
        blocks.append(
            Block(
                "/".join(attributes),
                np.array(classes),
                np.array(class_of, dtype=np.intp),
                np.array(weights),
                {name: np.array(held) for name, held in members.items()},
            )
        )
    return Division(universe, first, tuple(blocks))
