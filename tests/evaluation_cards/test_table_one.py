"""Table 1 as other programs read it: the same cells in each of them, and what is not known said."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from mart_rows import frame

from flows.evaluation_cards import table_one
from flows.evaluation_cards.card import CardTable
from flows.present.cells import TableCell
from flows.publish.snapshots import Snapshot
from schemas.registry import Registry

NASTY = (r"50 % & _x_ | # {a} ~ ^ \ <b> *", "\N{MINUS SIGN}0.12 (\N{MINUS SIGN}0.30 to 0.06)")
TABLE = CardTable(
    "Table 1. Areas & others",
    ("", "funded (2 areas)", "SMD"),
    (
        (TableCell("Background", is_flagged=True), TableCell(""), TableCell("")),
        (TableCell("Young, %"), *map(TableCell, NASTY)),
    ),
    ("one note of 5 %",),
)
CELLS = [list(TABLE.columns), ["Background", "", ""], ["Young, %", *NASTY]]


def in_word(content: bytes) -> list[list[str]]:
    (grid,) = Document(io.BytesIO(content)).tables
    return [[cell.text for cell in row.cells] for row in grid.rows]


def in_markdown(content: bytes) -> list[list[str]]:
    lines = [line for line in content.decode().splitlines() if line.startswith("|") and not line.startswith("|:-")]
    parts = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [[re.sub(r"\\(.)", r"\1", re.sub(r"^\*\*(.*)\*\*$", r"\1", cell.strip())) for cell in row] for row in parts]


LATEX = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\^{}": "^",
    r"\ensuremath{<}": "<",
    r"\ensuremath{>}": ">",
    r"\ensuremath{-}": "\N{MINUS SIGN}",
} | {f"\\{letter}": letter for letter in "%&_#{}$"}


def in_latex(content: bytes) -> list[list[str]]:
    """The cells as TeX would set them."""
    body = content.decode().split(r"\hline", 1)[1].split(r"\end{longtable}")[0]
    lines = [line.strip().removesuffix(r"\\") for line in body.splitlines() if line.rstrip().endswith(r"\\")]
    cells = [re.split(r"(?<!\\)&", line) for line in lines]
    known = re.compile("|".join(map(re.escape, LATEX)))
    return [[known.sub(lambda found: LATEX[found[0]], cell.strip()) for cell in row] for row in cells]


@pytest.mark.parametrize(
    ("form", "read"), [("docx", in_word), ("md", in_markdown), ("tex", in_latex)], ids=["docx", "md", "tex"]
)
def test_every_format_read_back_has_the_same_cells(form: str, read: Any) -> None:
    content = table_one.FORMATS[form](TABLE)
    assert read(content) == CELLS
    assert content == table_one.FORMATS[form](TABLE), "the same table gives the same bytes"


def rows(registry: Registry) -> Iterator[dict[str, Any]]:
    """Funded against never funded: a share with an interval, one of which most is withheld, and the sizes."""
    head = {
        "contrast": "funded",
        "arm_1": "funded",
        "arm_0": "never_funded",
        "level": "all",
        "areas_1": 10,
        "areas_0": 40,
    }
    head |= {"smd_denominator": "sd_of_arm_1", "why": "over_limit: smd; rent_support_only: 8 areas left out"}
    yield head | {"covariate": "residents", "residents_1": 12_000, "mean_1": 1200.0, "mean_0": 900.0, "missing_0": 2}
    known = {"mean_1": 34.25, "sd_1": 8.0, "mean_0": 31.0, "sd_0": 7.5, "withheld_0": 3}
    smds = {
        "smd": 0.406,
        "smd_low": -0.05,
        "smd_high": 0.862,
        "smd_weighted": 0.0,
        "smd_twins": -0.031,
        "twins_lost_1": 4,
    }
    yield head | {"covariate": "outside_work_pct"} | known | smds
    hidden = {"mean_0_least": 1.0, "mean_0_most": 2.0, "smd_least": -0.5, "smd_most": 0.25, "withheld_0": 30}
    yield head | {"covariate": "convicted_pct"} | hidden
    for level, label, share in (("1500+", "large", 0.1), ("0-700", "small", 0.9)):
        yield head | {"covariate": "size_band", "level": level, "level_label": label, "mean_1": share, "mean_0": 0.5}
    yield head | {"covariate": "size_band", "level": "overall", "smd": 0.8, "smd_denominator": "several_categories"}


def test_table_1_of_rows_written_by_hand(registry: Registry) -> None:
    mart = frame(registry.marts["table_1"], rows(registry), registry)
    snapshot = Snapshot("5f0c", Path(), {"origin": "synthetic"})
    contrast = registry.evaluation.contrast["funded"]
    table = table_one.compose(mart.rows(named=True), contrast, snapshot, registry)
    shown = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    dash = "\N{EN DASH}"
    assert table.columns[1:3] == ("funded (10 areas; 12,000 residents)", "never funded (42 areas)")
    outside = registry.indicators["outside_work_pct"].label_en
    after = ["0.41 (\N{MINUS SIGN}0.05 to 0.86)", "0.00", "\N{MINUS SIGN}0.03"]
    assert shown[f"{outside}, %"] == ["34.25 (8.00)", "31.00 (7.50)*", "10 / 40", *after]
    convicted = registry.indicators["convicted_pct"].label_en
    assert shown[f"{convicted}, %"] == [dash, "1.000 to 2.000", "10 / 40", "\N{MINUS SIGN}0.50 to 0.25", dash, dash]
    assert [row[0].text for row in table.rows][-3:] == ["Size of the area", "small", "large"]
    assert shown["small"][:2] == ["9 (90 %)", "20 (50 %)"]
    assert shown["Size of the area"][3] == "0.80"
    assert "SYNTHETIC" in table.caption
    assert "Left out of the comparison: 8 areas (rent support, but no plan)" in table.notes
    assert any("4 areas" in note for note in table.notes)
    assert any("withheld" in note for note in table.notes)
