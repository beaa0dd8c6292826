"""What a run did, for the manifest, the terminal and the flow's result."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Report:
    """Outcome of a run: `published` and `unchanged` are good nights, `refused` left the last snapshot in force.

    `rebuilt` is a vintage in `folder`; `differences` says how it differs from the snapshot of that time. `taken_over`
    are the marts that are those of the snapshot before.
    """

    outcome: Literal["published", "unchanged", "refused", "rebuilt"]
    message: str
    snapshot: str = ""
    folder: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    deliveries: tuple[dict[str, Any], ...] = ()
    marts: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    taken_over: tuple[str, ...] = ()
