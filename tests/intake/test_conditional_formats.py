"""Conditional formats that change a number's format: what is shown counts, or the cell is set aside by name."""

import io
from typing import Any

import pytest
import xlsxwriter
from raw_books import HEADER, MAIN, NOTE, book, header, line, sheet

from flows.intake.characters import broken_rule
from flows.intake.faults import Refusal
from flows.intake.formats import read
from schemas.registry import Registry

SOURCE = "municipal_yearly"
SHARE = "Dømte (pct.)"
SHARES = (0.035, 0.5, 2)
ASIDE = "#SHOWN!"


def shares(content: bytes, registry: Registry) -> list[str]:
    delivered = read(content, registry.layout_of(SOURCE), registry.sources[SOURCE])
    return delivered.columns[SHARE].text().to_list()


def written(*rules: dict[str, Any], number_format: str = "General", where: str = "E2:E4") -> bytes:
    """A workbook by XlsxWriter whose shares have these conditional formats, the first rule first."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as workbook:
        rows = workbook.add_worksheet("Tal")
        rows.write_row(0, 0, HEADER)
        plain = workbook.add_format({"num_format": number_format})
        for at, share in enumerate(SHARES, 1):
            rows.write_row(at, 0, ["Odense", "Vollsmose", 2016, 9000])
            rows.write_number(at, 4, share, plain)
        for rule in rules:
            given = dict(rule)
            if "num_format" in given:
                given["format"] = workbook.add_format({"num_format": given.pop("num_format")})
            rows.conditional_format(where, given)
        note = workbook.add_worksheet("Følgeseddel")
        for at, (key, value) in enumerate(NOTE.items()):
            note.write_row(at, 0, [key, value])
    return made.getvalue()


ALWAYS = {"type": "formula", "criteria": "=TRUE"}


def above(limit: float | str) -> dict[str, Any]:
    return {"type": "cell", "criteria": ">", "value": limit}


def test_without_conditional_formats_shares_are_what_they_are(registry: Registry) -> None:
    assert shares(written(), registry) == ["0,0350", "0,5", "2"]


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ([ALWAYS | {"num_format": "0.0%"}], ["3,5 %", "50 %", "200 %"]),
        ([above(0.4) | {"num_format": "0%"}], ["0,0350", "50 %", "200 %"]),
        ([{"type": "cell", "criteria": "<=", "value": 0.5, "num_format": "0%"}], ["3,5 %", "50 %", "2"]),
        (
            [{"type": "cell", "criteria": "between", "minimum": 0.1, "maximum": 1, "num_format": "0%"}],
            ["0,0350", "50 %", "2"],
        ),
        (
            [{"type": "cell", "criteria": "not between", "minimum": 0.1, "maximum": 1, "num_format": "0%"}],
            ["3,5 %", "0,5", "200 %"],
        ),
        ([above(0.4) | {"num_format": "0,"}], ["0,0350", ASIDE, ASIDE]),
        ([above(0.4) | {"num_format": ";;;"}], ["0,0350", ASIDE, ASIDE]),
        ([above(0.4) | {"num_format": '"mange"'}], ["0,0350", "mange", "mange"]),
        # Rounding for display is no change.
        ([{"type": "top", "value": 1, "num_format": "0.0"}], ["0,0350", "0,5", "2"]),
        ([{"type": "formula", "criteria": "=$A2=$B2", "num_format": "#,##0.00"}], ["0,0350", "0,5", "2"]),
        # Of what no number of the cell says, nothing is guessed.
        ([{"type": "formula", "criteria": "=$A2=$B2", "num_format": "0%"}], [ASIDE] * 3),
        ([{"type": "top", "value": 1, "num_format": "0%"}], [ASIDE] * 3),
        ([{"type": "duplicate", "num_format": "0%"}], [ASIDE] * 3),
        ([above("=$D$2") | {"num_format": "0%"}], [ASIDE] * 3),
        # The first rule that holds gives the format; one that stops leaves no other to come.
        ([above(1) | {"num_format": "0.00"}, above(0.4) | {"num_format": "0%"}], ["0,0350", "50 %", "2"]),
        ([above(1) | {"stop_if_true": True}, ALWAYS | {"num_format": "0%"}], ["3,5 %", "50 %", "2"]),
        (
            [{"type": "duplicate", "stop_if_true": True}, above(0.4) | {"num_format": "0%"}],
            ["0,0350", ASIDE, ASIDE],
        ),
        # Bars and icons in place of the number.
        ([{"type": "data_bar", "bar_only": True}], [ASIDE] * 3),
        ([{"type": "icon_set", "icon_style": "3_arrows", "icons_only": True}], [ASIDE] * 3),
        ([{"type": "data_bar"}], ["0,0350", "0,5", "2"]),
        ([{"type": "icon_set", "icon_style": "3_arrows"}], ["0,0350", "0,5", "2"]),
        ([{"type": "3_color_scale"}], ["0,0350", "0,5", "2"]),
    ],
)
def test_what_a_conditional_format_shows_counts_or_sets_aside(
    registry: Registry, rules: list[dict[str, Any]], shown: list[str]
) -> None:
    assert shares(written(*rules), registry) == shown


def test_a_conditional_format_may_take_a_percentage_away(registry: Registry) -> None:
    assert shares(written(number_format="0%"), registry) == ["3,5 %", "50 %", "200 %"]
    plain = written(ALWAYS | {"num_format": "0.000"}, number_format="0%")
    assert shares(plain, registry) == ["0,0350", "0,5", "2"]


@pytest.mark.parametrize(("where", "shown"), [("E2", ["3,5 %", "0,5", "2"]), ("E3:F9", ["0,0350", "50 %", "200 %"])])
def test_cells_beside_the_area_stay(registry: Registry, where: str, shown: list[str]) -> None:
    assert shares(written(ALWAYS | {"num_format": "0%"}, where=where), registry) == shown


def test_the_word_of_a_cell_that_is_set_aside_has_its_rule() -> None:
    assert broken_rule(ASIDE) == "shown_otherwise"


# What no program here writes ------------------------------------------------------------------------------------------

PERCENT = (
    f'<styleSheet xmlns="{MAIN}"><dxfs><dxf/><dxf><numFmt numFmtId="9" formatCode="0%"/></dxf></dxfs></styleSheet>'
)
X14 = (
    "<extLst><ext><conditionalFormattings><conditionalFormatting>"
    '<cfRule type="cellIs" priority="1" operator="greaterThan" id="x"><f>{limit}</f>'
    '<dxf><numFmt numFmtId="9" formatCode="0%"/></dxf></cfRule><sqref>E3 E2</sqref>'
    "</conditionalFormatting></conditionalFormattings>"
    "<sparklines><sparkline><f>Tal!A1:B1</f><sqref>F2</sqref></sparkline></sparklines></ext></extLst>"
)


def sheet_of(after: str, share: str = "<v>0.5</v>") -> bytes:
    return book(sheet(header() + line(2, share=share) + line(3, share="<v>3</v>"), after=after), PERCENT)


def test_a_rule_of_the_extension_list_counts(registry: Registry) -> None:
    assert shares(sheet_of(X14.format(limit=1)), registry) == ["0,5", "300 %"]
    assert shares(sheet_of(X14.format(limit="Kodeliste!A1")), registry) == [ASIDE, ASIDE]


@pytest.mark.parametrize("area", ["E2", "$E$2", "E:E", "2:2", "A9 E2:E2"])
def test_areas_are_written_in_many_ways(registry: Registry, area: str) -> None:
    rule = '<cfRule type="expression" dxfId="1" priority="1"><formula>TRUE</formula></cfRule>'
    after = f'<conditionalFormatting sqref="{area}">{rule}</conditionalFormatting>'
    assert shares(sheet_of(after), registry)[0] == "50 %"


@pytest.mark.parametrize("place", ["", "0", "7", "x"])
def test_a_rule_without_a_number_format_changes_nothing(registry: Registry, place: str) -> None:
    rule = f'<cfRule type="expression" dxfId="{place}" priority="1"><formula>TRUE</formula></cfRule>'
    after = f'<conditionalFormatting sqref="E2:E9">{rule}</conditionalFormatting>'
    assert shares(sheet_of(after), registry) == ["0,5", "3"]


def test_a_text_is_not_hidden_unseen(registry: Registry) -> None:
    hiding = PERCENT.replace('"0%"', '";;;"')
    rule = '<cfRule type="expression" dxfId="1" priority="1"><formula>TRUE</formula></cfRule>'
    after = f'<conditionalFormatting sqref="E2:E9">{rule}</conditionalFormatting>'
    data = header() + line(2, share='t="str"|<v>3,5</v>')
    assert shares(book(sheet(data, after=after), hiding), registry) == [ASIDE]
    assert shares(book(sheet(data, after=after), PERCENT), registry) == ["3,5"]


def test_so_many_areas_are_refused_by_name(registry: Registry) -> None:
    rule = '<cfRule type="expression" dxfId="1" priority="1"><formula>TRUE</formula></cfRule>'
    areas = " ".join(f"E{row}" for row in range(2, 3_000))
    with pytest.raises(Refusal) as refusal:
        shares(sheet_of(f'<conditionalFormatting sqref="{areas}">{rule}</conditionalFormatting>'), registry)
    assert refusal.value.rule == "too_large_to_read"
