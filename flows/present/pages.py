"""What pages are made with: a package's templates, strict and escaped, and its style."""

from functools import cache
from importlib import resources

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from flows.present.cells import td
from flows.present.language import say


@cache
def templates(package: str) -> Environment:
    """The templates of a package and those of every page: a name that is not given is an error, and text is escaped."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader(__package__, ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals |= {"td": td, "say": say}
    return made


@cache
def style(package: str, file: str) -> str:
    """A style sheet of a package."""
    return (resources.files(package) / file).read_text(encoding="utf-8")


def css(package: str, file: str, marks: str = "", edition: str = "") -> str:
    """The page style, a package's own after it, and on paper the marks above each sheet and the edition below."""
    sheet = f'@page {{ @top-left {{ content: "{marks}"; }} @bottom-left {{ content: "{edition}"; }} }}' if marks else ""
    return f"{style(__package__, 'page.css')}{style(package, file)}{sheet}"
