"""Characters that nobody sees, and those that steer a terminal or turn the direction of writing: written out."""

import unicodedata

# Control and format characters, halves of pairs, separators of lines and paragraphs.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str, keep: str = "") -> str:
    """The text with each unseen character as its code point, such as (U+001B); those in `keep` stay.

    So a name from outside says what it is: it clears no screen, breaks no line and cannot look like another name.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"(U+{ord(c):04X})" if unicodedata.category(c) in UNSEEN and c not in keep else c for c in text)
