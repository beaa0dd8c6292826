"""What is set aside: since when, with whom, told in a letter, and gone by itself once a delivery puts it right."""

from datetime import date, timedelta
from typing import Any

from flows.intake.letters import letter
from flows.intake.quarantine import Item, register
from schemas.registry import Registry

ODENSE = "boligområde;Vollsmose;Odense"
HEADER = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"
PATH = "municipal_figures/odense.csv"
PLENTY = [f"{ODENSE};{year};nonwestern_pct;600;1000;60,0;endelig" for year in range(1990, 2009)]
BAD = f"{ODENSE};2009;residents;;;mange;endelig"
GOOD = f"{ODENSE};2009;residents;;;9.100;endelig"


def delivery(*rows: str) -> str:
    head = (
        "# kilde: en prøve\n# afsender: Odense Kommune\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2026-01-01\n"
    )
    return head + "\n".join([HEADER, *rows]) + "\n"


def counts(receipt: Any) -> tuple[int, int, int]:
    assert receipt.rows == receipt.used + receipt.quarantined + receipt.out_of_scope
    return receipt.rows, receipt.used, receipt.quarantined


def test_a_fault_is_set_aside_corrected_and_leaves_by_itself(night: Any) -> None:
    night.deliver(PATH, delivery(*PLENTY, BAD))
    assert counts(night.run()[PATH]) == (20, 19, 1)
    (item,) = register(night.quarantine)
    assert (item.sender, item.path, item.line, item.column, item.rule) == (
        "Odense Kommune",
        PATH,
        26,
        "Værdi",
        "not_a_number",
    )
    first = item.first_seen

    night.run()
    (item,) = register(night.quarantine)
    assert (item.first_seen, item.closed) == (first, "")

    night.deliver(PATH, delivery(*PLENTY, GOOD))
    receipt = night.run()[PATH]
    assert counts(receipt) == (20, 20, 0)
    (item,) = register(night.quarantine)
    assert (item.first_seen, item.closed, item.closed_by) == (first, str(night.moment.date()), receipt.fingerprint)
    assert not (night.quarantine / PATH).exists()
    assert night.table("figures").filter(indicator="residents")["value"].to_list() == [9100.0]


def test_a_letter_joins_neighbouring_lines_and_never_names_one_in_order(registry: Registry) -> None:
    items = [Item(str(line), "x", "x/a.csv", line, "", "contract", "2026-01-01") for line in (3, 5, 7, 8, 9)]
    assert "5 linjer: 3, 5, 7-9. " in letter("x", items, registry, date(2026, 1, 2))


def test_a_fault_that_moves_to_another_line_keeps_its_day(night: Any) -> None:
    night.deliver(PATH, delivery(*PLENTY, BAD))
    night.run()
    first = register(night.quarantine)[0].first_seen
    night.deliver(PATH, delivery(BAD, *PLENTY))
    night.run()
    (item,) = register(night.quarantine)
    assert (item.line, item.first_seen, item.closed) == (7, first, "")


def test_a_fault_that_comes_back_is_seen_anew(night: Any) -> None:
    for text in (delivery(*PLENTY, BAD), delivery(*PLENTY), delivery(*PLENTY, BAD)):
        night.deliver(PATH, text)
        night.run()
    closed, open_again = register(night.quarantine)
    assert closed.closed
    assert not open_again.closed
    assert open_again.first_seen > closed.first_seen


def test_a_leap_against_other_deliveries_heals_as_well(night: Any) -> None:
    night.deliver(PATH, delivery(*(f"{ODENSE};{year};residents;;;9.100;endelig" for year in range(2001, 2006))))
    later = "municipal_figures/later.csv"
    night.deliver(later, delivery(f"{ODENSE};2006;residents;;;910;endelig"))
    night.run()
    assert [(item.path, item.rule) for item in register(night.quarantine)] == [(later, "jump")]
    night.deliver(later, delivery(f"{ODENSE};2006;residents;;;9.110;endelig"))
    night.run()
    assert [bool(item.closed) for item in register(night.quarantine)] == [True]


def test_a_file_that_a_person_put_there_stays(night: Any) -> None:
    night.deliver(PATH, delivery(*PLENTY, BAD))
    night.run()
    own = night.quarantine / "municipal_figures" / "notes.csv"
    own.write_text("mine")
    night.deliver(PATH, delivery(*PLENTY))
    night.run()
    assert own.read_text() == "mine"


def test_the_letter_says_lines_rule_and_remedy_and_no_cell(night: Any) -> None:
    worse = [f"{ODENSE};{year};residents;;;hemmelig{year};endelig" for year in (2010, 2011)]
    night.deliver(PATH, delivery(*PLENTY, BAD, *worse))
    night.deliver("municipal_figures/hemmelig.csv", delivery(GOOD).replace("Indikator", "Mål"))
    night.run()
    text = letter("Odense Kommune", register(night.quarantine), night.registry, night.moment.date())
    assert "Fil: odense.csv" in text
    assert "3 linjer: 26-28, kolonnen 'Værdi'. Feltet skal være et tal med decimalkomma, fx 54,4," in text
    assert "set første gang 2. december 2026" in text
    assert "hemmelig2" not in text
    assert "mange" not in text


def test_a_row_that_is_set_aside_tells_all_that_is_wrong_in_it(night: Any) -> None:
    row = f"{ODENSE};2009;nonwestern_pct;900;600;ni;endelig"
    night.deliver(PATH, delivery(*PLENTY, row))
    night.run()
    found = {(item.line, item.column, item.rule) for item in register(night.quarantine)}
    assert found == {(26, "Værdi", "not_a_number"), (26, "Tæller", "numerator_above_denominator")}


def test_a_refused_delivery_is_its_senders(night: Any) -> None:
    night.deliver(PATH, delivery(*PLENTY, GOOD).replace("Indikator", "Mål"))
    assert night.run()[PATH].sender == "Odense Kommune"
    assert [item.sender for item in register(night.quarantine)] == ["Odense Kommune"]


FIRST, LATER = "municipal_figures/2026-11-02/odense.csv", "municipal_figures/2026-11-09/odense.csv"


def put_away(night: Any, first: str, later: str, path: str = LATER) -> list[Item]:
    """The register after a file came, and later another one in a folder of its own day."""
    night.deliver(FIRST, first)
    night.run()
    assert [(item.path, item.closed) for item in register(night.quarantine)] == [(FIRST, "")]
    night.deliver(path, later)
    night.run()
    closed_on = night.moment.date()
    receipts = night.run()  # and it stays so
    items = register(night.quarantine)
    assert {(item.closed, item.closed_by) for item in items if item.closed} <= {
        (str(closed_on), receipts[path].fingerprint)
    }
    assert (night.quarantine / FIRST).exists() == any(item.path == FIRST and not item.closed for item in items)
    return items


def is_open(items: list[Item]) -> bool:
    return any(item.path == FIRST and not item.closed for item in items)


def test_a_corrected_file_in_a_folder_of_its_own_day_answers_the_older_one(night: Any) -> None:
    items = put_away(night, delivery(*PLENTY, BAD), delivery(*PLENTY, GOOD))
    assert [(item.path, bool(item.closed)) for item in items] == [(FIRST, True)]


def test_a_refused_file_is_answered_by_one_of_its_name(night: Any) -> None:
    refused = delivery(*PLENTY, GOOD).replace("Indikator", "Mål")
    items = put_away(night, refused, delivery(*PLENTY, GOOD))
    assert [(item.path, bool(item.closed)) for item in items] == [(FIRST, True)]


def test_a_file_without_a_note_is_answered_by_one_with_it(night: Any) -> None:
    refused = delivery(*PLENTY, GOOD).replace("# afsender: Odense Kommune\n# udgivet: 2016\n", "")
    assert not is_open(put_away(night, refused, delivery(*PLENTY, GOOD)))


def test_a_corrected_file_of_another_name_answers_where_it_gives_every_row_again(night: Any) -> None:
    items = put_away(night, delivery(*PLENTY, BAD), delivery(*PLENTY, GOOD), "municipal_figures/odense rettet.csv")
    assert not is_open(items)


def test_a_newer_file_that_is_refused_answers_nothing(night: Any) -> None:
    assert is_open(put_away(night, delivery(*PLENTY, BAD), delivery(*PLENTY, GOOD).replace("Indikator", "Mål")))


def test_what_is_of_other_years_or_another_sender_answers_nothing(night: Any) -> None:
    older = delivery(*PLENTY, BAD)
    others = [row.replace("Vollsmose", "Bispehaven").replace("Odense", "Aarhus") for row in [*PLENTY, GOOD]]
    newer = {
        "other years": delivery(*PLENTY[5:], GOOD),
        "another sender": delivery(*PLENTY, GOOD).replace("Odense Kommune", "Aarhus Kommune"),
        "another place": delivery(*others),
    }
    assert is_open(put_away(night, older, newer.pop("other years")))
    for name, text in newer.items():
        night.deliver(LATER, text)
        night.run()
        assert is_open(register(night.quarantine)), name


def test_next_years_file_of_the_name_of_a_refused_one_answers_nothing(night: Any) -> None:
    night.deliver(FIRST, delivery(*PLENTY, GOOD).replace("Indikator", "Mål"))
    night.run()
    night.moment += timedelta(days=200)
    night.deliver(LATER, delivery(*PLENTY, GOOD))
    night.run()
    assert is_open(register(night.quarantine))


def test_faults_come_back_with_the_file_that_answered_them_gone(night: Any) -> None:
    put_away(night, delivery(*PLENTY, BAD), delivery(*PLENTY, GOOD))
    (night.raw / LATER).unlink()
    night.run()
    assert is_open(register(night.quarantine))
