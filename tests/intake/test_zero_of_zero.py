"""0 of 0 was delivered: there is nobody of whom to tell a share, and that is the reason that the figure gets."""

from typing import Any

import pytest

HEAD = "# kilde: en prøve\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2026-01-01\n"
LONG = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"
WIDE = "Kommune;Boligområde;År;Beboere;Dømte, antal;Beboere 18 år og derover"


def reasons(night: Any, indicator: str) -> list[tuple[Any, ...]]:
    rows = night.table("figures").filter(indicator=indicator).select("numerator", "denominator", "value")
    return list(rows.with_columns(night.table("figures").filter(indicator=indicator)["missing_reason"]).rows())


@pytest.mark.parametrize(
    ("cells", "figure"),
    [
        ("0;0;", (0, 0, None, "nobody")),
        ("0;0;..", (0, 0, None, "withheld_by_source")),
        (";;..", (None, None, None, "withheld_by_source")),
        ("..;0;", (None, 0, None, "withheld_by_source")),
        (";0;", (None, 0, None, "not_delivered")),
        ("0;;", (0, None, None, "not_delivered")),
        ("0;10;", (0, 10, 0.0, None)),
    ],
)
def test_a_figure_of_nobody_in_the_long_layout(night: Any, cells: str, figure: tuple[Any, ...]) -> None:
    row = f"boligområde;Vollsmose;Odense;2010;convicted_pct;{cells};endelig"
    night.deliver("municipal_figures/x.csv", f"{HEAD}{LONG}\n{row}\n")
    night.run()
    assert reasons(night, "convicted_pct") == [figure]


def test_a_figure_of_nobody_in_the_wide_layout(night: Any) -> None:
    rows = "Odense;Vollsmose;2010;9.000;0;0\nOdense;Vollsmose;2011;9.000;;\n"
    night.deliver("municipal_yearly/x.csv", f"{HEAD}{WIDE}\n{rows}")
    night.run()
    assert reasons(night, "convicted_pct") == [(0, 0, None, "nobody"), (None, None, None, "not_delivered")]
