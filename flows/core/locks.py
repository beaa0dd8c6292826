"""Locks that the kernel frees when a process ends, however it ends; never a file that somebody must remove."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(place: Path, busy: Exception) -> Iterator[None]:
    """Hold a file, made where it is not there, or a folder that is. Raises `busy` where another process holds it."""
    handle = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        yield
    finally:
        os.close(handle)
