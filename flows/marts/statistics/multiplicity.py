"""p-values of many tests at once: Holm's and those of Benjamini & Hochberg.

A test without a number (NaN) stays without one and does not count: it rejects nothing and costs nothing.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def holm(p: ArrayLike) -> Floats:
    """Adjusted p (tests,): rejecting those below 5 % makes a false rejection among all in at most 5 % of families.

    Holm (1979), Scandinavian Journal of Statistics 6: 65-70.
    """
    return _adjusted(p, lambda ordered, count: np.maximum.accumulate(ordered * (count - np.arange(count))))


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """q (tests,): of those rejected below 5 % at most 5 % are false on average.

    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57: 289-300.
    """
    return _adjusted(
        p, lambda ordered, count: np.minimum.accumulate((ordered * count / np.arange(1, count + 1))[::-1])[::-1]
    )


def _adjusted(p: ArrayLike, step: Callable[[Floats, int], Floats]) -> Floats:
    values = np.asarray(p, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    adjusted = np.full(len(values), np.nan)
    adjusted[order] = np.minimum(step(values[order], len(order)), 1.0)
    return adjusted
