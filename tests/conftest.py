"""What several hops' tests share: the registry, deliveries written for a test, and one published snapshot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.registry import Registry, load

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The registry that is installed."""
    return load()


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `boligprofil run` has published the shipped deliveries to data/marts."""
    folder = tmp_path_factory.mktemp("published")
    done = subprocess.run(
        [Path(sys.executable).with_name("boligprofil"), "run", "--raw", ROOT / "data" / "raw"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("BOLIGPROFIL_")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder
