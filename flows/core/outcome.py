"""What a run did, for the manifest, the terminal and the flow's result; and what ended it, in words."""

import errno
import os
import re
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Report:
    """Outcome of a run: `published` and `unchanged` are good nights, `refused` left the last snapshot in force.

    `rebuilt` is a vintage in `folder`; `differences` says how it differs from the snapshot of that time. `taken_over`
    are the marts that are those of the snapshot before.
    """

    outcome: Literal["published", "unchanged", "refused", "rebuilt"]
    message: str
    snapshot: str = ""
    folder: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    deliveries: tuple[dict[str, Any], ...] = ()
    marts: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    taken_over: tuple[str, ...] = ()


# What each library says of a disk in its own kind of error, and what whoever reads it can do.
_ROOM = "make room ('boligprofil doctor' says what a night takes), then run again"
_RIGHTS = "let the user that runs the night write there, then run again"
_GONE = "it was there a moment ago: put it back, or wait until all of it has been written, then run again"
ADVICE = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EROFS: _RIGHTS,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.ENOENT: _GONE,
    errno.ESTALE: _GONE,
}
DAMAGED = re.compile(r"PAR1|magic bytes")
DAMAGED_ADVICE = (
    "a parquet file is cut or damaged: remove all of data/staging but deliveries/, which is made anew, then run "
    "'boligprofil check' and the night again"
)


def of_disk(error: BaseException) -> str | None:
    """What an error says of disk and files, what stays, and what to do; None where it is about something else.

    A run that took too long is no matter of a disk, though Python calls it one.
    """
    if isinstance(error, TimeoutError):
        return None
    number = error.errno if isinstance(error, OSError) and error.errno else _number(str(error))
    if number is None:
        return _words(str(error), DAMAGED_ADVICE) if DAMAGED.search(str(error)) else None
    named = [str(name) for name in (getattr(error, "filename", None), getattr(error, "filename2", None)) if name]
    what = os.strerror(number) if named else " ".join(str(error).split())
    where = f" ({' and '.join(named)})" if named else ""
    return _words(f"{what}{where}", ADVICE.get(number, "run again; if it stays so, the disk may be failing"))


def _words(what: str, advice: str) -> str:
    return f"{what}: the run stopped, and what was there before stays as it was. To do: {advice}"


def _number(words: str) -> int | None:
    """The number of the system's error that other libraries name in their words."""
    if found := re.search(r"\((?:os error|errno) (\d+)\)|\[errno (\d+)\]", words, re.IGNORECASE):
        return int(found[1] or found[2])
    return next((number for number in ADVICE if os.strerror(number) in words), None)
