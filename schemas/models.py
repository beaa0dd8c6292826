"""What each block of the registry's files may say: frozen models, one per kind of block.

An unknown key is an error. What the blocks say of each other is held together in schemas/registry.py.
"""

import re
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.labels import COUNTED

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, Field(min_length=1)]
MunicipalityCode = Annotated[str, Field(pattern=r"^\d{4}$")]
YearText = Annotated[str, Field(pattern=r"^(19|20)\d\d$")]
# Rules of intake that an exception may set aside.
ACCEPTABLE = {
    "out_of_range": "row",
    "jump": "row",
    "row_count_differs": "delivery",
    "too_many_bad_rows": "delivery",
    "target_changed": "delivery",
    "delivery_gone": "gone",
    "rows_fell": "fall",
}
# What an exception of these kinds names: just one thing.
NAMED = {"gone": ("file", "source"), "fall": ("mart", "source")}

# How the units of an indicator are written, by its kind: a rate of 1 has no 'per 1', and a mean need not be money.
UNITS = {
    "share": {"unit": "percent", "unit_da": "procent", "unit_short_da": "%"},
    "relative": {"unit": "percent of .+", "unit_da": "procent af .+", "unit_short_da": "% af .+"},
    "rate": {"unit": ".+ per {per} .+", "unit_da": r"pr\. {per_da}( .+)?", "unit_short_da": r"pr\. {per_da}( .+)?"},
    "rate of 1": {"unit": ".+ per [a-z].*", "unit_da": r"pr\. [a-zæøå].*", "unit_short_da": r"pr\. [a-zæøå].*"},
    "count": {"unit": "(?!percent|.* per ).+", "unit_da": "antal {several}", "unit_short_da": "{several}"},
    "mean": {"unit": "(?!percent|DKK).+", "unit_da": "{several}.*", "unit_short_da": "{several}"},
    "mean of money": {"unit": "DKK.*", "unit_da": "kroner.*", "unit_short_da": r"kr\..*"},
}


class Model(BaseModel):
    """Frozen, and an unknown key is an error: a misspelt key never passes in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    unit: Text
    unit_da: Text
    unit_short_da: Text
    per: int | None = None
    numerator: str | None = None
    denominator: str | None = None
    indicator_group: Literal["background", "attractiveness", "life_situation", "satisfaction"] | None = None
    drawn_from: Text | None = None
    count_basis: Literal[
        "persons", "full_time_persons", "person_years", "households", "dwellings", "events", "contacts", "money"
    ]
    population: str
    population_da: Text
    polarity: Literal["high_is_better", "high_is_worse", "neutral"]
    minimum: float
    maximum: float
    area_maximum: float | None = None
    jump_factor: float | None = Field(default=None, gt=1)
    decimals: int = Field(ge=0, le=4)
    disclosure_class: Literal["ordinary", "sensitive"]
    of_year: Literal["first", "sum", "mean"] = "first"
    precedence: tuple[Identifier, ...] = ()
    of_areas: bool = True
    comparator_by_definition: KnownComparator | None = None

    @model_validator(mode="before")
    @classmethod
    def _has_the_units_of_its_kind(cls, entry: Any) -> Any:
        """A share is in percent, and a count in what it counts, so neither writes what its kind says."""
        match entry:
            case {"kind": "share"}:
                return UNITS["share"] | entry
            case {"kind": "count", "count_basis": str(basis)} if basis in COUNTED:
                several = COUNTED[basis][1]
                return {"unit_da": f"antal {several}", "unit_short_da": several} | entry
            case _:
                return entry

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind in ("share", "rate") and not (self.numerator and self.denominator):
            raise ValueError(f"a {self.kind} needs numerator and denominator in words")
        if (self.kind == "rate") != (self.per is not None):
            raise ValueError("'per' belongs to a rate, and a rate needs it")
        if {self.of_areas} != {self.indicator_group is not None, self.drawn_from is not None}:
            raise ValueError("an indicator of areas needs 'indicator_group' and 'drawn_from', and no other has them")
        if self.minimum >= self.maximum:
            raise ValueError("minimum must lie below maximum")
        if self.area_maximum is not None and not self.minimum < self.area_maximum <= self.maximum:
            raise ValueError("area_maximum must lie between minimum and maximum")
        return self

    @model_validator(mode="after")
    def _has_no_unit_of_another_kind(self) -> Self:
        variant = f"{self.kind} of 1" if self.per == 1 else self.kind
        if self.kind == "mean" and self.count_basis == "money":
            variant = "mean of money"
        per, several = f"{self.per or 0:,}", COUNTED[self.count_basis][1]
        for name, pattern in UNITS[variant].items():
            written = pattern.format(per=per, per_da=per.replace(",", "[.]"), several=several)
            if not re.fullmatch(written, getattr(self, name)):
                raise ValueError(f"{name} {getattr(self, name)!r} is no unit of a {self.kind} of {self.count_basis}")
        return self

    @property
    def interval(self) -> Literal["wilson", "poisson"] | None:
        """The interval that its counts allow: Wilson's for a share of units, Poisson limits for single events.

        Contacts and full-time persons are no such units.
        """
        units = ("persons", "households", "dwellings")
        if self.kind == "share" and self.count_basis in units:
            return "wilson"
        return "poisson" if self.kind == "rate" and self.count_basis in (*units, "person_years", "events") else None

    @property
    def factor(self) -> int:
        """What numerator / denominator is multiplied by: 100 for a share, `per` for a rate."""
        return self.per or 100


class Part(Model):
    """What one named group of a column's pattern holds."""

    type: Literal["text", "integer", "decimal", "year", "code"]
    values: dict[str, str] = {}
    vocabulary: str | None = None
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


class ReadingLimits(Model):
    """What reading one delivery may take: megabytes of memory, seconds of processor time."""

    megabytes: int = Field(ge=100)
    seconds: int = Field(ge=1)


class NightLimits(Model):
    """What ends a night before it publishes, against the night before: see the block [night] of sources.toml."""

    max_gone_share: float = Field(ge=0, lt=1)
    min_rows_share: float = Field(gt=0, le=1)
    few_rows: int = Field(ge=0)
    clock_jitter_minutes: int = Field(ge=0)
    clock_max_days: int = Field(ge=1)


class Layout(Model):
    """How a delivery file looks, and the fact tables that it feeds.

    In a table of `may_repeat` a row may say again what an earlier row says: it stands there once.
    """

    id: Identifier
    tables: tuple[str, ...]
    may_repeat: tuple[str, ...] = ()
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
    reading: ReadingLimits

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
    total); those of a `breakdown` stay apart, each a figure of its own, by a dimension of codes/breakdown_parts.csv.
    """

    indicator: Identifier
    where: dict[str, tuple[str, ...]] = {}
    breakdown: dict[str, Identifier] = {}


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


class DeliveryLock(Model):
    """Years that can no longer be fetched as they were: their figures come from one stored delivery and no other."""

    years: Years
    delivery: Text


class Source(Model):
    """Who sends a delivery, under which terms, and how it is read."""

    id: Identifier
    title: str
    publisher: str
    publisher_da: Text
    licence: str
    layout: Identifier
    figure_owner: Identifier | None = None
    indicators: tuple[str, ...] = ()
    figures: tuple[FigureRule, ...] = ()
    outside: dict[str, str] = {}
    table: str | None = Field(default=None, pattern=r"^[A-ZÆØÅ0-9]+$")
    titles: tuple[Text, ...] = ()
    eliminated: tuple[str, ...] = ()
    by_municipality: bool = False
    by_year: bool = False
    stub: tuple[str, ...] = ()
    constants: dict[Identifier, str] = {}
    geography: Literal["from_2007", "before_2007"] = "from_2007"
    years: Years | None = None
    reference_day: str | None = Field(default=None, pattern=r"^\d\d-\d\d$")
    releases: Releases | None = None
    locked: tuple[DeliveryLock, ...] = ()
    max_bad_share: float = Field(ge=0, le=1)
    already_published: bool = False
    append_only: bool = False
    example: Text | None = None
    baseline_caveat: str | None = None
    fetch: Fetched | None = None

    @field_validator("reference_day")
    @classmethod
    def _is_a_day_of_every_year(cls, day: str | None) -> str | None:
        if day is not None:
            date.fromisoformat(f"2001-{day}")
        return day

    @property
    def statbank_table(self) -> str | None:
        """The table of StatBank that the deliveries are."""
        return self.fetch.table if self.fetch else self.table

    @property
    def needed_dimensions(self) -> tuple[str, ...]:
        """Dimensions by which every figure is chosen: without one of them a delivery is not this table."""
        named = (name for name in self.dimensions if name not in self.eliminated)
        return tuple(name for name in named if all(name in {**rule.where, **rule.breakdown} for rule in self.figures))

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
    of_indicator: bool = False


class TableEntry(Model):
    """A table as tables.toml writes it."""

    kind: Literal["fact", "mart", "release"]
    description: str
    grain: str
    key: tuple[str, ...] = Field(min_length=1)
    may_be_empty: bool = False
    may_shrink: bool = False
    required_where: dict[Identifier, dict[Identifier, str]] = {}
    columns: tuple[str, ...]


class Table(Model):
    """A table with its columns spelled out."""

    id: Identifier
    kind: Literal["fact", "mart", "release"]
    description: str
    grain: str
    key: tuple[str, ...]
    may_be_empty: bool = False
    may_shrink: bool = False
    required_where: dict[Identifier, dict[Identifier, str]] = {}
    columns: tuple[TableColumn, ...]

    def column(self, name: str) -> TableColumn:
        """The column of this name; KeyError where the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.id} has no column {name!r}")


class Rule(Model):
    """A rule that a delivery or a row can break, in words for the engineer and for the sender.

    `how` says step by step what the sender does in Excel; what breaks a `remark` is read all the same. A rule of one
    `table` sets a row aside in that fact table alone: what else the row says is read.
    """

    id: Identifier
    en: str
    da: str
    how: str = ""
    remark: bool = False
    table: Identifier | None = None


class KnownException(Model):
    """A disagreement with a check, or with a rule of intake, that is accepted until a day.

    `check` names a check of sql/checks, or one of ACCEPTABLE: a range or a leap of an area's figure, the number of rows
    or of bad rows of one delivery, a delivery (`file`) or those of a `source` that are gone, a `mart` or `source` that
    has far fewer rows than the night before. `list_type` is the ministry's list that a disagreement is about.
    """

    id: Identifier
    check: Identifier
    area_id: str | None = None
    year: int | None = None
    list_type: str | None = None
    indicator: str | None = None
    file: str | None = None
    source: str | None = None
    mart: str | None = None
    reason: Text
    owner: Text
    until: date

    @model_validator(mode="after")
    def _is_limited(self) -> Self:
        if ACCEPTABLE.get(self.check) == "delivery" and self.file is None:
            raise ValueError(f"an exception of {self.check} needs the 'file' that it is for")
        if ACCEPTABLE.get(self.check) == "row" and (self.area_id is None or self.indicator is None):
            raise ValueError(f"an exception of {self.check} needs 'area_id' and 'indicator'")
        named = NAMED.get(ACCEPTABLE.get(self.check, ""), ())
        given = tuple(name for name in ("file", "source", "mart") if getattr(self, name) is not None)
        if named and (len(given) != 1 or given[0] not in named):
            raise ValueError(f"an exception of {self.check} needs just one of {' and '.join(map(repr, named))}")
        if not named and (self.source is not None or self.mart is not None):
            raise ValueError(f"an exception of {self.check} has no 'source' and no 'mart'")
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


class FigureOwnerCode(Code):
    """Whose figures are; in the order in which a profile takes them where an indicator declares no other."""

    unique = (("figure_owner",),)
    figure_owner: Identifier
    name_da: Text
    name_en: Text


class BoundaryBreakCode(Code):
    """From a year on an area is another piece of the town: figures before and after it are not of one series."""

    unique = (("area_id", "from_year"),)
    area_id: Slug
    from_year: YearText
    happened_da: Text
    happened_en: Text
    stated_in: Text


class DefinitionBreakCode(Code):
    """From a year on an indicator is counted in another way, by the owner that is named or, without a name, by all."""

    unique = (("indicator", "from_year", "figure_owner"),)
    indicator: Identifier
    from_year: YearText
    figure_owner: str
    happened_da: Text
    happened_en: Text
    stated_in: Text


class BreakdownPartCode(Code):
    """A part of a dimension and the pattern of how sources write it; where no part stands, it is the number in it."""

    unique = (("dimension", "part"),)
    dimension: Identifier
    part: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*)?$")]
    written: Text


class ListTypeCode(Code):
    """One of the ministry's lists: since which year there is one, and what it was called until it was renamed.

    `also_called` are further names by which senders call it, with '|' between them.
    """

    unique = (("list_type",), ("label_da",))
    list_type: Identifier
    label_da: Text
    label_en: Text
    from_year: Annotated[str, Field(pattern=r"^\d{4}$")]
    called_before: str
    renamed_in: Annotated[str, Field(pattern=r"^(\d{4})?$")]
    also_called: str


class EffortAreaCode(Code):
    """A theme of the grants."""

    unique = (("effort_area_id",),)
    effort_area_id: Slug
    name_da: Text
    listed_in: Text


class ProjectOrganisationCode(Code):
    """How a plan's project is anchored (chapter 4 of the report)."""

    unique = (("project_organisation",),)
    project_organisation: Slug
    name_da: Text


class ProjectSecretariatCode(Code):
    """How a plan's own secretariat is staffed (chapter 4 of the report)."""

    unique = (("project_secretariat",),)
    project_secretariat: Slug
    name_da: Text


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
    "figure_owners": FigureOwnerCode,
    "boundary_breaks": BoundaryBreakCode,
    "definition_breaks": DefinitionBreakCode,
    "breakdown_parts": BreakdownPartCode,
    "list_types": ListTypeCode,
    "effort_areas": EffortAreaCode,
    "project_organisations": ProjectOrganisationCode,
    "project_secretariats": ProjectSecretariatCode,
    "place_names": PlaceNameCode,
    "split_municipalities": SplitCode,
}
