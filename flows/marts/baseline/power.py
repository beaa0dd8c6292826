"""What an evaluation of this size can see: the marts design_power, of one year, and design_power_years, of several."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Areas, Floats, Mask, Tables, in_words, made
from flows.marts.baseline.trends import Panel, comparisons, counts
from flows.marts.statistics import clusters, panel_power, power
from flows.marts.statistics.clusters import Integers
from flows.marts.statistics.panel_power import Spans
from schemas.registry import Registry

POST_YEARS = (1, 3, 5)
ESTIMATORS = ("did", "ancova")
# Beside an assumed likeness of years: a smaller and a larger one.
OTHER_RHOS = (0.3, 0.9)
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


def power_years_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """Every pair of arms by indicator, years from the start on, and estimator; see the mart design_power_years.

    Where funded areas are held against never-funded ones each starts in its own year; else all start at once.
    """
    areas = Areas.from_tables(tables, registry)
    starts = areas.values(areas.rows, "first_grant_year")
    low, high = registry.evaluation.limits.variance_ratio
    rows: list[dict[str, Any]] = []
    for head, panel, arm, cluster, left_out in comparisons(tables, registry):
        contrast = registry.evaluation.contrast[head["contrast"]]
        start = None
        if contrast.by == "funded":
            stands_in, _ = areas.arms(contrast)
            start = starts[(stands_in == head["arm_1"]) | (stands_in == head["arm_0"])]
        ratio = panel_power.variance_ratio(panel.values, arm)
        unlike = None if ratio is None or low <= ratio <= high else "groups_vary_unlike"
        rows += _of_years(head, panel, arm, cluster, start, [unlike, left_out])
    return made(rows, "design_power_years", registry)


def _of_years(
    head: dict[str, Any], panel: Panel, arm: Integers, cluster: Any, start: Floats | None, remarks: list[str | None]
) -> Iterator[dict[str, Any]]:
    """The rows of one pair and indicator."""
    known: Mask = np.zeros(len(arm), dtype=np.bool_) | np.isfinite(panel.values).any(axis=1)
    if start is not None:
        known &= (arm == 0) | ~np.isnan(start)
    values, side, of_area = _in_a_row(panel)[known], arm[known], cluster[known]
    lags, areas = panel_power.by_lag(values, side)
    covariance = panel_power.serial_covariance(lags, areas)
    icc, no_icc = panel_power.icc_of_changes(values, side, of_area) if covariance else (None, None)
    first = panel.years[0] if panel.years else 0
    cohorts = None
    if start is not None:
        years, counted = np.unique(start[known & (arm == 1)].astype(np.int64), return_counts=True)
        cohorts = {int(year): int(count) for year, count in zip(years, counted, strict=True)}
    test = panel_power.clustered_test(side, of_area, icc or 0.0)
    sample = counts(clusters.count(arm, cluster, known))
    for post, estimator in product(POST_YEARS, ESTIMATORS):
        spans = Spans(len(panel.years), post, cohorts, first)
        is_adjusted = estimator == "ancova"
        row = {
            **head,
            "post_years": post,
            "estimator": estimator,
            "starts": "at_once" if cohorts is None else "by_cohort",
            **sample,
            **dict.fromkeys(_FIGURES),
            "rho_is_assumed": covariance.is_assumed if covariance else None,
        }
        if covariance is None:
            yield row | {"why": in_words("no_figures_in_window" if not panel.years else "constant", *remarks)}
            continue
        found = panel_power.panel_mde(covariance, spans, test, is_adjusted=is_adjusted)
        row |= {
            "pre_years": panel_power.usual_pre_years(cohorts, first) if cohorts else float(len(panel.years)),
            "lags": covariance.lags,
            "rho": covariance.rho,
            "share_lasting": covariance.lasting / covariance.total,
            "share_yearly": covariance.yearly / covariance.total,
            "icc_change": icc,
            "mde": found.mde,
            "mde_if_independent": found.mde_if_independent,
            "power_df": found.df,
            "why": in_words(found.reason, f"icc_change: {no_icc}" if no_icc else None, *remarks),
        }
        if covariance.is_assumed and found.mde is not None:
            for name, rho in zip(("mde_rho_low", "mde_rho_high"), OTHER_RHOS, strict=True):
                other = panel_power.serial_covariance(lags, areas, rho)
                row[name] = panel_power.panel_mde(other or covariance, spans, test, is_adjusted=is_adjusted).mde
        yield row


_FIGURES = (
    *("pre_years", "lags", "rho", "share_lasting", "share_yearly", "icc_change"),
    *("mde", "mde_if_independent", "mde_rho_low", "mde_rho_high", "power_df"),
)


def _in_a_row(panel: Panel) -> Floats:
    """The values with a column for every year from the first to the last, since lags are counted in years."""
    if not panel.years:
        return panel.values
    whole = np.full((len(panel.values), panel.years[-1] - panel.years[0] + 1), np.nan)
    whole[:, [year - panel.years[0] for year in panel.years]] = panel.values
    return whole
