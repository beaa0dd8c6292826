"""Every benchmark runs at its smallest size and prints what it compares; how long that takes is another matter."""

import re

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import long_csv

SMALLEST_NATION, FIRST_YEAR, CASES, LONG_AREAS, SMALL = 50, 2010, 1, 2, 3
# A line that compares: seconds of one way, of the other, their ratio, and what the other is.
COMPARED = re.compile(r"^(\S.*?) +\d+\.\d{3} s +\d+\.\d{3} s +\d+\.\d   \S", re.MULTILINE)


def test_all_benchmarks_run_one_after_the_other(capfd: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(1, SMALLEST_NATION, FIRST_YEAR, LONG_AREAS, CASES, SMALL)
    printed = capfd.readouterr().out
    assert [name.split(":")[0] for name in COMPARED.findall(printed)] == [
        "intake",
        "intake",
        "intake of an unchanged delivery",
        "build",
        "the same",
        "gate",
        "gate",
        "extracts",
        "intake",
    ]
    assert len(re.findall(r"^extracts: writing those of \d+ areas .* peak \d+ MB$", printed, re.MULTILINE)) == 2
    assert re.search(r"^  -?\d+ kB more per area", printed, re.MULTILINE)
    assert f"intake: {LONG_AREAS * 800:,} long rows" in printed


def test_the_long_csv_says_when_a_way_does_not_read_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = long_csv.prepare
    monkeypatch.setattr(long_csv, "prepare", lambda folder, areas: prepare(folder, areas - 1))
    with pytest.raises(ValueError, match="ours read 800 of 1,600 rows"):
        long_csv.main(1, LONG_AREAS)
