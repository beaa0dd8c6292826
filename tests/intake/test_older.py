"""What is kept of older versions says what all of them together say, and no version more has to stay for it."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.intake import reconcile, stage
from schemas.registry import Registry

PATH = "municipal_figures/given.csv"
HEADER = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"
AREAS = ("Vollsmose;0461", "Gellerupparken/Toveshøj;0751", "Mjølnerparken;0101")
HEAD = "# kilde: en prøve\n# udgivet: {published}\n# oprindelse: real\n# modtaget: {received}\n"


def text(chance: random.Random) -> str:
    """A version: of nine figures some are there, with other values, empty, or taken back; of one of a few days."""
    rows = []
    for area in AREAS:
        for year in (2010, 2011, 2012):
            value = chance.choice(["31,5", "32,5", "33", "", "annulleret", None])
            if value is not None:
                rows.append(f"boligområde;{area};{year};outside_work_pct;;;{value};endelig")
    days = {"published": f"201{chance.randint(3, 5)}-05-01", "received": f"2016-01-0{chance.randint(1, 3)}"}
    return HEAD.format(**days) + HEADER + "\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("seed", range(3))
def test_two_files_say_what_all_versions_say(fresh_night: Callable[[], Any], seed: int) -> None:
    night, chance, seen = fresh_night(), random.Random(seed), list[str]()
    for number in range(6):
        night.deliver(PATH, "Id;Navn\n1;x\n" if number == 2 + seed else text(chance))
        receipt = night.run()[PATH]
        if receipt.tables and receipt.tables["figures"] not in seen:
            seen.append(receipt.tables["figures"])
    older = tuple(file for file in seen if file != receipt.tables["figures"])
    assert len(older) >= 3
    assert len(receipt.history["figures"]) == 2
    receipts = [replace(r, history={"figures": older}) if r.path == PATH else r for r in night.receipts.values()]
    plain = reconcile.reconcile(receipts, night.staging, night.registry)
    assert night.facts is not None
    assert plain.tables["figures"].parent != night.facts.tables["figures"].parent
    for name in ("figures", "first_figures"):
        assert pl.read_parquet(plain.tables[name]).equals(pl.read_parquet(night.facts.tables[name])), name
    assert (plain.set_aside, plain.superseded) == (night.facts.set_aside, night.facts.superseded)


def test_what_is_lost_is_read_again_from_the_archive(
    night: Any, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(1)
    for _ in range(4):
        night.deliver(PATH, text(chance))
        night.run()
    assert night.facts is not None
    before = {name: pl.read_parquet(night.facts.tables[name]) for name in ("figures", "first_figures")}
    read, was_read = stage._staged, list[Path]()
    monkeypatch.setattr(stage, "_staged", lambda d, *more: (was_read.append(d.path), read(d, *more))[1])
    for file in (*(night.staging / "older").iterdir(), *(night.staging / "current").rglob("*.*")):
        file.unlink()
    night.run()
    assert was_read == []
    for folder in ("older", "figures", "receipts", "current"):
        for file in (night.staging / folder).rglob("*.*"):
            file.unlink()
    night.run()
    assert was_read.count(PATH) == 4
    for name, rows in before.items():
        assert pl.read_parquet(night.facts.tables[name]).equals(rows)
