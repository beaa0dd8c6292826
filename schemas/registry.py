"""The registry: everything that schemas/ says, as frozen models, and what is asked of it. `loading` makes it."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any

from schemas.change_theory import ChangeTheory
from schemas.disclosure import Disclosure
from schemas.evaluation import Evaluation
from schemas.extracts import Extracts
from schemas.indicators import Indicator
from schemas.model import Model
from schemas.populations import Populations
from schemas.rules import Correction, KnownException, Rule
from schemas.sources import Layout, NightLimits, Source
from schemas.tables import Column, Table


class RegistryError(ValueError):
    """The registry contradicts itself; the message names file, entry and what to mend."""


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

    @property
    def registers(self) -> dict[str, Table]:
        """The tables of person registers, which are counted where they lie."""
        return {name: table for name, table in self.tables.items() if table.kind == "register"}

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
                ("implementation_attributes", "attribute"),
                ("implementation_answers", "answer"),
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
