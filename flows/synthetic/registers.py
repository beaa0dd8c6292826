"""The registry of a made-up nation: the given one, with the nation's areas in place of the real ones."""

import csv
import json
import re
import shutil
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from flows.synthetic.places import Places
from schemas.loading import load
from schemas.registry import Registry
from schemas.rules import KnownException

EXCEPTIONS = "# Disagreements that the made-up nation's reference deliveries carry over.\n"
CORRECTIONS = "# The made-up nation's deliveries have no known errors.\n"


def copy(registry: Registry, schemas: Path | None, places: Places, folder: Path) -> None:
    """Write the registry into `folder`; areas, aliases, relations, exceptions and corrections are the nation's own.

    `schemas` is the folder that `registry` was read from, None for the installed one. Raises ValueError where it is
    another one.
    """
    source = schemas if schemas is not None else Path(str(resources.files("schemas")))
    if load(schemas).fingerprint != registry.fingerprint:
        raise ValueError(f"{source} does not hold the registry that was given; pass the folder it was read from")
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    codes = places.municipalities["municipality_code"].to_list()
    here = {
        area: (name, codes[home])
        for area, name, home in places.areas.select("area_id", "area_name", "municipality").rows()
    }
    _csv(
        folder / "codes" / "areas.csv",
        ("area_id", "name", "municipality_code"),
        ((area, name, code) for area, (name, code) in sorted(here.items())),
    )
    for name, columns in (("area_aliases", ("area_id",)), ("area_relations", ("area_id", "listed_as"))):
        rows = registry.codes[name]
        kept = [row for row in rows if all(row[column] in here for column in columns)]
        _csv(folder / "codes" / f"{name}.csv", tuple(rows[0]) if rows else columns, (row.values() for row in kept))
    still = [e for e in registry.exceptions.values() if e.area_id in here and not (e.year or e.indicator or e.file)]
    evaluation = (folder / "evaluation.toml").read_text(encoding="utf-8")
    (folder / "evaluation.toml").write_text(_unsigned(evaluation), encoding="utf-8")
    (folder / "exceptions.toml").write_text(EXCEPTIONS + "".join(map(_block, still)), encoding="utf-8")
    (folder / "corrections.toml").write_text(CORRECTIONS, encoding="utf-8")


def _csv(file: Path, header: Sequence[str], rows: Iterable[Iterable[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows([header, *rows])


def _unsigned(evaluation: str) -> str:
    """The declaration of the evaluation without what was signed for real figures: the frozen pool, lifted locks."""
    blocks = re.split(r"^(?=\[)", evaluation, flags=re.MULTILINE)
    kept = "".join(block for block in blocks if not block.startswith("[lifting."))
    return re.sub(r"^sha256\s*=.*\n", "", kept, flags=re.MULTILINE)


def _block(exception: KnownException) -> str:
    """An exception as TOML, whose basic strings are written as JSON writes them."""
    pairs = exception.model_dump(exclude={"id", "until"}, exclude_none=True)
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in pairs.items()]
    return "\n".join(["", f"[{exception.id}]", *lines, f"until = {exception.until.isoformat()}", ""])
