"""A Prefect server, a worker and the schedules of a small house, started together and ended together."""

import logging
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import httpx

from flows.core.access import keep_private
from flows.core.files import write
from flows.core.locks import held
from flows.operation import processes
from flows.operation.processes import MARK

log = logging.getLogger("boligprofil")
PASSWORD, USER = "auth", "boligprofil"
POOL = "boligprofil"
# A first start makes the tables of the database, and a busy machine takes its time; one that ends is noticed at once.
START_SECONDS = 600.0
POLL_SECONDS = 0.5
# A child that ends is started again, but not for ever: then whoever started us hears of it.
RESTART_SECONDS, RESTARTS, RESTARTS_WITHIN = 5.0, 5, 600.0
STOP_SECONDS = 20.0


class ServedAlready(RuntimeError):
    """Another process serves this folder."""


class CannotServe(RuntimeError):
    """The server cannot be started, or does not stay; the message says why and what to do."""


@dataclass(frozen=True)
class Served:
    """Where the server of a house is, and what its processes are told.

    `home` holds Prefect's own files (0700): the database where none is named, and who may use the API (`auth`).
    """

    home: Path
    host: str
    port: int
    environment: Mapping[str, str]

    @property
    def address(self) -> str:
        """Where its pages are, as this machine reaches them."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}"

    def auth(self) -> str:
        """User and password of the API: those of the environment, else those in `home`, drawn when first asked for."""
        if given := self.environment.get("PREFECT_SERVER_API_AUTH_STRING"):
            return given
        keep_private(self.home)
        file = self.home / PASSWORD
        if not file.is_file():
            write(file, f"{USER}:{secrets.token_urlsafe(24)}\n".encode())
            file.chmod(0o600)
        return file.read_text(encoding="utf-8").strip()

    def of_clients(self) -> dict[str, str]:
        """The environment of the worker, its runs, and of commands: nothing of it opens the database."""
        ours = {
            "PREFECT_HOME": str(self.home.resolve()),
            "PREFECT_API_URL": f"{self.address}/api",
            "PREFECT_API_AUTH_STRING": self.auth(),
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            MARK: str(self.home.resolve()),
        }
        others = {k: v for k, v in self.environment.items() if not k.startswith("PREFECT_SERVER_")}
        return {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30", **others, **ours}

    def of_server(self) -> dict[str, str]:
        """The environment of the server."""
        return {
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
            "PREFECT_SERVER_UI_API_URL": f"{self.address}/api",
            **{k: v for k, v in self.environment.items() if k.startswith("PREFECT_SERVER_")},
            **self.of_clients(),
            "PREFECT_SERVER_API_AUTH_STRING": self.auth(),
        }


@dataclass
class Child:
    """A process that is kept running: its name, how it is started, and when it had to be started again."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    restarts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it."""
        self.process = processes.started(self.command, self.environment)

    @property
    def code(self) -> int | None:
        """Its exit code, None while it runs."""
        return self.process.poll() if self.process else None

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Stopped(Exception):
    """Somebody asked us to end."""


def serve(served: Served, ready: Callable[[], None]) -> None:
    """Start the server, register what it shall do, start the worker, and stay until a signal asks to end.

    `ready` is called once all of it is there. What an earlier one left, killed before it could end its processes, is
    ended first. Raises ServedAlready and CannotServe; whatever ends it, no process of it stays.
    """
    keep_private(served.home)
    busy = ServedAlready(f"{served.home} is served already; stop that one first")
    with held(served.home / ".lock", busy), _asked_to_end():
        end_left_over(served.home)
        _require_port(served)
        prefect = [sys.executable, "-m", "prefect"]
        server = Child(
            "server",
            [*prefect, "server", "start", "--host", served.host, "--port", str(served.port)],
            served.of_server(),
        )
        worker = Child(
            "worker",
            [
                *prefect,
                "worker",
                "start",
                "--pool",
                POOL,
                "--type",
                "process",
                "--name",
                f"serve {socket.gethostname()}",
            ],
            served.of_clients(),
        )
        try:
            log.info("start the server ...")
            server.start()
            _await(served, server)
            log.info("register the deployments ...")
            _register(served)
            worker.start()
            ready()
            _keep(server, worker)
        except Stopped:
            log.info("asked to end")
        finally:
            for child in (worker, server):
                child.stop()
            end_left_over(served.home)


def end_left_over(home: Path) -> list[processes.Process]:
    """End the processes that served this folder and have no master any more; call under its lock."""
    found = processes.marked(home)
    for process in found:
        log.info("process %d of an earlier 'boligprofil serve' is ended: %s", process.pid, process.command[:80])
    processes.end(found, STOP_SECONDS)
    return found


def left_over(home: Path) -> list[processes.Process]:
    """The processes that served this folder, where nobody serves it any more."""
    if not home.is_dir():
        return []
    try:
        with held(home / ".lock", ServedAlready()):
            return processes.marked(home)
    except ServedAlready:
        return []


@contextmanager
def _asked_to_end() -> Iterator[None]:
    """SIGTERM and SIGINT raise Stopped, once: who ends is not asked again."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _require_port(served: Served) -> None:
    family = socket.AF_INET6 if ":" in served.host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((served.host, served.port))
        except OSError as error:
            raise CannotServe(
                f"{served.host}, port {served.port}: {error.strerror}; take another one (--port), or end what uses it"
            ) from None


def _await(served: Served, server: Child) -> None:
    """Wait until the server answers."""
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if server.code is not None:
            raise CannotServe(f"the server ended with exit code {server.code} before it answered; its words are above")
        try:
            if httpx.get(f"{served.address}/api/health", timeout=5, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(POLL_SECONDS)
    raise CannotServe(
        f"the server did not answer at {served.address} within {START_SECONDS:.0f} seconds: if it is busy, start again"
    )


def _register(served: Served) -> None:
    """Have a process of its own register the deployments, so that this one, which stays, holds no Prefect."""
    command = [sys.executable, "-m", "flows.cli", "deploy", "--all-runs-are-here"]
    with processes.started(command, served.of_clients()) as process:
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code:
        raise CannotServe("the deployments could not be registered; the words of 'boligprofil deploy' stand above")


def _keep(*children: Child) -> None:
    """Start again what ends. Raises CannotServe where one ends again and again."""
    while True:
        time.sleep(POLL_SECONDS)
        for child in children:
            if child.code is None:
                continue
            now = time.monotonic()
            child.restarts = [at for at in child.restarts if now - at < RESTARTS_WITHIN]
            if len(child.restarts) >= RESTARTS:
                raise CannotServe(f"the {child.name} ended {RESTARTS} times in {RESTARTS_WITHIN / 60:.0f} minutes")
            log.warning("the %s ended with exit code %s and is started again", child.name, child.code)
            time.sleep(RESTART_SECONDS)
            child.restarts.append(now)
            child.start()
