"""What an evaluation of this size can see: the rows of the mart design_power."""

from typing import Any

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Tables, in_words, made
from flows.marts.baseline.trends import comparisons, counts
from flows.marts.statistics import power
from schemas.registry import Registry

BASES = ("reml", "one_area_per_cluster")


def power_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """Every pair of arms by indicator.

    The outcome is the last baseline year with figures; what explains it is the first year of the trend, so that it lies
    about as far back as the evaluation looks forward.
    """
    rows: list[dict[str, Any]] = []
    for head, panel, arm, cluster, left_out in comparisons(tables, registry):
        nothing = np.full(len(arm), np.nan)
        last = panel.values[:, -1] if panel.years else nothing
        earlier = panel.values[:, 0] if len(panel.years) > 1 else None
        found = power.design_power(last, arm, cluster, earlier)
        is_adjusted = found.adjusted.in_unit is not None
        best = found.adjusted if is_adjusted else found.unadjusted
        anova, parts, explained = found.anova, found.components, found.explained
        basis = found.basis if found.basis in BASES else None
        at_bound = "r2_at_bound" if explained.between is not None and explained.between >= 1 else None
        split = "clusters_in_both_groups" if best.in_sd is not None and best.textbook_in_sd is None else None
        reasons = [
            found.basis if basis is None else None,
            anova.reason,
            explained.reason,
            best.reason,
            at_bound,
            split,
            left_out,
        ]
        if not panel.years:
            reasons = ["no_figures_in_window", left_out]
        rows.append(
            {
                **head,
                **counts(found.sample),
                "withheld_filled": int(panel.withheld[~np.isnan(last), -1].sum()) if panel.years else 0,
                "areas_per_cluster": found.size,
                "icc_one_way": anova.estimate,
                "icc_low": anova.low,
                "icc_high": anova.high,
                "icc_mixed": parts.icc if parts and basis == "reml" else None,
                "r2_between": explained.between,
                "r2_within": explained.within,
                "power_basis": basis,
                "power_df": best.df,
                "outcome_sd": parts.sd if parts else None,
                "is_adjusted": is_adjusted,
                "mde_sd": best.in_sd,
                "mde": best.in_unit,
                "mde_textbook_sd": best.textbook_in_sd,
                "mde_unadjusted": found.unadjusted.in_unit,
                "why": in_words(*reasons),
            }
        )
    return made(rows, "design_power", registry)
