"""The zip file that a workbook is: its parts within bounds, their relationships; and other kinds of file by name."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.parsers import expat

from flows.intake.apart.answers import Unreadable, too_large

MOST_PARTS = 5_000
MOST_UNPACKED = 400 << 20
# Sheets of figures shrink to a tenth or twentieth, forms that are mostly empty to a sixtieth; deflate ends at 1032.
HIGHEST_RATIO = 250
SMALL = 1 << 20
CHUNK = 1 << 16
DEEPEST = 200
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)
# Parts by which other kinds of zip file are known, and what their sender does.
KINDS = {
    "xl/workbook.bin": ("an .xlsb workbook (binary)", "save it as .xlsx"),
    "word/document.xml": ("a Word document", "send the figures as .xlsx"),
    "ppt/presentation.xml": ("a PowerPoint file", "send the figures as .xlsx"),
    "index/document.iwa": ("a Numbers or Pages document", "export it as .xlsx"),
}
WORKBOOK = "xl/workbook.xml"
XLSX = "an .xlsx workbook"
OLD = (b"\xd0\xcf\x11\xe0", b"\x09\x08", b"\x09\x04", b"\x09\x02")

Started = Callable[[str, dict[str, str]], None]


class Package:
    """The parts of a zip file by their names in small letters, each read once and within bounds."""

    def __init__(self, content: bytes) -> None:
        """Raises Unreadable where the file is no zip file, claims too much, or is no workbook."""
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(content))
        except DAMAGES as error:
            raise Unreadable("damaged_file", type(error).__name__) from None
        self.parts: dict[str, zipfile.ZipInfo] = {}
        entries = [entry for entry in self.archive.infolist() if not entry.is_dir()]
        if len(entries) > MOST_PARTS:
            raise too_large(f"the file has {len(entries)} parts")
        for entry in entries:
            name = entry.filename.replace("\\", "/").lstrip("/").casefold()
            if name in self.parts:
                raise Unreadable("damaged_file", "a part stands twice in the file")
            if entry.flag_bits & 1:
                raise Unreadable("is_archive", "the file is protected by a password; send it without")
            self.parts[name] = entry
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > MOST_UNPACKED:
            raise too_large(f"unpacked it would have {unpacked >> 20} MB")
        if any(e.file_size > SMALL and e.file_size > HIGHEST_RATIO * max(e.compress_size, 1) for e in entries):
            raise too_large("a part unpacks to over 250 times its size: nearly all of it is empty or repeated")
        if sum(entry.compress_size for entry in entries) > len(content):
            raise Unreadable("damaged_file", "parts lie over each other")

    def has(self, part: str) -> bool:
        """Whether there is a part of this name."""
        return part.casefold() in self.parts

    def chunks(self, part: str) -> Iterator[bytes]:
        """The bytes of a part, piece by piece. Raises Unreadable where they are not those that were packed."""
        entry = self.parts[part.casefold()]
        left = entry.file_size
        try:
            with self.archive.open(entry) as opened:
                while piece := opened.read(CHUNK):
                    left -= len(piece)
                    yield piece
        except DAMAGES as error:
            raise Unreadable("damaged_file", type(error).__name__) from None
        if left:
            raise Unreadable("damaged_file", "a part is not as long as the file says")

    def parse(self, part: str, started: Started, ended: Callable[[str], None], text: Callable[[str], None]) -> None:
        """Read a part of XML; handlers get local names, whatever the namespaces and their prefixes.

        Raises Unreadable where it is no XML, or declares a type of document (entities may grow without an end).
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.buffer_size = CHUNK
        depth = 0
        local: dict[str, str] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > DEEPEST:
                raise Unreadable("damaged_file", "parts within parts without an end")
            name = local.get(tag)
            if name is None:
                name = local[tag] = tag.rpartition(" ")[2]
            started(name, attributes)

        def end(tag: str) -> None:
            nonlocal depth
            depth -= 1
            ended(local[tag])

        def declared(*_: Any) -> None:
            raise Unreadable("damaged_file", "a part declares a type of document")

        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = declared
        try:
            for piece in self.chunks(part):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise Unreadable("damaged_file", "a part is no XML") from None

    def relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part points at: the last word of the type and the name of the target, by identifier."""
        folder, name = posixpath.split(part)
        file = f"{folder}/_rels/{name}.rels".lstrip("/")
        found: dict[str, tuple[str, str]] = {}
        if not self.has(file):
            return found

        def started(tag: str, attributes: dict[str, str]) -> None:
            if tag != "Relationship" or attributes.get("TargetMode") == "External":
                return
            target = attributes.get("Target", "").replace("\\", "/")
            place = (
                target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}").lstrip("/")
            )
            if attributes.get("Id", "") in found:
                raise Unreadable("damaged_file", "two relationships have one name")
            found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], place)

        self.parse(file, started, _nothing, _nothing)
        return found

    def workbook(self) -> str:
        """The name of the part that lists the sheets. Raises Unreadable where the file is something else."""
        kind, remedy = self.kind()
        if kind != XLSX:
            raise Unreadable("is_archive", f"the file is {kind}; {remedy}")
        targets = [place for kind, place in self.relationships("").values() if kind == "officeDocument"]
        return next((place for place in targets if self.has(place)), WORKBOOK)

    def kind(self) -> tuple[str, str]:
        """What the file is in words, and what its sender does about it; an .xlsx workbook needs nothing."""
        for part, known in KINDS.items():
            if part in self.parts:
                return known
        if WORKBOOK in self.parts or any(kind == "officeDocument" for kind, _ in self.relationships("").values()):
            return XLSX, ""
        if "content.xml" in self.parts and "mimetype" in self.parts:
            return "an OpenDocument file (.ods)", "save it as .xlsx"
        return "a zip archive", "unpack it and send the file in it"


def attribute(attributes: Mapping[str, str], name: str) -> str:
    """An attribute by its local name, such as the identifier of a relationship in either of its two namespaces."""
    return next((value for key, value in attributes.items() if key.rpartition(" ")[2] == name and " " in key), "")


def named(content: bytes) -> dict[str, Any]:
    """What a file in a container is, for a source that takes none of them. Always refused, by its true name."""
    kind, remedy = foreign(content) or Package(content).kind()
    raise Unreadable("wrong_format" if kind == XLSX else "is_archive", f"the file is {kind}; {remedy}".rstrip("; "))


def foreign(content: bytes) -> tuple[str, str] | None:
    """The name of a file that is no zip file, and what its sender does; None for a zip file."""
    if content.startswith(OLD):
        if b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0" in content:
            return "a workbook protected by a password", "take the password off (File, Info) and save it as .xlsx"
        if b"W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t\0" in content:
            return "an old Word document", "send the figures as .xlsx"
        return "an old workbook (.xls)", "save it as .xlsx"
    if content.startswith(b"\x1f\x8b"):
        return "a gzip archive", "unpack it and send the file in it"
    if content.startswith(b"7z\xbc\xaf"):
        return "a 7-Zip archive", "unpack it and send the file in it"
    return None


def _nothing(*_: Any) -> None:
    return None
