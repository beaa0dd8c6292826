"""What change_theory.toml says: the steps by which efforts are meant to move indicators."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from schemas.model import Identifier, Model, Slug, Text


class ChangeStep(Model):
    """What has to happen among residents before an indicator can move; see the head of change_theory.toml."""

    id: Identifier
    effort_area: Slug
    label_da: Text
    activities: tuple[Text, ...] = Field(min_length=1)
    indicators: tuple[Identifier, ...] = Field(min_length=1)
    source: Literal["boligprofil proposal"]


class ChangeTheory(Model):
    """change_theory.toml as a whole."""

    step: dict[str, ChangeStep]

    def contradictions(self, indicators: Iterable[str], effort_areas: Iterable[str]) -> Iterable[str]:
        """A sentence for each step that points at what is not there, and each effort area without a step.

        `indicators` are those of areas.
        """
        known, themes, labels = set(indicators), set(effort_areas), set[str]()
        for step in self.step.values():
            place = f"change_theory.toml, step.{step.id}"
            if step.effort_area not in themes:
                yield f"{place}: effort area {step.effort_area!r} is not in codes/effort_areas.csv"
            for indicator in step.indicators:
                if indicator not in known:
                    yield f"{place}: {indicator!r} is no indicator of areas in indicators.toml"
            if step.label_da in labels:
                yield f"{place}: label_da {step.label_da!r} stands twice"
            labels.add(step.label_da)
        for theme in sorted(themes - {step.effort_area for step in self.step.values()}):
            yield f"change_theory.toml: effort area {theme!r} has no step"
