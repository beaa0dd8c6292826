"""The files of definitions and changes: what they say, and that anyone can read them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from reading import lix

from flows.extracts import texts
from flows.extracts.model import ChangeLine, Extract
from schemas.registry import Registry


def test_text_opens_anywhere_and_keeps_within_its_lines(full_extract: Extract, registry: Registry) -> None:
    for words in (texts.definitions(full_extract, registry), texts.change_log(full_extract, registry)):
        assert words.startswith("\ufeffUDKAST: ")
        assert words.count("\r\n") == words.count("\n")
        assert max(len(line) for line in words.split("\r\n")) <= 88
        assert not [line for line in words.split("\r\n") if line != line.rstrip()]


def test_every_shown_indicator_and_every_mark_is_explained(full_extract: Extract, registry: Registry) -> None:
    words, unshown = " ".join(texts.definitions(full_extract, registry).split()).rsplit(
        "Tal, der ikke er vist noget", 1
    )
    places = [place for place, _ in texts.places(full_extract)]
    explained = 0
    for name in full_extract.indicators:
        indicator = registry.indicators[name]
        if any(place.figure(name, year).is_shown for place in places for year in full_extract.years):
            assert f"{indicator.label_da} Betyder: {indicator.definition_da} Tæller:" in words
            explained += 1
        else:
            assert f"{indicator.label_da} Betyder" not in words
            assert indicator.label_da in unshown
    assert explained == 6
    for mark in registry.extracts.mark.values():
        assert f"{mark.code} {mark.label_da} {mark.meaning_da}" in words


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (
            "Andel uden for arbejdsmarkedet",
            {
                "unit": "Procent.",
                "good": "Et lavt tal er godt: falder det, går det den gode vej.",
                "uncertainty": "Kan ikke regnes ud for det, som tallet tæller.",
                "publisher": "Ministeriet med ansvar for boliger.",
                "comparable": "Gennemsnit over 2 år, mindst ét sted: 2012. "
                "Kilden gentager et tidligere års tal, mindst ét sted: 2011.",
            },
        ),
        (
            "Fraflytningsprocent",
            {
                "theme": "Områdets tiltrækning",
                "uncertainty": "Regnes ud, hvor antallene bag tallet er leveret.",
                "comparable": "Årene kan sammenlignes, når usikkerheden regnes med.",
            },
        ),
    ],
)
def test_a_definition_says_what_its_figures_are(
    full_extract: Extract, registry: Registry, label: str, words: dict[str, Any]
) -> None:
    found = next(definition for definition in texts.define(full_extract, registry) if definition.label == label)
    assert {name: getattr(found, name) for name in words} == words


def test_a_figure_that_is_not_shown_says_nothing_of_how_it_was_counted(
    make_extract: Callable[..., Extract], registry: Registry
) -> None:
    extract = make_extract()
    key = ("outside_work_pct", 2003)
    hidden = replace(extract.country.figure(*key), value=None, mark="hidden", window_years=4, repeats_year=2002)
    country = replace(extract.country, figures={**extract.country.figures, key: hidden})
    found = texts.define(replace(extract, country=country), registry)
    outside = next(definition for definition in found if definition.label == "Andel uden for arbejdsmarkedet")
    assert outside.comparable == "Årene kan sammenlignes, når usikkerheden regnes med."


@pytest.mark.parametrize(
    ("before", "before_mark", "now", "now_mark", "words"),
    [
        (40.0, None, 41.5, None, "Tal, der er rettet: - Andel dømte, 2010: før 40,00 %, nu 41,50 %"),
        (40.0, None, None, "hidden", "Tal, der ikke vises længere: - Andel dømte, 2010: før 40,00 %, nu skjult"),
        (None, "hidden", 40.0, None, "Tal, der vises nu: - Andel dømte, 2010: før skjult, nu 40,00 %"),
        (None, None, 40.0, None, "Nyt siden sidst: - Andel dømte, 2010: 40,00 %"),
        (None, None, None, "hidden", "Nyt siden sidst: - Andel dømte, 2010: skjult"),
        (0.0, None, None, None, "Tal, der er taget ud: - Andel dømte, 2010: før 0,00 %, nu ikke med"),
        (
            None,
            "not_delivered",
            None,
            "hidden",
            "Tal, der mangler af en anden grund end før: - Andel dømte, 2010: før ikke leveret, nu skjult",
        ),
    ],
)
def test_a_change_says_what_happened(
    full_extract: Extract,
    registry: Registry,
    before: float | None,
    before_mark: str | None,
    now: float | None,
    now_mark: str | None,
    words: str,
) -> None:
    change = ChangeLine("Viby-Syd", "convicted_pct", 2010, before, before_mark, now, now_mark)
    log = " ".join(texts.change_log(replace(full_extract, changes=(change,)), registry).split())
    assert "1 ændring siden udgivelse 2011-1." in log
    assert log.endswith(f"1. VIBY-SYD {'-' * 88} {words}")


def test_changes_stand_by_place_as_the_extract_has_them(full_extract: Extract, registry: Registry) -> None:
    moved = [ChangeLine(name, "residents", 2011, 1.0, None, 2.0, None) for name in ("Aarhus", "Ørsted", "Viby-Syd")]
    log = texts.change_log(replace(full_extract, changes=(*moved, *full_extract.changes)), registry)
    heads = [line for line in log.split("\r\n") if line[:2] in ("1.", "2.", "3.", "4.")]
    assert heads == ["1. BISPEHAVEN", "2. VIBY-SYD", "3. AARHUS", "4. ØRSTED"]


def test_a_first_release_and_one_without_changes_say_so(
    make_extract: Callable[..., Extract], full_extract: Extract, registry: Registry
) -> None:
    assert "Dette er den første udgivelse." in texts.change_log(make_extract(), registry)
    assert "Ingen tal er ændret siden udgivelse 2011-1." in texts.change_log(
        replace(full_extract, changes=()), registry
    )


def test_nothing_says_what_a_plan_has_brought_about(full_extract: Extract, registry: Registry) -> None:
    words = (texts.definitions(full_extract, registry) + texts.change_log(full_extract, registry)).casefold()
    assert not [word for word in ("på grund af", "skyldes", "effekt", "virkning", "takket være") if word in words]


def test_the_words_are_easy_to_read() -> None:
    assert lix(" ".join(words for _, words in texts.READING)) < 45


def test_a_number_that_rounds_to_nothing_has_no_sign(registry: Registry) -> None:
    assert str(texts.rounded(-0.04, registry.indicators["move_out_pct"])) == "0.0"
