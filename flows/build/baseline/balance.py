"""How alike the arms of each contrast were before the grants: the rows of the mart baseline_balance."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.build.baseline.areas import Areas, Floats, Names, Tables, made
from flows.build.statistics import balance, weights
from schemas.evaluation import Contrast, Evaluation
from schemas.registry import Registry


def balance_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """Every contrast by covariate, window and weighting; see the mart baseline_balance."""
    areas, evaluation = Areas.of(tables, registry), registry.evaluation
    rows: list[dict[str, Any]] = []
    for window in evaluation.window:
        figures = Figures.of(areas, tables["baseline_values"].filter(pl.col("baseline_window") == window))
        for contrast in evaluation.contrast.values():
            arm, left_out = areas.arms(contrast)
            for weighting, weight, why_not in _weightings(areas, tables, contrast, arm, figures):
                head = {
                    "contrast": contrast.id,
                    "baseline_window": window,
                    "window_from": evaluation.first_year(window),
                    "window_to": evaluation.baseline.last_year,
                    "weighting": weighting,
                }
                compare = _dose_rows if contrast.by == "dose" else _pair_rows
                for row in compare(areas, contrast, arm, figures, weight):
                    why = [row["why"], left_out, why_not]
                    rows.append({**head, **row, "why": "; ".join(word for word in why if word) or None})
    return made(rows, "baseline_balance", registry)


@dataclass(frozen=True)
class Figures:
    """The figures of one window: (areas, indicators) values and whether every year is there; categories by name."""

    names: list[str]
    values: Floats
    is_partial: NDArray[np.bool_]
    categories: Mapping[str, list[str | None]]

    @classmethod
    def of(cls, areas: Areas, rows: pl.DataFrame) -> "Figures":
        """From rows of the view baseline_values."""
        names = areas.indicators
        partial = rows.filter(~pl.col("is_complete")).with_columns(value=pl.lit(1.0))
        return cls(
            names,
            areas.matrix(rows, "indicator", names),
            ~np.isnan(areas.matrix(partial, "indicator", names)),
            {"size_band": areas.rows["size_band"].to_list(), "region": areas.rows["region_code"].to_list()},
        )

    def of_indicators(self, names: tuple[str, ...]) -> Floats:
        """The columns of some indicators."""
        return self.values[:, [self.names.index(name) for name in names]]

    @property
    def residents(self) -> Floats:
        """Residents of each area."""
        return self.values[:, self.names.index("residents")]


def _weightings(
    areas: Areas, tables: Tables, contrast: Contrast, arm: Names, figures: Figures
) -> Iterator[tuple[str, Floats | None, str | None]]:
    """Each way to weigh the areas: its name, weights (NaN: left out), and why there are none."""
    yield "none", None, None
    yield "residents", figures.residents, None
    if contrast.weighting:
        yield (contrast.weighting, *_balancing_weights(areas, tables, contrast, arm))


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


def _pair_rows(
    areas: Areas, contrast: Contrast, arm: Names, figures: Figures, weight: Floats | None
) -> Iterator[dict[str, Any]]:
    """A row per pair and covariate, and where there are several pairs the one that differs most."""
    for column, name in enumerate(figures.names):
        values = figures.values[:, column]
        yield from _with_worst(
            _pair_row(areas, contrast, pair, arm, figures, weight, name, values, figures.is_partial[:, column])
            for pair in contrast.pairs
        )
    for name, categories in figures.categories.items():
        by_level: dict[str, list[dict[str, Any]]] = {}
        for pair in contrast.pairs:
            for row in _category_rows(areas, contrast, pair, arm, figures, weight, name, categories):
                by_level.setdefault(row["level"], []).append(row)
        for rows in by_level.values():
            yield from _with_worst(rows)


def _with_worst(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of every pair; of several also the worst, whose tableone figure is the mean that tableone prints."""
    pairs = list(rows)
    yield from pairs
    if len(pairs) > 1:
        judged = [row for row in pairs if row["smd"] is not None]
        worst = max(judged, key=lambda row: abs(row["smd"]), default=pairs[0])
        printed = [row["smd_tableone"] for row in pairs if row["smd_tableone"] is not None]
        mean = sum(printed) / len(printed) if len(printed) == len(pairs) else None
        yield {**worst, "row_kind": "worst_pair", "smd_tableone": mean}


def _limits(evaluation: Evaluation, is_outcome: bool) -> balance.Limits:
    limits = evaluation.limits
    return balance.Limits(
        smd=limits.smd_outcome if is_outcome else limits.smd,
        variance_ratio_low=limits.variance_ratio[0],
        variance_ratio_high=limits.variance_ratio[1],
        ks=limits.ks,
        dose_correlation=limits.dose_correlation,
        areas=limits.areas_per_arm,
    )


def _pair_row(
    areas: Areas,
    contrast: Contrast,
    pair: tuple[str, str],
    arm: Names,
    figures: Figures,
    weight: Floats | None,
    name: str,
    values: Floats,
    is_partial: NDArray[np.bool_],
) -> dict[str, Any]:
    limits = _limits(areas.registry.evaluation, name in areas.outcomes)
    sides, chosen, given = _sides(arm, pair, values, weight)
    found = balance.balance(*chosen, estimand=contrast.estimand, limits=limits, weights=given, binary=False)
    partial = int((is_partial & (sides[0] | sides[1])).sum())
    row = _row(pair, name, "all", figures, sides, ~np.isnan(values), partial)
    return {**row, **_figures_of(found, limits)}


def _category_rows(
    areas: Areas,
    contrast: Contrast,
    pair: tuple[str, str],
    arm: Names,
    figures: Figures,
    weight: Floats | None,
    name: str,
    categories: list[str | None],
) -> Iterator[dict[str, Any]]:
    """A row per level, and one for all levels together."""
    limits = _limits(areas.registry.evaluation, False)
    known = np.array([category is not None for category in categories])
    sides, _, given = _sides(arm, pair, np.where(known, 0.0, np.nan), weight)
    chosen = [[categories[at] for at in np.flatnonzero(side)] for side in sides]
    found = balance.category_balance(*chosen, estimand=contrast.estimand, limits=limits, weights=given)
    head = _row(pair, name, "overall", figures, sides, known, 0)
    levels = dict(found.levels)
    for level in sorted({category for category in categories if category is not None}):
        if level in levels:
            yield {**head, "level": level, **_figures_of(levels[level], limits)}
    some = next(iter(levels.values()), None)
    counts = (some.missing_1, some.missing_0) if some else tuple(int((side & ~known).sum()) for side in sides)
    empty = dict.fromkeys(FIGURES_OF_BALANCE)
    yield {
        **head,
        **empty,
        "missing_1": counts[0],
        "missing_0": counts[1],
        "smd": found.smd,
        "smd_tableone": found.smd,
        "smd_denominator": "several_categories",
        "balance_limit": limits.smd,
        "balance_verdict": found.verdict,
        "why": found.reason,
    }


def _sides(
    arm: Names, pair: tuple[str, str], values: Floats, weight: Floats | None
) -> tuple[list[NDArray[np.bool_]], list[Floats], tuple[Floats, Floats] | None]:
    """Who stands in each arm, their values, and their weights; an area without a weight counts as one without value."""
    sides = [arm == name for name in pair]
    if weight is None:
        return sides, [values[side] for side in sides], None
    weighed = np.where(np.isnan(weight), np.nan, values)
    filled = np.nan_to_num(weight)
    return sides, [weighed[side] for side in sides], (filled[sides[0]], filled[sides[1]])


def _row(
    pair: tuple[str, str],
    name: str,
    level: str,
    figures: Figures,
    sides: list[NDArray[np.bool_]],
    known: NDArray[np.bool_],
    incomplete: int,
) -> dict[str, Any]:
    """What every row of balance says before any figure."""
    residents = [figures.residents[side & known] for side in sides]
    sums = [None if not len(of) or np.isnan(of).any() else round(float(of.sum())) for of in residents]
    used = [int((side & known).sum()) for side in sides]
    return {
        "row_kind": "pair",
        "arm_1": pair[0],
        "arm_0": pair[1],
        "covariate": name,
        "level": level,
        "areas_1": used[0],
        "areas_0": used[1],
        "missing_1": 0,
        "missing_0": 0,
        "incomplete": incomplete,
        "residents_1": sums[0],
        "residents_0": sums[1],
        "dose_correlation": None,
    }


FIGURES_OF_BALANCE = (
    "mean_1",
    "mean_0",
    "sd_1",
    "sd_0",
    "mean_difference",
    "smd",
    "smd_se",
    "variance_ratio",
    "ks",
    "overlap",
    "ess_1",
    "ess_0",
    "smd_cobalt",
    "smd_matchit",
    "smd_tableone",
)


def _figures_of(found: balance.Balance, limits: balance.Limits) -> dict[str, Any]:
    named = {name: getattr(found, "difference" if name == "mean_difference" else name) for name in FIGURES_OF_BALANCE}
    nothing = not found.areas_1 and not found.areas_0 and (found.missing_1 or found.missing_0)
    over = f"over_limit: {found.reason}" if found.verdict == "unbalanced" else found.reason
    said = [over, *(reason for reason in found.absent.values() if reason != "binary")]
    return {
        **named,
        "areas_1": found.areas_1,
        "areas_0": found.areas_0,
        "missing_1": found.missing_1,
        "missing_0": found.missing_0,
        "smd_denominator": found.denominator,
        "balance_limit": limits.smd,
        "balance_verdict": found.verdict,
        "why": "no_figures_in_window" if nothing else "; ".join(dict.fromkeys(filter(None, said))) or None,
    }


def _dose_rows(
    areas: Areas, contrast: Contrast, arm: Names, figures: Figures, weight: Floats | None
) -> Iterator[dict[str, Any]]:
    """A row per covariate: its correlation with the grant per dwelling among the areas that have both."""
    dose = np.where(arm == "dose", areas.values(areas.rows, "dose_dkk"), np.nan)
    side = arm == "dose"
    nobody = np.zeros_like(side)
    for column, name in enumerate(figures.names):
        limits = _limits(areas.registry.evaluation, name in areas.outcomes)
        values = figures.values[:, column]
        (chosen, _), (doses, _) = (_sides(arm, ("dose", ""), of, weight)[1] for of in (values, dose))
        given = None if weight is None else np.nan_to_num(weight[side])
        found = balance.dose_balance(doses, chosen, limits=limits, weights=given)
        partial = int((figures.is_partial[:, column] & side).sum())
        known = ~np.isnan(values)
        nothing = not found.areas and bool(found.missing)
        yield {
            **_row(("dose", "dose"), name, "all", figures, [side, nobody], known, partial),
            **dict.fromkeys(FIGURES_OF_BALANCE),
            "row_kind": "dose",
            "areas_1": found.areas,
            "missing_1": found.missing,
            "ess_1": found.ess,
            "dose_correlation": found.correlation,
            "smd_denominator": balance.DENOMINATORS[contrast.estimand],
            "balance_limit": limits.dose_correlation,
            "balance_verdict": found.verdict,
            "why": "no_figures_in_window" if nothing else found.reason,
        }
