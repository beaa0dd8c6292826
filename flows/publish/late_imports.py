"""Packages whose `__init__` gathers what their modules hold, imported so that a module waits until it is asked for.

Great Expectations imports every kind of source, promise and metric that it knows, with a thousand modules of others; a
night asks for eight kinds of promise. Nothing is left out or put in the place of anything: what is asked for is
imported then, from the module that has it.
"""

import ast
import importlib
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import resolve_name
from types import ModuleType
from typing import Any

from typing_extensions import override


@contextmanager
def late(packages: Collection[str]) -> Iterator[None]:
    """Of these packages, those that are imported in here import their modules when somebody asks for a name of them."""
    finder = _Finder(frozenset(packages))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def complete(packages: Collection[str]) -> None:
    """Import whatever still waits in these packages: what registers itself as it is imported is then known."""
    for package in packages:
        loader = getattr(sys.modules[package].__spec__, "loader", None)
        if isinstance(loader, _Loader):
            for origin in loader.origins:
                importlib.import_module(origin)


class _Finder:
    """What Python asks before its own finders, which find the packages."""

    def __init__(self, packages: frozenset[str]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: Sequence[str] | None = None, _target: Any = None) -> ModuleSpec | None:
        """The package with a loader that waits; None for all others, which the next finder looks for."""
        spec = PathFinder.find_spec(name, path) if name in self.packages else None
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path)
            return spec
        return None


class _Loader(SourceFileLoader):
    """Runs the `__init__` of a package but for the imports from its own modules that its other lines do not use."""

    def __init__(self, package: str, path: str) -> None:
        super().__init__(package, path)
        self.names: dict[str, tuple[str, str]] = {}
        self.origins: list[str] = []
        self.unnamed: list[str] = []

    @override
    def exec_module(self, module: ModuleType) -> None:
        """Run it, and let the module import what waits when a name of that is asked for."""
        tree = ast.parse(self.get_data(self.path))
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        tree.body = [node for node in tree.body if not self._waits(node, used)]

        def ask(name: str) -> Any:
            if name in self.names:
                origin, there = self.names[name]
                found = getattr(importlib.import_module(origin), there)
                setattr(module, name, found)
                return found
            for origin in () if name.startswith("_") else self.unnamed:
                with suppress(AttributeError):
                    return getattr(importlib.import_module(origin), name)
            raise AttributeError(f"module {self.name!r} has no attribute {name!r}")

        module.__dict__["__getattr__"] = ask
        exec(compile(tree, self.path, "exec"), module.__dict__)  # as Python's own loader does

    def _waits(self, node: ast.stmt, used: set[str]) -> bool:
        """Whether a line is an import that can wait; then its module, and the names that it gives, are noted."""
        if not isinstance(node, ast.ImportFrom) or not node.module:
            return False
        origin = resolve_name("." * node.level + node.module, self.name)
        given = {alias.asname or alias.name: (origin, alias.name) for alias in node.names}
        is_unnamed = "*" in given
        if not origin.startswith(f"{self.name}.") or (used if is_unnamed else used & given.keys()):
            return False
        self.origins.append(origin)
        if is_unnamed:
            self.unnamed.append(origin)
        else:
            self.names |= given
        return True
