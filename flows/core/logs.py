"""The log of a run as lines of JSON: one line a step, and levels that mean something.

INFO     a step has ended, or what became of the run
WARNING  something for a person to look at; the run went on
ERROR    the run was refused or failed: the old snapshot is in force
DEBUG    where in the code an error came from

Lines are appended to a file that may be moved away at any time (logrotate): a new one is begun. What goes into a log is
names of files, rules and numbers of rows, never a figure about a person.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

from typing_extensions import override

LOG = logging.getLogger("boligprofil")
# What a record may carry beside its words, by `extra`.
FIELDS = ("step", "seconds", "processor_seconds", "outcome", "snapshot")


class JsonLines(logging.Formatter):
    """A record as a line of JSON: moment, level, words, and what else is known of the step."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"at": moment, "level": record.levelname, "message": record.getMessage()}
        line |= {name: vars(record)[name] for name in FIELDS if name in vars(record)}
        if record.exc_info and record.exc_info[0]:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


@contextmanager
def kept(file: Path | None, level: int = logging.INFO) -> Iterator[None]:
    """Append the log of what runs inside to a file; to none where None."""
    if file is None:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = WatchedFileHandler(file, encoding="utf-8")
    handler.setFormatter(JsonLines())
    handler.setLevel(level)
    # The beginning of a step is for whoever looks on; the line comes when it has ended.
    handler.addFilter(lambda record: not record.getMessage().endswith("..."))
    before = LOG.level
    LOG.setLevel(min(level, before or level))
    LOG.addHandler(handler)
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(before)
        handler.close()
