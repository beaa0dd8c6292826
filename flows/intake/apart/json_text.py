"""JSON whose numbers keep their spelling, and whose objects have each key once."""

import json
from collections.abc import Iterator
from typing import Any

from flows.intake.apart.answers import Unreadable
from flows.intake.apart.marks import NO_NUMBER
from flows.intake.apart.numbers import as_spelled


class Spelled(str):
    """A number of JSON as it was spelled."""

    __slots__ = ()


def parsed(content: bytes) -> Any:
    """The value in a file. Raises Unreadable where it is no JSON in UTF-8 or an object has a key twice."""
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_float=Spelled,
            parse_int=Spelled,
            # NaN and Infinity are no JSON, and some programs write them.
            parse_constant=lambda _: NO_NUMBER,
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Unreadable("damaged_file", type(error).__name__) from None


def text_of(value: Any) -> str:
    """A plain value as text, a number in Danish notation. Raises ValueError for what is none."""
    match value:
        case None:
            return ""
        case bool():
            return "ja" if value else "nej"
        case Spelled():
            return as_spelled(value)
        case str():
            return value
        case _:
            raise ValueError


def texts_within(value: Any) -> Iterator[str]:
    """Every key, text and number of a value."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as entries:
                yield from entries
                waiting += entries.values()
            case list() as entries:
                waiting += entries
            case str() as text:
                yield text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different; the json module would silently keep the last of two."""
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise Unreadable("duplicate_column", "a key stands twice in one record")
    return entries
