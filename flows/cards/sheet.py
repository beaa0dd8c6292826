"""A card as a PDF for print: set by Typst with its own fonts, tagged (PDF/UA-1), the same bytes each time."""

import json
from dataclasses import asdict
from importlib import resources
from typing import Any

import typst

from flows.cards.card import Card


def pdf(card: Card) -> bytes:
    """The card's sheet, A4."""
    content: dict[str, Any] = asdict(card)
    # The compiler takes files as a mapping of bytes; its type stubs do not say so.
    files: Any = {"main": (resources.files("flows.cards") / "card.typ").read_bytes()}
    for section in content["sections"]:
        for chart in section["charts"]:
            if chart["svg"] is not None:
                file = f"chart-{len(files)}.svg"
                files[file] = chart["svg"].encode()
                chart["svg"] = file
    files["card.json"] = json.dumps(content, ensure_ascii=False).encode()
    return typst.compile(files, format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True)
