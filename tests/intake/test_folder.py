"""The folder of deliveries is walked as it is linked: each folder once, and what cannot be followed is named."""

import os
from pathlib import Path

import pytest

from flows.intake.deliveries import find, look
from flows.intake.folder import Walk
from schemas.registry import Registry


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    put(folder / "population" / "a.csv")
    return folder


def put(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(file.name)
    return file


def walked(raw: Path) -> tuple[list[str], list[str]]:
    walk = Walk(raw, lambda place: place.as_posix())
    return [file.relative_to(raw).as_posix() for file in walk.files], walk.passed_over


def test_a_linked_folder_and_a_linked_file_are_followed(raw: Path, tmp_path: Path, registry: Registry) -> None:
    put(tmp_path / "elsewhere" / "2013" / "list.csv")
    (raw / "ministry_lists").symlink_to(tmp_path / "elsewhere")
    (raw / "population" / "b.csv").symlink_to(put(tmp_path / "stick" / "b.csv"))
    files, passed_over = walked(raw)
    assert files == ["ministry_lists/2013/list.csv", "population/a.csv", "population/b.csv"]
    assert passed_over == []
    assert [(d.path, d.source) for d in find(raw, registry)] == [
        ("ministry_lists/2013/list.csv", "ministry_lists"),
        ("population/a.csv", "population"),
        ("population/b.csv", "population"),
    ]


@pytest.mark.parametrize("name", ["aa", "zz"])
def test_a_folder_is_read_once_and_where_it_lies(raw: Path, name: str) -> None:
    (raw / name).symlink_to(raw / "population")
    assert walked(raw) == (["population/a.csv"], [f"{name} is the folder population again; it is read once, there"])


def test_links_that_lead_in_a_circle_end_the_walk_nowhere(raw: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    put(other / "b.csv")
    (other / "again").symlink_to(other)
    (raw / "linked").symlink_to(other)
    (raw / "itself").symlink_to(raw / "itself")
    (raw / "up").symlink_to(raw)
    (raw / "above").symlink_to(tmp_path)
    files, passed_over = walked(raw)
    assert files == ["linked/b.csv", "population/a.csv"]
    assert passed_over == [
        "above is a link back to the folder of deliveries, or above it",
        "itself is a link that leads in a circle; remove it",
        "linked/again is the folder linked again; it is read once, there",
        "up is a link back to the folder of deliveries, or above it",
    ]


def test_what_leads_nowhere_or_is_no_file_is_named(raw: Path, tmp_path: Path) -> None:
    (raw / "population" / "lost.csv").symlink_to(tmp_path / "unmounted" / "lost.csv")
    os.mkfifo(raw / "population" / "pipe")
    files, passed_over = walked(raw)
    assert files == ["population/a.csv"]
    assert [words.split()[0] for words in passed_over] == ["population/lost.csv", "population/pipe"]
    assert "leads nowhere; mount or put back what it points to" in passed_over[0]


def test_a_folder_that_the_system_does_not_list_is_named(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def refusing(folder: Path) -> object:
        if folder.name == "population":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    assert walked(raw) == ([], ["population cannot be read (Permission denied)"])


def test_a_personal_number_in_the_name_of_a_link_is_not_repeated(raw: Path, registry: Registry) -> None:
    (raw / "population" / "010190-1234.csv").symlink_to(raw / "nowhere")
    _, passed_over = look(raw, registry)
    assert passed_over[0].startswith("population/(file name withheld) is a link that leads nowhere")


def test_hidden_files_and_read_me_files_are_no_deliveries(raw: Path, tmp_path: Path, registry: Registry) -> None:
    put(raw / "README.md")
    put(raw / ".git" / "x.csv")
    (raw / ".hidden").symlink_to(tmp_path / "nowhere")
    deliveries, passed_over = look(raw, registry)
    assert [delivery.path for delivery in deliveries] == ["population/a.csv"]
    assert passed_over == ()
