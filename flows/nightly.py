"""The nightly flow: deliveries to facts to marts to checks to a snapshot."""

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, unmapped
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows import tasks
from flows.agenda import Agenda, agenda
from flows.build import checks, queries
from flows.build.marts import BuildError, caveat
from flows.build.queries import QueryError
from flows.intake.reconcile import MixedOrigin
from flows.intake.staging import Receipt
from flows.provenance import commit, file_sha256, versions
from flows.publish import gate, snapshots
from flows.publish.snapshots import Busy, Damaged
from flows.report import Report, delivery_entries
from flows.settings import Settings, settings
from schemas import contracts, dictionary
from schemas.registry import Registry, RegistryError, load

log = logging.getLogger("boligprofil")
REFUSALS = (Busy, Damaged, MixedOrigin, QueryError, BuildError, RegistryError, FileNotFoundError)


# Polars and DuckDB let other threads run while they work.
RUNNER: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=2)


@flow(name="nightly", task_runner=RUNNER, persist_result=False)  # type: ignore[arg-type]
def nightly(
    raw: Path | None = None, marts: Path | None = None, schemas: Path | None = None, again: bool = False
) -> State[dict[str, Any]]:
    """Publish a snapshot of the deliveries, or say why not.

    Folders that are not given come from the settings. `again` builds even where nothing changed. The state carries a
    `Report` as plain values: Completed for published or unchanged, Failed for refused.
    """
    chosen = settings(raw=raw, marts=marts, schemas=schemas)
    try:
        with snapshots.lock(chosen.marts):
            report = _night(chosen, again)
    except REFUSALS as refusal:
        report = Report("refused", str(refusal))
    log.log(logging.ERROR if report.outcome == "refused" else logging.INFO, report.message)
    state = Failed if report.outcome == "refused" else Completed
    return state(message=report.message, data=asdict(report))


def _night(chosen: Settings, again: bool) -> Report:
    registry = load(chosen.schemas)
    plan = agenda(chosen, registry)
    if plan.is_done and plan.in_force and not again:
        return Report("unchanged", "nothing changed", snapshot=plan.in_force.id)
    watch = Stopwatch()
    staging = chosen.staging_folder
    accepted_before = plan.in_force.accepted if plan.in_force else {}

    with watch.step("read deliveries"):
        names = tasks.read_names(plan.deliveries, staging, registry, accepted_before)
        receipts = tasks.stage_delivery.map(
            list(plan.deliveries), unmapped(staging), unmapped(registry), unmapped(names), unmapped(accepted_before)
        ).result()
    with watch.step("reconcile them"):
        facts = tasks.reconcile_facts(receipts, staging, registry)
        quarantined = tasks.lay_out_quarantine(receipts, facts.set_aside, staging, chosen.quarantine_folder, registry)
    work = snapshots.work_folder(chosen.marts)
    with watch.step("build marts"):
        files = tasks.build_marts(facts, work, registry)
    with watch.step("judge marts"):
        judgement = tasks.judge_marts(
            files,
            {name: table.key for name, table in registry.marts.items()},
            suites(registry),
            work / "data_docs",
            f"Boligprofil: {_figures(facts.origin)}",
            notices(facts.origin, caveat(facts, registry)),
        )
    set_aside = {path: len(faults) for path, faults in facts.set_aside.items()}
    deliveries = delivery_entries(receipts, set_aside, quarantined)
    warnings = _warnings(files, receipts, registry)
    if not judgement.ok:
        page = _keep_refused(work, chosen.marts)
        message = gate.refusal(judgement).replace(str(judgement.page), str(page))
        return Report("refused", message, seconds=watch.seconds, deliveries=deliveries, warnings=warnings)
    manifest = _manifest(plan, registry, receipts, facts.tables, facts.origin, caveat(facts, registry))
    manifest |= {
        "deliveries": list(deliveries),
        "superseded": facts.superseded,
        "marts": snapshots.describe_marts(files, _reads(files)),
        "gate": {"expectations": judgement.expectations, "marts": judgement.marts, "broken": 0},
        "warnings": list(warnings),
        "seconds": watch.seconds,
    }
    (work / "dictionary.md").write_text(dictionary.as_markdown(registry), encoding="utf-8")
    (work / "dictionary.csv").write_text(dictionary.as_csv(registry), encoding="utf-8")
    with watch.step("publish"):
        snapshot = tasks.publish_snapshot(work, manifest, chosen.marts)
        snapshots.forget(chosen.marts, staging, chosen.keep_snapshots, chosen.keep_for)
    return Report(
        "published",
        f"published snapshot {snapshot.id}",
        snapshot=snapshot.id,
        seconds=watch.seconds,
        deliveries=deliveries,
        marts={name: entry["rows"] for name, entry in manifest["marts"].items()},
        warnings=warnings,
    )


def suites(registry: Registry) -> dict[str, list[contracts.Expectation]]:
    """The promises of every mart: those of the registry and the SQL checks that are errors."""
    made = {name: contracts.expectations(registry, table) for name, table in registry.marts.items()}
    for check in queries.checks().values():
        if check.severity == "error":
            query = {"unexpected_rows_query": check.sql}
            made[check.mart].append(
                contracts.Expectation("UnexpectedRowsExpectation", query, check.promise, check.name)
            )
    return made


def notices(origin: str, caveats: str) -> list[str]:
    """What stands at the head of every page about a snapshot."""
    return [f"This snapshot holds {_figures(origin)}.", *([f"The areas' figures are {caveats}."] if caveats else [])]


def _figures(origin: str) -> str:
    return "real figures" if origin == "real" else "synthetic figures, made up for trials"


def _reads(marts: dict[str, Path]) -> dict[str, list[str]]:
    both = {**queries.views(), **queries.marts()}
    return {name: queries.facts_behind(name, both) for name in marts}


def _warnings(files: dict[str, Path], receipts: list[Receipt], registry: Registry) -> tuple[str, ...]:
    stale = [
        f"{offence.check.promise} ({'; '.join(offence.where)})"
        for offence in checks.run(files, registry, severity="warning")
    ]
    refused = [
        f"{receipt.path} was refused ({registry.rules[receipt.rule].en}"
        + (f": {receipt.detail}" if receipt.detail else "")
        + ("); the facts of its last accepted delivery stay" if receipt.stands_in else "); nothing of it is used")
        for receipt in receipts
        if receipt.outcome == "refused"
    ]
    return (*refused, *stale)


def _manifest(
    plan: Agenda, registry: Registry, receipts: list[Receipt], facts: dict[str, Path], origin: str, caveats: str
) -> dict[str, Any]:
    folder = next(iter(facts.values())).parent
    staged = {f"current/{folder.name}/{file.name}" for file in facts.values()}
    for receipt in receipts:
        staged |= {*receipt.tables.values(), *([receipt.faults] if receipt.faults else [])}
        staged |= {f"receipts/{Path(file).stem}.json" for file in receipt.tables.values()}
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "origin": origin,
        "caveat": caveats,
        "commit": commit(),
        "versions": versions(),
        "inputs_sha256": plan.inputs_sha256,
        "registry_sha256": registry.fingerprint,
        "facts": {name: file_sha256(file) for name, file in sorted(facts.items())},
        "staged": sorted(staged),
    }


def _keep_refused(work: Path, marts: Path) -> Path:
    """Keep the pages of a refused snapshot where the engineer finds them; its marts are not kept."""
    pages = marts / "refused"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.move(work / "data_docs", pages)
    shutil.rmtree(work)
    return pages / "index.html"


class Stopwatch:
    """Seconds of each step, told to the log as they begin and end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        log.info("%s ...", name)
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 2)
        log.info("%s: %.1f s", name, self.seconds[name])
