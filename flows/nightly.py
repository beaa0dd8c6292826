"""The nightly flow: the night as Prefect runs it, on a schedule and where somebody watches."""

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import night, tasks
from flows.core.access import keep_in_the_house
from flows.core.outcome import Report
from flows.operation import night_page, prefect_runs
from flows.publish import snapshots
from flows.publish.snapshots import Snapshot
from flows.settings import Settings, settings
from schemas.loading import load
from schemas.registry import RegistryError

# A night of the whole country takes minutes. What takes longer than this hangs.
LONGEST_SECONDS = 6 * 3600


@flow(
    name="nightly",
    flow_run_name=prefect_runs.under_way,
    task_runner=tasks.RUNNER,  # type: ignore[arg-type]
    timeout_seconds=LONGEST_SECONDS,
    persist_result=False,
)
def nightly(
    raw: Path | None = None,
    marts: Path | None = None,
    schemas: Path | None = None,
    again: bool = False,
    as_of: datetime | None = None,
    published_by: date | None = None,
    clock_is_right: bool = False,
) -> State[dict[str, Any]]:
    """Publish a snapshot of the deliveries, or say why not.

    Folders that are not given come from the settings. With `as_of` or `published_by` the marts of that vintage are
    built beside the snapshots and the one in force stays. The state carries a `Report` as plain values: Completed for
    published or unchanged, Failed for refused. The run is named by its night and what became of it, tagged with the
    outcome, and has a page (artifact `night`).

    Args:
        raw: Folder of deliveries; else that of the settings.
        marts: Folder of snapshots; else that of the settings.
        schemas: Folder of the registry; else the installed one.
        again: Build even where nothing changed.
        as_of: Rebuild what had been received at this moment.
        published_by: Rebuild what sources had published by this day.
        clock_is_right: What was dated later than now was dated by a clock that was wrong.
    """
    keep_in_the_house()
    prefect_runs.begin()
    day, chosen = prefect_runs.today(), settings(raw=raw, marts=marts, schemas=schemas)
    before = snapshots.in_force(chosen.marts)
    report = night.run(chosen, again, as_of, published_by, tasks.Tasks(), clock_is_right)
    prefect_runs.show(
        prefect_runs.name_of_night(report, day), report.outcome, "night", lambda: _page(report, day, before, chosen)
    )
    return prefect_runs.ended(report.outcome, report.message, asdict(report))


def _page(report: Report, day: str, before: Snapshot | None, chosen: Settings) -> str:
    try:
        registry = load(chosen.schemas)
    except RegistryError:
        registry = None  # the night said so
    after = snapshots.in_force(chosen.marts)
    return night_page.page(report, day, before, after, registry, chosen.pages, chosen.marts)
