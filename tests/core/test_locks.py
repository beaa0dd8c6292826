"""What one process holds no other does, until it lets go or ends."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.core.locks import held

HOLDER = """
import sys
from pathlib import Path
from flows.core.locks import held
with held(Path(sys.argv[1]), RuntimeError("busy")):
    print("held", flush=True)
    sys.stdin.readline()
"""


class Refused(Exception):
    """What the second one is told."""


@pytest.fixture(params=["file", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file that is not there yet, and a folder that is."""
    return tmp_path / ".lock" if request.param == "file" else tmp_path


@contextmanager
def another(place: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the place."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_with_the_given_exception(place: Path) -> None:
    with another(place), pytest.raises(Refused, match="somebody else"), held(place, Refused("somebody else")):
        raise AssertionError("both hold it")


def test_the_second_one_is_told_who_holds_a_file_and_since_when(tmp_path: Path) -> None:
    place = tmp_path / ".lock"
    with another(place) as process:
        words = rf"busy \(held by process {process.pid} on {socket.gethostname()}, since 20\d\d-.* UTC\)"
        for _ in range(2):
            with pytest.raises(Refused, match=words), held(place, Refused("busy")):
                raise AssertionError("both hold it")
        process.communicate("\n", timeout=60)
    assert place.read_bytes() == b""


def test_it_is_free_when_the_first_process_has_let_go(place: Path) -> None:
    with another(place) as process:
        process.communicate("\n", timeout=60)
        assert process.returncode == 0
        with held(place, Refused()):
            pass


def test_it_is_free_when_the_first_process_was_killed(place: Path) -> None:
    with another(place) as process:
        process.kill()
        process.wait(timeout=60)
        with held(place, Refused()):
            pass


def test_it_is_free_after_an_error_inside(place: Path) -> None:
    with pytest.raises(ZeroDivisionError), held(place, Refused()):
        raise ZeroDivisionError
    with held(place, Refused()):
        pass


def test_another_block_of_the_same_process_is_refused_too(place: Path) -> None:
    with held(place, Refused()), pytest.raises(Refused), held(place, Refused()):
        raise AssertionError("both hold it")


def test_what_is_in_a_file_that_is_held_stays(tmp_path: Path) -> None:
    file = tmp_path / "figures.csv"
    file.write_text("kept")
    with held(file, Refused()):
        pass
    assert file.read_text() == "kept"
