"""CSV as spreadsheets save it: read whole, or refused by its true name; and a last line without an end."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.intake.coded import DeliveredTable
from flows.intake.faults import Refusal
from flows.intake.formats import BEGINNINGS, read, refuse_what_is_no_table
from flows.intake.last_line import settled
from schemas.registry import Registry

NOTE = ['# kilde: en "prøve"; to blade', "# udgivet: 2016", "# oprindelse: real", "# rækker: 2"]
HEADER = ["Kommune", "Boligområde", "År", "Beboere", "Dømte (pct.)"]
ROWS = [["Odense", "Vollsmose", "2016", "9.001", "3,04"], ["Aarhus", "Bispe; haven", "2016", "2.310", ".."]]


def table(content: str | bytes, registry: Registry, source: str = "municipal_yearly", **other: bool) -> DeliveredTable:
    content = content.encode() if isinstance(content, str) else content
    return read(content, registry.layout_of(source), registry.sources[source], **other)


def cells(delivered: DeliveredTable) -> list[list[str]]:
    return [list(row[1:]) for row in delivered.frame().iter_rows()]


def saved(lines: Sequence[Sequence[str]], delimiter: str = ";", end: str = "\r\n", wide: int = 0) -> str:
    """Lines of cells as Excel saves them: all as wide as the widest, in quotation marks where a cell needs them."""
    wide = max(wide, *map(len, lines))
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(
        [*row, *[""] * (wide - len(row))] for row in lines
    )
    return text.getvalue()


SHEET = [[line] for line in NOTE] + [HEADER, *ROWS]
AS_SAVED = {
    "Danish Excel, Windows-1252": saved(SHEET).encode("cp1252"),
    "Danish Excel, UTF-8 with a mark": saved(SHEET).encode("utf-8-sig"),
    "cells emptied behind the table": saved(SHEET, wide=9).encode("utf-8-sig"),
    "Unicode-tekst": saved(SHEET, "\t").encode("utf-16"),
    "Unicode-tekst of another machine": b"\xfe\xff" + saved(SHEET, "\t").encode("utf-16-be"),
    "Unicode-tekst, wide": saved(SHEET, "\t", wide=7).encode("utf-16"),
    "UTF-16 with semicolons": saved(SHEET).encode("utf-16"),
    "sep= first": ("sep=;\r\n" + saved(SHEET)).encode("utf-8-sig"),
    "SEP= in quotation marks, with fields behind it": ('"SEP=;";;;;\r\n' + saved(SHEET)).encode("cp1252"),
    "sep= names commas": ("sep=,\n" + saved(SHEET, ",")).encode(),
    "sep= names tabs": ("sep=\t\n" + saved(SHEET, "\t")).encode(),
    "an old Mac": saved(SHEET, end="\r").encode(),
    "LibreOffice, every text quoted": "".join(
        ";".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) + "\n" for row in SHEET
    ).encode(),
    "blank lines at the top": ("\r\n;;;;\r\n" + saved(SHEET)).encode(),
    "blank lines between note and header": saved([*SHEET[:4], [""], ["", " "], *SHEET[4:]]).encode(),
    "carriage returns doubled on the way": saved(SHEET, end="\r\r\n").encode(),
    "a Ctrl-Z of DOS at the end": saved(SHEET).encode() + b"\x1a",
}


@pytest.mark.parametrize("way", AS_SAVED)
def test_every_way_in_which_a_program_saves_a_table_reads_the_same(registry: Registry, way: str) -> None:
    delivered = table(AS_SAVED[way], registry)
    assert (list(delivered.columns), cells(delivered)) == (HEADER, ROWS)
    assert (delivered.note.says, delivered.note.rows) == ('en "prøve"; to blade', 2)
    assert (delivered.broken, delivered.unended) == ([], False)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.lists(st.text("aæ ;\"',\t|#=\n1", max_size=5), min_size=3, max_size=3), min_size=1, max_size=5),
    st.integers(0, 3),
    st.sampled_from([("utf-8", ";"), ("utf-8-sig", ";"), ("utf-16", "\t"), ("cp1252", ";")]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_excel_writes_is_read_back(
    registry: Registry, rows: list[list[str]], behind: int, way: tuple[str, str], end: str
) -> None:
    assume(all(any(cell.strip(' ;,\t"\n') for cell in row) for row in rows))
    sheet = [[line] for line in NOTE[:3]] + [["Måltal", "Værdi", "Enhed"], *rows]
    delivered = table(saved(sheet, way[1], end, wide=3 + behind).encode(way[0]), registry, "pool_totals")
    assert cells(delivered) == rows
    assert delivered.note.says == 'en "prøve"; to blade'


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        ("\ufeffKommune", "Kommune"),
        ("Kom\u00admune", "Kommune"),
        (" Kommune\u00a0", "Kommune"),
        ('"Kommune"', "Kommune"),
    ],
)
def test_a_header_is_read_without_what_nobody_sees(registry: Registry, name: str, is_read: str) -> None:
    text = "\n".join([*NOTE, ";".join([name, *HEADER[1:]]), ";".join(ROWS[0])]) + "\n"
    assert next(iter(table(text, registry).columns)) == is_read


def test_a_header_with_line_ends_and_doubled_blanks_is_the_declared_one(registry: Registry) -> None:
    names = ["Kommune", "Boligområde", "År", "Ikke-vestlig  oprindelse,\nantal", "Beboere 18\u201364 år"]
    delivered = table(saved([[line] for line in NOTE] + [names, ROWS[0]]), registry)
    assert [*delivered.columns][3] == "Ikke-vestlig oprindelse, antal"


def refusal(content: str | bytes, registry: Registry, source: str = "municipal_yearly") -> Refusal:
    with pytest.raises(Refusal) as refused:
        table(content, registry, source)
    return refused.value


def test_extra_fields_are_dropped_only_where_they_are_empty(registry: Registry) -> None:
    lines = [*NOTE, ";".join(HEADER), "Odense;Vollsmose;2016;9.001;3,04;; ", "Odense;Vollsmose;2015;9.001;3,04;x;"]
    delivered = table("\n".join(lines) + "\n", registry)
    assert cells(delivered) == [ROWS[0]]
    assert [(fault.line, fault.rule, fault.detail) for fault in delivered.broken] == [
        (7, "ragged_line", "7 fields, the header has 5")
    ]


def test_a_short_row_is_set_aside(registry: Registry) -> None:
    delivered = table("\n".join([*NOTE, ";".join(HEADER) + ";;", ";".join(ROWS[0]), "Odense;x;2016"]) + "\n", registry)
    assert (cells(delivered), [fault.rule for fault in delivered.broken]) == ([ROWS[0]], ["ragged_line"])


def test_a_column_of_figures_without_a_name_is_refused_by_its_place(registry: Registry) -> None:
    refused = refusal(saved([[line] for line in NOTE] + [[*HEADER, ""], [*ROWS[0], "7"]]), registry)
    assert (refused.rule, refused.detail) == ("column_without_name", "column 6")


TITLES = ["Nøgletal for boligområder", "Udtrukket den 3. maj", "", "Kilde; se bilag"]


@pytest.mark.parametrize("titles", [TITLES[:1], TITLES[:2], TITLES[:3], TITLES])
def test_a_declared_header_below_titles_is_found(registry: Registry, titles: list[str]) -> None:
    delivered = table(saved([[line] for line in NOTE] + [[title] for title in titles] + [HEADER, *ROWS]), registry)
    assert (list(delivered.columns), cells(delivered)) == (HEADER, ROWS)
    assert delivered.titles == tuple(title for title in titles if title)


def test_a_title_in_every_cell_is_still_a_title(registry: Registry) -> None:
    titles = ["a", "b", "c", "d", "e"]
    delivered = table("\n".join(["# kilde: x", *NOTE[1:], *map(";".join, [titles, HEADER, ROWS[0]])]) + "\n", registry)
    assert (list(delivered.columns), cells(delivered)) == (HEADER, ROWS[:1])
    assert delivered.titles == ("a b c d e",)


@pytest.mark.parametrize(
    ("sheet", "lines"),
    [
        (
            [
                ["De Kommunale Nøgletal"],
                [""],
                ["", "Kom.nr", "2007", "2008"],
                ["Dragør Kommune", "155", "76,2", "77,0"],
            ],
            2,
        ),
        ([["Folketal"], ["Odense", "9.001"]], 1),
        ([["Folketal"], ["1. januar"], ["fordelt på køn"], ["Sted", "Tal"], ["Odense", "1"]], 3),
        ([["", "2015", "2016"], ["Odense", "1", "2"]], 1),
        ([["Folketal", "", "i alt"], ["Odense", "", "2"]], 1),
    ],
)
def test_titles_without_a_header_are_called_so(registry: Registry, sheet: list[list[str]], lines: int) -> None:
    refused = refusal(saved([[line] for line in NOTE] + sheet).encode("cp1252"), registry, "municipal_figures")
    assert refused.rule == "no_header"
    assert refused.detail.startswith(f"{lines} line")
    assert "'Geografi', 'Område'" in refused.detail
    assert "Odense" not in refused.detail


def test_a_file_with_a_header_of_other_names_is_not_called_titles(registry: Registry) -> None:
    delivered = table("\n".join([*NOTE, "Sted;Tal", "Odense;1"]) + "\n", registry)
    assert list(delivered.columns) == ["Sted", "Tal"]


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n  "])
def test_what_is_no_table_is_called_by_its_name(beginning: bytes, before: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        refuse_what_is_no_table(before + beginning.upper() + b";Kommune;x\n1;2;3\n")
    assert (refused.value.rule, refused.value.detail) == ("not_a_table", f"the file is {BEGINNINGS[beginning]}")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_web_page_saved_as_a_table_is_refused_as_one(registry: Registry, encoding: str) -> None:
    page = "<html><table><tr><td>Kommune;Boligområde</td></tr></table></html>"
    assert refusal(page.encode(encoding), registry, "municipal_figures").detail == "the file is a web page (HTML)"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (saved(SHEET).encode("utf-16-le"), "UTF-16 without a byte order mark"),
        (saved(SHEET).encode("utf-16-be"), "UTF-16 without a byte order mark"),
        (saved(SHEET).encode("utf-32"), "UTF-32"),
        (saved(SHEET).encode("utf-16")[:-1], "cut or damaged"),
        (saved(SHEET).encode() + b"\0\0", "zero bytes"),
        (bytes(range(1, 32)) * 40 + b";", "tried utf-8 and windows-1252"),
    ],
)
def test_text_that_cannot_be_read_is_called_by_its_name(registry: Registry, content: bytes, words: str) -> None:
    refused = refusal(content, registry)
    assert refused.rule == "undecodable"
    assert words in refused.detail


def test_a_control_character_refuses_no_file(registry: Registry) -> None:
    text = "\n".join([*NOTE, ";".join(HEADER), *map(";".join, ROWS[:1] * 40)]) + "\n"
    delivered = table(text.replace("Vollsmose", "Volls\x02mose", 1), registry)
    assert len(delivered.lines) == 40


STATBANK = "# kilde: x\n# udgivet: 2008\n# oprindelse: real\nOMRÅDE;TID;INDHOLD\nOdense;2008K1;100\nAarhus;2008K1;101"


@pytest.mark.parametrize("cut", [1, 2])
def test_a_last_figure_that_is_too_short_is_cut_however_complete_the_table_is(registry: Registry, cut: int) -> None:
    delivered = table(STATBANK[:-cut], registry, "statbank_folk1a")
    assert [(fault.line, fault.rule) for fault in settled(delivered, True).broken] == [(6, "cut_line")]


@pytest.mark.parametrize(("end", "is_kept"), [("54,4", True), ("54", False), ("5", False), ("", False)])
def test_a_last_figure_has_the_decimals_of_the_others(registry: Registry, end: str, is_kept: bool) -> None:
    text = STATBANK.replace(";100", ";53,9").replace(";101", f";{end}")
    delivered = settled(table(text, registry, "statbank_folk1a"), True)
    assert (len(delivered.lines) == 2) == is_kept


@pytest.mark.parametrize("end", ["", '"', ";"])
def test_a_whole_last_row_without_an_end_waits_for_the_table_to_be_complete(registry: Registry, end: str) -> None:
    text = STATBANK.replace(";101", ';"101"') if end == '"' else STATBANK + end.replace('"', "")
    delivered = table(text, registry, "statbank_folk1a")
    assert delivered.unended
    assert cells(delivered) == [["Odense", "2008K1", "100"], ["Aarhus", "2008K1", "101"]]
    kept, without = settled(delivered, True), settled(delivered, False)
    assert (cells(kept), kept.unended, kept.broken) == (cells(delivered), False, [])
    assert (cells(without), without.unended) == (cells(delivered)[:1], False)
    assert [(fault.line, fault.rule) for fault in without.broken] == [(6, "cut_line")]
    assert without.rows == delivered.rows == 2


def test_a_torn_last_row_is_set_aside_whatever_the_table_is(registry: Registry) -> None:
    delivered = table(STATBANK.removesuffix(";101"), registry, "statbank_folk1a")
    assert not delivered.unended
    assert [(fault.line, fault.rule) for fault in settled(delivered, True).broken] == [(6, "cut_line")]


def test_the_senders_hash_ends_the_last_line(registry: Registry) -> None:
    assert not table(STATBANK, registry, "statbank_folk1a", vouched=True).unended


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n;;\n", "\n;;"])
def test_a_last_line_with_an_end_is_not_cut(registry: Registry, end: str) -> None:
    delivered = table(STATBANK + end, registry, "statbank_folk1a")
    assert (len(delivered.lines), delivered.unended, delivered.broken) == (2, False, [])
    assert settled(delivered, False) is delivered


@pytest.mark.parametrize(("figure", "is_kept"), [("5462", True), ("546", False), ("54", False), ("5", False)])
def test_a_last_figure_between_places_and_groups_of_all_sizes_is_held_against_both(
    registry: Registry, figure: str, is_kept: bool
) -> None:
    sizes = {"Odense": 200_000, "Aarhus": 310_000, "Læsø": 1_900, "Ærø": 6_100, "Billund": 26_000}
    shares = {"Ugift": 0.46, "Gift/separeret": 0.38, "Enke/enkemand": 0.055, "Fraskilt": 0.09}
    rows = [
        f"{place};{group};2020K1;{size * share:.0f}" for place, size in sizes.items() for group, share in shares.items()
    ]
    rows += [f"Tønder;{group};2020K1;{60_000 * share:.0f}" for group, share in shares.items()][:3]
    head = STATBANK.partition("OMRÅDE")[0] + "OMRÅDE;CIVILSTAND;TID;INDHOLD\n"
    text = head + "\n".join([*rows, f"Tønder;Fraskilt;2020K1;{figure}"])
    assert (not settled(table(text, registry, "statbank_folk1a"), True).broken) == is_kept
