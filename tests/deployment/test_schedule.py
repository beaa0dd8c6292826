"""A real server and worker on loopback: a run that the scheduler made publishes a snapshot.

With unfortunate versions of its libraries Prefect's scheduler makes no runs and says nothing: only waiting shows it.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.publish import snapshots

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 150.0

pytestmark = pytest.mark.slow


class Server:
    """A Prefect server and a worker in a folder of their own, and the deployment made from prefect.yaml."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.marts = folder / "data" / "marts"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "BOLIGPROFIL_"))},
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "BOLIGPROFIL_RAW": str(ROOT / "data" / "raw"),
            "BOLIGPROFIL_MARTS": str(self.marts),
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> None:
        """Start a process that stays, in its own group, with its output in a log."""
        log = (self.folder / f"{command[1]}.log").open("wb")
        self.processes.append(
            subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )

    def call(self, *command: str) -> str:
        """Run a prefect command to its end."""
        done = subprocess.run(
            [BIN / "prefect", "--no-prompt", *command],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def get(self, path: str, **body: Any) -> Any:
        """Ask the API; a body makes it a POST."""
        url = f"{self.api}{path}"
        answer = httpx.post(url, json=body, timeout=30) if body else httpx.get(url, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def wait(self, what: str, ready: Callable[[], Any]) -> Any:
        """Poll until `ready` gives something true; fail with the logs."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if found := ready():
                    return found
            except httpx.HTTPError:
                pass
            time.sleep(1)
        logs = "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in self.folder.glob("*.log"))
        pytest.fail(f"waited {PATIENCE:.0f} s in vain for {what}\n{logs}")

    def completed(self) -> list[dict[str, Any]]:
        """Completed runs that the scheduler made, the oldest first."""
        wanted = {"state": {"type": {"any_": ["COMPLETED"]}}, "tags": {"all_": ["auto-scheduled"]}}
        runs: list[dict[str, Any]] = self.get("/flow_runs/filter", flow_runs=wanted, sort="START_TIME_ASC")
        return runs

    def stop(self) -> None:
        """End what was started, and only that."""
        for process in reversed(self.processes):
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("prefect"))
    try:
        made.start("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(made.port))
        made.wait("the server", lambda: httpx.get(f"{made.api}/health", timeout=5).is_success)
        made.call("work-pool", "create", "boligprofil", "--type", "process")
        made.call("deploy", "--all")
        yield made
    finally:
        made.stop()


def test_the_deployment_is_what_prefect_yaml_says(server: Server) -> None:
    deployment = server.get("/deployments/name/nightly/nightly")
    (schedule,) = deployment["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("10 4 * * *", "Europe/Copenhagen")
    assert deployment["entrypoint"] == "flows.nightly.nightly"
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert deployment["parameter_openapi_schema"]["properties"].keys() == {
        *("raw", "marts", "schemas", "again", "clock_is_right"),
        *("as_of", "published_by"),
    }
    assert deployment["parameter_openapi_schema"]["properties"]["again"]["type"] == "boolean"


def test_a_parameter_of_the_wrong_type_is_refused(server: Server) -> None:
    deployment = server.get("/deployments/name/nightly/nightly")
    answer = httpx.post(
        f"{server.api}/deployments/{deployment['id']}/create_flow_run",
        json={"parameters": {"again": "perhaps"}},
        timeout=30,
    )
    assert answer.status_code == 409
    assert "again" in answer.text


def test_a_scheduled_run_publishes_and_the_next_has_nothing_to_do(server: Server) -> None:
    deployment = server.get("/deployments/name/nightly/nightly")
    server.start("prefect", "worker", "start", "--pool", "boligprofil")
    # A run that would start while another runs is cancelled, so a slow machine only takes more turns.
    soon = datetime.now(UTC) + timedelta(seconds=5)
    often = {"interval": 20, "anchor_date": soon.isoformat(), "timezone": "UTC"}
    httpx.post(
        f"{server.api}/deployments/{deployment['id']}/schedules", json=[{"schedule": often, "active": True}], timeout=30
    ).raise_for_status()

    (first, *_) = server.wait("a scheduled run to publish", server.completed)
    assert first["auto_scheduled"]
    snapshot = snapshots.current(server.marts)
    snapshots.verify(snapshot)
    assert first["state"]["message"] == f"published snapshot {snapshot.id}"
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d, published {snapshot.id[:6]}", first["name"])
    assert {"published", "auto-scheduled"} <= set(first["tags"])
    (page,) = server.get("/artifacts/filter", flow_runs={"id": {"any_": [first["id"]]}})
    assert (page["key"], page["type"]) == ("night", "markdown")
    assert f"published {snapshot.id}\n" in page["data"]

    second = server.wait("the next scheduled run", lambda: server.completed()[1:])[0]
    assert second["state"]["message"] == "nothing changed"
    assert (second["name"].split(", ")[1], second["tags"]) == ("nothing new", ["auto-scheduled", "unchanged"])
    assert snapshots.current(server.marts).id == snapshot.id
