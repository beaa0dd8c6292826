"""Facts as small tables that a reader can check by hand, and just the files of sql/ that a table of them needs."""

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest

from flows.intake.reconcile import Facts
from flows.marts import build, queries
from schemas import contracts
from schemas.registry import Registry

DEFAULTS: dict[str, Any] = {
    "geography": "area",
    "indicator": "nonwestern_pct",
    "status": "final",
    "window_years": 1,
    "on_list": True,
    "list_type": "parallelsamfund",
    "plan_name": "A",
    "funding_band": "5_15m",
    "grant_period_years": 4,
    "dwellings": 1000,
    "size_band_printed": "700-1500",
    "supported_by_secretariat": False,
    "published_at": date(2016, 1, 1),
    "received_at": date(2026, 1, 1),
    "source": "municipal_figures",
    "source_file": "municipal_figures/given.csv",
    "origin": "real",
}


def facts_from(text: str, name: str, registry: Registry) -> pl.DataFrame:
    """Rows of a fact table from lines 'a | b'; the first line names columns, an empty cell is null.

    For short, `area` is the area_id, `count` and `of` are numerator and denominator. A column that is not named has its
    value of DEFAULTS, a share its value from its counts, an area its municipality.
    """
    table = registry.tables[name]
    types = contracts.polars_schema(table)
    homes = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    short = {"area": "geography_id" if name == "figures" else "area_id", "count": "numerator", "of": "denominator"}
    head, *lines = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    columns = [short.get(column, column) for column in head]
    assert set(columns) <= set(types), f"{name} has no {set(columns) - set(types)}"
    rows = []
    for number, line in enumerate(lines, start=1):
        given = {column: cell or None for column, cell in zip(columns, line, strict=True)}
        area = given.get("area_id")
        row = {"source_line": number, **DEFAULTS, "municipality_code": homes.get(area or ""), **given}
        row.setdefault("figure_owner", registry.sources[row["source"]].figure_owner)
        if name == "figures":
            _complete(row, registry)
        if name == "grants" and row.get("grant_dkk") is None:
            row["grant_dkk_missing_reason"] = "not_published"
        rows.append(row)
    cells = {column: pl.Series([row.get(column) for row in rows], strict=False) for column in types}
    return pl.DataFrame(cells).with_columns(
        (pl.col(column) == "true")
        if dtype == pl.Boolean() and cells[column].dtype == pl.String
        else pl.col(column).str.to_date()
        if dtype == pl.Date() and cells[column].dtype == pl.String
        else pl.col(column).cast(dtype)
        for column, dtype in types.items()
    )


def _complete(row: dict[str, Any], registry: Registry) -> None:
    row.setdefault("published_in", row["year"])
    row.setdefault("period", row["year"])
    row.setdefault("breakdown", "all")
    numerator, denominator = row.get("numerator"), row.get("denominator")
    if row.get("value") is None and numerator and denominator and int(denominator):
        row["value"] = registry.indicators[row["indicator"]].factor * int(numerator) / int(denominator)
    if row.get("value") is None:
        row.setdefault("missing_reason", "withheld_by_source")


Make = Callable[..., Any]


@pytest.fixture(scope="session")
def made(shipped: Any, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """`made("area_changes", figures="...")`: that table of sql/ over these facts, and nothing that it does not need.

    Several names give a dict of frames. The 98 municipalities are known; what else is not given is empty.
    """
    always = tmp_path_factory.mktemp("facts")
    common = {name: always / f"{name}.parquet" for name in shipped.registry.facts}
    for name, file in common.items():
        rows = shipped.table(name)
        (rows if name == "municipalities" else rows.clear()).write_parquet(file)

    # A pool that was frozen for real figures is not that of these.
    evaluation = shipped.registry.evaluation
    unfrozen = evaluation.model_copy(update={"twins": evaluation.twins.model_copy(update={"sha256": None})})
    plain = shipped.registry.model_copy(update={"evaluation": unfrozen})

    def make(*wanted: str, registry: Registry = plain, **given: str) -> Any:
        folder = tmp_path_factory.mktemp("given")
        files = {name: folder / f"{name}.parquet" for name in given}
        for name, file in files.items():
            facts_from(given[name], name, registry).write_parquet(file)
        every = build.every_step()
        behind = queries.behind(wanted, every)
        steps = {name: every[name] for name in behind if name in every}
        facts = {name: file for name, file in (common | files).items() if f"facts.{name}" in behind | {"facts.figures"}}
        with build.connect() as connection:
            build.run(connection, steps, Facts(facts, "real"), registry)
            frames = {name: connection.sql(f"select * from {name}").pl() for name in wanted}
        return frames[wanted[0]] if len(wanted) == 1 else frames

    return make
