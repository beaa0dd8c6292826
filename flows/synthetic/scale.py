"""The scale on which effects add up: the logit of a share, the logarithm of anything else."""

import numpy as np
from numpy.typing import NDArray

from schemas.indicators import Indicator

Numbers = NDArray[np.float64]


def linked(indicator: Indicator, value: float | Numbers) -> Numbers:
    """Logit of a share in percent, logarithm of anything else."""
    if indicator.kind == "share":
        return np.asarray(np.log(np.asarray(value) / (100 - np.asarray(value))))
    return np.asarray(np.log(value))


def unlinked(indicator: Indicator, eta: Numbers) -> Numbers:
    """The value whose `linked` is eta."""
    return 100 / (1 + np.exp(-eta)) if indicator.kind == "share" else np.exp(eta)
