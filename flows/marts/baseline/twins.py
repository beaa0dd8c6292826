"""The twins of each area: the marts comparison_pool and comparison_support."""

from collections import Counter
from typing import Any

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Areas, Mask, Tables, made
from flows.marts.statistics import twins
from schemas.contracts import polars_schema
from schemas.registry import Registry

FOUND = ("candidate_id", "twin_rank", "distance", "is_tied")


class OtherPool(ValueError):
    """The twins found are not those that evaluation.toml froze."""


def twins_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """A row per area with its twins as a list. Raises OtherPool where the pool is frozen and another one is found."""
    areas, chosen = Areas.from_tables(tables, registry), registry.evaluation.twins
    rows = tables["baseline_values"].filter(pl.col("baseline_window") == chosen.window)
    candidates = areas.rows["treatment"] == "never_funded"
    covariates = areas.matrix(rows, "indicator", list(chosen.indicators))
    found = twins.find_twins(
        areas.rows["area_id"].to_list(),
        covariates,
        candidates.to_numpy(),
        names=chosen.indicators,
        method=chosen.method,
        k=chosen.twins,
        caliper=chosen.caliper,
        exact=areas.rows["region_code"].to_list() if chosen.same_region else None,
    )
    if chosen.sha256 not in (None, found.pool_sha256):
        raise OtherPool(
            f"schemas/evaluation.toml, twins: the pool is frozen as {chosen.sha256}, but these figures give "
            f"{found.pool_sha256}. Figures up to {registry.evaluation.baseline.last_year} were revised, another area "
            f"got a grant, or the rule was changed: see the mart revisions, then either set the new hash there, with "
            f"the reason in the commit, or build with --as-of the day of the freeze"
        )
    could_be = _candidates(areas, candidates.to_numpy() & ~np.isnan(covariates).any(axis=1), chosen.same_region)
    twins_of = _twins_by_area(found)
    treatment = dict(zip(areas.rows["area_id"], areas.rows["treatment"], strict=True))
    rows_of_areas = [
        {
            "area_id": area.area,
            "treatment": treatment[area.area],
            "candidates": could_be[area.area],
            "caliper": found.caliper,
            "twins": area.twins,
            "on_support": area.on_support,
            "off_support_on": ", ".join(area.outside) or None,
            "twins_missing_reason": area.reason,
            "twin_method": chosen.method,
            "baseline_window": chosen.window,
            "pool_sha256": found.pool_sha256,
            "found": twins_of.get(area.area, []),
        }
        for area in found.areas
    ]
    types = polars_schema(registry.marts["comparison_pool"])
    struct = pl.Struct({name: types[name] for name in FOUND})
    return made(
        rows_of_areas,
        "comparison_support",
        registry,
        twin_method=types["twin_method"],
        baseline_window=types["baseline_window"],
        found=pl.List(struct),
    )


def _candidates(areas: Areas, complete: Mask, same_region: bool) -> dict[str, int]:
    """How many candidates with all covariates each area could have, of its region where that is asked for."""
    regions = areas.rows["region_code"] if same_region else pl.Series([""] * len(complete))
    near = Counter(regions.filter(pl.Series(complete)).to_list())
    return {
        area: near[region] - int(own)
        for area, region, own in zip(areas.rows["area_id"], regions, complete.tolist(), strict=True)
    }


def _twins_by_area(pool: twins.TwinPool) -> dict[str, list[dict[str, Any]]]:
    """The twins within the caliper, by the area whose twins they are."""
    twins_of: dict[str, list[dict[str, Any]]] = {}
    for twin in pool.twins:
        if twin.within_caliper:
            values = (twin.candidate, twin.rank, twin.distance, twin.tied)
            twins_of.setdefault(twin.area, []).append(dict(zip(FOUND, values, strict=True)))
    return twins_of
