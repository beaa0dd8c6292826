"""The statistics of the baseline by the libraries alone: what they cost before anything is named, explained or kept."""

import warnings

import numpy as np
import polars as pl
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import cdist

from flows.marts.baseline.areas import Areas, Tables
from flows.marts.baseline.trends import comparisons
from schemas.registry import Registry

Floats = NDArray[np.float64]


def bare(tables: Tables, registry: Registry) -> None:
    """Every comparison of the baseline by numpy, scipy and statsmodels, with the same areas, figures and clusters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _balance(tables, registry)
        for _, panel, arm, cluster, _ in comparisons(tables, registry):
            whole = ~np.isnan(panel.values).any(axis=1)
            if panel.years and len(set(arm[whole])) == 2:
                _trend(panel.values[whole], arm[whole], cluster[whole])
                _power(panel.values[whole, -1], arm[whole], cluster[whole])
        _twins(tables, registry)


def _balance(tables: Tables, registry: Registry) -> None:
    areas = Areas.from_tables(tables, registry)
    for window in registry.evaluation.window:
        rows = tables["baseline_values"].filter(pl.col("baseline_window") == window)
        values = areas.matrix(rows, "indicator", areas.indicators)
        for contrast in registry.evaluation.contrast.values():
            arm, _ = areas.arms(contrast)
            ways = 3 if contrast.weighting else 2
            for first, second in contrast.pairs:
                for column in values.T:
                    treated, never = (column[(arm == name) & ~np.isnan(column)] for name in (first, second))
                    if min(len(treated), len(never)) < 2 or not treated.std() or not never.std():
                        continue
                    for _ in range(ways):
                        np.mean(treated), np.mean(never), np.var(treated, ddof=1), np.var(never, ddof=1)
                        stats.ks_2samp(treated, never, method="asymp")
                        grid = np.linspace(np.nanmin(column), np.nanmax(column), 512)
                        np.minimum(stats.gaussian_kde(treated)(grid), stats.gaussian_kde(never)(grid)).sum()


def _trend(values: Floats, arm: NDArray[np.int64], cluster: NDArray[np.str_]) -> None:
    areas, years = values.shape
    if years < 3:
        return
    year = np.tile(np.eye(years)[:, 1:], (areas, 1))
    design = np.column_stack([year, year * np.repeat(arm, years)[:, None]])
    centred = design - design.reshape(areas, years, -1).mean(axis=1).repeat(years, axis=0)
    outcome = (values - values.mean(axis=1, keepdims=True)).ravel()
    groups = np.repeat(np.unique(cluster, return_inverse=True)[1], years)
    fitted = sm.OLS(outcome, centred).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    fitted.f_test(np.eye(centred.shape[1])[years - 1 :])


def _power(values: Floats, arm: NDArray[np.int64], cluster: NDArray[np.str_]) -> None:
    if values.std():
        sm.MixedLM(values / values.std(), sm.add_constant(arm.astype(float)), groups=cluster).fit(reml=True)


def _twins(tables: Tables, registry: Registry) -> None:
    areas, chosen = Areas.from_tables(tables, registry), registry.evaluation.twins
    rows = tables["baseline_values"].filter(pl.col("baseline_window") == chosen.window)
    values = areas.matrix(rows, "indicator", list(chosen.indicators))
    whole = ~np.isnan(values).any(axis=1)
    never = (areas.rows["treatment"] == "never_funded").to_numpy()
    inverse = np.linalg.inv(np.cov(values[whole].T))
    distances = cdist(values[whole], values[whole & never], metric="mahalanobis", VI=inverse)
    np.argsort(distances, axis=1)[:, : chosen.rules[0].twins]
