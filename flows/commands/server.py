"""Prefect's server: one of one's own, and what an existing one shall know."""

import logging
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import REFUSED, USAGE, Marts, stop
from flows.commands.terminal import err, out, words

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from flows.settings import Settings

CONFLICT = 409
ACCESS = "PREFECT_API_AUTH_STRING is the user and the password that it knows"


def serve(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; nothing but this machine, unless said.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the server.")] = 4200,
    marts: Marts = None,
) -> None:
    """Prefect's server, a worker and the schedules, in one command; ends them together. SIGTERM or Ctrl-C ends it.

    The database is PREFECT_SERVER_DATABASE_CONNECTION_URL (PostgreSQL), else a file of SQLite beside the marts.
    """
    from flows.operation import server
    from flows.settings import environment, settings

    chosen = settings(marts=marts)
    served = server.Served(chosen.prefect_folder, host, port, environment())

    def ready() -> None:
        out.print(words("Serving at ", (served.address, "bold"), f", runs in {Path.cwd()}"), soft_wrap=True)
        if "PREFECT_SERVER_API_AUTH_STRING" not in served.environment:
            out.print(f"User and password are in {served.home / server.PASSWORD}", soft_wrap=True)
        sys.stdout.flush()

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        server.serve(served, ready)
    except (server.ServedAlready, server.CannotServe) as refusal:
        stop(str(refusal), REFUSED)
    out.print("Ended: server and worker are gone.")


def deploy(
    all_runs_are_here: Annotated[
        bool, typer.Option("--all-runs-are-here", help="No other machine has runs on this server.", hidden=True)
    ] = False,
) -> None:
    """Register pool, deployments, schedules and automations on the server of PREFECT_API_URL, from this folder.

    Again and again: what is there under the same name is replaced. Runs whose process is dead are set to Crashed.
    """
    from flows.settings import is_watched, settings

    if not is_watched():
        stop("PREFECT_API_URL is not set: it names the server (boligprofil serve has one of its own)", USAGE)
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    try:
        with get_client(sync_client=True) as client:
            _pool(client)
            _deployments()
            missing = _automations(client, settings())
            _dead_runs(client, settings(), all_runs_are_here)
            if missing and all_runs_are_here:  # a new server has no blocks yet
                err.print(missing, style="red", soft_wrap=True)
            elif missing:
                stop(missing, REFUSED)
    except PrefectHTTPStatusError as refusal:
        stop(f"the server said no: {refusal.response.status_code} {refusal.response.reason_phrase}; {ACCESS}", REFUSED)
    except httpx.HTTPError as error:
        stop(f"the server does not answer: {error}; is it running, and is PREFECT_API_URL right?", REFUSED)


def _pool(client: "SyncPrefectClient") -> None:
    from prefect.exceptions import PrefectHTTPStatusError

    from flows.operation.server import POOL

    try:
        client.request("POST", "/work_pools/", json={"name": POOL, "type": "process"})
    except PrefectHTTPStatusError as refusal:
        if refusal.response.status_code != CONFLICT:
            raise
        out.print(f"work pool {POOL}: there")
    else:
        out.print(f"work pool {POOL}: made")


def _deployments() -> None:
    inside = Path(str(resources.files("flows") / "prefect.yaml"))
    file = inside if inside.is_file() else inside.parents[1] / "prefect.yaml"
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        stop(f"the deployments of {file} were not taken:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", REFUSED)
    out.print(f"deployments of {file}: registered, their runs work in {Path.cwd()}", soft_wrap=True)


def _automations(client: "SyncPrefectClient", chosen: "Settings") -> str:
    """Register them; what is missing for one of them, in words."""
    from flows.operation import automations

    automations.register(automations.silent(), client)
    out.print(automations.SILENT)
    if not chosen.notify_block:
        automations.remove(automations.FAILED, client)
        return ""
    try:
        automations.register(automations.failed(chosen.notify_block, client), client)
    except automations.NoBlock as missing:
        return str(missing.args[0])
    out.print(f"{automations.FAILED}, by {chosen.notify_block}")
    return ""


def _dead_runs(client: "SyncPrefectClient", chosen: "Settings", all_are_here: bool) -> None:
    from flows.operation import dead_runs, notice
    from flows.publish import snapshots

    for dead in dead_runs.find(client, all_are_here):
        dead_runs.bury(client, dead)
        out.print(f"{dead.words}: it is Crashed now", soft_wrap=True)
        if chosen.notify:
            message = notice.of_dead_run(dead.words, snapshots.in_force(chosen.marts), chosen.marts)
            notice.tell(chosen.notify, message)
