"""The language that outputs are in: Danish, in which every text is written, or another, of words and a grammar.

Danish texts are their own keys: `say` gives a text as it stands, or as a file such as english.toml has it. So a line
that makes a sentence reads as the sentence does, and another language is one file of words and one module of grammar.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from typing_extensions import override

from flows.present import danish, english
from flows.present.grammar import Grammar
from schemas.registry import Registry

GRAMMARS = {grammar.code: grammar for grammar in (danish.GRAMMAR, english.GRAMMAR)}
K = TypeVar("K")


class NoWords(LookupError):
    """A language has no words for a text."""


@dataclass(frozen=True)
class Language:
    """A language: its grammar, and its words by the Danish ones; Danish itself needs none."""

    grammar: Grammar
    words: Mapping[str, str] | None = None


_DANISH = Language(danish.GRAMMAR)
_spoken: ContextVar[Language] = ContextVar("language", default=_DANISH)


def grammar() -> Grammar:
    """The grammar of the language that is spoken."""
    return _spoken.get().grammar


def say(text: str, /, **parts: Any) -> str:
    """A text in the language that is spoken, with `parts` in place of the names in its braces. Raises NoWords."""
    # Asked for tens of thousands of times an area, and in Danish at once.
    known = _spoken.get().words
    if known is not None and text:
        try:
            text = known[text]
        except KeyError as missing:
            raise NoWords(f"{grammar().name}.toml has nothing for {text!r}") from missing
    return text.format(**parts) if parts else text


def words() -> Mapping[str, str]:
    """The words by the Danish ones, for templates and scripts that look texts up themselves; none in Danish."""
    return _spoken.get().words or {}


@contextmanager
def spoken(code: str, registry: Registry) -> Iterator[None]:
    """Within this, texts are in the language of this code; the registry has its own words in English."""
    known = None if code == danish.GRAMMAR.code else {**_of_registry(registry), **file(code)}
    before = _spoken.set(Language(GRAMMARS[code], known))
    try:
        yield
    finally:
        _spoken.reset(before)


def word(code: str, text: str) -> str:
    """A text in the language of this code, whichever is spoken."""
    return text if code == danish.GRAMMAR.code else file(code)[text]


@cache
def file(code: str) -> Mapping[str, str]:
    """The words of a language, by the Danish ones."""
    content = tomllib.loads((resources.files(__package__) / f"{GRAMMARS[code].name}.toml").read_text(encoding="utf-8"))
    return {danish: words for part in content.values() for danish, words in part.items()}


def _of_registry(registry: Registry) -> dict[str, str]:
    """What the registry says in both languages: names and definitions of indicators, their units, bands, lists."""
    known: dict[str, str] = {}
    for indicator in registry.indicators.values():
        known |= {
            indicator.label_da: indicator.label_en,
            indicator.definition_da: indicator.definition,
            indicator.population_da: indicator.population,
            indicator.unit_da: indicator.unit,
        }
    for codes in ("size_bands", "funding_bands", "list_types"):
        known |= {row["label_da"]: row["label_en"] for row in registry.codes[codes]}
    return known


class Words(Mapping[K, str]):
    """A table of words by code, in the language that is spoken when they are asked for."""

    def __init__(self, danish: Mapping[K, str]) -> None:
        self.danish = danish

    @override
    def __getitem__(self, code: K) -> str:
        return say(self.danish[code])

    @override
    def __iter__(self) -> Iterator[K]:
        return iter(self.danish)

    @override
    def __len__(self) -> int:
        return len(self.danish)
