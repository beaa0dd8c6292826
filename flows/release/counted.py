"""What readers know of the counts of one place and year from whom they count: the relations of the registry as sums.

The finest cells are in no table: a whole-number table of them that fits the figures is looked for, and stands in for
the true one. Where none fits, the figures are of other days, sources or corrections: the fewest of them are given an
unknown rest, which lies within what the registry declares for their owners. A figure that lies further from all others
stands outside the relations, which is told.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from flows.release.cells import Cell, Key, Sum
from flows.release.programs import Program
from schemas.populations import Populations
from schemas.relations import Relation, Relations

ORDER = {"count": 0, "denominator": 1, "numerator": 2}


@dataclass
class Within:
    """The relations of one place and year: sums, the latent cells that they need, what is not exact or nearly so."""

    rests: list[Cell] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    not_exact: list[str] = field(default_factory=list)
    nearly_exact: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ToldShare:
    """A share that is published without its counts: the population that has it, the one it is a share of, and as many
    percent as are printed, with so many decimals."""

    indicator: str
    counts: str
    among: str
    percent: float
    decimals: int

    def span(self, base: int) -> tuple[int, int]:
        """The least and the most of a base that round to the share; the most is less where none do."""
        half = 0.5 * 10.0**-self.decimals + 1e-9
        least = math.ceil(base * (self.percent - half) / 100)
        return max(least, 0), min(math.floor(base * (self.percent + half) / 100), base)


@dataclass(frozen=True)
class Published:
    """What anybody knows of a place and year besides its cells: shares without counts, and counts by population."""

    shares: tuple[ToldShare, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


def relate(
    counting: Mapping[str, Sequence[Key]],
    cells: Mapping[Key, Cell],
    owners: Mapping[Key, str | None],
    populations: Populations,
    shares: Collection[tuple[str, str]] = (),
    published: Published = Published(),
) -> Within:
    """All that holds between the cells of one place and year, by the population that each counts.

    `shares` are the populations, (part, whole), of shares whose parts make up their base in sums of their own;
    `published` is known, whatever is hidden.
    """
    within = Within()
    first = {name: _most_told(keys, cells) for name, keys in counting.items()}
    place = _Place(within, cells, owners, populations)
    spans = place.spans(published.shares, first)
    place.elsewhere(published, first)
    for name, keys in counting.items():
        for key in keys:
            if key != first[name]:
                place.equal(name, first[name], key)
    for relations in populations.relations([*counting, *spans]):
        useful = without_shares(relations, shares)
        if useful.rows:
            place.relations(useful, first, spans)
    return within


def without_shares(relations: Relations, shares: Collection[tuple[str, str]]) -> Relations:
    """The relations without those that say no more than that the parts of a share, (part, whole), make up its base."""
    times = Counter(name for row in relations.rows for name in (row.whole, *row.parts))
    lone = [
        row
        for row in relations.rows
        if len(row.parts) == 2
        and (row.parts[0], row.whole) in shares
        and row.parts[1] in relations.rests
        and times[row.parts[1]] == 1
    ]
    rests = {row.parts[1] for row in lone}
    return Relations(
        tuple(row for row in relations.rows if row not in lone),
        tuple(rest for rest in relations.rests if rest not in rests),
        relations.determined - rests,
    )


def _most_told(keys: Sequence[Key], cells: Mapping[Key, Cell]) -> Key:
    """Of the cells that count one population one with the count that most have."""
    times = Counter(cells[key].value for key in keys)
    return min(keys, key=lambda key: (-times[cells[key].value], ORDER.get(key.part, 9), key))


@dataclass
class _Place:
    """One place and year while its relations are making."""

    within: Within
    cells: Mapping[Key, Cell]
    owners: Mapping[Key, str | None]
    populations: Populations

    def equal(self, name: str, first: Key, other: Key) -> None:
        """Two cells that count the same population."""
        words = f"{_words(other)} is {_words(first)}: {self.populations.population[name].label}"
        if self.cells[first].value == self.cells[other].value:
            self.within.sums.append(Sum(words, first, (other,)))
        else:
            self._nearly(words, other, self.cells[first], [first])

    def spans(self, published: Iterable[ToldShare], first: Mapping[str, Key]) -> dict[str, tuple[ToldShare, int, int]]:
        """What shares without counts leave open of the populations that no cell counts."""
        spans: dict[str, tuple[ToldShare, int, int]] = {}
        for share in published:
            if share.counts in first or share.among not in first:
                continue
            least, most = share.span(self.cells[first[share.among]].value)
            if least > most:
                words = f"{share.indicator} is no share of {_words(first[share.among])}"
                self.within.not_exact.append(f"{words}: no count rounds to it")
            else:
                spans[share.counts] = share, least, most
        return spans

    def elsewhere(self, published: Published, first: Mapping[str, Key]) -> None:
        """What others have published of populations of which a cell is not known."""
        for name, count in published.counts.items():
            if name in first and self.cells[first[name]].standing != "known":
                self._count_elsewhere(first[name], count)
        for share in published.shares:
            if {share.counts, share.among} <= first.keys() and self.cells[first[share.counts]].standing != "known":
                self._share_elsewhere(share, first[share.counts], first[share.among])

    def _count_elsewhere(self, own: Key, count: int) -> None:
        if self.cells[own].value != count:
            self.within.not_exact.append(f"{_words(own)} is published as another count")
            return
        key = own._replace(geography="part", indicator=f"{own.indicator}, as published elsewhere")
        self.within.rests.append(Cell(key, count, 1, "known"))
        self.within.sums.append(Sum(f"{_words(own)} is published", own, (key,)))

    def _share_elsewhere(self, share: ToldShare, own: Key, base: Key) -> None:
        """The cell is a count that rounds to the share; of another day or source where none does, and near it."""
        value, whole = self.cells[own].value, self.cells[base].value
        least, most = share.span(whole)
        if not least <= value <= most:
            bound = self.populations.rest_between(self.owners.get(own), None).bound(value)
            least, most = max(least - bound, 0), min(most + bound, whole)
            if not least <= value <= most:
                self.within.not_exact.append(f"{_words(own)} is published as another share of {_short(base)}")
                return
            self.within.nearly_exact.append(f"{_words(own)} is nearly the published share of {_short(base)}")
        key = self._spanned(share, value, least, most, base)
        self.within.sums.append(Sum(f"{_words(own)}: the published share", own, (key,)))

    def _spanned(self, share: ToldShare, count: int, least: int, most: int, base: Key) -> Key:
        """A latent cell for what a share without its count leaves open: its bounds, and those of the others."""
        own, others = (
            Key(base.geography, base.geography_id, base.year, f"{share.indicator}, by its share{what}")
            for what in ("", " (the others)")
        )
        whole = self.cells[base].value
        self.within.rests.append(Cell(own, count, 1, "latent", upper=most))
        self.within.rests.append(Cell(others, whole - count, 1, "latent", upper=whole - least))
        self.within.sums.append(Sum(f"{_words(own)}: the published share of {_short(base)}", base, (own, others)))
        return own

    def relations(
        self, relations: Relations, first: Mapping[str, Key], spans: Mapping[str, tuple[ToldShare, int, int]]
    ) -> None:
        """The relations of one universe, by the first cell of each population; of `spans` no cell counts them."""
        named = {name for row in relations.rows for name in (row.whole, *row.parts)} - set(relations.rests)
        spanned = {name: spans[name] for name in sorted(named & spans.keys())}
        names = sorted(named - spans.keys())
        if not names:
            return
        counts = {name: self.cells[first[name]].value for name in names}
        table, fitted = fit(relations, counts, {name: (least, most) for name, (_, least, most) in spanned.items()})
        kept = {name: first[name] for name in names}
        k = max(self.cells[key].k for key in kept.values())
        is_known = all(self.cells[key].standing == "known" for key in kept.values())
        for name, (share, least, most) in spanned.items():
            kept[name] = self._spanned(share, table[name], least, most, first[share.among])
        sample = first[names[0]]
        for rest in relations.rests:
            key = Key(sample.geography, sample.geography_id, sample.year, rest)
            # What follows from counts that are shown is itself told by them.
            is_somebody = rest not in self.populations.of_nobody
            guarded = rest in relations.determined and is_somebody and not is_known
            kept[rest] = key
            self.within.rests.append(Cell(key, table[rest], k if guarded else 1, "latent"))
        for name in names:
            if fitted[name] != counts[name]:
                kept[name] = self._apart(name, first, fitted[name])
        self.within.sums += [
            Sum(_sentence(row, kept), kept[row.whole], tuple(kept[part] for part in row.parts))
            for row in relations.rows
        ]

    def _apart(self, name: str, first: Mapping[str, Key], fitted: int) -> Key:
        """A latent cell for a population as the others have it, near the figure that does not fit them."""
        own = first[name]
        key = Key(own.geography, own.geography_id, own.year, f"{name}, as the others have it")
        cell = Cell(key, fitted, 1, "latent")
        self.within.rests.append(cell)
        label = self.populations.population[name].label
        self._nearly(f"{_words(own)} is nearly what the others make it: {label}", own, cell, list(first.values()))
        return key

    def _nearly(self, words: str, own: Key, cell: Cell, others: Sequence[Key]) -> None:
        """A cell that is another one's count but for a rest that nobody knows, where that is as small as declared."""
        pairs = [
            self.populations.rest_between(self.owners.get(own), self.owners.get(other))
            for other in others
            if other != own
        ]
        value = self.cells[own].value
        bound = max((rest.bound(max(value, cell.value)) for rest in pairs), default=0)
        more = value - cell.value
        if abs(more) > bound:
            self.within.not_exact.append(f"{words}: they lie further apart than is declared")
            return
        self.within.nearly_exact.append(words)
        named = f"{own.indicator}, {own.part}"
        both, above, below = (
            Key(own.geography, own.geography_id, own.year, f"{what} ({named})")
            for what in ("with the rest", "rest above", "rest below")
        )
        # Whichever is more, so that the sums do not tell: the figure and one rest are the other count and another.
        self.within.rests += [
            Cell(both, max(value, cell.value), 1, "latent"),
            Cell(above, max(more, 0), 1, "latent", upper=bound),
            Cell(below, max(-more, 0), 1, "latent", upper=bound),
        ]
        self.within.sums.append(Sum(f"{words}, with a rest", both, (own, below)))
        self.within.sums.append(Sum(f"{words}, without the rest", both, (cell.key, above)))


def fit(
    relations: Relations, counts: Mapping[str, int], spans: Mapping[str, tuple[int, int]] | None = None
) -> tuple[dict[str, int], dict[str, int]]:
    """A table of the rests, and the counts as they fit it: the given ones, but for the least changes that make it one.

    `spans` are populations of which no more is known than the least and the most; they stand in the table. The same
    counts give the same table.
    """
    spans = spans or {}
    names, rests = list(counts), [*relations.rests, *spans]
    low = np.array([spans.get(rest, (0, np.inf))[0] for rest in rests], dtype=np.float64)
    high = np.array([spans.get(rest, (0, np.inf))[1] for rest in rests], dtype=np.float64)
    place = {name: number for number, name in enumerate([*rests, *names])}
    system = np.zeros((len(relations.rows), len(place)))
    for row, relation in enumerate(relations.rows):
        system[row, place[relation.whole]] -= 1
        for part in relation.parts:
            system[row, place[part]] += 1
    of_counts = system[:, len(rests) :]
    given: NDArray[np.float64] = np.array([counts[name] for name in names], dtype=np.float64)
    right = -of_counts @ given
    size = len(names)
    # Rests, then how much each count goes up or down; among tables that fit alike the rests decide.
    cost = np.concatenate(
        [np.linspace(1e-6, 2e-6, len(rests)), np.linspace(1.0, 1.001, size), np.linspace(1.0, 1.001, size)]
    )
    rows = sparse.csr_array(np.hstack([system[:, : len(rests)], of_counts, -of_counts]))
    low, high = np.concatenate([low, np.zeros(2 * size)]), np.concatenate([high, np.full(size, np.inf), given])
    found = Program(rows, right, right, low, high).least(cost)
    # The corner that is best mostly has whole numbers by itself, and is found more quickly.
    if found.x is not None and np.abs(found.x - np.rint(found.x)).max() > 1e-6:
        found = Program(rows, right, right, low, high, whole=True).least(cost)
    if found.x is None:
        raise ValueError(f"no table fits the counts of {', '.join(names)}: {found.outcome}")
    values = np.rint(found.x).astype(np.int64).tolist()
    up, down = values[len(rests) : len(rests) + size], values[len(rests) + size :]
    changed = {name: counts[name] + more - less for name, more, less in zip(names, up, down, strict=True)}
    return dict(zip(rests, values[: len(rests)], strict=True)), changed


def _sentence(row: Relation, keys: Mapping[str, Key]) -> str:
    parts = " + ".join(_short(keys[part]) for part in row.parts)
    return f"{_words(keys[row.whole])} = {parts}"


def _short(key: Key) -> str:
    return key.indicator if key.part == "count" else f"{key.indicator} ({key.part})"


def _words(key: Key) -> str:
    return f"{_short(key)}, {key.geography} {key.geography_id} {key.year}"
