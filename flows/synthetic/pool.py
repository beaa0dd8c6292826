"""The pool of 2006-2010 in the made-up nation: who gets plans, grants and rent support, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.intake.names import normal
from flows.synthetic.expected import Treatment
from flows.synthetic.parameters import Truth
from flows.synthetic.places import Places, estates
from flows.synthetic.reference import ReferenceData
from flows.synthetic.scale import Numbers
from schemas.registry import Registry

WHOLE_POOL_FROM = 500
FEWEST_AREAS = 50
LARGEST_SOCIAL_PART = 0.75
WIDTH_OF_OPEN_BAND = 2.5
NEVER = 9999
MILLION = 1_000_000
ROUNDED_TO = 10_000
SMALLEST_GRANT = 600_000
SMALLEST_PLAN = 2 * SMALLEST_GRANT
PERIODS, PERIOD_SHARES = (3, 4, 5), (0.25, 0.45, 0.30)
EFFORT_AREAS = (1, 2, 3)
RENT_SUPPORT_YEARS = 10
# Of the estates with rent support, the part whose areas have no plan, and when their support begins.
RENT_SUPPORT_ALONE, RENT_SUPPORT_FROM = 0.3, date(2008, 1, 1)


@dataclass(frozen=True)
class Totals:
    """How much the pool gives together. In a nation of fewer than 500 areas it is smaller in proportion."""

    plans: int
    grants: int
    rent_support_estates: int
    amount_dkk: int

    def scaled(self, part: float) -> "Totals":
        """The same pool for a smaller nation."""
        return Totals(*(round(total * part) for total in vars(self).values()))


@dataclass(frozen=True)
class DrawnPlan:
    """A development plan: its areas (indices), band, period and organisation (None: unknown)."""

    name: str
    municipality: int
    areas: tuple[int, ...]
    funding_band: str
    amount_dkk: int
    begins: date
    ends: date
    period_years: int
    project_organisation: str | None
    project_secretariat: str | None
    supported_by_secretariat: bool
    is_case: bool


@dataclass(frozen=True)
class Grant:
    """A grant: social effort of a plan, or rent support of an estate."""

    grant_id: str
    plan: DrawnPlan | None
    areas: tuple[int, ...]
    municipality: int
    estate_id: str | None
    amount_dkk: int
    begins: date
    ends: date
    effort_areas: tuple[str, ...]


@dataclass(frozen=True)
class Pool:
    """Plans and grants, and per area the group of twins that it belongs to (-1: none)."""

    totals: Totals
    plans: tuple[DrawnPlan, ...]
    grants: tuple[Grant, ...]
    treatment: Treatment
    twin_group: NDArray[np.int64]

    @property
    def social_effort(self) -> tuple[Grant, ...]:
        """Grants to plans."""
        return tuple(grant for grant in self.grants if grant.estate_id is None)

    @property
    def rent_support(self) -> tuple[Grant, ...]:
        """Grants to estates."""
        return tuple(grant for grant in self.grants if grant.estate_id is not None)

    @property
    def arms(self) -> NDArray[np.str_]:
        """Per area what it got: funded (a plan), rent_support_only, never_funded."""
        supported = np.zeros(len(self.treatment.funded), dtype=np.bool_)
        supported[[area for grant in self.rent_support for area in grant.areas]] = True
        without_plan = np.where(supported, "rent_support_only", "never_funded")
        return np.where(self.treatment.funded, "funded", without_plan)


@dataclass(frozen=True)
class _Ground:
    """What plans are founded on; `covered` are the areas (indices) of each."""

    reference: ReferenceData
    registry: Registry
    truth: Truth
    places: Places
    covered: Sequence[tuple[int, ...]]
    chance: np.random.Generator


def totals_of(reference: ReferenceData, made_up: int) -> Totals:
    """The published totals, or their part for a nation of few areas. Raises ValueError below FEWEST_AREAS."""
    if made_up < FEWEST_AREAS:
        raise ValueError(f"a nation needs {FEWEST_AREAS} made-up areas or more, not {made_up}")
    totals = reference.totals()
    published = Totals(totals["plans"], totals["grants"], totals["rent_support_estates"], totals["pool_amount_dkk"])
    return published if made_up >= WHOLE_POOL_FROM else published.scaled(made_up / WHOLE_POOL_FROM)


def share_out(
    reference: ReferenceData,
    registry: Registry,
    truth: Truth,
    places: Places,
    totals: Totals,
    chance: np.random.Generator,
    bad_years: Numbers | None = None,
) -> Pool:
    """Choose neighbourhoods, found plans, give every krone of the pool away, and set twins beside some areas.

    `bad_years` (neighbourhoods,) are SDs by which each looked worse than it lastingly is, where that weighs, too.
    """
    chosen = _chosen(places, truth, totals, chance, bad_years)
    groups = [np.flatnonzero(places.areas["neighbourhood"].to_numpy() == which) for which in chosen]
    others = np.arange(_cases(places), len(groups))
    beside = [groups[at] for at in chance.choice(others, totals.plans - len(groups), replace=False)]
    # A second plan takes one area of the first one's.
    covered = [tuple(group.tolist()) for group in groups] + [(int(group[0]),) for group in beside]
    ground = _Ground(reference, registry, truth, places, covered, chance)
    amounts, bands = _amounts(ground, totals.amount_dkk)
    plans = _plans(ground, amounts, bands)
    social = _social_effort(plans, totals.grants, registry, chance)
    left = totals.amount_dkk - sum(grant.amount_dkk for grant in social)
    treatment, twin_group = _twins(plans, places, truth, chance)
    twins = np.flatnonzero(twin_group >= 0).tolist()
    grants = social + _rent_support(plans, places, twins, totals.rent_support_estates, left, len(social), chance)
    return Pool(totals, tuple(plans), tuple(grants), treatment, twin_group)


def with_twins_alike(places: Places, pool: Pool) -> Places:
    """The places with twins as large and as deprived as the funded area that they are like."""
    likeness = pool.treatment.likeness
    columns = ("deprivation", "residents", "dwellings")
    areas = places.areas.with_columns(pl.Series(name, places.areas[name].to_numpy()[likeness]) for name in columns)
    return replace(places, areas=areas, estates=estates(areas, places.estate_seed))


def _cases(places: Places) -> int:
    return int(places.areas["is_case_area"].sum())


def _chosen(
    places: Places, truth: Truth, totals: Totals, chance: np.random.Generator, bad_years: Numbers | None
) -> NDArray[np.int64]:
    """The case areas' neighbourhoods, then others by deprivation, size and luck (Gumbel: drawn without replacement)."""
    by = (
        places.areas.group_by("neighbourhood")
        .agg(pl.col("deprivation").mean(), pl.col("dwellings").sum())
        .sort("neighbourhood")
    )
    log_size = np.log(by["dwellings"].to_numpy())
    z = (log_size - log_size.mean()) / log_size.std()
    score = (
        truth.selection.deprivation * by["deprivation"].to_numpy()
        + truth.selection.size * z
        + chance.gumbel(size=len(z))
    )
    if bad_years is not None:
        score = score + truth.selection.bad_years * bad_years[by["neighbourhood"].to_numpy()]
    cases = _cases(places)
    score[:cases] = np.inf
    beside = round(truth.selection.plans_beside_another * min(1.0, totals.plans / 100))
    return np.argsort(-score, kind="stable")[: max(totals.plans - beside, cases)].astype(np.int64)


def _amounts(ground: _Ground, amount_dkk: int) -> tuple[NDArray[np.int64], list[str]]:
    """Amount and band of every plan: more deprived and larger plans get more; case areas stay in their true bands.

    Together at most LARGEST_SOCIAL_PART of the pool, so that rent support has its part.
    """
    truth, places, covered, chance = ground.truth, ground.places, ground.covered, ground.chance
    deprivation, dwellings = places.areas["deprivation"].to_numpy(), places.areas["dwellings"].to_numpy()
    u = np.array([deprivation[list(areas)].mean() for areas in covered])
    log_size = np.log([dwellings[list(areas)].sum() for areas in covered])
    z = (log_size - log_size.mean()) / log_size.std()
    selection = truth.selection
    luck = chance.normal(size=len(u))
    score = selection.deprivation_amount * u + selection.size_amount * z + selection.noise_amount * luck
    rank = (np.argsort(np.argsort(score)) + 0.5) / len(score)
    bands = sorted(ground.registry.codes["funding_bands"], key=lambda row: int(row["lower_mio_dkk"]))
    edges = np.cumsum(selection.band_shares)
    at = np.minimum(np.searchsorted(edges, rank, side="right"), len(bands) - 1)
    within = (rank - np.concatenate([[0], edges])[at]) / np.asarray(selection.band_shares)[at]
    labels = {label: row["funding_band"] for row in bands for label in (row["funding_band"], row["label_da"])}
    index = {row["funding_band"]: number_ for number_, row in enumerate(bands)}
    printed = _printed_names(ground.reference, ground.registry)
    for area, name in enumerate(places.areas["area_id"].to_list()[: _cases(places)]):
        band = index[labels[printed[name]["funding_band"]]]
        if at[area] != band:
            at[area], within[area] = band, chance.random()
    lows = np.array([max(int(row["lower_mio_dkk"]) * MILLION, SMALLEST_PLAN) for row in bands], dtype=np.float64)
    highs = np.array([float(row["upper_mio_dkk"] or 0) * MILLION for row in bands])
    highs = np.where(highs > 0, highs, WIDTH_OF_OPEN_BAND * lows)
    above = (0.03 + 0.94 * np.clip(within, 0, 1)) * (highs - lows)[at]
    most = LARGEST_SOCIAL_PART * amount_dkk - lows[at].sum()
    above *= min(1.0, most / above.sum())
    amounts = np.floor((lows[at] + above) / ROUNDED_TO).astype(np.int64) * ROUNDED_TO
    # An amount that lies on the edge of an open band after rounding still belongs to it.
    amounts += ROUNDED_TO * (amounts <= lows[at])
    return amounts, [bands[band]["funding_band"] for band in at.tolist()]


def _printed_names(reference: ReferenceData, registry: Registry) -> dict[str, Mapping[str, str]]:
    """The case areas' lines of the reference grants, by area."""
    written = {normal(row["area_id"]): row for row in reference.rows["grants"]}
    spelled: dict[str, list[str]] = {}
    for list_, column in (("areas", "name"), ("area_aliases", "alias")):
        for row in registry.codes[list_]:
            spelled.setdefault(row["area_id"], []).append(normal(row[column]))
    return {area: written[name] for area, names in spelled.items() for name in names if name in written}


def _plans(ground: _Ground, amounts: NDArray[np.int64], bands: Sequence[str]) -> list[DrawnPlan]:
    registry, places, chance = ground.registry, ground.places, ground.chance
    areas = places.areas.rows(named=True)
    printed = _printed_names(ground.reference, registry)
    supported = _supported(ground)
    organisations = [row["project_organisation"] for row in registry.codes["project_organisations"]]
    secretariats = [row["project_secretariat"] for row in registry.codes["project_secretariats"]]
    names: set[tuple[str, int]] = set()
    plans = []
    for at, group in enumerate(ground.covered):
        area = areas[group[0]]
        case = printed.get(area["area_id"]) if at < _cases(places) else None
        name = case["plan_name"] if case else f"Helhedsplan {area['area_name']}"
        if (name, area["municipality"]) in names:
            name += " II"
        names.add((name, area["municipality"]))
        years = int(chance.choice(PERIODS, p=PERIOD_SHARES))
        # The second interim report is about plans that had begun.
        begins = date(2006 + int(chance.integers(0, 3 if case else 5)), int(chance.integers(1, 13)), 1)
        years = int(case["grant_period_years"]) if case else years
        is_known = chance.random(2) >= ground.truth.organisation.unknown_share
        organisation, secretariat = chance.choice(organisations), chance.choice(secretariats)
        plans.append(
            DrawnPlan(
                name=name,
                municipality=area["municipality"],
                areas=group,
                funding_band=bands[at],
                amount_dkk=int(amounts[at]),
                begins=begins,
                ends=begins.replace(year=begins.year + years) - timedelta(days=1),
                period_years=years,
                project_organisation=str(organisation) if is_known[0] else None,
                project_secretariat=str(secretariat) if is_known[1] else None,
                supported_by_secretariat=bool(supported[at]),
                is_case=case is not None,
            )
        )
    return plans


def _supported(ground: _Ground) -> NDArray[np.bool_]:
    """Plans that an area secretariat supports: those of the report as it prints them, most others of the same towns.

    Beside the registry's secretariats the nation has made-up ones, in the municipalities with the most plans.
    """
    places, organisation = ground.places, ground.truth.organisation
    homes = places.areas["municipality"].to_numpy()[[group[0] for group in ground.covered]]
    codes = places.municipalities["municipality_code"].to_list()
    true_ones = [codes.index(row["municipality_code"]) for row in ground.registry.codes["secretariats"]]
    plans = np.bincount(homes, minlength=len(codes))
    by_plans = [int(at) for at in np.argsort(-plans, kind="stable") if at not in true_ones]
    seats = true_ones + by_plans[: max(organisation.secretariat_municipalities - len(true_ones), 0)]
    supported = np.isin(homes, seats) & (ground.chance.random(len(homes)) < organisation.supported_share)
    for at, row in enumerate(ground.reference.rows["case_areas"]):
        supported[at] = normal(row["supported_by_secretariat"]) == "ja"
    return np.asarray(supported)


def _social_effort(
    plans: Sequence[DrawnPlan], count: int, registry: Registry, chance: np.random.Generator
) -> list[Grant]:
    """One grant per plan and second or third ones to some, `count` together; a plan's grants add up to its amount."""
    times = np.ones(len(plans), dtype=np.int64)
    while (more := count - int(times.sum())) > 0:
        room = np.flatnonzero(times < np.where([plan.amount_dkk >= 3 * SMALLEST_GRANT for plan in plans], 3, 2))
        times[chance.choice(room, size=min(more, len(room)), replace=False)] += 1
    themes = [row["effort_area_id"] for row in registry.codes["effort_areas"]]
    parts: list[tuple[date, DrawnPlan, int, date, tuple[str, ...]]] = []
    for plan, many in zip(plans, times.tolist(), strict=True):
        first = 1.0 if many == 1 else float(chance.uniform(0.5, 0.8))
        shares = [first] + [(1 - first) / (many - 1)] * (many - 1) if many > 1 else [1.0]
        amounts = [int(plan.amount_dkk * share) // ROUNDED_TO * ROUNDED_TO for share in shares]
        amounts[0] += plan.amount_dkk - sum(amounts)
        for at, amount in enumerate(amounts):
            later = plan.begins.replace(year=min(plan.begins.year + at, 2010, plan.ends.year))
            chosen = chance.choice(themes, size=int(chance.choice(EFFORT_AREAS)), replace=False).tolist()
            parts.append((max(plan.begins, later), plan, amount, plan.ends, tuple(sorted(chosen))))
    parts.sort(key=lambda part: (part[0], part[1].name, part[1].municipality, -part[2]))
    return [
        Grant(
            f"S-{begins.year}-{at + 1:03d}", plan, plan.areas, plan.municipality, None, amount, begins, ends, of_themes
        )
        for at, (begins, plan, amount, ends, of_themes) in enumerate(parts)
    ]


def _first_days(plans: Sequence[DrawnPlan]) -> dict[int, date]:
    """The day on which an area's first plan began, by area in the order of the plans."""
    begins: dict[int, date] = {}
    for plan in plans:
        for area in plan.areas:
            begins[area] = min(begins.get(area, plan.begins), plan.begins)
    return begins


def _rent_support(
    plans: Sequence[DrawnPlan],
    places: Places,
    twins: Sequence[int],
    count: int,
    amount_dkk: int,
    before: int,
    chance: np.random.Generator,
) -> list[Grant]:
    """Rent support to `count` estates, by dwellings and luck, to the last krone; some lie in areas without a plan.

    An area that stands as another's twin has none.
    """
    begins = _first_days(plans)
    planned = places.estates.filter(pl.col("area").is_in(list(begins)))
    alone = places.estates.filter(~pl.col("area").is_in([*begins, *twins]))
    outside = min(round(RENT_SUPPORT_ALONE * count), alone.height)
    estates = pl.concat(
        there[np.sort(chance.choice(there.height, size=size, replace=False)).tolist()]
        for there, size in ((planned, count - outside), (alone, outside))
    )
    weights = np.sqrt(estates["dwellings"].to_numpy()) * np.exp(chance.normal(0, 0.3, count))
    amounts = np.floor(amount_dkk * weights / weights.sum()).astype(np.int64)
    amounts[: amount_dkk - int(amounts.sum())] += 1
    homes = places.areas["municipality"].to_list()
    rows = zip(estates.rows(named=True), amounts.tolist(), strict=True)
    given = [(begins.get(estate["area"], RENT_SUPPORT_FROM), estate, amount) for estate, amount in rows]
    given.sort(key=lambda row: (row[0], row[1]["estate_id"]))
    return [
        Grant(
            grant_id=f"H-{day.year}-{before + at + 1:03d}",
            plan=None,
            areas=(estate["area"],),
            municipality=homes[estate["area"]],
            estate_id=estate["estate_id"],
            amount_dkk=amount,
            begins=day,
            ends=day.replace(year=day.year + RENT_SUPPORT_YEARS) - timedelta(days=1),
            effort_areas=(),
        )
        for at, (day, estate, amount) in enumerate(given)
    ]


def _twins(
    plans: Sequence[DrawnPlan], places: Places, truth: Truth, chance: np.random.Generator
) -> tuple[Treatment, NDArray[np.int64]]:
    """Groups of one funded and several never funded areas with its latent values, each alone in its neighbourhood."""
    areas = places.areas.height
    effect_from = np.full(areas, NEVER, dtype=np.int64)
    for area, day in _first_days(plans).items():
        effect_from[area] = day.year + 1
    funded = effect_from < NEVER
    near = places.areas["neighbourhood"].to_numpy()
    is_alone = np.bincount(near)[near] == 1
    dwellings = places.areas["dwellings"].to_numpy()
    # Middling sizes: figures of small areas are mostly noise, and very large areas stand out by size alone.
    leaders = np.flatnonzero(
        funded & is_alone & ~places.areas["is_case_area"].to_numpy() & (dwellings >= 300) & (dwellings <= 1500)
    )
    pool = np.flatnonzero(~funded & is_alone)
    each = truth.twins.never_funded
    groups = min(truth.twins.groups, len(leaders) // 2, len(pool) // (2 * each))
    likeness, group = np.arange(areas, dtype=np.int64), np.full(areas, -1, dtype=np.int64)
    first = np.sort(chance.choice(leaders, size=groups, replace=False))
    others = chance.choice(pool, size=groups * each, replace=False).reshape(groups, each)
    for at, (leader, copies) in enumerate(zip(first, others, strict=True)):
        likeness[copies] = leader
        group[[leader, *copies]] = at
    return Treatment(likeness, effect_from, funded), group
