"""Run the SQL of sql/ in DuckDB over the facts in force, and write every mart as parquet with its metadata."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from flows.core.parquet import write_parquet
from flows.intake.reconcile import Facts
from flows.marts import queries
from flows.marts.baseline.steps import STATISTICS, Statistic
from flows.marts.baseline.twins import OtherPool
from flows.marts.queries import Query, Step
from schemas.code_lists import CODES
from schemas.registry import Registry

EXCEPTIONS = {
    **dict.fromkeys(("exception_id", "check", "area_id"), pl.String()),
    "year": pl.Int32(),
    **dict.fromkeys(("list_type", "indicator", "file", "source", "mart", "reason", "owner"), pl.String()),
    "until": pl.Date(),
}
CORRECTIONS = {
    **dict.fromkeys(("correction_id", "source", "file", "column", "wrong", "right", "reason", "owner"), pl.String()),
    "until": pl.Date(),
}
SOURCES = {
    **dict.fromkeys(("source", "title", "publisher", "baseline_caveat"), pl.String()),
    **dict.fromkeys(("is_example", "already_published"), pl.Boolean()),
}


class BuildError(RuntimeError):
    """A mart that could not be built: the message names the SQL file and what DuckDB or the contract says."""


def build(facts: Facts, folder: Path, registry: Registry, before: Facts | None = None) -> dict[str, Path]:
    """Build every mart of the registry into `folder`; returns the file of each.

    Raises BuildError naming the SQL file, and QueryError where sql/ and the registry do not fit together.
    """
    made = queries.marts()
    if difference := set(made) ^ set(registry.marts):
        raise queries.QueryError(
            f"sql/marts and tables.toml do not name the same marts: {', '.join(sorted(difference))}"
        )
    steps = every_step()
    with connect() as connection:
        run(connection, steps, facts, registry, before)
        return {name: _write(connection, name, folder, registry, _notes(name, steps, facts, registry)) for name in made}


def every_step() -> dict[str, Step]:
    """What the build is made of: the queries of sql/, and the statistics that SQL cannot say."""
    return {**queries.views(), **STATISTICS, **queries.marts()}


def run(
    connection: duckdb.DuckDBPyConnection,
    steps: Mapping[str, Step],
    facts: Facts,
    registry: Registry,
    before: Facts | None = None,
) -> None:
    """Make the table of every step from the facts in force, in the order that the steps give."""
    inputs = [*_load_facts(connection, facts, before), *load_codes(connection, registry)]
    evaluation = registry.evaluation
    connection.execute("set variable origin = ?", [facts.origin])
    connection.execute("set variable last_baseline_year = ?", [evaluation.baseline.last_year])
    connection.execute("set variable open_through = ?", [evaluation.open_through])
    connection.execute("set variable open_event = ?", [evaluation.open_event])
    connection.execute("set variable withheld_least = ?", [evaluation.withheld.least])
    connection.execute("set variable withheld_most = ?", [evaluation.withheld.most])
    connection.execute("create table codes.matched (id varchar, matched_rows bigint)")
    for matched in {**facts.accepted, **facts.corrected}.items():
        connection.execute("insert into codes.matched values (?, ?)", matched)
    inputs.append("codes.matched")
    for name in queries.order(steps, inputs):
        step = steps[name]
        if isinstance(step, Statistic):
            # A statistic is handed the tables that it reads; what it gives is kept in the schema `statistics`.
            given = {read: connection.table(read).pl() for read in sorted(step.reads)}
            try:
                connection.from_arrow(step.make(given, registry).to_arrow()).create(name)
            except OtherPool as error:
                raise BuildError(str(error)) from error
        elif isinstance(step, Query):
            folder = "marts" if name in registry.marts else "views"
            try:
                connection.execute(f"create table {name} as\n{step.sql}")
            except duckdb.Error as error:
                raise BuildError(f"sql/{folder}/{name}.sql: {error}") from error


def over_snapshot(
    wanted: str, marts: Mapping[str, Path], facts: Mapping[str, pl.DataFrame], registry: Registry, origin: str
) -> pl.DataFrame:
    """A table of sql/ made of published marts and of `facts` that no snapshot holds yet, by fact table.

    Raises QueryError where it reads a fact table that is not given.
    """
    steps = {name: step for name, step in every_step().items() if name == wanted or name not in marts}
    needed = queries.behind([wanted], steps)
    with connect() as connection:
        inputs = load_codes(connection, registry)
        connection.execute("set variable origin = ?", [origin])
        for name in sorted(needed & marts.keys() - {wanted}):
            connection.read_parquet(str(marts[name])).create(name)
            inputs.append(name)
        for name, rows in facts.items():
            connection.from_arrow(rows.to_arrow()).create(f"facts.{name}")
            inputs.append(f"facts.{name}")
        made = {name: steps[name] for name in needed if name in steps}
        for name in queries.order(made, inputs):
            step = made[name]
            if isinstance(step, Query):
                connection.execute(f"create table {name} as\n{step.sql}")
        rows_of_it: pl.DataFrame = connection.table(wanted).pl()
        return rows_of_it


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with the project's functions; it reaches for no extension and no network."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    connection.execute("set preserve_insertion_order = true")
    connection.execute("create schema facts")
    connection.execute("create schema codes")
    connection.execute("create schema statistics")
    connection.execute(queries.functions())
    return connection


def _load_facts(connection: duckdb.DuckDBPyConnection, facts: Facts, before: Facts | None) -> list[str]:
    """Load the facts, and beside them the figures of the last snapshot: `facts.figures_before`."""
    for name, file in facts.tables.items():
        connection.read_parquet(str(file)).create(f"facts.{name}")
    figures = (
        connection.read_parquet(str(before.tables["figures"])) if before else connection.table("facts.figures").limit(0)
    )
    figures.create("facts.figures_before")
    return [f"facts.{name}" for name in (*facts.tables, "figures_before")]


def load_codes(connection: duckdb.DuckDBPyConnection, registry: Registry) -> list[str]:
    """Load the registry as tables of the schema `codes`, and the functions over them; returns the tables' names."""
    names = []
    for name, frame in codes(registry).items():
        connection.from_arrow(frame.to_arrow()).create(f"codes.{name}")
        names.append(f"codes.{name}")
    connection.execute(queries.functions("code_functions"))
    listed = ", ".join(f"'{name}'" for name, indicator in registry.indicators.items() if indicator.of_areas)
    connection.execute(f"create type indicator_id as enum ({listed})")
    return names


def codes(registry: Registry) -> dict[str, pl.DataFrame]:
    """The registry's own tables as SQL reads them, below the schema `codes`."""
    files = {
        name: pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()))
        for name, rows in registry.codes.items()
        if (columns := list(rows[0] if rows else CODES[name].model_fields if name in CODES else ()))
    }
    exceptions = [{"exception_id": e.id, **e.model_dump(exclude={"id"})} for e in registry.exceptions.values()]
    corrections = [
        {"correction_id": c.id, **c.model_dump(exclude={"id", "where"})} for c in registry.corrections.values()
    ]
    return {
        **files,
        "indicators": _indicators(registry),
        "sources": _sources(registry),
        "exceptions": pl.DataFrame(exceptions, schema=EXCEPTIONS),
        "corrections": pl.DataFrame(corrections, schema=CORRECTIONS),
        "baseline_windows": _baseline_windows(registry),
        "change_links": _change_links(registry),
        "indicator_years": _indicator_years(registry),
        "precedence": _precedence(registry),
    }


def _indicators(registry: Registry) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                **indicator.model_dump(exclude={"id", "comparator_by_definition", "numerator", "denominator"}),
                "indicator": indicator.id,
                "numerator_is": indicator.numerator,
                "denominator_is": indicator.denominator,
                "factor": float(indicator.factor),
                "interval": indicator.interval,
                "stays": indicator.counts is not None and registry.populations.stays(indicator.counts),
                "comparator_geography": known.geography if (known := indicator.comparator_by_definition) else None,
                "comparator_value": known.value if known else None,
            }
            for indicator in registry.indicators.values()
        ],
        schema_overrides={"comparator_geography": pl.String, "comparator_value": pl.Float64, "decimals": pl.Int64},
        infer_schema_length=None,
    )


def _sources(registry: Registry) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                **source.model_dump(include=set(SOURCES)),
                "source": source.id,
                "is_example": source.example is not None,
            }
            for source in registry.sources.values()
        ],
        schema=SOURCES,
    )


def _baseline_windows(registry: Registry) -> pl.DataFrame:
    """The windows of evaluation.toml as years."""
    evaluation = registry.evaluation
    return pl.DataFrame(
        [
            {
                "baseline_window": name,
                "window_from": evaluation.first_year(name),
                "window_to": evaluation.baseline.last_year,
                "years": window.years,
            }
            for name, window in evaluation.window.items()
        ],
        schema_overrides={"window_from": pl.Int32(), "window_to": pl.Int32()},
    )


def _change_links(registry: Registry) -> pl.DataFrame:
    """The proposed links of change_theory.toml: a row per effort area, step and indicator."""
    rows = [
        {"effort_area_id": step.effort_area, "step": step.label_da, "indicator": indicator, "link_source": step.source}
        for step in registry.change_theory.step.values()
        for indicator in step.indicators
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("effort_area_id", "step", "indicator", "link_source"), pl.String()))


def _precedence(registry: Registry) -> pl.DataFrame:
    """Whose figure of each indicator is shown first: a row per indicator and owner."""
    rows = [
        {"indicator": indicator, "figure_owner": owner, "place": place}
        for indicator in registry.indicators
        for place, owner in enumerate(registry.precedence(indicator))
    ]
    return pl.DataFrame(rows, schema={"indicator": pl.String(), "figure_owner": pl.String(), "place": pl.Int32()})


def _indicator_years(registry: Registry) -> pl.DataFrame:
    """The years of the columns that must hold one indicator; a column without declared years was always there."""
    rows: list[dict[str, Any]] = [
        {
            "indicator": column.indicator,
            "from_year": column.years.first if column.years else None,
            "to_year": column.years.last if column.years else None,
        }
        for layout in registry.layouts.values()
        for column in layout.columns
        if column.indicator and not column.optional
    ]
    return pl.DataFrame(rows, schema={"indicator": pl.String(), "from_year": pl.Int32(), "to_year": pl.Int32()})


def _write(
    connection: duckdb.DuckDBPyConnection, name: str, folder: Path, registry: Registry, notes: Mapping[str, str]
) -> Path:
    table = registry.marts[name]
    file = folder / f"{name}.parquet"
    given = {column[0] for column in connection.execute(f"describe {name}").fetchall()}
    expected = {column.name for column in table.columns}
    if difference := given ^ expected:
        raise BuildError(f"sql/marts/{name}.sql and tables.toml differ in the columns {', '.join(sorted(difference))}")
    try:
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        write_parquet(file, connection.table(name).project(columns).to_arrow_table(), table, notes)
    except (ValueError, duckdb.Error) as error:
        raise BuildError(f"sql/marts/{name}.sql: {error}") from error
    return file


def _notes(name: str, made: Mapping[str, Step], facts: Facts, registry: Registry) -> dict[str, str]:
    """What every file says of itself: origin, sources, and what its figures cannot be used for."""
    behind = [
        pl.read_parquet(facts.tables[table], columns=["source"], glob=False)
        for table in queries.facts_behind(name, made)
        if table in facts.tables
    ]
    used = sorted({source for frame in behind for source in frame["source"]})
    titles = "; ".join(f"{registry.sources[source].title} ({registry.sources[source].publisher})" for source in used)
    notes = {"origin": facts.origin, "source": titles or "Boligprofil's own registry (schemas/)"}
    if name == "baseline_panel":
        notes["lock"] = registry.evaluation.lock_in_words
    has_caveat = any(column.name == "baseline_caveat" for column in registry.marts[name].columns)
    return {**notes, "caveat": caveat(facts, registry)} if has_caveat else notes


def caveat(facts: Facts, registry: Registry) -> str:
    """What a reader of the areas' figures must know first: what they, or those of some sources, cannot be used for."""
    figures = pl.read_parquet(facts.tables["figures"], columns=["geography", "source"], glob=False)
    used = sorted(figures.filter(pl.col("geography") == "area")["source"].unique())
    caveats = {source: words for source in used if (words := registry.sources[source].baseline_caveat)}
    words = "; ".join(sorted(set(caveats.values())))
    if not caveats or len(caveats) == len(used):
        return words
    return f"{words} (this holds for: {'; '.join(registry.sources[source].title for source in caveats)})"
