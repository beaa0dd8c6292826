"""What other programs are told when a run has ended: metrics as a file, events of OpenLineage. It never ends a run."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx

from flows.catalogue import metrics, open_lineage
from flows.core.outcome import Report
from flows.intake.ledger import now
from flows.publish import snapshots
from schemas.loading import load
from schemas.registry import RegistryError

log = logging.getLogger("boligprofil")


def tell(
    report: Report, began: datetime, marts: Path, schemas: Path | None, metrics_file: Path | None, to: str | None
) -> None:
    """Write the metrics of a run to a file and send its events to a file or an address, where these are set.

    What cannot be written or sent is a warning: the night is as good as it was.
    """
    ended, in_force = now(), snapshots.in_force(marts)
    if metrics_file:
        _try(lambda: metrics.put(metrics_file, metrics.after_run(report.outcome, ended, in_force, report.seconds)))
    if to:
        published = in_force if report.outcome == "published" else None
        _try(lambda: open_lineage.send(open_lineage.events(report, began, ended, published, load(schemas)), to))


def _try(work: Callable[[], None]) -> None:
    try:
        work()
    except (OSError, httpx.HTTPError, RegistryError) as error:
        log.warning("the run is told to nobody outside: %s: %s", type(error).__name__, error)
