"""Make the outputs of two checkouts and compare them byte by byte: for changes that a user must not see.

Usage: python -m simulations.same_bytes COMMIT [--areas N] [--keep FOLDER]. COMMIT is the checkout of before, this is
the one after. Both read the same deliveries (those of before) at the same moment, and both take the hashes of code and
registry for the same, since they differ where nothing else does. Compared are the snapshots of the shipped sample and
of the made-up nation of seed 1, its design cards, the pages of targets, and the extracts of 2012 of both.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

YEAR = "2012"
HERE = Path(__file__).parents[1]
# Said of the run, not of the figures: when, by which commit and code, how long it took, and what was made anew.
OF_THE_RUN = (
    *("created_at", "commit", "seconds", "processor_seconds", "staged", "facts", "inputs_sha256", "made_with"),
    *("reconciled", "work", "steps", "verdicts"),
)
# Compared entry by entry: the records of a snapshot, a release and an extract.
RECORDS = ("manifest.json", "record.json", "kontrol.json")
# What a run works with: facts named by hashes of the code, the registry, a server's own files.
PASSED_OVER = ("staging", "quarantine", "schemas", ".prefect")
# Runs a command of a checkout with the hashes, the moment and what is drawn in secret held.
COMMAND = """
import importlib, importlib.util, secrets, sys
from datetime import datetime
sys.path.insert(0, sys.argv.pop(1))
moment = datetime.fromisoformat(sys.argv.pop(1))
for name in ("flows.provenance", "flows.core.provenance"):
    if importlib.util.find_spec(name.rpartition(".")[0]) and importlib.util.find_spec(name):
        importlib.import_module(name).code_sha256 = lambda *packages: "code"
importlib.import_module("flows.intake.ledger").now = lambda: moment
for name in ("schemas.registry", "schemas.loading"):
    if importlib.util.find_spec(name):
        importlib.import_module(name)._fingerprint = lambda root: "registry"
secrets.token_hex = lambda size=32: "00" * size
sys.argv[0] = "boligprofil"
importlib.import_module("flows.cli").app()
"""


def make(checkout: Path, deliveries: Path, folder: Path, areas: int, moment: str) -> None:
    """The outputs of a checkout, in `folder`; `deliveries` are those of the sample and the nation's reference."""
    sample, nation = folder / "sample", folder / "nation"
    _boligprofil(checkout, sample, deliveries, moment, "run")
    _boligprofil(checkout, sample, deliveries, moment, "targets", "pages")
    _boligprofil(checkout, sample, deliveries, moment, "extract", "--year", YEAR)
    _boligprofil(checkout, nation, deliveries, moment, "demo", "--seed", "1", "--areas", str(areas), nation.as_posix())
    schemas = ("--schemas", (nation / "schemas").as_posix())
    _boligprofil(checkout, nation, nation / "raw", moment, "extract", "--year", YEAR, *schemas)


def _boligprofil(checkout: Path, folder: Path, raw: Path, moment: str, *words: str) -> None:
    print(f"{checkout}: boligprofil {' '.join(words)}", flush=True)
    places = {"BOLIGPROFIL_RAW": raw.as_posix(), "BOLIGPROFIL_MARTS": (folder / "marts").as_posix()}
    subprocess.run(
        [sys.executable, "-c", COMMAND, checkout.as_posix(), moment, *words],
        env={**os.environ, **places},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def differences(before: Path, after: Path) -> Iterator[str]:
    """A sentence for each file that is missing, is one too many, or has other bytes."""
    old, new = _files(before), _files(after)
    for name in sorted(old.keys() | new.keys()):
        if name not in new or name not in old:
            yield f"{name}: only {'before' if name in old else 'after'}"
        elif (was := _content(old[name])) != (now := _content(new[name])):
            parts = [part for part in sorted(was.keys() | now.keys()) if was.get(part) != now.get(part)]
            yield f"{name}: other bytes" + (f" in {', '.join(parts)}" if parts != [""] else "")


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and not set(path.relative_to(folder).parts) & set(PASSED_OVER)
    }


def _content(file: Path) -> dict[str, bytes]:
    """The bytes to compare, by part: a workbook's parts, a manifest's entries, else the whole file."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as parts:
            return {name: parts.read(name) for name in parts.namelist()}
    if file.name in RECORDS:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return {name: json.dumps(entry).encode() for name, entry in entries.items() if name not in OF_THE_RUN}
    return {"": file.read_bytes()}


def main(commit: str, areas: int, folder: Path) -> int:
    """Make, compare and say; returns the number of files that differ."""
    checkout, dated = folder / commit, folder / "moment"
    deliveries = checkout / "data" / "raw"
    shutil.rmtree(folder / "after", ignore_errors=True)
    if not checkout.exists():
        shutil.rmtree(folder / "before", ignore_errors=True)
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(HERE), str(checkout)], check=True)
        subprocess.run(["git", "-C", str(checkout), "checkout", "--quiet", commit], check=True)
        # No earlier day: what is installed would be of a later one, and a run refuses such a clock.
        dated.write_text(datetime.now(UTC).isoformat(timespec="seconds"), encoding="utf-8")
        make(checkout, deliveries, folder / "before", areas, dated.read_text(encoding="utf-8"))
    make(HERE, deliveries, folder / "after", areas, dated.read_text(encoding="utf-8"))
    compared = len(_files(folder / "before"))
    found = list(differences(folder / "before", folder / "after"))
    print(*found, f"{compared} files compared, {len(found)} differ", sep="\n")
    return len(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("--areas", type=int, default=1000, help="made-up areas of the nation")
    parser.add_argument("--keep", type=Path, help="folder that keeps what was made, for another comparison")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(asked.commit, asked.areas, asked.keep or Path(temporary)) > 0)
