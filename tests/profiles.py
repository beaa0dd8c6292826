"""How much chance a run of the tests draws: a part in `make test`, all where HYPOTHESIS_PROFILE is `full`."""

import os

from hypothesis import settings

FULL, QUICK = 40, 8
LEAST = 10


def load() -> None:
    """Put the profile in force that the environment names, by default the quick one."""
    # Speed is measured in benchmarks; a slow moment of the machine is no failure.
    settings.register_profile("full", deadline=None, max_examples=FULL)
    settings.register_profile("quick", deadline=None, max_examples=QUICK)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def examples(full: int) -> int:
    """Examples, by the profile in force, of a test that draws `full` in the full one; never fewer than a few."""
    return max(min(full, LEAST), full * settings().max_examples // FULL)


def seeds(*full: int) -> tuple[int, ...]:
    """Seeds, by the profile in force, of a test that draws one sample of each in the full one."""
    return full if is_full() else full[:1]


def is_full() -> bool:
    """Whether nothing is left out."""
    return settings().max_examples >= FULL
