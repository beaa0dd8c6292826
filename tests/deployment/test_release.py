"""A release is refused while it could not be made again, or read about."""

import re
import subprocess
from pathlib import Path

import pytest

from tools import release

ROOT = Path(__file__).parents[2]


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clean checkout of a project whose version has an entry and no tag."""
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "2026.12.1"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## 2026.12.1\n\n- New.\n\n## 2026.11.29\n\n- Old.\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "A project")
    return tmp_path


def test_a_clean_checkout_is_released(checkout: Path) -> None:
    assert release.refusals(checkout) == []


@pytest.mark.parametrize("name", ["pyproject.toml", "new.txt"])
def test_what_is_not_committed_is_no_release(checkout: Path, name: str) -> None:
    with (checkout / name).open("a") as file:
        file.write("\n")
    (reason,) = release.refusals(checkout)
    assert reason == "The work tree is not clean: commit or remove what git status lists (1 paths)."


@pytest.mark.parametrize(
    "text",
    [
        "# Changes\n\n## 2026.11.29\n\n- Old.\n",
        "# Changes\n\n## 2026.12.10\n\n- Another.\n",
        "# Changes\n\n## 2026.12.1\n\n## 2026.11.29\n\n- Old.\n",
    ],
    ids=["no entry", "an entry of another day", "an entry that says nothing"],
)
def test_what_users_cannot_read_about_is_no_release(checkout: Path, text: str) -> None:
    (checkout / "CHANGELOG.md").write_text(text)
    git(checkout, "commit", "--quiet", "--all", "--message", "Other words")
    assert release.refusals(checkout) == ["CHANGELOG.md has no entry '## 2026.12.1': say there what users get."]


def test_a_version_is_released_once(checkout: Path) -> None:
    git(checkout, "tag", "v2026.12.1")
    assert release.refusals(checkout) == ["The tag v2026.12.1 is there already: raise the version in pyproject.toml."]


def test_the_version_is_a_day_as_packagers_write_it_and_has_its_entry() -> None:
    """No leading zeros: a packager would drop them, and tag, entry and wheel would have two names."""
    version = release.version_of(ROOT)
    assert re.fullmatch(r"20\d\d\.([1-9]|1[0-2])\.([1-9]|[12]\d|3[01])(\.[1-9]\d*)?", version)
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
