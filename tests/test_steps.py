"""Steps that are run plainly: in their order, and tried again as often as they say."""

import errno

import pytest

from flows import steps
from flows.steps import FlowStep, Plain


@pytest.mark.parametrize(("tries", "is_done"), [(1, False), (2, False), (3, True), (4, True)])
def test_a_step_is_tried_as_often_as_it_says(monkeypatch: pytest.MonkeyPatch, tries: int, is_done: bool) -> None:
    monkeypatch.setattr(steps, "RETRY_SECONDS", 0)
    tried: list[int] = []

    def work(number: int) -> int:
        tried.append(number)
        if len(tried) < 3:
            raise OSError("busy")
        return number + 1

    step = FlowStep("work", work, tries=tries)
    if is_done:
        assert Plain()(step, 41) == 42
    else:
        with pytest.raises(OSError, match="busy"):
            Plain()(step, 41)
    assert len(tried) == min(tries, 3)


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (OSError(errno.EIO, "Input/output error"), 3),
        (TimeoutError("timed out"), 3),
        (FileNotFoundError(errno.ENOENT, "No such file"), 1),
        (PermissionError(errno.EACCES, "Permission denied"), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (ValueError("not a year"), 1),
    ],
    ids=str,
)
def test_only_what_may_pass_is_tried_again(monkeypatch: pytest.MonkeyPatch, error: Exception, tries: int) -> None:
    monkeypatch.setattr(steps, "RETRY_SECONDS", 0)
    tried: list[int] = []

    def work() -> None:
        tried.append(1)
        raise error

    with pytest.raises(type(error)):
        Plain()(FlowStep("work", work, tries=3))
    assert len(tried) == tries


def test_waits_grow() -> None:
    assert (steps.waits(1), steps.waits(3)) == ([], [5, 30])


def test_each_item_gives_what_it_gives_in_the_order_of_the_items() -> None:
    assert Plain().each(FlowStep("add", lambda number, more: number + more), range(20), 100) == list(range(100, 120))
