"""The process that reads workbooks, JSON and PX: started with limits; however it ends, there is an answer."""

import json
import os
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from flows.intake.coded import Coded, Codes, Content
from flows.intake.faults import Refusal
from schemas.sources import ReadingLimits

MODULE = "flows.intake.apart"
# A machine that has other things to do lets the process wait.
WALL = 3
# Bytes of an answer: what the parent makes of it must fit into its own memory.
LONGEST_ANSWER = 150 << 20
ROOT = Path(str(resources.files("flows"))).parent


def answer(kind: str, content: Content, limits: ReadingLimits) -> dict[str, Any]:
    """What the process says of a delivery of this kind.

    Raises Refusal where it refuses the delivery, and where it ended otherwise: by a limit, or for want of memory.
    """
    command = [sys.executable, "-S", "-P", "-m", MODULE, kind, str(limits.megabytes), str(limits.seconds)]
    with tempfile.TemporaryFile() as answered:
        try:
            done = subprocess.run(
                command,
                input=bytes(content),
                stdout=answered,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PYTHONUTF8": "1"},
                timeout=WALL * limits.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _too_large(limits, f"it takes over {WALL * limits.seconds} s") from None
        size = answered.tell() if done.returncode else answered.seek(0, os.SEEK_END)
        if done.returncode or not 0 < size <= LONGEST_ANSWER:
            raise _too_large(limits, "")
        answered.seek(0)
        try:
            found = json.loads(answered.read())
        except ValueError:
            raise _too_large(limits, "") from None
    if "refused" in found:
        raise Refusal(*found["refused"])
    return dict(found)


def codes(packed: str) -> Codes:
    """Codes that the process packed."""
    return np.frombuffer(b64decode(packed), dtype=np.int32)


def column(codes: Codes, texts: Sequence[str]) -> Coded:
    """A column of codes into the texts of a whole file, with those alone that stand in it."""
    present = np.zeros(len(texts), dtype=bool)
    present[codes] = True
    place = (np.cumsum(present) - 1).astype(np.int32)
    spellings = [texts[code] for code in np.flatnonzero(present).tolist()]
    return Coded(place[codes], pl.Series(values=spellings, dtype=pl.String()))


def _too_large(limits: ReadingLimits, found: str) -> Refusal:
    """The process did not answer, and whether the file or a busy machine is the reason, nobody knows."""
    words = found or f"it takes over {limits.megabytes} MB or {limits.seconds} s"
    refusal = Refusal("too_large_to_read", words)
    refusal.is_to_be_tried_again = True
    return refusal
