"""Reconciling looks before it writes: what was made of the same deliveries before is not made again."""

import json
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.intake import parts, reconcile

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


def yearly(year: int, *areas: str) -> str:
    header = "Kommune;Boligområde;År;Status;Beboere;Uden for arbejdsmarkedet (pct.)"
    rows = [f"Odense;{area};{year};endelig;{1200 + 13 * at};{37 * at % 90 + 10},5" for at, area in enumerate(areas)]
    return "\n".join([HEAD + header, *rows]) + "\n"


@pytest.mark.parametrize("rows", [1, 7, 40])
def test_facts_are_the_same_in_however_many_parts_the_places_are_held(
    night: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: int
) -> None:
    areas = [row["name"] for row in night.registry.codes["areas"] if row["municipality_code"] == "0461"][:5]
    # A contradiction, a leap, an older version that still counts, and last year's figures under a new year.
    night.deliver("municipal_figures/a.csv", residents("9.001"))
    night.deliver("municipal_figures/b.csv", residents("9.002"))
    night.deliver("municipal_figures/c.csv", residents("8.000").replace("2009", "2010"))
    night.run()
    night.deliver("municipal_figures/c.csv", residents("").replace("2009", "2010"))
    night.deliver("municipal_figures/d.csv", residents("900.000").replace("2009", "2012"))
    for year in (2015, 2016):
        night.deliver(f"municipal_yearly/odense_{year}.csv", yearly(year, *areas))
    night.run()
    whole, folder = night.facts, next(iter(night.facts.tables.values())).parent
    assert {fault.rule for faults in whole.set_aside.values() for fault in faults} >= {
        "conflicting_deliveries",
        "same_as_other_year",
    }
    assert 8000.0 in night.table("figures")["value"].to_list()
    folder.rename(tmp_path / "whole")
    monkeypatch.setattr(parts, "PART_ROWS", rows)
    night.run()
    assert night.facts.tables == whole.tables
    for name, file in night.facts.tables.items():
        assert pl.read_parquet(file).equals(pl.read_parquet(tmp_path / "whole" / f"{name}.parquet")), name
    verdicts = [json.loads((place / "verdict.json").read_text()) for place in (folder, tmp_path / "whole")]
    for verdict in verdicts:
        verdict["set_aside"].sort(key=repr)
    assert verdicts[0] == verdicts[1]
    assert not [left for left in folder.parent.iterdir() if left != folder and left.name.startswith(".")]


def test_the_shipped_facts_are_the_same_in_many_parts(shipped: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", 1000)
    # Another fingerprint is another folder, so that they are reconciled again.
    registry = shipped.registry.model_copy(update={"fingerprint": "in parts"})
    facts = reconcile.reconcile(list(shipped.receipts.values()), shipped.staging, registry)
    assert facts.superseded == shipped.facts.superseded
    for name, file in facts.tables.items():
        assert file != shipped.facts.tables[name]
        assert pl.read_parquet(file).equals(shipped.table(name)), name


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
