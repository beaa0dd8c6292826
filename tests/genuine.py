"""Genuine files of publishers: their cuts in tests/deliveries, and the whole files where they are at hand."""

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CUTS = ROOT / "tests" / "deliveries"
SHARED = ROOT.parent / "shared"
WHOLE = SHARED / "data"
NOT_BESIDE = (
    "whole genuine files (../shared/data) are not beside the project: only their cuts (tests/deliveries) are read"
)


def at_hand(cut: Any, whole: Any) -> list[Any]:
    """Parameters of a test: those of the cut, and those of the whole file where the folder of whole files is there."""
    return [cut, whole] if WHOLE.is_dir() else [cut]


def where(value: Any) -> str | None:
    """How a test of a file is called; None for what is no file."""
    if not isinstance(value, Path):
        return None
    return f"{'cut' if value.is_relative_to(CUTS) else 'whole'}-{value.name}"
