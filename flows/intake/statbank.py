"""A client of Statistics Denmark's StatBank API: one declared table to one delivery in the folder of deliveries.

What comes is stored as it came, before anything parses it: body, delivery note and hash. A table is published while it
is asked for, so a body counts only where two answers and the table's metadata around them agree.
"""

import hashlib
import json
import math
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from flows.core import files
from flows.core.locks import held
from flows.core.provenance import file_sha256
from flows.intake.deliveries import HASH_SUFFIX, NOTE_SUFFIX
from schemas.sources import Fetched, Source

BASE_URL = "https://api.statbank.dk/v1"
# The API's documented limit of formats that it does not stream.
CELL_LIMIT = 1_000_000
ALL = "*"
# The column of the figures: in Danish and in capitals whatever the language, in every table.
FIGURES = b"INDHOLD"
HEAD_BYTES = 64 << 10

Format = Literal["CSV", "BULK"]
T = TypeVar("T")


class StatBankError(Exception):
    """StatBank gave nothing that can be stored; the message says what it answered and what to do."""


class HalfUpdated(StatBankError):
    """The table changed while it was fetched, as often as it was tried."""


class ClientSettings(BaseModel):
    """How patient the client is. Seconds throughout.

    `attempts` are those of one request that fails in passing, `tries` those to get the same body twice. A server that
    asks to wait longer than `longest_retry_after_seconds` is asked no more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    connect_seconds: float = Field(default=10, gt=0)
    read_seconds: float = Field(default=120, gt=0)
    answer_seconds: float = Field(default=1800, gt=0)
    attempts: int = Field(default=5, ge=1)
    first_wait_seconds: float = Field(default=2, ge=0)
    longest_wait_seconds: float = Field(default=60, ge=0)
    longest_retry_after_seconds: float = Field(default=600, ge=0)
    tries: int = Field(default=3, ge=1)
    pause_seconds: float = Field(default=60, ge=0)


class _Answer(BaseModel):
    """What the client relies on of an answer; the API may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class Value(_Answer):
    """One value of a variable."""

    id: str


class StatBankVariable(_Answer):
    """One dimension of a table; `elimination` says that the API sums over it where nothing is selected."""

    id: str
    elimination: bool = False
    time: bool = False
    values: tuple[Value, ...]


class TableInfo(_Answer):
    """A table's metadata; `suppressed` is the text that it shows for a withheld figure."""

    id: str
    updated: datetime
    suppressed: str | None = Field(default=None, alias="suppressedDataValue")
    variables: tuple[StatBankVariable, ...]


def fetch(
    source: Source,
    raw: Path,
    base_url: str = BASE_URL,
    now: datetime | None = None,
    settings: ClientSettings | None = None,
) -> Path | None:
    """Fetch the table that `source` declares; the file stored below `raw`, None where its body is stored already.

    `now` (by default the present) is the day that the delivery note gives as received. Raises HalfUpdated where the
    table kept changing and StatBankError for everything else that StatBank answers or fails to answer, for a selection
    that does not fit the table, and where another fetch of this source is under way. Then nothing is left behind.
    """
    if source.fetch is None:
        raise StatBankError(f"source {source.id!r} declares no 'fetch' in sources.toml")
    settings = settings or ClientSettings()
    with _workplace(raw / source.id, source.fetch.table) as folder, _http(base_url, settings) as http:
        part = folder / f".{source.fetch.table}.part"
        info, form, sha256 = _settled(http, source.fetch, settings, part)
        if _is_stored(folder, part.stat().st_size, sha256):
            return None
        body = folder / f"{source.fetch.table}_{info.updated:%Y%m%dT%H%M}_{sha256[:8]}.csv"
        _store(part, body, _note(info, source.fetch, form, (now or datetime.now(UTC)).date().isoformat()), sha256)
        return body


def cells(info: TableInfo, wanted: Fetched) -> int:
    """Cells of a selection as the API counts them: rows times selected fields, TID and INDHOLD among them."""
    timed = any(variable.time and variable.id in wanted.select for variable in info.variables)
    rows = math.prod(len(_chosen(variable, wanted)) for variable in info.variables if variable.id in wanted.select)
    # Without a period the API gives the latest one, in a field of its own.
    return rows * (len(wanted.select) + (1 if timed else 2))


def _chosen(variable: StatBankVariable, wanted: Fetched) -> tuple[str, ...]:
    codes = wanted.select[variable.id]
    return tuple(value.id for value in variable.values) if codes == (ALL,) else codes


def _settled(
    http: httpx.Client, wanted: Fetched, settings: ClientSettings, part: Path
) -> tuple[TableInfo, Format, str]:
    """The table's metadata, the format asked for and the hash of the body in `part`. Raises HalfUpdated."""
    for number in range(settings.tries):
        if number:
            time.sleep(settings.pause_seconds)
        before = _table_info(http, wanted, settings)
        form = _format(before, wanted)
        first = _data(http, wanted, form, settings, part)
        time.sleep(settings.pause_seconds)
        second = _data(http, wanted, form, settings, None)
        if first == second and _table_info(http, wanted, settings) == before:
            return before, form, first
    raise HalfUpdated(
        f"table {wanted.table} changed while it was fetched, {settings.tries} times of {settings.tries}: "
        "StatBank is updating it; fetch it again in an hour"
    )


def _table_info(http: httpx.Client, wanted: Fetched, settings: ClientSettings) -> TableInfo:
    asked = {"table": wanted.table, "lang": wanted.language, "format": "JSON"}
    content = _answer(http, "/tableinfo", asked, settings, b"".join)
    if refusal := _api_error(content):
        raise StatBankError(f"StatBank refuses tableinfo of {wanted.table}: {refusal}")
    try:
        info = TableInfo.model_validate_json(content.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        where = ", ".join(".".join(str(part) for part in problem["loc"]) or "JSON" for problem in error.errors()[:3])
        raise StatBankError(
            f"tableinfo of {wanted.table} is not as documented (see {where}); has the API changed?"
        ) from None
    if info.id.upper() != wanted.table.upper():
        raise StatBankError(f"StatBank answered for table {info.id}, not for {wanted.table}")
    return info


def _format(info: TableInfo, wanted: Fetched) -> Format:
    """The format that may hold the selection. Raises StatBankError where the selection does not fit the table."""
    known = {variable.id: {value.id for value in variable.values} for variable in info.variables}
    problems = []
    for name, codes in wanted.select.items():
        if name not in known:
            problems.append(f"no variable {name!r} (it has {', '.join(known)})")
        elif unknown := [code for code in codes if code not in known[name] and code != ALL]:
            problems.append(f"no value {', '.join(map(repr, unknown))} of {name}")
    if problems:
        raise StatBankError(f"the selection does not fit table {wanted.table}, which has {'; '.join(problems)}")
    form: Format = "BULK" if (count := cells(info, wanted)) > CELL_LIMIT else "CSV"
    left = [
        variable.id
        for variable in info.variables
        if variable.id not in wanted.select and (form == "BULK" or not (variable.elimination or variable.time))
    ]
    if left:
        raise StatBankError(
            f"the selection does not fit table {wanted.table}: as {form} ({count} cells) it needs values of "
            f"{', '.join(left)}, over which StatBank does not sum there"
        )
    return form


def _data(http: httpx.Client, wanted: Fetched, form: Format, settings: ClientSettings, part: Path | None) -> str:
    """Hash of the body, which is written to `part` as it comes."""
    asked = {
        "table": wanted.table,
        "lang": wanted.language,
        "format": form,
        "variables": [{"code": name, "values": list(codes)} for name, codes in wanted.select.items()],
    }
    if form == "CSV":
        # BULK knows labels only, and a table must read the same on either side of the limit.
        asked |= {"valuePresentation": "Value", "delimiter": "Semicolon"}
    return _answer(http, "/data", asked, settings, lambda blocks: _write(blocks, part, wanted.table))


def _write(blocks: Iterator[bytes], part: Path | None, table: str) -> str:
    sha256, head = hashlib.sha256(), b""
    with ExitStack() as stack:
        file = stack.enter_context(part.open("wb")) if part else None
        for block in blocks:
            sha256.update(block)
            head += block[: HEAD_BYTES - len(head)]
            if file:
                file.write(block)
    if not head.strip():
        raise _Passing("an empty body")
    if refusal := _api_error(head):
        raise StatBankError(f"StatBank refuses data of {table}: {refusal}")
    if FIGURES not in [field.strip(b'" ') for field in head.splitlines()[0].split(b";")]:
        raise StatBankError(f"the answer for {table} is no table: its first line has no column {FIGURES.decode()}")
    return sha256.hexdigest()


# Requests -------------------------------------------------------------------------------------------------------------


class _Passing(Exception):
    """An answer that may be better next time, not before `after` seconds."""

    def __init__(self, answer: str, after: float = 0) -> None:
        super().__init__(answer)
        self.after = after


PASSING = (
    httpx.NetworkError,
    httpx.TimeoutException,
    httpx.RemoteProtocolError,
    httpx.ProxyError,
    httpx.DecodingError,
    _Passing,
)


def _http(base_url: str, settings: ClientSettings) -> httpx.Client:
    try:
        if httpx.URL(base_url).userinfo:
            raise StatBankError("the address of StatBank must hold no user name or password: the API needs none")
        timeout = httpx.Timeout(settings.read_seconds, connect=settings.connect_seconds)
        return httpx.Client(base_url=base_url, timeout=timeout, headers={"User-Agent": "boligprofil"})
    except httpx.InvalidURL as error:
        raise StatBankError(f"the address of StatBank is none: {error}") from None


def _answer(
    http: httpx.Client,
    path: str,
    asked: dict[str, Any],
    settings: ClientSettings,
    read: Callable[[Iterator[bytes]], T],
) -> T:
    """What `read` makes of a good answer's body. Raises StatBankError where none comes."""

    def once() -> T:
        with http.stream("POST", path, json=asked) as response:
            _refuse_bad_status(response, asked["table"], settings)
            return read(_in_time(response, settings))

    backoff = wait_exponential_jitter(
        multiplier=settings.first_wait_seconds, max=settings.longest_wait_seconds, jitter=settings.first_wait_seconds
    )

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(backoff(state), error.after if isinstance(error, _Passing) else 0)

    retrying = Retrying(
        stop=stop_after_attempt(settings.attempts), wait=wait, retry=retry_if_exception_type(PASSING), reraise=True
    )
    place = f"{http.base_url.host}{http.base_url.path.rstrip('/')}{path}"
    try:
        return retrying(once)
    except PASSING as error:
        last = f"{type(error).__name__.lstrip('_')}: {error}" if isinstance(error, httpx.HTTPError) else str(error)
        raise StatBankError(
            f"{place} gave no good answer for {asked['table']} in {settings.attempts} attempts; "
            f"the last one: {last}. Fetch it again later"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StatBankError(f"{place} cannot be asked: {error}") from error


def _in_time(response: httpx.Response, settings: ClientSettings) -> Iterator[bytes]:
    """Blocks of the body; a server that drips keeps no one for ever."""
    until = time.monotonic() + settings.answer_seconds
    for block in response.iter_bytes():
        if time.monotonic() > until:
            raise httpx.ReadTimeout(f"the body took more than {settings.answer_seconds:g} seconds")
        yield block


def _refuse_bad_status(response: httpx.Response, table: str, settings: ClientSettings) -> None:
    """Raises _Passing for a status that passes and StatBankError for any other but 200."""
    if response.status_code == httpx.codes.OK:
        return
    status = f"HTTP {response.status_code}"
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
        after = _retry_after(response.headers.get("Retry-After", ""))
        if after > settings.longest_retry_after_seconds:
            raise StatBankError(f"StatBank asks to wait {after:.0f} seconds ({status}); fetch {table} again after that")
        raise _Passing(status, after)
    raise StatBankError(f"StatBank refuses {response.url.path} for {table}: {_refusal(response)} ({status})")


def _refusal(response: httpx.Response) -> str:
    """The API's own words, as far as they came."""
    content = b""
    with suppress(httpx.HTTPError):
        for block in response.iter_bytes():
            content += block
            if len(content) >= HEAD_BYTES:
                break
    return _api_error(content) or "no reason in the API's own form was given"


def _api_error(content: bytes) -> str:
    """Message and code of an error body; a body of any other kind has none."""
    text = content.decode("utf-8-sig", "replace")
    if not text.lstrip().startswith("{"):
        return ""
    try:
        error = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(error, dict) or not error.keys() & {"errorTypeCode", "message"}:
        return ""
    return " ".join(
        f"{error.get('message') or 'without a message'} [{error.get('errorTypeCode') or 'no code'}]".split()
    )


def _retry_after(header: str) -> float:
    """Seconds of a Retry-After header, which gives seconds or a moment; 0 where it gives neither."""
    if re.fullmatch("[0-9]{1,9}", header.strip()):
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return 0
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment.tzinfo else 0


# Storing --------------------------------------------------------------------------------------------------------------


@contextmanager
def _workplace(folder: Path, table: str) -> Iterator[Path]:
    """A source's folder for one fetch at a time; what a fetch did not finish, now or when it was killed, is removed.

    Raises StatBankError where another fetch is under way.
    """
    was_there = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder, StatBankError(f"another fetch to {folder} is under way; wait for it to end")):
        try:
            yield folder
        finally:
            _sweep(folder, table)
            if not was_there:
                with suppress(OSError):
                    folder.rmdir()


def _sweep(folder: Path, table: str) -> None:
    """Remove parts, and notes and hashes whose body was not stored."""
    made = re.compile(rf"({re.escape(table)}_\d{{8}}T\d{{4}}_[0-9a-f]{{8}}\.csv)({NOTE_SUFFIX}|{HASH_SUFFIX})")
    for file in list(folder.iterdir()):
        beside = made.fullmatch(file.name)
        is_part = file.name.startswith(f".{table}") and file.name.endswith(".part")
        if is_part or (beside and not (folder / beside[1]).exists()):
            file.unlink(missing_ok=True)


def _is_stored(folder: Path, size: int, sha256: str) -> bool:
    stored = (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    return any(file.stat().st_size == size and file_sha256(file) == sha256 for file in stored)


def _store(part: Path, body: Path, note: str, sha256: str) -> None:
    """Note and hash first: a body that stands there has both, whenever the process is killed."""
    if body.exists():
        raise StatBankError(f"{body} stands there with another content and is not overwritten; move it and fetch again")
    files.sync(part)
    files.write(body.with_name(body.name + NOTE_SUFFIX), note.encode())
    files.write(body.with_name(body.name + HASH_SUFFIX), f"{sha256}  {body.name}\n".encode())
    os.replace(part, body)
    files.sync(body.parent)


def _note(info: TableInfo, wanted: Fetched, form: Format, received: str) -> str:
    lines = {
        "kilde": f"Danmarks Statistik, StatBank, tabel {wanted.table}",
        "udgivet": info.updated.date().isoformat(),
        "oprindelse": "real",
        "modtaget": received,
        "afsender": "Danmarks Statistik",
    }
    if suppressed := " ".join((info.suppressed or "").split()):
        lines["skjulte tal vises som"] = suppressed
    if form == "BULK":
        lines["manglende rækker betyder"] = "0"
    return "".join(f"{key}: {text}\n" for key, text in lines.items())
