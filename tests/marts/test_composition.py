"""Stayers, arrivals and departures: the identity by hand, and a reason wherever the flows do not bear it."""

from typing import Any

import duckdb
import pytest

from flows.marts import queries

HEAD = "area | change_from | change_to | indicator | flow | denominator | numerator_from | numerator_to"
AREA = "vollsmose | 2006 | 2010 | outside_work_pct"


def parts(made: Any, *lines: str, figures: str | None = None) -> dict[str, Any]:
    given = {"composition": "\n".join([HEAD, *(f"{AREA} | {line}" for line in lines)])}
    if figures:
        given["figures"] = f"area | year | indicator | count | of\n{figures}"
    (row,) = made("composition_change", **given).to_dicts()
    return dict(row)


def test_a_share_that_did_not_move_hides_three_that_did(made: Any) -> None:
    """80 stayed, 30 then 27 of them outside work; 20 left, 10 of them; 25 came, 15 of them: 40 percent both times."""
    row = parts(made, "stayed | 80 | 30 | 27", "out | 20 | 10 | ", "in | 25 | | 15")
    assert (row["share_from"], row["share_to"], row["share_change"]) == pytest.approx((40, 40, 0), abs=1e-9)
    found = [row[f"part_of_{who}"] for who in ("stayers", "arrivals", "departures")]
    assert found == pytest.approx([-3.75, 6.25, -2.50], abs=1e-9)
    assert (row["stayed"], row["came"], row["went"], row["base_gap_from"]) == (80, 25, 20, None)
    assert row["stayed_pct"] == pytest.approx(100 * 80 / 105)


def test_who_comes_of_age_counts_as_come_and_nobody_moving_is_all_stayers(made: Any) -> None:
    row = parts(made, "stayed | 80 | 30 | 27", "out_by_age | 20 | 10 | ", "in | 15 | | 9", "in_by_age | 10 | | 6")
    assert (row["came"], row["part_of_arrivals"]) == (25, pytest.approx(6.25))
    still = parts(made, "stayed | 80 | 30 | 27")
    assert (still["share_change"], still["part_of_stayers"]) == (pytest.approx(-3.75), pytest.approx(-3.75))
    assert (still["part_of_arrivals"], still["part_of_departures"]) == (0, 0)


FLOWS = ("stayed | 80 | 30 | 27", "out | 20 | 10 | ", "in | 25 | | 15")
FITTING = "vollsmose | 2006 | outside_work_pct | 40 | 100\nvollsmose | 2010 | outside_work_pct | 42 | 105"


@pytest.mark.parametrize(
    ("lines", "figures", "reason"),
    [
        (FLOWS, FITTING, None),
        (FLOWS, FITTING.replace("| 105", "| 108"), "does_not_add_up"),
        (("stayed | 80 | | 27", *FLOWS[1:]), None, "withheld_by_source"),
        (("stayed | 80 | 90 | 27", *FLOWS[1:]), None, "more_counted_than_there_are"),
        ((*FLOWS[:2], "in | 9 | | 4"), None, "fewer_than_10_in_a_flow"),
        (FLOWS[1:], None, "stayers_not_delivered"),
    ],
)
def test_flows_that_do_not_bear_the_identity_say_why(
    made: Any, lines: tuple[str, ...], figures: str | None, reason: str | None
) -> None:
    row = parts(made, *lines, figures=figures)
    assert row["composition_missing_reason"] == reason
    assert (row["part_of_stayers"] is None) == (reason is not None)
    if figures:
        assert (row["base_gap_from"], row["base_gap_to"]) == (0, -3 if reason else 0)


@pytest.mark.parametrize(("off", "offenders"), [(2e-9, 0), (4e-9, 1)])
def test_parts_add_up_but_for_what_rounding_leaves(off: float, offenders: int) -> None:
    """Four figures of nine decimals each: their sum may be off by two in the ninth, and by no more."""
    check = queries.checks()["parts_of_composition_add_up"].sql
    row = f"select 'x' as area_id, 'x' as indicator, 1 as change_from, 2 as change_to, {0.6 + off} as share_change"
    with duckdb.connect() as connection:
        connection.execute(
            f"create table composition_change as {row}, 0.1 as part_of_stayers, 0.2 as part_of_arrivals, "
            "0.3 as part_of_departures, null as composition_missing_reason"
        )
        assert len(connection.execute(check).fetchall()) == offenders
