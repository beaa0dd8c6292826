"""What the data still allow: bounds beside tests, and how wrong parallel trends may be before an effect is gone.

A test that rejects nothing shows nothing. The equivalence bound is the smallest delta at which two one-sided tests at
`level` each reject a difference as large as delta (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics
15: 657-680): what lies beyond it is ruled out at that level. Of several differences the largest bound is taken, which
is conservative (Dette & Schumann 2024 have a sharper one).
"""

import itertools
from collections.abc import Mapping

from flows.marts.statistics import clusters


def bound(value: float | None, se: float | None, df: float | None, level: float) -> float | None:
    """|value| + t(1 - level, df) se; None where there is no error."""
    if value is None or se is None or df is None:
        return None
    return abs(value) + clusters.t_quantile(df, 1 - level) * se


def breakdown(effect: float, periods: int, path: Mapping[int, float]) -> float | None:
    """How many times the largest change before the start the groups must drift each period until `effect` may be none.

    `path` are differences by period up to and including the last before the start, which is 0; `effect` is held against
    that one, `periods` later. |effect| / (periods * largest change): the Mbar at which the identified set of relative
    magnitudes begins to hold 0 (Rambachan & Roth 2023). It knows no chance: with it, the effect breaks down earlier.
    None where there are fewer than two periods before, or nothing moved.
    """
    times = sorted(path)
    changes = [abs(path[after] - path[before]) / (after - before) for before, after in itertools.pairwise(times)]
    largest = max(changes, default=0.0)
    return abs(effect) / (periods * largest) if largest > 0 and periods > 0 else None
