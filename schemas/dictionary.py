"""The data dictionary, made from the registry: every table and column, every indicator, as Markdown and as CSV."""

import csv
import io

from schemas.indicators import Indicator
from schemas.registry import Registry
from schemas.relations import words
from schemas.tables import Table

HEADER = ("table", "kind", "column", "type", "unit", "may_be_empty", "in_key", "allowed_values", "description")


def as_csv(registry: Registry) -> str:
    """One row per column of every table; ';'-separated with a byte order mark, so that a Danish Excel opens it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for table in _tables(registry):
        for column in table.columns:
            writer.writerow(
                (
                    table.id,
                    table.kind,
                    column.name,
                    column.type,
                    column.unit or "",
                    "yes" if column.nullable else "no",
                    "yes" if column.name in table.key else "no",
                    ", ".join(registry.allowed(column)),
                    column.description,
                )
            )
    return "\ufeff" + text.getvalue()


def as_markdown(registry: Registry) -> str:
    """The dictionary for reading: indicators, published marts, staged facts, sources."""
    parts = [
        "# Data dictionary",
        "Made from the registry in `schemas/`; the same words stand in each parquet file.",
        "## Indicators",
    ]
    parts += [_indicator(indicator) for indicator in registry.indicators.values()]
    parts += ["## Marts (published)", *(_table(registry, table) for table in registry.marts.values())]
    parts += ["## Facts (staged)", *(_table(registry, table) for table in registry.facts.values())]
    parts += [
        "## Releases (what readers outside have)",
        *(_table(registry, table) for table in registry.releases.values()),
    ]
    parts += [
        "## Person registers (counted where they lie)",
        *(_table(registry, table) for table in registry.registers.values()),
    ]
    parts += ["## Sources", _sources(registry)]
    return "\n\n".join(parts) + "\n"


def indicator_lines(indicator: Indicator) -> list[tuple[str, str]]:
    """What the registry says of one indicator, as pairs of name and words."""
    formula = f"{indicator.factor} * numerator / denominator" if indicator.kind in ("share", "rate") else ""
    of_year = {"first": "its first quarter or month", "sum": "the sum of its parts", "mean": "the mean of its parts"}
    intervals = {
        "wilson": "Wilson, where the counts are known",
        "poisson": "Byar, exact below 10, where the counts are known",
    }
    area_maximum = f" (one area at most {indicator.area_maximum:,.10g})" if indicator.area_maximum else ""
    lines = [
        ("label", f"{indicator.label_en} / {indicator.label_da}"),
        ("definition", indicator.definition),
        ("på dansk", indicator.definition_da),
        ("kind and unit", f"{indicator.kind}, {indicator.unit}"),
        ("formula", formula),
        ("numerator", indicator.numerator or ""),
        ("denominator", indicator.denominator or ""),
        ("population", indicator.population),
        ("counts", _counts(indicator)),
        ("counted in", indicator.count_basis),
        ("drawn from", indicator.drawn_from or ""),
        ("part of the profile", (indicator.indicator_group or "").replace("_", " ")),
        ("interval", intervals[indicator.interval] if indicator.interval else "none"),
        ("year from quarters or months", of_year[indicator.of_year]),
        ("describes", "areas and larger places" if indicator.of_areas else "municipalities and larger places"),
        ("polarity", indicator.polarity),
        ("range", f"{indicator.minimum:,.10g} to {indicator.maximum:,.10g}{area_maximum}"),
        ("disclosure class", indicator.disclosure_class),
    ]
    return [(name, meaning) for name, meaning in lines if meaning]


def population_lines(registry: Registry) -> list[tuple[str, str]]:
    """Whom the figures of areas count, and what follows of their counts, as pairs of name and words."""
    populations = registry.populations
    lines: list[tuple[str, str]] = []
    for universe in populations.universe.values():
        names = [name for name in populations.population if populations.universe_of(name) == universe.id]
        lines.append((universe.id, universe.label))
        lines += [(name, _population(registry, name)) for name in names]
        lines += [
            ("so", f"{row.whole} = {' + '.join(row.parts)}")
            for relations in populations.relations(names)
            for row in relations.rows
        ]
        lines += [(f"not {other}", f"no relation: {why}") for other, why in universe.free_of.items()]
    amounts = [i.id for i in registry.indicators.values() if i.no_count and i.of_areas]
    return [*lines, ("no counts", ", ".join(amounts))]


def _population(registry: Registry, name: str) -> str:
    populations = registry.populations
    asked = (
        f"{attribute} {words(values)} ({populations.attribute[attribute].at})"
        for attribute, values in populations.regions[name].items()
    )
    figures = [i.id for i in registry.indicators.values() if i.counts == name]
    figures += [f"{i.id} (base)" for i in registry.indicators.values() if i.among == name]
    return f"{populations.population[name].label}: {', '.join(asked) or 'all'}; in {', '.join(figures) or 'no figure'}"


def _counts(indicator: Indicator) -> str:
    no_counts = {
        "full_time_persons": "full-time persons, no count of people",
        "amount": "no count: an amount",
        None: "",
    }
    counts = indicator.counts or no_counts[indicator.no_count]
    return f"{counts} among {indicator.among}" if indicator.among else counts


def _tables(registry: Registry) -> list[Table]:
    return [
        *registry.marts.values(),
        *registry.facts.values(),
        *registry.releases.values(),
        *registry.registers.values(),
    ]


def _indicator(indicator: Indicator) -> str:
    rows = "\n".join(f"- {name}: {meaning}" for name, meaning in indicator_lines(indicator))
    return f"### {indicator.id}\n\n{rows}"


def _table(registry: Registry, table: Table) -> str:
    rows = ["| column | type | unit | may be empty | meaning |", "|---|---|---|---|---|"]
    for column in table.columns:
        allowed = registry.allowed(column)
        meaning = column.description + (f" One of: {', '.join(allowed)}." if allowed else "")
        key = " (key)" if column.name in table.key else ""
        empty = "yes" if column.nullable else "no"
        rows.append(
            f"| {column.name}{key} | {column.type} | {column.unit or ''} | {empty} | {meaning.replace('|', '/')} |"
        )
    return f"### {table.id}\n\n{table.description} Grain: {table.grain}.\n\n" + "\n".join(rows)


def _sources(registry: Registry) -> str:
    rows = ["| source | title | publisher | terms | note |", "|---|---|---|---|---|"]
    rows += [
        f"| {source.id} | {source.title} | {source.publisher} | {source.licence} | {source.baseline_caveat or ''} |"
        for source in registry.sources.values()
    ]
    return "\n".join(rows)
