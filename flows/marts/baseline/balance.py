"""How alike the arms of each contrast were before the grants: the rows of the mart baseline_balance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from flows.marts.baseline.areas import Areas, Codes, Floats, Mask, Names, Tables, in_words, made
from flows.marts.baseline.limits import balance_limits
from flows.marts.baseline.twins import twins_of_areas
from flows.marts.baseline.weightings import Weighting, weightings
from flows.marts.statistics import balance, bounds, clusters, standardised
from flows.marts.statistics.bounds import Bounds, Box
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
            if contrast.is_brief and window != evaluation.balancing.window:
                continue
            arm, left_out = areas.arms(contrast)
            cluster = areas.clusters(contrast)
            residents = figures.values[:, figures.names.index("residents")]
            for weighting in weightings(areas, tables, contrast, arm, residents, twins_of):
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
                    else _rows(
                        [Pair(contrast, pair, arm, cluster, figures, weighting) for pair in contrast.pairs], areas
                    )
                )
                for row in compared:
                    why = [row["why"], left_out, weighting.reason]
                    rows.append({**head, **row, "why": "; ".join(word for word in why if word) or None})
    return made(rows, "baseline_balance", registry)


@dataclass(frozen=True)
class Figures:
    """The figures of one window; categories by name.

    (areas, indicators) values, what they are at least and at most where counts were withheld, and of the years behind
    them how many there are, how many of these have a withheld count, and whether some lack.
    """

    names: list[str]
    values: Floats
    least: Floats
    most: Floats
    years: Floats
    withheld: Floats
    is_partial: Mask
    categories: Mapping[str, list[str | None]]

    @classmethod
    def from_rows(cls, areas: Areas, rows: pl.DataFrame) -> "Figures":
        """From rows of the view baseline_values."""
        names = areas.indicators
        columns = ("value", "value_least", "value_most", "years", "withheld")
        value, least, most, years, withheld = (areas.matrix(rows, "indicator", names, column) for column in columns)
        return cls(
            names,
            value,
            least,
            most,
            np.nan_to_num(years),
            np.nan_to_num(withheld),
            areas.matrix(rows, "indicator", names, "is_complete") == 0,
            {"size_band": areas.rows["size_band"].to_list(), "region": areas.rows["region_code"].to_list()},
        )

    def residents(self, side: Mask) -> int | None:
        """Residents of some areas together; None where not known for all of them, or where there are none."""
        counts = self.values[side, self.names.index("residents")]
        return round(float(counts.sum())) if len(counts) and not np.isnan(counts).any() else None


@dataclass(frozen=True)
class Pair:
    """Two arms of a contrast, in one window, weighed in one way."""

    contrast: Contrast
    names: tuple[str, str]
    arm: Names
    cluster: Codes
    figures: Figures
    weighting: Weighting

    @property
    def weight(self) -> Floats | None:
        return self.weighting.weights

    @cached_property
    def designs(self) -> dict[bytes, clusters.Design]:
        """The designs of its clusters so far, by the areas that have a figure."""
        return {}

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
        row = self._row(self.figures.names[column], "all", ~np.isnan(values), int(partial.sum()), found, limits)
        row |= self._errors(values, found)
        if self.contrast.is_brief and row["error_missing_reason"] == clusters.TOO_FEW_CLUSTERS:
            row |= {"balance_verdict": "too_few", "why": in_words(clusters.TOO_FEW_CLUSTERS, row["why"])}
        return row if not self._withheld(column).any() else row | self._bounded(column, row, limits)

    def _errors(self, values: Floats, found: balance.Balance, binary: bool = False) -> dict[str, Any]:
        """Standard errors and intervals by the contrast's clusters, or why there are none."""
        used = self.has_weight & ~np.isnan(values) & (self.sides[0] | self.sides[1])
        if not (found.areas_1 and found.areas_0):
            return dict.fromkeys(ERRORS)
        weights = None if self.weight is None else self.weight[used]
        error = standardised.clustered_error(
            self._design(used),
            values[used],
            weights,
            smd=found.smd,
            scale=found.denominator_sd,
            estimand=self.contrast.estimand,
            binary=binary,
        )
        return {
            "clusters_1": error.clusters_1,
            "clusters_0": error.clusters_0,
            "difference_se": error.difference_se,
            **_interval("difference", found.difference, found.difference, error.difference_se, error.df),
            "smd_se": error.smd_se,
            "smd_df": error.df,
            **_interval("smd", found.smd, found.smd, error.smd_se, error.df),
            "smd_skewness": error.skewness,
            "smd_se_bootstrap": error.bootstrap,
            "error_missing_reason": error.reason,
        }

    def _design(self, used: Mask) -> clusters.Design:
        key = used.tobytes()
        if key not in self.designs:
            arm = self.sides[0][used].astype(np.int64)
            weights = None if self.weight is None else self.weight[used]
            self.designs[key] = clusters.two_arms(arm, self.cluster[used], weights)
        return self.designs[key]

    def _withheld(self, column: int) -> Floats:
        """Years with a withheld count behind the areas that count."""
        used = self.has_weight & ~np.isnan(self.figures.values[:, column]) & (self.sides[0] | self.sides[1])
        return np.where(used, self.figures.withheld[:, column], 0)

    def _bounded(self, column: int, row: Mapping[str, Any], limits: balance.BalanceLimits) -> dict[str, Any]:
        """What a row with withheld counts says: bounds, intervals that hold them, and the verdict of both ends."""
        withheld = self._withheld(column)
        counts = [int(withheld[side].sum()) for side in self.sides]
        bounded: dict[str, Any] = {"withheld_1": counts[0], "withheld_0": counts[1]}
        boxes, weights = [], []
        for side in self.sides:
            here = side & ~np.isnan(self.figures.values[:, column])
            boxes.append(Box(self.figures.least[here, column], self.figures.most[here, column]))
            weights.append(np.ones(int(here.sum())) if self.weight is None else np.nan_to_num(self.weight[here]))
        if min(row["areas_1"], row["areas_0"]) < FEWEST_AREAS:
            hidden = f"fewer_than_{FEWEST_AREAS}_areas_for_bounds"
            return bounded | {"why": in_words(row["why"], hidden)}
        means = [bounds.mean_bounds(box, weight) for box, weight in zip(boxes, weights, strict=True)]
        difference = bounds.difference_bounds(*means)
        smd = (
            bounds.smd_bounds(boxes[0], boxes[1], self.contrast.estimand)
            if self.weight is None
            else bounds.outer_smd_bounds(difference, boxes[0], boxes[1], self.contrast.estimand)
        )
        for name, bound in zip(("mean_1", "mean_0", "difference", "smd"), (*means, difference, smd), strict=True):
            bounded |= {f"{name}_least": bound.low if bound else None, f"{name}_most": bound.high if bound else None}
        bounded |= _interval("difference", difference.low, difference.high, row["difference_se"], row["smd_df"])
        if smd is not None:
            bounded |= _interval("smd", smd.low, smd.high, row["smd_se"], row["smd_df"])
            bounded |= _verdict_of_ends(row, smd, limits)
        years = self.figures.years[:, column]
        shares = [2 * withheld[side].sum() > years[side & self.has_weight].sum() for side in self.sides]
        if any(shares):
            blank = dict.fromkeys(
                ("mean_1", "mean_0", "mean_difference", *(name for name in FIGURES_OF_BALANCE if "smd" in name))
            )
            bounded |= blank | {"why": in_words(bounded.get("why", row["why"]), "mostly_withheld")}
        return bounded

    def category(self, name: str, limits: balance.BalanceLimits) -> Iterator[dict[str, Any]]:
        """A row per level of a covariate with categories, and one for all levels together."""
        categories = self.figures.categories[name]
        names = np.array(["" if category is None else category for category in categories])
        known = np.array([category is not None for category in categories], dtype=np.bool_)
        there = ~np.isnan(self._weighed(np.where(known, 0.0, np.nan)))
        first, second = ([categories[at] if there[at] else None for at in np.flatnonzero(side)] for side in self.sides)
        found = balance.category_balance(
            first, second, estimand=self.contrast.estimand, limits=limits, weights=self.weights
        )
        for level, of_level in found.levels:
            at_level = np.where(known, names == level, np.nan)
            row = self._row(name, level, known, 0, of_level, limits)
            yield row | self._errors(at_level, of_level, binary=True)
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
            **dict.fromkeys(ERRORS),
            **dict.fromkeys(BOUNDS),
            "withheld_1": 0,
            "withheld_0": 0,
            "clustered_by": self.contrast.cluster,
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
    "smd_se_areas": "smd_se",
    "variance_ratio": "variance_ratio",
    "ks": "ks",
    "overlap": "overlap",
    "ess_1": "ess_1",
    "ess_0": "ess_0",
    "smd_cobalt": "smd_cobalt",
    "smd_matchit": "smd_matchit",
    "smd_tableone": "smd_tableone",
}


ERRORS = (
    "clusters_1",
    "clusters_0",
    "difference_se",
    "difference_low",
    "difference_high",
    "smd_se",
    "smd_df",
    "smd_low",
    "smd_high",
    "smd_skewness",
    "smd_se_bootstrap",
    "error_missing_reason",
)
BOUNDS = tuple(f"{name}_{end}" for name in ("mean_1", "mean_0", "difference", "smd") for end in ("least", "most"))
# Bounds of fewer areas might tell what the count of one of them is.
FEWEST_AREAS = 5


def _interval(
    name: str, least: float | None, most: float | None, se: float | None, df: float | None
) -> dict[str, float | None]:
    """The 95 % interval of a figure that lies between two bounds, equal ones where nothing is withheld."""
    if least is None or most is None or not se or df is None:
        return {f"{name}_low": None, f"{name}_high": None}
    reach = standardised.coverage_factor((most - least) / se, df) * se
    return {f"{name}_low": least - reach, f"{name}_high": most + reach}


def _verdict_of_ends(row: Mapping[str, Any], smd: Bounds, limits: balance.BalanceLimits) -> dict[str, Any]:
    """The verdict where an SMD is known to bounds: balanced or not only if both ends say so."""
    if row["balance_verdict"] not in ("balanced", "unbalanced"):
        return {}
    is_within = -limits.smd <= smd.low and smd.high <= limits.smd
    is_beyond = smd.low > limits.smd or smd.high < -limits.smd
    ratio = row["variance_ratio"]
    has_other_spread = ratio is not None and not limits.variance_ratio_low <= ratio <= limits.variance_ratio_high
    if is_within or is_beyond or has_other_spread:
        return {}
    return {"balance_verdict": "undecided", "why": in_words("bounds_hold_the_limit", *_beside_the_verdict(row["why"]))}


def _beside_the_verdict(why: str | None) -> list[str]:
    return [reason for reason in (why or "").split("; ") if reason and not reason.startswith("over_limit")]


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
            **dict.fromkeys(ERRORS),
            **dict.fromkeys(BOUNDS),
            "withheld_1": int(figures.withheld[known, column].sum()),
            "withheld_0": 0,
            "clustered_by": None,
            "ess_1": found.ess,
            "dose_correlation": found.correlation,
            "smd_denominator": None,
            "balance_limit": limits.dose_correlation,
            "balance_verdict": found.verdict,
            "why": "no_figures_in_window" if nothing else in_words(_decided(found.verdict, found.reason), lacking),
        }
