"""`boligprofil serve` as a process of a test, in a folder with a published snapshot, and its API."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.operation import processes

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("boligprofil")
PATIENCE = 300.0
QUICK = {"PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2", "PREFECT_WORKER_QUERY_SECONDS": "1"}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Server:
    """A served folder: `data/` of a published snapshot, deliveries of its own in `raw/`."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder, self.raw, self.home = folder, folder / "raw", folder / "data" / ".prefect"
        self.marts = folder / "data" / "marts"
        self.port = free_port()
        self.api = f"http://127.0.0.1:{self.port}/api"
        others = {
            name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "BOLIGPROFIL_"))
        }
        self.env = others | QUICK | {"BOLIGPROFIL_RAW": str(self.raw)} | variables
        self.log = folder / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it says that it serves."""
        with self.log.open("ab") as log:
            begun = log.tell()
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--port", str(self.port)],
                cwd=self.folder,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait("the server", lambda: b"Serving at" in self.log.read_bytes()[begun:])

    @property
    def auth(self) -> tuple[str, str]:
        """User and password."""
        given = self.env.get("PREFECT_SERVER_API_AUTH_STRING") or (self.home / "auth").read_text().strip()
        user, _, password = given.partition(":")
        return user, password

    def ask(self, path: str, body: Any = None, auth: tuple[str, str] | None = None) -> httpx.Response:
        """Ask the API as a client does; a body makes it a POST."""
        with httpx.Client(base_url=self.api, auth=auth or self.auth, timeout=30, trust_env=False) as client:
            if body is None:
                return client.get(path)
            token = client.get("/csrf-token", params={"client": "tests"}).json().get("token", "")
            headers = {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "tests"}
            return client.post(path, json=body, headers=headers)

    def get(self, path: str, body: Any = None) -> Any:
        """The same, what it answers. A busy SQLite says 503: then it is asked again, as Prefect's client does."""
        for _ in range(60):
            answer = self.ask(path, body)
            if answer.status_code != 503:
                break
            time.sleep(1)
        answer.raise_for_status()
        return answer.json()

    def delete(self, path: str) -> None:
        """Have the API delete something."""
        with httpx.Client(base_url=self.api, auth=self.auth, timeout=30, trust_env=False) as client:
            token = client.get("/csrf-token", params={"client": "tests"}).json().get("token", "")
            headers = {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "tests"}
            for _ in range(60):
                answer = client.delete(path, headers=headers)
                if answer.status_code != 503:
                    break
                time.sleep(1)
            answer.raise_for_status()

    def run(self, **parameters: Any) -> str:
        """Ask for a night at once; its id."""
        deployment = self.get("/deployments/name/nightly/nightly")["id"]
        body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        name: str = self.wait("a run", lambda: self.get(f"/deployments/{deployment}/create_flow_run", body))["id"]
        return name

    def ended(self, run: str) -> dict[str, Any]:
        """A run, once it has ended."""

        def ended() -> Any:
            found = self.get(f"/flow_runs/{run}")
            return found if found["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None

        made: dict[str, Any] = self.wait(f"the end of run {run}", ended)
        return made

    def wait(self, what: str, ready: Callable[[], Any]) -> Any:
        """Poll until `ready` gives something true; fail with the log."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and (self.process is None or self.process.poll() is None):
            try:
                if found := ready():
                    return found
            except httpx.HTTPError:
                pass
            time.sleep(0.3)
        pytest.fail(f"waited in vain for {what}\n{self.log.read_text()[-5000:]}")

    @property
    def processes(self) -> list[processes.Process]:
        """All that it started and that runs, and itself."""
        return processes.marked(self.home)

    def wait_for_none(self) -> None:
        """Wait until no process of it runs."""
        end = time.monotonic() + 30
        while (left := self.processes) and time.monotonic() < end:
            time.sleep(0.3)
        assert not left, left

    def cut(self) -> None:
        """The power goes: nobody is asked."""
        assert self.process is not None
        for pid in (self.process.pid, *(process.pid for process in self.processes)):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it as systemd does."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


def to_run_every(server: Server, seconds: int) -> None:
    """A schedule beside that of prefect.yaml. A run that would start while another runs is cancelled."""
    deployment = server.get("/deployments/name/nightly/nightly")["id"]
    soon = datetime.now(UTC) + timedelta(seconds=5)
    often = {"interval": seconds, "anchor_date": soon.isoformat(), "timezone": "UTC"}
    server.get(f"/deployments/{deployment}/schedules", [{"schedule": often, "active": True}])


def scheduled(server: Server) -> list[dict[str, Any]]:
    """Completed runs that the scheduler made, the oldest first."""
    wanted = {"state": {"type": {"any_": ["COMPLETED"]}}, "tags": {"all_": ["auto-scheduled"]}}
    made: list[dict[str, Any]] = server.get("/flow_runs/filter", {"flow_runs": wanted, "sort": "START_TIME_ASC"})
    return made
