"""A build makes what has changed and takes over the rest: byte for byte what a fresh build makes."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.intake.reconcile import Facts
from flows.marts import build, codes, queries, unchanged
from flows.marts.build import BuiltMarts
from flows.marts.unchanged import Earlier

VARIABLE = re.compile(r"getvariable\('(\w+)'\)")
FIGURES = """
vollsmose 2010 nonwestern_pct 600/1000
vollsmose 2011 nonwestern_pct 610/1000
bispehaven 2010 residents 2.000
"""


class Town:
    """A town's facts on three nights, and builds of them."""

    def __init__(self, night: Any) -> None:
        self.registry, self.night, self.builds = night.registry, night, 0
        self.first_facts = self._deliver(FIGURES)
        self.changed_facts = self._deliver(FIGURES.replace("600/1000", "650/1000"))
        # The same figures, each a line lower in its file: only what tells lines has changed.
        self.lower_facts = self._deliver(FIGURES, note="# bemærkning: rettet\n")
        self.first = self.build(self.first_facts)

    def _deliver(self, figures: str, note: str = "") -> Facts:
        self.night.given(figures)
        file = self.night.raw / "municipal_figures" / "given.csv"
        file.write_text(note + file.read_text(encoding="utf-8"), encoding="utf-8")
        self.night.run()
        facts: Facts = self.night.facts
        return facts

    def build(self, facts: Facts, earlier: BuiltMarts | None = None) -> BuiltMarts:
        """Build from the ground, or after an earlier build."""
        self.builds += 1
        stands = Earlier(earlier.records, earlier.files) if earlier else Earlier()
        folder = self.night.folder / f"build-{self.builds}"
        return build.build_changed(facts, folder, self.registry, None, stands)

    def build_after_first(self, facts: Facts | None = None) -> BuiltMarts:
        """Build these facts, by default the same, after the first build."""
        return self.build(facts or self.first_facts, self.first)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, municipalities: Path, make_night: Callable[[Path], Any]) -> Town:
    folder = tmp_path_factory.mktemp("town")
    shutil.copytree(municipalities, folder, dirs_exist_ok=True)
    return Town(make_night(folder))


def contents(built: BuiltMarts) -> dict[str, bytes]:
    return {name: file.read_bytes() for name, file in built.files.items()}


def test_of_the_same_facts_nothing_is_made_again(town: Town) -> None:
    assert set(town.first.made) == set(build.every_step())
    assert not town.first.taken_over
    again = town.build_after_first()
    assert (again.made, again.taken_over) == ((), frozenset(town.first.files))
    assert again.records == town.first.records
    assert all(file.samefile(town.first.files[name]) for name, file in again.files.items())


@pytest.mark.slow
def test_a_changed_figure_makes_what_rests_on_it_and_the_rest_is_that_of_a_fresh_build(town: Town) -> None:
    changed, fresh = town.build_after_first(town.changed_facts), town.build(town.changed_facts)
    assert contents(changed) == contents(fresh)
    assert changed.records == fresh.records
    assert {"yearly_figures", "area_values", "area_profile"} <= set(changed.made)
    assert not {"dim_plans", "grant_list", "dim_municipalities", "pool_coverage"} & set(changed.made)
    before, after = contents(town.first), contents(fresh)
    assert changed.taken_over == {name for name in after if before[name] == after[name]}
    assert "area_profile" not in changed.taken_over
    assert len(changed.made) == len(set(changed.made))


@pytest.mark.slow
def test_where_a_made_table_says_the_same_nothing_behind_it_is_made(town: Town) -> None:
    changed = town.build_after_first(town.lower_facts)
    assert {"yearly_figures", "area_profile"} <= set(changed.made)
    behind = {"statistics.twins", "statistics.balance", "comparison_pool", "baseline_panel", "baseline_balance"}
    assert not behind & set(changed.made)


def test_an_exception_that_matched_makes_only_what_tells_of_it(town: Town) -> None:
    changed = town.build_after_first(replace(town.first_facts, accepted={"some_exception": 3}))
    assert set(changed.made) == {"known_exceptions", "known_corrections"}
    assert changed.taken_over == frozenset(changed.files)


def test_another_query_makes_its_mart_and_what_it_reads(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    marts = queries.marts()
    sql = marts["grant_summary"].sql.replace("-- grant_summary:", "-- grant_summary: told anew:")
    monkeypatch.setattr(queries, "marts", lambda: {**marts, "grant_summary": queries.query("grant_summary", sql)})
    changed = town.build_after_first()
    # Its rows are the same, so what reads it stands.
    assert "grant_summary" in changed.made
    assert set(changed.made) <= queries.behind(["grant_summary"], build.every_step())
    assert changed.taken_over == frozenset(changed.files)


def test_a_file_that_is_not_what_was_made_is_made_anew(town: Town) -> None:
    whole, broken = contents(town.first), town.build_after_first()
    for name in ("grant_list", "dim_criteria"):
        broken.files[name].unlink()
    broken.files["grant_list"].write_bytes(whole["grant_list"][:-1] + b"x")
    again = town.build(town.first_facts, broken)
    assert contents(again) == whole
    assert set(again.made) == {"grant_list", "dim_criteria"}
    assert again.taken_over == frozenset(whole) - {"grant_list", "dim_criteria"}


def test_other_code_another_engine_and_another_origin_are_other_tables(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = unchanged.inputs(town.first_facts, None, town.registry)
    rests = [unchanged.common(given, town.first_facts, town.registry)]
    rests.append(unchanged.common(given, replace(town.first_facts, origin="synthetic"), town.registry))
    read_by_functions = {**given, "codes.definition_breaks": "other rows"}
    rests.append(unchanged.common(read_by_functions, town.first_facts, town.registry))
    monkeypatch.setattr(unchanged, "code_sha256", lambda *packages: "other code")
    rests.append(unchanged.common(given, town.first_facts, town.registry))
    versions = unchanged.engine_versions()
    monkeypatch.setattr(unchanged, "engine_versions", lambda: {**versions, "duckdb": "0"})
    rests.append(unchanged.common(given, town.first_facts, town.registry))
    assert len(set(rests)) == len(rests)


def test_every_variable_that_a_query_reads_is_a_part_of_what_its_table_is_made_of(town: Town) -> None:
    read = {
        name
        for step in build.every_step().values()
        if isinstance(step, queries.Query)
        for name in VARIABLE.findall(step.sql)
    }
    assert {"origin", "open_through"} <= read
    assert read <= codes.variables("real", town.registry).keys()


CELLS = st.one_of(st.none(), st.integers(-5, 5))
ROWS = st.lists(st.tuples(CELLS, st.one_of(st.none(), st.sampled_from(["a", "b", "æ"]))), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def hash_of() -> Callable[[list[Any]], str]:
    connection = duckdb.connect()

    def made(rows: list[Any]) -> str:
        frame = pl.DataFrame(rows, schema={"number": pl.Int64(), "text": pl.String()}, orient="row")
        connection.execute("drop table if exists rows")
        connection.from_arrow(frame.to_arrow()).create("rows")
        return unchanged.table_hash(connection, "rows")

    return made


@settings(max_examples=examples(60))
@given(first=ROWS, second=ROWS)
def test_tables_have_the_same_hash_just_when_they_have_the_same_rows(
    hash_of: Callable[[list[Any]], str], first: list[Any], second: list[Any]
) -> None:
    are_same = sorted(map(repr, first)) == sorted(map(repr, second))
    assert (hash_of(first) == hash_of(second)) == are_same
    assert hash_of(first) == hash_of(first[::-1])
    assert hash_of(first) != hash_of([*first, *first])
