"""A town as a snapshot, written by hand: four areas with a secretariat, one without, the town and the country."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from mart_rows import frame

from flows.publish import plans_read
from flows.publish.snapshots import Snapshot
from schemas.registry import Registry

AREAS = {"ager": "Ager", "bakke": "Bakke", "dal": "Dal", "eng": "Eng", "skov": "Skov"}
SUPPORTED = ("ager", "bakke", "dal", "eng")
TOWN, COUNTRY = "0751", "000"
YEARS = (2011, 2012)
PEOPLE = {"ager": 700, "bakke": 900, "dal": 60, "eng": 400, "skov": 800, TOWN: 310_000, COUNTRY: 5_500_000}
# Who is on social assistance among those of 18-64 years; in Dal there are too few residents to say anything.
ASSISTED = {"ager": (3, 420), "bakke": (61, 530), "dal": (9, 40), "eng": (44, 250), "skov": (50, 470)}
ASSISTED_AROUND = {TOWN: (9_800, 200_000), COUNTRY: (150_000, 3_400_000)}

Counts = Mapping[str, tuple[int, int]]


def town(
    folder: Path,
    registry: Registry,
    assisted: Mapping[int, Counts] | None = None,
    name: str = "0123456789abcdef",
    people: Mapping[str, int] | None = None,
    supported: tuple[str, ...] = SUPPORTED,
    years: tuple[int, ...] = YEARS,
    undelivered: tuple[str, ...] = (),
    **rows: list[dict[str, Any]],
) -> Snapshot:
    """A snapshot of the town; `assisted` changes counts of a year, `people` residents; of the places `undelivered` only
    these are known; `rows` are further marts."""
    folder.mkdir(parents=True)
    profile, places = [], []
    for year in years:
        counts = {**ASSISTED, **ASSISTED_AROUND, **(assisted or {}).get(year, {})}
        for place, residents in {**PEOPLE, **(people or {})}.items():
            if place in AREAS:
                key: dict[str, Any] = {"area_id": place, "area_name": AREAS[place], "municipality_code": TOWN}
            else:
                kind = "municipality" if place == TOWN else "country"
                key = {"geography": kind, "geography_id": place, "place_name": "Aarhus" if place == TOWN else "Landet"}
            key |= {"year": year, "window_years": 1, "status": "final", "origin": "synthetic"}
            published = {"source": "population"} if place not in AREAS else {"source": "area_statistics"}
            target = profile if place in AREAS else places
            target.append({**key, "indicator": "residents", "value": float(residents), **published})
            if place in undelivered:
                continue
            x, n = counts[place]
            share = {"value": 100 * x / n, "numerator": x, "denominator": n, "source": "area_statistics"}
            target.append({**key, "indicator": "social_assistance_pct", **share})
    given: dict[str, list[dict[str, Any]]] = {
        "area_profile": profile,
        "place_figures": places,
        "dim_areas": [
            {
                "area_id": area,
                "area_name": name_,
                "municipality_code": TOWN,
                "municipality_name": "Aarhus",
                "region_code": "082",
                "dwellings": 300,
                "size_band": "0-700",
                "funding_band": "5_15m",
                "secretariat_id": "aarhus" if area in supported else None,
                "supported_by_secretariat": area in supported,
            }
            for area, name_ in AREAS.items()
        ],
        "dim_plans": [{"plan_id": "plan-ager", "plan_name": "Helhedsplan Ager", "area_ids": "ager", "plan_areas": 1}],
        "grant_summary": [],
        "dim_municipalities": [{"municipality_code": TOWN, "municipality_name": "Aarhus", "region_code": "082"}],
        "dim_secretariats": [
            {"secretariat_id": "aarhus", "secretariat_name": "Sekretariatet i Aarhus", "municipality_code": TOWN}
        ],
        "comparison_pool": [],
        "other_figures": [],
        "amount_contributors": [],
        "dim_criteria": [],
        "statutory_criteria": [],
        **{mart: [] for mart in plans_read.MARTS if mart not in ("dim_plans", "dim_areas", "dim_secretariats")},
    }
    given |= rows
    files = {}
    for mart, lines in given.items():
        made: pl.DataFrame = frame(registry.tables[mart], lines, registry)
        made.write_parquet(folder / f"{mart}.parquet")
        files[mart] = {"file": f"{mart}.parquet"}
    return Snapshot(name, folder, {"marts": files, "origin": "synthetic"})
