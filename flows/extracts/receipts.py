"""The receipt that goes out with an extract: the zip's hash, and the end of the ledger's chain when it left.

Whoever keeps a receipt can show that a ledger no longer has what it had: one that was put back to an earlier day, or
written anew, does not end any release with the hash that stands there. The hash tells no count, since what it is made
of has random bytes in it (flows/release/ledger.py).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.core.provenance import file_sha256
from flows.extracts import words
from flows.present.language import GRAMMARS, say, word
from flows.release.ledger import HandOut, ReleaseLedger, Tampered

LINK = "Kædens led:"


class NoReceipt(ValueError):
    """The file is no receipt, or it was changed so that no link can be read from it."""


def zip_of(secretariat: str, year: int) -> str:
    """The name of the file that is sent to a secretariat."""
    return f"boligprofil-{secretariat}-{year}.zip"


def name_of(record: Mapping[str, Any]) -> str:
    """The receipt's name, of the checker's record of an extract."""
    return (
        f"boligprofil-{record['secretariat']}-{record['year']}-{word(record.get('language', 'da'), 'kvittering')}.txt"
    )


def text(record: Mapping[str, Any], handout: HandOut, head: str) -> bytes:
    """The receipt of a hand-out as a file: UTF-8 with byte order mark and line ends of Windows, like the other texts.

    In the language that is spoken. `record` is the checker's record of the extract, `head` the hash of the ledger's
    line that closes the hand-out.
    """
    packed = zip_of(record["secretariat"], record["year"])
    mark, meaning = map(say, words.SYNTHETIC if record["origin"] == "synthetic" else words.REAL)
    lines = [
        f"{mark}: {meaning}",
        "",
        say("KVITTERING FOR ET UDTRÆK"),
        say("{name}, tal for {year}, udgivelse {release}", **record),
        "",
        f"{say('Fil:'):<12} {packed}",
        f"SHA-256:     {handout.files[packed]}",
        f"{say('Udleveret:'):<12} {handout.released_at:%Y-%m-%d %H:%M} UTC",
        f"{say(LINK)} {head}",
        "",
        say("Gem kvitteringen sammen med filen. Med den kan I vise, at filen er den, der blev udleveret,"),
        say("og at den, der udleverede den, stadig har det hele skrevet ned. Den fortæller ingen tal."),
    ]
    return ("\N{BYTE ORDER MARK}" + "".join(f"{line}\r\n" for line in lines)).encode()


def head_on(file: Path) -> str:
    """The link of the ledger's chain that stands on a receipt. Raises NoReceipt."""
    links = "|".join(word(code, LINK) for code in GRAMMARS)
    found = re.search(
        rf"^(?:{links}) +([0-9a-f]{{64}})\s*$", file.read_text(encoding="utf-8-sig", errors="replace"), re.MULTILINE
    )
    if found is None:
        raise NoReceipt(f"{file} is no receipt: it has no line '{LINK}' with 64 digits")
    return found.group(1)


def held_against(file: Path, head: str, ledger: ReleaseLedger) -> str:
    """Of which hand-out a receipt is, in words. Raises Tampered where the ledger has none that ends so, or a zip beside
    the receipt is not the one that left."""
    if head not in ledger.ends:
        raise Tampered(
            f"the ledger {ledger.file} has no release that ends with {head[:12]}...: it was put back to an earlier "
            "day or written anew since the receipt went out, or the receipt is not ours. Bring the ledger back "
            "from its backup"
        )
    handout = ledger.handout(ledger.releases[ledger.ends.index(head)])
    if handout is None:
        raise Tampered(f"{file}: the release that ends so was handed out without a receipt")
    for name, digest in handout.files.items():
        packed = file.parent / name
        if name.endswith(".zip") and packed.is_file() and file_sha256(packed) != digest:
            raise Tampered(f"{packed} is not the file that was handed out: its SHA-256 should be {digest}")
    at = f"{handout.released_at:%Y-%m-%d %H:%M} UTC"
    people = " and ".join(f"{signature.name} ({signature.user})" for signature in handout.approvals)
    return f"{handout.release}: handed out {at}, cleared by {people}; the ledger has it, and all before it."
