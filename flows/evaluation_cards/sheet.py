"""A card as a PDF for print, A4."""

from dataclasses import asdict
from typing import Any

from flows.evaluation_cards.card import Card
from flows.present.pdf import compiled


def pdf(card: Card) -> bytes:
    """The card's sheet; see flows/present/pdf.py."""
    content: dict[str, Any] = asdict(card)
    pictures: dict[str, bytes] = {}
    for section in content["sections"]:
        del section["on_page"]
        for chart in section["charts"]:
            if chart["svg"] is not None:
                file = f"chart-{len(pictures) + 1}.svg"
                pictures[file] = chart["svg"].encode()
                chart["svg"] = file
    return compiled("flows.evaluation_cards", "card.typ", content, pictures)
