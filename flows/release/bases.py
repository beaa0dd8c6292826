"""The bases of shares: one that is too small to have two parts that may be told is small as a whole, with all in it.

Of fewer than 2k there are never k or more that have something and k or more that have it not. Were such a base small
only under k, whoever knows which cells are small would know too much of its parts: of 17 who were asked, 10 or more
said one thing, so fewer than 8 the other. So a base has twice its k, and what a small one holds has the base's.

That is for bases that lie in no other, as those who answered a survey. Where one lies in another, 9 of 16-24 years in
10 of 15-24, the first would be small and the second not: known to be 10 or more, it would leave the first 6 or more,
since those of 15 years are small, too.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from flows.release.cells import Cell, Key, Sum
from schemas.indicators import Indicator
from schemas.populations import Populations


def shares_of_lone_bases(indicators: Mapping[str, Indicator], populations: Populations) -> frozenset[str]:
    """The indicators that are shares of a population that is the only base of its universe."""
    among = {i.id: i.among for i in indicators.values() if i.kind == "share" and i.among}
    universes = Counter(populations.universe_of(base) for base in set(among.values()))
    return frozenset(name for name, base in among.items() if universes[populations.universe_of(base)] == 1)


def with_bases(cells: Mapping[Key, Cell], sums: Iterable[Sum], shares: Collection[str]) -> dict[Key, Cell]:
    """The cells, bases with twice their k, and with a base's k all that is the same count or is part of a small one.

    `shares` are the indicators that are shares. What is small in that sense is what an insider is taken to know: the k
    of a cell depends on no count but by way of that.
    """
    made = dict(cells)
    whole_of: dict[Key, list[Key]] = {}
    parts_of: dict[Key, list[Key]] = {}
    for total in sums:
        if all(part[:3] == total.total[:3] for part in total.parts):
            parts_of.setdefault(total.total, []).extend(total.parts)
            if len(total.parts) == 1:
                whole_of.setdefault(total.parts[0], []).append(total.total)
                whole_of.setdefault(total.total, []).append(total.parts[0])
    waiting = [key for key in cells if key.part == "denominator" and key.indicator in shares and cells[key].k > 1]
    made.update((key, replace(cells[key], k=2 * cells[key].k)) for key in waiting)
    while waiting:
        key = waiting.pop()
        k, is_small = made[key].k, 0 < made[key].value < made[key].k
        for other in (*whole_of.get(key, ()), *(parts_of.get(key, ()) if is_small else ())):
            if 1 < made[other].k < k:
                made[other] = replace(made[other], k=k)
                waiting.append(other)
    return made
