"""What was dated last, and by it whether the clock may date anything more: deliveries, snapshots, releases."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path

from flows.core.clock import VERSION, WrongClock, doubt, released_on
from flows.intake.ledger import FILE, DeliveryLedger, now
from flows.publish import snapshots
from schemas.sources import NightLimits

RELEASES = "ledger.jsonl"
LAST = 1 << 16


def dated(marts: Path, ledger: DeliveryLedger, releases: Path) -> dict[str, datetime]:
    """The newest moment that each was dated with: ledger of deliveries, kept snapshots, release ledger, the software.

    Without what was dated by a clock of which somebody said that it was wrong.
    """
    found = {f"the ledger of deliveries ({ledger.archive / FILE})": ledger.newest}
    for snapshot in snapshots.kept(marts):
        written = (snapshot.manifest.get(name) for name in ("as_of", "created_at"))
        moments = [moment for text in written if (moment := _moment(text))]
        found[f"snapshot {snapshot.id}"] = max(moments, default=None)
    found[f"the release ledger ({releases / RELEASES})"] = _last_release(releases / RELEASES)
    found[VERSION] = released_on(metadata.version("boligprofil"))
    return {what: at for what, at in found.items() if at is not None and not ledger.is_declared(what, at)}


def check(marts: Path, staging: Path, releases: Path, limits: NightLimits) -> None:
    """Raise WrongClock where the clock of this machine cannot be right, by what these folders hold."""
    require(now(), dated(marts, DeliveryLedger.load(staging), releases), limits)


def require(moment: datetime, recorded: Mapping[str, datetime], limits: NightLimits) -> None:
    """Raise WrongClock, with what to do, where `moment` cannot be after what was `recorded`."""
    if found := doubt(moment, recorded, limits):
        raise WrongClock(
            f"{found}. Nothing was dated and nothing was made. Set the clock of this machine and run again; if it is "
            "right, and what was dated before is not: boligprofil run --clock-is-right"
        )


def set_right(moment: datetime, later: Iterable[str]) -> str:
    """What it means that the clock is right although these were dated later."""
    what = "; ".join(sorted(later))
    wrong = f", and what is dated later to be wrong: {what}" if what else ""
    return (
        f"the clock was said to be right at {moment:%Y-%m-%d %H:%M} UTC{wrong}. No date that was written is changed; "
        "deliveries and snapshots that are dated later count from now on as of this moment"
    )


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _last_release(file: Path) -> datetime | None:
    """When the last whole line of the release ledger was written; whether the ledger is sound is judged elsewhere."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - LAST))
            lines = opened.read().split(b"\n")[:-1]
        return _moment(json.loads(lines[-1])["released_at"]) if lines else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
