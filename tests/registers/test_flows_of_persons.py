"""Who stayed, came and left, person by person, and the night that makes composition of what a register counts."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from persons import placed, rows, write

from flows.registers import composition, counting, delivery, partitions
from schemas.registry import Registry

KEY = """
address_key | area_id    | valid_from | valid_to
a1          | vollsmose  | 2000-01-01 | -
a2          | vollsmose  | 2000-01-01 | -
b1          | bispehaven | 2000-01-01 | -
"""
# 1 stays and finds work, 2 stays without and moves house within the area, 3 comes of age, 4 grows out of the ages;
# 5 moves to the other area, 6 to where no area is, 7 abroad; 8 dies; 9 comes from the other area, 10 from abroad; 11 is
# born.
PERSONS = """
person_id | year | address_key | age | november_activity
1         | 2010 | a1          | 30  | neither
1         | 2011 | a1          | 31  | employed
2         | 2010 | a1          | 40  | neither
2         | 2011 | a2          | 41  | -
3         | 2010 | a1          | 17  | employed
3         | 2011 | a1          | 18  | employed
4         | 2010 | a1          | 64  | employed
4         | 2011 | a1          | 65  | employed
5         | 2010 | a1          | 30  | employed
5         | 2011 | b1          | 31  | employed
6         | 2010 | a2          | 30  | neither
6         | 2011 | x           | 31  | neither
7         | 2010 | a2          | 30  | employed
8         | 2010 | a2          | 50  | employed
9         | 2010 | b1          | 50  | neither
9         | 2011 | a2          | 51  | employed
10        | 2011 | a2          | 20  | neither
11        | 2011 | a1          | 0   | -
"""
MOVES = """
person_id | year | moved_on   | move_kind  | from_address_key | to_address_key
7         | 2010 | 2010-02-01 | emigrated  | a2               | -
8         | 2010 | 2010-03-01 | died       | a2               | -
10        | 2010 | 2010-04-01 | immigrated | -                | a2
11        | 2010 | 2010-05-01 | born       | -                | a1
"""
# Of 18-64 years, persons, and employed in 2010 and in 2011; of everybody those of 0-17 years.
EXPECTED = {
    ("employed_18_64_pct", "stayed"): (2, 0, 1),
    ("employed_18_64_pct", "in"): (2, None, 1),
    ("employed_18_64_pct", "in_by_age"): (1, None, 1),
    ("employed_18_64_pct", "out"): (3, 2, None),
    ("employed_18_64_pct", "out_by_age"): (2, 2, None),
    ("age_0_17_pct", "stayed"): (4, 1, 0),
    ("age_0_17_pct", "in"): (2, None, 0),
    ("age_0_17_pct", "in_by_age"): (1, None, 1),
    ("age_0_17_pct", "out"): (3, 0, None),
    ("age_0_17_pct", "out_by_age"): (1, 0, None),
}


@pytest.mark.parametrize("split", [(1, 1), (1, 3), (3, 2)])
def test_persons_are_in_the_flow_that_they_were(split: tuple[int, int], registry: Registry, tmp_path: Path) -> None:
    """However many buckets the years lie in, and other ones in each."""
    for year, buckets in zip((2010, 2011), split, strict=True):
        here = [row for row in rows(PERSONS) if row["year"] == year]
        write(tmp_path / "register", registry, "person_years", here, buckets)
    write(tmp_path / "register", registry, "moves", rows(MOVES), 2)
    flows = composition.flows(placed(tmp_path, KEY), registry, tmp_path / "staging")
    found = {
        (row["indicator"], row["flow"]): (row["denominator"], row["numerator_from"], row["numerator_to"])
        for row in flows.filter(area_id="vollsmose", year=2011).rows(named=True)
    }
    assert {name: found.get(name) for name in EXPECTED} == EXPECTED
    assert len([name for name in found if name[0] in ("employed_18_64_pct", "age_0_17_pct")]) == len(EXPECTED)


def test_without_moves_nobody_knows_who_died(registry: Registry, tmp_path: Path) -> None:
    write(tmp_path / "register", registry, "person_years", rows(PERSONS))
    assert composition.flows(placed(tmp_path, KEY), registry, tmp_path).is_empty()


def test_the_night_makes_composition_of_what_a_register_counts(registry: Registry, tmp_path: Path, night: Any) -> None:
    """Ten times the same persons: 40 of 70 employed before, 30 of 50 after; figures and flows agree."""
    many = [row | {"person_id": row["person_id"] * 10 + copy} for row in rows(PERSONS) for copy in range(10)]
    write(tmp_path / "register", registry, "person_years", many)
    moves = [row | {"person_id": row["person_id"] * 10 + copy} for row in rows(MOVES) for copy in range(10)]
    write(tmp_path / "register", registry, "moves", moves)
    asked = placed(tmp_path, KEY)
    note = partitions.note(asked.folder).model_copy(update={"origin": "real"})
    figures = counting.figures(counting.counts(asked, registry, tmp_path / "staging"), asked, registry)
    delivery.deliver(figures, note, registry, night.raw, date(2013, 2, 1))
    flows = composition.flows(asked, registry, tmp_path / "staging")
    delivery.deliver_flows(flows, note, registry, night.raw, date(2013, 2, 1))
    found = night.marts()["composition_change"].filter(area_id="vollsmose", indicator="employed_18_64_pct")
    assert not list(night.quarantine.rglob("optaelling*"))
    (row,) = found.rows(named=True)
    assert (row["change_from"], row["change_to"], row["composition_missing_reason"]) == (2010, 2011, None)
    assert (row["stayed"], row["came"], row["went"]) == (20, 30, 50)
    assert (row["base_gap_from"], row["base_gap_to"]) == (0, 0)
    # 40 of 70 before, 30 of 50 after. Of those who stayed 0, then 10 of 20; who came 20 of 30, who left 40 of 50.
    assert (row["share_from"], row["share_to"]) == pytest.approx((100 * 40 / 70, 60))
    assert row["part_of_stayers"] == pytest.approx(50)
    assert row["part_of_arrivals"] == pytest.approx(30 / 50 * (100 * 20 / 30 - 50))
    assert row["part_of_departures"] == pytest.approx(-50 / 70 * (100 * 40 / 50 - 0))
    parts = found.select("part_of_stayers", "part_of_arrivals", "part_of_departures").row(0)
    assert sum(parts) == pytest.approx(row["share_change"])
