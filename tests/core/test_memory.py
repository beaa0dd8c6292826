"""What queries may hold is what is declared, or less where the machine or its container has little."""

from pathlib import Path

import duckdb
import pytest

from flows.core import memory
from flows.marts import build
from flows.marts.queries import Query
from schemas.registry import Registry

LARGE = "create table sorted as select range as n, hash(range) as h from range(3_000_000) order by h"


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says what a container may have; there is none yet."""
    file = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "CONTAINER", (file, tmp_path / "not_there"))
    return file


def test_a_container_that_is_limited_has_no_more_than_that(container: Path) -> None:
    whole = memory.machine_bytes()
    assert whole > 0
    container.write_text("max\n")
    assert memory.machine_bytes() == whole
    container.write_text("1000000000\n")
    assert memory.machine_bytes() == 1_000_000_000


@pytest.mark.parametrize(
    ("has", "share", "declared", "allowed"),
    [
        (100_000_000_000, 0.3, 600, 600),
        (1_500_000_000, 0.3, 600, 450),
        (1_000_000_000, 0.9, 2000, 900),
        (300_000_000, 0.3, 600, memory.LEAST_MEGABYTES),
    ],
)
def test_less_is_allowed_where_there_is_little(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, has: int, share: float, declared: int, allowed: int
) -> None:
    monkeypatch.setattr(memory, "machine_bytes", lambda: has)
    limits = registry.night.model_copy(update={"memory_share": share, "memory_megabytes": declared})
    assert memory.query_megabytes(limits) == allowed


def test_no_more_threads_than_the_memory_is_enough_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.os, "cpu_count", lambda: 64)
    assert [memory.query_threads(megabytes) for megabytes in (100, 200, 600, 100_000)] == [1, 1, 4, 64]


def test_what_does_not_fit_lies_on_the_disk_while_it_is_needed(tmp_path: Path) -> None:
    spill = tmp_path / "spill"
    with build.limited(spill, 60) as connection:
        connection.execute(LARGE)
        assert sum(file.stat().st_size for file in spill.iterdir()) > 10_000_000
    assert not spill.exists()
    with build.limited(spill, 60) as connection:
        connection.execute("set max_temp_directory_size = '1MB'")
        with pytest.raises(duckdb.OutOfMemoryException):
            connection.execute(LARGE)
    assert not spill.exists()


def test_a_query_that_needs_more_gets_it_up_to_the_share(
    registry: Registry, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """A list of every value can lie on no disk while it is made."""
    sql = "select list(range order by hash(range)) as l from range(4_000_000)"

    def make() -> None:
        build.create(connection, Query("listed", frozenset(), "a list", sql), registry)

    with build.limited(tmp_path / "spill", 60) as connection, caplog.at_level("INFO", logger="boligprofil"):
        with pytest.raises(build.TooLittleMemory, match="memory_share"):
            build.Allowance(connection, 60, 60).within(make, "listed")
        assert caplog.messages == []
        allowance = build.Allowance(connection, 60, 2000)
        allowance.within(make, "listed")
        assert connection.execute("select len(l) from listed").fetchall() == [(4_000_000,)]
    assert 60 < allowance.megabytes <= 2000
    assert caplog.messages[-1] == f"listed needs more memory: made by one thread in {allowance.megabytes} MB"
