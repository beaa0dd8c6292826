"""What disclosure.toml says: what may leave the house, by the owner of the figures and the class of the indicator."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from schemas.indicators import Indicator
from schemas.model import Identifier, Model, Text
from schemas.sources import Source


class Protection(Model):
    """The number that a figure is guarded by; see the head of disclosure.toml."""

    k: int = Field(ge=2)


class Owner(Protection):
    """The rule of an owner of figures, and the publishers of sources.toml that it stands for."""

    id: Identifier
    publishers: tuple[Text, ...] = Field(min_length=1)


class ClassRule(Protection):
    """What a disclosure class asks for."""

    id: Literal["ordinary", "sensitive"]


class Floors(Model):
    """Areas with fewer get no figures at all."""

    residents: int = Field(ge=0)
    households: int = Field(ge=0)
    residents_alone: int = Field(ge=0)


class Counted(Model):
    """The bases whose counts are counts of units of their own; see the head of disclosure.toml."""

    basis: tuple[Text, ...] = Field(min_length=1)


class Amounts(Model):
    """What a mean of money must be made up of to be shown; see the head of disclosure.toml."""

    contributors: int = Field(ge=3)
    largest_two: float = Field(gt=0, lt=1)


class TwinSums(Model):
    """How many a figure of twins must count where it leaves a hidden one out; see the head of disclosure.toml."""

    mean: int = Field(ge=0)


class Disclosure(Model):
    """disclosure.toml as a whole."""

    method: Literal["hiding", "rounding"]
    base: int = Field(ge=2)
    floors: Floors
    strictest: Protection
    owner: dict[str, Owner]
    class_: dict[str, ClassRule] = Field(alias="class")
    counted: Counted
    amounts: Amounts
    twins: TwinSums

    def k(self, publisher: str | None, disclosure_class: str) -> int:
        """The k of a figure of this publisher and class; an unknown publisher or class has the strictest one."""
        owners = (owner for owner in self.owner.values() if publisher in owner.publishers)
        return max(next(owners, self.strictest).k, self.class_.get(disclosure_class, self.strictest).k)

    def contradictions(self, indicators: Mapping[str, Indicator], sources: Mapping[str, Source]) -> Iterable[str]:
        """A sentence for each entry that points at something that is not there, or is laxer than it may be."""
        yield from self._owner_contradictions(sources)
        for block, rules in (("owner", self.owner), ("class", self.class_)):
            for name, rule in rules.items():
                if rule.k > self.strictest.k:
                    yield f"disclosure.toml, {block}.{name}: stricter than [strictest], which unknown owners have"
        for used in sorted({indicator.disclosure_class for indicator in indicators.values()} - self.class_.keys()):
            yield f"disclosure.toml: indicators.toml has the disclosure_class {used!r}, which no [class] is for"
        for basis in sorted(set(self.counted.basis) - {indicator.count_basis for indicator in indicators.values()}):
            yield f"disclosure.toml, counted: no indicator has the count_basis {basis!r}"
        if self.method == "rounding":
            yield from self._laxer_than_base(indicators, sources)

    def _owner_contradictions(self, sources: Mapping[str, Source]) -> Iterable[str]:
        publishers = {source.publisher for source in sources.values()}
        named = Counter(publisher for owner in self.owner.values() for publisher in owner.publishers)
        for publisher, times in sorted(named.items()):
            if publisher not in publishers:
                yield f"disclosure.toml, owner: no source in sources.toml has the publisher {publisher!r}"
            if times > 1:
                yield f"disclosure.toml, owner: publisher {publisher!r} stands twice"

    def _laxer_than_base(self, indicators: Mapping[str, Indicator], sources: Mapping[str, Source]) -> Iterable[str]:
        """A sentence for each rule in use that rounding to the base cannot fulfil."""
        used = {f"owner.{name}": owner.k for name, owner in self.owner.items()}
        used |= {f"class.{name}": rule.k for name, rule in self.class_.items()}
        for source in sources.values():
            named = {*source.indicators, *(rule.indicator for rule in source.figures)}
            counted = [name for name in named & indicators.keys() if indicators[name].count_basis in self.counted.basis]
            has_owner = any(source.publisher in owner.publishers for owner in self.owner.values())
            if counted and not has_owner and not source.already_published:
                used[f"strictest, which {source.publisher} (source.{source.id}) has"] = self.strictest.k
        for name, k in sorted(used.items()):
            if self.base < k:
                yield (
                    f"disclosure.toml, base: {self.base} is under the k of {k} of {name}: a count shown as 0 could not "
                    f"be {self.base} to {k - 1}; round to base {k}, or settle the rule with the owner of the figures"
                )
