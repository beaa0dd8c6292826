"""Settings: the only reader of the environment. Folders, retention, registry."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from flows.core.buckets import Address

PREFIX, FILE = "BOLIGPROFIL_", Path(".env")


class Settings(BaseModel):
    """Where a run reads and writes. Set by arguments, then `BOLIGPROFIL_*` variables, then `.env`.

    `staging`, `quarantine`, `releases`, `extracts` and `prefect` lie beside `marts` unless they are set. Where `raw` or
    `marts` is an address (s3://bucket/prefix), the folder that mirrors it below `mirrors` stands in its place.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    raw: Path = Path("data/raw")
    marts: Path = Path("data/marts")
    staging: Path | None = None
    quarantine: Path | None = None
    releases: Path | None = None
    extracts: Path | None = None
    prefect: Path | None = None
    schemas: Path | None = None
    mirrors: Path = Field(default=Path("data/s3"), description="Folder of what is mirrored from buckets.")
    statbank: str = Field(default="https://api.statbank.dk/v1", description="Address of StatBank's API.")
    statbank_pause_seconds: float = Field(default=60, ge=0, description="Between the two answers that must be equal.")
    pages: str = Field(
        default="",
        description="Address at which the folder of snapshots is served to those of the house; none if empty.",
    )
    site: bool = Field(
        default=False, description="Whether a night that published writes the catalogue of its snapshot."
    )
    publisher: str = Field(
        default="", description="Who publishes, for the catalogue: a name, or 'name <address>'; not set if empty."
    )
    contact: str = Field(
        default="", description="Whom to ask, for the catalogue: a name, or 'name <mail>'; not set if empty."
    )
    notify: str = Field(
        default="",
        description="Command that gets a message when a night is refused, when something is gone or late, and after.",
    )
    notify_block: str = Field(
        default="", description="Prefect's notification block that tells of runs that failed: type/name; none if empty."
    )
    workers: str = Field(
        default="threads",
        pattern=r"^(threads|processes|(prefect\+)?(tcp|tls)://\S+:\d+)$",
        description="Who counts person registers: threads or processes of this machine, or a Dask scheduler's address "
        "(with prefect+ before it each piece is a task run of Prefect).",
    )
    log: Path | None = Field(default=None, description="File that the log of runs is appended to, as lines of JSON.")
    metrics: Path | None = Field(default=None, description="File of metrics for Prometheus' node exporter.")
    openlineage: str | None = Field(default=None, description="File or address that events of runs are sent to.")
    keep_snapshots: int = Field(default=3, ge=1, description="Snapshots kept whatever their age.")
    keep_hours: float = Field(default=24, ge=24, description="Every snapshot younger than this is kept.")

    _addresses: dict[str, Address] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _with_the_environment(cls, chosen: dict[str, Any]) -> dict[str, Any]:
        return {**_in_file(), **_named(os.environ), **chosen}

    @model_validator(mode="after")
    def _beside_marts(self) -> Self:
        for name in ("raw", "marts"):
            if address := Address.of(str(getattr(self, name))):
                self._addresses[name] = address
                object.__setattr__(self, name, self.mirrors / address.folder / name)
        for name in ("staging", "quarantine", "releases", "extracts", "prefect"):
            if getattr(self, name) is None:
                folder = ".prefect" if name == "prefect" else name
                object.__setattr__(self, name, self.marts.parent / folder)
        return self

    @property
    def raw_address(self) -> Address | None:
        """Where the deliveries lie in a bucket, None where they lie in a folder."""
        return self._addresses.get("raw")

    @property
    def marts_address(self) -> Address | None:
        """Where the snapshots lie in a bucket, None where they lie in a folder."""
        return self._addresses.get("marts")

    @property
    def raw_place(self) -> Path:
        """The deliveries as whoever chose them named them: the address where there is one."""
        return Path(str(self.raw_address or self.raw))

    @property
    def marts_place(self) -> Path:
        """The snapshots as whoever chose them named them: the address where there is one."""
        return Path(str(self.marts_address or self.marts))

    @property
    def staging_folder(self) -> Path:
        """Folder of facts, named by content."""
        assert self.staging is not None
        return self.staging

    @property
    def quarantine_folder(self) -> Path:
        """Folder of the rows and deliveries that broke a rule."""
        assert self.quarantine is not None
        return self.quarantine

    @property
    def releases_folder(self) -> Path:
        """Folder of the release ledger and of what each release showed and hid; it never leaves the house."""
        assert self.releases is not None
        return self.releases

    @property
    def extracts_folder(self) -> Path:
        """Folder of the yearly extracts."""
        assert self.extracts is not None
        return self.extracts

    @property
    def prefect_folder(self) -> Path:
        """Folder of the files of a Prefect server of one's own."""
        assert self.prefect is not None
        return self.prefect

    @property
    def keep_for(self) -> timedelta:
        """Age below which every snapshot is kept."""
        return timedelta(hours=self.keep_hours)


def _in_file() -> dict[str, str]:
    """The settings that `.env` of this folder names, where there is one."""
    if not FILE.is_file():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - most houses have none

    return _named(dotenv_values(FILE))


def _named(variables: Mapping[str, str | None]) -> dict[str, str]:
    """The settings among variables, by their names, in capitals or not."""
    given = {name.upper(): value for name, value in variables.items() if value is not None}
    return {name.removeprefix(PREFIX).lower(): value for name, value in given.items() if name.startswith(PREFIX)}


def settings(**chosen: Path | None) -> Settings:
    """The settings in force; arguments that are None leave the environment's choice."""
    return Settings(**{name: value for name, value in chosen.items() if value is not None})  # type: ignore[arg-type]


def environment() -> dict[str, str]:
    """The environment of this process, for those that it starts."""
    return dict(os.environ)


def is_watched() -> bool:
    """Whether runs are to be seen in a Prefect server: its address is set."""
    return bool(os.environ.get("PREFECT_API_URL"))
