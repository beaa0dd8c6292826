"""One delivery to facts on disk. Files are named by content; a receipt, written last, means that the work is done."""

import hashlib
import io
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from flows.core.files import keep, parquet, write
from flows.core.provenance import code_sha256, digest, engine_versions
from flows.intake import cast, corrections, facts, faults, formats
from flows.intake import delivery_note as notes
from flows.intake.cast import Typed
from flows.intake.coded import Content, DeliveredTable
from flows.intake.deliveries import HASH_SUFFIX, HIDDEN, Delivery
from flows.intake.delivery_note import Note
from flows.intake.facts import ROW, Stamp
from flows.intake.faults import Fault, FaultGroup, Refusal
from flows.intake.ledger import ARCHIVE
from flows.intake.names import PlaceNames
from flows.intake.privacy import lines_with_cpr_numbers
from flows.intake.reshape import Tidy, tidy, with_zeros
from schemas.models import Layout, Source
from schemas.registry import Registry

READERS = ("polars", "pandera", "pyarrow", "python-calamine", "pyaxis")
BLOCK = 500_000
LARGE = 16 << 20


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery.

    `rows` = `used` + `quarantined` + `out_of_scope`, or the delivery was refused as a whole (then `rule` says why).
    Where figures stand in several columns of a line, each is a row; of the rows `implied` are not in the file and mean
    0, by the word of its note. `tables` names the staged file of each fact table;
    `faults` the file of broken rules (line, column, rule, detail, row); `corrected` and `accepted` count the rows that
    a declared correction or exception matched. For a refused delivery `stands_in` is the fingerprint of the older one
    whose facts are used in its place. `history` are the staged files of the older versions that
    still count, by fact table, the oldest first.
    """

    path: str
    fingerprint: str
    source: str | None
    outcome: Literal["accepted", "refused"]
    rule: str = ""
    detail: str = ""
    origin: str = ""
    says: str = ""
    sender: str = ""
    published_at: str = ""
    format: str = ""
    encoding: str = ""
    rows: int = 0
    used: int = 0
    quarantined: int = 0
    out_of_scope: int = 0
    implied: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    corrected: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    faults: str = ""
    archived: str = ""
    stands_in: str = ""
    history: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def facts_from(self) -> str:
        """Fingerprint of the delivery that the facts come from: its own, an older one's that stands in, or none."""
        return self.fingerprint if self.outcome == "accepted" else self.stands_in

    def versions(self, table: str) -> list[str]:
        """The staged files of a fact table, of older versions first."""
        return [*self.history.get(table, ()), *(file for name, file in self.tables.items() if name == table)]

    def entry(self, set_aside: int, quarantine: Path | None) -> dict[str, Any]:
        """What became of the delivery as plain values, for the manifest; what is empty is left out.

        `set_aside` counts its rows that other deliveries contradict, `quarantine` is the file for people.
        """
        entry = {
            "path": self.path,
            "source": self.source,
            "outcome": self.outcome,
            "sha256": self.fingerprint,
            "facts_from": self.facts_from,
            "origin": self.origin,
            "says": self.says,
            "sender": self.sender,
            "published_at": self.published_at,
            "format": self.format,
            "encoding": self.encoding,
            "rows": self.rows,
            "used": self.used,
            "quarantined": self.quarantined,
            "out_of_scope": self.out_of_scope,
            "set_aside": set_aside,
            "rules": self.rules,
            "corrected": self.corrected,
            "accepted": self.accepted,
            "rule": self.rule,
            "detail": self.detail,
            "quarantine": quarantine.as_posix() if quarantine else "",
        }
        return {name: value for name, value in entry.items() if value not in ("", {}, None)}


def key(delivery: Delivery, registry: Registry, names: PlaceNames | None) -> str:
    """Name of a delivery's facts: its path and bytes, the registry, the names, the code and engines that read it."""
    parts = [
        delivery.path,
        delivery.identity,
        delivery.received_on.isoformat(),
        registry.fingerprint,
        names.fingerprint if names else "",
        code_sha256("flows.intake", "schemas"),
        *(f"{name} {engine_versions()[name]}" for name in READERS),
    ]
    return digest(parts)[:32]


def stage(delivery: Delivery, staging: Path, registry: Registry, names: PlaceNames | None) -> Receipt:
    """Facts and receipt of a delivery, read only if that has not been done before.

    `names` is None where the layout needs none or where no list of municipalities could be read.
    Nothing is raised for bad deliveries: the receipt says what is wrong.
    """
    name = key(delivery, registry, names)
    receipt_file = staging / "receipts" / f"{name}.json"
    if receipt_file.is_file():
        receipt = Receipt(**json.loads(receipt_file.read_text(encoding="utf-8")))
        if all(
            (staging / file).is_file() for file in (*receipt.tables.values(), receipt.faults, receipt.archived) if file
        ):
            return receipt
    try:
        receipt = _stage(delivery, staging, registry, names, name)
    except Refusal as refusal:
        receipt = Receipt(
            delivery.path,
            delivery.fingerprint,
            delivery.source,
            "refused",
            rule=refusal.rule,
            detail=refusal.detail,
            sender=registry.sources[delivery.source].publisher if delivery.source else "",
        )
    write(receipt_file, json.dumps(asdict(receipt), ensure_ascii=False, indent=1, sort_keys=True).encode())
    return receipt


def _stage(delivery: Delivery, staging: Path, registry: Registry, names: PlaceNames | None, name: str) -> Receipt:
    if HIDDEN in delivery.path:
        raise Refusal("cpr_number", "the name of the file")
    if delivery.source is None:
        raise Refusal("no_source", f"folder '{Path(delivery.path).parent.as_posix()}'")
    source, layout = registry.sources[delivery.source], registry.layout_of(delivery.source)
    delivered = _read(delivery, layout, source)
    accepted = _row_count_accepted(delivered, delivery.path, registry)
    delivered, corrected = corrections.corrected(delivered, source.id, delivery.path, registry)
    rows, typed, groups = _meant(delivered, layout, source, registry, names)
    note = delivered.note
    received = note.received_at or delivery.received_on
    stamp = Stamp(source.id, delivery.path, note.published_at, received, note.origin)
    intake = _Intake(delivered, rows, typed, groups, stamp, registry, staging / "work" / name)
    with _archiving(delivery, staging):
        files, found, bad = intake.run()
    torn = len({fault.line for fault in delivered.broken})
    receipt = Receipt(
        path=delivery.path,
        fingerprint=delivery.fingerprint,
        source=source.id,
        outcome="accepted",
        origin=note.origin,
        says=note.says,
        sender=note.sender or source.publisher,
        published_at=note.published_at.isoformat(),
        format=delivered.format,
        encoding=delivered.encoding,
        rows=len(rows.lines) + rows.headings + torn,
        quarantined=int(bad.sum()) + torn,
        implied=int((rows.lines == 0).sum()),
        out_of_scope=rows.headings + int(typed.outside.sum()),
        rules=_counts(found),
        faults=_write_faults(found, delivered, staging, name),
        corrected=corrected,
        accepted=dict(accepted + intake.accepted),
    )
    receipt = _judged(receipt, source, registry)
    if receipt.outcome == "accepted":
        tables = {table: f"{table}/{name}.parquet" for table in files}
        for table, file in files.items():
            (staging / table).mkdir(parents=True, exist_ok=True)
            file.replace(staging / tables[table])
        used = receipt.rows - receipt.out_of_scope - receipt.quarantined
        receipt = replace(receipt, used=used, tables=tables, archived=f"{ARCHIVE}/{delivery.fingerprint}")
    shutil.rmtree(intake.work)
    return receipt


def _read(delivery: Delivery, layout: Layout, source: Source) -> DeliveredTable:
    content = _opened(delivery.file)
    note = _note_beside(delivery)
    with ThreadPoolExecutor(1) as beside:
        unchanged = beside.submit(_check, content, delivery.fingerprint)
        try:
            return formats.read(content, layout, source, note, vouched=_vouched(delivery))
        finally:
            # A file that changed meanwhile is refused for that, whatever else was found in it.
            unchanged.result()


def _row_count_accepted(delivered: DeliveredTable, path: str, registry: Registry) -> Counter[str]:
    """The exception that a wrong number of rows in the note needs, if any. Raises Refusal where there is none."""
    if delivered.note.rows in (None, delivered.rows):
        return Counter()
    if (excuse := registry.excuse("row_count_differs", path)) is None:
        raise Refusal("row_count_differs", f"the note says {delivered.note.rows}, the file has {delivered.rows}")
    return Counter([excuse])


def _meant(
    delivered: DeliveredTable, layout: Layout, source: Source, registry: Registry, names: PlaceNames | None
) -> tuple[Tidy, Typed, list[FaultGroup]]:
    """Rows as the layout means them, typed, and what is wrong with them. Raises Refusal for the delivery as a whole."""
    cast.check_totals(delivered, layout)
    rows = tidy(delivered, layout, source)
    if delivered.note.absent_is_zero:
        rows = with_zeros(rows)
    else:
        cast.check_complete(rows, layout)
    if layout.needs_municipalities and names is None:
        raise Refusal("needs_other_source", "municipalities")
    names = names or PlaceNames()
    typed, groups = cast.cast(rows, layout, source, registry, names, delivered.note.withheld_as)
    if not any(group.rule == "unknown_place" for group in groups):
        cast.check_municipalities(typed, layout, names)
    return rows, typed, groups


@contextmanager
def _archiving(delivery: Delivery, staging: Path) -> Iterator[None]:
    """Copy what was delivered into the archive, by hash, while facts are made of it."""
    copies = {delivery.fingerprint: delivery.file}
    copies |= {delivery.hashes[suffix]: file for suffix, file in delivery.beside.items()}
    with ThreadPoolExecutor(1) as archive:
        kept = [archive.submit(keep, staging / ARCHIVE / sha256, file) for sha256, file in copies.items()]
        yield
        for copy in kept:
            copy.result()


def _judged(receipt: Receipt, source: Source, registry: Registry) -> Receipt:
    """The receipt, refused where too many of the rows asked for are bad and no exception accepts it."""
    asked_for = receipt.rows - receipt.out_of_scope
    if receipt.quarantined <= source.max_bad_share * asked_for:
        return receipt
    if excuse := registry.excuse("too_many_bad_rows", receipt.path):
        return replace(receipt, accepted=receipt.accepted | {excuse: 1})
    share = f"{receipt.quarantined} of {asked_for} rows, at most {source.max_bad_share:.0%} allowed"
    rules = ", ".join(f"{rule} ({count})" for rule, count in receipt.rules.items())
    return replace(receipt, outcome="refused", rule="too_many_bad_rows", detail=f"{share}; {rules}")


def _content(file: Path, fingerprint: str) -> Content:
    """The bytes of a file that must be those that were fingerprinted. Raises Refusal."""
    content = _opened(file)
    _check(content, fingerprint)
    return content


def _opened(file: Path) -> Content:
    """The bytes of a file, mapped into memory where they are many."""
    try:
        with file.open("rb") as opened:
            large = file.stat().st_size > LARGE
            return mmap(opened.fileno(), 0, access=ACCESS_READ) if large else opened.read()
    except OSError:
        raise Refusal("not_readable") from None


def _check(content: Content, fingerprint: str) -> None:
    if hashlib.sha256(content).hexdigest() != fingerprint:
        raise Refusal("changed_while_read")


def _note_beside(delivery: Delivery) -> Note | None:
    if (file := delivery.beside.get(notes.SUFFIX)) is None:
        return None
    try:
        lines = bytes(_content(file, delivery.hashes[notes.SUFFIX])).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Refusal("undecodable", "the delivery note beside the file is not UTF-8") from None
    if held := lines_with_cpr_numbers(lines):
        raise Refusal("cpr_number", f"line {held[0]} of the delivery note")
    return notes.parse(notes.pairs(lines))


def _vouched(delivery: Delivery) -> bool:
    """Whether the sender's own hash of the file agrees with what was received. Raises Refusal where it differs."""
    if (file := delivery.beside.get(HASH_SUFFIX)) is None:
        return False
    words = bytes(_content(file, delivery.hashes[HASH_SUFFIX])).split()
    if not words or words[0].lower() != delivery.fingerprint.encode():
        raise Refusal("sha256_differs")
    return True


@dataclass
class _Intake:
    """Typed rows to validated files, block by block, so that memory does not grow with the delivery."""

    delivered: DeliveredTable
    rows: Tidy
    typed: Typed
    groups: Sequence[FaultGroup]
    stamp: Stamp
    registry: Registry
    work: Path
    accepted: Counter[str] = field(default_factory=Counter)

    def run(self) -> tuple[dict[str, Path], list[Fault], NDArray[np.bool_]]:
        """The file of each fact table, everything that is wrong, and which rows are set aside."""
        found = [*self.delivered.broken, *(fault for group in self.groups for fault in self.rows.faults(group))]
        bad = np.zeros(len(self.rows.lines), dtype=bool)
        for group in self.groups:
            bad[group.rows] = True
        keys: dict[str, list[pl.Series]] = {}
        files = self._write(bad, found, keys)
        if repeated := self._repeated(bad, keys):
            found += repeated
            bad[[fault.row for fault in repeated]] = True
            files = self._write(bad, None, {})
        return files, found, bad

    def _blocks(self, chosen: NDArray[np.bool_]) -> Iterator[dict[str, pl.DataFrame]]:
        registry, source = self.registry, self.registry.sources[self.stamp.source]
        layout = registry.layout_of(source.id)
        columns = [column for column, _ in self.rows.columns.values()]
        rows = np.flatnonzero(chosen & ~self.typed.outside)
        for start in range(0, max(len(rows), 1), BLOCK):
            block = self.typed.block(rows[start : start + BLOCK])
            yield facts.tables(block, columns, self.stamp, source, layout, registry)

    def _write(
        self, bad: NDArray[np.bool_], found: list[Fault] | None, keys: dict[str, list[pl.Series]]
    ) -> dict[str, Path]:
        """Write the rows that are not bad; where `found` is given, validate them first and set aside what fails."""
        headers = {column.name: header for header, (column, _) in self.rows.columns.items()}
        files: dict[str, Path] = {}
        with ExitStack() as stack, ThreadPoolExecutor(1) as pen:
            adders: dict[str, Any] = {}
            writing: list[Future[None]] = []
            for block in self._blocks(~bad):
                failed: set[int] = set()
                for name, rows in block.items() if found is not None else ():
                    faulty, accepted = facts.validate(name, rows, self.registry, headers, self.rows)
                    self.accepted += accepted
                    found += faulty  # type: ignore[operator]
                    failed |= {fault.row for fault in faulty}
                bad[list(failed)] = True
                for name, rows in block.items():
                    table = self.registry.tables[name]
                    good = rows.filter(~pl.col(ROW).is_in(failed)) if failed else rows
                    if found is not None:
                        keys.setdefault(name, []).append(good.select(table.key).hash_rows())
                    if name not in adders:
                        files[name] = self.work / f"{name}.parquet"
                        adders[name] = stack.enter_context(parquet(files[name], table))
                    while len(writing) > 1:
                        writing.pop(0).result()
                    writing.append(pen.submit(self._add, adders[name], good))
            for part in writing:
                part.result()
        return files

    def _add(self, add: Callable[[pa.Table], None], rows: pl.DataFrame) -> None:
        """Write validated rows. Text that came from a column of the delivery is written as the codes that it has."""
        at, stamp = rows[ROW].to_numpy(), vars(self.stamp)
        columns = {}
        for name in rows.drop(ROW).columns:
            coded = self.typed.arrow(name, at)
            if name in stamp and rows.schema[name] == pl.String:
                coded = pa.DictionaryArray.from_arrays(np.zeros(len(at), dtype=np.int32), [stamp[name]])
            columns[name] = coded if coded is not None else rows[name].to_arrow()
        add(pa.table(columns))

    def _repeated(self, bad: NDArray[np.bool_], keys: Mapping[str, list[pl.Series]]) -> list[Fault]:
        """Faults of rows that share a key; only rows whose keys have the same hash are looked at again."""
        headers = {column.name: header for header, (column, _) in self.rows.columns.items()}
        hashes = {name: pl.concat(parts) for name, parts in keys.items()}
        doubtful = {name: keys for name, keys in hashes.items() if keys.n_unique() < len(keys)}
        twice = {name: keys.filter(keys.is_duplicated()).unique() for name, keys in doubtful.items()}
        if not twice:
            return []
        suspects: dict[str, list[pl.DataFrame]] = {}
        for block in self._blocks(~bad):
            for name, repeated in twice.items():
                shared = block[name].select(self.registry.tables[name].key).hash_rows().is_in(repeated.implode())
                suspects.setdefault(name, []).append(block[name].filter(shared))
        return [
            fault
            for name, rows in suspects.items()
            for fault in facts.key_faults(pl.concat(rows), self.registry.tables[name], headers)
        ]


def _counts(found: list[Fault]) -> dict[str, int]:
    """Rows per rule."""
    broken = {(fault.line, fault.row, fault.rule) for fault in found}
    return dict(sorted(Counter(rule for _, _, rule in broken).items()))


def _write_faults(found: list[Fault], delivered: DeliveredTable, staging: Path, name: str) -> str:
    if not found:
        return ""
    file = f"faults/{name}.parquet"
    rows = faults.frame(found)
    text = delivered.raw(rows["line"].unique().to_list())
    rows = rows.with_columns(row=pl.Series(values=[text.get(line, "") for line in rows["line"]], dtype=pl.String()))
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    write(staging / file, buffer.getvalue())
    return file
