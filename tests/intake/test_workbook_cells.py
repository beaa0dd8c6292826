"""Workbooks as people see them: errors, formulas, formats, hidden parts, merged cells, programs that write them."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import office
import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from raw_books import (
    MAIN,
    NOTE,
    RELATION,
    STRICT,
    STRICT_RELATION,
    book,
    header,
    line,
    note_sheet,
    row,
    sheet,
    styles,
    text,
)
from workbooks import by_libreoffice, packed, parts, typed

from flows.intake.apart.marks import DANISH_ERRORS, ERRORS
from flows.intake.characters import broken_rule
from flows.intake.coded import DeliveredTable
from flows.intake.faults import Refusal
from flows.intake.formats import read
from schemas.registry import Registry

SOURCE = "municipal_yearly"
CPR = "070761-4285"


def reading(content: bytes, registry: Registry, source: str = SOURCE, **given: Any) -> DeliveredTable:
    return read(content, registry.layout_of(source), registry.sources[source], **given)


def column(content: bytes, registry: Registry, name: str = "Beboere") -> list[str]:
    return reading(content, registry).columns[name].text().to_list()


def refused(content: bytes, registry: Registry, source: str = SOURCE) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        reading(content, registry, source)
    return refusal.value


# Errors and formulas --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_stands_in_its_cell_by_name(registry: Registry, error: str) -> None:
    content = book(header() + line(2, residents=f't="e"|<v>{error}</v>') + line(3))
    assert column(content, registry) == [error, "9000"]
    assert broken_rule(error) == "error_cell"


def test_an_error_without_a_name_or_a_known_one_is_an_error(registry: Registry) -> None:
    content = book(header() + line(2, residents='t="e"|<v>#NEW!</v>') + line(3, residents='t="e"|<v/>') + line(4))
    assert column(content, registry) == ["#VALUE!", "#VALUE!", "9000"]


@pytest.mark.parametrize("word", [*DANISH_ERRORS, "#####", "Err:502", "Fejl:508", " #i/t ", "#division/0!"])
def test_errors_are_known_as_danish_programs_show_them(word: str) -> None:
    assert broken_rule(word) == "error_cell"


@pytest.mark.parametrize("word", ["", "..", "-", "#", "# 12", "I/T", "9000", "Vej #3", "a=b", "#1"])
def test_other_words_are_no_errors(word: str) -> None:
    assert broken_rule(word) is None


def test_a_formula_without_a_result_was_never_calculated(registry: Registry) -> None:
    for cell in ("<f>9000+1</f><v/>", "<f>9000+1</f>", "<f>9000+1</f><v></v>", 't="str"|<f>9000+1</f>'):
        assert column(book(header() + line(2, residents=cell) + line(3)), registry) == ["=", "9000"]
    assert broken_rule("=") == broken_rule("=A1+B1") == "not_calculated"


def test_a_formula_that_gives_an_empty_text_is_empty(registry: Registry) -> None:
    content = book(header() + line(2, residents='t="str"|<f>IF(A1="","x","")</f><v></v>') + line(3))
    assert column(content, registry) == ["", "9000"]


def test_results_that_were_written_before_anything_was_calculated_are_none(registry: Registry) -> None:
    data = header() + line(2, residents="<f>9000+1</f><v>0</v>") + line(3)
    assert column(book(data), registry) == ["0", "9000"]
    for words in ('fullCalcOnLoad="1"', 'fullCalcOnLoad="true"', 'calcCompleted="0"'):
        assert column(book(data, calc=f"<calcPr {words}/>"), registry) == ["=", "9000"]


def test_so_are_the_cells_that_a_formula_of_an_array_covers(registry: Registry) -> None:
    made = io.BytesIO()
    written = xlsxwriter.Workbook(made)
    rows = written.add_worksheet("Tal")
    for at, name in enumerate(("Kommune", "Boligområde", "År", "Beboere")):
        rows.write(0, at, name)
    for at in (1, 2):
        rows.write_row(at, 0, ["Odense", "Vollsmose", 2016])
    rows.write_array_formula("D2:D3", "{=C2:C3*2}")
    note = written.add_worksheet("Følgeseddel")
    for at, (key, value) in enumerate(NOTE.items()):
        note.write_row(at, 0, [key, value])
    written.close()
    assert column(made.getvalue(), registry) == ["=", "="]


def test_a_last_row_of_such_cells_is_no_footnote(registry: Registry) -> None:
    data = (
        header()
        + line(2)
        + row(3, text("A3", "Odense"), *(f'<c r="{letter}3"><f>{letter}2</f><v/></c>' for letter in "BCDE"))
    )
    delivered = reading(book(data + row(4, text("A4", "Kilde: egne tal"))), registry)
    assert delivered.rows == 2
    assert delivered.frame().row(1) == (3, "Odense", "=", "=", "=", "=")


def test_yes_and_no_and_days_by_type(registry: Registry) -> None:
    data = (
        header()
        + line(2, 't="b"|<v>1</v>', 't="d"|<v>2016-03-01T00:00:00</v>')
        + line(3, 't="b"|<v>0</v>', "<v>1.072</v>")
    )
    delivered = reading(book(data), registry)
    assert delivered.columns["Beboere"].text().to_list() == ["ja", "nej"]
    assert delivered.columns["Dømte (pct.)"].text().to_list() == ["2016-03-01", "1,0720"]


def test_formats_are_found_through_the_styles(registry: Registry) -> None:
    data = header() + line(2, 's="2"|<v>187123</v>', 's="1"|<v>0.30000000000000004</v>') + line(3, 's="3"|<v>0</v>')
    delivered = reading(book(data, styles("0.00%", "#,##0,", ";;;")), registry)
    assert delivered.columns["Dømte (pct.)"].text().to_list() == ["30,000000000000004 %", "3,5"]
    assert delivered.columns["Beboere"].text().to_list() == ["#SHOWN!", "#SHOWN!"]
    assert broken_rule("#SHOWN!") == "shown_otherwise"


def test_a_sheet_that_shows_no_zeros_shows_none(registry: Registry) -> None:
    view = '<sheetViews><sheetView showZeros="0" workbookViewId="0"/></sheetViews>'
    assert column(book(sheet(header() + line(2, residents="<v>0</v>") + line(3), view)), registry) == [
        "#SHOWN!",
        "9000",
    ]


@pytest.mark.parametrize(
    "cell",
    [
        's="9"|<v>1</v>',
        't="s"|<v>5</v>',
        "<v>1,5</v>",
        't="x"|<v>1</v>',
        "<v>0x10</v>",
        's="-1"|<v>1</v>',
        't="b"|<v>7</v>',
    ],
)
def test_what_points_nowhere_is_damage(registry: Registry, cell: str) -> None:
    assert refused(book(header() + line(2, residents=cell), styles("0")), registry).rule == "damaged_file"


@pytest.mark.parametrize("damage", ["twice", "backwards", "rows", "other row"])
def test_cells_out_of_their_order_are_damage(registry: Registry, damage: str) -> None:
    data = header() + line(2) + line(3)
    changed = {
        "twice": data.replace('r="E2"', 'r="D2"'),
        "backwards": data.replace('r="E2"', 'r="A2"'),
        "rows": data.replace('<row r="3"', '<row r="2"'),
        "other row": data.replace('r="E2"', 'r="E4"'),
    }[damage]
    assert refused(book(changed), registry).rule == "damaged_file"


# Texts ----------------------------------------------------------------------------------------------------------------


def test_texts_are_read_in_all_their_forms(registry: Registry) -> None:
    strings = (
        f'<sst xmlns="{MAIN}"><si><t>Vollsmose</t></si><si><r><t>Sol</t></r><r><rPr><b/></rPr><t>bakken</t></r>'
        "<rPh><t>læst</t></rPh></si><si><t>Paske_x006C_okken_x000D_</t></si></sst>"
    )
    rows = "".join(
        line(at, area="x").replace(text(f"B{at}", "x"), f'<c r="B{at}" t="s"><v>{at - 2}</v></c>') for at in (2, 3, 4)
    )
    content = book(header() + rows, extra={"xl/sharedStrings.xml": strings})
    assert column(content, registry, "Boligområde") == ["Vollsmose", "Solbakken", "Paskelokken\r"]


def test_strict_namespaces_prefixes_and_places_of_parts_do_not_matter(registry: Registry) -> None:
    files = parts(book(header() + line(2)))
    strict = {
        name: part.replace(MAIN.encode(), STRICT.encode()).replace(RELATION.encode(), STRICT_RELATION.encode())
        for name, part in files.items()
    }
    assert column(packed(strict), registry) == ["9000"]
    moved = {name.replace("xl/worksheets/", "xl/blade/").replace("/", "\\"): part for name, part in files.items()}
    moved["xl\\_rels\\workbook.xml.rels"] = files["xl/_rels/workbook.xml.rels"].replace(b"worksheets/", b"/xl/blade/")
    assert column(packed(moved), registry) == ["9000"]
    prefixed = (
        files["xl/worksheets/sheet1.xml"]
        .replace(b"<", b"<x:")
        .replace(b"<x:/", b"</x:")
        .replace(b"<x:?", b"<?")
        .replace(b"xmlns=", b"xmlns:x=")
    )
    assert column(packed({**files, "xl/worksheets/sheet1.xml": prefixed}), registry) == ["9000"]


def test_cells_without_references_follow_each_other(registry: Registry) -> None:
    data = (header() + line(2)).replace(' r="', ' q="')
    assert column(book(data), registry) == ["9000"]


# Sheets, rows and columns ---------------------------------------------------------------------------------------------


def test_a_table_may_begin_anywhere(registry: Registry) -> None:
    names = "".join(
        text(f"{letter}5", name)
        for letter, name in zip("CDEF", ("Kommune", "Bolig-\nområde", "År", "Beboere"), strict=True)
    )
    cells = f'{text("C6", "Odense")}{text("D6", "Vollsmose")}<c r="E6"><v>2016</v></c><c r="F6"><v>9000</v></c>'
    data = (
        row(2, text("B2", "Årstal for Odense"))
        + row(5, names.replace("Bolig-\nområde", "Boligområde\n"))
        + row(6, cells)
    )
    delivered = reading(book(data + row(9, text("A9", "Kilde: kommunen"))), registry)
    assert delivered.frame().row(0) == (6, "Odense", "Vollsmose", "2016", "9000")
    assert delivered.titles == ("Tal", "Årstal for Odense")


def test_a_column_without_a_name_is_named_by_its_letter(registry: Registry) -> None:
    data = header() + line(2).replace("</row>", '<c r="H2"><v>5</v></c></row>')
    refusal = refused(book(data), registry)
    assert (refusal.rule, refusal.detail) == ("column_without_name", "column H")


@pytest.mark.parametrize(("row_is", "column_is"), [('hidden="1"', 'hidden="1"'), ('ht="0"', 'width="0"')])
def test_hidden_rows_and_columns_are_read_and_remarked(registry: Registry, row_is: str, column_is: str) -> None:
    data = header() + line(2) + line(3).replace('<row r="3" ', f'<row r="3" {row_is} ')
    delivered = reading(book(sheet(data, f'<cols><col min="4" max="4" {column_is}/></cols>')), registry)
    assert delivered.rows == 2
    assert {(remark.rule, remark.line, remark.column) for remark in delivered.remarks} == {
        ("hidden_row", 3, ""),
        ("hidden_column", 1, "Beboere"),
    }


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_what_is_seen_is_what_is_sent(registry: Registry, state: str) -> None:
    other = sheet(header() + line(2, residents="<v>1</v>"))
    content = book(header() + line(2), sheets={"Sidste år": other}, states={"Sidste år": state})
    delivered = reading(content, registry)
    assert delivered.columns["Beboere"].text().to_list() == ["9000"]
    assert [(remark.rule, remark.detail) for remark in delivered.remarks] == [("hidden_sheet", "sheet 3 was not read")]
    alone = reading(book(header() + line(2), states={"Tal": state}), registry)
    assert [(remark.rule, remark.detail) for remark in alone.remarks] == [("hidden_sheet", "sheet 1 was read")]
    assert refused(book(header() + line(2), sheets={"Sidste år": other}), registry).rule == "which_sheet"


def test_a_cell_that_lies_under_another_one_is_no_missing_figure(registry: Registry) -> None:
    data = header() + line(2) + line(3, residents="") + row(4, text("A4", "Note over det hele"))
    merged = '<mergeCells><mergeCell ref="D2:D3"/><mergeCell ref="A4:E4"/></mergeCells>'
    delivered = reading(book(sheet(data, after=merged)), registry)
    assert delivered.columns["Beboere"].text().to_list() == ["9000", "#SHOWN!"]


def test_two_columns_of_one_name_are_refused(registry: Registry) -> None:
    assert refused(book(header().replace("Dømte (pct.)", "Beboere") + line(2)), registry).rule == "duplicate_column"


# The note -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ('t="e"><v>#DIV/0!</v></c>', "'kontrolsum Beboere' shows an error, or something else than it stores"),
        ("><f>SUM(A1)</f><v/></c>", "'kontrolsum Beboere' was never calculated"),
        ("kolonnen har en celle med fejl", "'kontrolsum Beboere' is no number but a text"),
        ("30 %", "'kontrolsum Beboere' is a percentage"),
    ],
)
def test_a_control_sum_that_is_none_is_named_and_the_table_is_read(registry: Registry, value: str, detail: str) -> None:
    content = book(header() + line(2), sheets={"Følgeseddel": note_sheet(NOTE | {"kontrolsum Beboere": value})})
    delivered = reading(content, registry)
    assert (delivered.note.broken, dict(delivered.note.totals)) == (detail, {})
    assert delivered.rows == 1


def test_figures_of_a_note_that_nobody_calculated_promise_nothing(registry: Registry) -> None:
    entries = NOTE | {"rækker": "><f>COUNTA(A1:A9)</f><v/></c>"}
    delivered = reading(book(header() + line(2), sheets={"Følgeseddel": note_sheet(entries)}), registry)
    assert delivered.note.rows is None
    assert [remark.rule for remark in delivered.remarks] == ["note_not_calculated"]


# Personal numbers -----------------------------------------------------------------------------------------------------

PARTS: dict[str, tuple[str, str]] = {
    "comments": (
        "xl/comments1.xml",
        f"<comments><comment ref='B2'><text><r><t>{CPR[:4]}</t></r><r><rPr><b/></rPr><t>{CPR[4:]}</t></r></text>"
        "</comment></comments>",
    ),
    "threaded comments": (
        "xl/threadedComments/threadedComment1.xml",
        f"<ThreadedComments><threadedComment><text>{CPR}</text></threadedComment></ThreadedComments>",
    ),
    "document properties": ("docProps/core.xml", f"<cp><title>{CPR}</title></cp>"),
    "own properties": ("docProps/custom.xml", f"<Properties><property name='{CPR}'/></Properties>"),
    "text boxes": ("xl/drawings/drawing1.xml", f"<wsDr><t>{CPR}</t></wsDr>"),
    "charts": ("xl/charts/chart1.xml", f"<chart><pt><v>{CPR}</v></pt></chart>"),
    "other workbooks": (
        "xl/externalLinks/externalLink1.xml",
        f"<externalLink><cell><v>{CPR}</v></cell></externalLink>",
    ),
    "pivot caches": ("xl/pivotCache/pivotCacheDefinition1.xml", f"<d><s v='{CPR}'/></d>"),
    "words of a number's format": ("xl/styles9.xml", f"<a><numFmt formatCode='0&quot;{CPR}&quot;'/></a>"),
    "words of a table's total": ("xl/tables/table1.xml", f"<a><tableColumn totalsRowLabel='{CPR}'/></a>"),
    "two lines of a comment": ("xl/comments1.xml", f"<a><t>{CPR[:6]}\n{CPR[7:]}</t></a>"),
    "custom data": ("customXml/item1.xml", f"<a>{CPR}</a>"),
    "old drawings": ("xl/drawings/vmlDrawing1.vml", f"<xml><br><div>{CPR}</div></xml>"),
    "what is no xml": ("xl/vbaProject.bin", CPR),
    "links": (
        "xl/worksheets/_rels/sheet1.xml.rels",
        "<Relationships><Relationship Id='x' Type='h' TargetMode='External' "
        f"Target='mailto:{CPR}@x.dk'/></Relationships>",
    ),
}


@pytest.mark.parametrize("where", PARTS)
def test_a_personal_number_is_found_in_every_part(registry: Registry, where: str) -> None:
    name, part = PARTS[where]
    assert refused(book(header() + line(2), extra={name: part}), registry).rule == "cpr_number"
    assert column(
        book(header() + line(2), extra={name: part.replace("4285", "42").replace(CPR[4:], "x")}), registry
    ) == ["9000"]


@pytest.mark.parametrize(
    "where",
    ["formula", "header", "defined name", "check", "sheet", "deleted text", "shown", "stored", "hidden", "embedded"],
)
def test_and_wherever_a_sheet_can_hold_it(registry: Registry, where: str) -> None:
    data, after, given = header() + line(2), "", dict[str, Any]()
    match where:
        case "formula":
            data = header() + line(2, residents=f'<f>IF(A1="{CPR}",1,2)</f><v>2</v>')
        case "header":
            after = f"<headerFooter><oddFooter>&amp;L{CPR}</oddFooter></headerFooter>"
        case "defined name":
            given["properties"] = f"<definedNames><definedName name='x'>\"{CPR}\"</definedName></definedNames>"
        case "check":
            after = f'<dataValidations><dataValidation sqref="A1" prompt="{CPR}"/></dataValidations>'
        case "sheet":
            given["sheets"] = {CPR: sheet("")}
        case "deleted text":
            given["extra"] = {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>{CPR}</t></si></sst>'}
        case "shown":
            data = header() + line(2, residents='s="1"|<v>707614285</v>')
            given["style"] = styles("000000-0000")
        case "stored":
            data = header() + line(2, share='s="1"|<v>0707614285</v>')
            given["style"] = styles('"skjult";"skjult"')
        case "hidden":
            given["sheets"] = {"Navne": sheet(row(1, text("A1", CPR)))}
            given["states"] = {"Navne": "veryHidden"}
        case "embedded":
            given["extra"] = {"xl/embeddings/Microsoft_Excel_Sheet1.xlsx": book(row(1, text("A1", CPR)))}
    refusal = refused(book(sheet(data, after=after), **given), registry)
    assert refusal.rule == "cpr_number"
    assert CPR not in refusal.detail
    assert "4285" not in refusal.detail


@pytest.mark.parametrize("code", ["0%", "#,##0,", "0.00E+00", "dd-mm-yyyy", ";;;", '0" stk."', "# ?/?", "General"])
@pytest.mark.parametrize("raw", ["0707614285", "707614285", "7.07614285E8", "707614285.0", "7.07614285E+08"])
def test_a_number_that_is_stored_is_found_whatever_its_format(registry: Registry, code: str, raw: str) -> None:
    """The CPR office's own example; a column of shares would show anything in its place."""
    other = line(3, share='s="1"|<v>812345678</v>')
    content = book(header() + line(2, share=f's="1"|<v>{raw}</v>'), styles(code))
    assert refused(content, registry).rule == "cpr_number"
    assert reading(book(header() + other, styles(code)), registry).rows == 1


def test_a_day_beside_four_digits_is_found_whatever_its_format(registry: Registry) -> None:
    """7 July 1961 is day 22,469 of Excel."""
    for code in ("dd-mm-yyyy", "ddmmyy", "yyyy", "d. mmmm yyyy", "[$-406]dd/mm/yy", "yyyy-mm-dd hh:mm"):
        content = book(header() + line(2, 's="1"|<v>22469</v>', "<v>4285</v>"), styles(code))
        assert refused(content, registry).rule == "cpr_number", code
    assert reading(book(header() + line(2, "<v>22469</v>", "<v>4285</v>")), registry).rows == 1


# Programs that write workbooks ----------------------------------------------------------------------------------------

ROWS: list[list[Any]] = [
    ["Kommune", "Boligområde", "År", "Beboere", "Dømte (pct.)"],
    ["Odense", "Vollsmose", 2016, 9000, 0.305],
    ["Odense", "Solbakken", 2016, "..", 0.0],
]
READ = [("Odense", "Vollsmose", "2016", "9000", "30,5 %"), ("Odense", "Solbakken", "2016", "..", "0 %")]


def by_openpyxl(entries: Mapping[str, str] = NOTE) -> bytes:
    made = openpyxl.Workbook()
    tal = made.active
    for cells in ROWS:
        tal.append(cells)
    for cell in (tal["E2"], tal["E3"]):
        cell.number_format = "0.00%"
    note = made.create_sheet("Følgeseddel")
    for entry in entries.items():
        note.append(entry)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def by_xlsxwriter(options: Mapping[str, Any]) -> bytes:
    content = io.BytesIO()
    made = xlsxwriter.Workbook(content, options)
    tal, note = made.add_worksheet("Tal"), made.add_worksheet("Følgeseddel")
    percent = made.add_format({"num_format": 10})
    for at, cells in enumerate(ROWS):
        tal.write_row(at, 0, cells)
        if at:
            tal.write_number(at, 4, cells[4], percent)
    for at, entry in enumerate(NOTE.items()):
        note.write_row(at, 0, entry)
    made.close()
    return content.getvalue()


@pytest.mark.parametrize("writer", ["openpyxl", "xlsxwriter", "xlsxwriter in constant memory"])
def test_what_programs_write_is_read_alike(registry: Registry, writer: str) -> None:
    content = by_openpyxl() if writer == "openpyxl" else by_xlsxwriter({"constant_memory": "constant" in writer})
    assert reading(content, registry).frame().drop("line").rows() == READ


@office.NEEDED
def test_what_libreoffice_saves_is_read_alike(registry: Registry, tmp_path: Path) -> None:
    saved = by_libreoffice({"a": by_openpyxl(), "b": by_xlsxwriter({})}, tmp_path)
    for content in saved.values():
        assert reading(content, registry).frame().drop("line").rows() == READ


def test_a_template_that_openpyxl_filled_is_read_without_its_promises(registry: Registry, tmp_path: Path) -> None:
    from flows.intake.templates import yearly

    yearly.write(tmp_path / "a.xlsx", registry, "0461", 2016)
    made = openpyxl.load_workbook(tmp_path / "a.xlsx")
    made["Følgeseddel"]["B2"] = "2017-03-01"
    made["Årstal"]["E2"] = 4000
    content = io.BytesIO()
    made.save(content)
    delivered = reading(content.getvalue(), registry)
    assert (delivered.note.rows, dict(delivered.note.totals)) == (None, {})
    assert delivered.columns["Beboere"].text()[0] == "4000"
    assert [remark.rule for remark in delivered.remarks] == ["note_not_calculated"]
    untouched = refused((tmp_path / "a.xlsx").read_bytes(), registry)
    assert (untouched.rule, untouched.detail) == ("note_figure_broken", "'udgivet' was never calculated")
    assert reading(typed((tmp_path / "a.xlsx").read_bytes(), {"E2": 4000}), registry).note.rows == 5
