"""The steps of the flows as Prefect's tasks; the logic lives in the hops.

Prefect's own cache is off: it would hash path strings and return hits for files that are gone. Staged facts are named
by content instead.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import Task, task, unmapped
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.steps import WORKERS, FlowStep, may_pass, waits

RUNNER: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=WORKERS)


class Tasks:
    """Runs steps as tasks of the Prefect flow that is running."""

    def __call__(self, step: FlowStep, *given: Any) -> Any:
        """What a step gives. Prefect does not walk through its arguments, which takes seconds a task."""
        return _task(step)(*map(_as_is, given))

    def each(self, step: FlowStep, items: Sequence[Any], *given: Any) -> list[Any]:
        """What a step gives for each item, a task each."""
        made: list[Any] = _task(step).map(list(items), *(unmapped(_as_is(each)) for each in given)).result()
        return made


def _task(step: FlowStep) -> Task[..., Any]:
    made: Task[..., Any] = task(
        name=step.name,
        task_run_name=step.label or None,
        retries=step.tries - 1,
        retry_delay_seconds=waits(step.tries),
        retry_condition_fn=_may_pass,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(step.function)
    return made


def _may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and may_pass(error)


def _as_is(given: Any) -> Any:
    """An argument that Prefect hands on without walking through it; plain values may stand in a run's name."""
    return given if isinstance(given, str | int | Path) else quote(given)
