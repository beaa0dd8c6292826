"""Locks that the kernel frees when a process ends, however it ends; never a file that somebody must remove."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

HOLDER = "process "
LONGEST = 200


@contextmanager
def held(place: Path, busy: Exception) -> Iterator[None]:
    """Hold a file, made where it is not there, or a folder that is. Raises `busy` where another process holds it.

    While it is held a file says who holds it, which whoever meets `busy` is told; that is never what decides.
    """
    is_folder = place.is_dir()
    handle = os.open(place, os.O_RDONLY if is_folder else os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = "" if is_folder else _holder(handle)
            raise (type(busy)(f"{busy} (held by {holder})") if holder.startswith(HOLDER) else busy) from None
        before = "" if is_folder else _holder(handle)
        is_ours = not is_folder and (not before or before.startswith(HOLDER))
        if is_ours:
            _say(
                handle, f"{HOLDER}{os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            )
        try:
            yield
        finally:
            if is_ours:
                _say(handle, "")
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    return os.pread(handle, LONGEST, 0).decode(errors="replace")


def _say(handle: int, words: str) -> None:
    """Write who holds a lock into it, as far as the disk has room: the lock is held all the same."""
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, words.encode(), 0)
