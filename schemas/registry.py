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
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, Field(min_length=1)]
MunicipalityCode = Annotated[str, Field(pattern=r"^\d{4}$")]
FILES = ("indicators.toml", "sources.toml", "tables.toml", "rules.toml", "exceptions.toml", "corrections.toml")
INDICATOR_COLUMNS = "*indicators"
# Rules of intake that an exception may set aside.
ACCEPTABLE = {"out_of_range": "row", "jump": "row", "row_count_differs": "delivery", "too_many_bad_rows": "delivery"}


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

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError("'to' lies before 'from'")
        return self

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
    kind: Literal["share", "rate", "relative", "count", "mean"]
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
    of_year: Literal["first", "sum", "mean"] = "first"
    of_areas: bool = True
    comparator_by_definition: KnownComparator | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind in ("share", "rate") and not (self.numerator and self.denominator):
            raise ValueError(f"a {self.kind} needs numerator and denominator in words")
        if (self.kind == "rate") != (self.per is not None):
            raise ValueError("'per' belongs to a rate, and a rate needs it")
        if self.minimum >= self.maximum:
            raise ValueError("minimum must lie below maximum")
        if self.area_maximum is not None and not self.minimum < self.area_maximum <= self.maximum:
            raise ValueError("area_maximum must lie between minimum and maximum")
        return self

    @property
    def factor(self) -> int:
        """What numerator / denominator is multiplied by: 100 for a share, `per` for a rate."""
        return self.per or 100


class Part(Model):
    """What one named group of a column's pattern holds."""

    type: Literal["text", "integer", "decimal", "year", "code"]
    values: dict[str, str] = {}
    optional: bool = False


class LayoutColumn(Model):
    """One column of a delivery: the headers it may have, and where it goes.

    `to` names a column of a fact table; `indicator` says that the column holds the figures of one indicator, all of
    them or the `part` that is a count; `parts` splits the text by `pattern`, a named group per column of the fact
    table; `separator` stands between several values in one cell, each of which becomes a row of its fact table;
    `unused` declares a column that nobody needs.
    """

    headers: tuple[str, ...] = Field(min_length=1)
    type: Literal[
        "text",
        "integer",
        "decimal",
        "boolean",
        "year",
        "period",
        "date",
        "code",
        "municipality",
        "municipality_code",
        "area",
        "place",
        "named_place",
        "indicator",
    ] = "text"
    to: Identifier | None = None
    indicator: Identifier | None = None
    part: Literal["value", "numerator", "denominator"] = "value"
    parts: dict[Identifier, Part] = {}
    pattern: str | None = None
    separator: str | None = None
    unused: bool = False
    optional: bool = False
    years: Years | None = None
    values: dict[str, str] = {}
    vocabulary: str | None = None
    window_years: tuple[Window, ...] = ()

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if [self.to is not None, self.indicator is not None, bool(self.parts), self.unused].count(True) != 1:
            raise ValueError(f"column {self.headers[0]!r} needs one of 'to', 'indicator', 'parts' and 'unused'")
        groups = set(re.compile(self.pattern or "").groupindex)
        if groups != self.parts.keys():
            raise ValueError(f"column {self.headers[0]!r}: 'pattern' must have the groups {', '.join(self.parts)}")
        if (self.type == "code") != bool(self.values or self.vocabulary):
            raise ValueError(f"column {self.headers[0]!r}: 'values' or 'vocabulary' belong to type code")
        return self

    @property
    def name(self) -> str:
        """Name of the column once it is cast."""
        return self.to or f"{self.part}:{self.indicator}"

    def window(self, year: int) -> int:
        """Years over which a figure of this column in `year` is a mean."""
        return next((window.window for window in self.window_years if year in window), 1)


class Carried(Model):
    """Headings among the rows: a row whose `column` has `value` is no row, its cells go with the rows below it."""

    column: str
    value: str
    cells: dict[str, str]


class Layout(Model):
    """How a delivery file looks, and the fact tables that it feeds."""

    id: Identifier
    description: str
    tables: tuple[str, ...]
    formats: tuple[Literal["csv", "xlsx", "json", "json-stat", "px"], ...] = ("csv",)
    delimiters: tuple[Annotated[str, Field(min_length=1, max_length=1)], ...] = (";",)
    encodings: tuple[Literal["utf-8", "windows-1252"], ...] = ("utf-8", "windows-1252")
    numbers: Literal["danish", "plain"] = "danish"
    missing: dict[str, str] = {"": "not_delivered"}
    columns: tuple[LayoutColumn, ...]
    constants: dict[Identifier, str] = {}
    across: str | None = None
    carried: Carried | None = None
    records_by: str | None = None
    complete: bool = False
    totals: tuple[str, ...] = ()
    same_dimension: dict[str, str] = {}

    @property
    def needs_municipalities(self) -> bool:
        """Whether reading a row takes the list of municipalities."""
        return any(column.type in ("municipality", "area", "place", "named_place") for column in self.columns)

    @property
    def counts(self) -> bool:
        """Whether a column holds the figures, whatever they are figures of: value, numerator or denominator."""
        return self.across is not None or any(column.to in ("value", "numerator") for column in self.columns)


class FigureRule(Model):
    """Which rows of a table with dimensions are figures of an indicator.

    A dimension that is not named must be at its total. `where` names the values of a dimension (`*total` for any
    total), `breakdown` the pattern of values that stay apart, each a figure of its own.
    """

    indicator: Identifier
    where: dict[str, tuple[str, ...]] = {}
    breakdown: dict[str, str] = {}
    part: Literal["value", "numerator", "denominator"] = "value"


class Releases(Model):
    """When a source publishes: days of the year, hour and time zone; how long it may take until a release is here."""

    days: tuple[Annotated[str, Field(pattern=r"^\d\d-\d\d$")], ...] = Field(min_length=1)
    hour: str = Field(default="08:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    zone: str = "Europe/Copenhagen"
    grace_days: int = Field(default=14, ge=0)
    years: Years

    @field_validator("days")
    @classmethod
    def _are_days_of_every_year(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        for day in days:
            date.fromisoformat(f"2001-{day}")
        return days

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"no time zone {zone!r}")
        return zone


class Fetched(Model):
    """What is fetched of StatBank: a table, and the value codes of each variable that is selected, '*' for all."""

    table: str = Field(pattern=r"^[A-ZÆØÅ0-9]+$")
    select: dict[str, tuple[Text, ...]] = Field(min_length=1)
    language: Literal["da", "en"] = "da"

    @field_validator("select")
    @classmethod
    def _selects(cls, select: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for variable, codes in select.items():
            if not codes or len(set(codes)) < len(codes) or ("*" in codes and len(codes) > 1):
                raise ValueError(f"{variable!r} needs '*' alone, or codes that each stand once")
        return select


class Lock(Model):
    """Years that can no longer be fetched as they were: their figures come from one stored delivery and no other."""

    years: Years
    delivery: Text
    reason: Text


class Source(Model):
    """Who sends a delivery, under which terms, and how it is read."""

    id: Identifier
    title: str
    publisher: str
    licence: str
    layout: Identifier
    indicators: tuple[str, ...] = ()
    figures: tuple[FigureRule, ...] = ()
    outside: dict[str, str] = {}
    stub: tuple[str, ...] = ()
    constants: dict[Identifier, str] = {}
    geography: Literal["from_2007", "before_2007"] = "from_2007"
    years: Years | None = None
    reference_day: str | None = Field(default=None, pattern=r"^\d\d-\d\d$")
    releases: Releases | None = None
    locked: tuple[Lock, ...] = ()
    max_bad_share: float = Field(ge=0, le=1)
    already_published: bool = False
    baseline_caveat: str | None = None
    fetch: Fetched | None = None

    @field_validator("reference_day")
    @classmethod
    def _is_a_day_of_every_year(cls, day: str | None) -> str | None:
        if day is not None:
            date.fromisoformat(f"2001-{day}")
        return day

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Columns whose values decide what a row is a figure of; a stub ends with the place."""
        named = (name for rule in self.figures for name in (*rule.where, *rule.breakdown))
        return tuple(dict.fromkeys((*named, *self.outside, *self.stub[:-1])))


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

    @model_validator(mode="after")
    def _can_be_fulfilled(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum must not lie above maximum")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"pattern cannot be read: {error}") from error
        return self


class TableColumn(Column):
    """A column as it stands in one table."""

    name: str
    nullable: bool


class TableEntry(Model):
    """A table as tables.toml writes it."""

    kind: Literal["fact", "mart"]
    description: str
    grain: str
    key: tuple[str, ...] = Field(min_length=1)
    may_be_empty: bool = False
    columns: tuple[str, ...]


class Table(Model):
    """A table with its columns spelled out."""

    id: Identifier
    kind: Literal["fact", "mart"]
    description: str
    grain: str
    key: tuple[str, ...]
    may_be_empty: bool = False
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
    """A disagreement with a check, or with a rule of intake, that is accepted until a day.

    `check` names a check of sql/checks, or one of ACCEPTABLE: a range or a leap of an area's figure, the number of rows
    or of bad rows of one delivery.
    """

    id: Identifier
    check: Identifier
    area_id: str | None = None
    year: int | None = None
    indicator: str | None = None
    file: str | None = None
    reason: Text
    owner: Text
    until: date

    @model_validator(mode="after")
    def _is_limited(self) -> Self:
        if ACCEPTABLE.get(self.check) == "delivery" and self.file is None:
            raise ValueError(f"an exception of {self.check} needs the 'file' that it is for")
        if ACCEPTABLE.get(self.check) == "row" and (self.area_id is None or self.indicator is None):
            raise ValueError(f"an exception of {self.check} needs 'area_id' and 'indicator'")
        return self


class Correction(Model):
    """A known error of a source; see the head of corrections.toml."""

    id: Identifier
    source: Identifier
    file: str | None = None
    where: dict[str, str] = Field(min_length=1)
    column: Text
    wrong: str
    right: str
    reason: Text
    owner: Text
    until: date


class Code(Model):
    """A row of a list in codes/. No two rows share the values of any tuple of columns in `unique`."""

    unique: ClassVar[tuple[tuple[str, ...], ...]]


class AreaCode(Code):
    """A housing area."""

    unique = (("area_id",),)
    area_id: Slug
    name: Text
    municipality_code: MunicipalityCode


class AliasCode(Code):
    """Another spelling of an area's name."""

    unique = (("area_id", "alias"),)
    area_id: Slug
    alias: Text
    seen_in: Text


class RelationCode(Code):
    """How an area's boundary relates to that of an area as a source shows it."""

    unique = (("area_id", "source"),)
    area_id: Slug
    source: Identifier
    listed_as: Slug
    relation: Literal["same", "part_of", "overlaps"]
    note: str


class SecretariatCode(Code):
    """An area secretariat; deliveries name it by its municipality."""

    unique = (("secretariat_id",), ("municipality_code",))
    secretariat_id: Slug
    name_da: Text
    municipality_code: MunicipalityCode


class BandCode(Code):
    """What size bands and funding bands have in common."""

    label_da: Text
    label_en: Text


class SizeBandCode(BandCode):
    """A band of dwellings, closed on the left; open upwards where the upper edge is empty."""

    unique = (("size_band",), ("label_da",))
    size_band: Text
    lower_dwellings: Annotated[str, Field(pattern=r"^\d+$")]
    upper_dwellings: Annotated[str, Field(pattern=r"^\d*$")]


class FundingBandCode(BandCode):
    """A band of million DKK; each edge says whether it belongs to the band."""

    unique = (("funding_band",), ("label_da",))
    funding_band: Text
    lower_mio_dkk: Annotated[str, Field(pattern=r"^\d+$")]
    upper_mio_dkk: Annotated[str, Field(pattern=r"^\d*$")]
    lower_included: Literal["true", "false"]
    upper_included: Literal["true", "false", ""]


class PlaceNameCode(Code):
    """A name or code by which a source calls a place, and since when; `outside` is a place that nobody asks for."""

    unique = (("name", "used"),)
    name: Text
    geography: Literal["municipality", "region", "country", "elsewhere", "outside"]
    geography_id: str
    used: Literal["always", "from_2007", "before_2007"]
    seen_in: Text


class EffortAreaCode(Code):
    """A theme of the grants."""

    unique = (("effort_area_id",),)
    effort_area_id: Slug
    name_da: Text
    listed_in: Text


class SplitCode(Code):
    """A municipality that the reform of 2007 divided, and the heir that took over most of it."""

    unique = (("old_municipality_code",),)
    old_municipality_code: MunicipalityCode
    main_heir_code: MunicipalityCode
    basis: Text


CODES: dict[str, type[Code]] = {
    "areas": AreaCode,
    "area_aliases": AliasCode,
    "area_relations": RelationCode,
    "secretariats": SecretariatCode,
    "size_bands": SizeBandCode,
    "funding_bands": FundingBandCode,
    "effort_areas": EffortAreaCode,
    "place_names": PlaceNameCode,
    "split_municipalities": SplitCode,
}


class Registry(Model):
    """Everything that schemas/ says, cross-checked. Made by `load`."""

    indicators: dict[str, Indicator]
    layouts: dict[str, Layout]
    sources: dict[str, Source]
    tables: dict[str, Table]
    rules: dict[str, Rule]
    exceptions: dict[str, KnownException]
    corrections: dict[str, Correction]
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
            name: {label: row[key] for row in rows for label in (row[key], row.get("label_da") or row["name_da"])}
            for name, key in (
                ("funding_bands", "funding_band"),
                ("size_bands", "size_band"),
                ("effort_areas", "effort_area_id"),
            )
            for rows in (self.codes[name],)
        }

    def allowed(self, column: Column) -> tuple[str, ...]:
        """The values that a column may hold; empty where any text may stand."""
        if column.vocabulary:
            return tuple(dict.fromkeys(self.vocabularies[column.vocabulary].values()))
        return column.allowed

    def expired(self, on: date) -> list[str]:
        """A sentence for each correction and exception whose day has passed."""
        dated: list[Correction | KnownException] = [*self.corrections.values(), *self.exceptions.values()]
        return [
            f"{'corrections' if isinstance(entry, Correction) else 'exceptions'}.toml, {entry.id} ran out on "
            f"{entry.until}: ask {entry.owner} whether it still holds, then set a new day or remove it"
            for entry in dated
            if entry.until < on
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
    missing = [name for name in (*FILES, *(f"codes/{name}.csv" for name in CODES)) if not (root / name).is_file()]
    if missing:
        raise RegistryError(f"{root} is no registry: {', '.join(missing)} missing")
    texts = {name: _toml(root / name) for name in FILES}
    _known_sections(texts["sources.toml"], "sources.toml", ("layout", "source"))
    _known_sections(texts["tables.toml"], "tables.toml", ("column", "table"))
    codes = {path.stem: _csv(path) for path in sorted((root / "codes").glob("*.csv"))}
    indicators = _entries(Indicator, texts["indicators.toml"], "indicators.toml")
    layouts = _entries(Layout, texts["sources.toml"].get("layout", {}), "sources.toml, layout")
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


def _entries(model: type[M], entries: Mapping[str, Any], place: str) -> dict[str, M]:
    made = {}
    for name, entry in entries.items():
        if not isinstance(entry, Mapping) or "id" in entry:
            raise RegistryError(f"{place}.{name}: a block of keys must stand here, without 'id': its name is the id")
        made[name] = _model(model, {**entry, "id": name}, f"{place}.{name}")
    return made


def _table(name: str, entry: TableEntry, columns: Mapping[str, Column], indicators: Mapping[str, Indicator]) -> Table:
    spelled: list[TableColumn] = []
    for written in entry.columns:
        if written == INDICATOR_COLUMNS:
            spelled += [
                TableColumn(
                    name=i.id,
                    nullable=True,
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
        if source.layout not in registry.layouts:
            yield f"sources.toml, source.{source.id}: layout {source.layout!r} is not declared"
        for indicator in source.indicators:
            if indicator not in registry.indicators:
                yield f"sources.toml, source.{source.id}: indicator {indicator!r} is not in indicators.toml"
        for rule in source.figures:
            if rule.indicator not in registry.indicators:
                yield f"sources.toml, source.{source.id}: indicator {rule.indicator!r} is not in indicators.toml"
        if source.layout in registry.layouts:
            layout = registry.layouts[source.layout]
            if source.fetch and "csv" not in layout.formats:
                yield f"sources.toml, source.{source.id}: 'fetch' brings CSV, which layout {layout.id!r} does not read"
            if layout.counts and not source.figures and not _says_indicator(layout):
                yield f"sources.toml, source.{source.id}: 'figures' must say what the figures of the layout are"
    for layout in registry.layouts.values():
        yield from _layout_contradictions(registry, layout)
    for table in registry.tables.values():
        yield from _table_contradictions(registry, table)
    yield from _area_contradictions(registry)
    yield from _band_contradictions(registry)
    for name, model in CODES.items():
        for columns in model.unique:
            values = (", ".join(row[column] for column in columns) for row in registry.codes[name])
            yield from (f"codes/{name}.csv: {', '.join(columns)} {value!r} stands twice" for value in _twice(values))


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
    for header in _twice(header for column in layout.columns for header in column.headers):
        yield f"{place}: header {header!r} stands twice"
    held = {column.name: column for table in facts.values() for column in table.columns}
    for column in layout.columns:
        if column.indicator and column.indicator not in registry.indicators:
            yield f"{place}: indicator {column.indicator!r} is not in indicators.toml"
        if column.vocabulary and column.vocabulary not in registry.vocabularies:
            yield f"{place}: vocabulary {column.vocabulary!r} is not among schemas/codes"
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
    areas = {row["area_id"]: row["municipality_code"] for row in registry.codes["areas"]}
    for name, columns in (("area_aliases", ("area_id",)), ("area_relations", ("area_id", "listed_as"))):
        for row in registry.codes[name]:
            for column in columns:
                if row[column] not in areas:
                    yield f"codes/{name}.csv: {row[column]!r} is not in codes/areas.csv"
    for row in registry.codes["area_relations"]:
        if row["source"] not in registry.sources:
            yield f"codes/area_relations.csv: source {row['source']!r} is not in sources.toml"
    for correction in registry.corrections.values():
        if correction.source not in registry.sources:
            yield f"corrections.toml, {correction.id}: source {correction.source!r} is not in sources.toml"
    for exception in registry.exceptions.values():
        if exception.indicator and exception.indicator not in registry.indicators:
            yield f"exceptions.toml, {exception.id}: indicator {exception.indicator!r} is not in indicators.toml"
        if exception.area_id and exception.area_id not in areas:
            yield f"exceptions.toml, {exception.id}: area {exception.area_id!r} is not in codes/areas.csv"
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


def _unused(columns: Mapping[str, Column], tables: Mapping[str, Table]) -> Iterable[str]:
    used = {column.name for table in tables.values() for column in table.columns}
    return (f"tables.toml, column.{name}: no table has it; remove it" for name in sorted(columns) if name not in used)
