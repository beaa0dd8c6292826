"""The meeting sheets that go out: what they say of cleared figures, and that they say nothing of others."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from by_hand import PLANTED, TRACE, all_planted
from profiles import examples
from random_extracts import random_extract
from statsmodels.stats.proportion import confint_proportions_2indep

from flows.extracts import folders, meeting, words
from flows.extracts.model import Extract
from flows.present import notation
from schemas.registry import Registry


def test_a_goal_says_where_it_stands_and_what_moved_beside_it(full_extract: Extract, registry: Registry) -> None:
    (sheet,) = meeting.sheets(full_extract, registry)
    assert (sheet.plan_name, sheet.place) == ("Helhedsplan Bispehaven", "Aarhus · Bispehaven · tal for 2012")
    assert sheet.title == "Af 2 mål med tal er 1 på vej og 1 vises ikke"
    # What needs no telling of a hidden figure comes after what cannot be told, as on every list of goals.
    hidden, moved = sheet.rows
    assert (moved.verdict, moved.figures) == ("↗ På vej (2012)", ("12,4 %", "9,7 %", "8,0 %"))
    low, high = confint_proportions_2indep(84, 869, 108, 869, method="newcomb", compare="diff")
    ends = " og ".join(notation.signed(100 * end, 1) for end in (low, high))
    assert moved.elsewhere == f"Området −2,8 (mellem {ends}); kommunen 0,0 (procentpoint)."
    assert (hidden.verdict, set(hidden.figures)) == ("… Vises ikke", {"–"})
    assert hidden.why == "Tallet for 2012 vises ikke (skjult), så vurderingen kan ikke vises."
    assert sheet.questions == ("Mål 1 er på vej. Hvem følger det, og hvornår ser I på det igen?",)


def test_no_figure_of_the_starting_year_is_said_with_who_can_deliver_it(
    full_extract: Extract, registry: Registry
) -> None:
    area = full_extract.areas[0]
    bare = area.figure("low_income_pct", 2006)
    goal = replace(area.targets[0], start=bare, verdict="cannot_be_told", why="no_start_figure", expected=None)
    extract = replace(full_extract, areas=(replace(area, targets=(goal,)),))
    (sheet,) = meeting.sheets(extract, registry)
    assert sheet.title == "Planens mål kan ikke afgøres, før Aarhus Kommune leverer de tal, der mangler"
    assert sheet.rows[0].why == "Der er intet tal for startåret 2006; Aarhus Kommune kan levere det."


@pytest.mark.parametrize("seed", range(examples(8)))
def test_sheets_are_a_page_for_each_plan_and_tell_nothing_that_marks_hide(seed: int, registry: Registry) -> None:
    extract = random_extract(Random(seed), registry)
    leaky = all_planted(extract)
    for sheet in meeting.sheets(leaky, registry):
        everything = repr(sheet).encode()
        assert not re.search(TRACE, everything)
        assert str(PLANTED).encode() not in everything
    made, again = meeting.typeset(extract, registry), meeting.typeset(leaky, registry)
    assert made == again
    plans = {line.plan for area in extract.areas for line in area.targets if not line.is_withdrawn}
    if made is None:
        assert not plans
        return
    read = subprocess.run(["pdftotext", "-raw", "-", "-"], input=made.pdf, capture_output=True, check=True).stdout
    pages = read.decode().rstrip("\f").split("\f")
    assert len(pages) == len(plans)
    for page in pages:
        assert all(mark in page for mark, _ in words.banners(extract))
        assert "Hvad beslutter vi?" in page


def test_it_goes_out_with_the_extract_where_a_plan_has_a_goal(
    full_extract: Extract, registry: Registry, tmp_path: Path
) -> None:
    name = "boligprofil-aarhus-2012-moedeark.pdf"
    folders.outputs(full_extract, registry, tmp_path / "goals")
    assert (tmp_path / "goals" / name).read_bytes().startswith(b"%PDF")
    assert f'href="../{name}"' in (tmp_path / "goals" / "sider" / "omraade-bispehaven.html").read_text()
    bare = replace(full_extract, areas=tuple(replace(area, targets=()) for area in full_extract.areas))
    folders.outputs(bare, registry, tmp_path / "none")
    assert not (tmp_path / "none" / name).exists()
    assert "moedeark" not in (tmp_path / "none" / "sider" / "index.html").read_text()
