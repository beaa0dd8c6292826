"""Reading many small deliveries: what a delivery costs that is not its rows."""

import random
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

import polars as pl

from flows.intake import deliveries, versions
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.vintages import Vintage
from schemas.registry import Registry

DELIVERIES, ROWS, YEARS = 300, 260, range(1990, 2000)
HEAD = "# kilde: made up\n# udgivet: 2012-05-01\n# oprindelse: syntetisk\n# rækker: {rows}\n"
HEADER = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status\n"


def measure(
    compare: Callable[..., None], folder: Path, raw: Path, registry: Registry, number: int = DELIVERIES
) -> None:
    """Compare staging `number` deliveries anew with Polars that reads the same text and writes it.

    `raw` has the list of municipalities that every delivery is read with.
    """
    small = folder / "small"
    write(small, registry, number)
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


def write(raw: Path, registry: Registry, number: int) -> None:
    """Write `number` small deliveries below `raw`; no two of them are about the same figure."""
    chance = random.Random(1)
    shares = [indicator.id for indicator in registry.indicators.values() if indicator.kind == "share"]
    keys = [(area, year, share) for area in registry.codes["areas"] for year in YEARS for share in shares]
    chance.shuffle(keys)
    size = min(ROWS, len(keys) // number)
    for place in range(number):
        file = raw / "municipal_figures" / f"small_{place}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [_row(*key, chance) for key in keys[place * size : (place + 1) * size]]
        file.write_text(HEAD.format(rows=len(rows)) + HEADER + "".join(rows), encoding="utf-8")


def _row(area: Mapping[str, str], year: int, share: str, chance: random.Random) -> str:
    """A figure of an area in the layout of one figure per line."""
    base = chance.randrange(500, 9000)
    counts = f"{chance.randrange(0, base)};{base}"
    return f"boligområde;{area['name']};{area['municipality_code']};{year};{share};{counts};;endelig\n"
