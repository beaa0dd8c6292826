"""The twins of each area by the first declared rule that balances: comparison_pool, comparison_support and _rules."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Areas, Floats, Mask, Tables, made
from flows.marts.baseline.limits import balance_limits
from flows.marts.statistics import balance, twins
from flows.marts.statistics.twins import Matched, MatchingRule, TwinPool
from schemas.contracts import polars_schema
from schemas.evaluation import TwinRule
from schemas.registry import Registry

FOUND = ("candidate_id", "twin_rank", "distance", "is_tied")
SUPPORT = ("area_id", "treatment", "candidates", "twins", "on_support", "off_support_on", "twins_missing_reason")
# Below them a regression of eight indicators says nothing of who was likely to be funded.
FEWEST_FUNDED, FEWEST_CANDIDATES = 10, 50


class OtherPool(ValueError):
    """The twins found are not those that evaluation.toml froze."""


@dataclass(frozen=True)
class Attempt:
    """What one declared rule finds; without a pool, `reason` says why."""

    number: int
    rule: TwinRule
    pool: TwinPool | None = None
    sample: Matched | None = None
    largest_smd: float | None = None
    reason: str | None = None

    def is_within(self, limit: float) -> bool:
        return self.largest_smd is not None and self.largest_smd <= limit


def twins_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """A row per rule that was tried; with the chosen one all areas and their twins as lists.

    Raises OtherPool where the pool is frozen and another one is found.
    """
    areas, declared = Areas.from_tables(tables, registry), registry.evaluation.twins
    limit = registry.evaluation.limits.smd
    rows = tables["baseline_values"].filter(pl.col("baseline_window") == declared.window)
    covariates = areas.matrix(rows, "indicator", list(declared.indicators))
    could_be = candidates_of(areas)
    attempts = list(_attempts(areas, covariates, could_be))
    found = [attempt for attempt in attempts if attempt.pool is not None]
    chosen = min(
        found,
        key=lambda each: np.inf if each.largest_smd is None else max(each.largest_smd, limit),
        default=attempts[0],
    )
    if chosen.pool and declared.sha256 not in (None, chosen.pool.pool_sha256):
        raise OtherPool(
            f"schemas/evaluation.toml, twins: the pool is frozen as {declared.sha256}, but these figures give "
            f"{chosen.pool.pool_sha256}. Figures up to {registry.evaluation.baseline.last_year} were revised, another "
            f"area got a grant, or the rules were changed: see the mart revisions, then either set the new hash there, "
            f"with the reason in the commit, or build with --as-of the day of the freeze"
        )
    types = polars_schema(registry.marts["comparison_pool"]) | polars_schema(registry.marts["comparison_support"])
    struct = {name: types[name] for name in SUPPORT}
    struct["found"] = pl.List(pl.Struct({name: types[name] for name in FOUND}))
    return made(
        [_row(attempt, areas, covariates, could_be, attempt is chosen) for attempt in attempts],
        "comparison_rules",
        registry,
        pool_sha256=types["pool_sha256"],
        areas=pl.List(pl.Struct(struct)),
    )


def twins_of_areas(tables: Tables) -> dict[str, list[str]]:
    """The twins of each area under the chosen rule, from the table of twins."""
    (chosen,) = tables["statistics.twins"].filter("is_chosen")["areas"].to_list() or [[]]
    return {area["area_id"]: [twin["candidate_id"] for twin in area["found"]] for area in chosen}


def candidates_of(areas: Areas) -> Mask:
    """Which areas may stand as twins: never funded and, where that is declared, out of the reach of a funded one.

    An area of which nobody knows the tie counts as out of reach; the mart says so.
    """
    never: Mask = (areas.rows["treatment"] == "never_funded").to_numpy()
    spillover = areas.registry.evaluation.twins.spillover
    if spillover == "marked":
        return never
    return never & ~areas.is_exposed(spillover)


def _attempts(areas: Areas, covariates: Floats, never: Mask) -> Iterator[Attempt]:
    """The rules in their order, up to the first that brings every indicator within the limit."""
    evaluation = areas.registry.evaluation
    complete = ~np.isnan(covariates).any(axis=1)
    funded = (areas.rows["treatment"] == "funded").to_numpy()
    ids = areas.rows["area_id"].to_list()
    has_enough = (funded & complete).sum() >= FEWEST_FUNDED and (never & complete).sum() >= FEWEST_CANDIDATES
    for number, rule in enumerate(evaluation.twins.rules, start=1):
        matching = MatchingRule(rule.method, rule.twins, rule.caliper)
        if matching.needs_propensity and not has_enough:
            why = f"fewer_than_{FEWEST_FUNDED}_funded_or_{FEWEST_CANDIDATES}_candidates"
            yield Attempt(number, rule, reason=why)
            continue
        pool = twins.find_twins(
            ids,
            covariates,
            never,
            names=evaluation.twins.indicators,
            rule=matching,
            treated=funded,
            exact=areas.rows["region_code"].to_list() if evaluation.twins.same_region else None,
        )
        if pool.reason:
            yield Attempt(number, rule, reason=f"no_propensity_score: {pool.reason}")
            continue
        sample = twins.matched(ids, funded, _usable(pool))
        attempt = Attempt(number, rule, pool, sample, _largest_smd(areas, covariates, funded, never, sample.weights))
        yield attempt
        if attempt.is_within(evaluation.limits.smd):
            return


def _largest_smd(areas: Areas, covariates: Floats, funded: Mask, never: Mask, weights: Floats) -> float | None:
    """Of the indicators that were matched on; None where one of them has no standardised difference."""
    limits = balance_limits(areas.registry.evaluation, is_outcome=False)
    smds = [
        balance.balance(
            column[funded], column[never], estimand="ATT", limits=limits, weights=(weights[funded], weights[never])
        ).smd
        for column in covariates.T
    ]
    known = [abs(smd) for smd in smds if smd is not None]
    return max(known) if len(known) == len(smds) else None


def _usable(pool: TwinPool) -> dict[str, list[str]]:
    """The twins within the caliper, by the area whose twins they are."""
    twins_of: dict[str, list[str]] = {}
    for twin in pool.twins:
        if twin.within_caliper:
            twins_of.setdefault(twin.area, []).append(twin.candidate)
    return twins_of


def _row(attempt: Attempt, areas: Areas, covariates: Floats, could_be: Mask, is_chosen: bool) -> dict[str, Any]:
    """An attempt; the areas and their twins stand with the chosen one alone."""
    evaluation = areas.registry.evaluation
    pool, sample = attempt.pool, attempt.sample
    funded = set(areas.rows.filter(treatment="funded")["area_id"])
    within = [twin.distance for twin in pool.twins if twin.within_caliper and twin.area in funded] if pool else []
    beyond = None if attempt.largest_smd is None or attempt.is_within(evaluation.limits.smd) else "over_limit"
    return {
        "rule_no": attempt.number,
        "twin_method": attempt.rule.method,
        "twins_asked": attempt.rule.twins,
        "caliper_asked": attempt.rule.caliper,
        "caliper": pool.caliper if pool else None,
        "baseline_window": evaluation.twins.window,
        "is_chosen": is_chosen,
        "matched_1": sample.treated if sample else None,
        "twins_lost_1": sample.lost if sample else None,
        "candidates_used": sample.candidates if sample else None,
        "ess_0": sample.ess if sample else None,
        "reuse_max": sample.reuse_max if sample else None,
        "median_distance": float(np.median(within)) if within else None,
        "largest_smd": attempt.largest_smd,
        "balance_limit": evaluation.limits.smd,
        "why": attempt.reason or beyond,
        "pool_sha256": pool.pool_sha256 if pool else None,
        "areas": _areas(pool, areas, covariates, could_be) if is_chosen else [],
    }


def _areas(pool: TwinPool | None, areas: Areas, covariates: Floats, candidates: Mask) -> list[dict[str, Any]]:
    """Every area with its twins; without a pool none has any."""
    treatment = dict(zip(areas.rows["area_id"], areas.rows["treatment"], strict=True))
    could_be = _candidates(areas, candidates & ~np.isnan(covariates).any(axis=1))
    if pool is None:
        empty = {"twins": 0, "on_support": None, "off_support_on": None, "twins_missing_reason": "no_propensity_score"}
        return [
            {"area_id": area, "treatment": treatment[area], "candidates": could_be[area], **empty, "found": []}
            for area in treatment
        ]
    twins_of: dict[str, list[dict[str, Any]]] = {}
    for twin in pool.twins:
        if twin.within_caliper:
            values = (twin.candidate, twin.rank, twin.distance, twin.tied)
            twins_of.setdefault(twin.area, []).append(dict(zip(FOUND, values, strict=True)))
    return [
        {
            "area_id": area.area,
            "treatment": treatment[area.area],
            "candidates": could_be[area.area],
            "twins": area.twins,
            "on_support": area.on_support,
            "off_support_on": ", ".join(area.outside) or None,
            "twins_missing_reason": area.reason,
            "found": twins_of.get(area.area, []),
        }
        for area in pool.areas
    ]


def _candidates(areas: Areas, could: Mask) -> dict[str, int]:
    """How many candidates with all covariates each area could have, of its region where that is asked for."""
    same_region = areas.registry.evaluation.twins.same_region
    regions = areas.rows["region_code"] if same_region else pl.Series([""] * len(could))
    near = Counter(regions.filter(pl.Series(could)).to_list())
    return {
        area: near[region] - int(own)
        for area, region, own in zip(areas.rows["area_id"], regions, could.tolist(), strict=True)
    }
