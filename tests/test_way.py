"""The way of a figure is short: a newcomer can follow one from the file that was sent to the facts."""

from pathlib import Path

from schemas.registry import Registry
from tools import way


def test_a_figure_passes_at_most_70_functions_in_12_files_and_its_file_is_opened_once(
    registry: Registry, tmp_path: Path
) -> None:
    passed, receipts = way.to_facts(way.as_csv, ".csv", tmp_path, registry)
    assert [receipt.outcome for receipt in receipts] == ["accepted"] * 4
    functions, files = passed.counted()[way.HOP]
    # From the first to the last of the way, or the measurement itself has come off it.
    assert {way.OPENED, way.IN_PLACE} <= passed.places.keys()
    assert (functions <= 70, files <= 12) == (True, True), "\n".join(passed.lines())
    assert passed.opened == 1
