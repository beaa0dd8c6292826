"""The steps of the flows, and the plain way to run them: in this process, without Prefect.

Prefect has no engine without a server, and its server costs more than a night's work. Where somebody watches the runs,
`flows.tasks` runs the same steps as Prefect's tasks.
"""

import errno
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

# Polars and DuckDB let other threads run while they work.
WORKERS = 2
# Waited before the second try, and as often as much again before each one after it: 5 and 30 seconds.
RETRY_SECONDS, RETRY_FACTOR = 5.0, 6.0
# What a disk says that it will say again in a minute.
LASTING = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}


class FlowStep(NamedTuple):
    """A step of a flow: its name, the function that does it, what a run of it is called, how often it is tried."""

    name: str
    function: Callable[..., Any]
    label: str = ""
    tries: int = 1


def may_pass(error: BaseException) -> bool:
    """Whether the same step may succeed a little later: a disk or a network that hiccups, nothing that is simply so."""
    return isinstance(error, OSError) and error.errno not in LASTING


def waits(tries: int) -> list[float]:
    """Seconds before each try but the first."""
    return [RETRY_SECONDS * RETRY_FACTOR**number for number in range(tries - 1)]


class Runner(Protocol):
    """Whoever runs steps."""

    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """What a step gives."""

    def each(self, step: FlowStep, items: Sequence[Any], *given: Any) -> list[Any]:
        """What a step gives for each item, in their order, each with the same further arguments."""


class Plain:
    """Runs steps as the functions that they are."""

    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """What a step gives; after an error that may pass it is tried again as often as it says."""
        patient = Retrying(
            stop=stop_after_attempt(step.tries),
            wait=wait_exponential(RETRY_SECONDS, exp_base=RETRY_FACTOR),
            retry=retry_if_exception(may_pass),
            reraise=True,
        )
        return patient(step.function, *given)

    def each(self, step: FlowStep, items: Sequence[Any], *given: Any) -> list[Any]:
        """What a step gives for each item, several at once."""
        with ThreadPoolExecutor(WORKERS) as workers:
            return list(workers.map(lambda item: self(step, item, *given), items))
