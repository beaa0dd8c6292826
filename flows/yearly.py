"""The yearly flow: the year as Prefect runs it, where somebody watches."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import tasks
from flows import year as steps_of_year
from flows.core.access import keep_in_the_house
from flows.settings import settings


@flow(name="yearly", persist_result=False)
def yearly(
    year: int,
    secretariat: str | None = None,
    marts: Path | None = None,
    releases: Path | None = None,
    extracts: Path | None = None,
    schemas: Path | None = None,
) -> State[dict[str, Any]]:
    """Write the extracts of a year as drafts for two people to clear, or say why not.

    Of all secretariats unless one is named; folders that are not given come from the settings. The state carries what
    was written as plain values: Completed, or Failed where nothing may leave the house.
    """
    keep_in_the_house()
    chosen = settings(marts=marts, releases=releases, extracts=extracts, schemas=schemas)
    report = steps_of_year.run(chosen, year, secretariat, tasks.Tasks())
    state = Failed if report["outcome"] == "refused" else Completed
    return state(message=report["message"], data=report)
