"""LibreOffice, which opens what the tests hand it, with one profile for a run: a new one takes it seconds to set up."""

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

NEEDED = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed: nobody has opened the workbooks in it"
)


def in_libreoffice(folder: Path, files: Iterable[Path], *options: str) -> Path:
    """The folder of the files as LibreOffice writes them as workbooks, after it has opened and calculated them."""
    subprocess.run(
        [
            "soffice",
            "--headless",
            f"-env:UserInstallation=file://{_profile()}",
            *options,
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            folder / "made",
            *files,
        ],
        capture_output=True,
        timeout=300,
        check=True,
    )
    return folder / "made"


@cache
def _profile() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="libreoffice-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
