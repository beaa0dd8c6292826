"""The figures of a release as readers may see them: worked out from the counts that are shown, from nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from flows.marts import build, queries
from flows.release.cells import Key
from flows.release.scope import COUNTRY, Scope
from schemas.registry import Registry

INSIDE = ("area_profile", "place_figures", "dim_areas", "grant_summary")
# What sql/ works out from the figures inside is worked out once more, from cleared counts.
SHARED = (
    "area_changes",
    "area_trends",
    "area_comparisons",
    "plan_starts",
    "pooled_changes",
    "movement_priors",
    "area_movements",
)


def figures(
    counts: pl.DataFrame,
    scope: Scope,
    others: Sequence[str],
    files: Mapping[str, Path],
    years: Sequence[int],
    registry: Registry,
    origin: str,
    base: int | None = None,
) -> dict[str, pl.DataFrame]:
    """Rows of cleared_figures and of cleared_movements, by name, for the places of a scope and for `others`,
    areas whose published figures stand beside.

    `counts` has what readers have and what they have not, as `counts` gives it; `files` are the marts of a snapshot: of
    their figures only those that were published already are taken. `base`: counts that are not published are rounded to
    it.
    """
    every = {**queries.views(), **queries.marts()}
    steps = {**queries.release(), **{name: every[name] for name in SHARED}}
    with build.connect() as connection:
        inputs = build.load_codes(connection, registry)
        connection.execute("create schema inside")
        connection.execute("create schema release")
        for name in INSIDE:
            connection.read_parquet(str(files[name])).create(f"inside.{name}")
        made = {
            "places": _places(scope, others, files),
            "twins": _twins(scope),
            "years": pl.DataFrame({"year": list(years)}, schema={"year": pl.Int32()}),
            "counts": counts,
        }
        for name, rows in made.items():
            connection.from_arrow(rows.to_arrow()).create(f"release.{name}")
        connection.execute("set variable origin = ?", [origin])
        connection.execute("set variable rounding_base = cast(? as integer)", [base])
        connection.execute("set variable twins_mean = ?", [registry.disclosure.twins.mean])
        connection.execute("set variable open_through = ?", [registry.evaluation.open_through])
        given = [*inputs, *(f"inside.{name}" for name in INSIDE), *(f"release.{name}" for name in made)]
        for name in queries.order(steps, given):
            connection.execute(f"create table {name} as\n{steps[name].sql}")
        return {name: connection.table(name).pl() for name in ("cleared_figures", "cleared_movements")}


def _places(scope: Scope, others: Sequence[str], files: Mapping[str, Path]) -> pl.DataFrame:
    areas = dict(pl.read_parquet(files["dim_areas"], columns=["area_id", "area_name"]).iter_rows())
    towns = dict(
        pl.read_parquet(files["dim_municipalities"], columns=["municipality_code", "municipality_name"]).iter_rows()
    )
    twins = {twins.area_id: twins.last_year for twins in scope.twins}
    rows = [
        *(("area", area, areas[area], None, None) for area in sorted({*scope.areas, *others})),
        *(
            ("twins", area, f"Tvillinger til {areas[area]}", area in twins, twins.get(area))
            for area in sorted(scope.areas)
        ),
        *(("municipality", code, towns[code], None, None) for code in sorted(scope.municipalities)),
        ("country", COUNTRY, "Hele landet", None, None),
    ]
    text = dict.fromkeys(("place_kind", "place_id", "place_name"), pl.String())
    kinds = {**text, "has_twins": pl.Boolean(), "twins_until": pl.Int32()}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _twins(scope: Scope) -> pl.DataFrame:
    rows = [
        (twins.area_id, candidate, twins.last_year) for twins in scope.twins for candidate in sorted(twins.candidates)
    ]
    kinds = {"area_id": pl.String(), "candidate_id": pl.String(), "last_year": pl.Int32()}
    return pl.DataFrame(rows, schema=kinds, orient="row")


COLUMNS = ("count", "numerator", "denominator", "mark", "mean")


def counts(
    shown: Mapping[Key, int], marks: Mapping[Key, str], means: Mapping[Key, float] | None = None
) -> pl.DataFrame:
    """One row per place, year and indicator: the counts that readers have, and the mark where they have one not.

    `means` are the means of money that they have.
    """
    rows: dict[tuple[str, str, int, str], dict[str, float | str | None]] = {}
    for key in sorted({*shown, *marks}):
        if key.part == "complement" or key.geography not in ("area", "municipality", "country"):
            continue
        name = (key.geography, key.geography_id.split(" (")[0], key.year, key.indicator)
        row = rows.setdefault(name, dict.fromkeys(COLUMNS))
        if key in shown:
            row[key.part] = shown[key]
        # A place that is too small says so; else one hidden count hides the figure.
        elif row["mark"] in (None, "hidden"):
            row["mark"] = marks[key]
    for key, mean in sorted((means or {}).items()):
        rows[key[:4]] = {**dict.fromkeys(COLUMNS), "mean": mean}
    number, text = pl.Int64(), pl.String()
    return pl.DataFrame(
        [(*name, *row.values()) for name, row in rows.items()],
        schema={
            "place_kind": text,
            "place_id": text,
            "year": pl.Int32(),
            "indicator": text,
            "count": number,
            "numerator": number,
            "denominator": number,
            "mark": text,
            "mean": pl.Float64(),
        },
        orient="row",
    )
