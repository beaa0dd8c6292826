"""Three yearly releases and a revision of the last, as handed out: what does one who knows the definitions get?

Usage: python -m simulations.years [nations] [first seed] [areas]. The nations and the reader are those of
`simulations.definitions`; every twentieth cell is drawn. In the revision some areas have a few more employed, others
many. Its reader is taken to know which figures are new: those that are held back are hidden to him. The attack of each
release, which has all earlier ones, is run beside.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.release import figures
from flows.release.attack import Exhibit, attack
from flows.release.cells import Tables
from flows.release.draw import drawn
from flows.release.revisions import together
from flows.release.suppression import hide, marks, shown
from schemas.loading import load
from schemas.registry import Registry
from simulations.definitions import WorkedOut, worked_out, years_of

YEARS = (2009, 2010, 2011)
SECRET = b"made up"


@dataclass(frozen=True)
class Played:
    """What the reader got of the lists of one nation, one after the other, and what the attack found."""

    lists: tuple[WorkedOut, ...]
    leaks: int


def play(seed: int, areas: int, registry: Registry, file: Path) -> Played:
    """Release three years and a revision of the last; `file` is written anew for each."""
    vintages, homes = years_of(seed, areas, registry, YEARS)
    changed = {area: (2, 12, 3)[number % 3] for number, area in enumerate(sorted(homes)) if number % 2 == seed % 2}
    revised, _ = years_of(seed, areas, registry, YEARS, changed)
    lists, leaks = [], 0
    earlier: list[Exhibit] = []
    for tables, before in (*((of_year, earlier[:0]) for of_year in vintages), (revised[-1], earlier)):
        exhibit = _released(tables, before, file)
        lists.append(worked_out(tables, homes, file))
        leaks += len(attack(exhibit, before).leaks)
        earlier[:] = [exhibit]
    return Played(tuple(lists), leaks)


def _released(tables: Tables, earlier: Sequence[Exhibit], file: Path) -> Exhibit:
    """Write the list of what may be shown beside earlier releases. Raises ValueError where that cannot be protected."""
    whole = together(earlier, tables)
    hiding = hide(whole, drawn(whole.keys, SECRET))
    if hiding.unprotected:
        raise ValueError(f"{len(hiding.unprotected)} figures cannot be protected")
    readers = {key: value for key, value in shown(whole, hiding).items() if key in tables.cells}
    figures.counts(readers, {key: word for key, word in marks(whole, hiding).items() if key in tables.cells}).write_csv(
        file
    )
    return Exhibit(tables, readers)


def main(nations: int = 100, first_seed: int = 80_000, areas: int = 13) -> int:
    """Print what the reader worked out; returns how many hidden figures he got, or the attack did."""
    registry = load()
    found: list[Played] = []
    with tempfile.TemporaryDirectory(prefix="boligprofil-lists-") as name:
        for seed in range(first_seed, first_seed + nations):
            found.append(play(seed, areas, registry, Path(name) / "list.csv"))
            of_nation = " ".join(f"{each.hidden}/{each.exact}/{each.narrowed}" for each in found[-1].lists)
            print(f"{seed}: hidden/exact/narrowed of three years and a revision: {of_nation}", flush=True)
    lists = [each for played in found for each in played.lists]
    hidden, exact, narrowed = (sum(getattr(each, part) for each in lists) for part in ("hidden", "exact", "narrowed"))
    leaks = sum(played.leaks for played in found)
    print(f"{nations} nations, {len(lists)} lists: {hidden:,} hidden figures, {exact} exact, {narrowed} narrowed;")
    print(f"the attack, which has the earlier releases too, finds {leaks} leaks")
    return exact + narrowed + leaks


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])) > 0)
