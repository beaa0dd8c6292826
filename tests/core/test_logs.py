"""The log of a run: a line of JSON per step, levels that mean something, a file that may be moved away."""

import json
import logging
from pathlib import Path
from typing import Any

from flows.core import logs
from flows.night import Stopwatch


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_step_is_one_line_with_how_long_it_took(tmp_path: Path) -> None:
    file, watch = tmp_path / "log" / "run.jsonl", Stopwatch()
    with logs.kept(file):
        with watch.step("build marts"):
            pass
        logs.LOG.warning("a/b.csv was refused\n(æøå)")
        logs.LOG.debug("where in the code")
    found = lines(file)
    assert [(line["level"], line["message"]) for line in found] == [
        ("INFO", "build marts: 0.0 s"),
        ("WARNING", "a/b.csv was refused\n(æøå)"),
    ]
    assert found[0].keys() == {"at", "level", "message", "step", "seconds", "processor_seconds"}
    assert found[0]["step"] == "build marts"
    logs.LOG.warning("after the run")
    assert len(lines(file)) == 2


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    before = logs.LOG.level
    with logs.kept(file):
        logs.LOG.info("first")
        file.rename(tmp_path / "run.jsonl.1")
        logs.LOG.error("refused", extra={"outcome": "refused", "snapshot": ""})
    assert [line["message"] for line in lines(tmp_path / "run.jsonl.1")] == ["first"]
    assert [(line["level"], line["outcome"]) for line in lines(file)] == [("ERROR", "refused")]
    assert (logs.LOG.level, [h for h in logs.LOG.handlers if isinstance(h, logging.FileHandler)]) == (before, [])
    with logs.kept(None):
        logs.LOG.error("to no file")
    assert len(lines(file)) == 1
