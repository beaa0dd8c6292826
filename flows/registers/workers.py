"""Who runs the pieces of a counting: threads or processes of this machine, or a Dask cluster, by address.

With `prefect+` before its address each piece is a task run of Prefect too, for whoever wants to watch them.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")
Each = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]
ADDRESS = re.compile(r"(?P<watched>prefect\+)?(?P<scheduler>(tcp|tls)://\S+:\d+)")
# How often a piece is given out again after a worker died; its result is written whole or not at all.
RETRIES = 2
PATIENCE_SECONDS = 20


class NoWorkers(RuntimeError):
    """Nobody answers at the address, or what it takes to ask is not installed: the message says which."""


def in_turn(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """What a function gives for each item, in this process."""
    return [function(item) for item in items]


@contextmanager
def each_by(workers: str, number: int | None = None) -> Iterator[Each]:
    """What hands items to workers and gives the results in their order: 'threads', 'processes', 'tcp://host:port', or
    'prefect+tcp://host:port'.

    `number` of workers on this machine, by default one per core. Where a worker dies its item is given to another.
    Raises NoWorkers, ValueError for other words.
    """
    number = number or os.cpu_count() or 1
    if workers == "threads":
        with ThreadPoolExecutor(number) as pool:
            yield lambda function, items: list(pool.map(function, items))
    elif workers == "processes":
        yield lambda function, items: _in_processes(function, items, number)
    elif address := ADDRESS.fullmatch(workers):
        with _cluster(address["scheduler"]) as client:
            if address["watched"]:
                yield _in_task_runs(address["scheduler"])
            else:
                yield lambda function, items: _on_cluster(client, function, items)
    else:
        raise ValueError(f"workers are threads, processes or an address such as tcp://scheduler:8786, not {workers!r}")


def _in_processes(function: Callable[[T], R], items: Sequence[T], number: int) -> list[R]:
    """By processes of their own. One that dies takes the pool with it: what is not done goes to a new pool."""
    found: dict[int, R] = {}
    for left in range(RETRIES, -1, -1):
        pool: Executor = ProcessPoolExecutor(number, mp_context=get_context("spawn"))
        try:
            with pool:
                waiting = {at: pool.submit(function, item) for at, item in enumerate(items) if at not in found}
                for at, future in waiting.items():
                    found[at] = future.result()
        except BrokenProcessPool:
            if not left:
                raise
        else:
            break
    return [found[at] for at in range(len(items))]


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra of its own, which a laptop does not need
    except ImportError:
        raise NoWorkers("a Dask cluster is asked through 'distributed': pip install 'boligprofil[cluster]'") from None
    try:
        client = Client(address, timeout=PATIENCE_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError) as error:
        raise NoWorkers(f"no Dask scheduler answers at {address} ({type(error).__name__}); is it running?") from None
    with client:
        yield client


def _on_cluster(client: Any, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """By a Dask cluster. The function travels to each worker once, since what it holds may be larger than an item."""
    held = client.submit(_itself, function, pure=False, retries=RETRIES)
    made: list[R] = client.gather(client.map(_applied, items, function=held, pure=False, retries=RETRIES))
    return made


def _itself(function: Callable[[T], R]) -> Callable[[T], R]:
    return function


def _applied(item: T, function: Callable[[T], R]) -> R:
    return function(item)


def _in_task_runs(address: str) -> Each:
    """Each call is a flow run of Prefect, and each item a task run on the Dask cluster, named as the item is."""
    if not os.environ.get("PREFECT_API_URL"):
        raise NoWorkers("pieces are watched in Prefect's pages: PREFECT_API_URL must say where its server answers")
    try:
        from prefect import flow, task  # noqa: PLC0415 - where nobody watches its import costs more than the counting
        from prefect.cache_policies import NO_CACHE  # noqa: PLC0415
        from prefect_dask.task_runners import DaskTaskRunner  # noqa: PLC0415
    except ImportError:
        raise NoWorkers("Prefect counts on Dask through 'prefect-dask': pip install 'boligprofil[cluster]'") from None

    runner: Any = DaskTaskRunner(address=address)  # its futures are typed as kin of Dask's, not of Prefect's

    def each(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        @flow(name="register pieces", task_runner=runner, persist_result=False)
        def pieces() -> list[Any]:
            given = [
                task(name="piece", task_run_name=item.name, retries=RETRIES, cache_policy=NO_CACHE)(function).submit(
                    item
                )
                for item in items
            ]
            return [future.result() for future in given]

        return pieces()

    return each
