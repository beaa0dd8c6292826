"""Every field of a registry model is read by the code or the SQL: a key that nothing reads says nothing."""

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from schemas import (
    change_theory,
    code_lists,
    disclosure,
    evaluation,
    extracts,
    indicators,
    model,
    registry,
    rules,
    sources,
    tables,
)

ROOT = Path(__file__).parents[2]
# Where a row of a list comes from, for whoever keeps the list: a CSV has no comments.
EVIDENCE = (
    "AliasCode.seen_in",
    "PlaceNameCode.seen_in",
    "EffortAreaCode.listed_in",
    "RelationCode.note",
    "AttachmentCode.stated_in",
)
# Tables of the schema `codes` that are made of all fields of a model.
DUMPED = {"indicators": "Indicator", "exceptions": "KnownException", "corrections": "Correction"}
# A column's and a table's entries are handed on whole, to the same fields of what is made of them.
HANDED_ON = {"TableEntry": "Table"}
Models = frozenset[str]
NONE: Models = frozenset()


def _registry_models() -> dict[str, type[model.Model]]:
    shared = (model, code_lists, indicators, sources, tables, rules)
    modules = (*shared, change_theory, disclosure, evaluation, extracts, registry)
    classes = (kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass))
    return {kind.__name__: kind for kind in classes if issubclass(kind, model.Model) and kind is not model.Model}


MODELS = _registry_models()
CODES = {kind.__name__: name for name, kind in code_lists.CODES.items()}


def _owner(kind_of: type[model.Model], field: str) -> str:
    """The class that declares the field."""
    return next(kind.__name__ for kind in reversed(kind_of.__mro__) if field in getattr(kind, "__annotations__", {}))


# The name of a block is not among them: it is its key.
FIELDS = sorted(
    {
        (_owner(model, field), field)
        for model in MODELS.values()
        for field in model.model_fields
        if field != "id" and f"{_owner(model, field)}.{field}" not in EVIDENCE
    }
)


@cache
def _code() -> tuple[ast.Module, ...]:
    files = sorted(file for top in ("flows", "schemas") for file in (ROOT / top).rglob("*.py"))
    return tuple(ast.parse(file.read_text(encoding="utf-8")) for file in files)


def _named(annotation: ast.expr | None) -> Models:
    """The models that an annotation mentions: those of a list or a dictionary are what its entries are."""
    if annotation is None:
        return NONE
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    texts = {node.value for node in ast.walk(annotation) if isinstance(node, ast.Constant)}
    return frozenset((names | texts) & MODELS.keys())


@cache
def _attributes() -> Mapping[str, Models]:
    """By name of an attribute, function or method: the models that it holds or gives, whoever's it is."""
    held = defaultdict[str, Models](lambda: NONE)
    for tree in _code():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                held[node.name] |= _named(node.returns)
            elif isinstance(node, ast.ClassDef):
                for line in node.body:
                    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                        held[line.target.id] |= _named(line.annotation)
    return held


class _Reads(ast.NodeVisitor):
    """The fields that a module reads, as far as the names say which model's they are.

    A name has the model of its annotation, or of what is assigned to it anywhere in its function.
    """

    def __init__(self) -> None:
        self.names: dict[str, Models] = {}
        self.found: set[tuple[str, str]] = set()
        # The same by the method of the model's own in which it is read.
        self.inside: set[tuple[str, str, str]] = set()
        self.model, self.method = NONE, ""

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        outer, self.model = self.model, frozenset({node.name} & MODELS.keys())
        self.generic_visit(node)
        self.model = outer

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if any("validator" in ast.unparse(decorator) for decorator in node.decorator_list):
            return
        if self.model and _named(node.returns) & self.model:
            return  # a copy of itself
        outer, self.names = self.names, dict(self.names)
        method, self.method = self.method, node.name if self.model else ""
        every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        self.names |= {arg.arg: _named(arg.annotation) for arg in every}
        if self.model:
            self.names["self"] = self.model
        # Twice, since a name may rest on one that is bound further down.
        for _ in range(2):
            for inner in ast.walk(node):
                self._bind(inner)
        self.generic_visit(node)
        self.names, self.method = outer, method

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            for name in self.models_of(node.value):
                if node.attr in MODELS[name].model_fields:
                    field = _owner(MODELS[name], node.attr), node.attr
                    if self.method:
                        self.inside.add((self.method, *field))
                    else:
                        self.found.add(field)
        self.generic_visit(node)

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            self.names[node.target.id] = _named(node.annotation)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._give(target, node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            self._give(node.target, node.iter)
        elif isinstance(node, ast.NamedExpr):
            self._give(node.target, node.value)

    def _give(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for inner, part in zip(target.elts, value.elts, strict=True):
                self._give(inner, part)
        else:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    self.names[name.id] = self.names.get(name.id, NONE) | self.models_of(value)

    def models_of(self, node: ast.expr) -> Models:
        """The models that an expression is, or whose entries it holds."""
        found = NONE
        match node:
            case ast.Name():
                found = self.names.get(node.id, NONE)
            case ast.Call(func=ast.Attribute(attr="values" | "items" | "get" | "model_copy", value=held)):
                found = self.models_of(held)
            case ast.Attribute(attr=name) | ast.Call(func=ast.Attribute(attr=name)):
                found = _attributes()[name]
            case ast.Call(func=ast.Name(id=name)):
                found = _attributes()[name] | frozenset({name} & MODELS.keys()) or self._any(node.args)
            case ast.Subscript() | ast.Starred() | ast.DictComp():
                found = self.models_of(node.value)
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                found = self.models_of(node.elt)
            case ast.IfExp():
                found = self._any([node.body, node.orelse])
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                found = self._any(parts)
        return found

    def _any(self, several: Iterable[ast.expr]) -> Models:
        return NONE.union(*map(self.models_of, several))


@cache
def _in_code() -> set[tuple[str, str]]:
    found, inside = set[tuple[str, str]](), set[tuple[str, str, str]]()
    for tree in _code():
        reads = _Reads()
        reads.visit(tree)
        found |= reads.found
        inside |= reads.inside
    called = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for tree in _code()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load)
    }
    # A method of a model's own counts where anything calls it.
    return found | {(model, field) for method, model, field in inside if method in called or method.startswith("__")}


def _columns() -> Iterator[tuple[str, str]]:
    """Each table of the schema `codes`, with each column that a query reading it names."""
    for file in sorted((ROOT / "sql").rglob("*.sql")):
        if file.stem == "functions":
            continue
        tree = sqlglot.parse_one(file.read_text(encoding="utf-8"), dialect="duckdb")
        names = {column.name for column in tree.find_all(exp.Column)}
        names |= {name.name for join in tree.find_all(exp.Join) for name in join.args.get("using") or ()}
        for table in tree.find_all(exp.Table):
            if table.db == "codes":
                yield from ((table.name, name) for name in names)


@cache
def _in_sql() -> set[tuple[str, str]]:
    return set(_columns())


@cache
def _keys() -> tuple[frozenset[str], ...]:
    """By module: its texts, among them the names of lists and the keys of their rows."""
    return tuple(
        frozenset(
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        for tree in _code()
    )


def _in_list(name: str, field: str) -> bool:
    return (name, field) in _in_sql() or any({name, field} <= texts for texts in _keys())


def _is_read(model: str, field: str) -> bool:
    if model in HANDED_ON:
        return (_owner(MODELS[HANDED_ON[model]], field), field) in FIELDS
    kinds = [name for name, kind in MODELS.items() if model in {base.__name__ for base in kind.__mro__}]
    if any(kind in CODES for kind in kinds):
        return any(_in_list(CODES[kind], field) for kind in kinds if kind in CODES)
    dumped = any((table, field) in _in_sql() for table, name in DUMPED.items() if name == model)
    return dumped or (model, field) in _in_code()


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_a_field_is_read(model: str, field: str) -> None:
    assert _is_read(model, field)


def test_a_read_belongs_to_the_model_whose_it_is() -> None:
    reads = _Reads()
    reads.visit(
        ast.parse(
            """
def names(registry: Registry, column: Column, figure: Figure) -> list[str]:
    chosen = [indicator for indicator in registry.indicators.values() if figure.minimum]
    return [column.pattern, *(indicator.label_da for indicator in chosen), registry.sources["a"].licence]
"""
        )
    )
    assert reads.found == {
        ("Registry", "indicators"),
        ("Registry", "sources"),
        ("Column", "pattern"),
        ("Indicator", "label_da"),
        ("Source", "licence"),
    }
