"""The wheel, installed where there is no checkout, does the whole job."""

import ast
import email
import re
import shutil
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

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
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt", "prefect.yaml"):
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
    assert {*expected, "flows/prefect.yaml"} <= names
    assert not [name for name in names if name.startswith(("tests", "data", "benchmarks"))]


def test_the_wheel_publishes_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    """With the libraries of this environment; `make release` installs its own."""
    release.try_out(wheel, release.version_of(ROOT), tmp_path, Path(pytest.__file__).parents[1])


def test_the_wheel_asks_for_all_that_it_imports(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (about,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        asked = email.message_from_bytes(archive.read(about)).get_all("Requires-Dist", [])
    # What a user's extra brings is imported only where it is asked for, which says in words how to get it.
    needed = {_standard(re.split(r"[^\w.-]", line)[0]) for line in asked if not re.search("extra == .dev", line)}
    homes = packages_distributions()
    imported = {
        name
        for folder in ("flows", "schemas", "sql")
        for file in (ROOT / folder).rglob("*.py")
        for name in _imported(ast.parse(file.read_text()))
    } - {*sys.stdlib_module_names, "flows", "schemas", "sql"}
    assert len(imported) > 10
    assert {name for name in imported if not needed & {*map(_standard, homes[name])}} == set()


def _standard(name: str) -> str:
    """The name of a distribution as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _imported(tree: ast.Module) -> set[str]:
    """The top names of what a module imports, wherever in it."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    return {name.partition(".")[0] for name in names}
