"""Reading pages as their readers do: the text, the tables; of a plan's page the part about one goal."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any


class Tables(HTMLParser):
    """The tables of a page: caption to rows of cell texts, the head first."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self._text: list[str] = []
        self._caption = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("caption", "th", "td"):
            self._text = []
        elif tag == "tr":
            self.tables[self._caption].append([])

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        caption = "".join(self._text).strip()
        if tag == "caption":
            self._caption = caption
            self.tables[caption] = []
        elif tag in ("th", "td"):
            self.tables[self._caption][-1].append(caption)


def table(page: str, caption: str) -> dict[str, dict[str, str]]:
    """The table whose caption begins so: head of the row to heading of the column to text."""
    rows = next(rows for title, rows in Tables(page).tables.items() if title.startswith(caption))
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:] if len(row) > 1}


def text(page: str) -> str:
    """What a reader sees of a page, or of a part of it."""
    seen = re.sub(r"<(style|svg)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r" (?=[.,;])", "", " ".join(unescape(seen).split()))


def target(page: str, number: str) -> str:
    """The part of a page about a target, its parts left out."""
    anchor = "maal-" + number.replace(".", "-2e-")
    article = page[page.index(f'id="{anchor}" ') :]
    return re.split(r"<article|</article>", article)[0]


def summary(page: str) -> str:
    """The sentences under 'Kort fortalt'."""
    found = re.search(r'<div class="summary">(.*?)</div>', page, flags=re.DOTALL)
    assert found
    return text(found[1])
