"""Find deliveries and fingerprint them, before anything of them is read."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path, PurePosixPath

from flows.core.characters import visible
from flows.core.provenance import digest, file_sha256
from flows.intake.cpr import holds_cpr_number
from flows.intake.folder import Walk
from schemas.registry import Registry

NOTE_SUFFIX = ".levering.txt"
HASH_SUFFIX = ".sha256"
BESIDE = (NOTE_SUFFIX, HASH_SUFFIX)


@dataclass(frozen=True)
class Delivery:
    """One file that was delivered: its path below the folder of deliveries, its source (None: unknown), its SHA-256.

    `beside` are the files that came with it, by suffix: the delivery note and the sender's own hash. `hashes` are their
    SHA-256. `received_on` is the day on which it came to its path, after whatever stood there before.
    `came_at` is the moment, None where no run has noted it; `is_resent`: it took the place of another version there.
    """

    path: str
    file: Path
    source: str | None
    fingerprint: str
    beside: Mapping[str, Path] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    received_on: date = field(default_factory=lambda: datetime.now(UTC).date())
    came_at: datetime | None = None
    is_resent: bool = False

    @property
    def identity(self) -> str:
        """Hash of everything that was delivered: the file and the files beside it."""
        return digest([self.fingerprint, *(f"{suffix}\t{sha256}" for suffix, sha256 in sorted(self.hashes.items()))])


def find(raw: Path, registry: Registry) -> list[Delivery]:
    """The deliveries of `look`, without what was passed over."""
    return look(raw, registry)[0]


def look(raw: Path, registry: Registry) -> tuple[list[Delivery], tuple[str, ...]]:
    """Every delivery below `raw`, sorted by path, and a sentence for each link or folder that could not be followed.

    Read-me files and hidden files are passed over. The folder names the source. In paths, characters that nobody sees
    are written out. A file that cannot be read has an empty fingerprint and is refused when it is staged. A path that
    holds a personal number is never repeated: it is shown without the name.
    Raises FileNotFoundError where `raw` is no folder.
    """
    if not _is_folder(raw):
        raise FileNotFoundError(f"{raw} is no folder of deliveries; name one with --raw or BOLIGPROFIL_RAW")
    walk = Walk(raw, lambda place: _shown(place, ""))
    files = {file for file in walk.files if file.suffix != ".md"}
    found = []
    for file in files:
        if file.name.endswith(BESIDE):
            continue  # it belongs to a delivery, here or still to come
        place = file.relative_to(raw)
        folder = place.parts[0] if len(place.parts) > 1 else ""
        source = folder if folder in registry.sources else None
        beside = {suffix: part for suffix in BESIDE if (part := file.with_name(file.name + suffix)) in files}
        hashes = {suffix: _fingerprint(part) for suffix, part in beside.items()}
        fingerprint = _fingerprint(file)
        found.append(Delivery(_shown(place, fingerprint), file, source, fingerprint, beside, hashes))
    return sorted(found, key=lambda delivery: delivery.path), tuple(walk.passed_over)


def _is_folder(raw: Path) -> bool:
    try:
        return raw.is_dir()
    except OSError:
        return False


def name_holds_cpr_number(parts: Sequence[str]) -> bool:
    """Whether names of folders and a file hold a CPR number: one of them, or a date of birth and the name below it."""
    joined = (f"{above}-{below}" for above, below in pairwise(parts) if above[-6:].isdecimal())
    return any(holds_cpr_number(part) for part in (*parts, *joined))


def _shown(place: Path, fingerprint: str) -> str:
    path = visible(unicodedata.normalize("NFC", place.as_posix().encode("utf-8", "replace").decode("utf-8")))
    if not name_holds_cpr_number(PurePosixPath(path).parts):
        return path
    folder = place.parts[0] if len(place.parts) > 1 and not name_holds_cpr_number(place.parts[:1]) else "."
    return f"{folder}/{HIDDEN} {fingerprint[:8]}".rstrip()


HIDDEN = "(file name withheld)"


def _fingerprint(file: Path) -> str:
    try:
        return file_sha256(file)
    except OSError:
        return ""
