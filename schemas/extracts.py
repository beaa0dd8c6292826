"""What extracts.toml says: the figures that a yearly extract tells, and the marks in place of those it does not."""

from collections.abc import Iterable, Mapping

from pydantic import Field

from schemas.indicators import Indicator
from schemas.model import Identifier, Model, Text


class Mark(Model):
    """What stands in place of a number; see the head of extracts.toml."""

    id: Identifier
    code: str = Field(pattern=r"^\[[a-z]\]$")
    label_da: Text
    meaning_da: Text
    protects: bool = False


class Extracts(Model):
    """extracts.toml as a whole."""

    years: int = Field(ge=1)
    household: int = Field(ge=1)
    key_figures: tuple[Identifier, ...] = Field(min_length=1)
    deliverer: dict[str, Text]
    mark: dict[str, Mark]

    @property
    def protecting(self) -> frozenset[str]:
        """The marks behind which there may be a number that readers must not have."""
        return frozenset(name for name, mark in self.mark.items() if mark.protects)

    def contradictions(self, indicators: Mapping[str, Indicator]) -> Iterable[str]:
        """A sentence for each entry that points at something that is not there, or that cannot be told apart."""
        for name in self.key_figures:
            if name not in indicators or not indicators[name].of_areas:
                yield f"extracts.toml, key_figures: {name!r} is no indicator of areas in indicators.toml"
        groups = {indicator.indicator_group for indicator in indicators.values()}
        for group in sorted(set(self.deliverer) - groups):
            yield f"extracts.toml, deliverer: {group!r} is no indicator_group of indicators.toml"
        for what in ("code", "label_da"):
            written = [getattr(mark, what) for mark in self.mark.values()]
            for twice in sorted({word for word in written if written.count(word) > 1}):
                yield f"extracts.toml, mark: {what} {twice!r} stands twice"
