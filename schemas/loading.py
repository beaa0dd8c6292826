"""The registry read from a folder: its TOML and CSV files into frozen models that are held against each other."""

import csv
import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from schemas.change_theory import ChangeStep, ChangeTheory
from schemas.code_lists import CODES
from schemas.contradictions import contradictions
from schemas.disclosure import ClassRule, Disclosure, Owner
from schemas.evaluation import BaselineWindow, Contrast, Evaluation, Lifting
from schemas.extracts import Extracts, Mark
from schemas.indicators import Indicator
from schemas.model import Model
from schemas.populations import Attribute, Population, Populations, Rest, Universe
from schemas.registry import Registry, RegistryError
from schemas.rules import Correction, KnownException, Rule
from schemas.sources import Layout, NightLimits, ReadingLimits, Source
from schemas.tables import Column, Table, TableColumn, TableEntry

FILES = (
    "indicators.toml",
    "sources.toml",
    "tables.toml",
    "rules.toml",
    "exceptions.toml",
    "corrections.toml",
    "evaluation.toml",
    "change_theory.toml",
    "disclosure.toml",
    "populations.toml",
    "extracts.toml",
)
INDICATOR_COLUMNS = "*indicators"
ATTACHMENT_COLUMNS = "*attachments"
M = TypeVar("M", bound=Model)


def load(folder: Path | None = None) -> Registry:
    """Read and cross-check the registry in `folder`, or the one that is installed.

    Raises RegistryError naming the file, the entry and what to mend.
    """
    root = folder if folder is not None else Path(str(resources.files("schemas")))
    missing = [name for name in (*FILES, *(f"codes/{name}.csv" for name in CODES)) if not (root / name).is_file()]
    if missing:
        raise RegistryError(f"{root} is no registry: {', '.join(missing)} missing")
    texts = {name: _toml(root / name) for name in FILES}
    reading, night = (texts["sources.toml"].pop(block, None) for block in ("reading", "night"))
    _known_sections(texts["sources.toml"], "sources.toml", ("layout", "source"))
    _known_sections(texts["tables.toml"], "tables.toml", ("column", "table"))
    codes = {path.stem: _csv(path) for path in sorted((root / "codes").glob("*.csv"))}
    indicators = _entries(Indicator, texts["indicators.toml"], "indicators.toml")
    limits = _model(ReadingLimits, reading or {}, "sources.toml, reading")
    layouts = _entries(Layout, texts["sources.toml"].get("layout", {}), "sources.toml, layout", reading=limits)
    sources = _entries(Source, texts["sources.toml"].get("source", {}), "sources.toml, source")
    rules = _entries(Rule, texts["rules.toml"], "rules.toml")
    exceptions = _entries(KnownException, texts["exceptions.toml"], "exceptions.toml")
    corrections = _entries(Correction, texts["corrections.toml"], "corrections.toml")
    columns = {
        name: _model(Column, entry, f"tables.toml, column.{name}")
        for name, entry in texts["tables.toml"].get("column", {}).items()
    }
    tables = {
        name: _table(name, _model(TableEntry, entry, f"tables.toml, table.{name}"), columns, indicators, codes)
        for name, entry in texts["tables.toml"].get("table", {}).items()
    }
    registry = Registry(
        indicators=indicators,
        layouts=layouts,
        sources=sources,
        tables=tables,
        rules=rules,
        exceptions=exceptions,
        corrections=corrections,
        night=_model(NightLimits, night or {}, "sources.toml, night"),
        evaluation=_evaluation(texts["evaluation.toml"]),
        change_theory=_change_theory(texts["change_theory.toml"]),
        disclosure=_disclosure(texts["disclosure.toml"]),
        populations=_populations(texts["populations.toml"]),
        extracts=_extracts(texts["extracts.toml"]),
        codes=codes,
        fingerprint=_fingerprint(root),
    )
    problems = [*contradictions(registry), *_unused(columns, tables)]
    if problems:
        raise RegistryError("the registry contradicts itself:\n  " + "\n  ".join(problems))
    return registry


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegistryError(f"{path.name} is not TOML: {error}") from error


def _csv(path: Path) -> tuple[dict[str, str], ...]:
    """Rows of a list, as text; those of CODES are held against their model."""
    place, model = f"codes/{path.name}", CODES.get(path.stem)
    rows: list[dict[str, str]] = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for row in reader:
                if None in row or None in row.values():
                    raise RegistryError(f"{place}, line {reader.line_num}: not as many fields as the header has")
                if model:
                    _model(model, row, f"{place}, line {reader.line_num}")
                rows.append(row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise RegistryError(f"{place} is no CSV in UTF-8: {error}") from error
    return tuple(rows)


def _known_sections(text: Mapping[str, Any], file: str, known: Sequence[str]) -> None:
    if unknown := sorted(text.keys() - set(known)):
        raise RegistryError(
            f"{file}: {', '.join(unknown)}: unknown; every block is {' or '.join(f'[{k}.x]' for k in known)}"
        )


def _model(model: type[M], entry: Mapping[str, Any], place: str) -> M:
    if not isinstance(entry, Mapping):
        raise RegistryError(f"{place}: a block of keys must stand here")
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'entry'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise RegistryError(f"{place}: {problems}") from error


def _entries(model: type[M], entries: Mapping[str, Any], place: str, **shared: Any) -> dict[str, M]:
    """Entries by name; `shared` are fields that all of them have."""
    made = {}
    for name, entry in entries.items():
        if not isinstance(entry, Mapping) or "id" in entry:
            raise RegistryError(f"{place}.{name}: a block of keys must stand here, without 'id': its name is the id")
        made[name] = _model(model, {**shared, **entry, "id": name}, f"{place}.{name}")
    return made


def _evaluation(text: Mapping[str, Any]) -> Evaluation:
    named: dict[str, type[Model]] = {"window": BaselineWindow, "contrast": Contrast, "lifting": Lifting}
    blocks = {
        block: _entries(model, text.get(block, {}), f"evaluation.toml, {block}") for block, model in named.items()
    }
    return _model(Evaluation, {**text, **blocks}, "evaluation.toml")


def _change_theory(text: Mapping[str, Any]) -> ChangeTheory:
    steps = _entries(ChangeStep, text.get("step", {}), "change_theory.toml, step")
    return _model(ChangeTheory, {**text, "step": steps}, "change_theory.toml")


def _disclosure(text: Mapping[str, Any]) -> Disclosure:
    named: dict[str, type[Model]] = {"owner": Owner, "class": ClassRule}
    blocks = {
        block: _entries(model, text.get(block, {}), f"disclosure.toml, {block}") for block, model in named.items()
    }
    return _model(Disclosure, {**text, **blocks}, "disclosure.toml")


def _populations(text: Mapping[str, Any]) -> Populations:
    named: dict[str, type[Model]] = {
        "universe": Universe,
        "attribute": Attribute,
        "population": Population,
        "rest": Rest,
    }
    _known_sections(text, "populations.toml", tuple(named))
    blocks = {
        block: _entries(model, text.get(block, {}), f"populations.toml, {block}") for block, model in named.items()
    }
    return _model(Populations, blocks, "populations.toml")


def _extracts(text: Mapping[str, Any]) -> Extracts:
    return _model(
        Extracts, {**text, "mark": _entries(Mark, text.get("mark", {}), "extracts.toml, mark")}, "extracts.toml"
    )


def _table(
    name: str,
    entry: TableEntry,
    columns: Mapping[str, Column],
    indicators: Mapping[str, Indicator],
    codes: Mapping[str, Sequence[Mapping[str, str]]],
) -> Table:
    spelled: list[TableColumn] = []
    for written in entry.columns:
        if written == ATTACHMENT_COLUMNS:
            spelled += [
                TableColumn(
                    name=f"{attachment}_months",
                    nullable=True,
                    type="number",
                    unit="full-time months",
                    description=f"Months of the year with {name_da}, as full-time months by hours; empty for none.",
                    minimum=0,
                    maximum=12,
                )
                for attachment, name_da in {row["attachment"]: row["name_da"] for row in codes["attachments"]}.items()
            ]
            continue
        if written == INDICATOR_COLUMNS:
            spelled += [
                TableColumn(
                    name=i.id,
                    nullable=True,
                    of_indicator=True,
                    type="number",
                    unit=i.unit,
                    description=f"{i.label_en}. {i.definition}",
                    minimum=i.minimum,
                    maximum=i.maximum if i.area_maximum is None else i.area_maximum,
                )
                for i in indicators.values()
                if i.of_areas
            ]
            continue
        column = written.removesuffix("?")
        if column not in columns:
            raise RegistryError(f"tables.toml, table.{name}: column {column!r} is not described under [column]")
        spelled.append(TableColumn(name=column, nullable=written.endswith("?"), **columns[column].model_dump()))
    return _model(
        Table,
        {"id": name, "columns": spelled, **entry.model_dump(exclude={"columns"})},
        f"tables.toml, table.{name}",
    )


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*root.glob("*.toml"), *(root / "codes").glob("*.csv")]):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _unused(columns: Mapping[str, Column], tables: Mapping[str, Table]) -> Iterable[str]:
    used = {column.name for table in tables.values() for column in table.columns}
    return (f"tables.toml, column.{name}: no table has it; remove it" for name in sorted(columns) if name not in used)
