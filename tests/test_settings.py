"""Where settings come from: what was chosen, then the environment, then `.env` of the folder."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from flows.settings import Settings, settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("BOLIGPROFIL_MARTS", "BOLIGPROFIL_RAW", "BOLIGPROFIL_KEEP_SNAPSHOTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_was_chosen_goes_before_the_environment_and_that_before_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text(
        "# ours\nBOLIGPROFIL_MARTS='of the file'\nboligprofil_raw=raw-of-the-file\nBOLIGPROFIL_PUBLISHER\nMARTS=other\n"
    )
    assert (settings().marts, settings().raw, settings().publisher) == (
        Path("of the file"),
        Path("raw-of-the-file"),
        "",
    )
    monkeypatch.setenv("Boligprofil_Marts", "of-the-environment")
    assert settings().marts == Path("of-the-environment")
    assert settings(marts=Path("chosen"), raw=None).marts == Path("chosen")
    assert settings(marts=Path("chosen"), raw=None).raw == Path("raw-of-the-file")


def test_without_a_file_the_defaults_stand() -> None:
    assert settings().marts == Path("data/marts")
    assert settings().staging_folder == Path("data/staging")


def test_a_value_that_does_not_fit_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOLIGPROFIL_KEEP_SNAPSHOTS", "secret words")
    with pytest.raises(ValidationError, match="keep_snapshots") as refused:
        Settings()
    assert "secret words" not in str(refused.value)


def test_another_setting_of_that_beginning_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOLIGPROFIL_OF_ANOTHER_VERSION", "1")
    assert not hasattr(settings(), "of_another_version")
