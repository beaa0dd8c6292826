"""The wheel, installed where there is no checkout, does the whole job."""

import shutil
import zipfile
from pathlib import Path

import pytest
from profiles import is_full

from tools import release

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("flows", "schemas", "sql"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, source)
    return release.build(source, folder)


def test_the_wheel_holds_registry_and_sql(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {
        path.relative_to(ROOT).as_posix()
        for folder in ("flows", "schemas", "sql")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".toml", ".csv", ".sql", ".css")
    }
    assert expected <= names
    assert not [name for name in names if name.startswith(("tests", "data", "benchmarks"))]


def test_the_wheel_publishes_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    """In the quick profile with the libraries of this environment, else with its own."""
    lent = None if is_full() else Path(pytest.__file__).parents[1]
    release.try_out(wheel, release.version_of(ROOT), tmp_path, lent)
