"""PDFs set by Typst with its own fonts, tagged (PDF/UA-1), the same bytes each time; drawings as pictures."""

import json
import logging
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import typst

from flows.present.language import grammar, words

log = logging.getLogger("boligprofil")

NO_GLYPH = "could not be displayed"
# What the reader sees in place of a letter that no font has.
REPLACEMENT = "\ufffd"
REMEMBERED = 11  # documents after which the compiler has forgotten one
LATIN_ENDS = "\u024f"
ANY_LETTER = b'#set document(title: "x")\n#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"))\n#read("letter")'


class Typeset(NamedTuple):
    """A PDF, and the letters that no font has and that are shown as REPLACEMENT in it."""

    pdf: bytes
    replaced: frozenset[str]


def compiled(package: str, template: str, content: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """The PDF of a package's template, see `typeset`."""
    return typeset(package, template, content, pictures).pdf


def typeset(package: str, template: str, content: Mapping[str, Any], pictures: Mapping[str, bytes]) -> Typeset:
    """A package's template set with `content`, which lies beside it as content.json, and pictures under their names.

    A letter that no font has stops nothing: it is shown as REPLACEMENT, and the log names its code point. The template
    finds the code points in the content as `without_glyph`, a text that is empty as a rule.
    """
    main = (resources.files(package) / template).read_bytes()
    # Plain lists and texts, as the template will read them.
    plain = json.loads(json.dumps({**content, **_language(), "without_glyph": ""}))
    try:
        return Typeset(_pdf({"main": main, **pictures, "content.json": _json(plain)}), frozenset())
    except typst.TypstError as error:
        if NO_GLYPH not in str(error):
            raise
        refused = error
    drawn = {name: file.decode() for name, file in pictures.items() if name.endswith(".svg")}
    for lost in _perhaps_lost(set("".join([*_texts(plain), *drawn.values()]))):
        points = ", ".join(f"U+{ord(letter):04X}" for letter in sorted(lost))
        shown = str.maketrans(dict.fromkeys(lost, REPLACEMENT))
        files = {name: text.translate(shown).encode() for name, text in drawn.items()}
        files["content.json"] = _json(_translated(plain, shown) | {"without_glyph": points})
        try:
            made = _pdf({"main": main, **pictures, **files})
        except typst.TypstError as error:
            refused = error
            continue
        log.warning("letters that no font has are shown as %s in %s: %s", REPLACEMENT, template, points)
        return Typeset(made, frozenset(lost))
    raise refused


def _language() -> dict[str, Any]:
    """The language of a document, and the words that its template asks for."""
    code, _, region = grammar().region.lower().partition("-")
    return {"lang": code, "region": region, "words": dict(words())}


def _perhaps_lost(letters: set[str]) -> Iterator[set[str]]:
    """The letters that may have no glyph: alone, then in combination with a mark, then every one of another script,
    then all that is not Latin."""
    lost = {letter for letter in letters if not _has_glyph(letter)}
    yield lost
    yield lost | {letter for letter in letters if unicodedata.combining(letter) or unicodedata.category(letter) == "Mn"}
    yield lost | {letter for letter in letters if unicodedata.category(letter)[0] in "LMC" and letter > LATIN_ENDS}
    yield {letter for letter in letters if letter > LATIN_ENDS}


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list | dict):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _texts(child)


def _translated(node: Any, letters: Mapping[int, str]) -> Any:
    if isinstance(node, str):
        return node.translate(letters)
    if isinstance(node, list):
        return [_translated(child, letters) for child in node]
    return {key: _translated(child, letters) for key, child in node.items()} if isinstance(node, dict) else node


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _pdf(files: Mapping[str, bytes]) -> bytes:
    # The compiler takes files as a mapping of bytes; its type stubs do not say so.
    sources: Any = dict(files)
    return typst.compile(sources, format="pdf", pdf_standards=["ua-1"], font_paths=_fonts())


def png(svg: str) -> bytes:
    """A drawing as a picture of twice its size."""
    page = b'#set page(width: auto, height: auto, margin: 0pt)\n#image("drawing.svg")'
    sources: Any = {"main": page, "drawing.svg": svg.encode()}
    made: Any = typst.compile(sources, format="png", ppi=144, font_paths=_fonts())
    return bytes(made)


def forget() -> None:
    """Let the compiler forget the documents it has set: it keeps what it has worked out, of a long report 200 MB."""
    for _ in range(REMEMBERED):
        typst.compile(b"", format="pdf", font_paths=_fonts())


@cache
def _fonts() -> typst.Fonts:
    """Typst's own fonts, read once."""
    return typst.Fonts(include_system_fonts=False)


@cache
def _has_glyph(letter: str) -> bool:
    if letter.isascii() and letter.isprintable():
        return True
    try:
        _pdf({"main": ANY_LETTER, "letter": letter.encode()})
    except typst.TypstError:
        return False
    return True
