"""Which figure of each key stands: the last received of those that say something; and what its neighbours set aside.

A figure's key says what it is: place, period, indicator and part, whose it is and over how many years. An empty cell, a
withheld one, and a row that is set aside take nothing away from what was delivered before; only a word for that does.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from flows.intake.faults import Fault
from flows.intake.parts import PlacePart
from flows.intake.receipts import Receipt
from schemas.registry import Registry

ARRIVAL = ("received_at", "published_at")
PLACE = ("source_file", "source_line")
COME = ("came_at", "is_resent")
WITHDRAWN = "withdrawn_by_source"
# One place's figures of one indicator, whoever counted them and over however many years.
SERIES = ("geography", "geography_id", "indicator", "breakdown")
FILE_AND_YEARS = ("source_file", "year", "file_before")
# So many figures alike, and so much of all, are no chance.
FEWEST_ALIKE, SHARE_ALIKE = 8, 0.9
SAYS_SOMETHING = pl.col("value").is_not_null() | (pl.col("missing_reason") == WITHDRAWN)


@dataclass(frozen=True)
class FiguresInForce:
    """The figures that stand, one per key; what was set aside, and how often each declared exception was needed."""

    figures: pl.DataFrame
    set_aside: list[tuple[str, Fault]]
    accepted: Counter[str]


def standing(
    delivered: pl.DataFrame, older: pl.DataFrame, repeated: pl.DataFrame, registry: Registry
) -> FiguresInForce:
    """The figures that stand of all that were delivered of some places.

    `delivered` are the figures of the deliveries in force with `came_at` and `is_resent`; `older` what their older
    versions say of the same figures (`named_before`), which counts where the newest says nothing; `repeated` the years
    of files that say again what was said of the year before (`repeated_years`). What is set aside takes nothing along:
    the figure before it comes back, and is judged in its turn.
    """
    key = list(registry.tables["figures"].key)
    rows = _unlocked(delivered, registry).with_columns(is_older=False)
    older = older.with_columns(is_older=True)
    stale = rows.join(repeated, on=["source_file", "year"], how="semi")
    found = faults(stale, "same_as_other_year")
    rows = _without(rows, stale, key)
    conflicting = conflicts(rows.filter(SAYS_SOMETHING), key)
    found += faults(conflicting, "conflicting_deliveries")
    rows = _without(rows, conflicting, key)
    # An older version of the same day is a part of the contradiction.
    older = older.join(conflicting, on=[*key, *ARRIVAL], how="anti", nulls_equal=True)
    accepted = Counter[str]()
    while True:
        saying = rows.filter(SAYS_SOMETHING).select("source_file", *key)
        behind = older.join(saying, on=["source_file", *key], how="anti", nulls_equal=True)
        current = newest(pl.concat([behind, rows]), key, SAYS_SOMETHING)
        leaps, accepted = _accepted(_leaps(current, registry), registry)
        if leaps.is_empty():
            return FiguresInForce(current.drop(*COME, "is_older"), found, accepted)
        # What an older version says is in no file that a sender could mend: it falls without a word.
        found += faults(leaps.filter(~pl.col("is_older")), "jump")
        rows, older = _without(rows, leaps, key), _without(older, leaps, key)


def newest(rows: pl.DataFrame, key: Sequence[str], *before_all: pl.Expr) -> pl.DataFrame:
    """One row per key: the last received; where `before_all` holds of some of its rows, the last received of these."""
    ranked = rows.sort(*before_all, *ARRIVAL, "came_at", *PLACE)
    return ranked.unique(subset=list(key), keep="last", maintain_order=True)


def conflicts(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows of one key that arrived on the same day in several deliveries and do not say the same.

    A delivery that took the place of an older version of itself after all the others had come is the newer one.
    """
    content = [name for name in rows.columns if name not in (*PLACE, *COME, "source")]
    together = [*key, *ARRIVAL]
    is_last = pl.col("came_at") == pl.col("came_at").max().over(together)
    last_files = pl.when(is_last).then("source_file").drop_nulls().n_unique().over(together)
    is_settled = (is_last & pl.col("is_resent")).any().over(together) & (last_files == 1)
    several = rows.filter(pl.col("source_file").n_unique().over(together) > 1)
    return several.filter((pl.struct(content).n_unique().over(together) > 1) & ~is_settled)


def named_before(part: PlacePart, accepted: Sequence[Receipt], key: Sequence[str]) -> pl.DataFrame:
    """What older versions of the deliveries say of figures that the newest one names, if only in a row set aside."""
    of_each = ["source_file", *key]
    named = pl.concat([part.delivered.select(of_each), part.set_aside.select(of_each)])
    saying = part.versions.filter(SAYS_SOMETHING).sort("version", maintain_order=True)
    last = saying.unique(subset=of_each, keep="last", maintain_order=True).drop("version")
    return came(last.join(named, on=of_each, how="semi", maintain_order="left"), accepted)


def came(rows: pl.DataFrame, accepted: Sequence[Receipt]) -> pl.DataFrame:
    """Rows with the moment at which their delivery came, and whether it took another's place."""
    moments = pl.DataFrame(
        [(receipt.path, receipt.came_at, receipt.is_resent) for receipt in accepted],
        schema={"source_file": pl.String(), "came_at": pl.String(), "is_resent": pl.Boolean()},
        orient="row",
    )
    return rows.join(moments, on="source_file", how="left", maintain_order="left")


def faults(rows: pl.DataFrame, rule: str, column: str = "") -> list[tuple[str, Fault]]:
    """Path and fault of each row; `column` is the indicator where none is given."""
    return [
        (row["source_file"], Fault(row["source_line"], column or row["indicator"], rule))
        for row in rows.iter_rows(named=True)
    ]


def _without(rows: pl.DataFrame, others: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    # A line of an older version may have the number of one of the newest.
    return rows.join(others, on=[*PLACE, *key, "is_older"], how="anti", nulls_equal=True) if others.height else rows


def _unlocked(figures: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Figures without those of locked years that come from another delivery than the one that is locked."""
    for source in registry.sources.values():
        for lock in source.locked:
            of_years = (pl.col("source") == source.id) & pl.col("year").is_between(
                lock.years.first, lock.years.last or 9999
            )
            figures = figures.filter(~of_years | (pl.col("source_file") == lock.delivery))
    return figures


def pairs_of_years(delivered: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """How many figures of a municipality's delivery of a year have one of the year before in another: `pairs`, `alike`.

    A row per delivery, year and that other delivery.
    """
    sources = [source.id for source in registry.sources.values() if source.by_municipality]
    sent = _unlocked(delivered, registry).filter(pl.col("source").is_in(sources), pl.col("value") != 0)
    kinds = [*SERIES, "figure_owner", "window_years"]
    before = sent.select(*kinds, pl.col("year") + 1, before="value", file_before="source_file")
    pairs = sent.join(before, on=[*kinds, "year"]).filter(pl.col("source_file") != pl.col("file_before"))
    alike = (pl.col("value") == pl.col("before")).sum()
    return pairs.group_by(FILE_AND_YEARS).agg(
        pl.len().cast(pl.Int64()).alias("pairs"), alike.cast(pl.Int64()).alias("alike")
    )


def repeated_years(pairs: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The years of deliveries that repeat, under a new year, nearly all of the year before: `source_file`, `year`.

    `pairs` are those of all places. Two years of real figures are never alike in all of them; a form in which only the
    year was changed is.
    """
    text, number = pl.String(), pl.Int64()
    columns = {"source_file": text, "year": pl.Int32(), "file_before": text, "pairs": number, "alike": number}
    none = pl.DataFrame(schema=columns)
    together = pl.concat([none, *pairs]).group_by(FILE_AND_YEARS).agg(pl.col("pairs", "alike").sum())
    enough = (pl.col("pairs") >= FEWEST_ALIKE) & (pl.col("alike") >= SHARE_ALIKE * pl.col("pairs"))
    return together.filter(enough).select("source_file", "year").unique()


def _leaps(figures: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Figures many times above or below the middle of all that is known of their place and indicator.

    Where there are only two, nothing tells which is wrong: the later one is set aside, of one year the last received.
    """
    factor = pl.col("indicator").replace_strict(
        {i.id: i.jump_factor for i in registry.indicators.values()}, default=None, return_dtype=pl.Float64()
    )
    judged = figures.filter((pl.col("value") > 0) & factor.is_not_null()).sort("year", *ARRIVAL, "came_at", *PLACE)
    together = judged.with_columns(
        pl.len().over(SERIES).alias("known"),
        (pl.int_range(pl.len()).over(SERIES) + 1 == pl.len().over(SERIES)).alias("is_last"),
        (pl.col("value") / pl.col("value").median().over(SERIES)).alias("to_middle"),
        (pl.col("value").max().over(SERIES) / pl.col("value").min().over(SERIES)).alias("spread"),
    )
    of_two = (pl.col("known") == 2) & pl.col("is_last") & (pl.col("spread") >= factor)
    of_more = (pl.col("known") > 2) & ((pl.col("to_middle") >= factor) | (pl.col("to_middle") <= 1 / factor))
    return together.filter(of_two | of_more).drop("known", "is_last", "to_middle", "spread")


def _accepted(leaps: pl.DataFrame, registry: Registry) -> tuple[pl.DataFrame, Counter[str]]:
    """Leaps that no exception accepts, and how often each exception was needed."""
    excuses = [registry.excuse("jump", row["source_file"], row) for row in leaps.iter_rows(named=True)]
    mask = pl.Series(values=[excuse is None for excuse in excuses], dtype=pl.Boolean())
    return leaps.filter(mask), Counter(excuse for excuse in excuses if excuse)
