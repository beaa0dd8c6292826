"""A release: sdist and wheel of a clean checkout, tried where there is no checkout, and then the words to tag it with.

Usage: python -m tools.release. Nothing is released that could not be made again from its tag, or that users cannot read
about in CHANGELOG.md. Files come into dist/ only when they have been tried.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What an environment of developing would lend to the one that is tried.
LENT = ("BOLIGPROFIL_", "PREFECT_", "PYTHON", "VIRTUAL_ENV")


def version_of(root: Path) -> str:
    """The version in pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def refusals(root: Path) -> list[str]:
    """Why a checkout cannot be released as it stands: a sentence for each reason."""
    version = version_of(root)
    entries = (root / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")
    changed = call("git", "status", "--porcelain", cwd=root).splitlines()
    reasons = []
    if changed:
        reasons.append(f"The work tree is not clean: commit or remove what git status lists ({len(changed)} paths).")
    if not any(re.match(rf"{re.escape(version)}\n.*^- ", entry, re.DOTALL | re.MULTILINE) for entry in entries):
        reasons.append(f"CHANGELOG.md has no entry '## {version}': say there what users get.")
    if call("git", "tag", "--list", f"v{version}", cwd=root).strip():
        reasons.append(f"The tag v{version} is there already: raise the version in pyproject.toml.")
    return reasons


def build(root: Path, folder: Path) -> Path:
    """The wheel, made from the sdist that is made of `root`; both lie in `folder` afterwards."""
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, root, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def try_out(wheel: Path, version: str, folder: Path, lent: Path | None = None) -> None:
    """Install the wheel into a new environment in `folder` and run it there on a copy of the shipped deliveries.

    Takes minutes, less where the libraries in the folder `lent` stand in for its own. Ends the program with a sentence
    where something is not as it must be.
    """
    programs, away = folder / "venv" / "bin", folder / "away"
    venv.create(folder / "venv")
    install = (sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet")
    if lent is None:
        call(*install, "--constraint", ROOT / "constraints.txt", wheel, cwd=folder)
    else:
        call(*install, "--no-deps", wheel, cwd=folder)
        # A folder that a .pth names reads no .pth of its own, so a checkout that is installed there stays out of it.
        (site,) = (folder / "venv").glob("lib/python*/site-packages")
        (site / "lent.pth").write_text(f"{lent}\n")
    shutil.copytree(ROOT / "data" / "raw", away / "deliveries")

    def expect(answer: str, program: str, *arguments: str) -> str:
        printed = call(programs / program, *arguments, cwd=away)
        if answer not in printed:
            raise SystemExit(f"{program} {' '.join(arguments)} does not say '{answer}' but:\n{printed}")
        return printed

    marts, raw = ("--marts", "out/marts"), ("--raw", "deliveries")
    expect(str(folder / "venv"), "python", "-c", "import flows; print(flows.__file__)")
    expect(version, "boligprofil", "--version")
    expect("Commands:", "boligprofil", "--help")
    expect("Published snapshot", "boligprofil", "run", *raw, *marts)
    expect("Nothing changed", "boligprofil", "run", *raw, *marts)
    expect("files are whole", "boligprofil", "check", *marts)
    file = Path(expect(str(away), "boligprofil", "path", "area_profile", *marts).strip())
    if not file.is_file():
        raise SystemExit(f"boligprofil path names a file that is not there: {file}")


def call(*command: object, cwd: Path) -> str:
    """Run a command without anything of this environment; returns what it printed, ends the program where it fails."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(LENT)}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main() -> None:
    """Refuse, or build, try and say what is left to do."""
    if reasons := refusals(ROOT):
        raise SystemExit("\n".join(["No release.", *reasons]))
    version = version_of(ROOT)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "dist").mkdir()
        print(f"Building {version} ...", flush=True)
        wheel = build(ROOT, folder / "dist")
        print(f"Trying {wheel.name} in a fresh environment; this takes minutes ...", flush=True)
        try_out(wheel, version, folder)
        (ROOT / "dist").mkdir(exist_ok=True)
        names = sorted(file.name for file in (folder / "dist").iterdir())
        for name in names:
            shutil.copy(folder / "dist" / name, ROOT / "dist" / name)
    print(
        "It installs, publishes the shipped sample and finds it whole:", *(f"  dist/{name}" for name in names), sep="\n"
    )
    print(f"Now tag what it was made of:\n  git tag v{version} && git push origin v{version}")


if __name__ == "__main__":
    main()
