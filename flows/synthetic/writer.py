"""Where deliveries of a made-up nation are written: each under a head that says that it is made up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from schemas.indicators import Indicator
from schemas.registry import Registry

NAME = "Syntetisk nation"
WITHHELD = ".."
MOST_DECIMALS = 4


@dataclass
class DeliveryWriter:
    """Where deliveries are written; `rows` counts them by source."""

    raw: Path
    registry: Registry
    seed: int
    rows: dict[str, int] = field(default_factory=dict)

    def send(
        self, path: str, says: str, published: date | str, received: date, table: pl.DataFrame, note: str = ""
    ) -> None:
        """Write a delivery of text columns. One without rows is not sent."""
        if table.is_empty():
            return
        body = table.write_csv(separator=";", quote_style="never", line_terminator="\n", null_value="")
        self.send_text(path, says, published, received, body, table.height, note)

    def send_text(
        self, path: str, says: str, published: date | str, received: date, body: str, rows: int, note: str = ""
    ) -> None:
        """Write a delivery whose header and rows are `body`."""
        head = [
            f"# kilde: {NAME} (opdigtede tal, frø {self.seed}): {says}",
            *([f"# bemærkning: {note}"] if note else []),
            f"# udgivet: {published}",
            "# oprindelse: syntetisk",
            f"# modtaget: {received}",
            f"# rækker: {rows}",
        ]
        file = self.raw / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(head) + "\n" + body, encoding="utf-8", newline="\n")
        source = path.split("/", 1)[0]
        self.rows[source] = self.rows.get(source, 0) + rows


def long_lines(rows: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Lines of the long layout: both counts, or the value where there are none.

    `rows` has Geografi, Område, Kommune, year, indicator, numerator, denominator, value, status and hidden (withheld).
    """
    has_counts = pl.col("numerator").is_not_null()
    return rows.select(
        "Geografi",
        "Område",
        "Kommune",
        pl.col("year").cast(pl.String).alias("År"),
        pl.col("indicator").alias("Indikator"),
        pl.when("hidden")
        .then(pl.when(has_counts).then(pl.lit(WITHHELD)))
        .otherwise(pl.col("numerator").cast(pl.String))
        .alias("Tæller"),
        pl.col("denominator").cast(pl.String).alias("Nævner"),
        pl.when(has_counts)
        .then(pl.lit(None, dtype=pl.String))
        .when("hidden")
        .then(pl.lit(WITHHELD))
        .otherwise(danish(registry.indicators.values()))
        .alias("Værdi"),
        pl.col("status").alias("Status"),
    )


def danish(indicators: Iterable[Indicator]) -> pl.Expr:
    """`value` in Danish notation, with as many decimals as its `indicator` has."""
    places = pl.col("indicator").replace_strict(
        {i.id: 0 if i.kind == "count" else i.decimals for i in indicators}, default=1, return_dtype=pl.Int64()
    )
    whole = pl.col("value").round(0).cast(pl.Int64).cast(pl.String)
    decimal = {
        digits: pl.col("value").round(digits).cast(pl.String).str.replace(".", ",", literal=True)
        for digits in range(1, MOST_DECIMALS + 1)
    }
    return pl.coalesce([pl.when(places == digits).then(text) for digits, text in decimal.items()] + [whole])
