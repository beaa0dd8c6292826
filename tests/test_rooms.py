"""The rooms of the code: where they lie, which way their imports run, and that a name stands for one thing."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the ground up: a room imports from itself and from rooms in lines above its own.
FLOORS = (
    {"schemas", "sql"},
    {"flows.core"},
    {"flows.present"},
    {"flows.intake", "flows.registers"},
    {"flows.marts", "flows.synthetic"},
    {"flows.publish"},
    {"flows.release"},
    {"flows.extracts", "flows.target_pages", "flows.evaluation_cards", "flows.catalogue"},
    {"flows.settings", "flows.steps", "flows.operation"},
    {"flows.night", "flows.year", "flows.fetch", "flows.tasks"},
    {"flows.nightly", "flows.yearly", "flows.fetch_statbank"},
    {"flows.commands"},
    {"flows.cli"},
    {"simulations"},
    {"benchmarks", "tools"},
)
# Rooms of pages that may hold what is not cleared: nothing that leaves the house is made with them.
INTERNAL = ("flows.target_pages", "flows.evaluation_cards", "flows.synthetic")
NO_NAMES = {"said", "told", "one", "of"}
LONGEST = 60


def _modules() -> dict[str, ast.Module]:
    files = (
        file
        for top in ("flows", "schemas", "sql", "simulations", "benchmarks", "tools")
        for file in ROOT.glob(f"{top}/**/*.py")
    )
    return {_name(file): ast.parse(file.read_text(encoding="utf-8")) for file in sorted(files)}


def _name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = _modules()


def _room(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "flows" and len(parts) > 1 else parts[0]


def _imports(module: str, with_types: bool = True) -> Iterator[str]:
    """Modules of the project that a module imports, wherever in it; `with_types` those of the type checker too."""
    tree = MODULES[module]
    passed = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and isinstance(test.test, ast.Name) and test.test.id == "TYPE_CHECKING"
        for node in ast.walk(test)
    }
    for node in ast.walk(tree):
        if id(node) in passed and not with_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def test_only_flows_their_steps_settings_and_the_list_of_commands_lie_loose() -> None:
    loose = {file.stem for file in (ROOT / "flows").glob("*.py")}
    flows = {"night": "nightly", "year": "yearly", "fetch": "fetch_statbank"}
    assert loose == {"__init__", "steps", "tasks", "settings", "cli", *flows, *flows.values()}


def test_every_room_has_a_floor_and_imports_run_down() -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    arrows = {(module, _room(there)) for module in MODULES if module != "flows" for there in _imports(module)}
    up = {
        f"{module} imports from {there}"
        for module, there in arrows
        if _room(module) != there and floor[there] >= floor[_room(module)]
    }
    assert len(arrows) > 300
    assert not up


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: set(_imports(module, with_types=False)) - {module} for module in MODULES}
    order = list(TopologicalSorter(graph).static_order())
    assert len(order) == len(MODULES)


@pytest.mark.parametrize("leaving", ["flows.extracts", "flows.release"])
def test_what_leaves_the_house_is_made_without_rooms_of_internal_pages(leaving: str) -> None:
    reached, waiting = set(), [module for module in MODULES if _room(module) == leaving]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += _imports(module)
    assert len(reached) > 20
    assert not {module for module in reached if _room(module) in INTERNAL}


def test_no_class_name_stands_for_two_things() -> None:
    places = defaultdict(list)
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_variables_are_nouns() -> None:
    trees = {file.relative_to(ROOT): ast.parse(file.read_text(encoding="utf-8")) for file in ROOT.glob("tests/**/*.py")}
    found = {
        str(where): no_nouns
        for where, tree in [*MODULES.items(), *trees.items()]
        if (no_nouns := NO_NAMES.intersection(_bound(tree)))
    }
    assert found == {}


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names of the variables and parameters of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


@pytest.mark.parametrize("module", MODULES)
def test_a_function_fits_on_a_screen(module: str) -> None:
    long = {
        f"{node.name}: {length} lines"
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := node.end_lineno - node.lineno + 1 if node.end_lineno else 0) > LONGEST
    }
    assert not long
