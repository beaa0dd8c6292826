"""What figures mean and where they come from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import USAGE, Marts, Schemas, chosen_of, current_of, registry_of, stop, stopping
from flows.commands.terminal import out, show_trace, table_of_pairs, words

if TYPE_CHECKING:
    from schemas.registry import Registry


def explain(
    indicator: Annotated[str, typer.Argument(help="Identifier, such as outside_work_pct; or 'populations'.")],
    schemas: Schemas = None,
) -> None:
    """What an indicator means, how it is computed, and which deliveries carry it; or whom all of them count."""
    from flows.settings import settings
    from schemas.dictionary import indicator_lines, population_lines

    registry = registry_of(settings(schemas=schemas).schemas)
    if indicator == "populations":
        table = table_of_pairs()
        for name, meaning in population_lines(registry):
            table.add_row(name, meaning)
        out.print(table)
        return
    if indicator not in registry.indicators:
        stop(f"no indicator {indicator!r}; there are {', '.join(registry.indicators)}", USAGE)
    table = table_of_pairs()
    for name, meaning in indicator_lines(registry.indicators[indicator]):
        table.add_row(name, meaning)
    for name, carrier in _carriers(registry, indicator):
        table.add_row(name, carrier)
    out.print(words((indicator, "bold")))
    out.print(table)


def trace(
    wanted: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="area=vollsmose year=2012 indicator=outside_work_pct")
    ],
    marts: Marts = None,
    schemas: Schemas = None,
) -> None:
    """Where a figure comes from: the mart's value, its formula, and each delivered line behind it.

    Instead of area=... it takes municipality=0461, region=083 or country=000.
    """
    from flows.publish import trace as tracing

    chosen = chosen_of(marts=marts, schemas=schemas)
    registry = registry_of(chosen.schemas)
    asked = dict(part.partition("=")[::2] for part in wanted)
    kind = next((kind for kind in tracing.PLACES if kind in asked), None)
    if kind is None or asked.keys() != {kind, "year", "indicator"} or not asked["year"].isdecimal():
        stop("say what to trace: area=vollsmose year=2012 indicator=outside_work_pct", USAGE)
    if asked["indicator"] not in registry.indicators:
        stop(f"no indicator {asked['indicator']!r}; there are {', '.join(registry.indicators)}", USAGE)
    snapshot = current_of(chosen.marts)
    with stopping(USAGE, tracing.NoFigure):
        found = tracing.trace(
            snapshot, chosen.staging_folder, registry, kind, asked[kind], int(asked["year"]), asked["indicator"]
        )
    show_trace(found, snapshot.id)


def dictionary(
    form: Annotated[str, typer.Option("--format", help="md or csv.")] = "md",
    file: Annotated[
        Path | None, typer.Option("--out", help="File to write; else it is printed.", show_default=False)
    ] = None,
    schemas: Schemas = None,
) -> None:
    """The data dictionary: every table, column and indicator."""
    from flows.settings import settings
    from schemas import dictionary as made

    registry = registry_of(settings(schemas=schemas).schemas)
    forms = {"md": made.as_markdown, "csv": made.as_csv}
    if form not in forms:
        stop(f"no format {form!r}; there are md and csv", USAGE)
    text = forms[form](registry)
    if file is None:
        print(text, end="")
    else:
        file.write_bytes(text.encode())
        out.print(f"wrote {file}")


def _carriers(registry: "Registry", indicator: str) -> Iterator[tuple[str, str]]:
    for source in registry.sources.values():
        tables = registry.layout_of(source.id).tables
        for column in registry.layout_of(source.id).columns:
            if column.indicator == indicator:
                since = f", from {column.years.first}" if column.years else ""
                yield "delivered in", f"{source.title}: column '{column.headers[0]}'{since}"
            elif column.type == "indicator" and indicator in registry.indicators_of(source.id) and "figures" in tables:
                yield "may come in", f"{source.title}: rows with '{column.headers[0]}' = {indicator}"
