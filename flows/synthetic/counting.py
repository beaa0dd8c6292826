"""Every figure of some places: counted from persons, dwellings and answers, or drawn for those whom it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flows.synthetic import figures
from flows.synthetic.atoms import Division, divide
from flows.synthetic.census import Census
from flows.synthetic.expected import Expected, PlantedPath
from flows.synthetic.figures import Counts, Figure, generator
from flows.synthetic.parameters import Base, Truth, tied
from flows.synthetic.scale import Numbers
from schemas.indicators import Indicator
from schemas.registry import Registry

Where = tuple[slice, slice]


@dataclass(frozen=True)
class Basis:
    """Whom a figure is drawn for: its denominators, what is expected of it, and those among whom its count is drawn.

    `expected` is a part of the denominators, or an amount; `left` are those whom the shares beside it leave, and
    `part` the part of the denominators that they are expected to be.
    """

    n: Counts
    expected: Numbers
    left: Counts
    part: Numbers

    def at(self, where: Where) -> "Basis":
        """Some places and years."""
        return Basis(self.n[where], self.expected[where], self.left[where], self.part[where])

    def differs(self, other: "Basis") -> NDArray[np.bool_]:
        """(places, years) where it is not another one."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return np.asarray(np.any([own != others for own, others in pairs], axis=0))


@dataclass(frozen=True)
class Counting:
    """The figures of some places and years, worked out when asked for.

    Persons, dwellings and answers are drawn into the cells that the registry's populations cut, and a share is the
    count of one population among another. Events, amounts and full-time persons are no such counts: they are drawn for
    the population that stands in the denominator. `sizes` are residents and dwellings; `stream` sets the draws of these
    places apart from others'.
    """

    registry: Registry
    truth: Truth
    sizes: Mapping[str, Figure]
    expected: Expected
    seed: int
    stream: tuple[str, ...] = ()
    censuses: dict[str, Census] = field(default_factory=dict)
    known: dict[str, Figure] = field(default_factory=dict)

    def figure(self, name: str) -> Figure:
        """The figure of an indicator."""
        if name not in self.known:
            self.known[name] = (
                self._counted(name)
                or self._counted_elsewhere(name)
                or self._drawn(self.registry.indicators[name], self._basis(name), self.stream)
            )
        return self.known[name]

    def base_of(self, indicator: Indicator) -> tuple[Literal["residents", "dwellings"], Numbers]:
        """Of what the indicator's denominators are expected to be a part, and which part."""
        if indicator.among is None or not self._is_in_census(indicator.among):
            base = self.truth.base_of(indicator)
            return base.part_of, np.asarray(base.share)
        base = self._base_of(indicator.among)
        return base.part_of, base.share * self._census(indicator.among).mass(indicator.among)

    def along(self, paths: Sequence[PlantedPath]) -> "Counting":
        """With what is planted by `paths` in place of what was expected; only what hangs on it is drawn anew."""
        expected = self.expected.along(paths)
        made = replace(self, expected=expected, censuses={}, known={})
        for universe, census in self.censuses.items():
            inside = [path for path in paths if path.indicator in census.planted]
            made.censuses[universe] = census.drawn_anew(inside, made._share)
        for name, figure in self.known.items():
            if not self._is_drawn(name):
                continue
            basis = made._basis(name)
            changed = basis.differs(self._basis(name))
            parts = [None if part is None else part.copy() for part in vars(figure).values()]
            for place in np.flatnonzero(changed.any(axis=1)).tolist():
                where = (slice(place, place + 1), slice(int(changed[place].argmax()), None))
                stream = (*self.stream, "anew", str(place))
                new = made._drawn(self.registry.indicators[name], basis.at(where), stream)
                for old_part, new_part in zip(parts, vars(new).values(), strict=True):
                    if old_part is not None:
                        old_part[where] = new_part
            made.known[name] = Figure(*parts)  # type: ignore[arg-type]
        return made

    def _counted(self, name: str) -> Figure | None:
        """The figure of a population; None where the indicator counts none that lies in a census."""
        indicator = self.registry.indicators[name]
        if indicator.counts is None or not self._is_in_census(indicator.counts):
            return None
        if indicator.kind in ("share", "rate"):
            census, n = self._census(indicator.counts), self._n(indicator)
            among = self._planted.get(name, (None, None))[1]
            share = census.mass(indicator.counts)
            share = share / census.mass(among) if among else share * census.size / np.maximum(n, 1)
            return figures.counted(indicator, share, census.count(indicator.counts), n)
        if indicator.kind != "count":
            return None
        census, base = self._census(indicator.counts), self._base_of(indicator.counts)
        share, count = census.mass(indicator.counts), census.count(indicator.counts)
        if base.share == 1 and (share == 1).all():
            return self.sizes[base.part_of]
        return Figure(
            census.size * share, np.asarray(count, dtype=np.float64), np.sqrt(census.size * share * (1 - share))
        )

    def _counted_elsewhere(self, name: str) -> Figure | None:
        """The figure of events that another indicator was drawn for; None for the first that counts them."""
        indicator = self.registry.indicators[name]
        first = next((i for i in self._of_areas if i.counts is not None and i.counts == indicator.counts), indicator)
        if first.id == name:
            return None
        other = self.figure(first.id)
        count, expected = other.value, other.expected
        if other.numerator is not None and other.denominator is not None:
            count = np.asarray(other.numerator, dtype=np.float64)
            expected = expected / first.factor * other.denominator
        if indicator.kind == "count":
            return Figure(expected, count, np.sqrt(expected))
        n = self._n(indicator)
        return figures.counted(indicator, expected / np.maximum(n, 1), count.astype(np.int64), n)

    def _drawn(self, indicator: Indicator, basis: Basis, stream: tuple[str, ...]) -> Figure:
        """Counts, or an amount, around the expected values within the indicator's range."""
        chance = generator(self.seed, *stream, indicator.id, "draw")
        low, high, n = indicator.minimum, indicator.maximum, basis.n
        if indicator.kind == "count" or self.expected.levels[indicator.id].sum:
            expected = n * basis.expected
            count = np.clip(chance.poisson(expected), np.ceil(low), np.floor(high))
            return Figure(expected, count.astype(np.float64), np.sqrt(expected))
        if indicator.kind not in ("share", "rate"):
            spread = basis.expected * self.truth.noise.amount_sd / np.sqrt(np.maximum(n, 1))
            amount = np.clip(basis.expected + spread * chance.normal(size=n.shape), low, high)
            return Figure(basis.expected, amount, spread, None, n)
        if indicator.kind == "share":
            drawn = chance.binomial(basis.left, np.clip(basis.expected / basis.part, 0, 1))
        else:
            drawn = chance.poisson(n * basis.expected)
        limits = np.ceil(n * low / indicator.factor), np.floor(n * high / indicator.factor)
        return figures.counted(indicator, basis.expected, np.clip(drawn, *limits).astype(np.int64), n)

    def _basis(self, name: str) -> Basis:
        indicator, level = self.registry.indicators[name], self.expected.levels[name]
        n = self._n(indicator)
        expected = self.expected[name] / (indicator.factor if indicator.kind in ("share", "rate") else 1)
        others = {*tied(level)}
        if not level.within:
            others |= {other for other in self._planted if name in self.expected.levels[other].beside}
        shares = [self.figure(other) for other in sorted(others)]
        persons = sum((share.numerator for share in shares if share.numerator is not None), start=n * 0)
        part = sum((share.expected / 100 for share in shares), start=np.zeros(n.shape))
        return Basis(n, expected, persons, part) if level.within else Basis(n, expected, n - persons, 1 - part)

    def _n(self, indicator: Indicator) -> Counts:
        """Those in the denominator, or those whom an amount is a mean of."""
        if indicator.among is not None and self._is_in_census(indicator.among):
            return self._census(indicator.among).count(indicator.among)
        return self._part(self.truth.base_of(indicator))

    def _part(self, base: Base) -> Counts:
        """So large a part of the residents or dwellings, the same for everything that is asked of it."""
        whole = self.sizes[base.part_of].value
        if base.share == 1:
            return whole.astype(np.int64)
        chance = generator(self.seed, *self.stream, "base", base.part_of, f"{base.share:g}")
        share = np.minimum(base.share * np.exp(chance.normal(0, 0.04, len(whole))), 1)
        return np.maximum(np.rint(whole * share[:, None]), 1).astype(np.int64)

    def _is_in_census(self, population: str) -> bool:
        return self._divisions[self.registry.populations.universe_of(population)].is_whole

    def _base_of(self, population: str) -> Base:
        """How many members its universe has."""
        return self.truth.universe.get(self.registry.populations.universe_of(population), Base(part_of="residents"))

    def _census(self, population: str) -> Census:
        universe = self.registry.populations.universe_of(population)
        if universe not in self.censuses:
            planted = {
                name: pair
                for name, pair in self._planted.items()
                if self.registry.populations.universe_of(pair[0]) == universe
            }
            size = self._part(self._base_of(population))
            self.censuses[universe] = Census(
                self._divisions[universe], size, planted, self._share, self.seed, self.stream
            )
        return self.censuses[universe]

    @cached_property
    def _of_areas(self) -> list[Indicator]:
        return [indicator for indicator in self.registry.indicators.values() if indicator.of_areas]

    @cached_property
    def _divisions(self) -> dict[str, Division]:
        populations = self.registry.populations
        return {universe: divide(populations, universe, self.truth.commonness) for universe in populations.universe}

    @cached_property
    def _planted(self) -> dict[str, tuple[str, str]]:
        """The figures whose count is a part of their base: the population, and the one among which it is.

        Raises ValueError for a share of which it is none.
        """
        made = {}
        for indicator in self._of_areas:
            counts, among = indicator.counts, indicator.among
            if counts is None or among is None or not self._is_in_census(counts):
                continue
            lies = self.registry.populations.between(counts, among)
            if lies in ("within", "the same"):
                made[indicator.id] = counts, among
            elif indicator.kind == "share":
                raise ValueError(f"{indicator.id}: {counts} is no part of {among}, but {lies}")
        return made

    def _share(self, name: str) -> Numbers:
        return self.expected[name] / self.registry.indicators[name].factor

    def _is_drawn(self, name: str) -> bool:
        return self._counted(name) is None and self._counted_elsewhere(name) is None
