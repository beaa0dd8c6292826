"""The twins of each area: the marts comparison_pool and comparison_support."""

from typing import Any

import polars as pl

from flows.build.baseline.areas import Areas, Tables, made
from flows.build.statistics import twins
from schemas.contracts import POLARS_TYPES
from schemas.registry import Registry

FOUND = ("candidate_id", "twin_rank", "distance", "is_tied")


class OtherPool(ValueError):
    """The twins found are not those that evaluation.toml froze."""


def twins_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """A row per area with its twins as a list. Raises OtherPool where the pool is frozen and another one is found."""
    areas, chosen = Areas.of(tables, registry), registry.evaluation.twins
    rows = tables["baseline_values"].filter(pl.col("baseline_window") == chosen.window)
    candidates = areas.rows["treatment"] == "never_funded"
    found = twins.find_twins(
        areas.rows["area_id"].to_list(),
        areas.matrix(rows, "indicator", list(chosen.indicators)),
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
            f"{found.pool_sha256}. Figures up to {registry.evaluation.baseline.last_year} were revised or the rule was "
            f"changed: see the mart revisions, then either set the new hash there, with the reason in the commit, or "
            f"build with --as-of the day of the freeze"
        )
    of_area: dict[str, list[dict[str, Any]]] = {}
    for twin in found.twins:
        if twin.within_caliper:
            row = {
                "candidate_id": twin.candidate,
                "twin_rank": twin.rank,
                "distance": twin.distance,
                "is_tied": twin.tied,
            }
            of_area.setdefault(twin.area, []).append(row)
    treatment = dict(zip(areas.rows["area_id"], areas.rows["treatment"], strict=True))
    made_rows = [
        {
            "area_id": area.area,
            "treatment": treatment[area.area],
            "candidates": int(candidates.sum()) - (treatment[area.area] == "never_funded"),
            "twins": area.twins,
            "on_support": area.on_support,
            "off_support_on": ", ".join(area.outside) or None,
            "twins_missing_reason": area.reason,
            "twin_method": chosen.method,
            "baseline_window": chosen.window,
            "pool_sha256": found.pool_sha256,
            "found": of_area.get(area.area, []),
        }
        for area in found.areas
    ]
    columns = {column.name: column for column in registry.marts["comparison_pool"].columns}
    types = {name: POLARS_TYPES[column.type] for name, column in columns.items()}
    struct = pl.Struct({name: types[name] for name in FOUND})
    return made(
        made_rows,
        "comparison_support",
        registry,
        twin_method=types["twin_method"],
        baseline_window=types["baseline_window"],
        found=pl.List(struct),
    )
