"""Which areas are too small to say anything of, by every source that knows how many live there.

A household lives in one dwelling, so that dwellings bound households from above: of the area as its list prints them,
of its estates, of a plan that it is one of. The least number counts, whoever has it.
"""

from collections.abc import Mapping

import polars as pl

from schemas.registry import Registry

Reasons = Mapping[tuple[str, int], str | None]


def reasons(marts: Mapping[str, pl.DataFrame], profile: pl.DataFrame, registry: Registry) -> Reasons:
    """Per area and year of known size the reason why it is withheld, None where it is not.

    `marts` are dim_areas and dim_plans, `profile` rows of area_profile. An area and year that is not there has no
    number of residents, or has fewer than `residents_alone` and nobody knows its households or dwellings.
    """
    floors = registry.disclosure.floors
    found: dict[tuple[str, int], str | None] = {}
    for area, year, residents, homes in _sizes(marts, profile, registry).iter_rows():
        is_small = any(
            count is not None and count < floor
            for count, floor in ((residents, floors.residents), (homes, floors.households))
        )
        if is_small:
            found[area, year] = "area_too_small"
        elif residents is not None and (homes is not None or residents >= floors.residents_alone):
            found[area, year] = None
    return found


def _sizes(marts: Mapping[str, pl.DataFrame], profile: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """area_id, year, residents, homes: the least numbers that any source has."""
    indicators = registry.indicators.values()
    counting = [i.id for i in indicators if i.counts in ("households", "dwellings")]
    based = [i.id for i in indicators if i.among in ("households", "dwellings")]
    yearly = profile.group_by("area_id", "year").agg(
        pl.col("value").filter(pl.col("indicator") == "residents").min().alias("residents"),
        pl.min_horizontal(
            pl.col("value").filter(pl.col("indicator").is_in(counting)).min(),
            pl.col("denominator").filter(pl.col("indicator").is_in(based)).min(),
        ).alias("in_year"),
    )
    plans = (
        marts["dim_plans"]
        .select(pl.col("area_ids").str.split(", ").alias("area_id"), pl.col("dwellings").alias("of_plan"))
        .explode("area_id")
        .group_by("area_id")
        .agg(pl.col("of_plan").min())
    )
    areas = marts["dim_areas"].select("area_id", "dwellings")
    return (
        yearly.join(areas, on="area_id", how="left")
        .join(plans, on="area_id", how="left")
        .select("area_id", "year", "residents", pl.min_horizontal("in_year", "dwellings", "of_plan").alias("homes"))
    )
