"""Runs that Prefect shows as running and whose process is dead: after a power cut nobody was left to say so."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.runtime import flow_run
from prefect.states import Crashed

from flows.operation import processes

HOST, PROCESS = "boligprofil.host", "boligprofil.process"
UNDER_WAY = (StateType.RUNNING, StateType.CANCELLING)
WORDS = (
    "The machine, or the worker, stopped while this run was under way. What was in force before stays in force, and "
    "the next run finishes the job."
)


@dataclass(frozen=True)
class DeadRun:
    """A run that is shown as under way and is not."""

    run: FlowRun
    flow: str

    @property
    def words(self) -> str:
        """What it is called, and what became of it."""
        return f"{self.flow} '{self.run.name}' is shown in Prefect as {self.run.state_name}, and its process is dead"


def sign(client: SyncPrefectClient) -> None:
    """Note at the run that is under way on which machine it is, and which process."""
    client.update_flow_run_labels(flow_run.id, {HOST: socket.gethostname(), PROCESS: processes.identity()})


def find(client: SyncPrefectClient, all_are_here: bool = False) -> Iterator[DeadRun]:
    """The dead runs of this machine, by the process that each noted.

    With `all_are_here` also those that noted nothing, or wait for a process that never came: where the server has no
    other worker than one that is not there yet.
    """
    wanted = [*UNDER_WAY, StateType.PENDING] if all_are_here else list(UNDER_WAY)
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=wanted))
    for run in client.read_flow_runs(flow_run_filter=FlowRunFilter(state=state)):
        noted = run.labels.get(PROCESS)
        if noted is None:
            is_dead = all_are_here and not processes.with_variable("PREFECT__FLOW_RUN_ID", str(run.id))
        else:
            is_here = all_are_here or run.labels.get(HOST) == socket.gethostname()
            is_dead = is_here and not processes.runs(str(noted))
        if is_dead:
            yield DeadRun(run, client.read_flow(run.flow_id).name)


def bury(client: SyncPrefectClient, dead: DeadRun) -> None:
    """Have Prefect know that a run crashed, which frees its place for the next one."""
    client.set_flow_run_state(dead.run.id, Crashed(message=WORDS))
