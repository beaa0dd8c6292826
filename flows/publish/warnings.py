"""What a night warns of, for the engineer: file, column, label, how many rows, and what to do next."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from flows.intake.faults import Fault
from flows.intake.receipts import Receipt
from flows.marts.checks import Offence
from schemas.registry import Registry

LINES = 5
LETTER = "boligprofil quarantine --letter writes to the sender"


def warnings(
    receipts: Sequence[Receipt],
    set_aside: Mapping[str, Sequence[Fault]],
    offences: Iterable[Offence],
    registry: Registry,
) -> tuple[str, ...]:
    """A sentence per refused delivery, per rule and column that sets rows of a delivery aside, and per SQL check."""
    refused = [_refused(receipt, registry) for receipt in receipts if receipt.outcome == "refused"]
    aside = [words for path, faults in sorted(set_aside.items()) for words in _set_aside(path, faults, registry)]
    return (*refused, *aside, *(_offence(offence, registry) for offence in offences))


def with_labels(words: str, registry: Registry) -> str:
    """Words in which each indicator of a key has its label beside its identifier."""

    def labelled(key: re.Match[str]) -> str:
        known = registry.indicators.get(key[1])
        return f"{key[0]} ({known.label_en})" if known else key[0]

    return re.sub(r"\bindicator=(\w+)", labelled, words)


def _refused(receipt: Receipt, registry: Registry) -> str:
    stands = "the facts of its last accepted delivery stay" if receipt.stands_in else "nothing of it is used"
    why = registry.rules[receipt.rule].en + (f": {receipt.detail}" if receipt.detail else "")
    return f"{receipt.path} was refused ({why}); {stands}. {LETTER}"


def _set_aside(path: str, faults: Sequence[Fault], registry: Registry) -> Iterable[str]:
    """Rows that contradict other deliveries or the place's other years; no other warning names them."""
    ordered = sorted(faults, key=lambda fault: (fault.rule, fault.column, fault.line))
    for (rule, column), of_rule in groupby(ordered, key=lambda fault: (fault.rule, fault.column)):
        lines = sorted({fault.line for fault in of_rule})
        shown = ", ".join(map(str, lines[:LINES])) + (f" and {len(lines) - LINES} more" if len(lines) > LINES else "")
        rows = "1 row is" if len(lines) == 1 else f"{len(lines):,} rows are"
        where = f"line{'' if len(lines) == 1 else 's'} {shown}"
        yield f"{path}: {rows} set aside in {_column(column, registry)}: {registry.rules[rule].en} ({where}). {LETTER}"


def _column(column: str, registry: Registry) -> str:
    known = registry.indicators.get(column)
    return f"the figures of {column} ({known.label_en})" if known else f"column '{column}'"


def _offence(offence: Offence, registry: Registry) -> str:
    rows = f"{offence.count:,} {'row' if offence.count == 1 else 'rows'} of {offence.check.mart}"
    more = "; ..." if offence.count > len(offence.where) else ""
    return with_labels(f"{offence.check.promise} ({rows}: {'; '.join(offence.where)}{more})", registry)
