"""The steps of the flows, and the plain way to run them: in this process, without Prefect.

Prefect has no engine without a server, and its server costs more than a night's work. Where somebody watches the runs,
`flows.tasks` runs the same steps as Prefect's tasks.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from tenacity import Retrying, stop_after_attempt, wait_fixed

# Polars and DuckDB let other threads run while they work.
WORKERS = 2
RETRY_SECONDS = 5.0


class FlowStep(NamedTuple):
    """A step of a flow: its name, the function that does it, what a run of it is called, how often it is tried."""

    name: str
    function: Callable[..., Any]
    label: str = ""
    tries: int = 1


class Runner(Protocol):
    """Whoever runs steps."""

    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """What a step gives."""

    def each(self, step: FlowStep, items: Sequence[Any], *given: Any) -> list[Any]:
        """What a step gives for each item, in their order, each with the same further arguments."""


class Plain:
    """Runs steps as the functions that they are."""

    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """What a step gives; after an error it is tried again as often as it says."""
        patient = Retrying(stop=stop_after_attempt(step.tries), wait=wait_fixed(RETRY_SECONDS), reraise=True)
        return patient(step.function, *given)

    def each(self, step: FlowStep, items: Sequence[Any], *given: Any) -> list[Any]:
        """What a step gives for each item, several at once."""
        with ThreadPoolExecutor(WORKERS) as workers:
            return list(workers.map(lambda item: self(step, item, *given), items))
