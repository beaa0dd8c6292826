"""What a release of many areas costs: all their figures, hidden and attacked, and once more after a revision.

`python -m benchmarks.release FOLDER AREAS YEARS` does it for the first areas of the nation whose marts stand in a
folder, and for the last years. Each year is cleared by itself, as a release does. A first vintage is hidden and
attacked; of the second, in which the employed of every fiftieth area are two more, what may be shown beside the first.
Municipalities and the country are in it, the areas' twins in the years up to `open_through`, and every twentieth cell
is drawn.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from benchmarks.measuring import Cost, cost
from flows.release import make, scope, sums
from flows.release.attack import Exhibit, attack
from flows.release.cells import Tables
from flows.release.draw import drawn
from flows.release.revisions import together
from flows.release.scope import Scope
from flows.release.suppression import Hiding, hide, shown
from schemas.loading import load
from schemas.registry import Registry

HERE = Path(__file__).parents[1]
LAST_YEAR = 2012
REVISED, EVERY, BY = "employed_18_64_pct", 50, 2
SECRET = b"made up"


class Sizes(NamedTuple):
    """Releases of so many areas each, and of so many years."""

    areas: Sequence[int] = (13, 130)
    years: int = 1


def measure(folder: Path, areas: int, years: int) -> Cost:
    """The release of so many areas and years of the nation in `folder`, in a process of its own."""
    return cost([sys.executable, "-m", "benchmarks.release", str(folder), str(areas), str(years)], HERE)


def run(folder: Path, areas: int, years: int) -> None:
    """Hide and attack, and print the seconds of each part. Raises ValueError where a release would be refused."""
    registry = load(folder / "schemas")
    marts, asked = _marts(folder, areas, registry)
    for year in range(LAST_YEAR - years + 1, LAST_YEAR + 1):
        earlier: list[Exhibit] = []
        for vintage in (marts, _revised(marts)):
            started = time.process_time()
            own = sums.build(vintage, registry, [year], asked).tables
            built = time.process_time()
            exhibit, hiding = _hidden(own, earlier)
            hid = time.process_time()
            if hiding.unprotected:
                raise ValueError(f"{year}: figures that cannot be protected: {hiding.unprotected}")
            findings = attack(exhibit, earlier)
            if findings.leaks:
                raise ValueError(f"{year}: {len(findings.leaks)} figures can be told")
            earlier.append(exhibit)
            print(
                f"{year}: {len(own.cells):,} cells, {len(own.sums):,} sums, {len(hiding.hidden):,} hidden, "
                f"{len(findings.intervals):,} intervals; "
                f"tables {built - started:.1f} s, hiding {hid - built:.1f} s, "
                f"attack {time.process_time() - hid:.1f} s",
                flush=True,
            )


def _marts(folder: Path, areas: int, registry: Registry) -> tuple[Mapping[str, pl.DataFrame], Scope]:
    """The marts that a release reads, in which the first areas have a secretariat, one in each municipality."""
    marts = {mart: pl.read_parquet(folder / "marts" / f"{mart}.parquet", glob=False) for mart in make.MARTS}
    chosen = pl.col("area_id").is_in(sorted(marts["dim_areas"]["area_id"])[:areas])
    named = pl.format("sekretariat-{}", "municipality_code")
    marts["dim_areas"] = marts["dim_areas"].with_columns(secretariat_id=pl.when(chosen).then(named))
    marts["dim_secretariats"] = marts["dim_areas"].filter(chosen).select("municipality_code").unique()
    return marts, scope.of_secretariats(marts, registry)


def _revised(marts: Mapping[str, pl.DataFrame]) -> Mapping[str, pl.DataFrame]:
    """The same marts with more employed in some areas, and so in their municipalities, regions and the country."""
    homes = marts["dim_areas"].sort("area_id").gather_every(EVERY).select("area_id", "municipality_code", "region_code")
    more = [
        homes.group_by(column).agg(more=pl.len().cast(pl.Int64) * BY).rename({column: "place"})
        for column in homes.columns
    ]
    more.append(pl.DataFrame({"place": [scope.COUNTRY], "more": [BY * homes.height]}, schema=more[0].schema))
    added = pl.when(pl.col("indicator") == REVISED).then(pl.col("more")).otherwise(None).fill_null(0)
    profile, places = (
        marts[mart]
        .join(pl.concat(more), left_on=place, right_on="place", how="left", maintain_order="left")
        .with_columns(numerator=pl.col("numerator") + added)
        .drop("more")
        for mart, place in (("area_profile", "area_id"), ("place_figures", "geography_id"))
    )
    return {**marts, "area_profile": profile, "place_figures": places}


def _hidden(own: Tables, earlier: Sequence[Exhibit]) -> tuple[Exhibit, Hiding]:
    """What of these tables may be shown beside earlier releases, and what may not."""
    whole = together(earlier, own)
    hiding = hide(whole, drawn(whole.keys, SECRET))
    readers = {key: value for key, value in shown(whole, hiding).items() if key in own.cells}
    return Exhibit(own, readers), hiding


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
