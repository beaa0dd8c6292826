"""The secret draw: figures that are hidden for no other reason, so that no mark tells by itself why it is there.

Whoever has read the source knows by which rule further cells are hidden. Were it the only reason, he could try which
true tables lead to just these marks. A cell that was drawn needs no reason.
"""

import hmac
from collections.abc import Iterable

from flows.release.cells import Key

SHARE = 0.05  # of the cells; those that nothing else hidden protects are shown all the same


def drawn(keys: Iterable[Key], secret: bytes) -> frozenset[Key]:
    """The cells that are drawn: each by itself, the same ones whenever the secret is the same."""
    return frozenset(key for key in keys if _number(key, secret) < SHARE)


def _number(key: Key, secret: bytes) -> float:
    """A number from 0 to 1 that nobody knows without the secret."""
    words = "\n".join(map(str, (key.geography, key.geography_id, key.year, key.indicator, key.part)))
    return int.from_bytes(hmac.digest(secret, words.encode(), "sha256")[:8], "big") / 2**64
