"""The limits of evaluation.toml as the statistics take them."""

from flows.marts.statistics.balance import BalanceLimits
from schemas.evaluation import Evaluation


def balance_limits(evaluation: Evaluation, is_outcome: bool) -> BalanceLimits:
    """From where on a difference counts, stricter for an outcome."""
    limits = evaluation.limits
    return BalanceLimits(
        smd=limits.smd_outcome if is_outcome else limits.smd,
        variance_ratio_low=limits.variance_ratio[0],
        variance_ratio_high=limits.variance_ratio[1],
        ks=limits.ks,
        dose_correlation=limits.dose_correlation,
        areas=limits.areas_per_arm,
    )
