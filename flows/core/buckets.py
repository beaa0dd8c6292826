"""Buckets of S3 or of a server like it: what lies at an address, bringing it, writing it if nobody else has.

Who may do that is said by the environment alone, which the library reads itself (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL
and so on): no secret passes through here.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Self

from typing_extensions import override

from flows.core.files import placed

# A folder in between collapses the two strokes, so that one is enough.
ADDRESS = re.compile(r"s3:/{1,2}(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(/[A-Za-z0-9._=-]+)*)/?")
TRIES = 3
ACCESS = (
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say in the environment who asks, AWS_ENDPOINT_URL and AWS_REGION "
    "which server"
)


class BucketError(RuntimeError):
    """A bucket cannot be read or written: which, why, and what to do."""


class Overtaken(RuntimeError):
    """Somebody else has written an object since it was read last."""


@dataclass(frozen=True)
class Address:
    """A place in a bucket, as `s3://bucket/prefix`; the prefix may be empty."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, written: str) -> Self | None:
        """The address that a word is; None where it is none but a folder.

        Raises ValueError where it begins as an address and is none, such as one of another kind or with a password in
        it, which is never repeated.
        """
        scheme = re.match(r"([a-z][a-z0-9+.-]+):/", written)
        if scheme is None:
            return None
        if (found := ADDRESS.fullmatch(written)) and not {".", ".."} & {*found["prefix"].split("/")}:
            return cls(found["bucket"], found["prefix"].strip("/"))
        raise ValueError(
            f"an address is s3://bucket or s3://bucket/prefix, of letters without accents, digits and . _ = -, "
            f"not this one that begins with {scheme[1]}: (user and password belong into the environment)"
        )

    @override
    def __str__(self) -> str:
        return "/".join(filter(None, (f"s3://{self.bucket}", self.prefix)))

    @property
    def folder(self) -> str:
        """A name that no other address has, for a folder on the disk."""
        return "+".join(filter(None, (self.bucket, *self.prefix.split("/"))))


@dataclass(frozen=True)
class Stored:
    """An object: its key below the address, its bytes, the tag of its content, when it was written."""

    key: str
    size: int
    tag: str
    written_at: datetime

    @property
    def is_file(self) -> bool:
        """Whether its key is a path that a file can have: no folder, nothing empty or upwards in it."""
        parts = self.key.split("/")
        return not {"", ".", ".."} & {*parts} and PurePosixPath(self.key).as_posix() == self.key


class Bucket:
    """What lies below an address. Every method raises BucketError where the server cannot be reached or says no."""

    def __init__(self, address: Address) -> None:
        self.address = address
        try:
            from obstore.store import S3Store  # noqa: PLC0415 - an extra, and most houses have a disk
        except ImportError:
            raise BucketError(f"{address} needs the extra 's3': pip install 'boligprofil[s3]'") from None
        with self._told():
            self._store: S3Store = S3Store(
                address.bucket, prefix=address.prefix or None, retry_config={"max_retries": TRIES}
            )

    def stored(self, below: str = "") -> list[Stored]:
        """Every object below a prefix, by key."""
        with self._told():
            found = self._store.list(below or None).collect()
        objects = (Stored(o["path"], o["size"], o["e_tag"] or "", o["last_modified"]) for o in found)
        return sorted(objects, key=lambda stored: stored.key)

    def read(self, key: str) -> tuple[bytes, str] | None:
        """Content and tag of an object, None where there is none."""
        with self._told():
            try:
                found = self._store.get(key)
            except FileNotFoundError as missing:
                if "NoSuchBucket" in str(missing):
                    raise
                return None
            return bytes(found.bytes()), found.meta["e_tag"] or ""

    def bring(self, stored: Stored, file: Path) -> None:
        """Write an object to a file, whole or not at all. Raises BucketError too where it has become another one."""
        with placed(file) as part, part.open("wb") as opened, self._told():
            for piece in self._store.get(stored.key, options={"if_match": stored.tag}).stream():
                opened.write(bytes(piece))

    def write(self, key: str, content: bytes | Path) -> None:
        """Write an object, whole or not at all."""
        with self._told():
            self._store.put(key, content)

    def write_unless_changed(self, key: str, content: bytes, tag: str | None) -> None:
        """Write an object where it has this tag still, None: where there is none. Raises Overtaken.

        A server that wrote it and was not heard is asked again and says no: what stands there tells the two apart.
        """
        from obstore.exceptions import AlreadyExistsError, PreconditionError  # noqa: PLC0415

        try:
            with self._told():
                self._store.put(key, content, mode="create" if tag is None else {"e_tag": tag})
        except (AlreadyExistsError, PreconditionError):
            there = self.read(key)
            if there is None or there[0] != content:
                raise Overtaken(f"{self.address}/{key} was written by somebody else") from None

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there are gone."""
        if keys:
            with self._told():
                self._store.delete(list(keys))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The library's errors in words; who was first is for the caller."""
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError  # noqa: PLC0415

        try:
            yield
        except (AlreadyExistsError, PreconditionError) as error:
            if not self._is_write(error):
                raise BucketError(f"{self.address}: an object was replaced while it was read; run again") from None
            raise
        except (BaseError, FileNotFoundError) as error:
            raise BucketError(self._words(str(error))) from None

    @staticmethod
    def _is_write(error: Exception) -> bool:
        return "performing PUT" in str(error)

    def _words(self, error: str) -> str:
        """What the library's lines come to: it prints what the server sent, and all that it tried."""
        code = (re.findall(r"<Code>(\w+)</Code>", error) or [""])[0]
        if "169.254." in error:
            return f"{self.address}: the environment names nobody who asks. {ACCESS}"
        if code == "NoSuchBucket":
            return f"{self.address}: there is no bucket {self.address.bucket!r}. {ACCESS}"
        if re.search(r"status code: 40[13]\b", error):
            return f"{self.address}: the server refuses whoever asks{f' ({code})' if code else ''}. {ACCESS}"
        first = re.split(r"[\n<]", error)[0].strip(" :")
        if "HTTP error" in first:
            why = re.search(r"HTTP error: (.*)", first)
            return (
                f"{self.address}: the server does not answer, or the connection broke"
                f"{f' ({why[1]})' if why else ''}. {ACCESS}; else run again"
            )
        return f"{self.address}: {code or first}; run again, and if it stays so ask whoever keeps the server"
