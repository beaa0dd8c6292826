"""A picture on a page: its drawing, what it shows in words, and the lines above and below it."""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Picture:
    """A drawing, what it shows in words, and the lines above it; no drawing where there is nothing to draw."""

    heading: tuple[str, ...]
    svg: str | None
    alt: str
    caption: str = ""

    @property
    def inline(self) -> str:
        """The drawing for a page: an image with its words."""
        return (self.svg or "").replace("<svg ", f'<svg role="img" aria-label="{escape(self.alt)}" ', 1)
