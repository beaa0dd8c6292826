"""How a delivery is read: its source, the layout, the registry that declares both, and the names of places."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from flows.core.provenance import digest
from flows.intake.names import PlaceNames, normal
from schemas.contracts import Contract
from schemas.registry import Registry
from schemas.rules import Correction
from schemas.sources import Layout, LayoutColumn, Part, Source

# Of an indicator, what decides whether a figure is read and kept.
OF_INDICATORS = {"label_da", "kind", "per", "minimum", "maximum", "area_maximum", "of_year", "of_areas"}
OF_EXCEPTIONS = {"check", "area_id", "year", "indicator", "file"}
OF_CORRECTIONS = {"file", "where", "column", "wrong", "right"}
MANY = 256
_made: dict[tuple[str, int, int], "Reading"] = {}


@dataclass(frozen=True, eq=False)
class Reading:
    """What the deliveries of one source are read by; `known` is None where no list of municipalities can be read."""

    source: Source
    registry: Registry
    known: PlaceNames | None

    @cached_property
    def layout(self) -> Layout:
        """The layout of the source's deliveries."""
        return self.registry.layouts[self.source.layout]

    @cached_property
    def names(self) -> PlaceNames:
        """The names of places as the source means them."""
        return self.known.of(self.source) if self.known and self.layout.needs_municipalities else PlaceNames()

    @cached_property
    def corrections(self) -> tuple[Correction, ...]:
        """The declared corrections of the source's deliveries."""
        return tuple(entry for entry in self.registry.corrections.values() if entry.source == self.source.id)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that decides what is read: a word that no delivery of the source meets changes nothing."""
        registry, source = self.registry, self.source
        tables = [registry.tables[name] for name in self.layout.tables]
        dimensions = {dimension for rule in source.figures for dimension in rule.breakdown.values()}
        vocabularies = {column.vocabulary for column in self.layout.columns}
        vocabularies |= {part.vocabulary for column in self.layout.columns for part in column.parts.values()}
        vocabularies |= {column.vocabulary for table in tables for column in table.columns}
        declared = [
            source.model_dump(),
            self.layout.model_dump(),
            [table.model_dump() for table in tables],
            {name: rule.table for name, rule in sorted(registry.rules.items())},
            {name: indicator.model_dump(include=OF_INDICATORS) for name, indicator in registry.indicators.items()},
            {name: entry.model_dump(include=OF_EXCEPTIONS) for name, entry in registry.exceptions.items()},
            {entry.id: entry.model_dump(include=OF_CORRECTIONS) for entry in self.corrections},
            [row for row in registry.codes["breakdown_parts"] if row["dimension"] in dimensions],
            {name: registry.vocabularies[name] for name in sorted(filter(None, vocabularies))},
            registry.codes["list_types"] if "list_membership" in self.layout.tables else (),
        ]
        return digest([json.dumps(declared, ensure_ascii=False, default=str), self.names.fingerprint])

    @cached_property
    def factor(self) -> pl.Expr:
        """How many of the share or rate that stands in a row's `indicator` a whole is: 100 of a percentage."""
        factors = {i.id: float(i.factor) for i in self.registry.indicators.values() if i.kind in ("share", "rate")}
        place = pl.col("indicator").cast(pl.Enum([*factors]), strict=False).to_physical()
        return pl.lit(pl.Series(values=list(factors.values()), dtype=pl.Float64())).gather(place)

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The contract of each fact table that the layout feeds."""
        tables = self.registry.tables
        return {name: Contract(self.registry, tables[name]) for name in self.layout.tables}

    @cached_property
    def identifiers(self) -> dict[str, dict[str, str]]:
        """What cells of a column of names may say, as `normal` makes it, to what is meant; by the column's name."""
        known: dict[str, Mapping[str, str]] = {}
        named = {"indicator": self.registry.indicator_names(self.source.id), "municipality": self.names.municipalities}
        for column in self.layout.columns:
            parts: Mapping[str, Part | LayoutColumn] = column.parts or {column.name: column}
            for name, declared in parts.items():
                if declared.type == "code":
                    vocabulary = self.registry.vocabularies[declared.vocabulary] if declared.vocabulary else {}
                    known[name] = {**vocabulary, **declared.values}
                elif declared.type in named:
                    known[name] = named[declared.type]
        return {name: {normal(word): meant for word, meant in words.items()} for name, words in known.items()}


def reading(source: str, registry: Registry, known: PlaceNames | None) -> Reading:
    """The reading of a source, made once for a registry and its names: hundreds of deliveries share it."""
    key = (source, id(registry), id(known))  # both live as long as the reading that holds them
    if (made := _made.get(key)) is None:
        if len(_made) >= MANY:
            _made.clear()
        made = _made[key] = Reading(registry.sources[source], registry, known)
    return made
