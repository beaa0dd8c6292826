"""What a cell shows: every kind of number format, as Danish Excel, LibreOffice, openpyxl and XlsxWriter write them."""

import re
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flows.intake.apart.marks import SHOWN_OTHERWISE
from flows.intake.apart.number_formats import BUILT_IN, number_format
from flows.intake.apart.numbers import as_spelled, stored, written
from flows.intake.cast import IN_DOUBT

ASIDE = SHOWN_OTHERWISE
ACCOUNTS = '_-* #,##0\\ "kr."_-;\\-* #,##0\\ "kr."_-;_-* "-"??\\ "kr."_-;_-@_-'

# code, number stored, text
SHOWN = [
    # rounding takes no digit away
    ("General", "54.4", "54,4"),
    ("0", "54.4", "54,4"),
    ("0.0", "54.44", "54,44"),
    ("#,##0", "187123", "187123"),
    ("0.00E+00", "187123", "187123"),
    ("##0.0E+0", "0.00012", "0,00012"),
    ("# ?/?", "5.25", "5,25"),
    ("# ??/100", "0.5", "0,5"),
    ("GENERAL", "-5.5", "-5,5"),
    ("#,##0.00", "-3", "-3"),
    ("@", "461", "461"),
    ("# ##0", "187123", "187123"),
    ("#\\ ##0", "187123", "187123"),
    ("#\\.##0", "187123", "187123"),
    ("#", "7", "7"),
    ("?0.0", "7.5", "7,5"),
    ("#.00", "0", "0"),
    ("#,##0_ ;[Red]-#,##0\\ ", "-12", "-12"),
    ("[Blue]0;[Red]-0", "-12", "-12"),
    # a number can never be read as another: three decimals get a fourth
    ("General", "1.072", "1,0720"),
    ("0.000", "1.072", "1,0720"),
    ("0.0", "-12.345", "-12,3450"),
    ("0", "1234.567", "1234,567"),
    # percentages
    ("0%", "0.544", "54,4 %"),
    ("0.00%", "0.3", "30 %"),
    ("0.0\\ %", "0.0307", "3,07 %"),
    ("0%", "0", "0 %"),
    ("0%;[Red]-0%", "-0.02", "-2 %"),
    ("0.0%;(0.0%)", "-0.5", "-50 %"),
    ("[$-406]0.0%", "1", "100 %"),
    ("0%", "0.01072", "1,0720 %"),
    ('0.0"%"', "54.4", "54,4 %"),
    ("0.0\\%", "54.4", "54,4 %"),
    ('0.0" pct."', "54.4", "54,4 %"),
    ('General" %"', "54.4", "54,4 %"),
    ('0%"%"', "0.5", ASIDE),
    ("0%%", "0.5", ASIDE),
    ('0"‰"', "5", ASIDE),
    # thousands cut off, words that count in something else
    ("#,##0,", "187123", ASIDE),
    ("#,##0.0,,", "5000000", ASIDE),
    ("#,##0,", "0", "0"),
    ('0" mio."', "5", ASIDE),
    ('0"000"', "5", ASIDE),
    ('0" t.kr."', "5", ASIDE),
    ('"ca. "0', "5", ASIDE),
    ('0"*"', "5", ASIDE),
    ('0" personer"', "5", ASIDE),
    ("0 stk", "5", ASIDE),
    # money is dropped
    ('#,##0\\ "kr."', "187123", "187123"),
    ("#,##0\\ [$kr.-406]", "5", "5"),
    ("[$€-2]\\ #,##0.00", "5.5", ASIDE),
    ('"$"#,##0', "5", ASIDE),
    ("#,##0 [$SEK]", "5", ASIDE),
    ("[$£-809]#,##0", "0", ASIDE),
    ("[$DKK]\\ 0", "5", "5"),
    ('0",-"', "5", "5"),
    ("#,##0 DKK", "5", "5"),
    (ACCOUNTS, "187123", "187123"),
    (ACCOUNTS, "-5", "-5"),
    (ACCOUNTS, "0", "-"),
    # signs
    ('"-"0', "5", ASIDE),
    ("-0", "5", ASIDE),
    ("0;0", "-5", ASIDE),
    ("0;[Red]0", "-5", ASIDE),
    ("0;(0)", "-5", "-5"),
    ("0_);\\(0\\)", "-5", "-5"),
    ("0;0-", "-5", "-5"),
    ("(0)", "5", ASIDE),
    ("+0;-0", "5", "5"),
    ("+0;-0", "-5", "-5"),
    ("0;−0", "-5", "-5"),
    # words in place of a number
    ('[<5]"<5";0', "3", "<5"),
    ('[<5]"<5";0', "7", "7"),
    ('[<5]"<5";0', "-7", "<5"),
    ('0;-0;"-"', "0", "-"),
    ('0;-0;".."', "0", ".."),
    (";;;", "5", ASIDE),
    ("0;-0;;@", "0", ASIDE),
    ("0;-0;;@", "5", "5"),
    ("#", "0", ASIDE),
    ("#,###", "0", ASIDE),
    ("", "5", ASIDE),
    ('[=0]"-";[<5]"<5";0', "4", "<5"),
    ('[=0]"-";[<5]"<5";0', "0", "-"),
    ('[=0]"-";[<5]"<5";0', "12.5", "12,5"),
    ('[<5]"<5"', "9", ASIDE),
    ('"hemmeligt"', "5", "hemmeligt"),
    ("[>=100]0;[<0]-0;0", "-3", "-3"),
    ("**0", "5", ASIDE),
    ("*-0", "5", ASIDE),
    # patterns
    ("000000-0000", "101901234", "010190-1234"),
    ("000000\\-0000", "101901234", "010190-1234"),
    ("00 00 00 00", "12345678", "12 34 56 78"),
    ('"DK-"0000', "461", ASIDE),
    ("0000", "461", "0461"),
    ("00000", "12.5", "00012,5"),
    ("0\\,0", "544", "54,4"),
    ("00-00", "1.5", ASIDE),
    ("###-####", "1234567", "123-4567"),
    ("0-00", "12345", "123-45"),
    # days and times
    ("dd-mm-yyyy", "42430", "2016-03-01"),
    ("d. mmmm yyyy", "42430.75", "2016-03-01"),
    ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "1", "1900-01-01"),
    ("dd-mm-yyyy hh:mm", "42430.4375", "2016-03-01T10:30:00"),
    ("hh:mm", "0.4375", "10:30:00"),
    ("[h]:mm:ss", "1.104166666666666667", "26:30:00"),
    ("yyyy", "42430", "2016"),
    ("mmm-yy", "42430", "2016-03-01"),
    ("dd-mm-yyyy", "60", ASIDE),
    ("dd-mm-yyyy", "-1", ASIDE),
    ("yyyy", "2016", "1905"),
    ("dd/mm/yy;@", "42430", "2016-03-01"),
    ("h:mm AM/PM", "0.75", "18:00:00"),
    ("yyyy", "3000000", ASIDE),
]


@pytest.mark.parametrize(("code", "number", "text"), SHOWN)
def test_a_cell_is_read_as_it_is_shown(code: str, number: str, text: str) -> None:
    assert number_format(code).shown(Decimal(number)) == text


def test_a_workbook_may_count_its_days_from_1904() -> None:
    assert number_format("dd-mm-yyyy").shown(Decimal(40968), is_1904=True) == "2016-03-01"


@pytest.mark.parametrize(
    "key", [key for key in BUILT_IN if key in range(1, 14) or key in (37, 38, 39, 40, 41, 42, 43, 44, 48)]
)
def test_formats_known_by_number_alone_change_no_figure(key: int) -> None:
    shows = number_format(BUILT_IN[key])
    times, mark = (100, " %") if key in (9, 10) else (1, "")
    for number in ("5", "-5", "187123.25", "-0.75"):
        assert shows.shown(Decimal(number)) == written(Decimal(number) * times) + mark


@pytest.mark.parametrize(
    ("code", "is_shown"),
    [("@", True), ("0", True), (";;;", False), ("0;-0;;@", True), ('0;-0;0;"x"@', False), (ACCOUNTS, True)],
)
def test_a_text_may_be_hidden_too(code: str, is_shown: bool) -> None:
    assert number_format(code).shows_text() == is_shown


@given(st.text(st.sampled_from('0#?.,%;-()[]<>=5"\\_*@ dmyhs/E+krGeneral€$'), max_size=30), st.floats(-1e9, 1e9))
def test_any_format_shows_the_number_a_part_of_it_or_sets_it_aside(code: str, number: float) -> None:
    exact = stored(repr(number))
    assume(exact is not None)  # what lies below the smallest number of a spreadsheet is none
    assert exact is not None
    text = number_format(code).shown(exact)
    assert text
    assert text == text.strip()


@given(
    st.decimals(-(10**9), 10**9, places=4),
    st.sampled_from(["0", "0.00", "#,##0", "General", '#,##0.0\\ "kr."', "0;-0", "0.0E+0"]),
)
def test_rounding_takes_no_digit_away(number: Decimal, code: str) -> None:
    text = number_format(code).shown(number)
    assert Decimal(text.replace(",", ".")) == number
    assert not re.search(IN_DOUBT["danish"], text)


@pytest.mark.parametrize(
    ("spelled", "text"),
    [
        ("9.000", "9,000"),
        ("9.001", "9,001"),
        ("-187.000", "-187,000"),
        ("9.0", "9"),
        ("54.40", "54,4"),
        ("1234.500", "1234,5"),
        ("9.0001", "9,0001"),
        ("1.5e3", "1500"),
        ("1e999", "#NUM!"),
        ("0.1", "0,1"),
        ("-0.0", "0"),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_a_number_of_json_keeps_what_its_spelling_may_mean(spelled: str, text: str) -> None:
    assert as_spelled(spelled) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("54.399999999999999", "54,4"),
        ("5.4400000000000004E-1", "0,5440"),
        ("0.54400000000000004E1", "5,44"),
        ("1E+2", "100"),
        ("1e400", None),
        ("1_0", None),
        ("NaN", None),
    ],
)
def test_a_stored_number_is_the_one_that_was_typed(raw: str, text: str | None) -> None:
    number = stored(raw)
    assert (None if number is None else written(number)) == text
