"""Vintages: which deliveries a run goes by, known from their fingerprints and the ledger before any of them is read."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from flows.intake.deliveries import Delivery, look
from flows.intake.ledger import DeliveryLedger, now
from schemas.registry import Registry


class NothingPublished(RuntimeError):
    """No source had published anything by the day of a vintage."""


@dataclass(frozen=True)
class Vintage:
    """What is read: the deliveries received at a moment, and of these what the source had published by a day.

    `passed_over` are sentences on links and folders that could not be followed.
    """

    deliveries: tuple[Delivery, ...]
    ledger: DeliveryLedger
    moment: datetime
    published_by: date | None = None
    passed_over: tuple[str, ...] = ()

    @classmethod
    def received(cls, ledger: DeliveryLedger, moment: datetime, published_by: date | None = None) -> "Vintage":
        """The vintage of a moment, from the ledger and its archive alone."""
        newest = tuple(versions[0] for versions in ledger.at(moment))
        return cls(newest, ledger, moment, published_by)

    @property
    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of each delivery, by its path."""
        return {delivery.path: delivery.fingerprint for delivery in self.deliveries}


def vintage(
    raw: Path,
    ledger: DeliveryLedger,
    registry: Registry,
    as_of: datetime | None = None,
    published_by: date | None = None,
) -> Vintage:
    """The deliveries in the folder `raw`, or with `as_of` those that had been received at that moment.

    The latter come from the ledger and its archive. Nothing is read beyond fingerprints. Raises FileNotFoundError where
    there is no folder of deliveries.
    """
    if as_of is not None:
        return Vintage.received(ledger, as_of, published_by)
    moment = now()
    found, passed_over = look(raw, registry)
    return Vintage(tuple(ledger.received(found, moment)), ledger, moment, published_by, passed_over)
