"""Processes of ours: marked by their environment, so that whoever comes later finds them whoever started them last.

Linux tells it in /proc; where there is none, nothing is found.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# In the environment of all that `boligprofil serve` starts, and of all that they start: the folder it serves.
MARK = "BOLIGPROFIL_SERVED"
PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Process:
    """A process that runs: its number, and since when in ticks of the machine, for numbers are given again."""

    pid: int
    started: int
    command: str

    @property
    def runs(self) -> bool:
        """Whether it still does."""
        return _started(self.pid) == self.started


def marked(folder: Path) -> list[Process]:
    """The processes that serve this folder, but for this one."""
    wanted = f"{MARK}={folder.resolve()}".encode()
    return [process for process in _all() if process.pid != os.getpid() and wanted in _environment(process.pid)]


def with_variable(name: str, value: str) -> list[Process]:
    """The processes that have this variable in their environment."""
    wanted = f"{name}={value}".encode()
    return [process for process in _all() if wanted in _environment(process.pid)]


def end(processes: list[Process], seconds: float) -> None:
    """Ask them to end, and kill those that have not after so many seconds; only these, whoever has their number now."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            if process.runs:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, number)
        limit = time.monotonic() + seconds
        while any(process.runs for process in processes) and time.monotonic() < limit:
            time.sleep(POLL_SECONDS)


def started(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """A process that is asked to end when this one is gone, however; in a session of its own: what a terminal sends to
    us is ours to hand on.
    """
    return subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_ends_with_parent(),  # noqa: PLW1509 - two calls of the kernel
    )


def _ends_with_parent() -> Callable[[], None]:
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)

    def in_child() -> None:
        if hasattr(libc, "prctl"):
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died in between
                os.kill(os.getpid(), signal.SIGTERM)

    return in_child


def identity() -> str:
    """What names this process beyond its number, on this start of the machine; it holds no blank."""
    return f"{_boot()}:{os.getpid()}:{_started(os.getpid())}"


def runs(name: str) -> bool:
    """Whether the process of an `identity` runs on this machine."""
    boot, _, rest = name.partition(":")
    pid, _, started = rest.partition(":")
    return boot == _boot() and pid.isdigit() and str(_started(int(pid))) == started


def _all() -> Iterator[Process]:
    for folder in PROC.glob("[0-9]*"):
        pid = int(folder.name)
        started = _started(pid)
        if started is not None:
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                yield Process(pid, started, words)


def _environment(pid: int) -> list[bytes]:
    """The variables that a process was started with; none where it is somebody else's."""
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _started(pid: int) -> int | None:
    """When a process started, in ticks since the machine did; None where none runs, or one that has ended."""
    try:
        # The name in brackets may hold blanks and brackets of its own.
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
