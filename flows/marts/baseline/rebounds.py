"""How far funded areas would come back by themselves if they were chosen in bad years: the mart baseline_selection."""

from typing import Any

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Areas, Floats, Tables, in_words, made
from flows.marts.statistics import selection
from schemas.registry import Registry

YEARS_APART = (1, 3, 5)
# A ceiling smaller than so many SDs says nothing of its parts.
SMALLEST_CEILING = 0.02


def selection_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """A row per contrast of funded against never-funded areas, indicator and years before the window."""
    areas, evaluation = Areas.from_tables(tables, registry), registry.evaluation
    window = evaluation.balancing.window
    first = evaluation.first_year(window)
    values = areas.matrix(
        tables["baseline_values"].filter(pl.col("baseline_window") == window), "indicator", areas.indicators
    )
    earlier = {
        apart: areas.matrix(
            tables["baseline_figures"].filter(pl.col("year") == first - apart), "indicator", areas.indicators
        )
        for apart in YEARS_APART
    }
    rows = []
    for contrast in evaluation.full_contrasts:
        if contrast.by != "funded":
            continue
        arm, left_out = areas.arms(contrast)
        cluster, inside = areas.clusters(contrast), arm != ""
        side = (arm[inside] == contrast.arms[0]).astype(np.int64)
        for apart in YEARS_APART:
            for column, indicator in enumerate(areas.indicators):
                now, then = values[:, column], earlier[apart][:, column]
                found = selection.reliability(now, then)
                moved = selection.rebound(now[inside], then[inside], side, cluster[inside], found)
                rows.append(
                    {
                        "contrast": contrast.id,
                        "arm_1": contrast.arms[0],
                        "arm_0": contrast.arms[1],
                        "indicator": indicator,
                        "years_apart": apart,
                        "baseline_window": window,
                        "earlier_year": first - apart,
                        "reliability": found.value,
                        "reliability_areas": found.areas,
                        "reliability_is_clipped": found.is_clipped,
                        "rebound_ceiling": moved.ceiling,
                        "dip": moved.dip,
                        "dip_se": moved.se,
                        "dip_df": moved.df,
                        "dip_low": moved.low,
                        "dip_high": moved.high,
                        "dip_share": _share(moved.dip, moved.ceiling, now),
                        "areas_1": moved.areas_1,
                        "areas_0": moved.areas_0,
                        "clustered_by": contrast.cluster,
                        "why": in_words(found.reason, moved.reason, left_out),
                    }
                )
    return made(rows, "baseline_selection", registry)


def _share(dip: float | None, ceiling: float | None, values: Floats) -> Any:
    """The dip as a part of the ceiling; None where the ceiling is next to nothing."""
    known = values[~np.isnan(values)]
    if dip is None or ceiling is None or len(known) < 2 or abs(ceiling) < SMALLEST_CEILING * known.std(ddof=1):
        return None
    return dip / ceiling if ceiling else None
