"""The yearly flow: the year as Prefect runs it, where somebody watches."""

from pathlib import Path
from typing import Annotated, Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows import tasks
from flows import year as steps_of_year
from flows.core.access import keep_in_the_house
from flows.operation import prefect_runs
from flows.operation.night_page import plain
from flows.settings import settings

# The figures of a year are cleared by search, which takes hours where there are thousands of areas.
LONGEST_SECONDS = 24 * 3600


@flow(
    name="yearly",
    flow_run_name=prefect_runs.under_way,
    timeout_seconds=LONGEST_SECONDS,
    persist_result=False,
)
def yearly(
    year: Annotated[int, Field(ge=1900, le=2999)],
    secretariat: str | None = None,
    marts: Path | None = None,
    releases: Path | None = None,
    extracts: Path | None = None,
    schemas: Path | None = None,
    language: Literal["da", "en"] = "da",
) -> State[dict[str, Any]]:
    """Write the extracts of a year as drafts for two people to clear, or say why not.

    Of all secretariats unless one is named; folders that are not given come from the settings. The state carries what
    was written as plain values: Completed, or Failed where nothing may leave the house.

    Args:
        year: The year whose figures the extracts tell.
        secretariat: Only this secretariat; else all.
        marts: Folder of snapshots; else that of the settings.
        releases: Folder of the ledger; else that of the settings.
        extracts: Folder of extracts; else that of the settings.
        schemas: Folder of the registry; else the installed one.
        language: The language of the extracts: da or en.
    """
    keep_in_the_house()
    prefect_runs.begin()
    chosen = settings(marts=marts, releases=releases, extracts=extracts, schemas=schemas)
    report = steps_of_year.run(chosen, year, secretariat, tasks.Tasks(), language)
    became = "refused" if report["outcome"] == "refused" else f"{len(report['extracts'])} drafts {report['outcome']}"
    prefect_runs.show(f"{year}, {became}", report["outcome"], "extracts", lambda: _page(year, report))
    return prefect_runs.ended(report["outcome"], report["message"], report)


def _page(year: int, report: dict[str, Any]) -> str:
    lines = [
        f"| {plain(extract['secretariat'])} | {'new' if extract['is_new'] else 'as before'} | `{extract['folder']}` |"
        for extract in report.get("extracts", ())
    ]
    table = ["| secretariat | draft | folder |", "|---|---|---|", *lines] if lines else []
    words = [f"# Extracts of {year}", "", plain(report["message"]), ""]
    clear = ["", "Drafts leave the house when two people have cleared them: `boligprofil clear`."] if lines else []
    return "\n".join([*words, *table, *clear]) + "\n"
