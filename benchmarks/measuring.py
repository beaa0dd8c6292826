"""What a piece of work costs: processor seconds and peak memory, of a function or of a whole process."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """Processor seconds of a process and all that it started, and the most memory that one of them held, in MB."""

    seconds: float
    megabytes: float


class Compared(NamedTuple):
    """Two ways to do the same, in turn: processor seconds of each round, and what the other way is.

    `asked` is the ratio that is not to be passed, None where none was set; `why` is what a profile says where it is.
    """

    what: str
    ours: tuple[float, ...]
    other: tuple[float, ...]
    against: str
    megabytes: float | None = None
    other_megabytes: float | None = None
    asked: float | None = None
    why: str = ""

    @property
    def ratios(self) -> list[float]:
        """Ours to the other way's, of each round."""
        return [ours / max(other, 1e-9) for ours, other in zip(self.ours, self.other, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios)

    @property
    def falls_short(self) -> bool:
        """Whether it takes more than was asked."""
        return self.asked is not None and self.ratio > self.asked

    def line(self) -> str:
        """What a terminal shows of it."""
        ours, other = statistics.median(self.ours), statistics.median(self.other)
        spread = f"{min(self.ratios):.2f}-{max(self.ratios):.2f}"
        return f"{self.what:<52}{ours:8.3f} s{other:9.3f} s{self.ratio:8.2f} ({spread})   {self.against}"


class Unmeasured(NamedTuple):
    """A comparison that could not be made here, and why."""

    what: str
    against: str
    why: str


def of_costs(
    what: str, ours: Sequence[Cost], other: Sequence[Cost], against: str, asked: float | None = None, why: str = ""
) -> Compared:
    """Two ways that are whole processes: what each cost in each round, and the most memory of any round."""
    first, second = (tuple(made.seconds for made in costs) for costs in (ours, other))
    most, of_other = (max(made.megabytes for made in costs) for costs in (ours, other))
    return Compared(what, first, second, against, most, of_other, asked, why)


def compare(rounds: int, what: str, ours: Callable[[], object], other: Callable[[], object], against: str) -> Compared:
    """Run two ways in turn, so that a busy machine is busy for both, and print what they cost."""
    times: list[tuple[float, float]] = []
    for _ in range(rounds):
        pair = []
        for way in (ours, other):
            started = time.process_time()
            way()
            pair.append(time.process_time() - started)
        times.append((pair[0], pair[1]))
    first, second = zip(*times, strict=True)
    made = Compared(what, first, second, against)
    print(made.line(), flush=True)
    return made


def cost(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """What a command costs as a whole process, in `folder`. Raises CalledProcessError where it fails.

    A child's peak begins with that of the process that starts it, so a small process stands between the two.
    """
    asked = [sys.executable, "-S", "-c", BETWEEN, *command]
    done = subprocess.run(
        asked, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        failed = subprocess.CalledProcessError(done.returncode, list(command), done.stdout, done.stderr)
        failed.add_note(done.stderr)
        raise failed
    seconds, megabytes = map(float, done.stdout.splitlines()[-1].split())
    return Cost(seconds, megabytes)


BETWEEN = """
import os, resource, sys
child = os.fork()
if not child:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(child, 0)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)
sys.exit(os.waitstatus_to_exitcode(status))
"""
