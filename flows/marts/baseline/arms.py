"""Who stands in which arm and cluster of each contrast, for what SQL says of the arms."""

import polars as pl

from flows.marts.baseline.areas import Areas, Tables
from schemas.registry import Registry


def arms_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """A row per contrast and area that stands in one of its arms."""
    areas = Areas.from_tables(tables, registry)
    ids = areas.rows["area_id"]
    parts = [
        pl.DataFrame(
            {
                "contrast": pl.repeat(contrast.id, len(ids), eager=True),
                "area_id": ids,
                "arm": areas.arms(contrast)[0].tolist(),
                "cluster": areas.cluster_names(contrast).tolist(),
            },
            schema=dict.fromkeys(("contrast", "area_id", "arm", "cluster"), pl.String),
        )
        for contrast in registry.evaluation.contrast.values()
    ]
    return pl.concat(parts).filter(pl.col("arm") != "")
