"""How areas may be weighed in a comparison: alike, by residents, by balancing weights, or as twins."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Areas, Floats, Names, Tables
from flows.marts.baseline.twins import twins_of_areas
from flows.marts.statistics import twins, weights
from schemas.evaluation import Contrast
from schemas.registry import Registry


@dataclass(frozen=True)
class Weighting:
    """A way to weigh the areas: (areas,) weights, NaN where one cannot be weighed, and why there are none.

    Of twins, 0 is who stands in no pair; `lost` counts areas of the first arm without twins.
    """

    name: str
    weights: Floats | None = None
    reason: str | None = None
    reuse_max: int | None = None
    lost: int | None = None


def weightings(
    areas: Areas,
    tables: Tables,
    contrast: Contrast,
    arm: Names,
    residents: Floats,
    twins_of: Mapping[str, Sequence[str]],
) -> Iterator[Weighting]:
    """Each way to weigh the areas; twins where funded areas are held against those that never were.

    `arm` names the arm of each area, `residents` are theirs in the window, `twins_of` names the twins of each area.
    """
    yield Weighting("none")
    if contrast.is_brief:
        return
    yield Weighting("residents", residents)
    if contrast.weighting:
        yield Weighting(contrast.weighting, *_balancing_weights(areas, tables, contrast, arm))
    if contrast.by == "funded":
        sample = twins.matched(areas.rows["area_id"].to_list(), arm == contrast.arms[0], twins_of)
        lost = f"no_twins: {sample.lost} areas left out" if sample.lost else None
        yield Weighting("twins", sample.weights, lost, sample.reuse_max, sample.lost)


def weights_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """What each area weighs in the comparison of funded with never-funded areas, and which areas are its twins."""
    areas, twins_of = Areas.from_tables(tables, registry), twins_of_areas(tables)
    ids = areas.rows["area_id"].to_list()
    columns: dict[str, Floats] = {name: np.full(len(ids), np.nan) for name in ("w_entropy", "w_twins")}
    for contrast in registry.evaluation.full_contrasts:
        if contrast.by == "funded":
            arm, _ = areas.arms(contrast)
            if contrast.weighting == "entropy":
                columns["w_entropy"], _ = _balancing_weights(areas, tables, contrast, arm)
            weights = twins.matched(ids, arm == contrast.arms[0], twins_of).weights
            columns["w_twins"] = np.where(arm == "", np.nan, weights)
    twin_ids = [", ".join(twins_of.get(area, ())) or None for area in ids]
    rows = pl.DataFrame({"area_id": ids, **columns, "twin_ids": twin_ids}, schema_overrides={"twin_ids": pl.String()})
    return rows.with_columns(pl.col("w_entropy", "w_twins").fill_nan(None))


def _balancing_weights(areas: Areas, tables: Tables, contrast: Contrast, arm: Names) -> tuple[Floats, str | None]:
    """Weights that make the second arm look like the first on the declared indicators."""
    chosen = areas.registry.evaluation.balancing
    rows = tables["baseline_values"].filter(pl.col("baseline_window") == chosen.window)
    covariates = areas.matrix(rows, "indicator", list(chosen.indicators))
    first, second = (arm == name for name in contrast.arms)
    method = {"entropy": weights.entropy, "propensity": weights.propensity}[str(contrast.weighting)]
    found = method(covariates[first], covariates[second])
    whole = np.full(len(arm), float("nan"))
    if found.arm_1 is None or found.arm_0 is None:
        return whole, f"no_weights: {found.reason}"
    whole[first], whole[second] = found.arm_1, found.arm_0
    return whole, None
