"""Processes are known by more than their number, and only those that are meant are ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from flows.operation import processes
from flows.operation.processes import MARK, Process

CHILD = """
import sys
from flows.operation.processes import started
child = started([sys.executable, "-c", "import time; time.sleep(600)"], {})
print(child.pid, flush=True)
sys.stdin.readline()
"""


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    return is_so()


def test_this_process_runs_under_its_name_and_under_no_other() -> None:
    name = processes.identity()
    boot, pid, began = name.split(":")
    assert processes.runs(name)
    assert not processes.runs(f"{boot}:{pid}:{int(began) + 1}")  # its number was given again
    assert not processes.runs(f"another-start-of-the-machine:{pid}:{began}")
    assert not any(processes.runs(wrong) for wrong in ("", "1", f"{boot}:x:1", f"{boot}:999999999:1"))


def test_a_process_that_has_ended_and_was_not_fetched_does_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE) as process:
        assert within(
            20, lambda: not any(each.pid == process.pid for each in processes.with_variable("PATH", os.environ["PATH"]))
        )


def test_a_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert processes.PROC.joinpath(str(child)).exists()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert within(10, lambda: processes._started(child) is None)


def test_whoever_does_not_hear_is_killed_and_another_of_that_number_is_not(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    env = {**os.environ, MARK: str(tmp_path.resolve())}
    with subprocess.Popen([sys.executable, "-c", deaf], env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "deaf\n"
        (found,) = processes.marked(tmp_path)
        processes.end([Process(found.pid, found.started - 1, found.command)], 0.3)
        assert process.poll() is None
        processes.end([found], 0.3)
        assert process.wait(10) == -signal.SIGKILL
