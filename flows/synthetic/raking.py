"""Shares of the finest cells that bear out what is planted: raked, from where nothing is, to every planted share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.synthetic.scale import Numbers

SWEEPS = 200
NEAR_ENOUGH = 1e-12
# Whoever is in none of the parts of a base keeps at least so much of it.
LEFT_OVER = 1e-9


@dataclass(frozen=True)
class Portion:
    """Parts of a base that exclude each other, (cells, share of the base), and where they lie.

    scope: the cells among which the parts grow or shrink. base: (n,) how large the base is, None where it is the scope.
    """

    scope: NDArray[np.intp]
    parts: Sequence[tuple[NDArray[np.intp], Numbers]]
    base: Numbers | None

    @property
    def others(self) -> NDArray[np.intp]:
        """The cells of the scope that are in no part."""
        return np.setdiff1d(self.scope, np.concatenate([cells for cells, _ in self.parts]))


def rake(cells: Numbers, class_of: NDArray[np.intp], classes: Numbers, portions: Sequence[Portion]) -> Numbers:
    """The shares of (cells, n) that add up to those of `classes` (classes, n) and bear out every portion.

    Iterative proportional fitting: of all shares that do so, those nearest to the given ones (Csiszár 1975, Annals of
    Probability 3: 146-158). Where they contradict each other the first stand: of a portion the later parts get what the
    earlier ones leave, and the last portions are let go, from where they had come nearest. Each of the n is fitted by
    itself.
    """
    fitted = _to_classes(cells, class_of, classes)
    left = np.arange(cells.shape[1])
    for standing in range(len(portions), 0, -1):
        for _ in range(SWEEPS):
            these, off = fitted[:, left], np.zeros(left.size)
            for portion in reversed(portions[:standing]):
                np.maximum(off, _scale(these, portion, left), out=off)
            fitted[:, left] = _to_classes(these, class_of, classes[:, left])
            left = left[off > NEAR_ENOUGH]
            if not left.size:
                return fitted
    return fitted


def _to_classes(cells: Numbers, class_of: NDArray[np.intp], classes: Numbers) -> Numbers:
    """The cells in proportion within each class."""
    totals = np.stack([cells[class_of == number].sum(axis=0) for number in range(len(classes))])
    ratio = np.divide(classes, totals, out=np.zeros_like(totals), where=totals > 0)
    return np.asarray(cells * ratio[class_of])


def _scale(cells: Numbers, portion: Portion, left: NDArray[np.intp]) -> Numbers:
    """Scale the parts of a portion to their shares in place, and the others of its scope, or the last one, to the rest.

    Returns how far the parts were off, as shares of everybody.
    """
    others = portion.others
    scope = cells[portion.scope].sum(axis=0)
    base = scope if portion.base is None else portion.base[left]
    room = scope * (1 - LEFT_OVER * bool(others.size))
    off = np.zeros(left.size)
    for number, (inside, share) in enumerate(portion.parts, start=1):
        found = cells[inside].sum(axis=0)
        takes_rest = number == len(portion.parts) and not others.size
        part = room if takes_rest else np.minimum(share[left] * base, room)
        room = room - part
        np.maximum(off, np.abs(found - part), out=off)
        cells[inside] *= np.divide(part, found, out=np.zeros_like(found), where=found > 0)
    if others.size:
        found = cells[others].sum(axis=0)
        rest = room + scope * LEFT_OVER
        cells[others] *= np.divide(rest, found, out=np.zeros_like(found), where=found > 0)
    return off
