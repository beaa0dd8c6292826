"""What pages are made with: a package's templates, strict and escaped, and its style."""

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def templates(package: str) -> Environment:
    """The templates that lie in a package: a name that is not given is an error, and text is escaped."""
    return Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def style(package: str, file: str) -> str:
    """A style sheet of a package."""
    return (resources.files(package) / file).read_text(encoding="utf-8")
