"""Where the made-up nation's people live: municipalities, neighbourhoods, areas and their estates."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.intake.names import normal, slug
from flows.synthetic.parameters import Truth
from flows.synthetic.reference import IncompleteReference, ReferenceData, number
from schemas.registry import Registry

# First and last parts of names that no Danish estate has.
FIRST = (
    "Basilisk", "Bjergtrold", "Drageæg", "Drømmesyn", "Dværgekonge", "Enhjørning", "Eventyrbog", "Fabeldyr",
    "Feekonge", "Flyvetæppe", "Fønixfjer", "Gobelin", "Griffeklo", "Guldæg", "Havfruehale", "Heksekost",
    "Huldrekone", "Kentaur", "Klabautermand", "Krystalkugle", "Kæmpesko", "Lindorm", "Luftkastel", "Lygtemand",
    "Månestøv", "Narrehat", "Nissehue", "Pegasusvinge", "Regnbuebro", "Skattekiste", "Spøgelse", "Stjernestøv",
    "Syvmilestøvle", "Sølvmåne", "Tordenkile", "Troldesplint", "Tryllestav", "Uskyldsring", "Valkyrie", "Varulve",
    "Vættelys", "Ønskebrønd", "Ørkensø", "Åndemaner",
)  # fmt: skip
LAST = (
    "agervej", "bakken", "broen", "byen", "engen", "gården", "haven", "hegnet", "højen", "kvarteret", "lunden",
    "marken", "parken", "skoven", "stien", "toften", "vangen", "vænget",
)  # fmt: skip
ORGANISATIONS = (
    "Boligselskabet Luftkastellet", "Eventyrboligerne", "Boligforeningen Tusind og En", "Andelsselskabet Fabelbo",
    "Boligorganisationen Nisselund", "Månebo", "Boligselskabet Regnbuen", "Syvmilebo",
)  # fmt: skip
NEIGHBOURHOOD_SIZES = (0.72, 0.17, 0.08, 0.03)
RESIDENTS_PER_DWELLING = 2.1
NEIGHBOURHOODS_PER_SCHOOL = 3


@dataclass(frozen=True)
class Places:
    """The nation's places. `areas` has a row per area, in the order of every array over areas.

    areas: area_id, area_name, municipality (index into `municipalities`), neighbourhood (index), is_case_area,
    dwellings, residents (in the origin year), deprivation. municipalities: municipality_code, municipality_name,
    region_code, region_name, residents, deprivation. estates: estate_id, area (index), dwellings, housing_organisation.
    """

    municipalities: pl.DataFrame
    areas: pl.DataFrame
    estates: pl.DataFrame
    estate_seed: int

    @property
    def neighbourhoods(self) -> int:
        """Number of neighbourhoods."""
        return int(self.areas["neighbourhood"].to_numpy().max()) + 1


def settle(
    reference: ReferenceData, registry: Registry, truth: Truth, made_up: int, chance: np.random.Generator
) -> Places:
    """The case areas as Table 2.1 prints them, and `made_up` areas that exist nowhere, in the 98 municipalities."""
    municipalities = _municipalities(reference, chance)
    codes = municipalities["municipality_code"].to_list()
    cases = _case_areas(reference, registry, codes, municipalities["municipality_name"].to_list())
    weights = municipalities["residents"].to_numpy() / municipalities["residents"].sum()
    homes = np.sort(chance.choice(len(codes), size=made_up, p=weights))
    names = _names(homes, [case["area_name"] for case in cases], chance)
    case_dwellings = np.array([case["dwellings"] for case in cases])
    dwellings = np.clip(np.rint(np.exp(chance.normal(np.log(370), 0.8, made_up))), 60, 4_000).astype(np.int64)
    neighbourhood = np.concatenate([np.arange(len(cases)), len(cases) + _neighbourhoods(homes, chance)])
    municipality = np.concatenate([[case["municipality"] for case in cases], homes])
    sizes = np.concatenate([case_dwellings, dwellings])
    area_ids = [case["area_id"] for case in cases] + [
        f"{slug(name)}-{codes[home]}" for name, home in zip(names, homes, strict=True)
    ]
    own, near = chance.normal(size=len(sizes)), chance.normal(size=neighbourhood.max() + 1)
    far = municipalities["deprivation"]
    by_municipality, by_neighbourhood, by_area = truth.deprivation.weights
    is_case = np.arange(len(sizes)) < len(cases)
    u = by_municipality * far.to_numpy()[municipality] + by_neighbourhood * near[neighbourhood] + by_area * own
    household = np.exp(chance.normal(np.log(RESIDENTS_PER_DWELLING), 0.12, len(sizes)))
    areas = pl.DataFrame(
        {
            "area_id": area_ids,
            "area_name": [case["area_name"] for case in cases] + names,
            "municipality": municipality.astype(np.int64),
            "neighbourhood": neighbourhood.astype(np.int64),
            "is_case_area": is_case,
            "dwellings": sizes.astype(np.int64),
            "residents": np.maximum(np.rint(sizes * household), 100).astype(np.int64),
            "deprivation": u + truth.deprivation.case_area_shift * is_case,
        }
    )
    estate_seed = int(chance.integers(2**32))
    return Places(municipalities, areas, estates(areas, estate_seed), estate_seed)


def _municipalities(reference: ReferenceData, chance: np.random.Generator) -> pl.DataFrame:
    """The 98 true codes with made-up sizes; those with case areas are the largest, as such areas stand in towns."""
    rows = sorted(reference.rows["municipalities"], key=lambda row: row["municipality_code"])
    towns = {normal(row["municipality_code"]) for row in reference.rows["case_areas"]}
    sizes = np.sort(np.exp(chance.normal(np.log(45_000), 0.6, len(rows))))[::-1]
    in_towns = [{normal(row["municipality_name"]), normal(row["municipality_code"])} & towns != set() for row in rows]
    order = np.lexsort((chance.random(len(rows)), ~np.array(in_towns)))
    residents = np.empty(len(rows), dtype=np.int64)
    residents[order] = np.rint(sizes).astype(np.int64)
    names = ("municipality_code", "municipality_name", "region_code", "region_name")
    return pl.DataFrame(
        {name: [row[name] for row in rows] for name in names}
        | {"residents": residents, "deprivation": chance.normal(size=len(rows))}
    )


def _case_areas(
    reference: ReferenceData, registry: Registry, codes: Sequence[str], names: Sequence[str]
) -> list[dict[str, Any]]:
    """The case areas by the registry's identifiers. Raises IncompleteReference for others."""
    index = {normal(name): at for at, name in enumerate(names)} | {code: at for at, code in enumerate(codes)}
    known = {(row["municipality_code"], normal(row["name"])): row["area_id"] for row in registry.codes["areas"]}
    areas = {row["area_id"]: row for row in registry.codes["areas"]}
    known |= {
        (areas[row["area_id"]]["municipality_code"], normal(row["alias"])): row["area_id"]
        for row in registry.codes["area_aliases"]
    }
    made = []
    for row in reference.rows["case_areas"]:
        at = index.get(normal(row["municipality_code"]))
        area_id = known.get((codes[at], normal(row["area_id"]))) if at is not None else None
        if at is None or area_id is None:
            raise IncompleteReference(
                f"case_areas: {row['area_id']!r} in {row['municipality_code']!r} is no area of the registry"
            )
        case = {"area_id": area_id, "area_name": areas[area_id]["name"], "municipality": at}
        made.append(case | {"dwellings": number(row["dwellings"])})
    return made


def _names(homes: NDArray[np.intp], taken: Sequence[str], chance: np.random.Generator) -> list[str]:
    """A made-up name per area, unique in its municipality; a numeral follows where a municipality has used them all."""
    every = [first + last for first in FIRST for last in LAST]
    every = [name for name in every if name not in taken]
    made: list[str] = []
    for home in np.unique(homes):
        order = chance.permutation(len(every))
        for at in range(int((homes == home).sum())):
            again, which = divmod(at, len(every))
            made.append(every[order[which]] + (f" {again + 1}" if again else ""))
    return made


def _neighbourhoods(homes: NDArray[np.intp], chance: np.random.Generator) -> NDArray[np.int64]:
    """Areas of a municipality in groups of one to four, numbered from 0."""
    made = np.empty(len(homes), dtype=np.int64)
    number_of = at = 0
    while at < len(homes):
        left = int(np.searchsorted(homes, homes[at], side="right")) - at
        size = min(int(chance.choice(4, p=NEIGHBOURHOOD_SIZES)) + 1, left)
        made[at : at + size] = number_of
        number_of, at = number_of + 1, at + size
    return made


def school_districts(areas: pl.DataFrame) -> list[str]:
    """The school district of each area: three neighbourhoods next to each other in a municipality make up one."""
    number_of = areas.select(
        ((pl.col("neighbourhood").rank("dense").over("municipality") - 1) // NEIGHBOURHOODS_PER_SCHOOL + 1).alias("at")
    )["at"]
    return [f"{at}. skoledistrikt" for at in number_of.to_list()]


def estates(areas: pl.DataFrame, seed: int) -> pl.DataFrame:
    """One to five estates per area, 1.6 in the mean, that add up to its dwellings; each area by its own draws."""
    rows = []
    for area, total in enumerate(areas["dwellings"].to_list()):
        chance = np.random.default_rng([seed, area])
        count = min(1 + int(chance.poisson(0.62)), 5, max(1, total // 40))
        cuts = sorted(chance.choice(np.arange(20, total - 19), size=count - 1, replace=False).tolist())
        for at, (low, high) in enumerate(pairwise([0, *cuts, total])):
            organisation = ORGANISATIONS[int(chance.integers(len(ORGANISATIONS)))]
            rows.append((f"S-{area + 1:04d}-{at + 1}", area, high - low, organisation))
    schema = {
        "estate_id": pl.String(),
        "area": pl.Int64(),
        "dwellings": pl.Int64(),
        "housing_organisation": pl.String(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
