"""How the groups moved between two declared years: the mart group_change."""

from typing import Any

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Areas, Floats, Tables, in_words, made
from flows.marts.statistics import change
from flows.marts.statistics.change import GroupChange, MeanChange
from schemas.registry import Registry

LOCKED = "locked"


def changes_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """Every pair of arms by indicator and span of evaluation.toml.

    A span that is locked for any area of either arm has a row without figures: else areas that start late would stand
    for all.
    """
    areas = Areas.from_tables(tables, registry)
    open_through = areas.values(tables["open_years"], "open_through")
    rows: list[dict[str, Any]] = []
    for first, last in registry.evaluation.change.spans:
        before, after = (_figures(areas, tables, year) for year in (first, last))
        for contrast in registry.evaluation.full_contrasts:
            arm, left_out = areas.arms(contrast)
            cluster = areas.clusters(contrast)
            for pair in contrast.pairs:
                inside = (arm == pair[0]) | (arm == pair[1])
                side = (arm[inside] == pair[0]).astype(np.int64)
                is_locked = bool((open_through[inside] < last).any())
                for column, indicator in enumerate(areas.indicators):
                    first_figures = np.full(len(side), np.nan) if is_locked else before[inside, column]
                    found = change.group_change(first_figures, after[inside, column], side, cluster[inside])
                    head = {
                        "contrast": contrast.id,
                        "arm_1": pair[0],
                        "arm_0": pair[1],
                        "indicator": indicator,
                        "change_from": first,
                        "change_to": last,
                        "clustered_by": contrast.cluster,
                    }
                    reason = LOCKED if is_locked else found.reason
                    rows.append({**head, **_row(found), "why": in_words(reason, left_out)})
    return made(rows, "group_change", registry)


def _figures(areas: Areas, tables: Tables, year: int) -> Floats:
    return areas.matrix(tables["open_figures"].filter(pl.col("year") == year), "indicator", areas.indicators)


def _row(found: GroupChange) -> dict[str, Any]:
    sample, difference = found.sample, found.difference
    return {
        "areas_1": sample.areas_1,
        "areas_0": sample.areas_0,
        "missing_1": sample.left_out_1,
        "missing_0": sample.left_out_0,
        "clusters_1": sample.clusters_1,
        "clusters_0": sample.clusters_0,
        **_interval("change_1", found.arm_1),
        **_interval("change_0", found.arm_0),
        **_interval("change_difference", difference),
        "change_difference_se": difference.se if difference else None,
        "change_difference_df": difference.df if difference else None,
    }


def _interval(name: str, mean: MeanChange | None) -> dict[str, float | None]:
    ends = (mean.value, mean.low, mean.high) if mean else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
