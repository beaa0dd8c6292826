"""What the blocks of tables.toml may say: columns, and the tables that have them."""

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.model import Identifier, Model


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
    is_judgement: bool = False

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

    kind: Literal["fact", "mart", "release", "register"]
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
    kind: Literal["fact", "mart", "release", "register"]
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
