"""The same server on PostgreSQL: a cluster of the test's own on loopback, with a password."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import ROOT, Server, free_port, scheduled, to_run_every

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql"))
PASSWORD = "only-of-this-test"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The address of an empty database."""
    if not (BIN / "initdb").exists():
        pytest.skip("PostgreSQL is not installed (.ci/run brings it): the server was tried on SQLite alone")
    folder = Path(tempfile.mkdtemp(prefix="boligprofil-postgresql-"))
    # It refuses to run as root; whoever else runs the tests runs it as well.
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    as_owner = {"user": owner.pw_uid, "group": owner.pw_gid} if os.geteuid() == 0 else {}
    secret = folder / "password"
    secret.write_text(PASSWORD)
    os.chown(secret, owner.pw_uid, owner.pw_gid)
    how = ["--auth=scram-sha-256", "--username=prefect", f"--pwfile={secret}", "--encoding=UTF8", "--no-sync"]
    subprocess.run([BIN / "initdb", "-D", folder / "db", *how], check=True, capture_output=True, cwd="/", **as_owner)
    port = free_port()
    quick = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", f"unix_socket_directories={folder}"]
    process = subprocess.Popen(
        [BIN / "postgres", "-D", folder / "db", "-p", str(port), *quick], cwd="/", stderr=subprocess.DEVNULL, **as_owner
    )
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"postgresql+asyncpg://prefect:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def test_its_scheduler_starts_a_night_that_ends(published: Path, database: str, tmp_path: Path) -> None:
    shutil.copytree(published / "data", tmp_path / "data", symlinks=True)
    server = Server(
        tmp_path,
        PREFECT_SERVER_DATABASE_CONNECTION_URL=database,
        PREFECT_SERVER_API_AUTH_STRING="house:of-this-test-too",
        BOLIGPROFIL_RAW=str(ROOT / "data" / "raw"),
    )
    try:
        server.start()
        assert server.ask("/flow_runs/count", auth=("house", "guessed")).status_code == 401
        to_run_every(server, 20)
        (first, *_) = server.wait("a scheduled run", lambda: scheduled(server))
        assert (first["state"]["message"], first["name"].split(", ")[1]) == ("nothing changed", "nothing new")
        assert not (server.home / "prefect.db").exists()
        # Runs know neither the database nor its password, and neither secret lies in a file.
        for process in server.processes:
            variables = Path("/proc", str(process.pid), "environ").read_bytes()
            assert (PASSWORD.encode() in variables) == ("server start" in process.command)
        for secret in (PASSWORD, "of-this-test-too"):
            files = (path for path in tmp_path.rglob("*") if path.is_file())
            assert [path for path in files if secret.encode() in path.read_bytes()] == []
    finally:
        server.stop()
    server.wait_for_none()
