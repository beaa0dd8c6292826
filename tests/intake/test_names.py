"""Which names of places are read in which years."""

import polars as pl

from flows.intake.coded import Coded
from flows.intake.names import by_name, names
from schemas.registry import Registry

TOWNS = pl.DataFrame(
    [("0101", "København", "1084", "Region Hovedstaden")],
    schema=["municipality_code", "municipality_name", "region_code", "region_name"],
    orient="row",
)
MERGERS = pl.DataFrame(
    [("0251", "Bramsnæs", "025", "Roskilde Amt")],
    schema=["old_municipality_code", "old_municipality_name", "county_code", "county_name"],
    orient="row",
)


def test_a_name_counts_in_the_geography_that_it_is_used_in(registry: Registry) -> None:
    used = ("always", "from_2007", "before_2007")
    row = {"geography": "country", "geography_id": "000", "seen_in": "a test"}
    rows = tuple({**row, "name": f"Landet {word}", "used": word} for word in used)
    known = names(registry.model_copy(update={"codes": {**registry.codes, "place_names": rows}}), TOWNS, MERGERS)
    assert [f"landet {word}" in known.places for word in used] == [True, True, False]
    assert [f"landet {word}" in known.places_before_2007 for word in used] == [True, False, True]
    assert known.places["københavn"] == ("municipality", "0101")
    assert known.places_before_2007["bramsnæs"] == ("municipality_before_2007", "0251")


def test_a_number_among_names_is_no_place_outside(registry: Registry) -> None:
    """A label that a workbook lost shows its place in a list: 11 is also the code of a province."""
    known = names(registry, TOWNS, MERGERS)
    (column, *_) = registry.layouts["statbank"].columns

    def unknown(*labels: str) -> list[str]:
        found = by_name("område", column, Coded.of(labels), known)
        return [labels[row] for group in found.groups for row in group.rows]

    assert unknown("København", "Landsdel Nordjylland", "11") == ["11"]
    assert unknown("101", "11") == []
    assert unknown("000", "11", "København") == []
