"""Files that come by mail or on a stick, put into the folder of deliveries: dated, noted, never over another."""

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from flows.core.files import keep, write
from flows.intake import formats
from flows.intake.cpr import BETWEEN, holds_cpr_number
from flows.intake.deliveries import BESIDE, NOTE_SUFFIX, name_holds_cpr_number
from flows.intake.delivery_note import Note, parse
from flows.intake.faults import Refusal
from flows.intake.ledger import now
from schemas.registry import Registry

# A SHA-256 may have ten digits in a row.
HASH = re.compile(r"\b[0-9a-fA-F]{64}\b")
NO_NOTE = Note("", "real", date.min)


class NotReceived(ValueError):
    """The file cannot be put away; the message says why and what to do."""


def receive(file: Path, source: str, note: Mapping[str, str], raw: Path, registry: Registry) -> Path:
    """Copy `file` to `raw/<source>/<today>/`, with what came beside it; the copy's path.

    `note` are the entries of a delivery note for a file that has none. Raises NotReceived.
    """
    if source not in registry.sources:
        raise NotReceived(f"no source {source!r} in sources.toml; there are {', '.join(registry.sources)}")
    if name_holds_cpr_number([source, file.name]):
        raise NotReceived("the file's name holds what looks like a CPR number; rename the file and tell the sender")
    today = now().date().isoformat()
    folder = raw / source / today
    kept = folder / file.name
    beside = [part for suffix in BESIDE if (part := file.with_name(file.name + suffix)).is_file()]
    if note and any(part.name.endswith(NOTE_SUFFIX) for part in beside):
        raise NotReceived(f"{file.name}{NOTE_SUFFIX} says already what the options say; leave one of them out")
    if kept.exists():
        raise NotReceived(f"{kept} is there already; nothing is overwritten: give the file another name")
    _refuse_personal(file, note, beside, source, registry)
    if note:
        entries = {**note, "modtaget": today}
        try:
            parse(entries.items())
        except Refusal as refusal:
            raise NotReceived(f"the note is not complete: {refusal.detail}") from None
        write(
            kept.with_name(kept.name + NOTE_SUFFIX),
            "".join(f"{key}: {text}\n" for key, text in entries.items()).encode(),
        )
    folder.mkdir(parents=True, exist_ok=True)
    for part in beside:
        shutil.copyfile(part, folder / part.name)
    keep(kept, file)
    return kept


def _refuse_personal(
    file: Path, note: Mapping[str, str], beside: Sequence[Path], source: str, registry: Registry
) -> None:
    """Raises NotReceived where the file, its note or a file beside it holds a CPR number: nothing of it is copied."""
    texts = {"the note": BETWEEN.join(note.values())}
    texts |= {f"the file '{part.suffix}' beside it": part.read_bytes().decode("utf-8", "replace") for part in beside}
    held = [place for place, text in texts.items() if holds_cpr_number(re.sub(HASH, "", text))]
    try:
        formats.read(file.read_bytes(), registry.layout_of(source), registry.sources[source], NO_NOTE, vouched=True)
    except Refusal as refusal:
        # Whatever else is wrong with it, the night says.
        if refusal.rule == "cpr_number":
            held.append(refusal.detail)
    if held:
        raise NotReceived(
            f"what looks like a CPR number stands in {'; '.join(held)}; nothing was copied: "
            "remove it and tell the sender"
        )
