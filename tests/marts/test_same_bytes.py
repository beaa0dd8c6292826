"""Same facts, same bytes: whatever threads and memory DuckDB has, and in whatever order the facts lie."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.core.parquet import write_parquet
from flows.core.provenance import file_sha256
from flows.intake.reconcile import Facts
from flows.marts import build
from schemas import contracts
from schemas.registry import Registry

AREAS, YEARS = 1500, 28
SHARES = ("outside_work_pct", "nonwestern_pct", "basic_education_pct")
BANDS = ("under_5m", "5_15m", "over_15m")


def big(registry: Registry) -> Registry:
    """A registry that knows many case areas, all of them with the lists' own boundary."""
    ids = [f"area-{number}" for number in range(AREAS)]
    codes = {
        "areas": tuple({"area_id": i, "name": i, "municipality_code": "0101"} for i in ids),
        "area_relations": tuple(
            {"area_id": i, "source": "ministry_lists", "listed_as": i, "relation": "same", "note": ""} for i in ids
        ),
    }
    return registry.model_copy(update={"codes": {**registry.codes, **codes}})


def frames(shipped: Any) -> dict[str, pl.DataFrame]:
    """More figures than DuckDB gives to one thread, with values that no float sum adds up exactly."""
    types = {name: contracts.polars_schema(table) for name, table in shipped.registry.facts.items()}
    areas = pl.DataFrame({"number": range(AREAS)}).with_columns(
        pl.format("area-{}", "number").alias("area_id"),
        pl.lit("0101").alias("municipality_code"),
        (200 + pl.col("number")).alias("dwellings"),
        pl.lit("0-700").alias("size_band_printed"),
        pl.lit(False).alias("supported_by_secretariat"),
        pl.format("plan {}", "number").alias("plan_name"),
        (pl.col("number") % 3).replace_strict(range(3), BANDS).alias("funding_band"),
        pl.lit(4).alias("grant_period_years"),
        pl.lit("not_published").alias("grant_dkk_missing_reason"),
    )
    numerator, denominator = (pl.col("number") * 7919 + pl.col("year") * 104_729) % 997, 1000 + pl.col("number") % 13
    figures = (
        areas.join(pl.DataFrame({"year": range(1985, 1985 + YEARS)}), how="cross")
        .join(pl.DataFrame({"indicator": SHARES}), how="cross")
        .with_columns(
            pl.lit("area").alias("geography"),
            pl.col("area_id").alias("geography_id"),
            numerator.alias("numerator"),
            denominator.alias("denominator"),
            (100 * numerator / denominator).alias("value"),
            pl.col("year").cast(pl.String).alias("period"),
            pl.lit("all").alias("breakdown"),
            pl.lit("final").alias("status"),
            pl.lit(1).alias("window_years"),
            pl.col("year").alias("published_in"),
        )
    )
    stamp = {
        "source": "municipal_figures",
        "figure_owner": "municipality",
        "source_file": "a.csv",
        "source_line": 1,
        "origin": "real",
    }
    days = {"published_at": pl.date(2016, 1, 1), "received_at": pl.date(2026, 1, 1)}
    shaped = {}
    for name, rows in {"figures": figures, "case_areas": areas, "grants": areas}.items():
        given = rows.with_columns(**{column: pl.lit(value) for column, value in stamp.items()}, **days)
        shaped[name] = given.select(
            (pl.col(column) if column in given.columns else pl.lit(None)).cast(dtype).alias(column)
            for column, dtype in types[name].items()
        )
    return shaped


def hashes(shipped: Any, registry: Registry, given: dict[str, pl.DataFrame], folder: Path) -> dict[str, str]:
    """Build every mart of these facts; its hash by name."""
    tables = dict(shipped.facts.tables)
    for name, rows in given.items():
        tables[name] = folder / "facts" / f"{name}.parquet"
        write_parquet(tables[name], rows.to_arrow(), registry.tables[name])
    return {name: file_sha256(file) for name, file in build.build(Facts(tables, "real"), folder, registry).items()}


def test_neither_threads_nor_memory_nor_the_order_of_facts_change_a_byte(
    shipped: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, given = big(shipped.registry), frames(shipped)
    monkeypatch.setattr(build, "query_threads", lambda megabytes: 1)
    alone = hashes(shipped, registry, given, tmp_path / "alone")
    # More threads share less memory, so that what they hold lies on the disk in between.
    monkeypatch.setattr(build, "query_threads", lambda megabytes: 4)
    monkeypatch.setattr(build, "query_megabytes", lambda limits: 400)
    turned = {name: rows.reverse() for name, rows in given.items()}
    assert hashes(shipped, registry, turned, tmp_path / "together") == alone
    cells = pl.read_parquet(tmp_path / "alone" / "band_profile.parquet")
    assert cells["areas"].max() == AREAS / 3
