"""What evaluation.toml says: how areas are compared before the grants, and which outcome years are locked."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.model import Identifier, Model, Text

# An attribute of implementation: by its entry, or by whether one entry is among them.
ATTRIBUTE = "attribute:"
HAS_ENTRY = ("with", "without")
# Any entry but the answer that there is none.
ANY, NONE = "any", "ingen"
Spillover = Literal["marked", "municipality", "organisation", "school_district"]
GROUPS = {
    "funded": ("funded", "never_funded"),
    "secretariat": ("with_secretariat", "without_secretariat"),
}


class Locked(PermissionError):
    """An outcome year that nobody may look at yet; the message says how the lock is lifted."""


class BaselineYears(Model):
    """The last year before the first grant of the pool, and how many years a trend looks back from it."""

    last_year: int
    trend_years: int = Field(ge=2)


class BaselineWindow(Model):
    """Years up to the last baseline year, taken together."""

    id: Identifier
    years: int = Field(ge=1)


class Contrast(Model):
    """Which areas are held against which; see the head of evaluation.toml."""

    id: Identifier
    label_en: Text
    by: (
        Literal["funding_band", "funded", "secretariat", "organisation", "dose"]
        | Annotated[str, Field(pattern=r"^attribute:[a-z_]+(=[a-z0-9_-]+)?$")]
    )
    arms: tuple[Text, ...]
    estimand: Literal["ATT", "ATE"]
    cluster: Literal["plan", "municipality"]
    weighting: Literal["entropy", "propensity"] | None = None
    spillover: Spillover = "marked"

    @model_validator(mode="after")
    def _has_arms(self) -> Self:
        if (self.by == "dose") != (not self.arms) or len(self.arms) == 1 or len(set(self.arms)) < len(self.arms):
            raise ValueError("a dose has no arms, any other contrast two or more that differ")
        if self.weighting and len(self.arms) != 2:
            raise ValueError("'weighting' belongs to a contrast of two arms")
        if self.spillover != "marked" and self.by != "funded":
            raise ValueError("'spillover' belongs to a contrast of funded against never-funded areas")
        if self.is_brief and self.weighting:
            raise ValueError("a contrast by an attribute is not weighted")
        return self

    @property
    def is_brief(self) -> bool:
        """By an attribute of implementation: told by baseline_balance and table_1 alone, unweighted, in one window."""
        return self.by.startswith(ATTRIBUTE)

    @property
    def attribute(self) -> tuple[str, str]:
        """The attribute that parts the areas, and the entry whose presence does; empty where each entry is an arm."""
        attribute, _, entry = self.by.removeprefix(ATTRIBUTE).partition("=")
        return attribute, entry

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every pair of arms, in their order."""
        return tuple(combinations(self.arms, 2))


class Limits(Model):
    """From where on a difference counts (Stuart 2010; Austin 2009), and how many areas a statement needs.

    How many clusters a test needs is the test's own: see flows/marts/statistics/clusters.py.
    """

    smd: float = Field(gt=0)
    smd_outcome: float = Field(gt=0)
    variance_ratio: tuple[float, float]
    ks: float = Field(gt=0)
    dose_correlation: float = Field(gt=0)
    areas_per_arm: int = Field(ge=2)
    share_missing: float = Field(gt=0, le=1)


class TwinRule(Model):
    """One way to find twins; see the head of evaluation.toml."""

    method: Literal["mahalanobis", "propensity", "mahalanobis_within_propensity"]
    caliper: float = Field(gt=0)
    twins: int = Field(ge=1)


class Twins(Model):
    """How twin areas are found: the first rule that balances the indicators, else the one that comes nearest to it.

    `sha256` freezes the pool: another one is refused until it is signed here.
    """

    window: Identifier
    indicators: tuple[Identifier, ...] = Field(min_length=1)
    rules: tuple[TwinRule, ...] = Field(min_length=1)
    same_region: bool = False
    spillover: Spillover = "marked"
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class WithheldCounts(Model):
    """What a count that its source withholds as too small can be; its midpoint stands where a method needs one."""

    least: int = Field(ge=0)
    most: int = Field(ge=1)

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.least > self.most:
            raise ValueError("'least' is more than 'most'")
        return self


class Balancing(Model):
    """The indicators and the window that balancing weights are made of."""

    window: Identifier
    indicators: tuple[Identifier, ...] = Field(min_length=1)


class EventTimes(Model):
    """How cohorts are compared by the years to their own start; see the head of evaluation.toml."""

    comparison: Literal["never", "not_yet"]
    anticipation: int = Field(ge=0)
    years: int = Field(ge=2)
    cohort_least: int = Field(ge=2)


class Primary(Model):
    """The outcomes that the evaluation stands on, named beforehand: their tests are a family of their own."""

    outcomes: tuple[Identifier, ...] = Field(min_length=1, max_length=5)


class Equivalence(Model):
    """The level of each of the two one-sided tests that an equivalence bound rests on."""

    level: float = Field(gt=0, lt=0.5)


class Changes(Model):
    """The spans of years between which groups' changes are told: first and last year of each."""

    spans: tuple[tuple[int, int], ...]

    @model_validator(mode="after")
    def _run_forward(self) -> Self:
        if backward := [f"{first}-{last}" for first, last in self.spans if first >= last]:
            raise ValueError(f"'spans' must end after they begin: {', '.join(backward)}")
        return self


class OutcomeLock(Model):
    """Outcomes of later years than `after` are locked."""

    after: int
    reason: Text


class Lifting(Model):
    """A signed entry that opens outcomes: of all areas up to a year, or up to so many years after each area's start."""

    id: Identifier
    through: int | None = None
    through_event: int | None = Field(default=None, ge=0)
    signed_by: Text
    signed_on: date
    reason: Text

    @model_validator(mode="after")
    def _opens_something(self) -> Self:
        if (self.through is None) == (self.through_event is None):
            raise ValueError("give 'through', a year, or 'through_event', years after each area's start")
        return self

    @property
    def span(self) -> str:
        """What it opens, in words."""
        if self.through is not None:
            return f"through {self.through}"
        return f"through {self.through_event} years after each area's start"


class Evaluation(Model):
    """evaluation.toml as a whole."""

    baseline: BaselineYears
    window: dict[str, BaselineWindow]
    contrast: dict[str, Contrast]
    limits: Limits
    twins: Twins
    balancing: Balancing
    withheld: WithheldCounts
    event: EventTimes
    primary: Primary
    equivalence: Equivalence
    change: Changes
    lock: OutcomeLock
    lifting: dict[str, Lifting] = Field(default_factory=dict)

    @property
    def full_contrasts(self) -> tuple[Contrast, ...]:
        """The contrasts that every statistic is made of."""
        return tuple(contrast for contrast in self.contrast.values() if not contrast.is_brief)

    @property
    def open_through(self) -> int:
        """The last year whose outcomes may be looked at, whatever the area."""
        lifted = (lifting.through for lifting in self.lifting.values() if lifting.through is not None)
        return max([self.lock.after, *lifted])

    @property
    def open_event(self) -> int:
        """The last year, counted from an area's own start, whose outcomes may be looked at: before it, it is negative.

        Areas that never start have no year of their own: theirs are open as long as those of the last cohort.
        """
        lifted = (lifting.through_event for lifting in self.lifting.values() if lifting.through_event is not None)
        return max([-1 - self.event.anticipation, *lifted])

    @property
    def lock_in_words(self) -> str:
        """Which outcomes are open, and who opened them."""
        lifted = [
            f"{lifting.span} by {lifting.signed_by} on {lifting.signed_on}: {lifting.reason}"
            for lifting in self.lifting.values()
        ]
        own = f"before each area's own start (year {self.open_event} from it)" if self.open_event < 0 else "as lifted"
        return f"open are the years up to {self.open_through} and those {own}" + (
            f"; lifted {'; '.join(lifted)}" if lifted else ""
        )

    def require_open(self, year: int) -> None:
        """Raise Locked where outcomes of `year` may not be looked at yet."""
        if year > self.open_through:
            raise Locked(
                f"outcomes of {year} are locked: {self.lock.reason}. Open are the years up to {self.open_through}; to "
                "lift the lock, add [lifting.<name>] with through, signed_by, signed_on and reason to "
                "schemas/evaluation.toml"
            )

    def first_year(self, window: str) -> int:
        """First year of a window."""
        return self.baseline.last_year - self.window[window].years + 1

    def contradictions(self, indicators: Iterable[str], groups: Mapping[str, Iterable[str]]) -> Iterable[str]:
        """A sentence for each entry that points at something that is not there.

        `indicators` are those of areas, `groups` the values of bands and organisations.
        """
        known = set(indicators)
        for contrast in self.contrast.values():
            if unknown := set(contrast.arms) - set(groups.get(contrast.by, GROUPS.get(contrast.by, ()))):
                yield f"evaluation.toml, contrast.{contrast.id}: no areas are {', '.join(sorted(unknown))}"
        for outcome in self.primary.outcomes:
            if outcome not in known:
                yield f"evaluation.toml, primary: {outcome!r} is no indicator of areas in indicators.toml"
        for block, chosen in (("twins", self.twins), ("balancing", self.balancing)):
            if chosen.window not in self.window:
                yield f"evaluation.toml, {block}: window {chosen.window!r} is not declared"
            for indicator in chosen.indicators:
                if indicator not in known:
                    yield f"evaluation.toml, {block}: {indicator!r} is no indicator of areas in indicators.toml"
        if self.lock.after < self.baseline.last_year:
            yield "evaluation.toml, lock: 'after' lies before baseline.last_year: the baseline itself would be locked"
