"""Commands as a person gives them: in this process for what they print and the exit codes, or as a process."""

import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from flows.cli import app

PROGRAM = Path(sys.executable).with_name("boligprofil")


def invoke(folder: Path, *arguments: str, **variables: str) -> Result:
    """Run a command in a folder, without the settings of whoever runs the tests; what it does not catch is raised."""
    others = {name: None for name in os.environ if name.startswith("BOLIGPROFIL_")}
    with chdir(folder):
        return CliRunner().invoke(app, arguments, env={**others, "COLUMNS": "160", **variables}, catch_exceptions=False)


def process(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same as a process of its own, its output into pipes."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("BOLIGPROFIL_", "PREFECT_"))}
    return subprocess.run(
        [PROGRAM, *arguments],
        cwd=folder,
        env={**env, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
