"""Letters that nobody sees are taken away, what nothing can print is found; and names become identifiers."""

import re
import unicodedata
from importlib import resources

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.intake.characters import PASTED, clean, cleaned, unprintable, unprintable_in
from flows.intake.names import slug

LETTERS = st.one_of(
    st.sampled_from("aÆøé \u0301\u00a0\u202f\u2007\u200b\u200f\u202e\u2066\ufeff\u00ad\t\n"
        "\r\x01\x85\uf0b7\uf0fc\ue123\uffff\u0378“–ع"),
    st.characters(exclude_categories=["Cs"]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Høje\u00a0Gladsaxe", "Høje Gladsaxe"),
        ("Høje\u202fGladsaxe\u2007", "Høje Gladsaxe"),
        ("Volls\u200bmose", "Vollsmose"),
        ("\ufeffVollsmose\u200e", "Vollsmose"),
        ("\u202aVollsmose\u202c", "Vollsmose"),
        ("\u2066Voll\u00adsmose\u2069", "Vollsmose"),
        ("A\u030arhus", "Århus"),
        ("\uf0b7 Flere i arbejde", "• Flere i arbejde"),
        ("\uf0a7\tFlere\ni arbejde\r", "▪ Flere i arbejde"),
        ("“Vollsmose” – 2016’s mål", "“Vollsmose” – 2016’s mål"),
        ("٣ og ３", "٣ og ３"),
    ],
)
def test_a_text_is_cleaned_by_rule(written: str, meant: str) -> None:
    assert clean(written) == meant
    assert cleaned(pl.Series([written, "Odense"])).to_list() == [meant, "Odense"]


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.text(LETTERS, max_size=8), min_size=1, max_size=5))
def test_columns_are_cleaned_as_texts_are_and_only_once(texts: list[str]) -> None:
    column = pl.Series(values=texts, dtype=pl.String())
    once = cleaned(column)
    assert column.to_list() == texts
    assert once.to_list() == [clean(text) for text in texts]
    assert cleaned(once).to_list() == once.to_list()
    assert unprintable(column).to_list() == unprintable(once).to_list() == [bool(unprintable_in(t)) for t in once]
    for text, is_bad in zip(once, unprintable(once), strict=True):
        assert is_bad == any(
            unicodedata.category(letter) in ("Cc", "Cf", "Cn", "Co") or letter == "\ufffd" for letter in text
        )


@pytest.mark.parametrize(
    "letter", ["\x00", "\x01", "\x0c", "\x1b", "\x7f", "\x9f", "\ue123", "\uf123", "\uffff", "\u0378", "\ufffd"]
)
def test_what_nothing_can_print_is_found_and_named(letter: str) -> None:
    assert unprintable(pl.Series([f"Mål{letter} 1", "Mål 1"])).to_list() == [True, False]
    assert unprintable_in(f"Mål{letter} {letter}") == [f"U+{ord(letter):04X}"]


@pytest.mark.parametrize("text", ["Ærø ✓ ≥ 5 %", "عرب", "विकास", "中文", "😀", "é"])
def test_every_script_can_be_printed(text: str) -> None:
    assert unprintable(pl.Series([text])).to_list() == [False]


def test_the_signs_of_symbol_and_wingdings_can_be_printed() -> None:
    assert not unprintable(pl.Series([chr(code) for code in PASTED])).any()


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    functions = (resources.files("sql") / "functions.sql").read_text(encoding="utf-8")
    macro = re.search(r"create macro slug\(.*?;\n", functions, re.DOTALL)
    assert macro
    connection = duckdb.connect()
    connection.execute(macro[0])
    return connection


NAMES = st.text(
    st.one_of(st.sampled_from("aAæÆøØåÅ09 -,.'éE\u0301İßΣςعर\u093f"), st.characters(exclude_categories=["Cs", "Cn"])),
    max_size=12,
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=20))
def test_python_and_sql_make_the_same_identifier(database: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    names = [name.replace("\0", "") for name in names]
    made = database.execute("select slug(name) from (select unnest(?::varchar[]) as name)", [names]).fetchall()
    assert [identifier for (identifier,) in made] == [slug(name) for name in names]


@given(st.text("abcABC0123456789æøåÆØÅ -,./()'&\u2013\u00a0", max_size=20))
def test_the_identifier_of_a_danish_name_is_its_letters(name: str) -> None:
    plain = name.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    assert slug(name) == "-".join(re.findall("[a-z0-9]+", plain))


@given(
    st.text(st.characters(categories=["L", "Nd", "Mn"], exclude_characters="æøåÆØÅ"), min_size=1, max_size=6), st.data()
)
def test_two_names_that_differ_in_a_letter_are_two(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.characters(categories=["Lo", "Ll"], exclude_characters="æøåu"))
    other = name[:place] + letter + name[place + 1 :]
    alike = [
        unicodedata.normalize("NFC", "".join(c.lower()[0] for c in unicodedata.normalize("NFC", n)))
        for n in (name, other)
    ]
    assert (slug(name) == slug(other)) == (alike[0] == alike[1]) or "u" in name


@pytest.mark.parametrize(
    "pair", [("Plan العربية", "Plan विकास"), ("Café", "Cafe"), ("Αθήνα", "Αθήνη"), ("Plan 中", "Plan 文"), ("Ł", "L")]
)
def test_names_of_other_scripts_are_told_apart(pair: tuple[str, str]) -> None:
    assert slug(pair[0]) != slug(pair[1])
    assert all(re.fullmatch("[a-z0-9-]+", slug(name)) for name in pair)


def test_a_name_is_one_in_every_unicode_form() -> None:
    assert slug("Cafe\u0301 Å") == slug("CAFÉ, A\u030a") == "cafu00e9-aa"
