"""Weights that make the comparison areas look like the funded ones (the average effect on the treated, ATT).

Every area of arm 1 weighs one; the weights of arm 0 sum to the number of areas of arm 1. Where there is no solution,
the weights are None and `reason` says why.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Vector: TypeAlias = NDArray[np.float64]
Matrix: TypeAlias = NDArray[np.float64]

RANK_TOLERANCE = 1e-10  # singular values below this share of the largest count as zero
BALANCE_TOLERANCE = 1e-8  # in SDs of the comparison areas
MAX_ITERATIONS = 200
STEP_TOLERANCE = 1e-8  # of a Newton step in log odds per SD: the next one is its square


@dataclass(frozen=True)
class Weights:
    """Weights for the areas of both arms, in the order given, shapes (n1,) and (n0,); or None and the reason.

    An area that lacks a covariate weighs zero.
    """

    arm_1: Vector | None = None
    arm_0: Vector | None = None
    reason: str | None = None


@dataclass(frozen=True)
class PropensityScore:
    """Log odds of being in arm 1, for each row; NaN-free, or None and the reason."""

    logit: Vector | None = None
    reason: str | None = None


def entropy(
    arm_1: ArrayLike, arm_0: ArrayLike, *, tolerance: float = BALANCE_TOLERANCE, max_iterations: int = MAX_ITERATIONS
) -> Weights:
    """Entropy balancing (Hainmueller 2012, Political Analysis 20: 25-46): of all weights under which the comparison
    areas have the means of arm 1, those closest to equal ones.

    arm_1, arm_0: covariates, shapes (n1, k) and (n0, k), NaN where one is missing.
    The convex dual, log sum exp(-Z lambda) with Z the covariates less the means of arm 1, is minimised by a trust
    region with exact derivatives and its slope then brought to zero by Powell's method, after a change of basis that
    makes the comparison areas uncorrelated, so that collinear covariates do no harm. Balanced means: no difference
    over `tolerance` SDs of the comparison areas.

    Reasons: "no_areas_in_arm_1", "no_areas_in_arm_0"; "outside_convex_hull" (no weights can do it: the means of arm 1
    lie outside what the comparison areas span); "not_converged" (within `max_iterations`).
    """
    there_1, there_0, x_1, x_0 = _complete(arm_1, arm_0)
    if not x_1.shape[0] or not x_0.shape[0]:
        return Weights(reason=_empty_arm(x_1))
    target = x_1.mean(axis=0)
    basis = _uncorrelated(x_0, target, tolerance)
    if basis is None:
        return Weights(reason="outside_convex_hull")
    shares = scipy.special.softmax(-basis @ _multipliers(basis, max_iterations))
    if not _imbalance(shares, x_0, target) <= tolerance:
        return Weights(reason="not_converged" if _spans_zero(basis) else "outside_convex_hull")
    return _weights(there_1, there_0, shares)


def propensity(arm_1: ArrayLike, arm_0: ArrayLike, *, max_iterations: int = MAX_ITERATIONS) -> Weights:
    """Odds weights p/(1-p) of a logistic regression of the arm on the covariates (Hirano & Imbens 2001), scaled.

    arm_1, arm_0: covariates, shapes (n1, k) and (n0, k), NaN where one is missing. Reasons: "no_areas_in_arm_1",
    "no_areas_in_arm_0" and those of `propensity_score`.
    """
    there_1, there_0, x_1, x_0 = _complete(arm_1, arm_0)
    if not x_1.shape[0] or not x_0.shape[0]:
        return Weights(reason=_empty_arm(x_1))
    score = propensity_score(
        np.vstack((x_1, x_0)), np.arange(len(x_1) + len(x_0)) < len(x_1), max_iterations=max_iterations
    )
    if score.logit is None:
        return Weights(reason=score.reason)
    return _weights(there_1, there_0, scipy.special.softmax(score.logit[len(x_1) :]))  # the odds, divided by their sum


def propensity_score(
    covariates: Matrix,
    arm_1: NDArray[np.bool_],
    *,
    fitted_on: NDArray[np.bool_] | None = None,
    max_iterations: int = MAX_ITERATIONS,
) -> PropensityScore:
    """Fit a logistic regression with a constant by maximum likelihood (Newton's steps).

    covariates: shape (n, k), complete; arm_1: whether a row is of arm 1, shape (n,); fitted_on: the rows that stand in
    either arm, shape (n,), by default all: the others are scored by what these say. Reasons: "singular" (a covariate
    is constant or a combination of the others); "separation" (a combination of covariates predicts the arm of some
    areas without fail, so that the likelihood has no maximum: Albert & Anderson 1984, found by Konis' (2007) linear
    programme); "not_converged".
    """
    used = np.ones(len(covariates), dtype=np.bool_) if fitted_on is None else fitted_on
    spread = covariates[used].std(axis=0)
    scaled = (covariates - covariates[used].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    every = np.column_stack((np.ones(len(scaled)), scaled))
    design, arm_1 = every[used], arm_1[used]
    singular = np.linalg.svd(design, compute_uv=False)
    if design.shape[0] < design.shape[1] or singular[-1] <= RANK_TOLERANCE * singular[0]:
        return PropensityScore(reason="singular")
    if _separated(design, arm_1):
        return PropensityScore(reason="separation")
    slopes = np.zeros(design.shape[1])
    for _ in range(max_iterations):
        likely = scipy.special.expit(design @ slopes)
        # einsum, not a matrix product: its order of addition does not depend on the number of threads
        curvature = np.einsum("na,n,nb->ab", design, likely * (1 - likely), design)
        step = np.linalg.solve(curvature, np.einsum("na,n->a", design, arm_1 - likely))
        slopes = slopes + step
        if np.abs(step).max() <= STEP_TOLERANCE:
            return PropensityScore(every @ slopes)
    return PropensityScore(reason="not_converged")


def _complete(arm_1: ArrayLike, arm_0: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Matrix, Matrix]:
    """Which areas of each arm have all covariates, and their covariates. Raises ValueError for unfit shapes."""
    arms = [np.asarray(arm, dtype=np.float64) for arm in (arm_1, arm_0)]
    if any(arm.ndim != 2 for arm in arms) or arms[0].shape[1] != arms[1].shape[1] or not arms[0].shape[1]:
        shapes = " and ".join(str(arm.shape) for arm in arms)
        raise ValueError(f"both arms need a row per area and the same covariates, got the shapes {shapes}")
    if any(np.isinf(arm).any() for arm in arms):
        raise ValueError("a covariate is infinite")
    there = [np.asarray(~np.isnan(arm).any(axis=1)) for arm in arms]
    return there[0], there[1], arms[0][there[0]], arms[1][there[1]]


def _empty_arm(x_1: Matrix) -> str:
    return "no_areas_in_arm_0" if len(x_1) else "no_areas_in_arm_1"


def _uncorrelated(x_0: Matrix, target: Vector, tolerance: float) -> Matrix | None:
    """The comparison areas less the target, in coordinates in which they are uncorrelated with an SD of one.

    None where the target lies outside the plane of the comparison areas, which no weights can mend.
    """
    centre, spread = x_0.mean(axis=0), x_0.std(axis=0)
    varies = spread > RANK_TOLERANCE * np.abs(x_0).max(axis=0)
    scale = np.where(varies, spread, np.maximum(np.abs(centre), 1.0))
    away = (target - centre) / scale
    _, singular, axes = np.linalg.svd(np.where(varies, (x_0 - centre) / scale, 0.0), full_matrices=False)
    kept = singular > RANK_TOLERANCE * max(float(singular.max(initial=0.0)), math.sqrt(len(x_0)))
    axes = axes[kept]
    if np.abs(away - axes.T @ (axes @ away)).max() > tolerance:
        return None
    return np.asarray(((x_0 - centre) / scale - away) @ axes.T / (singular[kept] / math.sqrt(len(x_0))))


def _multipliers(basis: Matrix, max_iterations: int) -> Vector:
    """The multipliers that minimise the dual."""

    def dual(multipliers: Vector) -> float:
        return float(scipy.special.logsumexp(-basis @ multipliers))

    def slope(multipliers: Vector) -> Vector:
        return np.asarray(-(scipy.special.softmax(-basis @ multipliers) @ basis))

    def curvature(multipliers: Vector) -> Matrix:
        shares = scipy.special.softmax(-basis @ multipliers)
        mean = shares @ basis
        return np.asarray((basis * shares[:, None]).T @ basis - np.outer(mean, mean))

    start = np.zeros(basis.shape[1])
    if not start.size:
        return start
    options = {"gtol": 1e-6, "maxiter": max_iterations, "max_trust_radius": 1e3}
    near = scipy.optimize.minimize(dual, start, jac=slope, hess=curvature, method="trust-exact", options=options)
    if not near.success:
        return np.asarray(near.x)
    # from here on the dual changes by less than it can be computed, its slope does not
    return np.asarray(scipy.optimize.root(slope, near.x, jac=curvature, method="hybr", tol=1e-14).x)


def _spans_zero(basis: Matrix) -> bool:
    """Whether some weights bring the means to zero: a linear programme."""
    n, k = basis.shape
    found = scipy.optimize.linprog(np.zeros(n), A_eq=np.vstack((basis.T, np.ones(n))), b_eq=np.append(np.zeros(k), 1.0))
    return bool(found.status == 0)


def _separated(design: Matrix, arm_1: NDArray[np.bool_]) -> bool:
    signed = np.where(arm_1[:, None], design, -design)
    found = scipy.optimize.linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1.0, 1.0))
    return bool(found.status != 0 or -found.fun > 1e-6)


def _imbalance(shares: Vector, x_0: Matrix, target: Vector) -> float:
    spread = x_0.std(axis=0)
    differences = np.abs(shares @ x_0 - target)
    return float((differences / np.where(spread > 0, spread, np.maximum(np.abs(target), 1.0))).max())


def _weights(there_1: NDArray[np.bool_], there_0: NDArray[np.bool_], shares: Vector) -> Weights:
    ones, weights = there_1.astype(np.float64), np.zeros(len(there_0))
    weights[there_0] = shares * ones.sum()
    return Weights(ones, weights)
