"""What the files of the registry say against each other: a sentence for each entry that points at nothing."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from schemas.code_lists import CODES
from schemas.evaluation import ANY, ATTRIBUTE, HAS_ENTRY
from schemas.registry import Registry
from schemas.sources import Layout, Source
from schemas.tables import Table


def contradictions(registry: Registry) -> Iterable[str]:
    """Every sentence names an entry that points at something that is not there."""
    for source in registry.sources.values():
        yield from _source_contradictions(registry, source)
    for layout in registry.layouts.values():
        yield from _layout_contradictions(registry, layout)
    for table in registry.tables.values():
        yield from _table_contradictions(registry, table)
    yield from _area_contradictions(registry)
    yield from _exception_contradictions(registry)
    yield from _name_contradictions(registry)
    areas = [name for name, indicator in registry.indicators.items() if indicator.of_areas]
    groups = {
        "funding_band": {row["funding_band"] for row in registry.codes["funding_bands"]},
        "organisation": {row["project_organisation"] for row in registry.codes["project_organisations"]},
    }
    yield from registry.evaluation.contradictions(areas, groups | _entries(registry, areas))
    effort_areas = (row["effort_area_id"] for row in registry.codes["effort_areas"])
    yield from registry.change_theory.contradictions(areas, effort_areas)
    yield from registry.disclosure.contradictions(registry.indicators, registry.sources)
    yield from registry.extracts.contradictions(registry.indicators)
    owners = {row["figure_owner"] for row in registry.codes["figure_owners"]}
    yield from registry.populations.contradictions(registry.indicators, owners)
    for indicator in registry.indicators.values():
        for unknown in sorted(set(indicator.precedence) - owners):
            yield f"indicators.toml, {indicator.id}: precedence: {unknown!r} is not in codes/figure_owners.csv"
    for label in _twice(indicator.label_da.casefold() for indicator in registry.indicators.values()):
        yield f"indicators.toml: label_da {label!r} stands twice: senders name indicators by it"
    yield from _band_contradictions(registry)
    yield from _answer_contradictions(registry)
    yield from _list_contradictions(registry)
    for name, model in CODES.items():
        for columns in model.unique:
            values = (", ".join(row[column] for column in columns) for row in registry.codes[name])
            yield from (f"codes/{name}.csv: {', '.join(columns)} {value!r} stands twice" for value in _twice(values))


def _entries(registry: Registry, indicators: Iterable[str]) -> dict[str, set[str]]:
    """What the areas of a contrast by an attribute of implementation can be, by what parts them."""
    answers = [row["answer"].partition(":") for row in registry.codes["implementation_answers"]]
    themes = {*indicators, *(row["effort_area_id"] for row in registry.codes["effort_areas"])}
    found = {}
    for row in registry.codes["implementation_attributes"]:
        attribute = row["attribute"]
        entries = {answer for named, _, answer in answers if named == attribute}
        if row["holds"] == "organisation":
            entries = {each[attribute] for each in registry.codes[f"{attribute}s"]}
        if row["holds"] == "theme":
            entries |= themes
        found[f"{ATTRIBUTE}{attribute}"] = entries
        found |= {f"{ATTRIBUTE}{attribute}={entry}": set(HAS_ENTRY) for entry in {*entries, ANY}}
    return found


def _source_contradictions(registry: Registry, source: Source) -> Iterable[str]:
    place = f"sources.toml, source.{source.id}"
    for indicator in (*source.indicators, *(rule.indicator for rule in source.figures)):
        if indicator not in registry.indicators:
            yield f"{place}: indicator {indicator!r} is not in indicators.toml"
    dimensions = {row["dimension"] for row in registry.codes["breakdown_parts"]}
    for unknown in sorted({name for rule in source.figures for name in rule.breakdown.values()} - dimensions):
        yield f"{place}: breakdown {unknown!r} is no dimension of codes/breakdown_parts.csv"
    layout = registry.layouts.get(source.layout)
    if layout is None:
        yield f"{place}: layout {source.layout!r} is not declared"
        return
    if source.fetch and "csv" not in layout.formats:
        yield f"{place}: 'fetch' brings CSV, which layout {layout.id!r} does not read"
    if source.append_only and layout.tables != ("plan_targets",):
        yield f"{place}: 'append_only' is for targets, held against those that stand"
    owners = {row["figure_owner"] for row in registry.codes["figure_owners"]}
    if ("figures" in layout.tables) != (source.figure_owner is not None):
        yield f"{place}: a source of figures needs 'figure_owner', and no other has it"
    elif source.figure_owner not in {None, *owners}:
        yield f"{place}: figure_owner {source.figure_owner!r} is not in codes/figure_owners.csv"
    if layout.counts and not source.figures and not _says_indicator(layout):
        yield f"{place}: 'figures' must say what the figures of the layout are"


def _says_indicator(layout: Layout) -> bool:
    return any(column.to == "indicator" for column in layout.columns)


def _twice(values: Iterable[str]) -> list[str]:
    return sorted(value for value, times in Counter(values).items() if times > 1)


def _table_contradictions(registry: Registry, table: Table) -> Iterable[str]:
    place = f"tables.toml, table.{table.id}"
    nullable = {column.name: column.nullable for column in table.columns}
    yield from (f"{place}: column {name!r} stands twice" for name in _twice(column.name for column in table.columns))
    for key in table.key:
        if key not in nullable:
            yield f"{place}: key column {key!r} is not among its columns"
        elif table.kind == "mart" and nullable[key]:
            yield f"{place}: key column {key!r} must not be marked '?'"
    for column in table.columns:
        if column.vocabulary and column.vocabulary not in registry.vocabularies:
            yield f"tables.toml, column.{column.name}: vocabulary {column.vocabulary!r} is not among schemas/codes"


def _layout_contradictions(registry: Registry, layout: Layout) -> Iterable[str]:
    place = f"sources.toml, layout.{layout.id}"
    facts = {name: table for name, table in registry.facts.items() if name in layout.tables}
    yield from (f"{place}: {t!r} is not a fact table of tables.toml" for t in layout.tables if t not in facts)
    strangers = set(layout.may_repeat) - set(layout.tables)
    yield from (f"{place}: 'may_repeat' names {t!r}, which is none of its tables" for t in sorted(strangers))
    for header in _twice(header for column in layout.columns for header in column.headers):
        yield f"{place}: header {header!r} stands twice"
    held = {column.name: column for table in facts.values() for column in table.columns}
    for column in layout.columns:
        if column.indicator and column.indicator not in registry.indicators:
            yield f"{place}: indicator {column.indicator!r} is not in indicators.toml"
        named = (column.vocabulary, *(part.vocabulary for part in column.parts.values()))
        for vocabulary in {*filter(None, named)} - registry.vocabularies.keys():
            yield f"{place}: vocabulary {vocabulary!r} is not among schemas/codes"
        if column.to and column.to not in held and column.type != "municipality":
            yield f"{place}: column {column.to!r} is in none of the tables {', '.join(layout.tables)}"
        allowed = held[column.to].allowed if column.to in held else ()
        for value in sorted(set(column.values.values()) - set(allowed)) if allowed else ():
            yield f"{place}: {column.to} must be one of {', '.join(allowed)}, not {value!r}"
        yield from (f"{place}: part {part!r} is in none of the tables" for part in column.parts if part not in held)
    reasons = {
        reason for column in held.values() if column.name.endswith("missing_reason") for reason in column.allowed
    }
    for reason in sorted(set(layout.missing.values()) - reasons) if reasons else ():
        yield f"{place}: missing {reason!r} is no missing_reason of tables.toml"


def _area_contradictions(registry: Registry) -> Iterable[str]:
    areas = {row["area_id"] for row in registry.codes["areas"]}
    for name, columns in (("area_aliases", ("area_id",)), ("area_relations", ("area_id", "listed_as"))):
        for row in registry.codes[name]:
            for column in columns:
                if row[column] not in areas:
                    yield f"codes/{name}.csv: {row[column]!r} is not in codes/areas.csv"
    for row in registry.codes["area_relations"]:
        if row["source"] not in registry.sources:
            yield f"codes/area_relations.csv: source {row['source']!r} is not in sources.toml"


def _answer_contradictions(registry: Registry) -> Iterable[str]:
    attributes = {row["attribute"]: row["holds"] for row in registry.codes["implementation_attributes"]}
    for row in registry.codes["implementation_answers"]:
        if attributes.get(row["answer"].partition(":")[0], "organisation") == "organisation":
            yield f"codes/implementation_answers.csv: {row['answer']!r} answers no attribute that takes answers"


def _exception_contradictions(registry: Registry) -> Iterable[str]:
    areas = {row["area_id"] for row in registry.codes["areas"]}
    for correction in registry.corrections.values():
        if correction.source not in registry.sources:
            yield f"corrections.toml, {correction.id}: source {correction.source!r} is not in sources.toml"
    for exception in registry.exceptions.values():
        if exception.indicator and exception.indicator not in registry.indicators:
            yield f"exceptions.toml, {exception.id}: indicator {exception.indicator!r} is not in indicators.toml"
        if exception.list_type and exception.list_type not in registry.vocabularies["list_types"].values():
            yield f"exceptions.toml, {exception.id}: list {exception.list_type!r} is not in codes/list_types.csv"
        if exception.source and exception.source not in registry.sources:
            yield f"exceptions.toml, {exception.id}: source {exception.source!r} is not in sources.toml"
        if exception.mart and exception.mart not in registry.marts:
            yield f"exceptions.toml, {exception.id}: mart {exception.mart!r} is not in tables.toml"
        if exception.area_id and exception.area_id not in areas:
            yield f"exceptions.toml, {exception.id}: area {exception.area_id!r} is not in codes/areas.csv"


def _name_contradictions(registry: Registry) -> Iterable[str]:
    """Within a municipality a name is that of one area."""
    areas = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    meant: dict[tuple[str, str], set[str]] = {}
    for name, column in (("areas", "name"), ("area_aliases", "alias")):
        for row in registry.codes[name]:
            meant.setdefault((areas.get(row["area_id"], ""), row[column].casefold()), set()).add(row["area_id"])
    for (municipality, written), ids in sorted(meant.items()):
        if len(ids) > 1:
            yield f"codes/areas.csv, area_aliases.csv: {written!r} in {municipality} names {' and '.join(sorted(ids))}"


def _band_contradictions(registry: Registry) -> Iterable[str]:
    """Bands must cover every number once: each begins where the one below ends."""
    for name, unit in (("size_bands", "dwellings"), ("funding_bands", "mio_dkk")):
        rows = sorted(registry.codes[name], key=lambda row: int(row[f"lower_{unit}"]))
        edges = [
            (row[f"upper_{unit}"], after[f"lower_{unit}"], row.get("upper_included"), after.get("lower_included"))
            for row, after in pairwise(rows)
        ]
        meet = all(upper == lower and (ends is None or ends != begins) for upper, lower, ends, begins in edges)
        if not rows or rows[0][f"lower_{unit}"] != "0" or rows[-1][f"upper_{unit}"] or not meet:
            yield f"codes/{name}.csv: the bands must cover every number from 0 up once, without gap or overlap"


def _list_contradictions(registry: Registry) -> Iterable[str]:
    """A rule of one table has a table, and a list that was renamed had another name."""
    for rule in registry.rules.values():
        if rule.table and (rule.remark or rule.table not in registry.facts):
            yield f"rules.toml, {rule.id}: 'table' must be a fact table, and a remark sets nothing aside"
    for row in registry.codes["list_types"]:
        if bool(row["called_before"]) != bool(row["renamed_in"]):
            yield f"codes/list_types.csv: {row['list_type']}: 'called_before' and 'renamed_in' belong together"
