"""A server of one's own: what its scheduler starts is seen to its end by the API, and whatever ends it leaves none.

With unfortunate versions of its libraries Prefect's scheduler makes no runs and says nothing: only waiting shows it.
"""

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from command_line import process
from distributed import LocalCluster
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from served import PROGRAM, ROOT, Server, scheduled, to_run_every
from typing_extensions import override

from flows.publish import snapshots
from flows.registers.workers import each_by

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """On SQLite; the first test finds one delivery changed."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(published / "data", folder / "data", symlinks=True)
    shutil.copytree(ROOT / "data" / "raw", folder / "raw")
    append = f"import sys; open({str(folder / 'mail')!r}, 'a').write(sys.stdin.read())"
    made = Server(
        folder,
        BOLIGPROFIL_NOTIFY=shlex.join([sys.executable, "-c", append]),
        BOLIGPROFIL_NOTIFY_BLOCK="custom-webhook/office",
    )
    try:
        made.start()
        yield made
    finally:
        made.stop()


class Webhook:
    """What takes messages in an office, on loopback."""

    def __init__(self) -> None:
        messages: list[dict[str, str]] = []

        class Taken(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self.messages = messages
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Taken)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def about(self, word: str) -> tuple[str, str] | None:
        """Subject and body of a message whose subject has this word."""
        return next(((each["subject"], each["body"]) for each in self.messages if word in each["subject"]), None)


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.server.shutdown()
    made.server.server_close()


def change_a_figure(raw: Path) -> None:
    file = raw / "population" / "folketal_2016_2017.csv"
    text = file.read_text(encoding="utf-8").rstrip("\n")
    last = re.sub(r"(\d)(;endelig)$", lambda found: f"{(int(found[1]) + 1) % 10}{found[2]}", text)
    assert last != text
    file.write_text(last + "\n", encoding="utf-8")


def test_the_deployments_are_what_prefect_yaml_says(server: Server) -> None:
    found = {entry["name"]: entry for entry in server.get("/deployments/filter", {})}
    crons = {
        name: [(each["schedule"]["cron"], each["schedule"]["timezone"]) for each in entry["schedules"]]
        for name, entry in found.items()
    }
    assert crons == {
        "nightly": [("10 4 * * *", "Europe/Copenhagen")],
        "fetch-statbank": [("10 8,11 * * 1-5", "Europe/Copenhagen")],
        "yearly": [],
    }
    for name, entry in found.items():
        assert entry["global_concurrency_limit"]["limit"] == 1, name
        (place,) = entry["pull_steps"]
        assert place == {"prefect.deployments.steps.set_working_directory": {"directory": str(server.folder)}}
        assert entry["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert entry["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"
    night = found["nightly"]["parameter_openapi_schema"]["properties"]
    assert night.keys() == {"raw", "marts", "schemas", "again", "clock_is_right", "as_of", "published_by"}
    assert night["again"]["type"] == "boolean"
    for entry in found.values():
        assert all(each["description"] for each in entry["parameter_openapi_schema"]["properties"].values())
    assert "there is no notification block 'custom-webhook/office' on this server" in server.log.read_text()
    (silent,) = server.get("/automations/filter", {})
    assert silent["enabled"]
    # Twenty heartbeats: a server that starts again, or a slow disk, is no dead run.
    assert silent["trigger"]["within"] >= 20 * 30


def test_who_has_not_the_password_is_refused(server: Server) -> None:
    for auth in (("boligprofil", "guessed"), ("", "")):
        for path in ("/flow_runs/count", "/deployments/name/nightly/nightly", "/artifacts/filter"):
            answer = server.ask(path, auth=auth)
            assert answer.status_code == 401, path
    done = subprocess.run(
        [PROGRAM, "deploy"],
        cwd=server.folder,
        env={**server.env, "PREFECT_API_URL": server.api, "PREFECT_API_AUTH_STRING": "boligprofil:guessed"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the server said no: 401 Unauthorized; PREFECT_API_AUTH_STRING is" in done.stderr
    assert "guessed" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_parameter_of_the_wrong_type_is_refused(server: Server) -> None:
    deployment = server.get("/deployments/name/nightly/nightly")["id"]
    answer = server.ask(f"/deployments/{deployment}/create_flow_run", {"parameters": {"again": "perhaps"}})
    assert answer.status_code == 409
    assert "again" in answer.text


def test_a_scheduled_run_publishes_and_the_next_has_nothing_to_do(server: Server) -> None:
    before = snapshots.current(server.marts).id
    change_a_figure(server.raw)
    to_run_every(server, 20)
    (first, *_) = server.wait("a scheduled run to publish", lambda: scheduled(server))
    snapshot = snapshots.current(server.marts)
    snapshots.verify(snapshot)
    assert (first["auto_scheduled"], snapshot.id != before) == (True, True)
    assert first["state"]["message"] == f"published snapshot {snapshot.id}"
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d, published {snapshot.id[:6]}", first["name"])
    assert {"published", "auto-scheduled"} <= set(first["tags"])
    (page,) = server.get("/artifacts/filter", {"flow_runs": {"id": {"any_": [first["id"]]}}})
    assert (page["key"], page["type"]) == ("night", "markdown")
    assert "- replaced: population/folketal" in page["data"].replace("\\", "")
    assert f"boligprofil diff {before} {snapshot.id}" in page["data"]

    second = server.wait("the next scheduled run", lambda: scheduled(server)[1:])[0]
    assert (second["state"]["message"], second["name"].split(", ")[1]) == ("nothing changed", "nothing new")
    assert snapshots.current(server.marts).id == snapshot.id
    deployment = server.get("/deployments/name/nightly/nightly")
    for schedule in deployment["schedules"]:
        if "interval" in schedule["schedule"]:
            server.delete(f"/deployments/{deployment['id']}/schedules/{schedule['id']}")

    # The same deliveries with no server: all marts are made anew, and they equal those of Prefect to the byte.
    plain = process(server.folder, "run", "--raw", str(server.raw), "--as-of", snapshot.id)
    assert f"byte-equal to snapshot {snapshot.id}" in plain.stdout, plain.stderr


def test_after_a_power_cut_the_run_is_crashed_and_the_next_one_is_not_held_up(server: Server, webhook: Webhook) -> None:
    block = server.get("/block_types/slug/custom-webhook")["id"]
    (schema,) = server.get("/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [block]}}})
    data = {"name": "office", "url": webhook.address, "json_data": {"subject": "{{subject}}", "body": "{{body}}"}}
    made = {"name": "office", "block_type_id": block, "block_schema_id": schema["id"], "data": data}
    server.get("/block_documents/", made)
    run = server.run(again=True)
    server.wait("a run under way", lambda: "boligprofil.process" in server.get(f"/flow_runs/{run}")["labels"])
    server.cut()
    server.start()
    found = server.get(f"/flow_runs/{run}")
    assert found["state_type"] == "CRASHED"
    assert "What was in force before stays in force" in found["state"]["message"]
    message = (server.folder / "mail").read_text(encoding="utf-8")
    assert message.startswith("Boligprofil: a run died\n\nnightly '20")
    assert "Kept: snapshot " in message
    following = server.ended(server.run())
    assert following["state"]["message"] == "nothing changed", following["state"]


def test_a_refusal_is_a_failed_run_with_its_words_and_somebody_is_told(
    server: Server, tmp_path: Path, webhook: Webhook
) -> None:
    run = server.ended(server.run(raw=str(tmp_path)))
    assert (run["state_type"], run["name"].split(", ")[1], run["tags"]) == ("FAILED", "refused", ["refused"])
    assert "all 21 deliveries are gone" in run["state"]["message"]
    subject, body = server.wait("a message", lambda: webhook.about("refused"))
    assert subject == f"Boligprofil: {run['name']}"
    assert "all 21 deliveries are gone" in body
    logs = server.wait(
        "its log", lambda: server.get("/logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "limit": 200})
    )
    assert not [line for line in logs if "Traceback" in line["message"]]
    assert "RefusedRun" not in server.log.read_text()  # as a traceback would call it


def test_prune_lets_the_server_forget_our_old_runs_alone(server: Server) -> None:
    made: dict[str, str] = {}
    for flow, name in (("nightly", "old"), ("nightly", "new"), ("theirs", "old of others"), ("nightly", "under way")):
        kind = "RUNNING" if name == "under way" else "COMPLETED"
        body = {"flow_id": server.get("/flows/", {"name": flow})["id"], "name": name, "state": {"type": kind}}
        made[name] = server.get("/flow_runs/", body)["id"]
    database = sqlite3.connect(server.home / "prefect.db", timeout=60)
    with database:
        old = [(made[name],) for name in ("old", "old of others")]
        # As the server writes moments; nobody can ask it for a run of the past.
        database.executemany("update flow_run set end_time = datetime('now', '-91 days') where id = ?", old)
        assert database.total_changes == 2
    database.close()
    user, password = server.auth
    env = server.env | {"PREFECT_API_URL": server.api, "PREFECT_API_AUTH_STRING": f"{user}:{password}"}

    def pruned(*how: str) -> str:
        done = subprocess.run(
            [PROGRAM, "prune", *how], cwd=server.folder, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return " ".join(done.stdout.split())

    assert "Prefect's tables hold 1 runs that ended more than 90 days ago" in pruned("--dry-run")
    assert server.ask(f"/flow_runs/{made['old']}").status_code == 200
    assert "Prefect's tables held 1 runs that ended more than 90 days ago: gone" in pruned()
    found = {name: server.ask(f"/flow_runs/{run}").status_code for name, run in made.items()}
    assert found == {"old": 404, "new": 200, "old of others": 200, "under way": 200}


def test_no_secret_is_anywhere_but_in_its_file(server: Server) -> None:
    secret = server.auth[1].encode()
    assert len(secret) > 20
    places = [path for path in server.folder.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert places == [server.home / "auth"]
    assert (server.home / "auth").stat().st_mode & 0o077 == 0
    assert server.home.stat().st_mode & 0o077 == 0


def test_a_second_one_is_refused_and_says_who_serves(server: Server) -> None:
    assert server.process is not None
    done = subprocess.run(
        [PROGRAM, "serve"], cwd=server.folder, env=server.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"is served already; stop that one first (held by process {server.process.pid} on" in done.stderr


@dataclass(frozen=True)
class Numbered:
    """An item for a worker."""

    number: int

    @property
    def name(self) -> str:
        """What it is called where somebody watches."""
        return f"number {self.number}"


def doubled(item: Numbered) -> int:
    return 2 * item.number


def test_pieces_of_a_register_are_task_runs_where_somebody_watches(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", server.api)
    mine = temporary_settings({PREFECT_API_URL: server.api, PREFECT_API_AUTH_STRING: ":".join(server.auth)})
    # Its workers are threads of this process, which has imported what they need.
    cluster = LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp://", dashboard_address=None
    )
    with mine, cluster, each_by(f"prefect+{cluster.scheduler_address}") as each:
        assert each(doubled, [Numbered(1), Numbered(2), Numbered(3)]) == [2, 4, 6]
    runs = server.get("/task_runs/filter", {"flows": {"name": {"any_": ["register pieces"]}}})
    assert {(run["name"], run["state_type"]) for run in runs} == {(f"number {n}", "COMPLETED") for n in (1, 2, 3)}


def test_what_ends_it_leaves_no_process(server: Server) -> None:
    assert server.process is not None
    assert len(server.processes) >= 2
    server.process.kill()  # it can do nothing more: the kernel tells its children
    server.process.wait()
    server.wait_for_none()
