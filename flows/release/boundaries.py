"""Areas whose boundaries overlap or lie within each other: what readers know who hold their figures together.

An area that is part of another leaves a rest, which is told by the two figures as by a subtraction: it is looked after
as a count, and as a place where fewer live than an area needs. Of areas that overlap nobody knows how much they share;
that it is no more than either is kept. In the sums of a larger place nobody is counted twice.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from flows.release.cells import Cell, Key, Sum


@dataclass
class Boundaries:
    """Cells and sums between areas; `once` has what stands for an area's cell in a sum with another area's: that cell
    and what stands there, None for nothing."""

    cells: dict[Key, Cell] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    once: dict[Key, tuple[Key, Key | None]] = field(default_factory=dict)
    not_exact: list[str] = field(default_factory=list)
    nearly_exact: list[str] = field(default_factory=list)

    def each_once(self, keys: Iterable[Key]) -> list[Key]:
        """The cells of a sum in which nobody is counted twice."""
        inside = list(keys)
        there = set(inside)
        stand = (self.once[key][1] if key in self.once and self.once[key][0] in there else key for key in inside)
        return [key for key in stand if key is not None]


@dataclass(frozen=True)
class Overlaid:
    """The cells of areas while their boundaries are related.

    `floor`: a rest with fewer residents is withheld like an area that is too small. `apart`: how far two counts of the
    same people may lie from each other, since they are of other days or sources.
    """

    cells: Mapping[Key, Cell]
    floor: int
    apart: Callable[[Key, Key], int]

    def relate(self, relations: Iterable[tuple[str, str, str]]) -> Boundaries:
        """The relations between the counts of areas of which some say: (area, other area, how it relates to that one:
        `same`, `part_of` or `overlaps`)."""
        made = Boundaries()
        of_area: dict[str, list[Key]] = {}
        for key in self.cells:
            if key.geography == "area":
                of_area.setdefault(key.geography_id, []).append(key)
        for area, other, relation in relations:
            for own in sorted(of_area.get(area, ())) if area != other else ():
                beside = own._replace(geography_id=other)
                if beside not in self.cells or own in made.once:
                    continue
                if relation == "overlaps":
                    self._overlap(made, own, beside)
                else:
                    self._within(made, own, beside, is_same=relation == "same")
        return made

    def _overlap(self, made: Boundaries, own: Key, other: Key) -> None:
        both, only, only_other = (
            _part(own, name, "shared")
            for name in (
                f"{own.geography_id} and {other.geography_id}",
                f"{own.geography_id} without {other.geography_id}",
                f"{other.geography_id} without {own.geography_id}",
            )
        )
        here, there = self.cells[own].value, self.cells[other].value
        # Nobody knows how many are in both: any number up to the lesser one may stand for it.
        shared = min(here, there)
        for key, value in ((both, shared), (only, here - shared), (only_other, there - shared)):
            made.cells[key] = Cell(key, value, 1, "latent")
        words = "what both share, and the rest"
        made.sums += [Sum(f"{own}: {words}", own, (both, only)), Sum(f"{other}: {words}", other, (both, only_other))]
        made.once[own] = other, only

    def _within(self, made: Boundaries, own: Key, other: Key, is_same: bool) -> None:
        made.once[own] = other, None
        words = f"{other} is {own}" if is_same else f"{other} has {own} in it"
        more = self.cells[other].value - self.cells[own].value
        parts = [own]
        if not is_same:
            rest = own._replace(geography="part", geography_id=f"{other.geography_id} without {own.geography_id}")
            made.cells[rest] = self._rest(rest, max(more, 0), own, other)
            parts, more = [own, rest], min(more, 0)
        if not more:
            made.sums.append(Sum(words, other, tuple(parts)))
        elif abs(more) > self.apart(own, other):
            made.not_exact.append(f"{words}: they lie further apart than is declared")
            made.cells.pop(parts[-1], None)
        else:
            self._nearly(made, words, other, parts, more)

    def _nearly(self, made: Boundaries, words: str, other: Key, parts: list[Key], more: int) -> None:
        """Parts that are a count but for a rest that nobody knows; the count is `more` than they are."""
        bound, place = self.apart(parts[0], other), f"{other.geography_id}, {parts[0].geography_id}"
        both, above, below = (_part(other, place, what) for what in ("with the rest", "rest above", "rest below"))
        made.nearly_exact.append(words)
        most = max(self.cells[other].value, self.cells[other].value - more)
        for key, value, upper in ((both, most, None), (above, max(-more, 0), bound), (below, max(more, 0), bound)):
            made.cells[key] = Cell(key, value, 1, "latent", upper=upper)
        made.sums.append(Sum(f"{words}, with a rest", both, (*parts, below)))
        made.sums.append(Sum(f"{words}, without the rest", both, (other, above)))

    def _rest(self, key: Key, value: int, own: Key, other: Key) -> Cell:
        """What an area leaves of the one that it is part of."""
        k = max(self.cells[own].k, self.cells[other].k)
        if self.cells[own].standing == self.cells[other].standing == "known" or k == 1:
            return Cell(key, value, 1, "latent")
        is_share = key.part in ("numerator", "complement")
        whole, part = (self.cells.get(Key("area", p.geography_id, key.year, "residents")) for p in (other, own))
        if whole is None or part is None or whole.value - part.value >= self.floor:
            return Cell(key, value, k, "latent", hides_zero=is_share)
        return Cell(key, value, k, "withheld", hides_zero=True, reason="area_too_small")


def _part(key: Key, place: str, what: str) -> Key:
    """Names what no figure counts: it has no base, and no relations but those that name it."""
    return Key("part", place, key.year, f"{what} ({key.indicator}, {key.part})")
