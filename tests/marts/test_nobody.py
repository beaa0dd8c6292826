"""0 of 0 is a figure that was delivered: there is nobody of whom to tell a share. It is not 'not delivered'."""

from pathlib import Path
from typing import Any

import pytest
from test_views import offenders
from towns import town

from flows.present import vocabulary
from flows.release import make, store
from schemas.registry import Registry

EMPTIED = """
    area       | year | indicator      | count | of  | missing_reason
    vollsmose  | 2008 | nonwestern_pct | 0     | 0   | nobody
    vollsmose  | 2009 | nonwestern_pct | 30    | 100 |
    bispehaven | 2008 | nonwestern_pct |       |     | withheld_or_zero
"""


def test_coverage_counts_years_of_nobody_apart(made: Any) -> None:
    found = made("coverage", figures=EMPTIED)
    rows = {row["area_id"]: row for row in found.filter(indicator="nonwestern_pct").to_dicts()}
    emptied, unclear = rows["vollsmose"], rows["bispehaven"]
    assert (emptied["years_delivered"], emptied["missing_nobody"], emptied["missing_not_delivered"]) == (1, 1, 0)
    assert emptied["missing_why"] == "nobody: 2008"
    assert (unclear["missing_withheld"], unclear["missing_nobody"], unclear["missing_not_delivered"]) == (1, 0, 1)
    assert offenders("years_add_up", found) == 0


def test_a_profile_of_nobody_has_no_value_and_its_reason(made: Any) -> None:
    rows = made("area_profile", figures=EMPTIED).filter(area_id="vollsmose", year=2008).to_dicts()
    assert [(row["value"], row["denominator"], row["missing_reason"]) for row in rows] == [(None, 0, "nobody")]


def test_a_share_of_nobody_is_carried_as_such(made: Any) -> None:
    found = made(
        "place_figures",
        figures="""
        geography                | geography_id | year | indicator      | count | of | missing_reason
        municipality_before_2007 | 0217         | 2005 | nonwestern_pct | 0     | 0  | nobody
        """,
        municipality_mergers="""
        old_municipality_code | old_municipality_name | municipality_code | municipality_name
        0217                  | Helsingør             | 0217              | Helsingør
        """,
    )
    (row,) = found.filter(geography="municipality", geography_id="0217").to_dicts()
    assert (row["value"], row["denominator"], row["missing_reason"]) == (None, 0, "nobody")


@pytest.mark.parametrize(
    ("source", "indicator", "base", "mark"),
    [
        ("area_statistics", "social_assistance_pct", 0, "nobody"),
        # Nothing but the reason would tell an outsider that no household was there.
        ("housing_statistics", "waiting_list_rate", 0, "not_checkable"),
    ],
)
def test_a_release_says_nobody_where_the_base_may_be_told(
    tmp_path: Path, registry: Registry, source: str, indicator: str, base: int, mark: str
) -> None:
    key = {"area_id": "eng", "area_name": "Eng", "municipality_code": "0751", "year": 2012, "window_years": 1}
    key |= {"status": "final", "origin": "synthetic"}
    rows = [{**key, "indicator": "residents", "value": 400.0, "source": "population"}]
    counts = {"numerator": 0, "denominator": base, "value": None, "missing_reason": "nobody", "source": source}
    rows.append({**key, "indicator": indicator, **counts})
    snapshot = town(tmp_path / "s", registry, area_profile=rows)
    with store.lock(tmp_path / "r"):
        release = make.release_of(snapshot, registry, 2012, tmp_path / "r", store.ledger_of(tmp_path / "r"))
    figures = release.figures.filter(place_id="eng", indicator=indicator, year=2012, place_kind="area")
    assert figures.select("value", "mark").rows() == [(None, mark)]
    assert release.record["attack"]["leaks"] == 0


def test_nobody_has_words_of_its_own_and_they_fit_their_sentence() -> None:
    words = vocabulary.MISSING["nobody"]
    assert words != vocabulary.MISSING["not_delivered"]
    assert words.startswith("ikke beregnet")
