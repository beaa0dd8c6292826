"""Every benchmark runs at its smallest size and prints what it compares; how long that takes is another matter."""

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import before, dbt_models, dbt_project, growth, long_csv, page, person_registers, release, years
from benchmarks.measuring import Compared, Cost, Unmeasured, cost
from flows.marts import queries
from flows.publish import snapshots
from schemas.contracts import Expectation
from schemas.loading import load

SMALLEST_NATION, FIRST_YEAR, CASES, LONG_AREAS, SMALL, FACTORS = 50, 2008, 1, 2, 3, (1,)
RELEASED = release.Sizes((13,), 1)
# A line that compares: seconds of one way, of the other, their ratio with its spread, and what the other is.
COMPARED = re.compile(r"^(\S.*?) +\d+\.\d{3} s +\d+\.\d{3} s +\d+\.\d+(?: \(.*?\))?   \S", re.MULTILINE)


def no_network(environment: Path) -> Path:
    """An installation where nothing answers."""
    raise subprocess.CalledProcessError(1, ["pip"], stderr="no network")


@pytest.mark.slow
def test_all_benchmarks_run_one_after_the_other(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt_models, "installed", no_network)
    monkeypatch.setattr(before, "COMMIT", "0" * 40)
    pairs, grown = benchmarks.main(1, SMALLEST_NATION, FIRST_YEAR, LONG_AREAS, CASES, SMALL, FACTORS, RELEASED)
    printed = capfd.readouterr().out
    # The nation is young, but old enough for a ministry's list: without any the gate would refuse its nights.
    names = [re.sub(r"\d+ deliveries", "many", name.split(":")[0]) for name in COMPARED.findall(printed)]
    assert names == [
        "intake",
        "intake",
        "intake of an unchanged delivery",
        "build",
        "the same",
        "gate",
        "gate",
        "extracts",
        "night, one of many changed",
        "night, nothing changed",
        "its build and gate, one file changed",
        "intake",
        "registers",
    ]
    steps = [(SMALLEST_NATION, step) for step in growth.STEPS] + [(13, "release, years: 1")]
    assert [(step.areas, step.step) for step in grown] == steps
    assert all(step.cost.seconds > 0 and step.cost.megabytes > 50 for step in grown)
    page.write(tmp_path, 1, SMALLEST_NATION, pairs, grown)
    text = (tmp_path / "speed.md").read_text(encoding="utf-8")
    assert all(pair.what in text and pair.against in text for pair in pairs)
    assert re.search(r"^NOT MEASURED: 9 marts, \d+ promises: .* Ours: \d", printed, re.MULTILINE)
    assert "| not measured: dbt could not be installed from PyPI |" in text
    assert "| nights on the shipped deliveries | not measured: its code is not in this history |" in text
    ElementTree.parse(tmp_path / "speed.svg")
    assert len(re.findall(r"^extracts: writing those of \d+ areas .* peak \d+ MB$", printed, re.MULTILINE)) == 2
    assert re.search(r"^  -?\d+ kB more per area", printed, re.MULTILINE)
    assert f"intake: {LONG_AREAS * 800:,} long rows" in printed


def test_the_long_csv_says_when_a_way_does_not_read_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = long_csv.prepare
    monkeypatch.setattr(long_csv, "prepare", lambda folder, areas: prepare(folder, areas - 1))
    with pytest.raises(ValueError, match="ours read 800 of 1,600 rows"):
        long_csv.main(1, LONG_AREAS)


@pytest.mark.slow
def test_two_workers_of_a_cluster_count_what_one_does() -> None:
    made = person_registers.by_workers(rounds=1, addresses=60, years=2)
    assert len(made.ratios) == 1


def test_a_process_costs_what_it_does_and_not_what_started_it(tmp_path: Path) -> None:
    held = bytearray(300_000_000)  # by this process
    idle = cost([sys.executable, "-S", "-c", "pass"], tmp_path)
    busy = cost([sys.executable, "-S", "-c", "b = b'x' * 200_000_000; [n * n for n in range(3_000_000)]"], tmp_path)
    assert len(held) > idle.megabytes * 1e6
    assert busy.megabytes > 200 > idle.megabytes
    assert busy.seconds > idle.seconds
    with pytest.raises(subprocess.CalledProcessError):
        cost([sys.executable, "-S", "-c", "raise SystemExit(3)"], tmp_path)


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    # Rounds of 2:1, 9:3 and 4:4: a slow round is slow for both ways.
    pair = Compared("work", (2.0, 9.0, 4.0), (1.0, 3.0, 4.0), "another way")
    assert (pair.ratios, pair.ratio) == ([2.0, 3.0, 1.0], 2.0)
    assert "2.00 (1.00-3.00)" in pair.line()


@pytest.mark.slow
def test_a_night_of_many_is_counted_with_what_it_read_and_keeps(tmp_path: Path) -> None:
    house = years.AgingHouse.new(tmp_path, areas=SMALLEST_NATION, files=2)
    made, standing = house.night(), house.night(years.StandingMarts())
    delivered = list((tmp_path / "raw").rglob("*.csv"))
    assert made.reads >= len(delivered)
    assert min(made.seconds, made.archive, made.staged, made.others) > 0
    assert standing.reads == 1
    before, after = (kept.manifest for kept in reversed(snapshots.kept(tmp_path / "marts")))
    assert after["marts"] == before["marts"]
    assert (len(before["work"]["built"]), after["work"]["built"]) == (len(before["steps"]), [])


def test_years_are_summed_up_by_pairs_of_nights_and_what_the_disk_keeps() -> None:
    nights = [years.NightCost(1.0, 1, 1000 * n, 2000 * n, 500) for n in range(30)]
    compared = [
        (years.NightCost(s, 1, 0, 0, 0), years.NightCost(s * r, 3, 0, 0, 0)) for s, r in ((1, 1), (2, 1.5), (1, 3))
    ]
    assert years.summary(nights, compared) == (
        "36 nights: the last took 1.50 of the processor time of the tenth (1.00-3.00, 3 pairs) and read 3 deliveries "
        "(1); a night adds 1.0 kB of archive, 2.0 kB of staged facts and 0.0 kB of all else"
    )


def test_a_page_says_what_falls_short_of_what_was_asked(tmp_path: Path) -> None:
    pairs = [
        Compared("slow work", (2.0,), (1.0,), "another way", asked=0.5, why="It sleeps."),
        Compared("fast work", (0.4,), (1.0,), "another way", asked=0.5),
        Unmeasured("lost work", "another way", "there is no network"),
    ]
    page.write(tmp_path, 1, 50, pairs, [])
    text = (tmp_path / "speed.md").read_text(encoding="utf-8")
    assert "| slow work | 2.00 | 1.00 | 2.00 (2.00-2.00) | at most 0.50 |" in text
    assert text.split("## What falls short")[1].strip().splitlines() == [
        "- slow work: 2.00 of the other way's time, asked was at most 0.50. It sleeps.",
        "- lost work: not measured, there is no network.",
    ]
    cells = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert cells == {9}


def test_each_promise_is_one_test_of_dbt(tmp_path: Path) -> None:
    promises = dbt_models.promises(load())
    dbt_project.write(tmp_path, dbt_models.steps(tmp_path), promises, {}, "synthetic", load())
    models = json.loads((tmp_path / "models" / "schema.yml").read_text(encoding="utf-8"))["models"]
    listed = {
        model["name"]: len(model["data_tests"]) + sum(len(column["data_tests"]) for column in model["columns"])
        for model in models
    }
    queries_of = [file.stem for file in (tmp_path / "tests").glob("*.sql")]
    asked = {mart: len(kept) for mart, kept in promises.items()}
    found = {mart: number + sum(is_of(mart, name) for name in queries_of) for mart, number in listed.items()}
    assert found == asked
    # By tables.toml: a key of one column, a range, and the check that refers to two other marts.
    (areas,) = (model for model in models if model["name"] == "dim_areas")
    assert "unique" in next(column["data_tests"] for column in areas["columns"] if column["name"] == "area_id")
    check = (tmp_path / "tests" / "area_profile_areas_are_known.sql").read_text(encoding="utf-8")
    assert "{{ ref('dim_municipalities') }}" in check
    (profile,) = (model for model in models if model["name"] == "area_profile")
    (quintile,) = (column for column in profile["columns"] if column["name"] == "quintile")
    assert {"within": {"arguments": {"limits": [">= 1.0", "<= 5.0"]}}} in quintile["data_tests"]


def is_of(mart: str, name: str) -> bool:
    """Whether a test is about a mart: area_profile_wide_0 is not about area_profile."""
    rest = name.removeprefix(f"{mart}_")
    return rest != name and (rest.isdigit() or rest in queries.checks())


def test_a_model_has_the_values_of_its_variables_and_what_it_reads(tmp_path: Path) -> None:
    made = dbt_models.steps(tmp_path)
    dbt_project.write(tmp_path, made, dbt_models.promises(load()), {}, "synthetic", load())
    model = (tmp_path / "models" / "marts" / "band_profile.sql").read_text(encoding="utf-8")
    assert "getvariable" in made["band_profile"].sql
    assert "getvariable" not in model
    assert "'synthetic' as origin" in model
    reads = {name for name in made["band_profile"].reads if "." not in name}
    assert set(re.findall(r"-- depends_on: \{\{ ref\('(\w+)'\) \}\}", model)) == reads


def test_a_promise_that_no_test_stands_for_is_refused(tmp_path: Path) -> None:
    unknown = {"coverage": [Expectation("ExpectColumnMaxToBeBetween", {"column": "year"}, "late")]}
    with pytest.raises(ValueError, match="no test of dbt stands for ExpectColumnMaxToBeBetween"):
        dbt_project.write(tmp_path, dbt_models.steps(tmp_path), unknown, {}, "synthetic", load())


def test_why_dbt_is_not_outrun_by_more_is_said_with_the_numbers_of_the_run() -> None:
    words = dbt_models.why([Cost(3.0, 711.4), Cost(3.0, 702.0)], [Cost(6.0, 1204.0), Cost(6.0, 1310.6)], 456)
    assert "Our queries may hold 456 MB" in words
    assert "our process held 711 MB at most, dbt's 1311." in words
