"""Files that ask for more memory or time than a delivery may take, and files of other kinds: refused by name."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from raw_books import MAIN, book, header, line, row, sheet, styles, text, zipped

from flows.intake import apart
from flows.intake.faults import Refusal
from flows.intake.formats import process, read
from schemas.registry import Registry
from schemas.sources import ReadingLimits

SECONDS = 20


def empty_rows(number: int) -> str:
    return header() + line(2) + "".join(f'<row r="{at}"><c r="A{at}" s="0"/></row>' for at in range(3, number))


def shared(text_of: str, times: int) -> bytes:
    cells = "".join(f'<row r="{at}"><c r="B{at}" t="s"><v>0</v></c></row>' for at in range(2, times))
    return book(
        header() + cells, extra={"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>{text_of}</t></si></sst>'}
    )


def noise(number: int) -> str:
    return "".join(
        f'<row r="{at}">'
        + "".join(f'<c r="{letter}{at}"><v>{at * 7 % 99991}.{place}</v></c>' for place, letter in enumerate("ABCDEFGH"))
        + "</row>"
        for at in range(2, number)
    )


def cube(sizes: list[int], values: Any) -> bytes:
    dimensions = {
        f"D{at}": {"category": {"index": [str(code) for code in range(size)]}} for at, size in enumerate(sizes)
    }
    return json.dumps({"id": list(dimensions), "size": sizes, "dimension": dimensions, "value": values}).encode()


def entity() -> bytes:
    declared = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return book(sheet(header() + line(2, area="&b;")).replace("?>", "?>" + declared, 1).replace("&amp;b;", "&b;"))


def overlapping() -> bytes:
    content = bytearray(book(header() + line(2), compression=zipfile.ZIP_STORED))
    place = content.rfind(b"PK\x01\x02")
    content[place + 20 : place + 24] = (10**7).to_bytes(4, "little")
    return bytes(content)


WORKBOOKS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a cell beyond the last column": (
        lambda: book(header() + row(2, '<c r="ZZZZZZZZZ2"><v>1</v></c>')),
        {"damaged_file"},
    ),
    "a cell right of the last column": (lambda: book(header() + row(2, '<c r="XFE2"><v>1</v></c>')), {"damaged_file"}),
    "a row below the last row": (
        lambda: book(header() + row(1048577, '<c r="A1048577"><v>1</v></c>')),
        {"damaged_file"},
    ),
    "a far cell": (lambda: book(header() + row(1048576, '<c r="XFD1048576"><v>1</v></c>')), {"header_only"}),
    "a long text in many cells": (lambda: shared("a" * 4_000_000, 3000), {"too_large_to_read"}),
    "a text longer than a cell holds": (lambda: shared("æ" * 32_768, 3), {"too_large_to_read"}),
    "many rows without figures": (lambda: book(empty_rows(200_000)), {"accepted", "too_large_to_read"}),
    "many rows with many columns, each used once": (
        lambda: book(header() + "".join(row(at, f'<c r="{letters(at)}{at}"><v>1</v></c>') for at in range(2, 6000))),
        {"too_large_to_read"},
    ),
    "many cells without a name": (
        lambda: book(header() + noise(20_000), compression=zipfile.ZIP_STORED),
        {"column_without_name"},
    ),
    "zeros": (lambda: book(header() + line(2), extra={"xl/media/a.bin": b"\0" * 300_000_000}), {"too_large_to_read"}),
    "more than may be unpacked": (lambda: lying(500 << 20), {"too_large_to_read"}),
    "entities": (entity, {"damaged_file"}),
    "parts over each other": (overlapping, {"damaged_file"}),
    "deep parts": (lambda: book(header() + row(2, "<a>" * 100_000 + "</a>" * 100_000)), {"damaged_file", "accepted"}),
    "many parts": (
        lambda: book(header() + line(2), extra={f"xl/a{at}.xml": "<a/>" for at in range(6000)}),
        {"too_large_to_read"},
    ),
    "many styles": (lambda: book(header() + line(2), styles(*["0"] * 80_000)), {"damaged_file", "too_large_to_read"}),
    "a long format": (lambda: book(header() + line(2, residents='s="1"|<v>1</v>'), styles("#" * 30_000)), {"accepted"}),
    "merged cells everywhere": (
        lambda: book(
            sheet(
                header() + line(2),
                after="<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 120_000 + "</mergeCells>",
            )
        ),
        {"too_large_to_read"},
    ),
}
OTHERS: dict[str, tuple[Callable[[], bytes], str, set[str]]] = {
    "a sparse cube": (lambda: cube([500, 500, 500], {"0": 1}), "statbank_folk1a", {"too_large_to_read"}),
    "a cube of many dimensions": (lambda: cube([2] * 70, {"0": 1}), "statbank_folk1a", {"too_large_to_read"}),
    "a cube of nothing": (lambda: cube([0, 3], []), "statbank_folk1a", {"header_only"}),
    "lists within lists": (lambda: b"[" * 500_000, "ministry_lists_records", {"damaged_file"}),
    "a number without an end": (
        lambda: b'{"2017": [{"residents": ' + b"9" * 10_000_000 + b"}]}",
        "ministry_lists_records",
        {"accepted"},
    ),
    "many small records": (
        lambda: b'{"2017": [' + b",".join([b'{"residents":1}'] * 5_100_000) + b"]}",
        "ministry_lists_records",
        {"too_large_to_read"},
    ),
    "a great PX": (lambda: px(3000, 3000), "statbank_folk1a", {"too_large_to_read"}),
}


def px(*sizes: int) -> bytes:
    values = "".join(
        f'VALUES("d{at}")={",".join(f"{chr(34)}{code}{chr(34)}" for code in range(size))};\n'
        for at, size in enumerate(sizes)
    )
    stub = ",".join(f'"d{at}"' for at in range(len(sizes)))
    return f'CHARSET="ANSI";\nSTUB={stub};\n{values}DATA=\n1;\n'.encode()


def letters(column: int) -> str:
    name = ""
    while column:
        column, place = divmod(column - 1, 26)
        name = chr(65 + place) + name
    return name


def lying(size: int) -> bytes:
    """A workbook of which one part claims to be larger than it is."""
    content = bytearray(book(header() + line(2)))
    place = content.rfind(b"PK\x01\x02")
    content[place + 24 : place + 28] = size.to_bytes(4, "little")
    return bytes(content)


def outcome(content: bytes, registry: Registry, source: str) -> str:
    note = read_note() if source != "municipal_yearly" else None
    try:
        read(content, registry.layout_of(source), registry.sources[source], note)
    except Refusal as refusal:
        return refusal.rule
    return "accepted"


def read_note() -> Any:
    from flows.intake.delivery_note import parse

    return parse([("kilde", "x"), ("udgivet", "2023"), ("oprindelse", "real")])


@pytest.mark.parametrize("bomb", WORKBOOKS)
def test_a_workbook_that_asks_too_much_is_refused_in_seconds(registry: Registry, bomb: str) -> None:
    make, expected = WORKBOOKS[bomb]
    within_limits(make(), registry, "municipal_yearly", expected, bomb)


@pytest.mark.parametrize("bomb", OTHERS)
def test_so_is_a_cube_or_a_list_of_records(registry: Registry, bomb: str) -> None:
    make, source, expected = OTHERS[bomb]
    within_limits(make(), registry, source, expected, bomb)


def within_limits(content: bytes, registry: Registry, source: str, expected: set[str], bomb: str) -> None:
    start = time.monotonic()
    found = outcome(content, registry, source)
    seconds = time.monotonic() - start
    print(f"\n{bomb}: {found}, {seconds:.2f} s")
    assert found in expected
    assert seconds < SECONDS


# Ways to end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)",
        "import os; os.abort()",
        "raise SystemExit(3)",
        "print('{')",
        "print('')",
        "pass",
        "print('no json')",
    ],
)
def test_every_way_in_which_the_process_can_end_is_a_refusal(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ended.py").write_text(program)
    monkeypatch.setattr(process, "MODULE", "ended")
    monkeypatch.setattr(process, "ROOT", tmp_path)
    with pytest.raises(Refusal) as refusal:
        process.answer("xlsx", b"PK", ReadingLimits(megabytes=500, seconds=30))
    assert refusal.value.rule == "too_large_to_read"


def test_so_is_a_process_that_does_not_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "asleep.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(process, "MODULE", "asleep")
    monkeypatch.setattr(process, "ROOT", tmp_path)
    start = time.monotonic()
    with pytest.raises(Refusal) as refusal:
        process.answer("xlsx", b"PK", ReadingLimits(megabytes=500, seconds=1))
    assert (refusal.value.rule, time.monotonic() - start < 10) == ("too_large_to_read", True)


def test_memory_and_time_are_limited_by_the_kernel_too() -> None:
    limits = "from flows.intake.apart.__main__ import limited; limited(150, 1);"
    for program, signals in (
        ("x = b' ' * (300 << 20)", {1}),
        ("\nwhile True: pass", {-signal.SIGXCPU, -signal.SIGKILL}),
    ):
        ended = subprocess.run([sys.executable, "-c", limits + program], capture_output=True, check=False, timeout=20)
        assert ended.returncode in signals


def test_the_process_is_light() -> None:
    program = (
        "import sys, pkgutil, importlib, flows.intake.apart as p\n"
        "for m in pkgutil.iter_modules(p.__path__): importlib.import_module(f'{p.__name__}.{m.name}')\n"
        "heavy = {'polars', 'numpy', 'pyarrow', 'pandas', 'pydantic', 'python_calamine'} & set(sys.modules)\n"
        "print(heavy, sorted(n for n in sys.modules if n.startswith(('flows', 'schemas'))))"
    )
    root = str(Path(apart.__file__).parents[3])
    made = subprocess.run(
        [sys.executable, "-S", "-P", "-c", program],
        env={"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.startswith("set()")
    loaded = {name for name in made.stdout.split("'") if name.startswith(("flows", "schemas"))}
    assert {name for name in loaded if not name.startswith("flows.intake.apart")} == {
        "flows",
        "flows.intake",
        "flows.intake.cpr",
        "flows.intake.cpr_tables",
    }


# Files of other kinds -------------------------------------------------------------------------------------------------

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000
KINDS = {
    "an .xlsb workbook": zipped({"xl/workbook.bin": b"x"}),
    "an OpenDocument file": zipped(
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"}
    ),
    "a Word document": zipped({"word/document.xml": "<a/>"}),
    "a zip archive": zipped({"tal.csv": "a;b\n1;2\n"}),
    "an old workbook": OLE + "Workbook".encode("utf-16-le"),
    "a workbook protected by a password": OLE + "EncryptedPackage".encode("utf-16-le"),
    "a gzip archive": b"\x1f\x8b\x08" + b"\0" * 50,
}


@pytest.mark.parametrize("source", ["municipal_yearly", "statbank_folk1a"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_called_by_its_name(registry: Registry, kind: str, source: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read(KINDS[kind], registry.layout_of(source), registry.sources[source], read_note())
    assert refusal.value.rule == "is_archive"
    assert refusal.value.detail.startswith(f"the file is {kind}")


def test_a_workbook_for_a_source_that_takes_csv_is_told_what_is_meant(registry: Registry) -> None:
    with pytest.raises(Refusal) as refusal:
        read(book(header() + line(2)), registry.layout_of("statbank_folk1a"), registry.sources["statbank_folk1a"])
    assert (refusal.value.rule, refusal.value.detail) == (
        "wrong_format",
        "the file is an .xlsx workbook; this source takes CSV or JSON-stat or PX",
    )


def test_bytes_that_only_begin_like_a_workbook_are_damaged(registry: Registry) -> None:
    whole = book(header() + line(2))
    for content in (b"PK\x03\x04" + os.urandom(200), whole[: len(whole) // 2], io.BytesIO(whole).getvalue()[:-30]):
        assert outcome(content, registry, "municipal_yearly") == "damaged_file"
    assert text("A1", "<&>") == '<c r="A1" t="inlineStr"><is><t xml:space="preserve">&lt;&amp;&gt;</t></is></c>'
