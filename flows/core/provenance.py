"""What a result was made with: hashes of code and files, versions of the engines, the commit."""

import hashlib
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib import metadata, resources
from pathlib import Path

ENGINES = (
    "polars",
    "pyarrow",
    "duckdb",
    "pandera",
    "great-expectations",
    "numpy",
    "scipy",
    "prefect",
    "typst",
    "xlsxwriter",
)
CODE = (".py", ".sql", ".css", ".js", ".j2", ".typ")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(parts: Iterable[str]) -> str:
    """SHA-256 over texts in their order, as hex."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def code_sha256(*packages: str) -> str:
    """SHA-256 over the code of packages such as 'flows.intake', subpackages included."""
    parts = []
    for package in packages:
        root = Path(str(resources.files(package)))
        for path in sorted(path for path in root.rglob("*") if path.suffix in CODE):
            parts += [package, path.relative_to(root).as_posix(), file_sha256(path)]
    return digest(parts)


@cache
def engine_versions() -> dict[str, str]:
    """Versions of the project and of the engines that decide its bytes."""
    return {name: metadata.version(name) for name in ("boligprofil", *ENGINES)}


def commit() -> str:
    """Commit of the checkout that the code runs from, '-dirty' where it was changed; 'installed' outside one."""
    root = Path(str(resources.files("flows"))).parent
    if not (root / ".git").exists():
        return "installed"

    def git(*words: str) -> str:
        asked = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, timeout=10, check=True)
        return asked.stdout.strip()

    try:
        is_dirty = git("status", "--porcelain", "--", "flows", "schemas", "sql")
        return git("rev-parse", "HEAD") + ("-dirty" if is_dirty else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
