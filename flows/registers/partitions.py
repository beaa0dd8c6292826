"""A person register on disk: whose it is, and the partitions of its tables, each a file of one year."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from schemas.model import Model, Text

NOTE = "register.toml"
YEAR = re.compile(r"year=((?:19|20)\d\d)")
BUCKET = re.compile(r"bucket-(\d+)-of-(\d+)\.parquet")


class UnfitRegister(ValueError):
    """A register that cannot be counted: the message names file, column, rule and count, and nobody."""


class RegisterNote(Model):
    """What register.toml says: whose the register is, whether its persons are real, on which day it was drawn."""

    holder: Text
    origin: Literal["real", "synthetic"]
    drawn_on: date


@dataclass(frozen=True)
class Partition:
    """One file: a table's rows of one year, or those of them whose person's (or household's) number is `bucket` modulo
    `buckets`.
    """

    table: str
    year: int
    bucket: int
    buckets: int
    file: Path

    @property
    def name(self) -> str:
        """The file below the register's folder."""
        return "/".join(self.file.parts[-3:])


def note(folder: Path) -> RegisterNote:
    """The register's note. Raises UnfitRegister where there is none, or it lacks something."""
    try:
        return RegisterNote.model_validate(tomllib.loads((folder / NOTE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UnfitRegister(
            f'{folder / NOTE} is missing; it says: holder = "...", origin = "real" or "synthetic", drawn_on = a day'
        ) from None
    except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
        raise UnfitRegister(f"{folder / NOTE} cannot be used: {error}") from error


def find(folder: Path, table: str) -> list[Partition]:
    """The partitions of a table by year and bucket; none where the register does not hold the table.

    Raises UnfitRegister for a file that is none of a partition's, and for a year that lacks a bucket.
    """
    found: list[Partition] = []
    for file in sorted((folder / table).rglob("*.parquet")):
        year, bucket = YEAR.fullmatch(file.parent.name), BUCKET.fullmatch(file.name)
        if year is None or file.parent.parent != folder / table:
            raise UnfitRegister(f"{table}/{file.name}: partitions lie in {table}/year=<year>/")
        number, buckets = (int(bucket[1]), int(bucket[2])) if bucket else (0, 1)
        found.append(Partition(table, int(year[1]), number, buckets, file))
    for given in sorted({partition.year for partition in found}):
        here = [partition for partition in found if partition.year == given]
        if sorted(p.bucket for p in here) != list(range(here[0].buckets)) or len({p.buckets for p in here}) > 1:
            raise UnfitRegister(
                f"{table}/year={given}: {len(here)} files; there must be one, or each of "
                "bucket-<n>-of-<buckets>.parquet"
            )
    return found
