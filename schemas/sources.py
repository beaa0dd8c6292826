"""What the blocks of sources.toml may say: layouts, sources, and what reading and a night may take."""

import re
from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from schemas.model import Identifier, Model, Text, Years


class Window(Years):
    """The number of years over which a figure of these years is a mean."""

    window: int = Field(ge=1)


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
    """What ends a night before it publishes, and what memory it may take: see the block [night] of sources.toml."""

    max_gone_share: float = Field(ge=0, lt=1)
    min_rows_share: float = Field(gt=0, le=1)
    few_rows: int = Field(ge=0)
    clock_jitter_minutes: int = Field(ge=0)
    clock_max_days: int = Field(ge=1)
    memory_megabytes: int = Field(ge=200)
    memory_share: float = Field(gt=0, le=1)


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
