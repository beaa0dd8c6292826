"""How alike the arms of each contrast were before the grants: the rows of the mart baseline_balance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Areas, Floats, Mask, Names, Tables, in_words, made
from flows.marts.baseline.limits import balance_limits
from flows.marts.baseline.twins import twins_of_areas
from flows.marts.statistics import balance, twins, weights
from schemas.evaluation import Contrast
from schemas.registry import Registry


def balance_table(tables: Tables, registry: Registry) -> pl.DataFrame:
    """Every contrast by covariate, window and weighting; see the mart baseline_balance."""
    areas, evaluation = Areas.from_tables(tables, registry), registry.evaluation
    twins_of = twins_of_areas(tables)
    rows: list[dict[str, Any]] = []
    for window in evaluation.window:
        figures = Figures.from_rows(areas, tables["baseline_values"].filter(pl.col("baseline_window") == window))
        for contrast in evaluation.contrast.values():
            arm, left_out = areas.arms(contrast)
            for weighting in _weightings(areas, tables, contrast, arm, figures, twins_of):
                head = {
                    "contrast": contrast.id,
                    "baseline_window": window,
                    "window_from": evaluation.first_year(window),
                    "window_to": evaluation.baseline.last_year,
                    "weighting": weighting.name,
                    "reuse_max": weighting.reuse_max,
                    "twins_lost_1": weighting.lost,
                }
                compared = (
                    _dose_rows(areas, arm == "dose", figures, weighting.weights)
                    if contrast.by == "dose"
                    else _rows([Pair(contrast, pair, arm, figures, weighting) for pair in contrast.pairs], areas)
                )
                for row in compared:
                    why = [row["why"], left_out, weighting.reason]
                    rows.append({**head, **row, "why": "; ".join(word for word in why if word) or None})
    return made(rows, "baseline_balance", registry)


@dataclass(frozen=True)
class Figures:
    """The figures of one window: (areas, indicators) values and whether some years lack; categories by name."""

    names: list[str]
    values: Floats
    is_partial: Mask
    categories: Mapping[str, list[str | None]]

    @classmethod
    def from_rows(cls, areas: Areas, rows: pl.DataFrame) -> "Figures":
        """From rows of the view baseline_values."""
        names = areas.indicators
        partial = rows.filter(~pl.col("is_complete")).with_columns(value=pl.lit(1.0))
        return cls(
            names,
            areas.matrix(rows, "indicator", names),
            ~np.isnan(areas.matrix(partial, "indicator", names)),
            {"size_band": areas.rows["size_band"].to_list(), "region": areas.rows["region_code"].to_list()},
        )

    def residents(self, side: Mask) -> int | None:
        """Residents of some areas together; None where not known for all of them, or where there are none."""
        counts = self.values[side, self.names.index("residents")]
        return round(float(counts.sum())) if len(counts) and not np.isnan(counts).any() else None


@dataclass(frozen=True)
class Weighting:
    """A way to weigh the areas: (areas,) weights, NaN where one cannot be weighed, and why there are none.

    Of twins, 0 is who stands in no pair; `lost` counts areas of the first arm without twins.
    """

    name: str
    weights: Floats | None = None
    reason: str | None = None
    reuse_max: int | None = None
    lost: int | None = None


def _weightings(
    areas: Areas,
    tables: Tables,
    contrast: Contrast,
    arm: Names,
    figures: Figures,
    twins_of: Mapping[str, Sequence[str]],
) -> Iterator[Weighting]:
    """Each way to weigh the areas; twins where funded areas are held against those that never were."""
    yield Weighting("none")
    yield Weighting("residents", figures.values[:, figures.names.index("residents")])
    if contrast.weighting:
        yield Weighting(contrast.weighting, *_balancing_weights(areas, tables, contrast, arm))
    if contrast.by == "funded":
        sample = twins.matched(areas.rows["area_id"].to_list(), arm == contrast.arms[0], twins_of)
        lost = f"no_twins: {sample.lost} areas left out" if sample.lost else None
        yield Weighting("twins", sample.weights, lost, sample.reuse_max, sample.lost)


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


@dataclass(frozen=True)
class Pair:
    """Two arms of a contrast, in one window, weighed in one way."""

    contrast: Contrast
    names: tuple[str, str]
    arm: Names
    figures: Figures
    weighting: Weighting

    @property
    def weight(self) -> Floats | None:
        return self.weighting.weights

    @cached_property
    def sides(self) -> tuple[Mask, Mask]:
        """Who stands in the first and in the second arm."""
        first, second = self.names
        return self.arm == first, self.arm == second

    @cached_property
    def weights(self) -> tuple[Floats, Floats] | None:
        """The weights of both arms; an area without one weighs nothing."""
        if self.weight is None:
            return None
        filled = np.nan_to_num(self.weight)
        return filled[self.sides[0]], filled[self.sides[1]]

    def indicator(self, column: int, limits: balance.BalanceLimits) -> dict[str, Any]:
        """The row of one indicator."""
        values = self.figures.values[:, column]
        found = balance.balance(
            *self._samples(values), estimand=self.contrast.estimand, limits=limits, weights=self.weights, binary=False
        )
        partial = self.figures.is_partial[:, column] & self.has_weight & (self.sides[0] | self.sides[1])
        return self._row(self.figures.names[column], "all", ~np.isnan(values), int(partial.sum()), found, limits)

    def category(self, name: str, limits: balance.BalanceLimits) -> Iterator[dict[str, Any]]:
        """A row per level of a covariate with categories, and one for all levels together."""
        categories = self.figures.categories[name]
        known = np.array([category is not None for category in categories])
        there = ~np.isnan(self._weighed(np.where(known, 0.0, np.nan)))
        first, second = ([categories[at] if there[at] else None for at in np.flatnonzero(side)] for side in self.sides)
        found = balance.category_balance(
            first, second, estimand=self.contrast.estimand, limits=limits, weights=self.weights
        )
        for level, of_level in found.levels:
            yield self._row(name, level, known, 0, of_level, limits)
        nobody = balance.balance([], [], estimand=self.contrast.estimand, limits=limits)
        some = found.levels[0][1] if found.levels else nobody
        yield {
            **self._row(name, "overall", known, 0, some, limits),
            **dict.fromkeys(FIGURES_OF_BALANCE),
            "smd": found.smd,
            "smd_tableone": found.smd,
            "smd_denominator": "several_categories",
            "balance_verdict": found.verdict,
            "why": self._why(known, [_decided(found.verdict, found.reason)]),
        }

    @cached_property
    def has_weight(self) -> Mask:
        """Which areas count at all."""
        return np.ones(len(self.arm), dtype=np.bool_) if self.weight is None else np.nan_to_num(self.weight) > 0

    @cached_property
    def is_asked(self) -> Mask:
        """Which areas should count: all, of twins those that stand in a pair."""
        in_pairs = self.weight is not None and self.weighting.name == "twins"
        return self.has_weight if in_pairs else np.ones(len(self.arm), dtype=np.bool_)

    def _why(self, known: Mask, reasons: Sequence[str | None]) -> str | None:
        """Reasons, and how many areas lack a weight; where no area has a figure, that alone."""
        inside = known & (self.sides[0] | self.sides[1])
        if not inside.any() and (self.sides[0] | self.sides[1]).any():
            return "no_figures_in_window"
        lost = int((inside & self.is_asked & ~self.has_weight).sum())
        lacking = "no_areas_have_weights" if lost == inside.sum() else f"weight_missing: {lost} areas left out"
        return in_words(*reasons, lacking if lost else None)

    def _samples(self, values: Floats) -> tuple[Floats, Floats]:
        weighed = self._weighed(values)
        return weighed[self.sides[0]], weighed[self.sides[1]]

    def _weighed(self, values: Floats) -> Floats:
        """Values of the areas that have a weight; the others count as areas without a value."""
        return values if self.weight is None else np.where(np.isnan(self.weight), np.nan, values)

    def _row(
        self, name: str, level: str, known: Mask, incomplete: int, found: balance.Balance, limits: balance.BalanceLimits
    ) -> dict[str, Any]:
        reasons = [_decided(found.verdict, found.reason), *(why for why in found.absent.values() if why != "binary")]
        return {
            "row_kind": "pair",
            "arm_1": self.names[0],
            "arm_0": self.names[1],
            "covariate": name,
            "level": level,
            "areas_1": found.areas_1,
            "areas_0": found.areas_0,
            "missing_1": int((self.sides[0] & self.is_asked).sum()) - found.areas_1,
            "missing_0": int((self.sides[1] & self.is_asked).sum()) - found.areas_0,
            "incomplete": incomplete,
            "residents_1": self.figures.residents(self.sides[0] & known & self.has_weight),
            "residents_0": self.figures.residents(self.sides[1] & known & self.has_weight),
            **{figure: getattr(found, name) for figure, name in FIGURES_OF_BALANCE.items()},
            "dose_correlation": None,
            "smd_denominator": found.denominator,
            "balance_limit": limits.smd,
            "balance_verdict": found.verdict,
            "why": self._why(known, reasons),
        }


FIGURES_OF_BALANCE = {
    "mean_1": "mean_1",
    "mean_0": "mean_0",
    "sd_1": "sd_1",
    "sd_0": "sd_0",
    "mean_difference": "difference",
    "smd": "smd",
    "smd_se": "smd_se",
    "variance_ratio": "variance_ratio",
    "ks": "ks",
    "overlap": "overlap",
    "ess_1": "ess_1",
    "ess_0": "ess_0",
    "smd_cobalt": "smd_cobalt",
    "smd_matchit": "smd_matchit",
    "smd_tableone": "smd_tableone",
}


def _decided(verdict: str, reason: str | None) -> str | None:
    return f"over_limit: {reason}" if verdict == "unbalanced" else reason


def _rows(pairs: list[Pair], areas: Areas) -> Iterator[dict[str, Any]]:
    """A row per pair and covariate, and where there are several pairs the one that differs most."""
    evaluation, figures = areas.registry.evaluation, pairs[0].figures
    for column, name in enumerate(figures.names):
        limits = balance_limits(evaluation, name in areas.outcomes)
        yield from with_worst([pair.indicator(column, limits) for pair in pairs])
    limits = balance_limits(evaluation, is_outcome=False)
    for name in figures.categories:
        by_level: dict[str, list[dict[str, Any]]] = {}
        for pair in pairs:
            for row in pair.category(name, limits):
                by_level.setdefault(row["level"], []).append(row)
        for of_level in by_level.values():
            yield from with_worst(of_level)


def with_worst(pairs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of every pair; of several also the worst, whose tableone figure is the mean that tableone prints."""
    yield from pairs
    if len(pairs) > 1:
        judged = [row for row in pairs if row["smd"] is not None]
        worst = max(judged, key=lambda row: (row["balance_verdict"] == "unbalanced", abs(row["smd"])), default=pairs[0])
        printed = [row["smd_tableone"] for row in pairs if row["smd_tableone"] is not None]
        mean = sum(printed) / len(printed) if len(printed) == len(pairs) else None
        yield {**worst, "row_kind": "worst_pair", "smd_tableone": mean}


def _dose_rows(areas: Areas, side: Mask, figures: Figures, weight: Floats | None) -> Iterator[dict[str, Any]]:
    """A row per covariate: its correlation with the grant per dwelling among the areas that have both."""
    dose = areas.values(areas.rows, "dose_dkk")[side]
    given = None if weight is None else np.nan_to_num(weight[side])
    weighed = np.ones(len(dose), dtype=np.bool_) if weight is None else ~np.isnan(weight[side])
    for column, name in enumerate(figures.names):
        limits = balance_limits(areas.registry.evaluation, name in areas.outcomes)
        values = figures.values[:, column]
        found = balance.dose_balance(dose, np.where(weighed, values[side], np.nan), limits=limits, weights=given)
        known = side & ~np.isnan(values)
        nothing = side.any() and not known.any()
        lost = int((~weighed & known[side]).sum())
        lacking = f"weight_missing: {lost} areas left out" if lost else None
        yield {
            "row_kind": "dose",
            "arm_1": "dose",
            "arm_0": "dose",
            "covariate": name,
            "level": "all",
            "areas_1": found.areas,
            "areas_0": 0,
            "missing_1": found.missing,
            "missing_0": 0,
            "incomplete": int((figures.is_partial[:, column] & side).sum()),
            "residents_1": figures.residents(known),
            "residents_0": None,
            **dict.fromkeys(FIGURES_OF_BALANCE),
            "ess_1": found.ess,
            "dose_correlation": found.correlation,
            "smd_denominator": None,
            "balance_limit": limits.dose_correlation,
            "balance_verdict": found.verdict,
            "why": "no_figures_in_window" if nothing else in_words(_decided(found.verdict, found.reason), lacking),
        }
