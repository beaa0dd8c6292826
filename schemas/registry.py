"""The registry: the TOML and CSV files of a folder, read into frozen models that have been held against each other."""

import csv
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
FILES = ("indicators.toml", "sources.toml", "tables.toml", "rules.toml", "exceptions.toml")
INDICATOR_COLUMNS = "*indicators"


class RegistryError(ValueError):
    """The registry contradicts itself; the message names file, entry and what to mend."""


class Model(BaseModel):
    """Frozen, and an unknown key is an error: a misspelt key never passes in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


M = TypeVar("M", bound=Model)


class Years(Model):
    """Years from `first` to `last`, both included; an open end where `last` is absent."""

    first: int = Field(alias="from")
    last: int | None = Field(default=None, alias="to")

    def __contains__(self, year: object) -> bool:
        return isinstance(year, int) and self.first <= year and (self.last is None or year <= self.last)


class Window(Years):
    """The number of years over which a figure of these years is a mean."""

    window: int = Field(ge=1)


class KnownComparator(Model):
    """A comparator that follows from the definition (the region is 100 percent of itself)."""

    geography: Literal["municipality", "region", "country"]
    value: float


class Indicator(Model):
    """What one indicator means; see the head of indicators.toml."""

    id: Identifier
    label_da: str
    label_en: str
    definition: str
    definition_da: str
    kind: Literal["share", "rate", "relative", "count"]
    unit: str
    per: int | None = None
    numerator: str | None = None
    denominator: str | None = None
    count_basis: Literal["persons", "full_time_persons", "person_years", "dwellings", "money"]
    population: str
    polarity: Literal["high_is_better", "high_is_worse", "neutral"]
    minimum: float
    maximum: float
    area_maximum: float | None = None
    jump_factor: float | None = Field(default=None, gt=1)
    decimals: int = Field(ge=0, le=4)
    disclosure_class: Literal["ordinary", "sensitive"]
    comparator_by_definition: KnownComparator | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind in ("share", "rate") and not (self.numerator and self.denominator):
            raise ValueError(f"a {self.kind} needs numerator and denominator in words")
        if (self.kind == "rate") != (self.per is not None):
            raise ValueError("'per' belongs to a rate, and a rate needs it")
        if self.minimum >= self.maximum:
            raise ValueError("minimum must lie below maximum")
        return self

    @property
    def factor(self) -> int:
        """What numerator / denominator is multiplied by: 100 for a share, `per` for a rate."""
        return self.per or 100


class LayoutColumn(Model):
    """One column of a delivery: the headers it may have, and where it goes."""

    headers: tuple[str, ...] = Field(min_length=1)
    type: Literal["text", "integer", "decimal", "boolean", "year", "code", "municipality", "area", "place", "indicator"]
    to: Identifier | None = None
    indicator: Identifier | None = None
    optional: bool = False
    years: Years | None = None
    values: dict[str, str] = {}
    vocabulary: str | None = None
    window_years: tuple[Window, ...] = ()

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if (self.to is None) == (self.indicator is None):
            raise ValueError(f"column {self.headers[0]!r} needs either 'to' or 'indicator'")
        if (self.type == "code") != bool(self.values or self.vocabulary):
            raise ValueError(f"column {self.headers[0]!r}: 'values' or 'vocabulary' belong to type code")
        return self

    @property
    def name(self) -> str:
        """Name of the column once it is cast."""
        return self.to or f"figure:{self.indicator}"

    def window(self, year: int) -> int:
        """Years over which a figure of this column in `year` is a mean."""
        return next((window.window for window in self.window_years if year in window), 1)


class Layout(Model):
    """How a delivery file looks, and the fact tables that it feeds."""

    id: Identifier
    description: str
    tables: tuple[str, ...]
    delimiter: str = Field(min_length=1, max_length=1)
    encodings: tuple[Literal["utf-8", "windows-1252"], ...]
    missing: dict[str, str] = {"": "not_delivered"}
    columns: tuple[LayoutColumn, ...]

    @property
    def needs_municipalities(self) -> bool:
        """Whether reading a row takes the list of municipalities."""
        return any(column.type in ("municipality", "area", "place") for column in self.columns)


class Source(Model):
    """Who sends a delivery, under which terms, and how it is read."""

    id: Identifier
    title: str
    publisher: str
    licence: str
    layout: Identifier
    indicators: tuple[str, ...] = ()
    years: Years | None = None
    reference_day: str | None = Field(default=None, pattern=r"^\d\d-\d\d$")
    max_bad_share: float = Field(ge=0, le=1)
    already_published: bool = False
    baseline_caveat: str | None = None


class Column(Model):
    """One column, described once for every table that has it."""

    type: Literal["text", "integer", "number", "boolean", "year", "date"]
    description: str
    unit: str | None = None
    pattern: str | None = None
    allowed: tuple[str, ...] = ()
    vocabulary: str | None = None
    minimum: float | None = None
    maximum: float | None = None


class TableColumn(Column):
    """A column as it stands in one table."""

    name: str
    nullable: bool


class TableEntry(Model):
    """A table as tables.toml writes it."""

    kind: Literal["fact", "mart"]
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[str, ...]


class Table(Model):
    """A table with its columns spelled out."""

    id: Identifier
    kind: Literal["fact", "mart"]
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[TableColumn, ...]

    def column(self, name: str) -> TableColumn:
        """The column of this name; KeyError where the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.id} has no column {name!r}")


class Rule(Model):
    """A rule that a delivery or a row can break, in words for the engineer and for the sender."""

    id: Identifier
    scope: Literal["delivery", "row"]
    en: str
    da: str


class KnownException(Model):
    """A disagreement accepted as a fact about the world."""

    id: Identifier
    check: Identifier
    area_id: str | None = None
    year: int | None = None
    reason: str
    owner: str


class Registry(Model):
    """Everything that schemas/ says, cross-checked. Made by `load`."""

    indicators: dict[str, Indicator]
    layouts: dict[str, Layout]
    sources: dict[str, Source]
    tables: dict[str, Table]
    rules: dict[str, Rule]
    exceptions: dict[str, KnownException]
    codes: dict[str, tuple[dict[str, str], ...]]
    fingerprint: str

    @property
    def marts(self) -> dict[str, Table]:
        """The published tables."""
        return {name: table for name, table in self.tables.items() if table.kind == "mart"}

    @property
    def facts(self) -> dict[str, Table]:
        """The staged tables."""
        return {name: table for name, table in self.tables.items() if table.kind == "fact"}

    @cached_property
    def vocabularies(self) -> dict[str, dict[str, str]]:
        """Per coded list: Danish label and identifier to identifier."""
        return {
            name: {label: row[key] for row in rows for label in (row[key], row["label_da"])}
            for name, key in (("funding_bands", "funding_band"), ("size_bands", "size_band"))
            for rows in (self.codes[name],)
        }

    def allowed(self, column: Column) -> tuple[str, ...]:
        """The values that a column may hold; empty where any text may stand."""
        if column.vocabulary:
            return tuple(dict.fromkeys(self.vocabularies[column.vocabulary].values()))
        return column.allowed

    def indicators_of(self, source: str) -> tuple[str, ...]:
        """The indicators that a source may deliver figure by figure: those it declares, else all."""
        return self.sources[source].indicators or tuple(self.indicators)

    def layout_of(self, source: str) -> Layout:
        """The layout of a source's deliveries."""
        return self.layouts[self.sources[source].layout]


def load(folder: Path | None = None) -> Registry:
    """Read and cross-check the registry in `folder`, or the one that is installed.

    Raises RegistryError naming the file, the entry and what to mend.
    """
    root = folder if folder is not None else Path(str(resources.files("schemas")))
    missing = [name for name in FILES if not (root / name).is_file()]
    if missing:
        raise RegistryError(f"{root} is no registry: {', '.join(missing)} missing")
    texts = {name: _toml(root / name) for name in FILES}
    codes = {path.stem: _csv(path) for path in sorted((root / "codes").glob("*.csv"))}
    indicators = _entries(Indicator, texts["indicators.toml"], "indicators.toml")
    layouts = _entries(Layout, texts["sources.toml"].get("layout", {}), "sources.toml, layout")
    sources = _entries(Source, texts["sources.toml"].get("source", {}), "sources.toml, source")
    rules = _entries(Rule, texts["rules.toml"], "rules.toml")
    exceptions = _entries(KnownException, texts["exceptions.toml"], "exceptions.toml")
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
    except tomllib.TOMLDecodeError as error:
        raise RegistryError(f"{path.name} is not TOML: {error}") from error


def _csv(path: Path) -> tuple[dict[str, str], ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(dict(row) for row in csv.DictReader(file, strict=True))


def _model(model: type[M], entry: Mapping[str, Any], place: str) -> M:
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'entry'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise RegistryError(f"{place}: {problems}") from error


def _entries(model: type[M], entries: Mapping[str, Any], place: str) -> dict[str, M]:
    return {name: _model(model, {"id": name, **entry}, f"{place}.{name}") for name, entry in entries.items()}


def _table(name: str, entry: TableEntry, columns: Mapping[str, Column], indicators: Mapping[str, Indicator]) -> Table:
    spelled: list[TableColumn] = []
    for written in entry.columns:
        if written == INDICATOR_COLUMNS:
            spelled += [
                TableColumn(
                    name=i.id, nullable=True, type="number", unit=i.unit, description=f"{i.label_en}. {i.definition}"
                )
                for i in indicators.values()
            ]
            continue
        column = written.removesuffix("?")
        if column not in columns:
            raise RegistryError(f"tables.toml, table.{name}: column {column!r} is not described under [column]")
        spelled.append(TableColumn(name=column, nullable=written.endswith("?"), **columns[column].model_dump()))
    return Table(id=name, columns=tuple(spelled), **entry.model_dump(exclude={"columns"}))


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*root.glob("*.toml"), *(root / "codes").glob("*.csv")]):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _contradictions(registry: Registry) -> Iterable[str]:
    """Every sentence names an entry that points at something that is not there."""
    for source in registry.sources.values():
        if source.layout not in registry.layouts:
            yield f"sources.toml, source.{source.id}: layout {source.layout!r} is not declared"
        for indicator in source.indicators:
            if indicator not in registry.indicators:
                yield f"sources.toml, source.{source.id}: indicator {indicator!r} is not in indicators.toml"
    for layout in registry.layouts.values():
        yield from _layout_contradictions(registry, layout)
    for table in registry.tables.values():
        names = [column.name for column in table.columns]
        yield from (
            f"tables.toml, table.{table.id}: column {name!r} stands twice"
            for name in sorted({n for n in names if names.count(n) > 1})
        )
        yield from (
            f"tables.toml, table.{table.id}: key column {key!r} is not among its columns"
            for key in table.key
            if key not in names
        )
    yield from _code_contradictions(registry)


def _layout_contradictions(registry: Registry, layout: Layout) -> Iterable[str]:
    place = f"sources.toml, layout.{layout.id}"
    for table in layout.tables:
        if table not in registry.facts:
            yield f"{place}: {table!r} is not a fact table of tables.toml"
    headers = [header for column in layout.columns for header in column.headers]
    yield from (
        f"{place}: header {header!r} stands twice" for header in sorted({h for h in headers if headers.count(h) > 1})
    )
    for column in layout.columns:
        if column.indicator and column.indicator not in registry.indicators:
            yield f"{place}: indicator {column.indicator!r} is not in indicators.toml"
        if column.vocabulary and column.vocabulary not in registry.vocabularies:
            yield f"{place}: vocabulary {column.vocabulary!r} is not among schemas/codes"


def _code_contradictions(registry: Registry) -> Iterable[str]:
    areas = {row["area_id"] for row in registry.codes["areas"]}
    for row in registry.codes["areas"]:
        if not re.fullmatch(r"\d{4}", row["municipality_code"]):
            yield f"codes/areas.csv: {row['area_id']}: the municipality code is not four digits"
    for name, columns in (("area_aliases", ("area_id",)), ("area_relations", ("area_id", "listed_as"))):
        for row in registry.codes[name]:
            for column in columns:
                if row[column] not in areas:
                    yield f"codes/{name}.csv: {row[column]!r} is not in codes/areas.csv"
    for exception in registry.exceptions.values():
        if exception.area_id and exception.area_id not in areas:
            yield f"exceptions.toml, {exception.id}: area {exception.area_id!r} is not in codes/areas.csv"


def _unused(columns: Mapping[str, Column], tables: Mapping[str, Table]) -> Iterable[str]:
    used = {column.name for table in tables.values() for column in table.columns}
    return (f"tables.toml, column.{name}: no table has it; remove it" for name in sorted(columns) if name not in used)
