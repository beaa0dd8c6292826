"""A folder is replaced whole or not at all, whatever happens on the way."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from flows.core import files
from flows.core.files import replaced


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file 'page' that says 'old'."""
    made = tmp_path / "pages"
    made.mkdir()
    (made / "page").write_text("old")
    return made


def says(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def alone(folder: Path) -> bool:
    """Nothing is left beside it."""
    return list(folder.parent.iterdir()) == [folder]


def test_a_folder_is_made_where_there_was_none(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "pages"
    with replaced(folder) as work:
        (work / "page").write_text("new")
        assert not folder.exists()
    assert says(folder) == {"page": "new"}
    assert alone(folder)


def test_a_folder_is_replaced_whole(folder: Path) -> None:
    (folder / "gone").write_text("old")
    with replaced(folder) as work:
        (work / "page").write_text("new")
        assert says(folder) == {"page": "old", "gone": "old"}
    assert says(folder) == {"page": "new"}
    assert alone(folder)


def test_an_error_inside_leaves_what_was_there(folder: Path) -> None:
    def fails() -> None:
        with replaced(folder) as work:
            (work / "page").write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert says(folder) == {"page": "old"}
    assert alone(folder)


def test_an_error_of_the_second_renaming_brings_the_old_folder_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = files.os.replace

    def fails(source: Path, target: Path) -> None:
        if source.name == ".pages.new":
            raise OSError("no room")
        rename(source, target)

    monkeypatch.setattr(files.os, "replace", fails)
    with pytest.raises(OSError, match="no room"), replaced(folder) as work:
        (work / "page").write_text("new")
    assert says(folder) == {"page": "old"}
    assert alone(folder)


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_process_left_that_was_killed_between_the_renamings_comes_back(folder: Path, fails: bool) -> None:
    """The old folder was aside, the new one not in its place."""
    aside, work = folder.with_name(".pages.old"), folder.with_name(".pages.new")
    folder.rename(aside)
    work.mkdir()
    (work / "half").write_text("never seen whole")
    with pytest.raises(ZeroDivisionError) if fails else nullcontext(), replaced(folder) as fresh:
        assert says(folder) == {"page": "old"}
        assert says(fresh) == {}
        (fresh / "page").write_text("new")
        if fails:
            raise ZeroDivisionError
    assert says(folder) == {"page": "old" if fails else "new"}
    assert alone(folder)


def test_what_a_process_left_that_was_killed_after_the_renamings_is_swept(folder: Path) -> None:
    aside = folder.with_name(".pages.old")
    aside.mkdir()
    (aside / "page").write_text("older")
    with replaced(folder) as work:
        (work / "page").write_text("new")
    assert says(folder) == {"page": "new"}
    assert alone(folder)
