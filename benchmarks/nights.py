"""Whole nights as processes of their own: from the ground, after one changed file, and with nothing changed.

The deliveries are those of a made-up nation and many small files beside them, of which one is changed from night to
night. From the ground: nothing is there but the deliveries, so that all are read and all is made and judged.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from benchmarks import small_deliveries
from benchmarks.measuring import Compared, Cost, cost, of_costs
from schemas.loading import load

HOUSE = "house"
MANIFEST = Path("marts") / "current" / "manifest.json"
WORK = ("build marts", "judge marts")
FROM_THE_GROUND = "the night from the ground: all deliveries read, all made and judged"
# What a profile says.
WHY = (
    "A figure that changes may move every later figure of its area and every rank, so each step that reads the areas' "
    "figures is made again for all areas; what is saved is the steps and verdicts beside them."
)


def measure(rounds: int, folder: Path, raw: Path, schemas: Path, small: int) -> list[Compared]:
    """Measure nights over the deliveries in `raw`, to which `small` files are added; returns what they cost."""
    small_deliveries.write(raw, load(schemas), small)
    house = folder / HOUSE
    environment = {
        "BOLIGPROFIL_RAW": str(raw),
        "BOLIGPROFIL_MARTS": str(house / "marts"),
        "BOLIGPROFIL_SCHEMAS": str(schemas),
        "PREFECT_API_URL": "",
    }
    program = str(Path(sys.executable).with_name("boligprofil"))

    def night() -> Cost:
        return cost([program, "run"], folder, environment)

    changed = raw / "municipal_figures" / "small_0.csv"
    text = changed.read_text(encoding="utf-8")
    full, after_change, none = list[Cost](), list[Cost](), list[Cost]()
    full_work, change_work = list[float](), list[float]()
    for number in range(rounds):
        shutil.rmtree(house, ignore_errors=True)
        full.append(night())
        full_work.append(_processor(house))
        changed.write_text(moved(text, number), encoding="utf-8")
        after_change.append(night())
        change_work.append(_processor(house))
        none.append(night())
    what = f"{sum(file.suffix == '.csv' for file in raw.rglob('*')):,} deliveries"
    pairs = [
        of_costs(f"night, one of {what} changed", after_change, full, FROM_THE_GROUND),
        of_costs("night, nothing changed", none, full, "the same"),
        Compared(
            "its build and gate, one file changed",
            tuple(change_work),
            tuple(full_work),
            "those of the night from the ground",
            asked=0.7,
            why=WHY,
        ),
    ]
    for pair in pairs:
        print(pair.line(), flush=True)
    return pairs


def moved(text: str, number: int) -> str:
    """The delivery with another count in its last row."""
    *rows, last, end = text.split("\n")
    cells = last.split(";")
    cells[5] = str((int(cells[5]) + number + 1) % int(cells[6]))
    return "\n".join([*rows, ";".join(cells), end])


def _processor(house: Path) -> float:
    """Processor seconds of building and judging in the night that was published last."""
    manifest: dict[str, Any] = json.loads((house / MANIFEST).read_text(encoding="utf-8"))
    return float(sum(manifest["processor_seconds"][step] for step in WORK))
