"""Made-up deliveries in every layout and format: written, read back, equal; and privacy wherever a number can hide."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.intake.apart.numbers import written
from flows.intake.delivery_note import Note, parse
from flows.intake.faults import Refusal
from flows.intake.formats import read
from flows.intake.reshape import reshape
from schemas.registry import Registry
from schemas.sources import Layout, LayoutColumn, Source

NOTE = parse([("kilde", "x"), ("udgivet", "2023"), ("oprindelse", "real")])
TEXT = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=9).map(
    lambda text: "x" + text.strip().replace("\xa0", " ") + "y"
)
NUMBER = st.integers(0, 99_999_999).map(str)
PERIODS = ["2008", "2009", "2010", "2011", "2012Q1", "2008K2", "2021M10"]


def delivered(layout: Layout, source: Source) -> list[str]:
    """Headers that a file of this layout must or may have."""
    of_carried = set(layout.carried.cells.values()) if layout.carried else set()
    own = [column.headers[0] for column in layout.columns if not column.unused and column.headers[0] not in of_carried]
    carried = [layout.carried.column, *layout.carried.cells] if layout.carried else []
    stub = [name for name in source.stub if name not in own]
    return list(dict.fromkeys([*stub, *own, *carried])) if not source.stub else list(source.stub)


def cells_of(column: LayoutColumn | None) -> st.SearchStrategy[str]:
    if column is not None and column.type in ("integer", "decimal", "year"):
        return NUMBER
    return TEXT


def rows_for(headers: list[str], layout: Layout) -> st.SearchStrategy[list[list[str]]]:
    by_header = {header: column for column in layout.columns for header in column.headers}
    row = st.tuples(*(cells_of(by_header.get(header)) for header in headers)).map(list)
    return st.lists(row, min_size=1, max_size=6)


def as_csv(headers: list[str], rows: list[list[str]], layout: Layout) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=layout.delimiters[0], lineterminator="\n")
    writer.writerows([headers, *rows])
    return text.getvalue().encode()


def as_xlsx(headers: list[str], rows: list[list[str]], layout: Layout, stub: int = 0) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Tal")
    sheet.write_string(0, 0, "En overskrift over tallene")
    for line, row in enumerate([["" if at < stub else name for at, name in enumerate(headers)], *rows], 2):
        for at, cell in enumerate(row):
            if cell:
                sheet.write_string(line, at, cell)
    book.close()
    return buffer.getvalue()


def as_records(headers: list[str], rows: list[list[str]], layout: Layout) -> bytes:
    by = layout.records_by
    groups: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        record = dict(zip(headers, row, strict=True))
        groups.setdefault(record.pop(by) if by else "", []).append(record)
    return json.dumps(groups).encode()


def as_json_stat(headers: list[str], rows: list[list[str]]) -> bytes:
    """A cube of one dimension: each row a member of its own."""
    members = {row[0]: at for at, row in enumerate(rows)}
    cube = {
        "version": "2.0",
        "class": "dataset",
        "id": ["OMRÅDE", "Tid"],
        "size": [len(rows), 1],
        "dimension": {
            "OMRÅDE": {"category": {"index": members}},
            "Tid": {"category": {"index": {"2008": 0}}},
        },
        "value": [int(row[-1]) for row in rows],
    }
    return json.dumps(cube).encode()


def as_px(rows: list[list[str]]) -> bytes:
    quoted = ",".join(f'"{row[0]}"' for row in rows)
    values = "\n".join(row[-1] for row in rows)
    return (
        'CHARSET="ANSI";\nCODEPAGE="Windows-1252";\nSTUB="OMRÅDE";\nHEADING="TID";\n'
        f'VALUES("OMRÅDE")={quoted};\nVALUES("TID")="2008";\nDATA=\n{values};\n'
    ).encode("cp1252")


SOURCES = ("municipal_figures", "population", "ministry_lists", "case_areas", "grants", "grant_list", "pool_totals",
           "municipalities", "municipality_mergers", "statutory_rules", "statbank_folk1a", "statbank_bm010",
           "transcribed_convictions", "population_2005_2023", "municipal_yearly", "ministry_lists_table",
           "ministry_lists_records", "list_totals", "statutory_rules_text", "correspondence_2007",
           "municipalities_2007", "municipality_groups", "estates", "plan_organisation", "plan_targets", "composition",
           "plan_activities", "secretariat_indicators", "addresses", "implementation")  # fmt: skip


def test_every_layout_is_tried(registry: Registry) -> None:
    assert {registry.sources[name].layout for name in SOURCES} == registry.layouts.keys()


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_written_is_read_back(registry: Registry, name: str, data: Any) -> None:
    source, layout = registry.sources[name], registry.layout_of(name)
    headers = delivered(layout, source)
    if layout.across:
        headers = [*headers, "2008", "2009"]
    rows = data.draw(rows_for(headers, layout))
    if layout.records_by:
        rows = sorted(rows, key=lambda row: [r[0] for r in rows].index(row[0]))
    for kind in layout.formats:
        stub = len(source.stub)
        if kind == "csv":
            content = as_csv(headers, rows, layout)
        elif kind == "xlsx":
            content = as_xlsx(headers, rows, layout, stub)
        elif kind == "json":
            content = as_records(headers, rows, layout)
        else:
            unique = {row[0].replace('"', "'"): row for row in rows}
            plain = [[place, "2008", str(n)] for n, place in enumerate(unique)]
            content = as_json_stat(headers, plain) if kind == "json-stat" else as_px(plain)
        try:
            sheet = read(content, layout, source, NOTE, vouched=True)
        except Refusal as refusal:
            assert refusal.rule in ("cpr_number", "double_encoded"), refusal
            continue
        if kind in ("json-stat", "px"):
            assert [list(row[1:]) for row in sheet.frame().iter_rows()] == plain
            continue
        assert tuple(sheet.columns) == tuple(headers)
        assert [list(row[1:]) for row in sheet.frame().iter_rows()] == rows
        assert sheet.rows == len(rows)


@given(st.floats(-1e12, 1e12, allow_nan=False).map(lambda number: round(number, 6)))
def test_a_number_of_a_cell_is_written_so_that_it_is_read_as_itself(registry: Registry, number: float) -> None:
    from flows.intake.cast import number_text

    text = written(Decimal(repr(number)))
    (read_back,) = number_text(pl.Series(values=[text]), "decimal", "danish").cast(pl.Float64())
    assert read_back == number


def test_years_across_become_rows_with_their_header(registry: Registry) -> None:
    source, layout = registry.sources["transcribed_convictions"], registry.layouts["series_across"]
    content = b"municipality,2008,2009\nOdense,1,2\nAarhus,3,..\n"
    rows = reshape(read(content, layout, source, NOTE), layout, source)
    texts = {header: coded.text().to_list() for header, (_, coded) in rows.columns.items()}
    assert texts["municipality"] == ["Odense", "Odense", "Aarhus", "Aarhus"]
    assert (texts["(kolonneoverskrift)"], texts["(tal)"]) == (["2008", "2009"] * 2, ["1", "2", "3", ".."])
    assert rows.lines.tolist() == [2, 2, 3, 3]
    assert rows.shown("(tal)", 1) == "2009"


CPR = "070761-4285"  # the CPR office's own example


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "json-stat"])
@pytest.mark.parametrize("place", ["cell", "header"])
def test_a_personal_number_is_found_in_every_format(registry: Registry, kind: str, place: str) -> None:
    name = {"csv": "population", "xlsx": "municipal_yearly", "json": "ministry_lists_records"}.get(
        kind, "statbank_folk1a"
    )
    source, layout = registry.sources[name], registry.layout_of(name)
    headers = delivered(layout, source)
    row = ["1"] * len(headers)
    if place == "cell":
        row[1] = CPR
    else:
        headers, row = [*headers, CPR], [*row, "1"]
    if kind == "json-stat":
        content = as_json_stat([], [[CPR, "2008", "1"]]).replace(
            b"OMR\\u00c5DE", CPR.encode() if place == "header" else b"X"
        )
    else:
        content = {"csv": as_csv, "xlsx": as_xlsx, "json": as_records}[kind](headers, [row], layout)
    with pytest.raises(Refusal) as refused:
        read(content, layout, source, NOTE)
    assert refused.value.rule == "cpr_number"
    assert CPR not in refused.value.detail


def test_a_personal_number_is_found_in_the_name_of_a_sheet_and_in_a_note(registry: Registry, night: Any) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.add_worksheet(CPR).write_string(0, 0, "Kommune")
    book.close()
    with pytest.raises(Refusal, match="cpr_number"):
        read(buffer.getvalue(), registry.layouts["municipal_wide"], registry.sources["municipal_yearly"], NOTE)
    night.deliver("statbank_folk1a/a.csv", "OMRÅDE;TID;INDHOLD\nHele landet;2012K1;5580516\n")
    night.deliver("statbank_folk1a/a.csv.levering.txt", f"kilde: {CPR}\nudgivet: 2012\noprindelse: real\n")
    receipt = night.run()["statbank_folk1a/a.csv"]
    assert (receipt.rule, CPR in receipt.detail) == ("cpr_number", False)


def test_a_personal_number_in_a_files_name_is_repeated_nowhere(night: Any) -> None:
    night.deliver(f"statbank_folk1a/liste {CPR}.csv", "OMRÅDE;TID;INDHOLD\nHele landet;2012K1;5580516\n")
    (receipt,) = (r for r in night.run().values() if r.source == "statbank_folk1a")
    assert (receipt.rule, receipt.detail) == ("cpr_number", "the name of the file")
    stored = [file for folder in (night.staging, night.quarantine) for file in folder.rglob("*") if file.is_file()]
    assert stored
    for file in stored:
        assert CPR not in str(file)
        assert CPR.encode() not in file.read_bytes()


def test_nothing_of_a_delivery_with_a_personal_number_is_stored(night: Any) -> None:
    secret = "Hemmeligvej"
    night.deliver("statbank_folk1a/a.csv", f"OMRÅDE;TID;INDHOLD\n{secret};2012K1;{CPR}\n")
    night.deliver("statbank_folk1a/a.csv.levering.txt", "kilde: x\nudgivet: 2012\noprindelse: real\n")
    assert night.run()["statbank_folk1a/a.csv"].rule == "cpr_number"
    for folder in (night.staging, night.quarantine):
        for file in folder.rglob("*"):
            assert not file.is_file() or (
                secret.encode() not in file.read_bytes() and CPR.encode() not in file.read_bytes()
            )


def test_the_note_is_read_the_same_wherever_it_stands() -> None:
    entries = {"kilde": "x", "afsender": "y", "udgivet": "2012-10-01", "oprindelse": "syntetisk", "rækker": "1.234",
            "kontrolsum Værdi": "1.234,5", "skjulte tal vises som": "0", "manglende rækker betyder": "0"}  # fmt: skip
    note = parse(entries.items())
    assert isinstance(note, Note)
    assert (note.rows, str(note.totals["Værdi"]), note.withheld_as, note.absent_is_zero) == (1234, "1234.5", "0", True)
    assert (note.origin, note.sender, str(note.published_at)) == ("synthetic", "y", "2012-10-01")
