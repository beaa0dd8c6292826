"""Who may read what is written, whatever the umask that a process comes with."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.core.access import keep_in_the_house, keep_private
from flows.core.files import replaced, write
from flows.release import store


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The umask of before comes back."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("came_with", "folder", "file"), [(0, 0o750, 0o640), (0o022, 0o750, 0o640), (0o077, 0o700, 0o600)]
)
def test_others_may_not_read_what_a_run_writes(tmp_path: Path, came_with: int, folder: int, file: int) -> None:
    os.umask(came_with)
    keep_in_the_house()
    write(tmp_path / "marts" / "CURRENT.txt", b"x")
    with replaced(tmp_path / "extract") as work:
        (work / "page.html").write_bytes(b"x")
    assert [mode(tmp_path / name) for name in ("marts", "extract")] == [folder, folder]
    assert [mode(tmp_path / name) for name in ("marts/CURRENT.txt", "extract/page.html")] == [file, file]


def test_what_is_not_cleared_is_for_its_owner_alone(tmp_path: Path) -> None:
    keep_private(tmp_path / "data" / "new")
    (tmp_path / "releases").mkdir(mode=0o777)
    with store.lock(tmp_path / "releases"):
        assert mode(tmp_path / "releases") == 0o700
    assert mode(tmp_path / "data" / "new") == 0o700


def test_others_may_read_nothing_of_a_night(published: Path) -> None:
    made = [path for path in (published / "data").rglob("*") if not path.is_symlink()]
    assert len(made) > 100
    assert [path for path in made if mode(path) & 0o007] == []
