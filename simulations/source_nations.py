"""A reader of the source, over nations: would the program have released other true tables just as it did?

Usage: python -m simulations.source_nations [nations] [first seed] [areas] [tries]. All tables that agree with the
release of a nation cannot be gone through, as `simulations.source_reader` does with small ones. So of the small cells
some are drawn, each with a value of 1 to k-1 that it has not; a true table with that value is looked for, which agrees
with all that is shown and in which the same cells are small, and is hidden anew, with the other hidden cells drawn. The
reader cannot exclude the value if the marks are the same. Every twentieth cell is drawn in the nation's own release.
"""

import sys
from dataclasses import dataclass, replace

import numpy as np

from flows.release.cells import Key, Tables
from flows.release.draw import drawn
from flows.release.programs import Program
from flows.release.suppression import Hiding, hide
from simulations.release import draw, tables

YEAR = 2010
SECRET = b"made up"


@dataclass(frozen=True)
class Tried:
    """What became of the values that were tried in one nation: those for which no table is there, and those of which
    the program would have given other marks."""

    small: int
    tried: int
    without_table: int
    other_marks: int


def play(seed: int, areas: int, tries: int) -> Tried | None:
    """Try values of small cells of one nation; None where its release is refused."""
    truth = tables(draw(seed, areas, (YEAR,)), (YEAR,))
    hiding = hide(truth, drawn(truth.keys, SECRET))
    if hiding.unprotected:
        return None
    small = [key for key in truth.keys if key in hiding.hidden and _is_small(truth, key)]
    rng = np.random.default_rng([seed, 2])
    without = other = 0
    for key in (small[place] for place in rng.choice(len(small), min(tries, len(small)), replace=False)):
        cell = truth.cells[key]
        value = int(rng.choice([value for value in range(1, cell.k) if value != cell.value]))
        table = another(truth, hiding, key, value)
        if table is None:
            without += 1
            continue
        again = hide(table, [name for name in hiding.hidden if not table.cells[name].is_primary])
        other += (again.hidden, again.unprotected) != (hiding.hidden, ())
    return Tried(len(small), min(tries, len(small)), without, other)


def another(truth: Tables, hiding: Hiding, key: Key, value: int) -> Tables | None:
    """True tables in which a cell has a value, which agree with what is shown and have the same small cells, close to
    the true ones; None where there are none."""
    true = truth.values.astype(float)
    low, high = true.copy(), true.copy()
    for place, name in enumerate(truth.keys):
        cell = truth.cells[name]
        if cell.standing != "known" and not (cell.standing == "open" and name not in hiding.hidden):
            low[place], high[place] = _bounds(truth, name)
    place = truth.keys.index(key)
    low[place] = high[place] = value
    nothing = np.zeros(len(truth.sums))
    found = Program(truth.matrix(), nothing, nothing, low, high, whole=True).least()
    if found.x is None:
        return None
    values = dict(zip(truth.keys, np.rint(found.x).astype(int).tolist(), strict=True))
    return truth.with_(replace(cell, value=values[name]) for name, cell in truth.cells.items())


def _is_small(truth: Tables, key: Key) -> bool:
    """Whether a cell is hidden for being small, a zero among them."""
    cell = truth.cells[key]
    return cell.is_primary or (cell.standing == "open" and cell.value < cell.k)


def _bounds(truth: Tables, key: Key) -> tuple[float, float]:
    """What a cell that is not seen can be where the same ones are small."""
    cell = truth.cells[key]
    upper = np.inf if cell.upper is None else float(cell.upper)
    if _is_small(truth, key):
        # None at all may be there, too: a zero that was drawn.
        return 0.0, min(upper, cell.k - 1.0)
    return (float(cell.k), upper) if cell.value >= cell.k else (0.0, 0.0)


def main(nations: int = 10, first_seed: int = 90_000, areas: int = 13, tries: int = 12) -> int:
    """Print what the reader can exclude, nation by nation, of so many that are released; returns how many values."""
    found: list[Tried] = []
    seed = first_seed - 1
    while len(found) < nations:
        seed += 1
        played = play(seed, areas, tries)
        print(f"{seed}: {played or 'the release is refused'}", flush=True)
        found += [played] if played else []
    small, tried, without, other = (
        sum(getattr(played, name) for played in found) for name in ("small", "tried", "without_table", "other_marks")
    )
    asked = seed + 1 - first_seed
    print(
        f"{len(found)} nations of {areas} areas are released (of {asked}), {small} small cells, {tried} values tried: "
        f"{without} that no true table has, {other} with which the program would have given other marks"
    )
    return without + other


if __name__ == "__main__":
    sys.exit(bool(main(*(int(argument) for argument in sys.argv[1:]))))
