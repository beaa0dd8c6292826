"""PDFs set by Typst with its own fonts, tagged (PDF/UA-1), the same bytes each time."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import typst


def compiled(package: str, template: str, content: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """The PDF of a package's template; `content` lies beside it as content.json, and the pictures under their names."""
    # The compiler takes files as a mapping of bytes; its type stubs do not say so.
    files: Any = {"main": (resources.files(package) / template).read_bytes(), **pictures}
    files["content.json"] = json.dumps(content, ensure_ascii=False).encode()
    return typst.compile(files, format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True)
