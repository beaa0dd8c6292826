"""A delivery is read anew where what it is read by has changed, and only there."""

from collections.abc import Callable
from typing import Any

import pytest

from flows.intake.names import PlaceNames
from flows.intake.reading import Reading
from schemas.registry import Registry
from schemas.rules import Correction, KnownException

Change = Callable[[Registry], dict[str, Any]]


def fingerprint(registry: Registry, source: str, known: PlaceNames | None = None) -> str:
    return Reading(registry.sources[source], registry, known).fingerprint


def entry(kind: str, name: str, **fields: Any) -> Change:
    """One entry of a part of the registry with other fields."""
    return lambda registry: {
        kind: getattr(registry, kind) | {name: getattr(registry, kind)[name].model_copy(update=fields)}
    }


def column(position: int, **fields: Any) -> Change:
    """A column of the yearly layout with other fields."""

    def change(registry: Registry) -> dict[str, Any]:
        layout = registry.layouts["municipal_wide"]
        columns = [*layout.columns]
        columns[position] = columns[position].model_copy(update=fields)
        return {"layouts": registry.layouts | {layout.id: layout.model_copy(update={"columns": tuple(columns)})}}

    return change


DATED = {"reason": "en prøve", "owner": "SFI", "until": "2030-01-01"}
MENDED = Correction(
    id="x", source="municipal_yearly", where={"År": "2016"}, column="Beboere", wrong="1", right="2", **DATED
)
WAIVED = KnownException(id="x", check="jump", area_id="vollsmose", indicator="residents", year=2016, **DATED)
CHANGES: dict[str, Change] = {
    "a header": column(0, headers=("Kommune", "By")),
    "a mark for a missing figure": entry(
        "layouts", "municipal_wide", missing={"": "not_delivered", "x": "withheld_by_source"}
    ),
    "the range of an indicator": entry("indicators", "residents", maximum=1000.0),
    "the years of the source": entry("sources", "municipal_yearly", years=None),
    "the name of a municipality's publisher": entry("sources", "municipal_yearly", publisher="a municipality"),
    "the key of the facts": entry("tables", "figures", key=("geography", "geography_id", "year")),
    "a correction of the source": lambda registry: {"corrections": registry.corrections | {"x": MENDED}},
    "an exception": lambda registry: {"exceptions": registry.exceptions | {"x": WAIVED}},
}
SAME: dict[str, Change] = {
    "a word of the extracts": lambda registry: {"extracts": registry.extracts.model_copy(update={"years": 3})},
    "what an indicator is called in English": entry("indicators", "residents", label_en="People"),
    "the definition of an indicator": entry("indicators", "residents", definition="Everybody."),
    "the words of a rule": entry("rules", "not_a_number", da="Skriv et tal."),
    "the column of a mart": entry("tables", "area_profile", description="Other words"),
    "another layout": entry("layouts", "grants", missing={"": "not_published"}),
    "another source": entry("sources", "grants", max_bad_share=0.5),
    "a correction of another source": lambda registry: {
        "corrections": registry.corrections | {"x": MENDED.model_copy(update={"source": "grants"})}
    },
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_decides_the_reading_changes_its_fingerprint(registry: Registry, change: Change) -> None:
    changed = registry.model_copy(update=change(registry))
    assert fingerprint(changed, "municipal_yearly") != fingerprint(registry, "municipal_yearly")


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_no_delivery_of_the_source_meets_changes_nothing(registry: Registry, change: Change) -> None:
    changed = registry.model_copy(update=change(registry))
    assert fingerprint(changed, "municipal_yearly") == fingerprint(registry, "municipal_yearly")


def test_names_of_places_count_where_the_layout_needs_them(registry: Registry) -> None:
    known = [PlaceNames(municipalities={name: "0461"}) for name in ("odense", "othense")]
    first, second = (fingerprint(registry, "municipal_yearly", names) for names in known)
    assert first != second
    first, second = (fingerprint(registry, "pool_totals", names) for names in known)
    assert first == second
