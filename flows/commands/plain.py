"""What commands print with, made of rich, which most commands need only once they have something to print."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from flows.core.characters import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

Words = str | tuple[str, str]


class PlainConsole(Console):
    """A console that prints words as they are: file names and headers of the world hold brackets, colons, escapes."""

    def __init__(self, **how: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **how)

    @override
    def print(self, *objects: Any, **how: Any) -> None:
        super().print(*(words(each) if isinstance(each, str) else each for each in objects), **how)


class PlainTable(Table):
    """A table whose cells are shown as they are, each on lines of its own making only."""

    @override
    def add_row(self, *renderables: "RenderableType | None", **how: Any) -> None:
        super().add_row(*(Text(visible(cell)) if isinstance(cell, str) else cell for cell in renderables), **how)


def words(*parts: Words) -> Text:
    """Words for the terminal; a pair is words and their style. What steers a terminal is written out, lines stay."""
    styled = [part if isinstance(part, tuple) else (part, "") for part in parts]
    return Text.assemble(*((visible(text, keep="\n"), style) for text, style in styled))


def bar_on(console: Console) -> Progress:
    """A progress bar: what is done, how much of it, and for how long."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=not console.is_terminal)
