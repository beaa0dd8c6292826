"""The registry: the TOML and CSV files of a folder, read into frozen models that have been held against each other."""

import csv
import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from schemas.change_theory import ChangeStep, ChangeTheory
from schemas.code_lists import CODES
from schemas.disclosure import ClassRule, Disclosure, Owner
from schemas.evaluation import BaselineWindow, Contrast, Evaluation, Lifting
from schemas.extracts import Extracts, Mark
from schemas.indicators import Indicator
from schemas.model import Model
from schemas.populations import Attribute, Population, Populations, Rest, Universe
from schemas.rules import Correction, KnownException, Rule
from schemas.sources import Layout, NightLimits, ReadingLimits, Source
from schemas.tables import Column, Table, TableColumn, TableEntry

FILES = (
    "indicators.toml",
    "sources.toml",
    "tables.toml",
    "rules.toml",
    "exceptions.toml",
    "corrections.toml",
    "evaluation.toml",
    "change_theory.toml",
    "disclosure.toml",
    "populations.toml",
    "extracts.toml",
)
INDICATOR_COLUMNS = "*indicators"


class RegistryError(ValueError):
    """The registry contradicts itself; the message names file, entry and what to mend."""


M = TypeVar("M", bound=Model)


class Registry(Model):
    """Everything that schemas/ says, cross-checked. Made by `load`."""

    indicators: dict[str, Indicator]
    layouts: dict[str, Layout]
    sources: dict[str, Source]
    tables: dict[str, Table]
    rules: dict[str, Rule]
    exceptions: dict[str, KnownException]
    corrections: dict[str, Correction]
    night: NightLimits
    evaluation: Evaluation
    change_theory: ChangeTheory
    disclosure: Disclosure
    populations: Populations
    extracts: Extracts
    codes: dict[str, tuple[dict[str, str], ...]]
    fingerprint: str

    def list_types_of(self, year: int) -> tuple[str, ...]:
        """The ministry's lists that there were in a year."""
        return tuple(row["list_type"] for row in self.codes["list_types"] if int(row["from_year"]) <= year)

    def list_name(self, list_type: str, year: int) -> str:
        """What a list of the ministry was called in Danish in a year."""
        (row,) = (row for row in self.codes["list_types"] if row["list_type"] == list_type)
        is_older = bool(row["renamed_in"]) and year < int(row["renamed_in"])
        return row["called_before"] if is_older else row["label_da"]

    @property
    def marts(self) -> dict[str, Table]:
        """The published tables."""
        return {name: table for name, table in self.tables.items() if table.kind == "mart"}

    @property
    def facts(self) -> dict[str, Table]:
        """The staged tables."""
        return {name: table for name, table in self.tables.items() if table.kind == "fact"}

    @property
    def releases(self) -> dict[str, Table]:
        """The tables of a release."""
        return {name: table for name, table in self.tables.items() if table.kind == "release"}

    @cached_property
    def vocabularies(self) -> dict[str, dict[str, str]]:
        """Per coded list: Danish label, identifier and every other name to identifier."""
        return {
            name: {label: row[key] for row in rows for label in (row[key], *_names(row))}
            for name, key in (
                ("funding_bands", "funding_band"),
                ("size_bands", "size_band"),
                ("list_types", "list_type"),
                ("effort_areas", "effort_area_id"),
                ("figure_owners", "figure_owner"),
                ("project_organisations", "project_organisation"),
                ("project_secretariats", "project_secretariat"),
                ("secretariats", "secretariat_id"),
            )
            for rows in (self.codes[name],)
        }

    def allowed(self, column: Column) -> tuple[str, ...]:
        """The values that a column may hold; empty where any text may stand."""
        if column.vocabulary:
            return tuple(dict.fromkeys(self.vocabularies[column.vocabulary].values()))
        return column.allowed

    def expired(self, on: date) -> list[str]:
        """A sentence for each correction and exception whose day has passed, and lifting whose day has not come."""
        dated: list[Correction | KnownException] = [*self.corrections.values(), *self.exceptions.values()]
        return [
            f"{'corrections' if isinstance(entry, Correction) else 'exceptions'}.toml, {entry.id} ran out on "
            f"{entry.until}: ask {entry.owner} whether it still holds, then set a new day or remove it"
            for entry in dated
            if entry.until < on
        ] + [
            f"evaluation.toml, lifting.{lifting.id} is signed on {lifting.signed_on}, a day that has not come"
            for lifting in self.evaluation.lifting.values()
            if lifting.signed_on > on
        ]

    def excuse(self, rule: str, file: str, row: Mapping[str, Any] | None = None) -> str | None:
        """The exception that accepts a broken rule in a delivery, or in one of its rows of figures."""
        for exception in self.exceptions.values():
            limits = {"area_id": "geography_id", "year": "year", "indicator": "indicator"}
            wanted = {column: getattr(exception, name) for name, column in limits.items()}
            if (
                exception.check == rule
                and exception.file in (None, file)
                and all(value is None or (row or {}).get(column) == value for column, value in wanted.items())
            ):
                return exception.id
        return None

    def precedence(self, indicator: str) -> tuple[str, ...]:
        """Whose figure of an indicator a profile shows: every owner, the first choice first."""
        owners = [row["figure_owner"] for row in self.codes["figure_owners"]]
        return tuple(dict.fromkeys((*self.indicators[indicator].precedence, *owners)))

    def part(self, dimension: str, label: str) -> str | None:
        """The part of a dimension that a source's label means, whatever its language; None where none is meant."""
        for row in self.codes["breakdown_parts"]:
            if row["dimension"] == dimension and (found := re.fullmatch(row["written"], label, re.IGNORECASE)):
                return row["part"] or found[1]
        return None

    def breaks(self, indicator: str, figure_owner: str | None, area_id: str | None) -> dict[int, str]:
        """What happened, in Danish, by the year from which on an indicator's figures are of another series."""
        of_definition = {
            int(row["from_year"]): row["happened_da"]
            for row in self.codes["definition_breaks"]
            if row["indicator"] == indicator and row["figure_owner"] in ("", figure_owner)
        }
        of_boundary = {
            int(row["from_year"]): row["happened_da"]
            for row in self.codes["boundary_breaks"]
            if row["area_id"] == area_id
        }
        return of_definition | of_boundary

    def accepting(self, check: str, **named: str) -> str:
        """The exception of this check that names one of these things (file, source, mart); empty where none does."""
        for exception in self.exceptions.values():
            if exception.check == check and any(getattr(exception, what) == name for what, name in named.items()):
                return exception.id
        return ""

    def indicators_of(self, source: str) -> tuple[str, ...]:
        """The indicators that a source may deliver figure by figure: those it declares, else all."""
        return self.sources[source].indicators or tuple(self.indicators)

    def indicator_names(self, source: str) -> dict[str, str]:
        """Identifiers and Danish labels by which a source may name an indicator, to the identifier."""
        allowed = self.indicators_of(source)
        return {self.indicators[i].label_da: i for i in allowed if i in self.indicators} | {i: i for i in allowed}

    def layout_of(self, source: str) -> Layout:
        """The layout of a source's deliveries."""
        return self.layouts[self.sources[source].layout]


def _names(row: Mapping[str, str]) -> list[str]:
    """The names of an entry of a coded list: the Danish one, the older one, and those of senders."""
    others = [row.get("called_before", ""), *row.get("also_called", "").split("|")]
    return [row.get("label_da") or row["name_da"], *filter(None, others)]


def load(folder: Path | None = None) -> Registry:
    """Read and cross-check the registry in `folder`, or the one that is installed.

    Raises RegistryError naming the file, the entry and what to mend.
    """
    root = folder if folder is not None else Path(str(resources.files("schemas")))
    missing = [name for name in (*FILES, *(f"codes/{name}.csv" for name in CODES)) if not (root / name).is_file()]
    if missing:
        raise RegistryError(f"{root} is no registry: {', '.join(missing)} missing")
    texts = {name: _toml(root / name) for name in FILES}
    reading, night = (texts["sources.toml"].pop(block, None) for block in ("reading", "night"))
    _known_sections(texts["sources.toml"], "sources.toml", ("layout", "source"))
    _known_sections(texts["tables.toml"], "tables.toml", ("column", "table"))
    codes = {path.stem: _csv(path) for path in sorted((root / "codes").glob("*.csv"))}
    indicators = _entries(Indicator, texts["indicators.toml"], "indicators.toml")
    limits = _model(ReadingLimits, reading or {}, "sources.toml, reading")
    layouts = _entries(Layout, texts["sources.toml"].get("layout", {}), "sources.toml, layout", reading=limits)
    sources = _entries(Source, texts["sources.toml"].get("source", {}), "sources.toml, source")
    rules = _entries(Rule, texts["rules.toml"], "rules.toml")
    exceptions = _entries(KnownException, texts["exceptions.toml"], "exceptions.toml")
    corrections = _entries(Correction, texts["corrections.toml"], "corrections.toml")
    columns = {
        name: _model(Column, entry, f"tables.toml, column.{name}")
        for name, entry in texts["tables.toml"].get("column", {}).items()
    }
    tables = {
        name: _table(name, _model(TableEntry, entry, f"tables.toml, table.{name}"), columns, indicators)
        for name, entry in texts["tables.toml"].get("table", {}).items()
    }
    registry = Registry(
        indicators=indicators,
        layouts=layouts,
        sources=sources,
        tables=tables,
        rules=rules,
        exceptions=exceptions,
        corrections=corrections,
        night=_model(NightLimits, night or {}, "sources.toml, night"),
        evaluation=_evaluation(texts["evaluation.toml"]),
        change_theory=_change_theory(texts["change_theory.toml"]),
        disclosure=_disclosure(texts["disclosure.toml"]),
        populations=_populations(texts["populations.toml"]),
        extracts=_extracts(texts["extracts.toml"]),
        codes=codes,
        fingerprint=_fingerprint(root),
    )
    problems = [*_contradictions(registry), *_unused(columns, tables)]
    if problems:
        raise RegistryError("the registry contradicts itself:\n  " + "\n  ".join(problems))
    return registry


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegistryError(f"{path.name} is not TOML: {error}") from error


def _csv(path: Path) -> tuple[dict[str, str], ...]:
    """Rows of a list, as text; those of CODES are held against their model."""
    place, model = f"codes/{path.name}", CODES.get(path.stem)
    rows: list[dict[str, str]] = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for row in reader:
                if None in row or None in row.values():
                    raise RegistryError(f"{place}, line {reader.line_num}: not as many fields as the header has")
                if model:
                    _model(model, row, f"{place}, line {reader.line_num}")
                rows.append(row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise RegistryError(f"{place} is no CSV in UTF-8: {error}") from error
    return tuple(rows)


def _known_sections(text: Mapping[str, Any], file: str, known: Sequence[str]) -> None:
    if unknown := sorted(text.keys() - set(known)):
        raise RegistryError(
            f"{file}: {', '.join(unknown)}: unknown; every block is {' or '.join(f'[{k}.x]' for k in known)}"
        )


def _model(model: type[M], entry: Mapping[str, Any], place: str) -> M:
    if not isinstance(entry, Mapping):
        raise RegistryError(f"{place}: a block of keys must stand here")
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'entry'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise RegistryError(f"{place}: {problems}") from error


def _entries(model: type[M], entries: Mapping[str, Any], place: str, **shared: Any) -> dict[str, M]:
    """Entries by name; `shared` are fields that all of them have."""
    made = {}
    for name, entry in entries.items():
        if not isinstance(entry, Mapping) or "id" in entry:
            raise RegistryError(f"{place}.{name}: a block of keys must stand here, without 'id': its name is the id")
        made[name] = _model(model, {**shared, **entry, "id": name}, f"{place}.{name}")
    return made


def _evaluation(text: Mapping[str, Any]) -> Evaluation:
    named: dict[str, type[Model]] = {"window": BaselineWindow, "contrast": Contrast, "lifting": Lifting}
    blocks = {
        block: _entries(model, text.get(block, {}), f"evaluation.toml, {block}") for block, model in named.items()
    }
    return _model(Evaluation, {**text, **blocks}, "evaluation.toml")


def _change_theory(text: Mapping[str, Any]) -> ChangeTheory:
    steps = _entries(ChangeStep, text.get("step", {}), "change_theory.toml, step")
    return _model(ChangeTheory, {**text, "step": steps}, "change_theory.toml")


def _disclosure(text: Mapping[str, Any]) -> Disclosure:
    named: dict[str, type[Model]] = {"owner": Owner, "class": ClassRule}
    blocks = {
        block: _entries(model, text.get(block, {}), f"disclosure.toml, {block}") for block, model in named.items()
    }
    return _model(Disclosure, {**text, **blocks}, "disclosure.toml")


def _populations(text: Mapping[str, Any]) -> Populations:
    named: dict[str, type[Model]] = {
        "universe": Universe,
        "attribute": Attribute,
        "population": Population,
        "rest": Rest,
    }
    _known_sections(text, "populations.toml", tuple(named))
    blocks = {
        block: _entries(model, text.get(block, {}), f"populations.toml, {block}") for block, model in named.items()
    }
    return _model(Populations, blocks, "populations.toml")


def _extracts(text: Mapping[str, Any]) -> Extracts:
    return _model(
        Extracts, {**text, "mark": _entries(Mark, text.get("mark", {}), "extracts.toml, mark")}, "extracts.toml"
    )


def _table(name: str, entry: TableEntry, columns: Mapping[str, Column], indicators: Mapping[str, Indicator]) -> Table:
    spelled: list[TableColumn] = []
    for written in entry.columns:
        if written == INDICATOR_COLUMNS:
            spelled += [
                TableColumn(
                    name=i.id,
                    nullable=True,
                    of_indicator=True,
                    type="number",
                    unit=i.unit,
                    description=f"{i.label_en}. {i.definition}",
                    minimum=i.minimum,
                    maximum=i.maximum if i.area_maximum is None else i.area_maximum,
                )
                for i in indicators.values()
                if i.of_areas
            ]
            continue
        column = written.removesuffix("?")
        if column not in columns:
            raise RegistryError(f"tables.toml, table.{name}: column {column!r} is not described under [column]")
        spelled.append(TableColumn(name=column, nullable=written.endswith("?"), **columns[column].model_dump()))
    return _model(
        Table,
        {"id": name, "columns": spelled, **entry.model_dump(exclude={"columns"})},
        f"tables.toml, table.{name}",
    )


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*root.glob("*.toml"), *(root / "codes").glob("*.csv")]):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _contradictions(registry: Registry) -> Iterable[str]:
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
    yield from registry.evaluation.contradictions(areas, groups)
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
    yield from _list_contradictions(registry)
    for name, model in CODES.items():
        for columns in model.unique:
            values = (", ".join(row[column] for column in columns) for row in registry.codes[name])
            yield from (f"codes/{name}.csv: {', '.join(columns)} {value!r} stands twice" for value in _twice(values))


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


def _unused(columns: Mapping[str, Column], tables: Mapping[str, Table]) -> Iterable[str]:
    used = {column.name for table in tables.values() for column in table.columns}
    return (f"tables.toml, column.{name}: no table has it; remove it" for name in sorted(columns) if name not in used)
