"""How much memory queries may hold: what is declared, or less on a machine or in a container that has little; and when
Python need not look for what nobody holds any more.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.sources import NightLimits

# What a container may have at most, by cgroups of version 2 and 1; "max" or a huge number where it is not limited.
CONTAINER = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# Below it a query that sorts or groups cannot even begin to spill.
LEAST_MEGABYTES = 200
# Of what queries hold, each thread of theirs needs about so much.
THREAD_MEGABYTES = 150


def query_megabytes(limits: NightLimits) -> int:
    """Megabytes (10^6 bytes) that the queries of a step may hold; what they need beyond lies on the disk."""
    return min(most_megabytes(limits), max(LEAST_MEGABYTES, limits.memory_megabytes))


def most_megabytes(limits: NightLimits) -> int:
    """Megabytes that a query may hold which cannot be run in less."""
    return max(LEAST_MEGABYTES, int(limits.memory_share * machine_bytes() / 1e6))


def query_threads(megabytes: int) -> int:
    """How many threads of this machine so much memory is enough for."""
    return max(1, min(os.cpu_count() or 1, megabytes // THREAD_MEGABYTES))


def machine_bytes() -> int:
    """Memory of the machine, or what the container may have of it."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([whole, *(int(text) for file in CONTAINER if (text := _text(file)).isdigit())])


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:
        return ""


@contextmanager
def uncollected() -> Iterator[None]:
    """Python does not look for circles of objects in here: where a great many are made and all are given back in their
    time, looking costs a sixth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
