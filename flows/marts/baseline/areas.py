"""The areas of the evaluation as arrays: who stands in which arm of a contrast and in which cluster, with what."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas import contracts
from schemas.evaluation import ANY, HAS_ENTRY, NONE, Contrast
from schemas.registry import Registry

Tables = Mapping[str, pl.DataFrame]
Floats = NDArray[np.float64]
Names = NDArray[np.str_]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]


# The arm of each area, and why it has none, by what parts the areas of a contrast.
ARMS = {
    "funding_band": (pl.col("funding_band"), pl.col("funding_band_missing_reason")),
    "funded": (pl.col("treatment"), pl.lit(None, pl.String)),
    "secretariat": (
        pl.when("has_secretariat").then(pl.lit("with_secretariat")).otherwise(pl.lit("without_secretariat")),
        pl.when(pl.col("has_secretariat").is_null()).then(pl.lit("secretariat_not_known")),
    ),
    "organisation": (pl.col("project_organisation"), pl.col("project_organisation_missing_reason")),
    "dose": (pl.when(pl.col("dose_dkk").is_not_null()).then(pl.lit("dose")), pl.col("dose_missing_reason")),
}


@dataclass(frozen=True)
class Areas:
    """The areas of the evaluation, in the order of their identifiers, and what they got (view area_funding).

    `beside` are the views area_attributes and area_exposure.
    """

    rows: pl.DataFrame
    registry: Registry
    beside: Tables = field(default_factory=dict)

    @classmethod
    def from_tables(cls, tables: Tables, registry: Registry) -> "Areas":
        """The areas of these tables."""
        beside = {name: tables[name] for name in ("area_attributes", "area_exposure") if name in tables}
        return cls(tables["area_funding"].sort("area_id"), registry, beside)

    @cached_property
    def outcomes(self) -> set[str]:
        """Indicators of the three outcome groups."""
        return {i.id for i in self.registry.indicators.values() if i.indicator_group not in (None, "background")}

    @cached_property
    def indicators(self) -> list[str]:
        """Indicators of areas, in the registry's order."""
        return [i.id for i in self.registry.indicators.values() if i.of_areas]

    def cluster_names(self, contrast: Contrast) -> Names:
        """The cluster of each area."""
        return self.rows[f"cluster_{contrast.cluster}"].to_numpy().astype(str)

    def clusters(self, contrast: Contrast) -> Codes:
        """The cluster of each area as a number: numbers are told apart much faster than names."""
        return np.unique(self.cluster_names(contrast), return_inverse=True)[1].astype(np.int64)

    def arms(self, contrast: Contrast) -> tuple[Names, str]:
        """The arm of each area, empty where it stands in none; and in words how many are left out, and why."""
        funded = pl.col("treatment") == "funded"
        rows = self.rows
        if contrast.is_brief:
            rows, arm, why = self._by_attribute(contrast)
        else:
            arm, why = ARMS[contrast.by]
        if contrast.spillover != "marked":
            is_near = pl.Series(self.is_exposed(contrast.spillover)) & (rows["treatment"] == "never_funded")
            why = pl.when(is_near).then(pl.lit(f"near_a_funded_area_by_{contrast.spillover}"))
        whom = pl.lit(True) if contrast.by == "funded" else funded
        found = rows.select(
            arm=pl.when(whom & why.is_null()).then(arm),
            why=pl.when(whom & why.is_not_null()).then(why),
            elsewhere=pl.col("treatment"),
        )
        left_out = Counter(found["why"].drop_nulls().to_list())
        known = contrast.arms or ("dose",)
        arms = found["arm"].map_elements(lambda name: name if name in known else "", return_dtype=pl.String)
        if contrast.by == "funded":
            left_out["rent_support_only"] = int((found["elsewhere"] == "rent_support_only").sum())
            left_out["treatment_not_known"] = int((found["elsewhere"] == "not_known").sum())
        else:
            left_out["in_no_group"] = int((found["arm"].is_not_null() & (arms == "")).sum())
        words = "; ".join(f"{reason}: {count} areas left out" for reason, count in sorted(left_out.items()) if count)
        return arms.fill_null("").to_numpy().astype(str), words

    def _by_attribute(self, contrast: Contrast) -> tuple[pl.DataFrame, pl.Expr, pl.Expr]:
        """The areas beside the entries of an attribute; the arm of each, and why it has none."""
        attribute, entry = contrast.attribute
        entries = (
            self.beside["area_attributes"].filter(attribute=attribute).select("area_id", "entries", "missing_reason")
        )
        rows = self.rows.join(entries, on="area_id", how="left", maintain_order="left")
        named = pl.col("entries").str.split("|")
        if entry:
            is_with = ~named.list.contains(NONE) if entry == ANY else named.list.contains(entry)
            arm = pl.when(is_with).then(pl.lit(HAS_ENTRY[0])).otherwise(pl.lit(HAS_ENTRY[1]))
            return rows, arm, pl.col("missing_reason")
        several = pl.when(named.list.len() > 1).then(pl.lit("several_entries"))
        return rows, pl.col("entries"), pl.coalesce("missing_reason", several)

    def is_exposed(self, tie: str) -> Mask:
        """Which areas are tied to another area with a grant; one of which nobody knows the tie counts as not."""
        return np.asarray(np.nan_to_num(self.values(self.beside["area_exposure"], f"funded_in_{tie}")) > 0)

    def values(self, rows: pl.DataFrame, column: str = "value") -> Floats:
        """A column of rows by area_id, in the order of the areas; NaN where an area has none."""
        joined = self.rows.select("area_id").join(
            rows.select("area_id", column), on="area_id", how="left", maintain_order="left"
        )
        return joined[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()

    def matrix(self, rows: pl.DataFrame, by: str, names: list[Any], column: str = "value") -> Floats:
        """A column of rows as (areas, names), where names are values of `by`; NaN where there is none."""
        places = pl.DataFrame({by: names}, schema={by: rows.schema[by]}).with_row_index("of_name")
        found = (
            rows.select("area_id", by, pl.col(column).cast(pl.Float64).alias("figure"))
            .drop_nulls("figure")
            .join(self.rows.select("area_id").with_row_index("of_area"), on="area_id")
            .join(places, on=by)
        )
        whole = np.full((self.rows.height, len(names)), np.nan)
        whole[found["of_area"].to_numpy(), found["of_name"].to_numpy()] = found["figure"].to_numpy()
        return whole

    def cubes(self, rows: pl.DataFrame, years: list[int], *columns: str) -> list[Floats]:
        """Columns of rows, each as (indicators, areas, years); NaN where there is none."""
        of_indicator = pl.Series("indicator", self.indicators).to_frame().with_row_index("of_indicator")
        of_year = pl.DataFrame({"year": years}, schema={"year": rows.schema["year"]}).with_row_index("of_year")
        found = (
            rows.lazy()
            .select("area_id", "indicator", "year", *(pl.col(name).cast(pl.Float64) for name in columns))
            .join(self.rows.lazy().select("area_id").with_row_index("of_area"), on="area_id")
            .join(of_indicator.lazy(), on="indicator")
            .join(of_year.lazy(), on="year")
            .collect()
        )
        places = tuple(found[name].to_numpy() for name in ("of_indicator", "of_area", "of_year"))
        cubes = []
        for name in columns:
            cube = np.full((len(self.indicators), self.rows.height, len(years)), np.nan)
            cube[places] = found[name].fill_null(float("nan")).to_numpy()
            cubes.append(cube)
        return cubes


def in_words(*reasons: str | None) -> str | None:
    """Reasons after each other, each once; None where there is none."""
    return "; ".join(dict.fromkeys(filter(None, reasons))) or None


def made(rows: list[dict[str, Any]], mart: str, registry: Registry, **more: pl.DataType) -> pl.DataFrame:
    """Rows in the types of a mart's columns; `more` are columns that the mart unfolds."""
    types = {**contracts.polars_schema(registry.marts[mart]), **more}
    names = list(rows[0]) if rows else [name for name in types if name != "origin"]
    return pl.DataFrame(rows, schema={name: types[name] for name in names}, orient="row")
