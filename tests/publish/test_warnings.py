"""A warning says which file, which column by its label, how many rows, and what to do next."""

from typing import Any

from flows.intake.faults import Fault
from flows.intake.receipts import Receipt
from flows.marts import queries
from flows.marts.checks import Offence
from flows.publish.warnings import warnings, with_labels
from schemas.registry import Registry

PATH = "municipal_figures/odense [kopi].csv"


def test_rows_set_aside_are_named_by_file_label_count_and_lines(registry: Registry) -> None:
    leaps = [Fault(line, "residents", "jump") for line in (9, 3, 4, 5, 6, 7, 8)]
    (leap, clash) = warnings(
        [], {PATH: [*leaps, Fault(12, "plan_name, area_id", "conflicting_deliveries")]}, [], registry
    )[::-1]
    assert leap.startswith(f"{PATH}: 7 rows are set aside in the figures of residents (Residents): ")
    assert "(lines 3, 4, 5, 6, 7 and 2 more)" in leap
    assert clash.startswith(f"{PATH}: 1 row is set aside in column 'plan_name, area_id': two deliveries")
    assert "(line 12)" in clash
    assert all(words.endswith("boligprofil quarantine --letter writes to the sender") for words in (leap, clash))


def test_a_refused_delivery_says_what_stays_and_what_to_do(registry: Registry) -> None:
    refused = Receipt(PATH, "f", "municipal_figures", "refused", rule="missing_column", detail="'Værdi'")
    (words,) = warnings([refused], {}, [], registry)
    assert words.startswith(f"{PATH} was refused ({registry.rules['missing_column'].en}: 'Værdi'); nothing of it is")
    (words,) = warnings([Receipt(**{**vars(refused), "stands_in": "e"})], {}, [], registry)
    assert "the facts of its last accepted delivery stay" in words


def test_a_check_says_how_many_rows_of_which_mart(registry: Registry) -> None:
    check = queries.checks()["parts_add_up"]
    where = ("geography=country, geography_id=000, year=2012, indicator=residents",)
    (words,) = warnings([], {}, [Offence(check, 3, where)], registry)
    assert "(3 rows of place_figures: geography=country" in words
    assert "indicator=residents (Residents); ...)" in words


def test_labels_stand_beside_identifiers_and_nothing_else_changes(registry: Registry) -> None:
    assert with_labels("indicator=nonwestern_pct, x", registry) == (
        f"indicator=nonwestern_pct ({registry.indicators['nonwestern_pct'].label_en}), x"
    )
    assert with_labels("indicator=unheard_of [b]", registry) == "indicator=unheard_of [b]"


def test_a_leap_of_a_night_is_warned_of(night: Any) -> None:
    years = "\n".join(f"vollsmose {year} residents 9.100" for year in range(2001, 2006))
    night.given(f"{years}\nvollsmose 2006 residents 910")
    night.run()
    (words,) = warnings(list(night.receipts.values()), night.facts.set_aside, [], night.registry)
    assert words.startswith("municipal_figures/given.csv: 1 row is set aside in the figures of residents (Residents)")
