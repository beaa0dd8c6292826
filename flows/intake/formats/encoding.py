"""Bytes to text: the encodings in which Danish programs save."""

import re
from collections.abc import Sequence

from flows.intake.faults import Refusal

ENCODINGS = {"utf-8": "utf-8-sig", "windows-1252": "cp1252"}
# What Excel saves as "Unicode-tekst" begins with one of these.
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
TWICE_ENCODED = ("Ã¦", "Ã¸", "Ã¥", "Ã†", "Ã˜", "Ã…")
# Danish letters of DOS and of old Macs, read as Windows-1252.
OTHER_ALPHABET = re.compile(r"[^\W\d_][›†¾¿Œ]|[›†¾¿Œ][^\W\d_]|[^\W\d_]‘[^\W\d_]")
CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
MOST_CONTROLS = 0.01
AS_UTF_8 = "in Excel, save as 'CSV UTF-8 (semikolonsepareret)'"


def decode(content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    """Text of a delivery and the encoding that fits; raises Refusal for broken text."""
    if content.startswith(UTF_32):
        raise Refusal("undecodable", f"the text is UTF-32; {AS_UTF_8}")
    if content.startswith(UTF_16):
        try:
            return content.decode("utf-16").removesuffix("\x1a"), "utf-16"
        except UnicodeDecodeError:
            raise Refusal("undecodable", "the text begins as UTF-16 and is cut or damaged") from None
    if b"\0" in content:
        if max(content[:4096:2].count(0), content[1:4096:2].count(0)) > len(content[:4096]) / 4:
            raise Refusal("undecodable", f"the text seems to be UTF-16 without a byte order mark; {AS_UTF_8}")
        raise Refusal("undecodable", "the file holds zero bytes: it is no text")
    for encoding in encodings:
        try:
            text = content.decode(ENCODINGS[encoding])
        except UnicodeDecodeError:
            continue
        if len(CONTROL.findall(text)) > max(1, MOST_CONTROLS * len(text)):
            continue
        if any(pair in text for pair in TWICE_ENCODED):
            raise Refusal("double_encoded")
        if encoding == "windows-1252" and OTHER_ALPHABET.search(text):
            raise Refusal("undecodable", "the letters seem to be those of DOS or of an old Mac")
        return text.removesuffix("\x1a"), encoding
    raise Refusal("undecodable", f"tried {' and '.join(encodings)}")
