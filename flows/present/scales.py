"""The axes of every picture, on pages, on paper and in workbooks: one rule, so that none makes a cliff of chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flows.present import notation
from schemas.indicators import Indicator

RUNGS = 4
# Points that the axis of a share spans: from 0 where all of it is small, else in steps of 20.
SMALL, LARGE = (2.0, 4.0, 8.0, 16.0), (20.0, 40.0, 60.0, 80.0, 100.0)
LEAST = 1 / 5  # of the largest number: what an axis of anything else spans at least
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high` in four rungs of `step`; `is_broken` where it does not begin at 0."""

    low: float
    high: float
    step: float

    @property
    def is_broken(self) -> bool:
        """Whether the axis begins above 0, which a reader must be told by a sign."""
        return self.low > 0

    @property
    def decimals(self) -> int:
        """The decimals that its rungs need."""
        return next(d for d in range(6) if math.isclose(self.step, round(self.step, d), rel_tol=1e-9))

    def ticks(self) -> list[tuple[float, str]]:
        """The values of the rungs and their texts in Danish."""
        values = [self.low + rung * self.step for rung in range(RUNGS + 1)]
        return [(value, notation.number(value, self.decimals)) for value in values]


def axis(held: Sequence[float], indicator: Indicator) -> Axis:
    """The axis for all numbers that a picture of the indicator holds, ends of intervals and thresholds among them.

    Shares span 20, 40, 60, 80 or 100 points; small ones 2, 4, 8 or 16 from 0; anything else at least a fifth of its
    largest number. Rungs are a quarter of the span, what is held lies in the middle, and no axis begins below 0.
    """
    low, high = min(held), max(held)
    if indicator.kind in ("share", "relative"):
        for span in SMALL:
            if high <= span:
                return Axis(0.0, span, span / RUNGS)
        for span in (*LARGE, *(100.0 + 20 * more for more in range(1, 100))):
            if made := _centred(low, high, span):
                return made
    span = max(high - low, LEAST * high, float(RUNGS) if indicator.kind == "count" else 10.0**-indicator.decimals)
    power = 10.0 ** math.floor(math.log10(span / RUNGS))
    for factor in (*_NICE, *(10 * nice for nice in _NICE[1:])):
        step = factor * power
        is_whole = indicator.kind != "count" or step == round(step)
        if step * RUNGS >= span and is_whole and (made := _centred(low, high, step * RUNGS)):
            return made
    raise AssertionError(f"no axis from {low} to {high}")


def _centred(low: float, high: float, span: float) -> Axis | None:
    """An axis of this span on whole rungs that holds both numbers with them in its middle; None where none does."""
    step = span / RUNGS
    lowest = math.floor((low + high - span) / 2 / step + 0.5)
    for rung in sorted(range(max(0, lowest - 2), lowest + 3), key=lambda rung: abs(rung - lowest)):
        if rung * step <= low and high <= rung * step + span:
            return Axis(rung * step, rung * step + span, step)
    return Axis(0.0, span, step) if low >= 0 and high <= span else None
