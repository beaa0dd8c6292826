"""Telling somebody: of a night that was refused, of what is gone or late, and when all is in order again.

A command gets the message on its standard input, the headline in the first line. What was told of once is not told of
every night: `told.json` beside the marts knows. Nights that are as they should be say nothing.
"""

import json
import logging
import shlex
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from flows.core.files import write
from flows.core.outcome import Report
from flows.intake.freshness import late
from flows.publish import snapshots
from flows.publish.snapshots import Snapshot
from schemas.registry import Registry

log = logging.getLogger("boligprofil")
TOLD = "told.json"
LONGEST_SECONDS = 120
LINES = 20


@dataclass(frozen=True)
class Told:
    """What somebody was told of and is not in order yet: since when nights are refused, what is gone, what is late."""

    refused_since: str = ""
    gone: tuple[str, ...] = ()
    late: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """What is told: a headline, then paragraphs."""

    headline: str
    paragraphs: tuple[str, ...] = field(default=())

    @override
    def __str__(self) -> str:
        """As the command gets it."""
        return "\n\n".join([f"Boligprofil: {self.headline}", *self.paragraphs]) + "\n"


def after_night(command: str, report: Report, marts: Path, registry: Registry | None, now: datetime) -> None:
    """Tell what is to be told after a night, by this command; nothing where there is none.

    Without a registry, which then is what the night was refused for, nothing is said of what is late.
    """
    if not command or report.outcome == "rebuilt":
        return
    before, snapshot = _told(marts), snapshots.in_force(marts)
    message, after = of_night(report, snapshot, registry, before, now, marts)
    if after != before and (message is None or tell(command, message)):
        with suppress(OSError):
            write(marts / TOLD, json.dumps(asdict(after), ensure_ascii=False, indent=1).encode())
    elif after == before and message is not None:
        tell(command, message)


def of_night(
    report: Report, snapshot: Snapshot | None, registry: Registry | None, before: Told, now: datetime, marts: Path
) -> tuple[Message | None, Told]:
    """What there is to tell after a night, and what somebody will have been told then."""
    gone = {entry["path"]: entry for entry in _gone(snapshot)}
    behind = late(registry, snapshot.manifest["deliveries"], now) if registry and snapshot else {}
    where = f"Where: {marts.absolute()} on {socket.gethostname()}"
    if report.outcome == "refused":
        since = before.refused_since or f"{now:%Y-%m-%d %H:%M} UTC"
        again = f" again (since {before.refused_since})" if before.refused_since else ""
        todo = "To do: mend what is named above, then 'boligprofil run'; 'boligprofil status' shows each delivery."
        message = Message(
            f"the night was refused{again}", (report.message, where, _kept(snapshot, "as they did before"), todo)
        )
        return message, Told(since, before.gone, before.late)
    new_gone, new_late = sorted(gone.keys() - {*before.gone}), sorted(behind.keys() - {*before.late})
    back, came = sorted({*before.gone} - gone.keys()), sorted({*before.late} - behind.keys())
    after = Told("", tuple(sorted(gone)), tuple(sorted(behind)))
    if not (new_gone or new_late or back or came or before.refused_since):
        return None, after
    lines = [_line(gone[path]) for path in new_gone] + [f"late: {behind[source]}" for source in new_late]
    mended = [f"no longer refused, as nights were since {before.refused_since}"] if before.refused_since else []
    mended += [f"not gone any more: {path}" for path in back] + [f"not late any more: {source}" for source in came]
    still = [f"{len(gone)} gone"] * bool(gone) + [f"{len(behind)} late"] * bool(behind)
    paragraphs = (*_listed(lines), *_listed(mended), where, _kept(snapshot, "without what is gone" if gone else ""))
    todo = "To do: put back or declare what is gone ('boligprofil status'), fetch or ask for what is late."
    if not lines:
        headline = "in order again" if not still else f"better; still {' and '.join(still)}"
        return Message(headline, paragraphs if not still else (*paragraphs, todo)), after
    return Message(" and ".join(still), (*paragraphs, todo)), after


def of_fault(fault: BaseException, snapshot: Snapshot | None, marts: Path) -> Message:
    """That a night ended in an error that nobody foresaw."""
    return Message(
        "the night ended in an error",
        (
            f"{type(fault).__name__}: {fault}",
            f"Where: {marts.absolute()} on {socket.gethostname()}",
            _kept(snapshot, "as they did before"),
            "To do: run 'boligprofil run' again; if it ends so again, keep the deliveries and report it.",
        ),
    )


def of_dead_run(words: str, snapshot: Snapshot | None, marts: Path) -> Message:
    """That a run died without a word."""
    return Message(
        "a run died",
        (
            words,
            f"Where: {marts.absolute()} on {socket.gethostname()}",
            _kept(snapshot, "as they did before"),
            "To do: nothing, if the machine was switched off: the next run finishes the job. Else find what killed it.",
        ),
    )


def tell(command: str, message: Message) -> bool:
    """Give a message to the command; whether it took it. One that does not is said in the log and undoes no night."""
    try:
        done = subprocess.run(
            shlex.split(command),
            input=str(message),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        log.warning("nobody could be told (BOLIGPROFIL_NOTIFY): %s: %s", type(error).__name__, error)
        return False
    if done.returncode:
        log.warning("nobody could be told (BOLIGPROFIL_NOTIFY): exit code %d: %s", done.returncode, done.stderr[-300:])
    return done.returncode == 0


def _told(marts: Path) -> Told:
    try:
        found = json.loads((marts / TOLD).read_text(encoding="utf-8"))
        return Told(str(found["refused_since"]), tuple(found["gone"]), tuple(found["late"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Told()


def _gone(snapshot: Snapshot | None) -> Sequence[Mapping[str, Any]]:
    """What is gone and nobody has accepted."""
    entries = snapshot.manifest.get("gone", ()) if snapshot else ()
    return [entry for entry in entries if not entry["accepted_by"]]


def _line(entry: Mapping[str, Any]) -> str:
    rows = "an unknown number of" if entry["rows"] is None else f"{entry['rows']:,}"
    return f"gone: {entry['path']} ({entry['source']}), since {entry['since']}; {rows} rows of facts rested on it"


def _kept(snapshot: Snapshot | None, how: str) -> str:
    if snapshot is None:
        return "Kept: nothing is in force, nothing was published."
    readers = f"; readers see it {how}" if how else ""
    return f"Kept: snapshot {snapshot.id} of {snapshot.published_at:%Y-%m-%d %H:%M} UTC is in force{readers}."


def _listed(lines: list[str]) -> list[str]:
    more = [f"and {len(lines) - LINES:,} more"] if len(lines) > LINES else []
    return ["\n".join([*lines[:LINES], *more])] if lines else []
