"""Known errors of sources and accepted exceptions: each has an owner and a day, and must still match."""

from datetime import date
from typing import Any

import pytest

from schemas.rules import Correction, KnownException
from schemas.sources import DeliveryLock

ODENSE = "boligområde;Vollsmose;Odense"
HEADER = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"
PATH = "municipal_figures/odense.csv"


def delivery(*rows: str, promised: int | None = None) -> str:
    head = "# kilde: en prøve\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2026-01-01\n"
    head += f"# rækker: {promised}\n" if promised else ""
    return head + "\n".join([HEADER, *rows]) + "\n"


def correction(**change: Any) -> Correction:
    entry = {
        "id": "comma_for_point",
        "source": "municipal_figures",
        "where": {"Område": "Vollsmose", "År": "2009"},
        "column": "Værdi",
        "wrong": "9,100",
        "right": "9.100",
        "reason": "confirmed by mail",
        "owner": "the registry",
        "until": date(2027, 1, 1),
    }
    return Correction.model_validate(entry | change)


def exception(**change: Any) -> KnownException:
    entry = {"id": "known", "reason": "asked and confirmed", "owner": "the registry", "until": date(2027, 1, 1)}
    return KnownException.model_validate(entry | change)


def knowing(night: Any, *, corrections: Any = (), exceptions: Any = ()) -> None:
    night.registry = night.registry.model_copy(
        update={
            "corrections": {c.id: c for c in corrections},
            "exceptions": {e.id: e for e in exceptions},
            "fingerprint": "changed",
        }
    )


WRONG = f"{ODENSE};2009;residents;;;9,100;endelig"


def test_a_known_error_is_mended_and_counted(night: Any) -> None:
    night.deliver(PATH, delivery(WRONG))
    knowing(night, corrections=[correction()])
    receipt = night.run()[PATH]
    assert (receipt.used, receipt.corrected) == (1, {"comma_for_point": 1})
    assert night.table("figures").filter(indicator="residents")["value"].to_list() == [9100.0]
    assert night.marts()["known_corrections"]["matched_rows"].to_list() == [1]


@pytest.mark.parametrize(
    "change",
    [
        {"wrong": "9,200"},
        {"where": {"Område": "Vollsmose", "År": "2010"}},
        {"where": {"Bydel": "Vollsmose"}},
        {"file": "municipal_figures/aarhus.csv"},
        {"source": "population"},
    ],
)
def test_only_the_declared_cell_is_mended(night: Any, change: dict[str, Any]) -> None:
    plenty = [f"{ODENSE};{year};residents;;;9.000;endelig" for year in range(2000, 2009)]
    night.deliver(PATH, delivery(WRONG, *plenty))
    knowing(night, corrections=[correction(**change)])
    receipt = night.run()[PATH]
    assert (receipt.rules, receipt.corrected) == ({"ambiguous_number": 1}, {})
    assert night.marts()["known_corrections"]["matched_rows"].to_list() == [0]


def test_an_accepted_range_passes_and_still_matches(night: Any) -> None:
    night.deliver(PATH, delivery(f"{ODENSE};2009;residents;;;61.000;endelig"))
    entry = exception(check="out_of_range", area_id="vollsmose", indicator="residents", year=2009)
    knowing(night, exceptions=[entry])
    receipt = night.run()[PATH]
    assert (receipt.used, receipt.accepted) == (1, {"known": 1})
    assert night.marts()["known_exceptions"]["still_matches"].to_list() == [True]


def test_an_exception_of_another_year_accepts_nothing(night: Any) -> None:
    night.deliver(PATH, delivery(f"{ODENSE};2009;residents;;;61.000;endelig"))
    entry = exception(check="out_of_range", area_id="vollsmose", indicator="residents", year=2010)
    knowing(night, exceptions=[entry])
    assert night.run()[PATH].rules == {"out_of_range": 1}


def test_an_accepted_leap_passes(night: Any) -> None:
    years = [f"{ODENSE};{year};residents;;;9.100;endelig" for year in range(2001, 2006)]
    night.deliver(PATH, delivery(*years, f"{ODENSE};2006;residents;;;910;endelig"))
    knowing(night, exceptions=[exception(check="jump", area_id="vollsmose", indicator="residents")])
    night.run()
    assert night.table("figures").filter(year=2006)["value"].to_list() == [910.0]
    assert night.facts.accepted == {"known": 1}


@pytest.mark.parametrize("check", ["row_count_differs", "too_many_bad_rows"])
def test_an_accepted_count_of_rows_passes_for_its_file_alone(night: Any, check: str) -> None:
    good = f"{ODENSE};2009;residents;;;9.100;endelig"
    text = delivery(good, promised=3) if check == "row_count_differs" else delivery(good, WRONG.replace("2009", "2008"))
    night.deliver(PATH, text)
    night.deliver("municipal_figures/other.csv", text)
    knowing(night, exceptions=[exception(check=check, file=PATH)])
    receipts = night.run()
    assert (receipts[PATH].outcome, receipts[PATH].accepted) == ("accepted", {"known": 1})
    assert receipts["municipal_figures/other.csv"].rule == check


@pytest.mark.parametrize(
    "change", [{"check": "out_of_range"}, {"check": "jump", "area_id": "vollsmose"}, {"check": "too_many_bad_rows"}]
)
def test_an_exception_without_limits_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs"):
        exception(**change)


def test_what_has_run_out_is_told_with_its_owner(night: Any) -> None:
    knowing(night, corrections=[correction()], exceptions=[exception(check="jump", area_id="a", indicator="residents")])
    assert night.registry.expired(date(2027, 1, 1)) == []
    sentences = night.registry.expired(date(2027, 1, 2))
    assert len(sentences) == 2
    assert all("ran out on 2027-01-01: ask the registry" in sentence for sentence in sentences)


def test_locked_years_come_from_the_stored_delivery_alone(night: Any) -> None:
    old = delivery(f"{ODENSE};2009;residents;;;9.100;endelig")
    new = delivery(f"{ODENSE};2009;residents;;;9.200;endelig", f"{ODENSE};2010;residents;;;9.300;endelig")
    night.deliver("municipal_figures/2011/a.csv", old)
    night.deliver("municipal_figures/2020/a.csv", new.replace("2026-01-01", "2026-02-01"))
    lock = DeliveryLock.model_validate(
        {"years": {"from": 2000, "to": 2009}, "delivery": "municipal_figures/2011/a.csv"}
    )
    source = night.registry.sources["municipal_figures"].model_copy(update={"locked": (lock,)})
    sources = {**night.registry.sources, "municipal_figures": source}
    night.registry = night.registry.model_copy(update={"sources": sources, "fingerprint": "locked"})
    night.run()
    figures = night.table("figures").filter(indicator="residents").sort("year")
    assert figures.select("year", "value").rows() == [(2009, 9100.0), (2010, 9300.0)]
    assert night.facts.superseded == {"figures": 1}
