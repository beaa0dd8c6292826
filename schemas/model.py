"""What the models of the registry share: frozen, and a misspelt key never passes in silence."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


Text = Annotated[str, Field(min_length=1)]


MunicipalityCode = Annotated[str, Field(pattern=r"^\d{4}$")]


YearText = Annotated[str, Field(pattern=r"^(19|20)\d\d$")]


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
