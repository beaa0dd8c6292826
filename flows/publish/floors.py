"""The floor on rows: a mart, or what rests on a source, that has far fewer rows than last night is not published."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from typing_extensions import override

from flows.intake.gone import Absence
from flows.intake.reconcile import FIRST_FIGURES, Facts
from flows.publish.last_night import LastNight
from schemas.registry import Registry

CHECK = "rows_fell"


@dataclass(frozen=True)
class Fall:
    """A mart or source (`what`) that had `before` rows and has `now`; `accepted_by` is an exception, or a reason."""

    what: str
    name: str
    before: int
    now: int
    accepted_by: str = ""

    @override
    def __str__(self) -> str:
        return f"{self.what} {self.name}: {self.before:,} rows last night, {self.now:,} tonight"


def rows_by_delivery(facts: Facts) -> Counter[str]:
    """Rows of facts in force that rest on each delivery, by path, over all fact tables."""
    counts: Counter[str] = Counter()
    for name, file in facts.tables.items():
        if name != FIRST_FIGURES:
            rows = pl.scan_parquet(file, glob=False).group_by("source_file").len().collect()
            counts.update(dict(rows.iter_rows()))
    return counts


def has_fallen(before: int, now: int, registry: Registry) -> bool:
    """Whether so many rows are far fewer: below the share declared, and more than a few or all of them."""
    limits = registry.night
    is_far = now < limits.min_rows_share * before and before - now > limits.few_rows
    return is_far or (now == 0 < before)


def of_sources(last: LastNight, absent: Absence, now: Mapping[str, int], registry: Registry) -> list[Fall]:
    """Sources with far fewer rows; what rested on deliveries that are accepted as gone is not missed."""
    accepted = {gone.path for gone in absent.gone if gone.accepted_by}
    before = _by_source((entry, entry.get("in_force")) for entry in last.deliveries if entry["path"] not in accepted)
    return [
        Fall("source", source, rows, now.get(source, 0), registry.accepting(CHECK, source=source))
        for source, rows in sorted(before.items())
        if has_fallen(rows, now.get(source, 0), registry)
    ]


def of_marts(
    last: LastNight,
    absent: Absence,
    now: Mapping[str, int],
    reads: Mapping[str, Collection[str]],
    registry: Registry,
) -> list[Fall]:
    """Marts with far fewer rows, but for those that may shrink; `reads` are the fact tables that each is made of.

    A mart that reads what a delivery gave that is gone tonight and accepted as such is expected to fall.
    """
    without = {
        table
        for gone in absent.gone
        if gone.accepted_by and gone.path in absent.new and gone.source in registry.sources
        for table in registry.layout_of(gone.source).tables
    }
    falls = []
    for name, rows in sorted((last.marts or {}).items()):
        if name not in now or registry.marts[name].may_shrink or not has_fallen(rows, now[name], registry):
            continue
        expected = "deliveries that are accepted as gone" if without & set(reads[name]) else ""
        falls.append(Fall("mart", name, rows, now[name], registry.accepting(CHECK, mart=name) or expected))
    return falls


def refusal(falls: Sequence[Fall], last: LastNight, absent: Absence, registry: Registry) -> str:
    """Why nothing may be published; empty where every fall is accepted."""
    unaccepted = [fall for fall in falls if not fall.accepted_by]
    if not unaccepted:
        return ""
    share = f"at least {registry.night.min_rows_share:.0%} must be there"
    lines = [f"publication refused: far fewer rows than snapshot {last.snapshot} has ({share})", *map(str, unaccepted)]
    lines += [f"gone: {gone.path}; {gone.rests}" for gone in absent.unaccepted]
    how = "put back what is missing, or declare in exceptions.toml that it is meant to be so"
    return "\n  ".join([*lines, f"{how}: {CHECK} (mart or source), delivery_gone (file or source)"])


def sentences(falls: Sequence[Fall], registry: Registry) -> tuple[str, ...]:
    """A sentence for each fall that is accepted, and for each exception that was not needed."""
    needed = {fall.accepted_by for fall in falls}
    idle = [e.id for e in registry.exceptions.values() if e.check == CHECK and e.id not in needed]
    return (
        *(f"{fall}, accepted by {fall.accepted_by}" for fall in falls if fall.accepted_by),
        *(f"exceptions.toml, {name}: no rows fell that need it; it can go" for name in idle),
    )


def by_source(entries: Iterable[Mapping[str, Any]], rows: Mapping[str, int]) -> Counter[str]:
    """Rows of facts that rest on each source tonight; `rows` are those of each delivery."""
    return _by_source((entry, rows.get(entry["path"], 0)) for entry in entries)


def rows_by_mart(files: Mapping[str, Path]) -> dict[str, int]:
    """Rows of each mart that was built."""
    return {name: pl.scan_parquet(file, glob=False).select(pl.len()).collect().item() for name, file in files.items()}


def _by_source(rows: Iterable[tuple[Mapping[str, Any], int | None]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for entry, number in rows:
        if entry.get("source") and number is not None:
            counts[entry["source"]] += number
    return counts
