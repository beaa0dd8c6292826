"""Packages whose modules wait until they are asked for: the names are those of a plain import, and only those."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from flows.publish import verdicts
from flows.publish.late_imports import complete, late

ROOT = Path(verdicts.__file__).parents[2]
FILES = {
    "__init__": "from .plain import A, B as Bee\nfrom .needed import C\nfrom .__ import D\nlisted = [C]\n",
    "plain": "A, B = 'a', 'b'\n",
    "needed": "C = 'c'\n",
    "__": "D = 'd'\n",
}
# Every public name of the packages, and where what it names comes from.
NAMES = """
import json, sys
from flows.publish import verdicts
{prelude}
gx = verdicts.great_expectations()
early = [name for name in sys.modules if name in {heavy}]
packages = [sys.modules[name] for name in verdicts._GATHERING]
named = json.load(sys.stdin) or [sorted(name for name in vars(p) if name[:1] != "_") for p in packages]
found = [
    {{n: getattr(getattr(p, n), "__module__", None) or str(getattr(p, n)) for n in names}}
    for p, names in zip(packages, named)
]
print(json.dumps([early, found, named]))
"""
HEAVY = ("scipy.stats", "altair", "great_expectations.datasource.fluent.pandas_datasource")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, str]], str]:
    monkeypatch.syspath_prepend(tmp_path)

    def written(files: Mapping[str, str]) -> str:
        name = f"gathering_{tmp_path.name}"
        (tmp_path / name).mkdir()
        for module, text in files.items():
            (tmp_path / name / f"{module}.py").write_text(text, encoding="utf-8")
        return name

    return written


def loaded(name: str) -> set[str]:
    return {module.removeprefix(f"{name}.") for module in sys.modules if module.startswith(f"{name}.")}


def test_a_module_waits_until_a_name_of_it_is_asked_for(package: Callable[[Mapping[str, str]], str]) -> None:
    name = package(FILES)
    with late([name]):
        made = importlib.import_module(name)
    assert loaded(name) == {"needed"}  # another line uses C
    assert made.listed == ["c"]
    assert made.Bee == "b"
    assert loaded(name) == {"needed", "plain"}
    assert (made.A, made.D) == ("a", "d")
    with pytest.raises(AttributeError, match="no attribute 'B'"):
        made.B  # noqa: B018
    with pytest.raises(ImportError):
        exec(f"from {name} import B")


def test_names_that_are_not_listed_are_found_in_their_order(package: Callable[[Mapping[str, str]], str]) -> None:
    name = package({**FILES, "__init__": "from .plain import *\nfrom .needed import *\n", "needed": "A = 0\nC = 'c'\n"})
    with late([name]):
        made = importlib.import_module(name)
    assert loaded(name) == set()
    assert (made.B, made.C) == ("b", "c")
    with pytest.raises(AttributeError):
        made.E  # noqa: B018


def test_what_waits_is_imported_when_all_is_needed(package: Callable[[Mapping[str, str]], str]) -> None:
    name = package(FILES)
    with late([name]):
        importlib.import_module(name)
    complete([name])
    assert loaded(name) == {"plain", "needed", "__"}


def test_outside_it_a_package_is_imported_whole(package: Callable[[Mapping[str, str]], str]) -> None:
    name = package(FILES)
    with late(["another"]):
        importlib.import_module(name)
    assert loaded(name) == {"plain", "needed", "__"}
    complete([name])


@pytest.mark.slow
def test_great_expectations_has_every_name_that_it_has_by_itself() -> None:
    """Fails where a release gathers its names in another way."""
    early, whole, named = names("import great_expectations", None)
    assert set(early) == set(HEAVY)
    assert min(map(len, whole)) > 50
    early, asked, _ = names("", named)
    assert early == []
    assert asked == whole


def names(prelude: str, named: list[list[str]] | None) -> tuple[list[str], list[dict[str, str]], list[list[str]]]:
    code = NAMES.format(prelude=prelude, heavy=HEAVY)
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(named), capture_output=True, text=True, check=True)
    early, found, asked = json.loads(done.stdout)
    return early, found, asked
