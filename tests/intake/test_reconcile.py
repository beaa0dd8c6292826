"""Reconciling looks before it writes: what was made of the same deliveries before is not made again."""

import subprocess
from typing import Any

import pytest

from flows.intake import reconcile

HEAD = "# kilde: prøve\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2026-01-01\n"
HEADER = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"


def residents(figure: str) -> str:
    return f"{HEAD}{HEADER}\nboligområde;Vollsmose;Odense;2009;residents;;;{figure};endelig\n"


def test_facts_of_the_same_deliveries_are_not_made_again(night: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    night.deliver("municipal_figures/a.csv", residents("9.001"))
    night.deliver("municipal_figures/b.csv", residents("9.002"))
    night.run()
    first, made = night.facts, night.table("figures")
    assert {path: [fault.text for fault in faults] for path, faults in first.set_aside.items()} == {
        f"municipal_figures/{name}.csv": [f"boligområde;Vollsmose;Odense;2009;residents;;;{figure};endelig"]
        for name, figure in (("a", "9.001"), ("b", "9.002"))
    }
    monkeypatch.setattr(reconcile, "_reconciled", lambda *_: pytest.fail("made again"))
    night.run()
    assert night.facts == first
    assert night.table("figures").equals(made)


def test_a_new_delivery_makes_them_anew(night: Any) -> None:
    night.deliver("municipal_figures/a.csv", residents("9.001"))
    night.run()
    night.deliver("municipal_figures/a.csv", residents("9.003"))
    night.run()
    assert night.table("figures").filter(indicator="residents")["value"].to_list() == [9003.0]


def test_a_fact_table_that_is_gone_is_made_again(night: Any) -> None:
    night.deliver("municipal_figures/a.csv", residents("9.001"))
    night.run()
    night.facts.tables["figures"].unlink()
    night.run()
    assert night.table("figures").filter(indicator="residents")["value"].to_list() == [9001.0]


def test_a_file_that_the_machine_had_no_time_for_is_read_when_deliveries_are_read_again(
    night: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "ministry_lists_records/lists.json"
    night.deliver(path, '{"2017": []}')
    night.deliver(f"{path}.levering.txt", HEAD.replace("# ", ""))

    def too_late(*_: Any, **__: Any) -> Any:
        raise subprocess.TimeoutExpired("read", 90)

    with monkeypatch.context() as busy:
        busy.setattr(subprocess, "run", too_late)
        assert night.run()[path].rule == "too_large_to_read"
    assert night.run()[path].rule == "header_only"
