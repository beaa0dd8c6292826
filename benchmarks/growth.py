"""How time and memory grow: a nation, three and ten times as large, each step in a process of its own.

Of the smallest of these nations some areas, more and all are released: hidden and attacked, in two vintages.

`python -m benchmarks.growth STEP FOLDER` is one step of one nation: draw, stage, reconcile or build.
"""

import pickle
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import release
from benchmarks.measuring import Cost, cost

HERE = Path(__file__).parents[1]
STEPS = ("draw", "stage", "reconcile", "build")
RECEIPTS = "receipts.pickle"


class Grown(NamedTuple):
    """A step of a nation of so many areas, and what it cost."""

    areas: int
    rows: int
    step: str
    cost: Cost


def measure(
    areas: int, first_year: int, last_year: int, factors: Sequence[int], released: release.Sizes
) -> list[Grown]:
    """Measure each step of a nation `factor` times as large, and of the first one the releases; print."""
    grown = []
    for factor in factors:
        with tempfile.TemporaryDirectory(prefix="boligprofil-bench-") as name:
            folder = Path(name)
            (folder / "size").write_text(f"{areas * factor} {first_year} {last_year}")
            for step in STEPS:
                spent = cost([sys.executable, "-m", "benchmarks.growth", step, name], HERE)
                grown.append(_told(areas * factor, folder, step, spent))
            if factor == factors[0]:
                words = f"release, years: {released.years}"
                of_areas = ((chosen, release.measure(folder, chosen, released.years)) for chosen in released.areas)
                grown += [_told(chosen, folder, words, spent) for chosen, spent in of_areas]
    return grown


def _told(areas: int, folder: Path, step: str, spent: Cost) -> Grown:
    print(f"growth: {areas:,} areas, {step:<18}{spent.seconds:9.1f} s{spent.megabytes:8.0f} MB", flush=True)
    return Grown(areas, int((folder / "rows").read_text()), step, spent)


def run(step: str, folder: Path) -> None:
    """One step in this process; what it needs is imported here, so that each holds no more than it does."""
    from schemas.loading import load  # noqa: PLC0415

    if step == "draw":
        from flows.synthetic import country  # noqa: PLC0415

        areas, first, last = map(int, (folder / "size").read_text().split())
        nation = country.write(folder, HERE / "data" / "raw", load(), seed=1, areas=areas, years=range(first, last + 1))
        (folder / "rows").write_text(str(sum(nation.rows.values())))
        return
    registry, staging = load(folder / "schemas"), folder / "staging"
    if step == "stage":
        from flows.intake import deliveries, versions  # noqa: PLC0415
        from flows.intake.ledger import DeliveryLedger, now  # noqa: PLC0415
        from flows.intake.vintages import Vintage  # noqa: PLC0415

        vintage = Vintage(tuple(deliveries.find(folder / "raw", registry)), DeliveryLedger(staging), now())
        known = versions.known_names(vintage, staging, registry)
        (folder / RECEIPTS).write_bytes(pickle.dumps(versions.receipts_of(vintage, staging, registry, known)))
        return
    from flows.intake.reconcile import reconcile  # noqa: PLC0415

    facts = reconcile(pickle.loads((folder / RECEIPTS).read_bytes()), staging, registry)
    if step == "build":
        from flows.marts.build import build  # noqa: PLC0415

        build(facts, folder / "marts", registry)


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))
