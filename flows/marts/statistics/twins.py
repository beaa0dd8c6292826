"""Twins: for each area, the candidates that were most like it at baseline.

Three ways to be near, all over complete areas only:

- "mahalanobis": sqrt((x-y)' S^-1 (x-y)), S the covariance of all areas taken together. Where S is singular its
  pseudo-inverse is used: directions of the correlation matrix with an eigenvalue of at most `RANK_RULE` times the
  largest count as none.
- "propensity": the absolute difference of the log odds of being treated, by logistic regression of the treated against
  the candidates; areas that are neither are scored by the same regression.
- "mahalanobis_within_propensity": of the candidates whose log odds lie within the caliper, the nearest by Mahalanobis
  distance, S now pooled within treated and candidates (Rosenbaum & Rubin 1985, American Statistician 39: 33-38).

Results do not depend on the order of the rows: the areas are sorted by their id first.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from flows.marts.statistics.weights import propensity_score

Method: TypeAlias = Literal["mahalanobis", "propensity", "mahalanobis_within_propensity"]
Matrix: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

TIE = 1e-9  # distances closer than this are one distance
RANK_RULE = 1e-10


@dataclass(frozen=True)
class MatchingRule:
    """How twins are found: the way to be near, how many twins an area gets, and how far away they may lie.

    caliper: with "mahalanobis" the widest distance; else a number of SDs of the log odds, sqrt((s1^2+s0^2)/2) over
    treated and candidates (Austin 2011, Pharmaceutical Statistics 10: 150-161: 0.2).
    """

    method: Method
    twins: int
    caliper: float | None = None

    @property
    def needs_propensity(self) -> bool:
        return self.method != "mahalanobis"


@dataclass(frozen=True)
class Twin:
    """One of the candidates nearest to an area.

    rank: competition ranking, 1 + the number of nearer candidates; tied: shares its rank; within_caliper: whether it
    may be used as a twin (always, without a caliper).
    """

    area: str
    candidate: str
    distance: float
    rank: int
    tied: bool
    within_caliper: bool


@dataclass(frozen=True)
class AreaTwins:
    """What was found for one area.

    on_support: whether each covariate (and, with that method, the propensity score) lies between the least and the
    greatest of its candidates; `outside` names those that do not. None where there is nothing to compare.
    reason: why an area has no twins: "covariate_missing", "no_propensity_score", "no_candidate", "none_within_caliper"
    (the nearest lie too far away) or "no_candidate_in_caliper" (none has log odds like the area's).
    """

    area: str
    twins: int
    on_support: bool | None
    outside: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True)
class TwinPool:
    """Twins ordered by area, distance and candidate; areas ordered by id.

    `caliper` is the widest distance allowed, in the unit of the distances, or the widest difference of the log odds;
    `rank` the number of dimensions in which distances are measured; `reason` why no propensity score could be fitted.
    `pool_sha256` is the hash of a line "area <tab> candidate <tab> rank <tab> distance, nine digits" per twin within
    the caliper, in this order, each ended by a line feed: the same pool has the same hash.
    """

    twins: tuple[Twin, ...]
    areas: tuple[AreaTwins, ...]
    caliper: float | None
    rank: int
    reason: str | None
    pool_sha256: str


def find_twins(
    areas: Sequence[str],
    covariates: ArrayLike,
    candidate: ArrayLike,
    *,
    names: Sequence[str],
    rule: MatchingRule,
    treated: ArrayLike | None = None,
    score: ArrayLike | None = None,
    exact: Sequence[str | None] | None = None,
) -> TwinPool:
    """The nearest candidates of every area, never the area itself; candidates as near as the last are kept too.

    areas: ids, n of them, each once; covariates: shape (n, len(names)), NaN where one is missing; candidate: whether an
    area may be a twin (never funded), shape (n,); treated: whom the log odds are of, by default all that are no
    candidates; score: covariates of the log odds where they are others, shape (n, p); exact: a key, such as the region,
    that twins must share (an area without one has no candidate). Candidates beyond the caliper of a distance are listed
    and are no twins. Raises ValueError for unfit input.
    """
    order = sorted(range(len(areas)), key=lambda row: areas[row])
    ids = [areas[row] for row in order]
    x, may = _checked(ids, covariates, candidate, names, rule.twins, order)
    is_treated = ~may if treated is None else np.asarray(treated, dtype=np.bool_)[order]
    scored = x if score is None else np.asarray(score, dtype=np.float64)[order]
    keys = [""] * len(ids) if exact is None else [exact[row] for row in order]
    complete = np.asarray(~np.isnan(x).any(axis=1))
    if rule.needs_propensity:
        complete &= ~np.isnan(scored).any(axis=1)
    space = _space(rule, x, scored, complete, is_treated, may)
    labels = tuple(names) if space.logit is None else (*names, "propensity_score")
    support = x if space.logit is None else np.column_stack((x, space.logit))

    pool: list[Twin] = []
    summary = [AreaTwins(area, 0, None, (), "no_candidate") for area in ids]
    for row in range(len(ids)):
        if space.reason is not None or not complete[row]:
            why = "no_propensity_score" if complete[row] else "covariate_missing"
            summary[row] = AreaTwins(ids[row], 0, None, (), why)
    stated = sorted({key for key in keys if key is not None}) if space.reason is None else []
    for key in stated:
        rows = [row for row in range(len(ids)) if complete[row] and keys[row] == key]
        targets = [row for row in rows if may[row]]
        if not targets:
            continue
        beyond = _beyond(support[rows], may[rows])
        for row, distance, outside in zip(rows, space.distances(rows, targets, may), beyond, strict=True):
            off = tuple(label for label, out in zip(labels, outside, strict=True) if out)
            nearest = _nearest(ids[row], distance, [ids[target] for target in targets], rule.twins, space.widest)
            usable = sum(twin.within_caliper for twin in nearest)
            alone = "none_within_caliper" if nearest else "no_candidate_in_caliper"
            if nearest or len(targets) > int(may[row]):
                summary[row] = AreaTwins(ids[row], usable, not off, off, None if usable else alone)
            pool.extend(nearest)
    pool.sort(key=lambda twin: (twin.area, twin.rank, twin.candidate))
    return TwinPool(tuple(pool), tuple(summary), space.caliper, space.rank, space.reason, pool_sha256(pool))


@dataclass(frozen=True)
class Matched:
    """Treated areas and the candidates that stand for them.

    weights: (n,) treated areas with twins weigh 1, a candidate the sum over the areas whose twin it is of 1 / twins of
    that area, all others 0; lost: treated areas without twins; reuse_max: the most areas that one candidate is twin of.
    """

    weights: Matrix
    treated: int
    lost: int
    candidates: int
    reuse_max: int
    ess: float | None


def matched(areas: Sequence[str], treated: ArrayLike, twins_of: Mapping[str, Sequence[str]]) -> Matched:
    """The sample that twins make: `areas` (n,) ids, `treated` (n,) whether an area is one, `twins_of` by area.

    The effective sample size is (sum w)^2 / sum w^2 over the candidates (Kish 1965).
    """
    place = {area: row for row, area in enumerate(areas)}
    is_treated = np.asarray(treated, dtype=np.bool_)
    weights, used = np.zeros(len(areas)), np.zeros(len(areas), dtype=np.int64)
    ones = np.zeros(len(areas))
    for row in np.flatnonzero(is_treated):
        twins = [place[twin] for twin in twins_of.get(areas[int(row)], ())]
        if twins:
            ones[row] = 1.0
            weights[twins] += 1 / len(twins)
            used[twins] += 1
    squares = float((weights**2).sum())
    return Matched(
        weights=weights + ones,
        treated=int(ones.sum()),
        lost=int(is_treated.sum() - ones.sum()),
        candidates=int((used > 0).sum()),
        reuse_max=int(used.max(initial=0)),
        ess=float(weights.sum()) ** 2 / squares if squares else None,
    )


def pool_sha256(twins: Sequence[Twin]) -> str:
    """The hash of the twins within the caliper, whatever their order; see `TwinPool`."""
    usable = sorted((twin.area, twin.rank, twin.candidate, twin.distance) for twin in twins if twin.within_caliper)
    lines = (f"{area}\t{candidate}\t{rank}\t{distance:.9f}\n" for area, rank, candidate, distance in usable)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _checked(
    ids: list[str], covariates: ArrayLike, candidate: ArrayLike, names: Sequence[str], k: int, order: list[int]
) -> tuple[Matrix, Mask]:
    x, may = np.asarray(covariates, dtype=np.float64), np.asarray(candidate, dtype=np.bool_)
    if x.shape != (len(ids), len(names)) or may.shape != (len(ids),) or not names:
        raise ValueError(
            f"{len(ids)} areas and {len(names)} names do not fit covariates of shape {x.shape} "
            f"and candidates of shape {may.shape}"
        )
    repeated = sorted({first for first, second in pairwise(ids) if first == second})
    if repeated:
        raise ValueError(f"each area once: {len(repeated)} are given more than once, such as {repeated[0]}")
    if np.isinf(x).any():
        raise ValueError("a covariate is infinite")
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    return x[order], may[order]


@dataclass(frozen=True)
class _Space:
    """Where the areas lie, shape (n, dimensions), so that twins are near in the Euclidean distance.

    `logit` (n,) are the log odds, and with `is_gate` the caliper is theirs: who lies beyond it is no candidate.
    """

    place: Matrix
    rank: int
    caliper: float | None
    reason: str | None = None
    logit: Matrix | None = None
    is_gate: bool = False

    @property
    def widest(self) -> float | None:
        """The widest distance of a twin; None where distances have no caliper."""
        return None if self.is_gate else self.caliper

    def distances(self, rows: Sequence[int], targets: Sequence[int], may: Mask) -> Matrix:
        """Of rows from targets, infinite where the target is the area itself or lies beyond the caliper of log odds."""
        apart = scipy.spatial.distance.cdist(self.place[rows], self.place[targets])
        apart[may[rows], np.arange(len(targets))] = math.inf
        if self.is_gate and self.logit is not None and self.caliper is not None:
            gap = np.abs(self.logit[rows][:, None] - self.logit[targets][None, :])
            apart[gap > self.caliper + TIE] = math.inf
        return np.asarray(apart)


def _space(rule: MatchingRule, x: Matrix, scored: Matrix, complete: Mask, treated: Mask, may: Mask) -> _Space:
    if not rule.needs_propensity:
        place = _mahalanobis_place(x, complete, [complete])
        return _Space(place, _dimensions(place), rule.caliper)
    groups = [complete & treated, complete & may]
    nowhere = np.zeros((len(x), 1))
    empty = "all_are_candidates" if groups[1].any() else "no_candidate"
    if not (groups[0].any() and groups[1].any()):
        return _Space(nowhere, 0, None, empty)
    there = complete & (treated | may)
    found = propensity_score(scored[complete], treated[complete], fitted_on=there[complete])
    if found.logit is None:
        return _Space(nowhere, 0, None, found.reason)
    logit = np.zeros(len(x))
    logit[complete] = found.logit
    variances = [float(logit[group].var(ddof=1)) if group.sum() > 1 else 0.0 for group in groups]
    width = None if rule.caliper is None else rule.caliper * math.sqrt(sum(variances) / 2)
    if rule.method == "propensity":
        return _Space(logit[:, None], 1, width, logit=logit)
    place = _mahalanobis_place(x, complete, groups)
    return _Space(place, _dimensions(place), width, logit=logit, is_gate=True)


def _dimensions(place: Matrix) -> int:
    return place.shape[1] if place.any() else 0


def _mahalanobis_place(x: Matrix, complete: Mask, groups: Sequence[Mask]) -> Matrix:
    """Coordinates in which the Euclidean distance is that of Mahalanobis, the covariance pooled within `groups`."""
    nowhere = np.zeros((len(x), 1))
    deviations = [x[group] - x[group].mean(axis=0) for group in groups if group.any()]
    freedom = sum(len(group) - 1 for group in deviations)
    if freedom < 1:
        return nowhere
    away = np.vstack(deviations)
    scale = np.sqrt((away**2).sum(axis=0) / freedom)
    varies = scale > RANK_RULE * np.abs(x[complete]).max(axis=0)
    if not varies.any():
        return nowhere
    scaled = away[:, varies] / scale[varies]
    values, axes = np.linalg.eigh(np.atleast_2d(np.einsum("ia,ib->ab", scaled, scaled) / freedom))
    kept = values > RANK_RULE * values[-1]
    place = np.zeros((len(x), int(kept.sum())))
    rows = x[complete][:, varies]
    place[complete] = (rows - rows.mean(axis=0)) / scale[varies] @ (axes[:, kept] / np.sqrt(values[kept]))
    return place


def _beyond(support: Matrix, may: Mask) -> Mask:
    """Per area and covariate, whether the figure lies outside the range of the candidates, itself left out."""
    ordered = np.sort(support[may], axis=0)
    out = (support < ordered[0]) | (support > ordered[-1])
    if len(ordered) > 1:
        own_least = may[:, None] & (support == ordered[0]) & (ordered[1] > ordered[0])
        own_greatest = may[:, None] & (support == ordered[-1]) & (ordered[-2] < ordered[-1])
        out |= own_least | own_greatest
    return np.asarray(out)


def _nearest(area: str, distances: Matrix, candidates: list[str], k: int, caliper: float | None) -> list[Twin]:
    places = np.flatnonzero(np.isfinite(distances))
    if not places.size:
        return []
    if places.size > k:
        last = np.partition(distances[places], k - 1)[k - 1]
        places = places[distances[places] <= last + TIE]
    kept = distances[places]
    ranks = 1 + (kept[:, None] > kept[None, :] + TIE).sum(axis=1)
    return [
        Twin(
            area=area,
            candidate=candidates[place],
            distance=float(distance),
            rank=int(rank),
            tied=int((ranks == rank).sum()) > 1,
            within_caliper=caliper is None or bool(distance <= caliper + TIE),
        )
        for place, distance, rank in zip(places, kept, ranks, strict=True)
    ]
