"""What commands share: their options, their exit codes, and how they stop with a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from flows.commands.terminal import err

if TYPE_CHECKING:
    from flows.publish.snapshots import Snapshot
    from flows.settings import Settings
    from schemas.registry import Registry

REFUSED, USAGE = 1, 2

Raw = Annotated[
    Path | None,
    typer.Option(
        "--raw", help="Folder of deliveries, or s3://... [env: BOLIGPROFIL_RAW; data/raw]", show_default=False
    ),
]
Marts = Annotated[
    Path | None,
    typer.Option(
        "--marts", help="Folder of snapshots, or s3://... [env: BOLIGPROFIL_MARTS; data/marts]", show_default=False
    ),
]
Schemas = Annotated[
    Path | None,
    typer.Option(
        "--schemas", help="Folder of the registry. [env: BOLIGPROFIL_SCHEMAS; the installed one]", show_default=False
    ),
]


def stop(message: str, code: int) -> NoReturn:
    """Print a sentence to stderr and exit."""
    err.print(message, style="red" if code == REFUSED else "", soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def stopping(code: int, *kinds: type[Exception]) -> Iterator[None]:
    """Stop with the sentence of an error of these kinds."""
    try:
        yield
    except kinds as error:
        stop(str(error.args[0]) if isinstance(error, LookupError) else str(error), code)


def settings_of(**folders: Path | None) -> "Settings":
    """The settings in force; exits with 2 where one is wrong, never repeating what it says."""
    from pydantic import ValidationError

    from flows.settings import settings

    try:
        return settings(**folders)
    except ValidationError as error:
        found = (
            (str(each["loc"][0]) if each["loc"] else "", each["msg"]) for each in error.errors(include_input=False)
        )
        words = "; ".join(f"{name + ': ' if name else ''}{what.removeprefix('Value error, ')}" for name, what in found)
        stop(f"a setting is wrong: {words}", USAGE)


def chosen_of(**folders: Path | None) -> "Settings":
    """The settings in force, with what lies in buckets brought; exits as `settings_of`, and with 1 where it cannot be.

    Deliveries are brought where a command takes them (`raw`).
    """
    from flows.core.buckets import BucketError

    chosen = settings_of(**folders)
    with stopping(REFUSED, BucketError):
        bring(chosen, with_raw="raw" in folders)
    return chosen


def bring(chosen: "Settings", with_raw: bool) -> None:
    """Bring what lies in buckets. Raises BucketError."""
    if chosen.marts_address:
        from flows.publish import mirror

        mirror.refresh(chosen.marts_address, chosen.marts, chosen.releases_folder)
    if with_raw and chosen.raw_address:
        from flows.intake import brought

        brought.bring(chosen.raw_address, chosen.raw)


def stop_where_in_a_bucket(chosen: "Settings") -> None:
    """Exit with 2 where the deliveries lie in a bucket: nothing is delivered into the folder that mirrors it."""
    if chosen.raw_address:
        stop(f"the deliveries lie in {chosen.raw_address}: put them there, or name a folder with --raw", USAGE)


def opened(**folders: Path | None) -> "tuple[Settings, Registry, Snapshot]":
    """The folders of a command, the registry and the snapshot in force; exits with 1 where one of the two cannot be."""
    chosen = chosen_of(**folders)
    return chosen, registry_of(chosen.schemas), current_of(chosen.marts)


def registry_of(folder: Path | None) -> "Registry":
    """The registry; exits with 1 and what to mend where it contradicts itself."""
    from schemas.loading import load
    from schemas.registry import RegistryError

    with stopping(REFUSED, RegistryError):
        return load(folder)


def current_of(marts: Path) -> "Snapshot":
    """The snapshot in force; exits with 1 where there is none, or nothing can be read of it."""
    from flows.publish import snapshots

    with stopping(REFUSED, snapshots.NoSnapshot, snapshots.Damaged):
        return snapshots.current(marts)


def doubts(chosen: "Settings", registry: "Registry") -> list[str]:
    """Why the clock of this machine cannot be right."""
    from flows.core.clock import WrongClock
    from flows.publish import moments

    try:
        moments.check(chosen.marts, chosen.staging_folder, chosen.releases_folder, registry.night)
    except WrongClock as wrong:
        return [str(wrong)]
    return []


def check_clock(chosen: "Settings", registry: "Registry") -> None:
    """Exit with 1 where the clock of this machine cannot be right: what a command dates would be dated wrongly."""
    for doubt in doubts(chosen, registry):
        stop(doubt, REFUSED)
