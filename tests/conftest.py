"""What several hops' tests share: the registry, deliveries written for a test, and one published snapshot."""

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import genuine
import polars as pl
import profiles
import pytest

from flows.commands.night import hush
from flows.core.parquet import write_parquet
from flows.intake import deliveries, quarantine, reconcile, versions
from flows.intake.ledger import DeliveryLedger
from flows.intake.receipts import Receipt
from flows.intake.reconcile import Facts
from flows.intake.vintages import Vintage
from flows.marts import build, queries
from schemas.loading import load
from schemas.registry import Registry

ROOT = Path(__file__).parents[1]
RAW = ROOT / "data" / "raw"
CHROMIUM = Path("/usr/bin/chromium")


def pytest_configure() -> None:
    """What DuckDB prints while the interpreter is taken down does not belong below the tests' last line."""
    atexit.register(hush)
    profiles.load()
    # No test needs a disk that survives a power cut, but that of the crashes, which runs in processes of its own.
    os.fsync = lambda handle: None


def pytest_report_header() -> str | None:
    """Nothing is skipped where the whole genuine files lack, so this line says that they do."""
    return None if genuine.WHOLE.is_dir() else genuine.NOT_BESIDE


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests, or with the made-up nation, come first, so that no process ends alone with the longest."""
    heavy = {item.path for item in items if item.get_closest_marker("slow") or "demo" in _fixtures(item)}
    items.sort(key=lambda item: item.path not in heavy)


def _fixtures(item: pytest.Item) -> list[str]:
    """The fixtures that a test asks for by name, and those behind them."""
    return item.fixturenames if isinstance(item, pytest.Function) else []


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The registry that is installed."""
    return load()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser; it ends with its module, for while it is open no other test could run an event loop."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed: nobody has looked at the pages in a browser")
    from playwright.sync_api import sync_playwright

    alone = ("gpu", "quic", "sync", "background-networking", "component-update")
    quiet = ["--no-sandbox", "--no-first-run", *(f"--disable-{part}" for part in alone)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=quiet)
        yield browser
        browser.close()


def made_by(folder: Path, *arguments: str, seconds: int) -> Path:
    """The folder in which `boligprofil` ran with these arguments and without the settings of whoever runs the tests."""
    done = subprocess.run(
        [Path(sys.executable).with_name("boligprofil"), *arguments, "--raw", RAW],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("BOLIGPROFIL_")},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def made_once(name: str, pytest_folders: pytest.TempPathFactory, *arguments: str, seconds: int) -> Path:
    """A copy of its own, for this process, of a folder that is made once for all processes of a run of the tests."""
    shared = pytest_folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    original = shared / f"{name}-made"
    with (shared / f".{name}.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not original.exists():
            work = shared / f"{name}-work"
            work.mkdir()
            made_by(work, *arguments, seconds=seconds)
            work.rename(original)
        copy: Path = pytest_folders.mktemp(name) / "copy"
        shutil.copytree(original, copy, symlinks=True)
    return copy


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `boligprofil run` has published the shipped deliveries to data/marts."""
    return made_once("published", tmp_path_factory, "run", seconds=400)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `boligprofil demo` has made and published a small nation, with its cards, in data/demo."""
    return made_once("nation", tmp_path_factory, "demo", "--areas", "200", seconds=600)


class Marts(dict[str, pl.DataFrame]):
    """The marts of facts as they are written; each is built, with what it is made of, when it is first asked for."""

    def __init__(self, facts: Facts, folder: Path, registry: Registry) -> None:
        super().__init__()
        self.folder, self.registry = folder, registry
        self.connection = build.connect()
        self.there = build.load(self.connection, facts, registry)

    def __missing__(self, name: str) -> pl.DataFrame:
        table, file = self.registry.marts[name], self.folder / f"{name}.parquet"
        every = build.every_step()
        steps = {step: every[step] for step in queries.behind([name], every) if step in every}
        for step in queries.order(steps, self.there):
            if step not in self.there:
                build.create(self.connection, steps[step], self.registry)
                self.there.append(step)
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        write_parquet(file, self.connection.sql(f"select {columns} from {name}").to_arrow_table(), table)
        self[name] = pl.read_parquet(file)
        return self[name]


@dataclass
class Night:
    """A folder of deliveries and what became of them."""

    folder: Path
    registry: Registry
    moment: datetime = datetime(2026, 12, 1, tzinfo=UTC)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    facts: Facts | None = None

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def staging(self) -> Path:
        return self.folder / "staging"

    @property
    def quarantine(self) -> Path:
        return self.folder / "quarantine"

    def deliver(self, path: str, content: str | bytes) -> None:
        """Put a delivery into the folder."""
        file = self.raw / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def run(self) -> dict[str, Receipt]:
        """Read everything; receipts by path."""
        self.moment += timedelta(days=1)
        ledger = DeliveryLedger.load(self.staging)
        found = ledger.received(deliveries.find(self.raw, self.registry), self.moment)
        vintage = Vintage(tuple(found), ledger.record(found, self.moment), self.moment)
        known = versions.known_names(vintage, self.staging, self.registry)
        made = versions.receipts_of(vintage, self.staging, self.registry, known)
        self.receipts = {receipt.path: receipt for receipt in made}
        self.facts = reconcile.reconcile(made, self.staging, self.registry)
        today = self.moment.date()
        quarantine.lay_out(made, self.facts.set_aside, self.staging, self.quarantine, self.registry, today)
        return self.receipts

    def table(self, name: str) -> pl.DataFrame:
        """Facts in force."""
        assert self.facts is not None
        return pl.read_parquet(self.facts.tables[name])

    def given(self, table: str) -> None:
        """Deliver figures of areas: lines of area, year, indicator and 'count/base' or a value in Danish notation."""
        known = {row["area_id"]: (row["name"], row["municipality_code"]) for row in self.registry.codes["areas"]}
        rows = []
        for line in table.strip().splitlines():
            area, year, indicator, figure = line.split()
            numerator, _, denominator = figure.partition("/") if "/" in figure else ("", "", "")
            value = "" if "/" in figure else figure
            name, municipality = known[area]
            rows.append(
                f"boligområde;{name};{municipality};{year};{indicator};{numerator};{denominator};{value};endelig"
            )
        header = "Geografi;Område;Kommune;År;Indikator;Tæller;Nævner;Værdi;Status"
        text = f"# kilde: en prøve\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2026-01-01\n{header}\n"
        self.deliver("municipal_figures/given.csv", text + "\n".join(rows) + "\n")

    def marts(self) -> dict[str, pl.DataFrame]:
        """Read the deliveries; a mart of them is built when it is asked for."""
        self.run()
        assert self.facts is not None
        return Marts(self.facts, self.folder / "marts", self.registry)

    def set_aside(self, path: str) -> pl.DataFrame:
        """What lies in quarantine for a delivery."""
        file = self.quarantine / (path if path.endswith(".csv") else f"{path}.csv")
        return pl.read_csv(file, separator=";", infer_schema=False)


@pytest.fixture(scope="session")
def make_night(registry: Registry) -> Callable[[Path], Night]:
    """A night in a folder, with no deliveries."""
    return lambda folder: Night(folder, registry)


@pytest.fixture(scope="session")
def municipalities(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    """A folder in which the 98 municipalities lie delivered and staged, and no ledger yet says when they came."""
    night = Night(tmp_path_factory.mktemp("municipalities"), registry)
    shutil.copytree(RAW / "municipalities", night.raw / "municipalities")
    night.run()
    (night.staging / "deliveries" / "ledger.jsonl").unlink()
    shutil.rmtree(night.staging / "current")
    shutil.rmtree(night.quarantine, ignore_errors=True)
    return night.folder


@pytest.fixture
def night(tmp_path: Path, municipalities: Path, registry: Registry) -> Night:
    """A night that knows the 98 municipalities and has no other deliveries yet."""
    shutil.copytree(municipalities, tmp_path, dirs_exist_ok=True)
    return Night(tmp_path, registry)


@pytest.fixture
def fresh_night(
    tmp_path_factory: pytest.TempPathFactory, municipalities: Path, registry: Registry
) -> Callable[[], Night]:
    """Makes such nights, each in a folder of its own."""

    def made() -> Night:
        folder = tmp_path_factory.mktemp("night")
        shutil.copytree(municipalities, folder, dirs_exist_ok=True)
        return Night(folder, registry)

    return made


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Night:
    """The night of the shipped deliveries."""
    made = Night(tmp_path_factory.mktemp("shipped"), registry)
    shutil.copytree(RAW, made.raw)
    made.run()
    return made
