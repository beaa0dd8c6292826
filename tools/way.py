"""The way of a figure: which functions of flows/ a small municipal delivery passes, from its file to a mart.

Usage: python -m tools.way [--names]. A delivery of Odense is followed as CSV and as a workbook, each the second of its
source: what is made once per source is made. What counts are the functions and methods of `flows/` that are entered

- to its facts: from the opening of the file until they stand as parquet, in whatever thread; the process that reads
  workbooks is run in this one;
- to the mart: while `area_profile`, and what it reads, is made of the facts.

Comprehensions, lambdas and generated methods do not count. `flows.core` (files and parquet, which belong to no hop) and
the guard against personal numbers (which looks at letters and changes no figure) are counted apart.
"""

import argparse
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import xlsxwriter

from flows.intake import deliveries, reconcile, versions
from flows.intake.apart import __main__ as apart
from flows.intake.formats import process
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.receipts import Receipt
from flows.intake.vintages import Vintage
from flows.marts import build, queries
from schemas.loading import load
from schemas.registry import Registry

ROOT = Path(__file__).parents[1]
FLOWS = ROOT / "flows"
RAW = ROOT / "data" / "raw"
SOURCE, MART = "municipal_yearly", "area_profile"
# The function that opens the file, and the one at whose end the facts are in their place.
OPENED, IN_PLACE = ("intake/content.py", "read"), ("intake/stage.py", "_put_in_place")
HOP, GROUND, GUARD = "of the hop", "of flows/core", "of the guard"
GUARDS = ("intake/cpr.py", "intake/cpr_tables.py", "intake/privacy.py")
NOTE = (
    *(("kilde", "kommuneårstal"), ("udgivet", "2012-05-01"), ("oprindelse", "real"), ("afsender", "Odense Kommune")),
    *(("rækker", "3"), ("kontrolsum Beboere", "19.685")),
)
HEADER = (
    *("Kommune", "Boligområde", "År", "Status", "Beboere"),
    *("Ikke-vestlig oprindelse, antal", "Ikke-vestlig oprindelse, af beboere", "Dømte (pct.)"),
)
ROWS = (
    ("Odense", "Vollsmose", "2011", "endelig", "9.214", "6.012", "9.214", "3,1"),
    ("Odense", "Vollsmose", "2012", "endelig", "9.187", "6.101", "9.187", "2,9"),
    ("Odense", "Solbakken", "2012", "endelig", "1.284", "402", "1.284", ".."),
)
Place = tuple[str, str]


class FigureWay:
    """The functions of `flows/` entered, in the order of their first entry, and how often `file` was opened."""

    def __init__(self, file: Path | None = None) -> None:
        self.places: dict[Place, int] = {}
        self.opened = 0
        self._file = str(file)
        self._known: dict[CodeType, Place | None] = {}
        self._is_open = False

    @contextmanager
    def followed(self, opened: Place | None = None, closed: Place | None = None) -> Iterator[None]:
        """Look at every thread, from the entry of `opened` to the return of `closed` where they are given."""
        self._is_open = opened is None

        def look(frame: FrameType, event: str, _: Any) -> None:
            if event not in ("call", "return") or (place := self._place(frame.f_code)) is None:
                return
            if event == "call":
                self._is_open |= place == opened
                if self._is_open:
                    self.places[place] = self.places.get(place, 0) + 1
            elif place == closed:
                self._is_open = False

        def count(event: str, arguments: tuple[Any, ...]) -> None:
            self.opened += self._is_open and event == "open" and str(arguments[0]) == self._file

        sys.addaudithook(count)  # it stays, and counts no more once the way is closed
        threading.setprofile(look)
        sys.setprofile(look)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            self._is_open = False

    def counted(self) -> dict[str, tuple[int, int]]:
        """Functions and files of the hop, of the ground and of the guard."""
        found: dict[str, list[Place]] = {HOP: [], GROUND: [], GUARD: []}
        for place in self.places:
            room = GUARD if place[0] in GUARDS else GROUND if place[0].startswith("core/") else HOP
            found[room].append(place)
        return {room: (len(places), len({file for file, _ in places})) for room, places in found.items()}

    def lines(self) -> Iterator[str]:
        """A line per file: its functions, in the order in which they are entered."""
        for file in dict.fromkeys(file for file, _ in self.places):
            names = [name for where, name in self.places if where == file]
            yield f"  {file} ({len(names)}): {', '.join(names)}"

    def _place(self, code: CodeType) -> Place | None:
        if code not in self._known:
            file = Path(code.co_filename)
            is_ours = file.is_relative_to(FLOWS) and not code.co_name.startswith("<")
            self._known[code] = (file.relative_to(FLOWS).as_posix(), code.co_qualname) if is_ours else None
        return self._known[code]


def as_csv(file: Path) -> None:
    """The delivery as CSV with its note at the top."""
    lines = [*(f"# {key}: {value}" for key, value in NOTE), *map(";".join, (HEADER, *ROWS))]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def as_workbook(file: Path) -> None:
    """The delivery as a workbook with a sheet for its note, numbers as Excel stores them."""
    with xlsxwriter.Workbook(file) as book:
        note, sheet = book.add_worksheet("Følgeseddel"), book.add_worksheet("Tal")
        for number, pair in enumerate(NOTE):
            note.write_row(number, 0, pair)
        for number, row in enumerate((HEADER, *ROWS)):
            sheet.write_row(number, 0, [_stored(cell) if number else cell for cell in row])


def _stored(cell: str) -> str | float:
    number = cell.replace(".", "").replace(",", ".")
    return float(number) if number.replace(".", "").isdecimal() else cell


def to_facts(
    write: Callable[[Path], None], suffix: str, folder: Path, registry: Registry
) -> tuple[FigureWay, list[Receipt]]:
    """The way of the second of two deliveries to its facts, and the receipts of all that was read for it."""
    raw, staging = folder / "raw", folder / "staging"
    raw.mkdir()
    for source in versions.FIRST:
        (raw / source).symlink_to(RAW / source)
    followed = raw / SOURCE / f"followed{suffix}"
    followed.parent.mkdir()
    for file in (followed.with_name(f"a_first{suffix}"), followed):
        write(file)
    vintage = Vintage(tuple(deliveries.find(raw, registry)), DeliveryLedger(staging), now())
    known = versions.known_names(vintage, staging, registry)
    receipts, way = list[Receipt | None](), FigureWay(followed)
    for delivery in vintage.deliveries:
        with way.followed(OPENED, IN_PLACE) if delivery.file == followed else nullcontext():
            receipts.append(versions.stage(delivery, vintage, staging, registry, known))
    return way, [receipt for receipt in receipts if receipt]


def to_mart(receipts: Sequence[Receipt], folder: Path, registry: Registry) -> FigureWay:
    """The way of the facts into the mart and whatever it reads."""
    facts = reconcile.reconcile(receipts, folder / "staging", registry)
    steps = build.every_step()
    wanted = {name: steps[name] for name in queries.behind([MART], steps) if name in steps}
    way = FigureWay()
    with build.connect() as connection, way.followed():
        build.run(connection, wanted, facts, registry)
    return way


def main(names: bool) -> None:
    """Follow both deliveries and print what they pass."""
    registry = load()
    process.answer = lambda kind, content, _: apart.reader(kind)(bytes(content))
    for what, write, suffix in (("CSV", as_csv, ".csv"), ("workbook", as_workbook, ".xlsx")):
        with tempfile.TemporaryDirectory() as name:
            way, receipts = to_facts(write, suffix, Path(name), registry)
            if any(receipt.outcome != "accepted" for receipt in receipts):
                sys.exit(f"not accepted: {[(receipt.path, receipt.rule) for receipt in receipts]}")
            _print(f"{what} to its facts, file opened {way.opened} x", way, names)
            if suffix == ".csv":
                _print(f"facts to {MART}", to_mart(receipts, Path(name), registry), names)


def _print(what: str, way: FigureWay, names: bool) -> None:
    rooms = (f"{functions} in {files} files {room}" for room, (functions, files) in way.counted().items())
    print(f"{what}: functions {', '.join(rooms)}", *(way.lines() if names else ()), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", action="store_true", help="name the functions, file by file")
    main(**vars(parser.parse_args()))
