"""What Prefect's server does by itself, as code: a silent run is crashed, somebody is told of what failed."""

from datetime import timedelta

from prefect.automations import Automation
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from flows.operation.dead_runs import WORDS

FLOWS = ["nightly", "yearly", "fetch-statbank"]
# A run is heard every 30 seconds (prefect.yaml). Twenty times unheard is no slow disk and no server that starts again.
SILENCE = timedelta(minutes=10)
SILENT = "boligprofil: a run that falls silent is crashed"
FAILED = "boligprofil: somebody is told of a run that failed"
BODY = """{{ flow_run.name }} ({{ flow.name }}): {{ flow_run.state.name }}

{{ flow_run.state.message }}

The run: {{ flow_run|ui_url }}
"""


def silent() -> Automation:
    """A run that was heard once and then not for `SILENCE`, without having ended, is crashed."""
    ends = {f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Crashed", "Cancelled", "TimedOut")}
    return Automation(
        name=SILENT,
        description=f"Without it a run whose machine died is shown as running for ever. Silence: {SILENCE}.",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
            match_related=_of_ours(),
            for_each={"prefect.resource.id"},
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *ends},
            threshold=1,
            within=SILENCE,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=WORDS, force=False)],
    )


def failed(block: str, client: SyncPrefectClient) -> Automation:
    """Somebody is told, by a notification block (`type/name`), of a run that was refused, failed or crashed.

    Raises NoBlock.
    """
    kind, _, name = block.partition("/")
    try:
        document = client.read_block_document_by_name(name, kind)
    except ObjectNotFound:
        raise NoBlock(
            f"there is no notification block {block!r} on this server (type/name, such as "
            "custom-webhook/office): make it under 'Blocks', or leave BOLIGPROFIL_NOTIFY_BLOCK empty"
        ) from None
    return Automation(
        name=FAILED,
        trigger=EventTrigger(
            posture=Posture.Reactive,
            match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
            match_related=_of_ours(),
            expect={f"prefect.flow-run.{name}" for name in ("Failed", "Crashed", "TimedOut")},
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            SendNotification(
                block_document_id=document.id,
                subject="Boligprofil: {{ flow_run.name }}",
                body=BODY,
            )
        ],
    )


class NoBlock(LookupError):
    """The server has no such notification block."""


def register(automation: Automation, client: SyncPrefectClient) -> None:
    """Have the server know an automation; one of the same name is replaced."""
    remove(automation.name, client)
    automation.create()


def remove(name: str, client: SyncPrefectClient) -> None:
    """Have the server forget the automations of a name."""
    for known in client.request("POST", "/automations/filter", json={}).json():
        if known["name"] == name:
            client.request("DELETE", "/automations/{id}", path_params={"id": known["id"]})


def _of_ours() -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.role": "flow", "prefect.resource.name": FLOWS})
