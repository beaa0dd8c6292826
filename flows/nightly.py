"""The nightly flow: the night as Prefect runs it, on a schedule and where somebody watches."""

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import night, tasks
from flows.core.access import keep_in_the_house
from flows.settings import settings


@flow(name="nightly", task_runner=tasks.RUNNER, persist_result=False)  # type: ignore[arg-type]
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

    Folders that are not given come from the settings. `again` builds even where nothing changed. With `as_of` (a
    moment: what had been received) or `published_by` (a day: what the sources had published), the marts of that vintage
    are built beside the snapshots and the one in force stays. `clock_is_right`: what was dated later than now was dated
    by a clock that was wrong. The state carries a `Report` as plain values: Completed
    for published or unchanged, Failed for refused.
    """
    keep_in_the_house()
    chosen = settings(raw=raw, marts=marts, schemas=schemas)
    report = night.run(chosen, again, as_of, published_by, tasks.Tasks(), clock_is_right)
    state = Failed if report.outcome == "refused" else Completed
    return state(message=report.message, data=asdict(report))
