"""A made-up delivery, large enough to measure: areas by years by indicators, in the project's own layout."""

import csv
import random
import shutil
from importlib import resources
from pathlib import Path

YEARS = range(1996, 2016)
SHARES = ("outside_work_pct", "nonwestern_pct", "convicted_pct", "basic_education_pct")
HEADER = ("Geografi", "Område", "Kommune", "År", "Indikator", "Tæller", "Nævner", "Værdi", "Status")


def registry_with(areas: int, folder: Path) -> Path:
    """A copy of the registry whose municipality 0101 has `areas` more areas."""
    made = folder / "schemas"
    installed = Path(str(resources.files("schemas")))
    shutil.copytree(installed, made, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with (made / "codes" / "areas.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"omraade-{number},Område {number},0101\n" for number in range(areas))
    return made


def delivery(areas: int, file: Path, seed: int = 1) -> int:
    """Write the figures of these areas as one delivery; returns its rows."""
    chance = random.Random(seed)
    rows = [
        ("boligområde", f"Område {area}", "København", year, indicator, chance.randint(50, 900), 1000, "", "endelig")
        for area in range(areas)
        for year in YEARS
        for indicator in SHARES
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write(
            "# kilde: made up for a benchmark\n# udgivet: 2016\n# oprindelse: syntetisk\n# modtaget: 2016-01-01\n"
        )
        writer = csv.writer(out, delimiter=";", lineterminator="\n")
        writer.writerows([HEADER, *rows])
    return len(rows)
