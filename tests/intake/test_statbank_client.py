"""The client of StatBank against a real server on this machine: recorded bodies, and everything that goes wrong."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from command_line import invoke
from genuine import CUTS
from pydantic import ValidationError

from flows.intake import deliveries, delivery_note, statbank
from flows.intake.deliveries import find
from flows.intake.statbank import CELL_LIMIT, ClientSettings, HalfUpdated, StatBankError, TableInfo, cells, fetch
from schemas.registry import Registry
from schemas.sources import Fetched, Source

INFO, BODY = CUTS / "api/tableinfo_straf42_da.json", CUTS / "api/straf42.csv"

QUICK = ClientSettings(
    connect_seconds=2,
    read_seconds=0.3,
    attempts=3,
    first_wait_seconds=0.01,
    longest_wait_seconds=0.02,
    longest_retry_after_seconds=5,
    tries=3,
    pause_seconds=0,
)
NOW = datetime(2025, 10, 30, 9, 15, tzinfo=UTC)
STRAF42 = {"HERKOMST1": ("00",), "Tid": ("2023",)}
EVERYTHING = dict.fromkeys(("HERKOMST1", "OVERTRÆD", "AFGØRELSE", "ALDER", "KØN", "Tid"), ("*",))


@dataclass
class Say:
    """One scripted answer; `promised` is its Content-Length where that is not the truth."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    late: float = 0
    drips: float = 0


@dataclass
class StatBank:
    """A server that gives scripted answers in their order, and then the recorded ones for ever."""

    address: str = ""
    info: bytes = b""
    body: bytes = b""
    scripted: dict[str, list[Say]] = field(default_factory=lambda: {"/v1/tableinfo": [], "/v1/data": []})
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def next_infos(self, *answers: Say) -> None:
        self.scripted["/v1/tableinfo"] += answers

    def next_data(self, *answers: Say) -> None:
        self.scripted["/v1/data"] += answers

    def answer(self, path: str, asked: dict[str, Any]) -> Say:
        self.asked.append((path, asked))
        if self.scripted[path]:
            return self.scripted[path].pop(0)
        return Say(self.info if path == "/v1/tableinfo" else self.body)

    @property
    def paths(self) -> list[str]:
        return [path.removeprefix("/v1/") for path, _ in self.asked]

    def with_info(self, **changed: Any) -> bytes:
        """The recorded metadata with other values; None leaves a key out."""
        info = json.loads(self.info) | changed
        return json.dumps({key: value for key, value in info.items() if value is not None}).encode()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StatBank]:
    """StatBank as it was recorded for table STRAF42."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = StatBank(
        info=INFO.read_bytes(),
        body=BODY.read_bytes(),
    )

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            say = made.answer(self.path, asked)
            time.sleep(say.late)
            try:
                self.send_response(say.status)
                for name, value in say.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(say.body) if say.promised is None else say.promised))
                self.end_headers()
                for byte in say.body if say.drips else ():
                    self.wfile.write(bytes([byte]))
                    time.sleep(say.drips)
                if not say.drips:
                    self.wfile.write(say.body)
            except ConnectionError:
                pass

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        made.address = f"http://127.0.0.1:{http.server_port}/v1"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield made
        http.shutdown()
        thread.join()


@pytest.fixture
def source(registry: Registry) -> Source:
    """STRAF42 as it was recorded: one value, one year."""
    return asking(registry.sources["statbank_straf42"], STRAF42)


def asking(source: Source, select: dict[str, tuple[str, ...]]) -> Source:
    return source.model_copy(update={"fetch": Fetched(table="STRAF42", select=select)})


@pytest.fixture
def go(server: StatBank, source: Source, tmp_path: Path) -> Callable[..., Path | None]:
    """Fetch to tmp_path/raw."""

    def run(source: Source = source, settings: ClientSettings = QUICK, now: datetime = NOW) -> Path | None:
        return fetch(source, tmp_path / "raw", server.address, now, settings)

    return run


def left(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def refused(code: str, message: str) -> bytes:
    return json.dumps({"errorTypeCode": code, "message": message}, ensure_ascii=False).encode()


# What is stored -------------------------------------------------------------------------------------------------------


def test_body_is_stored_as_it_came_with_note_and_hash(server: StatBank, go: Any, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(server.body).hexdigest()
    name = f"STRAF42_20250325T0800_{sha256[:8]}.csv"
    file = go()
    assert file == tmp_path / "raw" / "statbank_straf42" / name
    assert left(tmp_path) == {
        name: server.body,
        f"{name}.sha256": f"{sha256}  {name}\n".encode(),
        f"{name}.levering.txt": (
            b"kilde: Danmarks Statistik, StatBank, tabel STRAF42\n"
            b"udgivet: 2025-03-25\n"
            b"oprindelse: real\n"
            b"modtaget: 2025-10-30\n"
            b"afsender: Danmarks Statistik\n"
            b"skjulte tal vises som: 0\n"
        ),
    }
    subprocess.run(["sha256sum", "--check", "--quiet", f"{name}.sha256"], cwd=file.parent, check=True)


def test_what_is_stored_is_a_delivery_that_the_intake_accepts(
    server: StatBank, go: Any, night: Any, tmp_path: Path
) -> None:
    file = go()
    path = file.relative_to(tmp_path / "raw").as_posix()
    (delivery,) = [found for found in find(night.raw, night.registry) if found.path == path]
    assert set(delivery.beside) == {deliveries.NOTE_SUFFIX, deliveries.HASH_SUFFIX}
    receipt = night.run()[path]
    assert (receipt.outcome, receipt.rows, receipt.used, receipt.quarantined) == ("accepted", 1, 1, 0), receipt
    assert (receipt.says, receipt.published_at) == ("Danmarks Statistik, StatBank, tabel STRAF42", "2025-03-25")
    note = delivery_note.parse(
        delivery_note.pairs(delivery.beside[deliveries.NOTE_SUFFIX].read_text(encoding="utf-8").splitlines())
    )
    assert (note.withheld_as, note.absent_is_zero, note.sender) == ("0", False, "Danmarks Statistik")


def test_asks_metadata_then_data_twice_then_metadata(server: StatBank, go: Any) -> None:
    go()
    assert server.paths == ["tableinfo", "data", "data", "tableinfo"]
    assert server.asked[0][1] == {"table": "STRAF42", "lang": "da", "format": "JSON"}
    assert (
        server.asked[1][1]
        == server.asked[2][1]
        == {
            "table": "STRAF42",
            "lang": "da",
            "format": "CSV",
            "valuePresentation": "Value",
            "delimiter": "Semicolon",
            "variables": [{"code": "HERKOMST1", "values": ["00"]}, {"code": "Tid", "values": ["2023"]}],
        }
    )


def test_waits_between_the_two_bodies_and_before_it_tries_again(
    server: StatBank, go: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_before: list[int] = []
    monkeypatch.setattr(
        time, "sleep", lambda seconds: asked_before.append(len(server.asked)) if seconds == 61 else None
    )
    server.next_data(Say(server.body.replace(b"233454", b"1")))
    server.next_infos(Say(server.info))
    assert go(settings=QUICK.model_copy(update={"pause_seconds": 61}))
    assert asked_before == [2, 3, 5]


def test_metadata_without_a_suppressed_value_says_none(server: StatBank, go: Any) -> None:
    server.info = server.with_info(suppressedDataValue=None)
    go()
    server.body = server.body.replace(b"233454", b"1")
    server.info = server.with_info(suppressedDataValue="..\n x", updated="2026-03-25T08:00:00")
    second = go()
    assert "skjulte tal vises som: .. x\n" in second.with_name(second.name + deliveries.NOTE_SUFFIX).read_text(
        encoding="utf-8"
    )
    notes = [text for name, text in left(second.parent).items() if name.endswith(deliveries.NOTE_SUFFIX)]
    assert sorted(b"skjulte" in text for text in notes) == [False, True]


def test_nothing_is_stored_twice(server: StatBank, go: Any, tmp_path: Path) -> None:
    go()
    before = left(tmp_path)
    assert go(now=NOW + timedelta(days=1)) is None
    server.info = server.with_info(updated="2026-03-25T08:00:00")
    assert go() is None
    assert left(tmp_path) == before


def test_a_new_body_stands_beside_the_old_one(server: StatBank, go: Any, tmp_path: Path) -> None:
    go()
    before = left(tmp_path)
    server.body = server.body.replace(b"233454", b"233455")
    assert go().read_bytes() == server.body
    assert len(left(tmp_path)) == 6
    assert before.items() <= left(tmp_path).items()


def test_nothing_is_overwritten(server: StatBank, go: Any, tmp_path: Path) -> None:
    file = (
        tmp_path
        / "raw"
        / "statbank_straf42"
        / f"STRAF42_20250325T0800_{hashlib.sha256(server.body).hexdigest()[:8]}.csv"
    )
    file.parent.mkdir(parents=True)
    file.write_bytes(b"something else")
    with pytest.raises(StatBankError, match="is not overwritten"):
        go()
    assert left(tmp_path) == {file.name: b"something else"}


def test_two_fetches_of_one_source_do_not_meet(server: StatBank, go: Any, tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "statbank_straf42"
    folder.mkdir(parents=True)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(StatBankError, match="under way"):
        go()
    assert server.asked == []
    os.close(handle)
    assert go()


@pytest.mark.parametrize("rename", [1, 2, 3, 4])
def test_a_killed_process_leaves_no_body_without_its_note(
    server: StatBank, go: Any, tmp_path: Path, rename: int
) -> None:
    """Killed before the first, second and third rename, and right after the last."""
    kill = f"""
import os
from datetime import UTC, datetime
from pathlib import Path
from flows.intake.statbank import ClientSettings, fetch
from schemas.sources import Fetched
from schemas.loading import load
renames, rename = [], os.replace
def replace(*names):
    renames.append(names)
    if len(renames) == {rename}:
        os._exit(9)
    rename(*names)
    if len(renames) == {rename} - 1 == 3:
        os._exit(9)
os.replace = replace
source = load().sources["statbank_straf42"].model_copy(
    update={{"fetch": Fetched(table="STRAF42", select={STRAF42!r})}}
)
fetch(source, Path("raw"), {server.address!r}, datetime(2025, 10, 29, tzinfo=UTC), ClientSettings(pause_seconds=0))
"""
    root = {"PYTHONPATH": str(Path(statbank.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", kill], cwd=tmp_path, env=os.environ | root, timeout=60, check=False)
    assert done.returncode == 9
    bodies = [name for name in left(tmp_path) if name.endswith(".csv") and not name.startswith(".")]
    assert len(bodies) == (1 if rename == 4 else 0)
    assert all({name + deliveries.NOTE_SUFFIX, name + ".sha256"} <= left(tmp_path).keys() for name in bodies)
    # The table is updated before the next fetch: what belonged to no body goes.
    server.info = server.with_info(updated="2025-10-30T08:00:00")
    assert (go() is None) == bool(bodies)
    assert len(left(tmp_path)) == 3


# Answers that pass ----------------------------------------------------------------------------------------------------


PASSING = {
    "slow": Say(b"HERKOMST1;TID;INDHOLD\r\nI alt;2023;1\r\n", late=0.6),
    "server error": Say(b"<html>oh</html>", 500),
    "unavailable": Say(b"", 503),
    "cut": Say(b"HERKOMST1;TID;INDHOLD\r\nI alt;20", promised=5000),
    "nothing but a promise": Say(b"", promised=5000),
    "empty": Say(b""),
    "only a BOM and white space": Say(b" \r\n"),
}


@pytest.mark.parametrize("name", PASSING)
def test_an_answer_that_passes_is_asked_for_again(server: StatBank, go: Any, name: str, tmp_path: Path) -> None:
    server.next_data(PASSING[name])
    assert go().read_bytes() == server.body
    assert server.paths == ["tableinfo", "data", "data", "data", "tableinfo"]
    assert len(left(tmp_path)) == 3


@pytest.mark.parametrize("name", PASSING)
def test_an_answer_that_never_passes_is_an_error_and_leaves_nothing(
    server: StatBank, go: Any, name: str, tmp_path: Path
) -> None:
    server.next_data(*[PASSING[name]] * 3)
    with pytest.raises(StatBankError, match="no good answer for STRAF42 in 3 attempts"):
        go()
    assert server.paths == ["tableinfo", "data", "data", "data"]
    assert not (tmp_path / "raw" / "statbank_straf42").exists()


def test_metadata_are_asked_for_again_too(server: StatBank, go: Any) -> None:
    server.next_infos(Say(b"", 502), Say(server.info[:900], promised=len(server.info)))
    assert go()
    assert server.paths == ["tableinfo"] * 3 + ["data", "data", "tableinfo"]


@pytest.mark.parametrize("form", ["seconds", "moment"])
def test_retry_after_is_honoured(server: StatBank, go: Any, form: str) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=2.5), usegmt=True)
    server.next_data(Say(b"", 429, {"Retry-After": "1" if form == "seconds" else moment}))
    begun = time.monotonic()
    assert go()
    assert 0.9 < time.monotonic() - begun < 4


def test_too_long_a_wait_is_said_instead(server: StatBank, go: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = time.sleep
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: sleep(min(seconds, 0.1)))
    server.next_data(Say(b"", 429, {"Retry-After": "3600"}))
    with pytest.raises(StatBankError, match=r"wait 3600 seconds \(HTTP 429\)"):
        go()
    assert server.paths == ["tableinfo", "data"]


@pytest.mark.parametrize("header", ["", "soon", "-1", "Wed, 32 Oct 2025 07:28:00 GMT", "Thu, 01 Jan 2015 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing_is_no_wait(server: StatBank, go: Any, header: str) -> None:
    server.next_data(Say(b"", 429, {"Retry-After": header}))
    begun = time.monotonic()
    assert go()
    assert time.monotonic() - begun < 1


def test_waits_grow_and_differ() -> None:
    """The waits of four attempts: doubled each time, up to the longest, plus a part that differs."""
    waits: list[float] = []
    settings = ClientSettings(attempts=5, first_wait_seconds=1, longest_wait_seconds=5, pause_seconds=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenacity.nap.time.sleep", waits.append)
        patch.setenv("NO_PROXY", "127.0.0.1")
        with (
            statbank._http("http://127.0.0.1:1/v1", settings) as http,
            pytest.raises(StatBankError, match="ConnectError"),
        ):
            statbank._answer(http, "/data", {"table": "X"}, settings, lambda blocks: None)
    assert len(waits) == 4
    first, second, third, last = waits
    assert 1 <= first <= 2 <= second <= 3
    assert 4 <= third <= last == 5
    assert not float(waits[0]).is_integer()


def test_a_server_that_drips_keeps_nobody(server: StatBank, go: Any) -> None:
    server.next_data(Say(server.body, drips=0.05))
    begun = time.monotonic()
    assert go(settings=QUICK.model_copy(update={"answer_seconds": 0.2}))
    assert time.monotonic() - begun < 1.5


def test_no_server_is_an_error_that_names_the_place(source: Source, tmp_path: Path, server: StatBank) -> None:
    with pytest.raises(StatBankError, match=r"127\.0\.0\.1/v1/tableinfo gave no good answer .*ConnectError"):
        fetch(source, tmp_path, "http://127.0.0.1:1/v1", NOW, QUICK)
    assert list(tmp_path.iterdir()) == []


# A table that changes -------------------------------------------------------------------------------------------------


def test_a_half_updated_table_is_fetched_until_it_stands_still(server: StatBank, go: Any, tmp_path: Path) -> None:
    server.next_data(Say(server.body.replace(b"233454", b"1")))
    file = go()
    assert file.read_bytes() == server.body
    assert server.paths == ["tableinfo", "data", "data", "tableinfo", "data", "data", "tableinfo"]
    assert len(left(tmp_path)) == 3


def test_metadata_that_change_meanwhile_count_as_well(server: StatBank, go: Any) -> None:
    old, server.info = server.info, server.with_info(updated="2026-03-25T08:00:00")
    server.next_infos(Say(old))
    assert go().name.startswith("STRAF42_20260325T0800_")
    assert server.paths == ["tableinfo", "data", "data", "tableinfo"] * 2


def test_a_table_that_never_stands_still_is_an_error(server: StatBank, go: Any, tmp_path: Path) -> None:
    server.next_data(*(Say(server.body.replace(b"233454", str(number).encode())) for number in range(6)))
    with pytest.raises(HalfUpdated, match="STRAF42 changed while it was fetched, 3 times of 3"):
        go()
    assert server.paths.count("data") == 6
    assert left(tmp_path) == {}


# Refusals -------------------------------------------------------------------------------------------------------------


REFUSALS = {
    "format": refused("REQUEST-MISSING", "Format ikke angivet, eller ikke gyldigt."),
    "limit": refused(
        "REQUEST-LIMIT",
        "Forespørgslen på op mod 4.800.600 celler er over begrænsningen på 1.000.000 celler for denne filtype. "
        "Anvend BULK eller andet streaming format i stedet.",
    ),
    "with a BOM": b"\xef\xbb\xbf" + refused("X", "Der skal vælges værdier for variabel: OMRÅDE"),
}


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_said_in_the_apis_words_and_never_tried_again(
    server: StatBank, go: Any, name: str, status: int, tmp_path: Path
) -> None:
    server.next_data(Say(REFUSALS[name], status))
    with pytest.raises(StatBankError) as caught:
        go()
    refusal = json.loads(REFUSALS[name].decode("utf-8-sig"))
    assert f"{refusal['message']} [{refusal['errorTypeCode']}]" in str(caught.value)
    assert server.paths == ["tableinfo", "data"]
    assert left(tmp_path) == {}


@pytest.mark.parametrize("status", [400, 200])
def test_metadata_are_refused_in_the_apis_words_too(server: StatBank, go: Any, status: int) -> None:
    server.next_infos(Say(refused("EXTRACT-NOTFOUND", "Tabellen blev ikke fundet."), status))
    with pytest.raises(StatBankError, match=r"STRAF42: Tabellen blev ikke fundet\. \[EXTRACT-NOTFOUND\]"):
        go()
    assert server.paths == ["tableinfo"]


@pytest.mark.parametrize(
    "answer",
    [
        Say(b"<html>Bad request</html>", 400),
        Say(b"", 400),
        Say(b"[1]", 400),
        Say(b'{"errorTypeCode"', 400),
        Say(b'"\xff', 403),
        Say(b"{" * 100, 400, promised=5000),
        Say(b"", 302, {"Location": "/v1/tableinfo"}),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:20]!r}",
)
def test_a_refusal_without_the_apis_form_is_an_error_as_well(server: StatBank, go: Any, answer: Say) -> None:
    server.next_data(answer)
    with pytest.raises(StatBankError, match=rf"no reason in the API's own form was given \(HTTP {answer.status}\)"):
        go()
    assert server.paths == ["tableinfo", "data"]


@pytest.mark.parametrize(
    "body", [b"<html>Under maintenance</html>", b'{"dataset": "INDHOLD"}', b"[]", b"OMR;TID\r\n1;2\r\n"]
)
def test_a_body_that_is_no_table_is_an_error(server: StatBank, go: Any, body: bytes, tmp_path: Path) -> None:
    server.body = body
    with pytest.raises(StatBankError, match="is no table: its first line has no column INDHOLD"):
        go()
    assert left(tmp_path) == {}


@pytest.mark.parametrize(
    ("info", "says"),
    [
        (b"<html>", "JSON"),
        (b"{}", "id, updated, variables"),
        (b'{"id": "STRAF42", "updated": "yesterday", "variables": []}', "updated"),
    ],
)
def test_metadata_that_cannot_be_read_are_an_error(server: StatBank, go: Any, info: bytes, says: str) -> None:
    server.info = info
    with pytest.raises(StatBankError, match=rf"tableinfo of STRAF42 is not as documented \(see {says}\)"):
        go()


def test_metadata_of_another_table_are_an_error(server: StatBank, go: Any) -> None:
    server.info = server.with_info(id="STRAF40")
    with pytest.raises(StatBankError, match="answered for table STRAF40, not for STRAF42"):
        go()


# The selection --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("select", "says"),
    [
        ({"OMRÅDE": ("*",), "Tid": ("*",)}, r"no variable 'OMRÅDE' \(it has HERKOMST1, OVERTRÆD, .*Tid\)"),
        ({"TID": ("*",)}, "no variable 'TID'"),
        (
            {"HERKOMST1": ("00", "INVALID999", "86"), "Tid": ("1994",)},
            "no value 'INVALID999', '86' of HERKOMST1; no value '1994' of Tid",
        ),
        (dict(list(EVERYTHING.items())[1:]), r"as BULK \(\d{8,} cells\) it needs values of HERKOMST1,"),
    ],
)
def test_a_selection_that_does_not_fit_is_said_before_data_are_asked_for(
    server: StatBank, go: Any, source: Source, select: dict[str, tuple[str, ...]], says: str
) -> None:
    with pytest.raises(StatBankError, match=f"(?s)does not fit table STRAF42.*{says}"):
        go(asking(source, select))
    assert server.paths == ["tableinfo"]


def test_a_variable_that_is_not_summed_over_must_be_selected(server: StatBank, go: Any) -> None:
    variables = json.loads(server.info)["variables"]
    variables[1]["elimination"] = False
    server.info = server.with_info(variables=variables)
    with pytest.raises(StatBankError, match=r"as CSV \(3 cells\) it needs values of OVERTRÆD,"):
        go()


def test_more_than_a_million_cells_go_to_bulk(server: StatBank, go: Any, source: Source) -> None:
    server.body = server.body.removeprefix(b"\xef\xbb\xbf")
    file = go(asking(source, EVERYTHING))
    asked = server.asked[1][1]
    assert asked.keys() == {"table", "lang", "format", "variables"}
    assert asked["format"] == "BULK"
    note = delivery_note.parse(
        delivery_note.pairs(file.with_name(file.name + deliveries.NOTE_SUFFIX).read_text(encoding="utf-8").splitlines())
    )
    assert note.absent_is_zero
    assert file.read_bytes() == server.body


def table(time: bool = True, **sizes: int) -> TableInfo:
    variables = [
        {
            "id": name,
            "elimination": name != "Tid",
            "time": name == "Tid" and time,
            "values": [{"id": str(n)} for n in range(size)],
        }
        for name, size in sizes.items()
    ]
    return TableInfo.model_validate({"id": "X", "updated": "2025-01-01T08:00:00", "variables": variables})


def test_cells_are_counted_as_the_api_counts_them() -> None:
    """FOLK1A for four quarters: the API's own error message says 4.800.600."""
    folk1a = table(OMRÅDE=105, KØN=3, ALDER=127, CIVILSTAND=5, Tid=4)
    everything = dict.fromkeys(("OMRÅDE", "KØN", "ALDER", "CIVILSTAND", "Tid"), ("*",))
    assert cells(folk1a, Fetched(table="X", select=everything)) == 4_800_600
    assert cells(folk1a, Fetched(table="X", select=everything | {"Tid": ("0",)})) == 1_200_150
    assert cells(folk1a, Fetched(table="X", select={"KØN": ("1", "2")})) == 2 * 3


@pytest.mark.parametrize(("size", "form"), [(250_000, "CSV"), (250_001, "BULK")])
def test_the_limit_itself_is_within_it(size: int, form: str) -> None:
    wanted = Fetched(table="X", select={"A": ("*",), "B": ("*",), "Tid": ("*",)})
    info = table(A=size, B=1, Tid=1)
    assert (cells(info, wanted) > CELL_LIMIT) == (form == "BULK")
    assert statbank._format(info, wanted) == form


@pytest.mark.parametrize(
    "entry",
    [
        {"table": "../X", "select": {"Tid": ["*"]}},
        {"table": "X", "select": {}},
        {"table": "X", "select": {"Tid": []}},
        {"table": "X", "select": {"Tid": ["*", "2008K1"]}},
        {"table": "X", "select": {"Tid": ["2008K1", "2008K1"]}},
        {"table": "X", "select": {"Tid": ["*"]}, "language": "de"},
        {"table": "X", "select": {"Tid": ["*"]}, "format": "PX"},
    ],
)
def test_what_is_fetched_is_declared_well(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fetched.model_validate(entry)


def test_a_declared_selection_fits_the_tables_recorded_metadata(registry: Registry) -> None:
    """STRAF42 is the table whose metadata is recorded; every other declared table says at least its period."""
    info = TableInfo.model_validate_json(INFO.read_bytes())
    values = {variable.id: {value.id for value in variable.values} for variable in info.variables}
    declared = {source.id: source.fetch for source in registry.sources.values() if source.fetch}
    straf42 = declared["statbank_straf42"]
    assert straf42.table == info.id
    assert all(set(codes) - {"*"} <= values[variable] for variable, codes in straf42.select.items())
    assert all("Tid" in wanted.select for wanted in declared.values())


def test_a_source_that_declares_nothing_is_an_error(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(StatBankError, match="'grants' declares no 'fetch'"):
        fetch(registry.sources["grants"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_address_with_a_secret_is_refused_and_not_repeated(source: Source, tmp_path: Path) -> None:
    with pytest.raises(StatBankError, match="must hold no user name or password") as caught:
        fetch(source, tmp_path, "http://me:s3cret@127.0.0.1:1/v1", NOW, QUICK)
    assert "s3cret" not in str(caught.value)


def test_an_import_asks_nothing_of_the_network() -> None:
    block = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('network at import')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "import flows.intake.statbank"
    )
    root = {"PYTHONPATH": str(Path(statbank.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", block], env=os.environ | root, timeout=60, check=False)
    assert done.returncode == 0


def at(server: StatBank) -> dict[str, str]:
    """Settings under which a command asks this server."""
    return {
        "BOLIGPROFIL_STATBANK": server.address,
        "BOLIGPROFIL_STATBANK_PAUSE_SECONDS": "0",
        "NO_PROXY": "127.0.0.1",
    }


def test_the_command_stores_a_delivery_that_intake_reads(server: StatBank, night: Any) -> None:
    words = ("fetch", "statbank", "--source", "statbank_straf42", "--raw", str(night.raw))
    first = invoke(night.folder, *words, **at(server))
    assert (first.exit_code, "statbank_straf42/STRAF42_20250325T0800_" in first.stdout) == (0, True), first.stderr
    (receipt,) = (r for r in night.run().values() if r.source == "statbank_straf42")
    assert (receipt.outcome, receipt.used, receipt.sender) == ("accepted", 1, "Danmarks Statistik")
    row = night.table("figures").filter(indicator="convictions").row(0, named=True)
    assert (row["geography"], row["value"], str(row["published_at"])) == ("country", 233454.0, "2025-03-25")
    again = invoke(night.folder, *words, **at(server))
    assert (again.exit_code, again.stdout.strip()) == (0, "statbank_straf42: nothing new")


def test_the_command_says_what_cannot_be_fetched(server: StatBank, tmp_path: Path) -> None:
    assert invoke(tmp_path, "fetch", "eurostat", **at(server)).exit_code == 2
    unknown = invoke(tmp_path, "fetch", "statbank", "--source", "population", **at(server))
    assert (unknown.exit_code, "no 'fetch' is declared for population" in unknown.stderr) == (2, True)
