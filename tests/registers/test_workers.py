"""The same bytes from all ways to count; a worker that dies costs time and nothing else."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest
from persons import placed, write

from flows.core.provenance import file_sha256
from flows.registers import counting
from flows.registers.counting import Register
from flows.registers.pieces import CountingFailed, Piece, count, piece
from flows.registers.workers import NoWorkers, each_by
from flows.settings import Settings
from schemas.registry import Registry


@pytest.fixture(scope="module")
def asked(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Register:
    """A register of 60 persons over three years, in two buckets."""
    folder = tmp_path_factory.mktemp("workers")
    given = [
        {
            "person_id": person,
            "year": year,
            "address_key": f"a{(person + year) % 7}",
            "age": person,
            "income_dkk": person * 9,
        }
        for person in range(60)
        for year in (2009, 2010, 2011)
    ]
    write(folder / "register", registry, "person_years", given, buckets=2)
    key = "\n".join(f"a{number} | area{number % 3} | 2000-01-01 | -" for number in range(5))
    return placed(folder, f"address_key | area_id | valid_from | valid_to\n{key}")


def hashes(files: list[Path]) -> list[str]:
    return [file_sha256(file) for file in files]


@pytest.fixture(scope="module")
def alone(asked: Register, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What one process gives, one piece after the other."""
    return hashes(counting.counts(asked, registry, tmp_path_factory.mktemp("alone")))


def test_threads_give_the_same_bytes(asked: Register, alone: list[str], registry: Registry, tmp_path: Path) -> None:
    with each_by("threads", 2) as each:
        assert hashes(counting.counts(asked, registry, tmp_path, each)) == alone


def mortal(path: str) -> int:
    """The number of this process; the first to come dies."""
    mark = Path(path)
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return os.getpid()
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_processes_give_the_same_bytes_and_outlive_one_that_dies(
    asked: Register, alone: list[str], registry: Registry, tmp_path: Path
) -> None:
    with each_by("processes", 2) as each:
        assert hashes(counting.counts(asked, registry, tmp_path, each)) == alone
        assert all(each(mortal, [str(tmp_path / "died")] * 3))


def test_what_is_counted_is_not_counted_again(asked: Register, registry: Registry, tmp_path: Path) -> None:
    counting.counts(asked, registry, tmp_path)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    counting.counts(asked, registry, tmp_path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before
    assert not [file for file in before if file.name.startswith(".")]


def test_a_changed_partition_is_another_piece(asked: Register, tmp_path: Path) -> None:
    first = asked.partitions_of("person_years")[0]
    copy = tmp_path / "part.parquet"
    copy.write_bytes(first.file.read_bytes())
    sql = counting.query("incomes")
    was = piece("incomes", sql, {"person_years": [copy]}, {"year": 2009}, tmp_path).out
    copy.write_bytes(asked.partitions_of("person_years")[1].file.read_bytes())
    assert piece("incomes", sql, {"person_years": [copy]}, {"year": 2009}, tmp_path).out != was


def test_a_fault_of_the_engine_quotes_no_cell(asked: Register, tmp_path: Path) -> None:
    file = asked.partitions_of("person_years")[0].file
    sql = "select cast(address_key as integer) as number from person_years"
    with pytest.raises(CountingFailed) as failed:
        count(piece("wrong", sql, {"person_years": [file]}, {"year": 2009}, tmp_path))
    assert "ConversionException" in str(failed.value)
    assert failed.value.__cause__ is None
    assert "a0" not in str(failed.value).replace(".parquet", "").split(":", 1)[1]


def test_an_address_where_nobody_is_and_a_word_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.registers.workers.PATIENCE_SECONDS", 0.5)
    with (
        pytest.raises(NoWorkers, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"),
        each_by("tcp://127.0.0.1:1"),
    ):
        pass
    with pytest.raises(ValueError, match="not 'spark'"), each_by("spark"):
        pass
    with pytest.raises(ValueError, match="workers"):
        Settings(workers="spark")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A Dask scheduler on loopback and its two workers, each a process of its own."""
    contact = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(contact)]
    log = (tmp_path / "log").open("wb")
    # What a test hands out is found by scheduler and workers too.
    there = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    started = [subprocess.Popen([*command, *options], stdout=log, stderr=log, env=there)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(contact), "--no-dashboard"]
    worker += ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)]
    try:
        while not contact.is_file():
            assert started[0].poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.1)
        started += [subprocess.Popen(worker, stdout=log, stderr=log, env=there) for _ in range(2)]
        address = json.loads(contact.read_text())["address"]
        yield address, started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
        log.close()


def slowly(asked: Piece) -> str:
    """A piece that takes a while."""
    time.sleep(0.3)
    return count(asked)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_bytes_and_outlives_a_worker(
    cluster: tuple[str, list[subprocess.Popen[bytes]]],
    asked: Register,
    alone: list[str],
    registry: Registry,
    tmp_path: Path,
) -> None:
    address, workers = cluster
    with pytest.raises(NoWorkers, match="PREFECT_API_URL must say where"), each_by(f"prefect+{address}"):
        pass
    with each_by(address) as each:
        assert hashes(counting.counts(asked, registry, tmp_path / "whole", each)) == alone
        killer = Timer(1.0, workers[0].kill)
        killer.start()
        given = counting.counts(asked, registry, tmp_path / "less", lambda _, pieces: each(slowly, pieces))
        assert hashes(given) == alone
        assert workers[0].wait(10) == -signal.SIGKILL
