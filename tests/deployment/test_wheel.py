"""The wheel, installed where there is no checkout, does the whole job."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from profiles import is_full

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def call(*command: object, cwd: Path) -> str:
    """Run a command without anything of this environment; returns what it printed."""
    mine = ("BOLIGPROFIL_", "PREFECT_", "PYTHON", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("flows", "schemas", "sql"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


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


def _installed(wheel: Path, folder: Path) -> Path:
    """The programs of an environment with the wheel; the quick profile lends it the libraries of this one."""
    venv.create(folder)
    programs = folder / "bin"
    install = (sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet")
    if is_full():
        call(*install, "--constraint", ROOT / "constraints.txt", wheel, cwd=folder)
    else:
        call(*install, "--no-deps", wheel, cwd=folder)
        # A folder that a .pth names reads no .pth of its own, so this checkout stays out of it.
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "lent.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n")
    return programs


def test_the_wheel_publishes_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    programs = _installed(wheel, tmp_path / "venv")
    away = tmp_path / "away"
    shutil.copytree(ROOT / "data" / "raw", away / "deliveries")

    said = call(programs / "boligprofil", "run", "--raw", "deliveries", "--marts", "out/marts", cwd=away)
    assert "Published snapshot" in said
    file = Path(call(programs / "boligprofil", "path", "area_profile", "--marts", "out/marts", cwd=away).strip())
    assert file.is_file()
    assert file.is_relative_to(away)
    said = call(programs / "boligprofil", "run", "--raw", "deliveries", "--marts", "out/marts", cwd=away)
    assert "Nothing changed" in said
    where = call(programs / "python", "-c", "import flows, schemas, sql; print(flows.__file__)", cwd=away)
    assert Path(where.strip()).is_relative_to(tmp_path / "venv")
