"""The guard against personal numbers. The numbers here are published samples, or made up on the spot."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.intake.coded import Coded
from flows.intake.cpr import WEIGHTS, holds_cpr_number
from flows.intake.cpr_tables import RATES, rows_with_cpr_numbers
from flows.intake.faults import Refusal
from flows.intake.formats import read
from flows.intake.privacy import lines_with_cpr_numbers
from flows.intake.privacy import rows_with_cpr_numbers as rows_of_columns
from schemas.registry import Registry

PUBLISHED_SAMPLE = "070761-4285"  # the CPR office's own example of the check by modulus 11


def valid(born: date, start: int) -> str:
    """A number of this date of birth that passes modulus 11, by trying serial numbers from `start`."""
    for serial in range(start, start + 1000):
        digits = [int(digit) for digit in f"{born:%d%m%y}{serial:04d}"]
        if sum(w * d for w, d in zip(WEIGHTS, digits, strict=True)) % 11 == 0:
            return "".join(map(str, digits))
    raise AssertionError("one in eleven passes")


@pytest.mark.parametrize("mark", ["-", "", " "])
@pytest.mark.parametrize("around", ["{}", "Boligområde;{};12", 'navn "{}"', "({})", "cpr:{}."])
def test_a_number_is_found_in_every_writing(mark: str, around: str) -> None:
    assert holds_cpr_number(around.format(PUBLISHED_SAMPLE.replace("-", mark)))


@given(st.dates(date(1937, 1, 1), date(1999, 12, 31)), st.sampled_from((0, 1000, 2000, 3000, 4000, 9000)))
def test_every_number_with_the_check_is_found(born: date, start: int) -> None:
    number = valid(born, start)
    assert holds_cpr_number(number)
    assert holds_cpr_number(f"{number[:6]}-{number[6:]}")


CENTURIES = {
    0: {0: 1900, 36: 1900, 37: 1900, 57: 1900, 58: 1900, 99: 1900},
    3: {0: 1900, 36: 1900, 37: 1900, 57: 1900, 58: 1900, 99: 1900},
    4: {0: 2000, 36: 2000, 37: 1900, 57: 1900, 58: 1900, 99: 1900},
    5: {0: 2000, 36: 2000, 37: 2000, 57: 2000, 58: 1800, 99: 1800},
    8: {0: 2000, 36: 2000, 37: 2000, 57: 2000, 58: 1800, 99: 1800},
    9: {0: 2000, 36: 2000, 37: 1900, 57: 1900, 58: 1900, 99: 1900},
}


@pytest.mark.parametrize("seventh", CENTURIES)
def test_the_seventh_digit_and_the_year_give_the_century(seventh: int) -> None:
    """The CPR office's table, at the edges of its ranges. Births that lie ahead are of nobody."""
    for year, century in CENTURIES[seventh].items():
        number = valid(date(century + year, 6, 15), 1000 * seventh)
        assert number[6] == str(seventh)
        assert holds_cpr_number(number) == (date(century + year, 6, 15) < datetime.now(UTC).date()), (seventh, year)


@given(st.dates(date(2008, 1, 1), date(2020, 12, 31)), st.integers(4000, 8999))
def test_numbers_given_after_the_check_was_given_up_are_found(born: date, serial: int) -> None:
    assert holds_cpr_number(f"{born:%d%m%y}{serial:04d}")


@pytest.mark.parametrize(
    "text", ["2.200.000.000", "310299-1234", "000000-0000", "2010;9.259;54,4", "12345678901", "0101;101"]
)
def test_ordinary_figures_pass(text: str) -> None:
    assert not holds_cpr_number(text)


def test_ordinary_numbers_of_ten_digits_pass_at_the_stated_rate() -> None:
    chance = random.Random(7)
    tries = 60_000
    alarms = sum(holds_cpr_number(f"{chance.randrange(10**10):010d}") for _ in range(tries))
    assert 1 / 200 < alarms / tries < 1 / 120


WAYS: dict[str, Callable[[str, date], str]] = {
    "dash": lambda n, b: f"{n[:6]}-{n[6:]}",
    "digits": lambda n, b: n,
    "blank": lambda n, b: f"{n[:6]} {n[6:]}",
    "no-break blank": lambda n, b: f"{n[:6]}\u00a0{n[6:]}",
    "thin blanks": lambda n, b: "\u2009".join((n[:2], n[2:4], n[4:6], n[6:])),
    "narrow no-break blank and dash": lambda n, b: f"{n[:6]}\u202f-\u202f{n[6:]}",
    "non-breaking hyphen": lambda n, b: f"{n[:6]}\u2011{n[6:]}",
    "en dash": lambda n, b: f"{n[:6]} – {n[6:]}",
    "em dash": lambda n, b: f"{n[:6]}—{n[6:]}",
    "minus": lambda n, b: f"{n[:6]}\u2212{n[6:]}",
    "soft hyphen": lambda n, b: f"{n[:6]}\u00ad{n[6:]}",
    "slash": lambda n, b: f"{n[:6]}/{n[6:]}",
    "nobody sees the letter between": lambda n, b: f"{n[:6]}\u200b{n[6:]}",
    "pairs": lambda n, b: " ".join(n[at : at + 2] for at in range(0, 10, 2)),
    "dots and dash": lambda n, b: f"{b:%d.%m.%y}-{n[6:]}",
    "dots and blank": lambda n, b: f"{b:%d.%m.%y} {n[6:]}",
    "full year": lambda n, b: f"{b:%d%m%Y}-{n[6:]}",
    "full year, digits": lambda n, b: f"{b:%d%m%Y}{n[6:]}",
    "full year, dots": lambda n, b: f"{b:%d.%m.%Y} {n[6:]}",
    "full year, slashes": lambda n, b: f"{b:%d/%m/%Y}-{n[6:]}",
    "ISO": lambda n, b: f"{b:%Y-%m-%d} {n[6:]}",
    "one digit": lambda n, b: f"{b.day}/{b.month}-{b:%y} {n[6:]}",
    "called so": lambda n, b: f"CPR:{n}",
    "called so, without its zero": lambda n, b: f"cpr-nr. {int(n)}",
    "letters around": lambda n, b: f"nr.{n[:6]}-{n[6:]}a",
    "full-width digits": lambda n, b: "".join(chr(0xFF10 + int(digit)) for digit in n),
    "a list of them": lambda n, b: f"{n[:6]}-{n[6:]},{n[:6]}-{n[6:]}",
    "decimal of Excel": lambda n, b: f"{n},0",
    "a line ends between": lambda n, b: f"{n[:6]}\n{n[6:]}",
    "a line ends behind the dash": lambda n, b: f"{n[:6]}-\r\n{n[6:]}",
    "a line of Unicode ends between": lambda n, b: f"{n[:6]}\u2028{n[6:]}",
    "a tab between": lambda n, b: f"{n[:6]}\t{n[6:]}",
    "a link's blank": lambda n, b: f"file:///C:/sager/{n[:6]}%20{n[6:]}.docx",
    "a link's dash": lambda n, b: f"{n[:6]}%2D{n[6:]}",
    "a link's no-break blank": lambda n, b: f"{n[:6]}%C2%A0{n[6:]}",
    "a web page's dash": lambda n, b: f"{n[:6]}&ndash;{n[6:]}",
    "a web page's blank, by its number": lambda n, b: f"{n[:6]}&#160;{n[6:]}",
    "a digit in each box of a form": lambda n, b: " ".join(n),
    "a digit in each box, a dash between": lambda n, b: f"{' '.join(n[:6])} - {' '.join(n[6:])}",
    "month in words": lambda n, b: f"født {b.day}. {MONTHS[b.month - 1]} {b.year}-{n[6:]}",
    "month in words, capitals": lambda n, b: f"{b:%d} {MONTHS[b.month - 1].upper()}. {b.year} – {n[6:]}",
}
# Ways that only a column shows.
IN_A_COLUMN: dict[str, Callable[[str, date], str]] = {
    "the zero is lost": lambda n, b: str(int(n)),
    "the zero is lost, a decimal came": lambda n, b: f"{int(n)},0",
    "thousands": lambda n, b: f"{int(n):,}".replace(",", "."),
    "a decimal point": lambda n, b: f"{n[:6]}.{n[6:]}",
}
MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
SPLIT: dict[str, Callable[[str, date], tuple[str, str]]] = {
    "digits": lambda n, b: (n[:6], n[6:]),
    "zeros lost": lambda n, b: (str(int(n[:6])), str(int(n[6:]))),
    "ISO": lambda n, b: (f"{b:%Y-%m-%d}", n[6:]),
    "ISO, zeros lost": lambda n, b: (f"{b:%Y-%m-%d}", str(int(n[6:]))),
    "as a workbook is read": lambda n, b: (f"{b:%Y-%m-%d}T00:00:00", f"{int(n[6:])},0"),
    "dots": lambda n, b: (f"{b:%d.%m.%y}", n[6:]),
    "full year": lambda n, b: (f"{b:%d%m%Y}", n[6:]),
    "a dash before the serial": lambda n, b: (f"{b:%d-%m-%Y}", f"-{n[6:]}"),
    "month in words": lambda n, b: (
        f"{b.day}. {MONTHS[b.month - 1]} {b.year}",
        n[6:],
    ),
}

EPOCH = date(1899, 12, 30)
APART: dict[str, Callable[[str, date], tuple[str, ...]]] = {
    "day, month, year-serial": lambda n, b: (n[:2], n[2:4], f"{n[4:6]}-{n[6:]}"),
    "day, month, year and serial": lambda n, b: (n[:2], n[2:4], n[4:]),
    "day, month, full year-serial": lambda n, b: (n[:2], n[2:4], f"{b.year}-{n[6:]}"),
    "day, month, year and serial, zeros lost": lambda n, b: (str(b.day), str(b.month), str(int(n[4:]))),
    "day, month, year, serial": lambda n, b: (n[:2], n[2:4], n[4:6], n[6:]),
    "day, month, full year, serial": lambda n, b: (str(b.day), str(b.month), str(b.year), n[6:]),
    "day, month, year, serial, of a workbook": lambda n, b: (f"{b.day},0", f"{b.month},0", f"{n[4:6]},0", n[6:]),
    "day and month, year, serial": lambda n, b: (n[:4], n[4:6], n[6:]),
    "a dash in a cell of its own": lambda n, b: (n[:6], "-", n[6:]),
    "an empty cell between": lambda n, b: (f"{b:%d-%m-%Y}", "", n[6:]),
}


def somebody(chance: random.Random) -> tuple[str, date]:
    """A number that passes modulus 11, and its date of birth."""
    born = date(1937, 1, 1) + timedelta(days=chance.randrange(25_000))
    start = 1000 * chance.choice((0, 1, 2, 3) if born.year < 2000 else (4, 5, 6, 7, 8))
    return valid(born, start + chance.randrange(900)), born


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_is_found_in_a_text_and_in_a_table(way: str) -> None:
    chance = random.Random(way)
    missed = []
    for _ in range(300):
        number, born = somebody(chance)
        written = WAYS[way](number, born)
        if number[6:8] in ("19", "20"):
            continue  # after a whole date it reads as a year
        if not holds_cpr_number(written) or rows_with_cpr_numbers([["Nr", "x"], ["y", written]]) != [2]:
            missed.append(written)
    assert not missed, missed[:5]


@pytest.mark.parametrize("way", IN_A_COLUMN)
@pytest.mark.parametrize(("rows", "most_missed"), [(3, 0.03), (30, 0.0)])
def test_a_column_of_numbers_that_a_spreadsheet_changed_is_found(way: str, rows: int, most_missed: float) -> None:
    chance = random.Random(way)
    tables = [
        [["Nr", "Kommune"], *([IN_A_COLUMN[way](*somebody(chance)), "Odense"] for _ in range(rows))] for _ in range(60)
    ]
    assert sum(not rows_with_cpr_numbers(table) for table in tables) / 60 <= most_missed


@pytest.mark.parametrize("way", SPLIT)
@pytest.mark.parametrize(("header", "rows", "most_missed"), [("Fødselsdato", 1, 0.0), ("A", 3, 0.05), ("A", 30, 0.0)])
def test_a_number_split_over_two_cells_is_found(way: str, header: str, rows: int, most_missed: float) -> None:
    chance = random.Random(way)
    tables = [[["Navn", header, "B"], *(["x", *SPLIT[way](*somebody(chance))] for _ in range(rows))] for _ in range(60)]
    assert sum(not rows_with_cpr_numbers(table) for table in tables) / 60 <= most_missed


@pytest.mark.parametrize("way", APART)
@pytest.mark.parametrize(("header", "rows", "most_missed"), [("Født", 1, 0.1), ("A", 3, 0.1), ("A", 30, 0.0)])
def test_a_number_over_three_or_four_cells_is_found(way: str, header: str, rows: int, most_missed: float) -> None:
    chance = random.Random(way)
    wide = len(APART[way](*somebody(chance)))
    tables = [
        [["Navn", header, *"BCD"[: wide - 1]], *(["x", *APART[way](*somebody(chance))] for _ in range(rows))]
        for _ in range(60)
    ]
    assert sum(not rows_with_cpr_numbers(table) for table in tables) / 60 <= most_missed
    coded = [[Coded.of([row[place] for row in table[1:]]) for place in range(wide + 1)] for table in tables]
    found = [rows_of_columns(table[0], columns) for table, columns in zip(tables, coded, strict=True)]
    assert [[*mask.nonzero()[0] + 2] for mask in found] == [rows_with_cpr_numbers(table) for table in tables]


def test_a_day_as_excel_counts_it_is_one_under_a_header_that_says_so() -> None:
    chance = random.Random(5)
    people = [somebody(chance) for _ in range(20)]
    rows = [[str((born - EPOCH).days), number[6:]] for number, born in people]
    assert rows_with_cpr_numbers([["Fødselsdato", "Løbenr."], *rows]) == [*range(2, 22)]
    assert rows_with_cpr_numbers([["Beboere", "Husstande"], *rows]) == []


def test_what_a_scientific_format_left_of_a_number_is_found_where_it_is_called_so() -> None:
    for cell in ("1,20575E+09", "1.20575E+09", "7,07614E+08", "1,20575E9"):
        table = [["CPR-nummer", "x"], [cell, "y"]]
        assert rows_with_cpr_numbers(table) == [2], cell
        assert rows_of_columns(table[0], [Coded.of([cell]), Coded.of(["y"])]).all(), cell
        assert rows_with_cpr_numbers([["Beløb", "x"], [cell, "y"]]) == [], cell
        assert rows_with_cpr_numbers([["Værdi", "x"], [cell, "y"]]) == [], cell


def test_a_column_that_says_so_needs_no_check() -> None:
    invented = ["0101901234", "101901234", "010190 1234"]
    for cell in invented[:2]:
        assert rows_with_cpr_numbers([["Borgerens CPR-nr."], [cell]]) == [2]
    assert rows_with_cpr_numbers([["Født", "Løbenr."], ["01-01-1990", "1234"]]) == [2]


@pytest.mark.parametrize(
    "text",
    [
        "2010-123456", "12/34567", "27.69.08-G01-1-19", "00.01.10-P35-1-19", "5790000123456", "+45 12 34 56 78",
        "12345678", "0045 12345678", "12 10 11 90 / 12 34 56 78", "01.01.2010-31.12.2013", "01.01.2010 2011",
        "01.01.12-2015", "2012-10-01 1430", "121.256 1.234", "2008;2009;2010", "1234 0707614285", "1234-0707614285",
        "Opført 01.05.1972 5240 Odense", "3,1415926535897", "070761-428", "070761-42851", "20150312-4711",
        "978-87-070761-4", "1.070.761 4.285", "1 2 0 3 9 0 1 2 3 4 5", "Åbnet 1. maj 1972-2015", "54 %20 %",
        "1. januar 2010 1234", "Tal &amp; tekst 2012-10-01",
    ],
)  # fmt: skip
def test_what_people_write_beside_passes(text: str) -> None:
    assert not holds_cpr_number(text)
    assert rows_with_cpr_numbers([["Nr"], [text]]) == []


def tables_of(header: tuple[str, ...], cells: Callable[[random.Random], tuple[str, ...]]) -> Callable[..., Any]:
    return lambda chance, rows: [header, *(cells(chance) for _ in range(rows))]


def some_day(chance: random.Random) -> date:
    return date(1950, 1, 1) + timedelta(days=chance.randrange(27_000))


ORDINARY = {
    "EAN": tables_of(("EAN",), lambda r: (f"579{r.randrange(10**10):010d}",)),
    "telephone": tables_of(("Nr",), lambda r: (f"{r.randrange(2 * 10**7, 10**8)}",)),
    "telephone with its country": tables_of(("Nr",), lambda r: (f"+45{r.randrange(2 * 10**7, 10**8)}",)),
    "telephone in pairs": tables_of(("Nr",), lambda r: (" ".join(f"{r.randrange(20, 100)}" for _ in range(4)),)),
    "CVR": tables_of(("Nr",), lambda r: (f"{r.randrange(10**7, 10**8)}",)),
    "production unit": tables_of(("P-nummer",), lambda r: (f"{10**9 + r.randrange(3 * 10**7)}",)),
    "production unit, not called so": tables_of(("Nr",), lambda r: (f"{10**9 + r.randrange(3 * 10**7)}",)),
    "account": tables_of(("Nr",), lambda r: (f"{r.randrange(1000, 1900)} {r.randrange(10**10):010d}",)),
    "ten digits": tables_of(("Nr",), lambda r: (f"{r.randrange(10**10):010d}",)),
    "kroner": tables_of(("Beløb (kr.)",), lambda r: (f"{r.randrange(10**8, 10**10)}",)),
    "kroner of nine digits, not called so": tables_of(("Værdi",), lambda r: (f"{r.randrange(10**8, 10**9)}",)),
    "kroner of ten digits, not called so": tables_of(("Værdi",), lambda r: (f"{r.randrange(10**9, 10**10)}",)),
    "case number": tables_of(("Sag",), lambda r: (f"{r.randrange(2000, 2026)}-{r.randrange(10**6):06d}",)),
    "case number by day": tables_of(
        ("Nr",), lambda r: (f"{date(2005, 1, 1) + timedelta(days=r.randrange(7000)):%Y%m%d}-{r.randrange(10**4):04d}",)
    ),
    "residents, households": tables_of(
        ("A", "B"), lambda r: (str(r.randrange(10**4, 10**6)), str(r.randrange(10**3, 10**4)))
    ),
    "residents, households, with points": tables_of(
        ("A", "B"), lambda r: (f"{r.randrange(100, 999)}.{r.randrange(100, 999)}", f"1.{r.randrange(100, 999)}")
    ),
    "day, year": tables_of(("Slutter", "År"), lambda r: (f"{some_day(r):%d-%m-%Y}", str(r.randrange(1990, 2026)))),
    "day, count": tables_of(("Dato", "B"), lambda r: (f"{some_day(r):%d-%m-%Y}", str(r.randrange(1, 10**4)))),
    "day, month, year, count": tables_of(
        ("Dag", "Måned", "År", "B"),
        lambda r: (
            f"{r.randrange(1, 29):02d}",
            f"{r.randrange(1, 13):02d}",
            f"{r.randrange(2005, 2016)}",
            str(r.randrange(1, 10**4)),
        ),
    ),
    "group, month, case number": tables_of(
        ("A", "B", "Nr"),
        lambda r: (
            str(r.randrange(1, 30)),
            str(r.randrange(1, 13)),
            f"{r.randrange(5, 26):02d}-{r.randrange(10**4):04d}",
        ),
    ),
    "counts of small areas": tables_of(("A", "B", "C", "D"), lambda r: tuple(str(r.randrange(1, 200)) for _ in "ABCD")),
    "day, count beyond an empty cell": tables_of(
        ("Dato", "", "B"), lambda r: (f"{some_day(r):%d-%m-%Y}", "", str(r.randrange(1, 10**4)))
    ),
    "kroner of ten digits, scientific": tables_of(("Værdi",), lambda r: (f"{r.randrange(10**9, 10**10):.5E}",)),
    "period": tables_of(("Periode",), lambda r: (f"{some_day(r):%d.%m.%Y}-{some_day(r):%d.%m.%Y}",)),
    "moment": tables_of(("Tid",), lambda r: (f"{some_day(r):%Y-%m-%d} {r.randrange(24):02d}:{r.randrange(60):02d}",)),
    "municipality, year": tables_of(
        ("Kommunekode", "År"), lambda r: (r.choice(["0101", "101", "0751"]), str(r.randrange(1990, 2026)))
    ),
    "address": tables_of(("Adresse",), lambda r: (f"Opført {some_day(r):%d.%m.%Y} {r.randrange(1000, 9990)} Odense",)),
}


@pytest.mark.parametrize("kind", ORDINARY)
def test_files_of_ordinary_numbers_pass_at_the_stated_rate(kind: str) -> None:
    """The rates of the module's docstring: files of one row, of three and of a hundred."""
    tries = {1: 400, 3: 200, 100: 30}
    for rows, count in tries.items():
        chance = random.Random(f"{kind} {rows}")
        alarms = sum(bool(rows_with_cpr_numbers(ORDINARY[kind](chance, rows))) for _ in range(count))
        stated = next((rate for name, rate in RATES.items() if name == kind), (0.0, 0.0, 0.0))
        assert alarms / count <= stated[(1, 3, 100).index(rows)], (rows, alarms / count)


def test_a_delivery_with_one_is_refused_with_its_line_and_without_the_number(registry: Registry) -> None:
    content = f"# kilde: prøve\n# udgivet: 2012\nMåltal;Værdi\nx;{PUBLISHED_SAMPLE}\n".encode()
    with pytest.raises(Refusal) as refused:
        read(content, registry.layouts["pool_totals"], registry.sources["pool_totals"])
    assert refused.value.rule == "cpr_number"
    assert refused.value.detail == "line 4"


def test_only_the_lines_are_named() -> None:
    assert lines_with_cpr_numbers(["a", PUBLISHED_SAMPLE, "b", PUBLISHED_SAMPLE]) == [2, 4]


SECRET = "Hemmeligvej"
NOTE = "kilde: x\nudgivet: 2012\noprindelse: real\n"
BODY = f"OMRÅDE;TID;INDHOLD\n{SECRET};2012K1;5580516\n"
PLACES: dict[str, Callable[[str], dict[str, str]]] = {
    "a cell": lambda n: {"a.csv": BODY + f"{n};2012K1;1\n", "a.csv.levering.txt": NOTE},
    "a cell in quotation marks": lambda n: {"a.csv": BODY + f'"{n}";2012K1;1\n', "a.csv.levering.txt": NOTE},
    "the last line, cut": lambda n: {"a.csv": BODY + n, "a.csv.levering.txt": NOTE},
    "a line with too many fields": lambda n: {"a.csv": BODY + f"a;b;c;d;{n}\n", "a.csv.levering.txt": NOTE},
    "a header": lambda n: {"a.csv": BODY.replace("INDHOLD", f"{n};INDHOLD"), "a.csv.levering.txt": NOTE},
    "a title": lambda n: {"a.csv": f"Udtræk for {n};;\n" + BODY, "a.csv.levering.txt": NOTE},
    "a note at the top": lambda n: {"a.csv": f"# kilde: {n}\n# udgivet: 2012\n# oprindelse: real\n" + BODY},
    "a quoted note": lambda n: {"a.csv": f'"# kilde: ""{n}"""\n# udgivet: 2012\n# oprindelse: real\n' + BODY},
    "a note beside": lambda n: {"a.csv": BODY, "a.csv.levering.txt": NOTE + f"afsender: {n}\n"},
    "a file that cannot be read otherwise": lambda n: {"a.csv": BODY + f'"{n};2012K1;1\n', "a.csv.levering.txt": NOTE},
    "the name of the file": lambda n: {f"{n}.csv": BODY, f"{n}.csv.levering.txt": NOTE},
    "the name of a folder": lambda n: {f"borger {n}/a.csv": BODY, f"borger {n}/a.csv.levering.txt": NOTE},
    "a folder and a file": lambda n: {f"{n[:6]}/{n[-4:]}.csv": BODY, f"{n[:6]}/{n[-4:]}.csv.levering.txt": NOTE},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", [PUBLISHED_SAMPLE, "070761 – 4285", "0707614285"])
def test_nothing_of_a_delivery_that_holds_one_is_kept_anywhere(night: Any, place: str, number: str) -> None:
    for name, text in PLACES[place](number).items():
        night.deliver(f"statbank_folk1a/{name}", text)
    (receipt,) = (receipt for receipt in night.run().values() if receipt.source == "statbank_folk1a")
    assert (receipt.outcome, receipt.rule) == ("refused", "cpr_number")
    stored = [file for folder in (night.staging, night.quarantine) for file in folder.rglob("*") if file.is_file()]
    assert stored
    for file in stored:
        for text in (SECRET, number, f"{number[:6]}/{number[-4:]}", f"{number[-4:]}.csv"):
            assert text not in str(file), text
            assert text.encode() not in file.read_bytes(), (file, text)
