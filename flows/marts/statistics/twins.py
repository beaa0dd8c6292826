"""Twins: for each area, the candidates that were most like it at baseline.

Two distances, both over complete areas only:

- "mahalanobis": sqrt((x-y)' S^-1 (x-y)), S the covariance of all areas taken together (Rosenbaum & Rubin 1985). Where S
  is singular its pseudo-inverse is used: directions of the correlation matrix with an eigenvalue of at most `RANK_RULE`
  times the largest count as none.
- "propensity": the absolute difference of the log odds of not being a candidate, by logistic regression.

Results do not depend on the order of the rows: the areas are sorted by their id first.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from flows.marts.statistics.weights import propensity_score

Method: TypeAlias = Literal["mahalanobis", "propensity"]
Matrix: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

TIE = 1e-9  # distances closer than this are one distance
RANK_RULE = 1e-10


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
    reason: why an area has no twins: "covariate_missing", "no_propensity_score", "no_candidate" or
    "none_within_caliper".
    """

    area: str
    twins: int
    on_support: bool | None
    outside: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True)
class TwinPool:
    """Twins ordered by area, distance and candidate; areas ordered by id.

    `caliper` is the widest distance allowed, in the unit of the distances; `rank` the number of dimensions in
    which it is measured; `reason` why no propensity score could be fitted. `pool_sha256` is the hash of a line
    "area <tab> candidate <tab> rank <tab> distance, nine digits" per twin within the caliper, in this order, each ended
    by a line feed: the same pool has the same hash.
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
    method: Method,
    k: int,
    caliper: float | None = None,
    exact: Sequence[str | None] | None = None,
) -> TwinPool:
    """The k nearest candidates of every area, never the area itself; candidates as near as the k-th are kept too.

    areas: ids, n of them, each once; covariates: shape (n, len(names)), NaN where one is missing; candidate: whether an
    area may be a twin (never funded), shape (n,); exact: a key, such as the region, that twins must share (an area
    without one has no candidate). caliper: with "mahalanobis" a distance, with "propensity" a number of SDs of the log
    odds, sqrt((s1^2+s0^2)/2) over candidates and others (Austin 2011: 0.2); candidates beyond it are listed and are no
    twins. Raises ValueError for unfit input.
    """
    order = sorted(range(len(areas)), key=lambda row: areas[row])
    ids = [areas[row] for row in order]
    x, may = _checked(ids, covariates, candidate, names, k, order)
    keys = [""] * len(ids) if exact is None else [exact[row] for row in order]
    complete = np.asarray(~np.isnan(x).any(axis=1))
    labels = tuple(names)
    if method == "mahalanobis":
        space = _mahalanobis_space(x, complete, caliper)
    else:
        space = _propensity_space(x, complete, may, caliper)
        labels = (*labels, "propensity_score")
    support = x if method == "mahalanobis" else np.hstack((x, space.place))

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
        distances = cdist(space.place[rows], space.place[targets])
        distances[may[rows], np.arange(len(targets))] = math.inf  # an area is not its own twin
        beyond = _beyond(support[rows], may[rows])
        for row, distance, outside in zip(rows, distances, beyond, strict=True):
            nearest = _nearest(ids[row], distance, [ids[target] for target in targets], k, space.caliper)
            if not nearest:
                continue
            off = tuple(label for label, out in zip(labels, outside, strict=True) if out)
            usable = sum(twin.within_caliper for twin in nearest)
            summary[row] = AreaTwins(ids[row], usable, not off, off, None if usable else "none_within_caliper")
            pool.extend(nearest)
    pool.sort(key=lambda twin: (twin.area, twin.rank, twin.candidate))
    return TwinPool(tuple(pool), tuple(summary), space.caliper, space.rank, space.reason, pool_sha256(pool))


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
    """Where the areas lie, shape (n, dimensions), so that twins are near in the Euclidean distance."""

    place: Matrix
    rank: int
    caliper: float | None
    reason: str | None = None


def _mahalanobis_space(x: Matrix, complete: Mask, caliper: float | None) -> _Space:
    nowhere = np.zeros((len(x), 1))
    rows = x[complete]
    if len(rows) < 2:
        return _Space(nowhere, 0, caliper)
    scale = rows.std(axis=0, ddof=1)
    varies = scale > RANK_RULE * np.abs(rows).max(axis=0)
    if not varies.any():
        return _Space(nowhere, 0, caliper)
    scaled = (rows[:, varies] - rows[:, varies].mean(axis=0)) / scale[varies]
    values, axes = np.linalg.eigh(np.atleast_2d(np.cov(scaled, rowvar=False)))
    kept = values > RANK_RULE * values[-1]
    place = np.zeros((len(x), int(kept.sum())))
    place[complete] = scaled @ (axes[:, kept] / np.sqrt(values[kept]))
    return _Space(place, place.shape[1], caliper)


def _propensity_space(x: Matrix, complete: Mask, may: Mask, caliper: float | None) -> _Space:
    place = np.zeros((len(x), 1))
    there = may[complete]
    if there.all() or not there.any():
        return _Space(place, 0, None, "all_are_candidates" if there.size and there.all() else "no_candidate")
    score = propensity_score(x[complete], ~there)
    if score.logit is None:
        return _Space(place, 0, None, score.reason)
    place[complete, 0] = score.logit
    variances = [
        float(part.var(ddof=1)) if part.size > 1 else 0.0 for part in (score.logit[there], score.logit[~there])
    ]
    return _Space(place, 1, None if caliper is None else caliper * math.sqrt(sum(variances) / 2))


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
