"""The flow fetch-statbank: tables of StatBank brought as deliveries, as Prefect runs it after the hour of release."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import fetch, tasks
from flows.core.access import keep_in_the_house
from flows.operation import prefect_runs
from flows.operation.night_page import plain
from flows.settings import settings

# Each table is asked for twice, a minute apart, and may be a large one.
LONGEST_SECONDS = 3 * 3600


@flow(
    name="fetch-statbank",
    flow_run_name=prefect_runs.under_way,
    timeout_seconds=LONGEST_SECONDS,
    persist_result=False,
)
def fetch_statbank(
    sources: list[str] | None = None,
    raw: Path | None = None,
    schemas: Path | None = None,
) -> State[dict[str, Any]]:
    """Bring the declared tables of StatBank; the next night reads them. Failed where one could not be brought.

    Args:
        sources: Only these sources; else all that declare 'fetch'.
        raw: Folder of deliveries; else that of the settings.
        schemas: Folder of the registry; else the installed one.
    """
    keep_in_the_house()
    prefect_runs.begin()
    day, chosen = prefect_runs.today(), settings(raw=raw, schemas=schemas)
    try:
        report = fetch.run(chosen, sources or (), tasks.Tasks())
    except fetch.NotDeclared as refusal:
        report = {"outcome": "refused", "message": str(refusal), "tables": []}
    new = sum(bool(entry["stored"]) for entry in report["tables"])
    became = {"new": f"{new} new", "unchanged": "nothing new", "refused": "refused"}[report["outcome"]]
    prefect_runs.show(f"{day}, {became}", report["outcome"], "fetch", lambda: _page(day, report))
    return prefect_runs.ended(report["outcome"], report["message"], report)


def _page(day: str, report: dict[str, Any]) -> str:
    lines = [f"| {plain(entry['source'])} | {plain(entry['title'])} | {_became(entry)} |" for entry in report["tables"]]
    table = ["| source | table | became |", "|---|---|---|", *lines] if lines else []
    head = [f"# {day}: {plain(report['message'].splitlines()[0])}", "", "Read by the next night.", ""]
    return "\n".join([*head, *table]) + "\n"


def _became(entry: dict[str, str]) -> str:
    if entry["fault"]:
        return f"**not brought**: {plain(entry['fault'])}"
    return plain(entry["stored"]) or "nothing new"
