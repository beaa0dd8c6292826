"""All deliveries held against each other: newer ones supersede older ones, conflicts and leaps are set aside."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import chain
from pathlib import Path

import polars as pl

from flows.core.files import write
from flows.core.parquet import parquet, write_parquet
from flows.core.provenance import code_sha256, digest
from flows.intake import content, plans
from flows.intake.faults import Fault
from flows.intake.parts import PlacePart, parts
from flows.intake.receipts import Receipt
from flows.intake.standing import (
    COME,
    PLACE,
    came,
    conflicts,
    faults,
    named_before,
    newest,
    pairs_of_years,
    repeated_years,
    standing,
)
from schemas import contracts
from schemas.registry import Registry
from schemas.tables import Table

FIRST_FIGURES = "first_figures"
VERDICT = "verdict.json"


class MixedOrigin(Exception):
    """Real and synthetic deliveries in one folder: no snapshot may hold both."""


@dataclass(frozen=True)
class Facts:
    """The facts in force: a file per fact table, what was set aside by path, and how many rows a newer one replaced.

    `accepted` and `corrected` count the rows that a declared exception or correction matched.
    """

    tables: dict[str, Path]
    origin: str
    set_aside: dict[str, list[Fault]] = field(default_factory=dict)
    superseded: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    corrected: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Verdict:
    """What was set aside (path and fault), how many rows a newer one replaced, and the exceptions that were needed."""

    set_aside: list[tuple[str, Fault]]
    superseded: dict[str, int]
    accepted: dict[str, int]


def reconcile(receipts: Sequence[Receipt], staging: Path, registry: Registry) -> Facts:
    """The facts in force over all usable deliveries, in staging under a name made of what they are made of.

    What was made of the same deliveries before is not made again. Raises MixedOrigin where real and synthetic
    deliveries meet.
    """
    accepted = [receipt for receipt in receipts if receipt.facts_from]
    origin = _origin(accepted)
    parts = sorted(
        f"{receipt.outcome} {receipt.came_at} {receipt.is_resent} {file}"
        for receipt in accepted
        for file in _files(receipt)
    )
    folder = staging / "current" / digest([reconciler(registry), *parts])[:32]
    tables = _tables(folder, registry)
    verdict = _verdict_in(folder) if all(file.is_file() for file in tables.values()) else None
    if verdict is None:
        verdict = _quoted(_reconciled(accepted, staging, folder, registry), accepted, staging, registry)
        write(folder / VERDICT, json.dumps(asdict(verdict), ensure_ascii=False).encode())
    by_path: dict[str, list[Fault]] = {}
    for path, fault in verdict.set_aside:
        by_path.setdefault(path, []).append(fault)
    corrected = sum((Counter(receipt.corrected) for receipt in accepted), Counter[str]())
    matched = sum((Counter(receipt.accepted) for receipt in accepted), Counter(verdict.accepted))
    return Facts(tables, origin, by_path, verdict.superseded, dict(matched), dict(corrected))


def reconciler(registry: Registry) -> str:
    """The hash of what decides, beside the deliveries, which facts are in force: registry and code."""
    return digest([registry.fingerprint, code_sha256("flows.intake", "schemas")])


def kept(staging: Path, folder: str, origin: str, registry: Registry) -> Facts | None:
    """The facts that were reconciled into a folder of staging, None where not all of them are there."""
    tables = _tables(staging / "current" / folder, registry)
    return Facts(tables, origin) if all(file.is_file() for file in tables.values()) else None


def _tables(folder: Path, registry: Registry) -> dict[str, Path]:
    return {name: folder / f"{name}.parquet" for name in registry.facts}


def _files(receipt: Receipt) -> list[str]:
    set_aside = [receipt.set_aside] if receipt.set_aside else []
    return [*receipt.tables.values(), *chain(*receipt.history.values()), *set_aside]


def _verdict_in(folder: Path) -> _Verdict | None:
    try:
        entries = json.loads((folder / VERDICT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    set_aside = [(path, Fault(**fault)) for path, fault in entries["set_aside"]]
    return _Verdict(set_aside, entries["superseded"], entries["accepted"])


def _reconciled(accepted: Sequence[Receipt], staging: Path, folder: Path, registry: Registry) -> _Verdict:
    """Hold all deliveries against each other and write the facts in force."""
    figures = _figures(accepted, staging, folder, registry)
    set_aside, superseded = figures.set_aside, figures.superseded
    held: dict[str, pl.DataFrame] = {}
    for name, table in registry.facts.items():
        if name in ("figures", FIRST_FIGURES, plans.TARGETS):
            continue
        delivered = _rows(accepted, staging, table)
        if name in plans.TABLES:
            delivered = plans.as_granted(delivered, plans.known_plans(held))
        current, found = _in_force(delivered, accepted, table) if delivered.height else (delivered, [])
        set_aside += found
        if replaced := delivered.height - current.height - len(found):
            superseded[name] = replaced
        if name == "plan_activities":
            current, strays = plans.activities(current, plans.known_plans(held), registry)
            set_aside += strays
        if name == "activity_indicators":
            current = current.join(held["plan_activities"], on=PLACE, how="semi")
        if name in (*plans.TABLES, *plans.GRANTS):
            held[name] = current
        _write(folder, current, table)
    targets = registry.tables[plans.TARGETS]
    versions = _versions(accepted, staging, targets)
    standing_targets = plans.stand(versions, held["plan_activities"], plans.known_plans(held), registry)
    _write(folder, standing_targets.rows, targets)
    return _Verdict(
        [*set_aside, *standing_targets.set_aside],
        superseded,
        dict(Counter(figures.accepted) + standing_targets.accepted),
    )


def _in_force(
    delivered: pl.DataFrame, accepted: Sequence[Receipt], table: Table
) -> tuple[pl.DataFrame, list[tuple[str, Fault]]]:
    """The last received row of each key, and the faults of those whose deliveries of one day contradict each other."""
    rows = came(delivered, accepted)
    conflicting = conflicts(rows, table.key)
    kept = rows.join(conflicting, on=[*PLACE, *table.key], how="anti", nulls_equal=True)
    found = faults(conflicting, "conflicting_deliveries", ", ".join(table.key))
    return newest(kept, table.key).drop(COME), found


def _figures(accepted: Sequence[Receipt], staging: Path, folder: Path, registry: Registry) -> _Verdict:
    """Hold the figures against each other, some places at a time, and write those in force and the first of each."""
    table, first = registry.tables["figures"], registry.tables[FIRST_FIGURES]
    found, excused, replaced = list[tuple[str, Fault]](), Counter[str](), 0
    with (
        parts(accepted, staging, table, folder.parent) as of_places,
        parquet(folder / "figures.parquet", table) as add,
        parquet(folder / f"{FIRST_FIGURES}.parquet", first) as add_first,
    ):
        by_municipality = any(registry.sources[r.source].by_municipality for r in accepted if r.source)
        first_pass = of_places if by_municipality else ()
        repeated = repeated_years(pairs_of_years(part.delivered, registry) for part in first_pass)
        for part in of_places:
            older = named_before(part, accepted, table.key)
            stand = standing(came(part.delivered, accepted), older, repeated, registry)
            add(stand.figures.sort(table.key).to_arrow())
            add_first(_first_figures(part, first).sort(first.key).to_arrow())
            found += stand.set_aside
            excused += stand.accepted
            replaced += part.delivered.height - stand.figures.height - len(stand.set_aside)
    return _Verdict(found, {"figures": replaced} if replaced else {}, dict(excused))


def _quoted(verdict: _Verdict, accepted: Sequence[Receipt], staging: Path, registry: Registry) -> _Verdict:
    """The verdict with the delivered text of every line that is set aside, for people."""
    wanted: dict[str, set[int]] = {}
    for path, fault in verdict.set_aside:
        wanted.setdefault(path, set()).add(fault.line)
    lines = {
        receipt.path: content.archived_lines(receipt, wanted[receipt.path], staging, registry)
        for receipt in accepted
        if receipt.path in wanted
    }
    quoted = [(path, replace(fault, text=lines[path].get(fault.line, ""))) for path, fault in verdict.set_aside]
    return replace(verdict, set_aside=quoted)


def _write(folder: Path, rows: pl.DataFrame, table: Table) -> None:
    write_parquet(folder / f"{table.id}.parquet", rows.sort(table.key).to_arrow(), table)


def _origin(accepted: Sequence[Receipt]) -> str:
    by_origin = {receipt.origin: receipt.path for receipt in accepted}
    if len(by_origin) > 1:
        examples = " and ".join(f"{path} ({origin})" for origin, path in sorted(by_origin.items()))
        raise MixedOrigin(f"real and synthetic deliveries must never meet: {examples}; keep them in separate folders")
    return next(iter(by_origin), "real")


def _rows(accepted: Sequence[Receipt], staging: Path, table: Table) -> pl.DataFrame:
    files = [staging / receipt.tables[table.id] for receipt in accepted if table.id in receipt.tables]
    empty = pl.DataFrame(schema=contracts.polars_schema(table))
    return pl.concat([empty, *(pl.read_parquet(file, glob=False) for file in files)])


def _first_figures(part: PlacePart, table: Table) -> pl.DataFrame:
    """The earliest publication of each figure of an area, over all deliveries and their older versions."""
    columns = [column.name for column in table.columns]
    of_areas = [
        rows.filter(pl.col("geography") == "area", pl.col("value").is_not_null()).select(columns)
        for rows in (part.delivered, part.versions)
    ]
    every = pl.concat(of_areas)
    return every.sort("published_at", "received_at", *PLACE).unique(table.key, keep="first", maintain_order=True)


def _versions(accepted: Sequence[Receipt], staging: Path, table: Table) -> list[plans.Version]:
    """The deliveries of a table, of append-only sources in every version; none was received before an older one."""
    found = []
    for receipt in accepted:
        files, received = receipt.versions(table.id), date.min
        for number, file in enumerate(files):
            rows = pl.read_parquet(staging / file, glob=False)
            received = max([received, *rows["received_at"].unique()])
            is_current = number == len(files) - 1 and receipt.outcome == "accepted"
            found.append(plans.Version(rows, received, number, is_current))
    return found
