"""Reading many small deliveries: what a delivery costs that is not its rows."""

import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import polars as pl

from flows.intake import deliveries, versions
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.vintages import Vintage
from schemas.registry import Registry

DELIVERIES, ROWS, YEARS = 300, 260, range(1990, 2012)
HEAD = "# kilde: made up\n# udgivet: 2012-05-01\n# oprindelse: syntetisk\n# rækker: {rows}\n"
HEADER = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status\n"


def measure(
    compare: Callable[..., None], folder: Path, raw: Path, registry: Registry, number: int = DELIVERIES
) -> None:
    """Compare staging `number` deliveries anew with Polars that reads the same text and writes it.

    `raw` has the list of municipalities that every delivery is read with.
    """
    small = folder / "small"
    chance = random.Random(1)
    for place in range(number):
        file = small / "municipal_figures" / f"small_{place}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = list(_rows(registry, chance))
        file.write_text(HEAD.format(rows=len(rows)) + HEADER + "".join(rows), encoding="utf-8")
    first = [delivery for delivery in deliveries.find(raw, registry) if delivery.source in versions.FIRST]
    vintage = Vintage((*first, *deliveries.find(small, registry)), DeliveryLedger(folder / "small-names"), now())
    known = versions.known_names(vintage, folder / "small-names", registry)
    chosen = [delivery for delivery in vintage.deliveries if delivery.source == "municipal_figures"]
    rounds = count()

    def stage_anew() -> None:
        staging = folder / f"small-staging-{next(rounds)}"
        receipts = [versions.stage(delivery, vintage, staging, registry, known) for delivery in chosen]
        if any(receipt is None or receipt.outcome != "accepted" for receipt in receipts):
            raise ValueError("a small delivery was not accepted")

    def only_read() -> None:
        for delivery in chosen:
            frame = pl.read_csv(delivery.file, separator=";", skip_rows=4, infer_schema=False)
            frame.write_parquet(folder / "floor.parquet")

    compare(f"intake: {number} deliveries of {ROWS} rows", stage_anew, only_read, "polars reads text and writes it")


def _rows(registry: Registry, chance: random.Random) -> Iterator[str]:
    """Rows of different areas, years and shares, in the layout of one figure per line."""
    shares = [indicator.id for indicator in registry.indicators.values() if indicator.kind == "share"]
    areas = chance.sample(registry.codes["areas"], k=min(12, len(registry.codes["areas"])))
    keys = [(area, year, share) for area in areas for year in YEARS for share in shares]
    for area, year, share in chance.sample(keys, ROWS):
        base = chance.randrange(500, 9000)
        place = f"boligområde;{area['name']};{area['municipality_code']};{year};{share}"
        yield f"{place};{chance.randrange(0, base)};{base};;endelig\n"
