"""Find deliveries and fingerprint them, before anything of them is read."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from flows.provenance import file_sha256
from schemas.registry import Registry


@dataclass(frozen=True)
class Delivery:
    """One file that was delivered: its path below the folder of deliveries, its source (None: unknown), its SHA-256."""

    path: str
    file: Path
    source: str | None
    fingerprint: str


def find(raw: Path, registry: Registry) -> list[Delivery]:
    """Every delivery below `raw`, sorted by path; read-me files and hidden files are passed over.

    The folder names the source. A file that cannot be read has an empty fingerprint and is refused when it is staged.
    Raises FileNotFoundError where `raw` is no folder.
    """
    if not raw.is_dir():
        raise FileNotFoundError(f"{raw} is no folder of deliveries; name one with --raw or BOLIGPROFIL_RAW")
    found = []
    for file in raw.rglob("*"):
        place = file.relative_to(raw)
        if not file.is_file() or any(part.startswith(".") for part in place.parts) or file.suffix == ".md":
            continue
        folder = place.parts[0] if len(place.parts) > 1 else ""
        path = unicodedata.normalize("NFC", place.as_posix())
        found.append(Delivery(path, file, folder if folder in registry.sources else None, _fingerprint(file)))
    return sorted(found, key=lambda delivery: delivery.path)


def _fingerprint(file: Path) -> str:
    try:
        return file_sha256(file)
    except OSError:
        return ""
