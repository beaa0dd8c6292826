"""Steps that are run plainly: in their order, and tried again as often as they say."""

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


def test_each_item_gives_what_it_gives_in_the_order_of_the_items() -> None:
    assert Plain().each(FlowStep("add", lambda number, more: number + more), range(20), 100) == list(range(100, 120))
