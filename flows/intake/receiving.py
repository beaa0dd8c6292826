"""Files that come by mail or on a stick, put into the folder of deliveries: dated, noted, never over another."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from flows.core.files import keep, write
from flows.intake.deliveries import BESIDE
from flows.intake.delivery_note import SUFFIX, parse
from flows.intake.faults import Refusal
from flows.intake.ledger import now
from flows.intake.privacy import holds_cpr_number
from schemas.registry import Registry


class NotReceived(ValueError):
    """The file cannot be put away; the message says why and what to do."""


def receive(file: Path, source: str, note: Mapping[str, str], raw: Path, registry: Registry) -> Path:
    """Copy `file` to `raw/<source>/<today>/`, with what came beside it; the copy's path.

    `note` are the entries of a delivery note for a file that has none. Raises NotReceived.
    """
    if source not in registry.sources:
        raise NotReceived(f"no source {source!r} in sources.toml; there are {', '.join(registry.sources)}")
    if holds_cpr_number(file.name):
        raise NotReceived("the file's name holds what looks like a CPR number; rename the file and tell the sender")
    today = now().date().isoformat()
    folder = raw / source / today
    kept = folder / file.name
    beside = [part for suffix in BESIDE if (part := file.with_name(file.name + suffix)).is_file()]
    if note and any(part.name.endswith(SUFFIX) for part in beside):
        raise NotReceived(f"{file.name}{SUFFIX} says already what the options say; leave one of them out")
    if kept.exists():
        raise NotReceived(f"{kept} is there already; nothing is overwritten: give the file another name")
    if note:
        entries = {**note, "modtaget": today}
        try:
            parse(entries.items())
        except Refusal as refusal:
            raise NotReceived(f"the note is not complete: {refusal.detail}") from None
        write(kept.with_name(kept.name + SUFFIX), "".join(f"{key}: {text}\n" for key, text in entries.items()).encode())
    folder.mkdir(parents=True, exist_ok=True)
    for part in beside:
        shutil.copyfile(part, folder / part.name)
    keep(kept, file)
    return kept
