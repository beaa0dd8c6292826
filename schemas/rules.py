"""What rules.toml, exceptions.toml and corrections.toml may say: rules, and what is accepted or mended."""

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from schemas.code_lists import NAMED
from schemas.model import Identifier, Model, Text

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
