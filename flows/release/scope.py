"""What a release is about: which areas, larger places and groups of areas it shows, and in which years."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from schemas.registry import Registry

COUNTRY = "000"


@dataclass(frozen=True)
class Group:
    """Areas whose figures are shown as one sum."""

    kind: str
    id: str
    members: frozenset[str]


@dataclass(frozen=True)
class TwinCandidates:
    """The areas that an area is held against, and the last year in which it is."""

    area_id: str
    candidates: frozenset[str]
    last_year: int


@dataclass(frozen=True)
class Scope:
    """The places whose figures a release shows: areas, municipalities, and groups of areas; the country always.

    What stands for an area's twins is made of figures of theirs that may be shown, and of no others, so that it tells
    nothing beyond these. So twins are cleared like the areas, though their own figures stand in no table. Every other
    area is part of sums all the same.
    """

    areas: frozenset[str]
    municipalities: frozenset[str]
    regions: frozenset[str]
    groups: tuple[Group, ...]
    twins: tuple[TwinCandidates, ...] = ()

    def cleared(self, year: int) -> frozenset[str]:
        """The areas whose figures of a year may be told, by themselves or as somebody's twins."""
        beside = (twins.candidates for twins in self.twins if year <= twins.last_year)
        return self.areas.union(*beside)


def of_secretariats(marts: Mapping[str, pl.DataFrame], registry: Registry) -> Scope:
    """The areas that have a secretariat, each with its twins as long as their outcomes are not locked, and the
    secretariats' municipalities; of dim_areas, dim_secretariats and comparison_pool."""
    areas = marts["dim_areas"].filter(pl.col("secretariat_id").is_not_null())["area_id"]
    pool = marts["comparison_pool"].filter(pl.col("area_id").is_in(areas.implode()))
    twins = pool.group_by("area_id").agg(pl.col("candidate_id")).sort("area_id")
    return Scope(
        frozenset(areas),
        frozenset(marts["dim_secretariats"]["municipality_code"]),
        frozenset(),
        (),
        tuple(
            TwinCandidates(area, frozenset(members), _last_year([area, *members], registry))
            for area, members in twins.iter_rows()
        ),
    )


def _last_year(areas: Sequence[str], registry: Registry) -> int:
    """The last year in which areas stand beside each other: outcomes are open, and none has a new boundary."""
    evaluation = registry.evaluation
    breaks = [int(row["from_year"]) for row in registry.codes["boundary_breaks"] if row["area_id"] in areas]
    return min([evaluation.open_through, *(year - 1 for year in breaks if year > evaluation.baseline.last_year)])
