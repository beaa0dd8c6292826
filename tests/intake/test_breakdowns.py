"""A part of a place means the same whatever the language and the form of its label."""

from typing import Any

import pytest

NOTE = "kilde: FOLK1A: Folketal den 1. i kvartalet\nudgivet: 2020-02-11\noprindelse: real\nmodtaget: 2020-02-12\n"


@pytest.mark.parametrize(
    ("dimension", "labels", "part"),
    [
        ("marital_status", ("U", "Ugift", "Never married", "ugift"), "never_married"),
        ("marital_status", ("F", "Fraskilt", "Divorced"), "divorced"),
        ("sex", ("1", "M", "Mænd", "Men"), "men"),
        ("sex", ("2", "K", "Kvinder", "Women"), "women"),
        ("age", ("0", "00", "0 år", "0 years"), "0"),
        ("age", ("1", "001", "1 år", "1 year"), "1"),
        ("age", ("105", "105 år og derover", "105 years and over"), "105"),
        ("age", ("0-4 år", "total", "år", "-1", "12a"), None),
        ("education", ("65 LONG-CYCLE HIGHER EDUCATION", "65"), "long_cycle"),
    ],
)
def test_a_label_means_its_part(registry: Any, dimension: str, labels: tuple[str, ...], part: str | None) -> None:
    assert {registry.part(dimension, label) for label in labels} == {part}


@pytest.mark.parametrize("unmarried", ["U", "Ugift", "Never married"])
def test_a_delivery_in_any_language_gives_the_same_part(night: Any, unmarried: str) -> None:
    rows = "\n".join(f"Odense;{unmarried};2012K{quarter};{100 + quarter}" for quarter in (1, 2))
    night.deliver("statbank_folk1a/a.csv", f"OMRÅDE;CIVILSTAND;TID;INDHOLD\n{rows}\n")
    night.deliver("statbank_folk1a/a.csv.levering.txt", NOTE)
    assert night.run()["statbank_folk1a/a.csv"].outcome == "accepted"
    figures = night.table("figures").filter(source="statbank_folk1a")
    assert set(figures["breakdown"]) == {"marital_status=never_married"}
    parts = night.marts()["place_breakdowns"].filter(breakdown="marital_status=never_married")
    assert parts.select("period", "value").rows() == [("2012Q1", 101), ("2012Q2", 102)]


def test_two_languages_of_one_part_are_one_figure(night: Any) -> None:
    for name, label, figure, day in (("a", "Ugift", 101, "2020-02-11"), ("b", "Never married", 103, "2020-05-11")):
        night.deliver(f"statbank_folk1a/{name}.csv", f"OMRÅDE;CIVILSTAND;TID;INDHOLD\nOdense;{label};2012K1;{figure}\n")
        note = NOTE.replace("2020-02-11", day).replace("2020-02-12", day)
        night.deliver(f"statbank_folk1a/{name}.csv.levering.txt", note)
    night.run()
    assert night.table("figures").filter(source="statbank_folk1a")["value"].to_list() == [103]
