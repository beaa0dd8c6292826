"""Commands beside the same ones of an earlier commit: that before nights were made to cost what their data cost.

Each is a whole process. Both have a house of their own with the deliveries that are shipped. The earlier code is taken
from the history and runs in today's environment.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import Compared, Cost, Unmeasured, cost, of_costs

COMMIT = "8496591881290aeb2032bd27a9f49face73f1a33"
AGAINST = f"the same, by the commit before nights were made to cost what the data cost ({COMMIT[:7]})"
ROOT = Path(__file__).parents[1]
PROGRAM = "from flows.cli import app; app()"
CHANGED, COUNT = Path("population") / "folketal_2007_2015.csv", "65.295"

# What each may take at most of what it took.
ASKED = {"full night": 0.22, "night, one file changed": 0.5, "night, nothing changed": 0.5, "path of a mart": 0.5}


def measure(rounds: int, folder: Path, raw: Path) -> list[Compared | Unmeasured]:
    """Measure both over the deliveries in `raw`; print, and return what they cost."""
    try:
        code = _earlier(folder / "earlier")
    except (OSError, subprocess.CalledProcessError):
        return [Unmeasured("nights on the shipped deliveries", AGAINST, "its code is not in this history")]
    houses = {ROOT: folder / "house-now", code: folder / "house-before"}
    commands = {code: _command(code, house) for code, house in houses.items()}
    for house in houses.values():
        shutil.copytree(raw, house / "raw")
    text = (houses[ROOT] / "raw" / CHANGED).read_text(encoding="utf-8")
    for run in commands.values():
        run("run")
    cases: dict[str, dict[Path, list[Cost]]] = {name: {code: [] for code in houses} for name in ASKED}
    for number in range(rounds):
        for whose, run in commands.items():
            cases["path of a mart"][whose].append(run("path", "area_profile"))
            cases["night, nothing changed"][whose].append(run("run"))
            cases["full night"][whose].append(run("run", "--again"))
            changed = text.replace(COUNT, f"65.{number + 1:03}")
            (houses[whose] / "raw" / CHANGED).write_text(changed, encoding="utf-8")
            cases["night, one file changed"][whose].append(run("run"))
    pairs = [
        of_costs(f"shipped deliveries: {name}", costs[ROOT], costs[code], AGAINST, ASKED[name])
        for name, costs in cases.items()
    ]
    for pair in pairs:
        print(pair.line(), flush=True)
    return list(pairs)


def _earlier(folder: Path) -> Path:
    """The code of the earlier commit, written into a folder. Raises CalledProcessError where the history has it not."""
    archive = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
        packed.extractall(folder, filter="data")
    return folder


def _command(code: Path, house: Path) -> Callable[..., Cost]:
    """Runs a command of this code over a house."""
    environment = {
        "BOLIGPROFIL_RAW": str(house / "raw"),
        "BOLIGPROFIL_MARTS": str(house / "marts"),
        "PREFECT_API_URL": "",
        "PREFECT_HOME": str(house / "prefect"),
        "PYTHONPATH": os.pathsep.join([str(code), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    return lambda *words: cost([sys.executable, "-c", PROGRAM, *words], house, environment)
